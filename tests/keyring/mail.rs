//! `mail smtp` and `mail resend` as processes: the password that a profile keeps comes out of the real keyring, and goes to
//! the server and the user it was kept for alone.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use kinde_panel::clock::Clock;
use kinde_panel::kinde::Domain;
use kinde_panel::mail::{Form, PASSWORD_FIELD};
use kinde_panel::net::Recorder;
use kinde_panel::secrets::{Kept, Secret, SecretStore};
use kinde_panel::services::Services;
use kinde_panel::tenant::Profile;

use super::{CHILD, UNLOCK, child, run, skipped, text};

const SMTP: &str = "kpCanary-mail-91c2d4e5f6b6a798";
const KEY: &str = "re_kpCanary_8f14e45fceea167a5a36dedd";

/// Two profiles, one with an SMTP server on this computer and one with Resend's, their passwords in the keyring.
fn keep(home: &Path) {
    let services = Services::open(&home.join("data"), Recorder::silent(), Clock::real(), SecretStore::os()).unwrap();
    run(async {
        for (name, host, user, password) in
            [("own", "127.0.0.1", "ada", SMTP), ("resend", "SMTP.Resend.com.", "resend", KEY)]
        {
            let mut profile = Profile::new(name, Domain::parse(name).unwrap());
            let form = Form { host: host.to_owned(), user: user.to_owned(), ..Form::default() };
            profile.mail = Some(form.kept());
            let profile = services.profiles.add(profile).unwrap();
            assert_eq!(services.secrets.set(profile.id, PASSWORD_FIELD, Secret::new(password)).await, Kept::Keyring);
        }
        println!("child: kept");
    });
}

#[test]
fn the_mail_commands_take_the_kept_password_from_the_keyring_for_its_own_server_and_user_alone() {
    let name = "mail::the_mail_commands_take_the_kept_password_from_the_keyring_for_its_own_server_and_user_alone";
    if let Some(home) = std::env::var_os(CHILD) {
        return keep(Path::new(&home));
    }
    if skipped() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let (smtp, signed_in) = smtp_server();
    let (resend, asked) = resend_server();
    let script = format!(
        r#"{UNLOCK}
"$@" || exit 1
panel() {{ "$PANEL" --data-dir "{data}" --json "$@" </dev/null; echo "ended: $?"; }}
smtp() {{ panel --profile "$1" mail smtp --host "$2" --port {smtp} --user "$3" --from a@acme.test --security none --insecure-loopback; }}
echo "smtp own:"; smtp own 127.0.0.1 ada
echo "smtp another user:"; smtp own 127.0.0.1 eve
echo "smtp another server:"; smtp own localhost ada
echo "smtp another profile:"; smtp resend 127.0.0.1 ada
resend() {{ panel --profile "$1" mail resend --domain "no domain" --base-url http://127.0.0.1:{resend} --dns 127.0.0.1:9; }}
echo "resend its own:"; resend resend
echo "resend another server's:"; resend own
"#,
        data = home.path().join("data").display(),
    );
    let panel = env!("CARGO_BIN_EXE_kinde-panel");
    let output = child(home.path(), name, Some((&[], &script))).env("PANEL", panel).output().expect("dbus-run-session");
    let said = text(&output);
    assert!(output.status.success() && said.contains("child: kept"), "{said}");
    let part = |title: &str| {
        let from = said.split_once(&format!("{title}:\n")).unwrap_or_else(|| panic!("no {title}: {said}")).1;
        let line = from.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("no answer: {said}"));
        serde_json::from_str::<serde_json::Value>(line).unwrap()
    };
    let verdict = |title: &str, name: &str| {
        let json = part(title);
        let checks = json["checks"].as_array().unwrap_or_else(|| panic!("{title}: {json:#}")).clone();
        let check = checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{title}: {json:#}"));
        check["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict("smtp own", "auth"), "pass", "{said}");
    for title in ["smtp another user", "smtp another server", "smtp another profile"] {
        assert_eq!(verdict(title, "auth"), "skipped", "{title}: {said}");
    }
    let right = base64::engine::general_purpose::STANDARD.encode(format!("\0ada\0{SMTP}"));
    assert_eq!(*signed_in.lock().unwrap(), [format!("AUTH PLAIN {right}")], "once, with what was kept");
    assert_eq!(verdict("resend its own", "key"), "pass", "{said}");
    assert_eq!(verdict("resend another server's", "key shape"), "fail", "{said}");
    assert_eq!(*asked.lock().unwrap(), [format!("Bearer {KEY}")], "Resend's key goes to Resend, and no other");
    for secret in [SMTP, KEY, right.as_str()] {
        assert!(!said.contains(secret), "{said}");
    }
}

/// A thread with a name.
fn begin(name: &str, work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).unwrap();
}

/// Serves every connection of a port of its own by `serve`, each in a thread; the port.
fn listen(serve: impl Fn(std::net::TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = Arc::new(serve);
    begin("listener", move || {
        for stream in listener.incoming() {
            let serve = Arc::clone(&serve);
            begin("connection", move || serve(stream.unwrap()));
        }
    });
    port
}

type Noted = Arc<Mutex<Vec<String>>>;

/// A mail server in plain text that lets everybody in; what was said to sign in.
fn smtp_server() -> (u16, Noted) {
    let noted = Noted::default();
    let kept = Arc::clone(&noted);
    let port = listen(move |stream| {
        let mut stream = BufReader::new(stream);
        let say = |stream: &mut BufReader<std::net::TcpStream>, words: &str| {
            stream.get_mut().write_all(format!("{words}\r\n").as_bytes()).is_ok()
        };
        let mut going = say(&mut stream, "220 mail.acme.test ESMTP");
        while going {
            let mut line = String::new();
            if stream.read_line(&mut line).unwrap_or_default() == 0 {
                return;
            }
            let line = line.trim_end();
            going = match line.split(' ').next().unwrap_or_default() {
                "EHLO" => say(&mut stream, "250-mail.acme.test\r\n250 AUTH PLAIN"),
                "AUTH" => {
                    kept.lock().unwrap().push(line.to_owned());
                    say(&mut stream, "235 2.7.0 Authentication successful")
                }
                "QUIT" => {
                    say(&mut stream, "221 2.0.0 Bye");
                    false
                }
                _ => say(&mut stream, "250 2.1.0 Ok"),
            };
        }
    });
    (port, noted)
}

/// Resend's API for a key that may send alone; the keys it was asked with.
fn resend_server() -> (u16, Noted) {
    let noted = Noted::default();
    let kept = Arc::clone(&noted);
    let port = listen(move |stream| {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        // Up to the empty line that ends the head.
        while stream.read_line(&mut line).unwrap_or_default() > 2 {
            if let Some((name, value)) = line.split_once(": ")
                && name.eq_ignore_ascii_case("authorization")
            {
                kept.lock().unwrap().push(value.trim_end().to_owned());
            }
            line.clear();
        }
        let body = r#"{"statusCode":401,"name":"restricted_api_key","message":"This API key is restricted to only send emails"}"#;
        let head =
            "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length:";
        write!(stream.get_mut(), "{head} {}\r\n\r\n{body}", body.len()).ok();
    });
    (port, noted)
}
