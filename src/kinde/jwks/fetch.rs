//! One GET for a key set, and what came instead of one, in words.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::{JwksTrouble, JwksTroubleKind, LiveKeys, PATHS};
use crate::jwt::{KeySet, KeySetFault, Policy};
use crate::net::{Answer, Http, NetError, NetErrorKind, Request};

/// The whole fetch, both places together.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);
/// The most bytes of a key set.
pub(super) const LIMIT: usize = 256 * 1024;

/// True where keys may be fetched from `url`: https, or http on this machine.
pub fn is_safe(url: &Url) -> bool {
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(url::Host::Ipv4(ip))) => ip.is_loopback(),
        ("http", Some(url::Host::Ipv6(ip))) => ip.is_loopback(),
        ("http", Some(url::Host::Domain(name))) => name == "localhost",
        _ => false,
    }
}

/// One GET, judged.
pub(super) async fn fetch(http: &Http, url: Url, timeout: Duration) -> Result<LiveKeys, JwksTrouble> {
    if !is_safe(&url) {
        return Err(JwksTrouble::new(
            JwksTroubleKind::Insecure,
            "Keys over plain http can be swapped on the way",
            "Name the https address; http is taken on this machine alone",
        ));
    }
    let request = Request::get("JWKS", url.clone()).header("accept", "application/json").timeout(timeout).limit(LIMIT);
    let place = url.path().to_owned();
    let host = url.host_str().unwrap_or_default().to_owned();
    let answer = http.send(request).await.map_err(|error| unreachable_trouble(&error))?;
    if let Some(trouble) = refused(&answer, &host, &place) {
        return Err(trouble);
    }
    let set = KeySet::parse(&answer.body, Policy::Published).map_err(|fault| match fault {
        KeySetFault::NotKeys(what) => JwksTrouble::new(
            JwksTroubleKind::NotKeys,
            format!("{host}{place} answered with something that is no key set: {what}"),
            "Check the domain: a Kinde domain answers with JSON that has `keys`",
        ),
        KeySetFault::Unsound(_) => JwksTrouble::new(
            JwksTroubleKind::Unsound,
            format!("The keys that {host} publishes are unsound and not trusted: {fault}"),
            "Do not accept its tokens until this is cleared up with whoever runs it",
        ),
    })?;
    Ok(LiveKeys {
        set: Arc::new(set),
        jwks: answer.text().into(),
        url,
        fetched_at: http.clock().now(),
        server_time: answer.date(),
    })
}

/// The trouble with an address that a person named: where its path is none of Kinde's, the path is what is wrong with it and
/// not the domain.
pub(super) fn of_path(trouble: JwksTrouble, path: &str) -> JwksTrouble {
    use JwksTroubleKind::{Html, NotFound, NotKeys, Redirect};
    if PATHS.contains(&path) || !matches!(trouble.kind, NotFound | Html | NotKeys | Redirect) {
        return trouble;
    }
    let slash = match path {
        "/" => "",
        _ if path.contains("//") => ". The one named has a doubled slash",
        _ if path.ends_with('/') => ". The one named ends with a slash",
        _ => "",
    };
    let [place, _] = PATHS;
    JwksTrouble { fix: format!("Kinde publishes its keys at {place}: name that path{slash}"), ..trouble }
}

fn unreachable_trouble(error: &NetError) -> JwksTrouble {
    let NetError { kind, host, reason, .. } = error;
    let (kind, why, fix) = match kind {
        NetErrorKind::TooLong => (
            JwksTroubleKind::TooLarge,
            format!("{host} answered with more than {} KiB", LIMIT >> 10),
            "No key set is that long: check the domain",
        ),
        NetErrorKind::Dns => (
            JwksTroubleKind::Unreachable(*kind),
            format!("{host} has no address"),
            "Check the spelling of the domain, and that this machine is online",
        ),
        NetErrorKind::Timeout => (
            JwksTroubleKind::Unreachable(*kind),
            format!("{host} did not answer within {} s", DEADLINE.as_secs()),
            "Try again; a proxy or firewall may hold the request back",
        ),
        _ => (
            JwksTroubleKind::Unreachable(*kind),
            format!("The keys of {host} are out of reach: {reason}"),
            "Check the domain, and that nothing stands between this machine and it",
        ),
    };
    JwksTrouble::new(kind, why, fix)
}

/// An answer that cannot hold keys.
fn refused(answer: &Answer, host: &str, place: &str) -> Option<JwksTrouble> {
    let trouble = |kind, why: String, fix| Some(JwksTrouble::new(kind, why, fix));
    match answer.status {
        200 => {}
        300..=399 => {
            let to = answer.header("location").and_then(|to| Url::parse(to).ok()?.host_str().map(str::to_owned));
            return trouble(
                JwksTroubleKind::Redirect,
                format!(
                    "{host} forwards to {}, and keys are not fetched from elsewhere",
                    to.as_deref().unwrap_or("another place")
                ),
                "Use the domain that Kinde shows under Settings > Environment > Details",
            );
        }
        403 => {
            return trouble(
                JwksTroubleKind::Forbidden,
                format!("{host} answers 403 for its keys"),
                "Kinde does so for a subdomain that does not exist: check its spelling",
            );
        }
        404 => {
            return trouble(
                JwksTroubleKind::NotFound,
                format!("{host} has no keys at {place}"),
                "This is no Kinde domain: compare Settings > Environment > Details",
            );
        }
        429 => {
            return trouble(
                JwksTroubleKind::Busy,
                format!("{host} asks to slow down (429)"),
                "Wait a minute and try again",
            );
        }
        status => {
            return trouble(
                JwksTroubleKind::Status(status),
                format!("{host} answers {status} for its keys"),
                "Try again; status.kinde.com tells of outages",
            );
        }
    }
    let html = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
        || answer.body.trim_ascii_start().starts_with(b"<");
    if html {
        return trouble(
            JwksTroubleKind::Html,
            format!("{host} answered with a web page instead of keys"),
            "This is a web site, or a login page of the network: use the Kinde domain itself",
        );
    }
    None
}
