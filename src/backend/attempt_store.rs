//! The history as this window has it open: once, at the first need, with its one writer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::Going;
use crate::error::{Category, UserError};
use crate::inspector::receiver::Door;
use crate::services::Services;
use crate::store::attempts::Attempts;

/// The one open history of this window. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct AttemptStore {
    open: Arc<OnceCell<Attempts>>,
    receiving: Going,
    doors: Arc<Mutex<BTreeMap<Uuid, Door>>>,
}

impl AttemptStore {
    /// What arrives for `profile` is written from now on, until the guard is dropped; `stop` ends it.
    pub(super) fn receiving(&self, profile: Uuid, stop: CancellationToken) -> DropGuard {
        self.receiving.begin(profile, stop)
    }

    /// Stops what receives for `profile` in this window. Nothing of it arrives after.
    pub(super) async fn quieten(&self, profile: Uuid) {
        self.receiving.end(profile).await;
    }

    /// The way into the receiver of `profile`, once it is up.
    pub(super) fn door(&self, profile: Uuid) -> Option<Door> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner).get(&profile).cloned()
    }

    /// The receiver of `profile` is up, and that is the way into it.
    pub(super) fn open_door(&self, profile: Uuid, door: Door) {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner).insert(profile, door);
    }

    /// The receiver of `profile` has stopped.
    pub(super) fn close_door(&self, profile: Uuid) {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner).remove(&profile);
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
