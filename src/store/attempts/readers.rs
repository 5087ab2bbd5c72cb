//! The connections that read. Some are kept open for the next time.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::super::history::HistoryError;

/// So many are kept open.
const KEPT: usize = 12;

/// Reads the history at one path. Blocking.
pub(super) struct Readers {
    path: PathBuf,
    free: Mutex<Vec<Connection>>,
    /// How many are reading.
    out: AtomicUsize,
}

impl Readers {
    pub(super) fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), free: Mutex::default(), out: AtomicUsize::new(0) }
    }

    /// How many are reading now.
    pub(super) fn out(&self) -> usize {
        self.out.load(Ordering::Relaxed)
    }

    /// A connection that reads alone.
    ///
    /// # Errors
    /// When SQLite cannot open it.
    pub(super) fn connect(&self) -> Result<Connection, HistoryError> {
        let connection = Connection::open(&self.path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "query_only", "ON")?;
        Ok(connection)
    }

    /// Runs `read` on a connection that nobody else uses meanwhile.
    ///
    /// # Errors
    /// When SQLite cannot open or read.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, HistoryError>) -> Result<T, HistoryError> {
        let _out = Out::of(&self.out);
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match free {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let result = read(&connection);
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < KEPT {
            free.push(connection);
        }
        result
    }
}

/// Counted as long as it is held.
struct Out<'a>(&'a AtomicUsize);

impl<'a> Out<'a> {
    fn of(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Out<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_are_asked_read_side_by_side_and_only_a_few_stay_open() {
        let dir = tempfile::tempdir().unwrap();
        let readers = Readers::of(&dir.path().join("history.db"));
        let all = std::sync::Barrier::new(40);
        std::thread::scope(|scope| {
            for _ in 0..40 {
                scope.spawn(|| {
                    readers
                        .read(|_| {
                            all.wait();
                            assert!(readers.out() > 0);
                            Ok(())
                        })
                        .unwrap();
                });
            }
        });
        assert_eq!((readers.out(), readers.free.lock().unwrap().len()), (0, KEPT));
        assert!(readers.read(|_| Err::<(), _>(HistoryError::Newer)).is_err());
        assert_eq!((readers.out(), readers.free.lock().unwrap().len()), (0, KEPT), "what failed gave its own back");
    }
}
