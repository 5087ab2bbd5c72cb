//! Sending it once more: as it came, or with an edited payload that the sandbox signs.

use egui::Ui;

use super::forwards;
use super::state::{Payload, State, There, What};
use crate::action::Action;
use crate::inspector::copies::USUAL_TARGET;
use crate::inspector::forward::{Framework, Outcome, Target};
use crate::jwt::Json;
use crate::screens::Cx;
use crate::ui::tokens::space;
use crate::ui::{Button, Callout, FieldRow, Icon, Load, checkbox, loading, paste_box, section_with, small, subdued};

/// The longest payload that can be edited, in bytes: a text field lays all of it out.
const EDITABLE: usize = 64 * 1024;

pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if state.target.is_empty() {
        let last = match &state.what {
            What::There(there) => there.opened.whole.attempt.forwarded.last().map(|on| on.url.clone()),
            _ => None,
        };
        state.target = last.map_or_else(|| USUAL_TARGET.to_owned(), |url| state.went(&url).0);
    }
    let meant = state.meant.as_deref() == Some(state.target.as_str());
    let parsed = Target::parse(&state.target, meant);
    let elsewhere = parsed.is_err() && Target::parse(&state.target, true).is_ok();
    let error = parsed.as_ref().err().filter(|_| !elsewhere).map(|error| format!("{}. {}", error.detail, error.hint));
    FieldRow::new("Target").error(error.as_deref()).mono().show(ui, &mut state.target);
    if elsewhere || meant {
        let mut on = meant;
        let words = "It is not on this machine, and that is meant: the webhook carries names and addresses of people";
        if checkbox(ui, &mut on, words).changed() {
            state.meant = on.then(|| state.target.clone());
        }
    }
    let State { what: What::There(there), .. } = state else { return };
    let whole = there.opened.whole.attempt.whole;
    let mut edit = there.edited.is_some();
    let editable = match &there.payload {
        Payload::Tree(tree, _) if tree.text().len() <= EDITABLE => Some(tree),
        _ => None,
    };
    if editable.is_some() && checkbox(ui, &mut edit, "Edit the payload first").changed() {
        there.edited = editable.filter(|_| edit).map(|tree| indented(tree.text()));
    }
    if let Some(edited) = &mut there.edited {
        small(
            ui,
            "Only the sandbox of this data folder can sign what is edited, under a new request ID: an app that points at a \
             real tenant rightly refuses it",
        );
        paste_box(ui, "Edited payload", "The payload as JSON", 10, edited);
    }
    ui.add_space(space::SM);
    let edited = there.edited.clone();
    let unsigned = !whole && edited.is_none();
    let busy = there.replayed.is_loading();
    let why = if unsigned {
        "It was kept without its signature, so that it opens nothing: it cannot be replayed"
    } else if busy {
        "It is being sent"
    } else {
        "Name a target first"
    };
    let words = if edited.is_some() { "Sign and send" } else { "Replay" };
    let button = Button::primary(words).icon(Icon::Play).enabled_or(!unsigned && !busy && parsed.is_ok(), why);
    let mut send = false;
    ui.horizontal(|ui| {
        send = button.show(ui).clicked();
        if unsigned {
            subdued(ui, why);
        } else if edited.is_none() {
            small(ui, "The bytes that came, under their own request ID, marked by the header x-kinde-panel-replay");
        }
    });
    ui.add_space(space::SM);
    result(ui, state, cx, actions);
    if let (true, Ok(target)) = (send, parsed) {
        state.replay(target, edited, cx, actions);
    }
}

fn result(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let framework = forwards::framework(cx);
    let mut choose = false;
    let State { what: What::There(there), .. } = &mut *state else { return };
    explain_once(there, framework);
    let there = &**there;
    match &there.replayed {
        Load::Idle => {}
        Load::Loading { .. } => loading(ui, "Sending…"),
        Load::Failed { error, .. } => Callout::user_error(error).show(ui),
        Load::Ready(replayed) => {
            let on = &replayed.response.forwarded;
            section_with(
                ui,
                "Result",
                |_| {},
                |ui| {
                    ui.horizontal(|ui| {
                        forwards::answer(ui, on);
                        crate::ui::line(ui, egui::RichText::new(&on.url).monospace());
                    });
                    small(ui, replayed.signed.words());
                    choose = on.status != Some(200);
                    if let Some((_, looked)) = &there.explained {
                        forwards::explained(ui, "replayed", on, looked, framework, true);
                    }
                },
            );
        }
    }
    if choose {
        ui.horizontal(|ui| forwards::choose_framework(ui, state, cx, actions));
    }
}

/// Reads the answer once and not each frame: it may be long.
fn explain_once(there: &mut There, framework: Framework) {
    let Load::Ready(replayed) = &there.replayed else { return };
    if there.explained.as_ref().is_some_and(|(own, _)| *own == framework) {
        return;
    }
    let response = &replayed.response;
    let answer = &replayed.answer;
    let looked = forwards::look(there, &Outcome::of(response), Some(answer), &replayed.known, framework);
    there.explained = Some((framework, looked));
}

/// As a person edits it; as it is where writing it anew would change more than its blanks.
fn indented(text: &str) -> String {
    let pretty = serde_json::from_str::<serde_json::Value>(text).and_then(|value| serde_json::to_string_pretty(&value));
    let same = |pretty: &String| Json::parse(pretty.as_bytes()).ok() == Json::parse(text.as_bytes()).ok();
    pretty.ok().filter(same).unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_to_edit_is_indented_only_where_that_changes_nothing_else() {
        assert_eq!(indented(r#"{"a":[1]}"#), "{\n  \"a\": [\n    1\n  ]\n}");
        for exact in [r#"{"n":12345678901234567890.10}"#, r#"{"a":1,"a":2}"#, "{"] {
            assert_eq!(indented(exact), exact);
        }
    }
}
