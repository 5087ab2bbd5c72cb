//! The backend's side of the room: on the sandbox, and at the window's start after a crash.

use std::time::Duration;

use kinde_panel::backend::history;
use kinde_panel::backend::webhooks::{Command, Event, Expected};
use kinde_panel::backend::{self, Backend, JobId};
use kinde_panel::clock::Clock;
use kinde_panel::kinde::{Definition, Domain, Webhook};
use kinde_panel::net::{Http, Recorder};
use kinde_panel::sandbox::{Control, Faults, find};
use kinde_panel::secrets::SecretStore;
use kinde_panel::step::StepState;
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
fn a_window_that_closes_in_the_middle_of_a_replacement_stays_until_there_is_one_webhook() {
    let mut behind = Behind::start();
    let create = Command::Create { profile: SANDBOX_PROFILE, definition: orders() };
    let Event::Created(Ok(_)) = behind.ask(create) else { panic!() };
    behind.next();
    let opened = behind.list().remove(0);
    let data = DataDir::open(behind.folder.path()).unwrap();
    let running = find(&data.file("sandbox")).expect("the window serves it");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let control = Control::new(Http::new(Recorder::silent(), Clock::real()).unwrap(), &running).unwrap();
        // Slower than what closes a window otherwise.
        control.set_faults(&Faults { slow_ms: 700, ..Faults::default() }).await.unwrap();
    });
    behind.job += 1;
    let command = save(&opened, |it| it.endpoint = "http://127.0.0.1:9/elsewhere".into());
    behind.backend.run(behind.job, command.into()).unwrap();
    'made: loop {
        while let Some(stamped) = behind.backend.next_event() {
            if let backend::Event::Webhooks(Event::Step(step)) = stamped.event
                && step.id == "create"
                && step.state == StepState::Done
            {
                break 'made;
            }
        }
        behind.woken.recv_timeout(Duration::from_secs(30)).expect("the new one is made");
    }
    let folder = behind.folder;
    drop(behind.backend);
    let mut next = Behind::on(folder);
    let now = next.list();
    assert_eq!(now.len(), 1, "{now:?}");
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

/// A receiver of the Inspector's on a free port, and its address.
fn listen(behind: &mut Behind) -> (tokio::sync::watch::Sender<history::Settings>, String) {
    let (steer, settings) = tokio::sync::watch::channel(history::Settings::default());
    behind.job += 1;
    let wish = history::Wish::default();
    let command = history::Command::Listen { profile: SANDBOX_PROFILE, wish, settings };
    behind.backend.run(behind.job, command.into()).unwrap();
    loop {
        while let Some(stamped) = behind.backend.next_event() {
            if let backend::Event::History(history::Event::Listening(up)) = stamped.event {
                return (steer, up.unwrap().url);
            }
        }
        behind.woken.recv_timeout(Duration::from_secs(30)).expect("the receiver is up");
    }
}

#[test]
fn what_is_caused_arrives_at_the_inspectors_receiver_and_is_told_until_all_of_it_is_judged() {
    let mut behind = Behind::start();
    let profile = SANDBOX_PROFILE;
    let (_steer, url) = listen(&mut behind);
    let types = ["role.created", "role.updated"];
    let definition =
        Definition { endpoint: url, event_types: types.iter().map(|it| (*it).to_owned()).collect(), ..orders() };
    let Event::Created(Ok(_)) = behind.ask(Command::Create { profile, definition }) else { panic!() };
    behind.next();
    let since = Clock::real().now();
    let command = Command::Trigger { profile, event_type: "role.updated".into(), keep: false };
    let Event::Triggered(Ok(done)) = behind.ask(command) else { panic!() };
    behind.next();
    let expected = Expected { since, id: done.id.clone(), events: types.iter().map(|it| (*it).to_owned()).collect() };
    let Event::Arrived(Ok(mut arrived)) = behind.ask(Command::Watch { profile, expected }) else { panic!() };
    while let Some(event) = behind.next() {
        let Event::Arrived(Ok(more)) = event else { panic!("{event:?}") };
        arrived = more;
    }
    // It ended by itself: both are in, and judged. The third has no taker.
    let mut kinds: Vec<&str> = arrived.iter().filter_map(|it| it.event_type.as_deref()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, types, "{arrived:#?}");
    for attempt in &arrived {
        assert_eq!((attempt.verdict.as_deref(), attempt.failed.as_deref()), (Some("verified"), None), "{attempt:?}");
        assert!(attempt.received_at >= since && attempt.responded == Some(200), "{attempt:?}");
    }
    let updated = arrived.iter().find(|it| it.event_type.as_deref() == Some("role.updated")).unwrap();
    // The looked-up event brings every delivery of it that was seen here.
    let pasted = format!("\"event_id\": \"{}\"", updated.event_id.clone().unwrap());
    let Event::Seen(Ok(seen)) = behind.ask(Command::LookUp { profile, pasted }) else { panic!() };
    assert_eq!(seen.iter().map(|it| it.seq).collect::<Vec<_>>(), [updated.seq]);
    let Some(Event::LookedUp(Ok(found))) = behind.next() else { panic!() };
    assert_eq!(found.reply.it.event_type, "role.updated");
}

#[test]
fn waiting_for_what_never_arrives_can_be_cancelled_and_tells_nothing_that_was_there_before() {
    let mut behind = Behind::start();
    let since = Clock::real().now();
    let expected = Expected { since, id: "role_1".into(), events: vec!["role.created".into()] };
    behind.job += 1;
    behind.backend.run(behind.job, Command::Watch { profile: SANDBOX_PROFILE, expected }.into()).unwrap();
    behind.backend.cancel(behind.job);
    assert!(behind.next().is_none());
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
