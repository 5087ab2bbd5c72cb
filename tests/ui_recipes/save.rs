//! Saving the files: where to, what is there already, and what comes of it.

use crate::stage::*;
use egui::accesskit::Role;
use egui::{Theme, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kinde_panel::action::{Action, JobId, Mood};
use kinde_panel::backend::End;
use kinde_panel::backend::recipes::{Command, Event, Saved};
use kinde_panel::error::{Category, UserError};
use kinde_panel::recipes::{self, Stayed, Why};

fn saving() -> Window {
    let mut harness = page("nextjs");
    make(&mut harness, "Write route.ts");
    press_save(&mut harness);
    harness
}

/// The folder, the files that are to be written, and those that were shown to be there.
type Asked = (String, Vec<String>, Vec<String>);

fn saved(harness: &mut Window) -> (JobId, Asked) {
    asked(harness, |command| match command {
        Command::Save { folder, files, shown, .. } => {
            Some((folder, files.into_iter().map(|file| file.path).collect(), shown))
        }
        _ => None,
    })
}

const ROUTE: &str = "app/api/kinde-webhook/route.ts";
const ENV: &str = ".env.local";

fn strings(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

fn written(kept: &[(&str, &str, Why)]) -> Event {
    let stayed = |&(name, path, why): &(&str, &str, Why)| Stayed { name: name.to_owned(), path: path.to_owned(), why };
    Event::Saved(Ok(Saved::Written { folder: "/home/ada/app".into(), kept: kept.iter().map(stayed).collect() }))
}

#[test]
fn the_dialog_names_the_files_and_writes_them_below_the_folder() {
    let mut harness = saving();
    harness.get_by_label_contains("belong in no repository");
    assert!(harness.get_by_role_and_label(Role::Button, "Save").accesskit_node().is_disabled(), "no folder yet");
    type_into(&mut harness, "Folder", "/home/ada/app");
    press(&mut harness, "Save");
    let (job, what) = saved(&mut harness);
    assert_eq!(what, ("/home/ada/app".to_owned(), strings(&[ROUTE, ENV]), strings(&[])));
    tell(&mut harness, job, written(&[]));
    assert!(harness.query_by_label("Save to folder").is_none());
    let actions = std::mem::take(&mut harness.state_mut().actions);
    assert!(
        actions.iter().any(|action| matches!(action, Action::Notify(_, title, at) if title == "2 files were saved" && at == "/home/ada/app")),
        "{actions:?}"
    );
    press_save(&mut harness);
    let field = harness.get_by_role_and_label(Role::TextInput, "Folder");
    assert_eq!(field.accesskit_node().value().unwrap(), "/home/ada/app", "the next ones go there too");
}

#[test]
fn saving_stands_above_values_and_files_where_they_are_made() {
    for (name, words) in
        [("nextjs", "Save 2 files to a folder…"), ("cloudflare-zero-trust", "Save 3 files to a folder…")]
    {
        let mut harness = page_of(acme(), name, Theme::Dark, vec2(1080.0, 820.0));
        typed(&mut harness, name);
        make(&mut harness, &recipes::find(name).unwrap().content().action);
        let save = harness.get_by_role_and_label(Role::Button, words).rect();
        let values = harness.get_by_label("Values").rect();
        assert!(save.bottom() < values.top() && save.bottom() < 820.0, "{name}: {save} {values}");
    }
}

/// The dialog once the folder was found to hold both files.
fn both_there() -> Window {
    let mut harness = saving();
    type_into(&mut harness, "Folder", "/home/ada/app");
    press(&mut harness, "Save");
    let (job, _) = saved(&mut harness);
    tell(&mut harness, job, Event::Saved(Ok(Saved::There(strings(&[ROUTE, ENV])))));
    harness
}

fn tick(harness: &mut Window, path: &str) {
    harness.get_by_role_and_label(Role::CheckBox, path).click();
    harness.run_ok();
}

#[test]
fn a_file_that_is_there_stays_unless_it_is_ticked_and_an_environment_file_keeps_its_lines() {
    let mut harness = both_there();
    harness.get_by_label("2 files are there already");
    harness.get_by_label("There already: it stays as it is");
    harness.get_by_label("There already: its lines stay; those it lacks are added, empty ones filled in");
    assert!(harness.query_by_role_and_label(Role::Button, "Replace and save").is_none());
    press(&mut harness, "Save");
    let (job, what) = saved(&mut harness);
    assert_eq!(what, ("/home/ada/app".to_owned(), strings(&[ENV]), strings(&[ROUTE, ENV])));
    tell(&mut harness, job, written(&[("KINDE_ISSUER_URL", ENV, Why::Another)]));
    let actions = std::mem::take(&mut harness.state_mut().actions);
    let told = |action: &Action| {
        matches!(action, Action::Notify(_, title, text)
            if title == "One file was saved" && text.ends_with("As it was: KINDE_ISSUER_URL in .env.local"))
    };
    assert!(actions.iter().any(told), "{actions:?}");
}

#[test]
fn a_key_that_stays_in_the_file_and_is_not_the_one_that_was_made_is_told_plainly() {
    let mut harness = page("campaign-state");
    typed(&mut harness, "campaign-state");
    make(&mut harness, "Write the sender and the receiver");
    press_save(&mut harness);
    type_into(&mut harness, "Folder", "/home/ada/app");
    press(&mut harness, "Save");
    let (job, _) = saved(&mut harness);
    tell(
        &mut harness,
        job,
        written(&[("KINDE_SITE_URL", ENV, Why::Another), ("CAMPAIGN_STATE_KEY", ENV, Why::Another)]),
    );
    assert!(harness.query_by_label("Save to folder").is_none());
    let actions = std::mem::take(&mut harness.state_mut().actions);
    let told = |action: &Action| {
        matches!(action, Action::Notify(Mood::Warn, title, text)
            if title == "4 files were saved"
                && text.contains("As it was: KINDE_SITE_URL in .env.local. CAMPAIGN_STATE_KEY in .env.local stays")
                && text.contains("another than the Signing key here"))
    };
    assert!(actions.iter().any(told), "{actions:?}");
}

#[test]
fn a_client_secret_that_was_not_set_beside_another_client_id_is_told_plainly() {
    let mut harness = page("supabase");
    typed(&mut harness, "supabase");
    make(&mut harness, &recipes::find("supabase").unwrap().content().action);
    press_save(&mut harness);
    type_into(&mut harness, "Folder", "/home/ada/app");
    press(&mut harness, "Save");
    let (job, _) = saved(&mut harness);
    let stayed = [("KINDE_CLIENT_ID", ENV, Why::Another), ("KINDE_CLIENT_SECRET", ENV, Why::NotOurs)];
    tell(&mut harness, job, written(&stayed));
    let actions = std::mem::take(&mut harness.state_mut().actions);
    let told = |action: &Action| {
        matches!(action, Action::Notify(Mood::Warn, _, text)
            if text.contains("As it was: KINDE_CLIENT_ID in .env.local. KINDE_CLIENT_SECRET in .env.local is not set")
                && text.contains("names another application"))
    };
    assert!(actions.iter().any(told), "{actions:?}");
}

#[test]
fn what_is_ticked_is_replaced_at_a_word_that_says_so_and_another_folder_begins_anew() {
    let mut harness = both_there();
    tick(&mut harness, ROUTE);
    harness.get_by_label("There already: it is replaced");
    assert!(harness.query_by_role_and_label(Role::Button, "Save").is_none());
    press(&mut harness, "Replace and save");
    let (job, what) = saved(&mut harness);
    assert_eq!(what.1, [ROUTE, ENV]);
    end(&mut harness, job, End::Broken);
    harness.get_by_label("The work broke off");
    tick(&mut harness, ROUTE);
    tick(&mut harness, ENV);
    assert!(harness.get_by_role_and_label(Role::Button, "Save").accesskit_node().is_disabled(), "nothing is ticked");
    type_into(&mut harness, "Folder", "/home/ada/other");
    press(&mut harness, "Save");
    let (_, what) = saved(&mut harness);
    assert_eq!(what, ("/home/ada/other".to_owned(), strings(&[ROUTE, ENV]), strings(&[])));
}

#[test]
fn a_folder_can_be_chosen_and_a_desktop_without_a_chooser_says_what_to_do() {
    let mut harness = saving();
    let pick = |harness: &mut Window| {
        press(harness, "Choose…");
        asked(harness, |command| matches!(command, Command::PickFolder).then_some(())).0
    };
    let job = pick(&mut harness);
    let error = UserError::new(Category::File, "This desktop has no file chooser").hint("type the folder's path");
    tell(&mut harness, job, Event::Folder(Err(error)));
    harness.get_by_label("This desktop has no file chooser");
    let job = pick(&mut harness);
    tell(&mut harness, job, Event::Folder(Ok(Some("/home/ada/app".into()))));
    let field = harness.get_by_role_and_label(Role::TextInput, "Folder");
    assert_eq!(field.accesskit_node().value().unwrap(), "/home/ada/app");
    press(&mut harness, "Cancel");
    assert!(harness.query_by_label("Save to folder").is_none());
}

#[test]
fn a_folder_that_is_not_there_is_made_at_a_word_that_says_so_and_not_at_enter() {
    let mut harness = saving();
    type_into(&mut harness, "Folder", "/nonexist/app");
    press(&mut harness, "Save");
    let make = |harness: &mut Window| {
        asked(harness, |command| match command {
            Command::Save { make, .. } => Some(make),
            _ => None,
        })
    };
    let (job, made) = make(&mut harness);
    assert!(!made);
    tell(&mut harness, job, Event::Saved(Ok(Saved::NoFolder)));
    end(&mut harness, job, End::Done);
    harness.get_by_label("There is no such folder: it is made");
    assert!(harness.query_by_role_and_label(Role::Button, "Save").is_none());
    assert!(harness.get_by_role_and_label(Role::TextInput, "Folder").is_focused());
    harness.key_press(egui::Key::Enter);
    harness.run_ok();
    assert!(nothing_asked(&mut harness), "a word that is meant for a typing error makes no folder");
    press(&mut harness, "Make it and save");
    let (_, made) = make(&mut harness);
    assert!(made);
}

#[test]
fn a_message_that_is_gone_leaves_no_gap_in_the_dialog() {
    let mut harness = saving();
    let room = |harness: &mut Window| {
        harness.run_steps(8);
        let below = harness.get_by_role_and_label(Role::TextInput, "Folder").rect().bottom();
        harness.get_by_role_and_label(Role::Button, "Cancel").rect().top() - below
    };
    let before = room(&mut harness);
    type_into(&mut harness, "Folder", "app");
    press(&mut harness, "Save");
    let (job, _) = saved(&mut harness);
    let error = UserError::new(Category::Input, "This is not a whole path").detail("app").hint("Type it from the top");
    tell(&mut harness, job, Event::Saved(Err(error)));
    end(&mut harness, job, End::Done);
    assert!(room(&mut harness) > before + 20.0, "the message takes room");
    press(&mut harness, "Cancel");
    press_save(&mut harness);
    assert!((room(&mut harness) - before).abs() < 1.0, "{before}");
}

#[test]
fn what_is_known_of_a_folder_is_said_of_no_other() {
    let mut harness = saving();
    type_into(&mut harness, "Folder", "/nonexist/app");
    press(&mut harness, "Save");
    let (job, _) = saved(&mut harness);
    type_into(&mut harness, "Folder", "/home/ada/app");
    tell(&mut harness, job, Event::Saved(Ok(Saved::NoFolder)));
    end(&mut harness, job, End::Done);
    assert!(harness.query_by_label("There is no such folder: it is made").is_none());
    harness.get_by_role_and_label(Role::Button, "Save");
}

#[test]
fn a_folder_that_is_refused_is_typed_once_more_where_it_stands() {
    let mut harness = saving();
    type_into(&mut harness, "Folder", "app");
    harness.key_press(egui::Key::Enter);
    harness.run_ok();
    let (job, _) = saved(&mut harness);
    tell(&mut harness, job, Event::Saved(Err(UserError::new(Category::Input, "This is not a whole path"))));
    harness.get_by_label("This is not a whole path");
    assert!(harness.get_by_role_and_label(Role::TextInput, "Folder").is_focused());
}
