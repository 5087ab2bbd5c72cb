//! Events of the sandbox on their way.

use std::sync::{Mutex, PoisonError};

use super::Job;
use crate::error::UserError;
use crate::sandbox::{self, AttemptLine, Control, Order, Published};

/// Events published at a time: between two portions it can be stopped.
const PORTION: u32 = 100;

/// An event to be signed and sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Sending {
    /// What is sent, and how often.
    pub order: Order,
    /// Members of the payload to be made anew, as a new sample has them.
    pub renew: Vec<&'static str>,
    /// One address, once each; `None`: the webhooks that chose the type, by the schedule.
    pub to: Option<String>,
}

/// What came of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What was done.
    pub done: Done,
    /// The person stopped it: the rest was not sent.
    pub stopped: bool,
}

/// What was done with the events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// They were published; the first attempts follow at once.
    Published(Published),
    /// They were sent to an address.
    Answered(Vec<AttemptLine>),
}

/// Signs and sends. Starts the sandbox where none runs.
pub(super) async fn send(job: &Job, sending: Sending) -> Result<Sent, UserError> {
    let Sending { mut order, renew, to } = sending;
    // Kept until the end: who serves it for itself waits for this.
    let (running, _using) = match job.sandbox.found(&job.services).await {
        Some(found) => found,
        None => (job.sandbox.running(&job.services).await?, None),
    };
    let control = Control::new(job.services.http.clone(), &running)?;
    if !renew.is_empty() {
        let sample = control.unrecorded().sample(&order.event_type).await?.payload;
        // A sample need not have each of the two times; a received event may.
        let new = |name: &str| sample.get(name).or_else(|| sample.get("timestamp")).cloned();
        order.set.extend(renew.into_iter().filter_map(|name| Some((name.to_owned(), new(name)?))));
    }
    match to {
        None => publish(job, &control, &order).await,
        Some(to) => deliver(job, &order, &to).await,
    }
}

async fn publish(job: &Job, control: &Control, order: &Order) -> Result<Sent, UserError> {
    let mut all = Published { events: Vec::new(), deliveries: Vec::new() };
    for portion in order.portions(PORTION) {
        if job.cancel.is_cancelled() {
            return Ok(Sent { done: Done::Published(all), stopped: true });
        }
        // Never dropped half-way: it would not be known what was published.
        let Published { events, deliveries } = control.publish(&portion).await?;
        all.events.extend(events);
        all.deliveries.extend(deliveries);
    }
    Ok(Sent { done: Done::Published(all), stopped: false })
}

async fn deliver(job: &Job, order: &Order, to: &str) -> Result<Sent, UserError> {
    let answers = Mutex::new(Vec::new());
    let keep = |line: AttemptLine| answers.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    let dir = job.services.sandbox_dir();
    let sending = sandbox::send_to(&dir, order, to, &job.services.http, keep);
    // What hangs is dropped with its connection; what was answered is told.
    let ended = job.cancel.run_until_cancelled(sending).await.transpose()?;
    let lines = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Sent { done: Done::Answered(lines), stopped: ended.is_none() })
}
