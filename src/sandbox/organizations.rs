//! Organizations of the Management API and who belongs to them; subscribers, who belong to none.

use serde_json::{Value, json};

use super::access::errors;
use super::ask::{Ask, Reply};
use super::presets;
use super::roles::page;
use super::state::{GivenRole, Org, Subscriber, User};
use super::users::{self, stamp};
use super::world::World;

fn org(org: &Org) -> Value {
    json!({
        "code": org.code,
        "name": org.name,
        "handle": org.handle,
        "is_default": false,
        "external_id": org.external_id,
        "is_auto_membership_enabled": org.is_allow_registrations,
    })
}

fn unknown_org() -> Reply {
    errors(400, "ORGANIZATION_NOT_FOUND", "Organization not found")
}

fn invalid_body() -> Reply {
    errors(400, "INVALID_BODY", "The body is not a JSON object")
}

fn success() -> Reply {
    Reply::json(200, &json!({"message": "Success", "code": "OK"}))
}

fn text(body: &Value, name: &str) -> Option<String> {
    body.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// `GET /api/v1/organizations` (`get_organizations_response`).
pub fn list(world: &World, ask: &Ask) -> Reply {
    let all: Vec<Value> = world.state().orgs.iter().map(org).collect();
    page(ask, "organizations", &all)
}

/// `GET /api/v1/organization?code=`.
pub fn get(world: &World, ask: &Ask) -> Reply {
    let code = ask.query("code").unwrap_or_default();
    match world.state().orgs.iter().find(|org| org.code == code) {
        Some(found) => Reply::json(200, &org(found)),
        None => unknown_org(),
    }
}

/// `POST /api/v1/organization` (`create_organization_response`).
pub async fn create(world: &World, ask: &Ask) -> Reply {
    let Some(body) = ask.json().filter(Value::is_object) else { return invalid_body() };
    let Some(name) = text(&body, "name").filter(|name| !name.is_empty()) else {
        return errors(400, "ORGANIZATION_NAME_REQUIRED", "name is required");
    };
    let new = Org {
        code: format!("org_{}", presets::hex(11)),
        name,
        handle: text(&body, "handle"),
        external_id: text(&body, "external_id"),
        is_allow_registrations: allows(&body).unwrap_or_default(),
    };
    let reply = json!({"message": "Success", "code": "OK", "organization": {"code": new.code}});
    let told = json!({"organization": {"code": new.code, "external_id": new.external_id, "handle": new.handle, "name": new.name}});
    world.state().orgs.push(new);
    world.happened(Reply::json(200, &reply), vec![("organization.created", told)]).await
}

fn allows(body: &Value) -> Option<bool> {
    body.get("is_auto_membership_enabled").or_else(|| body.get("is_allow_registrations")).and_then(Value::as_bool)
}

/// `PATCH /api/v1/organization/{org_code}`.
pub async fn update(world: &World, ask: &Ask, code: &str) -> Reply {
    let Some(body) = ask.json().filter(Value::is_object) else { return invalid_body() };
    let told = {
        let mut state = world.state();
        let Some(found) = state.orgs.iter_mut().find(|org| org.code == code) else {
            drop(state);
            return unknown_org();
        };
        if let Some(name) = text(&body, "name") {
            found.name = name;
        }
        if let Some(handle) = text(&body, "handle") {
            found.handle = Some(handle);
        }
        if let Some(id) = text(&body, "external_id") {
            found.external_id = Some(id);
        }
        if let Some(allows) = allows(&body) {
            found.is_allow_registrations = allows;
        }
        json!({"organization": {
            "code": found.code,
            "external_id": found.external_id,
            "handle": found.handle,
            "is_allow_registrations": found.is_allow_registrations,
            "name": found.name,
        }})
    };
    world.happened(success(), vec![("organization.updated", told)]).await
}

/// `DELETE /api/v1/organization/{org_code}`: one that is not there is 404, here alone.
pub async fn delete(world: &World, code: &str) -> Reply {
    let gone = {
        let mut state = world.state();
        let before = state.orgs.len();
        state.orgs.retain(|org| org.code != code);
        for user in &mut state.users {
            leave(user, code);
        }
        state.orgs.len() < before
    };
    if !gone {
        return Reply::json(
            404,
            &json!({"errors": {"code": "ORGANIZATION_NOT_FOUND", "message": "Organization not found"}}),
        );
    }
    world.happened(success(), vec![("organization.deleted", json!({"organization": {"code": code}}))]).await
}

fn leave(user: &mut User, code: &str) {
    user.organizations.retain(|known| known != code);
    user.roles.retain(|given| given.org != code);
}

/// `GET /api/v1/organizations/{org_code}/users`.
pub fn members(world: &World, ask: &Ask, code: &str) -> Reply {
    let state = world.state();
    let all: Vec<Value> = state
        .users
        .iter()
        .filter(|user| user.organizations.iter().any(|known| known == code))
        .map(|user| {
            let keys: Vec<&str> = user
                .roles
                .iter()
                .filter(|given| given.org == code)
                .filter_map(|given| state.roles.iter().find(|role| role.id == given.id))
                .map(|role| role.key.as_str())
                .collect();
            json!({
                "id": user.id,
                "email": user.email,
                "full_name": user.full_name(),
                "last_name": user.last_name,
                "first_name": user.first_name,
                "picture": null,
                "joined_on": stamp(user.created_on),
                "last_accessed_on": user.last_signed_in.map(stamp),
                "roles": keys,
            })
        })
        .collect();
    drop(state);
    page(ask, "organization_users", &all)
}

/// `POST` and `PATCH /api/v1/organizations/{org_code}/users`: adds, gives roles by key, and removes where the operation
/// says so.
pub async fn change_members(world: &World, ask: &Ask, code: &str) -> Reply {
    let body = ask.json().unwrap_or_else(|| json!({}));
    let wanted = body.get("users").and_then(Value::as_array).cloned().unwrap_or_default();
    let (mut added, mut updated, mut removed, mut told) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    {
        let mut state = world.state();
        if !state.orgs.iter().any(|org| org.code == code) {
            drop(state);
            return unknown_org();
        }
        let roles = state.roles.clone();
        for change in &wanted {
            let id = text(change, "id").unwrap_or_default();
            let Some(user) = state.users.iter_mut().find(|user| user.id == id) else { continue };
            let member = user.organizations.iter().any(|known| known == code);
            if text(change, "operation").as_deref() == Some("delete") {
                if !member {
                    continue;
                }
                leave(user, code);
                removed.push(id);
            } else {
                if member {
                    updated.push(id);
                } else {
                    user.organizations.push(code.to_owned());
                    added.push(id);
                }
                for key in change.get("roles").and_then(Value::as_array).into_iter().flatten() {
                    if let Some(role) = roles.iter().find(|role| *key == role.key) {
                        give(user, code, &role.id);
                    }
                }
            }
            told.push(user.clone());
        }
    }
    let told = told.iter().map(|user| ("user.updated", json!({"user": users::as_told(world, user)}))).collect();
    let reply = json!({"message": "Success", "code": "OK", "users_added": added, "users_updated": updated, "users_removed": removed});
    world.happened(Reply::json(200, &reply), told).await
}

fn give(user: &mut User, org: &str, role: &str) {
    if !user.roles.iter().any(|given| given.org == org && given.id == role) {
        user.roles.push(GivenRole { org: org.to_owned(), id: role.to_owned() });
    }
}

/// Changes a member of an organization and tells of it.
async fn with_member(world: &World, code: &str, id: &str, change: impl FnOnce(&mut User)) -> Reply {
    let user = {
        let mut state = world.state();
        let found =
            state.users.iter_mut().find(|user| user.id == id && user.organizations.iter().any(|known| known == code));
        let Some(user) = found else {
            drop(state);
            return errors(400, "USER_NOT_FOUND", "The user is not a member of the organization");
        };
        change(user);
        user.clone()
    };
    let told = json!({"user": users::as_told(world, &user)});
    world.happened(success(), vec![("user.updated", told)]).await
}

/// `DELETE /api/v1/organizations/{org_code}/users/{user_id}`.
pub async fn remove_member(world: &World, code: &str, id: &str) -> Reply {
    with_member(world, code, id, |user| leave(user, code)).await
}

/// `GET /api/v1/organizations/{org_code}/users/{user_id}/roles`.
pub fn member_roles(world: &World, ask: &Ask, code: &str, id: &str) -> Reply {
    let state = world.state();
    let given = state.users.iter().find(|user| user.id == id).map(|user| user.roles.clone()).unwrap_or_default();
    let all: Vec<Value> = state
        .roles
        .iter()
        .filter(|role| given.iter().any(|given| given.org == code && given.id == role.id))
        .map(|role| json!({"id": role.id, "key": role.key, "name": role.name}))
        .collect();
    drop(state);
    page(ask, "roles", &all)
}

/// `POST /api/v1/organizations/{org_code}/users/{user_id}/roles`.
pub async fn add_role(world: &World, ask: &Ask, code: &str, id: &str) -> Reply {
    let role = ask.json().and_then(|body| text(&body, "role_id")).unwrap_or_default();
    if !world.state().roles.iter().any(|known| known.id == role) {
        return errors(400, "ROLE_NOT_FOUND", "The role was not found");
    }
    with_member(world, code, id, |user| give(user, code, &role)).await
}

/// `DELETE /api/v1/organizations/{org_code}/users/{user_id}/roles/{role_id}`.
pub async fn remove_role(world: &World, code: &str, id: &str, role: &str) -> Reply {
    with_member(world, code, id, |user| user.roles.retain(|given| given.org != code || given.id != role)).await
}

fn subscriber(subscriber: &Subscriber) -> Value {
    json!({"id": subscriber.id, "email": subscriber.email, "full_name": format!("{} {}", subscriber.first_name, subscriber.last_name), "first_name": subscriber.first_name, "last_name": subscriber.last_name})
}

/// `GET /api/v1/subscribers`.
pub fn subscribers(world: &World, ask: &Ask) -> Reply {
    let all: Vec<Value> = world.state().subscribers.iter().map(subscriber).collect();
    page(ask, "subscribers", &all)
}

/// `POST /api/v1/subscribers`: everything in the query; 201. There is no way to delete one.
pub async fn create_subscriber(world: &World, ask: &Ask) -> Reply {
    let given = |name: &str| ask.query(name).unwrap_or_default().to_owned();
    if given("first_name").is_empty() || !given("email").contains('@') {
        return errors(400, "SUBSCRIBER_INVALID", "first_name, last_name and a valid email are required");
    }
    let new = Subscriber {
        id: format!("subscriber_{}", super::samples::uuid_v7(world.now())),
        email: given("email"),
        first_name: given("first_name"),
        last_name: given("last_name"),
    };
    let reply = Reply::json(201, &json!({"subscriber": {"subscriber_id": new.id}}));
    let told = json!({"subscriber": {"email": new.email, "first_name": new.first_name, "id": new.id, "last_name": new.last_name, "user_id": null}});
    world.state().subscribers.push(new);
    world.happened(reply, vec![("subscriber.created", told)]).await
}
