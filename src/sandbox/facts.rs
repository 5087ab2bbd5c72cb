//! What a person or another room may know of the sandbox without a server.

use std::path::Path;

use serde::Serialize;

use super::error::SandboxError;
use super::keys::SigningKey;
use super::state;
use crate::clock::Clock;
use crate::secrets::Secret;

/// What the sandbox of a data folder is made of. Everything is made up.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Client ID of its machine-to-machine application.
    pub client_id: String,
    /// The client secret of that application.
    pub client_secret: Secret,
    /// What its mail server takes as password, for the user [`SMTP_USER`](super::SMTP_USER).
    pub smtp_password: Secret,
    /// Its public key set, as published.
    pub jwks: String,
    /// The HTTP address of the last run.
    pub issuer_last: Option<String>,
    /// Its users, oldest first.
    pub users: Vec<FactUser>,
    /// Its organizations.
    pub orgs: Vec<FactOrg>,
    /// Its connected apps, one a provider.
    pub connected_apps: Vec<FactApp>,
    /// The applications that people sign in to: a web application first, then a single-page one.
    pub applications: Vec<FactApplication>,
}

/// An application of the sandbox that people sign in to.
#[derive(Debug, Clone)]
pub struct FactApplication {
    /// Its name.
    pub name: String,
    /// Its client ID.
    pub client_id: String,
    /// Its client secret; `None` where it keeps none.
    pub client_secret: Option<Secret>,
    /// Allowed callback URLs.
    pub redirect_urls: Vec<String>,
}

/// A user of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactUser {
    /// `kp_` and 32 hex digits.
    pub id: String,
    /// The user's email address.
    pub email: Option<String>,
}

/// An organization of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactOrg {
    /// `org_` and 11 hex digits.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// A connected app of the sandbox, with its OAuth client at the provider's stand-in.
#[derive(Debug, Clone, Serialize)]
pub struct FactApp {
    /// Reference key.
    pub key: String,
    /// Provider id.
    pub provider: String,
    /// The client ID the provider's stand-in knows.
    #[serde(skip)]
    pub client_id: String,
    /// The client secret the provider's stand-in takes for it; any other is wrong.
    #[serde(skip)]
    pub client_secret: Secret,
}

impl Facts {
    /// The application with a secret that people sign in to.
    pub fn web_application(&self) -> Option<&FactApplication> {
        self.applications.iter().find(|app| app.client_secret.is_some())
    }

    pub(super) fn of(state: &state::State, key: &SigningKey) -> Self {
        Self {
            client_id: state.client_id.clone(),
            client_secret: Secret::new(state.client_secret.as_str()),
            smtp_password: Secret::new(state.smtp_password.as_str()),
            jwks: key.jwks_with(&state.old_keys),
            issuer_last: state.issuer_last.clone(),
            users: state.users.iter().map(|user| FactUser { id: user.id.clone(), email: user.email.clone() }).collect(),
            orgs: state.orgs.iter().map(|org| FactOrg { code: org.code.clone(), name: org.name.clone() }).collect(),
            connected_apps: state
                .apps
                .iter()
                .map(|app| FactApp {
                    key: app.key.clone(),
                    provider: app.provider.clone(),
                    client_id: app.client_id.clone(),
                    client_secret: Secret::new(app.client_secret.as_str()),
                })
                .collect(),
            applications: state
                .applications
                .iter()
                .map(|app| FactApplication {
                    name: app.name.clone(),
                    client_id: app.client_id.clone(),
                    client_secret: app.kind.keeps_secret().then(|| Secret::new(app.client_secret.as_str())),
                    redirect_urls: app.redirect_urls.clone(),
                })
                .collect(),
        }
    }
}

/// The facts of the sandbox in `dir`, made on first use. Needs no server. Blocking, a second at most the first time.
///
/// # Errors
/// When the folder or one of its files cannot be used.
pub fn facts(dir: &Path) -> Result<Facts, SandboxError> {
    let (state, key) = state::open(dir, Clock::real().now())?;
    Ok(Facts::of(&state, &key))
}
