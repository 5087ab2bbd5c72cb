//! What the Tenant room asks for: finding a tenant, its M2M application, the doctor, `.env` files.
//!
//! Calls the tenant's rooms and answers with events; keeps nothing of its own.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use uuid::Uuid;

use super::Job;
use super::small_file::{name_of, read};
use super::worker::RETURN;
use crate::check::Check;
use crate::error::UserError;
use crate::kinde::M2m;
use crate::kinde::jwks::Owner;
use crate::secrets::{Kept, Secret};
use crate::services::RemoveError;
use crate::tenant::doctor::{self, Report};
use crate::tenant::env_import::{self, Imported};
use crate::tenant::{EnvironmentFacts, Profile, add};

/// What the Tenant room asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Look whether a tenant answers at what was typed, and keep it as a profile.
    Find {
        /// As typed.
        text: String,
    },
    /// Take an M2M application for the profile.
    AddM2m {
        /// Whose.
        profile: Uuid,
        /// As typed.
        m2m: M2m,
    },
    /// Examine the tenant.
    Examine {
        /// Which.
        profile: Uuid,
        /// Mint a new token first.
        again: bool,
    },
    /// Hand over an access token that is good now.
    Token {
        /// Whose.
        profile: Uuid,
    },
    /// Ask before writing although the environment is not live, or stop asking.
    Guard {
        /// Which.
        profile: Uuid,
        /// Ask.
        on: bool,
    },
    /// How much an earlier run left half done in its tenant: asked before it is removed.
    Unfinished {
        /// Whose.
        profile: Uuid,
    },
    /// Remove the profile and its secrets.
    Remove {
        /// Which.
        profile: Uuid,
        /// Although the keyring does not let go of the secrets.
        anyway: bool,
        /// Delete the events it received too.
        events: bool,
    },
    /// Let the person choose a `.env` file, and read it.
    PickEnv,
    /// Read the `.env` file that was dropped.
    ReadEnv {
        /// Where it is.
        path: PathBuf,
    },
    /// Read the file that was dropped on the first page, for the Inspector.
    ReadDropped {
        /// Where it is.
        path: PathBuf,
    },
    /// Read a `.env` text that was pasted.
    ReadEnvText {
        /// Its text.
        text: Secret,
    },
    /// Keep a web application for recipes.
    KeepWeb {
        /// Whose.
        profile: Uuid,
        /// Its client ID.
        client_id: String,
        /// Its client secret, where it is known.
        secret: Option<Secret>,
    },
}

/// What comes back.
#[derive(Debug)]
pub enum Event {
    /// Whether a tenant is there; its profile is kept.
    Found(Result<Box<FoundTenant>, UserError>),
    /// Whether Kinde took the M2M application.
    Added(Result<Box<AddedM2m>, UserError>),
    /// What the doctor found.
    Examined(Result<Box<Report>, UserError>),
    /// A token to copy. Never shown.
    Token(Result<HandedToken, UserError>),
    /// The guard, the web application or the like was written.
    Changed(Result<(), UserError>),
    /// So many replacements and triggers of the profile were cut off, and are not put right for good.
    Unfinished(Result<usize, UserError>),
    /// The profile of that name is gone.
    Removed(Result<RemovedProfile, UserError>),
    /// The profile is still here: the keyring does not let go of its secrets.
    SecretsStay(UserError),
    /// What a `.env` text holds; `None` where none was chosen.
    Env(Result<Option<Box<EnvFile>>, UserError>),
    /// The text of the file that was dropped on the first page.
    Dropped(Result<Secret, UserError>),
}

/// A profile that is gone.
#[derive(Debug)]
pub struct RemovedProfile {
    /// Its name.
    pub name: String,
    /// How many of its events were deleted; `None` where they were to stay.
    pub events: Option<Result<usize, UserError>>,
    /// A webhook of its tenant still points at this machine: Kinde did not take it back in time.
    pub lent: bool,
}

/// A tenant that answers.
#[derive(Debug)]
pub struct FoundTenant {
    /// Its profile, as kept.
    pub profile: Profile,
    /// It was there before.
    pub already: bool,
    /// Discovery and key set.
    pub checks: Vec<Check>,
}

/// An M2M application that Kinde took.
#[derive(Debug)]
pub struct AddedM2m {
    /// The profile, as kept.
    pub profile: Profile,
    /// Where the secret is.
    pub kept: Kept,
    /// Why the environment is not known.
    pub environment_error: Option<UserError>,
}

/// A token on its way to the clipboard.
#[derive(Debug)]
pub struct HandedToken {
    /// The token.
    pub secret: Secret,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// A `.env` text that was read.
#[derive(Debug, Clone)]
pub struct EnvFile {
    /// The file's name, or what stands for one.
    pub name: String,
    /// What is in it.
    pub imported: Imported,
}

/// Does what is asked and sends the answer.
pub async fn run(command: Command, job: Job) {
    let event = match command {
        Command::Find { text } => {
            let found = find(&job, &text).await;
            let profile = found.as_ref().ok().map(|found| found.profile.clone());
            // Told as soon as the profile is written, before the network is asked again: a cancelled search must not
            // leave a profile that nobody hears of.
            job.send(Event::Found(found.map(Box::new))).await;
            if let Some(profile) = profile {
                keep_keys(&job, &profile).await;
            }
            return;
        }
        Command::Examine { profile, again } => Event::Examined(examine(&job, profile, again).await.map(Box::new)),
        Command::AddM2m { profile, m2m } => Event::Added(add_m2m(&job, profile, m2m).await.map(Box::new)),
        Command::Token { profile } => Event::Token(token(&job, profile).await),
        Command::Guard { profile, on } => {
            Event::Changed(job.services.profiles.update(profile, |profile| profile.guarded_by_choice = on).map(drop))
        }
        Command::Unfinished { profile } => Event::Unfinished(super::webhooks::unfinished(profile, &job).await),
        Command::Remove { profile, anyway, events } => remove(&job, profile, anyway, events).await,
        Command::PickEnv => Event::Env(pick_env().await.map(|file| file.map(Box::new))),
        Command::ReadEnv { path } => Event::Env(read_env(&path).await.map(|file| Some(Box::new(file)))),
        Command::ReadDropped { path } => Event::Dropped(read_text(&path, "file with the token or request").await),
        Command::ReadEnvText { text } => Event::Env(Ok(Some(Box::new(EnvFile {
            name: "the pasted text".to_owned(),
            imported: env_import::parse(text.expose()),
        })))),
        Command::KeepWeb { profile, client_id, secret } => {
            Event::Changed(job.services.keep_web_application(profile, &client_id, secret).await.map(drop))
        }
    };
    job.send(event).await;
}

async fn find(job: &Job, text: &str) -> Result<FoundTenant, UserError> {
    let found = add::find_tenant(&job.services.http, text).await?;
    let known = job.services.profiles.list()?;
    let known = known.into_iter().find(|profile| profile.issuers().contains(&found.domain));
    let already = known.is_some();
    let profile = match known {
        Some(profile) => profile,
        None => add::add_tenant(&job.services.profiles, &found)?,
    };
    Ok(FoundTenant { profile, already, checks: found.checks })
}

async fn add_m2m(job: &Job, id: Uuid, words: M2m) -> Result<AddedM2m, UserError> {
    let profile = job.profile(id).await?;
    let added = job.services.add_m2m(&profile, words).await?;
    keep_keys(job, &added.profile).await;
    Ok(AddedM2m {
        profile: added.profile,
        kept: added.kept,
        environment_error: added.environment_error.map(UserError::from),
    })
}

/// Examines, and writes down what the environment said of itself. The sandbox's addresses change: they are not kept.
async fn examine(job: &Job, id: Uuid, again: bool) -> Result<Report, UserError> {
    let tenant = job.tenant(id).await?;
    let report = doctor::examine(&tenant, again).await;
    if let Some(facts) = report.environment.clone().filter(|_| tenant.profile.saved && !tenant.profile.is_sandbox()) {
        let same = |old: &EnvironmentFacts| EnvironmentFacts { read_at: facts.read_at, ..old.clone() } == facts;
        if !tenant.profile.environment.as_ref().is_some_and(same) {
            job.services.profiles.update(id, |profile| profile.environment = Some(facts))?;
        }
    }
    keep_keys(job, &tenant.profile).await;
    Ok(report)
}

async fn token(job: &Job, id: Uuid) -> Result<HandedToken, UserError> {
    let tenant = job.tenant(id).await?;
    let token = tenant.api()?.tokens().token().await?;
    Ok(HandedToken { secret: token.secret, expires_at: token.expires_at })
}

async fn remove(job: &Job, id: Uuid, anyway: bool, events: bool) -> Event {
    let name = match job.profile(id).await {
        Ok(profile) => profile.name,
        Err(error) => return Event::Removed(Err(error)),
    };
    // It takes the secrets that go next. What is not put back in time stays in the journal, under the tenant's domain.
    let lent = tokio::time::timeout(RETURN, job.lending.end(id)).await.is_err();
    match job.services.remove_profile(id, anyway).await {
        Ok(()) => {
            let events = if events { Some(delete_events(job, id).await) } else { None };
            Event::Removed(Ok(RemovedProfile { name, events, lent }))
        }
        Err(error @ RemoveError::Keyring(_)) => Event::SecretsStay(error.into()),
        Err(error) => Event::Removed(Err(error.into())),
    }
}

/// What the profile received; it is gone already, and its receiver goes first, so that nothing arrives behind this.
async fn delete_events(job: &Job, id: Uuid) -> Result<usize, UserError> {
    job.attempts.quieten(id).await;
    Ok(job.attempts.get(&job.services).await?.delete_owner(&super::history::owner(id)).await?)
}

/// Lets the key set of the tenant be kept, for the day it is out of reach: which tenant signed an old token?
async fn keep_keys(job: &Job, profile: &Profile) {
    if let Some(domain) = profile.domain.clone() {
        let owner = Owner { id: profile.id.to_string(), name: profile.name.clone(), domain };
        job.jwks.keys(&owner, None).await;
    }
}

async fn pick_env() -> Result<Option<EnvFile>, UserError> {
    let dialog = rfd::AsyncFileDialog::new().set_title("Import .env");
    match super::dialog::open(dialog, "copy its text and paste it here, or drop the file on the window").await? {
        Some(path) => read_env(&path).await.map(Some),
        None => Ok(None),
    }
}

async fn read_env(path: &Path) -> Result<EnvFile, UserError> {
    let text = read_text(path, ".env file").await?;
    Ok(EnvFile { name: name_of(path), imported: env_import::parse(text.expose()) })
}

/// Reads a text file of at most 1 MiB; `wanted` says what it should be.
async fn read_text(path: &Path, wanted: &str) -> Result<Secret, UserError> {
    let bytes = zeroize::Zeroizing::new(read(path, wanted).await?);
    Ok(Secret::new(String::from_utf8_lossy(&bytes)))
}
