//! What happens to a token on its way: known manglings, undone one at a time to see which it was.
//!
//! The received bytes are never altered and never trusted after an undoing: it only says what to mend.

use jiff::Timestamp;

use super::decode::Keys;
use crate::jwt::{Compact, Json, KeySet, Pick, decode_base64url, encode_base64url};
use crate::secrets::Secret;

mod changes;
mod undo;

pub use changes::Change;

/// The most bytes that are looked at, and that something compressed may become.
const MOST: usize = 1 << 20;

/// What was done to a token on its way.
#[derive(Clone)]
pub struct Damage {
    /// What is there now, or was done: `It stands in JSON quotes`.
    pub what: &'static str,
    /// What usually does that.
    pub culprit: &'static str,
    /// True where the signature holds once it is undone.
    pub proven: bool,
    /// Where the bytes differ from the signed ones; within the payload where that was written anew.
    pub changes: Vec<Change>,
    /// The token without it.
    pub token: Secret,
}

impl Damage {
    /// The cause, in words.
    pub(super) fn why(&self) -> String {
        if self.proven { format!("{}. Without that it verifies", self.what) } else { self.what.to_owned() }
    }

    /// What to do.
    pub(super) fn fix(&self) -> String {
        let culprit = self.culprit;
        if self.proven {
            format!("{culprit}. Let it pass on the body byte for byte, or undo that first: then it verifies")
        } else {
            format!("{culprit}. Let it pass on the body byte for byte")
        }
    }

    /// The byte difference, in words.
    pub(super) fn seen(&self) -> String {
        changes::words(&self.changes)
    }
}

/// Bytes do not belong into logs.
impl std::fmt::Debug for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Damage").field("what", &self.what).field("proven", &self.proven).finish_non_exhaustive()
    }
}

/// One known mangling: how it reads, what does it, and what the bytes may have been before.
struct Mangling {
    what: &'static str,
    culprit: &'static str,
    undo: fn(&[u8]) -> Vec<Vec<u8>>,
}

/// What `received` may have been before one of the known manglings.
pub(super) fn undone(received: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let known = undo::ENVELOPE.iter().filter(move |_| received.len() <= MOST);
    known.flat_map(move |mangling| (mangling.undo)(received)).filter(move |before| before != received)
}

/// The one mangling without which `received` is a token: one whose signature then holds, else the likeliest. `at` is when
/// it arrived, for one that is judged again.
pub(super) fn around(received: &[u8], keys: &Keys, at: Option<Timestamp>) -> Option<Damage> {
    if received.len() > MOST {
        return None;
    }
    let mut likely = None;
    for mangling in &undo::ENVELOPE {
        for token in (mangling.undo)(received) {
            if token == received || Compact::split(&token).is_err() {
                continue;
            }
            let proven = holds(&token, keys, at);
            if !proven && likely.is_some() {
                continue;
            }
            let changes = changes::between(received, &token);
            let found = damage(mangling, proven, changes, &token);
            if proven {
                return Some(found);
            }
            likely = Some(found);
        }
    }
    likely
}

/// The one way of writing the payload's JSON anew that broke its signature. `at` is when it arrived, for one that is judged
/// again.
pub(super) fn within(received: &[u8], keys: &Keys, at: Option<Timestamp>) -> Option<Damage> {
    if received.len() > MOST {
        return None;
    }
    let mut parts = received.split(|byte| *byte == b'.');
    let (header, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let payload = decode_base64url(payload).ok()?;
    for mangling in &undo::PAYLOAD {
        for before in (mangling.undo)(&payload) {
            let token = [header, b".", encode_base64url(&before).as_bytes(), b".", signature].concat();
            if before != payload && holds(&token, keys, at) {
                return Some(damage(mangling, true, changes::between(&payload, &before), &token));
            }
        }
    }
    None
}

fn damage(mangling: &Mangling, proven: bool, changes: Vec<Change>, token: &[u8]) -> Damage {
    let token = Secret::new(String::from_utf8_lossy(token).into_owned());
    Damage { what: mangling.what, culprit: mangling.culprit, proven, changes, token }
}

/// The sets that may prove what arrived then: the same that the rung `key` tries, so that a rotation takes no proof back.
fn trusted(keys: &Keys, at: Option<Timestamp>) -> impl Iterator<Item = &KeySet> {
    let now = keys.sets.iter().map(|dated| dated.set.as_ref());
    now.chain(keys.of_then(at).map(|other| other.set.as_ref()))
}

/// True where a trusted key signed exactly this.
fn holds(token: &[u8], keys: &Keys, at: Option<Timestamp>) -> bool {
    let Ok(compact) = Compact::split(token) else { return false };
    let signs = |pick| matches!(pick, Pick::Found { key, alg } if key.verify(alg, compact.signed, &compact.signature));
    compact.header.faults.is_empty()
        && !compact.signature.is_empty()
        && trusted(keys, at).any(|set| signs(set.pick(&compact.header)))
}

/// How many of the characters of its signature a token has, where its end is missing. `at` is when it arrived, for one that
/// is judged again.
pub(super) fn missing_end(token: &str, keys: &Keys, at: Option<Timestamp>) -> Option<(usize, usize)> {
    let mut parts = token.split('.');
    let (header, _, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let json = Json::parse(&decode_base64url(header.as_bytes()).ok()?).ok()?;
    let header = crate::jwt::Header::read(json)?;
    let wanted = trusted(keys, at).find_map(|set| match set.pick(&header) {
        Pick::Found { key, alg } => key.signature_len(alg),
        _ => None,
    })?;
    // Six bits a character.
    let wanted = (wanted * 8).div_ceil(6);
    (parts.next().is_none() && !signature.is_empty() && signature.len() < wanted).then_some((signature.len(), wanted))
}

/// What usually cuts a text off at just this length.
pub(super) fn limit_of(length: usize) -> Option<&'static str> {
    Some(match length {
        255 | 256 => "a database column of 255",
        1000 | 1024 => "a field of 1 KB",
        2000 | 2048 => "an address of 2 KB",
        4000 | 4095 | 4096 => "a cookie, a header or a terminal line of 4 KB",
        8000 | 8190 | 8192 => "a server's limit of 8 KB for headers",
        10_000 | 10_240 => "a capture of 10 KB",
        16_000 | 16_384 => "a server's limit of 16 KB",
        65_535 | 65_536 => "a database column of 64 KB",
        _ => return None,
    })
}
