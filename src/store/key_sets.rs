//! Key-set snapshots: every JWKS a tenant ever published to this machine, in `history.db`.
//!
//! Public keys only. They let an old token be judged after Kinde rotated its keys, and say whose key signed a token.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::error::{Category, UserError};

/// The schema this program writes. Numbered files, never edited after landing.
const MIGRATIONS: [&str; 1] = [include_str!("sql/001_key_sets.sql")];

/// `history.db` could not be used.
#[derive(Debug, thiserror::Error)]
#[error("history.db: {0}")]
pub struct HistoryError(#[from] rusqlite::Error);

impl From<HistoryError> for UserError {
    fn from(error: HistoryError) -> Self {
        Self::new(Category::File, "The history could not be used")
            .detail(error.to_string())
            .hint("Close other programs that use the panel's data folder, check the disk's free space, and try again")
    }
}

/// One published key set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySetSnapshot {
    /// The profile's id, or the domain of an unsaved one.
    pub owner: String,
    /// The name a person knows the owner by.
    pub owner_name: String,
    /// Where it was fetched.
    pub url: String,
    /// The JWKS as received.
    pub jwks: String,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen unchanged.
    pub last_seen: Timestamp,
}

/// Opens `history.db` of a data folder. Blocking: call it off the async threads.
pub struct KeySets {
    connection: Connection,
    read_only: bool,
}

impl KeySets {
    /// Opens the database at `path` and brings its schema up to date. A newer schema is opened read-only.
    ///
    /// # Errors
    /// When SQLite cannot open or change it.
    pub fn open(path: &Path) -> Result<Self, HistoryError> {
        let connection = Connection::open(path)?;
        if !path.as_os_str().is_empty() {
            // The umask may be wide; the folder is 0700 in any case.
            super::data_dir::restrict(path, 0o600).ok();
        }
        Self::prepare(connection)
    }

    /// A database in memory, for tests and one-off commands.
    ///
    /// # Errors
    /// When SQLite cannot open it.
    pub fn in_memory() -> Result<Self, HistoryError> {
        Self::prepare(Connection::open_in_memory()?)
    }

    fn prepare(mut connection: Connection) -> Result<Self, HistoryError> {
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
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

    /// Keeps `jwks` as seen at `at`; a set already kept for this owner only moves its last sight.
    ///
    /// # Errors
    /// When SQLite cannot write.
    pub fn keep(
        &self,
        owner: &str,
        owner_name: &str,
        url: &str,
        jwks: &str,
        at: Timestamp,
    ) -> Result<(), HistoryError> {
        if self.read_only {
            return Ok(());
        }
        self.connection.execute(
            "INSERT INTO key_sets (owner, owner_name, url, jwks, first_seen, last_seen) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
             ON CONFLICT (owner, jwks) DO UPDATE SET last_seen = ?5, owner_name = ?2, url = ?3",
            params![owner, owner_name, url, jwks, at.as_microsecond()],
        )?;
        Ok(())
    }

    /// Every kept set of `owner`, newest sight first.
    ///
    /// # Errors
    /// When SQLite cannot read.
    pub fn of(&self, owner: &str) -> Result<Vec<KeySetSnapshot>, HistoryError> {
        self.select("WHERE owner = ?1 ORDER BY last_seen DESC", params![owner])
    }

    /// Every kept set of every owner, newest sight first.
    ///
    /// # Errors
    /// When SQLite cannot read.
    pub fn all(&self) -> Result<Vec<KeySetSnapshot>, HistoryError> {
        self.select("ORDER BY last_seen DESC", params![])
    }

    /// Forgets every set of `owner`; answers how many there were.
    ///
    /// # Errors
    /// When SQLite cannot write.
    pub fn forget(&self, owner: &str) -> Result<usize, HistoryError> {
        Ok(self.connection.execute("DELETE FROM key_sets WHERE owner = ?1", params![owner])?)
    }

    /// The moment `owner` was last seen publishing keys.
    ///
    /// # Errors
    /// When SQLite cannot read.
    pub fn last_seen(&self, owner: &str) -> Result<Option<Timestamp>, HistoryError> {
        let micros: Option<i64> = self
            .connection
            .query_row("SELECT max(last_seen) FROM key_sets WHERE owner = ?1", params![owner], |row| row.get(0))
            .optional()?
            .flatten();
        Ok(micros.and_then(|micros| Timestamp::from_microsecond(micros).ok()))
    }

    fn select(&self, clause: &str, params: &[&dyn rusqlite::ToSql]) -> Result<Vec<KeySetSnapshot>, HistoryError> {
        let sql = format!("SELECT owner, owner_name, url, jwks, first_seen, last_seen FROM key_sets {clause}");
        let mut statement = self.connection.prepare(&sql)?;
        let time = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
        let rows = statement.query_map(params, |row| {
            Ok(KeySetSnapshot {
                owner: row.get(0)?,
                owner_name: row.get(1)?,
                url: row.get(2)?,
                jwks: row.get(3)?,
                first_seen: time(row.get(4)?),
                last_seen: time(row.get(5)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotated_set_is_kept_beside_the_old_one_and_the_same_set_only_moves_its_last_sight() {
        let sets = KeySets::in_memory().unwrap();
        let at = |s| Timestamp::from_second(s).unwrap();
        sets.keep("p", "acme", "https://acme.kinde.com/.well-known/jwks", "old", at(1)).unwrap();
        sets.keep("p", "acme", "https://acme.kinde.com/.well-known/jwks", "new", at(2)).unwrap();
        sets.keep("p", "acme", "https://acme.kinde.com/.well-known/jwks", "old", at(3)).unwrap();
        let kept = sets.of("p").unwrap();
        assert_eq!(kept.iter().map(|set| set.jwks.as_str()).collect::<Vec<_>>(), ["old", "new"]);
        assert_eq!((kept[0].first_seen, kept[0].last_seen), (at(1), at(3)));
    }

    #[test]
    fn a_database_of_a_newer_program_is_read_and_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history.db");
        KeySets::open(&path).unwrap().keep("p", "acme", "u", "old", Timestamp::UNIX_EPOCH).unwrap();
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let sets = KeySets::open(&path).unwrap();
        sets.keep("p", "acme", "u", "new", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(sets.of("p").unwrap().len(), 1);
    }
}
