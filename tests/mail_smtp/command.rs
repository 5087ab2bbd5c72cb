//! `mail smtp` as a process: where the password comes from, what is printed, how it ends.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use hickory_resolver::proto::rr::RecordType;
use serde_json::Value;

use super::certs::{ALL, Kind, Signer};
use super::dns::{Dns, Reply, address};
use super::run::{PASSWORD, USER, no_secret, plan};
use super::server::{Running, Server};

struct Call {
    dir: tempfile::TempDir,
    args: Vec<String>,
    input: Vec<u8>,
}

impl Call {
    fn to(server: &Running) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ca.pem"), &ALL.root.pem).unwrap();
        std::fs::write(dir.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        let words = ["mail", "smtp", "--json", "--user", USER, "--from", "hi@acme.test", "--host"];
        let mut args: Vec<String> = words.map(str::to_owned).to_vec();
        args.extend([server.address.ip().to_string(), "--port".to_owned(), server.address.port().to_string()]);
        let ca = dir.path().join("ca.pem").display().to_string();
        args.extend(["--data-dir".to_owned(), dir.path().join("data").display().to_string(), "--ca".to_owned(), ca]);
        Self { dir, args, input: Vec::new() }
    }

    fn with(mut self, words: &[&str]) -> Self {
        self.args.extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    /// Another value for a word that is there.
    fn but(mut self, word: &str, value: &str) -> Self {
        let at = self.args.iter().position(|known| known == word).unwrap();
        value.clone_into(&mut self.args[at + 1]);
        self
    }

    fn password_file(self) -> Self {
        let file = self.dir.path().join("password").display().to_string();
        self.with(&["--password-file", &file])
    }

    fn typed(mut self, input: &[u8]) -> Self {
        self.input = input.to_vec();
        self
    }

    /// Runs it. Whatever it prints, the password is not in it.
    async fn run(self) -> (Output, Value) {
        let running = tokio::task::spawn_blocking(move || {
            let mut child = Command::new(env!("CARGO_BIN_EXE_kinde-panel"))
                .args(&self.args)
                .env_remove("DBUS_SESSION_BUS_ADDRESS")
                .env("XDG_RUNTIME_DIR", self.dir.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            child.stdin.take().unwrap().write_all(&self.input).unwrap();
            child.wait_with_output().unwrap()
        });
        let output = running.await.unwrap();
        let out = String::from_utf8(output.stdout.clone()).unwrap();
        let err = String::from_utf8(output.stderr.clone()).unwrap();
        no_secret(&format!("{out}{err}"), &plan("127.0.0.1:1".parse().unwrap()));
        let json = out.lines().next().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        (output, json)
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn verdict_of<'a>(json: &'a Value, name: &str) -> &'a str {
    let checks = json["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {json:#}"))["verdict"]
        .as_str()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_server_passes_with_a_password_from_a_file_or_from_standard_input() {
    let server = Server::starttls().serve().await;
    let (output, json) = Call::to(&server).password_file().run().await;
    assert_eq!((code(&output), json["verdict"].as_str()), (0, Some("pass")), "{json:#}");
    assert_eq!(verdict_of(&json, "auth"), "pass");
    let transcript: Vec<&str> =
        json["transcript"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert!(transcript.iter().all(|line| line.starts_with("C: ") || line.starts_with("S: ")), "{transcript:?}");
    assert!(transcript.contains(&"C: AUTH PLAIN •••"), "{transcript:?}");
    for check in json["checks"].as_array().unwrap() {
        let keys: Vec<&String> = check.as_object().unwrap().keys().collect();
        assert_eq!(keys.len(), 6, "{check}");
    }
    for input in [format!("{PASSWORD}\n"), format!("{PASSWORD}\r\n"), PASSWORD.to_owned()] {
        let (output, json) = Call::to(&server).typed(input.as_bytes()).run().await;
        assert_eq!((code(&output), verdict_of(&json, "auth")), (0, "pass"), "{json:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blank_around_the_password_is_kept_and_reported() {
    let server = Server::starttls().serve().await;
    let (output, json) = Call::to(&server).typed(format!("{PASSWORD} \n").as_bytes()).run().await;
    assert_eq!((code(&output), verdict_of(&json, "lint"), verdict_of(&json, "auth")), (1, "warn", "fail"), "{json:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_on_standard_input_is_no_password_and_ends_before_sign_in() {
    let server = Server::starttls().serve().await;
    let (output, json) = Call::to(&server).run().await;
    assert_eq!((code(&output), verdict_of(&json, "auth")), (0, "skipped"), "{json:#}");
    assert_eq!(server.commands("AUTH"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_for_user_and_password_needs_no_argument_that_others_can_see() {
    let host = "smtp.postmarkapp.com";
    let tls = Kind { names: vec![host], ..Kind::good() }.make().server();
    let server = Server { tls: Some(tls), right: (PASSWORD.to_owned(), PASSWORD.to_owned()), ..Server::starttls() };
    let server = server.serve().await;
    let dns = Dns::serve(move |name, kind| match kind {
        RecordType::A => Reply::Records(vec![address(name, "127.0.0.1")]),
        _ => Reply::None(60),
    })
    .await;
    let call = || Call::to(&server).but("--host", host).with(&["--dns", &dns.address.to_string()]);
    let (output, json) = call().but("--user", "").typed(format!("{PASSWORD}\n").as_bytes()).run().await;
    assert_eq!((code(&output), verdict_of(&json, "auth")), (0, "pass"), "{json:#}");
    let (output, _) = call().but("--user", "0a1b2c3d-of-another-server").typed(PASSWORD.as_bytes()).run().await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("visible to others") && said.contains("Give --user \"\""), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_tells_a_bad_verdict_unusable_words_and_a_missing_file_apart() {
    let kind = Kind { signer: Signer::Itself, ..Kind::good() };
    let server = Server { tls: Some(kind.make().server()), ..Server::default() }.serve().await;
    let (output, json) = Call::to(&server).password_file().run().await;
    assert_eq!((code(&output), verdict_of(&json, "certificate"), verdict_of(&json, "auth")), (1, "fail", "skipped"));
    assert_eq!(server.commands("AUTH"), Vec::<String>::new());
    let (output, json) = Call::to(&server).password_file().with(&["--insecure-loopback"]).run().await;
    assert_eq!((code(&output), json["verdict"].as_str()), (0, Some("warn")), "{json:#}");
    for words in [&["--security", "ssl"] as &[&str], &["--bogus"], &["--dns", "here"], &["--profile", "nobody"]] {
        let (output, json) = Call::to(&server).password_file().with(words).run().await;
        assert_eq!((code(&output), json["error"]["category"].as_str()), (2, Some("input")), "{words:?} {json:#}");
    }
    let (output, json) = Call::to(&server).with(&["--password-file", "/nonexistent/file"]).run().await;
    assert_eq!((code(&output), json["error"]["category"].as_str()), (3, Some("file")), "{json:#}");
    let mut garbage = Call::to(&server).password_file();
    std::fs::write(Path::new(&garbage.dir.path().join("ca.pem")), "no certificate").unwrap();
    garbage.args.retain(|word| word != "--send");
    let (output, json) = garbage.run().await;
    assert_eq!((code(&output), verdict_of(&json, "ca")), (1, "fail"), "{json:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_that_is_a_setting_names_its_flag() {
    let server = Server::implicit().serve().await;
    let (_, json) = Call::to(&server).password_file().run().await;
    let checks = json["checks"].as_array().unwrap();
    let tls = checks.iter().find(|check| check["name"] == "tls").unwrap();
    assert!(tls["fix"].as_str().unwrap().contains("(--security tls)"), "{tls:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn for_a_person_the_sentence_from_this_computer_stands_on_top() {
    let server = Server::starttls().serve().await;
    let mut call = Call::to(&server).password_file().with(&["--send", "--to", "ada@acme.test"]);
    call.args.retain(|word| word != "--json");
    let (output, _) = call.run().await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("From this computer. Kinde's servers will connect later.\n"), "{text}");
    assert!(text.contains("took the test email") && text.contains("C: AUTH PLAIN •••"), "{text}");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(server.commands("DATA").len(), 1);
}
