//! The server's name: the form, and each way DNS has to give no address.

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType;
use kinde_panel::check::Verdict;
use kinde_panel::mail::resolver::DnsServer;
use kinde_panel::mail::smtp::{Plan, Stage};
use kinde_panel::secrets::Secret;

use super::dns::{Dns, Reply, address, alias};
use super::run::{Seen, checked, plan};
use super::server::Server;

async fn asked(
    zone: impl Fn(&str, RecordType) -> Reply + Send + Sync + 'static,
    change: impl FnOnce(&mut Plan),
) -> Seen {
    let dns = Dns::serve(zone).await;
    let mut plan = plan("127.0.0.1:2".parse().unwrap());
    plan.form.host = "smtp.acme.test".to_owned();
    plan.dns = DnsServer::At(dns.address);
    change(&mut plan);
    checked(&plan).await
}

#[tokio::test]
async fn each_way_to_have_no_address_is_a_sentence_of_its_own() {
    let mut sentences = Vec::new();
    for (reply, word) in [
        (Reply::Code(ResponseCode::NXDomain), ""),
        (Reply::None(60), "neither an A nor an AAAA record"),
        (Reply::Code(ResponseCode::ServFail), ""),
        (Reply::Code(ResponseCode::Refused), ""),
        (Reply::Silence, ""),
    ] {
        let seen = asked(move |_, _| reply.clone(), |_| {}).await;
        seen.fails(Stage::Dns, word, "").nothing_after(Stage::Dns);
        sentences.push(seen.check(Stage::Dns).why.clone().unwrap());
    }
    let unique: std::collections::HashSet<&String> = sentences.iter().collect();
    assert_eq!(unique.len(), 5, "{sentences:#?}");
}

#[tokio::test]
async fn a_public_name_on_this_computer_works_and_warns_and_the_certificate_is_for_the_name() {
    let running = Server::starttls().serve().await;
    let port = running.address.port();
    let zone = |_: &str, kind| match kind {
        RecordType::A => {
            Reply::Records(vec![alias("smtp.acme.test", "edge.acme.test"), address("edge.acme.test", "127.0.0.1")])
        }
        _ => Reply::None(60),
    };
    let seen = asked(zone, |plan| plan.form.port = port).await;
    seen.ends(Stage::Dns, Verdict::Warn, "leads to a private address, 127.0.0.1", "have a public DNS server asked");
    let evidence = seen.check(Stage::Dns).seen.clone().unwrap();
    assert!(
        evidence.contains("CNAME edge.acme.test") && evidence.contains("TTL") && evidence.contains("no AAAA"),
        "{evidence}"
    );
    seen.ends(Stage::Certificate, Verdict::Pass, "", "").ends(Stage::Auth, Verdict::Pass, "", "");
    assert_eq!(seen.outcome.tls.as_ref().unwrap().server_name.as_deref(), Some("smtp.acme.test"));
}

#[tokio::test]
async fn every_address_is_tried_and_a_dead_one_is_told() {
    let running = Server::starttls().serve().await;
    let port = running.address.port();
    let zone = |_: &str, kind| match kind {
        RecordType::A => {
            Reply::Records(vec![address("smtp.acme.test", "127.0.0.77"), address("smtp.acme.test", "127.0.0.1")])
        }
        _ => Reply::Records(vec![address("smtp.acme.test", "::1")]),
    };
    let seen = asked(zone, |plan| plan.form.port = port).await;
    seen.ends(Stage::Tcp, Verdict::Warn, "Not every address of the server answers", "take it out of DNS");
    assert_eq!(seen.outcome.addresses.len(), 3);
    seen.ends(Stage::Auth, Verdict::Pass, "", "");
}

#[tokio::test]
async fn a_form_that_cannot_work_asks_nobody() {
    for (change, word) in [
        ((|plan: &mut Plan| plan.form.host = String::new()) as fn(&mut Plan), "Server name: It is empty"),
        (|plan| plan.form.host = "smtp://x y".to_owned(), "Server name"),
        (|plan| plan.form.sender_email = "hi@acme.test\r\nBcc: x@y.test".to_owned(), "Sender email"),
        (|plan| plan.to = Some("nobody".to_owned()), "Recipient: It is no email address"),
        (|plan| plan.form.port = 0, "0 is no port"),
        (|plan| plan.form.user = "a\0b".to_owned(), "User"),
    ] {
        let running = Server::starttls().serve().await;
        let mut plan = plan(running.address);
        change(&mut plan);
        let seen = checked(&plan).await;
        seen.fails(Stage::Lint, word, "").nothing_after(Stage::Lint);
        assert!(seen.outcome.transcript.is_empty() && running.heard().is_empty());
    }
}

#[tokio::test]
async fn without_a_password_everything_up_to_it_is_checked_and_nothing_more() {
    let running = Server::starttls().serve().await;
    let mut plan = plan(running.address);
    plan.form.password = Secret::default();
    let seen = checked(&plan).await;
    seen.ends(Stage::Lint, Verdict::Warn, "None was given", "").ends(Stage::EhloAgain, Verdict::Pass, "", "");
    seen.ends(Stage::Auth, Verdict::Skipped, "no password was given", "").nothing_after(Stage::EhloAgain);
    let headline = &seen.outcome.headline;
    assert!(
        headline.starts_with("Up to sign-in it works from here. ") && headline.contains("None was given"),
        "{headline}"
    );
}
