//! What arrives: shown at once, behind a pill, not at all while paused, counted while nobody looks.

use super::live::*;

#[test]
fn while_the_history_is_read_it_says_so_and_a_failure_is_told_and_tried_again() {
    let mut harness = room(Theme::Dark);
    harness.run_steps(3);
    harness.get_by_label_contains("Reading the history");
    let (job, ()) = harness.state_mut().asked(|command| matches!(command, history::Command::Page { .. }).then_some(()));
    let error = UserError::new(Category::File, "The history could not be used").hint("Check the disk");
    harness.state_mut().tell(job, Event::Page(Err(error)));
    harness.run();
    harness.get_by_label("The history could not be used");
    harness.get_by_label("Try again").click();
    harness.run_steps(3);
    harness.state_mut().page(rows(1..3), false, 0);
    harness.run();
    harness.get_by_label("2 user.created, verified");
}

#[test]
fn an_empty_history_offers_to_paste_and_to_listen_and_listening_says_where() {
    let mut harness = with_rows(Vec::new(), false);
    harness.get_by_label("Paste…");
    harness.get_by_role_and_label(Role::Button, "Listen").click();
    harness.run_steps(3);
    let (job, profile) = harness.state_mut().asked(|command| match command {
        history::Command::Listen { profile, .. } => Some(profile),
        _ => None,
    });
    let up = Up { url: "http://127.0.0.1:4444/k/7f3".to_owned(), port: 4444 };
    harness.state_mut().tell(job, Event::Listening(Ok(up)));
    harness.run();
    harness.get_by_label_contains("Waiting for the first webhook");
    let event = Event::Rows { profile, rows: vec![row(1)], fresh: 1, missed: false };
    harness.state_mut().tell(job, event);
    harness.run();
    harness.get_by_label("1 user.created, verified");
    harness.get_by_role_and_label(Role::Button, "Stop").click();
    harness.run();
    assert!(
        harness.state().actions.iter().any(|action| matches!(action, Action::Cancel(cancelled) if *cancelled == job))
    );
}

#[test]
fn arrivals_show_at_once_until_a_person_scrolls_away_and_then_wait_behind_a_pill() {
    let mut harness = with_rows(rows(1..200), false);
    let job = listening(&mut harness);
    arrive(&mut harness, job, vec![row(200)]);
    assert!(named(&harness, "200 user.created, verified"));
    harness.hover_at(egui::pos2(400.0, 400.0));
    harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: vec2(0.0, -600.0),
        phase: egui::TouchPhase::Move,
        modifiers: Modifiers::NONE,
        source: egui::MouseWheelSource::Wheel,
    });
    harness.run_steps(20);
    assert!(!named(&harness, "200 user.created, verified"), "scrolled away");
    arrive(&mut harness, job, vec![row(201), row(202)]);
    assert!(!named(&harness, "202 user.created, verified"));
    harness.get_by_label("2 new").click();
    harness.run_steps(3);
    harness.state_mut().page(rows(3..203), true, 0);
    harness.run();
    assert!(named(&harness, "202 user.created, verified"));
    assert!(!named(&harness, "2 new"));
}

#[test]
fn pause_freezes_the_view_and_not_the_capture() {
    let mut harness = with_rows(rows(1..3), false);
    let job = listening(&mut harness);
    harness.get_by_label("Pause").click();
    harness.run();
    assert!(harness.query_all_by_label_contains("Paused").count() > 0);
    arrive(&mut harness, job, vec![row(3)]);
    assert!(!named(&harness, "3 user.created, verified"));
    assert!(named(&harness, "1 new"));
    common::picture(&mut harness, "inspector_paused_dark");
    harness.get_by_label("Resume").click();
    harness.run_steps(3);
    harness.state_mut().page(rows(1..4), false, 0);
    harness.run();
    assert!(named(&harness, "3 user.created, verified"));
}

/// Whether the picture of arrivals was asked for since the last time something was looked for.
fn pictured(harness: &Harness) -> bool {
    let is = |action: &Action| matches!(action, Action::Run(_, Command::History(history::Command::Picture { .. })));
    harness.state().actions.iter().any(is)
}

#[test]
fn what_a_person_does_while_the_list_is_paused_shows_and_what_arrives_still_waits() {
    let mut harness = with_rows(rows(1..4), false);
    let job = listening(&mut harness);
    harness.get_by_label("Pause").click();
    harness.run();
    // The picture that the room began with has come, and it is time for another one.
    let first = harness.state().note.expect("the picture was not asked for");
    let none = UserError::new(Category::File, "There is none");
    harness.state_mut().tell(first, Event::Picture(Err(none)));
    harness.state_mut().now = Timestamp::from_second(NOW + 60).unwrap();
    arrive(&mut harness, job, vec![row(4)]);
    assert!(!named(&harness, "4 user.created, verified") && !pictured(&harness), "nothing moves by itself");

    // Over the first row lies what counts the new ones.
    harness.get_by_label("2 user.created, verified").click();
    harness.run();
    harness.get_by_role_and_label(Role::Button, "Pin").click();
    harness.run();
    let (pinning, ()) =
        harness.state_mut().asked(|command| matches!(command, history::Command::Pin { .. }).then_some(()));
    harness.state_mut().tell(pinning, Event::Pinned(Ok(1)));
    harness.run();
    assert!(pictured(&harness), "the picture follows what was done");
    harness.state_mut().page(vec![row(3), Attempt { pinned: true, ..row(2) }, row(1)], false, 1);
    harness.run();
    harness.get_by_role_and_label(Role::Button, "Unpin");
    assert!(harness.query_all_by_label("Pinned").count() > 0);

    harness.get_by_role_and_label(Role::Button, "Delete…").click();
    // The question comes to sight.
    harness.run_steps(8);
    harness.get_by_role_and_label(Role::Button, "Delete").click();
    harness.run_steps(8);
    let (deleting, ()) =
        harness.state_mut().asked(|command| matches!(command, history::Command::Delete { .. }).then_some(()));
    harness.state_mut().tell(deleting, Event::Deleted(Ok(1)));
    harness.run();
    harness.state_mut().page(vec![row(3), row(1)], false, 1);
    harness.run();
    assert!(!named(&harness, "2 user.created, verified"), "it was deleted");
    assert!(named(&harness, "3 user.created, verified") && named(&harness, "1 new"));
    assert!(!named(&harness, "4 user.created, verified"), "and nothing else has joined");
}

#[test]
fn a_search_while_the_list_is_paused_changes_the_rows_and_the_picture_of_arrivals() {
    let mut harness = with_rows(rows(1..4), false);
    listening(&mut harness);
    harness.get_by_label("Pause").click();
    harness.run_steps(3);
    let first = harness.state().note.expect("the picture was not asked for");
    harness.state_mut().tell(first, Event::Picture(Err(UserError::new(Category::File, "There is none"))));
    harness.state_mut().now = Timestamp::from_second(NOW + 60).unwrap();
    harness.get_by_label("Search events").focus();
    harness.run_steps(3);
    assert!(!pictured(&harness));
    harness.event(egui::Event::Text("ada".to_owned()));
    harness.run_steps(3);
    let asked = harness.state().actions.iter().find_map(|action| match action {
        Action::Run(_, Command::History(history::Command::Picture { filter, .. })) => Some(filter.words.clone()),
        _ => None,
    });
    assert_eq!(asked, Some(vec!["ada".to_owned()]));
    harness.state_mut().page(rows(2..3), false, 0);
    harness.run_steps(3);
    assert!(named(&harness, "2 user.created, verified") && !named(&harness, "3 user.created, verified"));
}

#[test]
fn what_arrives_while_another_room_is_open_is_counted_and_the_first_bad_one_is_told_once() {
    let mut harness = with_rows(rows(1..3), false);
    let job = listening(&mut harness);
    harness.state_mut().actions.clear();
    harness.state_mut().state.left();
    let bad = |seq| Attempt { verdict: Some("unsigned".to_owned()), failed: Some("header".to_owned()), ..row(seq) };
    let profile = harness.state().profile.as_ref().unwrap().id;
    for rows in [vec![row(3)], vec![bad(4)], vec![bad(5), bad(6)]] {
        let fresh = rows.len();
        harness.state_mut().tell(job, Event::Rows { profile, rows, fresh, missed: false });
    }
    assert_eq!(harness.state().state.unseen(), 4);
    let offers = |action: &&Action| matches!(action, Action::Offer { action, .. } if matches!(**action, Action::Go(Room::Inspector)));
    assert_eq!(harness.state().actions.iter().filter(offers).count(), 1);
    harness.state_mut().with(inspector::State::entered);
    assert_eq!(harness.state().state.unseen(), 0);
}

#[test]
fn the_room_follows_only_while_it_is_open_and_comes_to_rest() {
    let mut harness = with_rows(rows(1..300), true);
    harness.run();
    let watched = harness
        .state()
        .actions
        .iter()
        .filter(|action| matches!(action, Action::Run(_, Command::History(history::Command::Watch { .. }))));
    assert!(watched.count() <= 1);
    let asked = harness.state().actions.len();
    harness.run();
    assert_eq!(harness.state().actions.len(), asked, "an idle room asks for nothing");
}

#[test]
fn the_chosen_attempt_is_opened_and_read_again_when_its_row_changes() {
    let mut harness = with_rows(rows(1..4), false);
    let job = listening(&mut harness);
    let opened = |world: &mut World| {
        let opened = world.actions.drain(..).filter_map(|action| match action {
            Action::Run(_, Command::Attempt(attempt::Command::Open { seq, .. })) => Some(seq),
            _ => None,
        });
        opened.collect::<Vec<_>>()
    };
    harness.get_by_label("2 user.created, verified").click();
    harness.run_steps(3);
    assert_eq!(opened(harness.state_mut()), [2]);
    let forwarded =
        vec![Forwarded { url: "http://localhost/".to_owned(), status: Some(200), ms: 1, ..Forwarded::default() }];
    let profile = harness.state().profile.as_ref().unwrap().id;
    let event = Event::Rows { profile, rows: vec![Attempt { forwarded, ..row(2) }], fresh: 0, missed: false };
    harness.state_mut().tell(job, event);
    harness.run_steps(3);
    assert_eq!(opened(harness.state_mut()), [2]);
    harness.key_press(Key::ArrowDown);
    harness.run_steps(3);
    assert_eq!(opened(harness.state_mut()), [1]);
}

#[test]
fn the_chosen_attempt_is_read_again_when_a_page_tells_that_it_was_replayed_or_pinned_and_not_otherwise() {
    let mut harness = with_rows(rows(1..4), false);
    let listener = listening(&mut harness);
    let profile = harness.state().profile.as_ref().unwrap().id;
    harness.get_by_label("2 user.created, verified").click();
    harness.run_steps(3);
    let opens = |world: &mut World| {
        let opened = world.actions.drain(..).filter_map(|action| match action {
            Action::Run(job, Command::Attempt(attempt::Command::Open { seq: 2, .. })) => Some(job),
            _ => None,
        });
        opened.collect::<Vec<_>>()
    };
    let job = opens(harness.state_mut())[0];
    let whole =
        Whole { attempt: row(2), headers: Vec::new(), body: Vec::new(), decode: None, content: None, said: None };
    let there = attempt::Opened { siblings: vec![row(2)], whole, answers: Vec::new(), known: Vec::new() };
    let there = attempt::Event::Opened(Ok(Some(Box::new(there))));
    let now = Timestamp::from_second(NOW).unwrap();
    harness.state_mut().with(|state, _, actions| state.detail.on_event(job, there, now, actions));
    harness.run_steps(3);
    let mut look = |chosen: Attempt| {
        let missed = Event::Rows { profile, rows: Vec::new(), fresh: 0, missed: true };
        harness.state_mut().tell(listener, missed);
        harness.run_steps(3);
        harness.state_mut().page(vec![row(3), chosen, row(1)], false, 0);
        harness.run_steps(3);
        opens(harness.state_mut()).len()
    };
    assert_eq!(look(row(2)), 0);
    let replay =
        Forwarded { url: "http://localhost/".to_owned(), status: Some(200), replay: Some(1), ..Forwarded::default() };
    assert_eq!(look(Attempt { forwarded: vec![replay], ..row(2) }), 1);
    assert_eq!(look(Attempt { pinned: true, ..row(2) }), 1);
}
