//! JSON read strictly (RFC 8259) and kept as it stands: members in order with their doubles, numbers as their own text.
//!
//! `serde_json::Value` keeps the last of two equal members and rounds numbers; an inspector must show both.

mod read;
mod write;

use smol_str::SmolStr;

/// The deepest nesting that is read.
pub const MAX_DEPTH: usize = 128;

/// A JSON value as it was written. Names and most texts are short, and are held without an allocation of their own.
#[derive(Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, exactly as written.
    Number(SmolStr),
    /// A text, unescaped.
    Text(SmolStr),
    /// A list.
    List(Vec<Self>),
    /// Members in order; a name may stand twice.
    Object(Vec<(SmolStr, Self)>),
}

/// Why bytes are not JSON that can be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// Not JSON: what was met, at which byte.
    #[error("{what} at byte {at}")]
    Syntax {
        /// In words.
        what: &'static str,
        /// Counted from 0.
        at: usize,
    },
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// Not UTF-8.
    #[error("not UTF-8: a damaged character at byte {0}")]
    Utf8(usize),
}

impl Json {
    /// Reads one whole JSON text.
    ///
    /// # Errors
    /// When the bytes are anything else, or nested too deeply.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonFault> {
        let text = std::str::from_utf8(bytes).map_err(|error| JsonFault::Utf8(error.valid_up_to()))?;
        read::whole(text)
    }

    /// The members of an object.
    pub fn members(&self) -> Option<&[(SmolStr, Self)]> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// The member of that name; of doubles the last, as most JSON readers take it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.members()?.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The text of a text value.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// The value of a number as the nearest double; infinite when out of range.
    pub fn as_f64(&self) -> Option<f64> {
        if let Self::Number(text) = self { text.parse().ok() } else { None }
    }

    /// What it is, with its article: `a text`, `a number`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// The members that stand more than once in their object, at every depth.
    pub fn doubles(&self) -> Doubles {
        let mut found = Doubles::default();
        self.find_doubles(&mut Vec::new(), &mut found);
        found
    }

    fn find_doubles<'a>(&'a self, path: &mut Vec<Step<'a>>, found: &mut Doubles) {
        match self {
            Self::Object(members) => {
                let mut second = second_of_a_name(members).into_iter().peekable();
                for (index, (name, value)) in members.iter().enumerate() {
                    path.push(Step::Member(name));
                    if second.next_if_eq(&index).is_some() {
                        found.add(path);
                    }
                    value.find_doubles(path, found);
                    path.pop();
                }
            }
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(Step::Item(index));
                    item.find_doubles(path, found);
                    path.pop();
                }
            }
            _ => {}
        }
    }
}

/// Where a name stands for the second time, in order.
fn second_of_a_name(members: &[(SmolStr, Json)]) -> Vec<usize> {
    if write::in_order(members) {
        return Vec::new();
    }
    // Few names are compared faster than hashed.
    if members.len() <= 16 {
        let times_before =
            |index: usize, name: &str| members.iter().take(index).filter(|(other, _)| other == name).count();
        let second = |(index, (name, _)): (usize, &(SmolStr, Json))| (times_before(index, name) == 1).then_some(index);
        return members.iter().enumerate().filter_map(second).collect();
    }
    let mut seen = std::collections::HashMap::new();
    let mut second = Vec::new();
    for (index, (name, _)) in members.iter().enumerate() {
        let times = seen.entry(name).or_insert(0_usize);
        *times += 1;
        if *times == 2 {
            second.push(index);
        }
    }
    second
}

/// One step of the way to a value.
#[derive(Clone, Copy)]
enum Step<'a> {
    Member(&'a str),
    Item(usize),
}

/// Members that stand more than once in their object. However many a hostile text has, a few are named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doubles {
    /// Their paths (`data.user.id`), at most [`Doubles::NAMED`] of them.
    pub paths: Vec<String>,
    /// How many there are besides.
    pub more: usize,
}

impl Doubles {
    /// The most that are named.
    pub const NAMED: usize = 5;
    /// The most characters that a path is told with.
    const LONGEST: usize = 160;

    /// True where every name stands once.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    fn add(&mut self, path: &[Step<'_>]) {
        if self.paths.len() == Self::NAMED {
            self.more += 1;
            return;
        }
        let mut text = String::new();
        for step in path {
            match step {
                Step::Member(name) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(name);
                }
                Step::Item(index) => text.push_str(&format!("[{index}]")),
            }
        }
        if let Some((end, _)) = text.char_indices().nth(Self::LONGEST) {
            text.truncate(end);
            text.push('…');
        }
        // Two objects of one path, themselves doubled, are one to a reader.
        if !self.paths.contains(&text) {
            self.paths.push(text);
        }
    }
}

/// As the subject of a sentence: ```a`, `b` and 7 more stand twice``.
impl std::fmt::Display for Doubles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named: Vec<String> = self.paths.iter().map(|path| format!("`{path}`")).collect();
        f.write_str(&named.join(", "))?;
        if self.more > 0 {
            write!(f, " and {} more", self.more)?;
        }
        f.write_str(if self.paths.len() + self.more == 1 { " stands twice" } else { " stand twice" })
    }
}

/// Claims and tokens do not belong into logs.
impl std::fmt::Debug for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind())
    }
}

#[cfg(test)]
mod tests;
