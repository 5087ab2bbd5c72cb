//! Faults on demand: everything the panel must have words for, without waiting for it to happen.

use serde::{Deserialize, Serialize};

/// What goes wrong in the sandbox until it is set back. The default is: nothing.
///
/// They are kept in memory of the serving process; a restart forgets them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Faults {
    /// The token endpoint takes no client secret, right or wrong.
    pub wrong_secret: bool,
    /// The token endpoint answers as for an unknown client or domain: 404 without JSON.
    pub unknown_client: bool,
    /// The application is not authorised for the Management API: every audience is refused.
    pub audience_refused: bool,
    /// Scopes the application lacks: left out of new tokens, refused when asked for, missing in tokens minted before.
    pub missing_scopes: Vec<String>,
    /// The next calls of the Management API are answered 429.
    pub rate_limit: Option<RateLimit>,
    /// Kinde answers this much later, in milliseconds (at most 60,000).
    pub slow_ms: u64,
    /// Kinde does not work.
    pub down: Option<Down>,
    /// Lifetime of access tokens minted from now on, in seconds; Kinde's default otherwise.
    pub token_lifetime_seconds: Option<u64>,
    /// Lifetime of provider tokens given out from now on, in seconds; each provider's default otherwise.
    pub provider_token_lifetime_seconds: Option<u64>,
    /// What every provider answers to a token it would take.
    pub provider: Option<ProviderFault>,
    /// How far the `Date` header is off, in seconds; positive is ahead.
    pub clock_skew_seconds: i64,
    /// `override_callback_url` is refused, as it may be on a tenant that does not know the address.
    pub refuse_override_callback: bool,
    /// The Management API's errors come as one object where an array is promised.
    pub errors_as_object: bool,
    /// `GET /events/{event_id}` writes `timestamp` as text and not as a number.
    pub event_timestamp_text: bool,
}

/// Too many calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// How many calls are refused before it works again.
    pub times: u32,
    /// What `RateLimit-Reset` says, in seconds.
    pub reset_seconds: u64,
}

/// How Kinde is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Down {
    /// 503 with a page of a proxy.
    Unavailable,
    /// The connection is closed without an answer.
    Closed,
}

/// What a provider answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderFault {
    /// The token lacks the scope or permission.
    InsufficientScope,
    /// The API is not switched on for the project (Google), the app is not installed (GitHub); elsewhere as
    /// [`ProviderFault::InsufficientScope`].
    ApiNotEnabled,
    /// The token was revoked.
    TokenRevoked,
    /// The token has expired.
    TokenExpired,
    /// Too many calls.
    RateLimited,
    /// The provider does not work.
    Down,
}
