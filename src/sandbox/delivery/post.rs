//! One attempt over the wire.

use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Url;

use super::attempts::{Outcome, Parcel};
use super::engine::Post;
use crate::net::{Http, Request};

/// How long a target may take. Kinde's own limit is not published; a handler's author measured about 5 s.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much of an answer is kept.
const KEPT: usize = 4096;

/// Attempts that go out over `http`.
pub fn over(http: Http) -> Post {
    Arc::new(move |parcel| {
        let http = http.clone();
        Box::pin(async move { send(&http, parcel).await })
    })
}

/// POSTs a parcel. Redirects are answers like any other: they are not 200. Of a body the beginning alone is waited for.
pub async fn send(http: &Http, parcel: Parcel) -> Outcome {
    let begun = Instant::now();
    let ms = |begun: Instant| u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let url = match Url::parse(&parcel.url) {
        Ok(url) => url,
        Err(error) => return Outcome { status: None, error: Some(error.to_string()), ms: 0, answer: None },
    };
    let request = Request::post("Deliver a webhook", url)
        .header("webhook-id", parcel.request_id)
        .bytes(&parcel.content_type, parcel.body)
        .beginning(KEPT)
        .timeout(PATIENCE);
    match http.send(request).await {
        Ok(answer) => {
            Outcome { status: Some(answer.status), error: None, ms: answer.ms, answer: beginning(&answer.body) }
        }
        Err(error) => Outcome { status: None, error: Some(error.reason), ms: ms(begun), answer: None },
    }
}

/// The first 4 KiB of a body as text.
fn beginning(body: &[u8]) -> Option<String> {
    let start = body.get(..KEPT).unwrap_or(body);
    // A character that the cut falls into goes; what is no text is shown as such.
    let text = match std::str::from_utf8(start) {
        Err(error) if error.error_len().is_none() => start.get(..error.valid_up_to()).unwrap_or(start),
        _ => start,
    };
    // NUL ends a text for some who read it.
    (!text.is_empty()).then(|| String::from_utf8_lossy(text).replace('\0', "\u{fffd}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_of_200_counts_however_long_its_body_is_and_is_not_waited_for() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let target = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 4096];
            assert!(socket.read(&mut buffer).await.unwrap() > 0);
            // 5 MiB are told of; what follows the first 8 KiB never comes.
            socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5242880\r\n\r\n").await.unwrap();
            socket.write_all(&[b'y'; 2 * KEPT]).await.unwrap();
            // Until the sender hangs up.
            while socket.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
        });
        let http = Http::new(crate::net::Recorder::silent(), crate::clock::Clock::real()).unwrap();
        let parcel = Parcel {
            delivery: 1,
            webhook: "webhook_1".into(),
            url,
            request_id: "r1".into(),
            event_id: "event_1".into(),
            number: 1,
            body: b"jwt".to_vec(),
            content_type: "application/jwt".into(),
        };
        let outcome = send(&http, parcel).await;
        assert_eq!((outcome.status, outcome.error), (Some(200), None));
        assert_eq!(outcome.answer.unwrap().len(), KEPT);
        target.await.unwrap();
    }

    #[test]
    fn the_beginning_of_an_answer_is_kept_as_text_and_never_half_a_character() {
        assert_eq!(beginning(b""), None);
        assert_eq!(beginning("né".as_bytes()).unwrap(), "né");
        assert_eq!(beginning(b"a\xff\0b").unwrap(), "a\u{fffd}\u{fffd}b");
        let long = format!("{}é and more", "x".repeat(KEPT - 1));
        assert_eq!(beginning(long.as_bytes()).unwrap(), "x".repeat(KEPT - 1));
        assert_eq!(beginning(&[b'y'; 3 * KEPT]).unwrap().len(), KEPT);
    }
}
