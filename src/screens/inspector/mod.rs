//! The inspector: every webhook that was received, live, and a box to paste a token or webhooks into.
//!
//! Draws and pushes actions. The list holds the rows around what a person looks at, never the whole history.

mod chain;
pub mod detail;
mod input;
pub mod keep;
mod list;
mod live;
mod pasting;
mod public;
mod receive;
mod replays;
mod result;
mod rows;
mod search;
mod select;
mod state;

pub use state::State;

use egui::{ScrollArea, Ui};

use super::Cx;
use crate::action::Action;
use crate::ui::segmented;
use crate::ui::tokens::space;
use state::Side;

/// Draws the room.
pub fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if let Some(rest) = state.tend(cx, actions).and_then(|rest| rest.try_into().ok()) {
        // Once, after something arrived: the picture of arrivals is behind.
        ui.ctx().request_repaint_after(rest);
    }
    match state.shown(cx) {
        Side::Live => live::ui(ui, state, cx, actions),
        Side::Paste => {
            ScrollArea::vertical().id_salt("paste").auto_shrink(false).show(ui, |ui| {
                input::head(ui, state, cx, actions);
                keep::told(ui, state);
                pasted(ui, state, cx, actions);
            });
        }
    }
}

/// Live or Paste, where both are there.
fn sides(ui: &mut Ui, state: &mut State, cx: &Cx<'_>) {
    if cx.profile.is_some() {
        segmented(ui, &mut state.side, &[(Side::Live, "Live"), (Side::Paste, "Paste")]);
    }
}

fn pasted(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    ui.add_space(space::SM);
    input::token(ui, &mut state.pasting, cx, actions);
    input::keep(ui, state, cx, actions);
    let state = &mut state.pasting;
    ui.add_space(space::SM);
    input::keys(ui, state, cx, actions);
    ui.add_space(space::MD);
    result::ui(ui, state, cx, actions);
    state.tend(cx, actions);
}
