//! The history of a profile, for the Inspector: pages of it, what changed in it, the receiver, pins and deletions.
//!
//! Whose history is a saved profile's id. The list is read by number around what a person looks at, never whole.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, watch};
use uuid::Uuid;

pub use super::receiver::{Kept, Settings, Up, Wish};

use super::{Job, history_files, history_replays, receiver, watcher};
use crate::error::UserError;
use crate::inspector::forward::Target;
use crate::inspector::import::Imported;
use crate::inspector::replay::Tally;
use crate::secrets::Secret;
use crate::store::attempts::{Attempt, Attempts, Filter, Histogram, Retention};

/// How many rows an answer counts at most as newer than what is looked at.
pub const COUNTED: usize = 1000;
/// How many are deleted or pinned at a time.
const AT_ONCE: usize = 500;
/// About how many bars the picture of arrivals has.
const BARS: usize = 60;

/// What the screen asks.
#[derive(Debug)]
pub enum Command {
    /// Rows for the list.
    Page {
        /// Whose.
        profile: Uuid,
        /// Which are wanted.
        filter: Box<Filter>,
        /// Where in them.
        place: Place,
        /// At most so many.
        limit: usize,
    },
    /// When how many came.
    Picture {
        /// Whose.
        profile: Uuid,
        /// Which are wanted.
        filter: Box<Filter>,
        /// The end of the picture.
        now: Timestamp,
    },
    /// Judges what waits for its verdict, then tells of every change until it is cancelled.
    Watch {
        /// Whose.
        profile: Uuid,
        /// When to look.
        attention: Arc<Attention>,
    },
    /// Receives until it is cancelled.
    Listen {
        /// For whom.
        profile: Uuid,
        /// Where.
        wish: Wish,
        /// How, at any moment.
        settings: watch::Receiver<Settings>,
    },
    /// Pins attempts, or lets them go again.
    Pin {
        /// Whose.
        profile: Uuid,
        /// Which.
        which: Which,
        /// To pin.
        pinned: bool,
    },
    /// Keeps and judges attempts from elsewhere.
    Import {
        /// For whom.
        profile: Uuid,
        /// From where.
        from: From,
    },
    /// Writes attempts to a file that the person chooses.
    Export {
        /// Whose.
        profile: Uuid,
        /// Which.
        which: Which,
    },
    /// How much is kept.
    Rule,
    /// Keeps so much from now on, and deletes what is more, of every profile.
    Keep(Retention),
    /// Deletes what is too old or too much by the rule there is, of every profile.
    Prune,
    /// Sends attempts once more as they came, the oldest first.
    Replay {
        /// Whose.
        profile: Uuid,
        /// Which.
        which: Which,
        /// Where to.
        target: Target,
    },
    /// Deletes attempts for good.
    Delete {
        /// Whose.
        profile: Uuid,
        /// Which.
        which: Which,
    },
}

/// Where a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The newest.
    Newest,
    /// Those before a number.
    Older(i64),
    /// Those after a number, next to it.
    Newer(i64),
    /// What is there between two numbers, both among them: as it is now.
    Again {
        /// The highest.
        top: i64,
        /// The lowest.
        bottom: i64,
        /// The highest that was ever shown: those above are new.
        seen: i64,
    },
}

/// Which attempts something is done with.
#[derive(Debug, Clone)]
pub enum Which {
    /// These.
    These(Vec<i64>),
    /// All that match; pinned ones only where the filter asks for them.
    Matching(Box<Filter>),
}

/// Where attempts come from that were not received here.
#[derive(Debug)]
pub enum From {
    /// A file that the person chooses.
    Chosen,
    /// A file that was dropped.
    File(PathBuf),
    /// What was pasted: only the webhooks in it are kept.
    Text(Secret),
}

/// Rows of the list, newest first.
#[derive(Debug)]
pub struct Page {
    /// What was asked.
    pub place: Place,
    /// The rows.
    pub rows: Vec<Attempt>,
    /// There are more in the direction that was asked.
    pub more: bool,
    /// How many match that were never shown, at most [`COUNTED`]; counted for [`Place::Again`] alone.
    pub newer: usize,
}

/// When how many came.
#[derive(Debug, Clone)]
pub struct Picture {
    /// In stretches of time.
    pub histogram: Histogram,
    /// `last hour`
    pub words: String,
}

/// What comes back.
#[derive(Debug)]
pub enum Event {
    /// The answer to [`Command::Page`].
    Page(Result<Box<Page>, UserError>),
    /// The answer to [`Command::Picture`].
    Picture(Result<Box<Picture>, UserError>),
    /// Watching cannot begin.
    Blind(UserError),
    /// So many attempts of an earlier run were judged now.
    CaughtUp(usize),
    /// Somebody wrote into the history: this process, or another one.
    Changed,
    /// The first answer to [`Command::Listen`].
    Listening(Result<Up, UserError>),
    /// Rows that came, or changed, at most one such event in 50 ms.
    Rows {
        /// Whose.
        profile: Uuid,
        /// Each as it is now, oldest first.
        rows: Vec<Attempt>,
        /// How many of them came just now.
        fresh: usize,
        /// Some could not be told one by one: read again what is looked at.
        missed: bool,
    },
    /// Receiving goes on, but something does not work; `None`: it works again.
    Trouble(Option<UserError>),
    /// The answer to [`Command::Import`]; `None` where no file was chosen.
    Imported(Result<Option<Imported>, UserError>),
    /// The answer to [`Command::Export`]: how many, and where; `None` where no file was chosen.
    Exported(Result<Option<(usize, String)>, UserError>),
    /// The answer to [`Command::Rule`].
    Rule(Result<Retention, UserError>),
    /// The answer to [`Command::Keep`] and to [`Command::Prune`]: how many were deleted.
    Pruned(Result<usize, UserError>),
    /// The answer to [`Command::Pin`].
    Pinned(Result<usize, UserError>),
    /// How far [`Command::Replay`] is, at most ten a second.
    Replaying(Box<Tally>),
    /// The last answer to [`Command::Replay`].
    Replayed(Result<Box<Tally>, UserError>),
    /// The answer to [`Command::Delete`].
    Deleted(Result<usize, UserError>),
}

/// What the screen tells a running [`Command::Watch`], without waiting and without a job of its own.
#[derive(Debug, Default)]
pub struct Attention {
    seen: Notify,
    following: AtomicBool,
}

impl Attention {
    /// A frame is drawn: somebody looks.
    pub fn look(&self) {
        self.seen.notify_one();
    }

    /// Whether changes are waited for while nothing is drawn.
    pub fn follow(&self, following: bool) {
        if self.following.swap(following, Ordering::Relaxed) != following {
            self.seen.notify_one();
        }
    }

    pub(super) fn follows(&self) -> bool {
        self.following.load(Ordering::Relaxed)
    }

    pub(super) async fn looked(&self) {
        self.seen.notified().await;
    }
}

impl Command {
    /// Whether it may be dropped wherever it is: it only reads.
    pub(super) fn only_reads(&self) -> bool {
        matches!(self, Self::Page { .. } | Self::Picture { .. } | Self::Watch { .. } | Self::Rule)
    }
}

/// Runs one command to its end.
pub async fn run(command: Command, job: Job) {
    match command {
        Command::Page { profile, filter, place, limit } => {
            let page = page(&job, profile, *filter, place, limit).await;
            job.send(Event::Page(page.map(Box::new))).await;
        }
        Command::Picture { profile, filter, now } => {
            let picture = picture(&job, profile, *filter, now).await;
            job.send(Event::Picture(picture.map(Box::new))).await;
        }
        Command::Watch { profile, attention } => {
            if let Err(error) = watcher::watch(profile, &attention, &job).await {
                job.send(Event::Blind(error)).await;
            }
        }
        Command::Listen { profile, wish, settings } => receiver::listen(profile, wish, settings, &job).await,
        Command::Import { profile, from } => {
            let done = history_files::bring_in(&job, profile, from).await;
            job.send(Event::Imported(done)).await;
        }
        Command::Export { profile, which } => {
            let done = history_files::take_out(&job, profile, which).await;
            job.send(Event::Exported(done)).await;
        }
        Command::Rule => {
            let rule = rule(&job).await;
            job.send(Event::Rule(rule)).await;
        }
        Command::Keep(retention) => {
            let done = keep(&job, retention).await;
            job.send(Event::Pruned(done)).await;
        }
        Command::Prune => {
            let done = prune(&job).await;
            job.send(Event::Pruned(done)).await;
        }
        Command::Pin { profile, which, pinned } => {
            let done = each(&job, profile, which, |attempts, seqs| async move {
                let count = seqs.len();
                attempts.pin(seqs, pinned).await?;
                Ok(count)
            });
            let done = done.await;
            job.send(Event::Pinned(done)).await;
        }
        Command::Replay { profile, which, target } => {
            let done = history_replays::replay(&job, profile, which, &target).await;
            job.send(Event::Replayed(done.map(Box::new))).await;
        }
        Command::Delete { profile, which } => {
            let done =
                each(&job, profile, which, |attempts, seqs| async move { Ok(attempts.delete(seqs).await?) }).await;
            job.send(Event::Deleted(done)).await;
        }
    }
}

/// The rule of the history: its own, of every process that writes in it.
pub(super) async fn rule(job: &Job) -> Result<Retention, UserError> {
    Ok(job.attempts.get(&job.services).await?.retention().await?)
}

/// Makes that the rule, and carries it out.
pub(super) async fn keep(job: &Job, retention: Retention) -> Result<usize, UserError> {
    job.attempts.get(&job.services).await?.set_retention(retention).await?;
    prune(job).await
}

/// Carries the rule out.
pub(super) async fn prune(job: &Job) -> Result<usize, UserError> {
    let attempts = job.attempts.get(&job.services).await?;
    let retention = attempts.retention().await?;
    Ok(attempts.prune(retention, job.services.clock.now()).await?)
}

/// Whose attempts those of a saved profile are.
pub(super) fn owner(profile: Uuid) -> String {
    profile.to_string()
}

async fn page(job: &Job, profile: Uuid, filter: Filter, place: Place, limit: usize) -> Result<Page, UserError> {
    let attempts = job.attempts.get(&job.services).await?;
    let owner = owner(profile);
    let between = |after, before, limit| attempts.page(&owner, Filter { after, before, limit, ..filter.clone() });
    let (mut rows, more) = match place {
        Place::Newest => cut(between(None, None, limit + 1).await?, limit),
        Place::Older(before) => cut(between(None, Some(before), limit + 1).await?, limit),
        Place::Newer(after) => {
            let rows = between(Some(after), None, limit).await?;
            let more = rows.len() == limit;
            (rows, more)
        }
        Place::Again { top, bottom, .. } => {
            let rows = between(Some(bottom.saturating_sub(1)), Some(top.saturating_add(1)), limit).await?;
            let more = !between(None, Some(bottom), 1).await?.is_empty();
            (rows, more)
        }
    };
    rows.sort_by_key(|row| std::cmp::Reverse(row.seq));
    let newer = match place {
        Place::Again { seen, .. } => between(Some(seen), None, COUNTED).await?.len(),
        Place::Newest | Place::Older(_) | Place::Newer(_) => 0,
    };
    Ok(Page { place, rows, more, newer })
}

/// The shortest usual stretch of time that reaches back to the newest arrival; all of it where none does.
async fn picture(job: &Job, profile: Uuid, filter: Filter, now: Timestamp) -> Result<Picture, UserError> {
    let attempts = job.attempts.get(&job.services).await?;
    let owner = owner(profile);
    let reach = attempts.reach(&owner).await?;
    let (oldest, newest) = reach.unwrap_or((now, now));
    let age = now.duration_since(newest);
    let stretches = [(1, "last hour"), (24, "last day"), (24 * 7, "last week"), (24 * 30, "last month")];
    let fitting = stretches.into_iter().find(|(hours, _)| age < SignedDuration::from_hours(*hours));
    let (from, words) = match fitting {
        Some((hours, words)) => (now.saturating_sub(SignedDuration::from_hours(hours)).unwrap_or(oldest), words),
        None => (oldest, "all time"),
    };
    let histogram = attempts.histogram(&owner, filter, from, now, BARS).await?;
    Ok(Picture { histogram, words: words.to_owned() })
}

fn cut(mut rows: Vec<Attempt>, limit: usize) -> (Vec<Attempt>, bool) {
    let more = rows.len() > limit;
    rows.truncate(limit);
    (rows, more)
}

/// Does `work` with the attempts meant, some at a time; the sum of what it answers.
async fn each<W>(
    job: &Job,
    profile: Uuid,
    which: Which,
    work: impl Fn(Attempts, Vec<i64>) -> W,
) -> Result<usize, UserError>
where
    W: Future<Output = Result<usize, UserError>>,
{
    let attempts = job.attempts.get(&job.services).await?;
    let mut sum = 0;
    match which {
        Which::These(seqs) => {
            for some in seqs.chunks(AT_ONCE) {
                sum += work(attempts.clone(), some.to_vec()).await?;
            }
        }
        Which::Matching(filter) => {
            let owner = owner(profile);
            let mut filter = Filter { limit: AT_ONCE, before: None, ..*filter };
            loop {
                let page = attempts.page(&owner, filter.clone()).await?;
                let Some(last) = page.last() else { break };
                filter.before = Some(last.seq);
                let pinned = filter.pinned;
                let seqs = page.iter().filter(|row| pinned || !row.pinned).map(|row| row.seq).collect();
                sum += work(attempts.clone(), seqs).await?;
                if job.cancel.is_cancelled() {
                    break;
                }
            }
        }
    }
    Ok(sum)
}
