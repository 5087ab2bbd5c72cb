//! The 36-hour schedule in a real run: the program, a socket, the wall clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use kinde_panel::clock::Clock;
use kinde_panel::sandbox::wait_before;

use super::process::{Sandbox, run, webhook};
use super::sink::Sink;

/// `tests/run --long schedule` runs it a thousand times as fast as Kinde and asks for punctuality too; else it is so fast
/// that a busy machine is late by more than a wait, and nobody may be early.
#[test]
fn no_attempt_is_early_and_in_the_long_run_none_is_late() {
    let long = std::env::var("KINDE_PANEL_SCHEDULE").ok();
    let scale = long.as_deref().unwrap_or("50000");
    let dir = tempfile::tempdir().unwrap();
    let times: Arc<Mutex<Vec<Timestamp>>> = Arc::default();
    let log = Arc::clone(&times);
    // Before it is answered: the wait for the next begins after this.
    let sink = Sink::new(move |_| {
        log.lock().unwrap().push(Clock::real().now());
        503
    });
    let _sandbox = Sandbox::start(dir.path(), &["--time-scale", scale]);
    webhook(dir.path(), &sink.url, "user.created");
    assert_eq!(run(dir.path(), &["send", "user.created"]).code, Some(1));
    let attempts = (1..).take_while(|number| wait_before(*number).is_some()).count();
    (1..=attempts).for_each(|number| drop(sink.wait_for(number)));
    let db = rusqlite::Connection::open(dir.path().join("sandbox/deliveries.db")).unwrap();
    let state = || db.query_row("SELECT state FROM deliveries", [], |row| row.get::<_, String>(0)).unwrap();
    while state() == "waiting" {
        std::thread::sleep(Duration::from_millis(5));
    }
    let times = times.lock().unwrap().clone();
    assert_eq!((state().as_str(), times.len(), attempts), ("given_up", 9, 9));

    let scale: f64 = scale.parse().unwrap();
    let (mut worst, mut late) = (Duration::ZERO, Vec::new());
    for (number, pair) in (2..).zip(times.windows(2)) {
        let wait = wait_before(number).unwrap().div_f64(scale);
        let passed = Duration::try_from(pair[1].duration_since(pair[0])).unwrap();
        assert!(passed >= wait, "attempt {number} came after {passed:?}, not {wait:?}");
        worst = worst.max(passed - wait);
        if passed - wait > wait.mul_f64(0.05).max(Duration::from_millis(100)) {
            late.push(format!("attempt {number} came after {passed:?}, not {wait:?}"));
        }
    }
    let whole = times[8].duration_since(times[0]).as_secs_f64();
    std::io::Write::write_fmt(
        &mut std::io::stderr(),
        format_args!("schedule at {scale}: 9 attempts in {whole:.3} s, none early, at most {worst:?} late\n"),
    )
    .unwrap();
    assert!(long.is_none() || late.is_empty(), "{late:?}");
}
