//! A list of checks under the one sentence that sums them up.

use egui::text::TextWrapping;
use egui::{Color32, FontId, Label, RichText, Sense, Ui, vec2};

use super::badge::{verdict_icon, verdict_mark};
use super::callout::Mood;
use super::copy_button::copy_button;
use super::focus;
use super::icons::Icon;
use super::label::marked;
use super::theme::tokens;
use super::tokens::{radius, size, space, text};
use crate::check::{self, Check, Verdict};

/// Width of the names' column, in points, where no name wants more.
const NAMES: f32 = 180.0;

/// The headline, "Copy for a colleague", and a row for each check; a row opens to its cause and fix, and to evidence that its
/// line has no room for.
///
/// The first trouble is open from the start. `id` keeps apart two lists on one screen.
pub fn check_list(ui: &mut Ui, id: &str, headline: &str, checks: &[Check]) {
    check_headline(ui, headline, checks);
    ui.add_space(space::XS);
    check_rows(ui, id, checks);
}

/// The same under a mark of its own: for a list that is not yet what its worst check says.
pub fn check_list_as(ui: &mut Ui, id: &str, mark: Verdict, headline: &str, checks: &[Check]) {
    headline_as(ui, mark, headline, checks);
    ui.add_space(space::XS);
    check_rows(ui, id, checks);
}

/// The sentence with the worst verdict's mark and "Copy for a colleague", without the rows.
pub fn check_headline(ui: &mut Ui, headline: &str, checks: &[Check]) {
    headline_as(ui, check::worst(checks), headline, checks);
}

fn headline_as(ui: &mut Ui, worst: Verdict, headline: &str, checks: &[Check]) {
    let t = tokens(ui);
    ui.horizontal(|ui| {
        ui.add_space(space::SM - 1.0);
        let colour = Mood::from(worst).tone(t).icon;
        verdict_icon(worst).show(ui, 17.0, colour, worst.word());
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            copy_button(ui, "Copy for a colleague", || check::for_a_colleague(headline, checks));
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let words = marked(headline, text::TITLE, t.text_strong, t.text_strong);
                ui.add(Label::new(words).wrap());
            });
        });
    });
}

/// The rows alone.
pub fn check_rows(ui: &mut Ui, id: &str, checks: &[Check]) {
    let first = check::first_trouble(checks).map(|check| check.name.as_str());
    let names = names_width(ui, checks);
    ui.push_id(("checks", id), |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for (index, check) in checks.iter().enumerate() {
            ui.push_id((index, &check.name), |ui| row(ui, check, names, first == Some(&check.name)));
        }
    });
}

fn row(ui: &mut Ui, check: &Check, names: f32, open_at_first: bool) {
    let t = tokens(ui);
    // Evidence that was cut when it was drawn last can be opened too.
    let cut_key = ui.make_persistent_id("cut");
    let cut = ui.data(|data| data.get_temp(cut_key)).unwrap_or_default();
    let more = check.why.is_some() || check.fix.is_some() || cut;
    let key = ui.make_persistent_id("open");
    let mut open = more && ui.data(|data| data.get_temp(key)).unwrap_or(open_at_first);

    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::hover());
    if more {
        // Below the words, so that those can still be selected.
        let press = ui.interact(rect, ui.make_persistent_id("row"), Sense::click());
        let state = if open { "open" } else { "closed" };
        press.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::DisclosureTriangle, true, format!("{}, {state}", check.name))
        });
        if press.hovered() {
            ui.painter().rect_filled(rect, radius::CONTROL, t.row_hover);
        }
        focus::ring(ui, &press, rect, radius::CONTROL);
        if press.clicked() {
            open = !open;
            ui.data_mut(|data| data.insert_temp(key, open));
        }
    }
    let inside = rect.shrink2(vec2(space::SM, 0.0));
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    let mut line = ui.new_child(egui::UiBuilder::new().max_rect(inside).layout(layout));
    line.set_clip_rect(rect.intersect(ui.clip_rect()));
    let now_cut = contents(&mut line, check, names, more.then_some(open));
    if now_cut != cut {
        ui.data_mut(|data| data.insert_temp(cut_key, now_cut));
        ui.ctx().request_repaint();
    }
    if open {
        details(ui, check, now_cut);
    }
}

/// How wide the names' column is. The names of variables, which often differ at their ends alone, are not cut.
fn names_width(ui: &Ui, checks: &[Check]) -> f32 {
    let wide = |check: &Check| {
        let (words, font) = (shown_name(&check.name), FontId::proportional(text::BODY));
        ui.painter().layout_no_wrap(words, font, Color32::PLACEHOLDER).size().x.ceil()
    };
    let variables = checks.iter().filter(|check| !check.name.contains(char::is_lowercase));
    variables.map(wide).fold(NAMES, f32::max)
}

/// A check's name as words. One that is the name of something itself, like a variable's, stays as it is.
fn shown_name(name: &str) -> String {
    if name.contains(char::is_lowercase) { name.replace('_', " ") } else { name.to_owned() }
}

/// One line of the check; true where its evidence does not fit.
fn contents(ui: &mut Ui, check: &Check, names: f32, open: Option<bool>) -> bool {
    let t = tokens(ui);
    verdict_mark(ui, check.verdict);
    ui.scope(|ui| {
        ui.set_width(names.min(ui.available_width() * 0.4));
        let colour = if check.verdict == Verdict::Skipped { t.text_subdued } else { t.text_strong };
        ui.add(Label::new(RichText::new(shown_name(&check.name)).color(colour)).truncate().selectable(false));
    });
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        if let Some(open) = open {
            let icon = if open { Icon::ChevronDown } else { Icon::ChevronRight };
            let (rect, _) = ui.allocate_exact_size(vec2(14.0, 14.0), Sense::hover());
            icon.paint_in(ui, rect, t.text_subdued);
        } else {
            ui.add_space(14.0);
        }
        if let Some(ms) = check.ms {
            ui.label(RichText::new(format!("{ms} ms")).size(text::SMALL).color(t.text_subdued));
        }
        ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
            let seen =
                check.seen.as_deref().or(if check.verdict == Verdict::Skipped { check.why.as_deref() } else { None });
            let Some(seen) = seen else { return false };
            let mut words = marked(seen, text::BODY, t.text_subdued, t.text);
            let room = ui.available_width();
            ui.add(Label::new(words.clone()).truncate());
            words.wrap = TextWrapping::truncate_at_width(room);
            check.seen.is_some() && ui.painter().layout_job(words).elided
        })
        .inner
    })
    .inner
}

/// Cause and fix, after the evidence where it was `cut`.
fn details(ui: &mut Ui, check: &Check, cut: bool) {
    let t = tokens(ui);
    ui.horizontal_top(|ui| {
        ui.add_space(2.0 * space::SM + 14.0);
        ui.vertical(|ui| {
            ui.set_max_width(ui.available_width().min(size::PROSE_MAX));
            ui.spacing_mut().item_spacing.y = space::XS;
            if let Some(seen) = check.seen.as_ref().filter(|_| cut) {
                ui.add(Label::new(marked(seen, text::BODY, t.text_subdued, t.text)).wrap());
            }
            if let Some(why) = &check.why {
                ui.add(Label::new(marked(why, text::BODY, t.text, t.text_strong)).wrap());
            }
            if let Some(fix) = &check.fix {
                ui.horizontal_top(|ui| {
                    ui.spacing_mut().item_spacing.x = 6.0;
                    ui.label(RichText::new("Fix").color(t.text_subdued));
                    ui.add(Label::new(marked(fix, text::BODY, t.text_strong, t.text_strong)).wrap());
                });
            }
            ui.add_space(space::SM);
        });
    });
}
