//! Writes JSON: exactly as it was read, or for `serde` as far as `serde` can.

use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use smol_str::SmolStr;

use super::Json;

impl Json {
    /// Compact JSON text; numbers and doubled members exactly as they were written.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, Style::AsWritten);
        text
    }

    /// Appends compact JSON text that is the same for what means the same: members in the order of their names, of doubles the
    /// last, numbers in one spelling.
    pub fn write_canonical(&self, out: &mut String) {
        self.write(out, Style::Canonical);
    }

    /// The members of an object in the order of their names, of doubles the last; none of anything else.
    pub fn by_name(&self) -> Vec<(&str, &Self)> {
        let members = self.members().unwrap_or_default().iter();
        if in_order(members.as_slice()) {
            return members.map(|(name, value)| (name.as_str(), value)).collect();
        }
        // The last comes first: the sort is stable, and of equals the first stays.
        let mut sorted: Vec<_> = members.rev().map(|(name, value)| (name.as_str(), value)).collect();
        sorted.sort_by_key(|(name, _)| *name);
        sorted.dedup_by_key(|(name, _)| *name);
        sorted
    }

    fn write(&self, out: &mut String, style: Style) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(text) if style == Style::Canonical => write_canonical_number(text, out),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => write_text(text, out),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out, style);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                let mut member = |index: usize, name: &str, value: &Self| {
                    if index > 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write(out, style);
                };
                if style == Style::AsWritten || in_order(members) {
                    members.iter().enumerate().for_each(|(index, (name, value))| member(index, name, value));
                } else {
                    let sorted = self.by_name().into_iter().enumerate();
                    sorted.for_each(|(index, (name, value))| member(index, name, value));
                }
                out.push('}');
            }
        }
    }
}

/// Whether the members stand in the order of their names, each once: Kinde writes them so.
pub(super) fn in_order(members: &[(SmolStr, Json)]) -> bool {
    members.is_sorted_by(|(one, _), (next, _)| one < next)
}

/// How it is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    AsWritten,
    Canonical,
}

/// Numbers beyond 64-bit integers and doubles are rounded here: [`Json::to_text`] is exact. Of doubles the last is written.
impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(text) => match serde_json::from_str::<serde_json::Number>(text) {
                Ok(number) => number.serialize(serializer),
                // Beyond a double's range: the nearest double that JSON can write.
                Err(_) => serializer.serialize_f64(if text.starts_with('-') { f64::MIN } else { f64::MAX }),
            },
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Self::Object(members) => {
                let last: std::collections::HashMap<&str, usize> =
                    members.iter().enumerate().map(|(index, (name, _))| (name.as_str(), index)).collect();
                let mut map = serializer.serialize_map(Some(last.len()))?;
                for (index, (name, value)) in members.iter().enumerate() {
                    if last.get(name.as_str()) == Some(&index) {
                        map.serialize_entry(name, value)?;
                    }
                }
                map.end()
            }
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    if super::read::plain_length(text.as_bytes()) < text.len() {
        // Writing a text as JSON cannot fail.
        out.push_str(&serde_json::to_string(text).unwrap_or_default());
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}

/// One spelling for `1.0` and `1.00`; a number beyond a double's range keeps its own.
fn write_canonical_number(text: &str, out: &mut String) {
    match serde_json::from_str::<serde_json::Number>(text) {
        Ok(number) => out.push_str(&number.to_string()),
        Err(_) => out.push_str(text),
    }
}
