//! What the connected apps room remembers while the window is open. No file, no I/O.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use uuid::Uuid;

use super::walk_state::WalkState;
use super::work::{Asked, Chosen, SubjectKind, Work};
use crate::action::{Action, AppsAsk, JobId};
use crate::backend::End;
use crate::backend::connect::{Command, Event, Walk};
use crate::check::Check;
use crate::connect::SessionId;
use crate::error::UserError;
use crate::kinde::{Subject, User};
use crate::providers::{self, Provider};
use crate::screens::{Cx, give_up};
use crate::tenant::Profile;
use crate::ui::{Load, SecretDraft};

/// The users read so far.
#[derive(Debug, Default)]
pub(super) struct Users {
    pub query: String,
    pub list: Vec<User>,
    pub next: Option<String>,
}

/// The form of a new app.
#[derive(Debug, Default)]
pub(super) struct AddApp {
    pub key: String,
    /// `None` while the key's own name decides; `Some(None)` for "another".
    pub provider: Option<Option<String>>,
}

/// The form that checks a provider's credentials.
#[derive(Debug, Default)]
pub(super) struct Credentials {
    pub client_id: String,
    pub secret: SecretDraft,
    pub load: Load<Vec<Check>>,
    pub job: JobId,
}

/// A question that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    Revoke(SessionId),
    CreateUser,
    Forget(String),
}

/// The room's state. The shell keeps it, and may set [`State::walk_timeout`].
#[derive(Debug, Default)]
pub struct State {
    /// How long a walk waits, in place of what the options say.
    pub walk_timeout: Option<Duration>,
    /// The profile all of this belongs to.
    pub(super) profile: Option<Uuid>,
    /// Its walks, sessions and their results.
    pub(super) work: Work,
    /// Those of the profiles that are not shown now.
    kept: BTreeMap<Uuid, Work>,
    pub(super) find: String,
    pub(super) users: Load<Users>,
    pub(super) users_job: JobId,
    pub(super) creating: Option<JobId>,
    pub(super) create_error: Option<UserError>,
    /// Origins of the tenant.
    pub(super) origins: Vec<String>,
    pub(super) add: Option<AddApp>,
    pub(super) apps_job: JobId,
    /// The app that was taken off the list: the profile here may still name it until it is read again.
    pub(super) forgotten: Option<String>,
    pub(super) apps_error: Option<UserError>,
    /// "Bring me back to the panel", once a person has said so.
    pub(super) landing: Option<bool>,
    /// Minutes, zero for the ten that are usual.
    pub(super) minutes: u64,
    pub(super) pasted_session: SecretDraft,
    pub(super) address: SecretDraft,
    pub(super) address_check: Option<Check>,
    pub(super) tile: String,
    pub(super) credentials: Credentials,
    pub(super) question: Option<Question>,
}

impl State {
    /// The room was opened, or the profile switched: reads what is missing.
    pub fn entered(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let Some(profile) = cx.profile else { return };
        if self.profile != Some(profile.id) {
            self.forget(actions);
            self.profile = Some(profile.id);
            self.work = self.kept.remove(&profile.id).unwrap_or_default();
            // A profile that was removed takes its sessions with it.
            if !cx.profiles.is_empty() {
                self.kept.retain(|id, _| cx.profiles.iter().any(|profile| profile.id == *id));
            }
        }
        if self.work.user.is_none() {
            self.work.user = profile.last_user().map(|user| Chosen { id: user.id.clone(), label: user.label.clone() });
        }
        if self.work.key.is_none() {
            self.work.key = self.first_app(profile);
        }
        let failed = matches!(self.users, Load::Failed { .. });
        if can_ask(profile) && (self.users.is_idle() || failed) {
            self.read_users(profile, cx, actions);
        }
    }

    /// The profile switched: a walk that runs is cancelled, what was done is kept for the way back, and all else that
    /// belongs to the profile is dropped.
    pub fn forget(&mut self, actions: &mut Vec<Action>) {
        self.work.cancel(actions);
        let users = self.users.is_loading().then_some(self.users_job);
        let credentials = self.credentials.load.is_loading().then_some(self.credentials.job);
        actions.extend(users.into_iter().chain(credentials).map(Action::Cancel));
        let mut kept = std::mem::take(&mut self.kept);
        if let Some(profile) = self.profile {
            kept.insert(profile, std::mem::take(&mut self.work));
        }
        *self = Self { walk_timeout: self.walk_timeout, minutes: self.minutes, kept, ..Self::default() };
    }

    /// The work of every profile, the one shown first.
    fn works(&mut self) -> impl Iterator<Item = &mut Work> {
        std::iter::once(&mut self.work).chain(self.kept.values_mut())
    }

    pub(super) fn read_users(&mut self, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.users.start();
        self.users_job = cx.job();
        actions.push(Action::Run(self.users_job, Command::Open { profile: profile.id }.into()));
    }

    /// The first page of a search, or the next page of what is there.
    pub(super) fn find_users(&mut self, profile: &Profile, more: bool, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let (query, after) = match self.users.value() {
            Some(users) if more => (users.query.clone(), users.next.clone()),
            _ => (self.find.trim().to_owned(), None),
        };
        self.users.start();
        self.users_job = cx.job();
        actions.push(Action::Run(self.users_job, Command::Users { profile: profile.id, query, after }.into()));
    }

    /// Whether that can be asked now.
    pub fn can(&self, ask: AppsAsk, cx: &Cx<'_>) -> bool {
        let Some(profile) = cx.profile else { return false };
        let walking = self.work.key.as_ref().is_some_and(|key| self.work.is_walking(key));
        match ask {
            AppsAsk::Connect => can_ask(profile) && self.first_app(profile).is_some() && !walking,
            AppsAsk::Cancel => self.profile == Some(profile.id) && walking,
            AppsAsk::Add => true,
        }
    }

    /// Does what was asked from elsewhere. Where nobody is chosen to connect for, the room shows that.
    pub fn ask_for(&mut self, ask: AppsAsk, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let Some(profile) = cx.profile.filter(|_| self.can(ask, cx)) else { return };
        match ask {
            AppsAsk::Connect => self.connect(profile, cx, actions),
            AppsAsk::Cancel => {
                let key = self.work.key.clone().unwrap_or_default();
                if let Some(walk) = self.work.walks.get_mut(&key).filter(|walk| !walk.cancelling) {
                    walk.cancelling = true;
                    actions.push(Action::Cancel(walk.job));
                }
            }
            AppsAsk::Add => self.begin_app(),
        }
    }

    /// Opens the form for another app.
    pub(super) fn begin_app(&mut self) {
        self.add = Some(AddApp::default());
        self.apps_error = None;
    }

    /// The app to show where none was chosen.
    pub(super) fn first_app(&self, profile: &Profile) -> Option<String> {
        profile.apps.iter().map(|app| &app.key).find(|key| self.forgotten.as_ref() != Some(*key)).cloned()
    }

    /// The provider of the app shown.
    pub(super) fn provider(&self, profile: &Profile) -> Option<&'static Provider> {
        provider_of(profile, self.work.key.as_deref()?)
    }

    /// For whom the next walk is; `None` says that something is missing.
    pub(super) fn subject(&self) -> Option<(Subject, String)> {
        match self.work.kind {
            SubjectKind::User => {
                self.work.user.as_ref().map(|user| (Subject::User(user.id.clone()), user.label.clone()))
            }
            SubjectKind::Org => {
                let code = self.work.org.trim();
                (!code.is_empty()).then(|| (Subject::Org(code.to_owned()), code.to_owned()))
            }
        }
    }

    pub(super) fn landing(&self, profile: &Profile) -> bool {
        self.landing.unwrap_or(profile.landing_works || profile.is_sandbox())
    }

    fn timeout(&self) -> Duration {
        let minutes = if self.minutes == 0 { 10 } else { self.minutes };
        self.walk_timeout.unwrap_or(Duration::from_secs(60 * minutes))
    }

    pub(super) fn connect(&mut self, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let (Some(key), Some((subject, label))) = (self.work.key.clone(), self.subject()) else { return };
        let provider = provider_of(profile, &key);
        let nudge = Arc::new(Notify::new());
        let job = cx.job();
        let whom = match &subject {
            Subject::User(_) => format!("Kinde user {label}"),
            Subject::Org(_) => format!("Kinde organization {label}"),
        };
        self.work.walks.insert(key.clone(), WalkState::new(job, whom, provider, Arc::clone(&nudge), cx.now));
        self.work.session = None;
        self.address.clear();
        self.address_check = None;
        let walk = Walk {
            profile: profile.id,
            key,
            provider: provider.map(|provider| provider.id.clone()),
            subject,
            label,
            landing: self.landing(profile),
            timeout: self.timeout(),
            nudge,
        };
        actions.push(Action::Run(job, Command::Walk(walk).into()));
    }

    pub(super) fn ask(&mut self, number: SessionId, what: Asked, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let Some(profile) = self.profile else { return };
        self.work.ask(profile, number, what, cx, actions);
    }

    /// An answer. Those of another job than the one waited for are dropped.
    pub fn on_event(&mut self, job: JobId, event: Event, now: Timestamp, actions: &mut Vec<Action>) {
        match event {
            Event::Origins(origins) if job == self.users_job => self.origins = origins,
            Event::Users { query, more, result } if job == self.users_job => {
                let result = result.map(|page| {
                    let mut list = match self.users.value_mut() {
                        Some(users) if more => std::mem::take(&mut users.list),
                        _ => Vec::new(),
                    };
                    for user in page.users {
                        if !list.iter().any(|known| known.id == user.id) {
                            list.push(user);
                        }
                    }
                    Users { query, list, next: page.next }
                });
                self.users.finish(result);
                if self.work.user.is_none() {
                    let first = self.users.value().and_then(|users| users.list.first());
                    self.work.user = first.map(|user| Chosen { id: user.id.clone(), label: user.label() });
                }
            }
            Event::UserCreated(result) if self.creating == Some(job) => {
                self.creating = None;
                match result {
                    Ok(user) => {
                        self.work.user = Some(Chosen { id: user.id.clone(), label: user.label() });
                        match self.users.value_mut() {
                            Some(users) => users.list.insert(0, user),
                            None => self.users.ready(Users { list: vec![user], ..Users::default() }),
                        }
                        self.create_error = None;
                    }
                    Err(error) => self.create_error = Some(error),
                }
            }
            Event::Remembered { key } => {
                if job == self.apps_job {
                    self.apps_job = 0;
                    if key.is_some() {
                        self.forgotten = None;
                    }
                    self.work.key = key;
                    self.add = None;
                    self.apps_error = None;
                }
                actions.push(Action::ProfilesChanged);
            }
            Event::NotRemembered(error) if job == self.apps_job => {
                self.apps_job = 0;
                self.forgotten = None;
                self.apps_error = Some(error);
            }
            // A walk of the profile shown could not be written down; that of another is no news here.
            Event::NotRemembered(error) if self.work.waits_for(job) => self.apps_error = Some(error),
            Event::NotRemembered(_) => {}
            Event::Credentials(result) if job == self.credentials.job => self.credentials.load.finish(result),
            Event::Origins(_) | Event::Users { .. } | Event::UserCreated(_) | Event::Credentials(_) => {}
            // A profile that is not shown gets its answers too: what ended there is not lost.
            event => {
                if let Some(work) = self.works().find(|work| work.waits_for(job)) {
                    work.on_event(job, event, now);
                }
            }
        }
    }

    /// A job ended: what still waits for its answer stops waiting, and says why where there is a why.
    pub fn on_end(&mut self, job: JobId, end: End) {
        if job == self.users_job && self.users.is_loading() {
            give_up(&mut self.users, end);
        }
        if job == self.credentials.job && self.credentials.load.is_loading() {
            give_up(&mut self.credentials.load, end);
        }
        if self.creating.take_if(|creating| *creating == job).is_some() {
            self.create_error = end.without_answer();
        }
        if job == self.apps_job {
            self.apps_job = 0;
            self.apps_error = end.without_answer();
        }
        for work in self.works() {
            work.on_end(job, end);
        }
    }
}

/// True where the Management API can be asked: the sandbox, or an M2M application is known.
pub(super) fn can_ask(profile: &Profile) -> bool {
    profile.is_sandbox() || profile.client_id.is_some()
}

/// The provider remembered for the key, else the one its name gives away.
pub(super) fn provider_of(profile: &Profile, key: &str) -> Option<&'static Provider> {
    let remembered = profile.apps.iter().find(|app| app.key == key).and_then(|app| app.provider.as_deref());
    remembered.and_then(providers::find).or_else(|| providers::guess_by_key(key))
}

/// What the provider is called beside the key.
pub(super) fn provider_name(provider: Option<&Provider>) -> &str {
    provider.map_or("provider not known", |provider| provider.name.as_str())
}
