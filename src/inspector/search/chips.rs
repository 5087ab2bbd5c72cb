//! A search as the screen shows and changes it: each term a chip, and the text without or with one.

use std::ops::Range;

use super::terms;

/// One term, to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chip {
    /// Where it stands in the text.
    pub at: Range<usize>,
    /// It is left out.
    pub not: bool,
    /// What it goes by: `type`, `Event ID`, `data.user.email`; empty for words.
    pub name: String,
    /// What is looked for.
    pub value: String,
    /// False for words, which stand well enough in the field itself.
    pub filter: bool,
}

impl Chip {
    /// As it is read: `not type user.*`.
    pub fn text(&self) -> String {
        let not = if self.not { "not " } else { "" };
        let space = if self.name.is_empty() { "" } else { " " };
        format!("{not}{}{space}{}", self.name, self.value)
    }
}

/// What an id is of: the three are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Id {
    /// `event_…`
    Event(String),
    /// `webhook_…`: that of a webhook, which no delivery carries; what is found has it as its request id.
    Webhook(String),
    /// The value of a `webhook-id` header.
    Request(String),
    /// The number of an attempt in the history.
    Number(i64),
}

impl Id {
    pub(super) fn of(text: &str) -> Self {
        match text.parse::<i64>() {
            Ok(seq) if text.len() < 16 && !text.starts_with('+') => Self::Number(seq),
            _ if text.starts_with("event_") => Self::Event(text.to_owned()),
            _ if text.starts_with("webhook_") => Self::Webhook(text.to_owned()),
            _ => Self::Request(text.to_owned()),
        }
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Event(_) => "Event ID",
            Self::Webhook(_) => "Webhook ID",
            Self::Request(_) => "Webhook Request ID",
            Self::Number(_) => "number",
        }
    }

    /// The id.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        match self {
            Self::Event(id) | Self::Webhook(id) | Self::Request(id) => id.into(),
            Self::Number(seq) => seq.to_string().into(),
        }
    }
}

/// `text` without the term of `chip`.
pub fn without(text: &str, chip: &Chip) -> String {
    let before = text.get(..chip.at.start).unwrap_or(text).trim_end();
    let after = text.get(chip.at.end..).unwrap_or_default().trim_start();
    join(before, after)
}

/// `text` with the filter `name:value` in the place of all others of that name, at its end.
pub fn set(text: &str, name: &str, value: &str) -> String {
    let mut left = text.to_owned();
    // From the end, so that the places of those before stay right.
    for term in terms::read(text).unwrap_or_default().iter().rev() {
        let begins = left.get(term.at.start..).unwrap_or_default().trim_start_matches('-');
        if begins.starts_with(&format!("{name}:")) {
            left = without(&left, &term.chip());
        }
    }
    let quoted = if value.contains(|c: char| c.is_whitespace() || c == '"') {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        value.to_owned()
    };
    join(left.trim(), &format!("{name}:{quoted}"))
}

fn join(before: &str, after: &str) -> String {
    let space = if before.is_empty() || after.is_empty() { "" } else { " " };
    format!("{before}{space}{after}")
}
