//! The overview: start and stop, webhooks, plan, keys.

use crate::stage::{World, at, failure, harness, runs, type_into, view, webhook, whole};
use egui::accesskit::Role;
use egui::{Theme, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kinde_panel::backend::End;
use kinde_panel::backend::sandbox::{Command as Ask, Event, Runs, SandboxView};
use kinde_panel::sandbox::{Rotated, Rotation};

#[test]
fn a_stopped_sandbox_shows_what_it_is_made_of_and_is_started_by_its_button() {
    let mut harness = harness(World::over(view(None)), Theme::Dark);
    harness.get_by_label("stopped");
    harness.get_by_label("ada@example.com");
    harness.get_by_label("Start the sandbox").click();
    harness.run();
    let asked = harness.state_mut().asked();
    let [(job, Ask::Start)] = asked.as_slice() else { panic!("{asked:?}") };
    harness.state_mut().answer(*job, Event::Seen(Ok(Box::new(view(Some(runs()))))));
    harness.run();
    harness.get_by_label("running in this window");
    harness.get_by_label("Stop the sandbox").click();
    harness.run();
    assert!(matches!(harness.state_mut().asked().as_slice(), [(_, Ask::Stop)]));
}

#[test]
fn a_sandbox_of_another_process_is_used_and_not_stopped_from_here() {
    let harness = harness(World::over(view(Some(Runs { here: false, ..runs() }))), Theme::Dark);
    harness.get_by_label("running in process 4711");
    assert!(harness.get_by_label("Stop the sandbox").accesskit_node().is_disabled());
}

#[test]
fn a_sandbox_that_cannot_be_read_says_why_and_is_looked_at_again() {
    let (mut world, job) = World::entered();
    world.answer(job, Event::Seen(Err(failure())));
    let mut harness = harness(world, Theme::Dark);
    harness.get_by_label("A file of the sandbox is damaged");
    harness.get_by_label("Try again").click();
    harness.run();
    assert!(matches!(harness.state_mut().asked().as_slice(), [(_, Ask::Look)]));
}

#[test]
fn a_look_that_breaks_off_ends_the_wait() {
    let (mut world, job) = World::entered();
    world.with_cx(|state, _, _| state.on_end(job, End::Broken));
    let harness = harness(world, Theme::Dark);
    harness.get_by_label("The work broke off");
}

#[test]
fn a_webhook_that_was_switched_off_says_so_and_is_switched_on_again() {
    let off = webhook("orders", Some(at("2026-08-19T00:00:00Z")));
    let webhooks = vec![webhook("billing", None), off];
    let mut harness = harness(World::over(view(Some(Runs { webhooks, ..runs() }))), Theme::Dark);
    harness.set_size(vec2(1000.0, 1600.0));
    harness.run();
    harness.get_by_label("2 event types");
    harness.get_by_label("switched off");
    harness.get_by_label("Switch orders on again").click();
    harness.run();
    let asked = harness.state_mut().asked();
    assert!(matches!(asked.as_slice(), [(_, Ask::SwitchOn { webhook })] if webhook == "webhook_orders"), "{asked:?}");
}

#[test]
fn the_plan_s_limit_of_webhooks_is_set_and_lifted_and_what_is_no_number_is_told() {
    let full = |limit| view(Some(Runs { webhooks: vec![webhook("orders", None)], webhook_limit: limit, ..runs() }));
    let mut harness = whole(full(None));
    assert!(harness.get_by_label("Set limit").accesskit_node().is_disabled(), "there is nothing to set");
    type_into(&mut harness, Role::TextInput, "Plan allows", "x");
    harness.get_by_label("A number, or nothing for any number");
    assert!(harness.get_by_label("Set limit").accesskit_node().is_disabled());
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.get_by_role_and_label(Role::TextInput, "Plan allows").type_text("1");
    harness.run();
    harness.get_by_label("Set limit").click();
    harness.run();
    let asked = harness.state_mut().asked();
    let [(job, Ask::SetWebhookLimit(Some(1)))] = asked.as_slice() else { panic!("{asked:?}") };
    harness.state_mut().answer(*job, Event::Seen(Ok(Box::new(full(Some(1))))));
    harness.run();
    harness.get_by_label("1 of 1 in use. Creating one more than that is refused");
    harness.get_by_role_and_label(Role::TextInput, "Plan allows").focus();
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.key_press(egui::Key::Delete);
    harness.run();
    harness.get_by_label("Set limit").click();
    harness.run();
    let asked = harness.state_mut().asked();
    assert!(matches!(asked.as_slice(), [(_, Ask::SetWebhookLimit(None))]), "{asked:?}");
}

#[test]
fn the_key_is_rotated_with_the_old_one_kept_or_dropped_and_what_waits_is_said_to_keep_its_signature() {
    for (button, rotation, kept) in [
        ("Rotate, keep the old key", Rotation::KeepOld, true),
        ("Rotate, drop every old key", Rotation::DropOld, false),
    ] {
        let mut harness = whole(view(Some(runs())));
        harness.get_by_label_contains("A delivery that waits keeps the signature it has");
        harness.get_by_label(button).click();
        harness.run();
        let asked = harness.state_mut().asked();
        let [(job, Ask::RotateKeys(asked))] = asked.as_slice() else { panic!("{asked:?}") };
        assert_eq!(*asked, rotation);
        assert!(harness.get_by_label(button).accesskit_node().is_disabled(), "one at a time");
        let rotated = Rotated { kid: "5a:bd:00:22".into(), old_kid: "5a:bd:00:11".into(), old_is_published: kept };
        harness.state_mut().answer(*job, Event::Rotated(Ok(rotated)));
        harness.run();
        harness.get_by_label("New events are signed with 5a:bd:00:22");
        harness.get_by_label_contains(if kept {
            "stays in the key set"
        } else {
            "deliveries that wait verify no more"
        });
        let asked = harness.state_mut().asked();
        let [(job, Ask::Look)] = asked.as_slice() else { panic!("it is looked at again: {asked:?}") };
        let mut kids = vec!["5a:bd:00:22".to_owned()];
        kids.extend(kept.then(|| "5a:bd:00:11".to_owned()));
        harness.state_mut().answer(*job, Event::Seen(Ok(Box::new(SandboxView { kids, ..view(Some(runs())) }))));
        harness.run();
        assert_eq!(harness.query_all_by_label("Also published").count(), usize::from(kept));
        assert!(harness.state_mut().asked().is_empty());
    }
}

#[test]
fn a_rotation_that_fails_or_breaks_off_says_so_and_can_be_tried_again() {
    let mut harness = whole(view(Some(runs())));
    for broken in [false, true] {
        harness.get_by_label("Rotate, keep the old key").click();
        harness.run();
        let (job, _) = harness.state_mut().asked().remove(0);
        if broken {
            harness.state_mut().with_cx(|state, _, _| state.on_end(job, End::Broken));
        } else {
            harness.state_mut().answer(job, Event::Rotated(Err(failure())));
        }
        harness.run();
        harness.get_by_label(if broken { "The work broke off" } else { "A file of the sandbox is damaged" });
    }
    assert!(!harness.get_by_label("Rotate, keep the old key").accesskit_node().is_disabled());
}

#[test]
fn a_stopped_sandbox_shows_its_key_and_no_control_of_what_must_run() {
    let harness = whole(view(None));
    harness.get_by_label("5a:bd:00:11");
    assert!(harness.query_by_label("Rotate, keep the old key").is_none());
    assert!(harness.query_by_label("Set limit").is_none());
}
