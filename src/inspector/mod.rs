//! What arrives or is pasted, decoded and judged. Judging is pure over bytes, keys and a moment; `keys` gathers the keys.

pub mod as_test;
pub mod as_types;
mod broken;
mod claims;
pub mod compare;
pub mod copies;
pub mod damage;
pub mod decode;
pub mod dedupe;
pub mod export;
pub mod forward;
pub mod freshness;
pub mod import;
pub mod intake;
mod judge;
pub mod key_source;
pub mod keys;
pub mod lens;
mod lost;
mod missing_key;
pub mod paste;
pub mod reading;
pub mod receiver;
pub mod replay;
pub mod retry_clock;
mod rung;
mod sandbox_keys;
pub mod search;
pub mod second_webhook;
pub mod signer;
pub mod truth;
pub mod waiting;
mod words;

pub use judge::RUNGS;

#[cfg(test)]
mod tests;
