//! A sandbox that is served, and what a client does with it.

use jiff::Timestamp;
use kinde_panel::clock::Clock;
use kinde_panel::net::{Answer, Http, Recorder, Request};
use kinde_panel::sandbox::{Control, Facts, Options, Served};
use kinde_panel::secrets::Secret;
use serde_json::Value;
use std::path::PathBuf;
use url::Url;

pub struct Bench {
    pub _home: tempfile::TempDir,
    pub dir: PathBuf,
    pub clock: Clock,
    pub served: Served,
    pub facts: Facts,
    pub http: Http,
}

impl Bench {
    pub async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("sandbox");
        let clock = Clock::fixed("2026-11-23T12:00:00Z".parse::<Timestamp>().unwrap());
        let served = Served::start(&dir, Options::default(), clock.clone()).await.unwrap();
        let facts = served.facts();
        let http = Http::new(Recorder::silent(), clock.clone()).unwrap();
        Self { _home: home, dir, clock, served, facts, http }
    }

    pub fn url(&self, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.served.running().issuer)).unwrap()
    }

    pub async fn send(&self, request: Request) -> Answer {
        self.http.send(request).await.unwrap()
    }

    pub fn form(&self, changes: &[(&'static str, &str)]) -> Request {
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

    pub async fn mint(&self) -> Secret {
        let answer = self.send(self.form(&[])).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        Secret::new(answer.json().unwrap()["access_token"].as_str().unwrap())
    }

    pub async fn get(&self, token: &Secret, path: &str) -> Answer {
        self.send(Request::get("api", self.url(path)).bearer(token.clone())).await
    }

    pub fn control(&self) -> Control {
        Control::new(self.http.clone(), self.served.running()).unwrap()
    }

    /// Asks for an authorization address: the address, and the session.
    pub async fn auth_url(&self, token: &Secret, key: &str, more: &str) -> (Url, String) {
        let user = &self.facts.users[0].id;
        let path = format!("/api/v1/connected_apps/auth_url?key_code_ref={key}&user_id={user}{more}");
        let answer = self.get(token, &path).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let json = answer.json().unwrap();
        (json["url"].as_str().unwrap().parse().unwrap(), json["session_id"].as_str().unwrap().to_owned())
    }

    /// Presses a button of the consent page and follows to the end: where the browser lands.
    pub async fn decide(&self, page: Url, decision: &str) -> Url {
        let shown = self.send(Request::get("consent", page.clone())).await;
        assert_eq!(shown.status, 200, "{}", shown.text());
        let posted = self.send(Request::post("decide", page).form(vec![("decision", decision.into())])).await;
        assert_eq!(posted.status, 303, "{}", posted.text());
        let back = self.send(Request::get("kinde", posted.header("location").unwrap().parse().unwrap())).await;
        assert_eq!(back.status, 303, "{}", back.text());
        back.header("location").unwrap().parse().unwrap()
    }

    pub async fn session_token(&self, token: &Secret, session: &str) -> Answer {
        self.get(token, &format!("/api/v1/connected_apps/token?session_id={session}")).await
    }

    /// A provider token for the first user.
    pub async fn connected(&self, key: &str) -> (Secret, String) {
        let token = self.mint().await;
        let (page, session) = self.auth_url(&token, key, "").await;
        self.decide(page, "allow").await;
        let answer = self.session_token(&token, &session).await;
        assert_eq!(answer.status, 200, "{key}: {}", answer.text());
        (Secret::new(answer.json().unwrap()["access_token"].as_str().unwrap()), session)
    }

    pub async fn provider(&self, token: &Secret, path: &str) -> Answer {
        self.get(token, &format!("/_providers/{path}")).await
    }
}

pub fn query(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

pub fn claims(token: &Secret) -> Value {
    use base64::Engine as _;
    let part = token.expose().split('.').nth(1).unwrap().to_owned();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
