//! The rows the list holds: those around what a person looks at, newest first, and how they change.

use std::collections::VecDeque;

use crate::action::JobId;
use crate::backend::history::{Page, Place};
use crate::error::UserError;
use crate::store::attempts::Attempt;

/// How many rows a page has.
pub(super) const PAGE: usize = 200;
/// How many rows are held while the newest ones are followed.
const FOLLOWED: usize = 1000;

/// The rows, and what is asked about them.
#[derive(Default)]
pub(super) struct Rows {
    held: VecDeque<Attempt>,
    /// The first page has come.
    pub ready: bool,
    pub error: Option<UserError>,
    /// There are older ones than those held.
    pub older: bool,
    /// New ones that do not show yet.
    pub fresh: usize,
    /// The newest show as they come. False once a person scrolled away.
    pub following: bool,
    /// The view stands still, whatever comes.
    pub paused: bool,
    /// Show the top, or a row, on the next frame.
    pub jump: Option<usize>,
    /// The page that is under way.
    asked: Option<(JobId, Place)>,
    /// Wanted next.
    newest: bool,
    again: bool,
    want_older: bool,
}

impl Rows {
    /// Nothing is known: the newest are asked for.
    pub fn begin() -> Self {
        Self { following: true, newest: true, ..Self::default() }
    }

    pub fn held(&self) -> &VecDeque<Attempt> {
        &self.held
    }

    pub fn seqs(&self) -> Vec<i64> {
        self.held.iter().map(|row| row.seq).collect()
    }

    pub fn get(&self, seq: i64) -> Option<&Attempt> {
        let at = self.held.partition_point(|row| row.seq > seq);
        self.held.get(at).filter(|row| row.seq == seq)
    }

    /// Shows the newest and follows them.
    pub fn show_newest(&mut self) {
        self.paused = false;
        self.following = true;
        self.fresh = 0;
        self.newest = true;
        self.jump = Some(0);
    }

    /// What is held may have changed.
    pub fn look_again(&mut self) {
        if self.following && !self.paused {
            self.newest = true;
        } else {
            self.again = true;
        }
    }

    /// The end of what is held shows.
    pub fn near_the_end(&mut self) {
        self.want_older = self.older;
    }

    /// The next page to ask for, if none is under way.
    pub fn wants(&mut self, job: impl FnOnce() -> JobId) -> Option<(JobId, Place, usize)> {
        if self.asked.is_some() {
            return None;
        }
        let (top, bottom) = (self.held.front().map(|row| row.seq), self.held.back().map(|row| row.seq));
        let (place, limit) = match (top, bottom) {
            _ if std::mem::take(&mut self.newest) => {
                self.again = false;
                (Place::Newest, self.held.len().clamp(PAGE, FOLLOWED))
            }
            (Some(top), Some(bottom)) if std::mem::take(&mut self.again) => {
                (Place::Again { top, bottom }, self.held.len() + PAGE)
            }
            (_, Some(bottom)) if std::mem::take(&mut self.want_older) => (Place::Older(bottom), PAGE),
            _ => return None,
        };
        let job = job();
        self.asked = Some((job, place));
        Some((job, place, limit))
    }

    /// Takes a page; false where it is not the one that was asked for.
    pub fn take(&mut self, job: JobId, page: Result<Box<Page>, UserError>) -> bool {
        if self.asked.take_if(|(asked, _)| *asked == job).is_none() {
            return false;
        }
        match page {
            Ok(page) => {
                self.ready = true;
                self.error = None;
                self.put(*page);
            }
            Err(error) => self.error = Some(error),
        }
        true
    }

    fn put(&mut self, page: Page) {
        match page.place {
            // A person scrolled away meanwhile: what they look at stays.
            Place::Newest if !self.following && !self.held.is_empty() => self.again = true,
            Place::Newest => {
                self.held = page.rows.into();
                self.older = page.more;
                self.fresh = 0;
            }
            Place::Older(_) => {
                self.held.extend(page.rows);
                self.older = page.more;
            }
            Place::Again { .. } => {
                if !self.paused {
                    self.held = page.rows.into();
                }
                self.fresh = page.newer;
            }
        }
    }

    /// The job that was asked ended without an answer.
    pub fn ended(&mut self, job: JobId, error: Option<UserError>) {
        if self.asked.take_if(|(asked, _)| *asked == job).is_some() {
            self.error = error;
        }
    }

    /// Rows that came or changed, oldest first. `all`: nothing is filtered, so that what is new belongs here.
    pub fn arrive(&mut self, rows: Vec<Attempt>, all: bool) {
        let top = self.held.front().map_or(0, |row| row.seq);
        for row in rows {
            let at = self.held.partition_point(|held| held.seq > row.seq);
            if let Some(held) = self.held.get_mut(at).filter(|held| held.seq == row.seq) {
                if !self.paused {
                    *held = row;
                }
            } else if row.seq > top && !all {
                self.look_again();
            } else if row.seq > top && self.following && !self.paused && self.ready {
                self.held.insert(at, row);
            } else if row.seq > top {
                self.fresh += 1;
            }
        }
        if self.following && self.held.len() > FOLLOWED {
            self.held.truncate(FOLLOWED);
            self.older = true;
        }
    }
}
