//! A Kinde of a few lines on this machine: webhooks, and the things a trigger makes, with faults by request.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use kinde_panel::clock::Clock;
use kinde_panel::kinde::{Definition, Domain, KindeApi, M2m, TokenSource, Webhook};
use kinde_panel::net::{Http, Recorder};
use kinde_panel::secrets::Secret;
use kinde_panel::step::{Step, StepState};
use kinde_panel::store::{DataDir, Journal};
use kinde_panel::webhooks::Ends;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Refused with this status; nothing is done.
    Status(u16),
    /// The connection breaks; nothing is done.
    Cut,
    /// It is done, and the connection breaks before the answer.
    CutAfter,
    /// It is done, and the answer is a server error.
    ErrorAfter,
    /// No answer, ever; nothing is done.
    Hang,
    /// It is done, and no answer ever comes.
    HangAfter,
    /// The connection breaks, and it is done later: by [`Kinde::carry_out`].
    Late,
}

/// Which request (counted from 0, tokens aside) goes wrong; `to_the_end` with every one after it.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    pub at: usize,
    pub how: How,
    pub to_the_end: bool,
}

#[derive(Default)]
pub struct World {
    pub webhooks: Vec<Value>,
    /// list name and item
    pub things: Vec<(String, Value)>,
    pub limit: Option<usize>,
    pub faults: Vec<Fault>,
    /// `METHOD /path body`, tokens aside.
    pub seen: Vec<String>,
    /// Lists of webhooks in which the newest one is missing.
    pub lagging: usize,
    /// Lists of other things in which the newest one is missing.
    pub lagging_things: usize,
    /// When what is created is said to be created; `None` for the fixed clock's time.
    pub created_on: Option<String>,
    pub events: Vec<Value>,
    pub event_types: Option<Vec<String>>,
    pub scope: String,
    /// What the environment says of itself; `None`: it cannot be read.
    pub live: Option<bool>,
    /// Connections that are being answered.
    open: usize,
    /// Method, path, query and body of what is carried out late.
    late: Vec<(String, String, String, Value)>,
    made: u32,
}

pub struct Kinde {
    pub world: Arc<Mutex<World>>,
    /// Told when a request hangs.
    pub hanging: Arc<Notify>,
    pub origin: String,
    http: Http,
    dir: tempfile::TempDir,
}

/// What the fixed clock says, in seconds.
const NOW: i64 = 1_795_446_000;

/// A folder in memory where the system has one: the journal waits for the disk at each step, and a busy one takes
/// a tenth of a second each time.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Ends for the Kinde at `origin`, as another process has them.
pub fn ends_of(origin: &str, data: &std::path::Path) -> Ends {
    let http = Http::new(Recorder::silent(), Clock::fixed(Timestamp::from_second(NOW).unwrap())).unwrap();
    ends_at(origin, data, http, 0)
}

fn ends_at(origin: &str, data: &std::path::Path, http: Http, seconds: i64) -> Ends {
    let domain = Domain::parse(origin).unwrap();
    let m2m = M2m { client_id: "id".into(), client_secret: Secret::new("s3cret"), audience: None };
    let tokens = TokenSource::new(http.clone(), domain.clone(), m2m, None);
    Ends {
        api: KindeApi::new(http, domain, tokens),
        clock: Clock::fixed(Timestamp::from_second(NOW + seconds).unwrap()),
        journal: Journal::of(&DataDir::open(data.to_owned()).unwrap()),
        owner: "profile".into(),
        on_this_machine: true,
        between_looks: Duration::from_millis(1),
    }
}

impl Kinde {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let world: Arc<Mutex<World>> = Arc::default();
        let hanging = Arc::new(Notify::new());
        tokio::spawn(serve(listener, Arc::clone(&world), Arc::clone(&hanging)));
        let http = Http::new(Recorder::silent(), Clock::fixed(Timestamp::from_second(NOW).unwrap())).unwrap();
        Self { world, hanging, origin, http, dir: folder() }
    }

    /// Ends as a program that was just started has them.
    pub fn ends(&self) -> Ends {
        self.ends_later(0)
    }

    /// The same, so many seconds later.
    pub fn ends_later(&self, seconds: i64) -> Ends {
        ends_at(&self.origin, &self.data(), self.http.clone(), seconds)
    }

    /// The data folder of its ends.
    pub fn data(&self) -> std::path::PathBuf {
        self.dir.path().join("data")
    }

    pub fn set(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.world.lock().unwrap());
    }

    pub fn fault(&self, at: usize, how: How, to_the_end: bool) {
        self.faults(&[Fault { at, how, to_the_end }]);
    }

    pub fn faults(&self, faults: &[Fault]) {
        self.set(|world| {
            world.seen.clear();
            world.faults = faults.to_vec();
        });
    }

    /// Waits until everything that was sent is carried out.
    pub async fn quiet(&self) {
        // Connections are taken in their order: those of before are, once this one is.
        let mut last = TcpStream::connect(self.origin.trim_start_matches("http://")).await.unwrap();
        last.shutdown().await.unwrap();
        assert_eq!(last.read(&mut [0; 1]).await.unwrap(), 0);
        while self.world.lock().unwrap().open > 0 {
            tokio::task::yield_now().await;
        }
    }

    pub fn heal(&self) {
        self.set(|world| world.faults.clear());
    }

    /// Does what was to be done late.
    pub fn carry_out(&self) {
        self.set(|world| {
            for (method, path, query, body) in std::mem::take(&mut world.late) {
                world.answer(&method, &path, &query, &body);
            }
        });
    }

    /// A sink that makes the list of webhooks lag for so many looks from the moment the new one is there.
    pub fn lag_once_created(&self, looks: usize) -> impl Fn(Step) + Send + Sync + use<> {
        let world = Arc::clone(&self.world);
        move |step| {
            if step.id == "create" && step.state == StepState::Done {
                world.lock().unwrap().lagging = looks;
            }
        }
    }

    /// What a person does who is asked which of two webhooks is not wanted: deletes the one that is named.
    pub fn decide(&self, told: &str) {
        let mut world = self.world.lock().unwrap();
        world.webhooks.retain(|it| !told.contains(&format!("{} is there too", it["id"].as_str().unwrap())));
    }

    pub fn seen(&self) -> Vec<String> {
        self.world.lock().unwrap().seen.clone()
    }

    /// Puts a webhook there, past the API.
    pub fn put(&self, definition: &Definition) -> Webhook {
        let mut world = self.world.lock().unwrap();
        let value = world.add(&serde_json::to_value(definition).unwrap());
        serde_json::from_value(value).unwrap()
    }

    pub fn webhooks(&self) -> Vec<Webhook> {
        let world = self.world.lock().unwrap();
        world.webhooks.iter().map(|it| serde_json::from_value(it.clone()).unwrap()).collect()
    }
}

pub fn definition(name: &str, endpoint: &str) -> Definition {
    Definition {
        name: name.into(),
        description: None,
        endpoint: endpoint.into(),
        event_types: vec!["user.created".into(), "user.updated".into()],
    }
}

pub fn nobody(_: Step) {}

impl World {
    fn id(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}_{:04}", self.made)
    }

    fn add(&mut self, body: &Value) -> Value {
        let id = self.id("webhook");
        let now = || Timestamp::from_second(NOW).unwrap().to_string();
        let created_on = self.created_on.clone().unwrap_or_else(now);
        let it = json!({
            "id": id, "name": body["name"], "description": body["description"], "endpoint": body["endpoint"],
            "event_types": body["event_types"], "created_on": created_on,
        });
        self.webhooks.push(it.clone());
        it
    }

    fn answer(&mut self, method: &str, path: &str, query: &str, body: &Value) -> (u16, Value) {
        let ok = |value: Value| (200, value);
        let missing = |code: &str| (404, json!({"errors": [{"code": code, "message": "not there"}]}));
        let segments: Vec<&str> = path.trim_start_matches("/api/v1/").split('/').collect();
        match (method, segments.as_slice()) {
            ("GET", ["webhooks"]) => {
                let mut list = self.webhooks.clone();
                if self.lagging > 0 {
                    self.lagging -= 1;
                    list.pop();
                }
                ok(json!({"code": "OK", "message": "Success", "webhooks": list}))
            }
            ("POST", ["webhooks"]) => {
                if self.limit.is_some_and(|limit| self.webhooks.len() >= limit) {
                    let error = json!({"code": "WEBHOOK_LIMIT", "message": "You have reached the limit of your plan"});
                    return (400, json!({"errors": [error]}));
                }
                let it = self.add(body);
                ok(
                    json!({"code": "WEBHOOK_CREATED", "message": "x", "webhook": {"id": it["id"], "endpoint": it["endpoint"]}}),
                )
            }
            ("PATCH", ["webhooks", id]) => match self.webhooks.iter_mut().find(|it| it["id"] == **id) {
                Some(it) => {
                    for (name, value) in body.as_object().unwrap() {
                        it[name] = value.clone();
                    }
                    ok(json!({"code": "WEBHOOK_UPDATED", "message": "x", "webhook": {"id": id}}))
                }
                None => missing("WEBHOOK_NOT_FOUND"),
            },
            ("DELETE", ["webhooks", id]) => {
                let before = self.webhooks.len();
                self.webhooks.retain(|it| it["id"] != **id);
                if self.webhooks.len() == before {
                    return missing("WEBHOOK_NOT_FOUND");
                }
                ok(json!({"code": "WEBHOOK_DELETED", "message": "x"}))
            }
            ("GET", ["environment"]) if self.live.is_some() => {
                ok(json!({"code": "OK", "environment": {"code": "x", "name": "X", "is_live": self.live}}))
            }
            ("GET", ["event_types"]) => match &self.event_types {
                Some(types) => {
                    let types: Vec<Value> = types
                        .iter()
                        .map(|code| json!({"id": code, "code": code, "name": code, "origin": "core", "schema": {}}))
                        .collect();
                    ok(json!({"code": "OK", "event_types": types}))
                }
                None => (
                    403,
                    json!({"errors": [{"code": "SCOPE_MISSING", "message": "Scope is missing: read:event_types"}]}),
                ),
            },
            ("GET", ["events", id]) => match self.events.iter().find(|it| it["event_id"] == **id) {
                Some(event) => ok(json!({"code": "OK", "event": event})),
                None => missing("EVENT_NOT_FOUND"),
            },
            _ => self.thing(method, &segments, query, body),
        }
    }

    fn thing(&mut self, method: &str, segments: &[&str], query: &str, body: &Value) -> (u16, Value) {
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let query = |name: &str| pairs.iter().find(|(it, _)| it == name).map(|(_, value)| value.clone());
        let refused = || (400, json!({"errors": {"code": "BAD_REQUEST", "message": "no such thing"}}));
        let add = |world: &mut Self, list: &str, item: Value| world.things.push((list.to_owned(), item));
        match (method, segments) {
            ("POST", ["user"]) => {
                let id = self.id("kp");
                let email = body["identities"][0]["details"]["email"].clone();
                add(self, "users", json!({"id": id, "email": email, "first_name": body["profile"]["given_name"]}));
                (200, json!({"id": id, "created": true, "identities": []}))
            }
            ("POST", ["roles"]) => {
                let id = self.id("role");
                add(self, "roles", json!({"id": id, "name": body["name"], "key": body["key"]}));
                (201, json!({"code": "OK", "role": {"id": id}}))
            }
            ("POST", ["permissions"]) => {
                let id = self.id("permission");
                add(self, "permissions", json!({"id": id, "name": body["name"], "key": body["key"]}));
                (201, json!({"code": "OK", "message": "Success"}))
            }
            ("POST", ["organization"]) => {
                let code = self.id("org");
                add(self, "organizations", json!({"code": code, "name": body["name"]}));
                (200, json!({"code": "OK", "organization": {"code": code}}))
            }
            ("POST", ["subscribers"]) => {
                let id = self.id("subscriber");
                add(self, "subscribers", json!({"id": id, "email": query("email")}));
                (201, json!({"subscriber": {"subscriber_id": id}}))
            }
            ("GET", [list @ ("users" | "roles" | "permissions" | "organizations" | "subscribers")]) => {
                // One a page, so that paging is walked.
                let mut all: Vec<&Value> = self.things.iter().filter(|(of, _)| of == list).map(|(_, it)| it).collect();
                if self.lagging_things > 0 {
                    self.lagging_things -= 1;
                    all.pop();
                }
                let start: usize = query("next_token").map_or(0, |token| token.parse().unwrap());
                let page: Vec<&&Value> = all.iter().skip(start).take(1).collect();
                let next = (start + 1 < all.len()).then(|| (start + 1).to_string());
                (200, json!({"code": "OK", *list: page, "next_token": next}))
            }
            ("PATCH" | "DELETE", [list, rest @ ..]) => {
                let id = rest.first().map(|id| (*id).to_owned()).or_else(|| query("id")).unwrap();
                let of = list.trim_end_matches('s');
                let found = self
                    .things
                    .iter()
                    .position(|(kind, it)| kind.trim_end_matches('s') == of && (it["id"] == *id || it["code"] == *id));
                match found {
                    None => refused(),
                    Some(index) if method == "DELETE" => {
                        self.things.remove(index);
                        (200, json!({"code": "OK", "message": "Success"}))
                    }
                    Some(index) => {
                        for (name, value) in body.as_object().unwrap() {
                            self.things[index].1[name] = value.clone();
                        }
                        (200, json!({"code": "OK", "message": "Success"}))
                    }
                }
            }
            _ => (
                404,
                json!({"errors": {"code": "ROUTE_NOT_FOUND", "message": "The requested API route does not exist"}}),
            ),
        }
    }
}

async fn serve(listener: TcpListener, world: Arc<Mutex<World>>, hanging: Arc<Notify>) {
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        world.lock().unwrap().open += 1;
        let (world, hanging) = (Arc::clone(&world), Arc::clone(&hanging));
        tokio::spawn(async move {
            one(socket, Arc::clone(&world), hanging).await;
            world.lock().unwrap().open -= 1;
        });
    }
}

async fn one(mut socket: TcpStream, world: Arc<Mutex<World>>, hanging: Arc<Notify>) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let (line, body) = loop {
        let read = socket.read(&mut buffer).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .to_lowercase()
            .lines()
            .find_map(|line| line.strip_prefix("content-length:").map(|length| length.trim().parse::<usize>().unwrap()))
            .unwrap_or(0);
        if body.len() >= length {
            break (head.lines().next().unwrap().to_owned(), body.to_owned());
        }
    };
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    if path == "/oauth2/token" {
        let scope = world.lock().unwrap().scope.clone();
        let token = json!({"access_token": token(&scope), "expires_in": 3600, "token_type": "bearer", "scope": scope});
        return say(&mut socket, 200, &token).await;
    }
    let fault = {
        let mut world = world.lock().unwrap();
        let number = world.seen.len();
        world.seen.push(format!("{method} {target} {body}").trim_end().to_owned());
        let hit = |fault: &Fault| number == fault.at || (fault.to_the_end && number > fault.at);
        world.faults.iter().copied().find(hit).map(|fault| fault.how)
    };
    let body: Value = serde_json::from_str(&body).unwrap_or(Value::Null);
    let done = |world: &Mutex<World>| world.lock().unwrap().answer(&method, path, query, &body);
    match fault {
        None => {
            let (status, answer) = done(&world);
            say(&mut socket, status, &answer).await;
        }
        Some(How::Status(status)) => {
            let error = json!({"errors": {"code": "INJECTED", "message": "as the test asked"}});
            say(&mut socket, status, &error).await;
        }
        Some(How::Cut) => {}
        Some(How::CutAfter) => drop(done(&world)),
        Some(How::Late) => {
            let (path, query) = (path.to_owned(), query.to_owned());
            world.lock().unwrap().late.push((method.clone(), path, query, body));
        }
        Some(How::ErrorAfter) => {
            done(&world);
            say(&mut socket, 502, &Value::Null).await;
        }
        Some(how @ (How::Hang | How::HangAfter)) => {
            if how == How::HangAfter {
                done(&world);
            }
            hanging.notify_one();
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
    }
}

async fn say(socket: &mut TcpStream, status: u16, body: &Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let slow = if status == 429 { "ratelimit-reset: 1\r\n" } else { "" };
    let answer = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n{slow}\r\n{body}",
        body.len()
    );
    socket.write_all(answer.as_bytes()).await.ok();
}

/// A JWT whose claims name the scopes; nobody checks its signature here. Without scopes it is opaque.
fn token(scope: &str) -> String {
    use base64::Engine as _;
    if scope.is_empty() {
        return "opaque".to_owned();
    }
    let part = |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.x", part(json!({"alg": "RS256"})), part(json!({"scope": scope, "exp": 4_000_000_000_u64})))
}
