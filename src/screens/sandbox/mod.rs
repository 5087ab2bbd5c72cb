//! The Sandbox room: the Kinde tenant on this machine, started, looked into, made to send and made to fail.
//!
//! Shows only while the sandbox profile is chosen. Draws and pushes actions; `state` takes what comes back.

mod env;
mod faults;
mod overview;
mod providers;
mod state;

use egui::{Align, Layout, ScrollArea, Ui};

pub use state::State;

use super::Cx;
use crate::action::Action;
use crate::backend::sandbox::{Command, Runs};
use crate::ui::tokens::{size, space};
use crate::ui::{Button, Icon, LoadAsk, LoadView, Mood, empty_state, heading, section, status, status_with, tabs};
use state::Tab;

/// The widest a page of the room grows, in points.
const WIDE: f32 = 900.0;

/// Draws the room.
pub fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    head(ui, state, cx, actions);
    tabs(ui, &mut state.tab, &[(Tab::Overview, "Overview", None), (Tab::Faults, "Faults", None)]);
    ui.add_space(space::SM);
    let tab = state.tab;
    ScrollArea::vertical().id_salt(("sandbox", tab as u8)).auto_shrink(false).show(ui, |ui| {
        ui.set_max_width((ui.available_width() - space::SM).min(WIDE));
        page(ui, state, cx, actions);
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

/// The open tab, once the sandbox was looked at.
fn page(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let State { tab, view, scheme, .. } = state;
    let (mut stopped, tab) = (false, *tab);
    let ask = LoadView::new("Looking at the sandbox…").idle("The sandbox was not looked at yet", "Look").show(
        ui,
        view,
        |ui, view| {
            stopped = view.runs.is_none();
            if tab == Tab::Overview {
                overview::ui(ui, view, scheme);
            }
        },
    );
    match ask {
        Some(LoadAsk::Start | LoadAsk::Retry) => state.ask(Command::Look, cx, actions),
        Some(LoadAsk::Cancel) | None => {}
    }
    if tab == Tab::Overview || state.view.value().is_none() {
        return;
    }
    if stopped {
        if empty_state(ui, Some(Icon::Sandbox), "The sandbox is stopped", Some("Start it")) {
            state.ask(Command::Start, cx, actions);
        }
        return;
    }
    let apps = state.view.value().map(|view| view.apps.clone()).unwrap_or_default();
    section(ui, "Faults", |ui| faults::ui(ui, &mut state.faults, cx, actions));
    section(ui, "At the providers", |ui| providers::ui(ui, &mut state.happenings, &apps, cx, actions));
}
