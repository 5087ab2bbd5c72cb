//! The control address: faults and the provider's side of things, for whoever reads `running.json`.
//!
//! `GET|PUT /faults` and `POST /provider`, each with the bearer token of `running.json`.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use super::ask::{Ask, Reply};
use super::error::SandboxError;
use super::faults::Faults;
use super::running::Running;
use super::world::World;
use crate::net::{Answer, Http, Request};
use crate::secrets::Secret;

/// Something that happens at a provider, outside Kinde.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Happening {
    Disconnect,
    Expire,
}

#[derive(Debug, Serialize, Deserialize)]
struct Provider {
    key: String,
    does: Happening,
}

/// Answers a request to the control address.
pub(super) async fn answer(world: &World, ask: &Ask) -> Reply {
    let given = ask.bearer().unwrap_or_default();
    let same = aws_lc_rs::constant_time::verify_slices_are_equal(given.as_bytes(), world.control_token.as_bytes());
    if same.is_err() || ask.headers.contains_key("origin") {
        return Reply::empty(401);
    }
    match (&ask.method, ask.path.as_str()) {
        (&Method::GET, "/faults") => faults(world),
        (&Method::PUT, "/faults") => match serde_json::from_slice::<Faults>(&ask.body) {
            Ok(new) => {
                *world.faults() = new;
                faults(world)
            }
            Err(error) => Reply::text(400, &error.to_string()),
        },
        (&Method::POST, "/provider") => match serde_json::from_slice::<Provider>(&ask.body) {
            Ok(provider) => happen(world, &provider).await,
            Err(error) => Reply::text(400, &error.to_string()),
        },
        _ => Reply::empty(404),
    }
}

fn faults(world: &World) -> Reply {
    let faults = world.faults().clone();
    serde_json::to_value(faults).map_or_else(|_| Reply::empty(500), |value| Reply::json(200, &value))
}

async fn happen(world: &World, provider: &Provider) -> Reply {
    let Some(app) = world.app(&provider.key) else { return Reply::text(404, "No such connected app") };
    let now = world.now();
    let mut changed = 0_usize;
    for grant in world.state().grants.iter_mut().filter(|grant| grant.client_id == app.client_id) {
        match provider.does {
            Happening::Disconnect => grant.revoked = true,
            Happening::Expire => grant.expires = grant.expires.min(now),
        }
        changed += 1;
    }
    world.saved(Reply::json(200, &json!({"changed": changed}))).await
}

/// Talks to the control address of a running sandbox.
#[derive(Debug, Clone)]
pub struct Control {
    http: Http,
    base: Url,
    token: Secret,
}

impl Control {
    /// A client of `running`'s control address. Its exchanges show in Activity like any other.
    ///
    /// # Errors
    /// When the address in `running.json` is none.
    pub fn new(http: Http, running: &Running) -> Result<Self, SandboxError> {
        let base = Url::parse(&running.control).map_err(|error| SandboxError::Control(error.to_string()))?;
        Ok(Self { http, base, token: running.control_token.clone() })
    }

    /// The faults that are on.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub async fn faults(&self) -> Result<Faults, SandboxError> {
        let answer = self.send(Method::GET, "faults", "Sandbox faults", None).await?;
        parse(&answer)
    }

    /// Puts `faults` in the place of those that were on; [`Faults::default`] ends them all.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub async fn set_faults(&self, faults: &Faults) -> Result<Faults, SandboxError> {
        let body = serde_json::to_value(faults).map_err(|error| SandboxError::Control(error.to_string()))?;
        let answer = self.send(Method::PUT, "faults", "Set sandbox faults", Some(body)).await?;
        parse(&answer)
    }

    /// The account's owner disconnects the app of `key` at the provider: every token of it dies there, and Kinde is not
    /// told. Answers how many tokens there were.
    ///
    /// # Errors
    /// When the sandbox does not answer or knows no such app.
    pub async fn disconnect_at_provider(&self, key: &str) -> Result<u64, SandboxError> {
        self.happen(key, Happening::Disconnect).await
    }

    /// Every provider token of the app of `key` expires now; Kinde refreshes at the next fetch.
    ///
    /// # Errors
    /// When the sandbox does not answer or knows no such app.
    pub async fn expire_at_provider(&self, key: &str) -> Result<u64, SandboxError> {
        self.happen(key, Happening::Expire).await
    }

    async fn happen(&self, key: &str, does: Happening) -> Result<u64, SandboxError> {
        let body = serde_json::to_value(Provider { key: key.to_owned(), does })
            .map_err(|error| SandboxError::Control(error.to_string()))?;
        let answer = self.send(Method::POST, "provider", "Something happens at the provider", Some(body)).await?;
        answer
            .json()
            .and_then(|value| value.get("changed")?.as_u64())
            .ok_or_else(|| SandboxError::Control("an answer that is not understood".to_owned()))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        purpose: &str,
        body: Option<serde_json::Value>,
    ) -> Result<Answer, SandboxError> {
        let url = self.base.join(path).map_err(|error| SandboxError::Control(error.to_string()))?;
        let mut request = Request::new(method, purpose, url).bearer(self.token.clone());
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = self.http.send(request).await.map_err(|error| SandboxError::Control(error.to_string()))?;
        if answer.is_success() {
            return Ok(answer);
        }
        Err(SandboxError::Control(format!("HTTP {}: {}", answer.status, answer.text())))
    }
}

fn parse(answer: &Answer) -> Result<Faults, SandboxError> {
    serde_json::from_slice(&answer.body).map_err(|error| SandboxError::Control(error.to_string()))
}
