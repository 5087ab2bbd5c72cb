//! Resend's own list of records for a domain, held against what DNS publishes.

use super::super::dns::facts;
use super::super::dns::finding::{self, Finding};
use super::super::dns::name;
use super::super::dns::slips::Doubled;
use super::super::dns::view::View;
use super::super::resolver::{Answer, Failure, FailureKind, Kind};
use super::model::{Domain, Record};
use crate::check::Check;

/// One record, as the window draws it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordFacts {
    /// The whole name.
    pub name: String,
    /// `MX`, `TXT`, `CNAME`, `CAA`.
    pub kind: String,
    /// What it is for, in Resend's word: `SPF`, `DKIM`, `Tracking` …
    pub purpose: String,
    /// What has to stand there; an MX with its preference before it.
    pub expected: String,
    /// What stands there.
    pub live: Vec<String>,
    /// What Resend said of it last.
    pub status: String,
    /// The check of it.
    pub check: Check,
}

/// Holds the records of `domain` against DNS, in Resend's order.
pub async fn compare(view: &View, domain: &Domain, doubled: &Doubled) -> Vec<RecordFacts> {
    let mut found = Vec::new();
    for record in &domain.records {
        found.push(one(view, domain, record, doubled).await);
    }
    found
}

/// The whole name of a record: Resend writes it in full, below the domain, or below the organization's.
pub fn full_name(domain: &str, written: &str) -> String {
    let written = written.trim().trim_end_matches('.').to_ascii_lowercase();
    if written.is_empty() || written == "@" {
        return domain.to_owned();
    }
    if name::is_within(&written, domain) {
        return written;
    }
    // `send.updates` for updates.example.com: the label of the domain is in it already.
    let below = name::organizational(domain).filter(|organization| organization != domain).and_then(|organization| {
        Some((domain.strip_suffix(&organization)?.trim_end_matches('.').to_owned(), organization))
    });
    match below {
        Some((below, organization))
            if name::is_within(&written, &below) || name::is_within(&written, &organization) =>
        {
            if name::is_within(&written, &organization) { written } else { format!("{written}.{organization}") }
        }
        _ => format!("{written}.{domain}"),
    }
}

async fn one(view: &View, domain: &Domain, record: &Record, doubled: &Doubled) -> RecordFacts {
    let name = full_name(&domain.name, &record.name);
    let expected = match record.priority {
        Some(priority) if record.kind == "MX" => format!("{priority} {}", plain(&record.value)),
        _ => plain(&record.value),
    };
    let mut facts = RecordFacts {
        check: Check::skipped("record", ""),
        name: name.clone(),
        kind: record.kind.clone(),
        purpose: record.record.clone(),
        expected: expected.clone(),
        live: Vec::new(),
        status: record.status.clone(),
    };
    let title = format!("record {} {name}", record.kind);
    let kind = match record.kind.as_str() {
        "MX" => Kind::Mx,
        "TXT" => Kind::Txt,
        "CNAME" => Kind::Cname,
        other => {
            facts.check = Check::skipped(title, format!("{other} records are not looked at here"));
            return facts;
        }
    };
    let answer = view.ask(&name, kind).await;
    facts.live = answer.as_ref().map(shown).unwrap_or_default();
    let findings = match &answer {
        Ok(answer) => differences(&name, kind, &expected, record, answer),
        Err(failure) if failure.is_absence() => {
            vec![absent(view, domain, &name, kind, &expected, failure, doubled).await]
        }
        Err(failure) => vec![Finding::warn(failure.why(), failure.fix())],
    };
    let findings = if record.is_for_sending() { findings } else { milder(findings, &record.record) };
    let findings = if findings.is_empty() { standing(record) } else { findings };
    let seen = if facts.live.is_empty() { None } else { Some(cut(&facts.live.join(", "))) };
    facts.check = finding::check(&title, seen, findings);
    facts
}

/// What an answer holds, as it is shown and compared.
fn shown(answer: &Answer) -> Vec<String> {
    let texts = answer.texts();
    let exchanges = answer.exchanges();
    let names = answer.names();
    texts
        .into_iter()
        .chain(exchanges.into_iter().map(|(preference, name)| format!("{preference} {name}")))
        .chain(names.into_iter().map(str::to_owned))
        .collect()
}

fn differences(name: &str, kind: Kind, expected: &str, record: &Record, answer: &Answer) -> Vec<Finding> {
    let live = shown(answer);
    let mut findings = Vec::new();
    let fits = |text: &String| same(kind, text, expected);
    if !live.iter().any(fits) {
        findings.push(match kind {
            Kind::Mx => wrong_exchange(name, expected, &live),
            Kind::Txt if record.record == "DKIM" => wrong_key(name, expected, &live),
            _ => Finding::fail(
                format!("What stands at {name} is not what Resend asks for"),
                format!("Replace it by {expected}"),
            ),
        });
    } else if kind == Kind::Mx && live.len() > 1 {
        findings.push(Finding::fail(
            format!("{name} has {} MX records, and Resend accepts its own alone", live.len()),
            format!("Leave {expected}"),
        ));
    } else if kind == Kind::Txt && record.record == "SPF" && live.iter().filter(|text| is_spf(text)).count() > 1 {
        findings.push(Finding::fail(
            format!("{name} has more than one SPF record, and that is as good as none (permerror)"),
            format!("Leave {expected}"),
        ));
    }
    findings
}

fn wrong_exchange(name: &str, expected: &str, live: &[String]) -> Finding {
    let layout = &facts().resend;
    let region = |text: &str| {
        let name = text.split_once(' ').map_or(text, |(_, name)| name);
        layout.region_of(name).map(str::to_owned)
    };
    let wanted = region(expected);
    let other = live.iter().find_map(|text| region(text).filter(|region| Some(region) != wanted.as_ref()));
    match (wanted, other) {
        (Some(wanted), Some(other)) => Finding::fail(
            format!("{name} leads to the region {other}, and this domain is in {wanted} (wrong region)"),
            format!("Replace the MX record by {expected}: the region was fixed when the domain was added"),
        ),
        _ => Finding::fail(
            format!("{name} leads to {}, and not where Resend takes bounces", live.join(", ")),
            format!("Replace the MX record by {expected}"),
        ),
    }
}

fn wrong_key(name: &str, expected: &str, live: &[String]) -> Finding {
    let key =
        |text: &str| packed(text).split_once("p=").map(|(_, key)| key.split(';').next().unwrap_or(key).to_owned());
    let wanted = key(expected).unwrap_or_default();
    let cut = live.iter().filter_map(|text| key(text)).find(|key| !key.is_empty() && wanted.starts_with(key.as_str()));
    match cut {
        Some(cut) => Finding::fail(
            format!("The key at {name} is cut off after {} of {} characters", cut.len(), wanted.len()),
            "Enter the whole value; where the panel takes 255 characters at once, split it into two quoted strings with nothing between",
        ),
        None => Finding::fail(
            format!(
                "The key at {name} is not the one Resend signs with: it is of an earlier set-up, or of another account"
            ),
            format!(
                "Replace it by the value of Resend's page of the domain, which begins with {}",
                expected.chars().take(24).collect::<String>()
            ),
        ),
    }
}

async fn absent(
    view: &View,
    domain: &Domain,
    name: &str,
    kind: Kind,
    expected: &str,
    failure: &Failure,
    doubled: &Doubled,
) -> Finding {
    let front = name.strip_suffix(&domain.name).unwrap_or(name).trim_end_matches('.');
    if let Some(at) =
        doubled.find(view, front, kind, |text| same(kind, text, expected) || expected.ends_with(text)).await
    {
        return Finding::fail(
            format!("The {} record stands at {at}: the name of the zone was doubled", kind.word()),
            doubled.fix(&domain.name, front),
        );
    }
    if failure.kind == FailureKind::NoData
        && let Ok(answer) = view.guess(name, Kind::A).await
        && let Some(proxy) = answer.ips().into_iter().find_map(|ip| facts().proxy_of(ip))
    {
        return Finding::fail(
            format!("{name} is answered by {proxy}'s web proxy (the orange cloud), which hides the record behind it"),
            "Set the record to DNS only (the grey cloud) in the DNS panel",
        );
    }
    if let Ok(answer) = view.ask(&domain.name, kind).await
        && shown(&answer).iter().any(|text| same(kind, text, expected))
    {
        return Finding::fail(
            format!("The {} record stands at {} itself, and belongs at {name}", kind.word(), domain.name),
            format!("Move it: enter {front} as the record's name"),
        );
    }
    Finding::fail(
        format!("There is no {} record at {name}", kind.word()),
        format!("Add it: name {front}, type {}, value {expected}", kind.word()),
    )
}

/// What Resend itself says of a record that is right.
fn standing(record: &Record) -> Vec<Finding> {
    match record.status.as_str() {
        "verified" | "" => Vec::new(),
        status => vec![Finding::warn(
            format!("The record is right, and Resend has it as {status} still"),
            "Press Verify at resend.com/domains, and give it some minutes",
        )],
    }
}

/// Tracking and receiving are nothing that sending needs.
fn milder(findings: Vec<Finding>, purpose: &str) -> Vec<Finding> {
    findings
        .into_iter()
        .map(|finding| {
            Finding::warn(format!("{} (for {}, not for sending)", finding.why, purpose.to_lowercase()), finding.fix)
        })
        .collect()
}

fn is_spf(text: &str) -> bool {
    text.to_ascii_lowercase().starts_with("v=spf1")
}

/// A value without the quotation marks and the last dot that zone files write.
fn plain(value: &str) -> String {
    value.trim().trim_matches('"').trim_end_matches('.').to_owned()
}

fn same(kind: Kind, live: &str, expected: &str) -> bool {
    match kind {
        Kind::Txt if expected.contains("p=") && !is_spf(expected) => {
            let key = |text: &str| {
                packed(text).split_once("p=").map(|(_, key)| key.split(';').next().unwrap_or(key).to_owned())
            };
            key(live) == key(expected)
        }
        Kind::Txt => packed(&live.to_ascii_lowercase()) == packed(&expected.to_ascii_lowercase()),
        _ => live.eq_ignore_ascii_case(expected),
    }
}

fn packed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '"').collect()
}

fn cut(text: &str) -> String {
    if text.chars().count() <= 120 { text.to_owned() } else { text.chars().take(117).chain("…".chars()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_records_name_is_whole_however_resend_writes_it() {
        for (domain, written, full) in [
            ("example.com", "send", "send.example.com"),
            ("example.com", "resend._domainkey", "resend._domainkey.example.com"),
            ("example.com", "links.example.com", "links.example.com"),
            ("updates.example.com", "send.updates", "send.updates.example.com"),
            ("updates.example.com", "resend._domainkey.updates", "resend._domainkey.updates.example.com"),
            ("updates.example.com", "send", "send.updates.example.com"),
            ("updates.example.com", "send.updates.example.com.", "send.updates.example.com"),
            ("example.com", "@", "example.com"),
        ] {
            assert_eq!(full_name(domain, written), full, "{domain} {written}");
        }
    }

    #[test]
    fn values_are_compared_as_dns_means_them() {
        assert!(same(Kind::Txt, "v=spf1 include:amazonses.com ~all", &plain("\"v=spf1 include:amazonses.com ~all\"")));
        assert!(same(Kind::Txt, "v=DKIM1; k=rsa; p=AB CD", "p=ABCD"));
        assert!(!same(Kind::Txt, "p=ABCE", "p=ABCD"));
        assert!(same(Kind::Cname, "a.dkim.amazonses.com", &plain("a.dkim.amazonses.com.")));
        assert!(!same(
            Kind::Mx,
            "20 feedback-smtp.us-east-1.amazonses.com",
            "10 feedback-smtp.us-east-1.amazonses.com"
        ));
    }
}
