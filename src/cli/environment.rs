//! The `KINDE_*` environment variables, read once.

use crate::error::UserError;
use crate::kinde::{Domain, M2m};
use crate::secrets::Secret;

/// The names of Kinde's own SDK for the Management API.
const NAMES: [&str; 3] = ["KINDE_DOMAIN", "KINDE_MANAGEMENT_CLIENT_ID", "KINDE_MANAGEMENT_CLIENT_SECRET"];

/// `KINDE_DOMAIN`, `KINDE_MANAGEMENT_CLIENT_ID`, `KINDE_MANAGEMENT_CLIENT_SECRET` as the process has them.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    /// `KINDE_DOMAIN`, as written.
    pub domain: Option<String>,
    /// `KINDE_MANAGEMENT_CLIENT_ID`.
    pub client_id: Option<String>,
    /// `KINDE_MANAGEMENT_CLIENT_SECRET`.
    pub client_secret: Option<Secret>,
}

impl Variables {
    /// Those of this process. Empty ones count as not set.
    pub fn of_process() -> Self {
        let read =
            |name: &str| std::env::var(name).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let [domain, client_id, client_secret] = NAMES.map(read);
        Self { domain, client_id, client_secret: client_secret.map(Secret::new) }
    }

    /// The domain they name, where they name one.
    ///
    /// # Errors
    /// When what `KINDE_DOMAIN` holds is no domain.
    pub fn domain(&self) -> Result<Option<Domain>, UserError> {
        let Some(text) = &self.domain else { return Ok(None) };
        Domain::parse(text).map(Some).map_err(|mut error| {
            error.title = format!("KINDE_DOMAIN: {}", error.title);
            error
        })
    }

    /// The credentials they name, where both are set.
    pub fn m2m(&self) -> Option<M2m> {
        let (client_id, client_secret) = (self.client_id.clone()?, self.client_secret.clone()?);
        Some(M2m { client_id, client_secret, audience: None })
    }

    /// The names of those not set, where some are and some are not.
    pub fn missing(&self) -> Vec<&'static str> {
        let set = [self.domain.is_some(), self.client_id.is_some(), self.client_secret.is_some()];
        if !set.contains(&true) {
            return Vec::new();
        }
        NAMES.into_iter().zip(set).filter_map(|(name, set)| (!set).then_some(name)).collect()
    }
}
