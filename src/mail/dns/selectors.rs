//! The DKIM selectors of a domain: those a person names, else those the known providers choose.

use super::dkim;
use super::facts::facts;
use super::finding::{self, Finding};
use super::slips::Doubled;
use super::tags::Tags;
use super::view::View;
use crate::check::{Check, Verdict};
use crate::mail::resolver::{Failure, FailureKind, Kind};

/// How many are asked for at a time.
const AT_ONCE: usize = 12;
/// Nobody has that selector: where it answers, everything does.
const MADE_UP: &str = "kinde-panel-made-up";

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Selectors {
    /// A check for each selector that was asked for or found, else one that says that there is none.
    pub checks: Vec<Check>,
    /// The selectors with a key that can be used.
    pub good: Vec<String>,
    /// True where Resend's selector is there, or was meant to be.
    pub resend: bool,
}

/// Looks for the keys of `domain`.
pub async fn look(view: &View, domain: &str, wanted: &[String], doubled: &Doubled) -> Selectors {
    let mut found = Selectors::default();
    let known: Vec<String> = facts().selectors().map(|(selector, _)| selector.to_owned()).collect();
    let named = !wanted.is_empty();
    let asked = if named { wanted } else { &known };
    let wildcard = if named { Vec::new() } else { texts_at(view, domain, MADE_UP).await };
    let mut unknown: Option<Failure> = None;
    for group in asked.chunks(AT_ONCE) {
        let mut tasks = tokio::task::JoinSet::new();
        for (index, selector) in group.iter().cloned().enumerate() {
            let (view, domain, wildcard, doubled) =
                (view.clone(), domain.to_owned(), wildcard.clone(), doubled.clone());
            tasks.spawn(
                async move { (index, one(&view, &domain, &selector, named, &wildcard, &doubled).await, selector) },
            );
        }
        let mut done = tasks.join_all().await;
        done.sort_by_key(|(index, ..)| *index);
        for (_, outcome, selector) in done {
            match outcome {
                Outcome::Found(check) => {
                    found.resend |= selector == facts().resend.selector;
                    if check.verdict != Verdict::Fail {
                        found.good.push(selector);
                    }
                    found.checks.push(check);
                }
                Outcome::Absent => {}
                Outcome::Unknown(failure) => unknown = Some(failure),
            }
        }
    }
    if !wildcard.is_empty() {
        found.checks.push(Check::warn(
            "dkim",
            format!("A wildcard record answers for every selector below _domainkey.{domain}, so that keys cannot be looked for"),
            "Name your selectors, and take the wildcard TXT record away where nothing needs it",
        ));
    } else if found.checks.is_empty() {
        found.checks.push(match unknown {
            Some(failure) => Check::warn("dkim", failure.why(), failure.fix()),
            None => Check::warn(
                "dkim",
                format!("No key stands under the {} selectors of the known providers. Some providers make one up for each customer", known.len()),
                "Look up the selector at your provider (the word before ._domainkey) and name it here, or set DKIM up there",
            ),
        });
    }
    found
}

enum Outcome {
    Found(Check),
    Absent,
    Unknown(Failure),
}

async fn one(
    view: &View,
    domain: &str,
    selector: &str,
    named: bool,
    wildcard: &[String],
    doubled: &Doubled,
) -> Outcome {
    let name = format!("{selector}._domainkey.{domain}");
    let check = format!("dkim {selector}");
    let answer = if named { view.ask(&name, Kind::Txt).await } else { view.guess(&name, Kind::Txt).await };
    match answer {
        Ok(answer) => {
            if !wildcard.is_empty() && answer.texts() == wildcard {
                return Outcome::Absent;
            }
            // Resend makes keys of 1024 bits, and there is nothing to be done about it there.
            let small = if selector == facts().resend.selector { 1024 } else { 2048 };
            let (key, findings) = dkim::read(&name, &answer, small);
            let kind = key.kind.unwrap_or_else(|| "no usable key".to_owned());
            let way = answer.chain.last().map(|last| format!(", by way of {last}")).unwrap_or_default();
            let whose = facts().provider_of(selector).map(|provider| format!(" ({provider})")).unwrap_or_default();
            Outcome::Found(finding::check(&check, Some(format!("{kind} at {name}{way}{whose}")), findings))
        }
        Err(failure) if failure.is_absence() => match misplaced(view, domain, selector, &name, &failure, doubled).await
        {
            Some(finding) => Outcome::Found(finding::check(&check, None, vec![finding])),
            None if named => Outcome::Found(Check::fail(
                check,
                format!("There is no key at {name}: {}", failure.why()),
                "Add the DKIM record that your provider shows, at exactly this name",
            )),
            None => Outcome::Absent,
        },
        Err(failure) if named => Outcome::Found(Check::fail(check, failure.why(), failure.fix())),
        Err(failure) => Outcome::Unknown(failure),
    }
}

/// Where a key that is not there went.
async fn misplaced(
    view: &View,
    domain: &str,
    selector: &str,
    name: &str,
    failure: &Failure,
    doubled: &Doubled,
) -> Option<Finding> {
    if let Some(target) = failure.chain.last() {
        return Some(Finding::fail(
            format!("{name} is an alias (CNAME) of {target}, where no key stands"),
            "Copy the target of the CNAME anew from your provider's page; if it is right, set DKIM up anew there",
        ));
    }
    if failure.kind == FailureKind::NoData
        && let Ok(answer) = view.guess(name, Kind::A).await
        && let Some(proxy) = answer.ips().into_iter().find_map(|ip| facts().proxy_of(ip))
    {
        return Some(Finding::fail(
            format!("{name} is answered by {proxy}'s web proxy (the orange cloud), which hides the record behind it"),
            "Set the record to DNS only (the grey cloud) in the DNS panel",
        ));
    }
    if let Some(at) = doubled.find(view, &format!("{selector}._domainkey"), Kind::Txt, is_key).await {
        return Some(Finding::fail(
            format!("The key stands at {at}: the name of the zone was doubled"),
            doubled.fix(domain, &format!("{selector}._domainkey")),
        ));
    }
    if selector == facts().resend.selector {
        let bare = format!("{selector}.domainkey.{domain}");
        if view.guess(&bare, Kind::Txt).await.is_ok_and(|answer| answer.texts().iter().any(|text| is_key(text))) {
            return Some(Finding::fail(
                format!("The key stands at {bare}, without the underscore"),
                format!("Name the record {selector}._domainkey"),
            ));
        }
    }
    None
}

/// True for a text that is a DKIM key, damaged or not.
pub fn is_key(text: &str) -> bool {
    let tags = Tags::read(text);
    tags.get("v").is_some_and(|version| version.eq_ignore_ascii_case("DKIM1"))
        || (tags.first() == Some("p") && tags.get("p").is_some_and(|p| p.len() > 40))
        || (tags.get("k").is_some() && tags.get("p").is_some())
}

async fn texts_at(view: &View, domain: &str, selector: &str) -> Vec<String> {
    let name = format!("{selector}._domainkey.{domain}");
    view.guess(&name, Kind::Txt).await.map(|answer| answer.texts()).unwrap_or_default()
}
