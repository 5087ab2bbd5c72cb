//! Fields, choices, secrets and the paste box: what is filled in.

use egui::Ui;

use super::{GalleryState, row};
use crate::secrets::Secret;
use crate::ui::{
    FieldRow, SecretDraft, checkbox, checkbox_row, combo, combo_item, combo_row, paste_box, radio, secret_row,
    secret_value, segmented, tabs, text_field, toggle,
};

pub(super) fn fields(ui: &mut Ui, state: &mut GalleryState) {
    FieldRow::new("Domain")
        .placeholder("acme.kinde.com")
        .hint("Any form you can paste: a host, an address, a callback URL")
        .show(ui, &mut state.text);
    FieldRow::new("Client ID")
        .mono()
        .hint("From the M2M application's Details page")
        .error(Some("That is a web application's id; the Management API needs a machine to machine application"))
        .show(ui, &mut state.broken);
    FieldRow::new("Audience").enabled(false).placeholder("https://acme.kinde.com/api").show(ui, &mut state.filter);
    text_field(ui, "Filter", "type:user.* verdict:failed", &mut state.filter);
}

pub(super) fn choices(ui: &mut Ui, state: &mut GalleryState) {
    state.on = true;
    row(ui, |ui| {
        toggle(ui, &mut state.on, "Bring me back to the panel");
        toggle(ui, &mut state.off, "Record bodies");
        ui.add_enabled_ui(false, |ui| toggle(ui, &mut state.off, "Switched off"));
    });
    row(ui, |ui| {
        checkbox(ui, &mut state.on, "user.created");
        checkbox(ui, &mut state.off, "user.deleted");
        radio(ui, &mut state.chosen, 0, "A user");
        radio(ui, &mut state.chosen, 1, "An organization");
    });
    checkbox_row(ui, &mut state.off, "Remember this app", "It stays in this profile until you remove it");
    row(ui, |ui| {
        segmented(ui, &mut state.chosen, &[(0, "System"), (1, "Light"), (2, "Dark")]);
        combo(ui, "User", "ada@example.com", 260.0, |ui| {
            combo_item(ui, true, "ada@example.com", "last used");
            combo_item(ui, false, "grace@example.com", "");
        });
    });
    combo_row(ui, "Connect for", Some("Last used first"), "ada@example.com", |_| {});
    tabs(ui, &mut state.tab, &[(0, "Payload", None), (1, "Headers", Some(7)), (2, "Timeline", None)]);
}

pub(super) fn secrets(ui: &mut Ui, state: &mut GalleryState) {
    state.secret.set(&Secret::new("not-a-real-secret-at-all"));
    secret_row(ui, "Client secret", Some("Kept in the system keyring"), None, &mut state.secret);
    secret_row(
        ui,
        "SMTP password",
        None,
        Some("The server refused it: 535 authentication failed"),
        &mut SecretDraft::default(),
    );
    secret_value(ui, "access token", &Secret::new("gho_0000000000000000000000000000abcd"));
}

pub(super) fn paste(ui: &mut Ui, state: &mut GalleryState) {
    paste_box(ui, "Token or webhook body", "Paste a token or a webhook body, or drop a file", 5, &mut state.pasted);
}
