//! Puts right what an earlier run left half done: replacements, and things that a trigger made.

use tokio_util::sync::CancellationToken;

use super::settle::{Settled, Swap, settle};
use super::talk::{Talk, named};
use super::{Ends, Refusal, Sink, replace, trigger};
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
    for entry in ends.journal.left_over(&ends.owner).await? {
        let talk = Talk::new(ends, sink, cancel);
        let recovered = match entry.kind.as_str() {
            replace::KIND => replacement(&talk, entry).await,
            trigger::KIND => trigger::clean_up(&talk, entry).await,
            other => Ok(open(format!("A newer version left something of the kind {other}"))),
        };
        out.push(recovered.unwrap_or_else(|error| open(format!("What an earlier run left cannot be read: {error}"))));
    }
    Ok(out)
}

pub(super) fn open(words: String) -> Recovered {
    Recovered { words, settled: false }
}

/// The domain an entry was made for is another one now. An address on this machine changes from run to run.
pub(super) fn is_elsewhere(ends: &Ends, domain: &str) -> bool {
    !ends.on_this_machine && ends.api.domain().to_string() != domain
}

async fn replacement(talk: &Talk<'_>, mut entry: Entry) -> Result<Recovered, HistoryError> {
    let mut swap: Swap = entry.content()?;
    let name = named(&swap.old);
    if is_elsewhere(talk.ends, &swap.domain) {
        let domain = &swap.domain;
        return Ok(open(format!("{name} was being replaced at {domain}, where this profile does not point any more")));
    }
    match settle(talk, &mut entry, &mut swap).await {
        Ok(settled @ Settled::Unsure(_)) => Ok(open(format!("A replacement was cut off. {}", settled.sentence(&swap)))),
        Ok(settled) => {
            let words = format!("A replacement was cut off. {}", settled.sentence(&swap));
            let settled = settled != Settled::BothGone;
            entry.done().await?;
            Ok(Recovered { words, settled })
        }
        Err(stop) => {
            let why = Refusal::from(stop).error;
            Ok(open(format!(
                "A replacement of {name} was cut off, and could not be put right yet: {}. {}",
                why.title, why.detail
            )))
        }
    }
}
