//! Patreon, API version 2: the identity (JSON:API), the token endpoint. Patreon documents no revocation.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Call, Client, Held, Profile, fault};
use crate::sandbox::ask::{Reply, pick};
use crate::sandbox::faults::ProviderFault;
use crate::sandbox::presets;

const ID: &str = "patreon";

pub static PROFILE: Profile = Profile {
    id: ID,
    name: "Patreon",
    mark: ("P", "#000000"),
    authorize: "www.patreon.com/oauth2/authorize",
    lifetime_seconds: 2_678_400,
    token,
    words,
    fixed: &[],
};

fn token(_: &[String], _: Timestamp, _: u64) -> String {
    presets::url_safe(43)
}

fn words(scope: &str) -> &'static str {
    match scope {
        "identity" => "Your public profile",
        "identity[email]" => "Your email address",
        "identity.memberships" => "Your memberships",
        "campaigns" => "Your campaigns",
        "campaigns.members" => "The members of your campaigns",
        _ => "Use a permission of your Patreon account",
    }
}

fn error(status: u16, code: u16, name: &str, title: &str, detail: &str) -> Reply {
    let mut reply = Reply::json(
        status,
        &json!({"errors": [{
            "code": code,
            "code_name": name,
            "detail": detail,
            "id": uuid::Uuid::new_v4().to_string(),
            "status": status.to_string(),
            "title": title,
        }]}),
    );
    reply.headers = vec![("content-type", "application/vnd.api+json".to_owned())];
    reply
}

pub async fn answer(call: &Call<'_>) -> Reply {
    match (call.ask.method.as_str(), call.path) {
        ("GET", "api/oauth2/v2/identity") => identity(call),
        ("POST", "api/oauth2/token") => token_endpoint(call).await,
        _ => error(404, 6, "ResourceMissing", "Not Found", "The requested resource does not exist."),
    }
}

fn identity(call: &Call<'_>) -> Reply {
    if call.ask.header("user-agent").unwrap_or_default().is_empty() {
        return Reply::text(403, "Forbidden");
    }
    let Held::Good(grant) = call.held(ID) else {
        return error(
            401,
            1,
            "Unauthorized",
            "Unauthorized",
            "The server could not verify that you are authorized to access the URL requested. You either supplied the wrong credentials (e.g. a bad password), or your browser doesn't understand how to supply the credentials required.",
        )
        .header("www-authenticate", "Bearer realm=\"Patreon\", error=\"invalid_token\"");
    };
    let holds = |scope: &str| grant.scopes.iter().any(|held| held == scope);
    match fault(call.world) {
        Some(ProviderFault::RateLimited) => {
            return error(429, 429, "RequestThrottled", "Too Many Requests", "You have made too many requests.")
                .header("retry-after", "30");
        }
        Some(ProviderFault::InsufficientScope | ProviderFault::ApiNotEnabled) => return forbidden(),
        _ if !holds("identity") => return forbidden(),
        _ => {}
    }
    // Attributes come only when they are named.
    let mut attributes = Map::new();
    for field in call.ask.query("fields[user]").unwrap_or_default().split(',') {
        let value = match field.trim() {
            "full_name" => json!(call.world.subject_name(&grant.subject)),
            "first_name" => json!(call.world.subject_name(&grant.subject).split(' ').next()),
            "email" if holds("identity[email]") => json!(call.world.subject_email(&grant.subject)),
            "vanity" => json!(call.world.subject_handle(&grant.subject)),
            _ => continue,
        };
        attributes.insert(field.trim().to_owned(), value);
    }
    let id = Call::number(&grant.subject, 8);
    let mut reply = Reply::json(
        200,
        &json!({
            "data": {"attributes": Value::Object(attributes), "id": id, "type": "user"},
            "links": {"self": format!("https://www.patreon.com/api/oauth2/v2/user/{id}")},
        }),
    );
    reply.headers = vec![("content-type", "application/vnd.api+json".to_owned())];
    reply
}

fn forbidden() -> Reply {
    error(403, 3, "ScopeMissing", "Forbidden", "The access token does not hold the scope this request needs.")
}

async fn token_endpoint(call: &Call<'_>) -> Reply {
    let fields = call.fields();
    // The secret travels in the body: a Basic header is not read.
    let Client::Good(app) = call.client(ID, &fields, false) else {
        return Reply::json(401, &json!({"error": "invalid_client"}));
    };
    if pick(&fields, "grant_type") != Some("authorization_code") {
        return Reply::json(400, &json!({"error": "unsupported_grant_type"}));
    }
    match call.redeem(&app, &fields).await {
        Some(grant) => {
            let mut value = super::token_answer(&grant, call.world.now());
            if let Some(map) = value.as_object_mut() {
                map.insert("refresh_token".to_owned(), json!(presets::url_safe(43)));
                map.insert("version".to_owned(), json!("0.0.1"));
            }
            Reply::json(200, &value)
        }
        None => Reply::json(400, &json!({"error": "invalid_grant"})),
    }
}
