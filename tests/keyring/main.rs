//! Secrets in a real gnome-keyring, and the same program where there is no D-Bus at all.
//!
//! Each test starts itself again as a child in a private home with a private bus: the child drives `SecretStore::os()`,
//! the parent looks at the keyring from outside with `secret-tool`.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may stop at the first surprise, and says aloud what it skips"
)]

mod mail;
mod recipes;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kinde_panel::clock::Clock;
use kinde_panel::kinde::Domain;
use kinde_panel::kinde::token::CLIENT_SECRET_FIELD;
use kinde_panel::net::Recorder;
use kinde_panel::secrets::{Kept, KeyringState, Secret, SecretStore};
use kinde_panel::services::Services;
use kinde_panel::tenant::{Profile, own_secret};
use uuid::Uuid;

const CHILD: &str = "KINDE_PANEL_TEST_KEYRING_CHILD";
const SECRET: &str = "kpCanary-schlüssel-7f3a91c2d4e5b6a798";
const PROFILE: Uuid = Uuid::from_u128(0x7e57_0000_0000_4000_8000_0000_0000_0001);

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// True where a person declined the packages these tests need; said aloud.
fn skipped() -> bool {
    let skip = std::env::var("KINDE_PANEL_SKIP").unwrap_or_default();
    let skipped = skip.split_whitespace().any(|word| word == "keyring");
    if skipped {
        println!("SKIPPED: no keyring here, by your choice");
    }
    skipped
}

/// A command in a home of its own under `home`, which starts this test binary's `test` again: as `"$@"` of `script` on
/// a private bus of `bus` options, or directly and with no bus.
fn child(home: &Path, test: &str, script: Option<(&[String], &str)>) -> Command {
    let exe = std::env::current_exe().unwrap();
    let mut command = match script {
        None => Command::new(&exe),
        Some((bus, script)) => {
            let mut command = Command::new("dbus-run-session");
            command.args(bus).args(["--", "bash", "-uc", script, "bash"]).arg(&exe);
            command
        }
    };
    std::fs::create_dir_all(home.join("run")).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(home.join("run"), private).unwrap();
    command
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, home)
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home.join("run"))
        .env("XDG_DATA_HOME", home.join("share"))
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("DBUS_SESSION_BUS_ADDRESS");
    command
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(work)
}

/// Starts the keyring daemon on the bus of the script, unlocked, and ends it with the script. It is waited for without a question:
/// that would make the bus start another one, locked, wherever this one is slower.
const UNLOCK: &str = r#"
printf 'ci-password\n' | gnome-keyring-daemon --unlock --components=secrets --foreground >/dev/null 2>&1 &
daemon=$!
trap 'kill $daemon 2>/dev/null || true' EXIT
gdbus wait --session --timeout 20 org.freedesktop.secrets
"#;

#[test]
fn a_secret_goes_into_a_real_keyring_and_comes_back_in_the_next_run() {
    let name = "a_secret_goes_into_a_real_keyring_and_comes_back_in_the_next_run";
    if is_child() {
        let step = std::env::var("STEP").unwrap();
        let store = SecretStore::os();
        run(async {
            match step.as_str() {
                "set" => {
                    assert_eq!(store.state(), KeyringState::Unknown);
                    assert_eq!(store.set(PROFILE, "client_secret", Secret::new(SECRET)).await, Kept::Keyring);
                    assert_eq!(store.state(), KeyringState::Ready);
                }
                "get" => {
                    let found = store.get(PROFILE, "client_secret").await.unwrap();
                    assert_eq!(found, Some(Secret::new(SECRET)));
                }
                "delete" => {
                    store.delete(PROFILE, "client_secret").await.unwrap();
                    assert_eq!(SecretStore::os().get(PROFILE, "client_secret").await.unwrap(), None);
                }
                other => panic!("no step {other}"),
            }
        });
        println!("child: {step} done");
        return;
    }
    if skipped() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let script = format!(
        r#"set -e{UNLOCK}
look() {{ secret-tool lookup service kinde-panel username {PROFILE}/client_secret || true; }}
STEP=set "$@"; echo "seen after set: [$(look)]"
STEP=get "$@"
STEP=delete "$@"; echo "seen after delete: [$(look)]"
echo "left behind: [$(secret-tool search --all service kinde-panel 2>/dev/null || true)]"
"#
    );
    let output = child(home.path(), name, Some((&[], &script))).output().expect("dbus-run-session");
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    for expected in
        ["child: set done", "child: get done", "child: delete done", "seen after delete: []", "left behind: []"]
    {
        assert!(said.contains(expected), "{expected} is missing:\n{said}");
    }
    assert!(said.contains(&format!("seen after set: [{SECRET}]")), "secret-tool saw something else:\n{said}");
}

#[test]
fn without_d_bus_a_secret_is_kept_for_this_run_and_the_reason_is_said() {
    let name = "without_d_bus_a_secret_is_kept_for_this_run_and_the_reason_is_said";
    if is_child() {
        let store = SecretStore::os();
        run(async {
            assert_eq!(store.set(PROFILE, "client_secret", Secret::new(SECRET)).await, Kept::ThisRun);
            let KeyringState::Missing { reason } = store.state() else { panic!("{:?}", store.state()) };
            assert!(reason.contains("D-Bus") || reason.contains("zbus") || reason.contains("connect"), "{reason}");
            assert!(!reason.contains(SECRET));
            assert_eq!(store.get(PROFILE, "client_secret").await.unwrap(), Some(Secret::new(SECRET)));
            assert_eq!(store.keep_for_good().await, 0);
            // What an earlier run may have put there can be neither read nor removed, and that is said.
            assert!(store.delete(PROFILE, "client_secret").await.is_err());
            assert!(store.get(PROFILE, "web_client_secret").await.is_err());
        });
        println!("child: done");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let output =
        child(home.path(), name, None).env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus").output().unwrap();
    let said = text(&output);
    assert!(output.status.success() && said.contains("child: done"), "{said}");
    assert!(!holds(home.path(), SECRET), "the secret was written to a file");
}

#[test]
fn a_keyring_that_appears_later_is_found_by_a_retry_without_a_restart() {
    let name = "a_keyring_that_appears_later_is_found_by_a_retry_without_a_restart";
    if is_child() {
        let store = SecretStore::os();
        run(async {
            // The bus is there and nobody offers secrets on it yet: what a desktop looks like before its keyring starts.
            assert_eq!(store.set(PROFILE, "client_secret", Secret::new(SECRET)).await, Kept::ThisRun);
            assert!(matches!(store.state(), KeyringState::Missing { .. }));
            let unlocked = Command::new("bash").args(["-euc", UNLOCK_AND_STAY]).status().unwrap();
            assert!(unlocked.success());
            assert_eq!(store.keep_for_good().await, 1);
            assert_eq!(store.state(), KeyringState::Ready);
            // A store of its own reads it from the keyring, not from the first one's memory.
            let found = SecretStore::os().get(PROFILE, "client_secret").await.unwrap();
            assert_eq!(found, Some(Secret::new(SECRET)));
        });
        println!("child: done");
        return;
    }
    if skipped() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    // A bus that starts no service by itself: the keyring is missing until the child starts it.
    let bus = home.path().join("bus.conf");
    std::fs::write(&bus, BUS_WITHOUT_SERVICES).unwrap();
    let bus = [format!("--config-file={}", bus.display())];
    let output = child(home.path(), name, Some((&bus, LATER))).output().expect("dbus-run-session");
    let said = text(&output);
    assert!(output.status.success() && said.contains("child: done"), "{said}");
}

#[test]
fn a_client_secret_typed_while_the_keyring_is_away_is_not_followed_by_the_older_one_it_holds() {
    let name = "a_client_secret_typed_while_the_keyring_is_away_is_not_followed_by_the_older_one_it_holds";
    if let Some(home) = std::env::var_os(CHILD) {
        let step = std::env::var("STEP").unwrap();
        let data = Path::new(&home).join("data");
        let services = Services::open(&data, Recorder::silent(), Clock::real(), SecretStore::os()).unwrap();
        run(async {
            if step == "first" {
                let mut profile = Profile::new("Acme", Domain::parse("acme").unwrap());
                profile.id = PROFILE;
                services.profiles.add(profile).unwrap();
            }
            if let Some((client_id, secret)) = match step.as_str() {
                "first" => Some(("first id", SECRET)),
                "away" => Some(("second id", "typed while it is away")),
                _ => None,
            } {
                let check = own_secret::check_of(PROFILE, client_id, &Secret::new(secret));
                let change = |profile: &mut Profile| {
                    (profile.client_id, profile.secret_check) = (Some(client_id.to_owned()), Some(check));
                };
                services.profiles.update(PROFILE, change).unwrap();
                let kept = services.secrets.set(PROFILE, CLIENT_SECRET_FIELD, Secret::new(secret)).await;
                println!("child: {step} {kept:?}");
            }
            let profile = services.profiles.get(PROFILE).unwrap().expect("the profile of the first run");
            let tenant = services.tenant(&profile).await.unwrap();
            match tenant.api() {
                Ok(_) => println!("child: {step} may call"),
                Err(error) => println!("child: {step} is told: {}", error.title),
            }
        });
        return;
    }
    if skipped() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let script = format!(
        r#"set -e{UNLOCK}
STEP=first "$@"
STEP=away DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent/bus "$@"
STEP=next "$@"
"#
    );
    let output = child(home.path(), name, Some((&[], &script))).output().expect("dbus-run-session");
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    for words in [
        "first Keyring",
        "first may call",
        "away ThisRun",
        "away may call",
        "next is told: The client secret in the keyring is not the one typed last",
    ] {
        assert!(said.contains(&format!("child: {words}")), "{words}: {said}");
    }
}

#[test]
fn of_two_windows_the_one_that_read_an_older_secret_reads_the_newer_and_never_writes_over_it() {
    let name = "of_two_windows_the_one_that_read_an_older_secret_reads_the_newer_and_never_writes_over_it";
    if let Some(home) = std::env::var_os(CHILD) {
        let data = Path::new(&home).join("data");
        let open = || Services::open(&data, Recorder::silent(), Clock::real(), SecretStore::os()).unwrap();
        let (one, two) = (open(), open());
        run(async {
            let mut profile = Profile::new("Acme", Domain::parse("acme").unwrap());
            profile.id = PROFILE;
            one.profiles.add(profile).unwrap();
            let give = async |services: &Services, secret: &str| {
                let check = own_secret::check_of(PROFILE, "an id", &Secret::new(secret));
                let change = |profile: &mut Profile| {
                    (profile.client_id, profile.secret_check) = (Some("an id".to_owned()), Some(check));
                };
                services.profiles.update(PROFILE, change).unwrap();
                services.secrets.set(PROFILE, CLIENT_SECRET_FIELD, Secret::new(secret)).await
            };
            let of = async |services: &Services| {
                let profile = services.profiles.get(PROFILE).unwrap().unwrap();
                services.kept_m2m(&profile).await.unwrap().unwrap().client_secret.expose().to_owned()
            };
            assert_eq!(give(&one, SECRET).await, Kept::Keyring);
            assert_eq!(of(&two).await, SECRET);
            give(&one, "a newer one").await;
            assert_eq!(two.secrets.keep_for_good().await, 0, "it was only read there");
            assert_eq!(of(&two).await, "a newer one");
            println!("child: done");
        });
        return;
    }
    if skipped() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let script = format!("set -e{UNLOCK}\n\"$@\"\n");
    let output = child(home.path(), name, Some((&[], &script))).output().expect("dbus-run-session");
    let said = text(&output);
    assert!(output.status.success() && said.contains("child: done"), "{said}");
}

#[test]
fn a_token_minted_in_one_run_is_used_in_the_next_until_shortly_before_its_end_and_goes_with_its_profile() {
    let name = "a_token_minted_in_one_run_is_used_in_the_next_until_shortly_before_its_end_and_goes_with_its_profile";
    if let Some(home) = std::env::var_os(CHILD) {
        let step = std::env::var("STEP").unwrap();
        let clock = Clock::fixed(jiff::Timestamp::from_second(1_790_000_000).unwrap());
        if step == "near the end" {
            // The token lives an hour, and its last minute is not used.
            clock.advance(Duration::from_secs(3600 - 59));
        }
        let data = Path::new(&home).join("data");
        let services = Services::open(&data, Recorder::silent(), clock, SecretStore::os()).unwrap();
        run(async {
            if step == "first" {
                let domain = Domain::parse(&std::env::var("STUB").unwrap()).unwrap();
                let mut profile = Profile::new("Acme", domain);
                profile.id = PROFILE;
                profile.client_id = Some("0123456789abcdef0123456789abcdef".to_owned());
                services.profiles.add(profile).unwrap();
                services.secrets.set(PROFILE, CLIENT_SECRET_FIELD, Secret::new(SECRET)).await;
            }
            if step == "remove" {
                services.remove_profile(PROFILE, false).await.unwrap();
                println!("child: {step}");
                return;
            }
            let profile = services.profiles.get(PROFILE).unwrap().expect("the profile of the first run");
            // Two jobs of one run, each with a tenant of its own.
            for _ in 0..2 {
                let tenant = services.tenant(&profile).await.unwrap();
                let token = tenant.api().unwrap().tokens().token().await.unwrap();
                println!("child: {step} has {}", token.secret.expose());
            }
        });
        return;
    }
    if skipped() {
        return;
    }
    let (stub, mints) = token_endpoint();
    let home = tempfile::tempdir().unwrap();
    let script = format!(
        r#"set -e{UNLOCK}
look() {{ secret-tool lookup service kinde-panel username {PROFILE}/m2m_token || true; }}
STEP=first "$@"; echo "kept: [$(look)]"
STEP=second "$@"
STEP="near the end" "$@"
STEP=remove "$@"; echo "kept after the profile: [$(look)]"
echo "left behind: [$(secret-tool search --all service kinde-panel 2>/dev/null || true)]"
"#
    );
    let output = child(home.path(), name, Some((&[], &script))).env("STUB", stub).output().expect("dbus-run-session");
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    for (step, token) in [("first", "minted-token-1"), ("second", "minted-token-1"), ("near the end", "minted-token-2")]
    {
        assert_eq!(said.matches(&format!("child: {step} has {token}\n")).count(), 2, "{step}:\n{said}");
    }
    assert_eq!(mints.load(Ordering::SeqCst), 2, "each mint counts against the plan:\n{said}");
    let kept = said.lines().find(|line| line.contains("kept: [")).unwrap_or_default();
    assert!(kept.contains("minted-token-1"), "secret-tool saw something else:\n{said}");
    for expected in ["child: remove", "kept after the profile: []", "left behind: []"] {
        assert!(said.contains(expected), "{expected} is missing:\n{said}");
    }
    assert!(!holds(home.path().join("data").as_path(), "minted-token"), "a token was written to a file");
}

/// Answers every request with another token that lives an hour; its address, and how many it gave.
fn token_endpoint() -> (String, Arc<AtomicUsize>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let mints = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&mints);
    let serve = move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut line, mut length) = (String::new(), 0);
            // Up to the empty line that ends the head.
            while stream.read_line(&mut line).unwrap() > 2 {
                let said = line.to_ascii_lowercase();
                if let Some(count) = said.strip_prefix("content-length:") {
                    length = count.trim().parse().unwrap();
                }
                line.clear();
            }
            stream.read_exact(&mut vec![0; length]).unwrap();
            let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
            let body = format!(r#"{{"access_token":"minted-token-{number}","expires_in":3600,"token_type":"bearer"}}"#);
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length:";
            write!(stream.get_mut(), "{head} {}\r\n\r\n{body}", body.len()).unwrap();
        }
    };
    std::thread::Builder::new().name("token endpoint".to_owned()).spawn(serve).unwrap();
    (address, mints)
}

/// The daemon stays when this script ends; it ends with its bus.
const UNLOCK_AND_STAY: &str =
    "printf 'ci-password\\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1";

const LATER: &str = r#"
"$@"; code=$?
pids=$(gdbus call --session --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus \
    --method org.freedesktop.DBus.GetConnectionUnixProcessID org.freedesktop.secrets 2>/dev/null | tr -dc '0-9 ')
for pid in ${pids#32 }; do kill "$pid" 2>/dev/null; done
exit $code
"#;

const BUS_WITHOUT_SERVICES: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// Whether any file under `folder` holds `text`.
fn holds(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            holds(&path, text)
        } else {
            std::fs::read(&path).is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
        }
    })
}
