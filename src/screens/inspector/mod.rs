//! The inspector: a box to paste a token into, and everything the panel can say about it.

pub mod detail;
mod input;
mod result;
mod state;

pub use state::State;

use egui::Ui;

use super::Cx;
use crate::action::Action;
use crate::ui::tokens::space;

/// Draws the screen, as high as it grows: the shell scrolls it.
pub fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    input::head(ui, state, cx, actions);
    ui.add_space(space::SM);
    input::token(ui, state, cx, actions);
    ui.add_space(space::SM);
    input::keys(ui, state, cx, actions);
    ui.add_space(space::MD);
    result::ui(ui, state, cx, actions);
    state.tend(cx, actions);
}
