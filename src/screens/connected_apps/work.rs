//! What was done on one profile: whom for, walks, sessions, and what was learned of them.
//!
//! It outlives a switch to another profile and back; secrets in it live as long as the window. No file, no I/O.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::walk_state::{Ended, WalkState};
use crate::action::{Action, JobId};
use crate::backend::End;
use crate::backend::connect::{Command, Event};
use crate::check::{Check, Verdict, first_trouble};
use crate::connect::{RevokeRequest, Session, SessionId, Sessions, WalkEnd, WalkEvent, WalkOutcome};
use crate::error::UserError;
use crate::screens::Cx;
use crate::step::place;

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
    /// Whose session it is, in words; `None` where only its id is known.
    pub whom: Option<String>,
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

/// The work on one profile.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// Reference key of the app shown.
    pub key: Option<String>,
    pub kind: SubjectKind,
    pub user: Option<Chosen>,
    pub org: String,
    /// The newest walk of each app, by Reference key.
    pub walks: BTreeMap<String, WalkState>,
    pub sessions: Sessions,
    /// The session shown.
    pub session: Option<SessionId>,
    pub learned: BTreeMap<SessionId, Learned>,
}

impl Work {
    /// True while the app is being connected.
    pub fn is_walking(&self, key: &str) -> bool {
        self.walks.get(key).is_some_and(WalkState::is_running)
    }

    /// True where an answer of `job` belongs here.
    pub fn waits_for(&self, job: JobId) -> bool {
        let busy = |learned: &Learned| learned.busy.is_some_and(|(id, _)| id == job);
        self.walks.values().any(|walk| walk.job == job) || self.learned.values().any(busy)
    }

    /// Cancels what is under way, but for what changes something in Kinde: that runs to its end, whoever looks.
    pub fn cancel(&mut self, actions: &mut Vec<Action>) {
        for walk in self.walks.values_mut().filter(|walk| walk.is_running() && !walk.cancelling) {
            walk.cancelling = true;
            actions.push(Action::Cancel(walk.job));
        }
        let asked = self.learned.values().filter_map(|learned| learned.busy);
        let reads = asked.filter(|(_, what)| *what != Asked::Revoke).map(|(job, _)| Action::Cancel(job));
        actions.extend(reads);
    }

    /// A job ended: what still waits for its answer stops waiting, and says why where there is a why.
    pub fn on_end(&mut self, job: JobId, end: End) {
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

    /// Asks Kinde or the provider about a session.
    pub fn ask(&mut self, profile: Uuid, number: SessionId, what: Asked, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let Some(session) = self.sessions.get(number) else { return };
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
        let learned = self.learned.entry(number).or_default();
        match learned.busy {
            // What only reads makes way for a revocation, whose result must reach the person.
            Some((reads, Asked::Again | Asked::Probe)) if what == Asked::Revoke => actions.push(Action::Cancel(reads)),
            Some(_) => return,
            None => {}
        }
        let job = cx.job();
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
        let told = self.learned.get(&session.number).and_then(|learned| learned.whom.clone());
        told.unwrap_or_else(|| format!("Kinde user {}", session.who))
    }

    /// An answer to one of the jobs it waits for.
    pub fn on_event(&mut self, job: JobId, event: Event, now: Timestamp) {
        match event {
            Event::Walk(event) => self.on_walk(job, event),
            Event::WalkEnded(outcome) => self.walk_ended(job, *outcome),
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
            // The rest belongs to forms and lists.
            _ => {}
        }
    }

    fn walk_ended(&mut self, job: JobId, outcome: WalkOutcome) {
        let Some((key, walk)) = self.walks.iter_mut().find(|(_, walk)| walk.job == job) else { return };
        for step in outcome.steps {
            place(&mut walk.steps, step);
        }
        walk.ended = Some(Ended::of(&outcome.end));
        walk.cancelling = false;
        // After a no there is nothing to ask for; after a silence the consent may still come.
        let over = matches!(outcome.end, WalkEnd::Denied(_) | WalkEnd::Refused(_));
        let Some(session) = outcome.session.filter(|_| !over) else { return };
        let number = self.sessions.add(session);
        if self.key.as_ref() == Some(key) {
            self.session = Some(number);
        }
        let learned = self.learned.entry(number).or_default();
        if let WalkEnd::Connected { probe, .. } = outcome.end {
            learned.headline = headline(&probe, &walk.whom);
            learned.checks = probe;
        }
        learned.whom = Some(walk.whom.clone());
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

/// The sentence over a probe: what the account check says, good or bad.
fn headline(checks: &[Check], whom: &str) -> String {
    if let Some(trouble) = first_trouble(checks).filter(|check| check.verdict == Verdict::Fail) {
        return trouble.why.clone().unwrap_or_default();
    }
    let account = checks.iter().find(|check| check.name == "account");
    account
        .and_then(|check| check.seen.clone().or_else(|| check.why.clone()))
        .unwrap_or_else(|| format!("{whom} holds a token"))
}
