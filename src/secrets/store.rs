//! Where secrets are kept: the OS keyring behind a probe, and this run's memory where there is none.
//!
//! `keyring` 4.x looks for the platform's store once in the life of a process and remembers a failure. So nothing here
//! calls it before a probe of the platform's store has passed, and a retry probes again. All of it is synchronous
//! D-Bus or system calls: every call runs on a blocking thread and is given up after [`PATIENCE`].

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use uuid::Uuid;

use super::Secret;
use crate::error::{Category, UserError};

/// The keyring service under which every entry stands. The user is `<profile uuid>/<field>`.
pub const SERVICE: &str = "kinde-panel";

/// How long the keyring may take before it is given up: it may be waiting for a person to unlock it.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is known of the keyring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyringState {
    /// Not asked yet.
    Unknown,
    /// It answered; secrets go there.
    Ready,
    /// It did not: why, in the platform's own words. Secrets are kept for this run only.
    Missing {
        /// The platform's own words.
        reason: String,
    },
}

/// Where a secret ended up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// In the OS keyring: it is there at the next start.
    Keyring,
    /// In memory: gone when the program ends.
    ThisRun,
}

/// Why the keyring did not do as asked.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the keyring did not answer: {reason}")]
pub struct SecretError {
    /// The platform's own words.
    pub reason: String,
}

impl From<SecretError> for UserError {
    fn from(error: SecretError) -> Self {
        Self::new(Category::File, "The system keyring could not be used")
            .detail(format!("What is kept there can be neither read nor removed now: {}", error.reason))
            .hint("Unlock or start the keyring and try again. Until then the panel keeps secrets for this run only")
    }
}

/// What the crate `secret-service` says where an alias stands for no collection.
const NO_COLLECTION: &str = "result not returned";

/// Keeps secrets in the OS keyring, or in memory where there is none. Clones share one store.
#[derive(Debug, Clone)]
pub struct SecretStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<KeyringState>,
    /// Secrets of this run, by keyring user. Also answers for the keyring once read, which spares D-Bus a call.
    memory: Mutex<HashMap<String, Secret>>,
    /// Those of them that were given and that the keyring did not take.
    unkept: Mutex<HashSet<String>>,
    /// Held while a profile's secrets and the profile itself change together.
    alone: tokio::sync::Mutex<()>,
    keyring: Keyring,
}

/// Which keyring a store stands over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keyring {
    /// The platform's.
    Os,
    /// None, by choice: nothing was ever kept there, so nothing can be missing from it.
    Off,
    /// One that never answers.
    #[cfg(test)]
    Gone,
}

impl SecretStore {
    /// A store over the OS keyring, which is not asked yet.
    pub fn os() -> Self {
        Self::with(Keyring::Os, KeyringState::Unknown)
    }

    /// A store that never asks the OS keyring.
    pub fn memory() -> Self {
        let reason = "the keyring is switched off for this run".to_owned();
        Self::with(Keyring::Off, KeyringState::Missing { reason })
    }

    /// A store over a keyring that never answers.
    #[cfg(test)]
    pub(crate) fn without_answer() -> Self {
        Self::with(Keyring::Gone, KeyringState::Missing { reason: "it is locked".to_owned() })
    }

    fn with(keyring: Keyring, state: KeyringState) -> Self {
        let (state, memory, alone) = (Mutex::new(state), Mutex::default(), tokio::sync::Mutex::default());
        Self { shared: Arc::new(Shared { state, memory, unkept: Mutex::default(), alone, keyring }) }
    }

    /// What is known of the keyring, without asking it.
    pub fn state(&self) -> KeyringState {
        lock(&self.shared.state).clone()
    }

    /// Asks the platform's store, again if it was asked before: writes an entry of its own and removes it, since only a
    /// write tells a store that is locked, or has nowhere to write to, from one that keeps secrets.
    pub async fn probe(&self) -> KeyringState {
        if self.shared.keyring != Keyring::Os {
            return self.state();
        }
        let state = match blocking(platform_probe).await {
            Ok(()) => KeyringState::Ready,
            Err(error) => KeyringState::Missing { reason: error.reason },
        };
        lock(&self.shared.state).clone_from(&state);
        state
    }

    /// True with a keyring to ask, false where it is switched off by choice.
    ///
    /// # Errors
    /// When there should be one and it does not answer: what it holds is not known then.
    async fn ready(&self) -> Result<bool, SecretError> {
        let state = match self.state() {
            KeyringState::Unknown => self.probe().await,
            known => known,
        };
        match state {
            KeyringState::Ready => Ok(true),
            KeyringState::Missing { reason } if self.shared.keyring != Keyring::Off => Err(SecretError { reason }),
            KeyringState::Missing { .. } | KeyringState::Unknown => Ok(false),
        }
    }

    /// Lets nobody else of this process change secrets together with their profile until the answer is dropped. Does
    /// not keep from reading, nor from a single [`SecretStore::set`].
    pub async fn alone(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.shared.alone.lock().await
    }

    /// The secret `field` of `profile`; `None` where nothing was kept.
    ///
    /// # Errors
    /// When the keyring does not answer and this run does not know the secret: whether one is kept cannot be told.
    pub async fn get(&self, profile: Uuid, field: &str) -> Result<Option<Secret>, SecretError> {
        let user = user(profile, field);
        if let Some(secret) = lock(&self.shared.memory).get(&user) {
            return Ok(Some(secret.clone()));
        }
        if !self.ready().await? {
            return Ok(None);
        }
        let asked = user.clone();
        let found = blocking(move || match settled(|| entry(&asked)?.get_secret()) {
            Ok(bytes) => {
                let bytes = zeroize::Zeroizing::new(bytes);
                Ok(Some(Secret::new(String::from_utf8_lossy(&bytes))))
            }
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(SecretError { reason: error.to_string() }),
        })
        .await?;
        if let Some(secret) = &found {
            lock(&self.shared.memory).insert(user, secret.clone());
        }
        Ok(found)
    }

    /// As [`SecretStore::get`], and asks the keyring again for what this run knows of it. What the keyring did not take
    /// stays what it is.
    ///
    /// # Errors
    /// As [`SecretStore::get`].
    pub async fn get_anew(&self, profile: Uuid, field: &str) -> Result<Option<Secret>, SecretError> {
        let user = user(profile, field);
        if !lock(&self.shared.unkept).contains(&user) {
            lock(&self.shared.memory).remove(&user);
        }
        self.get(profile, field).await
    }

    /// Keeps `secret` as `field` of `profile`. Where the keyring refuses it is kept for this run, and the answer says so.
    pub async fn set(&self, profile: Uuid, field: &str, secret: Secret) -> Kept {
        let user = user(profile, field);
        lock(&self.shared.memory).insert(user.clone(), secret.clone());
        lock(&self.shared.unkept).insert(user.clone());
        if !self.ready().await.unwrap_or(false) {
            return Kept::ThisRun;
        }
        match write(user.clone(), secret).await {
            Ok(true) => {
                lock(&self.shared.unkept).remove(&user);
                Kept::Keyring
            }
            Ok(false) => Kept::ThisRun,
            Err(error) => {
                *lock(&self.shared.state) = KeyringState::Missing { reason: error.reason };
                Kept::ThisRun
            }
        }
    }

    /// Holds `secret` as `field` of `profile` for this run alone: it never goes into the keyring, which may have one already.
    pub fn hold(&self, profile: Uuid, field: &str, secret: Secret) {
        lock(&self.shared.memory).insert(user(profile, field), secret);
    }

    /// Forgets `field` of `profile` everywhere. What was never kept is no error.
    ///
    /// # Errors
    /// When the keyring does not answer: the entry may still be there, and this run still knows what it knew.
    pub async fn delete(&self, profile: Uuid, field: &str) -> Result<(), SecretError> {
        if self.ready().await? {
            let user = user(profile, field);
            blocking(move || match settled(|| entry(&user)?.delete_credential()) {
                Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
                Err(error) => Err(SecretError { reason: error.to_string() }),
            })
            .await?;
        }
        self.forget_here(profile, field);
        Ok(())
    }

    /// Forgets what this run knows of `field` of `profile`. What the keyring holds stays there.
    pub fn forget_here(&self, profile: Uuid, field: &str) {
        let user = user(profile, field);
        lock(&self.shared.unkept).remove(&user);
        lock(&self.shared.memory).remove(&user);
    }

    /// Moves what the keyring did not take into it, after a retry found one. Answers how many moved. What was only read
    /// from it stays as it is there: another window may have kept a newer one since.
    pub async fn keep_for_good(&self) -> usize {
        if self.probe().await != KeyringState::Ready {
            return 0;
        }
        let unkept = lock(&self.shared.unkept).clone();
        let held: Vec<(String, Secret)> = lock(&self.shared.memory)
            .iter()
            .filter(|(user, _)| unkept.contains(*user))
            .map(|(user, secret)| (user.clone(), secret.clone()))
            .collect();
        let mut moved = 0;
        for (user, secret) in held {
            if write(user.clone(), secret).await.is_ok_and(|taken| taken) {
                lock(&self.shared.unkept).remove(&user);
                moved += 1;
            }
        }
        moved
    }
}

/// Writes it into the keyring. `false` where the keyring takes none like it: Windows, for one, takes 2,560 bytes.
async fn write(user: String, secret: Secret) -> Result<bool, SecretError> {
    blocking(move || match settled(|| entry(&user)?.set_secret(secret.expose().as_bytes())) {
        Ok(()) => Ok(true),
        Err(keyring::Error::TooLong(..) | keyring::Error::Invalid(..)) => Ok(false),
        Err(error) => Err(SecretError { reason: error.to_string() }),
    })
    .await
}

fn user(profile: Uuid, field: &str) -> String {
    format!("{profile}/{field}")
}

fn entry(user: &str) -> keyring::Result<keyring::Entry> {
    keyring::Entry::new(SERVICE, user)
}

/// Asks again for up to a second while the Secret Service names no collection, which it does for a moment under load
/// and while it starts. Anything else is answered at once: a prompt that was turned down must not come back.
fn settled<T>(mut call: impl FnMut() -> keyring::Result<T>) -> keyring::Result<T> {
    for _ in 0..10 {
        match call() {
            Err(keyring::Error::NoStorageAccess(error)) if error.to_string().contains(NO_COLLECTION) => {
                std::thread::sleep(Duration::from_millis(100));
            }
            answer => return answer,
        }
    }
    call()
}

/// Runs a keyring call off the async threads, and gives it up after [`PATIENCE`].
async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, SecretError> + Send + 'static,
) -> Result<T, SecretError> {
    match tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(call)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(SecretError { reason: "the keyring call broke off".to_owned() }),
        Err(_) => Err(SecretError {
            reason: format!("no answer within {} s; it may be waiting for you to unlock it", PATIENCE.as_secs()),
        }),
    }
}

/// Looks for the platform's store without `keyring`, which would remember a failure for good.
#[cfg(target_os = "linux")]
fn platform_probe() -> Result<(), SecretError> {
    zbus_secret_service_keyring_store::Store::new()
        .map_err(|error| SecretError { reason: error.to_string() })
        .and_then(|_| read_probe())
}

/// macOS and Windows always have their store: only the read can fail.
#[cfg(not(target_os = "linux"))]
fn platform_probe() -> Result<(), SecretError> {
    read_probe()
}

/// A store may be there and locked, or have no collection to write to: only a write tells.
fn read_probe() -> Result<(), SecretError> {
    let say = |error: keyring::Error| SecretError { reason: error.to_string() };
    let probe = entry("probe/can-keep").map_err(say)?;
    settled(|| probe.set_secret(b"kinde-panel looks whether secrets can be kept here")).map_err(say)?;
    match probe.delete_credential() {
        Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
        Err(error) => Err(say(error)),
    }
}

/// A poisoned lock still holds its value, and no code here can leave it half-written.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_that_is_not_there_for_a_moment_is_asked_for_again_and_a_refusal_is_not() {
        let fails = |words: &'static str, times: u32| {
            let mut asked = 0;
            let answer = settled(|| {
                asked += 1;
                if asked > times { Ok(()) } else { Err(keyring::Error::NoStorageAccess(words.into())) }
            });
            (answer.is_ok(), asked)
        };
        assert_eq!(fails("SS error: result not returned from SS API", 2), (true, 3));
        assert_eq!(fails("SS error: prompt dismissed", 2), (false, 1));
    }

    #[tokio::test]
    async fn without_a_keyring_a_secret_is_kept_for_this_run_and_says_so() {
        let store = SecretStore::memory();
        let profile = Uuid::new_v4();
        assert_eq!(store.set(profile, "client_secret", Secret::new("s3cret")).await, Kept::ThisRun);
        assert_eq!(store.get(profile, "client_secret").await.unwrap(), Some(Secret::new("s3cret")));
        store.delete(profile, "client_secret").await.unwrap();
        assert_eq!(store.get(profile, "client_secret").await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_keyring_that_does_not_answer_is_an_error_and_never_an_empty_one() {
        let store = SecretStore::without_answer();
        let profile = Uuid::new_v4();
        assert!(store.get(profile, "client_secret").await.is_err(), "it may hold one");
        assert_eq!(store.set(profile, "client_secret", Secret::new("s3cret")).await, Kept::ThisRun);
        assert_eq!(store.get(profile, "client_secret").await.unwrap(), Some(Secret::new("s3cret")));
        let told = UserError::from(store.delete(profile, "client_secret").await.unwrap_err());
        assert!(told.detail.contains("it is locked"), "{told:?}");
        let known = store.get(profile, "client_secret").await.unwrap();
        assert_eq!(known, Some(Secret::new("s3cret")), "what could not be removed is still used");
        store.forget_here(profile, "client_secret");
        assert!(store.get(profile, "client_secret").await.is_err());
    }

    #[tokio::test]
    async fn secrets_of_two_profiles_do_not_mix() {
        let store = SecretStore::memory();
        let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
        store.set(one, "client_secret", Secret::new("first")).await;
        assert_eq!(store.get(two, "client_secret").await.unwrap(), None);
    }
}
