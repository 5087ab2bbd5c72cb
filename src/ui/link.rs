//! A link. It opens nothing itself: the screen turns a click into an action, so that the backend opens the browser.

use egui::{FontId, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::focus;
use super::icons::Icon;
use super::theme::tokens;
use super::tokens::{radius, text};

/// Words that lead out of the window. The address shows under the pointer, and a right click copies it.
pub fn link(ui: &mut Ui, words: &str, url: &str) -> Response {
    let t = tokens(ui);
    let galley = ui.painter().layout_no_wrap(words.to_owned(), FontId::proportional(text::BODY), t.accent_text);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 18.0, 20.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Link, ui.is_enabled(), words));
    let top = rect.center().y - galley.size().y / 2.0;
    let width = galley.size().x;
    ui.painter().galley(pos2(rect.left(), top), galley, t.accent_text);
    Icon::External.paint(ui.painter(), pos2(rect.right() - 7.0, rect.center().y), 13.0, t.accent_text);
    if response.hovered() {
        let line = egui::Stroke::new(1.0, t.accent_text);
        ui.painter().hline(rect.left()..=rect.left() + width, rect.bottom() - 2.0, line);
    }
    focus::ring(ui, &response, rect.expand(2.0), radius::SMALL);
    response.context_menu(|ui| {
        if ui.button("Copy link").clicked() {
            ui.copy_text(url.to_owned());
            ui.close();
        }
    });
    let response = response.on_hover_cursor(egui::CursorIcon::PointingHand).on_hover_text(url);
    response.widget_info(|| WidgetInfo::labeled(Role::Link, ui.is_enabled(), words));
    response
}
