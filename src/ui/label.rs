//! Words in their three strengths and five sizes. Text stays selectable: people copy ids. What stands between backticks
//! is a name as it is typed: see [`marked`].

use egui::text::LayoutJob;
use egui::{Color32, FontId, Label, Response, RichText, TextFormat, Ui};

use super::theme::tokens;
use super::tokens::{size, text};

/// The name of a room, 19 points.
pub fn heading(ui: &mut Ui, words: &str) -> Response {
    let response = ui.label(RichText::new(words).size(text::HEADING).color(tokens(ui).text_strong));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_role(egui::Role::Heading);
        // A label is named by its value, a heading by its label: without one a screen reader says nothing.
        node.set_label(words);
    });
    response
}

/// The name of a card or group, 15 points.
pub fn title(ui: &mut Ui, words: &str) -> Response {
    ui.label(RichText::new(words).size(text::TITLE).color(tokens(ui).text_strong))
}

/// Words that matter more than those around them.
pub fn strong(ui: &mut Ui, words: &str) -> Response {
    ui.label(RichText::new(words).color(tokens(ui).text_strong))
}

/// Notes and captions, at the size of the body.
pub fn subdued(ui: &mut Ui, words: &str) -> Response {
    ui.label(marked(words, text::BODY, tokens(ui).text_subdued, tokens(ui).text))
}

/// Notes and captions, small.
pub fn small(ui: &mut Ui, words: &str) -> Response {
    ui.label(marked(words, text::SMALL, tokens(ui).text_subdued, tokens(ui).text))
}

/// An id or an address, in the fixed-width face.
pub fn mono(ui: &mut Ui, words: &str) -> Response {
    ui.label(RichText::new(words).monospace())
}

/// One line that is cut with `…` where the room ends; the whole text shows under the pointer.
pub fn line(ui: &mut Ui, words: impl Into<RichText>) -> Response {
    ui.add(Label::new(words.into()).truncate())
}

/// Words that take a second line where one is too short, and are cut with `…` where two are.
pub fn two_lines(ui: &mut Ui, words: &str, ink: Color32) -> Response {
    let mut job = LayoutJob::simple(words.to_owned(), FontId::proportional(text::BODY), ink, f32::INFINITY);
    job.wrap.max_rows = 2;
    ui.add(Label::new(job).wrap())
}

/// Prose: wraps, and never grows wider than a person reads well.
pub fn prose(ui: &mut Ui, words: &str) -> Response {
    ui.scope(|ui| {
        ui.set_max_width(ui.available_width().min(size::PROSE_MAX));
        ui.add(Label::new(marked(words, text::BODY, tokens(ui).text, tokens(ui).text_strong)).wrap())
    })
    .inner
}

/// Words in which what stands between backticks is a name to type: it is set apart by its face and its ink `code`, and
/// the backticks are neither shown nor read out. One without a partner is a character like others.
pub fn marked(words: &str, size: f32, ink: Color32, code: Color32) -> LayoutJob {
    let plain = || TextFormat::simple(FontId::proportional(size), ink);
    let mut job = LayoutJob::default();
    let mut rest = words;
    while let Some((before, (name, after))) =
        rest.split_once('`').and_then(|(before, tail)| Some((before, tail.split_once('`')?)))
    {
        job.append(before, 0.0, plain());
        job.append(name, 0.0, TextFormat::simple(FontId::monospace(size - 0.5), code));
        rest = after;
    }
    job.append(rest, 0.0, plain());
    job
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_between_backticks_stand_apart_and_a_single_backtick_stays() {
        let read = |words: &str| {
            let job = marked(words, 13.0, Color32::PLACEHOLDER, Color32::PLACEHOLDER);
            let names =
                job.sections.iter().filter(|section| section.format.font_id.family == egui::FontFamily::Monospace);
            let names: Vec<String> = names
                .map(|section| job.text[section.byte_range.start.0..section.byte_range.end.0].to_owned())
                .collect();
            (job.text, names)
        };
        assert_eq!(
            read("Add `read:users`, then `exp`"),
            ("Add read:users, then exp".into(), vec!["read:users".into(), "exp".into()])
        );
        assert_eq!(read("a ` at 3").0, "a ` at 3");
        assert_eq!(read("`a` and `b").0, "a and `b");
        assert_eq!(read(""), (String::new(), vec![]));
    }
}
