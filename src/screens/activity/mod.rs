//! Activity: every HTTP exchange the panel made, newest first, and one of them in full.

mod detail;
mod state;

pub use state::State;

use egui::{Label, RichText, ScrollArea, Ui};

use super::Cx;
use crate::action::Action;
use crate::clock::clock_time;
use crate::net::{Exchange, Outcome};
use crate::ui::tokens::{space, text};
use crate::ui::{Button, Col, Icon, Mood, Table, empty_state, heading, status, subdued, text_field, tokens};

/// Lower than this, in points, and the page scrolls as a whole.
const SHORT: f32 = 420.0;
/// The table's height then.
const TABLE_SHORT: f32 = 150.0;
/// From these widths on, in points, there is room for the purpose, and for the milliseconds.
const WIDE: f32 = 780.0;
const MIDDLE: f32 = 520.0;

/// Draws the screen.
pub fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    head(ui, state);
    ui.add_space(space::SM);
    if state.ring.is_empty() {
        empty_state(
            ui,
            Some(Icon::Activity),
            "Nothing was sent yet. Every HTTP exchange of the panel shows here, with its secrets taken out",
            None,
        );
        return;
    }
    if ui.available_height() >= SHORT {
        // Half of the room: the chosen exchange shows below, and scrolls by itself.
        let height = ui.available_height() * 0.45;
        both(ui, state, height, false, cx, actions);
    } else {
        ScrollArea::vertical().id_salt("activity").auto_shrink(false).show(ui, |ui| {
            both(ui, state, TABLE_SHORT, true, cx, actions);
        });
    }
}

/// The table, and below it the chosen exchange: `whole` draws all of it, for a page that scrolls.
fn both(ui: &mut Ui, state: &mut State, height: f32, whole: bool, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if let Some(id) = table(ui, state, height) {
        state.choose(id);
    }
    ui.add_space(space::MD);
    detail::ui(ui, state, whole, cx, actions);
}

fn head(ui: &mut Ui, state: &mut State) {
    ui.horizontal(|ui| {
        heading(ui, "Activity");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let clear = Button::secondary("Clear").hint("Forgets every exchange").icon(Icon::Trash);
            if clear.enabled_or(!state.ring.is_empty(), "There is nothing to clear").show(ui).clicked() {
                state.clear();
            }
            ui.scope(|ui| {
                ui.set_max_width(ui.available_width().min(280.0));
                text_field(ui, "Filter", "Filter: path, status, purpose", &mut state.filter);
            });
        });
    });
}

/// The number of the exchange chosen just now.
fn table(ui: &mut Ui, state: &State, height: f32) -> Option<crate::net::ExchangeId> {
    let shown: Vec<&Exchange> =
        state.ring.newest_first().filter(|exchange| state::fits(exchange, &state.filter)).collect();
    if shown.is_empty() {
        subdued(ui, "No exchange fits the filter");
        return None;
    }
    // What a narrow table leaves out stands with the chosen exchange.
    let width = ui.available_width();
    let (purpose, ms) = (width >= WIDE, width >= MIDDLE);
    let mut columns = vec![
        Col::exact("Time", 78.0),
        Col::exact("Method", 66.0),
        Col::rest("Address"),
        Col::exact("Status", if purpose { 160.0 } else { 130.0 }),
    ];
    if ms {
        columns.push(Col::exact("ms", 56.0).right());
    }
    if purpose {
        columns.push(Col::exact("Purpose", 190.0));
    }
    let selected = shown.iter().position(|exchange| Some(exchange.id) == state.selected);
    let answer = Table::new("Exchanges", &columns).selected(selected).max_height(height).show(
        ui,
        shown.len(),
        |index| shown.get(index).map_or_else(String::new, |exchange| format!("{} {}", exchange.id, words(exchange))),
        |cells, index| {
            let Some(exchange) = shown.get(index) else { return };
            cells.subdued(&clock_time(exchange.at));
            cells.text(&exchange.method);
            // What was asked comes before whom: rows differ in it.
            let (host, path) = parts(&exchange.url);
            cells.ui(|ui| {
                ui.add(Label::new(RichText::new(path).monospace()).truncate().selectable(false));
                let host = RichText::new(host).size(text::SMALL).color(tokens(ui).text_subdued);
                ui.add(Label::new(host).truncate().selectable(false));
            });
            let (mood, word) = ending(exchange);
            cells.ui(|ui| {
                status(ui, mood, &word);
            });
            if ms {
                cells.text(&exchange.ms.to_string());
            }
            if purpose {
                cells.subdued(&exchange.purpose);
            }
        },
    );
    answer.chosen.or(answer.opened).and_then(|index| shown.get(index)).map(|exchange| exchange.id)
}

/// `GET acme.kinde.com/api/v1/users`: what a row is called.
fn words(exchange: &Exchange) -> String {
    format!("{} {}", exchange.method, without_scheme(&exchange.url))
}

/// Host, and what of it was asked for.
fn parts(url: &str) -> (&str, &str) {
    let rest = without_scheme(url);
    rest.find('/').map_or((rest, "/"), |at| rest.split_at(at))
}

fn without_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

/// How it ended, as mood and word: `200 OK`.
fn ending(exchange: &Exchange) -> (Mood, String) {
    match &exchange.outcome {
        Outcome::Status(code) => {
            let reason = http::StatusCode::from_u16(*code).ok().and_then(|status| status.canonical_reason());
            let word = reason.map_or_else(|| code.to_string(), |reason| format!("{code} {reason}"));
            let mood = match code {
                200..300 => Mood::Success,
                300..400 => Mood::Info,
                400..500 => Mood::Warn,
                _ => Mood::Error,
            };
            (mood, word)
        }
        Outcome::Cancelled => (Mood::Neutral, "cancelled".to_owned()),
        // The reason stands in full below.
        Outcome::Failed(_) => (Mood::Error, "no answer".to_owned()),
    }
}
