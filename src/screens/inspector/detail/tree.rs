//! The payload as a tree of which one value is chosen: its value, its path and its JSON can be copied.

use std::collections::BTreeSet;

use egui::{Frame, Label, Margin, RichText, ScrollArea, Sense, Ui, WidgetInfo, vec2};

use crate::ui::tokens::{radius, size};
use crate::ui::{Icon, JsonKind, JsonNode, JsonTree, copy_button, focus, small, tokens};

/// The height of a line, in points.
const LINE: f32 = 22.0;
/// As many bytes of a value as a line lays out.
const SHOWN: usize = 600;

/// What is folded and chosen.
#[derive(Default)]
pub(super) struct TreeState {
    folded: BTreeSet<usize>,
    chosen: Option<usize>,
}

pub(super) fn ui(ui: &mut Ui, tree: &JsonTree, state: &mut TreeState, max_height: f32) {
    bar(ui, tree, state);
    let t = tokens(ui);
    let rows = visible(tree, &state.folded);
    Frame::new().fill(t.field).corner_radius(radius::CONTROL).inner_margin(Margin::same(6)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 0.0;
        let area = ScrollArea::vertical().id_salt("payload tree").max_height(max_height).auto_shrink([false, true]);
        area.show_rows(ui, LINE, rows.len(), |ui, range| {
            for index in rows.get(range).unwrap_or_default() {
                if let Some(node) = tree.nodes().get(*index) {
                    ui.push_id(index, |ui| line(ui, tree, node, *index, state));
                }
            }
        });
    });
}

/// What can be copied of the chosen value; of the whole where none is chosen.
fn bar(ui: &mut Ui, tree: &JsonTree, state: &TreeState) {
    let chosen = state.chosen.and_then(|index| Some((index, tree.nodes().get(index)?)));
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            match chosen {
                Some((index, node)) => {
                    copy_button(ui, "Copy path", || path(tree, index));
                    copy_button(ui, "Copy JSON", || tree.slice(&node.value).to_owned());
                    if node.kind == JsonKind::Text {
                        copy_button(ui, "Copy value", || value(tree, node));
                    }
                }
                None => {
                    copy_button(ui, "Copy payload", || tree.text().to_owned());
                }
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| match chosen {
                Some((index, _)) => {
                    let words = RichText::new(path(tree, index)).monospace();
                    ui.add(Label::new(words).truncate());
                }
                None => {
                    small(ui, "Choose a value to copy it, or its path");
                }
            });
        });
    });
}

/// The text in its quotes, unescaped.
fn value(tree: &JsonTree, node: &JsonNode) -> String {
    let written = tree.slice(&node.value);
    serde_json::from_str(written).unwrap_or_else(|_| written.to_owned())
}

/// `data.user.roles[0].key`
pub(super) fn path(tree: &JsonTree, index: usize) -> String {
    let mut steps = Vec::new();
    let mut at = index;
    while let Some(node) = tree.nodes().get(at).filter(|node| node.depth > 0) {
        let before = || tree.nodes().iter().enumerate().take(at).rev();
        let Some((parent, _)) = before().find(|(_, other)| other.depth + 1 == node.depth) else { break };
        steps.push(match &node.name {
            Some(name) => step(tree.slice(name)),
            None => {
                let same = |(_, other): &(usize, &JsonNode)| other.depth == node.depth;
                format!("[{}]", before().take_while(|(index, _)| *index > parent).filter(same).count())
            }
        });
        at = parent;
    }
    let path: String = steps.into_iter().rev().collect();
    path.strip_prefix('.').map(str::to_owned).unwrap_or(path)
}

fn step(name: &str) -> String {
    let inside = name.trim_matches('"');
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
    if !inside.is_empty() && inside.chars().all(plain) && !inside.starts_with(|c: char| c.is_ascii_digit()) {
        format!(".{inside}")
    } else {
        format!("[{name}]")
    }
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

fn line(ui: &mut Ui, tree: &JsonTree, node: &JsonNode, index: usize, state: &mut TreeState) {
    let t = tokens(ui);
    let (rect, press) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::click());
    let name = node.name.as_ref().map(|name| tree.slice(name).trim_matches('"'));
    let chosen = state.chosen == Some(index);
    press.widget_info(|| WidgetInfo::selected(egui::Role::TreeItem, true, chosen, name.unwrap_or("value")));
    if chosen || press.hovered() {
        let ground = if chosen { t.row_selected } else { t.row_hover };
        ui.painter().rect_filled(rect, radius::SMALL, ground);
    }
    focus::ring(ui, &press, rect, radius::SMALL);
    if press.clicked() {
        state.chosen = (!chosen).then_some(index);
    }
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    let mut line = ui.new_child(egui::UiBuilder::new().max_rect(rect.shrink2(vec2(4.0, 0.0))).layout(layout));
    let ui = &mut line;
    ui.set_clip_rect(rect.intersect(ui.clip_rect()));
    ui.spacing_mut().item_spacing.x = 6.0;
    ui.add_space(node.depth as f32 * 16.0);
    let folded = state.folded.contains(&index);
    let (count, open, close) = match node.kind {
        JsonKind::Object(count) => (Some(count), "{", "}"),
        JsonKind::Array(count) => (Some(count), "[", "]"),
        _ => (None, "", ""),
    };
    let (mark, _) = ui.allocate_exact_size(vec2(14.0, 14.0), Sense::hover());
    if count.is_some_and(|count| count > 0) {
        let fold = ui.interact(mark.expand(3.0), ui.make_persistent_id("fold"), Sense::click());
        fold.widget_info(|| {
            let what = if folded { "Unfold" } else { "Fold" };
            WidgetInfo::labeled(egui::Role::DisclosureTriangle, true, format!("{what} {}", name.unwrap_or("value")))
        });
        let icon = if folded { Icon::ChevronRight } else { Icon::ChevronDown };
        icon.paint_in(ui, mark, if fold.hovered() { t.text_strong } else { t.text_subdued });
        focus::ring(ui, &fold, mark.expand(2.0), 3);
        if fold.clicked() && !state.folded.remove(&index) {
            state.folded.insert(index);
        }
    }
    if let Some(name) = name {
        ui.add(Label::new(RichText::new(name).monospace().color(t.accent_text)).selectable(false));
    }
    let value = match (count, folded) {
        (None, _) => cut(tree.slice(&node.value)).to_owned(),
        (Some(0), _) => format!("{open}{close}"),
        (Some(count), true) => format!("{open}…{close} {count}"),
        (Some(_), false) => open.to_owned(),
    };
    let colour = match node.kind {
        JsonKind::Text => t.text,
        JsonKind::Number | JsonKind::Word => t.warn.text,
        JsonKind::Object(_) | JsonKind::Array(_) => t.text_subdued,
    };
    ui.add(Label::new(RichText::new(value).monospace().color(colour)).truncate().selectable(false));
}

/// As much of a value as a line shows.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(SHOWN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_members_and_counts_items_and_quotes_what_is_no_plain_name() {
        let tree =
            JsonTree::parse(r#"{"data":{"user":{"roles":[{"a":1},{"key":2}],"org-code":3,"0x":4}},"e":5}"#).unwrap();
        let paths: Vec<String> = (0..tree.nodes().len()).map(|index| path(&tree, index)).collect();
        let wanted = [
            "",
            "data",
            "data.user",
            "data.user.roles",
            "data.user.roles[0]",
            "data.user.roles[0].a",
            "data.user.roles[1]",
            "data.user.roles[1].key",
            r#"data.user["org-code"]"#,
            r#"data.user["0x"]"#,
            "e",
        ];
        assert_eq!(paths, wanted);
    }
}
