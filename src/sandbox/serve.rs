//! The sockets: accepts connections, speaks TLS where asked, takes requests in whole and within bounds.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::ask::{Ask, Reply};
use super::world::World;
use super::{control, routes};

/// The most connections of one listener at a time.
const CONNECTIONS: usize = 256;
/// The most bytes of a request body.
const BODY: usize = 1 << 20;
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a request head may take, the wait for it on an idle connection included.
const HEAD: Duration = Duration::from_secs(30);
/// How long a request body may take.
const BODY_TIME: Duration = Duration::from_secs(10);

/// Which of the listeners a connection came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The tenant over HTTP.
    Http,
    /// The tenant over HTTPS.
    Https,
    /// The control address.
    Control,
}

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed on demand")]
struct HangUp;

/// Accepts on `listener` until `stop`. Connections end with it.
pub async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    door: Door,
    world: Arc<World>,
    stop: CancellationToken,
) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let stream = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file handles, as a rule: give the others a moment to end.
                    tracing::warn!(%error, "the sandbox could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        // Small answers of a local server: waiting to fill a packet only costs time.
        stream.set_nodelay(true).ok();
        let (world, stop, tls) = (Arc::clone(&world), stop.clone(), tls.clone());
        tokio::spawn(async move {
            let _slot = slot;
            tokio::select! {
                () = stop.cancelled() => {}
                () = async {
                    match tls {
                        None => converse(stream, door, world).await,
                        Some(tls) => {
                            if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
                                converse(stream, door, world).await;
                            }
                        }
                    }
                } => {}
            }
        });
    }
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, door: Door, world: Arc<World>) {
    let service = service_fn(move |request| {
        let world = Arc::clone(&world);
        async move { answer(request, door, world).await }
    });
    // A client that goes away, or one that is hung up on, is no trouble of ours.
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(64 << 10)
        .max_headers(64)
        .serve_connection(TokioIo::new(stream), service)
        .await
        .ok();
}

async fn answer(
    request: Request<Incoming>,
    door: Door,
    world: Arc<World>,
) -> Result<http::Response<Full<Bytes>>, HangUp> {
    let reply = match take_in(request, door).await {
        Ok(ask) => to_the_end(ask, door, &world).await,
        Err(reply) => Some(reply),
    };
    let reply = reply.ok_or(HangUp)?;
    let skew = world.faults().clock_skew_seconds;
    let date = world.now().checked_add(jiff::SignedDuration::from_secs(skew)).unwrap_or_else(|_| world.now());
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date).unwrap_or_default();
    Ok(reply.into_response(&date))
}

/// Answers on a task of its own. A client that hangs up ends the conversation and not this: what a call changes and the
/// event that tells of it both happen, or neither does.
async fn to_the_end(ask: Ask, door: Door, world: &Arc<World>) -> Option<Reply> {
    let own = Arc::clone(world);
    let handler = world.handlers.spawn(async move {
        let reply = async {
            match door {
                Door::Control => Some(control::answer(&own, &ask).await),
                Door::Http | Door::Https => routes::answer(&own, &ask).await,
            }
        };
        tokio::select! {
            () = own.cut.cancelled() => None,
            reply = reply => reply,
        }
    });
    handler.await.ok().flatten()
}

async fn take_in(request: Request<Incoming>, door: Door) -> Result<Ask, Reply> {
    let (head, body) = request.into_parts();
    let host = head.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    // A page of the open web that was made to resolve to 127.0.0.1 names its own host.
    if !is_loopback(host) {
        return Err(Reply::text(421, "The sandbox answers on 127.0.0.1 and localhost alone"));
    }
    let scheme = if door == Door::Https { "https" } else { "http" };
    let base = format!("{scheme}://{host}");
    let whole = tokio::time::timeout(BODY_TIME, Limited::new(body, BODY).collect()).await;
    let body = match whole {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => return Err(Reply::text(413, "The body is longer than 1 MiB").header("connection", "close")),
        Err(_) => return Err(Reply::text(408, "The body did not come in time").header("connection", "close")),
    };
    let query = head.uri.query().unwrap_or_default();
    Ok(Ask {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: head.headers,
        body,
        base,
    })
}

/// True for a `Host` that names this machine's loopback, with or without port.
fn is_loopback(host: &str) -> bool {
    let name = host
        .rsplit_once(':')
        .map_or(host, |(name, port)| if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host });
    matches!(name.to_ascii_lowercase().as_str(), "127.0.0.1" | "localhost" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_served() {
        for host in ["127.0.0.1:80", "127.0.0.1", "localhost:4", "LOCALHOST", "[::1]:9", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "evil.example", "127.0.0.1.evil.example:80", "localhost.evil.example", "10.0.0.1:80"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
