//! How much of the history is kept, and what files and pasted text bring into it.

use std::time::Duration;

use egui::{Label, RichText, Ui};

use super::state::State;
use crate::action::{Action, JobId};
use crate::backend::history::{Command, From};
use crate::inspector::import::Imported;
use crate::screens::Cx;
use crate::store::attempts::Retention;
use crate::ui::tokens::{size, space};
use crate::ui::{Button, Callout, FieldRow, Mood, dialog};

const DAY: u64 = 24 * 60 * 60;
const MEGABYTE: u64 = 1 << 20;
/// Width of the field of a number, in points.
const NUMBER: f32 = 200.0;

/// The rule while it is typed: here, and in Settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    days: String,
    megabytes: String,
}

/// What the rule does, in one sentence.
pub const WORDS: &str =
    "The oldest events go first, of every profile. Pinned ones stay, and a new one is never refused.";

/// What a file or a pasted text came to, to be told where it was asked for.
pub(super) struct Told {
    pub mood: Mood,
    pub title: String,
    pub lines: String,
}

impl Draft {
    /// As a form has it.
    pub fn of(rule: Retention) -> Self {
        let text = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        Self {
            days: text(rule.age.map(|age| age.as_secs().div_ceil(DAY))),
            megabytes: text(rule.bytes.map(|bytes| bytes.div_ceil(MEGABYTE))),
        }
    }

    fn number(text: &str) -> Result<Option<u32>, &'static str> {
        match text.trim() {
            "" => Ok(None),
            text => text.parse().ok().filter(|number| *number > 0).map(Some).ok_or("A whole number from 1 on"),
        }
    }

    /// The rule, where it can be had.
    pub fn read(&self) -> Option<Retention> {
        let (days, megabytes) = (Self::number(&self.days).ok()?, Self::number(&self.megabytes).ok()?);
        Some(Retention {
            age: days.map(|days| Duration::from_secs(u64::from(days) * DAY)),
            bytes: megabytes.map(|megabytes| u64::from(megabytes) * MEGABYTE),
        })
    }

    /// Its two fields. `fresh`: the keyboard is placed in the first.
    pub fn fields(&mut self, ui: &mut Ui, fresh: bool) {
        let wrong = Self::number(&self.days).err();
        let days = FieldRow::new("Days").placeholder("90").hint("Empty: however old").error(wrong).width(NUMBER);
        let days = days.show(ui, &mut self.days);
        if fresh {
            days.request_focus();
        }
        let wrong = Self::number(&self.megabytes).err();
        let row = FieldRow::new("Megabytes").placeholder("1000").hint("Empty: however much").error(wrong).width(NUMBER);
        row.show(ui, &mut self.megabytes);
    }
}

/// The form, while it is open.
pub(super) fn ui(ui: &Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(mut draft) = state.keeping.take() else { return };
    let mut saved = false;
    let closed = dialog(ui.ctx(), "How much is kept", |ui, fresh| {
        ui.add(Label::new(RichText::new(WORDS)).wrap());
        draft.fields(ui, fresh);
        ui.add_space(space::SM);
        let row = egui::vec2(ui.available_width(), size::CONTROL);
        ui.allocate_ui_with_layout(row, egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let good = draft.read().is_some();
            saved = Button::primary("Save").enabled_or(good, "A number above cannot be had").show(ui).clicked();
        });
    });
    match draft.read().filter(|_| saved) {
        Some(rule) => actions.push(Action::Run(cx.job(), Command::Keep(rule).into())),
        None if closed => {}
        None => state.keeping = Some(draft),
    }
}

/// Asks for the rule, which the form begins with.
pub(super) fn open(cx: &Cx<'_>, actions: &mut Vec<Action>) -> JobId {
    let job = cx.job();
    actions.push(Action::Run(job, Command::Rule.into()));
    job
}

/// Asks for an import.
pub(super) fn bring_in(state: &mut State, from: From, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(profile) = state.owner else { return };
    let job = cx.job();
    state.moving = Some(job);
    state.told = None;
    actions.push(Action::Run(job, Command::Import { profile, from }.into()));
}

pub(super) fn imported(imported: &Imported) -> Told {
    let Imported { count, skipped, on_its_word, unknown, .. } = imported;
    let mut lines = imported.reasons();
    if *unknown > 0 {
        let many = match unknown {
            1 => "1 that the file calls verified was signed with a key that is".to_owned(),
            many => format!("{many} that the file calls verified were signed with keys that are"),
        };
        lines.insert(0, format!("{many} unknown here: `kinde-panel events reverify` judges again"));
    }
    if *on_its_word > 0 {
        lines.insert(0, format!("{on_its_word} verdicts could not be judged here and stand as the file says"));
    }
    let skips = if *skipped > 0 { format!(", {skipped} not") } else { String::new() };
    let mood = if *skipped > 0 || *unknown > 0 { Mood::Warn } else { Mood::Success };
    Told { mood, title: format!("{count} kept in the history{skips}"), lines: lines.join("\n") }
}

pub(super) fn exported(count: usize, path: String) -> Told {
    Told { mood: Mood::Success, title: format!("{count} events written"), lines: path }
}

/// What came of it, until it is dismissed.
pub(super) fn told(ui: &mut Ui, state: &mut State) {
    let Some(told) = &state.told else { return };
    let callout = Callout::new(told.mood, &told.title);
    let callout = if told.lines.is_empty() { callout } else { callout.text(&told.lines) };
    if callout.show_with(ui, |ui| Button::ghost("Dismiss").small().show(ui).clicked()) {
        state.told = None;
    }
    ui.add_space(space::SM);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_the_same_again_after_it_stood_in_the_form() {
        let few = Retention { age: Some(Duration::from_secs(7 * DAY)), bytes: None };
        for rule in [Retention::default(), few, Retention { age: None, bytes: None }] {
            assert_eq!(Draft::of(rule).read(), Some(rule));
        }
    }

    #[test]
    fn days_and_megabytes_are_numbers_or_nothing() {
        let draft = |days: &str, megabytes: &str| Draft { days: days.to_owned(), megabytes: megabytes.to_owned() };
        assert_eq!(draft("", "").read(), Some(Retention { age: None, bytes: None }));
        let rule = Retention { age: Some(Duration::from_secs(172_800)), bytes: Some(3 << 20) };
        assert_eq!(draft("2", " 3 ").read(), Some(rule));
        assert_eq!(draft("0", "").read(), None);
        assert_eq!(draft("", "much").read(), None);
    }
}
