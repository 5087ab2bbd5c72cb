//! Signing in: what is offered, what is answered, and that it is tried once.

use kinde_panel::check::Verdict;
use kinde_panel::mail::smtp::Stage;
use kinde_panel::secrets::Secret;

use super::run::against;
use super::server::{Do, Server};

#[tokio::test]
async fn a_wrong_password_is_refused_and_never_tried_again() {
    let seen = against(Server::starttls(), |plan| plan.form.password = Secret::new("Wr0ng&Canary/+1")).await;
    seen.fails(Stage::Auth, "User or password is wrong", "Copy both again").nothing_after(Stage::Auth);
    assert_eq!(seen.commands("AUTH").len(), 1);
    assert!(seen.check(Stage::Auth).seen.as_ref().unwrap().starts_with("535 5.7.8"));
}

#[tokio::test]
async fn login_is_used_where_plain_is_not_offered() {
    let server = Server { offers_over_tls: vec!["AUTH LOGIN"], ..Server::starttls() };
    let seen = against(server, |_| {}).await;
    seen.ends(Stage::Auth, Verdict::Pass, "", "");
    assert!(seen.check(Stage::Auth).seen.as_ref().unwrap().starts_with("AUTH LOGIN: 235"));
    let transcript = seen.transcript();
    assert!(
        transcript.contains("C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: •••\nS: 334 UGFzc3dvcmQ6\nC: •••\n"),
        "{transcript}"
    );
}

#[tokio::test]
async fn old_servers_that_write_auth_with_an_equals_sign_are_understood() {
    let server = Server { offers_over_tls: vec!["AUTH=LOGIN PLAIN"], ..Server::starttls() };
    against(server, |_| {}).await.ends(Stage::Auth, Verdict::Pass, "", "");
}

#[tokio::test]
async fn a_server_that_asks_for_the_words_of_plain_gets_them_masked() {
    let server = Server::starttls().replying("AUTH", "334 ").replying("AUTH2", "235 2.7.0 ok");
    let seen = against(server, |_| {}).await;
    seen.ends(Stage::Auth, Verdict::Pass, "", "");
    assert!(seen.transcript().contains("C: AUTH PLAIN •••\nS: 334 \nC: •••\n"), "{}", seen.transcript());
}

#[tokio::test]
async fn a_password_too_long_for_a_command_is_sent_after_it() {
    let long = "Long&Canary".repeat(60);
    let server = Server::starttls().replying("AUTH", "334 ").replying("AUTH2", "235 2.7.0 ok");
    let seen = against(server, |plan| plan.form.password = Secret::new(long.clone())).await;
    seen.ends(Stage::Auth, Verdict::Pass, "", "");
    assert_eq!(seen.commands("AUTH"), ["AUTH PLAIN"]);
}

#[tokio::test]
async fn oauth_alone_cannot_be_used_by_kinde() {
    let server = Server { offers_over_tls: vec!["AUTH XOAUTH2 OAUTHBEARER"], ..Server::starttls() };
    let seen = against(server, |_| {}).await;
    seen.fails(Stage::Auth, "OAuth alone", "another provider").nothing_after(Stage::Auth).withheld();
}

#[tokio::test]
async fn ways_that_are_not_ours_are_named() {
    let server = Server { offers_over_tls: vec!["AUTH CRAM-MD5 GSSAPI"], ..Server::starttls() };
    let seen = against(server, |_| {}).await;
    seen.fails(Stage::Auth, "only CRAM-MD5, GSSAPI", "AUTH PLAIN over TLS").withheld();
}

#[tokio::test]
async fn a_server_without_any_sign_in_fails_and_its_word_on_the_mail_is_still_told() {
    let server = Server { offers_over_tls: vec!["SIZE 10240000"], ..Server::starttls() }
        .replying("RCPT", "554 5.7.1 <ada@acme.test>: Relay access denied");
    let seen = against(server, |_| {}).await;
    seen.fails(Stage::Auth, "offers no sign-in", "587 or 465").withheld();
    seen.ends(Stage::Recipient, Verdict::Fail, "carries mail for others", "AUTH is often only offered once TLS stands");
}

#[tokio::test]
async fn troubles_of_the_server_at_sign_in_are_not_called_a_wrong_password() {
    for (reply, why, fix) in [
        ("454 4.7.0 Temporary authentication failure", "cannot check passwords at the moment", "nothing is known"),
        ("432 4.7.12 A password transition is needed", "must be changed", "Change the password"),
        ("504 5.5.4 Unrecognized authentication type", "this way of signing in", "PLAIN or LOGIN"),
        ("538 5.7.11 Encryption required for requested authentication mechanism", "only over TLS", "465"),
        ("535 5.7.8 Too many failed attempts, account locked", "locked for now", "unlock"),
        ("421 4.7.0 Too many errors", "closes the connection", "do not loop"),
        ("571 5.7.99 Something nobody knows", "refused for good, about security or a policy", "own words"),
    ] {
        let seen = against(Server::starttls().replying("AUTH", reply), |_| {}).await;
        seen.fails(Stage::Auth, why, fix).nothing_after(Stage::Auth);
        assert_eq!((seen.commands("AUTH").len(), seen.check(Stage::Auth).seen.as_deref()), (1, Some(reply)));
    }
}

#[tokio::test]
async fn a_connection_that_ends_at_sign_in_is_told_as_that() {
    for doing in [vec![Do::Close], vec![Do::Reset]] {
        let seen = against(Server::starttls().with("AUTH", doing), |_| {}).await;
        seen.fails(Stage::Auth, "closed the connection at sign-in", "too many wrong passwords")
            .nothing_after(Stage::Auth);
    }
    let seen = against(Server::starttls().with("AUTH", vec![Do::Hang]), |_| {}).await;
    seen.fails(Stage::Auth, "said nothing more at sign-in", "Try again");
}
