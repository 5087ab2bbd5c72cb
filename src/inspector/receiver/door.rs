//! The receiver as a tunnel sees it: where it is, a way in for connections that were made elsewhere, and self-tests.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::pace::Pace;
use super::probe::{Expected, Probes};
use super::seats::Seats;
use super::{Shared, serve};

/// A way into a running receiver. Clones lead to the same one; dropping them stops nothing.
#[derive(Clone)]
pub struct Door {
    pub(super) address: SocketAddr,
    pub(super) shared: Arc<Shared>,
    pub(super) seats: Seats,
    pub(super) stop: CancellationToken,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Door {
    /// Where the receiver listens: on 127.0.0.1.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The one path it knows, with its leading slash.
    pub fn path(&self) -> &str {
        &self.shared.path
    }

    /// Since when it receives.
    pub fn started_at(&self) -> jiff::Timestamp {
        self.shared.started_at
    }

    /// Its own address, whole.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.shared.path)
    }

    /// A self-test to be sent: the receiver tells when it comes, answers 200 and keeps nothing of it.
    pub fn expect(&self) -> Expected {
        self.probes().expect()
    }

    fn probes(&self) -> &Probes {
        &self.shared.probes
    }

    /// Serves requests on `stream`, which the other end keeps open for later ones: no seat of the receiver is taken before
    /// the first byte, and doing nothing is no reason to close. Returns whether it was of use at all, when the connection has
    /// ended: by the other end, or after the request under way once `leave` is cancelled or the receiver stops.
    pub async fn serve(&self, stream: TcpStream, leave: CancellationToken) -> bool {
        let mut byte = [0];
        tokio::select! {
            () = leave.cancelled() => return false,
            () = self.stop.cancelled() => return false,
            first = stream.peek(&mut byte) => {
                if !first.is_ok_and(|count| count > 0) {
                    return false;
                }
            }
        }
        // All seats are being worked on: the sender tries again.
        let Some(seat) = self.seats.take() else { return false };
        let stop = self.stop.child_token();
        let shared = Arc::clone(&self.shared);
        let conversation = serve::converse(stream, Arc::new(seat), shared, stop.clone(), Pace::patient());
        tokio::pin!(conversation);
        tokio::select! {
            () = &mut conversation => {}
            () = leave.cancelled() => {
                stop.cancel();
                conversation.await;
            }
        }
        true
    }
}
