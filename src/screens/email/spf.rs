//! The tree of an SPF record: each term with what it leads to, and how many look-ups it is by then.

use egui::{Align, Label, Layout, RichText, Sense, Ui, vec2};

use crate::mail::dns::{MOST_LOOKUPS, MOST_VOIDS, SpfNode};
use crate::ui::tokens::{size, space, text};
use crate::ui::{Icon, tokens};

/// How far a term stands in below the one that led to it, in points.
const STEP: f32 = 18.0;
/// The room of the count at the right, in points.
const COUNT: f32 = 96.0;

/// Draws the tree.
pub(super) fn tree(ui: &mut Ui, root: &SpfNode) {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        node(ui, root, 0);
    });
}

fn node(ui: &mut Ui, node: &SpfNode, depth: usize) {
    row(ui, node, depth);
    for (index, child) in node.children.iter().enumerate() {
        ui.push_id((depth, index), |ui| self::node(ui, child, depth + 1));
    }
}

fn row(ui: &mut Ui, node: &SpfNode, depth: usize) {
    let t = tokens(ui);
    let room = vec2(ui.available_width(), size::CONTROL_SMALL);
    ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_height(room.y);
        for _ in 0..depth {
            let (place, _) = ui.allocate_exact_size(vec2(STEP - ui.spacing().item_spacing.x, room.y), Sense::hover());
            ui.painter().vline(place.left() + 6.0, place.y_range(), egui::Stroke::new(1.0, t.line));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.allocate_ui_with_layout(vec2(COUNT, room.y), Layout::right_to_left(Align::Center), |ui| {
                ui.set_min_width(COUNT);
                if node.lookups_here > 0 {
                    let over = node.running_total > MOST_LOOKUPS || node.voids > MOST_VOIDS;
                    let ink = if over { t.error.text } else { t.text_subdued };
                    let words = format!("{} of {MOST_LOOKUPS}", node.running_total);
                    ui.label(RichText::new(words).size(text::SMALL).color(ink));
                }
            });
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let ink = if node.problem.is_some() { t.error.text } else { t.text_strong };
                let term = Label::new(RichText::new(&node.term).monospace().color(ink)).truncate();
                let shown = ui.add(term);
                if let Some(record) = &node.record {
                    shown.on_hover_text(record);
                }
            });
        });
    });
    if let Some(problem) = &node.problem {
        ui.horizontal_top(|ui| {
            ui.add_space(depth as f32 * STEP);
            Icon::Warning.show(ui, 13.0, t.error.icon, "Error");
            ui.spacing_mut().item_spacing.x = space::XS;
            ui.add(Label::new(RichText::new(problem).size(text::SMALL).color(t.error.text)).wrap());
        });
    }
}
