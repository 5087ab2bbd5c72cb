//! The loopback page a browser ends on: 127.0.0.1, an ephemeral port, a random path, one request, then closed.
//!
//! RFC 8252 §7.3 and §8.3. It is a courtesy: the token never passes through it, and the walk goes on without it.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use super::pasted::Landed;

/// The most connections held at once: browsers open idle ones ahead of need.
const CONNECTIONS: usize = 16;

/// An open landing page. Dropping it closes the page.
#[derive(Debug)]
pub(super) struct Landing {
    /// What to hand to Kinde as `override_callback_url`.
    pub url: String,
    landed: mpsc::Receiver<Landed>,
    _open: DropGuard,
}

impl Landing {
    /// Opens the page.
    ///
    /// # Errors
    /// When no loopback port can be had.
    pub async fn open() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let host = listener.local_addr()?.to_string();
        let path = format!("/landing/{}", uuid::Uuid::new_v4().simple());
        let url = format!("http://{host}{path}");
        let (sender, landed) = mpsc::channel(1);
        let closed = CancellationToken::new();
        let page = Arc::new(Page { host, path, sender });
        tokio::spawn(serve(listener, page, closed.clone()));
        Ok(Self { url, landed, _open: closed.drop_guard() })
    }

    /// Waits until a browser ends here; never comes back when the page broke.
    pub async fn landed(&mut self) -> Landed {
        match self.landed.recv().await {
            Some(landed) => landed,
            None => std::future::pending().await,
        }
    }
}

#[derive(Debug)]
struct Page {
    host: String,
    path: String,
    sender: mpsc::Sender<Landed>,
}

async fn serve(listener: TcpListener, page: Arc<Page>, closed: CancellationToken) {
    let mut connections = JoinSet::new();
    let answered = CancellationToken::new();
    loop {
        tokio::select! {
            () = closed.cancelled() => break,
            () = answered.cancelled() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, Arc::clone(&page), answered.clone()));
                }
            }
        }
    }
    drop(listener);
    // The one answer is still on its way out; idle connections do not hold it up for long.
    let _rest =
        tokio::time::timeout(Duration::from_secs(2), async { while connections.join_next().await.is_some() {} }).await;
}

async fn connection(stream: TcpStream, page: Arc<Page>, answered: CancellationToken) {
    let service = service_fn(|request: http::Request<Incoming>| {
        let response = page.answer(&request, &answered);
        async move { Ok::<_, Infallible>(response) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(10))
        .keep_alive(false)
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::info!(%error, "a connection to the landing page broke");
    }
}

impl Page {
    fn answer<B>(&self, request: &http::Request<B>, answered: &CancellationToken) -> Response<Full<Bytes>> {
        let host = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        // A page of another origin must not reach this one under a name of its own.
        if host != self.host || request.uri().path() != self.path {
            return html(
                StatusCode::NOT_FOUND,
                "Nothing here",
                "This address belongs to a Kinde Panel that waits for somebody else.",
            );
        }
        if request.method() != Method::GET {
            return html(StatusCode::METHOD_NOT_ALLOWED, "Not like this", "This page is only ever read.");
        }
        let query = request.uri().query().unwrap_or_default();
        let landed = Url::parse(&format!("http://{}{}?{query}", self.host, self.path))
            .map(|url| Landed::of(&url))
            .unwrap_or_default();
        let denied = landed.error.is_some();
        if answered.is_cancelled() || self.sender.try_send(landed).is_err() {
            return html(StatusCode::GONE, "Already done", "This page works once. You can close it.");
        }
        answered.cancel();
        if denied {
            html(StatusCode::OK, "Not connected", "Consent was not given. Kinde Panel knows; you can close this page.")
        } else {
            html(
                StatusCode::OK,
                "Back to Kinde Panel",
                "Kinde has confirmed. The panel fetches the token now; you can close this page.",
            )
        }
    }
}

fn html(status: StatusCode, title: &str, text: &str) -> Response<Full<Bytes>> {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <style>body{{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:32em;padding:0 1em;color-scheme:light dark}}</style>\
         <h1>{title}</h1><p>{text}</p></html>"
    );
    let mut response = Response::new(Full::new(Bytes::from(page)));
    *response.status_mut() = status;
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ] {
        response.headers_mut().insert(name, http::HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::net::{Http, NetErrorKind, Recorder, Request};

    async fn status(address: &str) -> Result<u16, NetErrorKind> {
        let http = Http::new(Recorder::silent(), Clock::real()).unwrap();
        let request = Request::get("land", Url::parse(address).unwrap()).timeout(Duration::from_secs(5));
        http.send(request).await.map(|answer| answer.status).map_err(|error| error.kind)
    }

    #[tokio::test]
    async fn the_page_takes_one_landing_on_its_own_path_and_closes() {
        let mut landing = Landing::open().await.unwrap();
        let url = landing.url.clone();
        let origin = url.split("/landing").next().unwrap().to_owned();
        assert!(origin.starts_with("http://127.0.0.1:"));
        assert_eq!(status(&format!("{origin}/favicon.ico")).await, Ok(404));
        assert_eq!(status(&url.replace("127.0.0.1", "localhost")).await, Ok(404), "another name of the same host");
        assert_eq!(status(&format!("{url}?error=access_denied")).await, Ok(200));
        assert_eq!(landing.landed().await.error.as_deref(), Some("access_denied"));
        assert_eq!(status(&url).await, Err(NetErrorKind::Connect), "closed after the one request");
    }

    #[tokio::test]
    async fn a_dropped_page_is_closed_even_while_a_browser_holds_an_idle_connection() {
        let landing = Landing::open().await.unwrap();
        let url = landing.url.clone();
        let address = url.trim_start_matches("http://").split('/').next().unwrap().to_owned();
        let idle = TcpStream::connect(&address).await.unwrap();
        drop(landing);
        // The page's task drops the listener before it waits for what is open.
        while TcpStream::connect(&address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        drop(idle);
    }
}
