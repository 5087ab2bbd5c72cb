//! localtunnel, spoken natively: a name is registered over HTTP, then its server is given plain TCP connections and writes
//! the requests of its public side onto them.
//!
//! From localtunnel's own client and server: a server deletes a client that had no connection for a second, gives a name
//! that is in use to nobody (another name comes back, with 200), and answers nothing where a connection dies under a
//! request. So connections are replaced at once and never closed from here while they might carry one.

mod pool;
mod register;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio::time::sleep;
use url::Url;

use super::keeper::{Failed, Line, Pulse};
use super::own::endpoint;
use super::wish::LOCALTUNNEL;
use super::{Ends, Wish};
use crate::error::{Category, UserError};
use pool::Pool;
use register::{Registered, Server, Standing};

/// How often the self-test is made: a loss is noticed by the connections and by the server's own word.
const RETEST: Duration = Duration::from_secs(60);
/// After so long without a connection its server forgets a name.
const FORGOTTEN: Duration = Duration::from_millis(1200);
/// How often a name that was held a moment ago is asked for again before another is taken.
const TRIES: u32 = 3;

/// How long a name that was just given may not be known yet.
const YOUNG: Duration = Duration::from_secs(6);

struct Held {
    registered: Registered,
    pool: Pool,
    url: Url,
}

pub(super) struct Localtunnel {
    server: Result<Server, UserError>,
    /// The name to ask for.
    name: String,
    /// A person chose it: no other will do.
    chosen: bool,
    ends: Ends,
    held: Option<Held>,
    /// The name was ours before.
    had: bool,
    /// How many self-tests failed in a row.
    failures: u32,
}

impl Localtunnel {
    pub(super) fn new(wish: &Wish, ends: &Ends) -> Self {
        let server = wish.server_url(LOCALTUNNEL).map(|url| Server::new(url, ends));
        let chosen = wish.name.clone().filter(|name| !name.trim().is_empty());
        // Nobody can guess it, so that it is free, and free again after a loss.
        let random = || format!("kinde-{}", uuid::Uuid::new_v4().simple().to_string().split_at(16).0);
        let name = chosen.clone().unwrap_or_else(random);
        Self { server, name, chosen: chosen.is_some(), ends: ends.clone(), held: None, had: false, failures: 0 }
    }

    fn server(&self) -> Result<&Server, Failed> {
        self.server.as_ref().map_err(|error| Failed::Never(error.clone()))
    }

    /// What is held still, where its server says so. Connections mend themselves; where the self-test failed over them all
    /// the same they are made anew, and where it failed over those too the name is registered anew.
    async fn take_up(&mut self) -> Result<Option<Url>, Failed> {
        let Some(held) = &self.held else { return Ok(None) };
        let server = self.server()?;
        let standing = server.standing(&held.registered).await.map_err(Failed::Now)?;
        if let Standing::Trouble(status) = standing
            && !held.pool.is_open()
        {
            return Err(Failed::Now(server.in_trouble(status)));
        }
        if standing != Standing::Gone && self.failures == 0 {
            return Ok(Some(held.url.clone()));
        }
        let Some(Held { registered, pool, url }) = self.held.take() else { return Ok(None) };
        pool.close().await;
        if standing == Standing::Gone {
            return Ok(None);
        }
        if self.failures > 1 {
            // The name is free again when its server has noticed.
            sleep(FORGOTTEN).await;
            return Ok(None);
        }
        let pool = Pool::open(&registered, self.ends.door.clone());
        self.held = Some(Held { registered, pool, url: url.clone() });
        Ok(Some(url))
    }

    async fn register(&mut self) -> Result<Registered, Failed> {
        let mut tries = 0;
        loop {
            let registered = self.server()?.register(&self.name).await?;
            if registered.id == self.name {
                return Ok(registered);
            }
            // Nobody connects for what was given instead: its server forgets it within a second.
            tries += 1;
            if tries <= TRIES && self.had {
                sleep(FORGOTTEN).await;
                continue;
            }
            if !self.chosen {
                self.name = registered.id.clone();
                return Ok(registered);
            }
            let error = UserError::new(Category::Network, format!("The name {} is in use at localtunnel", self.name))
                .detail(format!("Its server gave {} instead, without a word", registered.id))
                .hint("Somebody else, or another program of yours, holds it: choose another name, or leave it empty");
            return Err(if self.had { Failed::Now(error) } else { Failed::Never(error) });
        }
    }
}

impl Line for Localtunnel {
    fn opening(&self) -> String {
        let server = self.server.as_ref().map_or("localtunnel", |server| server.host());
        format!("Asking {server} for the name {}", self.name)
    }

    fn retest(&self) -> Duration {
        RETEST
    }

    fn young(&self) -> Duration {
        YOUNG
    }

    async fn open(&mut self) -> Result<Url, Failed> {
        if let Some(url) = self.take_up().await? {
            return Ok(url);
        }
        let registered = self.register().await?;
        self.had = true;
        let url = endpoint(registered.url.clone(), self.ends.door.path());
        let pool = Pool::open(&registered, self.ends.door.clone());
        // Whether it tells of a name at all is known from one it has just given: later its silence means something.
        if let Err(error) = self.server()?.standing(&registered).await {
            tracing::info!(%error, "localtunnel's server does not tell how the name stands");
        }
        self.held = Some(Held { registered, pool, url: url.clone() });
        Ok(url)
    }

    fn tested(&mut self, passed: bool) {
        self.failures = if passed { 0 } else { self.failures + 1 };
    }

    async fn pulse(&mut self) -> Result<Pulse, UserError> {
        let (Ok(server), Some(held)) = (&self.server, &self.held) else { return Ok(Pulse::Stands) };
        match server.standing(&held.registered).await? {
            Standing::Gone => Err(UserError::new(Category::Network, "localtunnel's server has forgotten this tunnel")
                .detail(format!("{} does not know {} any more", server.host(), held.registered.id))
                .hint("It is being registered again")),
            Standing::Trouble(status) if !held.pool.is_open() => Err(server.in_trouble(status)),
            // The name may stand all the same: webhooks decide.
            Standing::Trouble(_) => Ok(Pulse::Untold),
            Standing::Holds | Standing::Unsaid => Ok(Pulse::Stands),
        }
    }

    async fn broke(&mut self) -> UserError {
        match &mut self.held {
            Some(held) => held.pool.broke().await,
            None => std::future::pending().await,
        }
    }

    async fn close(self) {
        if let Some(held) = self.held {
            held.pool.close().await;
        }
    }
}
