//! A tenant's events sent to this machine: a tunnel before the receiver, a webhook that points at it, and both put back.
//!
//! One job for each profile, from the start until everything is as it was. It opens what it is told to, borrows the
//! webhook, moves it where the address changes, and at the end gives it back, trying again for as long as it takes. Who
//! may be asked, and what is drawn, is the screen's.

mod offer;
mod send;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;
use uuid::Uuid;

pub use offer::Offered;

use super::Job;
use crate::error::UserError;
use crate::kinde::Webhook;
use crate::step::Step;
use crate::tenant::PublicChoices;
use crate::tunnel;
use crate::webhooks::{AtLimit, Borrowed, Refusal};

/// What the screen asks.
#[derive(Debug)]
pub enum Command {
    /// What there is to choose from.
    Offer {
        /// For whom.
        profile: Uuid,
        /// The port of its receiver, where that is known.
        port: Option<u16>,
        /// What was wanted last.
        wish: Box<tunnel::Wish>,
    },
    /// Sends the tenant's events here, until it is stopped and all is put back.
    Send(Box<Sending>),
    /// Remembers what a person chose.
    Choose {
        /// For whom.
        profile: Uuid,
        /// What.
        choices: PublicChoices,
    },
}

impl Command {
    /// Whether it only reads: then it may be dropped wherever it is.
    pub(super) fn only_reads(&self) -> bool {
        matches!(self, Self::Offer { .. })
    }
}

/// How a tenant's events are to come here.
#[derive(Debug)]
pub struct Sending {
    /// Whose.
    pub profile: Uuid,
    /// Through which tunnel; `None`: a Kinde of this machine delivers straight to the receiver.
    pub through: Option<tunnel::Wish>,
    /// What may change while it lasts.
    pub steer: watch::Receiver<Steer>,
}

/// What a person wants of it now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steer {
    /// The webhook.
    pub webhook: WebhookWish,
    /// Raised to try again what was refused, or what waits.
    pub tries: u32,
    /// To stop, and put everything back.
    pub stop: bool,
    /// Not to try any longer to put it back: the next start does.
    pub leave: bool,
}

/// The webhook that is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookWish {
    /// Its name.
    pub name: String,
    /// What it takes; empty: all there are.
    pub event_types: Vec<String>,
    /// The webhook that stands aside for it.
    pub instead_of: Option<Webhook>,
    /// What to do where the plan has no room for both.
    pub at_limit: AtLimit,
}

/// How the webhook stands.
#[derive(Debug, Clone)]
pub enum Link {
    /// It waits for the public address.
    Waiting,
    /// It is being made, or moved to another address.
    Making,
    /// It points here.
    There(Box<Borrowed>),
    /// It was not made, or not moved. What there was before stands.
    Refused(Box<Refusal>),
    /// Everything is being put back.
    Returning,
    /// It could not be put back yet.
    NotBack {
        /// Why.
        error: UserError,
        /// When it is tried again; `None`: when a person says so.
        again_at: Option<Timestamp>,
    },
    /// All is as it was: in sentences.
    Back(String),
}

/// What comes back.
#[derive(Debug)]
pub enum Event {
    /// The answer to [`Command::Offer`].
    Offered(Box<Offered>),
    /// What becomes of the tunnel.
    Tunnel(Box<tunnel::State>),
    /// So many requests that the tunnel's agent had captured earlier were kept.
    Rescued(Result<usize, UserError>),
    /// How the webhook stands.
    Webhook(Link),
    /// A step at Kinde.
    Step(Step),
    /// The answer to [`Command::Choose`].
    Chosen(Result<(), UserError>),
}

/// What a profile may be asked about: its webhooks, for the one that stands aside.
pub type Webhooks = Arc<Vec<Webhook>>;

/// Does what was asked.
pub async fn run(command: Command, job: Job) {
    match command {
        Command::Offer { profile, port, wish } => {
            let offered = offer::offered(profile, port, &wish, &job).await;
            job.send(Event::Offered(Box::new(offered))).await;
        }
        Command::Send(sending) => send::send(*sending, &job).await,
        Command::Choose { profile, choices } => {
            let chosen = job.services.profiles.update(profile, |profile| profile.public = choices).map(drop);
            job.send(Event::Chosen(chosen)).await;
        }
    }
}
