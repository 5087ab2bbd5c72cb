//! The questions before something is written: a live environment, a deletion.

use egui::{Context, Label, Layout};

use super::editor_state::{Doing, Editor, Which};
use super::state::{Question, State};
use super::{plan, trigger};
use crate::action::Action;
use crate::backend::webhooks::Command;
use crate::kinde::Webhook;
use crate::screens::{Cx, guard_words};
use crate::tenant::Profile;
use crate::ui::tokens::space;
use crate::ui::{Answer, Button, Confirm, FieldRow, dialog, mono};
use crate::webhooks::AtLimit;

/// Draws the question that is open, and does what it was about.
pub(super) fn show(ctx: &Context, state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(mut question) = state.question.take() else { return };
    let place = format!("{}.", guard_words(profile));
    let live = profile.guard().is_on();
    let answer = match &mut question {
        Question::Create => Confirm::new(&format!("Create the webhook in {}?", profile.name), "Create webhook")
            .text(&place)
            .text("Kinde delivers to it at once.")
            .harmless()
            .show(ctx),
        Question::Delete(webhook, typed) => delete(ctx, webhook, typed, live.then_some(place.as_str())),
        Question::DeleteFirst { name, said, .. } => {
            let ask = format!("Delete \u{201c}{name}\u{201d} before the new one is created?");
            let confirm = Confirm::new(&ask, "Delete, then create")
                .text(said)
                .text("For a moment there is none: what Kinde sends meanwhile goes nowhere.")
                .text("Where the new one is refused then too, the old one is created again, under a new id.");
            if live { confirm.text(&place) } else { confirm }.show(ctx)
        }
        Question::Undo(id) => {
            let gone = state.deleted.iter().find(|it| it.webhook.id == *id);
            let name = gone.map(|it| it.webhook.definition.name.clone()).unwrap_or_default();
            let ask = format!("Make \u{201c}{name}\u{201d} again in {}?", profile.name);
            Confirm::new(&ask, "Make it again").text(&place).text("It gets a new id.").harmless().show(ctx)
        }
        Question::Trigger(event_type) => {
            let ask = format!("Cause {event_type} in {}?", profile.name);
            let (thing, deed) = event_type.split_once('.').unwrap_or((event_type.as_str(), ""));
            let what = trigger::what_happens(thing, deed, state.trigger.keep);
            Confirm::new(&ask, "Trigger it")
                .text(&place)
                .text(&what)
                .text("Whoever receives this tenant's webhooks gets a real delivery.")
                .harmless()
                .show(ctx)
        }
        Question::Recover => {
            let ask = format!("Put right what was left in {}?", profile.name);
            Confirm::new(&ask, "Put it right")
                .text(&place)
                .text(
                    "A replacement that was cut off is brought to exactly one webhook; one that pointed at this machine \
                     is taken away, and what stood aside for it is made again; test users, roles and the like that a \
                     trigger made are deleted.",
                )
                .harmless()
                .show(ctx)
        }
        Question::Apply(typed) => apply(ctx, state, profile, typed, &place),
        Question::DropDraft(_) => Confirm::new("Drop the new webhook you began?", "Drop it")
            .text("It was not saved. The copy takes its place.")
            .show(ctx),
    };
    match answer {
        None => state.question = Some(question),
        Some(Answer::Cancelled) => {}
        Some(Answer::Confirmed) => confirmed(state, question, profile, cx, actions),
    }
}

fn confirmed(state: &mut State, question: Question, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    match question {
        // What was asked about, whatever the room shows by now.
        Question::Create => state.run(&Which::New, Doing::Create, AtLimit::Refuse, profile, cx, actions),
        Question::Delete(webhook, _) => state.delete(*webhook, profile, cx, actions),
        Question::DeleteFirst { which, .. } => {
            state.run(&which, Doing::Save, AtLimit::DeleteFirst, profile, cx, actions);
        }
        Question::Undo(id) => state.undo_now(&id, cx, actions),
        Question::Trigger(event_type) => trigger::run(state, &event_type, profile, cx, actions),
        Question::Recover => {
            let job = cx.job();
            state.recovering = Some(job);
            actions.push(Action::Run(job, Command::Recover { profile: profile.id }.into()));
        }
        Question::Apply(_) => plan::apply(state, profile, cx, actions),
        Question::DropDraft(definition) => {
            state.editors.insert(Which::New, Editor::copy_of(&definition));
            state.open = Some(Which::New);
        }
    }
}

/// What has to be typed before a deletion on a live environment: the name, or the id of one without a name.
fn to_type(webhook: &Webhook) -> &str {
    let name = webhook.definition.name.trim();
    if name.is_empty() { &webhook.id } else { name }
}

fn delete(ctx: &Context, webhook: &Webhook, typed: &mut String, live: Option<&str>) -> Option<Answer> {
    let name = to_type(webhook);
    let ask = format!("Delete \u{201c}{name}\u{201d}?");
    let mut answer = None;
    let closed = dialog(ctx, &ask, |ui, fresh| {
        mono(ui, &webhook.definition.endpoint);
        let words = "Kinde stops delivering there; what it is still retrying may end. Undo makes it again as it was, \
                     under a new id.";
        ui.add(Label::new(words).wrap());
        if let Some(place) = live {
            ui.add(Label::new(place).wrap());
            ui.add_space(space::SM);
            let label = format!("Type {name} to delete it");
            ui.add(Label::new(&label).wrap());
            let field = crate::ui::text_field(ui, &label, "", typed);
            if fresh {
                field.request_focus();
            }
        }
        ui.add_space(space::SM);
        let ready = live.is_none() || typed.trim() == name;
        answer = buttons(ui, "Delete webhook", ready, "Type its name first", fresh && live.is_none());
    });
    answer.or(closed.then_some(Answer::Cancelled))
}

fn apply(ctx: &Context, state: &State, profile: &Profile, typed: &mut String, place: &str) -> Option<Answer> {
    let (count, deletes) =
        state.plan.shown.as_ref().map(|shown| (shown.wanted().len(), shown.deletes())).unwrap_or_default();
    let ask = format!("Apply {count} changes to {}?", profile.name);
    let verb = if count == 1 { "Apply 1 change".to_owned() } else { format!("Apply {count} changes") };
    if deletes == 0 {
        return Confirm::new(&ask, &verb).text(place).harmless().show(ctx);
    }
    let mut answer = None;
    let closed = dialog(ctx, &ask, |ui, fresh| {
        ui.add(Label::new(place).wrap());
        let words = if deletes == 1 {
            "One webhook is deleted.".to_owned()
        } else {
            format!("{deletes} webhooks are deleted.")
        };
        ui.add(Label::new(words).wrap());
        ui.add_space(space::SM);
        let hint = format!("Type {} to go on", profile.name);
        let field = FieldRow::new("Profile").hint(&hint).show(ui, typed);
        if fresh {
            field.request_focus();
        }
        answer = buttons(ui, &verb, typed.trim() == profile.name, "Type the profile's name first", false);
    });
    answer.or(closed.then_some(Answer::Cancelled))
}

fn buttons(ui: &mut egui::Ui, verb: &str, ready: bool, why_not: &str, to_cancel: bool) -> Option<Answer> {
    ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
        let act = Button::danger(verb).enabled_or(ready, why_not).show(ui).clicked();
        let cancel = Button::secondary("Cancel").show(ui);
        if to_cancel {
            cancel.request_focus();
        }
        act.then_some(Answer::Confirmed).or(cancel.clicked().then_some(Answer::Cancelled))
    })
    .inner
}
