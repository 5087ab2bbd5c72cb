//! The newest kept attempt of an event type, to be sent again as an event of the sandbox.

use jiff::Timestamp;
use serde_json::Value;

use super::Job;
use crate::error::{Category, UserError};
use crate::inspector::key_source::owner_id;
use crate::jwt::Compact;
use crate::store::attempts::{Attempt, Attempts, Filter, Standing};

/// So many attempts of a profile are looked at: the newest may hold nothing that can be read.
const LOOKED_AT: usize = 20;

/// A received event.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// What its token says.
    pub payload: Value,
    /// When it had come.
    pub at: Timestamp,
    /// The profile that received it.
    pub profile: String,
    /// Whether it was verified.
    pub verified: bool,
}

/// The newest attempt of the type in the history of any profile; verified ones go before.
pub(super) async fn newest(job: &Job, event_type: &str) -> Result<Option<Received>, UserError> {
    let attempts = job.attempts.get(&job.services).await?;
    let profiles = job.services.profiles.clone();
    let profiles = tokio::task::spawn_blocking(move || profiles.list()).await.map_err(|error| {
        UserError::new(Category::Internal, "The profiles were not read").detail(error.to_string()).hint("Try again")
    })??;
    for (verified, standings) in [(true, vec![Standing::Good, Standing::Failed]), (false, Vec::new())] {
        let mut newest: Option<(i64, Received)> = None;
        for profile in &profiles {
            let of = Filter {
                types: vec![event_type.to_owned()],
                standings: standings.clone(),
                limit: LOOKED_AT,
                ..Filter::default()
            };
            let page = attempts.page(&owner_id(profile), of).await?;
            let Some((row, payload)) = readable(&attempts, page).await? else { continue };
            if newest.as_ref().is_none_or(|(seq, _)| *seq < row.seq) {
                let received = Received { payload, at: row.received_at, profile: profile.name.clone(), verified };
                newest = Some((row.seq, received));
            }
        }
        if let Some((_, received)) = newest {
            return Ok(Some(received));
        }
    }
    Ok(None)
}

/// The newest of them whose payload is an object.
async fn readable(attempts: &Attempts, mut page: Vec<Attempt>) -> Result<Option<(Attempt, Value)>, UserError> {
    page.sort_by_key(|row| std::cmp::Reverse(row.seq));
    for row in page {
        let Some(whole) = attempts.whole(&row.owner, row.seq).await? else { continue };
        let Ok(compact) = Compact::split(whole.body.trim_ascii()) else { continue };
        if let Ok(payload @ Value::Object(_)) = serde_json::from_slice(&compact.payload) {
            return Ok(Some((row, payload)));
        }
    }
    Ok(None)
}
