//! Trigger in Kinde: choose an event, see what will be done and undone, cause it.

use std::sync::Arc;

use egui::{Layout, ScrollArea, Ui, vec2};
use jiff::Timestamp;

use super::editor_state::called;
use super::seen;
use super::state::{Question, State, View};
use crate::action::{Action, JobId};
use crate::backend::End;
use crate::backend::webhooks::{Command, Expected};
use crate::error::{Category as Kind, UserError};
use crate::kinde::event_types::{self, Category, Cause, KnownType, Needs, Recipe};
use crate::kinde::{Definition, Webhook};
use crate::screens::Cx;
use crate::step::Step;
use crate::store::attempts::Attempt;
use crate::tenant::Profile;
use crate::ui::tokens::space;
use crate::ui::{Button, Callout, ListRow, Mood, checkbox_row, prose, small, status, strong, subdued, title};
use crate::webhooks::{Refusal, Triggered, can_trigger, causes, takers};

/// Width of the list of events, in points.
const LIST: f32 = 250.0;

/// What was chosen, and how far it is.
#[derive(Debug, Default)]
pub(super) struct Trigger {
    pub chosen: Option<String>,
    pub keep: bool,
    pub job: Option<JobId>,
    pub steps: Vec<Step>,
    pub done: Option<Result<Triggered, UserError>>,
    /// When it was pressed.
    began: Option<Timestamp>,
    /// It was done, and what arrives of it is to be watched.
    to_watch: bool,
    /// The job that watches.
    pub watch: Option<JobId>,
    /// What arrived of it, newest first.
    arrived: Vec<Attempt>,
    /// Why what arrives is not seen.
    blind: Option<UserError>,
}

impl Trigger {
    /// What came of it. Where nobody waits for it any more, that is told.
    pub(super) fn answer(&mut self, job: JobId, result: Result<Triggered, Refusal>, actions: &mut Vec<Action>) {
        if self.job.take_if(|waits| *waits == job).is_some() {
            self.to_watch = result.is_ok();
            self.done = Some(result.map_err(UserError::from));
            return;
        }
        actions.push(match result {
            Ok(done) => {
                let left = if done.kept { "was left in the tenant" } else { "is not there any more" };
                let detail = format!("The test {} {} {left}", done.thing.word(), done.id);
                Action::Notify(Mood::Success, format!("{} was caused", done.event_type), detail)
            }
            Err(Refusal { error, .. }) => {
                Action::Notify(Mood::Error, error.title, format!("{}. {}", error.detail, error.hint))
            }
        });
    }

    pub(super) fn on_arrived(&mut self, job: JobId, result: Result<Vec<Attempt>, UserError>) {
        if self.watch == Some(job) {
            match result {
                Ok(arrived) => self.arrived = arrived,
                Err(error) => self.blind = Some(error),
            }
        }
    }

    /// Forgets what came of the last one.
    fn clear(&mut self, actions: &mut Vec<Action>) {
        actions.extend(self.watch.take().map(Action::Cancel));
        *self = Self { chosen: self.chosen.take(), keep: self.keep, ..Self::default() };
    }

    pub(super) fn on_end(&mut self, job: JobId, end: End) {
        self.watch.take_if(|watch| *watch == job);
        if self.job.take_if(|waits| *waits == job).is_some() {
            self.done = end.without_answer().map(Err);
        }
    }
}

pub(super) fn run(state: &mut State, event_type: &str, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let job = cx.job();
    let trigger = &mut state.trigger;
    trigger.clear(actions);
    trigger.job = Some(job);
    trigger.began = Some(cx.now);
    let command = Command::Trigger { profile: profile.id, event_type: event_type.to_owned(), keep: trigger.keep };
    actions.push(Action::Run(job, command.into()));
}

/// Watches the history for what the event that was caused is delivered as.
fn watch(
    trigger: &mut Trigger,
    listed_webhooks: Option<&[Webhook]>,
    profile: &Profile,
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) {
    let (Some(Ok(done)), Some(since)) = (&trigger.done, trigger.began) else { return };
    if done.id.is_empty() {
        return;
    }
    // What no webhook takes never arrives.
    let events: Vec<String> = match listed_webhooks {
        Some(list) => takers(list, &done.events).into_iter().filter(|it| !it.1.is_empty()).map(|it| it.0).collect(),
        None => done.events.clone(),
    };
    if events.is_empty() {
        return;
    }
    let expected = Expected { since, id: done.id.clone(), events };
    let job = cx.job();
    trigger.watch = Some(job);
    actions.push(Action::Run(job, Command::Watch { profile: profile.id, expected }.into()));
}

pub(super) fn show(ui: &mut Ui, state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    if std::mem::take(&mut state.trigger.to_watch) {
        let list = state.list.value().map(|listed| Arc::clone(&listed.webhooks));
        watch(&mut state.trigger, list.as_ref().map(|list| list.as_slice()), profile, cx, actions);
    }
    let height = ui.available_height();
    ui.horizontal_top(|ui| {
        ui.allocate_ui_with_layout(vec2(LIST, height), Layout::top_down(egui::Align::Min), |ui| {
            ui.set_width(LIST);
            ScrollArea::vertical()
                .id_salt("events to trigger")
                .auto_shrink(false)
                .show(ui, |ui| events(ui, state, actions));
        });
        ui.add_space(space::MD);
        ui.vertical(|ui| {
            ScrollArea::vertical().id_salt("trigger").auto_shrink(false).show(ui, |ui| {
                ui.set_width((ui.available_width() - space::SM).max(200.0));
                detail(ui, state, profile, cx, actions);
            });
        });
    });
}

fn events(ui: &mut Ui, state: &mut State, actions: &mut Vec<Action>) {
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.set_width(LIST - space::MD);
    for category in Category::ALL {
        let mut types = event_types::known().iter().filter(|it| it.category == category).peekable();
        if types.peek().is_none() {
            continue;
        }
        small(ui, category.title());
        for known in types {
            let note = match &known.trigger {
                Cause::Api(_) => "",
                Cause::Cannot(Needs::Person, _) => "a person",
                Cause::Cannot(Needs::Payment, _) => "a payment",
            };
            let chosen = state.trigger.chosen.as_deref() == Some(&known.event_type);
            let row = ListRow::new(&known.event_type).note(note).selected(chosen);
            if row.show(ui).clicked() && !chosen && state.trigger.job.is_none() {
                state.trigger.clear(actions);
                state.trigger.chosen = Some(known.event_type.clone());
                state.trigger.keep = matches!(known.trigger, Cause::Api(Recipe::SubscriberCreated));
            }
        }
        ui.add_space(space::SM);
    }
}

fn detail(ui: &mut Ui, state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(known) = state.trigger.chosen.as_deref().and_then(event_types::find) else {
        title(ui, "Cause a real event");
        prose(
            ui,
            "Choose an event. The panel does the smallest real thing that causes it through the Management API, with \
             things made for it alone, and undoes it. Kinde then delivers as it always does.",
        );
        return;
    };
    title(ui, &known.event_type);
    ui.add_space(space::XS);
    match &known.trigger {
        Cause::Cannot(..) => {
            if let Err(error) = can_trigger(&known.event_type, false) {
                Callout::info(&error.title).text(&error.detail).text(&error.hint).show(ui);
            }
        }
        Cause::Api(recipe) => cause(ui, state, known, *recipe, profile, cx, actions),
    }
}

fn cause(
    ui: &mut Ui,
    state: &mut State,
    known: &KnownType,
    recipe: Recipe,
    profile: &Profile,
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) {
    let (thing, deed) = known.event_type.split_once('.').unwrap_or((&known.event_type, "created"));
    let forced = recipe == Recipe::SubscriberCreated;
    prose(ui, &what_happens(thing, deed, state.trigger.keep));
    takes(ui, state, &causes(&known.event_type, state.trigger.keep).unwrap_or_default());
    if let Ok(scopes) = can_trigger(&known.event_type, state.trigger.keep) {
        small(ui, &format!("Takes the scopes {}", scopes.join(", ")));
    }
    ui.add_space(space::SM);
    let busy = state.trigger.job.is_some();
    if forced {
        small(ui, "The API creates subscribers and deletes none: take it away under Kinde's Subscribers page");
    } else if deed != "deleted" {
        let note = "It stays until somebody deletes it: the panel will not";
        checkbox_row(ui, &mut state.trigger.keep, &format!("Leave the test {thing} in the tenant"), note);
    }
    ui.add_space(space::SM);
    ui.horizontal(|ui| {
        let words = format!("Trigger {}", known.event_type);
        if Button::primary(&words).enabled_or(!busy, "It is going on").show(ui).clicked() {
            if profile.guard().is_on() {
                state.question = Some(Question::Trigger(known.event_type.clone()));
            } else {
                run(state, &known.event_type, profile, cx, actions);
            }
        }
        if let Some(job) = state.trigger.job
            && Button::secondary("Cancel").show(ui).clicked()
        {
            actions.push(Action::Cancel(job));
        }
    });
    ui.add_space(space::SM);
    outcome(ui, state, profile, cx, actions);
}

fn outcome(ui: &mut Ui, state: &State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    match &state.trigger.done {
        Some(Ok(triggered)) => {
            status(ui, Mood::Success, &format!("Done in Kinde {}", seen::tenth(triggered.done_at)));
            let left = if triggered.kept { "was left in the tenant" } else { "is not there any more" };
            subdued(ui, &format!("The test {} {} {left}", triggered.thing.word(), triggered.id));
            deliveries(ui, state, triggered, actions);
        }
        Some(Err(error)) => {
            let auth = error.category == Kind::Auth;
            Callout::user_error(error).show_with(ui, |ui| {
                if auth && Button::secondary("Open the doctor").show(ui).clicked() {
                    actions.push(Action::Go(crate::action::Room::Tenant));
                }
            });
        }
        None => {}
    }
    if !state.trigger.steps.is_empty() {
        ui.add_space(space::SM);
        super::steps(ui, &state.trigger.steps, profile, cx);
    }
}

/// What arrived of each event that was caused.
fn deliveries(ui: &mut Ui, state: &State, triggered: &Triggered, actions: &mut Vec<Action>) {
    let Trigger { watch, arrived, blind, .. } = &state.trigger;
    let known = state.list.value().is_some();
    ui.add_space(space::SM);
    strong(ui, "Deliveries to expect");
    for kind in &triggered.events {
        let done = (*kind == triggered.event_type).then_some(triggered.done_at);
        let nobody = known && takers(state.webhooks(), std::slice::from_ref(kind)).iter().all(|it| it.1.is_empty());
        let wait = if nobody {
            seen::Wait::Nobody
        } else if watch.is_some() {
            seen::Wait::On
        } else {
            seen::Wait::Over
        };
        seen::arrival(ui, kind, done, arrived, wait, actions);
    }
    if let Some(error) = blind {
        Callout::user_error(error).show(ui);
    } else if arrived.is_empty() {
        seen::where_from(ui);
    }
    if let Some(job) = watch
        && Button::ghost("Stop waiting").small().show(ui).clicked()
    {
        actions.push(Action::Cancel(*job));
    }
}

/// What Kinde sends, and which webhooks take each of it.
fn takes(ui: &mut Ui, state: &mut State, events: &[String]) {
    if state.list.value().is_none() {
        subdued(ui, &format!("Kinde sends {}. Which webhooks take them is not known yet", listed(events)));
        return;
    }
    let taken: Vec<(String, Vec<String>)> = takers(state.webhooks(), events)
        .into_iter()
        .map(|(event, takers)| (event, takers.iter().map(|it| called(it)).collect()))
        .collect();
    subdued(ui, "Kinde sends");
    for (event, names) in &taken {
        match names.as_slice() {
            [] => status(ui, Mood::Warn, &format!("{event}: no webhook takes this event")),
            [one] => status(ui, Mood::Neutral, &format!("{event} to {one}")),
            [first, second] => status(ui, Mood::Neutral, &format!("{event} to {first} and {second}")),
            [first, rest @ ..] => status(ui, Mood::Neutral, &format!("{event} to {first} and {} others", rest.len())),
        };
    }
    let missing: Vec<String> = taken.into_iter().filter(|(_, names)| names.is_empty()).map(|(it, _)| it).collect();
    if !missing.is_empty() && Button::secondary("New webhook that takes it").small().show(ui).clicked() {
        state.view = View::Webhooks;
        state.show_copy(Definition { event_types: missing, ..Definition::default() });
    }
}

/// What will be done, and what of it is undone.
pub(super) fn what_happens(thing: &str, deed: &str, keep: bool) -> String {
    let article = if thing.starts_with(['o', 'a']) { "an" } else { "a" };
    let what = match thing {
        "user" | "subscriber" => format!("{article} test {thing} with a made-up address at example.com"),
        _ => format!("a test {thing} of its own"),
    };
    match (deed, keep) {
        ("deleted", _) => format!("Creates {what}, and deletes it."),
        ("updated", false) => format!("Creates {what}, renames it, and deletes it again."),
        ("updated", true) => format!("Creates {what} and renames it. It stays in the tenant."),
        (_, false) => format!("Creates {what}, and deletes it again."),
        (_, true) => format!("Creates {what}. It stays in the tenant."),
    }
}

fn listed(words: &[String]) -> String {
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
