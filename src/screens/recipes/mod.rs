//! Recipes: every third-party tool of Kinde's guides. One list of all of them with how each stands for the profile, and a
//! page for each: what to type, what is made, what changes in the tenant, whether it works, and where the guide errs.
//!
//! Draws the state and pushes actions; every call is made by `backend::recipes`.

mod draft;
mod elsewhere;
mod forget;
mod guide;
mod list;
mod looked;
mod page;
mod page_state;
mod result;
mod run;
mod save;
mod set_up;
mod state;
mod steps;
mod values;
mod web_secret;

use egui::{Align, Layout, Ui, vec2};

pub use state::{MailStanding, State};

use super::Cx;
use crate::action::{Action, Room};
use crate::recipes;
use crate::tenant::Profile;
use crate::ui::tokens::space;
use crate::ui::{Button, Icon, empty_state, heading};
use state::Shown;

/// From this width of the room on, in points, the list stands beside the page.
const BESIDE: f32 = 700.0;

/// Draws the room.
pub fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(profile) = cx.profile else {
        let words = "Recipes are worked for a tenant. Connect your Kinde tenant, or explore with the sandbox";
        if empty_state(ui, Some(Icon::Recipe), words, Some("Go to Start")) {
            actions.push(Action::Go(Room::Start));
        }
        return;
    };
    let whole = ui.available_size();
    if whole.x >= BESIDE {
        let width = (whole.x * 0.32).clamp(232.0, 320.0);
        ui.horizontal_top(|ui| {
            column(ui, width, whole.y, |ui| {
                heading(ui, "Recipes");
                ui.add_space(space::SM);
                list::show(ui, state, profile, cx, actions);
            });
            ui.add_space(space::MD);
            let rest = ui.available_width();
            column(ui, rest, whole.y, |ui| shown(ui, state, profile, cx, actions));
        });
    } else if state.shown.is_some() {
        if Button::ghost("All recipes").icon(Icon::ChevronLeft).small().show(ui).clicked() {
            state.shown = None;
        }
        shown(ui, state, profile, cx, actions);
    } else {
        heading(ui, "Recipes");
        ui.add_space(space::SM);
        list::show(ui, state, profile, cx, actions);
    }
    save::show(ui.ctx(), state, cx, actions);
    result::question(ui.ctx(), state, profile, cx, actions);
    forget::question(ui.ctx(), state, cx, actions);
}

fn shown(ui: &mut Ui, state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    match state.shown {
        Some(Shown::Recipe(name)) => {
            if let Some(recipe) = recipes::find(name) {
                page::show(ui, state, recipe, profile, cx, actions);
            }
        }
        Some(Shown::Elsewhere(id)) => elsewhere::show(ui, state, id, profile, actions),
        None => {
            ui.add_space(space::XXL);
            let words = "Choose a recipe. It makes what a tool or your app needs, registers at Kinde what has to be \
                         registered, looks whether it works, and walks the same path on this machine";
            empty_state(ui, Some(Icon::Recipe), words, None);
        }
    }
}

/// A part of the room of this size.
fn column(ui: &mut Ui, width: f32, height: f32, content: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(vec2(width, height), Layout::top_down(Align::Min), |ui| {
        ui.set_width(width);
        content(ui);
    });
}
