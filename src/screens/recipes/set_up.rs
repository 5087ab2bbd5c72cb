//! What a person needs for a recipe, and the fields of what it asks for.

use egui::Ui;

use super::draft::{Draft, is_masked, is_shared};
use super::page_state::Page;
use super::state::{Asked, can_apply};
use super::web_secret::LEFT_OUT;
use crate::action::{Action, Room};
use crate::recipes::{Call, Content, Input};
use crate::screens::Cx;
use crate::secrets::KeyringState;
use crate::tenant::Profile;
use crate::ui::tokens::{size, space};
use crate::ui::{
    Button, Callout, FieldRow, card, combo, combo_item, form_row_long, prose, secret_field, section, segmented, small,
    subdued,
};

/// More choices than these stand in a list that opens.
const IN_A_ROW: usize = 3;

/// Draws it.
pub(super) fn show(
    ui: &mut Ui,
    page: &mut Page,
    content: &Content,
    profile: &Profile,
    cx: &Cx<'_>,
    asked: &mut Vec<Asked>,
) {
    if let Some(error) = &page.trouble {
        Callout::user_error(error).show(ui);
        ui.add_space(space::SM);
    }
    section(ui, "You need", |ui| {
        for need in &content.needs {
            bullet(ui, need);
        }
    });
    if content.apply.is_some() && !can_apply(profile) {
        let next = Callout::info("Registering at Kinde needs an M2M application")
            .text("This profile has a domain alone. Everything else works without it, and the steps say what to register by hand");
        if next.show_with(ui, |ui| Button::secondary("Go to Tenant").show(ui).clicked()) {
            asked.push(Asked::Do(Action::Go(Room::Tenant)));
        }
        ui.add_space(space::MD);
    }
    let (made, checked): (Vec<&Input>, Vec<&Input>) =
        content.inputs.iter().partition(|input| input.serves(Call::Generate));
    group(ui, page, content, "What goes in", &made, asked);
    group(ui, page, content, "For the check", &checked, asked);
    let in_memory = page.this_run || matches!(cx.keyring, KeyringState::Missing { .. });
    small(ui, &remembered(content, profile, in_memory));
}

/// What becomes of what is typed.
fn remembered(content: &Content, profile: &Profile, in_memory: bool) -> String {
    let (shared, own): (Vec<&Input>, Vec<&Input>) =
        content.inputs.iter().filter(|input| input.secret).partition(|input| is_shared(input));
    let of_sandbox = !shared.is_empty() && profile.is_sandbox();
    let mut words = format!("Remembered for {}", profile.name);
    if !own.is_empty() || (!shared.is_empty() && !of_sandbox) {
        words.push_str(if in_memory { "; its secrets for this run only" } else { "; its secrets in the keyring" });
    }
    if of_sandbox {
        words.push_str(". The client secret is the sandbox's own: another one is used and not kept");
    }
    words
}

/// A line of a list.
pub(super) fn bullet(ui: &mut Ui, words: &str) {
    ui.horizontal_top(|ui| {
        subdued(ui, "·");
        prose(ui, words);
    });
}

fn group(ui: &mut Ui, page: &mut Page, content: &Content, title: &str, inputs: &[&Input], asked: &mut Vec<Asked>) {
    if inputs.is_empty() {
        return;
    }
    let busy = page.is_busy();
    section(ui, title, |ui| {
        card(ui, |ui| {
            for input in inputs {
                if field(ui, &mut page.draft, content, input) && !busy {
                    // Enter does what the page is for, or checks, by where it was pressed: when the buttons do, too.
                    let checks = !input.serves(Call::Generate);
                    asked.push(if checks { Asked::Call(Call::Check) } else { Asked::Make });
                }
            }
        });
    });
}

/// What a field that cannot stay empty says before its help: for what it is needed.
fn needed(content: &Content, input: &Input) -> String {
    if input.required.contains(&Call::Generate) || (!input.serves(Call::Generate) && !input.required.is_empty()) {
        return "Needed. ".to_owned();
    }
    let apply = content.apply.as_ref().filter(|_| content.apply_needs.contains(&input.key));
    let apply = apply.map(|words| {
        let mut letters = words.chars();
        letters.next().map(|first| first.to_lowercase().chain(letters).collect::<String>()).unwrap_or_default()
    });
    match (input.required.contains(&Call::Check), apply) {
        (true, Some(apply)) => format!("Needed for the check, and to {apply}. "),
        (true, None) => "Needed for the check. ".to_owned(),
        (false, Some(apply)) => format!("Needed to {apply}. "),
        (false, None) => String::new(),
    }
}

/// Leads the keyboard and the eye to a field: the page may be longer than the window.
fn to(response: &egui::Response) {
    response.request_focus();
    response.scroll_to_me(Some(egui::Align::Center));
}

/// One field; true when Enter was pressed in it.
fn field(ui: &mut Ui, draft: &mut Draft, content: &Content, input: &Input) -> bool {
    let mut help = format!("{}{}", needed(content, input), input.help_in_place());
    if draft.is_left_out(&input.key) {
        help = format!("{LEFT_OUT}. {help}");
    }
    let help = help.as_str();
    let error = draft.trouble(&input.key);
    let error = error.as_deref();
    let focus = draft.focus.as_deref() == Some(input.key.as_str());
    if focus {
        draft.focus = None;
    }
    let entered = |ui: &Ui, response: &egui::Response| {
        response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter))
    };
    if is_masked(input) {
        let Some(secret) = draft.masked.get_mut(&input.key) else { return false };
        let response = form_row_long(ui, &input.label, help, error, size::FIELD_MAX, |ui, id| {
            secret_field(ui, &input.label, error.is_some(), secret).labelled_by(id)
        });
        if focus {
            to(&response);
        }
        return entered(ui, &response);
    }
    let Some(text) = draft.plain.get_mut(&input.key) else { return false };
    if input.choices.is_empty() {
        let example = input.example.as_deref().unwrap_or_default();
        let row = FieldRow::new(&input.label).hint(help).long().error(error).placeholder(example);
        let response = row.show(ui, text);
        if focus {
            to(&response);
        }
        return entered(ui, &response);
    }
    form_row_long(ui, &input.label, help, error, size::FIELD_MAX, |ui, _| {
        if input.choices.len() > IN_A_ROW {
            let shown = text.clone();
            let width = ui.available_width().min(220.0);
            combo(ui, &input.label, &shown, width, |ui| {
                for choice in &input.choices {
                    if combo_item(ui, *choice == shown, choice, "") {
                        text.clone_from(choice);
                    }
                }
            });
            return;
        }
        let all: Vec<(usize, &str)> = input.choices.iter().map(String::as_str).enumerate().collect();
        let mut at = input.choices.iter().position(|choice| choice == text).unwrap_or_default();
        if segmented(ui, &mut at, &all)
            && let Some(choice) = input.choices.get(at)
        {
            text.clone_from(choice);
        }
    });
    false
}
