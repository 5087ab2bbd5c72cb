//! SPF (RFC 7208): the record, the tree of its includes, and what it costs.

mod record;
mod walk;

pub use walk::{MOST_LOOKUPS, MOST_VOIDS, SpfNode};
pub(super) use walk::{Part, Walked, walk};

use super::finding::{self, Finding};
use crate::check::Check;

/// The three checks of a walk, for a domain whose record is wanted: an absence is `missing`.
pub(super) fn checks(walked: &Walked, missing: Option<Finding>) -> Vec<Check> {
    let of = |wanted: Part| {
        walked.findings.iter().filter(move |(part, _)| *part == wanted).map(|(_, finding)| finding.clone())
    };
    let mut findings: Vec<Finding> = of(Part::Record).collect();
    if walked.record.is_none() && findings.is_empty() {
        findings.extend(missing);
    }
    let record = finding::check("spf", walked.record.clone(), findings);
    if walked.record.is_none() {
        let skipped = |name| Check::skipped(name, "There is no SPF record that could be followed");
        return vec![record, skipped("spf look-ups"), skipped("spf policy")];
    }
    let costs =
        format!("{} of {MOST_LOOKUPS} look-ups, {} of {MOST_VOIDS} that find nothing", walked.lookups, walked.voids);
    vec![
        record,
        finding::check("spf look-ups", Some(costs), of(Part::Lookups).collect()),
        finding::check("spf policy", policy(walked), of(Part::Policy).collect()),
    ]
}

/// Whom the record refuses, in its own word.
fn policy(walked: &Walked) -> Option<String> {
    let terms = walked.record.as_deref().map(record::terms)?;
    terms
        .into_iter()
        .find(|term| matches!(term.what, record::What::All | record::What::Redirect(_)))
        .map(|term| term.text)
}
