//! The probes over the wire, each against a stand-in with the provider's own answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::sync::{Arc, Mutex};

use kinde_panel::check::{Check, Verdict};
use kinde_panel::clock::Clock;
use kinde_panel::net::{Exchange, Http, Recorder};
use kinde_panel::providers::{Probe, Standing, check_credentials, find, probe, standing};
use kinde_panel::secrets::Secret;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::Url;

/// `(part of the request line, status, extra headers, body)`; the first that fits answers.
type Rule = (&'static str, u16, &'static str, &'static str);

struct Stand {
    http: Http,
    base: Url,
    heads: Arc<Mutex<Vec<String>>>,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
}

async fn stand(rules: &'static [Rule]) -> Stand {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = Url::parse(&format!("http://{}/_providers/", listener.local_addr().unwrap())).unwrap();
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            let mut buffer = [0; 4096];
            loop {
                let read = socket.read(&mut buffer).await.unwrap();
                bytes.extend_from_slice(&buffer[..read]);
                let text = String::from_utf8_lossy(&bytes).to_lowercase();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
                if body.len() >= length.map_or(0, |length| length.trim().parse().unwrap()) {
                    break;
                }
            }
            let head = String::from_utf8_lossy(&bytes).into_owned();
            let line = head.lines().next().unwrap();
            let (_, status, headers, body) =
                rules.iter().find(|rule| line.contains(rule.0)).copied().unwrap_or(("", 404, "", "{}"));
            let answer = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
                body.len()
            );
            seen.lock().unwrap().push(head);
            socket.write_all(answer.as_bytes()).await.ok();
        }
    });
    let exchanges = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&exchanges);
    let recorder = Recorder::to(move |exchange| sink.lock().unwrap().push(exchange));
    Stand { http: Http::new(recorder, Clock::real()).unwrap(), base, heads, exchanges }
}

async fn probed(id: &str, token: &str, asked: &[&str], stand: &Stand) -> Vec<Check> {
    let asked: Vec<String> = asked.iter().map(|scope| (*scope).to_owned()).collect();
    let token = Secret::new(token);
    let request = Probe {
        provider: find(id).unwrap(),
        base: Some(&stand.base),
        token: &token,
        holder: "Kinde user ada@example.com",
        asked: &asked,
    };
    probe(&stand.http, &request).await
}

fn named<'a>(checks: &'a [Check], name: &str) -> &'a Check {
    checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no {name} in {checks:?}"))
}

#[tokio::test]
async fn google_names_the_account_the_first_file_and_what_was_not_granted() {
    let stand = stand(&[
        ("drive/v3/files", 200, "", r#"{"files":[{"id":"1","name":"plan.txt"}]}"#),
        ("drive/v3/about?fields=user", 200, "", r#"{"user":{"emailAddress":"ada@gmail.com"}}"#),
        (
            "oauth2.googleapis.com/tokeninfo?access_token=ya29.secret-secret-secret",
            200,
            "",
            r#"{"scope":"https://www.googleapis.com/auth/drive.readonly"}"#,
        ),
    ])
    .await;
    let full = "https://www.googleapis.com/auth/drive";
    let checks = probed("google_drive", "ya29.secret-secret-secret", &[full], &stand).await;
    assert_eq!(
        named(&checks, "account").seen.as_deref(),
        Some("Kinde user ada@example.com now holds Google Drive account ada@gmail.com")
    );
    assert!(named(&checks, "access").seen.as_ref().unwrap().contains("plan.txt"));
    assert_eq!(named(&checks, "scopes").verdict, Verdict::Warn);
    let shown = format!("{checks:?} {:?}", stand.exchanges.lock().unwrap());
    assert!(!shown.contains("secret-secret"), "the token is in {shown}");
}

#[tokio::test]
async fn google_without_the_api_enabled_says_so_and_still_shows_the_scopes() {
    let stand = stand(&[
        (
            "drive/v3/files",
            403,
            "",
            r#"{"error":{"code":403,"message":"it is disabled","errors":[{"reason":"accessNotConfigured"}]}}"#,
        ),
        ("tokeninfo", 200, "", r#"{"scope":"https://www.googleapis.com/auth/drive"}"#),
    ])
    .await;
    let checks = probed("google_drive", "ya29.x", &[], &stand).await;
    assert!(named(&checks, "account").why.as_ref().unwrap().contains("not enabled"));
    assert_eq!(named(&checks, "scopes").verdict, Verdict::Pass);
}

#[tokio::test]
async fn github_is_asked_with_its_headers_and_tells_scopes_or_installations() {
    let classic =
        stand(&[("api.github.com/user ", 200, "x-oauth-scopes: repo, gist\r\n", r#"{"login":"octocat"}"#)]).await;
    let checks = probed("github", "gho_abcdefghijklmnopqrst", &["repo"], &classic).await;
    assert_eq!(named(&checks, "scopes").seen.as_deref(), Some("Granted: repo, gist"));
    let head = classic.heads.lock().unwrap()[0].to_lowercase();
    for header in ["user-agent: kinde-panel", "accept: application/vnd.github+json", "authorization: bearer gho_"] {
        assert!(head.contains(header), "{header} in {head}");
    }
    let app = stand(&[
        ("user/installations", 200, "", r#"{"installations":[{"permissions":{"issues":"write","metadata":"read"}}]}"#),
        ("api.github.com/user ", 200, "", r#"{"login":"octocat"}"#),
    ])
    .await;
    let checks = probed("github", "ghu_abcdefghijklmnopqrst", &[], &app).await;
    assert!(named(&checks, "scopes").seen.as_ref().unwrap().contains("issues:write"));
    let nowhere = stand(&[
        ("user/installations", 200, "", r#"{"installations":[]}"#),
        ("api.github.com/user ", 200, "", r#"{"login":"octocat"}"#),
    ])
    .await;
    assert_eq!(named(&probed("github", "ghu_x", &[], &nowhere).await, "scopes").verdict, Verdict::Warn);
}

#[tokio::test]
async fn gitlab_and_discord_tell_the_granted_scopes_by_introspection() {
    let lab = stand(&[
        ("gitlab.com/api/v4/user", 200, "", r#"{"username":"ada","state":"active"}"#),
        ("gitlab.com/oauth/token/info", 200, "", r#"{"scope":["read_user","api"]}"#),
    ])
    .await;
    let checks = probed("gitlab", "x", &["api"], &lab).await;
    assert!(named(&checks, "account").seen.as_ref().unwrap().ends_with("GitLab account ada"));
    assert_eq!(named(&checks, "scopes").verdict, Verdict::Pass);
    let cord = stand(&[
        ("discord.com/api/v10/users/@me", 200, "", r#"{"id":"1","username":"ada"}"#),
        ("discord.com/api/v10/oauth2/@me", 200, "", r#"{"scopes":["identify"]}"#),
    ])
    .await;
    let checks = probed("discord", "x", &["identify", "guilds"], &cord).await;
    assert!(named(&checks, "scopes").why.as_ref().unwrap().ends_with("guilds"));
}

#[tokio::test]
async fn patreon_and_microsoft_say_what_they_can_and_no_more() {
    let patreon =
        stand(&[("oauth2/v2/identity?fields", 200, "", r#"{"data":{"id":"9","attributes":{"full_name":"Ada L"}}}"#)])
            .await;
    let checks = probed("patreon", "x", &["identity"], &patreon).await;
    assert!(named(&checks, "account").seen.as_ref().unwrap().ends_with("Patreon account Ada L"));
    assert_eq!(named(&checks, "scopes").verdict, Verdict::Skipped);
    let graph = stand(&[("graph.microsoft.com/v1.0/me/events", 200, "", r#"{"value":[{"subject":"Standup"}]}"#)]).await;
    // {"scp":"Calendars.Read","preferred_username":"ada@contoso.example"}
    let jwt = "eyJhbGciOiJub25lIn0.eyJzY3AiOiJDYWxlbmRhcnMuUmVhZCIsInByZWZlcnJlZF91c2VybmFtZSI6ImFkYUBjb250b3NvLmV4YW1wbGUifQ.x";
    let checks = probed("microsoft_365", jwt, &["Calendars.Read", "offline_access"], &graph).await;
    assert!(named(&checks, "account").seen.as_ref().unwrap().ends_with("account ada@contoso.example"));
    assert!(named(&checks, "access").seen.as_ref().unwrap().contains("Standup"));
    assert_eq!(named(&checks, "scopes").verdict, Verdict::Pass);
    let opaque = probed("microsoft_365", "EwBopaque", &["Calendars.Read"], &graph).await;
    assert_eq!(named(&opaque, "scopes").verdict, Verdict::Skipped);
    assert_eq!(named(&opaque, "account").verdict, Verdict::Pass);
}

#[tokio::test]
async fn a_refused_token_and_a_missing_permission_are_told_apart_after_a_revocation() {
    for (status, body, expected) in [
        (401, r#"{"message":"Bad credentials"}"#, Standing::Refused(401)),
        (403, r#"{"message":"Resource not accessible by integration"}"#, Standing::Accepted),
        (200, r#"{"login":"octocat"}"#, Standing::Accepted),
        (502, "", Standing::Unknown("GitHub answered 502".into())),
    ] {
        let rules: &'static [Rule] = Box::leak(Box::new([("api.github.com", status, "", body)]));
        let stand = stand(rules).await;
        let token = Secret::new("gho_x");
        let request =
            Probe { provider: find("github").unwrap(), base: Some(&stand.base), token: &token, holder: "", asked: &[] };
        assert_eq!(standing(&stand.http, &request).await, expected);
    }
}

#[tokio::test]
async fn client_credentials_are_checked_with_a_made_up_code_and_the_secret_is_shown_nowhere() {
    let stand =
        stand(&[("github.com/login/oauth/access_token", 200, "", r#"{"error":"bad_verification_code"}"#)]).await;
    let callback = "https://acme.kinde.com/connected_apps/callback";
    let secret = Secret::new("canary-canary-canary");
    let checks =
        check_credentials(&stand.http, find("github").unwrap(), Some(&stand.base), "Iv1.abc", &secret, callback).await;
    assert_eq!(named(&checks, "client").verdict, Verdict::Pass);
    let head = stand.heads.lock().unwrap()[0].clone();
    assert!(head.contains("grant_type=authorization_code") && head.contains("client_secret=canary"), "{head}");
    let shown = format!("{checks:?} {:?}", stand.exchanges.lock().unwrap());
    assert!(!shown.contains("canary"), "{shown}");
}
