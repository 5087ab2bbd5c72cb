//! Values that were made, decoded or read: one below the other, each with its copy button.

use egui::{Color32, FontId, Grid, Label, RichText, Ui};
use serde_json::{Map, Value};

use crate::recipes::Content;
use crate::secrets::Secret;
use crate::ui::tokens::{size, space, text};
use crate::ui::{Language, key_value, key_value_copy, key_value_ui, name_column, secret_value, source_view, tokens};

/// What is drawn apart: remarks, and what the page shows elsewhere.
const APART: [&str; 2] = ["notes", "install"];

/// What stood in for the tool, in words: to read, and not to copy.
const REMARKS: [&str; 3] = ["database", "receiver", "worker"];

/// The remarks among `values`.
pub(super) fn notes(values: &Map<String, Value>) -> Vec<&str> {
    let notes = values.get("notes").and_then(Value::as_array);
    notes.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// A value as it is copied: text as it stands, lines one below the other, all else as JSON.
pub(super) fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
        }
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

/// Rows of `values`, and of what else belongs to them, in columns: no name of them is cut where there is room.
pub(super) fn in_columns<R>(
    ui: &mut Ui,
    values: &Map<String, Value>,
    content: &Content,
    rows: impl FnOnce(&mut Ui) -> R,
) -> R {
    let titles: Vec<String> = values.keys().map(|name| title_in(name, content)).collect();
    name_column(ui, titles.iter().map(String::as_str), rows)
}

/// In the order in which the steps have them copied, which is that of the tool's form; then the others.
fn in_order<'a>(values: &'a Map<String, Value>, content: &Content) -> Vec<(&'a String, &'a Value)> {
    let mut all: Vec<_> = values.iter().filter(|(name, _)| !APART.contains(&name.as_str())).collect();
    let copied: Vec<&String> = content.steps.iter().flat_map(|step| &step.copy).collect();
    all.sort_by_key(|(name, _)| copied.iter().position(|copy| copy == name).unwrap_or(usize::MAX));
    all
}

/// Draws them. Those that are as good as secrets are copied without being shown.
pub(super) fn show(ui: &mut Ui, values: &Map<String, Value>, content: &Content) {
    for (name, value) in in_order(values, content) {
        let title = title_in(name, content);
        if content.hidden.contains(name) {
            let secret = Secret::new(as_text(value));
            key_value_ui(ui, &title, |ui| {
                secret_value(ui, &title, &secret);
            });
            continue;
        }
        match value {
            Value::Null => key_value(ui, &title, "none"),
            Value::Bool(yes) => key_value(ui, &title, if *yes { "yes" } else { "no" }),
            Value::Number(number) => key_value(ui, &title, &number.to_string()),
            Value::String(text) if REMARKS.contains(&name.as_str()) => key_value(ui, &title, text),
            Value::Array(rows) if !rows.is_empty() && rows.iter().all(Value::is_object) => table(ui, &title, rows),
            Value::String(text) if !text.contains('\n') => key_value_copy(ui, &title, text),
            _ => whole(ui, &title, value),
        }
    }
}

/// A value of several lines.
fn whole(ui: &mut Ui, title: &str, value: &Value) {
    let text = as_text(value);
    let language = if value.is_object() { Language::Json } else { Language::Plain };
    key_value_ui(ui, title, |_| {});
    source_view(ui, title, language, text.trim_end(), 180.0, || text.clone());
    ui.add_space(space::XS);
}

/// The least that is left for the widest column of a table, in points.
const WIDEST: f32 = 120.0;

/// Rows of the same members. Every column is as wide as its words; the widest takes what the others leave, and wraps.
fn table(ui: &mut Ui, title: &str, rows: &[Value]) {
    let t = tokens(ui);
    let Some(first) = rows.first().and_then(Value::as_object) else { return };
    let columns: Vec<&String> = first.keys().collect();
    let cell = |row: &Value, column: &String| row.get(column.as_str()).map(as_text).unwrap_or_default();
    key_value_ui(ui, title, |_| {});
    let wide = |words: String| {
        let font = FontId::proportional(text::BODY);
        ui.painter().layout_no_wrap(words, font, Color32::PLACEHOLDER).size().x.ceil()
    };
    let natural =
        |column: &&String| rows.iter().map(|row| wide(cell(row, column))).fold(wide(self::title(column)), f32::max);
    let mut widths: Vec<f32> = columns.iter().map(natural).collect();
    let room = ui.available_width() - space::MD * (columns.len() as f32 - 1.0);
    let others = widths.iter().sum::<f32>() - widths.iter().copied().fold(0.0, f32::max);
    if let Some(widest) = widths.iter_mut().max_by(|a, b| a.total_cmp(b)) {
        *widest = widest.min((room - others).max(WIDEST));
    }
    Grid::new(("table", title)).num_columns(columns.len()).spacing([space::MD, space::XS]).show(ui, |ui| {
        for column in &columns {
            ui.add(Label::new(RichText::new(self::title(column)).color(t.text_subdued)));
        }
        ui.end_row();
        for row in rows {
            for (column, width) in columns.iter().zip(&widths) {
                ui.scope(|ui| {
                    ui.set_width(*width);
                    ui.set_min_height(size::CONTROL_SMALL);
                    ui.add(Label::new(cell(row, column)).wrap());
                });
            }
            ui.end_row();
        }
    });
    ui.add_space(space::SM);
}

/// What the tool's form calls a value; where that is not known, the value's name.
pub(super) fn title_in(name: &str, content: &Content) -> String {
    content.labels.get(name).cloned().unwrap_or_else(|| title(name))
}

/// `callback_url` as people read it: Callback URL.
fn title(name: &str) -> String {
    let words = name.split('_').enumerate().map(|(at, word)| match word {
        "url" | "uri" | "id" | "sdk" | "csv" | "ip" | "api" | "pkce" | "jwks" => word.to_uppercase(),
        "urls" => "URLs".to_owned(),
        "curl" => word.to_owned(),
        _ if at == 0 => {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
        }
        _ => word.to_owned(),
    });
    words.collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_values_are_words() {
        for (name, words) in [
            ("callback_url", "Callback URL"),
            ("callback_urls", "Callback URLs"),
            ("client_id", "Client ID"),
            ("curl", "curl"),
            ("id_token_signing_alg", "ID token signing alg"),
        ] {
            assert_eq!(title(name), words);
        }
    }
}
