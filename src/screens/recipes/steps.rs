//! The steps of a recipe, each with what is to be copied or opened for it.

use egui::{Label, RichText, Ui};

use super::page_state::Page;
use super::state::Asked;
use super::values::{as_text, title_in};
use crate::action::{Action, Room};
use crate::recipes::{Call, Content, Deed, Place, Step};
use crate::ui::tokens::{size, space, text};
use crate::ui::{Button, Icon, Mood, badge, copy_button, copy_icon, link, marked, small, tokens};

/// Below this width, in points, the place stands above the words.
const NARROW: f32 = 460.0;

/// Draws them.
pub(super) fn show(ui: &mut Ui, page: &Page, content: &Content, asked: &mut Vec<Asked>) {
    if content.steps.iter().any(|step| !step.copy.is_empty()) && page.made.value().is_none() {
        small(ui, &format!("What is to be copied comes with {}", content.action));
        ui.add_space(space::SM);
    }
    let steps = content.steps.iter().filter(|step| step.is_for(&page.draft.plain));
    for (index, step) in steps.enumerate() {
        ui.push_id(index, |ui| one(ui, index + 1, step, page, content, asked));
    }
}

fn one(ui: &mut Ui, number: usize, step: &Step, page: &Page, content: &Content, asked: &mut Vec<Asked>) {
    let narrow = ui.available_width() < NARROW;
    let place = |ui: &mut Ui| {
        let (mood, word) = match step.place {
            Place::Kinde => (Mood::Neutral, "Kinde"),
            Place::Tool => (Mood::Info, "The tool"),
            Place::Code => (Mood::Neutral, "Your code"),
            Place::Panel => (Mood::Success, "Here"),
            Place::Browser => (Mood::Warn, "Browser"),
        };
        badge(ui, mood, word);
    };
    ui.horizontal_top(|ui| {
        ui.scope(|ui| {
            ui.set_width(22.0);
            ui.label(RichText::new(number.to_string()).color(tokens(ui).text_subdued));
        });
        if !narrow {
            ui.scope(|ui| {
                ui.set_width(78.0);
                place(ui);
            });
        }
        ui.vertical(|ui| {
            ui.set_max_width(ui.available_width().min(size::PROSE_MAX));
            ui.spacing_mut().item_spacing.y = 2.0;
            if narrow {
                place(ui);
            }
            words(ui, step);
            with_it(ui, step, page, content, asked);
        });
    });
    ui.add_space(space::SM);
}

fn words(ui: &mut Ui, step: &Step) {
    let t = tokens(ui);
    ui.add(Label::new(marked(&step.text, text::BODY, t.text_strong, t.text_strong)).wrap());
    if let Some(note) = &step.note {
        ui.add(Label::new(marked(note, text::SMALL, t.text_subdued, t.text)).wrap());
    }
    if let Some(corrected) = &step.corrected {
        let words = format!("Differs from Kinde's guide: {corrected}");
        ui.add(Label::new(marked(&words, text::SMALL, t.warn.text, t.text)).wrap());
    }
    if let Some(command) = &step.run {
        ui.horizontal(|ui| {
            let room = ui.available_width() - size::CONTROL_SMALL - space::SM;
            ui.scope(|ui| {
                ui.set_max_width(room.max(60.0));
                ui.add(Label::new(RichText::new(command).monospace()).truncate());
            });
            copy_icon(ui, "Copy the command", || command.clone());
        });
    }
}

/// What is copied, opened and done for a step.
fn with_it(ui: &mut Ui, step: &Step, page: &Page, content: &Content, asked: &mut Vec<Asked>) {
    let values = page.made.value().map(|made| &made.values);
    let copies: Vec<(&String, String)> =
        step.copy.iter().filter_map(|name| Some((name, as_text(values?.get(name)?)))).collect();
    if copies.is_empty() && step.link.is_none() && step.file.is_none() && step.deeds.is_empty() {
        return;
    }
    let busy = page.is_busy();
    ui.horizontal_wrapped(|ui| {
        for (name, text) in copies {
            copy_button(ui, &format!("Copy {}", title_in(name, content)), || text);
        }
        if let Some(file) = &step.file {
            let name = file.rsplit('/').next().unwrap_or(file);
            let made = page.made.value().is_some_and(|made| made.files.iter().any(|it| it.path == *file));
            let button = Button::ghost(name).icon(Icon::File).small().hint(file);
            if made && button.show(ui).clicked() {
                asked.push(Asked::File(file.clone()));
            }
        }
        for deed in &step.deeds {
            let press = |ui: &mut Ui, words: &str, icon| {
                Button::secondary(words).icon(icon).small().enabled_or(!busy, "It is going on").show(ui).clicked()
            };
            match deed {
                Deed::Check if press(ui, "Check", Icon::Play) => asked.push(Asked::Call(Call::Check)),
                Deed::Simulate if press(ui, "Simulate", Icon::Sandbox) => asked.push(Asked::Call(Call::Simulate)),
                Deed::Apply => {
                    let words = format!("{}…", content.apply.as_deref().unwrap_or("Apply"));
                    if press(ui, &words, Icon::Upload) {
                        asked.push(Asked::Plan);
                    }
                }
                Deed::Webhooks if press(ui, "Open Webhooks", Icon::Webhook) => {
                    asked.push(Asked::Do(Action::Go(Room::Webhooks)));
                }
                Deed::Trigger if press(ui, "Trigger an event", Icon::Webhook) => {
                    asked.push(Asked::Do(Action::OpenTrigger));
                }
                Deed::Inspector if press(ui, "Open the Inspector", Icon::Inspector) => {
                    asked.push(Asked::Do(Action::Go(Room::Inspector)));
                }
                _ => {}
            }
        }
        if step.place == Place::Code && step.file.is_some() && page.made.value().is_none() {
            small(ui, &format!("Comes with {}", content.action));
        }
        if let Some(address) = &step.link
            && link(ui, &host_of(address), address).clicked()
        {
            asked.push(Asked::Do(Action::OpenUrl(address.clone())));
        }
    });
}

/// `github.com` of an address, to say where a link leads.
fn host_of(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest).trim_start_matches("www.").to_owned()
}
