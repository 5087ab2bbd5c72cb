//! DMARC (RFC 7489): the policy record of a domain or of its organization, and what is wrong with it.

use super::finding::{self, Finding};
use super::name;
use super::tags::Tags;
use super::view::View;
use crate::check::Check;
use crate::mail::resolver::{Failure, Kind};

/// How strictly a domain has to agree with the sender's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alignment {
    /// The same organization is enough.
    #[default]
    Relaxed,
    /// The same domain.
    Strict,
}

/// What receivers are asked to do with mail that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// Nothing but to report.
    #[default]
    None,
    /// To be treated with suspicion.
    Quarantine,
    /// To be refused.
    Reject,
}

impl Policy {
    fn read(text: &str) -> Option<Self> {
        [("none", Self::None), ("quarantine", Self::Quarantine), ("reject", Self::Reject)]
            .into_iter()
            .find(|(word, _)| text.eq_ignore_ascii_case(word))
            .map(|(_, policy)| policy)
    }

    /// As the record writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }
}

/// The policy that holds for a domain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dmarc {
    /// The domain whose record it is: the asked one, or its organization.
    pub domain: String,
    /// What is asked of receivers, `sp` counted where the record is the organization's.
    pub policy: Policy,
    /// For the DKIM domain.
    pub dkim: Alignment,
    /// For the return path.
    pub spf: Alignment,
}

/// What a look for the record gave.
#[derive(Debug, Clone)]
pub struct Looked {
    /// The check `dmarc`.
    pub check: Check,
    /// The policy, where there is one that holds.
    pub dmarc: Option<Dmarc>,
    /// Where reports go that another domain has to agree to: its name, and the name it has to agree at.
    reports: Vec<(String, String)>,
}

const TAGS: [&str; 14] = ["v", "p", "sp", "np", "adkim", "aspf", "pct", "rua", "ruf", "fo", "rf", "ri", "psd", "t"];

/// Looks for the policy of `domain`.
pub async fn look(view: &View, domain: &str) -> Looked {
    let mut at = domain.to_owned();
    let mut found = records(view, &at).await;
    if let Records::None = found
        && let Some(organization) = name::organizational(domain).filter(|organization| organization != domain)
    {
        at = organization;
        found = records(view, &at).await;
    }
    let none = |check| Looked { check, dmarc: None, reports: Vec::new() };
    match found {
        Records::One(text) => judge(domain, &at, &text),
        Records::Several(count) => none(Check::fail(
            "dmarc",
            format!("{count} DMARC records stand at _dmarc.{at}, and receivers then act as if there were none"),
            "Leave one of them",
        )),
        Records::Almost(text) => none(
            Check::fail(
                "dmarc",
                format!("What stands at _dmarc.{at} was meant for DMARC, but does not begin with v=DMARC1"),
                "Write v=DMARC1; at its beginning, in these capitals, for example v=DMARC1; p=none;",
            )
            .seen(text),
        ),
        Records::None => none(Check::warn(
            "dmarc",
            format!(
                "There is no DMARC record for {domain}: Gmail, Yahoo and Microsoft ask for one of whoever sends much"
            ),
            format!("Add a TXT record at _dmarc.{domain}: v=DMARC1; p=none;"),
        )),
        Records::Unknown(failure) => none(Check::fail("dmarc", failure.why(), failure.fix())),
    }
}

/// The check `dmarc reports`: whether the other domains agree to take reports (RFC 7489 §7.1). `None` where nobody is asked.
pub async fn reports(view: &View, looked: &Looked) -> Option<Check> {
    let mut findings = Vec::new();
    for (other, name) in &looked.reports {
        match view.ask(name, Kind::Txt).await {
            Ok(answer) if answer.texts().iter().any(|text| is_policy(text)) => {}
            Err(failure) if !failure.is_absence() => findings.push(Finding::warn(failure.why(), failure.fix())),
            _ => findings.push(Finding::warn(
                format!("{other} has not agreed to take reports about this domain: they are not sent"),
                format!(
                    "Have a TXT record v=DMARC1; added at {name}, or send the reports to an address of your own domain"
                ),
            )),
        }
    }
    let others: Vec<&str> = looked.reports.iter().map(|(other, _)| other.as_str()).collect();
    (!others.is_empty()).then(|| finding::check("dmarc reports", Some(others.join(", ")), findings))
}

enum Records {
    One(String),
    Several(usize),
    Almost(String),
    None,
    Unknown(Failure),
}

async fn records(view: &View, domain: &str) -> Records {
    let texts = match view.ask(&format!("_dmarc.{domain}"), Kind::Txt).await {
        Ok(answer) => answer.texts(),
        Err(failure) if failure.is_absence() => return Records::None,
        Err(failure) => return Records::Unknown(failure),
    };
    let policies: Vec<&String> = texts.iter().filter(|text| is_policy(text)).collect();
    match policies[..] {
        [] => texts.iter().find(|text| was_meant(text)).cloned().map_or(Records::None, Records::Almost),
        [text] => Records::One(text.clone()),
        _ => Records::Several(policies.len()),
    }
}

/// RFC 7489 §6.4: `v=DMARC1` first, in these capitals.
pub fn is_policy(text: &str) -> bool {
    text.trim_start().strip_prefix('v').is_some_and(|rest| {
        let rest = rest.trim_start().strip_prefix('=').unwrap_or_default().trim_start();
        rest.strip_prefix("DMARC1")
            .is_some_and(|rest| rest.trim_start().is_empty() || rest.trim_start().starts_with(';'))
    })
}

/// True for a text that somebody meant for DMARC.
pub fn was_meant(text: &str) -> bool {
    let plain: String =
        text.to_ascii_lowercase().chars().filter(|c| !c.is_whitespace() && !"\"'\\".contains(*c)).collect();
    plain.contains("dmarc1") || plain.contains("v=dmarc") || plain.starts_with("p=")
}

fn judge(domain: &str, at: &str, text: &str) -> Looked {
    let tags = Tags::read(text);
    let mut findings = Vec::new();
    let inherited = domain != at;
    let (addresses, wrong) = addresses(tags.get("rua").unwrap_or_default());
    for uri in wrong {
        findings.push(Finding::warn(
            format!("rua={uri} is no address that reports could go to"),
            "Write it with mailto:, for example rua=mailto:dmarc@example.com",
        ));
    }
    let policy = match (tags.get("p"), tags.get("p").and_then(Policy::read)) {
        (_, Some(policy)) => Some(policy),
        (given, None) => {
            let what =
                given.map_or("no p=".to_owned(), |p| format!("p={p}, which is none of none, quarantine and reject"));
            let counts = !addresses.is_empty();
            let means =
                if counts { "receivers treat it as p=none" } else { "receivers act as if there were no record" };
            findings.push(Finding::fail(
                format!("The record at _dmarc.{at} has {what}: {means} (RFC 7489 §6.6.3)"),
                "Write p=none; after v=DMARC1;",
            ));
            counts.then_some(Policy::None)
        }
    };
    if tags.pairs.get(1).is_some_and(|(name, _)| name != "p") && tags.get("p").is_some() {
        findings.push(Finding::warn(
            "In the DMARC record p= does not follow v=DMARC1 at once, where some receivers look for it",
            "Put p= second",
        ));
    }
    let below = tags.get("sp").map(|sp| (sp.to_owned(), Policy::read(sp)));
    if let Some((sp, None)) = &below {
        findings.push(Finding::warn(
            format!("sp={sp} is none of none, quarantine and reject"),
            "Correct the tag sp=, or leave it out",
        ));
    }
    let mut alignment = |tag: &str| match tags.get(tag).map(str::to_ascii_lowercase).as_deref() {
        None | Some("r") => Alignment::Relaxed,
        Some("s") => Alignment::Strict,
        Some(other) => {
            findings
                .push(Finding::warn(format!("{tag}={other} is neither r nor s"), format!("Leave the tag {tag}= out")));
            Alignment::Relaxed
        }
    };
    let (dkim, spf) = (alignment("adkim"), alignment("aspf"));
    if let Some(percent) = tags.get("pct").filter(|pct| !pct.parse::<u8>().is_ok_and(|pct| pct <= 100)) {
        findings.push(Finding::warn(format!("pct={percent} is no number from 0 to 100"), "Leave the tag pct= out"));
    }
    if let Some(twice) = tags.twice() {
        findings.push(Finding::fail(format!("In the DMARC record {twice}= stands twice"), "Leave one of them"));
    }
    let unknown = tags.unknown(&TAGS);
    if !unknown.is_empty() || !tags.wrong.is_empty() {
        let parts: Vec<String> =
            unknown.iter().map(|tag| format!("{tag}=")).chain(tags.wrong.iter().cloned()).collect();
        findings.push(Finding::warn(
            format!("Receivers know nothing of {} in the DMARC record and pass over it", parts.join(", ")),
            "Correct its writing: tags end in a semicolon",
        ));
    }
    let effective = if inherited { below.and_then(|(_, sp)| sp).or(policy) } else { policy };
    let seen = if inherited { format!("{text} (of {at})") } else { text.to_owned() };
    let external = addresses
        .into_iter()
        .filter(|other| !name::same_organization(other, at))
        .map(|other| (other.clone(), format!("{at}._report._dmarc.{other}")))
        .collect();
    Looked {
        check: finding::check("dmarc", Some(seen), findings),
        dmarc: effective.map(|policy| Dmarc { domain: at.to_owned(), policy, dkim, spf }),
        reports: external,
    }
}

/// The domains of the `mailto:` addresses of a `rua`, each once, and what is none.
fn addresses(rua: &str) -> (Vec<String>, Vec<String>) {
    let (mut domains, mut wrong) = (Vec::new(), Vec::new());
    for uri in rua.split(',').map(str::trim).filter(|uri| !uri.is_empty()) {
        let address =
            uri.split_once(':').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("mailto")).map(|(_, rest)| rest);
        // A size may follow: mailto:a@example.com!10m.
        let domain = address.and_then(|address| address.split(['!', '?']).next()).and_then(|address| {
            let (local, domain) = address.rsplit_once('@')?;
            (!local.is_empty() && domain.contains('.')).then(|| domain.trim().to_ascii_lowercase())
        });
        match domain {
            Some(domain) if !domains.contains(&domain) => domains.push(domain),
            Some(_) => {}
            None => wrong.push(uri.to_owned()),
        }
    }
    (domains, wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;

    #[test]
    fn a_policy_begins_with_its_version_in_capitals() {
        for text in ["v=DMARC1; p=none", "v=DMARC1", " v = DMARC1 ; p=none"] {
            assert!(is_policy(text), "{text}");
        }
        for text in [
            "V=DMARC1; p=none",
            "v=dmarc1; p=none",
            "v=DMARC; p=none",
            "\"v=DMARC1; p=none\"",
            "p=none; v=DMARC1",
            "v=DMARC10",
        ] {
            assert!(!is_policy(text) && was_meant(text), "{text}");
        }
        assert!(!was_meant("v=spf1 -all"));
    }

    #[test]
    fn what_holds_for_a_domain_is_its_own_policy_or_that_of_its_organization_for_those_below() {
        let text = "v=DMARC1; p=reject; sp=none; adkim=s; aspf=S; rua=mailto:a@b.example.net!10m,mailto:c@example.com";
        let own = judge("example.com", "example.com", text);
        assert_eq!(own.check.verdict, Verdict::Pass, "{:?}", own.check);
        let dmarc = own.dmarc.unwrap();
        assert_eq!((dmarc.policy, dmarc.dkim, dmarc.spf), (Policy::Reject, Alignment::Strict, Alignment::Strict));
        assert_eq!(own.reports, [("b.example.net".to_owned(), "example.com._report._dmarc.b.example.net".to_owned())]);
        assert_eq!(judge("mail.example.com", "example.com", text).dmarc.unwrap().policy, Policy::None);
    }

    #[test]
    fn every_mistake_of_a_policy_is_named() {
        for (text, verdict, words) in [
            ("v=DMARC1;", Verdict::Fail, "no p="),
            ("v=DMARC1; p=nothing", Verdict::Fail, "no record"),
            ("v=DMARC1; p=nothing; rua=mailto:a@example.com", Verdict::Fail, "p=none"),
            ("v=DMARC1; p=none; sp=block", Verdict::Warn, "sp=block"),
            ("v=DMARC1; p=none; adkim=strict", Verdict::Warn, "adkim=strict"),
            ("v=DMARC1; p=none; pct=200", Verdict::Warn, "pct=200"),
            ("v=DMARC1; p=none; rua=dmarc@example.com", Verdict::Warn, "rua=dmarc@example.com"),
            ("v=DMARC1; rua=mailto:a@example.com; p=none", Verdict::Warn, "at once"),
            ("v=DMARC1; p=none; policy=x", Verdict::Warn, "policy="),
            ("v=DMARC1; p=none rua=mailto:a@example.com", Verdict::Fail, "p=none rua"),
            ("v=DMARC1; p=none; p=reject", Verdict::Fail, "twice"),
        ] {
            let check = judge("example.com", "example.com", text).check;
            assert_eq!(check.verdict, verdict, "{text}: {check:?}");
            assert!(check.why.unwrap().contains(words), "{text}");
        }
    }
}
