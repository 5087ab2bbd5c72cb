//! One exchange in full: what was sent, what came back, how to send it from a shell, and how to send it again.

use egui::{ScrollArea, Ui};

use super::state::{Edit, Part, State, can_send_again};
use super::{ending, words};
use crate::action::Action;
use crate::backend::activity::Command;
use crate::net::{Exchange, Outcome};
use crate::screens::Cx;
use crate::ui::tokens::{size, space};
use crate::ui::{
    Button, Callout, FieldRow, Icon, JsonTree, card, code_view, copy_button, json_view, key_value, line, prose, small,
    status, subdued, tabs,
};

/// From this width on, in points, the address stands beside status and buttons, else over them.
const BESIDE: f32 = 640.0;

/// Draws it. `whole`: all of it, for a page that scrolls as one.
pub(super) fn ui(ui: &mut Ui, state: &mut State, whole: bool, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    state.read_body();
    let State { ring, selected, edit, part, body, .. } = state;
    let Some(exchange) = selected.and_then(|id| ring.get(id)) else {
        subdued(ui, "Choose an exchange to see what was sent and what came back");
        return;
    };
    head(ui, exchange, edit, cx);
    if let Some(edit) = edit {
        again(ui, edit, cx, actions);
    }
    tabs(ui, part, &[(Part::Answer, "Answer", None), (Part::Request, "Request", None), (Part::Curl, "curl", None)]);
    ui.add_space(space::SM);
    let part = *part;
    let content = |ui: &mut Ui| match part {
        Part::Answer => answer(ui, exchange, body.as_ref().and_then(|(_, tree)| tree.as_ref())),
        Part::Request => request(ui, exchange),
        Part::Curl => curl(ui, exchange, cx.data_dir),
    };
    if whole {
        content(ui);
    } else {
        let area = ScrollArea::vertical().id_salt(("exchange", exchange.id, part as u8)).auto_shrink(false);
        area.show(ui, content);
    }
}

fn head(ui: &mut Ui, exchange: &Exchange, edit: &mut Option<Edit>, cx: &Cx<'_>) {
    let (mood, word) = ending(exchange);
    let address = egui::RichText::new(words(exchange)).monospace();
    let beside = ui.available_width() >= BESIDE;
    if !beside {
        line(ui, address.clone());
    }
    ui.horizontal(|ui| {
        status(ui, mood, &word);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let can = can_send_again(exchange, cx.profile);
            let why_not = can.err().unwrap_or_default();
            let button = Button::secondary("Edit and send again").small().icon(Icon::Edit).selected(edit.is_some());
            if button.enabled_or(can.is_ok(), why_not).show(ui).clicked() {
                *edit = match (edit.take(), can) {
                    (None, Ok(path)) => Some(Edit { path: path.to_owned(), job: None, error: None }),
                    _ => None,
                };
            }
            copy_button(ui, "Copy as curl", || exchange.curl());
            if beside {
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    line(ui, address);
                });
            }
        });
    });
}

fn again(ui: &mut Ui, edit: &mut Edit, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    card(ui, |ui| {
        let field = FieldRow::new("Path and query")
            .hint("GET with a token of this profile. The answer becomes a new exchange")
            .mono()
            .width(f32::INFINITY)
            .show(ui, &mut edit.path);
        let enter = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let ready = edit.path.starts_with("/api/") && edit.job.is_none();
        let why_not = if edit.job.is_some() { "It is being sent" } else { "The path starts with /api/" };
        ui.horizontal(|ui| {
            ui.add_space(size::LABEL_COLUMN);
            let pressed = Button::primary("Send").enabled_or(ready, why_not).show(ui).clicked();
            if let (true, true, Some(profile)) = (pressed || enter, ready, cx.profile) {
                let job = cx.job();
                edit.job = Some(job);
                edit.error = None;
                let command = Command::Get { profile: profile.id, path: edit.path.trim().to_owned() };
                actions.push(Action::Run(job, command.into()));
            }
            if let Some(job) = edit.job {
                subdued(ui, "Sending…");
                if Button::ghost("Cancel").show(ui).clicked() {
                    actions.push(Action::Cancel(job));
                    edit.job = None;
                }
            }
        });
        if let Some(error) = &edit.error {
            Callout::user_error(error).show(ui);
        }
    });
    ui.add_space(space::SM);
}

fn answer(ui: &mut Ui, exchange: &Exchange, tree: Option<&JsonTree>) {
    if let Outcome::Failed(reason) = &exchange.outcome {
        Callout::error("No answer came").text(reason).show(ui);
        return;
    }
    if exchange.outcome == Outcome::Cancelled {
        Callout::info("It was cancelled here before an answer came").show(ui);
        return;
    }
    match tree {
        Some(tree) => {
            small(ui, "Answer body");
            ui.push_id(exchange.id, |ui| json_view(ui, "Answer body", tree, 320.0));
            ui.add_space(space::SM);
        }
        None => body(ui, "Answer body", &exchange.response_body, "The answer has no body"),
    }
    headers(ui, "Answer headers", &exchange.response_headers);
}

fn request(ui: &mut Ui, exchange: &Exchange) {
    key_value(ui, "Purpose", &exchange.purpose);
    key_value(ui, "Took", &format!("{} ms", exchange.ms));
    code_view(ui, "Address", &exchange.url, 60.0);
    ui.add_space(space::SM);
    headers(ui, "Request headers", &exchange.request_headers);
    body(ui, "Request body", &exchange.request_body, "The request has no body");
}

fn curl(ui: &mut Ui, exchange: &Exchange, data_dir: &str) {
    code_view(ui, "curl line", &exchange.curl(), 160.0);
    ui.add_space(space::SM);
    if let Some(hint) = exchange.curl_hint(data_dir) {
        let words = if exchange.leaves_secrets_out() {
            "Secrets are not in the line: set the variables it names first. The token's:"
        } else {
            "The token is not in the line. Fill its variable first:"
        };
        prose(ui, words);
        code_view(ui, "token line", &hint, 60.0);
    } else if exchange.leaves_secrets_out() {
        prose(ui, "Secrets are not in the line. Set the variables it names first");
    }
}

fn headers(ui: &mut Ui, name: &str, headers: &[(String, String)]) {
    small(ui, name);
    if headers.is_empty() {
        subdued(ui, "None");
    } else {
        let text: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        code_view(ui, name, &text.join("\n"), 180.0);
    }
    ui.add_space(space::SM);
}

fn body(ui: &mut Ui, name: &str, text: &str, nothing: &str) {
    small(ui, name);
    if text.is_empty() {
        subdued(ui, nothing);
    } else {
        code_view(ui, name, text, 320.0);
    }
    ui.add_space(space::SM);
}
