//! What the webhooks room remembers while the window is open. No file, no I/O.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::editor_state::{Doing, Editor, Which, called};
use super::leftovers::Leftovers;
use super::lookup::LookUp;
use super::plan::{self, Plan};
use super::trigger::Trigger;
use crate::action::{Action, HooksAsk, JobId};
use crate::backend::webhooks::{Command, Listed};
use crate::error::UserError;
use crate::kinde::{Definition, Webhook};
use crate::screens::Cx;
use crate::tenant::Profile;
use crate::ui::Load;
use crate::webhooks::{AtLimit, Catalogue};

/// The parts of the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum View {
    #[default]
    Webhooks,
    Trigger,
    LookUp,
    Leftovers,
}

/// A question that is open.
#[derive(Debug, Clone)]
pub(super) enum Question {
    /// Make the new webhook, on a live environment.
    Create,
    /// Delete it; what was typed of its name.
    Delete(Box<Webhook>, String),
    /// Delete the old one first, where the plan has no room for two.
    DeleteFirst {
        /// Its editor.
        which: Which,
        /// The webhook's.
        name: String,
        /// What Kinde said of the limit.
        said: String,
    },
    /// Make the deleted one that had this id again, on a live environment.
    Undo(String),
    /// Cause this event, on a live environment.
    Trigger(String),
    /// Put right what was left, on a live environment.
    Recover,
    /// Apply the plan, on a live environment; what was typed of the profile's name.
    Apply(String),
    /// Begin another new webhook, and drop the one begun.
    DropDraft(Box<Definition>),
}

/// A webhook that was deleted.
#[derive(Debug, Clone)]
pub(super) struct Deleted {
    pub profile: Uuid,
    pub webhook: Box<Webhook>,
    /// It is being made again.
    pub job: Option<JobId>,
    pub error: Option<UserError>,
    /// The room does not speak of it any more; the toast still may.
    pub dismissed: bool,
}

/// The room's state. The shell keeps it.
#[derive(Debug, Default)]
pub struct State {
    /// The profile all of this belongs to.
    pub(super) profile: Option<Uuid>,
    pub(super) view: View,
    pub(super) list: Load<Listed>,
    pub(super) list_job: JobId,
    /// What a job waits for: Kinde asks to slow down.
    pub(super) waits: BTreeMap<JobId, String>,
    pub(super) types: Load<Catalogue>,
    pub(super) types_job: JobId,
    /// The webhooks that point here for a while, by profile; empty while one is being made or put back.
    pub(super) here: BTreeMap<Uuid, String>,
    /// Something was written since the list was read.
    pub(super) stale: bool,
    pub(super) search: String,
    /// Column and whether it goes from large to small.
    pub(super) order: (usize, bool),
    pub(super) editors: BTreeMap<Which, Editor>,
    pub(super) open: Option<Which>,
    /// Drafts of the other profiles.
    pub(super) aside: BTreeMap<Uuid, BTreeMap<Which, Editor>>,
    /// What was deleted and not made again, in that order.
    pub(super) deleted: Vec<Deleted>,
    pub(super) question: Option<Question>,
    /// Things an earlier run left in a live environment.
    pub(super) left: usize,
    /// How many of them the person said to leave, by profile: nobody is asked about these again.
    pub(super) declined: BTreeMap<Uuid, usize>,
    pub(super) recovering: Option<JobId>,
    pub(super) lookup: LookUp,
    pub(super) trigger: Trigger,
    pub(super) plan: Plan,
    /// Of every profile, so it stays when the profile is switched.
    pub(super) leftovers: Leftovers,
}

impl State {
    /// The room was opened, or the profile switched: reads what is missing.
    pub fn entered(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let Some(profile) = cx.profile else { return };
        if self.profile != Some(profile.id) {
            self.forget(actions);
            self.profile = Some(profile.id);
            self.editors = self.aside.remove(&profile.id).unwrap_or_default();
        }
        if !can_ask(profile) {
            return;
        }
        if !self.list.is_loading() {
            self.read(profile, cx, actions);
        }
        if self.types.is_idle() {
            self.read_types(profile, cx, actions);
        }
    }

    /// The profile switched: drops what belongs to it. Drafts are put aside; what writes runs to its end.
    pub fn forget(&mut self, actions: &mut Vec<Action>) {
        let reads = [
            (self.list.is_loading(), self.list_job),
            (self.types.is_loading(), self.types_job),
            (self.lookup.found.is_loading(), self.lookup.job),
            (self.plan.picking.is_some(), self.plan.picking.unwrap_or_default()),
            (self.trigger.watch.is_some(), self.trigger.watch.unwrap_or_default()),
        ];
        actions.extend(reads.into_iter().filter(|(runs, _)| *runs).map(|(_, job)| Action::Cancel(job)));
        let mut aside = std::mem::take(&mut self.aside);
        if let Some(profile) = self.profile {
            let mut editors = std::mem::take(&mut self.editors);
            editors.retain(|_, editor| editor.is_dirty());
            if !editors.is_empty() {
                aside.insert(profile, editors);
            }
        }
        let (deleted, declined) = (std::mem::take(&mut self.deleted), std::mem::take(&mut self.declined));
        let (here, leftovers) = (std::mem::take(&mut self.here), std::mem::take(&mut self.leftovers));
        *self = Self { aside, deleted, declined, here, leftovers, order: self.order, ..Self::default() };
    }

    /// Which webhooks point here for a while. Where that changed the list is old.
    pub fn point_here(&mut self, here: BTreeMap<Uuid, String>) {
        let of = |all: &BTreeMap<Uuid, String>| self.profile.and_then(|profile| all.get(&profile).cloned());
        self.stale |= of(&self.here) != of(&here);
        self.here = here;
    }

    /// Opens the look over all profiles for what was left.
    pub fn show_leftovers(&mut self) {
        self.view = View::Leftovers;
    }

    /// Opens the part where events are caused.
    pub fn show_trigger(&mut self) {
        self.view = View::Trigger;
        self.stale = true;
    }

    /// Whether that can be asked now.
    pub fn can(&self, ask: HooksAsk, cx: &Cx<'_>) -> bool {
        let Some(profile) = cx.profile.filter(|profile| can_ask(profile)) else { return false };
        let here = self.profile == Some(profile.id);
        match ask {
            HooksAsk::New | HooksAsk::Import => !(here && self.plan.is_going()),
            HooksAsk::Read => !(here && self.list.is_loading()),
            HooksAsk::Undo => here && self.last_deleted(profile).is_some(),
            HooksAsk::LookUp => true,
            HooksAsk::Export => here && self.list.value().is_some(),
        }
    }

    /// Does what was asked from elsewhere.
    pub fn ask(&mut self, ask: HooksAsk, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let Some(profile) = cx.profile.filter(|profile| can_ask(profile)) else { return };
        match ask {
            HooksAsk::New => self.begin_new(),
            // Entering the room may just have begun to read.
            HooksAsk::Read if self.list.is_loading() => {}
            HooksAsk::Read => self.read(profile, cx, actions),
            HooksAsk::Undo => {
                actions
                    .extend(self.last_deleted(profile).map(|deleted| Action::UndoDelete(deleted.webhook.id.clone())));
            }
            HooksAsk::LookUp => self.view = View::LookUp,
            HooksAsk::Export => plan::export(self, profile, cx, actions),
            HooksAsk::Import => {
                self.view = View::Webhooks;
                plan::import(self, profile, cx, actions);
            }
        }
    }

    fn last_deleted(&self, profile: &Profile) -> Option<&Deleted> {
        self.deleted.iter().rev().find(|it| it.profile == profile.id && it.job.is_none())
    }

    pub(super) fn read(&mut self, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.list.start();
        self.list_job = cx.job();
        actions.push(Action::Run(self.list_job, Command::List { profile: profile.id }.into()));
    }

    pub(super) fn read_types(&mut self, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.types.start();
        self.types_job = cx.job();
        actions.push(Action::Run(self.types_job, Command::Types { profile: profile.id }.into()));
    }

    /// Every webhook that was read.
    pub(super) fn webhooks(&self) -> &[Webhook] {
        self.list.value().map(|listed| listed.webhooks.as_slice()).unwrap_or_default()
    }

    /// Every event type of the tenant, by name; empty where they could not be read.
    pub(super) fn known_here(&self) -> Vec<String> {
        self.types.value().map(Catalogue::known_here).unwrap_or_default()
    }

    /// Opens the editor on a webhook, on its draft where there is one.
    pub(super) fn show(&mut self, webhook: &Webhook) {
        self.view = View::Webhooks;
        let which = Which::Of(webhook.id.clone());
        self.leave(&which);
        let editor = self.editors.entry(which.clone()).or_insert_with(|| Editor::of(webhook.clone()));
        if editor.may_follow() && editor.opened.as_ref() != Some(webhook) {
            editor.open(webhook.clone());
        }
        self.open = Some(which);
    }

    /// Opens a new webhook in place of whatever the room shows.
    pub(super) fn begin_new(&mut self) {
        self.plan.shown = None;
        self.show_new();
    }

    /// Opens a new webhook, on its draft where there is one.
    pub(super) fn show_new(&mut self) {
        self.view = View::Webhooks;
        self.leave(&Which::New);
        self.editors.entry(Which::New).or_insert_with(Editor::blank).fresh = true;
        self.open = Some(Which::New);
    }

    /// Opens a new webhook that begins as `definition`; asks where that would drop another.
    pub(super) fn show_copy(&mut self, definition: Definition) {
        if self.editors.get(&Which::New).is_some_and(Editor::is_dirty) {
            self.question = Some(Question::DropDraft(Box::new(definition)));
            return;
        }
        self.leave(&Which::New);
        self.editors.insert(Which::New, Editor::copy_of(&definition));
        self.open = Some(Which::New);
    }

    /// Closes the editor; a draft that differs stays.
    pub(super) fn close(&mut self) {
        if let Some(which) = self.open.take() {
            self.drop_unchanged(&which);
        }
    }

    fn leave(&mut self, next: &Which) {
        if let Some(which) = self.open.take_if(|open| open != next) {
            self.drop_unchanged(&which);
        }
    }

    fn drop_unchanged(&mut self, which: &Which) {
        if self.editors.get(which).is_some_and(|editor| !editor.is_dirty() && !editor.is_busy()) {
            self.editors.remove(which);
        }
    }

    /// Begins a job of an editor.
    pub(super) fn run(
        &mut self,
        which: &Which,
        doing: Doing,
        at_limit: AtLimit,
        profile: &Profile,
        cx: &Cx<'_>,
        actions: &mut Vec<Action>,
    ) {
        let Some(editor) = self.editors.get_mut(which) else { return };
        let profile = profile.id;
        let command = match doing {
            Doing::Create => Some(Command::Create { profile, definition: editor.definition() }),
            Doing::Save => editor.change(at_limit).map(|change| Command::Save { profile, change }),
            Doing::Delete => {
                editor.opened.clone().map(|webhook| Command::Delete { profile, webhook: Box::new(webhook) })
            }
        };
        let Some(command) = command else { return };
        let job = cx.job();
        editor.begin(job, doing);
        actions.push(Action::Run(job, command.into()));
    }

    /// Begins to delete `webhook`, as it was when the person was asked.
    pub(super) fn delete(&mut self, webhook: Webhook, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let which = Which::Of(webhook.id.clone());
        let editor = self.editors.entry(which.clone()).or_insert_with(|| Editor::of(webhook.clone()));
        editor.opened = Some(webhook);
        self.run(&which, Doing::Delete, AtLimit::Refuse, profile, cx, actions);
    }

    /// Makes the deleted webhook that had this id again. A live environment is asked about first.
    pub fn undo(&mut self, id: &str, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let Some(deleted) = self.deleted.iter_mut().find(|it| it.webhook.id == id) else {
            let text = "It was made again already".to_owned();
            actions.push(Action::Notify(crate::ui::Mood::Info, "There is nothing to undo".to_owned(), text));
            return;
        };
        deleted.dismissed = false;
        let live = cx.profiles.iter().find(|it| it.id == deleted.profile).is_some_and(|it| it.guard().is_on());
        if live && self.profile != Some(deleted.profile) {
            let text = format!("{} was in another profile: switch to it, and undo there", called(&deleted.webhook));
            actions.push(Action::Notify(crate::ui::Mood::Warn, "Not undone".to_owned(), text));
        } else if live {
            actions.push(Action::Go(crate::action::Room::Webhooks));
            self.question = Some(Question::Undo(id.to_owned()));
        } else {
            self.undo_now(id, cx, actions);
        }
    }

    pub(super) fn undo_now(&mut self, id: &str, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let idle = |it: &&mut Deleted| it.webhook.id == id && it.job.is_none();
        let Some(deleted) = self.deleted.iter_mut().find(idle) else { return };
        let job = cx.job();
        deleted.job = Some(job);
        deleted.error = None;
        let command = Command::Undo { profile: deleted.profile, webhook: deleted.webhook.clone() };
        actions.push(Action::Run(job, command.into()));
    }
}

/// True where the Management API can be asked: the sandbox, or an M2M application is known.
pub(super) fn can_ask(profile: &Profile) -> bool {
    profile.is_sandbox() || profile.client_id.is_some()
}

/// A Kinde on this machine may deliver to this machine.
pub(super) fn on_this_machine(profile: &Profile) -> bool {
    profile.is_sandbox() || profile.domain.as_ref().is_some_and(crate::kinde::Domain::is_loopback)
}
