//! What the Email room remembers, and how it takes what comes back.

use jiff::Timestamp;
use uuid::Uuid;

use super::domain::Domain;
use super::draft::Draft;
use super::form::Asked;
use super::handover::Fate;
use super::headers::Headers;
use super::resend::Resend;
use super::run::{Done, Live, Run};
use crate::action::{Action, MailAsk, Mood};
use crate::backend::mail::{Check, Command, EnvFile, Event};
use crate::backend::{End, JobId};
use crate::check::Verdict;
use crate::error::UserError;
use crate::mail::smtp::Correction;
use crate::mail::{self, Form};
use crate::screens::Cx;
use crate::screens::recipes::MailStanding;
use crate::secrets::{Kept, Secret};
use crate::tenant::Profile;

/// The parts of the room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Tab {
    #[default]
    Smtp,
    Resend,
    Domain,
    Headers,
    HandOver,
}

/// What the room remembers.
pub struct State {
    pub(super) tab: Tab,
    pub(super) draft: Draft,
    pub(super) run: Run,
    /// A check was begun: what it finds comes into sight, once.
    pub(super) show_result: bool,
    /// Keep what is checked for the profile.
    pub(super) keep: bool,
    /// Where its password is kept, where one was given; or why it is not kept.
    pub(super) kept: Option<Result<Option<Kept>, UserError>>,
    keep_job: JobId,
    pub(super) forget_job: JobId,
    /// The profile whose form is in the fields.
    filled_for: Option<Uuid>,
    open_job: JobId,
    /// Whose password is on its way.
    opening: Option<mail::Kept>,
    pub(super) env: Option<EnvFile>,
    env_job: JobId,
    authority_job: JobId,
    pub(super) sandbox_job: JobId,
    /// Ports of the sandbox's mail server, once the form was filled from it.
    sandbox_ports: Vec<u16>,
    /// What went wrong around the form: a file, the keyring, the sandbox.
    pub(super) form_error: Option<UserError>,
    pub(super) resend: Resend,
    pub(super) domain: Domain,
    pub(super) headers: Headers,
    pub(super) fate: Fate,
    pub(super) save_job: JobId,
    pub(super) save_error: Option<UserError>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            tab: Tab::default(),
            draft: Draft::default(),
            run: Run::default(),
            show_result: false,
            keep: true,
            kept: None,
            keep_job: 0,
            forget_job: 0,
            filled_for: None,
            open_job: 0,
            opening: None,
            env: None,
            env_job: 0,
            authority_job: 0,
            sandbox_job: 0,
            sandbox_ports: Vec::new(),
            form_error: None,
            resend: Resend::default(),
            domain: Domain::default(),
            headers: Headers::default(),
            fate: Fate::default(),
            save_job: 0,
            save_error: None,
        }
    }
}

impl State {
    /// The room is opened, or the profile was switched: what is kept for the profile fills the form, once.
    pub fn entered(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let Some(profile) = cx.profile else { return };
        if self.filled_for == Some(profile.id) {
            return;
        }
        self.filled_for = Some(profile.id);
        let Some(kept) = &profile.mail else { return };
        self.draft.set(&kept.form(Secret::default()));
        self.opening = Some(kept.clone());
        self.open_job = cx.job();
        actions.push(Action::Run(self.open_job, Command::Open { profile: profile.id }.into()));
    }

    /// The profile was switched: what was typed for the one before goes, and a check of it ends.
    pub fn forget(&mut self, actions: &mut Vec<Action>) {
        if let Some(live) = self.run.live() {
            actions.push(Action::Cancel(live.job));
        }
        self.resend.look.forget(actions);
        self.domain.look.forget(actions);
        *self = Self { tab: self.tab, ..Self::default() };
    }

    /// Does what was asked from elsewhere.
    pub fn ask(&mut self, ask: MailAsk, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        match ask {
            MailAsk::Check => {
                self.tab = Tab::Smtp;
                self.check(Asked::Check, cx, actions);
            }
            MailAsk::UseSandbox => {
                self.tab = Tab::Smtp;
                self.use_sandbox(cx, actions);
            }
            MailAsk::Resend => self.tab = Tab::Resend,
            MailAsk::Domain => self.tab = Tab::Domain,
            MailAsk::Headers => self.tab = Tab::Headers,
        }
    }

    /// Checks what is typed. Where a finding makes that useless, the check says so itself.
    pub(super) fn check(&mut self, asked: Asked, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.draft.read();
        self.draft.insist();
        if self.run.live().is_some() || self.draft.why_not().is_some() {
            return;
        }
        let Ok(dns) = self.draft.dns() else { return };
        let job = cx.job();
        let send = asked == Asked::Send;
        let form = self.draft.form().clone();
        let to = Some(self.draft.to.trim().to_owned()).filter(|to| !to.is_empty());
        let check = Check {
            form: form.clone(),
            to,
            send,
            dns,
            authority: self.draft.authority.clone(),
            insecure_loopback: self.draft.insecure && self.draft.is_loopback(),
        };
        self.run = Run::Live(Live::new(job, form.clone(), send));
        self.fate = Fate::default();
        self.show_result = true;
        actions.push(Action::Run(job, Command::Check(Box::new(check)).into()));
        if let Some(profile) = cx.profile.filter(|_| self.keep && !self.is_the_sandbox_s()) {
            self.keep(profile, form, cx, actions);
        }
    }

    fn keep(&mut self, profile: &Profile, form: Form, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.keep_job = cx.job();
        actions.push(Action::Run(self.keep_job, Command::Keep { profile: profile.id, form }.into()));
    }

    /// Puts a correction into the form and checks again.
    pub(super) fn correct(&mut self, correction: &Correction, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.draft.correct(correction.port, correction.security);
        self.check(Asked::Check, cx, actions);
    }

    pub(super) fn cancel(&mut self, job: JobId, actions: &mut Vec<Action>) {
        if let Run::Live(live) = &mut self.run {
            live.cancelling = true;
        }
        actions.push(Action::Cancel(job));
    }

    pub(super) fn pick_env(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.env(Command::PickEnv, cx, actions);
    }

    pub(super) fn env(&mut self, command: Command, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.env_job = cx.job();
        actions.push(Action::Run(self.env_job, command.into()));
    }

    pub(super) fn pick_authority(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.authority_job = cx.job();
        actions.push(Action::Run(self.authority_job, Command::PickAuthority.into()));
    }

    pub(super) fn use_sandbox(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.sandbox_job = cx.job();
        self.form_error = None;
        actions.push(Action::Run(self.sandbox_job, Command::Sandbox.into()));
    }

    pub(super) fn save(&mut self, name: String, text: String, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.save_job = cx.job();
        self.save_error = None;
        actions.push(Action::Run(self.save_job, Command::Save { name, text }.into()));
    }

    pub(super) fn forget_kept(&mut self, profile: Uuid, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.forget_job = cx.job();
        actions.push(Action::Run(self.forget_job, Command::Forget { profile }.into()));
    }

    /// True where what is typed is the sandbox's own server.
    pub(super) fn is_the_sandbox_s(&self) -> bool {
        self.draft.is_loopback() && self.sandbox_ports.contains(&self.draft.form().port)
    }

    /// True where what was checked is the sandbox's own server.
    pub(super) fn is_sandbox(&self, done: &Done) -> bool {
        self.sandbox_ports.contains(&done.form.port) && self.draft.is_loopback()
    }

    /// Takes what came back; what nobody waits for any more is dropped.
    pub fn on_event(&mut self, job: JobId, event: Event, now: Timestamp, actions: &mut Vec<Action>) {
        match event {
            Event::Progress(progress) => self.run.progress(job, progress, now),
            Event::Looked(check) => {
                self.resend.look.looked(job, check.clone());
                self.domain.look.looked(job, check);
            }
            Event::Domain(result) => self.domain.look.ended(job, result),
            Event::Resend(result) => self.resend.look.ended(job, result),
            Event::Checked(outcome) => self.run.checked(job, *outcome, now),
            Event::Opened(result) if job == self.open_job => {
                self.open_job = 0;
                let kept = self.opening.take();
                let its_own = kept.is_some_and(|kept| self.draft.is_of(&kept));
                match result {
                    // What was typed meanwhile stays, and the password of one server goes to no other.
                    Ok(Some(password)) if its_own && self.draft.password.is_empty() => {
                        self.draft.password.set(&password);
                        self.draft.read();
                    }
                    Ok(_) => {}
                    Err(error) => self.form_error = Some(error),
                }
            }
            Event::Kept(result) if job == self.keep_job => {
                self.keep_job = 0;
                self.kept = Some(result);
                actions.push(Action::ProfilesChanged);
            }
            Event::Env(result) if job == self.env_job => {
                self.env_job = 0;
                match result {
                    Ok(Some(mut file)) => {
                        if !file.imported.is_empty() {
                            let laid_over = file.imported.over(self.draft.form());
                            if laid_over.password.is_empty() && !self.draft.password.is_empty() {
                                file.imported.notes.push(NOT_CARRIED.to_owned());
                            }
                            self.draft.set(&laid_over);
                        }
                        self.env = Some(*file);
                        self.form_error = None;
                    }
                    Ok(None) => {}
                    Err(error) => self.form_error = Some(error),
                }
            }
            Event::Authority(result) if job == self.authority_job => {
                self.authority_job = 0;
                match result {
                    Ok(Some(authority)) => self.draft.authority = Some(authority),
                    Ok(None) => {}
                    Err(error) => self.form_error = Some(error),
                }
            }
            Event::Sandbox(result) if job == self.sandbox_job => {
                self.sandbox_job = 0;
                match result {
                    Ok(server) => self.fill_from_the_sandbox(server.form.clone(), server.ports.clone()),
                    Err(error) => self.form_error = Some(error),
                }
            }
            Event::Saved(result) if job == self.save_job => {
                self.save_job = 0;
                match result {
                    Ok(Some(path)) => {
                        let title = "The report was saved".to_owned();
                        actions.push(Action::Notify(Mood::Success, title, path.display().to_string()));
                    }
                    Ok(None) => {}
                    Err(error) => self.save_error = Some(error),
                }
            }
            Event::Forgotten(result) if job == self.forget_job => {
                self.forget_job = 0;
                self.kept = None;
                self.form_error = result.err();
                actions.push(Action::ProfilesChanged);
            }
            Event::Opened(_)
            | Event::Kept(_)
            | Event::Forgotten(_)
            | Event::Env(_)
            | Event::Authority(_)
            | Event::Sandbox(_)
            | Event::Saved(_) => {}
        }
    }

    fn fill_from_the_sandbox(&mut self, mut form: Form, ports: Vec<u16>) {
        let typed = self.draft.form();
        form.sender_name = or(&typed.sender_name, "Sandbox");
        form.sender_email = or(&typed.sender_email, SANDBOX_SENDER);
        self.sandbox_ports = ports;
        self.draft.set(&form);
        if self.draft.to.trim().is_empty() {
            self.draft.to = "ada@example.com".to_owned();
        }
    }

    /// How Resend's server stood when it was checked last; `None` where another one was, or none.
    pub fn resend_server(&self) -> Option<MailStanding> {
        let done = self.run.done().filter(|done| done.form.host.to_ascii_lowercase().ends_with("resend.com"))?;
        Some(MailStanding { ok: done.outcome.verdict() != Verdict::Fail, at: done.at })
    }

    /// A job ended: what still waits for its answer stops waiting, and says why where there is a why.
    pub fn on_end(&mut self, job: JobId, end: End) {
        if self.run.live().is_some_and(|live| live.job == job) {
            self.run = end.without_answer().map_or(Run::Idle, Run::Failed);
        }
        self.resend.look.on_end(job, end);
        self.domain.look.on_end(job, end);
        let waits = [
            &mut self.open_job,
            &mut self.env_job,
            &mut self.authority_job,
            &mut self.sandbox_job,
            &mut self.forget_job,
        ];
        for waits in waits {
            if job != 0 && *waits == job {
                *waits = 0;
                self.form_error = end.without_answer();
            }
        }
        if job == self.keep_job && job != 0 {
            self.keep_job = 0;
            self.kept = end.without_answer().map(Err);
        }
        if job == self.save_job && job != 0 {
            self.save_job = 0;
            self.save_error = end.without_answer();
        }
    }
}

/// Said where an import named another server or user, and no password.
const NOT_CARRIED: &str = "The password that was typed belongs to another server or user and was not carried over";

/// The sender of the sandbox's mail, until another is typed.
const SANDBOX_SENDER: &str = "hello@sandbox.example";

fn or(typed: &str, otherwise: &str) -> String {
    if typed.trim().is_empty() { otherwise } else { typed }.to_owned()
}
