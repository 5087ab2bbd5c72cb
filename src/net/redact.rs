//! Takes secrets out of what was received, before it is kept.

use std::borrow::Cow;

use crate::secrets::{MASK, Secret};

/// Members whose value is a secret wherever they appear in an answer.
const SECRET_MEMBERS: [&str; 11] = [
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "session_id",
    "password",
    "secret",
    "api_key",
    "code_verifier",
    "assertion",
    "client_assertion",
];

/// True for the name of a JSON member, form field or query pair whose value is never shown.
pub(super) fn is_secret_name(name: &str) -> bool {
    SECRET_MEMBERS.iter().any(|member| name.eq_ignore_ascii_case(member))
}

/// True for a header whose value is never shown.
pub(super) fn is_secret_header(name: &str) -> bool {
    ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"]
        .iter()
        .any(|header| name.eq_ignore_ascii_case(header))
}

/// `text`, read as JSON where it is JSON, with the values of secret members masked; other text comes back as it is.
pub fn redact_json_text(text: &str) -> Cow<'_, str> {
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(text) else { return Cow::Borrowed(text) };
    if mask(&mut value) {
        Cow::Owned(serde_json::to_string_pretty(&value).unwrap_or_else(|_| MASK.to_owned()))
    } else {
        Cow::Borrowed(text)
    }
}

/// True when something was masked.
fn mask(value: &mut serde_json::Value) -> bool {
    match value {
        serde_json::Value::Object(members) => {
            let mut changed = false;
            for (name, member) in members {
                if is_secret_name(name) && !member.is_null() {
                    *member = serde_json::Value::String(MASK.to_owned());
                    changed = true;
                } else if let serde_json::Value::String(text) = member {
                    if let Some(masked) = mask_url(text) {
                        *text = masked;
                        changed = true;
                    }
                } else {
                    changed |= mask(member);
                }
            }
            changed
        }
        // Not `any`, nor `||`: every item is to be masked, after the first one too.
        serde_json::Value::Array(items) => items.iter_mut().fold(false, |changed, item| changed | mask(item)),
        _ => false,
    }
}

/// An address with the values of its secret query pairs masked; `None` when it has none.
pub(super) fn mask_url(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    if !url.query_pairs().any(|(name, _)| is_secret_name(&name)) {
        return None;
    }
    let mut masked = url.clone();
    masked.query_pairs_mut().clear().extend_pairs(url.query_pairs().map(|(name, value)| {
        let value = if is_secret_name(&name) { Cow::Borrowed("REDACTED") } else { value };
        (name, value)
    }));
    Some(masked.to_string())
}

/// `text` without any of `secrets`.
pub(super) fn without(secrets: &[Secret], text: &str) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| secret.redact(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_members_are_masked_at_any_depth_and_the_rest_stays() {
        let text = r#"{"token_type":"Bearer","access_token":"eyJ.a.b","list":[{"client_secret":"x","name":"n"}]}"#;
        let shown = redact_json_text(text);
        assert!(!shown.contains("eyJ.a.b") && !shown.contains("\"x\""), "{shown}");
        assert!(shown.contains("Bearer") && shown.contains("\"n\""), "{shown}");
    }

    #[test]
    fn a_session_id_inside_an_address_is_masked() {
        let shown = redact_json_text(r#"{"url":"https://acme.kinde.com/cb?session_id=ses_123&x=1"}"#);
        assert!(!shown.contains("ses_123") && shown.contains("x=1"), "{shown}");
    }

    #[test]
    fn text_that_is_not_json_stays_as_it_is() {
        assert_eq!(redact_json_text("<html>"), "<html>");
    }
}
