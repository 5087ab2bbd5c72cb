//! Webhooks on the sandbox's Management API, as Kinde's description has them, by the panel's own HTTP client.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use http::Method;
use kinde_panel::clock::Clock;
use kinde_panel::net::{Answer, Http, Recorder, Request};
use kinde_panel::sandbox::{Control, Faults, Options, Served};
use kinde_panel::secrets::Secret;
use serde_json::{Value, json};
use url::Url;

struct Bench {
    home: tempfile::TempDir,
    served: Served,
    http: Http,
    token: Secret,
}

impl Bench {
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let served = Served::start(&home.path().join("sandbox"), Options::default(), Clock::real()).await.unwrap();
        let http = Http::new(Recorder::silent(), Clock::real()).unwrap();
        let mut bench = Self { home, served, http, token: Secret::new("") };
        bench.token = bench.mint("").await;
        bench
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.served.running().issuer)).unwrap()
    }

    async fn mint(&self, scope: &str) -> Secret {
        let facts = self.served.facts();
        let form = vec![
            ("grant_type", "client_credentials".into()),
            ("client_id", facts.client_id.as_str().into()),
            ("client_secret", facts.client_secret.into()),
            ("audience", self.served.running().audience().into()),
            ("scope", scope.into()),
        ];
        let answer = self.http.send(Request::post("token", self.url("/oauth2/token")).form(form)).await.unwrap();
        Secret::new(answer.json().unwrap()["access_token"].as_str().unwrap())
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = Request::new(method, "api", self.url(&format!("/api/v1/{path}"))).bearer(self.token.clone());
        if let Some(body) = body {
            request = request.json(body);
        }
        self.http.send(request).await.unwrap()
    }

    async fn create(&self, name: &str) -> Answer {
        let body = json!({"name": name, "endpoint": "https://app.example/hooks", "event_types": ["user.created"]});
        self.call(Method::POST, "webhooks", Some(body)).await
    }

    async fn list(&self) -> Vec<Value> {
        let answer = self.call(Method::GET, "webhooks", None).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json().unwrap()["webhooks"].as_array().unwrap().clone()
    }

    /// Ids of every event, oldest first, as they lie in the database.
    fn events(&self) -> Vec<String> {
        let file = self.home.path().join("sandbox/deliveries.db");
        let db = rusqlite::Connection::open(file).unwrap();
        let mut all = db.prepare("SELECT event_id FROM events ORDER BY seq").unwrap();
        all.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn control(&self) -> Control {
        Control::new(self.http.clone(), self.served.running()).unwrap()
    }
}

fn codes(answer: &Answer) -> Vec<String> {
    let json = answer.json().unwrap();
    json["errors"].as_array().unwrap().iter().map(|error| error["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_webhook_is_created_listed_changed_and_deleted_in_kindes_shapes() {
    let bench = Bench::new().await;
    let body = json!({"name": "Sync", "endpoint": "http://127.0.0.1:3000/hooks", "event_types": ["user.created", "user.created", "role.deleted"], "description": null});
    let made = bench.call(Method::POST, "webhooks", Some(body)).await;
    assert_eq!(made.status, 200, "200, not 201: {}", made.text());
    let made = made.json().unwrap();
    let id = made["webhook"]["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("webhook_") && id.len() == 40, "{id}");
    assert_eq!(made["webhook"], json!({"id": id, "endpoint": "http://127.0.0.1:3000/hooks"}));
    let listed = bench.list().await;
    assert_eq!(listed[0]["event_types"], json!(["user.created", "role.deleted"]));
    assert_eq!((listed[0]["name"].as_str(), &listed[0]["description"]), (Some("Sync"), &Value::Null));
    assert!(listed[0]["created_on"].as_str().unwrap().ends_with("+00:00"));

    let path = format!("webhooks/{id}");
    let change = json!({"name": "Sync users", "description": "d", "event_types": ["user.updated"], "endpoint": "https://else.example/"});
    let changed = bench.call(Method::PATCH, &path, Some(change)).await;
    assert_eq!((changed.status, &changed.json().unwrap()["webhook"]), (200, &json!({"id": id})));
    let listed = bench.list().await;
    assert_eq!(listed[0]["endpoint"], "http://127.0.0.1:3000/hooks", "an endpoint cannot be patched");
    assert_eq!((&listed[0]["name"], &listed[0]["event_types"]), (&json!("Sync users"), &json!(["user.updated"])));

    let gone = bench.call(Method::DELETE, &path, None).await;
    assert_eq!((gone.status, gone.json().unwrap().as_object().unwrap().len()), (200, 2));
    assert!(bench.list().await.is_empty());
    let again = bench.call(Method::DELETE, &path, None).await;
    assert_eq!((again.status, codes(&again)), (400, vec!["WEBHOOK_NOT_FOUND".to_owned()]));
}

#[tokio::test]
async fn the_singular_path_of_older_pages_is_no_route() {
    let bench = Bench::new().await;
    for method in [Method::PATCH, Method::DELETE] {
        let answer = bench.call(method, "webhook/webhook_1", Some(json!({}))).await;
        assert_eq!(answer.status, 404);
        assert_eq!(answer.json().unwrap()["errors"]["code"], "ROUTE_NOT_FOUND");
    }
}

#[tokio::test]
async fn everything_wrong_is_told_at_once_in_an_array_and_as_one_object_where_that_is_asked_for() {
    let bench = Bench::new().await;
    let body =
        json!({"endpoint": "http://app.example/", "event_types": ["user.created", "user.made"], "description": 3});
    let refused = bench.call(Method::POST, "webhooks", Some(body.clone())).await;
    assert_eq!(refused.status, 400);
    assert_eq!(codes(&refused), ["ENDPOINT_INVALID", "EVENT_TYPE_INVALID", "NAME_REQUIRED", "DESCRIPTION_INVALID"]);
    let id = bench.create("one").await.json().unwrap()["webhook"]["id"].as_str().unwrap().to_owned();
    for change in [json!({"name": ""}), json!({"event_types": []}), json!({"event_types": "user.created"}), json!([])] {
        let answer = bench.call(Method::PATCH, &format!("webhooks/{id}"), Some(change.clone())).await;
        assert_eq!((answer.status, codes(&answer).len()), (400, 1), "{change}");
    }
    let faults = Faults { errors_as_object: true, ..Faults::default() };
    bench.control().set_faults(&faults).await.unwrap();
    let refused = bench.call(Method::POST, "webhooks", Some(body)).await;
    assert_eq!(refused.json().unwrap()["errors"]["code"], "ENDPOINT_INVALID");
}

#[tokio::test]
async fn each_call_wants_its_own_scope() {
    let mut bench = Bench::new().await;
    bench.token = bench.mint("read:users").await;
    for (method, path, scope) in [
        (Method::GET, "webhooks", "read:webhooks"),
        (Method::POST, "webhooks", "create:webhooks"),
        (Method::PATCH, "webhooks/webhook_1", "update:webhooks"),
        (Method::DELETE, "webhooks/webhook_1", "delete:webhooks"),
        (Method::GET, "event_types", "read:event_types"),
        (Method::GET, "events/event_1", "read:events"),
    ] {
        let answer = bench.call(method, path, None).await;
        assert_eq!(answer.status, 403, "{path}");
        assert_eq!(answer.json().unwrap()["errors"][0]["message"], format!("Scope is missing: {scope}"));
    }
}

#[tokio::test]
async fn the_limit_of_the_plan_refuses_one_more_and_leaves_what_is_there() {
    let bench = Bench::new().await;
    assert_eq!(bench.control().set_webhook_limit(Some(2)).await.unwrap(), Some(2));
    for status in [200, 200, 400] {
        assert_eq!(bench.create("x").await.status, status);
    }
    assert_eq!(codes(&bench.create("x").await), ["WEBHOOK_LIMIT_REACHED"]);
    assert_eq!(bench.list().await.len(), 2);
    bench.control().set_webhook_limit(None).await.unwrap();
    assert_eq!(bench.create("x").await.status, 200);
}

#[tokio::test]
async fn event_types_have_a_schema_where_kinde_publishes_a_shape() {
    let bench = Bench::new().await;
    let answer = bench.call(Method::GET, "event_types", None).await.json().unwrap();
    let types = answer["event_types"].as_array().unwrap().clone();
    assert_eq!(types.len(), 27);
    let of = |code: &str| types.iter().find(|known| known["code"] == code).unwrap().clone();
    assert_eq!(of("user.created")["schema"]["properties"]["user"]["type"], "object");
    assert_eq!(of("customer.plan_created")["schema"], json!({}));
    assert_eq!(of("user.authentication_failed")["name"], "User authentication failed");
    for member in ["id", "code", "name", "origin"] {
        assert!(types.iter().all(|known| known[member].as_str().is_some_and(|text| !text.is_empty())), "{member}");
    }
}

#[tokio::test]
async fn an_event_nobody_knows_is_refused() {
    let bench = Bench::new().await;
    let answer = bench.call(Method::GET, "events/event_018f331a3178f7fef284b95fe6770384", None).await;
    assert_eq!((answer.status, codes(&answer)), (400, vec!["EVENT_NOT_FOUND".to_owned()]));
}

#[tokio::test]
async fn what_the_api_did_can_be_looked_up_as_an_event_at_once() {
    let bench = Bench::new().await;
    let user = json!({"profile": {"given_name": "Grace"}, "identities": [{"type": "email", "details": {"email": "g@h.example"}}]});
    let made = bench.call(Method::POST, "user", Some(user)).await.json().unwrap();
    let events = bench.events();
    assert_eq!(events.len(), 1);
    let path = format!("events/{}", events[0]);
    let event = bench.call(Method::GET, &path, None).await.json().unwrap()["event"].clone();
    assert_eq!((&event["type"], &event["source"]), (&json!("user.created"), &json!("api")));
    assert_eq!((&event["data"]["user"]["id"], &event["data"]["user"]["email"]), (&made["id"], &json!("g@h.example")));
    assert!(event["timestamp"].is_i64(), "{event}");
    let faults = Faults { event_timestamp_text: true, ..Faults::default() };
    bench.control().set_faults(&faults).await.unwrap();
    let event = bench.call(Method::GET, &path, None).await.json().unwrap()["event"].clone();
    assert!(event["timestamp"].as_str().unwrap().ends_with('Z'), "{event}");
}

#[tokio::test]
async fn a_sample_can_be_had_before_it_is_published() {
    let bench = Bench::new().await;
    let sample = bench.control().sample("user.updated").await.unwrap();
    assert_eq!(sample.payload["type"], "user.updated");
    assert!(sample.note.unwrap().contains("May 2024"));
    assert!(bench.control().sample("user.made").await.is_err());
}
