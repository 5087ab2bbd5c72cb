//! The pane of one kept attempt: the sentence, the ladder, and the parts.

mod state;

pub use state::State;

use egui::Ui;

use crate::action::Action;
use crate::screens::Cx;
use crate::ui::{Button, Callout, check_list, loading, subdued};

/// A way to another attempt of the list, which the list goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The next newer one.
    Newer,
    /// The next older one.
    Older,
}

/// Draws the pane, as high as it grows. Answers where a person wants to go in the list.
pub fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) -> Option<Turn> {
    let mut again = false;
    match &state.what {
        state::What::Nothing if state.is_opening() => loading(ui, "Reading the attempt…"),
        state::What::Nothing => {
            subdued(ui, "Choose an attempt to see what is in it");
        }
        state::What::Gone => {
            subdued(ui, "It is not kept any more");
        }
        state::What::Failed(error) => {
            again = Callout::user_error(error).show_with(ui, |ui| Button::secondary("Try again").show(ui).clicked());
        }
        state::What::There(there) => match &there.told {
            None => loading(ui, "Judging…"),
            Some(Ok(told)) => {
                check_list(ui, &format!("attempt {}", there.opened.whole.attempt.seq), &told.headline, &told.checks);
            }
            Some(Err(error)) => {
                again =
                    Callout::user_error(error).show_with(ui, |ui| Button::secondary("Try again").show(ui).clicked());
            }
        },
    }
    if again {
        state.refresh(cx, actions);
    }
    None
}
