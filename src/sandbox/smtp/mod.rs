//! The sandbox's mail server: takes what is sent to it over TLS by who signed in, keeps it, and passes nothing on.
//!
//! Two addresses on 127.0.0.1, as a provider has them: one where a conversation starts in plain text and goes over to TLS
//! (STARTTLS, RFC 3207), one that speaks TLS from the first byte (RFC 8314). Sender and recipients are whoever a client
//! says: nobody is written to. User and password are made up and may be printed.

mod addresses;
mod auth;
mod kept;
mod read;
mod serve;
mod session;
mod wire;

pub use kept::MailView;
pub use read::{MailBody, MailPart};

pub(super) use kept::{clear, newest, one, page};
pub(super) use read::read;
pub(super) use serve::accept;

/// The user name that the mail server takes. With `smtp_password` of the state.
pub const USER: &str = "sandbox";

/// The most bytes of one message: as much as the SIZE line of the greeting says.
const MESSAGE: usize = 10 << 20;
/// The most recipients of one message.
const RECIPIENTS: usize = 100;
