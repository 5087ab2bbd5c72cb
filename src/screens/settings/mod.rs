//! Settings: how the window looks, how much of the history is kept, and where. Holds no setting itself: the shell and the
//! history do.

mod history;
mod state;

pub use state::State;

use egui::ThemePreference;

use super::Cx;
use crate::action::Action;
use crate::secrets::KeyringState;
use crate::ui::tokens::{size, space};
use crate::ui::{Button, Mood, heading, key_value_copy, key_value_ui, prose, section, segmented, small, status};

/// Draws the screen.
pub fn ui(ui: &mut egui::Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    heading(ui, "Settings");
    ui.add_space(space::MD);
    section(ui, "Appearance", |ui| appearance(ui, actions));
    section(ui, "Secrets", |ui| keyring_row(ui, cx, actions));
    section(ui, "Received events", |ui| history::ui(ui, state, cx, actions));
    section(ui, "Storage", |ui| storage(ui, cx));
    history::ask(ui, state, cx, actions);
}

fn appearance(ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    key_value_ui(ui, "Theme", |ui| {
        let mut theme = ui.ctx().options(|options| options.theme_preference);
        let choices =
            [(ThemePreference::System, "System"), (ThemePreference::Light, "Light"), (ThemePreference::Dark, "Dark")];
        if segmented(ui, &mut theme, &choices) {
            actions.push(Action::SetTheme(theme));
        }
    });
    ui.add_space(space::XS);
    key_value_ui(ui, "Zoom", |ui| {
        if Button::secondary("−").name("Zoom out").hint("Ctrl+-").show(ui).clicked() {
            actions.push(Action::ZoomOut);
        }
        let percent = format!("{:.0} %", ui.ctx().zoom_factor() * 100.0);
        if Button::ghost(&percent).name("Reset zoom").hint("Ctrl+0").min_width(64.0).show(ui).clicked() {
            actions.push(Action::ZoomReset);
        }
        if Button::secondary("+").name("Zoom in").hint("Ctrl++").show(ui).clicked() {
            actions.push(Action::ZoomIn);
        }
    });
}

fn keyring_row(ui: &mut egui::Ui, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let (mood, word, note) = match cx.keyring {
        KeyringState::Ready => (Mood::Success, "ready", "Client secrets and access tokens are in the system keyring"),
        KeyringState::Unknown => (Mood::Neutral, "not asked yet", "It is asked when a secret is needed"),
        KeyringState::Missing { .. } => {
            (Mood::Warn, "not there", "Secrets are kept for this run only, and typed again at the next start")
        }
    };
    key_value_ui(ui, "Keyring", |ui| {
        status(ui, mood, word);
        let words = if *cx.keyring == KeyringState::Unknown { "Ask now" } else { "Try again" };
        if *cx.keyring != KeyringState::Ready && Button::secondary(words).small().show(ui).clicked() {
            actions.push(Action::RetryKeyring);
        }
    });
    indented(ui, |ui| {
        small(ui, note);
        if let KeyringState::Missing { reason } = cx.keyring {
            small(ui, reason);
        }
    });
}

fn storage(ui: &mut egui::Ui, cx: &Cx<'_>) {
    key_value_copy(ui, "Data folder", cx.data_dir);
    indented(ui, |ui| {
        prose(
            ui,
            "Profiles, key sets, the sandbox and received webhooks are there, without secrets but the sandbox's made-up \
             ones. Activity and what you paste into the Inspector stay in memory and are gone when the window closes, \
             except webhooks that you keep. A panic leaves a report there with secrets taken out.",
        );
    });
}

/// Below a value, in the column of values.
fn indented(ui: &mut egui::Ui, content: impl FnOnce(&mut egui::Ui)) {
    ui.horizontal_top(|ui| {
        ui.add_space(size::LABEL_COLUMN);
        ui.vertical(content);
    });
}
