//! The command palette: type a few letters of anything the panel can do. It knows words, not actions.

use egui::{
    Area, Context, Frame, Id, Key, Margin, Modifiers, Order, Rect, RichText, ScrollArea, Sense, TextEdit, Ui,
    WidgetInfo, pos2, vec2,
};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::theme::{tokens, tokens_of};
use super::tokens::{radius, size, space, text};

/// One thing to do.
#[derive(Debug, Clone)]
pub struct PaletteItem<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What it is about, subdued; or empty.
    pub hint: &'a str,
    /// Its shortcut as words; or empty.
    pub shortcut: &'a str,
    /// Can be done now. What cannot is shown, and not chosen.
    pub enabled: bool,
}

/// What is typed and where the bar stands. Make a new one each time the palette opens.
#[derive(Debug, Default)]
pub struct PaletteState {
    query: String,
    bar: usize,
}

/// What a person did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaletteAnswer {
    /// Still looking.
    Open,
    /// Closed without choosing: Esc, or a click beside it.
    Close,
    /// Do the item of this index.
    Run(usize),
}

/// Shows the palette over everything; call it each frame while it is open, before the rest reads keys.
pub fn palette(ctx: &Context, state: &mut PaletteState, items: &[PaletteItem<'_>]) -> PaletteAnswer {
    let t = tokens_of(ctx);
    // Before the text field, which would take them for itself.
    let (up, down, enter, escape) = ctx.input_mut(|input| {
        let mut pressed = |key| input.consume_key(Modifiers::NONE, key);
        (pressed(Key::ArrowUp), pressed(Key::ArrowDown), pressed(Key::Enter), pressed(Key::Escape))
    });
    if escape {
        return PaletteAnswer::Close;
    }
    let mut answer = PaletteAnswer::Open;
    let screen = ctx.content_rect();
    let width = 560.0_f32.min(screen.width() - 2.0 * space::LG);
    let area = Area::new(Id::unique("palette"))
        .order(Order::Foreground)
        .fixed_pos(pos2(screen.center().x - width / 2.0, screen.top() + 80.0_f32.min(screen.height() * 0.1)));
    let shown = area.show(ctx, |ui| {
        Frame::new()
            .fill(t.raised)
            .stroke(egui::Stroke::new(1.0, t.line))
            .corner_radius(radius::CARD)
            .shadow(ui.visuals().window_shadow)
            .inner_margin(Margin::same(8))
            .show(ui, |ui| {
                ui.set_width(width - 16.0);
                if query(ui, state) {
                    state.bar = 0;
                }
                let found = matches(&state.query, items);
                let enabled = |place: usize| {
                    found.get(place).and_then(|index| items.get(*index)).is_some_and(|item| item.enabled)
                };
                let typed = !state.query.trim().is_empty();
                state.bar = moved(state.bar, found.len(), up, down, typed, enabled);
                if enter && enabled(state.bar) {
                    answer = found.get(state.bar).map_or(PaletteAnswer::Open, |index| PaletteAnswer::Run(*index));
                }
                if let Some(index) = list(ui, items, &found, state.bar, up || down) {
                    answer = PaletteAnswer::Run(index);
                }
            });
    });
    if answer == PaletteAnswer::Open && shown.response.clicked_elsewhere() {
        answer = PaletteAnswer::Close;
    }
    answer
}

/// The line to type in; true when it changed. It has the keyboard as long as the palette shows.
fn query(ui: &mut Ui, state: &mut PaletteState) -> bool {
    let t = tokens(ui);
    let edit = TextEdit::singleline(&mut state.query)
        .id(Id::unique("palette query"))
        .frame(Frame::new().inner_margin(Margin::symmetric(8, 6)))
        .desired_width(f32::INFINITY)
        .font(egui::FontId::proportional(text::TITLE))
        .hint_text(RichText::new("Type what you want to do").size(text::TITLE).color(t.text_subdued));
    let response = ui.add(edit);
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label("Command"));
    if !response.has_focus() {
        response.request_focus();
    }
    let below = response.rect.bottom() + space::XS;
    ui.painter().hline(ui.max_rect().x_range(), below, egui::Stroke::new(1.0, t.line));
    response.changed()
}

fn list(ui: &mut Ui, items: &[PaletteItem<'_>], found: &[usize], bar: usize, follow: bool) -> Option<usize> {
    let mut run = None;
    ui.add_space(space::XS);
    if found.is_empty() {
        ui.add_space(space::SM);
        super::label::subdued(ui, "Nothing is called that");
        ui.add_space(space::SM);
    }
    ScrollArea::vertical().id_salt("palette list").max_height(12.0 * 32.0).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for (place, index) in found.iter().enumerate() {
            let Some(item) = items.get(*index) else { continue };
            let response = ui.push_id(*index, |ui| row(ui, item, place == bar)).inner;
            if place == bar && follow {
                response.scroll_to_me(None);
            }
            if response.clicked() && item.enabled {
                run = Some(*index);
            }
        }
    });
    run
}

fn row(ui: &mut Ui, item: &PaletteItem<'_>, here: bool) -> egui::Response {
    let t = tokens(ui);
    // Not focusable: the keyboard stays in the line above.
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW + 4.0), Sense::CLICK);
    response.widget_info(|| WidgetInfo::selected(egui::Role::ListBoxOption, item.enabled, here, item.name));
    if here {
        ui.painter().rect_filled(rect, radius::CONTROL, t.row_selected);
    } else if response.hovered() && item.enabled {
        ui.painter().rect_filled(rect, radius::CONTROL, t.control);
    }
    let ink = if item.enabled { t.text_strong } else { t.text_subdued.gamma_multiply(0.7) };
    let paint = |words: &str, x: f32, size: f32, colour, align| -> Rect {
        ui.painter().text(pos2(x, rect.center().y), align, words, egui::FontId::proportional(size), colour)
    };
    let name = paint(item.name, rect.left() + 10.0, text::BODY, ink, egui::Align2::LEFT_CENTER);
    let quiet = t.text_subdued;
    let keys = paint(item.shortcut, rect.right() - 10.0, text::SMALL, quiet, egui::Align2::RIGHT_CENTER);
    if !item.hint.is_empty() {
        let room = Rect::from_min_max(pos2(name.right() + 10.0, rect.top()), pos2(keys.left() - 10.0, rect.bottom()));
        let at = pos2(room.left(), rect.center().y);
        let font = egui::FontId::proportional(text::SMALL);
        ui.painter().with_clip_rect(room.intersect(ui.clip_rect())).text(
            at,
            egui::Align2::LEFT_CENTER,
            item.hint,
            font,
            quiet,
        );
    }
    response
}

/// Where the bar goes: over what cannot be done, and not past the ends. What was typed means the best match: where that
/// cannot be done the bar stays on it, and Enter does nothing rather than the next best thing.
fn moved(bar: usize, count: usize, up: bool, down: bool, typed: bool, enabled: impl Fn(usize) -> bool) -> usize {
    let bar = bar.min(count.saturating_sub(1));
    if down {
        return (bar + 1..count).find(|place| enabled(*place)).unwrap_or(bar);
    }
    if up {
        return (0..bar).rev().find(|place| enabled(*place)).unwrap_or(bar);
    }
    if typed || enabled(bar) { bar } else { (0..count).find(|place| enabled(*place)).unwrap_or(bar) }
}

/// The indices of the items that fit `query`, best first; all of them, in their own order, for an empty one.
pub fn matches(query: &str, items: &[PaletteItem<'_>]) -> Vec<usize> {
    if query.trim().is_empty() {
        return (0..items.len()).collect();
    }
    let pattern = Pattern::parse(query, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut found: Vec<(u32, usize)> = items
        .iter()
        .enumerate()
        .filter_map(|(index, item)| {
            let words = format!("{} {}", item.name, item.hint);
            let score = pattern.score(Utf32Str::new(&words, &mut buffer), &mut matcher);
            score.map(|score| (score, index))
        })
        .collect();
    found.sort_by_key(|(score, index)| (std::cmp::Reverse(*score), *index));
    found.into_iter().map(|(_, index)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str, enabled: bool) -> PaletteItem<'_> {
        PaletteItem { name, hint: "", shortcut: "", enabled }
    }

    #[test]
    fn a_few_letters_find_what_is_meant_and_the_best_comes_first() {
        let items = [item("Open settings", true), item("Connect an app", true), item("Open connected apps", true)];
        assert_eq!(matches("con ap", &items), [1, 2]);
        assert_eq!(matches("", &items), [0, 1, 2]);
        assert!(matches("zzz", &items).is_empty());
    }

    #[test]
    fn the_bar_steps_over_what_cannot_be_done() {
        let can = [false, true, false, true];
        let enabled = |place: usize| can.get(place).copied().unwrap_or(false);
        assert_eq!(moved(0, 4, false, false, false, enabled), 1);
        assert_eq!(moved(1, 4, false, true, false, enabled), 3);
        assert_eq!(moved(3, 4, false, true, false, enabled), 3);
        assert_eq!(moved(3, 4, true, false, false, enabled), 1);
        assert_eq!(moved(0, 4, false, false, true, enabled), 0, "the best match for what was typed");
    }
}
