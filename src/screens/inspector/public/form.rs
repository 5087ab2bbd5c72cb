//! The form before a tenant's events are sent here: how Kinde reaches this machine, and which webhook points at it.

use egui::{Align, Layout, ScrollArea, Ui};

use super::draft::{Draft, can_ask, on_this_machine};
use super::start;
use crate::action::{Action, Room};
use crate::backend::public::Offered;
use crate::kinde::event_types::{self, Category};
use crate::screens::inspector::state::State;
use crate::screens::{Cx, guard_words};
use crate::tenant::Profile;
use crate::tunnel::{Consent, Found, Way};
use crate::ui::tokens::{size, space};
use crate::ui::{
    Button, Callout, FieldRow, Load, checkbox, choice_note, combo_item, combo_row, dialog, disclosure, prose, radio,
    small, strong,
};
use crate::webhooks::ASIDE_NOTE;

/// The form, while it is open.
pub(in crate::screens::inspector) fn ui(ui: &Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(mut draft) = state.public.draft.take() else { return };
    let Some(profile) = cx.profile.filter(|profile| profile.id == draft.profile) else { return };
    let mut go = false;
    let closed = dialog(ui.ctx(), &format!("Send {}'s events here", profile.name), |ui, _| {
        if !can_ask(profile) {
            let next = Callout::info("It takes an M2M application").text(
                "A webhook of the tenant is made through Kinde's Management API. This profile has a domain alone",
            );
            if next.show_with(ui, |ui| Button::primary("Go to Tenant").show(ui).clicked()) {
                actions.push(Action::Go(Room::Tenant));
                ui.close();
            }
            return;
        }
        let most = ui.ctx().content_rect().height() - 190.0;
        // It grows with what is chosen: the dialog's own size is that of the frame before.
        let most = most.max(160.0);
        ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(ui, |ui| {
            ui.set_width(ui.available_width() - space::SM);
            how(ui, &mut draft, profile);
            ui.add_space(space::SM);
            webhook(ui, &mut draft, cx, actions);
            agree(ui, &mut draft, profile);
        });
        ui.add_space(space::SM);
        go = buttons(ui, &draft, profile);
    });
    if go {
        start(state, &draft, profile, cx, actions);
    } else if !closed {
        state.public.draft = Some(draft);
    }
}

fn how(ui: &mut Ui, draft: &mut Draft, profile: &Profile) {
    strong(ui, "How Kinde reaches this machine");
    ui.spacing_mut().item_spacing.y = 2.0;
    if on_this_machine(profile) {
        let mut straight = draft.straight;
        radio(ui, &mut straight, true, "Directly");
        note(ui, "This Kinde runs on this machine: no tunnel is needed");
        if straight && !draft.straight {
            (draft.straight, draft.chosen) = (true, true);
        }
    }
    for way in Way::ALL {
        one_way(ui, draft, way);
    }
    ui.spacing_mut().item_spacing.y = space::SM;
}

fn one_way(ui: &mut Ui, draft: &mut Draft, way: Way) {
    let offer = draft.offered.value().and_then(|offered| offered.ways.iter().find(|offer| offer.way == way));
    let missing = offer.is_some_and(|offer| offer.state == Found::Missing);
    let words = match offer {
        Some(offer) => match &offer.fix {
            Some(fix) if missing => format!("{}. {fix}", offer.words),
            _ => offer.words.clone(),
        },
        None if draft.offered.is_loading() => "Looking\u{2026}".to_owned(),
        None => String::new(),
    };
    let mut chosen = (!draft.straight).then_some(draft.way);
    ui.add_enabled_ui(!missing || chosen == Some(way), |ui| radio(ui, &mut chosen, Some(way), way.title()));
    if !words.is_empty() {
        note(ui, &words);
    }
    if let Some(now) = chosen.filter(|now| draft.straight || *now != draft.way) {
        (draft.way, draft.straight, draft.chosen, draft.agreed) = (now, false, true, false);
    }
    if draft.straight || draft.way != way {
        return;
    }
    let error = draft.wish_error();
    let said = error.as_ref().map(|error| format!("{}. {}", error.detail, error.hint));
    match way {
        Way::Own => {
            let said = said.filter(|_| !draft.own.trim().is_empty());
            FieldRow::new("Address")
                .placeholder("https://dev.example.com/")
                .hint("What forwards to the receiver: a tunnel or proxy of your own")
                .error(said.as_deref())
                .mono()
                .show(ui, &mut draft.own);
        }
        Way::Localtunnel => {
            let typed = !draft.name_wanted.is_empty() || !draft.server.is_empty();
            disclosure(ui, "localtunnel options", "localtunnel options", typed, |ui| {
                FieldRow::new("Name")
                    .hint("Wanted before .loca.lt; empty: any")
                    .error(said.as_deref().filter(|_| !draft.name_wanted.is_empty()))
                    .show(ui, &mut draft.name_wanted);
                FieldRow::new("Server")
                    .placeholder("https://localtunnel.me")
                    .hint("Empty: the public one")
                    .error(said.as_deref().filter(|_| !draft.server.is_empty() && draft.name_wanted.is_empty()))
                    .show(ui, &mut draft.server);
            });
        }
        Way::Ngrok | Way::Cloudflared => {}
    }
}

/// Small words below a choice.
fn note(ui: &mut Ui, words: &str) {
    choice_note(ui, words);
    ui.add_space(space::SM);
}

fn webhook(ui: &mut Ui, draft: &mut Draft, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    strong(ui, "The webhook");
    if draft.limit {
        Callout::warn("The plan has no room for another webhook")
            .text("Let one of the tenant's stand aside meanwhile, or delete one that is not needed")
            .show(ui);
    }
    let types = match (draft.all, draft.offered.value().and_then(|offered| offered.types.as_ref().ok())) {
        (true, Some(catalogue)) => format!("all {} event types", catalogue.types.len()),
        (true, None) => "all event types".to_owned(),
        (false, _) if draft.types.len() == 1 => "one event type".to_owned(),
        (false, _) => format!("{} event types", draft.types.len()),
    };
    let name = draft.name.trim().to_owned();
    prose(
        ui,
        &match &draft.instead_of {
            Some(old) => format!(
                "\u{201c}{}\u{201d} stands aside for \u{201c}{name}\u{201d}, for {types}. {ASIDE_NOTE}",
                old.definition.name
            ),
            None => format!("\u{201c}{name}\u{201d}, for {types}, is added now and taken away when you stop"),
        },
    );
    match &draft.offered {
        Load::Failed { error, .. } => {
            let error = error.clone();
            trouble(ui, &error, draft, cx, actions);
        }
        _ => {
            let unread = draft.offered.value().and_then(|offered| offered.webhooks.as_ref().err()).cloned();
            if let Some(error) = unread {
                trouble(ui, &error, draft, cx, actions);
            }
        }
    }
    let open = draft.limit || draft.instead_of.is_some();
    disclosure(ui, "webhook options", "Change the webhook", open, |ui| {
        FieldRow::new("Name").show(ui, &mut draft.name);
        instead_of(ui, draft);
        events(ui, draft);
    });
}

fn trouble(ui: &mut Ui, error: &crate::error::UserError, draft: &mut Draft, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if Callout::user_error(error).show_with(ui, |ui| Button::secondary("Try again").small().show(ui).clicked()) {
        draft.look_again(cx, actions);
    }
}

fn instead_of(ui: &mut Ui, draft: &mut Draft) {
    let none: &[crate::kinde::Webhook] = &[];
    let webhooks = draft.offered.value().and_then(|offered: &Offered| offered.webhooks.as_ref().ok());
    let webhooks: Vec<crate::kinde::Webhook> = webhooks.map_or(none, |all| all.as_slice()).to_vec();
    let added = "Nothing: it is added";
    let shown = draft.instead_of.as_ref().map_or(added, |old| old.definition.name.as_str()).to_owned();
    let hint = "Where the plan has no room for one more, or its own endpoint is to be left alone meanwhile";
    combo_row(ui, "Instead of", Some(hint), &shown, |ui| {
        if combo_item(ui, draft.instead_of.is_none(), added, "") {
            draft.instead_of = None;
        }
        for webhook in &webhooks {
            let chosen = draft.instead_of.as_ref().is_some_and(|old| old.id == webhook.id);
            if combo_item(ui, chosen, &webhook.definition.name, &webhook.definition.endpoint) {
                // Its own types, so that what it is for arrives here.
                draft.types.clone_from(&webhook.definition.event_types);
                draft.name.clone_from(&webhook.definition.name);
                draft.all = false;
                draft.instead_of = Some(webhook.clone());
            }
        }
    });
}

fn events(ui: &mut Ui, draft: &mut Draft) {
    strong(ui, "Event types");
    radio(ui, &mut draft.all, true, "All there are");
    radio(ui, &mut draft.all, false, "These");
    if draft.all {
        return;
    }
    let catalogue = draft.offered.value().and_then(|offered| offered.types.as_ref().ok());
    let mut all: Vec<(Category, String)> = match catalogue {
        Some(catalogue) => catalogue.types.iter().map(|it| (it.category, it.event_type.clone())).collect(),
        None => event_types::known().iter().map(|it| (it.category, it.event_type.clone())).collect(),
    };
    for code in &draft.types {
        if !all.iter().any(|(_, it)| it == code) {
            all.push((event_types::category_of(code), code.clone()));
        }
    }
    ui.indent("event types", |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for category in Category::ALL {
            let mut group = all.iter().filter(|(of, _)| *of == category).peekable();
            if group.peek().is_none() {
                continue;
            }
            small(ui, category.title());
            for (_, code) in group {
                let mut on = draft.types.contains(code);
                if checkbox(ui, &mut on, code).changed() {
                    draft.types.retain(|it| it != code);
                    if on {
                        draft.types.push(code.clone());
                    }
                }
            }
        }
    });
}

/// What has to be known before, and what is agreed to by pressing the button.
fn agree(ui: &mut Ui, draft: &mut Draft, profile: &Profile) {
    if profile.guard().is_on() {
        let title = format!("{}.", guard_words(profile));
        let what = "Every event of its users is delivered to this machine too, with their names and email addresses.";
        Callout::warn(title.trim_end_matches('.')).text(what).show(ui);
    }
    match draft.consent(profile) {
        Consent::Given => {}
        Consent::Ask(words) => Callout::warn("localtunnel is not private").text(words).show(ui),
        Consent::AskLive(words) => {
            Callout::warn("localtunnel is not private, and refused for a live environment until you allow it")
                .text(words)
                .show_with(ui, |ui| {
                    checkbox(ui, &mut draft.agreed, "Allow localtunnel for this environment");
                });
        }
    }
}

fn buttons(ui: &mut Ui, draft: &Draft, profile: &Profile) -> bool {
    let row = egui::vec2(ui.available_width(), size::CONTROL);
    ui.allocate_ui_with_layout(row, Layout::right_to_left(Align::Center), |ui| {
        let words = match draft.consent(profile) {
            Consent::Given => "Send events here",
            Consent::Ask(_) | Consent::AskLive(_) => "Allow and send events here",
        };
        let why_not = draft.why_not(profile);
        let go = Button::primary(words).enabled_or(why_not.is_none(), why_not.unwrap_or_default()).show(ui).clicked();
        if Button::secondary("Cancel").show(ui).clicked() {
            ui.close();
        }
        go
    })
    .inner
}
