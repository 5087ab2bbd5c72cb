//! The job itself: tunnel and webhook while it lasts, and everything put back at its end.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::offer::open;
use super::{Event, Link, Sending, Steer};
use crate::backend::Job;
use crate::clock::clock_time;
use crate::error::{Category, UserError};
use crate::inspector::import::{Item, keep_items};
use crate::inspector::receiver::Door;
use crate::kinde::Domain;
use crate::step::Step;
use crate::tenant::Profile;
use crate::tunnel::{self, State};
use crate::webhooks::{self, Ends, Leftovers, Loan, Refusal, Why, Wish};

/// The waits between two tries to put the webhook back, or to let it follow, in seconds; the last one from then on.
const WAITS: [u64; 6] = [1, 2, 5, 10, 30, 60];
/// The same where the window is closing.
const HURRY: Duration = Duration::from_millis(300);

/// Sends the tenant's events here until it is told to stop, and puts everything back.
pub(super) async fn send(sending: Sending, job: &Job) {
    let Sending { profile, through, steer } = sending;
    let _lending = job.lending.begin(profile, job.cancel.clone());
    let Some(door) = job.attempts.door(profile) else {
        return tell(job, Link::Refused(Box::new(refused(no_receiver()))));
    };
    let known = job.profile(profile).await.ok();
    let here = |known: &Profile| known.is_sandbox() || known.domain.as_ref().is_some_and(Domain::is_loopback);
    let on_this_machine = known.as_ref().is_some_and(here);
    let halt = halted(steer.clone(), job.cancel.clone());
    let line = Line::open(profile, through, door, on_this_machine, job);
    let mut room = Room::new(profile, job, steer, halt.clone());
    room.while_it_lasts(&line).await;
    room.put_back().await;
    line.close().await;
    // Whoever waits for it has nothing to wait for.
    halt.cancel();
}

fn tell(job: &Job, link: Link) {
    job.post(Event::Webhook(link));
}

fn refused(error: UserError) -> Refusal {
    Refusal { why: Why::Failed, error }
}

fn no_receiver() -> UserError {
    UserError::new(Category::Internal, "Nothing receives for this profile")
        .detail("The receiver stopped before its address was given to Kinde")
        .hint("Start it again")
}

/// Cancelled once a person wants it stopped, or the window closes.
fn halted(mut steer: watch::Receiver<Steer>, cancel: CancellationToken) -> CancellationToken {
    let halt = cancel.child_token();
    let (watched, now) = (halt.clone(), halt.clone());
    tokio::spawn(async move {
        let stopped = async {
            if steer.wait_for(|steer| steer.stop).await.is_err() {
                // The screen has let go of it.
            }
        };
        tokio::select! {
            () = watched.cancelled() => {}
            () = stopped => now.cancel(),
        }
    });
    halt
}

/// The way to the public address, and the address as it is now.
struct Line {
    url: watch::Receiver<Option<String>>,
    stop: CancellationToken,
    kept: Vec<tokio::task::JoinHandle<()>>,
}

impl Line {
    fn open(profile: Uuid, through: Option<tunnel::Wish>, door: Door, on_this_machine: bool, job: &Job) -> Self {
        // Not the job's own: while the webhook is put back what it delivers still arrives.
        let stop = CancellationToken::new();
        let Some(wish) = through else {
            let (_, url) = watch::channel(Some(door.url()));
            return Self { url, stop, kept: Vec::new() };
        };
        let (sender, url) = watch::channel(None);
        let (rescued, came) = mpsc::channel(4);
        let ends = tunnel::Ends { on_this_machine, ..tunnel::Ends::new(door, job.services.http.clone()) };
        let (told, until) = (job.clone(), stop.clone());
        let keeping = tokio::spawn(async move {
            let say = move |state: State| {
                match &state {
                    State::Up { url, .. } => drop(sender.send_replace(Some(url.to_string()))),
                    State::Rescued(items) => drop(rescued.try_send(items.clone())),
                    _ => {}
                }
                told.post(Event::Tunnel(Box::new(state)));
            };
            tunnel::keep(&wish, &ends, &say, until).await;
        });
        let rescuing = tokio::spawn(keep_rescued(profile, came, job.clone()));
        Self { url, stop, kept: vec![keeping, rescuing] }
    }

    async fn close(self) {
        self.stop.cancel();
        for kept in self.kept {
            // One that panicked has ended too.
            kept.await.ok();
        }
    }
}

/// Keeps what the tunnel's agent had captured before anybody listened here.
async fn keep_rescued(profile: Uuid, mut came: mpsc::Receiver<Vec<Item>>, job: Job) {
    while let Some(items) = came.recv().await {
        let kept = async {
            let mut intake = crate::backend::receiver::intake(profile, &job).await?;
            Ok::<_, UserError>(keep_items(items, &mut intake).await?.count)
        };
        let kept = kept.await;
        job.send(Event::Rescued(kept)).await;
    }
}

struct Room<'a> {
    profile: Uuid,
    job: &'a Job,
    steer: watch::Receiver<Steer>,
    halt: CancellationToken,
    loan: Option<Loan>,
    /// The try and the address that were answered last.
    told: Option<(u32, String)>,
    /// What came of making the webhook, where it was stopped in the middle.
    stopped: Option<String>,
    /// How often in a row it could not follow to another address.
    failures: usize,
    /// When it is tried again.
    again: Option<Instant>,
}

impl<'a> Room<'a> {
    fn new(profile: Uuid, job: &'a Job, steer: watch::Receiver<Steer>, halt: CancellationToken) -> Self {
        Self { profile, job, steer, halt, loan: None, told: None, stopped: None, failures: 0, again: None }
    }

    fn sink(&self) -> impl Fn(Step) + Send + Sync + use<> {
        let job = self.job.clone();
        move |step| job.post(Event::Step(step))
    }

    async fn while_it_lasts(&mut self, line: &Line) {
        tell(self.job, Link::Waiting);
        let mut url = line.url.clone();
        let mut ended = false;
        loop {
            let now = url.borrow_and_update().clone();
            let tries = self.steer.borrow_and_update().tries;
            if let Some(address) = now.filter(|address| self.told != Some((tries, address.clone()))) {
                self.told = Some((tries, address.clone()));
                self.point_at(&address).await;
            }
            tokio::select! {
                biased;
                () = self.halt.cancelled() => return,
                // Where the tunnel has ended it says why, and a person decides.
                changed = url.changed(), if !ended => ended = changed.is_err(),
                steered = self.steer.changed() => if steered.is_err() { return },
                () = due(self.again) => self.told = None,
            }
        }
    }

    /// Lets a webhook point at `address`.
    async fn point_at(&mut self, address: &str) {
        self.again = None;
        let there = self.loan.as_ref().is_some_and(|loan| loan.borrowed().webhook.definition.endpoint == address);
        if there {
            self.failures = 0;
            return self.say_there();
        }
        tell(self.job, Link::Making);
        match self.make(address).await {
            Ok(()) => {
                self.failures = 0;
                self.say_there();
            }
            Err(refusal) if self.halt.is_cancelled() => self.stopped = Some(refusal.error.detail),
            Err(refusal) => {
                let refusal = if self.loan.is_some() { self.left_behind(refusal) } else { refusal };
                tell(self.job, Link::Refused(Box::new(refusal)));
            }
        }
    }

    /// The webhook could not follow to another address: what may pass is tried again, and it is said when.
    fn left_behind(&mut self, mut refusal: Refusal) -> Refusal {
        let may_pass = refusal.may_pass();
        let error = &mut refusal.error;
        error.title = format!("The webhook could not follow to the new address: {}", error.title);
        if may_pass {
            let wait = WAITS.get(self.failures).or(WAITS.last()).copied().map_or(HURRY, Duration::from_secs);
            self.failures += 1;
            self.again = Some(Instant::now() + wait);
            if let Ok(at) = self.job.services.clock.now().saturating_add(wait) {
                error.hint = format!("It is tried again at {}. {}", clock_time(at), error.hint);
            }
        }
        refusal
    }

    fn say_there(&self) {
        if let Some(loan) = &self.loan {
            tell(self.job, Link::There(Box::new(loan.borrowed().clone())));
        }
    }

    async fn make(&mut self, address: &str) -> Result<(), Refusal> {
        let ends = open(self.profile, self.job).await.map_err(refused)?;
        let sink = self.sink();
        if let Some(loan) = &mut self.loan {
            return loan.move_to(&ends, address, &sink, &self.halt).await;
        }
        // What an earlier run left points at an address that nobody has any more.
        self.recover(&ends).await;
        let wanted = self.steer.borrow().webhook.clone();
        let event_types = match wanted.event_types.is_empty() {
            true => all_types(&ends, &self.halt).await?,
            false => wanted.event_types,
        };
        let wish = Wish {
            endpoint: address.to_owned(),
            name: wanted.name,
            event_types,
            instead_of: wanted.instead_of,
            at_limit: wanted.at_limit,
        };
        self.loan = Some(webhooks::borrow(&ends, &wish, &sink, &self.halt).await?);
        Ok(())
    }

    async fn recover(&self, ends: &Ends) {
        let result = webhooks::recover_of(ends, Leftovers::All, &|_| {}, &self.halt).await;
        if result.as_ref().is_ok_and(Vec::is_empty) {
            return;
        }
        let profile = self.job.profile(self.profile).await.map(|profile| profile.name).unwrap_or_default();
        self.job.send(crate::backend::webhooks::Event::Recovered { profile, result }).await;
    }

    /// Puts everything back. Tries until it is done, until a person leaves it to the next start, or the window is gone.
    async fn put_back(&mut self) {
        let Some(mut loan) = self.loan.take() else {
            return tell(self.job, Link::Back(self.stopped.take().unwrap_or_default()));
        };
        let sink = self.sink();
        let mut waits = WAITS.into_iter();
        let mut last = None;
        loop {
            tell(self.job, Link::Returning);
            let tried = match open(self.profile, self.job).await {
                Ok(ends) => loan.give_back(&ends, &sink).await.map_err(|refusal| refusal.error),
                Err(error) => Err(error),
            };
            let error = match tried {
                Ok(returned) => return tell(self.job, Link::Back(returned.words)),
                Err(error) => error,
            };
            if self.is_removed().await {
                tracing::warn!(%error, "the profile is gone before its webhook: the journal keeps what is to be put back");
                return;
            }
            let wait = match self.job.cancel.is_cancelled() {
                true => HURRY,
                false => Duration::from_secs(waits.next().or(last).unwrap_or(1)),
            };
            last = Some(wait.as_secs());
            let again_at = self.job.services.clock.now().saturating_add(wait).ok();
            tell(self.job, Link::NotBack { error, again_at });
            if !self.wait(wait).await {
                return;
            }
        }
    }

    /// The profile is gone, and its secrets with it: nothing more can be asked of Kinde in its name.
    async fn is_removed(&self) -> bool {
        let (profiles, id) = (self.job.services.profiles.clone(), self.profile);
        matches!(tokio::task::spawn_blocking(move || profiles.get(id)).await, Ok(Ok(None)))
    }

    /// False where a person leaves it to the next start.
    async fn wait(&mut self, wait: Duration) -> bool {
        let tries = self.steer.borrow_and_update().tries;
        let hurried = self.job.cancel.is_cancelled();
        let steer = &mut self.steer;
        let steered = async {
            match steer.wait_for(|steer| steer.leave || steer.tries != tries).await.map(|steer| steer.leave) {
                Ok(leave) => leave,
                // Nobody steers it any more: it goes on by itself.
                Err(_) => std::future::pending().await,
            }
        };
        let left = tokio::select! {
            () = tokio::time::sleep(wait) => false,
            () = self.job.cancel.cancelled(), if !hurried => false,
            leave = steered => leave,
        };
        !left
    }
}

/// Ready when it is time; never where nothing waits.
async fn due(again: Option<Instant>) {
    match again {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn all_types(ends: &Ends, cancel: &CancellationToken) -> Result<Vec<String>, Refusal> {
    let catalogue = webhooks::offered(ends, &|_| {}, cancel).await?;
    Ok(catalogue.types.into_iter().map(|it| it.event_type).collect())
}
