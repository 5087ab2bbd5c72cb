//! A message in its place: what happened, and what to do about it.

use egui::{Frame, Label, Margin, Ui};

use super::copy_button::copy_icon;
use super::icons::Icon;
use super::label::marked;
use super::theme::tokens;
use super::tokens::{Tokens, Tone, radius, size, space, text};
use crate::error::UserError;

/// What kind of message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Something to know.
    Info,
    /// It worked.
    Success,
    /// It works, but look.
    Warn,
    /// It does not work.
    Error,
    /// Neither good nor bad.
    Neutral,
}

impl Mood {
    /// The three colours of the mood.
    pub fn tone(self, t: &Tokens) -> Tone {
        match self {
            Self::Info => t.info,
            Self::Success => t.success,
            Self::Warn => t.warn,
            Self::Error => t.error,
            Self::Neutral => t.neutral,
        }
    }

    /// The mark of the mood.
    pub fn icon(self) -> Icon {
        match self {
            Self::Info | Self::Neutral => Icon::Info,
            Self::Success => Icon::CircleCheck,
            Self::Warn => Icon::Warning,
            Self::Error => Icon::CircleCross,
        }
    }

    /// The word of the mood, for those who hear it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "Note",
            Self::Success => "Done",
            Self::Warn => "Warning",
            Self::Error => "Error",
            Self::Neutral => "Note",
        }
    }
}

/// A callout before it is shown.
///
/// ```text
/// Callout::warn("This is a live environment").text("A revoke signs real people out").show(ui);
/// ```
#[must_use = "a callout shows when `show` is called"]
pub struct Callout<'a> {
    mood: Mood,
    title: &'a str,
    lines: Vec<&'a str>,
    copy: Option<String>,
}

impl<'a> Callout<'a> {
    /// A callout in `mood`.
    pub fn new(mood: Mood, title: &'a str) -> Self {
        Self { mood, title, lines: Vec::new(), copy: None }
    }

    /// Something to know.
    pub fn info(title: &'a str) -> Self {
        Self::new(Mood::Info, title)
    }

    /// It worked.
    pub fn success(title: &'a str) -> Self {
        Self::new(Mood::Success, title)
    }

    /// It works, but look.
    pub fn warn(title: &'a str) -> Self {
        Self::new(Mood::Warn, title)
    }

    /// It does not work.
    pub fn error(title: &'a str) -> Self {
        Self::new(Mood::Error, title)
    }

    /// An error as the rooms tell it: title, cause, what to do, and a button that copies all three.
    pub fn user_error(error: &'a UserError) -> Self {
        Self::error(&error.title).text(&error.detail).text(&error.hint).copy(error.as_text())
    }

    /// A paragraph below the title. Empty text is left out.
    pub fn text(mut self, text: &'a str) -> Self {
        if !text.is_empty() {
            self.lines.push(text);
        }
        self
    }

    /// Adds a button that copies `text`.
    pub fn copy(mut self, text: String) -> Self {
        self.copy = Some(text);
        self
    }

    /// Shows it over the whole width.
    pub fn show(self, ui: &mut Ui) {
        self.show_with(ui, |_| {});
    }

    /// Shows it with a row of buttons below the text.
    pub fn show_with<R>(self, ui: &mut Ui, actions: impl FnOnce(&mut Ui) -> R) -> R {
        let t = tokens(ui);
        let tone = self.mood.tone(t);
        let Self { mood, title, lines, copy } = self;
        Frame::new()
            .fill(tone.fill)
            .corner_radius(radius::CARD)
            .inner_margin(Margin::symmetric(12, 10))
            .show(ui, |ui| {
                ui.set_width(ui.available_width());
                ui.horizontal_top(|ui| {
                    ui.spacing_mut().item_spacing.x = space::SM;
                    ui.vertical(|ui| {
                        ui.set_width(size::ICON);
                        ui.add_space(1.0);
                        mood.icon().show(ui, size::ICON, tone.icon, mood.word());
                    });
                    let tail = if copy.is_some() { size::CONTROL_SMALL + space::SM } else { 0.0 };
                    let width = (ui.available_width() - tail).max(40.0);
                    let out = ui
                        .vertical(|ui| {
                            ui.set_width(width);
                            ui.spacing_mut().item_spacing.y = space::XS;
                            ui.add(Label::new(marked(title, text::BODY, tone.text, t.text_strong)).wrap());
                            for line in &lines {
                                ui.add(Label::new(marked(line, text::BODY, t.text, t.text_strong)).wrap());
                            }
                            actions_row(ui, actions)
                        })
                        .inner;
                    if let Some(copy) = copy {
                        copy_icon(ui, "Copy details", || copy);
                    }
                    out
                })
                .inner
            })
            .inner
    }
}

/// The buttons of a callout; takes no room where nothing is put in.
fn actions_row<R>(ui: &mut Ui, actions: impl FnOnce(&mut Ui) -> R) -> R {
    let top = ui.cursor().top();
    let room = egui::Rect::from_min_size(
        egui::pos2(ui.cursor().left(), top + space::XS),
        egui::vec2(ui.available_width(), size::CONTROL),
    );
    let mut row =
        ui.new_child(egui::UiBuilder::new().max_rect(room).layout(egui::Layout::left_to_right(egui::Align::Center)));
    let out = actions(&mut row);
    if row.min_rect().width() > 0.0 {
        ui.advance_cursor_after_rect(row.min_rect());
    }
    out
}
