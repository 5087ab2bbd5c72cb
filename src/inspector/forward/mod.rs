//! Sends a kept webhook on: the bytes as they came, under the request id they came with.
//!
//! An event never says where to: targets are a person's words ([`Target`]). Loopback is open, any other machine must be
//! confirmed, the metadata addresses of clouds are refused whatever anybody confirms. Redirects are answers and are not
//! followed, and no proxy is asked. Why an answer is not the one Kinde wants is told by [`mod@explain`].

pub mod explain;
mod target;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use explain::{Framework, Known, Outcome, Patch, Place, Sent, explain, known_paths, patch, paths};
pub use target::Target;

use crate::net::{Http, NetErrorKind, Request};
use crate::store::attempts::{Answer, Attempts, Filter, Forwarded};
use target::Door;

/// How long a target may take.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// The most bytes of an answer that are taken in.
const ANSWER: usize = 1 << 20;
/// Says to the receiving application that this is not Kinde's own delivery: the number of the attempt that is sent once
/// more, and `; edited` where it was changed.
pub const REPLAYED: &str = "x-kinde-panel-replay";

// How a failure begins in words: kept in the history, read again by [`explain`].
const REFUSED: &str = "nothing listens there";
const NO_ADDRESS: &str = "its name has no address";
const NO_TLS: &str = "TLS did not come about";
const SILENT: &str = "no answer in time";
const BROKEN: &str = "the connection broke off";
const TOO_LONG: &str = "the answer is too long";

/// Whether a forward that ended with `error` ended for want of time.
pub(super) fn was_too_late(error: &str) -> bool {
    error.starts_with(SILENT)
}

/// The most of an answer's body that is kept, and of its headers together, in bytes.
const KEPT: usize = 8 << 10;
/// A body beyond that is not looked through for secrets, and not kept.
const READ: usize = 256 << 10;

/// Which sending of an attempt it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// As it arrived.
    First,
    /// Once more, of that number.
    Replay(i64),
    /// Once more and changed, of that number.
    Edited(i64),
}

/// What a target answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The short form, as it is kept and printed.
    pub forwarded: Forwarded,
    /// Names in lower case, in order, as they came; empty where nothing was answered.
    pub headers: Vec<(String, String)>,
    /// The body as it came, damaged bytes replaced.
    pub body: String,
}

/// Sends `body` to `target` with those of `headers` that travel.
pub async fn forward(
    http: &Http,
    target: &Target,
    headers: &[(String, String)],
    body: &[u8],
    sending: Sending,
) -> Response {
    let doors = match target.doors().await {
        Ok(doors) => doors,
        Err(why) => return Response::failed(target, sending, 0, why),
    };
    let mut last = None;
    for door in doors {
        let begun = tokio::time::Instant::now();
        match http.send(request(target, door, headers, body, sending)).await {
            Ok(answer) => {
                let body = answer.text().into_owned();
                let (status, ms) = (Some(answer.status), answer.ms);
                let forwarded = Forwarded { status, ms, ..short(target, sending) };
                let mut response = Response { forwarded, headers: answer.headers, body };
                response.forwarded.page = explain::is_good_page(&response);
                return response;
            }
            Err(error) => {
                let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                let refused = error.kind == NetErrorKind::Connect;
                let begins = match error.kind {
                    NetErrorKind::Connect => REFUSED,
                    NetErrorKind::Dns => NO_ADDRESS,
                    NetErrorKind::Tls => NO_TLS,
                    NetErrorKind::Timeout => SILENT,
                    NetErrorKind::Broken => BROKEN,
                    NetErrorKind::TooLong => TOO_LONG,
                };
                last = Some(Response::failed(target, sending, ms, format!("{begins}: {}", error.reason)));
                if !refused {
                    break;
                }
            }
        }
    }
    last.unwrap_or_else(|| Response::failed(target, sending, 0, NO_ADDRESS.to_owned()))
}

impl Response {
    fn failed(target: &Target, sending: Sending, ms: u64, error: String) -> Self {
        let forwarded = Forwarded { ms, error: Some(error), ..short(target, sending) };
        Self { forwarded, headers: Vec::new(), body: String::new() }
    }

    /// What of the answer is kept: without the secrets that `http` finds in it, and cut.
    pub fn kept(&self, http: &Http) -> Answer {
        // The whole is looked through before it is cut: half a secret would not be found.
        let text = if self.body.len() > READ { "" } else { self.body.as_str() };
        let (mut headers, mut body) = http.without_secrets(&self.headers, text);
        let mut room = KEPT;
        headers.retain(|(name, value)| {
            let size = name.len() + value.len();
            let fits = size <= room;
            room = room.saturating_sub(size);
            fits
        });
        let mut end = body.len().min(KEPT);
        while !body.is_char_boundary(end) {
            end -= 1;
        }
        let cut = end < body.len() || self.body.len() > READ;
        body.truncate(end);
        Answer { headers, body, cut, size: u32::try_from(self.body.len()).unwrap_or(u32::MAX) }
    }
}

/// How many of the latest attempts are looked at for where an application answered.
const LOOKED_AT: usize = 200;

/// Where the application at `url` answered before, by the history of `owner`: asked where a path has no handler. Nothing
/// where the history cannot be read: it is a hint.
pub async fn answered_before(attempts: &Attempts, owner: &str, forwarded: &Forwarded) -> Vec<Known> {
    if forwarded.status != Some(404) {
        return Vec::new();
    }
    let latest = attempts.page(owner, Filter { limit: LOOKED_AT, ..Filter::default() }).await.unwrap_or_default();
    known_paths(&latest, &forwarded.url)
}

/// The short form of what is sent; its replays are numbered by the history.
fn short(target: &Target, sending: Sending) -> Forwarded {
    let replay = (sending != Sending::First).then_some(0);
    Forwarded { url: target.shown(), replay, edited: matches!(sending, Sending::Edited(_)), ..Forwarded::default() }
}

fn request(target: &Target, door: Door, headers: &[(String, String)], body: &[u8], sending: Sending) -> Request {
    let find = |name: &str| headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    let purpose = if sending == Sending::First { "Forward a webhook" } else { "Replay a webhook" };
    let elsewhere = door.url.host() != target.url().host();
    let mut request = Request::post(purpose, door.url)
        .bytes(find("content-type").unwrap_or("application/jwt"), body.to_vec())
        .route(door.route)
        .timeout(PATIENCE)
        .limit(ANSWER);
    // The application may look at the name it was called by.
    if elsewhere && let Some(host) = target.url().host_str() {
        let port = target.url().port().map(|port| format!(":{port}")).unwrap_or_default();
        request = request.header("host", format!("{host}{port}"));
    }
    if let Some(id) = find("webhook-id") {
        request = request.header("webhook-id", id);
    }
    if let Some(encoding) = find("content-encoding") {
        request = request.header("content-encoding", encoding);
    }
    match sending {
        Sending::First => request,
        Sending::Replay(seq) => request.header(REPLAYED, seq.to_string()),
        Sending::Edited(seq) => request.header(REPLAYED, format!("{seq}; edited")),
    }
}
