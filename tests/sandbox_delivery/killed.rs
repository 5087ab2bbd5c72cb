//! kill -9 in the middle of many deliveries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use kinde_panel::clock::Clock;
use kinde_panel::net::{Http, Recorder};
use kinde_panel::sandbox::{Control, Order, find};

use super::process::{Sandbox, run, webhook};
use super::sink::Sink;

/// Three in ten, the same ones in every run of the same order (xorshift64).
fn unlucky(seed: &Mutex<u64>) -> bool {
    let mut state = seed.lock().unwrap();
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state % 10 < 3
}

/// Publishes, a few events at a time as `send` does, until the sandbox is gone. Answers the ids of the events it was told
/// were taken.
fn publish_until_killed(dir: &std::path::Path, told: &Mutex<Vec<String>>) {
    let running = find(&dir.join("sandbox")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let control = Control::new(Http::new(Recorder::silent(), Clock::real()).unwrap(), &running).unwrap();
        let order = Order { event_type: "user.created".to_owned(), repeat: 5, ..Order::default() };
        while let Ok(published) = control.publish(&order).await {
            told.lock().unwrap_or_else(PoisonError::into_inner).extend(published.events);
        }
    });
}

#[test]
fn a_kill_in_the_middle_loses_no_event_whose_taking_was_told_and_each_ends_in_its_right_state() {
    let dir = tempfile::tempdir().unwrap();
    let count: usize = std::env::var("KINDE_PANEL_DELIVERIES").map_or(300, |count| count.parse().unwrap());
    let seed = Mutex::new(0x005e_ed5e_ed5e_ed01);
    let sink = Sink::new(move |_| if unlucky(&seed) { 500 } else { 200 });
    let sandbox = Sandbox::start(dir.path(), &["--time-scale", "100"]);
    webhook(dir.path(), &sink.url, "user.created");
    let told = Arc::new(Mutex::new(Vec::new()));
    let (folder, telling) = (dir.path().to_owned(), Arc::clone(&told));
    let publishing = std::thread::Builder::new()
        .name("publish".to_owned())
        .spawn(move || publish_until_killed(&folder, &telling))
        .unwrap();
    // It publishes until the kill, which so falls among events that are taken and among deliveries that are made.
    sink.wait_for(count / 2);
    sandbox.kill();
    publishing.join().unwrap();
    // What its taker was told. What the database says is what is judged by it.
    let told: BTreeSet<String> = told.lock().unwrap().iter().cloned().collect();
    assert!(told.len() >= count / 3, "{} told", told.len());

    let db = rusqlite::Connection::open(dir.path().join("sandbox/deliveries.db")).unwrap();
    let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let waiting = number("SELECT count(*) FROM deliveries WHERE state = 'waiting'");
    assert!(waiting > 0, "the kill fell in the middle");

    let _sandbox = Sandbox::start(dir.path(), &["--time-scale", "100000"]);
    let begun = std::time::Instant::now();
    let rest = count.saturating_sub(told.len());
    let mut wanted = told.clone();
    if rest > 0 {
        let sent = run(dir.path(), &["send", "user.created", "--repeat", &rest.to_string()]);
        assert_eq!(sent.lines.len(), rest, "{}", sent.said);
        wanted.extend(sent.lines.iter().map(|line| line["delivery"]["event_id"].as_str().unwrap().to_owned()));
    }
    while number("SELECT count(*) FROM deliveries WHERE next IS NOT NULL") > 0 {
        assert!(
            begun.elapsed().as_secs() < 600,
            "{} still wait",
            number("SELECT count(*) FROM deliveries WHERE next IS NOT NULL")
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let mut ids = db.prepare("SELECT e.event_id FROM deliveries d JOIN events e ON e.seq = d.event").unwrap();
    let kept: Vec<String> = ids.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let there: BTreeSet<&String> = kept.iter().collect();
    let lost: Vec<&String> = wanted.iter().filter(|id| !there.contains(id)).collect();
    assert!(lost.is_empty(), "told as taken, and lost: {lost:?}");
    // What was taken when the kill cut its answer off is there too: no more than one call of the publisher.
    assert!(kept.len() <= wanted.len() + 5, "{} of {}", kept.len(), wanted.len());
    let wrong = "SELECT count(*) FROM deliveries d WHERE NOT (
        (state = 'delivered' AND (SELECT status FROM attempts WHERE delivery = d.id AND number = d.attempts) = 200)
        OR (state = 'given_up' AND attempts = 9
            AND NOT EXISTS (SELECT 1 FROM attempts WHERE delivery = d.id AND status = 200)))";
    assert_eq!(number(wrong), 0);
    let ids: BTreeSet<String> =
        sink.seen().iter().filter_map(|seen| seen.header("webhook-id").map(str::to_owned)).collect();
    assert_eq!(ids.len(), kept.len(), "each has one id at all its attempts, and each was seen");
    let mut states = db.prepare("SELECT state, count(*) FROM deliveries GROUP BY state").unwrap();
    let states: BTreeMap<String, i64> =
        states.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    let requests = sink.seen().len();
    std::io::Write::write_fmt(
        &mut std::io::stderr(),
        format_args!(
            "{} told as taken when it was killed, {waiting} of them waiting, {} in all, {requests} requests, {states:?}, {} s after the kill\n",
            told.len(),
            kept.len(),
            begun.elapsed().as_secs()
        ),
    )
    .unwrap();
}
