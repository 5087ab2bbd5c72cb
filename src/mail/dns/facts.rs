//! What `assets/mail/dns.toml` knows: selectors, Resend's layout, who keeps a zone, a proxy's addresses.

use std::net::IpAddr;
use std::sync::LazyLock;

use serde::Deserialize;

use super::zone::DnsHost;

/// The whole file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The day it was last looked at.
    pub checked: String,
    /// Resend's layout of a domain.
    pub resend: Layout,
    proxy: Proxy,
    provider: Vec<Provider>,
    host: Vec<DnsHost>,
}

/// Where Resend puts its records, and what stands in them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// DKIM selector.
    pub selector: String,
    /// Label of the return path, unless the domain was added with another one.
    pub return_path: String,
    /// The regions there are.
    pub regions: Vec<String>,
    /// What the MX of the return path begins with; the region follows.
    pub feedback: String,
    /// What follows the region.
    pub feedback_zone: String,
    /// What its SPF record includes.
    pub include: String,
}

impl Layout {
    /// The region that a mail server of Resend's return path names: `feedback-smtp.eu-west-1.amazonses.com`.
    pub fn region_of<'a>(&self, exchange: &'a str) -> Option<&'a str> {
        exchange.strip_prefix(&self.feedback)?.strip_suffix(&self.feedback_zone)
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proxy {
    name: String,
    ranges: Vec<String>,
}

/// A sender with selectors of its own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// As people call it.
    pub name: String,
    /// Its DKIM selectors.
    pub selectors: Vec<String>,
}

static FACTS: LazyLock<Facts> =
    LazyLock::new(|| crate::assets::read(include_str!("../../../assets/mail/dns.toml")).unwrap_or_default());

/// The facts.
pub fn facts() -> &'static Facts {
    &FACTS
}

impl Facts {
    /// The known selectors, each with its provider.
    pub fn selectors(&self) -> impl Iterator<Item = (&str, &str)> {
        self.provider
            .iter()
            .flat_map(|provider| provider.selectors.iter().map(|selector| (selector.as_str(), provider.name.as_str())))
    }

    /// Whose selector that is.
    pub fn provider_of(&self, selector: &str) -> Option<&str> {
        self.selectors().find(|(known, _)| *known == selector).map(|(_, provider)| provider)
    }

    /// Who keeps a zone with a server of that name.
    pub fn host_of(&self, server: &str) -> Option<&DnsHost> {
        // `.awsdns-12.com` holds a number; the other ends are ends.
        self.host.iter().find(|host| {
            host.servers.iter().any(|end| if end.ends_with('-') { server.contains(end) } else { server.ends_with(end) })
        })
    }

    /// The name of the web proxy that `ip` belongs to.
    pub fn proxy_of(&self, ip: IpAddr) -> Option<&str> {
        self.proxy.ranges.iter().any(|range| contains(range, ip)).then_some(self.proxy.name.as_str())
    }
}

/// Whether `range` (`104.16.0.0/13`) holds `ip`.
fn contains(range: &str, ip: IpAddr) -> bool {
    let Some((base, length)) = range.split_once('/') else { return false };
    let (Ok(base), Ok(length)) = (base.parse::<IpAddr>(), length.parse::<u32>()) else { return false };
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => (u128::from(ip.to_bits()) << 96, true),
        IpAddr::V6(ip) => (ip.to_bits(), false),
    };
    let ((base, four), (ip, also_four)) = (bits(base), bits(ip));
    four == also_four && (length == 0 || (base ^ ip) >> (128 - length.min(128)) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_can_be_read_and_every_selector_is_named_once() {
        let facts: Facts = crate::assets::read(include_str!("../../../assets/mail/dns.toml")).unwrap();
        let mut selectors: Vec<&str> = facts.selectors().map(|(selector, _)| selector).collect();
        let count = selectors.len();
        selectors.sort_unstable();
        selectors.dedup();
        assert!(count > 25 && selectors.len() == count, "{selectors:?}");
        assert_eq!(facts.provider_of("resend"), Some("Resend"));
        assert!(facts.proxy.ranges.iter().all(|range| range.split_once('/').unwrap().0.parse::<IpAddr>().is_ok()));
    }

    #[test]
    fn a_zones_keeper_and_a_proxys_address_are_known() {
        let facts = facts();
        let host = |server: &str| facts.host_of(server).map(|host| host.name.as_str());
        assert_eq!(host("ada.ns.cloudflare.com"), Some("Cloudflare"));
        assert_eq!(host("ns-12.awsdns-01.co.uk"), Some("Amazon Route 53"));
        assert_eq!(host("ns1.example.test"), None);
        for (ip, proxy) in [
            ("104.21.3.4", Some("Cloudflare")),
            ("104.32.0.1", None),
            ("2606:4700::6810:1", Some("Cloudflare")),
            ("2606:4701::1", None),
            ("192.0.2.1", None),
        ] {
            assert_eq!(facts.proxy_of(ip.parse().unwrap()), proxy, "{ip}");
        }
        assert_eq!(facts.resend.region_of("feedback-smtp.eu-west-1.amazonses.com"), Some("eu-west-1"));
        assert_eq!(facts.resend.region_of("mx.example.com"), None);
    }
}
