//! The Sandbox room: the Kinde tenant on this machine, started, looked into, made to send and made to fail.
//!
//! Shows only while the sandbox profile is chosen. Draws and pushes actions; `state` takes what comes back.

mod deliveries;
mod delivery;
mod draft;
mod env;
mod faults;
mod hooks;
mod keys;
mod mail;
mod mails;
mod origin;
mod overview;
mod plan;
mod providers;
mod send;
mod sent;
mod state;
mod types;

use egui::{Align, Layout, ScrollArea, Ui};

pub use state::State;

use super::Cx;
use crate::action::Action;
use crate::backend::sandbox::{Command, Runs};
use crate::ui::tokens::{size, space};
use crate::ui::{Button, Icon, Load, LoadView, Mood, empty_state, heading, section, status, status_with, tabs};
use state::Tab;

/// The widest a page of the room grows, in points.
const WIDE: f32 = 900.0;

/// Draws the room.
pub fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if state.stale && !state.view.is_loading() {
        state.stale = false;
        state.ask(Command::Look, cx, actions);
    }
    head(ui, state, cx, actions);
    let waiting = Some(state.deliveries.waiting()).filter(|count| *count > 0);
    tabs(
        ui,
        &mut state.tab,
        &[
            (Tab::Overview, "Overview", None),
            (Tab::Send, "Send event", None),
            (Tab::Deliveries, "Deliveries", waiting),
            (Tab::Mail, "Mail", None),
            (Tab::Faults, "Faults", None),
        ],
    );
    ui.add_space(space::SM);
    state.mails.shown(state.tab == Tab::Mail, actions);
    let fresh = matches!(state.view, Load::Ready(_)) || state.view.is_loading();
    match (state.tab, state.view.value()) {
        (_, Some(_)) if !fresh => looked_at(ui, state, cx, actions),
        (_, None) => looked_at(ui, state, cx, actions),
        (Tab::Overview, Some(_)) => scroll(ui, "overview", |ui| overview(ui, state, cx, actions)),
        (_, Some(view)) if view.runs.is_none() => {
            if empty_state(ui, Some(Icon::Sandbox), "The sandbox is stopped", Some("Start it")) {
                state.ask(Command::Start, cx, actions);
            }
        }
        (Tab::Send, Some(view)) => {
            let webhooks = view.runs.as_ref().map(|runs| runs.webhooks.as_slice()).unwrap_or_default();
            send::ui(ui, &mut state.send, webhooks, cx, actions);
            if std::mem::take(&mut state.send.wants_deliveries) {
                state.tab = Tab::Deliveries;
                state.deliveries.newest = true;
                state.deliveries.ask(cx, actions);
            }
        }
        (Tab::Deliveries, Some(_)) => deliveries::ui(ui, &mut state.deliveries, cx, actions),
        (Tab::Mail, Some(_)) => mails::ui(ui, &mut state.mails, cx, actions),
        (Tab::Faults, Some(view)) => {
            let apps = view.apps.clone();
            faults::bar(ui, &mut state.faults, cx, actions);
            scroll(ui, "faults", |ui| {
                section(ui, "Faults", |ui| faults::ui(ui, &mut state.faults));
                section(ui, "At the providers", |ui| providers::ui(ui, &mut state.happenings, &apps, cx, actions));
            });
        }
    }
}

/// A page that scrolls as a whole.
fn scroll(ui: &mut Ui, id: &str, page: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical().id_salt(("sandbox", id)).auto_shrink(false).show(ui, |ui| {
        ui.set_max_width((ui.available_width() - space::SM).min(WIDE));
        page(ui);
        ui.add_space(space::XL);
    });
}

fn head(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        heading(ui, "Sandbox");
        ui.add_space(space::SM);
        let Some(view) = state.view.value() else { return };
        let runs = view.runs.clone();
        standing(ui, runs.as_ref());
        if state.faults.any() && runs.is_some() {
            status(ui, Mood::Warn, "Faults are on");
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let busy = state.view.is_loading();
            match runs {
                None => {
                    let start = Button::primary("Start").name("Start the sandbox").icon(Icon::Play);
                    if start.enabled_or(!busy, "It is being looked at").show(ui).clicked() {
                        state.ask(Command::Start, cx, actions);
                    }
                }
                Some(runs) => {
                    let stop = Button::secondary("Stop").name("Stop the sandbox").icon(Icon::Stop);
                    let why_not = if busy { "It is being looked at" } else { "Stop it where it was started" };
                    let stop = stop.hint("Its state stays; a room that needs it starts it again");
                    if stop.enabled_or(runs.here && !busy, why_not).show(ui).clicked() {
                        state.ask(Command::Stop, cx, actions);
                    }
                }
            }
        });
    });
}

fn standing(ui: &mut Ui, runs: Option<&Runs>) {
    match runs {
        None => status_with(ui, Mood::Neutral, Icon::Stop, "stopped"),
        Some(runs) if runs.here => status(ui, Mood::Success, "running in this window"),
        Some(runs) => status(ui, Mood::Success, &format!("running in process {}", runs.pid)),
    };
}

/// While the sandbox was not looked at, or could not be.
fn looked_at(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let view = LoadView::new("Looking at the sandbox…").idle("The sandbox was not looked at yet", "Look");
    if view.show(ui, &mut state.view, |_, _| {}).is_some() {
        state.ask(Command::Look, cx, actions);
    }
}

fn overview(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let State { view, scheme, mode, plan, keys, .. } = state;
    let busy = view.is_loading();
    let Some(view) = view.value() else { return };
    let mut mail = false;
    let parts = overview::Parts { scheme, mode, mail: &mut mail, plan, keys, busy };
    if let Some(command) = overview::ui(ui, view, parts, cx, actions) {
        state.ask(command, cx, actions);
    }
    if mail {
        state.tab = Tab::Mail;
    }
}
