//! What the page of one recipe remembers, and what it asks the backend.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::draft::Draft;
use super::run::{Applying, Run};
use super::state::{needs_besides, run};
use crate::action::{Action, JobId};
use crate::backend::recipes::{Ask, Command, Opened};
use crate::error::{Category, UserError};
use crate::recipes::{Call, Content, Generated, Given, Outcome, Plan};
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

/// What the one primary button of the page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Primary {
    /// What the recipe makes.
    Make,
    /// The plan that is shown.
    Apply,
    /// Saving the files that are shown.
    Save,
}

/// A check or simulation.
struct Ran {
    call: Call,
    /// What it looks at.
    of: Given,
    begun: Timestamp,
    /// When its answer came.
    ended: Option<Timestamp>,
}

/// The page of one recipe for one profile.
#[derive(Default)]
pub(super) struct Page {
    pub tab: Tab,
    pub draft: Draft,
    /// It was opened by a key: its first control gets the keyboard.
    pub wants_keyboard: bool,
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
    /// The checks and simulations of this page; the last one is `run`.
    ran: Vec<Ran>,
    /// The plain inputs that were remembered when the page was opened.
    kept: BTreeMap<String, String>,
    opened_at: Timestamp,
    /// By call, what it would have looked at when the page was opened.
    at_first: HashMap<Call, Given>,
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
    /// Forgetting waits for a yes: the labels of the secrets that go with it.
    pub asks_to_forget: Option<Vec<String>>,
    /// Secrets may go with what is being forgotten.
    pub forgets_secrets: bool,
}

impl Page {
    /// As it opens, with the plain inputs that are remembered.
    pub fn new(content: &Content, kept: BTreeMap<String, String>, now: Timestamp) -> Self {
        Self { draft: Draft::new(content, Some(&kept)), kept, opened_at: now, ..Self::default() }
    }

    /// What is known for the fields came. How the recipe stands from before was found with that and with what is remembered,
    /// whatever was typed meanwhile.
    pub fn opened(&mut self, content: &Content, opened: &Opened) {
        let mut first = Draft::new(content, Some(&self.kept));
        first.fill(opened);
        first.settle();
        for call in [Call::Check, Call::Simulate] {
            self.at_first.insert(call, first.looked_at(content, call));
        }
        self.draft.fill(opened);
    }

    /// The jobs that something waits for.
    pub fn jobs(&self) -> Vec<JobId> {
        let mut jobs = vec![self.open_job, self.made_job, self.plan_job];
        jobs.extend(self.run.live().map(|live| live.job));
        jobs.retain(|job| *job != 0);
        jobs
    }

    /// What is to be done next.
    pub fn primary(&self) -> Primary {
        let plan_waits = self.applying.is_none() && self.plan.value().is_some_and(|plan| plan.writes());
        match &self.made {
            _ if self.tab != Tab::Result => Primary::Make,
            _ if plan_waits => Primary::Apply,
            Load::Ready(made) if !made.files.is_empty() => Primary::Save,
            _ => Primary::Make,
        }
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

    /// The keyboard goes to the first field that is empty and needed. True where there is none: to the first button.
    pub fn lead_keyboard(&mut self, content: &Content, profile: &Profile) -> bool {
        // What is known for the fields may be on its way still.
        if !self.wants_keyboard || self.open_job != 0 {
            return false;
        }
        self.wants_keyboard = false;
        let lacking = self.draft.lacking(content, Call::Generate, needs_besides(content, profile));
        let Some(key) = lacking.into_iter().next() else { return true };
        self.tab = Tab::SetUp;
        self.draft.focus = Some(key);
        false
    }

    /// The call whose findings are shown, where there are other inputs now than it was made with.
    pub fn old_run(&self, content: &Content) -> Option<Call> {
        if matches!(self.run, Run::Idle | Run::Live(_)) {
            return None;
        }
        let ran = self.ran.last()?;
        (self.draft.looked_at(content, ran.call) != ran.of).then_some(ran.call)
    }

    /// True where how the recipe stands was found with other inputs than there are now.
    pub fn stands_of_others(&self, content: &Content, profile: &Profile) -> bool {
        let Some(last) = profile.recipes.get(&content.name).and_then(|kept| kept.last.as_ref()) else { return false };
        let Some(call) = [Call::Check, Call::Simulate].into_iter().find(|call| call.word() == last.call) else {
            return false;
        };
        // It was remembered while the call was on its way. One of before this page looked at what there was when it was opened;
        // of one beside it nothing is known.
        let meanwhile = |ran: &&Ran| ran.begun <= last.at && ran.ended.is_some_and(|ended| last.at <= ended);
        let of = match self.ran.iter().rev().filter(|ran| ran.call == call).find(meanwhile) {
            Some(ran) => Some(&ran.of),
            None => self.at_first.get(&call).filter(|_| last.at <= self.opened_at),
        };
        of.is_some_and(|of| self.draft.looked_at(content, call) != *of)
    }

    /// True where what was carried out was of other inputs than there are now.
    pub fn applied_of_others(&self, content: &Content) -> bool {
        self.applying.as_ref().is_some_and(|applying| applying.done) && self.draft.goes_in(content) != self.plan_of
    }

    /// What was asked to be made came, or why it was not.
    pub fn take_made(&mut self, content: &Content, result: Result<Box<Generated>, UserError>) {
        self.made_job = 0;
        let of = self.made_of.clone();
        if let Err(error) = &result
            && self.refused(content, &of, error)
        {
            self.made.cancel();
            return;
        }
        if let Ok(made) = &result {
            self.take_secrets(content, &made.secrets);
        }
        self.made.finish(result);
        let files = self.made.value().map_or(0, |made| made.files.len());
        self.file = self.file.min(files.saturating_sub(1));
    }

    /// The same of a plan.
    pub fn take_plan(&mut self, content: &Content, result: Result<Box<Plan>, UserError>) {
        self.plan_job = 0;
        let of = self.plan_of.clone();
        if let Err(error) = &result
            && self.refused(content, &of, error)
        {
            self.plan.cancel();
            return;
        }
        self.plan.finish(result);
    }

    /// Leads to the field of an input that cannot be used, where it stands there still; true where it does.
    fn refused(&mut self, content: &Content, of: &Given, error: &UserError) -> bool {
        let Some(key) = error.input.as_deref().filter(|_| error.category == Category::Input) else { return false };
        let now = self.draft.given(content);
        let same = now.plain.get(key) == of.plain.get(key) && now.secrets.get(key) == of.secrets.get(key);
        if !same || !self.draft.refuse(content, key, error) {
            return false;
        }
        self.tab = Tab::SetUp;
        true
    }

    /// Secrets that were made stand in their fields now: that is no other input.
    fn take_secrets(&mut self, content: &Content, secrets: &BTreeMap<String, Secret>) {
        self.draft.take_secrets(secrets);
        for (key, secret) in secrets.iter().filter(|(key, secret)| self.draft.holds(key, secret)) {
            for of in [&mut self.made_of, &mut self.plan_of] {
                of.secrets.insert(key.clone(), secret.clone());
            }
            let looked_at = self.ran.iter_mut().map(|ran| (ran.call, &mut ran.of));
            for (call, of) in looked_at.chain(self.at_first.iter_mut().map(|(call, of)| (*call, of))) {
                if content.input(key).is_some_and(|input| input.serves(call)) {
                    of.secrets.entry(key.clone()).or_insert_with(|| secret.clone());
                }
            }
        }
    }

    /// Begins a check or simulation.
    pub fn begin(&mut self, profile: &Profile, content: &Content, call: Call, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.tab = Tab::Checks;
        let job = cx.job();
        self.run.begin(job, call);
        self.ran.retain(|ran| ran.ended.is_some());
        self.ran.push(Ran { call, of: self.draft.looked_at(content, call), begun: cx.now, ended: None });
        actions.push(run(job, Command::Run(Box::new(self.ask(profile, content, call)))));
    }

    /// It came to its end.
    pub fn judged(&mut self, content: &Content, job: JobId, result: Result<Box<Outcome>, UserError>, now: Timestamp) {
        let of = self.ran.last().map(|ran| ran.of.clone()).unwrap_or_default();
        if let Err(error) = &result
            && self.refused(content, &of, error)
        {
            // Nothing was begun.
            self.run = Run::Idle;
            return;
        }
        if let Some(ran) = self.ran.last_mut().filter(|_| result.is_ok()) {
            ran.ended = Some(now);
        }
        self.run.judged(job, result, now);
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
        self.draft.sent(content);
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
