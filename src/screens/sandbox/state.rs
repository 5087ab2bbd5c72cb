//! What the Sandbox room remembers, and how it takes what comes back.

use jiff::Timestamp;

use super::deliveries::Deliveries;
use super::env::{Mode, Scheme};
use super::keys::Keys;
use super::mails::Mails;
use super::plan::Plan;
use super::send::Send;
use super::{faults, providers};
use crate::action::{Action, SandboxAsk};
use crate::backend::sandbox::{Command, Done, ENDED, Event, SandboxView, Sent};
use crate::backend::{End, JobId};
use crate::error::UserError;
use crate::screens::{Cx, give_up};
use crate::ui::Load;

/// The pages of the room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Tab {
    #[default]
    Overview,
    Send,
    Deliveries,
    Mail,
    Faults,
}

/// What the room remembers.
#[derive(Default)]
pub struct State {
    pub(super) tab: Tab,
    pub(super) view: Load<SandboxView>,
    pub(super) view_job: JobId,
    pub(super) scheme: Scheme,
    pub(super) mode: Mode,
    pub(super) plan: Plan,
    pub(super) keys: Keys,
    /// The sandbox changed: it is to be looked at again.
    pub(super) stale: bool,
    pub(super) send: Send,
    pub(super) deliveries: Deliveries,
    pub(super) mails: Mails,
    pub(super) faults: faults::Editor,
    pub(super) happenings: providers::Happenings,
}

impl State {
    /// The room is opened, or the profile was switched.
    pub fn entered(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        if !self.view.is_loading() {
            self.ask(Command::Look, cx, actions);
        }
        self.send.look_for_kept(cx, actions);
    }

    /// The profile was switched: what was typed for the sandbox goes, what was asked of it is done all the same.
    pub fn forget(&mut self, actions: &mut Vec<Action>) {
        self.left(actions);
        *self = Self::default();
    }

    /// Another room is opened.
    pub fn left(&mut self, actions: &mut Vec<Action>) {
        self.mails.shown(false, actions);
    }

    /// Shows the mail; the message that was queued under that id, once it is there.
    pub fn show_mail(&mut self, queue_id: Option<String>) {
        self.tab = Tab::Mail;
        self.mails.wanted(queue_id);
    }

    /// Whether that can be asked now, on the sandbox profile.
    pub fn can(&self, ask: SandboxAsk) -> bool {
        let runs = self.view.value().and_then(|view| view.runs.as_ref());
        match ask {
            SandboxAsk::Start => runs.is_none(),
            SandboxAsk::Stop => runs.is_some_and(|runs| runs.here),
            SandboxAsk::Send | SandboxAsk::Deliveries | SandboxAsk::Faults => true,
        }
    }

    /// Does what was asked from elsewhere.
    pub fn asked(&mut self, ask: SandboxAsk, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        match ask {
            SandboxAsk::Start => self.ask(Command::Start, cx, actions),
            SandboxAsk::Stop if self.can(ask) => self.ask(Command::Stop, cx, actions),
            SandboxAsk::Stop => {}
            SandboxAsk::Send => self.tab = Tab::Send,
            SandboxAsk::Deliveries => self.tab = Tab::Deliveries,
            SandboxAsk::Faults => self.tab = Tab::Faults,
        }
    }

    /// Asks how the sandbox stands, or for another standing.
    pub(super) fn ask(&mut self, command: Command, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.view_job = cx.job();
        self.view.start();
        actions.push(Action::Run(self.view_job, command.into()));
    }

    /// Takes what came back; what nobody waits for any more is dropped.
    pub fn on_event(&mut self, job: JobId, event: Event, _now: Timestamp, _actions: &mut Vec<Action>) {
        // It ended behind the room's back: the room says so once it has looked.
        self.stale |= error_of(&event).is_some_and(|error| error.title == ENDED);
        match event {
            Event::Seen(result) if job == self.view_job && self.view.is_loading() => {
                if let Ok(view) = &result {
                    let on = view.runs.as_ref().map(|runs| runs.faults.clone()).unwrap_or_default();
                    self.faults.seen(&on);
                    self.plan.seen(view.runs.as_ref().and_then(|runs| runs.webhook_limit));
                    if view.runs.is_none() {
                        // What the next run has is read from that one.
                        self.deliveries = Deliveries::default();
                        self.mails.forget();
                    }
                }
                self.view.finish(result.map(|view| *view));
            }
            Event::Seen(_) => {}
            Event::Faults(result) => self.faults.applied(job, result),
            Event::Happened { key, what, tokens } => self.happenings.happened(job, &key, what, tokens),
            Event::Sampled { event_type, sample } => self.send.sampled(job, &event_type, sample),
            Event::Received { event_type, received } => self.send.received(job, &event_type, received),
            Event::Sent(result) => {
                // Whose it was is told by webhooks that may have come meanwhile.
                self.stale |= matches!(result, Ok(Sent { done: Done::Published(_), .. }));
                self.send.sent(job, result);
            }
            Event::Deliveries(result) => self.deliveries.listed(job, result),
            Event::Body(result) => self.deliveries.read(job, result),
            Event::Mails(result) => self.mails.listed(job, result),
            Event::Mail(result) => self.mails.read(job, result),
            Event::MailsCleared(result) => self.mails.cleared(job, result),
            Event::Rotated(result) => self.stale |= self.keys.rotated(job, result),
        }
    }

    /// A job ended: what still waits for its answer stops waiting, and says why where there is a why.
    pub fn on_end(&mut self, job: JobId, end: End) {
        if job == self.view_job && self.view.is_loading() {
            give_up(&mut self.view, end);
        }
        self.faults.on_end(job, end);
        self.keys.on_end(job, end);
        self.happenings.on_end(job, end);
        self.send.on_end(job, end);
        self.deliveries.on_end(job, end);
        self.mails.on_end(job, end);
    }
}

/// Why what was asked of the running sandbox was not done.
fn error_of(event: &Event) -> Option<&UserError> {
    match event {
        Event::Faults(result) => result.as_ref().err(),
        Event::Happened { tokens, .. } => tokens.as_ref().err(),
        Event::Sampled { sample, .. } => sample.as_ref().err(),
        Event::Deliveries(result) => result.as_ref().err(),
        Event::Body(result) => result.as_ref().err(),
        Event::Mails(result) => result.as_ref().err(),
        Event::Mail(result) => result.as_ref().err(),
        Event::MailsCleared(result) => result.as_ref().err(),
        Event::Rotated(result) => result.as_ref().err(),
        Event::Seen(result) => result.as_ref().err(),
        Event::Sent(_) | Event::Received { .. } => None,
    }
}
