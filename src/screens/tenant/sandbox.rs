//! The sandbox's page: what it is made of, and what goes wrong in it.

use egui::Ui;

use super::{State, faults};
use crate::action::Action;
use crate::backend::sandbox::{Command, SandboxView};
use crate::screens::Cx;
use crate::ui::tokens::space;
use crate::ui::{
    Button, Callout, LoadView, Mood, disclosure, key_value, key_value_copy, key_value_ui, secret_value, section, small,
    status, strong,
};

/// The running sandbox.
pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let ask = section(ui, "Sandbox", |ui| {
        LoadView::new("Starting the sandbox…").idle("The sandbox was not asked yet", "Start it").show(
            ui,
            &mut state.sandbox,
            |ui, view| facts(ui, view),
        )
    });
    if ask.is_some() {
        state.open_sandbox(cx, actions);
    }
    let Some(apps) = state.sandbox.value().map(|view| view.apps.clone()) else { return };
    section(ui, "Faults", |ui| faults::ui(ui, state, cx, actions));
    section(ui, "At the providers", |ui| providers(ui, state, cx, &apps, actions));
}

fn facts(ui: &mut Ui, view: &SandboxView) {
    key_value_ui(ui, "State", |ui| {
        let words =
            if view.here { "running in this window".to_owned() } else { format!("running in process {}", view.pid) };
        status(ui, Mood::Success, &words);
    });
    key_value_copy(ui, "Issuer", &view.issuer);
    key_value_copy(ui, "With TLS", &view.https);
    key_value_copy(ui, "CA certificate", &view.ca_cert.display().to_string());
    key_value_copy(ui, "Client ID", &view.client_id);
    key_value_ui(ui, "Client secret", |ui| {
        secret_value(ui, "client secret", &view.client_secret);
    });
    small(ui, "Everything here is made up: ID, secret, users and tokens are of no use anywhere else");
    disclosure(ui, "users", "Users and organizations", false, |ui| {
        for user in &view.users {
            ui.label(user);
        }
        for (code, name) in &view.orgs {
            key_value(ui, code, name);
        }
    });
}

fn providers(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, apps: &[String], actions: &mut Vec<Action>) {
    small(ui, "What the account's owner does there; Kinde is not told");
    let busy = state.happened_job != 0;
    let mut command = None;
    for key in apps {
        ui.horizontal(|ui| {
            ui.scope(|ui| {
                ui.set_width(150.0);
                strong(ui, key);
            });
            let name = format!("Disconnect {key} at the provider");
            let button = Button::secondary("Disconnect").name(&name).small();
            if button.enabled_or(!busy, "One thing at a time").show(ui).clicked() {
                command = Some(Command::Disconnect { key: key.clone() });
            }
            let name = format!("Expire the tokens of {key}");
            let button = Button::secondary("Expire tokens").name(&name).small();
            if button.enabled_or(!busy, "One thing at a time").show(ui).clicked() {
                command = Some(Command::Expire { key: key.clone() });
            }
        });
    }
    if let Some(command) = command {
        state.happened_job = cx.job();
        state.happened = None;
        actions.push(Action::Run(state.happened_job, command.into()));
    }
    ui.add_space(space::XS);
    match &state.happened {
        Some(Ok(words)) => Callout::success(words).show(ui),
        Some(Err(error)) => Callout::user_error(error).show(ui),
        None => {}
    }
}
