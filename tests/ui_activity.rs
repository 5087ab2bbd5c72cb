//! Activity by its accessible names: what was sent is told, copied, and sent again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::cell::Cell;

use egui::{Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::Timestamp;
use kinde_panel::action::{Action, Command, JobId};
use kinde_panel::backend::activity::{Command as Ask, Event};
use kinde_panel::net::{Exchange, Outcome};
use kinde_panel::screens::{Cx, activity, settings};
use kinde_panel::secrets::KeyringState;
use kinde_panel::tenant::Profile;
use kinde_panel::ui::{theme, tokens};

struct World {
    state: activity::State,
    actions: Vec<Action>,
    profile: Profile,
    next: Cell<JobId>,
    keyring: KeyringState,
    settings: bool,
}

fn exchange(id: u64, method: &str, url: &str, outcome: Outcome, purpose: &str) -> Exchange {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Exchange {
        id,
        at: Timestamp::from_second(1_714_545_000 + id as i64).unwrap(),
        purpose: purpose.into(),
        profile: Some("sandbox".into()),
        method: method.into(),
        url: url.into(),
        request_headers: vec![pair("accept", "application/json"), pair("authorization", "Bearer •••")],
        request_body: if method == "POST" {
            "grant_type=client_credentials&client_secret=•••".into()
        } else {
            String::new()
        },
        request_cut: false,
        outcome,
        response_headers: vec![pair("content-type", "application/json"), pair("ratelimit-remaining", "97")],
        response_body: r#"{"code":"OK","users":[{"id":"kp_ada","email":"ada@example.com"}]}"#.into(),
        ms: 12 * id,
    }
}

fn harness(which: Theme) -> Harness<'static, World> {
    let mut state = activity::State::default();
    for one in [
        exchange(1, "POST", "http://127.0.0.1:4433/oauth2/token", Outcome::Status(200), "Mint a token"),
        exchange(2, "GET", "http://127.0.0.1:4433/api/v1/users?page_size=10", Outcome::Status(200), "Read users"),
        exchange(3, "GET", "http://127.0.0.1:4433/api/v1/environment", Outcome::Status(403), "Read the environment"),
        exchange(4, "GET", "https://api.github.com/user", Outcome::Failed("connection refused".into()), "Probe"),
    ] {
        state.ring.push(one);
    }
    let world = World {
        state,
        actions: Vec::new(),
        profile: Profile::sandbox(),
        next: Cell::new(0),
        keyring: KeyringState::Missing { reason: "no D-Bus session".into() },
        settings: false,
    };
    Harness::builder()
        .with_size(vec2(960.0, 720.0))
        .with_theme(which)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_context_setup(theme::install)
        .build_ui_state(
            |ui, world: &mut World| {
                let page = tokens(ui).page;
                let whole = ui.ctx().content_rect();
                ui.ctx().layer_painter(egui::LayerId::background()).rect_filled(whole, 0, page);
                egui::Frame::new().fill(page).inner_margin(16).show(ui, |ui| {
                    let cx = Cx {
                        now: Timestamp::UNIX_EPOCH,
                        profile: Some(&world.profile),
                        profiles: &[],
                        keyring: &world.keyring,
                        data_dir: "/home/ada/.local/share/kinde-panel",
                        next_job: &world.next,
                    };
                    if world.settings {
                        settings::ui(ui, &mut settings::State::default(), &cx, &mut world.actions);
                    } else {
                        activity::ui(ui, &mut world.state, &cx, &mut world.actions);
                    }
                });
            },
            world,
        )
}

const USERS: &str = "2 GET 127.0.0.1:4433/api/v1/users?page_size=10";

#[test]
fn a_read_of_the_api_is_edited_sent_again_and_its_answer_is_chosen() {
    let mut harness = harness(Theme::Dark);
    harness.run();
    harness.get_by_label(USERS).click();
    harness.run();
    harness.get_by_label("Edit and send again").click();
    harness.run();
    let field = harness.get_by_label("Path and query");
    assert_eq!(field.value().as_deref(), Some("/api/v1/users?page_size=10"));
    field.focus();
    harness.run();
    harness.get_by_label("Path and query").type_text("0");
    harness.run();
    harness.get_by_label("Send").click();
    harness.run();
    let (job, path) = harness
        .state_mut()
        .actions
        .drain(..)
        .find_map(|action| match action {
            Action::Run(job, Command::Activity(Ask::Get { path, .. })) => Some((job, path)),
            _ => None,
        })
        .unwrap();
    assert_eq!(path, "/api/v1/users?page_size=100");
    let world = harness.state_mut();
    world.state.ring.push(exchange(
        5,
        "GET",
        &format!("http://127.0.0.1:4433{path}"),
        Outcome::Status(200),
        "Sent again",
    ));
    world.state.on_event(job + 1, Event::Sent(Ok(4)), Timestamp::UNIX_EPOCH, &mut world.actions);
    world.state.on_event(job, Event::Sent(Ok(5)), Timestamp::UNIX_EPOCH, &mut world.actions);
    harness.run();
    harness.get_by_label("GET 127.0.0.1:4433/api/v1/users?page_size=100");
    assert!(harness.query_by_label("Path and query").is_none());
}

#[test]
fn what_may_change_something_or_goes_elsewhere_is_not_sent_again() {
    let mut harness = harness(Theme::Dark);
    harness.run();
    for row in ["1 POST 127.0.0.1:4433/oauth2/token", "4 GET api.github.com/user"] {
        harness.get_by_label(row).click();
        harness.run();
        assert!(harness.get_by_label("Edit and send again").accesskit_node().is_disabled(), "{row}");
    }
    harness.get_by_label("connection refused");
}

#[test]
fn the_curl_line_comes_with_the_line_that_fills_its_token() {
    let mut harness = harness(Theme::Dark);
    harness.run();
    harness.get_by_label(USERS).click();
    harness.run();
    harness.get_by_label("curl").click();
    harness.run();
    harness.get_by_label_contains("curl -sS 'http://127.0.0.1:4433/api/v1/users?page_size=10'");
    harness.get_by_label_contains(
        "export KINDE_TOKEN=$(kinde-panel --data-dir '/home/ada/.local/share/kinde-panel' token --profile",
    );
}

#[test]
fn the_filter_narrows_and_clear_forgets() {
    let mut harness = harness(Theme::Dark);
    harness.run();
    harness.get_by_label("Filter").focus();
    harness.run();
    harness.get_by_label("Filter").type_text("403 environment");
    harness.run();
    assert!(harness.query_by_label(USERS).is_none());
    harness.get_by_label("3 GET 127.0.0.1:4433/api/v1/environment");
    harness.get_by_label("Clear").click();
    harness.run();
    harness.get_by_label_contains("Nothing was sent yet");
    assert!(harness.state().state.ring.is_empty());
}

#[test]
fn an_edited_read_settles_in_both_themes() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut harness = harness(theme);
        harness.run();
        harness.get_by_label(USERS).click();
        harness.run();
        harness.get_by_label("Edit and send again").click();
        // No picture is kept: the table shows the local clock.
        harness.run();
        harness.get_by_label("Send");
    }
}

#[test]
fn settings_name_theme_zoom_folder_and_a_keyring_to_try_again() {
    let mut harness = harness(Theme::Dark);
    harness.state_mut().settings = true;
    harness.run();
    harness.get_by_label("/home/ada/.local/share/kinde-panel");
    harness.get_by_label("no D-Bus session");
    for name in ["Try again", "Light", "Zoom in"] {
        harness.get_by_label(name).click();
        harness.run();
    }
    let actions = &harness.state().actions;
    assert!(matches!(actions[0], Action::RetryKeyring), "{actions:?}");
    assert!(matches!(actions[1], Action::SetTheme(egui::ThemePreference::Light)), "{actions:?}");
    assert!(matches!(actions[2], Action::ZoomIn), "{actions:?}");
}
