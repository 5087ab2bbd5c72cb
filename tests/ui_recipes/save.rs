//! Saving the files: where to, what is there already, and what comes of it.

use crate::stage::*;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kinde_panel::action::{Action, JobId};
use kinde_panel::backend::End;
use kinde_panel::backend::recipes::{Command, Event, Saved};
use kinde_panel::error::{Category, UserError};

fn saving() -> Window {
    let mut harness = page("nextjs");
    make(&mut harness, "Write route.ts");
    press(&mut harness, "Save to folder…");
    harness
}

fn saved(harness: &mut Window) -> (JobId, (String, usize, bool)) {
    asked(harness, |command| match command {
        Command::Save { folder, files, force } => Some((folder, files.len(), force)),
        _ => None,
    })
}

#[test]
fn the_dialog_names_the_files_and_writes_them_below_the_folder() {
    let mut harness = saving();
    harness.get_by_label_contains("belong in no repository");
    assert!(harness.get_by_role_and_label(Role::Button, "Save").accesskit_node().is_disabled(), "no folder yet");
    type_into(&mut harness, "Folder", "/home/ada/app");
    press(&mut harness, "Save");
    let (job, what) = saved(&mut harness);
    assert_eq!(what, ("/home/ada/app".to_owned(), 2, false));
    tell(&mut harness, job, Event::Saved(Ok(Saved::Written("/home/ada/app".into()))));
    assert!(harness.query_by_label("Save to folder").is_none());
    let actions = std::mem::take(&mut harness.state_mut().actions);
    assert!(
        actions.iter().any(|action| matches!(action, Action::Notify(_, title, at) if title == "2 files were saved" && at == "/home/ada/app")),
        "{actions:?}"
    );
    press(&mut harness, "Save to folder…");
    let field = harness.get_by_role_and_label(Role::TextInput, "Folder");
    assert_eq!(field.accesskit_node().value().unwrap(), "/home/ada/app", "the next ones go there too");
}

#[test]
fn what_is_there_already_is_named_and_replaced_only_at_a_word() {
    let mut harness = saving();
    type_into(&mut harness, "Folder", "/home/ada/app");
    press(&mut harness, "Save");
    let (job, _) = saved(&mut harness);
    tell(&mut harness, job, Event::Saved(Ok(Saved::There(vec![".env.local".to_owned()]))));
    harness.get_by_label("A file is there already");
    assert!(harness.query_by_role_and_label(Role::Button, "Save").is_none());
    press(&mut harness, "Replace");
    let (job, what) = saved(&mut harness);
    assert!(what.2);
    end(&mut harness, job, End::Broken);
    harness.get_by_label("The work broke off");
    type_into(&mut harness, "Folder", "/home/ada/other");
    harness.get_by_role_and_label(Role::Button, "Save");
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
