//! The receiver on this machine: takes webhooks in on 127.0.0.1 and answers once they are on disk.
//!
//! It is write-only. It never answers with data, sends no CORS header, refuses what a browser's page asked for, and knows
//! one path, which nobody can guess; only a handler's own answer is passed on, where a person asked for that ([`Relay`]). A
//! tunnel may hand it connections and send self-tests ([`Door`]): those are recognised and not kept.
//! Everything about a connection is bounded: head, headers, body, time, and how many there are. What it takes in is judged
//! elsewhere: it hands every stored attempt on as an [`Arrival`].

mod door;
mod left;
mod pace;
mod probe;
mod relay;
mod seats;
mod serve;
mod sift;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::check::Check;
use crate::clock::Clock;
use crate::error::{Category, UserError};
use crate::store::HistoryError;
use crate::store::attempts::{Attempts, NewAttempt, Stored};

pub use door::Door;
pub use left::Left;
pub use probe::{Expected, MARK, Seen};
pub use relay::{RELAY_NOTE, Relay, Relayed};
pub use serve::{kept_header, transport};
pub use sift::{Sifted, sift, sift_read};

/// The most bytes of a body.
pub const MAX_BODY: usize = 1 << 20;

/// How the sender is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answering {
    /// The status.
    pub status: u16,
    /// Waits so long before it answers.
    pub delay: Duration,
    /// Hangs up instead of answering. The attempt is kept all the same.
    pub drop: bool,
}

impl Default for Answering {
    fn default() -> Self {
        Self { status: 200, delay: Duration::ZERO, drop: false }
    }
}

/// What a receiver is to be.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `None`: a free one.
    pub port: Option<u16>,
    /// With its leading slash. `None`: a random one.
    pub path: Option<String>,
    /// How senders are answered.
    pub answering: Answering,
    /// Whose answer is returned in place of the status of `answering`; its delay counts all the same, and so does its
    /// hanging up, which asks nobody.
    pub relay: Option<Relay>,
}

/// An attempt that is on disk and waits for its verdict.
#[derive(Clone)]
pub struct Arrival {
    /// Its number.
    pub stored: Stored,
    /// All that came, whatever of it is kept: what cannot be kept whole is judged from here, once.
    pub body: Arc<[u8]>,
    /// What was seen in it.
    pub sifted: Arc<Sifted>,
    /// Names in lower case, without credentials.
    pub headers: Arc<[(String, String)]>,
    /// The rung that only the receiver can judge.
    pub transport: Check,
    /// The forward that is under way already, because its answer is returned to the sender.
    pub relayed: Option<Relayed>,
    /// `body` lacks the signature, which was not kept, and nobody has it any more.
    pub lost: bool,
}

/// Bodies do not belong into logs.
impl std::fmt::Debug for Arrival {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Arrival").field("stored", &self.stored).finish_non_exhaustive()
    }
}

/// Answers when something is on disk.
pub type Keeping<T> = std::pin::Pin<Box<dyn Future<Output = Result<T, HistoryError>> + Send>>;

/// Where a receiver keeps what comes: the history. A bench keeps it elsewhere, to tell what keeping costs.
pub trait Keep: Send + Sync {
    /// Keeps an attempt. It is on disk when this is ready; the sender must not be told otherwise.
    fn keep(&self, new: NewAttempt) -> Keeping<Stored>;
    /// Notes what the sender of an attempt was answered after all.
    fn answered(&self, seq: i64, status: u16) -> Keeping<()>;
}

impl Keep for Attempts {
    fn keep(&self, new: NewAttempt) -> Keeping<Stored> {
        let attempts = self.clone();
        Box::pin(async move { attempts.receive(new).await })
    }

    fn answered(&self, seq: i64, status: u16) -> Keeping<()> {
        let attempts = self.clone();
        Box::pin(async move { attempts.responded(seq, status).await })
    }
}

/// What every connection shares.
struct Shared {
    attempts: Box<dyn Keep>,
    owner: String,
    clock: Clock,
    path: String,
    answering: RwLock<Answering>,
    relay: RwLock<Option<Relay>>,
    arrivals: mpsc::Sender<Arrival>,
    left: left::Queue,
    probes: probe::Probes,
    started_at: jiff::Timestamp,
}

/// A running receiver. Dropping it stops it.
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    seats: seats::Seats,
    stop: CancellationToken,
    served: Option<tokio::task::JoinHandle<()>>,
}

impl Receiver {
    /// Starts to receive for `owner` (a profile's id, or the domain of an unsaved one). Where nobody takes the arrivals
    /// quickly enough they are let go of, and wait as [`Left`] for their turn.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub async fn start(
        options: Options,
        owner: String,
        attempts: impl Keep + 'static,
        clock: Clock,
        arrivals: mpsc::Sender<Arrival>,
    ) -> Result<Self, UserError> {
        let port = options.port.unwrap_or(0);
        let cannot = |error: std::io::Error| {
            UserError::new(Category::Network, "The receiver could not be started")
                .detail(format!("127.0.0.1:{port}: {error}"))
                .hint("Another program may use the port: name another one, or none for a free one")
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let path = options.path.unwrap_or_else(|| format!("/k/{}", uuid::Uuid::new_v4().simple()));
        let (answering, relay) = (RwLock::new(options.answering), RwLock::new(options.relay));
        let (attempts, probes, started_at) = (Box::new(attempts), probe::Probes::default(), clock.now());
        let left = left::Queue::default();
        let shared =
            Arc::new(Shared { attempts, owner, clock, path, answering, relay, arrivals, left, probes, started_at });
        let (seats, stop) = (seats::Seats::default(), CancellationToken::new());
        let served = tokio::spawn(serve::accept(listener, Arc::clone(&shared), seats.clone(), stop.clone()));
        Ok(Self { address, shared, seats, stop, served: Some(served) })
    }

    /// Where senders reach it.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.shared.path)
    }

    /// The port it has.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// A way in for tunnels.
    pub fn door(&self) -> Door {
        let (shared, seats, stop) = (Arc::clone(&self.shared), self.seats.clone(), self.stop.clone());
        Door { address: self.address, shared, seats, stop }
    }

    /// How senders are answered.
    pub fn answering(&self) -> Answering {
        *self.shared.answering.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers senders otherwise from now on.
    pub fn set_answering(&self, answering: Answering) {
        *self.shared.answering.write().unwrap_or_else(PoisonError::into_inner) = answering;
    }

    /// Returns a handler's answer to senders from now on, or none.
    pub fn set_relay(&self, relay: Option<Relay>) {
        *self.shared.relay.write().unwrap_or_else(PoisonError::into_inner) = relay;
    }

    /// Those for which there was no room among the arrivals, the first of them and at most `most`, as soon as there are any.
    /// They came after all arrivals that wait.
    pub async fn left(&self, most: usize) -> Vec<Left> {
        self.shared.left.take(most).await
    }

    /// Stops: no new request is taken, those that came whole are still answered.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(served) = self.served.take() {
            // A task that panicked has stopped too.
            served.await.ok();
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
