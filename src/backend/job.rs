//! What a running job is given.

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{AttemptStore, Event, EventSender, Going, JobId, SandboxHost};
use crate::error::UserError;
use crate::kinde::jwks::Jwks;
use crate::services::Services;
use crate::tenant::{Profile, Tenant};

/// What a running job is given: the resources, its number, and the way to be stopped.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// Store, client, secrets, clock, profiles.
    pub services: Services,
    /// The one cache of key sets.
    pub jwks: Jwks,
    /// The sandbox, where this window serves it.
    pub sandbox: SandboxHost,
    /// The history, where this window has it open.
    pub attempts: AttemptStore,
    /// What this window borrowed of a tenant.
    pub lending: Going,
    /// Where events go.
    pub events: EventSender,
    /// Cancelled by the person, or when the window closes.
    pub cancel: CancellationToken,
}

impl Job {
    /// Sends an event of this job.
    pub async fn send(&self, event: impl Into<Event>) {
        self.events.send(self.id, event.into()).await;
    }

    /// Sends an event of this job from where nothing may wait. It is never lost: see [`EventSender::post`].
    pub fn post(&self, event: impl Into<Event>) {
        self.events.post(self.id, event.into());
    }

    /// The tenant of a saved profile. On the sandbox profile the sandbox is found, else served here.
    ///
    /// # Errors
    /// When the profile is gone, the keyring does not answer, or the sandbox cannot be served.
    pub async fn tenant(&self, profile: Uuid) -> Result<Tenant, UserError> {
        let profile = self.profile(profile).await?;
        if profile.is_sandbox() {
            let running = self.sandbox.running(&self.services).await?;
            return self.services.sandbox_tenant(&profile, &running).await;
        }
        self.services.tenant(&profile).await
    }

    /// A saved profile, read anew.
    ///
    /// # Errors
    /// When it is gone or the file cannot be read.
    pub async fn profile(&self, id: Uuid) -> Result<Profile, UserError> {
        let profiles = self.services.profiles.clone();
        let broke_off =
            || UserError::new(crate::error::Category::Internal, "Reading the profile broke off").hint("Try again");
        let found = tokio::task::spawn_blocking(move || profiles.get(id)).await.map_err(|_| broke_off())??;
        found.ok_or_else(|| {
            UserError::new(crate::error::Category::Input, "The profile is gone")
                .detail("It was removed, perhaps by another window")
                .hint("Choose another profile")
        })
    }
}
