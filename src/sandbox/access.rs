//! The Management API's doors: does the route exist, is the token good, does it hold the scope.

use http::Method;
use serde_json::{Value, json};

use super::ask::{Ask, Reply};
use super::world::World;
use super::{connected, management, token, users};

/// An error as the Management API words it: an array of codes and messages.
pub fn errors(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({"errors": [{"code": code, "message": message}]}))
}

/// The routes, by what comes after `/api/v1/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Environment,
    Users,
    SearchUsers,
    User,
    Organizations,
    Organization,
    AuthUrl,
    Token,
    Revoke,
}

/// The route of a path, and the scope each of its methods wants.
fn route(path: &str) -> Option<(Route, &'static [(Method, &'static str)])> {
    const ENVIRONMENT: &[(Method, &str)] = &[(Method::GET, "read:environments")];
    const READ_USERS: &[(Method, &str)] = &[(Method::GET, "read:users")];
    const USER: &[(Method, &str)] =
        &[(Method::GET, "read:users"), (Method::POST, "create:users"), (Method::DELETE, "delete:users")];
    const READ_ORGS: &[(Method, &str)] = &[(Method::GET, "read:organizations")];
    const READ_APPS: &[(Method, &str)] = &[(Method::GET, "read:connected_apps")];
    // Not read: the documents say create, and a token without it is told so.
    const REVOKE: &[(Method, &str)] = &[(Method::POST, "create:connected_apps")];
    Some(match path.strip_prefix("/api/v1/")? {
        "environment" => (Route::Environment, ENVIRONMENT),
        "users" => (Route::Users, READ_USERS),
        "search/users" => (Route::SearchUsers, READ_USERS),
        "user" => (Route::User, USER),
        "organizations" => (Route::Organizations, READ_ORGS),
        "organization" => (Route::Organization, READ_ORGS),
        "connected_apps/auth_url" => (Route::AuthUrl, READ_APPS),
        "connected_apps/token" => (Route::Token, READ_APPS),
        "connected_apps/revoke" => (Route::Revoke, REVOKE),
        _ => return None,
    })
}

/// Answers a call of the Management API.
pub async fn answer(world: &World, ask: &Ask) -> Reply {
    if let Some(reply) = throttled(world) {
        return reply;
    }
    let Some((route, methods)) = route(&ask.path) else {
        // An object here and nowhere else: so the API's own description says.
        return Reply::json(
            404,
            &json!({"errors": {"code": "ROUTE_NOT_FOUND", "message": "The requested API route does not exist"}}),
        );
    };
    let Some((_, scope)) = methods.iter().find(|(method, _)| *method == ask.method) else {
        let allow: Vec<&str> = methods.iter().map(|(method, _)| method.as_str()).collect();
        return errors(405, "METHOD_NOT_ALLOWED", "The method is not allowed for this route")
            .header("allow", allow.join(", "));
    };
    let Some(claims) = bearer(world, ask) else {
        // Kinde documents the status and no body.
        return errors(401, "UNAUTHORIZED", "Missing, malformed or expired access token")
            .header("www-authenticate", "Bearer");
    };
    let held = claims.get("scp").and_then(Value::as_array).is_some_and(|held| held.iter().any(|held| held == scope));
    if !held || world.faults().missing_scopes.iter().any(|missing| missing == scope) {
        return errors(403, "SCOPE_MISSING", &format!("Scope is missing: {scope}"));
    }
    match route {
        Route::Environment => management::environment(world, ask),
        Route::Organizations => management::organizations(world, ask),
        Route::Organization => management::organization(world, ask),
        Route::Users => users::list(world, ask),
        Route::SearchUsers => users::search(world, ask),
        Route::User if ask.method == Method::POST => users::create(world, ask).await,
        Route::User if ask.method == Method::DELETE => users::delete(world, ask).await,
        Route::User => users::get(world, ask),
        Route::AuthUrl => connected::auth_url(world, ask).await,
        Route::Token => connected::token(world, ask).await,
        Route::Revoke => connected::revoke(world, ask).await,
    }
}

/// 429 while that fault lasts. The body of Kinde's own is not documented; the official client survives an empty one.
fn throttled(world: &World) -> Option<Reply> {
    let mut faults = world.faults();
    let limit = faults.rate_limit.as_mut()?;
    let reset = limit.reset_seconds;
    limit.times = limit.times.saturating_sub(1);
    if limit.times == 0 {
        faults.rate_limit = None;
    }
    drop(faults);
    let reply = errors(429, "TOO_MANY_REQUESTS", "Too many requests");
    Some(reply.header("ratelimit-reset", reset.to_string()))
}

/// The claims of a good token: signed here, not expired, for this API.
fn bearer(world: &World, ask: &Ask) -> Option<Value> {
    let claims = world.key.claims(ask.bearer()?)?;
    let now = world.now().as_second();
    let for_us = claims
        .get("aud")
        .and_then(Value::as_array)?
        .iter()
        .filter_map(Value::as_str)
        .any(|audience| token::is_audience(audience, world.http, world.https));
    (claims.get("exp").and_then(Value::as_i64)? > now && for_us).then_some(claims)
}
