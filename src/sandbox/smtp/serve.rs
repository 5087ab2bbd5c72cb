//! The two sockets: accepts connections, and puts TLS around them at the first byte or when it is asked for.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::session::{End, converse};
use crate::sandbox::world::World;

/// The most connections of one listener at a time.
const CONNECTIONS: usize = 64;
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a connection may last.
const WHOLE: Duration = Duration::from_secs(600);

/// Accepts on `listener` until `stop`. Connections end with it. `implicit`: TLS from the first byte.
pub async fn accept(
    listener: TcpListener,
    tls: TlsAcceptor,
    implicit: bool,
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
                    tracing::warn!(%error, "the sandbox's mail server could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        stream.set_nodelay(true).ok();
        let (world, stop, tls) = (Arc::clone(&world), stop.clone(), tls.clone());
        tokio::spawn(async move {
            let _slot = slot;
            tokio::select! {
                () = stop.cancelled() => {}
                () = world.cut.cancelled() => {}
                // How it went is the client's to tell: it hears every reply.
                _ = timeout(WHOLE, serve(stream, tls, implicit, Arc::clone(&world))) => {}
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, tls: TlsAcceptor, implicit: bool, world: Arc<World>) {
    if implicit {
        if let Some(stream) = handshake(stream, &tls).await {
            let protocol = protocol(&stream);
            converse(stream, world, protocol, true).await.ok();
        }
        return;
    }
    if let Ok(End::StartTls(stream)) = converse(stream, Arc::clone(&world), None, true).await
        && let Some(stream) = handshake(stream, &tls).await
    {
        let protocol = protocol(&stream);
        converse(stream, world, protocol, false).await.ok();
    }
}

async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(stream: S, tls: &TlsAcceptor) -> Option<TlsStream<S>> {
    timeout(HANDSHAKE, tls.accept(stream)).await.ok()?.ok()
}

/// The protocol as the field names it: `TLSv1.3`.
fn protocol<S>(stream: &TlsStream<S>) -> Option<String> {
    let version = stream.get_ref().1.protocol_version()?;
    Some(format!("{version:?}").replace("TLSv1_", "TLSv1."))
}
