//! Discovery and the key set, on both of Kinde's paths.

use http::Method;
use serde_json::json;

use super::ask::{Ask, Reply};
use super::world::World;

/// The discovery document. Its addresses follow the one the client used.
pub fn discovery(ask: &Ask) -> Reply {
    if ask.method != Method::GET && ask.method != Method::HEAD {
        return Reply::empty(405);
    }
    let base = &ask.base;
    Reply::json(
        200,
        &json!({
            "issuer": base,
            "authorization_endpoint": format!("{base}/oauth2/auth"),
            "token_endpoint": format!("{base}/oauth2/token"),
            "userinfo_endpoint": format!("{base}/oauth2/v2/user_profile"),
            "jwks_uri": format!("{base}/.well-known/jwks"),
            "end_session_endpoint": format!("{base}/logout"),
            "revocation_endpoint": format!("{base}/oauth2/revoke"),
            "introspection_endpoint": format!("{base}/oauth2/introspect"),
            "claims_supported": ["aud", "exp", "iat", "iss", "sub"],
            "scopes_supported": ["address", "email", "offline", "openid", "phone", "profile"],
            "response_types_supported": ["code", "id_token", "token id_token"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "subject_types_supported": ["public"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }),
    )
}

/// The key set. Kinde answers 403 where an `Authorization` header comes with the request.
pub fn jwks(world: &World, ask: &Ask) -> Reply {
    if ask.method != Method::GET && ask.method != Method::HEAD {
        return Reply::empty(405);
    }
    if ask.headers.contains_key("authorization") {
        return Reply::empty(403);
    }
    Reply::raw_json(200, world.jwks()).header("cache-control", "public, max-age=300")
}
