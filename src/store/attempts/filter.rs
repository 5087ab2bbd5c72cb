//! Which attempts of an owner are wanted, and the statements that find their numbers without looking at the rest.

use jiff::Timestamp;
use rusqlite::types::Value;

use super::row::Standing;

/// Which attempts are wanted. The default: all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Numbers below this one alone: the next page.
    pub before: Option<i64>,
    /// Numbers above this one alone.
    pub after: Option<i64>,
    /// At most so many; 0 is all.
    pub limit: usize,
    /// Event types; one that ends in `*` is a beginning. Empty: all.
    pub types: Vec<String>,
    /// Event types that are not wanted; one that ends in `*` is a beginning.
    pub not_types: Vec<String>,
    /// What they came to. Empty: all.
    pub standings: Vec<Standing>,
    /// The first failing rung. Empty: all, those without one too.
    pub failed: Vec<String>,
    /// Received at or after.
    pub since: Option<Timestamp>,
    /// Received before.
    pub until: Option<Timestamp>,
    /// A request id or an event id.
    pub id: Option<String>,
    /// A number.
    pub seq: Option<i64>,
    /// Words that all stand in it. Where nothing has the last one whole, it is a beginning.
    pub words: Vec<String>,
    /// Words of which none stands in it. They count beside words or members that do.
    pub not_words: Vec<String>,
    /// Members of the payload that all have these values.
    pub members: Vec<Member>,
    /// Pinned ones alone.
    pub pinned: bool,
}

/// A member of the payload and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Names from the outside in. Lists are looked through; a number picks one of their items.
    pub path: Vec<String>,
    /// The value as text, upper and lower case alike. One that ends in `*` is a beginning.
    pub value: String,
}

/// A statement with its values. It answers numbers, in the order of the walk.
pub(super) struct Plan {
    pub sql: String,
    pub values: Vec<Value>,
}

/// What the last word of a search is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Last {
    /// Itself.
    Whole,
    /// The beginning of a word.
    Beginning,
    /// The beginning of one of these, and of no other that there is.
    OneOf(Vec<String>),
}

/// Numbers from `low` on, below `high`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub low: i64,
    pub high: i64,
    /// All of them came within the wanted time: no row is read for when.
    pub within: bool,
}

/// Which index the walk goes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Start {
    All,
    Number(i64),
    Pinned,
    Failed(String),
    Standing(Standing),
    /// Of those that were judged.
    Type(String, Standing),
    Group(String),
    Event(String),
    Words(String),
}

pub(super) const COLUMNS: &str =
    "attempts.seq, owner, received_at, webhook_id, event_id, type, who, attempt, duplicate,
    verdict, failed, judged_at, coalesce(body_sha256, (SELECT sha256 FROM bodies WHERE id = body)), responded, forwards, pinned, whole,
    via";

const WORDS: &str = "attempt_words CROSS JOIN attempts ON attempts.seq = attempt_words.rowid";
/// Whose an attempt is needs no look at it where its span has none of others.
const OWN: &str =
    "CASE WHEN EXISTS (SELECT 1 FROM number_spans WHERE span = attempt_words.rowid >> 8 AND number_spans.owner <> ?)
    THEN EXISTS (
        SELECT 1 FROM attempts INDEXED BY attempts_by_owner
        WHERE attempts.owner = ? AND attempts.seq = attempt_words.rowid
    ) ELSE 1 END";

impl Filter {
    /// True where the walk goes up: nothing but the numbers above one are wanted.
    pub(super) fn upwards(&self) -> bool {
        self.after.is_some() && self.before.is_none()
    }

    /// True where an attempt that is not judged cannot be wanted, or is not found by the index of words.
    pub(super) fn by_text(&self) -> bool {
        !self.words.is_empty() || !self.members.is_empty()
    }

    /// True where nothing of the row itself is asked for beside words.
    fn is_words_alone(&self, within: bool) -> bool {
        let Self { types, not_types, standings, failed, since, until, id, pinned, .. } = self;
        let lists = [types, not_types, failed].iter().all(|list| list.is_empty());
        let any_time = within || since.is_none() && until.is_none();
        lists && standings.is_empty() && any_time && id.is_none() && !pinned
    }

    /// True where the types of the owner must be known.
    pub(super) fn by_type(&self) -> bool {
        !self.types.is_empty() || !self.not_types.is_empty()
    }

    /// The walks that together meet everything wanted. `known` are the types that the owner has.
    pub(super) fn starts(&self, known: &[String], last: &Last) -> Vec<Start> {
        if let Some(seq) = self.seq {
            return vec![Start::Number(seq)];
        }
        if self.by_text() {
            return vec![Start::Words(self.match_of(last))];
        }
        if let Some(id) = &self.id {
            return vec![Start::Group(id.clone()), Start::Event(id.clone())];
        }
        if self.pinned {
            return vec![Start::Pinned];
        }
        if !self.failed.is_empty() {
            return self.failed.iter().cloned().map(Start::Failed).collect();
        }
        let all = self.standings.is_empty();
        let standings = if all { Standing::ALL.to_vec() } else { self.standings.clone() };
        if self.by_type() {
            let (waiting, judged): (Vec<_>, Vec<_>) = standings.into_iter().partition(|one| *one == Standing::Pending);
            let of = |kind: String| judged.iter().map(move |standing| Start::Type(kind.clone(), *standing));
            let judged = self.types_of(known).into_iter().flat_map(of);
            return waiting.into_iter().map(Start::Standing).chain(judged).collect();
        }
        if all { vec![Start::All] } else { standings.into_iter().map(Start::Standing).collect() }
    }

    /// Those of `known` that are wanted.
    pub fn types_of(&self, known: &[String]) -> Vec<String> {
        let meets = |words: &[String], kind: &str| {
            words.iter().any(|word| match word.strip_suffix('*') {
                Some(start) => kind.starts_with(start),
                None => word == kind,
            })
        };
        let wanted =
            |kind: &&String| (self.types.is_empty() || meets(&self.types, kind)) && !meets(&self.not_types, kind);
        // What has no type is none of those that are not wanted.
        let none = self.types.is_empty().then(String::new);
        none.iter().chain(known).filter(wanted).cloned().collect()
    }

    /// The statement of one walk through `range`, of at most `limit` numbers.
    pub(super) fn plan(&self, start: &Start, owner: &str, range: Range, limit: usize, known: &[String]) -> Plan {
        let text = |text: &str| Value::from(text.to_owned());
        let mut conditions: Vec<String> = Vec::new();
        let mut values: Vec<Value> = Vec::new();
        let mut also = |condition: &str, value: Value| {
            conditions.push(condition.to_owned());
            values.push(value);
        };
        let words_alone = matches!(start, Start::Words(_)) && self.is_words_alone(range.within);
        let (from, seq) = match start {
            Start::Words(words) => {
                also("attempt_words MATCH ?", text(words));
                (if words_alone { "attempt_words" } else { WORDS }, "attempt_words.rowid")
            }
            Start::Number(number) => {
                also("attempts.seq = ?", (*number).into());
                ("attempts", "attempts.seq")
            }
            Start::Pinned => ("attempts INDEXED BY attempts_pinned", "attempts.seq"),
            Start::Failed(_) => ("attempts INDEXED BY attempts_by_failed", "attempts.seq"),
            Start::Standing(_) => ("attempts INDEXED BY attempts_by_standing", "attempts.seq"),
            Start::Type(..) => ("attempts INDEXED BY attempts_by_type", "attempts.seq"),
            Start::Group(_) => ("attempts INDEXED BY attempts_by_group", "attempts.seq"),
            Start::Event(_) => ("attempts INDEXED BY attempts_by_event", "attempts.seq"),
            Start::All => ("attempts INDEXED BY attempts_by_owner", "attempts.seq"),
        };
        let by_number = matches!(start, Start::Words(_) | Start::Number(_));
        if words_alone {
            conditions.push(OWN.to_owned());
            values.extend([text(owner), text(owner)]);
        } else {
            also(if by_number { "+owner = ?" } else { "owner = ?" }, text(owner));
        }
        match start {
            Start::Pinned => conditions.push("pinned = 1".to_owned()),
            Start::Failed(rung) => {
                conditions.push("failed = ?".to_owned());
                values.push(text(rung));
            }
            Start::Standing(standing) => {
                conditions.push("standing = ?".to_owned());
                values.push((*standing as i64).into());
            }
            Start::Type(kind, standing) => {
                // The last of it names the index, which holds no others.
                conditions.push("type = ? AND standing = ? AND standing > 0".to_owned());
                values.extend([text(kind), (*standing as i64).into()]);
            }
            Start::Group(id) => {
                conditions.push("group_key = ?".to_owned());
                values.push(format!("w:{id}").into());
            }
            Start::Event(id) => {
                conditions.push("event_id = ?".to_owned());
                values.push(text(id));
            }
            Start::All | Start::Words(_) | Start::Number(_) => {}
        }
        conditions.push(format!("{seq} >= ? AND {seq} < ?"));
        values.extend([range.low.into(), range.high.into()]);
        self.rest(start, range.within, known, &mut conditions, &mut values);
        values.push(if limit == usize::MAX { -1 } else { i64::try_from(limit).unwrap_or(i64::MAX) }.into());
        let order = if self.upwards() { "ASC" } else { "DESC" };
        let sql = format!("SELECT {seq} FROM {from} WHERE {} ORDER BY {seq} {order} LIMIT ?", conditions.join(" AND "));
        Plan { sql, values }
    }

    /// What the start did not already say. A plus keeps SQLite from walking along another index for it.
    fn rest(
        &self,
        start: &Start,
        within: bool,
        known: &[String],
        conditions: &mut Vec<String>,
        values: &mut Vec<Value>,
    ) {
        let waits = matches!(start, Start::Standing(Standing::Pending));
        if waits {
            self.types_as_said(conditions, values);
        }
        let mut also = |condition: &str, value: Value| {
            conditions.push(condition.to_owned());
            values.push(value);
        };
        let list = |values: Vec<String>| Value::from(serde_json::to_string(&values).unwrap_or_default());
        if let Some(since) = self.since.filter(|_| !within) {
            also("received_at >= ?", since.as_microsecond().into());
        }
        if let Some(until) = self.until.filter(|_| !within) {
            also("received_at < ?", until.as_microsecond().into());
        }
        if self.by_type() && !waits && !matches!(start, Start::Type(..)) {
            also("+type IN (SELECT value FROM json_each(?))", list(self.types_of(known)));
        }
        if !self.standings.is_empty() && !matches!(start, Start::Standing(_) | Start::Type(..)) {
            let standings: Vec<i64> = self.standings.iter().map(|standing| *standing as i64).collect();
            let standings = serde_json::to_string(&standings).unwrap_or_default();
            also("+standing IN (SELECT value FROM json_each(?))", standings.into());
        }
        if !self.failed.is_empty() && !matches!(start, Start::Failed(_)) {
            also("+failed IN (SELECT value FROM json_each(?))", list(self.failed.clone()));
        }
        if let Some(id) = &self.id
            && !matches!(start, Start::Group(_) | Start::Event(_))
        {
            also("? IN (webhook_id, event_id)", id.clone().into());
        }
        if self.pinned && !matches!(start, Start::Pinned) {
            also("+pinned = ?", 1.into());
        }
        if self.by_text() && matches!(start, Start::Number(_)) {
            let of_it = "EXISTS (SELECT 1 FROM attempt_words WHERE attempt_words MATCH ? AND rowid = attempts.seq)";
            also(of_it, self.match_of(&Last::Beginning).into());
        }
    }

    /// The wanted types as the words of the filter say them: what waits may have one that nothing judged has.
    fn types_as_said(&self, conditions: &mut Vec<String>, values: &mut Vec<Value>) {
        for (words, not) in [(&self.types, ""), (&self.not_types, "NOT ")] {
            let mut any = Vec::new();
            for word in words {
                let (condition, text) = match word.strip_suffix('*') {
                    Some(start) => ("instr(type, ?) = 1", start),
                    None => ("+type = ?", word.as_str()),
                };
                any.push(condition);
                values.push(text.to_owned().into());
            }
            if !any.is_empty() {
                conditions.push(format!("{not}({})", any.join(" OR ")));
            }
        }
    }

    /// The words as FTS5 takes them: each a quoted phrase, so that nothing in it is a command.
    /// Of a member, its name and its value.
    pub(super) fn match_of(&self, ending: &Last) -> String {
        let phrase = |word: &str, open: bool| {
            format!("\"{}\"{}", word.replace('"', "\"\"").replace('\0', " "), if open { "*" } else { "" })
        };
        let last = self.words.len().saturating_sub(1);
        let words = self.words.iter().enumerate().map(|(index, word)| match ending {
            Last::OneOf(words) if index == last => {
                let all: Vec<String> = words.iter().map(|word| phrase(word, false)).collect();
                format!("({})", all.join(" OR "))
            }
            _ => phrase(word, *ending == Last::Beginning && index == last),
        });
        let members = self.members.iter().flat_map(|member| {
            let name = member.path.iter().rev().find(|name| name.parse::<usize>().is_err());
            let value = member.value.strip_suffix('*');
            // What JSON writes otherwise than it is stands otherwise in the index too.
            let plain = |value: &&str| !value.is_empty() && !value.contains(|c: char| c == '\\' || c.is_control());
            let value = match value {
                Some(start) => Some(start).filter(plain).map(|start| phrase(start, true)),
                None => Some(member.value.as_str()).filter(plain).map(|value| phrase(value, false)),
            };
            name.map(|name| phrase(name, false)).into_iter().chain(value)
        });
        let mut all = words.chain(members).collect::<Vec<_>>().join(" AND ");
        for word in &self.not_words {
            all = format!("({all}) NOT {}", phrase(word, false));
        }
        all
    }
}

impl Member {
    /// True where the payload in `text` (a JSON object, after whatever stands before it) has the member with the value.
    pub(super) fn stands_in(&self, text: &str) -> bool {
        let objects = text.match_indices('{').take(8).filter_map(|(at, _)| text.get(at..));
        let payload = objects.filter_map(|text| serde_json::from_str::<serde_json::Value>(text).ok()).next();
        payload.is_some_and(|payload| self.found(&payload, &self.path))
    }

    fn found(&self, value: &serde_json::Value, path: &[String]) -> bool {
        use serde_json::Value as Json;
        match (value, path) {
            (Json::Array(items), [name, rest @ ..]) => {
                let picked = name.parse::<usize>().ok().and_then(|index| items.get(index));
                picked.is_some_and(|item| self.found(item, rest)) || items.iter().any(|item| self.found(item, path))
            }
            (Json::Array(items), []) => items.iter().any(|item| self.found(item, path)),
            (Json::Object(members), [name, rest @ ..]) => {
                members.get(name).is_some_and(|inner| self.found(inner, rest))
            }
            (_, [_, ..]) => false,
            (Json::String(text), []) => self.meets(text),
            (Json::Object(_), []) => self.value == "*",
            (other, []) => self.meets(&other.to_string()),
        }
    }

    fn meets(&self, text: &str) -> bool {
        let (text, value) = (text.to_lowercase(), self.value.to_lowercase());
        match value.strip_suffix('*') {
            Some(start) => text.starts_with(start),
            None => text == value,
        }
    }
}
