//! What `listen` and `events` share: the profile's history with its keys, and how an attempt is printed.

use serde_json::{Value, json};

use super::{Context, Picked, Wants, decode};
use crate::check::Verdict;
use crate::clock::rfc3339;
use crate::error::{Category, UserError};
use crate::inspector::decode::Issuers;
use crate::inspector::forward::{Framework, Outcome, Sent, explain, patch, paths};
use crate::inspector::intake::Intake;
use crate::inspector::key_source::{KeySource, owner_id};
use crate::inspector::keys;
use crate::kinde::Domain;
use crate::kinde::jwks::{Jwks, Owner};
use crate::store::attempts::{Attempt, Attempts, Forwarded, HUNG_UP};

/// The history of the profile a command works on.
pub(super) struct Room {
    pub attempts: Attempts,
    pub owner: String,
    pub intake: Intake,
    /// What the application that receives is built with, as the profile remembers it.
    pub framework: Framework,
    /// It is the sandbox that signs.
    pub by_sandbox: bool,
    /// The profile, and who chose it.
    pub picked: Picked,
}

impl Room {
    /// Opens the history of the profile of `cx`. `domain` and `jwks` name other keys than the profile's own.
    pub(super) async fn open(cx: &Context, domain: Option<&str>, jwks: Option<&str>) -> Result<Self, UserError> {
        let picked = cx.pick_profile(Wants::Domain)?;
        let Picked { profile, m2m, .. } = picked.clone();
        let services = &cx.services;
        let owner = owner_id(&profile);
        let cache = Jwks::new(services.http.clone(), Some(services.data.file("history.db")));
        let keys = if let Some(jwks) = jwks {
            let mut keys = decode::chosen(jwks, &cache).await?;
            keys.others.extend(keys::sandbox_as_other(&services.data, services.clock.now()).await);
            KeySource::Fixed(keys)
        } else if let Some(domain) = domain {
            let domain = Domain::parse(domain)?;
            let issuers = Issuers::These(vec![domain.as_str().to_owned()]);
            let owner = Owner { id: domain.as_str().to_owned(), name: domain.authority().to_owned(), domain };
            KeySource::of_tenant(cache, owner, issuers, &services.data).await
        } else {
            KeySource::of_profile(cache, &profile, &services.data).await?
        };
        let path = services.data.file("history.db");
        let attempts = tokio::task::spawn_blocking(move || Attempts::open(&path)).await.map_err(|error| {
            UserError::new(Category::Internal, "The history was not opened").detail(error.to_string()).hint("Try again")
        })??;
        let clock = services.clock.clone();
        let framework = profile.framework.as_deref().and_then(Framework::of).unwrap_or_default();
        let by_sandbox = profile.is_sandbox();
        let second_webhook = Some(services.second_webhook(&profile, m2m));
        let intake = Intake { attempts: attempts.clone(), owner: owner.clone(), keys, clock, second_webhook };
        Ok(Self { attempts, owner, intake, framework, by_sandbox, picked })
    }
}

/// An attempt as a line of JSON.
pub(super) fn row(attempt: &Attempt) -> Value {
    json!({"event": {
        "seq": attempt.seq,
        "received_at": rfc3339(attempt.received_at),
        "webhook_id": attempt.webhook_id,
        "attempt": attempt.attempt,
        "duplicate": attempt.duplicate.word(),
        "type": attempt.event_type,
        "event_id": attempt.event_id,
        "verdict": attempt.verdict,
        "failed": attempt.failed,
        "body_sha256": attempt.body_sha256,
        "responded": attempt.responded.filter(|status| *status != HUNG_UP),
        "forwarded": attempt.forwarded,
    }})
}

/// An attempt for a person: one line.
pub(super) fn words(attempt: &Attempt) -> String {
    let verdict = match (&attempt.verdict, &attempt.failed) {
        (None, _) => "not judged yet".to_owned(),
        (Some(verdict), None) => verdict.replace('_', " "),
        (Some(verdict), Some(failed)) => format!("{}: {failed}", verdict.replace('_', " ")),
    };
    let forwarded: String = attempt
        .forwarded
        .iter()
        .map(|on| match (on.status, &on.error) {
            (Some(status), _) => format!("  {} {} {status} · {} ms", arrow(on), on.url, on.ms),
            (None, error) => format!("  {} {} {}", arrow(on), on.url, error.as_deref().unwrap_or("no answer")),
        })
        .collect();
    let via = attempt.via.as_ref().map(|via| format!("  captured by {via}")).unwrap_or_default();
    let text = format!(
        "{:>6}  {}  {:<30} {:<28} {}  attempt {}{via}{forwarded}",
        attempt.seq,
        rfc3339(attempt.received_at),
        attempt.event_type.as_deref().unwrap_or("no event"),
        verdict,
        attempt.who.as_deref().unwrap_or("-"),
        attempt.attempt,
    );
    decode::plain(&text)
}

/// What stands before the address of a forward: a replay says which one it was.
pub(super) fn arrow(on: &Forwarded) -> String {
    match on.replay {
        None => "→".to_owned(),
        Some(number) => format!("→ replay {number}{}", if on.edited { ", edited" } else { "" }),
    }
}

/// Why a forward did not end in the 200 Kinde wants, and what mends that, for a person. `None` where it did.
pub(super) fn trouble(sent: &Sent<'_>, outcome: &Outcome<'_>, framework: Framework) -> Option<String> {
    let check = explain(sent, outcome, framework).into_iter().next()?;
    if check.verdict == Verdict::Pass {
        return None;
    }
    let mut words = format!("{}: {}", sent.url, check.why.unwrap_or_default());
    if outcome.forwarded.status == Some(404) {
        let places = paths(sent, framework);
        let width = |text: fn(&crate::inspector::forward::Place) -> &str| {
            places.iter().map(|place| text(place).chars().count()).max().unwrap_or_default()
        };
        let (what, path) = (width(|place| &place.what), width(|place| &place.path));
        for place in &places {
            let line = format!("\n    {:<what$}  {:<path$}  {}", place.what, place.path, place.note);
            words.push_str(line.trim_end());
        }
    }
    words.push_str(&format!("\n  {}", check.fix.unwrap_or_default()));
    if let Some(patch) = patch(&check.name, framework) {
        let diff: String = patch.diff.lines().map(|line| format!("\n    {line}")).collect();
        words.push_str(&format!("\n  {}{diff}", patch.file));
    }
    Some(words.lines().map(decode::plain).collect::<Vec<_>>().join("\n"))
}
