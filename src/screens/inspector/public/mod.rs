//! A tenant's events sent here: what is wanted, how each link stands, and what was put back. No file, no I/O.
//!
//! The receiver is the room's own ([`super::chain`]); tunnel and webhook are one job of the backend for each profile.

mod draft;
mod form;
mod links;
mod trouble;

pub(super) use form::ui as form;
pub(super) use links::ui as links;
pub(super) use trouble::ui as trouble;

use std::collections::BTreeMap;

use tokio::sync::watch;
use url::Url;
use uuid::Uuid;

use super::chain;
use super::state::{Side, State};
use crate::action::{Action, JobId, Mood};
use crate::backend::End;
use crate::backend::public::{self, Command, Event, Link, Steer, WebhookWish};
use crate::error::UserError;
use crate::screens::Cx;
use crate::step::{Step, place};
use crate::tenant::Profile;
use crate::tunnel;
use draft::Draft;

/// What the room holds of it.
#[derive(Default)]
pub(super) struct Public {
    /// By profile.
    sendings: BTreeMap<Uuid, Sending>,
    /// What takes the place of one that is still being put back.
    next: BTreeMap<Uuid, Sending>,
    /// The form, while it is open.
    draft: Option<Draft>,
    /// What came of the last one, by profile.
    told: BTreeMap<Uuid, Told>,
    /// The choices that are being written.
    choosing: Option<JobId>,
}

impl Public {
    /// The form is of a profile that does not show any more.
    pub fn close_form(&mut self) {
        self.draft = None;
    }

    /// A webhook of `profile` points here.
    pub fn is_there(&self, profile: Uuid) -> bool {
        self.sendings.get(&profile).is_some_and(|sending| sending.id().is_some())
    }

    /// The tunnel that `profile`'s events are to come through is not there.
    pub fn is_cut_off(&self, profile: Uuid) -> bool {
        self.sendings.get(&profile).is_some_and(|sending| sending.tunnel_trouble().is_some())
    }

    /// True while something is sent here for `profile`, or put back.
    pub fn is_on(&self, profile: Uuid) -> bool {
        self.sendings.contains_key(&profile)
    }
}

/// What came of one that has ended.
struct Told {
    mood: Mood,
    title: &'static str,
    words: String,
}

/// One that lasts.
pub(super) struct Sending {
    job: JobId,
    through: Option<tunnel::Wish>,
    steer: watch::Sender<Steer>,
    /// To be asked once the receiver is up.
    waits: Option<Command>,
    /// As it was told last; `None` without a tunnel, and before it begins.
    tunnel: Option<tunnel::State>,
    /// The public address, once there was one.
    url: Option<Url>,
    webhook: Link,
    /// A webhook pointed here: what it is stays until it is put back.
    lent: bool,
    /// It points here no more: its address changed, and it could not follow yet.
    behind: bool,
    steps: Vec<Step>,
    /// A person stopped it.
    stopping: bool,
    /// Receiving stops with it.
    receiver_too: bool,
}

impl Sending {
    fn new(profile: Uuid, through: Option<tunnel::Wish>, webhook: WebhookWish, job: JobId) -> Self {
        let (sender, steer) = watch::channel(Steer { webhook, ..Steer::default() });
        let command = Command::Send(Box::new(public::Sending { profile, through: through.clone(), steer }));
        Self {
            job,
            through,
            steer: sender,
            waits: Some(command),
            tunnel: None,
            url: None,
            webhook: Link::Waiting,
            lent: false,
            behind: false,
            steps: Vec::new(),
            stopping: false,
            receiver_too: false,
        }
    }

    /// It is asked for, now that the receiver is up.
    fn begin(&mut self, actions: &mut Vec<Action>) {
        if let Some(command) = self.waits.take() {
            actions.push(Action::Run(self.job, command.into()));
        }
    }

    fn again(&self) {
        self.steer.send_modify(|steer| steer.tries += 1);
    }

    /// The Webhook ID of what points here.
    fn id(&self) -> Option<&str> {
        match &self.webhook {
            Link::There(borrowed) => Some(&borrowed.webhook.id),
            _ => None,
        }
    }
}

/// Opens the form for the profile that shows.
pub(super) fn ask(state: &mut State, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let Some(profile) = cx.profile else { return };
    state.side = Side::Live;
    if state.public.sendings.get(&profile.id).is_some_and(|sending| !matches!(sending.webhook, Link::Refused(_))) {
        return;
    }
    open(state, profile, cx, actions);
}

/// Opens the form, filled with what was wanted last.
fn open(state: &mut State, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let port = state.receivers.get(&profile.id).and_then(|receiving| receiving.up.as_ref()).map(|up| up.port);
    let sending = state.public.sendings.get(&profile.id);
    let limit = sending.is_some_and(
        |it| matches!(&it.webhook, Link::Refused(refusal) if matches!(refusal.why, crate::webhooks::Why::Limit)),
    );
    let before = sending.map(|it| (it.through.clone(), it.steer.borrow().webhook.clone()));
    let mut draft = Draft::of(profile, before, limit);
    if draft::can_ask(profile) {
        draft.look(port, cx, actions);
    }
    state.public.draft = Some(draft);
}

/// What the form says is begun: receiver, tunnel, webhook.
fn start(state: &mut State, draft: &Draft, profile: &Profile, cx: &Cx<'_>, actions: &mut Vec<Action>) {
    let (through, webhook) = (draft.through(), draft.webhook());
    let choices = draft.choices(profile);
    if choices != profile.public {
        let job = cx.job();
        state.public.choosing = Some(job);
        actions.push(Action::Run(job, Command::Choose { profile: profile.id, choices }.into()));
    }
    state.public.told.remove(&profile.id);
    state.side = Side::Live;
    if let Some(sending) = state.public.sendings.get_mut(&profile.id) {
        if sending.may_become(through.as_ref(), &webhook) {
            // The tunnel stays: only the webhook is asked for again.
            sending.steps.clear();
            sending.steer.send_modify(|steer| {
                steer.webhook = webhook;
                steer.tries += 1;
            });
        } else {
            let next = Sending::new(profile.id, through, webhook, cx.job());
            state.public.next.insert(profile.id, next);
            stop(state, profile.id, false, actions);
        }
        return;
    }
    let sending = Sending::new(profile.id, through, webhook, cx.job());
    state.public.sendings.insert(profile.id, sending);
    if state.receivers.contains_key(&profile.id) {
        receiver_is_up(state, profile.id, actions);
    } else {
        chain::listen(state, cx, actions);
    }
}

/// The receiver of `profile` is up: what waited for it begins.
pub(super) fn receiver_is_up(state: &mut State, profile: Uuid, actions: &mut Vec<Action>) {
    let up = state.receivers.get(&profile).is_some_and(|receiving| receiving.up.is_some());
    if let Some(sending) = state.public.sendings.get_mut(&profile).filter(|_| up) {
        sending.begin(actions);
    }
}

/// The receiver of `profile` has ended, or never came up: nothing can be sent to it.
pub(super) fn receiver_ended(state: &mut State, profile: Uuid, actions: &mut Vec<Action>) {
    stop(state, profile, false, actions);
}

/// Stops it: everything is put back, and then, with `receiver_too`, receiving stops as well. Whether there was one.
pub(super) fn stop(state: &mut State, profile: Uuid, receiver_too: bool, actions: &mut Vec<Action>) -> bool {
    let Some(sending) = state.public.sendings.get_mut(&profile) else { return false };
    if sending.waits.is_some() {
        // It was never begun.
        state.public.sendings.remove(&profile);
        if receiver_too {
            chain::stop_receiving(state, profile, actions);
        }
        return true;
    }
    sending.receiver_too |= receiver_too;
    if !sending.stopping {
        sending.stopping = true;
        sending.steps.clear();
        sending.steer.send_modify(|steer| steer.stop = true);
    }
    true
}

/// The profile is gone: nothing of it goes on.
pub(super) fn drop_profile(state: &mut State, profile: Uuid, actions: &mut Vec<Action>) {
    state.public.next.remove(&profile);
    if let Some(sending) = state.public.sendings.remove(&profile) {
        actions.push(Action::Cancel(sending.job));
    }
}

impl State {
    /// Takes an answer of the backend about a tenant's events; one of another job is old and dropped.
    pub fn on_public(&mut self, job: JobId, event: Event, actions: &mut Vec<Action>) {
        if let Event::Offered(offered) = event {
            if let Some(draft) = self.public.draft.as_mut().filter(|draft| draft.job == job) {
                draft.took(*offered);
            }
            return;
        }
        if let Event::Chosen(chosen) = event {
            self.public.choosing.take_if(|choosing| *choosing == job);
            actions.push(match chosen {
                Ok(()) => Action::ProfilesChanged,
                Err(error) => Action::Notify(Mood::Error, error.title, format!("{}. {}", error.detail, error.hint)),
            });
            return;
        }
        let found = self.public.sendings.iter_mut().find(|(_, sending)| sending.job == job);
        let Some((profile, sending)) = found else { return };
        match event {
            Event::Tunnel(state) => sending.on_tunnel(*state),
            Event::Webhook(link) => {
                let lost = sending.on_webhook(link);
                if lost && self.owner != Some(*profile) {
                    let detail = "Its public address changed, and its webhook could not follow";
                    actions.push(Action::Notify(
                        Mood::Error,
                        "Events do not arrive any more".to_owned(),
                        detail.into(),
                    ));
                }
            }
            Event::Step(step) => place(&mut sending.steps, step),
            Event::Rescued(Ok(0)) | Event::Offered(_) | Event::Chosen(_) => {}
            Event::Rescued(Ok(count)) => {
                let title = match count {
                    1 => "One request from before is kept".to_owned(),
                    count => format!("{count} requests from before are kept"),
                };
                let detail = "ngrok had captured them while nothing received here";
                actions.push(Action::Notify(Mood::Info, title, detail.to_owned()));
                self.rows.look_again();
            }
            Event::Rescued(Err(error)) => {
                let title = "What ngrok had captured before could not be kept".to_owned();
                actions.push(Action::Notify(Mood::Warn, title, format!("{}. {}", error.title, error.detail)));
            }
        }
    }

    /// A job of it ended: what was put back is told, and what waited for that begins.
    pub(super) fn public_ended(&mut self, job: JobId, end: End, actions: &mut Vec<Action>) {
        if let Some(draft) = self.public.draft.as_mut() {
            draft.ended(job, end);
        }
        let found = self.public.sendings.iter().find(|(_, sending)| sending.job == job).map(|(profile, _)| *profile);
        let Some(profile) = found else { return };
        let Some(sending) = self.public.sendings.remove(&profile) else { return };
        let told = match sending.webhook {
            Link::Back(words) if words.is_empty() => None,
            Link::Back(words) => Some(Told { mood: Mood::Success, title: "Everything is put back", words }),
            Link::NotBack { error, .. } => {
                let words = format!("{}. The journal keeps it, and the next start puts it back", error.title);
                Some(Told { mood: Mood::Warn, title: "Not put back yet", words })
            }
            Link::Refused(refusal) => {
                self.error = Some(refusal.error);
                None
            }
            _ => end.without_answer().map(|error| Told {
                mood: Mood::Warn,
                title: "It broke off",
                words: format!("{}. What was changed in the tenant is put back by the next start", error.detail),
            }),
        };
        self.public.told.extend(told.map(|told| (profile, told)));
        if let Some(mut next) = self.public.next.remove(&profile) {
            if self.receivers.contains_key(&profile) {
                next.begin(actions);
                self.public.sendings.insert(profile, next);
            }
        } else if sending.receiver_too {
            chain::stop_receiving(self, profile, actions);
        }
    }

    /// The webhooks that point here, by profile; an empty id where that is still under way.
    pub fn points_here(&self) -> BTreeMap<Uuid, String> {
        let all = self.public.sendings.iter();
        all.map(|(profile, sending)| (*profile, sending.id().unwrap_or_default().to_owned())).collect()
    }
}

impl State {
    /// The tunnels that carry events here now, by profile: whose they are, and whether they are up.
    pub fn tunnels(&self) -> BTreeMap<Uuid, (tunnel::Way, bool)> {
        let all = self.public.sendings.iter();
        all.filter_map(|(profile, sending)| {
            let way = sending.through.as_ref()?.way;
            Some((*profile, (way, matches!(sending.tunnel, Some(tunnel::State::Up { .. })))))
        })
        .collect()
    }
}

impl Sending {
    fn on_tunnel(&mut self, state: tunnel::State) {
        match &state {
            tunnel::State::Up { url, .. } => self.url = Some(url.clone()),
            tunnel::State::Rescued(_) => return,
            _ => {}
        }
        self.tunnel = Some(state);
    }

    /// Takes in how the webhook stands. True where it is lost: told once, however often it is tried again.
    fn on_webhook(&mut self, link: Link) -> bool {
        let was_behind = self.behind;
        match &link {
            Link::There(_) => (self.lent, self.behind) = (true, false),
            Link::Refused(_) => self.behind = self.lent,
            _ => {}
        }
        self.webhook = link;
        self.behind && !was_behind
    }

    /// Whether what is wanted now can be had of it as it goes on: a tunnel that has ended is not opened again, and a webhook
    /// that is there does not become another one.
    fn may_become(&self, through: Option<&tunnel::Wish>, webhook: &WebhookWish) -> bool {
        let ended = matches!(self.tunnel, Some(tunnel::State::Ended { .. }));
        let other = self.lent && self.steer.borrow().webhook != *webhook;
        !self.stopping && !ended && !other && self.through.as_ref() == through
    }

    /// Why the tunnel is not there, where it is not.
    fn tunnel_trouble(&self) -> Option<(&UserError, &[crate::check::Check])> {
        match &self.tunnel {
            Some(tunnel::State::Down { error, checks, .. } | tunnel::State::Ended { error, checks }) => {
                Some((error, checks))
            }
            _ => None,
        }
    }
}
