//! An attempt as the command line prints it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One attempt at a delivery: the `delivery` line of the commands `sandbox` and `send`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptLine {
    /// Where it went.
    pub url: String,
    /// The answer's status; `None` where none came.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// SHA-256 of what was sent, hexadecimal.
    pub body_sha256: String,
    /// The event's id.
    pub event_id: String,
    /// The value of the `webhook-id` header.
    pub webhook_id: String,
    /// Why no answer came.
    pub error: Option<String>,
    /// Number of the attempt, from 1.
    pub attempt: u32,
    /// When the next is due; `None` when there is none.
    pub next: Option<Timestamp>,
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
