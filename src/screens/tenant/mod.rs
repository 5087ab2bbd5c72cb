//! The Tenant room: which environment is this, and is its M2M application right?
//!
//! Draws and pushes actions; `state` takes what comes back.

mod domain;
mod env;
mod facts;
mod health;
mod m2m;
mod state;

use egui::{Align, Layout, Ui};

pub use state::State;

use super::Cx;
use crate::action::{Action, Room};
use crate::ui::tokens::{size, space};
use crate::ui::{Answer, Button, Confirm, Icon, heading, prose, section};
use state::Question;

/// The widest the room grows, in points.
const WIDE: f32 = 900.0;

/// Draws the room.
pub fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    state.copy_token(ui, actions);
    env::take_pasted(ui, state, cx, actions);
    env::fill(state, cx, actions);
    if state.expected.is_some() && state.expected == cx.profile.map(|profile| profile.id) {
        state.expected = None;
    }
    if let Some(profile) = cx.profile.filter(|_| state.wants_examine) {
        state.wants_examine = false;
        state.examine(cx, profile, false, actions);
    }
    ui.scope(|ui| {
        ui.set_max_width(ui.available_width().min(WIDE));
        head(ui, state, cx, actions);
        ui.add_space(space::SM);
        env::ui(ui, state, cx, actions);
        match cx.profile {
            Some(profile) if !state.adding => {
                domain::found_line(ui, state, profile);
                if profile.is_sandbox() {
                    health::ui(ui, state, cx, profile, actions);
                    sandbox(ui, actions);
                } else if profile.client_id.is_some() && !state.m2m.open {
                    // What is right comes before what it is made of.
                    m2m::told(ui, state);
                    health::ui(ui, state, cx, profile, actions);
                    m2m::ui(ui, state, cx, profile, actions);
                    facts::ui(ui, state, cx, profile, actions);
                } else {
                    m2m::ui(ui, state, cx, profile, actions);
                    health::ui(ui, state, cx, profile, actions);
                    facts::ui(ui, state, cx, profile, actions);
                }
            }
            _ => domain::ui(ui, state, cx, actions),
        }
        ui.add_space(space::XL);
    });
    ask(ui, state, cx, actions);
}

fn head(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        heading(ui, "Tenant");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if Button::ghost("Import .env…").icon(Icon::Download).show(ui).clicked() {
                env::pick(state, cx, actions);
            }
            if cx.profile.is_some() && !state.adding {
                let add = Button::ghost("Connect another tenant").icon(Icon::Plus).show(ui);
                if add.clicked() {
                    state.adding = true;
                    state.focused = false;
                    state.find = crate::ui::Load::Idle;
                }
            }
        });
    });
}

/// What the sandbox is made of, and what goes wrong in it, has a room of its own.
fn sandbox(ui: &mut Ui, actions: &mut Vec<Action>) {
    section(ui, "Sandbox", |ui| {
        prose(ui, "Its addresses, credentials, users and faults are in a room of their own");
        if Button::secondary("Open the Sandbox room").icon(Icon::Sandbox).show(ui).clicked() {
            actions.push(Action::Go(Room::Sandbox));
        }
    });
}

/// The question that stands over the room, if one does.
fn ask(ui: &Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let (Some(question), Some(profile)) = (state.question, cx.profile) else {
        state.question = None;
        return;
    };
    let name = &profile.name;
    let half_done = state.stays_half_done(profile);
    let answer = match question {
        Question::Remove => {
            let title = format!("Remove the profile {name}?");
            let confirm = Confirm::new(&title, "Remove profile")
            .text("Its client secret and token leave the keyring, its connected apps are forgotten.")
            .text(
                "The events it received are deleted for good, pinned ones too. To have them later, export them in the \
                 Inspector first.",
            )
            .choice(&mut state.events_stay, "Leave its events in the data folder, where no profile shows them")
            .text("Nothing changes at Kinde.");
            half_done.iter().fold(confirm, |confirm, words| confirm.text(words)).show(ui.ctx())
        }
        Question::RemoveAnyway => Confirm::new(&format!("Remove {name} and leave its secrets?"), "Remove anyway")
            .text("The system keyring does not answer, so the profile's secrets cannot be removed from it.")
            .text(&format!(
                "They stay there under {} as {}/… until you remove them with the keyring's own program.",
                crate::secrets::SERVICE,
                profile.id
            ))
            .show(ui.ctx()),
        Question::Loosen => Confirm::new(&format!("Stop asking before writing to {name}?"), "Stop asking")
            .text("Kinde calls this environment not live. Revoking and creating will go through without a question.")
            .harmless()
            .show(ui.ctx()),
    };
    match answer {
        None => return,
        Some(Answer::Cancelled) => {}
        Some(Answer::Confirmed) => {
            let job = cx.job();
            let command = match question {
                Question::Remove | Question::RemoveAnyway => {
                    state.remove_job = job;
                    state.cancel_reads(actions);
                    state.change_error = None;
                    let anyway = question == Question::RemoveAnyway;
                    crate::backend::tenant::Command::Remove { profile: profile.id, anyway, events: !state.events_stay }
                }
                Question::Loosen => {
                    state.change_job = job;
                    crate::backend::tenant::Command::Guard { profile: profile.id, on: false }
                }
            };
            state.run(job, command, actions);
        }
    }
    state.question = None;
}
