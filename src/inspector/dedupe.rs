//! The rung `duplicate`: how an attempt stands to those before it, by what was signed and not by its bytes.

use std::cell::LazyCell;

use crate::check::Check;
use crate::clock::rfc3339;
use crate::store::attempts::{Duplicate, Earlier, sha256_hex};

/// The attempt that is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Looked<'a> {
    /// SHA-256 of what makes the event the same event; `None` where there is no event in it.
    pub content: Option<[u8; 32]>,
    /// Its bytes.
    pub body: &'a [u8],
    /// Which attempt of its group it is, from 1.
    pub attempt: u32,
    /// It was verified: what was not verified before it is nothing to compare it with.
    pub verified: bool,
    /// The tenant has a second webhook that would explain the same event once more.
    pub second_webhook: bool,
}

/// How `looked` stands to `earlier`.
pub fn look(looked: &Looked<'_>, earlier: &[Earlier]) -> (Duplicate, Check) {
    let all = earlier;
    // Most attempts have none before them to be compared with.
    let body_sha256 = LazyCell::new(|| sha256_hex(looked.body));
    // Of the same bytes the verdict is known by now, whatever was known when they came first.
    let counts = |before: &&Earlier| {
        !looked.verified || before.verdict.as_deref() == Some("verified") || before.body_sha256 == *body_sha256
    };
    // `None`: one of the two came too damaged to be read, and damaged bytes say nothing against the other. What is verified
    // is whole, and so is what it is compared with.
    let same = |before: &Earlier| match (looked.content, before.content) {
        (Some(own), Some(other)) => Some(own == other),
        _ if before.body_sha256 == *body_sha256 => Some(true),
        _ => looked.verified.then_some(false),
    };
    let earlier: Vec<&Earlier> = earlier.iter().filter(counts).collect();
    if let Some(other) = earlier.iter().find(|before| same(before) == Some(false)) {
        let what = if other.same_group { "request" } else { "event" };
        let check = Check::fail(
            "duplicate",
            format!("Conflict: attempt {} came under the same {what} ID and holds something else", other.seq),
            "One of the two is not what it says. Compare them field by field, and look who else can send here",
        );
        return (Duplicate::Conflict, check.seen(format!("seq {}", other.seq)));
    }
    if let Some(first) = earlier.iter().find(|before| before.same_group) {
        let nth = format!("Attempt {} of the same request", looked.attempt.max(2));
        let came = format!("the first seen here came {}", rfc3339(first.received_at));
        let check = match same(first) {
            None if looked.content.is_none() => Check::warn(
                "duplicate",
                format!("{nth}, re-sent damaged: no event can be read in it to compare; {came}"),
                "See under envelope what was done to it on its way",
            ),
            None => {
                Check::pass("duplicate").because(format!("{nth}; {came}, damaged, so that they cannot be compared"))
            }
            Some(_) => {
                let resigned = if first.body_sha256 == *body_sha256 { "" } else { ", re-signed" };
                Check::pass("duplicate").because(format!("{nth}{resigned}; {came}"))
            }
        };
        return (Duplicate::Retry, check.seen(format!("seq {}", first.seq)));
    }
    let Some(first) = earlier.first() else {
        return (Duplicate::No, not_seen(looked, all));
    };
    let seen = format!("seq {}", first.seq);
    if looked.second_webhook {
        let why = "The same event for another webhook of this tenant";
        return (Duplicate::Fanout, Check::pass("duplicate").seen(seen).because(why));
    }
    let check = Check::warn(
        "duplicate",
        "The same event under another request ID, and no second webhook of this tenant is known that would explain it",
        "Make your handler remember `event_id`. Somebody may have sent a caught request again, or a second webhook exists",
    );
    (Duplicate::Repeat, check.seen(seen))
}

/// The check of one with nothing before it that counts. `earlier` is what came and does not.
fn not_seen(looked: &Looked<'_>, earlier: &[Earlier]) -> Check {
    let Some(last) = earlier.last() else { return Check::pass("duplicate").seen("not seen here before") };
    let why = if earlier.iter().any(|before| before.same_group) {
        let nth = looked.attempt.max(2);
        format!("Attempt {nth} of the same request; those before it were not verified, so they count for nothing")
    } else {
        "The same event ID came before, in what was not verified and so counts for nothing".to_owned()
    };
    Check::pass("duplicate").seen(format!("seq {}", last.seq)).because(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;

    #[test]
    fn what_was_signed_tells_a_retry_a_fanout_a_repeat_and_a_conflict_apart() {
        let earlier = |same_group, content: u8, body: &str, verdict: &str| Earlier {
            seq: 7,
            same_group,
            content: Some([content; 32]),
            body_sha256: sha256_hex(body.as_bytes()),
            received_at: jiff::Timestamp::UNIX_EPOCH,
            verdict: Some(verdict.to_owned()),
        };
        let good = "verified";
        let looked = Looked { content: Some([1; 32]), body: b"a", attempt: 3, verified: true, second_webhook: false };
        let second = Looked { second_webhook: true, ..looked };
        let forged = Looked { verified: false, ..looked };
        for (looked, earlier, duplicate, verdict, word) in [
            (looked, vec![], Duplicate::No, Verdict::Pass, ""),
            (looked, vec![earlier(true, 1, "a", good)], Duplicate::Retry, Verdict::Pass, "Attempt 3"),
            (looked, vec![earlier(true, 1, "b", good)], Duplicate::Retry, Verdict::Pass, "re-signed"),
            (looked, vec![earlier(false, 1, "a", good)], Duplicate::Repeat, Verdict::Warn, "no second webhook"),
            (second, vec![earlier(false, 1, "a", good)], Duplicate::Fanout, Verdict::Pass, "another webhook"),
            (looked, vec![earlier(true, 2, "b", good)], Duplicate::Conflict, Verdict::Fail, "same request ID"),
            (looked, vec![earlier(false, 2, "b", good)], Duplicate::Conflict, Verdict::Fail, "same event ID"),
            // What nobody signed does not make a genuine event look wrong.
            (looked, vec![earlier(true, 2, "b", "not_verified")], Duplicate::No, Verdict::Pass, "Attempt 3"),
            (looked, vec![earlier(true, 2, "b", "unreadable")], Duplicate::No, Verdict::Pass, "were not verified"),
            (looked, vec![earlier(false, 2, "b", "unreadable")], Duplicate::No, Verdict::Pass, "was not verified"),
            (forged, vec![earlier(true, 2, "b", good)], Duplicate::Conflict, Verdict::Fail, "same request ID"),
        ] {
            let (found, check) = look(&looked, &earlier);
            assert_eq!((found, check.verdict), (duplicate, verdict), "{earlier:?}");
            let unseen = check.seen.as_deref() == Some("not seen here before");
            assert_eq!(unseen, earlier.is_empty(), "{earlier:?}");
            assert!(check.why.unwrap_or_default().contains(word), "{word}");
        }
    }

    #[test]
    fn what_came_too_damaged_to_be_read_is_a_retry_and_never_a_conflict() {
        let earlier = |content: Option<u8>, body: &str| Earlier {
            seq: 1,
            same_group: true,
            content: content.map(|byte| [byte; 32]),
            body_sha256: sha256_hex(body.as_bytes()),
            received_at: jiff::Timestamp::UNIX_EPOCH,
            verdict: Some("verified".to_owned()),
        };
        let whole = Looked { content: Some([1; 32]), body: b"a", attempt: 2, verified: false, second_webhook: false };
        let damaged = Looked { content: None, ..whole };
        let verified = Looked { verified: true, ..damaged };
        for (looked, earlier, duplicate, verdict, word) in [
            (damaged, earlier(Some(1), "b"), Duplicate::Retry, Verdict::Warn, "re-sent damaged"),
            (damaged, earlier(None, "b"), Duplicate::Retry, Verdict::Warn, "re-sent damaged"),
            (damaged, earlier(None, "a"), Duplicate::Retry, Verdict::Pass, "Attempt 2 of the same request; the first"),
            (whole, earlier(None, "b"), Duplicate::Retry, Verdict::Pass, "cannot be compared"),
            // Signed, and no event in it: whole, and something else.
            (verified, earlier(Some(1), "b"), Duplicate::Conflict, Verdict::Fail, "holds something else"),
        ] {
            let (found, check) = look(&looked, &[earlier]);
            assert_eq!((found, check.verdict), (duplicate, verdict), "{word}");
            assert!(check.why.unwrap().contains(word), "{word}");
        }
    }
}
