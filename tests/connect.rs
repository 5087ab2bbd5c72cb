//! The walk against a Kinde and a provider of a few lines on this machine: waiting, refusals, landing, revocation.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use kinde_panel::check::Verdict;
use kinde_panel::clock::Clock;
use kinde_panel::connect::{
    Browser, Ends, Pace, RevokeRequest, Voice, WalkEnd, WalkEvent, WalkOutcome, WalkRequest, fetch_again, revoke, walk,
};
use kinde_panel::kinde::{Domain, KindeApi, M2m, Subject, TokenSource};
use kinde_panel::net::{Http, Recorder, Request};
use kinde_panel::secrets::Secret;
use kinde_panel::step::StepState;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;
use url::Url;

/// What the stub answers: status, extra header lines, body.
type Said = (u16, &'static str, String);
type Answers = dyn Fn(&str) -> Option<Said> + Send + Sync;

const TOKEN: &str = "gho_16C7e42F292c6912E7710c838347Ae178B4a";
const PENDING: &str = r#"{"errors":[{"code":"INVALID_SESSION","message":"session id points to an invalid session"}]}"#;

fn granted(expiry: &str) -> Said {
    (200, "", format!(r#"{{"access_token":"{TOKEN}","access_token_expiry":"{expiry}"}}"#))
}

fn pending() -> Said {
    (400, "", PENDING.to_owned())
}

/// A Kinde and its providers in one: `answers` goes first, by `METHOD /path?query`.
struct Stub {
    ends: Ends,
    clock: Clock,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    async fn start(answers: impl Fn(&str) -> Option<Said> + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(serve(listener, Arc::new(answers), Arc::clone(&seen)));
        let clock = Clock::fixed(Timestamp::from_second(1_795_446_000).unwrap());
        let http = Http::new(Recorder::silent(), clock.clone()).unwrap();
        let domain = Domain::parse(&origin).unwrap();
        let m2m = M2m { client_id: "id".into(), client_secret: Secret::new("s3cret"), audience: None };
        let tokens = TokenSource::new(http.clone(), domain.clone(), m2m, None);
        let api = KindeApi::new(http.clone(), domain.clone(), tokens);
        let ends = Ends { api, http, provider_base: Some(domain.join("/_providers/")) };
        Self { ends, clock, seen }
    }

    fn count(&self, part: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|line| line.contains(part)).count()
    }
}

async fn serve(listener: tokio::net::TcpListener, answers: Arc<Answers>, seen: Arc<Mutex<Vec<String>>>) {
    loop {
        let (mut socket, _) = listener.accept().await.unwrap();
        let (answers, seen) = (Arc::clone(&answers), Arc::clone(&seen));
        tokio::spawn(async move {
            let mut bytes = Vec::new();
            let mut buffer = [0; 4096];
            let head = loop {
                let read = socket.read(&mut buffer).await.unwrap();
                if read == 0 {
                    return;
                }
                bytes.extend_from_slice(&buffer[..read]);
                let text = String::from_utf8_lossy(&bytes).to_lowercase();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length:"))
                    .map_or(0, |length| length.trim().parse().unwrap());
                if body.len() >= length {
                    break String::from_utf8_lossy(&bytes).lines().next().unwrap().to_owned();
                }
            };
            let line = head.trim_end_matches(" HTTP/1.1").to_owned();
            seen.lock().unwrap().push(line.clone());
            let (status, headers, body) = answers(&line).unwrap_or_else(|| default_answer(&line));
            let answer = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
                body.len()
            );
            socket.write_all(answer.as_bytes()).await.ok();
        });
    }
}

fn default_answer(line: &str) -> Said {
    let body = match line {
        _ if line.starts_with("POST /oauth2/token") => {
            r#"{"access_token":"m2m.token.x","expires_in":3600,"token_type":"bearer"}"#
        }
        _ if line.contains("/connected_apps/auth_url") => {
            r#"{"url":"https://github.example/login/oauth/authorize?client_id=x&scope=repo","session_id":"ses_ours"}"#
        }
        _ if line.contains("/connected_apps/revoke") => r#"{"message":"Success","code":"OK"}"#,
        _ if line.contains("api.github.com/user/installations") => {
            r#"{"installations":[{"permissions":{"contents":"read"}}]}"#
        }
        _ if line.contains("api.github.com/user") => r#"{"login":"octocat","id":1}"#,
        _ => return (404, "", r#"{"errors":{"code":"ROUTE_NOT_FOUND","message":"no"}}"#.to_owned()),
    };
    (200, "", body.to_owned())
}

fn request(browser: Browser) -> WalkRequest {
    WalkRequest {
        key: "github".into(),
        provider: Some("github".into()),
        subject: Subject::User("kp_1".into()),
        subject_label: "ada@example.com".into(),
        landing: false,
        browser,
        pace: Pace {
            first: Duration::from_millis(1),
            longest: Duration::from_millis(2),
            deadline: Duration::from_secs(600),
        },
        nudge: Arc::default(),
        voice: Voice::Window,
    }
}

async fn walked(stub: &Stub, request: &WalkRequest) -> (WalkOutcome, Vec<WalkEvent>) {
    let events = Mutex::new(Vec::new());
    let outcome =
        walk(&stub.ends, request, &|event| events.lock().unwrap().push(event), CancellationToken::new()).await;
    (outcome, events.into_inner().unwrap())
}

/// Answers the token call `before` until it was asked `times` times, then with the token.
fn after(
    times: usize,
    before: impl Fn(usize) -> Said + Send + Sync + 'static,
) -> impl Fn(&str) -> Option<Said> + Send + Sync {
    let asked = Mutex::new(0);
    move |line| {
        line.contains("/connected_apps/token").then(|| {
            let mut asked = asked.lock().unwrap();
            *asked += 1;
            if *asked <= times { before(*asked) } else { granted("2026-11-24T00:00:00Z") }
        })
    }
}

#[tokio::test]
async fn a_walk_ends_with_the_token_and_says_whose_account_it_is_after_one_mint() {
    let opened = Arc::new(Mutex::new(String::new()));
    let bar = Arc::clone(&opened);
    let browser = Browser::with(move |url| {
        url.clone_into(&mut bar.lock().unwrap());
        Ok(())
    });
    let stub = Stub::start(after(5, |_| pending())).await;
    let (outcome, events) = walked(&stub, &request(browser)).await;
    let WalkEnd::Connected { token, probe } = &outcome.end else { panic!("{:?}", outcome.end) };
    assert_eq!(token.access_token.expose(), TOKEN);
    let account = probe.iter().find(|check| check.name == "account").unwrap();
    assert_eq!(account.seen.as_deref(), Some("Kinde user ada@example.com now holds GitHub account octocat"));
    assert!(opened.lock().unwrap().starts_with("https://github.example/"), "the browser got the address");
    assert_eq!(stub.count("POST /oauth2/token"), 1, "never a mint per poll");
    assert_eq!(stub.count("/connected_apps/token"), 6);
    assert_eq!(outcome.session.as_ref().unwrap().asked, ["repo"]);
    let ids: Vec<&str> = outcome.steps.iter().map(|step| step.id).collect();
    assert_eq!(ids, ["auth_url", "browser", "consent", "token", "proof"]);
    assert!(outcome.steps.iter().all(|step| step.state == StepState::Done), "{:?}", outcome.steps);
    let all = format!("{:?} {:?}", outcome.steps, events);
    assert!(!all.contains(TOKEN) && !all.contains("ses_ours"), "secrets in {all}");
    assert!(all.contains("If you pressed Deny, Cancel here"));
}

#[tokio::test]
async fn a_429_and_trouble_on_the_way_are_waited_out_and_shown() {
    let stub = Stub::start(after(3, |asked| match asked {
        1 => (429, "ratelimit-reset: 0\r\n", String::new()),
        2 => (503, "", String::new()),
        _ => pending(),
    }))
    .await;
    let (outcome, events) = walked(&stub, &request(Browser::none())).await;
    assert!(matches!(outcome.end, WalkEnd::Connected { .. }), "{:?}", outcome.end);
    let all = format!("{events:?}");
    for word in ["Kinde asks to slow down", "Kinde has trouble of its own"] {
        assert!(all.contains(word), "{word} in {all}");
    }
}

#[tokio::test]
async fn the_wait_that_a_429_asks_for_is_kept() {
    let stub = Stub::start(after(9, |_| (429, "ratelimit-reset: 42\r\n", String::new()))).await;
    let cancel = CancellationToken::new();
    let waits = Mutex::new(Vec::new());
    let (stop, clock) = (cancel.clone(), stub.clock.clone());
    let sink = |event| {
        if let WalkEvent::Waiting { polls, next_at, .. } = event {
            waits.lock().unwrap().push(next_at.duration_since(clock.now()).as_secs());
            if polls == 1 {
                stop.cancel();
            }
        }
    };
    let outcome = walk(&stub.ends, &request(Browser::none()), &sink, cancel).await;
    assert!(matches!(outcome.end, WalkEnd::Cancelled));
    assert_eq!(*waits.lock().unwrap(), [0, 42]);
}

#[tokio::test]
async fn the_deadline_is_of_the_wall_clock_and_the_words_name_both_causes() {
    let clock = Arc::new(Mutex::new(None::<Clock>));
    let hand = Arc::clone(&clock);
    let stub = Stub::start(move |line| {
        line.contains("/connected_apps/token").then(|| {
            // The machine slept four minutes between two polls.
            hand.lock().unwrap().as_ref().unwrap().advance(Duration::from_secs(240));
            pending()
        })
    })
    .await;
    *clock.lock().unwrap() = Some(stub.clock.clone());
    let (outcome, _) = walked(&stub, &request(Browser::none())).await;
    let WalkEnd::TimedOut(check) = outcome.end else { panic!("{:?}", outcome.end) };
    assert_eq!(stub.count("/connected_apps/token"), 3);
    let why = check.why.unwrap();
    assert!(why.contains("not finished") && why.contains("denied"), "{why}");
    assert!(outcome.session.is_some(), "consent may still come: the session is kept");
}

#[tokio::test]
async fn cancel_ends_the_wait_at_once() {
    let stub = Stub::start(after(usize::MAX, |_| pending())).await;
    let mut request = request(Browser::none());
    request.pace = Pace::default();
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let sink = move |event| {
        if matches!(event, WalkEvent::Waiting { .. }) {
            stop.cancel();
        }
    };
    let outcome = walk(&stub.ends, &request, &sink, cancel).await;
    assert!(matches!(outcome.end, WalkEnd::Cancelled));
    assert_eq!(stub.count("/connected_apps/token"), 0);
}

#[tokio::test]
async fn a_browser_that_does_not_open_fails_its_step_alone() {
    let stub = Stub::start(after(1, |_| pending())).await;
    let (outcome, _) = walked(&stub, &request(Browser::with(|_| Err("no browser here".into())))).await;
    assert!(matches!(outcome.end, WalkEnd::Connected { .. }));
    let step = outcome.steps.iter().find(|step| step.id == "browser").unwrap();
    assert_eq!(step.state, StepState::Failed);
    assert!(step.detail.as_ref().unwrap().contains("no browser here"));
}

/// A person's browser that is sent back to the landing page with `query`.
fn landing_with(query: &'static str) -> (Browser, Arc<Mutex<Option<String>>>) {
    let back = Arc::new(Mutex::new(None::<String>));
    let address = Arc::clone(&back);
    let runtime = tokio::runtime::Handle::current();
    let browser = Browser::with(move |_| {
        let url = format!("{}?{query}", address.lock().unwrap().as_ref().unwrap());
        runtime.spawn(async move {
            let http = Http::new(Recorder::silent(), Clock::real()).unwrap();
            http.send(Request::get("land", Url::parse(&url).unwrap())).await.unwrap();
        });
        Ok(())
    });
    (browser, back)
}

fn callback_in(line: &str) -> Option<String> {
    let url = Url::parse(&format!("http://x{}", line.split(' ').nth(1)?)).ok()?;
    url.query_pairs().find(|(name, _)| name == "override_callback_url").map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn a_deny_that_lands_on_the_panels_page_is_told_at_once() {
    let (browser, back) = landing_with("error=access_denied&error_description=The%20user%20said%20no");
    let stub = Stub::start(move |line| {
        if let Some(url) = callback_in(line) {
            *back.lock().unwrap() = Some(url);
        }
        line.contains("/connected_apps/token").then(pending)
    })
    .await;
    let mut request = request(browser);
    request.landing = true;
    request.pace = Pace::default();
    let (outcome, _) = walked(&stub, &request).await;
    let WalkEnd::Denied(check) = &outcome.end else { panic!("{:?}", outcome.end) };
    assert!(check.seen.as_ref().unwrap().contains("The user said no"));
    assert!(outcome.landing_worked);
    assert_eq!(stub.count("/connected_apps/token"), 0, "told before the first poll");
}

#[tokio::test]
async fn a_landing_with_our_session_fetches_the_token_without_waiting() {
    let (browser, back) = landing_with("session_id=ses_ours");
    let stub = Stub::start(move |line| {
        if let Some(url) = callback_in(line) {
            *back.lock().unwrap() = Some(url);
        }
        line.contains("/connected_apps/token").then(|| granted("2026-11-24T00:00:00Z"))
    })
    .await;
    let mut request = request(browser);
    request.landing = true;
    request.pace.first = Duration::from_secs(3600);
    request.pace.deadline = Duration::from_secs(36_000);
    let (outcome, _) = walked(&stub, &request).await;
    assert!(matches!(outcome.end, WalkEnd::Connected { .. }), "{:?}", outcome.end);
    assert!(outcome.landing_worked);
}

#[tokio::test]
async fn a_kinde_that_refuses_the_landing_address_is_walked_without_it() {
    let stub = Stub::start(|line| {
        if callback_in(line).is_some() {
            return Some((400, "", r#"{"errors":[{"code":"INVALID_URL","message":"override_callback_url"}]}"#.into()));
        }
        line.contains("/connected_apps/token").then(|| granted("2026-11-24T00:00:00Z"))
    })
    .await;
    let mut request = request(Browser::none());
    request.landing = true;
    let (outcome, _) = walked(&stub, &request).await;
    assert!(matches!(outcome.end, WalkEnd::Connected { .. }), "{:?}", outcome.end);
    assert!(!outcome.landing_worked);
}

#[tokio::test]
async fn an_unknown_key_is_refused_and_a_missing_scope_could_not_be_done() {
    let stub = Stub::start(|line| {
        line.contains("/auth_url").then(|| (404, "", r#"{"errors":[{"code":"NOT_FOUND","message":"no app"}]}"#.into()))
    })
    .await;
    let (outcome, _) = walked(&stub, &request(Browser::none())).await;
    let WalkEnd::Refused(check) = outcome.end else { panic!("{:?}", outcome.end) };
    assert!(check.why.unwrap().contains("the key github"));
    assert!(outcome.session.is_none());
    let body = r#"{"errors":[{"code":"SCOPE_MISSING","message":"Scope is missing: read:connected_apps"}]}"#;
    let stub = Stub::start(move |line| line.contains("/auth_url").then(|| (403, "", body.into()))).await;
    let (outcome, _) = walked(&stub, &request(Browser::none())).await;
    let WalkEnd::Failed { error, .. } = outcome.end else { panic!("{:?}", outcome.end) };
    assert!(error.title.contains("read:connected_apps"), "{error:?}");
}

#[tokio::test]
async fn a_changed_expiry_is_told_as_refreshed_by_kinde() {
    let turn = Mutex::new(0);
    let stub = Stub::start(move |line| {
        line.contains("/connected_apps/token").then(|| {
            let mut turn = turn.lock().unwrap();
            *turn += 1;
            granted(if *turn < 3 { "2026-11-24T00:00:00Z" } else { "2026-11-24T08:00:00Z" })
        })
    })
    .await;
    let session = Secret::new("ses_ours");
    let first = fetch_again(&stub.ends, &session, None).await.unwrap();
    let second = fetch_again(&stub.ends, &session, Some(&first.token)).await.unwrap();
    assert!(!first.refreshed && !second.refreshed);
    assert!(fetch_again(&stub.ends, &session, Some(&second.token)).await.unwrap().refreshed);
}

/// Revokes; `provider` is what GitHub answers afterwards.
async fn revoked(provider: u16) -> Vec<(String, Verdict)> {
    let gone = Mutex::new(false);
    let stub = Stub::start(move |line| {
        let mut gone = gone.lock().unwrap();
        if line.starts_with("POST") && line.contains("/connected_apps/revoke") {
            *gone = true;
            return None;
        }
        if line.contains("/connected_apps/token") {
            return Some(if *gone { pending() } else { granted("2026-11-24T00:00:00Z") });
        }
        (line.contains("api.github.com") && provider != 200)
            .then(|| (provider, "", r#"{"message":"Bad credentials"}"#.into()))
    })
    .await;
    let request = RevokeRequest {
        session: Secret::new("ses_ours"),
        key: Some("github".into()),
        provider: Some("github".into()),
        held: None,
    };
    let outcome = revoke(&stub.ends, &request, &|_| {}).await;
    assert!(outcome.revoked && outcome.error.is_none());
    assert!(!format!("{:?}", outcome.checks).contains("ses_ours"));
    outcome.checks.into_iter().map(|check| (check.name.to_string(), check.verdict)).collect()
}

#[tokio::test]
async fn a_revocation_is_proved_at_kinde_and_at_the_provider() {
    use Verdict::{Pass, Skipped, Warn};
    let named = |last| {
        [
            ("disconnect", Skipped),
            ("token_before", Pass),
            ("revoke", Pass),
            ("token_after", Pass),
            ("provider_after", last),
        ]
        .map(|(name, verdict)| (name.to_owned(), verdict))
        .to_vec()
    };
    assert_eq!(revoked(401).await, named(Pass), "the provider refuses the token too");
    assert_eq!(revoked(200).await, named(Warn), "the provider still takes the token, and that is said");
}

#[tokio::test]
async fn a_revoke_without_its_scope_could_not_be_done() {
    let body = r#"{"errors":[{"code":"SCOPE_MISSING","message":"Scope is missing: create:connected_apps"}]}"#;
    let stub = Stub::start(move |line| match line {
        _ if line.contains("/connected_apps/revoke") => Some((403, "", body.into())),
        _ if line.contains("/connected_apps/token") => Some(granted("2026-11-24T00:00:00Z")),
        _ => None,
    })
    .await;
    let request = RevokeRequest { session: Secret::new("ses_ours"), key: None, provider: None, held: None };
    let outcome = revoke(&stub.ends, &request, &|_| {}).await;
    assert!(!outcome.revoked);
    assert!(outcome.error.unwrap().title.contains("create:connected_apps"));
}
