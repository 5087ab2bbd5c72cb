//! Whether the M2M application may do all that a job takes, asked before the job begins.

use tokio_util::sync::CancellationToken;

use super::talk::Stop;
use super::{Ends, Refusal};
use crate::error::{Category, UserError};
use crate::kinde::ApiError;

/// Refuses where the token is known to lack a scope: halfway would be too late.
pub(super) async fn allowed(ends: &Ends, scopes: &[String], cancel: &CancellationToken) -> Result<(), Refusal> {
    let lacking = |token: &crate::kinde::AccessToken| -> Vec<String> {
        if !token.says_scopes {
            return Vec::new();
        }
        scopes.iter().filter(|scope| !token.has(scope)).cloned().collect()
    };
    let failed = |error: crate::kinde::TokenError| Refusal::failed(ApiError::from(error));
    let asked = cancel.run_until_cancelled(ends.api.tokens().token()).await;
    let mut missing = lacking(&asked.ok_or(Stop::Cancelled)?.map_err(failed)?);
    if !missing.is_empty() {
        // Scopes are fixed when a token is minted: a new one may have them by now.
        missing = lacking(&ends.api.tokens().mint().await.map_err(failed)?);
    }
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.join(", ");
    Err(Refusal::failed(
        UserError::new(Category::Auth, format!("The M2M application lacks {missing}"))
            .detail("Making the change, or undoing it, is not possible without. Nothing was made")
            .hint("Open the M2M application > APIs > Kinde Management API > Manage scopes, switch on what is missing and save, then try again"),
    ))
}
