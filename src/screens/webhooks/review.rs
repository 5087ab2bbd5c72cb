//! What saving will change, before anything is sent.

use egui::Ui;

use super::diff::diff_lines;
use super::editor_state::Editor;
use crate::screens::guard_words;
use crate::tenant::Profile;
use crate::ui::tokens::space;
use crate::ui::{Callout, strong};
use crate::webhooks::REPLACE_NOTE;

pub(super) fn show(ui: &mut Ui, editor: &Editor, profile: &Profile) {
    let diff = editor.diff();
    if profile.guard().is_on() {
        let title = guard_words(profile);
        Callout::warn(&title).text("Real deliveries change with this.").show(ui);
        ui.add_space(space::SM);
    }
    // Once it was tried and refused, the refusal says how it goes on.
    if diff.needs_replace() && editor.refusal.is_none() {
        let note = format!("{REPLACE_NOTE}.");
        Callout::warn("A new endpoint is a replace")
            .text(
                "Kinde cannot change the endpoint of a webhook. The new one is created and seen in the list, then the \
                 old one is deleted. Its id changes. Whatever fails, the old one stays in place.",
            )
            .text(&note)
            .show(ui);
        ui.add_space(space::SM);
    }
    strong(ui, "What will change");
    ui.add_space(space::XS);
    diff_lines(ui, &diff);
}
