//! The wrong way of TLS for the port, both ways, and ports that do not answer.

use kinde_panel::check::Verdict;
use kinde_panel::mail::Security;
use kinde_panel::mail::smtp::{Progress, Stage};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::run::{against, checked, plan};
use super::server::Server;

#[tokio::test]
async fn a_port_that_wants_tls_first_is_found_out_and_the_run_goes_on() {
    let seen = against(Server::implicit(), |_| {}).await;
    seen.ends(Stage::Tls, Verdict::Warn, "wants TLS from the first byte", "choose TLS from the first byte here");
    seen.ends(Stage::Auth, Verdict::Pass, "", "").ends(Stage::Recipient, Verdict::Pass, "", "");
    assert_eq!(seen.outcome.verdict(), Verdict::Warn);
    let correction = &seen.outcome.corrections[0];
    assert_eq!((correction.security, correction.port), (Security::Tls, seen.server.as_ref().unwrap().address.port()));
    assert_eq!(seen.outcome.mode, Security::Tls, "the way it went in the end");
    let orders = seen.told.iter().filter(|progress| matches!(progress, Progress::Order(_))).count();
    assert_eq!(orders, 2, "the new order is told");
    let order: Vec<Stage> = seen.outcome.stages.iter().map(|(stage, _)| *stage).collect();
    assert_eq!(order, Stage::IMPLICIT);
}

#[tokio::test]
async fn a_port_that_starts_in_plain_text_is_found_out_and_the_run_goes_on() {
    // The port decides, so it must be one whose number promises TLS: on an address that nothing else uses.
    let running = Server::starttls().serve_at("127.0.0.47:2465".parse().unwrap()).await;
    let mut plan = plan(running.address);
    plan.form.host = "127.0.0.47".to_owned();
    plan.insecure_loopback = true;
    let seen = checked(&plan).await;
    seen.ends(Stage::StartTls, Verdict::Warn, "Port 2465 starts in plain text", "choose STARTTLS here");
    assert_eq!(seen.outcome.corrections.last().unwrap().security, Security::StartTls);
    // The certificate is for another address of this computer, and 127.0.0.47 is not where the rule is lifted.
    seen.fails(Stage::Certificate, "another name", "");
}

#[tokio::test]
async fn a_named_mode_is_not_switched_and_the_correction_is_offered() {
    let seen = against(Server::starttls(), |plan| plan.form.security = Security::Tls).await;
    seen.fails(Stage::Tls, "starts in plain text", "let the port decide how TLS begins")
        .nothing_after(Stage::Tls)
        .withheld();
    assert_eq!(seen.outcome.corrections[0].security, Security::Auto);
    let seen = against(Server::implicit(), |plan| plan.form.security = Security::StartTls).await;
    seen.fails(Stage::Banner, "wants TLS from the first byte", "choose TLS from the first byte here")
        .nothing_after(Stage::Banner)
        .withheld();
    assert_eq!(seen.outcome.corrections[0].security, Security::Tls);
}

#[tokio::test]
async fn a_closed_port_says_that_nothing_listens() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let seen = checked(&plan(free)).await;
    seen.fails(Stage::Tcp, "Nothing listens on port", "587").nothing_after(Stage::Tcp);
    assert_eq!(seen.outcome.addresses[0].trouble.as_deref(), Some("refused"));
}

#[tokio::test]
async fn another_port_that_works_is_found_and_offered() {
    // 2525 is on every list of ports; the closed one is next to it.
    let running = Server::starttls().serve_at("127.0.0.48:2525".parse().unwrap()).await;
    let mut plan = plan("127.0.0.48:2587".parse().unwrap());
    plan.form.host = "127.0.0.48".to_owned();
    let seen = checked(&plan).await;
    seen.fails(Stage::Tcp, "Nothing listens on port 2587", "Port 2525 answers from here");
    let correction = &seen.outcome.corrections[0];
    assert_eq!(
        (correction.port, correction.security, correction.words.as_str()),
        (2525, Security::Auto, "Use port 2525")
    );
    assert_eq!(running.heard(), Vec::<String>::new(), "a port is asked what it speaks, and told nothing");
}

#[tokio::test]
async fn a_black_hole_is_told_from_a_closed_port() {
    // A socket that listens and accepts nobody drops what comes once its queue is full.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut filling = Vec::new();
    while let Ok(tcp) = tokio::time::timeout(std::time::Duration::from_millis(300), TcpStream::connect(address)).await {
        filling.push(tcp.unwrap());
        assert!(filling.len() < 100, "the queue does not fill");
    }
    let seen = checked(&plan(address)).await;
    seen.fails(Stage::Tcp, "No answer from port", "another network").nothing_after(Stage::Tcp);
    assert_eq!(seen.outcome.addresses[0].trouble.as_deref(), Some("no answer in time"));
}
