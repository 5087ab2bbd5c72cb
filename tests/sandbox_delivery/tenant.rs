//! A sandbox that this process serves, and who talks to it.

use http::Method;
use kinde_panel::clock::Clock;
use kinde_panel::net::{Answer, Http, Recorder, Request};
use kinde_panel::sandbox::{Control, Options, Served, attach_briefly};
use kinde_panel::secrets::Secret;
use serde_json::{Value, json};

pub struct Tenant {
    dir: tempfile::TempDir,
    pub served: Served,
    pub control: Control,
    http: Http,
    pub token: Secret,
}

impl Tenant {
    pub async fn new(time_scale: f64) -> Self {
        Self::over(tempfile::tempdir().unwrap(), time_scale).await
    }

    async fn over(dir: tempfile::TempDir, time_scale: f64) -> Self {
        let options = Options { time_scale, ..Options::default() };
        let served = Served::start(dir.path(), options, Clock::real()).await.unwrap();
        Self::of(dir, served).await
    }

    async fn of(dir: tempfile::TempDir, served: Served) -> Self {
        let http = Http::new(Recorder::silent(), Clock::real()).unwrap();
        let control = Control::new(http.clone(), served.running()).unwrap();
        let facts = served.facts();
        let form = vec![
            ("grant_type", "client_credentials".into()),
            ("client_id", facts.client_id.as_str().into()),
            ("client_secret", facts.client_secret.into()),
            ("audience", served.running().audience().into()),
        ];
        let url = format!("{}/oauth2/token", served.running().issuer).parse().unwrap();
        let answer = http.send(Request::post("token", url).form(form)).await.unwrap();
        let token = Secret::new(answer.json().unwrap()["access_token"].as_str().unwrap());
        Self { dir, served, control, http, token }
    }

    /// Stopped, its database changed, and served again.
    pub async fn again(self, change: impl FnOnce(&rusqlite::Connection)) -> Self {
        let Self { dir, served, .. } = self;
        served.stop().await;
        change(&rusqlite::Connection::open(dir.path().join("deliveries.db")).unwrap());
        Self::over(dir, 1.0).await
    }

    /// Stopped, its database changed, and served by a command for itself.
    pub async fn again_briefly(self, change: impl FnOnce(&rusqlite::Connection)) -> Self {
        let Self { dir, served, .. } = self;
        served.stop().await;
        change(&rusqlite::Connection::open(dir.path().join("deliveries.db")).unwrap());
        let served = attach_briefly(dir.path(), Clock::real()).await.unwrap().served.unwrap();
        Self::of(dir, served).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        let url = format!("{}{path}", self.served.running().issuer).parse().unwrap();
        self.http.send(Request::get("get", url)).await.unwrap()
    }

    /// A call of the Management API.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let url = format!("{}/api/v1/{path}", self.served.running().issuer).parse().unwrap();
        let mut request = Request::new(method, "api", url).bearer(self.token.clone());
        if let Some(body) = body {
            request = request.json(body);
        }
        self.http.send(request).await.unwrap()
    }

    /// Makes a webhook; answers its id.
    pub async fn webhook(&self, endpoint: &str, types: &[&str]) -> String {
        let body = json!({"name": "hooks", "endpoint": endpoint, "event_types": types});
        let made = self.call(Method::POST, "webhooks", Some(body)).await;
        assert!(made.is_success(), "{}", made.text());
        made.json().unwrap()["webhook"]["id"].as_str().unwrap().to_owned()
    }

    /// A number in its database.
    pub fn number(&self, sql: &str) -> i64 {
        let db = rusqlite::Connection::open(self.dir.path().join("deliveries.db")).unwrap();
        db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Waits until `sql` says 1.
    pub async fn until(&self, sql: &str) {
        let true_at_last = async {
            while self.number(sql) != 1 {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), true_at_last).await.expect(sql);
    }
}
