//! From the server's name to a connection: every address looked up, every address tried.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::setting::Setting;
use super::told::Address;
use crate::check::Check;
use crate::mail::lint::ascii;
use crate::mail::resolver::{Answer, DnsServer, Failure, FailureKind, Kind, Resolver, Source};

/// More addresses than these are not tried.
const MOST: usize = 8;
/// Once one address answered, the others get this long to do so too.
const GRACE: Duration = Duration::from_secs(2);

/// What DNS gave.
pub(super) struct Found {
    pub check: Check,
    /// Empty where there is none.
    pub ips: Vec<IpAddr>,
}

/// Looks the server's name up, both families at once.
pub(super) async fn look_up(name: &str, host: &str, server: DnsServer) -> Found {
    if let Ok(ip) = host.trim().parse::<IpAddr>() {
        return Found {
            check: Check::pass(name).seen(format!("{ip} is an address: nothing to look up")),
            ips: vec![ip],
        };
    }
    let Some(asked) = ascii(host) else {
        let check = Check::fail(name, "It is not the name of a server", "Type a name like smtp.resend.com");
        return Found { check, ips: Vec::new() };
    };
    let resolver = match Resolver::new(server) {
        Ok(resolver) => resolver,
        Err(error) => {
            let check = Check::fail(name, format!("{}: {}", error.title, error.detail), error.hint);
            return Found { check, ips: Vec::new() };
        }
    };
    let (four, six) = tokio::join!(resolver.ask(&asked, Kind::A), resolver.ask(&asked, Kind::Aaaa));
    let ips: Vec<IpAddr> = [&four, &six].into_iter().flatten().flat_map(Answer::ips).collect();
    let check =
        if ips.is_empty() { nothing(name, &asked, &four, &six) } else { judged(name, &asked, &ips, &four, &six) };
    Found { check, ips }
}

type Asked = Result<Answer, Failure>;

/// No address at all: the sentence of the failure that tells most.
fn nothing(name: &str, asked: &str, four: &Asked, six: &Asked) -> Check {
    let failures: Vec<&Failure> = [four, six].into_iter().filter_map(|asked| asked.as_ref().err()).collect();
    let seen = |failure: &Failure| format!("{asked}: {}", failure.why());
    let both_empty = failures.iter().all(|failure| failure.kind == FailureKind::NoData);
    let Some(worst) = failures.iter().find(|failure| failure.kind != FailureKind::NoData).or(failures.first()) else {
        return Check::fail(name, format!("{asked} has no address"), "Check the server name for slips");
    };
    if both_empty {
        let fix = "Check the server name for slips: the domain itself often has a web site's records alone";
        return Check::fail(name, format!("{asked} exists, and has neither an A nor an AAAA record"), fix)
            .seen(seen(worst));
    }
    Check::fail(name, worst.why(), worst.fix()).seen(format!("{asked}, asked of {}", worst.server))
}

/// There are addresses, and perhaps something odd about them.
fn judged(name: &str, asked: &str, ips: &[IpAddr], four: &Asked, six: &Asked) -> Check {
    let mut seen: Vec<String> = Vec::new();
    let chain = [four, six].into_iter().flatten().find(|answer| !answer.chain.is_empty());
    if let Some(answer) = chain {
        seen.push(format!("CNAME {}", answer.chain.join(", ")));
    }
    for (word, answer) in [("A", four), ("AAAA", six)] {
        seen.push(match answer {
            Ok(answer) => {
                let list: Vec<String> = answer.ips().iter().map(ToString::to_string).collect();
                let from = match answer.source {
                    Source::HostsFile => "from this computer's hosts file".to_owned(),
                    Source::Server => format!("TTL {} s", answer.ttl()),
                };
                format!("{word} {} ({from})", list.join(", "))
            }
            Err(failure) if failure.kind == FailureKind::NoData => format!("no {word}"),
            Err(failure) => format!("{word}: {}", failure.why()),
        });
    }
    let seen = seen.join(" · ");
    let private: Vec<String> = ips.iter().filter(|ip| is_private(ip)).map(ToString::to_string).collect();
    if !private.is_empty() && is_public_name(asked) {
        return Check::warn(
            name,
            format!(
                "A public name leads to a private address, {}: split DNS, a VPN or a captive portal",
                private.join(", ")
            ),
            format!("To compare, {}: Kinde's servers see what the public sees", Setting::PublicDns.words()),
        )
        .seen(seen);
    }
    let broken = [four, six]
        .into_iter()
        .filter_map(|asked| asked.as_ref().err())
        .find(|failure| !matches!(failure.kind, FailureKind::NoData | FailureKind::NxDomain));
    if let Some(failure) = broken {
        return Check::warn(name, failure.why(), failure.fix()).seen(seen);
    }
    if ips.iter().all(IpAddr::is_ipv6) && ips.iter().any(|ip| !ip.is_loopback()) {
        return Check::warn(
            name,
            "The server has IPv6 addresses alone: who has no IPv6 cannot reach it",
            "Give the server's name an A record too",
        )
        .seen(seen);
    }
    Check::pass(name).seen(seen)
}

/// True for addresses that mean something else on every network.
fn is_private(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let shared = ip.octets().first() == Some(&100) && ip.octets().get(1).is_some_and(|b| (64..128).contains(b));
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified() || shared
        }
        IpAddr::V6(ip) => {
            let head = ip.segments().first().copied().unwrap_or_default();
            ip.is_loopback() || ip.is_unspecified() || head & 0xfe00 == 0xfc00 || head & 0xffc0 == 0xfe80
        }
    }
}

/// True for a name that means the same everywhere: not this machine's own, nor one of a local network.
fn is_public_name(name: &str) -> bool {
    let local = [".localhost", ".local", ".internal", ".lan", ".home", ".home.arpa", ".intranet", ".corp", ".private"];
    name.contains('.') && !local.iter().any(|ending| name.ends_with(ending))
}

/// How every address did, and the first connection that stands.
pub(super) struct Reached {
    pub addresses: Vec<Address>,
    pub tcp: Option<TcpStream>,
    /// How the ones that failed did, in the order of the addresses.
    pub troubles: Vec<Trouble>,
}

/// Why there is no connection to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// Nothing listens, or a firewall says no.
    Refused,
    /// Nothing came back.
    TimedOut,
    /// Not there 2 s after another address was, and waited for no longer.
    Late,
    /// No way leads there.
    Unreachable,
    /// Broken off at once.
    Reset,
    /// This computer does not let it out.
    NotAllowed,
    /// Anything else.
    Other,
}

impl Trouble {
    fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::TimedOut => Self::TimedOut,
            io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::AddrNotAvailable => Self::Unreachable,
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Self::Reset,
            io::ErrorKind::PermissionDenied => Self::NotAllowed,
            _ => Self::Other,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::TimedOut => "no answer in time",
            Self::Late => "not in 2 s",
            Self::Unreachable => "no way leads there",
            Self::Reset => "broken off at once",
            Self::NotAllowed => "not allowed by this computer",
            Self::Other => "failed",
        }
    }
}

/// Connects to every address at once, each by itself.
pub(super) async fn connect(ips: &[IpAddr], port: u16, limit: Duration) -> Reached {
    let mut tries = JoinSet::new();
    let begun = Instant::now();
    for (index, ip) in ips.iter().copied().take(MOST).enumerate() {
        tries.spawn(async move {
            let connecting = TcpStream::connect(SocketAddr::new(ip, port));
            let done = tokio::time::timeout(limit, connecting).await;
            let done = done.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
            (index, begun.elapsed(), done)
        });
    }
    let mut ended: Vec<Option<(Duration, Option<Trouble>)>> = vec![None; ips.len().min(MOST)];
    let mut first = None;
    let mut until = begun + limit + Duration::from_secs(1);
    while let Ok(Some(Ok((index, took, done)))) = tokio::time::timeout_at(until.into(), tries.join_next()).await {
        let trouble = done.as_ref().err().map(Trouble::of);
        if let Some(place) = ended.get_mut(index) {
            *place = Some((took, trouble));
        }
        if let Ok(tcp) = done
            && first.is_none()
        {
            first = Some(tcp);
            until = until.min(Instant::now() + GRACE);
        }
    }
    let (mut addresses, mut troubles) = (Vec::new(), Vec::new());
    let still_out = if first.is_some() { Trouble::Late } else { Trouble::TimedOut };
    for (ip, ended) in ips.iter().zip(ended) {
        let (took, trouble) = ended.unwrap_or((begun.elapsed(), Some(still_out)));
        troubles.extend(trouble);
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        addresses.push(Address { ip: *ip, ms, trouble: trouble.map(|trouble| trouble.words().to_owned()) });
    }
    if let Some(tcp) = &first {
        tcp.set_nodelay(true).ok();
    }
    Reached { addresses, tcp: first, troubles }
}

/// What the connections say: the check of the stage.
pub(super) fn judge(name: &str, port: u16, reached: &Reached) -> Check {
    let seen: Vec<String> = reached
        .addresses
        .iter()
        .map(|address| match &address.trouble {
            None => format!("{} port {port}: connected in {} ms", address.ip, address.ms),
            Some(trouble) => format!("{} port {port}: {trouble}", address.ip),
        })
        .collect();
    let seen = seen.join(" · ");
    if reached.tcp.is_some() {
        let late = |address: &&Address| address.trouble.as_deref() == Some(Trouble::Late.words());
        let troubled = || reached.addresses.iter().filter(|address| address.trouble.is_some());
        let Some(dead) = troubled().find(|address| !late(address)).or_else(|| troubled().next()) else {
            return Check::pass(name).seen(seen);
        };
        // A computer without IPv6 has no way to any such address, and that is its own matter.
        let own = reached.troubles.iter().all(|trouble| *trouble == Trouble::Unreachable)
            && reached.addresses.iter().filter(|address| address.trouble.is_some()).all(|address| address.ip.is_ipv6());
        if own {
            return Check::pass(name).seen(seen).because("This computer has no IPv6; the other addresses answer");
        }
        let (ip, trouble) = (dead.ip, dead.trouble.clone().unwrap_or_default());
        if late(&dead) {
            return Check::warn(
                name,
                format!(
                    "Not every address of the server answered as fast, {ip}: {trouble} after the first. Whether it answers at \
                     all was not waited for"
                ),
                "Check that address alone, as server name; if it is your own server and answers nobody, take it out of DNS",
            )
            .seen(seen);
        }
        return Check::warn(
            name,
            format!(
                "Not every address of the server answers, {ip}: {trouble}. Who meets that one first waits or fails"
            ),
            "If it is your own server, mend that address or take it out of DNS",
        )
        .seen(seen);
    }
    let (why, fix) = match reached.troubles.iter().min() {
        Some(Trouble::Refused) => (
            format!("Nothing listens on port {port} there, or a firewall turns the connection away"),
            "Use one of the provider's own ports, 465 or 587; if it is your own server, start it there",
        ),
        Some(Trouble::TimedOut | Trouble::Late) => (
            format!("No answer from port {port}: something drops what is sent there"),
            "Many networks and clouds block mail ports: try another port of the provider, or another network. Kinde's \
             servers may still reach it",
        ),
        Some(Trouble::Unreachable) => (
            "No way leads there from this computer".to_owned(),
            "Check that this computer is online, and that the server has an address it can use",
        ),
        Some(Trouble::Reset) => (
            format!("The connection to port {port} is broken off at once"),
            "A firewall or a filter does that: try another port of the provider",
        ),
        Some(Trouble::NotAllowed) => (
            format!("This computer does not let connections to port {port} out"),
            "A firewall or virus scanner on this computer blocks mail: allow it, or try another port",
        ),
        Some(Trouble::Other) | None => {
            (format!("No connection to port {port} came about"), "Try again, and try another port of the provider")
        }
    };
    Check::fail(name, why, fix).seen(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(list: &[(&str, Option<Trouble>)]) -> Reached {
        let addresses = list
            .iter()
            .map(|(ip, trouble)| Address {
                ip: ip.parse().unwrap(),
                ms: 3,
                trouble: trouble.map(|trouble| trouble.words().to_owned()),
            })
            .collect();
        Reached { addresses, tcp: None, troubles: list.iter().filter_map(|(_, trouble)| *trouble).collect() }
    }

    #[test]
    fn each_way_not_to_connect_has_a_sentence_of_its_own() {
        let mut sentences = std::collections::HashSet::new();
        for trouble in [
            Trouble::Refused,
            Trouble::TimedOut,
            Trouble::Unreachable,
            Trouble::Reset,
            Trouble::NotAllowed,
            Trouble::Other,
        ] {
            sentences.insert(judge("tcp", 587, &reached(&[("192.0.2.1", Some(trouble))])).why.unwrap());
        }
        assert_eq!(sentences.len(), 6);
        let both = [("2001:db8::1", Some(Trouble::Unreachable)), ("192.0.2.1", Some(Trouble::Refused))];
        assert!(judge("tcp", 587, &reached(&both)).why.unwrap().contains("Nothing listens"));
    }

    #[tokio::test]
    async fn an_address_that_was_waited_for_no_longer_is_not_called_dead() {
        let there = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stands = || async { Some(TcpStream::connect(there.local_addr().unwrap()).await.unwrap()) };
        let late = ("192.0.2.1", Some(Trouble::Late));
        let of = |list: &[(&str, Option<Trouble>)], tcp| judge("tcp", 587, &Reached { tcp, ..reached(list) });
        let check = of(&[("192.0.2.2", None), late], stands().await);
        let why = check.why.unwrap();
        assert!(why.contains("192.0.2.1: not in 2 s") && why.contains("not waited for"), "{why}");
        assert!(check.seen.unwrap().contains("192.0.2.1 port 587: not in 2 s"));
        let refused = ("192.0.2.3", Some(Trouble::Refused));
        let why = of(&[("192.0.2.2", None), late, refused], stands().await).why.unwrap();
        assert!(why.contains("192.0.2.3: refused"), "what is known to be dead is told first: {why}");
        // A listener whose queue is full drops what comes.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new("127.0.0.9".parse().unwrap(), there.local_addr().unwrap().port())).unwrap();
        let full = socket.listen(1).unwrap();
        let mut filling = Vec::new();
        let more = || tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(full.local_addr().unwrap()));
        while let Ok(tcp) = more().await {
            filling.push(tcp.unwrap());
            assert!(filling.len() < 100, "the queue does not fill");
        }
        let ips = ["127.0.0.1".parse().unwrap(), "127.0.0.9".parse().unwrap()];
        let found = connect(&ips, there.local_addr().unwrap().port(), Duration::from_secs(8)).await;
        assert_eq!(found.troubles, [Trouble::Late]);
        assert_eq!(found.addresses[1].trouble.as_deref(), Some("not in 2 s"));
    }

    #[test]
    fn addresses_and_names_that_mean_something_else_elsewhere_are_known() {
        for (ip, private) in [
            ("127.0.0.1", true),
            ("10.1.2.3", true),
            ("100.64.0.1", true),
            ("fd00::1", true),
            ("fe80::1", true),
            ("::1", true),
            ("192.0.2.1", false),
            ("2001:db8::1", false),
            ("100.128.0.1", false),
        ] {
            assert_eq!(is_private(&ip.parse().unwrap()), private, "{ip}");
        }
        for (name, public) in
            [("smtp.acme.test", true), ("localhost", false), ("mail.lan", false), ("nas.local", false)]
        {
            assert_eq!(is_public_name(name), public, "{name}");
        }
    }
}
