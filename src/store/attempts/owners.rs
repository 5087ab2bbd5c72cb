//! How much is kept, and of whom; and everything of one owner deleted at once.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::history::HistoryError;
use super::Attempts;
use super::change::delete;
use super::read::moment;
use super::retention::used;

/// How many are deleted at a time, so that a new attempt never waits long.
const AT_ONCE: u32 = 500;

/// How much is kept, of all owners.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// The used part of the database, in bytes.
    pub bytes: u64,
    /// When the oldest was kept.
    pub oldest: Option<Timestamp>,
    /// Each owner, and how many attempts are kept of it.
    pub owners: Vec<(String, u64)>,
}

impl Attempts {
    /// How much is kept.
    ///
    /// # Errors
    /// When SQLite cannot read.
    pub async fn usage(&self) -> Result<Usage, HistoryError> {
        self.reading(|connection| {
            let sql = "SELECT coalesce(kept_at, received_at) FROM attempts INDEXED BY attempts_by_age
                       ORDER BY coalesce(kept_at, received_at) LIMIT 1";
            let oldest: Option<i64> = connection.query_row(sql, [], |row| row.get(0)).optional()?;
            // The few rows of `number_spans` name the owners; each is counted along its own index.
            let sql = "SELECT owner, (SELECT count(*) FROM attempts WHERE attempts.owner = all_owners.owner)
                       FROM (SELECT DISTINCT owner FROM number_spans) AS all_owners ORDER BY owner";
            let mut statement = connection.prepare_cached(sql)?;
            let counted =
                |row: &rusqlite::Row<'_>| Ok((row.get(0)?, u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default()));
            let owners = statement.query_map([], counted)?.collect::<Result<_, _>>()?;
            Ok(Usage { bytes: used(connection)?, oldest: oldest.map(moment), owners })
        })
        .await
    }

    /// Deletes every attempt of `owner` for good, pinned ones too. Answers how many there were.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn delete_owner(&self, owner: &str) -> Result<usize, HistoryError> {
        let mut gone = 0;
        loop {
            let owner = owner.to_owned();
            let few = self.writer.write(move |connection| delete_few(connection, &owner)).await?;
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

fn delete_few(connection: &Connection, owner: &str) -> Result<usize, HistoryError> {
    let sql = "SELECT seq FROM attempts INDEXED BY attempts_by_owner WHERE owner = ?1 LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let seqs: Vec<i64> = statement.query_map(params![owner, AT_ONCE], |row| row.get(0))?.collect::<Result<_, _>>()?;
    delete(connection, &seqs)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, new, open};
    use super::super::*;

    #[tokio::test]
    async fn all_of_one_owner_goes_pinned_ones_too_and_nothing_of_another_one() {
        let (dir, attempts) = open();
        for number in 0..3 {
            let body = format!("canary body {number}");
            attempts.receive(NewAttempt { received_at: at(9 - number), ..new(None, None, "t", &body) }).await.unwrap();
        }
        attempts.pin(vec![1], true).await.unwrap();
        let other = NewAttempt { owner: "q".to_owned(), ..new(Some("w"), None, "t", "x") };
        let other = attempts.receive(other).await.unwrap();
        let usage = attempts.usage().await.unwrap();
        assert_eq!(usage.owners, [("p".to_owned(), 3), ("q".to_owned(), 1)]);
        assert!(usage.oldest == Some(at(1)) && usage.bytes > 4096, "{usage:?}");
        assert_eq!(attempts.delete_owner("p").await.unwrap(), 3);
        assert_eq!(attempts.usage().await.unwrap().owners, [("q".to_owned(), 1)]);
        assert!(attempts.whole("q", other.seq).await.unwrap().is_some());
        assert_eq!(attempts.delete_owner("p").await.unwrap(), 0);
        drop(attempts);
        for file in ["history.db", "history.db-wal"] {
            let bytes = std::fs::read(dir.path().join(file)).unwrap_or_default();
            assert!(!bytes.windows(11).any(|window| window == b"canary body"), "{file}");
        }
    }
}
