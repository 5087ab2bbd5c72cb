//! The walk itself.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::landing::Landing;
use super::pace::{Waits, dice};
use super::pasted::Landed;
use super::sessions::{HeldToken, Session};
use super::told::{WalkEnd, WalkEvent, WalkOutcome, WalkRequest};
use super::words::{About, Call, asked_times, check_of, error_of, pending, to_the_second};
use super::{Ends, probe_token};
use crate::check::{Check, Verdict, worst};
use crate::kinde::{ApiError, ApiErrorKind, AuthUrl, ProviderToken, Subject};
use crate::providers;
use crate::secrets::Secret;
use crate::step::{Step, StepState, place};

/// How long the landing page stays open for a browser that is slower than a poll.
const GRACE: Duration = Duration::from_secs(1);

struct Walk<'a> {
    ends: &'a Ends,
    request: &'a WalkRequest,
    sink: &'a (dyn Fn(WalkEvent) + Send + Sync),
    cancel: CancellationToken,
    steps: Vec<Step>,
    landing_worked: bool,
}

/// Walks a connected app from the auth URL to the proof.
///
/// Every event also stands in the outcome. Cancelling ends it at once, wherever it is.
pub async fn walk(
    ends: &Ends,
    request: &WalkRequest,
    sink: &(dyn Fn(WalkEvent) + Send + Sync),
    cancel: CancellationToken,
) -> WalkOutcome {
    let mut walk = Walk { ends, request, sink, cancel, steps: Vec::new(), landing_worked: false };
    let mut session = None;
    let end = match walk.run(&mut session).await {
        Ok(end) | Err(end) => end,
    };
    if let (Some(session), WalkEnd::Connected { token, .. }) = (&mut session, &end) {
        session.token = Some(token.clone());
    }
    WalkOutcome { end, session, steps: walk.steps, landing_worked: walk.landing_worked }
}

impl Walk<'_> {
    fn now(&self) -> Timestamp {
        self.ends.http.clock().now()
    }

    fn step(&mut self, step: Step) {
        place(&mut self.steps, step.clone());
        (self.sink)(WalkEvent::Step(step));
    }

    fn begin(&mut self, id: &'static str, title: &str) {
        let step = Step::new(id, title, StepState::Running, self.now());
        self.step(step);
    }

    /// Waits for `work` unless the person cancels.
    async fn or_cancel<T>(&mut self, id: &'static str, work: impl Future<Output = T>) -> Result<T, WalkEnd> {
        let cancel = self.cancel.clone();
        tokio::select! {
            biased;
            () = cancel.cancelled() => {
                self.step(Step::new(id, "Cancelled", StepState::Failed, self.now()));
                Err(WalkEnd::Cancelled)
            }
            done = work => Ok(done),
        }
    }

    async fn run(&mut self, session: &mut Option<Session>) -> Result<WalkEnd, WalkEnd> {
        let (address, mut landing) = self.auth_url().await?;
        let asked = providers::asked_in(&address.url);
        let secret = address.session_id.clone();
        *session = Some(Session {
            who: self.request.subject_label.clone(),
            asked: asked.clone(),
            ..Session::pasted(secret.clone(), &self.request.key, self.request.provider.as_deref(), self.now())
        });
        (self.sink)(WalkEvent::AuthUrl { url: address.url.clone(), session: secret.clone(), asked: asked.clone() });
        self.open(&address.url).await?;
        let answer = self.consent(&secret, landing.as_mut()).await?;
        let (ms, curl) = (answer.wire.ms, answer.wire.curl.clone());
        let token = HeldToken::of(answer, self.now());
        let mut confirmed = Step::new("consent", "Confirmed", StepState::Done, self.now());
        confirmed.detail = Some("Kinde has the provider's token".to_owned());
        self.step(confirmed);
        self.step(
            Step::new("token", "Token from Kinde", StepState::Done, self.now())
                .detail(token.summary())
                .took_ms(ms)
                .curl(curl),
        );
        (self.sink)(WalkEvent::Token(token.clone()));
        let probe = self.prove(&token, &asked).await;
        // A poll may be quicker than the browser: it is on its way here and finds the page open for a moment longer.
        if !self.landing_worked
            && let Some(landing) = &mut landing
            && let Ok(landed) = tokio::time::timeout(GRACE, landing.landed()).await
        {
            self.landing_worked = landed.session_id.is_some();
        }
        Ok(WalkEnd::Connected { token, probe })
    }

    async fn auth_url(&mut self) -> Result<(AuthUrl, Option<Landing>), WalkEnd> {
        self.begin("auth_url", "Asking Kinde for the address");
        let mut landing = if self.request.landing { Landing::open().await.ok() } else { None };
        let api = self.ends.api.clone();
        let (key, subject) = (self.request.key.clone(), self.request.subject.clone());
        let back = landing.as_ref().map(|landing| landing.url.clone());
        let mut answer = self.or_cancel("auth_url", api.auth_url(&key, &subject, back.as_deref())).await?;
        let mut note = "";
        let of_the_page =
            |error: &ApiError| matches!(error.kind, ApiErrorKind::Validation) && About::of(error) == About::Unsaid;
        if landing.is_some() && answer.as_ref().is_err_and(of_the_page) {
            // The loopback address may be what is refused: the walk does not need it.
            landing = None;
            answer = self.or_cancel("auth_url", api.auth_url(&key, &subject, None)).await?;
            if answer.is_ok() {
                note = ". Kinde does not accept the panel's own page, so the browser ends on your app's";
            }
        }
        match answer {
            Ok(address) => {
                let step = Step::new("auth_url", "Address from Kinde", StepState::Done, self.now())
                    .detail(format!("A session for {}{note}", self.request.subject_label))
                    .took_ms(address.answer.ms)
                    .curl(address.answer.curl.clone());
                self.step(step);
                Ok((address, landing))
            }
            Err(error) => Err(self.refused(Call::AuthUrl, &error)),
        }
    }

    fn refused(&mut self, call: Call, error: &ApiError) -> WalkEnd {
        let check = check_of(call, Some(&self.request.key), error);
        let mut step = Step::new(call.name(), check.why.clone().unwrap_or_default(), StepState::Failed, self.now());
        step.detail = check.seen.clone();
        step.curl = error.wire.as_ref().map(|wire| wire.curl.clone());
        step.ms = error.wire.as_ref().map(|wire| wire.ms);
        self.step(step);
        if matches!(error.kind, ApiErrorKind::NotFound | ApiErrorKind::Validation | ApiErrorKind::InvalidSession) {
            WalkEnd::Refused(check)
        } else {
            WalkEnd::Failed { check, error: error_of(call, Some(&self.request.key), error) }
        }
    }

    async fn open(&mut self, url: &str) -> Result<(), WalkEnd> {
        if self.request.browser.is_some() {
            self.begin("browser", "Opening the browser");
        }
        let browser = self.request.browser.clone();
        let opened = self.or_cancel("browser", browser.open(url)).await?;
        let step = match opened {
            Some(Ok(())) => Step::new("browser", "Browser opened", StepState::Done, self.now())
                .detail("An error page at the end is fine: the token comes here"),
            Some(Err(why)) => Step::new("browser", "The browser did not open", StepState::Failed, self.now())
                .detail(format!("Open the link by hand, here or on another device. The system says: {why}")),
            // The person's own part, and nothing the panel did.
            None => Step::new("browser", "Open the link in a browser", StepState::Waiting, self.now()),
        };
        self.step(step);
        Ok(())
    }

    /// Polls until the token is there.
    async fn consent(&mut self, session: &Secret, mut landing: Option<&mut Landing>) -> Result<ProviderToken, WalkEnd> {
        let pace = self.request.pace;
        let deadline = self.now().checked_add(pace.deadline).unwrap_or(Timestamp::MAX);
        let mut waits = Waits::new(pace);
        let (mut polls, mut asked_wait) = (0_u32, None);
        // What the landing page said stays; what a poll said lasts until the next one.
        let (mut hint, mut note) = (None::<String>, None::<String>);
        loop {
            let left = Duration::try_from(deadline.duration_since(self.now())).unwrap_or_default();
            if left.is_zero() {
                return Err(self.timed_out(polls, note.or(hint)));
            }
            let wait = waits.next(asked_wait.take(), dice()).min(left);
            self.waiting(polls, wait, deadline, note.as_deref().or(hint.as_deref()));
            let nudge = Arc::clone(&self.request.nudge);
            let landed = self
                .or_cancel("consent", async {
                    tokio::select! {
                        biased;
                        landed = landed(landing.as_deref_mut()) => Some(landed),
                        () = nudge.notified() => None,
                        () = tokio::time::sleep(wait) => None,
                    }
                })
                .await?;
            if let Some(landed) = landed {
                landing = None;
                self.landing_worked = landed.session_id.is_some() || landed.error.is_some();
                let check = landed.check(Some(session));
                match check.verdict {
                    Verdict::Fail => return Err(self.denied(check)),
                    Verdict::Warn => hint = check.why,
                    _ => waits = Waits::new(pace),
                }
            }
            let api = self.ends.api.clone();
            let answer = self.or_cancel("consent", api.connected_app_token(session)).await?;
            polls += 1;
            match answer {
                Ok(token) => return Ok(token),
                Err(error) => match pending(&error) {
                    Some(word) => {
                        asked_wait = error.retry_after;
                        note = word;
                    }
                    None => return Err(self.refused(Call::Token, &error)),
                },
            }
        }
    }

    fn waiting(&mut self, polls: u32, wait: Duration, deadline: Timestamp, note: Option<&str>) {
        let now = self.now();
        let mut detail = self.request.voice.waiting().to_owned();
        if let Some(note) = note {
            detail = format!("{note} · {detail}");
        }
        self.step(Step::new("consent", "Not confirmed yet", StepState::Running, now).detail(detail));
        let next_at = now.checked_add(wait).unwrap_or(deadline);
        (self.sink)(WalkEvent::Waiting { polls, next_at, deadline });
    }

    fn timed_out(&mut self, polls: u32, note: Option<String>) -> WalkEnd {
        let limit = match self.request.pace.deadline.as_secs() {
            seconds if seconds >= 120 && seconds % 60 == 0 => format!("{} minutes", seconds / 60),
            seconds => format!("{seconds} s"),
        };
        let last = note.map(|note| format!("; the last thing seen: {note}")).unwrap_or_default();
        let check = Check::fail(
            "consent",
            format!("Kinde did not confirm within {limit}: consent was not finished, or it was denied, which asking for the token cannot tell apart"),
            self.request.voice.after_silence(),
        )
        .seen(format!("Asked {} until {}{last}", asked_times(polls), to_the_second(self.now())));
        self.step(
            Step::new("consent", "Timed out", StepState::Failed, self.now())
                .detail(check.why.clone().unwrap_or_default()),
        );
        WalkEnd::TimedOut(check)
    }

    fn denied(&mut self, mut check: Check) -> WalkEnd {
        check.name = "consent".into();
        let detail = [check.why.clone(), check.seen.clone()].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        self.step(Step::new("consent", "Not connected", StepState::Failed, self.now()).detail(detail));
        WalkEnd::Denied(check)
    }

    async fn prove(&mut self, token: &HeldToken, asked: &[String]) -> Vec<Check> {
        self.begin("proof", "Asking the provider");
        let label = &self.request.subject_label;
        let holder = match &self.request.subject {
            Subject::User(_) => format!("Kinde user {label}"),
            Subject::Org(_) => format!("Kinde organization {label}"),
        };
        let (ends, provider) = (self.ends, self.request.provider.clone());
        let work = probe_token(ends, provider.as_deref(), &token.access_token, &holder, asked);
        let Ok(probe) = self.or_cancel("proof", work).await else {
            return vec![Check::skipped("account", "Cancelled before the provider answered; the token is here")];
        };
        let state = if worst(&probe) == Verdict::Fail { StepState::Failed } else { StepState::Done };
        let account = probe.iter().find(|check| check.name == "account");
        let detail = account.and_then(|check| {
            check
                .why
                .clone()
                .filter(|_| state == StepState::Failed)
                .or_else(|| check.seen.clone())
                .or_else(|| check.why.clone())
        });
        let mut step = Step::new("proof", "Proof at the provider", state, self.now());
        step.detail = detail;
        step.ms = account.and_then(|check| check.ms);
        self.step(step);
        (self.sink)(WalkEvent::Probed(probe.clone()));
        probe
    }
}

async fn landed(landing: Option<&mut Landing>) -> Landed {
    match landing {
        Some(landing) => landing.landed().await,
        None => std::future::pending().await,
    }
}
