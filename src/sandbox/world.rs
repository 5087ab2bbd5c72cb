//! Everything the serving process shares between its connections.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::ask::Reply;
use super::delivery::engine::Engine;
use super::delivery::store::Store;
use super::error::SandboxError;
use super::faults::Faults;
use super::keys::SigningKey;
use super::state::{self, App, Grant, State, Subject};
use crate::clock::Clock;

/// The sandbox while it is served.
pub struct World {
    /// Its folder.
    pub dir: PathBuf,
    /// The signing key.
    pub key: Arc<SigningKey>,
    /// Wall clock.
    pub clock: Clock,
    /// Port of the HTTP address.
    pub http: u16,
    /// Port of the HTTPS address.
    pub https: u16,
    /// What the control listener wants to see.
    pub control_token: String,
    /// Events and deliveries.
    pub store: Store,
    /// Makes the deliveries.
    pub engine: Arc<Engine>,
    state: Mutex<State>,
    faults: Mutex<Faults>,
    /// One writer at a time, each with the newest state.
    saving: tokio::sync::Mutex<()>,
}

/// What a [`World`] starts from.
pub struct Beginning {
    /// Its folder.
    pub dir: PathBuf,
    /// What was kept.
    pub state: State,
    /// The signing key.
    pub key: SigningKey,
    /// Wall clock.
    pub clock: Clock,
    /// Ports of the HTTP and the HTTPS address.
    pub ports: (u16, u16),
    /// What the control listener wants to see.
    pub control_token: String,
    /// Events and deliveries.
    pub store: Store,
    /// Makes the deliveries.
    pub engine: Arc<Engine>,
}

impl World {
    /// A sandbox without faults.
    pub fn new(from: Beginning) -> Self {
        Self {
            dir: from.dir,
            key: Arc::new(from.key),
            clock: from.clock,
            http: from.ports.0,
            https: from.ports.1,
            control_token: from.control_token,
            store: from.store,
            engine: from.engine,
            state: Mutex::new(from.state),
            faults: Mutex::default(),
            saving: tokio::sync::Mutex::new(()),
        }
    }

    /// The state, for a moment: never held across an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The faults, for a moment.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Writes the state down. A change is answered only after this.
    pub async fn save(&self) -> Result<(), SandboxError> {
        let _one = self.saving.lock().await;
        let snapshot = self.state().clone();
        let file = state::file(&self.dir);
        tokio::task::spawn_blocking(move || file.update(|kept| *kept = snapshot))
            .await
            .map_err(|error| SandboxError::Machine(error.to_string()))?
            .map_err(SandboxError::from)
    }

    /// Writes the state down and answers `reply`; says so where the disk refuses.
    pub async fn saved(&self, reply: Reply) -> Reply {
        match self.save().await {
            Ok(()) => reply,
            Err(error) => {
                tracing::warn!(%error, "the sandbox could not keep its state");
                Reply::text(500, "The sandbox could not write its state down")
            }
        }
    }

    /// The connected app of a reference key.
    pub fn app(&self, key: &str) -> Option<App> {
        self.state().apps.iter().find(|app| app.key == key).cloned()
    }

    /// The connected app whose OAuth client at `provider` is `client_id`.
    pub fn client(&self, provider: &str, client_id: &str) -> Option<App> {
        self.state().apps.iter().find(|app| app.provider == provider && app.client_id == client_id).cloned()
    }

    /// The name a person would show for a subject.
    pub fn subject_name(&self, subject: &Subject) -> String {
        let state = self.state();
        match subject {
            Subject::User(id) => {
                state.users.iter().find(|user| user.id == *id).map_or_else(|| id.clone(), state::User::full_name)
            }
            Subject::Org(code) => {
                state.orgs.iter().find(|org| org.code == *code).map_or_else(|| code.clone(), |org| org.name.clone())
            }
        }
    }

    /// The email address of a subject at the provider.
    pub fn subject_email(&self, subject: &Subject) -> String {
        let found = match subject {
            Subject::User(id) => {
                self.state().users.iter().find(|user| user.id == *id).and_then(|user| user.email.clone())
            }
            Subject::Org(_) => None,
        };
        found.unwrap_or_else(|| format!("{}@example.com", self.subject_handle(subject)))
    }

    /// A user name for a subject at the provider: `ada-lovelace`.
    pub fn subject_handle(&self, subject: &Subject) -> String {
        let name = self.subject_name(subject).to_lowercase();
        let name = name.split('@').next().unwrap_or_default();
        let handle: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        handle.trim_matches('-').to_owned()
    }

    /// Gives out a provider token for `app` and keeps it; the newest last.
    pub fn grant(&self, app: &App, subject: Subject, session: Option<String>) -> Grant {
        let now = self.now();
        let profile = super::providers::profile(&app.provider);
        let lifetime = self.faults().provider_token_lifetime_seconds.unwrap_or(profile.lifetime_seconds);
        let grant = Grant {
            provider: app.provider.clone(),
            client_id: app.client_id.clone(),
            token: (profile.token)(&app.scopes, now, lifetime),
            session,
            subject,
            scopes: app.scopes.clone(),
            created: now,
            expires: now.checked_add(Duration::from_secs(lifetime)).unwrap_or(Timestamp::MAX),
            revoked: false,
        };
        let mut state = self.state();
        state.grants.push(grant.clone());
        // A sandbox that runs for weeks does not need every token it ever made up.
        let over = state.grants.len().saturating_sub(500);
        state.grants.drain(..over);
        grant
    }
}
