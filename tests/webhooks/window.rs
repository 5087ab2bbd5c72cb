//! What the window asks for: a tenant's events sent here through the real backend, and the webhook put back at the end.

use kinde_panel::backend::public::{Command, Event, Link, Sending, Steer, WebhookWish};
use kinde_panel::backend::{self, Backend, End, JobId, Stamped, history, tenant as room};
use kinde_panel::clock::Clock;
use kinde_panel::kinde::Domain;
use kinde_panel::kinde::token::CLIENT_SECRET_FIELD;
use kinde_panel::secrets::{Secret, SecretStore};
use kinde_panel::store::{DataDir, Journal};
use kinde_panel::tenant::{Profile, Profiles};
use kinde_panel::tunnel;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::borrow::{definitions, tenant};
use super::kinde::{How, Kinde, folder};

/// The backend of a window whose profile is that Kinde.
pub struct Window {
    pub backend: Backend,
    woken: mpsc::Receiver<()>,
    folder: tempfile::TempDir,
    profile: Uuid,
}

pub const RECEIVER: JobId = 1;
pub const SENDING: JobId = 2;
const REMOVAL: JobId = 3;

impl Window {
    pub async fn over(kinde: &Kinde) -> Self {
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
    pub async fn wait<T>(&mut self, job: JobId, mut wanted: impl FnMut(backend::Event) -> Option<T>) -> T {
        loop {
            let stamped = self.next().await;
            if let Some(found) = (stamped.job == job).then(|| wanted(stamped.event)).flatten() {
                return found;
            }
        }
    }

    async fn next(&mut self) -> Stamped {
        loop {
            if let Some(stamped) = self.backend.next_event() {
                return stamped;
            }
            let woken = tokio::time::timeout(std::time::Duration::from_secs(30), self.woken.recv());
            woken.await.expect("the backend answers");
        }
    }

    /// Receives; the address, and what keeps it steered.
    pub async fn listen(&mut self) -> (String, u16, watch::Sender<history::Settings>) {
        let (profile, wish) = (self.profile, history::Wish::default());
        let (sender, settings) = watch::channel(history::Settings::default());
        self.backend.run(RECEIVER, history::Command::Listen { profile, wish, settings }.into()).unwrap();
        let up = |event| match event {
            backend::Event::History(history::Event::Listening(up)) => Some(up.unwrap()),
            _ => None,
        };
        let up = self.wait(RECEIVER, up).await;
        (up.url, up.port, sender)
    }

    /// Sends the tenant's events there.
    pub fn send(&mut self, through: Option<tunnel::Wish>) -> watch::Sender<Steer> {
        let name = "Kinde Panel".into();
        let webhook = WebhookWish { name, event_types: vec!["user.created".into()], ..WebhookWish::default() };
        let (steer, steered) = watch::channel(Steer { webhook, ..Steer::default() });
        let sending = Sending { profile: self.profile, through, steer: steered };
        self.backend.run(SENDING, Command::Send(Box::new(sending)).into()).unwrap();
        steer
    }

    /// The endpoint of the webhook, once it stands.
    async fn there(&mut self) -> String {
        loop {
            match self.link().await {
                Link::Waiting | Link::Making => {}
                Link::There(borrowed) => return borrowed.webhook.definition.endpoint,
                other => panic!("{other:?}"),
            }
        }
    }

    pub async fn ended(&mut self) -> End {
        self.wait(SENDING, |event| if let backend::Event::Ended(end) = event { Some(end) } else { None }).await
    }

    /// The next standing of the webhook.
    pub async fn link(&mut self) -> Link {
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
    let profile = window.profile;
    let (here, _, _settings) = window.listen().await;
    let steer = window.send(None);
    assert_eq!(window.there().await, here);
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
    let ended = window.ended().await;
    assert!(matches!(ended, End::Done), "{ended:?}");
    assert_eq!(definitions(kinde), tenant.before);
    assert_eq!(owed().await, 0);
    window.backend.cancel(RECEIVER);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_can_be_removed_although_kinde_does_not_take_its_webhook_back_and_the_journal_keeps_it() {
    let tenant = tenant(None).await;
    let kinde = &tenant.kinde;
    let mut window = Window::over(kinde).await;
    let profile = window.profile;
    let (_, _, _settings) = window.listen().await;
    let _steer = window.send(None);
    window.there().await;
    kinde.fault(0, How::Cut, true);
    let remove = room::Command::Remove { profile, anyway: false, events: false };
    window.backend.run(REMOVAL, remove.into()).unwrap();
    // Nobody tries any longer in the name of a profile that is gone.
    let (mut told, mut ended) = (None, false);
    while told.is_none() || !ended {
        match window.next().await {
            Stamped { event: backend::Event::Tenant(room::Event::Removed(removed)), .. } => {
                told = Some(removed.unwrap());
            }
            Stamped { job: SENDING, event: backend::Event::Ended(_) } => ended = true,
            _ => {}
        }
    }
    assert!(told.unwrap().lent, "it is told that the webhook stays");
    let data = DataDir::open(window.folder.path()).unwrap();
    let left = Journal::of(&data).left_over_at("another", Some(&kinde.origin)).await.unwrap();
    assert_eq!(left.len(), 1, "whoever connects the tenant again finds it");
    window.backend.cancel(RECEIVER);
}
