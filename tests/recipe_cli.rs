//! `recipe` as a process: shapes, files, exit codes, and no secret where none belongs.
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
use std::process::{Command, Output, Stdio};

use kinde_panel::recipes::{self, Call, Ended};
use kinde_panel::store::DataDir;
use kinde_panel::tenant::{Profiles, SANDBOX_PROFILE};
use serde_json::Value;

const SECRET: &str = "CanaryCanary0123456789abcdef0123456789abcdef";

struct Ran {
    exit: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{:?} {:?}", self.out, self.err))
    }
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, text: &str) -> String {
        std::fs::write(self.0.path().join(name), text).unwrap();
        self.path(name)
    }

    /// Runs `recipe` with these words for the tenant acme.
    fn run(&self, words: &[&str]) -> Ran {
        self.run_on(Some("acme.kinde.com"), words)
    }

    fn run_on(&self, domain: Option<&str>, words: &[&str]) -> Ran {
        Self::ran(self.start(domain, words))
    }

    fn ran(child: std::process::Child) -> Ran {
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        Ran {
            exit: status.code().unwrap_or(-1),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }

    /// The same for acme, with this on its standard input.
    fn piped(&self, input: &str, words: &[&str]) -> Ran {
        let mut child = self.start_with(Some("acme.kinde.com"), words, Stdio::piped());
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Self::ran(child)
    }

    fn start(&self, domain: Option<&str>, words: &[&str]) -> std::process::Child {
        self.start_with(domain, words, Stdio::null())
    }

    fn start_with(&self, domain: Option<&str>, words: &[&str], input: Stdio) -> std::process::Child {
        Command::new(env!("CARGO_BIN_EXE_kinde-panel"))
            .args(["recipe", "--json", "--data-dir", &self.path("data")])
            .args(words)
            .env_clear()
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
            .envs(domain.map(|domain| ("KINDE_DOMAIN", domain)))
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

#[test]
fn list_and_show_have_the_promised_shapes_and_every_recipe_can_be_shown() {
    let place = Place::new();
    let list = place.run(&["list"]);
    assert_eq!(list.exit, 0, "{}", list.err);
    let recipes = list.json()["recipes"].as_array().unwrap().clone();
    assert!(recipes.len() >= 5);
    for recipe in &recipes {
        assert!(recipe["title"].is_string() && recipe["state"] == "new", "{recipe}");
        let shown = place.run(&["show", recipe["name"].as_str().unwrap()]).json();
        assert_eq!(shown["name"], recipe["name"]);
        assert!(shown["files"].is_array());
        for input in shown["inputs"].as_array().unwrap() {
            assert!(input["key"].is_string() && input["help"].is_string(), "{input}");
            assert!(input["required"].is_boolean() && input["secret"].is_boolean(), "{input}");
            assert!(input["default"].is_null() || input["default"].is_string(), "{input}");
            assert_eq!(input.as_object().unwrap().len(), 5, "{input}");
        }
    }
    let unknown = place.run(&["show", "nope"]);
    assert_eq!((unknown.exit, unknown.json()["error"]["category"].as_str()), (2, Some("input")));
}

#[test]
fn a_recipe_whose_check_warned_is_listed_as_the_window_lists_it() {
    let place = Place::new();
    let kept = Profiles::of(&DataDir::open(place.path("data")).unwrap()).update(SANDBOX_PROFILE, |profile| {
        for name in ["wordpress", "bravo-studio"] {
            recipes::remember(profile, name, Call::Check, Ended::Good, jiff::Timestamp::UNIX_EPOCH);
        }
        recipes::remember_warning(profile, "wordpress");
    });
    kept.unwrap();
    let list = place.run_on(None, &["list"]).json();
    let state = |name: &str| {
        let all = list["recipes"].as_array().unwrap();
        all.iter().find(|recipe| recipe["name"] == name).unwrap()["state"].clone()
    };
    assert_eq!(state("wordpress"), "works, warns");
    assert_eq!(state("bravo-studio"), "works");
}

#[test]
fn generate_writes_below_the_folder_keeps_what_is_there_and_by_force_replaces_code_and_adds_to_env_files() {
    let place = Place::new();
    let (out, secret) = (place.path("app"), place.file("secret", &format!("{SECRET}\n")));
    let secret = format!("multipass_secret={secret}");
    let words =
        ["generate", "shopify-multipass", "--set", "store=acme", "--set", "email=ada@example.com", "--secret", &secret];
    let made = place.run(&[&words[..], &["--out", &out]].concat());
    assert_eq!(made.exit, 0, "{}", made.err);
    let files = made.json()["files"].clone();
    assert_eq!(files, serde_json::json!(["lib/multipass.ts", "app/api/multipass/route.ts", ".env.local"]));
    let env = Path::new(&out).join(".env.local");
    let text = std::fs::read_to_string(&env).unwrap();
    assert!(text.contains(&format!("SHOPIFY_MULTIPASS_SECRET={SECRET}\n")), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&env).unwrap().permissions().mode() & 0o777, 0o600);
    }
    for file in ["lib/multipass.ts", "app/api/multipass/route.ts"] {
        assert!(!std::fs::read_to_string(Path::new(&out).join(file)).unwrap().contains("Canary"));
    }
    assert!(!made.out.contains("Canary") && !made.err.contains("Canary"));

    std::fs::write(&env, "MINE=1\nKINDE_SITE_URL=https://shop.example.com\n").unwrap();
    std::fs::write(Path::new(&out).join("lib/multipass.ts"), "mine\n").unwrap();
    let refused = place.run(&[&words[..], &["--out", &out]].concat());
    assert_eq!((refused.exit, refused.json()["error"]["category"].as_str()), (2, Some("input")), "{}", refused.err);
    let theirs = std::fs::read_to_string(&env).unwrap();
    assert_eq!(theirs, "MINE=1\nKINDE_SITE_URL=https://shop.example.com\n");
    let forced = place.run(&[&words[..], &["--out", &out, "--force"]].concat());
    assert_eq!((forced.exit, &forced.json()["files"]), (0, &files), "{}", forced.err);
    let merged = std::fs::read_to_string(&env).unwrap();
    assert!(merged.starts_with(&theirs) && merged.contains(SECRET), "an environment file keeps its lines: {merged}");
    let stays = "KINDE_SITE_URL in .env.local had another value, which stays";
    assert!(forced.err.contains(stays), "{}", forced.err);
    let notes = forced.json()["values"]["notes"].clone();
    assert!(notes.as_array().unwrap().iter().any(|note| note == stays), "{notes}");
    assert!(!forced.err.contains("Canary") && !forced.out.contains("Canary"), "{}", forced.err);
    assert_ne!(std::fs::read_to_string(Path::new(&out).join("lib/multipass.ts")).unwrap(), "mine\n");
}

#[test]
fn by_force_an_environment_file_takes_what_is_given_in_the_call_and_nothing_else() {
    let place = Place::new();
    let (out, secret) = (place.path("app"), place.file("secret", SECRET));
    let env = Path::new(&out).join(".env");
    let theirs =
        "# mine\nexport KINDE_CLIENT_SECRET='of last year'  # rotate yearly\nMINE=1\nTF_VAR_kinde_client_secret=older";
    let words = ["generate", "cloudflare-zero-trust", "--set", "team=foo", "--out", &out, "--force"];
    let by_secret = format!("client_secret={secret}");
    for (more, input) in [
        (&["--secret", by_secret.as_str()][..], ""),
        (&["--password-file", &secret], ""),
        (&["--set", "client_secret=@-"], SECRET),
        (&[], SECRET),
    ] {
        std::fs::create_dir_all(&out).unwrap();
        std::fs::write(&env, theirs).unwrap();
        let forced = place.piped(input, &[&words[..], more].concat());
        assert_eq!(forced.exit, 0, "{more:?} {}", forced.err);
        let wanted = theirs.replace("'of last year'", SECRET).replace("older", SECRET);
        assert_eq!(std::fs::read_to_string(&env).unwrap(), wanted, "{more:?}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&env).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(!forced.out.contains("Canary") && !forced.err.contains("Canary"), "{more:?}");
    }
    // Without one given, the sandbox's own application has one: that is kept, and takes no place.
    std::fs::write(&env, theirs).unwrap();
    let kept = place.run_on(None, &words);
    assert_eq!((kept.exit, std::fs::read_to_string(&env).unwrap().as_str()), (0, theirs), "{}", kept.err);
    let notes = kept.json()["values"]["notes"].to_string();
    assert!(notes.contains("KINDE_CLIENT_SECRET in .env had another value, which stays"), "{notes}");
}

#[test]
fn a_key_that_stands_in_the_folder_s_environment_file_is_the_one_that_is_used_and_none_is_made() {
    let place = Place::new();
    let out = place.path("app");
    let env = Path::new(&out).join(".env.local");
    let words = ["generate", "campaign-state", "--set", "source=reddit", "--set", "client_id=id", "--out", &out];
    let first = place.run(&words);
    assert!(first.exit == 0 && first.out.contains("A new signing key was made"), "{} {}", first.out, first.err);
    let theirs = std::fs::read_to_string(&env).unwrap();
    let key = theirs.lines().find_map(|line| line.strip_prefix("CAMPAIGN_STATE_KEY=")).unwrap().to_owned();

    let again = place.run(&[&words[..], &["--force"]].concat());
    assert_eq!((again.exit, std::fs::read_to_string(&env).unwrap()), (0, theirs), "{}", again.err);
    assert!(!again.out.contains("was made") && !again.err.contains("a new one"), "{} {}", again.out, again.err);
    let values = again.json()["values"].clone();
    let used = "CAMPAIGN_STATE_KEY in .env.local has a value already: that one is used";
    assert!(values["notes"].as_array().unwrap().iter().any(|note| note == used), "{values}");
    assert!(!again.out.contains(&key) && !again.err.contains(&key));
    let text = |name: &str| values[name].as_str().unwrap().to_owned();
    let back = format!("callback_url=http://localhost:3000/auth/campaign/callback?code=c&state={}", text("state"));
    let (nonce, key) = (format!("nonce={}", text("nonce")), format!("key={}", place.file("key", &key)));
    let judged = place.run(&["check", "campaign-state", "--set", &back, "--set", &nonce, "--secret", &key]);
    assert_eq!(judged.json()["verdict"], "pass", "{}", judged.out);

    let none = format!("key={}", place.file("none", ""));
    let emptied = place.run(&[&words[..], &["--force", "--secret", &none]].concat());
    assert!(emptied.exit == 0 && emptied.out.contains(used), "an empty one is none: {} {}", emptied.out, emptied.err);

    std::fs::write(&env, "CAMPAIGN_STATE_KEY=todo\n").unwrap();
    let refused = place.run(&[&words[..], &["--force"]].concat());
    let error = refused.json()["error"].clone();
    assert_eq!((refused.exit, error["category"].as_str()), (2, Some("input")), "{}", refused.out);
    assert!(error["detail"].as_str().unwrap().contains("CAMPAIGN_STATE_KEY in .env.local"), "{error}");
    let own = format!("key={}", place.file("own", &"0f".repeat(32)));
    let given = place.run(&[&words[..], &["--force", "--secret", &own]].concat());
    assert!(given.exit == 0 && !given.out.contains("has a value already"), "{} {}", given.out, given.err);
    let ours = std::fs::read_to_string(&env).unwrap();
    assert!(ours.starts_with(&format!("CAMPAIGN_STATE_KEY={}\n", "0f".repeat(32))), "what is given goes first");
}

#[test]
fn a_folder_for_a_recipe_that_writes_no_files_is_told_to_be_idle_and_left_alone() {
    let place = Place::new();
    let out = place.path("app");
    let callback = "callback_url=https://a01x.callbacks.bravostudio.app";
    for recipe in ["bravo-studio", "openid-provider"] {
        let words = ["generate", recipe, "--set", callback, "--set", "client_id=id"];
        let made = place.run(&[&words[..], &["--out", &out]].concat());
        assert_eq!((made.exit, made.json()["files"].as_array().map(Vec::len)), (0, Some(0)), "{recipe} {}", made.err);
        assert!(made.err.contains("writes no files") && !Path::new(&out).exists(), "{recipe} {}", made.err);
        assert!(!place.run(&words).err.contains("writes no files"), "{recipe}");
    }
}

#[test]
fn a_client_secret_that_is_kept_is_written_beside_the_client_id_it_belongs_to_alone() {
    let place = Place::new();
    for (recipe, set, file, name) in [
        ("wordpress", "site=https://blog.example.com", "outside-the-web-root/.env", "OIDC_CLIENT_SECRET"),
        ("cloudflare-zero-trust", "team=foo", ".env", "KINDE_CLIENT_SECRET"),
    ] {
        // The sandbox's own application has one.
        let written = |client_id: &str| {
            let out = place.path(&format!("{recipe} {client_id}"));
            let words = ["generate", recipe, "--set", set, "--out", &out, "--set", client_id];
            let made = place.run_on(None, &words);
            assert_eq!(made.exit, 0, "{}", made.err);
            let text = std::fs::read_to_string(Path::new(&out).join(file)).unwrap();
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap().to_owned();
            (line, made.json()["values"]["notes"].to_string())
        };
        let left_out = format!("{name} is left empty: the secret that is kept was not given with this client ID");
        let (own, notes) = written("client_id=");
        assert!(own.len() > 20 && !notes.contains(&left_out), "{recipe}: {notes}");
        let (other, notes) = written("client_id=0123456789abcdef0123456789abcdef");
        assert!(other.is_empty() && notes.contains(&left_out), "{recipe}: {notes}");
    }
}

#[test]
fn a_check_of_a_tool_tries_the_client_secret_it_is_given_else_the_one_that_is_kept() {
    let place = Place::new();
    let wrong = format!("client_secret={}", place.file("secret", SECRET));
    let verdict = |words: &[&str]| {
        let ran = place.run_on(None, &[&["check", "cloudflare-zero-trust", "--set", "team=foo"][..], words].concat());
        let checks = ran.json()["checks"].as_array().unwrap().clone();
        assert!(!ran.out.contains("Canary") && !ran.err.contains("Canary"), "{} {}", ran.out, ran.err);
        checks.iter().find(|check| check["name"] == "client secret").unwrap()["verdict"].clone()
    };
    assert_eq!(verdict(&[]), "pass", "the sandbox's own");
    assert_eq!(verdict(&["--secret", &wrong]), "fail");
    assert_eq!(verdict(&["--set", "client_id=0123456789abcdef0123456789abcdef"]), "skipped", "it is of another");
}

#[test]
fn a_made_token_is_judged_good_and_garbage_is_failing_checks_and_never_an_error() {
    let place = Place::new();
    let secret = place.file("secret", SECRET);
    let named = format!("multipass_secret={secret}");
    let made = place.run(&[
        "generate",
        "shopify-multipass",
        "--set",
        "store=acme",
        "--set",
        "email=a@example.com",
        "--secret",
        &named,
    ]);
    let token = place.file("token", made.json()["values"]["token"].as_str().unwrap());
    let from_file = format!("token=@{token}");
    let good = place.run(&["check", "shopify-multipass", "--set", &from_file, "--password-file", &secret]);
    assert_eq!((good.exit, good.json()["verdict"].as_str()), (0, Some("pass")), "{}", good.out);
    assert_eq!(good.json()["values"]["customer"]["email"], "a@example.com");
    for garbage in ["token=", "token=nonsense", "token=AAAA"] {
        let bad = place.run(&["check", "shopify-multipass", "--set", garbage, "--password-file", &secret]);
        if garbage == "token=" {
            assert_eq!((bad.exit, bad.json()["error"]["category"].as_str()), (2, Some("input")), "nothing to judge");
            continue;
        }
        assert_eq!((bad.exit, bad.json()["verdict"].as_str()), (1, Some("fail")), "{garbage} {}", bad.out);
        for check in bad.json()["checks"].as_array().unwrap().iter().filter(|check| check["verdict"] == "fail") {
            assert!(check["why"].is_string() && check["fix"].is_string(), "{check}");
        }
    }
    let all = [&good.out, &good.err, &made.out, &made.err].map(String::as_str).join("");
    assert!(!all.contains("Canary"), "the secret was printed");
}

#[test]
fn a_blank_at_an_end_of_a_secret_is_kept_and_told_of_wherever_it_came_from() {
    let place = Place::new();
    let words = ["generate", "shopify-multipass", "--set", "store=acme"];
    let file = place.file("secret", &format!("{SECRET} \n"));
    let (by_set, by_secret) = (format!("multipass_secret=@{file}"), format!("multipass_secret={file}"));
    let clean = place.piped(&format!("{SECRET}\n"), &words);
    assert!(clean.exit == 0 && !clean.err.contains("has a blank"), "{}", clean.err);
    for (more, input) in [
        (&["--set", by_set.as_str()][..], ""),
        (&["--secret", &by_secret], ""),
        (&["--password-file", &file], ""),
        (&["--set", "multipass_secret=@-"], " x"),
        (&["--secret", "multipass_secret=-"], "x \n"),
        (&[], "\tx\n"),
    ] {
        let ran = place.piped(input, &[&words[..], more].concat());
        assert_eq!(ran.exit, 0, "{more:?} {}", ran.out);
        assert!(
            ran.err.contains("multipass_secret has a blank at one of its ends; it is kept"),
            "{more:?} {}",
            ran.err
        );
        assert!(!ran.err.contains("Canary") && !ran.out.contains("Canary"), "{more:?}");
    }
}

#[test]
fn words_that_cannot_be_used_are_refused_before_anything_is_done() {
    let place = Place::new();
    let secret = format!("multipass_secret={SECRET}");
    for words in [
        &["generate", "nope"][..],
        &["generate", "shopify-multipass", "--set", "colour=red"],
        &["generate", "shopify-multipass", "--set", "store"],
        &["generate", "shopify-multipass", "--set", "store=me:pw@x"],
        &["generate", "shopify-multipass"],
        &["generate", "shopify-multipass", "--set", "store=acme", "--set", &secret],
        &["generate", "trustpath", "--set", "on_failure=ajar"],
        &["generate", "cloudflare-zero-trust", "--set", "team=foo", "--set", "team=bar"],
        &["check", "nextjs"],
        &["check", "trustpath", "--password-file", "/nonexistent"],
    ] {
        let ran = place.run(words);
        assert_eq!(ran.exit, 2, "{words:?} {} {}", ran.out, ran.err);
        let error = &ran.json()["error"];
        for member in ["title", "detail", "hint"] {
            assert!(error[member].as_str().is_some_and(|text| !text.is_empty()), "{words:?}: {error}");
        }
        assert!(!ran.out.contains("Canary") && !ran.err.contains("Canary"), "{words:?}");
    }
    let missing =
        place.run(&["check", "shopify-multipass", "--set", "token=x", "--secret", "multipass_secret=/nonexistent"]);
    assert_eq!((missing.exit, missing.json()["error"]["category"].as_str()), (3, Some("file")));
}

/// Every file below a folder that holds `word`.
fn holding(folder: &Path, word: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, word));
        } else if String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains(word) {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_secret_key_of_supabase_is_no_publishable_key_for_any_call_and_is_kept_and_told_nowhere() {
    const LEGACY: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdXBhYmFzZSIsInJlZiI6ImFiY2RlZmdoaWprbG1ub3BxcnN0Iiwicm9sZSI6InNlcnZpY2Vfcm9sZSJ9.c2lnbmF0dXJlLW9mLW5vYm9keQ";
    let place = Place::new();
    let out = place.path("app");
    for (key, said) in [(format!("sb_secret_{SECRET}"), "sb_secret_…"), (LEGACY.to_owned(), "service_role")] {
        let (inline, file) = (format!("publishable_key={key}"), place.file("key", &key));
        let (read, hidden) = (format!("publishable_key=@{file}"), format!("publishable_key={file}"));
        for (call, more) in [("generate", &["--out", &out][..]), ("check", &[]), ("simulate", &[])] {
            for given in [["--set", inline.as_str()], ["--set", &read], ["--secret", &hidden]] {
                let words = [&[call, "supabase", "--set", "project=abc"][..], &given, more].concat();
                let ran = place.run(&words);
                let error = &ran.json()["error"];
                assert_eq!((ran.exit, error["category"].as_str()), (2, Some("input")), "{call} {}", ran.out);
                assert!(error["detail"].as_str().unwrap().contains(said), "{error}");
                assert!(error["hint"].as_str().unwrap().contains("Project Settings > API Keys"), "{error}");
                assert!(!ran.out.contains(&key) && !ran.err.contains(&key), "{} {}", ran.out, ran.err);
            }
        }
        assert!(!Path::new(&out).exists(), "nothing was written");
        assert!(holding(Path::new(&place.path("data")), &key).is_empty(), "nothing was kept");
    }
}

#[test]
fn a_check_that_cannot_be_begun_for_its_words_exits_2_and_leaves_the_recipe_s_state_alone() {
    let place = Place::new();
    let secret = format!("multipass_secret={}", place.file("secret", SECRET));
    for words in [
        &["check", "supabase"][..],
        &["check", "nextjs", "--set", "url=foo"],
        &["check", "edge-workers", "--set", "url=foo"],
        &["check", "shopify-multipass", "--set", "token=x", "--set", "at=garbage", "--secret", &secret],
        &["check", "wordpress", "--set", "site=ftp://x"],
        &["simulate", "nextjs", "--set", "event=nosuch"],
        &["simulate", "cloudflare-zero-trust", "--set", "team=foo bar"],
    ] {
        let ran = place.run_on(None, words);
        assert_eq!((ran.exit, ran.json()["error"]["category"].as_str()), (2, Some("input")), "{words:?} {}", ran.out);
        assert!(!ran.out.contains("Canary") && !ran.err.contains("Canary"), "{words:?}");
    }
    // A thing that is pasted to be judged says nothing of the recipe.
    let back = "callback_url=http://localhost:3000/auth/campaign/callback?state=short";
    for words in [
        &["check", "shopify-multipass", "--set", "token=x", "--secret", &secret][..],
        &["check", "supabase", "--set", "token=x"],
        &["check", "campaign-state", "--set", back],
    ] {
        let ran = place.run_on(None, words);
        assert_eq!((ran.exit, ran.json()["verdict"].as_str()), (1, Some("fail")), "{words:?} {}", ran.out);
    }
    for recipe in place.run_on(None, &["list"]).json()["recipes"].as_array().unwrap() {
        assert_eq!(recipe["state"], "new", "{recipe}");
    }
    // What is given to be judged is judged.
    let judged = place.run_on(None, &["check", "bravo-studio", "--set", "callback_url=nothing"]);
    assert_eq!((judged.exit, judged.json()["verdict"].as_str()), (1, Some("fail")), "{}", judged.out);
}

#[test]
fn what_is_made_for_a_tenant_names_the_sandbox_s_address_for_trying_it_out_and_for_the_sandbox_its_own() {
    let place = Place::new();
    for name in ["nextjs", "edge-workers"] {
        for domain in [Some("acme.kinde.com"), None] {
            let made = place.run_on(domain, &["generate", name]);
            assert_eq!(made.exit, 0, "{name} {}", made.err);
            let values = &made.json()["values"];
            let of = |name: &str| values[name].as_str().unwrap_or_default().to_owned();
            assert!(of("test_env").starts_with("KINDE_ISSUER_URL=http://127.0.0.1:"), "{values}");
            let own =
                if domain.is_some() { "KINDE_ISSUER_URL=https://acme.kinde.com".to_owned() } else { of("test_env") };
            assert_eq!(of("tenant_env"), own, "{values}");
        }
    }
}

#[test]
fn a_closed_port_is_a_failing_check_that_says_what_to_start() {
    let place = Place::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", free.local_addr().unwrap());
    drop(free);
    for (recipe, url) in [
        ("nextjs", address.clone()),
        ("edge-workers", address.clone()),
        ("zapier", format!("{address}hooks/catch/1/a/")),
    ] {
        let ran = place.run(&["check", recipe, "--set", &format!("url={url}")]);
        assert_eq!((ran.exit, ran.json()["verdict"].as_str()), (1, Some("fail")), "{recipe} {} {}", ran.out, ran.err);
        let checks = ran.json()["checks"].as_array().unwrap().clone();
        let fix = checks.iter().find(|check| check["verdict"] == "fail").unwrap()["fix"].as_str().unwrap().to_owned();
        assert!(fix.starts_with("Start ") && !ran.out.contains("kinde-panel sandbox"), "{recipe} {}", ran.out);
    }
}

#[test]
fn simulations_go_well_on_the_sandbox_and_only_what_was_asked_there_is_called_simulated() {
    let place = Place::new();
    for name in ["nextjs", "zapier", "edge-workers", "campaign-state", "shopify-multipass", "supabase", "trustpath"] {
        let ran = place.run_on(None, &["simulate", name]);
        assert_eq!(ran.exit, 0, "{name} {} {}", ran.out, ran.err);
        assert!(["pass", "warn"].contains(&ran.json()["verdict"].as_str().unwrap()), "{name} {}", ran.out);
    }
    let list = place.run_on(None, &["list"]).json();
    for recipe in list["recipes"].as_array().unwrap() {
        let wanted =
            ["nextjs", "zapier", "edge-workers", "campaign-state", "shopify-multipass", "supabase", "trustpath"];
        if wanted.contains(&recipe["name"].as_str().unwrap()) {
            // The sandbox itself hands the campaign back; none of what was written is run for the others.
            let asked = recipe["name"] == "campaign-state";
            assert_eq!(recipe["state"], if asked { "simulated" } else { "worked out" }, "{recipe}");
        }
    }
}

/// A receiver that answers every POST with `status`, and GET with 405.
fn receiver(status: u16, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api/kinde-webhook", listener.local_addr().unwrap());
    std::thread::Builder::new()
        .name("receiver".into())
        .spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut bytes = Vec::new();
                let mut buffer = [0; 8192];
                loop {
                    let read = stream.read(&mut buffer).unwrap_or(0);
                    bytes.extend_from_slice(&buffer[..read]);
                    let text = String::from_utf8_lossy(&bytes).to_lowercase();
                    let Some((head, rest)) = text.split_once("\r\n\r\n") else {
                        if read == 0 {
                            break;
                        }
                        continue;
                    };
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
                    if read == 0 || rest.len() >= length.map_or(0, |length| length.trim().parse().unwrap()) {
                        break;
                    }
                }
                let status = if bytes.starts_with(b"GET") { 405 } else { status };
                let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n");
                write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).ok();
            }
        })
        .unwrap();
    url
}

#[test]
fn a_receiver_that_takes_everything_is_told_what_that_means_and_one_that_takes_nothing_too() {
    let place = Place::new();
    let lax = receiver(200, "{}");
    let ran = place.run_on(None, &["check", "nextjs", "--set", &format!("url={lax}")]);
    assert_eq!(ran.exit, 1, "{}", ran.err);
    let checks = ran.json()["checks"].as_array().unwrap().clone();
    let of = |name: &str| checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}"));
    assert_eq!(of("genuine event")["verdict"], "pass");
    assert_eq!(of("same delivery again")["verdict"], "warn");
    for name in ["key of nobody", "changed payload", "alg none", "hs256 with the pem", "plain json", "old replay"] {
        assert_eq!(of(name)["verdict"], "fail", "{name}");
    }
    let strict = receiver(400, r#"{"message":"jwt issuer invalid. expected: https://acme.kinde.com"}"#);
    let ran = place.run_on(None, &["check", "nextjs", "--set", &format!("url={strict}")]);
    let checks = ran.json()["checks"].as_array().unwrap().clone();
    let genuine = checks.iter().find(|check| check["name"] == "genuine event").unwrap();
    assert_eq!(genuine["verdict"], "fail");
    assert!(genuine["why"].as_str().unwrap().contains("iss"), "{genuine}");
    assert!(checks.iter().any(|check| check["name"] == "meaning"), "{checks:?}");
}

#[test]
fn trustpath_is_asked_with_the_key_in_a_header_and_its_refusal_has_a_sentence() {
    let place = Place::new();
    let key = place.file("key", SECRET);
    let at = |url: &str| format!("api={}", url.trim_end_matches("/api/kinde-webhook"));
    let good = receiver(200, r#"{"data":{"score":{"state":"decline","value":97}}}"#);
    let ran = place.run(&["check", "trustpath", "--set", &at(&good), "--secret", &format!("trustpath_api_key={key}")]);
    assert_eq!(ran.exit, 0, "{} {}", ran.out, ran.err);
    let checks = ran.json()["checks"].as_array().unwrap().clone();
    assert!(checks.iter().any(|check| check["name"] == "state" && check["seen"] == "decline, score 97"), "{checks:?}");
    let wrong = receiver(401, r#"{"message":"Unauthorized"}"#);
    let ran = place.run(&["check", "trustpath", "--set", &at(&wrong), "--secret", &format!("trustpath_api_key={key}")]);
    assert_eq!(ran.exit, 1);
    assert!(ran.out.contains("API key") && !ran.out.contains("Canary"), "{}", ran.out);
    let clear = place.run(&[
        "check",
        "trustpath",
        "--set",
        "api=http://api.trustpath.io",
        "--secret",
        &format!("trustpath_api_key={key}"),
    ]);
    assert_eq!(clear.exit, 2, "the key is not sent in clear text: {}", clear.out);
}
