//! The zone a domain lies in: its name servers, asked one by one whether they keep it, and in which state.

use std::net::IpAddr;

use serde::Deserialize;

use super::name;
use crate::mail::resolver::{Data, Failure, FailureKind, Kind, Resolver};

/// More name servers than this are not asked; a zone has two to eight.
const MOST_SERVERS: usize = 8;

/// A zone.
#[derive(Debug)]
pub struct Zone {
    /// Its name: the domain itself, or one above it.
    pub apex: String,
    /// Its name servers, in the order of their names.
    pub servers: Vec<Server>,
    /// Asks those servers that keep it; `None` where none does.
    pub itself: Option<Resolver>,
    /// For how many seconds caches may keep "there is none" (the SOA's MINIMUM).
    pub minimum: Option<u32>,
}

/// One name server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// Its addresses.
    pub ips: Vec<IpAddr>,
    /// The number of the zone's state it keeps.
    pub serial: Result<u32, Fault>,
}

/// Why a name server is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Its name has no address.
    NoAddress,
    /// It does not answer, or breaks off.
    Silent,
    /// It answers, and does not keep the zone.
    NotItsOwn,
}

/// The zone that `domain` lies in, looked for from it upwards and not above the organization.
///
/// # Errors
/// When the resolver stays silent: it would to every other question.
pub async fn find(resolver: &Resolver, domain: &str) -> Result<Option<Zone>, Failure> {
    let organization = name::organizational(domain);
    let mut at = Some(domain);
    while let Some(apex) = at {
        match resolver.ask(apex, Kind::Ns).await {
            // An alias leads to a zone of somebody else.
            Ok(answer) if answer.chain.is_empty() => {
                let names = answer.names().into_iter().map(str::to_owned).collect();
                return Ok(Some(look(resolver, apex, names).await));
            }
            Ok(_) => {}
            Err(failure) if failure.is_absence() => {}
            Err(failure) if failure.kind == FailureKind::Timeout => return Err(failure),
            Err(_) => break,
        }
        if organization.as_deref() == Some(apex) {
            break;
        }
        at = name::parent(apex);
    }
    Ok(None)
}

async fn look(resolver: &Resolver, apex: &str, mut names: Vec<String>) -> Zone {
    names.sort_unstable();
    names.truncate(MOST_SERVERS);
    let mut tasks = tokio::task::JoinSet::new();
    for (index, name) in names.into_iter().enumerate() {
        let (resolver, apex) = (resolver.clone(), apex.to_owned());
        tasks.spawn(async move { (index, server(&resolver, &apex, name).await) });
    }
    let mut found = tasks.join_all().await;
    found.sort_by_key(|(index, _)| *index);
    let minimum = found.iter().find_map(|(_, (_, minimum))| *minimum);
    let servers: Vec<Server> = found.into_iter().map(|(_, (server, _))| server).collect();
    let good: Vec<IpAddr> = servers
        .iter()
        .filter(|server| server.serial.is_ok())
        .filter_map(|server| server.ips.first().copied())
        .collect();
    let itself = (!good.is_empty()).then(|| resolver.directly(&good));
    Zone { apex: apex.to_owned(), servers, itself, minimum }
}

/// One server, and the MINIMUM of the zone where it told.
async fn server(resolver: &Resolver, apex: &str, name: String) -> (Server, Option<u32>) {
    let (four, six) = tokio::join!(resolver.ask(&name, Kind::A), resolver.ask(&name, Kind::Aaaa));
    let mut ips: Vec<IpAddr> = [four, six].into_iter().flatten().flat_map(|answer| answer.ips()).collect();
    if ips.is_empty() {
        return (Server { name, ips, serial: Err(Fault::NoAddress) }, None);
    }
    let mut fault = Fault::Silent;
    // One after the other: an IPv6 address is often out of reach where the IPv4 one answers.
    for index in 0..ips.len().min(3) {
        let Some(ip) = ips.get(index).copied() else { break };
        match resolver.directly(&[ip]).ask(apex, Kind::Soa).await {
            Ok(answer) if answer.authoritative => {
                ips.swap(0, index);
                let soa = answer.records.iter().find_map(|record| match record.data {
                    Data::Soa { serial, minimum, .. } => Some((serial, minimum.min(record.ttl))),
                    _ => None,
                });
                let serial = soa.map_or(Err(Fault::NotItsOwn), |(serial, _)| Ok(serial));
                return (Server { name, ips, serial }, soa.map(|(_, minimum)| minimum));
            }
            Ok(_) => fault = Fault::NotItsOwn,
            Err(failure) => fault = fault_of(&failure),
        }
    }
    (Server { name, ips, serial: Err(fault) }, None)
}

fn fault_of(failure: &Failure) -> Fault {
    match failure.kind {
        FailureKind::Timeout | FailureKind::Other(_) | FailureKind::BadName(_) => Fault::Silent,
        // SERVFAIL too: the server is meant to keep the zone and has not got it.
        _ => Fault::NotItsOwn,
    }
}

/// Who keeps a zone, by the names of its servers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DnsHost {
    /// As people call it.
    pub name: String,
    /// Ends of its servers' names.
    pub servers: Vec<String>,
    /// What its panel does to a name that is typed in full, where it appends the zone's.
    #[serde(default)]
    pub appends: bool,
}
