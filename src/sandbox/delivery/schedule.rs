//! When a delivery is tried again: Kinde's back-off, as plain functions.

use std::time::Duration;

use jiff::Timestamp;

/// The wait before each of the first attempts, in seconds; every later one waits as long as the last of these.
const WAITS: [u64; 8] = [0, 5, 30, 120, 600, 3_600, 14_400, 43_200];
/// No attempt is made later than this after the first, in seconds of the schedule: 36 h.
const WINDOW: u64 = 36 * 3_600;
/// A webhook that failed for this long is switched off: 72 h.
pub const DISABLE_AFTER: Duration = Duration::from_secs(72 * 3_600);

/// The most that one failure adds to how long a webhook has been failing: the longest wait of the schedule. What lies
/// further back than that was no time in which anything was tried.
pub const LONGEST: Duration = Duration::from_secs(43_200);

/// The wait before attempt `number`, counted from 1; `None` where no such attempt is made.
///
/// The window is measured along the schedule itself. Slow answers, and hours in which no sandbox ran, take no attempt
/// away from anyone.
pub fn wait_before(number: u32) -> Option<Duration> {
    let mut passed = 0_u64;
    let mut wait = 0;
    for index in 0..number as usize {
        wait = WAITS.get(index).or(WAITS.last()).copied()?;
        passed += wait;
        if passed > WINDOW {
            return None;
        }
    }
    (number > 0).then(|| Duration::from_secs(wait))
}

/// How much faster than Kinde the schedule runs.
#[derive(Debug, Clone, Copy)]
pub struct Pace(f64);

impl Pace {
    /// `scale` times as fast; what is not a number above 0 counts as 1.
    pub fn new(scale: f64) -> Self {
        Self(if scale.is_finite() && scale > 0.0 { scale } else { 1.0 })
    }

    /// `wait` of the schedule, after `from`.
    pub fn after(self, from: Timestamp, wait: Duration) -> Timestamp {
        let wait = Duration::try_from_secs_f64(wait.as_secs_f64() / self.0).unwrap_or(Duration::MAX);
        from.checked_add(wait).unwrap_or(Timestamp::MAX)
    }

    /// How much of the schedule passed in `real`.
    pub fn passed(self, real: Duration) -> Duration {
        Duration::try_from_secs_f64(real.as_secs_f64() * self.0).unwrap_or(DISABLE_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_attempts_are_made_and_the_last_lies_within_36_hours() {
        let waits: Vec<u64> = (1..).map_while(wait_before).map(|wait| wait.as_secs()).collect();
        assert_eq!(waits, [0, 5, 30, 120, 600, 3_600, 14_400, 43_200, 43_200]);
        let passed: u64 = waits.iter().sum();
        assert!(passed <= WINDOW && passed + 43_200 > WINDOW);
        assert_eq!(wait_before(0), None);
    }

    #[test]
    fn a_scale_shortens_every_wait_and_none_breaks_the_arithmetic() {
        let from = Timestamp::UNIX_EPOCH;
        let wait = Duration::from_secs(43_200);
        assert_eq!(Pace::new(1000.0).after(from, wait).as_millisecond(), 43_200);
        assert_eq!(Pace::new(1e-300).after(from, wait), Timestamp::MAX);
        assert_eq!(Pace::new(f64::NAN).after(from, wait).as_second(), 43_200);
        assert_eq!(Pace::new(1000.0).passed(Duration::from_millis(5)), Duration::from_secs(5));
        assert_eq!(Pace::new(1e300).passed(Duration::from_secs(5_000_000_000)), DISABLE_AFTER);
    }
}
