//! The connections to a localtunnel server: as many as it takes, each replaced as soon as it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::register::Registered;
use crate::error::{Category, UserError};
use crate::inspector::receiver::Door;

/// How long a connection may take to be made.
const DIAL: Duration = Duration::from_secs(4);
/// A connection that ended sooner and carried nothing was one too many.
const AT_ONCE: Duration = Duration::from_millis(200);
/// The waits before a refused or superfluous connection is tried again.
const WAITS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// How long a connection that is being made again may take before it counts as lost.
const MOMENT: Duration = Duration::from_millis(150);
/// How long what is being answered may take while the pool closes.
const PARTING: Duration = Duration::from_millis(700);

/// Open connections. Dropping it closes them.
pub(super) struct Pool {
    leave: CancellationToken,
    slots: JoinSet<()>,
    troubles: mpsc::Receiver<String>,
    open: Arc<AtomicUsize>,
    to: String,
}

/// What every slot shares.
#[derive(Clone)]
struct Slot {
    to: (String, u16),
    door: Door,
    leave: CancellationToken,
    open: Arc<AtomicUsize>,
    tell: mpsc::Sender<String>,
}

impl Pool {
    /// Opens as many connections as `registered` allows, into `door`.
    pub(super) fn open(registered: &Registered, door: Door) -> Self {
        let (leave, (tell, troubles)) = (CancellationToken::new(), mpsc::channel(1));
        let open = Arc::<AtomicUsize>::default();
        let slot = Slot { to: registered.to.clone(), door, leave: leave.clone(), open: Arc::clone(&open), tell };
        let mut slots = JoinSet::new();
        for _ in 0..registered.connections {
            slots.spawn(slot.clone().keep());
        }
        let to = format!("{}:{}", registered.to.0, registered.to.1);
        Self { leave, slots, troubles, open, to }
    }

    /// Whether a connection stands.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed) > 0
    }

    /// Ready when no connection is left and none can be made.
    pub(super) async fn broke(&mut self) -> UserError {
        let why = loop {
            let Some(why) = self.troubles.recv().await else { break "every connection has ended".to_owned() };
            // It may be an old word, or one that another connection has overtaken.
            sleep(MOMENT).await;
            if self.open.load(Ordering::Relaxed) == 0 {
                break why;
            }
        };
        UserError::new(Category::Network, "The connections to localtunnel's server are lost")
            .detail(format!("{}: {why}", self.to))
            .hint("They are being made again, under the same name where its server still has it")
    }

    /// Closes it: what is being answered is still answered.
    pub(super) async fn close(mut self) {
        self.leave.cancel();
        let ended = async { while self.slots.join_next().await.is_some() {} };
        timeout(PARTING, ended).await.ok();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.leave.cancel();
    }
}

impl Slot {
    /// Keeps one connection, until the pool is closed.
    async fn keep(self) {
        let leave = self.leave.clone();
        let mut wait = WAITS.0;
        loop {
            let dialled = leave.run_until_cancelled(timeout(DIAL, TcpStream::connect((self.to.0.as_str(), self.to.1))));
            let carried = match dialled.await {
                None => return,
                Some(Ok(Ok(stream))) => self.serve(stream).await,
                Some(Ok(Err(error))) => self.cannot(&error.to_string()),
                Some(Err(_)) => self.cannot("no answer in time"),
            };
            if leave.is_cancelled() {
                return;
            }
            if carried {
                wait = WAITS.0;
                continue;
            }
            if leave.run_until_cancelled(sleep(wait)).await.is_none() {
                return;
            }
            wait = (wait * 2).min(WAITS.1);
        }
    }

    /// Serves what comes on `stream`. Answers false where it was ended at once and carried nothing.
    async fn serve(&self, stream: TcpStream) -> bool {
        stream.set_nodelay(true).ok();
        let alive = TcpKeepalive::new().with_time(Duration::from_secs(15)).with_interval(Duration::from_secs(5));
        SockRef::from(&stream).set_tcp_keepalive(&alive).ok();
        self.open.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        let carried = self.door.serve(stream, self.leave.clone()).await;
        self.open.fetch_sub(1, Ordering::Relaxed);
        carried || begun.elapsed() >= AT_ONCE
    }

    fn cannot(&self, why: &str) -> bool {
        if self.open.load(Ordering::Relaxed) == 0 {
            // One such word is enough.
            self.tell.try_send(why.to_owned()).ok();
        }
        false
    }
}
