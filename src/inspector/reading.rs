//! A body read once, for all who look at it: the sifting before it is kept, and the judging after.

use super::claims::kind_of;
use super::decode::Kind;
use crate::jwt::{Compact, Doubles, EnvelopeFault, Json};

/// Some bytes, read as a token.
pub struct Reading<'a> {
    /// What was read.
    pub(super) bytes: &'a [u8],
    /// The token, or why it is none.
    pub(super) token: Result<Token<'a>, EnvelopeFault>,
}

/// A token with a sound envelope.
pub(super) struct Token<'a> {
    pub(super) compact: Compact<'a>,
    pub(super) payload: Payload,
    /// What kind of token its claims make it; `Other` where it has none.
    pub(super) kind: Kind,
}

impl<'a> Reading<'a> {
    /// Reads `bytes` as they are.
    pub fn of(bytes: &'a [u8]) -> Self {
        let token = Compact::split(bytes).map(|compact| {
            let payload = Payload::of(&compact.payload);
            let kind = match &payload {
                Payload::Claims(claims, _) => kind_of(claims, compact.header.typ()),
                Payload::Other(_) => Kind::Other,
            };
            Token { compact, payload, kind }
        });
        Self { bytes, token }
    }

    /// The key ID that the token names.
    pub fn kid(&self) -> Option<&str> {
        self.token.as_ref().ok()?.compact.header.kid()
    }
}

/// What a payload holds.
pub(super) enum Payload {
    /// An object, and its members that stand twice.
    Claims(Json, Doubles),
    /// Anything else: what it is, in words.
    Other(String),
}

impl Payload {
    pub(super) fn of(bytes: &[u8]) -> Self {
        match Json::parse(bytes) {
            Ok(json) if json.members().is_some() => {
                let doubled = json.doubles();
                Self::Claims(json, doubled)
            }
            Ok(json) => Self::Other(format!("it is {}", json.kind())),
            Err(fault) => Self::Other(fault.to_string()),
        }
    }
}
