//! Connected apps: choose an app and a user, connect, hold the token, prove it, revoke it.
//!
//! Draws the state and pushes actions; every call is made by `backend::connect`.

mod add_app;
mod apps;
mod guide;
mod session;
mod state;
mod subject;
mod users;
mod walk;
mod walk_state;
mod work;

use egui::{Layout, ScrollArea, Ui, vec2};

pub use state::State;

use crate::action::{Action, Room};
use crate::backend::connect::Command;
use crate::screens::{Cx, guard_words};
use crate::tenant::{Profile, places};
use crate::ui::tokens::{size, space};
use crate::ui::{Answer, Button, Callout, Confirm, Icon, empty_state, heading, subdued, title};
use state::{Question, can_ask, provider_name, provider_of};
use work::Asked;

/// Draws the room.
pub fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(profile) = cx.profile else {
        if empty_state(
            ui,
            Some(Icon::Apps),
            "Connected apps belong to a tenant. Connect your Kinde tenant, or explore with the sandbox",
            Some("Go to Start"),
        ) {
            actions.push(Action::Go(Room::Start));
        }
        return;
    };
    if state.work.key.is_none() {
        state.work.key = state.first_app(profile);
    }
    header(ui, state);
    ui.add_space(space::SM);
    let beside = ui.available_width() >= apps::BESIDE;
    if !beside {
        apps::as_combo(ui, state, profile, cx);
        ui.add_space(space::SM);
    }
    let height = ui.available_height();
    ui.horizontal_top(|ui| {
        if beside {
            let width = apps::width(ui.available_width());
            ui.allocate_ui_with_layout(vec2(width, height), Layout::top_down(egui::Align::Min), |ui| {
                ui.set_width(width);
                apps::as_list(ui, state, profile, cx);
            });
            ui.add_space(space::SM);
        }
        ui.vertical(|ui| {
            ScrollArea::vertical().id_salt("connected app").auto_shrink([false, false]).max_height(height).show(
                ui,
                |ui| {
                    ui.set_width((ui.available_width() - space::SM).max(200.0));
                    detail(ui, state, profile, beside, cx, actions);
                },
            );
        });
    });
    add_app::dialog(ui.ctx(), state, profile, cx, actions);
    question(ui.ctx(), state, profile, cx, actions);
}

fn header(ui: &mut Ui, state: &mut State) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        heading(ui, "Connected apps");
        ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
            if Button::secondary("Add app…").icon(Icon::Plus).show(ui).clicked() {
                state.begin_app();
            }
        });
    });
}

fn detail(ui: &mut Ui, state: &mut State, profile: &Profile, titled: bool, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if let Some(error) = &state.apps_error
        && state.add.is_none()
    {
        Callout::user_error(error).show(ui);
        ui.add_space(space::SM);
    }
    let Some(key) = state.work.key.clone() else {
        let sentence = format!("Type the Reference key from {}", places::path("reference_key"));
        if empty_state(ui, Some(Icon::Apps), &sentence, Some("Add an app")) {
            state.begin_app();
        }
        return;
    };
    let provider = provider_of(profile, &key);
    if titled {
        ui.horizontal(|ui| {
            title(ui, &key);
            subdued(ui, &format!("· {}", provider_name(provider)));
        });
        ui.add_space(space::SM);
    }
    if can_ask(profile) {
        subject::show(ui, state, profile, &key, cx, actions);
        walk::show(ui, state, &key, cx, actions);
        session::show(ui, state, profile, &key, cx, actions);
        walk::options(ui, state, profile, &key, cx, actions);
    } else {
        let next = Callout::info("Connecting needs an M2M application").text(
            "Kinde hands out connected app tokens through its Management API. This profile has a domain alone. The set-up guide below works without it",
        );
        if next.show_with(ui, |ui| Button::primary("Go to Tenant").show(ui).clicked()) {
            actions.push(Action::Go(Room::Tenant));
        }
        ui.add_space(space::SM);
    }
    guide::show(ui, state, profile, provider, cx, actions);
    ui.add_space(space::XL);
}

/// The question that is open, if any.
fn question(ctx: &egui::Context, state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(question) = state.question.clone() else { return };
    let answer = match &question {
        Question::Revoke(number) => {
            let who = state.work.sessions.get(*number).map(|session| session.who.clone()).unwrap_or_default();
            let who = if who.is_empty() { "this user".to_owned() } else { who };
            let ask = format!("Revoke the session of {who}?");
            let place = format!("{}.", guard_words(profile));
            Confirm::new(&ask, "Revoke session")
                .text(&place)
                .text("Kinde hands out no token for it any more; the person has to consent again.")
                .show(ctx)
        }
        Question::CreateUser => {
            let ask = format!("Create a test user in {}?", profile.name);
            Confirm::new(&ask, "Create user")
                .text(&format!("{}.", guard_words(profile)))
                .text("The user gets a made-up address at example.com.")
                .harmless()
                .show(ctx)
        }
        Question::Forget(key) => {
            let ask = format!("Take {key} off the list?");
            Confirm::new(&ask, "Take it off").text("Nothing is changed in Kinde, and no session is revoked.").show(ctx)
        }
    };
    let Some(answer) = answer else { return };
    state.question = None;
    if answer == Answer::Cancelled {
        return;
    }
    match question {
        Question::Revoke(number) => state.ask(number, Asked::Revoke, cx, actions),
        Question::CreateUser => subject::create(state, profile, cx, actions),
        Question::Forget(key) => {
            state.apps_job = cx.job();
            state.forgotten = Some(key.clone());
            let command = Command::ForgetApp { profile: profile.id, key };
            actions.push(Action::Run(state.apps_job, command.into()));
        }
    }
}
