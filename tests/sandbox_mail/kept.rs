//! What was taken: told over the control address, there after a restart, thrown away on demand.

use std::time::Duration;

use crate::stage::Bench;
use kinde_panel::clock::Clock;
use kinde_panel::net::Http;
use kinde_panel::net::Recorder;
use kinde_panel::sandbox::{Control, Options, Served, find};

async fn send(bench: &Bench, subject: &str) {
    let mut client = bench.signed_in().await;
    client.expect("MAIL FROM:<ada@example.com>", "250 ").await;
    client.expect("RCPT TO:<grace@example.com>", "250 ").await;
    client.expect("DATA", "354 ").await;
    client.expect(&format!("Subject: {subject}\r\n\r\nHello\r\n."), "250 ").await;
}

#[tokio::test]
async fn messages_are_listed_newest_first_and_are_there_after_a_restart_at_the_same_ports() {
    let bench = Bench::new().await;
    send(&bench, "one").await;
    send(&bench, "two").await;
    let first = bench.served.running().clone();
    bench.served.stop().await;
    let served = Served::start(&bench.dir, Options::default(), Clock::real()).await.unwrap();
    assert_eq!((&served.running().smtp, &served.running().smtps), (&first.smtp, &first.smtps));
    assert_eq!(served.facts().smtp_password.expose(), bench.facts.smtp_password.expose());
    let other = find(&bench.dir).unwrap();
    assert_eq!(other.smtp, first.smtp, "who finds it is told too");
    let control = Control::new(Http::new(Recorder::silent(), Clock::real()).unwrap(), &other).unwrap();
    let mails = control.mails(None).await.unwrap();
    let subjects: Vec<_> = mails.mails.iter().map(|mail| mail.subject.as_deref().unwrap()).collect();
    assert_eq!((subjects, mails.newest), (vec!["two", "one"], 2));
    assert_eq!(mails.mails[0].to, ["grace@example.com"]);
    assert_eq!(control.mail(99).await.unwrap(), None);
}

#[tokio::test]
async fn a_call_that_waits_is_answered_when_the_next_message_comes_and_at_once_where_one_has() {
    let bench = Bench::new().await;
    let control = bench.control();
    let waiting = tokio::spawn(async move { control.mails(Some(0)).await.unwrap() });
    send(&bench, "one").await;
    let mails = tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap().unwrap();
    assert_eq!((mails.mails.len(), mails.newest), (1, 1));
    let late = tokio::time::timeout(Duration::from_secs(20), bench.control().mails(Some(0))).await.unwrap();
    assert_eq!(late.unwrap().newest, 1);
}

#[tokio::test]
async fn a_call_that_waits_does_not_hold_up_the_end() {
    let bench = Bench::new().await;
    let control = bench.control();
    let waiting = tokio::spawn(async move { control.mails(Some(0)).await.map(|mails| mails.mails.len()).ok() });
    // It has begun once another call on the same listener was answered after it.
    while !waiting.is_finished() && bench.control().mails(None).await.is_err() {}
    tokio::task::yield_now().await;
    let began = std::time::Instant::now();
    bench.served.stop().await;
    assert!(began.elapsed() < Duration::from_secs(3));
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap().unwrap();
}

#[tokio::test]
async fn all_of_them_are_thrown_away_on_demand_and_by_a_reset_which_keeps_the_password() {
    let bench = Bench::new().await;
    send(&bench, "one").await;
    assert_eq!(bench.control().clear_mails().await.unwrap(), 1);
    let mails = bench.control().mails(None).await.unwrap();
    assert_eq!((mails.mails.len(), mails.newest), (0, 1), "what waits for the next still waits for the next");
    send(&bench, "two").await;
    bench.control().reset().await.unwrap();
    assert!(bench.control().mails(None).await.unwrap().mails.is_empty());
    send(&bench, "three").await;
}

#[tokio::test]
async fn a_password_is_in_no_message_and_a_sandbox_of_an_older_program_gets_one() {
    let bench = Bench::new().await;
    send(&bench, "one").await;
    let mail = bench.control().mail(1).await.unwrap().unwrap();
    assert!(!format!("{mail:?}").contains(bench.facts.smtp_password.expose()));
    bench.served.stop().await;
    let file = bench.dir.join("state.json");
    let mut state: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let before = state.as_object_mut().unwrap().remove("smtp_password").unwrap();
    std::fs::write(&file, state.to_string()).unwrap();
    let facts = kinde_panel::sandbox::facts(&bench.dir).unwrap();
    assert!(facts.smtp_password.expose().len() == 24 && facts.smtp_password.expose() != before);
    assert_eq!(facts.client_id, bench.facts.client_id, "everything else stays");
    let served = Served::start(&bench.dir, Options::default(), Clock::real()).await.unwrap();
    assert_eq!(served.facts().smtp_password.expose(), facts.smtp_password.expose());
}
