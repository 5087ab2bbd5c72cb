//! What Settings holds: how much of the history is kept, as typed and as it is.

use crate::action::{Action, JobId};
use crate::backend::End;
use crate::backend::keeping::{Command, Event, Used};
use crate::screens::inspector::keep::Draft;
use crate::screens::{Cx, give_up};
use crate::store::attempts::Retention;
use crate::ui::Load;

/// What the screen holds.
#[derive(Default)]
pub struct State {
    /// As typed, where that is something else.
    pub(super) draft: Option<Draft>,
    pub(super) used: Load<Used>,
    job: JobId,
    /// The question about what removed profiles left.
    pub(super) asking: bool,
}

impl State {
    /// The room is opened: what is kept is counted.
    pub fn entered(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.draft = None;
        self.run(Command::Look, cx, actions);
    }

    /// Another profile: nothing here is bound to one.
    pub fn forget(&mut self, _actions: &mut Vec<Action>) {}

    /// Takes an answer of the backend; one of another job is old and dropped.
    pub fn on_event(&mut self, job: JobId, event: Event) {
        let Event::Used(used) = event;
        if self.job == job {
            self.used.finish(used);
            if let Some(form) = self.draft.take() {
                // What was typed stays until it is the rule.
                self.typed(form);
            }
        }
    }

    /// A job ended: nothing waits for its answer any more.
    pub fn on_end(&mut self, job: JobId, end: End) {
        if self.job == job && self.used.is_loading() {
            give_up(&mut self.used, end);
        }
    }

    /// The rule, once it was read.
    fn rule(&self) -> Option<Retention> {
        self.used.value().map(|used| used.keep)
    }

    /// The form as it shows, once there is a rule to show.
    pub(super) fn form(&self) -> Option<Draft> {
        let rule = self.rule()?;
        Some(self.draft.clone().unwrap_or_else(|| Draft::of(rule)))
    }

    /// What was typed, where it is not the rule already.
    pub(super) fn typed(&mut self, form: Draft) {
        let is_so = self.rule().is_some_and(|rule| form == Draft::of(rule));
        self.draft = (!is_so).then_some(form);
    }

    /// Keeps so much from now on, and deletes what is more.
    pub(super) fn save(&mut self, rule: Retention, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.run(Command::Keep(rule), cx, actions);
    }

    pub(super) fn clear_left(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.run(Command::ClearLeft, cx, actions);
    }

    pub(super) fn look(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.run(Command::Look, cx, actions);
    }

    fn run(&mut self, command: Command, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.job = cx.job();
        self.used.start();
        actions.push(Action::Run(self.job, command.into()));
    }
}
