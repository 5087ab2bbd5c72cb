//! What came of sending: one line, and what each target answered.

use egui::Ui;

use crate::backend::sandbox::{Done, Sent};
use crate::error::UserError;
use crate::sandbox::AttemptLine;
use crate::ui::{Button, Callout, Mood};

/// Draws it; true when the deliveries are to be shown.
pub(super) fn ui(ui: &mut Ui, result: &Result<Sent, UserError>) -> bool {
    match result {
        Err(error) => {
            Callout::user_error(error).show(ui);
            false
        }
        Ok(Sent { done: Done::Published(published), stopped }) => {
            let deliveries = published.deliveries.len();
            let events = counted(published.events.len(), "event");
            let title = format!("{events} published, {}", counted(deliveries, "delivery"));
            let title = if *stopped { format!("Cancelled: {title}") } else { title };
            let note = if deliveries == 0 && !stopped { "No webhook that is switched on chose this type" } else { "" };
            let mood = if deliveries == 0 || *stopped { Mood::Warn } else { Mood::Success };
            Callout::new(mood, &title)
                .text(note)
                .show_with(ui, |ui| deliveries > 0 && Button::secondary("Show deliveries").small().show(ui).clicked())
        }
        Ok(Sent { done: Done::Answered(attempts), stopped: true }) if attempts.is_empty() => {
            Callout::warn("Cancelled before the target answered")
                .text("It may have taken the event all the same")
                .show(ui);
            false
        }
        Ok(Sent { done: Done::Answered(attempts), stopped }) => {
            let good = attempts.iter().filter(|attempt| attempt.status == Some(200)).count();
            let mood = if good == attempts.len() { Mood::Success } else { Mood::Error };
            let title = match attempts.as_slice() {
                [one] => format!("The target answered {}", of(one)),
                all => format!("{good} of {} were answered 200", all.len()),
            };
            let title = if *stopped { format!("Cancelled: {title}") } else { title };
            let mut others: Vec<String> = attempts.iter().filter(|one| one.status != Some(200)).map(of).collect();
            others.dedup();
            others.truncate(5);
            let others = if attempts.len() > 1 { others.join(", ") } else { String::new() };
            let rule = if good == attempts.len() { "" } else { "Only 200 counts as delivered: Kinde would try again" };
            Callout::new(mood, &title).text(&others).text(rule).show(ui);
            false
        }
    }
}

fn of(line: &AttemptLine) -> String {
    answer(line.status, line.error.as_deref(), line.ms)
}

/// `200 in 4 ms`, `nothing: connection refused`.
pub(super) fn answer(status: Option<u16>, error: Option<&str>, ms: u64) -> String {
    match (status, error) {
        (Some(status), _) => format!("{status} in {ms} ms"),
        (None, Some(error)) => format!("nothing: {error}"),
        (None, None) => "nothing".to_owned(),
    }
}

fn counted(count: usize, what: &str) -> String {
    match (count, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {what}s"),
    }
}
