//! Kinde's retry clock of one request: which attempts were seen here, and when the next one may come.
//!
//! Kinde documents its waits and nothing more, so every moment here is rough: the waits run from an end that only Kinde
//! sees, and an attempt that was never seen here cannot be told from one that was never made. Wall-clock times alone: a
//! machine that slept in between loses nothing.

use std::time::Duration;

use jiff::Timestamp;

use crate::store::attempts::HUNG_UP;

/// The wait before each attempt, in seconds. A tenth would fall outside the 36 hours.
const WAITS: [u64; 9] = [0, 5, 30, 120, 600, 3_600, 14_400, 43_200, 43_200];
/// Kinde ends after so long.
const WINDOW: Duration = Duration::from_secs(36 * 3_600);
/// Kinde switches off an endpoint that failed for so long.
const SWITCH_OFF: Duration = Duration::from_secs(72 * 3_600);
/// An event that is older than this when it is first seen was hardly sent the first time.
const OLD: Duration = Duration::from_secs(37 * 3_600);

/// One attempt that was seen here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// When it had come.
    pub at: Timestamp,
    /// What it was answered, or [`HUNG_UP`]; `None` where that is not known.
    pub answered: Option<u16>,
}

impl Seen {
    /// Kinde takes it for a failure. What is not known is none.
    fn failed(&self) -> bool {
        self.answered.is_some_and(|status| status == HUNG_UP || !(200..300).contains(&status))
    }
}

/// One attempt of Kinde's schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which attempt, from 1.
    pub number: u32,
    /// When it came, or about when it is or was due.
    pub at: Timestamp,
    /// What became of it.
    pub fate: Fate,
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Seen here, as the attempt of that index.
    Seen(usize),
    /// Due before one that was seen here, and not seen here itself.
    NotSeen,
    /// The next one, as far as can be known.
    Next,
    /// Made if all before it fail.
    Later,
}

/// What is to be said of the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was answered 200: there is no next.
    Done,
    /// It was answered 2xx, but not the 200 that Kinde documents.
    Unclear(u16),
    /// About then.
    Next(Timestamp),
    /// It was due about then, and was not seen here.
    Overdue(Timestamp),
    /// The last of the schedule was seen, or the 36 hours are over.
    Over,
    /// What the last one was answered is not known, and so nothing of a next.
    NotKnown,
}

/// Kinde's retry clock of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryClock {
    /// The schedule, filled with what was seen.
    pub places: Vec<Place>,
    /// What is to be said of the next attempt.
    pub standing: Standing,
    /// About when Kinde gives this request up.
    pub end: Timestamp,
    /// About when Kinde switches the endpoint off, if every request to it keeps failing. `None` while nothing fails.
    pub switch_off: Option<Timestamp>,
    /// The event's own time says when the first attempt was; else the first one seen here counts as it.
    pub from_event: bool,
}

/// The clock of a request of which `seen` was seen here, oldest first. `happened` is the event's own time, where it has
/// one. `None` where nothing was seen.
pub fn retry_clock(seen: &[Seen], happened: Option<Timestamp>, now: Timestamp) -> Option<RetryClock> {
    let (first, last) = (seen.first()?, seen.last()?);
    let age = |from: Timestamp| Duration::try_from(first.at.duration_since(from)).unwrap_or_default();
    let happened = happened.filter(|at| *at <= first.at && age(*at) <= OLD);
    let mut numbers: Vec<usize> = Vec::new();
    for (index, one) in seen.iter().enumerate() {
        let number = match (index.checked_sub(1), numbers.last()) {
            (Some(before), Some(number)) => {
                let from = seen.get(before).map_or(one.at, |before| before.at);
                next_place(*number, since(from, one.at))
            }
            _ => happened.map_or(0, |at| nearest(0, since(at, one.at))),
        };
        numbers.push(number);
    }
    let began = happened.unwrap_or(first.at);
    let latest = numbers.last().copied().unwrap_or_default();
    let end = after(began, WINDOW);
    let due = |number: usize| {
        let anchor = numbers.iter().rposition(|seen| *seen <= number);
        let (from, start) = match anchor.and_then(|index| Some((numbers.get(index)?, seen.get(index)?))) {
            Some((from, one)) => (*from, one.at),
            None => (0, began),
        };
        after(start, Duration::from_secs(waits(from, number)))
    };
    let next = latest + 1;
    let standing = match last.answered {
        None => Standing::NotKnown,
        Some(200) => Standing::Done,
        Some(status @ 201..=299) => Standing::Unclear(status),
        _ if next >= WAITS.len() || now > end => Standing::Over,
        _ if now > after(due(next), slack(next)) => Standing::Overdue(due(next)),
        _ => Standing::Next(due(next)),
    };
    let awaited = matches!(standing, Standing::Next(_) | Standing::Overdue(_));
    let places = (0..WAITS.len()).filter_map(|number| {
        let mut held = numbers.iter().enumerate().filter(|(_, own)| **own == number).map(|(index, _)| index);
        let fate = match held.next() {
            Some(index) => Fate::Seen(index),
            None if number < latest => Fate::NotSeen,
            None if number == next && awaited => Fate::Next,
            None if awaited => Fate::Later,
            None => return None,
        };
        let at = if let Fate::Seen(index) = fate { seen.get(index)?.at } else { due(number) };
        Some(Place { number: u32::try_from(number).ok()? + 1, at, fate })
    });
    let places = places.collect();
    let failed_since = seen.iter().rev().take_while(|one| one.failed()).last();
    let switch_off = failed_since.map(|one| after(one.at, SWITCH_OFF));
    Some(RetryClock { places, standing, end, switch_off, from_event: happened.is_some() })
}

impl RetryClock {
    /// One sentence. `show` writes a moment as the reader's clock does.
    pub fn sentence(&self, show: impl Fn(Timestamp) -> String) -> String {
        match self.standing {
            Standing::Done => "Answered 200: Kinde sends it no more".to_owned(),
            Standing::Unclear(status) => {
                format!("Answered {status}: Kinde documents 200, and may or may not send it again")
            }
            Standing::Next(at) => format!("Next around {}, Kinde says roughly", show(at)),
            Standing::Overdue(at) => format!("Was due around {}, Kinde says roughly, and not seen here", show(at)),
            Standing::Over => "Kinde sends it no more: its 36 hours or its attempts are over".to_owned(),
            Standing::NotKnown => {
                "What its sender was answered is not known here, so whether Kinde sends it again is not either"
                    .to_owned()
            }
        }
    }
}

/// How late an attempt may be before it counts as not seen: a sixth of its wait, half a minute at least.
fn slack(number: usize) -> Duration {
    Duration::from_secs((WAITS.get(number).copied().unwrap_or_default() / 6).max(30))
}

/// The waits from the attempt at `from` to the one at `to`, in seconds.
fn waits(from: usize, to: usize) -> u64 {
    WAITS.iter().take(to + 1).skip(from + 1).sum()
}

fn since(from: Timestamp, to: Timestamp) -> u64 {
    Duration::try_from(to.duration_since(from)).unwrap_or_default().as_secs()
}

fn after(from: Timestamp, by: Duration) -> Timestamp {
    from.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// The attempt that comes `passed` seconds after the one at `from`.
fn next_place(from: usize, passed: u64) -> usize {
    let last = WAITS.len() - 1;
    if from >= last { last } else { nearest(from, passed).max(from + 1) }
}

/// The attempt whose distance from the one at `from` is nearest to `passed` seconds, by ratio: a minute is much early on
/// and nothing later. A few seconds are the way through a tunnel.
fn nearest(from: usize, passed: u64) -> usize {
    let far = |to: &usize| {
        let (passed, wanted) = (passed as f64 + 10.0, waits(from, *to) as f64 + 10.0);
        (passed / wanted).ln().abs()
    };
    (from..WAITS.len()).min_by(|a, b| far(a).total_cmp(&far(b))).unwrap_or(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn seen(second: i64, answered: u16) -> Seen {
        Seen { at: at(second), answered: Some(answered) }
    }

    /// The numbers of those seen, and the seconds to the next.
    fn told(seen: &[Seen], happened: Option<i64>, now: i64) -> (Vec<u32>, Standing) {
        let clock = retry_clock(seen, happened.map(at), at(now)).unwrap();
        let numbers = clock.places.iter().filter(|place| matches!(place.fate, Fate::Seen(_)));
        (numbers.map(|place| place.number).collect(), clock.standing)
    }

    #[test]
    fn the_next_attempt_is_told_from_the_last_one_seen() {
        assert_eq!(told(&[seen(0, 500)], None, 1), (vec![1], Standing::Next(at(5))));
        assert_eq!(told(&[seen(0, 500), seen(7, 500)], None, 8), (vec![1, 2], Standing::Next(at(37))));
        let four = [seen(0, 500), seen(6, HUNG_UP), seen(38, 404), seen(161, 500)];
        assert_eq!(told(&four, None, 200), (vec![1, 2, 3, 4], Standing::Next(at(761))));
    }

    #[test]
    fn a_gap_says_which_attempts_were_not_seen_here() {
        let clock = retry_clock(&[seen(0, 500), seen(160, 500)], None, at(170)).unwrap();
        let fates: Vec<_> = clock.places.iter().take(5).map(|place| place.fate).collect();
        assert_eq!(fates, [Fate::Seen(0), Fate::NotSeen, Fate::NotSeen, Fate::Seen(1), Fate::Next]);
        assert_eq!(clock.places[5].fate, Fate::Later);
        assert_eq!(clock.places[1].at, at(5));
    }

    #[test]
    fn the_events_own_time_says_that_the_first_seen_was_not_the_first_made() {
        assert_eq!(told(&[seen(4360, 500)], Some(0), 4400), (vec![6], Standing::Next(at(4360 + 14_400))));
        assert_eq!(told(&[seen(2, 500)], Some(0), 3), (vec![1], Standing::Next(at(7))));
        // One that is days older was hardly sent by this schedule, and one of the future says nothing.
        for happened in [-400_000, 60] {
            let clock = retry_clock(&[seen(0, 500)], Some(at(happened)), at(1)).unwrap();
            assert!(!clock.from_event && clock.standing == Standing::Next(at(5)));
        }
    }

    #[test]
    fn a_200_ends_it_another_2xx_is_not_promised_and_what_did_not_come_is_overdue() {
        assert_eq!(told(&[seen(0, 500), seen(5, 200)], None, 9).1, Standing::Done);
        assert_eq!(told(&[seen(0, 204)], None, 9).1, Standing::Unclear(204));
        assert_eq!(told(&[seen(0, 500)], None, 30).1, Standing::Next(at(5)), "a little late is not overdue");
        assert_eq!(told(&[seen(0, 500)], None, 120).1, Standing::Overdue(at(5)));
        let done = retry_clock(&[seen(0, 500), seen(5, 200)], None, at(9)).unwrap();
        assert_eq!((done.places.len(), done.switch_off), (2, None), "nothing is said of attempts that will not be");
    }

    #[test]
    fn after_nine_attempts_or_36_hours_there_is_no_next_and_72_hours_of_failing_switch_it_off() {
        let mut all = Vec::new();
        let mut passed = 0;
        for wait in WAITS {
            passed += i64::try_from(wait).unwrap();
            all.push(seen(passed, 500));
        }
        let clock = retry_clock(&all, None, at(passed)).unwrap();
        assert_eq!((clock.standing, clock.places.len()), (Standing::Over, 9));
        assert!(clock.places.iter().all(|place| matches!(place.fate, Fate::Seen(_))));
        assert_eq!(clock.end, at(129_600));
        assert_eq!(clock.switch_off, Some(at(259_200)));
        assert_eq!(told(&[seen(0, 500)], None, 129_601).1, Standing::Over);
        // It failed only since the last good answer.
        let mended = retry_clock(&[seen(0, 500), seen(5, 200), seen(35, 500)], None, at(36)).unwrap();
        assert_eq!(mended.switch_off, Some(at(35 + 259_200)));
    }

    #[test]
    fn where_it_is_not_known_what_was_answered_nothing_is_said_of_a_next_nor_of_failing() {
        let unknown = |second: i64| Seen { at: at(second), answered: None };
        for (seen, numbers) in [(vec![unknown(0)], vec![1]), (vec![seen(0, 500), unknown(6)], vec![1, 2])] {
            assert_eq!(told(&seen, None, 60), (numbers.clone(), Standing::NotKnown));
            let clock = retry_clock(&seen, None, at(60)).unwrap();
            assert_eq!((clock.places.len(), clock.switch_off), (numbers.len(), None));
        }
        let hung_up = retry_clock(&[seen(0, HUNG_UP)], None, at(1)).unwrap();
        assert_eq!((hung_up.standing, hung_up.switch_off), (Standing::Next(at(5)), Some(at(259_200))));
        // It failed at least since the last one that is known to have.
        let since = retry_clock(&[seen(0, 500), unknown(5), seen(35, 500)], None, at(36)).unwrap();
        assert_eq!(since.switch_off, Some(at(35 + 259_200)));
    }

    #[test]
    fn the_sentence_says_roughly_and_more_attempts_than_the_schedule_has_break_nothing() {
        let clock = retry_clock(&[seen(0, 500)], None, at(1)).unwrap();
        assert_eq!(clock.sentence(|_| "12:14".to_owned()), "Next around 12:14, Kinde says roughly");
        let many: Vec<_> = (0..40).map(|n| seen(n * 3, 500)).collect();
        assert_eq!(told(&many, None, 200).1, Standing::Over);
        assert_eq!(retry_clock(&[], None, at(0)), None);
    }
}
