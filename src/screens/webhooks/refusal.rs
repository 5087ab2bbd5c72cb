//! Why something was not done, and the ways on from there.

use egui::Ui;

use super::diff::diff_lines;
use super::editor::Done;
use super::editor_state::{Doing, Editor, Stage};
use super::state::{Question, State};
use crate::error::Category;
use crate::kinde::Webhook;
use crate::tenant::Profile;
use crate::ui::tokens::space;
use crate::ui::{Button, Callout, check_rows, strong};
use crate::webhooks::{Diff, Refusal, Why};

pub(super) fn show(ui: &mut Ui, editor: &mut Editor, _state: &State, _profile: &Profile, done: &mut Done) {
    let Some((doing, refusal)) = editor.refusal.clone() else { return };
    match &refusal.why {
        Why::Changed(now) => changed(ui, editor, doing, &refusal, now, done),
        Why::Gone => {
            let again = Callout::user_error(&refusal.error)
                .show_with(ui, |ui| Button::secondary("Keep the draft as a new webhook").show(ui).clicked());
            if again {
                editor.opened = None;
                editor.refusal = None;
                editor.steps.clear();
                editor.stage = Stage::Edit;
                done.as_new = true;
            }
        }
        Why::Unusable(checks) => {
            Callout::user_error(&refusal.error).show(ui);
            check_rows(ui, "unusable", checks);
        }
        Why::Limit if doing == Doing::Save => limit(ui, editor, &refusal, done),
        Why::Limit | Why::Cancelled | Why::Failed => {
            let auth = refusal.error.category == Category::Auth;
            Callout::user_error(&refusal.error).show_with(ui, |ui| {
                if auth && Button::secondary("Open the doctor").show(ui).clicked() {
                    done.doctor = true;
                }
            });
        }
    }
}

fn limit(ui: &mut Ui, editor: &Editor, refusal: &Refusal, done: &mut Done) {
    let first = Callout::warn("The plan has no room for two webhooks")
        .text(&refusal.error.detail)
        .text(
            "The other way round it goes: the old one is deleted first, then the new one created. For a moment there \
             is none. Where creating fails, the old one is created again from the journal.",
        )
        .show_with(ui, |ui| Button::secondary("Delete the old one first…").show(ui).clicked());
    if first {
        let name = editor.opened.as_ref().map(|webhook| webhook.definition.name.clone()).unwrap_or_default();
        done.question = Some(Question::DeleteFirst(name));
    }
}

fn changed(ui: &mut Ui, editor: &mut Editor, doing: Doing, refusal: &Refusal, now: &Webhook, done: &mut Done) {
    #[derive(PartialEq)]
    enum Way {
        Theirs,
        Mine,
    }
    let mine = if doing == Doing::Delete { "Delete it all the same…" } else { "Keep mine" };
    let way = Callout::warn(&refusal.error.title).text(&refusal.error.detail).show_with(ui, |ui| {
        let theirs = Button::secondary("Take theirs").hint("Drops what was typed here").show(ui).clicked();
        let hint = "Compares what was typed here with what Kinde has now, to be sent or not";
        let mine = Button::secondary(mine).hint(hint).show(ui).clicked();
        theirs.then_some(Way::Theirs).or(mine.then_some(Way::Mine))
    });
    if let Some(opened) = &editor.opened {
        ui.add_space(space::SM);
        strong(ui, "Changed in Kinde meanwhile");
        diff_lines(ui, &Diff::between(&opened.definition, &now.definition));
    }
    match way {
        Some(Way::Theirs) => editor.open(now.clone()),
        Some(Way::Mine) => {
            let before = editor.opened.replace(now.clone());
            editor.refusal = None;
            editor.steps.clear();
            if doing == Doing::Delete {
                // A draft that was none is none after this either.
                if before.is_some_and(|before| Diff::between(&before.definition, &editor.definition()).is_empty()) {
                    editor.open(now.clone());
                }
                done.question = Some(Question::Delete(Box::new(now.clone()), String::new()));
            } else {
                editor.stage = if editor.is_dirty() { Stage::Review } else { Stage::Edit };
            }
        }
        None => {}
    }
}
