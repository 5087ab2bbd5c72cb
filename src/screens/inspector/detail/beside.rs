//! What is put beside the payload: Kinde's own copy of the event, and another attempt.

use egui::Ui;

use super::state::{State, What};
use super::timeline::moment;
use crate::action::Action;
use crate::backend::attempt::Compared;
use crate::inspector::truth::{SCOPE, Standing, Truth};
use crate::screens::Cx;
use crate::ui::tokens::space;
use crate::ui::{
    Button, Callout, Col, LoadAsk, LoadView, Mood, Table, check_list, combo, combo_item, prose, small, status, strong,
    subdued, text_field,
};

/// The height of a table, in points.
const TABLE: f32 = 360.0;
/// As many bytes of a value as a row lays out.
const VALUE: usize = 600;

pub(super) fn truth(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let State { what: What::There(there), .. } = &mut *state else { return };
    let Some(id) = there.event_id.clone() else {
        subdued(ui, "The payload has no `event_id` to ask Kinde for");
        return;
    };
    let whom = cx.profile.map_or("Kinde", |profile| profile.name.as_str());
    let mut ask = false;
    prose(ui, &format!("Asks {whom} for `GET /api/v1/events/{id}`, with the token of its M2M application (`{SCOPE}`)"));
    let answer = LoadView::new("Asking Kinde…").cancellable().show(ui, &mut there.truth, |ui, truth| found(ui, truth));
    if !there.truth.is_loading() {
        let words = if there.truth.is_idle() { "Ask Kinde" } else { "Ask again" };
        ui.add_space(space::XS);
        ask = Button::secondary(words).show(ui).clicked();
    }
    match answer {
        Some(LoadAsk::Cancel) => state.stop_asking_kinde(actions),
        Some(LoadAsk::Start | LoadAsk::Retry) => state.ask_kinde(cx, actions),
        None if ask => state.ask_kinde(cx, actions),
        None => {}
    }
}

fn found(ui: &mut Ui, truth: &Truth) {
    let headline = truth.check.why.clone().unwrap_or_else(|| truth.check.verdict.word().to_owned());
    check_list(ui, "truth", &headline, std::slice::from_ref(&truth.check));
    if truth.rows.is_empty() {
        return;
    }
    let rows = truth.rows.iter().map(|row| {
        let same = matches!(row.standing, Standing::Same | Standing::SameMoment);
        (row.path.as_str(), row.standing.words(), same, row.here.as_deref(), row.there.as_deref())
    });
    table(ui, "Kinde's copy", ["Payload", "Kinde's copy"], &rows.collect::<Vec<_>>());
}

pub(super) fn compare(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let State { what: What::There(there), .. } = &mut *state else { return };
    let own = there.opened.whole.attempt.seq;
    let mut with = None;
    ui.horizontal(|ui| {
        let shown = there.beside.map_or_else(|| "choose one".to_owned(), |seq| format!("No. {seq}"));
        combo(ui, "Compare with", &shown, 200.0, |ui| {
            for other in there.opened.siblings.iter().filter(|other| other.seq != own) {
                let note = moment(other.received_at, cx.now);
                if combo_item(ui, there.beside == Some(other.seq), &format!("No. {}", other.seq), &note) {
                    with = Some(other.seq);
                }
            }
        });
        small(ui, "or by its number");
        ui.scope(|ui| {
            ui.set_max_width(110.0);
            let field = text_field(ui, "Number of the other attempt", "12", &mut there.beside_typed);
            if field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) {
                with = there.beside_typed.trim().parse().ok();
            }
        });
        let typed: Option<i64> = there.beside_typed.trim().parse().ok();
        let button = Button::secondary("Compare").name("Compare with it");
        if button.enabled_or(typed.is_some(), "Type the number of an attempt").show(ui).clicked() {
            with = typed;
        }
    });
    // The earlier attempt is what a person comes for: it stands there at once.
    if with.is_none() && there.compared.is_idle() {
        with = there.beside;
    }
    ui.add_space(space::XS);
    if there.beside.is_none() && with.is_none() {
        subdued(ui, "No other attempt of this event is kept: name one by its number");
    }
    let answer = LoadView::new("Comparing…").show(ui, &mut there.compared, |ui, compared| match compared {
        Some(compared) => differences(ui, own, compared, cx),
        None => {
            Callout::warn("There is no attempt of that number")
                .text("It may be another profile's, or may have been deleted")
                .show(ui);
        }
    });
    if matches!(answer, Some(LoadAsk::Retry)) {
        with = there.beside;
    }
    if let Some(with) = with {
        state.compare_with(with, cx, actions);
    }
}

fn differences(ui: &mut Ui, own: i64, compared: &Compared, cx: &Cx<'_>) {
    let headline = match (compared.same_bytes, compared.same_content) {
        (true, _) => "The same bytes".to_owned(),
        (false, Some(true)) => {
            format!("Re-signed: the event is the same, the bytes differ. {}", compared.comparison.headline)
        }
        (false, Some(false)) => format!("Another event. {}", compared.comparison.headline),
        (false, None) => compared.comparison.headline.clone(),
    };
    strong(ui, &headline);
    let right = &compared.right;
    let kind = right.event_type.as_deref().unwrap_or("no event");
    small(ui, &format!("The other: No. {}, {}, {kind}", right.seq, moment(right.received_at, cx.now)));
    // What differs is what a person looks for; the rest stays in its order.
    let mut rows: Vec<_> = compared
        .comparison
        .rows
        .iter()
        .map(|row| {
            let same = row.same();
            let words = if same { "the same" } else { "differs" };
            (row.path.as_str(), words, same, row.left.as_deref(), row.right.as_deref())
        })
        .collect();
    rows.sort_by_key(|row| row.2);
    table(ui, "Compared", [&format!("No. {own}"), &format!("No. {}", right.seq)], &rows);
}

/// A field, how its two values stand to each other and whether they are the same, and the two.
type Beside<'a> = (&'a str, &'a str, bool, Option<&'a str>, Option<&'a str>);

fn table(ui: &mut Ui, name: &str, sides: [&str; 2], rows: &[Beside<'_>]) {
    ui.add_space(space::XS);
    let room = ui.available_width();
    let first = (room * 0.24).clamp(120.0, 220.0);
    let second = 150.0_f32.min(room * 0.2);
    let half = ((room - first - second) / 2.0 - 12.0).max(80.0);
    let columns = [Col::exact("Field", first), Col::exact("", second), Col::exact(sides[0], half), Col::rest(sides[1])];
    Table::new(name, &columns).max_height(TABLE).show(
        ui,
        rows.len(),
        |index| format!("{index}"),
        |cells, index| {
            let Some((path, words, same, left, right)) = rows.get(index) else { return };
            cells.mono(path);
            if *same {
                cells.subdued(words);
            } else {
                cells.ui(|ui| {
                    status(ui, Mood::Warn, words);
                });
            }
            for value in [left, right] {
                match value {
                    Some(value) => cells.mono(cut(value)),
                    None => cells.subdued("not there"),
                }
            }
        },
    );
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(VALUE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
