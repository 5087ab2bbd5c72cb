//! What the pane holds of the selected attempt, made ready to show once and not each frame.

use jiff::Timestamp;

use crate::action::{Action, JobId};
use crate::backend::End;
use crate::backend::attempt::{Command, Event, Opened, Told};
use crate::error::UserError;
use crate::screens::Cx;

/// What the pane holds.
#[derive(Default)]
pub struct State {
    selected: Option<i64>,
    opening: Option<JobId>,
    pub(super) what: What,
}

/// What there is of the selected attempt.
#[derive(Default)]
pub(super) enum What {
    /// Nothing is selected, or what is selected was not read yet.
    #[default]
    Nothing,
    /// It is not kept any more.
    Gone,
    /// It could not be read.
    Failed(UserError),
    /// It is there.
    There(Box<There>),
}

/// An attempt that is there.
pub(super) struct There {
    pub opened: Opened,
    /// What it comes to; `None` while it is being judged.
    pub told: Option<Result<Told, UserError>>,
}

impl State {
    /// The number of the selected attempt.
    pub fn selected(&self) -> Option<i64> {
        self.selected
    }

    /// Selects an attempt of the chosen profile's history, or none.
    pub fn select(&mut self, seq: Option<i64>, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        if self.selected != seq {
            self.selected = seq;
            self.what = What::Nothing;
            self.refresh(cx, actions);
        }
    }

    /// Reads the selected attempt again: its row changed.
    pub fn refresh(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        actions.extend(self.opening.take().map(Action::Cancel));
        let (Some(seq), Some(profile)) = (self.selected, cx.profile) else { return };
        let job = cx.job();
        self.opening = Some(job);
        actions.push(Action::Run(job, Command::Open { profile: profile.id, seq }.into()));
    }

    /// Another profile: its history is another.
    pub fn forget(&mut self, actions: &mut Vec<Action>) {
        actions.extend(self.opening.take().map(Action::Cancel));
        *self = Self::default();
    }

    /// Takes an answer of the backend; one of another job is old and dropped.
    pub fn on_event(&mut self, job: JobId, event: Event, _now: Timestamp, _actions: &mut Vec<Action>) {
        if self.opening != Some(job) {
            return;
        }
        match event {
            Event::Opened(Ok(None)) => self.what = What::Gone,
            Event::Opened(Err(error)) => self.what = What::Failed(error),
            Event::Opened(Ok(Some(opened))) => {
                self.what = What::There(Box::new(There { opened: *opened, told: None }));
            }
            Event::Judged(told) => {
                if let What::There(there) = &mut self.what {
                    there.told = Some(told.map(|told| *told));
                }
            }
        }
    }

    /// A job ended: nothing waits for its answer any more.
    pub fn on_end(&mut self, job: JobId, end: End) {
        if self.opening.take_if(|opening| *opening == job).is_none() {
            return;
        }
        let Some(error) = end.without_answer() else { return };
        match &mut self.what {
            What::Nothing => self.what = What::Failed(error),
            What::There(there) if there.told.is_none() => there.told = Some(Err(error)),
            _ => {}
        }
    }

    pub(super) fn is_opening(&self) -> bool {
        self.opening.is_some()
    }
}
