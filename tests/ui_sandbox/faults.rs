//! The page of the faults.

use crate::stage::{World, harness, runs, type_into, view};
use egui::accesskit::Role;
use egui::{Theme, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kinde_panel::backend::sandbox::{Command as Ask, Event};
use kinde_panel::sandbox::Faults;
use kinde_panel::screens::sandbox;

#[test]
fn every_fault_of_the_sandbox_can_be_set_and_all_are_cleared_at_once() {
    let mut harness = harness(World::over(view(Some(runs()))), Theme::Dark);
    harness.set_size(vec2(1000.0, 2200.0));
    harness.get_by_label("Faults").click();
    harness.run();
    harness.get_by_label("Every client secret is wrong").click();
    type_into(&mut harness, Role::TextInput, "Slower by", "250");
    harness.get_by_label("Apply faults").click();
    harness.run();
    let asked = harness.state_mut().asked();
    let [(job, Ask::SetFaults(faults))] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(*faults, Faults { wrong_secret: true, slow_ms: 250, ..Faults::default() });
    harness.state_mut().answer(*job, Event::Faults(Ok(faults.clone())));
    harness.run();
    assert_eq!(harness.query_all_by_label("Faults are on").count(), 2, "in the head and over the form");
    harness.get_by_label("Clear all faults").click();
    harness.run();
    let asked = harness.state_mut().asked();
    assert!(matches!(asked.as_slice(), [(_, Ask::SetFaults(faults))] if *faults == Faults::default()), "{asked:?}");
}

#[test]
fn what_was_typed_into_the_faults_stays_when_the_sandbox_is_looked_at_again() {
    let mut harness = harness(World::over(view(Some(runs()))), Theme::Dark);
    harness.set_size(vec2(1000.0, 2200.0));
    harness.get_by_label("Faults").click();
    harness.run();
    type_into(&mut harness, Role::TextInput, "Slower by", "250");
    let world = harness.state_mut();
    world.with_cx(sandbox::State::entered);
    let job = world.asked()[0].0;
    world.answer(job, Event::Seen(Ok(Box::new(view(Some(runs()))))));
    harness.run();
    assert_eq!(harness.get_by_role_and_label(Role::TextInput, "Slower by").value().as_deref(), Some("250"));
}

#[test]
fn what_was_changed_and_is_not_applied_is_marked_above_the_form_and_can_be_taken_back() {
    let mut harness = harness(World::over(view(Some(runs()))), Theme::Dark);
    harness.get_by_label("Faults").click();
    harness.run();
    harness.get_by_label("None is on");
    assert!(harness.get_by_label("Apply faults").accesskit_node().is_disabled(), "there is nothing to apply");
    harness.get_by_label("Every client secret is wrong").click();
    harness.run();
    harness.get_by_label("Changed, not applied yet");
    let seen = harness.get_by_label("Apply faults").rect().bottom();
    assert!(seen < harness.get_by_label("Every client secret is wrong").rect().top(), "above the form: {seen}");
    harness.get_by_label("Every client secret is wrong").click();
    harness.run();
    assert!(harness.query_by_label("Changed, not applied yet").is_none());
    type_into(&mut harness, Role::TextInput, "Slower by", "soon");
    harness.get_by_label("Apply faults").click();
    harness.run();
    harness.get_by_label("Slower by is not a number");
    harness.get_by_label("Changed, not applied yet");
}
