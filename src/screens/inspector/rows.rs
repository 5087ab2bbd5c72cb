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
/// How many rows are held at most; those furthest from what is looked at go first.
const HELD: usize = 3000;

/// The rows, and what is asked about them.
#[derive(Default)]
pub(super) struct Rows {
    held: VecDeque<Attempt>,
    /// The first page has come.
    pub ready: bool,
    pub error: Option<UserError>,
    /// There are older ones than those held.
    pub older: bool,
    /// There are newer ones than those held that were held before.
    pub newer: bool,
    /// So many rows were put before the first one, or taken from there: what is looked at stays where it is.
    pub shift: isize,
    /// The highest number that was ever held.
    seen: i64,
    /// New ones that do not show yet.
    pub fresh: usize,
    /// The newest show as they come. False once a person scrolled away.
    pub following: bool,
    /// The view stands still, whatever comes: what is held may change, and go, but nothing joins it.
    pub paused: bool,
    /// Show the top, or a row, on the next frame.
    pub jump: Option<usize>,
    /// The page that is under way.
    asked: Option<(JobId, Place)>,
    /// Wanted next.
    newest: bool,
    /// What is held is of another search.
    old: bool,
    again: bool,
    want_older: bool,
    want_newer: bool,
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

    /// Something else is searched for: what is held stays until that is there.
    pub fn search(&mut self) {
        let held = std::mem::take(&mut self.held);
        let (paused, ready) = (self.paused, self.ready);
        *self = Self { held, paused, ready, old: true, jump: Some(0), ..Self::begin() };
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

    /// The beginning of what is held shows, and it is not that of all.
    pub fn near_the_beginning(&mut self) {
        self.want_newer = self.newer;
    }

    /// There is something to ask for that only scrolling led to.
    pub fn is_wanting(&self) -> bool {
        self.asked.is_none() && (self.want_older || self.want_newer)
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
                let held = if self.old { 0 } else { self.held.len() };
                (Place::Newest, held.clamp(PAGE, FOLLOWED))
            }
            (Some(top), Some(bottom)) if std::mem::take(&mut self.again) => {
                (Place::Again { top, bottom, seen: self.seen }, self.held.len() + PAGE)
            }
            (_, Some(bottom)) if std::mem::take(&mut self.want_older) => (Place::Older(bottom), PAGE),
            (Some(top), _) if std::mem::take(&mut self.want_newer) => (Place::Newer(top), PAGE),
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
            // A person scrolled away or paused meanwhile: what they look at stays.
            Place::Newest if (!self.following || self.paused) && !self.held.is_empty() && !self.old => {
                self.again = true;
            }
            Place::Newest => {
                self.held = page.rows.into();
                (self.older, self.newer, self.old) = (page.more, false, false);
                self.fresh = 0;
            }
            Place::Older(_) => {
                self.held.extend(page.rows);
                self.older = page.more;
                let over = self.held.len().saturating_sub(HELD);
                self.held.drain(..over);
                self.newer |= over > 0;
                self.shift -= isize::try_from(over).unwrap_or_default();
            }
            Place::Newer(_) => {
                self.shift += isize::try_from(page.rows.len()).unwrap_or_default();
                for row in page.rows.into_iter().rev() {
                    self.held.push_front(row);
                }
                self.newer = page.more;
                self.older |= self.held.len() > HELD;
                self.held.truncate(HELD);
            }
            Place::Again { .. } => {
                if self.paused {
                    self.renew(page.rows);
                } else {
                    self.held = page.rows.into();
                    self.older = page.more;
                }
                self.fresh = page.newer;
                // All that was held is gone: there may be others.
                self.newest |= self.held.is_empty();
            }
        }
        self.seen = self.seen.max(self.held.front().map_or(0, |row| row.seq));
    }

    /// Of what is held each row as it is now, without those that are gone. `rows` are those between the first and the last that
    /// are held, newest first, at most as many as were asked for.
    fn renew(&mut self, rows: Vec<Attempt>) {
        // Where there were more than that, what is older than the last of them was not read.
        let read_down_to = rows.last().filter(|_| rows.len() >= self.held.len() + PAGE).map_or(0, |last| last.seq);
        let mut rows = rows.into_iter().peekable();
        let mut held = VecDeque::with_capacity(self.held.len());
        for old in self.held.drain(..) {
            while rows.next_if(|row| row.seq > old.seq).is_some() {}
            match rows.next_if(|row| row.seq == old.seq) {
                Some(now) => held.push_back(now),
                None if old.seq < read_down_to => held.push_back(old),
                None => {}
            }
        }
        self.held = held;
    }

    /// The job that was asked ended without an answer.
    pub fn ended(&mut self, job: JobId, error: Option<UserError>) {
        if self.asked.take_if(|(asked, _)| *asked == job).is_some() {
            self.error = error;
        }
    }

    /// Rows that came or changed, oldest first. `all`: nothing is filtered, so that what is new belongs here.
    pub fn arrive(&mut self, rows: Vec<Attempt>, all: bool) {
        let top = self.held.front().map_or(0, |row| row.seq).max(self.seen);
        for row in rows {
            let at = self.held.partition_point(|held| held.seq > row.seq);
            if let Some(held) = self.held.get_mut(at).filter(|held| held.seq == row.seq) {
                *held = row;
            } else if row.seq > top && !all {
                self.look_again();
            } else if row.seq > top && self.following && !self.paused && self.ready {
                self.seen = self.seen.max(row.seq);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seq: i64) -> Attempt {
        Attempt {
            seq,
            owner: String::new(),
            received_at: jiff::Timestamp::UNIX_EPOCH,
            webhook_id: None,
            event_id: None,
            event_type: None,
            who: None,
            attempt: 1,
            duplicate: crate::store::attempts::Duplicate::No,
            verdict: None,
            failed: None,
            judged_at: None,
            body_sha256: String::new(),
            responded: None,
            forwarded: Vec::new(),
            pinned: false,
            whole: true,
            via: None,
        }
    }

    /// Answers what is asked for out of a history of `last` attempts.
    fn answer(rows: &mut Rows, last: i64) -> Option<Place> {
        let (job, place, limit) = rows.wants(|| 1)?;
        let limit = i64::try_from(limit).unwrap();
        let (low, high) = match place {
            Place::Newest => (last - limit, last),
            Place::Older(before) => (before - 1 - limit, before - 1),
            Place::Newer(after) => (after, (after + limit).min(last)),
            Place::Again { top, bottom, .. } => (bottom - 1, top),
        };
        let low = low.max(0);
        let page = Page {
            place,
            rows: (low + 1..=high).rev().map(row).collect(),
            more: if matches!(place, Place::Newer(_)) { high < last } else { low > 0 },
            newer: match place {
                Place::Again { seen, .. } => usize::try_from(last - seen).unwrap(),
                _ => 0,
            },
        };
        rows.take(job, Ok(Box::new(page)));
        Some(place)
    }

    #[test]
    fn a_million_attempts_are_walked_through_and_back_with_a_few_thousand_held() {
        let last = 1_000_000;
        let mut rows = Rows::begin();
        answer(&mut rows, last);
        rows.following = false;
        let mut shifted = 0;
        for _ in 0..100 {
            rows.near_the_end();
            answer(&mut rows, last);
            shifted += std::mem::take(&mut rows.shift);
            assert!(rows.held().len() <= HELD);
        }
        assert_eq!(rows.held().back().unwrap().seq, last - 101 * 200 + 1);
        assert_eq!(shifted, -(101 * 200 - HELD as isize), "what is looked at stays where it is");
        while rows.newer {
            rows.near_the_beginning();
            answer(&mut rows, last);
            assert!(rows.held().len() <= HELD);
        }
        let seqs = rows.seqs();
        assert_eq!(seqs.first(), Some(&last));
        assert!(seqs.windows(2).all(|pair| pair[0] == pair[1] + 1), "in order, none twice, none left out");
    }

    #[test]
    fn what_another_process_wrote_is_read_at_the_top_and_counted_below_it() {
        let mut rows = Rows::begin();
        answer(&mut rows, 10);
        rows.look_again();
        assert_eq!(answer(&mut rows, 12), Some(Place::Newest));
        assert_eq!((rows.seqs().first(), rows.fresh), (Some(&12), 0));
        rows.following = false;
        rows.look_again();
        assert_eq!(answer(&mut rows, 15), Some(Place::Again { top: 12, bottom: 1, seen: 12 }));
        assert_eq!((rows.seqs().first(), rows.fresh), (Some(&12), 3));
    }

    #[test]
    fn a_paused_list_shows_what_became_of_its_rows_and_no_others_join_it() {
        let mut rows = Rows::begin();
        answer(&mut rows, 10);
        rows.paused = true;
        rows.arrive(vec![Attempt { pinned: true, ..row(9) }, row(11)], true);
        assert!(rows.get(9).unwrap().pinned && rows.get(11).is_none());
        rows.look_again();
        let (job, place, _) = rows.wants(|| 2).unwrap();
        assert_eq!(place, Place::Again { top: 10, bottom: 1, seen: 10 });
        let there = [10, 9, 7, 6, 5, 4, 3, 2, 1].map(|seq| Attempt { pinned: seq == 7, ..row(seq) });
        rows.take(job, Ok(Box::new(Page { place, rows: there.into(), more: false, newer: 1 })));
        assert_eq!((rows.seqs(), rows.fresh), (vec![10, 9, 7, 6, 5, 4, 3, 2, 1], 1));
        assert!(rows.get(7).unwrap().pinned && !rows.get(9).unwrap().pinned);
        // What matches now and did not before does not push its way in.
        rows.look_again();
        let (job, place, _) = rows.wants(|| 3).unwrap();
        let there = [10, 8, 1].map(row);
        rows.take(job, Ok(Box::new(Page { place, rows: there.into(), more: false, newer: 1 })));
        assert_eq!(rows.seqs(), [10, 1]);
        // Nothing is left to stand still.
        rows.look_again();
        let (job, place, _) = rows.wants(|| 4).unwrap();
        rows.take(job, Ok(Box::new(Page { place, rows: Vec::new(), more: true, newer: 1 })));
        assert_eq!(answer(&mut rows, 12), Some(Place::Newest));
        assert_eq!(rows.seqs().first(), Some(&12));
    }

    #[test]
    fn a_page_that_was_asked_for_before_the_pause_does_not_move_the_list() {
        let mut rows = Rows::begin();
        answer(&mut rows, 10);
        rows.look_again();
        let (job, place, _) = rows.wants(|| 2).unwrap();
        assert_eq!(place, Place::Newest);
        rows.paused = true;
        let there = (1..=12).rev().map(row).collect();
        rows.take(job, Ok(Box::new(Page { place, rows: there, more: false, newer: 0 })));
        assert_eq!(rows.seqs().first(), Some(&10));
    }
}
