//! How attempts are found: pages both ways, times, members, counts; and that nothing of it looks at every row.

use super::filter::{Last, Start};
use super::*;

fn of(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Attempts that came at these seconds, in this order, alternately of two types, every third of them not verified.
async fn filled(times: impl IntoIterator<Item = i64>) -> (tempfile::TempDir, Attempts) {
    let (dir, attempts) = open();
    for (n, time) in times.into_iter().enumerate() {
        let kind = if n % 2 == 0 { "user.created" } else { "role.updated" };
        let mut one = new(Some(&format!("w{n}")), Some(&format!("e{n}")), kind, &format!("body {n}"));
        one.received_at = at(time);
        let seq = attempts.receive(one).await.unwrap().seq;
        let verdict = if n % 3 == 0 { "not_verified" } else { "verified" };
        let text = format!(
            r#"{kind} e{n} {{"type":"{kind}","data":{{"user":{{"email":"Ada{n}@example.com","n":{n},"roles":[{{"key":"a{n}"}},{{"key":"é"}}]}}}}}}"#
        );
        let failed = (n % 3 == 0).then(|| "signature".to_owned());
        attempts.judged(vec![Judgement { failed, ..judged(seq, verdict, &text) }]).await.unwrap();
    }
    (dir, attempts)
}

/// Every kind of filter there is on the way of a screen.
fn filters() -> Vec<Filter> {
    let some = || of(&["user.*"]);
    let base = Filter { limit: 100, before: Some(1000), ..Filter::default() };
    let member = Member { path: of(&["data", "user", "email"]), value: "ada*".to_owned() };
    vec![
        base.clone(),
        Filter { before: None, after: Some(3), ..base.clone() },
        Filter { types: some(), ..base.clone() },
        Filter { not_types: some(), before: None, after: Some(3), ..base.clone() },
        Filter { standings: vec![Standing::Good, Standing::Failed], ..base.clone() },
        Filter { types: some(), standings: vec![Standing::Good], ..base.clone() },
        Filter { failed: of(&["signature", "key"]), types: some(), ..base.clone() },
        Filter { pinned: true, standings: vec![Standing::Good], ..base.clone() },
        Filter { id: Some("w".to_owned()), pinned: true, ..base.clone() },
        Filter { seq: Some(7), words: of(&["ada"]), ..base.clone() },
        Filter { words: of(&["ada"]), not_words: of(&["eve"]), types: some(), ..base.clone() },
        Filter { words: of(&["ada"]), before: None, after: Some(3), ..base.clone() },
        Filter { members: vec![member], id: Some("e".to_owned()), ..base.clone() },
        Filter { since: Some(at(0)), until: Some(at(9)), ..base },
    ]
}

fn steps(database: &Connection, sql: &str, values: &[rusqlite::types::Value]) -> Vec<String> {
    let mut statement = database.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let steps = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(3)).unwrap();
    steps.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn no_page_scans_a_table_counts_an_offset_or_sorts() {
    let (dir, attempts) = open();
    attempts.receive(new(Some("w"), Some("e"), "user.created", "x")).await.unwrap();
    let database = Connection::open(dir.path().join("history.db")).unwrap();
    let range = filter::Range { low: 0, high: 1000, within: false };
    let known = of(&["user.created"]);
    let mut walks = 0;
    for filter in filters() {
        for start in filter.starts(&known, &Last::OneOf(of(&["adam", "adah"]))) {
            let plan = filter.plan(&start, "p", range, 100, &known);
            assert!(!plan.sql.contains("OFFSET"), "{}", plan.sql);
            for step in steps(&database, &plan.sql, &plan.values) {
                let index = step.starts_with("SEARCH") || step.contains("VIRTUAL TABLE INDEX");
                let list = ["json_each", "SUBQUERY", "BLOOM FILTER"].iter().any(|word| step.contains(word));
                assert!((index || list) && !step.contains("TEMP B-TREE"), "{step} in {}", plan.sql);
                walks += 1;
            }
        }
    }
    assert!(walks > 30);
    let words = Filter { words: of(&["ada"]), ..Filter::default() };
    let plan = words.plan(&Start::Words("ada".to_owned()), "p", range, 100, &known);
    let by_rows = |step: &String| step.contains("attempts") && !step.contains("COVERING INDEX attempts_by_owner");
    assert!(!steps(&database, &plan.sql, &plan.values).iter().any(by_rows), "no row is read for whose it is");
    let now = rusqlite::types::Value::from(1);
    for step in steps(&database, retention::OLDEST, &[now.clone(), now]) {
        assert!(step.starts_with("SEARCH") && step.contains("attempts_by_age"), "{step}");
    }
    let scan = |step: &String| step.starts_with("SCAN attempts");
    assert!(!steps(&database, SPANS_LEFT_OUT, &[]).iter().any(scan), "each start would walk through all there is");
    for step in steps(&database, find::NEXT_WORD, &["ada".to_owned().into()]) {
        assert!(step.contains("VIRTUAL TABLE INDEX") && !step.contains("TEMP B-TREE"), "{step}");
    }
}

#[tokio::test]
async fn what_waits_for_its_verdict_is_found_by_its_type_too() {
    let (_dir, attempts) = filled(0..4).await;
    let waiting = attempts.receive(new(Some("w9"), None, "user.deleted", "y")).await.unwrap().seq;
    let untyped = attempts.receive(new(Some("w8"), None, "", "z")).await.unwrap().seq;
    assert_eq!(attempts.types("p").await.unwrap(), ["role.updated", "user.created", "user.deleted"]);
    let types = of(&["user.*"]);
    let found =
        async |standings| seqs(&attempts, Filter { types: types.clone(), standings, ..Filter::default() }).await;
    assert_eq!(found(Vec::new()).await, [waiting, 3, 1]);
    assert_eq!(found(vec![Standing::Pending]).await, [waiting]);
    let others = Filter { not_types: of(&["user.*"]), ..Filter::default() };
    assert_eq!(seqs(&attempts, others).await, [untyped, 4, 2], "what has no type is no user's");
    assert_eq!(found(vec![Standing::Good, Standing::NotVerified]).await, [3, 1]);
    attempts.judged(vec![judged(waiting, "verified", "user.deleted y")]).await.unwrap();
    assert_eq!(attempts.types("p").await.unwrap(), ["role.updated", "user.created", "user.deleted"]);
    assert_eq!(found(vec![Standing::Good]).await, [waiting, 3]);
    attempts.judged(vec![judged(untyped, "unreadable", "z")]).await.unwrap();
    let others = Filter { not_types: of(&["user.*"]), standings: vec![Standing::Unreadable], ..Filter::default() };
    assert_eq!(seqs(&attempts, others).await, [untyped]);
}

#[tokio::test]
async fn every_filter_finds_what_looking_at_each_attempt_would() {
    let (_dir, attempts) = filled(0..40).await;
    attempts.pin(vec![3, 9], true).await.unwrap();
    let all = attempts.page("p", Filter::default()).await.unwrap();
    for filter in filters() {
        let wanted: Vec<i64> = all
            .iter()
            .filter(|one| {
                let n = one.seq - 1;
                let kind = one.event_type.clone().unwrap();
                let signature = one.failed.is_some();
                filter.before.is_none_or(|before| one.seq < before)
                    && filter.after.is_none_or(|after| one.seq > after)
                    && (filter.types.is_empty() || kind == "user.created")
                    && (filter.not_types.is_empty() || kind != "user.created")
                    && (filter.standings.is_empty() || filter.standings.contains(&one.standing()))
                    && (filter.failed.is_empty() || signature)
                    && (!filter.pinned || one.pinned)
                    && filter.id.is_none()
                    && filter.seq.is_none_or(|seq| one.seq == seq)
                    && filter.since.is_none_or(|since| at(n) >= since)
                    && filter.until.is_none_or(|until| at(n) < until)
            })
            .map(|one| one.seq)
            .collect();
        let found = seqs(&attempts, filter.clone()).await;
        assert_eq!(found, wanted, "{filter:?}");
        // And so in small pages, one after the other.
        if filter.after.is_none() {
            let (mut paged, mut before) = (Vec::new(), filter.before);
            loop {
                let page = attempts.older("p", Filter { limit: 3, ..filter.clone() }, before).await.unwrap();
                let Some(last) = page.last() else { break };
                before = Some(last.seq);
                paged.extend(page.into_iter().map(|one| one.seq));
            }
            assert_eq!(paged, wanted, "{filter:?}");
        }
    }
}

#[tokio::test]
async fn newer_pages_are_those_next_to_where_one_stands() {
    let (_dir, attempts) = filled(0..20).await;
    let page = |filter, after| {
        let attempts = attempts.clone();
        async move {
            let page = attempts.newer("p", filter, after).await.unwrap();
            page.into_iter().map(|one| one.seq).collect::<Vec<_>>()
        }
    };
    let three = Filter { limit: 3, ..Filter::default() };
    assert_eq!(page(three.clone(), 5).await, [8, 7, 6]);
    assert_eq!(page(three.clone(), 18).await, [20, 19]);
    let types = Filter { types: of(&["user.*", "role.updated"]), ..three.clone() };
    assert_eq!(page(types, 5).await, [8, 7, 6]);
    assert_eq!(page(Filter { words: of(&["role.updated"]), ..three }, 5).await, [10, 8, 6]);
}

#[tokio::test]
async fn members_of_the_payload_are_found_by_path_and_value() {
    let (_dir, attempts) = filled(0..12).await;
    for (path, value, found) in [
        ("data.user.email", "ada3@EXAMPLE.com", vec![4]),
        ("data.user.email", "Ada1*", vec![12, 11, 2]),
        ("data.user.n", "7", vec![8]),
        ("data.user.roles.key", "a5", vec![6]),
        ("data.user.roles.0.key", "a5", vec![6]),
        ("data.user.roles.1.key", "a5", vec![]),
        ("data.email", "ada3@example.com", vec![]),
        ("data.user", "*", (1..=12).rev().collect()),
        ("data.user.name", "*", vec![]),
        ("type", "user.created", vec![11, 9, 7, 5, 3, 1]),
    ] {
        let member = Member { path: path.split('.').map(str::to_owned).collect(), value: value.to_owned() };
        let filter = Filter { members: vec![member], limit: 100, ..Filter::default() };
        assert_eq!(seqs(&attempts, filter).await, found, "{path}:{value}");
    }
    let beside = Filter { words: of(&["e4"]), not_words: of(&["a4"]), ..Filter::default() };
    assert!(seqs(&attempts, beside).await.is_empty());
    assert_eq!(seqs(&attempts, Filter { words: of(&["w4"]), ..Filter::default() }).await, [5], "the request id");
}

#[tokio::test]
async fn what_came_long_ago_is_not_walked_to_and_times_that_run_back_are_found() {
    // Twelve spans of 256 in order, and among the newest one that came from elsewhere and is old.
    let (dir, attempts) = open();
    let many: Vec<Record> = (0..3000)
        .map(|n| {
            let mut one = new(Some(&format!("w{n}")), None, "t", "x");
            one.received_at = at(if n == 2990 { 7 } else { n });
            one.into()
        })
        .collect();
    attempts.import(many, at(9)).await.unwrap();
    let old = Filter { until: Some(at(10)), ..Filter::default() };
    assert_eq!(seqs(&attempts, old.clone()).await, [2991, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    let range = |low, high, within| filter::Range { low, high, within };
    let database = Connection::open(dir.path().join("history.db")).unwrap();
    assert_eq!(find::ranges(&database, "p", &old).unwrap(), [range(2816, 3072, false), range(0, 256, false)]);
    let between = Filter { since: Some(at(1_100)), until: Some(at(1_200)), ..Filter::default() };
    let apart = [range(2816, 3072, false), range(1024, 1280, false)];
    assert_eq!(find::ranges(&database, "p", &between).unwrap(), apart);
    assert_eq!(seqs(&attempts, between.clone()).await, (1101..=1200).rev().collect::<Vec<i64>>());
    let page = Filter { before: Some(1111), limit: 4, ..between };
    assert_eq!(seqs(&attempts, page).await, [1110, 1109, 1108, 1107]);
    let half = Filter { since: Some(at(500)), until: Some(at(2_000)), types: of(&["t"]), ..Filter::default() };
    let wholly = [range(2816, 3072, false), range(1792, 2048, false), range(512, 1792, true), range(256, 512, false)];
    assert_eq!(find::ranges(&database, "p", &half).unwrap(), wholly);
    assert_eq!(seqs(&attempts, half.clone()).await, (501..=2000).rev().collect::<Vec<i64>>());
    let inner = filter::Range { low: 512, high: 1792, within: true };
    let plan = half.plan(&Start::Type("t".to_owned(), Standing::Good), "p", inner, 100, &of(&["t"]));
    let by_rows = |step: &String| step.contains("attempts") && !step.contains("COVERING INDEX");
    assert!(!steps(&database, &plan.sql, &plan.values).iter().any(by_rows), "no row is read for when it came");
    attempts.delete((1..=1023).collect()).await.unwrap();
    assert_eq!(seqs(&attempts, old.clone()).await, [2991]);
    assert_eq!(find::ranges(&database, "p", &old).unwrap(), [range(2816, 3072, false)], "an empty span is forgotten");
}

#[tokio::test]
async fn words_find_what_is_the_owner_s_where_others_attempts_lie_among_its_own_and_where_none_do() {
    let (_dir, attempts) = open();
    let keep = async |owner: &str, n: i64| {
        let one = NewAttempt { owner: owner.to_owned(), ..new(Some(&format!("w{n}")), None, "t", "x") };
        let seq = attempts.receive(one).await.unwrap().seq;
        attempts.judged(vec![judged(seq, "verified", "t amber")]).await.unwrap();
        seq
    };
    let mut own: [Vec<i64>; 2] = [Vec::new(), Vec::new()];
    // Past 256 and past 512 there are p's alone.
    for n in 0..600 {
        let of_q = n < 300 && n % 3 == 0;
        own[usize::from(of_q)].insert(0, keep(if of_q { "q" } else { "p" }, n).await);
    }
    let amber = || Filter { words: of(&["amber"]), ..Filter::default() };
    assert_eq!(seqs(&attempts, amber()).await, own[0]);
    let theirs = attempts.page("q", amber()).await.unwrap();
    assert_eq!(theirs.iter().map(|attempt| attempt.seq).collect::<Vec<_>>(), own[1]);
    let few = attempts.page("q", Filter { limit: 5, ..amber() }).await.unwrap();
    assert_eq!(few.iter().map(|attempt| attempt.seq).collect::<Vec<_>>(), own[1][..5]);
    let page = Filter { before: Some(own[0][300]), limit: 150, ..amber() };
    assert_eq!(seqs(&attempts, page).await, own[0][301..451]);
    let up = Filter { after: Some(0), limit: 5, ..amber() };
    assert_eq!(seqs(&attempts, up).await, own[0].iter().rev().take(5).rev().copied().collect::<Vec<_>>());
    attempts.delete(own[1].clone()).await.unwrap();
    assert_eq!(seqs(&attempts, amber()).await, own[0]);
    assert!(attempts.page("q", amber()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_page_is_filled_up_where_some_of_what_was_found_is_deleted_before_it_is_read() {
    let (dir, attempts) = filled(0..10).await;
    // Words know of them still, as in the moment between finding and reading.
    let database = Connection::open(dir.path().join("history.db")).unwrap();
    database.execute("DELETE FROM attempts WHERE seq IN (9, 7, 3, 1)", []).unwrap();
    let user = |filter: Filter| Filter { words: of(&["example.com"]), limit: 2, ..filter };
    assert_eq!(seqs(&attempts, user(Filter::default())).await, [10, 8]);
    assert_eq!(seqs(&attempts, user(Filter { before: Some(8), ..Filter::default() })).await, [6, 5]);
    assert_eq!(seqs(&attempts, user(Filter { after: Some(0), ..Filter::default() })).await, [4, 2]);
    let gone = Filter { before: Some(2), ..Filter::default() };
    assert!(seqs(&attempts, user(gone)).await.is_empty());
}

#[tokio::test]
async fn the_picture_of_arrivals_counts_what_counting_each_would_and_goes_on_after_deletion_and_new_verdicts() {
    let (_dir, attempts) = filled((0..60).map(|n| n * 47)).await;
    attempts.judged(vec![judged(4, "unsigned", "")]).await.unwrap();
    attempts.delete(vec![2, 3]).await.unwrap();
    let mut late = new(None, None, "user.created", "pending");
    late.received_at = at(100);
    attempts.receive(late).await.unwrap();
    let good = vec![Standing::Good];
    for filter in [
        Filter::default(),
        Filter { types: of(&["user.*"]), ..Filter::default() },
        Filter { not_types: of(&["user.*"]), standings: good.clone(), ..Filter::default() },
        Filter { standings: vec![Standing::Pending, Standing::Unsigned], ..Filter::default() },
        Filter { words: of(&["role"]), standings: good, ..Filter::default() },
        Filter { failed: of(&["signature"]), ..Filter::default() },
    ] {
        for (to, buckets) in [(1_000, 20), (2_900, 5), (50_000, 4)] {
            let histogram = attempts.histogram("p", filter.clone(), at(0), at(to), buckets).await.unwrap();
            let list = histogram.buckets;
            assert!(histogram.complete && list.len() <= buckets + 1, "{}", list.len());
            assert!(list.windows(2).all(|two| two[0].end == two[1].start), "no gaps");
            let wide = list[0].end.as_second() - list[0].start.as_second();
            assert_eq!(wide % 60, 0);
            for bucket in list {
                let time = Filter { since: Some(bucket.start), until: Some(bucket.end), ..filter.clone() };
                let rows = attempts.page("p", time).await.unwrap();
                for standing in Standing::ALL {
                    let there = rows.iter().filter(|row| row.standing() == standing).count() as u64;
                    assert_eq!(bucket.count(standing), there, "{standing:?} {filter:?} {bucket:?}");
                }
                assert_eq!(bucket.total(), rows.len() as u64);
            }
        }
    }
    let (first, last) = attempts.reach("p").await.unwrap().unwrap();
    assert_eq!((first, last.as_second()), (at(0), at(59 * 47).as_second()));
    attempts.delete((1..=61).collect()).await.unwrap();
    let none = attempts.histogram("p", Filter::default(), at(0), at(3_000), 5).await.unwrap();
    assert!(none.buckets.iter().all(|bucket| bucket.total() == 0));
    assert!(attempts.reach("p").await.unwrap().is_none());
}

#[tokio::test]
async fn a_history_of_an_earlier_version_is_counted_and_found_after_it_was_brought_up_to_date() {
    let (dir, attempts) = filled(0..10).await;
    drop(attempts);
    let path = dir.path().join("history.db");
    let database = Connection::open(&path).unwrap();
    database
        .execute_batch(
            "PRAGMA secure_delete = ON; CREATE VIRTUAL TABLE old USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2');
             INSERT INTO old (rowid, text) SELECT rowid, text FROM attempt_words; DROP TABLE attempt_terms;
             DROP TABLE attempt_words; ALTER TABLE old RENAME TO attempt_words;
             DROP TABLE settings; DROP TRIGGER answers_gone; DROP TABLE answers; DROP TRIGGER attempts_judged; DROP TRIGGER attempts_gone; DROP TABLE tallies;
             DROP TABLE number_spans; DROP INDEX attempts_by_age; DROP INDEX attempts_by_failed; DROP INDEX attempts_pinned;
             ALTER TABLE attempts DROP COLUMN kept_at; ALTER TABLE attempts DROP COLUMN via;
             ALTER TABLE attempts DROP COLUMN said; ALTER TABLE attempts DROP COLUMN body_sha256;
             CREATE INDEX attempts_by_time ON attempts (owner, received_at); PRAGMA user_version = 3",
        )
        .unwrap();
    drop(database);
    let attempts = Attempts::open(&path).unwrap();
    let picture = attempts.histogram("p", Filter::default(), at(0), at(60), 1).await.unwrap();
    assert_eq!(picture.buckets[0].count(Standing::Good), 6);
    assert_eq!(seqs(&attempts, Filter { until: Some(at(3)), ..Filter::default() }).await, [3, 2, 1]);
    assert_eq!(seqs(&attempts, Filter { words: of(&["role.up"]), ..Filter::default() }).await, [10, 8, 6, 4, 2]);
    // Nor does what the earlier version had of it outlast a deletion.
    attempts.delete((1..=10).collect()).await.unwrap();
    drop(attempts);
    for file in ["history.db", "history.db-wal"] {
        let bytes = std::fs::read(dir.path().join(file)).unwrap_or_default();
        assert!(!bytes.windows(8).any(|window| window.eq_ignore_ascii_case(b"example.")), "{file}");
    }
}

#[tokio::test]
async fn what_a_running_process_of_an_earlier_version_kept_without_its_span_is_found_by_time_after_the_next_start() {
    let (dir, attempts) = filled(0..10).await;
    let path = dir.path().join("history.db");
    Connection::open(&path).unwrap().execute("UPDATE number_spans SET last_at = first_at", []).unwrap();
    let late = Filter { since: Some(at(8)), ..Filter::default() };
    assert!(seqs(&attempts, late.clone()).await.is_empty(), "it is what the spans say");
    let again = Attempts::open(&path).unwrap();
    assert_eq!(seqs(&again, late).await, [10, 9]);
}

#[tokio::test]
async fn a_beginning_of_any_length_finds_what_begins_so_and_a_word_that_is_there_only_itself() {
    let (dir, attempts) = open();
    let words =
        ["organization", "organizations", "organizational chart", "Authentication", "authenticated", "ada.lovelace"];
    for (n, word) in words.into_iter().enumerate() {
        let seq = attempts.receive(new(None, Some(&format!("e{n}")), "t", word)).await.unwrap().seq;
        attempts.judged(vec![judged(seq, "verified", &format!("é {word} end"))]).await.unwrap();
    }
    let find = async |words: &[&str]| seqs(&attempts, Filter { words: of(words), ..Filter::default() }).await;
    for length in 1..12 {
        assert_eq!(find(&[&"organization"[..length]]).await, [3, 2, 1], "{length}");
        assert_eq!(
            find(&["é", &"AUTHENTICAT"[..length]]).await,
            if length == 1 { vec![6, 5, 4] } else { vec![5, 4] },
            "{length}"
        );
    }
    assert_eq!(find(&["organization"]).await, [1]);
    assert_eq!(find(&["ada.lovela"]).await, [6]);
    assert!(find(&["eve.lovelac"]).await.is_empty());
    let database = Connection::open(dir.path().join("history.db")).unwrap();
    let last = |word| find::last(&database, &Filter { words: of(&[word]), ..Filter::default() }).unwrap();
    assert_eq!(last("ada.LOVELAC"), Last::OneOf(of(&["ada.lovelace"])));
    assert_eq!(last("ada.love"), Last::Beginning);
    assert_eq!(last("ada.lovelace"), Last::Whole);
}
