//! `/oauth2/token`: the client-credentials grant, and the door to the grants for people, with Kinde's own error bodies (reference: kinde-api, 1.1).

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::ask::{Ask, Reply, pick};
use super::world::World;
use super::{oauth, presets};

/// Kinde's default lifetime of an access token, in seconds.
const LIFETIME: u64 = 86_400;

const INVALID_CLIENT: &str = "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method).";
const INVALID_REQUEST: &str = "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed.";
const INVALID_SCOPE: &str = "The requested scope is invalid, unknown, or malformed.";
const UNSUPPORTED_GRANT: &str = "The authorization grant type is not supported by the authorization server.";

fn refuse(status: u16, error: &str, description: &str) -> Reply {
    Reply::json(status, &json!({"error": error, "error_description": description}))
        .header("cache-control", "no-store")
        .header("pragma", "no-cache")
}

/// Mints a token, or says what Kinde would say.
pub fn answer(world: &World, ask: &Ask) -> Reply {
    if ask.method != Method::POST {
        return Reply::empty(405).header("allow", "POST");
    }
    let form = ask.form();
    let faults = world.faults().clone();
    match pick(&form, "grant_type") {
        Some("client_credentials") => {}
        Some("authorization_code") => return oauth::authorization_code(world, ask, &form),
        Some("refresh_token") => return oauth::refresh_token(world, ask, &form),
        None | Some("") => return refuse(400, "invalid_request", INVALID_REQUEST),
        Some(_) => return refuse(400, "unsupported_grant_type", UNSUPPORTED_GRANT),
    }
    let (client_id, client_secret) = {
        let state = world.state();
        (state.client_id.clone(), state.client_secret.clone())
    };
    // Only client_secret_post is supported: credentials in the body, none in a header.
    if faults.unknown_client || pick(&form, "client_id") != Some(client_id.as_str()) {
        return Reply::empty(404);
    }
    if faults.wrong_secret || pick(&form, "client_secret") != Some(client_secret.as_str()) {
        return refuse(401, "invalid_client", INVALID_CLIENT);
    }
    let audience = pick(&form, "audience").unwrap_or_default();
    if audience.is_empty() {
        return refuse(403, "invalid_request", INVALID_REQUEST);
    }
    if faults.audience_refused || !is_audience(audience, world.http, world.https) {
        let text = format!(
            "{INVALID_REQUEST} Requested audience '{audience}' has not been whitelisted by the OAuth 2.0 Client."
        );
        return refuse(403, "invalid_request", &text);
    }
    let holds = |scope: &str| presets::SCOPES.contains(&scope) && !faults.missing_scopes.iter().any(|s| s == scope);
    let asked: Vec<&str> = pick(&form, "scope").unwrap_or_default().split_whitespace().collect();
    if let Some(scope) = asked.iter().find(|scope| !holds(scope)) {
        let text = format!("{INVALID_SCOPE} The OAuth 2.0 Client is not allowed to request scope '{scope}'.");
        return refuse(403, "invalid_scope", &text);
    }
    let scopes: Vec<&str> = if asked.is_empty() {
        presets::SCOPES.into_iter().filter(|scope| holds(scope)).collect()
    } else {
        asked.clone()
    };
    let lifetime = faults.token_lifetime_seconds.unwrap_or(LIFETIME);
    let now = world.now();
    let expires = now.checked_add(Duration::from_secs(lifetime)).unwrap_or(now);
    let claims = json!({
        "aud": [audience],
        "azp": client_id,
        "exp": expires.as_second(),
        "gty": ["client_credentials"],
        "iat": now.as_second(),
        "iss": ask.base,
        "jti": uuid::Uuid::new_v4().to_string(),
        "scope": scopes.join(" "),
        "scp": scopes,
        "v": "2",
    });
    let Ok(token) = world.key().sign(&claims) else { return Reply::empty(500) };
    // Kinde echoes the scope only where a subset was asked for, and counts the seconds that are left.
    Reply::json(
        200,
        &json!({
            "access_token": token,
            "expires_in": lifetime.saturating_sub(1),
            "scope": asked.join(" "),
            "token_type": "Bearer",
        }),
    )
    .header("cache-control", "no-store")
    .header("pragma", "no-cache")
}

/// True for `/api` on either address of the sandbox, under either scheme and any loopback name.
///
/// The official Python client always says https; the official JavaScript client puts `https://` before the scheme it
/// was given.
pub fn is_audience(audience: &str, http: u16, https: u16) -> bool {
    let Some(rest) = audience.strip_prefix("https://").or_else(|| audience.strip_prefix("http://")) else {
        return false;
    };
    let rest = rest.strip_prefix("https://").or_else(|| rest.strip_prefix("http://")).unwrap_or(rest);
    let Some(host) = rest.strip_suffix("/api") else { return false };
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|name| [http, https].iter().any(|port| host == format!("{name}:{port}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audience_is_api_on_either_address_and_what_the_official_clients_send() {
        for good in [
            "http://127.0.0.1:1/api",
            "https://127.0.0.1:2/api",
            "https://127.0.0.1:1/api",
            "http://localhost:1/api",
            "https://http://127.0.0.1:1/api",
        ] {
            assert!(is_audience(good, 1, 2), "{good}");
        }
        for bad in ["http://127.0.0.1:1/api/v1", "http://127.0.0.1:1", "http://127.0.0.1:3/api", "127.0.0.1:1/api", ""]
        {
            assert!(!is_audience(bad, 1, 2), "{bad}");
        }
    }
}
