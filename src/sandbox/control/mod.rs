//! The control address: faults, the provider's side of things, webhooks, deliveries and mail, for whoever reads
//! `running.json`. Every call bears the token of that file.

mod answer;
mod mails;
mod room;
mod shapes;

use http::Method;
use percent_encoding::NON_ALPHANUMERIC;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

pub(super) use answer::answer;
pub use mails::Mails;
pub use room::{SentBody, WebhookView};
use shapes::{Happening, Limit, Provider};
pub use shapes::{Published, Rotated, Rotation, Sample};

use super::delivery::attempts::DeliveryView;
use super::error::SandboxError;
use super::faults::Faults;
use super::order::Order;
use super::running::Running;
use crate::net::{Answer, Http, Request};
use crate::secrets::Secret;

/// How long an answer may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

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

    /// The same, for what is asked again and again: its exchanges do not show in Activity.
    #[must_use]
    pub fn unrecorded(&self) -> Self {
        Self { http: self.http.unrecorded(), ..self.clone() }
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
        let answer = self.send(Method::PUT, "faults", "Set sandbox faults", Some(json(faults)?)).await?;
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

    /// Sets the most webhooks the made-up plan allows, `None` for any number; those that are there stay.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub async fn set_webhook_limit(&self, limit: Option<u32>) -> Result<Option<u32>, SandboxError> {
        let body = json(&Limit { limit })?;
        let answer = self.send(Method::PUT, "webhooks/limit", "Set the sandbox's webhook limit", Some(body)).await?;
        parse::<Limit>(&answer).map(|limit| limit.limit)
    }

    /// The most webhooks the made-up plan allows, `None` for any number.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub async fn webhook_limit(&self) -> Result<Option<u32>, SandboxError> {
        let answer = self.send(Method::GET, "webhooks/limit", "The sandbox's webhook limit", None).await?;
        parse::<Limit>(&answer).map(|limit| limit.limit)
    }

    /// Signs with a new key from now on; `old` is what becomes of the one before.
    ///
    /// # Errors
    /// When the sandbox does not answer or cannot write the key down.
    pub async fn rotate_keys(&self, old: Rotation) -> Result<Rotated, SandboxError> {
        parse(&self.send(Method::POST, "keys/rotate", "Rotate the sandbox's keys", Some(json(&old)?)).await?)
    }

    /// Forgets webhooks, events, deliveries, faults and whatever was made or changed in the tenant; keys, addresses and
    /// the machine-to-machine application stay.
    ///
    /// # Errors
    /// When the sandbox does not answer or cannot write.
    pub async fn reset(&self) -> Result<(), SandboxError> {
        self.send(Method::POST, "reset", "Reset the sandbox", None).await.map(|_| ())
    }

    /// A sample event of a type as it would be published now.
    ///
    /// # Errors
    /// When the sandbox does not answer or knows no such type.
    pub async fn sample(&self, event_type: &str) -> Result<Sample, SandboxError> {
        let path = format!("sample?type={}", percent_encoding::utf8_percent_encode(event_type, NON_ALPHANUMERIC));
        let answer = self.send(Method::GET, &path, "A sample event of the sandbox", None).await?;
        parse(&answer)
    }

    /// Publishes what `order` says to the webhooks that chose its type. Answers once it is on the disk; the first
    /// attempts follow.
    ///
    /// # Errors
    /// When the sandbox does not answer or the order is unusable.
    pub async fn publish(&self, order: &Order) -> Result<Published, SandboxError> {
        let purpose = "Publish an event of the sandbox";
        let answer = self.ask(Method::POST, "publish", purpose, Some(json(order)?)).await?;
        // Its words are at fault and not the way there.
        if answer.status == 400 {
            return Err(SandboxError::Order(answer.text().into_owned()));
        }
        parse(&good(answer)?)
    }

    /// A page of deliveries with their attempts, newest first: those before number `before`. At most 1,000.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub async fn deliveries(&self, before: Option<i64>, limit: u32) -> Result<Vec<DeliveryView>, SandboxError> {
        let before = before.map(|before| format!("&before={before}")).unwrap_or_default();
        let path = format!("deliveries?limit={limit}{before}");
        parse(&self.send(Method::GET, &path, "Deliveries of the sandbox", None).await?)
    }

    /// Deliveries from number `from` on, oldest first. At most 1,000.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub async fn deliveries_from(&self, from: i64, limit: u32) -> Result<Vec<DeliveryView>, SandboxError> {
        let path = format!("deliveries?limit={limit}&from={from}");
        parse(&self.send(Method::GET, &path, "Deliveries of the sandbox", None).await?)
    }

    async fn happen(&self, key: &str, does: Happening) -> Result<u64, SandboxError> {
        let body = json(&Provider { key: key.to_owned(), does })?;
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
        body: Option<Value>,
    ) -> Result<Answer, SandboxError> {
        good(self.ask(method, path, purpose, body).await?)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        purpose: &str,
        body: Option<Value>,
    ) -> Result<Answer, SandboxError> {
        let url = self.base.join(path).map_err(|error| SandboxError::Control(error.to_string()))?;
        // A thousand signatures take a while.
        let mut request = Request::new(method, purpose, url).bearer(self.token.clone()).timeout(PATIENCE);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.http.send(request).await.map_err(|error| SandboxError::Control(error.to_string()))
    }
}

fn good(answer: Answer) -> Result<Answer, SandboxError> {
    if answer.is_success() {
        return Ok(answer);
    }
    Err(SandboxError::Control(format!("HTTP {}: {}", answer.status, answer.text())))
}

fn json(value: &impl Serialize) -> Result<Value, SandboxError> {
    serde_json::to_value(value).map_err(|error| SandboxError::Control(error.to_string()))
}

fn parse<T: DeserializeOwned>(answer: &Answer) -> Result<T, SandboxError> {
    serde_json::from_slice(&answer.body).map_err(|error| SandboxError::Control(error.to_string()))
}
