//! The whole window's state, and how backend events change it.

use std::cell::Cell;

use jiff::Timestamp;

use super::Prefs;
use crate::action::{Action, Room};
use crate::backend::{Command, End, Event, JobId, Stamped, shell, webhooks};
use crate::clock::Clock;
use crate::net::{Exchange, Outcome};
use crate::screens::{self, Cx};
use crate::secrets::KeyringState;
use crate::tenant::{Profile, SANDBOX_PROFILE};
use crate::ui::{Mood, Notices, PaletteState};

/// What the window hands to the backend after a frame.
#[derive(Debug)]
pub enum Order {
    /// Start a job.
    Run(JobId, Command),
    /// End a job.
    Cancel(JobId),
}

/// What was last heard of the chosen tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    Nothing,
    Answer(Timestamp),
    /// It answered, and not as a tenant that can be worked with: what is shown of it.
    Trouble(String, Timestamp),
    Silence(Timestamp),
}

/// Everything the window knows. Owned by the UI thread alone.
pub struct Shell {
    pub(super) clock: Clock,
    pub(super) prefs: Prefs,
    pub(super) data_dir: String,
    pub(super) room: Room,
    pub(super) profiles: Vec<Profile>,
    pub(super) keyring: KeyringState,
    pub(super) heard: Heard,
    pub(super) notices: Notices,
    pub(super) notices_open: bool,
    /// What the button of a notice does, by the notice's number.
    pub(super) offers: std::collections::BTreeMap<u64, Action>,
    pub(super) palette: Option<PaletteState>,
    pub(super) next_job: Cell<JobId>,
    pub(super) screens: Screens,
    pub(super) actions: Vec<Action>,
    /// Actions that wait for the next frame.
    pub(super) late: Vec<Action>,
    pub(super) orders: Vec<Order>,
    pub(super) quit: bool,
    /// The room to announce as entered once the profiles are there.
    pub(super) enter_when_ready: bool,
}

/// One state a screen.
#[derive(Default)]
pub(super) struct Screens {
    pub start: screens::start::State,
    pub tenant: screens::tenant::State,
    pub connected_apps: screens::connected_apps::State,
    pub webhooks: screens::webhooks::State,
    pub inspector: screens::inspector::State,
    pub email: screens::email::State,
    pub recipes: screens::recipes::State,
    pub sandbox: screens::sandbox::State,
    pub activity: screens::activity::State,
    pub settings: screens::settings::State,
}

impl Shell {
    /// A window over the data folder shown as `data_dir`, with what it remembers.
    pub fn new(prefs: Prefs, data_dir: String, clock: Clock, walk_timeout: Option<std::time::Duration>) -> Self {
        let mut screens = Screens::default();
        screens.connected_apps.walk_timeout = walk_timeout;
        screens.inspector.remember(&prefs.receiving);
        let mut shell = Self {
            room: prefs.room,
            clock,
            prefs,
            data_dir,
            profiles: Vec::new(),
            keyring: KeyringState::Unknown,
            heard: Heard::Nothing,
            notices: Notices::default(),
            notices_open: false,
            offers: std::collections::BTreeMap::new(),
            palette: None,
            next_job: Cell::new(0),
            screens,
            actions: Vec::new(),
            late: Vec::new(),
            orders: Vec::new(),
            quit: false,
            enter_when_ready: true,
        };
        shell.ask(shell::Command::ReadProfiles);
        shell.ask(webhooks::Command::RecoverAll);
        shell
    }

    /// The chosen profile.
    pub fn profile(&self) -> Option<&Profile> {
        let id = self.prefs.profile?;
        self.profiles.iter().find(|profile| profile.id == id)
    }

    /// The open room.
    pub fn room(&self) -> Room {
        self.room
    }

    /// Every exchange of this run.
    pub fn activity(&self) -> &crate::net::Activity {
        &self.screens.activity.ring
    }

    /// What the backend is to be asked, since the last call.
    pub fn take_orders(&mut self) -> Vec<Order> {
        std::mem::take(&mut self.orders)
    }

    /// What to remember at the next start.
    pub fn prefs(&self) -> &Prefs {
        &self.prefs
    }

    /// True once a person asked to close the window.
    pub fn wants_to_quit(&self) -> bool {
        self.quit
    }

    /// A job ended. Whoever still waits for its answer stops waiting; what nobody has to see is told.
    fn on_end(&mut self, job: JobId, end: End) {
        if let Some(error) = end.without_answer().filter(|_| end != End::Done) {
            let mood = if end == End::Refused { Mood::Warn } else { Mood::Error };
            let now = self.clock.now();
            self.notices.push(now, mood, error.title, format!("{}. {}", error.detail, error.hint));
        }
        let Screens {
            tenant, connected_apps, webhooks, inspector, email, recipes, sandbox, activity, settings, ..
        } = &mut self.screens;
        tenant.on_end(job, end);
        connected_apps.on_end(job, end);
        webhooks.on_end(job, end);
        inspector.on_end(job, end, &mut self.actions);
        webhooks.point_here(inspector.points_here());
        recipes.tunnels_are(inspector.tunnels());
        email.on_end(job, end);
        recipes.on_end(job, end);
        sandbox.on_end(job, end);
        activity.on_end(job, end);
        settings.on_end(job, end);
    }

    /// True while the sandbox profile is chosen: its room is there.
    pub(super) fn on_the_sandbox(&self) -> bool {
        self.prefs.profile == Some(SANDBOX_PROFILE)
    }

    /// Its room shows only while its profile is chosen: otherwise the Tenant room takes its place.
    pub(super) fn leave_the_sandbox(&mut self) {
        if self.room == Room::Sandbox && !self.on_the_sandbox() {
            self.room = Room::Tenant;
            self.prefs.room = Room::Tenant;
        }
    }

    pub(super) fn ask(&mut self, command: impl Into<Command>) {
        let id = self.next_job.get() + 1;
        self.next_job.set(id);
        self.orders.push(Order::Run(id, command.into()));
    }

    /// Runs `with` over the screens and what they may look at.
    pub(super) fn with_cx<R>(&mut self, with: impl FnOnce(&mut Screens, &Cx<'_>, &mut Vec<Action>) -> R) -> R {
        let Self { clock, prefs, data_dir, profiles, keyring, next_job, screens, actions, .. } = self;
        let profile = profiles.iter().find(|profile| Some(profile.id) == prefs.profile);
        let cx = Cx { now: clock.now(), profile, profiles, keyring, data_dir, next_job };
        with(screens, &cx, actions)
    }

    /// Tells the open screen that it was entered.
    pub(super) fn enter(&mut self) {
        let room = self.room;
        self.with_cx(|screens, cx, actions| match room {
            Room::Tenant => screens.tenant.entered(cx, actions),
            Room::ConnectedApps => screens.connected_apps.entered(cx, actions),
            Room::Webhooks => screens.webhooks.entered(cx, actions),
            Room::Inspector => screens.inspector.entered(cx, actions),
            Room::Email => screens.email.entered(cx, actions),
            Room::Recipes => screens.recipes.entered(cx, actions),
            Room::Sandbox => screens.sandbox.entered(cx, actions),
            Room::Activity => screens.activity.entered(cx, actions),
            Room::Settings => screens.settings.entered(cx, actions),
            Room::Start => {}
        });
    }

    /// Takes one event of the backend.
    pub fn on_event(&mut self, stamped: Stamped) {
        let Stamped { job, event } = stamped;
        let now = self.clock.now();
        match event {
            Event::Shell(event) => self.on_shell_event(event, now),
            Event::Tenant(event) => self.screens.tenant.on_event(job, event, now, &mut self.actions),
            Event::Sandbox(event) => self.screens.sandbox.on_event(job, event, now, &mut self.actions),
            Event::Connect(event) => self.screens.connected_apps.on_event(job, event, now, &mut self.actions),
            Event::Webhooks(event) => self.screens.webhooks.on_event(job, event, now, &mut self.actions),
            Event::History(event) => self.screens.inspector.on_history(job, event, &mut self.actions),
            Event::Leftovers(event) => self.screens.webhooks.on_leftovers(job, event),
            Event::Public(event) => {
                self.screens.inspector.on_public(job, event, &mut self.actions);
                self.screens.webhooks.point_here(self.screens.inspector.points_here());
                self.screens.recipes.tunnels_are(self.screens.inspector.tunnels());
            }
            Event::Inspect(event) => self.screens.inspector.on_event(job, event, now, &mut self.actions),
            Event::Attempt(event) => self.screens.inspector.detail.on_event(job, event, now, &mut self.actions),
            Event::Mail(event) => {
                self.screens.email.on_event(job, event, now, &mut self.actions);
                if let (Some(profile), Some(standing)) = (self.prefs.profile, self.screens.email.resend_server()) {
                    self.screens.recipes.mail_is(profile, standing);
                }
            }
            Event::Recipes(event) => self.screens.recipes.on_event(job, event, now, &mut self.actions),
            Event::Keeping(event) => self.screens.settings.on_event(job, event),
            Event::Ended(end) => self.on_end(job, end),
            Event::Activity(event) => self.screens.activity.on_event(job, event, now, &mut self.actions),
        }
        // What an event leads to may lead to more, but only so far: each action is applied once.
        self.apply_all(None);
    }

    fn on_shell_event(&mut self, event: shell::Event, now: Timestamp) {
        match event {
            shell::Event::Profiles(Ok(profiles)) => {
                self.profiles = profiles;
                self.screens.inspector.profiles_changed(&self.profiles, &mut self.actions);
                if self.profile().is_none() {
                    self.prefs.profile = None;
                    if self.room == Room::ConnectedApps {
                        self.room = Room::Start;
                    }
                }
                self.leave_the_sandbox();
                if std::mem::take(&mut self.enter_when_ready) {
                    self.enter();
                }
            }
            shell::Event::Profiles(Err(error)) => {
                self.notices.push(now, Mood::Error, error.title, format!("{}. {}", error.detail, error.hint));
            }
            shell::Event::Restored(words) => {
                self.notices.push(now, Mood::Warn, "The profiles are as before their last change".to_owned(), words);
            }
            shell::Event::Exchange(exchange) => {
                self.hear(&exchange);
                self.screens.activity.ring.push(*exchange);
            }
            shell::Event::Keyring(state, moved) => {
                let (mood, title, detail) = match &state {
                    KeyringState::Ready if moved > 0 => {
                        (Mood::Success, "The keyring is there", format!("{moved} secrets of this run are kept now"))
                    }
                    KeyringState::Ready => (Mood::Success, "The keyring is there", "Secrets are kept in it".to_owned()),
                    KeyringState::Missing { reason } => (
                        Mood::Warn,
                        "There is no keyring to keep secrets in",
                        format!("They are kept for this run only. The system says: {reason}"),
                    ),
                    KeyringState::Unknown => (Mood::Neutral, "The keyring was not asked", String::new()),
                };
                self.keyring = state;
                self.notices.push(now, mood, title, detail);
            }
            shell::Event::AskedToEnd => self.actions.push(Action::Quit),
            shell::Event::NoBrowser(url, error) => {
                self.notices.push(now, Mood::Error, error.title, format!("{} {} {url}", error.detail, error.hint));
            }
        }
    }

    /// Notes whether the chosen tenant answered.
    fn hear(&mut self, exchange: &Exchange) {
        let Some(profile) = self.profile() else { return };
        let ours = if profile.is_sandbox() {
            exchange.url.starts_with("http://127.0.0.1:") && !exchange.url.contains("/_providers/")
        } else {
            let domains = profile.domain.iter().cloned().chain(profile.api_domain());
            domains.into_iter().any(|domain| exchange.url.starts_with(domain.as_str()))
        };
        if ours {
            match exchange.outcome {
                Outcome::Status(status) => {
                    self.heard = match trouble(status, &exchange.url) {
                        Some(words) => Heard::Trouble(words, exchange.at),
                        None => Heard::Answer(exchange.at),
                    };
                }
                Outcome::Failed(_) => self.heard = Heard::Silence(exchange.at),
                // Nobody waited for the answer: it says nothing of the tenant.
                Outcome::Cancelled => {}
            }
        }
    }
}

/// Why an answer is no good sign; a thing that is not there, or a scope that is missing, is none of the connection's.
fn trouble(status: u16, url: &str) -> Option<String> {
    let token = url.split('?').next().is_some_and(|path| path.ends_with("/oauth2/token"));
    match status {
        429 => Some("asked to slow down".to_owned()),
        500.. => Some(format!("answered {status}")),
        401 => Some("refused".to_owned()),
        400.. if token => Some("refused".to_owned()),
        _ => None,
    }
}
