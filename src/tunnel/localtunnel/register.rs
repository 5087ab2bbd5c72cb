//! localtunnel's HTTP side: registering a name, and asking whether it is held.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use url::Url;

use super::super::Ends;
use super::super::keeper::Failed;
use crate::error::{Category, UserError};
use crate::net::{Answer, Http, NetError, Request, Route};

/// The most connections that are opened, whatever a server asks for.
const MOST: usize = 32;

/// A name that is held.
#[derive(Debug, Clone)]
pub(super) struct Registered {
    /// The name that was given, which need not be the one asked for.
    pub id: String,
    /// Where connections go: host and port.
    pub to: (String, u16),
    /// How many connections its server takes.
    pub connections: usize,
    /// The public base.
    pub url: Url,
}

/// What the server says of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Holds,
    Gone,
    /// It answers, and has no word for that.
    Unsaid,
    /// It has told of a name before, and answers with this error of its own now.
    Trouble(u16),
}

pub(super) struct Server {
    url: Url,
    http: Http,
    patience: Duration,
    /// It has told of a name before: that it knows none now means something then.
    tells: AtomicBool,
}

impl Server {
    pub(super) fn new(mut url: Url, ends: &Ends) -> Self {
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Self { url, http: ends.http.clone(), patience: ends.rhythm.pulse_patience, tells: AtomicBool::new(false) }
    }

    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    fn at(&self, path: &str) -> Result<Url, Failed> {
        self.url.join(path).map_err(|error| Failed::Never(self.unusable(&error.to_string())))
    }

    fn unusable(&self, detail: &str) -> UserError {
        UserError::new(Category::Api, format!("{} is no localtunnel server", self.host()))
            .detail(detail)
            .hint("Check the server's address, or leave it empty for localtunnel's own")
    }

    fn unreachable(&self, error: NetError) -> UserError {
        UserError::new(Category::Network, "localtunnel's server cannot be reached")
            .detail(format!("{}: {}", error.host, error.reason))
            .hint("It is tried again. Free servers are down at times: ngrok, cloudflared or a server of your own do the same")
    }

    /// Asks for `name`.
    pub(super) async fn register(&self, name: &str) -> Result<Registered, Failed> {
        let request = Request::get("Register a tunnel at localtunnel", self.at(name)?).timeout(self.patience.max(SLOW));
        let answer = self.http.send(request).await.map_err(|error| Failed::Now(self.unreachable(error)))?;
        if !answer.is_success() {
            return Err(self.refused(&answer));
        }
        self.registered(&answer).map_err(|detail| Failed::Never(self.unusable(&detail)))
    }

    fn refused(&self, answer: &Answer) -> Failed {
        let said = answer.json().and_then(|json| json.get("message")?.as_str().map(str::to_owned));
        let detail = format!("{} {}", answer.status, said.unwrap_or_else(|| short(&answer.text())));
        let error = UserError::new(Category::Api, "localtunnel's server gives no tunnel").detail(detail);
        match answer.status {
            429 | 500..=599 => Failed::Now(error.hint("It is tried again; another server or ngrok does the same")),
            403 => Failed::Never(error.hint("Choose another name, or leave it empty for any")),
            _ => Failed::Never(error.hint("Check the server's address, or leave it empty for localtunnel's own")),
        }
    }

    fn registered(&self, answer: &Answer) -> Result<Registered, String> {
        let json = answer.json().ok_or_else(|| format!("It answered no JSON: {}", short(&answer.text())))?;
        let text =
            |name: &str| json.get(name).and_then(|it| it.as_str()).filter(|it| !it.is_empty()).map(str::to_owned);
        let missing = |name: &str| format!("Its answer has no usable {name}: {}", short(&answer.text()));
        let port = json.get("port").and_then(serde_json::Value::as_u64).and_then(|port| u16::try_from(port).ok());
        let count = json.get("max_conn_count").and_then(serde_json::Value::as_u64).unwrap_or(1);
        let url = text("url").and_then(|url| Url::parse(&url).ok()).filter(Url::has_host);
        Ok(Registered {
            id: text("id").ok_or_else(|| missing("id"))?,
            to: (
                text("ip").unwrap_or_else(|| self.host().to_owned()),
                port.filter(|port| *port > 0).ok_or_else(|| missing("port"))?,
            ),
            connections: usize::try_from(count).unwrap_or(MOST).clamp(1, MOST),
            url: url.ok_or_else(|| missing("url"))?,
        })
    }

    /// That it answers with an error of its own.
    pub(super) fn in_trouble(&self, status: u16) -> UserError {
        UserError::new(Category::Api, "localtunnel's server is in trouble")
            .detail(format!("{} answered {status}", self.host()))
            .hint("It is tried again; ngrok, cloudflared or a server of your own do the same")
    }

    /// Whether the server holds the name.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) async fn standing(&self, registered: &Registered) -> Result<Standing, UserError> {
        let path = format!("api/tunnels/{}/status", registered.id);
        let Ok(url) = self.at(&path) else { return Ok(Standing::Unsaid) };
        let request = Request::get("Ask localtunnel whether the tunnel stands", url)
            .timeout(self.patience)
            .route(Route::Usual)
            .beginning(4 << 10);
        let answer = self.http.unrecorded().send(request).await.map_err(|error| self.unreachable(error))?;
        let sockets = answer.json().and_then(|json| json.get("connected_sockets")?.as_u64());
        Ok(match (answer.status, sockets) {
            (200, Some(_)) => {
                self.tells.store(true, Ordering::Relaxed);
                Standing::Holds
            }
            (404, _) if self.tells.load(Ordering::Relaxed) => Standing::Gone,
            (500..=599, _) if self.tells.load(Ordering::Relaxed) => Standing::Trouble(answer.status),
            _ => Standing::Unsaid,
        })
    }
}

/// Registering may take longer than a sign of life.
const SLOW: Duration = Duration::from_secs(8);

fn short(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(160).collect()
}
