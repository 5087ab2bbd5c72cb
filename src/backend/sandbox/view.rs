//! What the sandbox is made of, and whether it runs: read without starting it.

use std::path::PathBuf;

use super::Job;
use crate::error::{Category, UserError};
use crate::sandbox::{self, Control, FactApp, FactOrg, FactUser, Faults, WebhookView};
use crate::secrets::Secret;

/// What a person may know of the sandbox. Everything is made up.
#[derive(Debug, Clone)]
pub struct SandboxView {
    /// How it runs; `None` while it is stopped.
    pub runs: Option<Runs>,
    /// Its HTTP address, of this run or the last one.
    pub issuer: Option<String>,
    /// Of its M2M application.
    pub client_id: String,
    /// Of its M2M application.
    pub client_secret: Secret,
    /// Of its mail server.
    pub smtp_password: Secret,
    /// Its users, oldest first.
    pub users: Vec<FactUser>,
    /// Its organizations.
    pub orgs: Vec<FactOrg>,
    /// Its connected apps.
    pub apps: Vec<FactApp>,
    /// The ids of the keys in its key set; it signs with the first.
    pub kids: Vec<String>,
}

/// A sandbox that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runs {
    /// The serving process.
    pub pid: u32,
    /// This window serves it.
    pub here: bool,
    /// `http://127.0.0.1:P`
    pub issuer: String,
    /// `https://127.0.0.1:Q`
    pub https: String,
    /// `127.0.0.1:R`: its mail server that begins in plain text.
    pub smtp: Option<String>,
    /// `127.0.0.1:S`: its mail server that speaks TLS from the first byte.
    pub smtps: Option<String>,
    /// The certificate of the authority behind `https` and the mail servers.
    pub ca_cert: PathBuf,
    /// The faults that are on.
    pub faults: Faults,
    /// Its webhooks, oldest first.
    pub webhooks: Vec<WebhookView>,
    /// The most webhooks the made-up plan allows; `None` for any number.
    pub webhook_limit: Option<u32>,
}

/// The sandbox as it is now.
pub(super) async fn look(job: &Job) -> Result<SandboxView, UserError> {
    let dir = job.services.sandbox_dir();
    let here = job.sandbox.is_ours().await;
    let read = tokio::task::spawn_blocking(move || sandbox::facts(&dir).map(|facts| (facts, sandbox::find(&dir))));
    let (facts, running) = read.await.map_err(|_| {
        UserError::new(Category::Internal, "Reading the sandbox's files broke off")
            .detail("The work was stopped before its end")
            .hint("Try again")
    })??;
    let runs = match running {
        None => None,
        Some(running) => {
            // Looking is no deed of the person: Activity shows what was done, and not this.
            let control = Control::new(job.services.http.unrecorded(), &running)?;
            Some(Runs {
                pid: running.pid,
                here,
                issuer: running.issuer,
                https: running.https,
                smtp: running.smtp,
                smtps: running.smtps,
                ca_cert: running.ca_cert,
                faults: control.faults().await?,
                webhooks: control.webhooks().await?,
                webhook_limit: control.webhook_limit().await?,
            })
        }
    };
    Ok(SandboxView {
        issuer: runs.as_ref().map(|runs| runs.issuer.clone()).or(facts.issuer_last),
        runs,
        client_id: facts.client_id,
        client_secret: facts.client_secret,
        smtp_password: facts.smtp_password,
        users: facts.users,
        orgs: facts.orgs,
        apps: facts.connected_apps,
        kids: kids(&facts.jwks),
    })
}

/// The ids of the keys of a JWKS, in its order.
fn kids(jwks: &str) -> Vec<String> {
    let set: serde_json::Value = serde_json::from_str(jwks).unwrap_or_default();
    let keys = set.get("keys").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
    keys.iter().filter_map(|key| key.get("kid")?.as_str().map(str::to_owned)).collect()
}
