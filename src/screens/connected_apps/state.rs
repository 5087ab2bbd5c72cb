//! What the connected apps room remembers while the window is open. No file, no I/O.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use uuid::Uuid;

use super::walk_state::{Ended, WalkState};
use crate::action::Action;
use crate::action::JobId;
use crate::backend::End;
use crate::backend::connect::{Command, Event, Walk};
use crate::check::{Check, first_trouble};
use crate::connect::{RevokeRequest, Session, SessionId, Sessions, WalkEnd, WalkEvent};
use crate::error::UserError;
use crate::kinde::{Subject, User};
use crate::providers::{self, Provider};
use crate::screens::{Cx, give_up};
use crate::step::place;
use crate::tenant::Profile;
use crate::ui::{Load, SecretDraft};

/// What is asked of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Again,
    Probe,
    Revoke,
}

/// What was last learned of a session.
#[derive(Debug, Default)]
pub(super) struct Learned {
    /// What is going on.
    pub busy: Option<(JobId, Asked)>,
    /// The sentence over the checks.
    pub headline: String,
    /// What the provider or the revocation said.
    pub checks: Vec<Check>,
    /// Why it could not be asked.
    pub error: Option<UserError>,
    /// What the last fetch brought: "refreshed by Kinde".
    pub note: Option<String>,
}

/// Who is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    pub id: String,
    pub label: String,
}

/// User or organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum SubjectKind {
    #[default]
    User,
    Org,
}

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
    /// Reference key of the app shown.
    pub(super) key: Option<String>,
    pub(super) kind: SubjectKind,
    pub(super) user: Option<Chosen>,
    pub(super) org: String,
    pub(super) find: String,
    pub(super) users: Load<Users>,
    pub(super) users_job: JobId,
    pub(super) creating: Option<JobId>,
    pub(super) create_error: Option<UserError>,
    /// Origins of the tenant.
    pub(super) origins: Vec<String>,
    pub(super) add: Option<AddApp>,
    pub(super) apps_job: JobId,
    pub(super) apps_error: Option<UserError>,
    /// "Bring me back to the panel", once a person has said so.
    pub(super) landing: Option<bool>,
    /// Minutes, zero for the ten that are usual.
    pub(super) minutes: u64,
    pub(super) walks: BTreeMap<String, WalkState>,
    pub(super) sessions: Sessions,
    pub(super) session: Option<SessionId>,
    pub(super) learned: BTreeMap<SessionId, Learned>,
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
        }
        if self.user.is_none() {
            self.user = profile.last_user().map(|user| Chosen { id: user.id.clone(), label: user.label.clone() });
        }
        if self.key.is_none() {
            self.key = profile.apps.first().map(|app| app.key.clone());
        }
        let failed = matches!(self.users, Load::Failed { .. });
        if can_ask(profile) && (self.users.is_idle() || failed) {
            self.read_users(profile, cx, actions);
        }
    }

    /// The profile switched: drops what belongs to it. The sessions go too, secrets and all.
    pub fn forget(&mut self, actions: &mut Vec<Action>) {
        actions.extend(self.jobs().into_iter().map(Action::Cancel));
        *self = Self { walk_timeout: self.walk_timeout, minutes: self.minutes, ..Self::default() };
    }

    /// The jobs under way, but for those that change something in Kinde: these run to their end, whoever looks.
    fn jobs(&self) -> Vec<JobId> {
        let walks = self.walks.values().filter(|walk| walk.is_running()).map(|walk| walk.job);
        let asked = self.learned.values().filter_map(|learned| learned.busy);
        let asked = asked.filter(|(_, what)| *what != Asked::Revoke).map(|(job, _)| job);
        let users = self.users.is_loading().then_some(self.users_job);
        let credentials = self.credentials.load.is_loading().then_some(self.credentials.job);
        walks.chain(asked).chain(users).chain(credentials).collect()
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

    /// The provider of the app shown.
    pub(super) fn provider(&self, profile: &Profile) -> Option<&'static Provider> {
        provider_of(profile, self.key.as_deref()?)
    }

    /// For whom the next walk is; `None` says that something is missing.
    pub(super) fn subject(&self) -> Option<(Subject, String)> {
        match self.kind {
            SubjectKind::User => self.user.as_ref().map(|user| (Subject::User(user.id.clone()), user.label.clone())),
            SubjectKind::Org => {
                let code = self.org.trim();
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
        let (Some(key), Some((subject, label))) = (self.key.clone(), self.subject()) else { return };
        let provider = provider_of(profile, &key);
        let nudge = Arc::new(Notify::new());
        let job = cx.job();
        let whom = match &subject {
            Subject::User(_) => format!("Kinde user {label}"),
            Subject::Org(_) => format!("Kinde organization {label}"),
        };
        self.walks.insert(key.clone(), WalkState::new(job, whom, provider, Arc::clone(&nudge), cx.now));
        self.session = None;
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
        let (Some(profile), Some(session)) = (self.profile, self.sessions.get(number)) else { return };
        let command = match what {
            Asked::Again => {
                Command::FetchAgain { profile, number, session: session.secret.clone(), before: session.token.clone() }
            }
            Asked::Probe => {
                let Some(token) = &session.token else { return };
                Command::Probe {
                    profile,
                    number,
                    provider: session.provider.clone(),
                    token: token.access_token.clone(),
                    holder: if session.who.is_empty() { String::new() } else { self.holder(session) },
                    asked: session.asked.clone(),
                }
            }
            Asked::Revoke => Command::Revoke {
                profile,
                number,
                request: RevokeRequest {
                    session: session.secret.clone(),
                    key: Some(session.key.clone()).filter(|key| !key.is_empty()),
                    provider: session.provider.clone(),
                    held: session.token.clone(),
                },
            },
        };
        let job = cx.job();
        let learned = self.learned.entry(number).or_default();
        learned.busy = Some((job, what));
        learned.error = None;
        learned.note = None;
        if what == Asked::Revoke {
            learned.checks.clear();
            learned.headline.clear();
        }
        actions.push(Action::Run(job, command.into()));
    }

    fn holder(&self, session: &Session) -> String {
        let walk = self.walks.get(&session.key).filter(|walk| walk.number == Some(session.number));
        walk.map_or_else(|| format!("Kinde user {}", session.who), |walk| walk.whom.clone())
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
                if self.user.is_none() {
                    let first = self.users.value().and_then(|users| users.list.first());
                    self.user = first.map(|user| Chosen { id: user.id.clone(), label: user.label() });
                }
            }
            Event::UserCreated(result) if self.creating == Some(job) => {
                self.creating = None;
                match result {
                    Ok(user) => {
                        self.user = Some(Chosen { id: user.id.clone(), label: user.label() });
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
                    self.key = key;
                    self.add = None;
                    self.apps_error = None;
                }
                actions.push(Action::ProfilesChanged);
            }
            Event::NotRemembered(error) => {
                self.apps_job = 0;
                self.apps_error = Some(error);
            }
            Event::Walk(event) => self.on_walk(job, event),
            Event::WalkEnded(outcome) => {
                let Some((key, walk)) = self.walks.iter_mut().find(|(_, walk)| walk.job == job) else { return };
                let key = key.clone();
                for step in outcome.steps {
                    place(&mut walk.steps, step);
                }
                walk.ended = Some(Ended::of(&outcome.end));
                walk.cancelling = false;
                let whom = walk.whom.clone();
                // After a no there is nothing to ask for; after a silence the consent may still come.
                let over = matches!(outcome.end, WalkEnd::Denied(_) | WalkEnd::Refused(_));
                let Some(session) = outcome.session.filter(|_| !over) else { return };
                let number = self.sessions.add(session);
                if let Some(walk) = self.walks.get_mut(&key) {
                    walk.number = Some(number);
                }
                if self.key.as_deref() == Some(&key) {
                    self.session = Some(number);
                }
                if let WalkEnd::Connected { probe, .. } = outcome.end {
                    let learned = self.learned.entry(number).or_default();
                    learned.headline = headline(&probe, &whom);
                    learned.checks = probe;
                }
            }
            Event::WalkFailed(error) => {
                if let Some(walk) = self.walks.values_mut().find(|walk| walk.job == job) {
                    walk.steps.clear();
                    walk.ended = Some(Ended::Failed(error));
                }
            }
            Event::RevokeCheck { number, check } => {
                if let Some(learned) = self.waiting(job, number) {
                    learned.checks.push(check);
                }
            }
            Event::Revoked { number, result } => {
                let Some(learned) = self.waiting(job, number) else { return };
                learned.busy = None;
                match result {
                    Ok(outcome) => {
                        learned.headline = if outcome.revoked {
                            "The session is revoked".to_owned()
                        } else {
                            "The session was not revoked".to_owned()
                        };
                        learned.checks = outcome.checks;
                        learned.error = outcome.error;
                        if outcome.revoked {
                            self.sessions.revoked(number, now);
                        }
                    }
                    Err(error) => learned.error = Some(error),
                }
            }
            Event::Fetched { number, result } => {
                let Some(learned) = self.waiting(job, number) else { return };
                learned.busy = None;
                match result {
                    Ok(again) => {
                        learned.note = Some(if again.refreshed {
                            "Refreshed by Kinde: token or expiry changed since the last fetch".to_owned()
                        } else {
                            "Kinde handed out the same token".to_owned()
                        });
                        self.sessions.fetched(number, again.token);
                    }
                    Err(error) => learned.error = Some(error),
                }
            }
            Event::Probed { number, result } => {
                let whom = self.sessions.get(number).map(|session| self.holder(session)).unwrap_or_default();
                let Some(learned) = self.waiting(job, number) else { return };
                learned.busy = None;
                match result {
                    Ok(checks) => {
                        learned.headline = headline(&checks, &whom);
                        learned.checks = checks;
                    }
                    Err(error) => learned.error = Some(error),
                }
            }
            Event::Credentials(result) if job == self.credentials.job => self.credentials.load.finish(result),
            Event::Origins(_) | Event::Users { .. } | Event::UserCreated(_) | Event::Credentials(_) => {}
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
        for learned in self.learned.values_mut() {
            if learned.busy.take_if(|(busy, _)| *busy == job).is_some() {
                learned.error = end.without_answer();
            }
        }
        if let Some(walk) = self.walks.values_mut().find(|walk| walk.job == job && walk.is_running()) {
            walk.cancelling = false;
            walk.ended = Some(end.without_answer().map_or(Ended::Cancelled, Ended::Failed));
        }
    }

    fn on_walk(&mut self, job: JobId, event: WalkEvent) {
        let Some(walk) = self.walks.values_mut().find(|walk| walk.job == job) else { return };
        match event {
            WalkEvent::Step(step) => place(&mut walk.steps, step),
            WalkEvent::AuthUrl { url, session, .. } => {
                walk.url = Some(url);
                walk.session = Some(session);
            }
            WalkEvent::Waiting { polls, next_at, deadline } => walk.waiting = Some((polls, next_at, deadline)),
            WalkEvent::Token(_) | WalkEvent::Probed(_) => walk.waiting = None,
        }
    }

    /// What is known of a session, where `job` is what it waits for.
    fn waiting(&mut self, job: JobId, number: SessionId) -> Option<&mut Learned> {
        self.learned.get_mut(&number).filter(|learned| learned.busy.is_some_and(|(id, _)| id == job))
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

/// The sentence over a probe: what the account check says, good or bad.
fn headline(checks: &[Check], whom: &str) -> String {
    if let Some(trouble) = first_trouble(checks).filter(|check| check.verdict == crate::check::Verdict::Fail) {
        return trouble.why.clone().unwrap_or_default();
    }
    let account = checks.iter().find(|check| check.name == "account");
    account
        .and_then(|check| check.seen.clone().or_else(|| check.why.clone()))
        .unwrap_or_else(|| format!("{whom} holds a token"))
}
