//! How a job talks to Kinde: a step for each call, patience with a 429, and when it may be cancelled.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Ends;
use crate::check::{self, Check};
use crate::clock::clock_time;
use crate::error::{Category, UserError};
use crate::kinde::{ApiError, ApiErrorKind, Marked, Reply, Thing, Webhook};
use crate::net::NetErrorKind;
use crate::step::{Step, StepState};

/// Takes the steps of a job as they come. A step of the same id takes the earlier one's place.
pub type Sink<'a> = dyn Fn(Step) + Send + Sync + 'a;

/// Why a job did not do what it was asked for, and how things stand now.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// To decide by.
    pub why: Why,
    /// To show.
    pub error: UserError,
}

/// The kinds of refusal.
#[derive(Debug, Clone)]
pub enum Why {
    /// The webhook was changed in Kinde meanwhile: as it is now.
    Changed(Box<Webhook>),
    /// The webhook is no longer there.
    Gone,
    /// What was typed cannot be used: every check, the failing ones first.
    Unusable(Vec<Check>),
    /// The plan has no room for another webhook.
    Limit,
    /// The person cancelled.
    Cancelled,
    /// Anything else.
    Failed,
}

impl Refusal {
    /// True where the same may go through later without anybody doing anything: the network, or trouble at Kinde.
    pub fn may_pass(&self) -> bool {
        matches!(self.why, Why::Failed) && self.error.category.can_retry()
    }

    pub(super) fn failed(error: impl Into<UserError>) -> Self {
        Self { why: Why::Failed, error: error.into() }
    }

    pub(super) fn changed(now: Webhook) -> Self {
        let error = UserError::new(Category::Api, format!("{} was changed in Kinde meanwhile", named(&now)))
            .detail("Somebody else, or another window, saved it after it was opened here")
            .hint("Compare with what it is now, then save again");
        Self { why: Why::Changed(Box::new(now)), error }
    }

    pub(super) fn gone(webhook: &Webhook) -> Self {
        let error = UserError::new(Category::Api, format!("{} is no longer in Kinde", named(webhook)))
            .detail("Somebody deleted it after it was opened here")
            .hint("Create it anew if it is still wanted");
        Self { why: Why::Gone, error }
    }

    fn nothing_sent(mut self) -> Self {
        self.error.detail.push_str(". Nothing was sent");
        self
    }

    pub(super) fn unusable(mut checks: Vec<Check>) -> Self {
        checks.sort_by_key(|check| std::cmp::Reverse(check.verdict));
        let first = check::first_trouble(&checks);
        let text = |field: fn(&Check) -> Option<&String>| first.and_then(field).cloned().unwrap_or_default();
        let error = UserError::new(Category::Input, "The webhook cannot be saved like this")
            .detail(text(|check| check.why.as_ref()))
            .hint(text(|check| check.fix.as_ref()));
        Self { why: Why::Unusable(checks), error }
    }
}

impl From<Refusal> for UserError {
    fn from(refusal: Refusal) -> Self {
        refusal.error
    }
}

/// True where the webhook is no longer what it was.
pub(super) fn differs(was: &Webhook, now: &Webhook) -> bool {
    !super::Diff::between(&was.definition, &now.definition).is_empty()
}

/// A webhook as a sentence names it.
pub(super) fn named(webhook: &Webhook) -> String {
    let name = &webhook.definition.name;
    if name.is_empty() { webhook.id.clone() } else { format!("\u{201c}{name}\u{201d}") }
}

/// Why a call gave nothing.
#[derive(Debug)]
pub(super) enum Stop {
    Cancelled,
    Api(Box<ApiError>),
    /// Something on this machine: nothing was asked of Kinde.
    Here(Box<UserError>),
}

impl From<Stop> for Refusal {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Cancelled => Self {
                why: Why::Cancelled,
                error: UserError::new(Category::Input, "Cancelled").detail("Nothing more was sent"),
            },
            Stop::Here(error) => Self::failed(*error),
            Stop::Api(error) if is_limit(&error) => Self {
                why: Why::Limit,
                error: UserError::new(Category::Api, "The plan has no room for another webhook")
                    .detail(error.said())
                    .hint("Delete a webhook that is not needed, or change the plan"),
            },
            Stop::Api(error) => Self::failed(*error),
        }
    }
}

impl Stop {
    /// True where the call may have been carried out although no good answer came.
    pub(super) fn is_uncertain(&self) -> bool {
        let Self::Api(error) = self else { return false };
        match &error.kind {
            ApiErrorKind::Network(net) => {
                !matches!(net.kind, NetErrorKind::Dns | NetErrorKind::Connect | NetErrorKind::Tls)
            }
            ApiErrorKind::Server | ApiErrorKind::Unexpected => true,
            _ => false,
        }
    }

    pub(super) fn is_limit(&self) -> bool {
        matches!(self, Self::Api(error) if is_limit(error))
    }

    /// What was just made is not to be found.
    pub(super) fn not_found() -> Self {
        Self::Api(Box::new(ApiError {
            kind: ApiErrorKind::NotFound,
            status: None,
            codes: Vec::new(),
            retry_after: None,
            wire: None,
        }))
    }

    /// Kinde refuses what was sent, as it also does with an id it does not know.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self, Self::Api(error) if matches!(error.kind, ApiErrorKind::Validation))
    }

    /// 404 is documented for few calls: others may answer 400 with a code that says it.
    pub(super) fn is_not_found(&self) -> bool {
        let Self::Api(error) = self else { return false };
        match error.kind {
            ApiErrorKind::NotFound => true,
            ApiErrorKind::Validation => error.codes.iter().any(|(code, _)| code.ends_with("NOT_FOUND")),
            _ => false,
        }
    }
}

fn is_limit(error: &ApiError) -> bool {
    matches!(error.kind, ApiErrorKind::Validation | ApiErrorKind::Forbidden)
        && error.codes.iter().any(|(code, message)| says_full(code, message))
}

/// Whether a refusal is about how many webhooks the plan has room for. Kinde publishes no code for it, so its words
/// decide: of the plan, or of a limit on webhooks. A limit on what a webhook is made of is another matter: to take that
/// for the plan's would offer to delete a webhook for nothing.
fn says_full(code: &str, message: &str) -> bool {
    let words = format!("{code} {message}").to_ascii_lowercase().replace('_', " ");
    let says = |list: &[&str]| list.iter().any(|word| words.contains(word));
    if says(&["length", "character", "too long", "size", "rate limit", "event type"]) {
        return false;
    }
    says(&["upgrade", "your plan", "current plan"])
        || (words.contains("webhook") && says(&["limit", "maximum number", "too many", "quota"]))
}

/// How often a 429 is waited out before it is told, and the longest wait that is taken on.
const PATIENCE: u32 = 5;
const LONGEST_WAIT: Duration = Duration::from_secs(120);
/// The wait where Kinde names none.
const UNNAMED_WAIT: Duration = Duration::from_secs(5);

pub(super) struct Talk<'a> {
    pub(super) ends: &'a Ends,
    sink: &'a Sink<'a>,
    cancel: Option<&'a CancellationToken>,
}

impl<'a> Talk<'a> {
    pub(super) fn new(ends: &'a Ends, sink: &'a Sink<'a>, cancel: &'a CancellationToken) -> Self {
        Self { ends, sink, cancel: Some(cancel) }
    }

    /// The same, for what must be put back whether the person cancels or not.
    pub(super) fn firmly(&self) -> Self {
        Self { ends: self.ends, sink: self.sink, cancel: None }
    }

    pub(super) fn step(&self, id: &'static str, title: impl Into<String>, state: StepState) -> Step {
        Step::new(id, title, state, self.ends.clock.now())
    }

    pub(super) fn say(&self, step: Step) {
        (self.sink)(step);
    }

    /// A call that changes nothing: cancelling ends it at once.
    pub(super) async fn read<T, F: Future<Output = Result<Reply<T>, ApiError>>>(
        &self,
        id: &'static str,
        title: &str,
        call: impl Fn() -> F,
    ) -> Result<Reply<T>, Stop> {
        let asking = self.write(id, title, call);
        let Some(cancel) = self.cancel else { return asking.await };
        tokio::select! {
            biased;
            () = cancel.cancelled() => {
                self.say(self.step(id, title, StepState::Failed).detail("Cancelled"));
                Err(Stop::Cancelled)
            }
            done = asking => done,
        }
    }

    /// A call that changes something: once sent, it is waited for, so that its outcome is known.
    pub(super) async fn write<T, F: Future<Output = Result<Reply<T>, ApiError>>>(
        &self,
        id: &'static str,
        title: &str,
        call: impl Fn() -> F,
    ) -> Result<Reply<T>, Stop> {
        let done = self.call(id, title, call).await;
        if let Err(Stop::Api(error)) = &done {
            self.say_failed(id, title, error);
        }
        done
    }

    /// Takes away what must not be there: to find it gone already is as good.
    pub(super) async fn rid<T, F: Future<Output = Result<Reply<T>, ApiError>>>(
        &self,
        id: &'static str,
        title: &str,
        call: impl Fn() -> F,
    ) -> Result<(), Stop> {
        match self.call(id, title, call).await {
            Ok(_) => Ok(()),
            Err(stop) if stop.is_not_found() => {
                self.say_gone(id, title);
                Ok(())
            }
            Err(stop) => {
                if let Stop::Api(error) = &stop {
                    self.say_failed(id, title, error);
                }
                Err(stop)
            }
        }
    }

    /// What was to be taken away is not there any more.
    pub(super) fn say_gone(&self, id: &'static str, title: &str) {
        self.say(self.step(id, title, StepState::Done).detail("It is gone already"));
    }

    pub(super) fn say_failed(&self, id: &'static str, title: &str, error: &ApiError) {
        let mut failed = self.step(id, title, StepState::Failed);
        (failed.ms, failed.curl) = error.wire.as_ref().map(|wire| (wire.ms, wire.curl.clone())).unzip();
        let told = Refusal::from(Stop::Api(Box::new(error.clone()))).error;
        self.say(failed.detail(format!("{}. {}", told.title, told.detail)));
    }

    /// As [`Talk::write`], except that a refusal is the caller's to tell as a step.
    pub(super) async fn call<T, F: Future<Output = Result<Reply<T>, ApiError>>>(
        &self,
        id: &'static str,
        title: &str,
        call: impl Fn() -> F,
    ) -> Result<Reply<T>, Stop> {
        let mut waits = 0;
        loop {
            if self.cancel.is_some_and(CancellationToken::is_cancelled) {
                self.say(self.step(id, title, StepState::Failed).detail("Cancelled"));
                return Err(Stop::Cancelled);
            }
            self.say(self.step(id, title, StepState::Running));
            let error = match call().await {
                Ok(reply) => {
                    let done = self.step(id, title, StepState::Done);
                    self.say(done.took_ms(reply.wire.ms).curl(reply.wire.curl.clone()));
                    return Ok(reply);
                }
                Err(error) => error,
            };
            let wait = error.retry_after.unwrap_or(UNNAMED_WAIT);
            if !is_slow_down(&error) || waits == PATIENCE || wait > LONGEST_WAIT {
                return Err(Stop::Api(Box::new(error)));
            }
            waits += 1;
            self.wait(wait).await?;
        }
    }

    /// Waits as told, visibly.
    async fn wait(&self, wait: Duration) -> Result<(), Stop> {
        let until = self.ends.clock.now().saturating_add(wait).unwrap_or(jiff::Timestamp::MAX);
        let title = format!("Kinde asks to slow down: goes on at {}", clock_time(until));
        let seconds = wait.as_secs();
        self.say(self.step("wait", title, StepState::Running).detail(format!("It asked for {seconds} s")));
        if !self.sleep(wait).await {
            self.say(self.step("wait", "Kinde asked to slow down", StepState::Failed).detail("Cancelled"));
            return Err(Stop::Cancelled);
        }
        let title = format!("Waited {seconds} s, as Kinde asked");
        self.say(self.step("wait", title, StepState::Done));
        Ok(())
    }

    /// False where the person cancelled.
    pub(super) async fn sleep(&self, time: Duration) -> bool {
        let Some(cancel) = self.cancel else {
            tokio::time::sleep(time).await;
            return true;
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => false,
            () = tokio::time::sleep(time) => true,
        }
    }

    /// The tenant's webhooks now.
    pub(super) async fn list(&self, id: &'static str, title: &str) -> Result<Vec<Webhook>, Stop> {
        Ok(self.read(id, title, || self.ends.api.webhooks()).await?.it)
    }

    /// Everything of a kind that stands under a mark; whether all of it was looked through.
    pub(super) async fn marked(&self, thing: Thing) -> Result<(Vec<Marked>, bool), Stop> {
        let asking = async { self.ends.api.marked_things(thing).await.map_err(|error| Stop::Api(Box::new(error))) };
        match self.cancel {
            Some(cancel) => cancel.run_until_cancelled(asking).await.unwrap_or(Err(Stop::Cancelled)),
            None => asking.await,
        }
    }

    /// Reads `opened` again, and refuses where it is no longer what was opened. Gives the whole list.
    pub(super) async fn unchanged(&self, opened: &Webhook) -> Result<Vec<Webhook>, Refusal> {
        let list = self.list("check", "Read it again, in case it changed").await?;
        match list.iter().find(|webhook| webhook.id == opened.id) {
            None => Err(Refusal::gone(opened).nothing_sent()),
            Some(now) if differs(opened, now) => Err(Refusal::changed(now.clone()).nothing_sent()),
            Some(_) => Ok(list),
        }
    }
}

fn is_slow_down(error: &ApiError) -> bool {
    match &error.kind {
        ApiErrorKind::RateLimited => true,
        ApiErrorKind::Token(token) => matches!(token.kind, crate::kinde::TokenErrorKind::RateLimited(_)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::says_full;

    #[test]
    fn only_a_refusal_about_how_many_webhooks_there_are_is_the_plans_limit() {
        for (code, message) in [
            ("WEBHOOK_LIMIT_REACHED", ""),
            ("WEBHOOK_LIMIT", "You have reached the limit of your plan"),
            ("", "You have reached the maximum number of webhook endpoints"),
            ("FORBIDDEN", "Upgrade your plan to add more"),
        ] {
            assert!(says_full(code, message), "{code} {message}");
        }
        for (code, message) in [
            ("INVALID_ENDPOINT", "endpoint exceeds the maximum length"),
            ("INVALID_NAME", "The webhook name is over the limit of 255 characters"),
            ("RATE_LIMIT", "Webhook rate limit reached"),
            ("TOO_MANY_EVENT_TYPES", "A webhook takes a maximum number of 20 event types"),
            ("LIMIT", "maximum"),
        ] {
            assert!(!says_full(code, message), "{code} {message}");
        }
    }
}
