//! A tenant on a loopback stub with Kinde's real bodies: tokens, the Management API, the doctor, adding a tenant.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use kinde_panel::check::{Verdict, worst};
use kinde_panel::clock::Clock;
use kinde_panel::error::{Category, UserError};
use kinde_panel::kinde::token::CLIENT_SECRET_FIELD;
use kinde_panel::kinde::{ApiErrorKind, Domain, M2m, Subject, TokenErrorKind, TokenSource};
use kinde_panel::net::{Exchange, Recorder};
use kinde_panel::secrets::{Secret, SecretStore};
use kinde_panel::services::Services;
use kinde_panel::tenant::{Guard, Profile, Tenant, add, doctor};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use uuid::Uuid;

const ID: &str = "0123456789abcdef0123456789abcdef";
const CANARY: &str = "CanaryCanaryCanaryCanaryCanaryCanaryCanary42";
const WHITELIST: &str = "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed. Requested audience 'AUD' has not been whitelisted by the OAuth 2.0 Client.";

#[derive(Clone)]
struct Reply {
    status: u16,
    headers: String,
    body: String,
}

fn reply(status: u16, body: impl Into<String>) -> Reply {
    Reply { status, headers: String::new(), body: body.into() }
}

#[derive(Default)]
struct Stub {
    replies: HashMap<String, Vec<Reply>>,
    seen: Vec<(String, String, String)>,
}

/// Answers `METHOD path` with its replies in order, the last one for good.
#[derive(Clone)]
struct Kinde {
    domain: Domain,
    stub: Arc<Mutex<Stub>>,
}

impl Kinde {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let domain = Domain::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let stub = Arc::new(Mutex::new(Stub::default()));
        let shared = Arc::clone(&stub);
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(socket, Arc::clone(&shared)));
            }
        });
        let kinde = Self { domain, stub };
        let issuer = kinde.domain.as_str();
        kinde.say("GET /.well-known/openid-configuration", reply(200, format!(r#"{{"issuer":"{issuer}"}}"#)));
        for path in ["jwks", "jwks.json"] {
            kinde.say(&format!("GET /.well-known/{path}"), reply(200, r#"{"keys":[{"kid":"5a:bd","kty":"RSA"}]}"#));
        }
        kinde
    }

    fn say(&self, what: &str, reply: Reply) -> &Self {
        self.say_all(what, vec![reply])
    }

    fn say_all(&self, what: &str, replies: Vec<Reply>) -> &Self {
        self.stub.lock().unwrap().replies.insert(what.to_owned(), replies);
        self
    }

    fn grants(&self, scopes: &str) -> &Self {
        self.say("POST /oauth2/token", token(scopes, 1))
    }

    fn asked(&self, what: &str) -> Vec<(String, String)> {
        let stub = self.stub.lock().unwrap();
        stub.seen.iter().filter(|(line, ..)| line == what).map(|(_, head, body)| (head.clone(), body.clone())).collect()
    }

    fn minted(&self) -> usize {
        self.asked("POST /oauth2/token").len()
    }
}

async fn serve(mut socket: tokio::net::TcpStream, stub: Arc<Mutex<Stub>>) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let head_end = loop {
            if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            match socket.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            }
        };
        let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
        let length: usize = head
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length: ").map(|n| n.trim().parse().unwrap())
            })
            .unwrap_or(0);
        while bytes.len() < head_end + length {
            let count = socket.read(&mut buffer).await.unwrap();
            bytes.extend_from_slice(&buffer[..count]);
        }
        let body = String::from_utf8_lossy(&bytes[head_end..head_end + length]).into_owned();
        bytes.drain(..head_end + length);
        let mut words = head.split_whitespace();
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let line = format!("{method} {}", target.split('?').next().unwrap());
        let answer = {
            let mut stub = stub.lock().unwrap();
            stub.seen.push((line.clone(), head.clone(), body));
            match stub.replies.get_mut(&line) {
                Some(replies) if replies.len() > 1 => replies.remove(0),
                Some(replies) => replies[0].clone(),
                None => reply(
                    404,
                    r#"{"errors":{"code":"ROUTE_NOT_FOUND","message":"The requested API route does not exist"}}"#,
                ),
            }
        };
        let text = format!(
            "HTTP/1.1 {} X\r\ncontent-length: {}\r\n{}\r\n{}",
            answer.status,
            answer.body.len(),
            answer.headers,
            answer.body
        );
        socket.write_all(text.as_bytes()).await.unwrap();
    }
}

fn jwt(scopes: &str, number: u32) -> String {
    let part = |text: String| URL_SAFE_NO_PAD.encode(text);
    let scp = scopes.split_whitespace().map(|scope| format!("{scope:?}")).collect::<Vec<_>>().join(",");
    let claims = format!(r#"{{"jti":"{number}","exp":2000000000,"iat":1999996400,"scp":[{scp}]}}"#);
    format!("{}.{}.c2ln", part(r#"{"alg":"RS256"}"#.to_owned()), part(claims))
}

fn token(scopes: &str, number: u32) -> Reply {
    let jwt = jwt(scopes, number);
    reply(200, format!(r#"{{"access_token":"{jwt}","expires_in":3600,"scope":"","token_type":"bearer"}}"#))
}

fn environment(live: bool) -> Reply {
    reply(
        200,
        format!(
            r#"{{"code":"OK","environment":{{"code":"production","name":"Production","is_live":{live},"kinde_domain":"acme.kinde.com","custom_domain":"auth.example.com"}}}}"#
        ),
    )
}

struct Panel {
    services: Services,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
    clock: Clock,
    dir: tempfile::TempDir,
}

fn panel() -> Panel {
    let dir = tempfile::tempdir().unwrap();
    let exchanges = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&exchanges);
    let clock = Clock::fixed("2026-11-23T18:00:00Z".parse::<Timestamp>().unwrap());
    let recorder = Recorder::to(move |exchange| sink.lock().unwrap().push(exchange));
    let services = Services::open(&dir.path().join("data"), recorder, clock.clone(), SecretStore::memory()).unwrap();
    Panel { services, exchanges, clock, dir }
}

impl Panel {
    fn source(&self, kinde: &Kinde, audience: Option<&str>) -> TokenSource {
        let m2m =
            M2m { client_id: ID.into(), client_secret: Secret::new(CANARY), audience: audience.map(str::to_owned) };
        TokenSource::new(self.services.http.clone(), kinde.domain.clone(), m2m, None)
    }

    /// A saved profile with its secret kept.
    async fn tenant(&self, kinde: &Kinde) -> Tenant {
        let mut profile = Profile::new("stub", kinde.domain.clone());
        profile.client_id = Some(ID.into());
        let profile = self.services.profiles.add(profile).unwrap();
        self.services.secrets.set(profile.id, CLIENT_SECRET_FIELD, Secret::new(CANARY)).await;
        self.services.tenant(&profile).await.unwrap()
    }
}

#[tokio::test]
async fn a_token_is_asked_for_exactly_as_kinde_wants_it() {
    let (kinde, panel) = (Kinde::start().await, panel());
    kinde.grants("read:users");
    let token = panel.source(&kinde, None).token().await.unwrap();
    assert_eq!(token.scopes, ["read:users"]);
    assert_eq!(token.expires_at.to_string(), "2026-11-23T19:00:00Z");
    let (head, body) = kinde.asked("POST /oauth2/token").remove(0);
    let pairs: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert_eq!(pairs["grant_type"], "client_credentials");
    assert_eq!((pairs["client_id"].as_str(), pairs["client_secret"].as_str()), (ID, CANARY));
    assert_eq!(pairs["audience"], format!("{}/api", kinde.domain));
    assert!(head.to_ascii_lowercase().contains("content-type: application/x-www-form-urlencoded"));
    assert!(!head.to_ascii_lowercase().contains("authorization:"), "only client_secret_post is offered");
}

#[tokio::test]
async fn every_real_refusal_of_the_token_endpoint_has_its_own_plain_sentence() {
    let oauth = |status, error: &str, description: &str| {
        reply(status, format!(r#"{{"error":"{error}","error_description":"{description}"}}"#))
    };
    let html = Reply { headers: "content-type: text/html\r\n".into(), ..reply(200, "<!doctype html><p>hi") };
    let client = "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method).";
    let scope = "The requested scope is invalid, unknown, or malformed. The OAuth 2.0 Client is not allowed to request scope 'read:webhooks'.";
    let slow = Reply { headers: "RateLimit-Reset: 7\r\n".into(), ..reply(429, "") };
    let moved = Reply { headers: "location: https://elsewhere.example/x?y=1\r\n".into(), ..reply(302, "") };
    let cases: Vec<(Reply, Option<&str>, &str)> = vec![
        (reply(404, ""), None, "no such application"),
        (oauth(401, "invalid_client", client), None, "secret is wrong"),
        (oauth(403, "invalid_request", WHITELIST), None, "not authorised for the Management API"),
        (oauth(403, "invalid_request", WHITELIST), Some("https://acme.kinde.com/api/v1"), "not /api/v1"),
        (oauth(403, "unauthorized_client", "x"), None, "may not ask"),
        (oauth(403, "invalid_scope", scope), None, "scope read:webhooks is not enabled"),
        (oauth(400, "unsupported_grant_type", "x"), None, "client credentials grant"),
        (oauth(400, "invalid_request", "x"), None, "could not read"),
        (slow, None, "slow down"),
        (html, None, "web page"),
        (reply(200, ""), None, "without a word"),
        (reply(200, r#"{"token_type":"bearer"}"#), None, "no access token"),
        (reply(503, "<html>down</html>"), None, "trouble of its own"),
        (moved, None, "forwards elsewhere"),
    ];
    let mut titles = Vec::new();
    for (answer, audience, words) in cases {
        let (kinde, panel) = (Kinde::start().await, panel());
        kinde.say("POST /oauth2/token", answer);
        let error = UserError::from(panel.source(&kinde, audience).token().await.unwrap_err());
        assert!(error.title.contains(words), "{words}: {error:?}");
        assert!(!error.detail.is_empty() && !error.hint.is_empty(), "{error:?}");
        assert!(!error.as_text().contains(CANARY), "{error:?}");
        titles.push(error.title);
    }
    titles.sort();
    let count = titles.len();
    titles.dedup();
    assert_eq!(titles.len(), count, "each has a sentence of its own");
}

#[tokio::test]
async fn a_secret_that_the_endpoint_echoes_is_taken_out_of_the_error() {
    let (kinde, panel) = (Kinde::start().await, panel());
    kinde.say("POST /oauth2/token", reply(400, format!(r#"{{"error":"odd","error_description":"bad {CANARY}"}}"#)));
    let error = panel.source(&kinde, None).token().await.unwrap_err();
    assert!(!format!("{error:?} {error}").contains(CANARY));
    assert!(!format!("{:?}", panel.exchanges.lock().unwrap()).contains(CANARY));
}

#[tokio::test]
async fn nobody_listening_is_a_network_error() {
    let (kinde, panel) = (Kinde::start().await, panel());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = Kinde { domain: Domain::parse(&free.local_addr().unwrap().to_string()).unwrap(), ..kinde };
    drop(free);
    let error = panel.source(&nobody, None).token().await.unwrap_err();
    assert!(matches!(error.kind, TokenErrorKind::Network(_)), "{error:?}");
    assert_eq!(UserError::from(error).category, Category::Network);
}

#[tokio::test]
async fn many_callers_at_once_mint_one_token_and_it_is_used_until_a_minute_before_it_expires() {
    let (kinde, panel) = (Kinde::start().await, panel());
    kinde.grants("read:users");
    let source = panel.source(&kinde, None);
    let calls: Vec<_> = (0..8)
        .map(|_| {
            tokio::spawn({
                let source = source.clone();
                async move { source.token().await }
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(kinde.minted(), 1);
    panel.clock.advance(Duration::from_secs(3600 - 61));
    source.token().await.unwrap();
    assert_eq!(kinde.minted(), 1);
    panel.clock.advance(Duration::from_secs(2));
    source.token().await.unwrap();
    assert_eq!(kinde.minted(), 2);
}

#[tokio::test]
async fn a_kept_token_serves_the_next_start_and_never_other_credentials() {
    let (kinde, panel) = (Kinde::start().await, panel());
    kinde.grants("read:users");
    let keep = Some((panel.services.secrets.clone(), Uuid::new_v4()));
    let as_given = |client_id: &str, secret: &str| {
        let m2m = M2m { client_id: client_id.into(), client_secret: Secret::new(secret), audience: None };
        TokenSource::new(panel.services.http.clone(), kinde.domain.clone(), m2m, keep.clone())
    };
    let with = |client_id: &str| as_given(client_id, CANARY);
    with(ID).token().await.unwrap();
    assert_eq!(with(ID).token().await.unwrap().scopes, ["read:users"]);
    assert_eq!(kinde.minted(), 1, "the second start finds it");
    with("ffffffffffffffffffffffffffffffff").token().await.unwrap();
    assert_eq!(kinde.minted(), 2, "another application does not");
    as_given("ffffffffffffffffffffffffffffffff", "rotated").token().await.unwrap();
    assert_eq!(kinde.minted(), 3, "nor another secret: whether it is right is Kinde's to say");
}

#[tokio::test]
async fn a_missing_scope_mints_one_new_token_and_tries_once_more_then_tells_its_name() {
    let (kinde, panel) = (Kinde::start().await, panel());
    let missing =
        reply(403, r#"{"errors":[{"code":"SCOPE_MISSING","message":"Scope is missing: read:environments"}]}"#);
    kinde.say_all("POST /oauth2/token", vec![token("", 1), token("read:environments", 2)]);
    let tenant = panel.tenant(&kinde).await;
    let api = tenant.api().unwrap();
    api.tokens().token().await.unwrap();
    kinde.say_all("GET /api/v1/environment", vec![missing.clone(), environment(false)]);
    assert_eq!(api.environment().await.unwrap().name.as_deref(), Some("Production"));
    assert_eq!(kinde.minted(), 2);
    let bearers: Vec<String> = kinde.asked("GET /api/v1/environment").into_iter().map(|(head, _)| head).collect();
    assert!(bearers[0].contains(&jwt("", 1)) && bearers[1].contains(&jwt("read:environments", 2)));

    kinde.say("GET /api/v1/environment", missing);
    kinde.say_all("POST /oauth2/token", vec![token("", 3), token("", 4)]);
    for _ in 0..3 {
        let error = api.environment().await.unwrap_err();
        assert_eq!(error.missing_scope(), Some("read:environments"));
        assert!(UserError::from(error).title.contains("read:environments"));
    }
    assert_eq!(kinde.minted(), 3, "asking again and again does not mint again and again");
}

#[tokio::test]
async fn a_scope_missing_on_a_token_minted_for_the_call_is_told_at_once() {
    let (kinde, panel) = (Kinde::start().await, panel());
    kinde.grants("");
    kinde.say(
        "GET /api/v1/environment",
        reply(403, r#"{"errors":[{"code":"SCOPE_MISSING","message":"Scope is missing: read:environments"}]}"#),
    );
    let error = panel.tenant(&kinde).await.api().unwrap().environment().await.unwrap_err();
    assert_eq!(error.missing_scope(), Some("read:environments"));
    assert_eq!(kinde.minted(), 1);
}

#[tokio::test]
async fn every_refusal_of_the_api_is_told_apart() {
    let (kinde, panel) = (Kinde::start().await, panel());
    kinde.grants("read:connected_apps");
    let tenant = panel.tenant(&kinde).await;
    let api = tenant.api().unwrap();
    let session = Secret::new("session-session-session");
    let slow = Reply { headers: "RateLimit-Reset: 9\r\n".into(), ..reply(429, "") };
    let cases: Vec<(Reply, &str, &str)> = vec![
        (
            reply(400, r#"{"errors":[{"code":"INVALID_SESSION","message":"x session-session-session"}]}"#),
            "InvalidSession",
            "session is not good",
        ),
        (reply(400, r#"{"errors":[{"code":"BAD","message":"no"}]}"#), "Validation", "refuses what was sent"),
        (reply(401, ""), "Unauthorized", "does not accept"),
        (reply(403, ""), "Forbidden", "refuses this call"),
        (reply(404, r#"{"errors":[{"code":"NOT_FOUND","message":"no app"}]}"#), "NotFound", "does not know"),
        (reply(404, r#"{"errors":{"code":"ROUTE_NOT_FOUND","message":"x"}}"#), "RouteNotFound", "not part of"),
        (slow, "RateLimited", "slow down"),
        (reply(502, "<html>"), "Server", "trouble of its own"),
        (reply(200, "<html>"), "Unexpected", "not what Kinde's API sends"),
        (reply(200, "{}"), "Unexpected", "not what Kinde's API sends"),
    ];
    for (answer, kind, words) in cases {
        kinde.say("GET /api/v1/connected_apps/token", answer);
        let error = api.connected_app_token(&session).await.unwrap_err();
        assert_eq!(format!("{:?}", error.kind), kind);
        assert!(!format!("{error:?}").contains(session.expose()), "{error:?}");
        if matches!(error.kind, ApiErrorKind::RateLimited) {
            assert_eq!(error.retry_after, Some(Duration::from_secs(9)));
            assert!(UserError::from(error.clone()).hint.contains("9 seconds"));
        }
        let told = UserError::from(error);
        assert!(told.title.contains(words), "{told:?}");
        assert!(!told.hint.is_empty());
    }
}

#[tokio::test]
async fn a_connected_app_is_asked_for_with_its_key_its_subject_and_its_session_in_the_query() {
    let (kinde, panel) = (Kinde::start().await, panel());
    kinde.grants("read:connected_apps create:connected_apps");
    let tenant = panel.tenant(&kinde).await;
    let api = tenant.api().unwrap();
    kinde
        .say("GET /api/v1/connected_apps/auth_url", reply(200, r#"{"url":"https://p.example/a?b=c","session_id":"ses_1_ses_1"}"#))
        .say(
            "GET /api/v1/connected_apps/token",
            reply(200, r#"{"access_token":"gho_16C7e42F292c6912E7710c838347Ae178B4a","access_token_expiry":"2026-11-24 02:00:00+00"}"#),
        )
        .say("POST /api/v1/connected_apps/revoke", reply(200, r#"{"message":"Success","code":"OK"}"#));
    let url = api.auth_url("my key", &Subject::Org("org_1".into()), Some("http://127.0.0.1:1/l")).await.unwrap();
    assert_eq!(url.url, "https://p.example/a?b=c");
    let asked = kinde.asked("GET /api/v1/connected_apps/auth_url").remove(0).0;
    assert!(
        asked.contains("?key_code_ref=my+key&org_code=org_1&override_callback_url=http%3A%2F%2F127.0.0.1%3A1%2Fl "),
        "{asked}"
    );
    let token = api.connected_app_token(&url.session_id).await.unwrap();
    assert_eq!(token.expires_at.unwrap().to_string(), "2026-11-24T02:00:00Z");
    assert_eq!(token.access_token.masked(), "gho_…8B4a");
    api.connected_app_revoke(&url.session_id).await.unwrap();
    assert!(kinde.asked("POST /api/v1/connected_apps/revoke")[0].0.contains("revoke?session_id=ses_1_ses_1 "));
    assert_eq!(kinde.minted(), 1);
    let all = format!("{:?}", panel.exchanges.lock().unwrap());
    assert!(!all.contains("ses_1_ses_1") && !all.contains("gho_16C"), "{all}");
}

#[tokio::test]
async fn users_are_searched_page_by_page() {
    let (kinde, panel) = (Kinde::start().await, panel());
    kinde.grants("read:users create:users");
    let tenant = panel.tenant(&kinde).await;
    let api = tenant.api().unwrap();
    kinde.say_all(
        "GET /api/v1/search/users",
        vec![
            reply(
                200,
                r#"{"results":[{"id":"kp_1","email":"ada@example.com"},{"id":"kp_2","email":null}],"has_more":true}"#,
            ),
            reply(200, r#"{"results":[{"id":"kp_3","first_name":"Bob"}],"has_more":false}"#),
        ],
    );
    let first = api.search_users("", None, 2).await.unwrap();
    let second = api.search_users(" ada ", first.next.as_deref(), 2).await.unwrap();
    assert_eq!((first.next.as_deref(), second.next.as_deref()), (Some("kp_2"), None));
    let asked = kinde.asked("GET /api/v1/search/users");
    assert!(asked[0].0.contains("?query=*&page_size=2 "), "{}", asked[0].0);
    assert!(asked[1].0.contains("?query=ada&page_size=2&starting_after=kp_2 "), "{}", asked[1].0);
    kinde.say("POST /api/v1/user", reply(200, r#"{"id":"kp_9","created":true,"identities":[]}"#));
    assert_eq!(api.create_test_user("t@example.com", "Test", "User").await.unwrap().label(), "t@example.com");
    assert!(kinde.asked("POST /api/v1/user")[0].1.contains(r#""is_verified":true"#));
}

#[tokio::test]
async fn a_domain_alone_is_a_complete_profile_and_the_doctor_says_what_is_ready() {
    let (kinde, panel) = (Kinde::start().await, panel());
    let found = add::find_tenant(&panel.services.http, &format!(" {}/api ", kinde.domain)).await.unwrap();
    assert_eq!(
        (found.domain.as_str(), found.kids.as_slice()),
        (kinde.domain.as_str(), ["5a:bd".to_owned()].as_slice())
    );
    let profile = add::add_tenant(&panel.services.profiles, &found).unwrap();
    assert!(add::add_tenant(&panel.services.profiles, &found).unwrap_err().title.contains("is here already"));
    assert_eq!(profile.guard(), Guard::Unread, "what was not read counts as live");
    let report = doctor::examine(&panel.services.tenant(&profile).await.unwrap(), false).await;
    assert_eq!(report.sentence, "Decode and verify ready. Everything else needs an M2M application.");
    assert_eq!(worst(&report.checks), Verdict::Pass, "{:?}", report.checks);
}

#[tokio::test]
async fn a_host_that_is_no_tenant_is_refused_in_words() {
    let (kinde, panel) = (Kinde::start().await, panel());
    let page = Reply { headers: "content-type: text/html\r\n".into(), ..reply(200, "<html>") };
    let moved = Reply { headers: "location: https://elsewhere.example/\r\n".into(), ..reply(301, "") };
    for (answer, words) in
        [(reply(404, ""), "is not a Kinde tenant"), (page, "is not a Kinde tenant"), (moved, "forwards")]
    {
        kinde.say("GET /.well-known/openid-configuration", answer);
        let error = add::find_tenant(&panel.services.http, kinde.domain.as_str()).await.unwrap_err();
        assert!(error.title.contains(words), "{error:?}");
    }
}

#[tokio::test]
async fn adding_an_m2m_application_mints_keeps_the_secret_and_reads_the_environment() {
    let (kinde, panel) = (Kinde::start().await, panel());
    kinde.grants("read:environments").say("GET /api/v1/environment", environment(true));
    let services = &panel.services;
    let profile = services.profiles.add(Profile::new("stub", kinde.domain.clone())).unwrap();
    let words =
        || M2m { client_id: format!(" {ID} "), client_secret: Secret::new(format!("{CANARY}\n")), audience: None };
    let added = add::add_m2m(&services.http, &services.secrets, &services.profiles, &profile, words()).await.unwrap();
    assert_eq!(added.profile.guard(), Guard::Live);
    assert_eq!(added.profile.issuers().len(), 3, "either domain may stand as issuer");
    assert!(added.environment_error.is_none());
    let tenant = services.tenant(&added.profile).await.unwrap();
    tenant.api().unwrap().environment().await.unwrap();
    assert_eq!(kinde.minted(), 1, "the first token serves on");

    kinde.say("POST /oauth2/token", reply(401, r#"{"error":"invalid_client","error_description":"no"}"#));
    let other = services.profiles.add(Profile::new("other", kinde.domain.clone())).unwrap();
    let error = add::add_m2m(&services.http, &services.secrets, &services.profiles, &other, words()).await.unwrap_err();
    assert_eq!(error.title, "The client secret is wrong");
    assert_eq!(services.profiles.get(other.id).unwrap().unwrap().client_id, None, "nothing refused is kept");
}

#[tokio::test]
async fn credentials_typed_again_count_at_once_and_not_when_the_old_token_has_expired() {
    let (kinde, panel) = (Kinde::start().await, panel());
    kinde
        .say_all("POST /oauth2/token", vec![token("read:users", 1), token("read:environments", 2)])
        .say("GET /api/v1/environment", environment(false));
    let tenant = panel.tenant(&kinde).await;
    let held = tenant.api().unwrap().tokens().token().await.unwrap();
    assert_eq!(held.scopes, ["read:users"]);
    let words = M2m { client_id: ID.into(), client_secret: Secret::new(CANARY), audience: None };
    let added = panel.services.add_m2m(&tenant.profile, words).await.unwrap();
    let token = panel.services.tenant(&added.profile).await.unwrap().api().unwrap().tokens().token().await.unwrap();
    assert_eq!((token.scopes.as_slice(), kinde.minted()), (&["read:environments".to_owned()][..], 2));
}

#[tokio::test]
async fn the_doctor_names_what_is_ready_and_what_a_job_lacks() {
    let (kinde, panel) = (Kinde::start().await, panel());
    kinde
        .grants("read:environments read:connected_apps read:users create:users")
        .say("GET /api/v1/environment", environment(false))
        .say("GET /api/v1/search/users", reply(200, r#"{"results":[{"id":"kp_1"}]}"#));
    let tenant = panel.tenant(&kinde).await;
    let report = doctor::examine(&tenant, false).await;
    assert!(
        report.sentence.starts_with("Connected apps ready. Revoke needs `create:connected_apps`."),
        "{}",
        report.sentence
    );
    assert_eq!(worst(&report.checks), Verdict::Warn, "{:#?}", report.checks);
    assert_eq!(report.environment.unwrap().is_live, Some(false));

    kinde.grants("read:environments read:connected_apps read:users create:users create:connected_apps");
    let again = doctor::examine(&tenant, true).await;
    assert_eq!(again.gained, ["create:connected_apps"]);
    let token = again.checks.iter().find(|check| check.name == "token").unwrap();
    assert!(token.seen.as_deref().unwrap().contains("gained create:connected_apps"), "{token:?}");
    assert_eq!(kinde.minted(), 2);
}

#[tokio::test]
async fn the_doctor_meets_anything_with_checks_that_have_a_cause_and_a_fix() {
    let nothing = |kinde: &Kinde| {
        kinde.say("POST /oauth2/token", reply(401, r#"{"error":"invalid_client"}"#));
    };
    let down = |kinde: &Kinde| {
        for what in [
            "GET /.well-known/openid-configuration",
            "GET /.well-known/jwks",
            "GET /.well-known/jwks.json",
            "POST /oauth2/token",
        ] {
            kinde.say(what, reply(503, ""));
        }
    };
    let no_room = |kinde: &Kinde| {
        kinde.grants("read:apis");
    };
    type Broken<'a> = (&'a dyn Fn(&Kinde), &'a str);
    let sentences: [Broken<'_>; 3] =
        [(&nothing, "The client secret is wrong."), (&down, "The tenant has trouble of its own."), (&no_room, "")];
    for (break_it, sentence) in sentences {
        let (kinde, panel) = (Kinde::start().await, panel());
        break_it(&kinde);
        let report = doctor::examine(&panel.tenant(&kinde).await, false).await;
        assert_eq!(worst(&report.checks), Verdict::Fail);
        assert!(report.sentence.starts_with(sentence) && report.sentence.ends_with('.'), "{}", report.sentence);
        for check in report.checks.iter().filter(|check| check.verdict == Verdict::Fail) {
            assert!(check.why.is_some() && check.fix.is_some(), "{check:?}");
        }
    }
}

#[tokio::test]
async fn a_clock_that_is_off_and_an_organization_scoped_application_are_recognised() {
    let (kinde, panel) = (Kinde::start().await, panel());
    let issuer = kinde.domain.to_string();
    let dated = Reply {
        headers: "date: Mon, 23 Nov 2026 18:04:00 GMT\r\n".into(),
        ..reply(200, format!(r#"{{"issuer":"{issuer}"}}"#))
    };
    kinde.say("GET /.well-known/openid-configuration", dated);
    let claims = URL_SAFE_NO_PAD.encode(r#"{"org_code":"org_1","scp":["read:users"]}"#);
    kinde.say("POST /oauth2/token", reply(200, format!(r#"{{"access_token":"e30.{claims}.c2ln","expires_in":"60"}}"#)));
    let report = doctor::examine(&panel.tenant(&kinde).await, false).await;
    let check = |name: &str| report.checks.iter().find(|check| check.name == name).unwrap();
    assert_eq!(check("clock").verdict, Verdict::Warn);
    assert!(check("clock").why.as_deref().unwrap().contains("4 min behind"), "{:?}", check("clock"));
    assert!(check("organization").why.as_deref().unwrap().contains("org_1"));
}

#[tokio::test]
async fn a_client_secret_typed_into_a_profile_is_in_no_file_no_exchange_and_no_error() {
    let (kinde, panel) = (Kinde::start().await, panel());
    kinde.grants("read:environments read:users").say("GET /api/v1/environment", environment(true));
    let services = &panel.services;
    let profile = services.profiles.add(Profile::new("canary", kinde.domain.clone())).unwrap();
    let words = M2m { client_id: ID.into(), client_secret: Secret::new(CANARY), audience: None };
    let added = add::add_m2m(&services.http, &services.secrets, &services.profiles, &profile, words).await.unwrap();
    let tenant = services.tenant(&added.profile).await.unwrap();
    let report = doctor::examine(&tenant, true).await;
    kinde.say("POST /oauth2/token", reply(403, format!(r#"{{"error":"x","error_description":"{CANARY}"}}"#)));
    let error = tenant.api().unwrap().tokens().mint().await.unwrap_err();
    let shown =
        format!("{error:?} {error} {report:?} {tenant:?} {added:?} {services:?} {:?}", panel.exchanges.lock().unwrap());
    let jwt = jwt("read:environments read:users", 1);
    assert!(!shown.contains(CANARY) && !shown.contains(&jwt));
    let mut folders = vec![panel.dir.path().to_owned()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            assert!(!text.contains(CANARY) && !text.contains(&jwt), "{}", path.display());
        }
    }
    assert!(files >= 2, "profiles.json and its .bak were looked at");
}

#[tokio::test]
async fn removing_a_profile_forgets_its_secrets() {
    let (kinde, panel) = (Kinde::start().await, panel());
    kinde.grants("read:users");
    let tenant = panel.tenant(&kinde).await;
    tenant.api().unwrap().tokens().token().await.unwrap();
    let web = Some(Secret::new(CANARY));
    let profile = panel.services.keep_web_application(tenant.profile.id, "web_id", web).await.unwrap();
    assert_eq!((profile.web_client_id.as_deref(), profile.web_secret_owner()), (Some("web_id"), "web_id"));
    panel.services.remove_profile(tenant.profile.id, false).await.unwrap();
    for field in ["client_secret", "m2m_token", "web_client_secret"] {
        assert_eq!(panel.services.secrets.get(tenant.profile.id, field).await.unwrap(), None, "{field}");
    }
    assert_eq!(panel.services.profiles.get(tenant.profile.id).unwrap(), None);
}
