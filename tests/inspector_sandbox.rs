//! The inspector on what the sandbox really delivers: two webhooks of one tenant, and the sandbox's own copy of an event.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use kinde_panel::check::Verdict;
use kinde_panel::clock::Clock;
use kinde_panel::inspector::intake::Intake;
use kinde_panel::inspector::key_source::KeySource;
use kinde_panel::inspector::receiver::{Options, Receiver};
use kinde_panel::inspector::truth::{Standing, Truth, look};
use kinde_panel::jwt::{Json, decode_base64url};
use kinde_panel::kinde::Definition;
use kinde_panel::kinde::jwks::Jwks;
use kinde_panel::net::Recorder;
use kinde_panel::sandbox::{Control, Faults, Order, Rotation, attach};
use kinde_panel::secrets::SecretStore;
use kinde_panel::services::Services;
use kinde_panel::store::attempts::{Attempts, Duplicate, Standing as Came};
use kinde_panel::tenant::Profile;
use tokio::sync::mpsc;

fn claims(token: &[u8]) -> Json {
    let payload = token.split(|byte| *byte == b'.').nth(1).unwrap();
    Json::parse(&decode_base64url(payload).unwrap()).unwrap()
}

fn said(truth: &Truth) -> (Verdict, String) {
    (truth.check.verdict, truth.check.why.clone().unwrap_or_default())
}

#[tokio::test]
async fn one_event_for_two_webhooks_is_fanout_and_kindes_own_copy_tells_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let services = Services::open(dir.path(), Recorder::silent(), Clock::real(), SecretStore::memory()).unwrap();
    let sandbox = attach(&services.sandbox_dir(), Clock::real()).await.unwrap();
    let profile = Profile::sandbox();
    let api = services.sandbox_tenant(&profile, &sandbox.running).await.unwrap().api.unwrap();
    let control = Control::new(services.http.clone(), &sandbox.running).unwrap();

    let attempts = Attempts::open(&services.data.file("history.db")).unwrap();
    let (sender, mut arrivals) = mpsc::channel(16);
    let owner = profile.id.to_string();
    let receiver = Receiver::start(Options::default(), owner.clone(), attempts.clone(), Clock::real(), sender);
    let receiver = receiver.await.unwrap();
    for name in ["one", "two"] {
        let webhook = Definition {
            name: name.to_owned(),
            description: None,
            endpoint: receiver.url(),
            event_types: vec!["user.created".to_owned()],
        };
        api.create_webhook(&webhook).await.unwrap();
    }
    control.publish(&Order { event_type: "user.created".to_owned(), repeat: 1, ..Order::default() }).await.unwrap();
    let both = [arrivals.recv().await.unwrap(), arrivals.recv().await.unwrap()];

    let jwks = Jwks::new(services.http.clone(), None);
    let keys = KeySource::of_profile(jwks, &profile, &services.data).await.unwrap();
    let second_webhook = Some(services.second_webhook(&profile, None));
    let mut intake = Intake { attempts, owner, keys, clock: Clock::real(), second_webhook };
    let rows = intake.judge_arrivals(&both).await.unwrap();
    assert!(rows.iter().all(|row| row.standing() == Came::Good), "{rows:?}");
    assert_eq!(rows.iter().map(|row| row.duplicate).collect::<Vec<_>>(), [Duplicate::No, Duplicate::Fanout]);

    let token = String::from_utf8(both[0].body.to_vec()).unwrap();
    let told = look(&api, &claims(token.as_bytes())).await;
    assert_eq!(told.check.verdict, Verdict::Pass, "{told:?}");
    assert!(told.rows.iter().any(|row| row.path.starts_with("data.") && row.standing == Standing::Same));
    assert!(told.rows.iter().any(|row| row.standing == Standing::SameMoment), "{:?}", told.rows);

    let text = claims(token.as_bytes()).to_text();
    let changed = text.replacen("\"first_name\":\"", "\"first_name\":\"X", 1);
    assert_ne!(changed, text);
    let (verdict, why) = said(&look(&api, &Json::parse(changed.as_bytes()).unwrap()).await);
    assert!(verdict == Verdict::Fail && why.contains("first_name"), "{why}");

    let unknown = br#"{"event_id": "event_018f331a3178f7fef284b95fe6770384", "type": "user.created"}"#;
    let (verdict, why) = said(&look(&api, &Json::parse(unknown).unwrap()).await);
    assert!(verdict == Verdict::Warn && why.contains("another environment"), "{why}");

    control.set_faults(&Faults { missing_scopes: vec!["read:events".to_owned()], ..Faults::default() }).await.unwrap();
    let (verdict, why) = said(&look(&api, &claims(token.as_bytes())).await);
    assert!(verdict == Verdict::Warn && why.contains("read:events"), "{why}");
    receiver.stop().await;
}

#[tokio::test]
async fn after_the_sandbox_exchanged_its_key_what_it_sends_verifies_at_once_and_what_came_before_still_does() {
    let dir = tempfile::tempdir().unwrap();
    let services = Services::open(dir.path(), Recorder::silent(), Clock::real(), SecretStore::memory()).unwrap();
    let sandbox = attach(&services.sandbox_dir(), Clock::real()).await.unwrap();
    let profile = Profile::sandbox();
    let api = services.sandbox_tenant(&profile, &sandbox.running).await.unwrap().api.unwrap();
    let control = Control::new(services.http.clone(), &sandbox.running).unwrap();
    let history = services.data.file("history.db");
    let attempts = Attempts::open(&history).unwrap();
    let (sender, mut arrivals) = mpsc::channel(16);
    let owner = profile.id.to_string();
    let receiver = Receiver::start(Options::default(), owner.clone(), attempts.clone(), Clock::real(), sender);
    let receiver = receiver.await.unwrap();
    let webhook = Definition {
        name: "one".to_owned(),
        description: None,
        endpoint: receiver.url(),
        event_types: vec!["user.created".to_owned()],
    };
    api.create_webhook(&webhook).await.unwrap();
    let jwks = Jwks::new(services.http.clone(), Some(history));
    let keys = KeySource::of_profile(jwks, &profile, &services.data).await.unwrap();
    let mut intake = Intake { attempts, owner, keys, clock: Clock::real(), second_webhook: None };
    for old in [Rotation::DropOld, Rotation::KeepOld, Rotation::DropOld] {
        control.publish(&Order { event_type: "user.created".to_owned(), repeat: 1, ..Order::default() }).await.unwrap();
        let arrival = [arrivals.recv().await.unwrap()];
        let rows = intake.judge_arrivals(&arrival).await.unwrap();
        assert_eq!(rows[0].standing(), Came::Good, "{rows:?}");
        control.rotate_keys(old).await.unwrap();
    }
    let again = intake.reverify().await.unwrap();
    assert_eq!((again.checked, again.changed, again.worse), (3, 0, 0), "they came while their keys were published");
    receiver.stop().await;
}
