//! The test before use: a nonce goes out through the public address as Kinde's webhooks will, and has to arrive here byte by
//! byte. What becomes of it is judged in `judge`, which is pure.
//!
//! It shows what this machine sees from inside: that the way is whole and changes nothing. Whether Kinde's servers are let
//! through is seen when the first webhook comes.

mod judge;
mod pages;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::time::{Instant, timeout};
use url::{Host, Url};

use super::Ends;
use crate::check::Check;
use crate::inspector::receiver::{MARK, Seen};
use crate::jwt::encode_base64url as b64;
use crate::net::{Answer, NetError, Request, Route};
use crate::webhooks::endpoint;

/// How long a way may take after it has answered: smee answers first and delivers later.
const LATE: Duration = Duration::from_secs(3);
/// The same where the answer was no success.
const SOON: Duration = Duration::from_millis(300);
/// How long looking the name up may take beside the test.
const LOOK_UP: Duration = Duration::from_secs(3);
/// The most of an answer that is looked at.
const ANSWER: usize = 16 << 10;

/// What became of a self-test.
pub(super) struct Went {
    pub url: Url,
    /// The receiver's port.
    pub port: u16,
    /// The receiver's path.
    pub path: String,
    /// What was sent.
    pub sent: Vec<u8>,
    /// The `webhook-id` it was sent with.
    pub webhook_id: String,
    /// What came back.
    pub answer: Result<Answer, NetError>,
    /// How it arrived here.
    pub seen: Option<Seen>,
    /// The name leads to IPv6 addresses alone.
    pub only_ipv6: bool,
    pub took: Duration,
}

/// Tests `url`, the whole endpoint, within `patience`. The checks are always the same, in the same order: `address, ipv4,
/// tunnel, redirect, interstitial, receiver, body, content_type, webhook_id`.
pub async fn self_test(url: &Url, ends: &Ends, patience: Duration) -> Vec<Check> {
    let address = judge::address(endpoint::lint(url.as_str(), ends.on_this_machine));
    if address.verdict == crate::check::Verdict::Fail {
        return judge::unsent(address);
    }
    let (went, only_ipv6) = tokio::join!(send(url, ends, patience), leads_to_ipv6_alone(url));
    judge::judge(address, &Went { only_ipv6, ..went })
}

async fn send(url: &Url, ends: &Ends, patience: Duration) -> Went {
    let mut expected = ends.door.expect();
    let sent = token(&expected.nonce).into_bytes();
    let webhook_id = format!("{MARK}{}", expected.nonce);
    let request = Request::post("Self-test through the public address", url.clone())
        .bytes("application/jwt", sent.clone())
        .header("webhook-id", webhook_id.clone())
        .route(route(url))
        .timeout(patience)
        .beginning(ANSWER);
    let begun = Instant::now();
    let mut seen: Option<Seen> = None;
    let answer = {
        let posted = ends.http.send(request);
        tokio::pin!(posted);
        loop {
            tokio::select! {
                answer = &mut posted => break answer,
                arrived = expected.arrived(), if seen.is_none() => seen = arrived,
            }
        }
    };
    if seen.is_none() {
        let more = if answer.as_ref().is_ok_and(Answer::is_success) { LATE } else { SOON };
        seen = timeout(more, expected.arrived()).await.ok().flatten();
    }
    let (port, path) = (ends.door.address().port(), ends.door.path().to_owned());
    Went { url: url.clone(), port, path, sent, webhook_id, answer, seen, only_ipv6: false, took: begun.elapsed() }
}

/// Names under `.localhost` are this machine (RFC 6761), which not every resolver knows.
fn route(url: &Url) -> Route {
    match (url.host(), url.port_or_known_default()) {
        (Some(Host::Domain(name)), Some(port)) if name.ends_with(".localhost") => {
            Route::To(vec![SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)])
        }
        _ => Route::Usual,
    }
}

/// Whether the name of `url` has an address, and none of IPv4. A name that cannot be looked up here has another say.
async fn leads_to_ipv6_alone(url: &Url) -> bool {
    let port = url.port_or_known_default().unwrap_or(443);
    let name = match url.host() {
        Some(Host::Ipv6(address)) => return address.to_ipv4_mapped().is_none(),
        Some(Host::Domain(name)) if !name.ends_with(".localhost") => name,
        _ => return false,
    };
    let Ok(Ok(found)) = timeout(LOOK_UP, tokio::net::lookup_host((name, port))).await else { return false };
    let found: Vec<SocketAddr> = found.collect();
    !found.is_empty() && found.iter().all(SocketAddr::is_ipv6)
}

/// A token of a webhook's shape and size that no key has signed, with the mark and the nonce where it stays readable.
fn token(nonce: &str) -> String {
    let header = r#"{"alg":"none","kid":"ki:nd:e-:pa:ne:l:","typ":"JWT"}"#;
    let filler: String = (0..40).map(|n| format!("\"field_{n}\":\"Zoë/+=\\\\{n}\",")).collect();
    let claims = format!(r#"{{"type":"kinde-panel.self_test","data":{{{filler}"end":null}}}}"#);
    format!("{}.{}.{MARK}{nonce}", b64(header.as_bytes()), b64(claims.as_bytes()))
}
