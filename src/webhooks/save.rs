//! Creating a webhook, and saving one that was edited: patched where Kinde can, replaced where it cannot.

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::definition::check_changed;
use super::remove::an_object;
use super::replace::{AtLimit, Replaced, replace};
use super::settle::Earlier;
use super::talk::Talk;
use super::{Diff, Ends, Refusal, Sink, endpoint};
use crate::check::{Verdict, worst};
use crate::kinde::{Definition, Webhook};
use crate::step::StepState;

/// A webhook that was made.
#[derive(Debug, Clone)]
pub struct Created {
    /// As it is now.
    pub webhook: Webhook,
    /// The API's own answer.
    pub answer: Value,
}

/// An edit to save.
#[derive(Debug, Clone)]
pub struct Change {
    /// The webhook as the editor was opened on it.
    pub opened: Webhook,
    /// What it shall be.
    pub wanted: Definition,
    /// What to do where the endpoint changes and the plan has no room for two.
    pub at_limit: AtLimit,
}

/// How an edit was saved.
#[derive(Debug, Clone)]
pub enum Saved {
    /// Nothing was different, and nothing was sent.
    Unchanged,
    /// Patched in place.
    Updated {
        /// As it is now.
        webhook: Webhook,
        /// The API's own answer.
        answer: Value,
    },
    /// Replaced by a new one, because the endpoint changed.
    Replaced(Replaced),
}

/// As it is sent: blanks around name and endpoint off, each type once, an empty description none.
pub(super) fn tidy(definition: &Definition) -> Definition {
    let mut event_types: Vec<String> = Vec::new();
    for it in &definition.event_types {
        if !event_types.contains(it) {
            event_types.push(it.clone());
        }
    }
    Definition {
        name: definition.name.trim().to_owned(),
        description: definition.description.clone().filter(|text| !text.trim().is_empty()),
        endpoint: endpoint::clean(&definition.endpoint),
        event_types,
    }
}

/// The same for a webhook that is `was` now: blanks around what did not change are no change.
pub(super) fn tidy_onto(was: &Definition, wanted: &Definition) -> Definition {
    let mut tidied = tidy(wanted);
    if tidied.name == was.name.trim() {
        tidied.name.clone_from(&was.name);
    }
    if tidied.endpoint == endpoint::clean(&was.endpoint) {
        tidied.endpoint.clone_from(&was.endpoint);
    }
    tidied
}

/// Creates a webhook.
///
/// # Errors
/// When the definition cannot be used, the plan has no room, or Kinde refuses it; nothing was made then, unless the
/// words say otherwise.
pub async fn create(
    ends: &Ends,
    definition: &Definition,
    sink: &Sink<'_>,
    cancel: &CancellationToken,
) -> Result<Created, Refusal> {
    let definition = tidy(definition);
    let checks = ends.check(&definition, &[]);
    if worst(&checks) == Verdict::Fail {
        return Err(Refusal::unusable(checks));
    }
    let talk = Talk::new(ends, sink, cancel);
    let made = talk.write("create", "Create the webhook", || ends.api.create_webhook(&definition)).await;
    let reply = made.map_err(|stop| {
        let uncertain = stop.is_uncertain();
        let mut refusal = Refusal::from(stop);
        if uncertain {
            refusal.error.detail.push_str(". It may have been created all the same");
            "Read the list again before trying once more".clone_into(&mut refusal.error.hint);
        }
        refusal
    })?;
    // Just like what a replacement of before was to make, it is none of its.
    Earlier::of(ends, None).await.heed(Some(&reply.it), None).await;
    let webhook = Webhook { id: reply.it, definition, created_on: None };
    Ok(Created { webhook, answer: reply.body })
}

/// Saves an edit: nothing, a patch with what changed alone, or a replacement where the endpoint changed. The webhook is
/// read again first, and refused where it is no longer what the editor was opened on.
///
/// # Errors
/// When the definition cannot be used, the webhook changed meanwhile or is gone, the plan has no room for a
/// replacement, or Kinde refuses. The webhook is what it was then, unless the words say otherwise.
pub async fn save(ends: &Ends, change: &Change, sink: &Sink<'_>, cancel: &CancellationToken) -> Result<Saved, Refusal> {
    let wanted = tidy_onto(&change.opened.definition, &change.wanted);
    let diff = Diff::between(&change.opened.definition, &wanted);
    if diff.is_empty() {
        return Ok(Saved::Unchanged);
    }
    if diff.needs_replace() {
        let change = Change { wanted, ..change.clone() };
        return replace(ends, &change, sink, cancel).await.map(Saved::Replaced);
    }
    let checks = check_changed(&diff, &wanted, ends.on_this_machine);
    if worst(&checks) == Verdict::Fail {
        return Err(Refusal::unusable(checks));
    }
    let talk = Talk::new(ends, sink, cancel);
    talk.unchanged(&change.opened).await?;
    let (id, patch) = (change.opened.id.as_str(), diff.patch());
    let patched = talk.write("update", "Send what changed", || ends.api.update_webhook(id, &patch)).await;
    let answer = match patched {
        Ok(reply) => reply.body,
        Err(stop) if stop.is_not_found() => return Err(Refusal::gone(&change.opened)),
        // No good answer, and yet it may be done: the list says, below.
        Err(stop) if stop.is_uncertain() => {
            let list = talk.list("see", "See whether it was changed").await.unwrap_or_default();
            let now = list.iter().find(|webhook| webhook.id == id);
            if now.is_none_or(|now| !Diff::between(&now.definition, &wanted).is_empty()) {
                let mut refusal = Refusal::from(stop);
                refusal.error.detail.push_str(". It may be changed all the same, now or a little later");
                "Read the list again before trying once more".clone_into(&mut refusal.error.hint);
                return Err(refusal);
            }
            Value::Null
        }
        Err(stop) => return Err(stop.into()),
    };
    let answer = an_object(answer, "updated", id);
    let sent = Webhook { definition: wanted.clone(), ..change.opened.clone() };
    // Only to show it as Kinde has it: the change is made, whether this succeeds or not.
    let list = talk.list("see", "Read it again").await.unwrap_or_default();
    let webhook = list.into_iter().find(|webhook| webhook.id == id).unwrap_or(sent);
    if !Diff::between(&webhook.definition, &wanted).is_empty() {
        let step = talk.step("see", "Kinde kept something else than what was sent", StepState::Failed);
        talk.say(step.detail("Compare it with what you typed"));
    }
    Ok(Saved::Updated { webhook, answer })
}
