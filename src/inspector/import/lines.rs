//! A line an item: of an export, a curl command, a token. Lines of several kinds may stand in one file.

use std::io::{BufRead, Read as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::export::Line;
use super::super::paste::{clean, looks_like_token, shell_words};
use super::super::receiver::MAX_BODY;
use super::{Item, Skipped};
use crate::store::attempts::sha256_hex;

/// The most bytes of a line: a body at its largest, with its headers and what was said of it.
const LONGEST: u64 = 16 << 20;
/// The most headers, and the most bytes of one.
const HEADERS: usize = 256;
const HEADER: usize = 64 << 10;

/// The lines of a file.
pub(super) struct Lines {
    input: Box<dyn BufRead + Send>,
    /// The line that was read last, from 1.
    at: usize,
}

impl Lines {
    pub(super) fn new(input: Box<dyn BufRead + Send>) -> Self {
        Self { input, at: 0 }
    }

    /// The next item, or why there is none in the next line; `None` at the end. Empty lines are nothing.
    pub(super) fn next_item(&mut self) -> std::io::Result<Option<Result<Item, Skipped>>> {
        loop {
            let Some(line) = self.line()? else { return Ok(None) };
            let begin = self.at;
            let skip = |why: String| Ok(Some(Err(Skipped { line: begin, why })));
            let Some(line) = line else { return skip("it is longer than 16 MB".to_owned()) };
            let Ok(mut text) = String::from_utf8(line) else { return skip("it is no text".to_owned()) };
            if begin == 1 {
                text = text.trim_start_matches('\u{feff}').to_owned();
            }
            if text.trim().is_empty() {
                continue;
            }
            let command = text.trim_start().trim_start_matches("$ ");
            let found = if command.starts_with("curl ") {
                while text.trim_end().ends_with('\\') && text.len() < LONGEST as usize {
                    text.truncate(text.trim_end().len() - 1);
                    let Some(Some(more)) = self.line()? else { break };
                    text.push(' ');
                    text.push_str(&String::from_utf8_lossy(&more));
                }
                curl(text.trim())
            } else if text.trim_start().starts_with('{') {
                exported(&text)
            } else {
                token(&text)
            };
            return Ok(Some(
                found.map(|item| Item { line: begin, ..item }).map_err(|why| Skipped { line: begin, why }),
            ));
        }
    }

    /// The next line; `Some(None)` for one that is too long, which is read past.
    fn line(&mut self) -> std::io::Result<Option<Option<Vec<u8>>>> {
        let mut line = Vec::new();
        if self.input.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        self.at += 1;
        if line.last() == Some(&b'\n') || (line.len() as u64) < LONGEST {
            return Ok(Some(Some(line)));
        }
        loop {
            line.clear();
            let read = self.input.by_ref().take(1 << 20).read_until(b'\n', &mut line)?;
            if read == 0 || line.last() == Some(&b'\n') {
                return Ok(Some(None));
            }
        }
    }
}

/// An item of body and headers, within what the receiver takes.
pub(super) fn item(headers: Vec<(String, String)>, body: Vec<u8>) -> Result<Item, String> {
    if body.len() > MAX_BODY {
        return Err(format!("its body has {} bytes; a receiver takes {MAX_BODY}", body.len()));
    }
    if headers.len() > HEADERS || headers.iter().any(|(name, value)| name.len() + value.len() > HEADER) {
        return Err("its headers are larger than a receiver takes".to_owned());
    }
    Ok(Item { line: 0, headers, body, received_at: None, via: None, responded: None, told: None })
}

fn exported(text: &str) -> Result<Item, String> {
    let line: Line = serde_json::from_str(text).map_err(|error| {
        // Its own words may name what stands there.
        let what = match error.classify() {
            serde_json::error::Category::Data => "it is no line of an export",
            serde_json::error::Category::Eof => "it is cut off",
            _ if error.to_string().contains("recursion limit") => "it is nested too deep",
            _ => "it is no JSON",
        };
        format!("{what} (at character {})", error.column())
    })?;
    let body = STANDARD.decode(&line.body_b64).map_err(|_| "its body is no base64".to_owned())?;
    if line.event.body_sha256.as_ref().is_some_and(|sha| *sha != sha256_hex(&body)) {
        return Err("its body was changed: the checksum is another".to_owned());
    }
    let mut item = item(line.headers.clone(), body)?;
    item.received_at = Some(line.event.received_at);
    item.told = Some(Box::new(line));
    Ok(item)
}

fn curl(text: &str) -> Result<Item, String> {
    let words = shell_words(text.trim_start_matches("$ "));
    let (mut headers, mut body) = (Vec::new(), None::<String>);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (name, inside) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        let mut value = || inside.clone().or_else(|| words.next().cloned()).unwrap_or_default();
        match name {
            "-H" | "--header" => {
                let header = value();
                if let Some((name, value)) = header.split_once(':') {
                    headers.push((name.trim().to_owned(), value.trim().to_owned()));
                }
            }
            "-d" | "--data" | "--data-raw" | "--data-binary" | "--data-ascii" => {
                let data = value();
                if data.starts_with('@') && name != "--data-raw" {
                    return Err("its body is in another file".to_owned());
                }
                body = Some(body.map_or_else(|| data.clone(), |before| format!("{before}&{data}")));
            }
            _ => {}
        }
    }
    match body {
        Some(body) if !body.is_empty() => item(headers, body.into_bytes()),
        _ => Err("the command sends no body".to_owned()),
    }
}

fn token(text: &str) -> Result<Item, String> {
    let text = clean(text.trim()).token;
    if !looks_like_token(&text) {
        return Err("there is no token in it".to_owned());
    }
    item(Vec::new(), text.into_bytes())
}
