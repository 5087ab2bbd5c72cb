//! How many came when: the picture of arrivals.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::history::HistoryError;
use super::Attempts;
use super::filter::Filter;
use super::find;
use super::read::moment;
use super::row::Standing;

/// How many are counted one by one where nothing was counted beforehand: the newest.
const ONE_BY_ONE: usize = 5_000;
/// How many that wait for their verdict are counted.
const PENDING: usize = 2_000;
/// What a bucket may be wide, in seconds; beyond the last, whole multiples of it.
const STEPS: [i64; 12] = [60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];

/// What came within one stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// From then on.
    pub start: Timestamp,
    /// Before then.
    pub end: Timestamp,
    /// How many, in the order of [`Standing::ALL`].
    pub counts: [u64; 8],
}

impl Bucket {
    /// How many came to `standing`.
    pub fn count(&self, standing: Standing) -> u64 {
        self.counts.get(standing as usize).copied().unwrap_or_default()
    }

    /// How many in all.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// The picture of arrivals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    /// One beside the other, the oldest first, empty ones too.
    pub buckets: Vec<Bucket>,
    /// False where only the newest were counted: there are more than can be counted in a moment.
    pub complete: bool,
}

impl Attempts {
    /// How many attempts of `owner` came when, from `from` to `to`, in about `buckets` stretches: whole minutes, and hours
    /// where they are wide. The filter's own times and page do not count. Those found by type and verdict alone were
    /// counted beforehand; of others the newest 5,000 are counted.
    ///
    /// # Errors
    /// When SQLite cannot read.
    pub async fn histogram(
        &self,
        owner: &str,
        filter: Filter,
        from: Timestamp,
        to: Timestamp,
        buckets: usize,
    ) -> Result<Histogram, HistoryError> {
        let owner = owner.to_owned();
        self.reading(move |connection| count(connection, &owner, filter, (from, to), buckets)).await
    }

    /// When the oldest attempt of `owner` that is still kept came, roughly, and the newest, to the end of its second at most.
    ///
    /// # Errors
    /// When SQLite cannot read.
    pub async fn reach(&self, owner: &str) -> Result<Option<(Timestamp, Timestamp)>, HistoryError> {
        let owner = owner.to_owned();
        self.reading(move |connection| {
            let sql = "SELECT min(first_at), max(last_at) FROM number_spans WHERE owner = ?1";
            let ends = |row: &rusqlite::Row<'_>| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?));
            let (first, last) = connection.prepare_cached(sql)?.query_row(params![owner], ends)?;
            Ok(first.zip(last).map(|(first, last)| (moment(first), moment(last))))
        })
        .await
    }
}

fn count(
    connection: &Connection,
    owner: &str,
    filter: Filter,
    (from, to): (Timestamp, Timestamp),
    buckets: usize,
) -> Result<Histogram, HistoryError> {
    let (from, to) = (from.as_second(), to.as_second().max(from.as_second() + 1));
    let step = step(to - from, buckets);
    let first = from.div_euclid(step) * step;
    let bound = (to + step - 1).div_euclid(step) * step;
    let mut all: BTreeMap<i64, [u64; 8]> = BTreeMap::new();
    let mut add = |second: i64, standing: i64, count: u64| {
        let counts = all.entry(second.div_euclid(step) * step).or_default();
        let standing = usize::try_from(standing).unwrap_or_default();
        if let Some(slot) = counts.get_mut(standing) {
            *slot += count;
        }
    };
    let time = |second: i64| Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut filter = Filter { before: None, after: None, ..filter };
    (filter.since, filter.until) = (Some(time(first)), Some(time(bound)));
    let mut complete = true;
    if counted_before(&filter) {
        let known = if filter.by_type() { find::types(connection, owner)? } else { Vec::new() };
        let types = filter.by_type().then(|| filter.types_of(&known));
        let wanted = |kind: &String, standing: i64| {
            types.as_ref().is_none_or(|types| types.contains(kind))
                && (filter.standings.is_empty() || filter.standings.iter().any(|own| *own as i64 == standing))
        };
        let sql = "SELECT start, type, standing, count FROM tallies
                   WHERE owner = ?1 AND width = ?2 AND start >= ?3 AND start < ?4";
        let width = if step % 3_600 == 0 { 3_600 } else { 60 };
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![owner, width, first, bound])?;
        while let Some(row) = rows.next()? {
            let (kind, standing): (String, i64) = (row.get(1)?, row.get(2)?);
            if wanted(&kind, standing) {
                add(row.get(0)?, standing, row.get::<_, i64>(3)?.unsigned_abs());
            }
        }
        if !filter.standings.is_empty() && !filter.standings.contains(&Standing::Pending) {
            filter.limit = 0;
            filter.standings.clear();
        } else {
            filter.limit = PENDING;
            filter.standings = vec![Standing::Pending];
        }
    } else {
        filter.limit = ONE_BY_ONE;
    }
    if filter.limit > 0 {
        let mut statement =
            connection.prepare_cached("SELECT received_at, standing FROM attempts WHERE seq = ?1 AND owner = ?2")?;
        let found = find::seqs(connection, owner, &filter)?;
        complete = found.len() < filter.limit;
        for seq in found {
            let one = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get(1)?));
            // Deleted meanwhile: it counts no more.
            if let Some((at, standing)) = statement.query_row(params![seq, owner], one).optional()? {
                add(at.div_euclid(1_000_000), standing, 1);
            }
        }
    }
    let mut list = Vec::new();
    let mut start = first;
    while start < bound {
        let counts = all.get(&start).copied().unwrap_or_default();
        list.push(Bucket { start: time(start), end: time(start + step), counts });
        start += step;
    }
    Ok(Histogram { buckets: list, complete })
}

/// True where the tallies know it all.
fn counted_before(filter: &Filter) -> bool {
    let one_by_one = filter.by_text() || filter.id.is_some() || filter.seq.is_some() || filter.pinned;
    !one_by_one && filter.failed.is_empty()
}

fn step(seconds: i64, buckets: usize) -> i64 {
    let buckets = i64::try_from(buckets.clamp(1, 1_000)).unwrap_or(1_000);
    let wide = (seconds + buckets - 1) / buckets;
    let day = 86_400;
    STEPS.into_iter().find(|step| *step >= wide).unwrap_or((wide + day - 1) / day * day)
}
