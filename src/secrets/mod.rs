//! Secrets: the [`Secret`] type every one of them travels in, and the store that keeps them.
//!
//! A secret is what belongs to a person: client secrets, passwords, real tokens, connected-app session ids. It becomes
//! a [`Secret`] at the edge (keyboard, keyring, HTTP body) and is redacted where a value is created. It never goes to
//! a file, a log, an export, an error text or an argument.

pub mod mask;
mod secret;
mod store;

pub use secret::{MASK, Secret, SecretBytes};
pub use store::{Kept, KeyringState, SERVICE, SecretError, SecretStore};
