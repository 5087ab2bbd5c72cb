//! One HTTP exchange as Activity keeps it: redacted when it is made.

use jiff::Timestamp;

use super::redact::{self, Known, is_secret_name};
use super::request::{Body, Request, Value};
use crate::secrets::mask::Masker;
use crate::secrets::{MASK, Secret};

/// The most of a body that an exchange keeps, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// The content type of a form.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// The number of an exchange within this run, from 1.
pub type ExchangeId = u64;

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An answer with this status came.
    Status(u16),
    /// None came: why.
    Failed(String),
    /// Nobody waited for it any more: nothing is known of the server.
    Cancelled,
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
    /// The profile whose access token it was sent with; `None` where it went with another token or none.
    pub profile: Option<String>,
    /// GET, POST …
    pub method: String,
    /// The whole address, secret query values masked.
    pub url: String,
    /// Request headers, `Authorization` included as `Bearer •••`.
    pub request_headers: Vec<(String, String)>,
    /// Request body as sent, secrets masked, cut at [`BODY_LIMIT`].
    pub request_body: String,
    /// True where `request_body` is not the whole of it.
    pub request_cut: bool,
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
    /// The request half, before it is sent. `known` learns its secrets.
    pub(super) fn begin(
        id: ExchangeId,
        at: Timestamp,
        request: &Request,
        profile: Option<String>,
        known: &Known,
    ) -> Self {
        let secrets = request.secrets();
        known.learn(secrets.iter().cloned());
        let without = |text: &str| redact::without(&secrets, &known.without(text));
        let mut masker = Masker::default();
        let mut headers: Vec<(String, String)> = request
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), shown_header(&mut masker, name, value)))
            .collect();
        if request.bearer.is_some() {
            headers.push(("authorization".to_owned(), format!("Bearer {MASK}")));
        } else if request.basic.is_some() {
            headers.push(("authorization".to_owned(), format!("Basic {MASK}")));
        }
        let body = match &request.body {
            Body::Empty => String::new(),
            Body::Form(pairs) => {
                headers.push(("content-type".to_owned(), FORM.to_owned()));
                let text = pairs.iter().map(|(name, value)| format!("{name}={}", shown(name, value)));
                masker.text(&text.collect::<Vec<_>>().join("&"))
            }
            Body::Json(value) => {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
                redact::body(&mut masker, &value.to_string())
            }
            Body::Bytes { content_type, bytes } => {
                headers.push(("content-type".to_owned(), content_type.clone()));
                String::from_utf8_lossy(bytes).into_owned()
            }
        };
        let mut url = request.url.to_string();
        for (index, (name, value)) in request.query.iter().enumerate() {
            url.push(if index == 0 && request.url.query().is_none() { '?' } else { '&' });
            url.push_str(&format!("{name}={}", shown(name, value)));
        }
        let url = masker.text(&url);
        known.learn(masker.found);
        let body = without(&body);
        Self {
            id,
            at,
            purpose: without(&request.purpose),
            profile: profile.filter(|_| request.bearer.is_some()),
            method: request.method.to_string(),
            url: without(&url),
            request_headers: headers.into_iter().map(|(name, value)| (name, without(&value))).collect(),
            request_cut: body.len() > BODY_LIMIT,
            request_body: cut(&body),
            outcome: Outcome::Failed("not sent".to_owned()),
            response_headers: Vec::new(),
            response_body: String::new(),
            ms: 0,
        }
    }

    /// Adds what came back. `known` learns the secrets in it; `sent` are those of the request, which it may echo.
    pub(super) fn answered(
        &mut self,
        known: &Known,
        sent: &[Secret],
        status: u16,
        headers: &[(String, String)],
        body: &[u8],
        ms: u64,
    ) {
        self.outcome = Outcome::Status(status);
        self.ms = ms;
        // Redact the whole before cutting it: a cut secret would no longer be found.
        let text = if body.len() > 4 * BODY_LIMIT {
            format!("({} bytes, too long to keep)", body.len()).into()
        } else {
            String::from_utf8_lossy(body)
        };
        let (headers, body) = redact::answer(known, sent, headers, &text);
        self.response_headers = headers;
        self.response_body = cut(&body);
    }

    /// Notes that no answer came. `reason` holds no secret: [`super::NetError`] is made without any.
    pub(super) fn failed(&mut self, reason: &str, ms: u64) {
        self.outcome = Outcome::Failed(reason.to_owned());
        self.ms = ms;
    }

    /// Notes that it was given up here before an answer came.
    pub(super) fn cancelled(&mut self, ms: u64) {
        self.outcome = Outcome::Cancelled;
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
            Outcome::Cancelled => "cancelled".to_owned(),
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

fn shown_header(masker: &mut Masker, name: &str, value: &Value) -> String {
    match value {
        Value::Plain(text) => redact::header(masker, name, text),
        Value::Secret(_) => MASK.to_owned(),
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
