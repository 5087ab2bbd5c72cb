//! Looking an event up by its id.

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::ids::{event_id, made_at};
use super::talk::{Stop, Talk};
use super::{Ends, Refusal, Sink};
use crate::error::{Category, UserError};
use crate::kinde::{ApiErrorKind, Event, Reply};

/// An event Kinde knows.
#[derive(Debug, Clone)]
pub struct Found {
    /// The event, and the API's own answer.
    pub reply: Reply<Event>,
    /// When it was made, from the time in its id.
    pub made_at: Option<Timestamp>,
}

/// Looks up the event that `pasted` names: an Event ID, alone or as it stands in a payload.
///
/// # Errors
/// When it is no Event ID (the words say what it is), Kinde does not know it, or does not answer.
pub async fn look_up(ends: &Ends, pasted: &str, sink: &Sink<'_>, cancel: &CancellationToken) -> Result<Found, Refusal> {
    let id = event_id(pasted).map_err(Refusal::failed)?;
    let talk = Talk::new(ends, sink, cancel);
    match talk.read("event", "Look the event up", || ends.api.event(&id)).await {
        Ok(reply) => Ok(Found { reply, made_at: made_at(&id) }),
        Err(Stop::Api(error)) if matches!(error.kind, ApiErrorKind::NotFound | ApiErrorKind::Validation) => {
            let error = UserError::new(Category::Api, "Kinde does not know this event")
                .detail(format!("This environment has no event of that id. {}", error.said()))
                .hint("Check that the profile is of the environment the event came from");
            Err(Refusal::failed(error))
        }
        Err(stop) => Err(stop.into()),
    }
}
