//! The ring around what has the keyboard: one look for every widget of ours, and it is always in sight.

use egui::{CornerRadius, Rect, Response, Stroke, StrokeKind, Ui};

use super::theme::tokens;

/// Paints the focus ring around `rect` where `response` has the keyboard. To be called for what is out of sight too: what
/// has just got the keyboard is scrolled to.
pub fn ring(ui: &Ui, response: &Response, rect: Rect, radius: u8) {
    if response.has_focus() {
        into_view(ui, response, rect);
        paint(ui, rect, radius);
    }
}

/// Scrolls to `rect` where `response` has just got the keyboard: Tab leads to places that are out of sight.
pub fn into_view(ui: &Ui, response: &Response, rect: Rect) {
    if response.gained_focus() {
        ui.scroll_to_rect(rect.expand(2.0), None);
    }
}

/// Paints the ring whether or not anything has the keyboard.
pub fn paint(ui: &Ui, rect: Rect, radius: u8) {
    let t = tokens(ui);
    let painter = ui.painter();
    painter.rect_stroke(rect, CornerRadius::same(radius), Stroke::new(1.0, t.focus), StrokeKind::Inside);
    painter.rect_stroke(rect, CornerRadius::same(radius), Stroke::new(2.0, t.focus_halo), StrokeKind::Outside);
}
