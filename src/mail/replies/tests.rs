use super::*;
use crate::mail::presets::preset;

fn of(text: &str, at: At) -> Explained {
    explain(text, Some(at), None)
}

fn at_provider(id: &str, text: &str, at: At) -> Explained {
    explain(text, Some(at), Some(preset(id).unwrap()))
}

#[test]
fn the_asset_parses_and_every_entry_can_be_reached() {
    let entries = read().unwrap();
    assert!(entries.len() > 70, "{}", entries.len());
    for (index, entry) in entries.iter().enumerate() {
        assert!(!entry.means.is_empty() && !entry.fix.is_empty() && !entry.source.is_empty());
        assert!(!(entry.codes.is_empty() && entry.any.is_empty()), "{}: it would fit everything", entry.means);
        let lower = entry.any.iter().chain(&entry.all).all(|part| *part == part.to_lowercase());
        assert!(lower, "{}: texts are compared in lower case", entry.means);
        // A reply made of what the entry asks for must find this entry, or one that is said before it and names the same.
        let code = entry.codes.first().map(u16::to_string).unwrap_or_default();
        let text = format!(
            "{code} {} {} {}",
            entry.enhanced.clone().unwrap_or_default(),
            entry.any.first().cloned().unwrap_or_default(),
            entry.all.join(" ")
        );
        let provider = entry.provider.as_deref().map(|id| preset(id).unwrap_or_else(|| panic!("{id} is no preset")));
        assert!(provider.is_some() || !entry.common, "{}: common to whom?", entry.means);
        let found = explain(&text, entry.at.first().copied(), provider);
        assert!(found.known && found.means == entry.means, "entry {index}: {text}: {found:?}");
    }
}

#[test]
fn replies_of_the_providers_are_told_apart() {
    for (text, at, source, word) in [
        ("535 Invalid username", At::Auth, "Resend", "the word resend"),
        (
            "535 5.7.8 Username and Password not accepted. Learn more at https://support.google.com/mail/?p=BadCredentials x - gsmtp",
            At::Auth,
            "Google",
            "app password",
        ),
        (
            "534-5.7.9 Application-specific password required. For more information, go to",
            At::Auth,
            "Google",
            "app password",
        ),
        (
            "534-5.7.14 <https://accounts.google.com/signin/continue> Please log in via your web browser",
            At::Auth,
            "Google",
            "browser",
        ),
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
            At::Auth,
            "Microsoft 365",
            "Authenticated SMTP",
        ),
        (
            "535 5.7.3 Authentication unsuccessful [AM0PR.eurprd.prod.outlook.com]",
            At::Auth,
            "Microsoft 365",
            "Authenticated SMTP",
        ),
        ("530 5.7.57 Client not authenticated to send mail.", At::Sender, "Microsoft 365", "Authenticated SMTP"),
        (
            "550 5.7.30 Basic authentication is not supported for Client Submission.",
            At::Auth,
            "Microsoft 365",
            "another provider",
        ),
        (
            "554 5.2.252 SendAsDenied; ada@acme.test not allowed to send as hi@acme.test",
            At::Data,
            "Microsoft 365",
            "Send As",
        ),
        (
            "554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: hi@acme.test",
            At::Data,
            "Amazon SES",
            "production access",
        ),
        ("454 Throttling failure: Maximum sending rate exceeded.", At::Data, "Amazon SES", "higher sending limit"),
        (
            "550 The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.",
            At::Data,
            "SendGrid",
            "Sender Authentication",
        ),
        (
            "535 Authentication failed: The provided authorization grant is invalid, expired, or revoked",
            At::Auth,
            "SendGrid",
            "apikey",
        ),
        ("451 Authentication failed: Maximum credits exceeded", At::Auth, "SendGrid", "larger plan"),
        ("525 5.7.1 Unauthorized IP address", At::Auth, "Brevo", "authorised IPs"),
        (
            "550 5.7.26 This mail has been blocked because the sender is unauthenticated.",
            At::Data,
            "Google",
            "SPF and DKIM",
        ),
    ] {
        let found = of(text, at);
        assert!(found.known, "{text}");
        assert_eq!(found.source, source, "{text}");
        assert!(found.fix.contains(word), "{text}: {}", found.fix);
    }
}

#[test]
fn words_that_many_servers_say_are_a_provider_s_only_where_its_server_was_asked() {
    for (text, at, id, source) in [
        ("535 Authentication Credentials Invalid", At::Auth, "ses", "Amazon SES"),
        ("535 5.7.8 Username and Password not accepted", At::Auth, "gmail", "Google"),
        ("502 5.7.0 Please authenticate first", At::Sender, "brevo", "Brevo"),
        ("525 5.7.13 Account disabled", At::Auth, "brevo", "Brevo"),
        ("403 Forbidden", At::Data, "sendgrid", "SendGrid"),
    ] {
        assert_eq!(at_provider(id, text, at).source, source, "{text}");
        assert_ne!(of(text, at).source, source, "{text}");
        assert_ne!(at_provider("mailgun", text, at).source, source, "{text}");
    }
    for text in ["535 Invalid username or password", "535 5.7.8 Invalid username and password"] {
        let found = of(text, At::Auth);
        assert_eq!(found.source, "RFC 4954", "{text}: {found:?}");
        assert!(found.means.contains("never says which"), "{found:?}");
    }
}

#[test]
fn no_provider_s_words_are_seen_in_what_another_one_s_server_says() {
    let text = "535 Invalid username";
    assert_eq!(of(text, At::Auth).source, "Resend", "whose server it is, is not known");
    assert_eq!(at_provider("resend", text, At::Auth).source, "Resend");
    let sendgrid = at_provider("sendgrid", text, At::Auth);
    assert!(sendgrid.source == "RFC 4954" && !sendgrid.fix.contains("resend"), "{sendgrid:?}");
    let postmark = at_provider("postmark", "550 5.7.1 The acme.test domain is not verified", At::Sender);
    assert_eq!(postmark.source, "RFC 3463", "{postmark:?}");
}

#[test]
fn replies_of_plain_servers_are_told_apart_by_stage_code_and_text() {
    for (text, at, word) in [
        ("535 5.7.8 Error: authentication failed", At::Auth, "never says which"),
        ("454 4.7.0 TLS not available due to local problem", At::StartTls, "certificate or key"),
        ("454 4.7.0 Temporary authentication failure", At::Auth, "cannot check passwords"),
        ("554 5.7.1 <x@y.test>: Relay access denied", At::Recipient, "carries mail for others"),
        ("553 5.7.1 <x@y.test>: Sender address rejected: not owned by user ada", At::Sender, "may not send as"),
        (
            "450 4.2.0 <x@y.test>: Recipient address rejected: Greylisted, see http://postgrey",
            At::Recipient,
            "Greylisting",
        ),
        ("552 5.3.4 Message size exceeds fixed limit", At::Sender, "larger than the server takes"),
        ("552 5.2.2 Mailbox is full", At::Recipient, "mailbox is full"),
        ("452 4.2.2 Over quota", At::Recipient, "is full"),
        ("550 5.1.1 <x@y.test>: User unknown", At::Recipient, "no such recipient"),
        ("554 5.7.1 No SMTP service here", At::Greeting, "block list"),
        ("421 4.3.2 Too many connections", At::Greeting, "turns the connection away"),
        ("421 4.4.2 Timeout", At::Sender, "closes the connection"),
        ("530 5.7.0 Must issue a STARTTLS command first", At::Sender, "wants TLS"),
        ("530 5.7.0 Authentication required", At::Sender, "sign in first"),
        ("451 4.3.5 Server configuration error", At::Recipient, "set up wrongly"),
        ("502 5.5.1 Not implemented", At::StartTls, "does not do STARTTLS"),
        ("504 5.5.4 Unrecognized authentication type", At::Auth, "this way of signing in"),
    ] {
        let found = of(text, at);
        assert!(found.known && found.means.contains(word), "{text}: {}", found.means);
        assert_eq!(found.temporary, text.starts_with('4'), "{text}");
    }
}

#[test]
fn an_unknown_reply_says_its_class_and_subject_and_invents_nothing() {
    let found = of("571 5.6.99 Odd", At::Data);
    assert!(!found.known && !found.temporary, "{found:?}");
    assert!(found.means.contains("for good, about the content"), "{found:?}");
    assert!(of("471 Later", At::Data).temporary);
    assert!(explain("hello there", None, None).means.contains("no SMTP reply code"));
}

#[test]
fn a_code_is_found_anywhere_in_a_message() {
    for (text, code, enhanced) in [
        ("Invalid login: 535 5.7.8 Error: authentication failed", Some(535), Some("5.7.8")),
        ("Could not send (code 550-5.1.1): no such user", Some(550), Some("5.1.1")),
        ("smtp: 554 5.7.1. refused", Some(554), Some("5.7.1")),
        ("server 192.168.1.5 said no at 12:05", None, None),
        ("Error: connect ECONNREFUSED 203.0.113.5:587", None, None),
        ("SMTPAuthenticationError: (535, b'5.7.8 Error: authentication failed')", Some(535), Some("5.7.8")),
        (r#"{"code":"EAUTH","responseCode":535,"command":"AUTH PLAIN"}"#, Some(535), None),
        ("It failed.\n  535 Authentication credentials invalid", Some(535), None),
        ("The server answered with code 554", Some(554), None),
        ("the server said 550-5.7.26 no", Some(550), Some("5.7.26")),
    ] {
        let found = explain(text, None, None);
        assert_eq!((found.code, found.enhanced.as_deref()), (code, enhanced), "{text}");
    }
    for text in [
        "Error: timeout of 300 ms exceeded",
        "timeout: 500 ms",
        "waited: 421s",
        "HTTP 503 from the gateway",
        "HTTP/1.1 502 Bad Gateway",
        "Request failed with status code 500",
        "status: 404",
        "Error: connect to smtp.acme.test:525",
        "port: 525 is closed",
        "sent 550 messages today",
        "220 mail.acme.test ESMTP",
        "Result: 250 2.0.0 Ok",
        "535.5 kB of mail",
        "case no-535",
    ] {
        let found = explain(text, None, None);
        assert_eq!((found.code, found.enhanced), (None, None), "{text}");
    }
    let late = explain("Error: timeout of 300 ms exceeded", None, None);
    assert!(late.means.contains("No answer came in time"), "{late:?}");
    assert!(explain("Error: connect ECONNREFUSED 203.0.113.5:2525", None, None).means.contains("Nothing listens"));
    assert!(explain("140: error: wrong version number", None, None).fix.contains("STARTTLS on 587"));
}
