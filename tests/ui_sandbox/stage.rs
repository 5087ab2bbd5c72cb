//! The room with what it may look at, and the answers it is given.

use egui::accesskit::Role;
use egui::{Theme, vec2};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, SnapshotOptions};
use jiff::Timestamp;
use kinde_panel::action::Action;
use kinde_panel::backend::sandbox::{Command as Ask, Event, Received, Runs, SandboxView, Sending};
use kinde_panel::backend::{Command, JobId};
use kinde_panel::error::{Category, UserError};
use kinde_panel::sandbox::{AttemptView, DeliveryView, FactApp, FactOrg, FactUser, Faults, Sample, WebhookView};
use kinde_panel::screens::{Cx, sandbox};
use kinde_panel::secrets::{KeyringState, Secret};
use kinde_panel::tenant::Profile;
use kinde_panel::ui::tokens;
use serde_json::json;
use std::cell::Cell;

/// The room with what it may look at.
pub struct World {
    pub state: sandbox::State,
    pub profile: Profile,
    pub next: Cell<JobId>,
    pub now: Timestamp,
    pub actions: Vec<Action>,
}

impl World {
    /// The room as it was entered, and what it asked.
    pub fn entered() -> (Self, JobId) {
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
    pub fn over(view: SandboxView) -> Self {
        let (mut world, job) = Self::entered();
        world.answer(job, Event::Seen(Ok(Box::new(view))));
        world
    }

    pub fn with_cx<R>(&mut self, with: impl FnOnce(&mut sandbox::State, &Cx<'_>, &mut Vec<Action>) -> R) -> R {
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
    pub fn asked(&mut self) -> Vec<(JobId, Ask)> {
        std::mem::take(&mut self.actions)
            .into_iter()
            .filter_map(|action| match action {
                Action::Run(job, Command::Sandbox(ask)) => Some((job, ask)),
                _ => None,
            })
            .collect()
    }

    pub fn answer(&mut self, job: JobId, event: Event) {
        let now = self.now;
        self.with_cx(|state, _, actions| state.on_event(job, event, now, actions));
    }
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn page(ui: &mut egui::Ui, world: &mut World) {
    let whole = ui.ctx().content_rect();
    let fill = tokens(ui).page;
    ui.ctx().layer_painter(egui::LayerId::background()).rect_filled(whole, 0, fill);
    world.with_cx(|state, cx, actions| sandbox::ui(ui, state, cx, actions));
}

pub fn harness(world: World, which: Theme) -> Harness<'static, World> {
    let mut harness = Harness::builder()
        .with_size(vec2(1040.0, 760.0))
        .with_theme(which)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_options(SnapshotOptions::new().threshold(0.8).max_failed_pixels(40))
        .with_context_setup(crate::common::look)
        .build_ui_state(page, world);
    harness.run();
    harness
}

pub fn runs() -> Runs {
    Runs {
        pid: 4711,
        here: true,
        issuer: "http://127.0.0.1:45678".into(),
        https: "https://127.0.0.1:45679".into(),
        smtp: Some("127.0.0.1:45680".into()),
        smtps: Some("127.0.0.1:45681".into()),
        ca_cert: "/data/sandbox/ca.pem".into(),
        faults: Faults::default(),
        webhooks: Vec::new(),
        webhook_limit: None,
    }
}

pub fn view(runs: Option<Runs>) -> SandboxView {
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
        smtp_password: Secret::new("made-up-made-up-mail"),
        users: vec![user("ada"), user("grace"), FactUser { id: "kp_0".into(), email: None }],
        orgs: vec![FactOrg { code: "org_5abd0000001".into(), name: "Acme Corp".into() }],
        apps: ["google_drive", "github", "gitlab"].map(app).into(),
        kids: vec!["5a:bd:00:11".into()],
    }
}

pub fn failure() -> UserError {
    UserError::new(Category::File, "A file of the sandbox is damaged").detail("state.json").hint("Remove it")
}

pub fn type_into(harness: &mut Harness<'_, World>, role: Role, name: &str, text: &str) {
    harness.get_by_role_and_label(role, name).focus();
    harness.run();
    harness.get_by_role_and_label(role, name).type_text(text);
    harness.run();
}

pub fn webhook(name: &str, off_since: Option<Timestamp>) -> WebhookView {
    WebhookView {
        id: format!("webhook_{name}"),
        name: name.into(),
        endpoint: format!("http://127.0.0.1:3000/{name}"),
        event_types: vec!["user.created".into(), "user.updated".into()],
        off_since,
    }
}

pub fn attempt(number: u32, began: &str, status: Option<u16>) -> AttemptView {
    let error = status.is_none().then(|| "the connection was refused".to_owned());
    let answer = (status == Some(503)).then(|| "{\"error\":\"the queue is full\"}".to_owned());
    AttemptView { number, began: at(began), ms: 12, status, error, answer }
}

pub fn delivery(id: i64, state: &str, next: Option<Timestamp>, attempts: Vec<AttemptView>) -> DeliveryView {
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

pub fn deliveries() -> Vec<DeliveryView> {
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

pub fn open(harness: &mut Harness<'_, World>, tab: &str) {
    harness.get_by_role_and_label(Role::Tab, tab).click();
    harness.run_ok();
}

pub fn sample() -> Sample {
    Sample {
        payload: json!({
            "data": {"user": {"email": null, "first_name": "Ada", "id": "kp_1"}},
            "event_id": "event_1", "timestamp": "2026-08-20T12:04:31Z", "type": "user.created"
        }),
        note: Some("The email address is null where the user signed up by another way".into()),
        live: None,
    }
}

/// The page "Send event" with `event_type` chosen and its sample there.
pub fn sending(event_type: &str, which: Theme) -> Harness<'static, World> {
    sending_of(event_type, which, sample(), None)
}

/// The same, with the sample and the newest kept attempt it has.
pub fn sending_of(
    event_type: &str,
    which: Theme,
    sample: Sample,
    received: Option<Received>,
) -> Harness<'static, World> {
    let view = view(Some(Runs { webhooks: vec![webhook("orders", None)], ..runs() }));
    let mut harness = harness(World::over(view), which);
    open(&mut harness, "Send event");
    type_into(&mut harness, Role::TextInput, "Find an event type", event_type);
    harness.get_by_role_and_label(Role::Button, event_type).click();
    harness.run();
    let asked = harness.state_mut().asked();
    let [(job, Ask::Sample { event_type: of }), (kept, Ask::Received { .. })] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    harness.state_mut().answer(*job, Event::Sampled { event_type: of.clone(), sample: Ok(sample) });
    harness.state_mut().answer(*kept, Event::Received { event_type: of.clone(), received: Ok(received) });
    harness.run();
    harness
}

pub fn sent(harness: &mut Harness<'_, World>) -> (JobId, Sending) {
    harness.get_by_role_and_label(Role::Button, "Send event").scroll_to_me();
    harness.run();
    harness.get_by_role_and_label(Role::Button, "Send event").click();
    harness.run();
    let mut asked = harness.state_mut().asked();
    let Some((job, Ask::Send(sending))) = asked.pop() else { panic!("{asked:?}") };
    (job, *sending)
}

/// The page "Deliveries" with `list` in it.
pub fn delivering(list: Vec<DeliveryView>, which: Theme) -> Harness<'static, World> {
    let mut harness = harness(World::over(view(Some(runs()))), which);
    open(&mut harness, "Deliveries");
    let (job, _) = harness.state_mut().asked().remove(0);
    harness.state_mut().answer(job, Event::Deliveries(Ok(list)));
    harness.run_ok();
    harness
}

/// The overview, tall enough to show whole.
pub fn whole(view: SandboxView) -> Harness<'static, World> {
    let mut harness = harness(World::over(view), Theme::Dark);
    harness.set_size(vec2(1000.0, 1900.0));
    harness.run();
    harness
}
