//! `decode` as a process: the object, the exit codes, and keys from a file, a domain, an address and the sandbox.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, KeyPair as _, RsaKeyPair};
use kinde_panel::jwt::encode_base64url as b64;
use serde_json::{Value, json};

const WEBHOOK: &str = r#"{"data":{"user":{"id":"kp_1"}},"event_id":"event_1","source":"admin","timestamp":"2024-05-01T17:41:45.592145+10:00","type":"user.updated"}"#;
const RUNGS: [&str; 8] = ["transport", "envelope", "header", "key", "signature", "claims", "freshness", "duplicate"];

fn pair() -> &'static RsaKeyPair {
    static PAIR: OnceLock<RsaKeyPair> = OnceLock::new();
    PAIR.get_or_init(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
}

fn jwks(kid: &str) -> String {
    let der = pair().public_key().as_der().unwrap();
    let der = der.as_ref();
    let modulus = &der[der.len() - 261..der.len() - 5];
    json!({"keys": [{"e": "AQAB", "n": b64(modulus), "alg": "RS256", "kid": kid, "kty": "RSA", "use": "sig"}]})
        .to_string()
}

fn sign(kid: &str, payload: &str) -> String {
    sign_with(&json!({"alg": "RS256", "kid": kid, "typ": "JWT"}).to_string(), payload)
}

fn sign_with(header: &str, payload: &str) -> String {
    let signed = format!("{}.{}", b64(header.as_bytes()), b64(payload.as_bytes()));
    let mut signature = vec![0; 256];
    pair().sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", b64(&signature))
}

/// Exit code, stdout, stderr.
fn decode(dir: &Path, args: &[&str], input: &str) -> (i32, String, String) {
    run(dir, &[&["--json", "decode"], args].concat(), input)
}

fn run(dir: &Path, args: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kinde-panel"))
        .args(["--data-dir", dir.to_str().unwrap()])
        .args(args)
        .env_remove("KINDE_DOMAIN")
        .env_remove("KINDE_MANAGEMENT_CLIENT_ID")
        .env_remove("KINDE_MANAGEMENT_CLIENT_SECRET")
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its words does not read its input.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[track_caller]
fn object(answer: &(i32, String, String)) -> Value {
    assert_eq!(answer.1.lines().count(), 1, "{answer:?}");
    let value: Value = serde_json::from_str(&answer.1).unwrap();
    if value.get("checks").is_some() {
        let names: Vec<&str> =
            value["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
        assert_eq!(names, RUNGS);
    }
    value
}

/// A tenant that publishes `body` and remembers what it was asked; answers its origin.
fn tenant(body: String) -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(String::new()));
    let log = seen.clone();
    std::thread::Builder::new()
        .name("tenant".into())
        .spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = [0; 4096];
                let read = stream.read(&mut head).unwrap_or(0);
                log.lock().unwrap().push_str(&String::from_utf8_lossy(&head[..read]));
                let reply = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(reply.as_bytes()).ok();
            }
        })
        .unwrap();
    (origin, seen)
}

#[test]
fn a_key_file_judges_a_token_without_any_network() {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys.json");
    std::fs::write(&keys, jwks("k1")).unwrap();
    let keys = keys.to_str().unwrap();
    let token = sign("k1", WEBHOOK);
    let answer = decode(dir.path(), &["--jwks", keys, "--at", "2024-05-01T07:42:00Z"], &format!("Bearer {token}\n"));
    let value = object(&answer);
    assert_eq!(
        (answer.0, &value["verdict"], &value["signature"], &value["failed"]),
        (0, &json!("verified"), &json!("valid"), &Value::Null)
    );
    assert_eq!(value["payload_text"], WEBHOOK);
    assert_eq!(value["kind"], "webhook");
    assert_eq!(value["cleaned"].as_array().unwrap().len(), 2);

    let file = dir.path().join("token.txt");
    std::fs::write(&file, &token).unwrap();
    // Old, and still good: age only warns.
    assert_eq!(decode(dir.path(), &[file.to_str().unwrap(), "--jwks", keys], "").0, 0);
    let answer = decode(dir.path(), &["-", "--jwks", keys, "--kind", "access"], &token);
    assert_eq!((answer.0, &object(&answer)["failed"]), (1, &json!("claims")));
    let answer = decode(dir.path(), &["--jwks", keys], "garbage");
    assert_eq!((answer.0, &object(&answer)["verdict"]), (1, &json!("unreadable")));
    let answer = decode(dir.path(), &["--jwks", keys], "");
    assert_eq!((answer.0, &object(&answer)["verdict"]), (1, &json!("unreadable")));
}

#[test]
fn every_line_is_a_token_and_one_bad_one_makes_exit_1() {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys.json");
    std::fs::write(&keys, jwks("k1")).unwrap();
    let args = ["--jwks", keys.to_str().unwrap(), "--lines"];
    let good = sign("k1", WEBHOOK);
    let answer = decode(dir.path(), &args, &format!("{good}\n{good}\r\n{good}"));
    assert_eq!((answer.0, answer.1.lines().count()), (0, 3), "{answer:?}");
    let answer = decode(dir.path(), &args, &format!("{good}\nnonsense\n{good}\n"));
    assert_eq!((answer.0, answer.1.lines().count()), (1, 3));
}

#[test]
fn blank_lines_between_tokens_are_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys.json");
    std::fs::write(&keys, jwks("k1")).unwrap();
    let args = ["--jwks", keys.to_str().unwrap(), "--lines"];
    let good = sign("k1", WEBHOOK);
    let answer = decode(dir.path(), &args, &format!("\n{good}\n\n \t\r\n{good}\n\n"));
    assert_eq!((answer.0, answer.1.lines().count()), (0, 2), "{answer:?}");
}

#[test]
fn keys_that_cannot_be_had_are_named_before_whose_key_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let token = sign("k1", WEBHOOK);
    // The panel knows this key from another address.
    kinde_panel::store::key_sets::KeySets::open(&dir.path().join("history.db"))
        .unwrap()
        .keep(
            "p",
            "acme",
            "https://acme.kinde.com/.well-known/jwks",
            &jwks("k1"),
            "2024-05-01T00:00:00Z".parse().unwrap(),
        )
        .unwrap();
    let file = dir.path().join("keys.json");
    std::fs::write(&file, "<html>").unwrap();
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = format!("http://{dead}/.well-known/jwks");
    for (jwks, begins) in [(file.to_str().unwrap(), "keys.json holds no keys"), (&address, "The keys of 127.0.0.1")] {
        let answer = decode(dir.path(), &["--jwks", jwks], &token);
        let value = object(&answer);
        assert_eq!((answer.0, &value["verdict"], &value["failed"]), (1, &json!("unknown_key"), &json!("key")));
        let why = value["checks"][3]["why"].as_str().unwrap();
        assert!(why.starts_with(begins) && why.ends_with("a key of acme"), "{why}");
    }
}

#[test]
fn a_domain_is_asked_without_credentials_and_its_keys_serve_when_it_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let token = sign("k1", WEBHOOK);
    let (origin, seen) = tenant(jwks("k1"));
    let answer = decode(dir.path(), &["--domain", &origin], &token);
    assert_eq!((answer.0, &object(&answer)["verdict"]), (0, &json!("verified")), "{answer:?}");
    assert!(!seen.lock().unwrap().to_ascii_lowercase().contains("authorization"));
    let answer = decode(dir.path(), &["--jwks", &format!("{origin}/.well-known/jwks")], &token);
    assert_eq!(answer.0, 0, "{answer:?}");
    let answer = decode(dir.path(), &["--domain", &origin], &sign("other", WEBHOOK));
    assert_eq!((answer.0, &object(&answer)["verdict"]), (1, &json!("unknown_key")));

    // The same keys kept, the same address dead.
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = format!("http://{dead}");
    let answer = decode(dir.path(), &["--domain", &gone], &token);
    let value = object(&answer);
    assert_eq!((answer.0, &value["verdict"], &value["failed"]), (1, &json!("unknown_key"), &json!("key")));
    // Another domain's kept key is recognised, not trusted.
    assert!(value["checks"][3]["why"].as_str().unwrap().contains(origin.trim_start_matches("http://")), "{value}");
    kinde_panel::store::key_sets::KeySets::open(&dir.path().join("history.db"))
        .unwrap()
        .keep(&gone, "gone", &format!("{gone}/.well-known/jwks"), &jwks("k1"), "2024-05-01T00:00:00Z".parse().unwrap())
        .unwrap();
    let answer = decode(dir.path(), &["--domain", &gone, "--at", "2024-05-04T00:00:00Z"], &token);
    let value = object(&answer);
    assert_eq!(
        (answer.0, &value["verdict"], &value["checks"][3]["verdict"]),
        (0, &json!("verified"), &json!("warn")),
        "{value}"
    );
    assert!(value["checks"][3]["why"].as_str().unwrap().contains("3 days"));
}

#[test]
fn escapes_in_a_token_never_reach_a_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys.json");
    std::fs::write(&keys, jwks("\u{1b}]0;kid\u{7}")).unwrap();
    let evil = "\u{1b}[2J\u{9b}1m\u{202e}\u{7f}\r";
    let header = json!({"alg": "RS256", "kid": "\u{1b}]0;kid\u{7}", "cty": evil}).to_string();
    let claims = json!({"type": evil, "sub": evil, "iss": evil, "scp": [evil], evil: 1, "exp": evil}).to_string();
    for token in [sign_with(&header, &claims), sign_with(&header, evil), evil.to_owned()] {
        let (_, out, err) = run(dir.path(), &["decode", "--jwks", keys.to_str().unwrap()], &token);
        assert!(!out.is_empty() || !err.is_empty());
        for hidden in evil.chars().chain(['\u{7}']).filter(|c| *c != '[' && !c.is_ascii_alphanumeric()) {
            assert!(!out.contains(hidden) && !err.contains(hidden), "{hidden:?} in {out:?} {err:?}");
        }
    }
}

#[test]
fn addresses_in_a_token_are_never_asked() {
    let dir = tempfile::tempdir().unwrap();
    let (origin, asked) = tenant(jwks("k1"));
    let (elsewhere, hits) = tenant(jwks("k2"));
    for (kid, issuer) in [("k1", &origin), ("k2", &elsewhere), (elsewhere.as_str(), &elsewhere)] {
        let url = format!("{elsewhere}/.well-known/jwks");
        let header = json!({"alg": "RS256", "kid": kid, "jku": url, "x5u": url, "iss": elsewhere}).to_string();
        let claims = json!({"iss": issuer, "exp": 4_000_000_000u64, "url": elsewhere}).to_string();
        let token = sign_with(&header, &claims);
        decode(dir.path(), &["--domain", &origin], &token);
        decode(dir.path(), &[], &token);
        decode(dir.path(), &["--jwks", &format!("{origin}/.well-known/jwks")], &token);
    }
    assert!(asked.lock().unwrap().contains("GET /.well-known/jwks "));
    assert_eq!(*hits.lock().unwrap(), "");
}

#[test]
fn unusable_words_are_exit_2_and_a_file_that_is_not_there_exit_3() {
    let dir = tempfile::tempdir().unwrap();
    let token = sign("k1", WEBHOOK);
    for (args, code) in [
        (vec!["--at", "yesterday"], 2),
        (vec!["--kind", "teapot"], 2),
        (vec!["--domain", "not a domain"], 2),
        (vec!["--domain", "acme", "--jwks", "x"], 2),
        (vec!["--jwks", "http://192.0.2.1/jwks"], 2),
        (vec![token.as_str()], 2),
        (vec!["--jwks", "/no/such/keys.json"], 3),
        (vec!["/no/such/token.txt"], 3),
    ] {
        let answer = decode(dir.path(), &args, "x");
        assert_eq!(answer.0, code, "{args:?}: {answer:?}");
        assert!(object(&answer)["error"]["title"].is_string());
        assert!(!answer.1.contains(&token) && !answer.2.contains(&token));
    }
}

#[test]
fn a_key_file_that_is_none_is_a_failing_check() {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys.json");
    std::fs::write(&keys, "<html>").unwrap();
    let answer = decode(dir.path(), &["--jwks", keys.to_str().unwrap()], &sign("k1", WEBHOOK));
    assert_eq!((answer.0, &object(&answer)["failed"]), (1, &json!("key")));
}

#[test]
fn the_sandbox_profile_is_the_default_and_needs_no_running_sandbox() {
    let dir = tempfile::tempdir().unwrap();
    let answer = decode(dir.path(), &[], &sign("k1", WEBHOOK));
    let value = object(&answer);
    assert_eq!((answer.0, &value["verdict"]), (1, &json!("unknown_key")), "{answer:?}");
    assert!(answer.2.contains("Profile:"));
}

#[test]
fn a_token_of_the_sandbox_is_verified_by_the_keys_in_the_data_folder() {
    use kinde_panel::{clock::Clock, net, sandbox};
    let dir = tempfile::tempdir().unwrap();
    let folder = kinde_panel::store::DataDir::open(dir.path()).unwrap().folder("sandbox").unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let token = runtime.block_on(async {
        let served = sandbox::Served::start(&folder, sandbox::Options::default(), Clock::real()).await.unwrap();
        let issuer = served.running().issuer.clone();
        let facts = sandbox::facts(&folder).unwrap();
        let http = net::Http::new(net::Recorder::silent(), Clock::real()).unwrap();
        let url = url::Url::parse(&format!("{issuer}/oauth2/token")).unwrap();
        let request = net::Request::post("token", url).form(vec![
            ("grant_type", "client_credentials".into()),
            ("client_id", facts.client_id.clone().into()),
            ("client_secret", facts.client_secret.clone().into()),
            ("audience", format!("{issuer}/api").into()),
        ]);
        let answer = http.send(request).await.unwrap();
        let token = answer.json().unwrap()["access_token"].as_str().unwrap().to_owned();
        served.stop().await;
        token
    });
    let answer = decode(dir.path(), &[], &token);
    let value = object(&answer);
    assert_eq!((answer.0, &value["verdict"], &value["kind"]), (0, &json!("verified"), &json!("m2m")), "{value}");
    // Judged against somebody else it is named as the sandbox's.
    let (origin, _) = tenant(jwks("k1"));
    let answer = decode(dir.path(), &["--domain", &origin], &token);
    let value = object(&answer);
    assert_eq!((answer.0, &value["verdict"]), (1, &json!("unknown_key")));
    assert!(value["checks"][3]["why"].as_str().unwrap().contains("the sandbox"), "{value}");
}
