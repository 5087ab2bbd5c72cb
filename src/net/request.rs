//! What is to be sent, with its secret parts told apart from the rest.

use std::time::Duration;

use url::Url;

use crate::secrets::Secret;

/// A text of a request that may be secret.
#[derive(Debug, Clone)]
pub enum Value {
    /// Shown in Activity as it is.
    Plain(String),
    /// Masked wherever the request is shown.
    Secret(Secret),
}

impl Value {
    /// The text to send.
    pub fn expose(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(secret) => secret.expose(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Plain(text)
    }
}

impl From<Secret> for Value {
    fn from(secret: Secret) -> Self {
        Self::Secret(secret)
    }
}

/// What a request carries.
#[derive(Debug, Clone, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// `application/x-www-form-urlencoded` pairs, in order.
    Form(Vec<(String, Value)>),
    /// A JSON value. A secret in it is named by [`Request::hiding`].
    Json(serde_json::Value),
    /// Bytes of a content type, without secrets: what is sent is what is shown.
    Bytes {
        /// `content-type`.
        content_type: String,
        /// The body.
        bytes: Vec<u8>,
    },
}

/// The way a request takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Route {
    /// As the system says: by its proxy, where it has one.
    #[default]
    Usual,
    /// To the address that the URL names, by no proxy.
    Direct,
    /// To these addresses and no others, whatever the name leads to by now, and by no proxy.
    To(Vec<std::net::SocketAddr>),
}

/// One request. Built with [`Request::get`] or [`Request::post`] and the setters.
#[derive(Debug, Clone)]
pub struct Request {
    /// What it is for, in a person's words: the title of the exchange.
    pub purpose: String,
    /// GET, POST …
    pub method: http::Method,
    /// Address without the secret part of the query.
    pub url: Url,
    /// Query pairs added to the address, in order; a session id is secret.
    pub query: Vec<(String, Value)>,
    /// Headers, in order, without `Authorization`.
    pub headers: Vec<(String, Value)>,
    /// Sent as `Authorization: Bearer`.
    pub bearer: Option<Secret>,
    /// Sent as `Authorization: Basic`: user and password.
    pub basic: Option<(String, Secret)>,
    /// What it carries.
    pub body: Body,
    /// Secrets within the body, masked wherever the request is shown: for JSON, which does not tell its own.
    pub hidden: Vec<Secret>,
    /// The way it takes.
    pub route: Route,
    /// From the first byte sent to the last received.
    pub timeout: Duration,
    /// The most bytes of answer taken in; more is an error, unless the beginning is enough.
    pub limit: usize,
    /// The first `limit` bytes of the answer are enough: what follows is not waited for.
    pub beginning: bool,
}

impl Request {
    /// A request of `method` to `url`, for `purpose`: 15 s, 4 MiB.
    pub fn new(method: http::Method, purpose: impl Into<String>, url: Url) -> Self {
        Self {
            purpose: purpose.into(),
            method,
            url,
            query: Vec::new(),
            headers: Vec::new(),
            bearer: None,
            basic: None,
            body: Body::Empty,
            hidden: Vec::new(),
            route: Route::Usual,
            timeout: Duration::from_secs(15),
            limit: 4 << 20,
            beginning: false,
        }
    }

    /// A GET.
    pub fn get(purpose: impl Into<String>, url: Url) -> Self {
        Self::new(http::Method::GET, purpose, url)
    }

    /// A POST.
    pub fn post(purpose: impl Into<String>, url: Url) -> Self {
        Self::new(http::Method::POST, purpose, url)
    }

    /// Adds a query pair.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sends `token` as `Authorization: Bearer`.
    #[must_use]
    pub fn bearer(mut self, token: Secret) -> Self {
        self.bearer = Some(token);
        self
    }

    /// Sends user and password as `Authorization: Basic`.
    #[must_use]
    pub fn basic(mut self, user: impl Into<String>, password: Secret) -> Self {
        self.basic = Some((user.into(), password));
        self
    }

    /// Carries form pairs.
    #[must_use]
    pub fn form(mut self, pairs: Vec<(&str, Value)>) -> Self {
        self.body = Body::Form(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
        self
    }

    /// Carries a JSON value.
    #[must_use]
    pub fn json(mut self, value: serde_json::Value) -> Self {
        self.body = Body::Json(value);
        self
    }

    /// Masks `secret`, which stands in the body, wherever the request is shown.
    #[must_use]
    pub fn hiding(mut self, secret: Secret) -> Self {
        self.hidden.push(secret);
        self
    }

    /// Carries bytes as they are.
    #[must_use]
    pub fn bytes(mut self, content_type: &str, bytes: Vec<u8>) -> Self {
        self.body = Body::Bytes { content_type: content_type.to_owned(), bytes };
        self
    }

    /// Goes this way.
    #[must_use]
    pub fn route(mut self, route: Route) -> Self {
        self.route = route;
        self
    }

    /// Gives up after `timeout`.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Takes in at most `bytes` of answer.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Takes in the first `bytes` of the answer, and is content with them.
    #[must_use]
    pub fn beginning(mut self, bytes: usize) -> Self {
        self.beginning = true;
        self.limit(bytes)
    }

    /// Every secret the request holds, for redaction.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        let form: &[(String, Value)] = if let Body::Form(pairs) = &self.body { pairs } else { &[] };
        self.query
            .iter()
            .chain(&self.headers)
            .chain(form)
            .filter_map(|(_, value)| if let Value::Secret(secret) = value { Some(secret.clone()) } else { None })
            .chain(self.hidden.iter().cloned())
            .chain(self.bearer.clone())
            .chain(self.basic.as_ref().map(|(_, password)| password.clone()))
            .collect()
    }

    /// The whole address, secrets and all.
    pub(super) fn full_url(&self) -> Url {
        let mut url = self.url.clone();
        if !self.query.is_empty() {
            let mut pairs = url.query_pairs_mut();
            for (name, value) in &self.query {
                pairs.append_pair(name, value.expose());
            }
        }
        url
    }
}
