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
fn the_two_ways_to_begin_stand_in_a_line() {
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let mut harness = room(theme);
        harness.set_size(vec2(1000.0, 300.0));
        harness.state_mut().page(Vec::new(), false, 0);
        harness.run();
        let paste = harness.get_by_label("Paste…").rect();
        let listen = harness.get_by_role_and_label(Role::Button, "Listen").rect();
        assert!(paste.right() < listen.left() && listen.right() < 1000.0, "{paste:?} {listen:?}");
        common::picture(&mut harness, format!("inspector_empty_{suffix}"));
        results.extend_harness(&mut harness);
    }
}
