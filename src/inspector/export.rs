//! Attempts as lines of JSON, with everything that is kept of them: what [`super::import`] takes back is the same again.
//!
//! A line holds no number of this history: they are given anew wherever it is read.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::rfc3339;
use crate::error::{Category, UserError};
use crate::store::HistoryError;
use crate::store::attempts::{Answer, Attempts, Duplicate, Filter, Forwarded, Whole};

/// How many are read at a time.
const AT_ONCE: usize = 256;

/// A line of an export.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Line {
    pub event: Event,
    /// False where the signature was taken off before it was kept.
    #[serde(default = "yes")]
    pub whole: bool,
    #[serde(default)]
    pub pinned: bool,
    #[serde(default)]
    pub judged_at: Option<Timestamp>,
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    pub body_b64: String,
    #[serde(default)]
    pub decode: Option<Value>,
    /// Who had taken it in, where it was no receiver of this program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// What the file it had been read from calls it, where the verdict here is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// What the forwards were answered, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Option<Answer>>,
}

fn yes() -> bool {
    true
}

/// What `listen` says of an attempt, but its number.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Event {
    pub received_at: Timestamp,
    #[serde(default)]
    pub webhook_id: Option<String>,
    #[serde(default = "first")]
    pub attempt: u32,
    #[serde(default)]
    pub duplicate: Duplicate,
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    #[serde(default)]
    pub event_id: Option<String>,
    #[serde(default)]
    pub verdict: Option<String>,
    #[serde(default)]
    pub failed: Option<String>,
    #[serde(default)]
    pub body_sha256: Option<String>,
    #[serde(default)]
    pub responded: Option<u16>,
    #[serde(default)]
    pub forwarded: Vec<Forwarded>,
}

fn first() -> u32 {
    1
}

/// Which attempts are written.
#[derive(Debug, Clone)]
pub enum Which {
    /// Those of these numbers, in their order.
    These(Vec<i64>),
    /// All that the filter wants, the oldest first. Its page does not count.
    Matching(Box<Filter>),
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The history could not be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// It could not be written.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl ExportError {
    /// What a person is told who wanted it in the file at `path`.
    pub fn told(self, path: &Path) -> UserError {
        match self {
            Self::History(error) => error.into(),
            Self::Io(error) => UserError::new(Category::File, "The file could not be written")
                .detail(format!("{}: {error}", path.display()))
                .hint("Name another place, or free some of the disk"),
        }
    }
}

/// One attempt as a line, without its end. `answers` are those of its forwards.
pub fn line(whole: &Whole, answers: Vec<Option<Answer>>) -> Result<String, ExportError> {
    let attempt = &whole.attempt;
    let line = Line {
        event: Event {
            received_at: attempt.received_at,
            webhook_id: attempt.webhook_id.clone(),
            attempt: attempt.attempt,
            duplicate: attempt.duplicate,
            kind: attempt.event_type.clone(),
            event_id: attempt.event_id.clone(),
            verdict: attempt.verdict.clone(),
            failed: attempt.failed.clone(),
            body_sha256: Some(attempt.body_sha256.clone()),
            responded: attempt.responded,
            forwarded: attempt.forwarded.clone(),
        },
        whole: attempt.whole,
        pinned: attempt.pinned,
        judged_at: attempt.judged_at,
        headers: whole.headers.clone(),
        body_b64: STANDARD.encode(&whole.body),
        decode: whole.decode.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        via: attempt.via.clone(),
        said: whole.said.clone().filter(|said| attempt.verdict.as_ref() != Some(said)),
        answers,
    };
    serde_json::to_string(&line).map_err(|error| ExportError::Io(error.into()))
}

/// Writes the attempts of `owner`, a line each; answers how many.
///
/// # Errors
/// When the history cannot be read or `out` not written.
pub async fn export(
    attempts: &Attempts,
    owner: &str,
    which: Which,
    out: &mut (dyn Write + Send),
) -> Result<usize, ExportError> {
    let mut count = 0;
    match which {
        Which::These(seqs) => {
            for seq in seqs {
                count += usize::from(write(attempts, owner, seq, out).await?);
            }
        }
        Which::Matching(filter) => {
            let filter = Filter { limit: AT_ONCE, ..*filter };
            let mut after = 0;
            loop {
                let page = attempts.newer(owner, filter.clone(), after).await?;
                let Some(newest) = page.first() else { break };
                after = newest.seq;
                for attempt in page.iter().rev() {
                    count += usize::from(write(attempts, owner, attempt.seq, out).await?);
                }
            }
        }
    }
    out.flush()?;
    Ok(count)
}

/// Writes the attempts of `owner` to the file at `path`, which its owner alone may read: events carry names and addresses of
/// people. What was there before is whole until all of it is on disk, and stays where something fails. Answers how many.
///
/// # Errors
/// When the history cannot be read or the file not written.
pub async fn export_to(attempts: &Attempts, owner: &str, which: Which, path: &Path) -> Result<usize, ExportError> {
    let beside = Beside(path.with_extension(format!("{}.tmp", uuid::Uuid::new_v4().simple())));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = BufWriter::new(options.open(&beside.0)?);
    let count = export(attempts, owner, which, &mut out).await?;
    let file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    let path = path.to_owned();
    let moved = move || {
        file.sync_all()?;
        std::fs::rename(&beside.0, path)
    };
    tokio::task::spawn_blocking(moved).await.map_err(std::io::Error::other)??;
    Ok(count)
}

/// A file on its way to its place. It is gone when this is dropped, wherever the way ended.
struct Beside(PathBuf);

impl Drop for Beside {
    fn drop(&mut self) {
        // In its place it has another name.
        std::fs::remove_file(&self.0).ok();
    }
}

/// False where it was deleted meanwhile.
async fn write(attempts: &Attempts, owner: &str, seq: i64, out: &mut (dyn Write + Send)) -> Result<bool, ExportError> {
    let Some(whole) = attempts.whole(owner, seq).await? else { return Ok(false) };
    let answers = if whole.attempt.forwarded.is_empty() { Vec::new() } else { attempts.answers(owner, seq).await? };
    out.write_all(line(&whole, answers)?.as_bytes())?;
    out.write_all(b"\n")?;
    Ok(true)
}

/// The name a file of attempts gets: `kinde-events-2026-11-24.ndjson`.
pub fn file_name(now: Timestamp) -> String {
    format!("kinde-events-{}.ndjson", rfc3339(now).split('T').next().unwrap_or_default())
}
