//! A text field in a form row: a label column, the field, and one line below it that belongs to help and error.
//!
//! That line is always there, so an error never moves the rows under it; in [`tight_rows`] only where it says something.

use egui::{Frame, Id, Label, Margin, Response, RichText, Stroke, TextEdit, Ui, UiBuilder, UiStackInfo, vec2};

use super::icons::Icon;
use super::label::marked;
use super::theme::tokens;
use super::tokens::{radius, size, space, text};
use super::{focus, label};

/// One row of a form.
///
/// ```text
/// FieldRow::new("Domain").placeholder("acme.kinde.com").hint("Any form you can paste").error(error).show(ui, &mut text);
/// ```
#[must_use = "a row shows when `show` is called"]
pub struct FieldRow<'a> {
    label: &'a str,
    hint: Option<&'a str>,
    error: Option<&'a str>,
    warning: Option<&'a str>,
    placeholder: &'a str,
    mono: bool,
    enabled: bool,
    long: bool,
    above: bool,
    width: f32,
}

impl<'a> FieldRow<'a> {
    /// A row labelled `label`.
    pub fn new(label: &'a str) -> Self {
        Self {
            label,
            hint: None,
            error: None,
            warning: None,
            placeholder: "",
            mono: false,
            enabled: true,
            long: false,
            above: false,
            width: size::FIELD_MAX,
        }
    }

    /// Help below the field, one line.
    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Help and error may take several lines: for what is explained nowhere else.
    pub fn long(mut self) -> Self {
        self.long = true;
        self
    }

    /// The label stands above the field, which gets all the room there is: for what is long and has to be seen whole.
    pub fn above(mut self) -> Self {
        self.above = true;
        self
    }

    /// What is wrong with what was typed; takes the place of the help.
    pub fn error(mut self, error: Option<&'a str>) -> Self {
        self.error = error;
        self
    }

    /// What may be wrong with what was typed; takes the place of the help, and an error takes its place.
    pub fn warning(mut self, warning: Option<&'a str>) -> Self {
        self.warning = warning;
        self
    }

    /// An example in the empty field.
    pub fn placeholder(mut self, example: &'a str) -> Self {
        self.placeholder = example;
        self
    }

    /// The fixed-width face, for ids and addresses.
    pub fn mono(mut self) -> Self {
        self.mono = true;
        self
    }

    /// Off where `enabled` is false.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// At most so wide, in points.
    pub fn width(mut self, points: f32) -> Self {
        self.width = points;
        self
    }

    /// Shows the row; the answer is the field's own.
    pub fn show(self, ui: &mut Ui, value: &mut String) -> Response {
        let Self { label, hint, error, warning, placeholder, mono, enabled, long, above, width } = self;
        let help = match (error, warning, hint) {
            (Some(error), ..) if long => Help::Wrong(error),
            (Some(error), ..) => Help::Error(error),
            (None, Some(warning), _) => Help::Warning(warning),
            (None, None, Some(hint)) if long => Help::Prose(hint),
            (None, None, hint) => hint.map_or(Help::None, Help::Hint),
        };
        let field = TextField { placeholder, mono, error: error.is_some(), password: false, trailing: 0.0 };
        let above = above || is_narrow(ui);
        row_as(ui, label, help, width, above, |ui, name| {
            ui.add_enabled_ui(enabled, |ui| field.show(ui, value, label).labelled_by(name)).inner
        })
    }
}

/// A text field alone, without a row around it: for filters and toolbars. `name` is for those who hear it.
pub fn text_field(ui: &mut Ui, name: &str, placeholder: &str, value: &mut String) -> Response {
    let field = TextField { placeholder, mono: false, error: false, password: false, trailing: 0.0 };
    let response = field.show(ui, value, name);
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(name));
    response
}

/// The label column, the content, and the line below. The content gets the label's id, for `labelled_by`.
pub fn form_row<R>(
    ui: &mut Ui,
    name: &str,
    hint: Option<&str>,
    error: Option<&str>,
    max_width: f32,
    content: impl FnOnce(&mut Ui, Id) -> R,
) -> R {
    let help = match (error, hint) {
        (Some(error), _) => Help::Error(error),
        (None, Some(hint)) => Help::Hint(hint),
        (None, None) => Help::None,
    };
    row(ui, name, help, max_width, content)
}

/// The same, whose help and error may take several lines.
pub fn form_row_long<R>(
    ui: &mut Ui,
    name: &str,
    hint: &str,
    error: Option<&str>,
    max_width: f32,
    content: impl FnOnce(&mut Ui, Id) -> R,
) -> R {
    row(ui, name, error.map_or(Help::Prose(hint), Help::Wrong), max_width, content)
}

/// What stands on the line below a field.
#[derive(Clone, Copy)]
pub(super) enum Help<'a> {
    None,
    Hint(&'a str),
    Prose(&'a str),
    Warning(&'a str),
    Error(&'a str),
    /// An error of several lines.
    Wrong(&'a str),
}

/// The same with any line below.
pub(super) fn row<R>(
    ui: &mut Ui,
    name: &str,
    help: Help<'_>,
    max_width: f32,
    content: impl FnOnce(&mut Ui, Id) -> R,
) -> R {
    let above = is_narrow(ui);
    row_as(ui, name, help, max_width, above, content)
}

/// There is no room for label and field beside each other.
fn is_narrow(ui: &Ui) -> bool {
    ui.available_width() < size::LABEL_COLUMN + 260.0
}

/// The same, the label above the content or beside it.
fn row_as<R>(
    ui: &mut Ui,
    name: &str,
    help: Help<'_>,
    max_width: f32,
    above: bool,
    content: impl FnOnce(&mut Ui, Id) -> R,
) -> R {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        if above {
            let id = ui.label(RichText::new(name).color(tokens(ui).text_subdued)).id;
            ui.set_max_width(ui.available_width().min(max_width));
            let out = content(ui, id);
            help_line(ui, help);
            return out;
        }
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let id = ui
                .allocate_ui_with_layout(
                    vec2(size::LABEL_COLUMN, size::CONTROL),
                    egui::Layout::left_to_right(egui::Align::Center),
                    |ui| {
                        ui.set_min_width(size::LABEL_COLUMN);
                        ui.set_max_width(size::LABEL_COLUMN - space::SM);
                        label::two_lines(ui, name, tokens(ui).text_subdued).id
                    },
                )
                .inner;
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing = vec2(space::SM, 2.0);
                ui.set_max_width(ui.available_width().min(max_width));
                let out = content(ui, id);
                help_line(ui, help);
                out
            })
            .inner
        })
        .inner
    })
    .inner
}

/// Rows whose line below takes no room while it says nothing: for a long form that has to be seen as a whole.
pub fn tight_rows<R>(ui: &mut Ui, rows: impl FnOnce(&mut Ui) -> R) -> R {
    let info = UiStackInfo::default().with_tag(TIGHT);
    ui.scope_builder(UiBuilder::new().ui_stack_info(info), rows).inner
}

/// Marks the rows inside of [`tight_rows`].
const TIGHT: &str = "tight rows";

/// One small line: the error or warning with its mark, else the help, else nothing of the same height.
fn help_line(ui: &mut Ui, help: Help<'_>) {
    let t = tokens(ui);
    if matches!(help, Help::None) && ui.stack().iter().any(|stack| stack.tags().contains(TIGHT)) {
        return;
    }
    if let Help::Prose(hint) = help {
        ui.add(Label::new(marked(hint, text::SMALL, t.text_subdued, t.text)).wrap());
        ui.add_space(space::SM);
        return;
    }
    if let Help::Wrong(error) = help {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            Icon::Warning.show(ui, 13.0, t.error.icon, "Error");
            ui.vertical(|ui| ui.add(Label::new(marked(error, text::SMALL, t.error.text, t.text)).wrap()));
        });
        ui.add_space(space::SM);
        return;
    }
    let room = vec2(ui.available_width(), 18.0);
    ui.allocate_ui_with_layout(room, egui::Layout::left_to_right(egui::Align::Center), |ui| {
        ui.set_min_height(room.y);
        ui.spacing_mut().item_spacing.x = space::XS;
        let (words, ink) = match help {
            Help::None | Help::Prose(_) | Help::Wrong(_) => return,
            Help::Hint(hint) => (hint, t.text_subdued),
            Help::Warning(warning) => {
                Icon::Warning.show(ui, 13.0, t.warn.icon, "Warning");
                (warning, t.warn.text)
            }
            Help::Error(error) => {
                Icon::Warning.show(ui, 13.0, t.error.icon, "Error");
                (error, t.error.text)
            }
        };
        ui.add(Label::new(marked(words, text::SMALL, ink, t.text)).truncate());
    });
}

/// The look of every one-line field.
pub(super) struct TextField<'a> {
    pub placeholder: &'a str,
    pub mono: bool,
    pub error: bool,
    pub password: bool,
    /// Room kept free at the right end, for a button inside the field.
    pub trailing: f32,
}

impl TextField<'_> {
    /// Shows it over the whole width there is.
    pub fn show(&self, ui: &mut Ui, value: &mut String, salt: &str) -> Response {
        let t = tokens(ui);
        let id = ui.make_persistent_id(("field", salt));
        let focused = ui.memory(|memory| memory.has_focus(id));
        let line = if self.error { t.error.icon } else { t.line };
        let line = if focused { t.focus } else { line };
        let frame = Frame::new()
            .fill(t.field)
            .stroke(Stroke::new(1.0, line))
            .corner_radius(radius::CONTROL)
            .inner_margin(Margin { left: 9, right: 9 + self.trailing as i8, top: 4, bottom: 4 });
        let mut edit = TextEdit::singleline(value)
            .id(id)
            .frame(frame)
            .password(self.password)
            .desired_width(f32::INFINITY)
            .align(egui::Align2::LEFT_CENTER)
            .min_size(vec2(0.0, size::CONTROL))
            .hint_text(RichText::new(self.placeholder).color(t.text_subdued.gamma_multiply(0.75)));
        if self.mono {
            edit = edit.font(egui::TextStyle::Monospace);
        }
        let response = ui.add(edit);
        focus::ring(ui, &response, response.rect, radius::CONTROL);
        response
    }
}
