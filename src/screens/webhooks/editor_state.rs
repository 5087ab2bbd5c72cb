//! The draft of one webhook: what was opened, what was typed, and how far saving it is.

use crate::action::JobId;
use crate::check::{Check, Verdict};
use crate::kinde::{Definition, Webhook};
use crate::step::Step;
use crate::webhooks::{self, AtLimit, Change, Diff, Refusal, Why, merged};

/// Which draft.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Which {
    /// A webhook that does not exist yet.
    New,
    /// The webhook of that id.
    Of(String),
}

/// What is done with a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    Create,
    Save,
    Delete,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stage {
    #[default]
    Edit,
    /// What will change is shown, to be sent or not.
    Review,
    Busy(JobId, Doing),
}

/// One draft.
#[derive(Debug, Default)]
pub(super) struct Editor {
    /// As Kinde had it when it was opened; `None` for a new one.
    pub opened: Option<Webhook>,
    pub name: String,
    pub description: String,
    pub endpoint: String,
    pub types: Vec<String>,
    /// What the event types are searched for.
    pub filter: String,
    pub stage: Stage,
    pub steps: Vec<Step>,
    pub refusal: Option<(Doing, Refusal)>,
    /// What came of the last thing done, in a sentence.
    pub said: Option<String>,
    /// The keyboard goes to its first field.
    pub fresh: bool,
}

impl Editor {
    pub(super) fn blank() -> Self {
        Self { fresh: true, ..Self::default() }
    }

    pub(super) fn of(webhook: Webhook) -> Self {
        let mut editor = Self::default();
        editor.open(webhook);
        editor
    }

    /// A new one that begins as `definition`.
    pub(super) fn copy_of(definition: &Definition) -> Self {
        let mut editor = Self::blank();
        editor.fill(definition);
        editor
    }

    /// What was typed is a new webhook from now on.
    pub(super) fn become_new(&mut self) {
        self.opened = None;
        self.refusal = None;
        self.steps.clear();
        self.stage = Stage::Edit;
    }

    /// Takes `webhook` for what it is edited from, and drops what was typed.
    pub(super) fn open(&mut self, webhook: Webhook) {
        self.fill(&webhook.definition);
        self.opened = Some(webhook);
        self.stage = Stage::Edit;
        self.refusal = None;
    }

    fn fill(&mut self, definition: &Definition) {
        self.name.clone_from(&definition.name);
        self.description = definition.description.clone().unwrap_or_default();
        self.endpoint.clone_from(&definition.endpoint);
        self.types.clone_from(&definition.event_types);
    }

    pub(super) fn definition(&self) -> Definition {
        let before = self.opened.as_ref().map(|webhook| &webhook.definition);
        // Blanks that Kinde has around a text are no change, and stay.
        let same = |typed: &str, was: Option<&String>| was.filter(|was| *was == typed).cloned();
        let description = same(&self.description, before.and_then(|it| it.description.as_ref()))
            .unwrap_or_else(|| self.description.trim().to_owned());
        Definition {
            name: same(&self.name, before.map(|it| &it.name)).unwrap_or_else(|| self.name.trim().to_owned()),
            description: Some(description).filter(|text| !text.is_empty()),
            endpoint: same(&self.endpoint, before.map(|it| &it.endpoint))
                .unwrap_or_else(|| webhooks::endpoint::clean(&self.endpoint)),
            event_types: self.types.clone(),
        }
    }

    /// The webhook as Kinde has it now, where that is not what was opened and nobody chose a side yet.
    pub(super) fn conflict(&self) -> Option<&Webhook> {
        match &self.refusal {
            Some((_, Refusal { why: Why::Changed(now), .. })) => Some(now),
            _ => None,
        }
    }

    /// What was edited here over what Kinde has `now`.
    pub(super) fn merged(&self, now: &Webhook) -> Definition {
        let mine = self.definition();
        match &self.opened {
            Some(opened) => merged(&opened.definition, &mine, &now.definition),
            None => mine,
        }
    }

    /// Takes `now` for what it is edited from, and keeps what was edited here and nothing else.
    pub(super) fn rebase(&mut self, now: Webhook) {
        let merged = self.merged(&now);
        self.fill(&merged);
        self.opened = Some(now);
        self.refusal = None;
        self.steps.clear();
        self.stage = if self.is_dirty() { Stage::Review } else { Stage::Edit };
    }

    /// From what it was to what was typed; everything for a new one.
    pub(super) fn diff(&self) -> Diff {
        let before = self.opened.as_ref().map(|webhook| webhook.definition.clone()).unwrap_or_default();
        Diff::between(&before, &self.definition())
    }

    pub(super) fn is_dirty(&self) -> bool {
        !self.diff().is_empty()
    }

    /// Nothing of its own would be lost where it showed what Kinde has now.
    pub(super) fn may_follow(&self) -> bool {
        !self.is_dirty() && !self.is_busy() && self.conflict().is_none()
    }

    pub(super) fn is_busy(&self) -> bool {
        matches!(self.stage, Stage::Busy(..))
    }

    /// The job under way, where it is `job`.
    pub(super) fn is_doing(&self, job: JobId) -> bool {
        matches!(self.stage, Stage::Busy(busy, _) if busy == job)
    }

    pub(super) fn change(&self, at_limit: AtLimit) -> Option<Box<Change>> {
        Some(Box::new(Change { opened: self.opened.clone()?, wanted: self.definition(), at_limit }))
    }

    /// Begins a job.
    pub(super) fn begin(&mut self, job: JobId, doing: Doing) {
        self.stage = Stage::Busy(job, doing);
        self.steps.clear();
        self.refusal = None;
        self.said = None;
    }

    /// Why it cannot be sent: the first check that fails over something that was changed.
    pub(super) fn trouble<'a>(&self, checks: &'a [Check]) -> Option<&'a Check> {
        let diff = self.diff();
        let touched = |check: &&Check| match check.name.as_str() {
            _ if self.opened.is_none() => true,
            "name" => diff.name.is_some(),
            "description" => diff.description.is_some(),
            "event types" => diff.patch().event_types.is_some(),
            _ => diff.endpoint.is_some(),
        };
        checks.iter().filter(|check| check.verdict == Verdict::Fail).find(touched)
    }
}

/// A webhook as a sentence names it.
pub(super) fn called(webhook: &Webhook) -> String {
    let name = &webhook.definition.name;
    if name.is_empty() { webhook.id.clone() } else { format!("\u{201c}{name}\u{201d}") }
}
