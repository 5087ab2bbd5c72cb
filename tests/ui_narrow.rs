//! Connected apps, Tenant, Email and Sandbox in the whole window, from the smallest it gets: no control is cut off or lies on another.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use egui::accesskit::Role;
use egui::{Rect, Theme, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::Timestamp;
use kinde_panel::action::{Action, JobId, Room};
use kinde_panel::app::{Order, Prefs, Shell};
use kinde_panel::backend::{Command, Event, Stamped, connect, sandbox, shell, tenant};
use kinde_panel::clock::Clock;
use kinde_panel::connect::WalkEvent;
use kinde_panel::error::{Category, UserError};
use kinde_panel::kinde::{Domain, User, UserPage, Wire};
use kinde_panel::sandbox::{FactApp, FactOrg, FactUser, Faults};
use kinde_panel::secrets::Secret;
use kinde_panel::step::{Step, StepState};
use kinde_panel::tenant::{LastUser, Profile, SANDBOX_PROFILE};
use kinde_panel::ui::theme;

const SIZES: [Vec2; 3] = [vec2(820.0, 520.0), vec2(1000.0, 700.0), vec2(1280.0, 800.0)];

type Window = Harness<'static, Shell>;

fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_000).unwrap()
}

fn window(size: Vec2, which: Theme, room: Room, profile: Profile) -> Window {
    let prefs = Prefs { profile: Some(profile.id), room, ..Prefs::default() };
    let shell = Shell::new(prefs, "/home/ada/.local/share/kinde-panel".to_owned(), Clock::fixed(now()), None);
    let mut harness = Harness::builder()
        .with_size(size)
        .with_theme(which)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_context_setup(theme::install)
        .build_ui_state(|ui, shell: &mut Shell| shell.frame(ui), shell);
    let event = shell::Event::Profiles(Ok(vec![profile]));
    tell(&mut harness, 1, event);
    harness
}

fn tell(harness: &mut Window, job: JobId, event: impl Into<Event>) {
    harness.state_mut().on_event(Stamped { job, event: event.into() });
    harness.run_ok();
}

/// The newest job whose command `is` what is looked for.
fn job_of(harness: &mut Window, is: impl Fn(&Command) -> bool) -> JobId {
    let orders = harness.state_mut().take_orders();
    let found = orders.into_iter().rev().find_map(|order| match order {
        Order::Run(job, command) if is(&command) => Some(job),
        _ => None,
    });
    found.expect("it was asked")
}

fn sandbox_profile() -> Profile {
    let mut profile = Profile::sandbox();
    profile
        .last_users
        .push(LastUser { id: "kp_ada".into(), label: "ada.lovelace@analytical-engine.example.com".into() });
    profile
}

fn acme() -> Profile {
    let mut profile = Profile::new("acme-production-europe", Domain::parse("acme-production-europe").unwrap());
    profile.client_id = Some("0123456789abcdef0123456789abcdef".into());
    profile.remember_app("a-rather-long-reference-key-for-github", Some("github"));
    profile
        .last_users
        .push(LastUser { id: "kp_ada".into(), label: "ada.lovelace@analytical-engine.example.com".into() });
    profile
}

fn with_users(harness: &mut Window) {
    let job = job_of(harness, |command| matches!(command, Command::Connect(connect::Command::Open { .. })));
    let user = User { id: "kp_bob".into(), email: Some("bob@example.com".into()), ..User::default() };
    let wire = Wire { ms: 1, curl: String::new(), exchange: 1 };
    let page = UserPage { users: vec![user], next: None, wire };
    tell(harness, job, connect::Event::Users { query: String::new(), more: false, result: Ok(page) });
}

fn waiting(harness: &mut Window) {
    harness.get_by_label("Connect").click();
    harness.run_ok();
    let job = job_of(harness, |command| matches!(command, Command::Connect(connect::Command::Walk(_))));
    let url = "https://github.com/login/oauth/authorize?client_id=x".to_owned();
    let mut waiting = Step::new("consent", "Not confirmed yet", StepState::Running, now());
    waiting.detail = Some("Kinde has not confirmed yet. If you pressed Deny, Cancel here".into());
    for event in [
        WalkEvent::AuthUrl { url, session: Secret::new("ses_1"), asked: vec![] },
        WalkEvent::Step(Step::new("auth_url", "Address from Kinde", StepState::Done, now()).took_ms(182)),
        WalkEvent::Step(waiting),
        WalkEvent::Waiting {
            polls: 3,
            next_at: now(),
            deadline: now().checked_add(std::time::Duration::from_secs(600)).unwrap(),
        },
    ] {
        harness.state_mut().on_event(Stamped { job, event: connect::Event::Walk(event).into() });
    }
    harness.run_steps(3);
}

fn running() -> sandbox::SandboxView {
    let user = |name: &str| FactUser { id: format!("kp_{name}"), email: Some(format!("{name}@example.com")) };
    let app = |key: &str| FactApp {
        key: key.to_owned(),
        provider: key.to_owned(),
        client_id: "made-up".into(),
        client_secret: Secret::new("made-up"),
    };
    sandbox::SandboxView {
        runs: Some(sandbox::Runs {
            pid: 4242,
            here: true,
            issuer: "http://127.0.0.1:40001".into(),
            https: "https://127.0.0.1:40002".into(),
            smtp: Some("127.0.0.1:40003".into()),
            smtps: Some("127.0.0.1:40004".into()),
            ca_cert: "/home/ada/.local/share/kinde-panel/sandbox/ca.pem".into(),
            faults: Faults { wrong_secret: true, ..Faults::default() },
            webhooks: Vec::new(),
            webhook_limit: None,
        }),
        issuer: Some("http://127.0.0.1:40001".into()),
        client_id: "5abd0000000000000000000000000001".into(),
        client_secret: Secret::new("made-up-made-up-made-up-made-up"),
        smtp_password: Secret::new("made-up-made-up-mail"),
        users: ["ada", "grace", "katherine"].map(user).into(),
        orgs: vec![FactOrg { code: "org_1".into(), name: "Acme".into() }],
        apps: ["github", "google_drive"].map(app).into(),
        kids: vec!["5a:bd:00:11".into()],
    }
}

/// Every button, list and field with its place.
fn controls(harness: &Window) -> Vec<(String, Rect)> {
    let all = harness.root().children_recursive();
    all.filter(|node| {
        matches!(
            node.accesskit_node().role(),
            Role::Button | Role::ComboBox | Role::TextInput | Role::PasswordInput | Role::RadioButton | Role::CheckBox
        )
    })
    .map(|node| (node.accesskit_node().label().unwrap_or_default(), node.rect()))
    .collect()
}

#[track_caller]
fn assert_whole(harness: &Window, size: Vec2, what: &str) {
    let all = controls(harness);
    assert!(all.len() > 3, "{what}: {all:?}");
    for (index, (name, rect)) in all.iter().enumerate() {
        assert!(rect.left() >= 0.0 && rect.right() <= size.x + 0.5, "{what} at {size}: {name} is cut off: {rect}");
        for (other, place) in &all[index + 1..] {
            // A secret's buttons stand inside its field.
            if other.contains(name.as_str()) || name.contains(other.as_str()) {
                continue;
            }
            let both = rect.intersect(*place).size();
            assert!(both.x <= 1.0 || both.y <= 1.0, "{what} at {size}: {name} {rect} lies on {other} {place}");
        }
    }
}

#[test]
fn connected_apps_fits_every_size_and_connect_is_whole_and_in_sight() {
    for size in SIZES {
        for profile in [sandbox_profile(), acme()] {
            let mut harness = window(size, Theme::Dark, Room::ConnectedApps, profile);
            with_users(&mut harness);
            let connect = harness.get_by_label("Connect").rect();
            assert!(connect.right() <= size.x && connect.bottom() <= size.y, "{size}: {connect}");
            assert_whole(&harness, size, "choosing a user");
            harness.get_by_label("organization").click();
            harness.run_ok();
            assert_whole(&harness, size, "an organization");
            harness.get_by_label("user").click();
            harness.run_ok();
            waiting(&mut harness);
            assert_whole(&harness, size, "waiting");
        }
    }
}

#[test]
fn in_a_narrow_window_the_apps_are_a_list_that_opens() {
    let mut harness = window(SIZES[0], Theme::Dark, Room::ConnectedApps, sandbox_profile());
    with_users(&mut harness);
    harness.get_by_role_and_label(Role::ComboBox, "App").click();
    harness.run_ok();
    harness.get_by_label_contains("gitlab").click();
    harness.run_ok();
    assert_eq!(
        harness.get_by_role_and_label(Role::ComboBox, "App").accesskit_node().value().as_deref(),
        Some("gitlab")
    );
}

#[test]
fn the_tenant_room_fits_every_size() {
    for size in SIZES {
        let mut harness = window(size, Theme::Dark, Room::Tenant, acme());
        let job = job_of(&mut harness, |command| matches!(command, Command::Tenant(tenant::Command::Examine { .. })));
        assert_whole(&harness, size, "examining");
        let error = UserError::new(Category::Network, "The domain did not answer").detail("x").hint("Try again");
        tell(&mut harness, job, tenant::Event::Examined(Err(error)));
        assert_whole(&harness, size, "examined");
        harness.get_by_label("Change").click();
        harness.run_ok();
        harness.get_by_label("Scopes by room").click();
        harness.run_ok();
        assert_whole(&harness, size, "the form");
    }
}

#[test]
fn the_email_room_fits_every_size_and_its_primary_button_is_in_sight() {
    for size in SIZES {
        let mut harness = window(size, Theme::Dark, Room::Email, acme());
        let check = harness.get_by_role_and_label(Role::Button, "Check the server").rect();
        assert!(check.right() <= size.x && check.bottom() <= size.y, "{size}: {check}");
        for (name, rect) in controls(&harness) {
            assert!(
                rect.left() >= 0.0 && rect.right() <= size.x + 0.5,
                "the form at {size}: {name} is cut off: {rect}"
            );
        }
        for tab in ["Resend", "Sender domain", "Received headers", "Hand-over"] {
            harness.get_by_role_and_label(Role::Tab, tab).click();
            harness.run_ok();
            assert_whole(&harness, size, tab);
        }
    }
}

#[test]
fn the_sandbox_room_fits_every_size() {
    for size in SIZES {
        let mut harness = window(size, Theme::Dark, Room::Sandbox, sandbox_profile());
        let job = job_of(&mut harness, |command| matches!(command, Command::Sandbox(sandbox::Command::Look)));
        assert_eq!(harness.state().prefs().profile, Some(SANDBOX_PROFILE));
        tell(&mut harness, job, sandbox::Event::Seen(Ok(Box::new(running()))));
        for tab in ["Overview", "Send event", "Deliveries", "Faults"] {
            harness.get_by_role_and_label(Role::Tab, tab).click();
            harness.run_ok();
            assert_whole(&harness, size, tab);
        }
    }
}

#[test]
fn the_sandbox_room_is_in_every_rail_and_is_left_with_its_profile() {
    for size in SIZES {
        let mut harness = window(size, Theme::Dark, Room::Sandbox, acme());
        assert_eq!(harness.state().room(), Room::Tenant);
        assert!(harness.query_by_role_and_label(Role::Button, "Sandbox").is_none());
        harness.state_mut().act(Action::Go(Room::Sandbox));
        assert_eq!(harness.state().room(), Room::Tenant);
        harness.state_mut().act(Action::SwitchProfile(SANDBOX_PROFILE));
        harness.run_ok();
        harness.get_by_role_and_label(Role::Button, "Sandbox").click();
        harness.run_ok();
        assert_eq!(harness.state().room(), Room::Sandbox);
        harness.state_mut().act(Action::AddTenant);
        assert_eq!(harness.state().room(), Room::Tenant);
    }
}
