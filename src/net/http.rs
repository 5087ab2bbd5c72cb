//! The client itself.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::exchange::{Exchange, ExchangeId};
use super::redact;
use super::request::{Body, Request};
use crate::clock::Clock;
use crate::error::{Category, UserError};
use crate::secrets::Secret;

/// Receives every exchange, redacted.
#[derive(Clone)]
pub struct Recorder(Arc<dyn Fn(Exchange) + Send + Sync>);

impl Recorder {
    /// Hands every exchange to `sink`, on the thread that made it. The sink must not block.
    pub fn to(sink: impl Fn(Exchange) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    /// Hands one exchange on.
    pub fn record(&self, exchange: Exchange) {
        (self.0)(exchange);
    }

    /// Keeps nothing.
    pub fn silent() -> Self {
        Self::to(|_| {})
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recorder")
    }
}

/// The panel's HTTP client. Clones share connections, the recorder and the numbering.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    recorder: Recorder,
    clock: Clock,
    next: Arc<AtomicU64>,
}

/// An answer, whatever its status.
#[derive(Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
    /// From the first byte sent to the last received, in milliseconds.
    pub ms: u64,
    /// Its number in Activity.
    pub exchange: ExchangeId,
    /// The request as a curl line that runs, without secrets.
    pub curl: String,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).field("exchange", &self.exchange).finish_non_exhaustive()
    }
}

impl Answer {
    /// The first header of that lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// True for 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as text, damaged bytes replaced.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body as JSON.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// How long to wait before asking again: `RateLimit-Reset` (seconds, Kinde's own) else `Retry-After` (seconds).
    pub fn retry_after(&self) -> Option<Duration> {
        ["ratelimit-reset", "retry-after"]
            .into_iter()
            .find_map(|name| self.header(name)?.trim().parse().ok())
            .map(Duration::from_secs)
    }

    /// The server's clock, from `Date`.
    pub fn date(&self) -> Option<Timestamp> {
        jiff::fmt::rfc2822::parse(self.header("date")?).ok().map(|at| at.timestamp())
    }
}

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetErrorKind {
    /// The name has no address.
    Dns,
    /// Nothing listens there, or the connection was refused.
    Connect,
    /// The certificate was not accepted, or TLS broke.
    Tls,
    /// No answer in time.
    Timeout,
    /// The answer was longer than allowed.
    TooLong,
    /// The connection broke in the middle.
    Broken,
}

/// No answer came: to which host, and why. Never holds a query or a secret.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{host}: {reason}")]
pub struct NetError {
    /// What kind of trouble.
    pub kind: NetErrorKind,
    /// Host and port that were asked.
    pub host: String,
    /// In words.
    pub reason: String,
    /// Its number in Activity.
    pub exchange: ExchangeId,
}

impl From<NetError> for UserError {
    fn from(error: NetError) -> Self {
        let (title, hint) = match error.kind {
            NetErrorKind::Dns => {
                ("The name has no address", "Check the spelling of the domain, and that this machine is online")
            }
            NetErrorKind::Connect => {
                ("Nothing answered", "Check that this machine is online and that no firewall or proxy stands between")
            }
            NetErrorKind::Tls => (
                "The secure connection was refused",
                "A proxy that opens TLS, or a wrong clock, is the usual cause. Compare the certificate in a browser",
            ),
            NetErrorKind::Timeout => {
                ("No answer in time", "Try again; if it stays, look at the provider's status page")
            }
            NetErrorKind::TooLong => {
                ("The answer is too long", "This is not the address of a Kinde API: check the domain")
            }
            NetErrorKind::Broken => ("The connection broke off", "Try again"),
        };
        Self::new(Category::Network, title).detail(format!("{}: {}", error.host, error.reason)).hint(hint)
    }
}

impl Http {
    /// A client that hands its exchanges to `recorder`.
    ///
    /// # Errors
    /// When the platform's certificate store cannot be read.
    pub fn new(recorder: Recorder, clock: Clock) -> Result<Self, UserError> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("kinde-panel/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .pool_idle_timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| {
                UserError::new(Category::Internal, "The HTTP client could not be set up")
                    .detail(error.to_string())
                    .hint("The system's certificate store may be damaged")
            })?;
        Ok(Self { client, recorder, clock, next: Arc::new(AtomicU64::new(1)) })
    }

    /// The clock that exchanges are stamped with.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Sends `request` and takes in the whole answer. Redirects are answers like any other.
    ///
    /// # Errors
    /// When no whole answer came: see [`NetErrorKind`].
    pub async fn send(&self, request: Request) -> Result<Answer, NetError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let secrets = request.secrets();
        let mut exchange = Exchange::begin(id, self.clock.now(), &request);
        let host = host_of(&request);
        let begun = Instant::now();
        let outcome = tokio::time::timeout(request.timeout, self.exchange(&request)).await;
        let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let failure = match outcome {
            Ok(Ok((status, headers, body))) => {
                exchange.answered(&secrets, status, &headers, &body, ms);
                let curl = exchange.curl();
                (self.recorder.0)(exchange);
                return Ok(Answer { status, headers, body, ms, exchange: id, curl });
            }
            Ok(Err(failure)) => failure,
            Err(_) => (NetErrorKind::Timeout, format!("no answer within {} s", request.timeout.as_secs())),
        };
        let (kind, reason) = failure;
        let reason = redact::without(&secrets, &reason);
        exchange.failed(&reason, ms);
        (self.recorder.0)(exchange);
        Err(NetError { kind, host, reason, exchange: id })
    }

    async fn exchange(
        &self,
        request: &Request,
    ) -> Result<(u16, Vec<(String, String)>, Vec<u8>), (NetErrorKind, String)> {
        let mut builder = self.client.request(request.method.clone(), request.full_url());
        for (name, value) in &request.headers {
            builder = builder.header(name, value.expose());
        }
        if let Some(token) = &request.bearer {
            builder = builder.bearer_auth(token.expose());
        } else if let Some((user, password)) = &request.basic {
            builder = builder.basic_auth(user, Some(password.expose()));
        }
        builder = match &request.body {
            Body::Empty => builder,
            Body::Form(pairs) => {
                builder.form(&pairs.iter().map(|(name, value)| (name.as_str(), value.expose())).collect::<Vec<_>>())
            }
            Body::Json(value) => builder.json(value),
        };
        let mut response = builder.send().await.map_err(classify)?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(classify)? {
            if body.len() + chunk.len() > request.limit {
                return Err((NetErrorKind::TooLong, format!("more than {} bytes", request.limit)));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((status, headers, body))
    }

    /// Redacts `text` of the given secrets: for what a room builds from an answer itself.
    pub fn redact(secrets: &[Secret], text: &str) -> String {
        redact::without(secrets, text)
    }
}

fn host_of(request: &Request) -> String {
    let host = request.url.host_str().unwrap_or_default();
    request.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Tells the kinds of failure apart. The text names the innermost cause, which carries no address.
fn classify(error: reqwest::Error) -> (NetErrorKind, String) {
    let error = error.without_url();
    let mut innermost: &dyn std::error::Error = &error;
    let mut chain = String::new();
    while let Some(source) = innermost.source() {
        innermost = source;
        chain.push_str(&format!("{innermost} "));
    }
    let reason = innermost.to_string();
    let lower = chain.to_ascii_lowercase();
    let kind = if error.is_timeout() {
        NetErrorKind::Timeout
    } else if lower.contains("dns error") || lower.contains("failed to lookup") {
        NetErrorKind::Dns
    } else if lower.contains("certificate") || lower.contains("tls") || lower.contains("handshake") {
        NetErrorKind::Tls
    } else if error.is_connect() {
        NetErrorKind::Connect
    } else {
        NetErrorKind::Broken
    };
    (kind, reason)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use url::Url;

    use super::*;

    async fn one_answer(answer: &'static str) -> Url {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 4096];
            let _read = socket.read(&mut buffer).await.unwrap();
            socket.write_all(answer.as_bytes()).await.unwrap();
        });
        Url::parse(&format!("http://127.0.0.1:{port}/oauth2/token")).unwrap()
    }

    fn recording() -> (Http, Arc<Mutex<Vec<Exchange>>>) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        (Http::new(Recorder::to(move |e| sink.lock().unwrap().push(e)), Clock::real()).unwrap(), seen)
    }

    #[tokio::test]
    async fn an_exchange_shows_everything_but_the_secrets_that_were_sent_or_came_back() {
        let url =
            one_answer("HTTP/1.1 200 OK\r\ncontent-length: 39\r\n\r\n{\"access_token\":\"eyJtok\",\"note\":\"s3cr\"}")
                .await;
        let (http, seen) = recording();
        let request = Request::post("Mint a token", url)
            .query("session_id", Secret::new("ses_hidden"))
            .bearer(Secret::new("bearer_hidden"))
            .form(vec![("client_id", "abc".into()), ("client_secret", Secret::new("s3cr").into())]);
        let answer = http.send(request).await.unwrap();
        assert_eq!(answer.json().unwrap()["access_token"], "eyJtok");
        let exchange = seen.lock().unwrap()[0].clone();
        let all = format!("{exchange:?}{}", exchange.curl());
        for secret in ["eyJtok", "s3cr\"", "ses_hidden", "bearer_hidden"] {
            assert!(!all.contains(secret), "{secret} in {all}");
        }
        assert_eq!(exchange.request_body, format!("client_id=abc&client_secret={}", crate::secrets::MASK));
        assert_eq!(exchange.outcome, super::super::Outcome::Status(200));
    }

    #[tokio::test]
    async fn a_copied_curl_reads_its_secrets_from_variables() {
        let url = one_answer("HTTP/1.1 204 No Content\r\n\r\n").await;
        let (http, seen) = recording();
        let request = Request::get("Token", url.clone())
            .query("session_id", Secret::new("ses_hidden"))
            .bearer(Secret::new("tok_tok"));
        http.send(request).await.unwrap();
        let curl = seen.lock().unwrap()[0].curl();
        assert_eq!(
            curl,
            format!("curl -sS '{url}?session_id='\"$SESSION_ID\"'' -H \"Authorization: Bearer $KINDE_TOKEN\"")
        );
    }

    #[tokio::test]
    async fn a_closed_port_an_unknown_name_and_silence_are_told_apart() {
        let (http, _) = recording();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        let silent = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
        let request = Request::get("x", silent.clone()).timeout(Duration::from_millis(200));
        assert_eq!(http.send(request).await.unwrap_err().kind, NetErrorKind::Timeout);
        drop(free);
        assert_eq!(http.send(Request::get("x", silent)).await.unwrap_err().kind, NetErrorKind::Connect);
        let unknown = Url::parse("http://no-such-host.invalid/").unwrap();
        assert_eq!(http.send(Request::get("x", unknown)).await.unwrap_err().kind, NetErrorKind::Dns);
    }

    #[tokio::test]
    async fn an_answer_over_the_limit_is_an_error_and_not_a_memory_hole() {
        let url = one_answer("HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n01234567890123456789").await;
        let (http, _) = recording();
        assert_eq!(http.send(Request::get("x", url).limit(10)).await.unwrap_err().kind, NetErrorKind::TooLong);
    }
}
