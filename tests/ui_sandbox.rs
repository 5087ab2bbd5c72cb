//! The Sandbox room under a hand that clicks and types.
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
use egui::{Theme, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults};
use jiff::Timestamp;
use kinde_panel::action::Action;
use kinde_panel::backend::sandbox::{Command as Ask, Event, Runs, SandboxView, Sending, Sent};
use kinde_panel::backend::{Command, End, JobId};
use kinde_panel::error::{Category, UserError};
use kinde_panel::sandbox::{
    AttemptLine, AttemptView, DeliveryView, FactApp, FactOrg, FactUser, Faults, Published, Rotated, Rotation, Sample,
    SentBody, WebhookView,
};
use kinde_panel::screens::{Cx, sandbox};
use kinde_panel::secrets::{KeyringState, Secret};
use kinde_panel::tenant::Profile;
use kinde_panel::ui::{theme, tokens};
use serde_json::json;

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
        webhooks: Vec::new(),
        webhook_limit: None,
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
        kids: vec!["5a:bd:00:11".into()],
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

fn webhook(name: &str, off_since: Option<Timestamp>) -> WebhookView {
    WebhookView {
        id: format!("webhook_{name}"),
        name: name.into(),
        endpoint: format!("http://127.0.0.1:3000/{name}"),
        event_types: vec!["user.created".into(), "user.updated".into()],
        off_since,
    }
}

fn attempt(number: u32, began: &str, status: Option<u16>) -> AttemptView {
    let error = status.is_none().then(|| "the connection was refused".to_owned());
    let answer = (status == Some(503)).then(|| "{\"error\":\"the queue is full\"}".to_owned());
    AttemptView { number, began: at(began), ms: 12, status, error, answer }
}

fn delivery(id: i64, state: &str, next: Option<Timestamp>, attempts: Vec<AttemptView>) -> DeliveryView {
    DeliveryView {
        id,
        event_id: format!("event_019f00000000700080000000000000{id:02}"),
        event_type: "user.created".into(),
        webhook: "webhook_orders".into(),
        webhook_id: format!("wh-{id}"),
        url: "http://127.0.0.1:3000/orders".into(),
        accepted: at("2026-08-20T12:04:00Z"),
        state: state.into(),
        next,
        body_sha256: "00".repeat(32),
        attempts,
    }
}

fn deliveries() -> Vec<DeliveryView> {
    vec![
        delivery(4, "waiting", Some(at("2026-08-20T12:04:31Z")), vec![]),
        delivery(
            3,
            "waiting",
            Some(at("2026-08-20T12:14:35Z")),
            vec![
                attempt(1, "2026-08-20T12:02:00Z", Some(500)),
                attempt(2, "2026-08-20T12:02:05Z", None),
                attempt(3, "2026-08-20T12:02:35Z", Some(503)),
                attempt(4, "2026-08-20T12:04:35Z", Some(500)),
            ],
        ),
        delivery(2, "given_up", None, vec![attempt(9, "2026-08-20T12:02:00Z", Some(404))]),
        delivery(1, "delivered", None, vec![attempt(1, "2026-08-20T12:01:00Z", Some(200))]),
    ]
}

fn open(harness: &mut Harness<'_, World>, tab: &str) {
    harness.get_by_role_and_label(Role::Tab, tab).click();
    harness.run_ok();
}

fn sample() -> Sample {
    Sample {
        payload: json!({
            "data": {"user": {"email": null, "first_name": "Ada", "id": "kp_1"}},
            "event_id": "event_1", "timestamp": "2026-08-20T12:04:31Z", "type": "user.created"
        }),
        note: Some("The email address is null where the user signed up by another way".into()),
    }
}

/// The page "Send event" with `event_type` chosen and its sample there.
fn sending(event_type: &str, which: Theme) -> Harness<'static, World> {
    let view = view(Some(Runs { webhooks: vec![webhook("orders", None)], ..runs() }));
    let mut harness = harness(World::over(view), which);
    open(&mut harness, "Send event");
    type_into(&mut harness, Role::TextInput, "Find an event type", event_type);
    harness.get_by_role_and_label(Role::Button, event_type).click();
    harness.run();
    let asked = harness.state_mut().asked();
    let [(job, Ask::Sample { event_type: of })] = asked.as_slice() else { panic!("{asked:?}") };
    harness.state_mut().answer(*job, Event::Sampled { event_type: of.clone(), sample: Ok(sample()) });
    harness.run();
    harness
}

fn sent(harness: &mut Harness<'_, World>) -> (JobId, Sending) {
    harness.get_by_role_and_label(Role::Button, "Send event").scroll_to_me();
    harness.run();
    harness.get_by_role_and_label(Role::Button, "Send event").click();
    harness.run();
    let mut asked = harness.state_mut().asked();
    let Some((job, Ask::Send(sending))) = asked.pop() else { panic!("{asked:?}") };
    (job, *sending)
}

#[test]
fn an_event_is_found_edited_and_published_and_its_delivery_shown() {
    let mut harness = sending("user.created", Theme::Dark);
    harness.get_by_label("Kinde's types");
    harness.get_by_label("One webhook of the sandbox chose this type");
    assert!(
        harness
            .query_by_label("Kinde publishes no shape for this event. Do not code against these field names.")
            .is_none()
    );
    harness.get_by_role_and_label(Role::MultilineTextInput, "Payload").focus();
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness
        .get_by_role_and_label(Role::MultilineTextInput, "Payload")
        .type_text("{\"event_id\": \"event_1\",\n \"data\": 7");
    harness.run();
    harness.get_by_label_contains("Line 2, column");
    assert!(harness.get_by_role_and_label(Role::Button, "Send event").accesskit_node().is_disabled());
    harness.get_by_role_and_label(Role::MultilineTextInput, "Payload").type_text("}");
    harness.run();
    let (job, sending) = sent(&mut harness);
    assert_eq!(sending.order.payload, Some(json!({"event_id": "event_1", "data": 7})));
    assert_eq!((sending.renew.as_slice(), sending.to), (["event_id"].as_slice(), None));
    let published = Published { events: vec!["event_2".into()], deliveries: vec![4] };
    harness.state_mut().answer(job, Event::Sent(Ok(Sent::Published(published))));
    harness.run();
    harness.get_by_label("1 event published, 1 delivery");
    let asked = harness.state_mut().asked();
    assert!(matches!(asked.as_slice(), [(_, Ask::Look)]), "webhooks may have come meanwhile: {asked:?}");
    harness.get_by_label("Show deliveries").click();
    harness.run_ok();
    let asked = harness.state_mut().asked();
    let [(job, Ask::Deliveries { .. })] = asked.as_slice() else { panic!("{asked:?}") };
    harness.state_mut().answer(*job, Event::Deliveries(Ok(deliveries())));
    harness.run_ok();
    let asked = harness.state_mut().asked();
    assert!(matches!(asked.as_slice(), [(_, Ask::Body { delivery: 4 }), ..]), "{asked:?}");
}

#[test]
fn an_inferred_sample_carries_its_banner_and_an_event_goes_once_to_an_address() {
    let mut harness = sending("customer.plan_created", Theme::Dark);
    harness.get_by_label("Kinde publishes no shape for this event. Do not code against these field names.");
    harness.get_by_label("No webhook of the sandbox chose this type");
    harness.get_by_role_and_label(Role::Tab, "Address").click();
    harness.run();
    type_into(&mut harness, Role::TextInput, "Address", "http://127.0.0.1:3000/hook");
    harness.get_by_label("Options").click();
    harness.run();
    type_into(&mut harness, Role::TextInput, "How often", "2");
    let (job, sending) = sent(&mut harness);
    assert_eq!((sending.to.as_deref(), sending.order.repeat), (Some("http://127.0.0.1:3000/hook"), 2));
    assert_eq!(sending.order.payload, None, "an untouched sample is made anew for each");
    let line = |status| AttemptLine {
        url: "http://127.0.0.1:3000/hook".into(),
        status: Some(status),
        ms: 4,
        body_sha256: String::new(),
        event_id: "event_1".into(),
        webhook_id: "wh-1".into(),
        error: None,
        attempt: 1,
        next: None,
    };
    harness.state_mut().answer(job, Event::Sent(Ok(Sent::Answered(vec![line(200), line(500)]))));
    harness.run();
    harness.get_by_label("1 of 2 were answered 200");
    harness.get_by_label("500 in 4 ms");
}

#[test]
fn a_sample_that_cannot_be_read_can_be_asked_for_again() {
    let mut harness = harness(World::over(view(Some(runs()))), Theme::Dark);
    open(&mut harness, "Send event");
    harness.get_by_role_and_label(Role::Button, "user.created").click();
    harness.run();
    let (job, _) = harness.state_mut().asked().remove(0);
    harness.state_mut().answer(job, Event::Sampled { event_type: "user.created".into(), sample: Err(failure()) });
    harness.run();
    harness.get_by_label("Try again").click();
    harness.run();
    assert!(matches!(harness.state_mut().asked().as_slice(), [(_, Ask::Sample { .. })]));
}

/// The page "Deliveries" with `list` in it.
fn delivering(list: Vec<DeliveryView>, which: Theme) -> Harness<'static, World> {
    let mut harness = harness(World::over(view(Some(runs()))), which);
    open(&mut harness, "Deliveries");
    let (job, _) = harness.state_mut().asked().remove(0);
    harness.state_mut().answer(job, Event::Deliveries(Ok(list)));
    harness.run_ok();
    harness
}

#[test]
fn deliveries_tell_where_they_stand_and_one_shows_its_attempts_and_what_was_sent() {
    let mut harness = delivering(deliveries(), Theme::Dark);
    for words in ["under way", "retries · 500", "given up · 404", "delivered", "4 of 9"] {
        harness.get_by_label(words);
    }
    harness.get_by_label("retries · 500").click();
    harness.run_ok();
    let asked = harness.state_mut().asked();
    let Some((job, _)) = asked.iter().find(|(_, ask)| matches!(ask, Ask::Body { delivery: 3 })) else {
        panic!("{asked:?}")
    };
    let body = SentBody { content_type: "application/jwt".into(), body: "eyJ.e30.c2ln".into(), answers: Vec::new() };
    harness.state_mut().answer(*job, Event::Body(Ok(body)));
    harness.run_ok();
    harness.get_by_label("nothing: the connection was refused");
    harness.get_by_label_contains("the queue is full");
    harness.get_by_label("due");
    open(&mut harness, "Request");
    harness.get_by_label_contains("content-type: application/jwt");
    harness.get_by_label("Judge in the Inspector").click();
    harness.run_ok();
    let actions = &harness.state().actions;
    assert!(actions.iter().any(|action| matches!(action, Action::PasteToInspector(_))), "{actions:?}");
}

#[test]
fn the_list_is_read_again_each_second_while_an_attempt_is_near_and_left_alone_otherwise() {
    let mut harness = delivering(deliveries(), Theme::Dark);
    harness.state_mut().actions.clear();
    let seconds = |harness: &mut Harness<'_, World>, count: i64| {
        let world = harness.state_mut();
        world.now = world.now.checked_add(jiff::SignedDuration::from_secs(count)).unwrap();
        harness.run_ok();
        harness.state_mut().asked()
    };
    let asked = seconds(&mut harness, 1);
    let [(job, Ask::Deliveries { .. })] = asked.as_slice() else { panic!("{asked:?}") };
    // The near one was delivered; the other is due in ten minutes.
    let mut list = deliveries();
    list[0] = delivery(4, "delivered", None, vec![attempt(1, "2026-08-20T12:04:31Z", Some(200))]);
    harness.state_mut().answer(*job, Event::Deliveries(Ok(list.clone())));
    assert!(seconds(&mut harness, 30).is_empty());
    assert!(seconds(&mut harness, 30).is_empty());
    let asked = seconds(&mut harness, 560);
    let [(job, Ask::Deliveries { .. })] = asked.as_slice() else { panic!("{asked:?}") };
    // Nothing waits any more: the page lies still.
    list.retain(|one| one.state != "waiting");
    harness.state_mut().answer(*job, Event::Deliveries(Ok(list)));
    harness.run();
    assert!(seconds(&mut harness, 600).is_empty());
}

#[test]
fn without_deliveries_the_page_says_how_one_comes_about() {
    let harness = delivering(Vec::new(), Theme::Dark);
    harness.get_by_label_contains("Nothing was delivered yet");
}

#[test]
fn a_webhook_that_was_switched_off_says_so_and_is_switched_on_again() {
    let off = webhook("orders", Some(at("2026-08-19T00:00:00Z")));
    let webhooks = vec![webhook("billing", None), off];
    let mut harness = harness(World::over(view(Some(Runs { webhooks, ..runs() }))), Theme::Dark);
    harness.set_size(vec2(1000.0, 1400.0));
    harness.run();
    harness.get_by_label("2 event types");
    harness.get_by_label("switched off");
    harness.get_by_label("Switch orders on again").click();
    harness.run();
    let asked = harness.state_mut().asked();
    assert!(matches!(asked.as_slice(), [(_, Ask::SwitchOn { webhook })] if webhook == "webhook_orders"), "{asked:?}");
}

/// The overview, tall enough to show whole.
fn whole(view: SandboxView) -> Harness<'static, World> {
    let mut harness = harness(World::over(view), Theme::Dark);
    harness.set_size(vec2(1000.0, 1600.0));
    harness.run();
    harness
}

#[test]
fn the_plan_s_limit_of_webhooks_is_set_and_lifted_and_what_is_no_number_is_told() {
    let full = |limit| view(Some(Runs { webhooks: vec![webhook("orders", None)], webhook_limit: limit, ..runs() }));
    let mut harness = whole(full(None));
    assert!(harness.get_by_label("Set limit").accesskit_node().is_disabled(), "there is nothing to set");
    type_into(&mut harness, Role::TextInput, "Plan allows", "x");
    harness.get_by_label("A number, or nothing for any number");
    assert!(harness.get_by_label("Set limit").accesskit_node().is_disabled());
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.get_by_role_and_label(Role::TextInput, "Plan allows").type_text("1");
    harness.run();
    harness.get_by_label("Set limit").click();
    harness.run();
    let asked = harness.state_mut().asked();
    let [(job, Ask::SetWebhookLimit(Some(1)))] = asked.as_slice() else { panic!("{asked:?}") };
    harness.state_mut().answer(*job, Event::Seen(Ok(Box::new(full(Some(1))))));
    harness.run();
    harness.get_by_label("1 of 1 in use. Creating one more than that is refused");
    harness.get_by_role_and_label(Role::TextInput, "Plan allows").focus();
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.key_press(egui::Key::Delete);
    harness.run();
    harness.get_by_label("Set limit").click();
    harness.run();
    let asked = harness.state_mut().asked();
    assert!(matches!(asked.as_slice(), [(_, Ask::SetWebhookLimit(None))]), "{asked:?}");
}

#[test]
fn the_key_is_rotated_with_the_old_one_kept_or_dropped_and_what_waits_is_said_to_keep_its_signature() {
    for (button, rotation, kept) in [
        ("Rotate, keep the old key", Rotation::KeepOld, true),
        ("Rotate, drop every old key", Rotation::DropOld, false),
    ] {
        let mut harness = whole(view(Some(runs())));
        harness.get_by_label_contains("A delivery that waits keeps the signature it has");
        harness.get_by_label(button).click();
        harness.run();
        let asked = harness.state_mut().asked();
        let [(job, Ask::RotateKeys(asked))] = asked.as_slice() else { panic!("{asked:?}") };
        assert_eq!(*asked, rotation);
        assert!(harness.get_by_label(button).accesskit_node().is_disabled(), "one at a time");
        let rotated = Rotated { kid: "5a:bd:00:22".into(), old_kid: "5a:bd:00:11".into(), old_is_published: kept };
        harness.state_mut().answer(*job, Event::Rotated(Ok(rotated)));
        harness.run();
        harness.get_by_label("New events are signed with 5a:bd:00:22");
        harness.get_by_label_contains(if kept {
            "stays in the key set"
        } else {
            "deliveries that wait verify no more"
        });
        let asked = harness.state_mut().asked();
        let [(job, Ask::Look)] = asked.as_slice() else { panic!("it is looked at again: {asked:?}") };
        let mut kids = vec!["5a:bd:00:22".to_owned()];
        kids.extend(kept.then(|| "5a:bd:00:11".to_owned()));
        harness.state_mut().answer(*job, Event::Seen(Ok(Box::new(SandboxView { kids, ..view(Some(runs())) }))));
        harness.run();
        assert_eq!(harness.query_all_by_label("Also published").count(), usize::from(kept));
        assert!(harness.state_mut().asked().is_empty());
    }
}

#[test]
fn a_rotation_that_fails_or_breaks_off_says_so_and_can_be_tried_again() {
    let mut harness = whole(view(Some(runs())));
    for broken in [false, true] {
        harness.get_by_label("Rotate, keep the old key").click();
        harness.run();
        let (job, _) = harness.state_mut().asked().remove(0);
        if broken {
            harness.state_mut().with_cx(|state, _, _| state.on_end(job, End::Broken));
        } else {
            harness.state_mut().answer(job, Event::Rotated(Err(failure())));
        }
        harness.run();
        harness.get_by_label(if broken { "The work broke off" } else { "A file of the sandbox is damaged" });
    }
    assert!(!harness.get_by_label("Rotate, keep the old key").accesskit_node().is_disabled());
}

#[test]
fn a_stopped_sandbox_shows_its_key_and_no_control_of_what_must_run() {
    let harness = whole(view(None));
    harness.get_by_label("5a:bd:00:11");
    assert!(harness.query_by_label("Rotate, keep the old key").is_none());
    assert!(harness.query_by_label("Set limit").is_none());
}

/// Pictures to look at, and two that are kept.
#[test]
fn the_room_settles_and_looks_as_it_was_judged() {
    let mut results = SnapshotResults::new();
    for (which, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let mut faults = harness(World::over(view(Some(runs()))), which);
        faults.get_by_label("Faults").click();
        faults.run();
        let webhooks = vec![webhook("billing", None), webhook("orders", Some(at("2026-08-19T00:00:00Z")))];
        let mut rotated = harness(
            World::over(view(Some(Runs { webhooks: webhooks.clone(), webhook_limit: Some(2), ..runs() }))),
            which,
        );
        rotated.set_size(vec2(1032.0, 1400.0));
        rotated.run();
        rotated.get_by_label("Rotate, drop every old key").click();
        rotated.run();
        let (job, _) = rotated.state_mut().asked().remove(0);
        let keys = Rotated { kid: "5a:bd:00:22".into(), old_kid: "5a:bd:00:11".into(), old_is_published: false };
        rotated.state_mut().answer(job, Event::Rotated(Ok(keys)));
        rotated.run();
        let mut inferred = sending("customer.plan_created", which);
        inferred.get_by_role_and_label(Role::Tab, "Address").click();
        inferred.run();
        inferred.get_by_label("Options").click();
        inferred.run();
        let mut chosen = delivering(deliveries(), which);
        chosen.get_by_label("retries · 500").click();
        chosen.run_ok();
        let body = SentBody {
            content_type: "application/jwt".into(),
            body: "eyJhbGciOiJSUzI1NiJ9.e30.c2ln".repeat(20),
            answers: Vec::new(),
        };
        let job = chosen.state_mut().asked().iter().find(|(_, ask)| matches!(ask, Ask::Body { .. })).unwrap().0;
        chosen.state_mut().answer(job, Event::Body(Ok(body)));
        chosen.run_ok();
        let pictures = [
            ("overview", harness(World::over(view(Some(Runs { webhooks, ..runs() }))), which)),
            ("whole", rotated),
            ("send", sending("user.created", which)),
            ("inferred", inferred),
            ("deliveries", chosen),
            ("stopped", harness(World::over(view(None)), which)),
            ("faults", faults),
        ];
        for (name, mut picture) in pictures {
            if let Some(folder) = std::env::var_os("KINDE_PANEL_PICTURES") {
                // The rooms of the three window sizes, rail and top bar taken off.
                let tall = (name == "whole").then_some((1032.0, 1400.0));
                for (width, height) in [(572.0, 444.0), (752.0, 624.0), (1032.0, 724.0)].into_iter().chain(tall) {
                    picture.set_size(vec2(width, height));
                    picture.run_ok();
                    let image = picture.render().unwrap();
                    let file = format!("sandbox_{name}_{suffix}_{width}x{height}.png");
                    image.save(std::path::Path::new(&folder).join(file)).unwrap();
                }
            }
            if name == "deliveries" {
                picture.set_size(vec2(752.0, 624.0));
                picture.run_ok();
                common::picture(&mut picture, format!("sandbox_{suffix}"));
            }
            results.extend_harness(&mut picture);
        }
    }
}
