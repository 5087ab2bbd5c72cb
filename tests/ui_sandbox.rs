//! The Sandbox room under a hand that clicks and types.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::cell::Cell;

use egui::accesskit::Role;
use egui::{Theme, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults};
use jiff::Timestamp;
use kinde_panel::action::Action;
use kinde_panel::backend::sandbox::{Command as Ask, Event, Runs, SandboxView};
use kinde_panel::backend::{Command, End, JobId};
use kinde_panel::error::{Category, UserError};
use kinde_panel::sandbox::{FactApp, FactOrg, FactUser, Faults};
use kinde_panel::screens::{Cx, sandbox};
use kinde_panel::secrets::{KeyringState, Secret};
use kinde_panel::tenant::Profile;
use kinde_panel::ui::{theme, tokens};

/// The room with what it may look at.
struct World {
    state: sandbox::State,
    profile: Profile,
    next: Cell<JobId>,
    now: Timestamp,
    actions: Vec<Action>,
}

impl World {
    /// The room as it was entered, and what it asked.
    fn entered() -> (Self, JobId) {
        let mut world = Self {
            state: sandbox::State::default(),
            profile: Profile::sandbox(),
            next: Cell::new(0),
            now: at("2026-08-20T12:04:31Z"),
            actions: Vec::new(),
        };
        world.with_cx(sandbox::State::entered);
        let asked = world.asked();
        let [(job, Ask::Look)] = asked.as_slice() else { panic!("{asked:?}") };
        let job = *job;
        (world, job)
    }

    /// The room over a sandbox like `view`.
    fn over(view: SandboxView) -> Self {
        let (mut world, job) = Self::entered();
        world.answer(job, Event::Seen(Ok(Box::new(view))));
        world
    }

    fn with_cx<R>(&mut self, with: impl FnOnce(&mut sandbox::State, &Cx<'_>, &mut Vec<Action>) -> R) -> R {
        let cx = Cx {
            now: self.now,
            profile: Some(&self.profile),
            profiles: &[],
            keyring: &KeyringState::Ready,
            data_dir: "/data",
            next_job: &self.next,
        };
        with(&mut self.state, &cx, &mut self.actions)
    }

    /// What the backend was asked, and empties the list.
    fn asked(&mut self) -> Vec<(JobId, Ask)> {
        std::mem::take(&mut self.actions)
            .into_iter()
            .filter_map(|action| match action {
                Action::Run(job, Command::Sandbox(ask)) => Some((job, ask)),
                _ => None,
            })
            .collect()
    }

    fn answer(&mut self, job: JobId, event: Event) {
        let now = self.now;
        self.with_cx(|state, _, actions| state.on_event(job, event, now, actions));
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn page(ui: &mut egui::Ui, world: &mut World) {
    let whole = ui.ctx().content_rect();
    let fill = tokens(ui).page;
    ui.ctx().layer_painter(egui::LayerId::background()).rect_filled(whole, 0, fill);
    world.with_cx(|state, cx, actions| sandbox::ui(ui, state, cx, actions));
}

fn harness(world: World, which: Theme) -> Harness<'static, World> {
    let mut harness = Harness::builder()
        .with_size(vec2(1040.0, 760.0))
        .with_theme(which)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_options(SnapshotOptions::new().threshold(0.8).max_failed_pixels(40))
        .with_context_setup(theme::install)
        .build_ui_state(page, world);
    harness.run();
    harness
}

fn runs() -> Runs {
    Runs {
        pid: 4711,
        here: true,
        issuer: "http://127.0.0.1:45678".into(),
        https: "https://127.0.0.1:45679".into(),
        ca_cert: "/data/sandbox/ca.pem".into(),
        faults: Faults::default(),
    }
}

fn view(runs: Option<Runs>) -> SandboxView {
    let user = |name: &str| FactUser {
        id: format!("kp_0000000000000000000000000000{}", &format!("{:04x}", name.len())),
        email: Some(format!("{name}@example.com")),
    };
    let app = |key: &str| FactApp {
        key: key.into(),
        provider: key.into(),
        client_id: "made-up".into(),
        client_secret: Secret::new("made-up"),
    };
    SandboxView {
        runs,
        issuer: Some("http://127.0.0.1:45678".into()),
        client_id: "5abd0000000000000000000000000001".into(),
        client_secret: Secret::new("made-up-made-up-made-up-made-up"),
        users: vec![user("ada"), user("grace"), FactUser { id: "kp_0".into(), email: None }],
        orgs: vec![FactOrg { code: "org_5abd0000001".into(), name: "Acme Corp".into() }],
        apps: ["google_drive", "github", "gitlab"].map(app).into(),
    }
}

fn failure() -> UserError {
    UserError::new(Category::File, "A file of the sandbox is damaged").detail("state.json").hint("Remove it")
}

fn type_into(harness: &mut Harness<'_, World>, role: Role, name: &str, text: &str) {
    harness.get_by_role_and_label(role, name).focus();
    harness.run();
    harness.get_by_role_and_label(role, name).type_text(text);
    harness.run();
}

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
fn every_fault_of_the_sandbox_can_be_set_and_all_are_cleared_at_once() {
    let mut harness = harness(World::over(view(Some(runs()))), Theme::Dark);
    harness.set_size(vec2(1000.0, 2200.0));
    harness.get_by_label("Faults").click();
    harness.run();
    harness.get_by_label("Every client secret is wrong").click();
    type_into(&mut harness, Role::TextInput, "Slower by", "250");
    harness.get_by_label("Apply faults").click();
    harness.run();
    let asked = harness.state_mut().asked();
    let [(job, Ask::SetFaults(faults))] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(*faults, Faults { wrong_secret: true, slow_ms: 250, ..Faults::default() });
    harness.state_mut().answer(*job, Event::Faults(Ok(faults.clone())));
    harness.run();
    assert_eq!(harness.query_all_by_label("Faults are on").count(), 2, "in the head and over the form");
    harness.get_by_label("Clear all faults").click();
    harness.run();
    let asked = harness.state_mut().asked();
    assert!(matches!(asked.as_slice(), [(_, Ask::SetFaults(faults))] if *faults == Faults::default()), "{asked:?}");
}

#[test]
fn what_was_typed_into_the_faults_stays_when_the_sandbox_is_looked_at_again() {
    let mut harness = harness(World::over(view(Some(runs()))), Theme::Dark);
    harness.set_size(vec2(1000.0, 2200.0));
    harness.get_by_label("Faults").click();
    harness.run();
    type_into(&mut harness, Role::TextInput, "Slower by", "250");
    let world = harness.state_mut();
    world.with_cx(sandbox::State::entered);
    let job = world.asked()[0].0;
    world.answer(job, Event::Seen(Ok(Box::new(view(Some(runs()))))));
    harness.run();
    assert_eq!(harness.get_by_role_and_label(Role::TextInput, "Slower by").value().as_deref(), Some("250"));
}

/// Pictures to look at, and two that are kept.
#[test]
fn the_room_settles_and_looks_as_it_was_judged() {
    let mut results = SnapshotResults::new();
    for (which, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let mut faults = harness(World::over(view(Some(runs()))), which);
        faults.get_by_label("Faults").click();
        faults.run();
        let pictures = [
            ("overview", harness(World::over(view(Some(runs()))), which)),
            ("stopped", harness(World::over(view(None)), which)),
            ("faults", faults),
        ];
        for (name, mut picture) in pictures {
            if let Some(folder) = std::env::var_os("KINDE_PANEL_PICTURES") {
                // The rooms of the three window sizes, rail and top bar taken off.
                for (width, height) in [(572.0, 444.0), (752.0, 624.0), (1032.0, 724.0)] {
                    picture.set_size(vec2(width, height));
                    picture.run();
                    let image = picture.render().unwrap();
                    let file = format!("sandbox_{name}_{suffix}_{width}.png");
                    image.save(std::path::Path::new(&folder).join(file)).unwrap();
                }
            }
            results.extend_harness(&mut picture);
        }
    }
}
