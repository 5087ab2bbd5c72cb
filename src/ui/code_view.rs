//! Text to read and copy in the fixed-width face. Long text is cut, and says so: laying it out each frame costs.

use egui::{Frame, Label, Margin, RichText, ScrollArea, Ui, WidgetText};

use super::copy_button::copy_icon;
use super::highlight::{Language, highlighted};
use super::theme::tokens;
use super::tokens::{radius, size, text};

/// The most lines that are shown.
const LINES: usize = 400;
/// The most bytes that are shown.
const BYTES: usize = 64 * 1024;

/// `code` on its own ground, at most `max_height` points high, with a button that copies all of it.
///
/// `name` tells what it is ("Payload", "curl").
pub fn code_view(ui: &mut Ui, name: &str, code: &str, max_height: f32) {
    view(ui, name, code, max_height, |_, shown| RichText::new(shown).monospace().into(), || code.to_owned());
}

/// The same in the inks of `language`, with a button that copies what `copy` answers: the text with what is masked in it,
/// for example.
pub fn source_view(
    ui: &mut Ui,
    name: &str,
    language: Language,
    code: &str,
    max_height: f32,
    copy: impl FnOnce() -> String,
) {
    view(ui, name, code, max_height, |ui, shown| highlighted(ui, language, shown).into(), copy);
}

fn view(
    ui: &mut Ui,
    name: &str,
    code: &str,
    max_height: f32,
    words: impl FnOnce(&Ui, &str) -> WidgetText,
    copy: impl FnOnce() -> String,
) {
    let t = tokens(ui);
    let (shown, lines) = cut(code);
    Frame::new().fill(t.field).corner_radius(radius::CONTROL).inner_margin(Margin::same(10)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal_top(|ui| {
            let width = (ui.available_width() - size::CONTROL_SMALL - 8.0).max(60.0);
            ui.vertical(|ui| {
                ui.set_width(width);
                ScrollArea::both().id_salt(("code", name)).max_height(max_height).auto_shrink([false, true]).show(
                    ui,
                    |ui| {
                        ui.add(Label::new(words(ui, shown)).extend());
                    },
                );
                if let Some(lines) = lines {
                    let note = format!("Cut after {lines} lines. Copy gives all {} bytes", code.len());
                    ui.label(RichText::new(note).size(text::SMALL).color(t.text_subdued));
                }
            });
            copy_icon(ui, &format!("Copy {name}"), copy);
        });
    });
}

/// What is shown of `code`, and after how many lines it was cut.
fn cut(code: &str) -> (&str, Option<usize>) {
    let mut end = code.len().min(BYTES);
    while !code.is_char_boundary(end) {
        end -= 1;
    }
    if let Some((at, _)) = code.match_indices('\n').nth(LINES - 1) {
        end = end.min(at);
    }
    let shown = code.get(..end).unwrap_or(code);
    (shown, (end < code.trim_end().len()).then(|| shown.lines().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_at_a_line_and_short_text_is_not() {
        assert_eq!(cut("a\nb\n"), ("a\nb\n", None));
        let long = "x\n".repeat(LINES + 5);
        assert_eq!(cut(&long).1, Some(LINES));
        let wide = "é".repeat(BYTES);
        assert_eq!(cut(&wide), ("é".repeat(BYTES / 2).as_str(), Some(1)));
    }
}
