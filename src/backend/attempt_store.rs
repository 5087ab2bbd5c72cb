//! The history as this window has it open: once, at the first need, with its one writer.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::error::{Category, UserError};
use crate::services::Services;
use crate::store::attempts::Attempts;

/// The one open history of this window. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct AttemptStore {
    open: Arc<OnceCell<Attempts>>,
    receiving: Arc<Mutex<Vec<Receiving>>>,
}

/// Who writes what arrives for a profile: what stops it, and what tells that it has stopped.
#[derive(Debug, Clone)]
struct Receiving {
    profile: Uuid,
    stop: CancellationToken,
    stopped: CancellationToken,
}

impl AttemptStore {
    /// What arrives for `profile` is written from now on, until the guard is dropped; `stop` ends it.
    pub(super) fn receiving(&self, profile: Uuid, stop: CancellationToken) -> DropGuard {
        let stopped = CancellationToken::new();
        let mut all = self.receiving.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| !one.stopped.is_cancelled());
        all.push(Receiving { profile, stop, stopped: stopped.clone() });
        stopped.drop_guard()
    }

    /// Stops what receives for `profile` in this window. Nothing of it arrives after.
    pub(super) async fn quieten(&self, profile: Uuid) {
        let all = self.receiving.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for one in all.iter().filter(|one| one.profile == profile) {
            one.stop.cancel();
            one.stopped.cancelled().await;
        }
    }

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
