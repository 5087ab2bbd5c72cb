//! A server that says the secrets back, in every clothes: none may come through. (That none does is looked at in every
//! other situation too: see `run::checked`.)

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use kinde_panel::check::Verdict;
use kinde_panel::mail::smtp::Stage;
use kinde_panel::secrets::Secret;

use super::run::{PASSWORD, USER, against};
use super::server::{Do, Server};

#[tokio::test]
async fn what_a_server_says_back_is_masked_in_every_encoding() {
    let hex: String = PASSWORD.bytes().map(|byte| format!("{byte:02X}")).collect();
    let percent: String =
        percent_encoding::utf8_percent_encode(PASSWORD, percent_encoding::NON_ALPHANUMERIC).to_string();
    let latin: Vec<u8> = PASSWORD.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let said: Vec<Vec<u8>> = vec![
        PASSWORD.as_bytes().to_vec(),
        PASSWORD.to_uppercase().into_bytes(),
        latin,
        hex.into_bytes(),
        percent.into_bytes(),
        STANDARD.encode(PASSWORD).into_bytes(),
        URL_SAFE.encode(PASSWORD).into_bytes(),
        STANDARD.encode(format!("\0{USER}\0{PASSWORD}")).into_bytes(),
        STANDARD.encode(format!("{{\"password\":\"{PASSWORD}\"}}")).into_bytes(),
        PASSWORD.chars().rev().collect::<String>().into_bytes(),
        serde_json::to_string(PASSWORD).unwrap().trim_matches('"').as_bytes().to_vec(),
    ];
    for words in said {
        for (command, stage) in [("AUTH", Stage::Auth), ("MAIL", Stage::Sender), ("RCPT", Stage::Recipient)] {
            let reply =
                [b"535-5.7.8 refused: ", words.as_slice(), b"\r\n535 5.7.8 (", words.as_slice(), b") is wrong\r\n"]
                    .concat();
            let seen = against(Server::starttls().with(command, vec![Do::Say(reply)]), |_| {}).await;
            assert_eq!(seen.check(stage).verdict, Verdict::Fail);
            let shown = seen.check(stage).seen.clone().unwrap();
            assert!(shown.starts_with("535 5.7.8 refused: •••") && shown.contains("(•••) is wrong"), "{shown}");
        }
    }
}

#[tokio::test]
async fn a_secret_in_the_greeting_the_keywords_or_noise_is_masked_too() {
    let greeting = format!("220 mail {PASSWORD} ESMTP\r\n");
    let seen = against(Server { banner: vec![Do::Say(greeting.into_bytes())], ..Server::starttls() }, |_| {}).await;
    seen.ends(Stage::Banner, Verdict::Pass, "", "");
    let ehlo = format!("250-mail\r\n250-X-{PASSWORD}\r\n250 STARTTLS\r\n");
    let seen = against(Server::starttls().with("EHLO", vec![Do::Say(ehlo.into_bytes())]), |_| {}).await;
    assert_eq!(seen.outcome.ehlo_before.as_ref().unwrap()[0], "X-•••");
    let noise = format!("no reply but {PASSWORD}\r\n");
    let seen = against(Server { banner: vec![Do::Say(noise.into_bytes())], ..Server::default() }, |_| {}).await;
    assert_eq!(seen.check(Stage::Banner).seen.as_deref(), Some("no reply but •••"));
    let drip = format!("220-half a reply with {PASSWORD}");
    let seen =
        against(Server { banner: vec![Do::Say(drip.into_bytes()), Do::Hang], ..Server::default() }, |_| {}).await;
    seen.fails(Stage::Banner, "comes in drips", "");
    let (first, second) = PASSWORD.split_at(8);
    let split = format!("535-5.7.8 {first}\r\n535 {second} is wrong\r\n");
    let seen = against(Server::starttls().with("AUTH", vec![Do::Say(split.into_bytes())]), |_| {}).await;
    assert_eq!(seen.check(Stage::Auth).verdict, Verdict::Fail);
}

#[tokio::test]
async fn a_token_that_is_user_and_password_is_masked_as_both() {
    let token = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
    for offers in ["AUTH PLAIN", "AUTH LOGIN"] {
        let mut server = Server { offers_over_tls: vec![offers], ..Server::starttls() };
        for command in ["AUTH", "AUTH3"] {
            if offers == "AUTH PLAIN" || command == "AUTH3" {
                server = server.replying(command, "535 5.7.8 unknown user 0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
            }
        }
        let seen = against(server, |plan| {
            plan.form.user = token.to_owned();
            plan.form.password = Secret::new(token);
        })
        .await;
        assert_eq!(seen.check(Stage::Auth).seen.as_deref(), Some("535 5.7.8 unknown user •••"));
        assert!(!format!("{:?}", seen.outcome).contains("0a1b2c3d"));
    }
}
