//! The language of the search field and of `events search`: words, filters, times, members of the payload.
//!
//! ```text
//! ada@example.com                 words that stand in it (the last one as a beginning where nothing has it whole)
//! "changed by Ada"                words one after the other
//! type:user.*  -type:user.updated event types; * at the end leaves the rest open
//! verdict:failed                  verified, good, failed, not_verified, unknown_key, unsigned, encrypted, unreadable, pending
//! failed:signature                the first rung that fails
//! id:event_…  id:7                an Event ID, a Webhook Request ID (the webhook-id header), a number
//! data.user.email:ada@*           a member of the payload; lists are looked through
//! since:2h  until:2026-11-24      a moment: RFC 3339, a day, a time of today, or how long ago
//! is:pinned                       pinned ones alone
//! -cancelled                      leaves out what has the word, beside something to find
//! ```
//!
//! Terms of one name widen (`type:a type:b`), of different names narrow. Pure: the moment is handed in.

mod chips;
mod terms;
#[cfg(test)]
mod tests;
mod when;

use jiff::Timestamp;

pub use chips::{Chip, Id, set, without};
pub use when::When;

use crate::error::{Category, UserError};
use crate::store::attempts::{Filter, Member, Standing};

/// The words that `verdict:` takes.
pub const VERDICTS: [&str; 9] =
    ["verified", "good", "failed", "not_verified", "unknown_key", "unsigned", "encrypted", "unreadable", "pending"];

/// What cannot be searched for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct SearchError {
    /// Where in the text: the byte at which the trouble begins.
    pub at: usize,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl From<SearchError> for UserError {
    fn from(error: SearchError) -> Self {
        Self::new(Category::Input, "The search is not understood")
            .detail(format!("At character {}: {}", error.at + 1, error.what))
            .hint("Search for words, type:user.*, verdict:failed, id:…, data.user.email:…, since:2h")
    }
}

/// A search, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    terms: Vec<terms::Term>,
}

/// Reads a search.
///
/// # Errors
/// When a filter is unknown or its value is none; says where.
pub fn parse(text: &str) -> Result<Query, SearchError> {
    let terms = terms::read(text)?;
    let finds = |term: &&terms::Term| !term.not && matches!(term.is, terms::Is::Words(_) | terms::Is::Member(_));
    let leaves = terms.iter().find(|term| term.not && matches!(term.is, terms::Is::Words(_)));
    if let Some(term) = leaves
        && !terms.iter().any(|term| finds(&term))
    {
        let what = "a word can be left out only beside words or members to find: add one before it";
        return Err(SearchError { at: term.at.start, what: what.to_owned() });
    }
    Ok(Query { terms })
}

impl Query {
    /// True where nothing is searched for.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// What the history is asked for. `now` is what relative times and times of today go by.
    pub fn filter(&self, now: Timestamp) -> Filter {
        use terms::Is;
        let mut filter = Filter::default();
        let mut refused: Vec<Standing> = Vec::new();
        for term in &self.terms {
            match &term.is {
                Is::Words(words) if term.not => filter.not_words.push(words.clone()),
                Is::Words(words) => filter.words.push(words.clone()),
                Is::Type(kind) if term.not => filter.not_types.push(kind.clone()),
                Is::Type(kind) => filter.types.push(kind.clone()),
                Is::Verdict(standings) if term.not => refused.extend(standings),
                Is::Verdict(standings) => filter.standings.extend(standings),
                Is::Failed(rung) => filter.failed.push(rung.clone()),
                Is::Id(Id::Number(seq)) => filter.seq = Some(*seq),
                Is::Id(id) => filter.id = Some(id.text().into_owned()),
                Is::Since(when) => filter.since = Some(when.moment(now)),
                Is::Until(when) => filter.until = Some(when.moment(now)),
                Is::Member(member) => filter.members.push(member.clone()),
                Is::Pinned => filter.pinned = true,
            }
        }
        if !refused.is_empty() {
            let of = if filter.standings.is_empty() { Standing::ALL.to_vec() } else { filter.standings };
            filter.standings = of.into_iter().filter(|standing| !refused.contains(standing)).collect();
            if filter.standings.is_empty() {
                // Everything is left out: no number is this one.
                filter.seq = Some(0);
            }
        }
        filter
    }

    /// Each filter and each word of it, in their order, to show beside the field.
    pub fn chips(&self) -> Vec<Chip> {
        self.terms.iter().map(terms::Term::chip).collect()
    }
}

/// A member of the payload as the screen names it.
fn path(member: &Member) -> String {
    member.path.join(".")
}
