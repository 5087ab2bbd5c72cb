//! Discord: the user, the current authorization, the token endpoint, revocation (which ends the whole authorization).

use jiff::Timestamp;
use serde_json::json;

use super::{Call, Client, Held, Profile, fault};
use crate::sandbox::ask::{Reply, pick};
use crate::sandbox::faults::ProviderFault;
use crate::sandbox::presets;
use crate::sandbox::state::Grant;
use crate::sandbox::users::stamp;

const ID: &str = "discord";

pub static PROFILE: Profile = Profile {
    id: ID,
    name: "Discord",
    mark: ("D", "#5865f2"),
    authorize: "discord.com/oauth2/authorize",
    lifetime_seconds: 604_800,
    token,
    words,
    fixed: &[],
};

fn token(_: &[String], _: Timestamp, _: u64) -> String {
    presets::alnum(30)
}

fn words(scope: &str) -> &'static str {
    match scope {
        "identify" => "Access your username, avatar and banner",
        "email" => "Access your email address",
        "guilds" => "Know what servers you're in",
        "guilds.join" => "Join servers for you",
        "connections" => "Access your third-party connections",
        _ => "Use a permission of your Discord account",
    }
}

pub async fn answer(call: &Call<'_>) -> Reply {
    let path = call.path.strip_prefix("api/").unwrap_or_default();
    let path = path.strip_prefix("v10/").unwrap_or(path);
    match (call.ask.method.as_str(), path) {
        ("GET", "users/@me") => with_token(call, me),
        ("GET", "oauth2/@me") => with_token(call, authorization),
        ("POST", "oauth2/token") => token_endpoint(call).await,
        ("POST", "oauth2/token/revoke") => revoke(call).await,
        _ => Reply::json(404, &json!({"message": "404: Not Found", "code": 0})),
    }
}

fn with_token(call: &Call<'_>, answer: fn(&Call<'_>, &Grant) -> Reply) -> Reply {
    let Held::Good(grant) = call.held(ID) else {
        return Reply::json(401, &json!({"message": "401: Unauthorized", "code": 0}));
    };
    if fault(call.world) == Some(ProviderFault::RateLimited) {
        return Reply::json(
            429,
            &json!({"message": "You are being rate limited.", "retry_after": 12.5, "global": false}),
        )
        .header("retry-after", "13")
        .header("x-ratelimit-scope", "user");
    }
    answer(call, &grant)
}

fn me(call: &Call<'_>, grant: &Grant) -> Reply {
    let forced = matches!(fault(call.world), Some(ProviderFault::InsufficientScope | ProviderFault::ApiNotEnabled));
    let holds = |scope: &str| grant.scopes.iter().any(|held| held == scope);
    if forced || !holds("identify") {
        return Reply::json(403, &json!({"message": "Missing required OAuth2 scope", "code": 50026}));
    }
    let mut user = short(call, grant);
    if let Some(map) = user.as_object_mut() {
        map.insert("mfa_enabled".to_owned(), json!(true));
        map.insert("locale".to_owned(), json!("en-US"));
        map.insert("premium_type".to_owned(), json!(0));
        if holds("email") {
            map.insert("email".to_owned(), json!(call.world.subject_email(&grant.subject)));
            map.insert("verified".to_owned(), json!(true));
        }
    }
    Reply::json(200, &user)
}

fn short(call: &Call<'_>, grant: &Grant) -> serde_json::Value {
    json!({
        "id": Call::number(&grant.subject, 18),
        "username": call.world.subject_handle(&grant.subject),
        "avatar": null,
        "discriminator": "0",
        "public_flags": 0,
        "global_name": call.world.subject_name(&grant.subject),
    })
}

fn authorization(call: &Call<'_>, grant: &Grant) -> Reply {
    let mut value = json!({
        "application": {
            "id": grant.client_id,
            "name": "Acme Sandbox",
            "icon": null,
            "description": "",
            "bot_public": true,
            "bot_require_code_grant": false,
        },
        "scopes": grant.scopes,
        "expires": stamp(grant.expires),
    });
    if grant.scopes.iter().any(|scope| scope == "identify")
        && let Some(map) = value.as_object_mut()
    {
        map.insert("user".to_owned(), short(call, grant));
    }
    Reply::json(200, &value)
}

async fn token_endpoint(call: &Call<'_>) -> Reply {
    // JSON is not taken here: form only.
    if !call.ask.is_form() {
        return Reply::json(400, &json!({"error": "unsupported_grant_type"}));
    }
    let fields = call.ask.form();
    let Client::Good(app) = call.client(ID, &fields, true) else {
        return Reply::json(401, &json!({"error": "invalid_client"}));
    };
    if pick(&fields, "grant_type") != Some("authorization_code") {
        return Reply::json(400, &json!({"error": "unsupported_grant_type"}));
    }
    match call.redeem(&app, &fields).await {
        Some(grant) => {
            let mut value = super::token_answer(&grant, call.world.now());
            if let Some(map) = value.as_object_mut() {
                map.insert("refresh_token".to_owned(), json!(presets::alnum(30)));
            }
            Reply::json(200, &value)
        }
        None => {
            Reply::json(400, &json!({"error": "invalid_grant", "error_description": "Invalid \"code\" in request."}))
        }
    }
}

async fn revoke(call: &Call<'_>) -> Reply {
    let fields = call.ask.form();
    let Client::Good(app) = call.client(ID, &fields, true) else {
        return Reply::json(401, &json!({"error": "invalid_client"}));
    };
    let _known = call.revoke(ID, &app.client_id, pick(&fields, "token").unwrap_or_default(), true).await;
    Reply::json(200, &json!({}))
}
