//! The sender's domain in DNS: whether receivers will believe mail that comes from it. Needs no credentials.
//!
//! `check` looks at everything from two sides, the resolver's and the zone's own servers' (`View`), and judges what the
//! zone publishes. The records themselves are read by pure functions (`spf`, `dkim`, `dmarc`, `tags`).

pub(super) mod alignment;
pub(super) mod authority;
mod dkim;
pub(super) mod dmarc;
mod extras;
pub(super) mod facts;
pub(super) mod finding;
mod mx;
pub mod name;
pub(super) mod policy;
pub(super) mod return_path;
pub(super) mod selectors;
pub(super) mod slips;
mod spf;
mod tags;
pub(super) mod view;
pub(super) mod zone;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

pub use facts::{Facts, Layout, Provider, facts};
pub use spf::{MOST_LOOKUPS, MOST_VOIDS, SpfNode};

use self::alignment::Proofs;
use self::finding::Finding;
use self::slips::Doubled;
use self::view::View;
use super::resolver::{FailureKind, Kind, Resolver};
use crate::check::{self, Check, Verdict};

/// However slow the servers are, it ends.
const DEADLINE: Duration = Duration::from_secs(90);

/// The names of the checks that come in every run, in their order; each selector has one of its own in the place of `dkim`.
pub const CHECKS: [&str; 12] = [
    "domain",
    "name servers",
    "mx",
    "spf",
    "spf look-ups",
    "spf policy",
    "dkim",
    "dmarc",
    "alignment",
    "visibility",
    "mta-sts",
    "tls reports",
];

/// What is to be looked at.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The domain, or an address at it, as it was typed.
    pub domain: String,
    /// DKIM selectors; without any, the known providers' are asked.
    pub selectors: Vec<String>,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The domain; `None` where what was typed holds none.
    pub domain: Option<String>,
    /// One sentence above the list.
    pub headline: String,
    /// The checks, in order.
    pub checks: Vec<Check>,
    /// The tree of the SPF record, where there is one.
    pub spf: Option<SpfNode>,
    /// All look-ups of that tree, and those that find nothing.
    pub spf_cost: (u32, u32),
    /// True where the person stopped it.
    pub cancelled: bool,
}

/// Looks at the domain of `plan`. Every check goes to `sink` as it is done, and all of them are in the report.
///
/// It never fails: what could not be looked at is a check that says so. Cancelled, the report holds what there is.
pub async fn check(
    plan: &Plan,
    resolver: &Resolver,
    sink: &(dyn Fn(&Check) + Send + Sync),
    cancel: &CancellationToken,
) -> Report {
    let mut run = Run { report: Report::default(), sink };
    let ended = cancel.run_until_cancelled(tokio::time::timeout(DEADLINE, run.all(plan, resolver))).await;
    let why = match ended {
        Some(Ok(())) => None,
        Some(Err(_)) => Some(format!("Not looked at: it took longer than {} s", DEADLINE.as_secs())),
        None => {
            run.report.cancelled = true;
            Some("Not looked at: you stopped it".to_owned())
        }
    };
    if let Some(why) = why {
        run.skip_rest(&why);
    }
    let mut report = run.report;
    report.headline = headline(&report);
    report
}

struct Run<'a> {
    report: Report,
    sink: &'a (dyn Fn(&Check) + Send + Sync),
}

impl Run<'_> {
    fn add(&mut self, check: Check) {
        (self.sink)(&check);
        self.report.checks.push(check);
    }

    /// Names what was not looked at.
    fn skip_rest(&mut self, why: &str) {
        let done = |name: &str, checks: &[Check]| {
            checks.iter().any(|check| check.name == name || (name == "dkim" && check.name.starts_with("dkim ")))
        };
        for name in CHECKS {
            if !done(name, &self.report.checks) {
                self.add(Check::skipped(name, why));
            }
        }
    }

    async fn all(&mut self, plan: &Plan, resolver: &Resolver) {
        let domain = match name::domain_in(&plan.domain) {
            Ok(domain) => domain,
            Err(why) => {
                let fix = "Name the domain after the @ of the sender's address, for example example.com";
                self.add(Check::fail("domain", why, fix).seen(plan.domain.chars().take(80).collect::<String>()));
                return self.skip_rest("Not looked at: there is no domain");
            }
        };
        self.report.domain = Some(domain.clone());
        let zone = match zone::find(resolver, &domain).await {
            Ok(zone) => zone,
            Err(silence) => {
                self.add(Check::fail("domain", silence.why(), silence.fix()).seen(domain));
                return self.skip_rest("Not looked at: the DNS server does not answer");
            }
        };
        let view = View::new(resolver.clone(), zone);
        if !self.exists(&view, &domain).await {
            return self.skip_rest("Not looked at: the domain could not be asked about");
        }
        self.add(authority::servers(&domain, view.zone()));
        self.add(mx::check(&view, &domain).await);
        let organization = name::organizational(&domain).unwrap_or_else(|| domain.clone());
        let apex = view.zone().map_or(organization, |zone| zone.apex.clone());
        let doubled = Doubled::look(&view, &domain, &apex).await;

        let walked = spf::walk(&view, &domain).await;
        let selectors = selectors::look(&view, &domain, &plan.selectors, &doubled).await;
        let path = return_path::look(&view, &domain, selectors.resend, &doubled).await;
        self.report.spf.clone_from(&walked.root);
        self.report.spf_cost = (walked.lookups, walked.voids);
        let missing = (path.domain.is_none() && path.checks.is_empty()).then(|| {
            Finding::warn(
                format!("There is no SPF record at {domain}"),
                "Add the SPF record that your provider shows. With Resend none is needed here: it stands at the return path",
            )
        });
        for check in spf::checks(&walked, missing) {
            self.add(check);
        }
        for check in selectors.checks.iter().chain(&path.checks).cloned() {
            self.add(check);
        }

        let looked = policy::look(&view, &domain, &doubled).await;
        self.add(looked.check.clone());
        if let Some(reports) = dmarc::reports(&view, &looked).await {
            self.add(reports);
        }
        let usable = |name: &str, checks: &[Check]| {
            checks.iter().filter(|check| check.name.starts_with(name)).all(|check| check.verdict != Verdict::Fail)
        };
        let proofs = Proofs {
            from: domain.clone(),
            selectors: selectors.good,
            return_path: path.domain.filter(|_| usable("return path spf", &self.report.checks)),
            spf: walked.record.is_some() && usable("spf", &self.report.checks),
        };
        self.add(alignment::check(&proofs, looked.dmarc.as_ref()));
        self.add(authority::visibility(&view, resolver.server()));
        for check in extras::checks(&view, &domain).await {
            self.add(check);
        }
    }

    /// The check `domain`; false where nothing more can be asked.
    async fn exists(&mut self, view: &View, domain: &str) -> bool {
        if name::organizational(domain).is_none() {
            let why = format!("{domain} is a public suffix, below which others have their domains: nobody sends as it");
            self.add(Check::fail("domain", why, "Name your own domain below it").seen(domain));
            return false;
        }
        match view.ask(domain, Kind::Mx).await {
            Ok(_) => {}
            Err(failure) if failure.kind == FailureKind::NoData => {}
            Err(failure) => {
                let fix = match failure.kind {
                    FailureKind::NxDomain => {
                        "Check the spelling. If the domain is new, its registration or its name servers may not be in place yet".to_owned()
                    }
                    _ => failure.fix(),
                };
                self.add(Check::fail("domain", failure.why(), fix).seen(domain));
                return false;
            }
        }
        let seen = match view.zone() {
            Some(zone) if zone.apex != domain => format!("{domain}, in the zone {}", zone.apex),
            _ => domain.to_owned(),
        };
        self.add(Check::pass("domain").seen(seen));
        true
    }
}

fn headline(report: &Report) -> String {
    let Some(domain) = &report.domain else { return "There is no domain to look at".to_owned() };
    let trouble = check::first_trouble(&report.checks).and_then(|check| check.why.clone());
    match (check::worst(&report.checks), trouble) {
        (Verdict::Fail, Some(why)) => format!("{domain} is not ready to send: {}", lower(&why)),
        (Verdict::Warn, Some(why)) => format!("{domain} can send. To know: {}", lower(&why)),
        _ if report.cancelled => format!("{domain} was looked at in part"),
        _ => format!("{domain} is set up to send"),
    }
}

/// The pairs of a list of tags, names in lower case: a DKIM signature is written like a key.
pub(super) fn tags(text: &str) -> Vec<(String, String)> {
    tags::Tags::read(text).pairs
}

/// A sentence in the middle of another: only its first, and its first letter small where it begins with a plain word.
pub(super) fn lower(why: &str) -> String {
    let first = why.split(". ").next().unwrap_or(why);
    let word = first.split(' ').next().unwrap_or_default();
    let plain = word.chars().skip(1).all(char::is_lowercase);
    match first.chars().next() {
        Some(letter) if plain => letter.to_lowercase().chain(first.chars().skip(1)).collect(),
        _ => first.to_owned(),
    }
}
