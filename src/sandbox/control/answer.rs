//! The serving side of the control address.

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::shapes::{Happening, Limit, Provider, Published, Sample};
use super::{mails, room};
use crate::sandbox::ask::{Ask, Reply};
use crate::sandbox::delivery::attempts;
use crate::sandbox::error::SandboxError;
use crate::sandbox::faults::Faults;
use crate::sandbox::order::Order;
use crate::sandbox::samples;
use crate::sandbox::schemas;
use crate::sandbox::world::World;

/// Answers a request to the control address.
pub async fn answer(world: &World, ask: &Ask) -> Reply {
    let given = ask.bearer().unwrap_or_default();
    let same = aws_lc_rs::constant_time::verify_slices_are_equal(given.as_bytes(), world.control_token.as_bytes());
    if same.is_err() || ask.headers.contains_key("origin") {
        return Reply::empty(401);
    }
    match judged(world, ask).await {
        Ok(reply) | Err(reply) => reply,
    }
}

async fn judged(world: &World, ask: &Ask) -> Result<Reply, Reply> {
    Ok(match (&ask.method, ask.path.as_str()) {
        (&Method::GET, "/faults") => written(&*world.faults()),
        (&Method::PUT, "/faults") => {
            let faults: Faults = body(ask)?;
            *world.faults() = faults.clone();
            written(&faults)
        }
        (&Method::POST, "/provider") => happen(world, &body(ask)?).await,
        (&Method::POST, "/keys/rotate") => match world.rotate_keys(body(ask)?).await {
            Ok(rotated) => written(&rotated),
            Err(error) => Reply::text(500, &error.to_string()),
        },
        (&Method::POST, "/reset") => match world.reset().await {
            Ok(()) => Reply::json(200, &json!({})),
            Err(error) => Reply::text(500, &error.to_string()),
        },
        (&Method::GET, "/webhooks/limit") => {
            let limit = Limit { limit: world.state().webhook_limit };
            written(&limit)
        }
        (&Method::PUT, "/webhooks/limit") => {
            let limit: Limit = body(ask)?;
            world.state().webhook_limit = limit.limit;
            world.saved(written(&limit)).await
        }
        (&Method::POST, "/publish") => publish(world, body(ask)?).await,
        (&Method::GET, "/deliveries") => deliveries(world, ask).await,
        (&Method::GET, "/webhooks") => told(room::webhooks(world).await),
        (&Method::POST, "/webhooks/on") => room::switch_on(world, body(ask)?).await,
        (&Method::GET, "/body") => {
            let number = ask.query("delivery").and_then(|text| text.parse().ok()).unwrap_or_default();
            told(room::body(world, number).await)
        }
        (&Method::GET, "/sample") => sample(world, ask).await,
        (&Method::GET, "/mails") => told(mails::list(world, ask).await),
        (&Method::GET, "/mail") => mails::one(world, ask).await,
        (&Method::POST, "/mails/clear") => told(mails::clear(world).await),
        _ => Reply::empty(404),
    })
}

fn body<T: DeserializeOwned>(ask: &Ask) -> Result<T, Reply> {
    serde_json::from_slice(&ask.body).map_err(|error| Reply::text(400, &error.to_string()))
}

pub(super) fn written(value: &impl Serialize) -> Reply {
    serde_json::to_value(value).map_or_else(|_| Reply::empty(500), |value| Reply::json(200, &value))
}

fn told(result: Result<impl Serialize, SandboxError>) -> Reply {
    result.map_or_else(|error| Reply::text(500, &error.to_string()), |value| written(&value))
}

async fn publish(world: &World, order: Order) -> Reply {
    let (request_id, times) = (order.webhook_id.clone(), order.times());
    // Signing takes a millisecond an event: off the threads that answer.
    let key = world.key();
    let (dir, now) = (world.dir.clone(), world.now());
    let made = tokio::task::spawn_blocking(move || order.events(&key, &dir, now)).await;
    let accepted = match made {
        Ok(Ok(events)) => world.publish(events, request_id, times).await,
        Ok(Err(error)) => return Reply::text(400, &error.to_string()),
        Err(error) => return Reply::text(500, &error.to_string()),
    };
    match accepted {
        Ok(accepted) => written(&Published { events: accepted.events, deliveries: accepted.deliveries }),
        Err(error) => Reply::text(500, &error.to_string()),
    }
}

async fn deliveries(world: &World, ask: &Ask) -> Reply {
    let number = |name: &str| ask.query(name).and_then(|text| text.parse::<i64>().ok());
    let (before, from) = (number("before"), number("from"));
    let limit = number("limit").and_then(|limit| u32::try_from(limit).ok()).unwrap_or(100).min(1000);
    match world.store.read(move |connection| attempts::page(connection, before, from, limit)).await {
        Ok(page) => written(&page),
        Err(error) => Reply::text(500, &error.to_string()),
    }
}

/// The payload of a sample event, to be looked at or edited before it is published.
async fn sample(world: &World, ask: &Ask) -> Reply {
    let Some(sample) = ask.query("type").and_then(samples::sample) else {
        return Reply::text(404, "No such event type");
    };
    let dir = world.dir.clone();
    let live = tokio::task::spawn_blocking(move || schemas::kept(&dir, &sample.event_type)).await.ok().flatten();
    let (payload, live) = sample.following(live, world.now());
    written(&Sample { payload, note: sample.note.clone(), live })
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
