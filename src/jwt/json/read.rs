//! Reads JSON by the letter of RFC 8259.

use smol_str::SmolStr;

use super::{Json, JsonFault, MAX_DEPTH};

/// Reads one whole JSON text.
pub(super) fn whole(text: &str) -> Result<Json, JsonFault> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.blank();
    if reader.peek().is_some() { reader.fault("something after the end of the value") } else { Ok(value) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
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
        self.blank();
        if self.take(b'}') {
            return Ok(Json::Object(Vec::new()));
        }
        // Most objects have about as many, and need not be moved while they grow.
        let mut members = Vec::with_capacity(8);
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
        Ok(Json::Number(self.text.get(from..self.at).unwrap_or_default().into()))
    }

    fn string(&mut self) -> Result<SmolStr, JsonFault> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let plain = self.plain();
            // Most texts are one run without an escape.
            if out.is_empty() && self.peek() == Some(b'"') {
                self.at += 1;
                return Ok(plain.into());
            }
            out.push_str(plain);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out.into());
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                _ => return self.fault("a control character in a text"),
            }
        }
    }

    /// Takes what needs no unescaping.
    fn plain(&mut self) -> &'a str {
        let rest: &'a str = self.text.get(self.at..).unwrap_or_default();
        let plain = rest.get(..plain_length(rest.as_bytes())).unwrap_or(rest);
        self.at += plain.len();
        plain
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

/// How many bytes stand before the first that a text does not hold as it is: a quote, a backslash, a control character.
///
/// Eight bytes at a time: the payloads are mostly such texts. A byte that is looked for leaves its highest bit set in the
/// sum; those above the lowest one may be set wrongly, and are not looked at.
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word & HIGH;
    let is = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let (eights, rest) = bytes.as_chunks::<8>();
    for (index, eight) in eights.iter().enumerate() {
        let word = u64::from_le_bytes(*eight);
        let hits = is(word, b'"') | is(word, b'\\') | below(word, 0x20);
        if hits != 0 {
            return index * 8 + hits.trailing_zeros() as usize / 8;
        }
    }
    let ends = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
    eights.len() * 8 + ends.unwrap_or(rest.len())
}
