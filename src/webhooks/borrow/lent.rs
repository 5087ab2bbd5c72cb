//! What a loan writes into the journal before its first call, and what of it stands in a list.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::talk::named;
use crate::kinde::{Definition, MARK, Webhook};

/// The kind of entry in the journal.
pub(in crate::webhooks) const KIND: &str = "webhook_borrow";

/// What begins the mark of what is made again.
const BACK: &str = "kinde_panel_back_";

/// A webhook that was made for a loan, or is about to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Made {
    pub definition: Definition,
    /// Once Kinde told it.
    pub id: Option<String>,
}

/// A call that may be carried out although no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Call {
    /// Making the one that points here.
    Create,
    /// Taking away the one that stands aside.
    DeleteOld,
    /// Making that one again.
    Again,
}

/// A call that is under way, or got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    pub call: Call,
    pub at: Timestamp,
}

/// What was done to a tenant for a loan, and what it owes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::webhooks) struct Lent {
    /// The tenant's domain: a profile that points elsewhere by now is no place to put this right.
    pub(in crate::webhooks) domain: String,
    /// Stands in the description of what is made here: by it a webhook is found again whose id was never told.
    pub(super) mark: String,
    /// Every webhook that was made for it, the newest last: there are several where the address changed meanwhile.
    pub(super) made: Vec<Made>,
    /// The webhook that stands aside for it, as it was.
    pub(super) old: Option<Webhook>,
    /// That one's deletion was begun: from then on it is owed.
    pub(super) owed: bool,
    /// What it is made again as: as it was, with what somebody changed in what stands in for it.
    pub(super) back: Option<Definition>,
    /// The id under which it was made again.
    pub(super) again: Option<String>,
    /// Others of it, that calls without an answer made.
    pub(super) twice: Vec<String>,
    /// What was asked of Kinde and got no answer, and was not seen done either: it may yet be carried out.
    pub(super) asked: Vec<Asked>,
    /// What was told of it while a late call is watched for. Read by [`super::super::is_watched`] too.
    pub(super) told: Option<String>,
}

impl Lent {
    /// Begins the description of a webhook that points here.
    pub(super) fn description(&self) -> String {
        format!("Points at a Kinde Panel while that listens, and goes away at its end. {}", self.mark)
    }

    /// Stands at the end of the description of what is made again, until it is seen.
    pub(super) fn back_mark(&self) -> String {
        self.mark.replacen(MARK, BACK, 1)
    }

    /// What stands aside, to be made again: as `wanted`, and marked.
    pub(super) fn marked_again(&self, wanted: &Definition) -> Definition {
        let description = wanted.description.as_deref().unwrap_or_default();
        let marked = format!("{description} {}", self.back_mark()).trim_start().to_owned();
        Definition { description: Some(marked), ..wanted.clone() }
    }

    /// `call` is about to be sent.
    pub(super) fn ask(&mut self, call: Call, at: Timestamp) {
        self.asked.push(Asked { call, at });
    }

    /// The newest `call` is known to be done, or not to be.
    pub(super) fn answered(&mut self, call: Call) {
        if let Some(index) = self.asked.iter().rposition(|asked| asked.call == call) {
            self.asked.remove(index);
        }
    }

    /// The webhook was made for this loan: by its id, else by its mark.
    pub(super) fn is_ours(&self, webhook: &Webhook) -> bool {
        self.made.iter().any(|made| made.id.as_ref() == Some(&webhook.id)) || described(webhook, &self.mark)
    }

    /// It points at an address that this loan gave it: somebody may have pointed it elsewhere since.
    pub(super) fn points_here(&self, webhook: &Webhook) -> bool {
        self.made.iter().any(|made| made.definition.endpoint == webhook.definition.endpoint)
    }

    /// It is what stands aside, made again.
    pub(super) fn is_again(&self, webhook: &Webhook) -> bool {
        self.again.as_ref() == Some(&webhook.id) || described(webhook, &self.back_mark())
    }

    /// `id` is the webhook that stands aside, or what was made again in its place.
    pub(super) fn stands_aside(&self, id: &str) -> bool {
        self.old.as_ref().is_some_and(|old| old.id == id) || self.again.as_deref() == Some(id)
    }

    /// What points here, as a sentence names it.
    pub(super) fn name(&self) -> String {
        match (&self.old, self.made.last()) {
            (Some(old), _) => named(old),
            (None, Some(made)) => format!("\u{201c}{}\u{201d}", made.definition.name),
            (None, None) => "The webhook".to_owned(),
        }
    }
}

/// A webhook that some panel made for a loan, or is making again after one.
pub(in crate::webhooks) fn is_of_a_loan(webhook: &Webhook) -> bool {
    described(webhook, MARK)
}

fn described(webhook: &Webhook, mark: &str) -> bool {
    webhook.definition.description.as_deref().is_some_and(|text| text.contains(mark))
}
