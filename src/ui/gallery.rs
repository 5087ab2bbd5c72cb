//! A hidden screen with every widget in every state: the place where looks are judged (`--gallery`), and what
//! the snapshot tests draw. It has no state of the program and does nothing.

use egui::{ScrollArea, Ui};

use super::tokens::space;
use super::{
    Button, Callout, FieldRow, Icon, copy_button, copy_icon, danger_button, ghost_button, heading, icon_button, label,
    primary_button, prose, secondary_button, small, strong, subdued, text_field, title, tokens,
};

/// What the gallery's own fields hold.
#[derive(Debug, Default)]
pub struct GalleryState {
    text: String,
    broken: String,
    filter: String,
}

/// One part of the gallery.
pub type Piece = (&'static str, fn(&mut Ui, &mut GalleryState));

/// The parts, each drawn on its own by the tests.
pub const PIECES: &[Piece] =
    &[("buttons", buttons), ("icons", icons), ("text", words), ("fields", fields), ("callouts", callouts)];

/// The whole gallery, one part below the other.
pub fn ui(ui: &mut Ui, state: &mut GalleryState) {
    ScrollArea::vertical().id_salt("gallery").auto_shrink(false).show(ui, |ui| {
        for (name, piece) in PIECES {
            title(ui, name);
            ui.push_id(name, |ui| piece(ui, state));
            ui.add_space(space::XL);
        }
    });
}

/// One part by its name; does nothing where there is none.
pub fn piece(ui: &mut Ui, name: &str, state: &mut GalleryState) {
    if let Some((name, piece)) = PIECES.iter().find(|(known, _)| *known == name) {
        ui.push_id(name, |ui| piece(ui, state));
    }
}

fn row(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    ui.horizontal(content);
}

fn buttons(ui: &mut Ui, _: &mut GalleryState) {
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

fn icons(ui: &mut Ui, _: &mut GalleryState) {
    let t = tokens(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::MD;
        for icon in Icon::ALL {
            icon.show(ui, 16.0, t.text, icon.file()).on_hover_text(icon.file());
        }
    });
}

fn words(ui: &mut Ui, _: &mut GalleryState) {
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

fn fields(ui: &mut Ui, state: &mut GalleryState) {
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

fn callouts(ui: &mut Ui, _: &mut GalleryState) {
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
