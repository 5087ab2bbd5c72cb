//! The answer of a person's own handler in the place of the receiver's.
//!
//! The sender waits for the forward then, and sees the handler's failures: see [`RELAY_NOTE`].

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use tokio::sync::watch;

use crate::inspector::forward::{self, Sending, Target, forward};
use crate::net::Http;

/// What a person is told beside the switch.
pub const RELAY_NOTE: &str = "Kinde sees what your handler answers: it tries a failed delivery again for 36 hours, and \
                              switches a webhook off after 72 hours of failures. No answer within 30 s counts as 504, \
                              one that cannot be reached as 502";
/// The most of a handler's body that is passed on.
const BODY: usize = 64 << 10;

/// Whose answer is returned.
#[derive(Debug, Clone)]
pub struct Relay {
    /// The client to ask it with.
    pub http: Http,
    /// The first target of the forwards.
    pub target: Target,
}

/// A forward that was made so that its answer could be returned: it is not to be made again.
#[derive(Debug, Clone)]
pub struct Relayed {
    /// Where to.
    pub target: Target,
    answer: watch::Receiver<Option<forward::Response>>,
}

impl Relayed {
    /// What came of it, as soon as that is known; within [`forward::PATIENCE`] for each way to the target.
    pub async fn response(&self) -> Option<forward::Response> {
        let mut answer = self.answer.clone();
        answer.wait_for(Option::is_some).await.ok()?.clone()
    }
}

impl Relay {
    /// Asks the handler. It goes on when the sender hangs up: what a handler has begun is told to its end.
    pub(super) fn begin(&self, headers: Vec<(String, String)>, body: Bytes) -> Relayed {
        let (tell, answer) = watch::channel(None);
        let Self { http, target } = self.clone();
        let relayed = Relayed { target: target.clone(), answer };
        tokio::spawn(async move {
            let response = forward(&http, &target, &headers, &body, Sending::First).await;
            tell.send_replace(Some(response));
        });
        relayed
    }
}

/// What the sender is answered.
pub(super) fn passed_on(response: Option<&forward::Response>) -> Response<Full<Bytes>> {
    let plain = |status: StatusCode| {
        let mut response = Response::new(Full::default());
        *response.status_mut() = status;
        response
    };
    let Some(response) = response else { return plain(StatusCode::BAD_GATEWAY) };
    let status = response.forwarded.status.and_then(|status| StatusCode::from_u16(status).ok());
    let Some(status) = status.filter(|status| !status.is_informational()) else {
        let late = response.forwarded.error.as_deref().is_some_and(forward::was_too_late);
        return plain(if late { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::BAD_GATEWAY });
    };
    let mut answer = plain(status);
    if !response.body.is_empty() && response.body.len() <= BODY {
        *answer.body_mut() = Full::new(Bytes::from(response.body.clone()));
        let kind = response.headers.iter().find(|(name, _)| name == CONTENT_TYPE.as_str());
        if let Some(kind) = kind.and_then(|(_, value)| HeaderValue::from_str(value).ok()) {
            answer.headers_mut().insert(CONTENT_TYPE, kind);
        }
    }
    answer
}
