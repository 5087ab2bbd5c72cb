//! How a profile receives: port, forwards, and what senders are answered. Kept while the window is open.

use std::time::Duration;

use egui::{Label, RichText, Ui};

use super::state::State;
use crate::action::Action;
use crate::backend::history::{Kept, Settings, Wish};
use crate::error::{Category, UserError};
use crate::inspector::forward::Target;
use crate::inspector::receiver::{Answering, RELAY_NOTE};
use crate::screens::Cx;
use crate::ui::tokens::{size, space, text};
use crate::ui::{
    Button, Callout, FieldRow, Icon, checkbox, checkbox_row, dialog, icon_button, line, strong, text_field, tokens,
};

/// How long a sender may be kept waiting, in milliseconds: Kinde gives up earlier.
const DELAY: u64 = 60_000;

/// How a profile receives when it is started.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub wish: Wish,
    pub settings: Settings,
}

impl Plan {
    pub fn kept(&self) -> Kept {
        let forward = self.settings.targets.iter().map(|target| target.url().to_string()).collect();
        Kept { port: self.wish.port, path: self.wish.path.clone(), forward }
    }

    pub fn of(kept: &Kept) -> Self {
        let targets = kept.forward.iter().filter_map(|text| Target::parse(text, true).ok()).collect();
        let wish = Wish { port: kept.port, path: kept.path.clone() };
        Self { wish, settings: Settings { targets, ..Settings::default() } }
    }
}

/// The form while it is open.
#[derive(Default)]
pub(super) struct Draft {
    port: String,
    targets: Vec<Target>,
    forward: String,
    /// The address is on another machine: a person may say that it is meant.
    elsewhere: bool,
    status: String,
    delay: String,
    hang_up: bool,
    relay: bool,
    error: Option<UserError>,
}

impl Draft {
    pub fn of(plan: &Plan) -> Self {
        let Settings { answering, targets, relay } = &plan.settings;
        let delay = answering.delay.as_millis();
        Self {
            port: plan.wish.port.map(|port| port.to_string()).unwrap_or_default(),
            targets: targets.clone(),
            status: answering.status.to_string(),
            delay: if delay == 0 { String::new() } else { delay.to_string() },
            hang_up: answering.drop,
            relay: *relay,
            ..Self::default()
        }
    }

    fn add(&mut self, confirmed: bool) {
        if self.forward.trim().is_empty() {
            return;
        }
        match Target::parse(&self.forward, confirmed) {
            Ok(target) => {
                if !self.targets.contains(&target) {
                    self.targets.push(target);
                }
                self.forward.clear();
                (self.error, self.elsewhere) = (None, false);
            }
            Err(error) => {
                self.elsewhere = Target::parse(&self.forward, true).is_ok();
                self.error = Some(error);
            }
        }
    }

    fn port(&self) -> Result<Option<u16>, &'static str> {
        match self.port.trim() {
            "" => Ok(None),
            text => text.parse().ok().filter(|port| *port > 0).map(Some).ok_or("A number from 1 to 65535"),
        }
    }

    fn status(&self) -> Result<u16, &'static str> {
        let status = self.status.trim().parse().ok().filter(|status| (200..=599).contains(status));
        status.ok_or("A status from 200 to 599")
    }

    fn delay(&self) -> Result<Duration, &'static str> {
        match self.delay.trim() {
            "" => Ok(Duration::ZERO),
            text => {
                let wait = text.parse().ok().filter(|wait| *wait <= DELAY);
                wait.map(Duration::from_millis).ok_or("Milliseconds, at most 60000")
            }
        }
    }

    /// What was typed, if all of it can be had.
    fn read(&self) -> Option<(Option<u16>, Settings)> {
        let answering = Answering { status: self.status().ok()?, delay: self.delay().ok()?, drop: self.hang_up };
        let relay = self.relay && !self.targets.is_empty();
        Some((self.port().ok()?, Settings { answering, targets: self.targets.clone(), relay }))
    }
}

/// The form, while it is open.
pub(super) fn ui(ui: &Ui, state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(mut draft) = state.draft.take() else { return };
    let name = cx.profile.map_or("this profile", |profile| profile.name.as_str());
    let running = state.owner.is_some_and(|owner| state.receivers.contains_key(&owner));
    let mut saved = false;
    let closed = dialog(ui.ctx(), &format!("How {name} receives"), |ui, fresh| {
        saved = form(ui, &mut draft, running, fresh);
    });
    if saved && let (Some(owner), Some((port, settings))) = (state.owner, draft.read()) {
        let plan = state.plans.entry(owner).or_default();
        plan.wish.port = port;
        plan.settings = settings.clone();
        actions.push(Action::KeepReceiving(owner, plan.kept()));
        if let Some(receiving) = state.receivers.get(&owner) {
            receiving.settings.send_replace(settings);
        }
    } else if !closed {
        state.draft = Some(draft);
    }
}

fn form(ui: &mut Ui, draft: &mut Draft, running: bool, fresh: bool) -> bool {
    let hint = if running { "Counts when it is started again. Empty: a free one" } else { "Empty: a free one" };
    let port = FieldRow::new("Port").placeholder("4444").hint(hint).error(draft.port().err()).show(ui, &mut draft.port);
    if fresh {
        port.request_focus();
    }
    strong(ui, "Forward to");
    let mut gone = None;
    for (index, target) in draft.targets.iter().enumerate() {
        ui.horizontal(|ui| {
            if icon_button(ui, Icon::Cross, &format!("Stop forwarding to {}", target.shown())).clicked() {
                gone = Some(index);
            }
            line(ui, egui::RichText::new(target.shown()).monospace());
        });
    }
    if let Some(index) = gone {
        draft.targets.remove(index);
    }
    let mut add = false;
    ui.horizontal(|ui| {
        let width = ui.available_width() - 70.0;
        ui.scope(|ui| {
            ui.set_max_width(width);
            let example = "http://localhost:3000/api/kinde-webhook";
            let field = text_field(ui, "Forward to this address", example, &mut draft.forward);
            add = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        });
        add |= Button::secondary("Add").show(ui).clicked();
    });
    if add {
        draft.add(false);
    }
    if let Some(error) = draft.error.clone() {
        let confirmed = Callout::user_error(&error)
            .show_with(ui, |ui| draft.elsewhere && Button::secondary("Forward there all the same").show(ui).clicked());
        if confirmed {
            draft.add(true);
        }
    }
    ui.add_space(space::SM);
    strong(ui, "What senders are answered");
    FieldRow::new("Status")
        .hint("Kinde takes 200 as delivered")
        .error(draft.status().err())
        .show(ui, &mut draft.status);
    FieldRow::new("Delay")
        .placeholder("0")
        .hint("Milliseconds before the answer")
        .error(draft.delay().err())
        .show(ui, &mut draft.delay);
    checkbox_row(ui, &mut draft.hang_up, "Hang up instead", "The attempt is kept all the same");
    let relayed = draft.targets.first().map(Target::shown);
    let note = relayed.map_or_else(
        || "Add an address to forward to first".to_owned(),
        |first| format!("The answer of {first}. {RELAY_NOTE}"),
    );
    ui.add_enabled_ui(!draft.targets.is_empty() && !draft.hang_up, |ui| {
        checkbox(ui, &mut draft.relay, "Return my handler's answer");
        wrapped(ui, &note);
    });
    ui.add_space(space::SM);
    wrapped(
        ui,
        "A token that is no webhook is never forwarded. Receiving ends with the window and is not started again by itself",
    );
    ui.add_space(space::SM);
    let mut saved = false;
    let row = egui::vec2(ui.available_width(), size::CONTROL);
    ui.allocate_ui_with_layout(row, egui::Layout::right_to_left(egui::Align::Center), |ui| {
        let good = draft.read().is_some();
        let save = Button::primary("Save").enabled_or(good, "Something above cannot be had").show(ui).clicked();
        if save && !draft.forward.trim().is_empty() {
            draft.add(false);
        }
        saved = save && draft.forward.trim().is_empty();
    });
    saved
}

/// Small words of more than one line.
fn wrapped(ui: &mut Ui, words: &str) {
    let words = RichText::new(words).size(text::SMALL).color(tokens(ui).text_subdued);
    ui.add(Label::new(words).wrap());
}

/// For the port that cannot be had: which, and what to do.
pub(super) fn not_started(error: UserError, port: Option<u16>) -> UserError {
    match port {
        Some(port) => UserError::new(Category::Network, format!("Port {port} cannot be had"))
            .detail(error.detail)
            .hint("End the program that uses it, or choose another port in the receiving settings"),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_machine_is_forwarded_to_only_when_a_person_says_so_and_a_metadata_address_never() {
        let mut draft = Draft { status: "200".to_owned(), ..Draft::default() };
        draft.forward = "http://192.0.2.7/hook".to_owned();
        draft.add(false);
        assert!(draft.targets.is_empty() && draft.elsewhere && draft.error.is_some());
        draft.add(true);
        assert_eq!(draft.targets.len(), 1);
        draft.forward = "http://169.254.169.254/latest".to_owned();
        draft.add(true);
        assert!(draft.targets.len() == 1 && !draft.elsewhere && draft.error.is_some());
    }

    #[test]
    fn address_and_forwards_are_remembered_and_a_tried_out_answer_is_not() {
        let target = Target::parse("http://192.0.2.7/hook?key=1", true).unwrap();
        let answering = Answering { status: 500, ..Answering::default() };
        let settings = Settings { answering, targets: vec![target.clone()], relay: true };
        let plan = Plan { wish: Wish { port: Some(4444), path: Some("/k/1".to_owned()) }, settings };
        let again = Plan::of(&plan.kept());
        assert_eq!(again.wish, plan.wish);
        assert_eq!(again.settings, Settings { targets: vec![target], ..Settings::default() });
    }

    #[test]
    fn what_cannot_be_a_port_a_status_or_a_delay_is_said_and_not_saved() {
        let good = Draft::of(&Plan::default());
        assert_eq!(good.read(), Some((None, Settings::default())));
        for (port, status, delay) in [("0", "200", ""), ("70000", "200", ""), ("", "199", ""), ("", "200", "60001")] {
            let draft =
                Draft { port: port.into(), status: status.into(), delay: delay.into(), ..Draft::of(&Plan::default()) };
            assert_eq!(draft.read(), None, "{port} {status} {delay}");
        }
        let alone = Draft { relay: true, ..Draft::of(&Plan::default()) };
        assert!(!alone.read().unwrap().1.relay, "there is nobody whose answer it could be");
    }
}
