//! What happened beside the thing a person is looking at: a toast for a moment, and a list that keeps it.
//!
//! Whatever a person did themselves is answered where they did it, not here.

use std::collections::VecDeque;
use std::time::Duration;

use egui::{Align2, Area, Context, Frame, Id, Label, Margin, Order, RichText, ScrollArea, Ui, vec2};
use jiff::Timestamp;

use super::button::Button;
use super::callout::Mood;
use super::copy_button::copy_icon;
use super::icons::Icon;
use super::label::marked;
use super::theme::{tokens, tokens_of};
use super::tokens::{radius, size, space, text};

/// How many are kept.
const KEPT: usize = 200;
/// How long a toast stands, in seconds; a warning or an error twice as long.
const STANDS: f64 = 6.0;
/// How many toasts stand at once.
const AT_ONCE: usize = 3;
/// The room below the toasts, in points: a page has its buttons at its foot, and they stay in sight.
const FOOT: f32 = 64.0;

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Its number, rising.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// What kind.
    pub mood: Mood,
    /// One sentence.
    pub title: String,
    /// More, or empty.
    pub detail: String,
    /// The words of a button that does something about it.
    pub offer: Option<&'static str>,
    shown_since: Option<f64>,
    gone: bool,
}

/// Everything that happened while the window was open, newest first.
#[derive(Debug, Default)]
pub struct Notices {
    list: VecDeque<Notice>,
    next: u64,
    unread: usize,
}

impl Notices {
    /// Adds one; it shows as a toast too.
    pub fn push(&mut self, at: Timestamp, mood: Mood, title: impl Into<String>, detail: impl Into<String>) {
        self.add(at, mood, title.into(), detail.into(), None);
    }

    /// Adds one whose toast has a button. Gives its number, by which [`toasts`] tells of a press.
    pub fn offer(
        &mut self,
        at: Timestamp,
        mood: Mood,
        title: impl Into<String>,
        detail: impl Into<String>,
        words: &'static str,
    ) -> u64 {
        self.add(at, mood, title.into(), detail.into(), Some(words))
    }

    fn add(&mut self, at: Timestamp, mood: Mood, title: String, detail: String, offer: Option<&'static str>) -> u64 {
        let id = self.next;
        self.list.push_front(Notice { id, at, mood, title, detail, offer, shown_since: None, gone: false });
        self.list.truncate(KEPT);
        self.next += 1;
        self.unread += 1;
        id
    }

    /// What it offers was done elsewhere: its toast goes, and the list keeps what happened.
    pub fn withdraw(&mut self, id: u64) {
        for notice in self.list.iter_mut().filter(|notice| notice.id == id) {
            (notice.gone, notice.offer) = (true, None);
        }
    }

    /// How many came since the list was last looked at.
    pub fn unread(&self) -> usize {
        self.unread.min(self.list.len())
    }

    /// Newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Notice> {
        self.list.iter()
    }

    /// Empties the list.
    pub fn clear(&mut self) {
        self.list.clear();
        self.unread = 0;
    }
}

/// Shows what is new at the lower right, above the foot of the page. Call it last in the frame. It asks for one frame, when the next one goes. Gives
/// the number of the notice whose button was pressed.
pub fn toasts(ctx: &Context, notices: &mut Notices) -> Option<u64> {
    let now = ctx.input(|input| input.time);
    let mut next: Option<f64> = None;
    for notice in &mut notices.list {
        let long = matches!(notice.mood, Mood::Error | Mood::Warn) || notice.offer.is_some();
        let stands = if long { 2.0 * STANDS } else { STANDS };
        let left = stands - (now - notice.shown_since.unwrap_or(now));
        if left <= 0.0 {
            notice.gone = true;
        } else if !notice.gone && notice.shown_since.is_some() {
            next = Some(next.map_or(left, |next| next.min(left)));
        }
    }
    let standing: Vec<&mut Notice> = notices.list.iter_mut().filter(|notice| !notice.gone).take(AT_ONCE).collect();
    if standing.is_empty() {
        return None;
    }
    let mut pressed = None;
    Area::new(Id::unique("toasts"))
        .order(Order::Tooltip)
        .anchor(Align2::RIGHT_BOTTOM, vec2(-space::LG, -(space::LG + FOOT)))
        .show(ctx, |ui| {
            ui.set_width(340.0);
            for notice in standing.into_iter().rev() {
                if notice.shown_since.is_none() {
                    notice.shown_since = Some(now);
                    next = Some(next.map_or(STANDS, |next| next.min(STANDS)));
                }
                if ui.push_id(notice.id, |ui| toast(ui, notice)).inner {
                    pressed = Some(notice.id);
                }
            }
        });
    if let Some(next) = next {
        ctx.request_repaint_after(Duration::from_secs_f64(next + 0.01));
    }
    pressed
}

/// True where its button was pressed.
fn toast(ui: &mut Ui, notice: &mut Notice) -> bool {
    let t = tokens_of(ui.ctx());
    let mut pressed = false;
    Frame::new()
        .fill(t.raised)
        .stroke(egui::Stroke::new(1.0, t.line))
        .corner_radius(radius::CARD)
        .shadow(ui.visuals().popup_shadow)
        .inner_margin(Margin::symmetric(12, 10))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal_top(|ui| {
                body(ui, notice, None);
                if Button::icon_only(Icon::Cross, "Dismiss").small().show(ui).clicked() {
                    notice.gone = true;
                }
            });
            if let Some(words) = notice.offer {
                ui.horizontal(|ui| {
                    ui.add_space(size::ICON + space::SM);
                    pressed = Button::secondary(words).small().show(ui).clicked();
                });
                notice.gone |= pressed;
            }
        });
    pressed
}

/// Mark, title and detail, leaving room for one small button.
fn body(ui: &mut Ui, notice: &Notice, now: Option<Timestamp>) {
    let t = tokens(ui);
    ui.vertical(|ui| {
        ui.set_width(size::ICON);
        ui.add_space(2.0);
        notice.mood.icon().show(ui, size::ICON, notice.mood.tone(t).icon, notice.mood.word());
    });
    let width = ui.available_width() - size::CONTROL_SMALL - space::SM;
    ui.vertical(|ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.add(Label::new(RichText::new(&notice.title).color(t.text_strong)).wrap());
        if !notice.detail.is_empty() {
            ui.add(Label::new(marked(&notice.detail, text::SMALL, t.text, t.text_strong)).wrap());
        }
        if let Some(now) = now {
            super::when::ago(ui, notice.at, now);
        }
    });
}

/// The list, newest first; looking at it marks everything as read. True when "Clear" was pressed.
pub fn notice_list(ui: &mut Ui, notices: &mut Notices, now: Timestamp) -> bool {
    notices.unread = 0;
    if notices.list.is_empty() {
        super::empty::empty_state(ui, Some(Icon::Bell), "Nothing happened in the background yet", None);
        return false;
    }
    ScrollArea::vertical().id_salt("notices").auto_shrink([false, true]).show(ui, |ui| {
        for notice in notices.iter() {
            ui.push_id(notice.id, |ui| {
                ui.horizontal_top(|ui| {
                    body(ui, notice, Some(now));
                    copy_icon(ui, "Copy notice", || format!("{}\n{}", notice.title, notice.detail));
                });
            });
        }
    });
    let clear = Button::ghost("Clear").small().show(ui).clicked();
    if clear {
        notices.clear();
    }
    clear
}
