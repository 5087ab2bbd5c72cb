//! Activity's one job: send a read of the Management API again, edited.

use uuid::Uuid;

use super::Job;
use crate::error::{Category, UserError};
use crate::net::ExchangeId;

/// What the screen asks.
#[derive(Debug)]
pub enum Command {
    /// GET `path` (with query) of the Management API of `profile`, with its token.
    Get {
        /// The profile.
        profile: Uuid,
        /// `/api/v1/users?page_size=10`
        path: String,
    },
}

/// What comes back.
#[derive(Debug)]
pub enum Event {
    /// It was sent: the exchange that came of it. An answer of any status counts.
    Sent(Result<ExchangeId, UserError>),
}

/// Runs one command to its end.
pub async fn run(command: Command, job: Job) {
    let Command::Get { profile, path } = command;
    let sent = get(&job, profile, &path).await;
    job.send(Event::Sent(sent)).await;
}

async fn get(job: &Job, profile: Uuid, path: &str) -> Result<ExchangeId, UserError> {
    // The token goes with it: only to the API, and never to a path that could be read as another host.
    if !path.starts_with("/api/") {
        return Err(UserError::new(Category::Input, "That is no path of the Management API")
            .detail(format!("{path} does not start with /api/"))
            .hint("Give path and query alone: /api/v1/users?page_size=10"));
    }
    let tenant = job.tenant(profile).await?;
    Ok(tenant.api()?.get(path).await?.exchange)
}
