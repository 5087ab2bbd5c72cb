//! What every command and the window share: the data folder opened once, and the way to a tenant.
//!
//! Hands things out and does no job itself: jobs belong to their rooms.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use crate::clock::Clock;
use crate::error::{Category, UserError};
use crate::inspector::second_webhook::{self, SecondWebhook};
use crate::kinde::token::{CLIENT_SECRET_FIELD, TOKEN_FIELD};
use crate::kinde::{Domain, EventType, KindeApi, M2m, TokenSource};
use crate::net::{Http, Recorder};
use crate::recipes;
use crate::sandbox::{self, Running};
use crate::secrets::{Kept, KeyringState, Secret, SecretError, SecretStore};
use crate::store::DataDir;
use crate::tenant::{
    Profile, Profiles, SANDBOX_PROFILE, SecretTrouble, Tenant, WEB_CLIENT_SECRET_FIELD, add, own_secret,
};

/// What every command and the window share. Clones share everything.
#[derive(Debug, Clone)]
pub struct Services {
    /// The data folder.
    pub data: DataDir,
    /// The one HTTP client.
    pub http: Http,
    /// Where secrets are.
    pub secrets: SecretStore,
    /// The one clock.
    pub clock: Clock,
    /// The profiles.
    pub profiles: Profiles,
    /// Token sources by profile, so that jobs at the same time mint once.
    tokens: Arc<Mutex<HashMap<Uuid, TokenSource>>>,
    /// What is to be told of a file that was damaged, once.
    restored: Arc<Mutex<Option<String>>>,
}

impl Services {
    /// Opens the data folder at `data_dir`, making it where it is missing, and takes damaged profiles from the copy beside
    /// them. Asks neither network nor keyring.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(data_dir: &Path, recorder: Recorder, clock: Clock, secrets: SecretStore) -> Result<Self, UserError> {
        let data = DataDir::open(data_dir)?;
        let http = Http::new(recorder, clock.clone())?;
        let profiles = Profiles::of(&data);
        // One that cannot be put right is told by who reads it.
        let restored = profiles.restore().ok().flatten().map(|aside| {
            let words = format!("profiles.json was damaged. The damaged file is kept as {}", aside.display());
            tracing::warn!("The profiles are as before their last change: {words}");
            words
        });
        let restored = Arc::new(Mutex::new(restored));
        Ok(Self { data, http, secrets, clock, profiles, tokens: Arc::default(), restored })
    }

    /// What is to be told of damaged profiles that were taken from the copy beside them: the first time it is asked.
    pub fn take_restored(&self) -> Option<String> {
        self.restored.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Opens the tenant of `profile`: its secret from the keyring, the sandbox's address from the running one.
    ///
    /// A keyring that does not answer is no error here, since a domain alone is enough for much:
    /// [`Tenant::api`] tells of it.
    ///
    /// # Errors
    /// When the sandbox is not running, or the profile has no domain.
    pub async fn tenant(&self, profile: &Profile) -> Result<Tenant, UserError> {
        if profile.is_sandbox() {
            let dir = self.sandbox_dir();
            let running = off_thread(move || Ok(sandbox::find(&dir))).await?.ok_or_else(sandbox_not_running)?;
            return self.sandbox_tenant(profile, &running).await;
        }
        let (m2m, trouble) = match self.kept_m2m(profile).await {
            Ok(m2m) => (m2m, None),
            Err(trouble) => (None, Some(trouble)),
        };
        let mut tenant = self.tenant_with(profile, m2m)?;
        tenant.secret_trouble = trouble;
        Ok(tenant)
    }

    /// Where the sandbox keeps its files.
    pub fn sandbox_dir(&self) -> PathBuf {
        self.data.file("sandbox")
    }

    /// Keeps the schemas that the event types of the tenant at `domain` carry, for samples of the sandbox to follow. One that
    /// cannot be kept is told in the log alone: nobody asked for it.
    pub async fn keep_schemas(&self, domain: &Domain, types: Vec<EventType>) {
        let (dir, from, now) = (self.sandbox_dir(), domain.as_str().to_owned(), self.clock.now());
        let keep = move || sandbox::keep_schemas(&dir, &from, &types, now);
        if let Ok(Err(error)) = tokio::task::spawn_blocking(keep).await {
            tracing::warn!(%error, "the schemas of event types were not kept");
        }
    }

    /// Opens the sandbox's tenant as `running` serves it, with the sandbox's own made-up credentials.
    ///
    /// # Errors
    /// When the sandbox's files cannot be read.
    pub async fn sandbox_tenant(&self, profile: &Profile, running: &Running) -> Result<Tenant, UserError> {
        let dir = self.sandbox_dir();
        let facts = off_thread(move || sandbox::facts(&dir).map_err(UserError::from)).await?;
        let domain = Domain::parse(&running.issuer)?;
        let profile = Profile {
            domain: Some(domain.clone()),
            client_id: Some(facts.client_id.clone()),
            web_client_id: facts.web_application().map(|app| app.client_id.clone()),
            web_secret_of: None,
            audience: None,
            ..profile.clone()
        };
        let m2m = M2m { client_id: facts.client_id, client_secret: facts.client_secret, audience: None };
        let mut tenant = self.tenant_with(&profile, Some(m2m))?;
        tenant.provider_base = Some(Tenant::provider_base_at(&domain));
        Ok(tenant)
    }

    /// Opens the tenant of `profile` with these credentials: those of the environment variables.
    ///
    /// # Errors
    /// When the profile has no domain.
    pub fn tenant_with(&self, profile: &Profile, m2m: Option<M2m>) -> Result<Tenant, UserError> {
        let domain = profile.domain.clone().ok_or_else(|| {
            UserError::new(Category::Input, "The profile has no domain")
                .detail("Nothing says which tenant it stands for")
                .hint("Type its Kinde domain in the Tenant room")
        })?;
        let api_domain = profile.api_domain().unwrap_or_else(|| domain.clone());
        let keep = (profile.id != SANDBOX_PROFILE).then(|| (self.secrets.clone(), profile.id));
        let api = m2m.map(|m2m| {
            let tokens = self.token_source(profile.id, &api_domain, m2m, keep);
            KindeApi::new(self.http.for_profile(&profile.name), api_domain, tokens)
        });
        Ok(Tenant {
            profile: profile.clone(),
            domain,
            http: self.http.clone(),
            secrets: self.secrets.clone(),
            api,
            secret_trouble: None,
            provider_base: None,
        })
    }

    /// Whether the tenant of `profile` has a second webhook, for a verdict that hangs on it. `m2m` goes before the keyring's
    /// credentials; a sandbox that is not running has no list to ask for.
    pub fn second_webhook(&self, profile: &Profile, m2m: Option<M2m>) -> SecondWebhook {
        let (services, profile) = (self.clone(), profile.clone());
        second_webhook::of_tenant(move || {
            let (services, profile, m2m) = (services.clone(), profile.clone(), m2m.clone());
            async move {
                let tenant = match m2m {
                    Some(m2m) => services.tenant_with(&profile, Some(m2m)),
                    None => services.tenant(&profile).await,
                };
                tenant.ok()?.api
            }
        })
    }

    /// The credentials of a profile's M2M application; `None` where ID or secret is not known.
    ///
    /// # Errors
    /// When the keyring does not answer: the secret may be there. When it holds another one than was given last.
    pub async fn kept_m2m(&self, profile: &Profile) -> Result<Option<M2m>, SecretTrouble> {
        let Some(client_id) = profile.client_id.clone() else { return Ok(None) };
        let is_own = |secret: &Secret| {
            profile
                .secret_check
                .as_ref()
                .is_none_or(|check| own_secret::check_of(profile.id, &client_id, secret) == *check)
        };
        let mut secret = self.secrets.get(profile.id, CLIENT_SECRET_FIELD).await?;
        if secret.as_ref().is_some_and(|secret| !is_own(secret)) {
            // Another window may have kept a newer one than this run read.
            secret = self.secrets.get_anew(profile.id, CLIENT_SECRET_FIELD).await?;
        }
        let Some(client_secret) = secret else { return Ok(None) };
        if !is_own(&client_secret) {
            return Err(SecretTrouble::Older);
        }
        Ok(Some(M2m { client_id, client_secret, audience: profile.audience.clone() }))
    }

    /// The source in use for these credentials, else a new one in its place.
    fn token_source(&self, profile: Uuid, domain: &Domain, m2m: M2m, keep: Option<(SecretStore, Uuid)>) -> TokenSource {
        let mut sources = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = sources.get(&profile).filter(|source| source.m2m() == &m2m && source.domain() == domain) {
            return source.clone();
        }
        let source = TokenSource::new(self.http.clone(), domain.clone(), m2m, keep);
        if let Some(before) = sources.insert(profile, source.clone()) {
            before.retire();
        }
        source
    }

    /// Removes a profile and everything secret that is kept for it. With `anyway` secrets that the keyring does not let
    /// go of stay there, and the profile goes all the same.
    ///
    /// # Errors
    /// When the file cannot be written, or the keyring does not answer (nothing is removed then).
    pub async fn remove_profile(&self, id: Uuid, anyway: bool) -> Result<(), RemoveError> {
        if matches!(self.secrets.state(), KeyringState::Missing { .. }) {
            // It may have been unlocked since it was asked last.
            self.secrets.probe().await;
        }
        // What is being added is added before, or finds no profile.
        let _alone = self.secrets.alone().await;
        // Before anything is deleted: a token that a job is minting just now must not be written behind this.
        self.drop_token_source(id).await;
        let own =
            [TOKEN_FIELD, CLIENT_SECRET_FIELD, WEB_CLIENT_SECRET_FIELD, crate::mail::PASSWORD_FIELD].map(str::to_owned);
        for field in own.into_iter().chain(recipes::secret_fields()) {
            match self.secrets.delete(id, &field).await {
                Ok(()) => {}
                Err(_) if anyway => self.secrets.forget_here(id, &field),
                Err(error) => return Err(RemoveError::Keyring(error)),
            }
        }
        self.profiles.remove(id).map_err(RemoveError::Profiles)
    }

    /// Takes an M2M application for `profile`, as [`add::add_m2m`] does. What is opened after it works with these
    /// credentials and the token they gave, not with what was held before.
    ///
    /// # Errors
    /// As [`add::add_m2m`].
    pub async fn add_m2m(&self, profile: &Profile, words: M2m) -> Result<add::Added, UserError> {
        let added = add::add_m2m(&self.http, &self.secrets, &self.profiles, profile, words).await?;
        self.drop_token_source(profile.id).await;
        Ok(added)
    }

    /// Lets go of the source in use, which keeps no token any more.
    async fn drop_token_source(&self, id: Uuid) {
        let source = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        if let Some(source) = source {
            source.retire();
            source.settled().await;
        }
    }

    /// Keeps a web application's ID and secret for recipes; the Management API is never asked with them.
    ///
    /// # Errors
    /// When the profile is gone or cannot be written.
    pub async fn keep_web_application(
        &self,
        id: Uuid,
        client_id: &str,
        secret: Option<Secret>,
    ) -> Result<Profile, UserError> {
        let profile = self.profiles.update(id, |profile| {
            profile.take_web_client_id(client_id);
            if secret.is_some() {
                profile.web_secret_of = Some(client_id.to_owned());
            }
        })?;
        if let Some(secret) = secret {
            self.secrets.set(id, WEB_CLIENT_SECRET_FIELD, secret).await;
        }
        Ok(profile)
    }

    /// Keeps the secrets that the recipe `name` made because none was given, by the keys of their inputs: made again, they
    /// would no longer fit what was set up with them. One that is kept already stays: its reading may have failed when this
    /// one was made. Answers where they are, [`Kept::ThisRun`] where one of them is there alone; `None` where nothing was
    /// made.
    pub async fn keep_recipe_secrets(
        &self,
        profile: Uuid,
        name: &str,
        made: &BTreeMap<String, Secret>,
    ) -> Option<Kept> {
        let content = recipes::find(name)?.content();
        let mut worst = None;
        for (key, secret) in made {
            let Some(input) = content.input(key) else { continue };
            let field = recipes::secret_field(name, input);
            let kept = match self.secrets.get(profile, &field).await {
                Ok(kept) if kept.as_ref().is_none_or(|kept| kept == secret) => {
                    self.secrets.set(profile, &field, secret.clone()).await
                }
                Ok(_) => Kept::ThisRun,
                Err(_) => {
                    self.secrets.hold(profile, &field, secret.clone());
                    Kept::ThisRun
                }
            };
            worst = Some(if worst == Some(Kept::ThisRun) { Kept::ThisRun } else { kept });
        }
        worst
    }
}

/// Why a profile was not removed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RemoveError {
    /// The keyring did not let go of its secrets.
    #[error(transparent)]
    Keyring(SecretError),
    /// The profiles could not be written.
    #[error(transparent)]
    Profiles(UserError),
}

impl From<RemoveError> for UserError {
    fn from(error: RemoveError) -> Self {
        match error {
            RemoveError::Keyring(error) => {
                Self::new(Category::File, "The profile's secrets could not be removed from the system keyring")
                    .detail(format!("So the profile is still here. The keyring does not answer: {}", error.reason))
                    .hint("Unlock or start the keyring and remove the profile again")
            }
            RemoveError::Profiles(error) => error,
        }
    }
}

/// Runs file work off the async threads.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, UserError> + Send + 'static,
) -> Result<T, UserError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| {
        UserError::new(Category::Internal, "Reading the sandbox's files broke off")
            .detail("The work was stopped before its end")
            .hint("Try again")
    })?
}

fn sandbox_not_running() -> UserError {
    UserError::new(Category::Network, "The sandbox is not running")
        .detail("Nothing serves the sandbox of this data folder")
        .hint("Start it: kinde-panel sandbox")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without_keyring() -> (tempfile::TempDir, Services, Profile) {
        let dir = tempfile::tempdir().unwrap();
        let store = SecretStore::without_answer();
        let services = Services::open(&dir.path().join("data"), Recorder::silent(), Clock::real(), store).unwrap();
        let mut profile = Profile::new("Acme", Domain::parse("acme").unwrap());
        profile.client_id = Some("0123456789abcdef0123456789abcdef".to_owned());
        let profile = services.profiles.add(profile).unwrap();
        (dir, services, profile)
    }

    #[test]
    fn damaged_profiles_are_taken_from_before_the_last_change_which_is_told_once_and_the_damaged_file_stays() {
        let (dir, services, profile) = without_keyring();
        services.profiles.update(profile.id, |profile| "Renamed".clone_into(&mut profile.name)).unwrap();
        assert_eq!(services.take_restored(), None, "nothing was damaged");
        std::fs::write(services.data.file("profiles.json"), "{ broken").unwrap();
        let open =
            || Services::open(&dir.path().join("data"), Recorder::silent(), Clock::real(), SecretStore::memory());
        let services = open().unwrap();
        assert_eq!(services.profiles.get(profile.id).unwrap().unwrap().name, "Acme");
        let told = services.take_restored().unwrap();
        let aside = told.rsplit("kept as ").next().unwrap();
        assert_eq!(std::fs::read_to_string(aside).unwrap(), "{ broken");
        assert_eq!(services.take_restored(), None);
        assert_eq!(open().unwrap().take_restored(), None, "nor is it told again at the next start");
    }

    #[tokio::test]
    async fn a_profile_whose_secrets_the_keyring_keeps_back_goes_only_when_that_is_wanted() {
        let (_dir, services, profile) = without_keyring();
        services.secrets.set(profile.id, CLIENT_SECRET_FIELD, Secret::new("typed")).await;
        let refused = services.remove_profile(profile.id, false).await.unwrap_err();
        assert!(matches!(refused, RemoveError::Keyring(_)), "{refused:?}");
        assert!(UserError::from(refused).detail.contains("it is locked"));
        assert!(services.profiles.get(profile.id).unwrap().is_some(), "the profile stays");
        assert!(services.kept_m2m(&profile).await.unwrap().is_some(), "and so does what this run knows");
        services.remove_profile(profile.id, true).await.unwrap();
        assert_eq!(services.profiles.get(profile.id).unwrap(), None);
        assert!(services.secrets.get(profile.id, CLIENT_SECRET_FIELD).await.is_err(), "forgotten here");
    }

    #[tokio::test]
    async fn a_secret_that_a_recipe_made_is_found_where_its_input_is_looked_for_and_goes_with_the_profile() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let services = Services::open(&data, Recorder::silent(), Clock::real(), SecretStore::memory()).unwrap();
        let profile = services.profiles.add(Profile::new("Acme", Domain::parse("acme").unwrap())).unwrap();
        let (name, key) = ("campaign-state", Secret::new("made"));
        assert_eq!(services.keep_recipe_secrets(profile.id, name, &BTreeMap::new()).await, None, "nothing was made");
        let made = [("key".to_owned(), key.clone())].into();
        assert_eq!(services.keep_recipe_secrets(profile.id, name, &made).await, Some(Kept::ThisRun));
        let field = recipes::secret_field(name, recipes::find(name).unwrap().content().input("key").unwrap());
        assert_eq!(services.secrets.get(profile.id, &field).await.unwrap(), Some(key));
        services.remove_profile(profile.id, false).await.unwrap();
        assert_eq!(services.secrets.get(profile.id, &field).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_secret_that_a_recipe_made_takes_no_place_of_one_that_is_kept_or_may_be() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let services = Services::open(&data, Recorder::silent(), Clock::real(), SecretStore::memory()).unwrap();
        let profile = services.profiles.add(Profile::new("Acme", Domain::parse("acme").unwrap())).unwrap();
        let name = "campaign-state";
        let field = recipes::secret_field(name, recipes::find(name).unwrap().content().input("key").unwrap());
        services.secrets.set(profile.id, &field, Secret::new("kept before")).await;
        let made = [("key".to_owned(), Secret::new("made"))].into();
        assert_eq!(services.keep_recipe_secrets(profile.id, name, &made).await, Some(Kept::ThisRun));
        let kept = services.secrets.get(profile.id, &field).await.unwrap();
        assert_eq!(kept, Some(Secret::new("kept before")));

        let (_dir, services, profile) = without_keyring();
        assert_eq!(services.keep_recipe_secrets(profile.id, name, &made).await, Some(Kept::ThisRun));
        assert_eq!(services.secrets.get(profile.id, &field).await.unwrap(), Some(Secret::new("made")), "for this run");
        assert_eq!(services.secrets.keep_for_good().await, 0);
    }

    #[tokio::test]
    async fn a_locked_keyring_leaves_the_domain_usable_and_is_named_where_the_api_is_wanted() {
        let (_dir, services, profile) = without_keyring();
        let tenant = services.tenant(&profile).await.unwrap();
        let told = tenant.api().unwrap_err();
        assert_eq!(told.title, "The client secret could not be read");
        assert!(told.detail.contains("it is locked"), "{told:?}");
    }

    #[tokio::test]
    async fn a_client_secret_that_the_keyring_did_not_take_is_not_replaced_by_the_one_it_holds() {
        let (_dir, services, profile) = without_keyring();
        let id = profile.client_id.clone().unwrap();
        let check = own_secret::check_of(profile.id, &id, &Secret::new("typed last"));
        let profile = services.profiles.update(profile.id, |profile| profile.secret_check = Some(check)).unwrap();
        services.secrets.set(profile.id, CLIENT_SECRET_FIELD, Secret::new("from the keyring")).await;
        let told = services.tenant(&profile).await.unwrap().api().unwrap_err();
        assert!(told.title.contains("not the one typed last") && told.hint.contains("again"), "{told:?}");
        services.secrets.set(profile.id, CLIENT_SECRET_FIELD, Secret::new("typed last")).await;
        assert!(services.tenant(&profile).await.unwrap().api.is_some());
    }

    #[tokio::test]
    async fn an_application_added_while_its_profile_is_removed_leaves_no_secret_behind() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        // Removed while the token is minted, and while the environment is read.
        for at in 0..2 {
            let dir = tempfile::tempdir().unwrap();
            let data = dir.path().join("data");
            let services = Services::open(&data, Recorder::silent(), Clock::real(), SecretStore::memory()).unwrap();
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let domain = Domain::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
            let profile = services.profiles.add(Profile::new("Acme", domain)).unwrap();
            let client_secret = Secret::new("Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8");
            let words = M2m { client_id: "0123456789abcdef0123456789abcdef".to_owned(), client_secret, audience: None };
            let (adds, of) = (services.clone(), profile.clone());
            let adding = tokio::spawn(async move { adds.add_m2m(&of, words).await });
            for call in 0..2 {
                let (mut socket, _) = listener.accept().await.unwrap();
                assert!(socket.read(&mut [0; 4096]).await.unwrap() > 0);
                if call == at {
                    services.remove_profile(profile.id, false).await.unwrap();
                }
                let body = r#"{"access_token":"late","expires_in":3600,"environment":{"is_live":false}}"#;
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                socket.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            }
            let told = adding.await.unwrap().unwrap_err();
            assert_eq!(told.title, "The profile is gone");
            for field in [CLIENT_SECRET_FIELD, TOKEN_FIELD] {
                assert_eq!(services.secrets.get(profile.id, field).await.unwrap(), None, "{field} at {at}");
            }
        }
    }

    #[tokio::test]
    async fn a_token_that_comes_after_its_profile_was_removed_is_kept_nowhere() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let services = Services::open(&data, Recorder::silent(), Clock::real(), SecretStore::memory()).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let domain = Domain::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let profile = services.profiles.add(Profile::new("Acme", domain)).unwrap();
        let m2m = M2m { client_id: "id".to_owned(), client_secret: Secret::new("typed"), audience: None };
        let tokens = services.tenant_with(&profile, Some(m2m)).unwrap().api.unwrap().tokens().clone();
        let minting = tokio::spawn(async move { tokens.mint().await });
        let (mut socket, _) = listener.accept().await.unwrap();
        assert!(socket.read(&mut [0; 4096]).await.unwrap() > 0, "the request is under way");
        services.remove_profile(profile.id, false).await.unwrap();
        let body = r#"{"access_token":"late","expires_in":3600}"#;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        socket.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        assert_eq!(minting.await.unwrap().unwrap().secret, Secret::new("late"), "who asked for it gets it");
        assert_eq!(services.secrets.get(profile.id, TOKEN_FIELD).await.unwrap(), None);
    }
}
