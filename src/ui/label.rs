//! Words in their three strengths and five sizes. Text stays selectable: people copy ids.

use egui::{Label, Response, RichText, Ui};

use super::theme::tokens;
use super::tokens::{size, text};

/// The name of a room, 19 points.
pub fn heading(ui: &mut Ui, words: &str) -> Response {
    let response = ui.label(RichText::new(words).size(text::HEADING).color(tokens(ui).text_strong));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_role(egui::Role::Heading);
        // A label is named by its value, a heading by its label: without one a screen reader says nothing.
        node.set_label(words);
    });
    response
}

/// The name of a card or group, 15 points.
pub fn title(ui: &mut Ui, words: &str) -> Response {
    ui.label(RichText::new(words).size(text::TITLE).color(tokens(ui).text_strong))
}

/// Words that matter more than those around them.
pub fn strong(ui: &mut Ui, words: &str) -> Response {
    ui.label(RichText::new(words).color(tokens(ui).text_strong))
}

/// Notes and captions, at the size of the body.
pub fn subdued(ui: &mut Ui, words: &str) -> Response {
    ui.label(RichText::new(words).color(tokens(ui).text_subdued))
}

/// Notes and captions, small.
pub fn small(ui: &mut Ui, words: &str) -> Response {
    ui.label(RichText::new(words).size(text::SMALL).color(tokens(ui).text_subdued))
}

/// An id or an address, in the fixed-width face.
pub fn mono(ui: &mut Ui, words: &str) -> Response {
    ui.label(RichText::new(words).monospace())
}

/// One line that is cut with `…` where the room ends; the whole text shows under the pointer.
pub fn line(ui: &mut Ui, words: impl Into<RichText>) -> Response {
    ui.add(Label::new(words.into()).truncate())
}

/// Prose: wraps, and never grows wider than a person reads well.
pub fn prose(ui: &mut Ui, words: &str) -> Response {
    ui.scope(|ui| {
        ui.set_max_width(ui.available_width().min(size::PROSE_MAX));
        ui.add(Label::new(words).wrap())
    })
    .inner
}
