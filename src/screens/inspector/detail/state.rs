//! What the pane holds of the selected attempt, made ready to show once and not each frame.

use jiff::Timestamp;

use crate::action::{Action, JobId, Mood};
use crate::backend::End;
use crate::backend::attempt::{Command, Compared, Event, Opened, Told, Writing, Written};
use crate::check::Check;
use crate::error::UserError;
use crate::inspector::decode::Decoded;
use crate::inspector::forward::{Framework, Place, Target};
use crate::inspector::freshness::event_time;
use crate::inspector::replay::Replayed;
use crate::inspector::truth::Truth;
use crate::jwt::{Json, decode_base64url};
use crate::screens::{Cx, give_up};
use crate::store::attempts::Attempt;
use crate::ui::{JsonTree, Load};

/// The part that shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Part {
    #[default]
    Payload,
    Raw,
    Headers,
    Timeline,
    Replay,
    Truth,
    Compare,
}

impl Part {
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Payload, "Payload"),
        (Self::Raw, "Raw"),
        (Self::Headers, "Headers"),
        (Self::Timeline, "Timeline"),
        (Self::Replay, "Replay"),
        (Self::Truth, "Kinde's copy"),
        (Self::Compare, "Compare"),
    ];

    /// The part `steps` to the right.
    pub fn step(self, steps: isize) -> Self {
        let at = Self::ALL.iter().position(|(part, _)| *part == self).unwrap_or_default();
        let to = at.saturating_add_signed(steps).min(Self::ALL.len() - 1);
        Self::ALL.get(to).map_or(self, |(part, _)| *part)
    }
}

/// What the pane holds.
#[derive(Default)]
pub struct State {
    selected: Option<i64>,
    opening: Option<JobId>,
    pub(super) what: What,
    pub(super) part: Part,
    /// The checks under the ladder show.
    pub(super) rungs_open: bool,
    /// Where replays go; what was sent to last.
    pub(super) target: String,
    /// A person said that another machine is meant, for exactly this target.
    pub(super) meant: Option<String>,
    /// Where the profile forwards to, as a person confirmed it.
    own: Vec<Target>,
    asked: Vec<(JobId, Ask)>,
    /// Numbers what was opened, so that what was folded for one is not for the next.
    turn: u64,
}

/// What of the backend is waited for, besides the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Compare,
    Truth,
    Replay,
    Write,
    Framework,
}

/// What there is of the selected attempt.
#[derive(Default)]
pub(super) enum What {
    /// Nothing is selected, or what is selected was not read yet.
    #[default]
    Nothing,
    /// It is not kept any more.
    Gone,
    /// It could not be read.
    Failed(UserError),
    /// It is there.
    There(Box<There>),
}

/// An attempt that is there.
pub(super) struct There {
    pub opened: Opened,
    /// What it comes to; `None` while it is being judged.
    pub told: Option<Result<Told, UserError>>,
    pub payload: Payload,
    /// The event's id and its own time, as the payload has them.
    pub event_id: Option<String>,
    pub happened: Option<Timestamp>,
    pub turn: u64,
    pub tree: super::tree::TreeState,
    pub hex: bool,
    pub compared: Load<Option<Box<Compared>>>,
    /// The attempt that is beside it.
    pub beside: Option<i64>,
    /// As typed.
    pub beside_typed: String,
    pub truth: Load<Box<Truth>>,
    pub replayed: Load<Box<Replayed>>,
    /// What explains its result, for the framework it was explained for.
    pub explained: Option<(Framework, Looked)>,
    /// What explains its forwards, for the framework they were explained for.
    pub forwards: Option<(Framework, Vec<Looked>)>,
    /// The edited payload, while one is edited.
    pub edited: Option<String>,
    pub writing: Option<JobId>,
    pub written: Option<Result<(String, String), UserError>>,
}

/// What explains a forward.
pub(super) struct Looked {
    pub checks: Vec<Check>,
    /// The paths to hold beside each other, where it found no handler.
    pub paths: Vec<Place>,
    /// The answer's headers and body, and what is to be said of them.
    pub answer: Option<(String, String)>,
}

/// The payload, as far as it can be read.
pub(super) enum Payload {
    /// JSON, and what is to be said of it.
    Tree(JsonTree, Option<&'static str>),
    /// Text that is no JSON.
    Text(String),
    /// Why there is none.
    None(&'static str),
}

impl State {
    /// The number of the selected attempt.
    pub fn selected(&self) -> Option<i64> {
        self.selected
    }

    /// Selects an attempt of the chosen profile's history, or none.
    pub fn select(&mut self, seq: Option<i64>, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        if self.selected != seq {
            self.selected = seq;
            self.what = What::Nothing;
            // What was asked of the one before is not waited for, but a replay goes to its end.
            for (job, ask) in std::mem::take(&mut self.asked) {
                if ask != Ask::Replay && ask != Ask::Framework {
                    actions.push(Action::Cancel(job));
                }
            }
            self.refresh(cx, actions);
        }
    }

    /// Reads the selected attempt again: its row changed.
    pub fn refresh(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        actions.extend(self.opening.take().map(Action::Cancel));
        let (Some(seq), Some(profile)) = (self.selected, cx.profile) else { return };
        let job = cx.job();
        self.opening = Some(job);
        actions.push(Action::Run(job, Command::Open { profile: profile.id, seq }.into()));
    }

    /// Where the profile forwards to now.
    pub fn targets_are(&mut self, own: &[Target]) {
        if self.own != own {
            self.own = own.to_vec();
        }
    }

    /// The whole address of a kept forward to `url`, and the target where it may be sent there again without a question.
    ///
    /// Kept is an address without its query, which a confirmed one that shows so has; where several do, a person chooses. What
    /// came out of a file may name any machine: where nobody confirmed one, only this machine is sent to.
    pub(super) fn went(&self, url: &str) -> (String, Option<Target>) {
        let typed = Target::parse(&self.target, self.meant.as_deref() == Some(self.target.as_str())).ok();
        let mut known: Vec<&Target> = self.own.iter().filter(|target| target.shown() == url).collect();
        known.extend(typed.as_ref().filter(|typed| typed.shown() == url && !self.own.contains(typed)));
        match known.as_slice() {
            [] => (url.to_owned(), Target::parse(url, false).ok()),
            [only] => (only.url().to_string(), Some((*only).clone())),
            [first, ..] => (first.url().to_string(), None),
        }
    }

    /// Whether what is open was read before `row`, its row in the list, became what it is: by a replay, another process.
    pub fn is_behind(&self, row: &Attempt) -> bool {
        let What::There(there) = &self.what else { return false };
        let own = &there.opened.whole.attempt;
        let same = own.forwarded == row.forwarded && own.verdict == row.verdict && own.pinned == row.pinned;
        own.seq == row.seq && !same
    }

    /// Another profile: its history is another.
    pub fn forget(&mut self, actions: &mut Vec<Action>) {
        actions.extend(self.opening.take().map(Action::Cancel));
        *self = Self { part: self.part, turn: self.turn, ..Self::default() };
    }

    /// Takes an answer of the backend; one of another job is old and dropped.
    pub fn on_event(&mut self, job: JobId, event: Event, _now: Timestamp, actions: &mut Vec<Action>) {
        if self.opening == Some(job) {
            match event {
                Event::Opened(Ok(None)) => self.what = What::Gone,
                Event::Opened(Err(error)) => self.what = What::Failed(error),
                Event::Opened(Ok(Some(opened))) => self.take(*opened),
                Event::Judged(told) => {
                    if let What::There(there) = &mut self.what {
                        there.take(told.map(|told| *told));
                    }
                }
                _ => {}
            }
            return;
        }
        let Some(at) = self.asked.iter().position(|(asked, _)| *asked == job) else { return };
        self.asked.swap_remove(at);
        if let Event::Kept(result) = event {
            match result {
                Ok(()) => actions.push(Action::ProfilesChanged),
                Err(error) => actions.push(Action::Notify(Mood::Error, error.title, error.detail)),
            }
            return;
        }
        let What::There(there) = &mut self.what else { return };
        match event {
            Event::Compared(result) => there.compared.finish(result),
            Event::Truth(result) => there.truth.finish(result),
            Event::Replayed(result) => {
                there.explained = None;
                there.replayed.finish(result);
            }
            Event::Written(result) => {
                there.writing = None;
                there.written = Some(result.map(|Written { name, text, note }| {
                    actions.push(Action::CopyText(text));
                    (format!("{name} copied"), note)
                }));
            }
            Event::Opened(_) | Event::Judged(_) | Event::Kept(_) => {}
        }
    }

    /// The same attempt read again keeps what was asked of it.
    fn take(&mut self, opened: Opened) {
        if let What::There(there) = &mut self.what
            && there.opened.whole.attempt.seq == opened.whole.attempt.seq
        {
            there.opened = opened;
            there.forwards = None;
            return;
        }
        self.turn += 1;
        self.what = What::There(Box::new(There::new(opened, self.turn)));
    }

    /// A job ended: nothing waits for its answer any more.
    pub fn on_end(&mut self, job: JobId, end: End) {
        if self.opening.take_if(|opening| *opening == job).is_some() {
            let Some(error) = end.without_answer() else { return };
            match &mut self.what {
                What::Nothing => self.what = What::Failed(error),
                What::There(there) if there.told.is_none() => there.told = Some(Err(error)),
                _ => {}
            }
            return;
        }
        let Some(at) = self.asked.iter().position(|(asked, _)| *asked == job) else { return };
        let (_, ask) = self.asked.swap_remove(at);
        let What::There(there) = &mut self.what else { return };
        match ask {
            Ask::Compare => give_up(&mut there.compared, end),
            Ask::Truth => give_up(&mut there.truth, end),
            Ask::Replay => give_up(&mut there.replayed, end),
            Ask::Write => {
                there.writing = None;
                there.written = end.without_answer().map(Err);
            }
            Ask::Framework => {}
        }
    }

    pub(super) fn is_opening(&self) -> bool {
        self.opening.is_some()
    }

    fn run(&mut self, ask: Ask, command: Command, cx: &Cx<'_>, actions: &mut Vec<Action>) -> JobId {
        let job = cx.job();
        self.asked.push((job, ask));
        actions.push(Action::Run(job, command.into()));
        job
    }

    /// Ends what is waited for.
    fn drop_asked(&mut self, ask: Ask, actions: &mut Vec<Action>) {
        self.asked.retain(|(job, asked)| {
            if *asked == ask {
                actions.push(Action::Cancel(*job));
            }
            *asked != ask
        });
    }

    pub(super) fn compare_with(&mut self, right: i64, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.drop_asked(Ask::Compare, actions);
        let (Some(profile), Some(left), What::There(there)) = (cx.profile, self.selected, &mut self.what) else {
            return;
        };
        there.beside = Some(right);
        there.compared = Load::Idle;
        there.compared.start();
        self.run(Ask::Compare, Command::Compare { profile: profile.id, left, right }, cx, actions);
    }

    pub(super) fn ask_kinde(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let (Some(profile), What::There(there)) = (cx.profile, &mut self.what) else { return };
        let Some(claims) = there.claims() else { return };
        let claims = Box::new(claims);
        there.truth.start();
        self.run(Ask::Truth, Command::Truth { profile: profile.id, claims }, cx, actions);
    }

    pub(super) fn stop_asking_kinde(&mut self, actions: &mut Vec<Action>) {
        self.drop_asked(Ask::Truth, actions);
        if let What::There(there) = &mut self.what {
            there.truth.cancel();
        }
    }

    pub(super) fn replay(&mut self, target: Target, edited: Option<String>, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let (Some(profile), Some(seq), What::There(there)) = (cx.profile, self.selected, &mut self.what) else {
            return;
        };
        there.replayed = Load::Idle;
        there.replayed.start();
        self.run(Ask::Replay, Command::Replay { profile: profile.id, seq, target, edited }, cx, actions);
    }

    pub(super) fn write(&mut self, what: Writing, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.drop_asked(Ask::Write, actions);
        let (Some(profile), Some(seq)) = (cx.profile, self.selected) else { return };
        let job = self.run(Ask::Write, Command::Write { profile: profile.id, seq, what }, cx, actions);
        if let What::There(there) = &mut self.what {
            there.writing = Some(job);
            there.written = None;
        }
    }

    pub(super) fn keep_framework(&mut self, framework: Framework, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let Some(profile) = cx.profile else { return };
        self.run(Ask::Framework, Command::Framework { profile: profile.id, framework }, cx, actions);
    }
}

impl There {
    fn new(opened: Opened, turn: u64) -> Self {
        let seq = opened.whole.attempt.seq;
        let group = opened.whole.attempt.webhook_id.as_deref();
        // The earlier attempt of its group, else of its event.
        let earlier = opened.siblings.iter().rev().filter(|other| other.seq < seq);
        let beside = earlier.max_by_key(|other| (other.webhook_id.as_deref() == group, other.seq)).map(|it| it.seq);
        Self {
            opened,
            told: None,
            payload: Payload::None("It is being read"),
            event_id: None,
            happened: None,
            turn,
            tree: super::tree::TreeState::default(),
            hex: false,
            compared: Load::Idle,
            beside,
            beside_typed: String::new(),
            truth: Load::Idle,
            replayed: Load::Idle,
            explained: None,
            forwards: None,
            edited: None,
            writing: None,
            written: None,
        }
    }

    fn take(&mut self, told: Result<Told, UserError>) {
        if let Ok(told) = &told {
            self.payload = match &told.decoded {
                Some(decoded) => of_decoded(decoded),
                None => of_kept(self.opened.whole.decode.as_deref()),
            };
            let claims = self.claims();
            let text = |name: &str| claims.as_ref()?.get(name)?.as_text().map(str::to_owned);
            self.event_id = text("event_id").filter(|id| !id.is_empty());
            let received = self.opened.whole.attempt.received_at;
            self.happened = claims.as_ref().and_then(|claims| event_time(claims, received));
        }
        self.told = Some(told);
    }

    /// What was signed, as it was read.
    pub fn claims(&self) -> Option<Json> {
        if let Payload::Tree(tree, _) = &self.payload { Json::parse(tree.text().as_bytes()).ok() } else { None }
    }

    pub fn told(&self) -> Option<&Told> {
        self.told.as_ref()?.as_ref().ok()
    }
}

fn of_decoded(decoded: &Decoded) -> Payload {
    match decoded.payload.text() {
        Some(text) => tree_or_text(text, None),
        None if !decoded.payload.is_empty() => Payload::None("The payload is no text: see Raw"),
        None => undamaged(decoded).unwrap_or(Payload::None("There is no token in it that can be read: see Raw")),
    }
}

/// The payload of a token whose damage was undone for reading.
fn undamaged(decoded: &Decoded) -> Option<Payload> {
    let token = &decoded.damage.as_ref()?.token;
    let bytes = decode_base64url(token.expose().split('.').nth(1)?.as_bytes()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    Some(tree_or_text(&text, Some("Read after undoing what was done to it on its way")))
}

/// What was read when it came, for one that is not kept whole.
fn of_kept(decode: Option<&str>) -> Payload {
    let kept: Option<serde_json::Value> = decode.and_then(|text| serde_json::from_str(text).ok());
    let member = |name: &str| kept.as_ref()?.get(name).filter(|value| !value.is_null()).cloned();
    match member("payload_text").as_ref().and_then(serde_json::Value::as_str) {
        Some(text) => tree_or_text(text, Some("As it was read when it came. Its signature is not kept")),
        None => Payload::None("There is nothing in it that could be read"),
    }
}

fn tree_or_text(text: &str, note: Option<&'static str>) -> Payload {
    JsonTree::parse(text).map_or_else(|_| Payload::Text(text.to_owned()), |tree| Payload::Tree(tree, note))
}
