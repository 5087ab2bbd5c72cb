//! The set-up guide of a provider, its callback address, the check of its credentials, and what a revocation does there.

use egui::{Label, RichText, Ui};

use super::state::State;
use crate::action::Action;
use crate::backend::connect::Command;
use crate::check::{Verdict, worst};
use crate::providers::{self, GuideStep, Place, Provider};
use crate::screens::Cx;
use crate::tenant::Profile;
use crate::ui::tokens::{size, space, text};
use crate::ui::{
    Button, FieldRow, LoadView, badge, check_list, check_rows, copy_button, disclosure, key_value_copy, link, marked,
    prose, secret_row, small, subdued, tokens,
};
use crate::ui::{LoadAsk, Mood};

pub(super) fn show(
    ui: &mut Ui,
    state: &mut State,
    profile: &Profile,
    provider: Option<&'static Provider>,
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) {
    let callbacks = callbacks(state, profile);
    disclosure(ui, "guide", "Set-up guide", false, |ui| match provider {
        Some(provider) => {
            ui.horizontal(|ui| {
                small(ui, &format!("Facts last looked at {}", providers::catalogue_checked()));
                if link(ui, &format!("Open {}", console_name(provider)), &provider.console).clicked() {
                    actions.push(Action::OpenUrl(provider.console.clone()));
                }
            });
            for (index, step) in provider.guide().iter().enumerate() {
                ui.push_id(index, |ui| one(ui, index + 1, step, provider, &callbacks, actions));
            }
        }
        None => {
            prose(ui, "The panel has a guide for six providers. Add the app again and choose its provider");
        }
    });
    disclosure(ui, "callback", "Callback address", false, |ui| callback(ui, state, &callbacks));
    let Some(provider) = provider else { return };
    disclosure(ui, "credentials", "Check the provider's credentials", false, |ui| {
        credentials(ui, state, profile, provider, callbacks.first().map_or("", String::as_str), cx, actions);
    });
    disclosure(ui, "facts", &format!("Tokens and revocation at {}", provider.name), false, |ui| {
        facts(ui, provider, actions);
    });
}

fn console_name(provider: &Provider) -> String {
    format!("the console of {}", provider.name)
}

/// Provider to Kinde on every origin of the tenant: as the tenant told them, else as the profile knows them.
fn callbacks(state: &State, profile: &Profile) -> Vec<String> {
    let known: Vec<String> =
        profile.api_domain().into_iter().chain(profile.issuers()).map(|domain| domain.as_str().to_owned()).collect();
    let origins = if state.origins.is_empty() { &known } else { &state.origins };
    providers::callback_urls(origins.iter().map(String::as_str))
}

fn one(
    ui: &mut Ui,
    number: usize,
    step: &GuideStep,
    provider: &Provider,
    callbacks: &[String],
    actions: &mut Vec<Action>,
) {
    let t = tokens(ui);
    ui.horizontal_top(|ui| {
        ui.scope(|ui| {
            ui.set_width(22.0);
            ui.label(RichText::new(number.to_string()).color(t.text_subdued));
        });
        ui.scope(|ui| {
            ui.set_width(110.0);
            let (mood, word) = match step.place {
                Place::Kinde => (Mood::Neutral, "Kinde"),
                Place::Provider => (Mood::Info, provider.name.as_str()),
                Place::Panel => (Mood::Success, "Here"),
                Place::Browser => (Mood::Warn, "Browser"),
            };
            badge(ui, mood, word);
        });
        ui.vertical(|ui| {
            ui.set_max_width(ui.available_width().min(size::PROSE_MAX));
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.add(Label::new(marked(&step.text, text::BODY, t.text_strong, t.text_strong)).wrap());
            if let Some(note) = &step.note {
                ui.add(Label::new(marked(note, text::SMALL, t.text_subdued, t.text)).wrap());
            }
            if let Some(corrected) = &step.corrected {
                let words = format!("Differs from Kinde's guide: {corrected}");
                ui.add(Label::new(marked(&words, text::SMALL, t.warn.text, t.text)).wrap());
            }
            let copy = callbacks.first().filter(|_| step.copy.as_deref() == Some("callback"));
            if step.link.is_none() && copy.is_none() {
                return;
            }
            ui.horizontal_wrapped(|ui| {
                if let Some(address) = &step.link
                    && link(ui, &host_of(address), address).clicked()
                {
                    actions.push(Action::OpenUrl(address.clone()));
                }
                if let Some(url) = copy {
                    copy_button(ui, "Copy Provider to Kinde", || url.clone());
                }
            });
        });
    });
    ui.add_space(space::XS);
}

/// `github.com` of an address, to say where a link leads.
fn host_of(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest).to_owned()
}

fn callback(ui: &mut Ui, state: &mut State, callbacks: &[String]) {
    prose(
        ui,
        "Register Provider to Kinde at the provider, letter by letter. Which domain applies stands on the tile in Kinde",
    );
    if callbacks.is_empty() {
        subdued(ui, "The tenant's address is not known yet");
    }
    for (index, url) in callbacks.iter().enumerate() {
        key_value_copy(ui, if index == 0 { "Kinde domain" } else { "Custom domain" }, url);
    }
    ui.add_space(space::XS);
    FieldRow::new("From the tile")
        .placeholder("https://acme.kinde.com/connected_apps/callback")
        .hint("Paste Provider to Kinde from the tile's Configure page: it is compared at once")
        .mono()
        .show(ui, &mut state.tile);
    if !state.tile.trim().is_empty() {
        let check = providers::compare_callback(&state.tile, callbacks);
        check_rows(ui, "tile", std::slice::from_ref(&check));
    }
    ui.add_space(space::SM);
}

fn credentials(
    ui: &mut Ui,
    state: &mut State,
    profile: &Profile,
    provider: &Provider,
    callback: &str,
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) {
    let name = &provider.name;
    prose(
        ui,
        &format!(
            "Before they are typed into Kinde: {name} is asked with a made-up code, and its complaint tells genuine credentials from wrong ones. Nothing is kept"
        ),
    );
    let form = &mut state.credentials;
    FieldRow::new("Provider's client ID").mono().show(ui, &mut form.client_id);
    secret_row(ui, "Provider's client secret", None, None, &mut form.secret);
    let ready = !form.client_id.trim().is_empty() && !form.secret.is_empty() && !form.load.is_loading();
    let pressed = Button::secondary("Check the credentials")
        .enabled_or(ready, "Type client ID and client secret first")
        .show(ui)
        .clicked();
    let headline = |verdict| match verdict {
        Verdict::Pass => format!("{name} knows these credentials"),
        Verdict::Fail => format!("{name} does not accept these credentials"),
        Verdict::Warn | Verdict::Skipped => format!("{name} does not tell for sure"),
    };
    let asking = format!("Asking {name}…");
    let asked = LoadView::new(&asking).show(ui, &mut form.load, |ui, checks| {
        check_list(ui, "credentials", &headline(worst(checks)), checks);
    });
    if pressed || asked == Some(LoadAsk::Retry) {
        form.load.start();
        form.job = cx.job();
        let command = Command::Credentials {
            profile: profile.id,
            provider: provider.id.clone(),
            client_id: form.client_id.trim().to_owned(),
            secret: form.secret.peek(),
            callback: callback.to_owned(),
        };
        actions.push(Action::Run(form.job, command.into()));
    }
    ui.add_space(space::SM);
}

fn facts(ui: &mut Ui, provider: &Provider, actions: &mut Vec<Action>) {
    prose(
        ui,
        "Disconnect in Kinde takes the app off the list and revokes nothing; Revoke here ends the session at Kinde.",
    );
    for (name, words) in [
        ("Revocation", &provider.revocation),
        ("Lifetime", &provider.lifetime),
        ("Refresh", &provider.refresh),
        ("PKCE", &provider.pkce),
        ("Scopes", &provider.scope_note),
    ] {
        ui.add_space(space::XS);
        small(ui, name);
        ui.scope(|ui| {
            ui.set_max_width(ui.available_width().min(size::PROSE_MAX));
            let t = tokens(ui);
            ui.add(Label::new(marked(words, text::BODY, t.text, t.text_strong)).wrap());
        });
    }
    if let Some(page) = &provider.revoke_page
        && link(ui, &format!("Take the app away at {}", provider.name), page).clicked()
    {
        actions.push(Action::OpenUrl(page.clone()));
    }
    ui.add_space(space::SM);
    disclosure(ui, "scopes", "What each scope means", false, |ui| {
        for scope in &provider.scopes {
            crate::ui::key_value(ui, &scope.name, &scope.means);
        }
    });
}
