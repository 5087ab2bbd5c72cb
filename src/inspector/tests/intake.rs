//! From the history to a verdict.

use std::sync::Arc;

use super::*;
use crate::clock::Clock;
use crate::inspector::intake::Intake;
use crate::inspector::key_source::KeySource;
use crate::inspector::receiver::sift;
use crate::store::attempts::{Attempts, Duplicate, NewAttempt, Standing};

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

async fn arrives(intake: &Intake, webhook_id: &str, body: &str, received_at: Timestamp) -> i64 {
    let sifted = sift(body.as_bytes());
    let new = NewAttempt {
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
    };
    intake.attempts.receive(new).await.unwrap().seq
}

#[tokio::test]
async fn the_same_event_under_another_request_id_is_for_another_webhook_where_there_is_one() {
    for (second, expected) in [(true, Duplicate::Fanout), (false, Duplicate::Repeat)] {
        let dir = tempfile::tempdir().unwrap();
        let mut intake = intake(&dir, second);
        for id in ["w1", "w2"] {
            arrives(&intake, id, &token(WEBHOOK), Timestamp::now()).await;
        }
        assert_eq!(intake.judge_pending().await.unwrap(), 2);
        let row = intake.attempts.whole("p", 2).await.unwrap().unwrap().attempt;
        assert_eq!(row.duplicate, expected);
    }
}

#[tokio::test]
async fn what_was_kept_without_its_signature_and_never_judged_says_so_once_nobody_can_be_judging_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut intake = intake(&dir, false);
    let hour_ago = Timestamp::now() - jiff::SignedDuration::from_hours(1);
    let lost = arrives(&intake, "w1", &token(ACCESS), hour_ago).await;
    let under_way = arrives(&intake, "w2", &token(ACCESS), Timestamp::now()).await;
    assert_eq!(intake.judge_pending().await.unwrap(), 1);
    let kept = intake.attempts.whole("p", lost).await.unwrap().unwrap();
    assert_eq!(kept.attempt.standing(), Standing::NotVerified);
    assert_eq!(kept.attempt.failed.as_deref(), Some("signature"));
    assert!(kept.decode.unwrap().contains("never kept"), "and it is kept why");
    let other = intake.attempts.whole("p", under_way).await.unwrap().unwrap().attempt;
    assert_eq!(other.standing(), Standing::Pending, "another process may be judging it");
    assert_eq!(intake.judge_pending().await.unwrap(), 0);
}
