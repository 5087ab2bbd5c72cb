//! How forwards went, and what they were answered.
//!
//! The short form of each stands in the attempt's own row, which lists read; headers and body stand beside it.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::history::HistoryError;
use super::Attempts;
use super::row::{Answer, Forwarded};

/// Of how many forwards of an attempt the answers are kept, the latest.
const KEPT: usize = 20;

impl Attempts {
    /// Notes how forwards of an attempt went, after those noted before, with what was answered. Replays are numbered here.
    /// Answers all of them; none where the attempt was deleted meanwhile.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn forwarded(&self, seq: i64, more: Vec<(Forwarded, Answer)>) -> Result<Vec<Forwarded>, HistoryError> {
        self.writer.write(move |connection| add(connection, seq, &more)).await
    }

    /// What the forwards of an attempt were answered, in their order; `None` for those of which it is not kept.
    ///
    /// # Errors
    /// When SQLite cannot read.
    pub async fn answers(&self, owner: &str, seq: i64) -> Result<Vec<Option<Answer>>, HistoryError> {
        let owner = owner.to_owned();
        self.reading(move |connection| {
            let sql = "SELECT place, answers.headers, answers.body, size, cut FROM answers JOIN attempts USING (seq)
                       WHERE seq = ?1 AND owner = ?2 ORDER BY place";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![seq, owner])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let (place, headers): (u16, String) = (row.get(0)?, row.get(1)?);
                all.resize(usize::from(place), None);
                let headers = serde_json::from_str(&headers).unwrap_or_default();
                all.push(Some(Answer { headers, body: row.get(2)?, size: row.get(3)?, cut: row.get(4)? }));
            }
            Ok(all)
        })
        .await
    }
}

fn add(connection: &Connection, seq: i64, more: &[(Forwarded, Answer)]) -> Result<Vec<Forwarded>, HistoryError> {
    let sql = "SELECT forwards FROM attempts WHERE seq = ?1";
    let text: Option<String> = connection.prepare_cached(sql)?.query_row(params![seq], |row| row.get(0)).optional()?;
    let Some(text) = text else { return Ok(Vec::new()) };
    let mut all: Vec<Forwarded> = serde_json::from_str(&text).unwrap_or_default();
    for (forwarded, answer) in more.iter().take(usize::from(u16::MAX).saturating_sub(all.len())) {
        let mut forwarded = forwarded.clone();
        if forwarded.replay.is_some() {
            forwarded.replay = Some(all.iter().filter_map(|on| on.replay).max().unwrap_or(0).saturating_add(1));
        }
        if forwarded.status.is_some() {
            insert(connection, seq, place(all.len()), answer)?;
        }
        all.push(forwarded);
    }
    connection
        .prepare_cached("DELETE FROM answers WHERE seq = ?1 AND place < ?2")?
        .execute(params![seq, place(all.len().saturating_sub(KEPT))])?;
    let text = to_json(&all)?;
    connection.prepare_cached("UPDATE attempts SET forwards = ?2 WHERE seq = ?1")?.execute(params![seq, text])?;
    Ok(all)
}

/// A place as it is written: there are never more than so many.
pub(super) fn place(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}

/// Keeps the answer of the forward at `place`.
pub(super) fn insert(connection: &Connection, seq: i64, place: u16, answer: &Answer) -> Result<(), HistoryError> {
    let sql = "INSERT OR REPLACE INTO answers VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let headers = to_json(&answer.headers)?;
    connection.prepare_cached(sql)?.execute(params![seq, place, headers, answer.body, answer.size, answer.cut])?;
    Ok(())
}

fn to_json(value: &impl serde::Serialize) -> Result<String, HistoryError> {
    serde_json::to_string(value).map_err(|error| HistoryError::Other(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{new, open};
    use super::*;

    fn went(status: u16, replay: bool) -> (Forwarded, Answer) {
        let forwarded = Forwarded { status: Some(status), replay: replay.then_some(0), ..Forwarded::default() };
        let headers = vec![("server".to_owned(), "x".to_owned())];
        (forwarded, Answer { headers, body: format!("canary answer {status}"), size: 99, cut: true })
    }

    #[tokio::test]
    async fn replays_are_counted_each_answer_stands_at_its_forward_and_the_latest_are_kept() {
        let (_dir, attempts) = open();
        let seq = attempts.receive(new(Some("w1"), None, "t", "x")).await.unwrap().seq;
        let none = (Forwarded { error: Some("no".to_owned()), ..Forwarded::default() }, Answer::default());
        attempts.forwarded(seq, vec![went(404, false), none, went(500, false)]).await.unwrap();
        attempts.forwarded(seq, vec![went(201, true)]).await.unwrap();
        let all = attempts.forwarded(seq, vec![went(200, true)]).await.unwrap();
        let replays: Vec<Option<u32>> = all.iter().map(|on| on.replay).collect();
        assert_eq!(replays, [None, None, None, Some(1), Some(2)]);
        assert_eq!(attempts.whole("p", seq).await.unwrap().unwrap().attempt.forwarded, all);
        let bodies = |all: Vec<Option<Answer>>| -> Vec<Option<String>> {
            all.into_iter().map(|answer| answer.map(|answer| answer.body)).collect()
        };
        let words = |status: u16| Some(format!("canary answer {status}"));
        let kept = bodies(attempts.answers("p", seq).await.unwrap());
        assert_eq!(kept, [words(404), None, words(500), words(201), words(200)]);
        assert!(attempts.answers("other", seq).await.unwrap().is_empty(), "another owner's");
        for _ in 0..KEPT {
            attempts.forwarded(seq, vec![went(202, true)]).await.unwrap();
        }
        let kept = bodies(attempts.answers("p", seq).await.unwrap());
        assert!(kept.len() == 25 && kept[..5].iter().all(Option::is_none) && kept[5..].iter().all(Option::is_some));
        assert!(attempts.forwarded(seq + 1, vec![went(200, true)]).await.unwrap().is_empty(), "there is none");
    }

    #[tokio::test]
    async fn an_answer_goes_with_its_attempt_and_nothing_of_it_is_left() {
        let (dir, attempts) = open();
        let seq = attempts.receive(new(Some("w1"), None, "t", "x")).await.unwrap().seq;
        attempts.forwarded(seq, vec![went(404, false)]).await.unwrap();
        attempts.delete(vec![seq]).await.unwrap();
        drop(attempts);
        for file in ["history.db", "history.db-wal"] {
            let bytes = std::fs::read(dir.path().join(file)).unwrap_or_default();
            assert!(!bytes.windows(13).any(|window| window == b"canary answer"), "{file}");
        }
    }
}
