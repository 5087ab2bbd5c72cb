//! A check or simulation: none yet, on its way, or what it came to; and the same of a plan that is carried out.

use jiff::Timestamp;

use crate::action::JobId;
use crate::backend::End;
use crate::check::Check;
use crate::error::UserError;
use crate::recipes::{Call, Outcome};

/// How it stands.
#[derive(Default)]
pub(super) enum Run {
    /// None was asked for.
    #[default]
    Idle,
    /// It is on its way.
    Live(Live),
    /// It came to its end.
    Done { call: Call, outcome: Box<Outcome>, at: Timestamp },
    /// It could not be begun, or broke off.
    Failed(UserError),
    /// The person ended it, with what was found until then.
    Cancelled(Vec<Check>),
}

/// One on its way.
pub(super) struct Live {
    pub job: JobId,
    pub call: Call,
    pub checks: Vec<Check>,
    pub cancelling: bool,
}

impl Run {
    pub fn begin(&mut self, job: JobId, call: Call) {
        *self = Self::Live(Live { job, call, checks: Vec::new(), cancelling: false });
    }

    pub fn live(&self) -> Option<&Live> {
        match self {
            Self::Live(live) => Some(live),
            _ => None,
        }
    }

    fn is(&self, job: JobId) -> bool {
        self.live().is_some_and(|live| live.job == job)
    }

    pub fn looked(&mut self, job: JobId, check: Check) {
        if let Self::Live(live) = self
            && live.job == job
        {
            live.checks.push(check);
        }
    }

    pub fn judged(&mut self, job: JobId, result: Result<Box<Outcome>, UserError>, at: Timestamp) {
        let call = match self {
            Self::Live(live) if live.job == job => live.call,
            _ => return,
        };
        *self = result.map_or_else(Self::Failed, |outcome| Self::Done { call, outcome, at });
    }

    pub fn on_end(&mut self, job: JobId, end: End) {
        if !self.is(job) {
            return;
        }
        let Self::Live(live) = std::mem::take(self) else { return };
        *self = end.without_answer().map_or(Self::Cancelled(live.checks), Self::Failed);
    }
}

/// A plan that is carried out.
#[derive(Default)]
pub(super) struct Applying {
    pub job: JobId,
    pub checks: Vec<Check>,
    pub done: bool,
    pub cancelling: bool,
    pub error: Option<UserError>,
}

impl Applying {
    pub fn begin(job: JobId) -> Self {
        Self { job, ..Self::default() }
    }

    pub fn looked(&mut self, job: JobId, check: Check) {
        if self.job == job && !self.done {
            self.checks.push(check);
        }
    }

    pub fn ended(&mut self, job: JobId, result: Result<Vec<Check>, UserError>) {
        if self.job != job || self.done {
            return;
        }
        self.done = true;
        match result {
            Ok(checks) => self.checks = checks,
            Err(error) => self.error = Some(error),
        }
    }

    pub fn on_end(&mut self, job: JobId, end: End) {
        if self.job == job && !self.done {
            self.done = true;
            self.error = end.without_answer();
        }
    }
}
