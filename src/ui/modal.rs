//! Dialogs: a question that names its object, and a form on a ground of its own. Esc closes, Cancel has the keyboard.

use egui::{Align, Context, Frame, Id, Label, Layout, Margin, Modal, RichText, Ui};

use super::button::Button;
use super::choice::checkbox;
use super::icons::Icon;
use super::theme::tokens_of;
use super::tokens::{radius, size, space, text};

/// How a question was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Do it.
    Confirmed,
    /// Leave it: the button, Esc, or a click beside the dialog.
    Cancelled,
}

/// A question before something that cannot be undone.
///
/// ```text
/// match Confirm::new("Revoke the session of ada@example.com?", "Revoke session")
///     .text("GitHub keeps its grant until it is revoked there too.").show(ctx) { … }
/// ```
#[must_use = "a question shows when `show` is called"]
pub struct Confirm<'a> {
    title: &'a str,
    action: &'a str,
    lines: Vec<&'a str>,
    choice: Option<(&'a mut bool, &'a str)>,
    danger: bool,
}

impl<'a> Confirm<'a> {
    /// `title` asks and names the object; `action` is the verb on the button.
    pub fn new(title: &'a str, action: &'a str) -> Self {
        Self { title, action, lines: Vec::new(), choice: None, danger: true }
    }

    /// A paragraph about what will happen.
    pub fn text(mut self, text: &'a str) -> Self {
        self.lines.push(text);
        self
    }

    /// A box to tick below the paragraphs, for what may be done otherwise.
    pub fn choice(mut self, on: &'a mut bool, words: &'a str) -> Self {
        self.choice = Some((on, words));
        self
    }

    /// Nothing is destroyed: the action is a primary button and not a red one.
    pub fn harmless(mut self) -> Self {
        self.danger = false;
        self
    }

    /// Shows it; call it each frame while it is open.
    pub fn show(self, ctx: &Context) -> Option<Answer> {
        let Self { title, action, lines, choice, danger } = self;
        let mut answer = None;
        let closed = dialog(ctx, title, |ui, fresh| {
            for line in lines {
                ui.add(Label::new(line).wrap());
            }
            if let Some((on, words)) = choice {
                checkbox(ui, on, words);
            }
            ui.add_space(space::SM);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let button = if danger { Button::danger(action) } else { Button::primary(action) };
                let act = button.show(ui);
                let cancel = Button::secondary("Cancel").show(ui);
                if fresh {
                    cancel.request_focus();
                }
                if act.clicked() {
                    answer = Some(Answer::Confirmed);
                } else if cancel.clicked() {
                    answer = Some(Answer::Cancelled);
                }
            });
        });
        answer.or(closed.then_some(Answer::Cancelled))
    }
}

/// A dialog titled `title` with anything in it. `content` is told while it has just opened, to place the
/// keyboard (`if fresh { field.request_focus() }`). True when a person closed it: by its cross, Esc, a click beside it, or `ui.close()`.
pub fn dialog(ctx: &Context, title: &str, content: impl FnOnce(&mut Ui, bool)) -> bool {
    let t = tokens_of(ctx);
    let id = Id::unique(("dialog", title));
    let frame_now = ctx.cumulative_frame_nr();
    // (opened at, last shown at). Shown on neither this frame nor the one before: it has just been opened.
    let known: Option<(u64, u64)> = ctx.data(|data| data.get_temp(id));
    let opened = known.filter(|(_, last)| last + 1 >= frame_now).map_or(frame_now, |(opened, _)| opened);
    ctx.data_mut(|data| data.insert_temp(id, (opened, frame_now)));
    // Three frames long: on the first one egui only measures, and what asks for the keyboard there does not get it.
    let fresh = frame_now <= opened + 2;
    if fresh {
        ctx.request_repaint();
    }
    let frame = Frame::new()
        .fill(t.raised)
        .stroke(egui::Stroke::new(1.0, t.line))
        .corner_radius(radius::CARD)
        .shadow(ctx.style_of(ctx.theme()).visuals.window_shadow)
        .inner_margin(Margin::same(16));
    let shown = Modal::new(id).backdrop_color(t.backdrop).frame(frame).show(ctx, |ui| {
        ui.set_width(size::MODAL.min(ui.ctx().content_rect().width() - 48.0));
        let mut crossed = false;
        ui.horizontal_top(|ui| {
            let width = ui.available_width() - size::CONTROL_SMALL - space::SM;
            ui.vertical(|ui| {
                ui.set_width(width);
                ui.add(Label::new(RichText::new(title).size(text::TITLE).color(t.text_strong)).wrap());
            });
            crossed = Button::icon_only(Icon::Cross, "Close").small().show(ui).clicked();
        });
        content(ui, fresh);
        crossed
    });
    // What grew or shrank stands in the middle again only on the next frame.
    let size = shown.response.rect.size();
    let before: Option<egui::Vec2> = ctx.data(|data| data.get_temp(id.with("size")));
    if before != Some(size) {
        ctx.data_mut(|data| data.insert_temp(id.with("size"), size));
        ctx.request_repaint();
    }
    ctx.accesskit_node_builder(shown.response.id, |node| {
        node.set_role(egui::Role::Dialog);
        node.set_label(title);
    });
    shown.inner || shown.should_close()
}
