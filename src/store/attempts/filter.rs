//! Which attempts of an owner are wanted, and the statements that find them without looking at the rest.

use jiff::Timestamp;
use rusqlite::types::Value;

use super::row::Standing;

/// Which attempts are wanted. The default: all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Numbers below this one alone: the next page.
    pub before: Option<i64>,
    /// At most so many; 0 is all.
    pub limit: usize,
    /// Event types; one that ends in `*` is a beginning. Empty: all.
    pub types: Vec<String>,
    /// What they came to. Empty: all.
    pub standings: Vec<Standing>,
    /// Received at or after.
    pub since: Option<Timestamp>,
    /// Received before.
    pub until: Option<Timestamp>,
    /// A request id, an event id, or a number.
    pub id: Option<String>,
    /// Words that all stand in it; the last one may be a beginning.
    pub words: Vec<String>,
    /// Pinned ones alone.
    pub pinned: bool,
}

/// A statement with its values.
pub(super) struct Plan {
    pub sql: String,
    pub values: Vec<Value>,
}

pub(super) const COLUMNS: &str =
    "attempts.seq, owner, received_at, webhook_id, event_id, type, who, attempt, duplicate,
    verdict, failed, judged_at, (SELECT sha256 FROM bodies WHERE id = body), responded, forwards, pinned, whole";

impl Filter {
    /// The statements whose answers, merged newest first and cut at the limit, are the page. `known` are the types that
    /// the owner has.
    pub(super) fn plans(&self, owner: &str, known: &[String]) -> Vec<Plan> {
        if !self.words.is_empty() {
            return vec![self.plan(Start::Words(match_of(&self.words)), owner, known)];
        }
        if let Some(id) = &self.id {
            return vec![self.plan(Start::Group(id), owner, known), self.plan(Start::Event(id), owner, known)];
        }
        let types = self.types_among(known);
        let standings = if self.standings.is_empty() { Standing::ALL.to_vec() } else { self.standings.clone() };
        match (self.types.is_empty(), self.standings.is_empty()) {
            (true, true) => vec![self.plan(Start::All, owner, known)],
            (true, false) => {
                standings.iter().map(|standing| self.plan(Start::Standing(*standing), owner, known)).collect()
            }
            (false, _) => types
                .iter()
                .flat_map(|kind| standings.iter().map(move |standing| (kind, *standing)))
                .map(|(kind, standing)| self.plan(Start::Type(kind, standing), owner, known))
                .collect(),
        }
    }

    fn types_among<'a>(&self, known: &'a [String]) -> Vec<&'a String> {
        let wanted = |kind: &&String| {
            self.types.iter().any(|word| match word.strip_suffix('*') {
                Some(start) => kind.starts_with(start),
                None => *word == **kind,
            })
        };
        known.iter().filter(wanted).collect()
    }

    fn plan(&self, start: Start<'_>, owner: &str, known: &[String]) -> Plan {
        let (from, mut conditions, mut values, seq) = match &start {
            Start::Words(words) => (
                "attempt_words CROSS JOIN attempts ON attempts.seq = attempt_words.rowid",
                vec!["attempt_words MATCH ?".to_owned(), "+owner = ?".to_owned()],
                vec![Value::from(words.clone()), Value::from(owner.to_owned())],
                "attempt_words.rowid",
            ),
            Start::Group(id) => (
                "attempts INDEXED BY attempts_by_group",
                vec!["owner = ?".to_owned(), "group_key = ?".to_owned()],
                vec![Value::from(owner.to_owned()), Value::from(format!("w:{id}"))],
                "attempts.seq",
            ),
            Start::Event(id) => (
                "attempts INDEXED BY attempts_by_event",
                vec!["owner = ?".to_owned(), "event_id = ?".to_owned()],
                vec![Value::from(owner.to_owned()), Value::from((*id).to_owned())],
                "attempts.seq",
            ),
            Start::Type(kind, standing) => (
                "attempts INDEXED BY attempts_by_type",
                vec!["owner = ?".to_owned(), "type = ?".to_owned(), "standing = ?".to_owned()],
                vec![owner.to_owned().into(), (*kind).to_owned().into(), Value::from(*standing as i64)],
                "attempts.seq",
            ),
            Start::Standing(standing) => (
                "attempts INDEXED BY attempts_by_standing",
                vec!["owner = ?".to_owned(), "standing = ?".to_owned()],
                vec![owner.to_owned().into(), Value::from(*standing as i64)],
                "attempts.seq",
            ),
            Start::All => (
                "attempts INDEXED BY attempts_by_owner",
                vec!["owner = ?".to_owned()],
                vec![owner.to_owned().into()],
                "attempts.seq",
            ),
        };
        let mut also = |condition: String, value: Value| {
            conditions.push(condition);
            values.push(value);
        };
        if let Some(before) = self.before {
            also(format!("{seq} < ?"), before.into());
        }
        if let Some(since) = self.since {
            also("received_at >= ?".to_owned(), since.as_microsecond().into());
        }
        if let Some(until) = self.until {
            also("received_at < ?".to_owned(), until.as_microsecond().into());
        }
        if self.pinned {
            also("pinned = ?".to_owned(), Value::from(1));
        }
        if matches!(start, Start::Words(_) | Start::Group(_) | Start::Event(_)) {
            self.rest(matches!(start, Start::Words(_)), known, &mut also);
        }
        let limit = if self.limit == 0 { -1 } else { i64::try_from(self.limit).unwrap_or(i64::MAX) };
        values.push(limit.into());
        let sql =
            format!("SELECT {COLUMNS} FROM {from} WHERE {} ORDER BY {seq} DESC LIMIT ?", conditions.join(" AND "));
        Plan { sql, values }
    }

    /// What the start did not already say.
    fn rest(&self, words: bool, known: &[String], also: &mut impl FnMut(String, Value)) {
        let list = |values: Vec<String>| serde_json::to_string(&values).unwrap_or_default();
        if !self.types.is_empty() {
            let types = list(self.types_among(known).into_iter().cloned().collect());
            also("+type IN (SELECT value FROM json_each(?))".to_owned(), types.into());
        }
        if !self.standings.is_empty() {
            let standings: Vec<i64> = self.standings.iter().map(|standing| *standing as i64).collect();
            let standings = serde_json::to_string(&standings).unwrap_or_default();
            also("+standing IN (SELECT value FROM json_each(?))".to_owned(), standings.into());
        }
        if words && let Some(id) = &self.id {
            also("? IN (webhook_id, event_id)".to_owned(), id.clone().into());
        }
    }
}

enum Start<'a> {
    All,
    Standing(Standing),
    Type(&'a str, Standing),
    Group(&'a str),
    Event(&'a str),
    Words(String),
}

/// The words as FTS5 takes them: each a quoted phrase, so that nothing in it is a command; the last one a beginning.
fn match_of(words: &[String]) -> String {
    let last = words.len().saturating_sub(1);
    let phrase = |(index, word): (usize, &String)| {
        format!("\"{}\"{}", word.replace('"', "\"\"").replace('\0', " "), if index == last { "*" } else { "" })
    };
    words.iter().enumerate().map(phrase).collect::<Vec<_>>().join(" AND ")
}
