//! A JSON text as a tree to read: members fold, values show exactly as they were sent.

use std::collections::BTreeSet;

use egui::{Frame, Id, Label, Margin, RichText, ScrollArea, Sense, Ui, WidgetInfo, vec2};

use super::copy_button::copy_icon;
use super::focus;
use super::icons::Icon;
use super::json_tree::{JsonKind, JsonNode, JsonTree};
use super::theme::tokens;
use super::tokens::{radius, size};

/// The height of a line, in points.
const LINE: f32 = 20.0;

/// `tree` on its own ground, at most `max_height` points high, with a button that copies the text as it was sent.
pub fn json_view(ui: &mut Ui, name: &str, tree: &JsonTree, max_height: f32) {
    let t = tokens(ui);
    let key = ui.make_persistent_id(("json", name));
    let folded: BTreeSet<usize> = ui.data(|data| data.get_temp(key)).unwrap_or_default();
    let rows = visible(tree, &folded);
    Frame::new().fill(t.field).corner_radius(radius::CONTROL).inner_margin(Margin::same(10)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal_top(|ui| {
            let width = (ui.available_width() - size::CONTROL_SMALL - 8.0).max(60.0);
            let mut flipped = None;
            ui.vertical(|ui| {
                ui.set_width(width);
                ui.spacing_mut().item_spacing.y = 0.0;
                let area = ScrollArea::vertical().id_salt(key).max_height(max_height).auto_shrink([false, true]);
                area.show_rows(ui, LINE, rows.len(), |ui, range| {
                    for index in rows.get(range).unwrap_or_default() {
                        let Some(node) = tree.nodes().get(*index) else { continue };
                        ui.push_id(index, |ui| {
                            if line(ui, key, tree, node, *index, folded.contains(index)) {
                                flipped = Some(*index);
                            }
                        });
                    }
                });
            });
            copy_icon(ui, &format!("Copy {name}"), || tree.text().to_owned());
            if let Some(index) = flipped {
                let mut folded = folded;
                if !folded.remove(&index) {
                    folded.insert(index);
                }
                ui.data_mut(|data| data.insert_temp(key, folded));
            }
        });
    });
}

/// The nodes that show: those inside no folded one.
fn visible(tree: &JsonTree, folded: &BTreeSet<usize>) -> Vec<usize> {
    let mut rows = Vec::new();
    let mut index = 0;
    while let Some(node) = tree.nodes().get(index) {
        rows.push(index);
        index = if folded.contains(&index) { node.end } else { index + 1 };
    }
    rows
}

/// One line; true when its fold was pressed.
fn line(ui: &mut Ui, key: Id, tree: &JsonTree, node: &JsonNode, index: usize, folded: bool) -> bool {
    let t = tokens(ui);
    let room = vec2(ui.available_width(), LINE);
    ui.allocate_ui_with_layout(room, egui::Layout::left_to_right(egui::Align::Center), |ui| {
        ui.set_min_height(LINE);
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.add_space(node.depth as f32 * 16.0);
        let (count, open, close) = match node.kind {
            JsonKind::Object(count) => (Some(count), "{", "}"),
            JsonKind::Array(count) => (Some(count), "[", "]"),
            _ => (None, "", ""),
        };
        let (rect, _) = ui.allocate_exact_size(vec2(14.0, 14.0), Sense::hover());
        let mut pressed = false;
        if count.is_some_and(|count| count > 0) {
            let fold = ui.interact(rect.expand(2.0), key.with(index), Sense::click());
            let name = node.name.as_ref().map_or("value", |name| tree.slice(name));
            fold.widget_info(|| {
                let what = if folded { "Unfold" } else { "Fold" };
                WidgetInfo::labeled(egui::Role::DisclosureTriangle, true, format!("{what} {name}"))
            });
            let icon = if folded { Icon::ChevronRight } else { Icon::ChevronDown };
            icon.paint_in(ui, rect, if fold.hovered() { t.text_strong } else { t.text_subdued });
            focus::ring(ui, &fold, rect.expand(2.0), 3);
            pressed = fold.clicked();
        }
        if let Some(name) = &node.name {
            let name = tree.slice(name).trim_matches('"').to_owned();
            ui.add(Label::new(RichText::new(name).monospace().color(t.accent_text)));
        }
        let value = match (count, folded) {
            (None, _) => tree.slice(&node.value).to_owned(),
            (Some(0), _) => format!("{open}{close}"),
            (Some(count), true) => format!("{open}…{close} {count}"),
            (Some(_), false) => open.to_owned(),
        };
        let colour = match node.kind {
            JsonKind::Text => t.text,
            JsonKind::Number | JsonKind::Word => t.warn.text,
            JsonKind::Object(_) | JsonKind::Array(_) => t.text_subdued,
        };
        ui.add(Label::new(RichText::new(value).monospace().color(colour)).truncate());
        pressed
    })
    .inner
}
