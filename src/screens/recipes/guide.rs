//! Kinde's guides that a recipe stands for, and where they err.

use egui::{Label, RichText, Ui};

use super::state::Asked;
use crate::action::Action;
use crate::recipes::Content;
use crate::ui::tokens::{size, space, text};
use crate::ui::{Icon, card, link, marked, section, small, subdued, tokens};

/// Draws them.
pub(super) fn show(ui: &mut Ui, content: &Content, asked: &mut Vec<Asked>) {
    section(ui, "Kinde's guides", |ui| {
        for guide in &content.guides {
            if link(ui, &guide.title, &guide.url).clicked() {
                asked.push(Asked::Do(Action::OpenUrl(guide.url.clone())));
            }
        }
        small(ui, &format!("Every numbered step of them is among the steps. Facts last checked {}", content.checked));
    });
    section(ui, "Where the guide errs", |ui| {
        if content.corrections.is_empty() {
            subdued(ui, "Nothing was found");
        }
        for correction in &content.corrections {
            card(ui, |ui| {
                ui.spacing_mut().item_spacing.y = space::XS;
                let t = tokens(ui);
                line(ui, Icon::Cross, t.error.icon, "The guide", |ui| {
                    ui.add(Label::new(RichText::new(&correction.guide).monospace()).wrap());
                });
                line(ui, Icon::ChevronRight, t.text_subdued, "What comes of it", |ui| {
                    ui.add(Label::new(marked(&correction.why, text::BODY, t.text, t.text_strong)).wrap());
                });
                line(ui, Icon::Check, t.success.icon, "Here", |ui| {
                    ui.add(Label::new(marked(&correction.here, text::BODY, t.text_strong, t.text_strong)).wrap());
                });
            });
            ui.add_space(space::XS);
        }
    });
}

fn line(ui: &mut Ui, icon: Icon, colour: egui::Color32, name: &str, words: impl FnOnce(&mut Ui)) {
    ui.horizontal_top(|ui| {
        icon.show(ui, size::ICON, colour, name);
        ui.vertical(|ui| {
            ui.set_max_width(ui.available_width().min(size::PROSE_MAX));
            words(ui);
        });
    });
}
