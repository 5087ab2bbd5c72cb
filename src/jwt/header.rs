//! The header's rules. What it says about keys is never trusted.

use super::json::{Doubles, Json};

/// The longest key ID that is looked up, in bytes.
const MAX_KID: usize = 256;

/// Why a header is refused; worst first in [`Header::faults`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderFault {
    /// `alg` is `none` in some spelling.
    AlgNone(String),
    /// `alg` is missing.
    AlgMissing,
    /// `alg` is no text.
    AlgType(&'static str),
    /// Members that stand twice.
    Doubles(Doubles),
    /// `crit` is there: an extension must be understood, and none is.
    Crit(String),
    /// `b64` is there (RFC 7797).
    B64,
    /// `kid` is no text, or too long.
    Kid(String),
}

/// A header that is a JSON object.
#[derive(Clone)]
pub struct Header {
    /// As it was written.
    pub json: Json,
    /// Why it is refused.
    pub faults: Vec<HeaderFault>,
    /// Members that carry or name key material (`jwk`, `jku`, `x5c`, `x5u`): ignored.
    pub ignored: Vec<&'static str>,
}

impl Header {
    /// Judges a header; `None` where it is no object.
    pub fn read(json: Json) -> Option<Self> {
        let members = json.members()?;
        let mut faults = Vec::new();
        // Any one of two `alg` members that says none makes it unsigned.
        let none = members.iter().filter(|(name, _)| name == "alg").find_map(|(_, value)| {
            let text = value.as_text()?;
            text.trim().eq_ignore_ascii_case("none").then(|| text.to_owned())
        });
        let alg = json.get("alg");
        match (none, alg) {
            (Some(text), _) => faults.push(HeaderFault::AlgNone(text)),
            (None, None) => faults.push(HeaderFault::AlgMissing),
            (None, Some(Json::Text(_))) => {}
            (None, Some(other)) => faults.push(HeaderFault::AlgType(other.kind())),
        }
        let doubles = json.doubles();
        if !doubles.is_empty() {
            faults.push(HeaderFault::Doubles(doubles));
        }
        if let Some(crit) = json.get("crit") {
            faults.push(HeaderFault::Crit(crit.to_text()));
        }
        if json.get("b64").is_some() {
            faults.push(HeaderFault::B64);
        }
        match json.get("kid") {
            Some(Json::Text(kid)) if kid.len() > MAX_KID => {
                faults.push(HeaderFault::Kid(format!("is {} bytes long; {MAX_KID} are looked up", kid.len())));
            }
            None | Some(Json::Text(_)) => {}
            Some(other) => faults.push(HeaderFault::Kid(format!("is {}, not a text", other.kind()))),
        }
        let ignored = ["jku", "jwk", "x5c", "x5u"].into_iter().filter(|name| json.get(name).is_some()).collect();
        Some(Self { faults, ignored, json })
    }

    /// `alg`, where it is a text.
    pub fn alg(&self) -> Option<&str> {
        self.json.get("alg").and_then(Json::as_text)
    }

    /// `kid`, where it is a text.
    pub fn kid(&self) -> Option<&str> {
        self.json.get("kid").and_then(Json::as_text)
    }

    /// `typ`, where it is a text.
    pub fn typ(&self) -> Option<&str> {
        self.json.get("typ").and_then(Json::as_text)
    }
}
