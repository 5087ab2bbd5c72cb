//! Which kind of file it is, and its items one after the other.

use std::collections::VecDeque;
use std::io::{BufRead, Read as _};

use super::lines::Lines;
use super::{Item, Skipped, har, http};
use crate::error::{Category, UserError};

/// The most bytes of a file that is read whole: HAR, raw HTTP.
pub(super) const WHOLE: usize = 64 << 20;

/// The items of a file.
pub struct Source {
    kind: Kind,
}

enum Kind {
    /// A line an item, read as it goes.
    Lines(Box<Lines>),
    /// Read whole.
    All(VecDeque<Result<Item, Skipped>>),
}

impl Source {
    /// Looks at how `input` begins. Blocking.
    ///
    /// # Errors
    /// When it cannot be read, is empty, or is a document of no kind that is known.
    pub fn open(mut input: Box<dyn BufRead + Send>) -> Result<Self, UserError> {
        let cannot = |error: std::io::Error| super::unreadable(&error.to_string());
        let mut head = Vec::new();
        input.by_ref().take(64 << 10).read_to_end(&mut head).map_err(cannot)?;
        let text = String::from_utf8_lossy(&head).into_owned();
        let begin = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
        if begin.is_empty() {
            return Err(refused("There is nothing in it"));
        }
        let whole = head.len() < 64 << 10;
        let mut input: Box<dyn BufRead + Send> = Box::new(std::io::Cursor::new(head).chain(input));
        let first = begin.lines().next().unwrap_or_default();
        let document = begin.starts_with('{')
            && (is_har(first)
                || whole && serde_json::from_str::<serde::de::IgnoredAny>(first).is_err() && !is_lines(first));
        if !document && !http::begins(first) {
            return Ok(Self { kind: Kind::Lines(Box::new(Lines::new(input))) });
        }
        let mut bytes = Vec::new();
        input.by_ref().take(WHOLE as u64 + 1).read_to_end(&mut bytes).map_err(cannot)?;
        if bytes.len() > WHOLE {
            return Err(refused(
                "It is larger than 64 MB; an export of this program, a line an event, may be any size",
            ));
        }
        let all = if document { har::read(&bytes)? } else { http::read(&bytes) };
        Ok(Self { kind: Kind::All(all.into()) })
    }

    /// The next items, at most `most`; none at the end. Blocking.
    ///
    /// # Errors
    /// When the file cannot be read on.
    pub fn some(&mut self, most: usize) -> std::io::Result<Vec<Result<Item, Skipped>>> {
        match &mut self.kind {
            Kind::All(all) => Ok(all.drain(..most.min(all.len())).collect()),
            Kind::Lines(lines) => {
                let mut batch = Vec::new();
                while batch.len() < most
                    && let Some(item) = lines.next_item()?
                {
                    batch.push(item);
                }
                Ok(batch)
            }
        }
    }
}

/// A HAR in one line, or the beginning of one.
fn is_har(first: &str) -> bool {
    let bare: String = first.chars().filter(|c| !c.is_whitespace()).take(8).collect();
    bare.starts_with("{\"log\":") || bare == "{"
}

/// An export whose first line does not end within what was looked at, or is cut off.
fn is_lines(first: &str) -> bool {
    ["{\"event\"", "{\"decode\""].iter().any(|start| first.starts_with(start))
}

pub(super) fn refused(why: &str) -> UserError {
    UserError::new(Category::File, "There is nothing to import in this file")
        .detail(why)
        .hint("It takes exports of this program, HAR, a raw HTTP request, curl lines, and tokens, one a line")
}
