//! What a judged token looks like: exactly the `decode` object of the command line, and what the screen needs besides.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Serialize;
use serde::ser::SerializeMap as _;

use super::damage::Damage;
use super::lens::{self, Fact};
use super::paste::PastedRequest;
use crate::check::{Check, Verdict};
use crate::jwt::{Json, KeySet};

pub use super::judge::{judge, judge_read};

/// What the envelope, the header, the key and the signature come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenVerdict {
    /// A trusted key signed it.
    Verified,
    /// The signature does not hold, or the header is refused.
    NotVerified,
    /// No trusted key of that ID.
    UnknownKey,
    /// `alg` is none, or there is no signature.
    Unsigned,
    /// A JWE.
    Encrypted,
    /// No token at all.
    Unreadable,
}

impl TokenVerdict {
    /// The words shown for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::NotVerified => "not verified",
            Self::UnknownKey => "unknown key",
            Self::Unsigned => "unsigned",
            Self::Encrypted => "encrypted",
            Self::Unreadable => "unreadable",
        }
    }
}

/// The signature alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureState {
    /// It holds.
    Valid,
    /// It does not.
    Invalid,
    /// It was not looked at.
    NotChecked,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A webhook event.
    Webhook,
    /// A person's access token.
    Access,
    /// An ID token.
    Id,
    /// The access token of a machine to machine application.
    M2m,
    /// Anything else.
    Other,
}

impl Kind {
    /// With its article: `an access token`.
    pub fn with_article(self) -> &'static str {
        match self {
            Self::Webhook => "a webhook",
            Self::Access => "an access token",
            Self::Id => "an ID token",
            Self::M2m => "a machine to machine access token",
            Self::Other => "a token of an unknown kind",
        }
    }
}

/// Which issuers a token may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issuers {
    /// Not compared: the keys alone were chosen.
    Any,
    /// One of these, without a trailing slash: the domains of one environment.
    These(Vec<String>),
    /// The sandbox: any address of this machine.
    Loopback,
}

/// Who vouches for the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nobody: the token is only read.
    Nobody,
    /// A tenant or an address publishes them: RS256 alone.
    Published,
    /// A person chose a file.
    Chosen,
}

/// A key set and, where it is not a fresh one, when it was last seen published.
#[derive(Debug, Clone)]
pub struct Dated {
    /// The keys.
    pub set: Arc<KeySet>,
    /// `None` for a set fetched now.
    pub kept: Option<Timestamp>,
}

/// The keys of somebody else, past or present: never trusted, only recognised.
#[derive(Debug, Clone)]
pub struct OtherKeys {
    /// The profile's name or the domain.
    pub name: String,
    /// True for the judged tenant itself: a key that it published earlier.
    pub same_tenant: bool,
    /// The keys.
    pub set: Arc<KeySet>,
    /// When they were last seen published.
    pub last_seen: Timestamp,
    /// The last moment at which they still counted as published: a fetched set is not asked for again at once.
    pub good_until: Timestamp,
}

/// The keys a token is judged with.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Whose they are: `acme.kinde.com`, or a file's name.
    pub whose: String,
    /// Who vouches for them.
    pub origin: Origin,
    /// The sets to try, the best first: the fresh one, or while there is none what was published last.
    pub sets: Vec<Dated>,
    /// Why no set came when it was last asked for: cause and fix. An earlier one may still be fresh.
    pub trouble: Option<(String, String)>,
    /// Which issuers fit.
    pub issuers: Issuers,
    /// For recognising a key of another profile.
    pub others: Vec<OtherKeys>,
    /// When the published set was fetched, or the sandbox's was noted last; `None` where none was.
    pub fetched_at: Option<Timestamp>,
    /// How far this machine's clock is ahead of that of whoever published the keys, in seconds. `None` where nobody told.
    pub clock_ahead: Option<i64>,
}

impl Keys {
    /// No keys: the token is read and not verified.
    pub fn nobody() -> Self {
        Self {
            whose: String::new(),
            origin: Origin::Nobody,
            sets: Vec::new(),
            trouble: None,
            issuers: Issuers::Any,
            others: Vec::new(),
            fetched_at: None,
            clock_ahead: None,
        }
    }

    /// Keys a person chose: a JWKS, a JWK or a PEM public key. An unusable text becomes a failing `key` check.
    pub fn chosen(whose: impl Into<String>, text: &[u8]) -> Self {
        let mut keys = Self { whose: whose.into(), origin: Origin::Chosen, ..Self::nobody() };
        keys.take(text, crate::jwt::Policy::Chosen);
        keys
    }

    /// Keys that a tenant publishes, at hand without a fetch: the sandbox's, or a pasted JWKS of a domain.
    pub fn published(whose: impl Into<String>, text: &[u8], issuers: Issuers) -> Self {
        let mut keys = Self { whose: whose.into(), origin: Origin::Published, issuers, ..Self::nobody() };
        keys.take(text, crate::jwt::Policy::Published);
        keys
    }

    /// The keys of this tenant's past that were good for what arrived at that moment: it had not taken them back yet. When
    /// they were first seen does not count: that is a moment after the first arrival they were fetched for.
    pub(super) fn of_then(&self, received: Option<Timestamp>) -> impl Iterator<Item = &OtherKeys> {
        let good = move |other: &&OtherKeys| received.is_some_and(|at| other.same_tenant && at <= other.good_until);
        self.others.iter().filter(good)
    }

    fn take(&mut self, text: &[u8], policy: crate::jwt::Policy) {
        match KeySet::parse(text, policy) {
            Ok(set) => self.sets = vec![Dated { set: Arc::new(set), kept: None }],
            Err(fault) => self.trouble = Some(key_set_trouble(&self.whose, &fault)),
        }
    }
}

/// Cause and fix for a key set that cannot be trusted.
pub fn key_set_trouble(whose: &str, fault: &crate::jwt::KeySetFault) -> (String, String) {
    match fault {
        crate::jwt::KeySetFault::NotKeys(what) => (
            format!("{whose} holds no keys: {what}"),
            "Give a JWKS, one JWK, or a PEM public key (BEGIN PUBLIC KEY)".to_owned(),
        ),
        crate::jwt::KeySetFault::Unsound(_) => (
            format!("The keys of {whose} are unsound and not trusted: {fault}"),
            "Use the key set that the issuer publishes, unchanged".to_owned(),
        ),
    }
}

/// How to judge.
#[derive(Debug, Clone)]
pub struct Options {
    /// The moment to judge time at: of a kept body that of its arrival.
    pub at: Timestamp,
    /// The moment of judging, by which the age of the keys is told.
    pub now: Timestamp,
    /// The kind to judge as; by the claims where `None`.
    pub kind: Option<Kind>,
    /// True for what a person pasted: surroundings are cleaned off. False for a received body.
    pub pasted: bool,
    /// When a kept body arrived, for judging it again: a key that the tenant published then is good for it, even though it
    /// has been taken back since.
    pub received: Option<Timestamp>,
    /// The transport rung, where the receiver judged it.
    pub transport: Option<Check>,
    /// The duplicate rung, where the history judged it.
    pub duplicate: Option<Check>,
}

impl Options {
    /// A pasted token, judged at `at`.
    pub fn pasted(at: Timestamp) -> Self {
        Self { at, now: at, kind: None, pasted: true, received: None, transport: None, duplicate: None }
    }
}

/// A payload's bytes.
#[derive(Clone, Default)]
pub enum Bytes {
    /// There is no payload.
    #[default]
    None,
    /// UTF-8.
    Text(String),
    /// Anything else.
    Other(Vec<u8>),
}

impl Bytes {
    /// As they were decoded.
    pub fn of(payload: Option<Vec<u8>>) -> Self {
        match payload.map(String::from_utf8) {
            None => Self::None,
            Some(Ok(text)) => Self::Text(text),
            Some(Err(error)) => Self::Other(error.into_bytes()),
        }
    }

    /// As text, exact; `None` where they are no UTF-8, or there are none.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// In plain padded base64; empty where there are none.
    pub fn base64(&self) -> String {
        STANDARD.encode(self.raw())
    }

    fn raw(&self) -> &[u8] {
        match self {
            Self::None => &[],
            Self::Text(text) => text.as_bytes(),
            Self::Other(bytes) => bytes,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.raw().len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.raw().is_empty()
    }
}

/// The two members of the `decode` object. The base64 is made here: most that is judged is written nowhere.
impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(Some(2))?;
        members.serialize_entry("payload_text", &self.text())?;
        members.serialize_entry("payload_b64", &self.base64())?;
        members.end()
    }
}

/// A judged token. Serialises to the `decode` object of the command line; a screen reads the skipped fields too.
#[derive(Clone, Serialize)]
pub struct Decoded {
    /// Envelope, header, key and signature together.
    pub verdict: TokenVerdict,
    /// The signature alone.
    pub signature: SignatureState,
    /// The first failing check.
    pub failed: Option<String>,
    /// What it is for.
    pub kind: Kind,
    /// The eight rungs, always in the same order.
    pub checks: Vec<Check>,
    /// The header; of doubled members the last.
    pub header: Option<Json>,
    /// The claims, where the payload is an object.
    pub claims: Option<Json>,
    /// The payload, as the members `payload_text` and `payload_b64`.
    #[serde(flatten)]
    pub payload: Bytes,
    /// What was taken off around it.
    pub cleaned: Vec<String>,
    /// One sentence: the first wrong thing, or what it is.
    #[serde(skip)]
    pub headline: String,
    /// The issuer to offer where nobody said whose keys to use.
    #[serde(skip)]
    pub offer: Option<String>,
    /// Paths of claims that stand twice: the first few.
    #[serde(skip)]
    pub doubled: Vec<String>,
    /// What was done to it on its way, where undoing that makes it whole.
    #[serde(skip)]
    pub damage: Option<Damage>,
    /// The HTTP request it was pasted in.
    #[serde(skip)]
    pub request: Option<PastedRequest>,
}

impl Decoded {
    /// True where it is verified and nothing failed: the command line's exit 0.
    pub fn is_good(&self) -> bool {
        self.verdict == TokenVerdict::Verified && self.failed.is_none()
    }

    /// The claims in words.
    pub fn lens(&self) -> Vec<Fact> {
        // Of a token that came damaged nothing is known but what it says.
        let sound = self.check("envelope").is_some_and(|check| check.verdict == Verdict::Pass);
        let header = self.header.as_ref().filter(|_| sound);
        let kid = header.and_then(|header| header.get("kid")).and_then(Json::as_text);
        self.claims.as_ref().map(|claims| lens::look(claims, kid, self.kind)).unwrap_or_default()
    }

    /// The check of that rung.
    pub fn check(&self, name: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.name == name)
    }
}

/// Claims do not belong into logs.
impl std::fmt::Debug for Decoded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoded").field("verdict", &self.verdict).field("failed", &self.failed).finish_non_exhaustive()
    }
}
