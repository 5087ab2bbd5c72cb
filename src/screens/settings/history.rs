//! How much of the history is kept, what is used of it now, and what removed profiles left.

use egui::Ui;

use super::indented;
use super::state::State;
use crate::action::Action;
use crate::backend::keeping::Used;
use crate::clock::day;
use crate::screens::Cx;
use crate::screens::inspector::keep::{Draft, WORDS};
use crate::ui::tokens::space;
use crate::ui::{Answer, Button, Callout, Confirm, Icon, Load, Mood, key_value_ui, prose, small, status};

pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if let Some(form) = state.form() {
        rule(ui, state, form, cx, actions);
    }
    let mut again = false;
    match &state.used {
        Load::Failed { error, .. } => {
            indented(ui, |ui| {
                again =
                    Callout::user_error(error).show_with(ui, |ui| Button::secondary("Try again").show(ui).clicked());
            });
        }
        Load::Idle => {}
        Load::Loading { old: None, .. } => {
            key_value_ui(ui, "Used now", |ui| {
                small(ui, "Counting…");
            });
        }
        Load::Loading { old: Some(used), .. } | Load::Ready(used) => now(ui, used, &mut state.asking),
    }
    if again {
        state.look(cx, actions);
    }
}

/// The rule as it is typed.
fn rule(ui: &mut Ui, state: &mut State, mut form: Draft, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    form.fields(ui, false);
    let read = form.read();
    state.typed(form);
    let changed = state.draft.is_some();
    let mut save = None;
    indented(ui, |ui| {
        prose(ui, WORDS);
        ui.add_space(space::XS);
        let why = if read.is_none() { "A number above cannot be had" } else { "It is so already" };
        ui.horizontal(|ui| {
            let on = changed && read.is_some() && !state.used.is_loading();
            if Button::primary("Save").enabled_or(on, why).show(ui).clicked() {
                save = read;
            }
            if changed && Button::ghost("Undo").show(ui).clicked() {
                state.draft = None;
            }
        });
        ui.add_space(space::SM);
    });
    if let Some(rule) = save {
        state.save(rule, cx, actions);
    }
}

fn now(ui: &mut Ui, used: &Used, asking: &mut bool) {
    key_value_ui(ui, "Used now", |ui| {
        ui.label(format!("{} · {}", size(used.bytes), events(used.events)));
        if let Some(oldest) = used.oldest {
            small(ui, &format!("oldest of {}", day(oldest)));
        }
    });
    if let Some(deleted) = used.deleted {
        indented(ui, |ui| {
            let count = events(u64::try_from(deleted).unwrap_or_default());
            let words = if deleted == 0 { "Nothing had to go".to_owned() } else { format!("{count} deleted for good") };
            status(ui, Mood::Success, &words);
        });
    }
    if used.left > 0 {
        key_value_ui(ui, "Left over", |ui| {
            ui.label(format!("{} of removed profiles", events(used.left)));
            if Button::danger("Delete…").icon(Icon::Trash).small().show(ui).clicked() {
                *asking = true;
            }
        });
    }
}

/// The question before what removed profiles left is deleted.
pub(super) fn ask(ui: &Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if !state.asking {
        return;
    }
    let left = state.used.value().map_or(0, |used| used.left);
    let answer = Confirm::new(&format!("Delete {} of removed profiles?", events(left)), "Delete for good")
        .text("No profile shows them any more. They are overwritten where they stood, pinned ones too.")
        .show(ui.ctx());
    state.asking = answer.is_none();
    if answer == Some(Answer::Confirmed) {
        state.clear_left(cx, actions);
    }
}

fn events(count: u64) -> String {
    match count {
        0 => "no events".to_owned(),
        1 => "1 event".to_owned(),
        count => format!("{count} events"),
    }
}

/// In megabytes, as the rule counts them.
fn size(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 20;
    if tenths >= 1000 { format!("{} MB", tenths / 10) } else { format!("{}.{} MB", tenths / 10, tenths % 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_told_in_megabytes_as_the_rule_counts_them() {
        assert_eq!(size(0), "0.0 MB");
        assert_eq!(size(1 << 20), "1.0 MB");
        assert_eq!(size(1 << 30), "1024 MB");
    }
}
