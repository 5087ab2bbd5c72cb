//! The whole window without a window: rail, palette, shortcuts, profiles, notifications.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::Timestamp;
use kinde_panel::action::{Action, Room};
use kinde_panel::app::{Order, Prefs, Shell, broken};
use kinde_panel::backend::{Command, End, Event, JobId, Stamped, connect, shell};
use kinde_panel::clock::Clock;
use kinde_panel::error::{Category, UserError};
use kinde_panel::kinde::Domain;
use kinde_panel::net::{Exchange, Outcome};
use kinde_panel::tenant::{EnvironmentFacts, LastUser, Profile, SANDBOX_PROFILE};
use kinde_panel::ui::theme;

fn window(prefs: Prefs) -> Harness<'static, Shell> {
    let clock = Clock::fixed(Timestamp::from_second(1_790_000_000).unwrap());
    let shell = Shell::new(prefs, "/home/ada/.local/share/kinde-panel".to_owned(), clock, None);
    Harness::builder()
        .with_size([1180.0, 780.0])
        .with_context_setup(theme::install)
        .build_ui_state(|ui, shell: &mut Shell| shell.frame(ui), shell)
}

fn with_profiles(prefs: Prefs) -> Harness<'static, Shell> {
    let mut harness = window(prefs);
    let acme = Profile::new("acme", Domain::parse("acme.kinde.com").unwrap());
    let event = shell::Event::Profiles(Ok(vec![Profile::sandbox(), acme]));
    harness.state_mut().on_event(Stamped { job: 1, event: event.into() });
    harness.run();
    harness
}

#[test]
fn the_profiles_are_read_at_the_start() {
    let mut harness = window(Prefs::default());
    let orders = harness.state_mut().take_orders();
    assert!(
        orders.iter().any(|order| matches!(order, Order::Run(_, Command::Shell(shell::Command::ReadProfiles)))),
        "{orders:?}"
    );
}

#[test]
fn every_room_of_the_rail_opens_and_comes_to_rest() {
    let mut harness = with_profiles(Prefs { profile: Some(SANDBOX_PROFILE), ..Prefs::default() });
    for room in [Room::Tenant, Room::Webhooks, Room::Inspector, Room::Recipes, Room::Activity, Room::Settings] {
        harness.get_by_role_and_label(Role::Button, room.name()).click();
        harness.run();
        assert_eq!(harness.state().room(), room);
    }
}

#[test]
fn the_palette_finds_an_action_by_a_few_letters_and_runs_it_by_keys_alone() {
    let mut harness = with_profiles(Prefs::default());
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    harness.run();
    harness.event(egui::Event::Text("sett".to_owned()));
    harness.run();
    harness.key_press(egui::Key::Enter);
    harness.run();
    assert_eq!(harness.state().room(), Room::Settings);
}

/// Opens the palette, types and presses Enter.
fn choose(harness: &mut Harness<'static, Shell>, words: &str) {
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    harness.run();
    harness.event(egui::Event::Text(words.to_owned()));
    harness.run();
    harness.key_press(egui::Key::Enter);
    harness.run();
}

#[test]
fn the_palette_does_in_each_room_what_its_buttons_do() {
    use kinde_panel::backend::{sandbox, tenant, webhooks};
    type Asked = fn(&Command) -> bool;
    let asks: [(&str, Room, Asked); 7] = [
        ("check the tenant again", Room::Tenant, |it| {
            matches!(it, Command::Tenant(tenant::Command::Examine { again: true, .. }))
        }),
        ("copy access token", Room::Tenant, |it| matches!(it, Command::Tenant(tenant::Command::Token { .. }))),
        ("import .env", Room::Tenant, |it| matches!(it, Command::Tenant(tenant::Command::PickEnv))),
        ("connect the chosen app", Room::ConnectedApps, |it| matches!(it, Command::Connect(connect::Command::Walk(_)))),
        ("read the webhooks again", Room::Webhooks, |it| {
            matches!(it, Command::Webhooks(webhooks::Command::List { .. }))
        }),
        ("import webhooks as a plan", Room::Webhooks, |it| {
            matches!(it, Command::Webhooks(webhooks::Command::Import { .. }))
        }),
        ("start the sandbox", Room::Sandbox, |it| matches!(it, Command::Sandbox(sandbox::Command::Start))),
    ];
    for (words, room, asked) in asks {
        let mut harness = window(Prefs { profile: Some(SANDBOX_PROFILE), room: Room::Activity, ..Prefs::default() });
        let mut sandbox = Profile::sandbox();
        sandbox.remember_app("github", Some("github"));
        sandbox.last_users.push(LastUser { id: "kp_ada".into(), label: "ada@example.com".into() });
        let event = shell::Event::Profiles(Ok(vec![sandbox]));
        harness.state_mut().on_event(Stamped { job: 1, event: event.into() });
        harness.run();
        harness.state_mut().take_orders();
        choose(&mut harness, words);
        let orders = harness.state_mut().take_orders();
        assert_eq!(harness.state().room(), room, "{words}");
        let runs = orders.iter().any(|order| matches!(order, Order::Run(_, command) if asked(command)));
        assert!(runs, "{words}: {orders:?}");
    }
}

#[test]
fn the_palette_opens_the_page_where_a_thing_is_typed() {
    for (words, shows) in [
        ("new webhook", "Endpoint"),
        ("look up an event", "Event ID"),
        ("add a connected app", "Reference key"),
        ("send an event of the sandbox", "Send event"),
        ("read received headers", "Received headers"),
        ("check a sender domain", "Sender domain"),
    ] {
        let mut harness = with_profiles(Prefs { profile: Some(SANDBOX_PROFILE), ..Prefs::default() });
        choose(&mut harness, words);
        assert!(harness.query_all_by_label_contains(shows).next().is_some(), "{words}");
    }
}

#[test]
fn the_palette_offers_no_stop_where_nothing_runs() {
    let mut harness = with_profiles(Prefs { profile: Some(SANDBOX_PROFILE), ..Prefs::default() });
    harness.state_mut().take_orders();
    let before = harness.state().room();
    for words in ["stop listening", "stop sending events here", "stop the sandbox", "undo the last deletion"] {
        choose(&mut harness, words);
        harness.key_press(egui::Key::Escape);
        harness.run();
        assert_eq!(harness.state().room(), before, "{words}");
        assert!(harness.state_mut().take_orders().is_empty(), "{words}");
    }
}

#[test]
fn the_palette_opens_a_recipe_by_its_name() {
    let mut harness = with_profiles(Prefs { profile: Some(SANDBOX_PROFILE), ..Prefs::default() });
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    harness.run();
    harness.event(egui::Event::Text("wordpr".to_owned()));
    harness.run();
    harness.key_press(egui::Key::Enter);
    harness.run();
    assert_eq!(harness.state().room(), Room::Recipes);
    harness.get_by_role_and_label(Role::Heading, "WordPress");
}

#[test]
fn a_shortcut_opens_its_room() {
    let mut harness = with_profiles(Prefs::default());
    for (key, room) in [(egui::Key::Num4, Room::Inspector), (egui::Key::Num6, Room::Recipes)] {
        harness.key_press_modifiers(egui::Modifiers::COMMAND, key);
        harness.run();
        assert_eq!(harness.state().room(), room);
    }
}

#[test]
fn a_chosen_profile_is_named_in_the_top_bar_and_remembered() {
    let mut harness = with_profiles(Prefs::default());
    harness.get_by_role_and_label(Role::ComboBox, "Profile").click();
    harness.run();
    harness.get_by_label_contains("acme").click();
    harness.run();
    assert!(harness.query_by_label_contains("acme.kinde.com").is_some());
    let kept = harness.state().prefs().text();
    assert!(Prefs::read(Some(&kept)).profile.is_some());
}

#[test]
fn what_went_wrong_in_the_background_stays_in_the_history() {
    let mut harness = with_profiles(Prefs::default());
    let error = UserError::new(Category::File, "No browser could be opened").detail("xdg-open is missing");
    let event = shell::Event::NoBrowser("https://example.test/".to_owned(), error);
    harness.state_mut().on_event(Stamped { job: 0, event: event.into() });
    harness.run_steps(2);
    harness.get_by_label("Notifications, 1 new").click();
    harness.run_steps(2);
    assert!(harness.query_all_by_label_contains("No browser could be opened").next().is_some());
}

#[test]
fn the_word_of_the_system_to_end_closes_the_window() {
    let mut harness = with_profiles(Prefs::default());
    assert!(!harness.state().wants_to_quit());
    harness.state_mut().on_event(Stamped { job: 0, event: shell::Event::AskedToEnd.into() });
    assert!(harness.state().wants_to_quit());
}

#[test]
fn profiles_that_cannot_be_read_or_were_damaged_are_told_each_word_once() {
    let mut harness = with_profiles(Prefs::default());
    let error = UserError::new(Category::File, "A file could not be used").detail("reading it: no").hint("Mend it");
    for event in [shell::Event::Profiles(Err(error)), shell::Event::Restored("profiles.json was damaged".to_owned())] {
        harness.state_mut().on_event(Stamped { job: 0, event: event.into() });
    }
    harness.run_steps(2);
    harness.get_by_label_contains("A file could not be used");
    harness.get_by_label_contains("reading it: no. Mend it");
    harness.get_by_label_contains("as before their last change");
    harness.get_by_label_contains("profiles.json was damaged");
}

#[test]
fn a_panel_that_cannot_start_says_why_and_what_to_do_in_a_small_window() {
    let error =
        UserError::new(Category::File, "The folder could not be made").detail("It is a file").hint("Name another");
    let mut harness = Harness::builder()
        .with_size(broken::SIZE)
        .with_context_setup(theme::install)
        .build_ui_state(|ui, quit: &mut bool| *quit |= broken::ui(ui, &error), false);
    harness.run();
    for words in ["Kinde Panel cannot start", "The folder could not be made", "It is a file", "Name another"] {
        let rect = harness.get_by_label(words).rect();
        assert!(rect.right() <= broken::SIZE.x && rect.bottom() <= broken::SIZE.y, "{words}: {rect:?}");
    }
    harness.get_by_label("Quit").click();
    harness.run();
    assert!(harness.state());
}

#[test]
fn a_full_queue_is_told_and_not_swallowed() {
    let mut harness = with_profiles(Prefs::default());
    harness.state_mut().on_event(Stamped { job: 9, event: Event::Ended(End::Refused) });
    harness.run_steps(2);
    assert!(harness.query_all_by_label_contains("The panel is busy").next().is_some());
}

#[test]
fn a_screen_whose_job_was_refused_or_broke_off_says_so_and_can_try_again() {
    for (end, words) in [(End::Refused, "The panel is busy"), (End::Broken, "The work broke off")] {
        let mut harness =
            with_profiles(Prefs { profile: Some(SANDBOX_PROFILE), room: Room::Tenant, ..Prefs::default() });
        let orders = harness.state_mut().take_orders();
        assert!(harness.query_by_label("Try again").is_none());
        for order in orders {
            let Order::Run(job, _) = order else { continue };
            harness.state_mut().on_event(Stamped { job, event: Event::Ended(end) });
        }
        harness.run_steps(4);
        assert!(harness.query_all_by_label_contains(words).next().is_some());
        assert!(harness.query_all_by_label("Try again").next().is_some());
    }
}

#[test]
fn a_walk_whose_job_broke_off_ends_with_a_reason_and_connect_can_be_pressed_again() {
    let (mut harness, walk) = walking();
    assert!(harness.get_by_role_and_label(Role::Button, "Connect").accesskit_node().is_disabled());
    harness.state_mut().on_event(Stamped { job: walk, event: Event::Ended(End::Broken) });
    harness.run_ok();
    assert!(!harness.get_by_role_and_label(Role::Button, "Connect").accesskit_node().is_disabled());
    assert!(harness.query_all_by_label_contains("The work broke off").next().is_some());
}

#[test]
fn an_address_that_is_not_http_is_never_handed_to_the_system() {
    let mut harness = with_profiles(Prefs::default());
    harness.state_mut().take_orders();
    harness.state_mut().act(Action::OpenUrl("file:///etc/passwd".to_owned()));
    assert!(harness.state_mut().take_orders().is_empty());
    harness.state_mut().act(Action::OpenUrl("https://kinde.com/".to_owned()));
    assert_eq!(harness.state_mut().take_orders().len(), 1);
}

/// The sandbox's connected apps with one app and one user, and a walk begun by a press on Connect.
fn walking() -> (Harness<'static, Shell>, JobId) {
    let prefs = Prefs { profile: Some(SANDBOX_PROFILE), room: Room::ConnectedApps, ..Prefs::default() };
    let mut harness = window(prefs);
    let mut sandbox = Profile::sandbox();
    sandbox.remember_app("github", Some("github"));
    sandbox.last_users.push(LastUser { id: "kp_ada".into(), label: "ada@example.com".into() });
    let acme = Profile::new("acme", Domain::parse("acme.kinde.com").unwrap());
    let event = shell::Event::Profiles(Ok(vec![sandbox, acme]));
    harness.state_mut().on_event(Stamped { job: 1, event: event.into() });
    harness.run_ok();
    harness.get_by_role_and_label(Role::Button, "Connect").click();
    harness.run_ok();
    let walk = harness.state_mut().take_orders().into_iter().find_map(|order| match order {
        Order::Run(job, Command::Connect(connect::Command::Walk(_))) => Some(job),
        _ => None,
    });
    (harness, walk.expect("a walk"))
}

#[test]
fn another_profile_ends_the_walk_of_the_one_before() {
    let (mut harness, walk) = walking();
    let acme = Profile::new("acme", Domain::parse("acme.kinde.com").unwrap()).id;
    harness.state_mut().act(Action::SwitchProfile(acme));
    let orders = harness.state_mut().take_orders();
    assert!(orders.iter().any(|order| matches!(order, Order::Cancel(job) if *job == walk)), "{orders:?}");
}

/// A window of these points with a live tenant of a long name and address, which answered.
fn crowded(width: f32, height: f32, theme: egui::Theme) -> Harness<'static, Shell> {
    let mut acme = Profile::new("acme-production-europe", Domain::parse("acme-production-europe.kinde.com").unwrap());
    acme.environment = Some(EnvironmentFacts {
        code: None,
        name: None,
        is_live: Some(true),
        kinde_domain: None,
        custom_domain: None,
        read_at: Timestamp::from_second(1_790_000_000).unwrap(),
    });
    let clock = Clock::fixed(Timestamp::from_second(1_790_000_000).unwrap());
    let prefs = Prefs { profile: Some(acme.id), room: Room::Activity, ..Prefs::default() };
    let shell = Shell::new(prefs, "/home/ada/.local/share/kinde-panel".to_owned(), clock, None);
    let mut harness = Harness::builder()
        .with_size([width, height])
        .with_theme(theme)
        .with_context_setup(theme::install)
        .build_ui_state(|ui, shell: &mut Shell| shell.frame(ui), shell);
    let profiles = shell::Event::Profiles(Ok(vec![Profile::sandbox(), acme]));
    harness.state_mut().on_event(Stamped { job: 1, event: profiles.into() });
    for id in 1..=12 {
        let exchange = Exchange {
            id,
            at: Timestamp::from_second(1_790_000_000).unwrap(),
            profile: None,
            request_cut: false,
            purpose: "Read the environment".into(),
            method: "GET".into(),
            url: "https://acme-production-europe.kinde.com/api/v1/environment".into(),
            request_headers: Vec::new(),
            request_body: String::new(),
            outcome: Outcome::Status(200),
            response_headers: vec![("content-type".into(), "application/json".into())],
            response_body: r#"{"code":"OK","environment":{"name":"Production","is_live":true}}"#.into(),
            ms: 182,
        };
        let event = shell::Event::Exchange(Box::new(exchange));
        harness.state_mut().on_event(Stamped { job: 0, event: event.into() });
    }
    harness.run();
    harness
}

#[test]
fn nothing_of_the_top_bar_lies_over_another_or_leaves_the_window_at_any_size() {
    for (width, height) in [(820.0, 520.0), (1000.0, 700.0), (1280.0, 800.0), (547.0, 347.0), (410.0, 260.0)] {
        let harness = crowded(width, height, egui::Theme::Dark);
        let bar = harness.root().children_recursive().filter(|node| {
            let role = node.accesskit_node().role();
            let leaf = matches!(role, Role::Button | Role::ComboBox | Role::Label | Role::Image);
            leaf && node.rect().bottom() <= 52.0 && node.rect().left() >= if width < 720.0 { 52.0 } else { 208.0 }
        });
        let mut spans: Vec<(f32, f32, String)> = bar
            .map(|node| {
                (
                    node.rect().left(),
                    node.rect().right(),
                    format!("{:?} {:?}", node.accesskit_node().label(), node.value()),
                )
            })
            .collect();
        spans.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(spans.len() >= 5, "{spans:?}");
        for pair in spans.windows(2) {
            assert!(pair[0].1 <= pair[1].0, "{width}: {pair:?}");
        }
        assert!(spans.last().unwrap().1 <= width, "{spans:?}");
        // What has no room in words is still there by name.
        assert!(harness.query_by_label_contains("connected ").is_some(), "{width}");
        assert!(harness.query_by_label("Live").is_some(), "{width}");
    }
}

/// The last label that shows `words`: it is heard by its value.
fn text<'a>(harness: &'a Harness<'_, Shell>, words: &str) -> egui_kittest::Node<'a> {
    let labels = harness.root().children_recursive().filter(|node| node.accesskit_node().role() == Role::Label);
    labels.filter(|node| node.value().is_some_and(|value| value.contains(words))).last().unwrap()
}

#[test]
fn a_small_window_still_shows_the_address_of_an_exchange_and_all_that_is_known_of_it() {
    for (width, height) in [(820.0, 520.0), (547.0, 347.0)] {
        let mut harness = crowded(width, height, egui::Theme::Dark);
        let path = text(&harness, "/api/v1/environment").rect();
        assert!(path.width() >= 100.0 && path.right() <= width, "{width}: {path:?}");
        harness.get_by_label("12 GET acme-production-europe.kinde.com/api/v1/environment").click();
        harness.run();
        harness.get_by_label("Request").scroll_to_me();
        harness.run();
        harness.get_by_label("Request").click();
        harness.run();
        for words in ["Read the environment", "182 ms"] {
            text(&harness, words).scroll_to_me();
            harness.run();
            let seen = text(&harness, words).rect();
            assert!(seen.bottom() <= height && seen.right() <= width, "{width} {words}: {seen:?}");
        }
    }
}

#[test]
fn adding_a_tenant_leaves_the_chosen_one_and_opens_the_domain_box() {
    let mut harness = with_profiles(Prefs { profile: Some(SANDBOX_PROFILE), ..Prefs::default() });
    harness.state_mut().act(Action::AddTenant);
    harness.run();
    assert_eq!(harness.state().room(), Room::Tenant);
    assert!(harness.query_by_role_and_label(Role::TextInput, "Kinde domain").is_some());
}

#[test]
fn the_top_bar_says_how_the_tenant_last_answered_and_a_request_cancelled_here_says_nothing_of_it() {
    let mut harness = crowded(1280.0, 800.0, egui::Theme::Dark);
    let seen = |harness: &Harness<'_, Shell>, words: &str| harness.query_all_by_label_contains(words).next().is_some();
    assert!(seen(&harness, "connected "));
    for (outcome, path, words) in [
        (Outcome::Cancelled, "/api/v1/environment", "connected 1"),
        (Outcome::Failed("connection refused".into()), "/api/v1/environment", "no answer 1"),
        (Outcome::Status(404), "/api/v1/events/1", "connected 1"),
        (Outcome::Status(401), "/api/v1/users", "refused 1"),
        (Outcome::Status(200), "/api/v1/users", "connected 1"),
        (Outcome::Status(400), "/oauth2/token", "refused 1"),
        (Outcome::Status(429), "/api/v1/users", "asked to slow down 1"),
        (Outcome::Status(503), "/api/v1/users", "answered 503 1"),
    ] {
        let exchange = Exchange {
            id: 13,
            at: Timestamp::from_second(1_790_000_000).unwrap(),
            profile: None,
            request_cut: false,
            purpose: "Read the environment".into(),
            method: "GET".into(),
            url: format!("https://acme-production-europe.kinde.com{path}"),
            request_headers: Vec::new(),
            request_body: String::new(),
            outcome: outcome.clone(),
            response_headers: Vec::new(),
            response_body: String::new(),
            ms: 7,
        };
        let event = shell::Event::Exchange(Box::new(exchange));
        harness.state_mut().on_event(Stamped { job: 0, event: event.into() });
        harness.run();
        assert!(seen(&harness, words), "{outcome:?} {path}: {words}");
        assert_eq!(seen(&harness, "connected 1"), words == "connected 1", "{outcome:?} {path}");
    }
}
