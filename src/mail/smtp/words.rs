//! Sentences for what is no reply: silence, noise, a connection that breaks.

use super::tls::TlsTrouble;
use super::wire::Broke;
use crate::check::Check;
use crate::mail::presets::Preset;
use crate::mail::replies::{At, explain};
use crate::mail::smtp::reply::Reply;

/// What a reply that refuses says: evidence, meaning and fix. `asked` is whose server it is, where that is known.
pub(super) fn refused(name: &str, reply: &Reply, at: At, asked: Option<&Preset>) -> Check {
    let explained = explain(&reply.text(), Some(at), asked);
    Check::fail(name, explained.means, explained.fix).seen(reply.text())
}

/// The same as a warning: the server only puts it off.
pub(super) fn put_off(name: &str, reply: &Reply, at: At, asked: Option<&Preset>) -> Check {
    let explained = explain(&reply.text(), Some(at), asked);
    Check::warn(name, explained.means, explained.fix).seen(reply.text())
}

/// What went wrong with the connection while a reply was waited for.
pub(super) fn broke(name: &str, broke: &Broke, at: At) -> Check {
    let when = match at {
        At::Greeting => "before its greeting",
        At::Ehlo => "at EHLO",
        At::StartTls => "at STARTTLS",
        At::Auth => "at sign-in",
        At::Sender => "at MAIL",
        At::Recipient => "at RCPT",
        At::Data => "while the message was handed over",
    };
    let (why, fix, seen) = match broke {
        Broke::Closed | Broke::Reset if at == At::Greeting => (
            "The server takes the connection and closes it without a word".to_owned(),
            "It may refuse this computer's address, or want TLS from the first byte: try port 465, and another network"
                .to_owned(),
            "connection closed".to_owned(),
        ),
        Broke::Closed | Broke::Reset => (
            format!("The server closed the connection {when}"),
            fix_of_close(at).to_owned(),
            if *broke == Broke::Reset { "connection reset" } else { "connection closed" }.to_owned(),
        ),
        Broke::Silent(limit) if at == At::Greeting => (
            format!("The port is open and nothing speaks there: no greeting in {} s", limit.as_secs_f32()),
            "Use one of the provider's own ports. A firewall that answers in the server's place looks the same"
                .to_owned(),
            "silence".to_owned(),
        ),
        Broke::Silent(limit) => (
            format!("The server said nothing more {when} for {} s", limit.as_secs_f32()),
            "Try again; if it stays, whoever runs the server finds the reason in its log".to_owned(),
            "silence".to_owned(),
        ),
        Broke::Dripping(limit) => (
            format!(
                "The server's answer {when} was not whole after {} s: it comes in drips, or its end is missing",
                limit.as_secs_f32()
            ),
            "Try again; if it stays, a tarpit slows this computer down, or the server is overloaded".to_owned(),
            "part of a reply".to_owned(),
        ),
        Broke::TooLong => (
            format!("The server's answer {when} has no end"),
            "This is no mail server as others are: check server name and port".to_owned(),
            "more than 64 kB in one reply".to_owned(),
        ),
        Broke::NotSmtp(text) => return noise(name, text, at),
        Broke::Other(words) => (
            format!("The connection broke {when}: {words}"),
            "Try again, and try another port of the provider".to_owned(),
            words.clone(),
        ),
    };
    Check::fail(name, why, fix).seen(seen)
}

fn fix_of_close(at: At) -> &'static str {
    match at {
        At::StartTls => "Something between may cut TLS off, or the server's TLS is broken: try port 465",
        At::Auth => {
            "Many servers do so after too many wrong passwords, or to addresses they block: wait some minutes, and do not loop"
        }
        At::Data => "Nothing is known of the message: look into the provider's log before you send it again",
        At::Greeting | At::Ehlo | At::Sender | At::Recipient => {
            "Try again in some minutes; if it stays, the server's log or the provider's status page tells why"
        }
    }
}

/// Something answers, and it is no mail server.
fn noise(name: &str, text: &str, at: At) -> Check {
    let lower = text.to_ascii_lowercase();
    let what = if lower.starts_with("http/") || lower.starts_with("<html") || lower.starts_with("<!doctype") {
        "a web server (HTTP)"
    } else if lower.starts_with("ssh-") {
        "SSH"
    } else if lower.starts_with("* ok") || lower.starts_with("* preauth") {
        "a server for reading mail (IMAP)"
    } else if lower.starts_with("+ok") {
        "a server for fetching mail (POP3)"
    } else if lower.starts_with("\\x15\\x03") || lower.starts_with("\\x16\\x03") {
        "TLS, in the middle of plain text"
    } else if at == At::Greeting {
        "something that is no mail server"
    } else {
        "something that is no reply of SMTP"
    };
    let seen = if text.is_empty() { "bytes that are no text".to_owned() } else { text.to_owned() };
    Check::fail(name, format!("What answers here is {what}"), "Check server name and port: mail is sent on 587 or 465")
        .seen(seen)
}

/// A port on which a web server answers.
pub(super) fn web_server(name: &str) -> Check {
    Check::fail(
        name,
        "What answers here is a web server (HTTP): it waits for a request and greets nobody",
        "Check server name and port: mail is sent on 587 or 465",
    )
    .seen("HTTP in answer to a TLS hello")
}

/// Why there is no TLS. Plain text is told by the caller, who knows which mode was tried.
pub(super) fn no_tls(name: &str, trouble: &TlsTrouble) -> Check {
    let (why, fix, seen) = match trouble {
        TlsTrouble::PlainText(first) => (
            "The port starts in plain text, and TLS was begun with the first byte".to_owned(),
            "Use STARTTLS on this port, or a port for TLS from the first byte (465)".to_owned(),
            first.clone(),
        ),
        TlsTrouble::TooOld => (
            "The server knows TLS 1.1 at most, which nobody uses any more".to_owned(),
            "Switch on TLS 1.2 or 1.3 on the server, or use another provider".to_owned(),
            "alert protocol_version, or an old ServerHello".to_owned(),
        ),
        TlsTrouble::NothingInCommon(what) => (
            "Server and client have no way of encryption in common".to_owned(),
            "Switch on current cipher suites (ECDHE with AES-GCM or ChaCha20) and a current certificate on the server".to_owned(),
            what.clone(),
        ),
        TlsTrouble::Cut => (
            "The connection was cut in the middle of the TLS handshake".to_owned(),
            "A virus scanner, a proxy or a firewall does that, or the server's TLS is broken: try another network or port".to_owned(),
            "connection closed in the handshake".to_owned(),
        ),
        TlsTrouble::Alert(alert) => (
            format!("The server broke the handshake off with the alert {alert}"),
            "Check the server name: it is sent along, and a server may know only its own. Its log has the reason".to_owned(),
            format!("alert {alert}"),
        ),
        TlsTrouble::NotItsKey => (
            "Whoever answers does not hold the certificate's key: the handshake's signature is wrong".to_owned(),
            "Do not send anything there. If it is your own server, its key and certificate do not belong together".to_owned(),
            "wrong signature".to_owned(),
        ),
        TlsTrouble::Slow(limit) => (
            format!("The TLS handshake did not end in {} s", limit.as_secs_f32()),
            "Use the mode that fits the port; a filter between may also swallow the handshake".to_owned(),
            "silence in the handshake".to_owned(),
        ),
        TlsTrouble::Other(what) => (
            format!("The TLS handshake failed: {what}"),
            "Try another port of the provider; if it is your own server, its TLS log has the reason".to_owned(),
            what.clone(),
        ),
    };
    Check::fail(name, why, fix).seen(seen)
}
