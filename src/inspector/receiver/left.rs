//! What found no room among the arrivals: it is on disk, and waits here by its number for its turn.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, mpsc};

use super::serve::transport;
use super::{Arrival, Relayed, sift};
use crate::store::attempts::{Stored, Whole};

/// An attempt that is on disk and whose [`Arrival`] was let go of, because too many waited.
#[derive(Debug, Clone)]
pub struct Left {
    /// Its number.
    pub stored: Stored,
    /// The forward that is under way already.
    pub relayed: Option<Relayed>,
}

impl Left {
    /// The arrival again, out of what is kept of it.
    pub fn recall(self, kept: Whole) -> Arrival {
        Arrival {
            stored: self.stored,
            sifted: Arc::new(sift(&kept.body)),
            body: kept.body.into(),
            transport: transport(&kept.headers),
            headers: kept.headers.into(),
            relayed: self.relayed,
            lost: !kept.attempt.whole,
        }
    }
}

/// Those that were let go of, in the order they came.
#[derive(Default)]
pub(super) struct Queue {
    left: Mutex<VecDeque<Left>>,
    came: Notify,
}

impl Queue {
    /// Hands `arrival` on, or keeps no more of it than its number: where too many wait, and where one that was let go of
    /// waits before it.
    pub(super) fn hand_on(&self, arrival: Arrival, arrivals: &mpsc::Sender<Arrival>) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let arrival = if left.is_empty() {
            match arrivals.try_send(arrival) {
                Err(mpsc::error::TrySendError::Full(arrival)) => arrival,
                // Where nobody judges any more it waits in the history.
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => return,
            }
        } else {
            arrival
        };
        left.push_back(Left { stored: arrival.stored, relayed: arrival.relayed });
        drop(left);
        self.came.notify_one();
    }

    /// The first of them, at most `most`, as soon as there are any.
    pub(super) async fn take(&self, most: usize) -> Vec<Left> {
        loop {
            let some = self.at_hand(most);
            if !some.is_empty() {
                return some;
            }
            self.came.notified().await;
        }
    }

    fn at_hand(&self, most: usize) -> Vec<Left> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let some = most.min(left.len());
        left.drain(..some).collect()
    }
}
