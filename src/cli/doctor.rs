//! `doctor`: diagnoses the profile's tenant.

use super::{Context, Exit, Wants};
use crate::check::Verdict;
use crate::error::UserError;
use crate::tenant::doctor;

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
    let mut report = doctor::examine(&tenant, false).await;
    if !picked.profile.saved
        && !picked.profile.is_sandbox()
        && let Some(half) = cx.half_set()
    {
        // First, and alone where nothing else fails: what else is wrong keeps its own sentence.
        if report.checks.iter().all(|check| check.verdict != Verdict::Fail)
            && let Some(why) = &half.why
        {
            report.sentence.clone_from(why);
        }
        report.checks.insert(0, half);
    }
    if picked.profile.saved
        && let Some(facts) = report.environment
    {
        // What could not be written down is only read again next time.
        cx.services.profiles.update(picked.profile.id, |profile| profile.environment = Some(facts)).ok();
    }
    Ok(cx.checked(&report.sentence, &report.checks))
}
