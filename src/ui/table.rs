//! Rows of data: fixed height, drawn only where they show, one row chosen, all of it by keyboard too.

use egui::{Align, EventFilter, Id, Key, Label, Layout, Modifiers, Rect, RichText, Role, Sense, Ui, WidgetInfo};
use egui_extras::{Column, TableBuilder};

use super::focus;
use super::icons::Icon;
use super::theme::tokens;
use super::tokens::{radius, size, text};

/// One column.
#[derive(Debug, Clone, Copy)]
pub struct Col<'a> {
    name: &'a str,
    width: Option<f32>,
    right: bool,
}

impl<'a> Col<'a> {
    /// A column of a fixed width in points.
    pub fn exact(name: &'a str, points: f32) -> Self {
        Self { name, width: Some(points), right: false }
    }

    /// The column that takes what is left. Give a table one of them.
    pub fn rest(name: &'a str) -> Self {
        Self { name, width: None, right: false }
    }

    /// Aligned right: numbers, milliseconds.
    pub fn right(mut self) -> Self {
        self.right = true;
        self
    }
}

/// What a person did to the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TableAnswer {
    /// The row chosen just now, by click or arrow key.
    pub chosen: Option<usize>,
    /// The row opened just now, by double click or Enter.
    pub opened: Option<usize>,
    /// The column whose name was pressed just now, in a table that is [sorted](Table::sorted).
    pub sorted: Option<usize>,
}

/// A table before it is shown.
///
/// ```text
/// let answer = Table::new("users", &[Col::exact("Time", 80.0), Col::rest("Email")]).selected(chosen).show(
///     ui, users.len(), |index| users[index].id.clone(), |cells, index| { cells.mono(…); cells.text(…); });
/// ```
#[must_use = "a table shows when `show` is called"]
pub struct Table<'a> {
    name: &'a str,
    columns: &'a [Col<'a>],
    selected: Option<usize>,
    max_height: f32,
    stick: bool,
    header: bool,
    order: Option<(usize, bool)>,
}

impl<'a> Table<'a> {
    /// A table called `name` (unique on its screen, and what a screen reader says).
    pub fn new(name: &'a str, columns: &'a [Col<'a>]) -> Self {
        Self { name, columns, selected: None, max_height: f32::INFINITY, stick: false, header: true, order: None }
    }

    /// The chosen row.
    pub fn selected(mut self, row: Option<usize>) -> Self {
        self.selected = row;
        self
    }

    /// At most so high in points, header aside; the rows scroll inside.
    pub fn max_height(mut self, points: f32) -> Self {
        self.max_height = points;
        self
    }

    /// Follows the last row as long as the last row is in sight.
    pub fn stick_to_bottom(mut self) -> Self {
        self.stick = true;
        self
    }

    /// Sorted by `column`, from large to small where `descending`: the names of columns become buttons.
    pub fn sorted(mut self, column: usize, descending: bool) -> Self {
        self.order = Some((column, descending));
        self
    }

    /// Without the row of column names.
    pub fn without_header(mut self) -> Self {
        self.header = false;
        self
    }

    /// Shows `count` rows. `key` names a row: its domain id, which is also its accessible name. `row` draws its cells.
    pub fn show(
        self,
        ui: &mut Ui,
        count: usize,
        key: impl Fn(usize) -> String,
        mut row: impl FnMut(&mut Cells<'_, '_, '_>, usize),
    ) -> TableAnswer {
        let t = tokens(ui);
        let mut answer = TableAnswer::default();
        let keyboard = self.keyboard(ui, count, &mut answer);
        let selected = answer.chosen.or(self.selected);
        let top = ui.cursor().left_top();
        let right = ui.max_rect().right();
        let clip = ui.clip_rect();
        let shown = ui.scope(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            // The rows' grounds; our own widgets do not read these.
            ui.visuals_mut().selection.bg_fill = t.row_selected;
            ui.visuals_mut().selection.stroke.color = t.text_strong;
            ui.visuals_mut().widgets.hovered.bg_fill = t.row_hover;
            let mut builder = TableBuilder::new(ui)
                .id_salt(("table", self.name))
                .sense(Sense::CLICK) // not focusable: one stop for the whole table, not one for each cell
                .cell_layout(Layout::left_to_right(Align::Center))
                .auto_shrink([false, true])
                .animate_scrolling(false)
                .stick_to_bottom(self.stick)
                .min_scrolled_height(self.max_height.min(200.0))
                .max_scroll_height(self.max_height);
            if let (Some(moved), true) = (answer.chosen, keyboard.is_some()) {
                builder = builder.scroll_to_row(moved, None);
            }
            for column in self.columns {
                builder = builder.column(match column.width {
                    Some(width) => Column::exact(width).clip(true),
                    None => Column::remainder().clip(true),
                });
            }
            let columns = self.columns;
            let body = |mut line: egui_extras::TableRow<'_, '_>| {
                let index = line.index();
                let name = key(index);
                line.set_selected(selected == Some(index));
                let mut cells = Cells { row: &mut line, key: &name, columns, next: 0 };
                row(&mut cells, index);
                cells.fill();
                let response = line.response();
                let chosen = selected == Some(index);
                response.widget_info(|| WidgetInfo::selected(Role::Row, true, chosen, &name));
                // As wide as what is seen of it: columns may reach past the edge that cuts them.
                let seen = response.rect.intersect(clip);
                // Where a row is stands in the frame after its first one: what looks for it by its bounds waits for that.
                if !seen.is_finite() {
                    response.ctx.request_repaint();
                }
                response.ctx.accesskit_node_builder(response.id, |node| {
                    node.set_bounds(egui::accesskit::Rect {
                        x0: seen.min.x.into(),
                        y0: seen.min.y.into(),
                        x1: seen.max.x.into(),
                        y1: seen.max.y.into(),
                    });
                });
                if response.clicked() {
                    answer.chosen = Some(index);
                }
                if response.double_clicked() {
                    answer.opened = Some(index);
                }
            };
            if self.header {
                builder
                    .header(size::TABLE_HEADER, |mut header| {
                        for (index, column) in columns.iter().enumerate() {
                            header.col(|ui| {
                                aligned(ui, column.right, |ui| {
                                    if let Some(order) = self.order.filter(|_| !column.name.is_empty()) {
                                        let down = (order.0 == index).then_some(order.1);
                                        if sort_button(ui, column.name, down).clicked() {
                                            answer.sorted = Some(index);
                                        }
                                        return;
                                    }
                                    let name = RichText::new(column.name).size(text::SMALL).color(t.text_subdued);
                                    ui.add(Label::new(name).truncate().selectable(false));
                                });
                            });
                        }
                    })
                    .body(|rows| rows.rows(size::ROW, count, body));
            } else {
                builder.body(|rows| rows.rows(size::ROW, count, body));
            }
        });
        if self.header {
            let line = egui::Stroke::new(1.0, t.line);
            ui.painter().hline(top.x..=right, top.y + size::TABLE_HEADER, line);
        }
        if keyboard.is_some() {
            focus::paint(ui, shown.response.rect, radius::SMALL);
        }
        answer
    }

    /// One stop for Tab; while it has the keyboard the arrows choose and Enter opens. `Some` while it has it.
    fn keyboard(&self, ui: &mut Ui, count: usize, answer: &mut TableAnswer) -> Option<Id> {
        let id = ui.make_persistent_id(("table keyboard", self.name));
        // Under the rows: it takes no click, it is only somewhere for the keyboard to be.
        let place = Rect::from_min_size(ui.cursor().left_top(), egui::vec2(ui.available_width(), size::TABLE_HEADER));
        let stop = ui.interact(place, id, Sense::FOCUSABLE);
        stop.widget_info(|| WidgetInfo::labeled(Role::Table, true, self.name));
        if !stop.has_focus() {
            return None;
        }
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        let last = count.checked_sub(1)?;
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::ArrowDown) {
            answer.chosen = Some(self.selected.map_or(0, |row| (row + 1).min(last)));
        } else if pressed(Key::ArrowUp) {
            answer.chosen = Some(self.selected.map_or(last, |row| row.saturating_sub(1)));
        } else if pressed(Key::Home) {
            answer.chosen = Some(0);
        } else if pressed(Key::End) {
            answer.chosen = Some(last);
        } else if pressed(Key::Enter) {
            answer.opened = self.selected;
        }
        Some(id)
    }
}

/// The name of a column as a button. `down` says which way it is sorted, where it is sorted by this one.
fn sort_button(ui: &mut Ui, name: &str, down: Option<bool>) -> egui::Response {
    let t = tokens(ui);
    let font = egui::FontId::proportional(text::SMALL);
    let galley = ui.painter().layout_no_wrap(name.to_owned(), font, egui::Color32::PLACEHOLDER);
    let wanted = egui::vec2(galley.size().x + 18.0, size::CONTROL_SMALL);
    let (rect, response) = ui.allocate_exact_size(wanted, Sense::click());
    let said = match down {
        Some(true) => format!("Sort by {name}, descending"),
        Some(false) => format!("Sort by {name}, ascending"),
        None => format!("Sort by {name}"),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &said));
    let ink = if response.hovered() || down.is_some() { t.text_strong } else { t.text_subdued };
    let words = galley.size();
    ui.painter().galley(egui::pos2(rect.left(), rect.center().y - words.y / 2.0), galley, ink);
    if let Some(down) = down {
        let icon = if down { Icon::ChevronDown } else { Icon::ChevronUp };
        icon.paint(ui.painter(), egui::pos2(rect.left() + words.x + 9.0, rect.center().y), 12.0, ink);
    }
    focus::ring(ui, &response, rect, radius::SMALL);
    response
}

fn aligned(ui: &mut Ui, right: bool, content: impl FnOnce(&mut Ui)) {
    ui.add_space(6.0);
    if right {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(6.0);
            content(ui);
        });
    } else {
        content(ui);
    }
}

/// The cells of one row, filled from left to right. Cells left out stay empty.
pub struct Cells<'a, 'b, 'c> {
    row: &'a mut egui_extras::TableRow<'b, 'c>,
    key: &'a str,
    columns: &'a [Col<'a>],
    next: usize,
}

impl Cells<'_, '_, '_> {
    /// A cell of anything. Keep it one row high, and labels in it not selectable.
    pub fn ui(&mut self, content: impl FnOnce(&mut Ui)) {
        let right = self.columns.get(self.next).is_some_and(|column| column.right);
        self.next += 1;
        let key = self.key;
        self.row.col(|ui| {
            ui.push_id(key, |ui| aligned(ui, right, content));
        });
    }

    /// Words.
    pub fn text(&mut self, words: &str) {
        self.rich(RichText::new(words));
    }

    /// Words that matter less.
    pub fn subdued(&mut self, words: &str) {
        self.ui(|ui| {
            let words = RichText::new(words).color(tokens(ui).text_subdued);
            ui.add(Label::new(words).truncate().selectable(false));
        });
    }

    /// An id or an address.
    pub fn mono(&mut self, words: &str) {
        self.rich(RichText::new(words).monospace());
    }

    /// Words of any look.
    pub fn rich(&mut self, words: RichText) {
        self.ui(|ui| {
            ui.add(Label::new(words).truncate().selectable(false));
        });
    }

    fn fill(&mut self) {
        while self.next < self.columns.len() {
            self.ui(|_| {});
        }
    }
}
