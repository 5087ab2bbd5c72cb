//! `.env` files: chosen, dropped or pasted; what was found in them, and the forms filled from it.

use egui::Ui;

use super::State;
use crate::action::Action;
use crate::backend::tenant::Command;
use crate::screens::Cx;
use crate::screens::env_paste::{self, Given};
use crate::tenant::env_import::Credentials;
use crate::ui::tokens::space;
use crate::ui::{Button, Callout, card, key_value, line, prose, small, title};

/// Lets a person choose a file.
pub(super) fn pick(state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    state.env_job = cx.job();
    state.run(state.env_job, Command::PickEnv, actions);
}

/// Takes a dropped file, and a paste that is a `.env` text.
pub(super) fn take_pasted(ui: &Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let command = match env_paste::take(ui, is_env) {
        Some(Given::Text(text)) => Command::ReadEnvText { text },
        Some(Given::File(path)) => Command::ReadEnv { path },
        None => return,
    };
    state.env_job = cx.job();
    state.run(state.env_job, command, actions);
}

/// A name of Kinde's with a value, on a line of its own.
fn is_env(text: &str) -> bool {
    text.lines()
        .any(|line| line.split_once('=').is_some_and(|(name, _)| name.contains("KINDE_") && !name.contains("://")))
}

/// Fills the forms from what was just read, and looks at its domain at once.
pub(super) fn fill(state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if !std::mem::take(&mut state.env_fresh) {
        return;
    }
    let Some(found) = state.env.as_ref().map(|file| file.imported.clone()) else { return };
    if let Some(m2m) = &found.m2m {
        state.m2m.open = true;
        state.m2m.client_id.clone_from(&m2m.client_id);
        state.m2m.secret.clear();
        if let Some(secret) = &m2m.client_secret {
            state.m2m.secret.set(secret);
        }
        state.m2m.audience = found.audience.clone().unwrap_or_default();
        state.m2m.error = None;
    }
    let Some(domain) = found.domain else { return };
    let here = cx.profile.is_some_and(|profile| !profile.is_sandbox() && profile.issuers().contains(&domain));
    if !here {
        state.adding = cx.profile.is_some();
        state.domain = domain.to_string();
        state.check_domain(cx, actions);
    }
}

/// What was found, and what it is.
pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if let Some(error) = &state.env_error {
        Callout::user_error(error).show(ui);
        ui.add_space(space::MD);
    }
    let Some(file) = state.env.clone() else { return };
    let found = &file.imported;
    let mut close = false;
    card(ui, |ui| {
        title(ui, &format!("From {}", file.name));
        if let Some(domain) = &found.domain {
            key_value(ui, "Domain", domain.authority());
        }
        if let Some(m2m) = &found.m2m {
            key_value(ui, "M2M application", &words_of(m2m));
        }
        if let Some(web) = &found.web {
            key_value(ui, "Web application", &words_of(web));
        }
        for note in &found.notes {
            prose(ui, note);
        }
        if let Some(error) = &found.broken_domain {
            Callout::user_error(error).show(ui);
        }
        ui.add_space(space::XS);
        ui.horizontal(|ui| {
            let profile = cx.profile.filter(|profile| !profile.is_sandbox() && !state.adding);
            if let (Some(web), Some(profile)) = (&found.web, profile) {
                if profile.web_client_id.as_deref() == Some(&web.client_id) {
                    small(ui, "The web application is kept for recipes");
                } else if Button::secondary("Keep the web application").show(ui).clicked() {
                    state.change_job = cx.job();
                    let command = Command::KeepWeb {
                        profile: profile.id,
                        client_id: web.client_id.clone(),
                        secret: web.client_secret.clone(),
                    };
                    state.run(state.change_job, command, actions);
                }
            }
            close = Button::secondary("Close").name("Close the import").show(ui).clicked();
            if found.m2m.is_some() {
                line(ui, "The form below is filled from it");
            }
        });
    });
    ui.add_space(space::LG);
    if close {
        state.env = None;
    }
}

fn words_of(found: &Credentials) -> String {
    let secret = if found.client_secret.is_some() { "with its secret" } else { "without its secret" };
    format!("{}, {secret} ({})", found.client_id, found.from)
}

#[cfg(test)]
mod tests {
    use super::is_env;

    #[test]
    fn an_env_text_is_told_from_an_address_and_from_a_token() {
        assert!(is_env("# my app\nKINDE_ISSUER_URL=https://acme.kinde.com\n"));
        assert!(is_env("export NEXT_PUBLIC_KINDE_DOMAIN='acme'"));
        assert!(!is_env("https://acme.kinde.com/?x=KINDE_"));
        assert!(!is_env("eyJhbGciOiJSUzI1NiJ9.e30=.x"));
    }
}
