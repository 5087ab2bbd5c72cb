//! A history of 1,000,000 attempts: how long until the first rows with a cold cache, how long a page, a filter, a search
//! takes, how long a frame and until a row shows (`frames`), and what memory it costs over an empty one.
//! `tests/run --long million` runs it.
//!
//! # Method
//!
//! Two data folders, one with the attempts and one without, are each looked at by two processes of their own, so that the
//! most memory each ever had is its own: one reads as the list does, the other is the window. What the system holds of the
//! database in memory is let go before. 200 of each question, anywhere in the history, are asked one after the other. That
//! none of them counts an offset or walks through a table is asked of the query plans by the store's own tests.
//! Built as the benches are (`cargo test --profile bench`).
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test may stop at the first surprise"
)]

#[path = "../common/connection.rs"]
mod connection;
mod frames;
mod paced;
#[path = "../common/signer.rs"]
mod signer;
#[path = "../common/unpainted.rs"]
mod unpainted;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kinde_panel::store::attempts::{
    Attempts, Duplicate, Filter, Member, NewAttempt, Record, Retention, Standing, Told, sha256,
};
use kinde_panel::tenant::SANDBOX_PROFILE;
use serde_json::{Map, Value, json};

/// What is asked, by name, and how the n-th row makes it.
type Asked<'a> = (&'static str, Box<dyn Fn(i64) -> Filter + 'a>);

const TYPES: [&str; 6] =
    ["user.created", "user.updated", "user.deleted", "user.authenticated", "role.created", "role.updated"];
/// One a second, ending on a day of its own: 1,000,000 are eleven and a half days.
const BEGAN: i64 = 1_790_000_000;

fn many() -> i64 {
    std::env::var("KINDE_PANEL_EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000)
}

/// An attempt as one of Kinde's: a token of about 1,100 bytes, no two alike.
fn one(n: i64) -> Record {
    let kind = TYPES[usize::try_from(n % 37).unwrap() % TYPES.len()];
    let word = ["amber", "birch", "cedar", "delta", "ember"][usize::try_from(n % 5).unwrap()];
    let event = format!("event_{:012x}{n:020x}", (BEGAN + n) * 1_000);
    let payload = json!({
        "type": kind, "event_id": event, "source": "admin", "timestamp": "2026-11-24T00:00:00Z",
        "data": {"user": {"id": format!("kp_{n:08x}"), "email": format!("{word}{n}@example.com"), "first_name": word}},
    })
    .to_string();
    let noise: String =
        (0..16).map(|part| format!("{:016x}", (n + part).wrapping_mul(0x1e37_79b9_7f4a_7c15))).collect();
    let body =
        format!("eyJhbGciOiJSUzI1NiJ9.{}.{noise}{noise}", kinde_panel::jwt::encode_base64url(payload.as_bytes()));
    let failed = n % 97 == 0;
    let at = Timestamp::from_second(BEGAN + n).unwrap();
    let verdict = if failed { "not_verified" } else { "verified" };
    let new = NewAttempt {
        owner: SANDBOX_PROFILE.to_string(),
        received_at: at,
        webhook_id: Some(format!("w{n:032x}")),
        event_id: Some(event.clone()),
        event_type: Some(kind.to_owned()),
        who: Some(format!("{word}{n}@example.com")),
        content: Some(sha256(payload.as_bytes())),
        headers: vec![("content-type".to_owned(), "application/jwt".to_owned())],
        body: body.into_bytes(),
        whole: true,
        responded: Some(200),
    };
    let told = Told {
        attempt: 1,
        duplicate: Duplicate::No,
        forwarded: Vec::new(),
        answers: Vec::new(),
        pinned: n % 50_000 == 7,
        judged: Some((verdict.to_owned(), failed.then(|| "signature".to_owned()), at)),
        decode: None,
        said: None,
        text: format!("{kind} {event} {payload}"),
    };
    Record { told: Some(told), ..Record::from(new) }
}

async fn fill(dir: &Path, count: i64) {
    let attempts = Attempts::open(&dir.join("history.db")).unwrap();
    attempts.set_retention(Retention { age: None, bytes: None }).await.unwrap();
    let mut n = 0;
    while n < count {
        let end = (n + 2_000).min(count);
        attempts.import((n..end).map(one).collect(), Timestamp::from_second(BEGAN).unwrap()).await.unwrap();
        n = end;
    }
}

/// Runs `ask` 200 times; the 99th of a hundred, in milliseconds.
async fn p99<T>(mut ask: impl AsyncFnMut(i64) -> T) -> f64 {
    let mut all = Vec::new();
    for n in 0..200_i64 {
        // Anywhere in the history, and not the same twice.
        let anywhere = n.wrapping_mul(7_919_777) % many().max(1);
        let begun = Instant::now();
        ask(anywhere).await;
        all.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    all.sort_by(f64::total_cmp);
    all[197]
}

/// In a process of its own: memory is counted per process.
#[test]
#[ignore = "a part of the measurement below"]
fn look() {
    let Some(dir) = std::env::var_os("KINDE_PANEL_LOOK") else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let told = runtime.block_on(async {
        let begun = Instant::now();
        let attempts = Attempts::open(&Path::new(&dir).join("history.db")).unwrap();
        let base = Filter { limit: 100, ..Filter::default() };
        let owner = SANDBOX_PROFILE.to_string();
        let first = attempts.page(&owner, base.clone()).await.unwrap();
        let open = begun.elapsed().as_secs_f64() * 1_000.0;
        let mut told = serde_json::Map::new();
        told.insert("rows".to_owned(), first.len().into());
        told.insert("open".to_owned(), open.into());
        let at = |second: i64| Some(Timestamp::from_second(BEGAN + second).unwrap());
        let of = |word: &str| vec![word.to_owned()];
        let words = |word: &str, n: i64| Filter { words: of(word), before: Some(n), ..base.clone() };
        let filters: [Asked<'_>; 21] = [
            ("page older", Box::new(|n| Filter { before: Some(n), ..base.clone() })),
            ("page newer", Box::new(|n| Filter { after: Some(n), ..base.clone() })),
            ("one type", Box::new(|n| Filter { types: of("user.created"), before: Some(n), ..base.clone() })),
            ("types", Box::new(|n| Filter { types: of("user.*"), before: Some(n), ..base.clone() })),
            (
                "verdict",
                Box::new(|n| Filter { standings: vec![Standing::NotVerified], before: Some(n), ..base.clone() }),
            ),
            (
                "rung",
                Box::new(|n| Filter { failed: of("signature"), types: of("role.*"), before: Some(n), ..base.clone() }),
            ),
            ("pinned", Box::new(|n| Filter { pinned: true, before: Some(n), ..base.clone() })),
            ("id", Box::new(|n| Filter { id: Some(format!("w{n:032x}")), ..base.clone() })),
            ("time", Box::new(|n| Filter { since: at(n), until: at(n + 3_600), ..base.clone() })),
            ("time and type", Box::new(|n| Filter { until: at(n), types: of("user.*"), ..base.clone() })),
            ("word, rare", Box::new(|n| Filter { words: of(&format!("kp_{n:08x}")), ..base.clone() })),
            ("word, common", Box::new(|n| words("amber", n))),
            // What a person has typed on the way to a word.
            ("1 letter", Box::new(|n| words("a", n))),
            ("3 letters", Box::new(|n| words("bir", n))),
            ("6 letters", Box::new(|n| words("cedar1", n))),
            ("7 letters", Box::new(|n| words("authent", n))),
            ("a beginning, dot", Box::new(|n| words("user.authentica", n))),
            ("an id begun", Box::new(|n| words(&format!("event_{:09x}", ((BEGAN + n) * 1_000) >> 12), many()))),
            ("7 digits of ids", Box::new(|n| words(&format!("{:07x}", ((BEGAN + n) * 1_000) >> 20), many()))),
            (
                "two words",
                Box::new(|n| Filter {
                    words: vec!["amber".to_owned(), "user.upd".to_owned()],
                    before: Some(n),
                    ..base.clone()
                }),
            ),
            (
                "member",
                Box::new(|n| {
                    let path = ["data", "user", "email"].map(str::to_owned).to_vec();
                    let value = format!(
                        "{}{n}@example.com",
                        ["amber", "birch", "cedar", "delta", "ember"][usize::try_from(n % 5).unwrap()]
                    );
                    Filter { members: vec![Member { path, value }], ..base.clone() }
                }),
            ),
        ];
        for (name, filter) in &filters {
            let took = p99(async |n| attempts.page(&owner, filter(n)).await.unwrap()).await;
            told.insert((*name).to_owned(), took.into());
        }
        let (from, to) = (at(0).unwrap(), at(many()).unwrap());
        let took = p99(async |_| attempts.histogram(&owner, Filter::default(), from, to, 60).await.unwrap()).await;
        told.insert("picture".to_owned(), took.into());
        told
    });
    tell(&told);
}

/// The same of the window.
#[test]
#[ignore = "a part of the measurement below"]
fn follow() {
    let Some(dir) = std::env::var_os("KINDE_PANEL_LOOK") else { return };
    tell(&frames::measure(Path::new(&dir)));
}

fn tell(told: &Map<String, Value>) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    println!("LOOK {}", json!({"peak_kib": kib, "took": told}));
}

/// What the process that runs `part` over `dir` tells.
fn looked(part: &str, dir: &Path) -> Value {
    // What the system holds of the file in memory is let go.
    for file in ["history.db", "history.db-wal"] {
        let input = format!("if={}", dir.join(file).display());
        let dropped = Command::new("dd").args([&input, "iflag=nocache", "count=0"]).output().unwrap();
        assert!(dropped.status.success() || file.ends_with("wal"));
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", part, "--ignored", "--nocapture"])
        .env("KINDE_PANEL_LOOK", dir)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find_map(|line| line.split_once("LOOK ")).expect("the look ended early").1;
    serde_json::from_str(line).unwrap()
}

/// Waits until the writer's connection has closed, which takes its log with it, and until everything is on disk: who opens it then
/// has neither to wait for it, nor reads while it is written.
fn closed(dir: &Path) {
    let begun = Instant::now();
    while dir.join("history.db-wal").exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the writer does not close");
        std::thread::sleep(Duration::from_millis(100));
    }
    std::fs::File::open(dir.join("history.db")).unwrap().sync_all().unwrap();
}

#[test]
#[ignore = "minutes, and gigabytes of disk: tests/run --long million"]
fn a_million_attempts_open_page_filter_and_search_within_the_figures() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // On a disk: where temporary files lie may be memory.
    let folder = || tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (empty, full) = (folder(), folder());
    runtime.block_on(fill(empty.path(), 0));
    let begun = Instant::now();
    runtime.block_on(fill(full.path(), many()));
    let filled = begun.elapsed().as_secs();
    drop(runtime);
    closed(full.path());
    let size = std::fs::metadata(full.path().join("history.db")).unwrap().len() >> 20;
    println!("{} attempts, {size} MB, filled in {filled} s", many());
    let [reads, window] = ["look", "follow"].map(|part| {
        let (bare, all) = (looked(part, empty.path()), looked(part, full.path()));
        let kib = |told: &Value| told["peak_kib"].as_u64().unwrap();
        (all["took"].clone(), kib(&all).saturating_sub(kib(&bare)) / 1024)
    });
    let ms = |name: &str| window.0[name].as_f64().unwrap_or(f64::INFINITY);
    let took = reads.0.as_object().unwrap();
    let open = took["open"].as_f64().unwrap();
    assert_eq!(took["rows"], json!(100));
    let (mut worst, mut slowest) = (String::new(), 0.0);
    for (name, ms) in took.iter().filter(|(name, _)| !["open", "rows"].contains(&name.as_str())) {
        let ms = ms.as_f64().unwrap();
        println!("{name:<16} p99 {ms:.2} ms");
        if ms > slowest {
            (worst, slowest) = (name.clone(), ms);
        }
    }
    let (scrolling, arriving, both) = (ms("scrolling"), ms("arriving"), ms("scrolling, arriving"));
    println!(
        "{} attempts, {size} MB: first rows {open:.1} ms cold, slowest p99 {slowest:.2} ms ({worst}); frame p99 {scrolling:.2} ms scrolling, {arriving:.2} ms at 500/s, {both:.2} ms at both; socket to row p95 {:.1} ms at 100/s; {} MB over empty, the window {} MB",
        many(),
        ms("visible"),
        reads.1,
        window.1
    );
    assert!(open <= 100.0 && slowest <= 10.0, "to read");
    assert!(scrolling <= 8.0 && arriving <= 8.0 && both <= 8.0 && ms("visible") <= 100.0, "to draw");
    assert!(reads.1 <= 64 && window.1 <= 64, "to hold");
}
