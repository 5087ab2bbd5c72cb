//! GitHub: the user, the installations of the app, the token endpoint (errors with HTTP 200), token deletion.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Call, Client, Held, Profile, fault};
use crate::sandbox::ask::{Reply, pick};
use crate::sandbox::faults::ProviderFault;
use crate::sandbox::presets;
use crate::sandbox::state::Grant;
use crate::sandbox::users::stamp;

const ID: &str = "github";
const DOCS: &str = "https://docs.github.com/rest";

pub static PROFILE: Profile = Profile {
    id: ID,
    name: "GitHub",
    mark: ("G", "#24292f"),
    authorize: "github.com/login/oauth/authorize",
    lifetime_seconds: 28_800,
    token,
    words: |_| "Use a permission of your GitHub account",
    fixed: &[
        ("Verify your GitHub identity", ""),
        ("Know which resources you can access", ""),
        ("Read code and metadata of the repositories the app is installed on", "contents: read, metadata: read"),
    ],
};

fn token(_: &[String], _: Timestamp, _: u64) -> String {
    format!("gho_{}", presets::alnum(36))
}

fn message(status: u16, text: &str) -> Reply {
    Reply::json(status, &json!({"message": text, "documentation_url": DOCS, "status": status.to_string()}))
        .header("x-github-media-type", "github.v3; format=json")
}

pub async fn answer(call: &Call<'_>, host: &str) -> Reply {
    if host == "github.com" {
        return match (call.ask.method.as_str(), call.path) {
            ("POST", "login/oauth/access_token") => token_endpoint(call).await,
            _ => Reply::text(404, "Not Found"),
        };
    }
    if call.ask.header("user-agent").unwrap_or_default().is_empty() {
        return Reply::text(
            403,
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). Check https://developer.github.com for other possible causes.\n",
        );
    }
    match (call.ask.method.as_str(), call.path) {
        ("GET", "user") => with_token(call, user),
        ("GET", "user/installations") => with_token(call, installations),
        ("DELETE" | "POST", path) if path.starts_with("applications/") => application(call, path).await,
        _ => message(404, "Not Found"),
    }
}

fn with_token(call: &Call<'_>, answer: fn(&Call<'_>, &Grant) -> Value) -> Reply {
    let grant = match call.held(ID) {
        Held::Good(grant) => grant,
        Held::Missing => return message(401, "Requires authentication"),
        Held::Unknown | Held::Revoked | Held::Expired => return message(401, "Bad credentials"),
    };
    let reset = call.world.now().as_second() + 1800;
    let limits = |reply: Reply, left: &str| {
        reply
            .header("x-ratelimit-limit", "5000")
            .header("x-ratelimit-remaining", left)
            .header("x-ratelimit-reset", reset.to_string())
            .header("x-ratelimit-resource", "core")
    };
    match fault(call.world) {
        Some(ProviderFault::RateLimited) => {
            let text = format!("API rate limit exceeded for user ID {}.", Call::number(&grant.subject, 8));
            return limits(message(403, &text), "0");
        }
        Some(ProviderFault::InsufficientScope) => {
            return limits(message(403, "Resource not accessible by integration"), "4998")
                .header("x-accepted-github-permissions", "metadata=read");
        }
        _ => {}
    }
    // A token of a GitHub App has permissions and no scopes: the header is there, and empty.
    limits(Reply::json(200, &answer(call, &grant)), "4998")
        .header("x-oauth-scopes", grant.scopes.join(", "))
        .header("x-accepted-oauth-scopes", "")
        .header("x-oauth-client-id", grant.client_id.clone())
        .header("x-github-media-type", "github.v3; format=json")
        .header("github-authentication-token-expiration", grant.expires.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

fn user(call: &Call<'_>, grant: &Grant) -> Value {
    let login = call.world.subject_handle(&grant.subject);
    json!({
        "login": login,
        "id": Call::number(&grant.subject, 8).parse::<u64>().unwrap_or(1),
        "node_id": format!("U_{}", Call::number(&grant.subject, 12)),
        "avatar_url": "",
        "html_url": format!("https://github.com/{login}"),
        "type": "User",
        "site_admin": false,
        "name": call.world.subject_name(&grant.subject),
        "company": null,
        "email": null,
        "public_repos": 7,
        "followers": 12,
        "following": 3,
        "created_at": "2019-04-01T09:00:00Z",
        "updated_at": "2026-08-01T09:00:00Z",
    })
}

fn installations(call: &Call<'_>, grant: &Grant) -> Value {
    if fault(call.world) == Some(ProviderFault::ApiNotEnabled) {
        return json!({"total_count": 0, "installations": []});
    }
    let login = call.world.subject_handle(&grant.subject);
    json!({"total_count": 1, "installations": [{
        "id": Call::number(&grant.subject, 7).parse::<u64>().unwrap_or(1),
        "client_id": grant.client_id,
        "account": {"login": login, "type": "User"},
        "repository_selection": "selected",
        "app_slug": "acme-sandbox",
        "target_type": "User",
        "permissions": {"contents": "read", "metadata": "read"},
        "events": [],
        "created_at": stamp(grant.created),
        "suspended_at": null,
    }]})
}

/// `DELETE /applications/{client_id}/token` ends a token, `POST` checks one; both as the app, by Basic.
async fn application(call: &Call<'_>, path: &str) -> Reply {
    let mut parts = path.split('/').skip(1);
    let (client_id, what) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Client::Good(app) = call.client(ID, &[], true) else { return message(401, "Bad credentials") };
    if app.client_id != client_id || !matches!(what, "token" | "grant") {
        return message(404, "Not Found");
    }
    let fields = call.fields();
    let Some(token) = pick(&fields, "access_token") else {
        return message(422, "Invalid request.\n\n\"access_token\" wasn't supplied.");
    };
    if call.ask.method == http::Method::DELETE {
        if call.revoke(ID, client_id, token, what == "grant").await {
            return Reply::empty(204);
        }
        return message(422, "Validation Failed");
    }
    match call.stands(ID, token) {
        Held::Good(grant) => Reply::json(
            200,
            &json!({
                "token": token,
                "token_last_eight": token.get(token.len().saturating_sub(8)..),
                "app": {"client_id": client_id, "name": "Acme Sandbox", "url": ""},
                "scopes": grant.scopes,
                "expires_at": stamp(grant.expires),
                "user": user(call, &grant),
            }),
        ),
        _ => message(404, "Not Found"),
    }
}

async fn token_endpoint(call: &Call<'_>) -> Reply {
    let fields = call.fields();
    let json_wanted = call.ask.header("accept").is_some_and(|accept| accept.contains("json"));
    // Errors come with HTTP 200, as JSON where it was asked for and as a form otherwise.
    let answer = |pairs: &[(&str, String)]| {
        if json_wanted {
            let map: serde_json::Map<String, Value> =
                pairs.iter().map(|(key, text)| ((*key).to_owned(), json!(text))).collect();
            return Reply::json(200, &Value::Object(map));
        }
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let mut reply = Reply::empty(200).header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        reply.body = form.into_bytes();
        reply
    };
    let refuse = |error: &str, text: &str, anchor: &str| {
        let uri = format!(
            "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/#{anchor}"
        );
        answer(&[("error", error.to_owned()), ("error_description", text.to_owned()), ("error_uri", uri)])
    };
    let app = match call.client(ID, &fields, true) {
        Client::Good(app) => app,
        Client::Unknown(_) => return Reply::json(404, &json!({"error": "Not Found"})),
        Client::WrongSecret(_) => {
            return refuse(
                "incorrect_client_credentials",
                "The client_id and/or client_secret passed are incorrect.",
                "incorrect-client-credentials",
            );
        }
    };
    match call.redeem(&app, &fields).await {
        Some(grant) => {
            let left = grant.expires.duration_since(call.world.now()).as_secs();
            answer(&[
                ("access_token", grant.token),
                ("expires_in", left.to_string()),
                ("scope", String::new()),
                ("token_type", "bearer".to_owned()),
            ])
        }
        None => refuse("bad_verification_code", "The code passed is incorrect or expired.", "bad-verification-code"),
    }
}
