//! The sandbox as this window serves it: started at the first need, kept until the window closes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::error::UserError;
use crate::sandbox::{self, Running, Served, Using};
use crate::services::Services;

/// Holds the sandbox that this process serves, if it does. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct SandboxHost {
    served: Arc<Mutex<Option<Served>>>,
}

impl SandboxHost {
    /// The running sandbox of the data folder: another process's, else this one's, started now if need be.
    ///
    /// # Errors
    /// When none runs and none can be started.
    pub async fn running(&self, services: &Services) -> Result<Running, UserError> {
        let mut served = self.served.lock().await;
        if let Some(served) = served.as_ref() {
            return Ok(served.running().clone());
        }
        let attached = sandbox::attach(&services.sandbox_dir(), services.clock.clone()).await?;
        *served = attached.served;
        Ok(attached.running)
    }

    /// The running sandbox, and the mark that it is used, where another process serves it; `None` where none runs. Starts
    /// nothing.
    pub async fn found(&self, services: &Services) -> Option<(Running, Option<Using>)> {
        if let Some(served) = self.served.lock().await.as_ref() {
            return Some((served.running().clone(), None));
        }
        let dir = services.sandbox_dir();
        // Marked before it is looked for: a command that serves it for itself waits for who holds the mark.
        let found = move || {
            let using = Using::mark(&dir);
            Some((sandbox::find(&dir)?, using))
        };
        tokio::task::spawn_blocking(found).await.ok().flatten()
    }

    /// True while this process serves it.
    pub async fn is_ours(&self) -> bool {
        self.served.lock().await.is_some()
    }

    /// Ends it, if this process serves it, once no other process is in the middle of using it; waits so long at most.
    pub async fn leave(&self, services: &Services, patience: Duration) {
        let Some(served) = self.served.lock().await.take() else { return };
        let now = CancellationToken::new();
        let dir = services.sandbox_dir();
        let mut leaving = std::pin::pin!(served.leave(&dir, &now));
        if tokio::time::timeout(patience, leaving.as_mut()).await.is_err() {
            now.cancel();
            leaving.await;
        }
    }

    /// Ends it at once, if this process serves it.
    pub async fn stop(&self) {
        let served = self.served.lock().await.take();
        if let Some(served) = served {
            served.stop().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::net::Recorder;
    use crate::secrets::SecretStore;

    #[tokio::test]
    async fn a_start_that_was_cut_anywhere_leaves_the_folder_free_for_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let services =
            Services::open(folder.path(), Recorder::to(|_| {}), Clock::real(), SecretStore::memory()).unwrap();
        for polls in [1, 2, 3, 5, 8, 13, 100, 1000] {
            let host = SandboxHost::default();
            {
                let mut start = std::pin::pin!(host.running(&services));
                for _ in 0..polls {
                    if poll_once(start.as_mut()).await.is_some() {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
            }
            let running = host.running(&services).await.unwrap();
            assert_eq!(running.pid, std::process::id());
            assert!(host.is_ours().await, "after {polls} polls");
            host.stop().await;
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_window_that_closes_waits_for_who_uses_its_sandbox_and_not_longer_than_it_may() {
        let folder = tempfile::tempdir().unwrap();
        let services =
            Services::open(folder.path(), Recorder::to(|_| {}), Clock::real(), SecretStore::memory()).unwrap();
        let dir = services.sandbox_dir();
        for patience in [Duration::from_secs(60), Duration::ZERO] {
            let host = SandboxHost::default();
            let running = host.running(&services).await.unwrap();
            let using = Using::mark(&dir).unwrap();
            let closing = tokio::spawn({
                let (host, services) = (host.clone(), services.clone());
                async move { host.leave(&services, patience).await }
            });
            if !patience.is_zero() {
                while sandbox::find(&dir).is_some() {
                    tokio::task::yield_now().await;
                }
                let url = format!("{}/.well-known/jwks", running.issuer).parse().unwrap();
                let answer = services.http.send(crate::net::Request::get("key set", url)).await.unwrap();
                assert!(answer.is_success(), "who uses it is answered to the end");
                assert!(!closing.is_finished());
                drop(using);
            }
            closing.await.unwrap();
            assert!(!host.is_ours().await && sandbox::find(&dir).is_none());
        }
    }

    #[tokio::test]
    async fn looking_for_the_sandbox_starts_none_and_marks_that_of_another_as_used() {
        let folder = tempfile::tempdir().unwrap();
        let services =
            Services::open(folder.path(), Recorder::to(|_| {}), Clock::real(), SecretStore::memory()).unwrap();
        let dir = services.data.folder("sandbox").unwrap();
        let looking = SandboxHost::default();
        assert!(looking.found(&services).await.is_none() && sandbox::find(&dir).is_none());
        let serving = SandboxHost::default();
        serving.running(&services).await.unwrap();
        let (_, using) = looking.found(&services).await.unwrap();
        assert!(using.is_some() && Using::none(&dir).is_none(), "who serves it waits for this");
        drop(using);
        assert!(Using::none(&dir).is_some());
        assert!(serving.found(&services).await.is_some_and(|(_, using)| using.is_none()), "its own needs no mark");
        serving.stop().await;
    }

    /// Polls once.
    async fn poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        std::future::poll_fn(|cx| {
            std::task::Poll::Ready(match future.as_mut().poll(cx) {
                std::task::Poll::Ready(output) => Some(output),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }
}
