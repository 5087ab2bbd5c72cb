//! Environment variables of the Management API, which workflows read. A secret one's value is shown to nobody again, so it is not
//! kept: no workflow runs here that would read it, and what a person tries out here may be a real key.

use serde_json::{Value, json};

use super::access::errors;
use super::ask::{Ask, Reply};
use super::presets;
use super::state::Variable;
use super::users::stamp;
use super::world::World;

/// The longest key and value, in characters.
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 2048;

fn unknown() -> Reply {
    errors(400, "ENVIRONMENT_VARIABLE_NOT_FOUND", "The environment variable was not found")
}

fn told(variable: &Variable) -> Value {
    json!({
        "id": variable.id,
        "key": variable.key,
        "value": if variable.is_secret { Value::Null } else { json!(variable.value) },
        "is_secret": variable.is_secret,
        "created_on": stamp(variable.created_on),
    })
}

/// `GET /api/v1/environment_variables`: all of them, there are no pages.
pub fn list(world: &World) -> Reply {
    let all: Vec<Value> = world.state().variables.iter().map(told).collect();
    Reply::json(200, &json!({"code": "OK", "message": "Success", "has_more": false, "environment_variables": all}))
}

/// `GET /api/v1/environment_variables/{variable_id}`.
pub fn get(world: &World, id: &str) -> Reply {
    match world.state().variables.iter().find(|variable| variable.id == id) {
        Some(found) => {
            Reply::json(200, &json!({"code": "OK", "message": "Success", "environment_variable": told(found)}))
        }
        None => unknown(),
    }
}

/// What a body says of a variable; `None` where it says nothing.
struct Said {
    key: Option<String>,
    value: Option<String>,
    is_secret: Option<bool>,
}

fn said(ask: &Ask) -> Result<Said, Reply> {
    let Some(body) = ask.json().filter(Value::is_object) else {
        return Err(errors(400, "INVALID_BODY", "The body is not a JSON object"));
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let said =
        Said { key: text("key"), value: text("value"), is_secret: body.get("is_secret").and_then(Value::as_bool) };
    if said.key.as_ref().is_some_and(|key| key.is_empty() || key.chars().count() > LONGEST_KEY) {
        return Err(errors(400, "INVALID_KEY", "key must have 1 to 128 characters"));
    }
    if said.value.as_ref().is_some_and(|value| value.chars().count() > LONGEST_VALUE) {
        return Err(errors(400, "INVALID_VALUE", "value must have at most 2048 characters"));
    }
    Ok(said)
}

/// `POST /api/v1/environment_variables`: 201.
pub async fn create(world: &World, ask: &Ask) -> Reply {
    let (said, key, value) = match said(ask) {
        Ok(said) => match (said.key.clone(), said.value.clone()) {
            (Some(key), Some(value)) => (said, key, value),
            (None, _) => return errors(400, "KEY_REQUIRED", "key is required"),
            (_, None) => return errors(400, "VALUE_REQUIRED", "value is required"),
        },
        Err(refused) => return refused,
    };
    let mut variable = Variable {
        id: format!("env_var_{}", presets::hex(32)),
        key,
        value,
        is_secret: said.is_secret.unwrap_or_default(),
        created_on: world.now(),
    };
    variable.settle();
    let reply = json!({
        "message": "Environment variable created",
        "code": "VARIABLE_CREATED",
        "environment_variable": {"id": variable.id},
    });
    {
        let mut state = world.state();
        if state.variables.iter().any(|kept| kept.key == variable.key) {
            return errors(400, "KEY_ALREADY_EXISTS", "An environment variable with this key already exists");
        }
        state.variables.push(variable);
    }
    world.saved(Reply::json(201, &reply)).await
}

/// `PATCH /api/v1/environment_variables/{variable_id}`.
pub async fn update(world: &World, ask: &Ask, id: &str) -> Reply {
    let said = match said(ask) {
        Ok(said) => said,
        Err(refused) => return refused,
    };
    {
        let mut state = world.state();
        let Some(kept) = state.variables.iter_mut().find(|variable| variable.id == id) else { return unknown() };
        if let Some(key) = said.key {
            kept.key = key;
        }
        if let Some(value) = said.value {
            kept.value = value;
        }
        kept.is_secret = said.is_secret.unwrap_or(kept.is_secret);
        kept.settle();
    }
    let reply = json!({"message": "Environment variable updated", "code": "ENVIRONMENT_VARIABLE_UPDATED"});
    world.saved(Reply::json(200, &reply)).await
}

/// `DELETE /api/v1/environment_variables/{variable_id}`.
pub async fn delete(world: &World, id: &str) -> Reply {
    let gone = {
        let mut state = world.state();
        let before = state.variables.len();
        state.variables.retain(|variable| variable.id != id);
        state.variables.len() < before
    };
    if !gone {
        return unknown();
    }
    let reply = json!({"message": "Environment variable deleted", "code": "ENVIRONMENT_VARIABLE_DELETED"});
    world.saved(Reply::json(200, &reply)).await
}
