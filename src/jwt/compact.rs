//! The compact serialisation: three parts of strict base64url, all decoded before anything is verified.

use super::b64::decode_base64url;
use super::header::Header;
use super::json::{Json, JsonFault};

/// The longest token that is read, in bytes.
pub const MAX_TOKEN: usize = 16 << 20;

/// Why some bytes are no compact JWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvelopeFault {
    /// Nothing there.
    Empty,
    /// Longer than [`MAX_TOKEN`].
    TooLong(usize),
    /// Not three parts.
    Parts(usize),
    /// Five parts and a header that names an encryption: a JWE.
    Encrypted,
    /// More than one token, with white space between them: how many.
    Several(usize),
    /// A JSON serialisation (RFC 7515 section 7.2).
    JsonSerialisation,
    /// A part is not base64url: which, and why.
    Base64 {
        /// `header`, `payload` or `signature`.
        part: &'static str,
        /// In words.
        why: String,
    },
    /// The first part is not JSON.
    HeaderJson(JsonFault),
    /// The first part is JSON, but no object.
    HeaderKind(&'static str),
}

/// A token taken apart, nothing verified.
#[derive(Clone)]
pub struct Compact<'a> {
    /// The judged header.
    pub header: Header,
    /// The payload's bytes.
    pub payload: Vec<u8>,
    /// The signature's bytes; empty for an unsigned token.
    pub signature: Vec<u8>,
    /// What was signed: header and payload as received.
    pub signed: &'a [u8],
}

impl<'a> Compact<'a> {
    /// Takes `token` apart. Nothing around it is tolerated.
    ///
    /// # Errors
    /// The first thing that is wrong with the envelope.
    pub fn split(token: &'a [u8]) -> Result<Self, EnvelopeFault> {
        if token.is_empty() {
            return Err(EnvelopeFault::Empty);
        }
        if token.len() > MAX_TOKEN {
            return Err(EnvelopeFault::TooLong(token.len()));
        }
        if is_json_serialisation(token) {
            return Err(EnvelopeFault::JsonSerialisation);
        }
        let three = until_dot(token).and_then(|(header, rest)| Some((header, until_dot(rest)?)));
        let Some((header, (payload, signature))) =
            three.filter(|(_, (_, signature))| memchr::memchr(b'.', signature).is_none())
        else {
            return Err(no_three_parts(token));
        };
        let decode = |part, text| decode_base64url(text).map_err(|why| EnvelopeFault::Base64 { part, why });
        let header_bytes = decode("header", header)?;
        let payload_bytes = decode("payload", payload)?;
        let signature_bytes = decode("signature", signature)?;
        let json = Json::parse(&header_bytes).map_err(EnvelopeFault::HeaderJson)?;
        let kind = json.kind();
        let header_read = Header::read(json).ok_or(EnvelopeFault::HeaderKind(kind))?;
        let signed = token.get(..header.len() + 1 + payload.len()).unwrap_or_default();
        Ok(Self { header: header_read, payload: payload_bytes, signature: signature_bytes, signed })
    }
}

/// What stands before the first dot, and what after it.
fn until_dot(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (before, after) = bytes.split_at_checked(memchr::memchr(b'.', bytes)?)?;
    Some((before, after.get(1..)?))
}

/// What `token` is, which has not three parts.
fn no_three_parts(token: &[u8]) -> EnvelopeFault {
    let count = token.split(|byte| *byte == b'.').count();
    if count == 5 && token.split(|byte| *byte == b'.').next().is_some_and(looks_like_jwe) {
        return EnvelopeFault::Encrypted;
    }
    match tokens_in(token) {
        0 | 1 => EnvelopeFault::Parts(count),
        several => EnvelopeFault::Several(several),
    }
}

/// RFC 7516 sections 4.1.2 and 9: `enc` is what a JWE has and a JWS has not.
fn looks_like_jwe(header: &[u8]) -> bool {
    header_of(header).is_some_and(|json| json.get("enc").is_some())
}

fn header_of(part: &[u8]) -> Option<Json> {
    Json::parse(&decode_base64url(part).ok()?).ok().filter(|json| json.members().is_some())
}

/// How many of the words in `text` start as a token does and have its three parts.
fn tokens_in(text: &[u8]) -> usize {
    let is_token = |word: &&[u8]| {
        let mut parts = word.split(|byte| *byte == b'.');
        parts.next().and_then(header_of).is_some() && parts.count() == 2
    };
    text.split(u8::is_ascii_whitespace).filter(is_token).count()
}

/// True for a JWS or JWE in its JSON serialisation (RFC 7515 section 7.2, RFC 7516 section 7.2).
pub fn is_json_serialisation(token: &[u8]) -> bool {
    token.trim_ascii_start().starts_with(b"{")
        && Json::parse(token).is_ok_and(|json| {
            json.get("signatures").is_some()
                || (json.get("signature").is_some() && json.get("payload").is_some())
                || json.get("ciphertext").is_some()
        })
}
