use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::clock::Clock;
use crate::net::Recorder;

/// Answers one request on `address` with `answer`; gives the request.
async fn one(address: &str, answer: &'static str) -> (u16, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind(address).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut all = Vec::new();
        let mut buffer = [0; 4096];
        while !all.ends_with(b"bytes") {
            let read = stream.read(&mut buffer).await.unwrap();
            all.extend_from_slice(&buffer[..read]);
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(all).unwrap()
    });
    (port, served)
}

fn http() -> Http {
    Http::new(Recorder::silent(), Clock::real()).unwrap()
}

fn headers() -> Vec<(String, String)> {
    [
        ("webhook-id", "w1"),
        ("content-type", "application/jwt"),
        ("cookie", "canary"),
        ("authorization", "canary"),
        ("host", "canary"),
        ("x-other", "canary"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

#[tokio::test]
async fn the_bytes_arrive_unchanged_with_the_request_id_and_nothing_that_was_not_meant_for_them() {
    let (port, served) =
        one("127.0.0.1:0", "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 2\r\n\r\nhi").await;
    let target = Target::parse(&format!("http://127.0.0.1:{port}/hook?x=1"), false).unwrap();
    let response = forward(&http(), &target, &headers(), b"some bytes", Sending::Replay(7)).await;
    assert_eq!((response.forwarded.status, response.body.as_str()), (Some(302), "hi"), "not followed");
    assert_eq!(response.forwarded.url, format!("http://127.0.0.1:{port}/hook"));
    let request = served.await.unwrap().to_ascii_lowercase();
    assert!(request.starts_with("post /hook?x=1 http/1.1\r\n") && request.ends_with("\r\n\r\nsome bytes"), "{request}");
    assert!(request.contains("webhook-id: w1\r\n") && request.contains("x-kinde-panel-replay: 7\r\n"), "{request}");
    assert!(request.contains("content-type: application/jwt\r\n") && !request.contains("canary"), "{request}");
}

#[tokio::test]
async fn a_web_page_in_the_place_of_an_answer_is_told_though_its_status_is_good() {
    let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 22\r\n\r\n<html>Sign in</html>\r\n";
    let word = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nok";
    let missing = "HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>";
    for (answer, is_page) in [(page, true), (word, false), (missing, false)] {
        let (port, _served) = one("127.0.0.1:0", answer).await;
        let target = Target::parse(&format!("http://127.0.0.1:{port}/"), false).unwrap();
        let response = forward(&http(), &target, &headers(), b"some bytes", Sending::First).await;
        assert_eq!(response.forwarded.page, is_page, "{response:?}");
    }
}

#[tokio::test]
async fn localhost_is_found_on_ipv6_where_nothing_listens_on_ipv4() {
    let (port, served) = one("[::1]:0", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    for host in ["localhost", "127.0.0.1"] {
        let target = Target::parse(&format!("http://{host}:{port}/hook"), false).unwrap();
        assert!(target.doors().await.unwrap().iter().any(|door| door.url.host_str() == Some("[::1]")));
    }
    let target = Target::parse(&format!("http://localhost:{port}/hook"), false).unwrap();
    let response = forward(&http(), &target, &headers(), b"bytes", Sending::First).await;
    assert_eq!(response.forwarded.status, Some(200), "{response:?}");
    let request = served.await.unwrap().to_ascii_lowercase();
    assert!(request.contains(&format!("host: localhost:{port}\r\n")) && !request.contains(REPLAYED), "{request}");
}

#[tokio::test]
async fn a_closed_port_is_an_error_and_not_a_status() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let target = Target::parse(&format!("http://127.0.0.1:{port}/"), false).unwrap();
    let response = forward(&http(), &target, &[], b"x", Sending::First).await;
    assert_eq!(response.forwarded.status, None);
    assert!(response.forwarded.error.unwrap().contains("nothing listens there"));
}

#[test]
fn this_machine_is_open_another_one_must_be_confirmed_and_metadata_is_never_sent_to() {
    for loopback in [
        "http://localhost:3000/x",
        "http://127.0.0.1/",
        "http://[::1]:1/",
        "http://2130706433/",
        "https://app.localhost/",
        "http://0x7f.1/",
        "http://[::ffff:127.0.0.1]/",
    ] {
        assert!(Target::parse(loopback, false).is_ok(), "{loopback}");
    }
    for elsewhere in [
        "http://192.168.1.2/",
        "https://example.com/hook",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
    ] {
        let refused = Target::parse(elsewhere, false).unwrap_err();
        // No command confirms another machine: the way that is named must be one.
        assert!(refused.hint.contains("replay it in the window, which asks first"), "{refused:?}");
        assert!(Target::parse(elsewhere, true).is_ok(), "{elsewhere}");
    }
    for never in [
        "http://169.254.169.254/latest/meta-data",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://0251.0376.0251.0376/",
        "http://[::ffff:169.254.169.254]/",
        "http://[fd00:ec2::254]/",
        "http://[fd20:ce::254]/",
        "http://100.100.100.200/latest/meta-data",
        "http://168.63.129.16/",
        "http://192.0.0.192/opc/v2/",
        "http://[fe80::1]/",
        "http://0.0.0.0/",
        "http://metadata.google.internal/",
        "ftp://localhost/",
        "file:///etc/passwd",
        "localhost:3000",
        "http://user:canary@localhost/",
        "",
    ] {
        let error = Target::parse(never, true).unwrap_err();
        assert!(!error.as_text().contains("canary"), "{error:?}");
    }
}
