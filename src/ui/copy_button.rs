//! Copying, with the answer on the button itself.

use std::time::Duration;

use egui::{Id, Response, Ui};

use super::button::Button;
use super::icons::Icon;

/// How long the button says so, in seconds.
const SAYS_SO: f64 = 1.6;

/// "Copy" with words: puts `text()` on the clipboard and says "Copied" in its own place for a moment.
///
/// `name` tells what is copied ("Copy token"). `text` is asked only when the button is pressed.
pub fn copy_button(ui: &mut Ui, name: &str, text: impl FnOnce() -> String) -> Response {
    copy(ui, name, text, true)
}

/// The same as an icon alone, for rows.
pub fn copy_icon(ui: &mut Ui, name: &str, text: impl FnOnce() -> String) -> Response {
    copy(ui, name, text, false)
}

fn copy(ui: &mut Ui, name: &str, text: impl FnOnce() -> String, words: bool) -> Response {
    // The memory of the press hangs on where the button stands and what it is called.
    let key = ui.make_persistent_id(("copy", name));
    let said = just_copied(ui, key);
    let icon = if said { Icon::Check } else { Icon::Copy };
    let button = if words {
        // As wide as its own name, which is never shorter than "Copied" by much: its neighbours stay.
        Button::ghost(if said { "Copied" } else { name }).icon(icon).min_width(width_of(ui, name))
    } else {
        Button::icon_only(icon, name).hint(if said { "Copied" } else { name })
    };
    let response = button.name(name).small().show(ui);
    if response.clicked() {
        ui.copy_text(text());
        let now = ui.input(|input| input.time);
        ui.data_mut(|data| data.insert_temp(key, now));
        ui.ctx().request_repaint_after(Duration::from_secs_f64(SAYS_SO));
    }
    response
}

fn width_of(ui: &Ui, name: &str) -> f32 {
    let font = egui::FontId::proportional(super::tokens::text::SMALL);
    let measure =
        |words: &str| ui.painter().layout_no_wrap(words.to_owned(), font.clone(), egui::Color32::PLACEHOLDER).size().x;
    measure(name).max(measure("Copied")) + super::tokens::size::ICON + 5.0 + 20.0
}

fn just_copied(ui: &Ui, key: Id) -> bool {
    let now = ui.input(|input| input.time);
    let at: Option<f64> = ui.data(|data| data.get_temp(key));
    at.is_some_and(|at| now - at < SAYS_SO)
}
