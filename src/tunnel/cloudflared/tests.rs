//! Against a stand-in for the program: it says on stderr what cloudflared says, and its metrics server is the test's.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::log::{Said, quick_tunnel};
use super::*;
use crate::tunnel::State;
use crate::tunnel::keeper;
use crate::tunnel::tests::{Stage, serve, short, stage};

/// A program that says these lines and goes on, or ends.
fn program(dir: &Path, lines: &[&str], ends: bool) -> PathBuf {
    let said: String = lines.iter().map(|line| format!("echo '{line}' >&2\n")).collect();
    let words = "printf '%s\\n' \"$@\" > \"${0%/*}/words\"\necho $$ > \"${0%/*}/pid\"\n";
    let end = if ends { "exit 1" } else { "exec sleep 600" };
    let file = dir.join("cloudflared");
    std::fs::write(&file, format!("#!/bin/sh\n{words}{said}{end}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    file
}

fn runs(dir: &Path) -> bool {
    let pid = std::fs::read_to_string(dir.join("pid")).unwrap();
    Path::new("/proc").join(pid.trim()).exists()
}

/// Keeps a tunnel of `program`; what is told, until `done` says so.
async fn told(stage: &Stage, program: Option<PathBuf>, mut done: impl FnMut(&State) -> bool) -> Vec<State> {
    let (tell, mut heard) = tokio::sync::mpsc::channel(64);
    let cancel = tokio_util::sync::CancellationToken::new();
    let (ends, stop) = (stage.ends.clone(), cancel.clone());
    let task = tokio::spawn(async move {
        let tell = move |state: State| tell.try_send(state).unwrap();
        keeper::keep(Cloudflared::new(&ends, program), &ends, &tell, &stop).await;
    });
    let mut all = Vec::new();
    while let Ok(Some(state)) = tokio::time::timeout(Duration::from_secs(20), heard.recv()).await {
        let last = done(&state) || matches!(state, State::Ended { .. });
        all.push(state);
        if last {
            break;
        }
    }
    cancel.cancel();
    tokio::time::timeout(Duration::from_secs(5), task).await.unwrap().unwrap();
    all
}

const STARTED: &str = "2026-11-24T10:00:00Z INF Requesting new quick Tunnel on trycloudflare.com...";

#[tokio::test]
async fn it_is_started_for_the_receiver_named_by_its_metrics_watched_and_ended_with_the_tunnel() {
    let stage = stage().await;
    let dir = tempfile::tempdir().unwrap();
    let (ready, hostname) = (Arc::new(AtomicBool::new(true)), format!("http://{}", stage.ends.door.address()));
    let connected = Arc::clone(&ready);
    let metrics = serve(move |what, _| match what {
        "GET /quicktunnel" => (200, format!("{{\"hostname\":\"{hostname}\"}}")),
        "GET /ready" if connected.load(Ordering::Relaxed) => {
            (200, "{\"status\":200,\"readyConnections\":1}".to_owned())
        }
        _ => (503, "{\"status\":503,\"readyConnections\":0}".to_owned()),
    })
    .await;
    let line = format!("2026-11-24T10:00:00Z INF Starting metrics server on {metrics}/metrics");
    let file = program(dir.path(), &[STARTED, &line], false);
    let mut ups = 0;
    let all = told(&stage, Some(file), |state| {
        match state {
            State::Up { .. } => {
                assert!(runs(dir.path()));
                ups += 1;
                ready.store(ups > 1, Ordering::Relaxed);
            }
            State::Down { .. } => ready.store(true, Ordering::Relaxed),
            _ => {}
        }
        ups > 1
    })
    .await;
    let words: Vec<String> = all.iter().map(short).collect();
    let lost = "down: cloudflared has lost its connection to Cloudflare";
    assert_eq!(words, ["opening", "testing", "up", lost, "testing", "up"]);
    assert!(!runs(dir.path()), "it is ended");
    let words = std::fs::read_to_string(dir.path().join("words")).unwrap();
    let url = format!("http://{}", stage.ends.door.address());
    let wanted = ["tunnel", "--config", "/dev/null", "--no-autoupdate", "--metrics", "127.0.0.1:0", "--url", &url];
    assert_eq!(words.lines().collect::<Vec<_>>(), wanted);
}

#[tokio::test]
async fn one_that_ends_is_a_loss_and_is_started_again() {
    let stage = stage().await;
    let dir = tempfile::tempdir().unwrap();
    let hostname = format!("http://{}", stage.ends.door.address());
    let metrics = serve(move |_, _| (200, format!("{{\"hostname\":\"{hostname}\"}}"))).await;
    let line = format!("INF Starting metrics server on {metrics}/metrics");
    let file = program(dir.path(), &[&line], false);
    let (ups, first) = (AtomicU32::new(0), dir.path().join("pid"));
    let mut pids = Vec::new();
    let all = told(&stage, Some(file), |state| {
        if matches!(state, State::Up { .. }) {
            pids.push(std::fs::read_to_string(&first).unwrap().trim().to_owned());
            if ups.fetch_add(1, Ordering::Relaxed) == 0 {
                assert!(std::process::Command::new("kill").arg("-9").arg(&pids[0]).status().unwrap().success());
            }
        }
        ups.load(Ordering::Relaxed) > 1
    })
    .await;
    let words: Vec<String> = all.iter().map(short).collect();
    assert_eq!(words, ["opening", "testing", "up", "down: cloudflared has ended", "testing", "up"]);
    assert_ne!(pids[0], pids[1]);
    assert!(!runs(dir.path()));
}

#[tokio::test]
async fn its_troubles_are_told_in_plain_words_and_nothing_is_left_running() {
    let stage = stage().await;
    let dir = tempfile::tempdir().unwrap();
    for (lines, ends, title, words) in [
        (
            vec![
                STARTED,
                r#"2026-11-24T10:00:00Z ERR Error unmarshaling QuickTunnel response: error code: 1015 error="invalid character" status_code="429 Too Many Requests""#,
                "failed to unmarshal quick Tunnel: invalid character",
            ],
            true,
            "no more quick tunnels",
            "Wait some minutes",
        ),
        (vec![STARTED, "failed to unmarshal quick Tunnel: unexpected end"], true, "gave no quick tunnel", "Try again"),
        (
            vec![
                STARTED,
                "failed to request quick Tunnel: Post \"https://api.trycloudflare.com/tunnel\": dial tcp: lookup",
            ],
            true,
            "cannot reach Cloudflare",
            "online",
        ),
        (vec!["Incorrect Usage: flag provided but not defined"], true, "cloudflared has ended", "by hand"),
    ] {
        let file = program(dir.path(), &lines, ends);
        let all = told(&stage, Some(file), |_| false).await;
        let State::Ended { error, .. } = all.last().unwrap() else { panic!("{all:?}") };
        assert!(error.title.contains(title) && error.hint.contains(words), "{error:?}");
        assert!(!error.detail.is_empty());
        assert!(!runs(dir.path()));
    }
    let all = told(&stage, None, |_| false).await;
    let State::Ended { error, .. } = all.last().unwrap() else { panic!("{all:?}") };
    assert!(error.title.contains("not installed") && error.hint.contains("brew"), "{error:?}");
}

#[tokio::test]
async fn it_ends_when_its_handle_is_dropped_whatever_happened_before() {
    let dir = tempfile::tempdir().unwrap();
    let file = program(dir.path(), &[STARTED], false);
    let child = Child::start(Some(&file), "127.0.0.1:9".parse().unwrap(), false).unwrap();
    while child.said().last.is_empty() {
        sleep(LOOK).await;
    }
    assert!(runs(dir.path()));
    drop(child);
    let begun = Instant::now();
    while runs(dir.path()) {
        assert!(begun.elapsed() < Duration::from_secs(5), "it still runs");
        sleep(LOOK).await;
    }
}

#[test]
fn its_address_is_read_from_the_box_and_never_that_of_the_service() {
    let mut said = Said::default();
    for line in [
        "2026-11-24T10:00:00Z INF Thank you for trying Cloudflare Tunnel. See https://developers.cloudflare.com/x (https://www.cloudflare.com/website-terms/)",
        "failed to request: Post \"https://api.trycloudflare.com/tunnel\": EOF",
        "2026-11-24T10:00:00Z INF +-------------------------------------------------------+",
        "2026-11-24T10:00:00Z INF |  Your quick Tunnel has been created! Visit it at (it may take some time to be reachable):  |",
    ] {
        said.hear(line);
        assert_eq!(said.url, None, "{line}");
    }
    said.hear("2026-11-24T10:00:00Z INF |  https://four-words-made-up.trycloudflare.com                    |");
    assert_eq!(said.url.as_ref().unwrap().as_str(), "https://four-words-made-up.trycloudflare.com/");
    said.hear("2026-11-24T10:00:00Z INF Starting metrics server on 127.0.0.1:20241/metrics");
    assert_eq!(said.metrics.as_deref(), Some("127.0.0.1:20241"));
    said.hear("2026-11-24T10:00:01Z INF Registered tunnel connection connIndex=0");
    assert!(said.registered && !said.no_udp && said.trouble.is_none());
    for word in [
        "https://api.trycloudflare.com",
        "https://trycloudflare.com",
        "https://x.trycloudflare.com.evil.example",
        "http://x.trycloudflare.com",
        "https://x.y.trycloudflare.com/a",
        "https://a.b@c.trycloudflare.com/z",
    ] {
        assert_eq!(quick_tunnel(word), None, "{word}");
    }
    let mut said = Said::default();
    said.hear("ERR Failed to dial a quic connection error=\"failed to dial to edge with quic: timeout: no recent network activity\"");
    assert!(said.no_udp);
}
