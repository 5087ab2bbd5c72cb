//! Reads `NAME=value` lines as dotenv does: the one reader of `.env` texts. Pure; what the names mean is the rooms' to know.

use std::collections::HashMap;

use zeroize::Zeroizing;

const QUOTES: [char; 3] = ['"', '\'', '`'];

/// `NAME=value` lines; of two with one name the later counts, as dotenv has it.
pub fn assignments(text: &str) -> HashMap<String, String> {
    let mut values = HashMap::new();
    for line in text.trim_start_matches('\u{feff}').split(['\n', '\r']) {
        let line = line.trim();
        let line =
            line.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).map_or(line, str::trim_start);
        let Some((name, value)) = line.split_once('=') else { continue };
        let name = name.trim();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            continue;
        }
        values.insert(name.to_owned(), value_of(value.trim()));
    }
    values
}

/// A value without its quotes or the comment after it.
fn value_of(text: &str) -> String {
    for quote in QUOTES {
        if let Some(inner) = text.strip_prefix(quote)
            && let Some(end) = closing(inner, quote)
        {
            let inner = inner.get(..end).unwrap_or_default();
            return if quote == '"' { unescaped(inner) } else { inner.to_owned() };
        }
    }
    without_comment(text).to_owned()
}

/// A bare value without the comment after it.
fn without_comment(text: &str) -> &str {
    let comment = text.char_indices().find(|(at, c)| {
        *c == '#' && text.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with([' ', '\t']))
    });
    comment.and_then(|(at, _)| text.get(..at)).unwrap_or(text).trim_end()
}

/// `line`, which sets a variable, with `value` in place of the one it has: what stands before it stays, and so does a comment
/// after it. `value` is written as it is. `None` where the line sets nothing, or opens a quote that a later line closes.
pub fn with_value(line: &str, value: &str) -> Option<Zeroizing<String>> {
    let (before, old) = line.split_once('=')?;
    let old = old.trim();
    let rest = match old.strip_prefix(QUOTES) {
        Some(inner) => {
            let quote = old.chars().next()?;
            inner.get(closing(inner, quote)? + quote.len_utf8()..)?
        }
        None => old.get(without_comment(old).len()..)?,
    };
    // Anything else belonged to the value: a shell reads 'it'\''s' as one.
    let rest = if rest.trim_start().starts_with('#') { rest } else { "" };
    let gap = if rest.starts_with('#') { " " } else { "" };
    Some(Zeroizing::new(format!("{before}={value}{gap}{rest}")))
}

/// Where the quote that opened the value closes.
fn closing(inner: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        if c == quote && !escaped {
            return Some(at);
        }
        escaped = quote == '"' && c == '\\' && !escaped;
    }
    None
}

fn unescaped(inner: &str) -> String {
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        text.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_escapes_and_later_lines_are_read_as_dotenv_reads_them() {
        let values =
            assignments("A=1\nA=2\nB=\"a\\\"b # no comment\"\nC='it''s'\nD=\"open\nE=\nF=#x\nVITE_X=\"y\" # z");
        for (name, value) in [
            ("A", "2"),
            ("B", "a\"b # no comment"),
            ("C", "it"),
            ("D", "\"open"),
            ("E", ""),
            ("F", ""),
            ("VITE_X", "y"),
        ] {
            assert_eq!(values[name], value, "{name}");
        }
    }

    #[test]
    fn a_line_is_given_another_value_and_keeps_what_stands_around_it() {
        for (line, wanted) in [
            ("A=old", Some("A=new")),
            ("  export A = old  # since May ", Some("  export A =new  # since May")),
            ("A='o # ld'\t# note", Some("A=new\t# note")),
            ("A=\"o\\\"ld\"", Some("A=new")),
            ("A='it'\\''s # one'", Some("A=new")),
            ("A=a#b", Some("A=new")),
            ("A=#note", Some("A=new #note")),
            ("A=", Some("A=new")),
            ("A=\"-----BEGIN", None),
            ("# A", None),
        ] {
            let changed = with_value(line, "new");
            assert_eq!(changed.as_ref().map(|text| text.as_str()), wanted, "{line}");
        }
    }
}
