//! A stage for the tests of tunnels, and the keeper's own tests: what is told when, over lines that do as they are told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::keeper::{Failed, Line, Pulse};
use super::*;
use crate::clock::Clock;
use crate::error::Category;
use crate::inspector::receiver::{Arrival, Options, Receiver};
use crate::net::Recorder;
use crate::store::attempts::{Attempt, Attempts, Filter};

/// A receiver, and the way to it.
pub(super) struct Stage {
    _dir: tempfile::TempDir,
    pub receiver: Receiver,
    attempts: Attempts,
    _arrivals: mpsc::Receiver<Arrival>,
    pub ends: Ends,
    pub clock: Clock,
}

pub(super) async fn stage() -> Stage {
    let dir = tempfile::tempdir().unwrap();
    let attempts = Attempts::open(&dir.path().join("history.db")).unwrap();
    let (sender, arrivals) = mpsc::channel(16);
    let clock = Clock::fixed("2026-11-24T10:00:00Z".parse().unwrap());
    let started = Receiver::start(Options::default(), "p".to_owned(), attempts.clone(), clock.clone(), sender);
    let receiver = started.await.unwrap();
    let http = Http::new(Recorder::silent(), clock.clone()).unwrap();
    let rhythm = Rhythm {
        pulse: Duration::from_millis(50),
        pulse_patience: Duration::from_millis(500),
        retest: None,
        patience: Duration::from_millis(800),
        young: Duration::from_millis(300),
        longest_wait: Duration::from_millis(200),
        first: Duration::from_millis(900),
    };
    let ends = Ends { on_this_machine: true, rhythm, ..Ends::new(receiver.door(), http) };
    Stage { _dir: dir, receiver, attempts, _arrivals: arrivals, ends, clock }
}

impl Stage {
    pub(super) async fn kept(&self) -> Vec<Attempt> {
        self.attempts.page("p", Filter::default()).await.unwrap()
    }
}

/// What was told, in a few letters.
pub(super) fn short(state: &State) -> String {
    match state {
        State::Opening(_) => "opening".to_owned(),
        State::Testing { .. } => "testing".to_owned(),
        State::Up { .. } => "up".to_owned(),
        State::Down { error, .. } => format!("down: {}", error.title),
        State::Rescued(items) => format!("rescued {}", items.len()),
        State::Ended { error, .. } => format!("ended: {}", error.title),
    }
}

/// A tunnel being kept, and what it tells.
pub(super) struct Kept {
    pub told: mpsc::Receiver<State>,
    pub cancel: CancellationToken,
    pub task: tokio::task::JoinHandle<()>,
}

impl Kept {
    pub(super) fn wish(wish: Wish, ends: Ends) -> Self {
        let (tell, told) = mpsc::channel(64);
        let cancel = CancellationToken::new();
        let stop = cancel.clone();
        let tell = move |state: State| tell.try_send(state).unwrap();
        let task = tokio::spawn(async move { keep(&wish, &ends, &tell, stop).await });
        Self { told, cancel, task }
    }

    fn line(line: Scripted, ends: Ends) -> Self {
        let (tell, told) = mpsc::channel(64);
        let cancel = CancellationToken::new();
        let stop = cancel.clone();
        let tell = move |state: State| tell.try_send(state).unwrap();
        let task = tokio::spawn(async move { keeper::keep(line, &ends, &tell, &stop).await });
        Self { told, cancel, task }
    }

    /// The next thing told.
    pub(super) async fn next(&mut self) -> State {
        timeout(Duration::from_secs(10), self.told.recv()).await.expect("nothing more is told").unwrap()
    }

    /// What is told, up to the first that begins so.
    pub(super) async fn until(&mut self, begins: &str) -> (Vec<String>, State) {
        let mut all = Vec::new();
        loop {
            let state = self.next().await;
            all.push(short(&state));
            if all.last().unwrap().starts_with(begins) {
                return (all, state);
            }
            assert!(!all.last().unwrap().starts_with("ended"), "{all:?} {state:?}");
        }
    }

    pub(super) async fn end(mut self) {
        self.cancel.cancel();
        timeout(Duration::from_secs(5), &mut self.task).await.expect("it ends").unwrap();
    }
}

/// What a scripted line is told from outside.
#[derive(Default)]
struct Script {
    opens: VecDeque<Result<Url, bool>>,
    pulses: VecDeque<bool>,
    breaks: bool,
    closed: bool,
    failures: u32,
}

#[derive(Clone, Default)]
struct Scripted(Arc<Mutex<Script>>);

fn gone(title: &str) -> UserError {
    UserError::new(Category::Network, title)
}

impl Line for Scripted {
    fn opening(&self) -> String {
        "Opening".to_owned()
    }

    fn retest(&self) -> Duration {
        Duration::from_secs(600)
    }

    async fn open(&mut self) -> Result<Url, Failed> {
        let mut script = self.0.lock().unwrap();
        let first = script.opens.front().cloned().unwrap();
        if script.opens.len() > 1 {
            script.opens.pop_front();
        }
        first.map_err(|never| if never { Failed::Never(gone("never")) } else { Failed::Now(gone("not now")) })
    }

    fn tested(&mut self, passed: bool) {
        self.0.lock().unwrap().failures += u32::from(!passed);
    }

    async fn pulse(&mut self) -> Result<Pulse, UserError> {
        let stands = self.0.lock().unwrap().pulses.pop_front().unwrap_or(true);
        if stands { Ok(Pulse::Stands) } else { Err(gone("no pulse")) }
    }

    async fn broke(&mut self) -> UserError {
        loop {
            if std::mem::take(&mut self.0.lock().unwrap().breaks) {
                return gone("broke");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn rescued(&mut self) -> Option<State> {
        Some(State::Rescued(Vec::new()))
    }

    async fn close(self) {
        self.0.lock().unwrap().closed = true;
    }
}

fn scripted(opens: impl IntoIterator<Item = Result<Url, bool>>) -> Scripted {
    Scripted(Arc::new(Mutex::new(Script { opens: opens.into_iter().collect(), ..Script::default() })))
}

fn whole(stage: &Stage) -> Url {
    Url::parse(&stage.ends.door.url()).unwrap()
}

#[tokio::test]
async fn up_is_told_after_the_test_alone_a_loss_at_once_and_it_is_opened_again_until_it_is_ended() {
    let stage = stage().await;
    let line = scripted([Err(false), Ok(whole(&stage)), Err(false), Ok(whole(&stage))]);
    let mut kept = Kept::line(line.clone(), stage.ends.clone());
    let (all, up) = kept.until("up").await;
    assert_eq!(all, ["opening", "testing", "up"]);
    assert!(matches!(up, State::Up { url, checks, .. } if url == whole(&stage) && checks.len() == 9));
    assert_eq!(short(&kept.next().await), "rescued 0");
    line.0.lock().unwrap().breaks = true;
    let (all, _) = kept.until("up").await;
    assert_eq!(all, ["down: broke", "down: not now", "testing", "up"], "what was captured is told once");
    line.0.lock().unwrap().pulses.push_back(false);
    let (all, down) =
        kept.until("up").await.0.split_first().map(|(first, rest)| (rest.to_vec(), first.clone())).unwrap();
    assert_eq!((down.as_str(), all), ("down: no pulse", vec!["testing".to_owned(), "up".to_owned()]));
    kept.end().await;
    assert!(line.0.lock().unwrap().closed);
    assert!(stage.kept().await.is_empty());
}

#[tokio::test]
async fn what_can_never_be_had_and_what_does_not_come_in_time_ends_with_its_reason_and_is_closed() {
    let stage = stage().await;
    for (opens, told) in [
        (Err(true), "ended: never"),
        (Err(false), "ended: not now"),
        (Ok(Url::parse("http://127.0.0.1:9/k").unwrap()), "ended: Webhooks do not come through the public address"),
    ] {
        let line = scripted([opens]);
        let mut kept = Kept::line(line.clone(), stage.ends.clone());
        let begun = Instant::now();
        let last = loop {
            let state = kept.next().await;
            if let State::Ended { .. } = &state {
                break short(&state);
            }
        };
        assert_eq!(last, told);
        assert!(begun.elapsed() < Duration::from_secs(5));
        timeout(Duration::from_secs(5), kept.task).await.unwrap().unwrap();
        assert!(line.0.lock().unwrap().closed);
    }
}

#[tokio::test]
async fn one_that_was_up_is_tried_again_whatever_is_said_when_it_is_opened_anew() {
    let stage = stage().await;
    let line = scripted([Ok(whole(&stage)), Err(true), Ok(whole(&stage))]);
    let mut kept = Kept::line(line.clone(), stage.ends.clone());
    kept.until("rescued").await;
    line.0.lock().unwrap().breaks = true;
    let (all, _) = kept.until("up").await;
    assert_eq!(all, ["down: broke", "down: never", "testing", "up"]);
    kept.end().await;
}

#[tokio::test]
async fn after_sleep_it_is_tested_before_anything_else_and_a_test_that_fails_is_a_loss() {
    let mut stage = stage().await;
    stage.ends.rhythm.pulse = Duration::from_millis(200);
    let line = scripted([Ok(whole(&stage)), Ok(Url::parse("http://127.0.0.1:9/k").unwrap()), Ok(whole(&stage))]);
    let mut kept = Kept::line(line.clone(), stage.ends.clone());
    kept.until("rescued").await;
    // An hour of sleep: nothing that waits has noticed.
    stage.clock.advance(Duration::from_secs(3600));
    let State::Up { checked_at, .. } = kept.next().await else { panic!("it was tested again") };
    assert_eq!(checked_at, stage.clock.now());
    line.0.lock().unwrap().breaks = true;
    let (all, _) = kept.until("up").await;
    let lost = "down: Webhooks do not come through the public address";
    assert_eq!(all, ["down: broke", "testing", lost, "testing", "up"]);
    assert_eq!(line.0.lock().unwrap().failures, 1, "the line was told that it is not to be relied on");
    kept.end().await;
}

#[tokio::test]
async fn an_address_by_hand_is_tested_with_the_receivers_path_and_again_while_it_stands() {
    let mut stage = stage().await;
    stage.ends.rhythm.retest = Some(Duration::from_millis(100));
    let base = format!("http://{}", stage.ends.door.address());
    let mut kept = Kept::wish(Wish::parse(&base).unwrap(), stage.ends.clone());
    let (all, up) = kept.until("up").await;
    assert_eq!(all, ["opening", "testing", "up"]);
    assert!(matches!(up, State::Up { url, .. } if url == whole(&stage)));
    assert_eq!(short(&kept.next().await), "up");
    stage.receiver.stop().await;
    let (all, down) = kept.until("down").await;
    assert!(all.len() < 4, "{all:?}");
    let State::Down { error, checks, again_at, .. } = down else { panic!() };
    assert!(error.detail.contains("Nothing answers") && !error.hint.is_empty() && again_at.is_some(), "{error:?}");
    assert_eq!(checks.len(), 9);
    kept.cancel.cancel();
    timeout(Duration::from_secs(5), kept.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_unusable_wish_ends_before_anything_is_opened() {
    let stage = stage().await;
    let wish = Wish { way: Way::Own, own: Some("dev.example.com".to_owned()), ..Wish::default() };
    let mut kept = Kept::wish(wish, stage.ends.clone());
    let State::Ended { error, .. } = kept.next().await else { panic!() };
    assert_eq!(error.category, Category::Input);
}

/// What a stand-in answers to a request: method and path, body.
type Answers = dyn Fn(&str, &[u8]) -> (u16, String) + Send + Sync;

/// A loopback HTTP server that answers by `answers`, a connection a request.
pub(super) async fn serve(
    answers: impl Fn(&str, &[u8]) -> (u16, String) + Send + Sync + 'static,
) -> std::net::SocketAddr {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answers: Arc<Answers> = Arc::new(answers);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answers = Arc::clone(&answers);
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                let (what, body) = loop {
                    let mut some = [0; 8192];
                    let read = stream.read(&mut some).await.unwrap_or(0);
                    if read == 0 {
                        return;
                    }
                    bytes.extend_from_slice(&some[..read]);
                    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
                    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
                    let length = head.split("content-length: ").nth(1).and_then(|it| it.lines().next()?.parse().ok());
                    if bytes.len() >= end + 4 + length.unwrap_or(0) {
                        let line = String::from_utf8_lossy(&bytes[..end]).lines().next().unwrap().to_owned();
                        break (line.rsplit_once(' ').unwrap().0.to_owned(), bytes[end + 4..].to_vec());
                    }
                };
                let (status, answer) = answers(&what, &body);
                let head =
                    format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", answer.len());
                stream.write_all(format!("{head}{answer}").as_bytes()).await.ok();
            });
        }
    });
    address
}
