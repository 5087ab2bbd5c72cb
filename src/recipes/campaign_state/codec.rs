//! The `state` of a campaign: base64url of JSON, a dot, an HMAC-SHA256 over the first part cut to 22 characters.
//!
//! Letter for letter what the generated `lib/campaign-state.ts` writes and reads.

use aws_lc_rs::{constant_time, hmac};
use serde::{Deserialize, Serialize};

use crate::jwt::{decode_base64url, encode_base64url};

/// How long a sign-in may take, in seconds.
pub const MAX_AGE: i64 = 3600;
/// A state that was made later than now by more than this many seconds was made by a clock that is wrong.
pub const MAX_AHEAD: i64 = 60;
/// Longer than this a state is refused; longer than [`LONG`] it is warned of.
pub const MAX_LENGTH: usize = 1500;
/// See [`MAX_LENGTH`].
pub const LONG: usize = 512;
/// Kinde refuses a shorter state.
pub const MIN_LENGTH: usize = 8;
/// Characters of the signature: 132 bits.
const MAC_LENGTH: usize = 22;

/// Where a person came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// `utm_source`
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `utm_medium`
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    /// `utm_campaign`
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// `utm_term`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<String>,
    /// `utm_content`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Google's click ID
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub gclid: Option<String>,
}

impl Campaign {
    /// Name of the input and value, in the order they are written.
    pub fn pairs(&self) -> [(&'static str, Option<&str>); 6] {
        [
            ("source", self.source.as_deref()),
            ("medium", self.medium.as_deref()),
            ("campaign", self.campaign.as_deref()),
            ("term", self.term.as_deref()),
            ("content", self.content.as_deref()),
            ("gclid", self.gclid.as_deref()),
        ]
    }

    /// The query parameter that a link carries a value in.
    pub fn parameter(name: &str) -> String {
        if name == "gclid" { name.to_owned() } else { format!("utm_{name}") }
    }
}

/// What is inside a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// The version of this form: 1.
    pub v: u32,
    /// The nonce, which the browser has in a cookie.
    pub n: String,
    /// When it was made, in seconds of Unix time.
    pub t: i64,
    /// Where the person came from.
    #[serde(flatten)]
    pub campaign: Campaign,
}

/// Why a text is no state of this form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing there.
    Empty,
    /// It has a blank where plain base64 has `+`.
    Blank,
    /// No dot: there is no signature.
    NoSignature,
    /// What stands before the dot is not base64url.
    Encoding,
    /// What stands before the dot is not the JSON it should be.
    Content,
}

/// A state that was read; nothing of it is believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// What it says.
    pub body: Body,
    part: String,
    mac: String,
}

/// Writes `body` as a state signed with `key`.
pub fn write(key: &[u8], body: &Body) -> String {
    let part = encode_base64url(serde_json::to_string(body).unwrap_or_default().as_bytes());
    let mac = mac(key, &part);
    format!("{part}.{mac}")
}

fn mac(key: &[u8], part: &str) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), part.as_bytes());
    let mut text = encode_base64url(tag.as_ref());
    text.truncate(MAC_LENGTH);
    text
}

/// Takes `state` apart.
///
/// # Errors
/// When it is none of this form.
pub fn read(state: &str) -> Result<Read, Fault> {
    if state.is_empty() {
        return Err(Fault::Empty);
    }
    if state.contains(' ') {
        return Err(Fault::Blank);
    }
    let (part, mac) = state.rsplit_once('.').ok_or(Fault::NoSignature)?;
    let json = decode_base64url(part.as_bytes()).map_err(|_| Fault::Encoding)?;
    let body = serde_json::from_slice(&json).map_err(|_| Fault::Content)?;
    Ok(Read { body, part: part.to_owned(), mac: mac.to_owned() })
}

impl Read {
    /// True where `key` signed it. In constant time.
    pub fn is_signed_with(&self, key: &[u8]) -> bool {
        constant_time::verify_slices_are_equal(mac(key, &self.part).as_bytes(), self.mac.as_bytes()).is_ok()
    }

    /// True where it belongs to the browser that has `nonce`. In constant time.
    pub fn belongs_to(&self, nonce: &str) -> bool {
        constant_time::verify_slices_are_equal(self.body.n.as_bytes(), nonce.as_bytes()).is_ok()
    }
}

/// A key as people keep it: 64 hexadecimal digits.
///
/// # Errors
/// In words, without the key.
pub fn key(text: &str) -> Result<[u8; 32], &'static str> {
    let digits = text.trim();
    let mut key = [0; 32];
    if digits.len() != 64 || !digits.is_ascii() {
        return Err("it has not the 64 hexadecimal digits it should have");
    }
    for (byte, pair) in key.iter_mut().zip(digits.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).unwrap_or_default();
        *byte = u8::from_str_radix(pair, 16).map_err(|_| "it holds something that is no hexadecimal digit")?;
    }
    Ok(key)
}

/// `bytes` as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by another implementation: Node's `createHmac` and `Buffer`.
    const VECTOR: &str = "eyJ2IjoxLCJuIjoiWm05dlltRnlZbUY2Y1hWNCIsInQiOjE3OTU0NDYwMDAsInMiOiJyZWRkaXQiLCJtIjoic29jaWFsIiwiYyI6Imp1bsOpK2xhdW5jaCAmIGNvPTUwJSIsImciOiJnY2xpZC1DajBLQ1EifQ.CZZDrWK70Plh20BtE7Rwgp";

    fn body() -> Body {
        let text = |text: &str| Some(text.to_owned());
        Body {
            v: 1,
            n: "Zm9vYmFyYmF6cXV4".to_owned(),
            t: 1_795_446_000,
            campaign: Campaign {
                source: text("reddit"),
                medium: text("social"),
                campaign: text("juné+launch & co=50%"),
                gclid: text("gclid-Cj0KCQ"),
                ..Campaign::default()
            },
        }
    }

    fn vector_key() -> [u8; 32] {
        std::array::from_fn(|at| u8::try_from(at).unwrap())
    }

    #[test]
    fn a_state_is_byte_for_byte_what_the_other_implementation_writes_and_reads_back_as_it_was() {
        assert_eq!(write(&vector_key(), &body()), VECTOR);
        assert_eq!(VECTOR.len(), 181);
        let read = read(VECTOR).unwrap();
        assert_eq!(read.body, body());
        assert!(read.is_signed_with(&vector_key()) && read.belongs_to("Zm9vYmFyYmF6cXV4"));
        assert!(!read.is_signed_with(&[0; 32]) && !read.belongs_to("Zm9vYmFyYmF6cXV5"));
    }

    #[test]
    fn what_was_changed_cut_or_never_signed_is_told_apart() {
        let (part, mac) = VECTOR.split_once('.').unwrap();
        assert_eq!(read(""), Err(Fault::Empty));
        assert_eq!(read(part), Err(Fault::NoSignature));
        assert_eq!(read(&format!("{}.{mac}", part.replace('J', " "))), Err(Fault::Blank));
        assert_eq!(read(&format!("{}.{mac}", &part[..part.len() - 3])), Err(Fault::Content));
        assert_eq!(read("e30.x"), Err(Fault::Content));
        assert_eq!(read("!.x"), Err(Fault::Encoding));
        for forged in [format!("{part}.{}", &mac[..21]), format!("{part}.{mac}A"), format!("{part}.")] {
            assert!(!read(&forged).unwrap().is_signed_with(&vector_key()), "{forged}");
        }
        let other = Body { campaign: Campaign { source: Some("me".to_owned()), ..Campaign::default() }, ..body() };
        let other = write(&[7; 32], &other);
        assert!(!read(&other).unwrap().is_signed_with(&vector_key()));
    }

    #[test]
    fn a_key_is_64_hexadecimal_digits_and_nothing_else() {
        assert_eq!(key(&hex(&vector_key())).unwrap(), vector_key());
        for wrong in ["", "00", &"g".repeat(64), &"é".repeat(32), &"0".repeat(63)] {
            assert!(key(wrong).is_err(), "{wrong}");
        }
    }
}
