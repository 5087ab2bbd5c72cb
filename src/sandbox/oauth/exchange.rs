//! The token endpoint's grants for people: `authorization_code` and `refresh_token` (RFC 6749, 4.1.3 and 6; RFC 7636,
//! 4.6). Kinde takes credentials in the body alone (`client_secret_post`).

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::told::{Told, no_store};
use super::{Allowed, CODE_LIFETIME, Refresh};
use crate::sandbox::ask::{Ask, Reply, pick};
use crate::sandbox::presets;
use crate::sandbox::state::{Application, User};
use crate::sandbox::world::{World, held};

/// Seconds that an access token for a person lives; Kinde's default.
const ACCESS_LIFETIME: i64 = 86_400;
/// Seconds that an ID token lives; Kinde's default.
const ID_LIFETIME: i64 = 3_600;
/// The shortest verifier of RFC 7636, 4.1.
const LEAST_VERIFIER: usize = 43;

type Form = [(String, String)];

/// `grant_type=authorization_code`.
pub fn authorization_code(world: &World, ask: &Ask, form: &Form) -> Reply {
    match redeem(world, ask, form) {
        Ok(reply) => reply,
        Err(refused) => refused,
    }
}

/// `grant_type=refresh_token`: gives a new refresh token, and ends the old one.
pub fn refresh_token(world: &World, ask: &Ask, form: &Form) -> Reply {
    let app = match authenticated(world, ask, form) {
        Ok(app) => app,
        Err(refused) => return refused,
    };
    let token = pick(form, "refresh_token").unwrap_or_default();
    let Some(kept) = world.sign_ins.take_refresh(token, |kept| kept.allowed.client_id == app.client_id) else {
        return Told::grant("The refresh token is unknown, was used before or was revoked.").reply();
    };
    give(world, ask, &kept.allowed, &kept.code)
}

fn redeem(world: &World, ask: &Ask, form: &Form) -> Result<Reply, Reply> {
    let app = authenticated(world, ask, form)?;
    let Some(given) = pick(form, "code").filter(|code| !code.is_empty()) else {
        return Err(Told::request("Request parameter 'code' is missing.").reply());
    };
    let refuse = |hint: &str| Told::grant(hint).reply();
    let now = world.now();
    let code = {
        let mut codes = held(&world.sign_ins.codes);
        let Some(code) = codes.iter_mut().find(|code| code.code == given) else {
            return Err(refuse("The authorization code is unknown."));
        };
        if code.allowed.client_id != app.client_id {
            return Err(refuse(
                "The OAuth 2.0 Client ID from this request does not match the one from the authorize request.",
            ));
        }
        if code.used {
            // Two hold the code, one of them should not: what it gave ends.
            held(&world.sign_ins.refresh).retain(|refresh| refresh.code != given);
            return Err(refuse("The authorization code has already been used."));
        }
        if now.duration_since(code.allowed.at).unsigned_abs() > CODE_LIFETIME {
            return Err(refuse("The authorization code has expired."));
        }
        if pick(form, "redirect_uri") != Some(code.redirect_uri.as_str()) {
            return Err(refuse(
                "The 'redirect_uri' from this request does not match the one from the authorize request.",
            ));
        }
        proved(code.challenge.as_deref(), pick(form, "code_verifier")).map_err(refuse)?;
        code.used = true;
        code.clone()
    };
    Ok(give(world, ask, &code.allowed, &code.code))
}

/// Whether `verifier` is the one the challenge was made of.
fn proved(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), &'static str> {
    let verifier = verifier.unwrap_or_default();
    match challenge {
        None if verifier.is_empty() => Ok(()),
        None => {
            Err("The PKCE code verifier was provided but the code challenge was absent from the authorization request.")
        }
        Some(_) if verifier.len() < LEAST_VERIFIER => Err("The PKCE code verifier must be at least 43 characters."),
        Some(challenge) => {
            let made = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
            if made == challenge { Ok(()) } else { Err("The PKCE code challenge did not match the code verifier.") }
        }
    }
}

/// The application that calls, once it has shown its secret where it has one.
pub fn authenticated(world: &World, ask: &Ask, form: &Form) -> Result<Application, Reply> {
    if ask.basic().is_some() {
        let hint = "The OAuth 2.0 Client supports client authentication method 'client_secret_post', but method 'client_secret_basic' was requested.";
        return Err(Told::client(hint).reply());
    }
    // As with machines: an unknown client is a bare 404.
    let app = pick(form, "client_id").and_then(|id| world.application(id)).ok_or_else(|| Reply::empty(404))?;
    let faults = world.faults().clone();
    if faults.unknown_client {
        return Err(Reply::empty(404));
    }
    let shown = pick(form, "client_secret").unwrap_or_default();
    if faults.wrong_secret || (app.kind.keeps_secret() && shown != app.client_secret) {
        return Err(Told::client("").reply());
    }
    Ok(app)
}

/// The tokens for what was allowed.
fn give(world: &World, ask: &Ask, allowed: &Allowed, code: &str) -> Reply {
    let Some(user) = world.state().users.iter().find(|user| user.id == allowed.user && !user.is_suspended).cloned()
    else {
        return Told::grant("The user does not exist any more, or is suspended.").reply();
    };
    let has = |scope: &str| allowed.scopes.iter().any(|held| held == scope);
    let Ok(access) = world.key().sign(&access_claims(world, ask, allowed, &user)) else { return Reply::empty(500) };
    let mut body = json!({
        "access_token": access,
        "expires_in": ACCESS_LIFETIME - 1,
        "scope": allowed.scopes.join(" "),
        "token_type": "bearer",
    });
    let mut put = |name: &str, text: String| {
        if let Some(members) = body.as_object_mut() {
            members.insert(name.to_owned(), Value::from(text));
        }
    };
    if has("openid") {
        let Ok(token) = world.key().sign(&id_claims(world, ask, allowed, &user)) else { return Reply::empty(500) };
        put("id_token", token);
    }
    // `offline`, and not `offline_access`, which Kinde takes without a word and without effect.
    if has("offline") {
        let token = presets::url_safe(43);
        put("refresh_token", token.clone());
        world.sign_ins.keep_refresh(Refresh { token, code: code.to_owned(), allowed: allowed.clone() });
    }
    no_store(Reply::json(200, &body))
}

fn access_claims(world: &World, ask: &Ask, allowed: &Allowed, user: &User) -> Value {
    let now = world.now().as_second();
    json!({
        "aud": allowed.audience.iter().collect::<Vec<_>>(),
        "azp": allowed.client_id,
        "exp": now + ACCESS_LIFETIME,
        "iat": now,
        "iss": ask.base,
        "jti": uuid::Uuid::new_v4().to_string(),
        "org_code": user.organizations.first(),
        "permissions": [],
        "scp": allowed.scopes,
        "sub": user.id,
    })
}

fn id_claims(world: &World, ask: &Ask, allowed: &Allowed, user: &User) -> Value {
    let now = world.now().as_second();
    let mut claims = super::profile::claims(user, &allowed.scopes);
    if let Some(members) = claims.as_object_mut() {
        let more = [
            ("aud", json!([allowed.client_id])),
            ("auth_time", json!(allowed.at.as_second())),
            ("azp", json!(allowed.client_id)),
            ("exp", json!(now + ID_LIFETIME)),
            ("iat", json!(now)),
            ("iss", json!(ask.base)),
            ("jti", json!(uuid::Uuid::new_v4().to_string())),
            ("org_codes", json!(user.organizations)),
            ("rat", json!(allowed.at.as_second())),
        ];
        members.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
        if let Some(nonce) = &allowed.nonce {
            members.insert("nonce".to_owned(), json!(nonce));
        }
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verifier_of_rfc_7636_proves_its_challenge() {
        // RFC 7636, appendix B.
        let (challenge, verifier) =
            ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(proved(Some(challenge), Some(verifier)), Ok(()));
        assert!(proved(Some(challenge), Some(&verifier.replace('d', "e"))).is_err());
        assert!(proved(Some(challenge), None).is_err());
        assert_eq!(proved(None, None), Ok(()));
        assert!(proved(None, Some(verifier)).is_err(), "a verifier without a challenge is somebody else's");
    }
}
