//! Two tokens beside each other, claim by claim.

use super::decode::Decoded;
use crate::jwt::Json;

/// One claim or header member of two tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// `header.kid`, `permissions[0]`, `exp`.
    pub path: String,
    /// As the left token has it, exact; `None` where it has not.
    pub left: Option<String>,
    /// As the right token has it.
    pub right: Option<String>,
}

impl Row {
    /// True where both have the same.
    pub fn same(&self) -> bool {
        self.left == self.right
    }
}

/// What two tokens have and have not in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// One sentence.
    pub headline: String,
    /// Every member of either, the left one's order first.
    pub rows: Vec<Row>,
}

/// Compares header and claims of two tokens.
pub fn compare(left: &Decoded, right: &Decoded) -> Comparison {
    let leaves = |decoded: &Decoded| {
        let mut out = Vec::new();
        if let Some(header) = &decoded.header {
            flatten("header", header, &mut out);
        }
        if let Some(claims) = &decoded.claims {
            flatten("", claims, &mut out);
        }
        out
    };
    let (left, mut right) = (leaves(left), leaves(right));
    let mut rows: Vec<Row> = Vec::new();
    for (path, value) in left {
        let other = right.iter().position(|(name, _)| *name == path).map(|at| right.remove(at).1);
        rows.push(Row { path, left: Some(value), right: other });
    }
    rows.extend(right.into_iter().map(|(path, value)| Row { path, left: None, right: Some(value) }));
    let different: Vec<&str> = rows.iter().filter(|row| !row.same()).map(|row| row.path.as_str()).collect();
    let headline = match different.as_slice() {
        [] if rows.is_empty() => "Neither can be read".to_owned(),
        [] => "Both say the same".to_owned(),
        [one] => format!("They differ in {one} alone"),
        [first, second] => format!("They differ in {first} and {second}"),
        [first, second, rest @ ..] => format!("They differ in {first}, {second} and {} more", rest.len()),
    };
    Comparison { headline, rows }
}

pub(super) fn flatten(path: &str, json: &Json, out: &mut Vec<(String, String)>) {
    match json {
        Json::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                flatten(&if path.is_empty() { name.to_string() } else { format!("{path}.{name}") }, value, out);
            }
        }
        Json::List(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                flatten(&format!("{path}[{index}]"), item, out);
            }
        }
        leaf => out.push((path.to_owned(), leaf.to_text())),
    }
}
