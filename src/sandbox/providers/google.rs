//! Google Drive: files and about, tokeninfo, the token endpoint, revocation.

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Call, Client, Held, Profile, fault};
use crate::sandbox::ask::{Reply, pick};
use crate::sandbox::faults::ProviderFault;
use crate::sandbox::presets;
use crate::sandbox::state::Grant;

const ID: &str = "google_drive";

pub static PROFILE: Profile = Profile {
    id: ID,
    name: "Google",
    mark: ("G", "#1a73e8"),
    authorize: "accounts.google.com/o/oauth2/v2/auth",
    lifetime_seconds: 3599,
    token,
    words,
    fixed: &[],
};

fn token(_: &[String], _: Timestamp, _: u64) -> String {
    format!("ya29.a0{}", presets::url_safe(200))
}

fn words(scope: &str) -> &'static str {
    match scope.rsplit('/').next().unwrap_or_default() {
        "drive" => "See, edit, create and delete all of your Google Drive files",
        "drive.readonly" => "See and download all your Google Drive files",
        "drive.file" => "See, edit, create and delete only the Google Drive files used with this app",
        "drive.metadata" | "drive.metadata.readonly" => "See information about your Google Drive files",
        "drive.appdata" => "See, create and delete its own configuration data in your Google Drive",
        _ => "Use a permission of your Google account",
    }
}

/// Google's error object: code, status, message, and the old `errors` list with a reason.
fn error(code: u16, status: &str, message: &str, item: Value, details: &Value) -> Reply {
    Reply::json(
        code,
        &json!({"error": {"code": code, "message": message, "errors": [item], "status": status, "details": details}}),
    )
}

fn unauthenticated() -> Reply {
    error(
        401,
        "UNAUTHENTICATED",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
        json!({"message": "Invalid Credentials", "domain": "global", "reason": "authError", "location": "Authorization", "locationType": "header"}),
        &json!([]),
    )
    .header("www-authenticate", "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"")
}

fn info(reason: &str) -> Value {
    json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com", "metadata": {"service": "drive.googleapis.com"}}])
}

pub async fn answer(call: &Call<'_>, host: &str) -> Reply {
    match (host, call.ask.method.as_str(), call.path) {
        ("www.googleapis.com", "GET", "drive/v3/files" | "drive/v3/about") => drive(call),
        ("oauth2.googleapis.com", "GET" | "POST", "tokeninfo") => tokeninfo(call),
        ("oauth2.googleapis.com", "POST", "token") => token_endpoint(call).await,
        ("oauth2.googleapis.com", "POST", "revoke") => revoke(call).await,
        _ => Reply::text(404, "Not Found"),
    }
}

fn drive(call: &Call<'_>) -> Reply {
    let Held::Good(grant) = call.held(ID) else { return unauthenticated() };
    let project = grant.client_id.split('-').next().unwrap_or_default().to_owned();
    match fault(call.world) {
        Some(ProviderFault::ApiNotEnabled) => {
            let message = format!(
                "Google Drive API has not been used in project {project} before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/drive.googleapis.com/overview?project={project} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry."
            );
            let item = json!({"message": message, "domain": "usageLimits", "reason": "accessNotConfigured", "extendedHelp": "https://console.developers.google.com"});
            return error(403, "PERMISSION_DENIED", &message, item, &info("SERVICE_DISABLED"));
        }
        Some(ProviderFault::InsufficientScope) => return insufficient(),
        Some(ProviderFault::RateLimited) => {
            let message = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service 'drive.googleapis.com'.";
            let item = json!({"message": message, "domain": "usageLimits", "reason": "rateLimitExceeded"});
            return error(429, "RESOURCE_EXHAUSTED", message, item, &info("RATE_LIMIT_EXCEEDED"))
                .header("retry-after", "30");
        }
        _ => {}
    }
    if !grant.scopes.iter().any(|scope| scope.starts_with("https://www.googleapis.com/auth/drive")) {
        return insufficient();
    }
    if call.path == "drive/v3/about" {
        return about(call, &grant);
    }
    let size = call.ask.query("pageSize").and_then(|text| text.parse().ok()).unwrap_or(100_usize);
    let files: Vec<Value> = ["Notes on the Analytical Engine", "Roadmap", "Invoices"]
        .iter()
        .enumerate()
        .take(size)
        .map(|(number, name)| {
            let id = format!("1{}{number}", Call::number(&grant.subject, 30));
            json!({"kind": "drive#file", "id": id, "name": name, "mimeType": "application/vnd.google-apps.document"})
        })
        .collect();
    // `fields=files(id,name)` answers those members alone.
    let only = call.ask.query("fields").is_some_and(|fields| fields.replace(' ', "") == "files(id,name)");
    if only {
        let files: Vec<Value> =
            files.iter().map(|file| json!({"id": file.get("id"), "name": file.get("name")})).collect();
        return Reply::json(200, &json!({"files": files}));
    }
    Reply::json(200, &json!({"kind": "drive#fileList", "incompleteSearch": false, "files": files}))
}

fn insufficient() -> Reply {
    let item = json!({"message": "Insufficient Permission", "domain": "global", "reason": "insufficientPermissions"});
    error(
        403,
        "PERMISSION_DENIED",
        "Request had insufficient authentication scopes.",
        item,
        &info("ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
    )
    .header(
        "www-authenticate",
        "Bearer realm=\"https://accounts.google.com/\", error=\"insufficient_scope\", scope=\"https://www.googleapis.com/auth/drive\"",
    )
}

fn about(call: &Call<'_>, grant: &Grant) -> Reply {
    if call.ask.query("fields").unwrap_or_default().is_empty() {
        let message = "The 'fields' parameter is required for this method.";
        let item = json!({"message": message, "domain": "global", "reason": "required", "location": "fields", "locationType": "parameter"});
        return Reply::json(400, &json!({"error": {"code": 400, "message": message, "errors": [item]}}));
    }
    Reply::json(
        200,
        &json!({"user": {
            "kind": "drive#user",
            "displayName": call.world.subject_name(&grant.subject),
            "me": true,
            "permissionId": Call::number(&grant.subject, 20),
            "emailAddress": call.world.subject_email(&grant.subject),
        }}),
    )
}

fn tokeninfo(call: &Call<'_>) -> Reply {
    let fields = call.fields();
    let token = call.ask.query("access_token").or_else(|| pick(&fields, "access_token")).unwrap_or_default();
    let Held::Good(grant) = call.stands(ID, token) else {
        return Reply::json(400, &json!({"error": "invalid_token", "error_description": "Invalid Value"}));
    };
    Reply::json(
        200,
        &json!({
            "azp": grant.client_id,
            "aud": grant.client_id,
            "scope": grant.scopes.join(" "),
            "exp": grant.expires.as_second().to_string(),
            "expires_in": grant.expires.duration_since(call.world.now()).as_secs().to_string(),
            "access_type": "offline",
        }),
    )
}

async fn token_endpoint(call: &Call<'_>) -> Reply {
    let fields = call.fields();
    let refuse =
        |status: u16, error: &str, text: &str| Reply::json(status, &json!({"error": error, "error_description": text}));
    let app = match call.client(ID, &fields, true) {
        Client::Good(app) => app,
        Client::Unknown(_) => return refuse(401, "invalid_client", "The OAuth client was not found."),
        Client::WrongSecret(_) => return refuse(401, "invalid_client", "Unauthorized"),
    };
    if pick(&fields, "grant_type") != Some("authorization_code") {
        return refuse(400, "unsupported_grant_type", "Invalid grant_type");
    }
    match call.redeem(&app, &fields).await {
        Some(grant) => {
            let mut value = super::token_answer(&grant, call.world.now());
            if let Some(map) = value.as_object_mut() {
                map.insert("refresh_token".to_owned(), json!(format!("1//0{}", presets::url_safe(90))));
            }
            Reply::json(200, &value)
        }
        None => refuse(400, "invalid_grant", "Malformed auth code."),
    }
}

async fn revoke(call: &Call<'_>) -> Reply {
    let fields = call.fields();
    let token = call.ask.query("token").or_else(|| pick(&fields, "token")).unwrap_or_default();
    if call.ask.method == Method::POST && call.revoke(ID, "", token, true).await {
        return Reply::json(200, &json!({}));
    }
    Reply::json(400, &json!({"error": "invalid_token", "error_description": "Token expired or revoked"}))
}
