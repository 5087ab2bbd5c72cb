//! The rung `freshness`: how old a webhook is. It labels and never fails, since Kinde delivers again for up to 36 hours.
//!
//! `timestamp` is when it was signed, which may be the time of sending; when it happened stands in `event_timestamp`, or
//! else in the event's id, whose first 48 bits count milliseconds as those of a UUIDv7 do.

use jiff::Timestamp;

use super::claims::LEEWAY;
use super::decode::{Keys, Kind, Options};
use super::rung::span;
use crate::check::{Check, Verdict};
use crate::jwt::Json;

const NAME: &str = "freshness";
/// A webhook younger than this is fresh, in seconds: the tolerance that Stripe and Svix use too.
const FRESH: i64 = 300;
/// Signed later than this after it happened, in seconds, Kinde's own tries do not explain it: it gives up after 36 hours.
const LONGEST: i64 = 40 * 3_600;
/// A clock that is wrong now was as wrong so many seconds ago: what came longer ago may have come before it was set.
const AS_WRONG: i64 = 3_600;
/// An id that counts to before this, 2020, counts no milliseconds: Kinde did not exist.
const BEGAN: i64 = 1_577_836_800;
const SAFE: &str = "Kinde tries again for up to 36 hours. A handler that acts only once per `webhook-id` is safe";

/// Judges the age of a webhook.
pub(super) fn judge_freshness(claims: &Json, kind: Kind, at: Timestamp) -> Check {
    if kind != Kind::Webhook {
        return Check::skipped(NAME, "The age of a token is judged by `exp`, under claims");
    }
    let Some(text) = claims.get("timestamp").and_then(Json::as_text) else {
        let known = happened(claims, at).map(|moment| {
            let ago = span(at.as_second() - moment.as_second());
            format!("`timestamp` is missing, so when it was signed is unknown. It happened {ago} ago")
        });
        let why = known.unwrap_or_else(|| "Without `timestamp` its age is unknown".to_owned());
        return Check::warn(NAME, why, "Tell repeats by the `webhook-id` header");
    };
    let Some(sent) = parse_timestamp(text) else {
        return Check::warn(NAME, "`timestamp` is no moment", "Kinde writes 2024-05-01T17:41:45.592145+10:00")
            .seen(text);
    };
    let age = at.as_second() - sent.as_second();
    let waited = happened(claims, sent).map(|moment| sent.as_second() - moment.as_second());
    let long = waited.is_some_and(|waited| waited > LONGEST);
    let waited = waited.filter(|waited| *waited > FRESH).map(|waited| (span(waited), span(waited + age)));
    if age < -LEEWAY {
        Check::warn(
            NAME,
            format!("`timestamp` is {} in the future", span(age)),
            "Compare this machine's clock with the sender's",
        )
    } else if age > FRESH {
        let first = waited.map(|(waited, _)| {
            let beyond = if long { ", longer than Kinde tries" } else { "" };
            format!(", {waited} after it happened{beyond}")
        });
        let first = first.unwrap_or_default();
        let ago = span(age);
        Check::warn(NAME, format!("Late: signed {ago} ago{first}. A delivery again, a replay, or an old copy"), SAFE)
    } else if long && let Some((_, ago)) = &waited {
        let why = format!(
            "Signed {} ago, but it happened {ago} ago: longer than Kinde tries. Sent anew, or its own moment is wrong",
            span(age)
        );
        Check::warn(NAME, why, "Look the event up at Kinde, and find out who sent it again")
    } else if let Some((_, ago)) = waited {
        Check::warn(NAME, format!("Signed {} ago, but it happened {ago} ago: a later delivery", span(age)), SAFE)
    } else {
        Check::pass(NAME).because(format!("Signed {} ago", span(age)))
    }
    .seen(text)
}

/// What a check of times found, with a word about this machine's clock where that is known to be wrong.
/// It says nothing of times that were told by another: by the clock of an arrival long ago, or a moment a person named.
pub(super) fn by_this_clock(check: Check, keys: &Keys, options: &Options) -> Check {
    let told = options.received.unwrap_or(options.now);
    let by_it = options.at == told && (options.now.as_second() - told.as_second()).abs() <= AS_WRONG;
    let Some(ahead) = keys.clock_ahead.filter(|ahead| by_it && ahead.abs() > LEEWAY) else { return check };
    if check.verdict == Verdict::Skipped {
        return check;
    }
    let side = if ahead > 0 { "ahead of" } else { "behind" };
    let off = format!("This machine's clock is {} {side} that of {}", span(ahead), keys.whose);
    let why = check.why.map_or_else(|| off.clone(), |why| format!("{why}. {off}"));
    let fix = "Set this machine's clock by the network: ages and ends of tokens are told by it";
    let verdict = check.verdict.max(Verdict::Warn);
    Check { verdict, why: Some(why), fix: check.fix.or_else(|| Some(fix.to_owned())), ..check }
}

/// When the event of these claims happened, else when it was signed: a delivery that was signed anew tells another
/// `timestamp`. `received` is when it came, for one that does not say when it was signed.
pub fn event_time(claims: &Json, received: Timestamp) -> Option<Timestamp> {
    let sent = claims.get("timestamp").and_then(Json::as_text).and_then(parse_timestamp);
    happened(claims, sent.unwrap_or(received)).or(sent)
}

/// When the event happened; `None` where nothing says so, or what says so cannot be: it must lie before `sent`.
fn happened(claims: &Json, sent: Timestamp) -> Option<Timestamp> {
    let text = |name: &str| claims.get(name).and_then(Json::as_text);
    let said = text("event_timestamp").and_then(parse_timestamp);
    let moment = said.or_else(|| in_id(text("event_id")?))?;
    (sent.as_second() - moment.as_second() >= -LEEWAY).then_some(moment)
}

/// The moment in `event_018f331a3178f7fef284b95fe6770384`, with hyphens or without.
fn in_id(id: &str) -> Option<Timestamp> {
    let hex: String = id.rsplit('_').next()?.chars().filter(|c| *c != '-').collect();
    let digits = hex.get(..12).filter(|_| hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let moment = Timestamp::from_millisecond(i64::from_str_radix(digits, 16).ok()?).ok()?;
    (moment.as_second() >= BEGAN).then_some(moment)
}

/// RFC 3339; Kinde's billing events also write an offset of bare hours (`+00`).
pub(super) fn parse_timestamp(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let bare_hours =
            text.len().checked_sub(3).and_then(|at| text.get(at..)).is_some_and(|end| {
                end.starts_with(['+', '-']) && end.bytes().skip(1).all(|byte| byte.is_ascii_digit())
            });
        bare_hours.then(|| format!("{text}:00").parse().ok()).flatten()
    })
}
