//! The first page, while no profile is chosen: three ways in.

use egui::Ui;

use super::Cx;
use crate::action::{Action, Room};
use crate::backend::tenant::Command;
use crate::secrets::Secret;
use crate::ui::tokens::{size, space};
use crate::ui::{Button, Icon, card, heading, paste_box, prose, subdued, title};

/// What the page remembers.
#[derive(Default)]
pub struct State {
    /// What stands in the paste box.
    pasted: String,
}

impl State {
    /// The page is opened: nothing to load.
    pub fn entered(&mut self, _cx: &Cx<'_>, _actions: &mut Vec<Action>) {}

    /// Nothing here belongs to a profile.
    pub fn forget(&mut self, _actions: &mut Vec<Action>) {}
}

/// Draws the page.
pub fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    ui.scope(|ui| {
        ui.set_max_width(ui.available_width().min(size::PROSE_MAX + 160.0));
        heading(ui, "Welcome to Kinde Panel");
        prose(ui, "Connect apps, check tokens and read webhooks of your Kinde tenant, without Postman.");
        ui.add_space(space::LG);
        read(ui, state, cx, actions);
        ui.add_space(space::LG);
        let wide = ui.available_width() >= 560.0;
        if wide {
            ui.columns(2, |columns| {
                if let [left, right] = columns {
                    // Columns justify their text; the cards' own layout does not.
                    let layout = egui::Layout::top_down(egui::Align::Min);
                    left.with_layout(layout, |ui| connect(ui, actions));
                    right.with_layout(layout, |ui| explore(ui, actions));
                }
            });
        } else {
            connect(ui, actions);
            ui.add_space(space::LG);
            explore(ui, actions);
        }
    });
}

fn read(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    card(ui, |ui| {
        title(ui, "Paste a token or a webhook body");
        subdued(
            ui,
            "Also an HTTP request, a curl line or an Authorization header, or drop a file. It is read on this machine",
        );
        ui.add_space(space::XS);
        let hint = "eyJhbGciOiJSUzI1NiIs…";
        let answer = paste_box(ui, "Paste a token or a webhook body", hint, 6, &mut state.pasted);
        if let Some(path) = answer.dropped.into_iter().next() {
            actions.push(Action::Run(cx.job(), Command::ReadDropped { path }.into()));
        }
        ui.add_space(space::SM);
        let something = !state.pasted.trim().is_empty();
        if Button::primary("Read it").enabled_or(something, "Paste something first").show(ui).clicked() {
            actions.push(Action::PasteToInspector(Secret::new(std::mem::take(&mut state.pasted))));
        }
    });
}

fn connect(ui: &mut Ui, actions: &mut Vec<Action>) {
    card(ui, |ui| {
        title(ui, "Your tenant");
        ui.add(egui::Label::new("Its domain is enough to begin with: decode and verify work then.").wrap());
        ui.add_space(space::SM);
        if Button::secondary("Connect your Kinde tenant").icon(Icon::Tenant).show(ui).clicked() {
            actions.push(Action::Go(Room::Tenant));
        }
    });
}

fn explore(ui: &mut Ui, actions: &mut Vec<Action>) {
    card(ui, |ui| {
        title(ui, "No account needed");
        ui.add(egui::Label::new("A Kinde tenant on this machine, with users, connected apps and providers.").wrap());
        ui.add_space(space::SM);
        if Button::secondary("Explore with the sandbox").icon(Icon::Sandbox).show(ui).clicked() {
            actions.push(Action::ExploreSandbox);
        }
    });
}
