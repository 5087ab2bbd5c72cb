//! The sandbox over real sockets, by the panel's own HTTP client: what a tenant promises, this one keeps.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use kinde_panel::clock::Clock;
use kinde_panel::net::{Answer, Http, NetErrorKind, Recorder, Request};
use kinde_panel::sandbox::{
    Control, Down, Facts, Faults, Options, ProviderFault, RateLimit, SandboxError, Served, attach, attach_briefly,
    facts, find,
};
use kinde_panel::secrets::Secret;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use url::Url;

struct Bench {
    _home: tempfile::TempDir,
    dir: PathBuf,
    clock: Clock,
    served: Served,
    facts: Facts,
    http: Http,
}

impl Bench {
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("sandbox");
        let clock = Clock::fixed("2026-11-23T12:00:00Z".parse::<Timestamp>().unwrap());
        let served = Served::start(&dir, Options::default(), clock.clone()).await.unwrap();
        let facts = served.facts();
        let http = Http::new(Recorder::silent(), clock.clone()).unwrap();
        Self { _home: home, dir, clock, served, facts, http }
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.served.running().issuer)).unwrap()
    }

    async fn send(&self, request: Request) -> Answer {
        self.http.send(request).await.unwrap()
    }

    fn form(&self, changes: &[(&'static str, &str)]) -> Request {
        let mut fields = vec![
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", self.facts.client_id.clone()),
            ("client_secret", self.facts.client_secret.expose().to_owned()),
            ("audience", self.served.running().audience()),
        ];
        for (name, text) in changes {
            fields.retain(|(field, _)| field != name);
            fields.push((name, (*text).to_owned()));
        }
        let fields = fields.into_iter().map(|(name, text)| (name, text.into())).collect();
        Request::post("token", self.url("/oauth2/token")).form(fields)
    }

    async fn mint(&self) -> Secret {
        let answer = self.send(self.form(&[])).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        Secret::new(answer.json().unwrap()["access_token"].as_str().unwrap())
    }

    async fn get(&self, token: &Secret, path: &str) -> Answer {
        self.send(Request::get("api", self.url(path)).bearer(token.clone())).await
    }

    fn control(&self) -> Control {
        Control::new(self.http.clone(), self.served.running()).unwrap()
    }

    /// Asks for an authorization address: the address, and the session.
    async fn auth_url(&self, token: &Secret, key: &str, more: &str) -> (Url, String) {
        let user = &self.facts.users[0].id;
        let path = format!("/api/v1/connected_apps/auth_url?key_code_ref={key}&user_id={user}{more}");
        let answer = self.get(token, &path).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let json = answer.json().unwrap();
        (json["url"].as_str().unwrap().parse().unwrap(), json["session_id"].as_str().unwrap().to_owned())
    }

    /// Presses a button of the consent page and follows to the end: where the browser lands.
    async fn decide(&self, page: Url, decision: &str) -> Url {
        let shown = self.send(Request::get("consent", page.clone())).await;
        assert_eq!(shown.status, 200, "{}", shown.text());
        let posted = self.send(Request::post("decide", page).form(vec![("decision", decision.into())])).await;
        assert_eq!(posted.status, 303, "{}", posted.text());
        let back = self.send(Request::get("kinde", posted.header("location").unwrap().parse().unwrap())).await;
        assert_eq!(back.status, 303, "{}", back.text());
        back.header("location").unwrap().parse().unwrap()
    }

    async fn session_token(&self, token: &Secret, session: &str) -> Answer {
        self.get(token, &format!("/api/v1/connected_apps/token?session_id={session}")).await
    }

    /// A provider token for the first user.
    async fn connected(&self, key: &str) -> (Secret, String) {
        let token = self.mint().await;
        let (page, session) = self.auth_url(&token, key, "").await;
        self.decide(page, "allow").await;
        let answer = self.session_token(&token, &session).await;
        assert_eq!(answer.status, 200, "{key}: {}", answer.text());
        (Secret::new(answer.json().unwrap()["access_token"].as_str().unwrap()), session)
    }

    async fn provider(&self, token: &Secret, path: &str) -> Answer {
        self.get(token, &format!("/_providers/{path}")).await
    }
}

fn query(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn claims(token: &Secret) -> Value {
    use base64::Engine as _;
    let part = token.expose().split('.').nth(1).unwrap().to_owned();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

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
async fn discovery_follows_the_address_the_client_used() {
    let bench = Bench::new().await;
    for base in [bench.served.running().issuer.clone(), bench.served.running().issuer.replace("127.0.0.1", "localhost")]
    {
        let url = Url::parse(&format!("{base}/.well-known/openid-configuration")).unwrap();
        let json = bench.send(Request::get("discovery", url)).await.json().unwrap();
        assert_eq!(json["issuer"], base);
        assert_eq!(json["jwks_uri"], format!("{base}/.well-known/jwks"));
        assert_eq!(json["token_endpoint"], format!("{base}/oauth2/token"));
    }
}

#[tokio::test]
async fn both_key_set_paths_answer_and_refuse_an_authorization_header() {
    let bench = Bench::new().await;
    for path in ["/.well-known/jwks", "/.well-known/jwks.json"] {
        let answer = bench.send(Request::get("jwks", bench.url(path))).await;
        assert_eq!((answer.status, answer.text().into_owned()), (200, bench.facts.jwks.clone()));
        let refused = bench.send(Request::get("jwks", bench.url(path)).bearer(Secret::new("x"))).await;
        assert_eq!(refused.status, 403);
    }
}

#[tokio::test]
async fn a_host_that_is_not_this_machine_is_not_served() {
    let bench = Bench::new().await;
    let request = Request::get("x", bench.url("/.well-known/jwks")).header("host", "evil.example");
    assert_eq!(bench.send(request).await.status, 421);
}

#[tokio::test]
async fn a_token_has_kindes_claims_and_its_scope_is_echoed_only_when_asked_for() {
    let bench = Bench::new().await;
    let answer = bench.send(bench.form(&[("scope", "")])).await;
    let json = answer.json().unwrap();
    assert_eq!((json["scope"].as_str(), json["expires_in"].as_u64()), (Some(""), Some(86_399)));
    assert_eq!(json["token_type"], "Bearer");
    let claims_ = claims(&Secret::new(json["access_token"].as_str().unwrap()));
    assert_eq!(claims_["iss"], bench.served.running().issuer);
    assert_eq!(claims_["aud"], json!([bench.served.running().audience()]));
    assert_eq!(claims_["azp"], bench.facts.client_id);
    assert_eq!(claims_["gty"], json!(["client_credentials"]));
    assert_eq!(claims_["v"], "2");
    assert_eq!(claims_["exp"].as_i64().unwrap() - claims_["iat"].as_i64().unwrap(), 86_400);
    assert!(claims_["scp"].as_array().unwrap().contains(&json!("read:connected_apps")));
    let subset = bench.send(bench.form(&[("scope", "read:users read:environments")])).await.json().unwrap();
    assert_eq!(subset["scope"], "read:users read:environments");
}

#[tokio::test]
async fn the_token_endpoint_refuses_in_kindes_own_words() {
    let bench = Bench::new().await;
    let wrong = bench.send(bench.form(&[("client_secret", "nope")])).await;
    assert_eq!(wrong.status, 401);
    assert_eq!(
        wrong.json().unwrap(),
        json!({"error": "invalid_client", "error_description": "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method)."})
    );
    assert_eq!(bench.send(bench.form(&[("client_id", "nope")])).await.status, 404);
    let audience = format!("{}/v1", bench.served.running().audience());
    let refused = bench.send(bench.form(&[("audience", &audience)])).await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.json().unwrap(),
        json!({"error": "invalid_request", "error_description": format!("The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed. Requested audience '{audience}' has not been whitelisted by the OAuth 2.0 Client.")})
    );
    let scope = bench.send(bench.form(&[("scope", "write:users")])).await;
    assert_eq!(scope.status, 403);
    assert_eq!(
        scope.json().unwrap(),
        json!({"error": "invalid_scope", "error_description": "The requested scope is invalid, unknown, or malformed. The OAuth 2.0 Client is not allowed to request scope 'write:users'."})
    );
    let grant = bench.send(bench.form(&[("grant_type", "password")])).await;
    assert_eq!((grant.status, grant.json().unwrap()["error"].clone()), (400, json!("unsupported_grant_type")));
}

#[tokio::test]
async fn an_unknown_route_answers_with_an_object_and_a_bad_token_with_401() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let unknown = bench.get(&token, "/api/v1/webhook/x").await;
    assert_eq!(unknown.status, 404);
    assert_eq!(
        unknown.json().unwrap(),
        json!({"errors": {"code": "ROUTE_NOT_FOUND", "message": "The requested API route does not exist"}})
    );
    assert_eq!(bench.get(&Secret::new("eyJ.a.b"), "/api/v1/environment").await.status, 401);
    bench.clock.advance(Duration::from_secs(86_401));
    assert_eq!(bench.get(&token, "/api/v1/environment").await.status, 401, "an expired token");
}

#[tokio::test]
async fn scopes_are_those_of_the_token() {
    let bench = Bench::new().await;
    let json = bench.send(bench.form(&[("scope", "read:users")])).await.json().unwrap();
    let token = Secret::new(json["access_token"].as_str().unwrap());
    assert_eq!(bench.get(&token, "/api/v1/users").await.status, 200);
    let refused = bench.get(&token, "/api/v1/environment").await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.json().unwrap(),
        json!({"errors": [{"code": "SCOPE_MISSING", "message": "Scope is missing: read:environments"}]})
    );
}

#[tokio::test]
async fn the_environment_is_never_live() {
    let bench = Bench::new().await;
    let json = bench.get(&bench.mint().await, "/api/v1/environment").await.json().unwrap();
    assert_eq!(json["environment"]["is_live"], false);
    assert_eq!(
        format!("http://{}", json["environment"]["kinde_domain"].as_str().unwrap()),
        bench.served.running().issuer
    );
}

#[tokio::test]
async fn search_pages_through_every_user_once_in_both_directions() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = bench.get(&token, &format!("/api/v1/search/users?query=*&page_size=2{after}")).await.json().unwrap();
        let ids: Vec<String> =
            page["results"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect();
        after = format!("&starting_after={}", ids.last().unwrap());
        seen.extend(ids);
        if page["has_more"] == false {
            break;
        }
    }
    let all: Vec<String> = bench.facts.users.iter().map(|user| user.id.clone()).collect();
    assert_eq!(seen, all);
    let before = format!("/api/v1/search/users?page_size=2&ending_before={}", all[3]);
    let page = bench.get(&token, &before).await.json().unwrap();
    assert_eq!(page["results"][0]["id"], all[1]);
    assert_eq!(page["results"][1]["id"], all[2]);
    let found = bench.get(&token, "/api/v1/search/users?query=LOVELACE").await.json().unwrap();
    assert_eq!(found["results"][0]["email"], "ada@example.com");
    assert_eq!(found["results"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn users_are_filtered_paged_and_created() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let body = json!({"profile": {"given_name": "Barbara", "family_name": "Liskov"}, "identities": [{"type": "email", "details": {"email": "barbara@example.com"}}]});
    let create = || Request::post("create", bench.url("/api/v1/user")).bearer(token.clone()).json(body.clone());
    let made = bench.send(create()).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let id = made.json().unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(bench.send(create()).await.status, 400, "the same address twice");
    let found = bench.get(&token, "/api/v1/users?email=barbara@example.com,nobody@example.com").await.json().unwrap();
    assert_eq!((found["users"][0]["id"].as_str(), found["users"].as_array().unwrap().len()), (Some(id.as_str()), 1));
    let page = bench.get(&token, "/api/v1/users?page_size=5").await.json().unwrap();
    let next = page["next_token"].as_str().unwrap().to_owned();
    let rest = bench.get(&token, &format!("/api/v1/users?page_size=5&next_token={next}")).await.json().unwrap();
    assert_eq!((rest["users"].as_array().unwrap().len(), &rest["next_token"]), (2, &Value::Null));
    assert_eq!(facts(&bench.dir).unwrap().users.len(), 7, "kept on disk");
}

#[tokio::test]
async fn a_walk_allowed_in_the_browser_gives_the_same_token_until_it_is_revoked() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let (page, session) = bench.auth_url(&token, "github", "").await;
    let pending = bench.session_token(&token, &session).await;
    assert_eq!(pending.status, 400);
    assert_eq!(pending.json().unwrap()["errors"][0]["code"], "INVALID_SESSION");
    let end = bench.decide(page, "allow").await;
    assert_eq!(query(&end, "session_id"), Some(session.clone()));
    assert_eq!(bench.send(Request::get("landing", end)).await.status, 200);
    let one = bench.session_token(&token, &session).await.json().unwrap();
    let two = bench.session_token(&token, &session).await.json().unwrap();
    assert_eq!(one, two);
    assert!(one["access_token"].as_str().unwrap().starts_with("gho_"));
    assert_eq!(one.as_object().unwrap().len(), 2, "no refresh token leaves Kinde");
    let revoke = || {
        let url = bench.url("/api/v1/connected_apps/revoke");
        Request::post("revoke", url).query("session_id", session.as_str()).bearer(token.clone())
    };
    let revoked = bench.send(revoke()).await;
    assert_eq!(revoked.json().unwrap(), json!({"message": "Success", "code": "OK"}));
    let after = bench.session_token(&token, &session).await;
    assert_eq!((after.status, after.body), (pending.status, pending.body), "at once, and word for word the same");
    assert_eq!(bench.send(revoke()).await.status, 400);
    let held = Secret::new(one["access_token"].as_str().unwrap());
    assert_eq!(bench.provider(&held, "api.github.com/user").await.status, 200, "the provider was not told");
}

#[tokio::test]
async fn deny_tells_the_browser_alone_and_the_api_answers_as_before() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let (page, session) = bench.auth_url(&token, "discord", "").await;
    let pending = bench.session_token(&token, &session).await;
    let end = bench.decide(page.clone(), "deny").await;
    assert_eq!(query(&end, "error").as_deref(), Some("access_denied"));
    assert!(query(&end, "error_description").is_some() && query(&end, "session_id").is_none());
    let denied = bench.session_token(&token, &session).await;
    assert_eq!((denied.status, denied.body), (pending.status, pending.body));
    assert_eq!(bench.send(Request::get("again", page)).await.status, 400, "the page is over");
}

#[tokio::test]
async fn the_browser_is_sent_where_the_override_says_if_that_is_this_machine() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let (page, session) =
        bench.auth_url(&token, "gitlab", "&override_callback_url=http%3A%2F%2F127.0.0.1%3A9%2Fback%3Fa%3D1").await;
    let end = bench.decide(page, "allow").await;
    assert_eq!(end.as_str(), format!("http://127.0.0.1:9/back?a=1&session_id={session}"));
    let user = &bench.facts.users[0].id;
    let elsewhere = format!(
        "/api/v1/connected_apps/auth_url?key_code_ref=gitlab&user_id={user}&override_callback_url=https%3A%2F%2Fevil.example%2F"
    );
    assert_eq!(bench.get(&token, &elsewhere).await.status, 400);
}

#[tokio::test]
async fn an_unknown_app_is_404_and_a_missing_or_unknown_subject_400() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let user = &bench.facts.users[0].id;
    let status =
        async |query: &str| bench.get(&token, &format!("/api/v1/connected_apps/auth_url?{query}")).await.status;
    assert_eq!(status(&format!("key_code_ref=nope&user_id={user}")).await, 404);
    assert_eq!(status("key_code_ref=github").await, 400);
    assert_eq!(status("key_code_ref=github&user_id=kp_0").await, 400);
    let org = &bench.facts.orgs[0].code;
    assert_eq!(status(&format!("key_code_ref=github&org_code={org}")).await, 200);
    assert_eq!(bench.get(&token, "/api/v1/connected_apps/revoke?session_id=x").await.status, 405);
}

#[tokio::test]
async fn the_consent_page_names_who_asks_for_what_and_needs_no_script() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    for app in &bench.facts.connected_apps {
        let (page, _) = bench.auth_url(&token, &app.key, "").await;
        let answer = bench.send(Request::get("consent", page)).await;
        let html = answer.text().into_owned();
        assert!(html.contains(">Allow</button>") && html.contains(">Deny</button>"), "{html}");
        assert!(html.contains("Ada Lovelace") && html.contains("<form method=\"post\"") && html.contains("<li>"));
        assert!(!html.contains("<script") && !html.contains("http-equiv"));
        assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    }
}

#[tokio::test]
async fn a_name_with_markup_stays_text_on_the_consent_page() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let body = json!({"profile": {"given_name": "<img src=x onerror=alert(1)>", "family_name": "\"'&"}});
    let made = bench.send(Request::post("create", bench.url("/api/v1/user")).bearer(token.clone()).json(body)).await;
    let id = made.json().unwrap()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/connected_apps/auth_url?key_code_ref=github&user_id={id}");
    let url = bench.get(&token, &path).await.json().unwrap()["url"].as_str().unwrap().parse().unwrap();
    let html = bench.send(Request::get("consent", url)).await.text().into_owned();
    assert!(!html.contains("<img") && html.contains("&lt;img src=x"), "{html}");
}

#[tokio::test]
async fn a_wrong_redirect_address_or_client_is_told_by_the_provider() {
    let bench = Bench::new().await;
    let token = bench.mint().await;
    let (page, _) = bench.auth_url(&token, "github", "").await;
    let changed = |name: &str, text: &str| {
        let mut url = page.clone();
        let pairs: Vec<(String, String)> = page.query_pairs().into_owned().collect();
        url.query_pairs_mut().clear().extend_pairs(
            pairs.iter().map(|(key, value)| (key.as_str(), if key == name { text } else { value.as_str() })),
        );
        url
    };
    let wrong =
        bench.send(Request::get("x", changed("redirect_uri", "https://other.example/connected_apps/callback"))).await;
    assert!(wrong.status == 400 && wrong.text().contains("Redirect URI mismatch"));
    assert_eq!(bench.send(Request::get("x", changed("client_id", "nobody"))).await.status, 401);
}

#[tokio::test]
async fn every_provider_knows_its_own_token_and_nobody_elses() {
    let bench = Bench::new().await;
    // (app, probe, where the account's name stands)
    let probes = [
        ("google_drive", "www.googleapis.com/drive/v3/about?fields=user", "/user/emailAddress", "ada@example.com"),
        ("github", "api.github.com/user", "/login", "ada-lovelace"),
        ("gitlab", "gitlab.com/api/v4/user", "/username", "ada-lovelace"),
        (
            "patreon",
            "www.patreon.com/api/oauth2/v2/identity?fields%5Buser%5D=full_name,email",
            "/data/attributes/email",
            "ada@example.com",
        ),
        ("discord", "discord.com/api/v10/users/@me", "/username", "ada-lovelace"),
        (
            "microsoft_365",
            "graph.microsoft.com/v1.0/me/events?$top=1&$select=subject,start",
            "/value/0/subject",
            "Planning",
        ),
    ];
    let stranger = Secret::new("gho_strangerstrangerstranger");
    for (key, probe, pointer, name) in probes {
        let (token, _) = bench.connected(key).await;
        let answer = bench.provider(&token, probe).await;
        assert_eq!(answer.status, 200, "{key}: {}", answer.text());
        assert_eq!(answer.json().unwrap().pointer(pointer).unwrap(), name, "{key}");
        assert_eq!(bench.provider(&stranger, probe).await.status, 401, "{key}");
        bench
            .control()
            .set_faults(&Faults { provider: Some(ProviderFault::InsufficientScope), ..Faults::default() })
            .await
            .unwrap();
        assert_eq!(bench.provider(&token, probe).await.status, 403, "{key}");
        bench
            .control()
            .set_faults(&Faults { provider: Some(ProviderFault::TokenRevoked), ..Faults::default() })
            .await
            .unwrap();
        assert_eq!(bench.provider(&token, probe).await.status, 401, "{key}");
        bench.control().set_faults(&Faults::default()).await.unwrap();
        assert_eq!(bench.control().disconnect_at_provider(key).await.unwrap(), 1);
        assert_eq!(bench.provider(&token, probe).await.status, 401, "{key}: disconnected there");
    }
}

#[tokio::test]
async fn granted_scopes_are_told_where_the_provider_tells_them() {
    let bench = Bench::new().await;
    let (google, _) = bench.connected("google_drive").await;
    let info = bench
        .send(Request::get("x", bench.url("/_providers/oauth2.googleapis.com/tokeninfo")).query("access_token", google))
        .await;
    assert_eq!(info.json().unwrap()["scope"], "https://www.googleapis.com/auth/drive.readonly");
    let (gitlab, _) = bench.connected("gitlab").await;
    let info = bench.provider(&gitlab, "gitlab.com/oauth/token/info").await.json().unwrap();
    assert_eq!(info["scope"], json!(["read_user", "read_api"]));
    let (discord, _) = bench.connected("discord").await;
    let info = bench.provider(&discord, "discord.com/api/v10/oauth2/@me").await.json().unwrap();
    assert_eq!(info["scopes"], json!(["identify", "email"]));
    let (github, _) = bench.connected("github").await;
    assert_eq!(bench.provider(&github, "api.github.com/user").await.header("x-oauth-scopes"), Some(""));
    let installations = bench.provider(&github, "api.github.com/user/installations").await.json().unwrap();
    assert_eq!(installations["installations"][0]["permissions"]["metadata"], "read");
}

#[tokio::test]
async fn a_bogus_code_tells_genuine_credentials_from_wrong_ones_at_every_provider() {
    let bench = Bench::new().await;
    // (app, endpoint, status and error of a bad code, status and error of a wrong secret)
    let endpoints = [
        ("google_drive", "oauth2.googleapis.com/token", (400, "invalid_grant"), (401, "invalid_client")),
        (
            "github",
            "github.com/login/oauth/access_token",
            (200, "bad_verification_code"),
            (200, "incorrect_client_credentials"),
        ),
        ("gitlab", "gitlab.com/oauth/token", (400, "invalid_grant"), (401, "invalid_client")),
        ("patreon", "www.patreon.com/api/oauth2/token", (400, "invalid_grant"), (401, "invalid_client")),
        ("discord", "discord.com/api/oauth2/token", (400, "invalid_grant"), (401, "invalid_client")),
        (
            "microsoft_365",
            "login.microsoftonline.com/common/oauth2/v2.0/token",
            (400, "invalid_grant"),
            (401, "invalid_client"),
        ),
    ];
    for (key, endpoint, bad_code, bad_client) in endpoints {
        let app = bench.facts.connected_apps.iter().find(|app| app.key == key).unwrap();
        for (secret, (status, error)) in [(app.client_secret.expose(), bad_code), ("wrong", bad_client)] {
            let request = Request::post("check", bench.url(&format!("/_providers/{endpoint}")))
                .header("accept", "application/json")
                .form(vec![
                    ("grant_type", "authorization_code".into()),
                    ("client_id", app.client_id.as_str().into()),
                    ("client_secret", secret.into()),
                    ("code", "bogus".into()),
                    ("redirect_uri", "https://acme.kinde.com/connected_apps/callback".into()),
                ]);
            let answer = bench.send(request).await;
            assert_eq!((answer.status, answer.json().unwrap()["error"].as_str()), (status, Some(error)), "{key}");
            if key == "microsoft_365" {
                let code = if secret == "wrong" { 7_000_215 } else { 70_000 };
                assert_eq!(answer.json().unwrap()["error_codes"], json!([code]));
            }
        }
    }
}

#[tokio::test]
async fn a_provider_that_has_revocation_stops_taking_the_token() {
    let bench = Bench::new().await;
    let app = |key: &str| bench.facts.connected_apps.iter().find(|app| app.key == key).unwrap().clone();
    let (google, _) = bench.connected("google_drive").await;
    let revoke = || {
        Request::post("revoke", bench.url("/_providers/oauth2.googleapis.com/revoke"))
            .form(vec![("token", google.clone().into())])
    };
    assert_eq!(bench.send(revoke()).await.status, 200);
    assert_eq!(bench.send(revoke()).await.json().unwrap()["error"], "invalid_token");
    let (github, _) = bench.connected("github").await;
    let client = app("github");
    let url = bench.url(&format!("/_providers/api.github.com/applications/{}/token", client.client_id));
    let delete = Request::new(http::Method::DELETE, "delete", url)
        .basic(client.client_id.clone(), client.client_secret.clone())
        .json(json!({"access_token": github.expose()}));
    assert_eq!(bench.send(delete.clone()).await.status, 204);
    assert_eq!(bench.send(delete).await.status, 422);
    assert_eq!(bench.provider(&github, "api.github.com/user").await.json().unwrap()["message"], "Bad credentials");
    let (discord, _) = bench.connected("discord").await;
    let client = app("discord");
    let revoke = Request::post("revoke", bench.url("/_providers/discord.com/api/oauth2/token/revoke"))
        .basic(client.client_id, client.client_secret)
        .form(vec![("token", discord.clone().into())]);
    assert_eq!(bench.send(revoke).await.status, 200);
    assert_eq!(bench.provider(&discord, "discord.com/api/v10/users/@me").await.status, 401);
}

#[tokio::test]
async fn an_expired_provider_token_is_refreshed_by_kinde_at_the_next_fetch() {
    let bench = Bench::new().await;
    let (first, session) = bench.connected("gitlab").await;
    bench.control().expire_at_provider("gitlab").await.unwrap();
    let expired = bench.provider(&first, "gitlab.com/api/v4/user").await;
    assert!(expired.status == 401 && expired.text().contains("Token is expired"));
    let answer = bench.session_token(&bench.mint().await, &session).await.json().unwrap();
    assert_ne!(answer["access_token"].as_str().unwrap(), first.expose());
}

#[tokio::test]
async fn github_wants_a_user_agent_and_google_wants_fields() {
    let bench = Bench::new().await;
    let (github, _) = bench.connected("github").await;
    let bare = Request::get("x", bench.url("/_providers/api.github.com/user")).bearer(github).header("user-agent", "");
    assert_eq!(bench.send(bare).await.status, 403);
    let (google, _) = bench.connected("google_drive").await;
    assert_eq!(bench.provider(&google, "www.googleapis.com/drive/v3/about").await.status, 400);
}

#[tokio::test]
async fn faults_are_set_seen_and_ended_through_the_control_address() {
    let bench = Bench::new().await;
    let control = bench.control();
    assert_eq!(control.faults().await.unwrap(), Faults::default());
    let token = bench.mint().await;
    control.set_faults(&Faults { wrong_secret: true, ..Faults::default() }).await.unwrap();
    assert_eq!(bench.send(bench.form(&[])).await.status, 401);
    let limit = RateLimit { times: 2, reset_seconds: 7 };
    control.set_faults(&Faults { rate_limit: Some(limit), ..Faults::default() }).await.unwrap();
    for status in [429, 429, 200] {
        let answer = bench.get(&token, "/api/v1/environment").await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.retry_after(), (status == 429).then_some(Duration::from_secs(7)));
    }
    let missing = Faults { missing_scopes: vec!["read:users".to_owned()], ..Faults::default() };
    control.set_faults(&missing).await.unwrap();
    let refused = bench.get(&token, "/api/v1/users").await;
    assert_eq!(refused.json().unwrap()["errors"][0]["message"], "Scope is missing: read:users");
    assert!(!claims(&bench.mint().await)["scp"].as_array().unwrap().contains(&json!("read:users")));
    control.set_faults(&Faults { down: Some(Down::Unavailable), ..Faults::default() }).await.unwrap();
    assert_eq!(bench.get(&token, "/api/v1/users").await.status, 503);
    control.set_faults(&Faults { down: Some(Down::Closed), ..Faults::default() }).await.unwrap();
    let closed = bench.http.send(Request::get("x", bench.url("/.well-known/jwks"))).await.unwrap_err();
    assert_eq!(closed.kind, NetErrorKind::Broken);
    let faults = Faults { token_lifetime_seconds: Some(60), clock_skew_seconds: 300, ..Faults::default() };
    control.set_faults(&faults).await.unwrap();
    let answer = bench.send(bench.form(&[])).await;
    assert_eq!(answer.json().unwrap()["expires_in"], 59);
    assert_eq!(answer.date().unwrap().as_second() - bench.clock.now().as_second(), 300);
    let slow = Faults { slow_ms: 60_000, ..Faults::default() };
    control.set_faults(&slow).await.unwrap();
    let request = Request::get("x", bench.url("/.well-known/jwks")).timeout(Duration::from_millis(200));
    assert_eq!(bench.http.send(request).await.unwrap_err().kind, NetErrorKind::Timeout);
}

#[tokio::test]
async fn the_control_address_wants_its_own_token() {
    let bench = Bench::new().await;
    let url = Url::parse(&format!("{}/faults", bench.served.running().control)).unwrap();
    assert_eq!(bench.send(Request::get("x", url.clone())).await.status, 401);
    assert_eq!(bench.send(Request::get("x", url).bearer(bench.mint().await)).await.status, 401);
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
