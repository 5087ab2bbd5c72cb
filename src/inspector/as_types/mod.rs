//! Events that were received, as a type to program against: TypeScript or Zod.
//!
//! Pure. A member is optional where one event had it and another had not; what Kinde's own schema of the type adds is
//! marked as never seen here.

mod shape;
mod write;

use serde_json::Value;

use crate::jwt::Json;
use shape::Shape;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// A TypeScript interface.
    TypeScript,
    /// A Zod schema, with the type taken from it.
    Zod,
}

/// What types are made from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// `user.created`.
    pub event_type: &'a str,
    /// Payloads of that type, as they were received.
    pub payloads: &'a [Json],
    /// Kinde's JSON schema of `data`, where it publishes one.
    pub schema: Option<&'a Value>,
}

/// The declaration, ready to stand in a file of its own. `None` where there is nothing to make it from.
pub fn as_types(source: &Source<'_>, dialect: Dialect) -> Option<String> {
    let mut shape = Shape::default();
    for payload in source.payloads.iter().filter(|payload| payload.members().is_some()) {
        shape.take(payload);
    }
    let published = source.schema.filter(|schema| schema.as_object().is_some_and(|members| !members.is_empty()));
    if let Some(schema) = published {
        shape.publish(schema);
    }
    let seen = shape.objects();
    if seen == 0 && published.is_none() {
        return None;
    }
    let kinds = if seen == 1 { "event" } else { "events" };
    let also = if published.is_some() { ", and from Kinde's schema of its `data`" } else { "" };
    let head = format!("// {}: from {seen} {kinds} received by Kinde Panel{also}.\n", one_line(source.event_type));
    let name = name_of(source.event_type);
    let whole = write::Whole { name: &name, event_type: source.event_type, shape: &shape };
    Some(head + &whole.write(dialect))
}

/// `UserCreatedEvent` of `user.created`.
fn name_of(event_type: &str) -> String {
    let mut name = String::new();
    for word in event_type.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    let name = name.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{name}Event")
}

/// A text of somebody else's that cannot leave the comment it stands in.
fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}')).take(100).collect()
}

#[cfg(test)]
mod tests;
