//! How long a connection may take: over a request's head, and over doing nothing between two requests.
//!
//! The server library has one timer for both. A sender that keeps a connection open for its next webhook is welcome for
//! longer than one that drips a head, byte by byte, to hold a place.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::Instant;

/// From the first byte of a request's head, or from the opening of the connection, to the head's end.
pub(super) const HEAD: Duration = Duration::from_secs(10);
/// From the end of one request to the first byte of the next.
pub(super) const IDLE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Between two requests.
    Idle,
    /// Within a head, or before the first one.
    Head,
    /// A request is being taken in or worked on: it has limits of its own.
    Work,
}

struct State {
    now: Mutex<(Phase, Instant)>,
    changed: Notify,
    /// Doing nothing between two requests is no reason to close.
    patient: bool,
}

/// The pace of one connection.
#[derive(Clone)]
pub(super) struct Pace(Arc<State>);

impl Pace {
    pub(super) fn new() -> Self {
        Self::of(false)
    }

    /// Of a connection whose other end decides how long it is kept: to close one as its next request comes would lose that.
    pub(super) fn patient() -> Self {
        Self::of(true)
    }

    fn of(patient: bool) -> Self {
        let now = Mutex::new((Phase::Head, Instant::now()));
        Self(Arc::new(State { now, changed: Notify::new(), patient }))
    }

    /// Whether doing nothing ends a connection.
    pub(super) fn is_bounded(&self) -> bool {
        !self.0.patient
    }

    fn phase(&self) -> (Phase, Instant) {
        *self.0.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, phase: Phase) {
        *self.0.now.lock().unwrap_or_else(PoisonError::into_inner) = (phase, Instant::now());
        self.0.changed.notify_one();
    }

    /// The head of a request is complete.
    pub(super) fn working(&self) {
        self.enter(Phase::Work);
    }

    /// Its answer is ready.
    pub(super) fn done(&self) {
        self.enter(Phase::Idle);
    }

    fn byte_came(&self) {
        if self.phase().0 == Phase::Idle {
            self.enter(Phase::Head);
        }
    }

    /// Returns when the connection took too long.
    pub(super) async fn overdue(&self) {
        loop {
            let (phase, since) = self.phase();
            let limit = match phase {
                Phase::Idle if !self.0.patient => IDLE,
                Phase::Head => HEAD,
                Phase::Idle | Phase::Work => {
                    self.0.changed.notified().await;
                    continue;
                }
            };
            tokio::select! {
                () = self.0.changed.notified() => {}
                () = tokio::time::sleep_until(since + limit) => {
                    if self.phase() == (phase, since) {
                        return;
                    }
                }
            }
        }
    }
}

/// A stream that tells its pace of what is read.
pub(super) struct Paced<S> {
    pub(super) stream: S,
    pub(super) pace: Pace,
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.pace.byte_came();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
