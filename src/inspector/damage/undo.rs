//! The known manglings and how each is undone. An undoing answers what the bytes may have been; none where it does not fit.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::super::paste;
use super::{MOST, Mangling};
use crate::jwt::Json;

/// What happens to the whole body, the likeliest first.
pub(super) const ENVELOPE: [Mangling; 16] = [
    Mangling {
        what: "It stands in JSON quotes",
        culprit: "smee-client does that, and JSON.stringify() over a body that is text already",
        undo: json_text,
    },
    Mangling {
        what: "A JSON object is around it",
        culprit: "smee, gateways and body parsers like express.json() wrap the body in one",
        undo: json_object,
    },
    Mangling {
        what: "It begins with a byte order mark",
        culprit: "An editor or a shell on Windows wrote it to a file on the way",
        undo: byte_order_mark,
    },
    Mangling {
        what: "White space stands at its ends",
        culprit: "echo, a text file or a template adds a line end; Kinde's body has none",
        undo: ends,
    },
    Mangling {
        what: "`Bearer` stands before it",
        culprit: "It was taken out of an Authorization header as a whole",
        undo: bearer,
    },
    Mangling {
        what: "It was sent as a form",
        culprit: "Something sends it as application/x-www-form-urlencoded, or a parser like express.urlencoded() read it so",
        undo: form,
    },
    Mangling {
        what: "It is URL-encoded",
        culprit: "A proxy, or a link it was put into, encoded it",
        undo: url_encoded,
    },
    Mangling {
        what: "Quotes or backslashes are left around it",
        culprit: "It was made JSON more than once, and smee-client strips backslashes",
        undo: left_over_quotes,
    },
    Mangling {
        what: "White space or zero-width characters stand inside it",
        culprit: "A terminal, a mail or a YAML file wrapped the line",
        undo: inner_blanks,
    },
    Mangling {
        what: "Backslashes stand inside it",
        culprit: "Markdown, chat and shells write `_` and `-` with a backslash",
        undo: inner_backslashes,
    },
    Mangling {
        what: "It was encoded anew as plain base64 with `+`, `/` or `=`",
        culprit: "Something took it apart and put it together again",
        undo: plain_base64,
    },
    Mangling {
        what: "The whole of it is base64 once more",
        culprit: "AWS API Gateway hands Lambda the body so (isBase64Encoded)",
        undo: whole_base64,
    },
    Mangling {
        what: "It is compressed (gzip)",
        culprit: "A proxy compressed it, or took Content-Encoding away without undoing it",
        undo: gzip,
    },
    Mangling { what: "It is UTF-16; a token is plain ASCII", culprit: "PowerShell's > writes files so", undo: utf16 },
    Mangling { what: "It is quoted-printable", culprit: "It came by mail", undo: quoted_printable },
    Mangling {
        what: "The chunks of its transfer are still in it",
        culprit: "A proxy took Transfer-Encoding: chunked away without undoing it",
        undo: chunks,
    },
];

/// What happens to the payload alone, when something reads its JSON and writes it anew.
pub(super) const PAYLOAD: [Mangling; 3] = [
    Mangling {
        what: "The payload was written anew: `<`, `>` or `&` were escaped when it was signed",
        culprit: "JSON.parse() and JSON.stringify(), or a token editor, write `&` for `\\u0026`",
        undo: html_escapes,
    },
    Mangling {
        what: "The payload was written anew: `/` had no backslash when it was signed",
        culprit: "PHP's json_encode() writes `\\/` for `/`",
        undo: slashes,
    },
    Mangling {
        what: "The payload was written anew with other white space, escapes or order",
        culprit: "A pretty printer, a token editor or Python's json.dumps() did that",
        undo: written_anew,
    },
];

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn one(found: Option<Vec<u8>>) -> Vec<Vec<u8>> {
    found.into_iter().collect()
}

fn json_text(bytes: &[u8]) -> Vec<Vec<u8>> {
    match Json::parse(bytes) {
        Ok(Json::Text(inner)) => vec![inner.as_bytes().to_vec()],
        _ => Vec::new(),
    }
}

fn json_object(bytes: &[u8]) -> Vec<Vec<u8>> {
    let Ok(json) = Json::parse(bytes) else { return Vec::new() };
    if !matches!(json, Json::Object(_) | Json::List(_)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    tokens_of(&json, &mut found);
    found
}

/// Values that are tokens, and names: a form parser makes the whole body a name without a value.
fn tokens_of(json: &Json, out: &mut Vec<Vec<u8>>) {
    let mut take = |text: &str| {
        if out.len() < 8 && paste::looks_like_token(text) {
            out.push(text.as_bytes().to_vec());
        }
    };
    match json {
        Json::Text(text) => take(text),
        Json::List(items) => items.iter().for_each(|item| tokens_of(item, out)),
        Json::Object(members) => {
            members.iter().for_each(|(name, _)| take(name));
            members.iter().for_each(|(_, value)| tokens_of(value, out));
        }
        _ => {}
    }
}

fn byte_order_mark(bytes: &[u8]) -> Vec<Vec<u8>> {
    one(bytes.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec))
}

fn ends(bytes: &[u8]) -> Vec<Vec<u8>> {
    vec![bytes.trim_ascii().to_vec()]
}

fn bearer(bytes: &[u8]) -> Vec<Vec<u8>> {
    let rest = bytes.split_at_checked(7).filter(|(head, _)| head.eq_ignore_ascii_case(b"bearer "));
    one(rest.map(|(_, rest)| rest.trim_ascii_start().to_vec()))
}

fn form(bytes: &[u8]) -> Vec<Vec<u8>> {
    // A whole number of fours is padded base64, and the `=` at its end no part of a form.
    let padded =
        bytes.ends_with(b"=") && bytes.rsplit(|byte| *byte == b'.').next().is_some_and(|end| end.len() % 4 == 0);
    if padded || !bytes.contains(&b'=') {
        return Vec::new();
    }
    let pairs = url::form_urlencoded::parse(bytes).take(8).flat_map(|(name, value)| [value, name]);
    pairs.filter(|text| paste::looks_like_token(text)).map(|text| text.into_owned().into_bytes()).collect()
}

fn url_encoded(bytes: &[u8]) -> Vec<Vec<u8>> {
    vec![percent_encoding::percent_decode(bytes).collect()]
}

fn left_over_quotes(bytes: &[u8]) -> Vec<Vec<u8>> {
    one(text(bytes).map(|text| text.trim_matches(['"', '\\', '\'', '`']).as_bytes().to_vec()))
}

fn inner_blanks(bytes: &[u8]) -> Vec<Vec<u8>> {
    one(text(bytes).and_then(paste::without_inner_blanks).map(String::into_bytes))
}

fn inner_backslashes(bytes: &[u8]) -> Vec<Vec<u8>> {
    vec![bytes.iter().copied().filter(|byte| *byte != b'\\').collect()]
}

fn plain_base64(bytes: &[u8]) -> Vec<Vec<u8>> {
    let other = |byte: &u8| match byte {
        b'+' => Some(b'-'),
        b'/' => Some(b'_'),
        b'=' => None,
        other => Some(*other),
    };
    vec![bytes.iter().filter_map(other).collect()]
}

/// Of either alphabet, padded or not, in one line or wrapped.
fn whole_base64(bytes: &[u8]) -> Vec<Vec<u8>> {
    let end = bytes.iter().rposition(|byte| *byte != b'=' && !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
    let plain = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    let text = bytes.get(..end).unwrap_or_default().iter().filter(|byte| !byte.is_ascii_whitespace());
    one(STANDARD_NO_PAD.decode(text.map(plain).collect::<Vec<u8>>()).ok())
}

fn gzip(bytes: &[u8]) -> Vec<Vec<u8>> {
    if !bytes.starts_with(b"\x1f\x8b") {
        return Vec::new();
    }
    let mut inner = Vec::new();
    let read = flate2::read::GzDecoder::new(bytes).take(MOST as u64 + 1).read_to_end(&mut inner);
    one((read.is_ok() && inner.len() <= MOST).then_some(inner))
}

fn utf16(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (little, rest) = match bytes {
        [0xff, 0xfe, rest @ ..] => (true, rest),
        [0xfe, 0xff, rest @ ..] => (false, rest),
        _ => return Vec::new(),
    };
    let pairs = rest.chunks_exact(2);
    let units = pairs.filter_map(|pair| <[u8; 2]>::try_from(pair).ok());
    let units: Vec<u16> =
        units.map(|pair| if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }).collect();
    one(String::from_utf16(&units).ok().map(|text| text.trim().as_bytes().to_vec()))
}

fn quoted_printable(bytes: &[u8]) -> Vec<Vec<u8>> {
    let Some(text) = text(bytes).filter(|text| text.contains("=\n") || text.contains("=\r\n") || text.contains("=2E"))
    else {
        return Vec::new();
    };
    let joined = text.replace("=\r\n", "").replace("=\n", "");
    vec![joined.replace("=2E", ".").replace("=2D", "-").replace("=5F", "_").trim().as_bytes().to_vec()]
}

fn chunks(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = bytes;
    let mut whole = Vec::new();
    loop {
        let Some(at) = rest.windows(2).position(|pair| pair == b"\r\n") else { return Vec::new() };
        let (size, after) = rest.split_at(at);
        let size = text(size).and_then(|size| usize::from_str_radix(size.split(';').next()?.trim(), 16).ok());
        let after = after.get(2..).unwrap_or_default();
        match size {
            Some(0) => return vec![whole],
            Some(size) if size <= after.len() => {
                let (chunk, after) = after.split_at(size);
                whole.extend_from_slice(chunk);
                // The last one may have been cut off with its line end.
                match after {
                    [] => return vec![whole],
                    [b'\r', b'\n', next @ ..] => rest = next,
                    _ => return Vec::new(),
                }
            }
            _ => return Vec::new(),
        }
    }
}

/// Go's encoder escapes these five characters in every text. That Kinde signs what Go wrote is inferred from the order of
/// its members; here the signature alone decides.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}

fn html_escapes(payload: &[u8]) -> Vec<Vec<u8>> {
    one(text(payload).map(|text| escaped(text).into_bytes()))
}

fn slashes(payload: &[u8]) -> Vec<Vec<u8>> {
    one(text(payload).map(|text| text.replace("\\/", "/").into_bytes()))
}

fn written_anew(payload: &[u8]) -> Vec<Vec<u8>> {
    let Ok(json) = Json::parse(payload) else { return Vec::new() };
    let mut sorted = json.clone();
    sort(&mut sorted);
    [json.to_text(), sorted.to_text()]
        .into_iter()
        .flat_map(|text| [escaped(&text), text])
        .map(String::into_bytes)
        .collect()
}

/// Kinde writes members by the alphabet, as Go does.
fn sort(json: &mut Json) {
    match json {
        Json::Object(members) => {
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            members.iter_mut().for_each(|(_, value)| sort(value));
        }
        Json::List(items) => items.iter_mut().for_each(sort),
        _ => {}
    }
}
