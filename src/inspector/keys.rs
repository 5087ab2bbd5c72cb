//! Gathers what a token is judged with: a tenant's own keys, those kept from earlier, and those of everybody else.

use std::sync::Arc;

use jiff::Timestamp;

use super::decode::{Dated, Issuers, Keys, Origin, OtherKeys};
use crate::error::{Category, UserError};
use crate::jwt::{Compact, KeySet, Policy};
use crate::kinde::jwks::{FRESH, Jwks, JwksTroubleKind, KeptKeys, LiveKeys, Owner, TenantKeys, is_fresh};
use crate::store::DataDir;
use crate::store::key_sets::KeySetSnapshot;
use crate::tenant::SANDBOX_PROFILE;

/// Whose the sandbox's keys are, in words.
const SANDBOX: &str = "the sandbox";
/// Where its sets count as seen: its own address may be another one in every run, and no tenant has one like this.
const SANDBOX_ADDRESS: &str = "sandbox:jwks";

/// The key ID that `input` names, so that its key can be fetched before judging.
pub fn kid_of(input: &[u8], pasted: bool) -> Option<String> {
    let text = std::str::from_utf8(input).ok()?;
    let token = if pasted { super::paste::clean(text).token } else { text.to_owned() };
    Compact::split(token.as_bytes()).ok()?.header.kid().map(str::to_owned)
}

/// The keys to judge a token of `owner` with, fetched where needed. `issuers` are the domains of its environment;
/// `extra` are keys known from elsewhere (the sandbox's), for recognising a foreign token.
pub async fn of_tenant(jwks: &Jwks, owner: &Owner, issuers: Issuers, kid: Option<&str>, extra: Vec<OtherKeys>) -> Keys {
    let fetched = jwks.keys(owner, kid).await;
    let kept = jwks.kept().await;
    put_together(owner, issuers, fetched, kept, extra)
}

/// The keys at an address that a person named.
pub async fn at_url(jwks: &Jwks, url: url::Url) -> Keys {
    let whose = url.host_str().unwrap_or_default().to_owned();
    let mut keys = Keys { whose, origin: Origin::Published, ..Keys::nobody() };
    match jwks.at(url).await {
        Ok(live) => {
            keys.clock_ahead = clock_ahead(&live);
            keys.sets.push(Dated { set: live.set, kept: None });
        }
        Err(trouble) => keys.trouble = Some((trouble.why, trouble.fix)),
    }
    keys.others = others(jwks).await;
    keys
}

/// Every key set kept on this machine, for recognising a token of another profile.
pub async fn others(jwks: &Jwks) -> Vec<OtherKeys> {
    jwks.kept().await.into_iter().map(foreign).collect()
}

/// The sandbox's own keys: they are in the data folder, made on first use, and need no running sandbox.
///
/// # Errors
/// When its folder or a file of it cannot be used.
pub async fn of_sandbox(data: &DataDir) -> Result<Keys, UserError> {
    let published = published_by_sandbox(data).await?;
    Ok(Keys::published(SANDBOX, published.as_bytes(), Issuers::Loopback))
}

/// The JWKS that the sandbox publishes, or would if it were running.
///
/// # Errors
/// When its folder or a file of it cannot be used.
pub async fn published_by_sandbox(data: &DataDir) -> Result<String, UserError> {
    let data = data.clone();
    let read = move || {
        let dir = data.folder("sandbox")?;
        Ok::<String, UserError>(crate::sandbox::facts(&dir)?.jwks)
    };
    tokio::task::spawn_blocking(read).await.map_err(|error| {
        UserError::new(Category::Internal, "The sandbox's keys were not read").detail(error.to_string())
    })?
}

/// The sandbox's keys as just `published`, with those of its past, which are kept as a tenant's are.
pub async fn of_sandbox_and_past(jwks: &Jwks, published: &str) -> Keys {
    let now = jwks.clock().now();
    let mut keys = Keys::published(SANDBOX, published.as_bytes(), Issuers::Loopback);
    let owner = SANDBOX_PROFILE.to_string();
    let (own, others): (Vec<_>, Vec<_>) = jwks.kept().await.into_iter().partition(|kept| kept.owner == owner);
    let is_now = |kept: &KeptKeys| keys.sets.iter().any(|dated| dated.set.same_keys(&kept.set));
    // A sight counts for ten minutes and is noted no more often: every row that is opened is judged, and whatever is written
    // has the window read the history anew.
    let noted = own.iter().find(|kept| is_now(kept) && is_fresh(kept.last_seen, now)).map(|kept| kept.last_seen);
    let seen_at = noted.unwrap_or(now);
    if noted.is_none() && keys.trouble.is_none() {
        jwks.keep_seen(KeySetSnapshot {
            owner,
            owner_name: SANDBOX.to_owned(),
            url: SANDBOX_ADDRESS.to_owned(),
            jwks: published.to_owned(),
            first_seen: now,
            last_seen: now,
        })
        .await;
    }
    let sights = own.iter().flat_map(|kept| [kept.first_seen, kept.last_seen]);
    let sights: Vec<Timestamp> = sights.chain([seen_at]).collect();
    let past = own.into_iter().filter(|kept| !is_now(kept)).map(|kept| past(kept, &sights));
    keys.others = past.chain(others.into_iter().map(foreign)).collect();
    keys.fetched_at = Some(seen_at);
    keys
}

/// The sandbox's keys for recognising its tokens elsewhere; none where the data folder has no sandbox yet.
pub async fn sandbox_as_other(data: &DataDir, now: Timestamp) -> Vec<OtherKeys> {
    let dir = data.root().join("sandbox");
    if !dir.is_dir() {
        return Vec::new();
    }
    let read = tokio::task::spawn_blocking(move || {
        let facts = crate::sandbox::facts(&dir).ok()?;
        let set = Arc::new(KeySet::parse(facts.jwks.as_bytes(), Policy::Published).ok()?);
        Some(OtherKeys { name: SANDBOX.to_owned(), same_tenant: false, set, last_seen: now, good_until: now })
    });
    read.await.ok().flatten().into_iter().collect()
}

fn foreign(kept: KeptKeys) -> OtherKeys {
    let KeptKeys { set, owner_name: name, last_seen, .. } = kept;
    OtherKeys { name, same_tenant: false, set, last_seen, good_until: last_seen }
}

/// Keys of the judged tenant's own past. They were believed in for as long as a fetched set is, unless the tenant was seen
/// to publish others before that: `sights` are the moments at which some set of its was seen.
fn past(kept: KeptKeys, sights: &[Timestamp]) -> OtherKeys {
    let believed = kept.last_seen.checked_add(FRESH).unwrap_or(kept.last_seen);
    let next = sights.iter().filter(|sight| **sight > kept.last_seen).min();
    let good_until = next.map_or(believed, |next| believed.min(*next));
    OtherKeys { same_tenant: true, good_until, ..foreign(kept) }
}

/// How far this machine's clock was ahead of the server's when that published its keys, in seconds.
fn clock_ahead(live: &LiveKeys) -> Option<i64> {
    Some(live.fetched_at.as_second() - live.server_time?.as_second())
}

fn put_together(
    owner: &Owner,
    issuers: Issuers,
    fetched: TenantKeys,
    kept: Vec<KeptKeys>,
    extra: Vec<OtherKeys>,
) -> Keys {
    let TenantKeys { live, trouble } = fetched;
    let not_asked = || ("The tenant's keys were not fetched".to_owned(), "Check the token again".to_owned());
    // By the address it was published at, never by the profile: a profile's domain can be changed.
    let (mut own, others): (Vec<_>, Vec<_>) = kept.into_iter().partition(|kept| kept.origin == owner.domain.as_str());
    let sights: Vec<Timestamp> = own.iter().flat_map(|kept| [kept.first_seen, kept.last_seen]).collect();
    let past = |kept| past(kept, &sights);
    let fetched_at = live.as_ref().map(|live| live.fetched_at);
    let clock_ahead = live.as_ref().and_then(clock_ahead);
    let mut keys = Keys {
        clock_ahead,
        whose: owner.domain.authority().to_owned(),
        origin: Origin::Published,
        sets: Vec::new(),
        issuers,
        others: extra,
        fetched_at,
        // A kept set in the place of the published one has a cause, always: a verdict by it names the cause.
        trouble: trouble
            .as_ref()
            .map(|trouble| (trouble.why.clone(), trouble.fix.clone()))
            .or_else(|| live.is_none().then(not_asked)),
    };
    keys.others.extend(others.into_iter().map(foreign));
    match live {
        Some(live) => {
            keys.others.extend(own.into_iter().filter(|kept| !kept.set.same_keys(&live.set)).map(past));
            keys.sets.push(Dated { set: live.set, kept: None });
        }
        // Keys that the tenant publishes now and that must not be trusted are not helped by older ones.
        None if trouble.is_some_and(|trouble| trouble.kind == JwksTroubleKind::Unsound) => {
            keys.others.extend(own.into_iter().map(past));
        }
        // What it published last stands in for what it publishes now. A key it had taken back before that stays taken back:
        // being out of reach must not make it good again.
        None => {
            own.sort_by_key(|kept| std::cmp::Reverse(kept.last_seen));
            let mut own = own.into_iter();
            if let Some(newest) = own.next() {
                let older = own.filter(|kept| !kept.set.same_keys(&newest.set)).map(past);
                keys.others.extend(older);
                keys.sets.push(Dated { set: newest.set, kept: Some(newest.last_seen) });
            }
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::encode_base64url as b64;
    use crate::kinde::Domain;
    use crate::kinde::jwks::JwksTrouble;

    /// A set with one key of that ID whose modulus ends in `last`.
    fn set(kid: &str, last: u8) -> Arc<KeySet> {
        let mut modulus = [0xc5_u8; 256];
        modulus[255] = last;
        let jwks = serde_json::json!({"keys": [{"kty": "RSA", "kid": kid, "e": "AQAB", "n": b64(&modulus)}]});
        Arc::new(KeySet::parse(jwks.to_string().as_bytes(), Policy::Published).unwrap())
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn kept(set: Arc<KeySet>, second: i64) -> KeptKeys {
        KeptKeys {
            set,
            owner: "p1".to_owned(),
            owner_name: "acme".to_owned(),
            origin: "https://acme.kinde.com".to_owned(),
            first_seen: at(second),
            last_seen: at(second),
        }
    }

    fn together(fetched: TenantKeys, kept: Vec<KeptKeys>) -> Keys {
        let domain = Domain::parse("acme.kinde.com").unwrap();
        let owner = Owner { id: "p1".to_owned(), name: "acme".to_owned(), domain };
        put_together(&owner, Issuers::Any, fetched, kept, Vec::new())
    }

    fn live(set: Arc<KeySet>) -> TenantKeys {
        let url = "https://acme.kinde.com/.well-known/jwks".parse().unwrap();
        let fetched_at = Timestamp::UNIX_EPOCH;
        TenantKeys { live: Some(LiveKeys { set, jwks: "".into(), url, fetched_at, server_time: None }), trouble: None }
    }

    #[test]
    fn a_key_that_was_exchanged_under_the_same_id_is_one_of_the_past() {
        let keys = together(live(set("k1", 1)), vec![kept(set("k1", 1), 2), kept(set("k1", 3), 1)]);
        assert_eq!(keys.sets.len(), 1);
        assert_eq!(keys.others.len(), 1, "the live set is not one of the past");
        assert!(keys.others[0].same_tenant && !keys.others[0].set.same_keys(&set("k1", 1)));
    }

    #[test]
    fn a_set_of_the_past_is_good_for_ten_minutes_after_it_was_last_seen_or_until_another_was_seen() {
        let again = KeptKeys { first_seen: at(5), ..kept(set("c", 5), 4000) };
        let keys = together(live(set("d", 7)), vec![kept(set("a", 1), 10), kept(set("b", 3), 130), again]);
        let known: Vec<_> = keys.others.iter().map(|other| other.good_until.as_second()).collect();
        assert_eq!(known, [130, 130 + 600, 4000 + 600]);
        assert_eq!(keys.fetched_at, Some(Timestamp::UNIX_EPOCH), "and the set of now says when it came");
    }

    #[test]
    fn how_far_this_clock_is_off_comes_with_the_keys() {
        let mut fetched = live(set("k1", 1));
        assert_eq!(together(live(set("k1", 1)), Vec::new()).clock_ahead, None);
        fetched.live.as_mut().unwrap().server_time = Some(at(300));
        assert_eq!(together(fetched, Vec::new()).clock_ahead, Some(-300));
    }

    #[test]
    fn out_of_reach_only_the_newest_kept_set_is_trusted_and_older_ones_are_recognised() {
        let trouble = JwksTrouble { kind: JwksTroubleKind::NotFound, why: "gone".to_owned(), fix: "look".to_owned() };
        let fetched = TenantKeys { live: None, trouble: Some(trouble) };
        // In any order.
        let keys = together(fetched, vec![kept(set("a", 1), 10), kept(set("b", 3), 30), kept(set("c", 5), 20)]);
        let trusted: Vec<_> = keys.sets.iter().map(|dated| dated.set.keys()[0].kid.clone().unwrap()).collect();
        assert_eq!(trusted, ["b"]);
        let known: Vec<_> = keys.others.iter().map(|other| (other.same_tenant, other.last_seen.as_second())).collect();
        assert_eq!(known, [(true, 20), (true, 10)]);
    }

    #[test]
    fn where_neither_a_set_nor_a_cause_came_that_itself_is_told() {
        let keys = together(TenantKeys::default(), vec![kept(set("a", 1), 10)]);
        let (why, fix) = keys.trouble.expect("a kept set is never used without saying why");
        assert!(why.contains("were not fetched") && !fix.is_empty(), "{why} {fix}");
    }
}
