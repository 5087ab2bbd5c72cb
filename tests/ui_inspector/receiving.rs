//! How a profile receives, and what stands in the way.

use super::live::*;

#[test]
fn how_a_profile_receives_is_said_in_a_form_and_counts_at_once() {
    let mut harness = with_rows(rows(1..3), false);
    let ask = |world: &mut World, ask| world.with(|state, cx, actions| state.ask(ask, cx, actions));
    ask(harness.state_mut(), InspectorAsk::Receiving);
    harness.run();
    harness.get_by_label("Port").focus();
    harness.run();
    harness.event(egui::Event::Text("4444".to_owned()));
    harness.run();
    harness.get_by_label("Forward to this address").focus();
    harness.run();
    harness.event(egui::Event::Text("http://192.0.2.7/hook".to_owned()));
    harness.run();
    harness.get_by_label("Add").click();
    harness.run();
    harness.get_by_label("Forward there all the same");
    for _ in 0..30 {
        harness.key_press(Key::Backspace);
    }
    harness.get_by_label("Forward to this address").focus();
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.event(egui::Event::Text("http://localhost:3000/api/webhook".to_owned()));
    harness.run();
    harness.get_by_label("Add").click();
    harness.run();
    harness.get_by_label("Stop forwarding to http://localhost:3000/api/webhook");
    assert!(harness.query_all_by_label_contains("72 hours").count() > 0, "what returning the answer means");
    harness.get_by_label("Return my handler's answer").click();
    harness.run();
    common::picture(&mut harness, "inspector_receiving_dark");
    harness.get_by_label("Save").click();
    harness.run();
    harness.get_by_role_and_label(Role::Button, "Listen").click();
    harness.run_steps(3);
    let (_, (wish, settings)) = harness.state_mut().asked(|command| match command {
        history::Command::Listen { wish, settings, .. } => Some((wish, settings.borrow().clone())),
        _ => None,
    });
    assert_eq!(wish.port, Some(4444));
    let Settings { targets, relay, .. } = settings;
    assert!(relay && targets.len() == 1 && targets[0].shown() == "http://localhost:3000/api/webhook");
}

#[test]
fn a_port_that_is_taken_is_named_and_a_receiver_of_another_profile_is_in_the_chain() {
    let mut harness = with_rows(rows(1..3), false);
    harness.get_by_role_and_label(Role::Button, "Listen").click();
    harness.run_steps(3);
    let (job, ()) =
        harness.state_mut().asked(|command| matches!(command, history::Command::Listen { .. }).then_some(()));
    let error = UserError::new(Category::Network, "The receiver could not be started").detail("127.0.0.1:0: in use");
    harness.state_mut().tell(job, Event::Listening(Err(error)));
    harness.run();
    harness.get_by_label("The receiver could not be started");
    harness.get_by_label("Dismiss").click();
    harness.run();
    let job = listening(&mut harness);
    let other = Profile::new("acme", kinde_panel::kinde::Domain::parse("acme.kinde.com").unwrap());
    let world = harness.state_mut();
    let before = world.profile.replace(other).unwrap();
    world.with(|state, cx, actions| {
        state.forget(actions);
        state.entered(cx, actions);
    });
    world.page(rows(1..2), false, 0);
    harness.run();
    assert!(harness.query_all_by_label_contains("is receiving too, on 127.0.0.1:4444").count() > 0);
    harness.state_mut().with(|state, _, actions| state.profiles_changed(&[], actions));
    let stopped = |action: &Action| matches!(action, Action::Cancel(cancelled) if *cancelled == job);
    assert!(harness.state().actions.iter().any(stopped), "{} is gone", before.name);
}

#[test]
fn whatever_is_done_with_what_comes_the_head_of_the_room_is_never_written_over() {
    let mut results = SnapshotResults::new();
    for (wide, theme) in [(640.0, Theme::Dark), (820.0, Theme::Dark), (932.0, Theme::Light), (1280.0, Theme::Dark)] {
        for (targets, relay) in [(0, false), (1, false), (2, true)] {
            let mut harness = room(theme);
            harness.set_size(vec2(wide, 720.0));
            let profile = harness.state().profile.as_ref().unwrap().id;
            let forward =
                (0..targets).map(|port| format!("http://localhost:300{port}/api/webhooks/kinde")).collect::<Vec<_>>();
            let kept = history::Kept { port: None, path: None, forward };
            let kept = std::collections::BTreeMap::from([(profile, kept)]);
            harness.state_mut().with(|state, _, _| state.remember(&kept));
            harness.state_mut().page(rows(1..3), false, 0);
            harness.run();
            if relay {
                harness.state_mut().with(|state, cx, actions| state.ask(InspectorAsk::Receiving, cx, actions));
                harness.run_steps(3);
                harness.get_by_label("Return my handler's answer").click();
                harness.run_steps(3);
                harness.get_by_label("Save").click();
                harness.run_steps(3);
            }
            listening(&mut harness);
            let names =
                ["Copy the receiver's address", "Send events here\u{2026}", "Stop", "Pause", "More of the Inspector"];
            let places = names.map(|name| (name, harness.get_by_role_and_label(Role::Button, name).rect()));
            for (at, (name, place)) in places.iter().enumerate() {
                assert!(place.right() <= wide, "{name} at {wide}: {place:?}");
                for (other, its) in &places[at + 1..] {
                    let apart = !place.shrink(1.0).intersects(*its);
                    assert!(apart, "{name} over {other} at {wide} with {targets}: {place:?} {its:?}");
                }
            }
            if (wide, targets) == (932.0, 2) {
                common::picture(&mut harness, "inspector_onward_light");
                results.extend_harness(&mut harness);
            }
        }
    }
}
