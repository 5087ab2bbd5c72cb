//! The words for what is wrong with transport, envelope and header.

use super::paste::PastedRequest;
use super::rung::Findings;
use crate::check::Check;
use crate::jwt::{self, EnvelopeFault, Header, HeaderFault, Json};

/// Evidence without end is none.
pub(super) fn shorten(text: impl Into<String>) -> String {
    const MOST: usize = 120;
    let mut text = text.into();
    // No text has more characters than bytes.
    if text.len() > MOST
        && let Some((at, _)) = text.char_indices().nth(MOST)
    {
        text.truncate(at);
        text.push('…');
    }
    text
}

pub(super) fn transport(request: Option<&PastedRequest>) -> Check {
    let Some(request) = request else { return Check::skipped("transport", "Pasted, not received") };
    match request.header("content-type") {
        Some(kind)
            if request.first_line.starts_with("POST") && !kind.to_ascii_lowercase().starts_with("application/jwt") =>
        {
            Check::warn(
                "transport",
                format!("Sent as {}; Kinde sends webhooks as application/jwt", shorten(kind)),
                "Read the body as plain text before any JSON parser",
            )
        }
        _ => Check::pass("transport"),
    }
    .seen(shorten(&request.first_line))
}

pub(super) fn envelope_words(fault: &EnvelopeFault) -> (&'static str, String, &'static str) {
    match fault {
        EnvelopeFault::Empty => ("envelope", "Nothing there".to_owned(), "Give a token: three parts with dots between"),
        EnvelopeFault::TooLong(bytes) => (
            "envelope",
            format!("{bytes} bytes are more than the {} MiB that are read", jwt::MAX_TOKEN >> 20),
            "Look whether this is a token at all",
        ),
        EnvelopeFault::Parts(1) => (
            "envelope",
            "Not a JWT: no dots, so no three parts".to_owned(),
            "Give the whole token: header.payload.signature",
        ),
        EnvelopeFault::Parts(2) => (
            "envelope",
            "Only two parts: the signature is missing".to_owned(),
            "Copy the whole token: header.payload.signature",
        ),
        EnvelopeFault::Parts(count) => {
            ("envelope", format!("{count} parts instead of three"), "Give the token alone: header.payload.signature")
        }
        EnvelopeFault::Encrypted => (
            "envelope",
            "Encrypted (JWE, five parts): not opened, not verified".to_owned(),
            "Kinde signs and does not encrypt; only the receiver that holds the private key can open it",
        ),
        EnvelopeFault::Several(count) => (
            "envelope",
            format!("Several tokens: {count}"),
            "Paste one of them. On the command line --lines judges one token a line",
        ),
        EnvelopeFault::JsonSerialisation => (
            "envelope",
            "A JWS in its JSON serialisation; only the compact form is taken".to_owned(),
            "Give it as protected.payload.signature in one line",
        ),
        EnvelopeFault::Base64 { part, why } => (
            "envelope",
            format!("The {part} is not base64url: {why}"),
            "Copy the token again, unchanged, from its source",
        ),
        EnvelopeFault::HeaderJson(fault) => (
            "header",
            format!("The first part is no JSON: {fault}"),
            "Not a JWT, or a damaged one: copy it again from its source",
        ),
        EnvelopeFault::HeaderKind(kind) => {
            ("header", format!("The first part is {kind}, not an object"), "Not a JWT: copy it again from its source")
        }
    }
}

/// What JSON in the place of a token is, and where the token is to be had. `None`: it is no JSON object or list.
pub(super) fn json_words(text: &str) -> Option<(&'static str, &'static str)> {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let json = Json::parse(text.as_bytes()).ok()?;
    let has = |name: &str| json.get(name).is_some();
    let body = "Give the request's body as it came, the text that begins with eyJ: Kinde sends application/jwt, so read it as \
                text, before any JSON parser";
    Some(if json.members().is_some_and(<[_]>::is_empty) {
        ("An empty JSON object and no JWT: a parser for application/json makes that of a body it does not take", body)
    } else if has("type") && (has("data") || has("event_id")) {
        (
            "This is an event as JSON and no JWT: probably what a handler decoded. Its signature is gone, so that nobody can \
             verify it",
            body,
        )
    } else if has("keys") || has("kty") {
        (
            "This is a key set as JSON and no JWT",
            "Give the token, and name the key set beside it: on the command line with --jwks FILE",
        )
    } else {
        ("This is JSON and no JWT: probably what a handler or a log made of a body", body)
    })
}

pub(super) fn header_faults(header: &Header, findings: &mut Findings) {
    for fault in &header.faults {
        match fault {
            HeaderFault::AlgNone(_) => {}
            HeaderFault::AlgMissing => {
                findings.fail("`alg` is missing", "A JWT names its algorithm: find out who made this one");
            }
            HeaderFault::AlgType(kind) => {
                findings.fail(format!("`alg` is {kind}, not a text"), "A JWT names its algorithm as a text");
            }
            HeaderFault::Doubles(doubles) => findings.fail(
                format!("{doubles} in the header, and programs disagree on which one counts"),
                "Never accept it: one program may check what another does not use",
            ),
            HeaderFault::Crit(value) => findings.fail(
                format!("`crit` is {}: an extension that must be understood, and none is", shorten(value)),
                "RFC 7515 section 4.1.11 wants it refused. Kinde never writes `crit`",
            ),
            HeaderFault::B64 => findings
                .fail("`b64` changes what was signed (RFC 7797)", "A JWT must not have it. Kinde never writes `b64`"),
            HeaderFault::Kid(why) => {
                findings.fail(format!("`kid` {why}"), "Kinde's key IDs are 16 hex pairs with colons");
            }
        }
    }
}
