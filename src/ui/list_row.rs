//! A row to choose: the navigation rail, and lists of a few things beside a detail.

use egui::{Color32, FontId, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::callout::Mood;
use super::focus;
use super::icons::Icon;
use super::theme::tokens;
use super::tokens::{radius, size, space, text};

/// Between the words and what follows them, in points.
const GAP: f32 = 6.0;
/// What the mark before a note takes.
const MARK: f32 = 18.0;
/// The least that a note is cut to.
const LEAST: f32 = 24.0;

/// One row to choose, over the whole width.
///
/// ```text
/// if ListRow::new("Inspector").icon(Icon::Inspector).count(7).selected(here).show(ui).clicked() { … }
/// ```
#[must_use = "a row shows when `show` is called"]
pub struct ListRow<'a> {
    words: &'a str,
    icon: Option<Icon>,
    note: &'a str,
    note_mood: Option<(Mood, Icon)>,
    words_first: bool,
    selected: bool,
    enabled: bool,
}

impl<'a> ListRow<'a> {
    /// A row that says `words`.
    pub fn new(words: &'a str) -> Self {
        Self { words, icon: None, note: "", note_mood: None, words_first: false, selected: false, enabled: true }
    }

    /// An icon before the words.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// A note at the right end: a number, a time, "never".
    pub fn note(mut self, note: &'a str) -> Self {
        self.note = note;
        self
    }

    /// A mark before the note, in the colours of `mood`.
    pub fn mark(mut self, mood: Mood, icon: Icon) -> Self {
        self.note_mood = Some((mood, icon));
        self
    }

    /// Where both have no room, the note is cut and not the words: a pointer over the row shows it whole.
    pub fn words_first(mut self) -> Self {
        self.words_first = true;
        self
    }

    /// The chosen one.
    pub fn selected(mut self, selected: bool) -> Self {
        self.selected = selected;
        self
    }

    /// Off where `enabled` is false.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// Shows it.
    pub fn show(self, ui: &mut Ui) -> Response {
        let enabled = self.enabled;
        ui.add_enabled_ui(enabled, |ui| self.paint(ui)).inner
    }

    fn paint(self, ui: &mut Ui) -> Response {
        let t = tokens(ui);
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW + 4.0), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), self.selected, self.words));
        // What stands at the end of the row is heard after its name.
        if !self.note.is_empty() {
            ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(self.note));
        }
        if !ui.is_rect_visible(rect) {
            focus::into_view(ui, &response, rect);
            return response;
        }
        let fill = if self.selected {
            t.row_selected
        } else if response.hovered() {
            t.control
        } else {
            Color32::TRANSPARENT
        };
        ui.painter().rect_filled(rect, radius::CONTROL, fill);
        if self.selected {
            let bar = Rect::from_min_size(rect.left_top() + vec2(0.0, 8.0), vec2(3.0, rect.height() - 16.0));
            ui.painter().rect_filled(bar, 2, t.accent_text);
        }
        let ink = if self.selected || response.hovered() { t.text_strong } else { t.text };
        let mut left = rect.left() + space::MD;
        if let Some(icon) = self.icon {
            let colour = if self.selected { t.accent_text } else { t.text_subdued };
            icon.paint(ui.painter(), pos2(left + 8.0, rect.center().y), 16.0, colour);
            left += 26.0;
        }
        let font = FontId::proportional(text::BODY);
        let room = if self.words_first {
            let words = ui.painter().layout_no_wrap(self.words.to_owned(), font.clone(), ink).size().x;
            let mark = if self.note_mood.is_some() { MARK } else { 0.0 };
            // Rounded up: cut at their very width the words would lose a letter.
            rect.right() - space::MD - left - words.ceil() - GAP - mark
        } else {
            f32::INFINITY
        };
        let (right, cut) = self.paint_note(ui, rect, room);
        let mut job = egui::text::LayoutJob::simple_singleline(self.words.to_owned(), font, ink);
        job.wrap = egui::text::TextWrapping::truncate_at_width((right - left - GAP).max(10.0));
        let galley = ui.painter().layout_job(job);
        ui.painter().galley(pos2(left, rect.center().y - galley.size().y / 2.0), galley, ink);
        focus::ring(ui, &response, rect, radius::CONTROL);
        if cut { response.on_hover_text(self.note) } else { response }
    }

    /// Paints the note, at most `room` points wide, and its mark; where they begin, and whether the note was cut.
    fn paint_note(&self, ui: &Ui, rect: Rect, room: f32) -> (f32, bool) {
        let t = tokens(ui);
        let mut right = rect.right() - space::MD;
        let mut cut = false;
        if !self.note.is_empty() {
            let font = FontId::proportional(text::SMALL);
            let mut galley = ui.painter().layout_no_wrap(self.note.to_owned(), font.clone(), t.text_subdued);
            if galley.size().x > room {
                cut = true;
                // Of less than a letter or two nothing can be read: the mark stands alone.
                let words = if room < LEAST { String::new() } else { self.note.to_owned() };
                let mut job = egui::text::LayoutJob::simple_singleline(words, font, t.text_subdued);
                job.wrap = egui::text::TextWrapping::truncate_at_width(room.max(LEAST));
                galley = ui.painter().layout_job(job);
            }
            right -= galley.size().x;
            ui.painter().galley(pos2(right, rect.center().y - galley.size().y / 2.0), galley, t.text_subdued);
        }
        if let Some((mood, icon)) = self.note_mood {
            right -= MARK;
            icon.paint(ui.painter(), pos2(right + 7.0, rect.center().y), 13.0, mood.tone(t).icon);
        }
        (right, cut)
    }
}
