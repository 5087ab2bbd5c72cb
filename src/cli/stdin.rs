//! Standard input, read so that Ctrl-C is heard meanwhile.

use tokio_util::sync::CancellationToken;

use crate::error::{Category, UserError};

/// Everything that comes, as text. The thread that reads stays behind when the person cancels: nobody waits for it.
///
/// # Errors
/// The outer one when the person cancels, the inner one when it cannot be read.
pub(super) async fn text(cancel: &CancellationToken) -> Result<std::io::Result<String>, UserError> {
    let reading = tokio::task::spawn_blocking(|| std::io::read_to_string(std::io::stdin()));
    match cancel.run_until_cancelled(reading).await {
        Some(read) => Ok(read.map_err(std::io::Error::other).and_then(|text| text)),
        None => Err(UserError::new(Category::Input, "Cancelled").detail("Standard input was not read to its end")),
    }
}
