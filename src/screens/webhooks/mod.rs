//! Webhooks: what Kinde delivers where. Kept, changed, replaced, deleted and undone, caused, looked up, copied by file.
//!
//! Draws the state and pushes actions; every call is made by `backend::webhooks`.

mod diff;
mod editor;
mod editor_state;
mod events;
mod leftovers;
mod list;
mod lookup;
mod plan;
mod question;
mod refusal;
mod review;
mod seen;
mod state;
mod trigger;
mod types;

use std::sync::Arc;

use egui::{Label, Layout, RichText, Ui, vec2};

pub use state::State;

use crate::action::{Action, InspectorAsk, Room};
use crate::error::{Category, UserError};
use crate::net::token_hint;
use crate::screens::{Cx, guard_words};
use crate::step::Step;
use crate::tenant::Profile;
use crate::ui::tokens::{size, space};
use crate::ui::{
    Button, Callout, Icon, Load, LoadAsk, LoadView, empty_state, heading, menu, menu_item, small, step_list_hinted,
    tabs, tokens,
};
use crate::webhooks::NO_SWITCH_NOTE;
use editor_state::called;
use state::{Deleted, Question, View, can_ask};

/// The first thing a person may come here for.
const SEND_HERE: &str = "Send this tenant's events here";

/// Below this width, in points, the editor takes the list's place.
const NARROW: f32 = 680.0;

/// Draws the room.
pub fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(profile) = cx.profile else {
        if empty_state(
            ui,
            Some(Icon::Webhook),
            "Webhooks belong to a tenant. Connect your Kinde tenant, or explore with the sandbox",
            Some("Go to Start"),
        ) {
            actions.push(Action::Go(Room::Start));
        }
        return;
    };
    if std::mem::take(&mut state.stale) && can_ask(profile) {
        state.read(profile, cx, actions);
    }
    header(ui, state, profile, cx, actions);
    if !can_ask(profile) {
        ui.add_space(space::SM);
        let next = Callout::info("Webhooks need an M2M application").text(
            "They are read and changed through Kinde's Management API. This profile has a domain alone. Decoding and verifying deliveries works without it",
        );
        if next.show_with(ui, |ui| Button::primary("Go to Tenant").show(ui).clicked()) {
            actions.push(Action::Go(Room::Tenant));
        }
        return;
    }
    let count = state.list.value().map(|listed| listed.webhooks.len());
    let parts = [
        (View::Webhooks, "Webhooks", count),
        (View::Trigger, "Trigger", None),
        (View::LookUp, "Look up", None),
        (View::Leftovers, "Leftovers", None),
    ];
    // In a small window the editor needs the room of everything around it.
    let alone = state.open.is_some() && state.view == View::Webhooks && ui.available_width() < NARROW;
    if !alone {
        let before = state.view;
        tabs(ui, &mut state.view, &parts);
        // Which webhooks take an event is told there: by the list as it is now.
        state.stale |= state.view == View::Trigger && before != state.view;
        ui.add_space(space::SM);
    }
    left_over(ui, state, profile);
    picking(ui, state, actions);
    match state.view {
        View::Webhooks if state.plan.shown.is_some() => {
            plan_trouble(ui, state);
            plan::show(ui, state, profile, cx, actions);
        }
        View::Webhooks => webhooks(ui, state, profile, cx, actions),
        View::Trigger => trigger::show(ui, state, profile, cx, actions),
        View::LookUp => lookup::show(ui, state, profile, cx, actions),
        View::Leftovers => leftovers::show(ui, state, cx, actions),
    }
    question::show(ui.ctx(), state, profile, cx, actions);
}

/// The steps of a job; what is copied of them says how its token is filled in.
fn steps(ui: &mut Ui, steps: &[Step], profile: &Profile, cx: &Cx<'_>) {
    step_list_hinted(ui, steps, &|| token_hint(&profile.name, cx.data_dir));
}

fn header(ui: &mut Ui, state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        heading(ui, "Webhooks");
        if !can_ask(profile) {
            return;
        }
        ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
            let there = state.list.value().is_some();
            let going = state.plan.is_going();
            menu(ui, "More", |ui| {
                if there && menu_item(ui, Icon::Download, "Export to a file…") {
                    plan::export(state, profile, cx, actions);
                }
                let import = |ui: &mut Ui| menu_item(ui, Icon::Upload, "Import a file as a plan…");
                if ui.add_enabled_ui(!going, import).inner {
                    state.view = View::Webhooks;
                    plan::import(state, profile, cx, actions);
                }
                if let Some(listed) = state.list.value()
                    && menu_item(ui, Icon::Terminal, "Copy the list call as curl")
                {
                    ui.copy_text(format!("# {}\n{}", token_hint(&profile.name, cx.data_dir), listed.curl));
                }
            });
            let again = Button::icon_only(Icon::Refresh, "Read the webhooks again");
            if again.enabled_or(!state.list.is_loading(), "They are being read").show(ui).clicked() {
                state.read(profile, cx, actions);
            }
            // One primary button a screen: while another is shown, this one stands back. The empty list has its own.
            let empty = state.list.value().is_none_or(|listed| listed.webhooks.is_empty());
            let back = state.open.is_some() || state.view != View::Webhooks || state.plan.shown.is_some();
            let here = state.here.contains_key(&profile.id);
            if here {
                let show = Button::secondary("Events arrive here").icon(Icon::Inspector);
                if show.hint("Shows them in the Inspector").show(ui).clicked() {
                    actions.push(Action::Go(Room::Inspector));
                }
            } else if !(empty && state.view == View::Webhooks && there) {
                let button = if back { Button::secondary(SEND_HERE) } else { Button::primary(SEND_HERE) };
                if button.icon(Icon::Webhook).show(ui).clicked() {
                    actions.push(Action::Inspector(InspectorAsk::Send));
                }
            }
            let button = Button::secondary("New webhook").icon(Icon::Plus);
            let button = button.enabled_or(!going, "A plan is read or applied");
            if there && !(empty && state.view == View::Webhooks) && button.show(ui).clicked() {
                state.begin_new();
            }
            // Here it has a place of its own: nothing below moves when it comes and goes.
            if there && let Some(words) = state.waits.get(&state.list_job) {
                if Button::ghost("Cancel").small().name("Cancel reading the webhooks").show(ui).clicked() {
                    actions.push(Action::Cancel(state.list_job));
                }
                ui.with_layout(Layout::left_to_right(egui::Align::Center), |ui| wait_line(ui, words));
            }
        });
    });
}

/// What is waited for, cut where the room for it ends.
fn wait_line(ui: &mut Ui, words: &str) {
    let colour = tokens(ui).text_subdued;
    Icon::Running.show(ui, size::ICON, colour, "waiting");
    ui.add(Label::new(RichText::new(words).color(colour)).truncate());
}

/// What an earlier run left in a live environment.
fn left_over(ui: &mut Ui, state: &mut State, profile: &Profile) {
    if state.left == 0 {
        return;
    }
    let title = format!("An earlier run left {} in {}", events::things(state.left), profile.name);
    let busy = state.recovering.is_some();
    let text = format!("{}. Nothing is put right there without you.", guard_words(profile));
    let (put_right, leave) = Callout::warn(&title).text(&text).show_with(ui, |ui| {
        let put_right = Button::secondary("Put it right…").enabled_or(!busy, "It is going on").show(ui).clicked();
        (put_right, Button::ghost("Leave it").enabled_or(!busy, "It is going on").show(ui).clicked())
    });
    if put_right {
        state.question = Some(Question::Recover);
    }
    if leave {
        state.declined.insert(profile.id, std::mem::take(&mut state.left));
    }
    ui.add_space(space::SM);
}

/// A file is chosen, and compared with what there is.
fn picking(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let Some(job) = state.plan.picking else { return };
    ui.horizontal(|ui| {
        if Button::ghost("Cancel").small().name("Cancel reading the plan").show(ui).clicked() {
            actions.push(Action::Cancel(job));
        }
        let words = "The file is compared with what there is, once it is chosen…";
        wait_line(ui, state.waits.get(&job).map_or(words, String::as_str));
    });
    ui.add_space(space::SM);
}

fn plan_trouble(ui: &mut Ui, state: &mut State) {
    let Some(error) = &state.plan.error else { return };
    if Callout::user_error(error).show_with(ui, |ui| Button::secondary("Close").small().show(ui).clicked()) {
        state.plan.error = None;
    }
    ui.add_space(space::SM);
}

fn webhooks(ui: &mut Ui, state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    plan_trouble(ui, state);
    deleted(ui, state, profile, cx, actions);
    let whole = ui.available_rect_before_wrap();
    if state.open.is_none() {
        overview(ui, state, profile, cx, actions);
    } else if whole.width() < NARROW {
        if Button::ghost("All webhooks").icon(Icon::ChevronLeft).small().show(ui).clicked() {
            state.close();
        }
        editor::show(ui, state, profile, cx, actions);
    } else {
        let panel = (whole.width() * 0.46).clamp(360.0, 430.0);
        let list = whole.width() - panel - space::MD;
        ui.horizontal_top(|ui| {
            ui.allocate_ui_with_layout(vec2(list, whole.height()), Layout::top_down(egui::Align::Min), |ui| {
                ui.set_width(list);
                overview(ui, state, profile, cx, actions);
            });
            ui.add_space(space::MD - ui.spacing().item_spacing.x);
            ui.allocate_ui_with_layout(vec2(panel, whole.height()), Layout::top_down(egui::Align::Min), |ui| {
                ui.set_width(panel);
                editor::show(ui, state, profile, cx, actions);
            });
        });
    }
}

/// The webhook that was deleted last of those that are not back, and the way back.
fn deleted(ui: &mut Ui, state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let told = |it: &&Deleted| it.profile == profile.id && !it.dismissed;
    let Some(deleted) = state.deleted.iter().rev().find(told) else { return };
    let id = deleted.webhook.id.clone();
    let title = format!("{} was deleted", called(&deleted.webhook));
    let busy = deleted.job.is_some();
    let callout = match &deleted.error {
        Some(error) => Callout::error(&title).text(&error.title).text(&error.detail).text(&error.hint),
        None => Callout::info(&title),
    };
    let job = deleted.job;
    let waits = job.and_then(|job| state.waits.get(&job));
    let (undo, other) = callout.show_with(ui, |ui| {
        let undo = Button::secondary("Undo").small().enabled_or(!busy, "It is being made again").show(ui).clicked();
        let (words, name) =
            if busy { ("Cancel", "Cancel making it again") } else { ("Dismiss", "Dismiss what was deleted") };
        let other = Button::ghost(words).small().name(name).show(ui).clicked();
        if let Some(words) = waits {
            wait_line(ui, words);
        }
        (undo, other)
    });
    match job {
        _ if undo => state.undo(&id, cx, actions),
        Some(job) if other => actions.push(Action::Cancel(job)),
        None if other => {
            let idle = state.deleted.iter_mut().filter(|it| it.profile == profile.id && it.job.is_none());
            idle.for_each(|it| it.dismissed = true);
        }
        _ => {}
    }
    ui.add_space(space::SM);
}

/// Search, table, and what Kinde does not tell.
fn overview(ui: &mut Ui, state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let mut ask = None;
    if let Load::Failed { error, .. } = &state.list {
        ask = failed(ui, error, actions);
        ui.add_space(space::SM);
    }
    let words = state.waits.get(&state.list_job).map_or("Reading webhooks…", String::as_str);
    match state.list.value().map(|listed| Arc::clone(&listed.webhooks)) {
        Some(webhooks) => rows(ui, state, &webhooks, profile, cx, actions),
        None if state.list.is_loading() => {
            ask = LoadView::new(words).cancellable().show(ui, &mut state.list, |_, _| {});
        }
        None => {}
    }
    match ask {
        Some(LoadAsk::Retry | LoadAsk::Start) => state.read(profile, cx, actions),
        Some(LoadAsk::Cancel) => actions.push(Action::Cancel(state.list_job)),
        None => {}
    }
}

fn failed(ui: &mut Ui, error: &UserError, actions: &mut Vec<Action>) -> Option<LoadAsk> {
    let auth = error.category == Category::Auth;
    Callout::user_error(error).show_with(ui, |ui| {
        let again = Button::secondary("Try again").show(ui).clicked();
        if auth && Button::secondary("Open the doctor").show(ui).clicked() {
            actions.push(Action::Go(Room::Tenant));
        }
        again.then_some(LoadAsk::Retry)
    })
}

fn rows(
    ui: &mut Ui,
    state: &mut State,
    webhooks: &[crate::kinde::Webhook],
    profile: &Profile,
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
) {
    if webhooks.is_empty() {
        let writing = editor::is_new(state);
        let here = state.here.contains_key(&profile.id);
        match empty(ui, writing, here) {
            Some(Empty::New) => state.show_new(),
            Some(Empty::Send) => actions.push(Action::Inspector(InspectorAsk::Send)),
            None => {}
        }
        return;
    }
    list::search(ui, state, profile, cx, actions);
    ui.add_space(space::XS);
    let below = 76.0;
    let height = (ui.available_height() - below - size::TABLE_HEADER).max(4.0 * size::ROW);
    list::table(ui, state, webhooks, profile, cx, height);
    let shown = list::shown(webhooks, &state.search, state.order).len();
    list::count_line(ui, shown, webhooks.len());
    small(ui, NO_SWITCH_NOTE);
}

/// What is pressed where there is no webhook.
enum Empty {
    New,
    Send,
}

/// There is none yet; with the ways to the first one, where that is not being written beside it.
fn empty(ui: &mut Ui, writing: bool, here: bool) -> Option<Empty> {
    ui.vertical_centered(|ui| {
        empty_state(ui, Some(Icon::Webhook), "No webhooks yet. One tells Kinde where to deliver which events", None);
        let send = !here && !writing && Button::primary(SEND_HERE).icon(Icon::Webhook).show(ui).clicked();
        ui.add_space(space::XS);
        let new = !writing && Button::secondary("New webhook").icon(Icon::Plus).show(ui).clicked();
        ui.add_space(space::XL);
        send.then_some(Empty::Send).or(new.then_some(Empty::New))
    })
    .inner
}
