//! The zone's name servers, and where they and the resolver do not say the same.

use super::facts::facts;
use super::finding::{self, Finding};
use super::view::{Difference, Lag, View};
use super::zone::{Fault, Zone};
use crate::check::Check;
use crate::mail::resolver::DnsServer;

/// Whom a name server's fault is laid at.
const REGISTRAR: &str = "Correct the name servers at the registrar of the domain";

/// The check `name servers`.
pub fn servers(domain: &str, zone: Option<&Zone>) -> Check {
    let Some(zone) = zone else {
        return Check::warn(
            "name servers",
            format!(
                "The name servers of {domain} could not be found out: only what the DNS server knows was looked at"
            ),
            "Name another DNS server, for example 1.1.1.1",
        );
    };
    let host = zone.servers.iter().find_map(|server| facts().host_of(&server.name));
    let names: Vec<&str> = zone.servers.iter().map(|server| server.name.as_str()).collect();
    let kept = host.map(|host| format!(", kept by {}", host.name)).unwrap_or_default();
    let seen = format!("{}{kept}", names.join(", "));
    let mut findings = Vec::new();
    let of = |fault: &Fault| {
        let found = zone.servers.iter().filter(|server| server.serial.as_ref().err() == Some(fault));
        found.map(|server| server.name.as_str()).collect::<Vec<_>>()
    };
    let none = zone.itself.is_none();
    let lame = of(&Fault::NotItsOwn);
    if !lame.is_empty() {
        let why = format!("{} is listed as name server of {} and does not keep that zone", lame.join(", "), zone.apex);
        findings.push(if none { Finding::fail(why, REGISTRAR) } else { Finding::warn(why, REGISTRAR) });
    }
    let homeless = of(&Fault::NoAddress);
    if !homeless.is_empty() {
        let why = format!("{} is listed as name server of {} and has no address", homeless.join(", "), zone.apex);
        findings.push(if none { Finding::fail(why, REGISTRAR) } else { Finding::warn(why, REGISTRAR) });
    }
    let silent = of(&Fault::Silent);
    if silent.len() == zone.servers.len() {
        findings.push(Finding::warn(
            "None of the zone's name servers could be asked from here: only what the DNS server knows was looked at",
            "A firewall that lets DNS through to its own server alone is the usual cause; ask from another network too",
        ));
    } else if !silent.is_empty() {
        findings.push(Finding::warn(
            format!("{} does not answer", silent.join(", ")),
            "Some questions take longer for it; tell whoever keeps the zone",
        ));
    }
    let mut states: Vec<u32> = zone.servers.iter().filter_map(|server| server.serial.clone().ok()).collect();
    states.sort_unstable();
    states.dedup();
    if states.len() > 1 {
        let each =
            zone.servers.iter().filter_map(|server| Some(format!("{} {}", server.name, server.serial.as_ref().ok()?)));
        findings.push(Finding::warn(
            format!("The zone's name servers are not in the same state ({}): a change is under way, or one of them no longer follows", each.collect::<Vec<_>>().join(", ")),
            "Wait some minutes and look again; if it stays, tell whoever keeps the zone",
        ));
    }
    let good = findings.is_empty();
    let check = finding::check("name servers", Some(seen), findings);
    match host {
        Some(host) if good => check.because(format!(
            "Records of {} are edited at {}. Typed anywhere else, for example at the registrar, they have no effect",
            zone.apex, host.name
        )),
        _ => check,
    }
}

/// The check `visibility`: what is published and not yet seen, and the other way round.
pub fn visibility(view: &View, server: DnsServer) -> Check {
    if view.zone().is_none_or(|zone| zone.itself.is_none()) {
        return Check::skipped("visibility", "The zone's own name servers could not be asked");
    }
    let lags = view.lags();
    if lags.is_empty() {
        return Check::pass("visibility").seen(format!("{server} says what the zone's own name servers say"));
    }
    let minimum = view.zone().and_then(|zone| zone.minimum);
    let findings = lags.iter().map(|lag| tell(lag, server, minimum)).collect();
    let names: Vec<String> = lags.iter().map(|lag| format!("{} {}", lag.kind.word(), lag.name)).collect();
    finding::check("visibility", Some(names.join(", ")), findings)
}

fn tell(lag: &Lag, server: DnsServer, minimum: Option<u32>) -> Finding {
    let Lag { name, kind, what, seconds } = lag;
    let kind = kind.word();
    let time = seconds
        .or(minimum)
        .map_or("until its time is over".to_owned(), |seconds| format!("for up to {}", span(seconds)));
    let wait = "What was judged here is what the zone publishes. Wait, and look again; other caches, Kinde's provider's too, have times of their own";
    match what {
        Difference::NotYet => Finding::warn(
            format!(
                "Published, not yet visible to you: the {kind} record at {name}. {server} still says that there is none, {time}"
            ),
            wait,
        ),
        Difference::Older => Finding::warn(
            format!(
                "Changed, not yet visible to you: the {kind} record at {name}. {server} gives the older one {time}"
            ),
            wait,
        ),
        Difference::Still => Finding::warn(
            format!("Taken away, still visible to you: the {kind} record at {name}. {server} gives it {time}"),
            wait,
        ),
        Difference::Cannot(why) => Finding::warn(
            format!("The zone's own name servers answer for {kind} {name}, and the DNS server does not: {why}"),
            "Ask another DNS server too. If it says the same, the zone's DNSSEC may be broken",
        ),
    }
}

/// Seconds as a person says them.
fn span(seconds: u32) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_in_the_unit_that_fits() {
        assert_eq!([60, 300, 3600, 86400].map(span), ["60 s", "5 min", "60 min", "24 h"]);
    }
}
