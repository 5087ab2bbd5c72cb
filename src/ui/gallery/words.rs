//! Buttons, icons, words, callouts and badges: what is read and pressed.

use egui::Ui;

use super::{GalleryState, row};
use crate::check::Verdict;
use crate::ui::tokens::space;
use crate::ui::{
    Button, Callout, Icon, Mood, badge, badge_with, copy_button, copy_icon, danger_button, ghost_button, heading,
    icon_button, kbd, label, primary_button, profile_dot, prose, secondary_button, small, status, strong, subdued,
    title, tokens, verdict,
};

pub(super) fn buttons(ui: &mut Ui, _: &mut GalleryState) {
    row(ui, |ui| {
        primary_button(ui, "Connect");
        secondary_button(ui, "Check again");
        ghost_button(ui, "Options");
        danger_button(ui, "Revoke session");
    });
    row(ui, |ui| {
        let why = "Choose a user first";
        Button::primary("Connect").name("Connect, off").enabled_or(false, why).show(ui);
        Button::secondary("Check again").name("Check again, off").enabled_or(false, why).show(ui);
        Button::ghost("Options").name("Options, off").enabled_or(false, why).show(ui);
        Button::danger("Revoke session").name("Revoke session, off").enabled_or(false, why).show(ui);
    });
    row(ui, |ui| {
        Button::primary("Connect").name("Connect, small").small().show(ui);
        Button::secondary("Add app…").icon(Icon::Plus).small().show(ui);
        Button::ghost("Set-up guide").icon_after(Icon::ChevronRight).small().show(ui);
        Button::secondary("Held in").selected(true).small().show(ui);
    });
    row(ui, |ui| {
        Button::secondary("Add app…").name("Add app, regular").icon(Icon::Plus).show(ui);
        Button::secondary("Open in Kinde").icon_after(Icon::External).show(ui);
        icon_button(ui, Icon::Refresh, "Refresh");
        icon_button(ui, Icon::More, "More");
        copy_button(ui, "Copy token", || "token".to_owned());
        copy_icon(ui, "Copy id", || "id".to_owned());
    });
}

pub(super) fn icons(ui: &mut Ui, _: &mut GalleryState) {
    let t = tokens(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::MD;
        for icon in Icon::ALL {
            icon.show(ui, 16.0, t.text, icon.file()).on_hover_text(icon.file());
        }
    });
}

pub(super) fn words(ui: &mut Ui, _: &mut GalleryState) {
    heading(ui, "Connected apps");
    title(ui, "Sessions");
    strong(ui, "ada@example.com holds GitHub account octocat");
    ui.label("The browser opened; consent there and come back");
    subdued(ui, "Kinde has not confirmed yet");
    small(ui, "Refreshed 12 s ago");
    label::mono(ui, "conn_019a7c41bb12 · https://acme.kinde.com/.well-known/jwks.json");
    prose(
        ui,
        "Kinde has no call that lists connected apps. Type the Reference key from Settings, Connected apps, Configure, \
         Details, and the panel remembers it for this profile.",
    );
}

pub(super) fn callouts(ui: &mut Ui, _: &mut GalleryState) {
    Callout::info("An error page at the end in the browser is fine").text("The token comes here").show(ui);
    Callout::success("Kinde user ada@example.com now holds GitHub account octocat").show(ui);
    Callout::warn("This is a live environment")
        .text("A revoke here signs real people out of a real product.")
        .show_with(ui, |ui| Button::secondary("Tighten the guard…").show(ui));
    Callout::error("The M2M application may not read users")
        .text("Kinde answered 403 and named the missing scope read:users.")
        .text("Add the scope to the M2M application in Kinde, then check again.")
        .copy("The M2M application may not read users".to_owned())
        .show_with(ui, |ui| {
            Button::secondary("Try again").show(ui);
            Button::ghost("Where is this in Kinde?").icon_after(Icon::ChevronRight).show(ui);
        });
}

pub(super) fn statuses(ui: &mut Ui, _: &mut GalleryState) {
    row(ui, |ui| {
        for each in [Verdict::Pass, Verdict::Warn, Verdict::Fail, Verdict::Skipped] {
            verdict(ui, each);
        }
    });
    row(ui, |ui| {
        status(ui, Mood::Success, "connected 12:04");
        status(ui, Mood::Info, "receiving on 127.0.0.1:4444");
        status(ui, Mood::Warn, "no keyring");
        status(ui, Mood::Error, "scope missing");
        status(ui, Mood::Neutral, "not seen here");
    });
    row(ui, |ui| {
        badge_with(ui, Mood::Error, Icon::Warning, "live");
        badge(ui, Mood::Info, "sandbox");
        badge(ui, Mood::Success, "M2M");
        badge(ui, Mood::Warn, "expires soon");
        badge(ui, Mood::Neutral, "1st");
        kbd(ui, "Ctrl+K");
        for colour in 0..8 {
            profile_dot(ui, colour, "acme-staging");
        }
    });
}
