//! The way to TLS: what is offered, what is answered, what comes instead.

use std::time::Duration;

use kinde_panel::check::Verdict;
use kinde_panel::mail::Security;
use kinde_panel::mail::smtp::{FROM_HERE, Progress, Side, Stage};

use super::run::against;
use super::server::{Do, Server, say};

#[tokio::test]
async fn a_good_server_passes_every_stage_and_nothing_is_sent() {
    let seen = against(Server::starttls(), |_| {}).await;
    for (stage, check) in &seen.outcome.stages {
        let wanted = if *stage == Stage::Send { Verdict::Skipped } else { Verdict::Pass };
        assert_eq!(check.verdict, wanted, "{check:#?}");
    }
    let order: Vec<Stage> = seen.outcome.stages.iter().map(|(stage, _)| *stage).collect();
    assert_eq!(order, Stage::STARTTLS);
    assert!(seen.outcome.headline.contains("nothing was sent"), "{}", seen.outcome.headline);
    assert_eq!(seen.commands("DATA"), Vec::<String>::new());
    let commands: Vec<String> = seen.server.as_ref().unwrap().heard();
    let verbs: Vec<&str> = commands.iter().map(|line| line.split([' ', ':']).next().unwrap()).collect();
    assert_eq!(verbs, ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "RSET", "QUIT"]);
    assert_eq!(commands[4], "MAIL FROM:<hi@acme.test> SIZE=50000");
    assert_eq!(commands[5], "RCPT TO:<ada@acme.test>");
    let outcome = &seen.outcome;
    assert_eq!(outcome.ehlo_before.as_ref().unwrap().last().unwrap(), "STARTTLS");
    assert!(outcome.ehlo_after.as_ref().unwrap().contains(&"X-ODD one two".to_owned()), "unknown keywords are kept");
    let tls = outcome.tls.as_ref().unwrap();
    assert_eq!((tls.version.as_str(), tls.faults.len(), tls.chain.len()), ("TLS 1.3", 0, 1));
    let cert = &tls.chain[0];
    assert_eq!((cert.subject.as_str(), cert.issuer.as_str()), ("CN=mail server", "CN=Test Root"));
    assert!(cert.names.contains(&"127.0.0.1".to_owned()) && cert.key == "ECDSA P-256", "{cert:?}");
    assert_eq!(cert.signature, "SHA-256 with ECDSA");
    assert!((88..=90).contains(&cert.days_left) && cert.sha256.len() == 95, "{cert:?}");
    assert!(matches!(&seen.told[0], Progress::Order(order) if *order == Stage::STARTTLS));
    let transcript = seen.transcript();
    for line in
        ["C: EHLO [127.0.0.1]", "S: 220 mail.acme.test ESMTP ready", "C: AUTH PLAIN •••", "S: 235 2.7.0", "C: QUIT"]
    {
        assert!(transcript.contains(line), "{line}: {transcript}");
    }
    assert!(outcome.transcript.iter().any(|line| line.side == Side::Note && line.text.starts_with("TLS 1.3")));
    assert!(FROM_HERE.starts_with("From this computer."));
}

#[tokio::test]
async fn tls_from_the_first_byte_passes_in_its_own_order() {
    let seen = against(Server::implicit(), |plan| plan.form.security = Security::Tls).await;
    assert_eq!(seen.outcome.verdict(), Verdict::Pass, "{:#?}", seen.outcome.stages);
    let order: Vec<Stage> = seen.outcome.stages.iter().map(|(stage, _)| *stage).collect();
    assert_eq!(order, Stage::IMPLICIT);
    assert!(seen.outcome.ehlo_before.is_none() && seen.outcome.ehlo_after.is_some());
}

#[tokio::test]
async fn a_server_in_plain_text_alone_gets_no_password() {
    let server = Server { offers: vec!["AUTH PLAIN LOGIN"], ..Server::default() };
    let seen = against(server, |_| {}).await;
    seen.fails(Stage::StartTls, "does not offer STARTTLS", "port 465").nothing_after(Stage::StartTls).withheld();
    assert!(seen.check(Stage::Auth).why.as_ref().unwrap().contains("password is withheld"));
    // That the password could travel in the clear is told too.
    seen.ends(Stage::Ehlo, Verdict::Warn, "before TLS", "smtpd_tls_auth_only");
}

#[tokio::test]
async fn on_this_computer_a_plain_server_gets_the_password_where_that_is_allowed() {
    let server = Server { offers: vec!["AUTH PLAIN LOGIN"], ..Server::default() };
    let seen = against(server, |plan| plan.insecure_loopback = true).await;
    seen.ends(Stage::StartTls, Verdict::Warn, "does not offer STARTTLS", "465");
    seen.ends(Stage::Auth, Verdict::Pass, "", "").ends(Stage::Recipient, Verdict::Pass, "", "");
    assert_eq!((seen.commands("AUTH").len(), seen.outcome.verdict()), (1, Verdict::Warn));
}

#[tokio::test]
async fn no_tls_by_name_is_told_and_gets_no_password_either() {
    let server = || Server { offers: vec!["AUTH PLAIN LOGIN"], ..Server::starttls() };
    let seen = against(server(), |plan| plan.form.security = Security::None).await;
    seen.fails(Stage::Tls, "No TLS was asked for", "let the port decide how TLS begins")
        .nothing_after(Stage::Tls)
        .withheld();
    assert_eq!(seen.commands("STARTTLS"), Vec::<String>::new());
    let seen = against(server(), |plan| {
        plan.form.security = Security::None;
        plan.insecure_loopback = true;
    })
    .await;
    seen.ends(Stage::Tls, Verdict::Warn, "No TLS was asked for", "").ends(Stage::Auth, Verdict::Pass, "", "");
}

#[tokio::test]
async fn another_address_of_this_computer_is_not_where_a_password_goes_without_tls() {
    let server = Server { offers: vec!["AUTH PLAIN LOGIN"], ..Server::default() };
    let running = server.serve_at("127.0.0.2:0".parse().unwrap()).await;
    let mut plan = super::run::plan(running.address);
    plan.insecure_loopback = true;
    let mut seen = super::run::checked(&plan).await;
    seen.server = Some(running);
    seen.fails(Stage::StartTls, "does not offer STARTTLS", "").withheld();
}

#[tokio::test]
async fn starttls_that_is_refused_for_now_says_what_is_broken() {
    let server = Server::starttls().replying("STARTTLS", "454 4.7.0 TLS not available due to local problem");
    let seen = against(server, |_| {}).await;
    seen.fails(Stage::StartTls, "cannot do TLS at the moment", "TLS log").nothing_after(Stage::StartTls).withheld();
}

#[tokio::test]
async fn starttls_that_is_offered_and_not_known_names_what_takes_it_out() {
    let server = Server::starttls().replying("STARTTLS", "502 5.5.1 Error: command not implemented");
    let seen = against(server, |_| {}).await;
    seen.fails(Stage::StartTls, "something on the way takes it out", "465").withheld();
}

#[tokio::test]
async fn a_connection_that_is_dropped_at_starttls_or_in_the_handshake_is_told_apart() {
    let seen = against(Server::starttls().with("STARTTLS", vec![Do::Close]), |_| {}).await;
    seen.fails(Stage::StartTls, "closed the connection at STARTTLS", "port 465").withheld();
    let cut = Server { instead_of_tls: Some(vec![Do::Close]), ..Server::starttls() };
    let seen = against(cut, |_| {}).await;
    seen.fails(Stage::Tls, "cut in the middle of the TLS handshake", "virus scanner").withheld();
    let silent = Server { instead_of_tls: Some(vec![Do::Hang]), ..Server::starttls() };
    let seen = against(silent, |_| {}).await;
    seen.fails(Stage::Tls, "did not end in", "swallow the handshake").withheld();
}

#[tokio::test]
async fn plain_text_behind_the_220_ends_the_run_whether_it_comes_at_once_or_later() {
    let injected = "220 Ready\n250-mail.acme.test\n250 AUTH PLAIN";
    let seen = against(Server::starttls().replying("STARTTLS", injected), |_| {}).await;
    seen.fails(Stage::StartTls, "went on in plain text", "Do not use this connection").nothing_after(Stage::StartTls);
    seen.withheld();
    assert!(seen.check(Stage::StartTls).seen.as_ref().unwrap().contains("AUTH PLAIN"));
    let late = Server { instead_of_tls: Some(say("250 AUTH PLAIN")), ..Server::starttls() };
    let seen = against(late, |_| {}).await;
    seen.fails(Stage::Tls, "went on in plain text", "Do not use this connection").withheld();
    let doing =
        vec![Do::Say(b"220 Ready\r\n".to_vec()), Do::Wait(Duration::from_millis(20)), Do::Say(b"250 x\r\n".to_vec())];
    let seen = against(Server::starttls().with("STARTTLS", doing), |_| {}).await;
    seen.fails(Stage::StartTls, "went on in plain text", "").withheld();
}

#[tokio::test]
async fn old_tls_and_tls_without_anything_in_common_are_told_apart() {
    // The alerts are those of OpenSSL: protocol_version (70) and handshake_failure (40).
    for (alert, why, fix) in [
        (70, "TLS 1.1 at most", "TLS 1.2 or 1.3"),
        (40, "no way of encryption in common", "cipher suites"),
        (112, "alert UnrecognisedName", "server name"),
        (80, "alert InternalError", "log"),
    ] {
        let server = Server {
            instead_of_tls: Some(vec![
                Do::Say(vec![0x15, 3, 1, 0, 2, 2, alert]),
                Do::Wait(Duration::from_millis(50)),
                Do::Close,
            ]),
            ..Server::starttls()
        };
        let seen = against(server, |_| {}).await;
        seen.fails(Stage::Tls, why, fix).nothing_after(Stage::Tls).withheld();
    }
}

#[tokio::test]
async fn a_server_hello_of_tls_1_0_is_named_as_old() {
    // ServerHello: version 3.1, 32 random bytes, no session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
    let mut hello = vec![2, 0, 0, 38, 3, 1];
    hello.extend([7; 32]);
    hello.extend([0, 0, 0x2f, 0]);
    let mut record = vec![0x16, 3, 1, 0, hello.len() as u8];
    record.extend(hello);
    let server = Server { instead_of_tls: Some(vec![Do::Say(record), Do::Hang]), ..Server::starttls() };
    let seen = against(server, |_| {}).await;
    seen.fails(Stage::Tls, "TLS 1.1 at most", "TLS 1.2 or 1.3").withheld();
}
