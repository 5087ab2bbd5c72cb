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
