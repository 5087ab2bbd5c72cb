//! The signing key: which it is, and changing it as Kinde may at any time.

use egui::Ui;

use crate::action::Action;
use crate::backend::sandbox::Command;
use crate::backend::{End, JobId};
use crate::error::UserError;
use crate::sandbox::{Rotated, Rotation};
use crate::screens::Cx;
use crate::ui::tokens::space;
use crate::ui::{Button, Callout, Icon, key_value_copy, small};

/// How a change of the key stands.
#[derive(Debug, Default)]
pub(super) struct Keys {
    last: Option<Result<Rotated, UserError>>,
    job: JobId,
}

impl Keys {
    /// The keys were changed, or not; true where the sandbox is to be looked at again.
    pub fn rotated(&mut self, job: JobId, result: Result<Rotated, UserError>) -> bool {
        if job != self.job {
            return false;
        }
        self.job = 0;
        let changed = result.is_ok();
        self.last = Some(result);
        changed
    }

    /// The job ended without an answer.
    pub fn on_end(&mut self, job: JobId, end: End) {
        if job == self.job {
            self.job = 0;
            self.last = end.without_answer().map(Err);
        }
    }
}

/// Draws the keys, and the two ways to change them while the sandbox runs.
pub(super) fn ui(ui: &mut Ui, state: &mut Keys, kids: &[String], runs: bool, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    for (index, kid) in kids.iter().enumerate() {
        key_value_copy(ui, if index == 0 { "Signs with" } else { "Also published" }, kid);
    }
    if !runs {
        return;
    }
    let mut wanted = None;
    ui.add_space(space::XS);
    ui.horizontal_wrapped(|ui| {
        let busy = state.job != 0;
        let keep = Button::secondary("Rotate, keep the old key").icon(Icon::Refresh).small();
        let keep = keep.hint("What the old key signed still verifies: an app has to look the new one up");
        if keep.enabled_or(!busy, "A new key is being made").show(ui).clicked() {
            wanted = Some(Rotation::KeepOld);
        }
        let drop = Button::secondary("Rotate, drop every old key").small();
        let drop = drop.hint("As after a leak: what old keys signed verifies no more");
        if drop.enabled_or(!busy, "A new key is being made").show(ui).clicked() {
            wanted = Some(Rotation::DropOld);
        }
        if busy {
            small(ui, "Making a key…");
        }
    });
    small(ui, "A delivery that waits keeps the signature it has: at its next attempt it comes signed by the old key");
    if let Some(old) = wanted {
        state.job = cx.job();
        state.last = None;
        actions.push(Action::Run(state.job, Command::RotateKeys(old).into()));
    }
    match &state.last {
        None => {}
        Some(Err(error)) => Callout::user_error(error).show(ui),
        Some(Ok(rotated)) => {
            let title = format!("New events are signed with {}", rotated.kid);
            let old = if rotated.old_is_published {
                format!("`{}` stays in the key set", rotated.old_kid)
            } else {
                format!("`{}` left the key set: deliveries that wait verify no more", rotated.old_kid)
            };
            Callout::success(&title).text(&old).show(ui);
        }
    }
}
