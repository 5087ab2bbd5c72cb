//! kill -9 in the middle of many deliveries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

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

#[test]
fn a_kill_in_the_middle_loses_no_event_that_was_accepted_and_each_ends_in_its_right_state() {
    let dir = tempfile::tempdir().unwrap();
    let count: usize = std::env::var("KINDE_PANEL_DELIVERIES").map_or(300, |count| count.parse().unwrap());
    let seed = Mutex::new(0x005e_ed5e_ed5e_ed01);
    let sink = Sink::new(move |_| if unlucky(&seed) { 500 } else { 200 });
    let sandbox = Sandbox::start(dir.path(), &["--time-scale", "100"]);
    webhook(dir.path(), &sink.url, "user.created");
    // The command's own events are accepted by the time the target sees the first of them; the kill falls among them.
    let (folder, repeat) = (dir.path().to_owned(), count.to_string());
    let sending = std::thread::Builder::new()
        .name("send".to_owned())
        .spawn(move || run(&folder, &["send", "user.created", "--repeat", &repeat]))
        .unwrap();
    sink.wait_for(count / 2);
    sandbox.kill();
    sending.join().unwrap();

    let db = rusqlite::Connection::open(dir.path().join("sandbox/deliveries.db")).unwrap();
    let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let accepted = number("SELECT count(*) FROM deliveries");
    assert!((count / 3..=count).contains(&(accepted as usize)), "{accepted} accepted");
    assert!(number("SELECT count(*) FROM deliveries WHERE state = 'waiting'") > 0, "the kill fell in the middle");

    let _sandbox = Sandbox::start(dir.path(), &["--time-scale", "100000"]);
    let begun = std::time::Instant::now();
    let rest = count as i64 - accepted;
    if rest > 0 {
        let sent = run(dir.path(), &["send", "user.created", "--repeat", &rest.to_string()]);
        assert_eq!(sent.lines.len() as i64, rest, "{}", sent.said);
    }
    let (before, accepted) = (accepted, count as i64);
    while number("SELECT count(*) FROM deliveries WHERE next IS NOT NULL") > 0 {
        assert!(
            begun.elapsed().as_secs() < 600,
            "{} still wait",
            number("SELECT count(*) FROM deliveries WHERE next IS NOT NULL")
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(number("SELECT count(*) FROM deliveries"), accepted, "none is lost");
    let wrong = "SELECT count(*) FROM deliveries d WHERE NOT (
        (state = 'delivered' AND (SELECT status FROM attempts WHERE delivery = d.id AND number = d.attempts) = 200)
        OR (state = 'given_up' AND attempts = 9
            AND NOT EXISTS (SELECT 1 FROM attempts WHERE delivery = d.id AND status = 200)))";
    assert_eq!(number(wrong), 0);
    let ids: BTreeSet<String> =
        sink.seen().iter().filter_map(|seen| seen.header("webhook-id").map(str::to_owned)).collect();
    assert_eq!(ids.len() as i64, accepted, "each has one id at all its attempts, and each was seen");
    let mut states = db.prepare("SELECT state, count(*) FROM deliveries GROUP BY state").unwrap();
    let states: BTreeMap<String, i64> =
        states.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    let requests = sink.seen().len();
    std::io::Write::write_fmt(
        &mut std::io::stderr(),
        format_args!("{accepted} accepted, {before} of them when it was killed, {requests} requests, {states:?}, {} s after the kill\n", begun.elapsed().as_secs()),
    )
    .unwrap();
}
