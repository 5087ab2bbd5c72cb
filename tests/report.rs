//! A panic of a real process leaves a report behind, and no secret in it or on its stderr.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::process::Command;

const CANARY: &str = "kpCanary7f3a91c2d4e5b6a7980112233445566778899aabb";
const CHILD: &str = "KINDE_PANEL_TEST_PANIC_IN";

#[test]
fn a_command_that_breaks_leaves_a_report_as_the_window_does() {
    if let Some(dir) = std::env::var_os(CHILD) {
        let words = ["kinde-panel", "decode", "/nonexistent", "--data-dir"].map(std::ffi::OsString::from);
        kinde_panel::cli::run(words.into_iter().chain([dir]));
        panic!("broken after the command began");
    }
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_command_that_breaks_leaves_a_report_as_the_window_does", "--nocapture"])
        .env(CHILD, dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(std::fs::read_dir(dir.path().join("reports")).map(Iterator::count).unwrap_or_default(), 1, "{said}");
}

#[test]
fn a_panic_leaves_a_report_without_secrets_and_stderr_says_where() {
    if let Some(dir) = std::env::var_os(CHILD) {
        kinde_panel::report::install(dir.as_ref());
        let broken = || panic!("the answer {CANARY} was not expected");
        std::thread::Builder::new().name("walker".to_owned()).spawn(broken).unwrap().join().ok();
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_panic_leaves_a_report_without_secrets_and_stderr_says_where", "--nocapture"])
        .env(CHILD, dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let reports: Vec<_> = std::fs::read_dir(dir.path().join("reports")).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(reports.len(), 1, "{said}");
    let report = std::fs::read_to_string(&reports[0]).unwrap();
    for expected in ["Kinde Panel broke off at 2", "thread: walker", "place: tests/report.rs:", "was not expected"] {
        assert!(report.contains(expected), "{expected} is missing:\n{report}");
    }
    assert!(report.contains("report::a_panic_leaves"), "the frames are missing:\n{report}");
    assert!(!report.contains(CANARY) && !said.contains(CANARY), "the canary leaked:\n{report}\n{said}");
    assert!(said.contains(&reports[0].display().to_string()), "stderr does not say where: {said}");
}
