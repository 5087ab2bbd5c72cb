//! The pane of one kept attempt: the sentence, the ladder, and the parts.
//!
//! Keys, wherever the keyboard is in the room: Alt and up or down for the newer and the older attempt, Alt and left or
//! right for the parts, Ctrl+Shift+C for the curl line.

mod beside;
mod copy;
mod forwards;
mod head;
mod raw;
mod replay;
mod state;
mod timeline;
mod tree;

pub use state::State;

use egui::{Key, KeyboardShortcut, Modifiers, Ui};

use crate::action::Action;
use crate::screens::Cx;
use crate::ui::tokens::space;
use crate::ui::{Button, Callout, code_view, empty_state, loading, small, subdued, tabs};
use state::{Part, Payload, There, What};

/// A way to another attempt of the list, which the list goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The next newer one.
    Newer,
    /// The next older one.
    Older,
    /// The one of that number.
    To(i64),
}

/// The least height of a part, in points: a part scrolls by itself in what the pane has left, and the pane scrolls where
/// that is less.
const PART: f32 = 220.0;

/// Draws the pane, as high as it grows. Answers where a person wants to go in the list.
pub fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) -> Option<Turn> {
    let mut turn = keys(ui, state, actions);
    match &state.what {
        What::Nothing if state.is_opening() => {
            loading(ui, "Reading the attempt…");
            return turn;
        }
        What::Nothing => {
            subdued(ui, "Choose an attempt to see what is in it");
            return turn;
        }
        What::Gone => {
            empty_state(ui, None, "This attempt is not kept any more", None);
            return turn;
        }
        What::Failed(error) => {
            if Callout::user_error(error).show_with(ui, |ui| Button::secondary("Try again").show(ui).clicked()) {
                state.refresh(cx, actions);
            }
            return turn;
        }
        What::There(_) => {}
    }
    if let Some(other) = head::ui(ui, state, cx, actions) {
        turn = Some(other);
    }
    let others = if let What::There(there) = &state.what { there.opened.siblings.len() } else { 0 };
    let names = Part::ALL.map(|(part, name)| (part, name, (part == Part::Timeline && others > 1).then_some(others)));
    tabs(ui, &mut state.part, &names);
    ui.add_space(space::SM);
    let shown = if let What::There(there) = &state.what { there.turn } else { 0 };
    let height = (ui.clip_rect().bottom() - ui.cursor().top() - 60.0).max(PART);
    ui.push_id(shown, |ui| match state.part {
        part @ (Part::Payload | Part::Raw | Part::Headers) => {
            let What::There(there) = &mut state.what else { return };
            match part {
                Part::Raw => raw::ui(ui, there, height),
                Part::Headers => raw::headers(ui, there, height),
                _ => payload(ui, there, height),
            }
        }
        Part::Timeline => {
            if let Some(other) = timeline::ui(ui, state, cx, actions) {
                turn = Some(other);
            }
        }
        Part::Replay => replay::ui(ui, state, cx, actions),
        Part::Truth => beside::truth(ui, state, cx, actions),
        Part::Compare => beside::compare(ui, state, cx, actions),
    });
    turn
}

fn keys(ui: &Ui, state: &mut State, actions: &mut Vec<Action>) -> Option<Turn> {
    let pressed = |modifiers: Modifiers, key: Key| {
        ui.input_mut(|input| input.consume_shortcut(&KeyboardShortcut::new(modifiers, key)))
    };
    if pressed(Modifiers::COMMAND | Modifiers::SHIFT, Key::C) {
        copy::copy_curl(state, actions);
    }
    if pressed(Modifiers::ALT, Key::ArrowLeft) {
        state.part = state.part.step(-1);
    }
    if pressed(Modifiers::ALT, Key::ArrowRight) {
        state.part = state.part.step(1);
    }
    if pressed(Modifiers::ALT, Key::ArrowUp) {
        return Some(Turn::Newer);
    }
    pressed(Modifiers::ALT, Key::ArrowDown).then_some(Turn::Older)
}

fn payload(ui: &mut Ui, there: &mut There, height: f32) {
    if there.told.is_none() {
        return loading(ui, "Reading the payload…");
    }
    match &there.payload {
        Payload::Tree(parsed, note) => {
            if let Some(note) = note {
                small(ui, note);
            }
            tree::ui(ui, parsed, &mut there.tree, height);
        }
        Payload::Text(text) => {
            small(ui, "It is no JSON, or too much of it to show as a tree");
            code_view(ui, "Payload", text, height);
        }
        Payload::None(why) => {
            subdued(ui, why);
        }
    }
}
