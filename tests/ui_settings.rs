//! Settings by its accessible names: how much of the history is kept, what is used of it, and what removed profiles left.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::cell::Cell;

use egui::{Theme, vec2};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults};
use jiff::Timestamp;
use kinde_panel::action::{Action, JobId};
use kinde_panel::backend::keeping::{Command, Event, Used};
use kinde_panel::backend::{self, End};
use kinde_panel::error::{Category, UserError};
use kinde_panel::screens::{Cx, settings};
use kinde_panel::secrets::KeyringState;
use kinde_panel::store::attempts::Retention;
use kinde_panel::ui::tokens;

struct World {
    state: settings::State,
    actions: Vec<Action>,
    next: Cell<JobId>,
}

impl World {
    fn with(&mut self, work: impl FnOnce(&mut settings::State, &Cx<'_>, &mut Vec<Action>)) {
        let cx = Cx {
            now: Timestamp::UNIX_EPOCH,
            profile: None,
            profiles: &[],
            keyring: &KeyringState::Ready,
            data_dir: "/home/ada/.local/share/kinde-panel",
            next_job: &self.next,
        };
        work(&mut self.state, &cx, &mut self.actions);
    }

    /// What the backend was asked.
    fn asked(&mut self) -> (JobId, Command) {
        let asked = self.actions.iter().find_map(|action| match action {
            Action::Run(job, backend::Command::Keeping(command)) => Some((*job, *command)),
            _ => None,
        });
        self.actions.clear();
        asked.expect("nothing was asked")
    }
}

fn harness(which: Theme) -> Harness<'static, World> {
    let world = World { state: settings::State::default(), actions: Vec::new(), next: Cell::new(0) };
    let mut harness = Harness::builder()
        .with_size(vec2(820.0, 700.0))
        .with_theme(which)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_options(SnapshotOptions::new().threshold(0.8).max_failed_pixels(40))
        .with_context_setup(common::look)
        .build_ui_state(
            |ui, world: &mut World| {
                let page = tokens(ui).page;
                let whole = ui.ctx().content_rect();
                ui.ctx().layer_painter(egui::LayerId::background()).rect_filled(whole, 0, page);
                egui::Frame::new().fill(page).inner_margin(16).show(ui, |ui| {
                    ui.set_min_size(ui.available_size());
                    world.with(|state, cx, actions| settings::ui(ui, state, cx, actions));
                });
            },
            world,
        );
    harness.state_mut().with(settings::State::entered);
    harness.run();
    harness
}

fn some() -> Used {
    let oldest = Some("2026-08-20T12:04:31Z".parse().unwrap());
    Used { bytes: 13 << 20, events: 4_211, left: 0, oldest, keep: Retention::default(), deleted: None }
}

fn answer(harness: &mut Harness<'_, World>, used: Used) {
    let (job, _) = harness.state_mut().asked();
    harness.state_mut().state.on_event(job, Event::Used(Ok(used)));
    harness.run();
}

fn press(harness: &mut Harness<'_, World>, name: &str) {
    harness.get_all_by_label(name).last().unwrap().click();
    harness.run();
}

#[test]
fn what_is_kept_is_told_and_the_rule_that_is_typed_is_kept_and_carried_out() {
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let mut harness = harness(theme);
        answer(&mut harness, some());
        harness.get_by_label("13.0 MB · 4211 events");
        harness.get_by_label("oldest of 2026-08-20");
        press(&mut harness, "Save");
        assert!(harness.state().actions.is_empty(), "it is so already: {:?}", harness.state().actions);
        harness.get_by_label("Days").focus();
        harness.run();
        harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        harness.get_by_label("Days").type_text("7");
        harness.run();
        common::picture(&mut harness, format!("settings_{suffix}"));
        press(&mut harness, "Save");
        let (job, command) = harness.state_mut().asked();
        let Command::Keep(rule) = command else { panic!("{command:?}") };
        assert_eq!((rule.age.unwrap().as_secs(), rule.bytes), (7 * 86_400, Some(4 << 30)));
        harness.run();
        assert!(harness.query_by_label("Undo").is_some(), "what was typed stays until it is the rule");
        let used = Used { events: 200, deleted: Some(4_011), keep: rule, ..some() };
        harness.state_mut().state.on_event(job, Event::Used(Ok(used)));
        harness.run();
        harness.get_by_label("4011 events deleted for good");
        assert!(harness.query_by_label("Undo").is_none());
        press(&mut harness, "Save");
        assert!(harness.state().actions.is_empty(), "it is so now: {:?}", harness.state().actions);
        results.extend_harness(&mut harness);
    }
}

#[test]
fn what_is_no_number_cannot_be_saved_and_can_be_undone() {
    let mut harness = harness(Theme::Dark);
    answer(&mut harness, some());
    harness.get_by_label("Megabytes").focus();
    harness.run();
    harness.get_by_label("Megabytes").type_text("x");
    harness.run();
    press(&mut harness, "Save");
    assert!(harness.state().actions.is_empty(), "{:?}", harness.state().actions);
    press(&mut harness, "Undo");
    assert!(harness.query_by_label("Undo").is_none());
}

#[test]
fn what_removed_profiles_left_is_deleted_only_after_a_question() {
    let mut harness = harness(Theme::Dark);
    answer(&mut harness, Used { left: 12, ..some() });
    harness.get_by_label("12 events of removed profiles");
    press(&mut harness, "Delete…");
    assert!(harness.state().actions.is_empty());
    press(&mut harness, "Cancel");
    press(&mut harness, "Delete…");
    press(&mut harness, "Delete for good");
    let (_, command) = harness.state_mut().asked();
    assert!(matches!(command, Command::ClearLeft), "{command:?}");
}

#[test]
fn a_history_that_cannot_be_read_says_so_and_is_tried_again() {
    let mut harness = harness(Theme::Dark);
    let (job, _) = harness.state_mut().asked();
    let error = UserError::new(Category::File, "The history could not be used").detail("disk").hint("Try again");
    harness.state_mut().state.on_event(job, Event::Used(Err(error)));
    harness.run();
    assert!(harness.query_by_label("Days").is_none(), "a rule that nobody could read is not shown, and not set");
    press(&mut harness, "Try again");
    let (job, _) = harness.state_mut().asked();
    harness.state_mut().state.on_end(job, End::Refused);
    harness.run();
    harness.get_by_label_contains("The panel is busy");
}
