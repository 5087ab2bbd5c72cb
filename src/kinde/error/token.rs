//! Refusals of the token endpoint.

use std::time::Duration;

use serde_json::Value;

use super::{host_of, is_html, wait_words};
use crate::error::{Category, UserError};
use crate::kinde::model::Wire;
use crate::net::{Answer, NetError};

/// Why the token endpoint gave no token.
#[derive(Debug, Clone)]
pub struct TokenError {
    /// What kind of refusal.
    pub kind: TokenErrorKind,
    /// HTTP status, where an answer came.
    pub status: Option<u16>,
    /// Kinde's own words, secrets taken out.
    pub said: Option<String>,
    /// Where it came from.
    pub wire: Option<Wire>,
}

/// The refusals of `POST /oauth2/token`, told apart by their real bodies.
#[derive(Debug, Clone)]
pub enum TokenErrorKind {
    /// No answer came.
    Network(Box<NetError>),
    /// 404: no such tenant at Kinde, or no application of that client ID in it.
    UnknownDomainOrClient,
    /// `invalid_client`: the secret is not this application's.
    WrongSecret,
    /// The audience ends in `/api/v1`, a slip of one of Kinde's pages.
    AudienceIsV1(String),
    /// "has not been whitelisted": another audience, or the application is not authorised for the Management API.
    AudienceRefused(String),
    /// `unauthorized_client`: the application may not use this grant, or not this API.
    Unauthorized,
    /// `invalid_scope`: the scope that was asked for.
    ScopeRefused(String),
    /// `unsupported_grant_type`.
    GrantRefused,
    /// `invalid_request` of another kind.
    BadRequest,
    /// 429.
    RateLimited(Option<Duration>),
    /// A web page instead of JSON.
    Html,
    /// Nothing in the body.
    Empty,
    /// 3xx: the domain forwards elsewhere.
    Redirect(Option<String>),
    /// 5xx.
    Server,
    /// 200 without an access token, or JSON of another shape.
    Unexpected,
    /// No client ID or secret is known for the profile.
    NoCredentials,
}

impl TokenError {
    pub(in crate::kinde) fn network(error: NetError) -> Self {
        Self { kind: TokenErrorKind::Network(Box::new(error)), status: None, said: None, wire: None }
    }

    pub(in crate::kinde) fn from_answer(answer: &Answer, audience: &str, redact: &dyn Fn(&str) -> String) -> Self {
        let body = answer.json();
        let member =
            |name: &str| body.as_ref().and_then(|body| body.get(name)).and_then(Value::as_str).map(str::to_owned);
        let code = member("error").unwrap_or_default();
        let description = member("error_description").or_else(|| member("message")).unwrap_or_default();
        let kind = token_kind(answer, &code, &description, audience, body.is_some());
        let said = [code, description].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
        Self {
            kind,
            status: Some(answer.status),
            said: (!said.is_empty()).then(|| redact(&said)),
            wire: Some(Wire::from(answer)),
        }
    }
}

fn token_kind(answer: &Answer, code: &str, description: &str, audience: &str, is_json: bool) -> TokenErrorKind {
    if description.contains("whitelisted") {
        return if audience.trim_end_matches('/').ends_with("/api/v1") {
            TokenErrorKind::AudienceIsV1(audience.to_owned())
        } else {
            TokenErrorKind::AudienceRefused(audience.to_owned())
        };
    }
    match code {
        "invalid_client" => return TokenErrorKind::WrongSecret,
        "unauthorized_client" | "access_denied" => return TokenErrorKind::Unauthorized,
        "invalid_scope" => return TokenErrorKind::ScopeRefused(quoted_in(description).unwrap_or_default()),
        "unsupported_grant_type" => return TokenErrorKind::GrantRefused,
        "invalid_request" => return TokenErrorKind::BadRequest,
        _ => {}
    }
    match answer.status {
        404 => TokenErrorKind::UnknownDomainOrClient,
        429 => TokenErrorKind::RateLimited(answer.retry_after()),
        300..=399 => TokenErrorKind::Redirect(answer.header("location").and_then(host_of)),
        500.. => TokenErrorKind::Server,
        401 => TokenErrorKind::WrongSecret,
        _ if is_json => TokenErrorKind::Unexpected,
        _ if answer.body.iter().all(u8::is_ascii_whitespace) => TokenErrorKind::Empty,
        _ if is_html(answer) => TokenErrorKind::Html,
        _ => TokenErrorKind::Unexpected,
    }
}

/// The text between the last pair of single quotes: fosite quotes the scope it refuses.
fn quoted_in(text: &str) -> Option<String> {
    let (before, _) = text.rsplit_once('\'')?;
    before.rsplit_once('\'').map(|(_, inside)| inside.to_owned())
}

impl std::fmt::Display for TokenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentence().1)
    }
}

impl std::error::Error for TokenError {}

impl TokenError {
    /// True where the same call may succeed later without anything being changed.
    pub fn can_retry(&self) -> bool {
        matches!(
            self.kind,
            TokenErrorKind::Network(_)
                | TokenErrorKind::RateLimited(_)
                | TokenErrorKind::Server
                | TokenErrorKind::Empty
        )
    }

    /// Category, what happened, the likely cause, what to do.
    fn sentence(&self) -> (Category, String, String, String) {
        use TokenErrorKind as Kind;
        let four = |category, title: &str, detail: &str, hint: &str| {
            (category, title.to_owned(), detail.to_owned(), hint.to_owned())
        };
        match &self.kind {
            Kind::Network(error) => {
                let told = UserError::from((**error).clone());
                (Category::Network, told.title, told.detail, told.hint)
            }
            Kind::UnknownDomainOrClient => four(
                Category::Auth,
                "Kinde knows no such application at this domain",
                "Either the domain is not a Kinde tenant, or the client ID belongs to another environment",
                "Copy domain and client ID again, both from the same environment's M2M application",
            ),
            Kind::WrongSecret => four(
                Category::Auth,
                "The client secret is wrong",
                "Kinde knows the client ID and refuses the secret",
                "Copy the client secret again from the M2M application's View details page; a rotated secret replaces the old one",
            ),
            Kind::AudienceIsV1(audience) => (
                Category::Auth,
                "The audience must end in /api, not /api/v1".to_owned(),
                format!("{audience} was asked for; one page of Kinde's guides has it so by mistake"),
                format!("Set the audience to {}", audience.trim_end_matches('/').trim_end_matches("/v1")),
            ),
            Kind::AudienceRefused(audience) => (
                Category::Auth,
                "The application is not authorised for the Management API".to_owned(),
                format!("Kinde refuses the audience {audience} for this client"),
                "Open the M2M application > APIs, and authorise the Kinde Management API. With a custom domain the audience is still https://<name>.kinde.com/api".to_owned(),
            ),
            Kind::Unauthorized => four(
                Category::Auth,
                "The application may not ask for machine to machine tokens",
                "It is a web application, or an M2M application that is not authorised for the Management API",
                "Use the client ID and secret of a machine to machine application, and authorise the Kinde Management API under its APIs",
            ),
            Kind::ScopeRefused(scope) => (
                Category::Auth,
                if scope.is_empty() {
                    "A scope that was asked for is not enabled".to_owned()
                } else {
                    format!("The scope {scope} is not enabled")
                },
                "The application may only ask for scopes that are switched on for it".to_owned(),
                "Open the M2M application > APIs > Kinde Management API > Manage scopes, switch it on and save".to_owned(),
            ),
            Kind::GrantRefused => four(
                Category::Auth,
                "The application does not accept the client credentials grant",
                "Only machine to machine applications do; this client ID is of another kind",
                "Make a machine to machine application and use its client ID and secret",
            ),
            Kind::BadRequest => four(
                Category::Auth,
                "Kinde could not read the token request",
                "A parameter is missing or malformed; a client ID with a stray character is the usual cause",
                "Copy client ID and client secret again, without spaces",
            ),
            Kind::RateLimited(wait) => (
                Category::Api,
                "Kinde asks to slow down".to_owned(),
                "Too many tokens were asked for".to_owned(),
                wait_words(*wait),
            ),
            Kind::Html => four(
                Category::Api,
                "A web page came instead of a token",
                "The domain is a web site, not a Kinde tenant, or a proxy stands between",
                "Check the domain: it is the one under Settings > Applications > View details",
            ),
            Kind::Empty => four(
                Category::Api,
                "Kinde answered without a word",
                "The token endpoint's answer has no body, so it gives no reason",
                "Try again; if it stays, compare domain and client ID with the M2M application's View details page",
            ),
            Kind::Redirect(to) => (
                Category::Api,
                "The domain forwards elsewhere instead of answering".to_owned(),
                to.as_ref().map_or_else(|| "Where to is not said".to_owned(), |host| format!("It forwards to {host}")),
                "Use the domain under Settings > Applications > View details".to_owned(),
            ),
            Kind::Server => four(
                Category::Api,
                "Kinde has trouble of its own",
                "The token endpoint answered with a server error",
                "Try again in a minute; status.kinde.com tells of outages",
            ),
            Kind::Unexpected => four(
                Category::Api,
                "The answer holds no access token",
                "It is not what Kinde's token endpoint sends",
                "Check the domain; Activity, or --trace on the command line, shows the whole answer",
            ),
            Kind::NoCredentials => four(
                Category::Input,
                "This profile has no machine to machine application",
                "Only a domain is known, which is enough to decode and verify",
                "Add an M2M application: client ID and secret",
            ),
        }
    }
}

impl From<TokenError> for UserError {
    fn from(error: TokenError) -> Self {
        let (category, title, mut detail, hint) = error.sentence();
        if let Some(said) = &error.said {
            detail.push_str(&format!(". Kinde says: {said}"));
        } else if let Some(status) = error.status {
            detail.push_str(&format!(". HTTP {status}"));
        }
        Self::new(category, title).detail(detail).hint(hint)
    }
}
