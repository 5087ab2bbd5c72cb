//! What the Sandbox room asks for, through the real backend against the real sandbox and a target on this machine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use kinde_panel::backend::sandbox::{Command, Done, ENDED, Event, SandboxView, Sending, Sent};
use kinde_panel::backend::{self, Backend, JobId, shell};
use kinde_panel::clock::Clock;
use kinde_panel::kinde::{Domain, KindeApi, M2m, TokenSource, webhooks::Definition};
use kinde_panel::net::{Http, Recorder};
use kinde_panel::sandbox::{Faults, Order, Rotation};
use kinde_panel::secrets::SecretStore;
use kinde_panel::store::attempts::{Attempts, Duplicate, Judgement, NewAttempt};
use kinde_panel::tenant::{Profile, Profiles, SANDBOX_PROFILE};

struct Behind {
    backend: Backend,
    woken: Receiver<()>,
    last: JobId,
    folder: tempfile::TempDir,
    /// The purposes of what Activity was told of.
    recorded: Vec<String>,
}

impl Behind {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (wake, woken) = sync_channel(1024);
        let wake = move || wake.try_send(()).unwrap_or_default();
        let backend =
            Backend::start(folder.path().to_owned(), SecretStore::memory(), Clock::real(), wake, None).unwrap();
        Self { backend, woken, last: 0, folder, recorded: Vec::new() }
    }

    /// What the sandbox's room is told for `command`.
    fn ask(&mut self, command: Command) -> Event {
        self.begin(command);
        self.answer()
    }

    fn begin(&mut self, command: Command) {
        self.last += 1;
        self.backend.run(self.last, command.into()).unwrap();
    }

    fn answer(&mut self) -> Event {
        loop {
            while let Some(stamped) = self.backend.next_event() {
                match stamped.event {
                    backend::Event::Sandbox(event) if stamped.job == self.last => return event,
                    backend::Event::Shell(shell::Event::Exchange(exchange)) => self.recorded.push(exchange.purpose),
                    _ => {}
                }
            }
            self.woken.recv_timeout(Duration::from_secs(30)).expect("the backend answers");
        }
    }

    fn see(&mut self, command: Command) -> SandboxView {
        let Event::Seen(Ok(view)) = self.ask(command) else { panic!("it is not seen") };
        *view
    }
}

/// A target that answers 200 to everything, and hands over what it was sent.
fn target() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (tell, told) = sync_channel(16);
    let serve = move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut request, mut piece) = (Vec::new(), [0; 4096]);
            loop {
                let read = stream.read(&mut piece).unwrap();
                request.extend_from_slice(&piece[..read]);
                let text = String::from_utf8_lossy(&request).to_lowercase();
                let length = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
                let whole = text.find("\r\n\r\n").map(|head| head + 4).zip(length.and_then(|n| n.trim().parse().ok()));
                if read == 0 || whole.is_some_and(|(head, length): (usize, usize)| request.len() >= head + length) {
                    break;
                }
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            if tell.send(String::from_utf8(request).unwrap()).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name("target".to_owned()).spawn(serve).unwrap();
    (url, told)
}

fn create(view: &SandboxView, endpoint: &str) {
    let runs = view.runs.as_ref().unwrap();
    let http = Http::new(Recorder::silent(), Clock::real()).unwrap();
    let domain = Domain::parse(&runs.issuer).unwrap();
    let m2m = M2m {
        client_id: view.client_id.clone(),
        client_secret: view.client_secret.clone(),
        audience: Some(format!("{}/api", runs.issuer)),
    };
    let tokens = TokenSource::new(http.clone(), domain.clone(), m2m, None);
    let definition = Definition {
        name: "orders".to_owned(),
        description: None,
        endpoint: endpoint.to_owned(),
        event_types: vec!["user.created".to_owned()],
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(KindeApi::new(http, domain, tokens).create_webhook(&definition)).unwrap();
}

fn order() -> Order {
    Order { event_type: "user.created".to_owned(), repeat: 1, ..Order::default() }
}

#[test]
fn a_stopped_sandbox_is_looked_at_without_starting_it_and_started_and_stopped_by_its_commands() {
    let mut behind = Behind::start();
    let stopped = behind.see(Command::Look);
    assert!(stopped.runs.is_none() && !stopped.client_id.is_empty() && stopped.kids.len() == 1);
    let runs = behind.see(Command::Start).runs.unwrap();
    assert!(runs.here && runs.pid == std::process::id());
    let again = behind.see(Command::Stop);
    assert!(again.runs.is_none());
    assert_eq!(again.issuer, Some(runs.issuer), "it is kept where it was");
}

#[test]
fn an_event_is_published_to_a_webhook_delivered_and_shown_as_it_was_sent() {
    let mut behind = Behind::start();
    let view = behind.see(Command::Start);
    let (url, told) = target();
    create(&view, &url);
    let webhooks = behind.see(Command::Look).runs.unwrap().webhooks;
    assert_eq!((webhooks[0].endpoint.as_str(), webhooks[0].off_since), (url.as_str(), None));

    let mut edited = order();
    let Event::Sampled { sample: Ok(sample), .. } = behind.ask(Command::Sample { event_type: "user.created".into() })
    else {
        panic!("there is a sample")
    };
    let old_id = sample.payload["event_id"].clone();
    edited.payload = Some(sample.payload);
    let sending = Sending { order: edited, renew: vec!["event_id"], to: None };
    let Event::Sent(Ok(Sent { done: Done::Published(published), stopped: false })) =
        behind.ask(Command::Send(Box::new(sending)))
    else {
        panic!("it is published")
    };
    assert_ne!(old_id, published.events[0].as_str(), "another send is another event");
    let request = told.recv_timeout(Duration::from_secs(20)).unwrap();
    let Event::Body(Ok(body)) = behind.ask(Command::Body { delivery: published.deliveries[0] }) else {
        panic!("its body is there")
    };
    assert_eq!(body.content_type, "application/jwt");
    assert!(request.ends_with(&body.body), "{request}");
    let delivered = loop {
        let Event::Deliveries(Ok(list)) = behind.ask(Command::Deliveries { limit: 10 }) else {
            panic!("they are listed")
        };
        if list[0].state != "waiting" {
            break list;
        }
    };
    assert_eq!((delivered[0].state.as_str(), delivered[0].attempts[0].status), ("delivered", Some(200)));
    assert!(request.contains(&delivered[0].webhook_id), "{request}");
    let Event::Seen(Ok(_)) = behind.ask(Command::SwitchOn { webhook: delivered[0].webhook.clone() }) else {
        panic!("one that is on may be switched on")
    };
}

#[test]
fn the_key_is_rotated_with_the_old_one_kept_and_then_dropped_and_the_limit_of_webhooks_set_and_lifted() {
    let mut behind = Behind::start();
    let first = behind.see(Command::Start).kids;
    let Event::Rotated(Ok(kept)) = behind.ask(Command::RotateKeys(Rotation::KeepOld)) else { panic!("it rotates") };
    assert_eq!((kept.old_kid.as_str(), kept.old_is_published), (first[0].as_str(), true));
    assert_eq!(behind.see(Command::Look).kids, [kept.kid.clone(), kept.old_kid]);
    let Event::Rotated(Ok(dropped)) = behind.ask(Command::RotateKeys(Rotation::DropOld)) else { panic!("it rotates") };
    assert_eq!((&dropped.old_kid, dropped.old_is_published), (&kept.kid, false));
    assert_eq!(behind.see(Command::Look).kids, [dropped.kid]);
    for limit in [Some(1), None] {
        let runs = behind.see(Command::SetWebhookLimit(limit)).runs.unwrap();
        assert_eq!(runs.webhook_limit, limit);
    }
}

#[test]
fn an_event_goes_to_an_address_once_and_an_unknown_delivery_is_refused_in_words() {
    let mut behind = Behind::start();
    behind.see(Command::Start);
    let (url, told) = target();
    let sending = Sending { order: order(), renew: Vec::new(), to: Some(url) };
    let Event::Sent(Ok(Sent { done: Done::Answered(lines), stopped: false })) =
        behind.ask(Command::Send(Box::new(sending)))
    else {
        panic!("it is sent")
    };
    assert_eq!((lines.len(), lines[0].status), (1, Some(200)));
    assert!(told.recv_timeout(Duration::from_secs(20)).unwrap().contains(&lines[0].webhook_id));
    let Event::Body(Err(error)) = behind.ask(Command::Body { delivery: 4711 }) else { panic!("there is none") };
    assert!(!error.hint.is_empty(), "{error:?}");
}

#[test]
fn looking_at_a_sandbox_that_has_ended_does_not_start_it_again() {
    let mut behind = Behind::start();
    behind.see(Command::Start);
    behind.see(Command::Stop);
    for command in [
        Command::Deliveries { limit: 10 },
        Command::Body { delivery: 1 },
        Command::SetFaults(Faults::default()),
        Command::Sample { event_type: "user.created".into() },
        Command::RotateKeys(Rotation::KeepOld),
    ] {
        let error = match behind.ask(command) {
            Event::Deliveries(Err(error)) | Event::Body(Err(error)) | Event::Faults(Err(error)) => error,
            Event::Sampled { sample: Err(error), .. } | Event::Rotated(Err(error)) => error,
            other => panic!("{other:?}"),
        };
        assert_eq!(error.title, ENDED);
    }
    assert!(behind.see(Command::Look).runs.is_none());
    let sending = Sending { order: order(), renew: Vec::new(), to: None };
    assert!(matches!(behind.ask(Command::Send(Box::new(sending))), Event::Sent(Ok(_))), "a sending starts it");
}

#[test]
fn what_the_room_asks_of_itself_again_and_again_is_not_in_activity_and_what_a_person_does_is() {
    let mut behind = Behind::start();
    behind.see(Command::Start);
    for _ in 0..3 {
        assert!(matches!(behind.ask(Command::Deliveries { limit: 10 }), Event::Deliveries(Ok(_))));
        behind.see(Command::Look);
    }
    assert!(matches!(behind.ask(Command::SetFaults(Faults::default())), Event::Faults(Ok(_))));
    behind.see(Command::Look);
    assert_eq!(behind.recorded, ["Set sandbox faults"]);
}

#[test]
fn sending_to_an_address_that_does_not_answer_is_cancelled_and_what_was_done_is_told() {
    let mut behind = Behind::start();
    behind.see(Command::Start);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = Some(format!("http://{}/", listener.local_addr().unwrap()));
    behind.begin(Command::Send(Box::new(Sending { order: order(), renew: Vec::new(), to })));
    let (_held, _) = listener.accept().unwrap();
    behind.backend.cancel(behind.last);
    let Event::Sent(Ok(sent)) = behind.answer() else { panic!("it says how far it came") };
    assert_eq!(sent, Sent { done: Done::Answered(Vec::new()), stopped: true });
}

/// Puts an attempt of `user.created` into the history of a profile, judged or not.
fn received(behind: &Behind, profile: uuid::Uuid, name: &str, verdict: &str) {
    let claims = serde_json::json!({"type": "user.created", "data": {"user": {"first_name": name}}}).to_string();
    let part = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text);
    let body = format!("{}.{}.c2ln", part(r#"{"alg":"RS256"}"#), part(&claims)).into_bytes();
    let new = NewAttempt {
        owner: profile.to_string(),
        received_at: "2026-08-20T12:04:31Z".parse().unwrap(),
        webhook_id: None,
        event_id: None,
        event_type: Some("user.created".to_owned()),
        who: None,
        content: None,
        headers: Vec::new(),
        body,
        whole: true,
        responded: Some(200),
    };
    let attempts = Attempts::open(&behind.folder.path().join("history.db")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let seq = attempts.receive(new).await.unwrap().seq;
        let judgement = Judgement {
            seq,
            verdict: verdict.to_owned(),
            failed: None,
            duplicate: Duplicate::No,
            at: jiff::Timestamp::UNIX_EPOCH,
            decode: None,
            text: String::new(),
        };
        attempts.judged(vec![judgement]).await.unwrap();
    });
}

#[test]
fn the_newest_kept_attempt_of_any_profile_is_found_and_a_verified_one_goes_before_a_newer_one_that_is_not() {
    let mut behind = Behind::start();
    let newest = |behind: &mut Behind| {
        let Event::Received { received: Ok(found), .. } =
            behind.ask(Command::Received { event_type: "user.created".into() })
        else {
            panic!("the history can be read")
        };
        found.map(|found| {
            let name = found.payload["data"]["user"]["first_name"].as_str().unwrap().to_owned();
            (name, found.profile, found.verified)
        })
    };
    assert_eq!(newest(&mut behind), None);
    let data = kinde_panel::store::DataDir::open(behind.folder.path()).unwrap();
    let acme = Profile::new("Acme", Domain::parse("acme").unwrap());
    let acme = Profiles::of(&data).add(acme).unwrap();
    received(&behind, SANDBOX_PROFILE, "forged", "not_verified");
    assert_eq!(newest(&mut behind), Some(("forged".to_owned(), Profile::sandbox().name, false)));
    received(&behind, SANDBOX_PROFILE, "older", "verified");
    received(&behind, acme.id, "newer", "verified");
    received(&behind, acme.id, "forged again", "unsigned");
    assert_eq!(newest(&mut behind), Some(("newer".to_owned(), "Acme".to_owned(), true)));
    received(&behind, SANDBOX_PROFILE, "newest", "verified");
    assert_eq!(newest(&mut behind), Some(("newest".to_owned(), Profile::sandbox().name, true)));
}
