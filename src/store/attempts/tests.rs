use std::time::Duration;

use jiff::Timestamp;

use super::super::history::History;
use super::*;

mod finding;

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(super) fn new(webhook: Option<&str>, event: Option<&str>, kind: &str, body: &str) -> NewAttempt {
    NewAttempt {
        owner: "p".to_owned(),
        received_at: at(1),
        webhook_id: webhook.map(str::to_owned),
        event_id: event.map(str::to_owned),
        event_type: Some(kind.to_owned()),
        who: Some("ada@example.com".to_owned()),
        content: Some(sha256(body.as_bytes())),
        headers: vec![("content-type".to_owned(), "application/jwt".to_owned())],
        body: body.as_bytes().to_vec(),
        whole: true,
        responded: Some(200),
    }
}

pub(super) fn judged(seq: i64, verdict: &str, text: &str) -> Judgement {
    Judgement {
        seq,
        verdict: verdict.to_owned(),
        failed: None,
        duplicate: Duplicate::No,
        at: at(2),
        decode: None,
        text: text.to_owned(),
    }
}

pub(super) fn open() -> (tempfile::TempDir, Attempts) {
    let dir = tempfile::tempdir().unwrap();
    let attempts = Attempts::open(&dir.path().join("history.db")).unwrap();
    (dir, attempts)
}

pub(super) async fn seqs(attempts: &Attempts, filter: Filter) -> Vec<i64> {
    attempts.page("p", filter).await.unwrap().into_iter().map(|attempt| attempt.seq).collect()
}

#[tokio::test]
async fn attempts_are_numbered_within_their_group_and_a_body_stands_once() {
    let (dir, attempts) = open();
    let mut numbers = Vec::new();
    for (webhook, event, body) in [
        (Some("w1"), Some("e1"), "x"),
        (Some("w1"), Some("e1"), "x"),
        (Some("w2"), Some("e1"), "x"),
        (None, Some("e1"), "x"),
        (None, None, "y"),
        (None, None, "y"),
        (None, None, "z"),
    ] {
        numbers.push(attempts.receive(new(webhook, event, "user.created", body)).await.unwrap().attempt);
    }
    assert_eq!(numbers, [1, 2, 1, 1, 1, 2, 1]);
    let database = rusqlite::Connection::open(dir.path().join("history.db")).unwrap();
    let bodies: i64 = database.query_row("SELECT count(*) FROM bodies", [], |row| row.get(0)).unwrap();
    assert_eq!(bodies, 3);
    let whole = attempts.whole("p", 2).await.unwrap().unwrap();
    assert_eq!((whole.body.as_slice(), whole.headers.len(), whole.attempt.attempt), (&b"x"[..], 1, 2));
    assert!(attempts.whole("q", 2).await.unwrap().is_none(), "another owner's");
}

#[tokio::test]
async fn a_history_from_before_bodies_lost_their_index_is_sound_without_it_and_keeps_what_it_had() {
    let (dir, attempts) = open();
    attempts.receive(new(Some("w1"), Some("e1"), "user.created", "x")).await.unwrap();
    drop(attempts);
    let path = dir.path().join("history.db");
    {
        // As the eleventh schema left it: the table as it was made first, and its own index.
        let old = rusqlite::Connection::open(&path).unwrap();
        old.execute_batch(
            "PRAGMA foreign_keys = OFF;
             CREATE TABLE old_bodies (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL) STRICT;
             INSERT INTO old_bodies SELECT * FROM bodies;
             DROP TABLE bodies;
             PRAGMA legacy_alter_table = ON;
             ALTER TABLE old_bodies RENAME TO bodies;
             UPDATE attempts SET body_sha256 = NULL;
             ALTER TABLE number_spans RENAME TO spans;
             PRAGMA user_version = 11;",
        )
        .unwrap();
    }
    let attempts = Attempts::open(&path).unwrap();
    assert_eq!(attempts.receive(new(Some("w1"), Some("e1"), "user.created", "x")).await.unwrap().attempt, 2);
    attempts.receive(new(Some("w2"), Some("e1"), "user.created", "x")).await.unwrap();
    attempts.receive(new(Some("w3"), Some("e1"), "user.created", "another")).await.unwrap();
    let database = rusqlite::Connection::open(&path).unwrap();
    let one = |sql: &str| database.query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0)).unwrap();
    assert_eq!(one("PRAGMA integrity_check"), "ok".to_owned().into());
    assert_eq!(one("SELECT count(*) FROM bodies"), 2.into());
    assert_eq!(one("SELECT count(*) FROM sqlite_schema WHERE tbl_name = 'bodies' AND type = 'index'"), 0.into());
    assert_eq!(one("SELECT count(*) FROM pragma_foreign_key_check"), 0.into());
    assert_eq!(attempts.whole("p", 1).await.unwrap().unwrap().body, b"x");
}

#[tokio::test]
async fn pages_follow_each_other_newest_first_by_type_verdict_id_time_and_words() {
    let (_dir, attempts) = open();
    for n in 0..10_i64 {
        let kind = if n % 2 == 0 { "user.created" } else { "role.updated" };
        let mut one = new(Some(&format!("w{n}")), Some(&format!("e{n}")), kind, &format!("body {n}"));
        one.received_at = at(n);
        let seq = attempts.receive(one).await.unwrap().seq;
        let verdict = if n % 3 == 0 { "not_verified" } else { "verified" };
        attempts.judged(vec![judged(seq, verdict, &format!("{kind} ada{n}@example.com kp_{n}"))]).await.unwrap();
    }
    let all = Filter { limit: 4, ..Filter::default() };
    assert_eq!(seqs(&attempts, all.clone()).await, [10, 9, 8, 7]);
    assert_eq!(seqs(&attempts, Filter { before: Some(7), ..all.clone() }).await, [6, 5, 4, 3]);
    let of = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let filter = Filter { types: of(&["user.*"]), ..Filter::default() };
    assert_eq!(seqs(&attempts, filter.clone()).await, [9, 7, 5, 3, 1]);
    let failed = Standing::named("failed").unwrap();
    assert_eq!(seqs(&attempts, Filter { standings: failed.clone(), ..filter }).await, [7, 1]);
    assert_eq!(seqs(&attempts, Filter { standings: failed, limit: 2, ..Filter::default() }).await, [10, 7]);
    assert_eq!(seqs(&attempts, Filter { id: Some("w4".to_owned()), ..Filter::default() }).await, [5]);
    assert_eq!(seqs(&attempts, Filter { id: Some("e4".to_owned()), ..Filter::default() }).await, [5]);
    let time = Filter { since: Some(at(3)), until: Some(at(5)), ..Filter::default() };
    assert_eq!(seqs(&attempts, time).await, [5, 4]);
    let words = |words: &[&str]| Filter { words: of(words), ..Filter::default() };
    assert_eq!(seqs(&attempts, words(&["ada3@example.com"])).await, [4]);
    assert_eq!(seqs(&attempts, words(&["role", "exam"])).await, [10, 8, 6, 4, 2]);
    assert_eq!(seqs(&attempts, Filter { types: of(&["user.created"]), ..words(&["kp_"]) }).await, [9, 7, 5, 3, 1]);
    for naughty in ["\"", "' OR 1=1 --", "NEAR(", "a AND", "*", "text:", "\0", ""] {
        attempts.page("p", words(&[naughty])).await.unwrap();
    }
    assert!(seqs(&attempts, Filter::default()).await.len() == 10);
    assert!(attempts.page("q", Filter::default()).await.unwrap().is_empty());
}

#[tokio::test]
async fn many_at_once_are_all_kept_in_few_transactions() {
    let (_dir, attempts) = open();
    let before = attempts.version().await.unwrap();
    let all = (0..200).map(|n| {
        let attempts = attempts.clone();
        tokio::spawn(async move { attempts.receive(new(Some(&format!("w{n}")), None, "t", "x")).await.unwrap().seq })
    });
    let mut found = Vec::new();
    for one in all.collect::<Vec<_>>() {
        found.push(one.await.unwrap());
    }
    found.sort_unstable();
    assert_eq!(found, (1..=200).collect::<Vec<i64>>());
    assert_ne!(attempts.version().await.unwrap(), before);
}

#[tokio::test]
async fn a_history_that_is_locked_or_of_a_newer_program_takes_nothing_and_says_so() {
    let (dir, attempts) = open();
    let other = rusqlite::Connection::open(dir.path().join("history.db")).unwrap();
    other.execute_batch("PRAGMA max_page_count = 1; BEGIN EXCLUSIVE").unwrap();
    let refused = attempts.receive(new(None, None, "t", "x"));
    assert!(tokio::time::timeout(Duration::from_secs(9), refused).await.unwrap().is_err());
    other.execute_batch("ROLLBACK").unwrap();
    attempts.receive(new(None, None, "t", "x")).await.unwrap();
    other.pragma_update(None, "user_version", 99).unwrap();
    let newer = Attempts::open(&dir.path().join("history.db")).unwrap();
    assert!(newer.receive(new(None, None, "t", "x")).await.is_err());
    assert_eq!(newer.page("p", Filter::default()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_disk_that_is_full_refuses_and_what_was_kept_before_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.db");
    let history = History::open(&path).unwrap();
    let pages: i64 = history.reader().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    history.reader().pragma_update(None, "max_page_count", pages + 40).unwrap();
    let writer = Writer::start(history).unwrap();
    let attempts = Attempts::over(path, writer);
    let mut kept = 0;
    while attempts.receive(new(None, None, "t", &format!("{kept}{}", "x".repeat(20_000)))).await.is_ok() {
        kept += 1;
        assert!(kept < 100);
    }
    assert!(kept > 0);
    attempts.receive(new(None, None, "t", &"y".repeat(200_000))).await.unwrap_err();
    assert_eq!(attempts.page("p", Filter::default()).await.unwrap().len(), kept);
    attempts.delete(vec![1]).await.unwrap();
    attempts.receive(new(None, None, "t", "small")).await.unwrap();
}

#[tokio::test]
async fn nothing_of_a_deleted_attempt_is_left_in_any_file_and_its_number_is_not_given_again() {
    let (dir, attempts) = open();
    for (n, canary) in ["canaryone", "canarytwo"].into_iter().enumerate() {
        let mut one = new(Some(canary), Some(canary), canary, &format!("{canary}.{n}"));
        one.who = Some(canary.to_owned());
        one.headers.push(("x-canary".to_owned(), canary.to_owned()));
        let seq = attempts.receive(one).await.unwrap().seq;
        attempts.judged(vec![judged(seq, "verified", &format!("{canary} {canary}@example.com"))]).await.unwrap();
    }
    assert_eq!(attempts.delete(vec![2, 77]).await.unwrap(), 1);
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(9).any(|window| window == b"canarytwo"));
    }
    assert_eq!(seqs(&attempts, Filter { words: vec!["canaryone".to_owned()], ..Filter::default() }).await, [1]);
    assert_eq!(attempts.receive(new(None, None, "t", "x")).await.unwrap().seq, 3);
}

#[tokio::test]
async fn what_is_too_old_or_too_much_goes_oldest_first_and_pinned_ones_stay() {
    let (_dir, attempts) = open();
    for n in 0..20_i64 {
        let mut one = new(None, None, "t", &format!("{n}{}", "x".repeat(20_000)));
        one.received_at = at(n);
        attempts.receive(one).await.unwrap();
    }
    attempts.pin(vec![2], true).await.unwrap();
    let age = Retention { age: Some(Duration::from_secs(10)), bytes: None };
    assert_eq!(attempts.prune(age, at(15)).await.unwrap(), 4);
    assert_eq!(seqs(&attempts, Filter { before: Some(7), ..Filter::default() }).await, [6, 2]);
    let bytes = Retention { age: None, bytes: Some(1) };
    assert_eq!(attempts.prune(bytes, at(15)).await.unwrap(), 15);
    assert_eq!(seqs(&attempts, Filter::default()).await, [2]);
    assert_eq!(seqs(&attempts, Filter { pinned: true, ..Filter::default() }).await, [2]);
}

#[tokio::test]
async fn what_waits_for_its_verdict_is_found_again_and_an_import_of_the_same_keeps_nothing_twice() {
    let (_dir, attempts) = open();
    let two = vec![new(Some("w"), None, "t", "x").into(), new(Some("w"), None, "t", "y").into()];
    let first = attempts.import(two, at(9)).await.unwrap();
    assert!(first.iter().all(Option::is_some) && first.len() == 2);
    assert_eq!(attempts.import(vec![new(Some("w"), None, "t", "x").into()], at(9)).await.unwrap(), [None]);
    assert_eq!(attempts.pending("p", 0, 10).await.unwrap(), [1, 2]);
    attempts.judged(vec![judged(1, "verified", "")]).await.unwrap();
    assert_eq!(attempts.pending("p", 0, 10).await.unwrap(), [2]);
    let earlier = attempts.earlier("p", 2).await.unwrap();
    assert_eq!((earlier.len(), earlier[0].seq, earlier[0].same_group), (1, 1, true));
}

#[tokio::test]
async fn the_rule_is_kept_with_the_history_and_carried_out_as_new_ones_come_which_are_never_refused() {
    let (dir, attempts) = open();
    assert_eq!(attempts.retention().await.unwrap(), Retention::default());
    let day = Retention { age: Some(Duration::from_secs(86_400)), bytes: None };
    attempts.set_retention(day).await.unwrap();
    attempts.set_retention(day).await.unwrap();
    let mut old = new(Some("w"), None, "t", "old");
    attempts.receive(old.clone()).await.unwrap();
    attempts.pin(vec![1], true).await.unwrap();
    old.body = b"canaryold".to_vec();
    attempts.receive(old.clone()).await.unwrap();
    // What came from a file is as old as its stay.
    old.webhook_id = None;
    old.body = b"imported".to_vec();
    attempts.import(vec![old.into()], at(90_000)).await.unwrap();
    assert_eq!(Attempts::open(&dir.path().join("history.db")).unwrap().retention().await.unwrap(), day);
    for n in 0..600_i64 {
        let mut one = new(None, None, "t", &format!("{n}"));
        one.received_at = at(100_000 + n);
        attempts.receive(one).await.unwrap();
    }
    let early = Filter { before: Some(5), ..Filter::default() };
    let pruned = async {
        while seqs(&attempts, early.clone()).await != [4, 3, 1] {
            tokio::task::yield_now().await;
        }
        while attempts.tending.load(std::sync::atomic::Ordering::Acquire) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), pruned).await.unwrap();
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(9).any(|window| window == b"canaryold"));
    }
    assert_eq!(seqs(&attempts, Filter::default()).await.len(), 602);
}

#[tokio::test]
async fn what_is_searched_for_is_never_read_as_sql_nor_in_the_word_index_own_language() {
    let (_dir, attempts) = open();
    let hostile = [
        "'",
        "\"",
        "\"\"",
        "*",
        "a*",
        "^a",
        "a:b",
        "text:a",
        "NEAR(a b)",
        "a AND b",
        "a OR",
        "NOT",
        "(",
        ")",
        "a)",
        "{",
        "}",
        "+",
        "-a",
        "--",
        ";",
        "'; DROP TABLE attempts; --",
        "\" OR 1=1 --",
        "%",
        "_",
        "\\",
        "\u{0}",
        "\u{202e}",
        "a\"b'c",
        "?1",
        "$x",
        ":x",
    ];
    for (number, word) in hostile.iter().enumerate() {
        let kept = attempts.receive(new(Some(word), Some(word), "t", &format!("{number}"))).await.unwrap();
        attempts.judged(vec![judged(kept.seq, "verified", word)]).await.unwrap();
    }
    for word in hostile {
        let own = |filter: Filter| attempts.page("p", filter);
        let words = vec![word.to_owned(), "t".to_owned()];
        own(Filter { words, ..Filter::default() }).await.unwrap();
        own(Filter { not_words: vec![word.to_owned()], words: vec!["t".to_owned()], ..Filter::default() })
            .await
            .unwrap();
        own(Filter { types: vec![word.to_owned()], not_types: vec![word.to_owned()], ..Filter::default() })
            .await
            .unwrap();
        own(Filter { failed: vec![word.to_owned()], ..Filter::default() }).await.unwrap();
        let member = Member { path: vec![word.to_owned()], value: word.to_owned() };
        own(Filter { members: vec![member], ..Filter::default() }).await.unwrap();
        // An id is compared whole, whatever stands in it.
        let id = own(Filter { id: Some(word.to_owned()), ..Filter::default() }).await.unwrap();
        assert!(id.len() == 1 && id[0].webhook_id.as_deref() == Some(word), "{word:?}");
    }
    assert_eq!(seqs(&attempts, Filter::default()).await.len(), hostile.len());
}
