//! Being written.

use jiff::Timestamp;

use super::Cx;
use crate::action::Action;
use crate::backend::{self, JobId};

/// What this screen holds.
#[derive(Default)]
pub struct State {}

impl State {
    /// Takes what the backend sent.
    pub fn on_event(
        &mut self,
        _job: JobId,
        _event: backend::inspect::Event,
        _now: Timestamp,
        _actions: &mut Vec<Action>,
    ) {
    }

    /// Takes a text from elsewhere into the paste box and judges it.
    pub fn paste(&mut self, _text: String, _cx: &Cx<'_>, _actions: &mut Vec<Action>) {}

    /// The room was opened, or the profile switched while it is open.
    pub fn entered(&mut self, _cx: &Cx<'_>, _actions: &mut Vec<Action>) {}

    /// The profile was switched: drops what belongs to the old one.
    pub fn forget(&mut self) {}
}

/// Draws the screen.
pub fn ui(_ui: &mut egui::Ui, _state: &mut State, _cx: &Cx<'_>, _actions: &mut Vec<Action>) {}
