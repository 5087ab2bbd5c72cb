//! Posts the cases to a webhook receiver, or to one of our own that keeps the rules of the generated code.
//!
//! What a receiver must take only its tenant can sign. The sandbox signs for itself; of any other tenant an event is posted
//! that the history holds, as it came.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::webhook_cases::{Answered, Case, Wanted, cases};
use super::{Around, Outcome};
use crate::check::{self, Check, Verdict};
use crate::error::{Category, UserError};
use crate::inspector::decode::{Issuers, Keys, Kind, Options, judge};
use crate::inspector::forward::{self, Framework, Sending, Sent, Target};
use crate::net::Request;

/// Kinde's last attempt comes about 36 hours after the first.
const OLDEST: SignedDuration = SignedDuration::from_hours(37);
/// What the walk and two clocks may take of it.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);
const HOW: &str = "Listen in the Inspector, trigger an event, and check again; or Simulate, with KINDE_ISSUER_URL set to the \
                   sandbox";
const NOT_TAKEN: &str = "The genuine event was not taken";
/// How far ahead a sender's clock may be.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Posts every case to `url`. The sandbox signs: on a real tenant its genuine event must be refused like the rest, and one of
/// the tenant's own that was kept must be taken.
pub async fn post_all(
    outcome: &mut Outcome,
    around: Around<'_>,
    url: &str,
    event_type: &str,
    framework: Framework,
) -> Result<(), UserError> {
    // The person named the address for this: it is no event that says where to.
    let target = Target::parse(url, true).map_err(|error| error.about("url"))?;
    let tenant = around.tenant()?;
    let by_sandbox = tenant.profile.is_sandbox();
    outcome.put("url", target.shown());
    outcome.put("issuer", tenant.domain.as_str());
    let get = get(&target, around).await;
    let silent = get.verdict == Verdict::Fail;
    outcome.add(around, get);
    if silent {
        return Ok(());
    }
    let mut refused_genuine = false;
    for case in cases(around, event_type).await? {
        if around.cancel.is_cancelled() {
            outcome.add(around, Check::skipped(case.name, "Cancelled before it was sent"));
            continue;
        }
        let check = match case.wanted {
            Wanted::Handled | Wanted::Taken if !by_sandbox => {
                refused_genuine |= own_event(outcome, &target, around, event_type, framework).await;
                foreign(&case, &target, around).await
            }
            // Of the tenant's own event they were posted with it.
            Wanted::Duplicate if !by_sandbox => continue,
            Wanted::Duplicate if refused_genuine => Check::skipped(case.name, NOT_TAKEN),
            _ => posted(&Posting::of(&case), &target, around, framework).await,
        };
        refused_genuine |= by_sandbox && case.wanted == Wanted::Handled && check.verdict == Verdict::Fail;
        outcome.add(around, check);
    }
    if refused_genuine && outcome.checks.iter().any(|check| check.verdict == Verdict::Pass) {
        let why = "It refuses the genuine event too: that it refuses the forged ones says little";
        outcome.add(around, Check::warn("meaning", why, "Make it take the genuine event first, then check again"));
    }
    Ok(())
}

/// Whether anything is there: a receiver takes POST alone.
async fn get(target: &Target, around: Around<'_>) -> Check {
    const NAME: &str = "get";
    let request = Request::get("Look whether the receiver is there", target.url().clone()).beginning(16 * 1024);
    let answer = match around.http.send(request).await {
        Ok(answer) => answer,
        Err(error) => return super::outcome::unanswered(NAME, "your app", error),
    };
    let seen = format!("HTTP {}", answer.status);
    let check = match answer.status {
        405 | 400..=403 => Check::pass(NAME),
        404 => Check::warn(
            NAME,
            "The path is not known to GET; whether to POST the next checks tell",
            "Compare the path with app/api/kinde-webhook",
        ),
        300..=399 => Check::fail(
            NAME,
            "It sends whoever comes to another page: most likely a middleware that asks for a session stands in front",
            "Leave the webhook's path out of the middleware's matcher",
        ),
        200..=299 => Check::warn(NAME, "It answers GET as well", "Export POST alone"),
        _ => Check::warn(NAME, "It breaks over a GET", "Answer 405"),
    };
    check.seen(seen).took(std::time::Duration::from_millis(answer.ms))
}

/// Posts an event of the tenant that was kept, of the type that was chosen, and its repetitions. True where the receiver
/// refuses it.
async fn own_event(
    outcome: &mut Outcome,
    target: &Target,
    around: Around<'_>,
    event_type: &str,
    framework: Framework,
) -> bool {
    const NAMES: [&str; 3] = ["genuine event", "same delivery again", "same event, other webhook"];
    let now = around.http.clock().now();
    let found = match around.history {
        Some(history) => history.genuine(event_type, OLDEST - MARGIN, now).await,
        None => Ok(None),
    };
    let event = match found {
        Ok(Some(event)) => event,
        other => {
            let why = match other {
                Err(error) => none_kept(&format!("no event of it can be read here ({error})")),
                Ok(_) => none_of_the_type(around, event_type).await,
            };
            for name in NAMES {
                outcome.add(around, Check::skipped(name, why.clone()));
            }
            return false;
        }
    };
    outcome.put("event", event.words());
    let sending = Sending::Replay(event.seq);
    let again = event.by_another_webhook();
    let posting = |name, wanted, risk, headers| Posting {
        case: Case { name, wanted, risk, made: event.made(), webhook_id: String::new() },
        headers,
        sending,
        by_sandbox: false,
    };
    if event.age > OLDEST - MARGIN {
        let risk =
            "It takes an event that is older than Kinde's retries can be: whoever kept a delivery can play it again";
        let old = posting("old genuine event", Wanted::OldOrKnown, risk, event.headers.clone());
        outcome.add(around, posted(&old, target, around, framework).await);
        let why = format!("The newest that is kept is too old to be taken: {}. {HOW}", event.words());
        for name in NAMES {
            outcome.add(around, Check::skipped(name, why.clone()));
        }
        return false;
    }
    let risk = "It refuses what your tenant delivers, and Kinde switches the webhook off after 72 hours";
    let first = posting(NAMES[0], Wanted::Taken, risk, event.headers.clone());
    let check = posted(&first, target, around, framework).await;
    let refused = check.verdict == Verdict::Fail;
    outcome.add(around, check);
    let twice = "It handles an event again that Kinde delivers again: a welcome mail goes out twice";
    for (name, headers) in [(NAMES[1], event.headers.clone()), (NAMES[2], again)] {
        let check = if refused {
            Check::skipped(name, NOT_TAKEN)
        } else if around.cancel.is_cancelled() {
            Check::skipped(name, "Cancelled before it was sent")
        } else {
            posted(&posting(name, Wanted::Duplicate, twice, headers), target, around, framework).await
        };
        outcome.add(around, check);
    }
    refused
}

fn none_kept(what: &str) -> String {
    format!(
        "Only the tenant itself can sign one, and {what}, so whether the route takes its events was not seen. {HOW}"
    )
}

/// Why none of that type was posted, with the types that could be.
async fn none_of_the_type(around: Around<'_>, event_type: &str) -> String {
    let types = match around.history {
        Some(history) => history.types().await.unwrap_or_default(),
        None => BTreeSet::new(),
    };
    if types.is_empty() {
        return none_kept("no event of it is kept here");
    }
    let types: Vec<String> = types.into_iter().collect();
    format!(
        "No {event_type} of the tenant is kept here, so whether the route takes its events was not seen. Kept are {}: choose \
         one of these types where handling it again does no harm. Or listen in the Inspector, trigger {event_type}, and check \
         again",
        types.join(", ")
    )
}

/// A case on its way.
struct Posting {
    case: Case,
    headers: Vec<(String, String)>,
    sending: Sending,
    by_sandbox: bool,
}

impl Posting {
    /// One that the sandbox made, as it would deliver it.
    fn of(case: &Case) -> Self {
        let headers = [("content-type", &case.made.content_type), ("webhook-id", &case.webhook_id)]
            .map(|(name, value)| (name.to_owned(), value.clone()));
        Self { case: case.clone(), headers: headers.to_vec(), sending: Sending::First, by_sandbox: true }
    }

    async fn send(&self, target: &Target, around: Around<'_>) -> forward::Response {
        forward::forward(around.http, target, &self.headers, &self.case.made.body, self.sending).await
    }
}

fn answered(response: &forward::Response) -> Option<Answered> {
    let status = response.forwarded.status?;
    let body: Option<Value> = serde_json::from_str(&response.body).ok();
    let outcome = body.as_ref().and_then(|body| body.get("outcome")).and_then(Value::as_str).map(str::to_owned);
    Some(Answered { status, outcome, ms: response.forwarded.ms })
}

async fn posted(posting: &Posting, target: &Target, around: Around<'_>, framework: Framework) -> Check {
    let case = &posting.case;
    let response = posting.send(target, around).await;
    let judged = answered(&response).map(|answered| case.judge(&answered));
    match judged {
        // Why a genuine event is not taken, the Inspector knows best.
        Some(check) if check.verdict != Verdict::Fail || !matches!(case.wanted, Wanted::Handled | Wanted::Taken) => {
            check
        }
        judged => {
            let shown = target.shown();
            let sent = Sent {
                url: &shown,
                content_type: Some(&case.made.content_type),
                known: &[],
                by_sandbox: posting.by_sandbox,
            };
            let found = forward::explain(&sent, &forward::Outcome::of(&response), framework);
            let cause = check::first_trouble(&found).cloned();
            let seen = judged.as_ref().and_then(|check| check.seen.clone());
            let ms = Some(response.forwarded.ms);
            match (cause, judged) {
                (Some(cause), _) => Check {
                    name: case.name.into(),
                    verdict: Verdict::Fail,
                    seen: seen.or(cause.seen),
                    why: cause.why,
                    fix: cause.fix.or_else(|| Some("Look at the app's own log".to_owned())),
                    ms,
                },
                (None, Some(check)) => check,
                (None, None) => Check::fail(case.name, "Nothing answered", "Start the app, and check the address"),
            }
        }
    }
}

/// An event of the sandbox at a receiver of a real tenant.
async fn foreign(case: &Case, target: &Target, around: Around<'_>) -> Check {
    const NAME: &str = "event of another tenant";
    let response = Posting::of(case).send(target, around).await;
    let Some(answered) = answered(&response) else {
        return Check::fail(NAME, "Nothing answered", "Start the app, and check the address");
    };
    let other = Case {
        name: NAME,
        wanted: Wanted::Refused,
        risk: "It takes an event that another tenant signed",
        made: case.made.clone(),
        webhook_id: case.webhook_id.clone(),
    };
    other.judge(&answered)
}

/// A receiver of our own, by the rules of the generated code: what [`stand_in`] remembers.
#[derive(Debug, Default)]
pub struct Remembered(BTreeSet<String>);

/// What the generated receiver answers to a delivery. `jwks` is what the tenant publishes.
pub fn stand_in(
    body: &[u8],
    webhook_id: &str,
    jwks: &[u8],
    seen: &mut Remembered,
    now: Timestamp,
) -> (u16, &'static str) {
    let keys = Keys::published("the tenant", jwks, Issuers::Any);
    let options = Options { kind: Some(Kind::Webhook), pasted: false, ..Options::pasted(now) };
    let decoded = judge(body, &keys, &options);
    if decoded.verdict != crate::inspector::decode::TokenVerdict::Verified {
        return (400, "not verified");
    }
    let payload: Option<Value> = decoded.payload.text().and_then(|text| serde_json::from_str(text).ok());
    let text = |name: &str| payload.as_ref().and_then(|it| it.get(name)).and_then(Value::as_str);
    let (Some(_), Some(event_id), Some(timestamp)) = (text("type"), text("event_id"), text("timestamp")) else {
        return (400, "not a webhook event");
    };
    let Ok(sent) = timestamp.parse::<Timestamp>() else { return (400, "timestamp is no time") };
    let age = now.duration_since(sent);
    if age > OLDEST {
        return (400, "too old");
    }
    if age < -AHEAD {
        return (400, "from the future");
    }
    let keys = [format!("event:{event_id}"), format!("webhook:{webhook_id}")];
    if keys.iter().any(|key| seen.0.contains(key)) {
        return (200, "duplicate");
    }
    seen.0.extend(keys);
    (200, "handled")
}

/// Every case through [`stand_in`], with the keys fetched from where the tenant publishes them. None of the generated code is
/// run by this, so the genuine event passes for nothing: `not_run` says what was not.
pub async fn through_stand_in(
    outcome: &mut Outcome,
    around: Around<'_>,
    event_type: &str,
    not_run: &str,
) -> Result<(), UserError> {
    let tenant = around.tenant()?;
    let request =
        Request::get("Fetch the keys", tenant.domain.join("/.well-known/jwks")).header("accept", "application/json");
    let answer = around.http.send(request).await?;
    if !answer.is_success() {
        return Err(UserError::new(Category::Api, "The keys could not be fetched")
            .detail(format!("HTTP {}", answer.status))
            .hint("Look at the tenant with the doctor"));
    }
    outcome.add(around, Check::pass("keys").seen(tenant.domain.as_str().to_owned()));
    let mut seen = Remembered::default();
    for case in cases(around, event_type).await? {
        let (status, said) =
            stand_in(&case.made.body, &case.webhook_id, &answer.body, &mut seen, around.http.clock().now());
        let check = case.judge(&Answered { status, outcome: Some(said.to_owned()), ms: 0 });
        let decides = case.wanted == Wanted::Handled && check.verdict == Verdict::Pass;
        let seen = check.seen.clone().unwrap_or_default();
        outcome.add(around, if decides { Check::skipped(case.name, not_run).seen(seen) } else { check });
    }
    outcome.put("receiver", "The panel's own, by the rules of the generated code");
    Ok(())
}
