//! Before and after, line by line: a sign and a colour, never a colour alone.

use egui::{Color32, Label, RichText, Ui};

use crate::ui::tokens::{space, text};
use crate::ui::{small, tokens};
use crate::webhooks::{Diff, Field};

/// What differs, one field after the other.
pub(super) fn diff_lines(ui: &mut Ui, diff: &Diff) {
    let t = tokens(ui);
    let (gone, come) = (t.error.text, t.success.text);
    let mut field = None;
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for line in diff.lines() {
            if field != Some(line.field) {
                if field.is_some() {
                    ui.add_space(space::SM);
                }
                field = Some(line.field);
                small(ui, word(line.field));
            }
            if let Some(before) = &line.before {
                signed(ui, "\u{2212}", before, gone);
            }
            if let Some(after) = &line.after {
                signed(ui, "+", after, come);
            }
        }
    });
}

fn signed(ui: &mut Ui, sign: &str, words: &str, colour: Color32) {
    if words.is_empty() {
        return;
    }
    let words = RichText::new(format!("{sign} {words}")).monospace().size(text::MONO).color(colour);
    ui.add(Label::new(words).wrap());
}

pub(super) fn word(field: Field) -> &'static str {
    match field {
        Field::Name => "Name",
        Field::Description => "Description",
        Field::Endpoint => "Endpoint",
        Field::EventType => "Event types",
    }
}
