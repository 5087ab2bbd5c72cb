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

use kinde_panel::backend::sandbox::{Command, Event, SandboxView, Sending, Sent};
use kinde_panel::backend::{self, Backend, JobId};
use kinde_panel::clock::Clock;
use kinde_panel::kinde::{Domain, KindeApi, M2m, TokenSource, webhooks::Definition};
use kinde_panel::net::{Http, Recorder};
use kinde_panel::sandbox::{Order, Rotation};
use kinde_panel::secrets::SecretStore;

struct Behind {
    backend: Backend,
    woken: Receiver<()>,
    last: JobId,
    _folder: tempfile::TempDir,
}

impl Behind {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (wake, woken) = sync_channel(1024);
        let wake = move || wake.try_send(()).unwrap_or_default();
        let backend =
            Backend::start(folder.path().to_owned(), SecretStore::memory(), Clock::real(), wake, None).unwrap();
        Self { backend, woken, last: 0, _folder: folder }
    }

    /// What the sandbox's room is told for `command`.
    fn ask(&mut self, command: Command) -> Event {
        self.last += 1;
        self.backend.run(self.last, command.into()).unwrap();
        loop {
            while let Some(stamped) = self.backend.next_event() {
                if let (true, backend::Event::Sandbox(event)) = (stamped.job == self.last, stamped.event) {
                    return event;
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
    let Event::Sent(Ok(Sent::Published(published))) = behind.ask(Command::Send(Box::new(sending))) else {
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
    let Event::Sent(Ok(Sent::Answered(lines))) = behind.ask(Command::Send(Box::new(sending))) else {
        panic!("it is sent")
    };
    assert_eq!((lines.len(), lines[0].status), (1, Some(200)));
    assert!(told.recv_timeout(Duration::from_secs(20)).unwrap().contains(&lines[0].webhook_id));
    let Event::Body(Err(error)) = behind.ask(Command::Body { delivery: 4711 }) else { panic!("there is none") };
    assert!(!error.hint.is_empty(), "{error:?}");
}
