//! Everything that writes.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::history::HistoryError;
use super::Attempts;
use super::row::{Judgement, NewAttempt, Standing, Stored, sha256};

impl Attempts {
    /// Keeps an attempt. It is on disk when this returns.
    ///
    /// # Errors
    /// When it could not be written: the sender must not be told otherwise.
    pub async fn receive(&self, new: NewAttempt) -> Result<Stored, HistoryError> {
        let now = new.received_at;
        // Made ready here: the one thread that writes has enough to do.
        let ready = Ready::of(new)?;
        let stored = self.writer.write(move |connection| insert(connection, &ready)).await?;
        self.tend(now);
        Ok(stored)
    }

    /// Notes what judging came to.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn judged(&self, list: Vec<Judgement>) -> Result<(), HistoryError> {
        let work = move |connection: &Connection| list.iter().try_for_each(|judgement| note(connection, judgement));
        self.writer.write(work).await
    }

    /// Notes what the sender was answered, where that was not known when the attempt was kept.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn responded(&self, seq: i64, status: u16) -> Result<(), HistoryError> {
        let sql = "UPDATE attempts SET responded = ?2 WHERE seq = ?1";
        let work = move |connection: &Connection| Ok(connection.prepare_cached(sql)?.execute(params![seq, status])?);
        self.writer.write(work).await.map(|_| ())
    }

    /// Pins attempts, or lets them go again.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn pin(&self, seqs: Vec<i64>, pinned: bool) -> Result<(), HistoryError> {
        let work = move |connection: &Connection| {
            let mut statement = connection.prepare_cached("UPDATE attempts SET pinned = ?2 WHERE seq = ?1")?;
            seqs.iter().try_for_each(|seq| statement.execute(params![seq, pinned]).map(|_| ()))?;
            Ok(())
        };
        self.writer.write(work).await
    }

    /// Deletes attempts for good: see the module's words. Answers how many there were.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn delete(&self, seqs: Vec<i64>) -> Result<usize, HistoryError> {
        let gone = self.writer.write(move |connection| delete(connection, &seqs)).await?;
        self.empty_log().await;
        Ok(gone)
    }

    /// Moves the write-ahead log into the database and empties it: it may still hold what was deleted. A reader that
    /// looks at an older state keeps it from that; the next time it is tried again.
    pub(super) async fn empty_log(&self) {
        let path = self.path.clone();
        let emptied = super::off_thread(move || {
            let connection = Connection::open(path)?;
            connection.busy_timeout(Duration::from_secs(1))?;
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            Ok(())
        });
        if let Err(error) = emptied.await {
            tracing::warn!(%error, "the log of the history was not emptied");
        }
    }
}

/// Attempts group by request id, without one by event, failing that by body.
pub(super) fn group_of(new: &NewAttempt, hash: &[u8; 32]) -> String {
    match (&new.webhook_id, &new.event_id) {
        (Some(id), _) => format!("w:{id}"),
        (None, Some(id)) => format!("e:{id}"),
        (None, None) => format!("b:{}", super::row::hex(hash)),
    }
}

/// An attempt with what is worked out from it before it is kept.
pub(super) struct Ready {
    new: NewAttempt,
    hash: [u8; 32],
    group: String,
    headers: String,
}

impl Ready {
    pub(super) fn of(new: NewAttempt) -> Result<Self, HistoryError> {
        let hash = sha256(&new.body);
        let headers = serde_json::to_string(&new.headers).map_err(|error| HistoryError::Other(error.to_string()))?;
        Ok(Self { group: group_of(&new, &hash), hash, headers, new })
    }
}

pub(super) fn insert(connection: &Connection, ready: &Ready) -> Result<Stored, HistoryError> {
    let Ready { new, hash, group, headers } = ready;
    let last = Last::of(connection, OF_GROUP, &new.owner, group)?;
    // The same event under another request id, or under none, may come with the same body: another webhook of the tenant takes
    // it too.
    let same_event = match &new.event_id {
        Some(event) if last.is_none() => Last::of(connection, OF_EVENT, &new.owner, event)?,
        _ => None,
    };
    let body = match last.iter().chain(&same_event).find(|last| last.hash == *hash) {
        Some(last) => last.body,
        None => connection
            .prepare_cached("INSERT INTO bodies (sha256, bytes) VALUES (?1, ?2)")?
            .insert(params![hash, new.body])?,
    };
    let attempt = last.map_or(0, |last| last.attempt).saturating_add(1);
    let seq = connection
        .prepare_cached(
            "INSERT INTO attempts (owner, received_at, webhook_id, event_id, type, who, group_key, attempt, content, body,
             headers, whole, responded, body_sha256) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .insert(params![
            new.owner,
            new.received_at.as_microsecond(),
            new.webhook_id,
            new.event_id,
            new.event_type.as_deref().unwrap_or_default(),
            new.who,
            group,
            attempt,
            new.content,
            body,
            headers,
            new.whole,
            new.responded,
            hash
        ])?;
    // To the end of its second: what comes within it too leaves the row as it is.
    connection
        .prepare_cached(
            "INSERT INTO number_spans VALUES (?1, ?2 >> 8, ?3, ?3 / 1000000 * 1000000 + 999999)
             ON CONFLICT DO UPDATE SET first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)
             WHERE excluded.first_at < first_at OR excluded.last_at > last_at",
        )?
        .execute(params![new.owner, seq, new.received_at.as_microsecond()])?;
    Ok(Stored { seq, attempt })
}

/// The last attempt that shares something with a new one.
struct Last {
    attempt: u32,
    body: i64,
    hash: Vec<u8>,
}

const OF_GROUP: &str = "SELECT attempt, body, coalesce(body_sha256, (SELECT sha256 FROM bodies WHERE id = body))
    FROM attempts INDEXED BY attempts_by_group WHERE owner = ?1 AND group_key = ?2 ORDER BY seq DESC LIMIT 1";
const OF_EVENT: &str = "SELECT attempt, body, coalesce(body_sha256, (SELECT sha256 FROM bodies WHERE id = body))
    FROM attempts INDEXED BY attempts_by_event WHERE owner = ?1 AND event_id = ?2 ORDER BY seq DESC LIMIT 1";

impl Last {
    /// The one of `owner` with this group or event.
    fn of(connection: &Connection, sql: &str, owner: &str, value: &str) -> Result<Option<Self>, HistoryError> {
        let last = |row: &rusqlite::Row<'_>| Ok(Self { attempt: row.get(0)?, body: row.get(1)?, hash: row.get(2)? });
        Ok(connection.prepare_cached(sql)?.query_row(params![owner, value], last).optional()?)
    }
}

pub(super) fn note(connection: &Connection, judgement: &Judgement) -> Result<(), HistoryError> {
    let Judgement { seq, verdict, failed, duplicate, at, decode, text } = judgement;
    let standing = Standing::of(Some(verdict), failed.as_deref()) as i64;
    let changed = connection
        .prepare_cached(
            "UPDATE attempts SET verdict = ?2, failed = ?3, standing = ?4, judged_at = ?5, duplicate = ?6,
             decode = coalesce(?7, decode) WHERE seq = ?1",
        )?
        .execute(params![seq, verdict, failed, standing, at.as_microsecond(), duplicate.word(), decode])?;
    // Deleted meanwhile: there is nothing to find it by any more.
    if changed == 0 {
        return Ok(());
    }
    let known: Option<i64> = connection
        .prepare_cached("SELECT rowid FROM attempt_words WHERE rowid = ?1")?
        .query_row(params![seq], |row| row.get(0))
        .optional()?;
    if known.is_none() {
        // The request id is pasted into a search as often as anything of the payload.
        let sql = "INSERT INTO attempt_words (rowid, text)
                   SELECT seq, coalesce(webhook_id || ' ', '') || ?2 FROM attempts WHERE seq = ?1";
        connection.prepare_cached(sql)?.execute(params![seq, text])?;
    }
    Ok(())
}

pub(super) fn delete(connection: &Connection, seqs: &[i64]) -> Result<usize, HistoryError> {
    let mut gone = 0;
    for seq in seqs {
        let sql = "DELETE FROM attempts WHERE seq = ?1 RETURNING body";
        let body: Option<i64> = connection.prepare_cached(sql)?.query_row(params![seq], |row| row.get(0)).optional()?;
        let Some(body) = body else { continue };
        gone += 1;
        connection.prepare_cached("DELETE FROM attempt_words WHERE rowid = ?1")?.execute(params![seq])?;
        let sql = "DELETE FROM bodies WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM attempts WHERE body = ?1)";
        connection.prepare_cached(sql)?.execute(params![body])?;
    }
    Ok(gone)
}
