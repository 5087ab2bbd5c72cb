//! A quick tunnel of cloudflared: the program is started for the receiver, asked for its name, and ended with the tunnel.
//!
//! Facts from cloudflared's own source: `tunnel --url` asks Cloudflare for a name and prints it in a box on stderr; its
//! metrics server answers `/quicktunnel` with the name and `/ready` with 200 while a connection to Cloudflare stands.

mod child;
mod log;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use url::Url;

use super::Ends;
use super::keeper::{Failed, Line, Pulse};
use super::own::endpoint;
use crate::error::{Category, UserError};
use crate::net::Request;
use child::Child;

pub(super) use child::{missing, program};

/// How often the self-test is made: the program itself tells of its connection.
const RETEST: Duration = Duration::from_secs(120);
/// It says so itself: it may take some time to be reachable.
const YOUNG: Duration = Duration::from_secs(30);
/// How long it may take to be given a name. Its own wait for Cloudflare is 15 s.
const NAME: Duration = Duration::from_secs(20);
/// How long it may take to connect after that, before another protocol is tried.
const CONNECT: Duration = Duration::from_secs(12);
/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(150);

pub(super) struct Cloudflared {
    ends: Ends,
    /// `None`: it is not installed.
    program: Option<PathBuf>,
    running: Option<(Child, Url)>,
    /// UDP does not come through: over TCP then.
    http2: bool,
    was_up: bool,
}

impl Cloudflared {
    pub(super) fn new(ends: &Ends, program: Option<PathBuf>) -> Self {
        Self { ends: ends.clone(), program, running: None, http2: false, was_up: false }
    }

    /// Waits for the name; `None` where the program did not come so far.
    async fn name(&self, child: &mut Child) -> Result<Url, Failed> {
        let begun = Instant::now();
        loop {
            let said = child.said();
            if let Some(trouble) = said.trouble {
                return Err(self.failed(trouble.told(&said.last)));
            }
            if let Some(url) = said.url {
                return Ok(url);
            }
            if let Some(metrics) = &said.metrics
                && let Some(url) = self.asked_name(metrics).await
            {
                return Ok(url);
            }
            if child.has_ended() {
                return Err(self.failed(ended(&child.said().last)));
            }
            if begun.elapsed() >= NAME {
                let error = UserError::new(Category::Network, "cloudflared was given no address in time")
                    .detail(said.last.join(" "))
                    .hint("Check that this machine is online; Cloudflare's service may be down: ngrok and localtunnel do the same");
                return Err(Failed::Now(error));
            }
            sleep(LOOK).await;
        }
    }

    async fn asked_name(&self, metrics: &str) -> Option<Url> {
        let url = Url::parse(&format!("http://{metrics}/quicktunnel")).ok()?;
        let request = Request::get("Ask cloudflared for its address", url).timeout(Duration::from_secs(2));
        let answer = self.ends.http.unrecorded().send(request).await.ok()?;
        log::by_metrics(answer.json()?.get("hostname")?.as_str()?)
    }

    /// Whether it has a connection to Cloudflare; `None` where it does not say.
    async fn is_ready(&self, child: &Child) -> Option<bool> {
        let metrics = child.said().metrics?;
        let url = Url::parse(&format!("http://{metrics}/ready")).ok()?;
        let request =
            Request::get("Ask cloudflared whether it is connected", url).timeout(self.ends.rhythm.pulse_patience);
        match self.ends.http.unrecorded().send(request).await {
            Ok(answer) if answer.status == 404 => None,
            Ok(answer) => Some(answer.is_success()),
            Err(_) => Some(false),
        }
    }

    /// Refused for good before it was ever up; later it may come back.
    fn failed(&self, error: UserError) -> Failed {
        if self.was_up { Failed::Now(error) } else { Failed::Never(error) }
    }
}

fn ended(last: &[String]) -> UserError {
    UserError::new(Category::Network, "cloudflared has ended")
        .detail(if last.is_empty() { "It said nothing".to_owned() } else { last.join(" ") })
        .hint("Try it by hand for its own words: cloudflared tunnel --url http://127.0.0.1:8080")
}

impl Line for Cloudflared {
    fn opening(&self) -> String {
        "Starting cloudflared".to_owned()
    }

    fn retest(&self) -> Duration {
        RETEST
    }

    fn young(&self) -> Duration {
        YOUNG
    }

    async fn open(&mut self) -> Result<Url, Failed> {
        if let Some((child, url)) = &mut self.running {
            if !child.has_ended() {
                // It connects again by itself, under the same name.
                return Ok(url.clone());
            }
            self.running = None;
        }
        let mut child =
            Child::start(self.program.as_deref(), self.ends.door.address(), self.http2).map_err(Failed::Never)?;
        let base = match self.name(&mut child).await {
            Ok(base) => base,
            Err(failed) => {
                child.end().await;
                return Err(failed);
            }
        };
        // Its name is looked up for the first time once it is connected: a resolver that does not know it yet would keep
        // saying so.
        let begun = Instant::now();
        while self.is_ready(&child).await == Some(false) && begun.elapsed() < CONNECT && !child.has_ended() {
            if child.said().no_udp && !self.http2 {
                self.http2 = true;
                child.end().await;
                let error = UserError::new(Category::Network, "cloudflared cannot reach Cloudflare over UDP")
                    .detail("The network lets no QUIC through (port 7844)")
                    .hint("It is started again over HTTP/2");
                return Err(Failed::Now(error));
            }
            sleep(LOOK).await;
        }
        let url = endpoint(base, self.ends.door.path());
        self.running = Some((child, url.clone()));
        Ok(url)
    }

    fn tested(&mut self, passed: bool) {
        self.was_up |= passed;
    }

    async fn pulse(&mut self) -> Result<Pulse, UserError> {
        let Some((child, _)) = &self.running else { return Ok(Pulse::Stands) };
        if self.is_ready(child).await == Some(false) {
            return Err(UserError::new(Category::Network, "cloudflared has lost its connection to Cloudflare")
                .detail(child.said().last.join(" "))
                .hint("It connects again by itself, under the same address, when the network is back"));
        }
        Ok(Pulse::Stands)
    }

    async fn broke(&mut self) -> UserError {
        let Some((child, _)) = &mut self.running else { return std::future::pending().await };
        child.ended().await;
        let mut error = ended(&child.said().last);
        error.hint = "It is started again, and is given another address".to_owned();
        error
    }

    async fn close(self) {
        if let Some((child, _)) = self.running {
            child.end().await;
        }
    }
}
