//! What is pasted is judged, told, compared and forgotten.

use std::sync::Arc;

use egui::{Theme, vec2};
use egui_kittest::SnapshotResults;
use egui_kittest::kittest::Queryable as _;
use jiff::Timestamp;
use kinde_panel::action::{Action, Command, JobId};
use kinde_panel::backend::inspect::{self, Event, Input, Judged, OpenedFile, WhichKeys};
use kinde_panel::inspector::decode::{Keys, Options, judge};
use kinde_panel::jwt::encode_base64url as b64;
use kinde_panel::screens::inspector;
use kinde_panel::secrets::Secret;
use kinde_panel::tenant::Profile;

use super::{common, stage};

const CLAIMS: &str = r#"{"aud":[],"azp":"3c0b1a","exp":1714549305,"feature_flags":{"beta":{"t":"b","v":true}},"iat":1714545705,"iss":"https://acme.kinde.com","org_code":"org_1","permissions":["read:invoices"],"scp":["openid","offline"],"sub":"kp_ada","big":12345678901234567890}"#;

fn token(claims: &str) -> String {
    format!("{}.{}.{}", b64(br#"{"alg":"RS256","kid":"k1","typ":"JWT"}"#), b64(claims.as_bytes()), b64(&[7; 256]))
}

type World = stage::World<inspector::State>;
type Harness = egui_kittest::Harness<'static, World>;

/// What the tests ask of the Paste side.
trait Pasted {
    /// The last thing asked of the backend.
    fn asked(&mut self) -> (JobId, inspect::Command);

    fn answer(&mut self, job: JobId, event: Event);

    /// Answers what was asked as the backend would, without a network.
    fn judge(&mut self);
}

impl Pasted for World {
    fn asked(&mut self) -> (JobId, inspect::Command) {
        self.ran(|_, command| match command {
            Command::Inspect(command) => Some(command),
            _ => None,
        })
    }

    fn answer(&mut self, job: JobId, event: Event) {
        self.with(|state, _, actions| state.on_event(job, event, Timestamp::UNIX_EPOCH, actions));
    }

    fn judge(&mut self) {
        let (job, command) = self.asked();
        let inspect::Command::Judge { input, keys } = command else { panic!("{command:?}") };
        let (keys, whose) = match keys {
            WhichKeys::Nobody => (Keys::nobody(), String::new()),
            WhichKeys::Pasted(text) => {
                (Keys::chosen("the pasted key", text.expose().as_bytes()), "the pasted key".into())
            }
            other => panic!("{other:?}"),
        };
        let at = Timestamp::from_second(1_714_545_800).unwrap();
        let decoded = Arc::new(judge(input.as_bytes(), &keys, &Options::pasted(at)));
        self.answer(job, Event::Judged(Ok(Judged { decoded, whose })));
    }
}

fn harness(which: Theme) -> Harness {
    let world = World::new(None, Timestamp::UNIX_EPOCH);
    stage::harness(which, vec2(900.0, 1500.0), world, |ui, world| {
        world.with(|state, cx, actions| inspector::ui(ui, state, cx, actions));
    })
}

fn paste(harness: &mut Harness, name: &str, text: &str) {
    harness.get_by_label(name).focus();
    harness.run();
    harness.event(egui::Event::Paste(text.to_owned()));
    harness.run();
}

#[test]
fn a_pasted_token_is_read_without_a_profile_and_its_issuer_is_offered() {
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let mut harness = harness(theme);
        harness.run();
        paste(&mut harness, "Token", &format!("Authorization: Bearer {}", token(CLAIMS)));
        harness.state_mut().judge();
        harness.run();
        harness.get_by_label("Read, not verified. Which Kinde domain signed it?");
        harness.get_by_label_contains("Cleaned:");
        harness.get_by_label("12345678901234567890");
        // Nothing but the text cursor may ask for frames.
        harness.get_by_label("Claims").focus();
        harness.run();
        harness.set_size(vec2(760.0, 760.0));
        harness.run();
        common::picture(&mut harness, format!("inspector_{suffix}"));
        harness.get_by_label("Check against https://acme.kinde.com").click();
        harness.run();
        let (_, command) = harness.state_mut().asked();
        let inspect::Command::Judge { keys, .. } = command else { panic!("{command:?}") };
        assert_eq!(keys, WhichKeys::Domain("https://acme.kinde.com".into()));
        results.extend_harness(&mut harness);
    }
}

#[test]
fn an_answer_to_a_text_that_is_no_longer_there_is_dropped() {
    let mut harness = harness(Theme::Dark);
    harness.run();
    paste(&mut harness, "Token", &token(CLAIMS));
    let (old, _) = harness.state_mut().asked();
    paste(&mut harness, "Token", "x");
    assert!(harness.state().actions.iter().any(|action| matches!(action, Action::Cancel(job) if *job == old)));
    let decoded = Arc::new(judge(token(CLAIMS).as_bytes(), &Keys::nobody(), &Options::pasted(Timestamp::UNIX_EPOCH)));
    harness.state_mut().answer(old, Event::Judged(Ok(Judged { decoded, whose: String::new() })));
    harness.run();
    assert!(harness.query_by_label_contains("Read, not verified").is_none());
}

#[test]
fn a_pasted_key_judges_in_place_of_the_profiles_and_can_be_taken_back() {
    let mut harness = harness(Theme::Dark);
    harness.state_mut().profile = Some(Profile::sandbox());
    harness.state_mut().state.paste("");
    harness.run();
    paste(&mut harness, "Token", &token(CLAIMS));
    let (_, command) = harness.state_mut().asked();
    assert!(matches!(command, inspect::Command::Judge { keys: WhichKeys::Sandbox, .. }), "{command:?}");
    harness.get_by_label("Paste a PEM or JWKS as key").click();
    harness.run();
    paste(&mut harness, "Key", "no key at all");
    harness.state_mut().judge();
    harness.run();
    harness.get_by_label("Judged with the pasted key");
    assert!(harness.query_all_by_label_contains("holds no keys").count() > 0);
    harness.get_by_label("Use the profile's keys").click();
    harness.run();
    let (_, command) = harness.state_mut().asked();
    assert!(matches!(command, inspect::Command::Judge { keys: WhichKeys::Sandbox, .. }), "{command:?}");
}

#[test]
fn two_tokens_stand_beside_each_other() {
    let mut harness = harness(Theme::Dark);
    harness.run();
    paste(&mut harness, "Token", &token(CLAIMS));
    harness.state_mut().judge();
    harness.run();
    harness.get_by_label("Compare").click();
    harness.run();
    paste(&mut harness, "Other token", &token(&CLAIMS.replace("kp_ada", "kp_bob")));
    let (job, command) = harness.state_mut().asked();
    let inspect::Command::Compare { left, input, .. } = command else { panic!("{command:?}") };
    let right = Arc::new(judge(input.as_bytes(), &Keys::nobody(), &Options::pasted(Timestamp::UNIX_EPOCH)));
    let comparison = kinde_panel::inspector::compare::compare(&left, &right);
    harness.state_mut().answer(job, Event::Compared(Ok(Box::new(inspect::Compared { right, comparison }))));
    harness.run();
    harness.get_by_label("They differ in sub alone");
    harness.get_by_label("differs");
}

#[test]
fn a_long_text_is_held_and_never_laid_out_and_clear_forgets_everything() {
    let mut harness = harness(Theme::Dark);
    harness.run();
    let long = "a".repeat(3 << 20);
    paste(&mut harness, "Token", &long);
    harness.get_by_label("Pasted text, 3072 KiB: too long to show");
    let (_, command) = harness.state_mut().asked();
    let inspect::Command::Judge { input, .. } = command else { panic!("{command:?}") };
    assert_eq!(input.as_bytes().len(), long.len());
    harness.get_by_label("Clear").click();
    harness.run();
    assert!(harness.query_by_label_contains("too long to show").is_none());
    harness.get_by_label("Token");
}

#[test]
fn an_opened_file_is_judged_and_one_that_cannot_be_read_is_told() {
    let mut harness = harness(Theme::Dark);
    harness.run();
    harness.get_by_label("Open file…").click();
    harness.run();
    let (job, command) = harness.state_mut().asked();
    assert!(matches!(command, inspect::Command::OpenFile), "{command:?}");
    let content = Secret::new(token(CLAIMS)).into();
    harness.state_mut().answer(job, Event::File(Ok(Some(OpenedFile { name: "token.txt".into(), content }))));
    harness.run();
    harness.state_mut().judge();
    harness.run();
    harness.get_by_label_contains("Read, not verified");
}

#[test]
fn a_file_that_is_no_text_is_judged_byte_for_byte_and_what_made_it_so_is_told() {
    let utf16: Vec<u8> = token(CLAIMS).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16: Vec<u8> = [&[0xff, 0xfe][..], &utf16].concat();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, token(CLAIMS).as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    for (bytes, word) in [(utf16, "UTF-16"), (gzip, "compressed (gzip)")] {
        let mut harness = harness(Theme::Dark);
        harness.run();
        harness.get_by_label("Open file…").click();
        harness.run();
        let (job, _) = harness.state_mut().asked();
        let size = bytes.len();
        let content = Input::of_file(bytes);
        harness.state_mut().answer(job, Event::File(Ok(Some(OpenedFile { name: "token.bin".into(), content }))));
        harness.run();
        harness.get_by_label(&format!("token.bin, {size} bytes: no text"));
        harness.state_mut().judge();
        harness.run();
        assert!(harness.query_all_by_label_contains(word).next().is_some(), "{word} is not told");
        harness.get_by_label("Remove Token").click();
        harness.run();
        harness.get_by_label("Token");
    }
}

#[test]
fn a_text_from_the_start_page_is_judged_and_a_switched_profile_judges_it_again() {
    let mut harness = harness(Theme::Dark);
    let text = token(CLAIMS);
    harness.state_mut().with(|state, cx, actions| {
        state.paste(&text);
        state.entered(cx, actions);
    });
    harness.state_mut().judge();
    harness.run();
    assert!(harness.state().actions.is_empty(), "{:?}", harness.state().actions);
    harness.state_mut().profile = Some(Profile::sandbox());
    harness.state_mut().with(|state, cx, actions| {
        state.forget(actions);
        state.entered(cx, actions);
    });
    let (_, command) = harness.state_mut().asked();
    assert!(matches!(command, inspect::Command::Judge { keys: WhichKeys::Sandbox, .. }), "{command:?}");
    assert!(!format!("{command:?}").contains("eyJ"), "{command:?}");
}
