//! The small window that opens where the panel cannot start: what is in the way, and nothing else.

use egui::{CentralPanel, Frame, Margin, ScrollArea, Ui, Vec2, vec2};

use crate::error::UserError;
use crate::ui::tokens::space;
use crate::ui::{Button, Callout, heading, tokens};

/// How large it is, in points.
pub const SIZE: Vec2 = vec2(560.0, 250.0);

/// Draws it; true when the person has read it.
pub fn ui(ui: &mut Ui, error: &UserError) -> bool {
    let frame = Frame::new().fill(tokens(ui).page).inner_margin(Margin::same(20));
    let mut close = false;
    CentralPanel::default().frame(frame).show(ui, |ui| {
        heading(ui, "Kinde Panel cannot start");
        ui.add_space(space::MD);
        ScrollArea::vertical().max_height(ui.available_height() - 44.0).show(ui, |ui| {
            Callout::user_error(error).show(ui);
        });
        ui.add_space(space::MD);
        close = Button::primary("Quit").show(ui).clicked();
    });
    close
}
