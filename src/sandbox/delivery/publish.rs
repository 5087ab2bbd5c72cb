//! Takes events in: each is signed, and on the disk with a delivery for every webhook that chose it, before anyone is
//! told that it happened.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use serde_json::Value;

use super::events::{self, NewEvent};
use crate::sandbox::ask::Reply;
use crate::sandbox::error::SandboxError;
use crate::sandbox::keys::SigningKey;
use crate::sandbox::samples;
use crate::sandbox::state::{State, Webhook};
use crate::sandbox::world::{World, held};

/// How a delivery's body is sent.
pub const JWT: &str = "application/jwt";

/// Where events of a type go.
#[derive(Debug, Clone)]
struct Target {
    webhook: String,
    url: String,
}

/// What came of publishing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Ids of the events, in order.
    pub events: Vec<String>,
    /// Numbers of their deliveries, in order; none where no webhook chose the type.
    pub deliveries: Vec<i64>,
}

/// An event of `claims`, signed.
///
/// # Errors
/// When signing fails.
pub fn signed(key: &SigningKey, claims: Value, now: jiff::Timestamp) -> Result<NewEvent, SandboxError> {
    let body = key.sign(&claims)?.into_bytes();
    Ok(event(claims, body, JWT, now))
}

/// An event of `claims` that is sent as `body`, whatever that is.
pub fn event(claims: Value, body: Vec<u8>, content_type: &str, now: jiff::Timestamp) -> NewEvent {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (event_id, event_type, source) = (text("event_id"), text("type"), text("source"));
    NewEvent { event_id, event_type, source, at: now, claims, body, content_type: content_type.to_owned() }
}

impl World {
    /// Writes the state down, and what happened with it; then `reply` may be given.
    pub async fn happened(&self, reply: Reply, happened: Vec<(&str, Value)>) -> Reply {
        if let Err(error) = self.save().await {
            return cannot_keep(&error);
        }
        let now = self.now();
        let mut events = Vec::new();
        for (event_type, data) in happened {
            let Some(sample) = samples::sample(event_type) else { continue };
            match signed(&self.key(), sample.happened(&data, now), now) {
                Ok(event) => events.push(event),
                Err(error) => return cannot_keep(&error),
            }
        }
        match self.publish(events, None, 1).await {
            Ok(_) => reply,
            Err(error) => cannot_keep(&error),
        }
    }

    /// Takes events in, each `times` times. `request_id` is the `webhook-id` of all of them where it is given; else each
    /// delivery has its own.
    ///
    /// # Errors
    /// When they cannot be written down: none of them happened then.
    pub async fn publish(
        &self,
        events: Vec<NewEvent>,
        request_id: Option<String>,
        times: u32,
    ) -> Result<Accepted, SandboxError> {
        let now = self.now();
        let shared = self.shared_state();
        let accepted = self
            .store
            .write(move |connection| {
                // Asked when it is this writer's turn: the one that ends the deliveries of a deleted webhook comes after
                // this, or the webhook is gone by now.
                let targets = |event_type: &str| targets(&held(&shared), event_type);
                accept(connection, &events, &targets, request_id.as_deref(), times, now)
            })
            .await?;
        self.engine.wake();
        Ok(accepted)
    }
}

/// The webhooks that chose a type.
fn targets(state: &State, event_type: &str) -> Vec<Target> {
    let chose = |webhook: &&Webhook| webhook.event_types.iter().any(|chosen| chosen == event_type);
    let target = |webhook: &Webhook| Target { webhook: webhook.id.clone(), url: webhook.endpoint.clone() };
    state.webhooks.iter().filter(chose).map(target).collect()
}

fn cannot_keep(error: &SandboxError) -> Reply {
    tracing::warn!(%error, "the sandbox could not keep what happened");
    Reply::text(500, "The sandbox could not write down what happened")
}

fn accept(
    connection: &Connection,
    events: &[NewEvent],
    targets: &dyn Fn(&str) -> Vec<Target>,
    request_id: Option<&str>,
    times: u32,
    now: jiff::Timestamp,
) -> rusqlite::Result<Accepted> {
    let disabled: BTreeSet<String> = connection
        .prepare_cached("SELECT webhook FROM health WHERE disabled_at IS NOT NULL")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO deliveries (event, webhook, request_id, url, accepted, next, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, 'waiting')",
    )?;
    let mut accepted = Accepted::default();
    for event in events {
        let number = events::keep(connection, event)?;
        accepted.events.push(event.event_id.clone());
        for target in targets(&event.event_type).iter().filter(|target| !disabled.contains(&target.webhook)) {
            for _ in 0..times {
                let own = || uuid::Uuid::new_v4().to_string();
                let id = request_id.map_or_else(own, str::to_owned);
                insert.execute(params![number, target.webhook, id, target.url, now.as_microsecond()])?;
                accepted.deliveries.push(connection.last_insert_rowid());
            }
        }
    }
    Ok(accepted)
}
