//! The window on the webhooks room, and the answers it is given.

use egui::accesskit::Role;
use egui::{Theme, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, SnapshotOptions};
use jiff::Timestamp;
use kinde_panel::action::Room;
use kinde_panel::app::{Order, Prefs, Shell};
use kinde_panel::backend;
use kinde_panel::backend::webhooks::{Command, Event, Listed};
use kinde_panel::backend::{JobId, Stamped, shell};
use kinde_panel::clock::Clock;
use kinde_panel::error::{Category, UserError};
use kinde_panel::kinde::{Definition, Domain, Reply, Webhook, Wire};
use kinde_panel::store::attempts::{Attempt, Duplicate};
use kinde_panel::tenant::{Profile, SANDBOX_PROFILE};
use kinde_panel::webhooks::{Catalogue, Created, Found, Refusal, Triggered, Why};
use serde_json::{Value, json};
use std::sync::Arc;

pub type Window = Harness<'static, Shell>;

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

pub fn live() -> Profile {
    let mut profile = Profile::new("acme", Domain::parse("acme").unwrap());
    profile.client_id = Some("client".into());
    profile.guarded_by_choice = true;
    profile
}

pub fn window_of(profile: Profile, which: Theme, wide: f32, high: f32) -> Window {
    let prefs = Prefs { profile: Some(profile.id), room: Room::Webhooks, ..Prefs::default() };
    let shell = Shell::new(prefs, "/my data".to_owned(), Clock::fixed(at(0)), None);
    let mut harness = Harness::builder()
        .with_size(vec2(wide, high))
        .with_theme(which)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_options(SnapshotOptions::new().threshold(0.8).max_failed_pixels(40))
        .with_context_setup(crate::common::look)
        .build_ui_state(|ui, shell: &mut Shell| shell.frame(ui), shell);
    let mut profiles = vec![Profile::sandbox()];
    if profile.id != SANDBOX_PROFILE {
        profiles.push(profile);
    }
    let event = shell::Event::Profiles(Ok(profiles));
    harness.state_mut().on_event(Stamped { job: 1, event: event.into() });
    harness.run_ok();
    harness
}

pub fn window(profile: Profile) -> Window {
    window_of(profile, Theme::Dark, 1280.0, 800.0)
}

pub fn webhook(number: u32, name: &str, types: &[&str]) -> Webhook {
    Webhook {
        id: format!("webhook_{number:04}"),
        definition: Definition {
            name: name.into(),
            description: None,
            endpoint: format!("https://hooks.acme.com/{}", name.to_lowercase().replace(' ', "-")),
            event_types: types.iter().map(|it| (*it).to_owned()).collect(),
        },
        created_on: Some(format!("2026-11-{:02}T08:00:00Z", 1 + number % 28)),
    }
}

pub fn few() -> Vec<Webhook> {
    vec![
        webhook(1, "Orders", &["user.created", "user.updated", "user.deleted"]),
        webhook(2, "CRM", &["user.created"]),
        webhook(3, "Audit", &["role.created", "role.updated"]),
    ]
}

pub fn wire() -> Wire {
    Wire { ms: 12, curl: "curl -sS 'https://acme.kinde.com/api/v1/webhooks'".into(), exchange: 1 }
}

pub fn listed(webhooks: Vec<Webhook>) -> Event {
    let origin = "https://acme.kinde.com".to_owned();
    Event::Listed(Ok(Listed { webhooks: Arc::new(webhooks), curl: wire().curl, origin }))
}

pub fn types() -> Event {
    let known = kinde_panel::kinde::event_types::known();
    let it = known
        .iter()
        .map(|known| kinde_panel::kinde::EventType {
            id: known.event_type.clone(),
            code: known.event_type.clone(),
            name: known.event_type.clone(),
            origin: None,
            schema: Value::Null,
        })
        .collect();
    Event::Types(Ok(Catalogue::of(Ok(Reply { it, body: Value::Null, wire: wire() }))))
}

pub fn no_list(error: &str) -> Event {
    Event::Types(Ok(Catalogue::of(Err(UserError::new(Category::Auth, error)))))
}

/// Every command of the room that was asked since the last look.
pub fn asked(harness: &mut Window) -> Vec<(JobId, Command)> {
    let orders = harness.state_mut().take_orders();
    let commands = orders.into_iter().filter_map(|order| match order {
        Order::Run(job, backend::Command::Webhooks(command)) => Some((job, command)),
        _ => None,
    });
    commands.collect()
}

/// The newest command that was asked.
pub fn last(harness: &mut Window) -> (JobId, Command) {
    asked(harness).pop().expect("something was asked")
}

pub fn tell(harness: &mut Window, job: JobId, event: Event) {
    harness.state_mut().on_event(Stamped { job, event: event.into() });
    harness.run_ok();
}

/// Answers what the room asked on entering: the list and the types.
pub fn answer(harness: &mut Window, list: Event, types: Event) {
    let mut answers = (Some(list), Some(types));
    for (job, command) in asked(harness) {
        let event = match command {
            Command::List { .. } => answers.0.take(),
            Command::Types { .. } => answers.1.take(),
            _ => None,
        };
        if let Some(event) = event {
            tell(harness, job, event);
        }
    }
    assert!(answers.0.is_none() && answers.1.is_none(), "the room did not ask for list and types");
}

pub fn room(profile: Profile, webhooks: Vec<Webhook>) -> Window {
    let mut harness = window(profile);
    answer(&mut harness, listed(webhooks), types());
    harness
}

pub fn click(harness: &mut Window, name: &str) {
    harness.get_by_label(name).click();
    harness.run_ok();
}

/// Ticks a box, in sight or not.
pub fn tick(harness: &mut Window, name: &str) {
    harness.get_by_role_and_label(Role::CheckBox, name).click_accesskit();
    harness.run_ok();
}

pub fn press(harness: &mut Window, name: &str) {
    harness.get_by_role_and_label(Role::Button, name).click();
    harness.run_ok();
}

pub fn off(harness: &Window, name: &str) -> bool {
    harness.get_by_role_and_label(Role::Button, name).accesskit_node().is_disabled()
}

pub fn open(harness: &mut Window, id: &str) {
    harness.get_by_role_and_label(Role::Row, id).click();
    harness.run_ok();
}

pub fn fill(harness: &mut Window, name: &str, text: &str) {
    harness.get_by_role_and_label(Role::TextInput, name).focus();
    harness.run_ok();
    harness.get_by_role_and_label(Role::TextInput, name).type_text(text);
    harness.run_ok();
}

pub fn seen(harness: &Window, text: &str) -> bool {
    harness.query_all_by_label_contains(text).next().is_some()
}

pub fn refused(why: Why, title: &str) -> Refusal {
    Refusal { why, error: UserError::new(Category::Api, title).detail("Kinde says so").hint("Try again") }
}

/// A new webhook as a person types it, up to the button.
pub fn typed(harness: &mut Window) {
    press(harness, "New webhook");
    fill(harness, "Name", "Shop");
    fill(harness, "Endpoint", "https://shop.acme.com/kinde");
    tick(harness, "user.created");
}

pub fn shop() -> Webhook {
    let mut shop = webhook(9, "Shop", &["user.created"]);
    shop.definition.endpoint = "https://shop.acme.com/kinde".into();
    shop
}

pub fn created(webhook: Webhook) -> Event {
    Event::Created(Ok(Created { webhook, answer: Value::Null }))
}

/// The editor on Orders with another endpoint, and what will change shown.
pub fn replacing(profile: Profile) -> Window {
    let mut harness = room(profile, few());
    open(&mut harness, "webhook_0001");
    fill(&mut harness, "Endpoint", "-v2");
    press(&mut harness, "Save…");
    harness
}

/// A received attempt.
pub fn attempt(seq: i64, kind: &str, at: Timestamp, verdict: Option<&str>) -> Attempt {
    Attempt {
        seq,
        owner: SANDBOX_PROFILE.to_string(),
        received_at: at,
        webhook_id: Some(format!("7f3a-{seq}")),
        event_id: Some("event_018f331a3178f7fef284b95fe6770384".into()),
        event_type: Some(kind.into()),
        who: None,
        attempt: 1,
        duplicate: Duplicate::default(),
        verdict: verdict.map(str::to_owned),
        failed: None,
        judged_at: None,
        body_sha256: String::new(),
        responded: Some(200),
        forwarded: Vec::new(),
        pinned: false,
        whole: true,
        via: None,
    }
}

/// What Kinde tells of an event.
pub fn found(id: &str) -> Found {
    let event = kinde_panel::kinde::Event {
        event_id: id.into(),
        event_type: "user.updated".into(),
        source: Some("admin".into()),
        timestamp: Some(at(0)),
        timestamp_raw: Some("2024-05-01T17:41:45.592145+10:00".into()),
        data: json!({"user": {"id": "kp_1", "email": "ada@example.com", "first_name": "Ada"}}),
    };
    Found { reply: Reply { it: event, body: Value::Null, wire: wire() }, made_at: Some(at(-5)) }
}

/// A role that was made, renamed and taken away.
pub fn caused() -> Triggered {
    Triggered {
        event_type: "role.updated".into(),
        thing: kinde_panel::kinde::Thing::Role,
        id: "role_1".into(),
        done_at: at(2),
        kept: false,
        events: vec!["role.created".into(), "role.updated".into(), "role.deleted".into()],
    }
}
