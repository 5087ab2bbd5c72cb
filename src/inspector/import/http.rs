//! Raw HTTP requests, one or several after each other.

use super::super::paste::METHODS;
use super::lines::item;
use super::{Item, Skipped};

/// True for a request line.
pub(super) fn begins(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    matches!(words.as_slice(), [method, _, version] if METHODS.contains(method) && version.starts_with("HTTP/"))
}

/// The requests in `bytes`.
pub(super) fn read(bytes: &[u8]) -> Vec<Result<Item, Skipped>> {
    let mut all = Vec::new();
    let mut rest = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut at = 1;
    while !rest.trim_ascii().is_empty() {
        let begin = at + lines(rest.get(..rest.len() - rest.trim_ascii_start().len()).unwrap_or_default());
        let (found, after) = one(rest.trim_ascii_start());
        at += lines(rest.get(..rest.len() - after.len()).unwrap_or_default());
        rest = after;
        all.push(found.map(|item| Item { line: begin, ..item }).map_err(|why| Skipped { line: begin, why }));
    }
    all
}

fn lines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

/// One request, and what stands after it.
fn one(bytes: &[u8]) -> (Result<Item, String>, &[u8]) {
    let mut headers = Vec::new();
    let mut rest = bytes;
    let mut first = true;
    let mut length = None;
    loop {
        let (line, after) = match rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => (rest.get(..end).unwrap_or_default(), rest.get(end + 1..).unwrap_or_default()),
            None => (rest, Default::default()),
        };
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches('\r');
        if first && !begins(line) {
            return (Err("no request begins here".to_owned()), Default::default());
        }
        rest = after;
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':').filter(|_| !first) {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse::<usize>().ok();
            }
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        first = false;
        if rest.is_empty() {
            break;
        }
    }
    // Without a length: up to where the next request begins, or the end.
    let end = length.filter(|length| *length <= rest.len()).unwrap_or_else(|| {
        let mut end = 0;
        for line in rest.split_inclusive(|byte| *byte == b'\n') {
            if end > 0 && begins(&String::from_utf8_lossy(line.get(..line.len().min(8 << 10)).unwrap_or_default())) {
                break;
            }
            end += line.len();
        }
        end
    });
    let (body, after) = rest.split_at(end.min(rest.len()));
    let body = if length.is_some() { body } else { body.trim_ascii_end() };
    let found = if body.is_empty() { Err("the request has no body".to_owned()) } else { item(headers, body.to_vec()) };
    (found, after)
}
