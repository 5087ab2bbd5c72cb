//! The connections that are open: a bounded number, of which the idlest makes room for the next.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The most connections at a time.
pub(super) const SEATS: usize = 256;

struct Held {
    /// When it was opened, or its last request was complete.
    last: Instant,
    /// A complete request of it is being worked on.
    busy: bool,
    leave: CancellationToken,
}

#[derive(Default)]
struct Table {
    next: u64,
    held: HashMap<u64, Held>,
}

/// All seats.
#[derive(Clone, Default)]
pub(super) struct Seats(Arc<Mutex<Table>>);

/// One connection's place; free again when dropped.
pub(super) struct Seat {
    id: u64,
    seats: Seats,
    /// Cancelled when somebody else needs the place.
    pub leave: CancellationToken,
}

impl Seats {
    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a new connection. Where all are taken, the connection longest without a complete request goes;
    /// `None` where each of them has one that is being worked on.
    pub(super) fn take(&self) -> Option<Seat> {
        let mut table = self.table();
        if table.held.len() >= SEATS {
            let idlest = table
                .held
                .iter()
                .filter(|(_, held)| !held.busy)
                .min_by_key(|(_, held)| held.last)
                .map(|(id, _)| *id)?;
            if let Some(held) = table.held.remove(&idlest) {
                held.leave.cancel();
            }
        }
        table.next += 1;
        let (id, leave) = (table.next, CancellationToken::new());
        table.held.insert(id, Held { last: Instant::now(), busy: false, leave: leave.clone() });
        Some(Seat { id, seats: self.clone(), leave })
    }
}

impl Seat {
    /// A request of it is complete, and is being worked on until [`Seat::done`].
    pub(super) fn busy(&self) {
        self.set(true);
    }

    /// Its request is answered.
    pub(super) fn done(&self) {
        self.set(false);
    }

    fn set(&self, busy: bool) {
        if let Some(held) = self.seats.table().held.get_mut(&self.id) {
            held.last = Instant::now();
            held.busy = busy;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.table().held.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connection_longest_without_a_complete_request_makes_room_and_a_busy_one_never_does() {
        let seats = Seats::default();
        let mut all: Vec<Seat> = (0..SEATS).map(|_| seats.take().unwrap()).collect();
        all[0].busy();
        all[1].busy();
        all[1].done();
        let _new = seats.take().unwrap();
        let gone: Vec<usize> = (0..SEATS).filter(|&index| all[index].leave.is_cancelled()).collect();
        assert_eq!(gone, [2]);
        all.remove(2);
        all.iter().for_each(Seat::busy);
        _new.busy();
        assert!(seats.take().is_none());
        all.pop();
        assert!(seats.take().is_some());
    }
}
