//! How much of the history is kept: what Settings shows of it, the rule, and what removed profiles left.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Job, history};
use crate::error::UserError;
use crate::store::attempts::Retention;

/// What Settings asks.
#[derive(Debug, Clone, Copy)]
pub enum Command {
    /// How much is kept.
    Look,
    /// Keep so much from now on, and delete what is more.
    Keep(Retention),
    /// Delete what profiles left that are not saved any more.
    ClearLeft,
}

impl Command {
    /// Whether it may be dropped wherever it is: it only reads.
    pub(super) fn only_reads(&self) -> bool {
        matches!(self, Self::Look)
    }
}

/// How much is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// The used part of the database, in bytes.
    pub bytes: u64,
    /// How many events, of every profile.
    pub events: u64,
    /// How many of them are of profiles that are not saved any more.
    pub left: u64,
    /// When the oldest was kept.
    pub oldest: Option<Timestamp>,
    /// The rule.
    pub keep: Retention,
    /// How many were deleted just now, where that was asked.
    pub deleted: Option<usize>,
}

/// What comes back.
#[derive(Debug)]
pub enum Event {
    /// The answer to each command: how much is kept now.
    Used(Result<Used, UserError>),
}

/// Runs one command to its end.
pub async fn run(command: Command, job: Job) {
    let used = work(command, &job).await;
    job.send(Event::Used(used)).await;
}

async fn work(command: Command, job: &Job) -> Result<Used, UserError> {
    let deleted = match command {
        Command::Look => None,
        Command::Keep(retention) => Some(history::keep(job, retention).await?),
        Command::ClearLeft => {
            let attempts = job.attempts.get(&job.services).await?;
            let mut gone = 0;
            for (owner, _) in left(job).await? {
                gone += attempts.delete_owner(&owner).await?;
            }
            Some(gone)
        }
    };
    let attempts = job.attempts.get(&job.services).await?;
    let usage = attempts.usage().await?;
    Ok(Used {
        bytes: usage.bytes,
        events: usage.owners.iter().map(|(_, count)| count).sum(),
        left: left(job).await?.iter().map(|(_, count)| count).sum(),
        oldest: usage.oldest,
        keep: attempts.retention().await?,
        deleted,
    })
}

/// What is kept of profiles that are not saved any more. The history of a domain that was never saved has that for a name,
/// and is none of these.
async fn left(job: &Job) -> Result<Vec<(String, u64)>, UserError> {
    let profiles = job.services.profiles.clone();
    let saved = tokio::task::spawn_blocking(move || profiles.list()).await;
    // Where it cannot be told which are saved, nothing is left over.
    let Ok(saved) = saved else { return Ok(Vec::new()) };
    let saved = saved?;
    let usage = job.attempts.get(&job.services).await?.usage().await?;
    let gone = |owner: &str| Uuid::parse_str(owner).is_ok_and(|id| saved.iter().all(|profile| profile.id != id));
    Ok(usage.owners.into_iter().filter(|(owner, _)| gone(owner)).collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{AttemptStore, Event as Any, EventSender, Events, SandboxHost, tenant};
    use super::*;
    use crate::clock::Clock;
    use crate::kinde::Domain;
    use crate::kinde::jwks::Jwks;
    use crate::net::Recorder;
    use crate::secrets::SecretStore;
    use crate::services::Services;
    use crate::store::attempts::NewAttempt;
    use crate::tenant::{Profile, SANDBOX_PROFILE};

    fn job(dir: &std::path::Path) -> (Job, Events) {
        let services = Services::open(dir, Recorder::silent(), Clock::real(), SecretStore::memory()).unwrap();
        let (events, queue) = EventSender::queue(|| {});
        let job = Job {
            id: 7,
            jwks: Jwks::new(services.http.clone(), None),
            services,
            sandbox: SandboxHost::default(),
            attempts: AttemptStore::default(),
            lending: Default::default(),
            events,
            cancel: tokio_util::sync::CancellationToken::new(),
        };
        (job, queue)
    }

    async fn keep(job: &Job, owner: &str, days: i64) {
        let new = NewAttempt {
            owner: owner.to_owned(),
            received_at: job.services.clock.now() - jiff::SignedDuration::from_hours(24 * days),
            webhook_id: None,
            event_id: None,
            event_type: None,
            who: None,
            content: None,
            headers: Vec::new(),
            body: format!("{owner} {days}").into_bytes(),
            whole: true,
            responded: Some(200),
        };
        job.attempts.get(&job.services).await.unwrap().receive(new).await.unwrap();
    }

    async fn used(job: &Job, queue: &mut Events, command: Command) -> Used {
        run(command, job.clone()).await;
        let Any::Keeping(Event::Used(used)) = queue.take().unwrap().event else { panic!("something else") };
        used.unwrap()
    }

    #[tokio::test]
    async fn what_is_kept_is_counted_the_rule_is_carried_out_and_only_removed_profiles_are_cleared() {
        let dir = tempfile::tempdir().unwrap();
        let (job, mut queue) = job(dir.path());
        let gone = Uuid::from_u128(9).to_string();
        let attempts = job.attempts.get(&job.services).await.unwrap();
        attempts.set_retention(Retention { age: None, bytes: None }).await.unwrap();
        for (owner, days) in
            [(SANDBOX_PROFILE.to_string().as_str(), 0), (&gone, 1), (&gone, 2), ("https://acme.kinde.com", 40)]
        {
            keep(&job, owner, days).await;
        }
        let first = used(&job, &mut queue, Command::Look).await;
        assert_eq!((first.events, first.left, first.deleted), (4, 2, None));
        assert_eq!(first.keep, Retention { age: None, bytes: None }, "looking leaves the rule as it is");
        assert!(first.bytes > 0 && first.oldest.is_some());
        let rule = Retention { age: Some(Duration::from_secs(30 * 86_400)), bytes: None };
        let kept = used(&job, &mut queue, Command::Keep(rule)).await;
        assert_eq!((kept.events, kept.left, kept.deleted, kept.keep), (3, 2, Some(1), rule));
        assert_eq!(attempts.retention().await.unwrap(), rule, "every process keeps to it");
        let cleared = used(&job, &mut queue, Command::ClearLeft).await;
        assert_eq!((cleared.events, cleared.left, cleared.deleted), (1, 0, Some(2)));
    }

    #[tokio::test]
    async fn a_removed_profile_takes_its_events_with_it_only_where_that_was_said() {
        for events in [false, true] {
            let dir = tempfile::tempdir().unwrap();
            let (job, mut queue) = job(dir.path());
            let profile = Profile::new("acme", Domain::parse("acme.kinde.com").unwrap());
            let id = profile.id;
            job.services.profiles.add(profile).unwrap();
            keep(&job, &id.to_string(), 1).await;
            tenant::run(tenant::Command::Remove { profile: id, anyway: false, events }, job.clone()).await;
            let Any::Tenant(tenant::Event::Removed(Ok(removed))) = queue.take().unwrap().event else {
                panic!("something else")
            };
            assert_eq!(removed.events.map(Result::unwrap), events.then_some(1));
            assert_eq!(used(&job, &mut queue, Command::Look).await.left, u64::from(!events));
        }
    }

    #[tokio::test]
    async fn the_receiver_of_a_removed_profile_has_stopped_before_its_events_are_deleted() {
        let dir = tempfile::tempdir().unwrap();
        let (job, mut queue) = job(dir.path());
        let profile = Profile::new("acme", Domain::parse("acme.kinde.com").unwrap());
        let id = profile.id;
        job.services.profiles.add(profile).unwrap();
        let (_settings, settings) = tokio::sync::watch::channel(history::Settings::default());
        let receiving = Job { cancel: tokio_util::sync::CancellationToken::new(), ..job.clone() };
        let listen = history::Command::Listen { profile: id, wish: history::Wish::default(), settings };
        tokio::spawn(history::run(listen, receiving));
        let port = loop {
            if let Some(stamped) = queue.take() {
                let Any::History(history::Event::Listening(up)) = stamped.event else { panic!("something else") };
                break up.unwrap().port;
            }
            tokio::task::yield_now().await;
        };
        tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        tenant::run(tenant::Command::Remove { profile: id, anyway: false, events: true }, job.clone()).await;
        assert!(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err(), "it receives on");
    }
}
