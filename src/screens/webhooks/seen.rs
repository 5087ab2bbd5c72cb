//! What was seen here of an event: the attempts that receivers of this panel took in, with what they came to.

use egui::Ui;
use jiff::Timestamp;

use crate::action::Action;
use crate::clock::{clock_time, day};
use crate::error::UserError;
use crate::store::attempts::{Attempt, HUNG_UP, Standing};
use crate::ui::tokens::size;
use crate::ui::{Button, Callout, Col, Icon, Mood, Table, small, status, strong, subdued, tokens};

/// How many rows stand at once.
const ROWS: usize = 6;

/// What an attempt came to: `verified`, `not verified: signature`.
pub(super) fn verdict(attempt: &Attempt) -> (Mood, String) {
    let mood = match attempt.standing() {
        Standing::Good => Mood::Success,
        Standing::Pending => Mood::Info,
        Standing::Failed | Standing::UnknownKey => Mood::Warn,
        Standing::NotVerified | Standing::Unsigned | Standing::Encrypted | Standing::Unreadable => Mood::Error,
    };
    let words = match (&attempt.verdict, &attempt.failed) {
        (None, _) => "not judged yet".to_owned(),
        (Some(verdict), None) => verdict.replace('_', " "),
        (Some(verdict), Some(failed)) => format!("{}: {failed}", verdict.replace('_', " ")),
    };
    (mood, words)
}

/// What shows it in the Inspector.
fn show(attempt: &Attempt) -> Option<Action> {
    let id = attempt.event_id.clone().or_else(|| attempt.webhook_id.clone())?;
    Some(Action::ShowAttempt { seq: attempt.seq, id })
}

/// `12:04:31.0`
pub(super) fn tenth(at: Timestamp) -> String {
    format!("{}.{}", clock_time(at), at.subsec_millisecond() / 100)
}

/// Every attempt of an event that was received here.
pub(super) fn attempts(ui: &mut Ui, seen: &Result<Vec<Attempt>, UserError>, actions: &mut Vec<Action>) {
    strong(ui, "Deliveries seen here");
    let list = match seen {
        Ok(list) => list,
        Err(error) => return Callout::user_error(error).show(ui),
    };
    if list.is_empty() {
        subdued(ui, "Not seen here. Seen is what the Inspector or `kinde-panel listen` receives for this profile");
        return;
    }
    let width = ui.available_width();
    let mut cols = vec![Col::exact("Received", 150.0), Col::exact("Attempt", 64.0), Col::exact("Verdict", 200.0)];
    if width > 560.0 {
        cols.push(Col::exact("Answered", 76.0));
    }
    cols.extend([Col::rest("Webhook Request ID"), Col::exact("", 64.0)]);
    let mut wanted = None;
    let rows = list.len().min(ROWS) as f32;
    let answer = Table::new("deliveries seen here", &cols).max_height(rows * size::ROW).show(
        ui,
        list.len(),
        |index| list.get(index).map(|attempt| format!("Attempt {}", attempt.seq)).unwrap_or_default(),
        |cells, index| {
            let Some(attempt) = list.get(index) else { return };
            cells.text(&format!("{} {}", day(attempt.received_at), clock_time(attempt.received_at)));
            cells.text(&attempt.attempt.to_string());
            let (mood, words) = verdict(attempt);
            cells.ui(|ui| {
                status(ui, mood, &words);
            });
            if width > 560.0 {
                cells.subdued(&match attempt.responded {
                    None => "not known".to_owned(),
                    Some(HUNG_UP) => "nothing".to_owned(),
                    Some(status) => status.to_string(),
                });
            }
            cells.mono(attempt.webhook_id.as_deref().unwrap_or("none"));
            cells.ui(|ui| {
                let name = format!("Show attempt {} in the Inspector", attempt.seq);
                if Button::ghost("Show").small().name(&name).show(ui).clicked() {
                    wanted = show(attempt);
                }
            });
        },
    );
    actions.extend(wanted.or_else(|| show(list.get(answer.opened?)?)));
}

/// Whether a caused event is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    On,
    Over,
    /// No webhook takes it.
    Nobody,
}

/// How far a caused event came: its type, then done in Kinde, arrived, verdict.
pub(super) fn arrival(
    ui: &mut Ui,
    kind: &str,
    done: Option<Timestamp>,
    arrived: &[Attempt],
    wait: Wait,
    actions: &mut Vec<Action>,
) {
    let mut of_kind: Vec<&Attempt> = arrived.iter().filter(|it| it.event_type.as_deref() == Some(kind)).collect();
    of_kind.sort_by_key(|attempt| attempt.seq);
    let mut parts: Vec<String> = done.map(|at| format!("done in Kinde {}", tenth(at))).into_iter().collect();
    let mood = match of_kind.as_slice() {
        [] if wait == Wait::Nobody => {
            parts.push("no webhook takes this event".to_owned());
            Mood::Warn
        }
        [] if wait == Wait::On => {
            parts.push("waiting for it to arrive".to_owned());
            Mood::Info
        }
        [] => {
            parts.push("not seen here".to_owned());
            Mood::Neutral
        }
        [first, rest @ ..] => {
            let (mood, verdict) = verdict(first);
            parts.push(format!("arrived {}", tenth(first.received_at)));
            parts.push(if rest.is_empty() { verdict } else { format!("{verdict}, and {} more", rest.len()) });
            mood
        }
    };
    // The type has a line of its own where both do not fit into one.
    let narrow = ui.available_width() < 560.0;
    if narrow {
        status(ui, mood, kind);
    }
    ui.horizontal(|ui| {
        ui.set_min_height(size::ROW);
        if narrow {
            ui.add_space(18.0);
        } else {
            status(ui, mood, kind);
        }
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                Icon::ChevronRight.show(ui, 12.0, tokens(ui).text_subdued, "then");
            }
            subdued(ui, part);
        }
        if let Some(show) = of_kind.first().and_then(|first| show(first))
            && Button::ghost("Show").small().name(&format!("Show {kind} in the Inspector")).show(ui).clicked()
        {
            actions.push(show);
        }
    });
}

/// Where what is seen comes from.
pub(super) fn where_from(ui: &mut Ui) {
    small(ui, "Seen is what the Inspector or `kinde-panel listen` receives for this profile");
}
