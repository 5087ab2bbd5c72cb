//! Sending several chosen events once more: where to, how far it is, and what came of it.

use egui::{Label, RichText, Ui};

use super::state::State;
use crate::action::{Action, JobId};
use crate::backend::End;
use crate::backend::history::{Command, Which};
use crate::error::UserError;
use crate::inspector::copies::USUAL_TARGET;
use crate::inspector::forward::{REPLAYED, Target};
use crate::inspector::replay::Tally;
use crate::screens::Cx;
use crate::ui::tokens::{size, space, text};
use crate::ui::{Button, Callout, FieldRow, Icon, Mood, checkbox, dialog, small, status, tokens};

/// The form, while it is open.
pub(super) struct Replays {
    which: Which,
    /// `None`: all that match.
    count: Option<usize>,
    target: String,
    /// A person said that another machine is meant, for exactly this target.
    meant: Option<String>,
    job: Option<JobId>,
    /// How far it is; at its end, what came of it.
    tally: Option<Tally>,
    error: Option<UserError>,
    stopped: bool,
}

impl Replays {
    /// Of what is chosen, to `target`, or else to where webhooks usually go.
    pub fn of(which: Which, count: Option<usize>, target: Option<String>) -> Self {
        let target = target.unwrap_or_else(|| USUAL_TARGET.to_owned());
        Self { which, count, target, meant: None, job: None, tally: None, error: None, stopped: false }
    }

    fn title(&self) -> String {
        match self.count {
            Some(1) => "Replay this event".to_owned(),
            Some(count) => format!("Replay {count} events"),
            None => "Replay all that match".to_owned(),
        }
    }
}

/// Opens the form over what is chosen.
pub(super) fn open(state: &mut State, cx: &Cx<'_>) {
    let which = state.selection.which(&state.search.filter(cx.now));
    let count = (!state.selection.all).then(|| state.selection.count());
    let receiving = state.owner.and_then(|owner| state.plans.get(&owner));
    let forward = receiving.and_then(|plan| plan.settings.targets.first()).map(|target| target.url().to_string());
    state.replays = Some(Replays::of(which, count, state.replayed_to.clone().or(forward)));
}

/// Takes how far it is, or with `last` what came of it.
pub(super) fn took(state: &mut State, job: JobId, result: Result<Tally, UserError>, last: bool) {
    let Some(replays) = state.replays.as_mut().filter(|replays| replays.job == Some(job)) else { return };
    match result {
        Ok(tally) => replays.tally = Some(tally),
        Err(error) => replays.error = Some(error),
    }
    if last {
        replays.job = None;
        state.rows.look_again();
    }
}

pub(super) fn on_end(state: &mut State, job: JobId, end: End) {
    if let Some(replays) = state.replays.as_mut().filter(|replays| replays.job == Some(job)) {
        replays.job = None;
        replays.error = end.without_answer();
    }
}

/// Ends what is under way: what was sent stays sent.
pub(super) fn forget(state: &mut State, actions: &mut Vec<Action>) {
    actions.extend(state.replays.take().and_then(|replays| replays.job).map(Action::Cancel));
}

/// Draws the form, while it is open.
pub(super) fn ui(ui: &Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(mut replays) = state.replays.take() else { return };
    let mut target = None;
    let mut done = false;
    let closed = dialog(ui.ctx(), &replays.title(), |ui, fresh| {
        let parsed = place(ui, &mut replays, fresh);
        told(ui, &replays);
        ui.add_space(space::SM);
        let row = egui::vec2(ui.available_width(), size::CONTROL);
        ui.allocate_ui_with_layout(row, egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if let Some(job) = replays.job {
                let cancel = Button::secondary("Cancel").hint("What was sent stays sent");
                if cancel.enabled_or(!replays.stopped, "It is stopping").show(ui).clicked() {
                    replays.stopped = true;
                    actions.push(Action::Cancel(job));
                }
                return;
            }
            let words = if replays.tally.is_some() { "Replay again" } else { "Replay" };
            let ended = replays.tally.is_some();
            if ended {
                done = Button::primary("Done").show(ui).clicked();
            }
            let button = if ended { Button::secondary(words) } else { Button::primary(words) };
            let button = button.icon(Icon::Play).enabled_or(parsed.is_some(), "Name a target first");
            if button.show(ui).clicked() {
                target = parsed;
            }
        });
    });
    if let (Some(target), Some(profile)) = (target, state.owner) {
        let job = cx.job();
        state.replayed_to = Some(replays.target.clone());
        (replays.job, replays.tally, replays.error, replays.stopped) = (Some(job), None, None, false);
        let which = replays.which.clone();
        actions.push(Action::Run(job, Command::Replay { profile, which, target }.into()));
    }
    if closed || done {
        actions.extend(replays.job.map(Action::Cancel));
    } else {
        state.replays = Some(replays);
    }
}

/// The target as typed; `None` where nothing may be sent there.
fn place(ui: &mut Ui, replays: &mut Replays, fresh: bool) -> Option<Target> {
    let meant = replays.meant.as_deref() == Some(replays.target.as_str());
    let parsed = Target::parse(&replays.target, meant);
    let elsewhere = parsed.is_err() && Target::parse(&replays.target, true).is_ok();
    let error = parsed.as_ref().err().filter(|_| !elsewhere).map(|error| format!("{}. {}", error.detail, error.hint));
    let row = FieldRow::new("Target").error(error.as_deref()).mono().above().enabled(replays.job.is_none());
    let field = row.show(ui, &mut replays.target);
    if fresh {
        field.request_focus();
    }
    if elsewhere || meant {
        let mut on = meant;
        let words = "It is not on this machine, and that is meant: webhooks carry names and addresses of people";
        if checkbox(ui, &mut on, words).changed() {
            replays.meant = on.then(|| replays.target.clone());
        }
    }
    let words = match replays.count {
        Some(1) => format!("The bytes that came, under their own request ID, marked by the header {REPLAYED}."),
        _ => format!(
            "The bytes that came, the oldest first, one after the other: under their own request IDs, marked by the \
             header {REPLAYED}. What was kept without its signature is left out."
        ),
    };
    ui.add(Label::new(RichText::new(words).size(text::SMALL).color(tokens(ui).text_subdued)).wrap());
    parsed.ok()
}

/// How far it is, or what came of it.
fn told(ui: &mut Ui, replays: &Replays) {
    ui.add_space(space::SM);
    if let Some(error) = &replays.error {
        Callout::user_error(error).show(ui);
        return;
    }
    let Some(tally) = &replays.tally else {
        if replays.job.is_some() {
            status(ui, Mood::Neutral, "Sending…");
        }
        return;
    };
    let Tally { of, well, ill, left_out, .. } = tally;
    let mut words = format!("{} of {of} done: {well} answered 200", tally.done());
    for (count, what) in [(ill, "otherwise or not at all"), (left_out, "left out")] {
        if *count > 0 {
            words.push_str(&format!(", {count} {what}"));
        }
    }
    let mood = match () {
        () if *ill > 0 || *left_out > 0 => Mood::Warn,
        () if replays.job.is_some() => Mood::Neutral,
        () => Mood::Success,
    };
    status(ui, mood, &words);
    for (seq, trouble) in &tally.troubles {
        small(ui, &format!("No. {seq}: {trouble}"));
    }
    if tally.gave_up {
        small(ui, "Nothing answers there any more: the rest was not tried");
    }
}
