//! What a check tells at its end. Plain data, without secrets.

use std::net::IpAddr;

use jiff::Timestamp;

use super::stage::Stage;
use crate::check::{Check, Verdict, worst};
use crate::mail::form::Security;

/// Who said a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// This computer.
    Client,
    /// The server.
    Server,
    /// Nobody: what happened between two lines.
    Note,
}

/// One line of the transcript, masked where it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Who said it.
    pub side: Side,
    /// Without its line end.
    pub text: String,
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mark = match self.side {
            Side::Client => "C:",
            Side::Server => "S:",
            Side::Note => "--",
        };
        write!(f, "{mark} {}", self.text)
    }
}

/// How a connection to one address went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// Why there is none, in a few words; `None` where it stands.
    pub trouble: Option<String>,
}

/// One certificate of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// The names and addresses it is good for.
    pub names: Vec<String>,
    /// Serial number, in hexadecimal pairs.
    pub serial: String,
    /// SHA-256 over the whole certificate, in hexadecimal pairs.
    pub sha256: String,
    /// Type and size of the key: `RSA 2048`, `ECDSA P-256`.
    pub key: String,
    /// Algorithm of the signature: `SHA-256 with RSA`.
    pub signature: String,
    /// Good from.
    pub not_before: Timestamp,
    /// Good until.
    pub not_after: Timestamp,
    /// Whole days left; negative once expired.
    pub days_left: i64,
    /// Where its issuer's certificate can be had, as it says itself.
    pub ca_issuers: Option<String>,
}

/// What is known of a TLS connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFacts {
    /// `TLS 1.3`.
    pub version: String,
    /// The cipher suite, as IANA spells it.
    pub suite: String,
    /// The key exchange group.
    pub group: Option<String>,
    /// The server name that was sent (SNI); none with an address.
    pub server_name: Option<String>,
    /// How long the handshake took, in milliseconds.
    pub ms: u64,
    /// What the server sent, its own certificate first.
    pub chain: Vec<Certificate>,
    /// What is wrong with it, worst first, one sentence each. Empty: the certificate is good.
    pub faults: Vec<String>,
}

/// Another port or another mode that works better.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// What the button says: `Use port 2587`.
    pub words: String,
    /// The port.
    pub port: u16,
    /// How TLS begins there.
    pub security: Security,
}

/// A message that the server took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// To whom.
    pub to: String,
    /// Its subject, which holds the token.
    pub subject: String,
    /// What tells it from every other test.
    pub token: String,
    /// Its Message-ID, with the angle brackets.
    pub message_id: String,
    /// The server's last word.
    pub reply: String,
    /// The id it has at the server, where the last word named one.
    pub queue_id: Option<String>,
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// One sentence: what is wrong first, or that nothing is.
    pub headline: String,
    /// How TLS began in the run: not as the port stands for where the port turned out to speak the other way.
    pub mode: Security,
    /// Every stage of the run with its check, in order.
    pub stages: Vec<(Stage, Check)>,
    /// What was said, masked.
    pub transcript: Vec<Line>,
    /// Every address of the server that was tried.
    pub addresses: Vec<Address>,
    /// What the server offered before TLS, keyword by keyword as it said them.
    pub ehlo_before: Option<Vec<String>>,
    /// What it offered over TLS.
    pub ehlo_after: Option<Vec<String>>,
    /// The TLS connection.
    pub tls: Option<TlsFacts>,
    /// What would work better, best first.
    pub corrections: Vec<Correction>,
    /// The message, where one was taken.
    pub sent: Option<Sent>,
    /// The person cancelled it.
    pub cancelled: bool,
}

impl Outcome {
    /// The checks alone, in order.
    pub fn checks(&self) -> Vec<Check> {
        self.stages.iter().map(|(_, check)| check.clone()).collect()
    }

    /// The worst of them, skipped ones aside.
    pub fn verdict(&self) -> Verdict {
        worst(&self.checks())
    }

    /// The check of one stage.
    pub fn check(&self, stage: Stage) -> Option<&Check> {
        self.stages.iter().find(|(known, _)| *known == stage).map(|(_, check)| check)
    }
}
