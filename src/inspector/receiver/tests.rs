use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::store::attempts::Filter;

async fn receiver(answering: Answering) -> (tempfile::TempDir, Receiver, Attempts, mpsc::Receiver<Arrival>) {
    let dir = tempfile::tempdir().unwrap();
    let attempts = Attempts::open(&dir.path().join("history.db")).unwrap();
    let (sender, arrivals) = mpsc::channel(16);
    let options = Options { answering, ..Options::default() };
    let receiver = Receiver::start(options, "p".to_owned(), attempts.clone(), Clock::real(), sender).await.unwrap();
    (dir, receiver, attempts, arrivals)
}

/// Sends bytes on a connection of its own and answers all that comes back until it is closed.
async fn raw(receiver: &Receiver, text: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", receiver.port())).await.unwrap();
    // A receiver that has seen enough closes before all is sent.
    stream.write_all(text.as_bytes()).await.ok();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok();
    String::from_utf8(answer).unwrap()
}

fn post(receiver: &Receiver, more: &str, body: &str) -> String {
    let path = receiver.shared.path.clone();
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{more}\r\n{body}")
}

#[tokio::test]
async fn a_webhook_is_on_disk_before_it_is_answered_and_is_handed_on() {
    let (_dir, receiver, attempts, mut arrivals) = receiver(Answering::default()).await;
    let answer = raw(&receiver, &post(&receiver, "Webhook-Id: w1\r\nauthorization: Bearer canary\r\n", "hello")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(!answer.to_ascii_lowercase().contains("access-control"), "{answer}");
    let whole = attempts.whole("p", 1).await.unwrap().unwrap();
    assert_eq!((whole.body.as_slice(), whole.attempt.webhook_id.as_deref()), (&b"hello"[..], Some("w1")));
    assert_eq!(whole.attempt.responded, Some(200));
    assert!(!format!("{:?}", whole.headers).contains("canary"));
    let arrival = arrivals.recv().await.unwrap();
    assert_eq!((arrival.stored.seq, &*arrival.body), (1, &b"hello"[..]));
    receiver.stop().await;
}

#[tokio::test]
async fn a_page_in_a_browser_another_path_and_another_method_are_refused_and_nothing_is_kept() {
    let (_dir, receiver, attempts, _arrivals) = receiver(Answering::default()).await;
    let path = receiver.shared.path.clone();
    for (request, status) in [
        (post(&receiver, "origin: http://127.0.0.1\r\n", "x"), 403),
        (post(&receiver, "sec-fetch-mode: no-cors\r\n", "x"), 403),
        (format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"), 405),
        (format!("OPTIONS {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"), 405),
        ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx".to_owned(), 404),
        ("GET / HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), 404),
        (post(&receiver, "", &"x".repeat(MAX_BODY + 1)), 413),
        (format!("POST {path} HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(100)), 431),
        (format!("POST {path} HTTP/1.1\r\nhost: x\r\na: {}\r\n\r\n", "b".repeat(40_000)), 431),
    ] {
        let answer = raw(&receiver, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {answer}");
        assert!(!answer.to_ascii_lowercase().contains("access-control"), "{answer}");
        assert_eq!(answer.split("\r\n\r\n").nth(1), Some(""), "{answer}");
    }
    assert!(attempts.page("p", Filter::default()).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_answer_can_be_another_status_late_or_none_and_the_attempt_is_kept_all_the_same() {
    let (_dir, receiver, attempts, _arrivals) = receiver(Answering { status: 500, ..Answering::default() }).await;
    assert!(raw(&receiver, &post(&receiver, "", "a")).await.starts_with("HTTP/1.1 500 "));
    receiver.set_answering(Answering { drop: true, ..Answering::default() });
    assert_eq!(raw(&receiver, &post(&receiver, "", "b")).await, "");
    let kept = attempts.page("p", Filter::default()).await.unwrap();
    assert_eq!(kept.iter().map(|attempt| attempt.responded).collect::<Vec<_>>(), [None, Some(500)]);
}

#[tokio::test]
async fn what_cannot_be_kept_is_answered_503() {
    let (dir, receiver, attempts, _arrivals) = receiver(Answering::default()).await;
    let other = rusqlite::Connection::open(dir.path().join("history.db")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let answer = raw(&receiver, &post(&receiver, "", "x")).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(attempts.page("p", Filter::default()).await.unwrap().is_empty());
    assert!(raw(&receiver, &post(&receiver, "", "x")).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_good_request_is_answered_while_more_slow_connections_are_open_than_there_are_seats() {
    let (_dir, receiver, _attempts, _arrivals) = receiver(Answering::default()).await;
    let mut slow = Vec::new();
    for _ in 0..seats::SEATS + 20 {
        let mut stream = TcpStream::connect(("127.0.0.1", receiver.port())).await.unwrap();
        stream.write_all(b"POST /k HTTP/1.1\r\nhost").await.unwrap();
        slow.push(stream);
    }
    assert!(raw(&receiver, &post(&receiver, "", "x")).await.starts_with("HTTP/1.1 200 "));
    // The first of them had to go.
    let mut byte = [0];
    assert!(matches!(slow[0].read(&mut byte).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn of_an_access_token_the_signature_is_handed_on_to_be_judged_and_never_kept() {
    use crate::jwt::encode_base64url as b64;
    let (dir, receiver, attempts, mut arrivals) = receiver(Answering::default()).await;
    let token = format!("{}.{}.{}", b64(br#"{"alg":"RS256"}"#), b64(br#"{"scp":[],"azp":"a"}"#), b64(b"canary-canary"));
    assert!(raw(&receiver, &post(&receiver, "", &token)).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(&*arrivals.recv().await.unwrap().body, token.as_bytes());
    assert!(!attempts.whole("p", 1).await.unwrap().unwrap().attempt.whole);
    assert!(attempts.pending("p", 0, 9).await.unwrap().is_empty(), "it cannot be judged a second time");
    let canary = b64(b"canary-canary");
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(canary.len()).any(|window| window == canary.as_bytes()));
    }
}

#[tokio::test]
async fn stopping_answers_what_came_whole_and_takes_nothing_more() {
    let (_dir, receiver, attempts, _arrivals) =
        receiver(Answering { delay: Duration::from_millis(100), ..Answering::default() }).await;
    let port = receiver.port();
    let request = post(&receiver, "", "x");
    let sending = tokio::spawn(async move {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    });
    while attempts.page("p", Filter::default()).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    receiver.stop().await;
    assert!(sending.await.unwrap().starts_with("HTTP/1.1 200 "));
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}
