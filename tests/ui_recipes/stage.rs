//! The room with what it may look at, and the answers it is given.

use egui::accesskit::Role;
use egui::{Theme, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::Timestamp;
use kinde_panel::action::{Action, JobId};
use kinde_panel::backend::recipes::{Ask, Command, Event};
use kinde_panel::backend::{self, End};
use kinde_panel::check::Check;
use kinde_panel::clock::Clock;
use kinde_panel::error::UserError;
use kinde_panel::kinde::Domain;
use kinde_panel::net::{Http, Recorder};
use kinde_panel::recipes::{self, Around, Change, ChangeState, Generated, Given, Outcome, Plan, Values, Wish};
use kinde_panel::screens::recipes as room;
use kinde_panel::secrets::{Secret, SecretStore};
use kinde_panel::tenant::{Profile, Tenant};
use tokio_util::sync::CancellationToken;

/// Typed as a secret, and looked for everywhere.
pub const CANARY: &str = "CanaryCanary0123456789abcdef0123456789abcdef";

pub type World = crate::scene::World<room::State>;
pub type Window = Harness<'static, World>;

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A profile with an M2M application, of an environment that is not live.
pub fn acme() -> Profile {
    let mut profile = Profile::new("acme-staging", Domain::parse("acme").unwrap());
    profile.client_id = Some("m2m".to_owned());
    profile.web_client_id = Some("0123456789abcdef0123456789abcdef".to_owned());
    profile.environment = Some(kinde_panel::tenant::EnvironmentFacts {
        code: Some("staging".to_owned()),
        name: None,
        is_live: Some(false),
        kinde_domain: None,
        custom_domain: None,
        read_at: at("2026-08-20T12:00:00Z"),
    });
    profile
}

/// The same, live.
pub fn live() -> Profile {
    let mut profile = acme();
    profile.name = "acme".to_owned();
    profile.environment.as_mut().unwrap().is_live = Some(true);
    profile
}

/// A domain alone.
pub fn domain_alone() -> Profile {
    Profile { client_id: None, web_client_id: None, ..acme() }
}

pub fn window_of(profile: Option<Profile>, which: Theme, size: Vec2) -> Window {
    let mut world = World::new(profile, at("2026-08-20T12:04:31Z"));
    world.with(room::State::entered);
    let mut harness = crate::scene::harness(which, size, world, |ui, world| {
        world.with(|state, cx, actions| room::ui(ui, state, cx, actions));
    });
    harness.run();
    harness
}

pub fn window() -> Window {
    window_of(Some(acme()), Theme::Dark, vec2(1080.0, 900.0))
}

/// The room on the page of that recipe, its fields as they are at first.
pub fn page_of(profile: Profile, name: &str, which: Theme, size: Vec2) -> Window {
    let mut harness = window_of(Some(profile), which, size);
    let title = &recipes::find(name).unwrap().content().title;
    press(&mut harness, title);
    opened(&mut harness, backend::recipes::Opened::default());
    harness
}

pub fn page(name: &str) -> Window {
    page_of(acme(), name, Theme::Dark, vec2(1080.0, 1500.0))
}

/// Answers what is known for the fields.
pub fn opened(harness: &mut Window, mut known: backend::recipes::Opened) {
    let web = harness.state().profile.as_ref().and_then(|profile| profile.web_client_id.clone());
    let (job, name) = asked(harness, |command| match command {
        Command::Open { name, .. } => Some(name),
        _ => None,
    });
    let inputs = &recipes::find(&name).unwrap().content().inputs;
    for input in inputs.iter().filter(|input| input.from == Some(recipes::From::WebClientId)) {
        known.known.extend(web.clone().map(|web| (input.key.clone(), web)));
    }
    tell(harness, job, Event::Opened(Box::new(known)));
}

/// The last thing asked that `wanted` knows.
pub fn asked<T>(harness: &mut Window, mut wanted: impl FnMut(Command) -> Option<T>) -> (JobId, T) {
    harness.state_mut().ran(|_, command| match command {
        backend::Command::Recipes(command) => wanted(command),
        _ => None,
    })
}

/// The last call that was asked for.
pub fn call(harness: &mut Window) -> (JobId, Ask) {
    asked(harness, |command| match command {
        Command::Run(ask) => Some(*ask),
        _ => None,
    })
}

/// True where nothing at all was asked of the backend.
pub fn nothing_asked(harness: &mut Window) -> bool {
    let actions = std::mem::take(&mut harness.state_mut().actions);
    !actions.iter().any(|action| matches!(action, Action::Run(..)))
}

pub fn tell(harness: &mut Window, job: JobId, event: Event) {
    harness.state_mut().with(|state, cx, actions| state.on_event(job, event, cx.now, actions));
    harness.run_ok();
}

pub fn end(harness: &mut Window, job: JobId, how: End) {
    harness.state_mut().with(|state, _, _| state.on_end(job, how));
    harness.run_ok();
}

pub fn press(harness: &mut Window, name: &str) {
    harness.get_by_role_and_label(Role::Button, name).click();
    harness.run_ok();
}

/// On the button that saves the files, however many.
const SAVE: &str = " to a folder…";

/// True where there are files to be saved.
pub fn offers_saving(harness: &Window) -> bool {
    harness.query_by_label_contains(SAVE).is_some()
}

/// Opens the dialog that saves them.
pub fn press_save(harness: &mut Window) {
    harness.get_by_label_contains(SAVE).click();
    harness.run_ok();
}

pub fn tab(harness: &mut Window, name: &str) {
    harness.get_by_role_and_label(Role::Tab, name).click();
    harness.run_ok();
}

/// Presses a line of the menu with three dots.
pub fn choose(harness: &mut Window, name: &str) {
    press(harness, "More");
    harness.get_by_role_and_label(Role::MenuItem, name).click();
    harness.run_ok();
}

pub fn type_into(harness: &mut Window, name: &str, text: &str) {
    fill(harness, Role::TextInput, name, text);
}

pub fn type_secret(harness: &mut Window, name: &str, text: &str) {
    fill(harness, Role::PasswordInput, name, text);
}

fn fill(harness: &mut Window, role: Role, name: &str, text: &str) {
    harness.get_by_role_and_label(role, name).focus();
    harness.run_ok();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.get_by_role_and_label(role, name).type_text(text);
    harness.run_ok();
}

/// The tenant at acme.kinde.com, for what a recipe really does without asking it.
struct Acme {
    http: Http,
    tenant: Tenant,
    sandbox: tempfile::TempDir,
    secret: Secret,
    cancel: CancellationToken,
}

impl Acme {
    fn new() -> Self {
        let http = Http::new(Recorder::silent(), Clock::fixed(at("2026-08-20T12:04:31Z"))).unwrap();
        let tenant = Tenant {
            profile: acme(),
            domain: Domain::parse("acme").unwrap(),
            http: http.clone(),
            secrets: SecretStore::memory(),
            api: None,
            secret_trouble: None,
            provider_base: None,
        };
        let (sandbox, cancel) = (tempfile::tempdir().unwrap(), CancellationToken::new());
        Self { http, tenant, sandbox, secret: Secret::new(CANARY), cancel }
    }

    fn around(&self) -> Around<'_> {
        Around {
            http: &self.http,
            tenant: Some(&self.tenant),
            history: None,
            sandbox: self.sandbox.path(),
            client_secret: Some(&self.secret),
            tell: &|_| (),
            cancel: &self.cancel,
        }
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn values(ask: &Ask) -> Values {
    Values::of(recipes::find(&ask.name).unwrap().content(), ask.given.clone(), None).unwrap()
}

/// What the recipe really makes of what is asked.
pub fn really_made(ask: &Ask) -> Generated {
    let (acme, recipe) = (Acme::new(), recipes::find(&ask.name).unwrap());
    block_on(recipes::generate(recipe, &values(ask), acme.around())).unwrap()
}

/// What the recipe of that name really says of inputs that it cannot use.
pub fn really_refused(name: &str, plain: &[(&str, &str)]) -> UserError {
    let (acme, recipe) = (Acme::new(), recipes::find(name).unwrap());
    let plain = plain.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let values = Values::of(recipe.content(), Given { plain, ..Given::default() }, Some(&acme.tenant.profile));
    values.and_then(|values| block_on(recipes::generate(recipe, &values, acme.around()))).unwrap_err()
}

/// What a simulation without the sandbox really comes to.
pub fn really_simulated(ask: &Ask) -> Outcome {
    let (acme, recipe) = (Acme::new(), recipes::find(&ask.name).unwrap());
    block_on(recipes::simulate(recipe, &values(ask), acme.around())).unwrap()
}

/// Presses the primary button, and answers with what is really made.
pub fn make(harness: &mut Window, button: &str) {
    press(harness, button);
    let (job, ask) = call(harness);
    let made = really_made(&ask);
    tell(harness, job, Event::Made(Ok(Box::new(made))));
    end(harness, job, End::Done);
}

/// What is typed to make each recipe.
pub fn typed(harness: &mut Window, name: &str) {
    let fields: &[(&str, &str)] = match name {
        "bravo-studio" => &[("Bravo's callback", "https://A01JMF0X.callbacks.bravostudio.app/")],
        "campaign-state" => &[("Source", "reddit"), ("Medium", "social"), ("Campaign", "juné+launch & co=50%")],
        "cloudflare-zero-trust" => &[("Team", "mirosaurus")],
        "openid-provider" => &[("The tool's callback", "https://tool.example.com/oidc/callback")],
        "shopify-multipass" => &[("Store", "acme"), ("Email", "ada@example.com")],
        "supabase" => &[("Supabase project", "abcdefghijklmnopqrst")],
        "wordpress" => &[("WordPress address", "https://blog.example.com")],
        _ => &[],
    };
    for (field, text) in fields {
        type_into(harness, field, text);
    }
}

/// A plan of one callback that is missing, one that is there, and one that cannot be told, as `which` says.
pub fn planned(which: &str) -> Plan {
    let wish = |url: &str| Wish::callback("0123456789abcdef0123456789abcdef", url);
    let change = |url: &str, state, words: &str| Change { wish: wish(url), state, words: words.to_owned() };
    let (a, b) = ("https://tool.example.com/oidc/callback", "https://tool.example.com/");
    let there = change(b, ChangeState::There, "https://tool.example.com/ is among Allowed callback URLs");
    let changes = match which {
        "nothing" => vec![there],
        "scope" => {
            let error = kinde_panel::error::UserError::new(
                kinde_panel::error::Category::Auth,
                "The M2M application lacks the scope read:applications_redirect_uris",
            )
            .detail("A token minted just now does not have it either. HTTP 403")
            .hint("Open the M2M application > APIs > Kinde Management API > Manage scopes, switch it on and save");
            vec![change(
                a,
                ChangeState::Unknown(error),
                "https://tool.example.com/oidc/callback could not be looked up",
            )]
        }
        _ => vec![
            change(a, ChangeState::Add, "https://tool.example.com/oidc/callback is added to Allowed callback URLs"),
            there,
        ],
    };
    Plan { changes }
}

/// Checks as a check of the Next.js route brings them; `good` or with one that fails.
pub fn outcome(good: bool) -> Outcome {
    let took = |check: Check, ms| check.took(std::time::Duration::from_millis(ms));
    let mut checks = vec![
        took(Check::pass("reached").seen("http://localhost:3000/api/kinde-webhook"), 2),
        took(Check::pass("genuine event").seen("HTTP 200"), 14),
        took(Check::pass("same delivery again").seen("HTTP 200"), 9),
    ];
    checks.push(if good {
        took(Check::pass("alg none").seen("HTTP 400"), 6)
    } else {
        took(
            Check::fail(
                "alg none",
                "A token without a signature was taken: anybody can make one",
                "Pin the algorithm: `algorithms: [\"RS256\"]`",
            )
            .seen("HTTP 200"),
            6,
        )
    });
    checks.push(took(Check::pass("key of nobody").seen("HTTP 400"), 7));
    let mut outcome = Outcome { checks, ..Outcome::default() };
    outcome.values.insert("url".to_owned(), "http://localhost:3000/api/kinde-webhook".into());
    outcome.values.insert("issuer".to_owned(), "https://acme.kinde.com".into());
    outcome
}

/// The canary is in no text of the window.
pub fn holds_no_secret(harness: &Window) {
    let mut looked_at = 0;
    for node in harness.root().children_recursive() {
        let node = node.accesskit_node();
        for text in [node.label(), node.value(), node.description()].into_iter().flatten() {
            looked_at += 1;
            assert!(!text.contains(CANARY), "{text}");
        }
    }
    assert!(looked_at > 20, "the window was looked at");
}
