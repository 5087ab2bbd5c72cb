//! The sandbox as this window serves it: started at the first need, kept until the window closes.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::error::UserError;
use crate::sandbox::{self, Running, Served};
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

    /// True while this process serves it.
    pub async fn is_ours(&self) -> bool {
        self.served.lock().await.is_some()
    }

    /// Ends it, if this process serves it.
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
