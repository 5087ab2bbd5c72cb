//! Sends a kept webhook on: the bytes as they came, under the request id they came with.
//!
//! An event never says where to: targets are a person's words. Loopback is open, any other machine must be confirmed, the
//! metadata addresses of clouds are refused whatever anybody confirms. Redirects are answers and are not followed.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use url::{Host, Url};

use crate::error::{Category, UserError};
use crate::net::{Http, NetErrorKind, Request};
use crate::store::attempts::Forwarded;

/// How long a target may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most bytes of an answer that are taken in.
const ANSWER: usize = 1 << 20;
/// Says to the receiving application that this is not Kinde's own delivery.
pub const REPLAYED: &str = "x-replayed-by";

/// A place to send to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
}

/// What a target answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The short form, as it is kept and printed.
    pub forwarded: Forwarded,
    /// Names in lower case, in order; empty where nothing was answered.
    pub headers: Vec<(String, String)>,
    /// The body, damaged bytes replaced.
    pub body: String,
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
        let example = "Give it whole, like http://localhost:3000/api/webhook";
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
                "Webhooks carry names and addresses of people: forward to localhost, or replay one to it on purpose",
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

    /// The addresses to try, one after the other: this machine by both families, whichever it was called by.
    fn doors(&self) -> Vec<Url> {
        let mut doors = vec![self.url.clone()];
        if is_loopback(&self.url) && self.url.scheme() == "http" {
            for host in ["127.0.0.1", "[::1]"] {
                let mut door = self.url.clone();
                if door.set_host(Some(host)).is_ok() && !doors.contains(&door) {
                    doors.push(door);
                }
            }
            if matches!(self.url.host(), Some(Host::Domain(_))) {
                doors.remove(0);
            }
        }
        doors
    }
}

/// Sends `body` to `target` with those of `headers` that travel.
pub async fn forward(
    http: &Http,
    target: &Target,
    headers: &[(String, String)],
    body: &[u8],
    replayed: bool,
) -> Response {
    let mut last = None;
    for door in target.doors() {
        if resolves_to_metadata(&door).await {
            let error = "its name leads to a cloud's metadata address, where nothing is sent".to_owned();
            return Response::failed(target, 0, error);
        }
        let begun = tokio::time::Instant::now();
        let request = request(target, door, headers, body, replayed);
        match http.send(request).await {
            Ok(answer) => {
                let body = answer.text().into_owned();
                let (status, ms) = (Some(answer.status), answer.ms);
                let forwarded = Forwarded { url: target.shown(), status, ms, error: None };
                return Response { forwarded, headers: answer.headers, body };
            }
            Err(error) => {
                let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                let refused = error.kind == NetErrorKind::Connect;
                let reason = match error.kind {
                    NetErrorKind::Connect => format!("nothing listens there: {}", error.reason),
                    _ => error.reason,
                };
                last = Some(Response::failed(target, ms, reason));
                if !refused {
                    break;
                }
            }
        }
    }
    last.unwrap_or_else(|| Response::failed(target, 0, "not sent".to_owned()))
}

impl Response {
    fn failed(target: &Target, ms: u64, error: String) -> Self {
        let forwarded = Forwarded { url: target.shown(), status: None, ms, error: Some(error) };
        Self { forwarded, headers: Vec::new(), body: String::new() }
    }
}

fn request(target: &Target, door: Url, headers: &[(String, String)], body: &[u8], replayed: bool) -> Request {
    let find = |name: &str| headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    let purpose = if replayed { "Replay a webhook" } else { "Forward a webhook" };
    let elsewhere = door.host() != target.url.host();
    let mut request = Request::post(purpose, door)
        .bytes(find("content-type").unwrap_or("application/jwt"), body.to_vec())
        .timeout(PATIENCE)
        .limit(ANSWER);
    // The application may look at the name it was called by.
    if elsewhere && let Some(host) = target.url.host_str() {
        let port = target.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        request = request.header("host", format!("{host}{port}"));
    }
    if let Some(id) = find("webhook-id") {
        request = request.header("webhook-id", id);
    }
    if let Some(encoding) = find("content-encoding") {
        request = request.header("content-encoding", encoding);
    }
    if replayed {
        request = request.header(REPLAYED, concat!("kinde-panel/", env!("CARGO_PKG_VERSION")));
    }
    request
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

/// Where clouds keep the credentials of a machine: 169.254.0.0/16, fe80::/10, fd00:ec2::254; and no address at all.
fn forbidden(address: IpAddr) -> bool {
    const AWS: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254);
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_link_local() || address.is_unspecified() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_unicast_link_local() || address.is_unspecified() || address == AWS,
    }
}

async fn resolves_to_metadata(url: &Url) -> bool {
    let Some(Host::Domain(name)) = url.host() else { return false };
    let port = url.port_or_known_default().unwrap_or(80);
    match tokio::net::lookup_host((name, port)).await {
        Ok(mut addresses) => addresses.any(|address| forbidden(address.ip())),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests;
