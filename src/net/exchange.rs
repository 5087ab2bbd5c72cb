//! One HTTP exchange as Activity keeps it: redacted when it is made.

use jiff::Timestamp;

use super::redact::{is_secret_header, is_secret_name, mask_url, redact_json_text, without};
use super::request::{Body, Request, Value};
use crate::secrets::{MASK, Secret};

/// The most of a body that an exchange keeps, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// The number of an exchange within this run, from 1.
pub type ExchangeId = u64;

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An answer with this status came.
    Status(u16),
    /// None came: why.
    Failed(String),
}

/// What was sent and what came back, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Its number in this run.
    pub id: ExchangeId,
    /// When it was sent.
    pub at: Timestamp,
    /// What it was for.
    pub purpose: String,
    /// GET, POST …
    pub method: String,
    /// The whole address, secret query values masked.
    pub url: String,
    /// Request headers, `Authorization` included as `Bearer •••`.
    pub request_headers: Vec<(String, String)>,
    /// Request body as sent, secrets masked.
    pub request_body: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Answer headers.
    pub response_headers: Vec<(String, String)>,
    /// Answer body, secrets masked, cut at [`BODY_LIMIT`].
    pub response_body: String,
    /// From the first byte sent to the last received, in milliseconds.
    pub ms: u64,
}

impl Exchange {
    /// The request half, before it is sent.
    pub(super) fn begin(id: ExchangeId, at: Timestamp, request: &Request) -> Self {
        let mut headers: Vec<(String, String)> =
            request.headers.iter().map(|(name, value)| (name.clone(), shown_header(name, value))).collect();
        if request.bearer.is_some() {
            headers.push(("authorization".to_owned(), format!("Bearer {MASK}")));
        } else if request.basic.is_some() {
            headers.push(("authorization".to_owned(), format!("Basic {MASK}")));
        }
        let body = match &request.body {
            Body::Empty => String::new(),
            Body::Form(pairs) => {
                headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
                pairs.iter().map(|(name, value)| format!("{name}={}", shown(name, value))).collect::<Vec<_>>().join("&")
            }
            Body::Json(value) => {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
                redact_json_text(&value.to_string()).into_owned()
            }
        };
        let secrets = request.secrets();
        let mut url = mask_url(request.url.as_str()).unwrap_or_else(|| request.url.to_string());
        for (index, (name, value)) in request.query.iter().enumerate() {
            url.push(if index == 0 && request.url.query().is_none() { '?' } else { '&' });
            url.push_str(&format!("{name}={}", shown(name, value)));
        }
        Self {
            id,
            at,
            purpose: without(&secrets, &request.purpose),
            method: request.method.to_string(),
            url: without(&secrets, &url),
            request_headers: headers,
            request_body: cut(&body),
            outcome: Outcome::Failed("not sent".to_owned()),
            response_headers: Vec::new(),
            response_body: String::new(),
            ms: 0,
        }
    }

    /// Adds what came back. `secrets` are those that were sent: an answer may echo them.
    pub(super) fn answered(
        &mut self,
        secrets: &[Secret],
        status: u16,
        headers: &[(String, String)],
        body: &[u8],
        ms: u64,
    ) {
        self.outcome = Outcome::Status(status);
        self.ms = ms;
        self.response_headers = headers
            .iter()
            .map(|(name, value)| {
                let value = if is_secret_header(name) {
                    MASK.to_owned()
                } else {
                    without(secrets, &mask_url(value).unwrap_or_else(|| value.clone()))
                };
                (name.clone(), value)
            })
            .collect();
        // Redact the whole before cutting it: a cut secret would no longer be found.
        let text = String::from_utf8_lossy(body);
        let shown = if body.len() > 4 * BODY_LIMIT {
            format!("({} bytes, too long to keep)", body.len())
        } else {
            without(secrets, &redact_json_text(&text))
        };
        self.response_body = cut(&shown);
    }

    /// Notes that no answer came. `reason` holds no secret: [`super::NetError`] is made without any.
    pub(super) fn failed(&mut self, reason: &str, ms: u64) {
        self.outcome = Outcome::Failed(reason.to_owned());
        self.ms = ms;
    }

    /// True for a request that changes nothing and may be sent again freely.
    pub fn is_read(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// The status as shown: `200`, or the failure.
    pub fn status_text(&self) -> String {
        match &self.outcome {
            Outcome::Status(status) => status.to_string(),
            Outcome::Failed(reason) => reason.clone(),
        }
    }
}

fn shown(name: &str, value: &Value) -> String {
    match value {
        Value::Secret(_) => MASK.to_owned(),
        Value::Plain(_) if is_secret_name(name) => MASK.to_owned(),
        Value::Plain(text) => url::form_urlencoded::byte_serialize(text.as_bytes()).collect(),
    }
}

fn shown_header(name: &str, value: &Value) -> String {
    match value {
        Value::Plain(text) if !is_secret_header(name) => text.clone(),
        _ => MASK.to_owned(),
    }
}

/// At most [`BODY_LIMIT`] bytes of `text`, cut at a character.
fn cut(text: &str) -> String {
    if text.len() <= BODY_LIMIT {
        return text.to_owned();
    }
    let mut end = BODY_LIMIT;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}\n(cut: {} bytes in all)", text.get(..end).unwrap_or_default(), text.len())
}
