//! What the Inspector asks for, through the real backend: a receiver, a webhook that the sandbox signs, and its row.
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
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use kinde_panel::backend::history::{self, Attention, Event, Place, Settings, Which, Wish};
use kinde_panel::backend::{self, Backend, End, JobId};
use kinde_panel::clock::Clock;
use kinde_panel::inspector::forward::Target;
use kinde_panel::kinde::Domain;
use kinde_panel::secrets::SecretStore;
use kinde_panel::store::DataDir;
use kinde_panel::store::attempts::{Attempt, Attempts, Duplicate, Filter, Judgement, NewAttempt, Retention};
use kinde_panel::tenant::{Profile, Profiles, SANDBOX_PROFILE};
use tokio::sync::watch;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

struct Behind {
    backend: Backend,
    woken: Receiver<()>,
    last: JobId,
}

impl Behind {
    fn over(folder: &Path) -> Self {
        let (wake, woken) = sync_channel(1024);
        let wake = move || wake.try_send(()).unwrap_or_default();
        let backend = Backend::start(folder.to_owned(), SecretStore::memory(), Clock::real(), wake, None).unwrap();
        Self { backend, woken, last: 0 }
    }

    fn begin(&mut self, command: history::Command) -> JobId {
        self.last += 1;
        self.backend.run(self.last, command.into()).unwrap();
        self.last
    }

    /// The first event of `job` that `wanted` knows.
    fn wait<T>(&mut self, job: JobId, mut wanted: impl FnMut(&backend::Event) -> Option<T>) -> T {
        loop {
            while let Some(stamped) = self.backend.next_event() {
                if stamped.job == job
                    && let Some(found) = wanted(&stamped.event)
                {
                    return found;
                }
            }
            self.woken.recv_timeout(PATIENCE).expect("the backend answers");
        }
    }

    fn page(&mut self) -> Vec<Attempt> {
        let filter = Box::<Filter>::default();
        let command = history::Command::Page { profile: SANDBOX_PROFILE, filter, place: Place::Newest, limit: 100 };
        let job = self.begin(command);
        self.wait(job, |event| match event {
            backend::Event::History(Event::Page(page)) => Some(page.as_ref().unwrap().rows.clone()),
            _ => None,
        })
    }

    fn listen(&mut self, wish: Wish, settings: watch::Receiver<Settings>) -> (JobId, Result<history::Up, String>) {
        let job = self.begin(history::Command::Listen { profile: SANDBOX_PROFILE, wish, settings });
        let up = self.wait(job, |event| match event {
            backend::Event::History(Event::Listening(up)) => Some(up.clone().map_err(|error| error.as_text())),
            _ => None,
        });
        (job, up)
    }

    /// Waits until the rows told for `job` satisfy `enough`.
    fn rows(&mut self, job: JobId, enough: impl Fn(&[Attempt]) -> bool) -> Vec<Attempt> {
        let mut all: Vec<Attempt> = Vec::new();
        self.wait(job, |event| {
            if let backend::Event::History(Event::Rows { rows, .. }) = event {
                for row in rows {
                    all.retain(|known| known.seq != row.seq);
                    all.push(row.clone());
                }
            }
            enough(&all).then(|| all.clone())
        })
    }
}

/// Another process signs `count` events and sends them to `url`.
fn send(folder: &Path, url: &str, count: usize) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinde-panel"));
    command.arg("--data-dir").arg(folder).args(["send", "user.created", "--to", url, "--repeat", &count.to_string()]);
    command.env_remove("DBUS_SESSION_BUS_ADDRESS").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().unwrap().success());
}

/// An app that answers one request with 201.
fn app() -> (Target, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = Target::parse(&format!("http://{}/hook", listener.local_addr().unwrap()), false).unwrap();
    let serve = move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = vec![0; 512];
        let read = stream.read(&mut request).unwrap();
        stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        // To its end, so that nothing is reset.
        stream.read_to_end(&mut Vec::new()).unwrap();
        String::from_utf8_lossy(&request[..read]).into_owned()
    };
    (target, std::thread::Builder::new().name("app".to_owned()).spawn(serve).unwrap())
}

#[test]
fn what_the_sandbox_signs_is_received_judged_forwarded_and_told_and_stopping_lets_go_of_the_port() {
    let folder = tempfile::tempdir().unwrap();
    let mut behind = Behind::over(folder.path());
    let (target, served) = app();
    let (steer, settings) = watch::channel(Settings { targets: vec![target], ..Settings::default() });
    let (job, up) = behind.listen(Wish::default(), settings);
    let up = up.unwrap();
    send(folder.path(), &up.url, 1);
    let rows = behind.rows(job, |rows| rows.iter().any(|row| !row.forwarded.is_empty()));
    assert_eq!((rows[0].verdict.as_deref(), rows[0].failed.as_deref()), (Some("verified"), None));
    assert_eq!(rows[0].forwarded[0].status, Some(201));
    assert!(served.join().unwrap().starts_with("POST /hook"));
    // Another receiver cannot have the port, and says which.
    let (_, second) = behind.listen(Wish { port: Some(up.port), path: None }, watch::channel(Settings::default()).1);
    assert!(second.unwrap_err().contains(&up.port.to_string()));
    steer.send_replace(Settings::default());
    behind.backend.cancel(job);
    behind.wait(job, |event| matches!(event, backend::Event::Ended(End::Cancelled)).then_some(()));
    TcpListener::bind(("127.0.0.1", up.port)).expect("the port is free again");
    assert_eq!(behind.page().len(), 1, "what came is kept");
}

#[test]
fn what_was_acknowledged_is_sent_on_though_its_verdict_could_not_be_written_at_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut behind = Behind::over(folder.path());
    let (target, served) = app();
    let (_steer, settings) = watch::channel(Settings { targets: vec![target], ..Settings::default() });
    let (job, up) = behind.listen(Wish::default(), settings);
    // As where the disk is full: what came is there, and nothing more fits.
    let database = rusqlite::Connection::open(folder.path().join("history.db")).unwrap();
    let full = "CREATE TRIGGER full BEFORE UPDATE OF verdict ON attempts BEGIN SELECT RAISE(ABORT, 'full'); END";
    database.execute_batch(full).unwrap();
    send(folder.path(), &up.unwrap().url, 1);
    let trouble = |there: bool| {
        move |event: &backend::Event| match event {
            backend::Event::History(Event::Trouble(trouble)) => (trouble.is_some() == there).then_some(()),
            _ => None,
        }
    };
    behind.wait(job, trouble(true));
    database.execute_batch("DROP TRIGGER full").unwrap();
    behind.wait(job, trouble(false));
    let rows = behind.rows(job, |rows| rows.iter().any(|row| !row.forwarded.is_empty()));
    assert_eq!((rows[0].verdict.as_deref(), rows[0].forwarded[0].status), (Some("verified"), Some(201)));
    assert!(served.join().unwrap().starts_with("POST /hook"));
    assert_eq!(behind.page()[0].forwarded.len(), 1, "once, and noted");
}

#[test]
fn what_another_process_writes_is_noticed_and_what_was_not_judged_is_judged_when_the_room_opens() {
    let folder = tempfile::tempdir().unwrap();
    let mut behind = Behind::over(folder.path());
    let (_steer, settings) = watch::channel(Settings::default());
    let (job, up) = behind.listen(Wish::default(), settings);
    send(folder.path(), &up.unwrap().url, 3);
    behind.rows(job, |rows| rows.len() == 3);
    // As an earlier run left it.
    let path = folder.path().join("history.db");
    let database = rusqlite::Connection::open(path).unwrap();
    database.execute("UPDATE attempts SET verdict = NULL, standing = 0 WHERE seq = 2", []).unwrap();
    let attention = Arc::new(Attention::default());
    let command = history::Command::Watch { profile: SANDBOX_PROFILE, attention: Arc::clone(&attention) };
    let watching = behind.begin(command);
    let caught = behind.wait(watching, |event| match event {
        backend::Event::History(Event::CaughtUp(count)) => Some(*count),
        _ => None,
    });
    assert_eq!(caught, 1);
    attention.follow(true);
    database.execute("UPDATE attempts SET pinned = 1 WHERE seq = 1", []).unwrap();
    behind.wait(watching, |event| matches!(event, backend::Event::History(Event::Changed)).then_some(()));
    let rows = behind.page();
    assert!(rows.iter().all(|row| row.verdict.as_deref() == Some("verified")), "{rows:?}");
    assert!(rows.last().unwrap().pinned);
}

#[test]
fn what_came_while_its_tenant_was_out_of_reach_is_judged_when_the_room_opens() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, now) = (folder.path().join("sandbox"), Clock::real().now());
    let event = format!(r#"{{"type":"user.created","event_id":"event_1","data":{{}},"timestamp":"{now}"}}"#);
    let token = kinde_panel::sandbox::sign(&sandbox, event.as_bytes(), now).unwrap();
    let jwks = kinde_panel::sandbox::facts(&sandbox).unwrap().jwks;
    let tenant = TcpListener::bind("127.0.0.1:0").unwrap();
    let domain = Domain::parse(&format!("http://{}", tenant.local_addr().unwrap())).unwrap();
    let serve = move || {
        for stream in tenant.incoming() {
            let mut stream = stream.unwrap();
            let _read = stream.read(&mut [0; 4096]).unwrap();
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
            write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{jwks}", jwks.len()).unwrap();
        }
    };
    std::thread::Builder::new().name("tenant".to_owned()).spawn(serve).unwrap();
    let profiles = Profiles::of(&DataDir::open(folder.path()).unwrap());
    let profile = profiles.add(Profile::new("Acme", domain)).unwrap().id;
    let attempts = Attempts::open(&folder.path().join("history.db")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let new = NewAttempt {
        owner: profile.to_string(),
        received_at: now,
        webhook_id: Some("w1".to_owned()),
        event_id: Some("event_1".to_owned()),
        event_type: Some("user.created".to_owned()),
        who: None,
        content: None,
        headers: Vec::new(),
        body: token.into_bytes(),
        whole: true,
        responded: Some(200),
    };
    let seq = runtime.block_on(attempts.receive(new)).unwrap().seq;
    let (verdict, failed) = ("unknown_key".to_owned(), Some("key".to_owned()));
    let duplicate = Duplicate::No;
    let then = Judgement { seq, verdict, failed, duplicate, at: now, decode: None, text: String::new() };
    runtime.block_on(attempts.judged(vec![then])).unwrap();
    let mut behind = Behind::over(folder.path());
    let watching = behind.begin(history::Command::Watch { profile, attention: Arc::default() });
    let caught = behind.wait(watching, |event| match event {
        backend::Event::History(Event::CaughtUp(count)) => Some(*count),
        _ => None,
    });
    let row = runtime.block_on(attempts.whole(&profile.to_string(), seq)).unwrap().unwrap().attempt;
    assert_eq!((caught, row.verdict.as_deref(), row.failed), (1, Some("verified"), None));
}

#[test]
fn deleting_all_that_match_spares_what_is_pinned() {
    let folder = tempfile::tempdir().unwrap();
    let mut behind = Behind::over(folder.path());
    let (_steer, settings) = watch::channel(Settings::default());
    let (job, up) = behind.listen(Wish::default(), settings);
    send(folder.path(), &up.unwrap().url, 5);
    let seq = behind.rows(job, |rows| rows.len() == 5)[2].seq;
    let (profile, which) = (SANDBOX_PROFILE, Which::These(vec![seq]));
    let pinning = behind.begin(history::Command::Pin { profile, which, pinned: true });
    behind.wait(pinning, |event| matches!(event, backend::Event::History(Event::Pinned(Ok(1)))).then_some(()));
    let deleting = behind.begin(history::Command::Delete { profile, which: Which::Matching(Box::default()) });
    let gone = behind.wait(deleting, |event| match event {
        backend::Event::History(Event::Deleted(gone)) => Some(*gone.as_ref().unwrap()),
        _ => None,
    });
    assert_eq!(gone, 4);
    assert_eq!(behind.page().iter().map(|row| row.seq).collect::<Vec<_>>(), [seq]);
}

#[test]
fn deleting_all_that_match_takes_pinned_ones_where_pinned_ones_are_what_is_searched_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut behind = Behind::over(folder.path());
    let (_steer, settings) = watch::channel(Settings::default());
    let (job, up) = behind.listen(Wish::default(), settings);
    send(folder.path(), &up.unwrap().url, 3);
    let rows = behind.rows(job, |rows| rows.len() == 3);
    let (profile, which) = (SANDBOX_PROFILE, Which::These(vec![rows[0].seq, rows[1].seq]));
    let pinning = behind.begin(history::Command::Pin { profile, which, pinned: true });
    behind.wait(pinning, |event| matches!(event, backend::Event::History(Event::Pinned(Ok(2)))).then_some(()));
    let which = Which::Matching(Box::new(Filter { pinned: true, ..Filter::default() }));
    let deleting = behind.begin(history::Command::Delete { profile, which });
    behind.wait(deleting, |event| matches!(event, backend::Event::History(Event::Deleted(Ok(2)))).then_some(()));
    assert_eq!(behind.page().iter().map(|row| row.seq).collect::<Vec<_>>(), [rows[2].seq]);
}

#[test]
fn what_is_replayed_to_the_panels_own_receiver_is_not_replayed_once_more_as_it_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let mut behind = Behind::over(folder.path());
    let (_steer, settings) = watch::channel(Settings::default());
    let (job, up) = behind.listen(Wish::default(), settings);
    let url = up.unwrap().url;
    send(folder.path(), &url, 3);
    behind.rows(job, |rows| rows.len() == 3);
    let (profile, which) = (SANDBOX_PROFILE, Which::Matching(Box::default()));
    let target = Target::parse(&url, false).unwrap();
    let sending = behind.begin(history::Command::Replay { profile, which, target });
    let tally = behind.wait(sending, |event| match event {
        backend::Event::History(Event::Replayed(tally)) => Some(tally.as_ref().unwrap().clone()),
        _ => None,
    });
    assert_eq!((tally.of, tally.well, tally.troubles.len()), (3, 3, 0));
    let rows = behind.page();
    assert_eq!(rows.len(), 6);
    // The oldest first: the fourth to come is the first once more.
    assert_eq!(rows[2].webhook_id, rows[5].webhook_id);
    assert!(rows[5].forwarded[0].replay == Some(1) && rows[2].forwarded.is_empty());
}

#[test]
fn what_the_window_keeps_is_the_rule_of_every_process_that_writes_in_the_history() {
    let folder = tempfile::tempdir().unwrap();
    let mut behind = Behind::over(folder.path());
    let keep = Retention { age: None, bytes: Some(5 << 20) };
    let keeping = behind.begin(history::Command::Keep(keep));
    behind.wait(keeping, |event| matches!(event, backend::Event::History(Event::Pruned(Ok(0)))).then_some(()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let attempts = Attempts::open(&folder.path().join("history.db")).unwrap();
    assert_eq!(runtime.block_on(attempts.retention()).unwrap(), keep);
}

#[test]
fn a_window_that_remembers_nothing_leaves_the_rule_of_the_history_as_it_is_and_deletes_nothing_it_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let attempts = Attempts::open(&folder.path().join("history.db")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let keep = Retention { age: None, bytes: None };
    runtime.block_on(attempts.set_retention(keep)).unwrap();
    let old = NewAttempt {
        owner: SANDBOX_PROFILE.to_string(),
        received_at: Clock::real().now() - jiff::SignedDuration::from_hours(24 * 400),
        webhook_id: Some("w1".to_owned()),
        event_id: None,
        event_type: Some("user.created".to_owned()),
        who: None,
        content: None,
        headers: Vec::new(),
        body: b"an old one".to_vec(),
        whole: true,
        responded: Some(200),
    };
    runtime.block_on(attempts.receive(old)).unwrap();
    let mut behind = Behind::over(folder.path());
    // What the Inspector begins with.
    let pruning = behind.begin(history::Command::Prune);
    behind.wait(pruning, |event| matches!(event, backend::Event::History(Event::Pruned(Ok(0)))).then_some(()));
    let asking = behind.begin(history::Command::Rule);
    let told = behind.wait(asking, |event| match event {
        backend::Event::History(Event::Rule(rule)) => Some(*rule.as_ref().unwrap()),
        _ => None,
    });
    assert_eq!((told, behind.page().len()), (keep, 1));
}
