//! Events and deliveries as rows: taken in, looked up.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::Value;

/// An event, ready to be kept and sent.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// `event_` and 32 hex digits, as its claims say.
    pub event_id: String,
    /// `user.created`.
    pub event_type: String,
    /// `admin`, `api` or `user`.
    pub source: String,
    /// When it happened.
    pub at: Timestamp,
    /// What the token says.
    pub claims: Value,
    /// What is sent.
    pub body: Vec<u8>,
    /// As what it is sent.
    pub content_type: String,
}

/// Keeps an event; answers its number.
pub fn keep(connection: &Connection, event: &NewEvent) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "INSERT INTO events (event_id, type, source, at, claims, content_type, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            event.event_id,
            event.event_type,
            event.source,
            event.at.as_microsecond(),
            event.claims.to_string(),
            event.content_type,
            event.body,
        ])?;
    Ok(connection.last_insert_rowid())
}

/// An event as the API tells of it.
#[derive(Debug, Clone)]
pub struct KeptEvent {
    /// Its id.
    pub event_id: String,
    /// `user.created`.
    pub event_type: String,
    /// `admin`, `api` or `user`.
    pub source: String,
    /// When it happened.
    pub at: Timestamp,
    /// What the token says.
    pub claims: Value,
}

/// The newest event of that id.
pub fn find(connection: &Connection, event_id: &str) -> rusqlite::Result<Option<KeptEvent>> {
    connection
        .prepare_cached(
            "SELECT event_id, type, source, at, claims FROM events WHERE event_id = ?1 ORDER BY seq DESC LIMIT 1",
        )?
        .query_row([event_id], |row| {
            let claims: String = row.get(4)?;
            Ok(KeptEvent {
                event_id: row.get(0)?,
                event_type: row.get(1)?,
                source: row.get(2)?,
                at: moment(row.get(3)?),
                claims: serde_json::from_str(&claims).unwrap_or(Value::Null),
            })
        })
        .optional()
}

/// A stored moment.
pub fn moment(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}
