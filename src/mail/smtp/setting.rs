//! Settings of a check that a fix may name. The window has a control for each and the command line a flag: the words here
//! are of neither, and who shows a fix may add its own.

/// A setting of the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// Whom to ask for names.
    PublicDns,
    /// An authority to trust besides the system's own.
    Authority,
    /// TLS begins as the port says.
    ByThePort,
    /// TLS begins with the first byte.
    Tls,
    /// TLS begins with STARTTLS.
    StartTls,
}

impl Setting {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::PublicDns, Self::Authority, Self::ByThePort, Self::Tls, Self::StartTls];

    /// How a fix names it.
    pub fn words(self) -> &'static str {
        match self {
            Self::PublicDns => "have a public DNS server asked",
            Self::Authority => "choose one to trust for this check",
            Self::ByThePort => "let the port decide how TLS begins",
            Self::Tls => "choose TLS from the first byte here",
            Self::StartTls => "choose STARTTLS here",
        }
    }
}
