//! What the Sandbox room asks of the sandbox: start and stop, what it is made of, its faults, what happens at its
//! providers.

mod events;
mod mails;
mod received;
mod view;

use super::Job;
use crate::error::{Category, UserError};
use crate::sandbox::{
    Control, DeliveryView, Faults, MailBody, Mails, Rotated, Rotation, Sample, SandboxError, SentBody,
};

pub use events::{Done, Sending, Sent};
pub use received::Received;
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
    /// Show the newest kept attempt of an event type, whichever profile received it.
    Received {
        /// `user.created`.
        event_type: String,
    },
    /// Sign an event and send it, to the sandbox's webhooks or to an address. Heeds its token between two of many.
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
    /// Tell what mail came, and again each time some comes, until it is cancelled.
    FollowMails,
    /// Show a message.
    Mail {
        /// Its number.
        id: i64,
    },
    /// Throw all mail away.
    ClearMails,
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
    /// The newest kept attempt of an event type.
    Received {
        /// `user.created`.
        event_type: String,
        /// `None` where none is kept that can be read.
        received: Result<Option<Received>, UserError>,
    },
    /// What came of sending.
    Sent(Result<Sent, UserError>),
    /// The deliveries, newest first.
    Deliveries(Result<Vec<DeliveryView>, UserError>),
    /// What is sent with a delivery.
    Body(Result<SentBody, UserError>),
    /// The keys after a rotation; the sandbox is to be looked at again.
    Rotated(Result<Rotated, UserError>),
    /// The mail that is kept, newest first.
    Mails(Result<Mails, UserError>),
    /// A message in full; `None` where it is not kept any more.
    Mail(Result<Option<Box<MailBody>>, UserError>),
    /// So many messages were thrown away.
    MailsCleared(Result<usize, UserError>),
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
        Command::SetFaults(faults) => {
            Event::Faults(asked(&job, async |control| control.set_faults(&faults).await).await)
        }
        Command::Disconnect { key } => {
            let tokens = asked(&job, async |control| control.disconnect_at_provider(&key).await).await;
            Event::Happened { key, what: "disconnected", tokens }
        }
        Command::Expire { key } => {
            let tokens = asked(&job, async |control| control.expire_at_provider(&key).await).await;
            Event::Happened { key, what: "expired", tokens }
        }
        Command::Sample { event_type } => {
            let sample = asked(&job, async |control| control.sample(&event_type).await).await;
            Event::Sampled { event_type, sample }
        }
        Command::Received { event_type } => {
            let received = received::newest(&job, &event_type).await;
            Event::Received { event_type, received }
        }
        Command::Send(sending) => Event::Sent(events::send(&job, *sending).await),
        Command::Body { delivery } => Event::Body(asked(&job, async |control| control.body(delivery).await).await),
        Command::SwitchOn { webhook } => {
            seen(and_look(&job, asked(&job, async |control| control.switch_on(&webhook).await).await).await)
        }
        Command::SetWebhookLimit(limit) => {
            seen(and_look(&job, asked(&job, async |control| control.set_webhook_limit(limit).await).await).await)
        }
        Command::RotateKeys(old) => Event::Rotated(asked(&job, async |control| control.rotate_keys(old).await).await),
        Command::FollowMails => mails::follow(&job).await,
        Command::Mail { id } => Event::Mail(
            asked(&job, async |control| control.unrecorded().mail(id).await).await.map(|mail| mail.map(Box::new)),
        ),
        Command::ClearMails => Event::MailsCleared(asked(&job, async |control| control.clear_mails().await).await),
        Command::Deliveries { limit } => {
            Event::Deliveries(asked(&job, async |control| control.unrecorded().deliveries(None, limit).await).await)
        }
    };
    job.send(event).await;
}

fn seen(result: Result<SandboxView, UserError>) -> Event {
    Event::Seen(result.map(Box::new))
}

/// The sandbox as it is after what was done to it.
async fn and_look<T>(job: &Job, done: Result<T, UserError>) -> Result<SandboxView, UserError> {
    done?;
    view::look(job).await
}

/// Asks the running sandbox. One that has ended is not started again by it: only a start and a sending do that.
async fn asked<T>(job: &Job, ask: impl AsyncFnOnce(Control) -> Result<T, SandboxError>) -> Result<T, UserError> {
    let Some((running, _using)) = job.sandbox.found(&job.services).await else { return Err(ended()) };
    Ok(ask(Control::new(job.services.http.clone(), &running)?).await?)
}

/// Nobody serves it any more.
fn ended() -> UserError {
    UserError::new(Category::Network, ENDED)
        .detail("Nothing serves it any more: the process that did, or this window, stopped it")
        .hint("Start it again")
}

/// The title of what is told where the sandbox has ended behind the room's back.
pub const ENDED: &str = "The sandbox has ended";
