//! The timeline of a long job: what went over the wire, step by step.

use egui::{FontId, Label, RichText, Sense, Ui, vec2};

use super::copy_button::{copy_button, copy_icon};
use super::icons::Icon;
use super::label::marked;
use super::theme::tokens;
use super::tokens::{size, space, text};
use crate::step::{self, Step, StepState};

/// Every step in a row, with "Copy timeline" below. Nothing in it moves by itself.
pub fn step_list(ui: &mut Ui, steps: &[Step]) {
    list(ui, steps, &String::new, &mut |_, _| {});
}

/// The same; `extra` puts its own things at the right end of a step: a clock, Cancel.
pub fn step_list_with(ui: &mut Ui, steps: &[Step], mut extra: impl FnMut(&mut Ui, &Step)) {
    list(ui, steps, &String::new, &mut extra);
}

/// The same; a curl line that reads a token is copied below `hint()`, the line that fills its variable.
pub fn step_list_hinted(ui: &mut Ui, steps: &[Step], hint: &dyn Fn() -> String) {
    list(ui, steps, hint, &mut |_, _| {});
}

fn list(ui: &mut Ui, steps: &[Step], hint: &dyn Fn() -> String, extra: &mut dyn FnMut(&mut Ui, &Step)) {
    let t = tokens(ui);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for (index, step) in steps.iter().enumerate() {
            let top = ui.cursor().top();
            let left = ui.cursor().left() + 9.0;
            ui.push_id(step.id, |ui| row(ui, index + 1, step, hint, extra));
            if index + 1 < steps.len() {
                // The line from mark to mark.
                let span = (top + size::ROW / 2.0 + 11.0)..=(ui.cursor().top() + size::ROW / 2.0 - 11.0);
                ui.painter().vline(left, span, egui::Stroke::new(1.0, t.line));
            }
        }
    });
    if !steps.is_empty() {
        copy_button(ui, "Copy timeline", || step::as_text(steps));
    }
}

fn row(ui: &mut Ui, number: usize, step: &Step, hint: &dyn Fn() -> String, extra: &mut dyn FnMut(&mut Ui, &Step)) {
    let t = tokens(ui);
    ui.horizontal(|ui| {
        ui.set_min_height(size::ROW);
        mark(ui, number, step.state);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            extra(ui, step);
            if let Some(curl) = &step.curl {
                copy_icon(ui, &format!("Copy as curl: {}", step.title), || hinted(curl, hint));
            }
            if let Some(ms) = step.ms {
                ui.label(RichText::new(format!("{ms} ms")).size(text::SMALL).color(t.text_subdued));
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let colour = match step.state {
                    StepState::Waiting => t.text_subdued,
                    StepState::Running | StepState::Done => t.text_strong,
                    StepState::Failed => t.error.text,
                };
                ui.add(Label::new(RichText::new(&step.title).color(colour)).truncate());
            });
        });
    });
    if let Some(detail) = &step.detail {
        ui.horizontal_top(|ui| {
            ui.add_space(18.0 + space::SM);
            ui.vertical(|ui| {
                ui.set_max_width(ui.available_width().min(size::PROSE_MAX));
                ui.add(Label::new(marked(detail, text::SMALL, t.text_subdued, t.text)).wrap());
                ui.add_space(space::XS);
            });
        });
    }
}

fn hinted(curl: &str, hint: &dyn Fn() -> String) -> String {
    let hint = if curl.contains("$KINDE_TOKEN") { hint() } else { String::new() };
    if hint.is_empty() { curl.to_owned() } else { format!("# {hint}\n{curl}") }
}

/// The mark of a step: its number while it waits, else a shape. The state's word is its name.
fn mark(ui: &mut Ui, number: usize, state: StepState) {
    let t = tokens(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(18.0, 18.0), Sense::hover());
    let (word, icon, colour, fill) = match state {
        StepState::Waiting => ("waiting", None, t.text_subdued, t.control),
        StepState::Running => ("running", Some(Icon::Running), t.info.icon, t.info.fill),
        StepState::Done => ("done", Some(Icon::Check), t.success.icon, t.success.fill),
        StepState::Failed => ("failed", Some(Icon::Cross), t.error.icon, t.error.fill),
    };
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, format!("Step {number}, {word}")));
    ui.painter().circle_filled(rect.center(), 9.0, fill);
    match icon {
        Some(icon) => icon.paint(ui.painter(), rect.center(), 12.0, colour),
        None => {
            let font = FontId::proportional(11.0);
            ui.painter().text(rect.center(), egui::Align2::CENTER_CENTER, number, font, colour);
        }
    }
}
