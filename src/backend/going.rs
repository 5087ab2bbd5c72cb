//! What goes on for a profile until it is stopped: who may stop it, and who waits for its end.

use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

/// Everything of one kind that goes on. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Going {
    all: Arc<Mutex<Vec<One>>>,
}

/// What stops it, and what tells that it has stopped.
#[derive(Debug, Clone)]
struct One {
    profile: Uuid,
    stop: CancellationToken,
    stopped: CancellationToken,
}

impl Going {
    /// It goes on from now until the guard is dropped; `stop` asks it to end.
    pub(super) fn begin(&self, profile: Uuid, stop: CancellationToken) -> DropGuard {
        let stopped = CancellationToken::new();
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| !one.stopped.is_cancelled());
        all.push(One { profile, stop, stopped: stopped.clone() });
        stopped.drop_guard()
    }

    /// Stops what goes on for `profile` in this window, and waits for its end.
    pub(super) async fn end(&self, profile: Uuid) {
        for one in self.now().iter().filter(|one| one.profile == profile) {
            one.stop.cancel();
            one.stopped.cancelled().await;
        }
    }

    /// Waits until nothing goes on that went on when it was called.
    pub(super) async fn ended(&self) {
        for one in self.now() {
            one.stopped.cancelled().await;
        }
    }

    fn now(&self) -> Vec<One> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_goes_on_for_a_profile_is_asked_to_stop_and_waited_for_and_that_of_another_is_not() {
        let going = Going::default();
        let (mine, theirs) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let (stop, other) = (CancellationToken::new(), CancellationToken::new());
        let guard = going.begin(mine, stop.clone());
        let _theirs = going.begin(theirs, other.clone());
        let ended = tokio::spawn({
            let going = going.clone();
            async move { going.end(mine).await }
        });
        stop.cancelled().await;
        assert!(!ended.is_finished() && !other.is_cancelled());
        drop(guard);
        ended.await.unwrap();
    }
}
