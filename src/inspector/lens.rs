//! The Kinde lens: what the claims of a token mean in Kinde's terms, in words.

use super::claims::moment;
use super::decode::Kind;
use crate::clock::rfc3339;
use crate::jwt::Json;

/// One thing a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is about: `Permissions`.
    pub label: &'static str,
    /// What the token says, for people.
    pub value: String,
    /// What that means, or what to watch out for.
    pub note: Option<&'static str>,
}

/// Everything the lens sees, in reading order.
pub fn look(claims: &Json, kid: Option<&str>, kind: Kind) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |label, value: String, note| facts.push(Fact { label, value, note });
    let text = |name: &str| claims.get(name).and_then(Json::as_text);
    add(
        "Kind",
        kind.with_article().to_owned(),
        match kind {
            Kind::M2m => Some("It speaks for an application, not for a person: there is no user in it"),
            Kind::Id => Some("It tells an application who signed in. An API wants the access token"),
            Kind::Webhook => Some("It has no iss, aud, exp or iat. The key proves the tenant, `timestamp` the age"),
            Kind::Access | Kind::Other => None,
        },
    );
    if kid.is_some_and(is_sandbox_kid) {
        add(
            "Signed by",
            "the sandbox".to_owned(),
            Some("A key ID that starts 5a:bd: is the sandbox's: no real tenant trusts it"),
        );
    }
    if let Some(event) = text("type") {
        add("Event", event.to_owned(), None);
    }
    if let Some(id) = text("event_id") {
        add("Event ID", id.to_owned(), Some("Not the Webhook Request ID, which is the `webhook-id` header"));
    }
    if let Some(source) = text("source") {
        add("Source", source.to_owned(), None);
    }
    if let Some(iss) = text("iss") {
        add("Issuer", iss.to_owned(), None);
    }
    if let Some(sub) = text("sub") {
        add("User", sub.to_owned(), None);
    }
    if let Some(azp) = text("azp") {
        add("Application", azp.to_owned(), Some("`azp`: the client ID of the application the token was given to"));
    }
    audience(claims, kind, &mut add);
    if let Some(org) = text("org_code") {
        add("Organization", org.to_owned(), None);
    }
    if let Some(orgs) = names(claims.get("org_codes")) {
        add("Organizations", orgs, None);
    }
    match claims.get("permissions") {
        Some(Json::Null) => add("Permissions", "none".to_owned(), None),
        value => {
            if let Some(permissions) = names(value) {
                add("Permissions", permissions, Some("Of the user in the organization above"));
            }
        }
    }
    if let Some(roles) = names(claims.get("roles")) {
        add("Roles", roles, None);
    }
    scopes(claims, kind, &mut add);
    if let Some(gty) = names(claims.get("gty")) {
        let machine = gty.contains("client_credentials");
        add("Grant", gty, machine.then_some("A machine to machine application asked with its own secret"));
    }
    for flag in claims.get("feature_flags").and_then(Json::members).unwrap_or_default() {
        add("Feature flag", format!("{} = {}", flag.0, flag_value(&flag.1)), None);
    }
    for (name, label) in [("iat", "Issued"), ("nbf", "Valid from"), ("exp", "Expires"), ("auth_time", "Signed in")] {
        if let Some(at) = claims.get(name).and_then(moment) {
            add(label, rfc3339(at), None);
        }
    }
    facts
}

/// True for the key IDs the sandbox makes.
pub fn is_sandbox_kid(kid: &str) -> bool {
    kid.starts_with("5a:bd:")
}

type Add<'a> = dyn FnMut(&'static str, String, Option<&'static str>) + 'a;

fn audience(claims: &Json, kind: Kind, add: &mut Add<'_>) {
    match claims.get("aud") {
        Some(Json::List(items)) if items.is_empty() => add(
            "Audience",
            "empty".to_owned(),
            Some(
                "No API was asked for. Pass `audience` when signing in, and register the API in Kinde, if your API checks it",
            ),
        ),
        value => {
            if let Some(audience) = names(value) {
                let management = audience.split(", ").any(|one| one.ends_with(".kinde.com/api"));
                let note = if management {
                    Some("The Kinde Management API")
                } else if kind == Kind::Id {
                    Some("The client ID of the application it is for")
                } else {
                    None
                };
                add("Audience", audience, note);
            }
        }
    }
}

fn scopes(claims: &Json, kind: Kind, add: &mut Add<'_>) {
    let spaced =
        claims.get("scope").and_then(Json::as_text).map(|text| text.split_whitespace().collect::<Vec<_>>().join(", "));
    let Some(scopes) = names(claims.get("scp")).or(spaced) else { return };
    let has = |name: &str| scopes.split(", ").any(|scope| scope == name);
    let note = if has("offline_access") {
        Some("`offline_access` is the name others use; Kinde's scope for a refresh token is `offline`")
    } else if has("offline") {
        Some("`offline`: a refresh token was given too")
    } else if kind == Kind::Access {
        Some("Without `offline` there is no refresh token")
    } else if scopes.is_empty() {
        Some("No scope was granted: authorise the application for the API in Kinde, then get a new token")
    } else {
        None
    };
    add("Scopes", if scopes.is_empty() { "none".to_owned() } else { scopes }, note);
}

/// A text, or a list of texts or of `{key}`/`{name}` objects, as `a, b`.
fn names(value: Option<&Json>) -> Option<String> {
    match value? {
        Json::Text(text) => Some(text.to_string()),
        Json::List(items) => Some(
            items
                .iter()
                .map(|item| {
                    let named = ["key", "code", "name", "id"].into_iter().find_map(|name| item.get(name)?.as_text());
                    item.as_text().or(named).map_or_else(|| item.to_text(), str::to_owned)
                })
                .collect::<Vec<_>>()
                .join(", "),
        ),
        _ => None,
    }
}

/// Kinde writes a flag as `{"t": "b", "v": true}`.
fn flag_value(flag: &Json) -> String {
    let value = flag.get("v").unwrap_or(flag);
    let kind = match flag.get("t").and_then(Json::as_text) {
        Some("b") => " (boolean)",
        Some("i") => " (number)",
        Some("s") => " (text)",
        _ => "",
    };
    format!("{}{kind}", value.to_text())
}
