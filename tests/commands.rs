//! The program as a script runs it: what it prints where, and how it exits.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::process::Command;

use serde_json::Value;

const SECRET: &str = "CanaryCanaryCanaryCanaryCanaryCanaryCanary42";

struct Ran {
    exit: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{:?} {:?}", self.out, self.err))
    }
}

/// Runs the program on a fresh data folder, without keyring, home or `KINDE_*` variables of the tester.
fn panel(words: &[&str], variables: &[(&str, &str)]) -> Ran {
    let dir = tempfile::tempdir().unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_kinde-panel"))
        .args(words)
        .arg("--data-dir")
        .arg(dir.path().join("data"))
        .env_clear()
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .envs(variables.iter().copied())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    Ran {
        exit: done.status.code().unwrap_or(-1),
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
    }
}

/// An address where nobody listens.
fn nobody() -> String {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().to_string()
}

fn named(domain: &str) -> [(&'static str, &str); 3] {
    [("KINDE_DOMAIN", domain), ("KINDE_MANAGEMENT_CLIENT_ID", "id"), ("KINDE_MANAGEMENT_CLIENT_SECRET", SECRET)]
}

#[test]
fn unusable_words_are_an_error_object_with_json_and_words_without() {
    for words in
        [&["token", "--nope", "--json"][..], &["--json", "nonsense"], &["token", "--json", "--profile", "nobody"]]
    {
        let ran = panel(words, &[]);
        assert_eq!(ran.exit, 2, "{words:?} {}", ran.err);
        let error = &ran.json()["error"];
        assert_eq!(error["category"], "input");
        for member in ["title", "detail", "hint"] {
            assert!(error[member].is_string(), "{words:?}: {error}");
        }
        assert!(!error["title"].as_str().unwrap().is_empty());
    }
    let ran = panel(&["token", "--nope"], &[]);
    assert_eq!((ran.exit, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("--nope"));
}

#[test]
fn unusable_words_are_told_by_title_detail_and_hint() {
    for (words, title, detail) in [
        (&["token", "--nope", "--json"][..], "--nope is not understood here", "unexpected argument"),
        (&["--json", "nonsense"], "There is no command nonsense", "unrecognized subcommand"),
        (&["doctor", "--json", "--profile", ""], "The value of --profile <NAME> cannot be used", "it is empty"),
        (&["token", "--json", "--app", "github"], "--session <ID> is missing", "required"),
    ] {
        let ran = panel(words, &[]);
        assert_eq!(ran.exit, 2, "{words:?} {}", ran.err);
        let error = &ran.json()["error"];
        assert_eq!(error["title"], title);
        assert!(error["detail"].as_str().unwrap().contains(detail), "{error}");
        assert!(error["hint"].as_str().unwrap().contains("kinde-panel"), "{error}");
        assert!(!ran.out.contains("\\u001b"), "colour in JSON: {}", ran.out);
    }
    let ran = panel(&["token", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"], &[]);
    assert_eq!(ran.exit, 2);
    assert!(!ran.err.contains("eyJ"), "a token in the wrong place is not repeated: {}", ran.err);
}

#[test]
#[cfg(target_os = "linux")]
fn a_window_without_a_display_is_one_line_and_with_json_an_error_object_too() {
    for words in [&["--json"][..], &[]] {
        let ran = panel(words, &[]);
        assert_eq!((ran.exit, ran.err.lines().count()), (3, 1), "{}", ran.err);
        assert!(ran.err.contains("DISPLAY") && ran.err.contains("kinde-panel <command>"), "{}", ran.err);
        if words.is_empty() {
            assert_eq!(ran.out, "");
        } else {
            assert_eq!(ran.json()["error"]["title"], "There is no display to open a window on");
        }
    }
}

#[test]
fn token_prints_the_sandboxes_token_and_nothing_else_serving_the_sandbox_itself() {
    let ran = panel(&["token"], &[]);
    assert_eq!(ran.exit, 0, "{}", ran.err);
    assert_eq!(ran.out.trim().split('.').count(), 3, "{}", ran.out);
    assert_eq!(ran.out.lines().count(), 1);
    assert!(ran.err.contains("sandbox"), "stderr names the profile: {}", ran.err);
}

#[test]
fn the_doctor_finds_the_sandbox_in_good_health() {
    let ran = panel(&["doctor", "--json"], &[]);
    assert_eq!(ran.exit, 0, "{} {}", ran.out, ran.err);
    let report = ran.json();
    assert!(["pass", "warn"].contains(&report["verdict"].as_str().unwrap()), "{report}");
    let names: Vec<&str> =
        report["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    for name in ["domain", "discovery", "jwks", "jwks.json", "clock", "token", "environment", "users"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
}

#[test]
fn a_closed_port_is_failing_checks_to_the_doctor_and_exit_3_to_token() {
    let domain = nobody();
    let doctor = panel(&["doctor", "--json"], &[("KINDE_DOMAIN", &domain)]);
    assert_eq!((doctor.exit, doctor.json()["verdict"].as_str()), (1, Some("fail")));
    for check in doctor.json()["checks"].as_array().unwrap().iter().filter(|check| check["verdict"] == "fail") {
        assert!(check["why"].is_string() && check["fix"].is_string(), "{check}");
    }
    let token = panel(&["token", "--json", "--trace"], &named(&domain));
    assert_eq!(token.exit, 3);
    assert_eq!(token.json()["error"]["category"], "network");
    assert!(token.err.contains("> POST http://") && token.err.contains("client_id=id"), "{}", token.err);
    assert!(!token.err.contains(SECRET) && !token.out.contains(SECRET));
    assert!(token.err.contains(&format!("Profile: {domain}")));
}

#[test]
fn variables_that_are_not_all_set_are_said_to_be_unused() {
    let ran = panel(&["token"], &[("KINDE_DOMAIN", "acme.kinde.com"), ("KINDE_MANAGEMENT_CLIENT_ID", "id")]);
    assert_eq!(ran.exit, 0, "{}", ran.err);
    assert!(ran.err.contains("KINDE_MANAGEMENT_CLIENT_SECRET not set") && ran.err.contains("sandbox"), "{}", ran.err);
}

#[test]
fn credentials_of_which_one_half_is_set_are_a_failing_check_to_the_doctor() {
    let domain = nobody();
    let half = [("KINDE_DOMAIN", domain.as_str()), ("KINDE_MANAGEMENT_CLIENT_ID", "id")];
    let doctor = panel(&["doctor", "--json"], &half);
    let report = doctor.json();
    let check = report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "m2m application").unwrap();
    assert_eq!((doctor.exit, check["verdict"].as_str()), (1, Some("fail")));
    assert!(check["why"].as_str().unwrap().contains("KINDE_MANAGEMENT_CLIENT_SECRET is not"), "{check}");
}

#[test]
fn help_and_version_are_answers() {
    for words in [&["--help"][..], &["--version"], &["token", "--help"]] {
        let ran = panel(words, &[]);
        assert_eq!(ran.exit, 0, "{words:?}");
        assert!(!ran.out.is_empty());
    }
}

#[cfg(unix)]
#[test]
fn the_usage_names_the_program_and_not_the_file_it_was_started_as() {
    use std::os::unix::process::CommandExt as _;
    for words in [&["webhooks", "nope", "--json"][..], &["token", "--nope"], &["webhooks", "create", "--help"]] {
        let done = Command::new(env!("CARGO_BIN_EXE_kinde-panel")).arg0("renamed-panel").args(words).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(said.contains("kinde-panel ") && !said.contains("renamed-panel"), "{words:?}: {said}");
    }
}

#[test]
fn a_refusal_tells_how_to_see_what_was_sent_on_the_command_line() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let domain = listener.local_addr().unwrap().to_string();
    let serve = move || {
        use std::io::{Read as _, Write as _};
        for socket in listener.incoming() {
            let (mut socket, mut request) = (socket.unwrap(), [0; 8192]);
            let read = socket.read(&mut request).unwrap_or(0);
            let minting = String::from_utf8_lossy(&request[..read]).contains("/oauth2/token");
            let body = if minting { r#"{"access_token":"t","expires_in":3600}"# } else { "<html>Welcome</html>" };
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            socket.write_all(format!("{head}{body}").as_bytes()).ok();
        }
    };
    std::thread::Builder::new().name("a web site".to_owned()).spawn(serve).unwrap();
    let ran = panel(&["webhooks", "list", "--json"], &named(&domain));
    let hint = ran.json()["error"]["hint"].as_str().unwrap().to_owned();
    assert_eq!(ran.exit, 3);
    assert!(hint.contains("--trace"), "{hint}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_command_that_waits_with_130() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let domain = silent.local_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_kinde-panel"))
        .args(["token", "--data-dir"])
        .arg(dir.path().join("data"))
        .env_clear()
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .envs(named(&domain))
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // Once it has connected it waits for an answer that never comes.
    let _connection = silent.accept().unwrap();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[cfg(unix)]
#[test]
fn a_command_that_waits_for_a_secret_in_a_pipe_ends_with_130_when_it_is_told_to() {
    for signal in ["-TERM", "-INT"] {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut child = Command::new(env!("CARGO_BIN_EXE_kinde-panel"))
            .args(["token", "--session", &format!("@{}", pipe.display()), "--data-dir"])
            .arg(dir.path().join("data"))
            .env_clear()
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
            .envs(named("acme"))
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // Opens once the command has opened its end; nothing is ever written.
        let _open = std::fs::File::options().write(true).open(&pipe).unwrap();
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}");
    }
}
