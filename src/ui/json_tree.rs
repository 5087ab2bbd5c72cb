//! JSON as it was sent: a flat tree over the text, so that numbers, escapes and duplicate members stay exact.

use std::ops::Range;

/// The deepest nesting that is read.
const DEPTH: usize = 64;
/// The most values that are read.
const VALUES: usize = 20_000;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonKind {
    /// `{…}` with so many members.
    Object(usize),
    /// `[…]` with so many items.
    Array(usize),
    /// A text in quotes.
    Text,
    /// A number, kept as written.
    Number,
    /// `true`, `false` or `null`.
    Word,
}

/// One value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonNode {
    /// How deep it stands; the whole is at 0.
    pub depth: usize,
    /// The member's name as written, quotes included.
    pub name: Option<Range<usize>>,
    /// The value as written.
    pub value: Range<usize>,
    /// What it is.
    pub kind: JsonKind,
    /// The index of the first node that is not inside it.
    pub end: usize,
}

/// A parsed text. Parse once, not each frame.
#[derive(Debug, Clone)]
pub struct JsonTree {
    text: String,
    nodes: Vec<JsonNode>,
}

impl JsonTree {
    /// Reads `text`; an error is the byte at which it is not JSON (or too deep, or too much).
    pub fn parse(text: impl Into<String>) -> Result<Self, usize> {
        let text = text.into();
        let mut reader = Reader { bytes: text.as_bytes(), at: 0, nodes: Vec::new() };
        reader.value(0, None)?;
        reader.blanks();
        if reader.at != reader.bytes.len() {
            return Err(reader.at);
        }
        let nodes = reader.nodes;
        Ok(Self { text, nodes })
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every value, in the order of the text.
    pub fn nodes(&self) -> &[JsonNode] {
        &self.nodes
    }

    /// A piece of the text.
    pub fn slice(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<JsonNode>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> Result<(), usize> {
        if self.peek() != Some(byte) {
            return Err(self.at);
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize, name: Option<Range<usize>>) -> Result<(), usize> {
        self.blanks();
        if depth > DEPTH || self.nodes.len() >= VALUES {
            return Err(self.at);
        }
        let index = self.nodes.len();
        let start = self.at;
        self.nodes.push(JsonNode { depth, name, value: start..start, kind: JsonKind::Word, end: index + 1 });
        let kind = match self.peek().ok_or(start)? {
            b'{' => JsonKind::Object(self.many(b'}', |reader| {
                let name = reader.text()?;
                reader.blanks();
                reader.eat(b':')?;
                reader.value(depth + 1, Some(name))
            })?),
            b'[' => JsonKind::Array(self.many(b']', |reader| reader.value(depth + 1, None))?),
            b'"' => {
                self.text()?;
                JsonKind::Text
            }
            b'-' | b'0'..=b'9' => {
                while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
                    self.at += 1;
                }
                JsonKind::Number
            }
            _ => {
                let rest = self.bytes.get(start..).unwrap_or_default();
                let word = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word.as_bytes()));
                self.at += word.ok_or(start)?.len();
                JsonKind::Word
            }
        };
        let end = self.nodes.len();
        let value = start..self.at;
        if let Some(node) = self.nodes.get_mut(index) {
            *node = JsonNode { kind, value, end, ..node.clone() };
        }
        Ok(())
    }

    /// The parts of an object or array, up to `close`; how many there were.
    fn many(&mut self, close: u8, mut part: impl FnMut(&mut Self) -> Result<(), usize>) -> Result<usize, usize> {
        self.at += 1;
        self.blanks();
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(0);
        }
        let mut count = 0;
        loop {
            self.blanks();
            part(self)?;
            count += 1;
            self.blanks();
            if self.peek() == Some(b',') {
                self.at += 1;
                continue;
            }
            self.eat(close)?;
            return Ok(count);
        }
    }

    fn text(&mut self) -> Result<Range<usize>, usize> {
        let start = self.at;
        self.eat(b'"')?;
        loop {
            match self.peek().ok_or(self.at)? {
                b'"' => {
                    self.at += 1;
                    return Ok(start..self.at);
                }
                b'\\' => self.at += 2,
                0..=0x1f => return Err(self.at),
                _ => self.at += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_escapes_and_duplicate_members_stay_as_written() {
        let tree = JsonTree::parse(r#" {"n": 12345678901234567890.10, "a":"\u0041", "a": [true, null, {}]} "#).unwrap();
        let shown: Vec<&str> = tree.nodes().iter().map(|node| tree.slice(&node.value)).collect();
        assert_eq!(shown[1..4], ["12345678901234567890.10", r#""\u0041""#, "[true, null, {}]"]);
        assert_eq!(tree.nodes()[0].kind, JsonKind::Object(3));
        assert_eq!((tree.nodes()[3].kind, tree.nodes()[3].end), (JsonKind::Array(3), 7));
    }

    #[test]
    fn broken_text_names_the_byte_where_it_breaks() {
        for (text, at) in [("", 0), ("{", 1), ("[1,]", 3), (r#"{"a" 1}"#, 5), ("1 2", 2), (r#""a"#, 2), ("tru", 0)] {
            assert_eq!(JsonTree::parse(text).err(), Some(at), "{text}");
        }
        assert!(JsonTree::parse("[".repeat(500)).is_err());
    }
}
