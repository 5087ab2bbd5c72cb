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
use kinde_panel::action::{Action, Command, JobId};
use kinde_panel::backend::history::{self, Event, Page, Up, Which};
use kinde_panel::error::{Category, UserError};
use kinde_panel::screens::{Cx, inspector};
use kinde_panel::secrets::KeyringState;
use kinde_panel::store::attempts::{Attempt, Duplicate, Forwarded};
use kinde_panel::tenant::Profile;
use kinde_panel::ui::{theme, tokens};

const NOW: i64 = 1_790_000_000;

struct World {
    state: inspector::State,
    actions: Vec<Action>,
    profile: Profile,
    next: Cell<JobId>,
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
        let run = self.actions.drain(..).filter_map(|action| match action {
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
    arrive(&mut harness, job, vec![row(3)]);
    assert!(!named(&harness, "3 user.created, verified"));
    assert!(named(&harness, "1 new"));
    harness.get_by_label("Resume").click();
    harness.run_steps(3);
    harness.state_mut().page(rows(1..4), false, 0);
    harness.run();
    assert!(named(&harness, "3 user.created, verified"));
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
