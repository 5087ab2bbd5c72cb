//! What comes out: the one sentence, the eight rungs, the lens, and the token's parts.

use egui::{Label, RichText, Ui};

use super::input;
use super::pasting::{Beside, Part, Pasting, Place, Shown};
use crate::action::Action;
use crate::backend::inspect::WhichKeys;
use crate::inspector::decode::Decoded;
use crate::inspector::lens::is_sandbox_kid;
use crate::jwt::Json;
use crate::screens::Cx;
use crate::ui::tokens::{size, space, text};
use crate::ui::{
    Button, Callout, Col, Mood, Table, card, check_list, code_view, json_view, loading, marked, section, small, status,
    strong, subdued, tabs, text_field,
};

/// The most facts of the lens that show: a token may bring thousands of feature flags.
const FACTS: usize = 100;
/// The height of a part of the token, in points.
const PART: f32 = 420.0;

pub(super) fn ui(ui: &mut Ui, state: &mut Pasting, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if let Some(error) = &state.error {
        let again = Callout::user_error(error).show_with(ui, |ui| Button::secondary("Try again").show(ui).clicked());
        if again {
            state.ask(state.asked.clone());
        }
    }
    if state.judging.is_some() && state.shown.is_none() {
        loading(ui, "Judging…");
    }
    let Some(shown) = &state.shown else { return };
    let asked = card(ui, |ui| {
        verdict(ui, shown);
        nobody(ui, &shown.judged.decoded, &shown.judged.whose, &mut state.domain)
    });
    if let Some(keys) = asked {
        state.ask(Some(keys));
    }
    let Some(shown) = &state.shown else { return };
    ui.add_space(space::MD);
    lens(ui, shown);
    let parts = [
        (Part::Claims, "Claims", None),
        (Part::Header, "Header", None),
        (Part::Payload, "Raw payload", None),
        (Part::Compare, "Compare", None),
    ];
    tabs(ui, &mut state.part, &parts);
    ui.add_space(space::SM);
    ui.push_id(shown.turn, |ui| match state.part {
        Part::Claims => match &shown.claims {
            Ok(tree) => json_view(ui, "Claims", tree, PART),
            Err(why) => {
                subdued(ui, why);
            }
        },
        Part::Header => match &shown.header {
            Some(tree) => json_view(ui, "Header", tree, PART),
            None => {
                subdued(ui, "There is no header to read");
            }
        },
        Part::Payload => payload(ui, &shown.judged.decoded),
        Part::Compare => {}
    });
    if state.part == Part::Compare {
        compare(ui, state, cx, actions);
    }
}

/// The headline, the rungs, and what was taken off around the token.
fn verdict(ui: &mut Ui, shown: &Shown) {
    let decoded = &shown.judged.decoded;
    check_list(ui, &format!("token {}", shown.turn), &decoded.headline, &decoded.checks);
    if !decoded.cleaned.is_empty() {
        ui.add_space(space::XS);
        small(ui, &format!("Cleaned: {}", decoded.cleaned.join(", ")));
    }
    if let Some(request) = &decoded.request {
        small(ui, &format!("Found in a request: {}", request.first_line));
    }
}

/// Where nobody said whose keys to use: the ways to say it, one click each.
fn nobody(ui: &mut Ui, decoded: &Decoded, whose: &str, domain: &mut String) -> Option<WhichKeys> {
    if !whose.is_empty() || decoded.header.is_none() {
        return None;
    }
    let mut asked = None;
    ui.add_space(space::SM);
    ui.horizontal_wrapped(|ui| {
        let kid = decoded.header.as_ref().and_then(|header| header.get("kid")).and_then(Json::as_text);
        if kid.is_some_and(is_sandbox_kid) {
            if Button::primary("Check against the sandbox").show(ui).clicked() {
                asked = Some(WhichKeys::Sandbox);
            }
        } else if let Some(iss) = &decoded.offer
            && Button::primary(&format!("Check against {}", short_issuer(iss))).show(ui).clicked()
        {
            asked = Some(WhichKeys::Domain(iss.clone()));
        }
        ui.scope(|ui| {
            ui.set_max_width(260.0);
            let field = text_field(ui, "Kinde domain", "or another: acme.kinde.com", domain);
            if field.lost_focus() && !domain.trim().is_empty() && ui.input(|i| i.key_pressed(egui::Key::Enter)) {
                asked = Some(WhichKeys::Domain(domain.trim().to_owned()));
            }
        });
        let check = Button::secondary("Check");
        if check.enabled_or(!domain.trim().is_empty(), "Type a Kinde domain first").show(ui).clicked() {
            asked = Some(WhichKeys::Domain(domain.trim().to_owned()));
        }
    });
    asked
}

/// An issuer as a button can hold it.
fn short_issuer(iss: &str) -> String {
    if iss.chars().count() <= 60 { iss.to_owned() } else { format!("{}…", iss.chars().take(59).collect::<String>()) }
}

fn lens(ui: &mut Ui, shown: &Shown) {
    if shown.facts.is_empty() {
        return;
    }
    section(ui, "What it says", |ui| {
        for (label, value, note) in shown.facts.iter().take(FACTS) {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = 0.0;
                ui.allocate_ui(egui::vec2(size::LABEL_COLUMN, 0.0), |ui| {
                    ui.set_width(size::LABEL_COLUMN);
                    subdued(ui, label);
                });
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    ui.add(Label::new(RichText::new(value)).wrap());
                    if let Some(note) = note {
                        let t = crate::ui::tokens(ui);
                        ui.add(Label::new(marked(note, text::SMALL, t.text_subdued, t.text)).wrap());
                    }
                });
            });
        }
        if shown.facts.len() > FACTS {
            small(ui, &format!("and {} more: see Claims", shown.facts.len() - FACTS));
        }
    });
}

fn payload(ui: &mut Ui, decoded: &Decoded) {
    match decoded.payload.text() {
        Some(text) => code_view(ui, "Raw payload", text, PART),
        None if decoded.payload.is_empty() => {
            subdued(ui, "There is no payload to read");
        }
        None => {
            subdued(ui, "The payload is no UTF-8 text. In base64:");
            code_view(ui, "Raw payload in base64", &decoded.payload.base64(), PART);
        }
    }
}

fn compare(ui: &mut Ui, state: &mut Pasting, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    input::paste(ui, state, Place::Other, "Other token", "Paste the token to put beside it", 4, cx, actions);
    ui.add_space(space::SM);
    if let Some(error) = &state.beside_error {
        Callout::user_error(error).show(ui);
    }
    if let Some(beside) = &state.beside {
        beside_each_other(ui, beside);
    }
}

fn beside_each_other(ui: &mut Ui, beside: &Beside) {
    strong(ui, &beside.headline);
    small(ui, &format!("The other: {}", beside.right));
    ui.add_space(space::XS);
    let half = ((ui.available_width() - 300.0) / 2.0).max(100.0);
    let columns =
        [Col::exact("Member", 190.0), Col::exact("", 110.0), Col::exact("This token", half), Col::rest("The other")];
    Table::new("Compared", &columns).max_height(PART).show(
        ui,
        beside.rows.len(),
        |index| beside.rows.get(index).map_or_else(String::new, |row| row.0.clone()),
        |cells, index| {
            let Some((path, left, right, same)) = beside.rows.get(index) else { return };
            cells.mono(path);
            if *same {
                cells.subdued("same");
            } else {
                cells.ui(|ui| {
                    status(ui, Mood::Warn, "differs");
                });
            }
            cells.mono(left);
            cells.mono(right);
        },
    );
}
