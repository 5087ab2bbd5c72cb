//! Sends webhooks at a pace, whatever becomes of them.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::connection::Connection;

/// Over so many connections: more than wait for their answer at any time.
const CONNECTIONS: usize = 16;

/// One request was sent to its last byte.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    /// Which.
    pub number: u64,
    /// When.
    pub at: Instant,
}

/// Sends `bodies` from a thread of its own, `rate` a second, numbered from `first`; what it sent, as each is answered.
pub fn send(url: &str, bodies: Vec<String>, first: u64, rate: u32) -> Receiver<Sent> {
    let (told, sent) = sync_channel(bodies.len());
    let (url, bodies) = (url.to_owned(), Arc::new(bodies));
    let work = async move {
        let begun = Instant::now();
        let one = |place: usize, url: String, bodies: Arc<Vec<String>>, told: SyncSender<Sent>| async move {
            let mut connection = Connection::to(&url).await;
            for index in (place..bodies.len()).step_by(CONNECTIONS) {
                let at = begun + Duration::from_secs_f64(index as f64 / f64::from(rate));
                tokio::time::sleep_until(at.into()).await;
                let number = first + index as u64;
                let at = connection.send(number, &bodies[index]).await;
                // Whoever measures may have what it wants.
                told.send(Sent { number, at }).ok();
            }
        };
        let all: Vec<_> = (0..CONNECTIONS)
            .map(|place| tokio::spawn(one(place, url.clone(), Arc::clone(&bodies), told.clone())))
            .collect();
        for one in all {
            one.await.unwrap();
        }
    };
    let run = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
    std::thread::Builder::new().name("senders".to_owned()).spawn(run).unwrap();
    sent
}
