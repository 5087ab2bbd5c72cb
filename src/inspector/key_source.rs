//! Where the keys for many tokens come from, one after the other: asked again for a key that is not at hand, and when they
//! have grown old, since a tenant takes keys back. The sandbox's are in `sandbox_keys`.

use super::decode::{Issuers, Keys, OtherKeys};
use super::keys;
use super::sandbox_keys::SandboxKeys;
use crate::error::UserError;
use crate::kinde::jwks::{Jwks, Owner, is_fresh};
use crate::store::DataDir;
use crate::tenant::Profile;

/// Where keys come from.
pub enum KeySource {
    /// The same keys for every token.
    Fixed(Keys),
    /// A tenant publishes them.
    Tenant(Box<TenantKeys>),
    /// The sandbox of the data folder publishes them.
    Sandbox(Box<SandboxKeys>),
}

/// A tenant's keys, and what was last known of them.
pub struct TenantKeys {
    jwks: Jwks,
    owner: Owner,
    issuers: Issuers,
    extra: Vec<OtherKeys>,
    last: Option<Keys>,
    /// Keys came that were not there before: what waited for them is still to be looked at above this number of the history.
    to_look_at: Option<i64>,
}

impl KeySource {
    /// The keys that `owner` publishes.
    pub async fn of_tenant(jwks: Jwks, owner: Owner, issuers: Issuers, data: &DataDir) -> Self {
        let extra = keys::sandbox_as_other(data, jwks.clock().now()).await;
        Self::Tenant(Box::new(TenantKeys { jwks, owner, issuers, extra, last: None, to_look_at: None }))
    }

    /// The keys of a profile. The sandbox's are in the data folder.
    ///
    /// # Errors
    /// When the sandbox's files cannot be used.
    pub async fn of_profile(jwks: Jwks, profile: &Profile, data: &DataDir) -> Result<Self, UserError> {
        let Some(domain) = profile.domain.clone().filter(|_| !profile.is_sandbox()) else {
            return Ok(Self::Sandbox(Box::new(SandboxKeys::open(jwks, data).await?)));
        };
        let issuers = profile.issuers().iter().map(|domain| domain.as_str().to_owned()).collect();
        let owner = Owner { id: owner_id(profile), name: profile.name.clone(), domain };
        Ok(Self::of_tenant(jwks, owner, Issuers::These(issuers), data).await)
    }

    /// The keys to judge `input` with.
    pub async fn keys(&mut self, input: &[u8]) -> Keys {
        self.for_kid(keys::kid_of(input, false).as_deref()).await
    }

    /// The keys to judge a token with that names this key.
    pub async fn for_kid(&mut self, kid: Option<&str>) -> Keys {
        match self {
            Self::Fixed(keys) => keys.clone(),
            Self::Sandbox(sandbox) => sandbox.for_kid(kid).await,
            Self::Tenant(tenant) => {
                let TenantKeys { jwks, owner, issuers, extra, last, to_look_at } = tenant.as_mut();
                let now = jwks.clock().now();
                let good = |keys: &&Keys| {
                    let fresh = keys.trouble.is_none() && keys.fetched_at.is_some_and(|at| is_fresh(at, now));
                    fresh && kid.is_none_or(|kid| has(keys, kid))
                };
                if let Some(keys) = last.as_ref().filter(good) {
                    return keys.clone();
                }
                let keys = keys::of_tenant(jwks, owner, issuers.clone(), kid, extra.clone()).await;
                if brings_new(&keys, last.as_ref()) {
                    *to_look_at = Some(0);
                }
                last.insert(keys).clone()
            }
        }
    }

    /// Keys came that were not there before: what was signed with an unknown key may be looked at again, where its number is
    /// above this one. `None`: all of it was.
    pub(super) fn to_look_at(&self) -> Option<i64> {
        match self {
            Self::Fixed(_) => None,
            Self::Tenant(tenant) => tenant.to_look_at,
            Self::Sandbox(sandbox) => sandbox.to_look_at,
        }
    }

    /// It was looked at up to this number; `None`: to the end.
    pub(super) fn looked_at(&mut self, up_to: Option<i64>) {
        match self {
            Self::Fixed(_) => {}
            Self::Tenant(tenant) => tenant.to_look_at = up_to,
            Self::Sandbox(sandbox) => sandbox.to_look_at = up_to,
        }
    }

    /// The key that `input` names is at hand, without asking anybody.
    pub(super) fn knows(&self, input: &[u8]) -> bool {
        let keys = match self {
            Self::Fixed(keys) => Some(keys),
            Self::Tenant(tenant) => tenant.last.as_ref(),
            Self::Sandbox(sandbox) => Some(sandbox.last()),
        };
        keys::kid_of(input, false).is_some_and(|kid| keys.is_some_and(|keys| has(keys, &kid)))
    }
}

pub(super) fn has(keys: &Keys, kid: &str) -> bool {
    keys.sets.iter().any(|dated| dated.set.by_kid(kid).is_some())
}

/// True where `keys` have one that was not there before.
pub(super) fn brings_new(keys: &Keys, before: Option<&Keys>) -> bool {
    let all = keys.sets.iter().flat_map(|dated| dated.set.keys());
    let mut ids = all.filter_map(|key| key.kid.as_deref());
    ids.any(|kid| before.is_none_or(|before| !has(before, kid)))
}

/// Whose history a profile's attempts are in: its id, or the domain of one that is not saved.
pub fn owner_id(profile: &Profile) -> String {
    match &profile.domain {
        Some(domain) if !profile.saved => domain.as_str().to_owned(),
        _ => profile.id.to_string(),
    }
}
