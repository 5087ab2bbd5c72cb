//! What a walk is asked, and what it tells while it goes on and at its end. Plain data.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Notify;

use super::browser::Browser;
use super::pace::Pace;
use super::sessions::{HeldToken, Session};
use super::words::Voice;
use crate::check::{Check, Verdict, worst};
use crate::error::UserError;
use crate::kinde::Subject;
use crate::secrets::Secret;
use crate::step::Step;

/// What to walk.
#[derive(Debug, Clone)]
pub struct WalkRequest {
    /// The app's Reference key.
    pub key: String,
    /// The provider's id, where known: without it there is no proof.
    pub provider: Option<String>,
    /// For whom.
    pub subject: Subject,
    /// For whom, as a person knows them: `ada@example.com`.
    pub subject_label: String,
    /// "Bring me back to the panel": a loopback landing page.
    pub landing: bool,
    /// What opens the address.
    pub browser: Browser,
    /// How often to ask, and for how long.
    pub pace: Pace,
    /// Wakes the wait, so that the next poll is now: a person pasted the address with the session in it.
    pub nudge: Arc<Notify>,
    /// Where its words are read.
    pub voice: Voice,
}

/// What a walk tells while it goes on.
#[derive(Debug, Clone)]
pub enum WalkEvent {
    /// A step of the timeline; one of the same id takes the earlier one's place.
    Step(Step),
    /// The address to open (shown as a link whatever the browser did) and the session.
    AuthUrl {
        /// As Kinde sent it.
        url: String,
        /// Kinde's session id.
        session: Secret,
        /// Scopes it asks for, where it says so.
        asked: Vec<String>,
    },
    /// Not confirmed yet.
    Waiting {
        /// How often Kinde was asked.
        polls: u32,
        /// When it is asked next.
        next_at: Timestamp,
        /// When the walk gives up.
        deadline: Timestamp,
    },
    /// The token is there.
    Token(HeldToken),
    /// The provider was asked.
    Probed(Vec<Check>),
}

/// How a walk ended.
#[derive(Debug, Clone)]
pub enum WalkEnd {
    /// The token is there; the probe says what it is worth.
    Connected {
        /// The token.
        token: HeldToken,
        /// What the provider said.
        probe: Vec<Check>,
    },
    /// The landing page told of a refusal.
    Denied(Check),
    /// Nobody confirmed in time.
    TimedOut(Check),
    /// Kinde answered no: unknown app, dead session.
    Refused(Check),
    /// It could not be done: network, permission.
    Failed {
        /// For the timeline.
        check: Check,
        /// For the command line.
        error: UserError,
    },
    /// The person cancelled.
    Cancelled,
}

impl WalkEnd {
    /// True where the token is there and nothing speaks against it.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Connected { probe, .. } if worst(probe) != Verdict::Fail)
    }

    /// How it ended in a word or two, as the list of apps says it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Connected { .. } if self.is_good() => "connected",
            Self::Connected { .. } => "not proved",
            Self::Denied(_) => "denied",
            Self::TimedOut(_) => "not confirmed",
            Self::Refused(_) => "refused",
            Self::Failed { .. } => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What came of a walk.
#[derive(Debug, Clone)]
pub struct WalkOutcome {
    /// How it ended.
    pub end: WalkEnd,
    /// The session, once there was one; even of a walk that did not end well, since consent may still come.
    pub session: Option<Session>,
    /// The timeline.
    pub steps: Vec<Step>,
    /// True where the landing page was reached: it works on this tenant, and may be on from now.
    pub landing_worked: bool,
}
