//! The sockets: accepts connections, takes requests in within bounds, keeps them, answers.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::pace::{HEAD, IDLE, Pace, Paced};
use super::relay::passed_on;
use super::seats::{Seat, Seats};
use super::sift::sift;
use super::{Arrival, MAX_BODY, Shared};
use crate::check::Check;
use crate::secrets::MASK;
use crate::secrets::mask::{Named, named};
use crate::store::attempts::{HUNG_UP, NewAttempt};

/// How long a request body may take.
const BODY: Duration = Duration::from_secs(10);
/// How long a stopping receiver waits for what it is working on.
const PARTING: Duration = Duration::from_millis(600);

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed on demand")]
struct HangUp;

type Reply = Result<Response<Full<Bytes>>, HangUp>;

pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>, seats: Seats, stop: CancellationToken) {
    let mut open = JoinSet::new();
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = open.join_next() => continue,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file handles, as a rule: give the others a moment to end.
                    tracing::warn!(%error, "the receiver could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        // All of them are being worked on: the sender tries again.
        let Some(seat) = seats.take() else { continue };
        stream.set_nodelay(true).ok();
        open.spawn(converse(stream, Arc::new(seat), Arc::clone(&shared), stop.clone(), Pace::new()));
    }
    drop(listener);
    let all_ended = async { while open.join_next().await.is_some() {} };
    tokio::time::timeout(PARTING, all_ended).await.ok();
}

pub(super) async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    seat: Arc<Seat>,
    shared: Arc<Shared>,
    stop: CancellationToken,
    pace: Pace,
) {
    let (leave, of_requests) = (seat.leave.clone(), pace.clone());
    let service = service_fn(move |request| {
        let (seat, shared, pace) = (Arc::clone(&seat), Arc::clone(&shared), of_requests.clone());
        async move {
            pace.working();
            let reply = answer(request, &seat, &shared).await;
            seat.done();
            pace.done();
            reply
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        // The pace is stricter, and tells the two apart. This one stays should it ever miss something.
        .header_read_timeout(pace.is_bounded().then_some(HEAD + IDLE))
        .max_buf_size(16 << 10)
        .max_headers(64)
        .serve_connection(TokioIo::new(Paced { stream, pace: pace.clone() }), service);
    tokio::pin!(connection);
    // A sender that goes away, or one that is hung up on, is no trouble of ours.
    tokio::select! {
        () = leave.cancelled() => {}
        () = pace.overdue() => {}
        ended = &mut connection => drop(ended),
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await.ok();
        }
    }
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// What will not be read to its end cannot be followed by another request.
fn closing(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = plain(status);
    response.headers_mut().insert("connection", http::HeaderValue::from_static("close"));
    response
}

async fn answer(request: Request<Incoming>, seat: &Seat, shared: &Shared) -> Reply {
    let (head, body) = request.into_parts();
    // Only a page in a browser sends these: nobody's page may write here.
    let by_page = head.headers.keys().any(|name| name == "origin" || name.as_str().starts_with("sec-fetch-"));
    if by_page {
        return Ok(closing(StatusCode::FORBIDDEN));
    }
    if head.uri.path() != shared.path {
        return Ok(closing(StatusCode::NOT_FOUND));
    }
    if head.method != Method::POST {
        let mut response = closing(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert("allow", http::HeaderValue::from_static("POST"));
        return Ok(response);
    }
    let body = match tokio::time::timeout(BODY, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            return Ok(closing(StatusCode::PAYLOAD_TOO_LARGE));
        }
        // Cut off in the middle: there is nobody to answer, and half a request is none.
        Ok(Err(_)) => return Err(HangUp),
        Err(_) => return Ok(closing(StatusCode::REQUEST_TIMEOUT)),
    };
    if shared.probes.is_one(&head.headers, &body) {
        return Ok(plain(StatusCode::OK));
    }
    seat.busy();
    keep(&head.headers, &body, shared).await
}

/// Keeps the attempt, and answers when it is on disk.
async fn keep(headers: &HeaderMap, body: &Bytes, shared: &Shared) -> Reply {
    let answering = *shared.answering.read().unwrap_or_else(PoisonError::into_inner);
    let relay = shared.relay.read().unwrap_or_else(PoisonError::into_inner).clone();
    let sifted = sift(body);
    let kept = kept_headers(headers);
    let find = |name: &str| kept.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    // What opens something goes nowhere.
    let relay = relay.filter(|_| !answering.drop && sifted.kept.is_none());
    // What is answered later is noted then: the sender may have gone by that time.
    let at_once = relay.is_none() && answering.delay.is_zero();
    let new = NewAttempt {
        owner: shared.owner.clone(),
        received_at: shared.clock.now(),
        webhook_id: find("webhook-id").filter(|id| !id.is_empty()),
        event_id: sifted.event_id.clone(),
        event_type: sifted.event_type.clone(),
        who: sifted.who.clone(),
        content: sifted.content,
        headers: kept.clone(),
        body: sifted.kept.clone().unwrap_or_else(|| body.to_vec()),
        whole: sifted.kept.is_none(),
        responded: if answering.drop { Some(HUNG_UP) } else { at_once.then_some(answering.status) },
    };
    let stored = match shared.attempts.keep(new).await {
        Ok(stored) => stored,
        Err(error) => {
            // Never a success for what is not on disk: the sender tries again.
            tracing::warn!(%error, "an attempt could not be kept");
            return Ok(plain(StatusCode::SERVICE_UNAVAILABLE));
        }
    };
    let transport = transport(&kept);
    let relayed = relay.map(|relay| relay.begin(kept.clone(), body.clone()));
    let arrival = Arrival {
        stored,
        body: body.as_ref().into(),
        sifted: Arc::new(sifted),
        headers: kept.into(),
        transport,
        relayed: relayed.clone(),
        lost: false,
    };
    shared.left.hand_on(arrival, &shared.arrivals);
    if !answering.delay.is_zero() {
        tokio::time::sleep(answering.delay).await;
    }
    if answering.drop {
        return Err(HangUp);
    }
    let reply = match relayed {
        Some(relayed) => passed_on(relayed.response().await.as_ref()),
        None => plain(StatusCode::from_u16(answering.status).unwrap_or(StatusCode::OK)),
    };
    if !at_once && let Err(error) = shared.attempts.answered(stored.seq, reply.status().as_u16()).await {
        tracing::warn!(%error, "what the sender was answered was not kept");
    }
    Ok(reply)
}

/// Names and values to keep: credentials are masked, other bytes than text are shown as far as they go.
fn kept_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| kept_header(name.as_str(), &String::from_utf8_lossy(value.as_bytes()))).collect()
}

/// One header to keep, its name in lower case.
pub fn kept_header(name: &str, value: &str) -> (String, String) {
    let name = name.to_ascii_lowercase();
    let credential = ["authorization", "proxy-authorization", "cookie", "set-cookie"].contains(&name.as_str());
    let secret = credential || named(&name) == Named::Secret || value.contains("eyJ");
    let value = if secret { MASK.to_owned() } else { value.to_owned() };
    (name, value)
}

/// The rung `transport`: how it came, by its headers (names in lower case).
pub fn transport(headers: &[(String, String)]) -> Check {
    let find = |name: &str| headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    let short = |text: &str| text.chars().take(80).collect::<String>();
    if let Some(encoding) = find("content-encoding").filter(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return Check::warn(
            "transport",
            format!("Sent compressed ({}); Kinde sends the token as it is", short(encoding)),
            "A proxy on the way compressed it: have it pass request bodies on unchanged",
        );
    }
    match find("content-type") {
        Some(kind) if kind.to_ascii_lowercase().starts_with("application/jwt") => {
            Check::pass("transport").seen("POST, application/jwt")
        }
        other => {
            let kind = other.map_or_else(|| "without a content type".to_owned(), |kind| format!("as {}", short(kind)));
            Check::warn(
                "transport",
                format!("Sent {kind}; Kinde sends webhooks as application/jwt"),
                "Find out what stands between Kinde and here, or who else sends: the signature alone says who it was",
            )
        }
    }
}
