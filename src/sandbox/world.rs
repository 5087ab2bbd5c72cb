//! Everything the serving process shares between its connections.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::ask::Reply;
use super::control::{Rotated, Rotation};
use super::delivery::engine::Engine;
use super::delivery::store::Store;
use super::error::SandboxError;
use super::faults::Faults;
use super::keys::SigningKey;
use super::oauth::SignIns;
use super::state::{self, App, Application, ApplicationKind, Grant, State, Subject};
use crate::clock::Clock;

/// The most old keys that stay published.
const OLD_KEYS: usize = 4;

/// The sandbox while it is served.
pub struct World {
    /// Its folder.
    pub dir: PathBuf,
    /// The signing key.
    key: Mutex<Arc<SigningKey>>,
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
    /// Codes and refresh tokens that were given out.
    pub sign_ins: SignIns,
    state: Arc<Mutex<State>>,
    faults: Mutex<Faults>,
    /// Number of the newest message that the mail server took, for who waits for the next.
    pub mails: watch::Sender<i64>,
    /// The sandbox is ending: nobody waits for anything more.
    pub ending: CancellationToken,
    /// The answers that are being made. Each runs to its end, whether or not its client waits for it.
    pub handlers: TaskTracker,
    /// Cuts them off.
    pub cut: CancellationToken,
    /// One writer at a time, each with the newest state.
    saving: tokio::sync::Mutex<()>,
    rotating: tokio::sync::Mutex<()>,
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
    /// Number of the newest message that ever came.
    pub newest_mail: i64,
    /// Cancelled when the sandbox ends.
    pub ending: CancellationToken,
}

/// What a mutex holds, whatever became of who held it before.
pub fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// A sandbox without faults.
    pub fn new(from: Beginning) -> Self {
        Self {
            dir: from.dir,
            key: Mutex::new(Arc::new(from.key)),
            clock: from.clock,
            http: from.ports.0,
            https: from.ports.1,
            control_token: from.control_token,
            store: from.store,
            engine: from.engine,
            sign_ins: SignIns::default(),
            mails: watch::Sender::new(from.newest_mail),
            ending: from.ending,
            state: Arc::new(Mutex::new(from.state)),
            faults: Mutex::default(),
            handlers: TaskTracker::new(),
            cut: CancellationToken::new(),
            saving: tokio::sync::Mutex::new(()),
            rotating: tokio::sync::Mutex::new(()),
        }
    }

    /// The state, for a moment: never held across an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        held(&self.state)
    }

    /// The state, for who looks at it later and elsewhere: with [`held`], for a moment.
    pub fn shared_state(&self) -> Arc<Mutex<State>> {
        Arc::clone(&self.state)
    }

    /// The faults, for a moment.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        held(&self.faults)
    }

    /// The key that signs.
    pub fn key(&self) -> Arc<SigningKey> {
        Arc::clone(&held(&self.key))
    }

    /// The published key set.
    pub fn jwks(&self) -> String {
        self.key().jwks_with(&self.state().old_keys)
    }

    /// The claims of `token` when a published key signed it.
    pub fn claims(&self, token: &str) -> Option<serde_json::Value> {
        let old = || self.state().old_keys.clone();
        self.key().claims(token).or_else(|| old().iter().find_map(|key| key.claims(token)))
    }

    /// Signs with a new key from now on. What was signed before stays as it is, deliveries that wait included.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub async fn rotate_keys(&self, old: Rotation) -> Result<Rotated, SandboxError> {
        let _one = self.rotating.lock().await;
        let before = self.key();
        {
            let mut state = self.state();
            match old {
                Rotation::KeepOld => state.old_keys.insert(0, before.old()),
                Rotation::DropOld => state.old_keys.clear(),
            }
            state.old_keys.truncate(OLD_KEYS);
        }
        // First what is published, then what signs: nothing is ever signed by a key nobody can know.
        self.save().await?;
        let dir = self.dir.clone();
        let made = tokio::task::spawn_blocking(move || SigningKey::replace(&dir));
        let made = Arc::new(made.await.map_err(|error| SandboxError::Machine(error.to_string()))??);
        *held(&self.key) = Arc::clone(&made);
        Ok(Rotated {
            kid: made.kid().to_owned(),
            old_kid: before.kid().to_owned(),
            old_is_published: old == Rotation::KeepOld,
        })
    }

    /// A new sandbox under the same addresses: the people, organizations and connected apps of the first start, no
    /// webhooks, events, mail or faults. Keys, the credentials of its applications and the mail server's password stay, so
    /// that what was set up to talk to it still does.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub async fn reset(&self) -> Result<(), SandboxError> {
        {
            let now = self.now();
            let mut state = self.state();
            let mut new = State::default();
            super::presets::fill(&mut new, now);
            new.client_id.clone_from(&state.client_id);
            new.client_secret.clone_from(&state.client_secret);
            for (new, old) in new.applications.iter_mut().zip(&state.applications) {
                new.client_id.clone_from(&old.client_id);
                new.client_secret.clone_from(&old.client_secret);
            }
            new.smtp_password.clone_from(&state.smtp_password);
            new.old_keys.clone_from(&state.old_keys);
            new.issuer_last.clone_from(&state.issuer_last);
            new.ports = state.ports;
            *state = new;
        }
        *self.faults() = Faults::default();
        self.save().await?;
        self.store
            .write(|connection| {
                connection.execute_batch(
                    "DELETE FROM attempts; DELETE FROM deliveries; DELETE FROM events; DELETE FROM health; DELETE FROM mails;",
                )
            })
            .await
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

    /// The application of a client ID, the machine-to-machine one included.
    pub fn application(&self, client_id: &str) -> Option<Application> {
        self.applications().into_iter().find(|app| app.client_id == client_id)
    }

    /// Every application, the machine-to-machine one first.
    pub fn applications(&self) -> Vec<Application> {
        let state = self.state();
        let machine = Application {
            client_id: state.client_id.clone(),
            client_secret: state.client_secret.clone(),
            name: "Kinde Panel M2M".to_owned(),
            kind: ApplicationKind::M2m,
            redirect_urls: Vec::new(),
            logout_urls: Vec::new(),
            homepage_uri: None,
            login_uri: None,
        };
        std::iter::once(machine).chain(state.applications.iter().cloned()).collect()
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
