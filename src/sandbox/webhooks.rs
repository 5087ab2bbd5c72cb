//! Webhooks, event types and events of the Management API (`/api/v1/webhooks`, `/event_types`, `/events/{event_id}`).
//!
//! The codes of success and refusal are not published; those here are the sandbox's own. The shapes are Kinde's.

use serde_json::{Map, Value, json};
use url::Url;

use super::access::errors;
use super::ask::{Ask, Reply};
use super::delivery::{attempts, events};
use super::samples;
use super::state::Webhook;
use super::users::stamp;
use super::world::World;
use crate::kinde::event_types;

/// `GET /api/v1/webhooks`: all of them, there are no pages.
pub fn list(world: &World) -> Reply {
    let webhooks: Vec<Value> = world
        .state()
        .webhooks
        .iter()
        .map(|webhook| {
            json!({
                "id": webhook.id,
                "name": webhook.name,
                "endpoint": webhook.endpoint,
                "description": webhook.description,
                "event_types": webhook.event_types,
                "created_on": stamp(webhook.created_on),
            })
        })
        .collect();
    Reply::json(200, &json!({"code": "OK", "message": "Success", "webhooks": webhooks}))
}

/// `POST /api/v1/webhooks`. 200, not 201.
pub async fn create(world: &World, ask: &Ask) -> Reply {
    let Some(body) = object(ask) else { return not_an_object() };
    let mut wrong = Vec::new();
    let endpoint = endpoint(body.get("endpoint"), &mut wrong);
    let event_types = types(body.get("event_types").unwrap_or(&Value::Null), &mut wrong);
    let name = name(body.get("name").unwrap_or(&Value::Null), &mut wrong);
    let description = description(body.get("description").unwrap_or(&Value::Null), &mut wrong);
    if !wrong.is_empty() {
        return refuse(&wrong);
    }
    let now = world.now();
    let webhook = Webhook {
        id: format!("webhook_{}", samples::uuid_v7(now)),
        name,
        endpoint,
        description,
        event_types,
        created_on: now,
    };
    let reply = Reply::json(
        200,
        &json!({
            "code": "WEBHOOK_CREATED",
            "message": "Webhook successfully created",
            "webhook": {"id": webhook.id, "endpoint": webhook.endpoint},
        }),
    );
    {
        let mut state = world.state();
        if state.webhook_limit.is_some_and(|limit| state.webhooks.len() >= limit as usize) {
            drop(state);
            return errors(
                400,
                "WEBHOOK_LIMIT_REACHED",
                "You have reached the maximum number of webhooks of your plan. Upgrade your plan to add more",
            );
        }
        state.webhooks.push(webhook);
    }
    world.saved(reply).await
}

/// `PATCH /api/v1/webhooks/{webhook_id}`: name, description and event types. The endpoint is no property of this call,
/// and one that is sent changes nothing.
pub async fn update(world: &World, ask: &Ask, id: &str) -> Reply {
    let Some(body) = object(ask) else { return not_an_object() };
    let mut wrong = Vec::new();
    let event_types = body.get("event_types").map(|value| types(value, &mut wrong));
    let name = body.get("name").map(|value| name(value, &mut wrong));
    let description = body.get("description").map(|value| description(value, &mut wrong));
    if !wrong.is_empty() {
        return refuse(&wrong);
    }
    {
        let mut state = world.state();
        let Some(webhook) = state.webhooks.iter_mut().find(|webhook| webhook.id == id) else {
            drop(state);
            return unknown();
        };
        if let Some(event_types) = event_types {
            webhook.event_types = event_types;
        }
        if let Some(name) = name {
            webhook.name = name;
        }
        if let Some(description) = description {
            webhook.description = description;
        }
    }
    let reply = json!({"message": "Webhook successfully updated", "code": "WEBHOOK_UPDATED", "webhook": {"id": id}});
    world.saved(Reply::json(200, &reply)).await
}

/// `DELETE /api/v1/webhooks/{webhook_id}`: what is still being retried for it ends with it.
pub async fn delete(world: &World, id: &str) -> Reply {
    let gone = {
        let mut state = world.state();
        let before = state.webhooks.len();
        state.webhooks.retain(|webhook| webhook.id != id);
        state.webhooks.len() < before
    };
    if !gone {
        return unknown();
    }
    let reply = Reply::json(200, &json!({"code": "WEBHOOK_DELETED", "message": "Webhook successfully deleted"}));
    let reply = world.saved(reply).await;
    world.engine.forget(id);
    let webhook = id.to_owned();
    let ended = world.store.write(move |connection| {
        attempts::stop(connection, &webhook)?;
        attempts::forget_health(connection, &webhook)
    });
    match ended.await {
        Ok(_) => reply,
        Err(error) => {
            tracing::warn!(%error, "the sandbox could not end the deliveries of a webhook");
            Reply::empty(500)
        }
    }
}

/// `GET /api/v1/event_types`.
pub fn types_list() -> Reply {
    let types: Vec<Value> = samples::samples()
        .iter()
        .map(|sample| {
            let code = sample.event_type.as_str();
            // The same each time, for whoever keeps it.
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, code.as_bytes());
            let id: String = digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
            json!({
                "id": format!("event_type_{id}"),
                "code": code,
                "name": title(code),
                "origin": sample.source,
                "schema": sample.schema(),
            })
        })
        .collect();
    Reply::json(200, &json!({"code": "OK", "message": "Success", "event_types": types}))
}

/// `GET /api/v1/events/{event_id}`. Kinde's description calls `timestamp` an integer and, in the same breath, ISO 8601.
pub async fn event(world: &World, id: &str) -> Reply {
    let wanted = id.to_owned();
    let found = match world.store.read(move |connection| events::find(connection, &wanted)).await {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(%error, "the sandbox could not look an event up");
            return Reply::empty(500);
        }
    };
    let Some(event) = found else { return errors(400, "EVENT_NOT_FOUND", "The event was not found") };
    let timestamp = if world.faults().event_timestamp_text {
        event.claims.get("timestamp").cloned().unwrap_or_else(|| stamp(event.at).into())
    } else {
        event.at.as_second().into()
    };
    Reply::json(
        200,
        &json!({
            "code": "OK",
            "message": "Success",
            "event": {
                "type": event.event_type,
                "source": event.source,
                "event_id": event.event_id,
                "timestamp": timestamp,
                "data": event.claims.get("data"),
            }
        }),
    )
}

/// `user.authentication_failed` as `User authentication failed`.
fn title(code: &str) -> String {
    let words = code.replace(['.', '_'], " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The body, where it is a JSON object.
fn object(ask: &Ask) -> Option<Map<String, Value>> {
    match ask.json()? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

fn not_an_object() -> Reply {
    errors(400, "INVALID_BODY", "The body is not a JSON object")
}

fn unknown() -> Reply {
    errors(400, "WEBHOOK_NOT_FOUND", "The webhook was not found")
}

/// Everything that is wrong at once.
fn refuse(wrong: &[(&str, String)]) -> Reply {
    let errors: Vec<Value> = wrong.iter().map(|(code, message)| json!({"code": code, "message": message})).collect();
    Reply::json(400, &json!({"errors": errors}))
}

type Wrong = Vec<(&'static str, String)>;

fn endpoint(value: Option<&Value>, wrong: &mut Wrong) -> String {
    let Some(text) = value.and_then(Value::as_str).filter(|text| !text.is_empty()) else {
        wrong.push(("ENDPOINT_REQUIRED", "endpoint is required and must be a string".to_owned()));
        return String::new();
    };
    let good = Url::parse(text).is_ok_and(|url| match url.scheme() {
        "https" => url.host_str().is_some_and(|host| !host.is_empty()),
        // A tenant at Kinde takes https alone. This one delivers to this machine too.
        "http" => matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")),
        _ => false,
    });
    if !good {
        wrong.push(("ENDPOINT_INVALID", "endpoint must be a valid HTTPS URL".to_owned()));
    }
    text.to_owned()
}

fn types(value: &Value, wrong: &mut Wrong) -> Vec<String> {
    let Some(items) = value.as_array().filter(|items| !items.is_empty() && items.iter().all(Value::is_string)) else {
        wrong.push((
            "EVENT_TYPES_REQUIRED",
            "event_types is required and must be an array of event type codes".to_owned(),
        ));
        return Vec::new();
    };
    let mut types: Vec<String> = Vec::new();
    for code in items.iter().filter_map(Value::as_str) {
        if event_types::find(code).is_none() {
            wrong.push(("EVENT_TYPE_INVALID", format!("{code} is not an event type")));
        } else if !types.iter().any(|known| known == code) {
            types.push(code.to_owned());
        }
    }
    types
}

fn name(value: &Value, wrong: &mut Wrong) -> String {
    let name = value.as_str().unwrap_or_default().trim();
    if name.is_empty() {
        wrong.push(("NAME_REQUIRED", "name is required and must be a string".to_owned()));
    }
    name.to_owned()
}

fn description(value: &Value, wrong: &mut Wrong) -> Option<String> {
    if !value.is_null() && !value.is_string() {
        wrong.push(("DESCRIPTION_INVALID", "description must be a string or null".to_owned()));
    }
    value.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_on_this_machine_are_endpoints_and_nothing_else_is() {
        let good = |text: &str| {
            let mut wrong = Vec::new();
            endpoint(Some(&text.into()), &mut wrong);
            wrong.is_empty()
        };
        for text in ["https://app.example/hooks", "http://127.0.0.1:3000/x", "http://localhost:3000", "http://[::1]:1/"]
        {
            assert!(good(text), "{text}");
        }
        for text in [
            "http://app.example",
            "http://10.0.0.1/x",
            "ftp://app.example",
            "app.example",
            "",
            "http://127.0.0.1.evil.example/",
        ] {
            assert!(!good(text), "{text}");
        }
    }

    #[test]
    fn a_code_reads_as_a_name() {
        assert_eq!(title("user.authentication_failed"), "User authentication failed");
    }
}
