//! The panel of one webhook: what it is, what will change, and what came of sending it.

use egui::{Layout, ScrollArea, Ui};

use super::editor_state::{Doing, Editor, Stage, Which};
use super::state::{Question, State, on_this_machine};
use super::{list, refusal, review, types};
use crate::action::Action;
use crate::check::{Check, Verdict};
use crate::kinde::Webhook;
use crate::screens::Cx;
use crate::tenant::Profile;
use crate::ui::tokens::{size, space, text};
use crate::ui::{Button, FieldRow, Icon, Mood, card, copy_icon, menu, small, subdued, title, tokens, verdict_mark};
use crate::webhooks::{AtLimit, check};

/// Draws the open editor over all the room there is.
pub(super) fn show(ui: &mut Ui, state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(which) = state.open.clone() else { return };
    // Taken out while it is drawn, so that the rest of the state is at hand.
    let Some(mut editor) = state.editors.remove(&which) else {
        state.open = None;
        return;
    };
    let mut done = Done::default();
    let height = ui.available_height() - 24.0;
    card(ui, |ui| {
        ui.set_height(height);
        head(ui, &editor, state, profile, cx, &mut done);
        let checks = check(&editor.definition(), &state.known_here(), on_this_machine(profile));
        let foot = size::CONTROL + space::MD;
        let body = (ui.available_height() - foot).max(80.0);
        ScrollArea::vertical().id_salt(("editor", &which)).max_height(body).auto_shrink(false).show(ui, |ui| {
            ui.set_width(ui.available_width() - space::SM);
            match editor.stage {
                Stage::Edit => {
                    said(ui, &mut editor, profile, cx, &mut done);
                    form(ui, &mut editor, &checks);
                    types::picker(ui, &mut editor, state, profile, cx, actions);
                    let about_types = checks.iter().filter(|check| check.name == "event types");
                    notes(ui, about_types.filter(|it| it.verdict == Verdict::Warn));
                }
                Stage::Review => {
                    said(ui, &mut editor, profile, cx, &mut done);
                    // While two edits collide, what would be sent is shown with the choice between them.
                    if editor.conflict().is_none() {
                        review::show(ui, &editor, profile);
                    }
                }
                Stage::Busy(..) => super::steps(ui, &editor.steps, profile, cx),
            }
        });
        ui.add_space(space::SM);
        foot_row(ui, &mut editor, &checks, profile, &mut done, actions);
    });
    if done.discard {
        match newest(&editor, state).cloned() {
            Some(webhook) => editor.open(webhook),
            None => {
                editor = Editor::default();
                done.close = true;
            }
        }
    }
    let webhook = editor.opened.clone();
    let which = if done.as_new && state.editors.get(&Which::New).is_some_and(Editor::is_dirty) {
        done.question = Some(Question::DropDraft(Box::new(editor.definition())));
        which
    } else if done.as_new {
        editor.become_new();
        Which::New
    } else {
        which
    };
    state.open = Some(which.clone());
    state.editors.insert(which.clone(), editor);
    if let (Some(what), Some(webhook)) = (done.about, webhook) {
        list::follow(state, what, &webhook);
    }
    if let Some((doing, at_limit)) = done.run {
        state.run(&which, doing, at_limit, profile, cx, actions);
    }
    if let Some(question) = done.question {
        state.question = Some(question);
    }
    if done.doctor {
        actions.push(Action::Go(crate::action::Room::Tenant));
    }
    if done.close {
        state.close();
    }
}

/// Why nothing can be saved while two edits collide.
const CHOOSE: &str = "Choose first: take theirs, or keep yours";

/// The webhook as it is known to be now: what an answer showed, else what the list says, else what was opened.
fn newest<'a>(editor: &'a Editor, state: &'a State) -> Option<&'a Webhook> {
    let opened = editor.opened.as_ref()?;
    let listed = || state.webhooks().iter().find(|webhook| webhook.id == opened.id);
    Some(editor.conflict().or_else(listed).unwrap_or(opened))
}

/// What the person did in the panel.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub close: bool,
    pub about: Option<list::About>,
    pub run: Option<(Doing, AtLimit)>,
    pub question: Option<Question>,
    /// Open the Tenant room.
    pub doctor: bool,
    /// It is a new webhook from now on.
    pub as_new: bool,
    /// Drop what was typed.
    pub discard: bool,
}

fn head(ui: &mut Ui, editor: &Editor, state: &State, profile: &Profile, cx: &Cx<'_>, done: &mut Done) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
            if Button::icon_only(Icon::Cross, "Close the editor").small().show(ui).clicked() {
                done.close = true;
            }
            if let Some(webhook) = &editor.opened {
                menu(ui, "More about this webhook", |ui| done.about = list::about(ui, webhook, state, profile, cx));
            }
            ui.with_layout(Layout::left_to_right(egui::Align::Center), |ui| match newest(editor, state) {
                Some(webhook) => {
                    let name = &webhook.definition.name;
                    let name = if name.is_empty() { &webhook.id } else { name };
                    ui.add(
                        egui::Label::new(egui::RichText::new(name).size(text::TITLE).color(tokens(ui).text_strong))
                            .truncate(),
                    );
                }
                None => {
                    title(ui, "New webhook");
                }
            });
        });
    });
    if let Some(webhook) = &editor.opened {
        ui.horizontal(|ui| {
            let t = tokens(ui);
            let id = egui::RichText::new(&webhook.id).monospace().size(text::SMALL).color(t.text_subdued);
            ui.scope(|ui| {
                ui.set_max_width((ui.available_width() - 130.0).max(60.0));
                ui.add(egui::Label::new(id).truncate());
            });
            copy_icon(ui, "Copy Webhook ID", || webhook.id.clone());
            small(ui, &list::created(webhook));
        });
    }
    ui.add_space(space::SM);
}

/// What came of the last thing done.
fn said(ui: &mut Ui, editor: &mut Editor, profile: &Profile, cx: &Cx<'_>, done: &mut Done) {
    if let Some(words) = &editor.said {
        // An id is long: it wraps.
        ui.horizontal_top(|ui| {
            let tone = Mood::Success.tone(tokens(ui));
            Icon::Check.show(ui, 14.0, tone.icon, Mood::Success.word());
            ui.add(egui::Label::new(egui::RichText::new(words).color(tone.text)).wrap());
        });
        ui.add_space(space::SM);
    }
    if editor.refusal.is_some() {
        refusal::show(ui, editor, done);
        ui.add_space(space::SM);
    }
    if !editor.steps.is_empty() && (editor.refusal.is_some() || editor.steps.len() > 2) {
        crate::ui::disclosure(ui, "steps", "What was done, step by step", false, |ui| {
            super::steps(ui, &editor.steps, profile, cx);
        });
        ui.add_space(space::SM);
    }
}

fn form(ui: &mut Ui, editor: &mut Editor, checks: &[Check]) {
    let before = editor.definition();
    let name = FieldRow::new("Name").placeholder("Orders").show(ui, &mut editor.name);
    if std::mem::take(&mut editor.fresh) {
        name.request_focus();
    }
    FieldRow::new("Description").placeholder("What it is for").show(ui, &mut editor.description);
    FieldRow::new("Endpoint")
        .mono()
        .placeholder("https://app.example.com/api/kinde")
        .error(None)
        .show(ui, &mut editor.endpoint);
    let other = |check: &&Check| check.name != "name" && check.name != "event types";
    let typed = !editor.endpoint.is_empty();
    notes(ui, checks.iter().filter(other).filter(|it| typed && it.verdict >= Verdict::Warn));
    ui.add_space(space::SM);
    if editor.definition() != before {
        // What was said is about what was sent, and not about what is typed now.
        editor.said = None;
    }
}

/// What is wrong or worth knowing, below what it is about.
fn notes<'a>(ui: &mut Ui, checks: impl Iterator<Item = &'a Check>) {
    for check in checks {
        ui.horizontal_top(|ui| {
            verdict_mark(ui, check.verdict);
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 2.0;
                let t = tokens(ui);
                let tone = Mood::from(check.verdict).tone(t);
                let line = |words: &str, colour| {
                    egui::Label::new(egui::RichText::new(words).size(text::SMALL).color(colour)).wrap()
                };
                ui.add(line(check.why.as_deref().unwrap_or_default(), tone.text));
                ui.add(line(check.fix.as_deref().unwrap_or_default(), t.text_subdued));
            });
        });
    }
}

fn foot_row(
    ui: &mut Ui,
    editor: &mut Editor,
    checks: &[Check],
    profile: &Profile,
    done: &mut Done,
    actions: &mut Vec<Action>,
) {
    ui.horizontal(|ui| match editor.stage {
        Stage::Busy(job, doing) => {
            let cancel = Button::secondary("Cancel").hint("What was sent already is brought to its end").show(ui);
            if cancel.clicked() {
                actions.push(Action::Cancel(job));
            }
            subdued(
                ui,
                match doing {
                    Doing::Create => "Creating…",
                    Doing::Save => "Saving…",
                    Doing::Delete => "Deleting…",
                },
            );
        }
        Stage::Review => {
            let words = if editor.diff().needs_replace() { "Replace webhook" } else { "Save changes" };
            let clear = editor.conflict().is_none();
            if Button::primary(words).enabled_or(clear, CHOOSE).show(ui).clicked() {
                done.run = Some((Doing::Save, AtLimit::Refuse));
            }
            if Button::secondary("Back").show(ui).clicked() {
                editor.stage = Stage::Edit;
            }
        }
        Stage::Edit => edit_buttons(ui, editor, checks, profile, done),
    });
}

fn edit_buttons(ui: &mut Ui, editor: &mut Editor, checks: &[Check], profile: &Profile, done: &mut Done) {
    let trouble = editor.trouble(checks).and_then(|check| check.why.clone());
    let dirty = editor.is_dirty();
    if editor.opened.is_none() {
        let why = trouble.as_deref().unwrap_or_default();
        if Button::primary("Create webhook").enabled_or(trouble.is_none(), why).show(ui).clicked() {
            if profile.guard().is_on() {
                done.question = Some(Question::Create);
            } else {
                done.run = Some((Doing::Create, AtLimit::Refuse));
            }
        }
    } else {
        let clear = editor.conflict().is_none();
        let why = if clear { trouble.as_deref().unwrap_or("Nothing was changed") } else { CHOOSE };
        if Button::primary("Save…").enabled_or(clear && dirty && trouble.is_none(), why).show(ui).clicked() {
            editor.stage = Stage::Review;
            editor.said = None;
            editor.refusal = None;
            editor.steps.clear();
        }
    }
    if dirty && Button::ghost("Discard").name("Discard what was typed").show(ui).clicked() {
        done.discard = true;
    }
    if editor.opened.is_some() {
        ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
            if Button::ghost("Delete…").icon(Icon::Trash).show(ui).clicked() {
                done.about = Some(list::About::Delete);
            }
        });
    }
}

/// True where the open editor is for a webhook that does not exist yet.
pub(super) fn is_new(state: &State) -> bool {
    state.open == Some(Which::New)
}
