//! What a person gave, checked against the inputs of a recipe and completed by what is known.

use std::collections::BTreeMap;

use super::{Content, From};
use crate::error::{Category, UserError};
use crate::secrets::Secret;
use crate::tenant::Profile;

/// What was typed: plain texts and secrets by key, nothing checked yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    /// Plain inputs.
    pub plain: BTreeMap<String, String>,
    /// Secret inputs.
    pub secrets: BTreeMap<String, Secret>,
}

/// The values a recipe works with.
#[derive(Debug, Clone, Default)]
pub struct Values {
    plain: BTreeMap<String, String>,
    secrets: BTreeMap<String, Secret>,
}

impl Values {
    /// Checks `given` against the inputs of `content` and completes it: first what was given, then what the profile knows,
    /// then the default. An empty text counts as not given.
    ///
    /// # Errors
    /// When a key is unknown, a choice is none, or a secret came as plain text.
    pub fn of(content: &Content, given: Given, profile: Option<&Profile>) -> Result<Self, UserError> {
        let Given { plain: mut typed, mut secrets } = given;
        if let Some(key) = typed.keys().chain(secrets.keys()).find(|key| content.input(key).is_none()) {
            let known: Vec<&str> = content.inputs.iter().map(|input| input.key.as_str()).collect();
            return Err(UserError::new(Category::Input, format!("{} has no input {key}", content.name))
                .detail(format!("It takes {}", known.join(", ")))
                .hint(format!("kinde-panel recipe show {} says what each is", content.name)));
        }
        let mut values = Self::default();
        for input in &content.inputs {
            let key = &input.key;
            if input.secret {
                if typed.contains_key(key) {
                    return Err(UserError::new(Category::Input, format!("{key} is a secret"))
                        .detail("What stands on a command line can be seen by others on this machine")
                        .hint(format!("Give it in a file: --secret {key}=FILE"))
                        .about(key));
                }
                if let Some(secret) = secrets.remove(key).filter(|secret| !secret.is_empty()) {
                    values.secrets.insert(key.clone(), secret);
                }
                continue;
            }
            let known = match input.from {
                Some(From::WebClientId) => profile.and_then(|profile| profile.web_client_id.clone()),
                Some(From::WebClientSecret) | None => None,
            };
            let given = typed.remove(key).or_else(|| secrets.remove(key).map(|secret| secret.expose().to_owned()));
            let given = given.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
            let Some(text) = given.or(known).or_else(|| input.default.clone()) else { continue };
            if !input.choices.is_empty() && !input.choices.contains(&text) {
                return Err(UserError::new(Category::Input, format!("{key} cannot be {text}"))
                    .detail(input.help.clone())
                    .hint(format!("It is one of {}", input.choices.join(", ")))
                    .about(key));
            }
            values.plain.insert(key.clone(), text);
        }
        Ok(values)
    }

    /// True where the input has a value.
    pub fn has(&self, key: &str) -> bool {
        self.plain.contains_key(key) || self.secrets.contains_key(key)
    }

    /// The plain value of `key`.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.plain.get(key).map(String::as_str)
    }

    /// The secret value of `key`.
    pub fn secret(&self, key: &str) -> Option<&Secret> {
        self.secrets.get(key)
    }

    /// The plain value of `key`, which a job cannot do without.
    ///
    /// # Errors
    /// When there is none.
    pub fn need(&self, key: &str) -> Result<&str, UserError> {
        self.text(key).ok_or_else(|| none(key, "--set"))
    }

    /// The secret value of `key`, which a job cannot do without.
    ///
    /// # Errors
    /// When there is none.
    pub fn need_secret(&self, key: &str) -> Result<&Secret, UserError> {
        self.secret(key).ok_or_else(|| none(key, "--secret"))
    }
}

fn none(key: &str, flag: &str) -> UserError {
    let what = if flag == "--secret" { "FILE" } else { "VALUE" };
    UserError::new(Category::Input, format!("{key} is missing"))
        .detail("This call cannot do without it")
        .hint(format!("Give {key} (on the command line: {flag} {key}={what})"))
        .about(key)
}

/// The moment that an input names, else `now`.
pub(super) fn moment(values: &Values, key: &str, now: jiff::Timestamp) -> Result<jiff::Timestamp, UserError> {
    let Some(text) = values.text(key) else { return Ok(now) };
    text.parse().map_err(|_| {
        UserError::new(Category::Input, format!("{key} is no moment"))
            .detail(format!("{text} is not RFC 3339"))
            .hint("Write it like 2026-11-23T15:00:00Z")
            .about(key)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Content {
        Content::read(
            r#"
name = "x"
title = "X"
group = "code"
does = ""
action = ""
checked = "2026-11-23"
guides = []
needs = []
[[input]]
key = "client_id"
label = "Client ID"
help = "h"
from = "web_client_id"
[[input]]
key = "mode"
label = "Mode"
help = "h"
default = "open"
choices = ["open", "closed"]
[[input]]
key = "key"
label = "Key"
help = "h"
secret = true
"#,
        )
        .unwrap()
    }

    fn given(pairs: &[(&str, &str)]) -> Given {
        Given { plain: pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(), ..Given::default() }
    }

    #[test]
    fn what_was_given_goes_before_the_profile_and_that_before_the_default() {
        let mut profile = Profile::sandbox();
        profile.web_client_id = Some("kept".to_owned());
        let values = Values::of(&content(), given(&[("client_id", " typed\n")]), Some(&profile)).unwrap();
        assert_eq!((values.text("client_id"), values.text("mode")), (Some("typed"), Some("open")));
        let values = Values::of(&content(), given(&[("client_id", "")]), Some(&profile)).unwrap();
        assert_eq!(values.text("client_id"), Some("kept"));
    }

    #[test]
    fn unknown_keys_other_choices_and_secrets_in_plain_text_are_refused_without_repeating_a_secret() {
        let refused = |pairs: &[(&str, &str)]| Values::of(&content(), given(pairs), None).unwrap_err();
        let unknown = refused(&[("colour", "red")]);
        assert!(unknown.detail.contains("client_id, mode, key"), "{unknown:?}");
        assert!(refused(&[("mode", "ajar")]).hint.contains("open, closed"));
        let secret = refused(&[("key", "hunter2hunter2")]);
        assert!(secret.hint.contains("--secret key=FILE") && !format!("{secret:?}").contains("hunter2"));
    }
}
