//! Against a server on this machine that answers as told and counts.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::net::Recorder;

const KEYS: &str = r#"{"keys":[{"e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","alg":"RS256","kid":"a:b","kty":"RSA","use":"sig"}]}"#;

struct Server {
    domain: Domain,
    hits: Arc<AtomicUsize>,
    seen: Arc<Mutex<String>>,
}

/// Answers every request with what `answer` makes of its path.
async fn serve(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Server {
    serve_on(tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap(), answer)
}

fn serve_on(listener: tokio::net::TcpListener, answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Server {
    let port = listener.local_addr().unwrap().port();
    let (hits, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(String::new())));
    let (count, log) = (hits.clone(), seen.clone());
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (count, log, answer) = (count.clone(), log.clone(), answer.clone());
            tokio::spawn(async move {
                let mut head = vec![0; 4096];
                let read = socket.read(&mut head).await.unwrap_or(0);
                if read == 0 {
                    return;
                }
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                count.fetch_add(1, Ordering::SeqCst);
                let reply = answer(head.split(' ').nth(1).unwrap_or_default());
                log.lock().unwrap().push_str(&head);
                socket.write_all(reply.as_bytes()).await.ok();
                socket.shutdown().await.ok();
            });
        }
    });
    Server { domain: Domain::parse(&format!("http://127.0.0.1:{port}")).unwrap(), hits, seen }
}

fn reply(status: &str, kind: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn ok(body: &str) -> String {
    reply("200 OK", "application/json", body)
}

fn owner(server: &Server) -> Owner {
    Owner { id: "p1".to_owned(), name: "acme".to_owned(), domain: server.domain.clone() }
}

fn cache(history: Option<PathBuf>) -> Jwks {
    Jwks::new(Http::new(Recorder::silent(), Clock::real()).unwrap(), history)
}

#[tokio::test]
async fn keys_are_fetched_once_without_credentials_and_unknown_key_ids_do_not_flood_the_tenant() {
    let server = serve(|_| ok(KEYS)).await;
    let (jwks, owner) = (cache(None), owner(&server));
    let keys = jwks.keys(&owner, Some("a:b")).await;
    assert!(keys.live.unwrap().set.by_kid("a:b").is_some() && keys.trouble.is_none());
    for number in 0..10_000 {
        jwks.keys(&owner, Some(&format!("unknown-{number}"))).await;
    }
    assert_eq!(server.hits.load(Ordering::SeqCst), 1);
    let seen = server.seen.lock().unwrap().to_ascii_lowercase();
    assert!(!seen.contains("authorization") && !seen.contains("cookie"), "{seen}");
}

#[tokio::test]
async fn callers_that_come_at_once_share_one_fetch() {
    let server = serve(|_| ok(KEYS)).await;
    let (jwks, owner) = (cache(None), owner(&server));
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (jwks, owner) = (jwks.clone(), owner.clone());
            tokio::spawn(async move { jwks.keys(&owner, Some("a:b")).await.live.is_some() })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    assert_eq!(server.hits.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_unknown_key_id_fetches_again_after_the_cooldown_and_finds_a_rotated_key() {
    let turn = Arc::new(AtomicUsize::new(0));
    let rotated = turn.clone();
    let server =
        serve(move |_| if rotated.load(Ordering::SeqCst) == 0 { ok(KEYS) } else { ok(&KEYS.replace("a:b", "c:d")) })
            .await;
    let (jwks, owner) = (cache(None), owner(&server));
    assert!(jwks.keys(&owner, Some("a:b")).await.live.is_some());
    turn.store(1, Ordering::SeqCst);
    assert!(jwks.keys(&owner, Some("c:d")).await.live.unwrap().set.by_kid("c:d").is_none());
    assert_eq!(server.hits.load(Ordering::SeqCst), 1);
    // As if the cooldown were over.
    let jwks = Jwks { cooldown: Duration::ZERO, ..jwks };
    assert!(jwks.keys(&owner, Some("c:d")).await.live.unwrap().set.by_kid("c:d").is_some());
    assert_eq!(server.hits.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn the_second_place_is_asked_when_the_first_has_no_keys_and_is_remembered() {
    let server =
        serve(|path| if path.ends_with(".json") { ok(KEYS) } else { reply("404 Not Found", "text/plain", "no") }).await;
    let (jwks, owner) = (cache(None), owner(&server));
    assert!(jwks.keys(&owner, None).await.live.unwrap().url.path().ends_with("jwks.json"));
    assert_eq!(server.hits.load(Ordering::SeqCst), 2);
    jwks.fetch_again(&owner).await;
    assert_eq!(server.hits.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn each_way_of_having_no_keys_has_its_own_words() {
    use JwksTroubleKind::{Busy, Forbidden, Html, NotFound, NotKeys, Redirect, Status, TooLarge, Unsound};
    let huge = format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(fetch::LIMIT));
    let many = format!("{{\"keys\":[{}]}}", vec![r#"{"kty":"x"}"#; 65].join(","));
    let private = KEYS.replace("\"kty\"", "\"d\":\"AQAB\",\"kty\"");
    let cases = vec![
        (reply("200 OK", "text/html", "<!doctype html><p>hello"), Html),
        (reply("200 OK", "application/json", " <html>"), Html),
        (ok("not json"), NotKeys),
        (ok("{}"), NotKeys),
        (ok(""), NotKeys),
        (reply("404 Not Found", "text/plain", ""), NotFound),
        (reply("403 Forbidden", "text/plain", ""), Forbidden),
        (reply("429 Too Many Requests", "text/plain", ""), Busy),
        (reply("500 Oops", "text/plain", ""), Status(500)),
        ("HTTP/1.1 302 Found\r\nlocation: https://evil.example/jwks\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(), Redirect),
        (ok(&huge), TooLarge),
        (ok(&many), Unsound),
        (ok(&private), Unsound),
        (ok(r#"{"keys":[{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#), Unsound),
    ];
    for (answer, kind) in cases {
        let server = serve(move |_| answer.clone()).await;
        let keys = cache(None).keys(&owner(&server), None).await;
        assert!(keys.live.is_none());
        let trouble = keys.trouble.unwrap();
        assert_eq!(trouble.kind, kind, "{trouble:?}");
        assert!(!trouble.why.is_empty() && !trouble.fix.is_empty());
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone =
        Owner { id: "x".to_owned(), name: "x".to_owned(), domain: Domain::parse(&format!("http://{free}")).unwrap() };
    assert!(matches!(cache(None).keys(&gone, None).await.trouble.unwrap().kind, JwksTroubleKind::Unreachable(_)));
    let plain = cache(None).at(Url::parse("http://192.0.2.1/jwks").unwrap()).await;
    assert_eq!(plain.unwrap_err().kind, JwksTroubleKind::Insecure);
}

#[tokio::test]
async fn what_was_seen_is_kept_with_its_owner_and_its_address() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.db");
    let server = serve(|_| ok(KEYS)).await;
    let (jwks, owner) = (cache(Some(path)), owner(&server));
    assert!(jwks.keys(&owner, None).await.live.is_some());
    let kept = jwks.kept().await;
    assert_eq!((kept.len(), kept[0].owner_name.as_str(), kept[0].origin.as_str()), (1, "acme", server.domain.as_str()));
    assert!(kept[0].set.by_kid("a:b").is_some());
}

/// A tenant that answers 500 while that is set.
async fn breaking() -> (Server, Arc<AtomicBool>) {
    let down = Arc::new(AtomicBool::new(false));
    let is_down = down.clone();
    let answer = move || if is_down.load(Ordering::SeqCst) { reply("500 Oops", "text/plain", "") } else { ok(KEYS) };
    (serve(move |_| answer()).await, down)
}

#[tokio::test]
async fn a_failed_fetch_makes_no_fresh_set_old_and_is_tried_again_after_the_cooldown_whatever_key_id_is_asked_for() {
    let (server, down) = breaking().await;
    let clock = Clock::fixed(Timestamp::UNIX_EPOCH);
    let jwks = Jwks::new(Http::new(Recorder::silent(), clock.clone()).unwrap(), None);
    let owner = owner(&server);
    // So many seconds later, down or not, asked for that key ID: a fresh set comes, trouble is told, and so many requests were
    // made.
    for (seconds, is_down, kid, fresh, trouble, hits) in [
        (0, false, "a:b", true, false, 1),
        (40, true, "c:d", true, true, 2),
        (20, true, "a:b", true, true, 2),
        (20, true, "a:b", true, true, 3),
        (20, false, "a:b", true, true, 3),
        (20, false, "a:b", true, false, 4),
        (40, true, "c:d", true, true, 5),
        (580, true, "a:b", false, true, 6),
        (40, false, "a:b", true, false, 7),
    ] {
        down.store(is_down, Ordering::SeqCst);
        clock.advance(Duration::from_secs(seconds));
        let keys = jwks.keys(&owner, Some(kid)).await;
        let came = (keys.live.is_some(), keys.trouble.is_some(), server.hits.load(Ordering::SeqCst));
        assert_eq!(came, (fresh, trouble, hits), "{}", clock.now());
    }
}

#[tokio::test]
async fn a_set_of_before_is_no_help_against_keys_that_must_not_be_trusted() {
    let unsound = Arc::new(AtomicBool::new(false));
    let is_unsound = unsound.clone();
    let private = KEYS.replace("\"kty\"", "\"d\":\"AQAB\",\"kty\"");
    let server = serve(move |_| if is_unsound.load(Ordering::SeqCst) { ok(&private) } else { ok(KEYS) }).await;
    let (jwks, owner) = (cache(None), owner(&server));
    assert!(jwks.keys(&owner, Some("a:b")).await.live.is_some());
    unsound.store(true, Ordering::SeqCst);
    let keys = jwks.fetch_again(&owner).await;
    assert_eq!((keys.live.is_none(), keys.trouble.unwrap().kind), (true, JwksTroubleKind::Unsound));
}

#[tokio::test]
async fn a_fetch_that_was_cut_off_counts_as_none_and_the_next_one_who_asks_fetches() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let domain = Domain::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let (jwks, owner) = (cache(None), Owner { id: "p1".to_owned(), name: "acme".to_owned(), domain });
    let cut = {
        let (jwks, owner) = (jwks.clone(), owner.clone());
        tokio::spawn(async move { jwks.keys(&owner, None).await })
    };
    let (mut stalled, _) = listener.accept().await.unwrap();
    assert!(stalled.read(&mut [0; 64]).await.unwrap() > 0, "the request is under way");
    cut.abort();
    assert!(cut.await.unwrap_err().is_cancelled());
    let server = serve_on(listener, |_| ok(KEYS));
    let keys = jwks.keys(&owner, Some("a:b")).await;
    assert!(keys.live.is_some() && keys.trouble.is_none(), "{keys:?}");
    assert_eq!(server.hits.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_set_that_is_ten_minutes_old_is_asked_for_again_by_the_wall_clock() {
    let server = serve(|_| ok(KEYS)).await;
    let clock = Clock::fixed(Timestamp::UNIX_EPOCH);
    let jwks = Jwks::new(Http::new(Recorder::silent(), clock.clone()).unwrap(), None);
    for (minutes, hits) in [(0, 1), (9, 1), (1, 2), (9, 2), (480, 3)] {
        clock.advance(Duration::from_secs(60 * minutes));
        assert!(jwks.keys(&owner(&server), Some("a:b")).await.live.is_some());
        assert_eq!(server.hits.load(Ordering::SeqCst), hits, "after {minutes} min more");
    }
}

#[tokio::test]
async fn of_an_address_that_a_person_named_a_path_that_is_none_of_kindes_is_what_is_wrong() {
    let away = "HTTP/1.1 301 Moved\r\nlocation: /\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let answers = [
        reply("404 Not Found", "text/plain", "no"),
        reply("200 OK", "text/html", "<p>hello"),
        ok("{}"),
        away.to_owned(),
    ];
    for answer in answers {
        let server = serve(move |_| answer.clone()).await;
        let fix = async |path: &str| {
            let url = Url::parse(&format!("{}{path}", server.domain.as_str())).unwrap();
            cache(None).at(url).await.unwrap_err().fix
        };
        for (path, slash) in [
            ("/wrong.json", ""),
            ("/", ""),
            ("//.well-known/jwks", "a doubled slash"),
            ("/.well-known/jwks/", "ends with a slash"),
        ] {
            let fix = fix(path).await;
            assert!(fix.starts_with("Kinde publishes its keys at /.well-known/jwks: name that path"), "{path}: {fix}");
            assert!(fix.ends_with(slash) && (!slash.is_empty() || !fix.contains("slash")), "{path}: {fix}");
        }
        // At the right path it is the domain that is wrong.
        for path in PATHS {
            assert!(!fix(path).await.contains("name that path"), "{path}");
        }
    }
    let server = serve(|_| reply("404 Not Found", "text/plain", "no")).await;
    let url = Url::parse(&format!("{}/wrong.json", server.domain.as_str())).unwrap();
    assert!(cache(None).at(url).await.unwrap_err().why.ends_with("has no keys at /wrong.json"));
}
