//! What is done with attempts: chosen, deleted, kept, exported.

use super::live::*;

#[test]
fn several_are_chosen_by_click_and_by_keys_and_deleted_only_after_a_question() {
    let mut harness = with_rows(rows(1..6), false);
    harness.get_by_label("5 user.created, verified").click();
    harness.run();
    harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowDown);
    harness.run();
    harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowDown);
    harness.run();
    harness.get_by_label("3 selected");
    harness.key_press(Key::Delete);
    harness.run();
    assert!(!harness.state().actions.iter().any(|action| format!("{action:?}").contains("Delete")), "it asks first");
    harness.get_by_role_and_label(Role::Dialog, "Delete 3 events?");
    harness.get_by_role_and_label(Role::Button, "Delete").click();
    harness.run();
    let (job, which) = harness.state_mut().asked(|command| match command {
        history::Command::Delete { which, .. } => Some(which),
        _ => None,
    });
    let Which::These(seqs) = which else { panic!("{which:?}") };
    assert_eq!(seqs, [3, 4, 5]);
    harness.state_mut().tell(job, Event::Deleted(Ok(3)));
    harness.run_steps(2);
    harness.state_mut().page(rows(1..3), false, 0);
    harness.run();
    assert!(!named(&harness, "5 user.created, verified"));
    harness.get_by_label("2 user.created, verified").click();
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run();
    harness.get_by_label("All that match");
    harness.key_press(Key::Escape);
    harness.run();
    assert!(!named(&harness, "All that match"));
}

#[test]
fn several_are_replayed_to_a_target_and_what_came_of_each_is_told() {
    let mut harness = with_rows(rows(1..6), false);
    harness.get_by_label("5 user.created, verified").click();
    harness.run();
    harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowDown);
    harness.run();
    harness.get_by_role_and_label(Role::Button, "Replay…").click();
    harness.run_steps(4);
    harness.get_by_role_and_label(Role::Dialog, "Replay 2 events");
    // The usual address is longer than what a field beside its label shows.
    let field = harness.get_by_label("Target").rect();
    assert!(field.width() > 400.0, "{field:?}");
    let target = |harness: &mut Harness, text: &str| {
        harness.get_by_label("Target").focus();
        harness.run_steps(4);
        harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        harness.event(egui::Event::Text(text.to_owned()));
        harness.run_steps(4);
    };
    // Another machine must be meant.
    target(&mut harness, "http://192.0.2.7/hook");
    harness.get_by_role_and_label(Role::Button, "Replay").click();
    harness.run_steps(4);
    assert!(!harness.state().actions.iter().any(|action| format!("{action:?}").contains("Replay")));
    assert!(harness.query_by_label_contains("It is not on this machine, and that is meant").is_some());
    target(&mut harness, "http://localhost:3000/hook");
    harness.get_by_role_and_label(Role::Button, "Replay").click();
    harness.run_steps(4);
    let (job, (which, to)) = harness.state_mut().asked(|command| match command {
        history::Command::Replay { which, target, .. } => Some((which, target.shown())),
        _ => None,
    });
    let Which::These(seqs) = which else { panic!("{which:?}") };
    assert_eq!((seqs.as_slice(), to.as_str()), ([4, 5].as_slice(), "http://localhost:3000/hook"));

    let tally = Tally { of: 2, well: 1, ..Tally::default() };
    harness.state_mut().tell(job, Event::Replaying(Box::new(tally.clone())));
    harness.run_steps(4);
    harness.get_by_label("1 of 2 done: 1 answered 200");
    harness.get_by_role_and_label(Role::Button, "Cancel").click();
    harness.run_steps(4);
    assert!(harness.state().actions.iter().any(|action| matches!(action, Action::Cancel(cut) if *cut == job)));
    let tally = Tally { ill: 1, troubles: vec![(5, "404".to_owned())], ..tally };
    harness.state_mut().tell(job, Event::Replayed(Ok(Box::new(tally))));
    harness.run_steps(4);
    harness.get_by_label("2 of 2 done: 1 answered 200, 1 otherwise or not at all");
    harness.get_by_label("No. 5: 404");
    harness.get_by_role_and_label(Role::Button, "Done").click();
    harness.run_steps(4);
    assert!(harness.query_by_role_and_label(Role::Dialog, "Replay 2 events").is_none());

    // Where it went is offered again, and everything that matches can go.
    harness.get_by_label("3 user.created, verified").click();
    harness.run_steps(4);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run_steps(4);
    harness.get_by_role_and_label(Role::Button, "Replay…").click();
    harness.run_steps(4);
    harness.get_by_role_and_label(Role::Dialog, "Replay all that match");
    harness.get_by_role_and_label(Role::Button, "Replay").click();
    harness.run_steps(4);
    let (_, to) = harness.state_mut().asked(|command| match command {
        history::Command::Replay { which: Which::Matching(_), target, .. } => Some(target.shown()),
        _ => None,
    });
    assert_eq!(to, "http://localhost:3000/hook");
}

#[test]
fn clearing_the_history_names_the_profile_and_asks_first() {
    let mut harness = with_rows(rows(1..4), false);
    harness.get_by_label("More of the Inspector").click();
    harness.run();
    harness.get_by_label("Clear history…").click();
    harness.run();
    let ask = harness.state_mut().actions.drain(..).find_map(|action| match action {
        Action::Inspector(ask) => Some(ask),
        _ => None,
    });
    assert_eq!(ask, Some(InspectorAsk::Clear));
    harness.state_mut().with(|state, cx, actions| state.ask(InspectorAsk::Clear, cx, actions));
    harness.run();
    harness.get_by_role_and_label(Role::Dialog, "Delete everything received for sandbox?");
    harness.get_by_role_and_label(Role::Button, "Delete").click();
    harness.run();
    let (_, which) = harness.state_mut().asked(|command| match command {
        history::Command::Delete { which, .. } => Some(which),
        _ => None,
    });
    assert!(matches!(which, Which::Matching(_)), "{which:?}");
}

#[test]
fn pasted_webhooks_are_kept_when_a_person_says_so_and_what_was_skipped_is_told() {
    let mut harness = with_rows(rows(1..3), false);
    harness.get_by_label("Paste").click();
    harness.run();
    assert!(!named(&harness, "Keep its webhooks"), "there is nothing to keep");
    harness.get_by_label("Token").focus();
    harness.run();
    harness.event(egui::Event::Paste("one.two.three\nfour.five.six".to_owned()));
    harness.run_steps(3);
    harness.get_by_label("Keep its webhooks").click();
    harness.run_steps(3);
    let (job, text) = harness.state_mut().asked(|command| match command {
        history::Command::Import { from: history::From::Text(text), .. } => Some(text),
        _ => None,
    });
    assert_eq!(text.expose(), "one.two.three\nfour.five.six");
    let why = vec![Skipped { line: 2, why: "it is no token".to_owned() }];
    let imported = Imported { count: 1, skipped: 1, why, ..Imported::default() };
    harness.state_mut().tell(job, Event::Imported(Ok(Some(imported))));
    harness.run_steps(3);
    harness.get_by_label("1 kept in the history, 1 not");
    assert!(harness.query_all_by_label_contains("Line 2: it is no token").count() > 0);
    assert!(harness.query_all_by_label_contains("unknown here").count() == 0);
    harness.get_by_label("Keep its webhooks").click();
    harness.run_steps(3);
    let (job, ()) =
        harness.state_mut().asked(|command| matches!(command, history::Command::Import { .. }).then_some(()));
    let imported = Imported { count: 3, unknown: 2, ..Imported::default() };
    harness.state_mut().tell(job, Event::Imported(Ok(Some(imported))));
    harness.run_steps(3);
    let words = "2 that the file calls verified were signed with keys that are unknown here";
    assert!(harness.query_all_by_label_contains(words).count() > 0);
}

#[test]
fn what_matches_is_exported_and_how_much_is_kept_is_said_in_a_form() {
    let mut harness = with_rows(rows(1..3), false);
    let ask = |world: &mut World, ask| world.with(|state, cx, actions| state.ask(ask, cx, actions));
    ask(harness.state_mut(), InspectorAsk::Export);
    let (job, which) = harness.state_mut().asked(|command| match command {
        history::Command::Export { which, .. } => Some(which),
        _ => None,
    });
    assert!(matches!(which, Which::Matching(_)), "{which:?}");
    harness.state_mut().tell(job, Event::Exported(Ok(Some((2, "/tmp/events.ndjson".to_owned())))));
    harness.run();
    harness.get_by_label("2 events written");
    ask(harness.state_mut(), InspectorAsk::Retention);
    harness.run();
    assert!(!named(&harness, "Days"), "it is not known yet");
    let (job, ()) = harness.state_mut().asked(|command| matches!(command, history::Command::Rule).then_some(()));
    let few = Retention { age: None, bytes: Some(5 << 20) };
    harness.state_mut().tell(job, Event::Rule(Ok(few)));
    harness.run();
    harness.get_by_label("Days").focus();
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.event(egui::Event::Text("7".to_owned()));
    harness.run();
    harness.get_by_label("Save").click();
    harness.run();
    let (_, rule) = harness.state_mut().asked(|command| match command {
        history::Command::Keep(rule) => Some(rule),
        _ => None,
    });
    let week = std::time::Duration::from_secs(7 * 24 * 60 * 60);
    assert_eq!(rule, Retention { age: Some(week), ..few }, "what was not changed stays");
}

/// The keyboard is on the list, and everything that matches is chosen.
fn choose_all(harness: &mut Harness, first: &str) {
    harness.get_by_label(first).click();
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run();
    harness.get_by_label("All that match");
}

#[test]
fn the_question_before_all_that_match_are_deleted_says_truly_what_becomes_of_pinned_ones() {
    let mut harness = with_rows(rows(1..4), false);
    choose_all(&mut harness, "3 user.created, verified");
    harness.key_press(Key::Delete);
    harness.run();
    assert!(harness.query_all_by_label_contains("Pinned events stay.").count() > 0);
    harness.get_by_role_and_label(Role::Button, "Cancel").click();
    harness.run();

    harness.get_by_label("Search events").focus();
    harness.run();
    harness.event(egui::Event::Text("is:pinned".to_owned()));
    harness.run();
    harness.state_mut().page(vec![Attempt { pinned: true, ..row(2) }], false, 0);
    harness.run();
    choose_all(&mut harness, "2 user.created, verified");
    harness.key_press(Key::Delete);
    harness.run();
    harness.get_by_role_and_label(Role::Dialog, "Delete all events that match?");
    assert!(harness.query_all_by_label_contains("Pinned events stay.").count() == 0);
    assert!(harness.query_all_by_label_contains("They are pinned: they go all the same.").count() > 0);
    harness.get_by_role_and_label(Role::Button, "Delete").click();
    harness.run();
    let (_, which) = harness.state_mut().asked(|command| match command {
        history::Command::Delete { which, .. } => Some(which),
        _ => None,
    });
    assert!(matches!(&which, Which::Matching(filter) if filter.pinned), "{which:?}");
}

/// What was pinned, or let go, last.
fn pinned(harness: &mut Harness) -> (Vec<i64>, bool) {
    let (_, (which, pinned)) = harness.state_mut().asked(|command| match command {
        history::Command::Pin { which, pinned, .. } => Some((which, pinned)),
        _ => None,
    });
    let Which::These(seqs) = which else { panic!("{which:?}") };
    (seqs, pinned)
}

#[test]
fn events_are_pinned_and_let_go_from_the_line_above_the_list_and_from_the_menu_of_a_row() {
    let pin = |seq: i64, pinned: bool| Attempt { pinned, ..row(seq) };
    let mut harness = with_rows(vec![pin(4, true), pin(3, true), pin(2, false), pin(1, false)], false);
    // The one that is clicked, and `more` below it.
    let choose = |harness: &mut Harness, more: usize| {
        harness.get_by_label("4 user.created, verified").click();
        harness.run_steps(3);
        for _ in 0..more {
            harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowDown);
            harness.run_steps(3);
        }
        harness.get_by_label(&format!("{} selected", more + 1));
    };
    choose(&mut harness, 1);
    harness.get_by_role_and_label(Role::Button, "Unpin").click();
    harness.run_steps(3);
    assert_eq!(pinned(&mut harness), (vec![3, 4], false), "several that are pinned are let go together");
    choose(&mut harness, 2);
    harness.get_by_role_and_label(Role::Button, "Pin").click();
    harness.run_steps(3);
    assert_eq!(pinned(&mut harness), (vec![2, 3, 4], true), "where one of them is not, all are pinned");
    harness.get_by_role_and_label(Role::Button, "Clear selection").click();
    harness.run_steps(3);
    for (seq, words, wanted) in [(1, "Pin", true), (4, "Unpin", false)] {
        harness.get_by_label(&format!("{seq} user.created, verified")).click_secondary();
        harness.run_steps(4);
        harness.get_by_label(words).click();
        harness.run_steps(4);
        assert_eq!(pinned(&mut harness), (vec![seq], wanted), "{words}");
    }
}
