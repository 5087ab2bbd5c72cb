//! What an attempt is: plain data.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How an attempt stands to those before it, by what was signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Duplicate {
    /// Nothing like it came before.
    #[default]
    No,
    /// The same event under the same request id, once more.
    Retry,
    /// The same event under another request id, for another webhook of the tenant.
    Fanout,
    /// The same id with another event.
    Conflict,
    /// The same event under another request id, and no second webhook that would explain it.
    Repeat,
}

impl Duplicate {
    /// As it is stored and printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Retry => "retry",
            Self::Fanout => "fanout",
            Self::Conflict => "conflict",
            Self::Repeat => "repeat",
        }
    }

    pub(super) fn of(word: &str) -> Self {
        [Self::Retry, Self::Fanout, Self::Conflict, Self::Repeat]
            .into_iter()
            .find(|known| known.word() == word)
            .unwrap_or_default()
    }
}

/// What an attempt came to, in one word to filter and to count by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not judged yet.
    Pending = 0,
    /// Verified, and nothing failed.
    Good = 1,
    /// Verified, and a later rung failed.
    Failed = 2,
    /// `not_verified`
    NotVerified = 3,
    /// `unknown_key`
    UnknownKey = 4,
    /// `unsigned`
    Unsigned = 5,
    /// `encrypted`
    Encrypted = 6,
    /// `unreadable`, and every word that is not known here.
    Unreadable = 7,
}

impl Standing {
    /// All of them, in their order.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Good,
        Self::Failed,
        Self::NotVerified,
        Self::UnknownKey,
        Self::Unsigned,
        Self::Encrypted,
        Self::Unreadable,
    ];

    /// Of a verdict's word and the first failing rung.
    pub fn of(verdict: Option<&str>, failed: Option<&str>) -> Self {
        match (verdict, failed) {
            (None, _) => Self::Pending,
            (Some("verified"), None) => Self::Good,
            (Some("verified"), Some(_)) => Self::Failed,
            (Some("not_verified"), _) => Self::NotVerified,
            (Some("unknown_key"), _) => Self::UnknownKey,
            (Some("unsigned"), _) => Self::Unsigned,
            (Some("encrypted"), _) => Self::Encrypted,
            (Some(_), _) => Self::Unreadable,
        }
    }

    /// Those a word of a search means: a verdict, or `good`, `failed` (anything else that was judged), `pending`.
    /// `None` for an unknown word.
    pub fn named(word: &str) -> Option<Vec<Self>> {
        Some(match word {
            "pending" => vec![Self::Pending],
            "good" => vec![Self::Good],
            "verified" => vec![Self::Good, Self::Failed],
            "failed" => Self::ALL.into_iter().skip(2).collect(),
            "not_verified" => vec![Self::NotVerified],
            "unknown_key" => vec![Self::UnknownKey],
            "unsigned" => vec![Self::Unsigned],
            "encrypted" => vec![Self::Encrypted],
            "unreadable" => vec![Self::Unreadable],
            _ => return None,
        })
    }
}

/// How one forward of an attempt went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forwarded {
    /// Where to, without user, password and query.
    pub url: String,
    /// What was answered; `None` where nothing was.
    pub status: Option<u16>,
    /// From the first byte sent to the last received, in milliseconds.
    pub ms: u64,
    /// Why nothing was answered.
    pub error: Option<String>,
    /// Which replay of the attempt it was, from 1, as the history counts them; `None`: it was sent on when it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<u32>,
    /// An edited payload was sent in the place of what came, signed by the sandbox.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
    /// The status is good and a web page came with it: no handler answered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub page: bool,
}

/// What a forward was answered, as it is kept: without secrets, and cut.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// The beginning of the body, damaged bytes replaced.
    pub body: String,
    /// How long the whole body was, in bytes.
    pub size: u32,
    /// `body` is not all of it.
    pub cut: bool,
}

/// What stands in the place of a status where the sender was hung up on: no HTTP status is this.
pub const HUNG_UP: u16 = 0;

/// An attempt to be kept.
#[derive(Clone)]
pub struct NewAttempt {
    /// The profile's id, or the domain of an unsaved one.
    pub owner: String,
    /// When it had come whole.
    pub received_at: Timestamp,
    /// The header `webhook-id`.
    pub webhook_id: Option<String>,
    /// `event_id` of what was signed.
    pub event_id: Option<String>,
    /// `type` of what was signed.
    pub event_type: Option<String>,
    /// Whom it is about: an email address, else an id.
    pub who: Option<String>,
    /// SHA-256 of what makes the event the same event: its id and its data.
    pub content: Option<[u8; 32]>,
    /// Names in lower case, in order, without credentials.
    pub headers: Vec<(String, String)>,
    /// The bytes to keep.
    pub body: Vec<u8>,
    /// False where `body` is not all that came: the signature of a token that is no webhook was taken off.
    pub whole: bool,
    /// The status the sender is answered, or [`HUNG_UP`]; `None` where that is not known, or not yet.
    pub responded: Option<u16>,
}

/// Bodies do not belong into logs.
impl std::fmt::Debug for NewAttempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAttempt").field("webhook_id", &self.webhook_id).finish_non_exhaustive()
    }
}

/// An attempt that is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Its number.
    pub seq: i64,
    /// Which attempt of its group it is, from 1.
    pub attempt: u32,
}

/// What judging an attempt came to.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// Which attempt.
    pub seq: i64,
    /// The verdict's word.
    pub verdict: String,
    /// The first failing rung.
    pub failed: Option<String>,
    /// How it stands to those before.
    pub duplicate: Duplicate,
    /// When it was judged.
    pub at: Timestamp,
    /// Whom it is told by: kept where the attempt cannot be judged again.
    pub decode: Option<String>,
    /// What to find it by.
    pub text: String,
}

/// One received attempt, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its number, never given twice.
    pub seq: i64,
    /// The profile's id, or the domain of an unsaved one.
    pub owner: String,
    /// When it had come whole.
    pub received_at: Timestamp,
    /// The header `webhook-id`.
    pub webhook_id: Option<String>,
    /// `event_id` of what was signed.
    pub event_id: Option<String>,
    /// `type` of what was signed.
    pub event_type: Option<String>,
    /// Whom it is about.
    pub who: Option<String>,
    /// Which attempt of its group it is, from 1.
    pub attempt: u32,
    /// How it stands to those before.
    pub duplicate: Duplicate,
    /// The verdict's word; `None` while it is not judged.
    pub verdict: Option<String>,
    /// The first failing rung.
    pub failed: Option<String>,
    /// When it was judged.
    pub judged_at: Option<Timestamp>,
    /// SHA-256 of the kept bytes, in hex.
    pub body_sha256: String,
    /// The status the sender was answered, or [`HUNG_UP`]; `None` where that is not known, or not yet.
    pub responded: Option<u16>,
    /// How its forwards went.
    pub forwarded: Vec<Forwarded>,
    /// Kept whatever its age.
    pub pinned: bool,
    /// False where the kept bytes are not all that came: it cannot be judged again nor replayed.
    pub whole: bool,
    /// Who had taken it in before it was kept here, where it was no receiver of this program: `ngrok`.
    pub via: Option<String>,
}

impl Attempt {
    /// What it came to.
    pub fn standing(&self) -> Standing {
        Standing::of(self.verdict.as_deref(), self.failed.as_deref())
    }
}

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    out
}

/// SHA-256 of `bytes`, in hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&sha256(bytes))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(half), 16).unwrap_or_default());
        }
        text
    })
}
