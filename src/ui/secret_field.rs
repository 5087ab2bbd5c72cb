//! Typing a secret in, and showing one that is kept.
//!
//! What is typed never reaches the accessibility tree: the field stays a password field even while it is revealed,
//! and the clear text is only painted over it. After [`SecretDraft::take`] the field's undo history is wiped too.

use egui::{Color32, FontId, Id, Rect, Response, Sense, Ui, WidgetInfo, pos2, vec2};
use zeroize::Zeroizing;

use super::copy_button::copy_icon;
use super::field::{Help, TextField, form_row, row};
use super::icons::Icon;
use super::theme::tokens;
use super::tokens::{radius, size, text};
use super::{focus, label};
use crate::secrets::Secret;

/// How long a secret may get while it is typed, in bytes: reserved at once, so growing leaves no copies behind.
const ROOM: usize = 16 * 1024;

/// A secret while it is typed. Never persisted, wiped on drop.
pub struct SecretDraft {
    text: Zeroizing<String>,
    /// The field it was last typed into.
    field: Option<Id>,
    /// The field's undo history must go.
    forget: bool,
}

impl Default for SecretDraft {
    fn default() -> Self {
        Self { text: Zeroizing::new(String::with_capacity(ROOM)), field: None, forget: false }
    }
}

impl std::fmt::Debug for SecretDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(crate::secrets::MASK)
    }
}

impl SecretDraft {
    /// True while nothing but blanks is typed.
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// The secret typed so far, without blanks around it; the draft keeps it.
    pub fn peek(&self) -> Secret {
        Secret::new(self.text.trim())
    }

    /// Everything typed so far, blanks around it included: for what has words for them.
    pub fn whole(&self) -> Secret {
        Secret::new(self.text.as_str())
    }

    /// Takes the secret out and empties the field, its undo history included.
    pub fn take(&mut self) -> Secret {
        let secret = self.peek();
        self.clear();
        secret
    }

    /// Empties the field, its undo history included.
    pub fn clear(&mut self) {
        zeroize::Zeroize::zeroize(&mut *self.text);
        self.text.reserve(ROOM);
        self.forget = true;
    }

    /// Puts a secret into the field, as an import does.
    pub fn set(&mut self, secret: &Secret) {
        self.clear();
        self.text.push_str(secret.expose());
    }
}

/// A form row to type a secret into; the eye reveals it while held.
pub fn secret_row(
    ui: &mut Ui,
    name: &str,
    hint: Option<&str>,
    error: Option<&str>,
    draft: &mut SecretDraft,
) -> Response {
    form_row(ui, name, hint, error, size::FIELD_MAX, |ui, id| {
        secret_field(ui, name, error.is_some(), draft).labelled_by(id)
    })
}

/// The same with what may be wrong with it, which an error takes the place of.
pub fn secret_row_warned(
    ui: &mut Ui,
    name: &str,
    hint: Option<&str>,
    warning: Option<&str>,
    error: Option<&str>,
    draft: &mut SecretDraft,
) -> Response {
    let help = match (error, warning) {
        (Some(error), _) => Help::Error(error),
        (None, Some(warning)) => Help::Warning(warning),
        (None, None) => hint.map_or(Help::None, Help::Hint),
    };
    row(ui, name, help, size::FIELD_MAX, |ui, id| secret_field(ui, name, error.is_some(), draft).labelled_by(id))
}

/// The field alone, as wide as there is room.
pub fn secret_field(ui: &mut Ui, name: &str, error: bool, draft: &mut SecretDraft) -> Response {
    let t = tokens(ui);
    let field = TextField { placeholder: "", mono: true, error, password: true, trailing: 24.0 };
    let response = field.show(ui, &mut draft.text, name);
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(name));
    if draft.forget {
        for id in [Some(response.id), draft.field].into_iter().flatten() {
            if let Some(mut state) = egui::TextEdit::load_state(ui.ctx(), id) {
                state.clear_undoer();
                state.store(ui.ctx(), id);
            }
        }
        draft.forget = false;
    }
    draft.field = Some(response.id);

    let eye = Rect::from_center_size(
        pos2(response.rect.right() - 16.0, response.rect.center().y),
        vec2(size::CONTROL_SMALL, size::CONTROL_SMALL - 2.0),
    );
    let held = hold_to_reveal(ui, eye, name);
    if held && !draft.text.is_empty() {
        let inside = response.rect.shrink2(vec2(2.0, 2.0)).with_max_x(eye.left());
        let painter = ui.painter().with_clip_rect(inside.intersect(ui.clip_rect()));
        painter.rect_filled(inside, f32::from(radius::CONTROL) - 2.0, t.field);
        painter.text(
            pos2(response.rect.left() + 10.0, response.rect.center().y),
            egui::Align2::LEFT_CENTER,
            draft.text.as_str(),
            FontId::monospace(text::MONO),
            t.text_strong,
        );
    }
    response
}

/// A kept secret: masked, revealed while the eye is held, copied by its button. `name` tells what it is.
///
/// Answers true on the frame it was copied.
pub fn secret_value(ui: &mut Ui, name: &str, secret: &Secret) -> bool {
    let t = tokens(ui);
    ui.horizontal(|ui| {
        label::mono(ui, &secret.masked());
        let (eye, _) = ui.allocate_exact_size(vec2(size::CONTROL_SMALL, size::CONTROL_SMALL), Sense::hover());
        let held = hold_to_reveal(ui, eye, name);
        let copied = copy_icon(ui, &format!("Copy {name}"), || secret.expose().to_owned()).clicked();
        // Revealed, it is painted and not a label: a label would hand it to the accessibility tree. Beside the eye, so that
        // this stays where the pointer is.
        if held {
            let room = vec2(ui.available_width(), size::CONTROL_SMALL);
            let (rect, _) = ui.allocate_exact_size(room, Sense::hover());
            let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
            let font = FontId::monospace(text::MONO);
            painter.text(rect.left_center(), egui::Align2::LEFT_CENTER, secret.expose(), font, t.text_strong);
        }
        copied
    })
    .inner
}

/// The eye: true while it is held down, by pointer or by Space.
fn hold_to_reveal(ui: &mut Ui, rect: Rect, name: &str) -> bool {
    let t = tokens(ui);
    let id = ui.make_persistent_id(("reveal", name));
    let eye = ui.interact(rect, id, Sense::click());
    let held =
        eye.is_pointer_button_down_on() || (eye.has_focus() && ui.input(|input| input.key_down(egui::Key::Space)));
    let fill = if held {
        t.control_active
    } else if eye.hovered() {
        t.control_hover
    } else {
        Color32::TRANSPARENT
    };
    ui.painter().rect_filled(rect, radius::SMALL, fill);
    let icon = if held { Icon::EyeOff } else { Icon::Eye };
    icon.paint(ui.painter(), rect.center(), 15.0, t.text_subdued);
    focus::ring(ui, &eye, rect, radius::SMALL);
    let words = format!("Hold to reveal {name}");
    let eye = eye.on_hover_text("Hold to reveal");
    eye.widget_info(|| WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), &words));
    held
}
