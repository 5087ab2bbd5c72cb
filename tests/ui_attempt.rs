//! The pane of one kept attempt by its accessible names, in every state it can be in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::cell::Cell;
use std::sync::Arc;

use egui::{Key, Modifiers, Theme, vec2};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults};
use jiff::Timestamp;
use kinde_panel::action::{Action, JobId};
use kinde_panel::backend::attempt::{Command, Compared, Event, Opened, Signer, Told, Writing, Written};
use kinde_panel::backend::{self, End};
use kinde_panel::check::Check;
use kinde_panel::error::{Category, UserError};
use kinde_panel::inspector::as_test::Flavour;
use kinde_panel::inspector::as_types::Dialect;
use kinde_panel::inspector::compare::compare;
use kinde_panel::inspector::damage::{Change, Damage};
use kinde_panel::inspector::decode::{Bytes, Decoded, Keys, Options, judge};
use kinde_panel::inspector::forward::{Known, Response, Target};
use kinde_panel::inspector::replay::{Replayed, Signed};
use kinde_panel::inspector::truth::{Row, Standing, Truth};
use kinde_panel::jwt::encode_base64url as b64;
use kinde_panel::screens::Cx;
use kinde_panel::screens::inspector::detail::{self, Turn};
use kinde_panel::secrets::{KeyringState, Secret};
use kinde_panel::store::attempts::{Answer, Attempt, Duplicate, Forwarded, HUNG_UP, Whole, sha256, sha256_hex};
use kinde_panel::tenant::Profile;
use kinde_panel::ui::tokens;

const EVENT: &str = r#"{"data":{"user":{"email":"ada@example.com","first_name":"Ada","id":"kp_ada","is_suspended":false,"organizations":[{"code":"org_1","permissions":null}],"phone":null}},"event_id":"event_1","source":"admin","timestamp":"2026-08-20T12:04:29Z","type":"user.created"}"#;

struct World {
    state: detail::State,
    actions: Vec<Action>,
    profile: Profile,
    next: Cell<JobId>,
    now: Timestamp,
    turn: Option<Turn>,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn token(claims: &str) -> String {
    let header = br#"{"alg":"RS256","kid":"4c:fa:9e:d6:47:23:b7:39","typ":"JWT"}"#;
    format!("{}.{}.{}", b64(header), b64(claims.as_bytes()), b64(&[7; 256]))
}

fn attempt(seq: i64, received: &str, answered: u16) -> Attempt {
    Attempt {
        seq,
        owner: "p".into(),
        received_at: at(received),
        webhook_id: Some("5f0c-1".into()),
        event_id: Some("event_1".into()),
        event_type: Some("user.created".into()),
        who: Some("ada@example.com".into()),
        attempt: u32::try_from(seq - 6).unwrap(),
        duplicate: Duplicate::No,
        verdict: Some("verified".into()),
        failed: None,
        judged_at: Some(at(received)),
        body_sha256: sha256_hex(EVENT.as_bytes()),
        responded: Some(answered),
        forwarded: Vec::new(),
        pinned: false,
        whole: true,
        via: None,
    }
}

fn whole(attempt: Attempt, body: &str) -> Whole {
    let headers = [("host", "127.0.0.1:4444"), ("content-type", "application/jwt"), ("webhook-id", "5f0c-1")];
    Whole {
        attempt,
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        body: body.as_bytes().to_vec(),
        decode: None,
        content: Some(sha256(EVENT.as_bytes())),
        said: None,
    }
}

fn opened(body: &str) -> Opened {
    let own = attempt(7, "2026-08-20T12:04:31Z", 200);
    Opened { siblings: vec![own.clone()], whole: whole(own, body), answers: Vec::new(), known: Vec::new() }
}

fn decoded(body: &str) -> Decoded {
    judge(body.as_bytes(), &Keys::nobody(), &Options::pasted(at("2026-08-20T12:04:31Z")))
}

fn good_checks() -> Vec<Check> {
    vec![
        Check::pass("transport").seen("application/jwt"),
        Check::pass("envelope").seen("612 bytes"),
        Check::pass("header").seen("RS256, kid 4c:fa:9e:d6:47:23:b7:39"),
        Check::pass("key").seen("4c:fa:9e:d6:47:23:b7:39").because("RSA 2048, of acme.kinde.com"),
        Check::pass("signature").seen("RS256"),
        Check::pass("claims"),
        Check::pass("freshness").seen("2 s old"),
        Check::pass("duplicate").seen("not seen here before"),
    ]
}

fn verified(body: &str) -> Told {
    Told {
        headline: "Verified: user.created, signed by acme.kinde.com".into(),
        checks: good_checks(),
        decoded: Some(Arc::new(decoded(body))),
        signer: None,
    }
}

impl World {
    fn with<R>(&mut self, work: impl FnOnce(&mut detail::State, &Cx<'_>, &mut Vec<Action>) -> R) -> R {
        let cx = Cx {
            now: self.now,
            profile: Some(&self.profile),
            profiles: &[],
            keyring: &KeyringState::Ready,
            data_dir: "",
            next_job: &self.next,
        };
        work(&mut self.state, &cx, &mut self.actions)
    }

    /// The last thing asked of the backend.
    fn asked(&mut self) -> (JobId, Command) {
        let run = self.actions.drain(..).filter_map(|action| match action {
            Action::Run(job, backend::Command::Attempt(command)) => Some((job, command)),
            _ => None,
        });
        run.reduce(|_, last| last).expect("nothing was asked")
    }

    fn answer(&mut self, job: JobId, event: Event) {
        let now = self.now;
        self.with(|state, _, actions| state.on_event(job, event, now, actions));
    }

    fn copied(&mut self) -> String {
        let copied = self.actions.drain(..).find_map(|action| match action {
            Action::CopyText(text) => Some(text.expose().to_owned()),
            _ => None,
        });
        copied.expect("nothing was copied")
    }
}

/// The pane with attempt 7 selected; `opened` and `told` as far as they have come.
fn harness(which: Theme, opened: Option<Opened>, told: Option<Told>) -> Harness<'static, World> {
    let mut world = World {
        state: detail::State::default(),
        actions: Vec::new(),
        profile: Profile { name: "acme-staging".into(), ..Profile::sandbox() },
        next: Cell::new(0),
        now: at("2026-08-20T12:04:40Z"),
        turn: None,
    };
    world.with(|state, cx, actions| state.select(Some(7), cx, actions));
    let (job, command) = world.asked();
    assert!(matches!(command, Command::Open { seq: 7, .. }), "{command:?}");
    if let Some(opened) = opened {
        world.answer(job, Event::Opened(Ok(Some(Box::new(opened)))));
    }
    if let Some(told) = told {
        world.answer(job, Event::Judged(Ok(Box::new(told))));
    }
    let mut harness = Harness::builder()
        .with_size(vec2(960.0, 640.0))
        .with_theme(which)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_options(SnapshotOptions::new().threshold(0.8).max_failed_pixels(40))
        .with_context_setup(common::look)
        .build_ui_state(
            |ui, world: &mut World| {
                let page = tokens(ui).page;
                let all = ui.ctx().content_rect();
                ui.ctx().layer_painter(egui::LayerId::background()).rect_filled(all, 0, page);
                egui::Frame::new().fill(page).inner_margin(16).show(ui, |ui| {
                    if let Some(turn) = world.with(|state, cx, actions| detail::ui(ui, state, cx, actions)) {
                        world.turn = Some(turn);
                    }
                });
            },
            world,
        );
    harness.run();
    harness
}

fn press(harness: &mut Harness<'_, World>, name: &str) {
    // A word may be a button's and a label's beside it: the button comes first.
    harness.get_all_by_label(name).next().unwrap_or_else(|| panic!("{name} is not there")).click();
    harness.run();
}

fn shows(harness: &Harness<'_, World>, words: &str) {
    assert!(harness.query_all_by_label_contains(words).count() > 0, "{words} is not there");
}

#[test]
fn a_verified_event_says_so_shows_its_payload_and_every_value_can_be_copied() {
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let body = token(EVENT);
        let mut harness = harness(theme, Some(opened(&body)), Some(verified(&body)));
        harness.get_by_label("Verified: user.created, signed by acme.kinde.com");
        press(&mut harness, "email");
        harness.get_by_label("data.user.email");
        harness.get_by_label("Copy value");
        harness.get_by_label("Copy path");
        common::picture(&mut harness, format!("attempt_verified_{suffix}"));
        press(&mut harness, "Why?");
        harness.get_by_label("key, closed");
        harness.get_by_label("Fold user").click();
        harness.run();
        assert!(harness.query_by_label("email").is_none());
        results.extend_harness(&mut harness);
    }
}

#[test]
fn an_event_of_another_saved_profile_offers_to_switch_to_it() {
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let body = token(EVENT);
        let id = uuid::Uuid::from_u128(7);
        let mut told = verified(&body);
        told.headline = "This came from acme-production, not from acme.kinde.com: acme-production signed it".into();
        told.checks[3] = Check::fail(
            "key",
            told.headline.clone(),
            "Switch to the profile acme-production, or point the application that receives it at acme-production",
        );
        told.checks[4] = Check::skipped("signature", "Not reached: see the first failing rung");
        told.signer = Some(Signer { id, name: "acme-production".into() });
        let mut harness = harness(theme, Some(opened(&body)), Some(told));
        harness.get_by_label_contains("Switch to the profile acme-production");
        common::picture(&mut harness, format!("attempt_unknown_key_{suffix}"));
        press(&mut harness, "Switch profile");
        let actions = &harness.state().actions;
        assert!(actions.iter().any(|action| matches!(action, Action::SwitchProfile(to) if *to == id)), "{actions:?}");
        results.extend_harness(&mut harness);
    }
}

#[test]
fn a_damaged_body_shows_what_was_done_to_it_and_the_bytes_that_differ() {
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let body = format!("\"{}\"\n", token(EVENT));
        let mut told = verified(&body);
        told.headline = "It stands in JSON quotes. Without that it verifies".into();
        told.checks[1] = Check::fail(
            "envelope",
            told.headline.clone(),
            "smee, express.json() or a proxy. Let it pass on the body byte for byte",
        );
        let mut bytes = decoded(&body);
        bytes.payload = Bytes::None;
        bytes.damage = Some(Damage {
            what: "It stands in JSON quotes",
            culprit: "smee, express.json() or a proxy",
            proven: true,
            changes: vec![
                Change { at: 0, received: b"\"".to_vec(), signed: Vec::new() },
                Change { at: 611, received: b"\"\n".to_vec(), signed: Vec::new() },
            ],
            token: Secret::new(token(EVENT)),
        });
        told.decoded = Some(Arc::new(bytes));
        let mut harness = harness(theme, Some(opened(&body)), Some(told));
        harness.get_by_label("It stands in JSON quotes");
        harness.get_by_label("611");
        harness.get_by_label("Read after undoing what was done to it on its way");
        common::picture(&mut harness, format!("attempt_damaged_{suffix}"));
        results.extend_harness(&mut harness);
    }
}

#[test]
fn the_timeline_has_the_attempts_seen_here_kindes_clock_and_a_failed_forward_explained() {
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let body = token(EVENT);
        let mut own = attempt(8, "2026-08-20T12:04:37Z", 500);
        own.seq = 7;
        own.forwarded = vec![Forwarded {
            url: "http://localhost:3000/api/webhook".into(),
            status: Some(404),
            ms: 12,
            ..Forwarded::default()
        }];
        let mut first = attempt(7, "2026-08-20T12:04:31Z", 500);
        first.seq = 6;
        let answer = Answer {
            headers: vec![("server".into(), "canary".into())],
            body: "Cannot POST /api/webhook".into(),
            ..Answer::default()
        };
        let known = Known { path: "/api/webhooks/kinde".into(), status: 200 };
        let opened = Opened {
            siblings: vec![first, own.clone()],
            whole: whole(own, &body),
            answers: vec![Some(Answer { size: 24, ..answer })],
            known: vec![vec![known]],
        };
        let mut harness = harness(theme, Some(opened), Some(verified(&body)));
        // That a forward failed is said whatever part shows.
        harness.get_by_label_contains("Answered 404 by localhost:3000/api/webhook. ");
        press(&mut harness, "Show the forwards");
        harness.get_by_label_contains("Kinde says roughly");
        harness.get_by_label_contains("36 hours");
        harness.get_by_label_contains("72 hours");
        harness.get_by_label("404 · 12 ms");
        // The paths stand beside each other.
        shows(&harness, "Send to /api/webhooks/kinde, or move the handler");
        for words in ["Sent to", "/api/webhook", "Answered before", "/api/webhooks/kinde", "200 there"] {
            harness.get_by_label(words);
        }
        harness.set_size(vec2(960.0, 1000.0));
        harness.run();
        press(&mut harness, "Answer, 24 bytes");
        shows(&harness, "server: canary");
        common::picture(&mut harness, format!("attempt_timeline_{suffix}"));
        harness.get_all_by_label("Replay").last().unwrap().click();
        harness.run();
        let (_, command) = harness.state_mut().asked();
        let Command::Replay { seq: 7, target, edited: None, .. } = command else { panic!("{command:?}") };
        assert_eq!(target.shown(), "http://localhost:3000/api/webhook");
        results.extend_harness(&mut harness);
    }
}

/// The pane of an attempt that was forwarded to `url`, as the history or a file has it, its Timeline open; `own` is where
/// the profile forwards to.
fn forwarded_to(url: &str, own: &[Target]) -> Harness<'static, World> {
    let body = token(EVENT);
    let on = Forwarded { url: url.into(), status: Some(500), ms: 12, ..Forwarded::default() };
    let one = Attempt { forwarded: vec![on], ..attempt(7, "2026-08-20T12:04:31Z", 200) };
    let opened = Opened { siblings: vec![one.clone()], whole: whole(one, &body), ..opened(&body) };
    let mut harness = harness(Theme::Dark, Some(opened), Some(verified(&body)));
    harness.state_mut().state.targets_are(own);
    harness.set_size(vec2(960.0, 1000.0));
    harness.get_all_by_label_contains("Timeline").next().unwrap().click();
    harness.run();
    harness.get_by_label("500 · 12 ms");
    harness.state_mut().actions.clear();
    harness
}

/// Presses Replay beside the forward; where it is sent to, if it is.
fn replayed(harness: &mut Harness<'_, World>) -> Option<String> {
    harness.get_all_by_label("Replay").last().unwrap().click();
    harness.run();
    harness.state_mut().actions.drain(..).find_map(|action| match action {
        Action::Run(_, backend::Command::Attempt(Command::Replay { target, .. })) => Some(target.url().to_string()),
        _ => None,
    })
}

#[test]
fn a_forward_that_a_file_tells_of_is_not_repeated_to_another_machine_unless_a_person_means_it() {
    let mut harness = forwarded_to("https://elsewhere.example/hook", &[]);
    assert_eq!(replayed(&mut harness), None);
    // The part that asks is open, with the address in it.
    harness.get_by_label_contains("It is not on this machine");
    assert_eq!(replayed(&mut harness), None);
    harness.get_by_label_contains("It is not on this machine").click();
    harness.run();
    assert_eq!(replayed(&mut harness).as_deref(), Some("https://elsewhere.example/hook"));

    let mut never = forwarded_to("http://169.254.169.254/latest", &[]);
    assert_eq!(replayed(&mut never), None);
    assert_eq!(replayed(&mut never), None, "there is nothing to mean");
    assert!(never.query_by_label_contains("It is not on this machine, and that is meant").is_none());
}

#[test]
fn a_forward_is_repeated_to_the_whole_address_that_the_profile_forwards_to() {
    let own = |text: &str| Target::parse(text, true).unwrap();
    let (here, there) = (own("http://localhost:3000/hook?key=1"), own("https://app.example.com/hook?key=2"));
    let both = [here.clone(), there.clone()];
    for target in &both {
        let mut harness = forwarded_to(&target.shown(), &both);
        assert_eq!(
            replayed(&mut harness).as_deref(),
            Some(target.url().as_str()),
            "it was confirmed when it was added"
        );
    }
    // The Replay part and the curl line are filled in by it too.
    let mut harness = forwarded_to(&here.shown(), &both);
    press(&mut harness, "Copy as…");
    press(&mut harness, "Copy as curl");
    assert!(harness.state_mut().copied().contains(here.url().as_str()));
    press(&mut harness, "Replay");
    assert_eq!(replayed(&mut harness).as_deref(), Some(here.url().as_str()));

    // Two that differ by what is not kept: a person chooses.
    let mut harness = forwarded_to(&here.shown(), &[here.clone(), own("http://localhost:3000/hook?key=3")]);
    assert_eq!(replayed(&mut harness), None);
    assert_eq!(replayed(&mut harness).as_deref(), Some(here.url().as_str()));

    let mut harness = forwarded_to("http://localhost:4000/hook", &both);
    assert_eq!(replayed(&mut harness).as_deref(), Some("http://localhost:4000/hook"));
}

#[test]
fn where_it_is_not_known_what_the_sender_was_answered_nothing_is_said_to_have_failed_and_no_clock_runs() {
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let body = token(EVENT);
        // As an import has it, and one whose answer is still awaited.
        let own = Attempt { responded: None, ..attempt(7, "2026-08-20T12:04:31Z", 200) };
        let mut first = attempt(7, "2026-08-20T12:04:25Z", HUNG_UP);
        first.seq = 6;
        let opened = Opened { siblings: vec![first, own.clone()], whole: whole(own, &body), ..opened(&body) };
        let mut harness = harness(theme, Some(opened), Some(verified(&body)));
        harness.get_all_by_label_contains("Timeline").next().unwrap().click();
        harness.run();
        shows(&harness, "whether Kinde sends it again is not either");
        harness.get_by_label("not known");
        harness.get_by_label("hung up");
        for words in ["Kinde says roughly", "36 hours", "72 hours", "next"] {
            assert_eq!(harness.query_all_by_label_contains(words).count(), 0, "{words}");
        }
        common::picture(&mut harness, format!("attempt_not_known_{suffix}"));
        results.extend_harness(&mut harness);
    }
}

#[test]
fn a_retry_is_put_beside_the_earlier_attempt_at_once_and_told_to_be_re_signed() {
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let (body, other) = (token(EVENT), token(&EVENT.replace("12:04:29Z", "12:04:24Z")));
        let mut one = opened(&body);
        let mut earlier = attempt(7, "2026-08-20T12:04:25Z", 500);
        earlier.seq = 6;
        one.siblings.insert(0, earlier.clone());
        let mut harness = harness(theme, Some(one), Some(verified(&body)));
        press(&mut harness, "Compare");
        let (job, command) = harness.state_mut().asked();
        assert!(matches!(command, Command::Compare { left: 7, right: 6, .. }), "{command:?}");
        let comparison = compare(&decoded(&body), &decoded(&other));
        let compared = Compared { right: earlier, comparison, same_bytes: false, same_content: Some(true) };
        harness.state_mut().answer(job, Event::Compared(Ok(Some(Box::new(compared)))));
        harness.run();
        harness.get_by_label_contains("Re-signed: the event is the same, the bytes differ");
        harness.get_by_label("differs");
        common::picture(&mut harness, format!("attempt_compare_{suffix}"));
        results.extend_harness(&mut harness);
    }
}

#[test]
fn what_is_loading_gone_failed_or_not_chosen_each_says_so() {
    let mut loading = harness(Theme::Dark, None, None);
    loading.step();
    assert!(loading.query_by_label("Payload").is_none());
    let (job, gone) = (1, Event::Opened(Ok(None)));
    loading.state_mut().answer(job, gone);
    loading.run();
    loading.get_by_label("This attempt is not kept any more");

    let mut failed = harness(Theme::Dark, None, None);
    let error = UserError::new(Category::File, "The history cannot be read").detail("disk").hint("Free some space");
    failed.state_mut().answer(1, Event::Opened(Err(error)));
    failed.run();
    press(&mut failed, "Try again");
    assert!(matches!(failed.state_mut().asked().1, Command::Open { seq: 7, .. }));

    let mut broken = harness(Theme::Dark, Some(opened("x")), None);
    broken.state_mut().with(|state, _, _| state.on_end(1, End::Broken));
    broken.run();
    press(&mut broken, "Judge again");
    assert!(matches!(broken.state_mut().asked().1, Command::Open { seq: 7, .. }));

    let mut none = harness(Theme::Dark, None, None);
    none.state_mut().with(|state, cx, actions| state.select(None, cx, actions));
    none.run();
    none.get_by_label("Choose an attempt to see what is in it");
}

#[test]
fn a_token_that_was_kept_without_its_signature_cannot_be_replayed_and_says_why() {
    let mut one = opened("eyJ.eyJ.");
    one.whole.attempt.whole = false;
    one.whole.attempt.verdict = None;
    one.whole.decode = Some(r#"{"checks":[],"payload_text":"{\"sub\":\"kp_1\"}"}"#.into());
    let told = Told { headline: "It was never judged".into(), checks: Vec::new(), decoded: None, signer: None };
    let mut harness = harness(Theme::Dark, Some(one), Some(told));
    harness.get_by_label_contains("not judged yet");
    harness.get_by_label_contains("Its signature is not kept");
    shows(&harness, "sub");
    press(&mut harness, "Raw");
    harness.get_by_label_contains("without the signature");
    let tab = harness.get_all_by_label("Replay").next().unwrap();
    tab.click();
    harness.run();
    harness.get_by_label_contains("it cannot be replayed");
    press(&mut harness, "Copy as…");
    assert!(harness.query_by_label("Copy as curl").is_none());
}

#[test]
fn what_is_no_token_and_a_huge_body_are_shown_as_bytes_without_laying_all_of_it_out() {
    let huge = "x".repeat(9 << 20);
    let mut told = verified("x");
    told.decoded = Some(Arc::new(decoded("no token")));
    let mut harness = harness(Theme::Dark, Some(opened(&huge)), Some(told));
    harness.get_by_label_contains("no token in it that can be read");
    press(&mut harness, "Raw");
    shows(&harness, "9437184 bytes. SHA-256");
    press(&mut harness, "Hex");
    harness.get_by_label("The first 16384 bytes of 9437184");
    press(&mut harness, "Headers");
    harness.get_by_label("Copy webhook-id");
}

#[test]
fn an_edited_payload_is_signed_by_the_sandbox_alone_and_its_result_stands_beside_it() {
    let body = token(EVENT);
    let mut harness = harness(Theme::Dark, Some(opened(&body)), Some(verified(&body)));
    press(&mut harness, "Replay");
    press(&mut harness, "Edit the payload first");
    harness.get_by_label_contains("Only the sandbox of this data folder can sign");
    press(&mut harness, "Sign and send");
    let (job, command) = harness.state_mut().asked();
    let Command::Replay { edited: Some(edited), .. } = command else { panic!("{command:?}") };
    assert!(edited.contains("\"kp_ada\""));
    let forwarded =
        Forwarded { url: "http://localhost:3000/".into(), status: Some(401), ms: 3, ..Forwarded::default() };
    let response = Response { forwarded, headers: vec![("server".into(), "x".into())], body: "unauthorized".into() };
    let signed = Signed::BySandbox { webhook_id: "w".into(), token: "t".into() };
    harness.state_mut().answer(
        job,
        Event::Replayed(Ok(Box::new(Replayed {
            seq: 7,
            response,
            signed,
            answer: Answer::default(),
            known: Vec::new(),
        }))),
    );
    harness.run();
    harness.get_by_label("401 · 3 ms");
    harness.get_by_label_contains("signed by the sandbox under a new request ID");
    shows(&harness, "Built with");
}

#[test]
fn another_machine_as_the_target_must_be_meant() {
    let body = token(EVENT);
    let mut harness = harness(Theme::Dark, Some(opened(&body)), Some(verified(&body)));
    press(&mut harness, "Replay");
    harness.get_by_label("Target").focus();
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.event(egui::Event::Paste("https://app.example.com/api/webhook".into()));
    harness.run();
    let send = |harness: &mut Harness<'_, World>| {
        harness.get_all_by_label("Replay").last().unwrap().click();
        harness.run();
        harness.state().actions.iter().any(|action| matches!(action, Action::Run(..)))
    };
    assert!(!send(&mut harness));
    harness.get_by_label_contains("It is not on this machine").click();
    harness.run();
    assert!(send(&mut harness));
}

#[test]
fn kinde_is_asked_only_when_a_person_presses_and_the_rows_stand_beside_each_other() {
    let body = token(EVENT);
    let mut harness = harness(Theme::Dark, Some(opened(&body)), Some(verified(&body)));
    press(&mut harness, "Kinde's copy");
    assert!(harness.state().actions.is_empty(), "{:?}", harness.state().actions);
    harness.get_by_label_contains("acme-staging");
    press(&mut harness, "Ask Kinde");
    let (job, command) = harness.state_mut().asked();
    assert!(matches!(command, Command::Truth { .. }), "{command:?}");
    let row = Row {
        path: "data.user.email".into(),
        here: Some("\"ada@example.com\"".into()),
        there: Some("\"new@example.com\"".into()),
        standing: Standing::Differs,
    };
    let check = Check::fail("truth", "Kinde tells this event otherwise: data.user.email", "Compare the fields");
    harness.state_mut().answer(job, Event::Truth(Ok(Box::new(Truth { check, rows: vec![row], copy: None }))));
    harness.run();
    harness.get_by_label("\"new@example.com\"");
    harness.get_by_label("Ask again");
}

#[test]
fn the_copy_menu_copies_a_curl_line_at_once_and_a_type_when_it_is_written() {
    let body = token(EVENT);
    let mut harness = harness(Theme::Dark, Some(opened(&body)), Some(verified(&body)));
    press(&mut harness, "Copy as…");
    press(&mut harness, "Copy as curl");
    let line = harness.state_mut().copied();
    assert!(line.contains(&body) && line.contains("webhook-id: 5f0c-1"), "{line}");
    press(&mut harness, "Copy as…");
    press(&mut harness, "Copy as a Zod schema");
    let (job, command) = harness.state_mut().asked();
    assert!(matches!(command, Command::Write { what: Writing::Types(Dialect::Zod), .. }), "{command:?}");
    let written = Written {
        name: "Zod schema of user.created".into(),
        text: Secret::new("z.object"),
        note: "From 3 verified events".into(),
    };
    harness.state_mut().answer(job, Event::Written(Ok(written)));
    assert_eq!(harness.state_mut().copied(), "z.object");
    harness.run();
    harness.get_by_label("Zod schema of user.created copied");
}

#[test]
fn the_request_is_copied_as_it_came_and_four_lines_tell_a_colleague_without_the_token() {
    let body = token(EVENT);
    let mut told = verified(&body);
    told.headline = "Not verified: the signature does not fit".into();
    told.checks[4] =
        Check::fail("signature", "The signature does not fit", "Pass the body on byte for byte").seen("RS256");
    let mut harness = harness(Theme::Dark, Some(opened(&body)), Some(told));
    press(&mut harness, "Copy as…");
    press(&mut harness, "Copy as raw HTTP");
    let request = harness.state_mut().copied();
    let (head, sent) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(sent, body, "the bytes that came");
    assert!(head.starts_with("POST / HTTP/1.1\r\n"), "{head}");
    for line in ["host: 127.0.0.1:4444", "content-type: application/jwt", "webhook-id: 5f0c-1"] {
        assert_eq!(head.lines().filter(|own| *own == line).count(), 1, "{line} in {head}");
    }
    assert!(head.ends_with(&format!("content-length: {}", body.len())), "{head}");
    harness.run();
    harness.get_by_label("The request is copied");

    press(&mut harness, "Copy as…");
    press(&mut harness, "Copy for a colleague");
    let lines = harness.state_mut().copied();
    let wanted = [
        "Verdict: Not verified: the signature does not fit",
        "Evidence: RS256",
        "Cause: The signature does not fit",
        "Fix: Pass the body on byte for byte",
    ];
    assert_eq!(lines.lines().collect::<Vec<_>>(), wanted);
    assert!(!lines.contains(body.split('.').nth(2).unwrap()));
    harness.run();
    harness.get_by_label("Four lines for a colleague are copied");
}

#[test]
fn a_body_that_is_no_text_is_copied_as_a_curl_line_in_place_of_raw_http_and_says_so() {
    let mut one = opened("x");
    one.whole.body = vec![0x1f, 0x8b, 0xff, 0x00];
    let mut harness = harness(Theme::Dark, Some(one), Some(verified("x")));
    press(&mut harness, "Copy as…");
    press(&mut harness, "Copy as raw HTTP");
    let line = harness.state_mut().copied();
    assert!(line.starts_with("base64 -d") && line.contains("curl "), "{line}");
    harness.run();
    harness.get_by_label("The body is no text: copied as a curl line");
}

#[test]
fn the_copy_menu_copies_each_test_and_the_type_when_they_are_written_or_says_why_there_is_none() {
    let body = token(EVENT);
    let mut harness = harness(Theme::Light, Some(opened(&body)), Some(verified(&body)));
    for (item, wanted) in [
        ("Copy as a TypeScript type", Writing::Types(Dialect::TypeScript)),
        ("Copy as a test for Next.js", Writing::Test(Flavour::NextJs)),
        ("Copy as a test for Node", Writing::Test(Flavour::Node)),
        ("Copy as a test for Rust", Writing::Test(Flavour::Rust)),
    ] {
        press(&mut harness, "Copy as…");
        press(&mut harness, item);
        let (job, command) = harness.state_mut().asked();
        let Command::Write { what, seq, .. } = command else { panic!("{command:?}") };
        assert_eq!((what, seq), (wanted, 7));
        let written = Written {
            name: format!("What «{item}» wrote"),
            text: Secret::new(format!("text of {item}")),
            note: "It holds the token and its key set".into(),
        };
        harness.state_mut().answer(job, Event::Written(Ok(written)));
        assert_eq!(harness.state_mut().copied(), format!("text of {item}"));
        harness.run();
        harness.get_by_label(&format!("What «{item}» wrote copied"));
        shows(&harness, "It holds the token and its key set");
    }
    press(&mut harness, "Copy as…");
    press(&mut harness, "Copy as a test for Rust");
    let (job, _) = harness.state_mut().asked();
    let error = UserError::new(Category::Input, "There is no test of this one")
        .detail("It is refused, but not by its key or its signature")
        .hint("Choose a webhook that is verified");
    harness.state_mut().answer(job, Event::Written(Err(error)));
    harness.run();
    shows(&harness, "There is no test of this one");
    assert!(harness.state().actions.iter().all(|action| !matches!(action, Action::CopyText(_))), "nothing is copied");
}

#[test]
fn what_is_no_event_has_no_type_and_what_is_not_kept_whole_no_test() {
    let body = token(EVENT);
    let mut untyped = opened(&body);
    untyped.whole.attempt.event_type = None;
    let mut harness_of = harness(Theme::Dark, Some(untyped), Some(verified(&body)));
    press(&mut harness_of, "Copy as…");
    assert!(harness_of.query_by_label("Copy as a TypeScript type").is_none());
    harness_of.get_by_label("Copy as a test for Node");
    let mut bare = opened(&body);
    bare.whole.attempt.whole = false;
    let mut harness_of = harness(Theme::Dark, Some(bare), Some(verified(&body)));
    press(&mut harness_of, "Copy as…");
    assert!(harness_of.query_by_label("Copy as a test for Node").is_none());
    harness_of.get_by_label("Copy as a TypeScript type");
}

#[test]
fn of_the_value_that_is_chosen_its_text_its_json_and_its_path_are_copied() {
    let body = token(EVENT);
    let mut harness = harness(Theme::Dark, Some(opened(&body)), Some(verified(&body)));
    let copied = |harness: &mut Harness<'_, World>, name: &str| {
        harness.get_by_label(name).click();
        harness.step();
        let copied = harness.output().platform_output.commands.iter().find_map(|command| match command {
            egui::OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        });
        copied.expect("nothing was copied")
    };
    harness.set_size(vec2(960.0, 1000.0));
    harness.run();
    assert_eq!(copied(&mut harness, "Copy payload"), EVENT);
    harness.run();
    press(&mut harness, "email");
    assert_eq!(copied(&mut harness, "Copy JSON"), "\"ada@example.com\"");
    harness.run();
    assert_eq!(copied(&mut harness, "Copy value"), "ada@example.com");
    harness.run();
    assert_eq!(copied(&mut harness, "Copy path"), "data.user.email");
    harness.run();
    press(&mut harness, "organizations");
    assert_eq!(copied(&mut harness, "Copy JSON"), r#"[{"code":"org_1","permissions":null}]"#);
    assert!(harness.query_by_label("Copy value").is_none(), "a list has no text of its own");
}

#[test]
fn keys_go_to_the_next_attempt_and_part_and_copy_and_a_narrow_window_holds_it() {
    let body = token(EVENT);
    let mut harness = harness(Theme::Dark, Some(opened(&body)), Some(verified(&body)));
    harness.set_size(vec2(640.0, 300.0));
    harness.key_press_modifiers(Modifiers::ALT, Key::ArrowDown);
    harness.run();
    assert_eq!(harness.state().turn, Some(Turn::Older));
    harness.key_press_modifiers(Modifiers::ALT, Key::ArrowRight);
    harness.run();
    harness.get_by_label("Copy Body");
    harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::C);
    harness.run();
    assert!(harness.state_mut().copied().starts_with("curl "));
    for name in ["Newer attempt", "Older attempt", "Copy as…", "Compare"] {
        let place = harness.get_by_label(name).rect();
        assert!(place.right() <= 640.0, "{name} stands at {place:?}");
    }
}
