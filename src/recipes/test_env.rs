//! The line that points a person's own code at the sandbox for a simulation, and the one that points it back at the tenant.

use super::{Around, Generated};
use crate::error::UserError;

/// The value for the simulation: only the sandbox can sign what a real tenant would.
pub const TEST: &str = "test_env";
/// The value for everything else.
const OWN: &str = "tenant_env";

/// Adds both to what is made, the tenant being at its domain.
pub async fn put(made: &mut Generated, around: Around<'_>) -> Result<(), UserError> {
    put_with(made, around, around.tenant()?.domain.as_str()).await
}

/// Adds both to what is made, `own` being what the tenant is called. Where the sandbox never ran its address is not known, and
/// a note says how it becomes so.
pub async fn put_with(made: &mut Generated, around: Around<'_>, own: &str) -> Result<(), UserError> {
    let tenant = around.tenant()?;
    made.put(OWN, line(own));
    let sandbox = if tenant.profile.is_sandbox() { Some(own.to_owned()) } else { last_address(around).await };
    match sandbox {
        Some(issuer) => made.put(TEST, line(&issuer)),
        None => made.note(
            "The sandbox never ran here, so its address is not known yet: Simulate starts it and names it as issuer",
        ),
    }
    Ok(())
}

fn line(issuer: &str) -> String {
    format!("KINDE_ISSUER_URL={issuer}")
}

/// Where the sandbox was served last: its ports are taken again while they are free.
async fn last_address(around: Around<'_>) -> Option<String> {
    let dir = around.sandbox.to_owned();
    tokio::task::spawn_blocking(move || crate::sandbox::facts(&dir)).await.ok()?.ok()?.issuer_last
}
