//! What happens at the providers, behind Kinde's back: an account disconnects the app, its tokens expire.

use egui::Ui;

use crate::action::Action;
use crate::backend::sandbox::Command;
use crate::backend::{End, JobId};
use crate::error::UserError;
use crate::sandbox::FactApp;
use crate::screens::Cx;
use crate::ui::tokens::{size, space};
use crate::ui::{Button, Callout, small, strong};

/// What was made to happen, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Happenings {
    last: Option<Result<String, UserError>>,
    job: JobId,
}

impl Happenings {
    /// It happened, to so many tokens.
    pub fn happened(&mut self, job: JobId, key: &str, what: &str, tokens: Result<u64, UserError>) {
        if job != self.job {
            return;
        }
        self.job = 0;
        self.last = Some(tokens.map(|count| match count {
            0 => format!("{key}: there was no token to be {what}"),
            1 => format!("{key}: one token {what}"),
            more => format!("{key}: {more} tokens {what}"),
        }));
    }

    /// The job ended without an answer.
    pub fn on_end(&mut self, job: JobId, end: End) {
        if job == self.job {
            self.job = 0;
            self.last = end.without_answer().map(Err);
        }
    }
}

/// Two buttons for each connected app.
pub(super) fn ui(ui: &mut Ui, state: &mut Happenings, apps: &[FactApp], cx: &Cx<'_>, actions: &mut Vec<Action>) {
    small(ui, "What the account's owner does there; Kinde is not told");
    let busy = state.job != 0;
    let mut command = None;
    for FactApp { key, .. } in apps {
        ui.horizontal(|ui| {
            ui.scope(|ui| {
                ui.set_width(size::LABEL_COLUMN);
                strong(ui, key);
            });
            let name = format!("Disconnect {key} at the provider");
            let button = Button::secondary("Disconnect").name(&name).small();
            if button.enabled_or(!busy, "One thing at a time").show(ui).clicked() {
                command = Some(Command::Disconnect { key: key.clone() });
            }
            let name = format!("Expire the tokens of {key}");
            let button = Button::secondary("Expire tokens").name(&name).small();
            if button.enabled_or(!busy, "One thing at a time").show(ui).clicked() {
                command = Some(Command::Expire { key: key.clone() });
            }
        });
    }
    if let Some(command) = command {
        state.job = cx.job();
        state.last = None;
        actions.push(Action::Run(state.job, command.into()));
    }
    ui.add_space(space::XS);
    match &state.last {
        Some(Ok(words)) => Callout::success(words).show(ui),
        Some(Err(error)) => Callout::user_error(error).show(ui),
        None => {}
    }
}
