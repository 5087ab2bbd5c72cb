//! The history of a profile, for the Inspector: pages of it, what changed in it, the receiver, pins and deletions.
//!
//! Whose history is a saved profile's id. The list is read by number around what a person looks at, never whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Notify, watch};
use uuid::Uuid;

pub use super::receiver::{Settings, Up, Wish};

use super::{Job, receiver, watcher};
use crate::error::UserError;
use crate::store::attempts::{Attempt, Attempts, Filter};

/// How many rows an answer counts at most as newer than what is looked at.
pub const COUNTED: usize = 1000;
/// How many are deleted or pinned at a time.
const AT_ONCE: usize = 500;

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
    /// What is there between two numbers, both among them: as it is now.
    Again {
        /// The highest.
        top: i64,
        /// The lowest.
        bottom: i64,
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

/// Rows of the list, newest first.
#[derive(Debug)]
pub struct Page {
    /// What was asked.
    pub place: Place,
    /// The rows.
    pub rows: Vec<Attempt>,
    /// There are more in the direction that was asked.
    pub more: bool,
    /// How many match that are newer than the rows, at most [`COUNTED`]; none are counted for the newest page.
    pub newer: usize,
}

/// What comes back.
#[derive(Debug)]
pub enum Event {
    /// The answer to [`Command::Page`].
    Page(Result<Box<Page>, UserError>),
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
    /// The answer to [`Command::Pin`].
    Pinned(Result<usize, UserError>),
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
        matches!(self, Self::Page { .. } | Self::Watch { .. })
    }
}

/// Runs one command to its end.
pub async fn run(command: Command, job: Job) {
    match command {
        Command::Page { profile, filter, place, limit } => {
            let page = page(&job, profile, *filter, place, limit).await;
            job.send(Event::Page(page.map(Box::new))).await;
        }
        Command::Watch { profile, attention } => {
            if let Err(error) = watcher::watch(profile, &attention, &job).await {
                job.send(Event::Blind(error)).await;
            }
        }
        Command::Listen { profile, wish, settings } => receiver::listen(profile, wish, settings, &job).await,
        Command::Pin { profile, which, pinned } => {
            let done = each(&job, profile, which, |attempts, seqs| async move {
                let count = seqs.len();
                attempts.pin(seqs, pinned).await?;
                Ok(count)
            });
            let done = done.await;
            job.send(Event::Pinned(done)).await;
        }
        Command::Delete { profile, which } => {
            let done =
                each(&job, profile, which, |attempts, seqs| async move { Ok(attempts.delete(seqs).await?) }).await;
            job.send(Event::Deleted(done)).await;
        }
    }
}

/// Whose attempts those of a saved profile are.
pub(super) fn owner(profile: Uuid) -> String {
    profile.to_string()
}

async fn page(job: &Job, profile: Uuid, filter: Filter, place: Place, limit: usize) -> Result<Page, UserError> {
    let attempts = job.attempts.get(&job.services).await?;
    let owner = owner(profile);
    let newest = |before, limit| attempts.page(&owner, Filter { before, limit, ..filter.clone() });
    let (rows, more) = match place {
        Place::Newest => cut(newest(None, limit + 1).await?, limit),
        Place::Older(before) => cut(newest(Some(before), limit + 1).await?, limit),
        Place::Again { top, bottom } => {
            let mut rows = newest(Some(top.saturating_add(1)), limit).await?;
            let all = rows.len() == limit;
            let kept = rows.partition_point(|row| row.seq >= bottom);
            let more = kept < rows.len() || all;
            rows.truncate(kept);
            (rows, more)
        }
    };
    let newer = match place {
        Place::Again { top, .. } => newest(None, COUNTED).await?.partition_point(|row| row.seq > top),
        Place::Newest | Place::Older(_) => 0,
    };
    Ok(Page { place, rows, more, newer })
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
