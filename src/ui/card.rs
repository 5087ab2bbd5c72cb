//! Grounds and groups: cards, sections, disclosures, rows of name and value.

use egui::{
    Color32, CornerRadius, FontId, Frame, Label, Margin, RichText, Sense, Ui, UiBuilder, UiStackInfo, WidgetInfo, vec2,
};

use super::copy_button::copy_icon;
use super::focus;
use super::icons::Icon;
use super::theme::tokens;
use super::tokens::{radius, size, space, text};

/// A ground one step from the page, 12 points of room inside, over the whole width.
pub fn card<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
    Frame::new()
        .fill(tokens(ui).card)
        .corner_radius(CornerRadius::same(radius::CARD))
        .inner_margin(Margin::same(12))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            content(ui)
        })
        .inner
}

/// A titled group of a page.
pub fn section<R>(ui: &mut Ui, title: &str, content: impl FnOnce(&mut Ui) -> R) -> R {
    section_with(ui, title, |_| {}, content)
}

/// The same with its own small buttons at the right end of the title.
pub fn section_with<R>(
    ui: &mut Ui,
    title: &str,
    actions: impl FnOnce(&mut Ui),
    content: impl FnOnce(&mut Ui) -> R,
) -> R {
    let t = tokens(ui);
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.label(RichText::new(title).size(text::TITLE).color(t.text_strong));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), actions);
    });
    let out = content(ui);
    ui.add_space(space::MD);
    out
}

/// A line that opens and closes what is below it. `id` is unique on the screen; the state lasts while the window does.
pub fn disclosure<R>(
    ui: &mut Ui,
    id: &str,
    title: &str,
    open_at_first: bool,
    content: impl FnOnce(&mut Ui) -> R,
) -> Option<R> {
    let t = tokens(ui);
    let key = ui.make_persistent_id(("disclosure", id));
    let mut open = ui.data(|data| data.get_temp(key)).unwrap_or(open_at_first);
    let galley = ui.painter().layout_no_wrap(title.to_owned(), egui::FontId::proportional(text::BODY), t.text);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 24.0, size::CONTROL), Sense::click());
    if response.clicked() {
        open = !open;
        ui.data_mut(|data| data.insert_temp(key, open));
    }
    response.widget_info(|| WidgetInfo::labeled(egui::Role::DisclosureTriangle, true, title));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_expanded(open));
    let ink = if response.hovered() { t.text_strong } else { t.text };
    let icon = if open { Icon::ChevronDown } else { Icon::ChevronRight };
    icon.paint(ui.painter(), egui::pos2(rect.left() + 7.0, rect.center().y), 14.0, t.text_subdued);
    ui.painter().galley_with_override_text_color(
        egui::pos2(rect.left() + 20.0, rect.center().y - galley.size().y / 2.0),
        galley,
        ink,
    );
    focus::ring(ui, &response, rect, radius::SMALL);
    open.then(|| {
        ui.horizontal_top(|ui| {
            ui.add_space(20.0);
            ui.vertical(|ui| {
                ui.set_width(ui.available_width());
                content(ui)
            })
            .inner
        })
        .inner
    })
}

/// Marks the width of the names' column inside of [`name_column`].
const NAME_COLUMN: &str = "name column";

/// The widest a column of names grows, in points.
const NAMES_MOST: f32 = 240.0;

/// Rows of name and value: the column of the names is as wide as the longest of `names` wants, within bounds.
pub fn name_column<'a, R>(ui: &mut Ui, names: impl IntoIterator<Item = &'a str>, rows: impl FnOnce(&mut Ui) -> R) -> R {
    let wide = |name: &str| {
        let font = FontId::proportional(text::BODY);
        ui.painter().layout_no_wrap(name.to_owned(), font, Color32::PLACEHOLDER).size().x.ceil() + space::SM
    };
    let most = (ui.available_width() * 0.45).clamp(size::LABEL_COLUMN, NAMES_MOST);
    let width = names.into_iter().map(wide).fold(size::LABEL_COLUMN, f32::max).min(most);
    let info = UiStackInfo::default().with_tag_value(NAME_COLUMN, width);
    ui.scope_builder(UiBuilder::new().ui_stack_info(info), rows).inner
}

/// A name and its value in words.
pub fn key_value(ui: &mut Ui, name: &str, value: &str) {
    key_value_ui(ui, name, |ui| {
        ui.add(Label::new(value).truncate());
    });
}

/// A name and a value to copy: an id, an address.
pub fn key_value_copy(ui: &mut Ui, name: &str, value: &str) {
    key_value_ui(ui, name, |ui| {
        let tail = size::CONTROL_SMALL + space::SM;
        ui.scope(|ui| {
            ui.set_max_width((ui.available_width() - tail).max(40.0));
            ui.add(Label::new(RichText::new(value).monospace()).truncate());
        });
        copy_icon(ui, &format!("Copy {name}"), || value.to_owned());
    });
}

/// A name and anything one row high.
pub fn key_value_ui(ui: &mut Ui, name: &str, value: impl FnOnce(&mut Ui)) {
    let t = tokens(ui);
    let column = ui.stack().iter().find_map(|stack| stack.tags().get_downcast::<f32>(NAME_COLUMN).copied());
    let column = column.unwrap_or(size::LABEL_COLUMN);
    let room = vec2(ui.available_width(), size::CONTROL_SMALL);
    ui.allocate_ui_with_layout(room, egui::Layout::left_to_right(egui::Align::Center), |ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.scope(|ui| {
            ui.set_width(column - space::SM);
            ui.add(Label::new(RichText::new(name).color(t.text_subdued)).truncate().selectable(false));
        });
        value(ui);
    });
}
