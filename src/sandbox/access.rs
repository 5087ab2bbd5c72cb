//! The Management API's doors: does the route exist, is the token good, does it hold the scope.

use http::Method;
use serde_json::{Value, json};

use super::applications::{self, Which};
use super::ask::{Ask, Reply};
use super::world::World;
use super::{connected, management, organizations, roles, token, users, variables, webhooks};

/// An error as the Management API words it: an array of codes and messages.
pub fn errors(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({"errors": [{"code": code, "message": message}]}))
}

/// The routes, by what comes after `/api/v1/`, with the identifiers that stand in the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route<'a> {
    Environment,
    Users,
    SearchUsers,
    User,
    Organizations,
    Organization,
    AuthUrl,
    Token,
    Revoke,
    OrganizationOf(&'a str),
    Members(&'a str),
    Member(&'a str, &'a str),
    MemberRoles(&'a str, &'a str),
    MemberRole(&'a str, &'a str, &'a str),
    Roles,
    Role(&'a str),
    Permissions,
    Permission(&'a str),
    Subscribers,
    Webhooks,
    Webhook(&'a str),
    EventTypes,
    Event(&'a str),
    Applications,
    Application(&'a str),
    Addresses(&'a str, Which),
    Variables,
    Variable(&'a str),
}

/// The scope each method of a route wants.
type Methods = &'static [(Method, &'static str)];

/// The route of a path.
fn route(path: &str) -> Option<(Route<'_>, Methods)> {
    const ENVIRONMENT: Methods = &[(Method::GET, "read:environments")];
    const READ_USERS: Methods = &[(Method::GET, "read:users")];
    const USER: Methods = &[
        (Method::GET, "read:users"),
        (Method::POST, "create:users"),
        (Method::PATCH, "update:users"),
        (Method::DELETE, "delete:users"),
    ];
    const READ_ORGS: Methods = &[(Method::GET, "read:organizations")];
    const ORG: Methods = &[(Method::GET, "read:organizations"), (Method::POST, "create:organizations")];
    const ORG_OF: Methods = &[(Method::PATCH, "update:organizations"), (Method::DELETE, "delete:organizations")];
    const MEMBERS: Methods = &[
        (Method::GET, "read:organization_users"),
        (Method::POST, "create:organization_users"),
        (Method::PATCH, "update:organization_users"),
    ];
    const MEMBER: Methods = &[(Method::DELETE, "delete:organization_users")];
    const MEMBER_ROLES: Methods =
        &[(Method::GET, "read:organization_user_roles"), (Method::POST, "create:organization_user_roles")];
    const MEMBER_ROLE: Methods = &[(Method::DELETE, "delete:organization_user_roles")];
    const ROLES: Methods = &[(Method::GET, "read:roles"), (Method::POST, "create:roles")];
    const ROLE: Methods =
        &[(Method::GET, "read:roles"), (Method::PATCH, "update:roles"), (Method::DELETE, "delete:roles")];
    const PERMISSIONS: Methods = &[(Method::GET, "read:permissions"), (Method::POST, "create:permissions")];
    const PERMISSION: Methods = &[(Method::PATCH, "update:permissions"), (Method::DELETE, "delete:permissions")];
    const SUBSCRIBERS: Methods = &[(Method::GET, "read:subscribers"), (Method::POST, "create:subscribers")];
    const READ_APPS: Methods = &[(Method::GET, "read:connected_apps")];
    // Not read: the documents say create, and a token without it is told so.
    const REVOKE: Methods = &[(Method::POST, "create:connected_apps")];
    const WEBHOOKS: Methods = &[(Method::GET, "read:webhooks"), (Method::POST, "create:webhooks")];
    const WEBHOOK: Methods = &[(Method::PATCH, "update:webhooks"), (Method::DELETE, "delete:webhooks")];
    const EVENT_TYPES: Methods = &[(Method::GET, "read:event_types")];
    const EVENT: Methods = &[(Method::GET, "read:events")];
    const APPLICATIONS: Methods = &[(Method::GET, "read:applications")];
    const CALLBACKS: Methods = &[
        (Method::GET, "read:applications_redirect_uris"),
        (Method::POST, "create:applications_redirect_uris"),
        (Method::PUT, "update:applications_redirect_uris"),
        (Method::DELETE, "delete:applications_redirect_uris"),
    ];
    const LOGOUTS: Methods = &[
        (Method::GET, "read:application_logout_uris"),
        (Method::POST, "create:application_logout_uris"),
        (Method::PUT, "update:application_logout_uris"),
        (Method::DELETE, "delete:application_logout_uris"),
    ];
    const VARIABLES: Methods =
        &[(Method::GET, "read:environment_variables"), (Method::POST, "create:environment_variables")];
    const VARIABLE: Methods = &[
        (Method::GET, "read:environment_variables"),
        (Method::PATCH, "update:environment_variables"),
        (Method::DELETE, "delete:environment_variables"),
    ];
    let parts: Vec<&str> = path.strip_prefix("/api/v1/")?.split('/').collect();
    Some(match parts.as_slice() {
        ["environment"] => (Route::Environment, ENVIRONMENT),
        ["users"] => (Route::Users, READ_USERS),
        ["search", "users"] => (Route::SearchUsers, READ_USERS),
        ["user"] => (Route::User, USER),
        ["organizations"] => (Route::Organizations, READ_ORGS),
        ["organization"] => (Route::Organization, ORG),
        ["organization", code] => (Route::OrganizationOf(code), ORG_OF),
        ["organizations", code, "users"] => (Route::Members(code), MEMBERS),
        ["organizations", code, "users", id] => (Route::Member(code, id), MEMBER),
        ["organizations", code, "users", id, "roles"] => (Route::MemberRoles(code, id), MEMBER_ROLES),
        ["organizations", code, "users", id, "roles", role] => (Route::MemberRole(code, id, role), MEMBER_ROLE),
        ["roles"] => (Route::Roles, ROLES),
        ["roles", id] => (Route::Role(id), ROLE),
        ["permissions"] => (Route::Permissions, PERMISSIONS),
        ["permissions", id] => (Route::Permission(id), PERMISSION),
        ["subscribers"] => (Route::Subscribers, SUBSCRIBERS),
        ["connected_apps", "auth_url"] => (Route::AuthUrl, READ_APPS),
        ["connected_apps", "token"] => (Route::Token, READ_APPS),
        ["connected_apps", "revoke"] => (Route::Revoke, REVOKE),
        ["webhooks"] => (Route::Webhooks, WEBHOOKS),
        // Plural. `/webhook/{id}`, which older pages name, is no route.
        ["webhooks", id] => (Route::Webhook(id), WEBHOOK),
        ["event_types"] => (Route::EventTypes, EVENT_TYPES),
        ["events", id] => (Route::Event(id), EVENT),
        ["applications"] => (Route::Applications, APPLICATIONS),
        ["applications", id] => (Route::Application(id), APPLICATIONS),
        ["applications", id, "auth_redirect_urls"] => (Route::Addresses(id, Which::Callback), CALLBACKS),
        ["applications", id, "auth_logout_urls"] => (Route::Addresses(id, Which::Logout), LOGOUTS),
        ["environment_variables"] => (Route::Variables, VARIABLES),
        ["environment_variables", id] => (Route::Variable(id), VARIABLE),
        _ => return None,
    })
}

/// Answers a call of the Management API.
pub async fn answer(world: &World, ask: &Ask) -> Reply {
    let reply = judged(world, ask).await;
    if world.faults().errors_as_object { as_object(reply) } else { reply }
}

/// An error whose `errors` is the first of them alone.
fn as_object(mut reply: Reply) -> Reply {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&reply.body)
        && let Some(errors) = body.get_mut("errors")
        && let Some(first) = errors.as_array().and_then(|errors| errors.first()).cloned()
    {
        *errors = first;
        reply.body = body.to_string().into_bytes();
    }
    reply
}

async fn judged(world: &World, ask: &Ask) -> Reply {
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
    match (route, ask.method.as_str()) {
        (Route::Environment, _) => management::environment(world, ask),
        (Route::Organizations, _) => organizations::list(world, ask),
        (Route::Organization, "POST") => organizations::create(world, ask).await,
        (Route::Organization, _) => organizations::get(world, ask),
        (Route::OrganizationOf(code), "PATCH") => organizations::update(world, ask, code).await,
        (Route::OrganizationOf(code), _) => organizations::delete(world, code).await,
        (Route::Members(code), "GET") => organizations::members(world, ask, code),
        (Route::Members(code), _) => organizations::change_members(world, ask, code).await,
        (Route::Member(code, id), _) => organizations::remove_member(world, code, id).await,
        (Route::MemberRoles(code, id), "POST") => organizations::add_role(world, ask, code, id).await,
        (Route::MemberRoles(code, id), _) => organizations::member_roles(world, ask, code, id),
        (Route::MemberRole(code, id, role), _) => organizations::remove_role(world, code, id, role).await,
        (Route::Roles, "POST") => roles::create_role(world, ask).await,
        (Route::Roles, _) => roles::roles(world, ask),
        (Route::Role(id), "PATCH") => roles::update_role(world, ask, id).await,
        (Route::Role(id), "DELETE") => roles::delete_role(world, id).await,
        (Route::Role(id), _) => roles::one_role(world, id),
        (Route::Permissions, "POST") => roles::create_permission(world, ask).await,
        (Route::Permissions, _) => roles::permissions(world, ask),
        (Route::Permission(id), "PATCH") => roles::update_permission(world, ask, id).await,
        (Route::Permission(id), _) => roles::delete_permission(world, id).await,
        (Route::Subscribers, "POST") => organizations::create_subscriber(world, ask).await,
        (Route::Subscribers, _) => organizations::subscribers(world, ask),
        (Route::Users, _) => users::list(world, ask),
        (Route::SearchUsers, _) => users::search(world, ask),
        (Route::User, "POST") => users::create(world, ask).await,
        (Route::User, "PATCH") => users::update(world, ask).await,
        (Route::User, "DELETE") => users::delete(world, ask).await,
        (Route::User, _) => users::get(world, ask),
        (Route::AuthUrl, _) => connected::auth_url(world, ask).await,
        (Route::Token, _) => connected::token(world, ask).await,
        (Route::Revoke, _) => connected::revoke(world, ask).await,
        (Route::Webhooks, "POST") => webhooks::create(world, ask).await,
        (Route::Webhooks, _) => webhooks::list(world),
        (Route::Webhook(id), "PATCH") => webhooks::update(world, ask, id).await,
        (Route::Webhook(id), _) => webhooks::delete(world, id).await,
        (Route::EventTypes, _) => webhooks::types_list(),
        (Route::Event(id), _) => webhooks::event(world, id).await,
        (Route::Applications, _) => applications::list(world, ask),
        (Route::Application(id), _) => applications::get(world, id),
        (Route::Addresses(id, which), "GET") => applications::addresses(world, id, which),
        (Route::Addresses(id, which), _) => applications::change(world, ask, id, which).await,
        (Route::Variables, "POST") => variables::create(world, ask).await,
        (Route::Variables, _) => variables::list(world),
        (Route::Variable(id), "PATCH") => variables::update(world, ask, id).await,
        (Route::Variable(id), "DELETE") => variables::delete(world, id).await,
        (Route::Variable(id), _) => variables::get(world, id),
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
    let claims = world.claims(ask.bearer()?)?;
    let now = world.now().as_second();
    let for_us = claims
        .get("aud")
        .and_then(Value::as_array)?
        .iter()
        .filter_map(Value::as_str)
        .any(|audience| token::is_audience(audience, world.http, world.https));
    (claims.get("exp").and_then(Value::as_i64)? > now && for_us).then_some(claims)
}
