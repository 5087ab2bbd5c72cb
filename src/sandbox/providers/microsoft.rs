//! Microsoft 365: calendar events and the user at Graph, the token endpoint of Entra ID. There is no revocation.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::json;

use super::{Call, Client, Held, Profile, fault};
use crate::sandbox::ask::{Reply, pick};
use crate::sandbox::faults::ProviderFault;
use crate::sandbox::presets;
use crate::sandbox::state::Grant;

const ID: &str = "microsoft_365";

pub static PROFILE: Profile = Profile {
    id: ID,
    name: "Microsoft",
    mark: ("M", "#0067b8"),
    authorize: "login.microsoftonline.com/common/oauth2/v2.0/authorize",
    lifetime_seconds: 3900,
    token,
    words,
    fixed: &[],
};

/// Looks like a Graph token: a JWT that only Graph is meant to read.
fn token(scopes: &[String], now: Timestamp, lifetime: u64) -> String {
    let header = json!({"typ": "JWT", "nonce": presets::url_safe(43), "alg": "RS256", "kid": presets::url_safe(27)});
    let granted: Vec<&str> = scopes.iter().map(String::as_str).filter(|scope| *scope != "offline_access").collect();
    let seconds = i64::try_from(lifetime).unwrap_or(i64::MAX);
    let claims = json!({
        "aud": "https://graph.microsoft.com",
        "iss": "https://sts.windows.net/00000000-0000-0000-0000-000000000000/",
        "iat": now.as_second(),
        "nbf": now.as_second(),
        "exp": now.as_second().saturating_add(seconds),
        "app_displayname": "Acme Sandbox",
        "scp": granted.join(" "),
        "ver": "1.0",
    });
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(header), part(claims), presets::url_safe(342))
}

fn words(scope: &str) -> &'static str {
    match scope.rsplit('/').next().unwrap_or_default() {
        "Calendars.Read" => "Read your calendars",
        "Calendars.ReadWrite" => "Have full access to your calendars",
        "User.Read" => "Sign you in and read your profile",
        "offline_access" => "Maintain access to data you have given it access to",
        "openid" => "Sign you in",
        "profile" => "View your basic profile",
        "email" => "View your email address",
        _ => "Use a permission of your Microsoft account",
    }
}

pub async fn answer(call: &Call<'_>, host: &str) -> Reply {
    if host == "login.microsoftonline.com" {
        let path = call.path.split_once('/').map_or("", |(_tenant, path)| path);
        return match (call.ask.method.as_str(), path) {
            ("POST", "oauth2/v2.0/token") => token_endpoint(call).await,
            _ => Reply::text(404, "Not Found"),
        };
    }
    match (call.ask.method.as_str(), call.path) {
        ("GET", "v1.0/me/events") => with_token(call, events),
        ("GET", "v1.0/me") => with_token(call, me),
        _ => graph(call, 404, "ResourceNotFound", "Resource not found for the segment."),
    }
}

fn graph(call: &Call<'_>, status: u16, code: &str, message: &str) -> Reply {
    let id = uuid::Uuid::new_v4().to_string();
    let date = call.world.now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let inner = json!({"date": date, "request-id": id, "client-request-id": id});
    Reply::json(status, &json!({"error": {"code": code, "message": message, "innerError": inner}}))
        .header("request-id", id)
}

fn with_token(call: &Call<'_>, answer: fn(&Call<'_>, &Grant) -> Reply) -> Reply {
    let refuse = |text: &str| {
        graph(call, 401, "InvalidAuthenticationToken", text).header(
            "www-authenticate",
            "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\"",
        )
    };
    let grant = match call.held(ID) {
        Held::Good(grant) => grant,
        Held::Missing => return refuse("Access token is empty."),
        Held::Expired => return refuse("Lifetime validation failed, the token is expired."),
        Held::Unknown | Held::Revoked => return refuse("Access token validation failure. Invalid token."),
    };
    match fault(call.world) {
        Some(ProviderFault::RateLimited) => {
            graph(call, 429, "TooManyRequests", "Too many requests. Please retry later.").header("retry-after", "30")
        }
        Some(ProviderFault::InsufficientScope | ProviderFault::ApiNotEnabled) => {
            graph(call, 403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        }
        _ => answer(call, &grant),
    }
}

fn events(call: &Call<'_>, grant: &Grant) -> Reply {
    if !grant.scopes.iter().any(|scope| scope.starts_with("Calendars.Read")) {
        return graph(call, 403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.");
    }
    let top = call.ask.query("$top").and_then(|text| text.parse().ok()).unwrap_or(10_usize);
    let day = call.world.now().strftime("%Y-%m-%d").to_string();
    let value: Vec<_> = [("Planning", "09:00"), ("Review", "14:30")]
        .iter()
        .take(top)
        .map(|(subject, time)| {
            json!({
                "@odata.etag": format!("W/\"{}\"", Call::number(&grant.subject, 12)),
                "id": format!("AAMk{}{time}", Call::number(&grant.subject, 20)).replace(':', ""),
                "subject": subject,
                "start": {"dateTime": format!("{day}T{time}:00.0000000"), "timeZone": "UTC"},
            })
        })
        .collect();
    let context = "https://graph.microsoft.com/v1.0/$metadata#users('me')/events(subject,start)";
    Reply::json(200, &json!({"@odata.context": context, "value": value}))
}

fn me(call: &Call<'_>, grant: &Grant) -> Reply {
    if !grant.scopes.iter().any(|scope| scope == "User.Read") {
        return graph(call, 403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");
    }
    Reply::json(
        200,
        &json!({
            "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/$entity",
            "displayName": call.world.subject_name(&grant.subject),
            "mail": call.world.subject_email(&grant.subject),
            "userPrincipalName": call.world.subject_email(&grant.subject),
            "id": Call::number(&grant.subject, 16),
        }),
    )
}

async fn token_endpoint(call: &Call<'_>) -> Reply {
    let fields = call.fields();
    let refuse = |status: u16, error: &str, code: u32, text: &str| {
        let (trace, correlation) = (uuid::Uuid::new_v4().to_string(), uuid::Uuid::new_v4().to_string());
        let at = call.world.now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let description =
            format!("AADSTS{code}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}");
        Reply::json(
            status,
            &json!({
                "error": error,
                "error_description": description,
                "error_codes": [code],
                "timestamp": at,
                "trace_id": trace,
                "correlation_id": correlation,
                "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
            }),
        )
    };
    let app = match call.client(ID, &fields, true) {
        Client::Good(app) => app,
        Client::Unknown(id) => {
            let text = format!(
                "Application with identifier '{id}' was not found in the directory 'Acme'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."
            );
            return refuse(400, "unauthorized_client", 700_016, &text);
        }
        Client::WrongSecret(id) => {
            let text = format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{id}'."
            );
            return refuse(401, "invalid_client", 7_000_215, &text);
        }
    };
    if pick(&fields, "grant_type") != Some("authorization_code") {
        return refuse(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.");
    }
    match call.redeem(&app, &fields).await {
        Some(grant) => {
            let mut value = super::token_answer(&grant, call.world.now());
            if let Some(map) = value.as_object_mut() {
                map.insert("ext_expires_in".to_owned(), json!(3900));
                map.insert("refresh_token".to_owned(), json!(format!("0.A{}", presets::url_safe(200))));
            }
            Reply::json(200, &value)
        }
        None => refuse(400, "invalid_grant", 70000, "The provided value for the input parameter 'code' is not valid."),
    }
}
