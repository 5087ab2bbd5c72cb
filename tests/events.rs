//! `events` as a process: what `listen` kept is listed, shown, searched, exported, imported elsewhere, replayed, judged again.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may stop at the first surprise"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kinde_panel::jwt::encode_base64url as b64;
use kinde_panel::store::attempts::sha256_hex;
use serde_json::{Value, json};

fn command(dir: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinde-panel"));
    command.arg("--data-dir").arg(dir).arg("--json").args(words).stdin(Stdio::null());
    for name in ["KINDE_DOMAIN", "KINDE_MANAGEMENT_CLIENT_ID", "KINDE_MANAGEMENT_CLIENT_SECRET"] {
        command.env_remove(name);
    }
    command.env_remove("DBUS_SESSION_BUS_ADDRESS");
    command
}

/// The lines on stdout, the words on stderr, the exit code.
fn run(dir: &Path, words: &[&str]) -> (Vec<Value>, String, i32) {
    let output = command(dir, words).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (lines, String::from_utf8(output.stderr).unwrap(), output.status.code().unwrap())
}

fn events(dir: &Path, words: &[&str]) -> Vec<Value> {
    let (lines, said, exit) = run(dir, &[&["events"], words].concat());
    assert_eq!(exit, 0, "{words:?}: {lines:?} {said}");
    lines
}

fn seqs(dir: &Path, words: &[&str]) -> Vec<i64> {
    events(dir, words).iter().map(|line| line["event"]["seq"].as_i64().unwrap()).collect()
}

fn path(dir: &Path, name: &str) -> String {
    dir.join(name).to_str().unwrap().to_owned()
}

/// Receives three events of the sandbox and a body that is none; answers the lines of `listen`.
fn received(dir: &Path) -> Vec<Value> {
    let mut child =
        command(dir, &["listen", "--count", "4"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let line = |out: &mut BufReader<_>| -> Value {
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    };
    let url = line(&mut out)["ready"]["url"].as_str().unwrap().to_owned();
    let mut told = Vec::new();
    for words in [
        &["user.created", "--set", "data.user.email=ada@example.com", "--webhook-id", "w1"][..],
        &["user.updated", "--set", "data.user.email=eve@example.com"],
        &["role.created"],
    ] {
        let (_, said, exit) = run(dir, &[&["send", "--to", &url], words].concat());
        assert_eq!(exit, 0, "{said}");
        told.push(line(&mut out));
    }
    let (host, place) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "POST /{place} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello")
        .unwrap();
    stream.read_to_string(&mut String::new()).unwrap();
    told.push(line(&mut out));
    assert_eq!(child.wait().unwrap().code(), Some(1));
    told
}

#[test]
fn what_was_received_is_listed_shown_searched_and_the_same_after_an_export_and_an_import_elsewhere() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let told = received(one.path());
    let dir = one.path();
    let mut list = events(dir, &["list"]);
    list.reverse();
    assert_eq!(list, told);
    assert_eq!(seqs(dir, &["list", "--limit", "2"]), [4, 3]);
    assert_eq!(seqs(dir, &["list", "--limit", "0", "--before", "3"]), [2, 1]);
    assert_eq!(seqs(dir, &["list", "--type", "user.*"]), [2, 1]);
    assert_eq!(seqs(dir, &["list", "--verdict", "failed"]), [4]);
    assert_eq!(seqs(dir, &["list", "--verdict", "verified", "--type", "role.created"]), [3]);
    let middle = told[1]["event"]["received_at"].as_str().unwrap();
    assert_eq!(seqs(dir, &["list", "--since", middle]), [4, 3, 2]);
    assert_eq!(seqs(dir, &["list", "--until", middle]), [1]);
    let event = told[0]["event"]["event_id"].as_str().unwrap();
    for (query, found) in [
        ("ada@example.com", vec![1]),
        ("type:user.* verdict:verified", vec![2, 1]),
        ("type:user.* data.user.email:eve@example.com", vec![2]),
        ("verdict:failed", vec![4]),
        ("id:w1", vec![1]),
        (&format!("id:{event}"), vec![1]),
        ("w1", vec![1]),
        ("failed:envelope", vec![4]),
        ("nobody", vec![]),
    ] {
        assert_eq!(seqs(dir, &["search", query]), found, "{query}");
    }
    assert_eq!(seqs(dir, &["search", "type:user.*", "--type", "user.updated", "--limit", "9"]), [2]);
    let shown = &events(dir, &["show", "1"])[0];
    assert_eq!(shown["event"], told[0]["event"]);
    assert_eq!((&shown["decode"]["verdict"], &shown["decode"]["kind"]), (&json!("verified"), &json!("webhook")));
    let body = STANDARD.decode(shown["body_b64"].as_str().unwrap()).unwrap();
    assert_eq!(shown["event"]["body_sha256"], json!(sha256_hex(&body)));
    assert!(shown["headers"].as_array().unwrap().contains(&json!(["webhook-id", "w1"])), "{shown}");

    let first = path(dir, "a.ndjson");
    assert_eq!(events(dir, &["export", &first]), [json!({"count": 4, "skipped": 0, "file": first})]);
    // Where the keys are known everything is the same again, to the byte.
    keys_of(dir, two.path());
    assert_eq!(events(two.path(), &["import", &first]), [json!({"count": 4, "skipped": 0, "file": first})]);
    let text = std::fs::read_to_string(&first).unwrap();
    assert_eq!(exported(two.path()), text);
    assert_eq!(text.lines().count(), 4);
    assert_eq!(events(two.path(), &["list"]).iter().rev().cloned().collect::<Vec<_>>(), told);
    assert_eq!(seqs(two.path(), &["search", "ada@example.com"]), [1]);
    let again = run(two.path(), &["events", "import", &first]);
    assert_eq!(again.0, [json!({"count": 0, "skipped": 4, "file": first})]);
    assert!(again.1.contains("Line 1: it is in the history already"), "{}", again.1);
    for dir in [dir, two.path()] {
        let (lines, _, exit) = run(dir, &["events", "reverify"]);
        assert_eq!((lines, exit), (vec![json!({"checked": 4, "changed": 0})], 0));
    }
}

/// Everything of the history, as an export writes it.
fn exported(dir: &Path) -> String {
    let outside = tempfile::tempdir().unwrap();
    let file = path(outside.path(), "b.ndjson");
    events(dir, &["export", &file]);
    std::fs::read_to_string(file).unwrap()
}

/// Gives `to` the sandbox of `from`, which has no keys of its own yet.
fn keys_of(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from.join("sandbox")).arg(to).status().unwrap();
    assert!(copied.success());
}

#[test]
fn what_a_file_calls_verified_is_an_unknown_key_where_the_key_is_unknown_and_the_file_is_quoted_beside_it() {
    let [one, two, three] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    received(one.path());
    let first = path(one.path(), "a.ndjson");
    events(one.path(), &["export", &first]);
    // Another folder's sandbox has other keys.
    let (lines, said, exit) = run(two.path(), &["events", "import", &first]);
    assert_eq!((lines, exit), (vec![json!({"count": 4, "skipped": 0, "file": first})], 0));
    assert!(said.contains("3 that the file calls verified were signed with keys that are unknown here"), "{said}");
    let list = events(two.path(), &["list", "--verdict", "unknown_key"]);
    assert_eq!(list.len(), 3);
    assert!(list.iter().all(|line| line["event"]["failed"] == json!("key")), "{list:?}");
    let shown = &events(two.path(), &["show", "1"])[0]["decode"]["checks"];
    assert!(shown[3]["why"].as_str().unwrap().contains("The file it was read from calls it verified"), "{shown}");
    let (lines, _, exit) = run(two.path(), &["events", "reverify"]);
    assert_eq!((lines, exit), (vec![json!({"checked": 4, "changed": 0})], 0), "it was judged when it was read");
    // It goes with them into the next file, and where the keys are known they are verified again.
    let text = exported(two.path());
    assert_eq!(text.matches(r#""said":"verified""#).count(), 3, "{text}");
    keys_of(one.path(), three.path());
    let second = path(three.path(), "b.ndjson");
    std::fs::write(&second, text).unwrap();
    events(three.path(), &["import", &second]);
    assert_eq!(events(three.path(), &["list", "--verdict", "verified"]).len(), 3);
    assert!(!exported(three.path()).contains(r#""said":"#));
}

#[test]
fn a_file_that_calls_a_forged_event_verified_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    received(dir.path());
    let file = path(dir.path(), "a.ndjson");
    events(dir.path(), &["export", &file]);
    let text = std::fs::read_to_string(&file).unwrap();
    let mut line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let body = String::from_utf8(STANDARD.decode(line["body_b64"].as_str().unwrap()).unwrap()).unwrap();
    let (signed, signature) = body.rsplit_once('.').unwrap();
    let turned: String = signature.chars().rev().collect();
    let forged = format!("{signed}.{turned}");
    line["body_b64"] = STANDARD.encode(&forged).into();
    line["event"]["body_sha256"] = sha256_hex(forged.as_bytes()).into();
    line["event"]["type"] = "user.deleted".into();
    // Signed with a key that nobody knows; and once more as one that could not be judged again.
    let header = b64(br#"{"alg":"RS256","kid":"00:11"}"#);
    let unknown = format!("{header}.{}", body.split_once('.').unwrap().1);
    let mut second = line.clone();
    second["body_b64"] = STANDARD.encode(&unknown).into();
    second["event"]["body_sha256"] = sha256_hex(unknown.as_bytes()).into();
    let mut third = second.clone();
    third["whole"] = false.into();
    third["decode"] = json!({"verdict": "verified", "failed": null, "checks": []});
    third["event"]["received_at"] = "2026-01-01T00:00:00Z".into();
    // A token that is no webhook, as it is kept.
    let mut fourth = third.clone();
    let access = format!("{header}.{}.", b64(br#"{"scp":["openid"],"azp":"x"}"#));
    fourth["body_b64"] = STANDARD.encode(&access).into();
    fourth["event"]["body_sha256"] = sha256_hex(access.as_bytes()).into();
    std::fs::write(&file, format!("{line}\n{second}\n{third}\n{fourth}\nnonsense\n")).unwrap();
    let (lines, said, exit) = run(dir.path(), &["events", "import", &file]);
    assert_eq!((&lines[0]["count"], &lines[0]["skipped"], exit), (&json!(4), &json!(1), 0));
    assert!(said.contains("Line 5: there is no token in it"), "{said}");
    let list = events(dir.path(), &["list", "--limit", "4"]);
    let word = |line: &Value, name: &str| line["event"][name].as_str().unwrap().to_owned();
    let kept: Vec<_> = list.iter().rev().map(|line| (word(line, "verdict"), word(line, "failed"))).collect();
    assert_eq!((kept[0].0.as_str(), word(&list[3], "type").as_str()), ("not_verified", "user.created"));
    let unknown = ("unknown_key".to_owned(), "key".to_owned());
    assert_eq!(kept[1..], [unknown.clone(), unknown, ("verified".to_owned(), "claims".to_owned())]);
}

#[test]
fn an_access_token_in_a_file_is_judged_and_its_signature_is_in_no_file_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let canary = b64(b"a canary that sings of what it opens");
    let claims = json!({"scp": ["openid"], "azp": "x", "sub": "kp_1", "exp": 9_999_999_999_i64});
    let access = format!("{}.{}.{canary}", b64(br#"{"alg":"RS256","kid":"x"}"#), b64(claims.to_string().as_bytes()));
    let har = json!({"log": {"entries": [{"request": {"headers": [{"name": "Authorization", "value": access}],
        "postData": {"text": format!("token={access}")}}}]}});
    let outside = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("bare", access.clone()),
        ("har", har.to_string()),
        ("curl", format!("curl -H 'Authorization: Bearer {access}' -d '{{\"access_token\":\"{access}\"}}' http://a")),
        ("raw", format!("POST / HTTP/1.1\ncookie: a={access}\n\n\"{access}\"")),
    ] {
        let file = path(outside.path(), name);
        std::fs::write(&file, text).unwrap();
        assert_eq!(events(dir.path(), &["import", &file])[0]["count"], json!(1), "{name}");
    }
    let list = events(dir.path(), &["list"]);
    assert!(list.iter().all(|line| line["event"]["verdict"].is_string()), "{list:?}");
    assert_eq!(events(dir.path(), &["show", "1"])[0]["decode"]["claims"]["azp"], json!("x"));
    let (lines, _, exit) = run(dir.path(), &["events", "replay", "1", "--to", "http://127.0.0.1:9/"]);
    assert_eq!((exit, &lines[0]["error"]["category"]), (2, &json!("input")));
    events(dir.path(), &["export", &path(dir.path(), "a.ndjson")]);
    let mut looked = 0;
    for file in std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path()).filter(|file| file.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        for canary in [canary.as_bytes(), STANDARD.encode(&canary).trim_end_matches('=').as_bytes()] {
            assert!(!bytes.windows(canary.len()).any(|window| window == canary), "{file:?}");
        }
        looked += 1;
    }
    assert!(looked >= 2);
}

#[test]
fn a_replay_sends_the_bytes_as_they_came_and_says_what_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let told = received(dir.path());
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", sink.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let (mut stream, _) = sink.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut head, mut length) = (String::new(), 0);
        while !head.ends_with("\r\n\r\n") {
            let begin = head.len();
            reader.read_line(&mut head).unwrap();
            if let Some(text) = head[begin..].to_ascii_lowercase().strip_prefix("content-length:") {
                length = text.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        (head.to_ascii_lowercase(), body)
    });
    let line = &events(dir.path(), &["replay", "1", "--to", &url])[0]["delivery"];
    let (head, body) = served.join().unwrap();
    assert_eq!(sha256_hex(&body), told[0]["event"]["body_sha256"].as_str().unwrap());
    assert!(head.contains("webhook-id: w1\r\n") && head.contains("x-kinde-panel-replay: 1"), "{head}");
    assert_eq!((&line["url"], &line["status"], &line["webhook_id"]), (&json!(url), &json!(200), &json!("w1")));
    let (lines, _, exit) = run(dir.path(), &["events", "replay", "1", "--to", &url]);
    assert_eq!((&lines[0]["delivery"]["status"], exit), (&Value::Null, 1), "nobody listens any more");
    assert_eq!(events(dir.path(), &["show", "1"])[0]["event"]["forwarded"].as_array().unwrap().len(), 2);
}

#[test]
fn unusable_words_are_exit_2_and_a_file_that_cannot_be_used_is_exit_3() {
    let dir = tempfile::tempdir().unwrap();
    let empty = path(dir.path(), "empty");
    std::fs::write(&empty, "").unwrap();
    for (words, exit) in [
        (&["search", "verdit:failed"][..], 2),
        (&["search"], 2),
        (&["show", "7"], 2),
        (&["show", "x"], 2),
        (&["list", "--verdict", "bad"], 2),
        (&["list", "--since", "soon"], 2),
        (&["replay", "1"], 2),
        (&["replay", "7", "--to", "http://127.0.0.1:9/"], 2),
        (&["replay", "1", "--to", "http://169.254.169.254/"], 2),
        (&["import", "/nowhere/at/all"], 3),
        (&["import", &empty], 3),
        (&["export", "/nowhere/at/all.ndjson"], 3),
    ] {
        let (lines, _, code) = run(dir.path(), &[&["events"], words].concat());
        assert_eq!(code, exit, "{words:?} {lines:?}");
        assert!(lines.len() == 1 && lines[0]["error"]["title"].is_string(), "{words:?}");
    }
    assert!(events(dir.path(), &["list"]).is_empty());
}
