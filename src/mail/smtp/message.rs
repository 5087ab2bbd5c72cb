//! The test message. Built with lettre's builder, which knows MIME; nothing else of that library is used.

use std::str::FromStr as _;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};

use super::plan::Plan;
use crate::clock::rfc3339;
use crate::mail::presets::Preset;

/// A message ready to be sent.
pub(super) struct TestMessage {
    /// Headers and body with CRLF, not dot-stuffed.
    pub bytes: Vec<u8>,
    /// What tells it from every other test.
    pub token: String,
    /// Its subject.
    pub subject: String,
    /// With the angle brackets.
    pub message_id: String,
}

/// An address as a command may say it: the domain in ASCII. `None` where it is no address.
pub(super) fn envelope(address: &str) -> Option<String> {
    let address = Address::from_str(address.trim()).ok()?;
    let domain = match url::Host::parse(address.domain()) {
        Ok(host) => host.to_string(),
        // An address literal stays as it is.
        Err(_) => address.domain().to_owned(),
    };
    Some(format!("{}@{domain}", address.user()))
}

/// Builds the message of this plan; `None` where its addresses cannot be used, which the form's check has said.
pub(super) fn build(plan: &Plan, preset: Option<&Preset>, now: Timestamp) -> Option<TestMessage> {
    let from = Address::from_str(&envelope(&plan.form.sender_email)?).ok()?;
    let to = Address::from_str(&envelope(plan.recipient())?).ok()?;
    let token: String = uuid::Uuid::new_v4().simple().to_string().chars().take(10).collect();
    let message_id = format!("<{token}.kinde-panel@{}>", from.domain());
    let subject = format!("Kinde Panel test {token}");
    let name = Some(plan.form.sender_name.trim().to_owned()).filter(|name| !name.is_empty());
    let (at, host) = (rfc3339(now), plan.form.host.trim());
    let text = format!(
        "This is a test message of Kinde Panel.\r\n\r\nIt was sent at {at} through {host}, with the settings that are to \
         be typed into Kinde.\r\nIts token is {token}. Nobody needs to answer.\r\n"
    );
    let html = format!(
        "<!doctype html><html><body><p>This is a test message of <b>Kinde Panel</b>.</p><p>It was sent at {at} through \
         {}, with the settings that are to be typed into Kinde.<br>Its token is <code>{token}</code>. Nobody needs to \
         answer.</p></body></html>\r\n",
        host.replace('&', "&amp;").replace('<', "&lt;")
    );
    let mut builder = Message::builder()
        .from(Mailbox::new(name, from))
        .to(Mailbox::new(None, to))
        .subject(subject.clone())
        .date(moment(now))
        .message_id(Some(message_id.clone()))
        // Nothing that answers by itself shall answer this (RFC 3834).
        .raw_header(header("Auto-Submitted", "auto-generated")?);
    if let Some(name) = preset.and_then(|preset| preset.idempotency_header.as_deref()) {
        builder = builder.raw_header(header(name, &format!("kinde-panel/{token}"))?);
    }
    let message = builder.multipart(MultiPart::alternative_plain_html(text, html)).ok()?;
    Some(TestMessage { bytes: message.formatted(), token, subject, message_id })
}

fn moment(now: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(now.as_second()).unwrap_or_default())
}

fn header(name: &str, value: &str) -> Option<HeaderValue> {
    Some(HeaderValue::new(HeaderName::new_from_ascii(name.to_owned()).ok()?, value.to_owned()))
}

/// The message as DATA sends it: a dot at the beginning of a line doubled, and the final line with a dot alone (RFC 5321
/// §4.5.2).
pub(super) fn data(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 16);
    let mut line_begins = true;
    for byte in message {
        if line_begins && *byte == b'.' {
            out.push(b'.');
        }
        out.push(*byte);
        line_begins = *byte == b'\n';
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

/// The id a server gives the message in its last word: `queued as ABC`, `OK id=…`, or a provider's own word.
pub(super) fn queue_id(reply: &str) -> Option<String> {
    let words: Vec<&str> = reply.split_whitespace().collect();
    let after = |mark: &str| {
        let at = words.windows(2).position(|pair| pair.join(" ").eq_ignore_ascii_case(mark))?;
        words.get(at + 2).copied()
    };
    let tagged = words.iter().find_map(|word| word.strip_prefix("id=").or_else(|| word.strip_prefix("id:")));
    // `250 Ok 0102018f-…` of Amazon SES and `250 0a1b…` of Resend: the one word that is no word.
    let odd = words.iter().skip(1).rev().find(|word| word.len() >= 16 && word.chars().any(|c| c.is_ascii_digit()));
    after("queued as")
        .or(tagged)
        .or(odd.copied())
        .map(|id| id.trim_matches(|c: char| "<>[](),.;".contains(c)).to_owned())
        .filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::form::Form;
    use crate::mail::presets::preset;

    fn plan() -> Plan {
        let form = Form {
            sender_name: "Åcme, Inc.".to_owned(),
            sender_email: " hi@müller.example ".to_owned(),
            host: "smtp.resend.com".to_owned(),
            ..Form::default()
        };
        Plan { to: Some("ada@acme.test".to_owned()), ..Plan::of(form) }
    }

    #[test]
    fn the_message_is_seven_bit_and_says_what_it_is() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        let built = build(&plan(), preset("resend"), now).unwrap();
        let text = String::from_utf8(built.bytes).unwrap();
        assert!(text.is_ascii(), "{text}");
        let headers = text.split("\r\n\r\n").next().unwrap();
        for wanted in [
            "From: =?utf-8?",
            "<hi@xn--mller-kva.example>",
            "To: ada@acme.test",
            "Date: Mon, 30 Nov 2026 12:00:00 +0000",
            "Auto-Submitted: auto-generated",
            "Content-Type: multipart/alternative",
        ] {
            assert!(headers.contains(wanted), "{wanted}: {headers}");
        }
        assert!(headers.contains(&format!("Subject: {}", built.subject)) && built.subject.contains(&built.token));
        assert!(headers.contains(&format!("Message-ID: {}", built.message_id)));
        assert!(headers.contains(&format!("Resend-Idempotency-Key: kinde-panel/{}", built.token)));
        assert!(text.contains("text/plain") && text.contains("text/html"));
        let other = build(&plan(), None, now).unwrap();
        assert_ne!(other.token, built.token);
        assert!(!String::from_utf8(other.bytes).unwrap().contains("Idempotency"));
    }

    #[test]
    fn dots_at_the_beginning_of_lines_are_doubled_and_the_end_is_one_dot() {
        assert_eq!(data(b".a\r\nb.\r\n..c\r\n"), b"..a\r\nb.\r\n...c\r\n.\r\n");
        assert_eq!(data(b"a"), b"a\r\n.\r\n");
    }

    #[test]
    fn the_servers_id_is_read_where_there_is_one() {
        for (reply, id) in [
            ("250 2.0.0 Ok: queued as 4Vx1y2z3", Some("4Vx1y2z3")),
            ("250 2.0.0 OK: queued as <4Vx1y2z3>.", Some("4Vx1y2z3")),
            ("250 OK id=1tGabc-000123-4f", Some("1tGabc-000123-4f")),
            ("250 Ok 0102018f2b6d1c3a-9f1b-000000", Some("0102018f2b6d1c3a-9f1b-000000")),
            (
                "250 2.0.0 OK  1700000000 a640c23a62f3a-a1b2c3d4e5f6g7h8si - gsmtp",
                Some("a640c23a62f3a-a1b2c3d4e5f6g7h8si"),
            ),
            ("250 Great success", None),
        ] {
            assert_eq!(queue_id(reply).as_deref(), id, "{reply}");
        }
    }

    #[test]
    fn what_is_no_address_builds_no_message() {
        let bad = Plan { to: Some("ada\r\nRCPT TO:<x@y.test>".to_owned()), ..plan() };
        assert!(build(&bad, None, Timestamp::UNIX_EPOCH).is_none());
        assert_eq!(envelope("hi@müller.example").as_deref(), Some("hi@xn--mller-kva.example"));
        assert_eq!(envelope("hi@[127.0.0.1]").as_deref(), Some("hi@[127.0.0.1]"));
    }
}
