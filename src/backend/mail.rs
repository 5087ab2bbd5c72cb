//! What the Email room asks for: the form a profile keeps, a `.env` file, the check of an SMTP server, the sandbox's own
//! server, and files to save.
//!
//! Calls the rooms of `mail` and answers with events; keeps nothing of its own.

use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use uuid::Uuid;

use super::Job;
use super::small_file::{name_of, read};
use crate::error::{Category, UserError};
use crate::mail::env::{self, Imported};
use crate::mail::resolver::{DnsServer, Resolver};
use crate::mail::smtp::{self, Outcome, Plan, Progress};
use crate::mail::{Form, PASSWORD_FIELD, Security, dns, resend};
use crate::sandbox::{self, Running};
use crate::secrets::{Kept, Secret};

/// What the room asks.
#[derive(Debug, Clone)]
pub enum Command {
    /// Hand over the password that is kept for the profile.
    Open {
        /// Whose.
        profile: Uuid,
    },
    /// Keep the form for the profile, its password in the keyring.
    Keep {
        /// Whose.
        profile: Uuid,
        /// As typed.
        form: Form,
    },
    /// Let go of the form and the password that are kept for the profile.
    Forget {
        /// Whose.
        profile: Uuid,
    },
    /// Let the person choose a `.env` file, and read it.
    PickEnv,
    /// Read the `.env` file that was dropped.
    ReadEnv {
        /// Where it is.
        path: PathBuf,
    },
    /// Read a `.env` text that was pasted.
    ReadEnvText {
        /// Its text.
        text: Secret,
    },
    /// Let the person choose the certificate of an authority to trust in this room.
    PickAuthority,
    /// Check the server. Heeds its token: what was found so far is told.
    Check(Box<Check>),
    /// Look at the sender's domain in DNS. Heeds its token.
    Domain {
        /// What is to be looked at.
        plan: dns::Plan,
        /// Whom to ask.
        dns: DnsServer,
    },
    /// Look at a Resend account, and send one message where the plan says so. Heeds its token.
    Resend {
        /// What is to be looked at.
        plan: Box<resend::Plan>,
        /// Whom to ask for names.
        dns: DnsServer,
    },
    /// Start the sandbox where none runs, and tell how its mail server is reached.
    Sandbox,
    /// Let the person choose where to save a text.
    Save {
        /// What the file is called unless they say otherwise.
        name: String,
        /// What is written.
        text: String,
    },
}

/// A check of a server.
#[derive(Debug, Clone)]
pub struct Check {
    /// As typed.
    pub form: Form,
    /// The recipient; `None`: the sender's own address.
    pub to: Option<String>,
    /// Send one real message at the end.
    pub send: bool,
    /// Whom to ask for names.
    pub dns: DnsServer,
    /// The certificate of an authority to trust besides the system's own.
    pub authority: Option<Authority>,
    /// The password goes to this computer without good TLS too.
    pub insecure_loopback: bool,
}

/// The certificate of an authority that a person chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// The name of its file.
    pub name: String,
    /// What is in it.
    pub roots: Vec<CertificateDer<'static>>,
}

/// What comes back.
#[derive(Debug)]
pub enum Event {
    /// The password that is kept.
    Opened(Result<Option<Secret>, UserError>),
    /// The form is kept, and where its password is; `None` where none was given.
    Kept(Result<Option<Kept>, UserError>),
    /// The form and the password are gone.
    Forgotten(Result<(), UserError>),
    /// What a `.env` text holds; `None` where none was chosen.
    Env(Result<Option<Box<EnvFile>>, UserError>),
    /// The certificate that was chosen; `None` where none was.
    Authority(Result<Option<Authority>, UserError>),
    /// How the check goes.
    Progress(Progress),
    /// What it found.
    Checked(Box<Outcome>),
    /// A check of a domain or an account is done.
    Looked(crate::check::Check),
    /// What was found of the sender's domain.
    Domain(Result<Box<dns::Report>, UserError>),
    /// What was found at Resend.
    Resend(Result<Box<resend::Report>, UserError>),
    /// How the sandbox's mail server is reached.
    Sandbox(Result<Box<SandboxMail>, UserError>),
    /// Where it was saved; `None` where the person chose no file.
    Saved(Result<Option<PathBuf>, UserError>),
}

/// A `.env` text that was read.
#[derive(Debug, Clone)]
pub struct EnvFile {
    /// The file's name, or what stands for one.
    pub name: String,
    /// What is in it.
    pub imported: Imported,
}

/// The sandbox's mail server as a form. Everything in it is made up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxMail {
    /// Host, port, user and password; the sender is left empty.
    pub form: Form,
    /// Both of its ports.
    pub ports: Vec<u16>,
}

/// Does what is asked and sends the answer.
pub async fn run(command: Command, job: Job) {
    let event = match command {
        Command::Open { profile } => {
            Event::Opened(job.services.secrets.get(profile, PASSWORD_FIELD).await.map_err(UserError::from))
        }
        Command::Keep { profile, form } => Event::Kept(keep(&job, profile, &form).await),
        Command::Forget { profile } => Event::Forgotten(forget(&job, profile).await),
        Command::PickEnv => Event::Env(pick_env().await.map(|file| file.map(Box::new))),
        Command::ReadEnv { path } => Event::Env(read_env(&path).await.map(|file| Some(Box::new(file)))),
        Command::ReadEnvText { text } => Event::Env(Ok(Some(Box::new(EnvFile {
            name: "the pasted text".to_owned(),
            imported: env::parse(text.expose()),
        })))),
        Command::PickAuthority => Event::Authority(pick_authority().await),
        Command::Check(check) => Event::Checked(Box::new(run_check(&job, *check).await)),
        Command::Domain { plan, dns } => Event::Domain(look_at_domain(&job, &plan, dns).await.map(Box::new)),
        Command::Resend { plan, dns } => Event::Resend(look_at_resend(&job, &plan, dns).await.map(Box::new)),
        Command::Sandbox => Event::Sandbox(sandbox_mail(&job).await.map(Box::new)),
        Command::Save { name, text } => Event::Saved(save(&name, text).await),
    };
    job.send(event).await;
}

async fn keep(job: &Job, id: Uuid, form: &Form) -> Result<Option<Kept>, UserError> {
    let secrets = &job.services.secrets;
    // Whoever removes the profile waits for this, or has done it.
    let _alone = secrets.alone().await;
    let mut before = None;
    // The profile first: a password without one would stay in the keyring for good.
    job.services.profiles.update(id, |profile| before = profile.mail.replace(form.kept()))?;
    if !form.password.is_empty() {
        return Ok(Some(secrets.set(id, PASSWORD_FIELD, form.password.clone()).await));
    }
    // The password of another server would go to this one at the next check.
    if before.is_some_and(|before| !before.is_for(&form.host, &form.kept().user)) {
        secrets.delete(id, PASSWORD_FIELD).await?;
    }
    Ok(None)
}

async fn forget(job: &Job, id: Uuid) -> Result<(), UserError> {
    let _alone = job.services.secrets.alone().await;
    job.services.secrets.delete(id, PASSWORD_FIELD).await?;
    job.services.profiles.update(id, |profile| profile.mail = None).map(drop)
}

async fn run_check(job: &Job, check: Check) -> Outcome {
    let mut plan = Plan::of(check.form);
    plan.to = check.to;
    plan.send = check.send;
    plan.dns = check.dns;
    plan.insecure_loopback = check.insecure_loopback;
    plan.extra_roots.extend(check.authority.into_iter().flat_map(|authority| authority.roots));
    plan.extra_roots.extend(sandbox_authority(job, &plan.form).await.unwrap_or_default());
    let (events, id) = (job.events.clone(), job.id);
    // Posted, and not sent: a stage waits for nobody, and there are a few dozen of them.
    let tell = move |progress| events.post(id, Event::Progress(progress).into());
    smtp::check(&plan, &job.services.clock, &tell, job.cancel.clone()).await
}

async fn look_at_domain(job: &Job, plan: &dns::Plan, server: DnsServer) -> Result<dns::Report, UserError> {
    let resolver = Resolver::new(server)?;
    Ok(dns::check(plan, &resolver, &looked(job), &job.cancel).await)
}

async fn look_at_resend(job: &Job, plan: &resend::Plan, server: DnsServer) -> Result<resend::Report, UserError> {
    let resolver = Resolver::new(server)?;
    Ok(resend::check(plan, &job.services.http, &resolver, &looked(job), &job.cancel).await)
}

/// Tells of each check as it is done.
fn looked(job: &Job) -> impl Fn(&crate::check::Check) + Send + Sync + use<> {
    let (events, id) = (job.events.clone(), job.id);
    move |check| events.post(id, Event::Looked(check.clone()).into())
}

/// The sandbox's own authority, where the form names a mail server of the sandbox that runs.
async fn sandbox_authority(job: &Job, form: &Form) -> Option<Vec<CertificateDer<'static>>> {
    let host = form.host.trim();
    if !(host == "127.0.0.1" || host.eq_ignore_ascii_case("localhost")) {
        return None;
    }
    let (running, _using) = job.sandbox.found(&job.services).await?;
    let ends = |address: &Option<String>| port_of(address.as_deref()) == Some(form.port);
    if !(ends(&running.smtp) || ends(&running.smtps)) {
        return None;
    }
    let file = tokio::fs::read(running.ca_cert).await.ok()?;
    smtp::read_roots(&file).ok()
}

fn port_of(address: Option<&str>) -> Option<u16> {
    address?.rsplit_once(':')?.1.parse().ok()
}

async fn sandbox_mail(job: &Job) -> Result<SandboxMail, UserError> {
    let running: Running = job.sandbox.running(&job.services).await?;
    let port = port_of(running.smtp.as_deref()).ok_or_else(|| {
        UserError::new(Category::Network, "The running sandbox has no mail server")
            .detail(format!("Process {} serves it, and its version has none", running.pid))
            .hint("Stop that process: this panel then serves the sandbox itself")
    })?;
    let dir = job.services.sandbox_dir();
    let facts = tokio::task::spawn_blocking(move || sandbox::facts(&dir)).await.map_err(|_| {
        UserError::new(Category::Internal, "Reading the sandbox's files broke off")
            .detail("The work was stopped before its end")
            .hint("Try again")
    })??;
    Ok(SandboxMail {
        form: Form {
            host: "127.0.0.1".to_owned(),
            port,
            user: sandbox::SMTP_USER.to_owned(),
            password: facts.smtp_password,
            security: Security::StartTls,
            ..Form::default()
        },
        ports: [Some(port), port_of(running.smtps.as_deref())].into_iter().flatten().collect(),
    })
}

async fn pick_env() -> Result<Option<EnvFile>, UserError> {
    let dialog = rfd::AsyncFileDialog::new().set_title("Import .env");
    match super::dialog::open(dialog, "copy its text and paste it here, or drop the file on the window").await? {
        Some(path) => read_env(&path).await.map(Some),
        None => Ok(None),
    }
}

async fn read_env(path: &Path) -> Result<EnvFile, UserError> {
    let bytes = zeroize::Zeroizing::new(read(path, ".env file").await?);
    let text = Secret::new(String::from_utf8_lossy(&bytes));
    Ok(EnvFile { name: name_of(path), imported: env::parse(text.expose()) })
}

async fn pick_authority() -> Result<Option<Authority>, UserError> {
    let dialog = rfd::AsyncFileDialog::new().set_title("Choose the certificate of an authority (PEM or DER)");
    let instead = "name it on the command line: kinde-panel mail smtp --ca FILE";
    let Some(path) = super::dialog::open(dialog, instead).await? else { return Ok(None) };
    let bytes = read(&path, "certificate file").await?;
    Ok(Some(Authority { name: name_of(&path), roots: smtp::read_roots(&bytes)? }))
}

async fn save(name: &str, text: String) -> Result<Option<PathBuf>, UserError> {
    let dialog = rfd::AsyncFileDialog::new().set_title("Save the report").set_file_name(name);
    let Some(path) = super::dialog::save(dialog, "copy it and paste it into a file").await? else { return Ok(None) };
    match tokio::fs::write(&path, text).await {
        Ok(()) => Ok(Some(path)),
        Err(error) => Err(UserError::new(Category::File, format!("{} could not be written", name_of(&path)))
            .detail(error.to_string())
            .hint("Choose another folder")),
    }
}
