//! The walk: which numbers a filter wants, newest first (or, upwards, oldest first), and no more of them than asked for.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};

use super::super::history::HistoryError;
use super::filter::{Filter, Last, Member, Range};

/// As the bits of a number that a span leaves away.
const SPAN_BITS: u32 = 8;
/// Beginnings of so many letters are one look-up in the index of words, as it was made (007_words.sql).
const LOOKED_UP: [usize; 7] = [1, 2, 3, 4, 5, 6, 8];
/// Of so many that wait for their verdict the types are looked at.
const WAITING: u32 = 500;
/// Of any other, so many words that begin so are looked for one by one.
const WORDS: usize = 32;

/// The numbers that `filter` wants, at most its limit, in the order of the walk.
pub(super) fn seqs(connection: &Connection, owner: &str, filter: &Filter) -> Result<Vec<i64>, HistoryError> {
    let known = if filter.by_type() { types(connection, owner)? } else { Vec::new() };
    let starts = filter.starts(&known, &last(connection, filter)?);
    let most = if filter.limit == 0 { usize::MAX } else { filter.limit };
    let mut found: Vec<i64> = Vec::new();
    for range in ranges(connection, owner, filter)? {
        let room = most - found.len();
        if room == 0 {
            break;
        }
        let mut here: BTreeSet<i64> = BTreeSet::new();
        let mut range = range;
        for start in &starts {
            // Members are looked at one by one, so how many must be walked is not known before.
            let limit = if filter.members.is_empty() { room } else { usize::MAX };
            let plan = filter.plan(start, owner, range, limit, &known);
            let mut statement = connection.prepare_cached(&plan.sql)?;
            let mut rows = statement.query(params_from_iter(plan.values))?;
            let mut left = room;
            while left > 0
                && let Some(row) = rows.next()?
            {
                let seq = row.get(0)?;
                if holds(connection, seq, &filter.members)? {
                    here.insert(seq);
                    left -= 1;
                }
            }
            // What another start still may bring lies before the farthest of a full page.
            while here.len() > room {
                if filter.upwards() {
                    here.pop_last()
                } else {
                    here.pop_first()
                };
            }
            if here.len() == room {
                match (filter.upwards(), here.first(), here.last()) {
                    (true, _, Some(last)) => range.high = *last,
                    (false, Some(first), _) => range.low = first + 1,
                    _ => {}
                }
            }
        }
        if filter.upwards() {
            found.extend(here);
        } else {
            found.extend(here.into_iter().rev());
        }
    }
    Ok(found)
}

/// What the last word is: a beginning only where nothing has it whole, since what is typed to its end is meant.
pub(super) fn last(connection: &Connection, filter: &Filter) -> Result<Last, HistoryError> {
    let Some(word) = filter.words.last() else { return Ok(Last::Whole) };
    let sql = "SELECT rowid FROM attempt_words WHERE attempt_words MATCH ?1 ORDER BY rowid DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let whole: Option<i64> =
        statement.query_row(params![filter.match_of(&Last::Whole)], |row| row.get(0)).optional()?;
    if whole.is_some() {
        return Ok(Last::Whole);
    }
    let (head, tail) = word.split_at(word.trim_end_matches(char::is_alphanumeric).len());
    if tail.is_empty() || !tail.is_ascii() || LOOKED_UP.contains(&tail.len()) {
        return Ok(Last::Beginning);
    }
    let tail = tail.to_ascii_lowercase();
    let mut statement = connection.prepare_cached(NEXT_WORD)?;
    let (mut from, mut all) = (tail.clone(), Vec::new());
    while let Some(term) = statement.query_row(params![from], |row| row.get::<_, String>(0)).optional()?
        && term.starts_with(&tail)
    {
        if all.len() == WORDS {
            return Ok(Last::Beginning);
        }
        all.push(format!("{head}{term}"));
        // The next after it, without walking past all its places.
        from = format!("{term}\0");
    }
    Ok(if all.is_empty() { Last::Beginning } else { Last::OneOf(all) })
}

/// The first word from one on.
pub(super) const NEXT_WORD: &str = "SELECT term FROM attempt_terms WHERE term >= ?1 ORDER BY term LIMIT 1";

/// The ranges of numbers in which something of the wanted time can be, in the order of the walk. Those of spans that came
/// wholly within it are told apart.
pub(super) fn ranges(connection: &Connection, owner: &str, filter: &Filter) -> Result<Vec<Range>, HistoryError> {
    let low = filter.after.map_or(0, |after| after.saturating_add(1));
    let high = filter.before.unwrap_or(i64::MAX);
    if filter.since.is_none() && filter.until.is_none() || filter.seq.is_some() {
        let within = filter.since.is_none() && filter.until.is_none();
        return Ok(vec![Range { low, high, within }]);
    }
    let since = filter.since.map_or(i64::MIN, jiff::Timestamp::as_microsecond);
    let until = filter.until.map_or(i64::MAX, jiff::Timestamp::as_microsecond);
    let sql = "SELECT span, first_at >= ?2 AND last_at < ?3 FROM number_spans
               WHERE owner = ?1 AND span >= ?4 AND span <= ?5 AND last_at >= ?2 AND first_at < ?3 ORDER BY span";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![owner, since, until, low >> SPAN_BITS, high >> SPAN_BITS])?;
    let mut all: Vec<Range> = Vec::new();
    while let Some(row) = rows.next()? {
        let (span, within): (i64, bool) = (row.get(0)?, row.get(1)?);
        let (begin, end) = (span << SPAN_BITS, (span + 1) << SPAN_BITS);
        match all.last_mut() {
            Some(last) if last.high == begin && last.within == within => last.high = end.min(high),
            _ => all.push(Range { low: low.max(begin), high: end.min(high), within }),
        }
    }
    if !filter.upwards() {
        all.reverse();
    }
    Ok(all)
}

fn holds(connection: &Connection, seq: i64, members: &[Member]) -> Result<bool, HistoryError> {
    if members.is_empty() {
        return Ok(true);
    }
    let sql = "SELECT text FROM attempt_words WHERE rowid = ?1";
    let text: Option<String> = connection.prepare_cached(sql)?.query_row(params![seq], |row| row.get(0)).optional()?;
    Ok(text.is_some_and(|text| members.iter().all(|member| member.stands_in(&text))))
}

/// The types an owner has, each found by a step in the index; of those that wait for their verdict, the types of the newest.
pub(super) fn types(connection: &Connection, owner: &str) -> Result<Vec<String>, HistoryError> {
    let sql = "SELECT type FROM attempts INDEXED BY attempts_by_type
               WHERE owner = ?1 AND standing > 0 AND type > ?2 ORDER BY type LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let (mut all, mut last) = (BTreeSet::new(), String::new());
    while let Some(next) = statement.query_row(params![owner, last], |row| row.get::<_, String>(0)).optional()? {
        last.clone_from(&next);
        all.insert(next);
    }
    let sql = "SELECT type FROM attempts INDEXED BY attempts_by_standing
               WHERE owner = ?1 AND standing = 0 ORDER BY seq DESC LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![owner, WAITING])?;
    while let Some(row) = rows.next()? {
        all.insert(row.get(0)?);
    }
    // What has no type is not found by one.
    all.remove("");
    Ok(all.into_iter().collect())
}

impl super::Attempts {
    /// The types of the owner's attempts, in their order.
    ///
    /// # Errors
    /// When SQLite cannot read.
    pub async fn types(&self, owner: &str) -> Result<Vec<String>, HistoryError> {
        let owner = owner.to_owned();
        self.reading(move |connection| types(connection, &owner)).await
    }
}
