//! The editor: typed, judged, compared, sent, refused.

use crate::stage::{
    Window, answer, asked, at, created, few, fill, last, listed, live, no_list, off, open, press, refused, replacing,
    room, seen, shop, tell, tick, typed, types, window,
};
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use kinde_panel::action::Action;
use kinde_panel::backend::Stamped;
use kinde_panel::backend::webhooks::{Command, Event};
use kinde_panel::error::{Category, UserError};
use kinde_panel::kinde::Webhook;
use kinde_panel::step::{Step, StepState};
use kinde_panel::tenant::Profile;
use kinde_panel::webhooks::{AtLimit, Refusal, Replaced, Saved, Why};
use serde_json::Value;

#[test]
fn a_webhook_is_created_from_what_was_typed_and_stands_in_the_list() {
    let mut harness = room(Profile::sandbox(), few());
    press(&mut harness, "New webhook");
    assert!(off(&harness, "Create webhook"));
    fill(&mut harness, "Name", "Shop");
    fill(&mut harness, "Endpoint", "https://shop.acme.com/kinde");
    tick(&mut harness, "user.created");
    press(&mut harness, "Create webhook");
    let (job, command) = last(&mut harness);
    let Command::Create { definition, .. } = command else { panic!("{command:?}") };
    assert_eq!(definition, shop().definition);
    tell(&mut harness, job, created(shop()));
    assert!(seen(&harness, "Created, with the id webhook_0009"));
    assert!(harness.query_by_role_and_label(Role::Row, "webhook_0009").is_some());
    assert!(matches!(last(&mut harness).1, Command::List { .. }), "the list is read again");
}

#[test]
fn an_endpoint_kinde_cannot_reach_is_explained_while_it_is_typed_and_cannot_be_sent() {
    let mut harness = room(live(), few());
    typed(&mut harness);
    assert!(!off(&harness, "Create webhook"));
    fill(&mut harness, "Endpoint", "\u{8}");
    press(&mut harness, "Discard what was typed");
    press(&mut harness, "New webhook");
    fill(&mut harness, "Name", "Dev");
    tick(&mut harness, "user.created");
    fill(&mut harness, "Endpoint", "http://localhost:3000/api");
    assert!(seen(&harness, "your own machine") && seen(&harness, "tunnel"));
    assert!(off(&harness, "Create webhook"));
}

#[test]
fn event_types_are_searched_and_whole_groups_chosen_and_all_of_them_is_warned_of() {
    let mut harness = room(Profile::sandbox(), few());
    press(&mut harness, "New webhook");
    assert!(seen(&harness, "Does not fire for imported users"));
    assert!(!seen(&harness, "Subscribers page"), "that is about causing it");
    tick(&mut harness, "All of Passkeys");
    assert!(seen(&harness, "2 chosen"));
    fill(&mut harness, "Filter event types", "role");
    assert!(harness.query_by_label("user.created").is_none());
    tick(&mut harness, "All of User management");
    assert!(seen(&harness, "5 chosen"), "two passkey types and the three of roles");
    harness.get_by_role_and_label(Role::TextInput, "Filter event types").focus();
    harness.run_ok();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.key_press(egui::Key::Backspace);
    harness.run_ok();
    for group in ["Authentication", "User management", "Billing"] {
        tick(&mut harness, &format!("All of {group}"));
    }
    assert!(seen(&harness, "All event types are chosen"));
}

#[test]
fn without_the_live_list_the_known_types_stand_in_with_their_age() {
    let mut harness = window(Profile::sandbox());
    answer(&mut harness, listed(few()), no_list("The M2M application lacks the scope read:event_types"));
    press(&mut harness, "New webhook");
    assert!(seen(&harness, "these 27 types were known on 2026-"));
    assert!(seen(&harness, "user.created"));
    press(&mut harness, "Read it again");
    assert!(matches!(last(&mut harness).1, Command::Types { .. }));
}

#[test]
fn saving_shows_before_and_after_first_and_sends_the_edit_as_opened() {
    let mut harness = room(Profile::sandbox(), few());
    open(&mut harness, "webhook_0001");
    assert!(off(&harness, "Save…"));
    fill(&mut harness, "Name", " 2");
    tick(&mut harness, "user.updated");
    press(&mut harness, "Save…");
    for line in ["\u{2212} Orders", "+ Orders 2", "\u{2212} user.updated"] {
        assert!(seen(&harness, line), "{line}");
    }
    assert!(asked(&mut harness).is_empty(), "nothing is sent before the person said so");
    press(&mut harness, "Save changes");
    let (job, command) = last(&mut harness);
    let Command::Save { change, .. } = command else { panic!("{command:?}") };
    assert_eq!(change.opened, few()[0]);
    assert_eq!((change.wanted.name.as_str(), change.wanted.event_types.len()), ("Orders 2", 2));
    let mut webhook = few()[0].clone();
    webhook.definition = change.wanted;
    tell(&mut harness, job, Event::Saved(Ok(Saved::Updated { webhook, answer: Value::Null })));
    assert!(harness.query_by_label("Saved").is_some() && seen(&harness, "Orders 2"));
}

#[test]
fn a_changed_endpoint_is_called_a_replace_and_its_steps_are_shown_as_they_come() {
    let mut harness = replacing(Profile::sandbox());
    assert!(seen(&harness, "A new endpoint is a replace"));
    assert!(seen(
        &harness,
        "Deliveries Kinde is still retrying for the old webhook may end with it; for a moment both may deliver."
    ));
    press(&mut harness, "Replace webhook");
    let (job, command) = last(&mut harness);
    let Command::Save { change, .. } = command else { panic!("{command:?}") };
    assert_eq!(change.at_limit, AtLimit::Refuse);
    tell(&mut harness, job, Event::Step(Step::new("create", "Create the new one", StepState::Running, at(0))));
    assert!(seen(&harness, "Create the new one"));
    let mut webhook = few()[0].clone();
    webhook.id = "webhook_0077".into();
    webhook.definition = change.wanted;
    let replaced = Replaced { old: "webhook_0001".into(), webhook };
    tell(&mut harness, job, Event::Saved(Ok(Saved::Replaced(replaced))));
    assert!(seen(&harness, "The new id is webhook_0077"));
    assert!(harness.query_by_role_and_label(Role::Row, "webhook_0001").is_none());
    assert!(harness.query_by_role_and_label(Role::Row, "webhook_0077").is_some());
}

#[test]
fn at_the_plans_limit_a_replace_offers_to_delete_first_and_asks_before_it_does() {
    let mut harness = replacing(Profile::sandbox());
    press(&mut harness, "Replace webhook");
    let (job, _) = last(&mut harness);
    tell(&mut harness, job, Event::Saved(Err(refused(Why::Limit, "The plan has no room for another webhook"))));
    assert!(seen(&harness, "The plan has no room for two webhooks"));
    asked(&mut harness);
    press(&mut harness, "Delete the old one first…");
    assert!(asked(&mut harness).is_empty());
    assert_eq!(harness.query_all_by_label_contains("Kinde says so").count(), 2, "Kinde's words, in the question too");
    press(&mut harness, "Delete, then create");
    let (_, command) = last(&mut harness);
    let Command::Save { change, .. } = command else { panic!("{command:?}") };
    assert_eq!(change.at_limit, AtLimit::DeleteFirst);
    assert!(change.wanted.endpoint.ends_with("-v2"), "the draft is what was typed");
}

/// The answer to a save of Orders, which `theirs` changed meanwhile; and the list as it is then.
fn conflict(harness: &mut Window, verb: &str, theirs: &Webhook) {
    press(harness, verb);
    let (job, _) = last(harness);
    let why = Why::Changed(Box::new(theirs.clone()));
    tell(harness, job, Event::Saved(Err(refused(why, "\u{201c}Orders\u{201d} was changed in Kinde meanwhile"))));
    let again = last(harness);
    tell(harness, again.0, listed(vec![theirs.clone()]));
}

#[test]
fn keeping_mine_sends_what_i_edited_over_what_kinde_has_now_and_nothing_else() {
    let mut theirs = few()[0].clone();
    theirs.definition.name = "Orders of theirs".into();
    theirs.definition.event_types = vec!["user.created".into(), "user.deleted".into(), "role.created".into()];
    let mut harness = room(Profile::sandbox(), few());
    open(&mut harness, "webhook_0001");
    fill(&mut harness, "Endpoint", "-v2");
    tick(&mut harness, "user.deleted");
    press(&mut harness, "Save…");
    conflict(&mut harness, "Replace webhook", &theirs);
    for line in [
        "+ Orders of theirs",
        "+ role.created",
        "What keeping yours would change",
        "+ https://hooks.acme.com/orders-v2",
    ] {
        assert!(seen(&harness, line), "{line}");
    }
    assert!(!seen(&harness, "\u{2212} Orders of theirs") && !seen(&harness, "\u{2212} role.created"));
    asked(&mut harness);
    press(&mut harness, "Keep mine");
    assert!(asked(&mut harness).is_empty(), "nothing is sent before the person said so");
    for line in ["\u{2212} https://hooks.acme.com/orders", "\u{2212} user.deleted"] {
        assert!(seen(&harness, line), "{line}");
    }
    assert!(!seen(&harness, "\u{2212} Orders of theirs") && !seen(&harness, "\u{2212} role.created"));
    press(&mut harness, "Replace webhook");
    let (_, command) = last(&mut harness);
    let Command::Save { change, .. } = command else { panic!("{command:?}") };
    assert_eq!(change.opened, theirs);
    let wanted = kinde_panel::kinde::Definition {
        endpoint: "https://hooks.acme.com/orders-v2".into(),
        event_types: vec!["user.created".into(), "role.created".into()],
        ..theirs.definition
    };
    assert_eq!(change.wanted, wanted);
}

#[test]
fn taking_theirs_drops_what_was_typed() {
    let mut theirs = few()[0].clone();
    theirs.definition.name = "Orders of theirs".into();
    let mut harness = replacing(Profile::sandbox());
    conflict(&mut harness, "Replace webhook", &theirs);
    press(&mut harness, "Take theirs");
    assert!(off(&harness, "Save…"), "theirs is no change");
    assert!(harness.get_by_role_and_label(Role::TextInput, "Name").value().unwrap().contains("theirs"));
    let endpoint = harness.get_by_role_and_label(Role::TextInput, "Endpoint").value().unwrap();
    assert!(!endpoint.ends_with("-v2"), "{endpoint}");
}

#[test]
fn while_two_edits_collide_nothing_can_be_sent_and_the_title_is_the_name_it_has_now() {
    let mut theirs = few()[0].clone();
    theirs.definition.name = "Orders of theirs".into();
    let mut harness = replacing(Profile::sandbox());
    conflict(&mut harness, "Replace webhook", &theirs);
    assert!(off(&harness, "Replace webhook"));
    assert!(harness.query_all_by_role_and_label(Role::Label, "Orders").next().is_none());
    assert_eq!(harness.query_all_by_role_and_label(Role::Label, "Orders of theirs").count(), 2, "row and title");
    press(&mut harness, "Back");
    assert!(seen(&harness, "Keep mine") && off(&harness, "Save…"));
    press(&mut harness, "Discard what was typed");
    assert!(harness.get_by_role_and_label(Role::TextInput, "Name").value().unwrap().contains("theirs"));
}

#[test]
fn what_both_sides_changed_is_named_before_one_of_them_is_lost() {
    let mut theirs = few()[0].clone();
    theirs.definition.name = "Orders of theirs".into();
    let mut harness = room(Profile::sandbox(), few());
    open(&mut harness, "webhook_0001");
    fill(&mut harness, "Name", " of mine");
    press(&mut harness, "Save…");
    conflict(&mut harness, "Save changes", &theirs);
    assert!(seen(&harness, "Both sides changed the name: keeping yours overwrites theirs"));
    theirs.definition.name = "Orders of mine".into();
    press(&mut harness, "Keep mine");
    conflict(&mut harness, "Save changes", &theirs);
    assert!(seen(&harness, "Nothing: Kinde has what you typed already"));
    press(&mut harness, "Keep mine");
    assert!(off(&harness, "Save…") && seen(&harness, "nothing is left to send"));
}

#[test]
fn an_open_webhook_nobody_edits_shows_what_kinde_has_now() {
    let mut harness = room(Profile::sandbox(), few());
    open(&mut harness, "webhook_0001");
    let mut now = few();
    now[0].definition.name = "Orders of theirs".into();
    press(&mut harness, "Read the webhooks again");
    let (job, _) = last(&mut harness);
    tell(&mut harness, job, listed(now));
    assert_eq!(harness.get_by_role_and_label(Role::TextInput, "Name").value().unwrap(), "Orders of theirs");
    assert!(off(&harness, "Save…"), "what somebody else changed is no edit of mine");
}

#[test]
fn a_refused_save_keeps_the_draft_and_shows_every_word_of_kinde() {
    for said in ["INVALID: name is too long", "One of two: the endpoint is not reachable"] {
        let mut harness = replacing(Profile::sandbox());
        press(&mut harness, "Replace webhook");
        let (job, _) = last(&mut harness);
        let error = UserError::new(Category::Api, "Kinde refuses what was sent").detail(format!("HTTP 400. {said}"));
        tell(&mut harness, job, Event::Saved(Err(Refusal { why: Why::Failed, error })));
        assert!(seen(&harness, said));
        press(&mut harness, "Back");
        let endpoint = harness.get_by_role_and_label(Role::TextInput, "Endpoint").value().unwrap();
        assert!(endpoint.ends_with("-v2"), "{endpoint}");
    }
}

#[test]
fn a_webhook_that_is_gone_can_be_kept_as_a_new_one() {
    let mut harness = replacing(Profile::sandbox());
    press(&mut harness, "Replace webhook");
    let (job, _) = last(&mut harness);
    tell(&mut harness, job, Event::Saved(Err(refused(Why::Gone, "\u{201c}Orders\u{201d} is no longer in Kinde"))));
    press(&mut harness, "Keep the draft as a new webhook");
    press(&mut harness, "Create webhook");
    let command = asked(&mut harness).pop().unwrap().1;
    assert!(
        matches!(&command, Command::Create { definition, .. } if definition.endpoint.ends_with("-v2")),
        "{command:?}"
    );
}

#[test]
fn a_draft_outlives_another_row_another_room_and_another_profile() {
    let mut harness = room(Profile::sandbox(), few());
    open(&mut harness, "webhook_0001");
    fill(&mut harness, "Name", " draft");
    open(&mut harness, "webhook_0002");
    assert!(harness.query_by_label("Not saved yet").is_some());
    press(&mut harness, "Tenant");
    press(&mut harness, "Webhooks");
    open(&mut harness, "webhook_0001");
    assert_eq!(harness.get_by_role_and_label(Role::TextInput, "Name").value().unwrap(), "Orders draft");
    let other = live();
    let id = other.id;
    let profiles = kinde_panel::backend::shell::Event::Profiles(Ok(vec![Profile::sandbox(), other]));
    harness.state_mut().on_event(Stamped { job: 1, event: profiles.into() });
    asked(&mut harness);
    harness.state_mut().act(Action::SwitchProfile(id));
    harness.run_ok();
    assert_eq!(harness.state().profile().unwrap().id, id);
    answer(&mut harness, listed(few()), types());
    open(&mut harness, "webhook_0001");
    let name = harness.get_by_role_and_label(Role::TextInput, "Name").value().unwrap();
    assert_eq!(name, "Orders", "a draft belongs to its profile");
    asked(&mut harness);
    harness.state_mut().act(Action::SwitchProfile(kinde_panel::tenant::SANDBOX_PROFILE));
    harness.run_ok();
    answer(&mut harness, listed(few()), types());
    open(&mut harness, "webhook_0001");
    assert_eq!(harness.get_by_role_and_label(Role::TextInput, "Name").value().unwrap(), "Orders draft");
}
