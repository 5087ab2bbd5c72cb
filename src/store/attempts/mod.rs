//! The history of received attempts, in `history.db`: written by one thread, read by connections of their own.
//!
//! A row is one received attempt, under a number that is never given twice, over all owners. Bodies stand apart, with their
//! SHA-256; that of the last attempt of the same request or event is not kept again. What waits at the same time is committed in
//! one transaction (`writer`), and whoever waits for it is answered after that transaction is on disk.
//!
//! # How one is found among a million
//!
//! Pages are read by key ([`Attempts::page`]), never by offset: the walk (`find`) goes along the index that the filter
//! names and takes the numbers first, the rows after. For times, `number_spans` says between which moments each 256 numbers
//! came, so that what came long ago is not walked to. What a picture of arrivals counts is counted beforehand (`tallies`, by
//! triggers), minute by minute and hour by hour.
//!
//! # What deleting means
//!
//! A deleted attempt is overwritten with zeros where it stood (`secure_delete`, and the same of the word index), a body
//! that nothing names any more goes with it, and the write-ahead log is emptied into the database afterwards. The file
//! does not shrink: its free pages are used again. What a file system keeps of overwritten blocks is out of reach here.

mod answers;
mod change;
mod count;
mod filter;
mod find;
mod import;
mod owners;
mod read;
mod readers;
mod retention;
mod row;
#[cfg(test)]
mod tests;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

pub use count::{Bucket, Histogram};
pub use filter::{Filter, Member};
pub use import::{Record, Told};
pub use owners::Usage;
pub use read::{Earlier, Whole};
pub use retention::Retention;
pub use row::{
    Answer, Attempt, Duplicate, Forwarded, HUNG_UP, Judgement, NewAttempt, Standing, Stored, sha256, sha256_hex,
};

use super::history::{History, HistoryError};
use readers::Readers;
use writer::Writer;

/// The history. Clones share the writer and the readers.
#[derive(Clone)]
pub struct Attempts {
    path: PathBuf,
    writer: Writer,
    readers: Arc<Readers>,
    watcher: Arc<Mutex<Option<Connection>>>,
    /// How many attempts were received here, and whether what is too old is being deleted.
    commits: Arc<AtomicU64>,
    tending: Arc<AtomicBool>,
}

impl std::fmt::Debug for Attempts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempts").field("path", &self.path).finish_non_exhaustive()
    }
}

/// What a process of an earlier version that went on running kept after the trigger for the spans had gone (010_spans.sql): of
/// the last spans, in which numbers were still given. Along the numbers: by itself SQLite walks through a whole index for it.
const SPANS_LEFT_OUT: &str = "INSERT INTO number_spans
    SELECT owner, seq >> 8, min(received_at), max(received_at) FROM attempts NOT INDEXED
    WHERE seq >= coalesce((SELECT max(span) FROM number_spans), 0) << 8 GROUP BY 1, 2
    ON CONFLICT DO UPDATE SET first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)
    WHERE excluded.first_at < first_at OR excluded.last_at > last_at";

impl Attempts {
    /// Opens the history at `path` and starts its writer. Blocking.
    ///
    /// # Errors
    /// When SQLite cannot open or change it, or no thread can be started.
    pub fn open(path: &Path) -> Result<Self, HistoryError> {
        let history = History::open(path)?;
        history.reader().pragma_update(None, "journal_size_limit", 64 << 20)?;
        // The pages that many attempts land in, those of the indexes, are at hand.
        history.reader().pragma_update(None, "cache_size", -8_000)?;
        // What a statement or a savepoint may have to take back stays in memory: by default it is written to a file beside
        // the database, each page, before it is changed.
        history.reader().pragma_update(None, "temp_store", "MEMORY")?;
        if let Some(connection) = history.writer() {
            connection.execute(SPANS_LEFT_OUT, [])?;
        }
        let writer = Writer::start(history)?;
        Ok(Self::over(path.to_owned(), writer))
    }

    fn over(path: PathBuf, writer: Writer) -> Self {
        Self {
            readers: Arc::new(Readers::of(&path)),
            path,
            writer,
            watcher: Arc::default(),
            commits: Arc::default(),
            tending: Arc::default(),
        }
    }

    /// A number that changes with every commit of anybody, other processes included.
    ///
    /// # Errors
    /// When SQLite cannot read.
    pub async fn version(&self) -> Result<i64, HistoryError> {
        let this = self.clone();
        off_thread(move || {
            let mut watcher = this.watcher.lock().unwrap_or_else(PoisonError::into_inner);
            let connection = match watcher.take() {
                Some(connection) => connection,
                None => this.readers.connect()?,
            };
            let version = connection.query_row("PRAGMA data_version", [], |row| row.get(0))?;
            *watcher = Some(connection);
            Ok(version)
        })
        .await
    }

    /// Runs `read` on a reader, off the async threads.
    async fn reading<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, HistoryError> + Send + 'static,
    ) -> Result<T, HistoryError> {
        ended(self.begin(read)).await
    }

    /// The same, begun at once: what is begun together is read side by side.
    fn begin<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, HistoryError> + Send + 'static,
    ) -> Begun<T> {
        let readers = self.readers.clone();
        tokio::task::spawn_blocking(move || readers.read(read))
    }
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HistoryError> + Send + 'static,
) -> Result<T, HistoryError> {
    ended(tokio::task::spawn_blocking(work)).await
}

/// What began off the async threads.
type Begun<T> = tokio::task::JoinHandle<Result<T, HistoryError>>;

async fn ended<T>(work: Begun<T>) -> Result<T, HistoryError> {
    work.await.unwrap_or_else(|error| Err(HistoryError::Other(error.to_string())))
}
