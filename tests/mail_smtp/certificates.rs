//! Each fault of a certificate, told apart; with every one of them the password stays here.

use kinde_panel::check::Verdict;
use kinde_panel::mail::Security;
use kinde_panel::mail::smtp::Stage;
use rcgen::ExtendedKeyUsagePurpose;

use super::certs::{ALL, Kind, Signer};
use super::run::{Seen, against};
use super::server::Server;

async fn with(kind: Kind) -> Seen {
    against(Server { tls: Some(kind.make().server()), ..Server::default() }, |_| {}).await
}

/// The certificate's stage fails with these words, the password is withheld, and what the server offers is still told.
#[track_caller]
fn refused(seen: &Seen, why: &str, fix: &str) {
    seen.ends(Stage::Tls, Verdict::Pass, "", "").fails(Stage::Certificate, why, fix).withheld();
    seen.ends(Stage::EhloAgain, Verdict::Pass, "", "");
    seen.nothing_after(Stage::EhloAgain);
    let why = seen.check(Stage::Auth).why.clone().unwrap();
    assert!(why.contains("the certificate is not good, and the password is withheld"), "{why}");
}

#[tokio::test]
async fn an_expired_certificate_says_until_when_it_was_good() {
    let seen = with(Kind { from: -100, to: -3, ..Kind::good() }).await;
    refused(&seen, "has expired: it was good until 20", "Renew the certificate");
    assert!(seen.outcome.tls.as_ref().unwrap().chain[0].days_left < 0);
}

#[tokio::test]
async fn a_certificate_of_tomorrow_asks_for_the_clock() {
    let seen = with(Kind { from: 5, to: 100, ..Kind::good() }).await;
    refused(&seen, "is not valid yet: it is good from 20", "Check this computer's clock");
}

#[tokio::test]
async fn a_self_signed_certificate_is_called_so() {
    let seen = with(Kind { signer: Signer::Itself, ..Kind::good() }).await;
    refused(&seen, "self-signed", "public authority");
}

#[tokio::test]
async fn a_certificate_for_another_host_lists_the_names_it_is_for() {
    let seen = with(Kind { names: vec!["mail.other.test", "*.other.test"], ..Kind::good() }).await;
    refused(
        &seen,
        "for another name: it is for mail.other.test, *.other.test, and not for 127.0.0.1",
        "(mail.other.test)",
    );
}

#[tokio::test]
async fn a_missing_intermediate_is_told_from_a_private_authority() {
    let url = "http://ca.acme.test/intermediate.crt";
    let alone = with(Kind { signer: Signer::Intermediate, ca_issuers: Some(url), ..Kind::good() }).await;
    refused(&alone, "The intermediate certificate is missing", "fullchain.pem");
    assert!(alone.check(Stage::Certificate).fix.as_ref().unwrap().contains(url));
    let private = with(Kind { signer: Signer::Private, sent: vec![ALL.private.der.clone()], ..Kind::good() }).await;
    refused(&private, "private authority that the public does not trust: CN=Acme Private Root", "virus scanner");
    let either = with(Kind { signer: Signer::Private, ..Kind::good() }).await;
    refused(&either, "is a private authority, or its intermediate certificate is missing", "full chain");
    let whole = Kind { signer: Signer::Intermediate, sent: vec![ALL.intermediate.der.clone()], ..Kind::good() };
    assert_eq!(with(whole).await.outcome.verdict(), Verdict::Pass);
}

#[tokio::test]
async fn a_certificate_that_ends_soon_works_and_warns() {
    let seen = with(Kind { to: 5, ..Kind::good() }).await;
    seen.ends(Stage::Certificate, Verdict::Warn, "days more", "Renew it now").ends(Stage::Auth, Verdict::Pass, "", "");
    assert_eq!(seen.outcome.verdict(), Verdict::Warn);
}

#[tokio::test]
async fn a_certificate_for_clients_is_not_for_servers() {
    let seen = with(Kind { purpose: ExtendedKeyUsagePurpose::ClientAuth, ..Kind::good() }).await;
    refused(&seen, "not made for servers", "TLS servers");
}

#[tokio::test]
async fn several_faults_are_all_told() {
    let kind = Kind { from: -100, to: -3, names: vec!["mail.other.test"], signer: Signer::Itself, ..Kind::good() };
    let seen = with(kind).await;
    let why = seen.check(Stage::Certificate).why.clone().unwrap();
    for word in ["self-signed", "has expired", "another name"] {
        assert!(why.contains(word), "{why}");
    }
    assert_eq!(seen.outcome.tls.as_ref().unwrap().faults.len(), 3);
}

#[tokio::test]
async fn over_tls_from_the_first_byte_a_bad_certificate_withholds_the_password_too() {
    let kind = Kind { signer: Signer::Itself, ..Kind::good() };
    let server = Server { implicit: true, tls: Some(kind.make().server()), ..Server::default() };
    let seen = against(server, |plan| plan.form.security = Security::Tls).await;
    seen.fails(Stage::Certificate, "self-signed", "").ends(Stage::Ehlo, Verdict::Pass, "", "").withheld();
    seen.nothing_after(Stage::Ehlo);
}

#[tokio::test]
async fn on_this_computer_a_bad_certificate_only_warns_where_that_is_allowed() {
    let kind = Kind { signer: Signer::Itself, ..Kind::good() };
    let server = Server { tls: Some(kind.make().server()), ..Server::default() };
    let seen = against(server, |plan| plan.insecure_loopback = true).await;
    seen.ends(Stage::Certificate, Verdict::Warn, "self-signed", "").ends(Stage::Auth, Verdict::Pass, "", "");
    assert!(seen.check(Stage::Certificate).why.as_ref().unwrap().contains("you allowed it"));
}
