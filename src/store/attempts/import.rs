//! Attempts that come from a file, with what the file says became of them.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::history::HistoryError;
use super::change::{Ready, group_of, insert, note};
use super::row::{Answer, Duplicate, Forwarded, Judgement, NewAttempt, Stored, sha256};
use super::{Attempts, answers};

/// An attempt from a file.
#[derive(Debug, Clone)]
pub struct Record {
    /// What came.
    pub new: NewAttempt,
    /// What became of it where it was received; `None` where the file knows nothing of that.
    pub told: Option<Told>,
    /// Who had taken it in, where it was no receiver of this program.
    pub via: Option<String>,
    /// One that came within so long of it, before or after, with the same ids and body, is the same one.
    pub within: Duration,
}

/// What a file says became of an attempt.
#[derive(Debug, Clone)]
pub struct Told {
    /// Which attempt of its group it was.
    pub attempt: u32,
    /// How it stood to those before.
    pub duplicate: Duplicate,
    /// How its forwards went.
    pub forwarded: Vec<Forwarded>,
    /// What these were answered, in their order; `None` where that was not kept.
    pub answers: Vec<Option<Answer>>,
    /// It was pinned.
    pub pinned: bool,
    /// The verdict the file gives, where it is one that only the keys can give: kept beside the one that is judged here.
    pub said: Option<String>,
    /// What it was judged to be, and when; `None` where it was not judged, or is to be judged here.
    pub judged: Option<(String, Option<String>, Timestamp)>,
    /// The `decode` object, where it cannot be judged again.
    pub decode: Option<String>,
    /// What to find it by.
    pub text: String,
}

impl From<NewAttempt> for Record {
    fn from(new: NewAttempt) -> Self {
        Self { new, told: None, via: None, within: Duration::ZERO }
    }
}

impl Attempts {
    /// Keeps attempts from elsewhere, all or none; `now` is what their age is counted from. Those already there (same body,
    /// webhook id, moment and attempt) are passed over: `None` stands in their place.
    ///
    /// # Errors
    /// When they could not be written.
    pub async fn import(&self, list: Vec<Record>, now: Timestamp) -> Result<Vec<Option<Stored>>, HistoryError> {
        let work = move |connection: &Connection| {
            let keep = |record: &Record| match is_there(connection, record)? {
                true => Ok(None),
                false => keep(connection, record, now).map(Some),
            };
            list.iter().map(keep).collect::<Result<Vec<_>, HistoryError>>()
        };
        self.writer.write(work).await
    }
}

fn keep(connection: &Connection, record: &Record, now: Timestamp) -> Result<Stored, HistoryError> {
    let mut stored = insert(connection, &Ready::of(record.new.clone())?)?;
    let seq = stored.seq;
    let sql = "UPDATE attempts SET kept_at = ?2, via = ?3 WHERE seq = ?1";
    connection.prepare_cached(sql)?.execute(params![seq, now.as_microsecond(), record.via])?;
    let Some(told) = &record.told else { return Ok(stored) };
    let forwards = serde_json::to_string(&told.forwarded).map_err(|error| HistoryError::Other(error.to_string()))?;
    let sql = "UPDATE attempts SET attempt = ?2, forwards = ?3, pinned = ?4, duplicate = ?5, decode = ?6, said = ?7
         WHERE seq = ?1";
    connection.prepare_cached(sql)?.execute(params![
        seq,
        told.attempt,
        forwards,
        told.pinned,
        told.duplicate.word(),
        told.decode,
        told.said
    ])?;
    for (place, answer) in told.answers.iter().enumerate().take(told.forwarded.len()) {
        if let Some(answer) = answer {
            answers::insert(connection, seq, answers::place(place), answer)?;
        }
    }
    stored.attempt = told.attempt;
    if let Some((verdict, failed, at)) = told.judged.clone() {
        let (duplicate, decode, text) = (told.duplicate, told.decode.clone(), told.text.clone());
        note(connection, &Judgement { seq, verdict, failed, duplicate, at, decode, text })?;
    }
    Ok(stored)
}

fn is_there(connection: &Connection, record: &Record) -> Result<bool, HistoryError> {
    let new = &record.new;
    // The same body and webhook id are of the same group.
    let sql = "SELECT 1 FROM attempts INDEXED BY attempts_by_group JOIN bodies ON bodies.id = attempts.body
               WHERE owner = ?1 AND group_key = ?2 AND received_at BETWEEN ?3 - ?7 AND ?3 + ?7 AND webhook_id IS ?4 AND sha256 = ?5
                   AND (?6 IS NULL OR attempt = ?6) LIMIT 1";
    let (at, hash) = (new.received_at.as_microsecond(), sha256(&new.body));
    let attempt = record.told.as_ref().map(|told| told.attempt);
    let within = i64::try_from(record.within.as_micros()).unwrap_or(i64::MAX);
    let found = connection
        .prepare_cached(sql)?
        .query_row(params![new.owner, group_of(new, &hash), at, new.webhook_id, hash, attempt, within], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}
