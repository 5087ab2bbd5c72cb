//! What the Paste side holds: the pasted texts, whose keys to judge with, and what was judged.
//!
//! A pasted token may be live. Nothing here is kept on disk, and nothing here can be printed: no `Debug`.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::action::{Action, JobId};
use crate::backend::End;
use crate::backend::inspect::{Command, Compared, Event, Input, Judged, WhichKeys};
use crate::error::UserError;
use crate::screens::Cx;
use crate::secrets::Secret;
use crate::ui::JsonTree;

/// Longer than this, in bytes, and a text is held without being shown: a text field lays all of it out.
pub(super) const LONG: usize = 64 * 1024;
/// The most of one value that a row shows, in bytes.
const VALUE: usize = 600;

/// The part of a judged token that shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Part {
    #[default]
    Claims,
    Header,
    Payload,
    Compare,
}

/// A pasted text: in its box, or held beside it where a box cannot show it.
#[derive(Default)]
pub(super) struct Pasted {
    pub text: String,
    pub held: Option<Held>,
}

/// What no box can show: a text too long for one, a file that is no text.
pub(super) struct Held {
    name: String,
    input: Input,
}

impl Held {
    /// What stands in the place of the box.
    pub fn words(&self) -> String {
        let size = match self.input.as_bytes().len() {
            short @ ..10_000 => format!("{short} bytes"),
            long => format!("{} KiB", long / 1024),
        };
        let why = if self.input.text().is_some() { "too long to show" } else { "no text" };
        format!("{}, {size}: {why}", self.name)
    }
}

impl Pasted {
    pub fn set(&mut self, name: &str, input: &Input) {
        match input.text().map(Secret::expose).filter(|text| text.len() <= LONG) {
            Some(text) => {
                text.clone_into(&mut self.text);
                self.held = None;
            }
            None => {
                self.text.clear();
                self.held = Some(Held { name: name.to_owned(), input: input.clone() });
            }
        }
    }

    /// Takes a text out of the box that has grown too long for it.
    pub fn keep_short(&mut self) {
        if self.text.len() > LONG {
            let text = Secret::new(std::mem::take(&mut self.text));
            self.set("Pasted text", &text.into());
        }
    }

    pub fn is_empty(&self) -> bool {
        self.held.is_none() && self.text.trim().is_empty()
    }

    pub fn input(&self) -> Input {
        self.held.as_ref().map_or_else(|| Secret::new(self.text.as_str()).into(), |held| held.input.clone())
    }

    /// False for a file that is none.
    pub fn is_text(&self) -> bool {
        self.held.as_ref().is_none_or(|held| held.input.text().is_some())
    }

    /// It, where it is a text.
    pub fn secret(&self) -> Option<Secret> {
        self.input().text().cloned()
    }
}

/// A judged token, made ready to show once and not each frame.
pub(super) struct Shown {
    pub judged: Judged,
    /// The payload as it was sent; an error is what stands in its place.
    pub claims: Result<JsonTree, &'static str>,
    pub header: Option<JsonTree>,
    pub facts: Vec<(&'static str, String, Option<&'static str>)>,
    /// Counts judged tokens, so that what was folded open for one is not for the next.
    pub turn: u64,
}

/// Two tokens beside each other, made ready to show.
pub(super) struct Beside {
    pub headline: String,
    pub right: String,
    /// Member, left, right, the same.
    pub rows: Vec<(String, String, String, bool)>,
}

/// One of the boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Token,
    Other,
    Key,
}

/// What the Paste side holds.
#[derive(Default)]
pub struct Pasting {
    pub(super) input: Pasted,
    pub(super) other: Pasted,
    pub(super) key: Pasted,
    /// The domain typed where nobody says whose keys to use.
    pub(super) domain: String,
    /// The keys a person asked for; the profile's where `None`.
    pub(super) asked: Option<WhichKeys>,
    pub(super) part: Part,
    pub(super) shown: Option<Shown>,
    pub(super) error: Option<UserError>,
    pub(super) beside: Option<Beside>,
    pub(super) beside_error: Option<UserError>,
    pub(super) file_error: Option<UserError>,
    pub(super) judging: Option<JobId>,
    comparing: Option<JobId>,
    reading: Option<(JobId, Place)>,
    /// The keys the last judging was asked with.
    judged_with: Option<WhichKeys>,
    /// To be judged, or compared, on the next frame: events bring no job numbers.
    judge_next: bool,
    compare_next: bool,
    turn: u64,
}

impl Pasting {
    /// A text given from elsewhere (the start page's box): judged when the room shows.
    pub fn paste(&mut self, text: &str) {
        self.set(Place::Token, "Pasted text", &Secret::new(text).into());
    }

    /// The room is opened, or the profile changed: what is there is judged with the keys of now.
    pub fn entered(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        if self.judged_with.as_ref() != Some(&self.keys(cx)) {
            self.judge_next = true;
        }
        self.tend(cx, actions);
    }

    /// Another profile: its keys judge. What a person pasted stays.
    pub fn forget(&mut self, actions: &mut Vec<Action>) {
        // They judge with the keys of the one before.
        self.cancel(actions);
        actions.extend(self.comparing.take().map(Action::Cancel));
        self.judged_with = None;
        self.judge_next = true;
        if !matches!(self.asked, Some(WhichKeys::Pasted(_))) {
            self.asked = None;
        }
    }

    /// Takes an answer of the backend; one of another job is old and dropped.
    pub fn on_event(&mut self, job: JobId, event: Event, _now: Timestamp, _actions: &mut Vec<Action>) {
        match event {
            Event::Judged(result) if self.judging == Some(job) => {
                self.judging = None;
                match result {
                    Ok(judged) => {
                        self.turn += 1;
                        self.error = None;
                        self.shown = Some(made_ready(judged, self.turn));
                        self.compare_next = true;
                    }
                    Err(error) => {
                        self.shown = None;
                        self.error = Some(error);
                    }
                }
            }
            Event::Compared(result) if self.comparing == Some(job) => {
                self.comparing = None;
                match result {
                    Ok(compared) => self.beside = Some(put_beside(&compared)),
                    Err(error) => self.beside_error = Some(error),
                }
            }
            Event::File(result) => {
                let Some((_, place)) = self.reading.take_if(|(reading, _)| *reading == job) else { return };
                match result {
                    Ok(Some(file)) => self.set(place, &file.name, &file.content),
                    Ok(None) => {}
                    Err(error) => self.file_error = Some(error),
                }
            }
            Event::Judged(_) | Event::Compared(_) => {}
        }
    }

    /// A job ended: nothing waits for its answer any more.
    pub fn on_end(&mut self, job: JobId, end: End) {
        if self.judging.take_if(|judging| *judging == job).is_some() {
            self.shown = None;
            self.error = end.without_answer();
        }
        if self.comparing.take_if(|comparing| *comparing == job).is_some() {
            self.beside_error = end.without_answer();
        }
        if self.reading.take_if(|(reading, _)| *reading == job).is_some() {
            self.file_error = end.without_answer();
        }
    }

    /// Asks the backend for what changed since the last frame.
    pub(super) fn tend(&mut self, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        if std::mem::take(&mut self.judge_next) {
            self.cancel(actions);
            if self.input.is_empty() {
                self.shown = None;
                self.error = None;
                self.judged_with = None;
            } else {
                let keys = self.keys(cx);
                let job = cx.job();
                self.judging = Some(job);
                self.judged_with = Some(keys.clone());
                actions.push(Action::Run(job, Command::Judge { input: self.input.input(), keys }.into()));
            }
        }
        if std::mem::take(&mut self.compare_next) {
            if let Some(job) = self.comparing.take() {
                actions.push(Action::Cancel(job));
            }
            self.beside = None;
            self.beside_error = None;
            if let Some(shown) = self.shown.as_ref().filter(|_| !self.other.is_empty()) {
                let left = Arc::clone(&shown.judged.decoded);
                let command = Command::Compare { left, input: self.other.input(), keys: self.keys(cx) };
                let job = cx.job();
                self.comparing = Some(job);
                actions.push(Action::Run(job, command.into()));
            }
        }
    }

    /// A box's text changed.
    pub(super) fn changed(&mut self, place: Place) {
        match place {
            Place::Token => {
                self.input.keep_short();
                self.judge_next = true;
                if matches!(self.asked, Some(WhichKeys::Domain(_) | WhichKeys::Sandbox)) {
                    // Chosen for the token that was there before.
                    self.asked = None;
                }
            }
            Place::Other => {
                self.other.keep_short();
                self.compare_next = true;
            }
            Place::Key => {
                self.key.keep_short();
                self.judge_next = true;
                // A key that is no text is none that can be read: it is judged to be that.
                let key = || self.key.secret().unwrap_or_else(|| Secret::new("no text"));
                self.asked = (!self.key.is_empty()).then(|| WhichKeys::Pasted(key()));
            }
        }
        self.file_error = None;
    }

    pub(super) fn set(&mut self, place: Place, name: &str, text: &Input) {
        match place {
            Place::Token => self.input.set(name, text),
            Place::Other => self.other.set(name, text),
            Place::Key => self.key.set(name, text),
        }
        self.changed(place);
    }

    /// Judges with other keys.
    pub(super) fn ask(&mut self, keys: Option<WhichKeys>) {
        self.asked = keys;
        self.judge_next = true;
    }

    /// Where a dropped file goes: beside the token, once a person is comparing.
    pub(super) fn place_of_drop(&self) -> Place {
        if self.part == Part::Compare && self.shown.is_some() { Place::Other } else { Place::Token }
    }

    /// Asks for a file: the one dropped, else one that the person chooses.
    pub(super) fn read(&mut self, place: Place, dropped: Option<PathBuf>, cx: &Cx<'_>, actions: &mut Vec<Action>) {
        let job = cx.job();
        self.reading = Some((job, place));
        self.file_error = None;
        let command = dropped.map_or(Command::OpenFile, Command::ReadFile);
        actions.push(Action::Run(job, command.into()));
    }

    /// Forgets every pasted text and all that came of it.
    pub(super) fn clear(&mut self, actions: &mut Vec<Action>) {
        self.cancel(actions);
        if let Some(job) = self.comparing {
            actions.push(Action::Cancel(job));
        }
        *self = Self { turn: self.turn, ..Self::default() };
    }

    pub(super) fn cancel(&mut self, actions: &mut Vec<Action>) {
        if let Some(job) = self.judging.take() {
            actions.push(Action::Cancel(job));
        }
    }

    /// The keys to judge with now.
    pub(super) fn keys(&self, cx: &Cx<'_>) -> WhichKeys {
        match (&self.asked, cx.profile) {
            (Some(keys), _) => keys.clone(),
            (None, Some(profile)) if profile.is_sandbox() => WhichKeys::Sandbox,
            (None, Some(profile)) => WhichKeys::Profile(profile.id),
            (None, None) => WhichKeys::Nobody,
        }
    }
}

fn made_ready(judged: Judged, turn: u64) -> Shown {
    let decoded = &judged.decoded;
    let claims = match decoded.payload.text() {
        Some(text) => JsonTree::parse(text).map_err(|_| "The payload is no JSON. See Raw payload"),
        None if decoded.payload.is_empty() => Err("There is no payload to read"),
        None => Err("The payload is no text. See Raw payload"),
    };
    let header = decoded.header.as_ref().and_then(|header| JsonTree::parse(header.to_text()).ok());
    let facts = decoded.lens().iter().map(|fact| (fact.label, short(&fact.value), fact.note)).collect();
    Shown { claims, header, facts, judged, turn }
}

fn put_beside(compared: &Compared) -> Beside {
    let value = |value: &Option<String>| value.as_deref().map_or_else(|| "not there".to_owned(), short);
    let rows = compared.comparison.rows.iter();
    let mut rows: Vec<_> =
        rows.map(|row| (short(&row.path), value(&row.left), value(&row.right), row.same())).collect();
    // What differs is what a person looks for; the rest stays in its order.
    rows.sort_by_key(|row| row.3);
    Beside { headline: compared.comparison.headline.clone(), right: compared.right.headline.clone(), rows }
}

/// As much of `text` as a row shows.
fn short(text: &str) -> String {
    if text.len() <= VALUE {
        return text.to_owned();
    }
    let mut end = VALUE;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", text.get(..end).unwrap_or_default())
}
