//! What a webhook receiver must take and what it must refuse: the cases, made by the sandbox, and what its answers say.

use std::time::Duration;

use jiff::Timestamp;

use super::Around;
use crate::check::Check;
use crate::error::{Category, UserError};
use crate::sandbox::{self, Made, Order};

/// What a sound receiver does with a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// 200, and the event handled.
    Handled,
    /// 200, and the event handled now, or known from when it came.
    Taken,
    /// 200, and nothing done.
    Duplicate,
    /// 400 to 499.
    Refused,
    /// 400 to 499, for its age: it is genuine, and nobody can know it yet.
    TooOld,
    /// 400 to 499 for its age, or 200 and nothing done, for it is known from when it came.
    OldOrKnown,
}

/// What a receiver lacks that handles what is too old.
const AGE: &str = "Refuse what is signed more than 37 hours ago, or remember event_id for good";

/// One delivery.
#[derive(Clone)]
pub struct Case {
    /// The check's name.
    pub name: &'static str,
    /// What a sound receiver does.
    pub wanted: Wanted,
    /// What is wrong with a receiver that does otherwise.
    pub risk: &'static str,
    /// The body.
    pub made: Made,
    /// The `webhook-id` header.
    pub webhook_id: String,
}

/// What a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// What it says it did, where it says so: `outcome` of the generated routes.
    pub outcome: Option<String>,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

/// Forgeries of the sandbox that are sent: the check's name, the forgery's, and what a receiver that takes it lets happen.
const FORGED: [(&str, &str, &str); 11] = [
    ("key of nobody", "other-key", "It does not check the signature: anybody can make your app believe any event"),
    ("unknown key id", "unknown-kid", "It takes a token whose key the tenant does not publish"),
    ("changed payload", "tampered-payload", "It does not check the signature over the payload"),
    ("alg none", "alg-none", "It lets the token choose to be unsigned"),
    (
        "hs256 with the pem",
        "key-confusion-pem",
        "It lets the token choose the algorithm: the public key becomes a password that everybody knows",
    ),
    (
        "hs256 with the der",
        "key-confusion-der",
        "It lets the token choose the algorithm: the public key becomes a password that everybody knows",
    ),
    ("key in the header", "inline-jwk", "It believes a key that the token brings along"),
    ("no signature", "no-signature", "It takes a token without a signature"),
    ("plain json", "plain-json", "It takes a body that nobody signed"),
    ("old replay", "stale", "It takes an event of 1999: whoever kept a delivery can play it again for ever"),
    ("access token", "access-token", "It takes a token of another kind, which your users hold, for an event"),
];

/// The cases: a genuine event, its repetitions, and the forgeries. Blocking for as long as some keys take to make.
///
/// # Errors
/// When the event type is unknown, or the sandbox's folder cannot be used.
pub async fn cases(around: Around<'_>, event_type: &str) -> Result<Vec<Case>, UserError> {
    let (dir, now) = (around.sandbox.to_owned(), around.http.clock().now());
    let order = Order { event_type: event_type.to_owned(), repeat: 1, ..Order::default() };
    let made = tokio::task::spawn_blocking(move || make_all(&dir, &order, now)).await;
    made.map_err(|error| UserError::new(Category::Internal, "The cases were not made").detail(error.to_string()))?
}

/// A genuine event alone.
///
/// # Errors
/// As [`cases`].
pub async fn genuine(around: Around<'_>, event_type: &str) -> Result<Case, UserError> {
    let (dir, now) = (around.sandbox.to_owned(), around.http.clock().now());
    let order = Order { event_type: event_type.to_owned(), repeat: 1, ..Order::default() };
    let made = tokio::task::spawn_blocking(move || sandbox::make(&dir, &order, now)).await;
    let made = made
        .map_err(|error| UserError::new(Category::Internal, "No event was made").detail(error.to_string()))?
        .map_err(UserError::from)?
        .pop()
        .ok_or_else(|| UserError::new(Category::Internal, "No event was made"))?;
    let webhook_id = uuid::Uuid::new_v4().to_string();
    Ok(Case {
        name: "genuine event",
        wanted: Wanted::Handled,
        risk: "It refuses what Kinde delivers",
        made,
        webhook_id,
    })
}

fn make_all(dir: &std::path::Path, order: &Order, now: Timestamp) -> Result<Vec<Case>, UserError> {
    let one = |forge: Option<&str>| {
        let order = Order { forge: forge.map(str::to_owned), ..order.clone() };
        let mut made = sandbox::make(dir, &order, now).map_err(UserError::from)?;
        made.pop().ok_or_else(|| UserError::new(Category::Internal, "No event was made"))
    };
    let id = || uuid::Uuid::new_v4().to_string();
    let genuine = one(None)?;
    let first = id();
    let case = |name, wanted, risk, made: &Made, webhook_id: &str| Case {
        name,
        wanted,
        risk,
        made: made.clone(),
        webhook_id: webhook_id.to_owned(),
    };
    let twice = "It handles an event again that Kinde delivers again: a welcome mail goes out twice";
    let mut all = vec![
        case(
            "genuine event",
            Wanted::Handled,
            "It refuses what Kinde delivers, and Kinde switches the webhook off after 72 hours",
            &genuine,
            &first,
        ),
        case("same delivery again", Wanted::Duplicate, twice, &genuine, &first),
        case("same event, other webhook", Wanted::Duplicate, twice, &genuine, &id()),
    ];
    for (name, forge, risk) in FORGED {
        let wanted = if forge == "stale" { Wanted::TooOld } else { Wanted::Refused };
        all.push(case(name, wanted, risk, &one(Some(forge))?, &id()));
    }
    let garbage =
        Made { event_id: String::new(), body: b"not a token".to_vec(), content_type: "application/jwt".to_owned() };
    all.push(case("garbage", Wanted::Refused, "It answers 200 to whatever comes", &garbage, &id()));
    let empty = Made { body: Vec::new(), ..garbage };
    all.push(case("empty body", Wanted::Refused, "It answers 200 to whatever comes", &empty, &id()));
    Ok(all)
}

impl Case {
    /// What `answered` says of the receiver.
    pub fn judge(&self, answered: &Answered) -> Check {
        let Answered { status, outcome, ms } = answered;
        let said = outcome.as_ref().map(|it| format!(", {it}")).unwrap_or_default();
        let seen = format!("HTTP {status}{said}");
        let check = match (self.wanted, *status) {
            (_, 300..=399) => Check::fail(
                self.name,
                "It sends whoever comes to another page: most likely a middleware that asks for a session stands in front",
                "Leave the webhook's path out of the middleware's matcher",
            ),
            (Wanted::Handled, 200) => match outcome.as_deref() {
                Some("duplicate") => {
                    Check::warn(self.name, "It calls a new event a repetition", "Look at what it remembers events by")
                }
                _ => Check::pass(self.name),
            },
            (Wanted::Taken, 200) => Check::pass(self.name),
            (Wanted::Duplicate, 200) => match outcome.as_deref() {
                Some("handled") => Check::fail(
                    self.name,
                    self.risk,
                    "Remember the event_id, which is signed, and answer 200 without handling it again",
                ),
                Some(_) => Check::pass(self.name),
                None => Check::warn(
                    self.name,
                    "It answers 200; whether the event was handled twice cannot be seen from here",
                    "Remember the event_id, which is signed. The generated route says in its answer what it did",
                ),
            },
            (Wanted::Refused | Wanted::TooOld | Wanted::OldOrKnown, 400..=499) => Check::pass(self.name),
            (Wanted::Refused | Wanted::TooOld | Wanted::OldOrKnown, 500..) => Check::warn(
                self.name,
                "It breaks over it in place of refusing it: Kinde would bring such a delivery again for 36 hours",
                "Answer 400 to what does not verify",
            ),
            (Wanted::OldOrKnown, 200) if outcome.as_deref() == Some("duplicate") => Check::pass(self.name),
            // It may have been known, or never have come there: which of them cannot be seen from here.
            (Wanted::OldOrKnown, _) => Check::warn(self.name, self.risk, AGE),
            (Wanted::TooOld, _) => Check::fail(self.name, self.risk, AGE),
            (Wanted::Refused, _) => Check::fail(
                self.name,
                self.risk,
                "Verify with RS256 alone, by the tenant's published keys; the generated route does",
            ),
            (Wanted::Handled | Wanted::Taken | Wanted::Duplicate, 201..=299) => {
                Check::warn(self.name, "Kinde documents 200 alone as taken", "Answer 200")
            }
            (Wanted::Handled | Wanted::Taken | Wanted::Duplicate, _) => {
                Check::fail(self.name, self.risk, "Look at what the app answered, and at its own log")
            }
        };
        check.seen(seen).took(Duration::from_millis(*ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;

    #[test]
    fn a_changed_payload_is_an_event_to_whoever_only_decodes_it() {
        use base64::Engine as _;
        let dir = tempfile::tempdir().unwrap();
        let order = Order { event_type: "user.created".to_owned(), repeat: 1, ..Order::default() };
        let all = make_all(dir.path(), &order, "2026-11-23T15:00:00Z".parse().unwrap()).unwrap();
        let changed = all.iter().find(|case| case.name == "changed payload").unwrap();
        let token = String::from_utf8(changed.made.body.clone()).unwrap();
        let payload = token.split('.').nth(1).unwrap();
        let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(claims["type"], "user.created", "{claims}");
        assert!(claims["event_id"].is_string() && claims["timestamp"].is_string(), "{claims}");
    }

    #[test]
    fn an_answer_is_judged_by_what_the_case_wants() {
        let made = Made { event_id: String::new(), body: Vec::new(), content_type: String::new() };
        let case = |wanted| Case { name: "x", wanted, risk: "r", made: made.clone(), webhook_id: String::new() };
        let answered = |status, outcome: Option<&str>| Answered { status, outcome: outcome.map(str::to_owned), ms: 1 };
        for (wanted, status, outcome, verdict) in [
            (Wanted::Handled, 200, None, Verdict::Pass),
            (Wanted::Handled, 200, Some("duplicate"), Verdict::Warn),
            (Wanted::Handled, 204, None, Verdict::Warn),
            (Wanted::Handled, 400, None, Verdict::Fail),
            (Wanted::Handled, 307, None, Verdict::Fail),
            (Wanted::Taken, 200, Some("handled"), Verdict::Pass),
            (Wanted::Taken, 200, Some("duplicate"), Verdict::Pass),
            (Wanted::Taken, 400, None, Verdict::Fail),
            (Wanted::Duplicate, 200, Some("duplicate"), Verdict::Pass),
            (Wanted::Duplicate, 200, Some("handled"), Verdict::Fail),
            (Wanted::Duplicate, 200, None, Verdict::Warn),
            (Wanted::Duplicate, 500, None, Verdict::Fail),
            (Wanted::Refused, 400, None, Verdict::Pass),
            (Wanted::Refused, 401, None, Verdict::Pass),
            (Wanted::Refused, 500, None, Verdict::Warn),
            (Wanted::Refused, 200, None, Verdict::Fail),
            (Wanted::Refused, 302, None, Verdict::Fail),
            (Wanted::TooOld, 400, None, Verdict::Pass),
            (Wanted::TooOld, 500, None, Verdict::Warn),
            (Wanted::TooOld, 200, Some("handled"), Verdict::Fail),
            (Wanted::OldOrKnown, 400, None, Verdict::Pass),
            (Wanted::OldOrKnown, 500, None, Verdict::Warn),
            (Wanted::OldOrKnown, 200, Some("duplicate"), Verdict::Pass),
            (Wanted::OldOrKnown, 200, Some("handled"), Verdict::Warn),
            (Wanted::OldOrKnown, 200, None, Verdict::Warn),
            (Wanted::OldOrKnown, 302, None, Verdict::Fail),
        ] {
            let check = case(wanted).judge(&answered(status, outcome));
            assert_eq!(check.verdict, verdict, "{wanted:?} {status} {outcome:?}");
            let old = matches!(wanted, Wanted::TooOld | Wanted::OldOrKnown) && status == 200;
            let by_age = check.fix.as_deref() == Some(AGE);
            assert_eq!(by_age, old && verdict != Verdict::Pass, "the key is right, the age is not: {check:?}");
        }
    }
}
