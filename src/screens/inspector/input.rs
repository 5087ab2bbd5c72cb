//! What goes in: the paste boxes, the files, and whose keys judge.

use egui::{Event, Ui};

use super::State;
use super::pasting::{LONG, Pasting, Place};
use crate::action::Action;
use crate::backend::history::From;
use crate::backend::inspect::WhichKeys;
use crate::screens::Cx;
use crate::secrets::Secret;
use crate::ui::tokens::{size, space};
use crate::ui::{Button, Callout, Icon, disclosure, heading, paste_box, small, strong, subdued};

pub(super) fn head(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        heading(ui, "Inspector");
        super::sides(ui, state, cx);
        let state = &mut state.pasting;
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let empty = state.input.is_empty() && state.other.is_empty() && state.key.is_empty();
            let clear = Button::secondary("Clear").icon(Icon::Trash).hint("Forgets every pasted text");
            if clear.enabled_or(!empty, "There is nothing to clear").show(ui).clicked() {
                state.clear(actions);
            }
            if Button::secondary("Open file…").icon(Icon::File).show(ui).clicked() {
                state.read(Place::Token, None, cx, actions);
            }
        });
    });
}

pub(super) fn token(ui: &mut Ui, state: &mut Pasting, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let hint = "A token, a whole HTTP request, a curl line, an Authorization header, or a webhook body. Nothing leaves \
                this machine";
    let rows = if state.shown.is_some() { 4 } else { 8 };
    paste(ui, state, Place::Token, "Token", hint, rows, cx, actions);
    if let Some(error) = &state.file_error {
        ui.add_space(space::SM);
        Callout::user_error(error).show(ui);
    }
}

/// The way of the webhooks in the box into the history, where there is one.
pub(super) fn keep(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let there = !state.pasting.input.is_empty() && state.pasting.input.is_text();
    let Some(profile) = cx.profile.filter(|_| there) else { return };
    let note =
        format!("Only webhooks are kept, in the history of {}. What is no webhook is kept nowhere", profile.name);
    ui.horizontal(|ui| {
        let free = state.moving.is_none();
        let button = Button::secondary("Keep its webhooks").icon(Icon::Download).small().hint(&note);
        if button.enabled_or(free, "An import is under way").show(ui).clicked()
            && let Some(text) = state.pasting.input.secret()
        {
            super::keep::bring_in(state, From::Text(text), cx, actions);
        }
        small(ui, "One or many: one a line, NDJSON, HAR, a raw request, curl");
    });
}

/// One of the boxes; what cannot be shown in it is a line in its place.
#[expect(clippy::too_many_arguments, reason = "what a box needs, handed on as it is")]
pub(super) fn paste(
    ui: &mut Ui,
    state: &mut Pasting,
    place: Place,
    name: &str,
    hint: &str,
    rows: usize,
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) {
    let pasted = match place {
        Place::Token => &mut state.input,
        Place::Other => &mut state.other,
        Place::Key => &mut state.key,
    };
    if let Some(held) = &pasted.held {
        let words = held.words();
        let mut remove = false;
        ui.horizontal(|ui| {
            strong(ui, &words);
            remove = Button::ghost("Remove").name(&format!("Remove {name}")).small().show(ui).clicked();
        });
        if remove {
            state.set(place, "", &Secret::default().into());
        }
        return;
    }
    // Before the field lays it out: a long text never goes through it.
    if let Some(text) = long_paste(ui, name) {
        state.set(place, "Pasted text", &Secret::new(text).into());
        return;
    }
    let answer = paste_box(ui, name, hint, rows, &mut pasted.text);
    if answer.response.changed() {
        state.changed(place);
    }
    // Every box hears of a file dropped on the window; one takes it.
    if let Some(path) = answer.dropped.into_iter().next().filter(|_| state.place_of_drop() == place) {
        state.read(place, Some(path), cx, actions);
    }
}

/// A paste too long for the box `name`, taken out of this frame's events.
fn long_paste(ui: &Ui, name: &str) -> Option<String> {
    // The id that `paste_box` gives its field.
    let id = ui.make_persistent_id(("paste", name));
    if !ui.memory(|memory| memory.has_focus(id)) {
        return None;
    }
    ui.input_mut(|input| {
        let at = input.events.iter().position(|event| matches!(event, Event::Paste(text) if text.len() > LONG))?;
        match input.events.remove(at) {
            Event::Paste(text) => Some(text),
            _ => None,
        }
    })
}

/// Whose keys judge, and the box for one's own.
pub(super) fn keys(ui: &mut Ui, state: &mut Pasting, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let words = match state.keys(cx) {
        WhichKeys::Nobody => "No profile is chosen: a token is read and not verified".to_owned(),
        WhichKeys::Profile(_) => {
            let name = cx.profile.map_or("this profile", |profile| profile.name.as_str());
            format!("Judged with the keys of {name}")
        }
        WhichKeys::Domain(text) => format!("Judged with the keys of {text}"),
        WhichKeys::Sandbox => "Judged with the keys of the sandbox".to_owned(),
        WhichKeys::Pasted(_) => "Judged with the pasted key".to_owned(),
    };
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        Icon::Key.show(ui, size::ICON, crate::ui::tokens(ui).text_subdued, "Keys");
        subdued(ui, &words);
        if state.asked.is_some() {
            let back = if cx.profile.is_some() { "Use the profile's keys" } else { "Use no keys" };
            if Button::ghost(back).small().show(ui).clicked() {
                state.set(Place::Key, "", &Secret::default().into());
                state.ask(None);
            }
        }
    });
    disclosure(ui, "pasted key", "Paste a PEM or JWKS as key", false, |ui| {
        let hint = "-----BEGIN PUBLIC KEY----- …, a JWKS or one JWK";
        paste(ui, state, Place::Key, "Key", hint, 4, cx, actions);
        if Button::ghost("Open key file…").small().icon(Icon::File).show(ui).clicked() {
            state.read(Place::Key, None, cx, actions);
        }
        small(ui, "Only the public half is needed. The key is not kept");
    });
}
