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

/// What is typed, and what the sentence about it must say.
const DOMAINS: [(&str, &str); 44] = [
    ("   ", "No domain was given"),
    ("\"\"", "No domain was given"),
    ("KINDE_DOMAIN=", "No domain was given"),
    ("https://", "no host"),
    ("http:", "no host"),
    ("https:///path", "no host"),
    (":3000", "no host"),
    ("...", "Only dots"),
    (".kinde.com", "starts with a dot"),
    ("acme..kinde.com", "two dots in a row"),
    ("acme kinde com", "white space"),
    ("acme.kinde.com other.kinde.com", "more than one was pasted"),
    ("acme,kinde.com", "comma"),
    ("ada@example.com", "email address"),
    ("https://user:pw@acme.kinde.com", "user name or password"),
    ("ftp://acme.kinde.com", "ftp is not a scheme"),
    ("htps://acme.kinde.com", "htps is not a scheme"),
    ("file:///etc/hosts", "file is not a scheme"),
    ("acme.kinde.com:99999", "port"),
    ("auth.example.com:0", "port"),
    ("auth.example.com:abc", "port"),
    ("192.168.1.20", "IP address"),
    ("8.8.8.8:443", "IP address"),
    ("0.0.0.0", "IP address"),
    ("[2001:db8::1]", "IP address"),
    ("[::1", "never closed"),
    ("acme.123", "ends in a number"),
    ("acme_dev.kinde.com", "underscore"),
    ("-acme.kinde.com", "hyphen"),
    ("acme-.kinde.com", "hyphen"),
    ("acme!.kinde.com", "no domain has: !"),
    ("acme.kinde.com*", "no domain has: *"),
    ("kinde.com", "Kinde's own site"),
    ("https://app.kinde.com/admin", "Kinde's own site"),
    ("acme.kinde", "Did you mean acme.kinde.com?"),
    ("acme.kinde.con", "Did you mean acme.kinde.com?"),
    ("<your_subdomain>.kinde.com", "placeholder"),
    ("https://{subdomain}.kinde.com", "placeholder"),
    ("${KINDE_DOMAIN}", "placeholder"),
    (ID, "client ID, not a domain"),
    (SECRET, "client secret, not a domain"),
    ("eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "token, not a domain"),
    ("kp_0ba7c433e5d648cf992621ce99d42817", "user ID"),
    ("org_590d7f1a86a", "organization code"),
];

const CREDENTIALS: [(&str, &str, &str); 16] = [
    (" ", SECRET, "client ID is empty"),
    (ID, " ", "client secret is empty"),
    (ID, "\"\"", "client secret is empty"),
    (SECRET, ID, "swapped"),
    (SECRET, "abcdefabcdef", "not a client ID"),
    (ID, ID, "not a client secret"),
    (ID, "eyJhbGciOi.e30.x", "token, not a client secret"),
    ("eyJhbGciOi.e30.x", SECRET, "token, not a client ID"),
    ("https://acme.kinde.com", SECRET, "address, not a client ID"),
    (ID, "https://acme.kinde.com/api", "address, not a client secret"),
    ("<client_id>", SECRET, "placeholder of a guide, not a client ID"),
    (ID, "your_client_secret", "placeholder of a guide, not a client secret"),
    (ID, "two words", "white space inside the client secret"),
    (ID, "pässword", "never uses"),
    (ID, "********", "mask, not the client secret"),
    (ID, "•••••••••••••••", "mask, not the client secret"),
];

/// What is pasted, and what the reason against it must say.
fn tokens() -> Vec<(String, &'static str)> {
    let token = |header: &str, claims: &str| {
        format!("{}.{}.{}", b64(header.as_bytes()), b64(claims.as_bytes()), b64(&[255; 256]))
    };
    let good = token(r#"{"alg":"RS256","kid":"k1"}"#, r#"{"sub":"kp_1"}"#);
    let (head, rest) = good.split_once('.').unwrap();
    vec![
        ("junk".to_owned(), "no dots"),
        ("hello world, this is no token".to_owned(), "no dots"),
        ("....".to_owned(), "5 parts"),
        ("a.b.c".to_owned(), "not base64url"),
        ("{\"type\":\"user.created\"}".to_owned(), "This is JSON and no JWT"),
        ("<html>".to_owned(), "no dots"),
        ("gho_16C7e42F292c6912E7710c838347Ae178B4a".to_owned(), "provider token"),
        (ID.to_owned(), "no dots"),
        (SECRET.to_owned(), "no dots"),
        (head.to_owned(), "no dots"),
        (format!("{head}.{}", rest.split_once('.').unwrap().0), "Only two parts"),
        (format!("{good}.more"), "4 parts"),
        (format!("{good}="), "sent as a form"),
        (good.replacen('.', " . ", 1), "White space"),
        (good.replace('_', "/"), "base64"),
        (good.chars().take(good.len() - 40).collect(), "base64url"),
        (good.chars().skip(4).collect(), "no JSON"),
        (format!("é{good}"), "not base64url"),
        (token("{", "{}"), "too early"),
        (token("[]", "{}"), "a list"),
        (token(r#"{"alg":"none"}"#, r#"{"sub":"kp_1"}"#), "Unsigned"),
        (token(r#"{"alg":"HS256"}"#, r#"{"sub":"kp_1"}"#), "Nobody said"),
        (token(r#"{"alg":"RS256","alg":"none"}"#, "{}"), "stands twice"),
        (token(r#"{"alg":"RS256","crit":["exp"]}"#, "{}"), "`crit`"),
        (token(r#"{"alg":"RS256","enc":"A256GCM"}"#, "{}"), "Nobody said"),
        (token(r#"{"alg":7}"#, "{}"), "a number"),
        (token(r#"{"typ":"JWT"}"#, "{}"), "`alg` is missing"),
        (good, "Nobody said"),
    ]
}

fn is_told(error: &UserError, typed: &str, word: &str) {
    assert!(format!("{} {}", error.title, error.detail).contains(word), "{typed:?} without {word:?}: {error:?}");
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
    for (typed, word) in DOMAINS {
        let error = match Domain::parse(typed) {
            Err(error) => error,
            Ok(domain) => panic!("{typed:?} was read as {domain}"),
        };
        is_told(&error, typed, word);
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
    for (client_id, secret, word) in CREDENTIALS {
        let words = M2m { client_id: client_id.into(), client_secret: Secret::new(secret), audience: None };
        let error = add::checked(words.clone()).unwrap_err();
        is_told(&error, client_id, word);
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
    for (typed, word) in tokens() {
        let decoded: Decoded = judge(typed.as_bytes(), &Keys::nobody(), &Options::pasted(Timestamp::UNIX_EPOCH));
        assert_ne!(decoded.verdict, TokenVerdict::Verified, "{typed}");
        let failing = decoded.checks.iter().find(|check| check.verdict == Verdict::Fail);
        let failing = failing.unwrap_or_else(|| panic!("{typed}: no check fails"));
        assert!(failing.why.as_deref().unwrap_or_default().contains(word), "{typed} without {word:?}: {failing:?}");
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
        assert_eq!(input.as_bytes(), typed.as_bytes());
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
