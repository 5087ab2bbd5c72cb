//! What the window asks for: a tenant's events sent here through the real backend, and the webhook put back at the end.

use kinde_panel::backend::public::{Command, Event, Link, Sending, Steer, WebhookWish};
use kinde_panel::backend::{self, Backend, End, JobId, history};
use kinde_panel::clock::Clock;
use kinde_panel::kinde::Domain;
use kinde_panel::kinde::token::CLIENT_SECRET_FIELD;
use kinde_panel::secrets::{Secret, SecretStore};
use kinde_panel::store::{DataDir, Journal};
use kinde_panel::tenant::{Profile, Profiles};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::borrow::{definitions, tenant};
use super::kinde::{How, Kinde, folder};

/// The backend of a window whose profile is that Kinde.
struct Window {
    backend: Backend,
    woken: mpsc::Receiver<()>,
    folder: tempfile::TempDir,
    profile: Uuid,
}

const RECEIVER: JobId = 1;
const SENDING: JobId = 2;

impl Window {
    async fn over(kinde: &Kinde) -> Self {
        // It has the real clock.
        kinde.set(|world| world.created_on = Some(jiff::Timestamp::now().to_string()));
        let folder = folder();
        let mut profile = Profile::new("acme", Domain::parse(&kinde.origin).unwrap());
        profile.client_id = Some("0123456789abcdef0123456789abcdef".to_owned());
        let id = profile.id;
        Profiles::of(&DataDir::open(folder.path()).unwrap()).add(profile).unwrap();
        let secrets = SecretStore::memory();
        secrets.set(id, CLIENT_SECRET_FIELD, Secret::new("canary0123456789canary0123456789canary0123")).await;
        let (wake, woken) = mpsc::channel(1024);
        let wake = move || wake.try_send(()).unwrap_or_default();
        let backend = Backend::start(folder.path().to_owned(), secrets, Clock::real(), wake, None).unwrap();
        Self { backend, woken, folder, profile: id }
    }

    /// The first event of `job` that `wanted` knows.
    async fn wait<T>(&mut self, job: JobId, mut wanted: impl FnMut(backend::Event) -> Option<T>) -> T {
        loop {
            while let Some(stamped) = self.backend.next_event() {
                if let Some(found) = (stamped.job == job).then(|| wanted(stamped.event)).flatten() {
                    return found;
                }
            }
            let woken = tokio::time::timeout(std::time::Duration::from_secs(30), self.woken.recv());
            woken.await.expect("the backend answers");
        }
    }

    /// The next standing of the webhook.
    async fn link(&mut self) -> Link {
        let link = |event| match event {
            backend::Event::Public(Event::Webhook(link)) => Some(link),
            _ => None,
        };
        self.wait(SENDING, link).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_network_is_gone_when_the_webhook_goes_back_it_is_tried_again_and_told_until_it_is_done() {
    let tenant = tenant(None).await;
    let kinde = &tenant.kinde;
    let mut window = Window::over(kinde).await;
    let (profile, wish) = (window.profile, history::Wish::default());
    let (_settings, settings) = watch::channel(history::Settings::default());
    window.backend.run(RECEIVER, history::Command::Listen { profile, wish, settings }.into()).unwrap();
    let up = |event| match event {
        backend::Event::History(history::Event::Listening(up)) => Some(up.unwrap().url),
        _ => None,
    };
    let here = window.wait(RECEIVER, up).await;

    let webhook =
        WebhookWish { name: "Kinde Panel".into(), event_types: vec!["user.created".into()], ..WebhookWish::default() };
    let (steer, steered) = watch::channel(Steer { webhook, ..Steer::default() });
    let sending = Sending { profile, through: None, steer: steered };
    window.backend.run(SENDING, Command::Send(Box::new(sending)).into()).unwrap();
    loop {
        match window.link().await {
            Link::Waiting | Link::Making => {}
            Link::There(borrowed) => break assert_eq!(borrowed.webhook.definition.endpoint, here),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(definitions(kinde).len(), tenant.before.len() + 1);

    kinde.fault(0, How::Cut, true);
    steer.send_modify(|steer| steer.stop = true);
    // The first try, and one that nobody asked for.
    for _ in 0..2 {
        assert!(matches!(window.link().await, Link::Returning));
        let told = window.link().await;
        let Link::NotBack { error, again_at } = told else { panic!("{told:?}") };
        assert!(error.title.contains("\u{201c}Kinde Panel\u{201d}"), "{error:?}");
        assert!(again_at.is_some_and(|at| at > jiff::Timestamp::now()), "it says when");
    }
    assert_ne!(definitions(kinde), tenant.before);
    let data = DataDir::open(window.folder.path()).unwrap();
    let owed = async || Journal::of(&data).left_over(&profile.to_string()).await.unwrap().len();

    // The network is there again: a person need not wait for the time that was told.
    kinde.heal();
    steer.send_modify(|steer| steer.tries += 1);
    assert!(matches!(window.link().await, Link::Returning));
    let told = window.link().await;
    assert!(matches!(&told, Link::Back(words) if words.contains("was taken away again")), "{told:?}");
    let ended =
        window.wait(SENDING, |event| if let backend::Event::Ended(end) = event { Some(end) } else { None }).await;
    assert!(matches!(ended, End::Done), "{ended:?}");
    assert_eq!(definitions(kinde), tenant.before);
    assert_eq!(owed().await, 0);
    window.backend.cancel(RECEIVER);
}
