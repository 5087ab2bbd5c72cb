//! The publishable key, which goes to everybody's browser: what must not stand in its place.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::error::{Category, UserError};

/// The role of the legacy key that is public.
const ANON: &str = "anon";
/// That of the legacy key that goes past every policy.
const SERVICE: &str = "service_role";

/// Takes a text in as the publishable key.
///
/// # Errors
/// Where it is a secret key of the project, or somebody's token, also within a line of an environment file. It is not repeated.
pub fn admit(text: &str) -> Result<(), UserError> {
    let found = if text.contains("sb_secret_") { Some(Found::Secret) } else { words(text).find_map(token) };
    let (what, harm) = match found {
        None => return Ok(()),
        Some(Found::Secret) => ("It is a secret key of the project (sb_secret_…)", PAST),
        Some(Found::Service) => ("It is the project's legacy key for service_role", PAST),
        Some(Found::Other) => {
            ("It is a token, and not the key of the project", "Whoever reads it there can act as its owner")
        }
    };
    Err(UserError::new(Category::Input, "publishable_key is a secret")
        .detail(format!("{what}. The publishable key goes to everybody's browser. {harm}"))
        .hint("Nothing of it was kept or written. Copy the publishable key, sb_publishable_…, from Project Settings > API Keys")
        .about("publishable_key"))
}

const PAST: &str = "Whoever reads this one there reads and writes every row, past every policy";

/// What stands in its place.
#[derive(Debug, Clone, Copy)]
enum Found {
    Secret,
    Service,
    Other,
}

/// What may be a token within `text`: quotes, a name in front and the like aside.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
}

/// What a word is that has claims, other than the legacy key that is public. How the rest of it is made does not count: a
/// token that was cut off when it was pasted is one all the same.
fn token(word: &str) -> Option<Found> {
    let payload = URL_SAFE_NO_PAD.decode(word.split('.').nth(1)?).ok()?;
    let Ok(Value::Object(claims)) = serde_json::from_slice(&payload) else { return None };
    match claims.get("role").and_then(Value::as_str) {
        Some(ANON) => None,
        Some(SERVICE) => Some(Found::Service),
        _ => Some(Found::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::encode_base64url;

    /// A legacy key of `role`.
    fn legacy(role: &str) -> String {
        let claims = format!(r#"{{"iss":"supabase","ref":"abcdefghijklmnopqrst","role":"{role}"}}"#);
        let part = |text: &str| encode_base64url(text.as_bytes());
        format!("{}.{}.{}", part(r#"{"alg":"HS256","typ":"JWT"}"#), part(&claims), part("CanarySignature"))
    }

    #[test]
    fn a_secret_key_is_no_publishable_key_however_it_was_pasted_and_is_not_repeated() {
        let (service, user) = (legacy("service_role"), legacy("authenticated"));
        let line = format!("SUPABASE_SERVICE_ROLE_KEY='{service}'");
        for (secret, said) in [
            ("sb_secret_CanaryCanary0123", "sb_secret_…"),
            ("\"sb_secret_CanaryCanary0123\"", "sb_secret_…"),
            ("SUPABASE_SECRET_KEY=sb_secret_CanaryCanary0123", "sb_secret_…"),
            (service.as_str(), "service_role"),
            (line.as_str(), "service_role"),
            (service.rsplit_once('.').unwrap().0, "service_role"),
            (user.as_str(), "not the key of the project"),
        ] {
            let error = admit(secret).unwrap_err();
            assert!(error.category == Category::Input && error.detail.contains(said), "{error:?}");
            assert!(error.hint.contains("Project Settings > API Keys"), "{error:?}");
            let told = format!("{error:?}");
            assert!(
                !told.contains("Canary") && !words(secret).any(|word| word.len() > 12 && told.contains(word)),
                "{told}"
            );
        }
    }

    #[test]
    fn a_publishable_key_of_either_kind_is_taken() {
        for key in ["sb_publishable_x", "", &legacy("anon"), "https://abc.supabase.co/rest", "no.key.at-all"] {
            assert!(admit(key).is_ok(), "{key}");
        }
    }
}
