//! The chain at the head of the room: where this profile receives, and what is done with what comes.

use egui::Ui;
use tokio::sync::watch;
use uuid::Uuid;

use super::receive::{self, Plan};
use super::state::{Side, State};
use super::{keep, public};
use crate::action::InspectorAsk as Ask;
use crate::action::{Action, JobId};
use crate::backend::End;
use crate::backend::history::{Command, Settings, Up};
use crate::error::UserError;
use crate::inspector::forward::Target;
use crate::screens::Cx;
use crate::ui::tokens::space;
use crate::ui::{Button, Callout, Icon, Mood, badge, copy_icon, heading, line, menu, menu_item, status_with};

/// The most room an address takes, in points.
const ADDRESS: f32 = 210.0;
/// The room of what stands around the receiver's address, in points: its state, and the buttons at the end.
const AROUND: f32 = 380.0;
/// The room of a word about what senders are answered, in points.
const ANSWER: f32 = 150.0;

/// The receiver of one profile.
pub(super) struct Receiving {
    pub job: JobId,
    /// `None` until it is up.
    pub up: Option<Up>,
    pub settings: watch::Sender<Settings>,
    /// Why what arrives is not judged.
    pub trouble: Option<UserError>,
    pub stopping: bool,
}

/// Starts to receive for the profile that shows.
pub(super) fn listen(state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(profile) = cx.profile.map(|profile| profile.id) else { return };
    if state.receivers.contains_key(&profile) {
        return;
    }
    let Plan { wish, settings } = state.plans.entry(profile).or_default().clone();
    let job = cx.job();
    let (sender, receiver) = watch::channel(settings);
    state.receivers.insert(profile, Receiving { job, up: None, settings: sender, trouble: None, stopping: false });
    state.error = None;
    state.side = Side::Live;
    actions.push(Action::Run(job, Command::Listen { profile, wish, settings: receiver }.into()));
}

/// Stops to receive for a profile; where its events are sent here, everything is put back first.
pub(super) fn stop(state: &mut State, profile: Uuid, actions: &mut Vec<Action>) {
    if !public::stop(state, profile, true, actions) {
        stop_receiving(state, profile, actions);
    }
}

pub(super) fn stop_receiving(state: &mut State, profile: Uuid, actions: &mut Vec<Action>) {
    if let Some(receiving) = state.receivers.get_mut(&profile) {
        receiving.stopping = true;
        actions.push(Action::Cancel(receiving.job));
    }
}

pub(super) fn on_listening(state: &mut State, job: JobId, up: Result<Up, UserError>, actions: &mut Vec<Action>) {
    let found = state.receivers.iter_mut().find(|(_, receiving)| receiving.job == job);
    let Some((profile, receiving)) = found else { return };
    match up {
        Ok(up) => {
            // Started again, it has the same address, so that what points here goes on.
            let path = up.url.splitn(4, '/').nth(3).map(|path| format!("/{path}"));
            let plan = state.plans.entry(*profile).or_default();
            plan.wish.path = path;
            actions.push(Action::KeepReceiving(*profile, plan.kept()));
            receiving.up = Some(up);
            let profile = *profile;
            public::receiver_is_up(state, profile, actions);
        }
        Err(error) => {
            let profile = *profile;
            let port = state.plans.get(&profile).and_then(|plan| plan.wish.port);
            let error = receive::not_started(error, port);
            state.receivers.remove(&profile);
            public::receiver_ended(state, profile, actions);
            if state.owner == Some(profile) {
                state.error = Some(error);
            }
        }
    }
}

pub(super) fn on_end(state: &mut State, job: JobId, end: End, actions: &mut Vec<Action>) {
    let found = state.receivers.iter().find(|(_, receiving)| receiving.job == job).map(|(profile, _)| *profile);
    if let Some(profile) = found {
        state.receivers.remove(&profile);
        public::receiver_ended(state, profile, actions);
        if end != End::Done && state.owner == Some(profile) {
            state.error = end.without_answer();
        }
    }
}

/// The line itself, with the buttons of the room at its end.
pub(super) fn ui(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let alone = state.owner.is_some_and(|owner| !state.public.is_on(owner));
    let mut below = false;
    ui.horizontal(|ui| {
        heading(ui, "Inspector");
        super::sides(ui, state, cx);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            buttons(ui, state, cx, actions);
            // Where the head of the room is too narrow for it, it has a line of its own.
            below = alone && ui.available_width() < least(state);
            if alone && !below {
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| own(ui, state, actions));
            }
        });
    });
    if below {
        ui.horizontal_wrapped(|ui| own(ui, state, actions));
    }
    if let Some(owner) = state.owner {
        public::links(ui, state, owner, actions);
        public::trouble(ui, state, owner, cx, actions);
    }
    public::form(ui, state, cx, actions);
    receive::ui(ui, state, cx, actions);
    keep::ui(ui, state, cx, actions);
    keep::told(ui, state);
    elsewhere(ui, state, cx, actions);
    let trouble = state.owner.and_then(|owner| state.receivers.get(&owner)).and_then(|own| own.trouble.as_ref());
    if let Some(error) = trouble {
        Callout::user_error(error).show(ui);
    }
    if let Some(error) = &state.error {
        let closed = Callout::user_error(error).show_with(ui, |ui| Button::ghost("Dismiss").small().show(ui).clicked());
        if closed {
            state.error = None;
        }
        ui.add_space(space::SM);
    }
}

/// The least room of the receiver with what is done with what comes, in points.
fn least(state: &State) -> f32 {
    let receiving = state.owner.and_then(|owner| state.receivers.get(&owner)).filter(|own| own.up.is_some());
    let Some(receiving) = receiving else { return 0.0 };
    let settings = receiving.settings.borrow();
    let onward = if settings.targets.is_empty() { 0.0 } else { 120.0 };
    let answer = if answers(&settings).is_some() { ANSWER } else { 0.0 };
    AROUND + 130.0 + onward + answer
}

fn own(ui: &mut Ui, state: &mut State, actions: &mut Vec<Action>) {
    let Some(profile) = state.owner else { return };
    let Some(receiving) = state.receivers.get(&profile) else { return };
    let Some(up) = &receiving.up else {
        status_with(ui, Mood::Neutral, Icon::Running, "starting…");
        return;
    };
    let settings = receiving.settings.borrow().clone();
    let answer = answers(&settings);
    let rest = ui.available_width() - AROUND - if answer.is_some() { ANSWER } else { 0.0 };
    let addresses = if settings.targets.is_empty() { 1.0 } else { 2.0 };
    let most = (rest / addresses).clamp(60.0, ADDRESS);
    status_with(ui, Mood::Success, Icon::Dot, "receiving on");
    let place = up.url.strip_prefix("http://").unwrap_or(&up.url);
    ui.scope(|ui| {
        ui.set_max_width(most);
        line(ui, egui::RichText::new(place).monospace()).on_hover_text(&up.url);
    });
    copy_icon(ui, "Copy the receiver's address", || up.url.clone());
    onward(ui, &settings, most);
    if let Some(words) = answer {
        badge(ui, Mood::Warn, &words);
    }
    let send = Button::ghost("Send events here\u{2026}").small();
    if send.hint("Lets Kinde deliver to it: tunnel and webhook, put back when you stop").show(ui).clicked() {
        actions.push(Action::Inspector(Ask::Send));
    }
    let stop = Button::ghost("Stop").icon(Icon::Stop).small();
    if stop.enabled_or(!receiving.stopping, "It is stopping").show(ui).clicked() {
        self::stop(state, profile, actions);
    }
}

/// Where it goes on to.
fn onward(ui: &mut Ui, settings: &Settings, most: f32) {
    let Some(first) = settings.targets.first() else { return };
    let more = settings.targets.len() - 1;
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let place = first.shown();
    let short = place.strip_prefix("http://").unwrap_or(&place);
    Icon::ChevronRight.show(ui, 14.0, crate::ui::tokens(ui).text_subdued, "passed on to");
    ui.scope(|ui| {
        ui.set_max_width(most);
        let all: Vec<String> = settings.targets.iter().map(Target::shown).collect();
        line(ui, format!("{short}{more}")).on_hover_text(all.join("\n"));
    });
}

/// What the sender hears, where that is not 200 at once.
fn answers(settings: &Settings) -> Option<String> {
    let answering = &settings.answering;
    match () {
        () if answering.drop => Some("hangs up".to_owned()),
        () if settings.relay => Some("your handler answers".to_owned()),
        () if answering.status != 200 => Some(format!("answers {}", answering.status)),
        () if !answering.delay.is_zero() => Some(format!("answers after {} ms", answering.delay.as_millis())),
        () => None,
    }
}

fn buttons(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(profile) = state.owner else { return };
    menu(ui, "More of the Inspector", |ui| {
        for (icon, words, ask) in [
            (Icon::Webhook, "Send this tenant's events here\u{2026}", Ask::Send),
            (Icon::Settings, "Receiving settings…", Ask::Receiving),
            (Icon::Paste, "Paste…", Ask::Paste),
            (Icon::Download, "Import…", Ask::Import),
            (Icon::Upload, "Export…", Ask::Export),
            (Icon::Clock, "How much is kept…", Ask::Retention),
            (Icon::Trash, "Clear history…", Ask::Clear),
        ] {
            if menu_item(ui, icon, words) {
                actions.push(Action::Inspector(ask));
            }
        }
    });
    let listens = state.receivers.contains_key(&profile);
    let empty = state.rows.ready && state.rows.held().is_empty() && state.is_unfiltered();
    if !listens && !empty && Button::primary("Listen").icon(Icon::Play).show(ui).clicked() {
        listen(state, cx, actions);
    }
    if state.rows.paused {
        if Button::secondary("Resume").icon(Icon::Play).show(ui).clicked() {
            state.rows.show_newest();
        }
    } else if listens {
        let pause = Button::secondary("Pause").icon(Icon::Pause).hint("The list stands still; receiving goes on");
        if pause.show(ui).clicked() {
            state.rows.paused = true;
        }
    }
}

/// Receivers of other profiles than the one that shows.
fn elsewhere(ui: &mut Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let others: Vec<Uuid> = state.receivers.keys().copied().filter(|id| Some(*id) != state.owner).collect();
    for id in others {
        let Some(up) = state.receivers.get(&id).and_then(|receiving| receiving.up.as_ref()) else { continue };
        let name = cx.profiles.iter().find(|profile| profile.id == id).map_or("another profile", |other| &other.name);
        let words = format!("{name} is receiving too, on 127.0.0.1:{}", up.port);
        ui.horizontal(|ui| {
            status_with(ui, Mood::Info, Icon::Dot, &words);
            if Button::ghost("Show").name(&format!("Show {name}")).small().show(ui).clicked() {
                actions.push(Action::SwitchProfile(id));
            }
            if Button::ghost("Stop").name(&format!("Stop {name}")).small().show(ui).clicked() {
                stop(state, id, actions);
            }
        });
    }
}
