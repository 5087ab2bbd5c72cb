//! Makes the attempts: what is due is sent, a bounded number at a time; what came of it is written down before anything
//! follows from it.
//!
//! The truth is in the database alone. An attempt that was under way when the process died left no trace there, so it is
//! made again: at least once, as with Kinde. Deadlines are wall-clock moments; a wait is cut into short ones, so that a
//! machine that slept looks at its clock soon after.
//!
//! How long a webhook has been failing, towards the 72 h after which it is switched off, is the sum of the times from
//! each failure to the next: measured by a clock that stands still while the machine sleeps (where the system has one),
//! only while a sandbox runs, and each at most the longest wait of the schedule, 12 h. A laptop that was shut for a week
//! switches nothing off.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::attempts::{self, Due, Made, Outcome, Parcel};
use super::line::AttemptLine;
use super::schedule::{LONGEST, Pace, wait_before};
use super::store::Store;
use crate::sandbox::error::SandboxError;

/// The most attempts under way at a time. Of one webhook no more than are still free: one that hangs takes half of them,
/// a second one half of what is left, and there is always a place for the next.
const SLOTS: usize = 64;
/// The longest the clock is not looked at.
const LOOK: Duration = Duration::from_secs(30);
/// How often what is old is forgotten, from which age on, and from which number of events on.
const PRUNE: Duration = Duration::from_secs(3600);
const KEEP: Duration = Duration::from_secs(30 * 24 * 3600);
const MOST: i64 = 100_000;
/// How long an attempt under way may go on when the sandbox ends.
const GRACE: Duration = Duration::from_millis(400);
/// Lines kept for whoever reads them, while it is slow.
const LINES: usize = 8192;

/// Makes one attempt.
pub type Post = Arc<dyn Fn(Parcel) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync>;
/// The wall clock.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The engine of a sandbox that is served.
pub struct Engine {
    store: Store,
    now: Now,
    pace: Pace,
    /// Deliveries up to this number are left alone.
    after: i64,
    post: Post,
    wake: Notify,
    lines: broadcast::Sender<Arc<AttemptLine>>,
    under_way: Mutex<HashMap<i64, String>>,
    /// The last failure of each webhook in this run. Not a wall-clock moment: see the module.
    failed_at: Mutex<HashMap<String, tokio::time::Instant>>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    /// An engine over `store` that runs `scale` times as fast as Kinde and makes the deliveries numbered above `after`.
    /// [`Engine::run`] starts it.
    pub fn new(store: Store, scale: f64, now: Now, post: Post, after: i64) -> Arc<Self> {
        Arc::new(Self {
            store,
            now,
            pace: Pace::new(scale),
            after,
            post,
            wake: Notify::new(),
            lines: broadcast::Sender::new(LINES),
            under_way: Mutex::default(),
            failed_at: Mutex::default(),
        })
    }

    /// Something may be due: look.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Every attempt from now on, as it is written down.
    pub fn lines(&self) -> broadcast::Receiver<Arc<AttemptLine>> {
        self.lines.subscribe()
    }

    /// Delivers until `stop`; then lets what is under way end, for a moment. What has not ended by then is cut off: whoever
    /// serves next makes it again, and nobody else does.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        let cut = CancellationToken::new();
        let mut pruned = None;
        while !stop.is_cancelled() {
            if pruned.is_none_or(|at: tokio::time::Instant| at.elapsed() > PRUNE) {
                self.prune().await;
                pruned = Some(tokio::time::Instant::now());
            }
            let wait = match self.take().await {
                Ok((parcels, next)) => {
                    for parcel in parcels {
                        let engine = Arc::clone(&self);
                        let (stop, cut) = (stop.clone(), cut.clone());
                        tasks.spawn(async move { engine.attempt(parcel, &stop, &cut).await });
                    }
                    next.map_or(LOOK, |next| until(next, (self.now)()).min(LOOK))
                }
                Err(error) => {
                    tracing::warn!(%error, "the sandbox could not read what is to be delivered");
                    Duration::from_secs(1)
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.wake.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        tasks.close();
        tokio::time::timeout(GRACE, tasks.wait()).await.ok();
        cut.cancel();
        tasks.wait().await;
    }

    async fn prune(&self) {
        let now = (self.now)();
        if let Err(error) = self.store.write(move |c| attempts::prune(c, now, KEEP, MOST)).await {
            tracing::warn!(%error, "the sandbox could not forget old events");
        }
    }

    /// Begins anew to count how long a webhook has been failing.
    pub fn forget(&self, webhook: &str) {
        held(&self.failed_at).remove(webhook);
    }

    /// What is due and fits, marked as under way, and when the next falls due.
    async fn take(&self) -> Result<(Vec<Parcel>, Option<Timestamp>), SandboxError> {
        let busy: BTreeSet<i64> = held(&self.under_way).keys().copied().collect();
        let room = SLOTS.saturating_sub(busy.len());
        let (now, after) = ((self.now)(), self.after);
        let (due, next) = self
            .store
            .read(move |connection| {
                let due = if room == 0 { Vec::new() } else { attempts::due(connection, now, after, &busy, room)? };
                Ok((due, attempts::next_due(connection, now)?))
            })
            .await?;
        let chosen = self.choose(due);
        // Read again, now that they are marked: one that ended in between was still due when the list was made.
        let ids = chosen.clone();
        let parcels: Result<Vec<Parcel>, SandboxError> = self
            .store
            .read(move |connection| {
                ids.into_iter().filter_map(|id| attempts::parcel(connection, id, now).transpose()).collect()
            })
            .await;
        let sent: BTreeSet<i64> = parcels.iter().flatten().map(|parcel| parcel.delivery).collect();
        held(&self.under_way).retain(|id, _| !chosen.contains(id) || sent.contains(id));
        Ok((parcels?, next))
    }

    /// Marks those that fit as under way; answers their numbers.
    fn choose(&self, due: Vec<Due>) -> BTreeSet<i64> {
        let mut under_way = held(&self.under_way);
        let mut chosen = BTreeSet::new();
        for due in due {
            let free = SLOTS.saturating_sub(under_way.len());
            let of_one = under_way.values().filter(|webhook| **webhook == due.webhook).count();
            if of_one < free && !under_way.contains_key(&due.id) {
                under_way.insert(due.id, due.webhook);
                chosen.insert(due.id);
            }
        }
        chosen
    }

    async fn attempt(&self, parcel: Parcel, stop: &CancellationToken, cut: &CancellationToken) {
        let (delivery, url, number) = (parcel.delivery, parcel.url.clone(), parcel.number);
        let body_sha256 = super::line::sha256(&parcel.body);
        let (event_id, request_id, webhook) =
            (parcel.event_id.clone(), parcel.request_id.clone(), parcel.webhook.clone());
        let began = (self.now)();
        let outcome = tokio::select! {
            biased;
            outcome = (self.post)(parcel) => outcome,
            () = cut.cancelled() => return,
        };
        let ended = (self.now)();
        let next = if outcome.is_good() { None } else { wait_before(number + 1) };
        let made = Made {
            delivery,
            failing: self.failing(&webhook, outcome.is_good()),
            webhook,
            number,
            began,
            outcome: outcome.clone(),
            // From the end of this attempt: no target sees the next one early.
            next: next.map(|wait| self.pace.after(ended, wait)),
        };
        let next = loop {
            let made = made.clone();
            match self.store.write(move |connection| attempts::record(connection, &made, ended)).await {
                Ok(next) => break next,
                // A full disk, as a rule. Unwritten, it stays under way: nothing is sent twice for that.
                Err(error) => tracing::warn!(%error, "the sandbox could not write an attempt down"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        };
        held(&self.under_way).remove(&delivery);
        let line = AttemptLine {
            url,
            status: outcome.status,
            ms: outcome.ms,
            body_sha256,
            event_id,
            webhook_id: request_id,
            error: outcome.error,
            attempt: number,
            next,
        };
        // Nobody may be reading.
        self.lines.send(Arc::new(line)).ok();
        self.wake();
    }

    /// How long a webhook has been failing since the failure before, along the schedule.
    fn failing(&self, webhook: &str, good: bool) -> Duration {
        let mut failed_at = held(&self.failed_at);
        if good {
            failed_at.remove(webhook);
            return Duration::ZERO;
        }
        let now = tokio::time::Instant::now();
        let before = failed_at.insert(webhook.to_owned(), now);
        before.map_or(Duration::ZERO, |before| self.pace.passed(now.duration_since(before)).min(LONGEST))
    }
}

/// From `now` to `at`; nothing where that lies behind.
fn until(at: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(now)).unwrap_or_default()
}
