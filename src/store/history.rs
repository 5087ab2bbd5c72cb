//! Opens `history.db` and brings its schema up to date.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use crate::error::{Category, UserError};

/// The schema this program writes. Numbered files, never edited after landing.
const MIGRATIONS: [&str; 14] = [
    include_str!("sql/001_key_sets.sql"),
    include_str!("sql/002_journal.sql"),
    include_str!("sql/003_attempts.sql"),
    include_str!("sql/004_find.sql"),
    include_str!("sql/005_settings.sql"),
    include_str!("sql/006_answers.sql"),
    include_str!("sql/007_words.sql"),
    include_str!("sql/008_via.sql"),
    include_str!("sql/009_said.sql"),
    include_str!("sql/010_spans.sql"),
    include_str!("sql/011_body_hash.sql"),
    include_str!("sql/012_bodies.sql"),
    include_str!("sql/013_types.sql"),
    include_str!("sql/014_spans.sql"),
];

/// `history.db` could not be used.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// SQLite refused.
    #[error("history.db: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A newer program made the file: it is read, and not written.
    #[error("history.db was written by a newer Kinde Panel")]
    Newer,
    /// Something beside it could not be written, or what it holds is not what it should be.
    #[error("history.db: {0}")]
    Other(String),
}

impl From<HistoryError> for UserError {
    fn from(error: HistoryError) -> Self {
        let hint = match error {
            HistoryError::Newer => "Use the newer version, or name another data folder with --data-dir",
            _ => "Close other programs that use the panel's data folder, check the disk's free space, and try again",
        };
        Self::new(Category::File, "The history could not be used").detail(error.to_string()).hint(hint)
    }
}

/// `history.db`, open. Blocking: use it off the async threads.
pub(super) struct History {
    connection: Connection,
    read_only: bool,
}

impl History {
    /// Opens the database at `path`. A newer schema can be read and not written.
    ///
    /// # Errors
    /// When SQLite cannot open or change it.
    pub(super) fn open(path: &Path) -> Result<Self, HistoryError> {
        let connection = Connection::open(path)?;
        if !path.as_os_str().is_empty() {
            // The umask may be wide; the folder is 0700 in any case.
            super::data_dir::restrict(path, 0o600).ok();
        }
        Self::prepare(connection)
    }

    /// A database in memory.
    ///
    /// # Errors
    /// When SQLite cannot open it.
    pub(super) fn in_memory() -> Result<Self, HistoryError> {
        Self::prepare(Connection::open_in_memory()?)
    }

    fn prepare(mut connection: Connection) -> Result<Self, HistoryError> {
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // Before the schema is brought up to date: what that leaves behind is overwritten too.
        connection.pragma_update(None, "secure_delete", "ON")?;
        // Moving the log into the database syncs twice more: not after every megabyte or two of webhooks.
        connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let version: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let version = version as usize;
        for (number, sql) in MIGRATIONS.iter().enumerate().skip(version) {
            transaction.execute_batch(sql)?;
            transaction.pragma_update(None, "user_version", (number + 1) as u32)?;
        }
        transaction.commit()?;
        Ok(Self { connection, read_only: version > MIGRATIONS.len() })
    }

    /// To read with.
    pub(super) fn reader(&self) -> &Connection {
        &self.connection
    }

    /// To write with; `None` where a newer program made the file.
    pub(super) fn writer(&self) -> Option<&Connection> {
        (!self.read_only).then_some(&self.connection)
    }
}
