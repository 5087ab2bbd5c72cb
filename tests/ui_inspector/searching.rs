//! The search, its chips, and the picture of arrivals.

use super::live::*;

fn picture(harness: &mut Harness) {
    let bucket = |index: i64| {
        let start = Timestamp::from_second(NOW - 3600 + index * 60).unwrap();
        let end = Timestamp::from_second(NOW - 3540 + index * 60).unwrap();
        let counts = match index {
            20..30 => [0, 2, 0, 1, 0, 0, 0, 0],
            40 => [0, 9, 1, 0, 3, 0, 0, 0],
            59 => [2, 4, 0, 0, 0, 0, 0, 0],
            _ => [0; 8],
        };
        Bucket { start, end, counts }
    };
    let histogram = Histogram { buckets: (0..60).map(bucket).collect(), complete: true };
    let picture = Picture { histogram, words: "last hour".to_owned() };
    let job = harness.state().note.expect("the picture was not asked for");
    harness.state_mut().tell(job, Event::Picture(Ok(Box::new(picture))));
    harness.run();
}

fn search_for(harness: &mut Harness, text: &str) {
    harness.get_by_label("Search events").focus();
    harness.run();
    harness.event(egui::Event::Text(text.to_owned()));
    harness.run();
}

/// The filter of the page that was asked for last, and its job.
fn filtered(harness: &mut Harness) -> (JobId, Filter) {
    harness.state_mut().asked(|command| match command {
        history::Command::Page { filter, .. } => Some(*filter),
        _ => None,
    })
}

#[test]
fn a_search_asks_as_it_is_typed_and_its_filters_are_chips_with_a_way_out() {
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let mut harness = room(theme);
        harness.state_mut().page(one_of_each(), false, 0);
        harness.run();
        search_for(&mut harness, "type:user.* verdict:failed ada");
        let (job, filter) = filtered(&mut harness);
        assert_eq!((filter.types, filter.words), (vec!["user.*".to_owned()], vec!["ada".to_owned()]));
        let rows = one_of_each().into_iter().filter(|row| row.verdict.as_deref() == Some("not_verified")).collect();
        let page = Page { place: history::Place::Newest, rows, more: false, newer: 0 };
        harness.state_mut().tell(job, Event::Page(Ok(Box::new(page))));
        harness.run();
        if harness.state().note.is_some() {
            picture(&mut harness);
        }
        assert!(named(&harness, "7 user.created, not verified") && !named(&harness, "10 user.created, verified"));
        common::picture(&mut harness, format!("inspector_search_{suffix}"));
        harness.get_by_label_contains("Remove type").click();
        harness.run();
        let (_, filter) = filtered(&mut harness);
        assert!(filter.types.is_empty() && !filter.standings.is_empty() && !filter.words.is_empty(), "{filter:?}");
        results.extend_harness(&mut harness);
    }
}

#[test]
fn a_search_that_cannot_be_read_says_where_and_one_without_a_match_leads_back() {
    let mut harness = with_rows(rows(1..4), false);
    search_for(&mut harness, "verdict:nonsense");
    assert!(harness.query_all_by_label_contains("At character").count() > 0);
    assert!(named(&harness, "3 user.created, verified"), "what was there stays");
    for _ in 0..16 {
        harness.key_press(Key::Backspace);
    }
    harness.run();
    search_for(&mut harness, "nobody");
    harness.state_mut().page(Vec::new(), false, 0);
    harness.run();
    harness.get_by_label("No event matches");
    harness.get_by_label("Show all events").click();
    harness.run_steps(3);
    let (_, filter) = filtered(&mut harness);
    assert_eq!(filter, Filter::default());
}

#[test]
fn how_long_ago_is_counted_from_when_rows_are_asked_for_or_acted_on_and_not_from_when_it_was_typed() {
    let mut harness = with_rows(rows(1..4), false);
    search_for(&mut harness, "since:2h");
    let (job, typed) = filtered(&mut harness);
    assert_eq!(typed.since.unwrap().as_second(), NOW - 7_200);
    let page = Page { place: history::Place::Newest, rows: rows(1..4), more: false, newer: 0 };
    harness.state_mut().tell(job, Event::Page(Ok(Box::new(page))));
    harness.state_mut().now = Timestamp::from_second(NOW + 3_600).unwrap();
    arrive(&mut harness, job, vec![row(9)]);
    let (_, asked) = filtered(&mut harness);
    assert_eq!(asked.since.unwrap().as_second(), NOW - 3_600);
    harness.state_mut().with(|state, cx, actions| state.ask(InspectorAsk::Export, cx, actions));
    let (_, exported) = harness.state_mut().asked(|command| match command {
        history::Command::Export { which: Which::Matching(filter), .. } => Some(*filter),
        _ => None,
    });
    assert_eq!(exported.since.unwrap().as_second(), NOW - 3_600);
}

#[test]
fn a_stretch_drawn_in_the_picture_of_arrivals_is_searched_for() {
    let mut harness = with_rows(rows(1..4), false);
    harness.state_mut().actions.clear();
    harness.state_mut().with(inspector::State::entered);
    harness.run();
    harness.state_mut().asked(|_| Some(()));
    picture(&mut harness);
    let place = harness.get_by_label("Arrivals, last hour").rect();
    let at = |part: f32| egui::pos2(place.left() + (place.width() - 72.0) * part, place.center().y);
    harness.drag_at(at(0.34));
    harness.run_steps(2);
    harness.hover_at(at(0.46));
    harness.run_steps(2);
    harness.drop_at(at(0.46));
    harness.run_steps(3);
    let (_, filter) = filtered(&mut harness);
    assert_eq!(filter.since.unwrap().as_second(), NOW - 3600 + 20 * 60);
    assert_eq!(filter.until.unwrap().as_second(), NOW - 3540 + 27 * 60);
    assert!(harness.query_all_by_label_contains("Remove since").count() > 0);
}
