//! Receives for a profile: every attempt is kept, judged and forwarded, and told to the window at most every 50 ms.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use super::Job;
use super::history::Event;
use crate::error::UserError;
use crate::inspector::forward::{Sending, Target, forward};
use crate::inspector::intake::Intake;
use crate::inspector::key_source::{KeySource, owner_id};
use crate::inspector::receiver::{Answering, Arrival, Options, Receiver, Relay};
use crate::inspector::waiting::Waiting;
use crate::store::attempts::{Attempt, Attempts};

/// How many rows that changed may wait to be told.
const CHANGED: usize = 1024;
/// How many forwards may be under way.
const FORWARDS: usize = 32;
/// After so many arrivals it is looked whether too much is kept.
const PRUNED: usize = 1000;
/// How often the window is told of rows.
const TOLD: Duration = Duration::from_millis(50);
/// How many rows are told one by one; of more the window reads what it shows.
const ROWS: usize = 500;
/// After so long without an arrival it is looked for those whose turn never came.
const QUIET: Duration = Duration::from_secs(1);

/// Where to receive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// `None`: a free one.
    pub port: Option<u16>,
    /// With its leading slash. `None`: a random one.
    pub path: Option<String>,
}

/// What is remembered of a receiver from one start of the window to the next. What senders are answered is not: a status that
/// was tried out must not come back by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Kept {
    /// The chosen port.
    pub port: Option<u16>,
    /// With its leading slash: whoever was given the address can go on.
    pub path: Option<String>,
    /// The addresses that are forwarded to, as a person confirmed them.
    pub forward: Vec<String>,
}

/// How to receive; may change at any moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// How senders are answered.
    pub answering: Answering,
    /// Where every attempt is sent on to.
    pub targets: Vec<Target>,
    /// Senders get the answer of the first target.
    pub relay: bool,
}

impl Settings {
    fn relay(&self, job: &Job) -> Option<Relay> {
        let target = self.targets.first().filter(|_| self.relay)?.clone();
        Some(Relay { http: job.services.http.clone(), target })
    }
}

/// A receiver that is up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Up {
    /// Where senders reach it.
    pub url: String,
    /// Its port.
    pub port: u16,
}

/// Judges for `profile`, with the keys of now.
pub(super) async fn intake(profile: Uuid, job: &Job) -> Result<Intake, UserError> {
    let attempts = job.attempts.get(&job.services).await?;
    let profile = job.profile(profile).await?;
    let keys = KeySource::of_profile(job.jwks.clone(), &profile, &job.services.data).await?;
    let clock = job.services.clock.clone();
    let second_webhook = Some(job.services.second_webhook(&profile, None));
    Ok(Intake { attempts, owner: owner_id(&profile), keys, clock, second_webhook })
}

/// Receives until the job is cancelled.
pub(super) async fn listen(profile: Uuid, wish: Wish, settings: watch::Receiver<Settings>, job: &Job) {
    let _receiving = job.attempts.receiving(profile, job.cancel.clone());
    let (sender, waiting) = Waiting::begin();
    let (answering, relay) = (settings.borrow().answering, settings.borrow().relay(job));
    let started = async {
        let intake = intake(profile, job).await?;
        let options = Options { port: wish.port, path: wish.path, answering, relay };
        let clock = job.services.clock.clone();
        let receiver = Receiver::start(options, intake.owner.clone(), intake.attempts.clone(), clock, sender).await?;
        Ok((intake, receiver))
    };
    let (intake, receiver) = match started.await {
        Ok(started) => started,
        Err(error) => return job.send(Event::Listening(Err(error))).await,
    };
    job.attempts.open_door(profile, receiver.door());
    job.send(Event::Listening(Ok(Up { url: receiver.url(), port: receiver.port() }))).await;
    let (rows, changed) = mpsc::channel(CHANGED);
    let room = Room {
        profile,
        intake,
        receiver,
        settings,
        rows,
        forwards: Arc::new(Semaphore::new(FORWARDS)),
        job,
        since_pruned: 0,
        troubled: false,
    };
    room.serve(waiting, changed).await;
    job.attempts.close_door(profile);
}

struct Room<'a> {
    profile: Uuid,
    intake: Intake,
    receiver: Receiver,
    settings: watch::Receiver<Settings>,
    rows: mpsc::Sender<Attempt>,
    forwards: Arc<Semaphore>,
    job: &'a Job,
    since_pruned: usize,
    /// The window was told that verdicts cannot be written.
    troubled: bool,
}

impl Room<'_> {
    async fn serve(mut self, mut waiting: Waiting, mut changed: mpsc::Receiver<Attempt>) {
        let mut batch = Batch::default();
        let mut quiet: Option<Instant> = None;
        let mut steered = true;
        loop {
            tokio::select! {
                biased;
                () = self.job.cancel.cancelled() => break,
                turned = self.settings.changed(), if steered => match turned {
                    Ok(()) => {
                        let settings = self.settings.borrow_and_update().clone();
                        self.receiver.set_answering(settings.answering);
                        self.receiver.set_relay(settings.relay(self.job));
                    }
                    Err(_) => steered = false,
                },
                () = at(batch.due) => batch.tell(self.profile, self.job),
                Some(row) = changed.recv() => batch.put(row, false),
                () = waiting.ready(&self.receiver) => {
                    self.judge(&mut waiting, &mut batch).await;
                    quiet = Some(Instant::now() + QUIET);
                }
                () = at(quiet) => quiet = self.catch_up(&mut batch).await,
            }
        }
        self.receiver.stop().await;
    }

    async fn judge(&mut self, waiting: &mut Waiting, batch: &mut Batch) {
        let judging = waiting.judge(&mut self.intake);
        let Some(judged) = self.job.cancel.run_until_cancelled(judging).await else { return };
        let judged = match judged {
            Ok(judged) => judged,
            Err(error) => {
                // They are on disk, and keep their place until it goes again: then they are sent on too.
                batch.missed = true;
                batch.hurry();
                return self.trouble(error.into());
            }
        };
        self.no_trouble();
        // A key that was unknown may have come with one of these. Where webhooks never cease there is no quiet moment to look.
        if self.intake.unfinished() {
            match self.job.cancel.run_until_cancelled(self.intake.try_new_keys()).await {
                None => return,
                Some(Ok(count)) => batch.missed |= count > 0,
                Some(Err(error)) => self.trouble(error.into()),
            }
        }
        let targets = self.settings.borrow().targets.clone();
        self.since_pruned += judged.len();
        if self.since_pruned >= PRUNED {
            self.since_pruned = 0;
            let job = self.job.clone();
            tokio::spawn(async move {
                if let Err(error) = super::history::prune(&job).await {
                    tracing::warn!("what is too much was not deleted: {}", error.title);
                }
            });
        }
        for (row, arrival) in judged {
            if !targets.is_empty() && row.whole {
                let on = Onward {
                    targets: targets.clone(),
                    http: self.job.services.http.clone(),
                    attempts: self.intake.attempts.clone(),
                    forwards: Arc::clone(&self.forwards),
                    rows: self.rows.clone(),
                };
                tokio::spawn(on.send(row.clone(), arrival));
            }
            batch.put(row, true);
        }
    }

    /// Judges what no receiver of this window brought, and a page of what waited for a key that has come since; when to look
    /// again. What arrives between two pages is judged first.
    async fn catch_up(&mut self, batch: &mut Batch) -> Option<Instant> {
        let pending = self.intake.judge_pending();
        match self.job.cancel.run_until_cancelled(pending).await? {
            Ok(count) => {
                self.no_trouble();
                batch.missed |= count > 0;
                if batch.missed {
                    batch.hurry();
                }
                self.intake.unfinished().then(|| Instant::now() + QUIET)
            }
            Err(error) => {
                self.trouble(error.into());
                Some(Instant::now() + QUIET)
            }
        }
    }

    fn trouble(&mut self, error: UserError) {
        self.troubled = true;
        self.job.post(Event::Trouble(Some(error)));
    }

    fn no_trouble(&mut self) {
        if std::mem::take(&mut self.troubled) {
            self.job.post(Event::Trouble(None));
        }
    }
}

/// Waits for a moment, for ever where there is none.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// What the window has not been told yet.
#[derive(Default)]
struct Batch {
    rows: Vec<Attempt>,
    fresh: usize,
    missed: bool,
    due: Option<Instant>,
    told: Option<Instant>,
}

impl Batch {
    fn put(&mut self, row: Attempt, fresh: bool) {
        self.fresh += usize::from(fresh);
        if let Some(known) = self.rows.iter_mut().find(|known| known.seq == row.seq) {
            *known = row;
        } else if self.rows.len() < ROWS {
            self.rows.push(row);
        } else {
            self.missed = true;
        }
        self.hurry();
    }

    /// At once, but no sooner than 50 ms after the last time.
    fn hurry(&mut self) {
        let now = Instant::now();
        self.due.get_or_insert_with(|| self.told.map_or(now, |told| now.max(told + TOLD)));
    }

    fn tell(&mut self, profile: Uuid, job: &Job) {
        let now = Instant::now();
        let rows = std::mem::take(&mut self.rows);
        let event = Event::Rows { profile, rows, fresh: self.fresh, missed: self.missed };
        self.told = Some(now);
        if job.events.try_send(job.id, event.into()) {
            (self.fresh, self.missed, self.due) = (0, false, None);
        } else {
            // The window is behind: it is told that it missed some, once it takes events again.
            self.missed = true;
            self.due = Some(now + TOLD);
        }
    }
}

/// What is done with an attempt after its verdict.
struct Onward {
    targets: Vec<Target>,
    http: crate::net::Http,
    attempts: Attempts,
    forwards: Arc<Semaphore>,
    rows: mpsc::Sender<Attempt>,
}

impl Onward {
    async fn send(self, mut attempt: Attempt, arrival: Arrival) {
        let Ok(_slot) = self.forwards.acquire().await else { return };
        // All at once: one that hangs keeps no other waiting.
        let mut under_way = JoinSet::new();
        for (place, target) in self.targets.into_iter().enumerate() {
            let (http, arrival) = (self.http.clone(), arrival.clone());
            under_way.spawn(async move {
                let relayed = arrival.relayed.as_ref().filter(|relayed| relayed.target == target);
                let response = match relayed {
                    // It is under way already, because its answer is returned to the sender.
                    Some(relayed) => relayed.response().await,
                    None => Some(forward(&http, &target, &arrival.headers, &arrival.body, Sending::First).await),
                };
                (place, response.map(|response| (response.kept(&http), response.forwarded)))
            });
        }
        let mut all = under_way.join_all().await;
        all.sort_by_key(|(place, _)| *place);
        let all: Vec<_> = all.into_iter().filter_map(|(_, went)| went).map(|(answer, short)| (short, answer)).collect();
        attempt.forwarded = all.iter().map(|(short, _)| short.clone()).collect();
        if let Err(error) = self.attempts.forwarded(attempt.seq, all).await {
            tracing::warn!(%error, "how a forward went was not kept");
        }
        // Receiving has ended.
        self.rows.send(attempt).await.ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_window_is_told_at_once_and_then_not_again_for_50_ms_however_much_comes() {
        let mut batch = Batch::default();
        batch.hurry();
        assert_eq!(batch.due, Some(Instant::now()), "the first is told at once");
        (batch.told, batch.due) = (Some(Instant::now()), None);
        tokio::time::advance(Duration::from_millis(20)).await;
        for _ in 0..100 {
            batch.hurry();
        }
        assert_eq!(batch.due, Some(Instant::now() + Duration::from_millis(30)));
        batch.due = None;
        tokio::time::advance(Duration::from_secs(1)).await;
        batch.hurry();
        assert_eq!(batch.due, Some(Instant::now()));
    }
}
