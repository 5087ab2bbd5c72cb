//! Yes or no, and one of a few: checkbox, toggle, radio. Painted alike, named by their words.

use egui::{CornerRadius, FontId, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::icons::Icon;
use super::theme::tokens;
use super::tokens::{size, space, text};
use super::{focus, label};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Box,
    /// A box over several, of which some are ticked.
    Part,
    Round,
    Switch,
}

/// A box to tick.
pub fn checkbox(ui: &mut Ui, on: &mut bool, words: &str) -> Response {
    flip(ui, on, words, Shape::Box)
}

/// A box over several: `on` when all of them are ticked; a dash when `some` are.
pub fn checkbox_over(ui: &mut Ui, on: &mut bool, some: bool, words: &str) -> Response {
    flip(ui, on, words, if some && !*on { Shape::Part } else { Shape::Box })
}

/// A box to tick with a note below it.
pub fn checkbox_row(ui: &mut Ui, on: &mut bool, words: &str, note: &str) -> Response {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let response = checkbox(ui, on, words);
        choice_note(ui, note);
        response
    })
    .inner
}

/// A note below a box to tick, where its words begin.
pub fn choice_note(ui: &mut Ui, note: &str) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.add_space(16.0 + space::SM);
        ui.vertical(|ui| label::small(ui, note));
    });
}

/// A switch: takes effect at once.
pub fn toggle(ui: &mut Ui, on: &mut bool, words: &str) -> Response {
    flip(ui, on, words, Shape::Switch)
}

/// One of a few. `true` is answered when it was just chosen.
pub fn radio<T: PartialEq>(ui: &mut Ui, value: &mut T, this: T, words: &str) -> bool {
    let mut on = *value == this;
    let response = draw(ui, on, words, Shape::Round);
    if response.clicked() && !on {
        *value = this;
        on = true;
        return on;
    }
    false
}

fn flip(ui: &mut Ui, on: &mut bool, words: &str, shape: Shape) -> Response {
    let mut response = draw(ui, *on, words, shape);
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    response
}

fn draw(ui: &mut Ui, on: bool, words: &str, shape: Shape) -> Response {
    let t = tokens(ui);
    let mark = if shape == Shape::Switch { vec2(30.0, 18.0) } else { vec2(16.0, 16.0) };
    let galley = ui.painter().layout_no_wrap(words.to_owned(), FontId::proportional(text::BODY), t.text);
    let wanted = vec2(mark.x + space::SM + galley.size().x, size::CONTROL_SMALL);
    let (rect, response) = ui.allocate_exact_size(wanted, Sense::click());
    let role = match shape {
        Shape::Box | Shape::Part => Role::CheckBox,
        Shape::Round => Role::RadioButton,
        Shape::Switch => Role::Switch,
    };
    response.widget_info(|| WidgetInfo::selected(role, ui.is_enabled(), on, words));
    if !ui.is_rect_visible(rect) {
        focus::into_view(ui, &response, rect);
        return response;
    }
    let place = Rect::from_min_size(pos2(rect.left(), rect.center().y - mark.y / 2.0), mark);
    let hot = response.hovered();
    let fill = match (on || shape == Shape::Part, hot) {
        (true, false) => t.accent,
        (true, true) => t.accent_hover,
        (false, false) if shape == Shape::Switch => t.control_active,
        (false, false) => t.field,
        (false, true) => t.control_hover,
    };
    let corner = match shape {
        Shape::Box | Shape::Part => CornerRadius::same(4),
        Shape::Round | Shape::Switch => CornerRadius::same(9),
    };
    ui.painter().rect_filled(place, corner, fill);
    match shape {
        Shape::Switch => {
            let x = if on { place.right() - 9.0 } else { place.left() + 9.0 };
            let knob = if on { t.on_accent } else { t.text_subdued };
            ui.painter().circle_filled(pos2(x, place.center().y), 6.0, knob);
        }
        Shape::Box | Shape::Round if !on => {
            let line = if hot { t.text_subdued } else { t.line_strong };
            ui.painter().rect_stroke(place, corner, Stroke::new(1.0, line), StrokeKind::Inside);
        }
        Shape::Part => {
            let dash = Rect::from_center_size(place.center(), vec2(8.0, 2.0));
            ui.painter().rect_filled(dash, CornerRadius::ZERO, t.on_accent);
        }
        Shape::Box => Icon::Check.paint(ui.painter(), place.center(), 13.0, t.on_accent),
        Shape::Round => {
            ui.painter().circle_filled(place.center(), 3.0, t.on_accent);
        }
    }
    let at = pos2(place.right() + space::SM, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, t.text);
    focus::ring(ui, &response, place.expand(2.0), 6);
    response
}
