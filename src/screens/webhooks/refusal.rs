//! Why something was not done, and the ways on from there.

use egui::Ui;

use super::diff::{diff_lines, word};
use super::editor::Done;
use super::editor_state::{Doing, Editor, Stage, Which};
use super::state::Question;
use crate::error::Category;
use crate::kinde::{Definition, Webhook};
use crate::ui::tokens::space;
use crate::ui::{Button, Callout, check_rows, small, strong};
use crate::webhooks::{Diff, Refusal, Why, clashes};

pub(super) fn show(ui: &mut Ui, editor: &mut Editor, done: &mut Done) {
    let Some((doing, refusal)) = editor.refusal.clone() else { return };
    match &refusal.why {
        Why::Changed(now) => changed(ui, editor, doing, &refusal, now, done),
        Why::Gone => {
            let again = Callout::user_error(&refusal.error)
                .show_with(ui, |ui| Button::secondary("Keep the draft as a new webhook").show(ui).clicked());
            done.as_new = again;
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
    if first && let Some(old) = &editor.opened {
        let (which, name) = (Which::Of(old.id.clone()), old.definition.name.clone());
        done.question = Some(Question::DeleteFirst { which, name, said: refusal.error.detail.clone() });
    }
}

fn changed(ui: &mut Ui, editor: &mut Editor, doing: Doing, refusal: &Refusal, now: &Webhook, done: &mut Done) {
    #[derive(PartialEq)]
    enum Way {
        Theirs,
        Mine,
    }
    let deletes = doing == Doing::Delete;
    let (mine, hint) = if deletes {
        ("Delete it all the same…", "Asks once more, about the webhook as it is now")
    } else {
        ("Keep mine", "Only what was edited here is sent; everything else stays as Kinde has it now")
    };
    let way = Callout::warn(&refusal.error.title).text(&refusal.error.detail).show_with(ui, |ui| {
        let theirs = Button::secondary("Take theirs").hint("Drops what was typed here").show(ui).clicked();
        let mine = Button::secondary(mine).hint(hint).show(ui).clicked();
        theirs.then_some(Way::Theirs).or(mine.then_some(Way::Mine))
    });
    if let Some(opened) = &editor.opened {
        ui.add_space(space::SM);
        strong(ui, "Changed in Kinde meanwhile");
        diff_lines(ui, &Diff::between(&opened.definition, &now.definition));
        if !deletes {
            what_mine_does(ui, editor, &opened.definition, now);
        }
    }
    match way {
        Some(Way::Theirs) => editor.open(now.clone()),
        Some(Way::Mine) => {
            editor.rebase(now.clone());
            if deletes {
                editor.stage = Stage::Edit;
                done.question = Some(Question::Delete(Box::new(now.clone()), String::new()));
            } else if !editor.is_dirty() {
                editor.said = Some("Kinde has what you typed already: nothing is left to send".to_owned());
            }
        }
        None => {}
    }
}

/// What keeping one's own edit would change of what Kinde has now.
fn what_mine_does(ui: &mut Ui, editor: &Editor, opened: &Definition, now: &Webhook) {
    let (mine, merged) = (editor.definition(), editor.merged(now));
    ui.add_space(space::MD);
    strong(ui, "What keeping yours would change");
    let diff = Diff::between(&now.definition, &merged);
    if diff.is_empty() {
        small(ui, "Nothing: Kinde has what you typed already");
    }
    diff_lines(ui, &diff);
    let both = clashes(opened, &mine, &now.definition);
    if !both.is_empty() {
        let fields: Vec<String> = both.into_iter().map(|field| word(field).to_lowercase()).collect();
        ui.add_space(space::SM);
        let words = format!("Both sides changed the {}: keeping yours overwrites theirs", fields.join(" and the "));
        Callout::warn(&words).show(ui);
    }
}
