//! One delivery in full: its attempts along the schedule, and what was sent.

use egui::{Align, Layout, ScrollArea, Ui};

use super::deliveries::{Deliveries, ending, is_waiting};
use super::sent::answer;
use crate::action::Action;
use crate::clock::clock_time;
use crate::sandbox::{DeliveryView, SentBody, wait_before};
use crate::secrets::Secret;
use crate::ui::tokens::space;
use crate::ui::{
    Button, Col, Icon, LoadAsk, LoadView, Mood, Table, code_view, copy_button, key_value, key_value_copy, line, small,
    status, tabs, tokens,
};

/// How many attempts the schedule holds.
pub(super) const ATTEMPTS: u32 = 9;

/// The parts of a delivery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Part {
    #[default]
    Attempts,
    Request,
}

/// Draws it; true when it is to be read again.
pub(super) fn ui(ui: &mut Ui, state: &mut Deliveries, row: &DeliveryView, actions: &mut Vec<Action>) -> bool {
    let Deliveries { body, part, .. } = state;
    head(ui, row, body.value(), actions);
    tabs(ui, part, &[(Part::Attempts, "Attempts", Some(row.attempts.len())), (Part::Request, "Request", None)]);
    ui.add_space(space::SM);
    let part = *part;
    let salt = ("delivery", row.id, part as u8);
    let ask = ScrollArea::vertical().id_salt(salt).auto_shrink(false).show(ui, |ui| match part {
        Part::Attempts => {
            attempts(ui, row);
            None
        }
        Part::Request => LoadView::new("Reading the body…").show(ui, body, |ui, body| request(ui, row, body)),
    });
    matches!(ask.inner, Some(LoadAsk::Retry))
}

fn head(ui: &mut Ui, row: &DeliveryView, body: Option<&SentBody>, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        let (mood, words) = ending(row);
        status(ui, mood, &words);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some(body) = body {
                let judge = Button::secondary("Judge in the Inspector").small().icon(Icon::Inspector);
                if judge.show(ui).clicked() {
                    actions.push(Action::PasteToInspector(Secret::new(body.body.as_str())));
                }
                copy_button(ui, "Copy body", || body.body.clone());
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                line(ui, egui::RichText::new(&row.url).monospace());
            });
        });
    });
}

/// The whole schedule: what was made, what is due, what would follow.
fn attempts(ui: &mut Ui, row: &DeliveryView) {
    let columns = [Col::exact("No.", 44.0), Col::exact("Waits", 96.0), Col::exact("Time", 90.0), Col::rest("Answer")];
    Table::new("Attempts", &columns).show(
        ui,
        ATTEMPTS as usize,
        |index| format!("Attempt {}", index + 1),
        |cells, index| {
            let number = index as u32 + 1;
            cells.text(&number.to_string());
            cells.subdued(&wait_words(number));
            let one = row.attempts.iter().find(|attempt| attempt.number == number);
            match one {
                Some(attempt) => {
                    cells.text(&clock_time(attempt.began));
                    let mood = if attempt.status == Some(200) { Mood::Success } else { Mood::Error };
                    let words = answer(attempt.status, attempt.error.as_deref(), attempt.ms);
                    cells.ui(|ui| {
                        status(ui, mood, &words);
                        if let Some(body) = attempt.answer.as_deref().filter(|body| !body.is_empty()) {
                            let said = egui::RichText::new(body).monospace().color(tokens(ui).text_subdued);
                            line(ui, said).on_hover_text(body);
                        }
                    });
                }
                None if index == row.attempts.len() && is_waiting(row) => {
                    cells.text(&row.next.map(clock_time).unwrap_or_default());
                    cells.ui(|ui| {
                        status(ui, Mood::Info, "due");
                    });
                }
                None => {
                    cells.subdued("");
                    cells.subdued(if is_waiting(row) { "" } else { "not made" });
                }
            }
        },
    );
    ui.add_space(space::XS);
    small(ui, "Only an answer of 200 ends the attempts. After 72 hours of failures a webhook is switched off");
}

/// The wait before an attempt, in words; none before the first.
fn wait_words(number: u32) -> String {
    let seconds = wait_before(number).map_or(0, |wait| wait.as_secs());
    match seconds {
        0 => "at once".to_owned(),
        1..=59 => format!("{seconds} s"),
        60..=3599 => format!("{} min", seconds / 60),
        hours => format!("{} h", hours / 3600),
    }
}

fn request(ui: &mut Ui, row: &DeliveryView, sent: &SentBody) {
    key_value(ui, "Request", &format!("POST {}", row.url));
    key_value_copy(ui, "Event ID", &row.event_id);
    key_value_copy(ui, "webhook-id", &row.webhook_id);
    ui.add_space(space::XS);
    small(ui, "Headers");
    let headers = format!("content-type: {}\nwebhook-id: {}", sent.content_type, row.webhook_id);
    code_view(ui, "request headers", &headers, 120.0);
    ui.add_space(space::SM);
    small(ui, "Body, the same at every attempt");
    code_view(ui, "request body", &sent.body, 160.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_as_many_attempts_as_the_schedule_holds() {
        assert_eq!((1..).take_while(|number| wait_before(*number).is_some()).count(), ATTEMPTS as usize);
        let words: Vec<String> = (1..=ATTEMPTS).map(wait_words).collect();
        assert_eq!(words, ["at once", "5 s", "30 s", "2 min", "10 min", "1 h", "4 h", "12 h", "12 h"]);
    }
}
