//! Adding an M2M application: where it is made in Kinde, which scopes, and the two words it comes with.

use egui::{Key, Ui};

use super::State;
use crate::action::Action;
use crate::backend::JobId;
use crate::error::UserError;
use crate::screens::Cx;
use crate::secrets::KeyringState;
use crate::tenant::scopes::{self, ROOMS};
use crate::tenant::{Profile, places};
use crate::ui::tokens::space;
use crate::ui::{
    Button, Callout, FieldRow, Icon, SecretDraft, card, checkbox, code_view, copy_button, disclosure, key_value_copy,
    loading, prose, secret_row, section_with, segmented, strong, title,
};

/// The form while it is filled in.
#[derive(Default)]
pub(super) struct M2mForm {
    /// It shows.
    pub open: bool,
    pub client_id: String,
    pub secret: SecretDraft,
    pub audience: String,
    /// The job that saves it.
    pub saving: Option<JobId>,
    pub error: Option<UserError>,
    /// It came just now: the page scrolls to it.
    pub reveal: bool,
    /// Where the secret went.
    pub saved: Option<&'static str>,
    pub environment_error: Option<UserError>,
    /// Of which room the scopes show; `None` for all.
    pub room: Option<usize>,
    /// Only the minimal sets.
    pub minimal: bool,
}

/// The application of `profile`, or the way to one.
pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, profile: &Profile, actions: &mut Vec<Action>) {
    match &profile.client_id {
        Some(client_id) if !state.m2m.open => {
            keyring(ui, cx, actions);
            let mut change = false;
            section_with(
                ui,
                "M2M application",
                |ui| change = Button::ghost("Change").icon(Icon::Edit).small().show(ui).clicked(),
                |ui| {
                    key_value_copy(ui, "Client ID", client_id);
                    if let Some(audience) = &profile.audience {
                        key_value_copy(ui, "Audience", audience);
                    }
                },
            );
            if change {
                state.m2m.open = true;
                state.m2m.saved = None;
                state.m2m.client_id.clone_from(client_id);
                state.m2m.audience = profile.audience.clone().unwrap_or_default();
            }
        }
        None if !state.m2m.open => {
            card(ui, |ui| {
                title(ui, "Connected apps need a machine to machine application");
                prose(ui, "It lets the panel ask Kinde's Management API: users, connected apps, the environment.");
                ui.add_space(space::SM);
                if Button::primary("Add M2M application").icon(Icon::Key).show(ui).clicked() {
                    state.m2m.open = true;
                }
            });
            ui.add_space(space::LG);
        }
        _ => {
            card(ui, |ui| form(ui, state, cx, profile, actions));
            ui.add_space(space::LG);
        }
    }
}

/// How the last saving went on.
pub(super) fn told(ui: &mut Ui, state: &State) {
    if let Some(saved) = state.m2m.saved {
        Callout::success("Kinde gave a token").text(saved).show(ui);
        ui.add_space(space::SM);
    }
    if let Some(error) = &state.m2m.environment_error {
        Callout::warn("The environment could not be read: it counts as live")
            .text(&error.title)
            .text(&error.hint)
            .show(ui);
        ui.add_space(space::SM);
    }
}

/// Says where secrets are while there is no keyring.
fn keyring(ui: &mut Ui, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let KeyringState::Missing { reason } = cx.keyring else { return };
    let again = Callout::warn("No keyring: secrets are kept for this run only")
        .text(reason)
        .show_with(ui, |ui| Button::secondary("Try again").name("Try the keyring again").show(ui).clicked());
    if again {
        actions.push(Action::RetryKeyring);
    }
    ui.add_space(space::MD);
}

fn form(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, profile: &Profile, actions: &mut Vec<Action>) {
    title(ui, if profile.client_id.is_some() { "Change the M2M application" } else { "Add an M2M application" });
    ui.add_space(space::XS);
    place(ui, 1, "Make it in Kinde", "m2m_add");
    place(ui, 2, "Authorise it for the Management API", "m2m_authorise");
    place(ui, 3, "Switch on its scopes", "m2m_scopes");
    disclosure(ui, "scopes", "Scopes by room", false, |ui| scopes_list(ui, &mut state.m2m));
    place(ui, 4, "Copy its client ID and secret here", "m2m_keys");
    ui.add_space(space::SM);

    let saving = state.m2m.saving.is_some();
    FieldRow::new("Client ID").mono().enabled(!saving).show(ui, &mut state.m2m.client_id);
    let row = |ui: &mut Ui| secret_row(ui, "Client secret", None, None, &mut state.m2m.secret);
    let field = ui.add_enabled_ui(!saving, row).inner;
    let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let opened = !state.m2m.audience.is_empty();
    disclosure(ui, "advanced", "Advanced", opened, |ui| {
        FieldRow::new("Audience")
            .placeholder("https://acme.kinde.com/api")
            .hint("Empty for the Management API. It ends in /api, not /api/v1")
            .mono()
            .enabled(!saving)
            .show(ui, &mut state.m2m.audience);
    });
    ui.add_space(space::XS);
    ui.horizontal(|ui| {
        let typed = !state.m2m.client_id.trim().is_empty() && !state.m2m.secret.is_empty();
        let why = if saving { "It is being saved" } else { "Type client ID and client secret first" };
        let pressed = Button::primary("Save").enabled_or(typed && !saving, why).show(ui).clicked();
        if (pressed || entered) && typed && !saving {
            state.save_m2m(cx, profile, actions);
        }
        if saving {
            loading(ui, "Asking Kinde for a token…");
        } else if Button::secondary("Cancel").show(ui).clicked() {
            state.m2m = M2mForm::default();
        }
    });
    // Below the buttons: an answer does not move them.
    if let Some(error) = &state.m2m.error {
        ui.add_space(space::SM);
        Callout::user_error(error).show(ui);
        if std::mem::take(&mut state.m2m.reveal) {
            ui.scroll_to_cursor(Some(egui::Align::BOTTOM));
        }
    }
    ui.add_space(space::SM);
    keyring(ui, cx, actions);
}

fn place(ui: &mut Ui, number: usize, what: &str, id: &str) {
    strong(ui, &format!("{number}. {what}"));
    let Some(place) = places::place(id) else { return };
    let mut words = format!("Read in Kinde's guide in {}", place.read);
    if let Some(older) = &place.older {
        words.push_str(&format!(". Earlier guides: {older}"));
    }
    prose(ui, &place.path).on_hover_text(words);
    ui.add_space(space::XS);
}

fn scopes_list(ui: &mut Ui, form: &mut M2mForm) {
    let mut choices: Vec<(Option<usize>, &str)> = vec![(None, "All rooms")];
    choices.extend(ROOMS.iter().enumerate().map(|(index, room)| (Some(index), room.name)));
    ui.horizontal(|ui| {
        segmented(ui, &mut form.room, &choices);
        checkbox(ui, &mut form.minimal, "Only what it takes to start");
    });
    let wanted = wanted(form.room, form.minimal);
    code_view(ui, "Scopes", &scopes::as_lines(&wanted), 190.0);
    copy_button(ui, "Copy scopes", || scopes::as_lines(&wanted));
}

fn wanted(room: Option<usize>, minimal: bool) -> Vec<&'static str> {
    let mut all: Vec<&'static str> = Vec::new();
    for (index, each) in ROOMS.iter().enumerate() {
        if room.is_some_and(|room| room != index) {
            continue;
        }
        for scope in if minimal { each.minimal() } else { each.all() } {
            if !all.contains(&scope) {
                all.push(scope);
            }
        }
    }
    all
}
