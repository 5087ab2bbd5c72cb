//! What the Tenant room remembers, and how it takes what comes back.

use jiff::Timestamp;
use uuid::Uuid;

use super::m2m::M2mForm;
use crate::action::{Action, Mood, TenantAsk};
use crate::backend::tenant::{AddedM2m, Command, EnvFile, Event, FoundTenant, HandedToken, RemovedProfile};
use crate::backend::{End, JobId};
use crate::check::Check;
use crate::error::UserError;
use crate::kinde::M2m;
use crate::screens::{Cx, give_up};
use crate::secrets::Kept;
use crate::tenant::Profile;
use crate::tenant::doctor::Report;
use crate::ui::Load;

/// A question that stands over the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// Remove the profile?
    Remove,
    /// Remove it although its secrets stay in the keyring?
    RemoveAnyway,
    /// Stop asking before writing?
    Loosen,
}

/// A tenant that was found, for the line that says so.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub profile: Uuid,
    pub name: String,
    pub already: bool,
    pub checks: Vec<Check>,
}

/// What the room remembers.
#[derive(Default)]
pub struct State {
    /// As typed into "Kinde domain".
    pub(super) domain: String,
    /// The domain form shows although a tenant is chosen.
    pub(super) adding: bool,
    /// The domain form had the keyboard once.
    pub(super) focused: bool,
    pub(super) find: Load<Found>,
    pub(super) find_job: JobId,
    pub(super) m2m: M2mForm,
    pub(super) doctor: Load<Report>,
    pub(super) doctor_job: JobId,
    /// The last examination minted a new token.
    pub(super) checked_again: bool,
    /// Examine as soon as the profile is there.
    pub(super) wants_examine: bool,
    pub(super) token_job: JobId,
    pub(super) token_error: Option<UserError>,
    /// On its way to the clipboard; told about once it is there.
    pub(super) clipboard: Option<HandedToken>,
    pub(super) env: Option<EnvFile>,
    /// It was read just now: the forms are to be filled.
    pub(super) env_fresh: bool,
    pub(super) env_job: JobId,
    pub(super) env_error: Option<UserError>,
    pub(super) change_job: JobId,
    pub(super) change_error: Option<UserError>,
    pub(super) question: Option<Question>,
    /// The events of a removed profile stay.
    pub(super) events_stay: bool,
    pub(super) remove_job: JobId,
    pub(super) unfinished_job: JobId,
    /// What earlier runs left half done in the tenant of the profile that is to be removed; `None` until it is counted.
    pub(super) unfinished: Option<Result<usize, UserError>>,
    /// The profile that this room itself is about to choose: what is typed stays then.
    pub(super) expected: Option<Uuid>,
}

/// What became of a removed profile and its events, and what stays of it in its tenant.
fn told(removed: RemovedProfile) -> Vec<Action> {
    let RemovedProfile { name, events, lent } = removed;
    let left = lent.then(|| {
        let detail = "Kinde did not answer in time. The note of what was there before stays in the data folder, and it is put \
                      back when the tenant is connected again";
        Action::Notify(Mood::Warn, format!("A webhook of {name} still points at this machine"), detail.to_owned())
    });
    [became_of(&name, events)].into_iter().chain(left).collect()
}

fn became_of(name: &str, events: Option<Result<usize, UserError>>) -> Action {
    let title = format!("{name} was removed");
    match events {
        None => Action::Notify(
            Mood::Success,
            title,
            "Its received events are still in the data folder: Settings counts them, and deletes them".to_owned(),
        ),
        Some(Ok(0)) => Action::Notify(Mood::Success, title, String::new()),
        Some(Ok(1)) => Action::Notify(Mood::Success, title, "1 received event was deleted with it".to_owned()),
        Some(Ok(count)) => {
            Action::Notify(Mood::Success, title, format!("{count} received events were deleted with it"))
        }
        Some(Err(error)) => Action::Notify(
            Mood::Error,
            format!("{title}, its received events were not deleted"),
            format!("{}. {} Settings can delete them", error.detail, error.hint),
        ),
    }
}

/// True where its Management API can be asked.
pub(super) fn has_m2m(profile: &Profile) -> bool {
    profile.client_id.is_some() || profile.is_sandbox()
}

impl State {
    /// The room is opened, or the profile was switched.
    pub fn entered(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        // A token that came while another room was open is not copied behind the person's back.
        self.clipboard = None;
        self.token_job = 0;
        let Some(profile) = cx.profile else { return };
        if has_m2m(profile) {
            self.examine(cx, profile, false, actions);
        }
    }

    /// The profile was switched: what belongs to the one before goes, with what was typed for it.
    pub fn forget(&mut self, actions: &mut Vec<Action>) {
        self.cancel_reads(actions);
        let kept = std::mem::take(self);
        if kept.expected.is_some() {
            self.find = kept.find;
            self.m2m = kept.m2m;
            self.env = kept.env;
        }
    }

    /// Ends what only reads.
    pub(super) fn cancel_reads(&self, actions: &mut Vec<Action>) {
        actions.extend(self.reads().into_iter().map(Action::Cancel));
    }

    /// The jobs under way that only read. What was asked to be changed is changed, whoever looks.
    fn reads(&self) -> Vec<JobId> {
        [
            (self.find_job, self.find.is_loading() && self.expected.is_none()),
            (self.doctor_job, self.doctor.is_loading()),
            (self.token_job, self.token_job != 0),
        ]
        .into_iter()
        .filter_map(|(job, runs)| runs.then_some(job))
        .collect()
    }

    pub(super) fn examine(&mut self, cx: &Cx<'_>, profile: &Profile, again: bool, actions: &mut Vec<Action>) {
        if self.doctor.is_loading() && !again {
            return;
        }
        self.doctor_job = cx.job();
        self.doctor.start();
        self.checked_again = again;
        self.run(self.doctor_job, Command::Examine { profile: profile.id, again }, actions);
    }

    /// Whether that can be asked now.
    pub fn can(&self, ask: TenantAsk, cx: &Cx<'_>) -> bool {
        match ask {
            TenantAsk::CheckAgain => cx.profile.is_some(),
            TenantAsk::CopyToken => cx.profile.is_some_and(has_m2m) && self.token_job == 0,
            TenantAsk::ImportEnv => true,
        }
    }

    /// Does what was asked from elsewhere.
    pub fn ask(&mut self, ask: TenantAsk, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        match (ask, cx.profile) {
            (TenantAsk::CheckAgain, Some(profile)) => {
                // Entering the room may just have begun to look.
                if self.doctor.is_loading() {
                    actions.push(Action::Cancel(self.doctor_job));
                }
                self.doctor.cancel();
                self.examine(cx, profile, has_m2m(profile), actions);
            }
            (TenantAsk::CopyToken, Some(profile)) => self.fetch_token(cx, profile, actions),
            (TenantAsk::ImportEnv, _) => super::env::pick(self, cx, actions),
            (_, None) => {}
        }
    }

    /// Asks for an access token, for the clipboard.
    pub(super) fn fetch_token(&mut self, cx: &Cx<'_>, profile: &Profile, actions: &mut Vec<Action>) {
        self.token_error = None;
        self.token_job = cx.job();
        self.run(self.token_job, Command::Token { profile: profile.id }, actions);
    }

    pub(super) fn check_domain(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.find_job = cx.job();
        self.find = Load::Idle;
        self.find.start();
        self.run(self.find_job, Command::Find { text: self.domain.clone() }, actions);
    }

    pub(super) fn save_m2m(&mut self, cx: &Cx<'_>, profile: &Profile, actions: &mut Vec<Action>) {
        let job = cx.job();
        let audience = Some(self.m2m.audience.trim().to_owned()).filter(|text| !text.is_empty());
        let m2m = M2m { client_id: self.m2m.client_id.clone(), client_secret: self.m2m.secret.peek(), audience };
        self.m2m.saving = Some(job);
        self.m2m.error = None;
        self.m2m.saved = None;
        self.run(job, Command::AddM2m { profile: profile.id, m2m }, actions);
    }

    /// Asks before the profile is removed, and counts meanwhile what would stay half done.
    pub(super) fn ask_removal(&mut self, cx: &Cx<'_>, profile: &Profile, actions: &mut Vec<Action>) {
        self.question = Some(Question::Remove);
        self.unfinished = None;
        self.unfinished_job = cx.job();
        self.run(self.unfinished_job, Command::Unfinished { profile: profile.id }, actions);
    }

    /// What is half done in the tenant, and what becomes of it once its profile is gone; `None` where nothing is.
    pub(super) fn stays_half_done(&self, profile: &Profile) -> Option<String> {
        let which = match self.unfinished.as_ref()? {
            Ok(0) => return None,
            Ok(1) => "A replacement or trigger of its webhooks was cut off, and is not put right for good".to_owned(),
            Ok(count) => {
                format!("{count} replacements or triggers of its webhooks were cut off, and are not put right for good")
            }
            Err(error) => {
                format!("Whether a replacement or trigger of its webhooks was cut off cannot be read: {}", error.title)
            }
        };
        // An address on this machine is another tenant's tomorrow: nothing is looked for there.
        let later = match profile.domain.as_ref().filter(|domain| !domain.is_loopback()) {
            Some(domain) => format!("the note of it stays in the data folder until {domain} is connected again"),
            None => "nobody does it later".to_owned(),
        };
        Some(format!("{which}. Cancel and open Webhooks to have it put right now; {later}."))
    }

    #[expect(clippy::unused_self, reason = "reads as what the room does")]
    pub(super) fn run(&self, job: JobId, command: Command, actions: &mut Vec<Action>) {
        actions.push(Action::Run(job, command.into()));
    }

    /// Takes what came back; what nobody waits for any more is dropped.
    pub fn on_event(&mut self, job: JobId, event: Event, _now: Timestamp, actions: &mut Vec<Action>) {
        match event {
            Event::Found(result) if job == self.find_job && self.find.is_loading() => self.found(result, actions),
            Event::Added(result) if self.m2m.saving == Some(job) => self.added(result, actions),
            Event::Examined(result) if job == self.doctor_job && self.doctor.is_loading() => {
                // The environment may have been written down.
                if result.as_ref().is_ok_and(|report| report.environment.is_some()) {
                    actions.push(Action::ProfilesChanged);
                }
                self.doctor.finish(result.map(|report| *report));
            }
            Event::Token(result) if job == self.token_job => {
                self.token_job = 0;
                match result {
                    Ok(token) => self.clipboard = Some(token),
                    Err(error) => self.token_error = Some(error),
                }
            }
            Event::Changed(result) if job == self.change_job => {
                self.change_job = 0;
                self.change_error = result.err();
                actions.push(Action::ProfilesChanged);
            }
            Event::Removed(result) if job == self.remove_job => {
                self.remove_job = 0;
                match result {
                    Ok(removed) => {
                        *self = Self::default();
                        actions.push(Action::ProfilesChanged);
                        actions.extend(told(removed));
                    }
                    Err(error) => self.change_error = Some(error),
                }
            }
            Event::Unfinished(result) if job == self.unfinished_job => self.unfinished = Some(result),
            Event::SecretsStay(error) if job == self.remove_job => {
                self.remove_job = 0;
                self.change_error = Some(error);
                self.question = Some(Question::RemoveAnyway);
            }
            Event::Env(result) if job == self.env_job => {
                self.env_job = 0;
                match result {
                    Ok(Some(file)) => {
                        self.env = Some(*file);
                        self.env_fresh = true;
                        self.env_error = None;
                    }
                    Ok(None) => {}
                    Err(error) => self.env_error = Some(error),
                }
            }
            Event::Dropped(Ok(text)) => actions.push(Action::PasteToInspector(text)),
            Event::Dropped(Err(error)) => {
                let detail = format!("{}. {}", error.detail, error.hint);
                actions.push(Action::Notify(Mood::Error, error.title, detail));
            }
            // What nobody waits for any more; profiles it changed are read again all the same.
            Event::Found(Ok(_))
            | Event::Added(Ok(_))
            | Event::Examined(Ok(_))
            | Event::Changed(Ok(()))
            | Event::Removed(Ok(_)) => {
                actions.push(Action::ProfilesChanged);
            }
            _ => {}
        }
    }

    /// A job ended: what still waits for its answer stops waiting, and says why where there is a why.
    pub fn on_end(&mut self, job: JobId, end: End) {
        if job == self.find_job && self.find.is_loading() {
            give_up(&mut self.find, end);
        }
        if job == self.doctor_job && self.doctor.is_loading() {
            give_up(&mut self.doctor, end);
        }
        if self.m2m.saving.take_if(|saving| *saving == job).is_some() {
            self.m2m.error = end.without_answer();
        }
        let waiting = [(&mut self.token_job, &mut self.token_error), (&mut self.env_job, &mut self.env_error)];
        for (waits_for, error) in waiting {
            if *waits_for == job {
                *waits_for = 0;
                *error = end.without_answer();
            }
        }
        if job == self.change_job || job == self.remove_job {
            self.change_job = 0;
            self.remove_job = 0;
            self.change_error = end.without_answer();
        }
    }

    fn found(&mut self, result: Result<Box<FoundTenant>, UserError>, actions: &mut Vec<Action>) {
        match result {
            Ok(found) => {
                let FoundTenant { profile, already, checks } = *found;
                self.find.ready(Found { profile: profile.id, name: profile.name.clone(), already, checks });
                self.domain.clear();
                self.adding = false;
                self.expected = Some(profile.id);
                actions.push(Action::ProfilesChanged);
                actions.push(Action::SwitchProfile(profile.id));
            }
            Err(error) => self.find.fail(error),
        }
    }

    fn added(&mut self, result: Result<Box<AddedM2m>, UserError>, actions: &mut Vec<Action>) {
        self.m2m.saving = None;
        match result {
            Ok(added) => {
                self.m2m.secret.clear();
                self.m2m = M2mForm { secret: std::mem::take(&mut self.m2m.secret), ..M2mForm::default() };
                self.m2m.saved = Some(match added.kept {
                    Kept::Keyring => "The client secret is in the system keyring",
                    Kept::ThisRun => "The client secret is kept for this run",
                });
                if added.kept == Kept::ThisRun {
                    // Asked once more, so that every room knows of it and the reason is told.
                    actions.push(Action::RetryKeyring);
                }
                self.m2m.environment_error = added.environment_error;
                self.wants_examine = true;
                actions.push(Action::ProfilesChanged);
            }
            Err(error) => {
                self.m2m.error = Some(error);
                self.m2m.reveal = true;
            }
        }
    }

    /// The token that came is put on the clipboard, and that is told.
    pub(super) fn copy_token(&mut self, ui: &egui::Ui, actions: &mut Vec<Action>) {
        let Some(token) = self.clipboard.take() else { return };
        ui.copy_text(token.secret.expose().to_owned());
        let until = format!("Good until {}", crate::clock::clock_time(token.expires_at));
        actions.push(Action::Notify(Mood::Success, "Access token copied".to_owned(), until));
    }
}
