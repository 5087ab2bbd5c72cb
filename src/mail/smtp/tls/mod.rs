//! TLS: a handshake that is carried to its end whatever the certificate is worth, so that all of it can be told; and the
//! judgement of the certificate, which decides whether the password may follow.

mod certificate;
mod fault;
mod handshake;
mod verifier;

pub(super) use fault::{Fault, is_soon};
pub(super) use handshake::{TlsTrouble, handshake, hello};
pub(super) use verifier::Trust;
pub use verifier::read_roots;
