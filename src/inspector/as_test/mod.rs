//! A received token as a ready test: the token, the key set that judges it, and what has to come of it.
//!
//! Pure. The tests need no network: the key set stands in them, and that for Next.js serves it to whatever the handler asks
//! with, since what stands in for `fetch` alone is not asked by clients of Node's `http`.

use serde_json::Value;

use super::decode::{Decoded, SignatureState, TokenVerdict};
use crate::clock::rfc3339;
use crate::jwt::{Json, decode_base64url};
use crate::kinde::parse_time;

/// What the test is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// A route handler of Next.js, under Vitest.
    NextJs,
    /// Node's own test runner, and nothing else.
    Node,
    /// Rust, with the crate `jsonwebtoken`.
    Rust,
}

impl Flavour {
    /// As a person knows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::NextJs => "Next.js",
            Self::Node => "Node",
            Self::Rust => "Rust",
        }
    }
}

/// What the test is made of.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The token, as it was received.
    pub token: &'a str,
    /// A JWKS as it was published; public keys alone.
    pub jwks: &'a str,
    /// The request ID it came under.
    pub webhook_id: Option<&'a str>,
    /// `user.created`.
    pub event_type: Option<&'a str>,
    /// True where a key of the set signed it: the test wants it accepted; else refused.
    pub good: bool,
}

/// What has to come of a token that is judged so: true where a test has to want it accepted.
///
/// # Errors
/// Why no test of it would hold as it is handed over: what reads the token there looks for its key and at its signature, and
/// at nothing else that may be wrong with it.
pub fn outcome(decoded: &Decoded) -> Result<bool, String> {
    let names = |part: &Option<Json>, name: &str| {
        part.as_ref().and_then(|part| part.get(name)).and_then(Json::as_text).is_some()
    };
    match (decoded.verdict, decoded.signature) {
        (TokenVerdict::Verified, _) if !names(&decoded.header, "kid") => {
            Err("It names no key (`kid`), and a test looks for its key by that".to_owned())
        }
        (TokenVerdict::Verified, _) if !names(&decoded.claims, "type") => {
            Err("It is no event: it has no `type`".to_owned())
        }
        (TokenVerdict::Verified, _) => Ok(true),
        (TokenVerdict::UnknownKey | TokenVerdict::Unsigned, _)
        | (TokenVerdict::NotVerified, SignatureState::Invalid) => Ok(false),
        (TokenVerdict::NotVerified, _) => {
            Err(format!("It is refused, but not by its key or its signature: {}", decoded.headline))
        }
        (TokenVerdict::Encrypted | TokenVerdict::Unreadable, _) => Err("No token can be read in it".to_owned()),
    }
}

/// The test, ready to stand in a file of its own. `None` where the key set is no JSON, or the token no text of one line.
pub fn as_test(case: &Case<'_>, flavour: Flavour) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b'$' | b'#');
    if !case.token.bytes().all(plain) || case.token.is_empty() {
        return None;
    }
    let jwks: Value = serde_json::from_str(case.jwks).ok()?;
    let kid = kid_of(case.token);
    let keys = jwks.get("keys")?.as_array()?;
    // The one key is enough; all of them where it is not among them, so that a test of a refusal refuses for that reason.
    let own: Vec<&Value> = keys.iter().filter(|key| key.get("kid").and_then(Value::as_str) == kid.as_deref()).collect();
    let keys = if own.is_empty() { keys.iter().collect() } else { own };
    let jwks = serde_json::to_string_pretty(&serde_json::json!({ "keys": keys })).ok()?;
    let template = match flavour {
        Flavour::NextJs => include_str!("nextjs.txt"),
        Flavour::Node => include_str!("node.txt"),
        Flavour::Rust => include_str!("rust.txt"),
    };
    let text = |text: Option<&str>| Value::from(text.unwrap_or_default()).to_string().replace('\u{2028}', "\\u2028");
    let kept = if case.good { "if good" } else { "if bad" };
    let mut out = String::new();
    let mut keep = true;
    for line in template.lines() {
        if let Some(word) = line.strip_prefix("%%") {
            keep = matches!(word, "end") || word == kept;
            continue;
        }
        if keep {
            out.push_str(line);
            out.push('\n');
        }
    }
    // Last what others wrote: nothing of it is looked into again.
    let mut whole = String::new();
    for (index, piece) in out.split('§').enumerate() {
        if index % 2 == 0 {
            whole.push_str(piece);
            continue;
        }
        whole.push_str(&match piece {
            "token" => case.token.to_owned(),
            "jwks" => jwks.clone(),
            "type" => text(case.event_type),
            "sent" => text(sent_at(case.token).as_deref()),
            "webhook-id" => text(case.webhook_id),
            _ => piece.to_owned(),
        });
    }
    Some(whole)
}

fn kid_of(token: &str) -> Option<String> {
    Some(part(token, 0)?.get("kid")?.as_str()?.to_owned())
}

/// The moment that it says it was sent at: a handler may refuse what is older than a day and a half.
fn sent_at(token: &str) -> Option<String> {
    let claims = part(token, 1)?;
    Some(rfc3339(parse_time(claims.get("timestamp").or_else(|| claims.get("event_timestamp"))?)?))
}

fn part(token: &str, index: usize) -> Option<Value> {
    serde_json::from_slice(&decode_base64url(token.split('.').nth(index)?.as_bytes()).ok()?).ok()
}

#[cfg(test)]
mod tests;
