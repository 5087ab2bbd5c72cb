//! Broken domains, credentials and tokens, one by one through the boxes they are typed into: each gets a sentence that
//! says what happened, why and what to do, and what was typed still stands there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop at the first surprise")]

use std::cell::Cell;
use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use jiff::Timestamp;
use kinde_panel::action::{Action, Command, JobId};
use kinde_panel::backend::{inspect, tenant as ask};
use kinde_panel::check::Verdict;
use kinde_panel::error::UserError;
use kinde_panel::inspector::decode::{Decoded, Keys, Options, TokenVerdict, judge};
use kinde_panel::jwt::encode_base64url as b64;
use kinde_panel::kinde::{Domain, M2m};
use kinde_panel::screens::{Cx, inspector, tenant};
use kinde_panel::secrets::{KeyringState, Secret};
use kinde_panel::tenant::{Profile, add};
use kinde_panel::ui::theme;

const ID: &str = "0123456789abcdef0123456789abcdef";
const SECRET: &str = "Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8";

const DOMAINS: [&str; 44] = [
    "   ",
    "\"\"",
    "KINDE_DOMAIN=",
    "https://",
    "http:",
    "https:///path",
    ":3000",
    "...",
    ".kinde.com",
    "acme..kinde.com",
    "acme kinde com",
    "acme.kinde.com other.kinde.com",
    "acme,kinde.com",
    "ada@example.com",
    "https://user:pw@acme.kinde.com",
    "ftp://acme.kinde.com",
    "htps://acme.kinde.com",
    "file:///etc/hosts",
    "acme.kinde.com:99999",
    "auth.example.com:0",
    "auth.example.com:abc",
    "192.168.1.20",
    "8.8.8.8:443",
    "0.0.0.0",
    "[2001:db8::1]",
    "[::1",
    "acme.123",
    "acme_dev.kinde.com",
    "-acme.kinde.com",
    "acme-.kinde.com",
    "acme!.kinde.com",
    "acme.kinde.com*",
    "kinde.com",
    "https://app.kinde.com/admin",
    "acme.kinde",
    "acme.kinde.con",
    "<your_subdomain>.kinde.com",
    "https://{subdomain}.kinde.com",
    "${KINDE_DOMAIN}",
    ID,
    SECRET,
    "eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
    "kp_0ba7c433e5d648cf992621ce99d42817",
    "org_590d7f1a86a",
];

const CREDENTIALS: [(&str, &str); 16] = [
    (" ", SECRET),
    (ID, " "),
    (ID, "\"\""),
    (SECRET, ID),
    (SECRET, "abcdefabcdef"),
    (ID, ID),
    (ID, "eyJhbGciOi.e30.x"),
    ("eyJhbGciOi.e30.x", SECRET),
    ("https://acme.kinde.com", SECRET),
    (ID, "https://acme.kinde.com/api"),
    ("<client_id>", SECRET),
    (ID, "your_client_secret"),
    (ID, "two words"),
    (ID, "pässword"),
    (ID, "********"),
    (ID, "•••••••••••••••"),
];

fn tokens() -> Vec<String> {
    let token = |header: &str, claims: &str| {
        format!("{}.{}.{}", b64(header.as_bytes()), b64(claims.as_bytes()), b64(&[7; 256]))
    };
    let good = token(r#"{"alg":"RS256","kid":"k1"}"#, r#"{"sub":"kp_1"}"#);
    let (head, rest) = good.split_once('.').unwrap();
    vec![
        "junk".to_owned(),
        "hello world, this is no token".to_owned(),
        "....".to_owned(),
        "a.b.c".to_owned(),
        "{\"type\":\"user.created\"}".to_owned(),
        "<html>".to_owned(),
        "gho_16C7e42F292c6912E7710c838347Ae178B4a".to_owned(),
        ID.to_owned(),
        SECRET.to_owned(),
        head.to_owned(),
        format!("{head}.{}", rest.split_once('.').unwrap().0),
        format!("{good}.more"),
        format!("{good}="),
        good.replacen('.', " . ", 1),
        good.replace('_', "/"),
        good.chars().take(good.len() - 40).collect(),
        good.chars().skip(4).collect(),
        format!("é{good}"),
        token("{", "{}"),
        token("[]", "{}"),
        token(r#"{"alg":"none"}"#, r#"{"sub":"kp_1"}"#),
        token(r#"{"alg":"HS256"}"#, r#"{"sub":"kp_1"}"#),
        token(r#"{"alg":"RS256","alg":"none"}"#, "{}"),
        token(r#"{"alg":"RS256","crit":["exp"]}"#, "{}"),
        token(r#"{"alg":"RS256","enc":"A256GCM"}"#, "{}"),
        token(r#"{"alg":7}"#, "{}"),
        token(r#"{"typ":"JWT"}"#, "{}"),
        good,
    ]
}

fn is_told(error: &UserError, typed: &str) {
    for part in [&error.title, &error.detail, &error.hint] {
        assert!(part.split_whitespace().count() >= 2, "{typed:?}: {error:?}");
        assert!(!part.contains(SECRET), "{typed:?} is repeated");
    }
    assert!(!error.title.ends_with('.'), "{typed:?}: {error:?}");
}

struct World {
    tenant: tenant::State,
    inspector: inspector::State,
    profile: Option<Profile>,
    next: Cell<JobId>,
    actions: Vec<Action>,
}

impl World {
    fn with<R>(
        &mut self,
        work: impl FnOnce(&mut tenant::State, &mut inspector::State, &Cx<'_>, &mut Vec<Action>) -> R,
    ) -> R {
        let cx = Cx {
            now: Timestamp::UNIX_EPOCH,
            profile: self.profile.as_ref(),
            profiles: &[],
            keyring: &KeyringState::Ready,
            data_dir: "",
            next_job: &self.next,
        };
        work(&mut self.tenant, &mut self.inspector, &cx, &mut self.actions)
    }

    fn asked(&mut self) -> (JobId, Command) {
        let mut asked = self.actions.drain(..).filter_map(|action| match action {
            Action::Run(job, command) => Some((job, command)),
            _ => None,
        });
        asked.next_back().expect("nothing was asked")
    }
}

/// The Tenant room, else the Inspector.
fn room(profile: Option<Profile>, tenant_room: bool) -> Harness<'static, World> {
    let world = World {
        tenant: tenant::State::default(),
        inspector: inspector::State::default(),
        profile,
        next: Cell::new(0),
        actions: Vec::new(),
    };
    let mut harness =
        Harness::builder().with_size(vec2(900.0, 900.0)).with_context_setup(theme::install).build_ui_state(
            move |ui, world: &mut World| {
                world.with(|tenant, inspector, cx, actions| {
                    if tenant_room {
                        tenant::ui(ui, tenant, cx, actions);
                    } else {
                        inspector::ui(ui, inspector, cx, actions);
                    }
                });
            },
            world,
        );
    harness.run();
    harness
}

fn type_into(harness: &mut Harness<'_, World>, role: Role, name: &str, text: &str) {
    harness.get_by_role_and_label(role, name).focus();
    harness.run();
    harness.event(egui::Event::Paste(text.to_owned()));
    harness.run();
}

#[test]
fn there_are_sixty_cases_and_more() {
    let count = DOMAINS.len() + CREDENTIALS.len() + tokens().len();
    assert!(count >= 60, "{count}");
    assert!(DOMAINS.len() >= 20 && CREDENTIALS.len() >= 12 && tokens().len() >= 20);
}

#[test]
fn every_broken_domain_gets_a_sentence_and_stays_in_its_box() {
    for typed in DOMAINS {
        let error = match Domain::parse(typed) {
            Err(error) => error,
            Ok(domain) => panic!("{typed:?} was read as {domain}"),
        };
        is_told(&error, typed);
        if typed.trim().is_empty() {
            // Nothing can be asked with an empty box.
            continue;
        }
        let mut harness = room(None, true);
        // Typed and not pasted: a pasted line of a `.env` file is taken as one.
        harness.get_by_role_and_label(Role::TextInput, "Kinde domain").type_text(typed);
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
        let (job, command) = harness.state_mut().asked();
        assert!(matches!(&command, Command::Tenant(ask::Command::Find { text }) if text == typed), "{command:?}");
        let title = error.title.clone();
        let event = ask::Event::Found(Err(error));
        harness.state_mut().with(|tenant, _, _, actions| tenant.on_event(job, event, Timestamp::UNIX_EPOCH, actions));
        harness.run();
        assert!(harness.query_all_by_label_contains(&title).next().is_some(), "{typed:?}: {title} is not shown");
        let kept = harness.get_by_role_and_label(Role::TextInput, "Kinde domain").value();
        assert_eq!(kept.as_deref(), Some(typed));
    }
}

#[test]
fn every_broken_credential_gets_a_sentence_and_stays_in_its_box() {
    let profile = Profile::new("acme", Domain::parse("acme").unwrap());
    for (client_id, secret) in CREDENTIALS {
        let words = M2m { client_id: client_id.into(), client_secret: Secret::new(secret), audience: None };
        let error = add::checked(words.clone()).unwrap_err();
        is_told(&error, client_id);
        if client_id.trim().is_empty() || secret.trim().is_empty() {
            continue;
        }
        let mut harness = room(Some(profile.clone()), true);
        harness.get_by_label("Add M2M application").click();
        harness.run();
        type_into(&mut harness, Role::TextInput, "Client ID", client_id);
        type_into(&mut harness, Role::PasswordInput, "Client secret", secret);
        // Twice: what is sent the second time is what stayed.
        for _ in 0..2 {
            harness.get_by_label("Save").click();
            harness.run();
            let (job, command) = harness.state_mut().asked();
            let Command::Tenant(ask::Command::AddM2m { m2m, .. }) = command else { panic!("{command:?}") };
            assert_eq!(m2m, words, "{client_id}");
            let event = ask::Event::Added(Err(error.clone()));
            harness.state_mut().with(|tenant, _, _, actions| {
                tenant.on_event(job, event, Timestamp::UNIX_EPOCH, actions);
            });
            harness.run();
            assert!(harness.query_all_by_label_contains(&error.title).next().is_some(), "{} is not shown", error.title);
        }
    }
}

#[test]
fn every_broken_token_gets_a_sentence_and_stays_in_its_box() {
    for typed in tokens() {
        let decoded: Decoded = judge(typed.as_bytes(), &Keys::nobody(), &Options::pasted(Timestamp::UNIX_EPOCH));
        assert_ne!(decoded.verdict, TokenVerdict::Verified, "{typed}");
        let failing = decoded.checks.iter().find(|check| check.verdict == Verdict::Fail);
        let failing = failing.unwrap_or_else(|| panic!("{typed}: no check fails"));
        for words in [&failing.why, &failing.fix] {
            let words = words.as_deref().unwrap_or_default();
            assert!(words.split_whitespace().count() >= 2, "{typed}: {failing:?}");
            assert!(!words.contains(SECRET), "{typed} is repeated");
        }
        // What stands between backticks is drawn as code, and read without them.
        let headline = decoded.headline.replace('`', "");
        assert!(!headline.is_empty(), "{typed}");

        let mut harness = room(None, false);
        type_into(&mut harness, Role::MultilineTextInput, "Token", &typed);
        let (job, command) = harness.state_mut().asked();
        let Command::Inspect(inspect::Command::Judge { input, .. }) = command else { panic!("{command:?}") };
        assert_eq!(input.expose(), typed);
        let judged = inspect::Judged { decoded: Arc::new(decoded), whose: String::new() };
        harness.state_mut().with(|_, inspector, _, actions| {
            inspector.on_event(job, inspect::Event::Judged(Ok(judged)), Timestamp::UNIX_EPOCH, actions);
        });
        harness.run();
        assert!(harness.query_all_by_label_contains(&headline).next().is_some(), "{typed}: {headline} is not shown");
        let kept = harness.get_by_role_and_label(Role::MultilineTextInput, "Token").value();
        assert_eq!(kept.as_deref(), Some(typed.as_str()));
    }
}
