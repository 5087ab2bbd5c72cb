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
//! 4. **commit per request**: the same, with one request at a time let through to the history.
//!
//! No disk can do better than 32 answers a sync with 32 senders, each waiting for its own, so what is reachable is
//! min(no store, 32 × fdatasync). `ratio=` is durable ÷ that, by the medians of the rounds, and is to be at least 0.40.
//! Durable is to be at least 5 × commit per request, and its 99th percentile (of all rounds together) at most the larger
//! of 25 ms and 6 × that of fdatasync. Less than that is exit 1.
//!
//! Verdicts are given later, off the sender's way, and are not part of this. `KINDE_PANEL_BENCH_SECONDS` (3) is the length
//! of a measurement, `KINDE_PANEL_BENCH_ROUNDS` (5) their number.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench prints, and may stop at the first surprise"
)]

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use kinde_panel::clock::Clock;
use kinde_panel::inspector::receiver::{Keep, Keeping, Options, Receiver};
use kinde_panel::jwt::encode_base64url as b64;
use kinde_panel::store::attempts::{Attempts, NewAttempt, Stored};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const CONNECTIONS: usize = 32;

fn main() {
    let length = Duration::from_secs(number("KINDE_PANEL_BENCH_SECONDS", 3));
    let rounds = number("KINDE_PANEL_BENCH_ROUNDS", 5);
    // On a disk: where temporary files lie may be memory.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (mut sync, mut bare, mut durable, mut single) =
        (All::default(), All::default(), All::default(), All::default());
    for round in 1..=rounds {
        sync.add(fdatasync(dir.path(), length));
        bare.add(ingest(Nowhere::default(), length));
        durable.add(ingest(history(dir.path(), "durable", round), length));
        let one = OneByOne { attempts: history(dir.path(), "single", round), turn: Arc::default() };
        single.add(ingest(one, length));
        let rate = |all: &All| all.rates.last().copied().unwrap_or_default();
        println!(
            "round {round}: fdatasync {:.0}/s, no store {:.0}/s, durable {:.0}/s, commit per request {:.0}/s",
            rate(&sync),
            rate(&bare),
            rate(&durable),
            rate(&single)
        );
    }
    let reachable = bare.rate().min(CONNECTIONS as f64 * sync.rate());
    let (p99, most) = (durable.p99(), (6.0 * sync.p99()).max(25.0));
    let (ratio, over) = (durable.rate() / reachable, durable.rate() / single.rate());
    println!("fdatasync={:.0}/s p99={:.2}ms", sync.rate(), sync.p99());
    println!("no_store={:.0}/s durable={:.0}/s commit_per_request={:.0}/s", bare.rate(), durable.rate(), single.rate());
    println!("over_commit_per_request={over:.1} (at least 5)");
    println!("p99={p99:.2}ms (at most {most:.2}ms)");
    println!("ratio={ratio:.3} (at least 0.40)");
    std::process::exit(i32::from(ratio < 0.40 || over < 5.0 || p99 > most));
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
    let url = receiver.url();
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let (host, path) = (host.to_owned(), format!("/{path}"));
    let sending = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let begun = Instant::now();
    let took = sending.block_on(async {
        let next = Arc::new(AtomicU64::new(0));
        let all: Vec<_> = (0..CONNECTIONS)
            .map(|_| tokio::spawn(send(host.clone(), path.clone(), begun + length, Arc::clone(&next))))
            .collect();
        let mut took = Vec::new();
        for one in all {
            took.extend(one.await.unwrap());
        }
        took
    });
    let rate = took.len() as f64 / begun.elapsed().as_secs_f64();
    serving.block_on(receiver.stop());
    serving.shutdown_timeout(Duration::from_secs(5));
    (rate, took)
}

/// One connection: a request after the other until `end`.
async fn send(host: String, path: String, end: Instant, next: Arc<AtomicU64>) -> Vec<Duration> {
    let mut stream = TcpStream::connect(&host).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut took, mut answer) = (Vec::new(), [0_u8; 1024]);
    while Instant::now() < end {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let body = body(number);
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/jwt\r\nwebhook-id: w{number}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let one = Instant::now();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut read = 0;
        while !answer[..read].windows(4).any(|end| end == b"\r\n\r\n") {
            let more = stream.read(&mut answer[read..]).await.unwrap();
            assert!(more > 0, "hung up");
            read += more;
        }
        took.push(one.elapsed());
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer[..read]));
    }
    took
}

/// Shaped as a webhook of Kinde; its signature is as long as one.
fn body(number: u64) -> String {
    let claims = format!(
        r#"{{"data":{{"user":{{"email":"ada.{number}@example.com","first_name":"Ada","id":"kp_{number:032x}","last_name":"Lovelace","note":"{}"}}}},"event_id":"event_{number:032x}","source":"admin","timestamp":"2026-08-20T12:04:31Z","type":"user.created"}}"#,
        "x".repeat(200)
    );
    let header = r#"{"alg":"RS256","kid":"5a:bd:6b:1f:3c:77:90:21:aa:0e:4d:52:86:f9:13:c8","typ":"JWT"}"#;
    format!("{}.{}.{}", b64(header.as_bytes()), b64(claims.as_bytes()), "s".repeat(342))
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}
