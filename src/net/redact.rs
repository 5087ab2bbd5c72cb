//! Takes secrets out of what was sent and received, before it is kept.
//!
//! By name and shape where a text says so itself ([`Masker`]), and by value: what was sent as a secret, or found to be
//! one, is masked in every exchange of this run that comes after.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::secrets::mask::{self, Masker, Named};
use crate::secrets::{MASK, Secret};

/// How many secrets of this run are remembered; the oldest goes first.
const REMEMBERED: usize = 128;

/// The secrets that went over the wire in this run. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Arc<Mutex<VecDeque<Secret>>>);

impl Known {
    /// Remembers what is long enough to be a secret and nothing else.
    pub(super) fn learn(&self, secrets: impl IntoIterator<Item = Secret>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for secret in secrets {
            if !is_telling(secret.expose()) {
                continue;
            }
            if let Some(at) = known.iter().position(|old| *old == secret) {
                known.remove(at);
            } else if known.len() == REMEMBERED {
                known.pop_front();
            }
            known.push_back(secret);
        }
    }

    /// `text` without any of them.
    pub(super) fn without(&self, text: &str) -> String {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().fold(text.to_owned(), |text, secret| secret.redact(&text))
    }
}

/// True for a value that would hardly stand anywhere by chance: `password` does, so it is masked only where it is named.
fn is_telling(text: &str) -> bool {
    text.len() >= 20
        || (text.len() >= 8 && text.chars().any(|c| c.is_ascii_digit()) && text.chars().any(char::is_alphabetic))
}

/// True for the name of a form field, query pair or header whose value is never shown.
pub(super) fn is_secret_name(name: &str) -> bool {
    mask::named(name) == Named::Secret
}

/// A header's value as it may be shown.
pub(super) fn header(masker: &mut Masker, name: &str, value: &str) -> String {
    if is_secret_name(name) { masker.hide(value) } else { masker.text(value) }
}

/// A body as it may be shown: JSON and lines of JSON by their members, anything else as text. What holds no secret
/// comes back as it is.
pub(super) fn body(masker: &mut Masker, text: &str) -> String {
    if let Some(masked) = json(masker, text, true) {
        return masked;
    }
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).peekable();
    if lines.peek().is_some() && lines.all(|line| line.trim_start().starts_with(['{', '[']) && parses(line)) {
        return text
            .split_inclusive('\n')
            .map(|line| match json(masker, line, false) {
                Some(masked) if masked != line => format!("{masked}\n"),
                _ => line.to_owned(),
            })
            .collect();
    }
    masker.text(text)
}

fn parses(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// `text` masked as JSON; `None` where it is none.
fn json(masker: &mut Masker, text: &str, pretty: bool) -> Option<String> {
    let mut value = serde_json::from_str::<Value>(text).ok()?;
    if !walk(masker, &mut value) {
        return Some(text.to_owned());
    }
    let written = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
    Some(written.unwrap_or_else(|_| MASK.to_owned()))
}

/// Masks what is secret in `value`; true when something was.
fn walk(masker: &mut Masker, value: &mut Value) -> bool {
    match value {
        Value::Object(members) => {
            let private_jwk = members.contains_key("kty");
            let mut changed = false;
            for (name, member) in members {
                // RFC 7518 §6: what of a key is not public.
                let of_key = private_jwk && ["d", "p", "q", "dp", "dq", "qi", "k", "oth"].contains(&name.as_str());
                changed |= match member {
                    _ if of_key || mask::named(name) == Named::Secret => hide_all(masker, member),
                    Value::String(text) if mask::is_secret(name, text) => hide_all(masker, member),
                    _ => walk(masker, member),
                };
            }
            changed
        }
        // Not `any`, nor `||`: every item is to be masked, after the first one too.
        Value::Array(items) => items.iter_mut().fold(false, |changed, item| changed | walk(masker, item)),
        Value::String(text) => {
            // A body within a body, as a log or a queue carries it.
            let inner = text.trim_start().starts_with(['{', '[']).then(|| json(masker, text, false)).flatten();
            let masked = inner.unwrap_or_else(|| masker.text(text));
            let changed = masked != *text;
            *text = masked;
            changed
        }
        _ => false,
    }
}

/// Masks every text and number in what stands under a secret name; `null`, `true` and `false` say nothing.
fn hide_all(masker: &mut Masker, value: &mut Value) -> bool {
    match value {
        Value::Object(members) => {
            members.values_mut().fold(false, |changed, member| changed | hide_all(masker, member))
        }
        Value::Array(items) => items.iter_mut().fold(false, |changed, item| changed | hide_all(masker, item)),
        Value::String(text) if text.is_empty() => false,
        Value::String(text) => {
            *value = Value::String(masker.hide(&text.clone()));
            true
        }
        Value::Number(number) => {
            *value = Value::String(masker.hide(&number.to_string()));
            true
        }
        _ => false,
    }
}

/// An answer's headers and body as they may be shown. `known` learns the secrets in them; `sent` are those of the request,
/// which it may echo.
pub(super) fn answer(
    known: &Known,
    sent: &[Secret],
    headers: &[(String, String)],
    text: &str,
) -> (Vec<(String, String)>, String) {
    let clean = |text: &str| without(sent, &known.without(text));
    let mut masker = Masker::default();
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| (name.clone(), header(&mut masker, name, value))).collect();
    let text = body(&mut masker, text);
    // Before the rest is looked through: what a header calls a secret may stand in the body without a name.
    known.learn(masker.found);
    (headers.into_iter().map(|(name, value)| (name, clean(&value))).collect(), clean(&text))
}

/// `text` without any of `secrets`.
pub(super) fn without(secrets: &[Secret], text: &str) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| secret.redact(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        body(&mut Masker::default(), text)
    }

    #[test]
    fn secret_members_are_masked_at_any_depth_and_the_rest_stays() {
        let text = r#"{"token_type":"Bearer","access_token":"eyJ.a.b","list":[{"client_secret":"x","name":"n"}]}"#;
        let shown = shown(text);
        assert!(!shown.contains("eyJ.a.b") && !shown.contains("\"x\""), "{shown}");
        assert!(shown.contains("Bearer") && shown.contains("\"n\""), "{shown}");
    }

    #[test]
    fn secrets_in_strings_of_arrays_at_the_top_and_in_bodies_within_bodies_are_masked() {
        for text in [
            r#"["https://acme.kinde.com/cb?session_id=canary1"]"#,
            r#""https://acme.kinde.com/cb?session_id=canary1""#,
            r#"[[["/cb#access_token=canary1"]]]"#,
            r#"{"body":"{\"refresh_token\":\"canary1\"}"}"#,
            r#"{"tokens":["canary1"]}"#,
            r#"{"api_key":{"id":"7","value":"canary1"}}"#,
            r#"{"keys":[{"kty":"RSA","d":"canary1","n":"public"}]}"#,
            "{\"id\":1}\n{\"access_token\":\"canary1\"}\n",
            "grant_type=refresh_token&refresh_token=canary1",
            "<a href=\"/cb?session_id=canary1\">",
            "{\"access_token\":\"canary1\", and cut",
        ] {
            let shown = shown(text);
            assert!(!shown.contains("canary1") && shown.contains(MASK), "{text}: {shown}");
        }
    }

    #[test]
    fn what_is_no_secret_stays_letter_by_letter() {
        for text in [
            "<html>",
            r#"{"errors":{"code":"ROUTE_NOT_FOUND","message":"The requested API route does not exist"}}"#,
            r#"{"code":"OK","organizations":[{"code":"org_1767f11ce62","name":"n"}],"next_token":"MTo6"}"#,
            r#"{"keys":[{"kty":"RSA","kid":"4c:fa:00:11:22:33:44:55","n":"AQAB0123456789abcdef","e":"AQAB"}]}"#,
            r#"{"feature_flags":[{"key":"new_checkout_2024","value":true}],"has_secret":true,"token":null}"#,
            "{\"a\":1}\n{\"b\":2}\n",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn what_was_learnt_is_masked_later_and_short_words_are_not_learnt() {
        let known = Known::default();
        let mut masker = Masker::default();
        body(&mut masker, r#"{"session_id":"abc-123-def","password":"password"}"#);
        known.learn(masker.found);
        assert_eq!(known.without("/x/abc-123-def/password"), "/x/•••/password");
    }
}
