//! One of many, in a list that opens.

use egui::{ComboBox, Id, Response, RichText, Ui};

use super::field::form_row;
use super::focus;
use super::icons::Icon;
use super::theme::tokens;
use super::tokens::{size, text};

/// A list that opens below its button. `shown` is what is chosen now; `items` draws the list with [`combo_item`].
///
/// ```text
/// combo(ui, "User", "ada@example.com", 240.0, |ui| if combo_item(ui, true, "ada@example.com", "last used") { … });
/// ```
pub fn combo(ui: &mut Ui, name: &str, shown: &str, width: f32, items: impl FnOnce(&mut Ui)) -> Response {
    let list = ComboBox::from_id_salt(("combo", name)).width(width).truncate().selected_text(shown).icon(
        |ui, rect, visuals, _| {
            Icon::ChevronDown.paint(ui.painter(), rect.center(), 14.0, visuals.fg_stroke.color);
        },
    );
    // A long choice is cut at the width, and does not push away what stands beside the list.
    let response = ui
        .scope(|ui| {
            ui.set_max_width(width.min(ui.available_width()));
            list.show_ui(ui, items).response
        })
        .inner;
    focus::into_view(ui, &response, response.rect);
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_label(name);
        node.set_value(shown);
    });
    response
}

/// One line of an open [`combo`]; true when it was chosen. `note` is subdued beside it; empty for none.
pub fn combo_item(ui: &mut Ui, chosen: bool, words: &str, note: &str) -> bool {
    let t = tokens(ui);
    // The chosen line looks like a chosen row anywhere else.
    ui.visuals_mut().selection.bg_fill = t.row_selected;
    ui.visuals_mut().selection.stroke.color = t.text_strong;
    let note = RichText::new(note).size(text::SMALL).color(t.text_subdued);
    let button = egui::Button::selectable(chosen, words).right_text(note).truncate();
    let response = ui.add_sized([ui.available_width(), size::CONTROL_SMALL], button);
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::MenuItem, true, chosen, words));
    let clicked = response.clicked();
    if clicked {
        // A key or a screen reader presses without the pointer, which alone would close the list.
        ui.close();
    }
    clicked
}

/// A [`combo`] as a row of a form.
pub fn combo_row(ui: &mut Ui, label: &str, hint: Option<&str>, shown: &str, items: impl FnOnce(&mut Ui)) -> Response {
    form_row(ui, label, hint, None, size::FIELD_MAX, |ui, name: Id| {
        let width = ui.available_width();
        combo(ui, label, shown, width, items).labelled_by(name)
    })
}
