//! Buttons. Four looks, two sizes, always a name; a disabled one says why.

use egui::{Color32, CornerRadius, FontId, Response, Role, Sense, Ui, WidgetInfo, vec2};

use super::focus;
use super::icons::Icon;
use super::theme::tokens;
use super::tokens::{radius, size, space, text};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Primary,
    Secondary,
    Ghost,
    Danger,
}

/// A button before it is shown.
///
/// ```text
/// if Button::primary("Connect").enabled_or(has_user, "Choose a user first").show(ui).clicked() { … }
/// ```
#[must_use = "a button shows when `show` is called"]
pub struct Button<'a> {
    words: &'a str,
    name: &'a str,
    icon: Option<Icon>,
    after: Option<Icon>,
    look: Look,
    small: bool,
    selected: bool,
    why_not: Option<&'a str>,
    hint: Option<&'a str>,
    min_width: f32,
}

impl<'a> Button<'a> {
    fn new(look: Look, words: &'a str) -> Self {
        Self {
            words,
            name: words,
            icon: None,
            after: None,
            look,
            small: false,
            selected: false,
            why_not: None,
            hint: None,
            min_width: 0.0,
        }
    }

    /// The one button a screen is about.
    pub fn primary(words: &'a str) -> Self {
        Self::new(Look::Primary, words)
    }

    /// Any other button.
    pub fn secondary(words: &'a str) -> Self {
        Self::new(Look::Secondary, words)
    }

    /// A button without a ground until the pointer is on it: toolbars, rows, "Copy".
    pub fn ghost(words: &'a str) -> Self {
        Self::new(Look::Ghost, words)
    }

    /// A button that destroys. It stands apart and opens a dialog.
    pub fn danger(words: &'a str) -> Self {
        Self::new(Look::Danger, words)
    }

    /// An icon alone, named for those who hear it and shown under the pointer.
    pub fn icon_only(icon: Icon, name: &'a str) -> Self {
        Self { name, icon: Some(icon), ..Self::new(Look::Ghost, "") }
    }

    /// An icon before the words.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// An icon after the words: a chevron, an arrow out.
    pub fn icon_after(mut self, icon: Icon) -> Self {
        self.after = Some(icon);
        self
    }

    /// 24 points high in place of 28.
    pub fn small(mut self) -> Self {
        self.small = true;
        self
    }

    /// Shows it as chosen or held in.
    pub fn selected(mut self, selected: bool) -> Self {
        self.selected = selected;
        self
    }

    /// Off unless `enabled`, and then `why_not` is what it says under the pointer and to a screen reader.
    pub fn enabled_or(mut self, enabled: bool, why_not: &'a str) -> Self {
        self.why_not = (!enabled).then_some(why_not);
        self
    }

    /// What shows under the pointer.
    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Another name for screen readers and tests, where the words alone do not tell ("Copy" of what?).
    pub fn name(mut self, name: &'a str) -> Self {
        self.name = name;
        self
    }

    /// At least so wide, so that a change of words does not move its neighbours.
    pub fn min_width(mut self, points: f32) -> Self {
        self.min_width = points;
        self
    }

    /// Shows it.
    pub fn show(self, ui: &mut Ui) -> Response {
        let enabled = self.why_not.is_none();
        let response = if enabled && ui.is_enabled() {
            self.paint(ui)
        } else {
            ui.add_enabled_ui(false, |ui| self.paint(ui)).inner
        };
        let response = match (self.why_not, self.hint) {
            (Some(why), _) => {
                ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(why));
                response.on_disabled_hover_text(why)
            }
            (None, Some(hint)) => response.on_hover_text(hint),
            (None, None) if self.words.is_empty() => response.on_hover_text(self.name),
            (None, None) => response,
        };
        // `on_hover_text` may describe the widget by its tip; the name is ours.
        response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled && ui.is_enabled(), self.name));
        response
    }

    fn paint(&self, ui: &mut Ui) -> Response {
        let height = if self.small { size::CONTROL_SMALL } else { size::CONTROL };
        let font = FontId::proportional(if self.small { text::SMALL } else { text::BODY });
        let galley = (!self.words.is_empty())
            .then(|| ui.painter().layout_no_wrap(self.words.to_owned(), font, Color32::PLACEHOLDER));
        let icon_size = if self.small { size::ICON - 1.0 } else { size::ICON };
        let icons = [self.icon, self.after].iter().flatten().count() as f32;
        let words = galley.as_ref().map_or(0.0, |galley| galley.size().x);
        let gaps = if words > 0.0 { icons * 6.0 } else { 0.0 };
        let content = words + icons * icon_size + gaps;
        let padding = if galley.is_none() { (height - icon_size) / 2.0 } else { space::MD - 2.0 };
        let wanted = vec2((content + 2.0 * padding).max(self.min_width), height);
        let (rect, response) = ui.allocate_exact_size(wanted, Sense::click());
        if !ui.is_rect_visible(rect) {
            focus::into_view(ui, &response, rect);
            return response;
        }
        let (fill, ink) = self.colours(ui, &response);
        ui.painter().rect_filled(rect, CornerRadius::same(radius::CONTROL), fill);
        let mut x = rect.center().x - content / 2.0;
        let centre = |x: f32| egui::pos2(x + icon_size / 2.0, rect.center().y);
        if let Some(icon) = self.icon {
            icon.paint(ui.painter(), centre(x), icon_size, ink);
            x += icon_size + if words > 0.0 { 6.0 } else { 0.0 };
        }
        if let Some(galley) = galley {
            let top = rect.center().y - galley.size().y / 2.0;
            ui.painter().galley(egui::pos2(x, top), galley, ink);
            x += words + 6.0;
        }
        if let Some(icon) = self.after {
            icon.paint(ui.painter(), centre(x), icon_size, ink);
        }
        focus::ring(ui, &response, rect, radius::CONTROL);
        response
    }

    fn colours(&self, ui: &Ui, response: &Response) -> (Color32, Color32) {
        let t = tokens(ui);
        let down = response.is_pointer_button_down_on();
        let hot = response.hovered();
        match self.look {
            Look::Primary => (if hot || down { t.accent_hover } else { t.accent }, t.on_accent),
            Look::Danger => (if hot || down { t.danger_hover } else { t.danger }, t.on_danger),
            Look::Secondary if down || self.selected => (t.control_active, t.text_strong),
            Look::Secondary if hot => (t.control_hover, t.text_strong),
            Look::Secondary => (t.control, t.text_strong),
            Look::Ghost if down || self.selected => (t.control_active, t.text_strong),
            Look::Ghost if hot => (t.control_hover, t.text_strong),
            Look::Ghost => (Color32::TRANSPARENT, t.text),
        }
    }
}

/// The one button a screen is about.
pub fn primary_button(ui: &mut Ui, words: &str) -> Response {
    Button::primary(words).show(ui)
}

/// Any other button.
pub fn secondary_button(ui: &mut Ui, words: &str) -> Response {
    Button::secondary(words).show(ui)
}

/// A button without a ground until the pointer is on it.
pub fn ghost_button(ui: &mut Ui, words: &str) -> Response {
    Button::ghost(words).show(ui)
}

/// A button that destroys.
pub fn danger_button(ui: &mut Ui, words: &str) -> Response {
    Button::danger(words).show(ui)
}

/// An icon alone, with its name.
pub fn icon_button(ui: &mut Ui, icon: Icon, name: &str) -> Response {
    Button::icon_only(icon, name).show(ui)
}
