//! The users to choose from: those used last first, then the tenant's, page by page, or those that a search found.
//!
//! They stand in a list and not in one that opens: choosing is one press.

use egui::{CornerRadius, Frame, Margin, ScrollArea, Ui};

use super::state::{State, Users};
use super::work::Chosen;
use crate::action::Action;
use crate::screens::Cx;
use crate::tenant::Profile;
use crate::ui::tokens::{radius, size, space};
use crate::ui::{Button, Icon, ListRow, subdued, text_field, tokens};

/// So many rows stand at once; further ones scroll. Token and Revoke are to be in sight below them, unscrolled.
const ROWS: f32 = 3.0;

/// The widest the list and its search grow, in points.
const WIDTH: f32 = 430.0;

/// The field that searches. `tail` points stay free beside it.
pub(super) fn find(
    ui: &mut Ui,
    state: &mut State,
    profile: &Profile,
    tail: f32,
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) {
    let width = (ui.available_width() - tail).min(WIDTH) - size::CONTROL - space::SM;
    let field = ui
        .scope(|ui| {
            ui.set_width(width.max(80.0));
            text_field(ui, "Find by email or name", "Find by email or name", &mut state.find)
        })
        .inner;
    let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    // The way back from what was found, until something else is typed.
    let found = state.users.value().is_some_and(|users| !users.query.is_empty() && users.query == state.find.trim());
    let pressed = if found {
        let every = Button::icon_only(Icon::Cross, "Show every user").show(ui).clicked();
        if every {
            state.find.clear();
        }
        every
    } else {
        Button::icon_only(Icon::Search, "Search").show(ui).clicked()
    };
    if entered || pressed {
        state.find_users(profile, false, cx, actions);
    }
}

/// The list.
pub(super) fn list(ui: &mut Ui, state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let rows = rows(state.users.value(), profile, state.work.user.as_ref());
    let next = state.users.value().is_some_and(|users| users.next.is_some());
    let loading = state.users.is_loading();
    if rows.is_empty() && !loading {
        return;
    }
    let now = state.work.user.as_ref().map(|user| user.id.clone());
    let (mut picked, mut more) = (None, false);
    let frame = Frame::new().fill(tokens(ui).card).corner_radius(CornerRadius::same(radius::CARD));
    frame.inner_margin(Margin::same(6)).show(ui, |ui| {
        ui.set_width((ui.available_width()).min(WIDTH - 12.0));
        ui.spacing_mut().item_spacing.y = 2.0;
        let height = ROWS * (size::ROW + 6.0) - 2.0;
        ScrollArea::vertical().id_salt("users").max_height(height).show(ui, |ui| {
            for Row { user, note } in rows {
                if ListRow::new(&user.label).note(note).selected(now.as_ref() == Some(&user.id)).show(ui).clicked() {
                    picked = Some(user);
                }
            }
            if loading {
                ui.horizontal(|ui| {
                    ui.set_min_height(size::ROW);
                    ui.add_space(space::MD);
                    subdued(ui, "Reading users…");
                });
            } else if next {
                more = ListRow::new("More…").note("next page").show(ui).clicked();
            }
        });
    });
    if picked.is_some() {
        state.work.user = picked;
    }
    if more {
        state.find_users(profile, true, cx, actions);
    }
}

/// One user to choose.
struct Row {
    user: Chosen,
    note: &'static str,
}

/// Whom to choose from, in order. Who is chosen is always among them.
fn rows(users: Option<&Users>, profile: &Profile, now: Option<&Chosen>) -> Vec<Row> {
    let searching = users.is_some_and(|users| !users.query.is_empty());
    let mut rows: Vec<Row> = Vec::new();
    if !searching {
        rows.extend(profile.last_users.iter().enumerate().map(|(index, user)| Row {
            user: Chosen { id: user.id.clone(), label: user.label.clone() },
            note: if index == 0 { "last used" } else { "" },
        }));
    }
    for user in users.into_iter().flat_map(|users| &users.list) {
        let note = if user.is_suspended { "suspended" } else { "" };
        match rows.iter_mut().find(|row| row.user.id == user.id) {
            // What is known of a user counts more than when they were used.
            Some(row) if !note.is_empty() => row.note = note,
            Some(_) => {}
            None => rows.push(Row { user: Chosen { id: user.id.clone(), label: user.label() }, note }),
        }
    }
    if let Some(now) = now
        && !rows.iter().any(|row| row.user.id == now.id)
    {
        rows.insert(0, Row { user: now.clone(), note: "chosen" });
    }
    rows
}
