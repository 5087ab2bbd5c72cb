//! The dialog that adds an app by its Reference key.

use egui::{Layout, Ui};

use super::state::{AddApp, State};
use crate::action::Action;
use crate::backend::connect::Command;
use crate::providers;
use crate::screens::Cx;
use crate::tenant::{Profile, places};
use crate::ui::tokens::space;
use crate::ui::{Button, Callout, FieldRow, combo_item, combo_row, small};

pub(super) fn dialog(
    ctx: &egui::Context,
    state: &mut State,
    profile: &Profile,
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) {
    let Some(mut add) = state.add.take() else { return };
    let error = state.apps_error.clone();
    let mut wanted = None;
    let closed = crate::ui::dialog(ctx, "Add connected app", |ui, fresh| {
        small(ui, "Kinde has no call that lists connected apps.");
        small(ui, &format!("Type the Reference key from {}", places::path("reference_key")));
        ui.add_space(space::SM);
        if form(ui, &mut add, profile, fresh) {
            wanted = Some((add.key.trim().to_owned(), chosen(&add)));
        }
        if let Some(error) = &error {
            Callout::user_error(error).show(ui);
        }
    });
    if let Some((key, provider)) = wanted {
        if profile.apps.iter().any(|app| app.key == key && app.provider == provider) {
            state.work.key = Some(key);
            return;
        }
        state.apps_error = None;
        state.apps_job = cx.job();
        actions.push(Action::Run(state.apps_job, Command::AddApp { profile: profile.id, key, provider }.into()));
    }
    if !closed {
        state.add = Some(add);
    }
}

fn form(ui: &mut Ui, add: &mut AddApp, profile: &Profile, fresh: bool) -> bool {
    let known = profile.apps.iter().any(|app| app.key == add.key.trim());
    let hint = if known { "On the list already: adding it again sets its provider" } else { "As it stands in Kinde" };
    let field = FieldRow::new("Reference key").placeholder("github").hint(hint).mono().show(ui, &mut add.key);
    if fresh {
        field.request_focus();
    }
    let now = chosen(add);
    let shown = now.as_deref().and_then(providers::find).map_or("Another provider", |found| found.name.as_str());
    combo_row(ui, "Provider", Some("Who is asked whether the token works"), shown, |ui| {
        for provider in providers::catalogue() {
            if combo_item(ui, now.as_deref() == Some(&provider.id), &provider.name, "") {
                add.provider = Some(Some(provider.id.clone()));
            }
        }
        if combo_item(ui, now.is_none(), "Another provider", "no proof") {
            add.provider = Some(None);
        }
    });
    let ready = !add.key.trim().is_empty();
    let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
        let pressed = Button::primary("Add").enabled_or(ready, "Type the Reference key first").show(ui).clicked();
        ready && (pressed || entered)
    })
    .inner
}

fn chosen(add: &AddApp) -> Option<String> {
    match &add.provider {
        Some(chosen) => chosen.clone(),
        None => providers::guess_by_key(add.key.trim()).map(|provider| provider.id.clone()),
    }
}
