//! Puts a replacement right that did not come to its end: looks at what is there and leaves exactly one webhook.
//!
//! The same function serves a step that failed and a program that was killed. It takes nothing away without having
//! seen in the same list that the other one is there.

use serde::{Deserialize, Serialize};

use super::talk::{Stop, Talk, named};
use super::{Diff, Refusal};
use crate::kinde::{Definition, Webhook};

/// What a replacement writes into the journal before its first call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Swap {
    /// The tenant's domain: a profile that points elsewhere by now is no place to put this right.
    pub domain: String,
    /// The webhook to replace, as it was.
    pub old: Webhook,
    /// What takes its place.
    pub new: Definition,
    /// The webhooks there were before: none of them is the new one.
    pub before: Vec<String>,
    /// The new one's id, once Kinde told it.
    pub new_id: Option<String>,
}

/// How far a replacement was, as the journal keeps it.
pub(super) mod state {
    /// The new one is being created; the old one is there.
    pub const CREATE: &str = "create";
    /// The new one was seen; the old one is being deleted.
    pub const DELETE_OLD: &str = "delete_old";
    /// At the plan's limit: the old one is being deleted first, then the new one created.
    pub const DELETE_FIRST: &str = "delete_first";
}

/// How it was put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Settled {
    /// The old one is there and the new one is not.
    OldStays,
    /// The old one is there, and the new one was taken away.
    NewRemoved,
    /// The new one is there and the old one is not: it was done after all.
    NewStands(String),
    /// The old one was gone and is there again, under this id.
    Recreated(String),
    /// Both are gone, and it was not this that took the new one away.
    BothGone,
}

impl Settled {
    /// How things stand, in a sentence.
    pub(super) fn sentence(&self, swap: &Swap) -> String {
        let old = named(&swap.old);
        match self {
            Self::OldStays => format!("{old} is in place as it was, with its old endpoint"),
            Self::NewRemoved => {
                format!("{old} is in place as it was, with its old endpoint; the half-made replacement was taken away")
            }
            Self::NewStands(id) => format!("{old} has its new endpoint, under the new id {id}"),
            Self::Recreated(id) => {
                format!("{old} was created again from the journal with its old endpoint, under the new id {id}")
            }
            Self::BothGone => format!(
                "Neither {old} nor its replacement is in Kinde: the replacement was there and somebody deleted it since"
            ),
        }
    }
}

/// Puts it right. Nothing is taken for done that was not seen.
pub(super) async fn settle(talk: &Talk<'_>, state: &str, swap: &Swap) -> Result<Settled, Stop> {
    let talk = &talk.firmly();
    let list = talk.list("settle", "See what is there now").await?;
    let old_there = list.iter().any(|webhook| webhook.id == swap.old.id);
    match (old_there, find_new(&list, swap)) {
        (true, None) => Ok(Settled::OldStays),
        (true, Some(id)) => {
            let removed =
                talk.write("put_back", "Take the replacement away", || talk.ends.api.delete_webhook(&id)).await;
            match removed {
                Ok(_) => Ok(Settled::NewRemoved),
                Err(stop) if stop.is_not_found() => Ok(Settled::NewRemoved),
                Err(stop) => Err(stop),
            }
        }
        (false, Some(id)) => Ok(Settled::NewStands(id)),
        (false, None) if state == state::DELETE_FIRST => {
            let old = &swap.old.definition;
            let made = talk.write("put_back", "Create the old one again", || talk.ends.api.create_webhook(old)).await?;
            Ok(Settled::Recreated(made.it))
        }
        (false, None) => Ok(Settled::BothGone),
    }
}

/// The new webhook in `list`: by its id, else the only one that was not there before and is just as it should be.
fn find_new(list: &[Webhook], swap: &Swap) -> Option<String> {
    if let Some(id) = &swap.new_id {
        return list.iter().any(|webhook| webhook.id == *id).then(|| id.clone());
    }
    let mut fitting = list.iter().filter(|webhook| {
        !swap.before.contains(&webhook.id) && Diff::between(&webhook.definition, &swap.new).is_empty()
    });
    match (fitting.next(), fitting.next()) {
        (Some(webhook), None) => Some(webhook.id.clone()),
        _ => None,
    }
}

impl Refusal {
    /// Adds how things stand after `settled`.
    pub(super) fn after(mut self, settled: &Settled, swap: &Swap) -> Self {
        self.error.title = match settled {
            Settled::BothGone => "The webhook could not be replaced, and is gone".to_owned(),
            _ => format!("{} was not replaced", named(&swap.old)),
        };
        self.error.detail = format!("{}. {}", settled.sentence(swap), self.error.detail);
        self
    }

    /// Adds that it could not be put right now.
    pub(super) fn left_open(mut self, why: Stop, swap: &Swap) -> Self {
        let now = Self::from(why).error;
        self.error.title = format!("{} is half replaced", named(&swap.old));
        self.error.detail = format!(
            "{}. What is in Kinde now could not be put right: {}. Both definitions are kept in the journal",
            self.error.detail, now.title
        );
        "The next command or start looks at it again and leaves exactly one webhook".clone_into(&mut self.error.hint);
        self
    }
}
