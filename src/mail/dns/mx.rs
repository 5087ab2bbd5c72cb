//! Where mail to the domain goes (RFC 5321 §5.1): bounces and replies do, and receivers look whether they can.

use std::net::IpAddr;

use super::finding::{self, Finding};
use super::view::View;
use crate::check::Check;
use crate::mail::resolver::Kind;

/// More mail servers than this are not looked at one by one.
const MOST: usize = 10;

/// The check `mx` of `domain`.
pub async fn check(view: &View, domain: &str) -> Check {
    let answer = match view.ask(domain, Kind::Mx).await {
        Ok(answer) => answer,
        Err(failure) if failure.is_absence() => return without(view, domain).await,
        Err(failure) => return Check::fail("mx", failure.why(), failure.fix()),
    };
    let exchanges = answer.exchanges();
    let seen =
        exchanges.iter().map(|(preference, name)| format!("{preference} {}", if name.is_empty() { "." } else { name }));
    let seen = seen.collect::<Vec<_>>().join(", ");
    let mut findings = Vec::new();
    if exchanges.iter().any(|(_, name)| name.is_empty()) {
        findings.push(if exchanges.len() == 1 {
            Finding::fail(
                format!("{domain} has a null MX (RFC 7505): it takes no mail, and many receivers refuse a sender who cannot be answered"),
                "Send from a domain that takes mail, or give this one mail servers",
            )
        } else {
            Finding::fail(
                format!("{domain} has a null MX beside other mail servers, which contradict each other"),
                "Remove the MX record that leads to a lone dot",
            )
        });
    }
    for (_, name) in exchanges.iter().filter(|(_, name)| !name.is_empty()).take(MOST) {
        if let Some(finding) = exchange(view, name).await {
            findings.push(finding);
        }
    }
    finding::check("mx", Some(seen), findings)
}

async fn exchange(view: &View, name: &str) -> Option<Finding> {
    if name.parse::<IpAddr>().is_ok() {
        return Some(Finding::fail(
            format!("An MX record leads to the address {name}, and may lead to a name alone"),
            "Give the mail server a name with an A record, and let the MX record lead to that",
        ));
    }
    let (four, six) = tokio::join!(view.ask(name, Kind::A), view.ask(name, Kind::Aaaa));
    match (four, six) {
        (Ok(answer), _) | (_, Ok(answer)) if !answer.chain.is_empty() => Some(Finding::fail(
            format!(
                "An MX record leads to {name}, which is an alias (CNAME) of {}: that is not allowed (RFC 2181 §10.3)",
                answer.name
            ),
            format!("Let the MX record lead to {} itself", answer.name),
        )),
        (Ok(_), _) | (_, Ok(_)) => None,
        (Err(failure), _) if failure.is_absence() => Some(Finding::fail(
            format!("An MX record leads to {name}, which has no address"),
            "Correct the name of the mail server, or give it an A record",
        )),
        (Err(failure), _) => Some(Finding::warn(failure.why(), failure.fix())),
    }
}

/// No MX: then the domain's own address takes its mail, where it has one.
async fn without(view: &View, domain: &str) -> Check {
    let (four, six) = tokio::join!(view.ask(domain, Kind::A), view.ask(domain, Kind::Aaaa));
    if four.is_ok() || six.is_ok() {
        return Check::warn(
            "mx",
            format!("{domain} has no MX record: mail to it goes to the address of the website, which seldom takes any"),
            "Add the MX records of whoever takes your mail. Kinde asks for a real mailbox as sender",
        );
    }
    Check::fail(
        "mx",
        format!(
            "{domain} has neither an MX record nor an address: it takes no mail, and many receivers refuse such a sender"
        ),
        "Send from a domain that takes mail, or add MX records",
    )
}
