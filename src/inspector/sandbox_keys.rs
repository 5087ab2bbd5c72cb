//! The sandbox's keys for many tokens, one after the other. A person may rotate them at any moment: their files are read
//! again as a tenant's keys are fetched again, and sooner, since that is no burden to anybody.

use std::time::Duration;

use jiff::Timestamp;

use super::decode::Keys;
use super::key_source::{brings_new, has};
use super::keys;
use crate::error::UserError;
use crate::kinde::jwks::{Jwks, is_fresh, within};
use crate::store::DataDir;

/// The least time between two readings for keys that are not there: many that nobody can verify may come at once.
const COOLDOWN: Duration = Duration::from_millis(100);

/// The sandbox's keys, and what was last known of them.
pub struct SandboxKeys {
    jwks: Jwks,
    data: DataDir,
    last: Keys,
    /// What the sandbox published when `last` was made of it; empty before the first token.
    published: String,
    /// When they were last read for a key that was not there.
    missed_at: Option<Timestamp>,
    /// What waited for a key that came is still to be looked at above this number of the history, as for a tenant.
    pub(super) to_look_at: Option<i64>,
}

impl SandboxKeys {
    /// The keys of the sandbox in this data folder. Its earlier ones are read for the first token.
    ///
    /// # Errors
    /// When its files cannot be used.
    pub(super) async fn open(jwks: Jwks, data: &DataDir) -> Result<Self, UserError> {
        let last = keys::of_sandbox(data).await?;
        let data = data.clone();
        Ok(Self { jwks, data, last, published: String::new(), missed_at: None, to_look_at: None })
    }

    /// The keys to judge a token with that names this key.
    pub(super) async fn for_kid(&mut self, kid: Option<&str>) -> Keys {
        let now = self.jwks.clock().now();
        let fresh = self.last.fetched_at.is_some_and(|at| is_fresh(at, now));
        let known = kid.is_none_or(|kid| has(&self.last, kid));
        if fresh && (known || self.missed_at.is_some_and(|at| within(COOLDOWN, at, now))) {
            return self.last.clone();
        }
        let read = keys::published_by_sandbox(&self.data).await;
        match read {
            Ok(published) if fresh && published == self.published && self.last.trouble.is_none() => {}
            Ok(published) => self.take(published).await,
            Err(error) => self.last.trouble = Some((error.to_string(), error.hint)),
        }
        if !known {
            self.missed_at = Some(now);
        }
        self.last.clone()
    }

    async fn take(&mut self, published: String) {
        let keys = keys::of_sandbox_and_past(&self.jwks, &published).await;
        // The first are new in any case, as a tenant's are.
        if self.published.is_empty() || brings_new(&keys, Some(&self.last)) {
            self.to_look_at = Some(0);
        }
        (self.published, self.last) = (published, keys);
    }

    /// The last keys, without reading anything.
    pub(super) fn last(&self) -> &Keys {
        &self.last
    }
}
