//! The way of events from the jobs to the window: in order, each of them wakes it, and none that matters is lost.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::{Event, JobId};

/// How many events may wait before a job that can wait does, and a line of Activity is lost.
const WAITING: usize = 256;

/// An event with the job it belongs to; 0 for what belongs to none.
#[derive(Debug)]
pub struct Stamped {
    /// The job.
    pub job: JobId,
    /// The event.
    pub event: Event,
}

/// An event on its way, and its place among those that may wait.
type Sent = (Stamped, Option<OwnedSemaphorePermit>);

/// The backend's end of the event queue: every send also wakes the window, so that nobody can forget to.
#[derive(Clone)]
pub struct EventSender {
    queue: mpsc::UnboundedSender<Sent>,
    places: Arc<Semaphore>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

/// The window's end of the event queue. Dropping it ends every wait of the other end.
#[derive(Debug)]
pub struct Events {
    queue: mpsc::UnboundedReceiver<Sent>,
    places: Arc<Semaphore>,
}

impl EventSender {
    /// A new queue; `wake` is called after each event.
    #[expect(
        clippy::disallowed_methods,
        reason = "bounded by places; what is posted past them are the steps and answers of what a person began, and a lost one is a lost session"
    )]
    pub fn queue(wake: impl Fn() + Send + Sync + 'static) -> (Self, Events) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let places = Arc::new(Semaphore::new(WAITING));
        let events = Events { queue: receiver, places: Arc::clone(&places) };
        (Self { queue: sender, places, wake: Arc::new(wake) }, events)
    }

    /// Sends, waiting while the queue is full.
    pub async fn send(&self, job: JobId, event: Event) {
        // Closed: the window has gone, and nobody would take it.
        if let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
            self.put(job, event, Some(place));
        }
    }

    /// Sends without waiting and past the bound, from where nothing may wait and nothing may be lost.
    pub fn post(&self, job: JobId, event: Event) {
        self.put(job, event, None);
    }

    /// Sends without waiting; false when the queue is full or the window has gone.
    pub fn try_send(&self, job: JobId, event: Event) -> bool {
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.is_ok_and(|place| self.put(job, event, Some(place)))
    }

    fn put(&self, job: JobId, event: Event, place: Option<OwnedSemaphorePermit>) -> bool {
        let sent = self.queue.send((Stamped { job, event }, place)).is_ok();
        if sent {
            (self.wake)();
        }
        sent
    }
}

impl std::fmt::Debug for EventSender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EventSender")
    }
}

impl Events {
    /// The next event, if one waits.
    pub fn take(&mut self) -> Option<Stamped> {
        self.queue.try_recv().ok().map(|(stamped, _)| stamped)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.places.close();
    }
}

#[cfg(test)]
mod tests {
    use super::super::{End, shell};
    use super::*;

    fn keyring(moved: usize) -> Event {
        shell::Event::Keyring(crate::secrets::KeyringState::Ready, moved).into()
    }

    #[tokio::test]
    async fn what_a_job_posts_into_a_full_queue_comes_in_its_order_and_what_may_be_lost_is_refused() {
        let (sender, mut events) = EventSender::queue(|| {});
        while sender.try_send(0, keyring(0)) {}
        for job in 1..=1000 {
            sender.post(job, keyring(1));
        }
        assert!(!sender.try_send(0, keyring(0)));
        let waiting = tokio::spawn({
            let sender = sender.clone();
            async move { sender.send(1001, Event::Ended(End::Done)).await }
        });
        let mut jobs = Vec::new();
        while let Some(stamped) = events.take() {
            jobs.extend((stamped.job != 0).then_some(stamped.job));
        }
        waiting.await.unwrap();
        jobs.extend(events.take().map(|stamped| stamped.job));
        assert_eq!(jobs, (1..=1001).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_job_that_waits_for_a_place_is_let_go_when_the_window_has_gone() {
        let (sender, events) = EventSender::queue(|| {});
        while sender.try_send(0, keyring(0)) {}
        let waiting = tokio::spawn(async move { sender.send(1, keyring(1)).await });
        drop(events);
        waiting.await.unwrap();
    }
}
