//! The thread itself: its runtime, the jobs, and the end.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::asked_to_end::{self, Overdue};
use super::{
    AttemptStore, Command, End, Event, EventSender, Events, Going, Job, JobId, SandboxHost, Stamped, keeper, shell,
};
use crate::clock::Clock;
use crate::error::{Category, UserError};
use crate::kinde::jwks::Jwks;
use crate::net::Recorder;
use crate::secrets::SecretStore;
use crate::services::Services;

const COMMANDS: usize = 64;
/// How long what is put back in a tenant is waited for where something else is to follow: the end of the process, after the
/// window has gone, and the removal of its profile.
pub(super) const RETURN: Duration = Duration::from_secs(3);
/// How long for a change to a tenant that was cut short: its call, and what puts it right. As long as a command stays for it.
const WRITES: Duration = Duration::from_secs(20);
/// What a process ends with that was told to, and whose window did not heed it: as an interrupted command does.
const INTERRUPTED: i32 = 130;

/// The queue is full: the person is told, and may try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

struct Order {
    job: JobId,
    command: Command,
    cancel: CancellationToken,
}

/// The window's end: sends commands, takes events. Dropping it ends the thread.
pub struct Backend {
    orders: mpsc::Sender<Order>,
    /// `None` once the window lets go of it.
    events: Option<Events>,
    /// The tokens of the jobs that may be running.
    running: HashMap<JobId, CancellationToken>,
    /// The text of `window.ron`.
    kept: watch::Sender<String>,
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Backend {
    /// Starts the thread over the data folder `data_dir`. `wake` is called after every event; `trace` sees every
    /// exchange too.
    ///
    /// # Errors
    /// When the data folder, the runtime or the thread cannot be made.
    pub fn start(
        data_dir: PathBuf,
        secrets: SecretStore,
        clock: Clock,
        wake: impl Fn() + Send + Sync + 'static,
        trace: Option<Recorder>,
    ) -> Result<Self, UserError> {
        let (orders, inbox) = mpsc::channel(COMMANDS);
        let (sender, events) = EventSender::queue(wake);
        let exchanges = sender.clone();
        let recorder = Recorder::to(move |exchange| {
            if let Some(trace) = &trace {
                trace.record(exchange.clone());
            }
            // A full queue loses a line of Activity rather than holding up the request.
            exchanges.try_send(0, shell::Event::Exchange(Box::new(exchange)).into());
        });
        let services = Services::open(&data_dir, recorder, clock, secrets)?;
        let no_thread = |error: std::io::Error| {
            UserError::new(Category::Internal, "The panel's worker thread could not be started")
                .detail(error.to_string())
                .hint("Close some programs and start again")
        };
        // Here and not in the thread: what fails here is told in the window.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("job")
            .enable_all()
            .build()
            .map_err(no_thread)?;
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let (kept, texts) = watch::channel(String::new());
        let thread = std::thread::Builder::new()
            .name("backend".to_owned())
            .spawn(move || serve(runtime, services, inbox, sender, texts, stopped))
            .map_err(no_thread)?;
        Ok(Self { orders, events: Some(events), running: HashMap::new(), kept, stop, thread: Some(thread) })
    }

    /// Asks for a job.
    ///
    /// # Errors
    /// When the queue is full.
    pub fn run(&mut self, job: JobId, command: Command) -> Result<(), Busy> {
        let cancel = self.stop.child_token();
        let order = Order { job, command, cancel: cancel.clone() };
        self.orders.try_send(order).map_err(|_| Busy)?;
        self.running.insert(job, cancel);
        Ok(())
    }

    /// Keeps `text` in `window.ron`, a moment after the last such call. Never waits.
    pub fn keep(&self, text: String) {
        self.kept.send_if_modified(|kept| {
            let changed = *kept != text;
            *kept = text;
            changed
        });
    }

    /// Asks a job to end. One that has not begun ends before it does anything.
    pub fn cancel(&mut self, job: JobId) {
        if let Some(cancel) = self.running.remove(&job) {
            cancel.cancel();
        }
    }

    /// The next event, if one waits.
    pub fn next_event(&mut self) -> Option<Stamped> {
        let stamped = self.events.as_mut()?.take()?;
        if let Event::Ended(_) = stamped.event {
            self.running.remove(&stamped.job);
        }
        Some(stamped)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.stop.cancel();
        self.events = None;
        if let Some(thread) = self.thread.take() {
            // The thread bounds its own end; what it panicked with is already in the report.
            thread.join().ok();
        }
    }
}

fn serve(
    runtime: Runtime,
    services: Services,
    mut inbox: mpsc::Receiver<Order>,
    events: EventSender,
    texts: watch::Receiver<String>,
    stop: CancellationToken,
) {
    let jwks = Jwks::new(services.http.clone(), Some(services.data.file("history.db")));
    let sandbox = SandboxHost::default();
    let attempts = AttemptStore::default();
    let lending = Going::default();
    let overdue = Overdue::default();
    runtime.block_on(async {
        let keeper = tokio::spawn(keeper::keep(services.data.file("window.ron"), texts, keeper::QUIET, stop.clone()));
        tokio::spawn(asked_to_end::attend(events.clone(), stop.clone(), overdue.clone()));
        let (jobs, writes) = (TaskTracker::new(), TaskTracker::new());
        loop {
            let Order { job: id, command, cancel } = tokio::select! {
                () = stop.cancelled() => break,
                order = inbox.recv() => match order { Some(order) => order, None => break },
            };
            let job = Job {
                id,
                services: services.clone(),
                jwks: jwks.clone(),
                sandbox: sandbox.clone(),
                attempts: attempts.clone(),
                lending: lending.clone(),
                events: events.clone(),
                cancel,
            };
            if command.may_leave_half_done() {
                jobs.spawn(writes.track_future(attend(job, command)));
            } else {
                jobs.spawn(attend(job, command));
            }
        }
        jobs.close();
        writes.close();
        tokio::time::timeout(Duration::from_millis(500), keeper).await.ok();
        // Jobs that heed their token put things back; the others are dropped with the runtime.
        tokio::time::timeout(Duration::from_millis(500), jobs.wait()).await.ok();
        // Between the two halves of a change to a tenant nothing is dropped: at the worst there is no webhook at all.
        if tokio::time::timeout(WRITES, writes.wait()).await.is_err() {
            tracing::warn!("something may be half done in a tenant: the next start looks, and puts it right or asks");
        }
        // What was borrowed of a tenant is put back first; what cannot be is left to the next start.
        tokio::time::timeout(RETURN, lending.ended()).await.ok();
        // Longer only where another process is in the middle of using it.
        sandbox.leave(&services, Duration::from_secs(1)).await;
    });
    runtime.shutdown_timeout(Duration::from_millis(500));
    if overdue.is_set() {
        std::process::exit(INTERRUPTED);
    }
}

/// Runs one job to its end, its cancellation or its panic, and says which.
async fn attend(job: Job, command: Command) {
    let (id, events, cancel) = (job.id, job.events.clone(), job.cancel.clone());
    let cut = command.may_be_cut();
    let end = run_to_end(cut, &cancel, command.run(job)).await;
    events.send(id, Event::Ended(end)).await;
}

async fn run_to_end(cut: bool, cancel: &CancellationToken, work: impl Future<Output = ()> + Send + 'static) -> End {
    // A task of its own: its panic is an answer here.
    let mut task = tokio::spawn(work);
    let ended = if cut {
        match cancel.run_until_cancelled(&mut task).await {
            Some(ended) => ended,
            None => {
                task.abort();
                task.await
            }
        }
    } else {
        task.await
    };
    match ended {
        Ok(()) if cancel.is_cancelled() => End::Cancelled,
        Ok(()) => End::Done,
        Err(error) => broken_off(&error),
    }
}

fn broken_off(error: &JoinError) -> End {
    if error.is_panic() { End::Broken } else { End::Cancelled }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ends(cut: bool, cancelled: bool, work: impl Future<Output = ()> + Send + 'static) -> End {
        let cancel = CancellationToken::new();
        if cancelled {
            cancel.cancel();
        }
        run_to_end(cut, &cancel, work).await
    }

    #[tokio::test]
    async fn a_job_that_ends_panics_or_is_cut_says_so_and_one_that_changes_something_is_brought_to_its_end() {
        assert_eq!(ends(true, false, async {}).await, End::Done);
        assert_eq!(ends(true, false, async { panic!("planted") }).await, End::Broken);
        assert_eq!(ends(true, true, std::future::pending()).await, End::Cancelled);
        let (done, finished) = tokio::sync::oneshot::channel();
        ends(false, true, async move {
            tokio::task::yield_now().await;
            done.send(()).unwrap();
        })
        .await;
        finished.await.unwrap();
    }
}
