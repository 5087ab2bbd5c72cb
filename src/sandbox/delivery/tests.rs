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

use super::attempts::{self, Made, Outcome, Parcel};
use super::engine::{Engine, Now, Post};
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
        let answer = Arc::new(answer);
        let post: Post = Arc::new(move |parcel| {
            let answer = Arc::clone(&answer);
            Box::pin(async move { answered(answer(&parcel)) })
        });
        Self::with(dir, store, now, begun, scale, post)
    }

    fn with(dir: tempfile::TempDir, store: Store, now: Now, begun: Instant, scale: f64, post: Post) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let engine = Engine::new(
            store.clone(),
            scale,
            now,
            Arc::new(move |parcel| {
                log.lock().unwrap().push((begun.elapsed().as_secs_f64(), parcel.delivery, parcel.number));
                post(parcel)
            }),
            0,
        );
        let stop = CancellationToken::new();
        let running = tokio::spawn(Arc::clone(&engine).run(stop.clone()));
        Self { dir, store, engine, seen, begun, stop, running }
    }

    async fn put(&self, webhook: &'static str, count: usize) {
        self.place(webhook, count).await;
        self.engine.wake();
    }

    /// Takes deliveries in and tells nobody.
    async fn place(&self, webhook: &'static str, count: usize) {
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
    }

    /// A number in the database.
    async fn number(&self, sql: &'static str) -> Option<i64> {
        self.store.read(move |connection| connection.query_row(sql, [], |row| row.get(0))).await.unwrap()
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

fn answered(status: u16) -> Outcome {
    Outcome { status: Some(status), error: None, ms: 0, answer: None }
}

/// A target that answers 200 once the gate lets it: those of `webhook`, or all.
fn gated(gate: &Arc<tokio::sync::Semaphore>, webhook: Option<&'static str>) -> Post {
    let gate = Arc::clone(gate);
    Arc::new(move |parcel: Parcel| {
        let gate = Arc::clone(&gate);
        Box::pin(async move {
            if webhook.is_none_or(|webhook| webhook == parcel.webhook) {
                gate.acquire().await.unwrap().forget();
            }
            answered(200)
        })
    })
}

impl Bench {
    fn hanging(dir: tempfile::TempDir, gate: &Arc<tokio::sync::Semaphore>, webhook: Option<&'static str>) -> Self {
        let store = Store::open(dir.path()).unwrap();
        let begun = Instant::now();
        Self::with(dir, store, Arc::new(move || start() + begun.elapsed()), begun, 1.0, gated(gate, webhook))
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
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let bench = Bench::hanging(tempfile::tempdir().unwrap(), &gate, None);
    bench.put("webhook_1", 5).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.seen().len(), 5, "all five are under way");
    // Killed: nothing of them is ever written down.
    bench.running.abort();
    let bench = Bench::over(bench.dir, start() + Duration::from_secs(2), 1.0, |_| 200);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.states().await, only("delivered", 5));
    assert!(bench.seen().iter().all(|(.., number)| *number == 1), "{:?}", bench.seen());
}

#[tokio::test(start_paused = true)]
async fn what_does_not_end_in_the_grace_of_a_stop_is_cut_off_and_made_by_the_next_alone() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let bench = Bench::hanging(tempfile::tempdir().unwrap(), &gate, None);
    bench.put("webhook_1", 1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    bench.stop.cancel();
    tokio::time::timeout(Duration::from_secs(60), bench.running).await.expect("it is cut off").unwrap();
    assert_eq!(Arc::strong_count(&bench.engine), 1, "nobody is left who could write");
    let bench = Bench::over(bench.dir, start() + Duration::from_secs(2), 1.0, |_| 500);
    tokio::time::sleep(Duration::from_secs(1)).await;
    // The first answer comes after all.
    gate.add_permits(10);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(bench.seen().iter().map(|seen| seen.2).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(bench.states().await, only("waiting", 1));
}

#[tokio::test]
async fn an_attempt_is_written_down_once_and_in_its_turn() {
    let bench = Bench::new(1.0, |_| 200);
    bench.running.abort();
    bench.place("webhook_1", 1).await;
    let made = |number, status| Made {
        delivery: 1,
        webhook: "webhook_1".into(),
        number,
        began: start(),
        outcome: answered(status),
        next: Some(start() + Duration::from_secs(5)),
        failing: Duration::ZERO,
    };
    for (made, next) in [(made(1, 500), true), (made(1, 200), false), (made(3, 200), false), (made(2, 503), true)] {
        let kept = bench.store.write(move |connection| attempts::record(connection, &made, start())).await.unwrap();
        assert_eq!(kept.is_some(), next);
    }
    let statuses = "SELECT group_concat(number || ':' || status) = '1:500,2:503' FROM attempts";
    assert_eq!((bench.number(statuses).await, bench.states().await), (Some(1), only("waiting", 1)));
}

#[tokio::test(start_paused = true)]
async fn a_webhook_that_fails_for_72_hours_is_switched_off_then_and_what_waits_for_it_stops() {
    let bench = Bench::new(1.0, |parcel| if parcel.webhook == "webhook_good" { 200 } else { 500 });
    for _ in 0..8 {
        bench.put("webhook_bad", 1).await;
        bench.put("webhook_good", 1).await;
        tokio::time::sleep(Duration::from_secs(10 * HOUR)).await;
    }
    let states = bench.states().await;
    assert_eq!(states["delivered"], 8, "{states:?}");
    assert!(states["stopped"] >= 3 && !states.contains_key("waiting"), "{states:?}");
    let off = bench.number("SELECT disabled_at FROM health WHERE webhook = 'webhook_bad'").await.unwrap();
    let hours = events::moment(off).duration_since(start()).as_secs_f64() / 3600.0;
    // At the first failure after 72 hours of them.
    assert!((72.0..76.0).contains(&hours), "{hours}");
    let (last, made) = (bench.seen().iter().map(|seen| seen.0).fold(0.0, f64::max), bench.seen().len());
    tokio::time::sleep(Duration::from_secs(40 * HOUR)).await;
    assert!((last / 3600.0 - hours).abs() < 0.1 && bench.seen().len() == made, "nothing more is sent");
    assert_eq!(bench.number("SELECT count(*) FROM health WHERE disabled_at IS NOT NULL").await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn one_success_within_the_72_hours_begins_them_anew_and_time_off_does_not_count() {
    let failing = "SELECT failing / 3600000000 FROM health WHERE webhook = 'webhook_1'";
    let bench = Bench::new(1.0, |parcel| if parcel.delivery == 5 { 200 } else { 500 });
    for round in 0..11 {
        bench.put("webhook_1", 1).await;
        tokio::time::sleep(Duration::from_secs(10 * HOUR)).await;
        // The fifth was good, at hour 40.
        let before = if round < 4 { 0 } else { 40 };
        let hours = bench.number(failing).await.unwrap();
        let since = (round + 1) * 10 - before;
        assert!((since - 12..=since).contains(&hours), "round {round}: {hours} hours");
    }
    assert!(!bench.states().await.contains_key("stopped"), "{:?}", bench.states().await);
    let before = bench.number(failing).await;
    bench.stop.cancel();
    bench.running.await.unwrap();
    let later = start() + Duration::from_secs(500 * HOUR);
    let bench = Bench::over(bench.dir, later, 1.0, |_| 500);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!bench.seen().is_empty() && !bench.states().await.contains_key("stopped"));
    assert_eq!(bench.number(failing).await, before);
}

#[tokio::test(start_paused = true)]
async fn neither_a_sleeping_machine_nor_a_long_silence_counts_as_time_in_which_a_webhook_failed() {
    let slept = Arc::new(Mutex::new(Duration::ZERO));
    let (dir, begun, asleep) = (tempfile::tempdir().unwrap(), Instant::now(), Arc::clone(&slept));
    let store = Store::open(dir.path()).unwrap();
    let now: Now = Arc::new(move || start() + begun.elapsed() + *asleep.lock().unwrap());
    let post: Post = Arc::new(|_| Box::pin(async { answered(500) }));
    let bench = Bench::with(dir, store, now, begun, 1.0, post);
    let failing = "SELECT failing / 60000000 FROM health";
    bench.put("webhook_1", 1).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(bench.number(failing).await, Some(0));
    // Shut for four days, and one more failure when it wakes.
    *slept.lock().unwrap() = Duration::from_secs(96 * HOUR);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((bench.seen().len(), bench.number(failing).await), (4, Some(1)));
    // Nothing happened for four days, and then the next event: the last attempt was at hour 29.
    tokio::time::sleep(Duration::from_secs(96 * HOUR)).await;
    let before = bench.number(failing).await.unwrap();
    bench.put("webhook_1", 1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.number(failing).await, Some(before + 12 * 60));
    assert!(!bench.states().await.contains_key("stopped"));
}

#[tokio::test(start_paused = true)]
async fn a_webhook_that_hangs_leaves_room_for_the_others_whose_queues_are_behind_its_own() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let bench = Bench::hanging(tempfile::tempdir().unwrap(), &gate, Some("webhook_slow"));
    bench.place("webhook_slow", 200).await;
    bench.place("webhook_quick", 200).await;
    bench.engine.wake();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.states().await, BTreeMap::from([("delivered".into(), 200), ("waiting".into(), 200)]));
    assert_eq!(bench.seen().len(), 200 + 32, "half of what can be under way");
    gate.add_permits(1000);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.states().await, only("delivered", 400));
}

#[tokio::test(start_paused = true)]
async fn many_webhooks_that_hang_still_leave_room_for_one_more() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let bench = Bench::hanging(tempfile::tempdir().unwrap(), &gate, None);
    for webhook in ["webhook_1", "webhook_2", "webhook_3", "webhook_4", "webhook_5"] {
        bench.put(webhook, 100).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let of_each: Vec<usize> =
        (0..5).map(|webhook| bench.seen().iter().filter(|seen| (seen.1 - 1) / 100 == webhook).count()).collect();
    assert_eq!(of_each, [32, 16, 8, 4, 2]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_webhook_nobody_knows_stops() {
    let bench = Bench::new(1.0, |_| 500);
    bench.put("webhook_gone", 2).await;
    bench.put("webhook_1", 1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    bench.store.write(|connection| attempts::stop_unknown(connection, r#"["webhook_1"]"#)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(bench.states().await, BTreeMap::from([("stopped".into(), 2), ("waiting".into(), 1)]));
    assert_eq!((bench.seen().len(), bench.number("SELECT count(*) FROM health").await), (4, Some(1)));
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
