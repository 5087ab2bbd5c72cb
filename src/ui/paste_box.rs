//! The large box to paste or drop something into.

use egui::{Frame, Margin, Response, RichText, ScrollArea, Stroke, TextEdit, Ui};

use super::focus;
use super::theme::tokens;
use super::tokens::radius;

/// What a person did to a paste box.
pub struct PasteAnswer {
    /// The text field's own answer.
    pub response: Response,
    /// Files dropped on the window this frame, while the box was shown. The backend reads them.
    pub dropped: Vec<std::path::PathBuf>,
}

/// A box of `rows` lines called `name`; `hint` stands in it while it is empty. Long text scrolls inside.
pub fn paste_box(ui: &mut Ui, name: &str, hint: &str, rows: usize, value: &mut String) -> PasteAnswer {
    let t = tokens(ui);
    let id = ui.make_persistent_id(("paste", name));
    let (over, dropped) = ui.input(|input| {
        (
            !input.raw.hovered_files.is_empty(),
            input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect(),
        )
    });
    let focused = ui.memory(|memory| memory.has_focus(id));
    let line = if over || focused { t.focus } else { t.line };
    let height = rows as f32 * 17.0;
    let shown = Frame::new()
        .fill(if over { t.info.fill } else { t.field })
        .stroke(Stroke::new(1.0, line))
        .corner_radius(radius::CARD)
        .inner_margin(Margin::same(10))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ScrollArea::vertical()
                .id_salt(id)
                .max_height(height)
                .min_scrolled_height(height)
                .show(ui, |ui| {
                    ui.add(
                        TextEdit::multiline(value)
                            .id(id)
                            .frame(Frame::NONE)
                            .font(egui::TextStyle::Monospace)
                            .desired_width(f32::INFINITY)
                            .desired_rows(rows)
                            .hint_text(RichText::new(hint).color(t.text_subdued)),
                    )
                })
                .inner
        });
    let response = shown.inner;
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(name));
    focus::ring(ui, &response, shown.response.rect, radius::CARD);
    PasteAnswer { response, dropped }
}
