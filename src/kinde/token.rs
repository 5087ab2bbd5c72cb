//! Machine to machine tokens: minted once, kept until shortly before they expire, shared by all.
//!
//! Every mint counts against the tenant's plan, so a token is kept in memory and, for a saved profile, in the keyring.
//! Scopes are fixed when a token is minted: after they were changed only a new one has them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;
use uuid::Uuid;

use super::domain::Domain;
use super::error::{TokenError, TokenErrorKind};
use super::model::Wire;
use crate::net::{Http, Request};
use crate::secrets::{Secret, SecretStore};

/// The keyring field a token is kept under.
pub const TOKEN_FIELD: &str = "m2m_token";
/// The keyring field a client secret is kept under.
pub const CLIENT_SECRET_FIELD: &str = "client_secret";

/// How long before its expiry a token is no longer used: a call on its way must still find it good.
const MARGIN: Duration = Duration::from_secs(60);

/// How long no token is minted because of a refusal that a new one did not help against.
const PAUSE: Duration = Duration::from_secs(10);

/// The credentials of a machine to machine application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct M2m {
    /// 32 hexadecimal digits.
    pub client_id: String,
    /// 40 to 60 letters and digits.
    pub client_secret: Secret,
    /// `None` for the Management API of the domain (`/api`).
    pub audience: Option<String>,
}

/// An access token and what it says of itself. Not verified: Kinde handed it over directly.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The token.
    pub secret: Secret,
    /// When it expires, by this machine's clock.
    pub expires_at: Timestamp,
    /// When it was minted, by this machine's clock.
    pub minted_at: Timestamp,
    /// Its scopes, from `scp` or `scope` of its claims.
    pub scopes: Vec<String>,
    /// False where its claims say nothing of scopes: an opaque token, or one of another make.
    pub says_scopes: bool,
    /// The organization it is limited to: an organization-scoped M2M application.
    pub org_code: Option<String>,
    /// Where it came from; `None` when it was kept from earlier.
    pub wire: Option<Wire>,
    /// The server's clock when it was minted, from `Date`.
    pub server_time: Option<Timestamp>,
}

impl AccessToken {
    fn from_text(secret: Secret, minted_at: Timestamp, expires_at: Timestamp) -> Self {
        let claims = claims_of(secret.expose()).unwrap_or_default();
        Self {
            says_scopes: ["scp", "scope"].iter().any(|name| claims.get(name).is_some()),
            scopes: scopes_in(&claims),
            org_code: claims.get("org_code").and_then(Value::as_str).map(str::to_owned),
            secret,
            expires_at,
            minted_at,
            wire: None,
            server_time: None,
        }
    }

    /// True while it may be used at `now`.
    pub fn is_good_at(&self, now: Timestamp) -> bool {
        let life = self.expires_at.duration_since(self.minted_at);
        // A token that lives shorter than two margins would otherwise be minted for every call.
        let margin = SignedDuration::try_from(MARGIN).unwrap_or_default().min(life / 2);
        now < self.expires_at - margin && now >= self.minted_at - SignedDuration::from_mins(5)
    }

    /// True when it carries `scope`.
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }
}

/// Hands out the token of one M2M application. Clones share it, and mint at most one at a time.
#[derive(Debug, Clone)]
pub struct TokenSource(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    http: Http,
    domain: Domain,
    m2m: M2m,
    /// Where the token is kept between runs; `None` for the sandbox.
    keep: Option<(SecretStore, Uuid)>,
    /// Nothing is kept any more: the profile is gone, or works with other credentials.
    retired: AtomicBool,
    /// Held while a token is being kept.
    keeping: Mutex<()>,
    held: Mutex<Option<AccessToken>>,
    /// When a new token last turned out to be refused like the one before it.
    barren: Mutex<Option<Instant>>,
}

impl TokenSource {
    /// A source for `m2m` at `domain`. With `keep` the token outlives the program in the keyring of that profile.
    pub fn new(http: Http, domain: Domain, m2m: M2m, keep: Option<(SecretStore, Uuid)>) -> Self {
        Self(Arc::new(Shared {
            http,
            domain,
            m2m,
            keep,
            retired: AtomicBool::new(false),
            keeping: Mutex::new(()),
            held: Mutex::new(None),
            barren: Mutex::new(None),
        }))
    }

    /// Keeps no token from here on, not even one that is on its way: it would outlive what it was minted for. Who waits
    /// for one gets it all the same.
    pub fn retire(&self) {
        self.0.retired.store(true, Ordering::SeqCst);
    }

    /// Waits until a token that is being kept just now is kept. After [`TokenSource::retire`] none follows it.
    pub async fn settled(&self) {
        drop(self.0.keeping.lock().await);
    }

    /// Keeps the token in hand for `profile`, as a source that keeps does by itself.
    pub async fn keep_in(&self, secrets: &SecretStore, profile: Uuid) {
        let held = self.0.held.lock().await.clone();
        if let Some(token) = held {
            secrets.set(profile, TOKEN_FIELD, self.as_kept(&token)).await;
        }
    }

    /// The credentials it mints with.
    pub fn m2m(&self) -> &M2m {
        &self.0.m2m
    }

    /// The domain it asks.
    pub fn domain(&self) -> &Domain {
        &self.0.domain
    }

    /// The audience it asks for.
    pub fn audience(&self) -> String {
        self.0.m2m.audience.clone().unwrap_or_else(|| self.0.domain.audience())
    }

    /// A token that is good now: the kept one, else a new one. Callers at the same time wait for one mint.
    ///
    /// # Errors
    /// When a new one was needed and Kinde gave none.
    pub async fn token(&self) -> Result<AccessToken, TokenError> {
        self.obtain().await.map(|(token, _)| token)
    }

    /// As [`TokenSource::token`], and whether it was minted for this caller.
    pub(super) async fn obtain(&self) -> Result<(AccessToken, bool), TokenError> {
        let mut held = self.0.held.lock().await;
        let now = self.0.http.clock().now();
        if let Some(token) = held.as_ref().filter(|token| token.is_good_at(now)) {
            return Ok((token.clone(), false));
        }
        if held.is_none()
            && let Some(token) = self.kept().await.filter(|token| token.is_good_at(now))
        {
            *held = Some(token.clone());
            return Ok((token, false));
        }
        self.mint_into(&mut held).await.map(|token| (token, true))
    }

    /// A new token, whatever is kept: after scopes were changed.
    ///
    /// # Errors
    /// When Kinde gave none. The kept one stays.
    pub async fn mint(&self) -> Result<AccessToken, TokenError> {
        let mut held = self.0.held.lock().await;
        self.mint_into(&mut held).await
    }

    /// A token other than `refused`: the one another call minted meanwhile, else a new one. `None` where a new one was
    /// of no help moments ago: a caller that asks again and again must not mint each time.
    ///
    /// # Errors
    /// When a new one was needed and Kinde gave none.
    pub(super) async fn other_than(&self, refused: &AccessToken) -> Result<Option<AccessToken>, TokenError> {
        let mut held = self.0.held.lock().await;
        if let Some(token) = held.as_ref().filter(|token| token.secret != refused.secret) {
            return Ok(Some(token.clone()));
        }
        let mut barren = self.0.barren.lock().await;
        if barren.is_some_and(|at| at.elapsed() < PAUSE) {
            return Ok(None);
        }
        *barren = None;
        drop(barren);
        self.mint_into(&mut held).await.map(Some)
    }

    /// Notes that a token minted just now is refused too.
    pub(super) async fn was_of_no_help(&self) {
        *self.0.barren.lock().await = Some(Instant::now());
    }

    /// The token in hand, or kept from earlier, without asking Kinde.
    pub async fn held(&self) -> Option<AccessToken> {
        let held = self.0.held.lock().await.clone();
        if held.is_some() { held } else { self.kept().await }
    }

    async fn mint_into(&self, held: &mut Option<AccessToken>) -> Result<AccessToken, TokenError> {
        let token = self.request().await?;
        *held = Some(token.clone());
        let _keeping = self.0.keeping.lock().await;
        if let Some((secrets, profile)) = self.0.keep.as_ref().filter(|_| !self.0.retired.load(Ordering::SeqCst)) {
            secrets.set(*profile, TOKEN_FIELD, self.as_kept(&token)).await;
        }
        Ok(token)
    }

    /// `POST /oauth2/token`, form-encoded, secret in the body: `client_secret_post` is the only method Kinde offers.
    async fn request(&self) -> Result<AccessToken, TokenError> {
        let M2m { client_id, client_secret, .. } = &self.0.m2m;
        if client_id.is_empty() || client_secret.is_empty() {
            return Err(TokenError { kind: TokenErrorKind::NoCredentials, status: None, said: None, wire: None });
        }
        let audience = self.audience();
        let request = Request::post("Mint an access token", self.0.domain.join("/oauth2/token"))
            .header("accept", "application/json")
            .form(vec![
                ("grant_type", "client_credentials".into()),
                ("client_id", client_id.clone().into()),
                ("client_secret", client_secret.clone().into()),
                ("audience", audience.clone().into()),
            ])
            .limit(256 * 1024);
        let asked_at = self.0.http.clock().now();
        let answer = self.0.http.send(request).await.map_err(TokenError::network)?;
        let redact = |text: &str| client_secret.redact(text);
        let refused = || TokenError::from_answer(&answer, &audience, &redact);
        if answer.status != 200 {
            return Err(refused());
        }
        let body = answer.json().ok_or_else(refused)?;
        let text =
            body.get("access_token").and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or_else(refused)?;
        let secret = Secret::new(text);
        let expires_at = asked_at + SignedDuration::from_secs(lifetime(&body, secret.expose()));
        let mut token = AccessToken::from_text(secret, asked_at, expires_at);
        // Granted scopes stand in the answer only where a subset was asked for, and in the claims always.
        if token.scopes.is_empty() {
            token.scopes = scopes_in(&body);
        }
        token.wire = Some(Wire::from(&answer));
        token.server_time = answer.date();
        Ok(token)
    }

    /// A token together with whose it is, so that it is never used with other credentials.
    fn as_kept(&self, token: &AccessToken) -> Secret {
        let kept = json!({
            "access_token": token.secret.expose(),
            "expires_at": token.expires_at.as_second(),
            "minted_at": token.minted_at.as_second(),
            "domain": self.0.domain.as_str(),
            "client_id": self.0.m2m.client_id,
            "audience": self.audience(),
            "secret": self.secret_digest(),
        });
        Secret::new(kept.to_string())
    }

    /// SHA-256 of the client secret, as base64url.
    fn secret_digest(&self) -> String {
        let digest =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, self.0.m2m.client_secret.expose().as_bytes());
        URL_SAFE_NO_PAD.encode(digest)
    }

    async fn kept(&self) -> Option<AccessToken> {
        let (secrets, profile) = self.0.keep.as_ref()?;
        let text = secrets.get(*profile, TOKEN_FIELD).await.ok()??;
        let kept: Value = serde_json::from_str(text.expose()).ok()?;
        let is = |name: &str, value: &str| kept.get(name).and_then(Value::as_str) == Some(value);
        if !is("domain", self.0.domain.as_str())
            || !is("client_id", &self.0.m2m.client_id)
            || !is("audience", &self.audience())
            // Minted with another secret: whether this one is right has to be asked.
            || !is("secret", &self.secret_digest())
        {
            return None;
        }
        let at = |name: &str| kept.get(name).and_then(Value::as_i64).and_then(|at| Timestamp::from_second(at).ok());
        let secret = Secret::new(kept.get("access_token")?.as_str()?);
        Some(AccessToken::from_text(secret, at("minted_at")?, at("expires_at")?))
    }
}

/// Seconds a token lives: `expires_in` as number or text, else what its claims say. Kinde's pages disagree on the
/// usual figure, so none is assumed.
fn lifetime(body: &Value, token: &str) -> i64 {
    let said = body.get("expires_in").and_then(|it| it.as_i64().or_else(|| it.as_str()?.parse().ok()));
    let claimed = || {
        let claims = claims_of(token)?;
        let at = |name: &str| claims.get(name).and_then(Value::as_i64);
        Some(at("exp")?.saturating_sub(at("iat")?))
    };
    // Ten years bound what a broken answer can say.
    said.or_else(claimed).unwrap_or(0).clamp(0, 315_360_000)
}

/// The claims of a compact JWT, read and not verified.
fn claims_of(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?).ok()
}

/// `scp` as an array, else `scope` or `scp` as a text.
fn scopes_in(claims: &Value) -> Vec<String> {
    if let Some(list) = claims.get("scp").and_then(Value::as_array) {
        return list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    }
    ["scope", "scp"]
        .into_iter()
        .find_map(|name| claims.get(name)?.as_str())
        .map(|text| text.split_whitespace().map(str::to_owned).collect())
        .unwrap_or_default()
}
