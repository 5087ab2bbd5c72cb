//! What a check finds: stage by stage while it runs, then one sentence, what one click puts right, the stages, and all the
//! rest to open.

use std::time::Duration;

use egui::{Align, Label, Layout, RichText, Ui, vec2};
use jiff::Timestamp;

use super::State;
use super::facts;
use super::look;
use super::run::{Done, Live, Run};
use crate::action::Action;
use crate::mail::smtp::{Correction, FROM_HERE, Stage};
use crate::screens::Cx;
use crate::ui::tokens::{size, space};
use crate::ui::{
    Button, Callout, Icon, check_rows, disclosure, empty_state, heading, link, loading, small, subdued, tokens,
};

/// What a person asked for below the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// Check again with this port and mode.
    Correct(Correction),
    /// Show what to type into Kinde.
    HandOver,
}

/// Draws it.
pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) -> Option<Asked> {
    match &state.run {
        Run::Idle => {
            empty_state(ui, Some(Icon::Mail), IDLE, None);
            None
        }
        Run::Live(live) => {
            running(ui, live, cx.now);
            None
        }
        Run::Failed(error) => {
            Callout::user_error(error).show(ui);
            None
        }
        Run::Done(done) => {
            let changed = done.form != *state.draft.form();
            finished(ui, done, changed, state.is_sandbox(done), actions)
        }
    }
}

const IDLE: &str = "Nothing was checked yet. Check goes through name, connection, TLS, sign-in, sender and recipient as \
                    Kinde's servers will, shows each step as it comes, and sends nothing";

fn running(ui: &mut Ui, live: &Live, now: Timestamp) {
    let words = match (live.cancelling, live.send) {
        (true, _) => "Ending…",
        (false, true) => "Checking, and sending one message…",
        (false, false) => "Checking…",
    };
    loading(ui, words);
    ui.add_space(space::XS);
    check_rows(ui, "smtp live", &live.checks());
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        if let Some((stage, since)) = live.running {
            let seconds = now.as_second() - since.as_second();
            line(ui, stage, Some(seconds.max(0)));
            // The clock of what a person waits for, and only while it shows.
            ui.ctx().request_repaint_after(Duration::from_secs(1));
        }
        for stage in live.waiting() {
            if stage != Stage::Send || live.send {
                line(ui, stage, None);
            }
        }
    });
}

/// A stage that goes on, with its clock, or one that waits.
fn line(ui: &mut Ui, stage: Stage, seconds: Option<i64>) {
    let t = tokens(ui);
    let room = vec2(ui.available_width(), size::ROW);
    ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_height(size::ROW);
        ui.add_space(space::SM);
        let (icon, word, ink) = match seconds {
            Some(_) => (Icon::Running, "running", t.text_strong),
            None => (Icon::Circle, "waiting", t.text_subdued),
        };
        icon.show(ui, 14.0, t.text_subdued, word);
        ui.add(Label::new(RichText::new(stage.title()).color(ink)).selectable(false));
        if let Some(seconds) = seconds.filter(|seconds| *seconds > 0) {
            subdued(ui, &format!("{seconds} s"));
        }
    });
}

fn finished(ui: &mut Ui, done: &Done, changed: bool, sandbox: bool, actions: &mut Vec<Action>) -> Option<Asked> {
    let outcome = &done.outcome;
    let mut asked = None;
    look::headline(ui, &outcome.headline, &done.checks, outcome.cancelled);
    if changed {
        small(ui, "The form was changed since: check again");
    }
    ui.add_space(space::XS);
    if !outcome.corrections.is_empty() {
        ui.horizontal_wrapped(|ui| {
            for correction in &outcome.corrections {
                let button = Button::secondary(&correction.words).icon(Icon::Edit).small();
                if button.hint("Puts it into the form and checks again").show(ui).clicked() {
                    asked = Some(Asked::Correct(correction.clone()));
                }
            }
        });
        ui.add_space(space::XS);
    }
    sent(ui, done, sandbox, actions);
    check_rows(ui, "smtp", &done.checks);
    ui.add_space(space::SM);
    facts::ui(ui, outcome);
    disclosure(ui, "transcript", "Transcript", false, |ui| {
        crate::ui::code_view(ui, "transcript", &done.transcript, 360.0);
        small(ui, "Passwords are masked where a line is made, base64 included: it can be pasted anywhere");
    });
    ui.add_space(space::SM);
    if Button::secondary("Type these into Kinde").icon_after(Icon::ChevronRight).small().show(ui).clicked() {
        asked = Some(Asked::HandOver);
    }
    asked
}

/// What became of the test message.
fn sent(ui: &mut Ui, done: &Done, sandbox: bool, actions: &mut Vec<Action>) {
    let Some(sent) = &done.outcome.sent else { return };
    let title = format!("The server took the test email to {}", sent.to);
    let subject =
        format!("Look for the subject `{}`. Taken is not delivered: it may still bounce or be filtered", sent.subject);
    let said = format!("Its last word: `{}`", sent.reply);
    let log = crate::mail::detect(&done.form).and_then(|preset| preset.log_url.as_deref());
    Callout::success(&title).text(&subject).text(&said).show_with(ui, |ui| {
        if sandbox && Button::secondary("Read it in the sandbox").icon(Icon::Mail).small().show(ui).clicked() {
            actions.push(Action::ReadMail { queue_id: sent.queue_id.clone() });
        }
        if let Some(url) = log
            && link(ui, "What the provider says of it", url).clicked()
        {
            actions.push(Action::OpenUrl(url.to_owned()));
        }
    });
    ui.add_space(space::SM);
}

/// The head of the room: its name, and from where it looks.
pub(super) fn top(ui: &mut Ui) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        heading(ui, "Email");
        ui.add_space(space::SM);
        subdued(ui, FROM_HERE);
    });
}
