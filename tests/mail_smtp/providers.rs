//! What the providers say, word for word, and what fixes it there.

use hickory_resolver::proto::rr::RecordType;
use kinde_panel::check::Verdict;
use kinde_panel::mail::resolver::DnsServer;
use kinde_panel::mail::smtp::Stage;

use super::certs::Kind;
use super::dns::{Dns, Reply, address};
use super::run::{Seen, against, checked, plan};
use super::server::Server;

/// A check of the provider's own server, `host`, which answers `command` so.
async fn against_the_one_of(host: &'static str, command: &'static str, reply: &str) -> Seen {
    let tls = Kind { names: vec![host], ..Kind::good() }.make().server();
    let running = Server { tls: Some(tls), ..Server::starttls() }.replying(command, reply).serve().await;
    let dns = Dns::serve(move |name, kind| match kind {
        RecordType::A => Reply::Records(vec![address(name, "127.0.0.1")]),
        _ => Reply::None(60),
    })
    .await;
    let mut plan = plan(running.address);
    plan.form.host = host.to_owned();
    plan.dns = DnsServer::At(dns.address);
    checked(&plan).await
}

#[tokio::test]
async fn what_other_servers_say_too_is_a_provider_s_own_word_at_its_own_server_alone() {
    for (host, command, stage, reply, why, fix) in [
        (
            "email-smtp.eu-west-1.amazonaws.com",
            "AUTH",
            Stage::Auth,
            "535 Authentication Credentials Invalid",
            "these SMTP credentials in this region",
            "IAM secret access key is not the SMTP password",
        ),
        (
            "smtp-relay.brevo.com",
            "MAIL",
            Stage::Sender,
            "502 5.7.0 Please authenticate first",
            "before anybody signed in",
            "SMTP key",
        ),
        (
            "smtp.gmail.com",
            "AUTH",
            Stage::Auth,
            "535 5.7.8 Username and Password not accepted.",
            "Google refused the password",
            "app password",
        ),
    ] {
        against_the_one_of(host, command, reply).await.fails(stage, why, fix);
        let elsewhere = against(Server::starttls().replying(command, reply), |_| {}).await;
        let check = elsewhere.check(stage);
        assert!(check.verdict == Verdict::Fail && !check.why.as_ref().unwrap().contains(why), "{check:?}");
    }
}

#[tokio::test]
async fn a_refusal_in_another_provider_s_words_is_explained_by_what_this_one_wants() {
    let seen = against_the_one_of("smtp.sendgrid.net", "AUTH", "535 Invalid username").await;
    seen.fails(Stage::Auth, "User or password is wrong", "SendGrid: the user is the word apikey");
    let common = "535 Invalid username or password";
    let seen = against(Server::starttls().replying("AUTH", common), |_| {}).await;
    seen.fails(Stage::Auth, "User or password is wrong", "Copy both again");
}

#[tokio::test]
async fn refused_sign_ins_of_the_providers_name_their_own_fix() {
    for (provider, reply, why, fix) in [
        ("Resend", "535 Invalid username", "one user name alone", "the word resend"),
        ("Resend", "535 API key is invalid", "not one of Resend's", "new one with sending access"),
        (
            "Gmail",
            "535-5.7.8 Username and Password not accepted. For more information, go to\n535 5.7.8  https://support.google.com/mail/?p=BadCredentials 5b1f17b1804b1-41f75ae6f4sm - gsmtp",
            "Google refused the password",
            "app password",
        ),
        (
            "Gmail",
            "534-5.7.9 Application-specific password required. For more information, go to\n534 5.7.9  https://support.google.com/mail/?p=InvalidSecondFactor x - gsmtp",
            "2-Step Verification",
            "16 letters",
        ),
        (
            "Gmail",
            "534-5.7.14 <https://accounts.google.com/signin/continue?sarp=1>\n534 5.7.14 Please log in via your web browser and then try again.",
            "with a browser first",
            "Sign in once",
        ),
        (
            "Microsoft 365",
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled",
            "SMTP AUTH",
            "Kinde cannot use OAuth",
        ),
        (
            "Microsoft 365",
            "535 5.7.3 Authentication unsuccessful [FR0P281CA0001.DEUP281.PROD.OUTLOOK.COM]",
            "Microsoft refused the sign-in",
            "user and password only",
        ),
        (
            "Microsoft 365",
            "550 5.7.30 Basic authentication is not supported for Client Submission.",
            "only OAuth",
            "another provider",
        ),
        (
            "SendGrid",
            "535 Authentication failed: The provided authorization grant is invalid, expired, or revoked",
            "refused the API key",
            "the word apikey",
        ),
        ("SendGrid", "451 Authentication failed: Maximum credits exceeded", "credits are used up", "larger plan"),
        ("Brevo", "525 5.7.1 Unauthorized IP address", "Only listed IP addresses", "restriction"),
        ("Brevo", "502 5.7.0 Your SMTP account is not yet activated", "not activated the account", "support"),
        (
            "Mailgun",
            "535 5.7.8 Sorry, invalid domain or password",
            "does not know this domain in this region",
            "smtp.eu.mailgun.org",
        ),
    ] {
        let seen = against(Server::starttls().replying("AUTH", reply), |_| {}).await;
        seen.fails(Stage::Auth, why, fix).nothing_after(Stage::Auth);
        assert_eq!(seen.commands("AUTH").len(), 1, "{provider}");
    }
}

#[tokio::test]
async fn refused_senders_of_the_providers_are_told_before_the_message() {
    for (provider, reply, why, fix) in [
        (
            "Microsoft 365",
            "530 5.7.57 Client not authenticated to send mail. [FR0P281CA0001.DEUP281.PROD.OUTLOOK.COM]",
            "Nobody had signed in",
            "Authenticated SMTP",
        ),
        ("SendGrid", "550 Unauthenticated senders not allowed", "before anybody signed in", "apikey"),
        (
            "Postmark",
            "550 5.7.1 The 'From' address you supplied (hi@acme.test) is not a Sender Signature on your account.",
            "no confirmed sender signature",
            "verify the domain",
        ),
    ] {
        let seen = against(Server::starttls().replying("MAIL", reply), |_| {}).await;
        assert_eq!(seen.check(Stage::Sender).seen.as_deref(), Some(reply), "{provider}");
        seen.fails(Stage::Sender, why, fix);
    }
}

#[tokio::test]
async fn refusals_after_the_message_name_the_identity_that_is_missing() {
    for (provider, reply, why, fix) in [
        (
            "Amazon SES",
            "554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: hi@acme.test",
            "not verified in this region",
            "production access",
        ),
        (
            "SendGrid",
            "550 The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.",
            "verified sender identity",
            "Sender Authentication",
        ),
        (
            "Microsoft 365",
            "554 5.2.252 SendAsDenied; ada@acme.test not allowed to send as hi@acme.test",
            "may not send as",
            "Send As",
        ),
        (
            "Google",
            "550-5.7.26 This mail has been blocked because the sender is unauthenticated.\n550 5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM.",
            "neither SPF nor DKIM",
            "records",
        ),
        (
            "Resend",
            "550 The acme.test domain is not verified. Please, add and verify your domain on https://resend.com/domains",
            "not verified at the provider",
            "updates.example.com",
        ),
        (
            "Resend",
            "550 You can only send testing emails to your own email address (ada@acme.test).",
            "your own address alone",
            "Verify a domain",
        ),
        (
            "Mailgun",
            "554 Sandbox subdomains are for test purposes only. Please add your own domain or add the address to authorized recipients",
            "authorised recipients",
            "domain of your own",
        ),
        ("Postmark", "412 Your account is pending approval", "approved the account", "approval"),
        ("Amazon SES", "454 Throttling failure: Daily message quota exceeded.", "than it may", "higher sending limit"),
    ] {
        let seen = against(Server::starttls().replying(".", reply), |plan| plan.send = true).await;
        seen.ends(Stage::Recipient, Verdict::Pass, "", "").fails(Stage::Send, why, fix);
        assert!(seen.outcome.sent.is_none(), "{provider}");
    }
}
