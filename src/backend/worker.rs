//! The thread itself: its runtime, the job table, and the end.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Command, Event, EventSender, Job, JobId, SandboxHost, shell};
use crate::clock::Clock;
use crate::error::{Category, UserError};
use crate::kinde::jwks::Jwks;
use crate::net::Recorder;
use crate::secrets::SecretStore;
use crate::services::Services;

const COMMANDS: usize = 64;
const EVENTS: usize = 256;

/// An event with the job it belongs to; 0 for what belongs to none.
#[derive(Debug)]
pub struct Stamped {
    /// The job.
    pub job: JobId,
    /// The event.
    pub event: Event,
}

/// The queue is full: the person is told, and may try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

enum Order {
    Run(JobId, Command),
    Cancel(JobId),
}

/// The window's end: sends commands, takes events. Dropping it ends the thread.
pub struct Backend {
    orders: mpsc::Sender<Order>,
    events: mpsc::Receiver<Stamped>,
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Backend {
    /// Starts the thread over the data folder `data_dir`. `wake` is called after every event; `trace` sees every
    /// exchange too.
    ///
    /// # Errors
    /// When the data folder or the thread cannot be made.
    pub fn start(
        data_dir: PathBuf,
        secrets: SecretStore,
        clock: Clock,
        wake: impl Fn() + Send + Sync + 'static,
        trace: Option<Recorder>,
    ) -> Result<Self, UserError> {
        let (orders, inbox) = mpsc::channel(COMMANDS);
        let (sender, events) = mpsc::channel(EVENTS);
        let sender = EventSender::new(sender, wake);
        let exchanges = sender.clone();
        let recorder = Recorder::to(move |exchange| {
            if let Some(trace) = &trace {
                trace.record(exchange.clone());
            }
            // A full queue loses a line of Activity rather than holding up the request.
            exchanges.try_send(0, shell::Event::Exchange(Box::new(exchange)).into());
        });
        let services = Services::open(&data_dir, recorder, clock, secrets)?;
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("backend".to_owned())
            .spawn(move || serve(services, inbox, sender, stopped))
            .map_err(|error| {
                UserError::new(Category::Internal, "The panel's worker thread could not be started")
                    .detail(error.to_string())
                    .hint("Close some programs and start again")
            })?;
        Ok(Self { orders, events, stop, thread: Some(thread) })
    }

    /// Asks for a job.
    ///
    /// # Errors
    /// When the queue is full.
    pub fn run(&self, job: JobId, command: Command) -> Result<(), Busy> {
        self.orders.try_send(Order::Run(job, command)).map_err(|_| Busy)
    }

    /// Asks a job to end.
    ///
    /// # Errors
    /// When the queue is full.
    pub fn cancel(&self, job: JobId) -> Result<(), Busy> {
        self.orders.try_send(Order::Cancel(job)).map_err(|_| Busy)
    }

    /// The next event, if one waits.
    pub fn next_event(&mut self) -> Option<Stamped> {
        self.events.try_recv().ok()
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.stop.cancel();
        self.events.close();
        if let Some(thread) = self.thread.take() {
            // The thread bounds its own end; what it panicked with is already in the report.
            thread.join().ok();
        }
    }
}

fn serve(services: Services, mut inbox: mpsc::Receiver<Order>, events: EventSender, stop: CancellationToken) {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("job").enable_all().build();
    let runtime = match built {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!("the runtime could not be built: {error}");
            return;
        }
    };
    let jwks = Jwks::new(services.http.clone(), Some(services.data.file("history.db")));
    let sandbox = SandboxHost::default();
    runtime.block_on(async {
        let jobs = TaskTracker::new();
        let mut running: HashMap<JobId, CancellationToken> = HashMap::new();
        loop {
            let order = tokio::select! {
                () = stop.cancelled() => break,
                order = inbox.recv() => match order { Some(order) => order, None => break },
            };
            running.retain(|_, cancel| !cancel.is_cancelled());
            match order {
                Order::Run(id, command) => {
                    let cancel = stop.child_token();
                    running.insert(id, cancel.clone());
                    let job = Job {
                        id,
                        services: services.clone(),
                        jwks: jwks.clone(),
                        sandbox: sandbox.clone(),
                        events: events.clone(),
                        cancel: cancel.clone(),
                    };
                    jobs.spawn(async move {
                        command.run(job).await;
                        // Marks the entry as over: it is swept at the next order.
                        cancel.cancel();
                    });
                }
                Order::Cancel(id) => {
                    if let Some(cancel) = running.remove(&id) {
                        cancel.cancel();
                    }
                }
            }
        }
        jobs.close();
        // Jobs that heed their token put things back; the others are dropped with the runtime.
        tokio::time::timeout(Duration::from_millis(500), jobs.wait()).await.ok();
        tokio::time::timeout(Duration::from_millis(500), sandbox.stop()).await.ok();
    });
    runtime.shutdown_timeout(Duration::from_millis(500));
}
