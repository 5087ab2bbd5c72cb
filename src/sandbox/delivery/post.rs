//! One attempt over the wire.

use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Url;

use super::attempts::{Outcome, Parcel};
use super::engine::Post;
use crate::net::{Http, Request};

/// How long a target may take. Kinde's own limit is not published; a handler's author measured about 5 s.
const PATIENCE: Duration = Duration::from_secs(10);

/// Attempts that go out over `http`.
pub fn over(http: Http) -> Post {
    Arc::new(move |parcel| {
        let http = http.clone();
        Box::pin(async move { send(&http, parcel).await })
    })
}

/// POSTs a parcel. Redirects are answers like any other: they are not 200.
pub async fn send(http: &Http, parcel: Parcel) -> Outcome {
    let begun = Instant::now();
    let ms = |begun: Instant| u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let url = match Url::parse(&parcel.url) {
        Ok(url) => url,
        Err(error) => return Outcome { status: None, error: Some(error.to_string()), ms: 0 },
    };
    let request = Request::post("Deliver a webhook", url)
        .header("webhook-id", parcel.request_id)
        .bytes(&parcel.content_type, parcel.body)
        .timeout(PATIENCE);
    match http.send(request).await {
        Ok(answer) => Outcome { status: Some(answer.status), error: None, ms: answer.ms },
        Err(error) => Outcome { status: None, error: Some(error.reason), ms: ms(begun) },
    }
}
