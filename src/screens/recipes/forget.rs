//! Forgetting the inputs of a recipe, and how it stands: after a question where secrets go with them, and with a way back where none do.

use std::collections::BTreeMap;

use egui::Context;
use uuid::Uuid;

use super::page_state::Page;
use super::state::{Asked, Shown, State, run};
use crate::action::{Action, Mood};
use crate::backend::recipes::Command;
use crate::recipes::{self, Content};
use crate::screens::Cx;
use crate::secrets::KeyringState;
use crate::tenant::KeptRecipe;
use crate::ui::{Answer, Confirm};

/// What was forgotten and can be had back.
pub(super) struct Forgotten {
    /// What stood in the plain fields.
    plain: BTreeMap<String, String>,
    /// What was remembered.
    before: KeptRecipe,
    /// There is something to have back.
    any: bool,
}

impl Forgotten {
    /// Empties the fields of the page, of which `before` was remembered.
    pub fn of(page: &mut Page, content: &Content, before: KeptRecipe) -> Self {
        let any = !page.draft.keep(content).is_empty() || before != KeptRecipe::default();
        Self { plain: page.draft.forget(content), before, any }
    }
}

/// Tells that it is done.
pub(super) fn told(profile: Uuid, content: &'static Content, secrets: bool, forgotten: &Forgotten) -> Action {
    let title = format!("The inputs of {} are forgotten, and how it stood", content.title);
    if secrets || !forgotten.any {
        let detail = if secrets { "Their secrets are deleted" } else { "" };
        return Action::Notify(Mood::Success, title, detail.to_owned());
    }
    let action = Box::new(Action::UndoForget { profile, recipe: &content.name });
    Action::Offer { mood: Mood::Success, title, detail: String::new(), words: "Undo", action }
}

impl State {
    /// Brings back the inputs of a recipe that were forgotten for a profile.
    pub fn undo_forget(&mut self, profile: Uuid, recipe: &'static str, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let Some(Forgotten { plain, before, .. }) = self.forgotten.remove(&(profile, recipe)) else { return };
        if let (Some(page), Some(found)) = (self.pages.get_mut(recipe), recipes::find(recipe))
            && cx.profile.is_some_and(|shown| shown.id == profile)
        {
            page.draft.take_back(found.content(), plain);
        }
        let command = Command::Remember { profile, name: recipe.to_owned(), before: Box::new(before) };
        actions.push(run(cx.job(), command));
    }
}

/// The question before secrets are deleted.
pub(super) fn question(ctx: &Context, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(Shown::Recipe(name)) = state.shown else { return };
    let (Some(page), Some(recipe)) = (state.pages.get_mut(name), recipes::find(name)) else { return };
    let Some(secrets) = &page.asks_to_forget else { return };
    let content = recipe.content();
    let verb = if secrets.len() == 1 { "is" } else { "are" };
    let in_memory = page.this_run || matches!(cx.keyring, KeyringState::Missing { .. });
    let place = if in_memory { "" } else { " from the keyring" };
    let gone = format!(
        "{} {verb} deleted{place}, and what is typed here and how it stands are forgotten.",
        secrets.join(", ")
    );
    let title = format!("Forget the inputs of {}?", content.title);
    let confirm = Confirm::new(&title, "Forget and delete").text(&gone).text(
        "A secret that was made here cannot be had back: what uses it already goes on with it, and the next files get \
         another one. Copy it first where you need it.",
    );
    match confirm.show(ctx) {
        Some(Answer::Confirmed) => state.ask(recipe, Asked::Forget, cx, actions),
        Some(Answer::Cancelled) => page.asks_to_forget = None,
        None => {}
    }
}
