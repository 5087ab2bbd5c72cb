//! Judges a token that was minted for Supabase, as PostgREST does and as the policies need it.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::token::{self, AUTHENTICATED};
use crate::check::Check;
use crate::clock::rfc3339;
use crate::jwt::{Alg, Compact};
use crate::recipes::{Around, Outcome};
use crate::secrets::Secret;

/// The shortest secret that PostgREST takes, in characters.
pub const SHORTEST: usize = 32;

/// Whether a secret is long enough.
pub fn secret(secret: &Secret) -> Check {
    let length = secret.expose().chars().count();
    if length < SHORTEST {
        Check::warn(
            "secret",
            "It is short: PostgREST wants 32 characters at least",
            "Make a longer one: openssl rand -base64 48",
        )
        .seen(format!("{length} characters"))
    } else {
        Check::pass("secret").seen(format!("{length} characters"))
    }
}

/// Form, algorithm, signature, claims and times of `text`.
pub fn token(outcome: &mut Outcome, around: Around<'_>, text: &str, with: Option<&Secret>, at: Timestamp) {
    let text = text.trim();
    let bare = text.strip_prefix("Bearer ").or_else(|| text.strip_prefix("bearer ")).unwrap_or(text);
    if bare.starts_with("sb_publishable_") || bare.starts_with("sb_secret_") {
        let why = "It is one of Supabase's API keys, which is no token: sent as one it is refused";
        outcome.add(
            around,
            Check::fail("form", why, "Send it as apikey, and no Authorization header while nobody is signed in"),
        );
        return;
    }
    let compact = match Compact::split(bare.as_bytes()) {
        Ok(compact) => compact,
        Err(_) => {
            outcome.add(
                around,
                Check::fail("form", "It is no compact JWT", "Paste the whole token: three parts, two dots"),
            );
            return;
        }
    };
    outcome.add(around, Check::pass("form").seen("a compact JWT"));
    let alg = compact.header.alg().unwrap_or_default().to_owned();
    outcome.add(
        around,
        match Alg::named(&alg) {
            Some(Alg::Hs256) => Check::pass("algorithm").seen(alg),
            Some(Alg::Rs256) => Check::fail(
                "algorithm",
                "It is Kinde's own token: Supabase has no key for it",
                "Mint one with the shared secret, as lib/supabase/server.ts does",
            )
            .seen(alg),
            _ => Check::fail("algorithm", "The imported key is for HS256", "Mint it with HS256").seen(alg),
        },
    );
    outcome.add(around, match with {
        None => Check::skipped("signature", "The signing secret is not known here: give jwt_secret too"),
        Some(secret) if token::is_signed_with(secret, compact.signed, &compact.signature) => {
            Check::pass("signature").seen("HMAC-SHA256")
        }
        Some(_) => Check::fail(
            "signature",
            "It was not signed with this secret",
            "Compare SUPABASE_JWT_SECRET with the key that was imported; a line end or a quote at its end becomes part of it",
        ),
    });
    let Ok(Value::Object(claims)) = serde_json::from_slice(&compact.payload) else {
        let why = "Its payload is no JSON object: a raw token was signed in the place of its claims";
        outcome.add(around, Check::fail("claims", why, "Sign the claims, and not the ID token's text"));
        return;
    };
    for check in claims_checks(&claims, at) {
        outcome.add(around, check);
    }
    outcome.put("claims", claims);
}

fn claims_checks(claims: &Map<String, Value>, at: Timestamp) -> Vec<Check> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let sub = match text("sub") {
        Some(sub) if sub.starts_with("kp_") => Check::pass("sub").seen(sub.to_owned()),
        Some(sub) => {
            Check::warn("sub", "It is no Kinde user ID", "Use the sub of Kinde's ID token").seen(sub.to_owned())
        }
        None => {
            Check::fail("sub", "It names no user: every policy compares with it", "Put in the sub of Kinde's ID token")
        }
    };
    let role = match text("role") {
        Some(AUTHENTICATED) => Check::pass("role").seen(AUTHENTICATED),
        Some("service_role") => Check::fail(
            "role",
            "service_role goes past every policy: whoever has this token has the whole database",
            "Mint it for authenticated, and rotate the secret",
        ),
        Some(other) => Check::warn("role", "The policies are for authenticated", "Mint it with role authenticated")
            .seen(other.to_owned()),
        None => Check::fail(
            "role",
            "Without one PostgREST takes it for anon, which may see nothing",
            "Put in role: authenticated",
        ),
    };
    let named = claims.get("aud").is_some_and(|aud| {
        aud.as_str() == Some(AUTHENTICATED)
            || aud.as_array().is_some_and(|all| all.iter().any(|one| one.as_str() == Some(AUTHENTICATED)))
    });
    let aud = if named {
        Check::pass("aud").seen(AUTHENTICATED)
    } else {
        Check::warn("aud", "Supabase's own tokens are for the audience authenticated", "Put in aud: authenticated")
    };
    let exp = match claims.get("exp").and_then(Value::as_i64).and_then(|exp| Timestamp::from_second(exp).ok()) {
        None => Check::fail(
            "exp",
            "It never expires: whoever copies it is that user for ever",
            "Let it expire in five minutes",
        ),
        Some(exp) if exp <= at => {
            Check::fail("exp", "It has expired", "Mint a new one for each request").seen(rfc3339(exp))
        }
        Some(exp) if exp.duration_since(at).as_hours() >= 1 => {
            Check::warn("exp", "It lives longer than a request needs", "Let it expire in five minutes")
                .seen(rfc3339(exp))
        }
        Some(exp) => Check::pass("exp").seen(rfc3339(exp)),
    };
    vec![sub, role, aud, exp]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;

    #[test]
    fn what_a_policy_needs_and_what_must_not_be_in_a_token_has_a_check_each() {
        let at = Timestamp::from_second(1000).unwrap();
        let judged = |json: &str| {
            let claims: Map<String, Value> = serde_json::from_str(json).unwrap();
            let mut all = claims_checks(&claims, at).into_iter();
            all.find(|check| check.verdict == Verdict::Fail).map(|check| check.name)
        };
        let good = r#"{"sub":"kp_1","role":"authenticated","aud":"authenticated","exp":1300}"#;
        assert_eq!(judged(good), None);
        for (from, to, failing) in [
            ("\"kp_1\"", "1", "sub"),
            ("\"role\":\"authenticated\"", "\"role\":\"service_role\"", "role"),
            ("\"role\":\"authenticated\",", "", "role"),
            ("1300", "999", "exp"),
            (",\"exp\":1300", "", "exp"),
        ] {
            assert_eq!(judged(&good.replace(from, to)).as_deref(), Some(failing), "{from} → {to}");
        }
    }
}
