use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::clock::Clock;
use crate::net::Recorder;
use crate::store::attempts::NewAttempt;

/// Answers every request with 200; gives each as text.
async fn application() -> (Target, tokio::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target::parse(&format!("http://{}/hook", listener.local_addr().unwrap()), false).unwrap();
    let (sender, requests) = tokio::sync::mpsc::channel(16);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let sender = sender.clone();
            tokio::spawn(async move {
                let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    all.extend_from_slice(&buffer[..read]);
                    let text = String::from_utf8_lossy(&all).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    let length = head.to_ascii_lowercase();
                    let length = length.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
                    if body.len() == length.parse::<usize>().unwrap() {
                        sender.send(text.clone()).await.ok();
                        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                        all.clear();
                    }
                }
            });
        }
    });
    (target, requests)
}

async fn history(whole: bool) -> (tempfile::TempDir, Attempts, Http) {
    let dir = tempfile::tempdir().unwrap();
    let attempts = Attempts::open(&dir.path().join("history.db")).unwrap();
    for id in ["w1", "w2"] {
        let headers = [("webhook-id", id), ("content-type", "application/jwt"), ("content-encoding", "identity")];
        let new = NewAttempt {
            owner: "p".to_owned(),
            received_at: jiff::Timestamp::UNIX_EPOCH,
            webhook_id: Some(id.to_owned()),
            event_id: None,
            event_type: None,
            who: None,
            content: None,
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            body: format!("\u{feff}bytes of {id}\r\n").into_bytes(),
            whole,
            responded: Some(200),
        };
        attempts.receive(new).await.unwrap();
    }
    (dir, attempts, Http::new(Recorder::silent(), Clock::real()).unwrap())
}

#[tokio::test]
async fn a_replay_sends_the_kept_bytes_under_their_own_request_id_and_is_marked_and_noted() {
    let (_dir, attempts, http) = history(true).await;
    let (target, mut requests) = application().await;
    let replayed = replay(&attempts, &http, "p", 1, &target).await.unwrap();
    assert_eq!((replayed.response.forwarded.status, &replayed.signed), (Some(200), &Signed::AsItCame));
    let request = requests.recv().await.unwrap();
    assert!(request.ends_with("\r\n\r\n\u{feff}bytes of w1\r\n"), "{request:?}");
    assert!(request.contains("webhook-id: w1\r\n") && request.contains("x-kinde-panel-replay: 1\r\n"), "{request}");
    replay(&attempts, &http, "p", 1, &target).await.unwrap();
    let kept = attempts.whole("p", 1).await.unwrap().unwrap();
    assert_eq!(kept.attempt.forwarded.len(), 2);
    assert_eq!(kept.body, "\u{feff}bytes of w1\r\n".as_bytes());
}

#[tokio::test]
async fn many_are_sent_in_their_order_and_one_that_is_missing_does_not_keep_the_others() {
    let (_dir, attempts, http) = history(true).await;
    let (target, mut requests) = application().await;
    let (cancel, mut told) = (CancellationToken::new(), Vec::new());
    let sink = |tally: &Tally| told.push(tally.done());
    let tally = replay_many(&attempts, &http, "p", &[2, 9, 1], &target, &cancel, sink).await;
    assert_eq!((tally.of, tally.well, tally.ill, tally.left_out), (3, 2, 0, 1));
    assert!(tally.troubles[0].0 == 9 && tally.troubles[0].1.contains("not in this profile's history"), "{tally:?}");
    assert_eq!(told, [1, 2, 3]);
    assert!(requests.recv().await.unwrap().contains("bytes of w2"));
    assert!(requests.recv().await.unwrap().contains("bytes of w1"));
    cancel.cancel();
    let tally = replay_many(&attempts, &http, "p", &[2, 1], &target, &cancel, |_| ()).await;
    assert_eq!((tally.done(), tally.gave_up), (0, false));
    assert!(requests.try_recv().is_err());
}

#[tokio::test]
async fn where_nothing_answers_the_rest_of_many_is_not_tried() {
    let (_dir, attempts, http) = history(true).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let target = Target::parse(&format!("http://{closed}/hook"), false).unwrap();
    let cancel = CancellationToken::new();
    let tally = replay_many(&attempts, &http, "p", &[1, 2, 1, 2, 1], &target, &cancel, |_| ()).await;
    assert_eq!((tally.done(), tally.ill, tally.gave_up), (3, 3, true));
    assert!(tally.troubles[0].1.starts_with("nothing listens there"), "{tally:?}");
    // Of three, nothing is left to try.
    let tally = replay_many(&attempts, &http, "p", &[1, 2, 1], &target, &cancel, |_| ()).await;
    assert!(!tally.gave_up);
}

#[tokio::test]
async fn one_that_was_kept_without_its_signature_is_refused_with_why_and_nothing_is_sent() {
    let (_dir, attempts, http) = history(false).await;
    let (target, mut requests) = application().await;
    let error = replay(&attempts, &http, "p", 1, &target).await.unwrap_err();
    assert!(error.detail.contains("its signature was not kept"), "{error:?}");
    assert!(replay(&attempts, &http, "another", 1, &target).await.is_err(), "another profile's is not there");
    assert!(requests.try_recv().is_err());
    assert!(attempts.whole("p", 1).await.unwrap().unwrap().attempt.forwarded.is_empty());
}

#[tokio::test]
async fn what_was_edited_is_signed_by_the_sandbox_to_the_byte_under_a_new_request_id_and_says_so() {
    let (dir, attempts, http) = history(true).await;
    let sandbox = dir.path().join("sandbox");
    let (target, mut requests) = application().await;
    let payload = r#"{ "type": "user.created", "n": 1.10, "data": {} }"#;
    let replayed = replay_edited(&attempts, &http, "p", 1, &target, payload, &sandbox).await.unwrap();
    let Signed::BySandbox { webhook_id, token } = &replayed.signed else { panic!("{replayed:?}") };
    assert!(replayed.signed.words().contains("sandbox"));
    let request = requests.recv().await.unwrap();
    assert!(
        request.ends_with(&format!("\r\n\r\n{token}")) && request.contains(&format!("webhook-id: {webhook_id}\r\n"))
    );
    assert!(
        request.contains("x-kinde-panel-replay: 1; edited\r\n") && !request.contains("content-encoding"),
        "{request}"
    );
    assert_ne!(webhook_id, "w1");
    let sent = crate::jwt::decode_base64url(token.split('.').nth(1).unwrap().as_bytes()).unwrap();
    assert_eq!(sent, payload.as_bytes());
    let data = crate::store::DataDir::open(dir.path()).unwrap();
    let keys = crate::inspector::keys::of_sandbox(&data).await.unwrap();
    let options = crate::inspector::decode::Options::pasted(Clock::real().now());
    let decoded = crate::inspector::decode::judge(token.as_bytes(), &keys, &options);
    assert_eq!(decoded.verdict, crate::inspector::decode::TokenVerdict::Verified);
    for bad in ["", "[]", "{", "\"x\""] {
        assert!(replay_edited(&attempts, &http, "p", 1, &target, bad, &sandbox).await.is_err(), "{bad}");
    }
}
