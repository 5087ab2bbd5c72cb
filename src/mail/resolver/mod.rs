//! DNS questions: put to the system's resolver, to a server a person names, or to a zone's own servers.
//!
//! Owns the DNS client and the shapes of questions and answers; what an answer means for mail is [`super::dns`]'s. Nothing
//! is kept between two questions: a check must see what is there now, as far as the server that is asked knows it.

mod answer;
mod server;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle as _, FirstAnswer as _, RetryDnsHandle};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{DnsRequestOptions, Message, Query, ResponseCode};
use hickory_resolver::proto::rr::domain::Name;
use hickory_resolver::proto::rr::{RData, RecordType};
use hickory_resolver::{Hosts, NameServerPool, PoolContext, TlsConfig, system_conf};

pub use answer::{Answer, Data, Failure, FailureKind, Kind, Record, Source};
pub use server::DnsServer;

use crate::error::{Category, UserError};

/// How long one try waits for its answer, unless [`Resolver::patience`] says otherwise.
const PATIENCE: Duration = Duration::from_secs(3);
/// A question that got no answer is put once more.
const REPEATS: usize = 1;
/// Over how many CNAMEs a name is followed. RFC 1034 sets no number; resolvers stop between 8 and 16.
const LONGEST_CHAIN: usize = 12;

/// Puts questions to one DNS server, or to the system's. Clones share its sockets.
#[derive(Clone)]
pub struct Resolver {
    pool: RetryDnsHandle<NameServerPool<TokioRuntimeProvider>>,
    /// The machine's hosts file, which goes before the system's resolver and before no other.
    hosts: Option<Arc<Hosts>>,
    server: DnsServer,
    config: Vec<NameServerConfig>,
    recursive: bool,
    patience: Duration,
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resolver")
            .field("server", &self.server)
            .field("recursive", &self.recursive)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

impl Resolver {
    /// A resolver that asks `server`.
    ///
    /// # Errors
    /// When the system names no resolver of its own.
    pub fn new(server: DnsServer) -> Result<Self, UserError> {
        let (config, hosts) = match server {
            DnsServer::At(address) => (vec![named(address)], None),
            DnsServer::System => {
                let (config, _) = system_conf::read_system_conf().map_err(|error| no_system_resolver(&error))?;
                let (_, _, servers) = ResolverConfig::into_parts(config);
                (servers, Some(Arc::new(Hosts::from_system().unwrap_or_default())))
            }
        };
        Self::over(config, hosts, server, true, PATIENCE).map_err(|error| no_system_resolver(&error))
    }

    fn over(
        config: Vec<NameServerConfig>,
        hosts: Option<Arc<Hosts>>,
        server: DnsServer,
        recursive: bool,
        patience: Duration,
    ) -> Result<Self, NetError> {
        let mut options = ResolverOpts::default();
        options.timeout = patience;
        options.attempts = REPEATS;
        options.recursion_desired = recursive;
        let context = PoolContext::new(options, TlsConfig::new()?);
        let pool = NameServerPool::from_config(config.clone(), Arc::new(context), TokioRuntimeProvider::default());
        Ok(Self { pool: RetryDnsHandle::new(pool, REPEATS), hosts, server, config, recursive, patience })
    }

    /// The same resolver, each try of which waits for `patience`. A question has two tries.
    #[must_use]
    pub fn patience(&self, patience: Duration) -> Self {
        Self::over(self.config.clone(), self.hosts.clone(), self.server, self.recursive, patience)
            .unwrap_or_else(|_| self.clone())
    }

    /// A resolver that asks the name servers at `addresses` themselves, without recursion: what a zone publishes now,
    /// whatever a cache on the way still holds.
    ///
    /// They are asked at port 53. A name server on this machine, which no zone of the internet has, is asked at the port of
    /// the server a person named: whoever keeps zones on loopback keeps them there.
    #[must_use]
    pub fn directly(&self, addresses: &[IpAddr]) -> Self {
        let lab = match self.server {
            DnsServer::At(address) => address.port(),
            DnsServer::System => 53,
        };
        let port = |ip: &IpAddr| if ip.is_loopback() { lab } else { 53 };
        let config = addresses.iter().map(|ip| named(SocketAddr::new(*ip, port(ip)))).collect();
        Self::over(config, None, self.server, false, self.patience).unwrap_or_else(|_| self.clone())
    }

    /// Which server this is.
    pub fn server(&self) -> DnsServer {
        self.server
    }

    /// The records of `kind` at `name`, CNAMEs followed (unless CNAMEs are what is asked for). `name` is taken as it
    /// stands: no search domain is added.
    ///
    /// # Errors
    /// A [`Failure`] that tells a name that does not exist, a name without such records, and a server that fails,
    /// refuses or stays silent apart.
    pub async fn ask(&self, name: &str, kind: Kind) -> Result<Answer, Failure> {
        let begun = Instant::now();
        let mut asked = Asked { name: name.to_owned(), chain: Vec::new() };
        let found = self.follow(&mut asked, kind).await;
        let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let Asked { name, chain } = asked;
        match found {
            Ok(found) => Ok(Answer {
                name,
                chain,
                records: found.records,
                source: found.source,
                authoritative: found.authoritative,
                ms,
            }),
            Err(Failed { kind: why, negative_ttl }) => {
                Err(Failure { kind: why, asked: kind, name, chain, negative_ttl, server: self.server, ms })
            }
        }
    }

    async fn follow(&self, asked: &mut Asked, kind: Kind) -> Result<Found, Failed> {
        let mut at = parse(&asked.name).map_err(Failed::of)?;
        asked.name = answer::text(&at);
        if let Some(found) = self.known_here(&at, kind) {
            return found;
        }
        loop {
            let message = self.exchange(&at, kind).await?;
            let before = asked.chain.len();
            // A server may put the whole chain into one answer, in whatever order.
            while kind != Kind::Cname
                && let Some(target) = message.answers.iter().find_map(|record| match &record.data {
                    RData::CNAME(target) if record.name == at => Some(target.0.clone()),
                    _ => None,
                })
            {
                asked.chain.push(answer::text(&target));
                asked.name = answer::text(&target);
                at = target;
                if asked.chain.len() > LONGEST_CHAIN {
                    let words = format!("its CNAMEs lead over more than {LONGEST_CHAIN} names, or in a circle");
                    return Err(Failed::of(FailureKind::Other(words)));
                }
            }
            let records = answer::records(&message.answers, &at, kind);
            if !records.is_empty() {
                let authoritative = message.metadata.authoritative;
                return Ok(Found { records, source: Source::Server, authoritative });
            }
            let negative_ttl = negative_ttl(&message);
            if message.metadata.response_code == ResponseCode::NXDomain {
                return Err(Failed { kind: FailureKind::NxDomain, negative_ttl });
            }
            // The server named the next name and left it to us to ask there.
            if asked.chain.len() == before || negative_ttl.is_some() {
                return Err(Failed { kind: FailureKind::NoData, negative_ttl });
            }
        }
    }

    /// What needs no server: this machine's own name (RFC 6761 §6.3), and what stands in its hosts file.
    fn known_here(&self, name: &Name, kind: Kind) -> Option<Result<Found, Failed>> {
        let text = answer::text(name);
        let family = match kind {
            Kind::A | Kind::Aaaa => RecordType::from(kind),
            _ => return None,
        };
        let found = |data: Vec<Data>| {
            if data.is_empty() {
                return Err(Failed::of(FailureKind::NoData));
            }
            let records = data.into_iter().map(|data| Record { data, ttl: 0 }).collect();
            Ok(Found { records, source: Source::HostsFile, authoritative: false })
        };
        let hosts = self.hosts.as_deref();
        let written = |family| {
            let lookup = hosts?.lookup_static_host(&Query::query(name.clone(), family))?;
            Some(lookup.answers().iter().filter_map(|record| answer::data(&record.data)).collect::<Vec<_>>())
        };
        let both = [written(RecordType::A), written(RecordType::AAAA)];
        if both.iter().any(Option::is_some) {
            return Some(found(written(family).unwrap_or_default()));
        }
        if text == "localhost" || text.ends_with(".localhost") {
            return Some(found(vec![match kind {
                Kind::A => Data::A(std::net::Ipv4Addr::LOCALHOST),
                _ => Data::Aaaa(std::net::Ipv6Addr::LOCALHOST),
            }]));
        }
        None
    }

    async fn exchange(&self, name: &Name, kind: Kind) -> Result<Message, Failed> {
        let mut options = DnsRequestOptions::default();
        options.recursion_desired = self.recursive;
        let query = Query::query(name.clone(), RecordType::from(kind));
        match self.pool.lookup(query, options).first_answer().await {
            Ok(response) => Ok(response.into_message()),
            Err(error) => Err(refusal(error)),
        }
    }
}

struct Asked {
    name: String,
    chain: Vec<String>,
}

struct Found {
    records: Vec<Record>,
    source: Source,
    authoritative: bool,
}

struct Failed {
    kind: FailureKind,
    negative_ttl: Option<u32>,
}

impl Failed {
    fn of(kind: FailureKind) -> Self {
        Self { kind, negative_ttl: None }
    }
}

/// RFC 2308 §5: for how long "there is none" may be kept.
fn negative_ttl(message: &Message) -> Option<u32> {
    message.authorities.iter().find_map(|record| match &record.data {
        RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
        _ => None,
    })
}

fn refusal(error: NetError) -> Failed {
    let kind = match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => {
            let kind = match none.response_code {
                ResponseCode::NXDomain => FailureKind::NxDomain,
                // A referral and nothing else: the server knows of the zone, and is none of its servers.
                _ if none.ns.is_some() && none.soa.is_none() => FailureKind::NotItsServer,
                _ => FailureKind::NoData,
            };
            return Failed { kind, negative_ttl: none.negative_ttl };
        }
        NetError::Dns(DnsError::ResponseCode(ResponseCode::ServFail)) => FailureKind::ServFail,
        NetError::Dns(DnsError::ResponseCode(ResponseCode::Refused)) => FailureKind::Refused,
        NetError::Dns(DnsError::ResponseCode(code)) => FailureKind::Other(format!("it answers {code}")),
        NetError::Timeout => FailureKind::Timeout,
        NetError::Io(error) => FailureKind::Other(error.to_string()),
        other => FailureKind::Other(other.to_string()),
    };
    Failed::of(kind)
}

/// A domain name as DNS writes it: what is not ASCII in its IDNA form, always absolute.
fn parse(name: &str) -> Result<Name, FailureKind> {
    let bad = |why: String| FailureKind::BadName(why);
    if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(bad("it is empty, or has white space in it".to_owned()));
    }
    let parsed = if name.is_ascii() { Name::from_ascii(name) } else { Name::from_utf8(name) };
    let mut name = parsed.map_err(|error| bad(error.to_string()))?;
    name.set_fqdn(true);
    Ok(name.to_lowercase())
}

fn named(address: SocketAddr) -> NameServerConfig {
    let at = |mut connection: ConnectionConfig| {
        connection.port = address.port();
        connection
    };
    NameServerConfig::new(address.ip(), true, vec![at(ConnectionConfig::udp()), at(ConnectionConfig::tcp())])
}

fn no_system_resolver(error: &NetError) -> UserError {
    UserError::new(Category::Network, "The system names no DNS server")
        .detail(error.to_string())
        .hint("Check that this machine is online, or name a DNS server, for example 1.1.1.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_absolute_and_in_lower_case_and_idna_and_underscores_may_stand_anywhere() {
        for (name, expected) in [
            ("Example.COM", "example.com"),
            ("example.com.", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("k1_a._domainkey.example.com", "k1_a._domainkey.example.com"),
        ] {
            let parsed = parse(name).unwrap();
            assert!(parsed.is_fqdn());
            assert_eq!(answer::text(&parsed), expected);
        }
        let long = format!("{}.example", "a".repeat(64));
        for name in ["", "a b.example", "a..example", "x\n.example", &long] {
            assert!(matches!(parse(name), Err(FailureKind::BadName(_))), "{name:?}");
        }
    }

    #[tokio::test]
    async fn this_machines_own_name_is_asked_of_nobody() {
        // Port 9 of a documentation address: a question to it would time out.
        let resolver = Resolver::new("192.0.2.1:9".parse().unwrap()).unwrap();
        let answer = resolver.ask("mail.localhost", Kind::A).await.unwrap();
        assert_eq!((answer.ips(), answer.source), (vec!["127.0.0.1".parse().unwrap()], Source::HostsFile));
    }
}
