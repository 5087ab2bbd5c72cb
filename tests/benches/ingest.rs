//! How many webhooks a second the receiver takes in when each is on disk before it is answered.
//!
//! ```text
//! cargo bench --bench ingest
//! ```
//!
//! # Method
//!
//! 32 connections on the loopback that stay open, one request after the other on each, bodies of about 1,090 bytes that
//! are all different. Sender and receiver share the machine. Five rounds, and in each of them one after the other:
//!
//! 1. **fdatasync**: 8 KiB appended to a file and synced, again and again, in the folder of the history: how often a
//!    second, and the 99th percentile of one;
//! 2. **no store**: the same receiver, with nothing behind it that keeps;
//! 3. **durable**: the receiver as it is: an answer waits for the commit that holds its request, and one commit holds all
//!    that wait for it;
//! 4. **commit per request**: the same, with one request at a time let through to the history;
//! 5. **headless**: the receiver as the window's backend runs it, verdicts and all, its events taken and thrown away;
//! 6. **followed**: the same with the window over it: the Inspector's state follows the list, and each frame is laid out
//!    when the backend or the room asks for it, 60 a second at most. It is not painted.
//!
//! No disk can do better than 32 answers a sync with 32 senders, each waiting for its own, so what is reachable is
//! min(no store, 32 × fdatasync). `ratio=` is durable ÷ that, by the medians of the rounds, and is to be at least 0.40.
//! Durable is to be at least 5 × commit per request, and its 99th percentile (of all rounds together) at most the larger
//! of 25 ms and 6 × that of fdatasync. Followed is to be at least 0.9 of headless. Less than that is exit 1.
//!
//! Verdicts are given later, off the sender's way, and are part of the last two alone. `KINDE_PANEL_BENCH_SECONDS` (3) is
//! the length of a measurement, `KINDE_PANEL_BENCH_ROUNDS` (5) their number.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench prints, and may stop at the first surprise"
)]

#[path = "../common/connection.rs"]
mod connection;
#[path = "../common/unpainted.rs"]
mod unpainted;

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use connection::Connection;
use kinde_panel::action::InspectorAsk;
use kinde_panel::backend::history::{self, Event, Settings, Wish};
use kinde_panel::backend::{self, Backend};
use kinde_panel::clock::Clock;
use kinde_panel::inspector::receiver::{Keep, Keeping, Options, Receiver};
use kinde_panel::jwt::encode_base64url as b64;
use kinde_panel::secrets::SecretStore;
use kinde_panel::store::attempts::{Attempts, NewAttempt, Stored};
use kinde_panel::tenant::SANDBOX_PROFILE;
use unpainted::Unpainted;

const CONNECTIONS: usize = 32;
/// Longer than it takes a backend to begin.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() {
    let length = Duration::from_secs(number("KINDE_PANEL_BENCH_SECONDS", 3));
    let rounds = number("KINDE_PANEL_BENCH_ROUNDS", 5);
    // On a disk: where temporary files lie may be memory.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let [mut sync, mut bare, mut durable, mut single, mut headless, mut followed] = [(); 6].map(|()| All::default());
    for round in 1..=rounds {
        sync.add(fdatasync(dir.path(), length));
        bare.add(ingest(Nowhere::default(), length));
        durable.add(ingest(history(dir.path(), "durable", round), length));
        let one = OneByOne { attempts: history(dir.path(), "single", round), turn: Arc::default() };
        single.add(ingest(one, length));
        headless.add(in_the_backend(&dir.path().join(format!("headless-{round}")), length));
        followed.add(in_the_window(&dir.path().join(format!("followed-{round}")), length));
        let rate = |all: &All| all.rates.last().copied().unwrap_or_default();
        println!(
            "round {round}: fdatasync {:.0}/s, no store {:.0}/s, durable {:.0}/s, commit per request {:.0}/s, headless {:.0}/s, followed {:.0}/s",
            rate(&sync),
            rate(&bare),
            rate(&durable),
            rate(&single),
            rate(&headless),
            rate(&followed)
        );
    }
    let reachable = bare.rate().min(CONNECTIONS as f64 * sync.rate());
    let (p99, most) = (durable.p99(), (6.0 * sync.p99()).max(25.0));
    let (ratio, over) = (durable.rate() / reachable, durable.rate() / single.rate());
    println!("fdatasync={:.0}/s p99={:.2}ms", sync.rate(), sync.p99());
    println!("no_store={:.0}/s durable={:.0}/s commit_per_request={:.0}/s", bare.rate(), durable.rate(), single.rate());
    println!("over_commit_per_request={over:.1} (at least 5)");
    println!("p99={p99:.2}ms (at most {most:.2}ms)");
    let over_headless = followed.rate() / headless.rate();
    println!("followed={:.0}/s headless={:.0}/s", followed.rate(), headless.rate());
    println!("over_headless={over_headless:.3} (at least 0.90)");
    println!("ratio={ratio:.3} (at least 0.40)");
    std::process::exit(i32::from(ratio < 0.40 || over < 5.0 || p99 > most || over_headless < 0.90));
}

fn history(dir: &Path, name: &str, round: u64) -> Attempts {
    Attempts::open(&dir.join(format!("{name}-{round}.db"))).unwrap()
}

/// Keeps nothing.
#[derive(Default)]
struct Nowhere(AtomicI64);

impl Keep for Nowhere {
    fn keep(&self, _new: NewAttempt) -> Keeping<Stored> {
        let seq = self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::ready(Ok(Stored { seq, attempt: 1 })))
    }

    fn answered(&self, _seq: i64, _status: u16) -> Keeping<()> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// One request at a time gets to the history, so each has a commit of its own.
struct OneByOne {
    attempts: Attempts,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Keep for OneByOne {
    fn keep(&self, new: NewAttempt) -> Keeping<Stored> {
        let (attempts, turn) = (self.attempts.clone(), Arc::clone(&self.turn));
        Box::pin(async move {
            let _turn = turn.lock().await;
            attempts.receive(new).await
        })
    }

    fn answered(&self, seq: i64, status: u16) -> Keeping<()> {
        self.attempts.answered(seq, status)
    }
}

/// The rounds of one thing.
#[derive(Default)]
struct All {
    rates: Vec<f64>,
    took: Vec<Duration>,
}

/// A rate a second, and how long each took.
type Measured = (f64, Vec<Duration>);

impl All {
    fn add(&mut self, (rate, took): Measured) {
        self.rates.push(rate);
        self.took.extend(took);
    }

    /// The median of the rounds.
    fn rate(&self) -> f64 {
        let mut rates = self.rates.clone();
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    }

    /// In milliseconds, of all rounds together.
    fn p99(&self) -> f64 {
        let mut took = self.took.clone();
        took.sort_unstable();
        took[(took.len() * 99 / 100).min(took.len() - 1)].as_secs_f64() * 1000.0
    }
}

fn fdatasync(dir: &Path, length: Duration) -> Measured {
    let path = dir.join("anchor");
    let mut file = std::fs::File::create(&path).unwrap();
    let (block, begun, mut took) = ([7_u8; 8 << 10], Instant::now(), Vec::new());
    while begun.elapsed() < length {
        let one = Instant::now();
        file.write_all(&block).unwrap();
        file.sync_data().unwrap();
        took.push(one.elapsed());
    }
    let rate = took.len() as f64 / begun.elapsed().as_secs_f64();
    std::fs::remove_file(path).unwrap();
    (rate, took)
}

/// Starts a receiver over `keep` and sends to it.
fn ingest(keep: impl Keep + 'static, length: Duration) -> Measured {
    let serving = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (sender, mut arrivals) = tokio::sync::mpsc::channel(1024);
    let start = Receiver::start(Options::default(), "bench".to_owned(), keep, Clock::real(), sender);
    let receiver = serving.block_on(start).unwrap();
    serving.spawn(async move { while arrivals.recv().await.is_some() {} });
    let measured = send(&receiver.url(), length);
    serving.block_on(receiver.stop());
    serving.shutdown_timeout(Duration::from_secs(5));
    measured
}

/// The receiver of the window's backend, with nobody at the window.
fn in_the_backend(folder: &Path, length: Duration) -> Measured {
    let (wake, woken) = std::sync::mpsc::sync_channel(1);
    let wake = move || wake.try_send(()).unwrap_or_default();
    let mut backend = Backend::start(folder.to_owned(), SecretStore::memory(), Clock::real(), wake, None).unwrap();
    let (_steering, settings) = tokio::sync::watch::channel(Settings::default());
    let listen = history::Command::Listen { profile: SANDBOX_PROFILE, wish: Wish::default(), settings };
    backend.run(1, listen.into()).unwrap();
    let mut url = None;
    while url.is_none() {
        woken.recv_timeout(PATIENCE).unwrap();
        while let Some(stamped) = backend.next_event() {
            if let backend::Event::History(Event::Listening(up)) = stamped.event {
                url = Some(up.unwrap().url);
            }
        }
    }
    let url = url.unwrap();
    let sending = std::thread::Builder::new().spawn(move || send(&url, length)).unwrap();
    while !sending.is_finished() {
        woken.recv_timeout(Duration::from_millis(100)).ok();
        while backend.next_event().is_some() {}
    }
    sending.join().unwrap()
}

/// The same with the window over it, which draws until the senders are done.
fn in_the_window(folder: &Path, length: Duration) -> Measured {
    let mut window = Unpainted::over(folder);
    window.ask(InspectorAsk::Listen);
    let url = window.address();
    let sending = std::thread::Builder::new().spawn(move || send(&url, length)).unwrap();
    let (mut frames, mut drawing) = (0, Duration::ZERO);
    while !sending.is_finished() {
        if window.wait(Instant::now() + Duration::from_millis(100)) {
            drawing += window.frame(Vec::new()).0;
            frames += 1;
        }
    }
    assert!(frames > 0, "it was not followed");
    println!("  {frames} frames, {:.0} ms of state and layout", drawing.as_secs_f64() * 1000.0);
    sending.join().unwrap()
}

/// All connections, until the end; how many a second, and how long each took.
fn send(url: &str, length: Duration) -> Measured {
    let sending = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let begun = Instant::now();
    let took = sending.block_on(flood(url, begun + length));
    (took.len() as f64 / begun.elapsed().as_secs_f64(), took)
}

/// One request after the other on each connection, until `end`; how long each took.
async fn flood(url: &str, end: Instant) -> Vec<Duration> {
    let next = Arc::new(AtomicU64::new(0));
    let one = |url: String, next: Arc<AtomicU64>| async move {
        let (mut connection, mut took) = (Connection::to(&url).await, Vec::new());
        while Instant::now() < end {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let body = body(number);
            let begun = Instant::now();
            connection.send(number, &body).await;
            took.push(begun.elapsed());
        }
        took
    };
    let all: Vec<_> = (0..CONNECTIONS).map(|_| tokio::spawn(one(url.to_owned(), Arc::clone(&next)))).collect();
    let mut took = Vec::new();
    for one in all {
        took.extend(one.await.unwrap());
    }
    took
}

/// A token as a webhook of Kinde's; its signature is as long as one, and of nobody.
fn body(number: u64) -> String {
    let claims = format!(
        r#"{{"data":{{"user":{{"email":"ada.{number}@example.com","first_name":"Ada","id":"kp_{number:032x}","last_name":"Lovelace","note":"{}"}}}},"event_id":"event_{number:032x}","source":"admin","timestamp":"2026-08-20T12:04:31Z","type":"user.created"}}"#,
        "x".repeat(200)
    );
    let header = r#"{"alg":"RS256","kid":"5a:bd:6b:1f:3c:77:90:21:aa:0e:4d:52:86:f9:13:c8","typ":"JWT"}"#;
    format!("{}.{}.{}", b64(header.as_bytes()), b64(claims.as_bytes()), b64(&[7; 256]))
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}
