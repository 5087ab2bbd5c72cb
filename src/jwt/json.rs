//! JSON read strictly (RFC 8259) and kept as it stands: members in order with their doubles, numbers as their own text.
//!
//! `serde_json::Value` keeps the last of two equal members and rounds numbers; an inspector must show both.

use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

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
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(0)?;
        reader.blank();
        if reader.peek().is_some() { reader.fault("something after the end of the value") } else { Ok(value) }
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

    /// Compact JSON text; numbers and doubled members exactly as they were written.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => write_text(text, out),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// Claims and tokens do not belong into logs.
impl std::fmt::Debug for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind())
    }
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
    // Writing a text as JSON cannot fail.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn fault<T>(&self, what: &'static str) -> Result<T, JsonFault> {
        let what = if self.peek().is_none() { "the text ends too early" } else { what };
        Err(JsonFault::Syntax { what, at: self.at })
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let hit = self.peek() == Some(byte);
        self.at += usize::from(hit);
        hit
    }

    fn word(&mut self, word: &'static str, value: Json) -> Result<Json, JsonFault> {
        if self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            self.at += word.len();
            Ok(value)
        } else {
            self.fault("an unknown word")
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json, JsonFault> {
        self.blank();
        match self.peek() {
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.list(depth + 1),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            _ => self.fault("no JSON value"),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, JsonFault> {
        if depth > MAX_DEPTH {
            return Err(JsonFault::TooDeep);
        }
        self.at += 1;
        let mut members = Vec::new();
        self.blank();
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.blank();
            if self.peek() != Some(b'"') {
                return self.fault("no member name in quotes");
            }
            let name = self.string()?;
            self.blank();
            if !self.take(b':') {
                return self.fault("no colon after a member name");
            }
            members.push((name, self.value(depth)?));
            self.blank();
            if self.take(b'}') {
                return Ok(Json::Object(members));
            }
            if !self.take(b',') {
                return self.fault("no comma between members");
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json, JsonFault> {
        if depth > MAX_DEPTH {
            return Err(JsonFault::TooDeep);
        }
        self.at += 1;
        let mut items = Vec::new();
        self.blank();
        if self.take(b']') {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.blank();
            if self.take(b']') {
                return Ok(Json::List(items));
            }
            if !self.take(b',') {
                return self.fault("no comma between items");
            }
        }
    }

    fn digits(&mut self) -> usize {
        let from = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - from
    }

    fn number(&mut self) -> Result<Json, JsonFault> {
        let from = self.at;
        self.take(b'-');
        let zero = self.peek() == Some(b'0');
        let digits = self.digits();
        if digits == 0 || (zero && digits > 1) {
            return self.fault("a number that starts wrongly");
        }
        if self.take(b'.') && self.digits() == 0 {
            return self.fault("a number without digits after its point");
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            if self.digits() == 0 {
                return self.fault("a number without digits in its exponent");
            }
        }
        Ok(Json::Number(self.text.get(from..self.at).unwrap_or_default().to_owned()))
    }

    fn string(&mut self) -> Result<String, JsonFault> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let from = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            out.push_str(self.text.get(from..self.at).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                _ => return self.fault("a control character in a text"),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonFault> {
        let letter = self.peek();
        self.at += usize::from(letter.is_some());
        Ok(match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.code_unit_pair(),
            _ => return self.fault("an unknown escape"),
        })
    }

    fn code_unit_pair(&mut self) -> Result<char, JsonFault> {
        let first = self.code_unit()?;
        let code = match first {
            0xd800..=0xdbff if self.take(b'\\') && self.take(b'u') => match self.code_unit()? {
                second @ 0xdc00..=0xdfff => 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00),
                _ => return self.fault("half of a surrogate pair"),
            },
            other => other,
        };
        char::from_u32(code).map_or_else(|| self.fault("half of a surrogate pair"), Ok)
    }

    fn code_unit(&mut self) -> Result<u32, JsonFault> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let value = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match value {
            Some(value) => {
                self.at += 4;
                Ok(value)
            }
            None => self.fault("an escape without four hex digits"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn doubled_members_are_found_at_every_depth_and_through_escapes() {
        let json = Json::parse(br#"{"a":1,"b":[{"c":1,"\u0063":2}],"a":{"d":1,"d":1}}"#).unwrap();
        assert_eq!(json.doubles(), ["b[0].c", "a", "a.d"]);
        assert_eq!(serde_json::to_string(&json).unwrap(), r#"{"b":[{"c":2}],"a":{"d":1}}"#);
    }

    #[test]
    fn numbers_keep_their_own_text() {
        let text = r#"[123456789012345678901234567890,1.10,-0,1e400,1E+2]"#;
        assert_eq!(Json::parse(text.as_bytes()).unwrap().to_text(), text);
    }

    #[test]
    fn nesting_is_read_to_128_levels_and_refused_beyond_without_a_crash() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth)).into_bytes();
        assert!(Json::parse(&nested(128)).is_ok());
        assert_eq!(Json::parse(&nested(129)), Err(JsonFault::TooDeep));
        assert_eq!(Json::parse("[".repeat(100_000).as_bytes()), Err(JsonFault::TooDeep));
        assert_eq!(Json::parse("{\"a\":".repeat(100_000).as_bytes()), Err(JsonFault::TooDeep));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for wrong in [
            "",
            " ",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "{'a':1}",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "-",
            "NaN",
            "tru",
            "nul",
            "\"\t\"",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\u00g0\"",
            "[1] x",
            "{} {}",
            "\u{feff}{}",
            "\"a",
            "[1 2]",
            "{\"a\" 1}",
        ] {
            assert!(Json::parse(wrong.as_bytes()).is_err(), "{wrong:?} was read");
        }
        assert_eq!(Json::parse(b"\"\xff\""), Err(JsonFault::Utf8(1)));
        assert_eq!(Json::parse(br#""\ud83d\ude00""#).unwrap(), Json::Text("\u{1f600}".to_owned()));
    }

    proptest! {
        #[test]
        fn it_reads_what_serde_json_reads_and_refuses_what_it_refuses(text in r#"[\[\]{}",:0-9eE+\-.a-f\\u tn]{0,24}"#) {
            let ours = Json::parse(text.as_bytes()).is_ok();
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            let range = theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
            prop_assert!(ours == theirs.is_ok() || range, "{text:?}");
        }

        #[test]
        fn it_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            drop(Json::parse(&bytes));
        }
    }
}
