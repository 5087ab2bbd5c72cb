//! JSON read strictly (RFC 8259) and kept as it stands: members in order with their doubles, numbers as their own text.
//!
//! `serde_json::Value` keeps the last of two equal members and rounds numbers; an inspector must show both.

mod read;
mod write;

/// The deepest nesting that is read.
pub const MAX_DEPTH: usize = 128;

/// A JSON value as it was written.
#[derive(Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, exactly as written.
    Number(String),
    /// A text, unescaped.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// Members in order; a name may stand twice.
    Object(Vec<(String, Self)>),
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
    pub fn members(&self) -> Option<&[(String, Self)]> {
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

    /// The paths (`data.user.id`) of members that stand more than once in their object, at every depth.
    pub fn doubles(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.find_doubles("", &mut found);
        found
    }

    fn find_doubles(&self, path: &str, found: &mut Vec<String>) {
        match self {
            Self::Object(members) => {
                let mut seen = std::collections::HashSet::new();
                for (name, value) in members {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    if !seen.insert(name) && !found.contains(&path) {
                        found.push(path.clone());
                    }
                    value.find_doubles(&path, found);
                }
            }
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.find_doubles(&format!("{path}[{index}]"), found);
                }
            }
            _ => {}
        }
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
