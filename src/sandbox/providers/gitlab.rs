//! GitLab: the user, token info, the token endpoint, revocation.

use jiff::Timestamp;
use serde_json::json;

use super::{Call, Client, Held, Profile, fault};
use crate::sandbox::ask::{Reply, pick};
use crate::sandbox::faults::ProviderFault;
use crate::sandbox::presets;
use crate::sandbox::state::Grant;

const ID: &str = "gitlab";

pub static PROFILE: Profile = Profile {
    id: ID,
    name: "GitLab",
    mark: ("G", "#e24329"),
    authorize: "gitlab.com/oauth/authorize",
    lifetime_seconds: 7200,
    token,
    words,
    fixed: &[],
};

fn token(_: &[String], _: Timestamp, _: u64) -> String {
    presets::hex(64)
}

fn words(scope: &str) -> &'static str {
    match scope {
        "api" => "Access the authenticated user's API, with read and write",
        "read_api" => "Read API",
        "read_user" => "Read your personal information",
        "read_repository" => "Allows read-only access to the repository",
        "write_repository" => "Allows read-write access to the repository",
        "openid" => "Authenticate using OpenID Connect",
        "profile" => "See your profile",
        "email" => "See your email address",
        _ => "Use a permission of your GitLab account",
    }
}

/// What GitLab says of a token it does not take; the good one passes.
fn refusal(held: Held) -> Result<Box<Grant>, Reply> {
    let invalid = |text: &str| {
        Err(Reply::json(401, &json!({"error": "invalid_token", "error_description": text})).header(
            "www-authenticate",
            format!("Bearer realm=\"Protected by OAuth 2.0\", error=\"invalid_token\", error_description=\"{text}\""),
        ))
    };
    match held {
        Held::Good(grant) => Ok(grant),
        Held::Revoked => invalid("Token was revoked. You have to re-authorize from the user."),
        Held::Expired => invalid("Token is expired. You can either do re-authorization or token refresh."),
        Held::Missing | Held::Unknown => Err(Reply::json(401, &json!({"message": "401 Unauthorized"}))),
    }
}

pub async fn answer(call: &Call<'_>) -> Reply {
    match (call.ask.method.as_str(), call.path) {
        ("GET", "api/v4/user") => user(call),
        ("GET", "oauth/token/info") => info(call),
        ("POST", "oauth/token") => token_endpoint(call).await,
        ("POST", "oauth/revoke") => revoke(call).await,
        _ => Reply::json(404, &json!({"error": "404 Not Found"})),
    }
}

fn user(call: &Call<'_>) -> Reply {
    let grant = match refusal(call.held(ID)) {
        Ok(grant) => grant,
        Err(reply) => return reply,
    };
    if fault(call.world) == Some(ProviderFault::RateLimited) {
        return Reply::text(429, "Retry later\n").header("retry-after", "30");
    }
    let forced = matches!(fault(call.world), Some(ProviderFault::InsufficientScope | ProviderFault::ApiNotEnabled));
    let reads = grant.scopes.iter().any(|scope| matches!(scope.as_str(), "api" | "read_api" | "read_user"));
    if forced || !reads {
        return Reply::json(
            403,
            &json!({
                "error": "insufficient_scope",
                "error_description": "The request requires higher privileges than provided by the access token.",
                "scope": "api read_api read_user",
            }),
        );
    }
    let username = call.world.subject_handle(&grant.subject);
    Reply::json(
        200,
        &json!({
            "id": Call::number(&grant.subject, 8).parse::<u64>().unwrap_or(1),
            "username": username,
            "name": call.world.subject_name(&grant.subject),
            "state": "active",
            "locked": false,
            "avatar_url": null,
            "web_url": format!("https://gitlab.com/{username}"),
            "email": call.world.subject_email(&grant.subject),
            "two_factor_enabled": true,
            "bot": false,
        }),
    )
    .header("ratelimit-remaining", "1998")
}

fn info(call: &Call<'_>) -> Reply {
    let Held::Good(grant) = call.held(ID) else {
        return Reply::json(
            401,
            &json!({"error": "invalid_token", "error_description": "The access token is invalid", "state": "unauthorized"}),
        );
    };
    let left = grant.expires.duration_since(call.world.now()).as_secs();
    Reply::json(
        200,
        &json!({
            "resource_owner_id": Call::number(&grant.subject, 8).parse::<u64>().unwrap_or(1),
            "scope": grant.scopes,
            "expires_in": left,
            "application": {"uid": grant.client_id},
            "created_at": grant.created.as_second(),
            "scopes": grant.scopes,
            "expires_in_seconds": left,
        }),
    )
}

async fn token_endpoint(call: &Call<'_>) -> Reply {
    let fields = call.fields();
    let refuse =
        |status: u16, error: &str, text: &str| Reply::json(status, &json!({"error": error, "error_description": text}));
    let Client::Good(app) = call.client(ID, &fields, true) else {
        return refuse(
            401,
            "invalid_client",
            "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.",
        );
    };
    if pick(&fields, "grant_type") != Some("authorization_code") {
        return refuse(
            400,
            "unsupported_grant_type",
            "The authorization grant type is not supported by the authorization server.",
        );
    }
    match call.redeem(&app, &fields).await {
        Some(grant) => {
            let mut value = super::token_answer(&grant, call.world.now());
            if let Some(map) = value.as_object_mut() {
                map.insert("refresh_token".to_owned(), json!(presets::hex(64)));
                map.insert("created_at".to_owned(), json!(grant.created.as_second()));
            }
            Reply::json(200, &value)
        }
        None => refuse(
            400,
            "invalid_grant",
            "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.",
        ),
    }
}

async fn revoke(call: &Call<'_>) -> Reply {
    let fields = call.fields();
    let Client::Good(app) = call.client(ID, &fields, true) else {
        return Reply::json(
            403,
            &json!({"error": "unauthorized_client", "error_description": "You are not authorized to revoke this token"}),
        );
    };
    // RFC 7009: a token nobody knows is revoked already.
    let _known = call.revoke(ID, &app.client_id, pick(&fields, "token").unwrap_or_default(), false).await;
    Reply::json(200, &json!({}))
}
