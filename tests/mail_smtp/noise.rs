//! Ports on which something else answers, or answers in an odd way.

use std::time::Duration;

use kinde_panel::check::Verdict;
use kinde_panel::mail::smtp::Stage;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::run::{against, checked, plan};
use super::server::{Do, Server, say};

#[tokio::test]
async fn a_web_server_is_recognised_though_it_waits_for_a_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 512];
                if tcp.read(&mut request).await.is_ok_and(|read| read > 0) {
                    tcp.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await.ok();
                }
            });
        }
    });
    let seen = checked(&plan(address)).await;
    seen.fails(Stage::Banner, "web server (HTTP)", "587 or 465").nothing_after(Stage::Banner);
    serving.abort();
}

#[tokio::test]
async fn other_protocols_are_named_by_their_first_words() {
    for (banner, what) in [
        (&b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"[..], "SSH"),
        (b"* OK [CAPABILITY IMAP4rev1] ready\r\n", "IMAP"),
        (b"+OK POP3 ready\r\n", "POP3"),
        (b"HTTP/1.1 408 Request Timeout\r\n\r\n", "HTTP"),
        (b"\x00\x01\xff\xfe\x80 no text at all", "no mail server"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "TLS"),
        (b"Welcome to the Acme telnet service\r\n", "no mail server"),
    ] {
        let server = Server { banner: vec![Do::Say(banner.to_vec())], ..Server::starttls() };
        let seen = against(server, |_| {}).await;
        seen.fails(Stage::Banner, what, "Check server name and port").nothing_after(Stage::Banner);
        assert!(!seen.outcome.transcript.is_empty(), "what came is shown");
    }
}

#[tokio::test]
async fn a_server_that_turns_the_connection_away_says_why() {
    for (banner, why, fix) in [
        ("421 4.3.2 Too many connections from your host", "turns the connection away for now", "do not loop"),
        ("554 5.7.1 Service unavailable; client host blocked using list.example", "block list", "another port"),
        ("521 5.3.2 This server takes no mail", "takes no mail", "another port"),
    ] {
        let seen = against(Server { banner: say(banner), ..Server::starttls() }, |_| {}).await;
        seen.fails(Stage::Banner, why, fix).nothing_after(Stage::Banner);
        assert_eq!(seen.check(Stage::Banner).seen.as_deref(), Some(banner));
    }
}

#[tokio::test]
async fn silence_and_closed_doors_are_told_apart() {
    let seen = against(Server { banner: vec![Do::Hang], ..Server::default() }, |_| {}).await;
    seen.fails(Stage::Banner, "nothing speaks there", "own ports").nothing_after(Stage::Banner);
    let seen = against(Server { banner: vec![Do::Close], ..Server::starttls() }, |_| {}).await;
    seen.fails(Stage::Banner, "closes it without a word", "port 465");
}

#[tokio::test]
async fn a_slow_greeting_and_a_tarpit_pass_with_a_warning() {
    let slow = [vec![Do::Wait(Duration::from_millis(700))], say("220 mail.acme.test ESMTP")].concat();
    let seen = against(Server { banner: slow.clone(), ..Server::starttls() }, |_| {}).await;
    seen.ends(Stage::Banner, Verdict::Warn, "s to answer", "tarpit").ends(Stage::Auth, Verdict::Pass, "", "");
    let tarpit = [vec![Do::Wait(Duration::from_millis(700))], say("250 2.1.0 Ok")].concat();
    let seen = against(Server::starttls().with("MAIL", tarpit), |_| {}).await;
    seen.ends(Stage::Sender, Verdict::Warn, "s to answer", "").ends(Stage::Recipient, Verdict::Pass, "", "");
}

#[tokio::test]
async fn a_reply_in_drips_and_one_without_end_are_given_up() {
    let drip = vec![Do::Drip(b"220 mail.acme.test ESMTP so very slow", Duration::from_millis(100)), Do::Hang];
    let seen = against(Server { banner: drip, ..Server::starttls() }, |_| {}).await;
    seen.fails(Stage::Banner, "comes in drips", "tarpit");
    let huge: Vec<u8> = std::iter::repeat_n(&b"250-AND ON AND ON\r\n"[..], 20_000).flatten().copied().collect();
    let seen = against(Server::starttls().with("EHLO", vec![Do::Say(huge)]), |_| {}).await;
    seen.fails(Stage::Ehlo, "has no end", "Check".to_lowercase().as_str());
    assert!(seen.outcome.transcript.len() < 60, "{}", seen.outcome.transcript.len());
}

#[tokio::test]
async fn words_that_are_not_ascii_are_shown_and_do_not_matter() {
    let banner =
        vec![Do::Say("220 mail.acme.test Grüße \u{1b}[31m".as_bytes().to_vec()), Do::Say(b" \xe4\xff\r\n".to_vec())];
    let seen = against(Server { banner, ..Server::starttls() }, |_| {}).await;
    assert_eq!(seen.outcome.verdict(), Verdict::Pass, "{:#?}", seen.outcome.stages);
    let shown = seen.check(Stage::Banner).seen.clone().unwrap();
    assert_eq!(shown, "220 mail.acme.test Grüße \\x1b[31m \\xe4\\xff");
}

#[tokio::test]
async fn line_ends_without_cr_work_and_warn() {
    let server = Server { banner: vec![Do::Say(b"220 mail.acme.test\n".to_vec())], ..Server::starttls() };
    let seen = against(server, |_| {}).await;
    seen.ends(Stage::Banner, Verdict::Warn, "without CR", "update the server").ends(Stage::Auth, Verdict::Pass, "", "");
}

#[tokio::test]
async fn a_server_that_knows_helo_alone_can_neither_do_tls_nor_sign_in() {
    let server = Server::starttls().replying("EHLO", "502 5.5.2 Error: command not recognized");
    let seen = against(server, |_| {}).await;
    seen.fails(Stage::Ehlo, "knows HELO alone", "for sending mail").nothing_after(Stage::Ehlo).withheld();
    let neither = Server::default().replying("EHLO", "502 no").replying("HELO", "502 no");
    let seen = against(neither, |_| {}).await;
    seen.fails(Stage::Ehlo, "does not know the command", "587 or 465");
}

#[tokio::test]
async fn the_whole_check_has_a_deadline_of_its_own() {
    let server = Server::starttls().with("AUTH", vec![Do::Hang]);
    let seen = against(server, |plan| plan.limits.overall = Duration::from_millis(700)).await;
    seen.fails(Stage::Auth, "The whole check was given 0.7 s", "try again").nothing_after(Stage::Auth);
}

#[tokio::test]
async fn a_cancelled_check_ends_at_once_and_keeps_what_it_knows() {
    let running = Server::starttls().with("AUTH", vec![Do::Hang]).serve().await;
    let plan = plan(running.address);
    let cancel = tokio_util::sync::CancellationToken::new();
    let stop = cancel.clone();
    let waiting = async {
        while running.commands("AUTH").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.cancel();
    };
    let (seen, ()) = tokio::join!(super::run::checked_until(&plan, cancel), waiting);
    assert!(seen.outcome.cancelled && seen.outcome.headline.contains("cancelled"));
    seen.ends(Stage::EhloAgain, Verdict::Pass, "", "").ends(Stage::Auth, Verdict::Skipped, "cancelled", "");
    seen.nothing_after(Stage::Auth);
    let before = tokio_util::sync::CancellationToken::new();
    before.cancel();
    let seen = super::run::checked_until(&plan, before).await;
    assert!(seen.outcome.cancelled && seen.outcome.stages.len() == Stage::STARTTLS.len());
}
