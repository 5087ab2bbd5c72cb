//! What the Tenant room asks of the sandbox: its facts, its faults, what happens at its providers.

use std::path::PathBuf;

use super::Job;
use crate::error::{Category, UserError};
use crate::sandbox::{self, Control, Faults, Running};
use crate::secrets::Secret;

/// What is asked of the sandbox.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Start it, or use the one that runs; tell about it.
    Open,
    /// Put these faults in the place of those that were on.
    SetFaults(Faults),
    /// The account's owner disconnects the connected app of that key at the provider.
    Disconnect {
        /// Reference key.
        key: String,
    },
    /// Every provider token of the connected app of that key expires now.
    Expire {
        /// Reference key.
        key: String,
    },
}

/// What comes back.
#[derive(Debug)]
pub enum Event {
    /// The sandbox as it runs.
    Opened(Result<Box<SandboxView>, UserError>),
    /// The faults that are on now.
    Faults(Result<Faults, UserError>),
    /// How many tokens it met at the provider of `key`.
    Happened {
        /// Reference key.
        key: String,
        /// In words: "disconnected", "expired".
        what: &'static str,
        /// How many.
        tokens: Result<u64, UserError>,
    },
}

/// What a person may know of the running sandbox. Everything is made up.
#[derive(Debug, Clone)]
pub struct SandboxView {
    /// `http://127.0.0.1:P`
    pub issuer: String,
    /// `https://127.0.0.1:Q`
    pub https: String,
    /// The certificate of the authority behind `https`.
    pub ca_cert: PathBuf,
    /// The serving process.
    pub pid: u32,
    /// This window serves it.
    pub here: bool,
    /// Of its M2M application.
    pub client_id: String,
    /// Of its M2M application.
    pub client_secret: Secret,
    /// Email addresses (IDs where there is none) of its users, oldest first.
    pub users: Vec<String>,
    /// Codes and names of its organizations.
    pub orgs: Vec<(String, String)>,
    /// Reference keys of its connected apps.
    pub apps: Vec<String>,
    /// The faults that are on.
    pub faults: Faults,
}

/// Does what is asked and sends the answer.
pub async fn run(command: Command, job: Job) {
    let event = match command {
        Command::Open => Event::Opened(open(&job).await.map(Box::new)),
        Command::SetFaults(faults) => Event::Faults(set_faults(&job, &faults).await),
        Command::Disconnect { key } => {
            let tokens = match control(&job).await {
                Ok((control, _)) => control.disconnect_at_provider(&key).await.map_err(UserError::from),
                Err(error) => Err(error),
            };
            Event::Happened { key, what: "disconnected", tokens }
        }
        Command::Expire { key } => {
            let tokens = match control(&job).await {
                Ok((control, _)) => control.expire_at_provider(&key).await.map_err(UserError::from),
                Err(error) => Err(error),
            };
            Event::Happened { key, what: "expired", tokens }
        }
    };
    job.send(event).await;
}

async fn open(job: &Job) -> Result<SandboxView, UserError> {
    let (control, running) = control(job).await?;
    let faults = control.faults().await?;
    let dir = job.services.sandbox_dir();
    let facts = tokio::task::spawn_blocking(move || sandbox::facts(&dir)).await.map_err(|_| {
        UserError::new(Category::Internal, "Reading the sandbox's files broke off")
            .detail("The work was stopped before its end")
            .hint("Try again")
    })??;
    Ok(SandboxView {
        here: job.sandbox.is_ours().await,
        issuer: running.issuer,
        https: running.https,
        ca_cert: running.ca_cert,
        pid: running.pid,
        client_id: facts.client_id,
        client_secret: facts.client_secret,
        users: facts.users.into_iter().map(|user| user.email.unwrap_or(user.id)).collect(),
        orgs: facts.orgs.into_iter().map(|org| (org.code, org.name)).collect(),
        apps: facts.connected_apps.into_iter().map(|app| app.key).collect(),
        faults,
    })
}

async fn set_faults(job: &Job, faults: &Faults) -> Result<Faults, UserError> {
    let (control, _) = control(job).await?;
    Ok(control.set_faults(faults).await?)
}

async fn control(job: &Job) -> Result<(Control, Running), UserError> {
    let running = job.sandbox.running(&job.services).await?;
    let control = Control::new(job.services.http.clone(), &running)?;
    Ok((control, running))
}
