//! Forgetting the inputs of a recipe: what is asked first, and what can be had back.

use crate::stage::*;
use egui::accesskit::Role;
use egui::{Theme, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kinde_panel::action::{Action, JobId};
use kinde_panel::backend::recipes::{Command, Event, Opened};
use kinde_panel::secrets::Secret;
use kinde_panel::tenant::KeptRecipe;

/// What was remembered.
const KEPT: &str = "https://kept.example.com";
const QUESTION: &str = "Forget the inputs of Supabase and a to-do app?";

/// The page of Supabase with a signing secret out of the keyring.
fn supabase() -> Window {
    let mut harness = window_of(Some(acme()), Theme::Dark, vec2(1080.0, 1500.0));
    press(&mut harness, "Supabase and a to-do app");
    let secrets = [("jwt_secret".to_owned(), Secret::new(CANARY))].into();
    opened(&mut harness, Opened { secrets, ..Opened::default() });
    typed(&mut harness, "supabase");
    harness
}

fn forgotten(harness: &mut Window) -> Vec<Action> {
    let profile = harness.state().profile.as_ref().unwrap().id;
    let (job, ()): (JobId, ()) = asked(harness, |command| matches!(command, Command::Forget { .. }).then_some(()));
    let inputs = [("site".to_owned(), KEPT.to_owned())].into();
    let before = Box::new(KeptRecipe { inputs, ..KeptRecipe::default() });
    tell(harness, job, Event::Forgotten { profile, before, result: Ok(()) });
    std::mem::take(&mut harness.state_mut().actions)
}

fn asks(harness: &Window) -> bool {
    harness.query_all_by_label(QUESTION).next().is_some()
}

#[test]
fn secrets_are_deleted_after_a_question_that_names_them_and_not_at_one_click() {
    let mut harness = supabase();
    choose(&mut harness, "Forget the inputs");
    harness.run_steps(8);
    assert!(asks(&harness) && nothing_asked(&mut harness));
    harness.get_by_label_contains("Signing secret is deleted from the keyring");
    harness.get_by_label_contains("cannot be had back");
    assert!(harness.get_by_role_and_label(Role::Button, "Cancel").is_focused());
    press(&mut harness, "Cancel");
    harness.run_steps(8);
    assert!(!asks(&harness) && nothing_asked(&mut harness));
    choose(&mut harness, "Forget the inputs");
    harness.run_steps(8);
    press(&mut harness, "Forget and delete");
    let actions = forgotten(&mut harness);
    let told = |action: &Action| matches!(action, Action::Notify(_, _, text) if text == "Their secrets are deleted");
    assert!(actions.iter().any(told), "{actions:?}");
    assert!(!asks(&harness));
    typed(&mut harness, "supabase");
    press(&mut harness, "Write the app's files");
    let (_, ask) = call(&mut harness);
    assert!(ask.given.secrets.is_empty(), "{:?}", ask.given.secrets.keys());
}

#[test]
fn secrets_that_the_window_did_not_know_of_are_asked_about_too_and_nothing_is_gone_before() {
    let mut harness = page("supabase");
    typed(&mut harness, "supabase");
    choose(&mut harness, "Forget the inputs");
    let forget = |harness: &mut Window| {
        asked(harness, |command| match command {
            Command::Forget { secrets, .. } => Some(secrets),
            _ => None,
        })
    };
    let (job, agreed) = forget(&mut harness);
    assert!(!agreed && !asks(&harness), "none is known here");
    tell(&mut harness, job, Event::HasSecrets(vec!["jwt_secret".to_owned()]));
    harness.run_steps(8);
    assert!(asks(&harness));
    harness.get_by_label_contains("Signing secret is deleted from the keyring");
    press(&mut harness, "Cancel");
    harness.run_steps(8);
    assert!(!asks(&harness) && nothing_asked(&mut harness));
    choose(&mut harness, "Forget the inputs");
    let (job, _) = forget(&mut harness);
    tell(&mut harness, job, Event::HasSecrets(vec!["jwt_secret".to_owned()]));
    harness.run_steps(8);
    press(&mut harness, "Forget and delete");
    let (_, agreed) = forget(&mut harness);
    assert!(agreed);
}

#[test]
fn plain_inputs_are_forgotten_without_a_question_and_can_be_had_back() {
    let mut harness = page("wordpress");
    type_into(&mut harness, "WordPress address", "https://blog.example.com");
    choose(&mut harness, "Forget the inputs");
    let actions = forgotten(&mut harness);
    let site = |harness: &Window| {
        harness.get_by_role_and_label(Role::TextInput, "WordPress address").accesskit_node().value().unwrap_or_default()
    };
    assert_eq!(site(&harness), "");
    let offered = actions.into_iter().find_map(|action| match action {
        Action::Offer { words: "Undo", action, .. } => Some(*action),
        _ => None,
    });
    let Some(&Action::UndoForget { profile, recipe }) = offered.as_ref() else { panic!("{offered:?}") };
    harness.state_mut().with(|state, cx, actions| state.undo_forget(profile, recipe, cx, actions));
    harness.run_ok();
    assert_eq!(site(&harness), "https://blog.example.com");
    let (_, before) = asked(&mut harness, |command| match command {
        Command::Remember { before, .. } => Some(before),
        _ => None,
    });
    assert_eq!(before.inputs["site"], KEPT, "what is remembered is what was");
}

#[test]
fn what_is_typed_after_forgetting_is_not_overwritten_by_what_is_had_back() {
    let mut harness = page("campaign-state");
    type_into(&mut harness, "Source", "reddit");
    type_into(&mut harness, "Medium", "social");
    choose(&mut harness, "Forget the inputs");
    forgotten(&mut harness);
    type_into(&mut harness, "Source", "mastodon");
    let profile = harness.state().profile.as_ref().unwrap().id;
    harness.state_mut().with(|state, cx, actions| state.undo_forget(profile, "campaign-state", cx, actions));
    harness.run_ok();
    for (field, text) in [("Source", "mastodon"), ("Medium", "social")] {
        let node = harness.get_by_role_and_label(Role::TextInput, field);
        assert_eq!(node.accesskit_node().value().unwrap_or_default(), text);
    }
}

#[test]
fn the_shared_client_secret_is_not_forgotten_with_one_recipe() {
    let mut harness = window_of(Some(acme()), Theme::Dark, vec2(1080.0, 1500.0));
    press(&mut harness, "WordPress");
    let web = acme().web_client_id.unwrap();
    let secrets = [("client_secret".to_owned(), Secret::new(CANARY))].into();
    opened(&mut harness, Opened { secrets, web_secret_of: web, ..Opened::default() });
    choose(&mut harness, "Forget the inputs");
    forgotten(&mut harness);
    typed(&mut harness, "wordpress");
    press(&mut harness, "Write the constants");
    let (_, ask) = call(&mut harness);
    assert_eq!(ask.given.secrets["client_secret"], Secret::new(CANARY));
    assert!(ask.let_go.is_empty());
}
