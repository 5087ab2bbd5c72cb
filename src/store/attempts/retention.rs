//! What is kept how long: the oldest go first, by age and by size, pinned ones never, and no new one is refused for it.
//!
//! The rule is the history's own, for all owners and every process that writes in it. It is carried out after commits, on
//! the first and then every few hundredth, by whoever made them.

use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::super::history::HistoryError;
use super::Attempts;
use super::change::delete;

/// How much is kept. Pinned attempts are exempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Older ones go. What came from a file is as old as its stay here.
    pub age: Option<Duration>,
    /// While the used part of the database is larger, the oldest go. In bytes.
    pub bytes: Option<u64>,
}

impl Default for Retention {
    /// 30 days and 4 GiB.
    fn default() -> Self {
        Self { age: Some(Duration::from_secs(30 * 86_400)), bytes: Some(4 << 30) }
    }
}

/// Every how many commits the rule is carried out.
const EVERY: u64 = 256;
/// Its name among the settings.
const NAME: &str = "retention";

/// The oldest attempts that are not pinned, along the index of ages.
pub(super) const OLDEST: &str = "SELECT seq FROM attempts INDEXED BY attempts_by_age
    WHERE coalesce(kept_at, received_at) < ?1 AND pinned = 0 ORDER BY coalesce(kept_at, received_at) LIMIT ?2";

/// How many are deleted at a time, so that a new attempt never waits long.
const AT_ONCE: i64 = 500;

impl Attempts {
    /// The rule.
    ///
    /// # Errors
    /// When SQLite cannot read.
    pub async fn retention(&self) -> Result<Retention, HistoryError> {
        self.reading(|connection| {
            let sql = "SELECT value FROM settings WHERE name = ?1";
            let text: Option<String> = connection.query_row(sql, params![NAME], |row| row.get(0)).optional()?;
            Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
        })
        .await
    }

    /// Sets the rule. It is carried out with the next commits, or by [`Attempts::prune`].
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn set_retention(&self, keep: Retention) -> Result<(), HistoryError> {
        let text = serde_json::to_string(&keep).map_err(|error| HistoryError::Other(error.to_string()))?;
        let work = move |connection: &Connection| {
            let sql = "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value";
            connection.execute(sql, params![NAME, text])?;
            Ok(())
        };
        self.writer.write(work).await
    }

    /// After a commit: carries out the rule, where it is time for it and nobody of this process does so already.
    pub(super) fn tend(&self, now: Timestamp) {
        if !self.commits.fetch_add(1, Ordering::Relaxed).is_multiple_of(EVERY)
            || self.tending.swap(true, Ordering::AcqRel)
        {
            return;
        }
        let this = self.clone();
        tokio::spawn(async move {
            let done = async { this.prune(this.retention().await?, now).await };
            if let Err(error) = done.await {
                tracing::warn!(%error, "what is too old or too much was not deleted");
            }
            this.tending.store(false, Ordering::Release);
        });
    }

    /// Deletes what is too old or too much, the oldest first, a few at a time. Answers how many went.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn prune(&self, keep: Retention, now: Timestamp) -> Result<usize, HistoryError> {
        let mut gone = 0;
        loop {
            let few =
                self.writer.write(move |connection| delete(connection, &too_much(connection, keep, now)?)).await?;
            gone += few;
            if few == 0 {
                break;
            }
        }
        if gone > 0 {
            self.empty_log().await;
        }
        Ok(gone)
    }
}

fn too_much(connection: &Connection, keep: Retention, now: Timestamp) -> Result<Vec<i64>, HistoryError> {
    let oldest = |before: i64| -> Result<Vec<i64>, HistoryError> {
        let sql = OLDEST;
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![before, AT_ONCE], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    if let Some(age) = keep.age {
        let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
        let old = oldest(now.as_microsecond().saturating_sub(age))?;
        if !old.is_empty() {
            return Ok(old);
        }
    }
    if let Some(bytes) = keep.bytes
        && used(connection)? > bytes
    {
        return oldest(i64::MAX);
    }
    Ok(Vec::new())
}

/// The used part of the database, in bytes.
pub(super) fn used(connection: &Connection) -> Result<u64, HistoryError> {
    let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let used = number("PRAGMA page_count")? - number("PRAGMA freelist_count")?;
    Ok(u64::try_from(used.saturating_mul(number("PRAGMA page_size")?)).unwrap_or(0))
}
