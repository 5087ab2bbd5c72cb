//! The ring of exchanges that Activity shows: in memory, never on disk.

use std::collections::VecDeque;

use super::exchange::{Exchange, ExchangeId};

/// How many exchanges are kept.
pub const CAPACITY: usize = 500;

/// The newest [`CAPACITY`] exchanges, newest last.
#[derive(Debug, Default)]
pub struct Activity {
    ring: VecDeque<Exchange>,
}

impl Activity {
    /// Adds one; the oldest goes when the ring is full.
    pub fn push(&mut self, exchange: Exchange) {
        if self.ring.len() == CAPACITY {
            self.ring.pop_front();
        }
        self.ring.push_back(exchange);
    }

    /// Newest first.
    pub fn newest_first(&self) -> impl ExactSizeIterator<Item = &Exchange> {
        self.ring.iter().rev()
    }

    /// The exchange of that number, while it is kept.
    pub fn get(&self, id: ExchangeId) -> Option<&Exchange> {
        self.ring.iter().find(|exchange| exchange.id == id)
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// True before the first.
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.ring.clear();
    }
}
