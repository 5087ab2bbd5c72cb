//! One of a few views: a segmented control for two to four short words, tabs for the parts of a page.

use egui::{Color32, CornerRadius, FontId, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::focus;
use super::theme::tokens;
use super::tokens::{radius, size, space, text};

/// A strip of short words of which one holds. Answers true when the choice changed.
pub fn segmented<T: PartialEq + Copy>(ui: &mut Ui, value: &mut T, choices: &[(T, &str)]) -> bool {
    let t = tokens(ui);
    let mut changed = false;
    egui::Frame::new().fill(t.control).corner_radius(radius::CONTROL).inner_margin(2).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            ui.spacing_mut().interact_size.y = size::CONTROL_SMALL;
            for (this, words) in choices {
                let on = *value == *this;
                let response = word(ui, words, on, size::CONTROL_SMALL, 10.0, None, |ui, rect, hot| {
                    let fill = if on {
                        if t.dark { t.control_active } else { t.raised }
                    } else if hot {
                        t.control_hover
                    } else {
                        Color32::TRANSPARENT
                    };
                    ui.painter().rect_filled(rect, CornerRadius::same(radius::SMALL), fill);
                });
                if response.clicked() && !on {
                    *value = *this;
                    changed = true;
                }
            }
        });
    });
    changed
}

/// The parts of a page. A number beside a word counts what is in it. Answers true when the choice changed.
pub fn tabs<T: PartialEq + Copy>(ui: &mut Ui, value: &mut T, choices: &[(T, &str, Option<usize>)]) -> bool {
    let t = tokens(ui);
    let mut changed = false;
    let strip = ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::LG;
        for (this, words, count) in choices {
            let on = *value == *this;
            let response = word(ui, words, on, 32.0, 0.0, *count, |ui, rect, hot| {
                let line = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 2.0), rect.max);
                if on {
                    ui.painter().rect_filled(line, 1, t.accent_text);
                } else if hot {
                    ui.painter().rect_filled(line, 1, t.line_strong);
                }
            });
            if response.clicked() && !on {
                *value = *this;
                changed = true;
            }
        }
    });
    let under = strip.response.rect;
    ui.painter().hline(under.left()..=ui.max_rect().right(), under.bottom(), egui::Stroke::new(1.0, t.line));
    changed
}

fn word(
    ui: &mut Ui,
    words: &str,
    on: bool,
    height: f32,
    padding: f32,
    count: Option<usize>,
    ground: impl FnOnce(&Ui, Rect, bool),
) -> Response {
    let t = tokens(ui);
    let font = FontId::proportional(text::BODY);
    let galley = ui.painter().layout_no_wrap(words.to_owned(), font, Color32::PLACEHOLDER);
    let number = count
        .map(|count| ui.painter().layout_no_wrap(count.to_string(), FontId::proportional(text::SMALL), t.text_subdued));
    let extra = number.as_ref().map_or(0.0, |number| number.size().x + 6.0);
    let wanted = vec2(galley.size().x + extra + 2.0 * padding, height);
    let (rect, response) = ui.allocate_exact_size(wanted, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, ui.is_enabled(), on, words));
    ground(ui, rect, response.hovered());
    let ink = if on || response.hovered() { t.text_strong } else { t.text_subdued };
    let end = rect.left() + padding + galley.size().x;
    ui.painter().galley(pos2(rect.left() + padding, rect.center().y - galley.size().y / 2.0), galley, ink);
    if let Some(number) = number {
        ui.painter().galley(pos2(end + 6.0, rect.center().y - number.size().y / 2.0), number, t.text_subdued);
    }
    focus::ring(ui, &response, rect, radius::SMALL);
    response
}
