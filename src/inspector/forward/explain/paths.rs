//! 404: the path that was sent to, beside every other path that is known of the application.

use url::{Host, Url};

use super::framework::usual;
use super::{Framework, Sent, path_of};
use crate::check::Check;
use crate::store::attempts::Attempt;

/// The most paths that are remembered of an application.
const KNOWN: usize = 3;

/// A path at which an application answered something else than 404.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The path.
    pub path: String,
    /// What it answered there the last time.
    pub status: u16,
}

/// One line of the comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Whose path it is.
    pub what: String,
    /// The path.
    pub path: String,
    /// More of it, or empty.
    pub note: String,
}

/// Where the application at `url` answered before, out of forwards of `attempts` (newest first): what answered 200 first,
/// then the latest. Whatever answered 404 the last time is not among them.
pub fn known_paths(attempts: &[Attempt], url: &str) -> Vec<Known> {
    let Some((place, path)) = split(url) else { return Vec::new() };
    let mut seen: Vec<Known> = Vec::new();
    for on in attempts.iter().flat_map(|attempt| attempt.forwarded.iter().rev()) {
        let (Some(status), Some((other, at))) = (on.status, split(&on.url)) else { continue };
        if other == place && at != path && seen.iter().all(|known| known.path != at) {
            seen.push(Known { path: at, status });
        }
    }
    seen.retain(|known| known.status != 404);
    seen.sort_by_key(|known| known.status != 200);
    seen.truncate(KNOWN);
    seen
}

/// The application, whichever way this machine is called, and the path.
fn split(url: &str) -> Option<(String, String)> {
    let url = Url::parse(url).ok()?;
    let own = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let host = if own { "localhost" } else { url.host_str()? };
    let port = url.port_or_known_default()?;
    Some((format!("{}://{host}:{port}", url.scheme()), url.path().to_owned()))
}

/// What to hold beside each other where a path has no handler: the path that was sent to first.
pub fn paths(sent: &Sent<'_>, framework: Framework) -> Vec<Place> {
    let path = path_of(sent.url);
    let usual = usual(framework);
    let code = framework.serves(&path).filter(|_| usual.is_none_or(|usual| usual.path != path));
    let mut all = vec![Place {
        what: "Sent to".to_owned(),
        note: code.map(|code| format!("wants {code}")).unwrap_or_default(),
        path: path.clone(),
    }];
    all.extend(sent.known.iter().map(|known| Place {
        what: "Answered before".to_owned(),
        path: known.path.clone(),
        note: format!("{} there", known.status),
    }));
    all.extend(usual.map(|usual| Place {
        what: format!("Usual in {}", framework.name()),
        path: usual.path.clone(),
        note: format!("is {}", usual.code),
    }));
    all
}

pub(super) fn no_handler(sent: &Sent<'_>, framework: Framework, path: &str) -> Check {
    let why = |more: &str| format!("The application has no handler here: sent {path}{more}");
    let usual = usual(framework).filter(|usual| usual.path != path);
    match (sent.known.first(), usual) {
        (Some(known), _) => Check::fail(
            "path",
            why(&format!(", and it answered {} at {} before", known.status, known.path)),
            format!("Send to {}, or move the handler", known.path),
        ),
        (None, Some(usual)) => Check::fail(
            "path",
            why(&format!(", usual in {} is {} ({})", framework.name(), usual.path, usual.code)),
            "Compare the path with the handler's, letter by letter: prefix, plural, trailing slash",
        ),
        (None, None) => {
            let code = framework.serves(path).map(|code| format!(", {} answers it by {code}", framework.name()));
            Check::fail(
                "path",
                why(&code.unwrap_or_default()),
                "Compare the path with the handler's, letter by letter: prefix, plural, trailing slash. Some frameworks \
                 answer 404 where there is a handler for GET alone",
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::attempts::{Duplicate, Forwarded};

    fn attempt(forwards: &[(&str, Option<u16>)]) -> Attempt {
        let forwarded = forwards.iter().map(|(url, status)| Forwarded {
            url: (*url).to_owned(),
            status: *status,
            ..Forwarded::default()
        });
        Attempt {
            seq: 1,
            owner: String::new(),
            received_at: jiff::Timestamp::UNIX_EPOCH,
            webhook_id: None,
            event_id: None,
            event_type: None,
            who: None,
            attempt: 1,
            duplicate: Duplicate::No,
            verdict: None,
            failed: None,
            judged_at: None,
            body_sha256: String::new(),
            responded: None,
            forwarded: forwarded.collect(),
            pinned: false,
            whole: true,
            via: None,
        }
    }

    #[test]
    fn only_what_the_same_application_answered_the_last_time_is_known_of_it() {
        let attempts = [
            attempt(&[("http://localhost:3000/moved", Some(404)), ("http://localhost:3000/broken", Some(500))]),
            attempt(&[("http://127.0.0.1:3000/good", Some(200)), ("http://localhost:3000/hook", Some(200))]),
            attempt(&[("http://localhost:3000/moved", Some(200)), ("http://localhost:3000/none", None)]),
            attempt(&[("http://localhost:8000/other", Some(200)), ("https://localhost:3000/tls", Some(200))]),
            attempt(&[("http://[::1]:3000/broken", Some(200))]),
        ];
        let known = |url: &str| -> Vec<(String, u16)> {
            known_paths(&attempts, url).into_iter().map(|known| (known.path, known.status)).collect()
        };
        let pair = |path: &str, status: u16| (path.to_owned(), status);
        assert_eq!(known("http://localhost:3000/hook"), [pair("/good", 200), pair("/broken", 500)]);
        assert_eq!(known("http://localhost:9999/hook"), []);
    }
}
