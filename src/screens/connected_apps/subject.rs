//! For whom: a user or an organization, and the Connect button.

use egui::{Layout, Ui};

use super::state::{Question, State};
use super::users;
use super::work::SubjectKind;
use crate::action::{Action, Room};
use crate::backend::connect::Command;
use crate::error::Category;
use crate::screens::Cx;
use crate::tenant::Profile;
use crate::ui::tokens::{size, space};
use crate::ui::{Button, Callout, Load, radio, small, subdued, text_field};

/// Width of the field for an organization, in points.
const WIDTH: f32 = 250.0;

/// What Connect takes at the end of a row, with the gap before it.
const CONNECT: f32 = 96.0;

/// From this width on, in points, everything stands in one row.
const ONE_ROW: f32 = 480.0;

pub(super) fn show(
    ui: &mut Ui,
    state: &mut State,
    profile: &Profile,
    key: &str,
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        subdued(ui, "Connect for");
        radio(ui, &mut state.work.kind, SubjectKind::User, "user");
        radio(ui, &mut state.work.kind, SubjectKind::Org, "organization");
    });
    // Connect stands where the eye ends, whole: where one row is too narrow it gets its own.
    let one_row = ui.available_width() >= ONE_ROW;
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        let tail = if one_row { CONNECT } else { 0.0 };
        match state.work.kind {
            SubjectKind::User => users::find(ui, state, profile, tail, cx, actions),
            SubjectKind::Org => {
                ui.scope(|ui| {
                    ui.set_width((ui.available_width() - tail).min(WIDTH));
                    text_field(ui, "Organization code", "org_…", &mut state.work.org);
                });
            }
        }
        if one_row {
            connect(ui, state, profile, key, cx, actions);
        }
    });
    if state.work.kind == SubjectKind::User {
        users::list(ui, state, profile, cx, actions);
    }
    if !one_row {
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            connect(ui, state, profile, key, cx, actions);
        });
    }
    trouble(ui, state, profile, cx, actions);
    small(ui, "Your browser opens for the consent. An error page at its end is fine: the token comes here.");
    ui.add_space(space::MD);
}

fn connect(ui: &mut Ui, state: &mut State, profile: &Profile, key: &str, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
        let running = state.work.is_walking(key);
        let why_not = match state.work.kind {
            _ if running => "This app is being connected: cancel that first",
            SubjectKind::User => "Choose a user first",
            SubjectKind::Org => "Type the organization's code first",
        };
        let ready = !running && state.subject().is_some();
        if Button::primary("Connect").enabled_or(ready, why_not).show(ui).clicked() {
            state.connect(profile, cx, actions);
        }
    });
}

/// What is in the way: users that cannot be read, a tenant without any.
fn trouble(ui: &mut Ui, state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if state.work.kind == SubjectKind::Org {
        return;
    }
    if let Load::Failed { error, .. } = &state.users {
        let (mut again, mut tenant) = (false, false);
        let to_tenant = matches!(error.category, Category::Auth | Category::File);
        Callout::user_error(error).show_with(ui, |ui| {
            ui.horizontal(|ui| {
                again = Button::secondary("Try again").show(ui).clicked();
                tenant = to_tenant && Button::secondary("Go to Tenant").show(ui).clicked();
            });
        });
        if again {
            state.read_users(profile, cx, actions);
        }
        if tenant {
            actions.push(Action::Go(Room::Tenant));
        }
    }
    if let Some(error) = &state.create_error {
        Callout::user_error(error).show(ui);
    }
    if let Some(users) = state.users.value()
        && !state.users.is_loading()
        && users.list.is_empty()
    {
        let none = users.query.is_empty();
        if none && profile.last_users.is_empty() {
            let create = Callout::info("The tenant has no user yet")
                .text("A connected app is connected for a user or an organization")
                .show_with(ui, |ui| {
                    let free = state.creating.is_none();
                    Button::secondary("Create a test user").enabled_or(free, "It is being created").show(ui).clicked()
                });
            if create && profile.guard().is_on() {
                state.question = Some(Question::CreateUser);
            } else if create {
                self::create(state, profile, cx, actions);
            }
        } else if !none {
            small(ui, &format!("Nobody is found by \u{201c}{}\u{201d}", users.query));
        }
    }
}

/// Asks for a made-up user.
pub(super) fn create(state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let job = cx.job();
    state.creating = Some(job);
    state.create_error = None;
    actions.push(Action::Run(job, Command::CreateTestUser { profile: profile.id }.into()));
}
