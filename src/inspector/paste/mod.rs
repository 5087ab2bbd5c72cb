//! The paste box: takes off what surrounds a token and says what it was. Never touches the inside of a token, and is
//! never used on a received webhook body.

mod http;
mod named;
mod provider;

use crate::jwt::{Json, is_json_serialisation};

pub(super) use http::{METHODS, shell_words};
pub use provider::provider_token;

/// A pasted text with its surroundings taken off.
#[derive(Clone, PartialEq, Eq)]
pub struct Pasted {
    /// What is left: the token, where there was one.
    pub token: String,
    /// What was taken off, outermost first, in words.
    pub cleaned: Vec<String>,
    /// Found where a whole HTTP request was pasted.
    pub request: Option<PastedRequest>,
}

/// The outside of a pasted HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastedRequest {
    /// `POST /hooks HTTP/1.1`, or the status line of an answer.
    pub first_line: String,
    /// Header names and values but `Authorization` and `Cookie`.
    pub headers: Vec<(String, String)>,
}

impl PastedRequest {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A layer of surroundings is taken off at most this often.
const ROUNDS: usize = 24;

/// Takes off what surrounds the token in `text`.
pub fn clean(text: &str) -> Pasted {
    let mut pasted = Pasted { token: text.to_owned(), cleaned: Vec::new(), request: None };
    for _ in 0..ROUNDS {
        if looks_like_token(&pasted.token) || !pasted.peel() {
            break;
        }
    }
    pasted
}

/// True for three parts of base64url of which the first holds a JSON object's start (`eyJ`, or `ey` and more).
pub fn looks_like_token(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let alphabet = |part: &&str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    matches!(parts.len(), 3 | 5)
        && parts.iter().all(alphabet)
        && parts.first().is_some_and(|first| starts_object(first))
}

/// `{` followed by a quote or white space, in base64url.
fn starts_object(part: &str) -> bool {
    part.len() >= 4 && ["ey", "ew"].iter().any(|start| part.starts_with(start))
}

impl Pasted {
    fn take(&mut self, rest: impl Into<String>, what: impl Into<String>) -> bool {
        let what = what.into();
        self.token = rest.into();
        if !self.cleaned.contains(&what) {
            self.cleaned.push(what);
        }
        true
    }

    /// Takes one layer off; false when there is none.
    fn peel(&mut self) -> bool {
        let text = self.token.clone();
        // A JSON serialisation of a JWS is no surroundings: the envelope names it.
        if is_json_serialisation(text.as_bytes()) {
            return false;
        }
        self.peel_ends(&text)
            || self.peel_request(&text)
            || self.peel_curl(&text)
            || self.peel_quotes(&text)
            || self.peel_scheme(&text)
            || self.peel_json(&text)
            || self.peel_header_line(&text)
            || self.peel_url(&text)
            || self.peel_name(&text)
            || self.peel_tail(&text)
            || self.peel_prose(&text)
    }

    fn peel_ends(&mut self, text: &str) -> bool {
        let trimmed = text.trim();
        if trimmed.len() != text.len() {
            return self.take(trimmed, "white space at the ends");
        }
        let trimmed = text.trim_matches(is_invisible);
        trimmed.len() != text.len() && self.take(trimmed, "zero-width characters")
    }

    fn peel_quotes(&mut self, text: &str) -> bool {
        // A JSON text keeps its escapes until it is read as one.
        if text.starts_with('"')
            && let Ok(Json::Text(inner)) = Json::parse(text.as_bytes())
        {
            return self.take(inner, "quotes");
        }
        const PAIRS: [(&str, &str); 10] = [
            ("```", "```"),
            ("\"", "\""),
            ("'", "'"),
            ("`", "`"),
            ("“", "”"),
            ("‘", "’"),
            ("„", "“"),
            ("«", "»"),
            ("<", ">"),
            ("(", ")"),
        ];
        for (open, close) in PAIRS {
            let Some(inner) = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)) else { continue };
            if !inner.contains(open) && !inner.contains(close) {
                return self.take(inner, if open == "```" { "a code fence" } else { "quotes" });
            }
        }
        // One that was copied with one quote only.
        let unpaired = ["\"", "'", "`"].into_iter().find_map(|quote| {
            let rest = text.strip_prefix(quote).or_else(|| text.strip_suffix(quote))?;
            (!rest.contains(quote)).then_some(rest)
        });
        unpaired.is_some_and(|rest| looks_near_token(rest) && self.take(rest, "quotes"))
    }

    fn peel_scheme(&mut self, text: &str) -> bool {
        for scheme in ["Bearer", "DPoP", "JWT", "Token"] {
            let Some((head, rest)) = text.split_at_checked(scheme.len()) else { continue };
            let parted = rest.starts_with([' ', '\t', ':', '\n', '\r', '\u{a0}'])
                || rest.starts_with("%20")
                || rest.starts_with('+');
            if head.eq_ignore_ascii_case(scheme) && parted {
                let rest = rest.strip_prefix("%20").unwrap_or(rest);
                return self
                    .take(rest.trim_start_matches([' ', '\t', ':', '\n', '\r', '+', '\u{a0}']), format!("`{scheme}`"));
            }
        }
        false
    }

    fn peel_tail(&mut self, text: &str) -> bool {
        let rest = text.trim_end_matches([',', ';', '}', ']', ')', '\\']);
        if rest.len() != text.len() && looks_near_token(rest.trim_matches(['"', '\'', '`', ' '])) {
            return self.take(rest, "punctuation at the end");
        }
        // A form field or a fragment that follows.
        match text.split_once(['&', '#']) {
            Some((token, _)) if looks_near_token(token) => self.take(token, "what follows it"),
            _ => false,
        }
    }

    /// A token in the middle of a sentence. Not where the neighbours could be a part of it that a line break cut off.
    fn peel_prose(&mut self, text: &str) -> bool {
        let words: Vec<&str> = text.split_whitespace().collect();
        let tokens: Vec<usize> =
            words.iter().enumerate().filter(|(_, word)| looks_near_token(word)).map(|(index, _)| index).collect();
        let [at] = tokens.as_slice() else { return false };
        let (before, after) = (words.get(..*at).unwrap_or_default(), words.get(at + 1..).unwrap_or_default());
        let prose = |words: &[&str]| {
            words.is_empty()
                || words
                    .iter()
                    .any(|word| word.bytes().any(|byte| !byte.is_ascii_alphanumeric() && !b"-_.".contains(&byte)))
                || (words.len() > 1 && words.iter().all(|word| word.len() < 16))
        };
        match words.get(*at) {
            Some(word) if (!before.is_empty() || !after.is_empty()) && prose(before) && prose(after) => {
                self.take(*word, "the words around it")
            }
            _ => false,
        }
    }
}

fn looks_near_token(text: &str) -> bool {
    let inner = text.trim().trim_matches(['"', '\'', '`', ',', ';', '(', ')', '<', '>']);
    let inner = inner.strip_prefix("Bearer ").or_else(|| inner.strip_prefix("bearer ")).unwrap_or(inner);
    looks_like_token(inner)
}

/// Zero-width and direction marks, byte order mark, soft hyphen.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{ad}' | '\0')
}

/// True where `text` has white space or zero-width characters inside, and what it is without them.
pub(super) fn without_inner_blanks(text: &str) -> Option<String> {
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace() && !is_invisible(*c)).collect();
    (squeezed.len() != text.len()).then_some(squeezed)
}

#[cfg(test)]
mod tests;
