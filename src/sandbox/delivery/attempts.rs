//! What is due, what became of it, and how each webhook fares: the engine's side of `deliveries.db`.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::events::moment;
use super::schedule::DISABLE_AFTER;

/// A delivery that is due: its number, and the webhook it is for.
#[derive(Debug, Clone)]
pub struct Due {
    /// Number of the delivery.
    pub id: i64,
    /// `webhook_` id of its webhook.
    pub webhook: String,
}

/// One attempt, ready to be made.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// Number of the delivery.
    pub delivery: i64,
    /// `webhook_` id of its webhook.
    pub webhook: String,
    /// Where it goes.
    pub url: String,
    /// The `webhook-id` header.
    pub request_id: String,
    /// The event's id.
    pub event_id: String,
    /// Number of this attempt, from 1.
    pub number: u32,
    /// What is sent.
    pub body: Vec<u8>,
    /// As what.
    pub content_type: String,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The answer's status; `None` where none came.
    pub status: Option<u16>,
    /// Why none came.
    pub error: Option<String>,
    /// How long it took.
    pub ms: u64,
    /// The beginning of the answer's body as text; `None` where it had none.
    pub answer: Option<String>,
}

impl Outcome {
    /// 200 alone counts.
    pub fn is_good(&self) -> bool {
        self.status == Some(200)
    }
}

/// The number of the newest delivery; 0 where there is none.
pub fn last(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(max(id), 0) FROM deliveries", [], |row| row.get(0))
}

/// What is due at `now`, numbered above `after` and not under way, at most `most` of each webhook: first the one that is longest due of each, then
/// the second of each, and so on. No webhook waits behind another's queue.
pub fn due(
    connection: &Connection,
    now: Timestamp,
    after: i64,
    under_way: &BTreeSet<i64>,
    most: usize,
) -> rusqlite::Result<Vec<Due>> {
    // One step in the index a webhook, however long its queue is.
    let webhooks: Vec<String> = connection
        .prepare_cached(
            "WITH RECURSIVE queue (webhook) AS (
                 SELECT min(webhook) FROM deliveries WHERE next IS NOT NULL
                 UNION ALL
                 SELECT (SELECT min(webhook) FROM deliveries WHERE next IS NOT NULL AND webhook > queue.webhook)
                 FROM queue WHERE queue.webhook IS NOT NULL)
             SELECT webhook FROM queue WHERE webhook IS NOT NULL",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut queue = connection.prepare_cached(
        "SELECT next, id FROM deliveries WHERE webhook = ?1 AND next <= ?2 AND id > ?3 ORDER BY next, id",
    )?;
    let mut found: Vec<(usize, i64, Due)> = Vec::new();
    for webhook in webhooks {
        let mut rows = queue.query(params![webhook, now.as_microsecond(), after])?;
        let mut place = 0;
        while place < most
            && let Some(row) = rows.next()?
        {
            let id = row.get(1)?;
            if !under_way.contains(&id) {
                found.push((place, row.get(0)?, Due { id, webhook: webhook.clone() }));
                place += 1;
            }
        }
    }
    found.sort_by_key(|(place, next, due)| (*place, *next, due.id));
    Ok(found.into_iter().map(|(.., due)| due).collect())
}

/// When the next delivery after `now` is due.
pub fn next_due(connection: &Connection, now: Timestamp) -> rusqlite::Result<Option<Timestamp>> {
    connection
        .prepare_cached("SELECT min(next) FROM deliveries WHERE next > ?1")?
        .query_row([now.as_microsecond()], |row| Ok(row.get::<_, Option<i64>>(0)?.map(moment)))
}

/// What to send for a delivery, where it is still due at `now`.
pub fn parcel(connection: &Connection, delivery: i64, now: Timestamp) -> rusqlite::Result<Option<Parcel>> {
    connection
        .prepare_cached(
            "SELECT d.webhook, d.url, d.request_id, e.event_id, d.attempts, e.body, e.content_type
             FROM deliveries d JOIN events e ON e.seq = d.event WHERE d.id = ?1 AND d.next <= ?2",
        )?
        .query_row([delivery, now.as_microsecond()], |row| {
            Ok(Parcel {
                delivery,
                webhook: row.get(0)?,
                url: row.get(1)?,
                request_id: row.get(2)?,
                event_id: row.get(3)?,
                number: row.get::<_, u32>(4)? + 1,
                body: row.get(5)?,
                content_type: row.get(6)?,
            })
        })
        .optional()
}

/// An attempt that was made, and what follows from it.
#[derive(Debug, Clone)]
pub struct Made {
    /// Number of the delivery.
    pub delivery: i64,
    /// `webhook_` id of its webhook.
    pub webhook: String,
    /// Number of the attempt.
    pub number: u32,
    /// When it began.
    pub began: Timestamp,
    /// What came of it.
    pub outcome: Outcome,
    /// When the next is to be made.
    pub next: Option<Timestamp>,
    /// How long the webhook has been failing since the failure before this one, along the schedule.
    pub failing: Duration,
}

/// Writes an attempt down; answers when the next is really due: a webhook that was switched off has none.
pub fn record(connection: &Connection, made: &Made, now: Timestamp) -> rusqlite::Result<Option<Timestamp>> {
    let outcome = &made.outcome;
    // It may be gone since the attempt began: the sandbox was reset. And an attempt is written down once.
    let follows = connection
        .prepare_cached("SELECT 1 FROM deliveries WHERE id = ?1 AND attempts = ?2 - 1")?
        .exists(params![made.delivery, made.number])?;
    if !follows {
        return Ok(None);
    }
    connection
        .prepare_cached(
            "INSERT INTO attempts (delivery, number, began, ms, status, error, answer)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            made.delivery,
            made.number,
            made.began.as_microsecond(),
            i64::try_from(outcome.ms).unwrap_or(i64::MAX),
            outcome.status,
            outcome.error,
            outcome.answer,
        ])?;
    if outcome.is_good() {
        connection
            .prepare_cached("UPDATE deliveries SET attempts = ?2, next = NULL, state = 'delivered' WHERE id = ?1")?
            .execute(params![made.delivery, made.number])?;
        connection
            .prepare_cached("DELETE FROM health WHERE webhook = ?1 AND disabled_at IS NULL")?
            .execute([&made.webhook])?;
        return Ok(None);
    }
    // Only one that still waits: its webhook may be gone, or switched off, since the attempt began.
    let changed = connection
        .prepare_cached(
            "UPDATE deliveries SET attempts = ?2, next = ?3, state = CASE WHEN ?3 IS NULL THEN 'given_up' ELSE 'waiting' END
             WHERE id = ?1 AND state = 'waiting'",
        )?
        .execute(params![made.delivery, made.number, made.next.map(Timestamp::as_microsecond)])?;
    if changed == 0 {
        return Ok(None);
    }
    let add = i64::try_from(made.failing.as_micros()).unwrap_or(i64::MAX / 2);
    let failing: i64 = connection
        .prepare_cached(
            "INSERT INTO health (webhook, failing) VALUES (?1, ?2)
             ON CONFLICT (webhook) DO UPDATE SET failing = failing + ?2 RETURNING failing",
        )?
        .query_row(params![made.webhook, add], |row| row.get(0))?;
    if failing < i64::try_from(DISABLE_AFTER.as_micros()).unwrap_or(i64::MAX) {
        return Ok(made.next);
    }
    connection.execute(
        "UPDATE health SET disabled_at = ?2 WHERE webhook = ?1 AND disabled_at IS NULL",
        params![made.webhook, now.as_microsecond()],
    )?;
    stop(connection, &made.webhook)?;
    Ok(None)
}

/// Ends every delivery that waits for a webhook.
pub fn stop(connection: &Connection, webhook: &str) -> rusqlite::Result<usize> {
    connection.execute(
        "UPDATE deliveries SET next = NULL, state = 'stopped' WHERE webhook = ?1 AND next IS NOT NULL",
        [webhook],
    )
}

/// Ends every delivery that waits for a webhook which is not among `known` (a JSON array of ids), and forgets how those
/// fared: they were deleted, and the process ended before that was written down here.
pub fn stop_unknown(connection: &Connection, known: &str) -> rusqlite::Result<usize> {
    connection.execute("DELETE FROM health WHERE webhook NOT IN (SELECT value FROM json_each(?1))", [known])?;
    connection.execute(
        "UPDATE deliveries SET next = NULL, state = 'stopped'
         WHERE next IS NOT NULL AND webhook NOT IN (SELECT value FROM json_each(?1))",
        [known],
    )
}

/// Forgets how a webhook fared: it is gone, or switched on again.
pub fn forget_health(connection: &Connection, webhook: &str) -> rusqlite::Result<usize> {
    connection.execute("DELETE FROM health WHERE webhook = ?1", [webhook])
}

/// Forgets events that are older than `age` or not among the newest `most`, with their deliveries; those of which a
/// delivery still waits stay. At most a few thousand at a time; answers how many.
pub fn prune(connection: &Connection, now: Timestamp, age: Duration, most: i64) -> rusqlite::Result<usize> {
    let oldest = now.checked_sub(age).unwrap_or(Timestamp::MIN);
    let old: Vec<i64> = connection
        .prepare_cached(
            "SELECT seq FROM events e WHERE (at < ?1 OR seq <= (SELECT max(seq) FROM events) - ?2)
             AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event = e.seq AND d.next IS NOT NULL)
             ORDER BY seq LIMIT 5000",
        )?
        .query_map(params![oldest.as_microsecond(), most], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for event in &old {
        for sql in [
            "DELETE FROM attempts WHERE delivery IN (SELECT id FROM deliveries WHERE event = ?1)",
            "DELETE FROM deliveries WHERE event = ?1",
            "DELETE FROM events WHERE seq = ?1",
        ] {
            connection.prepare_cached(sql)?.execute([event])?;
        }
    }
    Ok(old.len())
}

/// A delivery as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryView {
    /// Its number; larger is newer.
    pub id: i64,
    /// The event's id.
    pub event_id: String,
    /// `user.created`.
    pub event_type: String,
    /// `webhook_` id of its webhook.
    pub webhook: String,
    /// The value of the `webhook-id` header.
    pub webhook_id: String,
    /// Where it goes.
    pub url: String,
    /// When it was taken in.
    pub accepted: Timestamp,
    /// `waiting`, `delivered`, `given_up` or `stopped`.
    pub state: String,
    /// When the next attempt is due.
    pub next: Option<Timestamp>,
    /// SHA-256 of what is sent, hexadecimal.
    pub body_sha256: String,
    /// The attempts, first one first.
    pub attempts: Vec<AttemptView>,
}

/// An attempt that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptView {
    /// Its number, from 1.
    pub number: u32,
    /// When it began.
    pub began: Timestamp,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// The answer's status; `None` where none came.
    pub status: Option<u16>,
    /// Why none came.
    pub error: Option<String>,
    /// The first 200 characters of the answer's body; [`SentBody::answers`](crate::sandbox::SentBody) has more.
    #[serde(default)]
    pub answer: Option<String>,
}

/// What a target answered to an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerBody {
    /// Number of the attempt, from 1.
    pub attempt: u32,
    /// The beginning of the body, at most 4 KiB; what is no text in it is replaced.
    pub body: String,
}

/// What was answered to the attempts of a delivery, where the answers had bodies.
pub fn answers(connection: &Connection, delivery: i64) -> rusqlite::Result<Vec<AnswerBody>> {
    connection
        .prepare_cached(
            "SELECT number, answer FROM attempts WHERE delivery = ?1 AND answer IS NOT NULL ORDER BY number",
        )?
        .query_map([delivery], |row| Ok(AnswerBody { attempt: row.get(0)?, body: row.get(1)? }))?
        .collect()
}

/// Deliveries: those before number `before` newest first, or those from `from` on oldest first.
pub fn page(
    connection: &Connection,
    before: Option<i64>,
    from: Option<i64>,
    limit: u32,
) -> rusqlite::Result<Vec<DeliveryView>> {
    let order = if from.is_some() { "ASC" } else { "DESC" };
    let mut found: Vec<DeliveryView> = connection
        .prepare_cached(&format!(
            "SELECT d.id, e.event_id, e.type, d.webhook, d.request_id, d.url, d.accepted, d.state, d.next, e.body
             FROM deliveries d JOIN events e ON e.seq = d.event WHERE d.id < ?1 AND d.id >= ?2 ORDER BY d.id {order} LIMIT ?3"
        ))?
        .query_map(params![before.unwrap_or(i64::MAX), from.unwrap_or(0), limit], |row| {
            Ok(DeliveryView {
                id: row.get(0)?,
                event_id: row.get(1)?,
                event_type: row.get(2)?,
                webhook: row.get(3)?,
                webhook_id: row.get(4)?,
                url: row.get(5)?,
                accepted: moment(row.get(6)?),
                state: row.get(7)?,
                next: row.get::<_, Option<i64>>(8)?.map(moment),
                body_sha256: super::line::sha256(&row.get::<_, Vec<u8>>(9)?),
                attempts: Vec::new(),
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut attempts = connection.prepare_cached(
        "SELECT number, began, ms, status, error, substr(answer, 1, 200) FROM attempts
             WHERE delivery = ?1 ORDER BY number",
    )?;
    for delivery in &mut found {
        delivery.attempts = attempts
            .query_map([delivery.id], |row| {
                Ok(AttemptView {
                    number: row.get(0)?,
                    began: moment(row.get(1)?),
                    ms: row.get::<_, i64>(2)?.unsigned_abs(),
                    status: row.get(3)?,
                    error: row.get(4)?,
                    answer: row.get(5)?,
                })
            })?
            .collect::<rusqlite::Result<_>>()?;
    }
    Ok(found)
}
