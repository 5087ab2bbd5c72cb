//! Whether Kinde can deliver to an address, judged from the address alone: no name is looked up and nothing is sent.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::check::Check;

/// Longer than this, servers and proxies begin to refuse.
const LONG: usize = 2000;

/// Longer than this, none takes it.
const TOO_LONG: usize = 16_000;

/// Names that lead nowhere from the internet.
const LOCAL_NAMES: [&str; 9] =
    ["localhost", "local", "internal", "lan", "home.arpa", "test", "example", "invalid", "localdomain"];

/// Services whose address stays, and leads somewhere only while a program runs.
const STANDING: [(&str, &str); 2] = [
    ("ngrok-free.dev", "An ngrok dev domain stays yours, and leads here only while its agent runs"),
    ("ngrok.dev", "An ngrok dev domain stays yours, and leads here only while its agent runs"),
];

/// Services whose address changes or ends, and what to know about each.
const TUNNELS: [(&str, &str); 11] = [
    ("loca.lt", "A localtunnel address ends with the tunnel, and another may be given the next time"),
    ("localtunnel.me", "A localtunnel address ends with the tunnel, and another may be given the next time"),
    ("ngrok-free.app", "An ngrok address without a reserved domain changes at each start"),
    ("ngrok.app", "An ngrok address without a reserved domain changes at each start"),
    ("ngrok.io", "An ngrok address without a reserved domain changes at each start"),
    ("trycloudflare.com", "A quick tunnel of cloudflared has another address at each start"),
    ("lhr.life", "A localhost.run address changes after some hours"),
    ("serveo.net", "A serveo address ends with the tunnel"),
    ("webhook.site", "Everybody who knows the address can read what arrives there"),
    ("requestbin.com", "Everybody who knows the address can read what arrives there"),
    ("smee.io", "smee.io answers Kinde's application/jwt with 415, or changes the body: no webhook arrives intact"),
];

/// Takes off what surrounds a pasted address.
pub fn clean(text: &str) -> String {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}' | '"' | '\'' | '<' | '>'))
        .to_owned()
}

/// Judges an endpoint: the first check is the verdict over the address itself, the others name what else was seen.
/// `on_this_machine`: the tenant is a sandbox here, which may deliver to plain HTTP on loopback.
pub fn lint(text: &str, on_this_machine: bool) -> Vec<Check> {
    let cleaned = clean(text);
    let mut checks = Vec::new();
    match Url::parse(&cleaned) {
        _ if cleaned.is_empty() => checks.push(Check::fail(
            "endpoint",
            "There is no address to deliver to",
            "Type the address of your app's webhook route: https://app.example.com/api/kinde",
        )),
        _ if cleaned.len() > TOO_LONG => checks.push(Check::fail(
            "endpoint",
            format!("An address of {} characters is none that a server takes", cleaned.chars().count()),
            "Check what was pasted",
        )),
        Ok(url) if url.has_host() => {
            checks.push(address(&url, on_this_machine));
            checks.extend(details(&url));
        }
        _ if !cleaned.contains("://") && Url::parse(&format!("https://{cleaned}")).is_ok() => checks.push(Check::fail(
            "endpoint",
            "The address does not say how to deliver",
            format!("Write https://{cleaned}"),
        )),
        _ => checks.push(Check::fail(
            "endpoint",
            "This is no web address",
            "Type the address of your app's webhook route: https://app.example.com/api/kinde",
        )),
    }
    if cleaned != text {
        checks.push(Check::warn(
            "blanks",
            "Blanks or quotes stand around the address",
            "They are left out when it is saved",
        ));
    }
    if cleaned.len() > LONG {
        let why = format!("{} characters: servers and proxies may refuse so long an address", cleaned.len());
        checks.push(Check::warn("length", why, "Use a shorter path, and keep state out of the query"));
    }
    checks
}

/// Whether it is HTTPS to a place that Kinde can reach.
fn address(url: &Url, on_this_machine: bool) -> Check {
    let seen = |check: Check| check.seen(shown(url));
    let host = url.host().map(|host| host.to_owned());
    let unreachable = host.as_ref().and_then(unreachable);
    let loopback = host.as_ref().is_some_and(is_loopback);
    if on_this_machine && loopback && matches!(url.scheme(), "http" | "https") {
        return seen(Check::pass("endpoint").because("The sandbox may deliver here; a real tenant refuses it"));
    }
    match url.scheme() {
        "https" => {}
        "http" if loopback => {
            return seen(Check::fail(
                "endpoint",
                "Kinde delivers over HTTPS alone, and this names your own machine, which Kinde cannot reach",
                "Put a tunnel before your local port and use its https address",
            ));
        }
        "http" => {
            return seen(Check::fail(
                "endpoint",
                "Kinde delivers over HTTPS alone",
                "Write https:// and serve it with a certificate",
            ));
        }
        other => {
            return seen(Check::fail(
                "endpoint",
                format!("Kinde cannot deliver to {other}:"),
                "Write an https address",
            ));
        }
    }
    match unreachable {
        Some(why) if on_this_machine => {
            seen(Check::warn("endpoint", format!("A real tenant cannot reach it: {why}"), "Fine for the sandbox"))
        }
        Some(why) => seen(Check::fail(
            "endpoint",
            format!("Kinde cannot reach it: {why}"),
            "Use a public address; for your own machine put a tunnel before your local port",
        )),
        None => seen(Check::pass("endpoint")),
    }
}

fn details(url: &Url) -> Vec<Check> {
    let mut checks = Vec::new();
    if !url.username().is_empty() || url.password().is_some() {
        checks.push(Check::warn(
            "credentials",
            "User name or password stand in the address: everyone who may read webhooks in Kinde sees them",
            "Leave them out: the signature proves who sent a webhook",
        ));
    }
    let secret = ["token", "secret", "key", "password", "api_key", "apikey"];
    if url.query_pairs().any(|(name, value)| secret.contains(&name.to_ascii_lowercase().as_str()) && !value.is_empty())
    {
        checks.push(Check::warn(
            "credentials",
            "A secret seems to stand in the query: everyone who may read webhooks in Kinde, and every access log, has it",
            "Leave it out: the signature proves who sent a webhook",
        ));
    }
    if url.fragment().is_some() {
        checks.push(Check::warn("fragment", "What follows the # is never sent", "Leave it out"));
    }
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    let fixes = [
        (TUNNELS.as_slice(), "Replace the endpoint when the address changes, or use one of your own domain"),
        (STANDING.as_slice(), "Keep its agent running, or use an address that is served without it"),
    ];
    for (services, fix) in fixes {
        if let Some(why) = service_of(host, services) {
            checks.push(Check::warn("tunnel", why, fix));
        }
    }
    checks
}

/// Address without credentials and query: what may stand in a check.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for addresses that cannot have them.
    url.set_username("").ok();
    url.set_password(None).ok();
    url.set_query(None);
    url.to_string()
}

/// Why the address of a tunnel, or of a public catcher of requests, is one to look after; `None` for any other.
pub(super) fn tunnel(text: &str) -> Option<&'static str> {
    let url = Url::parse(&clean(text)).ok()?;
    let host = url.host_str()?.trim_end_matches('.').to_owned();
    service_of(&host, &TUNNELS).or_else(|| service_of(&host, &STANDING))
}

fn service_of(host: &str, services: &[(&str, &'static str)]) -> Option<&'static str> {
    services.iter().find(|(name, _)| is_under(host, name)).map(|(_, why)| *why)
}

/// `Some(true)`: this machine. `Some(false)`: a private network, or no place at all. `None`: it may be on the internet.
pub(super) fn names_this_machine(url: &Url) -> Option<bool> {
    let host = url.host()?.to_owned();
    unreachable(&host)?;
    Some(is_loopback(&host))
}

pub(super) fn is_under(host: &str, name: &str) -> bool {
    host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'))
}

fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Domain(name) => is_under(name.trim_end_matches('.'), "localhost"),
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback()),
    }
}

/// Why the internet cannot reach a host; `None` where it may.
fn unreachable(host: &Host) -> Option<String> {
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            if is_under(name, "localhost") {
                return Some("localhost is your own machine".to_owned());
            }
            if let Some(local) = LOCAL_NAMES.iter().find(|local| is_under(name, local)) {
                return Some(format!("names under .{local} exist in a local network alone, or not at all"));
            }
            (!name.contains('.')).then(|| "a name without a dot exists in a local network alone".to_owned())
        }
        Host::Ipv4(ip) => private(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => private(ip.to_ipv4_mapped().map_or(IpAddr::V6(*ip), IpAddr::V4)),
    }
}

fn private(ip: IpAddr) -> Option<String> {
    let why = match ip {
        IpAddr::V4(ip) => private_v4(ip),
        IpAddr::V6(ip) => private_v6(ip),
    }?;
    Some(format!("{ip} is {why}"))
}

fn private_v4(ip: Ipv4Addr) -> Option<&'static str> {
    let [a, b, ..] = ip.octets();
    Some(match () {
        () if ip == Ipv4Addr::new(169, 254, 169, 254) => "the metadata service of cloud machines",
        () if ip.is_loopback() => "your own machine",
        () if ip.is_private() => "an address of a private network",
        () if ip.is_link_local() => "a link-local address",
        () if a == 100 && (64..128).contains(&b) => "an address inside a provider's network",
        () if ip.is_unspecified() || a == 0 => "no address of a machine",
        () if ip.is_documentation() => "an address of documentation",
        () if a == 198 && (18..20).contains(&b) => "an address for measurements",
        () if ip.is_multicast() || ip.is_broadcast() || a >= 240 => "no address of one machine",
        () => return None,
    })
}

fn private_v6(ip: Ipv6Addr) -> Option<&'static str> {
    let [first, second, ..] = ip.segments();
    Some(match () {
        () if ip.is_loopback() => "your own machine",
        () if ip.is_unspecified() => "no address of a machine",
        () if first & 0xfe00 == 0xfc00 => "an address of a private network",
        () if first & 0xffc0 == 0xfe80 => "a link-local address",
        () if first == 0x2001 && second == 0xdb8 => "an address of documentation",
        () if ip.is_multicast() => "no address of one machine",
        () => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Verdict, worst};

    fn verdict(text: &str) -> Verdict {
        worst(&lint(text, false))
    }

    #[test]
    fn a_public_https_address_passes() {
        for text in [
            "https://hooks.acme.com/kinde",
            "https://acme.com:8443/a?b=c",
            "https://93.184.216.34/",
            "https://[2606:2800:220:1::1]/",
        ] {
            assert_eq!(verdict(text), Verdict::Pass, "{text}: {:?}", lint(text, false));
        }
    }

    #[test]
    fn what_kinde_cannot_deliver_to_fails_and_says_why_and_what_to_do() {
        for (text, part) in [
            ("http://hooks.acme.com", "HTTPS"),
            ("http://localhost:3000/api", "your own machine"),
            ("https://localhost:3000/api", "your own machine"),
            ("https://app.localhost/", "your own machine"),
            ("https://127.1.2.3/", "your own machine"),
            ("https://[::1]/", "your own machine"),
            ("https://[::ffff:10.0.0.1]/", "private network"),
            ("https://10.1.2.3/", "private network"),
            ("https://172.20.0.1/", "private network"),
            ("https://192.168.1.10/", "private network"),
            ("https://[fd12::1]/", "private network"),
            ("https://169.254.169.254/latest", "metadata"),
            ("https://169.254.1.1/", "link-local"),
            ("https://[fe80::1]/", "link-local"),
            ("https://100.64.0.1/", "provider"),
            ("https://0.0.0.0/", "no address"),
            ("https://2130706433/", "your own machine"),
            ("https://printer.local/", ".local"),
            ("https://metadata.google.internal/", ".internal"),
            ("https://intranet/", "without a dot"),
            ("ftp://hooks.acme.com", "ftp"),
            ("hooks.acme.com/kinde", "how to deliver"),
            ("not an address", "no web address"),
            ("", "no address to deliver"),
            ("https://", "no web address"),
        ] {
            let checks = lint(text, false);
            assert_eq!(checks[0].verdict, Verdict::Fail, "{text}");
            let why = checks[0].why.clone().unwrap();
            assert!(why.contains(part), "{text}: {why}");
            assert!(checks[0].fix.is_some());
        }
    }

    #[test]
    fn the_sandbox_may_deliver_to_plain_http_on_this_machine_and_nowhere_else() {
        for text in ["http://127.0.0.1:4444/k", "http://localhost:3000", "http://[::1]:3000/"] {
            assert_eq!(worst(&lint(text, true)), Verdict::Pass, "{text}");
        }
        assert_eq!(worst(&lint("http://hooks.acme.com", true)), Verdict::Fail);
        assert_eq!(worst(&lint("https://192.168.1.10/", true)), Verdict::Warn);
    }

    #[test]
    fn what_works_and_is_unwise_is_warned_of() {
        let long = format!("https://a.acme.com/{}", "x".repeat(LONG));
        for (text, name) in [
            ("https://user:pass@acme.com/", "credentials"),
            ("https://acme.com/?token=abc", "credentials"),
            ("https://calm-fox.loca.lt/", "tunnel"),
            ("https://a-b.trycloudflare.com/k", "tunnel"),
            ("https://smee.io/abc", "tunnel"),
            ("https://acme.com/k ", "blanks"),
            ("\"https://acme.com/k\"", "blanks"),
            ("https://acme.com/k#x", "fragment"),
            (&long, "length"),
        ] {
            let checks = lint(text, false);
            assert_eq!(worst(&checks), Verdict::Warn, "{text}: {checks:?}");
            assert!(checks.iter().any(|check| check.name == name), "{text}: {checks:?}");
        }
        assert_eq!(verdict("https://notloca.lt/"), Verdict::Pass);
    }

    #[test]
    fn an_address_of_a_tunnel_that_stays_is_not_said_to_change() {
        for (text, words) in [
            ("https://calm-fox.ngrok-free.app/k", "changes at each start"),
            ("https://calm-fox.ngrok-free.dev/k", "stays yours"),
            ("https://calm-fox.ngrok.dev/k", "stays yours"),
        ] {
            let checks = lint(text, false);
            let said: Vec<&Check> = checks.iter().filter(|check| check.name == "tunnel").collect();
            assert_eq!(said.len(), 1, "{text}: {checks:?}");
            assert!(said[0].why.as_ref().unwrap().contains(words), "{text}: {said:?}");
            assert!(tunnel(text).unwrap().contains(words), "{text}: as a leftover too");
        }
    }

    #[test]
    fn a_password_in_the_address_is_not_shown() {
        let shown = format!("{:?}", lint("https://user:hunter2@acme.com/?token=hunter3", false));
        assert!(!shown.contains("hunter"), "{shown}");
    }
}
