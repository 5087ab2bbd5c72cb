//! `listen --public` as a process: an address by hand, ngrok and cloudflared by stand-ins that speak their documented
//! interfaces, and what is refused. localtunnel's real server is in `tests/localtunnel`.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may stop at the first surprise"
)]

mod stand_in;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};
use stand_in::{cloudflared, serve};

fn command(dir: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinde-panel"));
    command.arg("--data-dir").arg(dir).arg("--json").args(words).stdin(Stdio::null());
    for name in [
        "KINDE_DOMAIN",
        "KINDE_MANAGEMENT_CLIENT_ID",
        "KINDE_MANAGEMENT_CLIENT_SECRET",
        "KINDE_PANEL_NGROK",
        "KINDE_PANEL_LOCALTUNNEL",
        "DBUS_SESSION_BUS_ADDRESS",
    ] {
        command.env_remove(name);
    }
    command
}

fn run(command: &mut Command) -> (Output, Value) {
    let output = command.output().unwrap();
    let value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output, value)
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

struct Listening {
    child: Child,
    out: BufReader<ChildStdout>,
    ready: Value,
}

impl Listening {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let ready = line(&mut out)["ready"].clone();
        Self { child, out, ready }
    }

    fn public(&self) -> &str {
        self.ready["public"].as_str().unwrap()
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").arg(name).arg(self.child.id().to_string()).status().unwrap().success());
    }

    fn end(mut self) -> i32 {
        self.signal("-TERM");
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

fn post(url: &str, body: &str) -> u16 {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    let head = format!(
        "POST /{path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/jwt\r\nwebhook-id: w1\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

fn events(dir: &Path) -> Vec<Value> {
    let output = command(dir, &["events", "list"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].clone()).collect()
}

#[test]
fn an_address_by_hand_is_in_the_ready_line_after_its_test_and_the_test_is_no_event() {
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let (public, port) = (format!("http://localhost:{port}"), port.to_string());
    let mut listening = Listening::start(command(dir.path(), &["listen", "--port", &port, "--public", &public]));
    let url = listening.ready["url"].as_str().unwrap();
    let path = url.strip_prefix(&format!("http://127.0.0.1:{port}")).unwrap();
    assert_eq!(listening.ready, json!({"url": url, "public": format!("{public}{path}"), "webhook": null}));
    assert_eq!(post(listening.public(), "hello"), 200);
    assert_eq!(line(&mut listening.out)["event"]["seq"], 1, "the self-test took no number");
    assert_eq!(listening.end(), 0);
    assert_eq!(events(dir.path()).len(), 1);
}

#[test]
fn what_is_no_address_exits_2_and_one_that_leads_elsewhere_exits_3_with_the_fix() {
    let dir = tempfile::tempdir().unwrap();
    for word in ["ngork", "dev.example.com", "https://a:b@c.example/", ""] {
        let (output, value) = run(&mut command(dir.path(), &["listen", "--public", word]));
        assert_eq!((output.status.code(), &value["error"]["category"]), (Some(2), &json!("input")), "{word}: {value}");
    }
    let elsewhere = serve(|_, _| (200, "It works!".to_owned()));
    let closed = free_port();
    for (public, words) in [
        (format!("http://{elsewhere}"), "have the tunnel forward to 127.0.0.1:"),
        (format!("http://127.0.0.1:{closed}"), "start it again"),
        ("https://kinde-panel-no-such.invalid/hook".to_owned(), "start it again"),
    ] {
        let begun = Instant::now();
        let (output, value) = run(&mut command(dir.path(), &["listen", "--public", &public]));
        assert_eq!(
            (output.status.code(), &value["error"]["category"]),
            (Some(3), &json!("network")),
            "{public}: {value}"
        );
        assert!(value["error"]["hint"].as_str().unwrap().contains(words), "{public}: {value}");
        assert!(begun.elapsed() < Duration::from_secs(45));
    }
    assert!(events(dir.path()).is_empty());
}

#[test]
fn ngroks_endpoint_is_adopted_with_its_port_and_what_it_captured_before_is_kept_and_marked() {
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let body = "eyJhbGciOiJSUzI1NiJ9.eyJ0eXBlIjoidXNlci5jcmVhdGVkIiwiZXZlbnRfaWQiOiJldmVudF8xIiwiZGF0YSI6eyJ1c2VyIjp7ImlkIjoia3BfMSJ9fSwidGltZXN0YW1wIjoidCJ9.c2ln";
    let raw = format!("POST /api/hook HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let raw = base64::engine::general_purpose::STANDARD.encode(raw);
    let agent = serve(move |what, _| match what.split('?').next().unwrap() {
        "GET /api/endpoints" => {
            let endpoint = json!({"name": "command_line", "url": format!("http://127.0.0.1:{port}"),
                "upstream": {"url": format!("http://localhost:{port}"), "protocol": "http1"}});
            (200, json!({"endpoints": [endpoint]}).to_string())
        }
        "GET /api/requests/http" => {
            let one = json!({"id": "1", "tunnel_name": "command_line", "start": "2026-11-24T09:00:00Z",
                "request": {"method": "POST", "uri": "/api/hook", "raw": raw,
                    "headers": {"Content-Type": ["application/jwt"], "Webhook-Id": ["w0"]}},
                "response": {"status_code": 502}});
            (200, json!({"requests": [one]}).to_string())
        }
        _ => (404, String::new()),
    });
    let mut command = command(dir.path(), &["listen", "--public", "ngrok"]);
    command.env("KINDE_PANEL_NGROK", format!("http://{agent}"));
    let mut listening = Listening::start(command);
    assert!(listening.public().starts_with(&format!("http://127.0.0.1:{port}/k/")), "{}", listening.ready);
    assert_eq!(listening.ready["url"], listening.ready["public"], "the receiver took the port that ngrok forwards to");
    let begun = Instant::now();
    while events(dir.path()).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20), "nothing was kept");
    }
    assert_eq!(post(listening.public(), "hello"), 200);
    assert_eq!(line(&mut listening.out)["event"]["webhook_id"], "w1", "a line for what arrives here alone");
    let rescued = events(dir.path()).pop().unwrap();
    assert_eq!((&rescued["webhook_id"], &rescued["responded"]), (&json!("w0"), &json!(502)), "{rescued}");
    assert_eq!((&rescued["type"], &rescued["received_at"]), (&json!("user.created"), &json!("2026-11-24T09:00:00Z")));
    assert_eq!(listening.end(), 0);
    let file = dir.path().join("all.ndjson");
    assert!(self::command(dir.path(), &["events", "export", file.to_str().unwrap()]).status().unwrap().success());
    assert_eq!(std::fs::read_to_string(file).unwrap().matches(r#""via":"ngrok""#).count(), 1);
}

#[test]
fn without_an_agent_or_the_program_it_says_what_to_start_or_install() {
    let dir = tempfile::tempdir().unwrap();
    let mut ngrok = command(dir.path(), &["listen", "--public", "ngrok", "--port", &free_port().to_string()]);
    let (output, value) = run(ngrok.env("KINDE_PANEL_NGROK", format!("http://127.0.0.1:{}", free_port())));
    assert_eq!(output.status.code(), Some(3));
    assert!(value["error"]["hint"].as_str().unwrap().contains("ngrok http 127.0.0.1:"), "{value}");
    let mut cloudflared = command(dir.path(), &["listen", "--public", "cloudflared"]);
    let (output, value) = run(cloudflared.env("PATH", dir.path()));
    assert_eq!((output.status.code(), &value["error"]["title"]), (Some(3), &json!("cloudflared is not installed")));
}

/// A cloudflared whose metrics name the receiver itself, as soon as the program has been told where that is.
fn running_cloudflared(dir: &Path) -> Command {
    let bin = dir.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let words = bin.join("words");
    let metrics = serve(move |what, _| match what {
        "GET /quicktunnel" => {
            let told = std::fs::read_to_string(&words).unwrap();
            (200, json!({"hostname": told.lines().last().unwrap()}).to_string())
        }
        "GET /ready" => (200, "{}".to_owned()),
        _ => (404, String::new()),
    });
    let line = format!("2026-11-24T10:00:00Z INF Starting metrics server on {metrics}/metrics");
    cloudflared(&bin, &["2026-11-24T10:00:00Z INF Requesting new quick Tunnel on trycloudflare.com...", &line], true);
    let mut command = command(&dir.join("data"), &["listen", "--public", "cloudflared"]);
    command.env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
    command
}

fn runs(dir: &Path) -> bool {
    let pid = std::fs::read_to_string(dir.join("bin/pid")).unwrap();
    Path::new("/proc").join(pid.trim()).exists()
}

#[test]
fn cloudflared_is_started_and_gone_at_the_end_whichever_way_that_comes() {
    for signal in ["-TERM", "-INT", "-KILL"] {
        let dir = tempfile::tempdir().unwrap();
        let mut listening = Listening::start(running_cloudflared(dir.path()));
        assert_eq!(listening.public(), listening.ready["url"], "the stand-in's public side is the receiver itself");
        assert!(runs(dir.path()));
        assert_eq!(post(listening.public(), "hello"), 200);
        listening.signal(signal);
        let begun = Instant::now();
        let code = listening.child.wait().unwrap().code();
        assert_eq!(code, (signal != "-KILL").then_some(0), "{signal}");
        while runs(dir.path()) {
            assert!(begun.elapsed() < Duration::from_secs(5), "{signal}: cloudflared is left running");
            std::thread::yield_now();
        }
    }
}

#[test]
fn cloudflares_limit_is_told_and_the_program_is_not_left_running() {
    let dir = tempfile::tempdir().unwrap();
    let bin = dir.path().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let said = r#"ERR Error unmarshaling QuickTunnel response: error code: 1015 error="invalid" status_code="429 Too Many Requests""#;
    cloudflared(&bin, &[said], true);
    let mut command = command(&dir.path().join("data"), &["listen", "--public", "cloudflared"]);
    let (output, value) = run(command.env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap())));
    assert_eq!(output.status.code(), Some(3), "{value}");
    let error = value["error"].to_string();
    assert!(
        error.contains("no more quick tunnels") && error.contains("1015") && error.contains("Wait some minutes"),
        "{error}"
    );
    let begun = Instant::now();
    while runs(dir.path()) {
        assert!(begun.elapsed() < Duration::from_secs(5), "cloudflared is left running");
    }
}

#[test]
fn localtunnel_is_explained_once_and_refused_for_what_may_be_live_until_it_is_allowed() {
    let dir = tempfile::tempdir().unwrap();
    let asked = Arc::new(Mutex::new(0));
    let count = Arc::clone(&asked);
    let server = serve(move |_, _| {
        *count.lock().unwrap() += 1;
        (403, json!({"message": "Invalid subdomain."}).to_string())
    });
    let listen = |more: &[&str]| {
        let mut command = command(dir.path(), &[&["listen", "--public", "localtunnel"], more].concat());
        run(command.env("KINDE_PANEL_LOCALTUNNEL", format!("http://{server}")))
    };
    let (output, value) = listen(&[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("unencrypted") && said.contains("not yours"), "{said}");
    assert_eq!((output.status.code(), *asked.lock().unwrap()), (Some(3), 1), "{value}");
    let (output, _) = listen(&[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!said.contains("unencrypted"), "said once: {said}");
    let profiles = kinde_panel::tenant::Profiles::of(&kinde_panel::store::DataDir::open(dir.path()).unwrap());
    let domain = kinde_panel::kinde::Domain::parse("acme").unwrap();
    let live = profiles.add(kinde_panel::tenant::Profile::new("acme", domain)).unwrap();
    *asked.lock().unwrap() = 0;
    let (output, value) = listen(&["--profile", "acme"]);
    assert_eq!((output.status.code(), *asked.lock().unwrap()), (Some(2), 0), "{value}");
    assert!(value["error"]["detail"].as_str().unwrap().contains("unencrypted"), "{value}");
    profiles.update(live.id, |profile| profile.public.live_allowed = true).unwrap();
    let (output, _) = listen(&["--profile", "acme"]);
    assert_eq!((output.status.code(), *asked.lock().unwrap()), (Some(3), 1));
}
