//! A tenant's published keys: fetched, cached, and kept for the day the tenant is out of reach.
//!
//! Never sends credentials (Kinde answers 403 to a JWKS request that carries any), never follows a redirect, never asks
//! a tenant twice at once nor more than once in 30 s for key IDs it does not know.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use url::Url;

use super::Domain;
use crate::clock::Clock;
use crate::jwt::{KeySet, KeySetFault, Policy};
use crate::net::{Answer, Http, NetError, NetErrorKind, Request};
use crate::store::key_sets::{KeySetSnapshot, KeySets};

/// Both documented places; discovery names the first, every SDK asks the second.
const PATHS: [&str; 2] = ["/.well-known/jwks", "/.well-known/jwks.json"];
/// The whole fetch, both places together.
const DEADLINE: Duration = Duration::from_secs(5);
/// The most bytes of a key set.
const LIMIT: usize = 256 * 1024;
/// A set this young is not fetched again for a key it has.
const FRESH: Duration = Duration::from_secs(600);
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
    /// Why there is none.
    pub trouble: Option<JwksTrouble>,
}

#[derive(Default)]
struct Slot {
    live: Option<(LiveKeys, Instant)>,
    trouble: Option<JwksTrouble>,
    tried: Option<Instant>,
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

    /// The tenant's keys. Fetches when there are none, when they are older than 10 minutes, or when `kid` is not among
    /// them; at most once in 30 s. Callers that come at once share one fetch.
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
        let now = Instant::now();
        let good = slot.live.as_ref().is_some_and(|(live, at)| {
            now.duration_since(*at) < FRESH && kid.is_none_or(|kid| live.set.by_kid(kid).is_some())
        });
        let cooling = slot.tried.is_some_and(|at| now.duration_since(at) < self.cooldown);
        if force || !(good || cooling) {
            slot.tried = Some(now);
            match self.fetch(&owner.domain, &mut slot.path).await {
                Ok(live) => {
                    self.keep(owner, &live).await;
                    slot.live = Some((live, Instant::now()));
                    slot.trouble = None;
                }
                Err(trouble) => slot.trouble = Some(trouble),
            }
        }
        // After a failed fetch the set of before is a kept one: the caller finds it in `kept`.
        let live = slot.live.as_ref().filter(|_| slot.trouble.is_none()).map(|(live, _)| live.clone());
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
        let Some(path) = self.history.clone() else { return };
        let (owner, live) = (owner.clone(), live.clone());
        let kept = tokio::task::spawn_blocking(move || {
            KeySets::open(&path)?.keep(&owner.id, &owner.name, live.url.as_str(), &live.jwks, live.fetched_at)
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
        fetch(&self.http, url, DEADLINE).await
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
        last_seen: row.last_seen,
    })
}

/// True where keys may be fetched from `url`: https, or http on this machine.
pub fn is_safe(url: &Url) -> bool {
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(url::Host::Ipv4(ip))) => ip.is_loopback(),
        ("http", Some(url::Host::Ipv6(ip))) => ip.is_loopback(),
        ("http", Some(url::Host::Domain(name))) => name == "localhost",
        _ => false,
    }
}

/// One GET, judged.
async fn fetch(http: &Http, url: Url, timeout: Duration) -> Result<LiveKeys, JwksTrouble> {
    if !is_safe(&url) {
        return Err(JwksTrouble::new(
            JwksTroubleKind::Insecure,
            "Keys over plain http can be swapped on the way",
            "Name the https address; http is taken on this machine alone",
        ));
    }
    let request = Request::get("JWKS", url.clone()).header("accept", "application/json").timeout(timeout).limit(LIMIT);
    let place = url.path().to_owned();
    let host = url.host_str().unwrap_or_default().to_owned();
    let answer = http.send(request).await.map_err(|error| unreachable_trouble(&error))?;
    if let Some(trouble) = refused(&answer, &host, &place) {
        return Err(trouble);
    }
    let set = KeySet::parse(&answer.body, Policy::Published).map_err(|fault| match fault {
        KeySetFault::NotKeys(what) => JwksTrouble::new(
            JwksTroubleKind::NotKeys,
            format!("{host}{place} answered with something that is no key set: {what}"),
            "Check the domain: a Kinde domain answers with JSON that has `keys`",
        ),
        KeySetFault::Unsound(_) => JwksTrouble::new(
            JwksTroubleKind::Unsound,
            format!("The keys that {host} publishes are unsound and not trusted: {fault}"),
            "Do not accept its tokens until this is cleared up with whoever runs it",
        ),
    })?;
    Ok(LiveKeys {
        set: Arc::new(set),
        jwks: answer.text().into(),
        url,
        fetched_at: http.clock().now(),
        server_time: answer.date(),
    })
}

fn unreachable_trouble(error: &NetError) -> JwksTrouble {
    let NetError { kind, host, reason, .. } = error;
    let (kind, why, fix) = match kind {
        NetErrorKind::TooLong => (
            JwksTroubleKind::TooLarge,
            format!("{host} answered with more than {} KiB", LIMIT >> 10),
            "No key set is that long: check the domain",
        ),
        NetErrorKind::Dns => (
            JwksTroubleKind::Unreachable(*kind),
            format!("{host} has no address"),
            "Check the spelling of the domain, and that this machine is online",
        ),
        NetErrorKind::Timeout => (
            JwksTroubleKind::Unreachable(*kind),
            format!("{host} did not answer within {} s", DEADLINE.as_secs()),
            "Try again; a proxy or firewall may hold the request back",
        ),
        _ => (
            JwksTroubleKind::Unreachable(*kind),
            format!("The keys of {host} are out of reach: {reason}"),
            "Check the domain, and that nothing stands between this machine and it",
        ),
    };
    JwksTrouble::new(kind, why, fix)
}

/// An answer that cannot hold keys.
fn refused(answer: &Answer, host: &str, place: &str) -> Option<JwksTrouble> {
    let trouble = |kind, why: String, fix| Some(JwksTrouble::new(kind, why, fix));
    match answer.status {
        200 => {}
        300..=399 => {
            let to = answer.header("location").and_then(|to| Url::parse(to).ok()?.host_str().map(str::to_owned));
            return trouble(
                JwksTroubleKind::Redirect,
                format!(
                    "{host} forwards to {}, and keys are not fetched from elsewhere",
                    to.as_deref().unwrap_or("another place")
                ),
                "Use the domain that Kinde shows under Settings > Environment > Details",
            );
        }
        403 => {
            return trouble(
                JwksTroubleKind::Forbidden,
                format!("{host} answers 403 for its keys"),
                "Kinde does so for a subdomain that does not exist: check its spelling",
            );
        }
        404 => {
            return trouble(
                JwksTroubleKind::NotFound,
                format!("{host} has no keys at {place}"),
                "This is no Kinde domain: compare Settings > Environment > Details",
            );
        }
        429 => {
            return trouble(
                JwksTroubleKind::Busy,
                format!("{host} asks to slow down (429)"),
                "Wait a minute and try again",
            );
        }
        status => {
            return trouble(
                JwksTroubleKind::Status(status),
                format!("{host} answers {status} for its keys"),
                "Try again; status.kinde.com tells of outages",
            );
        }
    }
    let html = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
        || answer.body.trim_ascii_start().starts_with(b"<");
    if html {
        return trouble(
            JwksTroubleKind::Html,
            format!("{host} answered with a web page instead of keys"),
            "This is a web site, or a login page of the network: use the Kinde domain itself",
        );
    }
    None
}

#[cfg(test)]
mod tests;
