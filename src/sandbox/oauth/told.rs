//! The errors of the authorization server, in its own words: at the token endpoint as JSON, at the authorization endpoint
//! in the address the browser is sent back to.

use serde_json::json;

use crate::sandbox::ask::Reply;

const INVALID_CLIENT: &str = "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method).";
const INVALID_REQUEST: &str = "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed.";
const INVALID_SCOPE: &str = "The requested scope is invalid, unknown, or malformed.";
const INVALID_GRANT: &str = "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.";
const INVALID_STATE: &str =
    "The state is missing or does not have enough characters and is therefore considered too weak.";
const UNSUPPORTED_RESPONSE: &str = "The authorization server does not support obtaining a token using this method.";
const LOGIN_REQUIRED: &str = "The Authorization Server requires End-User authentication.";
const ACCESS_DENIED: &str = "The resource owner or authorization server denied the request.";
const UNAUTHORIZED: &str =
    "The request could not be authorized. Check that you provided valid credentials in the right format.";

/// An error: its name in RFC 6749 or OpenID Connect, the server's sentence, and its hint for this case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// HTTP status at the token endpoint.
    pub status: u16,
    /// `error`.
    pub error: &'static str,
    /// `error_description`.
    pub description: String,
}

impl Told {
    fn new(status: u16, error: &'static str, sentence: &str, hint: &str) -> Self {
        let description = format!("{sentence} {hint}").trim_end().to_owned();
        Self { status, error, description }
    }

    /// `invalid_client`, 401.
    pub fn client(hint: &str) -> Self {
        Self::new(401, "invalid_client", INVALID_CLIENT, hint)
    }

    /// `invalid_request`, 400.
    pub fn request(hint: &str) -> Self {
        Self::new(400, "invalid_request", INVALID_REQUEST, hint)
    }

    /// `invalid_scope`, 400.
    pub fn scope(scope: &str) -> Self {
        let hint = format!("The OAuth 2.0 Client is not allowed to request scope '{scope}'.");
        Self::new(400, "invalid_scope", INVALID_SCOPE, &hint)
    }

    /// `invalid_grant`, 400.
    pub fn grant(hint: &str) -> Self {
        Self::new(400, "invalid_grant", INVALID_GRANT, hint)
    }

    /// `invalid_state`: shorter than [`super::request::LEAST_STATE`].
    pub fn state(least: usize) -> Self {
        let hint = format!(
            "Request parameter 'state' must be at least be {least} characters long to ensure sufficient entropy."
        );
        Self::new(400, "invalid_state", INVALID_STATE, &hint)
    }

    /// `unsupported_response_type`.
    pub fn response_type(asked: &str) -> Self {
        let hint = format!("The client is not allowed to request response_type '{asked}'.");
        Self::new(400, "unsupported_response_type", UNSUPPORTED_RESPONSE, &hint)
    }

    /// `login_required`: `prompt=none`, and nobody is signed in.
    pub fn login() -> Self {
        Self::new(400, "login_required", LOGIN_REQUIRED, "")
    }

    /// `access_denied`: the person said no.
    pub fn denied() -> Self {
        Self::new(403, "access_denied", ACCESS_DENIED, "")
    }

    /// `request_unauthorized`, 401: no good access token.
    pub fn unauthorized() -> Self {
        Self::new(401, "request_unauthorized", UNAUTHORIZED, "")
    }

    /// For the token endpoint.
    pub fn reply(&self) -> Reply {
        no_store(Reply::json(self.status, &json!({"error": self.error, "error_description": self.description})))
    }
}

/// What must be kept by no cache (RFC 6749, 5.1).
pub fn no_store(reply: Reply) -> Reply {
    reply.header("cache-control", "no-store").header("pragma", "no-cache")
}
