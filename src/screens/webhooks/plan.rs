//! Plan and apply: the webhooks as a file, a file as a plan, and what came of each line.

use egui::Ui;

use super::diff::diff_lines;
use super::state::{Question, State};
use crate::action::{Action, JobId};
use crate::backend::End;
use crate::backend::webhooks::{Command, Planned};
use crate::error::UserError;
use crate::screens::Cx;
use crate::step::Step;
use crate::tenant::Profile;
use crate::ui::tokens::space;
use crate::ui::{Button, Callout, Col, Icon, Mood, Table, checkbox, loading, subdued, title, tokens};
use crate::webhooks::{Applied, AtLimit, Deed, Item};

/// A plan, what of it is ticked, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub shown: Option<Shown>,
    /// A file is being chosen.
    pub picking: Option<JobId>,
    pub error: Option<UserError>,
}

/// A plan on the screen.
#[derive(Debug)]
pub(super) struct Shown {
    pub file: String,
    pub items: Vec<Item>,
    pub ticked: Vec<bool>,
    pub chosen: Option<usize>,
    pub delete_first: bool,
    pub job: Option<JobId>,
    /// Where the ticked items stand in `items`, in the order they were sent.
    pub sent: Vec<usize>,
    /// What each line is at.
    pub steps: Vec<Option<Step>>,
    pub results: Vec<Option<Applied>>,
}

impl Shown {
    fn of(planned: Planned) -> Self {
        let Planned { file, items } = planned;
        let count = items.len();
        // What is missing in a file may be missing by mistake: deletions are ticked by hand.
        let ticked = items
            .iter()
            .map(|item| !matches!(item.deed, Deed::Keep | Deed::Delete) && item.trouble().is_none())
            .collect();
        Self {
            file,
            items,
            ticked,
            chosen: None,
            delete_first: false,
            job: None,
            sent: Vec::new(),
            steps: vec![None; count],
            results: vec![None; count],
        }
    }

    /// Where the ticked items stand. A line that was applied is done, and is not sent a second time.
    pub(super) fn wanted(&self) -> Vec<usize> {
        let done = |index: &usize| self.results.get(*index).is_some_and(|result| is_done(result.as_ref()));
        let ticked = self.ticked.iter().enumerate().filter(|(_, ticked)| **ticked).map(|(index, _)| index);
        ticked.filter(|index| !done(index)).collect()
    }

    pub(super) fn deletes(&self) -> usize {
        self.wanted().iter().filter_map(|index| self.items.get(*index)).filter(|it| it.deed == Deed::Delete).count()
    }
}

/// What came of a plan that was left.
fn unseen(result: Result<Vec<Applied>, UserError>) -> Action {
    match result {
        Ok(results) => {
            let refused: Vec<String> = results
                .iter()
                .filter_map(|it| Some(format!("{}: {}", it.name, it.refused.as_ref()?.error.title)))
                .collect();
            let done = results.len() - refused.len();
            let title = format!("Of the plan that was left, {done} of {} changes were made", results.len());
            let mood = if refused.is_empty() { Mood::Success } else { Mood::Error };
            Action::Notify(mood, title, refused.join(". "))
        }
        Err(error) => Action::Notify(Mood::Error, error.title, format!("{}. {}", error.detail, error.hint)),
    }
}

/// True where a line was applied, and was not refused.
fn is_done(result: Option<&Applied>) -> bool {
    result.is_some_and(|applied| applied.refused.is_none())
}

impl Plan {
    /// A file is read, or a plan applied.
    pub(super) fn is_going(&self) -> bool {
        self.picking.is_some() || self.shown.as_ref().is_some_and(|shown| shown.job.is_some())
    }

    pub(super) fn on_planned(&mut self, job: JobId, result: Result<Option<Planned>, UserError>) {
        if self.picking.take_if(|picking| *picking == job).is_none() {
            return;
        }
        match result {
            Ok(planned) => self.shown = planned.map(Shown::of).or(self.shown.take()),
            Err(error) => self.error = Some(error),
        }
    }

    pub(super) fn on_step(&mut self, job: JobId, index: usize, step: Step) {
        let Some(shown) = self.shown.as_mut().filter(|shown| shown.job == Some(job)) else { return };
        if let Some(place) = shown.sent.get(index).and_then(|index| shown.steps.get_mut(*index)) {
            *place = Some(step);
        }
    }

    /// What came of a plan. Where it is not on the screen any more, that is told.
    pub(super) fn on_applied(
        &mut self,
        job: JobId,
        result: Result<Vec<Applied>, UserError>,
        actions: &mut Vec<Action>,
    ) {
        let Some(shown) = self.shown.as_mut().filter(|shown| shown.job == Some(job)) else {
            return actions.push(unseen(result));
        };
        shown.job = None;
        match result {
            Ok(results) => {
                for (index, applied) in shown.sent.iter().zip(results) {
                    if let (Some(place), Some(tick)) = (shown.results.get_mut(*index), shown.ticked.get_mut(*index)) {
                        *tick = false;
                        *place = Some(applied);
                    }
                }
            }
            Err(error) => self.error = Some(error),
        }
    }

    pub(super) fn on_end(&mut self, job: JobId, end: End) {
        if self.picking.take_if(|picking| *picking == job).is_some() {
            self.error = end.without_answer().filter(|_| end != End::Done);
        }
        if let Some(shown) = self.shown.as_mut().filter(|shown| shown.job == Some(job)) {
            shown.job = None;
            self.error = end.without_answer();
        }
    }
}

pub(super) fn export(state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    state.plan.error = None;
    let stem: String =
        profile.name.chars().map(|c| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '-' }).collect();
    let name = format!("webhooks-{stem}.json");
    let command = Command::Export { profile: profile.id, name, webhooks: state.webhooks().to_vec() };
    actions.push(Action::Run(cx.job(), command.into()));
}

pub(super) fn import(state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    state.plan.error = None;
    let job = cx.job();
    state.plan.picking = Some(job);
    actions.push(Action::Run(job, Command::Import { profile: profile.id }.into()));
}

pub(super) fn apply(state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(shown) = &mut state.plan.shown else { return };
    let job = cx.job();
    shown.sent = shown.wanted();
    shown.job = Some(job);
    for index in &shown.sent {
        if let (Some(step), Some(result)) = (shown.steps.get_mut(*index), shown.results.get_mut(*index)) {
            (*step, *result) = (None, None);
        }
    }
    let items = shown.sent.iter().filter_map(|index| shown.items.get(*index)).cloned().collect();
    let at_limit = if shown.delete_first { AtLimit::DeleteFirst } else { AtLimit::Refuse };
    actions.push(Action::Run(job, Command::Apply { profile: profile.id, items, at_limit }.into()));
}

/// The plan in place of the list.
pub(super) fn show(ui: &mut Ui, state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(shown) = &mut state.plan.shown else { return };
    title(ui, &format!("Plan from {}", shown.file));
    subdued(ui, &summary(&shown.items));
    ui.add_space(space::SM);
    let below = if shown.chosen.is_some() { 250.0 } else { 110.0 };
    table(ui, shown, (ui.available_height() - below).max(120.0));
    if let Some(item) = shown.chosen.and_then(|index| shown.items.get(index)) {
        ui.add_space(space::SM);
        egui::ScrollArea::vertical().id_salt("line of the plan").max_height(130.0).auto_shrink([false, true]).show(
            ui,
            |ui| {
                line(ui, item, shown.chosen.and_then(|index| shown.results.get(index)).and_then(Option::as_ref));
            },
        );
    }
    ui.add_space(space::SM);
    if shown.items.iter().any(|item| item.deed == Deed::Replace) {
        checkbox(ui, &mut shown.delete_first, "At the plan's limit, delete the old one before the new one is created");
    }
    let (count, busy) = (shown.wanted().len(), shown.job);
    let mut close = false;
    ui.horizontal(|ui| {
        let words = if count == 1 { "Apply 1 change".to_owned() } else { format!("Apply {count} changes") };
        let ready = count > 0 && busy.is_none();
        let why = if busy.is_some() { "It is going on" } else { "Tick what is to be done first" };
        if Button::primary(&words).enabled_or(ready, why).show(ui).clicked() {
            if profile.guard().is_on() {
                state.question = Some(Question::Apply(String::new()));
            } else {
                apply(state, profile, cx, actions);
            }
        }
        match busy {
            Some(job) => {
                if Button::secondary("Cancel").show(ui).clicked() {
                    actions.push(Action::Cancel(job));
                }
                loading(ui, "Applying…");
            }
            None => close = Button::secondary("Close the plan").show(ui).clicked(),
        }
    });
    if close {
        state.plan.shown = None;
        state.stale = true;
    }
}

fn table(ui: &mut Ui, shown: &mut Shown, height: f32) {
    let width = ui.available_width();
    let cols = [
        Col::exact("Do", 96.0),
        Col::exact("Webhook", (width * 0.22).clamp(90.0, 240.0)),
        Col::exact("What changes", (width * 0.3).clamp(120.0, 320.0)),
        Col::rest("Result"),
    ];
    let Shown { items, ticked, steps, results, job, chosen, .. } = shown;
    let busy = job.is_some();
    let answer = Table::new("plan", &cols).selected(*chosen).max_height(height).show(
        ui,
        items.len(),
        |index| items.get(index).map(|item| format!("{} {}", word(item.deed), item.name)).unwrap_or_default(),
        |cells, index| {
            let Some(item) = items.get(index) else { return };
            let trouble = item.trouble();
            let result = results.get(index).and_then(Option::as_ref);
            let free = item.deed != Deed::Keep && trouble.is_none() && !busy && !is_done(result);
            cells.ui(|ui| match ticked.get_mut(index) {
                Some(tick) if free => {
                    let name = format!("{} {}", word(item.deed), item.name);
                    let response = checkbox(ui, tick, word(item.deed));
                    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(name));
                }
                _ => {
                    ui.add_space(24.0);
                    subdued(ui, word(item.deed));
                }
            });
            cells.text(&item.name);
            cells.subdued(&changes(item));
            cells.ui(|ui| match (result, steps.get(index).and_then(Option::as_ref), trouble) {
                (Some(Applied { refused: None, .. }), ..) => said(ui, Mood::Success, done(item.deed)),
                (Some(Applied { refused: Some(refusal), .. }), ..) => said(ui, Mood::Error, &refusal.error.title),
                (None, Some(step), _) if busy => said(ui, Mood::Info, &step.title),
                (None, _, Some(trouble)) => {
                    said(ui, Mood::Warn, trouble.why.as_deref().unwrap_or("Cannot be applied"));
                }
                _ => {}
            });
        },
    );
    if let Some(row) = answer.chosen {
        *chosen = Some(row);
    }
}

/// A mark and words, cut where the cell ends.
fn said(ui: &mut Ui, mood: Mood, words: &str) {
    let tone = mood.tone(tokens(ui));
    let icon = match mood {
        Mood::Success => Icon::Check,
        Mood::Error => Icon::Cross,
        Mood::Warn => Icon::Warning,
        Mood::Info | Mood::Neutral => Icon::Running,
    };
    icon.show(ui, 13.0, tone.icon, mood.word());
    ui.add(egui::Label::new(egui::RichText::new(words).color(tone.text)).truncate().selectable(false));
}

fn line(ui: &mut Ui, item: &Item, result: Option<&Applied>) {
    if let Some(Applied { refused: Some(refusal), .. }) = result {
        Callout::user_error(&refusal.error).show(ui);
    }
    if let Some(trouble) = item.trouble() {
        let (why, fix) = (trouble.why.clone().unwrap_or_default(), trouble.fix.clone().unwrap_or_default());
        Callout::warn(&why).text(&fix).show(ui);
    }
    match (&item.was, &item.wanted) {
        (Some(was), None) => {
            subdued(ui, &format!("Deletes {}, which delivers to {}", was.id, was.definition.endpoint));
        }
        (was, Some(wanted)) => {
            let before = was.as_ref().map(|was| was.definition.clone()).unwrap_or_default();
            diff_lines(ui, &crate::webhooks::Diff::between(&before, wanted));
        }
        (None, None) => {}
    }
}

/// What the file would do, in a sentence.
fn summary(items: &[Item]) -> String {
    let count = |deed: Deed| items.iter().filter(|item| item.deed == deed).count();
    let parts: Vec<String> = [Deed::Create, Deed::Update, Deed::Replace, Deed::Delete, Deed::Keep]
        .into_iter()
        .filter(|deed| count(*deed) > 0)
        .map(|deed| format!("{} to {}", count(deed), word(deed).to_lowercase()))
        .collect();
    if items.iter().all(|item| item.deed == Deed::Keep) {
        return "The tenant is as the file says: nothing is to be done".to_owned();
    }
    format!("{}. Deletions are not ticked until you tick them", parts.join(", "))
}

pub(super) fn word(deed: Deed) -> &'static str {
    match deed {
        Deed::Create => "Create",
        Deed::Update => "Update",
        Deed::Replace => "Replace",
        Deed::Delete => "Delete",
        Deed::Keep => "Keep",
    }
}

fn done(deed: Deed) -> &'static str {
    match deed {
        Deed::Create => "created",
        Deed::Update => "updated",
        Deed::Replace => "replaced",
        Deed::Delete => "deleted",
        Deed::Keep => "kept",
    }
}

fn changes(item: &Item) -> String {
    let Some(diff) = item.diff() else {
        let one_side = item.wanted.as_ref().or(item.was.as_ref().map(|was| &was.definition));
        return one_side.map(|it| it.endpoint.clone()).unwrap_or_default();
    };
    let mut parts = Vec::new();
    if diff.name.is_some() {
        parts.push("name".to_owned());
    }
    if diff.endpoint.is_some() {
        parts.push("endpoint".to_owned());
    }
    if diff.description.is_some() {
        parts.push("description".to_owned());
    }
    if !diff.added.is_empty() {
        parts.push(format!("+{} events", diff.added.len()));
    }
    if !diff.removed.is_empty() {
        parts.push(format!("\u{2212}{} events", diff.removed.len()));
    }
    parts.join(", ")
}
