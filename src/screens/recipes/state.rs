//! What the Recipes room remembers, what it asks, and how it takes what comes back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::forget::{self, Forgotten};
use super::list;
use super::page_state::{Page, Tab};
use super::run::{Applying, Run};
use super::save::Save;
use crate::action::{Action, JobId, Mood};
use crate::backend::recipes::{Command, Event, Saved};
use crate::backend::{Command as Any, End};
use crate::recipes::{self, Call, Content, Recipe};
use crate::screens::Cx;
use crate::secrets::Kept;
use crate::tenant::Profile;
use crate::ui::Load;

/// What is shown beside the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// A recipe, by its name.
    Recipe(&'static str),
    /// What is done in a room of its own, by its id.
    Elsewhere(&'static str),
}

/// What a person asked for on a page.
#[derive(Debug)]
pub(super) enum Asked {
    Make,
    Call(Call),
    Plan,
    Apply,
    DropPlan,
    Cancel(JobId),
    Save,
    File(String),
    Forget,
    Do(Action),
}

/// How a mail check of this run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailStanding {
    /// Whether mail can be sent.
    pub ok: bool,
    /// When it was looked at.
    pub at: Timestamp,
}

/// What the room remembers.
#[derive(Default)]
pub struct State {
    pub(super) search: String,
    pub(super) shown: Option<Shown>,
    /// The pages of the chosen profile.
    pub(super) pages: BTreeMap<&'static str, Page>,
    /// The folder that files were saved to last.
    pub(super) folder: String,
    pub(super) save: Option<Save>,
    /// What was forgotten and can be had back, by profile and recipe.
    pub(super) forgotten: BTreeMap<(Uuid, &'static str), Forgotten>,
    /// How Resend's server stood when it was checked last in this run, by profile.
    mail: BTreeMap<Uuid, MailStanding>,
    /// The tunnels that carry events here now, by profile: whose they are, and whether they are up.
    tunnels: BTreeMap<Uuid, (crate::tunnel::Way, bool)>,
}

impl State {
    /// The room is opened, or the profile was switched.
    pub fn entered(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        if let Some(Shown::Recipe(name)) = self.shown {
            self.open(name, cx, actions);
        }
    }

    /// The profile was switched: its pages go, and what was asked for it ends.
    pub fn forget(&mut self, actions: &mut Vec<Action>) {
        let jobs = self.pages.values().flat_map(Page::jobs);
        actions.extend(jobs.map(Action::Cancel));
        self.pages.clear();
        self.save = None;
    }

    /// Shows the page of a recipe, and leads the keyboard to it.
    pub fn show(&mut self, name: &str, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.choose(name, true, cx, actions);
    }

    /// Shows the page of a recipe; `by_key`, the keyboard goes there.
    pub(super) fn choose(&mut self, name: &str, by_key: bool, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        if let Some(recipe) = recipes::find(name) {
            let content = recipe.content();
            let name = content.name.as_str();
            // Opened from elsewhere: it stands in the list, too.
            if list::fit(content, &self.search.trim().to_lowercase()).is_none() {
                self.search.clear();
            }
            self.shown = Some(Shown::Recipe(name));
            self.open(name, cx, actions);
            if let Some(page) = self.pages.get_mut(name) {
                page.wants_keyboard = by_key;
            }
        }
    }

    /// How the Email room's last check of Resend's server ended.
    pub fn mail_is(&mut self, profile: Uuid, standing: MailStanding) {
        self.mail.insert(profile, standing);
    }

    /// The tunnels that carry events here now.
    pub fn tunnels_are(&mut self, tunnels: BTreeMap<Uuid, (crate::tunnel::Way, bool)>) {
        self.tunnels = tunnels;
    }

    pub(super) fn mail_of(&self, profile: &Profile) -> Option<MailStanding> {
        self.mail.get(&profile.id).copied()
    }

    pub(super) fn tunnel_of(&self, profile: &Profile) -> Option<(crate::tunnel::Way, bool)> {
        self.tunnels.get(&profile.id).copied()
    }

    /// Makes the page of a recipe where there is none yet, and asks what is known for its fields.
    fn open(&mut self, name: &'static str, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let (Some(profile), Some(recipe)) = (cx.profile, recipes::find(name)) else { return };
        if self.pages.contains_key(name) {
            return;
        }
        let kept = profile.recipes.get(name).map(|kept| kept.inputs.clone()).unwrap_or_default();
        let mut page = Page::new(recipe.content(), kept, cx.now);
        page.open_job = cx.job();
        let command = Command::Open { profile: profile.id, name: name.to_owned() };
        actions.push(run(page.open_job, command));
        self.pages.insert(name, page);
    }

    /// Does what was asked on the page of `recipe`.
    pub(super) fn ask(&mut self, recipe: &'static dyn Recipe, asked: Asked, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let content = recipe.content();
        let (Some(profile), Some(page)) = (cx.profile, self.pages.get_mut(content.name.as_str())) else { return };
        page.draft.settle();
        page.drop_outdated(content);
        match asked {
            Asked::Make => {
                // Where applying is what the recipe is for, what would change is shown with it.
                let applies = applies(content, profile);
                if !page.draft.insist(content, Call::Generate, needs_besides(content, profile)) {
                    page.tab = Tab::SetUp;
                    return;
                }
                page.make(profile, content, cx, actions);
                // What is being carried out is told to its end.
                if applies && !page.is_applying() {
                    page.plan(profile, content, cx, actions);
                }
            }
            Asked::Call(Call::Generate) => page.make(profile, content, cx, actions),
            Asked::Call(call) => {
                if !page.draft.insist(content, call, &[]) {
                    page.tab = Tab::SetUp;
                    return;
                }
                page.begin(profile, content, call, cx, actions);
            }
            Asked::Plan => {
                if !page.draft.insist(content, Call::Generate, &content.apply_needs) {
                    page.tab = Tab::SetUp;
                    return;
                }
                if page.made.value().is_none() {
                    page.make(profile, content, cx, actions);
                }
                page.plan(profile, content, cx, actions);
            }
            Asked::Apply if profile.guard().is_on() && !page.question => page.question = true,
            Asked::Apply => {
                page.question = false;
                let Some(plan) = page.plan.value().cloned() else { return };
                let job = cx.job();
                page.applying = Some(Applying::begin(job));
                actions.push(run(job, Command::Apply { profile: profile.id, plan }));
            }
            Asked::DropPlan => {
                page.question = false;
                page.plan = Load::Idle;
                page.applying = None;
            }
            Asked::Cancel(job) => {
                if let Run::Live(live) = &mut page.run
                    && live.job == job
                {
                    live.cancelling = true;
                }
                if let Some(applying) = page.applying.as_mut().filter(|applying| applying.job == job) {
                    applying.cancelling = true;
                }
                actions.push(Action::Cancel(job));
            }
            Asked::Save => {
                let Some(made) = page.made.value() else { return };
                self.save = Some(Save::new(made.files.clone(), content, &self.folder));
            }
            Asked::File(path) => {
                page.tab = Tab::Result;
                let files = page.made.value().map(|made| &made.files);
                let at = files.and_then(|files| files.iter().position(|file| file.path == path));
                page.file = at.unwrap_or(page.file);
            }
            Asked::Forget => {
                let secrets = page.draft.own_secrets(content);
                let agreed = page.asks_to_forget.take().is_some();
                if !agreed && !secrets.is_empty() {
                    page.asks_to_forget = Some(secrets.into_iter().map(str::to_owned).collect());
                    return;
                }
                page.forgets_secrets = agreed;
                page.forget_job = cx.job();
                let command = Command::Forget { profile: profile.id, name: content.name.clone(), secrets: agreed };
                actions.push(run(page.forget_job, command));
            }
            Asked::Do(action) => actions.push(action),
        }
    }

    /// Takes what came back; what nobody waits for any more is dropped.
    pub fn on_event(&mut self, job: JobId, event: Event, now: Timestamp, actions: &mut Vec<Action>) {
        match event {
            Event::Looked(check) => {
                for page in self.pages.values_mut() {
                    page.run.looked(job, check.clone());
                    if let Some(applying) = &mut page.applying {
                        applying.looked(job, check.clone());
                    }
                }
            }
            Event::Opened(opened) => {
                if let Some((recipe, page)) = self.page_with(|page| page.open_job == job) {
                    page.open_job = 0;
                    page.opened(recipe.content(), &opened);
                    page.trouble = opened.trouble;
                }
            }
            Event::Kept(kept) => {
                let waits = |page: &Page| page.jobs().contains(&job);
                if let Some(page) = self.page(waits) {
                    page.this_run = kept == Kept::ThisRun;
                }
            }
            Event::Made(result) => {
                if let Some((recipe, page)) = self.page_with(|page| page.made_job == job) {
                    page.take_made(recipe.content(), result);
                    actions.push(Action::ProfilesChanged);
                }
            }
            Event::Judged(result) => {
                let waits = |page: &Page| page.run.live().is_some_and(|live| live.job == job);
                if let Some((recipe, page)) = self.page_with(waits) {
                    page.judged(recipe.content(), job, result, now);
                    actions.push(Action::ProfilesChanged);
                }
            }
            Event::Planned(result) => {
                if let Some((recipe, page)) = self.page_with(|page| page.plan_job == job) {
                    page.take_plan(recipe.content(), result);
                    actions.push(Action::ProfilesChanged);
                }
            }
            Event::Applied(result) => {
                let theirs = |page: &Page| page.applying.as_ref().is_some_and(|applying| applying.job == job);
                if let Some(applying) = self.page(theirs).and_then(|page| page.applying.as_mut()) {
                    applying.ended(job, result);
                }
            }
            Event::HasSecrets(keys) => {
                let Some((recipe, page)) = self.page_with(|page| page.forget_job == job) else { return };
                page.forget_job = 0;
                let inputs = recipe.content().inputs.iter().filter(|input| keys.contains(&input.key));
                page.asks_to_forget = Some(inputs.map(|input| input.label.clone()).collect());
            }
            Event::Forgotten { profile, before, result } => {
                let Some((recipe, page)) = self.page_with(|page| page.forget_job == job) else { return };
                page.forget_job = 0;
                page.trouble = result.err();
                if page.trouble.is_none() {
                    let content = recipe.content();
                    // What it found says nothing any more.
                    if page.run.live().is_none() {
                        page.run = Run::Idle;
                    }
                    let forgotten = Forgotten::of(page, content, *before);
                    actions.push(forget::told(profile, content, page.forgets_secrets, &forgotten));
                    self.forgotten.insert((profile, content.name.as_str()), forgotten);
                }
                actions.push(Action::ProfilesChanged);
            }
            Event::Remembered(result) => {
                if let Err(error) = result {
                    actions.push(Action::Notify(Mood::Error, error.title, error.detail));
                }
                actions.push(Action::ProfilesChanged);
            }
            Event::Folder(result) => {
                if let Some(save) = &mut self.save {
                    save.picked(job, result);
                }
            }
            Event::Saved(result) => {
                let Some(save) = self.save.as_mut().filter(|save| save.job == job) else { return };
                let told = match &result {
                    Ok(Saved::Written { folder, kept }) => Some(save.written(&folder.display().to_string(), kept)),
                    _ => None,
                };
                save.saved(result);
                if let Some((mood, text)) = told {
                    self.folder.clone_from(&save.folder);
                    let count = save.ticked().len();
                    let title =
                        if count == 1 { "One file was saved".to_owned() } else { format!("{count} files were saved") };
                    self.save = None;
                    actions.push(Action::Notify(mood, title, text));
                }
            }
        }
    }

    /// A job ended: what still waits for its answer stops waiting, and says why where there is a why.
    pub fn on_end(&mut self, job: JobId, end: End) {
        if job == 0 {
            return;
        }
        for page in self.pages.values_mut() {
            page.run.on_end(job, end);
            if let Some(applying) = &mut page.applying {
                applying.on_end(job, end);
            }
            if page.made_job == job {
                page.made_job = 0;
                super::super::give_up(&mut page.made, end);
            }
            if page.plan_job == job {
                page.plan_job = 0;
                super::super::give_up(&mut page.plan, end);
            }
            for waits in [&mut page.open_job, &mut page.forget_job] {
                if *waits == job {
                    *waits = 0;
                    page.trouble = end.without_answer();
                }
            }
        }
        if let Some(save) = &mut self.save {
            save.on_end(job, end);
        }
    }

    fn page(&mut self, wanted: impl Fn(&Page) -> bool) -> Option<&mut Page> {
        self.pages.values_mut().find(|page| wanted(page))
    }

    /// The same with its recipe.
    fn page_with(&mut self, wanted: impl Fn(&Page) -> bool) -> Option<(&'static dyn Recipe, &mut Page)> {
        let (name, page) = self.pages.iter_mut().find(|(_, page)| wanted(page))?;
        Some((recipes::find(name)?, page))
    }
}

/// True where the Management API can be asked.
pub(super) fn can_apply(profile: &Profile) -> bool {
    profile.is_sandbox() || profile.client_id.is_some()
}

/// True where the page's own button applies the recipe, too.
fn applies(content: &Content, profile: &Profile) -> bool {
    content.apply.as_ref() == Some(&content.action) && can_apply(profile)
}

/// The inputs that the page's own button cannot do without, besides those of what it makes.
pub(super) fn needs_besides<'a>(content: &'a Content, profile: &Profile) -> &'a [String] {
    if applies(content, profile) { &content.apply_needs } else { &[] }
}

pub(super) fn run(job: JobId, command: Command) -> Action {
    Action::Run(job, Any::Recipes(command))
}
