//! Puts right what an earlier run left half done: replacements, things that a trigger made, webhooks that were borrowed.

use jiff::SignedDuration;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::settle::{Settled, Swap, settle};
use super::talk::{Talk, named};
use super::{Ends, Refusal, Sink, borrow, replace, trigger};
use crate::clock::clock_time;
use crate::error::UserError;
use crate::step::Step;
use crate::store::{Entry, HistoryError};

/// One thing that was left, and how it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// In a sentence.
    pub words: String,
    /// False where it could not be put right: it stays in the journal, or the words tell all that it held.
    pub settled: bool,
}

/// Which leftovers are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leftovers {
    /// All of them.
    All,
    /// Those that nobody looked at yet.
    New,
    /// Those that were looked at and told of: as far as anybody can see they are put right, and a call that got no answer
    /// may still be carried out.
    Watched,
}

/// Whether a leftover was looked at and told of: then it is only watched, and asks nobody anything.
pub fn is_watched(entry: &Entry) -> bool {
    #[derive(Deserialize)]
    struct Told {
        #[serde(default)]
        told: Option<String>,
    }
    entry.content::<Told>().is_ok_and(|it| it.told.is_some())
}

/// Puts right everything that earlier runs left for this tenant, oldest first: see [`recover_of`].
///
/// # Errors
/// When the journal cannot be read; a leftover that cannot be put right is no error here.
pub async fn recover(ends: &Ends, sink: &Sink<'_>, cancel: &CancellationToken) -> Result<Vec<Recovered>, UserError> {
    recover_of(ends, Leftovers::All, sink, cancel).await
}

/// Puts right what earlier runs left for this tenant. Without leftovers it asks nobody; what was looked at before is
/// looked at once, without its steps, and told of only where that is news. What another process is doing right now is
/// left alone. It writes to the tenant: on a live environment that was not named, ask [`crate::store::Journal`] whether
/// there is anything, and say so instead.
///
/// # Errors
/// When the journal cannot be read; a leftover that cannot be put right is no error here.
pub async fn recover_of(
    ends: &Ends,
    which: Leftovers,
    sink: &Sink<'_>,
    cancel: &CancellationToken,
) -> Result<Vec<Recovered>, UserError> {
    let mut out = Vec::new();
    // A wait that Kinde asks for is shown all the same.
    let quiet = |step: Step| {
        if step.id == "wait" {
            sink(step);
        }
    };
    for entry in ends.left_over().await? {
        let watched = is_watched(&entry);
        if which != Leftovers::All && watched != (which == Leftovers::Watched) {
            continue;
        }
        let talk = if watched { Talk::new(ends, &quiet, cancel) } else { Talk::new(ends, sink, cancel) };
        let recovered = match entry.kind.as_str() {
            replace::KIND => replacement(&talk, entry).await,
            trigger::KIND => trigger::clean_up(&talk, entry).await,
            borrow::KIND => borrow::put_right(&talk, entry).await,
            other => Ok(Some(open(format!("A newer version left something of the kind {other}")))),
        };
        out.extend(
            recovered.unwrap_or_else(|error| Some(open(format!("What an earlier run left cannot be read: {error}")))),
        );
    }
    Ok(out)
}

/// How long after a job was begun a call of its that got no answer may still be carried out: its entry is kept so long.
pub(super) const LATEST: SignedDuration = SignedDuration::from_mins(10);

pub(super) fn open(words: String) -> Recovered {
    Recovered { words, settled: false }
}

/// The domain an entry was made for is another one now. An address on this machine changes from run to run.
pub(super) fn is_elsewhere(ends: &Ends, domain: &str) -> bool {
    !ends.on_this_machine && ends.api.domain().to_string() != domain
}

/// `None` where nothing is to be told: all is as it was told before.
async fn replacement(talk: &Talk<'_>, mut entry: Entry) -> Result<Option<Recovered>, HistoryError> {
    let mut swap: Swap = entry.content()?;
    let name = named(&swap.old);
    if is_elsewhere(talk.ends, &swap.domain) {
        let domain = &swap.domain;
        let words = format!("{name} was being replaced at {domain}, where this profile does not point any more");
        return Ok(Some(open(words)));
    }
    let settled = match settle(talk, &mut entry, &mut swap).await {
        Ok(settled) => settled,
        Err(stop) => {
            let why = Refusal::from(stop).error;
            return Ok(Some(open(format!(
                "A replacement of {name} was cut off, and could not be put right yet: {}. {}",
                why.title, why.detail
            ))));
        }
    };
    let words = settled.told(&swap);
    let sure = !matches!(settled, Settled::Unsure(_));
    // A call of it may be on its way yet. To take this for the end would leave none where the old one goes late, and two
    // where the new one comes late.
    let until = entry.made_at.saturating_add(LATEST).unwrap_or(entry.made_at);
    let watched = settled.may_change() && talk.ends.clock.now() < until;
    // Once something was told, that all is as it was is no news; nor is a webhook the person was asked about and kept.
    let is_known = swap.told.as_ref().is_some_and(|told| match &settled {
        Settled::OldStays => true,
        Settled::Late(id) => told.contains(id),
        _ => told.contains(&words),
    });
    let is_news = settled != Settled::LetGo && !is_known;
    if watched {
        if is_news {
            let before = swap.told.take().map(|told| told + "\n").unwrap_or_default();
            swap.told = Some(before + &words);
            let state = entry.state.clone();
            entry.advance(&state, &swap).await?;
        }
        let until = clock_time(until);
        let late = format!(". Kinde may carry out a late call of it: until {until} what writes looks once more");
        return Ok(is_news.then(|| Recovered { words: if sure { words + &late } else { words }, settled: sure }));
    }
    let good = sure && !matches!(settled, Settled::BothGone | Settled::Late(_));
    entry.done().await?;
    Ok(is_news.then_some(Recovered { words, settled: good }))
}
