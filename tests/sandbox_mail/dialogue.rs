//! The conversation, command by command.

use crate::stage::{Bench, b64, plain};
use kinde_panel::sandbox::SMTP_USER;
use tokio::net::TcpStream;

#[tokio::test]
async fn in_plain_text_neither_signing_in_nor_sending_is_offered_or_taken() {
    let bench = Bench::new().await;
    let mut client = bench.in_plain().await;
    client.expect("AUTH PLAIN AA==", "503 5.5.1").await;
    let offer = client.expect("EHLO me", "250 ENHANCEDSTATUSCODES").await;
    assert!(offer.contains("250-STARTTLS\r\n") && offer.contains("250-SIZE 10485760\r\n"), "{offer}");
    assert!(!offer.contains("AUTH"), "{offer}");
    client.expect(&bench.sign_in(), "530 5.7.0 Must issue a STARTTLS command first").await;
    client.expect("MAIL FROM:<ada@example.com>", "530 5.7.0 Must issue a STARTTLS command first").await;
    client.expect("QUIT", "221 ").await;
    assert_eq!(client.reply().await, "");
}

#[tokio::test]
async fn after_starttls_the_client_greets_again_signs_in_and_what_it_said_before_does_not_count() {
    let bench = Bench::new().await;
    let mut client = bench.over_starttls().await;
    client.expect("MAIL FROM:<ada@example.com>", "503 5.5.1").await;
    let offer = client.expect("EHLO me", "250 ").await;
    assert!(offer.contains("250-AUTH PLAIN LOGIN\r\n") && !offer.contains("STARTTLS"), "{offer}");
    client.expect("STARTTLS", "503 ").await;
    client.expect("MAIL FROM:<ada@example.com>", "530 5.7.0 Authentication required").await;
    client.expect(&bench.sign_in(), "235 2.7.0").await;
    client.expect(&bench.sign_in(), "503 ").await;
    client.expect("MAIL FROM:<ada@example.com> SIZE=20", "250 2.1.0").await;
    client.expect("RCPT TO:<grace@example.com>", "250 2.1.5").await;
    client.expect("DATA", "354 ").await;
    let queued = client.expect("Subject: hi\r\n\r\n..dot\r\n.", "250 2.0.0 Ok: queued as 5ABD").await;
    client.expect("QUIT", "221 ").await;
    let mails = bench.control().mails(None).await.unwrap().mails;
    assert_eq!(mails.len(), 1);
    assert!(queued.contains(&mails[0].queue_id));
    let mail = bench.control().mail(mails[0].id).await.unwrap().unwrap();
    assert_eq!(mail.text.as_deref(), Some(".dot\r\n"));
    assert_eq!(mail.view.tls.as_deref(), Some("TLSv1.3"));
}

#[tokio::test]
async fn what_was_sent_in_plain_text_behind_starttls_is_dropped_and_not_taken_for_the_client_s() {
    let bench = Bench::new().await;
    let mut client = bench.in_plain().await;
    client.expect("EHLO me", "250 ").await;
    // The TLS greeting of a client follows at once; so would the words of someone in between.
    client.send(b"STARTTLS\r\nNOOP\r\nNOOP\r\n").await;
    client.expect("", "220 ").await;
    assert_eq!(client.reply().await, "", "no NOOP is answered, in plain text or over TLS");
}

#[tokio::test]
async fn both_ways_to_sign_in_take_the_right_password_alone_and_five_wrong_ones_end_it() {
    let bench = Bench::new().await;
    let password = bench.facts.smtp_password.expose().to_owned();
    let mut client = bench.over_starttls().await;
    client.expect("EHLO me", "250 ").await;
    client.expect("AUTH LOGIN", "334 VXNlcm5hbWU6").await;
    client.expect("*", "501 5.7.0").await;
    client.expect("AUTH CRAM-MD5", "504 5.5.4").await;
    client.expect("AUTH PLAIN", "334 ").await;
    client.expect("not base64!", "501 5.5.2").await;
    for line in [plain(SMTP_USER, "wrong"), plain("ada", &password), plain(SMTP_USER, &format!("{password} "))] {
        client.expect(&line, "535 5.7.8 Error: authentication failed").await;
    }
    client.expect("AUTH LOGIN", "334 ").await;
    client.expect(&b64(SMTP_USER), "334 UGFzc3dvcmQ6").await;
    client.expect(&b64(&password), "235 ").await;
    let mut client = bench.over_starttls().await;
    client.expect("EHLO me", "250 ").await;
    client.expect(&format!("AUTH LOGIN {}", b64(SMTP_USER)), "334 UGFzc3dvcmQ6").await;
    client.expect(&b64("wrong"), "535 ").await;
    for _ in 0..4 {
        client.expect(&plain(SMTP_USER, "wrong"), "535 ").await;
    }
    client.expect("", "421 4.7.0").await;
    assert_eq!(client.reply().await, "");
}

#[tokio::test]
async fn each_wrong_command_has_its_own_answer_and_the_conversation_goes_on() {
    let bench = Bench::new().await;
    let mut client = bench.signed_in().await;
    for (line, wanted) in [
        ("RCPT TO:<a@b>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
        ("MAIL FROM:ada@example.com", "501 5.5.4"),
        ("MAIL FROM:<ada>", "501 5.1.7"),
        ("MAIL FROM:<a@b> RET=FULL", "555 5.5.4"),
        ("MAIL FROM:<a@b> SIZE=10485761", "552 5.3.4"),
        ("MAIL FROM:<>", "250 2.1.0"),
        ("MAIL FROM:<a@b>", "503 5.5.1"),
        ("DATA", "554 5.5.1"),
        ("RCPT TO:<>", "501 5.1.3"),
        ("RCPT TO:<a b@c>", "501 5.1.3"),
        ("RSET", "250 2.0.0"),
        ("RCPT TO:<a@b>", "503 5.5.1"),
        ("EXPN all", "502 5.5.1"),
        ("HELO me", "250 localhost"),
        ("EHLO", "501 5.5.4"),
        ("vrfy ada", "252 2.5.0"),
        ("noop", "250 2.0.0"),
    ] {
        client.expect(line, wanted).await;
    }
    client.send(b"\xff\xfe\r\n").await;
    client.expect("", "500 5.5.2").await;
    client.expect(&"x".repeat(40_000), "500 5.5.6").await;
    client.expect("GET / HTTP/1.1", "500 5.5.2").await;
    client.expect("NOOP", "250 ").await;
}

#[tokio::test]
async fn a_message_past_the_limit_and_one_recipient_too_many_are_refused_and_the_next_message_is_taken() {
    let bench = Bench::new().await;
    let mut client = bench.signed_in().await;
    client.expect("MAIL FROM:<ada@example.com>", "250 ").await;
    for number in 0..100 {
        client.expect(&format!("RCPT TO:<user{number}@example.com>"), "250 ").await;
    }
    client.expect("RCPT TO:<more@example.com>", "452 4.5.3").await;
    client.expect("DATA", "354 ").await;
    let line = format!("{}\r\n", "x".repeat(998));
    for _ in 0..11 {
        client.send(line.repeat(1050).as_bytes()).await;
    }
    client.expect(".", "552 5.3.4").await;
    client.expect("MAIL FROM:<ada@example.com>", "250 ").await;
    client.expect("RCPT TO:<grace@example.com>", "250 ").await;
    client.expect("DATA", "354 ").await;
    client.expect("small\r\n.", "250 2.0.0").await;
    assert_eq!(bench.control().mails(None).await.unwrap().mails.len(), 1);
}

#[tokio::test]
async fn what_is_pipelined_is_answered_in_order() {
    let bench = Bench::new().await;
    let mut client = bench.signed_in().await;
    client
        .send(b"MAIL FROM:<ada@example.com>\r\nRCPT TO:<grace@example.com>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\nQUIT\r\n")
        .await;
    for wanted in ["250 2.1.0", "250 2.1.5", "354 ", "250 2.0.0", "221 "] {
        client.expect("", wanted).await;
    }
}

#[tokio::test]
async fn a_client_that_speaks_plain_to_the_tls_port_is_not_answered_in_plain_text() {
    let bench = Bench::new().await;
    let mut client = crate::stage::Client::over(TcpStream::connect(bench.smtps()).await.unwrap());
    client.send(b"EHLO me\r\n").await;
    assert!(!client.reply().await.starts_with("250"));
}

#[tokio::test]
async fn open_conversations_do_not_hold_up_the_end() {
    let bench = Bench::new().await;
    let mut client = bench.signed_in().await;
    client.expect("NOOP", "250 ").await;
    let began = std::time::Instant::now();
    bench.served.stop().await;
    assert!(began.elapsed().as_secs() < 3);
    assert_eq!(client.reply().await, "");
}
