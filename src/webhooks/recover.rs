//! Puts right what an earlier run left half done: replacements, and things that a trigger made.

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use super::settle::{Settled, Swap, settle};
use super::talk::{Talk, named};
use super::{Ends, Refusal, Sink, replace, trigger};
use crate::clock::clock_time;
use crate::error::UserError;
use crate::store::{Entry, HistoryError};

/// One thing that was left, and how it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// In a sentence.
    pub words: String,
    /// False where it could not be put right: it stays in the journal, or the words tell all that it held.
    pub settled: bool,
}

/// Puts right everything that earlier runs left for this tenant, oldest first. Call it before anything else is done in
/// the room, and again when the person asks; without leftovers it asks nobody. What another process is doing right now
/// is left alone. It writes to the tenant: on a live environment that was not named, ask [`crate::store::Journal`]
/// whether there is anything, and say so instead.
///
/// # Errors
/// When the journal cannot be read; a leftover that cannot be put right is no error here.
pub async fn recover(ends: &Ends, sink: &Sink<'_>, cancel: &CancellationToken) -> Result<Vec<Recovered>, UserError> {
    let mut out = Vec::new();
    for entry in ends.left_over().await? {
        let talk = Talk::new(ends, sink, cancel);
        let recovered = match entry.kind.as_str() {
            replace::KIND => replacement(&talk, entry).await,
            trigger::KIND => trigger::clean_up(&talk, entry).await.map(Some),
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
    let words = format!("A replacement was cut off. {}", settled.sentence(&swap));
    if matches!(settled, Settled::Unsure(_)) {
        return Ok(Some(open(words)));
    }
    // A call of it may be on its way yet. To take this for the end would leave none where the old one goes late, and two
    // where the new one comes late.
    let until = entry.made_at.saturating_add(LATEST).unwrap_or(entry.made_at);
    let watched = settled.may_change() && talk.ends.clock.now() < until;
    let is_news = settled != Settled::LetGo && swap.told.as_ref() != Some(&words);
    if watched {
        if is_news {
            swap.told = Some(words.clone());
            let state = entry.state.clone();
            entry.advance(&state, &swap).await?;
        }
        let until = clock_time(until);
        return Ok(is_news.then(|| Recovered {
            words: format!(
                "{words}. Kinde may carry out a late call of it: until {until} each look puts that right too"
            ),
            settled: true,
        }));
    }
    let good = !matches!(settled, Settled::BothGone | Settled::Late(_));
    entry.done().await?;
    Ok(is_news.then_some(Recovered { words, settled: good }))
}
