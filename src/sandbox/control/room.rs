//! How the webhooks fare and what a delivery holds: for who looks into the sandbox and not through its API.

use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Control, json, parse};
use crate::sandbox::ask::Reply;
use crate::sandbox::delivery::attempts::{self, AnswerBody};
use crate::sandbox::delivery::events;
use crate::sandbox::error::SandboxError;
use crate::sandbox::world::World;

/// A webhook, and how it fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookView {
    /// `webhook_…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it goes.
    pub endpoint: String,
    /// The event types it chose.
    pub event_types: Vec<String>,
    /// When it was switched off, after failing for 72 hours; `None` while it is on.
    pub off_since: Option<Timestamp>,
}

/// What is sent with a delivery, the same at every attempt, and what came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentBody {
    /// The `content-type` header.
    pub content_type: String,
    /// The body; what is no text in it is replaced.
    pub body: String,
    /// What was answered to its attempts so far, where the answers had bodies.
    #[serde(default)]
    pub answers: Vec<AnswerBody>,
}

/// Names a webhook.
#[derive(Debug, Serialize, Deserialize)]
pub struct Named {
    /// `webhook_…`.
    pub webhook: String,
}

impl Control {
    /// The webhooks, oldest first, with what the API does not tell: whether one was switched off.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub async fn webhooks(&self) -> Result<Vec<WebhookView>, SandboxError> {
        parse(&self.send(Method::GET, "webhooks", "Webhooks of the sandbox", None).await?)
    }

    /// Switches a webhook on again. What was stopped meanwhile stays so.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub async fn switch_on(&self, webhook: &str) -> Result<(), SandboxError> {
        let body = json(&Named { webhook: webhook.to_owned() })?;
        self.send(Method::POST, "webhooks/on", "Switch a webhook of the sandbox on", Some(body)).await.map(|_| ())
    }

    /// What is sent with delivery number `delivery`, and what was answered so far.
    ///
    /// # Errors
    /// When the sandbox does not answer or has no such delivery.
    pub async fn body(&self, delivery: i64) -> Result<SentBody, SandboxError> {
        parse(&self.send(Method::GET, &format!("body?delivery={delivery}"), "A delivery of the sandbox", None).await?)
    }
}

/// Answers `GET /webhooks`.
pub(super) async fn webhooks(world: &World) -> Result<Vec<WebhookView>, SandboxError> {
    let off: Vec<(String, i64)> = world
        .store
        .read(|connection| {
            connection
                .prepare_cached("SELECT webhook, disabled_at FROM health WHERE disabled_at IS NOT NULL")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
        .await?;
    let state = world.state();
    let view = state.webhooks.iter().map(|webhook| WebhookView {
        id: webhook.id.clone(),
        name: webhook.name.clone(),
        endpoint: webhook.endpoint.clone(),
        event_types: webhook.event_types.clone(),
        off_since: off.iter().find(|(id, _)| *id == webhook.id).map(|(_, at)| events::moment(*at)),
    });
    Ok(view.collect())
}

/// Answers `POST /webhooks/on`.
pub(super) async fn switch_on(world: &World, named: Named) -> Reply {
    // The time it was off is no time in which it failed.
    world.engine.forget(&named.webhook);
    match world.store.write(move |connection| attempts::forget_health(connection, &named.webhook)).await {
        Ok(_) => Reply::json(200, &serde_json::json!({})),
        Err(error) => Reply::text(500, &error.to_string()),
    }
}

/// Answers `GET /body`.
pub(super) async fn body(world: &World, delivery: i64) -> Result<SentBody, SandboxError> {
    let read = world.store.read(move |connection| {
        connection
            .prepare_cached(
                "SELECT e.content_type, e.body FROM deliveries d JOIN events e ON e.seq = d.event WHERE d.id = ?1",
            )?
            .query_row([delivery], |row| {
                let body: Vec<u8> = row.get(1)?;
                Ok(SentBody {
                    content_type: row.get(0)?,
                    body: String::from_utf8_lossy(&body).into_owned(),
                    answers: attempts::answers(connection, delivery)?,
                })
            })
    });
    read.await
}
