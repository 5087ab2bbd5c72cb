//! The Management API: one method a call, with its scope.
//!
//! Every call carries the kept token. One that lacks a scope, or is no longer accepted, is replaced by a new one once
//! and the call sent again; after that the refusal is told.

use serde_json::{Value, json};

use super::domain::Domain;
use super::error::{ApiError, ApiErrorKind};
use super::model::{AuthUrl, Environment, ProviderToken, Subject, User, UserPage, Wire, parse_time};
use super::token::TokenSource;
use crate::net::{Answer, Http, Request};
use crate::secrets::Secret;

/// The Management API of one tenant. Clones share the token.
#[derive(Debug, Clone)]
pub struct KindeApi {
    http: Http,
    domain: Domain,
    tokens: TokenSource,
}

impl KindeApi {
    /// The API at `domain`, which is the tenant's Kinde domain and not a custom one.
    pub fn new(http: Http, domain: Domain, tokens: TokenSource) -> Self {
        Self { http, domain, tokens }
    }

    /// Where its tokens come from.
    pub fn tokens(&self) -> &TokenSource {
        &self.tokens
    }

    /// The domain it calls.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// `GET /api/v1/environment`, scope `read:environments`.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn environment(&self) -> Result<Environment, ApiError> {
        let answer = self.call(&self.request(http::Method::GET, "Read the environment", "/api/v1/environment")).await?;
        read(&answer, |body| Environment::read(body, Wire::from(&answer)))
    }

    /// `GET /api/v1/search/users`, scope `read:users`: by email or name; an empty query lists all.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn search_users(
        &self,
        query: &str,
        starting_after: Option<&str>,
        page_size: u32,
    ) -> Result<UserPage, ApiError> {
        let query = query.trim();
        let mut request = self
            .request(http::Method::GET, "Search users", "/api/v1/search/users")
            .query("query", if query.is_empty() { "*" } else { query })
            .query("page_size", page_size.to_string());
        if let Some(id) = starting_after {
            request = request.query("starting_after", id);
        }
        let answer = self.call(&request).await?;
        read(&answer, |body| UserPage::read(body, page_size, Wire::from(&answer)))
    }

    /// `POST /api/v1/user`, scope `create:users`: a user with one verified email address.
    ///
    /// # Errors
    /// See [`ApiError`]; an address already in use is [`ApiErrorKind::Validation`].
    pub async fn create_test_user(&self, email: &str, first: &str, last: &str) -> Result<User, ApiError> {
        let request = self.request(http::Method::POST, "Create a test user", "/api/v1/user").json(json!({
            "profile": {"given_name": first, "family_name": last},
            "identities": [{"type": "email", "is_verified": true, "details": {"email": email}}],
        }));
        let answer = self.call(&request).await?;
        read(&answer, |body| {
            let id = body.get("id").and_then(Value::as_str)?;
            let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            Some(User {
                id: id.to_owned(),
                email: text(email),
                first_name: text(first),
                last_name: text(last),
                ..User::default()
            })
        })
    }

    /// `GET /api/v1/connected_apps/auth_url`, scope `read:connected_apps`. `key` is the app's Reference key.
    ///
    /// # Errors
    /// See [`ApiError`]; an unknown key is [`ApiErrorKind::NotFound`] or [`ApiErrorKind::Validation`].
    pub async fn auth_url(
        &self,
        key: &str,
        subject: &Subject,
        override_callback_url: Option<&str>,
    ) -> Result<AuthUrl, ApiError> {
        let mut request = self
            .request(http::Method::GET, "Ask for the consent address", "/api/v1/connected_apps/auth_url")
            .query("key_code_ref", key);
        request = match subject {
            Subject::User(id) => request.query("user_id", id.as_str()),
            Subject::Org(code) => request.query("org_code", code.as_str()),
        };
        if let Some(url) = override_callback_url {
            request = request.query("override_callback_url", url);
        }
        let answer = self.call(&request).await?;
        read(&answer, |body| {
            let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
            Some(AuthUrl {
                url: text("url")?.to_owned(),
                session_id: Secret::new(text("session_id")?),
                answer: Wire::from(&answer),
            })
        })
    }

    /// `GET /api/v1/connected_apps/token`, scope `read:connected_apps`. Before consent, and after a Deny, Kinde answers
    /// the same 400 as to a dead session: [`ApiErrorKind::InvalidSession`].
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn connected_app_token(&self, session: &Secret) -> Result<ProviderToken, ApiError> {
        let request = self
            .request(http::Method::GET, "Ask for the provider's token", "/api/v1/connected_apps/token")
            .query("session_id", session.clone());
        let answer = self.call(&request).await.map_err(without(session))?;
        read(&answer, |body| {
            let token = body.get("access_token").and_then(Value::as_str).filter(|text| !text.is_empty())?;
            let expiry = body.get("access_token_expiry").filter(|expiry| !expiry.is_null());
            Some(ProviderToken {
                access_token: Secret::new(token),
                expires_at: expiry.and_then(parse_time),
                expires_raw: expiry.map(|expiry| expiry.as_str().map_or_else(|| expiry.to_string(), str::to_owned)),
                wire: Wire::from(&answer),
            })
        })
    }

    /// `POST /api/v1/connected_apps/revoke`, scope `create:connected_apps`; the session stands in the query.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn connected_app_revoke(&self, session: &Secret) -> Result<Wire, ApiError> {
        let request = self
            .request(http::Method::POST, "Revoke the connected app's session", "/api/v1/connected_apps/revoke")
            .query("session_id", session.clone());
        self.call(&request).await.map_err(without(session)).map(|answer| Wire::from(&answer))
    }

    /// GET of any path and query of the API, with the token: "Edit and send again".
    ///
    /// # Errors
    /// When no answer came or there was no token; an answer with any status is no error here.
    pub async fn get(&self, path_and_query: &str) -> Result<Answer, ApiError> {
        let token = self.tokens.token().await?;
        let request = self.request(http::Method::GET, "Sent again", path_and_query).bearer(token.secret);
        Ok(self.http.send(request).await?)
    }

    pub(super) fn request(&self, method: http::Method, purpose: impl Into<String>, path: &str) -> Request {
        Request::new(method, purpose, self.domain.join(path)).header("accept", "application/json")
    }

    /// Sends `request` with the kept token; once more with a new one when the kept one is what was refused.
    pub(super) async fn call(&self, request: &Request) -> Result<Answer, ApiError> {
        let (token, new) = self.tokens.obtain().await?;
        let first = self.send(request, &token.secret).await;
        // A token minted for this very call cannot be out of date: another would be refused the same way.
        if new || !is_about_the_token(&first) {
            return first;
        }
        let Some(token) = self.tokens.other_than(&token).await? else { return first };
        let second = self.send(request, &token.secret).await;
        if is_about_the_token(&second) {
            self.tokens.was_of_no_help().await;
        }
        second
    }

    async fn send(&self, request: &Request, token: &Secret) -> Result<Answer, ApiError> {
        let answer = self.http.send(request.clone().bearer(token.clone())).await?;
        if answer.is_success() { Ok(answer) } else { Err(ApiError::from_answer(&answer)) }
    }
}

/// True for a refusal that a newer token may not meet: scopes are fixed at mint, and tokens expire.
fn is_about_the_token(result: &Result<Answer, ApiError>) -> bool {
    matches!(result, Err(ApiError { kind: ApiErrorKind::ScopeMissing(_) | ApiErrorKind::Unauthorized, .. }))
}

/// An id as one segment of a path, whatever was pasted for it.
pub(super) fn segment(id: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC.remove(b'_').remove(b'-');
    // A segment of dots alone means another folder, percent-encoded or not.
    percent_encoding::utf8_percent_encode(&id.replace('.', "%2E"), KEPT).to_string()
}

/// The body by `take`, or the refusal to take it for what it should be.
pub(super) fn read<T>(answer: &Answer, take: impl FnOnce(&Value) -> Option<T>) -> Result<T, ApiError> {
    answer.json().as_ref().and_then(take).ok_or_else(|| ApiError::unexpected(answer))
}

/// Takes `session` out of what an error quotes.
fn without(session: &Secret) -> impl Fn(ApiError) -> ApiError + '_ {
    |mut error| {
        for (code, message) in &mut error.codes {
            *code = session.redact(code);
            *message = session.redact(message);
        }
        error
    }
}
