//! The one thread of a process that writes: what waits together is committed together.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::sync::{mpsc, oneshot};

use super::super::history::{History, HistoryError};

/// How many works one transaction takes. Whatever waits longer takes the next one.
const TOGETHER: usize = 512;
/// How many may wait; more is backpressure on whoever asks.
const WAITING: usize = 1024;
/// How long at most a batch waits for those who came together lately, and how often it looks for them.
const PATIENCE: Duration = Duration::from_millis(2);
const LOOK: Duration = Duration::from_micros(20);

/// Told how the transaction ended.
type Told = Box<dyn FnOnce(Result<(), &str>) + Send>;
/// Does its part in the open transaction, or learns that there is none; says whether its part succeeded.
type Work = Box<dyn FnOnce(Result<&Connection, &str>) -> (bool, Told) + Send>;

/// Hands work to the thread. The thread ends when the last clone is gone and everything that waits is written.
#[derive(Clone)]
pub(super) struct Writer(mpsc::Sender<Work>);

impl Writer {
    /// Starts the thread over `history`.
    pub(super) fn start(history: History) -> Result<Self, HistoryError> {
        let (sender, receiver) = mpsc::channel(WAITING);
        std::thread::Builder::new()
            .name("history-writer".to_owned())
            .spawn(move || run(&history, receiver))
            .map_err(|error| HistoryError::Other(error.to_string()))?;
        Ok(Self(sender))
    }

    /// Runs `change` in a transaction. What it answers is durable when this returns.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, HistoryError> + Send + 'static,
    ) -> Result<T, HistoryError> {
        let (sender, receiver) = oneshot::channel();
        let work: Work = Box::new(move |connection| {
            let result = match connection {
                Ok(connection) => change(connection),
                Err(why) => Err(HistoryError::Other(why.to_owned())),
            };
            let good = result.is_ok();
            let told: Told = Box::new(move |outcome| {
                let result = match outcome {
                    Ok(()) => result,
                    Err(why) => result.and_then(|_| Err(HistoryError::Other(why.to_owned()))),
                };
                // Nobody waits any more: it is written all the same.
                sender.send(result).ok();
            });
            (good, told)
        });
        let gone = || HistoryError::Other("the history is closed".to_owned());
        self.0.send(work).await.map_err(|_| gone())?;
        receiver.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn run(history: &History, mut waiting: mpsc::Receiver<Work>) {
    // Without this promise SQLite plans a query anew for each value it is run with where a partial index might serve it:
    // half of what it costs to keep an attempt.
    if let Some(connection) = history.writer() {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).ok();
    }
    // How many came together lately. Senders that wait for their answers come again together, a moment after it: a commit
    // for the first of them alone would keep all others waiting. One that comes alone waits for nobody.
    let mut usual = 1;
    while let Some(first) = waiting.blocking_recv() {
        let batch = gather(first, &mut waiting, usual);
        usual = batch.len().max(usual * 7 / 8);
        let Some(connection) = history.writer() else {
            refuse(batch, &HistoryError::Newer.to_string());
            continue;
        };
        match step(connection, "BEGIN IMMEDIATE") {
            Ok(()) => commit(connection, batch),
            Err(why) => refuse(batch, &why),
        }
    }
}

/// What is committed together: a commit costs the same for one as for many.
fn gather(first: Work, waiting: &mut mpsc::Receiver<Work>, usual: usize) -> Vec<Work> {
    let begun = Instant::now();
    let mut batch = vec![first];
    loop {
        let before = batch.len();
        std::thread::yield_now();
        while batch.len() < TOGETHER
            && let Ok(work) = waiting.try_recv()
        {
            batch.push(work);
        }
        if batch.len() == TOGETHER {
            return batch;
        }
        if batch.len() == before {
            if batch.len() >= usual || begun.elapsed() >= PATIENCE {
                return batch;
            }
            std::thread::sleep(LOOK);
        }
    }
}

fn refuse(batch: Vec<Work>, why: &str) {
    for work in batch {
        let (_, told) = work(Err(why));
        told(Ok(()));
    }
}

/// Each work in a savepoint of its own, so that one that fails takes nothing of the others back.
fn commit(connection: &Connection, batch: Vec<Work>) {
    let mut all_told = Vec::with_capacity(batch.len());
    let mut lost: Option<String> = None;
    for work in batch {
        let opened = match &lost {
            Some(why) => Err(why.clone()),
            None => step(connection, "SAVEPOINT work"),
        };
        let (good, told) = match &opened {
            Ok(()) => work(Ok(connection)),
            Err(why) => work(Err(why)),
        };
        all_told.push(told);
        if opened.is_err() {
            continue;
        }
        // A full disk makes SQLite take the whole transaction back by itself.
        if connection.is_autocommit() {
            lost = Some("the disk is full, or could not be written".to_owned());
            continue;
        }
        let undone = if good { Ok(()) } else { step(connection, "ROLLBACK TO work") };
        if let Err(why) = undone.and_then(|()| step(connection, "RELEASE work")) {
            lost = Some(why);
        }
    }
    let outcome = match lost {
        Some(why) => Err(why),
        None => step(connection, "COMMIT"),
    };
    if outcome.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK").ok();
    }
    for told in all_told {
        told(outcome.as_ref().map(|_| ()).map_err(String::as_str));
    }
}

fn step(connection: &Connection, sql: &str) -> Result<(), String> {
    let run = || connection.prepare_cached(sql)?.execute([]);
    run().map(|_| ()).map_err(|error: rusqlite::Error| HistoryError::from(error).to_string())
}
