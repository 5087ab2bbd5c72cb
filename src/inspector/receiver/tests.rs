use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::store::attempts::{Filter, HUNG_UP};

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
    assert_eq!(kept.iter().map(|attempt| attempt.responded).collect::<Vec<_>>(), [Some(HUNG_UP), Some(500)]);
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

#[tokio::test]
async fn a_sender_that_leaves_during_the_delay_is_not_noted_as_answered_and_one_that_waits_is() {
    let (_dir, receiver, attempts, _arrivals) =
        receiver(Answering { delay: Duration::from_millis(200), ..Answering::default() }).await;
    let mut left = TcpStream::connect(("127.0.0.1", receiver.port())).await.unwrap();
    left.write_all(post(&receiver, "", "x").as_bytes()).await.unwrap();
    while attempts.page("p", Filter::default()).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(left);
    assert!(raw(&receiver, &post(&receiver, "", "y")).await.starts_with("HTTP/1.1 200 "));
    let responded = async || {
        let rows = attempts.page("p", Filter::default()).await.unwrap();
        rows.iter().map(|attempt| attempt.responded).collect::<Vec<_>>()
    };
    assert_eq!(responded().await, [Some(200), None]);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(responded().await, [Some(200), None], "nor later");
}

/// A target of this machine that answers every request with `answer`.
async fn handler(answer: &'static str) -> crate::inspector::forward::Target {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 65536];
            // Head and body of such a small request come together, or the body is not looked at.
            let _read = stream.read(&mut buffer).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    crate::inspector::forward::Target::parse(&url, false).unwrap()
}

fn relay(target: crate::inspector::forward::Target) -> Option<Relay> {
    let http = crate::net::Http::new(crate::net::Recorder::silent(), Clock::real()).unwrap();
    Some(Relay { http, target })
}

#[tokio::test]
async fn a_handlers_answer_is_returned_with_its_body_and_kept_and_the_forward_is_handed_on_as_made() {
    let (_dir, receiver, attempts, mut arrivals) = receiver(Answering { status: 202, ..Answering::default() }).await;
    let said = "HTTP/1.1 409 Conflict\r\nset-cookie: canary=1\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\n{\"a\": 1}";
    receiver.set_relay(relay(handler(said).await));
    let answer = raw(&receiver, &post(&receiver, "webhook-id: w1\r\n", "hello")).await;
    assert!(answer.starts_with("HTTP/1.1 409 ") && answer.ends_with("\r\n\r\n{\"a\": 1}"), "{answer}");
    assert!(answer.contains("content-type: application/json") && !answer.contains("canary"), "{answer}");
    assert_eq!(attempts.whole("p", 1).await.unwrap().unwrap().attempt.responded, Some(409));
    let made = arrivals.recv().await.unwrap().relayed.unwrap().response().await.unwrap();
    assert_eq!((made.forwarded.status, made.body.as_str()), (Some(409), "{\"a\": 1}"));
    receiver.set_relay(None);
    assert!(raw(&receiver, &post(&receiver, "", "hello")).await.starts_with("HTTP/1.1 202 "));
    assert!(arrivals.recv().await.unwrap().relayed.is_none());
}

#[tokio::test]
async fn a_handler_that_is_not_there_is_502_and_a_token_that_opens_something_is_not_sent_to_it() {
    use crate::jwt::encode_base64url as b64;
    let (_dir, receiver, attempts, mut arrivals) = receiver(Answering::default()).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", free.local_addr().unwrap());
    drop(free);
    receiver.set_relay(relay(crate::inspector::forward::Target::parse(&url, false).unwrap()));
    assert!(raw(&receiver, &post(&receiver, "", "hello")).await.starts_with("HTTP/1.1 502 "));
    assert_eq!(attempts.whole("p", 1).await.unwrap().unwrap().attempt.responded, Some(502));
    let token = format!("{}.{}.{}", b64(br#"{"alg":"RS256"}"#), b64(br#"{"scp":[],"azp":"a"}"#), b64(b"canary-canary"));
    assert!(raw(&receiver, &post(&receiver, "", &token)).await.starts_with("HTTP/1.1 200 "));
    arrivals.recv().await.unwrap();
    assert!(arrivals.recv().await.unwrap().relayed.is_none());
}

/// A connection that the receiver serves, without a socket: the paused clock runs only while nothing is to be done.
fn connected(receiver: &Receiver) -> tokio::io::DuplexStream {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let seat = Arc::new(seats::Seats::default().take().unwrap());
    let (shared, stop) = (Arc::clone(&receiver.shared), CancellationToken::new());
    tokio::spawn(serve::converse(theirs, seat, shared, stop, pace::Pace::new()));
    ours
}

#[tokio::test(start_paused = true)]
async fn a_dripped_body_is_answered_408_after_ten_seconds_and_nothing_of_it_is_kept() {
    let (_dir, receiver, attempts, _arrivals) = receiver(Answering::default()).await;
    let (mut answers, mut dripping) = tokio::io::split(connected(&receiver));
    let head = post(&receiver, "", &"x".repeat(1000)).replace(&"x".repeat(1000), "");
    dripping.write_all(head.as_bytes()).await.unwrap();
    let begun = tokio::time::Instant::now();
    let drip = tokio::spawn(async move {
        while dripping.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(700)).await;
        }
    });
    let mut answer = [0; 13];
    answers.read_exact(&mut answer).await.unwrap();
    assert_eq!((&answer, begun.elapsed().as_secs()), (b"HTTP/1.1 408 ", 10));
    drip.abort();
    assert!(attempts.page("p", Filter::default()).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_dripped_head_is_cut_after_ten_seconds_and_an_idle_connection_after_thirty() {
    let (_dir, receiver, _attempts, _arrivals) = receiver(Answering::default()).await;
    let begin = || connected(&receiver);
    let seconds = |since: tokio::time::Instant| since.elapsed().as_secs();
    // Byte by byte, a head that never ends.
    let mut dripping = begin();
    let begun = tokio::time::Instant::now();
    while dripping.write_all(b"P").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    assert_eq!(seconds(begun), pace::HEAD.as_secs());
    // One request, answered; then nothing.
    let mut idle = begin();
    let kept = post(&receiver, "", "x").replace("connection: close\r\n", "");
    idle.write_all(kept.as_bytes()).await.unwrap();
    let mut answer = [0; 17];
    idle.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK\r\n");
    let begun = tokio::time::Instant::now();
    idle.read_to_end(&mut Vec::new()).await.unwrap();
    assert_eq!(seconds(begun), pace::IDLE.as_secs());
}

#[tokio::test]
async fn the_biggest_and_the_deepest_are_answered_and_kept_or_refused_and_nothing_falls() {
    use crate::jwt::encode_base64url as b64;
    let (_dir, receiver, attempts, mut arrivals) = receiver(Answering::default()).await;
    let deep = |open: &str, close: &str| {
        let json = format!(
            "{{\"type\":\"a\",\"event_id\":\"e\",\"data\":{}1{}}}",
            open.repeat(100_000),
            close.repeat(100_000)
        );
        format!("{}.{}.eA", b64(br#"{"alg":"RS256"}"#), b64(json.as_bytes()))
    };
    let kid = |length: usize| {
        let header = format!("{{\"alg\":\"RS256\",\"kid\":\"{}\"}}", "k".repeat(length));
        format!("{}.{}.eA", b64(header.as_bytes()), b64(b"{}"))
    };
    let dots = "eyJhIjoxfQ.".repeat(90_000);
    // The longest key ID that fits.
    let long = kid(700_000);
    let bodies = [deep("[", "]"), deep("{\"a\":", "}"), "[".repeat(100_000), long, dots, "\u{0}".repeat(MAX_BODY)];
    for (index, body) in bodies.iter().enumerate() {
        let answer = raw(&receiver, &post(&receiver, "", body)).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{index}: {answer}");
        let seq = i64::try_from(index).unwrap() + 1;
        assert_eq!(attempts.whole("p", seq).await.unwrap().unwrap().body, body.as_bytes());
    }
    let data = crate::store::DataDir::open(_dir.path()).unwrap();
    let keys = crate::inspector::keys::of_sandbox(&data).await.unwrap();
    let mut intake = crate::inspector::intake::Intake {
        attempts: attempts.clone(),
        owner: "p".to_owned(),
        keys: crate::inspector::key_source::KeySource::Fixed(keys),
        clock: Clock::real(),
        second_webhook: None,
    };
    let mut all = Vec::new();
    while let Ok(arrival) = arrivals.try_recv() {
        all.push(arrival);
    }
    let rows = intake.judge_arrivals(&all).await.unwrap();
    assert_eq!(rows.len(), bodies.len());
    assert!(rows.iter().all(|row| row.verdict.as_deref().is_some_and(|word| word != "verified")), "{rows:?}");
    for more in ["x".repeat(10 << 20), kid(1 << 20)] {
        let answer = raw(&receiver, &post(&receiver, "", &more)).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
    assert_eq!(attempts.page("p", Filter::default()).await.unwrap().len(), bodies.len());
    let chunked = format!("POST {} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n", receiver.shared.path);
    let ten = raw(&receiver, &format!("{chunked}a00000\r\n{}\r\n0\r\n\r\n", "x".repeat(10 << 20))).await;
    assert!(ten.starts_with("HTTP/1.1 413 "), "{ten}");
}

/// A connection as a tunnel makes it: ours, and the one that is handed to the receiver.
async fn tunnelled(receiver: &Receiver) -> (TcpStream, tokio::task::JoinHandle<bool>, CancellationToken) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (theirs, _) = listener.accept().await.unwrap();
    let (door, leave) = (receiver.door(), CancellationToken::new());
    let stop = leave.clone();
    (ours, tokio::spawn(async move { door.serve(theirs, stop).await }), leave)
}

#[tokio::test]
async fn a_connection_handed_over_is_served_like_any_other_and_takes_no_seat_before_its_first_byte() {
    let (_dir, receiver, attempts, _arrivals) = receiver(Answering::default()).await;
    let mut waiting = Vec::new();
    for _ in 0..seats::SEATS + 5 {
        waiting.push(tunnelled(&receiver).await);
    }
    let (mut ours, served, _leave) = waiting.remove(0);
    for _ in 0..2 {
        let request = post(&receiver, "", "hello").replace("connection: close\r\n", "");
        ours.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 17];
        ours.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK\r\n");
        // What follows of the head.
        let mut rest = vec![0; 4096];
        let read = ours.read(&mut rest).await.unwrap();
        assert!(rest[..read].ends_with(b"\r\n\r\n"));
    }
    assert_eq!(attempts.page("p", Filter::default()).await.unwrap().len(), 2);
    drop(ours);
    assert!(served.await.unwrap(), "bytes came");
    let (ours, served, leave) = waiting.remove(0);
    leave.cancel();
    assert!(!served.await.unwrap(), "none came");
    drop(ours);
    let (ours, served, _leave) = waiting.remove(0);
    drop(ours);
    assert!(!served.await.unwrap());
    let (_ours, served, _leave) = waiting.remove(0);
    receiver.stop().await;
    assert!(!served.await.unwrap());
}

#[tokio::test]
async fn a_self_test_is_told_to_its_sender_answered_200_and_never_kept_even_when_nobody_waits_for_it_any_more() {
    let (_dir, receiver, attempts, mut arrivals) =
        receiver(Answering { status: 500, drop: true, ..Answering::default() }).await;
    let door = receiver.door();
    let mut expected = door.expect();
    let body = format!("eyJ.e30.{MARK}{}", expected.nonce);
    let answer = raw(&receiver, &post(&receiver, "content-type: application/jwt\r\n", &format!("\"{body}\""))).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let seen = expected.arrived().await.unwrap();
    assert_eq!(&seen.body[..], format!("\"{body}\"").as_bytes());
    assert_eq!((seen.content_type.as_deref(), seen.webhook_id), (Some("application/jwt"), None));
    let by_id = door.expect();
    let id = format!("webhook-id: {MARK}{}\r\n", by_id.nonce);
    drop(by_id);
    for (more, body) in [(id.as_str(), "damaged"), ("", body.as_str())] {
        assert!(raw(&receiver, &post(&receiver, more, body)).await.starts_with("HTTP/1.1 200 "));
    }
    assert!(attempts.page("p", Filter::default()).await.unwrap().is_empty());
    assert!(arrivals.try_recv().is_err());
}
