//! Talks to Resend's REST API (OpenAPI 3.1.2 of `resend/resend-openapi`, 2026-08): one call at a time, 429 waited out.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;
use url::Url;

use crate::error::{Category, UserError};
use crate::net::{Answer, Http, NetError, NetErrorKind, Request};
use crate::secrets::Secret;
use crate::secrets::mask::Masker;

/// Where Resend's API is.
pub const BASE: &str = "https://api.resend.com/";
/// How often a 429 is waited out.
const WAITS: u32 = 3;
/// How often a call whose end is not known is sent again.
const REPEATS: u32 = 2;
/// A longer wait is not waited: it is told.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Where an answer names no wait, or none to speak of.
const LEAST_WAIT: Duration = Duration::from_millis(250);

/// The address of a Resend API: its own, or of whatever stands in for it.
///
/// # Errors
/// When it is no address of the web, or plain HTTP to another machine: the key would go over the wire in the clear.
pub fn base_url(text: &str) -> Result<Url, UserError> {
    let bad = |detail: String| {
        UserError::new(Category::Input, "That is no address for Resend's API")
            .detail(detail)
            .hint(format!("Leave it out for {BASE}, or name an https address; http only on this machine"))
    };
    let mut url = Url::parse(text.trim()).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => bad("It has no https:// in front".to_owned()),
        error => bad(error.to_string()),
    })?;
    let here = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => return Err(bad("It names no host".to_owned())),
    };
    match url.scheme() {
        "https" => {}
        "http" if here => {}
        "http" => {
            return Err(bad("Plain http to another machine would show the key to everybody on the way".to_owned()));
        }
        other => return Err(bad(format!("{other} is not http or https"))),
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(bad("It may hold neither a user name nor what follows ? or #".to_owned()));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// What Resend says when it refuses: `{"statusCode", "name", "message"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Its name for the error, such as `restricted_api_key`; empty where the answer is none of Resend's.
    pub name: String,
    /// Its sentence, without the key.
    pub message: String,
}

/// Why a call came to nothing.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// No answer.
    Net(NetError),
    /// An answer that refuses.
    Refused(Refusal),
    /// 429 again after so many waits; or the wait is longer than anybody waits.
    Limited {
        /// How often it was waited.
        waits: u32,
        /// For how long the last answer asked to wait.
        wait: Duration,
    },
    /// A good answer that is not what Resend's would be.
    Odd(String),
}

/// What the headers said last of limits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests a window allows the whole team.
    pub limit: Option<u64>,
    /// Seconds of a window, from `ratelimit-policy: 2;w=1`.
    pub window: Option<u64>,
    /// Requests left in this window.
    pub remaining: Option<u64>,
    /// Emails sent today, where the plan has a daily quota.
    pub daily_used: Option<u64>,
    /// Emails sent this month.
    pub monthly_used: Option<u64>,
    /// How often a 429 was waited out in this run.
    pub waited: u32,
}

/// The API with one key.
#[derive(Debug)]
pub struct Api<'a> {
    http: &'a Http,
    base: Url,
    key: Secret,
    limits: Mutex<Limits>,
}

impl<'a> Api<'a> {
    /// Calls `base` (see [`base_url`]) with `key`.
    pub fn new(http: &'a Http, base: Url, key: Secret) -> Self {
        Self { http, base, key, limits: Mutex::default() }
    }

    /// What is known of the limits by now.
    pub fn limits(&self) -> Limits {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The host, for a person.
    pub fn host(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        self.base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// `GET path`, with pairs of a query.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn get<T: DeserializeOwned>(
        &self,
        purpose: &str,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Trouble> {
        let mut request = Request::get(purpose, self.url(path)?);
        for (name, value) in query {
            request = request.query(name, *value);
        }
        self.call(request).await
    }

    /// `POST path`, the same `idempotency` key over every try: however often it is sent, it is done once.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn post_once<T: DeserializeOwned>(
        &self,
        purpose: &str,
        path: &str,
        body: serde_json::Value,
        idempotency: &str,
    ) -> Result<T, Trouble> {
        let request = Request::post(purpose, self.url(path)?).json(body).header("Idempotency-Key", idempotency);
        self.call(request).await
    }

    fn url(&self, path: &str) -> Result<Url, Trouble> {
        self.base.join(path).map_err(|error| Trouble::Odd(error.to_string()))
    }

    /// Every call here may be sent again: it reads, or carries an idempotency key.
    async fn call<T: DeserializeOwned>(&self, request: Request) -> Result<T, Trouble> {
        let request = request.bearer(self.key.clone());
        let (mut waits, mut repeats) = (0, 0);
        loop {
            let answer = match self.http.send(request.clone()).await {
                Ok(answer) => answer,
                Err(error) => {
                    let unsure = matches!(error.kind, NetErrorKind::Timeout | NetErrorKind::Broken);
                    if !unsure || repeats == REPEATS {
                        return Err(Trouble::Net(error));
                    }
                    repeats += 1;
                    tokio::time::sleep(LEAST_WAIT).await;
                    continue;
                }
            };
            self.note(&answer);
            if answer.is_success() {
                // Whatever answers there may repeat the key, in places that are shown.
                let text = Http::redact(std::slice::from_ref(&self.key), &answer.text());
                return serde_json::from_str(&text).map_err(|error| Trouble::Odd(error.to_string()));
            }
            let refusal = self.refusal(&answer);
            let busy = refusal.name == "concurrent_idempotent_requests" || matches!(answer.status, 500 | 502..=504);
            if busy && repeats < REPEATS {
                repeats += 1;
                tokio::time::sleep(answer.retry_after().unwrap_or(LEAST_WAIT).clamp(LEAST_WAIT, LONGEST_WAIT)).await;
                continue;
            }
            // A quota is not used up for a moment.
            if answer.status != 429 || refusal.name.ends_with("quota_exceeded") {
                return Err(Trouble::Refused(refusal));
            }
            let wait = retry_after(&answer).max(LEAST_WAIT);
            if waits == WAITS || wait > LONGEST_WAIT {
                return Err(Trouble::Limited { waits, wait });
            }
            waits += 1;
            self.limits.lock().unwrap_or_else(PoisonError::into_inner).waited += 1;
            tokio::time::sleep(wait).await;
        }
    }

    fn refusal(&self, answer: &Answer) -> Refusal {
        let json = answer.json().unwrap_or_default();
        let text = |name: &str| json.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        let name = text("name");
        // Not Resend's own: the beginning of what it is.
        let message = if text("message").is_empty() {
            answer.text().split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect()
        } else {
            text("message").chars().take(400).collect::<String>()
        };
        let safe = |text: &str| Masker::default().text(&Http::redact(std::slice::from_ref(&self.key), text));
        Refusal { status: answer.status, name: safe(name), message: safe(&message) }
    }

    fn note(&self, answer: &Answer) {
        let number = |name: &str| answer.header(name).and_then(|value| value.trim().parse().ok());
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        let window = answer
            .header("ratelimit-policy")
            .and_then(|policy| policy.split(';').find_map(|part| part.trim().strip_prefix("w="))?.parse().ok());
        let next = Limits {
            limit: number("ratelimit-limit").or(limits.limit),
            window: window.or(limits.window),
            remaining: number("ratelimit-remaining").or(limits.remaining),
            daily_used: number("x-resend-daily-quota").or(limits.daily_used),
            monthly_used: number("x-resend-monthly-quota").or(limits.monthly_used),
            waited: limits.waited,
        };
        *limits = next;
    }
}

/// `retry-after` says how long to wait; where only the window's end is told, that.
fn retry_after(answer: &Answer) -> Duration {
    let seconds = |name: &str| answer.header(name).and_then(|value| value.trim().parse().ok()).map(Duration::from_secs);
    seconds("retry-after").or_else(|| seconds("ratelimit-reset")).unwrap_or(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_https_or_on_this_machine() {
        for (text, url) in [
            ("https://api.resend.com", "https://api.resend.com/"),
            ("http://127.0.0.1:4711/resend", "http://127.0.0.1:4711/resend/"),
            (" http://localhost:1 ", "http://localhost:1/"),
            ("http://[::1]:4711", "http://[::1]:4711/"),
        ] {
            assert_eq!(base_url(text).unwrap().as_str(), url);
        }
        for text in [
            "http://api.resend.com",
            "http://192.168.0.1",
            "http://localhost.evil.example",
            "ftp://127.0.0.1",
            "api.resend.com",
            "https://u:p@api.resend.com",
            "https://api.resend.com?x",
            "",
        ] {
            assert_eq!(base_url(text).unwrap_err().category, Category::Input, "{text}");
        }
    }
}
