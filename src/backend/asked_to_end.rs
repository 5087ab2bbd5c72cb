//! SIGTERM and SIGINT (Ctrl-C on Windows): the window is asked to close, and does not hold up the end if it cannot.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{EventSender, shell};

/// So long the window may take to close. A session that ends waits little longer before it kills.
const GRACE: Duration = Duration::from_millis(700);

/// Whether the window did not close in time: then this thread puts away and ends the process.
#[derive(Debug, Clone, Default)]
pub(super) struct Overdue(Arc<AtomicBool>);

impl Overdue {
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Waits for the system's word and passes it on; `stop` says that the window heeded it.
pub(super) async fn attend(events: EventSender, stop: CancellationToken, overdue: Overdue) {
    let Some(mut asked) = Asked::new() else { return };
    tokio::select! {
        () = stop.cancelled() => return,
        () = asked.next() => {}
    }
    pass_on(events, stop, overdue, async move { asked.next().await }).await;
}

/// Asks the window; a second word, or too long a wait, ends it without the window.
async fn pass_on(events: EventSender, stop: CancellationToken, overdue: Overdue, again: impl Future<Output = ()>) {
    events.post(0, shell::Event::AskedToEnd.into());
    tokio::select! {
        () = stop.cancelled() => return,
        () = tokio::time::sleep(GRACE) => {}
        () = again => {}
    }
    overdue.0.store(true, Ordering::SeqCst);
    stop.cancel();
}

#[cfg(unix)]
struct Asked {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Asked {
    /// `None` where the system does not let itself be listened to: then its word ends the process at once.
    fn new() -> Option<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let terminate = signal(SignalKind::terminate()).ok()?;
        Some(Self { terminate, interrupt: signal(SignalKind::interrupt()).ok()? })
    }

    async fn next(&mut self) {
        tokio::select! {
            Some(()) = self.terminate.recv() => {}
            Some(()) = self.interrupt.recv() => {}
            else => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
struct Asked;

#[cfg(not(unix))]
impl Asked {
    fn new() -> Option<Self> {
        Some(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Event;

    #[tokio::test]
    async fn the_window_is_asked_to_close_and_left_to_it() {
        let (sender, mut events) = EventSender::queue(|| {});
        let (stop, overdue) = (CancellationToken::new(), Overdue::default());
        let passed = tokio::spawn(pass_on(sender, stop.clone(), overdue.clone(), std::future::pending()));
        let asked = loop {
            if let Some(asked) = events.take() {
                break asked;
            }
            tokio::task::yield_now().await;
        };
        assert!(matches!(asked.event, Event::Shell(shell::Event::AskedToEnd)));
        stop.cancel();
        passed.await.unwrap();
        assert!(!overdue.is_set());
    }

    #[tokio::test]
    async fn a_second_word_ends_the_process_without_the_window() {
        let (sender, _events) = EventSender::queue(|| {});
        let (stop, overdue) = (CancellationToken::new(), Overdue::default());
        pass_on(sender, stop.clone(), overdue.clone(), std::future::ready(())).await;
        assert!(stop.is_cancelled() && overdue.is_set());
    }
}
