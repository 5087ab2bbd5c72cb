//! Status: a shape, a word and a colour, never a colour alone.

use egui::{Color32, CornerRadius, FontId, Response, Role, Sense, Ui, WidgetInfo, vec2};

use super::callout::Mood;
use super::icons::Icon;
use super::theme::tokens;
use super::tokens::{Tone, radius, text};
use crate::check::Verdict;

/// The room a mark takes before its word, in points.
const MARK: f32 = 18.0;

impl From<Verdict> for Mood {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Success,
            Verdict::Warn => Self::Warn,
            Verdict::Fail => Self::Error,
            Verdict::Skipped => Self::Neutral,
        }
    }
}

/// The shape of a verdict.
pub fn verdict_icon(verdict: Verdict) -> Icon {
    match verdict {
        Verdict::Pass => Icon::Check,
        Verdict::Warn => Icon::Warning,
        Verdict::Fail => Icon::Cross,
        Verdict::Skipped => Icon::Skip,
    }
}

/// The mark of a verdict, for the head of a row; its word is its name.
pub fn verdict_mark(ui: &mut Ui, verdict: Verdict) -> Response {
    let colour = Mood::from(verdict).tone(tokens(ui)).icon;
    verdict_icon(verdict).show(ui, 14.0, colour, verdict.word())
}

/// Mark and word of a verdict.
pub fn verdict(ui: &mut Ui, verdict: Verdict) -> Response {
    status_with(ui, Mood::from(verdict), verdict_icon(verdict), verdict.word())
}

/// A mark and a word in the colours of `mood`, on the page.
pub fn status(ui: &mut Ui, mood: Mood, word: &str) -> Response {
    let icon = match mood {
        Mood::Success => Icon::Check,
        Mood::Error => Icon::Cross,
        Mood::Warn => Icon::Warning,
        Mood::Info => Icon::Dot,
        Mood::Neutral => Icon::Circle,
    };
    status_with(ui, mood, icon, word)
}

/// The same with a shape of its own.
pub fn status_with(ui: &mut Ui, mood: Mood, icon: Icon, word: &str) -> Response {
    let tone = mood.tone(tokens(ui));
    pill(ui, Color32::TRANSPARENT, tone, Some(icon), word, 0.0)
}

/// How wide a [`status`] of `word` is, in points.
pub fn status_width(ui: &Ui, word: &str) -> f32 {
    let font = FontId::proportional(text::BODY);
    ui.painter().layout_no_wrap(word.to_owned(), font, Color32::PLACEHOLDER).size().x + MARK
}

/// A word on a ground: `live`, `sandbox`, `1st`. Add a shape where the colour alone would carry the meaning.
pub fn badge(ui: &mut Ui, mood: Mood, word: &str) -> Response {
    let tone = mood.tone(tokens(ui));
    pill(ui, tone.fill, tone, None, word, 7.0)
}

/// A badge with a shape before the word.
pub fn badge_with(ui: &mut Ui, mood: Mood, icon: Icon, word: &str) -> Response {
    let tone = mood.tone(tokens(ui));
    pill(ui, tone.fill, tone, Some(icon), word, 7.0)
}

fn pill(ui: &mut Ui, fill: Color32, tone: Tone, icon: Option<Icon>, word: &str, padding: f32) -> Response {
    let font = FontId::proportional(if padding > 0.0 { text::SMALL } else { text::BODY });
    let mark = if icon.is_some() { MARK } else { 0.0 };
    // A sentence on a line of its own goes on in the next one; in a row it is as wide as it is.
    let wraps = padding == 0.0 && !ui.layout().is_horizontal();
    let room = if wraps { (ui.available_width() - mark).max(4.0 * MARK) } else { f32::INFINITY };
    let galley = ui.painter().layout(word.to_owned(), font, tone.text, room);
    let height = if galley.rows.len() > 1 { galley.size().y } else { 20.0 };
    let wanted = vec2(galley.size().x + mark + 2.0 * padding, height);
    let (rect, response) = ui.allocate_exact_size(wanted, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, ui.is_enabled(), word));
    if ui.is_rect_visible(rect) {
        ui.painter().rect_filled(rect, CornerRadius::same(radius::SMALL), fill);
        let mut left = rect.left() + padding;
        if let Some(icon) = icon {
            // Beside the first line.
            let middle = if galley.rows.len() > 1 { rect.top() + 9.0 } else { rect.center().y };
            icon.paint(ui.painter(), egui::pos2(left + 7.0, middle), 14.0, tone.icon);
            left += mark;
        }
        ui.painter().galley(egui::pos2(left, rect.center().y - galley.size().y / 2.0), galley, tone.text);
    }
    response
}

/// The dot of a profile's colour. `colour` counts round the eight there are; `name` is the profile's.
pub fn profile_dot(ui: &mut Ui, colour: u8, name: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(12.0, 12.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    ui.painter().circle_filled(rect.center(), 4.5, profile_colour(ui, colour));
    response
}

/// The colour a profile is marked with.
pub fn profile_colour(ui: &Ui, colour: u8) -> Color32 {
    let t = tokens(ui);
    t.profile.get(usize::from(colour) % t.profile.len()).copied().unwrap_or(t.accent_text)
}

/// A key or chord as a hint: `Ctrl+K`.
pub fn kbd(ui: &mut Ui, keys: &str) -> Response {
    let t = tokens(ui);
    let galley = ui.painter().layout_no_wrap(keys.to_owned(), FontId::proportional(11.0), t.text_subdued);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 10.0, 18.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, keys));
    ui.painter().rect_filled(rect, CornerRadius::same(radius::SMALL), t.control);
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, t.text_subdued);
    response
}
