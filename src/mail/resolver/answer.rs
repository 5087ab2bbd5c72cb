//! What is asked of DNS, and what comes back: plain data.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hickory_resolver::proto::rr::{self, Name, RData, RecordType};

use super::DnsServer;

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// IPv4 address.
    A,
    /// IPv6 address.
    Aaaa,
    /// Another name for a name.
    Cname,
    /// Where mail for a domain goes.
    Mx,
    /// The name servers of a zone.
    Ns,
    /// The zone's own facts.
    Soa,
    /// Text.
    Txt,
    /// The name of an address.
    Ptr,
}

impl Kind {
    /// As DNS writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Mx => "MX",
            Self::Ns => "NS",
            Self::Soa => "SOA",
            Self::Txt => "TXT",
            Self::Ptr => "PTR",
        }
    }
}

impl From<Kind> for RecordType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::A => Self::A,
            Kind::Aaaa => Self::AAAA,
            Kind::Cname => Self::CNAME,
            Kind::Mx => Self::MX,
            Kind::Ns => Self::NS,
            Kind::Soa => Self::SOA,
            Kind::Txt => Self::TXT,
            Kind::Ptr => Self::PTR,
        }
    }
}

/// What one record holds. Names are in lower case, IDNA form, without the last dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// IPv4 address.
    A(Ipv4Addr),
    /// IPv6 address.
    Aaaa(Ipv6Addr),
    /// The other name.
    Cname(String),
    /// Preference (the smallest first) and mail server; the empty name is the null MX of RFC 7505.
    Mx(u16, String),
    /// Name server.
    Ns(String),
    /// First name server, and for how many seconds "there is none" may be kept (MINIMUM, RFC 2308).
    Soa {
        /// The zone's first server.
        primary: String,
        /// Number of the zone's state.
        serial: u32,
        /// Seconds.
        minimum: u32,
    },
    /// The character strings, each of 255 bytes at most, as they stand in the record.
    Txt(Vec<Vec<u8>>),
    /// Name of an address.
    Ptr(String),
}

/// One record of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it holds.
    pub data: Data,
    /// For how many seconds it may be kept, counted down where a cache gave it.
    pub ttl: u32,
}

/// Who knew the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A DNS server.
    Server,
    /// This machine's hosts file, or the name `localhost`: nobody else sees that answer.
    HostsFile,
}

/// Records were found. There is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The name the records stand at: the last of the chain.
    pub name: String,
    /// The names that CNAMEs led over, the asked one left out; empty without a CNAME.
    pub chain: Vec<String>,
    /// The records, in the server's order.
    pub records: Vec<Record>,
    /// Who knew.
    pub source: Source,
    /// True where a server of the zone itself answered, and no cache.
    pub authoritative: bool,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

impl Answer {
    /// Its addresses.
    pub fn ips(&self) -> Vec<IpAddr> {
        self.records
            .iter()
            .filter_map(|record| match record.data {
                Data::A(ip) => Some(IpAddr::V4(ip)),
                Data::Aaaa(ip) => Some(IpAddr::V6(ip)),
                _ => None,
            })
            .collect()
    }

    /// Each TXT record with its strings joined without anything between, damaged bytes replaced.
    pub fn texts(&self) -> Vec<String> {
        self.records.iter().filter_map(|record| text_of(&record.data)).collect()
    }

    /// The mail servers with their preference, the smallest first.
    pub fn exchanges(&self) -> Vec<(u16, &str)> {
        let mut found: Vec<(u16, &str)> = self
            .records
            .iter()
            .filter_map(|record| match &record.data {
                Data::Mx(preference, name) => Some((*preference, name.as_str())),
                _ => None,
            })
            .collect();
        found.sort_unstable();
        found
    }

    /// The names that CNAME, NS and PTR records lead to.
    pub fn names(&self) -> Vec<&str> {
        self.records
            .iter()
            .filter_map(|record| match &record.data {
                Data::Cname(name) | Data::Ns(name) | Data::Ptr(name) => Some(name.as_str()),
                _ => None,
            })
            .collect()
    }

    /// For how many seconds the whole of it may be kept: the smallest of its records'.
    pub fn ttl(&self) -> u32 {
        self.records.iter().map(|record| record.ttl).min().unwrap_or_default()
    }
}

/// The text of a TXT record.
fn text_of(data: &Data) -> Option<String> {
    match data {
        Data::Txt(strings) => Some(String::from_utf8_lossy(&strings.concat()).into_owned()),
        _ => None,
    }
}

/// Why there are no records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureKind {
    /// NXDOMAIN: nothing at all has that name.
    NxDomain,
    /// The name exists, records of that kind do not.
    NoData,
    /// SERVFAIL: the server could not find out.
    ServFail,
    /// REFUSED: the server does not answer such questions, or not to us.
    Refused,
    /// Nothing came in time.
    Timeout,
    /// The server leads elsewhere instead of answering: it is no server of that zone.
    NotItsServer,
    /// No domain name can look like that: why.
    BadName(String),
    /// Anything else, in the words of whoever said it.
    Other(String),
}

/// No records, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure.
    pub kind: FailureKind,
    /// What was asked for.
    pub asked: Kind,
    /// The name it failed at: the last of the chain.
    pub name: String,
    /// The names that CNAMEs led over until then.
    pub chain: Vec<String>,
    /// For how many seconds caches may keep "there is none".
    pub negative_ttl: Option<u32>,
    /// The server that was asked.
    pub server: DnsServer,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

impl Failure {
    /// True where the server knows that there is nothing: asked again, it will say the same.
    pub fn is_absence(&self) -> bool {
        matches!(self.kind, FailureKind::NxDomain | FailureKind::NoData)
    }

    /// What happened, as a sentence without a full stop.
    pub fn why(&self) -> String {
        let Self { name, server, .. } = self;
        let kind = self.asked.word();
        let words = match &self.kind {
            FailureKind::NxDomain => format!("The name {name} does not exist (NXDOMAIN)"),
            FailureKind::NoData => format!("The name {name} exists, but has no {kind} record"),
            FailureKind::ServFail => format!(
                "{} could not find out about {name} (SERVFAIL): the servers of its zone do not answer, or its DNSSEC is broken",
                capital(server)
            ),
            FailureKind::Refused => format!("{} refuses to answer for {name} (REFUSED)", capital(server)),
            FailureKind::Timeout => format!("{} did not answer in time about {name}", capital(server)),
            FailureKind::NotItsServer => {
                format!("A name server that is listed for {name} does not keep that zone and leads elsewhere")
            }
            FailureKind::BadName(why) => format!("{name} is no domain name: {why}"),
            FailureKind::Other(why) => format!("{} could not be asked about {name}: {why}", capital(server)),
        };
        if self.chain.is_empty() { words } else { format!("{words}. A CNAME leads to it") }
    }

    /// What to do about it, as a sentence without a full stop.
    pub fn fix(&self) -> String {
        match self.kind {
            FailureKind::NxDomain => "Check the spelling; if the name is new, caches may take until their time is over",
            FailureKind::NoData => "Check that the record stands at exactly this name, and that it is of this kind",
            FailureKind::ServFail => "Ask another DNS server too; if it fails there as well, the zone itself is broken",
            FailureKind::Refused => {
                "Name a DNS server that answers this machine. A VPN or a company network often allows only its own"
            }
            FailureKind::Timeout => {
                "Check that this machine is online and that a firewall lets DNS (port 53) through, or name another DNS server"
            }
            FailureKind::NotItsServer => "Correct the name servers at the registrar of the domain",
            FailureKind::BadName(_) => "Correct the name",
            FailureKind::Other(_) => "Check that this machine is online, or name another DNS server",
        }
        .to_owned()
    }
}

fn capital(server: &DnsServer) -> String {
    match server {
        DnsServer::System => "The system's DNS server".to_owned(),
        DnsServer::At(_) => format!("The DNS server {server}"),
    }
}

/// A name as it is shown and compared: lower case, without the last dot.
pub(super) fn text(name: &Name) -> String {
    name.to_lowercase().to_ascii().trim_end_matches('.').to_owned()
}

/// The records of `kind` at `name` among `records`.
pub(super) fn records(records: &[rr::Record], name: &Name, kind: Kind) -> Vec<Record> {
    let wanted = RecordType::from(kind);
    records
        .iter()
        .filter(|record| record.name == *name && record.record_type() == wanted)
        .filter_map(|record| Some(Record { data: data(&record.data)?, ttl: record.ttl }))
        .collect()
}

/// `None` for kinds that nothing here asks for.
pub(super) fn data(data: &RData) -> Option<Data> {
    Some(match data {
        RData::A(ip) => Data::A(ip.0),
        RData::AAAA(ip) => Data::Aaaa(ip.0),
        RData::CNAME(name) => Data::Cname(text(&name.0)),
        RData::MX(mx) => Data::Mx(mx.preference, text(&mx.exchange)),
        RData::NS(name) => Data::Ns(text(&name.0)),
        RData::PTR(name) => Data::Ptr(text(&name.0)),
        RData::SOA(soa) => Data::Soa { primary: text(&soa.mname), serial: soa.serial, minimum: soa.minimum },
        RData::TXT(txt) => Data::Txt(txt.txt_data.iter().map(|string| string.to_vec()).collect()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_failure_is_told_in_a_sentence_of_its_own() {
        let kinds = [
            FailureKind::NxDomain,
            FailureKind::NoData,
            FailureKind::ServFail,
            FailureKind::Refused,
            FailureKind::Timeout,
            FailureKind::NotItsServer,
            FailureKind::BadName("a label is too long".to_owned()),
            FailureKind::Other("network unreachable".to_owned()),
        ];
        let told: std::collections::BTreeSet<String> = kinds
            .iter()
            .map(|kind| {
                let failure = Failure {
                    kind: kind.clone(),
                    asked: Kind::Mx,
                    name: "example.com".to_owned(),
                    chain: Vec::new(),
                    negative_ttl: None,
                    server: DnsServer::System,
                    ms: 0,
                };
                assert!(failure.why().contains("example.com") && !failure.fix().is_empty());
                failure.why()
            })
            .collect();
        assert_eq!(told.len(), kinds.len());
    }

    #[test]
    fn the_strings_of_a_text_record_are_joined_without_anything_between() {
        let record = |strings: &[&str]| Record {
            data: Data::Txt(strings.iter().map(|string| string.as_bytes().to_vec()).collect()),
            ttl: 60,
        };
        let answer = Answer {
            name: String::new(),
            chain: Vec::new(),
            records: vec![record(&["v=spf1 inc", "lude:a -all"]), Record { ttl: 5, ..record(&["x"]) }],
            source: Source::Server,
            authoritative: false,
            ms: 0,
        };
        assert_eq!((answer.texts(), answer.ttl()), (vec!["v=spf1 include:a -all".to_owned(), "x".to_owned()], 5));
    }
}
