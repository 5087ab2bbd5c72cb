//! `connect` as a process, against a Kinde of a few lines: lines, exit codes, and no secret where none belongs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use serde_json::Value;

const TOKEN: &str = "gho_16C7e42F292c6912E7710c838347Ae178B4a";

type Answer = dyn Fn(&str) -> Option<(u16, String)> + Send + Sync;

/// Serves until the test ends; answers its origin.
fn kinde(answer: impl Fn(&str) -> Option<(u16, String)> + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let answer: Arc<Answer> = Arc::new(answer);
    std::thread::Builder::new()
        .name("kinde".into())
        .spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut bytes = Vec::new();
                let mut buffer = [0; 4096];
                loop {
                    let read = stream.read(&mut buffer).unwrap();
                    bytes.extend_from_slice(&buffer[..read]);
                    let text = String::from_utf8_lossy(&bytes).to_lowercase();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
                    if body.len() >= length.map_or(0, |length| length.trim().parse().unwrap()) {
                        break;
                    }
                }
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let line = text.lines().next().unwrap();
                let (status, body) = answer(line).unwrap_or_else(|| ordinary(line));
                let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n");
                write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).ok();
            }
        })
        .unwrap();
    origin
}

fn ordinary(line: &str) -> (u16, String) {
    let body = match line {
        _ if line.contains("/oauth2/token") => {
            r#"{"access_token":"m2m.token.x","expires_in":3600,"token_type":"bearer"}"#.into()
        }
        _ if line.contains("/auth_url") => {
            r#"{"url":"https://github.example/authorize","session_id":"ses_ours"}"#.into()
        }
        _ if line.contains("/connected_apps/token") => {
            format!(r#"{{"access_token":"{TOKEN}","access_token_expiry":"2099-11-24T00:00:00Z"}}"#)
        }
        _ if line.contains("/environment") => r#"{"environment":{"is_live":false}}"#.into(),
        _ if line.contains("/connected_apps/revoke") => r#"{"message":"Success","code":"OK"}"#.into(),
        _ if line.contains("/search/users") => r#"{"results":[{"id":"kp_1","email":"ada@example.com"}]}"#.into(),
        _ if line.contains("installations") => r#"{"installations":[{"permissions":{"contents":"read"}}]}"#.into(),
        _ if line.contains("api.github.com/user") => r#"{"login":"octocat"}"#.into(),
        _ => return (404, r#"{"errors":{"code":"ROUTE_NOT_FOUND","message":"no"}}"#.into()),
    };
    (200, body)
}

fn run(origin: &str, args: &[&str], stdin: &str) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_kinde-panel"))
        .args(args)
        .args(["--data-dir".as_ref(), dir.path()])
        .env("KINDE_DOMAIN", origin)
        .env("KINDE_MANAGEMENT_CLIENT_ID", "0123456789abcdef0123456789abcdef")
        .env("KINDE_MANAGEMENT_CLIENT_SECRET", "canary0123456789canary0123456789canary0123")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).ok();
    child.wait_with_output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("{output:?}"))
}

#[test]
fn the_address_comes_first_then_the_masked_token_with_its_probe() {
    let origin = kinde(|_| None);
    let output = run(&origin, &["connect", "--app", "github", "--no-browser", "--json"], "");
    assert_eq!(code(&output), 0, "{}", String::from_utf8_lossy(&output.stderr));
    let lines = lines(&output);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0], serde_json::json!({"auth_url": "https://github.example/authorize", "session_id": "ses_ours"}));
    assert_eq!(lines[1]["token"], serde_json::json!({"expires_at": "2099-11-24T00:00:00Z", "masked": "gho_…8B4a"}));
    let account = lines[1]["probe"].as_array().unwrap().iter().find(|check| check["name"] == "account").unwrap();
    assert_eq!(account["seen"], "Kinde user ada@example.com now holds GitHub account octocat");
    let all = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!all.contains(TOKEN) && !all.contains("canary"), "{all}");
}

#[test]
fn the_token_itself_is_shown_when_asked_for_and_an_unknown_provider_is_one_skipped_check() {
    let origin = kinde(|_| None);
    let output = run(&origin, &["connect", "--app", "crm", "--no-browser", "--show-token", "--json"], "");
    assert_eq!(code(&output), 0);
    let lines = lines(&output);
    assert_eq!(lines[1]["token"]["access_token"], TOKEN);
    assert_eq!(lines[1]["probe"].as_array().unwrap().len(), 1);
    assert_eq!(lines[1]["probe"][0]["verdict"], "skipped");
}

#[test]
fn an_unknown_app_and_a_timeout_are_failing_checks_and_a_missing_scope_could_not_be_done() {
    let unknown = kinde(|line| {
        line.contains("/auth_url").then(|| (404, r#"{"errors":[{"code":"NOT_FOUND","message":"x"}]}"#.into()))
    });
    let output = run(&unknown, &["connect", "--app", "nope", "--no-browser", "--json"], "");
    assert_eq!(code(&output), 1);
    assert_eq!(lines(&output)[0]["verdict"], "fail");
    let pending = kinde(|line| {
        line.contains("/connected_apps/token")
            .then(|| (400, r#"{"errors":[{"code":"INVALID_SESSION","message":"session"}]}"#.into()))
    });
    let output = run(&pending, &["connect", "--app", "github", "--no-browser", "--timeout", "1", "--json"], "");
    assert_eq!(code(&output), 1);
    let why = lines(&output)[1]["checks"][0]["why"].as_str().unwrap().to_owned();
    assert!(why.contains("not finished") && why.contains("denied"), "{why}");
    let scope = kinde(|line| {
        line.contains("/auth_url").then(|| {
            (403, r#"{"errors":[{"code":"SCOPE_MISSING","message":"Scope is missing: read:connected_apps"}]}"#.into())
        })
    });
    let output = run(&scope, &["connect", "--app", "github", "--no-browser", "--json"], "");
    assert_eq!(code(&output), 3);
    assert!(lines(&output)[0]["error"]["title"].as_str().unwrap().contains("read:connected_apps"));
}

#[test]
fn unusable_words_end_with_2_and_an_error_object() {
    let origin = kinde(|_| None);
    for words in [
        &["connect", "--json"][..],
        &["connect", "--app", "x", "--provider", "myspace", "--json"],
        &["connect", "--app", "x", "--user", "kp_1", "--org", "org_1", "--json"],
        &["connect", "--app", "x", "--timeout", "0", "--json"],
        &["connect", "--app", "x", "--timeout", "-5", "--json"],
        &["connect", "--app", "x", "--timeout", "99999999999999999999999", "--json"],
        &["connect", "--app", "", "--json"],
        &["connect", "--app", " ", "--json"],
        &["connect", "--app", "x", "--provider", "", "--json"],
        &["connect", "--app", "x", "--user", "", "--json"],
        &["connect", "--app", "x", "--org", "", "--json"],
        &["connect", "--revoke", "", "--json"],
        &["connect", "--revoke", "@-", "--json"],
        &["connect", "--revoke", "@", "--json"],
        &["connect", "--revoke", "@/dev/null", "--json"],
        &["token", "--session", "", "--json"],
        &["token", "--session", "ses_x", "--app", "", "--json"],
        &["token", "--app", "github", "--session", "@/dev/null", "--json"],
    ] {
        let output = run(&origin, words, "");
        assert_eq!(code(&output), 2, "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        let error = &lines(&output)[0]["error"];
        assert_eq!(error["category"], "input", "{words:?}");
        // Every value that is wrong is named by its flag.
        let flag = words.iter().rev().find(|word| word.starts_with("--") && **word != "--json");
        assert!(flag.is_none_or(|flag| error.to_string().contains(flag)), "{words:?}: {error}");
    }
}

#[test]
fn a_revocation_reads_its_session_from_standard_input_and_shows_what_still_works() {
    let gone = std::sync::atomic::AtomicBool::new(false);
    let origin = kinde(move |line| {
        use std::sync::atomic::Ordering::SeqCst;
        if line.starts_with("POST") && line.contains("/revoke?session_id=ses_ours") {
            gone.store(true, SeqCst);
        }
        (line.contains("/connected_apps/token") && gone.load(SeqCst))
            .then(|| (400, r#"{"errors":[{"code":"INVALID_SESSION","message":"session"}]}"#.into()))
    });
    let output = run(&origin, &["connect", "--revoke", "@-", "--app", "github", "--json"], "ses_ours\n");
    assert_eq!(code(&output), 0, "{output:?}");
    let answer = lines(&output).remove(0);
    let verdicts: Vec<(&str, &str)> = answer["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| (check["name"].as_str().unwrap(), check["verdict"].as_str().unwrap()))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("disconnect", "skipped"),
            ("token_before", "pass"),
            ("revoke", "pass"),
            ("token_after", "pass"),
            ("provider_after", "warn")
        ]
    );
    assert_eq!(answer["verdict"], "warn");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("ses_ours") && !stderr.contains("arguments"), "{stderr}");
    let inline = run(&origin, &["connect", "--revoke", "ses_other", "--json"], "");
    assert!(String::from_utf8_lossy(&inline.stderr).contains("see the arguments"));
}

#[test]
fn token_with_a_session_prints_the_providers_token_and_nothing_else() {
    let origin = kinde(|_| None);
    let output = run(&origin, &["token", "--app", "github", "--session", "@-"], "ses_ours");
    assert_eq!(code(&output), 0);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{TOKEN}\n"));
}

#[test]
fn an_unknown_user_or_organization_is_not_reported_as_an_unknown_app() {
    for (words, code, title) in [
        (["--user", "kp_no"], "USER_NOT_FOUND", "Kinde knows no such user"),
        (["--org", "org_no"], "ORGANIZATION_NOT_FOUND", "Kinde knows no such organization"),
    ] {
        let origin = kinde(move |line| {
            line.contains("/auth_url")
                .then(|| (400, format!(r#"{{"errors":[{{"code":"{code}","message":"not found"}}]}}"#)))
        });
        let args = ["connect", "--app", "github", "--no-browser", "--json", words[0], words[1]];
        let output = run(&origin, &args, "");
        assert_eq!(output.status.code().unwrap(), 1);
        assert_eq!(lines(&output)[0]["checks"][0]["why"], title);
    }
}

#[test]
fn a_terminal_is_told_what_can_be_done_on_a_terminal() {
    let pending = kinde(|line| {
        line.contains("/connected_apps/token")
            .then(|| (400, r#"{"errors":[{"code":"INVALID_SESSION","message":"session"}]}"#.into()))
    });
    let output = run(&pending, &["connect", "--app", "github", "--no-browser", "--timeout", "1"], "");
    let all = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(all.contains("Ctrl-C") && all.contains("--timeout SECONDS"), "{all}");
    for window in ["Cancel here", "paste the address", "Opening the browser", "1 times"] {
        assert!(!all.contains(window), "{window}: {all}");
    }
}

#[test]
fn a_session_that_is_not_good_is_told_by_token_in_the_words_of_a_session() {
    let gone = kinde(|line| {
        line.contains("/connected_apps/token")
            .then(|| (400, r#"{"errors":[{"code":"INVALID_SESSION","message":"session"}]}"#.into()))
    });
    let output = run(&gone, &["token", "--app", "github", "--session", "@-", "--json"], "ses_ours");
    assert_eq!(code(&output), 3);
    assert_eq!(lines(&output)[0]["error"]["title"], "Kinde has no token for this session");
}

#[cfg(unix)]
#[test]
fn ctrl_c_while_waiting_ends_with_130_and_says_that_nothing_was_stored() {
    use std::io::{BufRead as _, BufReader};
    let origin = kinde(|line| {
        line.contains("/connected_apps/token")
            .then(|| (400, r#"{"errors":[{"code":"INVALID_SESSION","message":"session"}]}"#.into()))
    });
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_kinde-panel"))
        .args(["connect", "--app", "github", "--no-browser", "--data-dir"])
        .arg(dir.path())
        .env("KINDE_DOMAIN", &origin)
        .env("KINDE_MANAGEMENT_CLIENT_ID", "0123456789abcdef0123456789abcdef")
        .env("KINDE_MANAGEMENT_CLIENT_SECRET", "canary0123456789canary0123456789canary0123")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("Not confirmed yet") {
        line.clear();
        assert!(told.read_line(&mut line).unwrap() > 0, "it ended before it waited");
    }
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(rest.contains("Nothing was stored here"), "{rest}");
}
