//! When it came and comes again: the attempts seen here, Kinde's retry clock, and the forwards.

use egui::Ui;
use jiff::Timestamp;

use super::state::{State, What};
use super::{Turn, forwards};
use crate::action::Action;
use crate::clock::{clock_time, day};
use crate::inspector::retry_clock::{Fate, RetryClock, Seen, Standing, retry_clock};
use crate::screens::Cx;
use crate::store::attempts::{Attempt, HUNG_UP};
use crate::ui::tokens::space;
use crate::ui::{Col, Mood, Table, prose, section, small, status, subdued};

pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) -> Option<Turn> {
    let mut turn = None;
    // What went wrong is what a person came for.
    let first = matches!(&state.what, What::There(there) if forwards::fails(there));
    if first {
        forwards::ui(ui, state, cx, actions);
    }
    let State { what: What::There(there), .. } = &*state else { return None };
    let attempt = &there.opened.whole.attempt;
    let group: Vec<&Attempt> = there
        .opened
        .siblings
        .iter()
        .filter(|other| {
            other.seq == attempt.seq || attempt.webhook_id.is_some() && other.webhook_id == attempt.webhook_id
        })
        .collect();
    let others: Vec<&Attempt> =
        there.opened.siblings.iter().filter(|other| group.iter().all(|own| own.seq != other.seq)).collect();
    let seen: Vec<Seen> = group.iter().map(|one| Seen { at: one.received_at, answered: one.responded }).collect();
    section(ui, "Attempts", |ui| {
        match attempt.webhook_id.as_deref().and_then(|_| retry_clock(&seen, there.happened, cx.now)) {
            Some(clock) => clock_ui(ui, &clock, &group, attempt.seq, cx.now, &mut turn),
            None => {
                small(
                    ui,
                    "It came without a `webhook-id`: Kinde's own deliveries have one, and are tried again under it",
                );
            }
        }
    });
    if !others.is_empty() {
        section(ui, "The same event under another request ID", |ui| {
            for other in others {
                let words = format!(
                    "No. {} · {} · {}",
                    other.seq,
                    moment(other.received_at, cx.now),
                    other.webhook_id.as_deref().unwrap_or("without a webhook-id"),
                );
                if crate::ui::Button::ghost(&words).small().show(ui).clicked() {
                    turn = Some(Turn::To(other.seq));
                }
            }
        });
    }
    if !first {
        forwards::ui(ui, state, cx, actions);
    }
    turn
}

fn clock_ui(ui: &mut Ui, clock: &RetryClock, group: &[&Attempt], own: i64, now: Timestamp, turn: &mut Option<Turn>) {
    prose(ui, &clock.sentence(|at| about(at, now)));
    ui.add_space(space::XS);
    let columns = [Col::exact("", 90.0), Col::exact("When", 190.0), Col::exact("Answered", 110.0), Col::rest("")];
    let selected = clock.places.iter().position(|place| match place.fate {
        Fate::Seen(index) => group.get(index).is_some_and(|attempt| attempt.seq == own),
        _ => false,
    });
    let answer = Table::new("Attempts", &columns).selected(selected).max_height(300.0).show(
        ui,
        clock.places.len(),
        |index| format!("{index}"),
        |cells, index| {
            let Some(place) = clock.places.get(index) else { return };
            cells.text(&format!("Attempt {}", place.number));
            match place.fate {
                Fate::Seen(at) => {
                    cells.text(&moment(place.at, now));
                    let Some(attempt) = group.get(at) else { return };
                    cells.ui(|ui| answered(ui, attempt.responded));
                    let this = if attempt.seq == own { ", this one" } else { "" };
                    cells.subdued(&format!("No. {}{this}", attempt.seq));
                }
                Fate::NotSeen | Fate::Next | Fate::Later => {
                    cells.subdued(&format!("around {}", about(place.at, now)));
                    cells.text("");
                    cells.subdued(match place.fate {
                        Fate::NotSeen => "not seen here",
                        Fate::Next => "next",
                        _ => "if all before it fail",
                    });
                }
            }
        },
    );
    if let Some(Fate::Seen(index)) = answer.chosen.and_then(|row| clock.places.get(row)).map(|place| place.fate) {
        *turn = group.get(index).map(|attempt| Turn::To(attempt.seq));
    }
    if clock.standing == Standing::NotKnown {
        return;
    }
    ui.add_space(space::XS);
    let from = if clock.from_event { "the event's own time" } else { "the first attempt seen here" };
    let mut note =
        format!("Counted from {from}. Kinde gives a request up after 36 hours, here around {}.", about(clock.end, now));
    if let Some(at) = clock.switch_off {
        note.push_str(&format!(
            " An endpoint that fails for 72 hours is switched off, here around {} if nothing it is sent succeeds before.",
            about(at, now)
        ));
    }
    subdued(ui, &note);
}

fn answered(ui: &mut Ui, status_code: Option<u16>) {
    match status_code {
        Some(HUNG_UP) => status(ui, Mood::Error, "hung up"),
        Some(200) => status(ui, Mood::Success, "200"),
        Some(code @ 201..=299) => status(ui, Mood::Warn, &code.to_string()),
        Some(code) => status(ui, Mood::Error, &code.to_string()),
        None => subdued(ui, "not known"),
    };
}

/// The clock time, with the day where it is another than today.
pub(super) fn moment(at: Timestamp, now: Timestamp) -> String {
    if day(at) == day(now) { clock_time(at) } else { format!("{} {}", day(at), clock_time(at)) }
}

/// The same without the seconds, which nobody can promise.
fn about(at: Timestamp, now: Timestamp) -> String {
    let words = moment(at, now);
    words.rsplit_once(':').map_or(words.clone(), |(minutes, _)| minutes.to_owned())
}
