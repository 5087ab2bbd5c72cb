//! What a check is asked to do.

use std::time::Duration;

use rustls::pki_types::CertificateDer;

use crate::mail::form::Form;
use crate::mail::resolver::DnsServer;

/// What a check is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The form as it would be typed into Kinde.
    pub form: Form,
    /// The recipient of the dry run and of the test message; the sender's own address where none is named.
    pub to: Option<String>,
    /// Send one real message at the end.
    pub send: bool,
    /// Who is asked for the server's addresses.
    pub dns: DnsServer,
    /// Certificates that are trusted besides this computer's own: see [`super::read_roots`].
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// For this run the password goes to 127.0.0.1 and ::1 without good TLS too.
    pub insecure_loopback: bool,
    /// How long things may take.
    pub limits: Limits,
}

impl Plan {
    /// A check of this form that sends nothing.
    pub fn of(form: Form) -> Self {
        Self {
            form,
            to: None,
            send: false,
            dns: DnsServer::default(),
            extra_roots: Vec::new(),
            insecure_loopback: false,
            limits: Limits::default(),
        }
    }

    /// Whom the dry run and the test message are for.
    pub fn recipient(&self) -> &str {
        self.to.as_deref().map(str::trim).filter(|to| !to.is_empty()).unwrap_or(self.form.sender_email.trim())
    }
}

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The whole check.
    pub overall: Duration,
    /// One connection.
    pub connect: Duration,
    /// One answer of the server, the greeting included. RFC 5321 §4.5.3.2 lets a client wait five minutes; a person does not.
    pub reply: Duration,
    /// From when on an answer is called slow.
    pub slow: Duration,
    /// How long a server may say nothing before it is asked whether it wants TLS first.
    pub quiet: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            overall: Duration::from_secs(120),
            connect: Duration::from_secs(10),
            reply: Duration::from_secs(30),
            slow: Duration::from_secs(5),
            quiet: Duration::from_secs(3),
        }
    }
}
