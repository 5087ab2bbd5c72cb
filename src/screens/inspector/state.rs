//! What the room holds: the live list, the receivers, and the Paste side. Nothing of it is kept on disk.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::chain::Receiving;
use super::keep::{self, Told};
use super::pasting::Pasting;
use super::public::{self, Public};
use super::receive::{Draft, Plan};
use super::replays::{self, Replays};
use super::rows::Rows;
use super::search::{self, Search};
use super::select::Selection;
use crate::action::{Action, InspectorAsk as Ask, JobId, Mood, Room};
use crate::backend::history::{Attention, Command, Event, From, Kept, Which};
use crate::backend::{End, inspect};
use crate::error::UserError;
use crate::screens::Cx;
use crate::store::attempts::{Attempt, Standing};
use crate::tenant::Profile;

/// Which side of the room shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Side {
    /// What was received.
    #[default]
    Live,
    /// What a person pastes.
    Paste,
}

/// What a person is asked.
pub(super) enum Question {
    /// Delete these, so many where it is known.
    Delete { which: Which, count: Option<usize> },
    /// Delete everything but what is pinned.
    Clear,
}

/// What this screen holds.
#[derive(Default)]
pub struct State {
    pub(super) side: Side,
    pub(super) pasting: Pasting,
    /// The attempt that is chosen.
    pub detail: super::detail::State,
    /// Whose history shows.
    pub(super) owner: Option<Uuid>,
    pub(super) rows: Rows,
    pub(super) selection: Selection,
    pub(super) search: Search,
    /// How each profile receives when it is started.
    pub(super) plans: BTreeMap<Uuid, Plan>,
    /// The form about that, while it is open.
    pub(super) draft: Option<Draft>,
    /// By profile.
    pub(super) receivers: BTreeMap<Uuid, Receiving>,
    /// Whose events are sent here, and how that stands.
    pub(super) public: Public,
    pub(super) question: Option<Question>,
    /// What went wrong with the last thing that was done.
    pub(super) error: Option<UserError>,
    /// The room is open.
    open: bool,
    /// Arrivals since it was.
    unseen: usize,
    /// An arrival that is not verified was told since it was.
    warned: bool,
    attention: Arc<Attention>,
    watching: Option<JobId>,
    changing: Option<JobId>,
    /// The import or export that is under way.
    pub(super) moving: Option<JobId>,
    /// What it came to.
    pub(super) told: Option<Told>,
    /// How much is kept was asked, and the form about that while it is open.
    ruling: Option<JobId>,
    pub(super) keeping: Option<keep::Draft>,
    /// The form about sending several once more, while it is open, and where they went the last time.
    pub(super) replays: Option<Replays>,
    pub(super) replayed_to: Option<String>,
    /// The row of the attempt that is chosen changed.
    changed: bool,
}

impl State {
    /// A text given from elsewhere (the start page's box): judged when the room shows.
    pub fn paste(&mut self, text: &str) {
        self.side = Side::Paste;
        self.pasting.paste(text);
    }

    /// An attempt that was met elsewhere: it is chosen, among the others of its `id`.
    pub fn show_attempt(&mut self, seq: i64, id: &str) {
        self.side = Side::Live;
        self.search.text = crate::inspector::search::set("", "id", id);
        // No time stands in it, so that it does not matter what is now.
        search::typed(self, Timestamp::UNIX_EPOCH);
        self.selection.choose(&[seq], seq, super::select::How::Alone);
    }

    /// How profiles received when the window was last open.
    pub fn remember(&mut self, kept: &BTreeMap<Uuid, Kept>) {
        self.plans = kept.iter().map(|(profile, kept)| (*profile, Plan::of(kept))).collect();
    }

    /// How many attempts came while another room was open.
    pub fn unseen(&self) -> usize {
        self.unseen
    }

    /// The room is opened, or the profile changed.
    pub fn entered(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        self.open = true;
        self.unseen = 0;
        self.warned = false;
        self.pasting.entered(cx, actions);
        let owner = cx.profile.map(|profile| profile.id);
        if self.owner != owner {
            self.owner = owner;
            self.rows = Rows::begin();
        } else {
            self.rows.look_again();
        }
        self.search.stale = true;
        if let Some(profile) = owner.filter(|_| self.watching.is_none()) {
            let job = cx.job();
            self.watching = Some(job);
            self.attention = Arc::default();
            let attention = Arc::clone(&self.attention);
            actions.push(Action::Run(job, Command::Watch { profile, attention }.into()));
            actions.push(Action::Run(cx.job(), Command::Prune.into()));
        }
        self.tend(cx, actions);
    }

    /// Another room is opened.
    pub fn left(&mut self) {
        self.open = false;
        self.attention.follow(false);
    }

    /// Another profile: its history shows, its keys judge. What a person pasted stays, and so do the receivers.
    pub fn forget(&mut self, actions: &mut Vec<Action>) {
        self.pasting.forget(actions);
        self.detail.forget(actions);
        actions.extend(self.watching.take().map(Action::Cancel));
        self.owner = None;
        self.rows = Rows::begin();
        self.selection.clear();
        self.search = Search::begin();
        self.draft = None;
        self.public.close_form();
        replays::forget(self, actions);
        self.question = None;
        self.error = None;
    }

    /// The profiles were read: a receiver of one that is gone stops.
    pub fn profiles_changed(&mut self, profiles: &[Profile], actions: &mut Vec<Action>) {
        let all = self.receivers.iter().map(|(id, receiving)| (*id, receiving.job));
        let gone = all.filter(|(id, _)| profiles.iter().all(|profile| profile.id != *id));
        for (id, job) in gone.collect::<Vec<_>>() {
            public::drop_profile(self, id, actions);
            self.receivers.remove(&id);
            actions.push(Action::Cancel(job));
        }
    }

    /// Takes an answer of the backend about a pasted text.
    pub fn on_event(&mut self, job: JobId, event: inspect::Event, now: Timestamp, actions: &mut Vec<Action>) {
        self.pasting.on_event(job, event, now, actions);
    }

    /// Takes an answer of the backend about the history; one of another job is old and dropped.
    pub fn on_history(&mut self, job: JobId, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::Page(page) => {
                self.rows.take(job, page);
                self.changed |= self.rows.held().iter().any(|row| self.detail.is_behind(row));
            }
            Event::Picture(picture) => self.search.took(job, picture.ok().map(|picture| *picture)),
            Event::Changed | Event::CaughtUp(_) if self.watching == Some(job) => {
                self.rows.look_again();
                self.search.stale = true;
            }
            Event::Changed | Event::CaughtUp(_) => {}
            Event::Blind(error) => {
                if self.watching == Some(job) {
                    self.error = Some(error);
                }
            }
            Event::Listening(up) => super::chain::on_listening(self, job, up, actions),
            Event::Trouble(error) => {
                if let Some(receiving) = self.receivers.values_mut().find(|receiving| receiving.job == job) {
                    receiving.trouble = error;
                }
            }
            Event::Rows { profile, rows, fresh, missed } => {
                self.arrived(&rows, fresh, actions);
                if self.owner == Some(profile) {
                    self.search.stale = true;
                    self.changed |= rows.iter().any(|row| Some(row.seq) == self.detail.selected());
                    let all = self.is_unfiltered();
                    self.rows.arrive(rows, all);
                    if missed {
                        self.rows.look_again();
                    }
                }
            }
            Event::Imported(done) => {
                if self.moving.take_if(|moving| *moving == job).is_some() {
                    match done {
                        Ok(imported) => self.told = imported.map(|imported| keep::imported(&imported)),
                        Err(error) => self.error = Some(error),
                    }
                    self.rows.look_again();
                    self.changed_by_hand();
                }
            }
            Event::Exported(done) => {
                if self.moving.take_if(|moving| *moving == job).is_some() {
                    match done {
                        Ok(written) => self.told = written.map(|(count, path)| keep::exported(count, path)),
                        Err(error) => self.error = Some(error),
                    }
                }
            }
            Event::Rule(rule) => {
                if self.ruling.take_if(|ruling| *ruling == job).is_some() {
                    match rule {
                        Ok(rule) => self.keeping = Some(keep::Draft::of(rule)),
                        Err(error) => self.error = Some(error),
                    }
                }
            }
            Event::Pruned(done) => {
                if let Err(error) = done {
                    self.error = Some(error);
                }
            }
            Event::Replaying(tally) => replays::took(self, job, Ok(*tally), false),
            Event::Replayed(result) => replays::took(self, job, result.map(|tally| *tally), true),
            Event::Pinned(done) | Event::Deleted(done) => {
                if self.changing.take_if(|changing| *changing == job).is_some() {
                    self.error = done.err();
                    self.rows.look_again();
                    self.changed_by_hand();
                }
            }
        }
    }

    /// Counts what nobody sees, and tells of the first that is not verified: one notice, however many come.
    fn arrived(&mut self, rows: &[Attempt], fresh: usize, actions: &mut Vec<Action>) {
        if self.open {
            return;
        }
        self.unseen += fresh;
        let bad = rows.iter().find(|row| !matches!(row.standing(), Standing::Good | Standing::Pending));
        if let Some(bad) = bad.filter(|_| !self.warned) {
            self.warned = true;
            let kind = bad.event_type.as_deref().unwrap_or("Something that is no event");
            actions.push(Action::Offer {
                mood: Mood::Warn,
                title: "An event arrived that is not verified".to_owned(),
                detail: format!("{kind}: {}", super::list::verdict_words(bad)),
                words: "Show",
                action: Box::new(Action::Go(Room::Inspector)),
            });
        }
    }

    /// A job ended: nothing waits for its answer any more.
    pub fn on_end(&mut self, job: JobId, end: End, actions: &mut Vec<Action>) {
        self.pasting.on_end(job, end);
        self.detail.on_end(job, end);
        self.rows.ended(job, end.without_answer());
        self.search.took(job, None);
        self.watching.take_if(|watching| *watching == job);
        if self.changing.take_if(|changing| *changing == job).is_some() {
            self.error = end.without_answer();
        }
        if self.moving.take_if(|moving| *moving == job).is_some() {
            self.error = end.without_answer();
        }
        if self.ruling.take_if(|ruling| *ruling == job).is_some() {
            self.error = end.without_answer();
        }
        replays::on_end(self, job, end);
        super::chain::on_end(self, job, end, actions);
        self.public_ended(job, end, actions);
    }

    /// Everything shows.
    pub(super) fn is_unfiltered(&self) -> bool {
        self.search.is_empty()
    }

    /// Other rows are wanted.
    pub(super) fn searched(&mut self) {
        self.rows.search();
        self.selection.clear();
        self.changed_by_hand();
    }

    /// The picture of arrivals is of something else now, by what a person did.
    fn changed_by_hand(&mut self) {
        (self.search.stale, self.search.changed) = (true, true);
    }

    /// The side that shows.
    pub(super) fn shown(&self, cx: &Cx<'_>) -> Side {
        if cx.profile.is_some() { self.side } else { Side::Paste }
    }

    /// Asks the backend for what changed since the last frame; how long until there is more to ask for.
    pub(super) fn tend(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) -> Option<SignedDuration> {
        let profile = self.owner?;
        let live = self.side == Side::Live;
        self.attention.follow(self.open && live && self.rows.following && !self.rows.paused);
        self.attention.look();
        let own = self.plans.get(&profile).map_or(&[][..], |plan| plan.settings.targets.as_slice());
        self.detail.targets_are(own);
        self.detail.select(self.selection.single(), cx, actions);
        if std::mem::take(&mut self.changed) {
            self.detail.refresh(cx, actions);
        }
        if let Some((job, place, limit)) = self.rows.wants(|| cx.job()) {
            let filter = Box::new(self.search.filter(cx.now));
            actions.push(Action::Run(job, Command::Page { profile, filter, place, limit }.into()));
        }
        search::tend(self, cx, actions)
    }

    pub(super) fn pin(&mut self, which: Which, pinned: bool, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let Some(profile) = self.owner else { return };
        self.change(Command::Pin { profile, which, pinned }, cx, actions);
    }

    pub(super) fn delete(&mut self, which: Which, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let Some(profile) = self.owner else { return };
        self.selection.clear();
        self.change(Command::Delete { profile, which }, cx, actions);
    }

    /// Whether that can be asked now.
    pub fn can(&self, ask: Ask, cx: &Cx<'_>) -> bool {
        if ask == Ask::Paste {
            return true;
        }
        let Some(profile) = cx.profile.map(|profile| profile.id) else { return false };
        match ask {
            Ask::Listen => !self.receivers.contains_key(&profile),
            Ask::Stop => self.receivers.get(&profile).is_some_and(|receiving| !receiving.stopping),
            Ask::Send => !self.public.is_on(profile),
            Ask::StopSending => self.public.is_on(profile),
            _ => true,
        }
    }

    /// What the palette and the shortcuts ask for.
    pub fn ask(&mut self, ask: Ask, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        if let Ask::Paste = ask {
            self.side = Side::Paste;
            return;
        }
        let Some(owner) = self.owner else { return };
        self.side = Side::Live;
        match ask {
            Ask::Listen => super::chain::listen(self, cx, actions),
            Ask::Stop => super::chain::stop(self, owner, actions),
            Ask::Send => public::ask(self, cx, actions),
            Ask::StopSending => drop(public::stop(self, owner, false, actions)),
            Ask::Pause if self.rows.paused => self.rows.show_newest(),
            Ask::Pause => self.rows.paused = true,
            Ask::Search => self.search.focus = true,
            Ask::Receiving => self.draft = Some(Draft::of(self.plans.entry(owner).or_default())),
            Ask::Import => keep::bring_in(self, From::Chosen, cx, actions),
            Ask::Export => {
                let all = self.selection.is_empty();
                let filter = self.search.filter(cx.now);
                let which = if all { Which::Matching(Box::new(filter)) } else { self.selection.which(&filter) };
                let job = cx.job();
                self.moving = Some(job);
                self.told = None;
                actions.push(Action::Run(job, Command::Export { profile: owner, which }.into()));
            }
            Ask::Retention => self.ruling = Some(keep::open(cx, actions)),
            Ask::Clear => self.question = Some(Question::Clear),
            Ask::Paste => {}
        }
    }

    fn change(&mut self, command: Command, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let job = cx.job();
        self.changing = Some(job);
        self.error = None;
        actions.push(Action::Run(job, command.into()));
    }
}
