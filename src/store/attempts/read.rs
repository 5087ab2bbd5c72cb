//! Everything that reads.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::super::history::HistoryError;
use super::Attempts;
use super::filter::{COLUMNS, Filter};
use super::find;
use super::row::{Attempt, Duplicate, hex};

/// An attempt with everything that is kept of it.
#[derive(Clone)]
pub struct Whole {
    /// The row.
    pub attempt: Attempt,
    /// Names in lower case, in order, without credentials.
    pub headers: Vec<(String, String)>,
    /// The kept bytes.
    pub body: Vec<u8>,
    /// What it was judged to be, where it cannot be judged again: a `decode` object.
    pub decode: Option<String>,
    /// SHA-256 of what makes the event the same event.
    pub content: Option<[u8; 32]>,
    /// What the file it was read from calls it: `verified`. Its verdict is the one that was judged here.
    pub said: Option<String>,
}

/// Bodies do not belong into logs.
impl std::fmt::Debug for Whole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Whole").field("seq", &self.attempt.seq).finish_non_exhaustive()
    }
}

/// What came before an attempt and may be the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Its number.
    pub seq: i64,
    /// True where it is of the same group: same request id, or none and the same event or body.
    pub same_group: bool,
    /// SHA-256 of what makes the event the same event.
    pub content: Option<[u8; 32]>,
    /// SHA-256 of the bytes, in hex.
    pub body_sha256: String,
    /// When it had come.
    pub received_at: Timestamp,
    /// The verdict's word.
    pub verdict: Option<String>,
}

impl Attempts {
    /// The page after (older than) the attempt `before`; `None`: the first page. Newest first.
    ///
    /// # Errors
    /// When SQLite cannot read.
    pub async fn older(&self, owner: &str, filter: Filter, before: Option<i64>) -> Result<Vec<Attempt>, HistoryError> {
        self.page(owner, Filter { before, after: None, ..filter }).await
    }

    /// The page before (newer than) the attempt `after`: those next to it, not the newest of all. Newest first.
    ///
    /// # Errors
    /// When SQLite cannot read.
    pub async fn newer(&self, owner: &str, filter: Filter, after: i64) -> Result<Vec<Attempt>, HistoryError> {
        self.page(owner, Filter { before: None, after: Some(after), ..filter }).await
    }

    /// The owner's attempts that `filter` wants, newest first. With [`Filter::after`] and a limit, those next to it.
    ///
    /// # Errors
    /// When SQLite cannot read.
    pub async fn page(&self, owner: &str, mut filter: Filter) -> Result<Vec<Attempt>, HistoryError> {
        let upwards = filter.upwards();
        let mut page = Vec::new();
        loop {
            let (whose, wanted) = (owner.to_owned(), filter.clone());
            let found = self.reading(move |connection| find::seqs(connection, &whose, &wanted)).await?;
            let rows = self.rows(owner, &found).await?;
            let gone = found.len() - rows.len();
            page.extend(rows);
            // Deleted since they were found: others take their place, or the page would seem to be the last one.
            let (Some(last), 1..) = (found.last().copied(), gone) else { break };
            if filter.limit == 0 || found.len() < filter.limit {
                break;
            }
            filter.limit = gone;
            *(if upwards { &mut filter.after } else { &mut filter.before }) = Some(last);
        }
        if upwards {
            page.reverse();
        }
        Ok(page)
    }

    /// The rows of these numbers, in their order; those that are gone meanwhile are left out. They lie far apart, each a page to
    /// be read from the disk, which brings several at once as fast as one.
    async fn rows(&self, owner: &str, seqs: &[i64]) -> Result<Vec<Attempt>, HistoryError> {
        let side_by_side = if self.readers.out() < READERS { READERS } else { 1 };
        let parts = seqs.chunks(seqs.len().div_ceil(side_by_side).max(FEW_ROWS)).map(|part| {
            let (owner, part) = (owner.to_owned(), part.to_vec());
            self.begin(move |connection| rows(connection, &owner, &part))
        });
        // All of them begin before the first is waited for.
        let parts: Vec<_> = parts.collect();
        let mut rows = Vec::with_capacity(seqs.len());
        for part in parts {
            rows.append(&mut super::ended(part).await?);
        }
        Ok(rows)
    }

    /// One attempt with everything kept of it. `None`: there is none of that number and owner.
    ///
    /// # Errors
    /// When SQLite cannot read.
    pub async fn whole(&self, owner: &str, seq: i64) -> Result<Option<Whole>, HistoryError> {
        let owner = owner.to_owned();
        self.reading(move |connection| {
            let sql = format!("SELECT {COLUMNS}, headers, bodies.bytes, decode, content, said FROM attempts JOIN bodies ON bodies.id = body WHERE seq = ?1 AND owner = ?2");
            let found = connection.prepare_cached(&sql)?.query_row(params![seq, owner], |row| {
                let headers: String = row.get(18)?;
                Ok(Whole {
                    attempt: attempt(row)?,
                    headers: serde_json::from_str(&headers).unwrap_or_default(),
                    body: row.get(19)?,
                    decode: row.get(20)?,
                    content: row.get(21)?,
                    said: row.get(22)?,
                })
            });
            Ok(found.optional()?)
        })
        .await
    }

    /// The numbers of the attempts that wait for their verdict, oldest first, at most `limit`. Those that cannot be judged
    /// again are not among them.
    ///
    /// # Errors
    /// When SQLite cannot read.
    pub async fn pending(&self, owner: &str, after: i64, limit: u32) -> Result<Vec<i64>, HistoryError> {
        let owner = owner.to_owned();
        self.reading(move |connection| {
            let sql = "SELECT seq FROM attempts INDEXED BY attempts_by_standing
                       WHERE owner = ?1 AND standing = 0 AND seq > ?2 AND whole = 1 ORDER BY seq LIMIT ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![owner, after, limit], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The latest attempts before `seq` of the same group or event.
    ///
    /// # Errors
    /// When SQLite cannot read.
    pub async fn earlier(&self, owner: &str, seq: i64) -> Result<Vec<Earlier>, HistoryError> {
        let owner = owner.to_owned();
        self.reading(move |connection| {
            let sql = "SELECT group_key, event_id FROM attempts WHERE seq = ?1 AND owner = ?2";
            let own: Option<(String, Option<String>)> = connection
                .prepare_cached(sql)?
                .query_row(params![seq, owner], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((group, event)) = own else { return Ok(Vec::new()) };
            let mut all = BTreeMap::new();
            for (index, column, value) in
                [("attempts_by_group", "group_key", Some(&group)), ("attempts_by_event", "event_id", event.as_ref())]
            {
                let Some(value) = value else { continue };
                let sql = format!(
                    "SELECT seq, group_key, content, coalesce(body_sha256, (SELECT sha256 FROM bodies WHERE id = body)),
                     received_at, verdict
                     FROM attempts INDEXED BY {index}
                     WHERE owner = ?1 AND {column} = ?2 AND seq < ?3 ORDER BY seq DESC LIMIT 32"
                );
                let mut statement = connection.prepare_cached(&sql)?;
                let mut rows = statement.query(params![owner, value, seq])?;
                while let Some(row) = rows.next()? {
                    let seq: i64 = row.get(0)?;
                    let found = Earlier {
                        seq,
                        same_group: row.get::<_, String>(1)? == group,
                        content: row.get(2)?,
                        body_sha256: hex(&row.get::<_, Vec<u8>>(3)?),
                        received_at: moment(row.get(4)?),
                        verdict: row.get(5)?,
                    };
                    all.insert(seq, found);
                }
            }
            Ok(all.into_values().collect())
        })
        .await
    }
}

/// So many readers share the rows of a page.
const READERS: usize = 8;
/// No reader takes fewer rows than so many.
const FEW_ROWS: usize = 12;

fn rows(connection: &Connection, owner: &str, seqs: &[i64]) -> Result<Vec<Attempt>, HistoryError> {
    let sql = format!("SELECT {COLUMNS} FROM attempts WHERE seq = ?1 AND owner = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = Vec::with_capacity(seqs.len());
    for seq in seqs {
        rows.extend(statement.query_row(params![seq, owner], attempt).optional()?);
    }
    Ok(rows)
}

pub(super) fn moment(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn attempt(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let kind: String = row.get(5)?;
    let forwards: String = row.get(14)?;
    Ok(Attempt {
        seq: row.get(0)?,
        owner: row.get(1)?,
        received_at: moment(row.get(2)?),
        webhook_id: row.get(3)?,
        event_id: row.get(4)?,
        event_type: (!kind.is_empty()).then_some(kind),
        who: row.get(6)?,
        attempt: row.get(7)?,
        duplicate: Duplicate::of(&row.get::<_, String>(8)?),
        verdict: row.get(9)?,
        failed: row.get(10)?,
        judged_at: row.get::<_, Option<i64>>(11)?.map(moment),
        body_sha256: hex(&row.get::<_, Vec<u8>>(12)?),
        responded: row.get(13)?,
        forwarded: serde_json::from_str(&forwards).unwrap_or_default(),
        pinned: row.get(15)?,
        whole: row.get(16)?,
        via: row.get(17)?,
    })
}
