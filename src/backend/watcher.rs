//! Notices what is written into the history, whoever wrote it, and judges what an earlier run left without a verdict.

use std::time::Duration;

use uuid::Uuid;

use super::Job;
use super::history::{Attention, Event, owner};
use crate::error::UserError;

/// How often it is looked while somebody follows and nothing is drawn.
const FOLLOWED: Duration = Duration::from_secs(2);
/// How long it rests after it looked, however many frames are drawn.
const REST: Duration = Duration::from_millis(250);

/// Watches until the job is cancelled.
pub(super) async fn watch(profile: Uuid, attention: &Attention, job: &Job) -> Result<(), UserError> {
    let attempts = job.attempts.get(&job.services).await?;
    let mut known = attempts.version().await?;
    if !attempts.pending(&owner(profile), 0, 1).await?.is_empty() {
        let count = super::receiver::intake(profile, job).await?.judge_pending().await?;
        if count > 0 {
            job.send(Event::CaughtUp(count)).await;
        }
    }
    loop {
        tokio::select! {
            () = job.cancel.cancelled() => return Ok(()),
            () = attention.looked() => {}
            () = tokio::time::sleep(FOLLOWED), if attention.follows() => {}
        }
        match attempts.version().await {
            Ok(now) if now != known => {
                known = now;
                job.send(Event::Changed).await;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the history was not looked at"),
        }
        tokio::time::sleep(REST).await;
    }
}
