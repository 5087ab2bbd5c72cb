//! How often Kinde is asked while the person consents: at first every two seconds, then less and less. Pure.

use std::time::Duration;

/// The waits between two polls, and how long the walk goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The first wait.
    pub first: Duration,
    /// The longest wait of its own accord; a 429 may ask for more.
    pub longest: Duration,
    /// By the wall clock, from the moment the address is there: survives sleep.
    pub deadline: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { first: Duration::from_secs(2), longest: Duration::from_secs(10), deadline: Duration::from_secs(600) }
    }
}

/// The waits of one walk.
#[derive(Debug, Clone)]
pub(super) struct Waits {
    pace: Pace,
    next: Duration,
}

impl Waits {
    pub fn new(pace: Pace) -> Self {
        Self { pace, next: pace.first }
    }

    /// The next wait: a quarter longer than the last up to the longest, spread by `dice` (0 to 255) over ±20 %, so that
    /// several panels do not ask in step. Never less than what Kinde asked for with a 429.
    pub fn next(&mut self, asked: Option<Duration>, dice: u8) -> Duration {
        let own = self.next.mul_f64(0.8 + 0.4 * f64::from(dice) / 255.0);
        self.next = self.next.mul_f64(1.25).min(self.pace.longest);
        asked.map_or(own, |asked| own.max(asked))
    }
}

/// A byte of chance.
pub(super) fn dice() -> u8 {
    uuid::Uuid::new_v4().as_bytes().first().copied().unwrap_or(128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_minutes_of_waiting_are_at_most_sixty_polls_whatever_the_dice_say() {
        for dice in [0, 128, 255] {
            let mut waits = Waits::new(Pace::default());
            let (mut time, mut polls) = (Duration::ZERO, 0);
            while time < Duration::from_secs(300) {
                time += waits.next(None, dice);
                polls += 1;
            }
            assert!((25..=60).contains(&polls), "{polls} polls at dice {dice}");
        }
    }

    #[test]
    fn a_wait_that_kinde_asked_for_is_never_cut_short() {
        let mut waits = Waits::new(Pace::default());
        assert_eq!(waits.next(Some(Duration::from_secs(42)), 0), Duration::from_secs(42));
        assert!(waits.next(None, 0) < Duration::from_secs(3));
    }
}
