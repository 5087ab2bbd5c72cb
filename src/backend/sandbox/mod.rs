//! What the Sandbox room asks of the sandbox: start and stop, what it is made of, its faults, what happens at its
//! providers.

mod events;
mod view;

use super::Job;
use crate::error::UserError;
use crate::sandbox::{Control, DeliveryView, Faults, Rotated, Rotation, Running, Sample, SentBody};

pub use events::{Sending, Sent};
pub use view::{Runs, SandboxView};

/// What is asked of the sandbox.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Tell about it, running or not.
    Look,
    /// Start it, or use the one that runs; tell about it.
    Start,
    /// End it where this window serves it; tell about it.
    Stop,
    /// Put these faults in the place of those that were on.
    SetFaults(Faults),
    /// The account's owner disconnects the connected app of that key at the provider.
    Disconnect {
        /// Reference key.
        key: String,
    },
    /// Every provider token of the connected app of that key expires now.
    Expire {
        /// Reference key.
        key: String,
    },
    /// Show a sample of an event type as it would be published now.
    Sample {
        /// `user.created`.
        event_type: String,
    },
    /// Sign an event and send it.
    Send(Box<Sending>),
    /// List the newest deliveries.
    Deliveries {
        /// So many at most.
        limit: u32,
    },
    /// Show what is sent with a delivery.
    Body {
        /// Its number.
        delivery: i64,
    },
    /// Switch a webhook on again that was switched off after failing for 72 hours.
    SwitchOn {
        /// `webhook_…`.
        webhook: String,
    },
    /// Set the most webhooks the made-up plan allows; `None` for any number. Tell about the sandbox.
    SetWebhookLimit(Option<u32>),
    /// Sign with a new key from now on.
    RotateKeys(Rotation),
}

/// What comes back.
#[derive(Debug)]
pub enum Event {
    /// The sandbox as it is now.
    Seen(Result<Box<SandboxView>, UserError>),
    /// The faults that are on now.
    Faults(Result<Faults, UserError>),
    /// How many tokens it met at the provider of `key`.
    Happened {
        /// Reference key.
        key: String,
        /// In words: "disconnected", "expired".
        what: &'static str,
        /// How many.
        tokens: Result<u64, UserError>,
    },
    /// A sample of an event type.
    Sampled {
        /// `user.created`.
        event_type: String,
        /// What the token would say.
        sample: Result<Sample, UserError>,
    },
    /// What came of sending.
    Sent(Result<Sent, UserError>),
    /// The deliveries, newest first.
    Deliveries(Result<Vec<DeliveryView>, UserError>),
    /// What is sent with a delivery.
    Body(Result<SentBody, UserError>),
    /// The keys after a rotation; the sandbox is to be looked at again.
    Rotated(Result<Rotated, UserError>),
}

/// Does what is asked and sends the answer.
pub async fn run(command: Command, job: Job) {
    let event = match command {
        Command::Look => seen(view::look(&job).await),
        Command::Start => seen(match job.sandbox.running(&job.services).await {
            Ok(_) => view::look(&job).await,
            Err(error) => Err(error),
        }),
        Command::Stop => {
            job.sandbox.stop().await;
            seen(view::look(&job).await)
        }
        Command::SetFaults(faults) => Event::Faults(set_faults(&job, &faults).await),
        Command::Disconnect { key } => {
            let tokens = match control(&job).await {
                Ok((control, _)) => control.disconnect_at_provider(&key).await.map_err(UserError::from),
                Err(error) => Err(error),
            };
            Event::Happened { key, what: "disconnected", tokens }
        }
        Command::Expire { key } => {
            let tokens = match control(&job).await {
                Ok((control, _)) => control.expire_at_provider(&key).await.map_err(UserError::from),
                Err(error) => Err(error),
            };
            Event::Happened { key, what: "expired", tokens }
        }
        Command::Sample { event_type } => {
            let sample = match control(&job).await {
                Ok((control, _)) => control.sample(&event_type).await.map_err(UserError::from),
                Err(error) => Err(error),
            };
            Event::Sampled { event_type, sample }
        }
        Command::Send(sending) => Event::Sent(events::send(&job, *sending).await),
        Command::Body { delivery } => Event::Body(match control(&job).await {
            Ok((control, _)) => control.body(delivery).await.map_err(UserError::from),
            Err(error) => Err(error),
        }),
        Command::SwitchOn { webhook } => seen(match control(&job).await {
            Ok((control, _)) => match control.switch_on(&webhook).await {
                Ok(()) => view::look(&job).await,
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error),
        }),
        Command::SetWebhookLimit(limit) => seen(match control(&job).await {
            Ok((control, _)) => match control.set_webhook_limit(limit).await {
                Ok(_) => view::look(&job).await,
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error),
        }),
        Command::RotateKeys(old) => Event::Rotated(match control(&job).await {
            Ok((control, _)) => control.rotate_keys(old).await.map_err(UserError::from),
            Err(error) => Err(error),
        }),
        Command::Deliveries { limit } => Event::Deliveries(events::deliveries(&job, limit).await),
    };
    job.send(event).await;
}

fn seen(result: Result<SandboxView, UserError>) -> Event {
    Event::Seen(result.map(Box::new))
}

async fn set_faults(job: &Job, faults: &Faults) -> Result<Faults, UserError> {
    let (control, _) = control(job).await?;
    Ok(control.set_faults(faults).await?)
}

async fn control(job: &Job) -> Result<(Control, Running), UserError> {
    let running = job.sandbox.running(&job.services).await?;
    let control = Control::new(job.services.http.clone(), &running)?;
    Ok((control, running))
}
