//! Mail: will Kinde be able to send through this SMTP server, or this Resend account, as this domain?
//!
//! Owns the form that Kinde asks for, what can be told of it without a network, and the check of a server from this
//! computer, step by step. It keeps nothing and knows no profile: what is to be remembered is [`Kept`], and the caller
//! keeps it. A password never leaves as text: not in a check, not in a transcript, not in an error.

pub mod dns;
pub mod env;
pub mod form;
pub mod handover;
pub mod headers;
pub mod lint;
pub mod presets;
pub mod replies;
pub mod resend;
pub mod resolver;
pub mod smtp;

pub use form::{Field, Form, Kept, PASSWORD_FIELD, Security};
pub use lint::{Finding, Mend, lint};
pub use presets::{Preset, detect, preset, presets};
