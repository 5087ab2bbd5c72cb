//! "Send event": choose a type, edit its payload, and send it to the sandbox's webhooks or to one address.

use std::collections::BTreeMap;

use egui::{Align, Layout, ScrollArea, Ui, vec2};

use super::draft::{Draft, From, Goes, Way};
use super::origin::{self, Kept, Wanted};
use super::{sent, types};
use crate::action::{Action, Room};
use crate::backend::sandbox::{Command, Received, Sent};
use crate::backend::{End, JobId};
use crate::error::UserError;
use crate::kinde::event_types::{self, KnownType};
use crate::sandbox::{Sample, WebhookView, forgeries};
use crate::screens::Cx;
use crate::ui::tokens::{size, space, text};
use crate::ui::{
    Button, FieldRow, Icon, Load, LoadAsk, LoadView, Mood, combo_item, combo_row, disclosure, empty_state, line,
    paste_box, segmented, small, status, title, tokens,
};

/// Width of the list of types, in points.
const LIST: f32 = 232.0;
/// Points around the payload: what it is, where it goes, what came of it, options.
const AROUND: f32 = 362.0;

/// What the page remembers.
#[derive(Default)]
pub(super) struct Send {
    filter: String,
    chosen: Option<&'static KnownType>,
    /// What was typed for each type.
    drafts: BTreeMap<&'static str, Draft>,
    sample: Load<()>,
    sample_job: JobId,
    kept: Kept,
    kept_job: JobId,
    /// It is to be put into the editor when it comes.
    wants_kept: bool,
    way: Way,
    job: JobId,
    sent: Option<Result<Sent, UserError>>,
    /// Show the deliveries.
    pub wants_deliveries: bool,
}

impl Send {
    fn choose(&mut self, known: &'static KnownType, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.chosen = Some(known);
        self.sent = None;
        if !self.drafts.contains_key(known.event_type.as_str()) {
            self.fetch(known, cx, actions);
        }
        self.wants_kept = false;
        self.kept = Kept::Asked;
        self.look_for_kept(cx, actions);
    }

    /// Looks again what the history holds of the chosen type: something may have come.
    pub fn look_for_kept(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let Some(known) = self.chosen else { return };
        self.kept_job = cx.job();
        actions.push(Action::Run(self.kept_job, Command::Received { event_type: known.event_type.clone() }.into()));
    }

    /// What the history holds of the chosen type came.
    pub fn received(&mut self, job: JobId, event_type: &str, result: Result<Option<Received>, UserError>) {
        if job != self.kept_job {
            return;
        }
        self.kept = match result {
            Ok(Some(received)) => Kept::Newest(received),
            Ok(None) => Kept::None,
            Err(error) => Kept::Failed(error),
        };
        let wanted = std::mem::take(&mut self.wants_kept);
        if let (Kept::Newest(received), Some(known)) = (&self.kept, event_types::find(event_type).filter(|_| wanted)) {
            let told = origin::told(received);
            let from = From::Received { told: told.clone(), verified: received.verified };
            let note = format!("{told}. ID and time are made anew at each send");
            self.drafts.insert(known.event_type.as_str(), Draft::of(&received.payload, Some(note), from));
        }
    }

    fn fetch(&mut self, known: &'static KnownType, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.sample_job = cx.job();
        self.sample = Load::Idle;
        self.sample.start();
        let command = Command::Sample { event_type: known.event_type.clone() };
        actions.push(Action::Run(self.sample_job, command.into()));
    }

    /// A sample came.
    pub fn sampled(&mut self, job: JobId, event_type: &str, result: Result<Sample, UserError>) {
        if job != self.sample_job {
            return;
        }
        match (result, event_types::find(event_type)) {
            (Ok(sample), Some(known)) => {
                self.drafts.insert(
                    known.event_type.as_str(),
                    Draft::of(&sample.payload, sample.note, From::Sample(sample.live)),
                );
                self.sample.ready(());
            }
            (Err(error), _) => self.sample.fail(error),
            (Ok(_), None) => self.sample.cancel(),
        }
    }

    /// It was sent, or not.
    pub fn sent(&mut self, job: JobId, result: Result<Sent, UserError>) {
        if job != self.job {
            return;
        }
        self.job = 0;
        self.sent = Some(result);
    }

    /// The job ended without an answer.
    pub fn on_end(&mut self, job: JobId, end: End) {
        if job == self.sample_job && self.sample.is_loading() {
            crate::screens::give_up(&mut self.sample, end);
        }
        if job == self.job {
            self.job = 0;
            self.sent = end.without_answer().map(Err);
        }
        if job == self.kept_job && matches!(self.kept, Kept::Asked) {
            self.kept = end.without_answer().map_or(Kept::None, Kept::Failed);
        }
    }
}

/// Draws the page, over the whole height there is.
pub(super) fn ui(ui: &mut Ui, state: &mut Send, hooks: &[WebhookView], cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let height = ui.available_height();
    let mut picked = None;
    ui.horizontal_top(|ui| {
        ui.allocate_ui_with_layout(vec2(LIST, height), Layout::top_down(Align::Min), |ui| {
            ui.set_width(LIST);
            picked = types::ui(ui, &mut state.filter, state.chosen.map(|known| known.event_type.as_str()));
        });
        ui.add_space(space::SM);
        ui.vertical(|ui| {
            ScrollArea::vertical().id_salt("event").auto_shrink(false).max_height(height).show(ui, |ui| {
                ui.set_width((ui.available_width() - space::SM).max(200.0));
                match state.chosen {
                    Some(known) => event(ui, state, known, hooks, cx, actions, height),
                    None => {
                        empty_state(ui, Some(Icon::Webhook), "Choose an event type to see a sample of it", None);
                    }
                }
            });
        });
    });
    if let Some(known) = picked {
        state.choose(known, cx, actions);
    }
}

fn event(
    ui: &mut Ui,
    state: &mut Send,
    known: &'static KnownType,
    hooks: &[WebhookView],
    cx: &Cx<'_>,
    actions: &mut Vec<Action>,
    height: f32,
) {
    let name = known.event_type.as_str();
    title(ui, name);
    match origin::ui(ui, known, state.drafts.get(name), &state.kept) {
        Some(Wanted::Received) => {
            state.wants_kept = true;
            state.look_for_kept(cx, actions);
        }
        Some(Wanted::Sample) => {
            state.drafts.remove(name);
            state.fetch(known, cx, actions);
        }
        None => {}
    }
    let Some(draft) = state.drafts.get_mut(name) else {
        let ask = LoadView::new("Reading a sample…").idle("There is no sample yet", "Read one").show(
            ui,
            &mut state.sample,
            |_, ()| {},
        );
        if matches!(ask, Some(LoadAsk::Start | LoadAsk::Retry)) {
            state.fetch(known, cx, actions);
        }
        return;
    };
    payload(ui, draft, height);
    let sending = state.way.sending(name, draft);
    let busy = state.job != 0;
    let mut wanted = None;
    ui.horizontal(|ui| {
        segmented(ui, &mut state.way.goes, &[(Goes::Webhooks, "Webhooks"), (Goes::Address, "Address")]);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let why_not = if busy { "It is being sent" } else { sending.as_ref().err().copied().unwrap_or_default() };
            let button = Button::primary("Send event").icon(Icon::Play);
            if button.enabled_or(!busy && sending.is_ok(), why_not).show(ui).clicked() {
                wanted = sending.ok();
            }
            if busy {
                let cancel = Button::secondary("Cancel").name("Cancel the sending");
                if cancel.hint("What was sent stays sent").show(ui).clicked() {
                    actions.push(Action::Cancel(state.job));
                }
                small(ui, "Sending…");
            }
        });
    });
    if let Some(sending) = wanted {
        state.job = cx.job();
        state.sent = None;
        actions.push(Action::Run(state.job, Command::Send(Box::new(sending)).into()));
    }
    way(ui, &mut state.way, name, hooks, actions);
    if let Some(result) = &state.sent {
        state.wants_deliveries = sent::ui(ui, result);
    }
    options(ui, &mut state.way);
}

fn payload(ui: &mut Ui, draft: &mut Draft, height: f32) {
    let rows = ((height - AROUND) / 17.0).clamp(6.0, 22.0) as usize;
    if paste_box(ui, "Payload", "What the token says, as JSON", rows, &mut draft.text).response.changed() {
        draft.changed();
    }
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if draft.is_edited() && Button::ghost("Reset").name("Reset the payload").small().show(ui).clicked() {
                draft.reset();
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| match draft.payload() {
                Err(wrong) => {
                    let told = wrong.told();
                    status(ui, Mood::Error, &told);
                }
                Ok(_) => {
                    let note = draft.note.as_deref().unwrap_or("ID and time are made anew at each send");
                    line(ui, egui::RichText::new(note).size(text::SMALL).color(tokens(ui).text_subdued));
                }
            });
        });
    });
}

fn way(ui: &mut Ui, way: &mut Way, event_type: &str, hooks: &[WebhookView], actions: &mut Vec<Action>) {
    match way.goes {
        Goes::Webhooks => targets(ui, event_type, hooks, actions),
        Goes::Address => {
            let error = way.url_error();
            FieldRow::new("Address")
                .placeholder("http://127.0.0.1:3000/webhooks")
                .hint("Sent once, without another attempt")
                .error(error)
                .mono()
                .show(ui, &mut way.url);
        }
    }
}

fn options(ui: &mut Ui, way: &mut Way) {
    disclosure(ui, "send options", "Options", false, |ui| {
        let error = way.times_error();
        FieldRow::new("How often")
            .placeholder("1")
            .hint("So many events")
            .error(error)
            .width(160.0)
            .show(ui, &mut way.times);
        FieldRow::new("webhook-id")
            .hint("Empty: each delivery has its own. One of your own shows whether your app takes a repetition for one")
            .mono()
            .show(ui, &mut way.webhook_id);
        let chosen = forgeries().iter().find(|forgery| Some(forgery.name) == way.forge);
        let hint = chosen.map_or("A genuine event of the sandbox", |forgery| forgery.what);
        combo_row(ui, "Forge", Some(hint), way.forge.unwrap_or("nothing"), |ui| {
            if combo_item(ui, way.forge.is_none(), "nothing", "") {
                way.forge = None;
            }
            for forgery in forgeries() {
                if combo_item(ui, way.forge == Some(forgery.name), forgery.name, "") {
                    way.forge = Some(forgery.name);
                }
            }
        });
    });
}

/// Who will get it.
fn targets(ui: &mut Ui, event_type: &str, hooks: &[WebhookView], actions: &mut Vec<Action>) {
    let chose = hooks.iter().filter(|hook| hook.event_types.iter().any(|chosen| chosen == event_type)).count();
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        match chose {
            0 => {
                status(ui, Mood::Warn, "No webhook chose this type");
                if Button::ghost("Webhooks").name("Open the Webhooks room").small().show(ui).clicked() {
                    actions.push(Action::Go(Room::Webhooks));
                }
            }
            1 => {
                small(ui, "One webhook of the sandbox chose this type");
            }
            more => {
                small(ui, &format!("{more} webhooks of the sandbox chose this type"));
            }
        }
    });
}
