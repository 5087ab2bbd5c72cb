//! Follows an SPF record through its includes, as a receiver would, and counts what that costs (RFC 7208 §4.6.4).

use std::pin::Pin;

use super::record::{self, Qualifier, Term, What};
use crate::mail::dns::finding::Finding;
use crate::mail::dns::view::View;
use crate::mail::resolver::{Failure, Kind};

/// The most terms that look up. One more, and the record is void.
pub const MOST_LOOKUPS: u32 = 10;
/// The most look-ups that find nothing.
pub const MOST_VOIDS: u32 = 2;
/// The most names behind one `mx`.
const MOST_EXCHANGES: usize = 10;
/// Where the walk ends, long after a receiver would have given up: the whole cost is to be shown, and no more than that.
const ENOUGH: u32 = 40;
const DEEP_ENOUGH: usize = 20;

/// One term of an SPF record, with what it led to: the tree as the window draws it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpfNode {
    /// The term as written; of the root, the domain.
    pub term: String,
    /// The domain whose record this is, or whose addresses are asked for.
    pub domain: String,
    /// The record found there, for the root, `include` and `redirect`.
    pub record: Option<String>,
    /// How many of the ten look-ups this term itself costs: 0 or 1.
    pub lookups_here: u32,
    /// How many it is with this term and all before it, in the order a receiver reads them.
    pub running_total: u32,
    /// How many look-ups had found nothing by then.
    pub voids: u32,
    /// What is wrong here.
    pub problem: Option<String>,
    /// The terms of [`SpfNode::record`].
    pub children: Vec<Self>,
}

/// Which of the three checks a finding belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The records: there, one, readable.
    Record,
    /// What they cost.
    Lookups,
    /// Whom they let send.
    Policy,
}

/// What the walk found.
#[derive(Debug, Clone, Default)]
pub struct Walked {
    /// The tree; `None` where there is no record.
    pub root: Option<SpfNode>,
    /// The record of the domain, where there is exactly one.
    pub record: Option<String>,
    /// Why there is none, in DNS's words, where that is so.
    pub absent: Option<Failure>,
    /// All look-ups.
    pub lookups: u32,
    /// Those that found nothing.
    pub voids: u32,
    /// What is wrong.
    pub findings: Vec<(Part, Finding)>,
}

/// Walks the record of `domain`.
pub async fn walk(view: &View, domain: &str) -> Walked {
    let mut walker = Walker { view, done: Walked::default() };
    match walker.record_of(domain).await {
        Record::One(text) => {
            let mut root = SpfNode { term: domain.to_owned(), domain: domain.to_owned(), ..SpfNode::default() };
            root.record = Some(text.clone());
            root.children = walker.terms(&text, domain.to_owned(), Vec::new()).await;
            walker.done.record = Some(text);
            walker.done.root = Some(root);
            walker.judge_costs();
        }
        Record::Several(texts) => walker.several(domain, &texts),
        Record::Almost(why) => walker.fail(
            Part::Record,
            format!("{domain} has a record that was meant for SPF, but {why}"),
            "Write the record anew: v=spf1, a blank, and the terms, without quotation marks",
        ),
        Record::None(failure) => walker.done.absent = failure,
        Record::Unknown(failure) => walker.fail(Part::Record, failure.why(), failure.fix()),
    }
    walker.done
}

/// What stands at a name.
enum Record {
    One(String),
    Several(Vec<String>),
    /// A text that was meant to be one, and why it is none.
    Almost(String),
    None(Option<Failure>),
    Unknown(Failure),
}

struct Walker<'a> {
    view: &'a View,
    done: Walked,
}

impl Walker<'_> {
    fn fail(&mut self, part: Part, why: impl Into<String>, fix: impl Into<String>) {
        self.add(part, Finding::fail(why, fix));
    }

    fn warn(&mut self, part: Part, why: impl Into<String>, fix: impl Into<String>) {
        self.add(part, Finding::warn(why, fix));
    }

    fn add(&mut self, part: Part, finding: Finding) {
        if !self.done.findings.iter().any(|(_, known)| *known == finding) {
            self.done.findings.push((part, finding));
        }
    }

    async fn record_of(&self, domain: &str) -> Record {
        let texts = match self.view.ask(domain, Kind::Txt).await {
            Ok(answer) => answer.texts(),
            Err(failure) if failure.is_absence() => return Record::None(Some(failure)),
            Err(failure) => return Record::Unknown(failure),
        };
        let mut records: Vec<String> = texts.iter().filter(|text| record::is_record(text)).cloned().collect();
        match records.len() {
            0 => texts.iter().find_map(|text| record::almost_record(text)).map_or(Record::None(None), Record::Almost),
            1 => records.pop().map_or(Record::None(None), Record::One),
            _ => Record::Several(records),
        }
    }

    fn several(&mut self, domain: &str, texts: &[String]) {
        self.done.root = Some(SpfNode {
            term: domain.to_owned(),
            domain: domain.to_owned(),
            problem: Some(format!("{} SPF records", texts.len())),
            children: texts
                .iter()
                .map(|text| SpfNode { term: text.clone(), domain: domain.to_owned(), ..SpfNode::default() })
                .collect(),
            ..SpfNode::default()
        });
        self.fail(
            Part::Record,
            format!("{domain} has {} SPF records, and more than one is as good as none (permerror)", texts.len()),
            format!("Make one of them: {}", merged(texts)),
        );
    }

    /// The nodes of the terms of `text`, which stands at `domain`; `path` are the domains above it.
    fn terms(
        &mut self,
        text: &str,
        domain: String,
        path: Vec<String>,
    ) -> Pin<Box<dyn Future<Output = Vec<SpfNode>> + Send + '_>> {
        let terms = record::terms(text);
        self.judge_writing(&terms, &domain, path.is_empty());
        Box::pin(async move {
            let mut path = path;
            path.push(domain.clone());
            // A redirect counts only where no mechanism is `all`, and is read last wherever it stands.
            let ends = terms.iter().position(|term| term.what == What::All);
            let mut order: Vec<(usize, &Term)> =
                terms.iter().enumerate().filter(|(_, term)| !matches!(term.what, What::Redirect(_))).collect();
            order.extend(terms.iter().enumerate().filter(|(_, term)| matches!(term.what, What::Redirect(_))));
            let mut nodes = Vec::new();
            for (index, term) in order {
                let mut node = SpfNode {
                    term: term.text.clone(),
                    domain: domain.clone(),
                    running_total: self.done.lookups,
                    voids: self.done.voids,
                    ..SpfNode::default()
                };
                let redirect = matches!(term.what, What::Redirect(_));
                if ends.is_some_and(|end| index > end || redirect) {
                    node.problem = Some("never read: all comes first".to_owned());
                } else {
                    self.term(term, &mut node, &path).await;
                }
                nodes.push(node);
            }
            nodes
        })
    }

    async fn term(&mut self, term: &Term, node: &mut SpfNode, path: &[String]) {
        let own = path.last().cloned().unwrap_or_default();
        if term.looks_up() {
            self.done.lookups += 1;
            node.lookups_here = 1;
        }
        node.running_total = self.done.lookups;
        let (spec, kind) = match &term.what {
            What::Include(spec) | What::Redirect(spec) => (Some(spec), None),
            What::A(spec) => (spec.as_ref(), Some(Kind::A)),
            What::Mx(spec) => (spec.as_ref(), Some(Kind::Mx)),
            What::Exists(spec) => (Some(spec), Some(Kind::A)),
            What::Ptr(_) | What::All | What::Ip | What::Explanation | What::Modifier => return,
            What::Wrong(why) => {
                node.problem = Some(why.clone());
                return;
            }
        };
        let target = spec.map_or(own, |spec| spec.trim_end_matches('.').to_ascii_lowercase());
        node.domain.clone_from(&target);
        if target.contains('%') {
            // What it leads to depends on who sends: it costs, and cannot be followed from here.
            return;
        }
        if self.done.lookups > ENOUGH || path.len() > DEEP_ENOUGH {
            node.problem = Some("not followed further".to_owned());
            return;
        }
        match kind {
            Some(kind) => self.addresses(&target, kind, term, node).await,
            None => self.inside(&target, term, node, path).await,
        }
    }

    fn void(&mut self, node: &mut SpfNode) {
        self.done.voids += 1;
        node.voids = self.done.voids;
    }

    /// `a`, `mx` and `exists`: whether there is anything.
    async fn addresses(&mut self, target: &str, kind: Kind, term: &Term, node: &mut SpfNode) {
        let mut found = self.view.ask(target, kind).await;
        if kind == Kind::A && matches!(term.what, What::A(_)) && found.as_ref().is_err_and(Failure::is_absence) {
            found = self.view.ask(target, Kind::Aaaa).await;
        }
        match found {
            Ok(answer) if kind == Kind::Mx && answer.records.len() > MOST_EXCHANGES => {
                let why = format!(
                    "{} has {} mail servers, and mx may lead to {MOST_EXCHANGES}",
                    target,
                    answer.records.len()
                );
                node.problem = Some(why.clone());
                self.fail(Part::Lookups, why, "Name the addresses by ip4 and ip6 instead of mx");
            }
            Ok(_) => {}
            Err(failure) if failure.is_absence() => {
                self.void(node);
                node.problem = Some("finds nothing".to_owned());
            }
            Err(failure) => self.unknown(&failure, node),
        }
    }

    /// `include` and `redirect`: the record of the other domain.
    async fn inside(&mut self, target: &str, term: &Term, node: &mut SpfNode, path: &[String]) {
        if let Some(at) = path.iter().position(|domain| domain == target) {
            let circle: Vec<&str> = path.iter().skip(at).map(String::as_str).chain(std::iter::once(target)).collect();
            node.problem = Some("leads in a circle".to_owned());
            self.fail(
                Part::Record,
                format!("The record leads in a circle, {}, and is void (permerror)", circle.join(" to ")),
                format!("Take {} out of the record of {}", term.text, path.last().map_or("", String::as_str)),
            );
            return;
        }
        match self.record_of(target).await {
            Record::One(text) => {
                node.record = Some(text.clone());
                node.children = self.terms(&text, target.to_owned(), path.to_vec()).await;
            }
            Record::Unknown(failure) => self.unknown(&failure, node),
            other => {
                let what = match other {
                    Record::Several(texts) => format!("has {} SPF records", texts.len()),
                    Record::Almost(why) => format!("has a record that was meant for SPF, but {why}"),
                    Record::None(Some(failure)) => {
                        self.void(node);
                        match failure.kind {
                            crate::mail::resolver::FailureKind::NxDomain => "does not exist".to_owned(),
                            _ => "has no SPF record".to_owned(),
                        }
                    }
                    _ => "has no SPF record".to_owned(),
                };
                node.problem = Some(what.clone());
                self.fail(
                    Part::Record,
                    format!("{}: {target} {what}, which makes the whole record void (permerror)", term.text),
                    format!("Correct {} or take it out: the provider names the domain to include", term.text),
                );
            }
        }
    }

    fn unknown(&mut self, failure: &Failure, node: &mut SpfNode) {
        node.problem = Some("could not be asked".to_owned());
        self.warn(Part::Record, failure.why(), failure.fix());
    }

    fn judge_writing(&mut self, terms: &[Term], domain: &str, top: bool) {
        for term in terms {
            match &term.what {
                What::Wrong(why) => self.fail(
                    Part::Record,
                    format!(
                        "In the record of {domain}, {} cannot be read: {why}. The whole record is void (permerror)",
                        term.text
                    ),
                    format!("Correct {} in the record of {domain}", term.text),
                ),
                What::Ptr(_) => self.warn(
                    Part::Policy,
                    format!("The record of {domain} uses ptr, which is slow and no longer to be used (RFC 7208 §5.5)"),
                    "Name the addresses by ip4, ip6, a or mx instead of ptr",
                ),
                What::All if term.qualifier == Qualifier::Pass => self.fail(
                    Part::Policy,
                    format!(
                        "The record of {domain} ends in +all: it lets every machine of the world send as this domain"
                    ),
                    format!("Write ~all or -all in the record of {domain}"),
                ),
                What::All if term.qualifier == Qualifier::Neutral && top => self.warn(
                    Part::Policy,
                    "The record ends in ?all: it says of everybody else that nothing is known",
                    "Write ~all, and -all once all senders are named",
                ),
                _ => {}
            }
        }
        let last = terms.iter().position(|term| term.what == What::All);
        let redirects = terms.iter().filter(|term| matches!(term.what, What::Redirect(_))).count();
        if redirects > 1 {
            self.fail(
                Part::Record,
                format!("The record of {domain} has {redirects} redirects, and may have one (permerror)"),
                "Leave one redirect",
            );
        }
        let Some(last) = last else {
            if redirects == 0 && top {
                self.warn(
                    Part::Policy,
                    "The record has no all at its end: it says of everybody else that nothing is known",
                    "Write ~all at its end",
                );
            }
            return;
        };
        let unread: Vec<&str> = terms
            .iter()
            .enumerate()
            .filter(|(index, term)| {
                let read = matches!(term.what, What::Explanation | What::Modifier);
                !read && (*index > last || matches!(term.what, What::Redirect(_)))
            })
            .map(|(_, term)| term.text.as_str())
            .collect();
        if !unread.is_empty() {
            self.warn(
                Part::Policy,
                format!("In the record of {domain}, all ends it: {} is never read", unread.join(" ")),
                "Put all at the end",
            );
        }
    }

    fn judge_costs(&mut self) {
        let Walked { lookups, voids, .. } = self.done;
        if lookups > MOST_LOOKUPS {
            self.fail(
                Part::Lookups,
                format!(
                    "The record costs {lookups} look-ups, and receivers stop at {MOST_LOOKUPS}: it is void (permerror)"
                ),
                "Take out includes that are not used, or name their addresses by ip4 and ip6",
            );
        } else if lookups == MOST_LOOKUPS {
            self.warn(
                Part::Lookups,
                format!(
                    "The record costs all {MOST_LOOKUPS} look-ups: when an included record grows by one, it is void"
                ),
                "Take out includes that are not used",
            );
        }
        if voids > MOST_VOIDS {
            self.fail(
                Part::Lookups,
                format!("{voids} look-ups find nothing, and receivers stop after {MOST_VOIDS}: the record is void (permerror)"),
                "Take out the names that do not exist",
            );
        }
    }
}

/// One record of several: the terms of all, each once, and the mildest of their ends.
fn merged(texts: &[String]) -> String {
    let mut terms: Vec<String> = Vec::new();
    let mut end = "";
    for term in texts.iter().flat_map(|text| record::terms(text)) {
        if term.what == What::All {
            // The mildest one refuses nobody whom one of the records let through.
            end = match term.qualifier {
                Qualifier::Fail if end.is_empty() => "-all",
                _ => "~all",
            };
        } else if !terms.contains(&term.text) {
            terms.push(term.text);
        }
    }
    let end = if end.is_empty() { "~all" } else { end };
    ["v=spf1".to_owned()].into_iter().chain(terms).chain([end.to_owned()]).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_records_become_one_that_lets_through_whom_any_of_them_did() {
        let texts = ["v=spf1 include:a.example -all", "v=spf1 include:b.example include:a.example ~all"];
        let texts = texts.map(str::to_owned);
        assert_eq!(merged(&texts), "v=spf1 include:a.example include:b.example ~all");
        assert_eq!(merged(&texts[..1]), "v=spf1 include:a.example -all");
    }
}
