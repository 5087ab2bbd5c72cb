//! The table of webhooks: search, sort, and what else can be done with each.

use egui::Ui;

use super::editor_state::{Editor, Which};
use super::state::{Question, State};
use crate::action::Action;
use crate::kinde::Webhook;
use crate::net::token_hint;
use crate::screens::Cx;
use crate::secrets::Secret;
use crate::tenant::Profile;
use crate::ui::tokens::space;
use crate::ui::{Button, Col, Icon, Table, empty_state, menu, menu_item, small, text_field, tokens};
use crate::webhooks::duplicate;
use crate::webhooks::ids::{Pasted, what_is};

/// Below this width, in points, the table shows name and endpoint alone.
const WIDE: f32 = 620.0;

/// The search box, and what a pasted id is.
pub(super) fn search(ui: &mut Ui, state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.scope(|ui| {
            ui.set_width((ui.available_width() - 40.0).clamp(120.0, 420.0));
            text_field(ui, "Search webhooks", "Search by name, endpoint, event or id", &mut state.search);
        });
        if !state.search.is_empty() && Button::icon_only(Icon::Cross, "Clear the search").show(ui).clicked() {
            state.search.clear();
        }
    });
    let pasted = what_is(&state.search);
    if matches!(pasted, Pasted::Nothing | Pasted::Other(_) | Pasted::Address) {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        small(ui, &pasted.sentence());
        let pressed = |ui: &mut Ui, words, icon| Button::secondary(words).icon(icon).small().show(ui).clicked();
        match &pasted {
            Pasted::Event { id, .. } if pressed(ui, "Look it up", Icon::Search) => {
                state.view = super::state::View::LookUp;
                state.lookup.text.clone_from(id);
                super::lookup::ask(state, profile, cx, actions);
            }
            Pasted::Token if pressed(ui, "Decode it", Icon::Inspector) => {
                actions.push(Action::PasteToInspector(Secret::new(std::mem::take(&mut state.search))));
            }
            _ => {}
        }
    });
}

/// The webhooks that are searched for, in the order that was chosen.
pub(super) fn shown<'a>(webhooks: &'a [Webhook], search: &str, order: (usize, bool)) -> Vec<&'a Webhook> {
    let wanted = match what_is(search) {
        Pasted::Webhook(id) => id.to_lowercase(),
        Pasted::Nothing | Pasted::Other(_) | Pasted::Address => search.to_lowercase(),
        // An id of something else is in no webhook: the line below the box says where it is of use.
        _ => String::new(),
    };
    let words: Vec<&str> = wanted.split_whitespace().collect();
    let fits = |webhook: &&Webhook| {
        let it = &webhook.definition;
        let text = [&it.name, &it.endpoint, &webhook.id].map(|text| text.to_lowercase()).join("\n");
        let description = it.description.as_deref().unwrap_or_default().to_lowercase();
        words.iter().all(|word| {
            text.contains(word) || description.contains(word) || it.event_types.iter().any(|it| it.contains(word))
        })
    };
    let mut list: Vec<&Webhook> = webhooks.iter().filter(fits).collect();
    let (column, descending) = order;
    match column {
        1 => list.sort_by(|a, b| a.definition.endpoint.cmp(&b.definition.endpoint)),
        2 => list.sort_by_key(|webhook| webhook.definition.event_types.len()),
        3 => list.sort_by(|a, b| (a.created_at(), &a.created_on).cmp(&(b.created_at(), &b.created_on))),
        _ => list.sort_by_cached_key(|webhook| webhook.definition.name.to_lowercase()),
    }
    if descending {
        list.reverse();
    }
    list
}

/// The rows. `height` is the room there is, in points.
pub(super) fn table(ui: &mut Ui, state: &mut State, webhooks: &[Webhook], profile: &Profile, cx: &Cx<'_>, height: f32) {
    let rows = shown(webhooks, &state.search, state.order);
    if rows.is_empty() {
        if empty_state(ui, Some(Icon::Search), "No webhook fits the search", Some("Show every webhook")) {
            state.search.clear();
        }
        return;
    }
    let width = ui.available_width();
    let wide = width > WIDE;
    // The endpoint is the longest, and the one that is to be read whole.
    let name = (width * 0.2).clamp(110.0, 220.0);
    let mut cols = vec![Col::exact("Name", name), Col::rest("Endpoint")];
    if wide {
        cols.extend([Col::exact("Events", (width * 0.2).clamp(140.0, 200.0)), Col::exact("Created", 92.0)]);
    }
    cols.push(Col::exact("", 36.0));
    let open = match &state.open {
        Some(Which::Of(id)) => rows.iter().position(|webhook| webhook.id == *id),
        _ => None,
    };
    let (column, descending) = state.order;
    let mut asked = None;
    let answer = Table::new("webhooks", &cols).selected(open).sorted(column, descending).max_height(height).show(
        ui,
        rows.len(),
        |index| rows.get(index).map(|webhook| webhook.id.clone()).unwrap_or_default(),
        |cells, index| {
            let Some(webhook) = rows.get(index) else { return };
            let it = &webhook.definition;
            let draft = state.editors.get(&Which::Of(webhook.id.clone())).is_some_and(Editor::is_dirty);
            cells.ui(|ui| {
                if draft {
                    Icon::Edit.show(ui, 13.0, tokens(ui).warn.icon, "Not saved yet");
                }
                if state.here.get(&profile.id) == Some(&webhook.id) {
                    Icon::Dot.show(ui, 13.0, tokens(ui).success.icon, "Points here until you stop");
                }
                let name = if it.name.is_empty() { "(no name)" } else { &it.name };
                ui.add(egui::Label::new(name).truncate().selectable(false));
            });
            cells.mono(&it.endpoint);
            if wide {
                cells.subdued(&events(&it.event_types));
                cells.subdued(&created(webhook));
            }
            cells.ui(|ui| {
                menu(ui, &format!("More about {}", it.name), |ui| {
                    if let Some(what) = about(ui, webhook, state, profile, cx) {
                        asked = Some((what, (*webhook).clone()));
                    }
                });
            });
        },
    );
    if let Some(sorted) = answer.sorted {
        state.order = (sorted, sorted == column && !descending);
    }
    let chosen = answer.chosen.or(answer.opened).and_then(|row| rows.get(row)).map(|webhook| (*webhook).clone());
    if let Some(webhook) = chosen {
        state.show(&webhook);
    }
    if let Some((what, webhook)) = asked {
        follow(state, what, &webhook);
    }
}

/// What was chosen in the menu of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Duplicate,
    Delete,
}

/// The lines of a webhook's menu.
pub(super) fn about(ui: &mut Ui, webhook: &Webhook, state: &State, profile: &Profile, cx: &Cx<'_>) -> Option<About> {
    if menu_item(ui, Icon::Copy, "Copy Webhook ID") {
        ui.copy_text(webhook.id.clone());
    }
    if menu_item(ui, Icon::Link, "Copy endpoint") {
        ui.copy_text(webhook.definition.endpoint.clone());
    }
    if menu_item(ui, Icon::Terminal, "Copy as curl") {
        let origin = state.list.value().map(|listed| listed.origin.clone()).unwrap_or_default();
        ui.copy_text(curl(webhook, &origin, &profile.name, cx.data_dir));
    }
    let mut what = None;
    if menu_item(ui, Icon::Plus, "Duplicate") {
        what = Some(About::Duplicate);
    }
    if menu_item(ui, Icon::Trash, "Delete…") {
        what = Some(About::Delete);
    }
    what
}

pub(super) fn follow(state: &mut State, what: About, webhook: &Webhook) {
    match what {
        About::Duplicate => {
            let copy = duplicate(webhook, state.webhooks());
            state.show_copy(copy);
        }
        About::Delete => {
            state.show(webhook);
            // What is deleted is what the editor was opened on: Kinde is asked whether it is still that.
            let opened = state.open.as_ref().and_then(|which| state.editors.get(which)?.opened.clone());
            state.question = Some(Question::Delete(Box::new(opened.unwrap_or_else(|| webhook.clone())), String::new()));
        }
    }
}

/// `user.created +2`: what a row has room for.
fn events(types: &[String]) -> String {
    match types {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} +{}", rest.len()),
    }
}

/// The day it was created, here.
pub(super) fn created(webhook: &Webhook) -> String {
    webhook.created_at().map(crate::clock::day).or_else(|| webhook.created_on.clone()).unwrap_or_default()
}

/// A line that sends what the webhook is: to edit and run.
pub(super) fn curl(webhook: &Webhook, origin: &str, profile: &str, data_dir: &str) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let it = &webhook.definition;
    let body = serde_json::json!({"name": it.name, "description": it.description, "event_types": it.event_types});
    format!(
        "# {}\ncurl -sS -X PATCH {} -H \"Authorization: Bearer \
         $KINDE_TOKEN\" -H 'accept: application/json' -H 'content-type: application/json' --data {}",
        token_hint(profile, data_dir),
        quoted(&format!("{origin}/api/v1/webhooks/{}", webhook.id)),
        quoted(&body.to_string()),
    )
}

/// The line below the table: how many there are.
pub(super) fn count_line(ui: &mut Ui, shown: usize, all: usize) {
    ui.add_space(space::XS);
    let words = match (shown, all) {
        (shown, all) if shown != all => format!("{shown} of {all} webhooks"),
        (1, _) => "1 webhook".to_owned(),
        (_, all) => format!("{all} webhooks"),
    };
    small(ui, &words);
}
