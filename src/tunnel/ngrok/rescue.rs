//! What ngrok had captured before the receiver started: webhooks that nobody, or somebody else, answered.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;

use super::agent::Agent;
use crate::inspector::import::Item;
use crate::inspector::receiver::{MARK, MAX_BODY, sift};

/// How many captured requests are looked at. ngrok keeps what fits into its memory.
const MOST: u32 = 500;
/// The most headers of one.
const HEADERS: usize = 64;

/// The webhooks among what the endpoint `name` took in before `started`, the oldest first.
pub(super) async fn earlier(agent: &Agent, name: &str, started: Timestamp) -> Vec<Item> {
    let captured = match agent.captured(MOST).await {
        Ok(captured) => captured,
        Err(trouble) => {
            tracing::info!(?trouble, "ngrok does not tell what it captured");
            return Vec::new();
        }
    };
    let mut items: Vec<Item> = captured.iter().filter_map(|one| item(one, name, started)).collect();
    items.sort_by_key(|item| item.received_at);
    items
}

/// A captured request as an attempt that arrived; `None` where it is no webhook, or not whole.
fn item(one: &Value, name: &str, started: Timestamp) -> Option<Item> {
    let text = |pointer: &str| one.pointer(pointer).and_then(Value::as_str);
    // An older agent writes `command_line (http)` for the second half of a pair.
    let of = text("/tunnel_name").unwrap_or(name);
    let at: Timestamp = text("/start")?.parse().ok()?;
    if text("/request/method") != Some("POST") || at >= started || of.split(" (").next() != Some(name) {
        return None;
    }
    let headers: Vec<(String, String)> = one
        .pointer("/request/headers")?
        .as_object()?
        .iter()
        .flat_map(|(name, values)| {
            let values = values.as_array().cloned().unwrap_or_else(|| vec![values.clone()]);
            values.into_iter().filter_map(|value| Some((name.clone(), value.as_str()?.to_owned())))
        })
        .take(HEADERS)
        .collect();
    let find =
        |name: &str| headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str());
    let raw = STANDARD.decode(text("/request/raw")?).ok()?;
    let body = body_of(&raw, find("content-length").and_then(|length| length.parse().ok()))?;
    let by_type = find("content-type").is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/jwt"));
    let own = find("webhook-id").is_some_and(|id| id.starts_with(MARK));
    if own || body.len() > MAX_BODY || !(by_type || sift(&body).event_type.is_some()) {
        return None;
    }
    let responded = one.pointer("/response/status_code").and_then(Value::as_u64).and_then(|it| u16::try_from(it).ok());
    Some(Item::captured("ngrok", headers, body, at, responded))
}

/// The body within the raw bytes of a request; `None` where it was cut. ngrok may keep the beginning of a long one alone.
fn body_of(raw: &[u8], length: Option<usize>) -> Option<Vec<u8>> {
    let head_ends = raw.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
    let begins_with_head = raw.starts_with(b"POST ");
    let (head, body) = match head_ends.filter(|_| begins_with_head) {
        Some(at) => raw.split_at_checked(at)?,
        None if begins_with_head => return None,
        None => (&[][..], raw),
    };
    let chunked = String::from_utf8_lossy(head).to_ascii_lowercase().contains("transfer-encoding: chunked");
    match length {
        Some(length) => (body.len() >= length).then(|| body.get(..length)).flatten().map(<[u8]>::to_vec),
        None if chunked => unchunked(body).or_else(|| Some(body.to_vec())),
        None => Some(body.to_vec()),
    }
}

/// A chunked body as it was meant; `None` where it is none, or cut.
fn unchunked(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let line = body.windows(2).position(|two| two == b"\r\n")?;
        let (size, rest) = body.split_at_checked(line)?;
        let size = str::from_utf8(size).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        let rest = rest.get(2..)?;
        if size == 0 {
            return Some(out);
        }
        out.extend_from_slice(rest.get(..size)?);
        body = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_found_behind_its_head_by_its_length_in_chunks_or_alone_and_a_cut_one_is_left() {
        let raw = |head: &str, body: &str| format!("POST /k HTTP/1.1\r\n{head}\r\n{body}").into_bytes();
        let text = |body: Option<Vec<u8>>| body.map(|body| String::from_utf8(body).unwrap());
        assert_eq!(text(body_of(&raw("host: a\r\n", "a.b.c"), Some(5))).as_deref(), Some("a.b.c"));
        assert_eq!(text(body_of(&raw("host: a\r\n", "a.b.c"), None)).as_deref(), Some("a.b.c"));
        assert_eq!(body_of(&raw("host: a\r\n", "a.b"), Some(5)), None);
        let chunked = raw("Transfer-Encoding: chunked\r\n", "3\r\na.b\r\n2;x=1\r\n.c\r\n0\r\n\r\n");
        assert_eq!(text(body_of(&chunked, None)).as_deref(), Some("a.b.c"));
        assert_eq!(text(body_of(b"a.b.c", Some(5))).as_deref(), Some("a.b.c"));
        assert_eq!(body_of(b"POST /k HTTP/1.1\r\nhost", None), None);
    }
}
