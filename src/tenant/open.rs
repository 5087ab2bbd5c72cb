//! A tenant ready to be talked to: what a long job takes.

use url::Url;

use super::profile::Profile;
use crate::error::{Category, UserError};
use crate::kinde::{Domain, KindeApi};
use crate::net::Http;
use crate::secrets::{SecretError, SecretStore};

/// Why a client secret cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SecretTrouble {
    /// Whether one is kept cannot be told.
    #[error(transparent)]
    Keyring(#[from] SecretError),
    /// The keyring holds another one than was typed last: it did not take that one.
    #[error("the keyring holds an older client secret than was typed last")]
    Older,
}

/// Everything a job needs to talk to one tenant. Clones share connections, secrets and the token.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// As it was when the tenant was opened.
    pub profile: Profile,
    /// The domain as typed; the running sandbox's address on the sandbox.
    pub domain: Domain,
    /// The client.
    pub http: Http,
    /// Where secrets are.
    pub secrets: SecretStore,
    /// The Management API; `None` where only a domain is known.
    pub api: Option<KindeApi>,
    /// Why there is no client secret to use, where that keeps `api` away.
    pub secret_trouble: Option<SecretTrouble>,
    /// Where the providers' stand-ins answer; `None` for the real ones.
    pub provider_base: Option<Url>,
}

impl Tenant {
    /// The Management API, or what to do about having none.
    ///
    /// # Errors
    /// When the profile has no M2M application, or its secret is not known.
    pub fn api(&self) -> Result<&KindeApi, UserError> {
        self.api.as_ref().ok_or_else(|| {
            if let Some(SecretTrouble::Older) = &self.secret_trouble {
                UserError::new(Category::Auth, "The client secret in the keyring is not the one typed last")
                    .detail("The keyring did not take that one, so it was kept for its run alone; the older one is not used")
                    .hint("Type the client secret again, or set KINDE_MANAGEMENT_CLIENT_SECRET for a command")
            } else if let Some(SecretTrouble::Keyring(trouble)) = &self.secret_trouble {
                UserError::new(Category::File, "The client secret could not be read")
                    .detail(format!("The system keyring does not answer: {}", trouble.reason))
                    .hint("Unlock or start the keyring and try again, or type the client secret again for this run")
            } else if self.profile.client_id.is_some() {
                UserError::new(Category::Auth, "The client secret is not known")
                    .detail("The M2M application's client ID is kept, its secret is not in the keyring")
                    .hint("Type the client secret again, or set KINDE_MANAGEMENT_CLIENT_SECRET for a command")
            } else {
                UserError::new(Category::Auth, "This needs a machine to machine application")
                    .detail("Only the domain of this tenant is known, which is enough to decode and verify")
                    .hint("Add an M2M application in the Tenant room: client ID and secret")
            }
        })
    }

    /// Where the stand-ins of the sandbox at `issuer` answer: `/_providers/`.
    pub fn provider_base_at(issuer: &Domain) -> Url {
        issuer.join("/_providers/")
    }
}
