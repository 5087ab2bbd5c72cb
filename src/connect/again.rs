//! A session's token fetched again, and the probe of a token at hand.

use super::Ends;
use super::sessions::HeldToken;
use super::words::{Call, error_of};
use crate::check::Check;
use crate::error::UserError;
use crate::kinde::Wire;
use crate::providers::{self, Probe};
use crate::secrets::Secret;

/// A token fetched again.
#[derive(Debug, Clone)]
pub struct Again {
    /// The token.
    pub token: HeldToken,
    /// True where token or expiry changed since the one held: Kinde refreshed it.
    pub refreshed: bool,
    /// The call.
    pub wire: Wire,
}

/// Fetches the token of `session` again. `before` is the one held, if any.
///
/// # Errors
/// What Kinde's refusal means, with the next action.
pub async fn fetch_again(ends: &Ends, session: &Secret, before: Option<&HeldToken>) -> Result<Again, UserError> {
    let answer = ends.api.connected_app_token(session).await.map_err(|error| error_of(Call::Token, None, &error))?;
    let wire = answer.wire.clone();
    let token = HeldToken::of(answer, ends.http.clock().now());
    let refreshed = before.is_some_and(|before| token.differs_from(before));
    Ok(Again { token, refreshed, wire })
}

/// Asks the provider about `token`. `holder` is as in `Kinde user ada@example.com`; `provider` an id of the catalogue.
pub async fn probe_token(
    ends: &Ends,
    provider: Option<&str>,
    token: &Secret,
    holder: &str,
    asked: &[String],
) -> Vec<Check> {
    let Some(provider) = provider.and_then(providers::find) else {
        return vec![Check::skipped(
            "account",
            "The provider of this app is not known, so nobody can be asked about the token",
        )];
    };
    let base = ends.provider_base.as_ref();
    providers::probe(&ends.http, &Probe { provider, base, token, holder, asked }).await
}
