//! What Kinde's refusals mean on a walk: each has its sentence and its next action. Pure.

use crate::check::Check;
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
    fn a_wait_that_kinde_names_is_told() {
        let mut limited = error(ApiErrorKind::RateLimited, 429);
        limited.retry_after = Some(Duration::from_secs(7));
        assert_eq!(error_of(Call::Token, None, &limited).hint, "Try again in 7 s");
    }
}
