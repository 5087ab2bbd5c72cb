//! The agent's local API, from <https://ngrok.com/docs/agent/api>: endpoints (and the tunnels of older agents), status, and
//! captured requests.

use std::time::Duration;

use serde_json::{Value, json};
use url::{Host, Url};

use crate::net::{Answer, Http, NetErrorKind, Request};

/// Where an endpoint of the agent leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tunnel) struct Forward {
    /// The endpoint's name within the agent.
    pub name: String,
    /// Its public base.
    pub url: Url,
    /// What it forwards to, as the agent writes it.
    pub upstream: String,
}

/// Why the agent was of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nobody answers.
    NotRunning(String),
    /// Somebody else does.
    Stranger(String),
    /// It says no.
    Refused(String),
}

impl Forward {
    /// The one that leads to `port` of this machine, the https one where there are two.
    pub(in crate::tunnel) fn to(all: &[Self], port: u16) -> Option<&Self> {
        let fitting = || all.iter().filter(|it| it.local_port() == Some(port));
        fitting().find(|it| it.url.scheme() == "https").or_else(|| fitting().next())
    }

    /// The port of this machine it leads to: `http://localhost:80`, `127.0.0.1:80`, `[::1]:80` and `80` all name one.
    pub(in crate::tunnel) fn local_port(&self) -> Option<u16> {
        let text = self.upstream.trim();
        if let Ok(port) = text.parse() {
            return Some(port);
        }
        let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&whole).ok()?;
        let here = match url.host()? {
            Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
            Host::Ipv4(address) => address.is_loopback() || address.is_unspecified(),
            Host::Ipv6(address) => address.is_loopback() || address.is_unspecified(),
        };
        here.then(|| url.port_or_known_default()).flatten()
    }

    /// Of an endpoint, or of a tunnel of an older agent. Only what speaks HTTP to the public counts.
    fn of(value: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let url = Url::parse(value.get("url").or_else(|| value.get("public_url"))?.as_str()?).ok()?;
        let upstream = value.pointer("/upstream/url").or_else(|| value.pointer("/config/addr")).and_then(text)?;
        matches!(url.scheme(), "http" | "https").then(|| Self {
            name: value.get("name").and_then(text).unwrap_or_default(),
            url,
            upstream,
        })
    }
}

/// The agent.
#[derive(Clone)]
pub(super) struct Agent {
    base: Url,
    http: Http,
    patience: Duration,
}

impl Agent {
    pub(super) fn new(base: Url, http: Http, patience: Duration) -> Self {
        Self { base, http, patience }
    }

    /// The same, without a word in Activity.
    pub(super) fn unrecorded(&self) -> Self {
        Self { http: self.http.unrecorded(), ..self.clone() }
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    async fn send(&self, request: Request) -> Result<Answer, Trouble> {
        self.http.send(request.timeout(self.patience)).await.map_err(|error| {
            let why = format!("{}: {}", error.host, error.reason);
            match error.kind {
                NetErrorKind::Broken | NetErrorKind::TooLong | NetErrorKind::Tls => Trouble::Stranger(why),
                NetErrorKind::Dns | NetErrorKind::Connect | NetErrorKind::Timeout => Trouble::NotRunning(why),
            }
        })
    }

    /// Every HTTP endpoint of the agent.
    pub(super) async fn forwards(&self) -> Result<Vec<Forward>, Trouble> {
        for (path, list) in [("/api/endpoints", "endpoints"), ("/api/tunnels", "tunnels")] {
            let answer = self.send(Request::get("Ask ngrok where it forwards to", self.at(path))).await?;
            let json = answer.json().filter(|_| answer.is_success());
            if let Some(all) = json.as_ref().and_then(|json| json.get(list)).and_then(Value::as_array) {
                return Ok(all.iter().filter_map(Forward::of).collect());
            }
            // An older agent knows tunnels alone.
            if list == "tunnels" {
                return Err(Trouble::Stranger(format!("{} answered {}", self.base, answer.status)));
            }
        }
        Ok(Vec::new())
    }

    /// Makes an endpoint that leads to `port`.
    pub(super) async fn make(&self, port: u16) -> Result<Forward, Trouble> {
        let wanted =
            json!({"name": format!("kinde-panel-{port}"), "proto": "http", "addr": format!("http://127.0.0.1:{port}")});
        let request = Request::post("Have ngrok forward to the receiver", self.at("/api/tunnels")).json(wanted);
        let answer = self.send(request).await?;
        let json = answer.json().unwrap_or_default();
        if let Some(made) = Forward::of(&json).filter(|_| answer.is_success()) {
            return Ok(made);
        }
        let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let said = text("/details/err").or_else(|| text("/msg")).unwrap_or_else(|| answer.text().into_owned());
        let line: String = said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect();
        Err(Trouble::Refused(format!("{}: {line}", answer.status)))
    }

    /// Takes down an endpoint that was made here.
    pub(super) async fn unmake(&self, name: &str) {
        let url = self.at(&format!("/api/tunnels/{name}"));
        let request = Request::new(http::Method::DELETE, "Have ngrok forward to the receiver no more", url);
        if let Err(trouble) = self.send(request.timeout(Duration::from_secs(1))).await {
            tracing::info!(?trouble, "ngrok's endpoint was not taken down: its agent is gone");
        }
    }

    /// What the agent says of its connection, where that is anything but online. Older ones say nothing.
    pub(super) async fn offline(&self) -> Option<String> {
        let answer = self.send(Request::get("Ask ngrok whether it is connected", self.at("/api/status"))).await.ok()?;
        let status = answer.json().filter(|_| answer.is_success())?.get("status")?.as_str()?.to_owned();
        (status != "online").then_some(status)
    }

    /// Captured requests, newest first.
    pub(super) async fn captured(&self, most: u32) -> Result<Vec<Value>, Trouble> {
        let request = Request::get("Ask ngrok what it captured before", self.at("/api/requests/http"))
            .query("limit", most.to_string())
            .limit(64 << 20);
        let mut answer = self.send(request).await?.json().unwrap_or_default();
        match answer.get_mut("requests").map(Value::take) {
            Some(Value::Array(all)) => Ok(all),
            _ => Ok(Vec::new()),
        }
    }
}
