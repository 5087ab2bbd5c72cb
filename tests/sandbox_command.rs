//! The `sandbox` command as a process: one ready line, one process a folder, a clean end.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;

fn command(dir: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinde-panel"));
    command.arg("sandbox").arg("--data-dir").arg(dir).args(more).stdin(Stdio::null());
    command
}

/// Starts it and reads the ready line.
fn start(dir: &Path, more: &[&str]) -> (Child, Value, BufReader<ChildStdout>) {
    let mut child = command(dir, more).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    (child, serde_json::from_str(&line).unwrap(), out)
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").arg(name).arg(child.id().to_string()).status().unwrap().success());
}

fn run(dir: &Path, more: &[&str]) -> Output {
    command(dir, more).output().unwrap()
}

#[test]
fn the_ready_line_is_the_contract_and_the_end_is_clean() {
    for (name, more) in [("-TERM", &[][..]), ("-INT", &["--json"][..])] {
        let dir = tempfile::tempdir().unwrap();
        let (mut child, line, mut out) = start(dir.path(), more);
        let ready = &line["ready"];
        let issuer = ready["issuer"].as_str().unwrap();
        assert!(issuer.starts_with("http://127.0.0.1:"), "{line}");
        assert!(ready["https"].as_str().unwrap().starts_with("https://127.0.0.1:"));
        assert_eq!(ready["audience"], format!("{issuer}/api"));
        assert!(Path::new(ready["ca_cert"].as_str().unwrap()).is_file());
        assert_eq!(ready["users"][0]["email"], "ada@example.com");
        assert_eq!(ready["connected_apps"][1], serde_json::json!({"key": "github", "provider": "github"}));
        assert!(ready["smtp"].as_str().unwrap().starts_with("127.0.0.1:"), "{line}");
        assert_eq!(ready.as_object().unwrap().len(), 9);
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(0));
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        assert!(!dir.path().join("sandbox/running.json").exists());
    }
}

#[test]
fn a_second_process_says_who_holds_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, line, _out) = start(dir.path(), &[]);
    let second = run(dir.path(), &["--json"]);
    assert_eq!(second.status.code(), Some(3));
    let error: Value = serde_json::from_slice(&second.stdout).unwrap();
    let detail = error["error"]["detail"].as_str().unwrap();
    assert!(detail.contains(&format!("process {}", child.id())), "{detail}");
    assert!(detail.contains(line["ready"]["issuer"].as_str().unwrap()), "{detail}");
    signal(&child, "-TERM");
    child.wait().unwrap();
}

#[test]
fn a_killed_process_leaves_the_folder_free_and_its_ports_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, first, _out) = start(dir.path(), &[]);
    signal(&child, "-KILL");
    child.wait().unwrap();
    assert!(dir.path().join("sandbox/running.json").exists(), "nobody was there to remove it");
    let (mut child, second, _out) = start(dir.path(), &[]);
    assert_eq!(first["ready"]["issuer"], second["ready"]["issuer"]);
    assert_eq!(first["ready"]["client_secret"], second["ready"]["client_secret"]);
    signal(&child, "-TERM");
    child.wait().unwrap();
}

#[test]
fn unusable_words_are_exit_2_and_a_taken_port_is_exit_3() {
    let dir = tempfile::tempdir().unwrap();
    for words in [["--time-scale", "0"], ["--time-scale", "nan"], ["--time-scale", "inf"], ["--port", "70000"]] {
        assert_eq!(run(dir.path(), &words).status.code(), Some(2), "{words:?}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refused = run(dir.path(), &["--https-port", &port]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&refused.stderr).contains(&port));
}

#[test]
fn commands_that_come_at_once_with_no_sandbox_running_all_do_their_job() {
    let dir = tempfile::tempdir().unwrap();
    let create = |number: usize| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kinde-panel"));
        for name in ["KINDE_DOMAIN", "KINDE_MANAGEMENT_CLIENT_ID", "KINDE_MANAGEMENT_CLIENT_SECRET"] {
            command.env_remove(name);
        }
        let name = format!("hook-{number}");
        command.args(["webhooks", "create", "--json", "--event", "user.created", "--name", &name]);
        command.args(["--endpoint", "http://127.0.0.1:9/hooks", "--data-dir"]).arg(dir.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let at_once: Vec<Child> = (0..6).map(create).collect();
    for child in at_once {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let state: Value = serde_json::from_slice(&std::fs::read(dir.path().join("sandbox/state.json")).unwrap()).unwrap();
    assert_eq!(state["webhooks"].as_array().unwrap().len(), 6);
}
