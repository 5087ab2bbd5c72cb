//! Deleting a webhook, and taking that back.

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::save::{Created, create};
use super::settle::Earlier;
use super::talk::Talk;
use super::{Ends, Refusal, Sink};
use crate::kinde::Webhook;

/// Deletes a webhook after reading it again: one that changed meanwhile is not deleted. Gives the API's own answer.
///
/// # Errors
/// When it changed or is gone, or Kinde refuses.
pub async fn delete(
    ends: &Ends,
    opened: &Webhook,
    sink: &Sink<'_>,
    cancel: &CancellationToken,
) -> Result<Value, Refusal> {
    let talk = Talk::new(ends, sink, cancel);
    let earlier = Earlier::of(ends, Some(&opened.id)).await;
    talk.unchanged(opened).await?;
    let deleted = talk.write("delete", "Delete the webhook", || ends.api.delete_webhook(&opened.id)).await;
    let deleted = match deleted {
        Ok(reply) => Ok(an_object(reply.body, "deleted", &opened.id)),
        Err(stop) if stop.is_not_found() => Err(Refusal::gone(opened)),
        Err(stop) if stop.is_uncertain() => {
            // No good answer, and yet it may be done: the list says.
            match talk.list("see", "See whether it is gone").await {
                Ok(list) if list.iter().all(|webhook| webhook.id != opened.id) => {
                    Ok(an_object(Value::Null, "deleted", &opened.id))
                }
                _ => {
                    let mut refusal = Refusal::from(stop);
                    refusal.error.detail.push_str(". It may be deleted all the same, now or a little later");
                    "Read the list again before trying once more. Duplicate keeps a copy of it to create again"
                        .clone_into(&mut refusal.error.hint);
                    Err(refusal)
                }
            }
        }
        Err(stop) => Err(stop.into()),
    };
    if deleted.is_ok() {
        earlier.heed(None, Some(&opened.id)).await;
    }
    deleted
}

/// Kinde's own answer; where none came, or one that is no object, what was done to which webhook.
pub(super) fn an_object(answer: Value, done: &str, id: &str) -> Value {
    if answer.is_object() { answer } else { json!({done: {"id": id}}) }
}

/// Undoes a deletion: creates the webhook again as it was. It has a new id; deliveries Kinde was still retrying for the
/// old one do not come back.
///
/// # Errors
/// As [`create`].
pub async fn undo_delete(
    ends: &Ends,
    deleted: &Webhook,
    sink: &Sink<'_>,
    cancel: &CancellationToken,
) -> Result<Created, Refusal> {
    create(ends, &deleted.definition, sink, cancel).await
}
