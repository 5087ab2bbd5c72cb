//! The connected apps room, driven by its accessible names: what is pressed, what is asked, what is shown.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::cell::Cell;
use std::time::Duration;

use egui::{Theme, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, SnapshotOptions};
use jiff::Timestamp;
use kinde_panel::action::{Action, Command as Asked, JobId, Room};
use kinde_panel::backend::connect::{Command, Event, Walk};
use kinde_panel::backend::{self, Backend};
use kinde_panel::check::Check;
use kinde_panel::clock::Clock;
use kinde_panel::connect::{HeldToken, RevokeOutcome, RevokeRequest, Session, WalkEnd, WalkEvent, WalkOutcome};
use kinde_panel::error::{Category, UserError};
use kinde_panel::kinde::{Domain, Subject, User, UserPage, Wire};
use kinde_panel::screens::{Cx, connected_apps};
use kinde_panel::secrets::{KeyringState, Secret, SecretStore};
use kinde_panel::step::{Step, StepState};
use kinde_panel::store::DataDir;
use kinde_panel::tenant::{EnvironmentFacts, LastUser, LastWalk, Profile, Profiles, SANDBOX_PROFILE};
use kinde_panel::ui::tokens;

const TOKEN: &str = "gho_canaryCanaryCanaryCanaryCanary8B4a";
const SESSION: &str = "ses_canary_0123456789_canary";

struct Stage {
    state: connected_apps::State,
    profile: Option<Profile>,
    now: Timestamp,
    jobs: Cell<JobId>,
    actions: Vec<Action>,
    entered: bool,
}

type Room_ = Harness<'static, Stage>;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

fn sandbox() -> Profile {
    let mut profile = Profile::sandbox();
    profile.remember_app("github", Some("github")).last =
        Some(LastWalk { at: at(-60), ok: true, words: "connected".into() });
    profile.remember_app("google_drive", Some("google_drive")).last =
        Some(LastWalk { at: at(-60), ok: false, words: "not proved".into() });
    profile.last_users.push(LastUser { id: "kp_ada".into(), label: "ada@example.com".into() });
    profile
}

fn live() -> Profile {
    let mut profile = Profile::new("acme", Domain::parse("acme").unwrap());
    profile.client_id = Some("client".into());
    profile.remember_app("github", Some("github"));
    profile
}

fn room_in(profile: Option<Profile>, which: Theme) -> Room_ {
    let stage = Stage {
        state: connected_apps::State::default(),
        profile,
        now: at(0),
        jobs: Cell::new(0),
        actions: Vec::new(),
        entered: false,
    };
    let mut harness = Harness::builder()
        .with_size(vec2(1010.0, 900.0))
        .with_theme(which)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_options(SnapshotOptions::new().threshold(0.8).max_failed_pixels(40))
        .with_context_setup(common::look)
        .build_ui_state(
            |ui, stage: &mut Stage| {
                let whole = ui.ctx().content_rect();
                ui.ctx().layer_painter(egui::LayerId::background()).rect_filled(whole, 0, tokens(ui).page);
                let keyring = KeyringState::Unknown;
                let cx = Cx {
                    now: stage.now,
                    profile: stage.profile.as_ref(),
                    profiles: &[],
                    keyring: &keyring,
                    data_dir: "",
                    next_job: &stage.jobs,
                };
                if !stage.entered {
                    stage.entered = true;
                    stage.state.entered(&cx, &mut stage.actions);
                }
                egui::Frame::new().inner_margin(16).show(ui, |ui| {
                    connected_apps::ui(ui, &mut stage.state, &cx, &mut stage.actions);
                });
            },
            stage,
        );
    harness.run();
    harness
}

fn room(profile: Profile) -> Room_ {
    room_in(Some(profile), Theme::Dark)
}

fn click(harness: &mut Room_, name: &str) {
    harness.get_by_label(name).click();
    harness.run_ok();
}

fn tell(harness: &mut Room_, job: JobId, event: Event) {
    let stage = harness.state_mut();
    let now = stage.now;
    stage.state.on_event(job, event, now, &mut stage.actions);
    harness.run_ok();
}

/// The newest command of the room, with its job.
fn last(harness: &mut Room_) -> (JobId, Command) {
    let actions = std::mem::take(&mut harness.state_mut().actions);
    let asked = actions.into_iter().rev().find_map(|action| match action {
        Action::Run(job, Asked::Connect(command)) => Some((job, command)),
        _ => None,
    });
    asked.expect("something was asked")
}

fn seen(harness: &Room_, text: &str) -> bool {
    harness.query_all_by_label_contains(text).next().is_some()
}

/// Every text of the accessibility tree.
fn tree(harness: &Room_) -> String {
    harness.root().children_recursive().map(|node| format!("{:?}\n", node.accesskit_node().data())).collect()
}

/// The shell's part of a switch: the room forgets, and is entered with the other profile.
fn switch(harness: &mut Room_, profile: Profile) {
    let stage = harness.state_mut();
    stage.actions.clear();
    stage.state.forget(&mut stage.actions);
    stage.profile = Some(profile);
    stage.entered = false;
    harness.run_ok();
}

fn user(name: &str) -> User {
    User { id: format!("kp_{name}"), email: Some(format!("{name}@example.com")), ..User::default() }
}

fn wire() -> Wire {
    Wire { ms: 12, curl: "curl".into(), exchange: 1 }
}

fn page(names: &[&str], next: Option<&str>) -> UserPage {
    UserPage { users: names.iter().map(|name| user(name)).collect(), next: next.map(str::to_owned), wire: wire() }
}

fn users(harness: &mut Room_, names: &[&str], next: Option<&str>) {
    let (job, command) = last(harness);
    assert!(matches!(command, Command::Open { .. }), "{command:?}");
    tell(harness, job, Event::Origins(vec!["http://127.0.0.1:9".into()]));
    tell(harness, job, Event::Users { query: String::new(), more: false, result: Ok(page(names, next)) });
}

fn held() -> HeldToken {
    HeldToken { access_token: Secret::new(TOKEN), expires_at: Some(at(3600)), expires_raw: None, fetched_at: at(5) }
}

fn session() -> Session {
    Session {
        who: "ada@example.com".into(),
        token: Some(held()),
        asked: vec!["repo".into()],
        ..Session::pasted(Secret::new(SESSION), "github", Some("github"), at(1))
    }
}

fn probe() -> Vec<Check> {
    vec![
        Check::pass("account").seen("Kinde user ada@example.com now holds GitHub account octocat"),
        Check::pass("scopes").seen("repo"),
    ]
}

fn walked(harness: &mut Room_) -> (JobId, Walk) {
    click(harness, "Connect");
    let (job, command) = last(harness);
    let Command::Walk(walk) = command else { panic!("{command:?}") };
    (job, walk)
}

fn wait_for_consent(harness: &mut Room_, job: JobId) {
    let step = |id, title: &str, state| Event::Walk(WalkEvent::Step(Step::new(id, title, state, at(1)).took_ms(182)));
    tell(harness, job, step("auth_url", "Address from Kinde", StepState::Done));
    let url = "https://github.com/login/oauth/authorize?client_id=x".to_owned();
    tell(harness, job, Event::Walk(WalkEvent::AuthUrl { url, session: Secret::new(SESSION), asked: vec![] }));
    tell(harness, job, step("browser", "Browser opened", StepState::Done));
    let mut waiting = Step::new("consent", "Not confirmed yet", StepState::Running, at(2));
    waiting.detail = Some("Kinde has not confirmed yet. If you pressed Deny, Cancel here".into());
    tell(harness, job, Event::Walk(WalkEvent::Step(waiting)));
    tell(harness, job, Event::Walk(WalkEvent::Waiting { polls: 3, next_at: at(4), deadline: at(600) }));
}

fn ended(harness: &mut Room_, job: JobId, end: WalkEnd, session: Option<Session>) {
    let outcome = WalkOutcome { end, session, steps: vec![], landing_worked: false };
    tell(harness, job, Event::WalkEnded(Box::new(outcome)));
}

fn connected(harness: &mut Room_) -> JobId {
    let (job, _) = walked(harness);
    wait_for_consent(harness, job);
    ended(harness, job, WalkEnd::Connected { token: held(), probe: probe() }, Some(session()));
    job
}

#[test]
fn a_configured_walk_is_three_presses_and_no_typing() {
    let mut harness = room(sandbox());
    users(&mut harness, &["ada", "bob"], None);
    click(&mut harness, "github");
    click(&mut harness, "bob@example.com");
    let (_, walk) = walked(&mut harness);
    assert_eq!((walk.key.as_str(), walk.provider.as_deref()), ("github", Some("github")));
    assert_eq!((walk.subject, walk.label), (Subject::User("kp_bob".into()), "bob@example.com".into()));
    assert!(walk.landing, "the sandbox brings people back");
    assert_eq!(walk.timeout, Duration::from_secs(600));
}

#[test]
fn the_user_used_last_stands_first_and_is_chosen_and_more_users_are_a_press_away() {
    let mut harness = room(sandbox());
    users(&mut harness, &["bob", "ada"], Some("kp_ada"));
    assert!(tree(&harness).contains("ada@example.com"));
    click(&mut harness, "More…");
    let (job, command) = last(&mut harness);
    assert!(matches!(&command, Command::Users { after: Some(after), .. } if after == "kp_ada"), "{command:?}");
    tell(&mut harness, job, Event::Users { query: String::new(), more: true, result: Ok(page(&["cy"], None)) });
    click(&mut harness, "cy@example.com");
    assert_eq!(walked(&mut harness).1.label, "cy@example.com");
}

#[test]
fn a_search_shows_whom_it_found_and_who_is_chosen_and_one_press_shows_every_user_again() {
    let mut harness = room(sandbox());
    users(&mut harness, &["bob", "ada"], None);
    harness.get_by_label("Find by email or name").focus();
    harness.run_ok();
    harness.get_by_label("Find by email or name").type_text("zoe");
    harness.run_ok();
    click(&mut harness, "Search");
    let (job, command) = last(&mut harness);
    assert!(matches!(&command, Command::Users { query, after: None, .. } if query == "zoe"), "{command:?}");
    tell(&mut harness, job, Event::Users { query: "zoe".into(), more: false, result: Ok(page(&["zoe"], None)) });
    assert!(harness.query_by_label("bob@example.com").is_none());
    harness.get_by_label("ada@example.com");
    click(&mut harness, "zoe@example.com");
    click(&mut harness, "Show every user");
    let (job, command) = last(&mut harness);
    assert!(matches!(&command, Command::Users { query, .. } if query.is_empty()), "{command:?}");
    tell(&mut harness, job, Event::Users { query: String::new(), more: false, result: Ok(page(&["bob"], None)) });
    harness.get_by_label("bob@example.com");
    assert_eq!(walked(&mut harness).1.label, "zoe@example.com", "who was found stays chosen");
}

#[test]
fn the_wait_can_be_cancelled_and_says_what_a_deny_looks_like() {
    let mut harness = room(sandbox());
    users(&mut harness, &["ada"], None);
    click(&mut harness, "github");
    let (job, _) = walked(&mut harness);
    wait_for_consent(&mut harness, job);
    assert!(seen(&harness, "If you pressed Deny"));
    assert!(harness.get_by_label("Connect").accesskit_node().is_disabled());
    harness.get_by_label("Copy link for a private window");
    click(&mut harness, "Cancel");
    let cancelled = harness.state().actions.iter().any(|action| matches!(action, Action::Cancel(id) if *id == job));
    assert!(cancelled);
    ended(&mut harness, job, WalkEnd::Cancelled, Some(Session { token: None, ..session() }));
    assert!(seen(&harness, "Cancelled."));
    assert!(!harness.get_by_label("Connect").accesskit_node().is_disabled());
}

#[test]
fn a_timeout_says_that_it_was_not_confirmed_and_what_to_do() {
    let mut harness = room(sandbox());
    users(&mut harness, &["ada"], None);
    let (job, _) = walked(&mut harness);
    wait_for_consent(&mut harness, job);
    let check = Check::fail("consent", "Kinde has not confirmed", "Connect again");
    ended(&mut harness, job, WalkEnd::TimedOut(check), Some(Session { token: None, ..session() }));
    assert!(seen(&harness, "not confirmed"));
    assert!(seen(&harness, "Connect again"));
}

#[test]
fn the_token_is_proved_and_never_in_the_accessibility_tree() {
    let mut harness = room(sandbox());
    users(&mut harness, &["ada"], None);
    click(&mut harness, "github");
    connected(&mut harness);
    assert!(seen(&harness, "now holds GitHub account octocat"));
    assert!(seen(&harness, "Expires in"));
    let tree = tree(&harness);
    assert!(!tree.contains("canary") && !tree.contains("Canary"), "{tree}");
    let shown = format!("{:?}", harness.state().state);
    assert!(!shown.contains("canary") && !shown.contains("Canary"));
}

#[test]
fn on_the_sandbox_revoke_goes_at_once_and_shows_its_proof() {
    let mut harness = room(sandbox());
    users(&mut harness, &["ada"], None);
    click(&mut harness, "github");
    connected(&mut harness);
    click(&mut harness, "Revoke");
    let (job, command) = last(&mut harness);
    let Command::Revoke { number, request, .. } = command else { panic!("{command:?}") };
    assert_eq!(request.session, Secret::new(SESSION));
    let check = Check::pass("revoke").because("Kinde ended the session");
    tell(&mut harness, job, Event::RevokeCheck { number, check: check.clone() });
    let outcome = RevokeOutcome { checks: vec![check], revoked: true, error: None };
    tell(&mut harness, job, Event::Revoked { number, result: Ok(outcome) });
    assert!(harness.query_by_label("Revoked").is_some());
    assert!(seen(&harness, "The session is revoked"));
    assert!(harness.get_by_label("Revoke").accesskit_node().is_disabled());
}

#[test]
fn the_list_of_apps_says_revoked_after_a_revoke_and_connected_while_another_session_lives() {
    let mut harness = room(sandbox());
    users(&mut harness, &["ada"], None);
    click(&mut harness, "github");
    connected(&mut harness);
    let (job, _) = walked(&mut harness);
    let other = Session { secret: Secret::new("ses_other"), ..session() };
    ended(&mut harness, job, WalkEnd::Connected { token: held(), probe: probe() }, Some(other));
    let revoke = |harness: &mut Room_| {
        click(harness, "Revoke");
        let (job, command) = last(harness);
        let Command::Revoke { number, .. } = command else { panic!("{command:?}") };
        let outcome = RevokeOutcome { checks: vec![], revoked: true, error: None };
        tell(harness, job, Event::Revoked { number, result: Ok(outcome) });
        // As the backend writes it down.
        let profile = harness.state_mut().profile.as_mut().unwrap();
        profile.app_revoked("github", at(9));
        harness.run_ok();
    };
    let standing = |harness: &Room_| {
        let mut rows = harness.query_all_by_label("github").map(|node| node.accesskit_node().data().clone());
        rows.find_map(|row| row.description().map(str::to_owned)).expect("the row says how the app stands")
    };
    assert_ne!(standing(&harness), "revoked");
    revoke(&mut harness);
    assert_ne!(standing(&harness), "revoked", "the first session holds a token");
    click(&mut harness, "1 · ada@example.com");
    revoke(&mut harness);
    assert_eq!(standing(&harness), "revoked");
}

#[test]
fn what_was_done_on_a_profile_is_there_again_after_another_one_was_shown() {
    let mut harness = room(sandbox());
    users(&mut harness, &["ada"], None);
    click(&mut harness, "github");
    connected(&mut harness);
    // A second app waits for consent when the profile is switched.
    click(&mut harness, "gitlab");
    let (job, _) = walked(&mut harness);
    switch(&mut harness, live());
    let stage = harness.state_mut();
    assert!(stage.actions.iter().any(|action| matches!(action, Action::Cancel(id) if *id == job)), "it is cancelled");
    assert!(!seen(&harness, "octocat"), "nothing of the other profile is shown");
    ended(&mut harness, job, WalkEnd::Cancelled, None);
    switch(&mut harness, sandbox());
    users(&mut harness, &["ada"], None);
    assert!(seen(&harness, "Cancelled."), "the walk that waited says how it ended");
    click(&mut harness, "github");
    assert!(seen(&harness, "now holds GitHub account octocat"));
    click(&mut harness, "Revoke");
    let Command::Revoke { request, .. } = last(&mut harness).1 else { panic!() };
    assert_eq!(request.session, Secret::new(SESSION));
}

#[test]
fn a_revocation_that_ends_while_another_profile_is_shown_is_not_lost() {
    let mut harness = room(sandbox());
    users(&mut harness, &["ada"], None);
    click(&mut harness, "github");
    connected(&mut harness);
    click(&mut harness, "Revoke");
    let (job, command) = last(&mut harness);
    let Command::Revoke { number, .. } = command else { panic!("{command:?}") };
    switch(&mut harness, live());
    let outcome = RevokeOutcome { checks: vec![Check::pass("revoke")], revoked: true, error: None };
    tell(&mut harness, job, Event::Revoked { number, result: Ok(outcome) });
    switch(&mut harness, sandbox());
    assert!(seen(&harness, "The session is revoked"));
}

#[test]
fn a_revocation_under_way_is_not_overtaken_by_a_pasted_address_of_the_same_session() {
    let mut harness = room(sandbox());
    users(&mut harness, &["ada"], None);
    click(&mut harness, "github");
    let (job, _) = walked(&mut harness);
    wait_for_consent(&mut harness, job);
    ended(&mut harness, job, WalkEnd::Connected { token: held(), probe: probe() }, Some(session()));
    click(&mut harness, "Revoke");
    let (revoking, command) = last(&mut harness);
    let Command::Revoke { number, .. } = command else { panic!("{command:?}") };
    click(&mut harness, "Paste the address your browser ended on");
    harness.get_by_label("Address").focus();
    harness.run_ok();
    harness.get_by_label("Address").type_text(&format!("https://app.example/cb?session_id={SESSION}"));
    harness.run_ok();
    click(&mut harness, "Read the address");
    let outcome = RevokeOutcome { checks: vec![Check::pass("revoke")], revoked: true, error: None };
    tell(&mut harness, revoking, Event::Revoked { number, result: Ok(outcome) });
    assert!(seen(&harness, "The session is revoked"));
}

#[test]
fn an_app_taken_off_the_list_is_no_longer_shown_though_it_was_the_only_one() {
    let mut harness = room(live());
    users(&mut harness, &["ada"], None);
    click(&mut harness, "Options");
    click(&mut harness, "Take this app off the list…");
    click(&mut harness, "Take it off");
    let (job, command) = last(&mut harness);
    assert!(matches!(command, Command::ForgetApp { .. }), "{command:?}");
    tell(&mut harness, job, Event::Remembered { key: None });
    // The profile is read again a moment later.
    assert!(seen(&harness, "Type the Reference key from"), "{}", tree(&harness));
    harness.state_mut().profile.as_mut().unwrap().apps.clear();
    harness.run_ok();
    assert!(seen(&harness, "Type the Reference key from"));
}

#[test]
fn an_organization_stays_an_organization_when_its_session_is_probed_after_another_walk() {
    let mut harness = room(sandbox());
    users(&mut harness, &["ada"], None);
    click(&mut harness, "github");
    click(&mut harness, "organization");
    harness.get_by_label("Organization code").focus();
    harness.run_ok();
    harness.get_by_label("Organization code").type_text("org_1");
    harness.run_ok();
    let (job, _) = walked(&mut harness);
    let org = Session { who: "org_1".into(), secret: Secret::new("ses_org"), ..session() };
    ended(&mut harness, job, WalkEnd::Connected { token: held(), probe: probe() }, Some(org));
    click(&mut harness, "user");
    connected(&mut harness);
    click(&mut harness, "1 · org_1");
    click(&mut harness, "Probe");
    let Command::Probe { holder, .. } = last(&mut harness).1 else { panic!() };
    assert_eq!(holder, "Kinde organization org_1");
}

#[test]
fn a_live_environment_asks_before_a_revoke_and_not_before_a_walk() {
    let mut harness = room(live());
    users(&mut harness, &["ada"], None);
    connected(&mut harness);
    click(&mut harness, "Revoke");
    let asked = |harness: &Room_| harness.state().actions.iter().any(|action| matches!(action, Action::Run(..)));
    assert!(!asked(&harness));
    assert!(seen(&harness, "Whether acme is live was not read: it is treated as live."));
    click(&mut harness, "Revoke session");
    assert!(matches!(last(&mut harness).1, Command::Revoke { .. }));
}

#[test]
fn a_guarded_environment_says_why_it_asks_before_a_test_user_is_created() {
    let facts = EnvironmentFacts {
        code: None,
        name: None,
        is_live: Some(false),
        kinde_domain: None,
        custom_domain: None,
        read_at: at(0),
    };
    let mut harness = room(Profile { guarded_by_choice: true, environment: Some(facts), ..live() });
    users(&mut harness, &[], None);
    click(&mut harness, "Create a test user");
    assert!(seen(&harness, "acme is guarded, because you chose so."));
    click(&mut harness, "Create user");
    assert!(matches!(last(&mut harness).1, Command::CreateTestUser { .. }));
}

#[test]
fn a_domain_alone_says_what_is_missing_and_leads_to_the_tenant_room() {
    let mut harness = room(Profile { client_id: None, ..live() });
    assert!(harness.state().actions.is_empty(), "nobody is asked");
    assert!(seen(&harness, "M2M application"));
    assert!(harness.query_by_label("Connect").is_none());
    click(&mut harness, "Go to Tenant");
    assert!(matches!(harness.state().actions[..], [Action::Go(Room::Tenant)]));
}

#[test]
fn a_tenant_without_users_offers_a_test_user_and_takes_it() {
    let mut harness = room(Profile { last_users: vec![], ..sandbox() });
    users(&mut harness, &[], None);
    click(&mut harness, "Create a test user");
    let (job, command) = last(&mut harness);
    assert!(matches!(command, Command::CreateTestUser { .. }));
    tell(&mut harness, job, Event::UserCreated(Ok(user("made"))));
    assert_eq!(walked(&mut harness).1.label, "made@example.com");
}

#[test]
fn an_organization_can_be_the_subject() {
    let mut harness = room(sandbox());
    users(&mut harness, &["ada"], None);
    click(&mut harness, "organization");
    assert!(harness.get_by_label("Connect").accesskit_node().is_disabled());
    harness.get_by_label("Organization code").focus();
    harness.run_ok();
    harness.get_by_label("Organization code").type_text("org_1");
    harness.run_ok();
    assert_eq!(walked(&mut harness).1.subject, Subject::Org("org_1".into()));
}

#[test]
fn an_app_is_added_by_its_reference_key_with_the_provider_its_name_gives_away() {
    let mut harness = room(live());
    click(&mut harness, "Add app…");
    assert!(seen(&harness, "Kinde has no call that lists connected apps"));
    harness.get_by_label("Reference key").type_text("my-gitlab");
    harness.run_ok();
    click(&mut harness, "Add");
    let (job, command) = last(&mut harness);
    let Command::AddApp { key, provider, .. } = command else { panic!("{command:?}") };
    assert_eq!((key.as_str(), provider.as_deref()), ("my-gitlab", Some("gitlab")));
    harness.state_mut().profile.as_mut().unwrap().remember_app("my-gitlab", Some("gitlab"));
    tell(&mut harness, job, Event::Remembered { key: Some(key) });
    assert!(harness.state().actions.iter().any(|action| matches!(action, Action::ProfilesChanged)));
    assert!(harness.query_by_label("Reference key").is_none(), "the dialog is closed");
}

#[test]
fn what_cannot_be_done_says_why_and_what_to_do() {
    let mut harness = room(live());
    let (job, _) = last(&mut harness);
    let error = UserError::new(Category::Auth, "The scope read:users is missing")
        .detail("The M2M application may not read users")
        .hint("Add read:users, then check again");
    let result = Err(error.clone());
    tell(&mut harness, job, Event::Users { query: String::new(), more: false, result });
    assert!(seen(&harness, "The scope read:users is missing") && seen(&harness, "Add read:users"));
    click(&mut harness, "Try again");
    users(&mut harness, &["ada"], None);
    let (job, _) = walked(&mut harness);
    tell(&mut harness, job, Event::WalkFailed(error));
    assert!(seen(&harness, "The scope read:users is missing"));
}

#[test]
fn answers_of_an_older_job_are_dropped() {
    let mut harness = room(sandbox());
    users(&mut harness, &["ada"], None);
    click(&mut harness, "github");
    let (job, _) = walked(&mut harness);
    ended(&mut harness, job + 7, WalkEnd::Cancelled, None);
    assert!(!seen(&harness, "Cancelled."));
}

#[test]
fn the_set_up_guide_opens_pages_compares_the_tile_and_checks_credentials() {
    let mut harness = room(live());
    users(&mut harness, &["ada"], None);
    harness.set_size(vec2(1010.0, 3200.0));
    harness.run_ok();
    click(&mut harness, "Set-up guide");
    assert!(!tree(&harness).contains('`'), "names to type are set apart by their face");
    click(&mut harness, "Open the console of GitHub");
    assert!(
        harness
            .state()
            .actions
            .iter()
            .any(|action| matches!(action, Action::OpenUrl(url) if url.contains("github.com")))
    );
    click(&mut harness, "Set-up guide");
    click(&mut harness, "Callback address");
    harness.get_by_label("From the tile").focus();
    harness.run_ok();
    harness.get_by_label("From the tile").type_text("https://elsewhere.kinde.com/connected_apps/callback");
    harness.run_ok();
    assert!(seen(&harness, "another environment"));
    click(&mut harness, "Callback address");
    click(&mut harness, "Check the provider's credentials");
    for (field, text) in [("Provider's client ID", "Iv1.abc"), ("Provider's client secret", "canary-secret-0123")] {
        harness.get_by_label(field).focus();
        harness.run_ok();
        harness.get_by_label(field).type_text(text);
        harness.run_ok();
    }
    click(&mut harness, "Check the credentials");
    let (job, command) = last(&mut harness);
    assert!(
        matches!(&command, Command::Credentials { provider, client_id, .. } if provider == "github" && client_id == "Iv1.abc")
    );
    tell(&mut harness, job, Event::Credentials(Ok(vec![Check::pass("client")])));
    assert!(seen(&harness, "GitHub knows these credentials"));
    assert!(!tree(&harness).contains("canary-secret"));
}

#[test]
fn a_pasted_address_of_the_own_session_asks_kinde_at_once_and_another_becomes_a_session() {
    let mut harness = room(sandbox());
    users(&mut harness, &["ada"], None);
    click(&mut harness, "github");
    let (job, walk) = walked(&mut harness);
    wait_for_consent(&mut harness, job);
    click(&mut harness, "Paste the address your browser ended on");
    let paste = |harness: &mut Room_, text: &str| {
        harness.get_by_label("Address").focus();
        harness.run_ok();
        harness.get_by_label("Address").type_text(text);
        harness.run_ok();
        click(harness, "Read the address");
    };
    paste(&mut harness, &format!("https://app.example/cb?session_id={SESSION}"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(walk.nudge.notified());
    paste(&mut harness, "https://app.example/cb?session_id=ses_another_one");
    assert!(matches!(last(&mut harness).1, Command::FetchAgain { .. }));
}

#[test]
fn a_pasted_refusal_lets_the_person_end_the_wait_and_connect_again_in_one_press() {
    let mut harness = room(sandbox());
    users(&mut harness, &["ada"], None);
    click(&mut harness, "github");
    let (waiting, _) = walked(&mut harness);
    wait_for_consent(&mut harness, waiting);
    click(&mut harness, "Paste the address your browser ended on");
    harness.get_by_label("Address").focus();
    harness.run_ok();
    harness.get_by_label("Address").type_text("https://app.example/cb?error=access_denied");
    harness.run_ok();
    click(&mut harness, "Read the address");
    assert!(tree(&harness).contains("Consent was refused"), "{}", tree(&harness));
    harness.state_mut().actions.clear();
    click(&mut harness, "Connect again");
    let actions = std::mem::take(&mut harness.state_mut().actions);
    assert!(actions.iter().any(|it| matches!(it, Action::Cancel(job) if *job == waiting)), "{actions:?}");
    let another = actions.iter().find_map(|it| match it {
        Action::Run(job, Asked::Connect(Command::Walk(_))) => Some(*job),
        _ => None,
    });
    assert!(another.is_some_and(|job| job != waiting), "{actions:?}");
    assert!(harness.query_by_label("Connect again").is_none());
}

#[test]
fn waiting_and_connected_look_as_they_were_judged() {
    // The pictures hold clock times of the place they were taken at.
    if jiff::tz::TimeZone::system().to_offset(at(0)) != jiff::tz::Offset::UTC {
        eprintln!("skipped: the clock of this machine is not at UTC, and the pictures show clock times");
        return;
    }
    let mut results = egui_kittest::SnapshotResults::new();
    for (which, name) in [(Theme::Dark, "connect_waiting_dark"), (Theme::Light, "connect_connected_light")] {
        let mut harness = room_in(Some(sandbox()), which);
        users(&mut harness, &["ada", "bob"], None);
        click(&mut harness, "github");
        if which == Theme::Dark {
            let (job, _) = walked(&mut harness);
            wait_for_consent(&mut harness, job);
        } else {
            connected(&mut harness);
        }
        harness.run_ok();
        common::picture(&mut harness, name);
        results.extend_harness(&mut harness);
    }
}

/// A window's backend over a folder of its own, without a window.
struct Behind {
    backend: Backend,
    woken: std::sync::mpsc::Receiver<()>,
    folder: tempfile::TempDir,
    job: JobId,
}

impl Behind {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (wake, woken) = std::sync::mpsc::sync_channel(1024);
        let wake = move || wake.try_send(()).unwrap_or_default();
        let backend = Backend::start(folder.path().to_owned(), SecretStore::memory(), Clock::real(), wake, None);
        Self { backend: backend.unwrap(), woken, folder, job: 0 }
    }

    fn ask(&mut self, command: Command) -> Event {
        self.job += 1;
        self.backend.run(self.job, command.into()).unwrap();
        self.next()
    }

    fn next(&mut self) -> Event {
        loop {
            while let Some(stamped) = self.backend.next_event() {
                if let backend::Event::Connect(event) = stamped.event {
                    assert_eq!(stamped.job, self.job);
                    return event;
                }
            }
            self.woken.recv_timeout(Duration::from_secs(30)).expect("the backend answers");
        }
    }
}

#[test]
fn the_backend_reads_users_makes_one_remembers_an_app_and_asks_about_a_session_on_the_sandbox() {
    let mut behind = Behind::start();
    let profile = SANDBOX_PROFILE;
    let Event::Origins(origins) = behind.ask(Command::Open { profile }) else { panic!() };
    assert!(origins[0].starts_with("http://127.0.0.1:"), "{origins:?}");
    let Event::Users { result: Ok(first), more: false, .. } = behind.next() else { panic!() };
    let ada = first.users.iter().find(|user| user.label() == "ada@example.com").expect("the sandbox has ada").clone();
    let command = Command::Users { profile, query: "ada".into(), after: None };
    let Event::Users { result: Ok(found), .. } = behind.ask(command) else { panic!() };
    assert!(found.users.contains(&ada) && found.users.len() < first.users.len());
    let Event::UserCreated(Ok(made)) = behind.ask(Command::CreateTestUser { profile }) else { panic!() };
    assert!(made.email.unwrap().ends_with("@example.com"));

    let command = Command::AddApp { profile, key: "my-gitlab".into(), provider: Some("gitlab".into()) };
    assert!(matches!(behind.ask(command), Event::Remembered { key: Some(key) } if key == "my-gitlab"));
    let data = DataDir::open(behind.folder.path()).unwrap();
    let kept = Profiles::of(&data).get(profile).unwrap().unwrap();
    assert!(kept.apps.iter().any(|app| app.key == "my-gitlab" && app.provider.as_deref() == Some("gitlab")));

    let session = Secret::new("ses_nobody_ever_had_this");
    let command = Command::FetchAgain { profile, number: 1, session: session.clone(), before: None };
    let Event::Fetched { number: 1, result: Err(error) } = behind.ask(command) else { panic!() };
    assert!(!error.title.is_empty() && !error.hint.is_empty(), "{error:?}");
    let request = RevokeRequest { session, key: None, provider: None, held: None };
    let mut event = behind.ask(Command::Revoke { profile, number: 1, request });
    let mut checks = 0;
    while let Event::RevokeCheck { .. } = event {
        checks += 1;
        event = behind.next();
    }
    let Event::Revoked { result: Ok(outcome), .. } = event else { panic!("{event:?}") };
    assert!(!outcome.revoked && outcome.checks.len() == checks && checks > 1);

    let facts = kinde_panel::sandbox::facts(&behind.folder.path().join("sandbox")).unwrap();
    let app = facts.connected_apps.iter().find(|app| app.key == "github").unwrap();
    let command = Command::Credentials {
        profile,
        provider: "github".into(),
        client_id: app.client_id.clone(),
        secret: app.client_secret.clone(),
        callback: format!("{}/connected_apps/callback", origins[0]),
    };
    let Event::Credentials(Ok(checks)) = behind.ask(command) else { panic!() };
    assert_eq!(kinde_panel::check::worst(&checks), kinde_panel::check::Verdict::Pass, "{checks:?}");
}

#[test]
fn after_a_deny_there_is_no_session_to_ask_for() {
    let mut harness = room(sandbox());
    users(&mut harness, &["ada"], None);
    let (job, _) = walked(&mut harness);
    let check = Check::fail("consent", "Consent was refused", "Connect again and allow it");
    ended(&mut harness, job, WalkEnd::Denied(check), Some(Session { token: None, ..session() }));
    assert!(seen(&harness, "the consent was refused"));
    assert!(!seen(&harness, "Sessions of this app"));
}
