//! The life of any tunnel: opened, tested, watched, lost, opened again.
//!
//! What differs between the ways stands in a [`Line`]; when what is told, and how soon, stands here alone.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::selftest::self_test;
use super::{Ends, State};
use crate::check::{Check, Verdict, first_trouble, worst};
use crate::clock::Clock;
use crate::error::{Category, UserError};

/// Told what becomes of a tunnel.
pub type Tell<'a> = dyn Fn(State) + Send + Sync + 'a;

/// How soon what is noticed. The defaults find a loss within 10 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// How often the tunnel's own service is asked whether it stands.
    pub pulse: Duration,
    /// How long it may take to say so.
    pub pulse_patience: Duration,
    /// How often the self-test is made again; `None`: as often as suits the way.
    pub retest: Option<Duration>,
    /// How long a self-test may take.
    pub patience: Duration,
    /// For how long at most a tunnel that was just opened may not be reachable yet.
    pub young: Duration,
    /// The longest wait between two attempts to open a lost one.
    pub longest_wait: Duration,
    /// For how long opening one for the first time is tried.
    pub first: Duration,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            pulse: Duration::from_secs(3),
            pulse_patience: Duration::from_secs(4),
            retest: None,
            patience: Duration::from_secs(6),
            young: Duration::from_secs(30),
            longest_wait: Duration::from_secs(5),
            first: Duration::from_secs(12),
        }
    }
}

/// Why a tunnel could not be opened.
pub(super) enum Failed {
    /// Trying again changes nothing. Of one that was up before it counts for now alone: what opened it once may do so again.
    Never(UserError),
    /// It may work a moment later.
    Now(UserError),
}

/// What the service of a tunnel says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pulse {
    /// It stands, or nobody says otherwise.
    Stands,
    /// The service cannot say: the self-test has to.
    Untold,
}

/// One way to a public address.
pub(super) trait Line: Send {
    /// What is done first, in words.
    fn opening(&self) -> String;

    /// How often its self-test is made again.
    fn retest(&self) -> Duration;

    /// For how long nobody may know it yet after it was opened for the first time.
    fn young(&self) -> Duration {
        Duration::ZERO
    }

    /// Opens it, or takes up again what stands still; answers the whole endpoint.
    fn open(&mut self) -> impl Future<Output = Result<Url, Failed>> + Send;

    /// The last self-test passed, or failed: what stands is not to be relied on then.
    fn tested(&mut self, _passed: bool) {}

    /// Asks its service whether it stands.
    fn pulse(&mut self) -> impl Future<Output = Result<Pulse, UserError>> + Send {
        std::future::ready(Ok(Pulse::Stands))
    }

    /// Ready when it has noticed by itself that it is lost. May be dropped and called again.
    fn broke(&mut self) -> impl Future<Output = UserError> + Send {
        std::future::pending()
    }

    /// What is to be told once, after it was up for the first time.
    fn rescued(&mut self) -> impl Future<Output = Option<State>> + Send {
        std::future::ready(None)
    }

    /// Takes down what was put up. Returns when it is gone.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// How standing ended.
enum End {
    Cancelled,
    Lost(UserError, Vec<Check>),
}

/// Keeps `line` until `cancel`, or until it can never be had.
pub(super) async fn keep(mut line: impl Line, ends: &Ends, tell: &Tell<'_>, cancel: &CancellationToken) {
    live(&mut line, ends, tell, cancel).await;
    line.close().await;
}

async fn live(line: &mut impl Line, ends: &Ends, tell: &Tell<'_>, cancel: &CancellationToken) {
    let rhythm = ends.rhythm;
    let now = || ends.http.clock().now();
    let (begun, mut wait) = (Instant::now(), FIRST_WAIT);
    let mut was_up: Option<Url> = None;
    tell(State::Opening(line.opening()));
    loop {
        let Some(opened) = cancel.run_until_cancelled(line.open()).await else { return };
        let (error, checks) = match opened {
            Err(Failed::Never(error)) if was_up.is_none() => {
                return tell(State::Ended { error, checks: Vec::new() });
            }
            Err(Failed::Now(error)) if was_up.is_none() && begun.elapsed() >= rhythm.first => {
                return tell(State::Ended { error, checks: Vec::new() });
            }
            Err(Failed::Never(error) | Failed::Now(error)) => (error, Vec::new()),
            Ok(url) => {
                tell(State::Testing { url: url.clone() });
                let young = if was_up.is_none() { line.young().min(rhythm.young) } else { Duration::ZERO };
                let tested = cancel.run_until_cancelled(test_young(&url, ends, young)).await;
                let Some(checks) = tested else { return };
                if worst(&checks) == Verdict::Fail {
                    let error = failed(&checks);
                    if was_up.is_none() {
                        return tell(State::Ended { error, checks });
                    }
                    line.tested(false);
                    (error, checks)
                } else {
                    let first = was_up.replace(url.clone()).is_none();
                    wait = FIRST_WAIT;
                    line.tested(true);
                    tell(State::Up { url: url.clone(), checks, checked_at: now() });
                    if first && let Some(Some(rescued)) = cancel.run_until_cancelled(line.rescued()).await {
                        tell(rescued);
                    }
                    match stand(line, &url, ends, tell, cancel).await {
                        End::Cancelled => return,
                        End::Lost(error, checks) => {
                            tell(State::Down { url: was_up.clone(), error, checks, again_at: Some(now()) });
                            continue;
                        }
                    }
                }
            }
        };
        if was_up.is_some() {
            let again_at = later(now(), wait);
            tell(State::Down { url: was_up.clone(), error, checks, again_at });
        }
        if cancel.run_until_cancelled(sleep(wait)).await.is_none() {
            return;
        }
        wait = (wait * 2).min(rhythm.longest_wait);
    }
}

/// The first pulse of a tunnel that is up: what its service says of one that stands is known then.
const SOON: Duration = Duration::from_millis(300);
/// The wait after the first failure.
const FIRST_WAIT: Duration = Duration::from_millis(500);

fn later(now: Timestamp, wait: Duration) -> Option<Timestamp> {
    jiff::SignedDuration::try_from(wait).ok().and_then(|wait| now.checked_add(wait).ok())
}

/// Tests a tunnel that was just opened: one that nobody knows yet is given time, everything else is said at once.
async fn test_young(url: &Url, ends: &Ends, young: Duration) -> Vec<Check> {
    let begun = Instant::now();
    loop {
        let checks = self_test(url, ends, ends.rhythm.patience).await;
        let dead = first_trouble(&checks).is_some_and(|check| check.verdict == Verdict::Fail && check.name == "tunnel");
        if !dead || begun.elapsed() >= young {
            return checks;
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// Watches a tunnel that is up until it is lost.
async fn stand(line: &mut impl Line, url: &Url, ends: &Ends, tell: &Tell<'_>, cancel: &CancellationToken) -> End {
    let rhythm = ends.rhythm;
    // What is made again and again is no exchange of interest.
    let quiet = Ends { http: ends.http.unrecorded(), ..ends.clone() };
    let mut pulse = interval_at(Instant::now() + rhythm.pulse.min(SOON), rhythm.pulse);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let every = rhythm.retest.unwrap_or_else(|| line.retest());
    let mut due = Instant::now() + every;
    let mut slept = Slept::new(ends.http.clock().clone());
    loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => return End::Cancelled,
            error = line.broke() => return End::Lost(error, Vec::new()),
            _ = pulse.tick() => {
                if slept.looked() {
                    // What it was before says nothing of now.
                    due = Instant::now();
                } else {
                    let Some(pulse) = cancel.run_until_cancelled(line.pulse()).await else { return End::Cancelled };
                    match pulse {
                        Ok(Pulse::Stands) => {}
                        Ok(Pulse::Untold) => due = Instant::now(),
                        Err(error) => return End::Lost(error, Vec::new()),
                    }
                }
            }
            () = tokio::time::sleep_until(due) => {
                let testing = self_test(url, &quiet, rhythm.patience);
                let Some(checks) = cancel.run_until_cancelled(testing).await else { return End::Cancelled };
                if worst(&checks) == Verdict::Fail {
                    line.tested(false);
                    return End::Lost(failed(&checks), checks);
                }
                tell(State::Up { url: url.clone(), checks, checked_at: ends.http.clock().now() });
                due = Instant::now() + every;
                slept.looked();
            }
        }
    }
}

/// The first failing check as an error.
fn failed(checks: &[Check]) -> UserError {
    let trouble = first_trouble(checks);
    let text = |part: Option<&String>| part.cloned().unwrap_or_default();
    let mut detail = text(trouble.and_then(|check| check.why.as_ref()));
    if let Some(seen) = trouble.and_then(|check| check.seen.as_deref()) {
        detail.push_str(&format!(" ({seen})"));
    }
    UserError::new(Category::Network, "Webhooks do not come through the public address")
        .detail(detail)
        .hint(text(trouble.and_then(|check| check.fix.as_ref())))
}

/// Notices that the machine slept: the wall clock went on, and the clock of waits did not.
struct Slept {
    clock: Clock,
    wall: Timestamp,
    waited: Instant,
}

/// More than a clock that is being set right.
const SLEPT: Duration = Duration::from_secs(5);

impl Slept {
    fn new(clock: Clock) -> Self {
        Self { wall: clock.now(), waited: Instant::now(), clock }
    }

    /// Whether it slept since the last look.
    fn looked(&mut self) -> bool {
        let (wall, waited) = (self.clock.now(), Instant::now());
        let by_wall = Duration::try_from(wall.duration_since(self.wall)).unwrap_or_default();
        let by_waits = waited.duration_since(self.waited);
        (self.wall, self.waited) = (wall, waited);
        by_wall > by_waits + SLEPT
    }
}
