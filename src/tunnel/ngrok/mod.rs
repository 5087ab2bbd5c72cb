//! An ngrok agent that runs on this machine: the endpoint that leads to the receiver's port is adopted, or made on it and
//! taken down at the end. The agent itself is never started or ended.

mod agent;
mod rescue;
#[cfg(test)]
mod tests;

use std::time::Duration;

use url::Url;

use super::keeper::{Failed, Line, Pulse};
use super::own::endpoint;
use super::wish::NGROK;
use super::{Ends, State, Wish};
use crate::error::{Category, UserError};
use agent::{Agent, Trouble};

pub(super) use agent::Forward;

/// How often the self-test is made: the agent itself is asked for the rest, and free accounts count requests.
const RETEST: Duration = Duration::from_secs(300);

/// How long an endpoint that was just made may not be known yet.
const YOUNG: Duration = Duration::from_secs(6);

pub(super) struct Ngrok {
    agent: Result<Agent, UserError>,
    ends: Ends,
    /// The endpoint in use.
    uses: Option<Forward>,
    /// The name of the one that was made here.
    made: Option<String>,
}

/// Asks the agent of `wish` where it forwards to; within `patience`.
pub(super) async fn forwards(wish: &Wish, http: &crate::net::Http, patience: Duration) -> Option<Vec<Forward>> {
    let agent = Agent::new(wish.server_url(NGROK).ok()?, http.unrecorded(), patience);
    agent.forwards().await.ok()
}

/// A port of this machine that the agent of `wish` forwards to, and that is free.
pub(super) async fn free_port(wish: &Wish, http: &crate::net::Http) -> Option<u16> {
    let ports = forwards(wish, http, Duration::from_secs(2)).await?.into_iter().filter_map(|it| it.local_port());
    ports.into_iter().find(|port| std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, *port)).is_ok())
}

impl Ngrok {
    pub(super) fn new(wish: &Wish, ends: &Ends) -> Self {
        let patience = ends.rhythm.pulse_patience;
        let agent = wish.server_url(NGROK).map(|url| Agent::new(url, ends.http.clone(), patience));
        Self { agent, ends: ends.clone(), uses: None, made: None }
    }

    fn agent(&self) -> Result<&Agent, Failed> {
        self.agent.as_ref().map_err(|error| Failed::Never(error.clone()))
    }

    fn port(&self) -> u16 {
        self.ends.door.address().port()
    }

    /// Before the first success an agent that is not there is said at once; afterwards it may come back.
    fn failed(&self, error: UserError) -> Failed {
        if self.uses.is_some() { Failed::Now(error) } else { Failed::Never(error) }
    }
}

fn told(trouble: Trouble, port: u16) -> UserError {
    match trouble {
        Trouble::NotRunning(why) => UserError::new(Category::Network, "No ngrok agent runs on this machine")
            .detail(why)
            .hint(format!("Start one and try again: ngrok http 127.0.0.1:{port}")),
        Trouble::Stranger(why) => UserError::new(Category::Api, "What answers there is no ngrok agent")
            .detail(why)
            .hint("Give the agent's web_addr, or end the program that holds ngrok's port"),
        Trouble::Refused(why) => UserError::new(Category::Api, "The ngrok agent made no endpoint for the receiver")
            .detail(why)
            .hint(format!("End its other endpoint, or start it for the receiver: ngrok http 127.0.0.1:{port}")),
    }
}

impl Line for Ngrok {
    fn opening(&self) -> String {
        "Asking ngrok's agent".to_owned()
    }

    fn retest(&self) -> Duration {
        RETEST
    }

    fn young(&self) -> Duration {
        YOUNG
    }

    async fn open(&mut self) -> Result<Url, Failed> {
        let port = self.port();
        let found = self.agent()?.forwards().await.map_err(|trouble| self.failed(told(trouble, port)))?;
        if let Some(forward) = Forward::to(&found, port) {
            self.uses = Some(forward.clone());
            return Ok(endpoint(forward.url.clone(), self.ends.door.path()));
        }
        let made = self.agent()?.make(port).await.map_err(|trouble| {
            let others: Vec<String> =
                found.iter().map(|it| format!("{} forwards to {}", it.url, it.upstream)).collect();
            let mut error = told(trouble, port);
            if !others.is_empty() {
                error.detail = format!("{}. {}", error.detail, others.join("; "));
            }
            self.failed(error)
        })?;
        let url = endpoint(made.url.clone(), self.ends.door.path());
        (self.made, self.uses) = (Some(made.name.clone()), Some(made));
        Ok(url)
    }

    async fn pulse(&mut self) -> Result<Pulse, UserError> {
        let port = self.port();
        let Ok(agent) = &self.agent else { return Ok(Pulse::Stands) };
        let quiet = agent.unrecorded();
        let found = quiet.forwards().await.map_err(|trouble| told(trouble, port))?;
        // An agent that was started again may have another address for the same port.
        let in_use = |it: &&Forward| self.uses.as_ref().is_none_or(|uses| uses.url == it.url);
        if !found.iter().filter(in_use).any(|it| it.local_port() == Some(port)) {
            return Err(UserError::new(Category::Network, "ngrok forwards to the receiver no more")
                .detail(format!("Its agent has no endpoint for port {port} under that address"))
                .hint(format!("Start it again: ngrok http 127.0.0.1:{port}")));
        }
        match quiet.offline().await {
            Some(status) => Err(UserError::new(Category::Network, "The ngrok agent has lost its connection")
                .detail(format!("It says: {status}"))
                .hint("It connects again by itself when the network is back")),
            None => Ok(Pulse::Stands),
        }
    }

    async fn rescued(&mut self) -> Option<State> {
        let items =
            rescue::earlier(self.agent.as_ref().ok()?, &self.uses.as_ref()?.name, self.ends.door.started_at()).await;
        (!items.is_empty()).then_some(State::Rescued(items))
    }

    async fn close(self) {
        if let (Ok(agent), Some(name)) = (&self.agent, &self.made) {
            agent.unmake(name).await;
        }
    }
}
