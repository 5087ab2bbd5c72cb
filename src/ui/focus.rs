//! The ring around what has the keyboard: one look for every widget of ours.

use egui::{CornerRadius, Rect, Response, Stroke, StrokeKind, Ui};

use super::theme::tokens;

/// Paints the focus ring around `rect` where `response` has the keyboard.
pub fn ring(ui: &Ui, response: &Response, rect: Rect, radius: u8) {
    if response.has_focus() {
        paint(ui, rect, radius);
    }
}

/// Paints the ring whether or not anything has the keyboard.
pub fn paint(ui: &Ui, rect: Rect, radius: u8) {
    let t = tokens(ui);
    let painter = ui.painter();
    painter.rect_stroke(rect, CornerRadius::same(radius), Stroke::new(1.0, t.focus), StrokeKind::Inside);
    painter.rect_stroke(rect, CornerRadius::same(radius), Stroke::new(2.0, t.focus_halo), StrokeKind::Outside);
}
