//! Notices what is written into the history, whoever wrote it, and judges what an earlier run left without a verdict.

use std::time::Duration;

use uuid::Uuid;

use super::Job;
use super::history::{Attention, Event, owner};
use crate::error::UserError;
use crate::store::HistoryError;
use crate::store::attempts::{Attempts, Filter, Standing};

/// How often it is looked while somebody follows and nothing is drawn.
const FOLLOWED: Duration = Duration::from_secs(2);
/// How long it rests after it looked, however many frames are drawn, and between pages of what waited for a key.
const REST: Duration = Duration::from_millis(250);

/// Watches until the job is cancelled.
pub(super) async fn watch(profile: Uuid, attention: &Attention, job: &Job) -> Result<(), UserError> {
    let attempts = job.attempts.get(&job.services).await?;
    let known = attempts.version().await?;
    if !attempts.pending(&owner(profile), 0, 1).await?.is_empty() {
        let count = super::receiver::intake(profile, job).await?.judge_pending().await?;
        if count > 0 {
            job.send(Event::CaughtUp(count)).await;
        }
    }
    // Beside it: a tenant that is out of reach must not keep changes from being noticed.
    let unknown = async {
        if let Err(error) = try_unknown(&attempts, profile, job).await {
            tracing::warn!("what was signed with an unknown key was not looked at: {}", error.title);
        }
    };
    tokio::join!(unknown, follow(&attempts, known, attention, job));
    Ok(())
}

/// Judges again what was signed with a key that was unknown when it came: the tenant may be in reach now.
async fn try_unknown(attempts: &Attempts, profile: Uuid, job: &Job) -> Result<(), UserError> {
    let unknown = Filter { limit: 1, standings: vec![Standing::UnknownKey], ..Filter::default() };
    if attempts.page(&owner(profile), unknown).await?.is_empty() {
        return Ok(());
    }
    let mut intake = super::receiver::intake(profile, job).await?;
    let looking = async {
        let mut count = intake.judge_unknown().await?;
        while intake.unfinished() {
            tokio::time::sleep(REST).await;
            count += intake.try_new_keys().await?;
        }
        Ok::<usize, HistoryError>(count)
    };
    if let Some(count) = job.cancel.run_until_cancelled(looking).await.transpose()?.filter(|it| *it > 0) {
        job.send(Event::CaughtUp(count)).await;
    }
    Ok(())
}

/// Tells of every change from the version `known` on, until the job is cancelled.
async fn follow(attempts: &Attempts, mut known: i64, attention: &Attention, job: &Job) {
    loop {
        tokio::select! {
            () = job.cancel.cancelled() => return,
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
