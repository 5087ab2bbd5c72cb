//! The DMARC policy of a domain, or where its record went if it is not where it belongs.

use super::dmarc;
use super::facts::facts;
use super::finding::{self, Finding};
use super::selectors::is_key;
use super::slips::Doubled;
use super::view::View;
use crate::mail::resolver::Kind;

/// Looks for the policy of `domain`, and for the record in the places it is put in by mistake.
pub async fn look(view: &View, domain: &str, doubled: &Doubled) -> dmarc::Looked {
    let mut looked = dmarc::look(view, domain).await;
    let texts = view.ask(domain, Kind::Txt).await.map(|answer| answer.texts()).unwrap_or_default();
    let mut findings = at_apex(domain, &texts);
    if let Some(at) = doubled.find(view, "_dmarc", Kind::Txt, dmarc::was_meant).await {
        findings.push(Finding::fail(
            format!("A DMARC record stands at {at}: the name of the zone was doubled"),
            doubled.fix(domain, "_dmarc"),
        ));
    }
    if looked.dmarc.as_ref().is_none_or(|dmarc| dmarc.domain != domain) {
        let bare = format!("dmarc.{domain}");
        if view
            .guess(&bare, Kind::Txt)
            .await
            .is_ok_and(|answer| answer.texts().iter().any(|text| dmarc::was_meant(text)))
        {
            findings.push(Finding::fail(
                format!("A DMARC record stands at {bare}, without the underscore"),
                "Name the record _dmarc",
            ));
        }
    }
    if !findings.is_empty() {
        let own = &looked.check;
        if let (Some(why), Some(fix)) = (&own.why, &own.fix) {
            findings.push(Finding { verdict: own.verdict, why: why.clone(), fix: fix.clone() });
        }
        looked.check = finding::check("dmarc", own.seen.clone(), findings);
    }
    looked
}

/// Records of mail that stand at the domain itself and belong below it: what, and where to.
fn at_apex(domain: &str, texts: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if texts.iter().any(|text| dmarc::is_policy(text) || (dmarc::was_meant(text) && !is_key(text))) {
        findings.push(Finding::fail(
            format!("A DMARC record stands at {domain} itself, where nobody looks for it"),
            "Enter _dmarc as the record's name",
        ));
    }
    if texts.iter().any(|text| is_key(text)) {
        findings.push(Finding::fail(
            format!("A DKIM key stands at {domain} itself, where nobody looks for it"),
            format!("Enter the selector's name, for example {}._domainkey", facts().resend.selector),
        ));
    }
    findings
}
