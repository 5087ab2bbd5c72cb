//! A webhook of the tenant that points here for a while, and everything as it was afterwards.
//!
//! Either one is added and taken away again, or one that is there stands aside for one of its name and is made again:
//! Kinde cannot patch an endpoint. The journal has it first; what is left of it by whoever was killed is put back by
//! [`super::recover()`]. Knows nothing of tunnels and receivers: it is given the address.

mod back;
mod begin;
mod lent;
mod moved;

pub(super) use lent::{KIND, Lent, is_of_a_loan};

pub use begin::{Wish, borrow};

use tokio_util::sync::CancellationToken;

use super::recover::{Recovered, is_elsewhere, open};
use super::talk::Talk;
use super::{Ends, Refusal, Sink};
use crate::clock::clock_time;
use crate::error::{Category, UserError};
use crate::kinde::Webhook;
use crate::store::{Entry, HistoryError};

/// What a loan is called where nobody named it.
pub const NAME: &str = "Kinde Panel";

/// What to tell a person before a webhook stands aside.
pub const ASIDE_NOTE: &str = "Kinde cannot change an endpoint: the webhook is made again when you stop, under a new id. \
                              Meanwhile nothing is delivered to its own endpoint";

/// How the webhook that points here came to do so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// It was made, and is taken away at the end.
    Added,
    /// It stands in for this one, which is made again at the end.
    InsteadOf(Box<Webhook>),
    /// It pointed here before: nothing was written, and nothing is put back.
    Already {
        /// Event types that were wanted, and that it does not take.
        missing: Vec<String>,
    },
}

impl How {
    /// What is wanted and does not arrive, as a sentence; `None` where everything does.
    pub fn missing(&self) -> Option<String> {
        let Self::Already { missing } = self else { return None };
        let named = missing.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        match missing.len() {
            0 => None,
            count if count <= NAMED => Some(format!("It does not take {named}")),
            count => Some(format!("It does not take {named} and {} more", count - NAMED)),
        }
    }
}

/// How many event types a sentence names.
const NAMED: usize = 5;

/// A webhook that points here, as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Borrowed {
    /// The webhook.
    pub webhook: Webhook,
    /// How it came to point here.
    pub how: How,
}

/// A loan while it lasts. Whoever drops it without [`Loan::give_back`] leaves it to the next start.
#[derive(Debug)]
pub struct Loan {
    /// `None` where there is nothing to put back, or not any more.
    entry: Option<(Entry, Lent)>,
    borrowed: Borrowed,
}

/// What was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// How things stand, in sentences.
    pub words: String,
}

impl Loan {
    /// What points here.
    pub fn borrowed(&self) -> &Borrowed {
        &self.borrowed
    }

    /// True where something has to be put back.
    pub fn owes(&self) -> bool {
        self.entry.is_some()
    }

    /// Puts everything back as it was before, whether anybody cancels or not. After an error it can be called again.
    ///
    /// # Errors
    /// When Kinde does not do it: the loan still lasts then, and the journal keeps it.
    pub async fn give_back(&mut self, ends: &Ends, sink: &Sink<'_>) -> Result<Returned, Refusal> {
        let Some((mut entry, mut lent)) = self.entry.take() else {
            let name = super::talk::named(&self.borrowed.webhook);
            return Ok(Returned { words: format!("{name} pointed here before: it stays as it is") });
        };
        if is_elsewhere(ends, &lent.domain) {
            let refusal = Refusal::failed(
                UserError::new(
                    Category::Input,
                    format!("{} is not put back: the profile points elsewhere", lent.name()),
                )
                .detail(format!(
                    "It was borrowed at {}, and the profile is that of {} now",
                    lent.domain,
                    ends.api.domain()
                ))
                .hint("Let the profile point there again, and start the panel anew"),
            );
            self.entry = Some((entry, lent));
            return Err(refusal);
        }
        let never = CancellationToken::new();
        let talk = Talk::new(ends, sink, &never);
        let back = match back::put_back(&talk, &mut entry, &mut lent).await {
            Ok(back) => back,
            Err(stop) => {
                let mut refusal = Refusal::from(stop);
                refusal.error.title = format!("{} is not put back yet: {}", lent.name(), refusal.error.title);
                self.entry = Some((entry, lent));
                return Err(refusal);
            }
        };
        // What stays in the journal is looked at again, and found put back.
        let until = back::close(&talk, entry, &mut lent, &back).await.ok().flatten();
        Ok(Returned { words: with_until(back.text(), until) })
    }
}

fn with_until(words: String, until: Option<jiff::Timestamp>) -> String {
    match until {
        Some(until) => {
            format!(
                "{words}. Kinde may carry out a late call of it: until {} what writes looks once more",
                clock_time(until)
            )
        }
        None => words,
    }
}

/// Puts back what an earlier run left. `None` where nothing is to be told: all is as it was told before.
pub(super) async fn put_right(talk: &Talk<'_>, mut entry: Entry) -> Result<Option<Recovered>, HistoryError> {
    let mut lent: Lent = entry.content()?;
    if is_elsewhere(talk.ends, &lent.domain) {
        let (name, domain) = (lent.name(), &lent.domain);
        let words = format!("{name} was borrowed at {domain}, where this profile does not point any more");
        return Ok(Some(open(words)));
    }
    let back = match back::put_back(talk, &mut entry, &mut lent).await {
        Ok(back) => back,
        Err(stop) => {
            let (name, why) = (lent.name(), Refusal::from(stop).error);
            return Ok(Some(open(format!("{name} could not be put back yet: {}. {}", why.title, why.detail))));
        }
    };
    let is_news = back.did || lent.told.is_none();
    let words = format!("The panel ended while a webhook pointed here. {}", back.text());
    let until = back::close(talk, entry, &mut lent, &back).await?;
    Ok(is_news.then(|| Recovered { words: with_until(words, until), settled: true }))
}

/// For what the panel itself deleted or replaced: what stands aside under `id` is not made again.
pub(super) async fn let_go(entry: &mut Entry, lent: &mut Lent, gone: &str) {
    if lent.stands_aside(gone) {
        lent.owed = false;
        let state = entry.state.clone();
        // What cannot be written is found by the next look.
        entry.advance(&state, lent).await.ok();
    }
}
