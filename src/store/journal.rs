//! Things to put back: what a job is about to change elsewhere, written to `history.db` before its first call.
//!
//! An entry lives as long as its job. Its maker holds a lock file meanwhile, so that nobody takes an entry of a running
//! job for a leftover, whichever process runs it; the lock ends with the process, however that ends.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::data_dir::DataDir;
use super::history::{History, HistoryError};

/// The journal of a data folder. Clones name the same one.
#[derive(Debug, Clone)]
pub struct Journal {
    database: PathBuf,
    data: DataDir,
}

/// One thing to put back. Whoever has it holds its lock: dropping it without [`Entry::done`] leaves it as a leftover.
#[derive(Debug)]
pub struct Entry {
    /// What kind of job wrote it.
    pub kind: String,
    /// How far that job was, in its own words.
    pub state: String,
    /// When it was begun.
    pub made_at: Timestamp,
    id: String,
    content: String,
    database: PathBuf,
    lock_path: PathBuf,
    /// Held, and never read.
    _lock: File,
}

impl Journal {
    /// The journal in `history.db` of `data`.
    pub fn of(data: &DataDir) -> Self {
        Self { database: data.file("history.db"), data: data.clone() }
    }

    /// Writes a new entry of `owner` (a profile's id, or the domain of an unsaved one). It is on disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written: the job must not begin then.
    pub async fn begin<T: Serialize>(
        &self,
        owner: &str,
        kind: &str,
        state: &str,
        content: &T,
        at: Timestamp,
    ) -> Result<Entry, HistoryError> {
        let content = to_json(content)?;
        let [owner, kind, state] = [owner, kind, state].map(str::to_owned);
        let journal = self.clone();
        off_thread(move || {
            let id = Uuid::new_v4().simple().to_string();
            let lock_path = journal.lock_path(&id)?;
            let history = History::open(&journal.database)?;
            let writer = history.writer().ok_or(HistoryError::Newer)?;
            // Lock file and entry come in one transaction: see [`Journal::sweep`].
            let transaction = Transaction::new_unchecked(writer, TransactionBehavior::Immediate)?;
            let lock = lock(&lock_path)?.ok_or_else(|| HistoryError::Other("a new lock is taken".to_owned()))?;
            transaction.execute(
                "INSERT INTO journal (id, owner, kind, content, state, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![id, owner, kind, content, state, at.as_microsecond()],
            )?;
            transaction.commit()?;
            Ok(Entry { kind, state, made_at: at, id, content, database: journal.database, lock_path, _lock: lock })
        })
        .await
    }

    /// The entries of `owner` whose job no longer runs, oldest first. Each comes with its lock, so that nobody else
    /// takes it on at the same time.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn left_over(&self, owner: &str) -> Result<Vec<Entry>, HistoryError> {
        self.left_over_at(owner, None).await
    }

    /// The same, and besides those whose content names `domain` as its own, whoever's they are: a run without a saved
    /// profile files them under the domain, and a removed profile's stay under an id that nobody has.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn left_over_at(&self, owner: &str, domain: Option<&str>) -> Result<Vec<Entry>, HistoryError> {
        let (journal, owner, domain) = (self.clone(), owner.to_owned(), domain.map(str::to_owned));
        off_thread(move || {
            // A data folder without a history has no leftovers, and asking for them makes none.
            if !journal.database.exists() {
                return Ok(Vec::new());
            }
            let history = History::open(&journal.database)?;
            if history.writer().is_none() {
                return Ok(Vec::new());
            }
            let ids: Vec<String> = history
                .reader()
                .prepare(
                    "SELECT id FROM journal WHERE owner = ?1
                     OR (json_valid(content) AND json_type(content) = 'object' AND json_extract(content, '$.domain') = ?2)
                     ORDER BY made_at, id",
                )?
                .query_map(params![owner, domain], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let mut found = Vec::new();
            for id in ids {
                found.extend(journal.take(&history, id)?);
            }
            // A lock file that stays is in nobody's way: no reason to keep the leftovers back.
            journal.sweep(&history).ok();
            Ok(found)
        })
        .await
    }

    /// What the entries hold whose job runs right now, in whichever process: those of `owner`, and those whose content
    /// names `domain` as its own.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn busy_at(&self, owner: &str, domain: Option<&str>) -> Result<Vec<String>, HistoryError> {
        let (journal, owner, domain) = (self.clone(), owner.to_owned(), domain.map(str::to_owned));
        off_thread(move || {
            if !journal.database.exists() {
                return Ok(Vec::new());
            }
            let history = History::open(&journal.database)?;
            let all: Vec<(String, String)> = history
                .reader()
                .prepare(
                    "SELECT id, content FROM journal WHERE owner = ?1
                     OR (json_valid(content) AND json_type(content) = 'object' AND json_extract(content, '$.domain') = ?2)",
                )?
                .query_map(params![owner, domain], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            let mut busy = Vec::new();
            for (id, content) in all {
                if lock(&journal.lock_path(&id)?)?.is_none() {
                    busy.push(content);
                }
            }
            Ok(busy)
        })
        .await
    }

    /// The entry of that id with its lock; `None` where its job runs, or has ended meanwhile.
    fn take(&self, history: &History, id: String) -> Result<Option<Entry>, HistoryError> {
        let lock_path = self.lock_path(&id)?;
        let Some(lock) = lock(&lock_path)? else { return Ok(None) };
        let row: Option<(String, String, String, i64)> = history
            .reader()
            .query_row("SELECT kind, state, content, made_at FROM journal WHERE id = ?1", params![id], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        let Some((kind, state, content, made_at)) = row else {
            std::fs::remove_file(&lock_path).ok();
            return Ok(None);
        };
        let made_at = Timestamp::from_microsecond(made_at).unwrap_or(Timestamp::UNIX_EPOCH);
        let database = self.database.clone();
        Ok(Some(Entry { kind, state, made_at, id, content, database, lock_path, _lock: lock }))
    }

    /// Removes the lock files that no entry belongs to: a job was killed between the two.
    ///
    /// What is about to have its entry holds the database's write lock meanwhile, and what is about to lose its file
    /// holds that: neither is taken for one.
    fn sweep(&self, history: &History) -> Result<(), HistoryError> {
        let Some(writer) = history.writer() else { return Ok(()) };
        let strays = |ids: &[String]| -> Vec<PathBuf> {
            let files = std::fs::read_dir(self.data.file("journal")).into_iter().flatten().flatten();
            let paths = files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|it| it == "lock"));
            paths
                .filter(|path| !ids.iter().any(|id| path.file_stem().is_some_and(|stem| stem == id.as_str())))
                .collect()
        };
        let ids = || -> Result<Vec<String>, rusqlite::Error> {
            writer.prepare("SELECT id FROM journal")?.query_map([], |row| row.get(0))?.collect()
        };
        if strays(&ids()?).is_empty() {
            return Ok(());
        }
        let _no_entry_begins = Transaction::new_unchecked(writer, TransactionBehavior::Immediate)?;
        for path in strays(&ids()?) {
            let Some(_held) = lock(&path)? else { continue };
            std::fs::remove_file(&path).ok();
        }
        Ok(())
    }

    fn lock_path(&self, id: &str) -> Result<PathBuf, HistoryError> {
        let folder = self.data.folder("journal").map_err(|error| HistoryError::Other(error.to_string()))?;
        Ok(folder.join(format!("{id}.lock")))
    }
}

impl Entry {
    /// What it holds.
    ///
    /// # Errors
    /// When it is of another shape: a newer program wrote it.
    pub fn content<T: DeserializeOwned>(&self) -> Result<T, HistoryError> {
        serde_json::from_str(&self.content).map_err(|error| HistoryError::Other(error.to_string()))
    }

    /// Notes how far the job is. On disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written: the job must not take its next step then.
    pub async fn advance<T: Serialize>(&mut self, state: &str, content: &T) -> Result<(), HistoryError> {
        let content = to_json(content)?;
        let (database, id) = (self.database.clone(), self.id.clone());
        (self.state, self.content) = (state.to_owned(), content.clone());
        let state = state.to_owned();
        off_thread(move || {
            let history = History::open(&database)?;
            let writer = history.writer().ok_or(HistoryError::Newer)?;
            writer.execute("UPDATE journal SET state = ?2, content = ?3 WHERE id = ?1", params![id, state, content])?;
            Ok(())
        })
        .await
    }

    /// Nothing is left to put back: takes the entry out.
    ///
    /// # Errors
    /// When that cannot be written; the next start looks at it again then.
    pub async fn done(self) -> Result<(), HistoryError> {
        off_thread(move || {
            let history = History::open(&self.database)?;
            let writer = history.writer().ok_or(HistoryError::Newer)?;
            writer.execute("DELETE FROM journal WHERE id = ?1", params![self.id])?;
            std::fs::remove_file(&self.lock_path).ok();
            Ok(())
        })
        .await
    }
}

fn to_json<T: Serialize>(content: &T) -> Result<String, HistoryError> {
    serde_json::to_string(content).map_err(|error| HistoryError::Other(error.to_string()))
}

/// The lock at `path`, or `None` where somebody holds it.
fn lock(path: &Path) -> Result<Option<File>, HistoryError> {
    let fail = |error: std::io::Error| HistoryError::Other(format!("locking {}: {error}", path.display()));
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(fail)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(fail(error)),
    }
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HistoryError> + Send + 'static,
) -> Result<T, HistoryError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| HistoryError::Other(error.to_string()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> (tempfile::TempDir, Journal) {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(dir.path().join("data")).unwrap();
        (dir, Journal::of(&data))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn what_a_job_left_is_found_with_the_last_thing_it_noted_and_only_by_its_owner() {
        let (_dir, journal) = journal();
        let mut entry = journal.begin("p", "replace", "create", &"old", at(1)).await.unwrap();
        entry.advance("created", &"old and new").await.unwrap();
        drop(entry);
        assert!(journal.left_over("q").await.unwrap().is_empty());
        let found = journal.left_over("p").await.unwrap();
        assert_eq!((found[0].kind.as_str(), found[0].state.as_str()), ("replace", "created"));
        assert_eq!(found[0].content::<String>().unwrap(), "old and new");
        assert_eq!(found[0].made_at, at(1));
    }

    #[tokio::test]
    async fn the_entry_of_a_running_job_is_no_leftover() {
        let (_dir, journal) = journal();
        let running = journal.begin("p", "replace", "create", &(), at(1)).await.unwrap();
        drop(journal.begin("p", "trigger", "create", &(), at(2)).await.unwrap());
        let found = journal.left_over("p").await.unwrap();
        assert_eq!(found.iter().map(|entry| entry.kind.as_str()).collect::<Vec<_>>(), ["trigger"]);
        assert!(journal.left_over("p").await.unwrap().is_empty(), "the one who found it holds it");
        drop((running, found));
        assert_eq!(journal.left_over("p").await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn nothing_is_left_of_a_job_that_is_done() {
        let (dir, journal) = journal();
        journal.begin("p", "replace", "create", &(), at(1)).await.unwrap().done().await.unwrap();
        assert!(journal.left_over("p").await.unwrap().is_empty());
        assert_eq!(std::fs::read_dir(dir.path().join("data/journal")).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_lock_file_that_no_entry_belongs_to_is_removed_and_that_of_a_running_job_stays() {
        let (dir, journal) = journal();
        let running = journal.begin("p", "replace", "create", &(), at(1)).await.unwrap();
        drop(journal.begin("q", "replace", "create", &(), at(2)).await.unwrap());
        let folder = dir.path().join("data/journal");
        let (stray, held, other) = (folder.join("killed.lock"), folder.join("held.lock"), folder.join("notes.txt"));
        std::fs::write(&stray, "").unwrap();
        std::fs::write(&other, "").unwrap();
        let lock = lock(&held).unwrap().unwrap();
        journal.left_over("p").await.unwrap();
        assert!(!stray.exists() && other.exists());
        assert!(held.exists(), "somebody holds it");
        drop(lock);
        assert!(journal.left_over("p").await.unwrap().is_empty(), "the running one's lock is whole");
        assert!(!held.exists());
        assert_eq!(journal.left_over("q").await.unwrap().len(), 1, "another profile's leftover has kept its lock");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 3, "two entries, and what is no lock");
        running.done().await.unwrap();
    }

    #[tokio::test]
    async fn a_history_of_a_newer_program_takes_no_entry_so_no_job_begins() {
        let (dir, journal) = journal();
        journal.begin("p", "replace", "create", &(), at(1)).await.unwrap().done().await.unwrap();
        let database = rusqlite::Connection::open(dir.path().join("data/history.db")).unwrap();
        database.pragma_update(None, "user_version", 99).unwrap();
        let refused = journal.begin("p", "replace", "create", &(), at(2)).await;
        assert!(matches!(refused, Err(HistoryError::Newer)), "{refused:?}");
    }

    #[tokio::test]
    async fn a_history_of_the_first_version_is_brought_up_to_date_and_keeps_its_key_sets() {
        let (dir, journal) = journal();
        let path = dir.path().join("data/history.db");
        let old = rusqlite::Connection::open(&path).unwrap();
        old.execute_batch(include_str!("sql/001_key_sets.sql")).unwrap();
        old.execute("INSERT INTO key_sets VALUES ('p', 'acme', 'u', '{}', 1, 1)", []).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        drop(old);
        drop(journal.begin("p", "replace", "create", &(), at(1)).await.unwrap());
        assert_eq!(super::super::key_sets::KeySets::open(&path).unwrap().of("p").unwrap().len(), 1);
        assert_eq!(journal.left_over("p").await.unwrap().len(), 1);
    }
}
