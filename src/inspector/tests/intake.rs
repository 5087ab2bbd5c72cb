//! From the history to a verdict.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::clock::Clock;
use crate::inspector::intake::Intake;
use crate::inspector::key_source::KeySource;
use crate::inspector::receiver::sift;
use crate::kinde::Domain;
use crate::kinde::jwks::{Jwks, Owner};
use crate::net::{Http, Recorder};
use crate::store::attempts::{Attempts, Duplicate, NewAttempt, Record, Standing};
use crate::tenant::Profile;

fn intake(dir: &tempfile::TempDir, second: bool) -> Intake {
    Intake {
        attempts: Attempts::open(&dir.path().join("history.db")).unwrap(),
        owner: "p".to_owned(),
        keys: KeySource::Fixed(acme()),
        clock: Clock::real(),
        second_webhook: Some(Arc::new(move |event_type| {
            assert_eq!(event_type.as_deref(), Some("user.updated"));
            Box::pin(std::future::ready(second))
        })),
    }
}

fn arrival(webhook_id: &str, body: &str, received_at: Timestamp) -> NewAttempt {
    let sifted = sift(body.as_bytes());
    NewAttempt {
        owner: "p".to_owned(),
        received_at,
        webhook_id: Some(webhook_id.to_owned()),
        event_id: sifted.event_id.clone(),
        event_type: sifted.event_type.clone(),
        who: sifted.who.clone(),
        content: sifted.content,
        headers: Vec::new(),
        whole: sifted.kept.is_none(),
        body: sifted.kept.unwrap_or_else(|| body.as_bytes().to_vec()),
        responded: Some(200),
    }
}

async fn arrives(intake: &Intake, webhook_id: &str, body: &str, received_at: Timestamp) -> i64 {
    intake.attempts.receive(arrival(webhook_id, body, received_at)).await.unwrap().seq
}

#[tokio::test]
async fn the_same_event_under_another_request_id_is_for_another_webhook_where_there_is_one() {
    for (second, expected) in [(true, Duplicate::Fanout), (false, Duplicate::Repeat)] {
        let dir = tempfile::tempdir().unwrap();
        let mut intake = intake(&dir, second);
        for id in ["w1", "w2"] {
            arrives(&intake, id, &token(WEBHOOK), Clock::real().now()).await;
        }
        assert_eq!(intake.judge_pending().await.unwrap(), 2);
        let row = intake.attempts.whole("p", 2).await.unwrap().unwrap().attempt;
        assert_eq!(row.duplicate, expected);
    }
}

#[tokio::test]
async fn a_retry_that_a_proxy_damaged_is_no_conflict_and_a_good_one_after_it_says_what_came_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut intake = intake(&dir, false);
    let cut = token(WEBHOOK)[..200].to_owned();
    for (id, body) in [("w1", token(WEBHOOK)), ("w1", "{}".to_owned()), ("w1", cut), ("w2", "{}".to_owned())] {
        arrives(&intake, id, &body, Clock::real().now()).await;
    }
    let other = token(&WEBHOOK.replace("event_018f", "event_019f"));
    arrives(&intake, "w2", &other, Clock::real().now()).await;
    assert_eq!(intake.judge_pending().await.unwrap(), 5);
    for (seq, attempt, duplicate, word) in [
        (1, 1, Duplicate::No, "not seen here before"),
        (2, 2, Duplicate::Retry, "Attempt 2 of the same request, re-sent damaged"),
        (3, 3, Duplicate::Retry, "Attempt 3 of the same request, re-sent damaged"),
        (4, 1, Duplicate::No, "not seen here before"),
        (5, 2, Duplicate::No, "Attempt 2 of the same request; those before it were not verified"),
    ] {
        let whole = intake.attempts.whole("p", seq).await.unwrap().unwrap();
        assert_eq!((whole.attempt.attempt, whole.attempt.duplicate), (attempt, duplicate), "{seq}");
        let check = intake.look_again(&whole).await.unwrap().decoded.check("duplicate").unwrap().clone();
        let told = format!("{} {}", check.why.unwrap_or_default(), check.seen.unwrap_or_default());
        assert!(told.contains(word), "{seq}: {told}");
    }
    assert_eq!(standing(&intake, 5).await, Standing::Good);
}

#[tokio::test]
async fn what_was_kept_without_its_signature_and_never_judged_says_so_once_nobody_can_be_judging_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut intake = intake(&dir, false);
    let hour_ago = Clock::real().now() - jiff::SignedDuration::from_hours(1);
    let lost = arrives(&intake, "w1", &token(ACCESS), hour_ago).await;
    let under_way = arrives(&intake, "w2", &token(ACCESS), Clock::real().now()).await;
    assert_eq!(intake.judge_pending().await.unwrap(), 1);
    let kept = intake.attempts.whole("p", lost).await.unwrap().unwrap();
    assert_eq!(kept.attempt.standing(), Standing::NotVerified);
    assert_eq!(kept.attempt.failed.as_deref(), Some("signature"));
    assert!(kept.decode.unwrap().contains("never kept"), "and it is kept why");
    let other = intake.attempts.whole("p", under_way).await.unwrap().unwrap().attempt;
    assert_eq!(other.standing(), Standing::Pending, "another process may be judging it");
    assert_eq!(intake.judge_pending().await.unwrap(), 0);
}

#[tokio::test]
async fn every_retry_of_36_hours_is_verified_labelled_and_counted_and_none_is_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let mut intake = intake(&dir, false);
    let signed: Timestamp = "2024-05-01T07:41:46Z".parse().unwrap();
    // Kinde's schedule: at once, 5 s, 30 s, 2 min, 10 min, 1 h, 4 h, then every 12 h.
    let waits = [0, 5, 35, 155, 755, 4355, 18_755, 61_955, 105_155, 129_600];
    for seconds in waits {
        arrives(&intake, "w1", &token(WEBHOOK), signed + jiff::SignedDuration::from_secs(seconds)).await;
    }
    assert_eq!(intake.judge_pending().await.unwrap(), waits.len());
    for (index, seq) in (1..=10).enumerate() {
        let whole = intake.attempts.whole("p", seq).await.unwrap().unwrap();
        assert_eq!(whole.attempt.standing(), Standing::Good, "retry {index}");
        assert_eq!(whole.attempt.attempt, u32::try_from(index).unwrap() + 1);
        assert_eq!(whole.attempt.duplicate, if index == 0 { Duplicate::No } else { Duplicate::Retry });
        let freshness = intake.look_again(&whole).await.unwrap().decoded.check("freshness").unwrap().verdict;
        assert_eq!(freshness == Verdict::Warn, waits[index] > 300, "retry {index}");
    }
}

/// True where whoever looks at it is told that this machine's clock is wrong.
async fn names_the_clock(intake: &mut Intake, seq: i64) -> bool {
    let whole = intake.attempts.whole("p", seq).await.unwrap().unwrap();
    let freshness = intake.look_again(&whole).await.unwrap().decoded.check("freshness").unwrap().clone();
    freshness.why.is_some_and(|why| why.contains("This machine's clock is 7 min ahead"))
}

#[tokio::test]
async fn a_wrong_clock_is_named_where_one_looks_at_what_came_within_the_hour_and_was_timed_by_it() {
    let dir = tempfile::tempdir().unwrap();
    let signed: Timestamp = "2024-05-01T07:41:46Z".parse().unwrap();
    let clock = Clock::fixed(signed);
    let keys = KeySource::Fixed(Keys { clock_ahead: Some(420), ..acme() });
    let mut intake = Intake { keys, clock: clock.clone(), ..intake(&dir, false) };
    let here = arrives(&intake, "w1", &token(WEBHOOK), signed).await;
    let captured = arrival("w2", &token(WEBHOOK), signed);
    let captured = Record { via: Some("ngrok".to_owned()), ..Record::from(captured) };
    let elsewhere = intake.attempts.import(vec![captured], signed).await.unwrap()[0].as_ref().unwrap().seq;
    assert_eq!(intake.judge_pending().await.unwrap(), 2);
    clock.advance(std::time::Duration::from_secs(1_800));
    assert!(names_the_clock(&mut intake, here).await);
    assert!(!names_the_clock(&mut intake, elsewhere).await, "another clock told when it came");
    clock.advance(std::time::Duration::from_secs(1_801));
    assert!(!names_the_clock(&mut intake, here).await, "the clock may have been set since");
}

/// A tenant that publishes the first key, and the second in its place once that is set.
async fn rotating() -> (Owner, Arc<AtomicBool>) {
    let rotated = Arc::new(AtomicBool::new(false));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let domain = Domain::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let turned = Arc::clone(&rotated);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let _read = socket.read(&mut head).await.unwrap();
            let body = if turned.load(Ordering::SeqCst) { jwks(1, "new") } else { jwks(0, KID) };
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
            let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            socket.write_all(answer.as_bytes()).await.ok();
        }
    });
    (Owner { id: "p".to_owned(), name: "acme".to_owned(), domain }, rotated)
}

async fn standing(intake: &Intake, seq: i64) -> Standing {
    intake.attempts.whole("p", seq).await.unwrap().unwrap().attempt.standing()
}

/// An event of its own, signed with the first key.
fn of_the_old_key(id: &str) -> String {
    token(&WEBHOOK.replace("event_018f", id))
}

#[tokio::test]
async fn what_arrived_before_a_rotation_still_verifies_after_it_and_what_arrives_afterwards_does_not() {
    let (owner, rotated) = rotating().await;
    let dir = tempfile::tempdir().unwrap();
    let data = crate::store::DataDir::open(dir.path()).unwrap();
    let clock = Clock::fixed("2026-11-24T09:00:00Z".parse().unwrap());
    let opened = async || {
        let http = Http::new(Recorder::silent(), clock.clone()).unwrap();
        let cache = Jwks::new(http, Some(dir.path().join("history.db")));
        let keys = KeySource::of_tenant(cache, owner.clone(), Issuers::Any, &data).await;
        Intake { keys, clock: clock.clone(), ..intake(&dir, false) }
    };
    let pass = |hours: u64, minutes: u64| clock.advance(std::time::Duration::from_secs(hours * 3600 + minutes * 60));
    let mut all_day = opened().await;
    // The first is what the keys are fetched for; the others come to a receiver that has them.
    let first = arrives(&all_day, "w1", &of_the_old_key("event_01"), clock.now()).await;
    pass(0, 1);
    assert_eq!(all_day.judge_pending().await.unwrap(), 1);
    pass(0, 9);
    let soon = arrives(&all_day, "w2", &of_the_old_key("event_02"), clock.now()).await;
    assert_eq!(all_day.judge_pending().await.unwrap(), 1);
    pass(8, 40);
    let late = arrives(&all_day, "w3", &of_the_old_key("event_03"), clock.now()).await;
    assert_eq!(all_day.judge_pending().await.unwrap(), 1);
    pass(0, 8);
    let latest = arrives(&all_day, "w4", &of_the_old_key("event_04"), clock.now()).await;
    assert_eq!(all_day.judge_pending().await.unwrap(), 1);
    rotated.store(true, Ordering::SeqCst);
    pass(0, 20);
    // Known all day, and taken back: the receiver is still the same.
    let after = arrives(&all_day, "w5", &of_the_old_key("event_05"), clock.now()).await;
    assert_eq!(all_day.judge_pending().await.unwrap(), 1);
    assert_eq!(standing(&all_day, after).await, Standing::UnknownKey);
    pass(12, 0);
    let mut next_day = opened().await;
    for seq in [first, soon, late, latest] {
        assert_eq!(standing(&next_day, seq).await, Standing::Good, "{seq}");
        let whole = next_day.attempts.whole("p", seq).await.unwrap().unwrap();
        let decoded = next_day.look_again(&whole).await.unwrap().decoded;
        assert_eq!(decoded.verdict, Verified, "{seq}: {}", decoded.headline);
        assert!(decoded.check("key").unwrap().why.as_ref().unwrap().contains("taken it back since"), "{seq}");
    }
    let sum = next_day.reverify().await.unwrap();
    assert_eq!((sum.checked, sum.changed), (5, 0));
}

#[tokio::test]
async fn after_a_rotation_what_was_signed_with_the_new_key_is_verified_as_soon_as_that_is_published() {
    let (owner, rotated) = rotating().await;
    let dir = tempfile::tempdir().unwrap();
    let data = crate::store::DataDir::open(dir.path()).unwrap();
    let cache = Jwks::new(Http::new(Recorder::silent(), Clock::real()).unwrap(), None);
    let keys = KeySource::of_tenant(cache.clone(), owner.clone(), Issuers::Any, &data).await;
    let mut intake = Intake { keys, ..intake(&dir, false) };
    let old = arrives(&intake, "w1", &token(WEBHOOK), Clock::real().now()).await;
    let new = sign(1, r#"{"alg":"RS256","kid":"new"}"#, WEBHOOK.replace("event_018f", "event_019f").as_bytes());
    let early = arrives(&intake, "w2", &new, Clock::real().now()).await;
    assert_eq!(intake.judge_pending().await.unwrap(), 2);
    assert_eq!((standing(&intake, old).await, standing(&intake, early).await), (Standing::Good, Standing::UnknownKey));
    assert_eq!(intake.judge_pending().await.unwrap(), 0, "nothing new is known");
    rotated.store(true, Ordering::SeqCst);
    cache.fetch_again(&owner).await;
    let later = arrives(&intake, "w3", &new, Clock::real().now()).await;
    assert_eq!(intake.judge_pending().await.unwrap(), 2);
    assert_eq!((standing(&intake, later).await, standing(&intake, early).await), (Standing::Good, Standing::Good));
    assert_eq!(standing(&intake, old).await, Standing::Good, "no rotation makes a good one bad");
}

#[tokio::test]
async fn a_receiver_learns_of_a_rotated_key_of_the_sandbox_and_what_arrived_before_still_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let data = crate::store::DataDir::open(dir.path()).unwrap();
    let folder = data.folder("sandbox").unwrap();
    let clock = Clock::fixed("2026-11-24T09:00:00Z".parse().unwrap());
    let opened = async || {
        let http = Http::new(Recorder::silent(), clock.clone()).unwrap();
        let cache = Jwks::new(http, Some(dir.path().join("history.db")));
        let keys = KeySource::of_profile(cache, &Profile::sandbox(), &data).await.unwrap();
        Intake { keys, clock: clock.clone(), ..intake(&dir, false) }
    };
    let signed = |id: &str| {
        let payload = WEBHOOK.replace("event_018f", id);
        crate::sandbox::sign(&folder, payload.as_bytes(), clock.now()).unwrap()
    };
    let mut listening = opened().await;
    let old = arrives(&listening, "w1", &signed("event_01"), clock.now()).await;
    let of_the_old_key = signed("event_02");
    // Nobody knows its key, and it is not read again at once for the next that is unknown.
    let unknown = sign(1, r#"{"alg":"RS256","kid":"x"}"#, WEBHOOK.replace("event_018f", "event_03").as_bytes());
    let stranger = arrives(&listening, "w2", &unknown, clock.now()).await;
    assert_eq!(listening.judge_pending().await.unwrap(), 2);
    assert_eq!(
        (standing(&listening, old).await, standing(&listening, stranger).await),
        (Standing::Good, Standing::UnknownKey)
    );
    // As a rotation leaves it that drops the old key.
    std::fs::remove_file(folder.join("signing-key.pem")).unwrap();
    let early = arrives(&listening, "w3", &signed("event_04"), clock.now()).await;
    assert_eq!(listening.judge_pending().await.unwrap(), 1);
    assert_eq!(standing(&listening, early).await, Standing::UnknownKey);
    clock.advance(std::time::Duration::from_secs(1));
    let later = arrives(&listening, "w4", &signed("event_05"), clock.now()).await;
    assert_eq!(listening.judge_pending().await.unwrap(), 2, "the new one, and the one that waited for its key");
    clock.advance(std::time::Duration::from_secs(1));
    let late = arrives(&listening, "w5", &of_the_old_key, clock.now()).await;
    assert_eq!(listening.judge_pending().await.unwrap(), 1);
    clock.advance(std::time::Duration::from_secs(12 * 3600));
    let mut next_day = opened().await;
    for (seq, expected) in [
        (old, Standing::Good),
        (stranger, Standing::UnknownKey),
        (early, Standing::Good),
        (later, Standing::Good),
        (late, Standing::UnknownKey),
    ] {
        assert_eq!(standing(&next_day, seq).await, expected, "{seq}");
    }
    let sum = next_day.reverify().await.unwrap();
    assert_eq!((sum.checked, sum.changed), (5, 0), "the old one too, which came while its key was published");
}

#[tokio::test]
async fn what_waits_for_its_key_is_found_again_behind_however_many_that_nobody_can_verify() {
    let (owner, rotated) = rotating().await;
    let dir = tempfile::tempdir().unwrap();
    let data = crate::store::DataDir::open(dir.path()).unwrap();
    let cache = Jwks::new(Http::new(Recorder::silent(), Clock::real()).unwrap(), None);
    let keys = KeySource::of_tenant(cache.clone(), owner.clone(), Issuers::Any, &data).await;
    let mut intake = Intake { keys, ..intake(&dir, false) };
    let of_the_new_key =
        |id: &str| sign(1, r#"{"alg":"RS256","kid":"new"}"#, WEBHOOK.replace("event_018f", id).as_bytes());
    let waiting = [
        arrives(&intake, "w1", &of_the_new_key("event_01"), Clock::real().now()).await,
        arrives(&intake, "w1", &of_the_new_key("event_01"), Clock::real().now()).await,
    ];
    for number in 0..300 {
        let payload = WEBHOOK.replace("event_018f", &format!("event_a{number:03}"));
        let of_nobody =
            format!("{}.{}.{}", b64(br#"{"alg":"RS256","kid":"x"}"#), b64(payload.as_bytes()), b64(&[7; 256]));
        arrives(&intake, &format!("n{number}"), &of_nobody, Clock::real().now()).await;
    }
    let last = arrives(&intake, "w2", &of_the_new_key("event_02"), Clock::real().now()).await;
    assert_eq!(intake.judge_pending().await.unwrap(), 303);
    for seq in waiting.into_iter().chain([last]) {
        assert_eq!(standing(&intake, seq).await, Standing::UnknownKey);
    }
    rotated.store(true, Ordering::SeqCst);
    cache.fetch_again(&owner).await;
    arrives(&intake, "w3", &of_the_new_key("event_03"), Clock::real().now()).await;
    assert_eq!(intake.judge_pending().await.unwrap(), 3, "the new one, and the two oldest that waited");
    assert!(intake.unfinished(), "no more than a page of them is looked at in one go");
    assert_eq!(standing(&intake, last).await, Standing::UnknownKey);
    assert_eq!(intake.judge_pending().await.unwrap(), 1, "the next page");
    assert!(!intake.unfinished());
    for seq in waiting.into_iter().chain([last]) {
        assert_eq!(standing(&intake, seq).await, Standing::Good);
    }
    let again = intake.attempts.whole("p", waiting[1]).await.unwrap().unwrap().attempt;
    assert_eq!(again.duplicate, Duplicate::Retry, "the older one was judged before it");
}
