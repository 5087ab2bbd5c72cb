//! Times in words. A text that changes with time asks for one frame a second, and only while it shows.

use std::time::Duration;

use egui::{Response, RichText, Ui};
use jiff::Timestamp;

use super::callout::Mood;
use super::theme::tokens;
use super::tokens::text;
use crate::clock::clock_time;

/// `59:58`, `2:05:00`, `3 d 4 h`: how long something still takes.
pub fn duration_words(time: Duration) -> String {
    let all = time.as_secs();
    let (days, hours, minutes, seconds) = (all / 86_400, all / 3600 % 24, all / 60 % 60, all % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}:{seconds:02}"),
        (0, _) => format!("{hours}:{minutes:02}:{seconds:02}"),
        _ => format!("{days} d {hours} h"),
    }
}

/// `just now`, `12 s ago`, `3 min ago`, `in 2 h`: a moment seen from `now`.
pub fn relative_words(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - at.as_second();
    let amount = match seconds.unsigned_abs() {
        0..=1 => return "just now".to_owned(),
        short @ 2..=59 => format!("{short} s"),
        medium @ 60..=3599 => format!("{} min", medium / 60),
        long @ 3600..=86_399 => format!("{} h", long / 3600),
        days => format!("{} d", days / 86_400),
    };
    if seconds < 0 { format!("in {amount}") } else { format!("{amount} ago") }
}

/// The clock of something that expires; exact time under the pointer. Warns in the last minute, and stands still after it.
pub fn expiry(ui: &mut Ui, expires: Timestamp, now: Timestamp) -> Response {
    let t = tokens(ui);
    let left = expires.as_second() - now.as_second();
    let (words, mood) = match u64::try_from(left) {
        Ok(left) if left > 0 => {
            let words = format!("Expires in {}", duration_words(Duration::from_secs(left)));
            (words, if left <= 60 { Some(Mood::Warn) } else { None })
        }
        _ => (format!("Expired at {}", clock_time(expires)), Some(Mood::Error)),
    };
    let colour = mood.map_or(t.text_subdued, |mood| mood.tone(t).text);
    let response = ui.label(RichText::new(words).color(colour));
    if left > 0 {
        tick(ui, &response);
    }
    response.on_hover_text(crate::clock::rfc3339(expires))
}

/// How long something still waits: `0:42`.
pub fn countdown(ui: &mut Ui, until: Timestamp, now: Timestamp) -> Response {
    let left = Duration::from_secs(u64::try_from(until.as_second() - now.as_second()).unwrap_or(0));
    let response = ui.label(RichText::new(duration_words(left)).color(tokens(ui).text_subdued));
    if !left.is_zero() {
        tick(ui, &response);
    }
    response
}

/// When something was: `12 s ago`, with the exact time under the pointer.
pub fn ago(ui: &mut Ui, at: Timestamp, now: Timestamp) -> Response {
    let words = RichText::new(relative_words(at, now)).size(text::SMALL).color(tokens(ui).text_subdued);
    let response = ui.label(words);
    // Words in minutes need no frame a second.
    if (now.as_second() - at.as_second()).abs() < 60 {
        tick(ui, &response);
    } else if ui.is_rect_visible(response.rect) {
        ui.ctx().request_repaint_after(Duration::from_secs(30));
    }
    response.on_hover_text(crate::clock::rfc3339(at))
}

fn tick(ui: &Ui, response: &Response) {
    if ui.is_rect_visible(response.rect) {
        ui.ctx().request_repaint_after(Duration::from_secs(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_as_a_clock_below_a_day() {
        let words = |seconds| duration_words(Duration::from_secs(seconds));
        assert_eq!(words(42), "0:42");
        assert_eq!(words(7500), "2:05:00");
        assert_eq!(words(3 * 86_400 + 4 * 3600 + 59), "3 d 4 h");
    }

    #[test]
    fn a_moment_is_told_from_now_in_both_directions() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(relative_words(at(100), at(100)), "just now");
        assert_eq!(relative_words(at(88), at(100)), "12 s ago");
        assert_eq!(relative_words(at(100 + 7200), at(100)), "in 2 h");
    }
}
