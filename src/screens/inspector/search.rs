//! The search field, its chips, and the picture of arrivals, in which a stretch of time can be drawn.

use egui::{Rect, Sense, Ui, WidgetInfo, pos2, vec2};
use jiff::{SignedDuration, Timestamp};

use super::state::State;
use crate::action::{Action, JobId};
use crate::backend::history::{Command, Picture};
use crate::clock::{clock_time, day, rfc3339};
use crate::inspector::search::{Query, SearchError, parse, set, without};
use crate::screens::Cx;
use crate::store::attempts::{Bucket, Filter, Standing};
use crate::ui::tokens::{radius, size, space};
use crate::ui::{Button, Icon, small, text_field, tokens};

/// The width of the picture, in points.
const WIDTH: f32 = 250.0;
/// How often the picture is asked for while attempts arrive.
const PACE: SignedDuration = SignedDuration::from_secs(2);

/// What is searched for, and what came when.
#[derive(Default)]
pub(super) struct Search {
    /// As typed.
    pub text: String,
    query: Query,
    error: Option<SearchError>,
    /// Put the keyboard into the field.
    pub focus: bool,
    picture: Option<Picture>,
    asked: Option<JobId>,
    asked_at: Option<Timestamp>,
    /// The picture is old.
    pub stale: bool,
    /// A person changed what it is of: it is asked for even while the list is paused.
    pub changed: bool,
    /// Where a person began to draw, in points.
    drawn_from: Option<f32>,
}

impl Search {
    /// What waits for its answer.
    pub fn took(&mut self, job: JobId, picture: Option<Picture>) {
        if self.asked.take_if(|asked| *asked == job).is_some() {
            self.picture = picture.or(self.picture.take());
        }
    }

    /// What is searched for, as of `now`: what came within the last two hours is others a minute later.
    pub fn filter(&self, now: Timestamp) -> Filter {
        self.query.filter(now)
    }

    /// True where nothing is searched for: everything shows.
    pub fn is_empty(&self) -> bool {
        self.query.is_empty()
    }

    /// Forgets what was searched for.
    pub fn begin() -> Self {
        Self { stale: true, ..Self::default() }
    }
}

/// Takes what is in the field, if it can be searched for.
pub(super) fn typed(state: &mut State, now: Timestamp) {
    match parse(&state.search.text) {
        Ok(query) => {
            state.search.error = None;
            let other = query.filter(now) != state.search.filter(now);
            state.search.query = query;
            if other {
                state.searched();
            }
        }
        Err(error) => state.search.error = Some(error),
    }
}

/// Asks for the picture where it is wanted; how long until it may be asked for.
pub(super) fn tend(state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) -> Option<SignedDuration> {
    let profile = state.owner?;
    if !state.search.stale || state.search.asked.is_some() || (state.rows.paused && !state.search.changed) {
        return None;
    }
    let rest = state.search.asked_at.map(|at| PACE - cx.now.duration_since(at)).filter(SignedDuration::is_positive);
    if rest.is_some() {
        return rest;
    }
    let job = cx.job();
    (state.search.stale, state.search.changed) = (false, false);
    state.search.asked = Some(job);
    state.search.asked_at = Some(cx.now);
    let filter = Box::new(state.search.filter(cx.now));
    actions.push(Action::Run(job, Command::Picture { profile, filter, now: cx.now }.into()));
    None
}

/// Field and picture in a line, and what is searched for under them.
pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::MD;
        let room = ui.available_width();
        let picture = room > 560.0 && state.search.picture.is_some();
        ui.scope(|ui| {
            ui.set_max_width(if picture { room - WIDTH - space::MD } else { room });
            let example = "Search: words, type:user.*, verdict:failed, data.user.email:ada@example.com";
            let field = text_field(ui, "Search events", example, &mut state.search.text);
            if std::mem::take(&mut state.search.focus) {
                field.request_focus();
            }
            if field.changed() {
                typed(state, cx.now);
            }
        });
        if picture && let Some(words) = histogram(ui, state) {
            state.search.text = words;
            typed(state, cx.now);
        }
    });
    if let Some(error) = &state.search.error {
        let t = tokens(ui);
        ui.label(egui::RichText::new(format!("At character {}: {}", error.at + 1, error.what)).color(t.error.text));
    }
}

/// The filters in force, each with a way out. True where there is one.
pub(super) fn chips(ui: &mut Ui, state: &mut State, cx: &Cx<'_>) -> bool {
    let chips = state.search.query.chips();
    let mut gone = None;
    let mut any = false;
    for chip in chips.iter().filter(|chip| chip.filter) {
        any = true;
        let words = short(&chip.text());
        let button = Button::secondary(&words).icon_after(Icon::Cross).small();
        if button.name(&format!("Remove {words}")).show(ui).clicked() {
            gone = Some(without(&state.search.text, chip));
        }
    }
    if let Some(words) = gone {
        state.search.text = words;
        typed(state, cx.now);
    }
    any
}

fn short(text: &str) -> String {
    if text.chars().count() <= 40 { text.to_owned() } else { text.chars().take(39).chain(['…']).collect() }
}

/// Draws the picture; the search that the stretch a person drew leads to.
fn histogram(ui: &mut Ui, state: &mut State) -> Option<String> {
    let t = tokens(ui);
    let picture = state.search.picture.as_ref()?;
    let buckets = &picture.histogram.buckets;
    let (rect, response) = ui.allocate_exact_size(vec2(WIDTH, size::CONTROL), Sense::click_and_drag());
    let words = format!("Arrivals, {}", picture.words);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &words));
    let bars = Rect::from_min_max(rect.min, pos2(rect.right() - 72.0, rect.bottom()));
    let most = buckets.iter().map(Bucket::total).max().unwrap_or(0).max(1);
    let wide = bars.width() / buckets.len().max(1) as f32;
    let painter = ui.painter();
    painter.hline(bars.x_range(), bars.bottom(), egui::Stroke::new(1.0, t.line));
    for (index, bucket) in buckets.iter().enumerate() {
        let mut bottom = bars.bottom();
        let good = bucket.count(Standing::Good);
        let waiting = bucket.count(Standing::Pending);
        let warned = bucket.count(Standing::Failed);
        let bad = bucket.total() - good - waiting - warned;
        let parts = [(good, t.success.icon), (waiting, t.neutral.icon), (warned, t.warn.icon), (bad, t.error.icon)];
        for (count, colour) in parts.into_iter().filter(|(count, _)| *count > 0) {
            let high = (bars.height() * count as f32 / most as f32).max(2.0);
            let left = bars.left() + wide * index as f32;
            let bar = Rect::from_min_max(pos2(left, bottom - high), pos2(left + (wide - 1.0).max(1.0), bottom));
            painter.rect_filled(bar, 1, colour);
            bottom -= high;
        }
    }
    let label = egui::FontId::proportional(crate::ui::tokens::text::SMALL);
    painter.text(rect.right_center(), egui::Align2::RIGHT_CENTER, &picture.words, label, t.text_subdued);
    let at = |x: f32| {
        let index = ((x - bars.left()) / wide).floor().max(0.0) as usize;
        buckets.get(index.min(buckets.len().saturating_sub(1)))
    };
    if response.drag_started() {
        state.search.drawn_from = ui.input(|input| input.pointer.press_origin()).map(|pos| pos.x);
    }
    let (Some(from), Some(to)) = (state.search.drawn_from, response.interact_pointer_pos()) else {
        if let Some(bucket) = response.hover_pos().and_then(|pos| at(pos.x)).filter(|bucket| bucket.total() > 0) {
            let words = told(bucket);
            response.on_hover_ui_at_pointer(|ui| {
                small(ui, &words);
            });
        }
        return None;
    };
    let (left, right) = (from.min(to.x).max(bars.left()), from.max(to.x).min(bars.right()));
    let drawn = Rect::from_x_y_ranges(left..=right.max(left), rect.y_range());
    painter.rect_filled(drawn, radius::SMALL, t.selection.gamma_multiply(0.5));
    if !response.drag_stopped() {
        return None;
    }
    state.search.drawn_from = None;
    let (first, last) = (at(left)?, at(right)?);
    let text = set(&state.search.text, "since", &rfc3339(first.start));
    Some(set(&text, "until", &rfc3339(last.end)))
}

fn told(bucket: &Bucket) -> String {
    let good = bucket.count(Standing::Good);
    let pending = bucket.count(Standing::Pending);
    let rest = bucket.total() - good - pending;
    let waiting = if pending > 0 { format!(", {pending} not judged yet") } else { String::new() };
    let (day, start, end) = (day(bucket.start), clock_time(bucket.start), clock_time(bucket.end));
    format!("{day} {start} to {end}: {good} verified, {rest} not{waiting}")
}
