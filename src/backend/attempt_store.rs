//! The history as this window has it open: once, at the first need, with its one writer.

use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::error::{Category, UserError};
use crate::services::Services;
use crate::store::attempts::Attempts;

/// The one open history of this window. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct AttemptStore {
    open: Arc<OnceCell<Attempts>>,
}

impl AttemptStore {
    /// The history of the data folder, opened now if need be. One that could not be opened is tried again at the next need.
    ///
    /// # Errors
    /// When SQLite cannot open it.
    pub async fn get(&self, services: &Services) -> Result<Attempts, UserError> {
        let path = services.data.file("history.db");
        let open = || async move {
            let opened = tokio::task::spawn_blocking(move || Attempts::open(&path)).await.map_err(|error| {
                UserError::new(Category::Internal, "The history was not opened")
                    .detail(error.to_string())
                    .hint("Try again")
            })?;
            Ok::<_, UserError>(opened?)
        };
        self.open.get_or_try_init(open).await.cloned()
    }
}
