//! `listen --register`: the ready line, and what is put back at each kind of end.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::borrow::{definitions, tenant};
use super::kinde::{How, Kinde, folder};
use super::process::{command, run, said};
use super::stand_in::{cloudflared, serve};

/// `listen --register` while it runs.
struct Listening {
    child: Child,
    out: BufReader<ChildStdout>,
    ready: Value,
}

impl Listening {
    fn url(&self) -> String {
        self.ready["ready"]["url"].as_str().unwrap().to_owned()
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// POSTs a body that is no token; the status.
    fn post(&self) -> String {
        let url = self.url();
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let head =
            format!("POST /{path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().to_owned()
    }

    /// How it ended by itself, what stood on stdout after the ready line, and on stderr.
    fn end(mut self) -> (i32, String, String) {
        let (mut out, mut said) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code().unwrap_or(-1), out, said)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// Starts it off the async threads: the Kinde it talks to runs there.
async fn listening(kinde: &Kinde, dir: &Path, more: &[&'static str]) -> Listening {
    started(command(kinde, dir, true, &[&["listen", "--register"], more].concat())).await
}

async fn started(command: Command) -> Listening {
    blocking(move || {
        let mut command = command;
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no ready line: {line:?}"));
        Listening { child, out, ready }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ready_line_names_the_webhook_and_ctrl_c_and_sigterm_put_everything_back_in_time() {
    for signal in ["-INT", "-TERM"] {
        let tenant = tenant(None).await;
        let (kinde, dir) = (&tenant.kinde, folder());
        let listening = listening(kinde, dir.path(), &["--event", "user.created", "--event", "role.created"]).await;
        let all = kinde.webhooks();
        let here = all.iter().find(|it| it.definition.endpoint == listening.url()).expect("one points here");
        let ready = &listening.ready["ready"];
        assert_eq!((&ready["webhook"], &ready["public"]), (&Value::from(here.id.clone()), &Value::Null));
        assert_eq!(here.definition.event_types, ["user.created", "role.created"]);
        let begun = Instant::now();
        listening.signal(signal);
        let (code, out, said) = blocking(move || listening.end()).await;
        assert_eq!((code, out.as_str()), (0, ""), "{said}");
        assert!(begun.elapsed() < Duration::from_secs(5), "the contract says a second; a loaded machine is given more");
        assert!(said.contains("was taken away again"), "{said}");
        assert_eq!(definitions(kinde), tenant.before);
        let locks = std::fs::read_dir(dir.path().join("journal")).unwrap().count();
        assert_eq!(locks, 0, "nothing is left in the journal");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_event_it_takes_all_of_the_tenants_types_and_count_ends_it_as_ever() {
    let tenant = tenant(None).await;
    let (kinde, dir) = (&tenant.kinde, folder());
    kinde.set(|world| world.event_types = Some(vec!["user.created".into(), "invoice.paid".into()]));
    let listening = listening(kinde, dir.path(), &["--count", "1"]).await;
    let here = kinde.webhooks().into_iter().find(|it| it.definition.endpoint == listening.url()).unwrap();
    assert_eq!(here.definition.event_types, ["user.created", "invoice.paid"]);
    let (code, out, said) = blocking(move || {
        assert_eq!(listening.post(), "200");
        listening.end()
    })
    .await;
    assert_eq!(code, 1, "no token is no verified event: {said}");
    assert!(out.lines().count() == 1 && out.contains("unreadable"), "{out}");
    assert_eq!(definitions(kinde), tenant.before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_registered_is_refused_before_anything_is_made() {
    let tenant = tenant(None).await;
    let (kinde, dir) = (&tenant.kinde, folder());
    let refused = async |named: bool, more: &[&str]| {
        let words = [&["listen", "--register"], more].concat();
        let (output, answer) = run(kinde, dir.path(), named, &words).await;
        (output.status.code(), answer["error"].clone(), said(&output))
    };
    let (code, error, said) = refused(false, &[]).await;
    assert!(code == Some(2) && error["hint"].as_str().unwrap().contains("--profile"), "not named: {said}");
    let (code, _, said) = refused(true, &["--event", "event_1"]).await;
    assert_eq!(code, Some(2), "an id is no type: {said}");
    kinde.set(|world| world.event_types = Some(vec!["user.created".into()]));
    let (code, error, _) = refused(true, &["--event", "user.crated"]).await;
    assert!(code == Some(2) && error["detail"].as_str().unwrap().contains("user.crated"), "{error}");
    kinde.set(|world| world.scope = "read:webhooks create:webhooks read:event_types".to_owned());
    let (code, error, _) = refused(true, &[]).await;
    assert!(code == Some(3) && error["title"].as_str().unwrap().contains("delete:webhooks"), "{error}");
    kinde.set(|world| (world.scope, world.limit) = (String::new(), Some(2)));
    let (code, error, _) = refused(true, &[]).await;
    assert!(code == Some(3) && error["title"].as_str().unwrap().contains("no room"), "{error}");
    assert_eq!(definitions(kinde), tenant.before);
    let (output, _) = run(kinde, dir.path(), true, &["listen", "--event", "user.created"]).await;
    assert_eq!(
        output.status.code(),
        Some(2),
        "an event without a webhook says nothing: {}",
        super::process::said(&output)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_network_is_gone_at_its_end_it_tries_again_and_says_so_until_it_is_done() {
    let tenant = tenant(None).await;
    let (kinde, dir) = (&tenant.kinde, folder());
    let listening = listening(kinde, dir.path(), &["--count", "1"]).await;
    kinde.fault(0, How::Cut, true);
    let ending = tokio::task::spawn_blocking(move || {
        assert_eq!(listening.post(), "200");
        listening.end()
    });
    // The second try is under way.
    while kinde.seen().len() < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_ne!(definitions(kinde), tenant.before);
    kinde.heal();
    let (code, _, said) = ending.await.unwrap();
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("not put back yet") && said.contains("Tried again in 1 s"), "{said}");
    assert_eq!(definitions(kinde), tenant.before);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_kinde_does_not_answer_in_the_time_of_ctrl_c_the_journal_keeps_it_for_the_next_command() {
    let tenant = tenant(None).await;
    let (kinde, dir) = (&tenant.kinde, folder());
    let listening = listening(kinde, dir.path(), &[]).await;
    kinde.fault(0, How::Hang, true);
    let begun = Instant::now();
    listening.signal("-TERM");
    let (code, _, told) = blocking(move || listening.end()).await;
    assert_eq!(code, 0, "{told}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(told.contains("could not be put back in time") && told.contains("webhooks list"), "{told}");
    assert_ne!(definitions(kinde), tenant.before);
    kinde.heal();
    let (output, _) = run(kinde, dir.path(), true, &["webhooks", "list"]).await;
    assert!(said(&output).contains("Put right:"), "{}", said(&output));
    assert_eq!(definitions(kinde), tenant.before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_beside_it_leaves_it_alone_while_it_runs() {
    let tenant = tenant(None).await;
    let (kinde, dir) = (&tenant.kinde, folder());
    let listening = listening(kinde, dir.path(), &[]).await;
    let during = definitions(kinde);
    let (output, _) = run(kinde, dir.path(), true, &["webhooks", "list"]).await;
    assert!(!said(&output).contains("Put right"), "{}", said(&output));
    assert_eq!(definitions(kinde), during);
    listening.signal("-TERM");
    blocking(move || listening.end()).await;
    assert_eq!(definitions(kinde), tenant.before);
}

/// A cloudflared in `dir` that leads to the receiver, under the name `localhost` once it has `moved`.
fn quick_tunnel(dir: &Path, moved: Arc<AtomicBool>) -> String {
    std::fs::create_dir_all(dir).unwrap();
    let words = dir.join("words");
    let metrics = serve(move |what, _| match what {
        "GET /quicktunnel" => {
            let told = std::fs::read_to_string(&words).unwrap();
            let base = told.lines().last().unwrap().to_owned();
            let base = if moved.load(Ordering::Relaxed) { base.replace("127.0.0.1", "localhost") } else { base };
            (200, serde_json::json!({"hostname": base}).to_string())
        }
        "GET /ready" => (200, "{}".to_owned()),
        _ => (404, String::new()),
    });
    cloudflared(dir, &[&format!("INF Starting metrics server on {metrics}/metrics")], true);
    format!("{}:{}", dir.display(), std::env::var("PATH").unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_address_is_registered_and_the_webhook_follows_it_once_kinde_answers() {
    let tenant = tenant(None).await;
    let (kinde, dir) = (&tenant.kinde, folder());
    let (bin, moved) = (dir.path().join("bin"), Arc::<AtomicBool>::default());
    let path = quick_tunnel(&bin, Arc::clone(&moved));
    let words = ["listen", "--register", "--event", "user.created", "--public", "cloudflared"];
    let mut command = command(kinde, &dir.path().join("data"), true, &words);
    command.env("PATH", path);
    let listening = started(command).await;
    let ready = listening.ready["ready"].clone();
    let public = ready["public"].as_str().unwrap().to_owned();
    let pointing = |at: &str| kinde.webhooks().into_iter().find(|it| it.definition.endpoint == at);
    assert_eq!(ready["webhook"], pointing(&public).expect("one points at the public address").id);

    // It ends, and comes back under another address while Kinde does not answer.
    kinde.fault(0, How::Cut, true);
    moved.store(true, Ordering::Relaxed);
    let pid = std::fs::read_to_string(bin.join("pid")).unwrap();
    assert!(Command::new("kill").args(["-9", pid.trim()]).status().unwrap().success());
    let begun = Instant::now();
    let wait = async |until: &dyn Fn() -> bool, what: &str| {
        while !until() {
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    wait(&|| !kinde.seen().is_empty(), "it tries to follow").await;
    kinde.heal();
    let there = public.replace("127.0.0.1", "localhost");
    wait(&|| pointing(&there).is_some() && pointing(&public).is_none(), "it tries again by itself").await;

    listening.signal("-TERM");
    let (code, _, said) = blocking(move || listening.end()).await;
    assert_eq!(code, 0, "{said}");
    for words in ["The public address is lost", "could not follow", "Tried again in 1 s", "The webhook points at"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(definitions(kinde), tenant.before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_may_not_be_written_to_is_given_no_public_address() {
    let tenant = tenant(None).await;
    let (kinde, dir) = (&tenant.kinde, folder());
    let bin = dir.path().join("bin");
    let path = quick_tunnel(&bin, Arc::default());
    let words = ["listen", "--register", "--public", "cloudflared"];
    let mut command = command(kinde, &dir.path().join("data"), false, &words);
    let output = blocking(move || command.env("PATH", path).output().unwrap()).await;
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("--profile"), "{output:?}");
    assert!(!bin.join("pid").exists(), "cloudflared was started before anybody asked whether it may be");
}

#[tokio::test(flavor = "multi_thread")]
async fn localtunnel_is_refused_by_what_the_environment_says_of_itself_now() {
    let (kinde, dir) = (Kinde::start().await, folder());
    let asked = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&asked);
    let server = serve(move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
        (403, "{}".to_owned())
    });
    for (live, code, asks) in [(Some(true), 2, 0), (None, 2, 0), (Some(false), 3, 1)] {
        kinde.set(|world| world.live = live);
        asked.store(0, Ordering::Relaxed);
        let mut command = command(&kinde, dir.path(), false, &["listen", "--public", "localtunnel"]);
        command.env("KINDE_PANEL_LOCALTUNNEL", format!("http://{server}"));
        let output = blocking(move || command.output().unwrap()).await;
        let (told, said) = (String::from_utf8_lossy(&output.stdout), said(&output));
        assert_eq!(
            (output.status.code(), asked.load(Ordering::Relaxed)),
            (Some(code), asks),
            "{live:?}: {told} {said}"
        );
        // Nothing is remembered of what is not saved: the way out is one that works.
        assert_eq!(told.contains("the tenant as a profile"), code == 2, "{live:?}: {told}");
    }
}
