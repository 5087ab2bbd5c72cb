//! The inspector's live side by its accessible names: what arrives, how it is chosen, and what is done with it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::cell::Cell;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Theme, vec2};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults};
use jiff::Timestamp;
use kinde_panel::action::{Action, Command, InspectorAsk, JobId, Room};
use kinde_panel::backend::attempt;
use kinde_panel::backend::history::{self, Event, Page, Picture, Settings, Up, Which};
use kinde_panel::error::{Category, UserError};
use kinde_panel::inspector::import::{Imported, Skipped};
use kinde_panel::screens::{Cx, inspector};
use kinde_panel::secrets::KeyringState;
use kinde_panel::store::attempts::{Attempt, Bucket, Duplicate, Forwarded, Histogram};
use kinde_panel::tenant::Profile;
use kinde_panel::ui::{theme, tokens};

const NOW: i64 = 1_790_000_000;

struct World {
    state: inspector::State,
    actions: Vec<Action>,
    profile: Profile,
    next: Cell<JobId>,
    /// The picture of arrivals that was asked for last.
    picture: Option<JobId>,
}

impl World {
    fn with<R>(&mut self, work: impl FnOnce(&mut inspector::State, &Cx<'_>, &mut Vec<Action>) -> R) -> R {
        let profiles = [self.profile.clone()];
        let cx = Cx {
            now: Timestamp::from_second(NOW).unwrap(),
            profile: Some(&self.profile),
            profiles: &profiles,
            keyring: &KeyringState::Ready,
            data_dir: "",
            next_job: &self.next,
        };
        work(&mut self.state, &cx, &mut self.actions)
    }

    /// The last thing asked of the history that `wanted` knows.
    fn asked<T>(&mut self, wanted: impl Fn(history::Command) -> Option<T>) -> (JobId, T) {
        let pictures = &mut self.picture;
        let run = self.actions.drain(..).filter_map(|action| match action {
            Action::Run(job, Command::History(history::Command::Picture { .. })) => {
                *pictures = Some(job);
                None
            }
            Action::Run(job, Command::History(command)) => wanted(command).map(|wanted| (job, wanted)),
            _ => None,
        });
        run.reduce(|_, last| last).expect("it was not asked")
    }

    fn tell(&mut self, job: JobId, event: Event) {
        self.with(|state, _, actions| state.on_history(job, event, actions));
    }

    /// Answers the page that was asked for with these rows, newest first.
    fn page(&mut self, rows: Vec<Attempt>, more: bool, newer: usize) {
        let (job, place) = self.asked(|command| match command {
            history::Command::Page { place, .. } => Some(place),
            _ => None,
        });
        self.tell(job, Event::Page(Ok(Box::new(Page { place, rows, more, newer }))));
    }
}

fn row(seq: i64) -> Attempt {
    Attempt {
        seq,
        owner: String::new(),
        received_at: Timestamp::from_second(NOW - 1000 + seq).unwrap(),
        webhook_id: Some(format!("id-{seq}")),
        event_id: Some(format!("event_{seq}")),
        event_type: Some("user.created".to_owned()),
        who: Some("ada@example.com".to_owned()),
        attempt: 1,
        duplicate: Duplicate::No,
        verdict: Some("verified".to_owned()),
        failed: None,
        judged_at: None,
        body_sha256: String::new(),
        responded: Some(200),
        forwarded: Vec::new(),
        pinned: false,
        whole: true,
    }
}

/// Rows of these numbers, newest first.
fn rows(seqs: std::ops::Range<i64>) -> Vec<Attempt> {
    seqs.rev().map(row).collect()
}

fn room(which: Theme) -> Harness<'static, World> {
    let world = World {
        state: inspector::State::default(),
        actions: Vec::new(),
        profile: Profile::sandbox(),
        next: Cell::new(0),
        picture: None,
    };
    let mut harness = Harness::builder()
        .with_size(vec2(1000.0, 720.0))
        .with_theme(which)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_options(SnapshotOptions::new().threshold(0.8).max_failed_pixels(40))
        .with_context_setup(theme::install)
        .build_ui_state(
            |ui, world: &mut World| {
                let page = tokens(ui).page;
                let whole = ui.ctx().content_rect();
                ui.ctx().layer_painter(egui::LayerId::background()).rect_filled(whole, 0, page);
                egui::Frame::new().fill(page).inner_margin(16).show(ui, |ui| {
                    world.with(|state, cx, actions| inspector::ui(ui, state, cx, actions));
                });
            },
            world,
        );
    harness.state_mut().with(inspector::State::entered);
    harness
}

fn picture(harness: &mut Harness<'_, World>) {
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
    let job = harness.state().picture.expect("the picture was not asked for");
    harness.state_mut().tell(job, Event::Picture(Ok(Box::new(picture))));
    harness.run();
}

fn with_rows(rows: Vec<Attempt>, more: bool) -> Harness<'static, World> {
    let mut harness = room(Theme::Dark);
    harness.state_mut().page(rows, more, 0);
    harness.run();
    harness
}

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

fn named(harness: &Harness<'_, World>, name: &str) -> bool {
    harness.query_by_label(name).is_some()
}

/// Starts to listen and answers that it is up; the job.
fn listening(harness: &mut Harness<'_, World>) -> JobId {
    harness.get_by_role_and_label(Role::Button, "Listen").click();
    harness.run_steps(3);
    let (job, ()) =
        harness.state_mut().asked(|command| matches!(command, history::Command::Listen { .. }).then_some(()));
    let up = Up { url: "http://127.0.0.1:4444/k/7f3a90b1c2d34e5f8a9b0c1d2e3f4a5b".to_owned(), port: 4444 };
    harness.state_mut().tell(job, Event::Listening(Ok(up)));
    harness.run();
    job
}

fn arrive(harness: &mut Harness<'_, World>, job: JobId, rows: Vec<Attempt>) {
    let (profile, fresh) = (harness.state().profile.id, rows.len());
    harness.state_mut().tell(job, Event::Rows { profile, rows, fresh, missed: false });
    harness.run();
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

fn search_for(harness: &mut Harness<'_, World>, text: &str) {
    harness.get_by_label("Search events").focus();
    harness.run();
    harness.event(egui::Event::Text(text.to_owned()));
    harness.run();
}

/// The filter of the page that was asked for last, and its job.
fn filtered(harness: &mut Harness<'_, World>) -> (JobId, kinde_panel::store::attempts::Filter) {
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
        if harness.state().picture.is_some() {
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
    assert_eq!(filter, kinde_panel::store::attempts::Filter::default());
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
    let before = std::mem::replace(&mut world.profile, other);
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
fn what_arrives_while_another_room_is_open_is_counted_and_the_first_bad_one_is_told_once() {
    let mut harness = with_rows(rows(1..3), false);
    let job = listening(&mut harness);
    harness.state_mut().actions.clear();
    harness.state_mut().state.left();
    let bad = |seq| Attempt { verdict: Some("unsigned".to_owned()), failed: Some("header".to_owned()), ..row(seq) };
    let profile = harness.state().profile.id;
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

fn one_of_each() -> Vec<Attempt> {
    let verdict = |seq, word: &str, failed: Option<&str>| Attempt {
        verdict: Some(word.to_owned()),
        failed: failed.map(str::to_owned),
        ..row(seq)
    };
    let on = |status: Option<u16>| Forwarded {
        url: "http://localhost:3000/api".to_owned(),
        status,
        ms: 4,
        error: status.is_none().then(|| "nothing listens there".to_owned()),
        ..Forwarded::default()
    };
    vec![
        Attempt { forwarded: vec![on(Some(200))], pinned: true, ..row(10) },
        Attempt { verdict: None, event_type: Some("user.updated".to_owned()), ..row(9) },
        Attempt { attempt: 2, duplicate: Duplicate::Retry, ..verdict(8, "unknown_key", Some("key")) },
        Attempt { forwarded: vec![on(Some(500))], ..verdict(7, "not_verified", Some("signature")) },
        Attempt { event_type: None, who: None, ..verdict(6, "unsigned", Some("header")) },
        Attempt { forwarded: vec![on(None)], ..verdict(5, "encrypted", Some("header")) },
        Attempt { event_type: None, who: None, ..verdict(4, "unreadable", Some("envelope")) },
        Attempt { duplicate: Duplicate::Conflict, ..verdict(3, "verified", Some("duplicate")) },
        Attempt { duplicate: Duplicate::Fanout, forwarded: vec![on(Some(200)), on(None)], ..row(2) },
        Attempt { duplicate: Duplicate::Repeat, event_type: Some("subscriber.created".to_owned()), ..row(1) },
    ]
}

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
    let profile = harness.state().profile.id;
    let event = Event::Rows { profile, rows: vec![Attempt { forwarded, ..row(2) }], fresh: 0, missed: false };
    harness.state_mut().tell(job, event);
    harness.run_steps(3);
    assert_eq!(opened(harness.state_mut()), [2]);
    harness.key_press(Key::ArrowDown);
    harness.run_steps(3);
    assert_eq!(opened(harness.state_mut()), [1]);
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
    harness.get_by_label("Days").focus();
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.event(egui::Event::Text("7".to_owned()));
    harness.run();
    harness.get_by_label("Save").click();
    harness.run();
    let kept =
        harness.state().actions.iter().any(|action| matches!(action, Action::KeepSoMuch(keep) if keep.days == Some(7)));
    assert!(kept, "it is remembered");
    let (_, keep) = harness.state_mut().asked(|command| match command {
        history::Command::Prune(keep) if keep.age == Some(std::time::Duration::from_secs(7 * 24 * 60 * 60)) => {
            Some(keep)
        }
        _ => None,
    });
    assert_eq!(keep.bytes, Some(4 << 30), "what was not changed stays");
}
