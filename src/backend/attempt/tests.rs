use std::path::Path;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::super::{AttemptStore, Event as Any, EventSender, SandboxHost};
use super::*;
use crate::clock::Clock;
use crate::inspector::receiver::sift;
use crate::kinde::Domain;
use crate::kinde::jwks::Jwks;
use crate::net::Recorder;
use crate::secrets::SecretStore;
use crate::services::Services;
use crate::store::attempts::{Judgement, NewAttempt};
use crate::tenant::{Profile, SANDBOX_PROFILE};

const EVENT: &str = r#"{"type":"user.created","event_id":"event_1","data":{"user":{"id":"kp_1","phone":null}},"timestamp":"2026-11-23T12:00:00Z"}"#;

fn job(dir: &Path) -> (Job, super::super::Events) {
    let services = Services::open(dir, Recorder::silent(), Clock::real(), SecretStore::memory()).unwrap();
    let (events, queue) = EventSender::queue(|| {});
    let job = Job {
        id: 7,
        jwks: Jwks::new(services.http.clone(), None),
        services,
        sandbox: SandboxHost::default(),
        attempts: AttemptStore::default(),
        lending: Default::default(),
        events,
        cancel: tokio_util::sync::CancellationToken::new(),
    };
    (job, queue)
}

fn signed(dir: &Path, payload: &str) -> String {
    crate::sandbox::sign(&dir.join("sandbox"), payload.as_bytes(), Clock::real().now()).unwrap()
}

async fn keep(job: &Job, owner: &str, webhook_id: &str, body: &str) -> i64 {
    let sifted = sift(body.as_bytes());
    let new = NewAttempt {
        owner: owner.to_owned(),
        received_at: "2026-11-23T12:00:06Z".parse().unwrap(),
        webhook_id: Some(webhook_id.to_owned()),
        event_id: sifted.event_id.clone(),
        event_type: sifted.event_type.clone(),
        who: sifted.who.clone(),
        content: sifted.content,
        headers: vec![("content-type".to_owned(), "application/jwt".to_owned())],
        whole: sifted.kept.is_none(),
        body: sifted.kept.unwrap_or_else(|| body.as_bytes().to_vec()),
        responded: Some(200),
    };
    job.attempts.get(&job.services).await.unwrap().receive(new).await.unwrap().seq
}

/// Everything a command answered.
async fn ask(job: &Job, queue: &mut super::super::Events, command: Command) -> Vec<Event> {
    run(command, job.clone()).await;
    std::iter::from_fn(|| queue.take())
        .map(|stamped| match stamped.event {
            Any::Attempt(event) => event,
            other => panic!("{other:?}"),
        })
        .collect()
}

async fn open(job: &Job, queue: &mut super::super::Events, profile: Uuid, seq: i64) -> (Opened, Told) {
    let mut all = ask(job, queue, Command::Open { profile, seq }).await.into_iter();
    match (all.next(), all.next()) {
        (Some(Event::Opened(Ok(Some(opened)))), Some(Event::Judged(Ok(told)))) => (*opened, *told),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_attempt_is_opened_with_its_siblings_and_then_judged_and_one_that_is_gone_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (job, mut queue) = job(dir.path());
    let owner = SANDBOX_PROFILE.to_string();
    let first = keep(&job, &owner, "w1", &signed(dir.path(), EVENT)).await;
    let retry = keep(&job, &owner, "w1", &signed(dir.path(), &EVENT.replace("12:00:00Z", "12:00:05Z"))).await;
    let other = keep(&job, &owner, "w2", &signed(dir.path(), EVENT)).await;
    keep(&job, &owner, "w3", &signed(dir.path(), &EVENT.replace("event_1", "event_2"))).await;
    let (opened, told) = open(&job, &mut queue, SANDBOX_PROFILE, retry).await;
    let seqs: Vec<i64> = opened.siblings.iter().map(|sibling| sibling.seq).collect();
    assert_eq!(seqs, [first, retry, other]);
    assert_eq!(told.headline, "Verified: user.created, signed by the sandbox");
    assert_eq!(told.checks.len(), 8);

    let compare = Command::Compare { profile: SANDBOX_PROFILE, left: retry, right: first };
    let answer = ask(&job, &mut queue, compare).await.remove(0);
    let Event::Compared(Ok(Some(compared))) = answer else { panic!("{answer:?}") };
    assert_eq!((compared.same_bytes, compared.same_content), (false, Some(true)));
    assert_eq!(compared.comparison.headline, "They differ in timestamp alone");

    let gone = ask(&job, &mut queue, Command::Open { profile: SANDBOX_PROFILE, seq: 999 }).await;
    assert!(matches!(gone.as_slice(), [Event::Opened(Ok(None))]), "{gone:?}");
}

#[tokio::test]
async fn a_token_of_another_saved_profile_names_it_so_that_it_can_be_switched_to() {
    let dir = tempfile::tempdir().unwrap();
    let (job, mut queue) = job(dir.path());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let domain = Domain::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    // Nobody answers there any more.
    drop(listener);
    let acme = job.services.profiles.add(Profile::new("Acme", domain)).unwrap();
    let seq = keep(&job, &acme.id.to_string(), "w1", &signed(dir.path(), EVENT)).await;
    let (_, told) = open(&job, &mut queue, acme.id, seq).await;
    assert_eq!(told.signer.map(|signer| signer.id), Some(SANDBOX_PROFILE));
    let changed = format!("{}x", signed(dir.path(), EVENT));
    let seq = keep(&job, &acme.id.to_string(), "w2", &changed).await;
    let (_, told) = open(&job, &mut queue, acme.id, seq).await;
    assert_eq!(told.signer, None, "what its key did not sign is not its");
}

#[tokio::test]
async fn what_an_attempt_comes_to_when_it_is_opened_stands_in_the_list_too_and_a_key_out_of_reach_takes_nothing_back() {
    let dir = tempfile::tempdir().unwrap();
    let (job, mut queue) = job(dir.path());
    let attempts = job.attempts.get(&job.services).await.unwrap();
    let noted = async |seq, verdict: &str, failed: Option<&str>| {
        let (verdict, failed) = (verdict.to_owned(), failed.map(str::to_owned));
        let at = Clock::real().now();
        let judgement =
            Judgement { seq, verdict, failed, duplicate: Duplicate::No, at, decode: None, text: String::new() };
        attempts.judged(vec![judgement]).await.unwrap();
    };
    let row = async |owner: &str, seq| attempts.whole(owner, seq).await.unwrap().unwrap().attempt;
    let owner = SANDBOX_PROFILE.to_string();
    let seq = keep(&job, &owner, "w1", &signed(dir.path(), EVENT)).await;
    // As it was judged on an evening without a network.
    noted(seq, "unknown_key", Some("key")).await;
    let (_, told) = open(&job, &mut queue, SANDBOX_PROFILE, seq).await;
    assert!(told.headline.starts_with("Verified"), "{}", told.headline);
    let now = row(&owner, seq).await;
    assert_eq!((now.verdict.as_deref(), now.failed), (Some("verified"), None));
    let judged_at = now.judged_at;
    open(&job, &mut queue, SANDBOX_PROFILE, seq).await;
    assert_eq!(row(&owner, seq).await.judged_at, judged_at, "what is the same is not written");
    // Nobody answers for its keys.
    let acme = job.services.profiles.add(Profile::new("Acme", Domain::parse("http://127.0.0.1:1").unwrap())).unwrap();
    let owner = acme.id.to_string();
    let seq = keep(&job, &owner, "w1", &signed(dir.path(), EVENT)).await;
    noted(seq, "verified", None).await;
    open(&job, &mut queue, acme.id, seq).await;
    assert_eq!(row(&owner, seq).await.verdict.as_deref(), Some("verified"));
}

#[tokio::test]
async fn types_and_a_test_are_written_from_what_was_received() {
    let dir = tempfile::tempdir().unwrap();
    let (job, mut queue) = job(dir.path());
    let owner = SANDBOX_PROFILE.to_string();
    let good = keep(&job, &owner, "w1", &signed(dir.path(), EVENT)).await;
    let foreign = format!("{}.AAAA", signed(dir.path(), EVENT).rsplit_once('.').unwrap().0);
    let bad = keep(&job, &owner, "w2", &foreign).await;
    let access = signed(dir.path(), r#"{"scp":["openid"],"sub":"kp_1","exp":1}"#);
    let opens = keep(&job, &owner, "w3", &access).await;
    let damaged = keep(&job, &owner, "w4", &format!("{}==", signed(dir.path(), EVENT))).await;
    let mut written =
        async |seq, what| match ask(&job, &mut queue, Command::Write { profile: SANDBOX_PROFILE, seq, what })
            .await
            .remove(0)
        {
            Event::Written(result) => result,
            other => panic!("{other:?}"),
        };
    let types = written(good, Writing::Types(Dialect::TypeScript)).await.unwrap();
    assert!(types.text.expose().contains("export interface UserCreatedEvent"));
    assert!(types.note.contains("and from Kinde's schema of it"), "{}", types.note);
    assert!(types.text.expose().contains("In Kinde's schema, never seen here"));
    let test = written(good, Writing::Test(Flavour::Node)).await.unwrap();
    assert!(test.note.contains("wants it accepted") && !format!("{test:?}").contains("eyJ"));
    let test = written(bad, Writing::Test(Flavour::Rust)).await.unwrap();
    assert!(test.note.contains("wants it refused"), "{}", test.note);
    let refused = written(opens, Writing::Test(Flavour::Node)).await.unwrap_err();
    assert!(refused.detail.contains("its signature was not kept"));
    // Its key signed it: a test that wants it refused would fail as it is handed over.
    let refused = written(damaged, Writing::Test(Flavour::Node)).await.unwrap_err();
    assert!(refused.detail.contains("not by its key or its signature"), "{}", refused.detail);
    job.sandbox.stop().await;
    let (_, told) = open(&job, &mut queue, SANDBOX_PROFILE, opens).await;
    assert!(told.decoded.is_none() && told.checks.is_empty(), "{told:?}");
}

#[tokio::test]
async fn a_replay_arrives_and_is_noted_and_what_the_application_is_built_with_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (job, mut queue) = job(dir.path());
    let body = signed(dir.path(), EVENT);
    let seq = keep(&job, &SANDBOX_PROFILE.to_string(), "w1", &body).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target::parse(&format!("http://{}/hook", listener.local_addr().unwrap()), false).unwrap();
    let arriving = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let (mut got, mut piece) = (Vec::new(), [0; 4096]);
        while !got.ends_with(body.as_bytes()) {
            let read = socket.read(&mut piece).await.unwrap();
            assert!(read > 0, "the body did not arrive whole");
            got.extend_from_slice(&piece[..read]);
        }
        socket.write_all(b"HTTP/1.1 418 x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await.unwrap();
    });
    let replay = Command::Replay { profile: SANDBOX_PROFILE, seq, target, edited: None };
    let answer = ask(&job, &mut queue, replay).await.remove(0);
    let Event::Replayed(Ok(replayed)) = answer else { panic!("{answer:?}") };
    assert_eq!(replayed.response.forwarded.status, Some(418));
    arriving.await.unwrap();
    let (opened, _) = open(&job, &mut queue, SANDBOX_PROFILE, seq).await;
    assert_eq!(opened.whole.attempt.forwarded.len(), 1);

    let framework = Command::Framework { profile: SANDBOX_PROFILE, framework: Framework::Hono };
    let answer = ask(&job, &mut queue, framework).await.remove(0);
    assert!(matches!(answer, Event::Kept(Ok(()))), "{answer:?}");
    let kept = job.services.profiles.get(SANDBOX_PROFILE).unwrap().unwrap().framework;
    assert_eq!(kept.as_deref(), Some("hono"));
}

#[tokio::test]
async fn an_event_that_kinde_does_not_know_is_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    let (job, mut queue) = job(dir.path());
    let claims = Box::new(Json::parse(EVENT.as_bytes()).unwrap());
    let answer = ask(&job, &mut queue, Command::Truth { profile: SANDBOX_PROFILE, claims }).await.remove(0);
    let Event::Truth(Ok(truth)) = answer else { panic!("{answer:?}") };
    assert_eq!(truth.check.verdict, Verdict::Warn, "{:?}", truth.check);
    job.sandbox.stop().await;
}
