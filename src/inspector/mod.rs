//! What arrives or is pasted, decoded and judged. Pure over bytes, keys and a moment: fetching keys is `kinde::jwks`.

mod claims;
pub mod compare;
pub mod decode;
mod judge;
pub mod lens;
mod missing_key;
pub mod paste;
mod rung;
mod words;

pub use judge::RUNGS;

#[cfg(test)]
mod tests;
