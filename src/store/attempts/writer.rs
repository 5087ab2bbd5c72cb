//! The one thread of a process that writes: what waits together is committed together. Another one tells those who wait.

use std::sync::mpsc::SyncSender;
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
/// On a disk that commits faster those who come meanwhile are the next batch: nobody waits for others.
const WORTH_WAITING: Duration = Duration::from_millis(1);
/// By how much of itself, and by how much more, what commits take at least is taken to have grown with each that took longer.
const GROWTH: u32 = 32;
const STEP: Duration = Duration::from_micros(10);

/// How many batches may wait until those who wait for them are told.
const UNTOLD: usize = 16;

/// A part of a transaction, and who waits for it.
trait Work: Send {
    /// Does it in the open transaction, again where that was taken back; says whether it succeeded.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Tells how it ended; an error of its own comes first.
    fn tell(self: Box<Self>, outcome: Result<(), &str>);
}

/// A change as work.
struct Part<T, F> {
    change: F,
    result: Option<Result<T, HistoryError>>,
    asker: oneshot::Sender<Result<T, HistoryError>>,
}

impl<T, F> Part<T, F> {
    fn new(change: F, asker: oneshot::Sender<Result<T, HistoryError>>) -> Self {
        Self { change, result: None, asker }
    }
}

impl<T: Send, F: Fn(&Connection) -> Result<T, HistoryError> + Send> Work for Part<T, F> {
    fn run(&mut self, connection: &Connection) -> bool {
        self.result.insert((self.change)(connection)).is_ok()
    }

    fn tell(self: Box<Self>, outcome: Result<(), &str>) {
        let undone = |why: &str| Err(HistoryError::Other(why.to_owned()));
        let result = match (self.result, outcome) {
            (Some(Err(own)), _) => Err(own),
            (Some(result), Ok(())) => result,
            (None, Ok(())) => undone("it was not tried"),
            (_, Err(why)) => undone(why),
        };
        // Nobody waits any more: it is written all the same.
        self.asker.send(result).ok();
    }
}

/// What is committed together.
type Batch = Vec<Box<dyn Work>>;

/// A batch, and how it ended.
type Told = (Batch, Result<(), String>);

/// Hands work to the thread. The thread ends when the last clone is gone and everything that waits is written.
#[derive(Clone)]
pub(super) struct Writer(mpsc::Sender<Box<dyn Work>>);

impl Writer {
    /// Starts the thread over `history`.
    pub(super) fn start(history: History) -> Result<Self, HistoryError> {
        let (sender, receiver) = mpsc::channel(WAITING);
        // To wake those who wait, and to let go of what they brought, takes as long as a part of the writing: the next batch
        // does not wait for it.
        let (done, told) = std::sync::mpsc::sync_channel(UNTOLD);
        thread("history-teller", move || told.into_iter().for_each(tell))?;
        thread("history-writer", move || run(&history, receiver, &done))?;
        Ok(Self(sender))
    }

    /// Runs `change` in a transaction. What it answers is durable when this returns. It may be run more than once; what it
    /// did before is then taken back.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        change: impl Fn(&Connection) -> Result<T, HistoryError> + Send + 'static,
    ) -> Result<T, HistoryError> {
        let (asker, answer) = oneshot::channel();
        let gone = || HistoryError::Other("the history is closed".to_owned());
        self.0.send(Box::new(Part::new(change, asker))).await.map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), HistoryError> {
    let started = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    started.map(|_| ()).map_err(|error| HistoryError::Other(error.to_string()))
}

fn run(history: &History, mut waiting: mpsc::Receiver<Box<dyn Work>>, done: &SyncSender<Told>) {
    // Without this promise SQLite plans a query anew for each value it is run with where a partial index might serve it:
    // half of what it costs to keep an attempt.
    if let Some(connection) = history.writer() {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).ok();
        connection.set_prepared_statement_cache_capacity(64);
    }
    // How many came together lately. Senders that wait for their answers come again together, a moment after it: a commit
    // for the first of them alone would keep all others waiting. One that comes alone waits for nobody.
    let mut usual = 1;
    let mut least = Least::default();
    while let Some(first) = waiting.blocking_recv() {
        let patience = if least.0 < WORTH_WAITING { Duration::ZERO } else { PATIENCE };
        let batch = gather(first, &mut waiting, usual, patience);
        usual = batch.len().max(usual * 7 / 8);
        let (told, took) = match history.writer() {
            Some(connection) => commit(connection, batch),
            None => ((batch, Err(HistoryError::Newer.to_string())), Duration::ZERO),
        };
        least.seen(took);
        if done.send(told).is_err() {
            return;
        }
    }
}

/// How long commits take at least, of late: what is saved by waiting for others. What one takes longer is writing what they bring,
/// which has to be written in any case, or a moment in which the disk was busy with something else.
#[derive(Default)]
struct Least(Duration);

impl Least {
    fn seen(&mut self, took: Duration) {
        self.0 = took.min(self.0 + self.0 / GROWTH + STEP);
    }
}

/// What is committed together: a commit costs the same for one as for many.
fn gather(
    first: Box<dyn Work>,
    waiting: &mut mpsc::Receiver<Box<dyn Work>>,
    usual: usize,
    patience: Duration,
) -> Batch {
    let begun = Instant::now();
    let mut batch = vec![first];
    // Those who are about to come are let go first, once.
    std::thread::yield_now();
    loop {
        let before = batch.len();
        while batch.len() < TOGETHER
            && let Ok(work) = waiting.try_recv()
        {
            batch.push(work);
        }
        if batch.len() == TOGETHER {
            return batch;
        }
        if batch.len() == before {
            if batch.len() >= usual || begun.elapsed() >= patience {
                return batch;
            }
            std::thread::sleep(LOOK);
        }
    }
}

fn tell((batch, outcome): Told) {
    let outcome = outcome.as_ref().map(|_| ()).map_err(String::as_str);
    for work in batch {
        work.tell(outcome);
    }
}

/// All of the batch in one transaction. Where one of them fails, all are taken back and done again, each by itself then:
/// that is rare, and being ready for it from the start costs as much as the writing. Answers how it ended, and how long the
/// commit itself took.
fn commit(connection: &Connection, mut batch: Batch) -> (Told, Duration) {
    let mut took = Duration::ZERO;
    let mut all = || {
        step(connection, "BEGIN IMMEDIATE")?;
        let good = batch.iter_mut().all(|work| work.run(connection));
        if !good && batch.len() > 1 {
            take_back(connection);
            step(connection, "BEGIN IMMEDIATE")?;
            each_by_itself(connection, &mut batch)?;
        } else if !good {
            return Err("it was taken back".to_owned());
        }
        let begun = Instant::now();
        let committed = step(connection, "COMMIT");
        took = begun.elapsed();
        committed
    };
    let outcome = all();
    if outcome.is_err() {
        take_back(connection);
    }
    ((batch, outcome), took)
}

/// Each work in a savepoint of its own, so that one that fails takes nothing of the others back.
fn each_by_itself(connection: &Connection, batch: &mut [Box<dyn Work>]) -> Result<(), String> {
    for work in batch {
        step(connection, "SAVEPOINT work")?;
        let good = work.run(connection);
        // A full disk makes SQLite take the whole transaction back by itself.
        if connection.is_autocommit() {
            return Err("the disk is full, or could not be written".to_owned());
        }
        if !good {
            step(connection, "ROLLBACK TO work")?;
        }
        step(connection, "RELEASE work")?;
    }
    Ok(())
}

fn take_back(connection: &Connection) {
    if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK").ok();
    }
}

fn step(connection: &Connection, sql: &str) -> Result<(), String> {
    let run = || connection.prepare_cached(sql)?.execute([]);
    run().map(|_| ()).map_err(|error: rusqlite::Error| HistoryError::from(error).to_string())
}

#[cfg(test)]
mod tests {
    use super::super::change::{Ready, insert};
    use super::super::tests::{new, open};
    use super::*;
    use crate::store::attempts::Filter;

    #[test]
    fn nobody_is_waited_for_after_one_slow_commit_and_others_are_on_a_disk_that_is_slow() {
        let mut least = Least::default();
        let mut after = |took: &[u64]| {
            took.iter().for_each(|micros| least.seen(Duration::from_micros(*micros)));
            least.0 >= WORTH_WAITING
        };
        assert!(!after(&[200; 50]));
        assert!(!after(&[500_000]));
        assert!(!after(&[300, 20_000, 400, 15_000, 600]));
        assert!(after(&[5_000; 100]));
        assert!(!after(&[300]));
    }

    #[tokio::test]
    async fn what_fails_of_a_batch_takes_its_own_part_back_and_nothing_of_the_others() {
        let (dir, attempts) = open();
        let history = History::open(&dir.path().join("history.db")).unwrap();
        let (mut batch, mut answers): (Batch, Vec<_>) = (Vec::new(), Vec::new());
        for n in 0..10 {
            let change = move |connection: &Connection| {
                let ready = Ready::of(new(Some(&format!("w{n}")), None, "t", "x"))?;
                let stored = insert(connection, &ready)?;
                if n % 5 == 3 { Err(HistoryError::Other(format!("number {n}"))) } else { Ok(stored.seq) }
            };
            let (asker, answer) = oneshot::channel();
            batch.push(Box::new(Part::new(change, asker)));
            answers.push(answer);
        }
        tell(commit(history.writer().unwrap(), batch).0);
        let mut told = Vec::new();
        for (n, answer) in answers.into_iter().enumerate() {
            match answer.await.unwrap() {
                Ok(seq) => told.push((seq, format!("w{n}"))),
                Err(why) => assert!(n % 5 == 3 && why.to_string().ends_with(&format!("number {n}")), "{n}: {why}"),
            }
        }
        assert_eq!(told.len(), 8);
        let mut kept: Vec<_> = attempts
            .page("p", Filter::default())
            .await
            .unwrap()
            .into_iter()
            .map(|row| (row.seq, row.webhook_id.unwrap()))
            .collect();
        kept.reverse();
        assert_eq!(kept, told);
    }
}
