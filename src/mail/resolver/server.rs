//! Which DNS server is asked, as a person writes it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// The system's resolver, or a server by its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DnsServer {
    /// What the system is set to, its hosts file first.
    #[default]
    System,
    /// This one, and no hosts file.
    At(SocketAddr),
}

impl FromStr for DnsServer {
    type Err = String;

    /// `system`, `1.1.1.1`, `1.1.1.1:5353`, `2606:4700::1111` or `[2606:4700::1111]:53`; without a port it is 53.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("system") {
            return Ok(Self::System);
        }
        let address = text.parse::<SocketAddr>().or_else(|_| {
            let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
            bare.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53))
        });
        match address {
            Ok(address) if address.port() == 0 => Err("a DNS server has no port 0".to_owned()),
            Ok(address) => Ok(Self::At(address)),
            Err(_) => Err("a DNS server is named by its IP address, with or without a port: 1.1.1.1:53".to_owned()),
        }
    }
}

impl fmt::Display for DnsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("the system's DNS server"),
            Self::At(address) if address.port() == 53 => write!(f, "{}", address.ip()),
            Self::At(address) => write!(f, "{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_the_systems_or_an_address_with_or_without_a_port() {
        let at = |text: &str| text.parse::<DnsServer>().map(|server| server.to_string());
        for (text, shown) in [
            ("system", "the system's DNS server"),
            (" 1.1.1.1 ", "1.1.1.1"),
            ("127.0.0.1:5353", "127.0.0.1:5353"),
            ("2606:4700::1111", "2606:4700::1111"),
            ("[::1]:5353", "[::1]:5353"),
            ("[::1]", "::1"),
        ] {
            assert_eq!(at(text).as_deref(), Ok(shown), "{text}");
        }
        for text in ["", "dns.example", "1.1.1.1:0", "1.1.1.1:99999", "1.1.1"] {
            assert!(at(text).is_err(), "{text}");
        }
    }
}
