//! Sender and recipient without sending, and the one real message.

use kinde_panel::check::Verdict;
use kinde_panel::mail::smtp::{Side, Stage};

use super::run::against;
use super::server::{Do, Server};

#[tokio::test]
async fn refusals_of_the_sender_and_the_recipient_each_have_a_fix() {
    for (command, stage, reply, why, fix) in [
        (
            "MAIL",
            Stage::Sender,
            "553 5.7.1 <hi@acme.test>: Sender address rejected: not owned by user ada@acme.test",
            "may not send as this address",
            "the address the user owns",
        ),
        (
            "MAIL",
            Stage::Sender,
            "552 5.3.4 Message size exceeds fixed limit",
            "larger than the server takes",
            "size limit",
        ),
        (
            "MAIL",
            Stage::Sender,
            "530 5.7.0 Must issue a STARTTLS command first",
            "wants TLS before anything else",
            "STARTTLS",
        ),
        ("MAIL", Stage::Sender, "501 5.1.7 Bad sender address syntax", "no address the server understands", "slips"),
        (
            "RCPT",
            Stage::Recipient,
            "554 5.7.1 <ada@acme.test>: Relay access denied",
            "carries mail for others",
            "sign-in passed",
        ),
        (
            "RCPT",
            Stage::Recipient,
            "550 5.1.1 <ada@acme.test>: Recipient address rejected: User unknown",
            "no such recipient",
            "slips",
        ),
        ("RCPT", Stage::Recipient, "552 5.2.2 <ada@acme.test>: Mailbox full", "mailbox is full", "room"),
        ("RCPT", Stage::Recipient, "556 5.1.10 Recipient address has null MX", "takes no mail", "another domain"),
    ] {
        let seen = against(Server::starttls().replying(command, reply), |_| {}).await;
        seen.ends(Stage::Auth, Verdict::Pass, "", "").fails(stage, why, fix).nothing_after(stage);
        assert_eq!(seen.commands("DATA"), Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_the_server_only_puts_off_warns() {
    for (command, stage, reply, why, fix) in [
        (
            "RCPT",
            Stage::Recipient,
            "450 4.2.0 <ada@acme.test>: Recipient address rejected: Greylisted, see http://postgrey",
            "Greylisting",
            "Nothing to fix",
        ),
        ("RCPT", Stage::Recipient, "452 4.2.2 The email account is over quota", "is full", "Make room"),
        ("RCPT", Stage::Recipient, "451 4.3.5 Server configuration error", "set up wrongly", "log"),
        ("MAIL", Stage::Sender, "452 4.3.1 Insufficient system storage", "is full", ""),
        (
            "MAIL",
            Stage::Sender,
            "421 4.7.0 Try again later, closing connection",
            "closes the connection",
            "do not loop",
        ),
        ("MAIL", Stage::Sender, "454 Throttling failure: Maximum sending rate exceeded.", "faster", "sending limit"),
    ] {
        let seen = against(Server::starttls().replying(command, reply), |_| {}).await;
        seen.ends(stage, Verdict::Warn, why, fix).nothing_after(stage);
        assert_eq!(seen.outcome.verdict(), Verdict::Warn, "{reply}");
    }
}

#[tokio::test]
async fn a_test_email_that_was_asked_for_and_not_sent_is_said_first() {
    for (command, reply, why) in [
        ("RCPT", "450 4.2.0 <ada@acme.test>: Recipient address rejected: Greylisted", "Greylisting"),
        ("MAIL", "421 4.7.0 Try again later, closing connection", "The server closes the connection"),
    ] {
        let server = || Server::starttls().replying(command, reply);
        let seen = against(server(), |plan| plan.send = true).await;
        let headline = &seen.outcome.headline;
        assert!(headline.starts_with(&format!("No test email was sent: {why}")), "{headline}");
        assert!(seen.outcome.sent.is_none());
        let dry = against(server(), |_| {}).await;
        assert!(dry.outcome.headline.starts_with("It works from here. Worth knowing: "), "{}", dry.outcome.headline);
    }
    let seen = against(Server::starttls(), |plan| {
        plan.send = true;
        plan.form.password = kinde_panel::secrets::Secret::default();
    })
    .await;
    assert_eq!(seen.outcome.headline, "No test email was sent: nobody signed in");
    let seen = against(Server::starttls().replying("RCPT", "550 5.1.1 No such user"), |plan| plan.send = true).await;
    assert!(seen.outcome.headline.starts_with("Recipient: "), "a failure is the headline: {}", seen.outcome.headline);
}

#[tokio::test]
async fn a_connection_that_ends_in_the_envelope_is_told_where() {
    let seen = against(Server::starttls().with("MAIL", vec![Do::Close]), |_| {}).await;
    seen.fails(Stage::Sender, "closed the connection at MAIL", "Try again").nothing_after(Stage::Sender);
    let seen = against(Server::starttls().with("RCPT", vec![Do::Hang]), |_| {}).await;
    seen.fails(Stage::Recipient, "said nothing more at RCPT", "log").nothing_after(Stage::Recipient);
}

#[tokio::test]
async fn answers_that_only_promise_pass_and_say_so() {
    for (reply, word) in
        [("252 2.1.5 Cannot VRFY user, but will try", "does not tell"), ("251 2.1.5 will forward", "forward")]
    {
        let seen = against(Server::starttls().replying("RCPT", reply), |_| {}).await;
        seen.ends(Stage::Recipient, Verdict::Pass, word, "");
    }
}

#[tokio::test]
async fn a_limit_below_a_sign_in_mail_is_found_before_kinde_meets_it() {
    let server = Server { offers_over_tls: vec!["AUTH PLAIN", "SIZE 20000"], ..Server::starttls() };
    let seen = against(server, |_| {}).await;
    seen.ends(Stage::Sender, Verdict::Warn, "20000 bytes at most", "size limit").ends(
        Stage::Recipient,
        Verdict::Pass,
        "",
        "",
    );
}

#[tokio::test]
async fn a_test_message_is_sent_once_and_its_trace_is_kept() {
    let seen = against(Server::starttls(), |plan| plan.send = true).await;
    assert_eq!(seen.outcome.verdict(), Verdict::Pass, "{:#?}", seen.outcome.stages);
    seen.ends(Stage::Send, Verdict::Pass, "Taken is not delivered", "");
    let sent = seen.outcome.sent.as_ref().unwrap();
    assert_eq!((sent.to.as_str(), sent.queue_id.as_deref()), ("ada@acme.test", Some("4Vx1y2z3")));
    assert_eq!(sent.reply, "250 2.0.0 Ok: queued as 4Vx1y2z3");
    let heard = seen.server.as_ref().unwrap().heard();
    let verbs: Vec<&str> = heard
        .iter()
        .filter_map(|line| line.split([' ', ':']).next())
        .filter(|verb| ["MAIL", "RCPT", "RSET", "DATA", "QUIT"].contains(verb))
        .collect();
    assert_eq!(verbs, ["MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA", "QUIT"]);
    for line in [
        format!("Subject: {}", sent.subject),
        format!("Message-ID: {}", sent.message_id),
        "From: Acme <hi@acme.test>".to_owned(),
        "To: ada@acme.test".to_owned(),
    ] {
        assert!(heard.contains(&line), "{line}: {heard:#?}");
    }
    let own: Vec<&str> = seen
        .outcome
        .transcript
        .iter()
        .filter(|line| line.side == Side::Client)
        .map(|line| line.text.as_str())
        .collect();
    assert!(own.iter().any(|line| line.ends_with("the test message, then a dot)")), "{own:?}");
    assert!(seen.outcome.headline.contains("took the test email"), "{}", seen.outcome.headline);
}

#[tokio::test]
async fn a_message_that_is_refused_or_lost_is_not_called_sent() {
    for (command, doing, why, fix) in [
        (
            ".",
            super::server::say("554 5.7.1 Message rejected as spam"),
            "does not like the message",
            "Verify the sender",
        ),
        (".", vec![Do::Close], "closed the connection while the message was handed over", "before you send it again"),
        (".", super::server::say("552 5.3.4 Message too big for system"), "larger than the server takes", "size limit"),
        ("DATA", super::server::say("503 5.5.1 Error: need RCPT command"), "another command first", ""),
        ("DATA", vec![Do::Close], "closed the connection while", ""),
        (
            ".",
            super::server::say("451 4.3.0 Error: queue file write error"),
            "Something went wrong at the server",
            "status page",
        ),
    ] {
        let seen = against(Server::starttls().with(command, doing), |plan| plan.send = true).await;
        seen.ends(Stage::Recipient, Verdict::Pass, "", "").fails(Stage::Send, why, fix);
        assert!(seen.outcome.sent.is_none());
    }
}

#[tokio::test]
async fn without_a_recipient_the_senders_own_address_is_asked_about() {
    let seen = against(Server::starttls(), |plan| plan.to = None).await;
    assert_eq!(seen.commands("RCPT"), ["RCPT TO:<hi@acme.test>"]);
}

#[tokio::test]
async fn a_good_bye_without_an_answer_is_no_failure() {
    for doing in [vec![Do::Close], vec![Do::Hang]] {
        let seen = against(Server::starttls().with("QUIT", doing), |_| {}).await;
        assert_eq!(seen.outcome.verdict(), Verdict::Pass);
    }
}

#[tokio::test]
async fn an_address_with_letters_beyond_ascii_needs_a_server_that_takes_it() {
    let change = |plan: &mut kinde_panel::mail::smtp::Plan| plan.form.sender_email = "müller@acme.test".to_owned();
    let seen = against(Server::starttls(), change).await;
    seen.fails(Stage::Sender, "not ASCII", "plain letters");
    assert_eq!(seen.commands("MAIL"), Vec::<String>::new());
    let server = Server { offers_over_tls: vec!["AUTH PLAIN", "SMTPUTF8"], ..Server::starttls() };
    let seen = against(server, change).await;
    assert_eq!(seen.commands("MAIL"), ["MAIL FROM:<müller@acme.test> SMTPUTF8"]);
}
