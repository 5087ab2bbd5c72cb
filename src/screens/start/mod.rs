//! Being written.

use super::Cx;
use crate::action::Action;

/// What this screen holds.
#[derive(Default)]
pub struct State {}

impl State {
    /// The room was opened, or the profile switched while it is open.
    pub fn entered(&mut self, _cx: &Cx<'_>, _actions: &mut Vec<Action>) {}

    /// The profile was switched: drops what belongs to the old one.
    pub fn forget(&mut self) {}
}

/// Draws the screen.
pub fn ui(_ui: &mut egui::Ui, _state: &mut State, _cx: &Cx<'_>, _actions: &mut Vec<Action>) {}
