//! The rows as they show: fixed height, only those in view, chosen by pointer and by keyboard.

use std::ops::RangeInclusive;

use egui::{
    Align, EventFilter, Id, Key, Label, Layout, Modifiers, Popup, Rect, RichText, Role, ScrollArea, Sense, Ui,
    UiBuilder, WidgetInfo, pos2, vec2,
};
use jiff::Timestamp;

use super::select::How;
use super::state::{Question, State};
use crate::action::Action;
use crate::backend::history::Which;
use crate::clock::{clock_time, day, today};
use crate::screens::Cx;
use crate::store::attempts::{Attempt, Duplicate, Forwarded, Standing};
use crate::ui::tokens::{radius, size, text};
use crate::ui::{Button, Icon, Mood, focus, menu_item, small, status_with, tokens};

/// Rows from the end at which more are asked for.
const AHEAD: usize = 60;

/// Narrower than this, in points, and the columns stand closer.
const NARROW: f32 = 680.0;

/// The room of a day with its clock time, in points.
const DATED: f32 = 132.0;

/// Where each column begins and ends, in points from the left.
struct Columns {
    spans: [(f32, f32); 6],
}

const NAMES: [&str; 6] = ["Time", "Type", "Verdict", "Who", "Attempt", "Forwarded"];

impl Columns {
    /// `dated`: some row is of another day than today.
    fn of(width: f32, dated: bool) -> Self {
        // What it is and whom it is about are what a narrow window has room for.
        let (time, verdict, attempt, onward) =
            if width < NARROW { (74.0, 120.0, 62.0, 78.0) } else { (78.0, 150.0, 78.0, 116.0) };
        let time = if dated { DATED } else { time };
        let rest = (width - time - verdict - attempt - onward - 12.0).max(120.0);
        let widths = [time, rest * 0.46, verdict, rest * 0.54, attempt, onward];
        let mut left = 8.0;
        let spans = widths.map(|width| {
            let span = (left, left + width - 8.0);
            left += width;
            span
        });
        Self { spans }
    }
}

/// The verdict of a row in words.
pub(super) fn verdict_words(row: &Attempt) -> String {
    let failed = row.failed.as_deref().unwrap_or("something");
    match row.standing() {
        Standing::Pending => "not judged yet".to_owned(),
        Standing::Good => "verified".to_owned(),
        Standing::Failed => format!("{failed} fails"),
        Standing::NotVerified => "not verified".to_owned(),
        Standing::UnknownKey => "unknown key".to_owned(),
        Standing::Unsigned => "unsigned".to_owned(),
        Standing::Encrypted => "encrypted".to_owned(),
        Standing::Unreadable => "unreadable".to_owned(),
    }
}

/// The colour and the shape of a verdict.
pub(super) fn verdict_look(standing: Standing) -> (Mood, Icon) {
    match standing {
        Standing::Pending => (Mood::Neutral, Icon::Clock),
        Standing::Good => (Mood::Success, Icon::Check),
        Standing::Failed => (Mood::Warn, Icon::Warning),
        Standing::UnknownKey => (Mood::Error, Icon::Key),
        Standing::Unsigned => (Mood::Error, Icon::Unlock),
        Standing::Encrypted => (Mood::Neutral, Icon::Lock),
        Standing::NotVerified | Standing::Unreadable => (Mood::Error, Icon::Cross),
    }
}

/// `1st`, `2nd`, and what else is known of its like.
pub(super) fn attempt_words(row: &Attempt) -> String {
    match row.duplicate {
        Duplicate::No | Duplicate::Retry => ordinal(row.attempt),
        other => other.word().to_owned(),
    }
}

fn ordinal(number: u32) -> String {
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// How its forwards went, of those to one address the latest; and how well.
pub(super) fn forward_words(all: &[Forwarded]) -> Option<(String, Mood)> {
    let mut latest: Vec<&Forwarded> = Vec::new();
    for on in all {
        latest.retain(|before| before.url != on.url);
        latest.push(on);
    }
    // Kinde documents 200 alone as delivered.
    let mood = |on: &Forwarded| match on.status {
        Some(200) if !on.page => Mood::Success,
        Some(201..=299) if !on.page => Mood::Warn,
        _ => Mood::Error,
    };
    let good = latest.iter().filter(|on| mood(on) == Mood::Success).count();
    match latest.as_slice() {
        [] => None,
        [only] => {
            let words = match only.status {
                None => "no answer".to_owned(),
                Some(status) if only.page => format!("{status} · web page"),
                Some(status) => format!("{status} · {} ms", only.ms),
            };
            Some((words, mood(only)))
        }
        several => {
            let all = if good == several.len() { Mood::Success } else { Mood::Error };
            Some((format!("{good} of {} well", several.len()), all))
        }
    }
}

/// The clock time of an arrival, with the day and without the seconds where it was not today.
fn when(at: Timestamp, today: &RangeInclusive<Timestamp>) -> String {
    if today.contains(&at) {
        return clock_time(at);
    }
    let clock = clock_time(at);
    format!("{} {}", day(at), clock.rsplit_once(':').map_or(clock.as_str(), |(minutes, _)| minutes))
}

/// Draws the list over all the height there is.
pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let today = today(cx.now);
    let dated = state.rows.held().iter().any(|row| !today.contains(&row.received_at));
    let columns = Columns::of(ui.available_width(), dated);
    let id = header(ui, &columns);
    let moved = keyboard(ui, id, state, cx, actions);
    let jump = state.rows.jump.take().or(moved);
    let shift = std::mem::take(&mut state.rows.shift);
    let top = ui.cursor().top();
    let height = ui.available_height();
    let mut area = ScrollArea::vertical().id_salt("attempts").auto_shrink(false).animated(false);
    if let Some(row) = jump {
        let known: f32 = ui.data(|data| data.get_temp(id)).unwrap_or_default();
        let at = row as f32 * size::ROW;
        let wanted = if at < known { at } else { known.max(at + size::ROW - height) };
        area = area.vertical_scroll_offset(if row == 0 { 0.0 } else { wanted });
    } else if shift != 0 {
        let known: f32 = ui.data(|data| data.get_temp(id)).unwrap_or_default();
        area = area.vertical_scroll_offset((known + shift as f32 * size::ROW).max(0.0));
    }
    let count = state.rows.held().len();
    let shown = ui
        .scope(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            area.show_rows(ui, size::ROW, count, |ui, range| {
                for index in range.clone() {
                    row(ui, state, &columns, index, (id, &today), cx, actions);
                }
                range
            })
        })
        .inner;
    let offset = shown.state.clamped_offset().y;
    ui.data_mut(|data| data.insert_temp(id, offset));
    if shown.inner.end + AHEAD >= count {
        state.rows.near_the_end();
    } else if shown.inner.start < AHEAD {
        state.rows.near_the_beginning();
    }
    if state.rows.is_wanting() {
        ui.ctx().request_repaint();
    }
    let at_the_top = offset < 1.0 && !state.rows.newer;
    if at_the_top && !state.rows.following && !state.rows.paused {
        state.rows.show_newest();
    } else if !at_the_top {
        state.rows.following = false;
    }
    if ui.memory(|memory| memory.has_focus(id)) {
        focus::paint(ui, shown.inner_rect, radius::SMALL);
    }
    pill(ui, state, top);
}

/// How many came that do not show: pressed, they do.
fn pill(ui: &mut Ui, state: &mut State, top: f32) {
    let fresh = state.rows.fresh;
    if fresh == 0 {
        return;
    }
    let most = crate::backend::history::COUNTED;
    let words = if fresh >= most { format!("More than {most} new") } else { format!("{fresh} new") };
    let place = Rect::from_min_size(pos2(ui.max_rect().center().x - 60.0, top + 6.0), vec2(120.0, 28.0));
    let pressed = ui
        .scope_builder(UiBuilder::new().max_rect(place).layout(Layout::top_down(Align::Center)), |ui| {
            Button::primary(&words).icon(Icon::ChevronUp).small().show(ui).clicked()
        })
        .inner;
    if pressed {
        state.rows.show_newest();
    }
}

fn header(ui: &mut Ui, columns: &Columns) -> Id {
    let t = tokens(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::TABLE_HEADER), Sense::hover());
    let id = ui.make_persistent_id("attempts keyboard");
    let stop = ui.interact(rect, id, Sense::FOCUSABLE);
    stop.widget_info(|| WidgetInfo::labeled(Role::Table, true, "Events"));
    for (name, span) in NAMES.iter().zip(columns.spans) {
        cell(ui, rect, span, |ui| {
            let name = RichText::new(*name).size(text::SMALL).color(t.text_subdued);
            ui.add(Label::new(name).truncate().selectable(false));
        });
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), egui::Stroke::new(1.0, t.line));
    id
}

fn cell(ui: &mut Ui, row: Rect, span: (f32, f32), content: impl FnOnce(&mut Ui)) {
    let place = Rect::from_min_max(pos2(row.left() + span.0, row.top()), pos2(row.left() + span.1, row.bottom()));
    ui.scope_builder(UiBuilder::new().max_rect(place).layout(Layout::left_to_right(Align::Center)), |ui| {
        ui.set_clip_rect(ui.clip_rect().intersect(place));
        content(ui);
    });
}

fn row(
    ui: &mut Ui,
    state: &mut State,
    columns: &Columns,
    index: usize,
    (keyboard, today): (Id, &RangeInclusive<Timestamp>),
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) {
    let t = tokens(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::hover());
    let Some(row) = state.rows.held().get(index) else { return };
    let seq = row.seq;
    let response = ui.interact(rect, ui.make_persistent_id(("attempt", seq)), Sense::CLICK);
    let chosen = state.selection.has(seq);
    let kind = row.event_type.as_deref().unwrap_or("no event");
    response
        .widget_info(|| WidgetInfo::selected(Role::Row, true, chosen, format!("{seq} {kind}, {}", verdict_words(row))));
    if chosen || response.hovered() {
        let fill = if chosen { t.row_selected } else { t.row_hover };
        ui.painter().rect_filled(rect, radius::SMALL, fill);
    }
    let [time, what, verdict, who, attempt, onward] = columns.spans;
    let plain = |ui: &mut Ui, words: &str, colour: egui::Color32| {
        ui.add(Label::new(RichText::new(words).color(colour)).truncate().selectable(false))
    };
    let ink = if chosen { t.text_strong } else { t.text };
    cell(ui, rect, time, |ui| {
        let at = row.received_at;
        let shown = plain(ui, &when(at, today), t.text_subdued);
        shown.on_hover_ui(|ui| {
            small(ui, &format!("{} {}", day(at), clock_time(at)));
        });
    });
    cell(ui, rect, what, |ui| {
        if row.pinned {
            Icon::Lock.show(ui, 12.0, t.accent_text, "Pinned");
        }
        let colour = if row.event_type.is_some() { ink } else { t.text_subdued };
        plain(ui, kind, colour);
    });
    cell(ui, rect, verdict, |ui| {
        let (mood, icon) = verdict_look(row.standing());
        status_with(ui, mood, icon, &verdict_words(row));
    });
    cell(ui, rect, who, |ui| {
        plain(ui, row.who.as_deref().unwrap_or("—"), ink);
    });
    cell(ui, rect, attempt, |ui| {
        let colour = if row.duplicate == Duplicate::Conflict { t.error.text } else { t.text_subdued };
        plain(ui, &attempt_words(row), colour);
    });
    cell(ui, rect, onward, |ui| {
        match forward_words(&row.forwarded) {
            Some((words, Mood::Success)) => plain(ui, &words, ink),
            Some((words, mood)) => plain(ui, &words, mood.tone(t).text),
            None => plain(ui, "—", t.text_subdued),
        };
    });
    if response.clicked() {
        let how = How::of(ui.input(|input| input.modifiers));
        let seqs = state.rows.seqs();
        state.selection.choose(&seqs, seq, how);
        ui.memory_mut(|memory| memory.request_focus(keyboard));
    }
    Popup::context_menu(&response).show(|ui| {
        ui.set_width(220.0);
        of_one(ui, state, seq, cx, actions);
    });
}

/// What can be done with one row, under the second button.
fn of_one(ui: &mut Ui, state: &mut State, seq: i64, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(row) = state.rows.get(seq) else { return };
    let (pinned, ids) =
        (row.pinned, [("Copy Event ID", row.event_id.clone()), ("Copy Webhook Request ID", row.webhook_id.clone())]);
    for (words, id) in ids {
        if let Some(id) = id
            && menu_item(ui, Icon::Copy, words)
        {
            actions.push(Action::CopyText(id.into()));
        }
    }
    if menu_item(ui, Icon::Lock, if pinned { "Unpin" } else { "Pin" }) {
        state.pin(Which::These(vec![seq]), !pinned, cx, actions);
    }
    if menu_item(ui, Icon::Trash, "Delete…") {
        state.question = Some(Question::Delete { which: Which::These(vec![seq]), count: Some(1) });
    }
}

/// The chosen rows as text, newest first.
pub(super) fn lines(state: &State) -> String {
    let chosen = state.rows.held().iter().filter(|row| state.selection.has(row.seq));
    let words = |row: &Attempt| {
        let forwarded = forward_words(&row.forwarded).map_or_else(String::new, |(words, _)| words);
        let (kind, who) = (row.event_type.as_deref().unwrap_or("no event"), row.who.as_deref().unwrap_or(""));
        let (at, verdict, attempt) = (crate::clock::rfc3339(row.received_at), verdict_words(row), attempt_words(row));
        [at.as_str(), kind, &verdict, who, &attempt, &forwarded].join("\t") + "\n"
    };
    chosen.map(words).collect()
}

/// Reads the keys while the list has the keyboard; the row to show.
fn keyboard(ui: &mut Ui, id: Id, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) -> Option<usize> {
    if !ui.memory(|memory| memory.has_focus(id)) {
        return None;
    }
    let filter = EventFilter { vertical_arrows: true, escape: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
    if pressed(Modifiers::COMMAND, Key::A) {
        state.selection.everything();
        return None;
    }
    if !state.selection.is_empty() && pressed(Modifiers::NONE, Key::Escape) {
        state.selection.clear();
        return None;
    }
    // What the system's own key for it comes as.
    let copied = ui.input(|input| input.events.iter().any(|event| matches!(event, egui::Event::Copy)));
    if copied && !state.selection.is_empty() && !state.selection.all {
        actions.push(Action::CopyText(lines(state).into()));
    }
    if !state.selection.is_empty() && pressed(Modifiers::NONE, Key::Delete) {
        let count = (!state.selection.all).then(|| state.selection.count());
        let which = state.selection.which(&state.search.filter(cx.now));
        state.question = Some(Question::Delete { which, count });
        return None;
    }
    let steps = [
        (Key::ArrowDown, 1),
        (Key::ArrowUp, -1),
        (Key::PageDown, 10),
        (Key::PageUp, -10),
        (Key::Home, isize::MIN),
        (Key::End, isize::MAX),
    ];
    for (key, steps) in steps {
        for (modifiers, how) in [(Modifiers::SHIFT, How::Through), (Modifiers::NONE, How::Alone)] {
            if pressed(modifiers, key) {
                let seqs = state.rows.seqs();
                return state.selection.step(&seqs, steps, how);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_how_the_latest_forward_to_each_address_went() {
        let on = |url: &str, status: Option<u16>, page: bool| Forwarded {
            url: url.to_owned(),
            status,
            ms: 4,
            page,
            ..Forwarded::default()
        };
        let words = |forwarded: Vec<Forwarded>| {
            forward_words(&forwarded).map(|(words, mood)| format!("{words}, {mood:?}")).unwrap_or_default()
        };
        assert_eq!(words(Vec::new()), "");
        assert_eq!(words(vec![on("a", Some(500), false), on("a", Some(200), false)]), "200 · 4 ms, Success");
        assert_eq!(words(vec![on("a", Some(200), false), on("a", None, false)]), "no answer, Error");
        assert_eq!(words(vec![on("a", Some(204), false)]), "204 · 4 ms, Warn");
        assert_eq!(words(vec![on("a", Some(200), true)]), "200 · web page, Error");
        assert_eq!(words(vec![on("a", Some(500), false), on("b", Some(200), false)]), "1 of 2 well, Error");
        assert_eq!(words(vec![on("a", Some(200), false), on("b", Some(200), false)]), "2 of 2 well, Success");
    }
}
