//! What the page of one recipe remembers, and what it asks the backend.

use std::collections::BTreeMap;

use super::draft::Draft;
use super::run::{Applying, Run};
use super::state::run;
use crate::action::{Action, JobId};
use crate::backend::recipes::{Ask, Command};
use crate::error::UserError;
use crate::recipes::{Call, Content, Generated, Given, Plan};
use crate::screens::Cx;
use crate::secrets::Secret;
use crate::tenant::Profile;
use crate::ui::Load;

/// The parts of a recipe's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Tab {
    #[default]
    SetUp,
    Steps,
    Result,
    Checks,
    Guide,
}

/// The page of one recipe for one profile.
#[derive(Default)]
pub(super) struct Page {
    pub tab: Tab,
    pub draft: Draft,
    pub open_job: JobId,
    /// What went wrong around the fields: the keyring, mostly.
    pub trouble: Option<UserError>,
    /// The secrets are kept for this run alone.
    pub this_run: bool,
    pub made: Load<Box<Generated>>,
    pub made_job: JobId,
    /// What `made` was made of.
    made_of: Given,
    /// Which of the files is shown.
    pub file: usize,
    pub run: Run,
    pub plan: Load<Box<Plan>>,
    pub plan_job: JobId,
    /// What `plan` was worked out from.
    plan_of: Given,
    /// Something was dropped since an input is another now.
    pub outdated: bool,
    pub applying: Option<Applying>,
    /// The plan waits for a yes, since the environment asks first.
    pub question: bool,
    pub forget_job: JobId,
}

impl Page {
    pub fn new(draft: Draft) -> Self {
        Self { draft, ..Self::default() }
    }

    /// The jobs that something waits for.
    pub fn jobs(&self) -> Vec<JobId> {
        let mut jobs = vec![self.open_job, self.made_job, self.plan_job];
        jobs.extend(self.run.live().map(|live| live.job));
        jobs.retain(|job| *job != 0);
        jobs
    }

    /// True while a call of it is on its way.
    pub fn is_busy(&self) -> bool {
        self.made.is_loading() || self.run.live().is_some() || self.plan.is_loading() || self.is_applying()
    }

    pub fn is_applying(&self) -> bool {
        self.applying.as_ref().is_some_and(|applying| !applying.done)
    }

    /// Drops what was made of inputs that are others now, also while it is made again: it must be neither copied, saved nor
    /// carried out. What was carried out already stays told.
    pub fn drop_outdated(&mut self, content: &Content) {
        let made = self.made.value().is_some();
        let plan = self.plan.value().is_some() && self.applying.is_none();
        if !made && !plan {
            return;
        }
        let now = self.draft.goes_in(content);
        if made && now != self.made_of {
            self.made.forget();
            self.file = 0;
            self.outdated = true;
        }
        if plan && now != self.plan_of {
            self.plan.forget();
            self.question = false;
            self.outdated = true;
        }
    }

    /// Secrets that were made stand in their fields now: that is no other input.
    pub fn take_secrets(&mut self, secrets: &BTreeMap<String, Secret>) {
        self.draft.take_secrets(secrets);
        for (key, secret) in secrets.iter().filter(|(key, secret)| self.draft.holds(key, secret)) {
            for of in [&mut self.made_of, &mut self.plan_of] {
                of.secrets.insert(key.clone(), secret.clone());
            }
        }
    }

    pub fn ask(&mut self, profile: &Profile, content: &Content, call: Call) -> Ask {
        let ask = Ask {
            profile: profile.id,
            name: content.name.clone(),
            call,
            given: self.draft.given(content),
            keep: self.draft.keep(content),
            let_go: self.draft.let_go(),
        };
        self.draft.sent();
        ask
    }

    pub fn make(&mut self, profile: &Profile, content: &Content, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.tab = Tab::Result;
        self.made.start();
        self.made_job = cx.job();
        self.made_of = self.draft.goes_in(content);
        self.outdated = false;
        let ask = self.ask(profile, content, Call::Generate);
        actions.push(run(self.made_job, Command::Run(Box::new(ask))));
    }

    pub fn plan(&mut self, profile: &Profile, content: &Content, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.tab = Tab::Result;
        self.applying = None;
        self.question = false;
        // The one before may be carried out already, or be of other inputs: it is no offer while the next is worked out.
        self.plan.forget();
        self.plan.start();
        self.plan_job = cx.job();
        self.plan_of = self.draft.goes_in(content);
        self.outdated = false;
        let ask = self.ask(profile, content, Call::Generate);
        actions.push(run(self.plan_job, Command::Plan(Box::new(ask))));
    }
}
