//! `/oauth2/v2/user_profile`: who holds the access token (OpenID Connect Core, 5.3). `sub` always; the rest as the scopes
//! say.

use http::Method;
use serde_json::{Map, Value, json};

use super::told::{Told, no_store};
use crate::sandbox::ask::{Ask, Reply};
use crate::sandbox::state::User;
use crate::sandbox::world::World;

/// Answers with the profile, or refuses the token.
pub fn answer(world: &World, ask: &Ask) -> Reply {
    if ask.method != Method::GET && ask.method != Method::POST {
        return Reply::empty(405).header("allow", "GET, POST");
    }
    let refused = || Told::unauthorized().reply().header("www-authenticate", "Bearer");
    let Some(claims) = ask.bearer().and_then(|token| world.claims(token)) else { return refused() };
    let alive = claims.get("exp").and_then(Value::as_i64).is_some_and(|exp| exp > world.now().as_second());
    // An ID token is no access token, and a machine's has nobody's profile.
    let scopes: Vec<String> = match claims.get("scp").and_then(Value::as_array) {
        Some(scopes) => scopes.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        None => return refused(),
    };
    let sub = claims.get("sub").and_then(Value::as_str);
    let user = sub.and_then(|id| world.state().users.iter().find(|user| user.id == id).cloned());
    match user.filter(|_| alive && scopes.iter().any(|scope| scope == "openid")) {
        Some(user) => no_store(Reply::json(200, &self::claims(&user, &scopes))),
        None => refused(),
    }
}

/// The claims about a person that `scopes` allow.
pub fn claims(user: &User, scopes: &[String]) -> Value {
    let has = |scope: &str| scopes.iter().any(|held| held == scope);
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), json!(user.id));
    let mut put = |pairs: Vec<(&str, Value)>| {
        claims.extend(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)));
    };
    if has("profile") {
        put(vec![
            ("family_name", json!(user.last_name)),
            ("given_name", json!(user.first_name)),
            ("id", json!(user.id)),
            ("name", json!(user.full_name())),
            ("picture", Value::Null),
            ("preferred_username", json!(user.username)),
            ("provided_id", json!(user.provided_id)),
            ("updated_at", json!(user.last_signed_in.unwrap_or(user.created_on).as_second())),
        ]);
    }
    if has("email") {
        put(vec![("email", json!(user.email)), ("email_verified", json!(user.email.is_some()))]);
    }
    if has("phone") {
        put(vec![("phone_number", json!(user.phone))]);
    }
    Value::Object(claims)
}
