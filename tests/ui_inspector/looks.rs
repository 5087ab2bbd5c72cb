//! How the list looks.

use super::live::*;

#[test]
fn each_verdict_has_its_shape_its_word_and_its_colour() {
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let mut harness = room(theme);
        harness.state_mut().page(one_of_each(), false, 0);
        harness.run();
        listening(&mut harness);
        for name in [
            "10 user.created, verified",
            "9 user.updated, not judged yet",
            "8 user.created, unknown key",
            "7 user.created, not verified",
            "6 no event, unsigned",
            "5 user.created, encrypted",
            "4 no event, unreadable",
            "3 user.created, duplicate fails",
        ] {
            assert!(named(&harness, name), "{name}");
        }
        for words in ["2nd", "conflict", "fanout", "repeat", "200 · 4 ms", "no answer", "1 of 2 well"] {
            assert!(harness.query_all_by_label(words).count() > 0, "{words}");
        }
        common::picture(&mut harness, format!("inspector_live_{suffix}"));
        results.extend_harness(&mut harness);
    }
}

#[test]
fn the_three_ways_to_begin_stand_in_a_line() {
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let mut harness = room(theme);
        harness.set_size(vec2(1000.0, 300.0));
        harness.state_mut().page(Vec::new(), false, 0);
        harness.run();
        let paste = harness.get_by_label("Paste…").rect();
        let listen = harness.get_by_role_and_label(Role::Button, "Listen").rect();
        let send = harness.get_by_label("Send this tenant's events here").rect();
        assert!(paste.right() < listen.left() && listen.right() < send.left(), "{paste:?} {listen:?} {send:?}");
        assert!(send.right() < 1000.0 && paste.top() == send.top(), "{paste:?} {send:?}");
        common::picture(&mut harness, format!("inspector_empty_{suffix}"));
        results.extend_harness(&mut harness);
    }
}

#[test]
fn a_search_without_a_match_and_a_paused_list_look_as_the_rest_does() {
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let mut harness = room(theme);
        harness.state_mut().page(rows(1..12), false, 0);
        harness.run();
        listening(&mut harness);
        harness.get_by_label("Pause").click();
        harness.run();
        assert!(harness.query_all_by_label_contains("Paused").count() > 0);
        if theme == Theme::Light {
            common::picture(&mut harness, "inspector_paused_light");
        }
        harness.get_by_label("Resume").click();
        harness.run_steps(3);
        harness.state_mut().page(rows(1..12), false, 0);
        harness.get_by_label("Search events").focus();
        harness.run();
        harness.event(egui::Event::Text("nobody".to_owned()));
        harness.run();
        harness.state_mut().page(Vec::new(), false, 0);
        harness.run();
        harness.get_by_label("No event matches");
        common::picture(&mut harness, format!("inspector_no_match_{suffix}"));
        results.extend_harness(&mut harness);
    }
}

#[test]
fn what_came_of_several_replays_looks_as_it_was_judged() {
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let mut harness = room(theme);
        harness.state_mut().page(rows(1..12), false, 0);
        harness.run();
        harness.get_by_label("11 user.created, verified").click();
        harness.run();
        for _ in 0..3 {
            harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowDown);
            harness.run();
        }
        harness.get_by_role_and_label(Role::Button, "Replay…").click();
        harness.run_steps(4);
        harness.get_by_role_and_label(Role::Button, "Replay").click();
        harness.run_steps(4);
        let (job, ()) =
            harness.state_mut().asked(|command| matches!(command, history::Command::Replay { .. }).then_some(()));
        let troubles = vec![(9, "404 by localhost:3000".to_owned())];
        let tally = Tally { of: 4, well: 3, ill: 1, troubles, ..Tally::default() };
        harness.state_mut().tell(job, Event::Replayed(Ok(Box::new(tally))));
        harness.run_steps(4);
        common::picture(&mut harness, format!("inspector_replays_{suffix}"));
        results.extend_harness(&mut harness);
    }
}

#[test]
fn a_row_of_another_day_says_which_and_every_row_on_hover() {
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let mut harness = room(theme);
        let earlier = |seq: i64, days: i64| Attempt {
            received_at: Timestamp::from_second(NOW - days * 86_400).unwrap(),
            ..row(seq)
        };
        harness.state_mut().page(vec![row(3), earlier(2, 1), earlier(1, 40)], false, 0);
        harness.run();
        let (today, before) = (Timestamp::from_second(NOW - 997).unwrap(), earlier(2, 1).received_at);
        let (day, clock) = (kinde_panel::clock::day, kinde_panel::clock::clock_time);
        let words = format!("{} {}", day(before), &clock(before)[..5]);
        harness.get_by_label(&words);
        assert!(harness.query_by_label(&format!("{} {}", day(today), &clock(today)[..5])).is_none());
        common::picture(&mut harness, format!("inspector_days_{suffix}"));
        harness.get_by_label(&clock(today)).hover();
        // A tooltip shows once the pointer has rested.
        harness.run_steps(8);
        harness.get_by_label(&format!("{} {}", day(today), clock(today)));
        results.extend_harness(&mut harness);
    }
}
