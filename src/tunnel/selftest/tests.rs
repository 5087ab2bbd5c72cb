//! Every fault of a way, made by a stand-in for the public side.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::check::{Verdict, first_trouble, worst};
use crate::tunnel::tests::{Stage, stage};

/// What the way does with a request (head and body) for the receiver at the address; answers what it sends back.
type Does = dyn Fn(String, Vec<u8>, SocketAddr) -> Outcome + Send + Sync;

enum Outcome {
    /// Answers this, and passes nothing on.
    Answers(String),
    /// Passes this on, and its answer back.
    Passes(Vec<u8>),
    /// Passes this on, and answers this.
    PassesAndAnswers(Vec<u8>, String),
    /// Passes it on and never answers.
    Swallows(Vec<u8>),
    /// Takes it, and that is all.
    Silence,
}

fn page(status: &str, headers: &str, body: &str) -> Outcome {
    Outcome::Answers(format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()))
}

fn request(head: &str, body: &[u8]) -> Vec<u8> {
    let lines: Vec<&str> = head
        .lines()
        .filter(|line| !line.is_empty() && !line.to_ascii_lowercase().starts_with("content-length"))
        .collect();
    let mut whole = format!("{}\r\ncontent-length: {}\r\n\r\n", lines.join("\r\n"), body.len()).into_bytes();
    whole.extend_from_slice(body);
    whole
}

async fn ask(receiver: SocketAddr, whole: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(receiver).await.unwrap();
    stream.write_all(whole).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await.unwrap();
    answer.truncate(read);
    answer
}

/// The public side: answers its address.
async fn way(receiver: SocketAddr, does: Arc<Does>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let does = Arc::clone(&does);
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                let (head, body) = loop {
                    let mut some = [0; 8192];
                    let read = stream.read(&mut some).await.unwrap();
                    bytes.extend_from_slice(&some[..read]);
                    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
                    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
                    let length = head.to_ascii_lowercase().split("content-length: ").nth(1).unwrap().to_owned();
                    let length: usize = length.lines().next().unwrap().parse().unwrap();
                    if bytes.len() >= end + 4 + length {
                        break (head, bytes[end + 4..].to_vec());
                    }
                };
                match does(head, body, receiver) {
                    Outcome::Answers(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                    Outcome::Passes(whole) => {
                        let answer = ask(receiver, &whole).await;
                        stream.write_all(&answer).await.unwrap();
                    }
                    Outcome::PassesAndAnswers(whole, answer) => {
                        stream.write_all(answer.as_bytes()).await.unwrap();
                        ask(receiver, &whole).await;
                    }
                    Outcome::Swallows(whole) => {
                        ask(receiver, &whole).await;
                        std::future::pending::<()>().await;
                    }
                    Outcome::Silence => std::future::pending().await,
                }
            });
        }
    });
    address
}

/// Tests a way that does that.
async fn tested(
    stage: &Stage,
    does: impl Fn(String, Vec<u8>, SocketAddr) -> Outcome + Send + Sync + 'static,
) -> Vec<Check> {
    let address = way(stage.ends.door.address(), Arc::new(does)).await;
    let url = Url::parse(&format!("http://{address}{}", stage.ends.door.path())).unwrap();
    self_test(&url, &stage.ends, Duration::from_millis(800)).await
}

/// The first failing check, and that it has a cause and a fix.
fn trouble(checks: &[Check]) -> (&str, String) {
    assert_eq!(checks.len(), 9, "{checks:?}");
    let first = first_trouble(checks).unwrap();
    assert_eq!(first.verdict, Verdict::Fail, "{checks:?}");
    let (why, fix) = (first.why.clone().unwrap(), first.fix.clone().unwrap());
    assert!(why.len() > 15 && fix.len() > 15, "{first:?}");
    (&first.name, format!("{why} {fix} {}", first.seen.clone().unwrap_or_default()))
}

#[tokio::test]
async fn a_way_that_changes_nothing_passes_and_nothing_of_the_test_is_kept() {
    let stage = stage().await;
    let checks = tested(&stage, |head, body, _| Outcome::Passes(request(&head, &body))).await;
    assert_eq!(worst(&checks), Verdict::Pass, "{checks:?}");
    let names: Vec<&str> = checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(
        names,
        ["address", "ipv4", "tunnel", "redirect", "interstitial", "receiver", "body", "content_type", "webhook_id"]
    );
    let sha = checks[6].seen.clone().unwrap();
    assert!(sha.starts_with("sha256 ") && sha.len() == 71, "{sha}");
    assert!(stage.kept().await.is_empty());
}

#[tokio::test]
async fn each_fault_of_a_way_has_its_name_its_cause_and_its_fix() {
    let stage = stage().await;
    let port = stage.ends.door.address().port().to_string();
    let html = "content-type: text/html\r\n";
    let cases: Vec<(&str, &str, Box<Does>)> = vec![
        (
            "redirect",
            "Kinde counts that",
            Box::new(|_, _, _| page("301 Moved", "location: https://elsewhere.example/\r\n", "")),
        ),
        (
            "redirect",
            "cloudflareaccess",
            Box::new(|_, _, _| {
                page("302 Found", "location: https://acme.cloudflareaccess.com/cdn-cgi/access/login\r\n", "")
            }),
        ),
        (
            "redirect",
            "Use https: https://x.example",
            Box::new(|_, _, _| page("308 Permanent Redirect", "location: https://x.example/k\r\n", "")),
        ),
        (
            "interstitial",
            "ngrok's warning",
            Box::new(move |_, _, _| {
                page("200 OK", html, "<html>You are about to visit x.ngrok-free.app ERR_NGROK_6024</html>")
            }),
        ),
        (
            "interstitial",
            "localtunnel's reminder",
            Box::new(move |_, _, _| {
                page("511 Network Authentication Required", html, "<h1>Friendly Reminder</h1> loca.lt Tunnel Password")
            }),
        ),
        (
            "interstitial",
            "Cloudflare's challenge",
            Box::new(move |_, _, _| page("403 Forbidden", "cf-mitigated: challenge\r\n", "Just a moment...")),
        ),
        (
            "interstitial",
            "asks who you are",
            Box::new(move |_, _, _| page("401 Unauthorized", "www-authenticate: Basic\r\n", "no")),
        ),
        (
            "tunnel",
            "offline",
            Box::new(move |_, _, _| page("404 Not Found", "ngrok-error-code: ERR_NGROK_3200\r\n", "<html>")),
        ),
        (
            "tunnel",
            "::1",
            Box::new(move |_, _, _| {
                page(
                    "502 Bad Gateway",
                    "ngrok-error-code: ERR_NGROK_8012\r\n",
                    "dial tcp [::1]:4444: connect: connection refused",
                )
            }),
        ),
        (
            "tunnel",
            "not the receiver's",
            Box::new(move |_, _, _| page("502 Bad Gateway", "", "ERR_NGROK_8012 dial tcp 127.0.0.1:1")),
        ),
        (
            "tunnel",
            "limit of its plan",
            Box::new(move |_, _, _| page("402 Payment", "ngrok-error-code: ERR_NGROK_727\r\n", "")),
        ),
        (
            "tunnel",
            "err_ngrok_9999",
            Box::new(move |_, _, _| page("400 Bad", "ngrok-error-code: ERR_NGROK_9999\r\n", "")),
        ),
        ("tunnel", "No cloudflared", Box::new(move |_, _, _| page("530 <none>", "", "error code: 1033"))),
        ("tunnel", "limits the rate", Box::new(move |_, _, _| page("429 Too Many Requests", "", "error code: 1015"))),
        ("tunnel", "no client of this name", Box::new(move |_, _, _| page("404 Not Found", "", "404"))),
        ("tunnel", "answered 503", Box::new(move |_, _, _| page("503 Service Unavailable", "", "upstream"))),
        ("tunnel", "nobody is at this end", Box::new(|_, _, _| Outcome::Silence)),
        ("tunnel", "answer did not come back", Box::new(|head, body, _| Outcome::Swallows(request(&head, &body)))),
        ("receiver", "Somebody else answered", Box::new(move |_, _, _| page("200 OK", "", "It works!"))),
        ("receiver", "takes no body of this size", Box::new(move |_, _, _| page("413 Too Large", "", ""))),
        (
            "receiver",
            "202 came back",
            Box::new(|head, body, _| {
                Outcome::PassesAndAnswers(
                    request(&head, &body),
                    "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n".to_owned(),
                )
            }),
        ),
        (
            "body",
            "as smee does",
            Box::new(|head, body, _| {
                let quoted = format!("{:?}", String::from_utf8(body).unwrap());
                let head = head.replace("application/jwt", "application/json");
                Outcome::PassesAndAnswers(
                    request(&head, quoted.as_bytes()),
                    "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned(),
                )
            }),
        ),
        (
            "body",
            "line end",
            Box::new(|head, mut body, _| {
                body.extend(b"\r\n");
                Outcome::Passes(request(&head, &body))
            }),
        ),
        (
            "body",
            "cuts the body off",
            Box::new(|head, body, _| Outcome::Passes(request(&head, &body[..body.len() / 2]))),
        ),
        (
            "body",
            "compresses",
            Box::new(|head, _, _| {
                Outcome::Passes(request(&format!("{head}\r\ncontent-encoding: gzip"), b"\x1f\x8b\x08"))
            }),
        ),
        ("body", "lost on the way", Box::new(|head, _, _| Outcome::Passes(request(&head, b"")))),
        (
            "body",
            "changes the body",
            Box::new(|head, body, _| {
                Outcome::Passes(request(&head, &String::from_utf8(body).unwrap().to_uppercase().into_bytes()))
            }),
        ),
        (
            "content_type",
            "became text/plain",
            Box::new(|head, body, _| Outcome::Passes(request(&head.replace("application/jwt", "text/plain"), &body))),
        ),
        ("content_type", "smee answers so", Box::new(move |_, _, _| page("415 Unsupported Media Type", "", ""))),
    ];
    for (name, words, does) in cases {
        let checks = tested(&stage, does).await;
        let (first, told) = trouble(&checks);
        assert_eq!(first, name, "{words}: {checks:?}");
        assert!(told.contains(words), "{words}: {told}");
        assert!(!told.contains("{port}"), "{told}");
    }
    let checks = tested(&stage, |head, body, _| {
        let head: Vec<&str> =
            head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("webhook-id")).collect();
        Outcome::Passes(request(&head.join("\r\n"), &body))
    })
    .await;
    assert_eq!((worst(&checks), checks[8].name.as_str()), (Verdict::Warn, "webhook_id"), "{checks:?}");
    let fix = first_trouble(&tested(&stage, |_, _, _| page("200 OK", "", "")).await).unwrap().fix.clone().unwrap();
    assert!(fix.contains(&port), "{fix}");
    assert!(stage.kept().await.is_empty(), "whatever the way made of it, a self-test is no event");
}

#[tokio::test]
async fn a_closed_port_a_wrong_path_an_address_that_kinde_refuses_and_ipv6_alone_are_told_apart() {
    let stage = stage().await;
    let test = |url: String, on_this_machine: bool| {
        let ends = Ends { on_this_machine, ..stage.ends.clone() };
        async move { self_test(&Url::parse(&url).unwrap(), &ends, Duration::from_millis(800)).await }
    };
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (door, path) = (stage.ends.door.address(), stage.ends.door.path().to_owned());
    let checks = test(format!("http://{closed}{path}"), true).await;
    assert!(matches!(trouble(&checks), ("tunnel", words) if words.contains("Nothing answers")));
    let checks = test(format!("http://{door}/api/webhook"), true).await;
    assert!(matches!(trouble(&checks), ("receiver", words) if words.contains(&path)));
    let checks = test(format!("http://x.localhost:{}{path}", door.port()), true).await;
    assert_eq!(worst(&checks), Verdict::Pass, "names under localhost are this machine: {checks:?}");
    let checks = test(format!("http://{door}{path}"), false).await;
    assert!(matches!(trouble(&checks), ("address", words) if words.contains("HTTPS")));
    assert!(checks[1..].iter().all(|check| check.verdict == Verdict::Skipped));
    let checks = test("https://no-such-name.invalid/k".to_owned(), true).await;
    assert_eq!(trouble(&checks).0, "tunnel");
    let checks = test(format!("http://[::1]:{}{path}", closed.port()), true).await;
    assert!(matches!(trouble(&checks), ("ipv4", words) if words.contains("IPv6 addresses alone")), "{checks:?}");
}
