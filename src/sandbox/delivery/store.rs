//! `deliveries.db`: events, deliveries and the mail that came, on the disk before anyone is told that they were taken.
//!
//! Writers that come at the same time share one transaction, so that durability costs one flush a group and not one a
//! writer. Everything that touches SQLite runs on a thread where it may block.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::sandbox::error::SandboxError;

/// What brings an older file up to this program. Numbered by place; never edited after landing.
const MIGRATIONS: [&str; 5] = [
    include_str!("deliveries.sql"),
    include_str!("of_event.sql"),
    include_str!("by_webhook.sql"),
    include_str!("answers.sql"),
    include_str!("mails.sql"),
];
const FILE: &str = "deliveries.db";

/// A piece of work for the writer, and then what is to be told once its group was committed.
type Job = Box<dyn FnOnce(Result<&Connection, &str>) -> Settle + Send>;
type Settle = Box<dyn FnOnce(Result<(), &str>) + Send>;

struct Inner {
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
    queue: Mutex<Vec<Job>>,
    turn: tokio::sync::Mutex<()>,
}

/// The database. Clones share it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(error: &dyn std::fmt::Display) -> SandboxError {
    SandboxError::Machine(format!("{FILE}: {error}"))
}

impl Store {
    /// Opens the database of the sandbox folder `dir`, making it where it is missing. Blocking.
    ///
    /// # Errors
    /// When SQLite cannot open or change it, or a newer program made it.
    pub fn open(dir: &Path) -> Result<Self, SandboxError> {
        let path = dir.join(FILE);
        let damaged =
            |error: &dyn std::fmt::Display| SandboxError::Damaged { path: path.clone(), reason: error.to_string() };
        make_private(&path).map_err(|error| damaged(&error))?;
        let mut writer = connect(&path).map_err(|error| damaged(&error))?;
        let version = prepare(&mut writer).map_err(|error| damaged(&error))?;
        if version > MIGRATIONS.len() {
            return Err(damaged(&"a newer version of this program made it"));
        }
        let reader = connect(&path).map_err(|error| damaged(&error))?;
        Ok(Self(Arc::new(Inner {
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
            queue: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        })))
    }

    /// Runs `work` in a transaction, shared with whoever else writes at the moment; answers after it was committed.
    /// Work that fails is taken back alone.
    ///
    /// # Errors
    /// When the work or the commit failed: nothing of it is kept then.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SandboxError> {
        let (tell, mut told) = oneshot::channel::<Result<T, String>>();
        held(&self.0.queue).push(Box::new(move |connection| {
            let done = match connection {
                Ok(connection) => alone(connection, work).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_owned()),
            };
            Box::new(move |committed| {
                let answer = done.and_then(|value| committed.map(|()| value).map_err(str::to_owned));
                // Nobody may be waiting any more.
                tell.send(answer).ok();
            })
        }));
        let turn = self.0.turn.lock().await;
        // Whoever had the turn before may have taken this along.
        let answer = match told.try_recv() {
            Ok(answer) => answer,
            Err(_) => {
                let inner = Arc::clone(&self.0);
                tokio::task::spawn_blocking(move || inner.flush()).await.map_err(|error| failed(&error))?;
                told.await.map_err(|error| failed(&error))?
            }
        };
        drop(turn);
        answer.map_err(|error| failed(&error))
    }

    /// Runs `work` on what was committed.
    ///
    /// # Errors
    /// When SQLite cannot read.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SandboxError> {
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || work(&held(&inner.reader)))
            .await
            .map_err(|error| failed(&error))?
            .map_err(|error| failed(&error))
    }
}

impl Inner {
    /// Writes down everything that waits, in one transaction.
    fn flush(&self) {
        let writer = held(&self.writer);
        let jobs = std::mem::take(&mut *held(&self.queue));
        if jobs.is_empty() {
            return;
        }
        let begun = writer.execute_batch("BEGIN IMMEDIATE").map_err(|error| error.to_string());
        let connection = begun.as_ref().map(|()| &*writer).map_err(String::as_str);
        let settle: Vec<Settle> = jobs.into_iter().map(|job| job(connection)).collect();
        let mut committed = Ok(());
        if begun.is_ok() {
            committed = writer.execute_batch("COMMIT").map_err(|error| error.to_string());
            if committed.is_err() {
                writer.execute_batch("ROLLBACK").ok();
            }
        }
        for settle in settle {
            settle(match &committed {
                Ok(()) => Ok(()),
                Err(error) => Err(error),
            });
        }
    }
}

/// Runs `work` so that its failure undoes nobody else's.
fn alone<T>(connection: &Connection, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    connection.execute_batch("SAVEPOINT job")?;
    let done = work(connection);
    connection.execute_batch(if done.is_ok() { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" })?;
    done
}

/// Makes the file before SQLite does, whose own follow the umask; its journals take the mode of the file.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Brings the schema up to date; answers the version it had before, or that of a newer program.
fn prepare(connection: &mut Connection) -> rusqlite::Result<usize> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let version: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let version = version as usize;
    for (number, sql) in MIGRATIONS.iter().enumerate().skip(version) {
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", (number + 1) as u32)?;
    }
    transaction.commit()?;
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(webhook: &'static str) -> impl FnOnce(&Connection) -> rusqlite::Result<usize> + Send + 'static {
        move |c| c.execute("INSERT INTO health (webhook, failing) VALUES (?1, 0)", [webhook])
    }

    fn count(c: &Connection) -> rusqlite::Result<i64> {
        c.query_row("SELECT count(*) FROM health", [], |row| row.get(0))
    }

    #[tokio::test]
    async fn what_fails_in_a_group_is_taken_back_alone() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        store.write(health("one")).await.unwrap();
        let half_done = |c: &Connection| {
            health("lost")(c)?;
            health("one")(c)
        };
        let (bad, good) = tokio::join!(store.write(half_done), store.write(health("two")));
        assert!(bad.unwrap_err().to_string().contains("UNIQUE"));
        good.unwrap();
        assert_eq!(store.read(count).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn many_writers_at_once_are_all_kept_and_seen_by_the_next_to_open() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let writers: Vec<_> = (0..200)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move {
                    store
                        .write(move |c| {
                            c.execute("INSERT INTO health (webhook, failing) VALUES (?1, 0)", [number.to_string()])
                        })
                        .await
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap().unwrap();
        }
        drop(store);
        assert_eq!(Store::open(dir.path()).unwrap().read(count).await.unwrap(), 200);
    }

    #[test]
    fn a_file_of_a_newer_program_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        drop(Store::open(dir.path()).unwrap());
        Connection::open(dir.path().join(FILE)).unwrap().pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(Store::open(dir.path()), Err(SandboxError::Damaged { .. })));
    }
}
