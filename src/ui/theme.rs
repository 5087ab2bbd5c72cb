//! Turns the tokens into egui's styles, once for each theme. Nothing else may change a style globally.

use std::sync::Arc;

use egui::{
    Context, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, Style, TextStyle, Theme, Ui, Visuals, vec2,
};

use super::tokens::{self, Tokens, radius, size, space, text};

/// The tokens of the theme `ui` is drawn in.
pub fn tokens(ui: &Ui) -> &'static Tokens {
    of(ui.visuals().dark_mode)
}

/// The tokens of the theme `ctx` shows now.
pub fn tokens_of(ctx: &Context) -> &'static Tokens {
    of(ctx.theme() == Theme::Dark)
}

fn of(dark: bool) -> &'static Tokens {
    if dark { &tokens::DARK } else { &tokens::LIGHT }
}

/// Installs the icons and both themes. Call once when the window is made; which theme shows is egui's preference.
pub fn install(ctx: &Context) {
    super::icons::install(ctx);
    for theme in [Theme::Dark, Theme::Light] {
        let mut style = Style::clone(&ctx.style_of(theme));
        apply(&mut style, of(theme == Theme::Dark));
        ctx.set_style_of(theme, Arc::new(style));
    }
}

fn apply(style: &mut Style, t: &Tokens) {
    style.text_styles = [
        (TextStyle::Small, FontId::new(text::SMALL, FontFamily::Proportional)),
        (TextStyle::Body, FontId::new(text::BODY, FontFamily::Proportional)),
        (TextStyle::Button, FontId::new(text::BODY, FontFamily::Proportional)),
        (TextStyle::Monospace, FontId::new(text::MONO, FontFamily::Monospace)),
        (TextStyle::Heading, FontId::new(text::HEADING, FontFamily::Proportional)),
    ]
    .into();
    style.animation_time = 0.1;
    spacing(style);
    visuals(&mut style.visuals, t);
}

fn spacing(style: &mut Style) {
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(space::SM, space::SM);
    spacing.button_padding = vec2(space::MD, 5.0);
    spacing.window_margin = Margin::same(16);
    spacing.menu_margin = Margin::same(6);
    spacing.interact_size = vec2(size::CONTROL, size::CONTROL);
    spacing.indent = 14.0;
    spacing.icon_width = 16.0;
    spacing.icon_width_inner = 8.0;
    spacing.icon_spacing = 8.0;
    spacing.extra_text_line_spacing = 2.0;
    spacing.tooltip_width = 480.0;
    spacing.combo_width = 160.0;
    spacing.combo_height = 320.0;
    spacing.text_edit_width = 320.0;
    spacing.scroll.bar_width = 8.0;
    spacing.scroll.floating_width = 4.0;
    spacing.scroll.foreground_color = false;
}

fn visuals(v: &mut Visuals, t: &Tokens) {
    let round = CornerRadius::same(radius::CONTROL);
    v.dark_mode = t.dark;
    v.panel_fill = t.page;
    v.window_fill = t.raised;
    v.window_stroke = Stroke::new(1.0, t.line);
    v.window_corner_radius = CornerRadius::same(radius::CARD);
    v.menu_corner_radius = CornerRadius::same(radius::CARD);
    v.window_shadow = Shadow { offset: [0, 12], blur: 40, spread: 0, color: t.shadow };
    v.popup_shadow = Shadow { offset: [0, 6], blur: 20, spread: 0, color: t.shadow };
    v.extreme_bg_color = t.field;
    v.text_edit_bg_color = Some(t.field);
    v.faint_bg_color = t.row_hover;
    v.code_bg_color = t.field;
    v.hyperlink_color = t.accent_text;
    v.warn_fg_color = t.warn.text;
    v.error_fg_color = t.error.text;
    v.weak_text_color = Some(t.text_subdued);
    v.selection.bg_fill = t.selection;
    v.selection.stroke = Stroke::new(1.0, t.focus);
    v.text_cursor.stroke = Stroke::new(1.5, t.text_strong);
    v.text_cursor.blink = false; // a blinking cursor would draw frames all day while a field has the keyboard
    v.striped = false;
    v.indent_has_left_vline = false;
    v.collapsing_header_frame = false;
    v.slider_trailing_fill = true;
    v.disabled_alpha = 0.45;
    v.interact_cursor = None;

    let w = &mut v.widgets;
    w.noninteractive.bg_fill = t.card;
    w.noninteractive.weak_bg_fill = t.card;
    w.noninteractive.bg_stroke = Stroke::new(1.0, t.line);
    w.noninteractive.fg_stroke = Stroke::new(1.0, t.text);
    w.inactive.bg_fill = t.control;
    w.inactive.weak_bg_fill = t.control;
    w.inactive.bg_stroke = Stroke::NONE;
    w.inactive.fg_stroke = Stroke::new(1.0, t.text);
    w.hovered.bg_fill = t.control_hover;
    w.hovered.weak_bg_fill = t.control_hover;
    w.hovered.bg_stroke = Stroke::NONE;
    w.hovered.fg_stroke = Stroke::new(1.0, t.text_strong);
    w.active.bg_fill = t.control_active;
    w.active.weak_bg_fill = t.control_active;
    // egui shows "has the keyboard" as active: this stroke is the focus ring of its own widgets.
    w.active.bg_stroke = Stroke::new(1.0, t.focus);
    w.active.fg_stroke = Stroke::new(1.0, t.text_strong);
    w.open.bg_fill = t.control_hover;
    w.open.weak_bg_fill = t.control_hover;
    w.open.bg_stroke = Stroke::NONE;
    w.open.fg_stroke = Stroke::new(1.0, t.text_strong);
    for visuals in [&mut w.noninteractive, &mut w.inactive, &mut w.hovered, &mut w.active, &mut w.open] {
        visuals.corner_radius = round;
        visuals.expansion = 0.0;
    }
}
