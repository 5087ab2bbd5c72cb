//! Loads, code, notices and what stands over the page.

use egui::Ui;
use jiff::Timestamp;

use super::{GalleryState, Over, row};
use crate::error::{Category, UserError};
use crate::ui::{
    Confirm, Icon, JsonTree, Load, LoadView, Mood, Notices, PaletteAnswer, PaletteItem, PaletteState, code_view,
    empty_state, json_view, loading, notice_list, palette, secondary_button, toasts,
};

pub(super) fn loads(ui: &mut Ui, _: &mut GalleryState) {
    let error = UserError::new(Category::Network, "acme.kinde.com did not answer")
        .detail("The connection was refused after 3 s.")
        .hint("Check the domain and the network, then try again.");
    let view = || LoadView::new("Reading users…").idle("No users read yet", "Read users");
    view().show(ui, &mut Load::<usize>::Idle, |_, _| {});
    loading(ui, "Reading users…");
    ui.push_id("failed", |ui| {
        view().show(ui, &mut Load::Failed { error, old: Some(12) }, |ui, count| {
            ui.label(format!("{count} users, read before"));
        });
    });
    let pressed = empty_state(ui, Some(Icon::Webhook), "No webhooks yet. Create the first one", Some("New webhook…"));
    if pressed {
        ui.ctx().request_repaint();
    }
}

pub(super) fn code(ui: &mut Ui, _: &mut GalleryState) {
    code_view(
        ui,
        "curl",
        "curl -sS 'https://acme.kinde.com/api/v1/environment' \\\n  -H \"Authorization: Bearer $KINDE_TOKEN\"",
        120.0,
    );
    let text = r#"{"iss":"https://acme.kinde.com","exp":1795458262,"scp":["read:users"],"big":12345678901234567890.10,"aud":[],"ok":true}"#;
    if let Ok(tree) = JsonTree::parse(text) {
        json_view(ui, "claims", &tree, 240.0);
    }
}

fn some_notices(notices: &mut Notices) {
    if notices.iter().next().is_none() {
        let at = Timestamp::UNIX_EPOCH;
        notices.push(at, Mood::Success, "The sandbox runs", "");
        notices.push(
            at,
            Mood::Warn,
            "The keyring does not answer",
            "Secrets are kept for this run. Try again in Settings.",
        );
        notices.push(at, Mood::Error, "The tunnel closed", "It opens again by itself in 8 s.");
    }
}

pub(super) fn notices(ui: &mut Ui, state: &mut GalleryState) {
    let now = Timestamp::from_second(7200).unwrap_or_default();
    notice_list(ui, &mut Notices::default(), now);
    some_notices(&mut state.notices);
    notice_list(ui, &mut state.notices, now);
}

pub(super) fn over(ui: &mut Ui, state: &mut GalleryState) {
    row(ui, |ui| {
        for (words, what) in [("Dialog", Over::Dialog), ("Palette", Over::Palette), ("Toasts", Over::Toasts)] {
            if secondary_button(ui, words).clicked() {
                state.over = Some(what);
                state.palette = PaletteState::default();
            }
        }
    });
    let ctx = ui.ctx().clone();
    match state.over {
        Some(Over::Dialog) => {
            let answer = Confirm::new("Revoke the session of ada@example.com?", "Revoke session")
                .text("Kinde forgets the token. GitHub keeps its grant until it is revoked there too.")
                .show(&ctx);
            if answer.is_some() {
                state.over = None;
            }
        }
        Some(Over::Palette) => {
            let item = |name, hint, shortcut, enabled| PaletteItem { name, hint, shortcut, enabled };
            let items = [
                item("Connect", "Connected apps", "Ctrl+Enter", true),
                item("Check again", "Tenant", "F5", true),
                item("Revoke session…", "Connected apps, choose a session first", "", false),
                item("Switch to the light theme", "Settings", "", true),
            ];
            if palette(&ctx, &mut state.palette, &items) != PaletteAnswer::Open {
                state.over = None;
            }
        }
        Some(Over::Toasts) => {
            some_notices(&mut state.notices);
            toasts(&ctx, &mut state.notices);
        }
        None => {}
    }
}
