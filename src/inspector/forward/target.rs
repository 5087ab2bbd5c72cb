//! Where a webhook may be sent: a person's words, held against what is open, what must be confirmed and what is never.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

use super::NO_ADDRESS;
use crate::error::{Category, UserError};
use crate::net::Route;

/// A place to send to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
}

/// One way to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Door {
    /// What is asked.
    pub url: Url,
    /// How it is reached.
    pub route: Route,
}

impl Target {
    /// The place that `text` names. `confirmed`: a person said that another machine is meant.
    ///
    /// # Errors
    /// When it is no http address, carries credentials, or is a place that nothing is sent to.
    pub fn parse(text: &str, confirmed: bool) -> Result<Self, UserError> {
        let refuse = |detail: &str, hint: &str| {
            UserError::new(Category::Input, "This is no place to send webhooks to")
                .detail(format!("{detail}: {text}"))
                .hint(hint.to_owned())
        };
        let example = "Give it whole, like http://localhost:3000/api/kinde-webhook";
        let url = Url::parse(text.trim()).map_err(|_| {
            UserError::new(Category::Input, "This is no place to send webhooks to")
                .detail(format!("It is no address: {text}"))
                .hint(example)
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("It is neither http nor https", example));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UserError::new(Category::Input, "This is no place to send webhooks to")
                .detail("It carries a user name or a password, which everybody on this machine could read")
                .hint("Leave them out"));
        }
        if is_metadata(&url) {
            return Err(refuse(
                "A cloud's metadata address, or a link-local one",
                "Name your application's own address",
            ));
        }
        if !confirmed && !is_loopback(&url) {
            return Err(refuse(
                "It is not on this machine",
                "Webhooks carry names and addresses of people: send to localhost, or replay it in the window, which asks first",
            ));
        }
        Ok(Self { url })
    }

    /// The address, without its query.
    pub fn shown(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        url.to_string()
    }

    /// The address itself.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The ways to it, one after the other: this machine by both families, whichever it was called by. Another machine's
    /// name is looked up once, and what is connected to is what was looked at: a name that leads elsewhere a moment later
    /// changes nothing.
    ///
    /// # Errors
    /// Why nothing may be sent, in words.
    pub(super) async fn doors(&self) -> Result<Vec<Door>, String> {
        let direct = |url: Url| Door { url, route: Route::Direct };
        let Some(Host::Domain(name)) = self.url.host() else {
            let mut doors = vec![direct(self.url.clone())];
            if is_loopback(&self.url) {
                doors.extend(self.by_both_families().into_iter().filter(|url| *url != self.url).map(direct));
            }
            return Ok(doors);
        };
        let port = self.url.port_or_known_default().unwrap_or(80);
        if is_loopback(&self.url) {
            if self.url.scheme() == "http" {
                return Ok(self.by_both_families().into_iter().map(direct).collect());
            }
            // A certificate is asked for by name.
            let both = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
            let doors = both
                .map(|address| Door { url: self.url.clone(), route: Route::To(vec![SocketAddr::new(address, port)]) });
            return Ok(doors.into());
        }
        let found = tokio::net::lookup_host((name, port)).await;
        let addresses: Vec<SocketAddr> = found.map_err(|error| format!("{NO_ADDRESS}: {error}"))?.collect();
        open(&addresses)?;
        Ok(vec![Door { url: self.url.clone(), route: Route::To(addresses) }])
    }

    fn by_both_families(&self) -> Vec<Url> {
        let named = |host: &str| {
            let mut url = self.url.clone();
            url.set_host(Some(host)).ok().map(|()| url)
        };
        ["127.0.0.1", "[::1]"].into_iter().filter_map(named).collect()
    }
}

/// Whether something may be sent to what a name leads to.
fn open(addresses: &[SocketAddr]) -> Result<(), String> {
    if addresses.is_empty() {
        return Err(NO_ADDRESS.to_owned());
    }
    if addresses.iter().any(|address| forbidden(address.ip())) {
        return Err("its name leads to a cloud's metadata address, where nothing is sent".to_owned());
    }
    Ok(())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

fn is_metadata(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => forbidden(address.into()),
        Some(Host::Ipv6(address)) => forbidden(address.into()),
        Some(Host::Domain(name)) => name.trim_end_matches('.') == "metadata.google.internal",
        None => true,
    }
}

/// Where clouds keep the credentials of a machine that are not link-local, by their documentation: Alibaba Cloud, Azure's
/// platform (WireServer) and Oracle Cloud; AWS and Google Cloud over IPv6.
const METADATA: ([Ipv4Addr; 3], [Ipv6Addr; 2]) = (
    [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(192, 0, 0, 192)],
    [Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254), Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254)],
);

/// Where clouds keep the credentials of a machine: 169.254.0.0/16, fe80::/10 and [`METADATA`]; and no address at all.
fn forbidden(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let nowhere = address.is_unspecified() || address.is_broadcast();
            nowhere || address.is_link_local() || METADATA.0.contains(&address)
        }
        IpAddr::V6(address) => {
            address.is_unspecified() || address.is_unicast_link_local() || METADATA.1.contains(&address)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_to_a_metadata_address_among_others_is_not_sent_to() {
        let good: SocketAddr = "192.0.2.1:80".parse().unwrap();
        assert!(open(&[good]).is_ok());
        for bad in [
            "169.254.169.254:80",
            "[::ffff:169.254.169.254]:80",
            "100.100.100.200:80",
            "168.63.129.16:80",
            "192.0.0.192:80",
            "[::ffff:192.0.0.192]:80",
            "[fd00:ec2::254]:80",
            "[fd20:ce::254]:80",
            "0.0.0.0:80",
        ] {
            assert!(open(&[good, bad.parse().unwrap()]).is_err(), "{bad}");
        }
        assert!(open(&[]).is_err());
    }

    #[tokio::test]
    async fn another_machine_is_reached_by_the_addresses_that_were_looked_at_and_by_no_proxy() {
        let target = Target::parse("http://192.0.2.1:81/x", true).unwrap();
        let door = Door { url: target.url.clone(), route: Route::Direct };
        assert_eq!(target.doors().await.unwrap(), [door]);
        for url in ["https://localhost:8443/x", "https://app.localhost:8443/x"] {
            let target = Target::parse(url, false).unwrap();
            let routes: Vec<Route> = target.doors().await.unwrap().into_iter().map(|door| door.route).collect();
            let to = |address: &str| Route::To(vec![address.parse().unwrap()]);
            assert_eq!(routes, [to("127.0.0.1:8443"), to("[::1]:8443")]);
        }
    }
}
