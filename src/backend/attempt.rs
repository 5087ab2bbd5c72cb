//! One kept attempt: opened, judged again by the keys of now, and seen among the others of its group. What that comes to is
//! noted, so that the list says the same.
//!
//! Holds no rule about tokens: [`crate::inspector`] judges.

use std::sync::Arc;

use uuid::Uuid;

use super::{Job, attempt_writing};
use crate::check::{Check, Verdict, first_trouble};
use crate::error::{Category, UserError};
use crate::inspector::as_test::Flavour;
use crate::inspector::as_types::Dialect;
use crate::inspector::compare::{Comparison, compare};
use crate::inspector::decode::{Decoded, OtherKeys, TokenVerdict};
use crate::inspector::forward::{Framework, Known, Target, answered_before};
use crate::inspector::intake::Intake;
use crate::inspector::key_source::{KeySource, owner_id};
use crate::inspector::replay::{self, Replayed};
use crate::inspector::second_webhook::SecondWebhook;
use crate::inspector::signer::signed_by;
use crate::inspector::truth::{self, Truth};
use crate::jwt::Json;
use crate::secrets::Secret;
use crate::store::attempts::{Answer, Attempt, Attempts, Duplicate, Filter, Whole};

/// The most attempts of a group that are looked at.
const GROUP: usize = 64;

/// What the screen asks.
#[derive(Debug)]
pub enum Command {
    /// Open one attempt of a profile's history.
    Open {
        /// Whose history, and whose keys judge.
        profile: Uuid,
        /// Its number.
        seq: i64,
    },
    /// Put another attempt of the same history beside one.
    Compare {
        /// Whose history.
        profile: Uuid,
        /// The one.
        left: i64,
        /// The other.
        right: i64,
    },
    /// Ask Kinde for its own copy of an event.
    Truth {
        /// Whose tenant.
        profile: Uuid,
        /// The payload that is beside it.
        claims: Box<Json>,
    },
    /// Send one once more.
    Replay {
        /// Whose history.
        profile: Uuid,
        /// Its number.
        seq: i64,
        /// Where to.
        target: Target,
        /// A payload in the place of its own, to be signed by the sandbox.
        edited: Option<String>,
    },
    /// Write something to take elsewhere.
    Write {
        /// Whose history.
        profile: Uuid,
        /// The attempt it is about.
        seq: i64,
        /// What.
        what: Writing,
    },
    /// Keep what the application that receives is built with.
    Framework {
        /// Of whom.
        profile: Uuid,
        /// What it is built with.
        framework: Framework,
    },
}

/// What can be written of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// The type of its events.
    Types(Dialect),
    /// A test that holds it.
    Test(Flavour),
}

impl Command {
    /// Whether it may be dropped wherever it is.
    pub(super) fn only_reads(&self) -> bool {
        match self {
            Self::Open { .. } | Self::Compare { .. } | Self::Truth { .. } | Self::Write { .. } => true,
            Self::Replay { .. } | Self::Framework { .. } => false,
        }
    }
}

/// What comes back.
#[derive(Debug)]
pub enum Event {
    /// The first answer to [`Command::Open`]: what is kept. `None`: there is no such attempt any more.
    Opened(Result<Option<Box<Opened>>, UserError>),
    /// The second answer to [`Command::Open`]: what it comes to now.
    Judged(Result<Box<Told>, UserError>),
    /// The answer to [`Command::Compare`]. `None`: there is no such attempt.
    Compared(Result<Option<Box<Compared>>, UserError>),
    /// The answer to [`Command::Truth`].
    Truth(Result<Box<Truth>, UserError>),
    /// The answer to [`Command::Replay`].
    Replayed(Result<Box<Replayed>, UserError>),
    /// The answer to [`Command::Write`].
    Written(Result<Written, UserError>),
    /// The answer to [`Command::Framework`].
    Kept(Result<(), UserError>),
}

/// Two attempts beside each other.
#[derive(Debug)]
pub struct Compared {
    /// The other one.
    pub right: Attempt,
    /// Field by field.
    pub comparison: Comparison,
    /// The bytes are the same.
    pub same_bytes: bool,
    /// What makes the event the same event is the same; `None` where one of them holds no event.
    pub same_content: Option<bool>,
}

/// Something to take elsewhere.
#[derive(Debug, Clone)]
pub struct Written {
    /// What it is: `TypeScript type of user.created`.
    pub name: String,
    /// The text.
    pub text: Secret,
    /// What a person should know of it.
    pub note: String,
}

/// What is kept of an attempt.
#[derive(Debug)]
pub struct Opened {
    /// The attempt.
    pub whole: Whole,
    /// Every attempt of its group and of its event that is kept, itself among them, oldest first.
    pub siblings: Vec<Attempt>,
    /// What its forwards were answered, in their order; `None` where that is not kept.
    pub answers: Vec<Option<Answer>>,
    /// For each of its forwards that found no handler, where the application answered before.
    pub known: Vec<Vec<Known>>,
}

/// What an attempt comes to.
#[derive(Debug, Clone)]
pub struct Told {
    /// The one sentence.
    pub headline: String,
    /// The eight rungs; none where it was never judged.
    pub checks: Vec<Check>,
    /// Judged now. `None` where it was judged once, when it came.
    pub decoded: Option<Arc<Decoded>>,
    /// A saved profile whose key signed it, in place of this one's.
    pub signer: Option<Signer>,
}

/// A saved profile that a token comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// Runs one command to its end.
pub async fn run(command: Command, job: Job) {
    match command {
        Command::Open { profile, seq } => open(profile, seq, &job).await,
        Command::Compare { profile, left, right } => {
            job.send(Event::Compared(compared(profile, left, right, &job).await)).await;
        }
        Command::Truth { profile, claims } => job.send(Event::Truth(truth(profile, &claims, &job).await)).await,
        Command::Replay { profile, seq, target, edited } => {
            let result = replayed(profile, seq, &target, edited, &job).await;
            job.send(Event::Replayed(result.map(Box::new))).await;
        }
        Command::Write { profile, seq, what } => {
            job.send(Event::Written(attempt_writing::write(profile, seq, what, &job).await)).await;
        }
        Command::Framework { profile, framework } => {
            job.send(Event::Kept(keep_framework(profile, framework, &job).await)).await;
        }
    }
}

async fn open(profile: Uuid, seq: i64, job: &Job) {
    let found = match find(profile, seq, job).await {
        Ok(found) => found,
        Err(error) => return job.send(Event::Opened(Err(error))).await,
    };
    let Some((opened, mut intake)) = found else { return job.send(Event::Opened(Ok(None))).await };
    let whole = opened.whole.clone();
    job.send(Event::Opened(Ok(Some(Box::new(opened))))).await;
    job.send(Event::Judged(judge(&whole, &mut intake, job).await.map(Box::new))).await;
}

async fn compared(profile: Uuid, left: i64, right: i64, job: &Job) -> Result<Option<Box<Compared>>, UserError> {
    let (Some((left, mut intake)), Some((right, _))) =
        (find(profile, left, job).await?, find(profile, right, job).await?)
    else {
        return Ok(None);
    };
    let (left, right) = (left.whole, right.whole);
    let (one, other) = (intake.look_again(&left).await?.decoded, intake.look_again(&right).await?.decoded);
    Ok(Some(Box::new(Compared {
        comparison: compare(&one, &other),
        same_bytes: left.attempt.body_sha256 == right.attempt.body_sha256,
        same_content: left.content.zip(right.content).map(|(left, right)| left == right),
        right: right.attempt,
    })))
}

async fn truth(profile: Uuid, claims: &Json, job: &Job) -> Result<Box<Truth>, UserError> {
    let tenant = job.tenant(profile).await?;
    Ok(Box::new(truth::look(tenant.api()?, claims).await))
}

async fn replayed(
    profile: Uuid,
    seq: i64,
    target: &Target,
    edited: Option<String>,
    job: &Job,
) -> Result<Replayed, UserError> {
    let services = &job.services;
    let attempts = job.attempts.get(services).await?;
    let owner = owner_id(&job.profile(profile).await?);
    match edited {
        None => replay::replay(&attempts, &services.http, &owner, seq, target).await,
        Some(payload) => {
            let dir = services.sandbox_dir();
            replay::replay_edited(&attempts, &services.http, &owner, seq, target, &payload, &dir).await
        }
    }
}

async fn keep_framework(profile: Uuid, framework: Framework, job: &Job) -> Result<(), UserError> {
    let profiles = job.services.profiles.clone();
    let keep = move || profiles.update(profile, |kept| kept.framework = Some(framework.word().to_owned()));
    tokio::task::spawn_blocking(keep).await.map_err(|error| {
        UserError::new(Category::Internal, "The choice was not kept").detail(error.to_string()).hint("Choose it again")
    })??;
    Ok(())
}

/// The attempt with its siblings, and what judges it.
pub(super) async fn find(profile: Uuid, seq: i64, job: &Job) -> Result<Option<(Opened, Intake)>, UserError> {
    let services = &job.services;
    let attempts = job.attempts.get(services).await?;
    let profile = job.profile(profile).await?;
    let owner = owner_id(&profile);
    let Some(whole) = attempts.whole(&owner, seq).await? else { return Ok(None) };
    let siblings = siblings(&attempts, &owner, &whole.attempt).await?;
    let keys = KeySource::of_profile(job.jwks.clone(), &profile, &services.data).await?;
    // The tenant was asked when it came; looking at a row asks nobody.
    let explained = whole.attempt.duplicate == Duplicate::Fanout;
    let second_webhook: SecondWebhook = Arc::new(move |_| Box::pin(std::future::ready(explained)));
    let clock = services.clock.clone();
    let intake = Intake { attempts, owner, keys, clock, second_webhook: Some(second_webhook) };
    let answers = if whole.attempt.forwarded.is_empty() {
        Vec::new()
    } else {
        intake.attempts.answers(&intake.owner, whole.attempt.seq).await?
    };
    let mut known = Vec::new();
    for on in &whole.attempt.forwarded {
        known.push(answered_before(&intake.attempts, &intake.owner, on).await);
    }
    Ok(Some((Opened { whole, siblings, answers, known }, intake)))
}

/// Every attempt under the same request id and of the same event, oldest first.
async fn siblings(attempts: &Attempts, owner: &str, own: &Attempt) -> Result<Vec<Attempt>, UserError> {
    let mut all = vec![own.clone()];
    for id in [&own.webhook_id, &own.event_id].into_iter().flatten() {
        let filter = Filter { id: Some(id.clone()), limit: GROUP, ..Filter::default() };
        all.extend(attempts.page(owner, filter).await?);
    }
    all.sort_by_key(|attempt| attempt.seq);
    all.dedup_by_key(|attempt| attempt.seq);
    Ok(all)
}

async fn judge(whole: &Whole, intake: &mut Intake, job: &Job) -> Result<Told, UserError> {
    if !whole.attempt.whole {
        return Ok(told_once(whole));
    }
    let decoded = intake.look_again_and_note(whole).await?.decoded;
    let signer = signer(&decoded, &whole.body, &intake.keys.keys(&whole.body).await.others, job).await;
    Ok(Told {
        headline: decoded.headline.clone(),
        checks: decoded.checks.clone(),
        decoded: Some(Arc::new(decoded)),
        signer,
    })
}

/// What was told when it came, for one that cannot be judged again.
fn told_once(whole: &Whole) -> Told {
    let kept = whole.decode.as_deref().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    let checks: Vec<Check> =
        kept.and_then(|kept| serde_json::from_value(kept.get("checks")?.clone()).ok()).unwrap_or_default();
    let headline = match first_trouble(&checks) {
        Some(check) if check.verdict == Verdict::Fail => check.why.clone().unwrap_or_default(),
        Some(check) => format!("Verified, but: {}", check.why.clone().unwrap_or_default()),
        None if checks.is_empty() => "It was never judged, and its signature is not kept".to_owned(),
        None => "Verified when it came".to_owned(),
    };
    Told { headline, checks, decoded: None, signer: None }
}

/// The saved profile whose key signed a token that is not verified here.
async fn signer(decoded: &Decoded, body: &[u8], others: &[OtherKeys], job: &Job) -> Option<Signer> {
    if decoded.verdict != TokenVerdict::UnknownKey {
        return None;
    }
    let name = signed_by(body, others)?.to_owned();
    let profiles = job.services.profiles.clone();
    let all = tokio::task::spawn_blocking(move || profiles.list()).await.ok()?.ok()?;
    let sandbox = name == "the sandbox";
    let found = all.into_iter().find(|profile| profile.name == name || sandbox && profile.is_sandbox())?;
    Some(Signer { id: found.id, name: found.name })
}

#[cfg(test)]
mod tests;
