//! What the sandbox keeps between runs, in `state.json` of its folder: everything in it is made up.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::SandboxError;
use super::keys::{OldKey, SigningKey};
use super::presets;
use crate::store::{DataDir, JsonFile, StoreError};

/// The whole of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// Client ID of the machine-to-machine application, 32 hex digits. Empty: never filled.
    pub client_id: String,
    /// Its client secret.
    pub client_secret: String,
    /// What the mail server takes as password, made up. Empty: never made.
    pub smtp_password: String,
    /// Made-up people, oldest first.
    pub users: Vec<User>,
    /// Made-up organizations.
    pub orgs: Vec<Org>,
    /// The connected apps of the tenant.
    pub apps: Vec<App>,
    /// The applications people sign in to. The machine-to-machine one is [`State::client_id`].
    pub applications: Vec<Application>,
    /// The environment variables of workflows.
    pub variables: Vec<Variable>,
    /// Roles.
    pub roles: Vec<Role>,
    /// Permissions.
    pub permissions: Vec<Permission>,
    /// People who subscribed, oldest first.
    pub subscribers: Vec<Subscriber>,
    /// Webhooks, oldest first.
    pub webhooks: Vec<Webhook>,
    /// The most webhooks the made-up plan allows; `None`: any number.
    pub webhook_limit: Option<u32>,
    /// Connected-app sessions, oldest first.
    pub sessions: Vec<Session>,
    /// What the providers know they granted, oldest first.
    pub grants: Vec<Grant>,
    /// Keys that sign no more and are still published, newest first.
    pub old_keys: Vec<OldKey>,
    /// The HTTP address of the last run.
    pub issuer_last: Option<String>,
    /// The ports of the last run.
    pub ports: Ports,
}

/// Ports to take again while they are free.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ports {
    /// Of the HTTP address.
    pub http: Option<u16>,
    /// Of the HTTPS address.
    pub https: Option<u16>,
    /// Of the mail server that begins in plain text.
    pub smtp: Option<u16>,
    /// Of the mail server that speaks TLS from the first byte.
    pub smtps: Option<u16>,
}

/// A user of the tenant (management API, `users_response`).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    /// `kp_` and 32 hex digits.
    pub id: String,
    /// The person's email address.
    pub email: Option<String>,
    /// The person's user name.
    pub username: Option<String>,
    /// The person's phone number.
    pub phone: Option<String>,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// An id of another system.
    pub provided_id: Option<String>,
    /// True where the user may not sign in.
    pub is_suspended: bool,
    /// When the user was made.
    pub created_on: Timestamp,
    /// When the user last signed in.
    pub last_signed_in: Option<Timestamp>,
    /// How often.
    pub total_sign_ins: u32,
    /// Codes of the user's organizations.
    pub organizations: Vec<String>,
    /// The user's roles in them.
    #[serde(default)]
    pub roles: Vec<GivenRole>,
    /// The user is to choose a new password.
    #[serde(default)]
    pub is_password_reset_requested: bool,
}

/// A role a user has in an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenRole {
    /// Code of the organization.
    pub org: String,
    /// Id of the role.
    pub id: String,
}

/// A role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Role {
    /// A UUID.
    pub id: String,
    /// As code spells it.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// New users get it.
    pub is_default_role: bool,
}

/// A permission.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Permission {
    /// A UUID.
    pub id: String,
    /// As code spells it.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it allows.
    pub description: Option<String>,
}

/// Somebody who subscribed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subscriber {
    /// `subscriber_` and 32 hex digits.
    pub id: String,
    /// Email address.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
}

impl User {
    /// First and last name, or what else there is.
    pub fn full_name(&self) -> String {
        let name = format!("{} {}", self.first_name, self.last_name).trim().to_owned();
        if name.is_empty() { self.email.clone().unwrap_or_else(|| self.id.clone()) } else { name }
    }
}

/// An organization.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Org {
    /// `org_` and 11 hex digits.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its handle.
    #[serde(default)]
    pub handle: Option<String>,
    /// Its id in another system.
    #[serde(default)]
    pub external_id: Option<String>,
    /// Whoever signs in with its code becomes a member.
    #[serde(default)]
    pub is_allow_registrations: bool,
}

/// What an application is, in the API's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApplicationKind {
    /// A regular web application, which keeps a secret.
    Reg,
    /// A single-page application, which keeps none.
    Spa,
    /// Machine to machine: nobody signs in to it.
    M2m,
}

impl ApplicationKind {
    /// Whether it proves itself with a client secret.
    pub fn keeps_secret(self) -> bool {
        self != Self::Spa
    }
}

/// An application (Management API, `get_application_response`).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Application {
    /// 32 hex digits; its id in the API too.
    pub client_id: String,
    /// Its client secret; empty where it keeps none.
    pub client_secret: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ApplicationKind,
    /// Allowed callback URLs.
    pub redirect_urls: Vec<String>,
    /// Allowed logout redirect URLs.
    pub logout_urls: Vec<String>,
    /// Application homepage URI.
    pub homepage_uri: Option<String>,
    /// Application login URI.
    pub login_uri: Option<String>,
}

/// An environment variable of workflows (Management API, `environment_variable`).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Variable {
    /// `env_var_` and 32 hex digits.
    pub id: String,
    /// Its name.
    pub key: String,
    /// What it holds; empty where it is secret.
    pub value: String,
    /// True where the value is shown to nobody again.
    pub is_secret: bool,
    /// When it was made.
    pub created_on: Timestamp,
}

impl Variable {
    /// Lets go of a value that is shown to nobody again: it may be a person's own, and nothing here reads it.
    pub fn settle(&mut self) {
        if self.is_secret {
            self.value.clear();
        }
    }

    fn is_settled(&self) -> bool {
        !self.is_secret || self.value.is_empty()
    }
}

/// A connected app: the tile in Kinde, and the OAuth client at the provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct App {
    /// Reference key (`key_code_ref`).
    pub key: String,
    /// Provider id.
    pub provider: String,
    /// Client ID at the provider.
    pub client_id: String,
    /// Client secret at the provider.
    pub client_secret: String,
    /// What it asks for.
    pub scopes: Vec<String>,
    /// "Kinde to application" addresses; none means the landing page of the sandbox.
    pub callback_urls: Vec<String>,
}

/// A webhook (Management API, `webhook`).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Webhook {
    /// `webhook_` and 32 hex digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where events go.
    pub endpoint: String,
    /// What it is for.
    pub description: Option<String>,
    /// Codes of the event types it chose.
    pub event_types: Vec<String>,
    /// When it was made.
    pub created_on: Timestamp,
}

/// Who a connection is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A user's id.
    User(String),
    /// An organization's code.
    Org(String),
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nobody has consented yet.
    Pending,
    /// Consent was refused. Kinde tells it apart from [`Standing::Pending`] nowhere but in the browser.
    Denied,
    /// A token may be fetched.
    Active,
    /// Revoked through the API.
    Revoked,
}

/// A connected-app session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// The id the API gave out.
    pub id: String,
    /// Reference key of the app.
    pub key: String,
    /// Who it is for.
    pub subject: Subject,
    /// OAuth `state` of the walk through the provider.
    pub state: String,
    /// Where the browser goes at the end.
    pub callback: Option<String>,
    /// How it stands.
    pub standing: Standing,
    /// The authorization code the provider gave out, until it is used.
    pub code: Option<String>,
    /// When it was made.
    pub created: Timestamp,
}

/// A token a provider gave out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Grant {
    /// Provider id.
    pub provider: String,
    /// Client ID at the provider.
    pub client_id: String,
    /// The access token.
    pub token: String,
    /// Who holds it: the session, where Kinde asked for it.
    pub session: Option<String>,
    /// Whose account.
    pub subject: Subject,
    /// What was granted.
    pub scopes: Vec<String>,
    /// When it was given out.
    pub created: Timestamp,
    /// When it ends by itself.
    pub expires: Timestamp,
    /// True once the provider no longer takes it.
    pub revoked: bool,
}

/// The state file of a sandbox folder.
pub fn file(dir: &Path) -> JsonFile<State> {
    JsonFile::at(dir.join("state.json"))
}

/// Opens the sandbox folder, filling it the first time: state, signing key. Blocking.
pub fn open(dir: &Path, now: Timestamp) -> Result<(State, SigningKey), SandboxError> {
    DataDir::open(dir)?;
    let file = file(dir);
    if let Some(aside) = file.restore()? {
        tracing::warn!(
            "{} was damaged: it holds what it held before its last change again. The damaged file is kept as {}",
            file.path().display(),
            aside.display()
        );
    }
    forget_secrets(&file)?;
    let state = file.read().map_err(|error| damaged(file.path().to_owned(), error))?;
    // A sandbox of an earlier version has no applications or no mail password yet: those are added to what it holds.
    let whole = !state.client_id.is_empty() && !state.applications.is_empty() && !state.smtp_password.is_empty();
    if whole && dir.join("signing-key.pem").is_file() {
        return Ok((state, SigningKey::open(dir)?));
    }
    // Two processes may come here at once: the lock of the file makes the second find what the first made.
    file.update(|state| {
        if state.client_id.is_empty() {
            presets::fill(state, now);
        }
        if state.applications.is_empty() {
            state.applications = presets::applications();
        }
        if state.smtp_password.is_empty() {
            state.smtp_password = presets::alnum(24);
        }
        SigningKey::open(dir).map(|key| (state.clone(), key))
    })?
}

/// Takes the values of secret variables out of the files of an earlier version, which kept them.
fn forget_secrets(file: &JsonFile<State>) -> Result<(), StoreError> {
    let before = JsonFile::<State>::at(file.path().with_extension("json.bak"));
    let holds =
        |file: &JsonFile<State>| file.read().is_ok_and(|state| !state.variables.iter().all(Variable::is_settled));
    // What a change finds is left beside the file: another one takes it from there too.
    for one in [file, &before] {
        if holds(one) {
            file.update(|state| state.variables.iter_mut().for_each(Variable::settle))?;
        }
    }
    Ok(())
}

fn damaged(path: PathBuf, error: StoreError) -> SandboxError {
    if error.source.kind() == std::io::ErrorKind::InvalidData {
        SandboxError::Damaged { path, reason: error.source.to_string() }
    } else {
        error.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secret_variables_that_an_earlier_version_kept_are_gone_once_the_folder_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let now = Timestamp::UNIX_EPOCH;
        open(dir.path(), now).unwrap();
        let file = file(dir.path());
        let keep = |key: &str, value: &str, is_secret| {
            let (id, key, value) = (format!("env_var_{key}"), key.to_owned(), value.to_owned());
            file.update(|state| state.variables.push(Variable { id, key, value, is_secret, created_on: now })).unwrap();
        };
        let texts =
            || ["json", "json.bak"].map(|end| std::fs::read_to_string(file.path().with_extension(end)).unwrap());
        keep("TRUSTPATH_API_KEY", "CanarySecret", true);
        keep("KINDE_WF_M2M_CLIENT_ID", "seen", false);
        assert!(texts().iter().all(|text| text.contains("CanarySecret")));
        let (state, _) = open(dir.path(), now).unwrap();
        let values: Vec<&str> = state.variables.iter().map(|variable| variable.value.as_str()).collect();
        assert_eq!(values, ["", "seen"]);
        assert!(!texts().iter().any(|text| text.contains("CanarySecret")));

        keep("ANOTHER", "CanarySecret", true);
        file.update(|state| state.variables.truncate(2)).unwrap();
        assert!(texts()[1].contains("CanarySecret"), "the content before the last change has it still");
        open(dir.path(), now).unwrap();
        assert!(!texts().iter().any(|text| text.contains("CanarySecret")));
    }
}
