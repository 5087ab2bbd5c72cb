//! The one HTTP client of the panel, and the recorder that makes every exchange visible.
//!
//! Every request the panel makes goes through [`Http::send`]: fixed timeouts, no redirects followed, no cookies, a cap
//! on the body, and one redacted [`Exchange`] for Activity. Nothing else in the program builds a `reqwest::Client`.

mod activity;
mod curl;
mod exchange;
mod http;
mod redact;
mod request;

pub use activity::{Activity, CAPACITY};
pub use curl::{argument, command, token_hint};
pub use exchange::{BODY_LIMIT, Exchange, ExchangeId, Outcome};
pub use http::{Answer, Http, NetError, NetErrorKind, Recorder};
pub use request::{Body, Request, Route, Value};
