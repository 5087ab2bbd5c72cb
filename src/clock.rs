//! The only `now()` of the program, so that a test can hold time still.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicI64, Ordering},
};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Where the wall-clock time comes from. Clones of a fixed clock move together.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Microseconds since the epoch of a clock that stands still; `None` for the real one.
    fixed: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's own clock.
    pub fn real() -> Self {
        Self::default()
    }

    /// A clock that stands at `at` until [`Clock::advance`] moves it.
    pub fn fixed(at: Timestamp) -> Self {
        Self { fixed: Some(Arc::new(AtomicI64::new(at.as_microsecond()))) }
    }

    /// The moment, at microsecond resolution (what the store keeps).
    pub fn now(&self) -> Timestamp {
        let micros = match &self.fixed {
            Some(fixed) => fixed.load(Ordering::Relaxed),
            None => Timestamp::now().as_microsecond(),
        };
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves a fixed clock on; does nothing to the real one.
    pub fn advance(&self, by: Duration) {
        if let Some(fixed) = &self.fixed {
            fixed.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::Relaxed);
        }
    }
}

/// A moment as everything prints it: RFC 3339 in UTC with `Z`.
pub fn rfc3339(at: Timestamp) -> String {
    at.to_string()
}

/// Where the clock times are that are shown; the machine's own zone where nothing else was said.
static ZONE: OnceLock<TimeZone> = OnceLock::new();

/// Shows clock times and days of `zone` for the rest of the run: the pictures of tests are the same wherever they are made.
/// What was said first holds.
pub fn show_times_in(zone: TimeZone) {
    ZONE.set(zone).ok();
}

/// The zone in which times are shown, and read where a person writes one without it.
pub fn zone() -> TimeZone {
    ZONE.get().cloned().unwrap_or_else(TimeZone::system)
}

/// A moment as lists show it: the local clock time, `12:04:31`.
pub fn clock_time(at: Timestamp) -> String {
    at.to_zoned_datetime(zone()).strftime("%H:%M:%S").to_string()
}

/// A day as lists show it: the local date, `2026-11-23`.
pub fn day(at: Timestamp) -> String {
    at.to_zoned_datetime(zone()).strftime("%Y-%m-%d").to_string()
}

/// The local day that `now` is in, from its first moment to its last.
pub fn today(now: Timestamp) -> std::ops::RangeInclusive<Timestamp> {
    let here = now.to_zoned_datetime(zone());
    let begins = here.start_of_day().map_or(now, |begins| begins.timestamp());
    let ends = here.end_of_day().map_or(now, |ends| ends.timestamp());
    begins..=ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_the_moments_that_are_told_by_its_date_and_no_others() {
        let now: Timestamp = "2026-11-23T12:04:31Z".parse().unwrap();
        let today = today(now);
        assert!(today.contains(&now));
        let hour = jiff::SignedDuration::from_hours(1);
        let (before, after) = (*today.start() - hour, *today.end() + hour);
        assert_eq!((day(*today.start()), day(*today.end())), (day(now), day(now)));
        assert!(day(before) != day(now) && day(after) != day(now));
    }

    #[test]
    fn clones_of_a_fixed_clock_move_together() {
        let clock = Clock::fixed(Timestamp::UNIX_EPOCH);
        let other = clock.clone();
        clock.advance(Duration::from_secs(90));
        assert_eq!(rfc3339(other.now()), "1970-01-01T00:01:30Z");
    }
}
