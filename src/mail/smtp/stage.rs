//! The stages of a check, in the order they are run, and what is told while they run.

use serde::Serialize;

use super::told::Line;
use crate::check::Check;
use crate::mail::form::Security;

/// One stage. Every one of a run's order ends in one check, if only as skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The form by itself.
    Lint,
    /// The server's name.
    Dns,
    /// A connection to every address.
    Tcp,
    /// The server's greeting.
    Banner,
    /// What the server can do, before TLS or with TLS from the first byte.
    Ehlo,
    /// The change to TLS.
    StartTls,
    /// The handshake.
    Tls,
    /// Whose certificate it is, and whether it is good.
    Certificate,
    /// What the server can do once TLS stands (RFC 3207 §4.2 asks again).
    EhloAgain,
    /// User and password.
    Auth,
    /// MAIL: may the user send as this address?
    Sender,
    /// RCPT: is the recipient taken? RSET follows, and nothing is sent.
    Recipient,
    /// One real message.
    Send,
}

impl Stage {
    /// Plain text first, then STARTTLS.
    pub const STARTTLS: &'static [Self] = &[
        Self::Lint,
        Self::Dns,
        Self::Tcp,
        Self::Banner,
        Self::Ehlo,
        Self::StartTls,
        Self::Tls,
        Self::Certificate,
        Self::EhloAgain,
        Self::Auth,
        Self::Sender,
        Self::Recipient,
        Self::Send,
    ];

    /// TLS from the first byte.
    pub const IMPLICIT: &'static [Self] = &[
        Self::Lint,
        Self::Dns,
        Self::Tcp,
        Self::Tls,
        Self::Certificate,
        Self::Banner,
        Self::Ehlo,
        Self::Auth,
        Self::Sender,
        Self::Recipient,
        Self::Send,
    ];

    /// No TLS at all: the TLS stage says what that means.
    pub const PLAIN: &'static [Self] = &[
        Self::Lint,
        Self::Dns,
        Self::Tcp,
        Self::Banner,
        Self::Ehlo,
        Self::Tls,
        Self::Auth,
        Self::Sender,
        Self::Recipient,
        Self::Send,
    ];

    /// The stages of a run that begins TLS so.
    pub fn order(security: Security) -> &'static [Self] {
        match security {
            Security::Tls => Self::IMPLICIT,
            Security::None => Self::PLAIN,
            Security::StartTls | Security::Auto => Self::STARTTLS,
        }
    }

    /// The name of its check. Stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lint => "lint",
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Banner => "banner",
            Self::Ehlo => "ehlo",
            Self::StartTls => "starttls",
            Self::Tls => "tls",
            Self::Certificate => "certificate",
            Self::EhloAgain => "ehlo-tls",
            Self::Auth => "auth",
            Self::Sender => "sender",
            Self::Recipient => "recipient",
            Self::Send => "send",
        }
    }

    /// As a person reads it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Lint => "Form",
            Self::Dns => "Server name in DNS",
            Self::Tcp => "Connection",
            Self::Banner => "Greeting",
            Self::Ehlo => "What the server offers",
            Self::StartTls => "STARTTLS",
            Self::Tls => "TLS",
            Self::Certificate => "Certificate",
            Self::EhloAgain => "What it offers over TLS",
            Self::Auth => "Sign-in",
            Self::Sender => "Sender",
            Self::Recipient => "Recipient",
            Self::Send => "Test email",
        }
    }
}

/// What is told while a check runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The stages to come, in order. Told first, and again when the port turns out to begin TLS the other way: the stages
    /// from there on are then run anew.
    Order(&'static [Stage]),
    /// A stage has begun.
    Started(Stage),
    /// A stage has ended in this check.
    Finished(Stage, Check),
    /// A line of the transcript.
    Line(Line),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_begins_with_the_form_and_ends_with_the_message_and_names_are_unique() {
        for order in [Stage::STARTTLS, Stage::IMPLICIT, Stage::PLAIN] {
            assert_eq!((order.first(), order.last()), (Some(&Stage::Lint), Some(&Stage::Send)));
            let names: std::collections::HashSet<&str> = order.iter().map(|stage| stage.name()).collect();
            assert_eq!(names.len(), order.len());
        }
    }
}
