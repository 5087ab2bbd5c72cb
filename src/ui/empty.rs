//! Nothing here yet: one sentence and the next thing to do.

use egui::{RichText, Ui};

use super::button::Button;
use super::icons::Icon;
use super::theme::tokens;
use super::tokens::{size, space};

/// A sentence for what is not there yet, and the button that changes that. True when the button was pressed.
pub fn empty_state(ui: &mut Ui, icon: Option<Icon>, sentence: &str, next: Option<&str>) -> bool {
    let t = tokens(ui);
    ui.vertical_centered(|ui| {
        ui.add_space(space::XL);
        if let Some(icon) = icon {
            icon.show(ui, 24.0, t.text_subdued, "");
            ui.add_space(space::XS);
        }
        ui.scope(|ui| {
            ui.set_max_width(ui.available_width().min(size::MODAL));
            ui.label(RichText::new(sentence).color(t.text_subdued));
        });
        let pressed = next.is_some_and(|next| Button::secondary(next).show(ui).clicked());
        ui.add_space(space::XL);
        pressed
    })
    .inner
}
