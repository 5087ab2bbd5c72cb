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
use kinde_panel::store::DataDir;
use kinde_panel::store::attempts::{Attempts, Filter};
use kinde_panel::tenant::{Profiles, SANDBOX_PROFILE};
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
        Self::of(command(dir, &[&["--json", "listen"], more].concat()))
    }

    fn of(command: Command) -> Self {
        Self::with(command, Stdio::null())
    }

    fn with(mut command: Command, stderr: Stdio) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
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

/// The next connection; a test that waits for one in vain ends all the same.
fn accepted(sink: &TcpListener) -> TcpStream {
    sink.set_nonblocking(true).unwrap();
    let begun = Instant::now();
    loop {
        match sink.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).unwrap();
                return stream;
            }
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
                assert!(begun.elapsed() < Duration::from_secs(20), "nothing came");
                std::thread::yield_now();
            }
        }
    }
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
        &["listen", "--respond", "600"],
        &["listen", "--respond", "ok"],
        &["listen", "--count", "0"],
        &["listen", "--port", "70000"],
        &["listen", "--forward", "localhost:3000/hook"],
        &["listen", "--forward", "http://user:password@localhost/"],
        &["listen", "--domain", "https://acme.kinde.com", "--jwks", "keys.json"],
        &["listen", "--forward", "http://192.168.1.1/"],
        &["listen", "--forward", "http://169.254.169.254/"],
        &["listen", "--domain", "not a domain"],
        &["listen", "--public", "ngork"],
        &["listen", "--event", "user.created"],
    ] {
        let output = run(dir.path(), &[&["--json"], words].concat());
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["error"].is_object());
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(dir.path(), &["--json", "listen", "--port", &port]);
    assert_eq!(output.status.code(), Some(3));
    let told = serde_json::from_slice::<Value>(&output.stdout).unwrap()["error"].clone();
    assert!(told["category"] == "network" && told["detail"].as_str().unwrap().contains(&port), "{told}");
}

/// Whether it ended by itself on Ctrl-C. After a second it is cut off, which is no clean end, and it says so.
fn ended_by_itself(mut listening: Listening) -> bool {
    let mut stderr = listening.child.stderr.take().unwrap();
    listening.signal("-INT");
    assert_eq!(listening.end(), 0);
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    !said.contains("still under way")
}

/// A machine that is busy for a second may cut off what ends by itself, but not three times.
fn once_of_three(once: impl Fn() -> bool) -> bool {
    (0..3).any(|_| once())
}

#[test]
fn ctrl_c_ends_it_with_exit_0_though_a_sender_a_forward_and_an_idle_connection_hang() {
    let once = || {
        let dir = tempfile::tempdir().unwrap();
        Signer::of(dir.path());
        // Takes connections and never answers.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", silent.local_addr().unwrap());
        let command = command(dir.path(), &["--json", "listen", "--forward", &url]);
        let listening = Listening::with(command, Stdio::piped());
        let mut slow = TcpStream::connect(&listening.at.0).unwrap();
        slow.write_all(b"POST /").unwrap();
        let _idle = TcpStream::connect(&listening.at.0).unwrap();
        assert_eq!(post(&listening.at, "w1", "hello"), Some(200));
        let _forward = accepted(&silent);
        let by_itself = ended_by_itself(listening);
        let kept = tokio::runtime::Runtime::new().unwrap().block_on(async {
            let attempts = Attempts::open(&dir.path().join("history.db")).unwrap();
            attempts.page(&SANDBOX_PROFILE.to_string(), Filter::default()).await.unwrap().len()
        });
        assert_eq!(kept, 1, "what was acknowledged is kept");
        by_itself
    };
    assert!(once_of_three(once));
}

#[test]
fn a_tenant_that_does_not_answer_for_its_keys_keeps_no_sender_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let signer = Signer::of(dir.path());
    let keys = TcpListener::bind("127.0.0.1:0").unwrap();
    let domain = format!("http://{}", keys.local_addr().unwrap());
    let mut listening = Listening::start(dir.path(), &["--count", "3", "--domain", &domain]);
    for number in 0..3 {
        let token = signer.sign(&event(&format!("event_{number}"), "kp_1"));
        assert_eq!(post(&listening.at, &format!("w{number}"), &token), Some(200));
    }
    // All are answered before the tenant has said a word.
    let facts = kinde_panel::sandbox::facts(&dir.path().join("sandbox")).unwrap();
    let mut tenant = accepted(&keys);
    let _read = tenant.read(&mut [0; 4096]).unwrap();
    let length = facts.jwks.len();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    tenant.write_all(format!("{head}{}", facts.jwks).as_bytes()).unwrap();
    for _ in 0..3 {
        let told = listening.event();
        assert_eq!((&told["verdict"], &told["responded"]), (&json!("verified"), &json!(200)), "{told}");
    }
}

#[test]
fn what_came_with_a_new_key_is_judged_again_once_the_tenant_may_be_asked_though_webhooks_never_cease() {
    let dir = tempfile::tempdir().unwrap();
    let signer = Signer::of(dir.path());
    let new = kinde_panel::sandbox::facts(&dir.path().join("sandbox")).unwrap().jwks;
    let old = new.replace(&signer.kid, "of before");
    let keys = TcpListener::bind("127.0.0.1:0").unwrap();
    let domain = format!("http://{}", keys.local_addr().unwrap());
    // The second time that it is asked, the key was exchanged.
    std::thread::spawn(move || {
        for set in std::iter::once(old).chain(std::iter::repeat(new)) {
            let (mut asked, _) = keys.accept().unwrap();
            let _read = asked.read(&mut [0; 4096]).unwrap();
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
            asked.write_all(format!("{head}\r\ncontent-length: {}\r\n\r\n{set}", set.len()).as_bytes()).unwrap();
        }
    });
    let mut listening = Listening::start(dir.path(), &["--domain", &domain]);
    let send = |listening: &Listening, number: u32| {
        let token = signer.sign(&event(&format!("event_{number}"), "kp_1"));
        assert_eq!(post(&listening.at, &format!("w{number}"), &token), Some(200));
    };
    send(&listening, 0);
    assert_eq!(listening.event()["verdict"], "unknown_key");
    let began = Instant::now();
    let verdict_of_the_first = || {
        let history = rusqlite::Connection::open(dir.path().join("history.db")).unwrap();
        history.query_row("SELECT verdict FROM attempts WHERE seq = 1", [], |row| row.get::<_, String>(0)).unwrap()
    };
    let mut number = 0;
    loop {
        // Never a second of quiet.
        for _ in 0..4 {
            number += 1;
            send(&listening, number);
            std::thread::sleep(Duration::from_millis(400));
        }
        if verdict_of_the_first() == "verified" {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it is still not judged");
    }
}

#[test]
fn ctrl_c_ends_it_while_the_tenant_is_asked_for_its_keys() {
    let once = || {
        let dir = tempfile::tempdir().unwrap();
        let signer = Signer::of(dir.path());
        let keys = TcpListener::bind("127.0.0.1:0").unwrap();
        let domain = format!("http://{}", keys.local_addr().unwrap());
        let command = command(dir.path(), &["--json", "listen", "--domain", &domain]);
        let listening = Listening::with(command, Stdio::piped());
        assert_eq!(post(&listening.at, "w1", &signer.sign(&event("event_1", "kp_1"))), Some(200));
        // It is never answered, and a tenant is given five seconds, twice.
        let _asked = accepted(&keys);
        ended_by_itself(listening)
    };
    assert!(once_of_three(once));
}

#[test]
fn a_failed_forward_is_explained_once_with_the_change_that_mends_it() {
    let dir = tempfile::tempdir().unwrap();
    Signer::of(dir.path());
    let profiles = Profiles::of(&DataDir::open(dir.path()).unwrap());
    profiles.update(SANDBOX_PROFILE, |profile| profile.framework = Some("express".to_owned())).unwrap();
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api/hook", sink.local_addr().unwrap());
    std::thread::spawn(move || {
        loop {
            let mut stream = accepted(&sink);
            let _read = stream.read(&mut [0; 4096]).unwrap();
            let said = "HTTP/1.1 500 x\r\nconnection: close\r\n\r\n<pre>JsonWebTokenError: jwt must be provided<br>";
            stream.write_all(said.as_bytes()).unwrap();
        }
    });
    let command = command(dir.path(), &["--json", "listen", "--count", "2", "--forward", &url]);
    let mut listening = Listening::with(command, Stdio::piped());
    let mut stderr = listening.child.stderr.take().unwrap();
    for _ in 0..2 {
        assert_eq!(post(&listening.at, "w1", "hello"), Some(200));
        assert_eq!(listening.event()["forwarded"][0]["status"], 500);
    }
    assert_eq!(listening.end(), 1);
    let mut told = String::new();
    stderr.read_to_string(&mut told).unwrap();
    assert_eq!(told.matches("expects application/json").count(), 1, "{told}");
    assert!(told.contains("\n    +app.post(\"/api/webhook\", express.text("), "{told}");
}

#[test]
fn a_path_without_a_handler_is_shown_beside_the_one_that_answered_and_a_replay_is_told_from_a_forward() {
    let dir = tempfile::tempdir().unwrap();
    Signer::of(dir.path());
    let profiles = Profiles::of(&DataDir::open(dir.path()).unwrap());
    profiles.update(SANDBOX_PROFILE, |profile| profile.framework = Some("nextjs".to_owned())).unwrap();
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("http://{}", sink.local_addr().unwrap());
    std::thread::spawn(move || {
        loop {
            let mut stream = accepted(&sink);
            let mut head = [0; 4096];
            let read = stream.read(&mut head).unwrap();
            let right = String::from_utf8_lossy(&head[..read]).starts_with("POST /hooks/kinde ");
            let status = if right { "200 OK" } else { "404 Not Found" };
            let head = "set-cookie: session=canary-0123456789\r\ncontent-type: text/plain\r\nconnection: close";
            stream.write_all(format!("HTTP/1.1 {status}\r\n{head}\r\n\r\nan answer").as_bytes()).unwrap();
        }
    });
    let (right, wrong) = (format!("{host}/hooks/kinde"), format!("{host}/api/hook"));
    let mut told = String::new();
    for url in [&right, &wrong] {
        let command = command(dir.path(), &["--json", "listen", "--count", "1", "--forward", url]);
        let mut listening = Listening::with(command, Stdio::piped());
        let mut stderr = listening.child.stderr.take().unwrap();
        assert_eq!(post(&listening.at, "w1", "hello"), Some(200));
        assert_eq!(listening.event()["forwarded"][0]["url"], json!(url));
        listening.end();
        stderr.read_to_string(&mut told).unwrap();
    }
    for line in [
        "sent /api/hook, and it answered 200 at /hooks/kinde before",
        "\n    Sent to           /api/hook           wants app/api/hook/route.ts, which exports POST\n",
        "\n    Answered before   /hooks/kinde        200 there\n",
        "\n    Usual in Next.js  /api/kinde-webhook  is app/api/kinde-webhook/route.ts\n",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let replayed = run(dir.path(), &["events", "replay", "2", "--to", &right]);
    assert_eq!(replayed.status.code(), Some(0));
    let said = String::from_utf8(replayed.stdout).unwrap();
    assert!(said.contains(&format!("Attempt 2 → replay 1 {right}  200")), "{said}");
    let show = |words: &[&str]| String::from_utf8(run(dir.path(), words).stdout).unwrap();
    let shown: Value = serde_json::from_str(&show(&["--json", "events", "show", "2"])).unwrap();
    let forwarded = &shown["event"]["forwarded"];
    assert_eq!((forwarded[0].get("replay"), &forwarded[1]["replay"]), (None, &json!(1)), "{forwarded}");
    let answers = shown["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 2);
    assert_eq!((&answers[0]["body"], &answers[0]["checks"][0]["name"]), (&json!("an answer"), &json!("path")));
    assert_eq!(answers[1]["headers"][1], json!(["content-type", "text/plain"]));
    let people = show(&["events", "show", "2"]);
    for words in ["\n  content-type: text/plain", "\n  an answer", "Answered before", "→ replay 1 "] {
        assert!(people.contains(words), "{words}: {people}");
    }
    assert!(!people.contains("canary") && !shown.to_string().contains("canary"), "a cookie is a secret");
    // Elsewhere it is the same again, answers too.
    let file = dir.path().join("out.ndjson").display().to_string();
    let other = tempfile::tempdir().unwrap();
    assert_eq!(run(dir.path(), &["events", "export", &file]).status.code(), Some(0));
    assert_eq!(run(other.path(), &["events", "import", &file]).status.code(), Some(0));
    let again = String::from_utf8(run(other.path(), &["--json", "events", "show", "2"]).stdout).unwrap();
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["answers"][1]["body"], json!("an answer"));
    assert_eq!(again["event"]["forwarded"], shown["event"]["forwarded"]);
}

#[test]
fn several_forwards_are_made_at_once_and_told_in_their_order_and_no_proxy_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    Signer::of(dir.path());
    let sinks: Vec<TcpListener> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let urls: Vec<String> = sinks.iter().map(|sink| format!("http://{}/hook", sink.local_addr().unwrap())).collect();
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let words =
        ["--json", "listen", "--count", "1", "--forward", &urls[0], "--forward", &urls[1], "--forward", &urls[2]];
    let mut command = command(dir.path(), &words);
    command.env("http_proxy", format!("http://{}", proxy.local_addr().unwrap())).env_remove("no_proxy");
    let mut listening = Listening::of(command);
    assert_eq!(post(&listening.at, "w1", "hello"), Some(200));
    // All three are there before the first of them is answered.
    let mut streams: Vec<TcpStream> = sinks.iter().map(accepted).collect();
    for (stream, status) in streams.iter_mut().zip([404, 200, 500]).rev() {
        let mut read = [0; 4096];
        let _read = stream.read(&mut read).unwrap();
        stream.write_all(format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n").as_bytes()).unwrap();
    }
    let told = listening.event();
    let on: Vec<(Value, Value)> =
        told["forwarded"].as_array().unwrap().iter().map(|on| (on["url"].clone(), on["status"].clone())).collect();
    assert_eq!(
        on,
        [404, 200, 500]
            .map(|status| json!(status))
            .into_iter()
            .enumerate()
            .map(|(at, status)| (json!(urls[at]), status))
            .collect::<Vec<_>>()
    );
    assert!(proxy.accept().is_err(), "a proxy was asked");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_answered_503_and_200_again_once_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let small = dir.path().join("small");
    std::fs::create_dir(&small).unwrap();
    let script = "mount -t tmpfs -o size=3m tmpfs \"$1\" && shift 1 && exec \"$@\"";
    let wrapped = |words: &[&str]| {
        let own = command(&small, words);
        let mut wrapped = Command::new("unshare");
        wrapped.args(["-rm", "sh", "-c", script, "sh"]).arg(&small).arg(own.get_program()).args(own.get_args());
        wrapped.stdin(Stdio::null()).env_remove("DBUS_SESSION_BUS_ADDRESS");
        wrapped
    };
    let able = Command::new("unshare").args(["-rm", "sh", "-c", "mount -t tmpfs tmpfs \"$0\""]).arg(&small).output();
    if !able.is_ok_and(|output| output.status.success()) {
        // This machine lets nobody mount anything: its full disk cannot be had.
        return;
    }
    let mut listening = Listening::of(wrapped(&["--json", "listen"]));
    assert_eq!(post(&listening.at, "w1", "before"), Some(200));
    // The file system of the process, seen from outside.
    let inside = std::path::PathBuf::from(format!("/proc/{}/root{}", listening.child.id(), small.display()));
    let filler = inside.join("filler");
    std::fs::write(&filler, vec![1; 8 << 20]).unwrap_err();
    let big = "x".repeat(200_000);
    let answers: Vec<_> = (0..3).map(|at| post(&listening.at, &format!("w{at}"), &format!("{at}{big}"))).collect();
    assert_eq!(answers, [Some(503); 3]);
    std::fs::remove_file(&filler).unwrap();
    assert_eq!(post(&listening.at, "w9", &big), Some(200), "and nothing has to be started again");
    for webhook in ["w1", "w9"] {
        assert_eq!(listening.event()["webhook_id"], webhook);
    }
    listening.signal("-TERM");
    assert_eq!(listening.end(), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn ten_megabytes_from_forty_senders_at_once_take_little_memory() {
    let dir = tempfile::tempdir().unwrap();
    Signer::of(dir.path());
    let listening = Listening::start(dir.path(), &[]);
    assert_eq!(post(&listening.at, "w", "hello"), Some(200));
    let at = listening.at.clone();
    let senders: Vec<_> = (0..40)
        .map(|_| {
            let at = at.clone();
            std::thread::spawn(move || post(&at, "w", &"x".repeat(10 << 20)))
        })
        .collect();
    for sender in senders {
        // It is refused before all of it was sent: some senders see the answer, some only that it is over.
        assert!(matches!(sender.join().unwrap(), Some(413) | None));
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", listening.child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 200_000, "{peak} kB; forty bodies of ten megabytes are 400,000");
    assert_eq!(post(&listening.at, "w", "hello"), Some(200));
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
