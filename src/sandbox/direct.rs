//! Sends events to an address without a running sandbox: signed with the keys of its folder, and kept there, so that the
//! API knows them afterwards.

use std::path::Path;
use std::sync::Arc;

use super::delivery::attempts::Parcel;
use super::delivery::events::NewEvent;
use super::delivery::line::{AttemptLine, sha256};
use super::delivery::store::Store;
use super::delivery::{events, post};
use super::error::SandboxError;
use super::order::Order;
use super::state;
use crate::net::Http;

/// Events signed and kept before the first of them is sent.
const PORTION: u32 = 100;

/// Delivers what `order` says to `url`, each once; `sink` is told of each as it is done.
///
/// # Errors
/// When the order is unusable: nothing is sent then. When an event cannot be kept: it is not sent.
pub async fn send_to(
    dir: &Path,
    order: &Order,
    url: &str,
    http: &Http,
    mut sink: impl FnMut(AttemptLine),
) -> Result<(), SandboxError> {
    let (folder, now) = (dir.to_owned(), http.clock().now());
    let opened = on_a_thread(move || Ok((state::open(&folder, now)?.1, Store::open(&folder)?)));
    let (key, store) = opened.await?;
    let key = Arc::new(key);
    for portion in order.portions(PORTION) {
        let (key, folder, now) = (Arc::clone(&key), dir.to_owned(), http.clock().now());
        let events = on_a_thread(move || portion.events(&key, &folder, now)).await?;
        let kept = events.clone();
        store
            .write(move |connection| kept.iter().try_for_each(|event| events::keep(connection, event).map(|_| ())))
            .await?;
        deliver(order, url, http, events, &mut sink).await;
    }
    Ok(())
}

/// An event as it would be sent.
#[derive(Debug, Clone)]
pub struct Made {
    /// `event_…`
    pub event_id: String,
    /// The body.
    pub body: Vec<u8>,
    /// Its content type.
    pub content_type: String,
}

/// The events of `order`, genuine or forged, neither sent nor kept: for whoever sends them with words of its own. Blocking.
///
/// # Errors
/// When the order is unusable, or the folder.
pub fn make(dir: &Path, order: &Order, now: jiff::Timestamp) -> Result<Vec<Made>, SandboxError> {
    let (_, key) = state::open(dir, now)?;
    let made = order.events(&key, dir, now)?.into_iter();
    Ok(made
        .map(|event| Made { event_id: event.event_id, body: event.body, content_type: event.content_type })
        .collect())
}

/// A compact RS256 token over `payload` as it stands, signed by the key of the sandbox in `dir`. Blocking, and slow where
/// that key is yet to be made.
///
/// # Errors
/// When the folder cannot be used.
pub fn sign(dir: &Path, payload: &[u8], now: jiff::Timestamp) -> Result<String, SandboxError> {
    state::open(dir, now)?.1.sign_text(payload)
}

async fn deliver(order: &Order, url: &str, http: &Http, events: Vec<NewEvent>, sink: &mut impl FnMut(AttemptLine)) {
    for event in events {
        for _ in 0..order.times() {
            let request_id = order.webhook_id.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
            let parcel = Parcel {
                delivery: 0,
                webhook: String::new(),
                url: url.to_owned(),
                request_id: request_id.clone(),
                event_id: event.event_id.clone(),
                number: 1,
                body: event.body.clone(),
                content_type: event.content_type.clone(),
            };
            let outcome = post::send(http, parcel).await;
            sink(AttemptLine {
                url: url.to_owned(),
                status: outcome.status,
                ms: outcome.ms,
                body_sha256: sha256(&event.body),
                event_id: event.event_id.clone(),
                webhook_id: request_id,
                error: outcome.error,
                attempt: 1,
                next: None,
            });
        }
    }
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SandboxError> + Send + 'static,
) -> Result<T, SandboxError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| SandboxError::Machine(error.to_string()))?
}
