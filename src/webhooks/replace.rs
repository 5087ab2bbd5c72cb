//! Replacing a webhook, which is what a new endpoint takes: Kinde cannot patch it.
//!
//! Journal, create the new one, see it listed, delete the old one. Whatever fails, the old one stays and the job says
//! so; where Kinde leaves open whether it deletes the old one, the new one stays too, lest both be gone. At the plan's
//! limit, and only when the person allowed it: delete, then create; the old one is created again from the journal where
//! that fails.

use tokio_util::sync::CancellationToken;

use super::save::Change;
use super::scopes::allowed;
use super::settle::{Earlier, Settled, Swap, settle, state};
use super::talk::{Stop, Talk, differs, named};
use super::{Ends, LOOKS, Refusal, Sink};
use crate::check::{Verdict, worst};
use crate::error::{Category, UserError};
use crate::kinde::Webhook;
use crate::step::StepState;
use crate::store::Entry;

/// The kind of entry in the journal.
pub(super) const KIND: &str = "webhook_replace";

/// What to tell a person before and after.
pub const REPLACE_NOTE: &str = "Deliveries Kinde is still retrying for the old webhook may end with it; for a moment both \
                                may deliver";

/// What to do where the plan has no room for two webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AtLimit {
    /// Nothing: refuse with [`super::Why::Limit`], so that the person can be asked.
    #[default]
    Refuse,
    /// Delete the old one first. For a moment there is none.
    DeleteFirst,
}

/// A webhook that took the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// The id that is gone.
    pub old: String,
    /// The new webhook.
    pub webhook: Webhook,
}

struct Job<'a> {
    talk: Talk<'a>,
    entry: Entry,
    swap: Swap,
    /// Held to the end: putting an earlier try right in the middle of this one could take away what this one made.
    earlier: Earlier,
}

/// Replaces `change.opened` by a webhook as `change.wanted` says (already tidied).
pub(super) async fn replace(
    ends: &Ends,
    change: &Change,
    sink: &Sink<'_>,
    cancel: &CancellationToken,
) -> Result<Replaced, Refusal> {
    begin(ends, change, None::<std::future::Ready<()>>, sink, cancel).await
}

/// The same where the plan is known to have no room and the person wants the old one gone in any case: the old one is
/// deleted first, and created again where the new one is refused. `between` is done while neither is there.
pub(super) async fn take_the_place(
    ends: &Ends,
    change: &Change,
    between: impl Future<Output = ()>,
    sink: &Sink<'_>,
    cancel: &CancellationToken,
) -> Result<Replaced, Refusal> {
    begin(ends, change, Some(between), sink, cancel).await
}

async fn begin(
    ends: &Ends,
    change: &Change,
    between: Option<impl Future<Output = ()>>,
    sink: &Sink<'_>,
    cancel: &CancellationToken,
) -> Result<Replaced, Refusal> {
    let checks = ends.check(&change.wanted, &[]);
    if worst(&checks) == Verdict::Fail {
        return Err(Refusal::unusable(checks));
    }
    let talk = Talk::new(ends, sink, cancel);
    let earlier = Earlier::of(ends, Some(&change.opened.id)).await;
    let list = talk.unchanged(&change.opened).await?;
    let scopes = ["create:webhooks", "delete:webhooks"].map(str::to_owned);
    allowed(ends, &scopes, cancel).await?;
    let swap = Swap {
        domain: ends.api.domain().to_string(),
        old: change.opened.clone(),
        new: change.wanted.clone(),
        before: list.into_iter().map(|webhook| webhook.id).collect(),
        new_id: None,
        begun: Some(ends.clock.now()),
        delete_sent: None,
        taken_back: false,
        recreated: None,
        let_go: false,
        told: None,
    };
    let entry = ends.journal.begin(&ends.owner, KIND, state::CREATE, &swap, ends.clock.now()).await;
    let entry = entry.map_err(|error| {
        let mut error = UserError::from(error);
        error.detail.push_str(". Without a journal nothing is replaced; nothing was sent");
        Refusal::failed(error)
    })?;
    talk.say(talk.step("journal", "The old one is written down", StepState::Done));
    let job = Job { talk, entry, swap, earlier };
    match between {
        Some(between) => job.delete_first(between).await,
        None => job.run(change.at_limit).await,
    }
}

impl Job<'_> {
    async fn run(mut self, at_limit: AtLimit) -> Result<Replaced, Refusal> {
        let made = self.create().await;
        match made {
            Ok(()) => {}
            Err(stop) if stop.is_limit() && at_limit == AtLimit::DeleteFirst => {
                return self.delete_first(std::future::ready(())).await;
            }
            Err(stop) => return self.put_right(stop).await,
        }
        match self.listed().await {
            Ok(Some(list)) => {
                // The last look before the old one goes: somebody may have changed it meanwhile.
                let old = &self.swap.old;
                let now = list.into_iter().find(|webhook| webhook.id == old.id && differs(old, webhook));
                if let Some(now) = now {
                    return self.put_right_because(Refusal::changed(now), false).await;
                }
            }
            Ok(None) => return self.put_right_because(never_listed(), false).await,
            Err(stop) => return self.put_right(stop).await,
        }
        if let Err(refusal) = self.about_to_delete(state::DELETE_OLD).await {
            return self.put_right_because(refusal, false).await;
        }
        match self.delete_old("Delete the old one").await {
            Ok(()) => self.finish().await,
            Err(stop) => self.put_right(stop).await,
        }
    }

    async fn about_to_delete(&mut self, state: &str) -> Result<(), Refusal> {
        self.swap.delete_sent = Some(self.talk.ends.clock.now());
        let noted = self.entry.advance(state, &self.swap).await;
        noted.map_err(|error| {
            self.swap.delete_sent = None;
            Refusal::failed(error)
        })
    }

    /// One that Kinde refuses is none that may be on its way.
    async fn delete_old(&mut self, title: &str) -> Result<(), Stop> {
        let (api, old) = (&self.talk.ends.api, &self.swap.old.id);
        let outcome = self.talk.rid("delete_old", title, || api.delete_webhook(old)).await;
        if outcome.as_ref().is_err_and(|stop| !stop.is_uncertain()) {
            self.swap.delete_sent = None;
            // Written or not: what is asked once more is refused once more.
            let state = self.entry.state.clone();
            self.entry.advance(&state, &self.swap).await.ok();
        }
        outcome
    }

    async fn create(&mut self) -> Result<(), Stop> {
        let (api, new) = (&self.talk.ends.api, &self.swap.new);
        let reply = self.talk.write("create", "Create the new one", || api.create_webhook(new)).await?;
        self.swap.new_id = Some(reply.it);
        // Without this line the new one is found by its definition; a failure to write it is no reason to stop.
        let state = self.entry.state.clone();
        self.entry.advance(&state, &self.swap).await.ok();
        Ok(())
    }

    /// The list once the new one stands in it.
    async fn listed(&self) -> Result<Option<Vec<Webhook>>, Stop> {
        for look in 1..=LOOKS {
            let list = self.talk.list("listed", "See it listed").await?;
            if list.iter().any(|webhook| Some(&webhook.id) == self.swap.new_id.as_ref()) {
                return Ok(Some(list));
            }
            if look < LOOKS && !self.talk.sleep(self.talk.ends.between_looks).await {
                return Err(Stop::Cancelled);
            }
        }
        let step = self.talk.step("listed", "The new one does not appear in the list", StepState::Failed);
        self.talk.say(step);
        Ok(None)
    }

    /// At the plan's limit: the person allowed to delete first.
    async fn delete_first(mut self, between: impl Future<Output = ()>) -> Result<Replaced, Refusal> {
        if let Err(refusal) = self.talk.unchanged(&self.swap.old).await {
            // Nothing was made and nothing was deleted.
            self.entry.done().await.ok();
            return Err(refusal);
        }
        if let Err(refusal) = self.about_to_delete(state::DELETE_FIRST).await {
            return self.put_right_because(refusal, false).await;
        }
        if let Err(stop) = self.delete_old("Delete the old one first").await {
            if !stop.is_uncertain() {
                return self.put_right(stop).await;
            }
            if let Err(again) = self.delete_old("Delete the old one first, once more").await {
                // Whatever this one was answered, the one before may be on its way.
                return self.put_right_because(again.into(), true).await;
            }
        }
        // From here on there is none: cancelling waits until there is one again.
        self.talk = self.talk.firmly();
        between.await;
        match self.create().await {
            Ok(()) => {}
            Err(stop) => return self.put_right(stop).await,
        }
        match self.listed().await {
            Ok(Some(_)) => self.finish().await,
            // Kinde told its id: creating the old one as well could only be refused, at the limit.
            Ok(None) | Err(_) => {
                let step = self.talk.step("listed", "The new one was created and not seen yet", StepState::Failed);
                self.talk.say(step.detail("The journal keeps the old one until it is seen"));
                let replaced = self.replaced();
                self.earlier.heed(Some(&replaced.webhook.id), Some(&replaced.old)).await;
                Ok(replaced)
            }
        }
    }

    fn replaced(&self) -> Replaced {
        let id = self.swap.new_id.clone().unwrap_or_default();
        let webhook = Webhook { id, definition: self.swap.new.clone(), created_on: None };
        Replaced { old: self.swap.old.id.clone(), webhook }
    }

    async fn finish(self) -> Result<Replaced, Refusal> {
        let replaced = self.replaced();
        // What stays in the journal is looked at again, and found done.
        self.entry.done().await.ok();
        self.earlier.heed(Some(&replaced.webhook.id), Some(&replaced.old)).await;
        Ok(replaced)
    }

    async fn put_right(self, stop: Stop) -> Result<Replaced, Refusal> {
        let uncertain = stop.is_uncertain();
        self.put_right_because(stop.into(), uncertain).await
    }

    /// Leaves exactly one webhook and says which. `uncertain`: Kinde may yet carry out what it did not answer, so the
    /// journal keeps the entry and the next start looks once more.
    async fn put_right_because(self, refusal: Refusal, uncertain: bool) -> Result<Replaced, Refusal> {
        let Self { talk, mut entry, mut swap, earlier } = self;
        let settled = match settle(&talk, &mut entry, &mut swap).await {
            Ok(settled) => settled,
            Err(stop) => return Err(refusal.left_open(stop, &swap)),
        };
        let state = if settled == Settled::BothGone { StepState::Failed } else { StepState::Done };
        talk.say(talk.step("settled", settled.sentence(&swap), state));
        let looks_again = uncertain && settled.may_change();
        if looks_again {
            // Told here: what looks again says only what is news.
            swap.told = Some(settled.told(&swap));
            let state = entry.state.clone();
            entry.advance(&state, &swap).await.ok();
        } else {
            entry.done().await.ok();
        }
        if let Settled::NewStands(id) = settled {
            earlier.heed(Some(&id), Some(&swap.old.id)).await;
            let webhook = Webhook { id, definition: swap.new, created_on: None };
            return Ok(Replaced { old: swap.old.id, webhook });
        }
        let mut refusal = refusal.after(&settled, &swap);
        if looks_again {
            let name = named(&swap.old);
            let words =
                format!(". Kinde may still carry it out: the next command that writes looks at {name} once more");
            refusal.error.detail.push_str(&words);
            if let Settled::Both(id) = &settled {
                refusal.error.hint = format!("{name} is deleted then. To keep it, delete {id} before");
            }
        }
        Err(refusal)
    }
}

fn never_listed() -> Refusal {
    let error = UserError::new(Category::Api, "The new webhook does not appear in Kinde's list")
        .detail("Kinde said that it was created, and does not list it")
        .hint("Read the list again; the new one may still appear there");
    Refusal::failed(error)
}
