//! The event types of a webhook: group by group, searchable, whole groups at once.

use egui::Ui;

use super::editor_state::Editor;
use super::state::State;
use crate::action::Action;
use crate::kinde::event_types::{self, Category};
use crate::screens::Cx;
use crate::tenant::Profile;
use crate::ui::tokens::space;
use crate::ui::{Button, Load, checkbox, checkbox_over, choice_note, loading, small, strong, text_field};
use crate::webhooks::Catalogue;

/// One type to tick.
struct Offer {
    code: String,
    category: Category,
    note: Option<String>,
}

pub(super) fn picker(
    ui: &mut Ui,
    editor: &mut Editor,
    state: &mut State,
    profile: &Profile,
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) {
    ui.horizontal(|ui| {
        strong(ui, "Event types");
        let chosen = editor.types.len();
        small(ui, &if chosen == 0 { "none chosen".to_owned() } else { format!("{chosen} chosen") });
    });
    source(ui, state, profile, cx, actions);
    let offers = offers(state.types.value(), &editor.types);
    text_field(ui, "Filter event types", "Filter", &mut editor.filter);
    let wanted = editor.filter.trim().to_lowercase();
    let fits = |offer: &&Offer| offer.code.contains(&wanted) || offer.category.title().to_lowercase().contains(&wanted);
    ui.add_space(space::XS);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let mut any = false;
        for category in Category::ALL {
            let group: Vec<&Offer> = offers.iter().filter(|offer| offer.category == category).filter(fits).collect();
            if !group.is_empty() {
                any = true;
                show_group(ui, editor, category, &group);
            }
        }
        if !any {
            small(ui, "No event type fits");
        }
    });
}

fn show_group(ui: &mut Ui, editor: &mut Editor, category: Category, group: &[&Offer]) {
    let has = |editor: &Editor, code: &str| editor.types.iter().any(|it| it == code);
    let chosen = group.iter().filter(|offer| has(editor, &offer.code)).count();
    ui.horizontal(|ui| {
        let mut all = chosen == group.len();
        let response = checkbox_over(ui, &mut all, chosen > 0, category.title());
        let name = format!("All of {}", category.title());
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, all, &name));
        if response.changed() {
            for offer in group {
                tick(editor, &offer.code, all);
            }
        }
        small(ui, &format!("{chosen} of {}", group.len()));
    });
    ui.indent(("group", category.word()), |ui| {
        for offer in group {
            let mut on = has(editor, &offer.code);
            if checkbox(ui, &mut on, &offer.code).changed() {
                tick(editor, &offer.code, on);
            }
            if let Some(note) = &offer.note {
                choice_note(ui, note);
            }
        }
    });
    ui.add_space(space::SM);
}

fn tick(editor: &mut Editor, code: &str, on: bool) {
    editor.types.retain(|it| it != code);
    if on {
        editor.types.push(code.to_owned());
    }
    // The order of those there were is kept: it is no change to take one away and put it back.
    let before = editor.opened.as_ref().map(|webhook| webhook.definition.event_types.clone()).unwrap_or_default();
    editor.types.sort_by_key(|it| before.iter().position(|old| old == it).unwrap_or(usize::MAX));
}

/// Where the list comes from, where that is not the tenant.
fn source(ui: &mut Ui, state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if state.types.is_loading() && state.types.value().is_none() {
        let waits = state.waits.get(&state.types_job).map(String::as_str);
        loading(ui, waits.unwrap_or("Reading the tenant's event types…"));
        return;
    }
    let note = match (&state.types, state.types.value()) {
        (Load::Failed { error, .. }, _) => Some(stand_in(&error.title)),
        (_, Some(catalogue)) => catalogue.stand_in_note(),
        (_, None) => Some(stand_in("not asked yet")),
    };
    let Some(note) = note else { return };
    crate::ui::Callout::warn("This is not the tenant's own list").text(&note).show_with(ui, |ui| {
        if Button::secondary("Read it again").small().show(ui).clicked() {
            state.read_types(profile, cx, actions);
        }
    });
}

fn stand_in(why: &str) -> String {
    let (count, checked) = (event_types::known().len(), event_types::checked());
    format!("The tenant's list could not be read ({why}): these {count} types were known on {checked}")
}

fn offers(catalogue: Option<&Catalogue>, chosen: &[String]) -> Vec<Offer> {
    let offer = |code: &str, here: bool| {
        let note = event_types::find(code).and_then(|known| known.note.clone());
        let note = if here { note } else { Some("Not in this tenant's list".to_owned()) };
        Offer { code: code.to_owned(), category: event_types::category_of(code), note }
    };
    let mut offers: Vec<Offer> = match catalogue {
        Some(catalogue) => catalogue.types.iter().map(|it| offer(&it.event_type, true)).collect(),
        None => event_types::known().iter().map(|it| offer(&it.event_type, true)).collect(),
    };
    for code in chosen {
        if !offers.iter().any(|offer| offer.code == *code) {
            offers.push(offer(code, false));
        }
    }
    offers
}
