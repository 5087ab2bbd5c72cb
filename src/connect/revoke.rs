//! Revoke, and the proof: what the token could do before, and what it still can after.

use std::time::Duration;

use super::Ends;
use super::sessions::HeldToken;
use super::words::{Call, check_of, error_of, to_the_second};
use crate::check::Check;
use crate::error::UserError;
use crate::kinde::{ApiError, ApiErrorKind};
use crate::providers::{self, Probe, Provider, Standing};
use crate::secrets::Secret;

/// What to revoke.
#[derive(Debug, Clone)]
pub struct RevokeRequest {
    /// Kinde's session id.
    pub session: Secret,
    /// The Reference key, where known.
    pub key: Option<String>,
    /// The provider's id, where known.
    pub provider: Option<String>,
    /// A token held already, for the case that Kinde hands out none any more.
    pub held: Option<HeldToken>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct RevokeOutcome {
    /// In order: `disconnect, token_before, revoke, token_after, provider_after`.
    pub checks: Vec<Check>,
    /// True where Kinde took the session away.
    pub revoked: bool,
    /// Where the call itself was not possible (network, scope): why. The command line ends with 3 on it.
    pub error: Option<UserError>,
}

/// Fetches the token, revokes the session, and asks Kinde and the provider again. `sink` gets each check as it is made.
pub async fn revoke(ends: &Ends, request: &RevokeRequest, sink: &(dyn Fn(&Check) + Send + Sync)) -> RevokeOutcome {
    let mut checks = Vec::new();
    let mut add = |check: Check| {
        sink(&check);
        checks.push(check);
    };
    add(Check::skipped(
        "disconnect",
        "Disconnect in Kinde takes the app off the list and revokes nothing; only this call ends the session",
    ));
    let key = request.key.as_deref();
    let now = || ends.http.clock().now();
    let mut token = request.held.clone();
    match ends.api.connected_app_token(&request.session).await {
        Ok(answer) => {
            let took = Duration::from_millis(answer.wire.ms);
            let fetched = HeldToken::of(answer, now());
            add(Check::pass("token_before").seen(format!("Kinde hands out {}", fetched.summary())).took(took));
            token = Some(fetched);
        }
        Err(error) => {
            let told = error_of(Call::Token, key, &error);
            add(Check::warn("token_before", told.title, told.hint).seen(told.detail));
        }
    }
    let revoked = match ends.api.connected_app_revoke(&request.session).await {
        Ok(wire) => {
            add(Check::pass("revoke").because("Kinde ended the session").took(Duration::from_millis(wire.ms)));
            true
        }
        Err(error) => {
            add(check_of(Call::Revoke, key, &error));
            let error = (!is_answer(&error)).then(|| error_of(Call::Revoke, key, &error));
            return RevokeOutcome { checks, revoked: false, error };
        }
    };
    add(after_at_kinde(ends, &request.session).await);
    let provider = request.provider.as_deref().and_then(providers::find);
    add(after_at_provider(ends, provider, token.as_ref()).await);
    RevokeOutcome { checks, revoked, error: None }
}

/// True where Kinde answered about the session itself, and not about who asks or how.
fn is_answer(error: &ApiError) -> bool {
    matches!(error.kind, ApiErrorKind::InvalidSession | ApiErrorKind::NotFound | ApiErrorKind::Validation)
}

async fn after_at_kinde(ends: &Ends, session: &Secret) -> Check {
    const NAME: &str = "token_after";
    match ends.api.connected_app_token(session).await {
        Ok(_) => Check::fail(
            NAME,
            "Kinde still hands out a token for the session that it said was revoked",
            "Revoke once more; if it stays, take the app away at the provider and tell Kinde's support",
        ),
        Err(error) if is_answer(&error) => {
            let code = error.codes.first().map(|(code, _)| code.clone()).unwrap_or_default();
            Check::pass(NAME)
                .seen(format!("{} {code}", error.status.unwrap_or_default()))
                .because("Kinde hands out no token any more")
        }
        Err(error) => {
            let told = error_of(Call::Token, None, &error);
            Check::warn(NAME, format!("It could not be asked: {}", told.title), told.hint).seen(told.detail)
        }
    }
}

async fn after_at_provider(ends: &Ends, provider: Option<&Provider>, token: Option<&HeldToken>) -> Check {
    const NAME: &str = "provider_after";
    let Some(provider) = provider else {
        return Check::skipped(NAME, "The provider of this app is not known, so it could not be asked about the token");
    };
    let Some(token) = token else {
        return Check::skipped(NAME, format!("No token was at hand to ask {} about", provider.name));
    };
    let base = ends.provider_base.as_ref();
    let probe = Probe { provider, base, token: &token.access_token, holder: "", asked: &[] };
    match providers::standing(&ends.http, &probe).await {
        Standing::Refused(status) => Check::pass(NAME)
            .seen(format!("{} answered {status}", provider.name))
            .because(format!("{} no longer accepts the token", provider.name)),
        Standing::Accepted => {
            let page = provider.revoke_page.as_ref().map(|page| format!(" at {page}")).unwrap_or_default();
            let until = token
                .expires_at
                .map_or_else(|| "without an end that is known".to_owned(), |at| format!("until {}", to_the_second(at)));
            Check::warn(
                NAME,
                format!("{} still accepts the token that was handed out, {until}. {}", provider.name, provider.revocation),
                format!("Take the app away{page}, or wait until the token expires; whoever holds a copy can use it till then"),
            )
            .seen(format!("{} answered with data for {}", provider.name, token.access_token.masked()))
        }
        Standing::Unknown(why) => Check::warn(
            NAME,
            format!("{} could not be asked whether the token still works", provider.name),
            "Probe the token once more in a moment",
        )
        .seen(why),
    }
}
