//! The engine on a paused clock: hours pass in a moment, and exactly.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::params;
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::attempts::{Outcome, Parcel};
use super::engine::{Engine, Now};
use super::events::{self, NewEvent};
use super::store::Store;

fn start() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// A target that answers `answer(delivery, attempt)`, and what it saw: seconds since the start, delivery, attempt.
struct Bench {
    dir: tempfile::TempDir,
    store: Store,
    engine: Arc<Engine>,
    seen: Arc<Mutex<Vec<(f64, i64, u32)>>>,
    begun: Instant,
    stop: CancellationToken,
    running: tokio::task::JoinHandle<()>,
}

impl Bench {
    fn new(scale: f64, answer: impl Fn(&Parcel) -> u16 + Send + Sync + 'static) -> Self {
        Self::over(tempfile::tempdir().unwrap(), start(), scale, answer)
    }

    fn over(
        dir: tempfile::TempDir,
        wall: Timestamp,
        scale: f64,
        answer: impl Fn(&Parcel) -> u16 + Send + Sync + 'static,
    ) -> Self {
        let store = Store::open(dir.path()).unwrap();
        let begun = Instant::now();
        let now: Now = Arc::new(move || wall + begun.elapsed());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let answer = Arc::new(answer);
        let engine = Engine::new(
            store.clone(),
            scale,
            now,
            Arc::new(move |parcel| {
                log.lock().unwrap().push((begun.elapsed().as_secs_f64(), parcel.delivery, parcel.number));
                let answer = Arc::clone(&answer);
                Box::pin(async move { Outcome { status: Some(answer(&parcel)), error: None, ms: 0 } })
            }),
        );
        let stop = CancellationToken::new();
        let running = tokio::spawn(Arc::clone(&engine).run(stop.clone()));
        Self { dir, store, engine, seen, begun, stop, running }
    }

    async fn put(&self, webhook: &'static str, count: usize) {
        let at = start() + self.begun.elapsed();
        self.store
            .write(move |connection| {
                for number in 0..count {
                    let event = NewEvent {
                        event_id: format!("event_{number}"),
                        event_type: "user.created".into(),
                        source: "api".into(),
                        at,
                        claims: json!({}),
                        body: b"jwt".to_vec(),
                        content_type: "application/jwt".into(),
                    };
                    let event = events::keep(connection, &event)?;
                    connection.execute(
                        "INSERT INTO deliveries (event, webhook, request_id, url, accepted, next, state)
                         VALUES (?1, ?2, ?3, 'http://127.0.0.1/', ?4, ?4, 'waiting')",
                        params![event, webhook, format!("r{number}"), at.as_microsecond()],
                    )?;
                }
                Ok(())
            })
            .await
            .unwrap();
        self.engine.wake();
    }

    async fn states(&self) -> BTreeMap<String, i64> {
        self.store
            .read(|connection| {
                connection
                    .prepare("SELECT state, count(*) FROM deliveries GROUP BY state")?
                    .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect()
            })
            .await
            .unwrap()
    }

    fn seen(&self) -> Vec<(f64, i64, u32)> {
        self.seen.lock().unwrap().clone()
    }
}

fn only(state: &str, count: i64) -> BTreeMap<String, i64> {
    BTreeMap::from([(state.to_owned(), count)])
}

const HOUR: u64 = 3600;

#[tokio::test(start_paused = true)]
async fn a_target_that_never_answers_200_sees_the_36_hour_schedule_to_the_second_and_then_nothing() {
    let bench = Bench::new(1.0, |parcel| if parcel.number % 2 == 0 { 500 } else { 204 });
    bench.put("webhook_1", 1).await;
    tokio::time::sleep(Duration::from_secs(100 * HOUR)).await;
    let seen: Vec<u64> = bench.seen().iter().map(|(at, ..)| at.round() as u64).collect();
    assert_eq!(seen, [0, 5, 35, 155, 755, 4_355, 18_755, 61_955, 105_155]);
    assert!(bench.seen().iter().all(|(at, ..)| at.fract() < 0.05), "{:?}", bench.seen());
    assert_eq!(bench.states().await, only("given_up", 1));
}

#[tokio::test(start_paused = true)]
async fn the_same_schedule_runs_a_thousand_times_faster_and_never_early() {
    let bench = Bench::new(1000.0, |_| 503);
    bench.put("webhook_1", 1).await;
    tokio::time::sleep(Duration::from_secs(200)).await;
    let seen = bench.seen();
    assert_eq!(seen.len(), 9);
    for (pair, wait) in seen.windows(2).zip([5, 30, 120, 600, 3_600, 14_400, 43_200, 43_200]) {
        let passed = ((pair[1].0 - pair[0].0) * 1e6).round() as u64;
        assert!((wait * 1000..(wait + 10) * 1000).contains(&passed), "{wait} ms: {passed} µs");
    }
}

#[tokio::test(start_paused = true)]
async fn two_hundred_ends_it() {
    let bench = Bench::new(1.0, |parcel| if parcel.number == 3 { 200 } else { 302 });
    bench.put("webhook_1", 1).await;
    tokio::time::sleep(Duration::from_secs(100 * HOUR)).await;
    assert_eq!(bench.seen().len(), 3);
    assert_eq!(bench.states().await, only("delivered", 1));
}

#[tokio::test(start_paused = true)]
async fn deadlines_are_wall_clock_moments_and_outlive_the_process() {
    let bench = Bench::new(1.0, |_| 500);
    bench.put("webhook_1", 1).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(bench.seen().len(), 3);
    bench.stop.cancel();
    bench.running.await.unwrap();
    // Off for a minute: the fourth attempt is due 155 s after the first, 35 s from now.
    let bench = Bench::over(bench.dir, start() + Duration::from_secs(120), 1.0, |_| 200);
    tokio::time::sleep(Duration::from_secs(34)).await;
    assert!(bench.seen().is_empty());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(bench.seen().iter().map(|seen| (seen.1, seen.2)).collect::<Vec<_>>(), [(1, 4)]);
}

#[tokio::test(start_paused = true)]
async fn what_was_under_way_when_the_process_died_is_made_again() {
    let bench = Bench::new(1.0, |_| 200);
    // Killed before anything was written down: the task is gone without a trace.
    bench.running.abort();
    bench.put("webhook_1", 5).await;
    let bench = Bench::over(bench.dir, start(), 1.0, |_| 200);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.states().await, only("delivered", 5));
}

#[tokio::test(start_paused = true)]
async fn a_webhook_that_fails_for_72_hours_is_switched_off_and_what_waits_for_it_stops() {
    let bench = Bench::new(1.0, |parcel| if parcel.webhook == "webhook_good" { 200 } else { 500 });
    for _ in 0..8 {
        bench.put("webhook_bad", 1).await;
        bench.put("webhook_good", 1).await;
        tokio::time::sleep(Duration::from_secs(10 * HOUR)).await;
    }
    let states = bench.states().await;
    assert_eq!(states["delivered"], 8, "{states:?}");
    assert!(states["stopped"] >= 3 && !states.contains_key("waiting"), "{states:?}");
    let last = bench.seen().iter().map(|seen| seen.0).fold(0.0, f64::max);
    let bad = bench.seen().len() - 8;
    tokio::time::sleep(Duration::from_secs(40 * HOUR)).await;
    assert!(last < 81.0 * 3600.0 && bench.seen().len() - 8 == bad, "nothing more is sent");
    let off: String = bench
        .store
        .read(|c| c.query_row("SELECT webhook FROM health WHERE disabled_at IS NOT NULL", [], |row| row.get(0)))
        .await
        .unwrap();
    assert_eq!(off, "webhook_bad");
}

#[tokio::test(start_paused = true)]
async fn one_success_within_the_72_hours_begins_them_anew_and_time_off_does_not_count() {
    let bench = Bench::new(1.0, |parcel| if parcel.delivery == 5 { 200 } else { 500 });
    for _ in 0..11 {
        bench.put("webhook_1", 1).await;
        tokio::time::sleep(Duration::from_secs(10 * HOUR)).await;
    }
    assert!(!bench.states().await.contains_key("stopped"), "{:?}", bench.states().await);
    bench.stop.cancel();
    bench.running.await.unwrap();
    let later = start() + Duration::from_secs(500 * HOUR);
    let bench = Bench::over(bench.dir, later, 1.0, |_| 500);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!bench.seen().is_empty() && !bench.states().await.contains_key("stopped"));
}

#[tokio::test(start_paused = true)]
async fn a_webhook_that_hangs_leaves_room_for_the_others() {
    let hang = Arc::new(tokio::sync::Semaphore::new(0));
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let begun = Instant::now();
    let sent = Arc::new(Mutex::new(BTreeMap::<String, usize>::new()));
    let log = Arc::clone(&sent);
    let gate = Arc::clone(&hang);
    let engine = Engine::new(
        store.clone(),
        1.0,
        Arc::new(move || start() + begun.elapsed()),
        Arc::new(move |parcel| {
            *log.lock().unwrap().entry(parcel.webhook.clone()).or_default() += 1;
            let gate = Arc::clone(&gate);
            Box::pin(async move {
                if parcel.webhook == "webhook_slow" {
                    gate.acquire().await.unwrap().forget();
                }
                Outcome { status: Some(200), error: None, ms: 0 }
            })
        }),
    );
    let (stop, seen) = (CancellationToken::new(), Arc::default());
    let running = tokio::spawn(Arc::clone(&engine).run(stop.clone()));
    let bench = Bench { dir, store, engine, seen, begun, stop, running };
    bench.put("webhook_slow", 200).await;
    bench.put("webhook_quick", 200).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(*sent.lock().unwrap(), BTreeMap::from([("webhook_quick".into(), 200), ("webhook_slow".into(), 32)]));
    hang.add_permits(1000);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.states().await, only("delivered", 400));
}

#[test]
#[cfg(unix)]
fn the_database_is_private() {
    let dir = tempfile::tempdir().unwrap();
    let _store = Store::open(dir.path()).unwrap();
    let mode = |path: &Path| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    for file in std::fs::read_dir(dir.path()).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
}
