//! `listen` as a process: the lines, the exit codes, forwards, a clean end, and what a killed one leaves.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may stop at the first surprise"
)]

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, RsaKeyPair};
use base64::Engine as _;
use kinde_panel::jwt::encode_base64url as b64;
use kinde_panel::store::attempts::{Attempts, Filter};
use kinde_panel::tenant::SANDBOX_PROFILE;
use serde_json::{Value, json};

fn command(dir: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinde-panel"));
    command.arg("--data-dir").arg(dir).args(words).stdin(Stdio::null());
    for name in ["KINDE_DOMAIN", "KINDE_MANAGEMENT_CLIENT_ID", "KINDE_MANAGEMENT_CLIENT_SECRET"] {
        command.env_remove(name);
    }
    command.env_remove("DBUS_SESSION_BUS_ADDRESS");
    command
}

fn run(dir: &Path, words: &[&str]) -> Output {
    command(dir, words).output().unwrap()
}

struct Listening {
    child: Child,
    out: BufReader<ChildStdout>,
    /// Host and port, and the path.
    at: (String, String),
}

impl Listening {
    fn start(dir: &Path, more: &[&str]) -> Self {
        let mut child = command(dir, &[&["--json", "listen"], more].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let ready = line(&mut out);
        let url = ready["ready"]["url"].as_str().unwrap().to_owned();
        assert_eq!(ready, json!({"ready": {"url": url, "public": null, "webhook": null}}));
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        assert!(host.starts_with("127.0.0.1:") && path.len() > 30, "{url}");
        Self { child, out, at: (host.to_owned(), format!("/{path}")) }
    }

    fn event(&mut self) -> Value {
        line(&mut self.out)["event"].clone()
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").arg(name).arg(self.child.id().to_string()).status().unwrap().success());
    }

    /// How it ended by itself.
    fn end(mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Listening {
    /// A test that fails leaves no process behind.
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn line(out: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line:?}"))
}

/// POSTs and answers the status; `None` where nothing came back.
fn post(at: &(String, String), webhook_id: &str, body: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(&at.0).ok()?;
    let length = body.len();
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/jwt\r\nwebhook-id: {webhook_id}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n",
        at.1, at.0
    );
    stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

/// Signs with the sandbox's own key.
struct Signer {
    pair: RsaKeyPair,
    kid: String,
}

impl Signer {
    fn of(dir: &Path) -> Self {
        let sandbox = dir.join("sandbox");
        std::fs::create_dir_all(&sandbox).unwrap();
        let facts = kinde_panel::sandbox::facts(&sandbox).unwrap();
        let jwks: Value = serde_json::from_str(&facts.jwks).unwrap();
        let pem = std::fs::read_to_string(sandbox.join("signing-key.pem")).unwrap();
        let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
        Self { pair: RsaKeyPair::from_pkcs8(&der).unwrap(), kid: jwks["keys"][0]["kid"].as_str().unwrap().to_owned() }
    }

    fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "RS256", "kid": self.kid, "typ": "JWT"}).to_string();
        let signed = format!("{}.{}", b64(header.as_bytes()), b64(claims.to_string().as_bytes()));
        let mut bytes = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut bytes).unwrap();
        format!("{signed}.{}", b64(&bytes))
    }
}

fn event(id: &str, user: &str) -> Value {
    json!({
        "data": {"user": {"id": user, "email": "ada@example.com"}}, "event_id": id, "source": "admin",
        "timestamp": jiff::Timestamp::now().to_string(), "type": "user.created"
    })
}

#[test]
fn each_attempt_is_answered_kept_judged_and_told_in_the_shape_of_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let signer = Signer::of(dir.path());
    let mut listening = Listening::start(dir.path(), &["--respond", "202"]);
    let token = signer.sign(&event("event_1", "kp_1"));
    assert_eq!(post(&listening.at, "w1", &token), Some(202));
    let first = listening.event();
    let sha = kinde_panel::store::attempts::sha256_hex(token.as_bytes());
    assert_eq!(
        first,
        json!({
            "seq": 1, "received_at": first["received_at"], "webhook_id": "w1", "attempt": 1, "duplicate": "no",
            "type": "user.created", "event_id": "event_1", "verdict": "verified", "failed": null, "body_sha256": sha,
            "responded": 202, "forwarded": []
        })
    );
    let other = signer.sign(&event("event_2", "kp_2"));
    let forged = format!("{}.{}", other.rsplit_once('.').unwrap().0, token.rsplit_once('.').unwrap().1);
    for (webhook, body, duplicate, attempt, verdict, failed) in [
        ("w1", token.clone(), "retry", 2, "verified", Value::Null),
        ("w2", token.clone(), "repeat", 1, "verified", Value::Null),
        ("w1", signer.sign(&event("event_1", "kp_2")), "conflict", 3, "verified", json!("duplicate")),
        ("w3", "hello".to_owned(), "no", 1, "unreadable", json!("envelope")),
        ("w4", forged.clone(), "", 1, "not_verified", json!("signature")),
    ] {
        assert_eq!(post(&listening.at, webhook, &body), Some(202));
        let told = listening.event();
        assert_eq!((&told["attempt"], &told["verdict"]), (&json!(attempt), &json!(verdict)), "{told}");
        assert_eq!(told["failed"], failed, "{told}");
        assert!(duplicate.is_empty() || told["duplicate"] == duplicate, "{told}");
    }
    listening.signal("-TERM");
    let begun = Instant::now();
    assert_eq!(listening.end(), 0);
    assert!(begun.elapsed() < Duration::from_secs(5), "the contract says a second; a loaded machine is given more");
}

#[test]
fn count_ends_it_with_the_worst_of_what_came() {
    let dir = tempfile::tempdir().unwrap();
    let signer = Signer::of(dir.path());
    for (body, exit) in [(signer.sign(&event("event_1", "kp_1")), 0), ("nothing".to_owned(), 1)] {
        let mut listening = Listening::start(dir.path(), &["--count", "1"]);
        assert_eq!(post(&listening.at, "w", &body), Some(200));
        listening.event();
        assert_eq!(listening.end(), exit);
    }
}

#[test]
fn an_access_token_is_judged_once_and_neither_kept_whole_nor_forwarded() {
    let dir = tempfile::tempdir().unwrap();
    let signer = Signer::of(dir.path());
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    sink.set_nonblocking(true).unwrap();
    let url = format!("http://{}/hook", sink.local_addr().unwrap());
    let token = signer.sign(
        &json!({"scp": ["openid"], "azp": "x", "sub": "kp_1", "iss": "http://127.0.0.1:1", "exp": 9_999_999_999_i64}),
    );
    let mut listening = Listening::start(dir.path(), &["--count", "1", "--forward", &url]);
    assert_eq!(post(&listening.at, "w", &token), Some(200));
    let told = listening.event();
    assert_eq!((&told["verdict"], &told["failed"]), (&json!("verified"), &json!("claims")), "{told}");
    assert_eq!(told["forwarded"], json!([]));
    assert_eq!(listening.end(), 1);
    assert!(sink.accept().is_err());
    let canary = token.rsplit('.').next().unwrap().as_bytes().to_vec();
    for file in ["history.db", "history.db-wal"] {
        let bytes = std::fs::read(dir.path().join(file)).unwrap_or_default();
        assert!(!bytes.windows(canary.len()).any(|window| window == canary), "{file}");
    }
}

#[test]
fn a_forward_is_told_with_what_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let signer = Signer::of(dir.path());
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    let good = format!("http://{}/hook", sink.local_addr().unwrap());
    let closed = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/none", free.local_addr().unwrap())
    };
    let served = std::thread::spawn(move || {
        let (mut stream, _) = sink.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = text.trim().parse().unwrap();
            }
            head.push_str(&line);
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n").unwrap();
        (head, String::from_utf8(body).unwrap())
    });
    let mut listening = Listening::start(dir.path(), &["--count", "1", "--forward", &good, "--forward", &closed]);
    let token = signer.sign(&event("event_1", "kp_1"));
    assert_eq!(post(&listening.at, "w9", &token), Some(200));
    let told = listening.event();
    let on = &told["forwarded"];
    assert_eq!((&on[0]["url"], &on[0]["status"], &on[0]["error"]), (&json!(good), &json!(201), &Value::Null));
    assert_eq!((&on[1]["url"], &on[1]["status"]), (&json!(closed), &Value::Null));
    assert!(on[1]["error"].is_string() && on[0]["ms"].is_u64(), "{told}");
    let (head, body) = served.join().unwrap();
    assert_eq!(body, token);
    assert!(head.to_ascii_lowercase().contains("webhook-id: w9\r\n"), "{head}");
}

#[test]
fn unusable_words_are_exit_2_and_a_taken_port_is_exit_3() {
    let dir = tempfile::tempdir().unwrap();
    for words in [
        &["listen", "--respond", "99"][..],
        &["listen", "--count", "0"],
        &["listen", "--forward", "http://192.168.1.1/"],
        &["listen", "--forward", "http://169.254.169.254/"],
        &["listen", "--domain", "not a domain"],
        &["listen", "--public", "ngrok"],
        &["listen", "--register"],
    ] {
        let output = run(dir.path(), &[&["--json"], words].concat());
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["error"].is_object());
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    assert_eq!(run(dir.path(), &["--json", "listen", "--port", &port]).status.code(), Some(3));
}

/// How often the process is killed: `tests/run --long kill_ingest` says 1,000.
fn kills() -> u64 {
    std::env::var("KINDE_PANEL_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(50)
}

#[test]
fn of_a_process_that_is_killed_no_acknowledged_attempt_is_lost_and_none_is_invented() {
    let dir = tempfile::tempdir().unwrap();
    Signer::of(dir.path());
    let sent: Arc<Mutex<HashSet<String>>> = Arc::default();
    let acknowledged: Arc<Mutex<HashSet<String>>> = Arc::default();
    let next = Arc::new(AtomicU64::new(0));
    for round in 0..kills() {
        let mut listening = Listening::start(dir.path(), &[]);
        let stop = Arc::new(AtomicBool::new(false));
        let senders: Vec<_> = (0..4)
            .map(|_| {
                let (at, stop, next) = (listening.at.clone(), Arc::clone(&stop), Arc::clone(&next));
                let (sent, acknowledged) = (Arc::clone(&sent), Arc::clone(&acknowledged));
                std::thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        let id = format!("body {}", next.fetch_add(1, Ordering::Relaxed));
                        sent.lock().unwrap().insert(id.clone());
                        if post(&at, &id, &id) == Some(200) {
                            acknowledged.lock().unwrap().insert(id);
                        }
                    }
                })
            })
            .collect();
        // At least one is acknowledged in each round; then at another moment of the work each time.
        let before = acknowledged.lock().unwrap().len();
        while acknowledged.lock().unwrap().len() == before {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_micros(round * 7919 % 40_000));
        listening.child.kill().unwrap();
        listening.child.wait().unwrap();
        stop.store(true, Ordering::Relaxed);
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    }
    let kept: HashSet<String> = tokio::runtime::Runtime::new().unwrap().block_on(async {
        let attempts = Attempts::open(&dir.path().join("history.db")).unwrap();
        let rows = attempts.page(&SANDBOX_PROFILE.to_string(), Filter::default()).await.unwrap();
        rows.into_iter().map(|row| row.webhook_id.unwrap()).collect()
    });
    let (sent, acknowledged) = (sent.lock().unwrap(), acknowledged.lock().unwrap());
    assert!(acknowledged.len() as u64 >= kills());
    assert_eq!(acknowledged.difference(&kept).count(), 0, "lost, of {}", acknowledged.len());
    assert_eq!(kept.difference(&sent).count(), 0, "invented");
    let check: String = rusqlite::Connection::open(dir.path().join("history.db"))
        .unwrap()
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
}
