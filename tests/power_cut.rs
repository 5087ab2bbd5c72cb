//! What is left of acknowledged webhooks when the power goes at any moment.
//!
//! `listen` runs with `tests/tools/power_cut.c` preloaded, which writes down what it does to the files of the history.
//! From that the files are built as they lay on the disk at many moments of the run, in two ways in turn: what was synced
//! and nothing more, and what was synced and by chance some sectors of what was not. Each time the history is opened as
//! any start of the panel opens it: whatever had been answered 200 by then must be there, and nothing that nobody sent.
//!
//! A rebuild that cannot lose anything would prove nothing. So the same is done with a database that is written with
//! `synchronous=NORMAL`, which must lose something, and with `FULL`, which must not.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test may stop at the first surprise"
)]

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use kinde_panel::store::attempts::{Attempts, Filter};
use kinde_panel::tenant::SANDBOX_PROFILE;
use serde_json::Value;

/// How many ids the control writes.
const CONTROL: usize = 1500;

/// How often the power is cut: `tests/run --long power_cut` says 1,000.
fn cuts() -> usize {
    std::env::var("KINDE_PANEL_CUTS").ok().and_then(|text| text.parse().ok()).unwrap_or(100)
}

/// Builds the library that is preloaded.
fn shim(dir: &Path) -> PathBuf {
    let library = dir.join("power_cut.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/power_cut.c");
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl").status();
    assert!(built.expect("a C compiler").success());
    library
}

/// The program's log of what it did.
fn watched(command: &mut Command, dir: &Path) -> PathBuf {
    let log = dir.join("log");
    std::fs::write(&log, []).unwrap();
    command.env("LD_PRELOAD", shim(dir)).env("POWER_CUT_LOG", &log).env("POWER_CUT_NAME", "history.db");
    log
}

/// Somebody who was told that `id` is kept, when the log was `at` long.
struct Acknowledged {
    id: String,
    at: u64,
}

/// One thing done to a file.
struct Deed {
    what: u8,
    file: usize,
    place: u64,
    bytes: std::ops::Range<usize>,
}

/// A log, read.
struct Log {
    bytes: Vec<u8>,
    deeds: Vec<Deed>,
}

impl Log {
    fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let (mut deeds, mut at) = (Vec::new(), 0);
        while at + 14 <= bytes.len() {
            let place = u64::from_ne_bytes(bytes[at + 2..at + 10].try_into().unwrap());
            let length = u32::from_ne_bytes(bytes[at + 10..at + 14].try_into().unwrap()) as usize;
            let start = at + 14;
            if start + length > bytes.len() {
                break;
            }
            deeds.push(Deed { what: bytes[at], file: bytes[at + 1].into(), place, bytes: start..start + length });
            at = start + length;
        }
        Self { bytes, deeds }
    }
}

/// A file as the disk has it, and what was done to it since.
#[derive(Default, Clone)]
struct OnDisk {
    /// `None`: nothing of it was ever synced, or it was removed.
    synced: Option<Vec<u8>>,
    since: Vec<usize>,
}

fn apply(content: &mut Vec<u8>, deed: &Deed, bytes: &[u8], mut keeps: impl FnMut() -> bool) {
    match deed.what {
        b't' if keeps() => content.resize(deed.place as usize, 0),
        b'w' => {
            // By sectors: a write is not one.
            for (index, sector) in bytes.chunks(512).enumerate() {
                let start = deed.place as usize + index * 512;
                if keeps() {
                    content.resize(content.len().max(start + sector.len()), 0);
                    content[start..start + sector.len()].copy_from_slice(sector);
                }
            }
        }
        _ => {}
    }
}

impl OnDisk {
    fn take(&mut self, log: &Log, index: usize) {
        match log.deeds[index].what {
            b's' => {
                let mut content = self.synced.take().unwrap_or_default();
                for index in self.since.drain(..) {
                    let deed = &log.deeds[index];
                    apply(&mut content, deed, &log.bytes[deed.bytes.clone()], || true);
                }
                self.synced = Some(content);
            }
            b'u' => *self = Self::default(),
            _ => self.since.push(index),
        }
    }

    /// What a cut now leaves: what was synced, and of the rest what `keeps` says.
    fn left(&self, log: &Log, mut keeps: impl FnMut() -> bool) -> Option<Vec<u8>> {
        let mut content = self.synced.clone();
        for index in &self.since {
            let deed = &log.deeds[*index];
            let mut changed = content.clone().unwrap_or_default();
            apply(&mut changed, deed, &log.bytes[deed.bytes.clone()], &mut keeps);
            content = content.is_some().then_some(changed);
        }
        content
    }
}

/// A small generator: the same cuts at each run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// What was lost and what was invented, over all cuts.
#[derive(Default)]
struct Outcome {
    cuts: usize,
    /// Acknowledged before the cut they were looked for after, added up.
    looked_for: usize,
    lost: usize,
    cuts_with_loss: usize,
}

/// Cuts the power `cuts` times. `kept` opens what is left in a folder and answers the ids in it.
fn cut(
    log: &Log,
    acknowledged: &[Acknowledged],
    sent: &HashSet<String>,
    kept: impl Fn(&Path) -> HashSet<String>,
) -> Outcome {
    let mut chance = Chance(0x5abd_5abd_5abd_5abd);
    let mut moments: Vec<usize> = (0..cuts()).map(|_| (chance.next() % log.deeds.len() as u64) as usize).collect();
    moments.sort_unstable();
    let mut files: [OnDisk; 3] = Default::default();
    let (mut done, mut outcome) = (0, Outcome::default());
    for (number, moment) in moments.into_iter().enumerate() {
        while done < moment {
            files[log.deeds[done].file].take(log, done);
            done += 1;
        }
        let now = log.deeds[moment].bytes.start as u64 - 14;
        let dir = tempfile::tempdir().unwrap();
        for (file, name) in files.iter().zip(["history.db", "history.db-wal", "history.db-journal"]) {
            let sectors = number % 2 == 1;
            if let Some(content) = file.left(log, || sectors && chance.next().is_multiple_of(2)) {
                std::fs::write(dir.path().join(name), content).unwrap();
            }
        }
        let kept = kept(dir.path());
        let there = |one: &&Acknowledged| one.at <= now;
        let lost = acknowledged.iter().filter(there).filter(|one| !kept.contains(&one.id)).count();
        outcome.cuts += 1;
        outcome.looked_for += acknowledged.iter().filter(there).count();
        outcome.lost += lost;
        outcome.cuts_with_loss += usize::from(lost > 0);
        assert_eq!(kept.difference(sent).count(), 0, "invented at cut {number}");
    }
    outcome
}

fn sound(dir: &Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(dir.join("history.db")).unwrap();
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    connection
}

/// POSTs and answers the status.
fn post(host: &str, path: &str, id: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(host).ok()?;
    let head = format!("POST {path} HTTP/1.1\r\nhost: {host}\r\nwebhook-id: {id}\r\nconnection: close\r\n");
    let body = format!("{id} {}", "x".repeat(600));
    stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn of_a_power_cut_no_acknowledged_attempt_is_lost_and_none_is_invented() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinde-panel"));
    command.arg("--data-dir").arg(&data).args(["--json", "listen"]).stdin(Stdio::null()).stderr(Stdio::null());
    for name in
        ["KINDE_DOMAIN", "KINDE_MANAGEMENT_CLIENT_ID", "KINDE_MANAGEMENT_CLIENT_SECRET", "DBUS_SESSION_BUS_ADDRESS"]
    {
        command.env_remove(name);
    }
    let log = watched(&mut command, dir.path());
    let mut child = Ends(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut out = BufReader::new(child.0.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let url = ready["ready"]["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
    let (host, path) = url.split_once('/').map(|(host, path)| (host.to_owned(), format!("/{path}"))).unwrap();
    let (next, told): (Arc<AtomicU64>, Arc<Mutex<Vec<Acknowledged>>>) = Default::default();
    let wanted = (cuts() as u64 * 10).min(4000);
    let senders: Vec<_> = (0..4)
        .map(|_| {
            let (host, path, log) = (host.clone(), path.clone(), log.clone());
            let (next, told) = (Arc::clone(&next), Arc::clone(&told));
            std::thread::spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= wanted {
                        return;
                    }
                    let id = format!("w{number}");
                    if post(&host, &path, &id) == Some(200) {
                        // What made it durable stands in the log already.
                        let at = std::fs::metadata(&log).unwrap().len();
                        told.lock().unwrap().push(Acknowledged { id, at });
                    }
                }
            })
        })
        .collect();
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    drop(child);
    let told = told.lock().unwrap();
    assert_eq!(told.len() as u64, wanted, "all are answered 200");
    let sent = (0..wanted).map(|number| format!("w{number}")).collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let outcome = cut(&Log::read(&log), &told, &sent, |dir| {
        let rows = runtime.block_on(async {
            let attempts = Attempts::open(&dir.join("history.db")).unwrap();
            attempts.page(&SANDBOX_PROFILE.to_string(), Filter::default()).await.unwrap()
        });
        sound(dir);
        rows.into_iter().map(|row| row.webhook_id.unwrap()).collect()
    });
    let Outcome { cuts, looked_for, lost, .. } = outcome;
    assert!(looked_for > cuts, "there was something to lose: {looked_for}");
    assert_eq!(lost, 0, "of {looked_for}");
    println!("power cut {cuts} times over {wanted} acknowledged: 0 lost of {looked_for} looked for, 0 invented");
}

#[test]
fn the_same_cuts_lose_what_was_written_with_synchronous_normal_and_nothing_of_what_was_written_with_full() {
    for (synchronous, loses) in [("FULL", false), ("NORMAL", true)] {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "the_writer_of_the_control", "--nocapture", "--test-threads=1"]);
        command.env("POWER_CUT_CONTROL", synchronous).env("POWER_CUT_DIR", dir.path());
        let log = watched(&mut command, dir.path());
        let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().unwrap();
        assert!(output.status.success());
        let said = String::from_utf8(output.stdout).unwrap();
        let told: Vec<Acknowledged> = said
            .lines()
            // The test harness writes before the first one.
            .filter_map(|line| line.split_once("kept ")?.1.split_once(' '))
            .map(|(id, at)| Acknowledged { id: id.to_owned(), at: at.parse().unwrap() })
            .collect();
        assert!(told.len() > 100, "{said}");
        let sent = (0..CONTROL).map(|number| format!("w{number}")).collect();
        let outcome = cut(&Log::read(&log), &told, &sent, |dir| {
            let connection = sound(dir);
            let mut rows = match connection.prepare("SELECT id FROM kept") {
                Ok(rows) => rows,
                // Cut before the table was made.
                Err(_) => return HashSet::new(),
            };
            rows.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
        });
        let Outcome { cuts, looked_for, lost, cuts_with_loss } = outcome;
        println!(
            "synchronous={synchronous}: {lost} lost of {looked_for} looked for, in {cuts_with_loss} of {cuts} cuts"
        );
        assert_eq!(lost > 0, loses, "{synchronous}: {lost} of {looked_for}");
    }
}

/// Writes as the history does, one commit an id, and says after each how long the log is. Does nothing by itself.
#[test]
fn the_writer_of_the_control() {
    let (Ok(synchronous), Ok(dir)) = (std::env::var("POWER_CUT_CONTROL"), std::env::var("POWER_CUT_DIR")) else {
        return;
    };
    let log = std::env::var("POWER_CUT_LOG").unwrap();
    let connection = rusqlite::Connection::open(Path::new(&dir).join("history.db")).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", &synchronous).unwrap();
    connection.execute_batch("CREATE TABLE kept (id TEXT PRIMARY KEY, body TEXT)").unwrap();
    for number in 0..CONTROL {
        let id = format!("w{number}");
        connection.execute("INSERT INTO kept VALUES (?1, ?2)", (&id, "x".repeat(600))).unwrap();
        println!("kept {id} {}", std::fs::metadata(&log).unwrap().len());
    }
}
