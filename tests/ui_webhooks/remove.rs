//! Deletion, undo, duplicate, and all of it by keyboard.

use crate::stage::{
    Window, asked, at, created, few, fill, last, live, off, open, press, refused, room, seen, shop, tell,
};
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kinde_panel::action::Action;
use kinde_panel::app::Order;
use kinde_panel::backend::Stamped;
use kinde_panel::backend::webhooks::{Command, Event};
use kinde_panel::step::{Step, StepState};
use kinde_panel::tenant::{Profile, SANDBOX_PROFILE};
use kinde_panel::webhooks::{Created, Why};
use serde_json::Value;

#[test]
fn a_deletion_names_the_webhook_and_undo_makes_it_again_and_says_its_new_id() {
    let mut harness = room(Profile::sandbox(), few());
    open(&mut harness, "webhook_0002");
    press(&mut harness, "Delete…");
    assert!(seen(&harness, "Delete \u{201c}CRM\u{201d}?"));
    press(&mut harness, "Delete webhook");
    let (job, command) = last(&mut harness);
    assert!(matches!(&command, Command::Delete { webhook, .. } if **webhook == few()[1]), "{command:?}");
    let event = Event::Deleted { profile: SANDBOX_PROFILE, webhook: Box::new(few()[1].clone()), result: Ok(()) };
    harness.state_mut().on_event(Stamped { job, event: event.into() });
    harness.run_steps(4);
    assert!(harness.query_by_role_and_label(Role::Row, "webhook_0002").is_none());
    asked(&mut harness);
    // One in the room, one in the toast.
    let undo: Vec<_> = harness.get_all_by_role_and_label(Role::Button, "Undo").collect();
    assert_eq!(undo.len(), 2);
    undo.last().unwrap().click();
    harness.run_steps(4);
    let (job, command) = last(&mut harness);
    assert!(matches!(&command, Command::Undo { webhook, .. } if webhook.definition == few()[1].definition));
    let mut again = few()[1].clone();
    again.id = "webhook_0099".into();
    let event = Event::Undone(Ok(Created { webhook: again, answer: Value::Null }));
    harness.state_mut().on_event(Stamped { job, event: event.into() });
    harness.run_steps(4);
    assert!(seen(&harness, "Its new id is webhook_0099"));
    assert!(harness.query_by_role_and_label(Role::Row, "webhook_0099").is_some());
    assert!(harness.query_all_by_role_and_label(Role::Button, "Undo").next().is_none());
}

#[test]
fn what_was_asked_about_is_deleted_though_an_undo_lands_behind_the_question() {
    let mut harness = room(Profile::sandbox(), few());
    open(&mut harness, "webhook_0002");
    press(&mut harness, "Delete…");
    press(&mut harness, "Delete webhook");
    let (job, _) = last(&mut harness);
    let event = Event::Deleted { profile: SANDBOX_PROFILE, webhook: Box::new(few()[1].clone()), result: Ok(()) };
    tell(&mut harness, job, event);
    asked(&mut harness);
    harness.get_all_by_role_and_label(Role::Button, "Undo").last().unwrap().click();
    harness.run_steps(4);
    let (undo, _) = last(&mut harness);
    open(&mut harness, "webhook_0001");
    press(&mut harness, "Delete…");
    let mut again = few()[1].clone();
    again.id = "webhook_0099".into();
    tell(&mut harness, undo, Event::Undone(Ok(Created { webhook: again, answer: Value::Null })));
    press(&mut harness, "Delete webhook");
    let (_, command) = last(&mut harness);
    assert!(matches!(&command, Command::Delete { webhook, .. } if **webhook == few()[0]), "{command:?}");
}

#[test]
fn a_deletion_on_a_live_environment_waits_until_the_name_is_typed() {
    let mut harness = room(live(), few());
    open(&mut harness, "webhook_0002");
    press(&mut harness, "Delete…");
    assert!(off(&harness, "Delete webhook"));
    fill(&mut harness, "Type CRM to delete it", "CRN");
    assert!(off(&harness, "Delete webhook"));
    harness.key_press(egui::Key::Backspace);
    fill(&mut harness, "Type CRM to delete it", "M");
    press(&mut harness, "Delete webhook");
    assert!(matches!(last(&mut harness).1, Command::Delete { .. }));
}

#[test]
fn a_webhook_that_changed_meanwhile_is_deleted_only_after_another_look() {
    let mut harness = room(Profile::sandbox(), few());
    open(&mut harness, "webhook_0002");
    press(&mut harness, "Delete…");
    press(&mut harness, "Delete webhook");
    let (job, _) = last(&mut harness);
    let mut theirs = few()[1].clone();
    theirs.definition.endpoint = "https://elsewhere.acme.com/".into();
    let result = Err(refused(Why::Changed(Box::new(theirs.clone())), "It was changed in Kinde meanwhile"));
    let webhook = Box::new(few()[1].clone());
    tell(&mut harness, job, Event::Deleted { profile: SANDBOX_PROFILE, webhook, result });
    assert!(seen(&harness, "+ https://elsewhere.acme.com/"));
    press(&mut harness, "Delete it all the same…");
    press(&mut harness, "Delete webhook");
    let (_, command) = last(&mut harness);
    assert!(matches!(&command, Command::Delete { webhook, .. } if **webhook == theirs), "{command:?}");
}

#[test]
fn a_copy_begins_as_a_new_webhook_under_another_name() {
    let mut harness = room(Profile::sandbox(), few());
    press(&mut harness, "More about CRM");
    harness.get_by_role_and_label(Role::MenuItem, "Duplicate").click();
    harness.run_ok();
    assert_eq!(harness.get_by_role_and_label(Role::TextInput, "Name").value().unwrap(), "CRM copy");
    press(&mut harness, "Create webhook");
    let (_, command) = last(&mut harness);
    assert!(matches!(&command, Command::Create { definition, .. } if definition.event_types == ["user.created"]));
}

#[test]
fn create_and_delete_go_by_the_keyboard_alone() {
    let mut harness = room(Profile::sandbox(), few());
    let tab_to = |harness: &mut Window, role: Role, name: &str| {
        for _ in 0..80 {
            if harness.query_all_by_role_and_label(role, name).any(|node| node.accesskit_node().is_focused()) {
                return;
            }
            harness.key_press(egui::Key::Tab);
            harness.run_ok();
        }
        panic!("Tab never reached {name}");
    };
    let text = |harness: &mut Window, text: &str| {
        harness.event(egui::Event::Text(text.to_owned()));
        harness.run_ok();
    };
    let hit = |harness: &mut Window, key| {
        harness.key_press(key);
        harness.run_ok();
    };
    tab_to(&mut harness, Role::Button, "New webhook");
    hit(&mut harness, egui::Key::Enter);
    tab_to(&mut harness, Role::TextInput, "Name");
    text(&mut harness, "Shop");
    tab_to(&mut harness, Role::TextInput, "Endpoint");
    text(&mut harness, "https://shop.acme.com/kinde");
    tab_to(&mut harness, Role::CheckBox, "user.created");
    hit(&mut harness, egui::Key::Space);
    tab_to(&mut harness, Role::Button, "Create webhook");
    hit(&mut harness, egui::Key::Enter);
    let (job, command) = last(&mut harness);
    assert!(matches!(&command, Command::Create { definition, .. } if *definition == shop().definition), "{command:?}");
    tell(&mut harness, job, created(shop()));
    tab_to(&mut harness, Role::Table, "webhooks");
    hit(&mut harness, egui::Key::Home);
    tab_to(&mut harness, Role::Button, "Delete…");
    hit(&mut harness, egui::Key::Enter);
    tab_to(&mut harness, Role::Button, "Delete webhook");
    hit(&mut harness, egui::Key::Enter);
    let (_, command) = last(&mut harness);
    assert!(matches!(&command, Command::Delete { webhook, .. } if webhook.id == "webhook_0003"), "{command:?}");
}

#[test]
fn what_the_room_was_told_to_forget_can_still_be_undone_in_the_toast() {
    let mut harness = room(Profile::sandbox(), few());
    open(&mut harness, "webhook_0002");
    press(&mut harness, "Delete…");
    press(&mut harness, "Delete webhook");
    let (job, _) = last(&mut harness);
    let event = Event::Deleted { profile: SANDBOX_PROFILE, webhook: Box::new(few()[1].clone()), result: Ok(()) };
    harness.state_mut().on_event(Stamped { job, event: event.into() });
    harness.run_steps(4);
    harness.get_by_label("Dismiss what was deleted").click();
    harness.run_steps(4);
    asked(&mut harness);
    harness.get_by_role_and_label(Role::Button, "Undo").click();
    harness.run_steps(4);
    assert!(matches!(last(&mut harness).1, Command::Undo { .. }));
}

#[test]
fn undo_in_a_live_environment_asks_first_and_from_another_profile_does_nothing_but_say_where() {
    let profile = live();
    let id = profile.id;
    let mut harness = room(profile, few());
    open(&mut harness, "webhook_0002");
    press(&mut harness, "Delete…");
    fill(&mut harness, "Type CRM to delete it", "CRM");
    press(&mut harness, "Delete webhook");
    let (job, _) = last(&mut harness);
    let event = Event::Deleted { profile: id, webhook: Box::new(few()[1].clone()), result: Ok(()) };
    harness.state_mut().on_event(Stamped { job, event: event.into() });
    harness.run_steps(4);
    harness.state_mut().act(Action::SwitchProfile(SANDBOX_PROFILE));
    harness.run_steps(4);
    asked(&mut harness);
    harness.get_by_role_and_label(Role::Button, "Undo").click();
    harness.run_steps(4);
    assert!(!asked(&mut harness).iter().any(|(_, it)| matches!(it, Command::Undo { .. })));
    assert!(seen(&harness, "switch to it, and undo there"));
    harness.state_mut().act(Action::SwitchProfile(id));
    harness.run_steps(4);
    asked(&mut harness);
    harness.get_by_role_and_label(Role::Button, "Undo").click();
    harness.run_steps(4);
    assert!(seen(&harness, "Make \u{201c}CRM\u{201d} again in acme?"));
    assert!(asked(&mut harness).is_empty());
    harness.get_by_role_and_label(Role::Button, "Make it again").click();
    harness.run_steps(4);
    assert!(matches!(last(&mut harness).1, Command::Undo { profile, .. } if profile == id));
}

#[test]
fn what_an_undo_waits_for_is_shown_and_can_be_cancelled() {
    let mut harness = room(Profile::sandbox(), few());
    open(&mut harness, "webhook_0002");
    press(&mut harness, "Delete…");
    press(&mut harness, "Delete webhook");
    let (job, _) = last(&mut harness);
    let event = Event::Deleted { profile: SANDBOX_PROFILE, webhook: Box::new(few()[1].clone()), result: Ok(()) };
    harness.state_mut().on_event(Stamped { job, event: event.into() });
    harness.run_steps(4);
    harness.get_all_by_role_and_label(Role::Button, "Undo").next().unwrap().click();
    harness.run_steps(4);
    let (job, _) = last(&mut harness);
    let step = Step::new("wait", "Kinde asks to slow down: goes on at 12:04:31", StepState::Running, at(0));
    harness.state_mut().on_event(Stamped { job, event: Event::Step(step).into() });
    harness.run_steps(4);
    assert!(seen(&harness, "Kinde asks to slow down"));
    harness.get_by_label("Cancel making it again").click();
    harness.run_steps(4);
    let orders = harness.state_mut().take_orders();
    assert!(orders.iter().any(|order| matches!(order, Order::Cancel(it) if *it == job)));
}

/// Deletes a webhook, up to its answer.
fn delete(harness: &mut Window, index: usize) {
    open(harness, &few()[index].id);
    press(harness, "Delete…");
    press(harness, "Delete webhook");
    let (job, _) = last(harness);
    let webhook = Box::new(few()[index].clone());
    let event = Event::Deleted { profile: SANDBOX_PROFILE, webhook, result: Ok(()) };
    harness.state_mut().on_event(Stamped { job, event: event.into() });
    harness.run_steps(4);
    asked(harness);
}

/// The webhook that was asked to be made again.
fn undone(harness: &mut Window) -> (u64, String) {
    match last(harness) {
        (job, Command::Undo { webhook, .. }) => (job, webhook.id),
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_two_deletions_each_undo_makes_its_own_webhook_again() {
    let mut harness = room(Profile::sandbox(), few());
    delete(&mut harness, 0);
    delete(&mut harness, 1);
    // One in the room, for the later one; one in each toast.
    assert_eq!(harness.get_all_by_role_and_label(Role::Button, "Undo").count(), 3);
    let mut ids = Vec::new();
    for number in 0..2 {
        harness.get_all_by_role_and_label(Role::Button, "Undo").last().unwrap().click();
        harness.run_steps(4);
        let (job, id) = undone(&mut harness);
        let mut again = few().into_iter().find(|it| it.id == id).unwrap();
        again.id = format!("webhook_009{number}");
        ids.push(id);
        let event = Event::Undone(Ok(Created { webhook: again, answer: Value::Null }));
        harness.state_mut().on_event(Stamped { job, event: event.into() });
        harness.run_steps(4);
        asked(&mut harness);
    }
    ids.sort();
    assert_eq!(ids, ["webhook_0001", "webhook_0002"]);
}

#[test]
fn an_undo_that_fails_is_told_in_whatever_room_the_person_is() {
    let mut harness = room(Profile::sandbox(), few());
    delete(&mut harness, 1);
    harness.state_mut().act(Action::UndoDelete("webhook_0002".into()));
    harness.run_steps(4);
    let (job, _) = undone(&mut harness);
    harness.get_by_role_and_label(Role::Button, "Tenant").click();
    harness.run_steps(4);
    let event = Event::Undone(Err(refused(Why::Limit, "The plan has no room for another webhook")));
    harness.state_mut().on_event(Stamped { job, event: event.into() });
    harness.run_steps(4);
    assert!(seen(&harness, "was not made again") && seen(&harness, "The plan has no room for another webhook"));
}
