//! The Live side of the Inspector on its stage, and attempts to put into it.

pub use egui::accesskit::Role;
pub use egui::{Key, Modifiers, Theme, vec2};
pub use egui_kittest::SnapshotResults;
pub use egui_kittest::kittest::Queryable as _;
pub use jiff::Timestamp;
pub use kinde_panel::action::{Action, Command, InspectorAsk, JobId, Room};
pub use kinde_panel::backend::attempt;
pub use kinde_panel::backend::history::{self, Event, Page, Picture, Settings, Up, Which};
pub use kinde_panel::error::{Category, UserError};
pub use kinde_panel::inspector::import::{Imported, Skipped};
pub use kinde_panel::inspector::replay::Tally;
pub use kinde_panel::screens::inspector;
pub use kinde_panel::store::attempts::{Attempt, Bucket, Duplicate, Filter, Forwarded, Histogram, Retention, Whole};
pub use kinde_panel::tenant::Profile;

pub(super) use super::common;
use super::stage;

pub const NOW: i64 = 1_790_000_000;

/// The room; the picture of arrivals that was asked for last is noted.
pub type World = stage::World<inspector::State, Option<JobId>>;
pub type Harness = egui_kittest::Harness<'static, World>;

/// What the tests ask of the history's side.
pub trait OfHistory {
    /// The last thing asked of the history that `wanted` knows.
    fn asked<T>(&mut self, wanted: impl Fn(history::Command) -> Option<T>) -> (JobId, T);

    fn tell(&mut self, job: JobId, event: Event);

    /// Answers the page that was asked for with these rows, newest first.
    fn page(&mut self, rows: Vec<Attempt>, more: bool, newer: usize) {
        let (job, place) = self.asked(|command| match command {
            history::Command::Page { place, .. } => Some(place),
            _ => None,
        });
        self.tell(job, Event::Page(Ok(Box::new(Page { place, rows, more, newer }))));
    }
}

impl OfHistory for World {
    fn asked<T>(&mut self, wanted: impl Fn(history::Command) -> Option<T>) -> (JobId, T) {
        let mut picture = self.note;
        let asked = self.ran(|job, command| match command {
            Command::History(history::Command::Picture { .. }) => {
                picture = Some(job);
                None
            }
            Command::History(command) => wanted(command),
            _ => None,
        });
        self.note = picture;
        asked
    }

    fn tell(&mut self, job: JobId, event: Event) {
        self.with(|state, _, actions| state.on_history(job, event, actions));
    }
}

/// The room of the sandbox's profile, just entered.
pub fn room(which: Theme) -> Harness {
    let world = World::new(Some(Profile::sandbox()), Timestamp::from_second(NOW).unwrap());
    let mut harness = stage::harness(which, vec2(1000.0, 720.0), world, |ui, world| {
        world.with(|state, cx, actions| inspector::ui(ui, state, cx, actions));
    });
    harness.state_mut().with(inspector::State::entered);
    harness
}

pub fn row(seq: i64) -> Attempt {
    Attempt {
        seq,
        owner: String::new(),
        received_at: Timestamp::from_second(NOW - 1000 + seq).unwrap(),
        webhook_id: Some(format!("id-{seq}")),
        event_id: Some(format!("event_{seq}")),
        event_type: Some("user.created".to_owned()),
        who: Some("ada@example.com".to_owned()),
        attempt: 1,
        duplicate: Duplicate::No,
        verdict: Some("verified".to_owned()),
        failed: None,
        judged_at: None,
        body_sha256: String::new(),
        responded: Some(200),
        forwarded: Vec::new(),
        pinned: false,
        whole: true,
        via: None,
    }
}

/// Rows of these numbers, newest first.
pub fn rows(seqs: std::ops::Range<i64>) -> Vec<Attempt> {
    seqs.rev().map(row).collect()
}

pub fn one_of_each() -> Vec<Attempt> {
    let verdict = |seq, word: &str, failed: Option<&str>| Attempt {
        verdict: Some(word.to_owned()),
        failed: failed.map(str::to_owned),
        ..row(seq)
    };
    let on = |status: Option<u16>| Forwarded {
        url: "http://localhost:3000/api".to_owned(),
        status,
        ms: 4,
        error: status.is_none().then(|| "nothing listens there".to_owned()),
        ..Forwarded::default()
    };
    let elsewhere = Forwarded { url: "http://localhost:4000/api".to_owned(), ..on(None) };
    vec![
        Attempt { forwarded: vec![on(Some(200))], pinned: true, ..row(10) },
        Attempt { verdict: None, event_type: Some("user.updated".to_owned()), ..row(9) },
        Attempt { attempt: 2, duplicate: Duplicate::Retry, ..verdict(8, "unknown_key", Some("key")) },
        Attempt { forwarded: vec![on(Some(500))], ..verdict(7, "not_verified", Some("signature")) },
        Attempt { event_type: None, who: None, ..verdict(6, "unsigned", Some("header")) },
        Attempt { forwarded: vec![on(None)], ..verdict(5, "encrypted", Some("header")) },
        Attempt { event_type: None, who: None, ..verdict(4, "unreadable", Some("envelope")) },
        Attempt { duplicate: Duplicate::Conflict, ..verdict(3, "verified", Some("duplicate")) },
        Attempt { duplicate: Duplicate::Fanout, forwarded: vec![on(Some(200)), elsewhere], ..row(2) },
        Attempt { duplicate: Duplicate::Repeat, event_type: Some("subscriber.created".to_owned()), ..row(1) },
    ]
}

pub fn with_rows(rows: Vec<Attempt>, more: bool) -> Harness {
    let mut harness = room(Theme::Dark);
    harness.state_mut().page(rows, more, 0);
    harness.run();
    harness
}

pub fn named(harness: &Harness, name: &str) -> bool {
    harness.query_by_label(name).is_some()
}

/// Starts to listen and answers that it is up; the job.
pub fn listening(harness: &mut Harness) -> JobId {
    harness.get_by_role_and_label(Role::Button, "Listen").click();
    harness.run_steps(3);
    let (job, ()) =
        harness.state_mut().asked(|command| matches!(command, history::Command::Listen { .. }).then_some(()));
    let up = Up { url: "http://127.0.0.1:4444/k/7f3a90b1c2d34e5f8a9b0c1d2e3f4a5b".to_owned(), port: 4444 };
    harness.state_mut().tell(job, Event::Listening(Ok(up)));
    harness.run();
    job
}

pub fn arrive(harness: &mut Harness, job: JobId, rows: Vec<Attempt>) {
    let (profile, fresh) = (harness.state().profile.as_ref().unwrap().id, rows.len());
    harness.state_mut().tell(job, Event::Rows { profile, rows, fresh, missed: false });
    harness.run();
}
