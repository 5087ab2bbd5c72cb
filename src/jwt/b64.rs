//! Base64url as RFC 7515 section 2 wants it, and nothing else.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{DecodeError, Engine as _};

/// Decodes base64url without padding, white space or line ends; unused bits must be zero.
///
/// # Errors
/// In words, naming the first offence and its place (counted in characters from 1).
pub fn decode_base64url(text: &[u8]) -> Result<Vec<u8>, String> {
    URL_SAFE_NO_PAD.decode(text).map_err(|error| offence(text, &error))
}

/// What makes `text` no base64url: sought only where it cannot be decoded.
fn offence(text: &[u8], error: &DecodeError) -> String {
    let foreign = text.iter().position(|byte| !matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
    let Some((at, byte)) = foreign.and_then(|at| Some((at, *text.get(at)?))) else {
        return match error {
            DecodeError::InvalidLength(_) => "a length no base64url text has: a character is missing at the end",
            _ => "unused bits that are not zero in its last character",
        }
        .to_owned();
    };
    let place = at + 1;
    match byte {
        b'=' => format!("padding (`=`) at character {place}"),
        b'+' | b'/' => {
            let letter = byte as char;
            format!("a character of plain base64 (`{letter}`) at character {place}; base64url has `-` and `_`")
        }
        b' ' | b'\t' | b'\r' | b'\n' => format!("white space at character {place}"),
        0x21..=0x7e => format!("`{}` at character {place}", byte as char),
        other => format!("the byte 0x{other:02x} at character {place}"),
    }
}

/// Encodes `bytes` as base64url without padding.
pub fn encode_base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_canonical_spelling_of_some_bytes_is_decoded() {
        assert_eq!(decode_base64url(b"Zm9vYg").unwrap(), b"foob");
        for wrong in ["Zm9vYg==", "Zm9v Yg", "Zm9vYg\n", "Zm9vYh", "Zm9vY", "Zm9+", "Zm9/", "Zm?v", "Zm\u{e9}v"] {
            assert!(decode_base64url(wrong.as_bytes()).is_err(), "{wrong:?} was decoded");
        }
        assert!(decode_base64url(b"Zm9vYh").unwrap_err().contains("unused bits"));
    }
}
