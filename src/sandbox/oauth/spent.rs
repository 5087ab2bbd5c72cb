//! `/oauth2/revoke` (RFC 7009) and `/oauth2/introspect` (RFC 7662): ending a refresh token, and asking what a token is
//! worth.

use http::Method;
use serde_json::{Value, json};

use super::exchange::authenticated;
use super::told::no_store;
use crate::sandbox::ask::{Ask, Reply, pick};
use crate::sandbox::world::{World, held};

/// Ends a refresh token. An unknown one is no error; an access token lives to its end, since nobody asks for it.
pub fn revoke(world: &World, ask: &Ask) -> Reply {
    if ask.method != Method::POST {
        return Reply::empty(405).header("allow", "POST");
    }
    let form = ask.form();
    let app = match authenticated(world, ask, &form) {
        Ok(app) => app,
        Err(refused) => return refused,
    };
    world
        .sign_ins
        .take_refresh(pick(&form, "token").unwrap_or_default(), |kept| kept.allowed.client_id == app.client_id);
    no_store(Reply::empty(200))
}

/// Says whether a token is good, and for whom.
pub fn introspect(world: &World, ask: &Ask) -> Reply {
    if ask.method != Method::POST {
        return Reply::empty(405).header("allow", "POST");
    }
    let form = ask.form();
    let app = match authenticated(world, ask, &form) {
        Ok(app) => app,
        Err(refused) => return refused,
    };
    let token = pick(&form, "token").unwrap_or_default();
    let refresh = held(&world.sign_ins.refresh)
        .iter()
        .find(|kept| kept.token == token && kept.allowed.client_id == app.client_id)
        .map(|kept| json!({"active": true, "client_id": app.client_id, "scope": kept.allowed.scopes.join(" "), "sub": kept.allowed.user, "token_use": "refresh_token"}));
    let told = refresh.or_else(|| access(world, token)).unwrap_or_else(|| json!({"active": false}));
    no_store(Reply::json(200, &told))
}

fn access(world: &World, token: &str) -> Option<Value> {
    let claims = world.claims(token)?;
    let scopes = claims.get("scp").and_then(Value::as_array)?;
    let alive = claims.get("exp").and_then(Value::as_i64)? > world.now().as_second();
    let scope = scopes.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ");
    let of = |name: &str| claims.get(name).cloned().unwrap_or_default();
    alive.then(|| {
        json!({
            "active": true, "aud": of("aud"), "client_id": of("azp"), "exp": of("exp"), "iat": of("iat"),
            "iss": of("iss"), "scope": scope, "sub": of("sub"), "token_type": "Bearer", "token_use": "access_token",
        })
    })
}
