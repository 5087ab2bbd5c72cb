//! A Resend account: whether its key is genuine and of the right kind, whether the domain is set up there and in DNS, and
//! whether it really sends. Kinde talks to Resend by SMTP; the same key is the password there.
//!
//! `check` asks one thing after the other, since the limit is a few requests a second for the whole team.

mod api;
mod key;
mod model;
mod records;
mod send;
mod sender;
mod told;

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use url::Url;

pub use api::{BASE, Limits, Refusal, base_url};
pub use key::Permission;
pub use model::{Capabilities, Domain, Record, Sends};
pub use records::RecordFacts;
pub use send::Sent;
pub use sender::ONBOARDING;

use self::api::{Api, Trouble};
use self::told::About;
use super::dns::alignment::{self, Proofs};
use super::dns::finding::{self, Finding};
use super::dns::return_path;
use super::dns::slips::Doubled;
use super::dns::view::View;
use super::dns::{authority, dmarc, facts, name, policy, selectors, zone};
use super::resolver::{Kind, Resolver};
use crate::check::{self, Check, Verdict};
use crate::net::Http;
use crate::secrets::Secret;

/// However slow everything is, it ends.
const DEADLINE: Duration = Duration::from_secs(300);
/// An account with more pages of domains than this is not read to its end.
const MOST_PAGES: usize = 10;

/// The names of the checks that come in every run, in their order. Those of single records, `record TXT send.example.com`,
/// or of what DNS has without the API's word, come before `dmarc`.
pub const CHECKS: [&str; 9] =
    ["key shape", "key", "domain", "records", "dmarc", "alignment", "from", "rate limit", "test email"];

/// What is to be looked at.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where the API is: [`BASE`], or what [`base_url`] allowed.
    pub base: Url,
    /// The API key, as it was given.
    pub key: Secret,
    /// The domain, or an address at it.
    pub domain: String,
    /// The sender; without one, an address at the domain.
    pub from: Option<String>,
    /// Where to send one test email; `None` sends nothing.
    pub send_to: Option<String>,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// One sentence above the list.
    pub headline: String,
    /// The checks, in order.
    pub checks: Vec<Check>,
    /// What the key may do; `None` where it is no good.
    pub permission: Option<Permission>,
    /// The domains of the account, where the key may read them.
    pub domains: Vec<Domain>,
    /// The records of the domain, where the key may read them.
    pub records: Vec<RecordFacts>,
    /// What the headers said of limits.
    pub limits: Limits,
    /// The test email, where one was accepted.
    pub sent: Option<Sent>,
    /// True where the person stopped it.
    pub cancelled: bool,
}

/// Looks at the account and the domain of `plan`, and sends one email where that is asked for. Every check goes to `sink`
/// as it is done. DNS is asked through `resolver`.
///
/// It never fails: what could not be looked at is a check that says so. Cancelled, the report holds what there is.
pub async fn check(
    plan: &Plan,
    http: &Http,
    resolver: &Resolver,
    sink: &(dyn Fn(&Check) + Send + Sync),
    cancel: &CancellationToken,
) -> Report {
    let mut run = Run { report: Report::default(), sink };
    let ended = cancel.run_until_cancelled(tokio::time::timeout(DEADLINE, run.all(plan, http, resolver))).await;
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
    report.headline = headline(&report, &plan.domain, plan.from.as_deref());
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

    fn skip(&mut self, name: &str, why: &str) {
        self.add(Check::skipped(name, why));
    }

    /// Names what was not looked at.
    fn skip_rest(&mut self, why: &str) {
        for name in CHECKS {
            if !self.report.checks.iter().any(|check| check.name == name) {
                self.skip(name, why);
            }
        }
    }

    async fn all(&mut self, plan: &Plan, http: &Http, resolver: &Resolver) {
        let shape = key::shape(&plan.key);
        let seen = shape.key.as_ref().map(Secret::masked);
        self.add(finding::check("key shape", seen, shape.findings));
        let Some(key) = shape.key else { return self.skip_rest("Not asked: there is no key that could be sent") };
        let api = Api::new(http, plan.base.clone(), key);
        self.account(&api).await;
        self.report.limits = api.limits();
        let Some(permission) = self.report.permission else {
            self.add(rate_limit(&api.limits()));
            return self.skip_rest("Not looked at: the key is no good");
        };
        match name::domain_in(&plan.domain) {
            Ok(domain) => {
                let from = plan.from.clone().unwrap_or_else(|| format!("noreply@{domain}"));
                self.domain(&api, permission, &domain, resolver).await;
                let domains = (permission == Permission::Full).then(|| self.report.domains.clone());
                self.add(sender::check(&from, &domain, domains.as_deref()));
                self.test(&api, permission, &from, plan.send_to.as_deref()).await;
            }
            Err(why) => {
                let fix = "Name the domain after the @ of the sender's address, for example example.com";
                self.add(Check::fail("domain", why, fix).seen(plan.domain.chars().take(80).collect::<String>()));
                self.add(rate_limit(&api.limits()));
                self.skip_rest("Not looked at: there is no domain");
            }
        }
        self.report.limits = api.limits();
    }

    /// The check `key`: a list of domains is asked for, and the answer tells what the key may do.
    async fn account(&mut self, api: &Api<'_>) {
        match list(api).await {
            Ok(domains) => {
                self.report.permission = Some(Permission::Full);
                self.add(
                    Check::warn(
                        "key",
                        "The key is genuine and has Full access: whoever gets hold of it can read and delete everything in the account",
                        "Give Kinde a key with Sending access, bound to this domain, and keep this one to yourself",
                    )
                    .seen(format!("Full access, {} in the account", count(domains.len()))),
                );
                self.report.domains = domains;
            }
            Err(Trouble::Refused(refusal)) if told::about(&refusal) == About::SendingOnly => {
                self.report.permission = Some(Permission::Sending);
                self.add(Check::pass("key").seen(format!("Sending access ({})", refusal.name)).because(
                    "Resend refuses to let it read, which proves that it is genuine. It is the right kind for Kinde",
                ));
            }
            Err(trouble) => {
                let (why, fix) = told::explain(&trouble, &api.host());
                self.add(Check::fail("key", why, fix));
            }
        }
    }

    /// `domain`, the records, `dmarc` and `alignment`.
    async fn domain(&mut self, api: &Api<'_>, permission: Permission, domain: &str, resolver: &Resolver) {
        let known = match permission {
            Permission::Full => self.registered(api, domain).await,
            Permission::Sending => {
                self.skip("domain", "A key with Sending access cannot read domains: DNS is looked at instead, and a test email proves the rest");
                None
            }
        };
        let found = zone::find(resolver, domain).await;
        let exists = match &found {
            Err(silence) => Err(silence.clone()),
            Ok(_) => match resolver.ask(domain, Kind::Mx).await {
                Err(failure) if !failure.is_absence() => Err(failure),
                _ => Ok(()),
            },
        };
        if let Err(failure) = exists {
            self.add(Check::fail("records", failure.why(), failure.fix()));
            for name in ["dmarc", "alignment"] {
                self.skip(name, "Not looked at: DNS could not be asked");
            }
            return;
        }
        let view = View::new(resolver.clone(), found.unwrap_or_default());
        let organization = name::organizational(domain).unwrap_or_else(|| domain.to_owned());
        let apex = view.zone().map_or(organization, |zone| zone.apex.clone());
        let doubled = Doubled::look(&view, domain, &apex).await;
        let mut proofs = Proofs { from: domain.to_owned(), ..Proofs::default() };
        match known {
            Some(known) => self.listed(&view, &known, &doubled, &mut proofs).await,
            None => self.usual(&view, domain, &doubled, &mut proofs).await,
        }
        let looked = policy::look(&view, domain, &doubled).await;
        self.add(looked.check.clone());
        if let Some(reports) = dmarc::reports(&view, &looked).await {
            self.add(reports);
        }
        self.add(alignment::check(&proofs, looked.dmarc.as_ref()));
        let visibility = authority::visibility(&view, resolver.server());
        if visibility.verdict == Verdict::Warn {
            self.add(visibility);
        }
    }

    /// The check `domain`; the domain with its records, where it is in the account.
    async fn registered(&mut self, api: &Api<'_>, domain: &str) -> Option<Domain> {
        let Some(listed) = self.report.domains.iter().find(|known| known.name.eq_ignore_ascii_case(domain)) else {
            let finding = sender::not_there(domain, &self.report.domains);
            self.add(finding::check("domain", None, vec![finding]));
            return None;
        };
        let path = format!("domains/{}", listed.id);
        match api.get::<Domain>("The records Resend wants", &path, &[]).await {
            Ok(known) => {
                self.add(standing(&known));
                // With its records it tells more than the one of the list.
                if let Some(listed) = self.report.domains.iter_mut().find(|listed| listed.id == known.id) {
                    listed.clone_from(&known);
                }
                Some(known)
            }
            Err(trouble) => {
                let (why, fix) = told::explain(&trouble, &api.host());
                self.add(Check::fail("domain", why, fix));
                None
            }
        }
    }

    /// The records as the API lists them.
    async fn listed(&mut self, view: &View, known: &Domain, doubled: &Doubled, proofs: &mut Proofs) {
        let records = records::compare(view, known, doubled).await;
        let sending = || records.iter().filter(|record| matches!(record.purpose.as_str(), "SPF" | "DKIM"));
        let wrong = sending().filter(|record| record.check.verdict == Verdict::Fail).count();
        let summary = format!("{} of {} that sending needs are right", sending().count() - wrong, sending().count());
        let check = if known.records.is_empty() {
            Check::skipped("records", "Resend lists none for this domain")
        } else if wrong == 0 {
            Check::pass("records").seen(summary)
        } else {
            Check::fail("records", summary, "Mend those that fail below, then press Verify at resend.com/domains")
        };
        self.add(check);
        for record in &records {
            self.add(record.check.clone());
            if record.check.verdict == Verdict::Fail {
                continue;
            }
            if let Some((selector, _)) = record.name.split_once("._domainkey").filter(|_| record.purpose == "DKIM") {
                proofs.selectors.push(selector.to_owned());
            } else if record.purpose == "SPF" && record.kind == "TXT" {
                proofs.return_path = Some(record.name.clone());
            }
        }
        self.report.records = records;
    }

    /// The records as Resend usually wants them, where its own list cannot be read.
    async fn usual(&mut self, view: &View, domain: &str, doubled: &Doubled, proofs: &mut Proofs) {
        let selector = facts().resend.selector.clone();
        let keys = selectors::look(view, domain, &[selector], doubled).await;
        let path = return_path::look(view, domain, true, doubled).await;
        self.skip("records", "Resend's own list needs a key with Full access: what it usually wants is looked at");
        for check in keys.checks.iter().chain(&path.checks).cloned() {
            self.add(check);
        }
        proofs.selectors = keys.good;
        let good = path.checks.iter().all(|check| check.name != "return path spf" || check.verdict != Verdict::Fail);
        proofs.return_path = path.domain.filter(|_| good);
    }

    async fn test(&mut self, api: &Api<'_>, permission: Permission, from: &str, to: Option<&str>) {
        let sendable = sender::address_in(from).is_some();
        let check = match to {
            None => Check::skipped("test email", "Nobody asked for one"),
            Some(_) if !sendable => Check::skipped("test email", "Not sent: the sender is no address"),
            Some(to) => {
                let (sent, check) = send::send(api, permission, from, to).await;
                self.report.sent = sent;
                check
            }
        };
        self.add(rate_limit(&api.limits()));
        self.add(check);
    }
}

/// All domains of the account.
async fn list(api: &Api<'_>) -> Result<Vec<Domain>, Trouble> {
    let mut all: Vec<Domain> = Vec::new();
    for _ in 0..MOST_PAGES {
        let after = all.last().map(|last| last.id.clone());
        let mut query = vec![("limit", "100")];
        if let Some(after) = &after {
            query.push(("after", after));
        }
        let page: model::Domains = api.get("The domains of the account", "domains", &query).await?;
        let more = page.has_more && !page.data.is_empty();
        all.extend(page.data);
        if !more {
            break;
        }
    }
    Ok(all)
}

/// What Resend says of the domain itself.
fn standing(domain: &Domain) -> Check {
    let since = domain.created_at.get(..10).unwrap_or(&domain.created_at);
    let seen = format!("{}, {}, added {since}", domain.status, domain.region);
    let mut findings = Vec::new();
    let verify = "Mend the records below, then press Verify at resend.com/domains, and give it some minutes";
    match domain.status.as_str() {
        "verified" => {}
        "partially_verified" | "partially_failed" if domain.sends() == Sends::Yes => findings.push(Finding::warn(
            format!("The domain is {}: what sending needs is verified, something else is not", domain.status),
            "See the records below; tracking and receiving are nothing Kinde needs",
        )),
        "partially_verified" => {
            findings.push(Finding::fail("Only some of the records are verified (partially_verified)", verify));
        }
        "partially_failed" => findings.push(Finding::fail(
            "Records that were verified are no longer to be found (partially_failed): sending stops, or will",
            verify,
        )),
        "pending" => findings.push(Finding::fail(
            "Resend is still looking for the records (pending), and sends nothing until then",
            verify,
        )),
        "not_started" => {
            findings.push(Finding::fail("Nobody had Resend look for the records yet (not_started)", verify));
        }
        "failed" => findings.push(Finding::fail("Resend did not find the records within 72 h (failed)", verify)),
        "temporary_failure" => findings.push(Finding::fail(
            "Resend no longer finds the records (temporary_failure), and goes on looking for 72 h",
            verify,
        )),
        other => findings.push(Finding::warn(
            format!("Resend has the domain as {other}, which is not known here"),
            "Look at resend.com/domains",
        )),
    }
    if domain.capabilities.as_ref().is_some_and(|capabilities| capabilities.sending == "disabled") {
        findings.push(Finding::fail("Sending is switched off for this domain", "Switch it on at resend.com/domains"));
    }
    if !domain.region.is_empty() && !facts().resend.regions.contains(&domain.region) {
        findings.push(Finding::warn(
            format!("The region {} is not known here", domain.region),
            "That is no fault by itself: Resend may have opened a new one",
        ));
    }
    finding::check("domain", Some(seen), findings)
}

fn rate_limit(limits: &Limits) -> Check {
    let mut parts = Vec::new();
    if let Some(limit) = limits.limit {
        let window = limits.window.unwrap_or(1);
        let window = if window == 1 { "a second".to_owned() } else { format!("in {window} s") };
        parts.push(format!("{limit} requests {window} for the whole team"));
    }
    if let Some(remaining) = limits.remaining {
        parts.push(format!("{remaining} left at the last answer"));
    }
    for (used, when) in [(limits.daily_used, "today"), (limits.monthly_used, "this month")] {
        if let Some(used) = used {
            parts.push(format!("{used} emails sent {when}"));
        }
    }
    if limits.waited > 0 {
        parts.push(format!("waited out 429 {} times", limits.waited));
    }
    if parts.is_empty() {
        return Check::skipped("rate limit", "No answer told a limit");
    }
    Check::pass("rate limit").seen(parts.join(", "))
}

fn count(domains: usize) -> String {
    match domains {
        0 => "no domain".to_owned(),
        1 => "1 domain".to_owned(),
        many => format!("{many} domains"),
    }
}

/// `sender` is the address of the test email, where one was named.
fn headline(report: &Report, domain: &str, sender: Option<&str>) -> String {
    let trouble = check::first_trouble(&report.checks).and_then(|check| check.why.clone());
    let first = |why: &str| super::dns::lower(why.split(". ").next().unwrap_or(why));
    let proof = "only a test email shows that this account may send as";
    match (check::worst(&report.checks), trouble, is_proven(report, domain, sender)) {
        (Verdict::Fail, Some(why), _) => {
            format!("Kinde cannot send as {domain} through this account yet: {}", first(&why))
        }
        _ if report.cancelled => "The account was looked at in part".to_owned(),
        (Verdict::Warn, Some(why), true) => format!("Resend can send as {domain}. To know: {}", first(&why)),
        (Verdict::Warn, Some(why), false) => {
            format!("The key is genuine; {proof} {domain}. To know: {}", first(&why))
        }
        (_, _, true) => format!("Resend can send as {domain}"),
        (_, _, false) => format!("The key is genuine and DNS is as Resend usually wants it; {proof} {domain}"),
    }
}

/// True where Resend itself said that the account may send as `domain`: by its list of domains, or by taking an email.
fn is_proven(report: &Report, domain: &str, sender: Option<&str>) -> bool {
    let Ok(domain) = name::domain_in(domain) else { return false };
    let as_domain = sender.is_none_or(|sender| sender::address_in(sender).is_some_and(|(_, own)| own == domain));
    let listed = |known: &Domain| known.name.eq_ignore_ascii_case(&domain) && known.sends() == Sends::Yes;
    report.domains.iter().any(listed) || (report.sent.is_some() && as_domain)
}
