//! The client itself.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::exchange::{Exchange, ExchangeId};
use super::redact::{self, Known};
use super::request::{Body, Request, Route};
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
    /// The one that asks no proxy, made when it is first wanted.
    direct: Arc<OnceLock<reqwest::Client>>,
    recorder: Recorder,
    clock: Clock,
    next: Arc<AtomicU64>,
    known: Known,
    /// The profile whose access token goes with bearer requests of this clone.
    profile: Option<Arc<str>>,
}

/// An exchange under way: recorded once, whichever way it ends. A future that is dropped ends it too.
struct Flight<'a> {
    exchange: Option<Exchange>,
    recorder: &'a Recorder,
    begun: Instant,
}

impl Flight<'_> {
    /// Notes the end and hands the exchange on.
    fn end<T>(&mut self, how: impl FnOnce(&mut Exchange, u64) -> T) -> Option<T> {
        let mut exchange = self.exchange.take()?;
        let ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let told = how(&mut exchange, ms);
        self.recorder.record(exchange);
        Some(told)
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.end(Exchange::cancelled);
    }
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

    /// The server's clock, from `Date`; a cache on the way says by `Age` how long ago that was.
    pub fn date(&self) -> Option<Timestamp> {
        let date = jiff::fmt::rfc2822::parse(self.header("date")?).ok()?.timestamp();
        let age = self.header("age").and_then(|age| age.trim().parse::<u32>().ok()).unwrap_or(0);
        date.checked_add(jiff::SignedDuration::from_secs(age.into())).ok()
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

impl NetError {
    /// True where what was asked is on this machine.
    pub fn is_on_this_machine(&self) -> bool {
        on_loopback(&self.host)
    }
}

impl From<NetError> for UserError {
    fn from(error: NetError) -> Self {
        let (title, hint) = match error.kind {
            NetErrorKind::Connect if on_loopback(&error.host) => (
                "Nothing answered",
                "That is this machine: what listened there has ended. Where it was the sandbox, start it again \
                 (kinde-panel sandbox)",
            ),
            NetErrorKind::Broken if on_loopback(&error.host) => (
                "The connection broke off",
                "What answers there, on this machine, may have ended in the middle. Try again; where it was the sandbox \
                 and it is gone, start it again (kinde-panel sandbox)",
            ),
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
        let client = builder().build().map_err(|error| {
            UserError::new(Category::Internal, "The HTTP client could not be set up")
                .detail(error.to_string())
                .hint("The system's certificate store may be damaged")
        })?;
        let (next, direct) = (Arc::new(AtomicU64::new(1)), Arc::default());
        Ok(Self { client, direct, recorder, clock, next, known: Known::default(), profile: None })
    }

    /// The same client for calls that carry the access token of the profile `name`: a copied curl says how to get it.
    #[must_use]
    pub fn for_profile(&self, name: &str) -> Self {
        Self { profile: Some(name.into()), ..self.clone() }
    }

    /// The same client for what is no exchange of interest: the panel asking itself, again and again. Nobody is told of it.
    #[must_use]
    pub fn unrecorded(&self) -> Self {
        Self { recorder: Recorder::silent(), ..self.clone() }
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
        let profile = self.profile.as_deref().map(str::to_owned);
        let exchange = Exchange::begin(id, self.clock.now(), &request, profile, &self.known);
        let mut flight = Flight { exchange: Some(exchange), recorder: &self.recorder, begun: Instant::now() };
        let outcome = tokio::time::timeout(request.timeout, self.exchange(&request)).await;
        let (kind, reason) = match outcome {
            Ok(Ok((status, headers, body))) => {
                let (ms, curl) = flight
                    .end(|exchange, ms| {
                        exchange.answered(&self.known, &secrets, status, &headers, &body, ms);
                        (ms, exchange.curl())
                    })
                    .unwrap_or_default();
                return Ok(Answer { status, headers, body, ms, exchange: id, curl });
            }
            Ok(Err(failure)) => failure,
            Err(_) => (NetErrorKind::Timeout, format!("no answer within {} s", request.timeout.as_secs())),
        };
        let reason = redact::without(&secrets, &reason);
        flight.end(|exchange, ms| exchange.failed(&reason, ms));
        Err(NetError { kind, host: host_of(&request), reason, exchange: id })
    }

    async fn exchange(
        &self,
        request: &Request,
    ) -> Result<(u16, Vec<(String, String)>, Vec<u8>), (NetErrorKind, String)> {
        let client = self.client_for(request).map_err(classify)?;
        let mut builder = client.request(request.method.clone(), request.full_url());
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
            Body::Bytes { content_type, bytes } => builder.header("content-type", content_type).body(bytes.clone()),
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
            let room = request.limit.saturating_sub(body.len());
            if chunk.len() > room && !request.beginning {
                return Err((NetErrorKind::TooLong, format!("more than {} bytes", request.limit)));
            }
            body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            if request.beginning && body.len() >= request.limit {
                break;
            }
        }
        Ok((status, headers, body))
    }

    /// The client that goes the way `request` says.
    fn client_for(&self, request: &Request) -> reqwest::Result<reqwest::Client> {
        // What is on this machine no proxy can reach, and a bearer meant for it is nobody else's to see.
        let route =
            if is_loopback(&request.url) && request.route == Route::Usual { &Route::Direct } else { &request.route };
        match route {
            Route::Usual => Ok(self.client.clone()),
            Route::Direct => match self.direct.get() {
                Some(client) => Ok(client.clone()),
                None => {
                    let made = builder().no_proxy().build()?;
                    Ok(self.direct.get_or_init(|| made).clone())
                }
            },
            Route::To(addresses) => {
                let host = request.url.host_str().unwrap_or_default();
                builder().no_proxy().resolve_to_addrs(host, addresses).build()
            }
        }
    }

    /// Headers and body of an answer without secrets: for a room that keeps them.
    pub fn without_secrets(&self, headers: &[(String, String)], body: &str) -> (Vec<(String, String)>, String) {
        redact::answer(&self.known, &[], headers, body)
    }

    /// Redacts `text` of the given secrets: for what a room builds from an answer itself.
    pub fn redact(secrets: &[Secret], text: &str) -> String {
        redact::without(secrets, text)
    }
}

/// What every client of the panel has in common.
fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("kinde-panel/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .pool_idle_timeout(Duration::from_secs(30))
}

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        Some(url::Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    }
}

/// Whether `host`, as an error names it, is this machine.
fn on_loopback(host: &str) -> bool {
    url::Url::parse(&format!("http://{host}/")).is_ok_and(|url| is_loopback(&url))
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
    let kind = if error.is_timeout() { NetErrorKind::Timeout } else { kind_of(error.is_connect(), &lower) };
    (kind, reason)
}

/// The kind of a failure that is no timeout, by its causes in lower case. Once connected, the request may have arrived
/// and been carried out, whatever the words: rustls tells of a cut connection as of trouble with TLS.
fn kind_of(connecting: bool, causes: &str) -> NetErrorKind {
    let says = |words: &[&str]| words.iter().any(|word| causes.contains(word));
    if !connecting {
        NetErrorKind::Broken
    } else if says(&["dns error", "failed to lookup"]) {
        NetErrorKind::Dns
    } else if says(&["certificate", "tls", "handshake"]) {
        NetErrorKind::Tls
    } else {
        NetErrorKind::Connect
    }
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

    #[test]
    fn what_does_not_answer_on_this_machine_is_no_matter_of_a_firewall() {
        let told = |kind, host: &str| {
            let (host, reason) = (host.to_owned(), "refused".to_owned());
            UserError::from(NetError { kind, host, reason, exchange: 1 }).hint
        };
        for host in ["127.0.0.1:4711", "localhost:80", "[::1]:4711"] {
            for kind in [NetErrorKind::Connect, NetErrorKind::Broken] {
                assert!(told(kind, host).contains("kinde-panel sandbox"), "{host} {kind:?}");
            }
        }
        assert!(told(NetErrorKind::Connect, "acme.kinde.com").contains("firewall"));
        assert!(told(NetErrorKind::Timeout, "127.0.0.1:4711").contains("Try again"));
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
        assert_eq!(curl, format!("curl -sS '{url}?session_id='\"$SESSION_ID\"'' -H \"Authorization: Bearer $TOKEN\""));
    }

    #[tokio::test]
    async fn the_token_of_a_profile_is_named_with_the_line_that_fills_it_and_another_token_is_not() {
        let url = one_answer("HTTP/1.1 204 No Content\r\n\r\n").await;
        let (http, seen) = recording();
        let request = Request::get("Users", url.clone()).bearer(Secret::new("tok_tok"));
        http.for_profile("Acme's").send(request.clone()).await.unwrap();
        http.send(request).await.unwrap_err();
        let seen = seen.lock().unwrap();
        assert!(seen[0].curl().ends_with("Bearer $KINDE_TOKEN\""), "{}", seen[0].curl());
        let hint = "export KINDE_TOKEN=$(kinde-panel token --profile 'Acme'\\''s')";
        let usual = crate::store::DataDir::default_path().unwrap();
        assert_eq!(seen[0].curl_hint(&usual.to_string_lossy()).as_deref(), Some(hint));
        let elsewhere = "export KINDE_TOKEN=$(kinde-panel --data-dir '/my data' token --profile 'Acme'\\''s')";
        assert_eq!(seen[0].curl_hint("/my data").as_deref(), Some(elsewhere));
        assert_eq!((seen[1].curl_hint("/my data"), seen[1].leaves_secrets_out()), (None, true));
    }

    #[tokio::test]
    async fn a_form_is_copied_field_by_field_and_a_body_that_was_cut_is_not_copied_at_all() {
        let url = one_answer("HTTP/1.1 204 No Content\r\n\r\n").await;
        let (http, seen) = recording();
        let form = |note: String| {
            let secret: crate::net::Value = Secret::new("s3cret-s3cret").into();
            Request::post("Form", url.clone()).form(vec![("a b", note.into()), ("client_secret", secret)])
        };
        http.send(form("it's 1+1=2 & ü".to_owned())).await.unwrap();
        http.send(form("x".repeat(70_000))).await.unwrap_err();
        let seen = seen.lock().unwrap();
        assert_eq!(
            seen[0].curl(),
            format!(
                "curl -sS -X POST '{url}' --data-urlencode 'a+b=it'\\''s 1+1=2 & ü' \
                 --data-urlencode 'client_secret='\"$CLIENT_SECRET\"''"
            )
        );
        assert!(seen[1].curl().starts_with("# No curl line:"), "{}", &seen[1].curl()[..80]);
    }

    #[tokio::test]
    async fn a_request_that_is_dropped_is_recorded_as_cancelled_once() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("http://{}/", silent.local_addr().unwrap())).unwrap();
        let (http, seen) = recording();
        {
            let sending = http.send(Request::get("Never answered", url));
            tokio::pin!(sending);
            assert!(poll_once(sending.as_mut()).await.is_none());
            assert!(seen.lock().unwrap().is_empty());
        }
        let seen = seen.lock().unwrap();
        assert_eq!((seen.len(), seen[0].status_text()), (1, "cancelled".to_owned()));
    }

    /// Polls once.
    async fn poll_once<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
        std::future::poll_fn(|cx| {
            std::task::Poll::Ready(match std::pin::Pin::new(&mut future).poll(cx) {
                std::task::Poll::Ready(done) => Some(done),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }

    #[tokio::test]
    async fn a_secret_that_came_once_is_masked_in_every_later_exchange() {
        let (http, seen) = recording();
        let first =
            one_answer("HTTP/1.1 302 Found\r\nlocation: /cb?session_id=canary-77#id_token=canary-88\r\n\r\n").await;
        http.send(Request::get("Learn", first)).await.unwrap();
        let second =
            one_answer("HTTP/1.1 200 OK\r\nx-note: canary-88\r\ncontent-length: 13\r\n\r\nsaw canary-77").await;
        let request = Request::get("See canary-77", second.join("/x/canary-77").unwrap()).header("x-note", "canary-88");
        http.send(request).await.unwrap();
        let all = format!("{:?}", seen.lock().unwrap());
        assert!(!all.contains("canary") && all.contains("/x/•••"), "{all}");
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

    #[test]
    fn the_servers_clock_counts_what_a_cache_says_of_its_age() {
        let pairs = [("date", "Tue, 24 Nov 2026 02:00:00 GMT"), ("age", "90")];
        let headers = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let answer = Answer { status: 200, headers, body: Vec::new(), ms: 0, exchange: 1, curl: String::new() };
        assert_eq!(answer.date().unwrap().to_string(), "2026-11-24T02:01:30Z");
    }

    #[tokio::test]
    async fn a_request_goes_to_the_addresses_that_were_looked_at_whatever_its_name_leads_to() {
        use crate::net::Route;

        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut head = [0; 4096];
            let read = socket.read(&mut head).await.unwrap();
            socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            String::from_utf8_lossy(&head[..read]).into_owned()
        });
        let url = Url::parse(&format!("http://no-such-host.invalid:{}/x", address.port())).unwrap();
        let (http, _) = recording();
        let answer = http.send(Request::get("x", url).route(Route::To(vec![address]))).await.unwrap();
        assert_eq!(answer.status, 200);
        assert!(served.await.unwrap().contains(&format!("host: no-such-host.invalid:{}\r\n", address.port())));
    }

    #[test]
    fn a_tls_connection_that_is_cut_once_it_stands_is_broken_and_not_refused() {
        let cut = "peer closed connection without sending tls close_notify: https://docs.rs/rustls/latest";
        assert_eq!(kind_of(false, cut), NetErrorKind::Broken);
        assert_eq!(kind_of(true, "invalid peer certificate: unknownissuer"), NetErrorKind::Tls);
        assert_eq!(kind_of(true, cut), NetErrorKind::Tls, "in the handshake nothing was sent");
        assert_eq!(kind_of(true, "dns error: failed to lookup address information"), NetErrorKind::Dns);
        assert_eq!(kind_of(true, "connection refused"), NetErrorKind::Connect);
    }

    #[tokio::test]
    async fn an_answer_over_the_limit_is_an_error_and_not_a_memory_hole() {
        let url = one_answer("HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n01234567890123456789").await;
        let (http, _) = recording();
        assert_eq!(http.send(Request::get("x", url).limit(10)).await.unwrap_err().kind, NetErrorKind::TooLong);
    }
}
