//! What happens while the person looks elsewhere: another profile, another room, a second file.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use kinde_panel::action::{Action, JobId};
use kinde_panel::app::Order;
use kinde_panel::backend::webhooks::{Command, Event, Planned};
use kinde_panel::backend::{Stamped, shell};
use kinde_panel::step::{Step, StepState};
use kinde_panel::tenant::{Profile, SANDBOX_PROFILE};
use kinde_panel::webhooks::{Applied, Deed, Why, plan};
use uuid::Uuid;

use crate::stage::{
    Window, answer, asked, at, caused, click, created, few, fill, last, listed, live, off, open, press, refused, room,
    seen, shop, typed, types,
};

/// The room on the sandbox, with another profile to switch to.
fn two() -> (Window, Uuid) {
    let mut harness = room(Profile::sandbox(), few());
    let other = live();
    let id = other.id;
    let event = shell::Event::Profiles(Ok(vec![Profile::sandbox(), other]));
    harness.state_mut().on_event(Stamped { job: 1, event: event.into() });
    harness.run_ok();
    asked(&mut harness);
    (harness, id)
}

fn switch(harness: &mut Window, profile: Uuid) {
    asked(harness);
    harness.state_mut().act(Action::SwitchProfile(profile));
    harness.run_steps(4);
    answer(harness, listed(few()), types());
}

fn toast(harness: &mut Window, job: JobId, event: Event) {
    harness.state_mut().on_event(Stamped { job, event: event.into() });
    harness.run_steps(4);
}

#[test]
fn a_webhook_made_while_another_profile_is_chosen_leaves_no_draft_that_would_make_it_twice() {
    let (mut harness, other) = two();
    typed(&mut harness);
    press(&mut harness, "Create webhook");
    let (job, _) = last(&mut harness);
    switch(&mut harness, other);
    toast(&mut harness, job, created(shop()));
    assert!(seen(&harness, "was created") && seen(&harness, "webhook_0009"));
    switch(&mut harness, SANDBOX_PROFILE);
    harness.get_by_role_and_label(Role::Button, "New webhook").click();
    harness.run_steps(4);
    assert_eq!(harness.get_by_role_and_label(Role::TextInput, "Name").value().unwrap_or_default(), "");
}

#[test]
fn a_webhook_refused_while_another_profile_is_chosen_keeps_its_draft_and_says_why() {
    let (mut harness, other) = two();
    typed(&mut harness);
    press(&mut harness, "Create webhook");
    let (job, _) = last(&mut harness);
    switch(&mut harness, other);
    let full = refused(Why::Limit, "The plan has no room for another webhook");
    toast(&mut harness, job, Event::Created(Err(full)));
    assert!(seen(&harness, "The plan has no room for another webhook"));
    switch(&mut harness, SANDBOX_PROFILE);
    harness.get_by_role_and_label(Role::Button, "New webhook").click();
    harness.run_steps(4);
    assert_eq!(harness.get_by_role_and_label(Role::TextInput, "Name").value().unwrap(), "Shop");
    assert!(!off(&harness, "Create webhook"));
}

fn import(harness: &mut Window) -> JobId {
    press(harness, "More");
    harness.get_by_role_and_label(Role::MenuItem, "Import a file as a plan…").click();
    harness.run_ok();
    last(harness).0
}

fn planned() -> Event {
    let mut wanted: Vec<_> = few().into_iter().map(|it| it.definition).collect();
    wanted.push(shop().definition);
    Event::Planned(Ok(Some(Planned { file: "staging.json".into(), items: plan(&few(), &wanted, false) })))
}

#[test]
fn what_came_of_a_plan_or_a_trigger_is_told_where_the_profile_was_switched_meanwhile() {
    let (mut harness, other) = two();
    let job = import(&mut harness);
    toast(&mut harness, job, planned());
    press(&mut harness, "Apply 1 change");
    let (job, _) = last(&mut harness);
    assert!(off(&harness, "New webhook"), "the plan stays until it is done");
    click(&mut harness, "Trigger");
    click(&mut harness, "role.updated");
    press(&mut harness, "Trigger role.updated");
    let (cause, _) = last(&mut harness);
    switch(&mut harness, other);
    let refused = Some(refused(Why::Limit, "The plan has no room for another webhook"));
    let applied = Applied { deed: Deed::Create, name: "Shop".into(), id: None, refused };
    toast(&mut harness, job, Event::Applied(Ok(vec![applied])));
    assert!(seen(&harness, "Of the plan that was left, 0 of 1 changes were made"));
    assert!(seen(&harness, "Shop: The plan has no room for another webhook"));
    toast(&mut harness, cause, Event::Triggered(Ok(caused())));
    assert!(seen(&harness, "role.updated was caused"));
}

#[test]
fn while_a_file_is_compared_the_wait_is_shown_and_can_be_cancelled() {
    let (mut harness, _) = two();
    let job = import(&mut harness);
    assert!(seen(&harness, "The file is compared with what there is"));
    let wait = Step::new("wait", "Kinde asks to slow down: goes on at 12:04:31", StepState::Running, at(0));
    toast(&mut harness, job, Event::Step(wait));
    assert!(seen(&harness, "Kinde asks to slow down"));
    press(&mut harness, "Cancel reading the plan");
    let orders = harness.state_mut().take_orders();
    assert!(orders.iter().any(|order| matches!(order, Order::Cancel(it) if *it == job)));
    toast(&mut harness, job, Event::Planned(Ok(None)));
    assert!(!seen(&harness, "The file is compared"));
}

#[test]
fn a_draft_of_a_webhook_that_is_gone_takes_the_place_of_another_new_one_only_when_told_to() {
    let (mut harness, _) = two();
    typed(&mut harness);
    open(&mut harness, "webhook_0001");
    fill(&mut harness, "Endpoint", "-v2");
    press(&mut harness, "Save…");
    press(&mut harness, "Replace webhook");
    let (job, _) = last(&mut harness);
    toast(&mut harness, job, Event::Saved(Err(refused(Why::Gone, "\u{201c}Orders\u{201d} is no longer in Kinde"))));
    press(&mut harness, "Keep the draft as a new webhook");
    assert!(seen(&harness, "Drop the new webhook you began?"));
    press(&mut harness, "Cancel");
    press(&mut harness, "Keep the draft as a new webhook");
    press(&mut harness, "Drop it");
    assert_eq!(harness.get_by_role_and_label(Role::TextInput, "Name").value().unwrap(), "Orders");
    press(&mut harness, "Create webhook");
    let (_, command) = last(&mut harness);
    assert!(
        matches!(&command, Command::Create { definition, .. } if definition.endpoint.contains("-v2")),
        "{command:?}"
    );
}
