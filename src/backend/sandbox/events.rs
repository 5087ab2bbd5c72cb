//! Events of the sandbox on their way: sending them, and looking at what became of them.

use std::sync::{Mutex, PoisonError};

use super::{Job, control};
use crate::error::UserError;
use crate::sandbox::{self, AttemptLine, DeliveryView, Order, Published};

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
pub enum Sent {
    /// It was published; the first attempts follow at once.
    Published(Published),
    /// It was sent to an address.
    Answered(Vec<AttemptLine>),
}

/// Signs and sends.
pub(super) async fn send(job: &Job, sending: Sending) -> Result<Sent, UserError> {
    let Sending { mut order, renew, to } = sending;
    let (control, _) = control(job).await?;
    if !renew.is_empty() {
        let sample = control.sample(&order.event_type).await?.payload;
        let new = renew.into_iter().filter_map(|name| Some((name.to_owned(), sample.get(name)?.clone())));
        order.set.extend(new);
    }
    let Some(to) = to else { return Ok(Sent::Published(control.publish(&order).await?)) };
    let answers = Mutex::new(Vec::new());
    let keep = |line: AttemptLine| answers.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    sandbox::send_to(&job.services.sandbox_dir(), &order, &to, &job.services.http, keep).await?;
    Ok(Sent::Answered(answers.into_inner().unwrap_or_else(PoisonError::into_inner)))
}

/// The newest deliveries.
pub(super) async fn deliveries(job: &Job, limit: u32) -> Result<Vec<DeliveryView>, UserError> {
    let (control, _) = control(job).await?;
    Ok(control.deliveries(None, limit).await?)
}
