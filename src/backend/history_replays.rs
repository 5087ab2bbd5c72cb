//! Many kept attempts, sent once more to one target.

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::Job;
use super::history::{Event, Which, owner};
use crate::error::{Category, UserError};
use crate::inspector::forward::Target;
use crate::inspector::replay::{MOST, Tally, replay_many};
use crate::store::attempts::{Attempts, Filter};

/// How often it is told how far it is.
const PACE: Duration = Duration::from_millis(100);
/// How many numbers are read at a time.
const AT_ONCE: usize = 500;

/// Sends them, the oldest first, until the job is cancelled.
pub(super) async fn replay(job: &Job, profile: Uuid, which: Which, target: &Target) -> Result<Tally, UserError> {
    let attempts = job.attempts.get(&job.services).await?;
    let owner = owner(profile);
    let seqs = match which {
        Which::These(mut seqs) => {
            seqs.sort_unstable();
            seqs
        }
        Which::Matching(filter) => matching(&attempts, &owner, *filter).await?,
    };
    if seqs.len() > MOST {
        return Err(UserError::new(Category::Input, "These are too many to replay in one go")
            .detail(format!("More than {MOST} events match"))
            .hint("Narrow the search, by time for example, and send them in parts"));
    }
    let mut told = Instant::now();
    let sink = |tally: &Tally| {
        if told.elapsed() >= PACE {
            told = Instant::now();
            // Lost in a full queue, the next one tells more.
            job.events.try_send(job.id, Event::Replaying(Box::new(tally.clone())).into());
        }
    };
    Ok(replay_many(&attempts, &job.services.http, &owner, &seqs, target, &job.cancel, sink).await)
}

/// The numbers of those that match and are there now, lowest first; one more than [`MOST`] at most. What arrives while they
/// are sent is not among them: a target may well be the panel's own receiver.
async fn matching(attempts: &Attempts, owner: &str, filter: Filter) -> Result<Vec<i64>, UserError> {
    let mut filter = Filter { limit: AT_ONCE, before: None, after: None, ..filter };
    let mut seqs = Vec::new();
    while seqs.len() <= MOST {
        let page = attempts.page(owner, filter.clone()).await?;
        let Some(last) = page.last() else { break };
        filter.before = Some(last.seq);
        seqs.extend(page.iter().map(|row| row.seq));
    }
    seqs.truncate(MOST + 1);
    seqs.reverse();
    Ok(seqs)
}
