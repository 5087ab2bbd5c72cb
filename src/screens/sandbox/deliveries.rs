//! The deliveries, newest first, and one of them in full. Followed once a second while an attempt is near, else not.

use std::time::Duration;

use egui::Ui;
use jiff::Timestamp;

use super::delivery::{self, Part};
use crate::action::Action;
use crate::backend::sandbox::Command;
use crate::backend::{End, JobId};
use crate::clock::clock_time;
use crate::error::UserError;
use crate::sandbox::{DeliveryView, SentBody};
use crate::screens::{Cx, give_up};
use crate::ui::tokens::space;
use crate::ui::{Button, Col, Icon, Load, LoadAsk, LoadView, Mood, Table, empty_state, small, status, subdued};

/// An attempt as near as this is waited for with the page open.
const NEAR: Duration = Duration::from_secs(60);
/// How often the list is read again while it is.
const PACE: Duration = Duration::from_secs(1);
/// So many deliveries are read at first, and so many at most.
const PAGE: u32 = 100;
const MOST: u32 = 1000;
/// In a room narrower than this the target shows below alone.
const NARROW: f32 = 700.0;

/// What the page remembers.
#[derive(Default)]
pub(super) struct Deliveries {
    list: Load<Vec<DeliveryView>>,
    list_job: JobId,
    asked_at: Option<Timestamp>,
    /// How many more than [`PAGE`] are asked for.
    more: u32,
    selected: Option<i64>,
    pub(super) body: Load<SentBody>,
    body_job: JobId,
    pub(super) part: Part,
    /// Choose the newest one when the list comes.
    pub newest: bool,
}

impl Deliveries {
    /// Reads the list.
    pub fn ask(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        if self.list.is_loading() {
            return;
        }
        self.list_job = cx.job();
        self.list.start();
        self.asked_at = Some(cx.now);
        actions.push(Action::Run(self.list_job, Command::Deliveries { limit: PAGE + self.more }.into()));
    }

    fn choose(&mut self, id: i64, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        if self.selected == Some(id) && self.body.value().is_some() {
            return;
        }
        self.selected = Some(id);
        self.body = Load::Idle;
        self.body_job = cx.job();
        self.body.start();
        actions.push(Action::Run(self.body_job, Command::Body { delivery: id }.into()));
    }

    /// The list came.
    pub fn listed(&mut self, job: JobId, result: Result<Vec<DeliveryView>, UserError>) {
        if job == self.list_job && self.list.is_loading() {
            self.list.finish(result);
        }
    }

    /// What is sent with a delivery came.
    pub fn read(&mut self, job: JobId, result: Result<SentBody, UserError>) {
        if job == self.body_job && self.body.is_loading() {
            self.body.finish(result);
        }
    }

    /// The job ended without an answer.
    pub fn on_end(&mut self, job: JobId, end: End) {
        if job == self.list_job && self.list.is_loading() {
            give_up(&mut self.list, end);
        }
        if job == self.body_job && self.body.is_loading() {
            give_up(&mut self.body, end);
        }
    }

    /// How many are under way.
    pub fn waiting(&self) -> usize {
        let all = self.list.value().map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(|delivery| is_waiting(delivery)).count()
    }

    fn chosen(&self) -> Option<&DeliveryView> {
        self.list.value()?.iter().find(|delivery| Some(delivery.id) == self.selected)
    }

    /// When to read the list again: at once, after a while, or not by itself.
    fn due(&self, now: Timestamp) -> Option<Duration> {
        let soonest = self.list.value()?.iter().filter_map(|delivery| delivery.next).min()?;
        let wait = Duration::try_from(soonest.duration_since(now)).unwrap_or_default();
        let since = self.asked_at.map_or(PACE, |at| Duration::try_from(now.duration_since(at)).unwrap_or_default());
        // A far one is waited for in one piece.
        Some(if wait > NEAR { wait - NEAR } else { PACE.saturating_sub(since) })
    }

    /// Keeps the page up to date while it shows.
    fn follow(&mut self, ui: &Ui, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        if matches!(self.list, Load::Failed { .. }) {
            return;
        }
        match self.due(cx.now) {
            Some(Duration::ZERO) => self.ask(cx, actions),
            Some(wait) => ui.ctx().request_repaint_after(wait),
            None => {}
        }
    }
}

/// Draws the page, over the whole height there is.
pub(super) fn ui(ui: &mut Ui, state: &mut Deliveries, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if state.list.is_idle() {
        state.ask(cx, actions);
    }
    state.follow(ui, cx, actions);
    let (mut chosen, selected) = (None, state.selected);
    ui.horizontal(|ui| {
        let count = state.list.value().map_or(0, Vec::len);
        let full = count >= (PAGE + state.more) as usize;
        if full {
            small(ui, &format!("The newest {count} deliveries"));
            if state.more == 0 && Button::ghost("Show more").name("Show more deliveries").small().show(ui).clicked() {
                state.more = MOST - PAGE;
                state.ask(cx, actions);
            }
        } else {
            small(ui, "What the sandbox sends to its webhooks, newest first");
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let button = Button::icon_only(Icon::Refresh, "Read the deliveries again").small();
            if button.enabled_or(!state.list.is_loading(), "They are being read").show(ui).clicked() {
                state.ask(cx, actions);
            }
        });
    });
    // Less than half of the room: the chosen one shows below.
    let height = (ui.available_height() * 0.4).max(110.0);
    let ask = LoadView::new("Reading the deliveries…").idle("The deliveries were not read yet", "Read them").show(
        ui,
        &mut state.list,
        |ui, list| {
            if list.is_empty() {
                let words = "Nothing was delivered yet. Send an event, or change something through the API";
                empty_state(ui, Some(Icon::Webhook), words, None);
            } else {
                chosen = table(ui, list, selected, height);
            }
        },
    );
    if matches!(ask, Some(LoadAsk::Start | LoadAsk::Retry)) {
        state.ask(cx, actions);
    }
    if state.newest && matches!(state.list, Load::Ready(_)) {
        state.newest = false;
        chosen = chosen.or(state.list.value().and_then(|list| list.first()).map(|delivery| delivery.id));
    }
    if let Some(id) = chosen {
        state.choose(id, cx, actions);
    }
    if state.list.value().is_none_or(Vec::is_empty) {
        return;
    }
    ui.add_space(space::MD);
    match state.chosen().cloned() {
        Some(row) => {
            if delivery::ui(ui, state, &row, actions) {
                state.choose(row.id, cx, actions);
            }
        }
        None => {
            subdued(ui, "Choose a delivery to see what was sent and how each attempt ended");
        }
    }
}

/// The number of the delivery chosen just now.
fn table(ui: &mut Ui, list: &[DeliveryView], selected: Option<i64>, height: f32) -> Option<i64> {
    let wide = ui.available_width() >= NARROW;
    let mut columns = vec![Col::exact("Time", 72.0)];
    if wide {
        columns.extend([Col::exact("Event", 190.0), Col::rest("Target"), Col::exact("Attempt", 66.0)]);
    } else {
        columns.push(Col::rest("Event"));
    }
    columns.extend([Col::exact("Status", 150.0), Col::exact("Next", 74.0)]);
    let row = selected.and_then(|id| list.iter().position(|delivery| delivery.id == id));
    let answer = Table::new("Deliveries", &columns).selected(row).max_height(height).show(
        ui,
        list.len(),
        |index| list.get(index).map_or_else(String::new, |one| format!("{} {}", one.id, one.event_type)),
        |cells, index| {
            let Some(one) = list.get(index) else { return };
            cells.subdued(&clock_time(one.accepted));
            cells.text(&one.event_type);
            if wide {
                cells.mono(one.url.split_once("://").map_or(one.url.as_str(), |(_, rest)| rest));
                cells.text(&of_nine(one));
            }
            let (mood, words) = ending(one);
            cells.ui(|ui| {
                status(ui, mood, &words);
            });
            cells.subdued(&one.next.map(clock_time).unwrap_or_default());
        },
    );
    answer.chosen.or(answer.opened).and_then(|index| list.get(index)).map(|one| one.id)
}

/// `2 of 9`.
fn of_nine(delivery: &DeliveryView) -> String {
    format!("{} of {}", delivery.attempts.len(), super::delivery::ATTEMPTS)
}

/// An attempt is due or planned.
pub(super) fn is_waiting(delivery: &DeliveryView) -> bool {
    delivery.state == "waiting"
}

/// Where a delivery stands, as mood and words.
pub(super) fn ending(delivery: &DeliveryView) -> (Mood, String) {
    let last = delivery.attempts.last();
    let said = last.and_then(|attempt| attempt.status).map_or("no answer".to_owned(), |status| status.to_string());
    match (delivery.state.as_str(), last) {
        ("delivered", _) => (Mood::Success, "delivered".to_owned()),
        ("waiting", None) => (Mood::Info, "under way".to_owned()),
        ("waiting", Some(_)) => (Mood::Warn, format!("retries · {said}")),
        ("given_up", _) => (Mood::Error, format!("given up · {said}")),
        (other, _) => (Mood::Neutral, other.replace('_', " ")),
    }
}
