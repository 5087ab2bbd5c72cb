//! Roles and permissions of the Management API. Both are a key, a name and a description; a role may be the default.

use serde_json::{Map, Value, json};

use super::access::errors;
use super::ask::{Ask, Reply};
use super::state::{Permission, Role};
use super::users::page_size;
use super::world::World;

/// The body as an object; none at all is an empty one.
fn body(ask: &Ask) -> Option<Map<String, Value>> {
    if ask.body.is_empty() {
        return Some(Map::new());
    }
    match ask.json()? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

fn text(body: &Map<String, Value>, name: &str) -> Option<String> {
    body.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn invalid_body() -> Reply {
    errors(400, "INVALID_BODY", "The body is not a JSON object")
}

/// One page of `items` from `next_token` on, under `name`.
pub fn page(ask: &Ask, name: &str, items: &[Value]) -> Reply {
    let start: usize = ask.query("next_token").and_then(|token| token.parse().ok()).unwrap_or(0);
    let page: Vec<&Value> = items.iter().skip(start).take(page_size(ask)).collect();
    let end = start + page.len();
    let next = (end < items.len()).then(|| end.to_string());
    let mut reply = json!({"code": "OK", "message": "Success", "next_token": next});
    if let Some(members) = reply.as_object_mut() {
        members.insert(name.to_owned(), json!(page));
    }
    Reply::json(200, &reply)
}

/// A role as the API and its events tell of it.
fn role(role: &Role) -> Value {
    json!({"description": role.description, "id": role.id, "is_default_role": role.is_default_role, "key": role.key, "name": role.name})
}

/// A permission as the API and its events tell of it.
fn permission(permission: &Permission) -> Value {
    json!({"description": permission.description, "id": permission.id, "key": permission.key, "name": permission.name})
}

/// `GET /api/v1/roles`.
pub fn roles(world: &World, ask: &Ask) -> Reply {
    let all: Vec<Value> = world.state().roles.iter().map(role).collect();
    page(ask, "roles", &all)
}

/// `GET /api/v1/roles/{role_id}`.
pub fn one_role(world: &World, id: &str) -> Reply {
    match world.state().roles.iter().find(|role| role.id == id) {
        Some(found) => Reply::json(200, &json!({"code": "OK", "message": "Success", "role": role(found)})),
        None => errors(400, "ROLE_NOT_FOUND", "The role was not found"),
    }
}

/// `POST /api/v1/roles`: 201.
pub async fn create_role(world: &World, ask: &Ask) -> Reply {
    let Some(body) = body(ask) else { return invalid_body() };
    let Some((key, name)) = text(&body, "key").zip(text(&body, "name")).filter(|(key, _)| !key.is_empty()) else {
        return errors(400, "ROLE_KEY_REQUIRED", "key and name are required");
    };
    let new = Role {
        id: uuid::Uuid::new_v4().to_string(),
        key,
        name,
        description: text(&body, "description"),
        is_default_role: body.get("is_default_role").and_then(Value::as_bool).unwrap_or_default(),
    };
    let reply = json!({"code": "ROLE_CREATED", "message": "Role successfully created", "role": {"id": new.id}});
    let told = json!({"role": role(&new)});
    {
        let mut state = world.state();
        if state.roles.iter().any(|role| role.key == new.key) {
            drop(state);
            return errors(400, "ROLE_KEY_EXISTS", "A role with this key already exists");
        }
        state.roles.push(new);
    }
    world.happened(Reply::json(201, &reply), vec![("role.created", told)]).await
}

/// `PATCH /api/v1/roles/{role_id}`: name and key are required; 201, as the description says.
pub async fn update_role(world: &World, ask: &Ask, id: &str) -> Reply {
    let Some(body) = body(ask) else { return invalid_body() };
    let Some((key, name)) = text(&body, "key").zip(text(&body, "name")).filter(|(key, _)| !key.is_empty()) else {
        return errors(400, "ROLE_KEY_REQUIRED", "key and name are required");
    };
    let told = {
        let mut state = world.state();
        let Some(found) = state.roles.iter_mut().find(|role| role.id == id) else {
            drop(state);
            return errors(400, "ROLE_NOT_FOUND", "The role was not found");
        };
        (found.key, found.name) = (key, name);
        if body.contains_key("description") {
            found.description = text(&body, "description");
        }
        if let Some(default) = body.get("is_default_role").and_then(Value::as_bool) {
            found.is_default_role = default;
        }
        json!({"role": role(found)})
    };
    let reply = Reply::json(201, &json!({"code": "ROLE_UPDATED", "message": "Role successfully updated"}));
    world.happened(reply, vec![("role.updated", told)]).await
}

/// `DELETE /api/v1/roles/{role_id}`.
pub async fn delete_role(world: &World, id: &str) -> Reply {
    let gone = {
        let mut state = world.state();
        let before = state.roles.len();
        state.roles.retain(|role| role.id != id);
        for user in &mut state.users {
            user.roles.retain(|given| given.id != id);
        }
        state.roles.len() < before
    };
    if !gone {
        return errors(400, "ROLE_NOT_FOUND", "The role was not found");
    }
    let reply = Reply::json(200, &json!({"code": "ROLE_DELETED", "message": "Role successfully deleted"}));
    world.happened(reply, vec![("role.deleted", json!({"role": {"id": id}}))]).await
}

/// `GET /api/v1/permissions`.
pub fn permissions(world: &World, ask: &Ask) -> Reply {
    let all: Vec<Value> = world.state().permissions.iter().map(permission).collect();
    page(ask, "permissions", &all)
}

/// `POST /api/v1/permissions`: 201, and nothing of what was made: its id is in the list.
pub async fn create_permission(world: &World, ask: &Ask) -> Reply {
    let Some(body) = body(ask) else { return invalid_body() };
    let Some((key, name)) = text(&body, "key").zip(text(&body, "name")).filter(|(key, _)| !key.is_empty()) else {
        return errors(400, "PERMISSION_KEY_REQUIRED", "key and name are required");
    };
    let new = Permission { id: uuid::Uuid::new_v4().to_string(), key, name, description: text(&body, "description") };
    let told = json!({"permission": permission(&new)});
    {
        let mut state = world.state();
        if state.permissions.iter().any(|permission| permission.key == new.key) {
            drop(state);
            return errors(400, "PERMISSION_KEY_EXISTS", "A permission with this key already exists");
        }
        state.permissions.push(new);
    }
    let reply = Reply::json(201, &json!({"code": "PERMISSION_CREATED", "message": "Permission successfully created"}));
    world.happened(reply, vec![("permission.created", told)]).await
}

/// `PATCH /api/v1/permissions/{permission_id}`.
pub async fn update_permission(world: &World, ask: &Ask, id: &str) -> Reply {
    let Some(body) = body(ask) else { return invalid_body() };
    let told = {
        let mut state = world.state();
        let Some(found) = state.permissions.iter_mut().find(|permission| permission.id == id) else {
            drop(state);
            return errors(400, "PERMISSION_NOT_FOUND", "The permission was not found");
        };
        if let Some(key) = text(&body, "key") {
            found.key = key;
        }
        if let Some(name) = text(&body, "name") {
            found.name = name;
        }
        if body.contains_key("description") {
            found.description = text(&body, "description");
        }
        json!({"permission": permission(found)})
    };
    let reply = Reply::json(200, &json!({"code": "PERMISSION_UPDATED", "message": "Permission successfully updated"}));
    world.happened(reply, vec![("permission.updated", told)]).await
}

/// `DELETE /api/v1/permissions/{permission_id}`.
pub async fn delete_permission(world: &World, id: &str) -> Reply {
    let gone = {
        let mut state = world.state();
        let before = state.permissions.len();
        state.permissions.retain(|permission| permission.id != id);
        state.permissions.len() < before
    };
    if !gone {
        return errors(400, "PERMISSION_NOT_FOUND", "The permission was not found");
    }
    let reply = Reply::json(200, &json!({"code": "PERMISSION_DELETED", "message": "Permission successfully deleted"}));
    world.happened(reply, vec![("permission.deleted", json!({"permission": {"id": id}}))]).await
}
