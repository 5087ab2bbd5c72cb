//! `mail dns` and `mail resend` as processes: what stands on stdout, the exit codes, where the key comes from.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::dns::Dns;
use crate::resend::{account, right};
use crate::stand_in::{FULL, OWNER, SENDING, StandIn, World};

/// Runs the command with `input` on its standard input.
async fn run(words: Vec<String>, input: String) -> Output {
    tokio::task::spawn_blocking(move || {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_kinde-panel"));
        command.arg("--data-dir").arg(dir.path().join("data")).args(words);
        for name in ["KINDE_DOMAIN", "KINDE_MANAGEMENT_CLIENT_ID", "KINDE_MANAGEMENT_CLIENT_SECRET"] {
            command.env_remove(name);
        }
        command.env_remove("DBUS_SESSION_BUS_ADDRESS").env("HOME", dir.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
        child.wait_with_output().unwrap()
    })
    .await
    .unwrap()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn verdict_of(answer: &Value, name: &str) -> String {
    let checks = answer["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name} in {answer}"));
    check["verdict"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_dns_prints_one_object_and_ends_by_its_verdict() {
    let dns = Dns::serve(right).await;
    let at = dns.address.to_string();
    let good =
        run(words(&["--json", "mail", "dns", "lab.test", "--selector", "resend", "--dns", &at]), String::new()).await;
    let answer = json(&good);
    assert_eq!((good.status.code(), &answer["transcript"]), (Some(0), &serde_json::json!([])), "{answer}");
    assert_eq!((verdict_of(&answer, "dkim resend").as_str(), verdict_of(&answer, "dmarc").as_str()), ("pass", "pass"));
    let gone = run(words(&["--json", "mail", "dns", "gone.lab.test", "--dns", &at]), String::new()).await;
    assert_eq!((gone.status.code(), json(&gone)["verdict"].as_str()), (Some(1), Some("fail")));
    let garbage = run(words(&["--json", "mail", "dns", "192.0.2.1", "--dns", &at]), String::new()).await;
    assert_eq!((garbage.status.code(), verdict_of(&json(&garbage), "domain").as_str()), (Some(1), "fail"));
    let unusable = run(words(&["--json", "mail", "dns", "lab.test", "--dns", "dns.example"]), String::new()).await;
    assert_eq!((unusable.status.code(), json(&unusable)["error"]["category"].as_str()), (Some(2), Some("input")));
    let people = run(words(&["mail", "dns", "lab.test", "--dns", &at]), String::new()).await;
    assert!(String::from_utf8_lossy(&people.stdout).contains("dkim resend"), "{people:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_resend_takes_its_key_from_a_file_or_a_pipe_and_shows_it_nowhere() {
    let (stand, dns) = (StandIn::serve(account()).await, Dns::serve(right).await);
    let (base, at) = (stand.base.to_string(), dns.address.to_string());
    let ask = ["--json", "--trace", "mail", "resend", "--domain", "lab.test", "--base-url", &base, "--dns", &at];
    let piped = run(words(&ask), format!("{SENDING}\n")).await;
    let answer = json(&piped);
    assert_eq!((piped.status.code(), verdict_of(&answer, "key").as_str()), (Some(0), "pass"), "{answer}");
    assert_eq!(verdict_of(&answer, "test email"), "skipped");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key");
    std::fs::write(&file, format!("{FULL}\n")).unwrap();
    let sending = [&ask[..], &["--send-to", OWNER, "--password-file", file.to_str().unwrap()]].concat();
    let sent = run(words(&sending), "never read".to_owned()).await;
    let answer = json(&sent);
    assert_eq!((sent.status.code(), verdict_of(&answer, "test email").as_str()), (Some(0), "pass"), "{answer}");
    assert_eq!(stand.world.lock().unwrap().emails.len(), 1);
    for output in [&piped, &sent] {
        let shown = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(shown.contains("Bearer •••") && !shown.contains("Canary"), "{shown}");
    }
    let none = run(words(&ask), String::new()).await;
    assert_eq!((none.status.code(), verdict_of(&json(&none), "key shape").as_str()), (Some(1), "fail"));
    let blank = run(words(&ask), format!("{SENDING} \n")).await;
    assert_eq!((blank.status.code(), verdict_of(&json(&blank), "key shape").as_str()), (Some(1), "fail"));
    let plain = ["--json", "mail", "resend", "--domain", "lab.test", "--base-url", "http://api.resend.com"];
    assert_eq!(run(words(&plain), String::new()).await.status.code(), Some(2));
    let missing = [&ask[..], &["--password-file", "/no/such/file"]].concat();
    assert_eq!(run(words(&missing), String::new()).await.status.code(), Some(3));
    let dead =
        StandIn::serve(World { always: Some((500, "text/html", "<h1>down</h1>".to_owned())), ..World::default() })
            .await;
    let base = dead.base.to_string();
    let down = ["--json", "mail", "resend", "--domain", "lab.test", "--base-url", &base, "--dns", &at];
    assert_eq!(run(words(&down), SENDING.to_owned()).await.status.code(), Some(1));
}
