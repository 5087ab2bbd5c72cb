//! The backend's side of the room: on the sandbox, and at the window's start after a crash.

use std::time::Duration;

use kinde_panel::backend::webhooks::{Command, Event};
use kinde_panel::backend::{self, Backend, JobId};
use kinde_panel::clock::Clock;
use kinde_panel::kinde::{Definition, Domain, Webhook};
use kinde_panel::secrets::SecretStore;
use kinde_panel::store::{DataDir, Journal};
use kinde_panel::tenant::{Profile, Profiles, SANDBOX_PROFILE};
use kinde_panel::webhooks::{AtLimit, Change, Saved, plan};
use serde_json::json;

struct Behind {
    backend: Backend,
    woken: std::sync::mpsc::Receiver<()>,
    folder: tempfile::TempDir,
    job: JobId,
}

impl Behind {
    fn start() -> Self {
        Self::on(tempfile::tempdir().unwrap())
    }

    fn on(folder: tempfile::TempDir) -> Self {
        let (wake, woken) = std::sync::mpsc::sync_channel(1024);
        let wake = move || wake.try_send(()).unwrap_or_default();
        let backend = Backend::start(folder.path().to_owned(), SecretStore::memory(), Clock::real(), wake, None);
        Self { backend: backend.unwrap(), woken, folder, job: 0 }
    }

    /// Asks, and gives the answer that is no step.
    fn ask(&mut self, command: Command) -> Event {
        self.job += 1;
        self.backend.run(self.job, command.into()).unwrap();
        self.next().expect("an answer")
    }

    /// The next answer of the job; `None` where it ended.
    fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(stamped) = self.backend.next_event() {
                match stamped.event {
                    backend::Event::Webhooks(Event::Step(_) | Event::ItemStep(..)) => {}
                    backend::Event::Webhooks(event) => return Some(event),
                    backend::Event::Ended(_) if stamped.job == self.job => return None,
                    _ => {}
                }
            }
            self.woken.recv_timeout(Duration::from_secs(30)).expect("the backend answers");
        }
    }

    fn list(&mut self) -> Vec<Webhook> {
        let Event::Listed(Ok(listed)) = self.ask(Command::List { profile: SANDBOX_PROFILE }) else { panic!() };
        assert!(self.next().is_none());
        listed.webhooks.to_vec()
    }
}

fn orders() -> Definition {
    Definition {
        name: "Orders".into(),
        description: None,
        endpoint: "http://127.0.0.1:9/orders".into(),
        event_types: vec!["user.created".into()],
    }
}

fn save(opened: &Webhook, edit: impl FnOnce(&mut Definition)) -> Command {
    let mut wanted = opened.definition.clone();
    edit(&mut wanted);
    let change = Change { opened: opened.clone(), wanted, at_limit: AtLimit::Refuse };
    Command::Save { profile: SANDBOX_PROFILE, change: Box::new(change) }
}

#[test]
fn a_webhook_lives_its_whole_life_on_the_sandbox() {
    let mut behind = Behind::start();
    let profile = SANDBOX_PROFILE;
    assert!(behind.list().is_empty());
    let Event::Types(Ok(types)) = behind.ask(Command::Types { profile }) else { panic!() };
    assert!(types.live.is_ok() && types.types.len() >= 27);
    behind.next();
    let create = Command::Create { profile, definition: orders() };
    let Event::Created(Ok(created)) = behind.ask(create) else { panic!() };
    behind.next();
    let opened = behind.list().remove(0);
    assert_eq!((opened.id.as_str(), &opened.definition), (created.webhook.id.as_str(), &orders()));
    let command = save(&opened, |it| it.name = "Orders 2".into());
    let Event::Saved(Ok(Saved::Updated { webhook, .. })) = behind.ask(command) else { panic!() };
    behind.next();
    let command = save(&webhook, |it| it.endpoint = "http://127.0.0.1:9/elsewhere".into());
    let Event::Saved(Ok(Saved::Replaced(replaced))) = behind.ask(command) else { panic!() };
    behind.next();
    let now = behind.list();
    assert_eq!(now.len(), 1);
    assert_eq!(now[0].id, replaced.webhook.id);
    let command = Command::Delete { profile, webhook: Box::new(now[0].clone()) };
    let Event::Deleted { result: Ok(()), .. } = behind.ask(command) else { panic!() };
    behind.next();
    assert!(behind.list().is_empty());
    let Event::Undone(Ok(again)) = behind.ask(Command::Undo { profile, webhook: Box::new(now[0].clone()) }) else {
        panic!()
    };
    behind.next();
    assert_ne!(again.webhook.id, now[0].id);
    let items = plan(&behind.list(), &[orders()], true);
    let Event::Applied(Ok(applied)) = behind.ask(Command::Apply { profile, items, at_limit: AtLimit::Refuse }) else {
        panic!()
    };
    behind.next();
    assert!(applied.iter().all(|it| it.refused.is_none()), "{applied:?}");
    assert_eq!(behind.list()[0].definition, orders());
}

#[test]
fn an_event_is_caused_and_undone_on_the_sandbox_and_what_is_no_event_id_is_refused() {
    let mut behind = Behind::start();
    let profile = SANDBOX_PROFILE;
    let command = Command::Trigger { profile, event_type: "role.updated".into(), keep: false };
    let Event::Triggered(Ok(triggered)) = behind.ask(command) else { panic!() };
    behind.next();
    assert_eq!(triggered.events, ["role.created", "role.updated", "role.deleted"]);
    let command = Command::LookUp { profile, pasted: "webhook_1".into() };
    let Event::LookedUp(Err(refusal)) = behind.ask(command) else { panic!() };
    assert!(refusal.error.detail.contains("Webhook ID"), "{refusal:?}");
}

/// What a trigger that was killed before its first answer leaves.
async fn leave(data: &DataDir, owner: &Profile, domain: &str) {
    let content =
        json!({"domain": domain, "event_type": "role.created", "thing": "role", "mark": "kinde_panel_x", "id": null});
    let journal = Journal::of(data);
    // So long ago that what Kinde was asked for is not carried out any more.
    let at = Clock::real().now() - jiff::SignedDuration::from_hours(1);
    let entry = journal.begin(&owner.id.to_string(), "trigger", "create", &content, at).await;
    drop(entry.unwrap());
}

#[test]
fn at_the_start_what_a_crash_left_is_put_right_where_nobody_has_to_be_asked_and_told_where_somebody_has() {
    let folder = tempfile::tempdir().unwrap();
    let data = DataDir::open(folder.path()).unwrap();
    let profiles = Profiles::of(&data);
    let sandbox = profiles.get(SANDBOX_PROFILE).unwrap().unwrap();
    let acme = Profile::new("acme", Domain::parse("acme").unwrap());
    profiles.add(acme.clone()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        leave(&data, &sandbox, "http://127.0.0.1:1").await;
        leave(&data, &acme, "https://acme.kinde.com").await;
    });
    let mut behind = Behind::on(folder);
    let mut told = vec![behind.ask(Command::RecoverAll)];
    while let Some(event) = behind.next() {
        told.push(event);
    }
    let put_right = told
        .iter()
        .any(|event| matches!(event, Event::Recovered { result: Ok(list), .. } if list.len() == 1 && list[0].settled));
    let asks = told.iter().any(
        |event| matches!(event, Event::LeftOver { profile, count: 1, name } if *profile == acme.id && name == "acme"),
    );
    assert!(put_right && asks && told.len() == 2, "{told:?}");
    let data = DataDir::open(behind.folder.path()).unwrap();
    let left = |owner: &Profile| {
        let owner = owner.id.to_string();
        runtime.block_on(async { Journal::of(&data).left_over(&owner).await.unwrap().len() })
    };
    assert_eq!((left(&sandbox), left(&acme)), (0, 1));
}
