//! Users of the Management API: lists, search, one user, creating and deleting.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::access::errors;
use super::ask::{Ask, Reply};
use super::presets;
use super::state::User;
use super::world::World;

/// A moment as the API writes it: microseconds and `+00:00`.
pub fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%6f+00:00").to_string()
}

/// `page_size`: 10 unless said, at most 500.
pub fn page_size(ask: &Ask) -> usize {
    ask.query("page_size").and_then(|text| text.parse().ok()).filter(|size| *size > 0).unwrap_or(10).min(500)
}

fn expands(ask: &Ask, what: &str) -> bool {
    ask.query("expand").is_some_and(|list| list.split(',').any(|item| item.trim() == what))
}

/// Sets a member of a JSON object.
fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(map) = object.as_object_mut() {
        map.insert(name.to_owned(), value);
    }
}

/// What both lists say of a user.
fn common(user: &User, ask: &Ask) -> Value {
    let mut value = json!({
        "id": user.id,
        "provided_id": user.provided_id,
        "email": user.email,
        "username": user.username,
        "last_name": user.last_name,
        "first_name": user.first_name,
        "is_suspended": user.is_suspended,
        "picture": null,
        "total_sign_ins": user.total_sign_ins,
        "failed_sign_ins": 0,
        "last_signed_in": user.last_signed_in.map(stamp),
        "created_on": stamp(user.created_on),
    });
    if expands(ask, "organizations") {
        put(&mut value, "organizations", json!(user.organizations));
    }
    if expands(ask, "identities") {
        put(&mut value, "identities", identities(user));
    }
    value
}

fn identities(user: &User) -> Value {
    let email = user.email.iter().map(|email| json!({"type": "email", "identity": email}));
    let username = user.username.iter().map(|name| json!({"type": "username", "identity": name}));
    let phone = user.phone.iter().map(|phone| json!({"type": "phone", "identity": phone}));
    Value::Array(email.chain(username).chain(phone).collect())
}

/// `GET /api/v1/users`: filters and `next_token`.
pub fn list(world: &World, ask: &Ask) -> Reply {
    let among = |name: &str, value: Option<&str>| match ask.query(name) {
        None | Some("") => true,
        Some(list) => value.is_some_and(|value| list.split(',').any(|item| item.trim().eq_ignore_ascii_case(value))),
    };
    let with_org = ask.query("has_organization").and_then(|text| text.parse::<bool>().ok());
    let active: Option<Timestamp> = match ask.query("active_since").filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => match text.parse() {
            Ok(at) => Some(at),
            Err(_) => return errors(400, "INVALID_ACTIVE_SINCE", "active_since must be a date in ISO 8601 format"),
        },
    };
    let start = match ask.query("next_token").filter(|token| !token.is_empty()) {
        None => 0,
        Some(token) => match decode_token(token) {
            Some(start) => start,
            None => return errors(400, "INVALID_NEXT_TOKEN", "The next token is invalid"),
        },
    };
    let size = page_size(ask);
    let state = world.state();
    let matching: Vec<&User> = state
        .users
        .iter()
        .filter(|user| {
            among("user_id", Some(&user.id))
                && among("email", user.email.as_deref())
                && among("username", user.username.as_deref())
                && among("phone", user.phone.as_deref())
                && with_org.is_none_or(|wanted| wanted != user.organizations.is_empty())
                && active.is_none_or(|since| user.last_signed_in.is_some_and(|at| at >= since))
        })
        .collect();
    let page: Vec<Value> = matching
        .iter()
        .skip(start)
        .take(size)
        .map(|user| {
            let mut value = common(user, ask);
            put(&mut value, "phone", json!(user.phone));
            if expands(ask, "billing") {
                put(&mut value, "billing", json!({"customer_id": null}));
            }
            value
        })
        .collect();
    let end = start + page.len();
    let next = (end < matching.len()).then(|| URL_SAFE_NO_PAD.encode(format!("page:{end}")));
    Reply::json(200, &json!({"code": "OK", "message": "Success", "users": page, "next_token": next}))
}

fn decode_token(token: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    text.strip_prefix("page:")?.parse().ok()
}

/// `GET /api/v1/search/users`: `query` over email and name, `starting_after`, `ending_before`, `has_more`.
pub fn search(world: &World, ask: &Ask) -> Reply {
    let words = ask.query("query").unwrap_or_default().trim().to_lowercase();
    let state = world.state();
    let matching: Vec<&User> = state
        .users
        .iter()
        .filter(|user| {
            let email = user.email.as_deref().unwrap_or_default();
            let text = format!("{} {} {email} {}", user.first_name, user.last_name, user.id).to_lowercase();
            words.is_empty() || words == "*" || words.split_whitespace().all(|word| text.contains(word))
        })
        .collect();
    let place = |id: &str| matching.iter().position(|user| user.id == id);
    let size = page_size(ask);
    let (start, end) = match (ask.query("starting_after"), ask.query("ending_before")) {
        (Some(id), _) if !id.is_empty() => match place(id) {
            Some(at) => (at + 1, (at + 1 + size).min(matching.len())),
            None => return errors(400, "INVALID_STARTING_AFTER", "starting_after is not the ID of a listed user"),
        },
        (_, Some(id)) if !id.is_empty() => match place(id) {
            Some(at) => (at.saturating_sub(size), at),
            None => return errors(400, "INVALID_ENDING_BEFORE", "ending_before is not the ID of a listed user"),
        },
        _ => (0, size.min(matching.len())),
    };
    let results: Vec<Value> = matching
        .get(start..end)
        .unwrap_or_default()
        .iter()
        .map(|user| {
            let mut value = common(user, ask);
            put(&mut value, "api_scopes", json!([]));
            if expands(ask, "properties") {
                put(&mut value, "properties", json!({}));
            }
            value
        })
        .collect();
    let more = end < matching.len();
    Reply::json(200, &json!({"code": "OK", "message": "Success", "results": results, "has_more": more}))
}

/// `GET /api/v1/user?id=`.
pub fn get(world: &World, ask: &Ask) -> Reply {
    let Some(id) = ask.query("id").filter(|id| !id.is_empty()) else {
        return errors(400, "ID_MISSING", "The user's id is required");
    };
    match world.state().users.iter().find(|user| user.id == id) {
        Some(user) => {
            let mut value = common(user, ask);
            put(&mut value, "preferred_email", json!(user.email));
            put(&mut value, "phone", json!(user.phone));
            Reply::json(200, &value)
        }
        None => errors(400, "USER_NOT_FOUND", "The user was not found"),
    }
}

/// A user as an event tells of it: lists of roles are null where they are empty.
pub fn as_told(world: &World, user: &User) -> Value {
    let roles = world.state().roles.clone();
    let organizations: Vec<Value> = user
        .organizations
        .iter()
        .map(|code| {
            let given: Vec<Value> = user
                .roles
                .iter()
                .filter(|given| given.org == *code)
                .filter_map(|given| roles.iter().find(|role| role.id == given.id))
                .map(|role| json!({"id": role.id, "key": role.key}))
                .collect();
            let given = if given.is_empty() { Value::Null } else { Value::Array(given) };
            json!({"code": code, "permissions": null, "roles": given})
        })
        .collect();
    json!({
        "email": user.email,
        "first_name": user.first_name,
        "id": user.id,
        "is_password_reset_requested": user.is_password_reset_requested,
        "is_suspended": user.is_suspended,
        "last_name": user.last_name,
        "organizations": organizations,
        "phone": user.phone,
        "username": user.username,
    })
}

/// `PATCH /api/v1/user?id=` (`update_user_response`).
pub async fn update(world: &World, ask: &Ask) -> Reply {
    let Some(body) = ask.json().filter(Value::is_object) else {
        return errors(400, "INVALID_BODY", "The body is not a JSON object");
    };
    let id = ask.query("id").unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let flag = |name: &str| body.get(name).and_then(Value::as_bool);
    let user = {
        let mut state = world.state();
        let Some(user) = state.users.iter_mut().find(|user| user.id == id) else {
            drop(state);
            return errors(400, "USER_NOT_FOUND", "The user was not found");
        };
        if let Some(name) = text("given_name") {
            user.first_name = name;
        }
        if let Some(name) = text("family_name") {
            user.last_name = name;
        }
        if let Some(id) = text("provided_id") {
            user.provided_id = Some(id);
        }
        user.is_suspended = flag("is_suspended").unwrap_or(user.is_suspended);
        user.is_password_reset_requested =
            flag("is_password_reset_requested").unwrap_or(user.is_password_reset_requested);
        user.clone()
    };
    let reply = json!({
        "id": user.id,
        "given_name": user.first_name,
        "family_name": user.last_name,
        "email": user.email,
        "is_suspended": user.is_suspended,
        "is_password_reset_requested": user.is_password_reset_requested,
        "picture": null,
    });
    let told = json!({"user": as_told(world, &user)});
    world.happened(Reply::json(200, &reply), vec![("user.updated", told)]).await
}

/// `POST /api/v1/user` (`create_user_response`).
pub async fn create(world: &World, ask: &Ask) -> Reply {
    // The body is optional: a user without anything is a user.
    let body = if ask.body.is_empty() { Some(json!({})) } else { ask.json() };
    let Some(body) = body.filter(Value::is_object) else {
        return errors(400, "INVALID_BODY", "The body is not a JSON object");
    };
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let profile = |name: &str| text(body.get("profile").and_then(|profile| profile.get(name))).unwrap_or_default();
    let identities = body.get("identities").and_then(Value::as_array).cloned().unwrap_or_default();
    let identity = |kind: &str| {
        identities
            .iter()
            .find(|identity| identity.get("type").and_then(Value::as_str) == Some(kind))
            .and_then(|identity| identity.get("details"))
            .and_then(|details| text(details.get(kind)))
    };
    let user = User {
        id: presets::user_id(),
        email: identity("email"),
        username: identity("username"),
        phone: identity("phone"),
        first_name: profile("given_name"),
        last_name: profile("family_name"),
        provided_id: text(body.get("provided_id")),
        is_suspended: false,
        created_on: world.now(),
        last_signed_in: None,
        total_sign_ins: 0,
        organizations: text(body.get("organization_code")).into_iter().collect(),
        roles: Vec::new(),
        is_password_reset_requested: false,
    };
    if let Some(email) = &user.email
        && !email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
    {
        return errors(400, "EMAIL_INVALID", "The email address is invalid");
    }
    let made: Vec<Value> = ["email", "username", "phone"]
        .into_iter()
        .filter_map(|kind| identity(kind).map(|_| json!({"type": kind, "result": {"created": true}})))
        .collect();
    let reply = Reply::json(200, &json!({"id": user.id, "created": true, "identities": made}));
    let data = json!({"user": as_told(world, &user)});
    {
        let mut state = world.state();
        let taken = |email: &String| {
            state.users.iter().any(|other| other.email.as_ref().is_some_and(|have| have.eq_ignore_ascii_case(email)))
        };
        if user.email.as_ref().is_some_and(taken) {
            return errors(400, "USER_ALREADY_EXISTS", "A user with this email already exists");
        }
        if user.organizations.iter().any(|code| !state.orgs.iter().any(|org| org.code == *code)) {
            return errors(400, "ORGANIZATION_NOT_FOUND", "Organization not found");
        }
        state.users.push(user);
    }
    world.happened(reply, vec![("user.created", data)]).await
}

/// `DELETE /api/v1/user?id=`.
pub async fn delete(world: &World, ask: &Ask) -> Reply {
    let id = ask.query("id").unwrap_or_default();
    let gone = {
        let mut state = world.state();
        let before = state.users.len();
        state.users.retain(|user| user.id != id);
        state.users.len() < before
    };
    if !gone {
        return errors(400, "USER_NOT_FOUND", "The user was not found");
    }
    let reply = Reply::json(200, &json!({"code": "USER_DELETED", "message": "User deleted"}));
    world.happened(reply, vec![("user.deleted", json!({"user": {"id": id}}))]).await
}
