//! Who serves a folder, and what is kept in it.

use crate::stage::Bench;
use kinde_panel::clock::Clock;
use kinde_panel::net::{Http, NetErrorKind, Recorder, Request};
use kinde_panel::sandbox::{Options, SandboxError, Served, attach, attach_briefly, facts, find};
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;
use url::Url;

#[tokio::test]
async fn one_process_serves_a_folder_and_the_next_run_takes_the_same_ports() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("sandbox");
    assert!(find(&dir).is_none());
    let served = Served::start(&dir, Options::default(), Clock::real()).await.unwrap();
    let first = served.running().clone();
    assert_eq!(find(&dir).unwrap().issuer, first.issuer);
    match Served::start(&dir, Options::default(), Clock::real()).await {
        Err(SandboxError::Busy { pid, issuer, .. }) => {
            assert_eq!((pid, issuer), (Some(std::process::id()), Some(first.issuer.clone())));
        }
        other => panic!("{other:?}"),
    }
    let attached = attach(&dir, Clock::real()).await.unwrap();
    assert!(attached.served.is_none());
    served.stop().await;
    assert!(find(&dir).is_none(), "a stopped sandbox is not found");
    assert_eq!(facts(&dir).unwrap().issuer_last, Some(first.issuer.clone()));
    let again = attach(&dir, Clock::real()).await.unwrap();
    assert!(again.served.is_some());
    assert_eq!(again.running.issuer, first.issuer);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_serves_it_for_itself_ends_only_once_no_other_command_uses_it() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("sandbox");
    let served = attach_briefly(&dir, Clock::real()).await.unwrap().served.unwrap();
    let other = attach_briefly(&dir, Clock::real()).await.unwrap();
    assert!(other.served.is_none());
    let at = dir.clone();
    let ending = tokio::spawn(async move { served.leave(&at, &CancellationToken::new()).await });
    while find(&dir).is_some() {
        tokio::task::yield_now().await;
    }
    // Nobody new finds it, and who found it before is still answered: the folder is held, and its port open.
    let http = Http::new(Recorder::silent(), Clock::real()).unwrap();
    let url: Url = format!("{}/.well-known/openid-configuration", other.running.issuer).parse().unwrap();
    for _ in 0..20 {
        assert!(http.send(Request::get("discovery", url.clone())).await.unwrap().is_success());
    }
    assert!(!ending.is_finished());
    // Who comes now waits for the end, and then serves it at the same address.
    let third = tokio::spawn({
        let dir = dir.clone();
        async move { attach_briefly(&dir, Clock::real()).await }
    });
    drop(other.using);
    ending.await.unwrap();
    let third = third.await.unwrap().unwrap();
    assert_eq!(third.running.issuer, other.running.issuer);
    assert!(third.served.is_some());
}

#[tokio::test]
async fn a_damaged_state_is_taken_from_before_its_last_change_and_kept_aside() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("sandbox");
    let served = Served::start(&dir, Options::default(), Clock::real()).await.unwrap();
    let first = served.facts();
    served.stop().await;
    std::fs::write(dir.join("state.json"), "{\"client_id\": ").unwrap();
    let again = facts(&dir).unwrap();
    assert_eq!(again.client_id, first.client_id);
    assert_eq!(again.client_secret.expose(), first.client_secret.expose());
    assert_eq!(std::fs::read_to_string(dir.join("state.damaged-1.json")).unwrap(), "{\"client_id\": ");
    Served::start(&dir, Options::default(), Clock::real()).await.unwrap().stop().await;

    for name in ["state.json", "state.json.bak"] {
        std::fs::write(dir.join(name), "nothing").unwrap();
    }
    assert!(matches!(facts(&dir), Err(SandboxError::Damaged { .. })), "there is nothing to take it from");
    assert_eq!(std::fs::read_to_string(dir.join("state.json")).unwrap(), "nothing");
}

#[tokio::test]
async fn a_port_that_was_asked_for_and_is_taken_is_told() {
    let home = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let options = Options { port: Some(port), ..Options::default() };
    match Served::start(&home.path().join("sandbox"), options, Clock::real()).await {
        Err(SandboxError::Port { port: told, .. }) => assert_eq!(told, port),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn facts_need_no_server_and_are_the_same_each_time() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("sandbox");
    let (one, two) = (facts(&dir).unwrap(), facts(&dir).unwrap());
    assert_eq!((one.client_id.len(), one.jwks == two.jwks), (32, true));
    assert!((40..=60).contains(&one.client_secret.expose().len()));
    assert!(one.client_secret.expose().bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert_eq!(one.users[0].email.as_deref(), Some("ada@example.com"));
    assert!(one.users.iter().all(|user| user.id.len() == 35 && user.id.starts_with("kp_")));
    let keys: Vec<&str> = one.connected_apps.iter().map(|app| app.key.as_str()).collect();
    assert_eq!(keys, ["google_drive", "github", "gitlab", "patreon", "discord", "microsoft_365"]);
}

#[cfg(unix)]
#[tokio::test]
async fn the_folder_and_its_files_are_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new().await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&bench.dir), 0o700);
    let files: Vec<PathBuf> = std::fs::read_dir(&bench.dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 6, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn a_host_that_is_not_this_machine_is_not_served() {
    let bench = Bench::new().await;
    let request = Request::get("x", bench.url("/.well-known/jwks")).header("host", "evil.example");
    assert_eq!(bench.send(request).await.status, 421);
}

#[tokio::test]
async fn a_session_lives_on_in_the_next_run() {
    let bench = Bench::new().await;
    let (token, session) = bench.connected("patreon").await;
    let Bench { dir, clock, served, facts, http, _home } = bench;
    served.stop().await;
    let served = Served::start(&dir, Options::default(), clock.clone()).await.unwrap();
    let bench = Bench { dir, clock, served, facts, http, _home };
    let again = bench.session_token(&bench.mint().await, &session).await.json().unwrap();
    assert_eq!(again["access_token"].as_str().unwrap(), token.expose());
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused() {
    let bench = Bench::new().await;
    let long = "x".repeat((1 << 20) + 1);
    let request = Request::post("x", bench.url("/oauth2/token")).form(vec![("client_id", long.into())]);
    match bench.http.send(request).await {
        Ok(answer) => assert_eq!(answer.status, 413),
        Err(error) => assert_eq!(error.kind, NetErrorKind::Broken, "cut off while sending"),
    }
}
