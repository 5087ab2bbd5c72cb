//! Inputs that cannot be used: told at their fields, and nowhere else.

use crate::stage::*;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use kinde_panel::action::{Action, JobId};
use kinde_panel::backend;
use kinde_panel::backend::End;
use kinde_panel::backend::recipes::{Command, Event};
use kinde_panel::error::{Category, UserError};

/// Presses the button that registers; the jobs of what is made and of what would change.
fn register(harness: &mut Window) -> (JobId, JobId) {
    press(harness, "Register the callback");
    let (mut made, mut plan) = (0, 0);
    for action in std::mem::take(&mut harness.state_mut().actions) {
        match action {
            Action::Run(job, backend::Command::Recipes(Command::Run(_))) => made = job,
            Action::Run(job, backend::Command::Recipes(Command::Plan(_))) => plan = job,
            _ => {}
        }
    }
    assert!(made != 0 && plan != 0);
    (made, plan)
}

fn team(text: &str) -> Window {
    let mut harness = page("cloudflare-zero-trust");
    type_into(&mut harness, "Team", text);
    harness
}

#[test]
fn a_word_that_cannot_be_used_is_told_at_its_field_once_and_until_it_is_another() {
    let mut harness = team("a b");
    let (made, plan) = register(&mut harness);
    let error = really_refused("cloudflare-zero-trust", &[("team", "a b")]);
    tell(&mut harness, made, Event::Made(Err(error.clone())));
    tell(&mut harness, plan, Event::Planned(Err(error)));
    assert!(harness.get_by_role_and_label(Role::TextInput, "Team").is_focused());
    assert_eq!(harness.query_all_by_label_contains("This is no Zero Trust team. ").count(), 1);
    assert!(harness.query_by_role_and_label(Role::Button, "Try again").is_none());
    tab(&mut harness, "Result");
    assert!(harness.query_by_label_contains("no Zero Trust team").is_none(), "there is nothing to try again");
    tab(&mut harness, "Set up");
    type_into(&mut harness, "Team", "mirosaurus");
    assert!(harness.query_by_label_contains("no Zero Trust team").is_none());
}

#[test]
fn a_check_that_cannot_be_begun_leads_to_the_field_too() {
    let mut harness = team("a b");
    press(&mut harness, "Check");
    let (job, _) = call(&mut harness);
    let error = really_refused("cloudflare-zero-trust", &[("team", "a b")]);
    tell(&mut harness, job, Event::Judged(Err(error)));
    end(&mut harness, job, End::Done);
    assert!(harness.get_by_role_and_label(Role::TextInput, "Team").is_focused());
    harness.get_by_label_contains("This is no Zero Trust team. ");
    tab(&mut harness, "Checks");
    harness.get_by_label_contains("Check looks whether the real thing works");
}

#[test]
fn what_was_refused_and_is_another_word_meanwhile_is_not_laid_on_its_field() {
    let mut harness = team("a b");
    let (made, _) = register(&mut harness);
    tab(&mut harness, "Set up");
    type_into(&mut harness, "Team", "mirosaurus");
    let error = really_refused("cloudflare-zero-trust", &[("team", "a b")]);
    tell(&mut harness, made, Event::Made(Err(error)));
    assert!(harness.query_by_label_contains("no Zero Trust team").is_none());
}

#[test]
fn what_stops_files_and_changes_alike_is_told_once() {
    let mut harness = team("mirosaurus");
    let (made, plan) = register(&mut harness);
    let error = UserError::new(Category::File, "The keyring is locked").hint("Unlock it");
    tell(&mut harness, made, Event::Made(Err(error.clone())));
    tell(&mut harness, plan, Event::Planned(Err(error)));
    assert_eq!(harness.query_all_by_label("The keyring is locked").count(), 1);
    assert_eq!(harness.query_all_by_label("Try again").count(), 1);
}

#[test]
fn every_refusal_of_a_word_names_its_input() {
    /// The recipe, what is typed, and the input that is refused.
    type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str);
    const STORE: (&str, &str) = ("store", "acme");
    const SOURCE: (&str, &str) = ("source", "reddit");
    const CALLBACK: (&str, &str) = ("callback_url", "https://A01JMF0X.callbacks.bravostudio.app/");
    let cases: [Case; 13] = [
        ("bravo-studio", &[("callback_url", "nonsense")], "callback_url"),
        ("bravo-studio", &[CALLBACK, ("state", "short")], "state"),
        ("campaign-state", &[SOURCE, ("site", "ftp://a.example")], "site"),
        ("edge-workers", &[("name", "Not A Name")], "name"),
        ("edge-workers", &[("runtime", "nosuch")], "runtime"),
        ("openid-provider", &[("callback_url", "nonsense")], "callback_url"),
        ("shopify-multipass", &[("store", "admin.shopify.com")], "store"),
        ("shopify-multipass", &[STORE, ("remote_ip", "nonsense")], "remote_ip"),
        ("shopify-multipass", &[STORE, ("return_to", "https://other.example/")], "return_to"),
        ("supabase", &[("project", "http://abc.supabase.co")], "project"),
        ("supabase", &[("project", "abc"), ("user_id", "ada")], "user_id"),
        ("wordpress", &[("site", "https://blog.example.com/?a=b")], "site"),
        ("wordpress", &[], "site"),
    ];
    for (name, plain, key) in cases {
        let error = really_refused(name, plain);
        assert_eq!((error.category, error.input.as_deref()), (Category::Input, Some(key)), "{name}: {error:?}");
    }
}
