//! A client that we did not write: Python's own smtplib, as an app would use it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::stage::Bench;
use kinde_panel::sandbox::SMTP_USER;
use serde_json::{Value, json};

fn skipped() -> bool {
    let skip = std::env::var("KINDE_PANEL_SKIP").unwrap_or_default();
    let skipped = skip.split_whitespace().any(|word| word == "clients");
    if skipped {
        writeln!(std::io::stderr(), "SKIPPED: no Python here, by your choice").ok();
    }
    skipped
}

/// Runs the client; what it says of itself.
async fn run(bench: &Bench, how: Value) -> Value {
    let running = bench.served.running();
    let mut words = json!({
        "smtp": running.smtp, "smtps": running.smtps, "ca": running.ca_cert,
        "user": SMTP_USER, "password": bench.facts.smtp_password.expose(),
    });
    words.as_object_mut().unwrap().extend(how.as_object().unwrap().clone());
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sandbox_mail/client.py");
    let run = move || {
        let mut client = Command::new("python3")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3, of the package of that name");
        client.stdin.take().unwrap().write_all(words.to_string().as_bytes()).unwrap();
        let output = client.wait_with_output().unwrap();
        assert!(output.status.success());
        serde_json::from_slice(&output.stdout).unwrap()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test]
async fn pythons_smtplib_sends_over_starttls_and_over_tls_and_its_message_is_read_whole() {
    if skipped() {
        return;
    }
    let bench = Bench::new().await;
    for mode in ["starttls", "tls"] {
        let said = run(&bench, json!({"mode": mode})).await;
        assert_eq!(said["sent"], true, "{said}");
        let mails = bench.control().mails(None).await.unwrap();
        assert_eq!(mails.mails[0].subject.as_deref(), Some(format!("Grüße over {mode}").as_str()));
        assert_eq!(mails.mails[0].to, ["grace@example.com", "alan@example.com"]);
        let mail = bench.control().mail(mails.newest).await.unwrap().unwrap();
        assert_eq!(mail.text.as_deref().unwrap().replace("\r\n", "\n"), "Hallo Ada\n.a dot begins this line\n");
        assert_eq!(mail.html_text.as_deref().unwrap().trim(), "Hallo Ada");
        assert_eq!(mail.parts[0].name.as_deref(), Some("note.txt"));
        assert!(mail.headers.iter().any(|(name, value)| name == "From" && value == "Ada Löve <ada@example.com>"));
    }
    assert_eq!(run(&bench, json!({"mode": "tls", "password": "wrong"})).await["refused"], 535);
    assert_eq!(run(&bench, json!({"mode": "plain"})).await["refused"], 530);
    assert_eq!(run(&bench, json!({"mode": "tls", "size": 11 << 20})).await["refused"], 552);
}
