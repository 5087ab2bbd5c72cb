//! The first page and the Tenant room under a hand that clicks and types.
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
use egui::{Key, Theme, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults};
use jiff::Timestamp;
use kinde_panel::action::{Action, Room};
use kinde_panel::backend::tenant::{
    AddedM2m, Command as Ask, EnvFile, Event, FoundTenant, HandedToken, RemovedProfile,
};
use kinde_panel::backend::{self, Backend, Command, JobId, sandbox};
use kinde_panel::check::Check;
use kinde_panel::error::{Category, UserError};
use kinde_panel::kinde::Domain;
use kinde_panel::sandbox::Faults;
use kinde_panel::screens::{Cx, start, tenant};
use kinde_panel::secrets::{Kept, KeyringState, Secret};
use kinde_panel::tenant::doctor::Report;
use kinde_panel::tenant::{EnvironmentFacts, Profile, env_import};
use kinde_panel::ui::tokens;

const SECRET: &str = "canary9f3aCanary9f3aCanary9f3aCanary9f3aCanary";

/// One screen with what it may look at.
struct World {
    start: start::State,
    tenant: tenant::State,
    profile: Option<Profile>,
    keyring: KeyringState,
    next: Cell<JobId>,
    actions: Vec<Action>,
    first_page: bool,
}

impl World {
    fn new(profile: Option<Profile>) -> Self {
        Self {
            start: start::State::default(),
            tenant: tenant::State::default(),
            profile,
            keyring: KeyringState::Ready,
            next: Cell::new(0),
            actions: Vec::new(),
            first_page: false,
        }
    }

    fn with_cx(&mut self, with: impl FnOnce(&mut start::State, &mut tenant::State, &Cx<'_>, &mut Vec<Action>)) {
        let cx = Cx {
            now: now(),
            profile: self.profile.as_ref(),
            profiles: &[],
            keyring: &self.keyring,
            data_dir: "/data",
            next_job: &self.next,
        };
        with(&mut self.start, &mut self.tenant, &cx, &mut self.actions);
    }

    fn enter(&mut self) {
        self.with_cx(|_, tenant, cx, actions| tenant.entered(cx, actions));
    }

    /// What the backend was asked, and empties the list.
    fn asked(&mut self) -> Vec<(JobId, Ask)> {
        std::mem::take(&mut self.actions)
            .into_iter()
            .filter_map(|action| match action {
                // Counted beside the question: see `what_is_half_done_in_its_tenant_is_told_before_a_profile_is_removed`.
                Action::Run(job, Command::Tenant(ask)) => {
                    Some((job, ask)).filter(|(_, ask)| !matches!(ask, Ask::Unfinished { .. }))
                }
                _ => None,
            })
            .collect()
    }

    fn answer(&mut self, job: JobId, event: Event) {
        self.with_cx(|_, tenant, _, actions| tenant.on_event(job, event, now(), actions));
    }
}

fn now() -> Timestamp {
    "2026-08-20T12:04:31Z".parse().unwrap()
}

fn page(ui: &mut egui::Ui, world: &mut World) {
    let whole = ui.ctx().content_rect();
    let fill = tokens(ui).page;
    ui.ctx().layer_painter(egui::LayerId::background()).rect_filled(whole, 0, fill);
    let first = world.first_page;
    // As the shell does: a room scrolls as a whole.
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.set_width(ui.available_width() - 16.0);
        world.with_cx(|start, tenant, cx, actions| {
            if first {
                kinde_panel::screens::start::ui(ui, start, cx, actions);
            } else {
                kinde_panel::screens::tenant::ui(ui, tenant, cx, actions);
            }
        });
    });
}

fn harness(world: World, which: Theme) -> Harness<'static, World> {
    let mut harness = Harness::builder()
        .with_size(vec2(900.0, 900.0))
        .with_theme(which)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_options(SnapshotOptions::new().threshold(0.8).max_failed_pixels(40))
        .with_context_setup(common::look)
        .build_ui_state(page, world);
    harness.run();
    harness
}

fn acme() -> Profile {
    Profile::new("acme", Domain::parse("acme.kinde.com").unwrap())
}

fn acme_with_m2m() -> Profile {
    Profile {
        client_id: Some("0123456789abcdef0123456789abcdef".into()),
        environment: Some(EnvironmentFacts {
            code: Some("production".into()),
            name: Some("Production".into()),
            is_live: Some(true),
            kinde_domain: Domain::parse("acme.kinde.com").ok(),
            custom_domain: Domain::parse("auth.acme.example").ok(),
            read_at: now(),
        }),
        ..acme()
    }
}

fn report() -> Report {
    let fix = "Switch on create:connected_apps, save, then check again";
    Report {
        sentence: "Connected apps ready. Revoke needs `create:connected_apps`.".into(),
        checks: vec![
            Check::pass("domain").seen("https://acme.kinde.com"),
            Check::pass("discovery").seen("issuer https://acme.kinde.com"),
            Check::pass("jwks").seen("2 keys"),
            Check::pass("token").seen("good until 2026-08-21T12:04:31Z"),
            Check::warn("scopes: connected apps", "Revoke needs create:connected_apps", fix).seen("ready"),
        ],
        environment: None,
        scopes: vec!["read:users".into()],
        gained: vec!["read:users".into()],
        lost: Vec::new(),
    }
}

fn failure() -> UserError {
    UserError::new(Category::Auth, "Kinde refuses the client secret").detail("invalid_client").hint("Copy it again")
}

fn type_into(harness: &mut Harness<'_, World>, role: Role, name: &str, text: &str) {
    harness.get_by_role_and_label(role, name).focus();
    harness.run();
    harness.get_by_role_and_label(role, name).type_text(text);
    harness.run();
}

fn tree_text(harness: &Harness<'_, World>) -> String {
    let nodes = harness.root().children_recursive();
    nodes.map(|node| format!("{:?}\n", node.accesskit_node().data())).collect()
}

#[test]
fn the_first_page_has_three_ways_in_and_each_leads_where_it_says() {
    let mut world = World::new(None);
    world.first_page = true;
    let mut harness = harness(world, Theme::Dark);
    type_into(&mut harness, Role::MultilineTextInput, "Paste a token or a webhook body", "eyJ.e30.x");
    for name in ["Read it", "Connect your Kinde tenant", "Explore with the sandbox"] {
        harness.get_by_role_and_label(Role::Button, name).click();
        harness.run();
    }
    let actions = &harness.state().actions;
    assert!(
        matches!(actions.as_slice(), [
            Action::PasteToInspector(text),
            Action::Go(Room::Tenant),
            Action::ExploreSandbox,
        ] if text.expose() == "eyJ.e30.x"),
        "{actions:?}"
    );
}

#[test]
fn a_domain_is_checked_on_enter_and_its_profile_chosen_when_it_was_found() {
    let mut harness = harness(World::new(None), Theme::Dark);
    // The box has the keyboard already.
    assert!(harness.get_by_role_and_label(Role::TextInput, "Kinde domain").is_focused());
    harness.get_by_role_and_label(Role::TextInput, "Kinde domain").type_text("nowhere");
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    let asked = harness.state_mut().asked();
    let [(job, Ask::Find { text })] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(text, "nowhere");

    // An answer of another job is dropped; a failure keeps what was typed.
    harness.state_mut().answer(job + 7, Event::Found(Err(failure())));
    harness.state_mut().answer(*job, Event::Found(Err(failure())));
    harness.run();
    harness.get_by_label("Kinde refuses the client secret");
    assert_eq!(harness.get_by_role_and_label(Role::TextInput, "Kinde domain").value().as_deref(), Some("nowhere"));

    harness.get_by_label("Check domain").click();
    harness.run();
    let (job, _) = harness.state_mut().asked().remove(0);
    let profile = acme();
    let checks = vec![Check::pass("discovery")];
    let found = FoundTenant { profile: profile.clone(), already: false, checks };
    harness.state_mut().answer(job, Event::Found(Ok(Box::new(found))));
    let actions = std::mem::take(&mut harness.state_mut().actions);
    assert!(
        matches!(actions.as_slice(), [Action::ProfilesChanged, Action::SwitchProfile(id)] if *id == profile.id),
        "{actions:?}"
    );
    harness.state_mut().tenant.forget(&mut Vec::new());
    harness.state_mut().profile = Some(profile);
    harness.run();
    harness.get_by_label("acme is a Kinde tenant");
    harness.get_by_label("Add M2M application");
}

#[test]
fn a_refused_m2m_application_loses_nothing_typed_and_a_taken_one_leaves_no_secret() {
    let mut harness = harness(World::new(Some(acme())), Theme::Dark);
    harness.get_by_label("Add M2M application").click();
    harness.run();
    type_into(&mut harness, Role::TextInput, "Client ID", "0123456789abcdef0123456789abcdef");
    type_into(&mut harness, Role::PasswordInput, "Client secret", SECRET);
    for turn in 0..2 {
        harness.get_by_label("Save").click();
        harness.run();
        let asked = harness.state_mut().asked();
        let [(job, Ask::AddM2m { m2m, .. })] = asked.as_slice() else { panic!("{turn} {asked:?}") };
        assert_eq!(m2m.client_secret.expose(), SECRET, "{turn}");
        assert_eq!(m2m.client_id, "0123456789abcdef0123456789abcdef");
        assert_eq!(m2m.audience, None);
        if turn == 0 {
            harness.state_mut().answer(*job, Event::Added(Err(failure())));
            harness.run();
            harness.get_by_label("Kinde refuses the client secret");
            continue;
        }
        let added = AddedM2m { profile: acme_with_m2m(), kept: Kept::ThisRun, environment_error: None };
        harness.state_mut().answer(*job, Event::Added(Ok(Box::new(added))));
        harness.state_mut().profile = Some(acme_with_m2m());
        harness.run();
    }
    harness.get_by_label("The client secret is kept for this run");
    assert!(!tree_text(&harness).contains("canary"));
    // The doctor is asked by itself.
    let asked = harness.state_mut().asked();
    assert!(matches!(asked.as_slice(), [(_, Ask::Examine { again: false, .. })]), "{asked:?}");
    // The form is empty when it is opened again.
    harness.get_by_label("Change").click();
    harness.run();
    assert!(harness.get_by_label("Save").accesskit_node().is_disabled());
}

#[test]
fn the_doctor_runs_when_the_room_is_entered_and_check_again_tells_what_was_gained() {
    let mut world = World::new(Some(acme_with_m2m()));
    world.enter();
    let (job, ask) = world.asked().remove(0);
    assert!(matches!(ask, Ask::Examine { again: false, .. }));
    world.answer(job, Event::Examined(Ok(Box::new(report()))));
    let mut harness = harness(world, Theme::Dark);
    harness.get_by_label("Connected apps ready. Revoke needs create:connected_apps.");
    assert!(harness.query_by_label("The new token can do more").is_none());
    harness.get_by_label("Check again").click();
    harness.run();
    let (job, ask) = harness.state_mut().asked().remove(0);
    assert!(matches!(ask, Ask::Examine { again: true, .. }));
    harness.state_mut().answer(job, Event::Examined(Ok(Box::new(report()))));
    harness.run();
    harness.get_by_label("The new token can do more");
    harness.get_by_label("Gained: read:users");
    harness.get_by_label("Check again").click();
    harness.run();
    let (job, _) = harness.state_mut().asked().remove(0);
    let mut without = report();
    without.checks.retain(|check| check.name != "token");
    without.gained.clear();
    harness.state_mut().answer(job, Event::Examined(Ok(Box::new(without))));
    harness.run();
    assert!(harness.query_by_label_contains("The new token").is_none(), "there is none");
}

#[test]
fn an_access_token_is_copied_and_never_shown() {
    let mut harness = harness(World::new(Some(acme_with_m2m())), Theme::Dark);
    harness.get_by_label("Copy access token").click();
    harness.run();
    let (job, ask) = harness.state_mut().asked().remove(0);
    assert!(matches!(ask, Ask::Token { .. }));
    let token = HandedToken { secret: Secret::new(SECRET), expires_at: now() };
    harness.state_mut().answer(job, Event::Token(Ok(token)));
    harness.step();
    let told = format!("{:?}", harness.state().actions);
    assert!(told.contains("Access token copied") && !told.contains("canary"), "{told}");
    let copied = harness
        .output()
        .platform_output
        .commands
        .iter()
        .any(|command| matches!(command, egui::OutputCommand::CopyText(text) if text == SECRET));
    assert!(copied);
    assert!(!tree_text(&harness).contains("canary"));
}

#[test]
fn a_token_that_comes_after_the_room_was_left_is_not_copied() {
    let mut harness = harness(World::new(Some(acme_with_m2m())), Theme::Dark);
    harness.get_by_label("Copy access token").click();
    harness.run();
    let (job, _) = harness.state_mut().asked().remove(0);
    let token = HandedToken { secret: Secret::new(SECRET), expires_at: now() };
    harness.state_mut().answer(job, Event::Token(Ok(token)));
    harness.state_mut().enter();
    harness.step();
    assert!(harness.output().platform_output.commands.is_empty());
    let told = format!("{:?}", harness.state().actions);
    assert!(!told.contains("copied"), "{told}");
}

#[test]
fn a_pasted_env_fills_the_forms_and_says_which_application_is_which() {
    let mut harness = harness(World::new(None), Theme::Dark);
    let text = format!(
        "KINDE_ISSUER_URL=https://acme.kinde.com\nKINDE_CLIENT_ID=web1\nKINDE_M2M_CLIENT_ID=m2m1\nKINDE_M2M_CLIENT_SECRET={SECRET}\n"
    );
    harness.event(egui::Event::Paste(text.clone()));
    harness.run();
    let (job, ask) = harness.state_mut().asked().remove(0);
    assert!(matches!(ask, Ask::ReadEnvText { .. }));
    let file = EnvFile { name: ".env".into(), imported: env_import::parse(&text) };
    harness.state_mut().answer(job, Event::Env(Ok(Some(Box::new(file)))));
    harness.run();
    harness.get_by_label_contains("web application: it is kept for recipes");
    let (job, ask) = harness.state_mut().asked().remove(0);
    assert!(matches!(&ask, Ask::Find { text } if text.contains("acme.kinde.com")), "{ask:?}");
    // Choosing the new profile keeps what the file filled in.
    let profile = acme();
    let found = FoundTenant { profile: profile.clone(), already: false, checks: Vec::new() };
    harness.state_mut().answer(job, Event::Found(Ok(Box::new(found))));
    harness.state_mut().tenant.forget(&mut Vec::new());
    harness.state_mut().profile = Some(profile);
    harness.run();
    harness.get_by_label("Save").click();
    harness.run();
    let asked = harness.state_mut().asked();
    assert!(
        asked.iter().any(|(_, ask)| matches!(ask, Ask::AddM2m { m2m, .. }
            if m2m.client_id == "m2m1" && m2m.client_secret.expose() == SECRET)),
        "{asked:?}"
    );
    assert!(!tree_text(&harness).contains("canary"));
}

#[test]
fn without_a_keyring_the_room_says_so_and_can_try_again() {
    let mut world = World::new(Some(acme_with_m2m()));
    world.keyring = KeyringState::Missing { reason: "no D-Bus".into() };
    let mut harness = harness(world, Theme::Dark);
    harness.get_by_label("No keyring: secrets are kept for this run only");
    harness.get_by_label("Try the keyring again").click();
    harness.run();
    assert!(matches!(harness.state().actions.as_slice(), [Action::RetryKeyring]));
}

#[test]
fn a_live_environment_keeps_its_guard_and_one_s_own_choice_is_asked_about() {
    let harness_live = harness(World::new(Some(acme_with_m2m())), Theme::Dark);
    assert!(harness_live.get_by_label("Ask before writing").accesskit_node().is_disabled());

    let mut profile = acme_with_m2m();
    profile.environment.as_mut().unwrap().is_live = Some(false);
    let mut harness = harness(World::new(Some(profile.clone())), Theme::Dark);
    harness.get_by_label("Ask before writing").click();
    harness.run();
    let (_, ask) = harness.state_mut().asked().remove(0);
    assert!(matches!(ask, Ask::Guard { on: true, .. }));
    profile.guarded_by_choice = true;
    harness.state_mut().profile = Some(profile);
    harness.run();
    harness.get_by_label("Ask before writing").click();
    harness.run();
    assert!(harness.state_mut().asked().is_empty());
    harness.get_by_label("Stop asking").click();
    harness.run();
    let (_, ask) = harness.state_mut().asked().remove(0);
    assert!(matches!(ask, Ask::Guard { on: false, .. }));
}

#[test]
fn removing_a_profile_asks_by_its_name() {
    let mut harness = harness(World::new(Some(acme())), Theme::Dark);
    harness.get_by_label("Remove profile").click();
    harness.run();
    assert!(harness.state_mut().asked().is_empty());
    assert!(harness.query_all_by_label("Remove the profile acme?").next().is_some());
    let buttons: Vec<_> = harness.query_all_by_label("Remove profile").collect();
    buttons.last().unwrap().click();
    harness.run();
    let asked = harness.state_mut().asked();
    // What it received goes with it, unless a person says otherwise.
    assert!(matches!(asked.as_slice(), [(_, Ask::Remove { anyway: false, events: true, .. })]), "{asked:?}");
    let removed = RemovedProfile { name: "acme".into(), events: Some(Ok(12)), lent: true };
    harness.state_mut().answer(asked[0].0, Event::Removed(Ok(removed)));
    let told = format!("{:?}", harness.state().actions);
    assert!(told.contains("12 received events were deleted with it"), "{told}");
    assert!(told.contains("A webhook of acme still points at this machine"), "what stays at Kinde is told: {told}");
}

#[test]
fn what_is_half_done_in_its_tenant_is_told_before_a_profile_is_removed() {
    for (count, domain, words) in [
        (
            Ok(2),
            "acme",
            Some("the note of it stays in the data folder until https://acme.kinde.com is connected again"),
        ),
        (Ok(1), "http://127.0.0.1:9", Some("nobody does it later")),
        (Err(UserError::new(Category::File, "The history is locked")), "acme", Some("cannot be read: The history is")),
        (Ok(0), "acme", None),
    ] {
        let mut profile = acme();
        profile.domain = Some(Domain::parse(domain).unwrap());
        let id = profile.id;
        let mut harness = harness(World::new(Some(profile)), Theme::Dark);
        harness.get_by_label("Remove profile").click();
        harness.run();
        let asked = std::mem::take(&mut harness.state_mut().actions).into_iter().find_map(|action| match action {
            Action::Run(job, Command::Tenant(Ask::Unfinished { profile })) => Some((job, profile)),
            _ => None,
        });
        let (job, of) = asked.expect("it is counted");
        assert_eq!(of, id);
        assert!(harness.query_all_by_label_contains("cut off").next().is_none(), "nothing is counted yet");
        harness.state_mut().answer(job, Event::Unfinished(count));
        harness.run();
        let told: Vec<_> = harness.query_all_by_label_contains("Cancel and open Webhooks").collect();
        assert_eq!(told.len(), usize::from(words.is_some()), "{words:?}");
        if let Some(words) = words {
            assert!(harness.query_all_by_label_contains(words).next().is_some(), "{words}");
        }
    }
}

#[test]
fn the_events_of_a_removed_profile_stay_where_a_person_says_so_and_it_is_told_where_they_are() {
    let mut harness = harness(World::new(Some(acme())), Theme::Dark);
    harness.get_by_label("Remove profile").click();
    harness.run();
    harness.get_by_label("Leave its events in the data folder, where no profile shows them").click();
    harness.run();
    harness.query_all_by_label("Remove profile").last().unwrap().click();
    harness.run();
    let asked = harness.state_mut().asked();
    assert!(matches!(asked.as_slice(), [(_, Ask::Remove { events: false, .. })]), "{asked:?}");
    let removed = RemovedProfile { name: "acme".into(), events: None, lent: false };
    harness.state_mut().answer(asked[0].0, Event::Removed(Ok(removed)));
    let told = format!("{:?}", harness.state().actions);
    assert!(!told.contains("still points"), "{told}");
    assert!(told.contains("Settings counts them, and deletes them"), "{told}");
}

#[test]
fn a_profile_whose_secrets_stay_in_the_keyring_is_removed_only_after_that_was_said() {
    let mut harness = harness(World::new(Some(acme())), Theme::Dark);
    harness.get_by_label("Remove profile").click();
    harness.run();
    harness.query_all_by_label("Remove profile").last().unwrap().click();
    harness.run();
    let (job, _) = harness.state_mut().asked().remove(0);
    let error = UserError::new(Category::File, "The secrets stay").detail("It is locked").hint("Unlock it");
    harness.state_mut().answer(job, Event::SecretsStay(error));
    harness.run();
    assert!(harness.query_all_by_label("Remove acme and leave its secrets?").next().is_some());
    let entry = format!("kinde-panel as {}", harness.state().profile.as_ref().unwrap().id);
    assert!(harness.query_all_by_label_contains(&entry).next().is_some(), "what stays is named");
    harness.get_by_label("Remove anyway").click();
    harness.run();
    let asked = harness.state_mut().asked();
    assert!(matches!(asked.as_slice(), [(_, Ask::Remove { anyway: true, .. })]), "{asked:?}");
}

#[test]
fn on_the_sandbox_the_room_leads_to_the_one_that_holds_its_faults() {
    let mut harness = harness(sandbox_world(), Theme::Dark);
    harness.get_by_label("Open the Sandbox room").click();
    harness.run();
    assert!(matches!(harness.state().actions.as_slice(), [Action::Go(Room::Sandbox)]), "{:?}", harness.state().actions);
}

fn sandbox_world() -> World {
    let mut world = World::new(Some(Profile::sandbox()));
    world.enter();
    let (job, _) = world.asked().remove(0);
    let report = Report { sentence: "Connected apps and webhooks ready.".into(), ..report() };
    world.answer(job, Event::Examined(Ok(Box::new(report))));
    world
}

#[test]
fn a_file_dropped_on_the_first_page_is_read_and_a_folder_is_refused_in_words() {
    let mut behind = Behind::start();
    let file = behind.folder.path().join("token.txt");
    std::fs::write(&file, "eyJ.e30.x").unwrap();
    let mut world = World::new(None);
    for (id, path) in [(1, file), (2, behind.folder.path().to_owned())] {
        behind.backend.run(id, Ask::ReadDropped { path }.into()).unwrap();
        let (job, backend::Event::Tenant(event)) = behind.next() else { panic!() };
        world.answer(job, event);
    }
    assert!(
        matches!(world.actions.as_slice(), [Action::PasteToInspector(text), Action::Notify(_, _, detail)]
            if text.expose() == "eyJ.e30.x" && detail.contains("It is a folder")),
        "{:?}",
        world.actions
    );
}

/// A window's backend over a folder of its own, without a window.
struct Behind {
    backend: Backend,
    woken: std::sync::mpsc::Receiver<()>,
    folder: tempfile::TempDir,
}

impl Behind {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (wake, woken) = std::sync::mpsc::sync_channel(1024);
        let wake = move || wake.try_send(()).unwrap_or_default();
        let secrets = kinde_panel::secrets::SecretStore::memory();
        let clock = kinde_panel::clock::Clock::real();
        let backend = Backend::start(folder.path().to_owned(), secrets, clock, wake, None).unwrap();
        Self { backend, woken, folder }
    }

    fn profiles(&self) -> Vec<Profile> {
        let data = kinde_panel::store::DataDir::open(self.folder.path()).unwrap();
        kinde_panel::tenant::Profiles::of(&data).list().unwrap()
    }

    /// The next event of these two rooms.
    fn next(&mut self) -> (JobId, backend::Event) {
        loop {
            while let Some(stamped) = self.backend.next_event() {
                if matches!(stamped.event, backend::Event::Tenant(_) | backend::Event::Sandbox(_)) {
                    return (stamped.job, stamped.event);
                }
            }
            self.woken.recv_timeout(std::time::Duration::from_secs(30)).expect("the backend answers");
        }
    }

    /// Hands over what the room asked, and the answers to the room, until it asks nothing more.
    fn settle(&mut self, harness: &mut Harness<'_, World>) {
        loop {
            harness.run();
            let mut waiting = 0;
            let mut switched = None;
            for action in std::mem::take(&mut harness.state_mut().actions) {
                match action {
                    Action::Run(job, command) => {
                        self.backend.run(job, command).unwrap();
                        waiting += 1;
                    }
                    Action::SwitchProfile(id) => switched = Some(id),
                    _ => {}
                }
            }
            for _ in 0..waiting {
                match self.next() {
                    (job, backend::Event::Tenant(event)) => harness.state_mut().answer(job, event),
                    (_, other) => panic!("{other:?}"),
                }
            }
            let world = harness.state_mut();
            let id = switched.or(world.profile.as_ref().map(|profile| profile.id));
            world.profile = self.profiles().into_iter().find(|profile| Some(profile.id) == id);
            if switched.is_some() {
                world.tenant.forget(&mut world.actions);
                world.enter();
            } else if waiting == 0 && world.actions.is_empty() {
                return;
            }
        }
    }
}

#[test]
fn a_tenant_is_connected_examined_and_removed_through_the_real_backend() {
    let mut behind = Behind::start();
    behind.backend.run(1, sandbox::Command::Start.into()).unwrap();
    let (_, backend::Event::Sandbox(sandbox::Event::Seen(Ok(view)))) = behind.next() else { panic!() };
    let issuer = view.runs.as_ref().unwrap().issuer.clone();

    let mut harness = harness(World::new(None), Theme::Dark);
    harness.state_mut().next.set(1);
    type_into(&mut harness, Role::TextInput, "Kinde domain", &format!("{issuer}/"));
    harness.key_press(Key::Enter);
    behind.settle(&mut harness);
    let known = behind.profiles();
    assert_eq!(known.len(), 2, "{known:?}");
    harness.get_by_label("Add M2M application").click();
    harness.run();

    // A wrong secret first: nothing typed is lost, and nothing is kept.
    type_into(&mut harness, Role::TextInput, "Client ID", &view.client_id);
    type_into(&mut harness, Role::PasswordInput, "Client secret", SECRET);
    harness.get_by_label("Save").click();
    behind.settle(&mut harness);
    assert!(harness.state().profile.as_ref().unwrap().client_id.is_none());
    assert_eq!(
        harness.get_by_role_and_label(Role::TextInput, "Client ID").value().as_deref(),
        Some(view.client_id.as_str())
    );
    harness.get_by_role_and_label(Role::PasswordInput, "Client secret").focus();
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    type_into(&mut harness, Role::PasswordInput, "Client secret", view.client_secret.expose());
    harness.get_by_label("Save").click();
    behind.settle(&mut harness);
    harness.get_by_label("The client secret is kept for this run");
    harness.get_by_label("Connected apps and webhooks ready.");
    let profile = harness.state().profile.clone().unwrap();
    assert!(profile.environment.is_some(), "{profile:?}");
    // Its keys are kept for the day it is out of reach.
    assert!(behind.folder.path().join("history.db").exists());

    // A scope that is lost shows after a new token was minted.
    let faults = Faults { missing_scopes: vec!["create:connected_apps".into()], ..Faults::default() };
    behind.backend.run(2, sandbox::Command::SetFaults(faults).into()).unwrap();
    behind.next();
    harness.get_by_label("Check again").click();
    behind.settle(&mut harness);
    harness.get_by_label("Lost: create:connected_apps");

    let buttons: Vec<_> = harness.query_all_by_label("Remove profile").collect();
    buttons.last().unwrap().scroll_to_me();
    harness.run();
    harness.get_by_label("Remove profile").click();
    harness.run();
    let buttons: Vec<_> = harness.query_all_by_label("Remove profile").collect();
    buttons.last().unwrap().click();
    behind.settle(&mut harness);
    assert_eq!(behind.profiles().len(), 1);
    for file in std::fs::read_dir(behind.folder.path()).unwrap().flatten().filter(|file| file.path().is_file()) {
        let bytes = std::fs::read(file.path()).unwrap();
        for secret in [SECRET, view.client_secret.expose()] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{:?}", file.path());
        }
    }
}

/// Pictures to look at, and two that are kept.
#[test]
fn the_room_and_the_first_page_settle_and_look_as_they_were_judged() {
    let mut results = SnapshotResults::new();
    for (which, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let mut first = World::new(None);
        first.first_page = true;
        let mut doctor = World::new(Some(acme_with_m2m()));
        doctor.enter();
        let (job, _) = doctor.asked().remove(0);
        doctor.answer(job, Event::Examined(Ok(Box::new(report()))));
        let mut form = harness(World::new(Some(acme())), which);
        form.get_by_label("Add M2M application").click();
        form.run();
        let pictures = [
            ("first", harness(first, which)),
            ("domain", harness(World::new(None), which)),
            ("doctor", harness(doctor, which)),
            ("form", form),
            ("sandbox", harness(sandbox_world(), which)),
        ];
        for (name, mut picture) in pictures {
            if let Some(folder) = std::env::var_os("KINDE_PANEL_PICTURES") {
                let image = picture.render().unwrap();
                image.save(std::path::Path::new(&folder).join(format!("tenant_{name}_{suffix}.png"))).unwrap();
            }
            if name == "doctor" {
                common::picture(&mut picture, format!("tenant_{suffix}"));
            }
            results.extend_harness(&mut picture);
        }
    }
}
