//! One look over all profiles for what was left in their tenants, and the cleaning of what was ticked.

use uuid::Uuid;

use super::Job;
use crate::error::{Category, UserError};
use crate::store::Journal;
use crate::webhooks::{self, Ends, Looked, Refusal, Stray, Why};

/// What the screen asks.
#[derive(Debug)]
pub enum Command {
    /// Looks through the tenants of these profiles, one after the other.
    Look {
        /// Whose.
        profiles: Vec<Uuid>,
    },
    /// Takes away what was ticked of one profile.
    Clean {
        /// Whose.
        profile: Uuid,
        /// Each with its place in the list.
        strays: Vec<(usize, Stray)>,
    },
}

impl Command {
    /// Whether it only reads: then it may be dropped wherever it is.
    pub(super) fn only_reads(&self) -> bool {
        matches!(self, Self::Look { .. })
    }
}

/// What comes back.
#[derive(Debug)]
pub enum Event {
    /// What was found at one profile.
    Looked {
        /// Whose.
        profile: Uuid,
        /// What.
        result: Result<Box<Looked>, UserError>,
    },
    /// One of what was ticked is away, or not.
    Cleaned {
        /// Whose.
        profile: Uuid,
        /// Its place in the list.
        index: usize,
        /// What was done.
        result: Result<String, Refusal>,
    },
}

/// Does what was asked.
pub async fn run(command: Command, job: Job) {
    match command {
        Command::Look { profiles } => {
            for profile in profiles {
                let result = look(profile, &job).await.map(Box::new);
                job.send(Event::Looked { profile, result }).await;
            }
        }
        Command::Clean { profile, strays } => {
            let ends = ends(profile, &job).await;
            for (index, stray) in strays {
                let result = match &ends {
                    Ok(ends) => webhooks::clean(ends, &stray, &|_| {}, &job.cancel).await,
                    Err(error) => Err(Refusal { why: Why::Failed, error: error.clone() }),
                };
                job.send(Event::Cleaned { profile, index, result }).await;
            }
        }
    }
}

async fn ends(profile: Uuid, job: &Job) -> Result<Ends, UserError> {
    Ends::of(&job.tenant(profile).await?, &Journal::of(&job.services.data))
}

async fn look(profile: Uuid, job: &Job) -> Result<Looked, UserError> {
    let known = job.profile(profile).await?;
    if known.is_sandbox() && !job.services.sandbox_dir().exists() {
        // It was never used: there is nothing in it.
        return Ok(Looked::default());
    }
    if !known.is_sandbox() && known.client_id.is_none() {
        return Err(UserError::new(Category::Auth, "It has no M2M application")
            .detail("With a domain alone the Management API cannot be asked")
            .hint("Add one in the Tenant room"));
    }
    let ends = ends(profile, job).await?;
    Ok(webhooks::look(&ends, &job.services.http, &|_| {}, &job.cancel).await)
}
