//! One request taken in whole, and the answer to it: what every route of the sandbox works on.

use http::{HeaderMap, Method};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::Value;

/// A request, taken in whole.
#[derive(Debug, Clone)]
pub struct Ask {
    /// GET, POST …
    pub method: Method,
    /// Path as sent, without query.
    pub path: String,
    /// Query pairs, decoded, in order.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// The address the client used: `http://127.0.0.1:P`, without trailing slash.
    pub base: String,
}

impl Ask {
    /// The first query value of `name`.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as form pairs.
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// The body as JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// True where the body says it is a form.
    pub fn is_form(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
    }

    /// The token of `Authorization: Bearer` (also `token`, which GitHub takes).
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
        known.then(|| token.trim()).filter(|token| !token.is_empty())
    }

    /// User and password of `Authorization: Basic`.
    pub fn basic(&self) -> Option<(String, String)> {
        use base64::Engine as _;
        let (scheme, text) = self.header("authorization")?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(base64::engine::general_purpose::STANDARD.decode(text.trim()).ok()?).ok()?;
        text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
    }
}

/// The first value of `name` among pairs.
pub fn pick<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers, `Date` aside.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Reply {
    /// No body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// JSON.
    pub fn json(status: u16, value: &Value) -> Self {
        Self::raw_json(status, value.to_string())
    }

    /// JSON that is text already.
    pub fn raw_json(status: u16, text: String) -> Self {
        Self::empty(status).header("content-type", "application/json; charset=utf-8").with(text)
    }

    /// Plain text.
    pub fn text(status: u16, text: &str) -> Self {
        Self::empty(status).header("content-type", "text/plain; charset=utf-8").with(text.to_owned())
    }

    /// A page. It may load nothing, run nothing and be framed by nobody.
    ///
    /// No `form-action`: a browser applies it to the redirects after a form too, and the last of them leads to the
    /// callback of the person's own app.
    pub fn page(status: u16, html: String) -> Self {
        Self::empty(status)
            .header("content-type", "text/html; charset=utf-8")
            .header(
                "content-security-policy",
                "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
            )
            .header("referrer-policy", "no-referrer")
            .header("cache-control", "no-store")
            .with(html)
    }

    /// Sends the browser on with a GET.
    pub fn redirect(to: &str) -> Self {
        Self::empty(303).header("location", to).header("referrer-policy", "no-referrer")
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn with(mut self, body: String) -> Self {
        self.body = body.into_bytes();
        self
    }

    /// For the wire, with `date` as its `Date`.
    pub fn into_response(self, date: &str) -> http::Response<Full<Bytes>> {
        let mut builder = http::Response::builder().status(self.status).header("date", date);
        for (name, value) in self.headers {
            builder = builder.header(name, value);
        }
        builder.body(Full::new(Bytes::from(self.body))).unwrap_or_else(|_| {
            // A header value that cannot be sent: ours, so a plain failure is honest.
            let mut response = http::Response::new(Full::new(Bytes::new()));
            *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
            response
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_may_hold_a_colon_in_the_password() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Basic aWQ6c2U6Y3JldA==".parse().unwrap());
        let ask = Ask {
            method: Method::GET,
            path: "/".to_owned(),
            query: vec![],
            headers,
            body: Bytes::new(),
            base: String::new(),
        };
        assert_eq!(ask.basic(), Some(("id".to_owned(), "se:cret".to_owned())));
        assert_eq!(ask.bearer(), None);
    }
}
