//! What answers of the backend change in the room.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::editor_state::{Doing, Editor, Stage, Which, called};
use super::state::{Deleted, Question, State};
use crate::action::{Action, JobId};
use crate::backend::End;
use crate::backend::webhooks::Event;
use crate::error::UserError;
use crate::kinde::Webhook;
use crate::screens::give_up;
use crate::step::{Step, StepState, place};
use crate::ui::Mood;
use crate::webhooks::{Created, Recovered, Refusal, Saved};

impl State {
    /// An answer of the backend; those of jobs nobody waits for any more are dropped.
    pub fn on_event(&mut self, job: JobId, event: Event, _now: Timestamp, actions: &mut Vec<Action>) {
        match event {
            Event::Step(step) => self.on_step(job, step),
            Event::ItemStep(index, step) => self.plan.on_step(job, index, step),
            Event::Recovered { profile, result } => {
                if self.recovering.take_if(|waits| *waits == job).is_some() {
                    self.left = 0;
                }
                tell_recovered(&profile, result, actions);
            }
            Event::LeftOver { profile, name, count } => {
                if self.declined.get(&profile).is_some_and(|declined| *declined >= count) {
                    // Asked and answered.
                } else if self.profile == Some(profile) {
                    self.left = count;
                } else {
                    let title = format!("An earlier run left {} in {name}", things(count));
                    let detail = "Open its Webhooks room to put it right: there you are asked first";
                    actions.push(Action::Notify(Mood::Warn, title, detail.to_owned()));
                }
            }
            Event::Listed(result) if job == self.list_job => {
                self.list.finish(result);
                self.refresh_open();
            }
            Event::Types(result) if job == self.types_job => self.types.finish(result),
            Event::Created(result) => self.on_created(job, result, actions),
            Event::Saved(result) => self.on_saved(job, result, actions),
            Event::Deleted { profile, webhook, result } => self.on_deleted(job, profile, webhook, result, actions),
            Event::Undone(result) => self.on_undone(job, result, actions),
            Event::Seen(seen) if job == self.lookup.job => self.lookup.seen = Some(seen),
            Event::LookedUp(result) if job == self.lookup.job => self.lookup.answer(result),
            Event::Arrived(result) => self.trigger.on_arrived(job, result),
            Event::Triggered(result) => self.trigger.answer(job, result, actions),
            Event::Exported(result) => match result {
                Ok(Some(path)) => {
                    actions.push(Action::Notify(Mood::Success, "The webhooks are written to a file".to_owned(), path));
                }
                Ok(None) => {}
                Err(error) => self.plan.error = Some(error),
            },
            Event::Planned(result) => {
                self.plan.on_planned(job, result);
                // It was asked about what was shown before.
                self.question.take_if(|question| matches!(question, Question::Apply(_)));
            }
            Event::Applied(result) => {
                self.plan.on_applied(job, result, actions);
                self.list_is_old();
            }
            Event::Listed(_) | Event::Types(_) | Event::LookedUp(_) | Event::Seen(_) => {}
        }
    }

    fn on_step(&mut self, job: JobId, step: Step) {
        if step.id == "wait" {
            if step.state == StepState::Running {
                self.waits.insert(job, step.title.clone());
            } else {
                self.waits.remove(&job);
            }
        }
        if let Some(editor) = self.editors.values_mut().find(|editor| editor.is_doing(job)) {
            place(&mut editor.steps, step);
        } else if self.trigger.job == Some(job) {
            place(&mut self.trigger.steps, step);
        }
    }

    /// The list changed under the open editor: one without a draft shows what there is now.
    fn refresh_open(&mut self) {
        let webhooks = self.list.value().map(|listed| Arc::clone(&listed.webhooks)).unwrap_or_default();
        for (which, editor) in &mut self.editors {
            let Which::Of(id) = which else { continue };
            let now = webhooks.iter().find(|webhook| webhook.id == *id);
            let Some(now) = now.filter(|_| editor.may_follow()) else { continue };
            if editor.opened.as_ref().is_none_or(|opened| opened.definition != now.definition) {
                // Its fields too: else what they say would be an edit that nobody made.
                editor.open(now.clone());
            } else {
                editor.opened = Some(now.clone());
            }
        }
    }

    /// Something was written: what the list says may be out of date.
    fn list_is_old(&mut self) {
        self.stale = true;
    }

    fn doing(&mut self, job: JobId) -> Option<(Which, &mut Editor)> {
        self.editors.iter_mut().find(|(_, editor)| editor.is_doing(job)).map(|(which, editor)| (which.clone(), editor))
    }

    /// The draft of another profile that waits for the answer to `job`.
    fn put_aside(&mut self, job: JobId) -> Option<&mut Editor> {
        self.aside.values_mut().flat_map(BTreeMap::values_mut).find(|editor| editor.is_doing(job))
    }

    /// What came of a write whose profile is not the chosen one any more: its draft is done, or refused as it is; and it is
    /// told, with the id there is now.
    fn on_aside(
        &mut self,
        job: JobId,
        doing: Doing,
        result: Result<(String, String), Refusal>,
        actions: &mut Vec<Action>,
    ) {
        match result {
            Ok((title, id)) => {
                self.aside.values_mut().for_each(|editors| editors.retain(|_, editor| !editor.is_doing(job)));
                let detail = format!("In the profile that was chosen before. Its id is {id}");
                actions.push(Action::Notify(Mood::Success, title, if id.is_empty() { id } else { detail }));
            }
            Err(refusal) => {
                if let Some(editor) = self.put_aside(job) {
                    refuse(editor, doing, refusal.clone());
                }
                unseen(refusal, actions);
            }
        }
    }

    fn put(&mut self, old: Option<&str>, webhook: &Webhook) {
        let Some(listed) = self.list.value_mut() else { return };
        let old = old.unwrap_or(&webhook.id);
        let webhooks = Arc::make_mut(&mut listed.webhooks);
        match webhooks.iter_mut().find(|it| it.id == old) {
            Some(it) => *it = webhook.clone(),
            None => webhooks.push(webhook.clone()),
        }
    }

    fn on_created(&mut self, job: JobId, result: Result<Created, Refusal>, actions: &mut Vec<Action>) {
        let Some((which, editor)) = self.doing(job) else {
            let told = result.map(|created| (format!("{} was created", called(&created.webhook)), created.webhook.id));
            return self.on_aside(job, Doing::Create, told, actions);
        };
        match result {
            Ok(created) => {
                let mut editor = std::mem::take(editor);
                let webhook = created.webhook;
                editor.said = Some(format!("Created, with the id {}", webhook.id));
                editor.open(webhook.clone());
                self.editors.remove(&which);
                self.reopen(&which, webhook.id.clone(), editor);
                self.put(None, &webhook);
                self.list_is_old();
            }
            Err(refusal) => refuse(editor, Doing::Create, refusal),
        }
    }

    fn on_saved(&mut self, job: JobId, result: Result<Saved, Refusal>, actions: &mut Vec<Action>) {
        let Some((which, editor)) = self.doing(job) else {
            let told = result.map(|saved| match saved {
                Saved::Unchanged => ("Nothing was different, and nothing was sent".to_owned(), String::new()),
                Saved::Updated { webhook, .. } => (format!("{} was saved", called(&webhook)), webhook.id),
                Saved::Replaced(it) => (format!("{} was replaced", called(&it.webhook)), it.webhook.id),
            });
            return self.on_aside(job, Doing::Save, told, actions);
        };
        match result {
            Ok(Saved::Unchanged) => {
                editor.stage = Stage::Edit;
                editor.said = Some("Nothing was different, and nothing was sent".to_owned());
            }
            Ok(Saved::Updated { webhook, .. }) => {
                editor.said = Some("Saved".to_owned());
                editor.open(webhook.clone());
                self.put(None, &webhook);
                self.list_is_old();
            }
            Ok(Saved::Replaced(replaced)) => {
                let mut editor = std::mem::take(editor);
                let webhook = replaced.webhook;
                editor.said = Some(format!("Replaced. The new id is {}", webhook.id));
                editor.open(webhook.clone());
                self.editors.remove(&which);
                self.reopen(&which, webhook.id.clone(), editor);
                self.put(Some(&replaced.old), &webhook);
                self.list_is_old();
            }
            Err(refusal) => {
                refuse(editor, Doing::Save, refusal);
                self.list_is_old();
            }
        }
    }

    fn reopen(&mut self, which: &Which, id: String, editor: Editor) {
        let now = Which::Of(id);
        if self.open.as_ref() == Some(which) {
            self.open = Some(now.clone());
        }
        self.editors.insert(now, editor);
    }

    fn on_deleted(
        &mut self,
        job: JobId,
        profile: Uuid,
        webhook: Box<Webhook>,
        result: Result<(), Refusal>,
        actions: &mut Vec<Action>,
    ) {
        let which = Which::Of(webhook.id.clone());
        match result {
            Ok(()) => {
                self.editors.remove(&which);
                self.aside.values_mut().for_each(|editors| drop(editors.remove(&which)));
                self.open.take_if(|open| *open == which);
                if let Some(listed) = self.list.value_mut() {
                    Arc::make_mut(&mut listed.webhooks).retain(|it| it.id != webhook.id);
                }
                actions.push(Action::Offer {
                    mood: Mood::Success,
                    title: format!("{} was deleted", called(&webhook)),
                    detail: "Undo makes it again as it was, under a new id".to_owned(),
                    words: "Undo",
                    action: Box::new(Action::UndoDelete(webhook.id.clone())),
                });
                self.deleted.push(Deleted { profile, webhook, job: None, error: None, dismissed: false });
                self.list_is_old();
            }
            Err(refusal) => {
                let Some((_, editor)) = self.doing(job) else {
                    return self.on_aside(job, Doing::Delete, Err(refusal), actions);
                };
                refuse(editor, Doing::Delete, refusal);
            }
        }
    }

    fn on_undone(&mut self, job: JobId, result: Result<Created, Refusal>, actions: &mut Vec<Action>) {
        let Some(at) = self.deleted.iter().position(|deleted| deleted.job == Some(job)) else { return };
        let mut deleted = self.deleted.remove(at);
        deleted.job = None;
        match result {
            Ok(created) => {
                let here = Some(deleted.profile) == self.profile;
                let title = format!("{} is there again", called(&created.webhook));
                let detail = format!("Its new id is {}", created.webhook.id);
                actions.push(Action::Notify(Mood::Success, title, detail));
                if here {
                    self.put(None, &created.webhook);
                    // Nothing moves behind a question.
                    if self.question.is_none() {
                        self.show(&created.webhook);
                    }
                    self.list_is_old();
                }
            }
            Err(refusal) => {
                actions.push(not_back(&deleted.webhook, &refusal.error));
                deleted.error = Some(refusal.error);
                self.deleted.insert(at, deleted);
            }
        }
    }

    /// A job ended: what still waits for its answer stops waiting, and says why where there is a why.
    pub fn on_end(&mut self, job: JobId, end: End) {
        self.waits.remove(&job);
        if job == self.list_job && self.list.is_loading() {
            give_up(&mut self.list, end);
        }
        if job == self.types_job && self.types.is_loading() {
            give_up(&mut self.types, end);
        }
        if job == self.lookup.job && self.lookup.found.is_loading() {
            give_up(&mut self.lookup.found, end);
        }
        if let Some((_, editor)) = self.doing(job) {
            let Stage::Busy(_, doing) = editor.stage else { return };
            editor.stage = Stage::Edit;
            editor.refusal = end.without_answer().map(|error| (doing, failed(error)));
        }
        if let Some(editor) = self.put_aside(job) {
            editor.stage = Stage::Edit;
        }
        if let Some(deleted) = self.deleted.iter_mut().find(|deleted| deleted.job == Some(job)) {
            deleted.job = None;
            deleted.error = end.without_answer();
        }
        self.recovering.take_if(|waits| *waits == job);
        self.leftovers.on_end(job, end);
        self.trigger.on_end(job, end);
        self.plan.on_end(job, end);
    }
}

/// An undo that went wrong: the room may not be the one that is open.
fn not_back(webhook: &Webhook, error: &UserError) -> Action {
    let title = format!("{} was not made again", called(webhook));
    Action::Notify(Mood::Error, title, format!("{}. {}", error.title, error.detail))
}

/// A refusal whose editor is not there any more: the profile was switched meanwhile.
fn unseen(Refusal { error, .. }: Refusal, actions: &mut Vec<Action>) {
    actions.push(Action::Notify(Mood::Error, error.title, format!("{}. {}", error.detail, error.hint)));
}

fn failed(error: UserError) -> Refusal {
    Refusal { why: crate::webhooks::Why::Failed, error }
}

fn refuse(editor: &mut Editor, doing: Doing, refusal: Refusal) {
    editor.stage = if doing == Doing::Save { Stage::Review } else { Stage::Edit };
    editor.refusal = Some((doing, refusal));
}

pub(super) fn things(count: usize) -> String {
    if count == 1 { "one thing half done".to_owned() } else { format!("{count} things half done") }
}

fn tell_recovered(profile: &str, result: Result<Vec<Recovered>, UserError>, actions: &mut Vec<Action>) {
    match result {
        Ok(list) => actions.extend(list.into_iter().map(|it| {
            let (mood, title) = if it.settled {
                (Mood::Success, format!("Put right in {profile}"))
            } else {
                (Mood::Warn, format!("Still to be put right in {profile}"))
            };
            Action::Notify(mood, title, it.words)
        })),
        Err(error) => {
            let title = format!("What an earlier run left in {profile} could not be looked at");
            actions.push(Action::Notify(Mood::Warn, title, format!("{}. {}", error.title, error.hint)));
        }
    }
}
