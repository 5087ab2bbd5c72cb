//! Strict compact JWS: what a token is, whose key fits, whether the signature holds. Pure: no clock, no I/O, no words
//! about Kinde. Trust never comes from the token: the algorithm is the key's, and key material in a header is ignored.

mod alg;
mod b64;
mod compact;
mod der;
mod header;
mod json;
mod key;
mod key_set;

pub use alg::Alg;
pub use b64::{decode_base64url, encode_base64url};
pub use compact::{Compact, EnvelopeFault, MAX_TOKEN, is_json_serialisation};
pub use header::{Header, HeaderFault};
pub use json::{Doubles, Json, JsonFault, MAX_DEPTH};
pub use key::Key;
pub use key_set::{KeySet, KeySetFault, Pick, Policy, allowed};

#[cfg(test)]
mod tests;
