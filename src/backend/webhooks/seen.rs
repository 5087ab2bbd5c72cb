//! What of an event was seen here: its attempts in the history, and those that arrive while somebody waits for them.
//!
//! Only reads. Who receives, and what is judged, is not decided here.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::Event;
use crate::backend::Job;
use crate::error::UserError;
use crate::inspector::key_source::owner_id;
use crate::store::attempts::{Attempt, Filter};
use crate::webhooks::ids::{Pasted, what_is};

/// The most attempts of one event that are shown.
const MOST: usize = 100;
/// How long arrivals are waited for. Kinde's second attempt comes after 5 s, the third after 30 s more.
const LONGEST: Duration = Duration::from_secs(60);
/// How often the history is asked whether it changed.
const BETWEEN: Duration = Duration::from_millis(250);

/// What is waited for.
#[derive(Debug, Clone)]
pub struct Expected {
    /// When it began: nothing from before is it.
    pub since: Timestamp,
    /// The id of the thing the events are about.
    pub id: String,
    /// Their types.
    pub events: Vec<String>,
}

impl Expected {
    fn filter(&self) -> Filter {
        let (types, words) = (self.events.clone(), vec![self.id.clone()]);
        Filter { since: Some(self.since), types, words, limit: MOST, ..Filter::default() }
    }

    /// All of it arrived and was judged.
    fn all_in(&self, arrived: &[Attempt]) -> bool {
        let of = |attempt: &&Attempt, kind| attempt.event_type.as_ref() == Some(kind) && attempt.verdict.is_some();
        self.events.iter().all(|kind| arrived.iter().any(|attempt| of(&attempt, kind)))
    }
}

/// Every attempt of the event that `pasted` names, newest first; `None` where it names none.
pub(super) async fn of_event(profile: Uuid, pasted: &str, job: &Job) -> Option<Result<Vec<Attempt>, UserError>> {
    let Pasted::Event { id, .. } = what_is(pasted) else { return None };
    Some(page(profile, Filter { id: Some(id), limit: MOST, ..Filter::default() }, job).await)
}

async fn page(profile: Uuid, filter: Filter, job: &Job) -> Result<Vec<Attempt>, UserError> {
    let owner = owner_id(&job.profile(profile).await?);
    Ok(job.attempts.get(&job.services).await?.page(&owner, filter).await?)
}

/// Tells what arrived, each time it is more, until all of it did or the wait is over.
pub(super) async fn watch(profile: Uuid, expected: &Expected, job: &Job) {
    let watching = async {
        if let Err(error) = arrivals(profile, expected, job).await {
            job.send(Event::Arrived(Err(error))).await;
        }
    };
    tokio::select! {
        () = job.cancel.cancelled() => {}
        () = tokio::time::sleep(LONGEST) => {}
        () = watching => {}
    }
}

async fn arrivals(profile: Uuid, expected: &Expected, job: &Job) -> Result<(), UserError> {
    let attempts = job.attempts.get(&job.services).await?;
    let (mut seen, mut told) = (None, Vec::new());
    loop {
        // Asked before the page: what is committed between the two is found by the next look.
        let version = Some(attempts.version().await?);
        if version != seen {
            seen = version;
            let arrived = page(profile, expected.filter(), job).await?;
            if arrived != told {
                told.clone_from(&arrived);
                job.send(Event::Arrived(Ok(arrived))).await;
            }
            if expected.all_in(&told) {
                return Ok(());
            }
        }
        tokio::time::sleep(BETWEEN).await;
    }
}
