//! A tenant's published keys: fetched, cached, and kept for the day the tenant is out of reach.
//!
//! Never sends credentials (Kinde answers 403 to a JWKS request that carries any), never follows a redirect, never asks
//! a tenant twice at once nor more than once in 30 s for key IDs it does not know.

mod fetch;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use url::Url;

use super::Domain;
use crate::clock::Clock;
use crate::jwt::{KeySet, Policy};
use crate::net::{Http, NetErrorKind};
use crate::store::key_sets::{KeySetSnapshot, KeySets};

pub use fetch::is_safe;
use fetch::{DEADLINE, fetch, of_path};

/// Both documented places; discovery names the first, every SDK asks the second.
const PATHS: [&str; 2] = ["/.well-known/jwks", "/.well-known/jwks.json"];
/// A set this young is not fetched again for a key it has, unless a fetch failed since.
pub const FRESH: Duration = Duration::from_secs(600);
/// The least time between two fetches.
const COOLDOWN: Duration = Duration::from_secs(30);

/// Why no key set came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JwksTroubleKind {
    /// Nothing answered, in any way.
    Unreachable(NetErrorKind),
    /// 403: a wrong subdomain.
    Forbidden,
    /// 404 at both places.
    NotFound,
    /// It forwards somewhere else.
    Redirect,
    /// 429.
    Busy,
    /// Any other status.
    Status(u16),
    /// A web page came.
    Html,
    /// Something that is no key set came.
    NotKeys,
    /// More than 256 KiB.
    TooLarge,
    /// A key set that must not be trusted.
    Unsound,
    /// Plain http to another machine.
    Insecure,
}

/// Why no key set came, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwksTrouble {
    /// Which kind.
    pub kind: JwksTroubleKind,
    /// The cause.
    pub why: String,
    /// What to do.
    pub fix: String,
}

impl JwksTrouble {
    fn new(kind: JwksTroubleKind, why: impl Into<String>, fix: &str) -> Self {
        Self { kind, why: why.into(), fix: fix.to_owned() }
    }
}

/// A key set that came.
#[derive(Debug, Clone)]
pub struct LiveKeys {
    /// The keys.
    pub set: Arc<KeySet>,
    /// As received.
    pub jwks: Arc<str>,
    /// Where from.
    pub url: Url,
    /// When, by this machine's clock.
    pub fetched_at: Timestamp,
    /// The server's clock then, from `Date`.
    pub server_time: Option<Timestamp>,
}

/// True while a set fetched then need not be fetched again. By the wall clock: a machine that slept has an old set.
pub fn is_fresh(fetched_at: Timestamp, now: Timestamp) -> bool {
    within(FRESH, fetched_at, now)
}

/// True while less than `span` has gone by since then; false where that is yet to come, by a clock that was set back.
pub fn within(span: Duration, since: Timestamp, now: Timestamp) -> bool {
    Duration::try_from(now.duration_since(since)).is_ok_and(|age| age < span)
}

/// A set kept from an earlier fetch.
#[derive(Debug, Clone)]
pub struct KeptKeys {
    /// The keys.
    pub set: Arc<KeySet>,
    /// The profile's id or the domain it was kept for.
    pub owner: String,
    /// The name a person knows that owner by.
    pub owner_name: String,
    /// Scheme, host and port it was published at.
    pub origin: String,
    /// When it was first seen published.
    pub first_seen: Timestamp,
    /// When it was last seen published.
    pub last_seen: Timestamp,
}

/// Whose keys are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The profile's id, or the domain of an unsaved one.
    pub id: String,
    /// The name a person knows it by.
    pub name: String,
    /// Where its keys are published.
    pub domain: Domain,
}

/// What is known of a tenant's keys now.
#[derive(Debug, Clone, Default)]
pub struct TenantKeys {
    /// The fresh set, where there is one.
    pub live: Option<LiveKeys>,
    /// Why the last fetch brought none. A set of before may be fresh all the same.
    pub trouble: Option<JwksTrouble>,
}

#[derive(Default)]
struct Slot {
    live: Option<LiveKeys>,
    trouble: Option<JwksTrouble>,
    tried: Option<Timestamp>,
    /// Index into [`PATHS`] of the place that answered last.
    path: usize,
}

/// The cache. Clones share it.
#[derive(Clone)]
pub struct Jwks {
    http: Http,
    clock: Clock,
    history: Option<PathBuf>,
    /// [`COOLDOWN`], but for tests.
    cooldown: Duration,
    slots: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<Slot>>>>>,
}

impl std::fmt::Debug for Jwks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Jwks")
    }
}

impl Jwks {
    /// A cache over `http` that keeps what it saw in the `history.db` at `history`, where one is given.
    pub fn new(http: Http, history: Option<PathBuf>) -> Self {
        Self { clock: http.clock().clone(), http, history, cooldown: COOLDOWN, slots: Arc::default() }
    }

    /// The tenant's keys. Fetches when there are none, when they are older than 10 minutes, when `kid` is not among them, or
    /// when the last fetch failed; at most once in 30 s. Callers that come at once share one fetch.
    pub async fn keys(&self, owner: &Owner, kid: Option<&str>) -> TenantKeys {
        self.ask(owner, kid, false).await
    }

    /// The tenant's keys, fetched now: for a person who asks to check again.
    pub async fn fetch_again(&self, owner: &Owner) -> TenantKeys {
        self.ask(owner, None, true).await
    }

    async fn ask(&self, owner: &Owner, kid: Option<&str>, force: bool) -> TenantKeys {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.entry(owner.domain.as_str().to_owned()).or_default().clone()
        };
        // Held over the fetch: whoever comes meanwhile waits here and finds its result.
        let mut slot = slot.lock().await;
        let now = self.clock.now();
        let fresh = |live: &LiveKeys| is_fresh(live.fetched_at, now);
        let known = |live: &LiveKeys| kid.is_none_or(|kid| live.set.by_kid(kid).is_some());
        let good = slot.trouble.is_none() && slot.live.as_ref().is_some_and(|live| fresh(live) && known(live));
        let cooling = slot.tried.is_some_and(|at| within(self.cooldown, at, now));
        if force || !(good || cooling) {
            let fetched = self.fetch(&owner.domain, &mut slot.path).await;
            // From here to the end of the match nothing waits: a caller that is cut off leaves the slot as it was, or
            // whole, and a fetch that never ended is no reason to hold back the next.
            slot.tried = Some(self.clock.now());
            match fetched {
                Ok(live) => {
                    slot.live = Some(live.clone());
                    slot.trouble = None;
                    self.keep(owner, &live).await;
                }
                Err(trouble) => {
                    // The tenant publishes other keys now, and they must not be trusted: those of before are no help.
                    if trouble.kind == JwksTroubleKind::Unsound {
                        slot.live = None;
                    }
                    slot.trouble = Some(trouble);
                }
            }
        }
        // A failed fetch makes no fresh set old: it was to be believed for 10 minutes in any case. An older one is a kept one
        // from then on: the caller finds it in `kept`.
        let live = slot.live.clone().filter(|live| slot.trouble.is_none() || fresh(live));
        TenantKeys { live, trouble: slot.trouble.clone() }
    }

    async fn fetch(&self, domain: &Domain, path: &mut usize) -> Result<LiveKeys, JwksTrouble> {
        let begun = Instant::now();
        let mut first: Option<JwksTrouble> = None;
        for turn in 0..PATHS.len() {
            let index = (*path + turn) % PATHS.len();
            let left = DEADLINE.saturating_sub(begun.elapsed());
            let place = PATHS.get(index).copied().unwrap_or_default();
            match fetch(&self.http, domain.join(place), left).await {
                Ok(live) => {
                    *path = index;
                    return Ok(live);
                }
                Err(trouble) => {
                    let elsewhere = matches!(
                        trouble.kind,
                        JwksTroubleKind::NotFound
                            | JwksTroubleKind::Html
                            | JwksTroubleKind::Redirect
                            | JwksTroubleKind::NotKeys
                    );
                    // The first place's words say more than a second 404.
                    let told = first.get_or_insert(trouble);
                    if !elsewhere {
                        return Err(told.clone());
                    }
                }
            }
        }
        Err(first
            .unwrap_or_else(|| JwksTrouble::new(JwksTroubleKind::NotFound, "No key set was found", "Check the domain")))
    }

    async fn keep(&self, owner: &Owner, live: &LiveKeys) {
        self.keep_seen(KeySetSnapshot {
            owner: owner.id.clone(),
            owner_name: owner.name.clone(),
            url: live.url.to_string(),
            jwks: live.jwks.to_string(),
            first_seen: live.fetched_at,
            last_seen: live.fetched_at,
        })
        .await;
    }

    /// Keeps a set that was seen at its last sight, where history is kept: what was fetched, and the sandbox's.
    pub async fn keep_seen(&self, seen: KeySetSnapshot) {
        let Some(path) = self.history.clone() else { return };
        let kept = tokio::task::spawn_blocking(move || {
            KeySets::open(&path)?.keep(&seen.owner, &seen.owner_name, &seen.url, &seen.jwks, seen.last_seen)
        });
        // Judging goes on without history: a disk that is full must not stop it.
        if let Ok(Err(error)) = kept.await {
            tracing::warn!(%error, "a key set was not kept");
        }
    }

    /// Every sound set ever kept, of every owner, the newest sight first.
    pub async fn kept(&self) -> Vec<KeptKeys> {
        let Some(path) = self.history.clone() else { return Vec::new() };
        let read = tokio::task::spawn_blocking(move || read_kept(&path));
        read.await.unwrap_or_default()
    }

    /// The keys at `url`, which a person named: one fetch, nothing cached or kept.
    ///
    /// # Errors
    /// Why none came.
    pub async fn at(&self, url: Url) -> Result<LiveKeys, JwksTrouble> {
        let path = url.path().to_owned();
        fetch(&self.http, url, DEADLINE).await.map_err(|trouble| of_path(trouble, &path))
    }

    /// The clock that ages are told by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}

fn read_kept(path: &Path) -> Vec<KeptKeys> {
    if !path.exists() {
        return Vec::new();
    }
    let rows = KeySets::open(path).and_then(|sets| sets.all()).unwrap_or_default();
    rows.iter().filter_map(kept_keys).collect()
}

fn kept_keys(row: &KeySetSnapshot) -> Option<KeptKeys> {
    Some(KeptKeys {
        set: Arc::new(KeySet::parse(row.jwks.as_bytes(), Policy::Published).ok()?),
        owner: row.owner.clone(),
        owner_name: row.owner_name.clone(),
        origin: Url::parse(&row.url).ok()?.origin().ascii_serialization(),
        first_seen: row.first_seen,
        last_seen: row.last_seen,
    })
}

#[cfg(test)]
mod tests;
