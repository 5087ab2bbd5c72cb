//! From text to terms.

use std::ops::Range;

use super::{Chip, Id, SearchError, VERDICTS, When};
use crate::inspector::RUNGS;
use crate::store::attempts::{Member, Standing};

/// The names that filters have.
const NAMES: [&str; 7] = ["type", "verdict", "failed", "id", "since", "until", "is"];
/// Members at the top of an event, which need no path to be known by.
const MEMBERS: [&str; 5] = ["data", "event_id", "source", "timestamp", "event_timestamp"];

/// One term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// Where it stands in the text, its minus and quotes included.
    pub at: Range<usize>,
    /// It is left out.
    pub not: bool,
    pub is: Is,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Is {
    Words(String),
    Type(String),
    Verdict(Vec<Standing>),
    Failed(String),
    Id(Id),
    Since(When),
    Until(When),
    Member(Member),
    Pinned,
}

/// Where the text is read.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = rest.split(|c| !keep(c)).next().unwrap_or_default();
        self.at += taken.len();
        taken
    }

    fn take(&mut self, c: char) -> bool {
        let is = self.rest().starts_with(c);
        if is {
            self.at += c.len_utf8();
        }
        is
    }

    /// What stands in quotes (a backslash before one keeps it), else everything up to the next blank.
    fn value(&mut self) -> Result<String, SearchError> {
        let begin = self.at;
        if !self.take('"') {
            return Ok(self.take_while(|c| !c.is_whitespace()).to_owned());
        }
        let mut value = String::new();
        let mut escaped = false;
        for c in self.rest().chars() {
            self.at += c.len_utf8();
            match c {
                '"' | '\\' if escaped => value.push(c),
                '"' => return Ok(value),
                '\\' => {
                    escaped = true;
                    continue;
                }
                other if escaped => value.extend(['\\', other]),
                other => value.push(other),
            }
            escaped = false;
        }
        Err(SearchError { at: begin, what: "the quote is never closed".to_owned() })
    }
}

/// All terms of `text`.
pub(super) fn read(text: &str) -> Result<Vec<Term>, SearchError> {
    let mut reader = Reader { text, at: 0 };
    let mut terms = Vec::new();
    loop {
        reader.take_while(char::is_whitespace);
        let begin = reader.at;
        if reader.rest().is_empty() {
            return Ok(terms);
        }
        let not = reader.rest().starts_with('-')
            && reader.rest().chars().nth(1).is_some_and(|next| !next.is_whitespace() && next != '-');
        if not {
            reader.at += 1;
        }
        let is = match name(reader.rest()) {
            Some(name) => {
                reader.at += name.len() + 1;
                let at = reader.at;
                let value = reader.value()?;
                filter(name, value, begin, at)?
            }
            None => Is::Words(reader.value()?),
        };
        if not && !matches!(is, Is::Words(_) | Is::Type(_) | Is::Verdict(_)) {
            let what = "only words, types and verdicts can be left out with a minus";
            return Err(SearchError { at: begin, what: what.to_owned() });
        }
        // Nothing between two quotes, or signs that no index knows: nothing is asked for.
        if !matches!(&is, Is::Words(words) if !words.contains(char::is_alphanumeric)) {
            terms.push(Term { at: begin..reader.at, not, is });
        }
    }
}

/// The name before a colon, where there is one: no address (`https://…`) and no time of day.
fn name(text: &str) -> Option<&str> {
    let (name, rest) = text.split_once(':')?;
    let first = name.chars().next()?;
    let of_name = |c: char| c.is_alphanumeric() || "_.-".contains(c);
    (first.is_alphabetic() && name.chars().all(of_name) && !rest.starts_with("//")).then_some(name)
}

fn filter(name: &str, value: String, begin: usize, at: usize) -> Result<Is, SearchError> {
    let error = |at: usize, what: String| Err(SearchError { at, what });
    let known = name.to_ascii_lowercase();
    let known = known.as_str();
    if value.is_empty() {
        return error(at, format!("{name}: needs a value, without a blank before it"));
    }
    let one_of = |words: &[&str]| error(at, format!("{name}: takes {}", words.join(", ")));
    Ok(match known {
        "type" => Is::Type(value),
        "verdict" => match Standing::named(&value.to_ascii_lowercase()) {
            Some(standings) => Is::Verdict(standings),
            None => return one_of(&VERDICTS),
        },
        "failed" => match RUNGS.iter().find(|rung| rung.eq_ignore_ascii_case(&value)) {
            Some(rung) => Is::Failed((*rung).to_owned()),
            None => return one_of(&RUNGS),
        },
        "id" => Is::Id(Id::of(&value)),
        "since" | "until" => match When::read(&value) {
            Some(when) if known == "since" => Is::Since(when),
            Some(when) => Is::Until(when),
            None => {
                return error(at, format!("{name}: takes 2026-11-24, 2026-11-24T12:04:00Z, 12:04, or 30m, 2h, 7d ago"));
            }
        },
        "is" => match value.as_str() {
            "pinned" => Is::Pinned,
            _ => return one_of(&["pinned"]),
        },
        _ if name.contains('.') || MEMBERS.contains(&known) => {
            let path: Vec<String> = name.split('.').map(str::to_owned).collect();
            if path.iter().any(String::is_empty) {
                return error(begin, format!("{name} is no path: between its dots stand names"));
            }
            Is::Member(Member { path, value })
        }
        _ => {
            let filters = NAMES.map(|name| format!("{name}:")).join(", ");
            let what = format!(
                "there is no filter {name}: (there are {filters}, and paths as data.user.email:); in quotes it is a word"
            );
            return error(begin, what);
        }
    })
}

impl Term {
    pub(super) fn chip(&self) -> Chip {
        let (name, value) = match &self.is {
            Is::Words(words) => (String::new(), words.clone()),
            Is::Type(kind) => ("type".to_owned(), kind.clone()),
            Is::Verdict(standings) => {
                let same = |word: &&&str| Standing::named(word).as_ref() == Some(standings);
                let word = VERDICTS.iter().find(same).copied().unwrap_or_default();
                ("verdict".to_owned(), word.replace('_', " "))
            }
            Is::Failed(rung) => ("fails at".to_owned(), rung.clone()),
            Is::Id(id) => (id.name().to_owned(), id.text().into_owned()),
            Is::Since(when) => ("since".to_owned(), when.text().to_owned()),
            Is::Until(when) => ("until".to_owned(), when.text().to_owned()),
            Is::Member(member) => (super::path(member), member.value.clone()),
            Is::Pinned => (String::new(), "pinned".to_owned()),
        };
        let filter = !matches!(self.is, Is::Words(_));
        Chip { at: self.at.clone(), not: self.not, name, value, filter }
    }
}
