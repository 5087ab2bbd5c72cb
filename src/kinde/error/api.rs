//! Refusals of the Management API.

use std::time::Duration;

use serde_json::Value;

use super::{TokenError, TokenErrorKind, is_html, wait_words};
use crate::error::{Category, UserError};
use crate::kinde::model::Wire;
use crate::net::{Answer, NetError};

/// Why a call of the Management API gave no result.
#[derive(Debug, Clone)]
pub struct ApiError {
    /// What kind of refusal.
    pub kind: ApiErrorKind,
    /// HTTP status, where an answer came.
    pub status: Option<u16>,
    /// Code and message of every error in the body.
    pub codes: Vec<(String, String)>,
    /// How long Kinde asks to wait.
    pub retry_after: Option<Duration>,
    /// Where it came from.
    pub wire: Option<Wire>,
}

/// The refusals of the Management API.
#[derive(Debug, Clone)]
pub enum ApiErrorKind {
    /// No answer came.
    Network(Box<NetError>),
    /// 401, with a token minted just now too.
    Unauthorized,
    /// 403 `SCOPE_MISSING`: the scope, as Kinde names it.
    ScopeMissing(String),
    /// 403 without a reason.
    Forbidden,
    /// 400: the session is not (yet, or no longer) good. Kinde does not say which.
    InvalidSession,
    /// 404.
    NotFound,
    /// 404 `ROUTE_NOT_FOUND`, or a web page in its place: not an address of the API.
    RouteNotFound,
    /// 400 and others: what was sent is refused.
    Validation,
    /// 429.
    RateLimited,
    /// 5xx.
    Server,
    /// An answer of another shape.
    Unexpected,
    /// There was no token to call with.
    Token(Box<TokenError>),
}

impl ApiError {
    pub(in crate::kinde) fn from_answer(answer: &Answer) -> Self {
        let codes = answer.json().map(|body| codes_in(&body)).unwrap_or_default();
        let has = |code: &str| codes.iter().any(|(found, _)| found == code);
        let scope = codes.iter().find(|(code, _)| code == "SCOPE_MISSING").map(|(_, message)| {
            message.rsplit_once(": ").map_or(message.as_str(), |(_, scope)| scope).trim().to_owned()
        });
        let session = || {
            codes
                .iter()
                .any(|(code, message)| code.contains("SESSION") || message.to_ascii_lowercase().contains("session"))
        };
        let kind = match answer.status {
            _ if scope.is_some() => ApiErrorKind::ScopeMissing(scope.unwrap_or_default()),
            401 => ApiErrorKind::Unauthorized,
            403 => ApiErrorKind::Forbidden,
            404 if has("ROUTE_NOT_FOUND") || is_html(answer) => ApiErrorKind::RouteNotFound,
            404 => ApiErrorKind::NotFound,
            429 => ApiErrorKind::RateLimited,
            400 if session() => ApiErrorKind::InvalidSession,
            400..=499 => ApiErrorKind::Validation,
            500.. => ApiErrorKind::Server,
            _ => ApiErrorKind::Unexpected,
        };
        Self {
            kind,
            status: Some(answer.status),
            codes,
            // Some gateways write the header under every answer; only these two ask to wait.
            retry_after: answer.retry_after().filter(|_| matches!(answer.status, 429 | 503)),
            wire: Some(Wire::from(answer)),
        }
    }

    /// An answer with a good status whose body is not what the call promises.
    pub(in crate::kinde) fn unexpected(answer: &Answer) -> Self {
        Self { kind: ApiErrorKind::Unexpected, ..Self::from_answer(answer) }
    }

    /// The scope that is missing, where that is the trouble.
    pub fn missing_scope(&self) -> Option<&str> {
        if let ApiErrorKind::ScopeMissing(scope) = &self.kind { Some(scope) } else { None }
    }

    /// What came back, without what it usually means: the status, and Kinde's own words.
    pub fn said(&self) -> String {
        let words = |(code, message): &(String, String)| {
            [code.as_str(), message].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ")
        };
        let said = self.codes.iter().map(words).collect::<Vec<_>>().join("; ");
        let status = self.status.map(|status| format!("HTTP {status}"));
        let said = (!said.is_empty()).then(|| format!("Kinde says: {said}"));
        [status, said].into_iter().flatten().collect::<Vec<_>>().join(". ")
    }

    /// True where the same call may succeed later without anything being changed.
    pub fn can_retry(&self) -> bool {
        match &self.kind {
            ApiErrorKind::Network(_) | ApiErrorKind::RateLimited | ApiErrorKind::Server => true,
            ApiErrorKind::Token(error) => error.can_retry(),
            _ => false,
        }
    }
}

/// `errors` as an array, as one object, as a text, or OAuth's `error` with its description.
fn codes_in(body: &Value) -> Vec<(String, String)> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let pair = |error: &Value| {
        error.as_str().map_or_else(
            || (text(error.get("code")), text(error.get("message"))),
            |message| (String::new(), message.to_owned()),
        )
    };
    match body.get("errors") {
        Some(Value::Array(errors)) => errors.iter().map(pair).collect(),
        Some(error @ (Value::Object(_) | Value::String(_))) => vec![pair(error)],
        _ if body.get("error").is_some_and(Value::is_string) => {
            vec![(text(body.get("error")), text(body.get("error_description")))]
        }
        _ if body.get("code").is_some() => vec![pair(body)],
        _ => Vec::new(),
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        Self {
            status: error.status,
            codes: Vec::new(),
            retry_after: if let TokenErrorKind::RateLimited(wait) = &error.kind { *wait } else { None },
            wire: error.wire.clone(),
            kind: ApiErrorKind::Token(Box::new(error)),
        }
    }
}

impl From<NetError> for ApiError {
    fn from(error: NetError) -> Self {
        Self {
            kind: ApiErrorKind::Network(Box::new(error)),
            status: None,
            codes: Vec::new(),
            retry_after: None,
            wire: None,
        }
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&UserError::from(self.clone()).title)
    }
}

impl std::error::Error for ApiError {}

impl From<ApiError> for UserError {
    fn from(error: ApiError) -> Self {
        let (category, title, cause, hint) = match &error.kind {
            ApiErrorKind::Network(net) => return (**net).clone().into(),
            ApiErrorKind::Token(token) => return (**token).clone().into(),
            ApiErrorKind::Unauthorized => (
                Category::Auth,
                "Kinde does not accept the access token".to_owned(),
                "A token minted just now is refused too",
                "Check that the domain is the tenant's Kinde domain, and run the doctor".to_owned(),
            ),
            ApiErrorKind::ScopeMissing(scope) => (
                Category::Auth,
                format!("The M2M application lacks the scope {scope}"),
                "A token minted just now does not have it either",
                format!(
                    "Open the M2M application > APIs > Kinde Management API > Manage scopes, switch on {scope} and save, then try again"
                ),
            ),
            ApiErrorKind::Forbidden => (
                Category::Auth,
                "Kinde refuses this call".to_owned(),
                "It gives no reason; a missing scope or credentials of another environment are the usual ones",
                "Run the doctor: it names what the application may do".to_owned(),
            ),
            ApiErrorKind::InvalidSession => (
                Category::Api,
                "The session is not good".to_owned(),
                "It was never consented to, has expired, or was revoked; Kinde answers the same to all three",
                "Connect again for a new session".to_owned(),
            ),
            ApiErrorKind::NotFound => (
                Category::Api,
                "Kinde does not know what was asked for".to_owned(),
                "No such thing exists in this environment",
                "Check the id or key, and that the profile is of the right environment".to_owned(),
            ),
            ApiErrorKind::RouteNotFound => (
                Category::Api,
                "This address is not part of the Management API".to_owned(),
                "The path is wrong, or the domain is not the tenant's Kinde domain",
                if error.wire.as_ref().is_some_and(|wire| is_singular(&wire.curl)) {
                    "Webhooks are plural in every path: /api/v1/webhooks, and /api/v1/webhooks/{id} for one".to_owned()
                } else {
                    "The API answers on https://<name>.kinde.com/api/v1, not on a custom domain".to_owned()
                },
            ),
            ApiErrorKind::Validation => (
                Category::Api,
                "Kinde refuses what was sent".to_owned(),
                "A value is missing or not allowed",
                "Correct it and try again; Activity, or --trace on the command line, shows what was sent".to_owned(),
            ),
            ApiErrorKind::RateLimited => (
                Category::Api,
                "Kinde asks to slow down".to_owned(),
                "Too many calls in a short time",
                wait_words(error.retry_after),
            ),
            ApiErrorKind::Server => (
                Category::Api,
                "Kinde has trouble of its own".to_owned(),
                "The API answered with a server error",
                "Try again in a minute; status.kinde.com tells of outages".to_owned(),
            ),
            ApiErrorKind::Unexpected => (
                Category::Api,
                "The answer is not what Kinde's API sends".to_owned(),
                "The domain may be a web site, or a proxy stands between",
                "Check the domain; Activity, or --trace on the command line, shows the whole answer".to_owned(),
            ),
        };
        let said = error.said();
        let detail = if said.is_empty() { cause.to_owned() } else { format!("{cause}. {said}") };
        Self::new(category, title).detail(detail).hint(hint)
    }
}

/// A path that one page of Kinde's guides has, and the API does not.
fn is_singular(curl: &str) -> bool {
    curl.split_once("/api/v1/webhook").is_some_and(|(_, rest)| !rest.starts_with('s'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_singular_path_is_told_to_be_plural_and_any_other_unknown_one_is_not() {
        let hint = |path: &str| {
            let curl = format!("curl 'https://acme.kinde.com/api/v1/{path}' -H 'accept: application/json'");
            let body = br#"{"errors":{"code":"ROUTE_NOT_FOUND","message":"no such route"}}"#.to_vec();
            let answer = Answer { status: 404, headers: Vec::new(), body, ms: 1, exchange: 1, curl };
            UserError::from(ApiError::from_answer(&answer)).hint
        };
        for path in ["webhook", "webhook/webhook_1", "webhook?x=1"] {
            assert!(hint(path).contains("plural"), "{path}");
        }
        for path in ["webhooks", "webhooks/webhook_1/x", "nonsense"] {
            assert!(!hint(path).contains("plural"), "{path}");
        }
    }

    #[test]
    fn only_an_answer_that_asks_to_wait_says_how_long() {
        let waits = |status| {
            let headers = vec![("retry-after".to_owned(), "3600".to_owned())];
            let answer = Answer { status, headers, body: Vec::new(), ms: 1, exchange: 1, curl: String::new() };
            ApiError::from_answer(&answer).retry_after.map(|wait| wait.as_secs())
        };
        assert_eq!([429, 503].map(waits), [Some(3600), Some(3600)]);
        assert_eq!([200, 301, 400, 403, 404, 500].map(waits), [None; 6]);
    }
}
