//! Resend's layout of a domain: the return path's mail server and SPF record, and the places they are put in by mistake.

use super::facts::facts;
use super::finding::{self, Finding};
use super::slips::Doubled;
use super::spf;
use super::view::View;
use crate::check::Check;
use crate::mail::resolver::{Answer, Failure, Kind};

/// What was found at the return path.
#[derive(Debug, Clone, Default)]
pub struct ReturnPath {
    /// `return path mx` and `return path spf`; none where nothing points to Resend.
    pub checks: Vec<Check>,
    /// The name, where it has an SPF record of its own.
    pub domain: Option<String>,
}

/// Looks at the return path of `domain`. `resend` says that something already pointed to Resend.
pub async fn look(view: &View, domain: &str, resend: bool, doubled: &Doubled) -> ReturnPath {
    let layout = &facts().resend;
    let name = format!("{}.{domain}", layout.return_path);
    let (mx, walked, apex) =
        tokio::join!(view.ask(&name, Kind::Mx), spf::walk(view, &name), view.ask(domain, Kind::Mx));
    let feedback = |answer: &Result<Answer, Failure>| {
        answer.as_ref().is_ok_and(|answer| answer.exchanges().iter().any(|(_, name)| layout.region_of(name).is_some()))
    };
    let twice = doubled.find(view, &layout.return_path, Kind::Mx, |name| layout.region_of(name).is_some()).await;
    let own = walked.record.is_some().then(|| name.clone());
    if !resend && !feedback(&mx) && !feedback(&apex) && twice.is_none() {
        // A return path of another provider, or none: its SPF record still counts for alignment.
        return ReturnPath { checks: Vec::new(), domain: own };
    }
    let mut findings = Vec::new();
    if let Some(at) = twice {
        findings.push(Finding::fail(
            format!("The MX record of the return path stands at {at}: the name of the zone was doubled"),
            doubled.fix(domain, &layout.return_path),
        ));
    }
    if feedback(&apex) {
        findings.push(Finding::fail(
            format!("The MX record of the return path stands at {domain} itself, where it takes the place of your own mail servers"),
            format!("Move it to {name}: enter {} as the record's name", layout.return_path),
        ));
    }
    let seen = mx.as_ref().ok().map(|answer| {
        answer
            .exchanges()
            .iter()
            .map(|(preference, name)| format!("{preference} {name}"))
            .collect::<Vec<_>>()
            .join(", ")
    });
    judge_exchanges(&name, &mx, &mut findings);
    let exchange = finding::check("return path mx", seen, findings);
    ReturnPath { checks: vec![exchange, sender_policy(view, domain, &name, &walked).await], domain: own }
}

fn judge_exchanges(name: &str, mx: &Result<Answer, Failure>, findings: &mut Vec<Finding>) {
    let layout = &facts().resend;
    let expected = format!("{}REGION{}", layout.feedback, layout.feedback_zone);
    match mx {
        Ok(answer) => {
            let exchanges = answer.exchanges();
            if exchanges.len() > 1 {
                findings.push(Finding::fail(
                    format!("{name} has {} MX records, and Resend accepts its own alone", exchanges.len()),
                    format!("Leave the one that leads to {expected}"),
                ));
            }
            for (_, exchange) in exchanges {
                match layout.region_of(exchange) {
                    Some(region) if layout.regions.iter().any(|known| known == region) => {}
                    Some(region) => findings.push(Finding::fail(
                        format!("{name} leads to the region {region}, and Resend has {}", layout.regions.join(", ")),
                        "Copy the MX record anew from Resend's page of the domain: its region is fixed when the domain is added",
                    )),
                    None => findings.push(Finding::fail(
                        format!("{name} leads to {exchange}, which is no server for Resend's bounces"),
                        format!("Let it lead to {expected}, as Resend's page of the domain shows"),
                    )),
                }
            }
        }
        Err(failure) if failure.is_absence() => {
            // A slip that was found says more than that nothing is here.
            if findings.is_empty() {
                findings.push(Finding::warn(
                    format!("There is no MX record at {name}, Resend's usual return path: unless the domain was added with another one, it stays unverified"),
                    format!("Add the MX record from Resend's page of the domain, at {name}"),
                ));
            }
        }
        Err(failure) => findings.push(Finding::warn(failure.why(), failure.fix())),
    }
}

async fn sender_policy(view: &View, domain: &str, name: &str, walked: &spf::Walked) -> Check {
    let layout = &facts().resend;
    let right = format!("v=spf1 include:{} ~all", layout.include);
    let mut findings: Vec<Finding> = walked.findings.iter().map(|(_, finding)| finding.clone()).collect();
    let includes = |record: &str| record.to_ascii_lowercase().contains(&format!("include:{}", layout.include));
    match &walked.record {
        Some(record) if !includes(record) => findings.push(Finding::fail(
            format!("The SPF record at {name} does not include {}, through which Resend sends", layout.include),
            format!("Write {right} at {name}"),
        )),
        None if findings.is_empty() => {
            let apex = view.ask(domain, Kind::Txt).await.map(|answer| answer.texts()).unwrap_or_default();
            findings.push(if apex.iter().any(|text| includes(text)) {
                Finding::fail(
                    format!("The SPF record for Resend stands at {domain}, and Resend looks for it at {name}"),
                    format!("Write {right} at {name}; at {domain} Resend needs none"),
                )
            } else {
                Finding::warn(
                    format!("There is no SPF record at {name}, Resend's usual return path: unless the domain was added with another one, it stays unverified"),
                    format!("Add a TXT record at {name}: {right}"),
                )
            });
        }
        _ => {}
    }
    finding::check("return path spf", walked.record.clone(), findings)
}
