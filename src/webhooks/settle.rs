//! Puts a replacement right that did not come to its end: looks at what is there and leaves exactly one webhook.
//!
//! The same function serves a step that failed and a program that was killed. It takes nothing away without having
//! seen in the same list that the other one is there. Once the old one's deletion may be on its way, the new one is kept:
//! a call that Kinde answered with an error, or not at all, may still be carried out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::borrow::Lent;
use super::recover::LATEST;
use super::talk::{Stop, Talk, differs, named};
use super::{Diff, Ends, LOOKS, Refusal};
use crate::kinde::{Definition, Webhook};
use crate::store::Entry;

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
    /// When it was begun.
    #[serde(default)]
    pub begun: Option<Timestamp>,
    /// When Kinde was last asked to delete the old one, unless it refused: then no deletion is on its way.
    #[serde(default)]
    pub delete_sent: Option<Timestamp>,
    /// The new one was taken away again, or was about to be.
    #[serde(default)]
    pub taken_back: bool,
    /// The id under which the old one was created again.
    #[serde(default)]
    pub recreated: Option<String>,
    /// The old one was deleted or replaced on purpose since: it is not created again.
    #[serde(default)]
    pub let_go: bool,
    /// What was told of it while a late call is watched for, line by line.
    #[serde(default)]
    pub told: Option<String>,
}

impl Swap {
    /// `id` is the webhook to replace, or what was created again in its place.
    fn was(&self, id: &str) -> bool {
        self.old.id == id || self.recreated.as_deref() == Some(id)
    }
}

/// How far a replacement was, as the journal keeps it.
pub(super) mod state {
    /// The new one is being created; the old one is there.
    pub const CREATE: &str = "create";
    /// The new one was seen; the old one is being deleted.
    pub const DELETE_OLD: &str = "delete_old";
    /// At the plan's limit: the old one is being deleted first, then the new one created.
    pub const DELETE_FIRST: &str = "delete_first";
    /// Both were gone: the old one is being created again.
    pub const RECREATE: &str = "recreate";
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
    /// Both are there, the new one under this id, and the deletion of the old one may be on its way.
    Both(String),
    /// The old one was gone and is there again, under this id.
    Recreated(String),
    /// Both are gone, and it was not this that took the new one away.
    BothGone,
    /// The old one is there; this one is just like the new one, and nobody can tell whose it is.
    Unsure(String),
    /// The old one is gone on purpose, and nothing of the replacement is there.
    LetGo,
    /// The old one is gone on purpose, and this one, just like its replacement, is there besides.
    Late(String),
}

impl Settled {
    /// True where a call that got no answer may still change it.
    pub(super) fn may_change(&self) -> bool {
        !matches!(self, Self::NewStands(_) | Self::BothGone | Self::Late(_))
    }

    /// What is told of a replacement that was cut off, and remembered as told.
    pub(super) fn told(&self, swap: &Swap) -> String {
        format!("A replacement was cut off. {}", self.sentence(swap))
    }

    /// How things stand, in a sentence.
    pub(super) fn sentence(&self, swap: &Swap) -> String {
        let old = named(&swap.old);
        match self {
            Self::OldStays => format!("{old} is in place as it was, with its old endpoint"),
            Self::NewRemoved => {
                format!("{old} is in place as it was, with its old endpoint; the half-made replacement was taken away")
            }
            Self::NewStands(id) if swap.new.name == swap.old.definition.name => {
                format!("{old} has its new endpoint, under the new id {id}")
            }
            Self::NewStands(id) => {
                format!("\u{201c}{}\u{201d} is there under the id {id}, and {old} is not any more", swap.new.name)
            }
            Self::Both(id) => format!(
                "{old} is in place as it was, with its old endpoint; its replacement {id} is there too and both deliver, \
                 since Kinde did not say whether the old one will be deleted"
            ),
            Self::Recreated(id) => {
                format!("{old} was created again from the journal with its old endpoint, under the new id {id}")
            }
            Self::BothGone => format!(
                "Neither {old} nor its replacement is in Kinde: somebody deleted what was there. It was {}",
                serde_json::to_string(&swap.old.definition).unwrap_or_default()
            ),
            Self::Unsure(id) => format!(
                "{old} is in place as it was, with its old endpoint; {id} is there too, just like its replacement, and \
                 nothing tells whether this run or somebody else made it. Nothing was deleted: delete the one that is not \
                 wanted"
            ),
            Self::LetGo => format!("{old} was deleted or replaced since"),
            Self::Late(id) => format!(
                "{old} was deleted or replaced since, and {id} is there now, just like what was to take its place. \
                 Delete it if it is not wanted"
            ),
        }
    }
}

/// Puts it right. Nothing is taken for done that was not seen. What it is about to do is in the journal first, so that it
/// can be cut anywhere and done again.
pub(super) async fn settle(talk: &Talk<'_>, entry: &mut Entry, swap: &mut Swap) -> Result<Settled, Stop> {
    let talk = &talk.firmly();
    let seen = look(talk, &entry.state, swap).await?;
    let settled = match (seen.old, seen.new) {
        (Some(_), New::None) if swap.new_id.is_none() => Ok(Settled::OldStays),
        (Some(_), New::Doubtful(id)) => Ok(Settled::Unsure(id)),
        (Some(_), new) if swap.delete_sent.is_some() && seen.again.is_none() => match new {
            New::This(id) => delete_again(talk, entry, swap, id, seen.is_changed).await,
            // Somebody took it away, or the list lags. Should the old one go as well, it is created again.
            _ => {
                swap.taken_back = true;
                note(entry, swap, None).await;
                Ok(Settled::OldStays)
            }
        },
        (Some(_), new) => {
            // By the id that Kinde told, listed or not: a list may lag behind.
            let id = if let New::This(id) = new { Some(id) } else { swap.new_id.clone() };
            let Some(id) = id else { return Ok(Settled::OldStays) };
            take_back(talk, entry, swap, id).await
        }
        (None, New::This(id) | New::Doubtful(id)) if swap.let_go => Ok(Settled::Late(id)),
        (None, New::This(id) | New::Doubtful(id)) => Ok(Settled::NewStands(id)),
        (None, New::None) if swap.let_go => Ok(Settled::LetGo),
        (None, New::None) => {
            if let Some(id) = swap.recreated.clone() {
                return Ok(Settled::Recreated(id));
            }
            if !may_recreate(&entry.state, swap) {
                return Ok(Settled::BothGone);
            }
            note(entry, swap, Some(state::RECREATE)).await;
            let old = &swap.old.definition;
            let made = talk.write("put_back", "Create the old one again", || talk.ends.api.create_webhook(old)).await?;
            swap.recreated = Some(made.it.clone());
            note(entry, swap, None).await;
            Ok(Settled::Recreated(made.it))
        }
    }?;
    Ok(match (settled, seen.again) {
        // It was created again before, by a call whose answer was lost.
        (Settled::OldStays | Settled::NewRemoved, Some(id)) => Settled::Recreated(id),
        (settled, _) => settled,
    })
}

/// Both are there and the old one's deletion may be on its way: to take the new one away could leave none. So the old one
/// is deleted once more, unless somebody changed it since.
async fn delete_again(
    talk: &Talk<'_>,
    entry: &mut Entry,
    swap: &mut Swap,
    id: String,
    is_changed: bool,
) -> Result<Settled, Stop> {
    if is_changed {
        return Ok(Settled::Both(id));
    }
    let now = talk.ends.clock.now();
    let on_its_way = swap.delete_sent.is_some_and(|sent| now < sent.saturating_add(LATEST).unwrap_or(now));
    let delete = || talk.ends.api.delete_webhook(&swap.old.id);
    match talk.rid("delete_again", "Delete the old one once more", delete).await {
        Ok(()) => Ok(Settled::NewStands(id)),
        Err(stop) if stop.is_uncertain() => {
            swap.delete_sent = Some(now);
            note(entry, swap, None).await;
            Ok(Settled::Both(id))
        }
        Err(_) if on_its_way => Ok(Settled::Both(id)),
        // Kinde refuses it, and nothing asked before can be on its way any more.
        Err(_) => {
            swap.delete_sent = None;
            take_back(talk, entry, swap, id).await
        }
    }
}

async fn take_back(talk: &Talk<'_>, entry: &mut Entry, swap: &mut Swap, id: String) -> Result<Settled, Stop> {
    // By its id from now on: the next look must not take another one just like it for this.
    swap.new_id = Some(id.clone());
    swap.taken_back = true;
    note(entry, swap, None).await;
    let take = || talk.ends.api.delete_webhook(&id);
    talk.rid("put_back", "Take the replacement away", take).await.map(|()| Settled::NewRemoved)
}

/// The old one was taken away by the replacement, and not by somebody else.
fn may_recreate(state: &str, swap: &Swap) -> bool {
    !swap.let_go && ([state::DELETE_FIRST, state::RECREATE].contains(&state) || swap.taken_back)
}

/// What came of replacements and loans that are still watched for a late call, once the panel itself made or deleted a
/// webhook: whoever holds them keeps everybody else from putting them right meanwhile.
pub(super) struct Earlier {
    swaps: Vec<(Entry, Swap)>,
    loans: Vec<(Entry, Lent)>,
}

impl Earlier {
    /// Those of this tenant, or of the webhook `id` alone. That they cannot be read keeps nobody from what is to be done.
    pub(super) async fn of(ends: &Ends, id: Option<&str>) -> Self {
        let domain = ends.api.domain().to_string();
        let (mut swaps, mut loans) = (Vec::new(), Vec::new());
        for entry in ends.left_over().await.unwrap_or_default() {
            if entry.kind == super::replace::KIND
                && let Ok(swap) = entry.content::<Swap>()
                && swap.domain == domain
                && id.is_none_or(|id| swap.was(id))
            {
                swaps.push((entry, swap));
            } else if entry.kind == super::borrow::KIND
                && let Ok(lent) = entry.content::<Lent>()
                && lent.domain == domain
            {
                loans.push((entry, lent));
            }
        }
        Self { swaps, loans }
    }

    /// `made` is there on purpose, and belongs to none of them; `gone` is gone on purpose, and is not created again.
    pub(super) async fn heed(self, made: Option<&str>, gone: Option<&str>) {
        for (mut entry, mut swap) in self.swaps {
            swap.before.extend(made.map(str::to_owned));
            swap.let_go |= gone.is_some_and(|id| swap.was(id));
            note(&mut entry, &swap, None).await;
        }
        for (mut entry, mut lent) in self.loans {
            if let Some(gone) = gone {
                super::borrow::let_go(&mut entry, &mut lent, gone).await;
            }
        }
    }
}

/// A failure to write it is no reason to stop: what was there before is still in the journal, and found by its looks.
async fn note(entry: &mut Entry, swap: &Swap, state: Option<&str>) {
    let state = state.map_or_else(|| entry.state.clone(), str::to_owned);
    entry.advance(&state, swap).await.ok();
}

/// What is there.
struct Seen {
    /// The old one, or what was created again in its place.
    old: Option<String>,
    /// The old one is there as a new one, created again from the journal.
    again: Option<String>,
    /// The old one is no longer what it was.
    is_changed: bool,
    new: New,
}

/// The new webhook in a list.
enum New {
    None,
    This(String),
    /// Just as it should be, and perhaps somebody else's: Kinde told no id.
    Doubtful(String),
}

/// Looks what is there; several times where nothing is: a list may lag behind.
async fn look(talk: &Talk<'_>, state: &str, swap: &Swap) -> Result<Seen, Stop> {
    let mut looks = 1;
    loop {
        let list = talk.list("settle", "See what is there now").await?;
        let there = |id: &String| list.iter().any(|webhook| webhook.id == *id);
        let again = swap.recreated.clone().filter(there).or_else(|| {
            let again = may_recreate(state, swap).then(|| fitting(&list, swap, &swap.old.definition).next());
            again.flatten().map(|webhook| webhook.id.clone())
        });
        let old = there(&swap.old.id).then(|| swap.old.id.clone()).or_else(|| again.clone());
        let is_changed = list.iter().any(|webhook| webhook.id == swap.old.id && differs(&swap.old, webhook));
        let again = again.filter(|id| Some(id) == old.as_ref());
        let seen = Seen { again, old, is_changed, new: find_new(&list, swap) };
        if seen.old.is_some() || !matches!(seen.new, New::None) || swap.let_go || looks == LOOKS {
            return Ok(seen);
        }
        looks += 1;
        talk.sleep(talk.ends.between_looks).await;
    }
}

/// Webhooks that were not there before and are just like `wanted`.
fn fitting<'a>(list: &'a [Webhook], swap: &'a Swap, wanted: &'a Definition) -> impl Iterator<Item = &'a Webhook> {
    list.iter().filter(move |webhook| {
        !swap.before.contains(&webhook.id)
            && swap.new_id.as_ref() != Some(&webhook.id)
            && Diff::between(&webhook.definition, wanted).is_empty()
    })
}

/// The new webhook in `list`: by the id that Kinde told. Without one it is at best doubtful: somebody may have made the
/// same one by hand in the meantime, and nothing in it tells the two apart.
fn find_new(list: &[Webhook], swap: &Swap) -> New {
    if let Some(id) = &swap.new_id {
        return if list.iter().any(|webhook| webhook.id == *id) { New::This(id.clone()) } else { New::None };
    }
    fitting(list, swap, &swap.new).next().map_or(New::None, |webhook| New::Doubtful(webhook.id.clone()))
}

impl Refusal {
    /// Adds how things stand after `settled`.
    pub(super) fn after(mut self, settled: &Settled, swap: &Swap) -> Self {
        self.error.title = match settled {
            Settled::BothGone => "The webhook could not be replaced, and is gone".to_owned(),
            Settled::Both(_) => format!("{} is half replaced", named(&swap.old)),
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
