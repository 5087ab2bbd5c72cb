//! What else can be done with a thing: a button with three dots and the list it opens.

use egui::{Popup, Response, Ui};

use super::button::Button;
use super::icons::Icon;
use super::theme::tokens;
use super::tokens::size;

/// Width of an open menu, in points.
const WIDTH: f32 = 220.0;

/// Three dots, named `name`; pressed, they open a list of [`menu_item`]s.
pub fn menu(ui: &mut Ui, name: &str, items: impl FnOnce(&mut Ui)) -> Response {
    let response = Button::icon_only(Icon::More, name).small().show(ui);
    Popup::menu(&response).width(WIDTH).show(|ui| {
        ui.set_width(WIDTH);
        items(ui);
    });
    response
}

/// One line of an open [`menu`]; true when it was chosen.
pub fn menu_item(ui: &mut Ui, icon: Icon, words: &str) -> bool {
    let t = tokens(ui);
    let wanted = egui::vec2(ui.available_width(), size::CONTROL);
    let (rect, response) = ui.allocate_exact_size(wanted, egui::Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::MenuItem, true, words));
    let hot = response.hovered() || response.has_focus();
    if hot {
        ui.painter().rect_filled(rect, super::tokens::radius::SMALL, t.control_hover);
    }
    let ink = if hot { t.text_strong } else { t.text };
    icon.paint(ui.painter(), egui::pos2(rect.left() + 15.0, rect.center().y), size::ICON, t.text_subdued);
    let font = egui::FontId::proportional(super::tokens::text::BODY);
    let galley = ui.painter().layout_no_wrap(words.to_owned(), font, ink);
    ui.painter().galley(egui::pos2(rect.left() + 32.0, rect.center().y - galley.size().y / 2.0), galley, ink);
    super::focus::ring(ui, &response, rect, super::tokens::radius::SMALL);
    let clicked = response.clicked();
    if clicked {
        // A key presses without the pointer, which alone would close the list.
        ui.close();
    }
    clicked
}
