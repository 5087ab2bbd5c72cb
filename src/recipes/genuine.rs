//! A genuine event of the tenant: nobody but the tenant can sign one, and the history holds those that came.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::jwt::Compact;
use crate::sandbox::Made;
use crate::store::HistoryError;
use crate::store::attempts::{Attempts, Filter, Standing, Whole};

/// How many of the latest are looked at for one that is young enough.
const LOOKED_AT: usize = 50;

/// What was received for a profile.
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    /// The history.
    pub attempts: &'a Attempts,
    /// Whose of it: see [`crate::inspector::key_source::owner_id`].
    pub owner: &'a str,
}

/// An event that was verified when it came.
#[derive(Debug, Clone)]
pub struct Genuine {
    /// The number of its attempt.
    pub seq: i64,
    /// What it says it is: `user.created`.
    pub event_type: String,
    /// How long ago it was signed; where it does not say, how long ago it came.
    pub age: SignedDuration,
    /// The headers it came with.
    pub headers: Vec<(String, String)>,
    /// The bytes that came.
    pub body: Vec<u8>,
}

impl History<'_> {
    /// The newest of that type that was verified, kept whole and is not older than `oldest`; where all are older, the newest
    /// of those. `None` where none of the type is kept. Of another type none is given: a handler does with an event what it
    /// does, and a person chose a type that may be handled.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub async fn genuine(
        &self,
        event_type: &str,
        oldest: SignedDuration,
        now: Timestamp,
    ) -> Result<Option<Genuine>, HistoryError> {
        let types = vec![event_type.to_owned()];
        let filter = Filter { types, standings: vec![Standing::Good], limit: LOOKED_AT, ..Filter::default() };
        let mut newest: Option<Genuine> = None;
        for attempt in self.attempts.page(self.owner, filter).await? {
            // A token that is no webhook was kept without its signature.
            let (true, Some(event_type)) = (attempt.whole, attempt.event_type) else { continue };
            let Some(whole) = self.attempts.whole(self.owner, attempt.seq).await? else { continue };
            let signed = signed_at(&whole).unwrap_or(whole.attempt.received_at);
            let Whole { headers, body, .. } = whole;
            let found = Genuine { seq: attempt.seq, event_type, age: now.duration_since(signed), headers, body };
            if found.age <= oldest {
                return Ok(Some(found));
            }
            if newest.as_ref().is_none_or(|newest| found.age < newest.age) {
                newest = Some(found);
            }
        }
        Ok(newest)
    }

    /// The types of the latest that were verified and kept whole.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub async fn types(&self) -> Result<BTreeSet<String>, HistoryError> {
        let filter = Filter { standings: vec![Standing::Good], limit: LOOKED_AT, ..Filter::default() };
        let latest = self.attempts.page(self.owner, filter).await?;
        Ok(latest.into_iter().filter(|attempt| attempt.whole).filter_map(|attempt| attempt.event_type).collect())
    }
}

/// When it says it was signed.
fn signed_at(whole: &Whole) -> Option<Timestamp> {
    let compact = Compact::split(whole.body.trim_ascii()).ok()?;
    let payload: Value = serde_json::from_slice(&compact.payload).ok()?;
    payload.get("timestamp")?.as_str()?.parse().ok()
}

impl Genuine {
    /// What it is, in a few words.
    pub fn words(&self) -> String {
        let (hours, minutes) = (self.age.as_hours(), self.age.as_mins());
        let age = match hours {
            ..=1 => format!("{} min", minutes.max(0)),
            2..=71 => format!("{hours} h"),
            _ => format!("{} days", hours / 24),
        };
        format!("{} of {age} ago, attempt {}", self.event_type, self.seq)
    }

    /// As it came, for posting it.
    pub fn made(&self) -> Made {
        let kind = self.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.clone());
        let content_type = kind.unwrap_or_else(|| "application/jwt".to_owned());
        Made { event_id: String::new(), body: self.body.clone(), content_type }
    }

    /// The headers it came with, as if another webhook had brought it.
    pub fn by_another_webhook(&self) -> Vec<(String, String)> {
        let id = ("webhook-id".to_owned(), uuid::Uuid::new_v4().to_string());
        let others = self.headers.iter().filter(|(name, _)| name != "webhook-id").cloned();
        others.chain([id]).collect()
    }
}

/// A history with one event in it that `Standing::Good` finds, signed by the sandbox in `sandbox` at `signed`.
#[cfg(test)]
pub(super) async fn with_one(
    attempts: &Attempts,
    owner: &str,
    sandbox: &std::path::Path,
    signed: Timestamp,
    verdict: &str,
    whole: bool,
) {
    use crate::sandbox::{Order, make};
    use crate::store::attempts::{Duplicate, Judgement, NewAttempt};
    let order = Order { event_type: "user.created".to_owned(), repeat: 1, ..Order::default() };
    let made = make(sandbox, &order, signed).unwrap().pop().unwrap();
    let new = NewAttempt {
        owner: owner.to_owned(),
        received_at: signed,
        webhook_id: Some("own-id".to_owned()),
        event_id: Some(made.event_id),
        event_type: Some("user.created".to_owned()),
        who: None,
        content: None,
        headers: [("webhook-id", "own-id"), ("content-type", "application/jwt")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        body: made.body,
        whole,
        responded: Some(200),
    };
    let seq = attempts.receive(new).await.unwrap().seq;
    let judgement = Judgement {
        seq,
        verdict: verdict.to_owned(),
        failed: (verdict != "verified").then(|| "signature".to_owned()),
        duplicate: Duplicate::No,
        at: signed,
        decode: None,
        text: String::new(),
    };
    attempts.judged(vec![judgement]).await.unwrap();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_newest_of_a_type_that_was_verified_is_taken_and_an_old_one_only_where_there_is_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let attempts = Attempts::open(&dir.path().join("history.db")).unwrap();
        let history = History { attempts: &attempts, owner: "p" };
        let now: Timestamp = "2026-11-23T15:00:00Z".parse().unwrap();
        let (oldest, ago) = (SignedDuration::from_hours(37), |hours| now - SignedDuration::from_hours(hours));
        let genuine = async || history.genuine("user.created", oldest, now).await.unwrap();
        assert!(genuine().await.is_none());
        with_one(&attempts, "p", dir.path(), ago(1), "not_verified", true).await;
        with_one(&attempts, "p", dir.path(), ago(1), "verified", false).await;
        with_one(&attempts, "somebody", dir.path(), ago(1), "verified", true).await;
        assert!(genuine().await.is_none(), "none of them is a genuine one of this profile");
        assert!(history.types().await.unwrap().is_empty());
        with_one(&attempts, "p", dir.path(), ago(100), "verified", true).await;
        let old = genuine().await.unwrap();
        assert_eq!(old.age.as_hours(), 100, "{}", old.words());
        with_one(&attempts, "p", dir.path(), ago(3), "verified", true).await;
        with_one(&attempts, "p", dir.path(), ago(200), "verified", true).await;
        let found = genuine().await.unwrap();
        assert_eq!(found.words(), "user.created of 3 h ago, attempt 5");
        assert!(found.headers.contains(&("webhook-id".to_owned(), "own-id".to_owned())));
        assert!(!found.by_another_webhook().contains(&("webhook-id".to_owned(), "own-id".to_owned())));
        let other = history.genuine("permission.updated", oldest, now).await.unwrap();
        assert!(other.is_none(), "nobody chose an event of this type: {other:?}");
        assert_eq!(history.types().await.unwrap(), BTreeSet::from(["user.created".to_owned()]));
    }
}
