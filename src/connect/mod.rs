//! The walk of a connected app: auth URL, browser, token, proof, revoke.
//!
//! Owns the order of the calls, the waiting and the words. It keeps no file: sessions live in memory, as long as the
//! program. It never mints a token per poll ([`KindeApi`] keeps one) and prints nothing.

mod again;
mod browser;
mod landing;
mod pace;
mod pasted;
mod revoke;
mod sessions;
mod told;
mod walk;
mod words;

use url::Url;

use crate::error::UserError;
use crate::kinde::KindeApi;
use crate::net::Http;
use crate::tenant::Tenant;

pub use again::{Again, fetch_again, probe_token};
pub use browser::Browser;
pub use pace::Pace;
pub use pasted::{LANDING, Landed, read_pasted};
pub use revoke::{RevokeOutcome, RevokeRequest, revoke};
pub use sessions::{HeldToken, Session, SessionId, Sessions};
pub use told::{WalkEnd, WalkEvent, WalkOutcome, WalkRequest};
pub use walk::walk;
pub use words::{Call, Voice, asked_times, check_of, error_of};

/// Both ends of a connection: Kinde, and where providers are reached.
#[derive(Debug, Clone)]
pub struct Ends {
    /// The tenant's Management API.
    pub api: KindeApi,
    /// The client that asks providers.
    pub http: Http,
    /// Stand-ins of a sandbox, else `None`.
    pub provider_base: Option<Url>,
}

impl Ends {
    /// The ends of an open tenant.
    ///
    /// # Errors
    /// When the profile has no M2M application, or its secret is not known.
    pub fn of(tenant: &Tenant) -> Result<Self, UserError> {
        let api = tenant.api()?.clone();
        // A Kinde on this machine hands out made-up tokens: they are shown to its own stand-ins and to nobody else.
        let own = || tenant.domain.is_loopback().then(|| Tenant::provider_base_at(&tenant.domain));
        let provider_base = tenant.provider_base.clone().or_else(own);
        Ok(Self { api, http: tenant.http.clone(), provider_base })
    }
}
