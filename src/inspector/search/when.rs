//! Moments as a person writes them.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};

/// A moment, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    At(Timestamp),
    /// Where the machine is.
    Local(civil::DateTime),
    /// Its beginning, where the machine is.
    Day(civil::Date),
    /// Of today, where the machine is.
    Today(civil::Time),
    Ago(SignedDuration),
}

impl When {
    /// Reads RFC 3339, a day, a day and a time, a time of today, or how long ago (`90s`, `30m`, `2h`, `7d`, `1w`).
    pub fn read(text: &str) -> Option<Self> {
        let kind = ago(text)
            .map(Kind::Ago)
            .or_else(|| text.parse().ok().map(Kind::At))
            .or_else(|| text.contains(['T', ' ']).then(|| text.parse().ok().map(Kind::Local)).flatten())
            .or_else(|| text.contains(':').then(|| text.parse().ok().map(Kind::Today)).flatten())
            .or_else(|| text.parse().ok().map(Kind::Day))?;
        Some(Self { text: text.to_owned(), kind })
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The moment, seen from `now`.
    pub fn moment(&self, now: Timestamp) -> Timestamp {
        self.moment_in(now, &crate::clock::zone())
    }

    pub(super) fn moment_in(&self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        let local = |at: civil::DateTime| at.to_zoned_datetime(zone.clone()).map_or(now, |at| at.timestamp());
        match self.kind {
            Kind::At(at) => at,
            Kind::Local(at) => local(at),
            Kind::Day(day) => local(day.at(0, 0, 0, 0)),
            Kind::Today(time) => local(now.to_zoned_datetime(zone.clone()).date().to_datetime(time)),
            Kind::Ago(ago) => now.checked_sub(ago).unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}

fn ago(text: &str) -> Option<SignedDuration> {
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = (text.get(..at)?.parse::<i64>().ok()?, text.get(at..)?);
    let unit = match unit {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    Some(SignedDuration::from_secs(number.checked_mul(unit)?))
}
