//! The `key` rung of a token whose key is not at hand: whose it is, or why it cannot be known.

use super::decode::{Keys, OtherKeys};
use super::lens::is_sandbox_kid;
use super::words::shorten;
use crate::check::Check;
use crate::clock::rfc3339;
use crate::jwt::{Compact, Json, Pick};

/// The failing `key` check of a token whose key is not there.
pub(super) fn no_key(compact: &Compact<'_>, keys: &Keys) -> Check {
    let header = &compact.header;
    let kid = shorten(header.kid().unwrap_or("none"));
    let whose = &keys.whose;
    let others = keys.others.iter().filter(|other| match other.set.pick(header) {
        Pick::Found { key, alg } => key.verify(alg, compact.signed, &compact.signature),
        _ => false,
    });
    // A key of this tenant's own past says more than the same key found elsewhere.
    let signed_by = others.max_by_key(|other| other.same_tenant);
    if let Some((why, fix)) = &keys.trouble {
        return out_of_reach(keys, why, fix, signed_by).seen(format!("kid {kid}"));
    }
    if let Some(other) = signed_by {
        return if other.same_tenant {
            Check::fail(
                "key",
                format!("{whose} published this key until {} and does so no more", rfc3339(other.last_seen)),
                "The tenant changed its keys. A token signed before that has to be made anew",
            )
        } else {
            Check::fail(
                "key",
                format!("This came from {}, not from {whose}: {} signed it", other.name, other.name),
                format!(
                    "Switch to the profile {}, or point the application that receives it at {}",
                    other.name, other.name
                ),
            )
        }
        .seen(format!("kid {kid}"));
    }
    let (why, fix) = match keys.sets.first().map(|dated| dated.set.pick(header)) {
        Some(Pick::Several(count)) => (
            format!("It names no key (`kid`), and {count} keys of {whose} fit"),
            "Give the one key that signed it, or have the issuer write `kid`".to_owned(),
        ),
        Some(Pick::Empty) | None => {
            (format!("{whose} has no key for signatures"), "Give the key set of the tenant that signed it".to_owned())
        }
        _ if header.kid().is_some_and(is_sandbox_kid) => (
            format!("This is a sandbox key, and {whose} has it not"),
            "Judge it with the sandbox profile whose data folder made it".to_owned(),
        ),
        _ => {
            let iss =
                Json::parse(&compact.payload).ok().and_then(|claims| claims.get("iss")?.as_text().map(str::to_owned));
            match iss {
                Some(iss) if iss.trim_end_matches('/') != format!("https://{whose}") => {
                    (format!("{whose} has no key of that ID; the token says it is from {}", shorten(&iss)), format!("Judge it against {}, if that is yours", shorten(&iss)))
                }
                _ => (
                    format!("{whose} has no key of that ID"),
                    "Another environment signed it, or the keys changed just now: compare the Kinde domain of the sender".to_owned(),
                ),
            }
        }
    };
    Check::fail("key", why, fix).seen(format!("kid {kid}"))
}

/// The keys that were asked for could not be had: that comes first. Whose key it is does not mend it.
fn out_of_reach(keys: &Keys, why: &str, fix: &str, signed_by: Option<&OtherKeys>) -> Check {
    let mut why = why.to_owned();
    if !keys.sets.is_empty() {
        why.push_str(". The keys last seen there have not its key");
    }
    match signed_by {
        Some(other) if other.same_tenant => {
            let whose = &keys.whose;
            why.push_str(&format!(". Its key was published by {whose} until {}", rfc3339(other.last_seen)));
        }
        Some(other) => why.push_str(&format!(". It was signed with a key of {}", other.name)),
        None => {}
    }
    Check::fail("key", why, fix)
}
