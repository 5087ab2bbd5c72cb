//! One walk as the screen follows it. Plain data.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::action::JobId;
use crate::check::Check;
use crate::connect::WalkEnd;
use crate::error::UserError;
use crate::providers::Provider;
use crate::secrets::Secret;
use crate::step::{Step, StepState};

/// How a walk ended, as the screen tells it.
#[derive(Debug)]
pub(super) enum Ended {
    /// The token is there: the session says the rest.
    Connected,
    /// It is not, and this is why.
    Not(&'static str, Check),
    /// It could not be done.
    Failed(UserError),
    /// The person cancelled.
    Cancelled,
}

impl Ended {
    pub fn of(end: &WalkEnd) -> Self {
        match end {
            WalkEnd::Connected { .. } => Self::Connected,
            WalkEnd::Denied(check) => Self::Not("Not connected: the consent was refused", check.clone()),
            WalkEnd::TimedOut(check) => Self::Not("Not connected: not confirmed in time", check.clone()),
            WalkEnd::Refused(check) => Self::Not("Not connected: Kinde answered no", check.clone()),
            WalkEnd::Failed { error, .. } => Self::Failed(error.clone()),
            WalkEnd::Cancelled => Self::Cancelled,
        }
    }
}

/// One walk.
#[derive(Debug)]
pub(super) struct WalkState {
    pub job: JobId,
    /// `Kinde user ada@example.com`.
    pub whom: String,
    pub steps: Vec<Step>,
    /// The address to consent at.
    pub url: Option<String>,
    pub session: Option<Secret>,
    /// Polls made, next poll, end.
    pub waiting: Option<(u32, Timestamp, Timestamp)>,
    pub nudge: Arc<Notify>,
    pub cancelling: bool,
    pub ended: Option<Ended>,
}

impl WalkState {
    /// A walk just begun: every step stands there already, so that nothing jumps.
    pub fn new(job: JobId, whom: String, provider: Option<&Provider>, nudge: Arc<Notify>, now: Timestamp) -> Self {
        let proof = provider.map_or_else(|| "Proof".to_owned(), |provider| format!("Proof at {}", provider.name));
        let steps = [
            ("auth_url", "Address from Kinde".to_owned()),
            ("browser", "Browser".to_owned()),
            ("consent", "Consent".to_owned()),
            ("token", "Token from Kinde".to_owned()),
            ("proof", proof),
        ];
        let steps = steps.into_iter().map(|(id, title)| Step::new(id, title, StepState::Waiting, now)).collect();
        Self { job, whom, steps, url: None, session: None, waiting: None, nudge, cancelling: false, ended: None }
    }

    pub fn is_running(&self) -> bool {
        self.ended.is_none()
    }
}
