//! What Kinde's refusals mean on a walk: each has its sentence and its next action. Pure.

use jiff::{Timestamp, Unit};

use crate::check::Check;
use crate::clock::rfc3339;
use crate::error::{Category, UserError};
use crate::kinde::{ApiError, ApiErrorKind};

/// Which call was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `connected_apps/auth_url`
    AuthUrl,
    /// `connected_apps/token`
    Token,
    /// `connected_apps/revoke`
    Revoke,
}

impl Call {
    /// Stable name of the check and the step.
    pub fn name(self) -> &'static str {
        match self {
            Self::AuthUrl => "auth_url",
            Self::Token => "token",
            Self::Revoke => "revoke",
        }
    }

    fn scope(self) -> &'static str {
        match self {
            Self::AuthUrl | Self::Token => "read:connected_apps",
            Self::Revoke => "create:connected_apps",
        }
    }
}

/// Where the words of a walk are read: the facts are the same, what a person can do there is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Voice {
    /// In the window: it has a Cancel button and a box for the browser's last address.
    #[default]
    Window,
    /// On a terminal.
    Terminal,
}

impl Voice {
    /// What is said while Kinde has not confirmed.
    pub(super) fn waiting(self) -> &'static str {
        match self {
            Self::Window => "Kinde has not confirmed yet. If you pressed Deny, Cancel here",
            Self::Terminal => "If you pressed Deny, end this with Ctrl-C",
        }
    }

    /// What to do after a wait that nothing ended.
    pub(super) fn after_silence(self) -> &'static str {
        match self {
            Self::Window => "Connect again. If the browser showed an error, paste the address it ended on",
            Self::Terminal => "Run it again and allow it in the browser; --timeout SECONDS waits longer",
        }
    }
}

/// `1 time`, `2 times`.
pub fn asked_times(polls: u32) -> String {
    if polls == 1 { "1 time".to_owned() } else { format!("{polls} times") }
}

/// `2026-11-23T21:12:04Z`: fractions of a second say nothing to a person.
pub(super) fn to_the_second(at: Timestamp) -> String {
    rfc3339(at.round(Unit::Second).unwrap_or(at))
}

/// What a refusal of the address is about, by its code, else by its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// The Reference key.
    App,
    /// The user.
    User,
    /// The organization.
    Org,
    /// It does not say.
    Unsaid,
}

impl About {
    /// Kinde publishes no list of its codes: those seen name the thing (`USER_NOT_FOUND`).
    pub fn of(error: &ApiError) -> Self {
        let named = |text: &str| {
            let text = text.to_ascii_lowercase().replace('_', " ");
            let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).collect();
            let has = |any: &[&str]| any.iter().any(|word| words.contains(word));
            if text.contains("connected app") || text.contains("key code") {
                Some(Self::App)
            } else if has(&["organization", "organisation", "org"]) {
                Some(Self::Org)
            } else if has(&["user"]) {
                Some(Self::User)
            } else {
                None
            }
        };
        let says =
            |word| error.codes.iter().any(|(code, message)| format!("{code} {message}").to_lowercase().contains(word));
        if says("callback") || says("redirect") {
            return Self::Unsaid;
        }
        let by_code = error.codes.iter().find_map(|(code, _)| named(code));
        by_code.or_else(|| error.codes.iter().find_map(|(_, message)| named(message))).unwrap_or(Self::Unsaid)
    }
}

/// The refusal of `call` as a person reads it. `key` is the Reference key, where one is known.
pub fn error_of(call: Call, key: Option<&str>, error: &ApiError) -> UserError {
    let said = error
        .codes
        .iter()
        .map(|(code, message)| if code.is_empty() { message.clone() } else { format!("{code}: {message}") })
        .collect::<Vec<_>>()
        .join("; ");
    let evidence = match (error.status, said.is_empty()) {
        (Some(status), false) => format!(". Kinde says: {status} {said}"),
        (Some(status), true) => format!(". Kinde answered {status}"),
        (None, _) => String::new(),
    };
    let tell = |category, title: String, why: &str, hint: String| {
        UserError::new(category, title).detail(format!("{why}{evidence}")).hint(hint)
    };
    let key = key.filter(|key| !key.is_empty());
    let app = key.map_or_else(|| "this app".to_owned(), |key| format!("the key {key}"));
    match (&error.kind, call) {
        (ApiErrorKind::ScopeMissing(scope), _) => {
            let scope = if scope.is_empty() { call.scope() } else { scope };
            tell(
                Category::Auth,
                format!("The M2M application lacks the scope {scope}"),
                "A token minted just now does not have it either",
                format!("Switch on {scope} under the M2M application > APIs > Kinde Management API > Manage scopes, save, and try again"),
            )
        }
        (ApiErrorKind::Forbidden, _) => tell(
            Category::Auth,
            "Kinde refuses this call".to_owned(),
            "It gives no reason; a missing scope is the usual one",
            format!("See in the doctor whether the M2M application has {}", call.scope()),
        ),
        (ApiErrorKind::NotFound | ApiErrorKind::Validation, Call::AuthUrl) if About::of(error) == About::User => tell(
            Category::Api,
            "Kinde knows no such user".to_owned(),
            "Users belong to one environment: the id is of another one, or the user was deleted",
            "Choose a user of this profile's environment; an id begins with kp_".to_owned(),
        ),
        (ApiErrorKind::NotFound | ApiErrorKind::Validation, Call::AuthUrl) if About::of(error) == About::Org => tell(
            Category::Api,
            "Kinde knows no such organization".to_owned(),
            "Its code is wanted, not its name, and it belongs to one environment",
            "Copy the code from Organizations > the organization > Details; it begins with org_".to_owned(),
        ),
        (ApiErrorKind::NotFound | ApiErrorKind::Validation, Call::AuthUrl) if About::of(error) == About::App => tell(
            Category::Api,
            format!("Kinde knows no connected app by {app}"),
            "The Reference key is compared letter by letter, in this environment alone",
            "Compare it with Settings > Connected apps > Configure > Details".to_owned(),
        ),
        (ApiErrorKind::NotFound | ApiErrorKind::Validation, Call::AuthUrl) => tell(
            Category::Api,
            format!("Kinde knows no connected app by {app}, or not this user or organization"),
            "The Reference key is compared letter by letter, in this environment alone",
            "Compare it with Settings > Connected apps > Configure > Details, and check that user and profile are of the same environment".to_owned(),
        ),
        (ApiErrorKind::InvalidSession | ApiErrorKind::NotFound | ApiErrorKind::Validation, Call::Token) => tell(
            Category::Api,
            "Kinde has no token for this session".to_owned(),
            "It was not consented to yet, was denied, has expired or was revoked: Kinde answers the same to all four",
            "Finish the consent if it is still open, else connect again".to_owned(),
        ),
        (ApiErrorKind::InvalidSession | ApiErrorKind::NotFound | ApiErrorKind::Validation, Call::Revoke) => tell(
            Category::Api,
            "Kinde knows no such session to revoke".to_owned(),
            "It was revoked before, has expired, or belongs to another environment",
            "Check the session and the profile; a token that is still in use has to be revoked at the provider".to_owned(),
        ),
        _ => {
            let mut told = UserError::from(error.clone());
            if let Some(wait) = error.retry_after {
                told.hint = format!("Try again in {} s", wait.as_secs().max(1));
            }
            told
        }
    }
}

/// The refusal of `call` as a failing check.
pub fn check_of(call: Call, key: Option<&str>, error: &ApiError) -> Check {
    let told = error_of(call, key, error);
    let hint = if told.hint.is_empty() { "Try again".to_owned() } else { told.hint };
    Check::fail(call.name(), told.title, hint).seen(told.detail)
}

/// What a refused poll means while one waits: `None` ends the walk, `Some(None)` is the ordinary "not yet", and
/// `Some(Some(_))` is trouble that may pass, in words.
pub(super) fn pending(error: &ApiError) -> Option<Option<String>> {
    match &error.kind {
        // Kinde does not document what it answers before consent: any 400 is "not yet, or never".
        ApiErrorKind::InvalidSession => Some(None),
        ApiErrorKind::Validation if error.status == Some(400) => Some(None),
        _ if error.can_retry() => {
            let told = error_of(Call::Token, None, error);
            Some(Some(if told.hint.starts_with("Try again in") {
                format!("{}. {}", told.title, told.hint)
            } else {
                told.title
            }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn error(kind: ApiErrorKind, status: u16) -> ApiError {
        ApiError { kind, status: Some(status), codes: vec![("X".into(), "said".into())], retry_after: None, wire: None }
    }

    #[test]
    fn every_refusal_has_words_and_a_next_action_of_its_own() {
        let mut titles = std::collections::BTreeSet::new();
        for (call, kind, status) in [
            (Call::AuthUrl, ApiErrorKind::NotFound, 404),
            (Call::AuthUrl, ApiErrorKind::ScopeMissing("read:connected_apps".into()), 403),
            (Call::Revoke, ApiErrorKind::ScopeMissing(String::new()), 403),
            (Call::AuthUrl, ApiErrorKind::Forbidden, 403),
            (Call::AuthUrl, ApiErrorKind::Unauthorized, 401),
            (Call::AuthUrl, ApiErrorKind::RouteNotFound, 404),
            (Call::AuthUrl, ApiErrorKind::RateLimited, 429),
            (Call::AuthUrl, ApiErrorKind::Server, 503),
            (Call::AuthUrl, ApiErrorKind::Unexpected, 200),
            (Call::Token, ApiErrorKind::InvalidSession, 400),
            (Call::Revoke, ApiErrorKind::InvalidSession, 400),
        ] {
            let check = check_of(call, Some("github"), &error(kind, status));
            assert!(!check.fix.as_ref().unwrap().is_empty(), "{check:?}");
            assert!(titles.insert(check.why.clone().unwrap()), "twice: {check:?}");
        }
        assert!(titles.iter().any(|title| title.contains("create:connected_apps")));
    }

    #[test]
    fn an_unknown_user_organization_and_app_are_told_apart_by_code_or_by_words() {
        let told = |code: &str, message: &str| {
            let codes = vec![(code.to_owned(), message.to_owned())];
            error_of(Call::AuthUrl, Some("github"), &ApiError { codes, ..error(ApiErrorKind::Validation, 400) })
        };
        for (code, message, title) in [
            ("USER_NOT_FOUND", "The user was not found", "Kinde knows no such user"),
            ("", "User not found", "Kinde knows no such user"),
            ("ORGANIZATION_NOT_FOUND", "x", "Kinde knows no such organization"),
            ("INVALID", "Unknown org code", "Kinde knows no such organization"),
            ("CONNECTED_APP_NOT_FOUND", "x", "Kinde knows no connected app by the key github"),
            ("USER_NOT_FOUND", "in the organization", "Kinde knows no such user"),
        ] {
            assert_eq!(told(code, message).title, title, "{code} {message}");
        }
        assert!(told("NOT_FOUND", "no").title.contains("or not this user or organization"), "where it does not say");
    }

    #[test]
    fn a_moment_is_told_to_the_second() {
        let at = "2026-11-23T21:26:01.344706Z".parse().unwrap();
        assert_eq!((to_the_second(at), asked_times(1)), ("2026-11-23T21:26:01Z".to_owned(), "1 time".to_owned()));
    }

    #[test]
    fn a_wait_that_kinde_names_is_told() {
        let mut limited = error(ApiErrorKind::RateLimited, 429);
        limited.retry_after = Some(Duration::from_secs(7));
        assert_eq!(error_of(Call::Token, None, &limited).hint, "Try again in 7 s");
    }
}
