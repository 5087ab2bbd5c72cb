//! Key-set snapshots: every JWKS a tenant ever published to this machine, in `history.db`.
//!
//! Public keys only. They let an old token be judged after Kinde rotated its keys, and say whose key signed a token.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use super::history::{History, HistoryError};

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

/// The key sets in `history.db` of a data folder. Blocking: call it off the async threads.
pub struct KeySets {
    history: History,
}

impl KeySets {
    /// Opens the database at `path` and brings its schema up to date. A newer schema is opened read-only.
    ///
    /// # Errors
    /// When SQLite cannot open or change it.
    pub fn open(path: &Path) -> Result<Self, HistoryError> {
        Ok(Self { history: History::open(path)? })
    }

    /// A database in memory, for tests and one-off commands.
    ///
    /// # Errors
    /// When SQLite cannot open it.
    pub fn in_memory() -> Result<Self, HistoryError> {
        Ok(Self { history: History::in_memory()? })
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
        let Some(connection) = self.history.writer() else { return Ok(()) };
        connection.execute(
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
        let connection = self.history.writer().ok_or(HistoryError::Newer)?;
        Ok(connection.execute("DELETE FROM key_sets WHERE owner = ?1", params![owner])?)
    }

    /// The moment `owner` was last seen publishing keys.
    ///
    /// # Errors
    /// When SQLite cannot read.
    pub fn last_seen(&self, owner: &str) -> Result<Option<Timestamp>, HistoryError> {
        let micros: Option<i64> = self
            .history
            .reader()
            .query_row("SELECT max(last_seen) FROM key_sets WHERE owner = ?1", params![owner], |row| row.get(0))
            .optional()?
            .flatten();
        Ok(micros.and_then(|micros| Timestamp::from_microsecond(micros).ok()))
    }

    fn select(&self, clause: &str, params: &[&dyn rusqlite::ToSql]) -> Result<Vec<KeySetSnapshot>, HistoryError> {
        let sql = format!("SELECT owner, owner_name, url, jwks, first_seen, last_seen FROM key_sets {clause}");
        let mut statement = self.history.reader().prepare(&sql)?;
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
        rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let sets = KeySets::open(&path).unwrap();
        sets.keep("p", "acme", "u", "new", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(sets.of("p").unwrap().len(), 1);
    }
}
