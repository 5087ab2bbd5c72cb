//! A check in each of its states: on its way, cancelled, done well and badly, broken off.

use crate::stage::*;
use egui::Theme;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use kinde_panel::action::Action;
use kinde_panel::backend::End;
use kinde_panel::backend::mail::{Command as Ask, Event};
use kinde_panel::check::Check;
use kinde_panel::mail::Security;
use kinde_panel::mail::smtp::{Outcome, Progress, Stage};

#[test]
fn stages_show_as_they_come_with_the_server_s_words_and_their_time() {
    let (mut harness, job) = checking(Theme::Dark);
    for progress in [
        Progress::Order(Stage::IMPLICIT),
        Progress::Started(Stage::Dns),
        Progress::Finished(Stage::Dns, good().stages[1].1.clone()),
        Progress::Started(Stage::Tcp),
    ] {
        harness.state_mut().with(|state, cx, actions| state.on_event(job, Event::Progress(progress), cx.now, actions));
    }
    // While something is waited for its clock runs: the window does not settle, and should not.
    harness.run_steps(3);
    harness.get_by_label("Checking…");
    harness.get_by_label(LOOKED_UP);
    harness.get_by_label("18 ms");
    harness.get_by_label("Connection");
    harness.get_by_label("Sign-in");
    assert!(harness.query_by_label("Test email").is_none(), "nothing is to be sent");
    assert!(harness.query_by_role_and_label(Role::Button, "Check the server").is_none());
    harness.state_mut().now = at("2026-08-20T12:04:38Z");
    harness.run_steps(2);
    harness.get_by_label("7 s");
}

#[test]
fn a_check_is_cancelled_at_any_moment_and_tells_what_it_found_until_then() {
    let (mut harness, job) = checking(Theme::Dark);
    harness.get_by_role_and_label(Role::Button, "Cancel the check").click();
    harness.run_steps(2);
    let actions = std::mem::take(&mut harness.state_mut().actions);
    assert!(matches!(actions.as_slice(), [Action::Cancel(of)] if *of == job), "{actions:?}");
    harness.get_by_label("Ending…");
    let mut outcome = good();
    outcome.headline = "Cancelled before the sign-in".to_owned();
    outcome.cancelled = true;
    tell(&mut harness, job, Event::Checked(Box::new(outcome)));
    end(&mut harness, job, End::Cancelled);
    harness.get_by_label("Cancelled before the sign-in");
    assert!(
        harness.query_by_label("Copy for a colleague").is_none(),
        "what is left could be anything: no verdict shows"
    );
    assert!(!is_off(&harness, "Check the server"), "it can be begun again");
}

#[test]
fn a_check_that_broke_off_says_so_and_one_that_was_dropped_leaves_no_wait() {
    let (mut harness, job) = checking(Theme::Dark);
    end(&mut harness, job, End::Broken);
    harness.get_by_label("The work broke off");
    let (mut harness, job) = checking(Theme::Dark);
    end(&mut harness, job, End::Cancelled);
    harness.get_by_label_contains("Nothing was checked yet");
}

#[test]
fn one_sentence_stands_first_and_a_failing_stage_is_open_with_its_cause_and_fix() {
    let harness = checked(refused(), Theme::Dark);
    harness.get_by_label("Sign-in: The API key is not one of Resend's, or was deleted");
    harness.get_by_label("535 API key is invalid");
    harness.get_by_label("The API key is not one of Resend's, or was deleted");
    harness.get_by_label_contains("Copy the key again");
    harness.get_by_label("Copy for a colleague");
    assert_eq!(harness.query_all_by_label("Not run because sign-in failed").count(), 3);
    holds_no_secret(&harness);
}

#[test]
fn what_would_work_better_is_one_click_which_changes_the_form_and_checks_again() {
    let mut harness = checked(closed(), Theme::Dark);
    asked(&mut harness);
    harness.get_by_role_and_label(Role::Button, "Use port 2465");
    press(&mut harness, "Use port 587");
    let all = asked(&mut harness);
    let Some((_, Ask::Check(plan))) = all.first() else { panic!("{all:?}") };
    assert_eq!((plan.form.port, plan.form.security), (587, Security::Auto), "the port says it, as it does at Kinde");
}

#[test]
fn offers_addresses_certificates_and_the_transcript_are_there_to_open() {
    let mut outcome = good();
    outcome.ehlo_before = Some(vec!["SIZE 41943040".to_owned(), "STARTTLS".to_owned()]);
    outcome.tls.as_mut().unwrap().chain.push(certificate("CN=Amazon RSA 2048 M03", "CN=Amazon Root CA 1", 12));
    let mut harness = checked(outcome, Theme::Dark);
    harness.set_size(egui::vec2(1040.0, 2200.0));
    harness.run();
    for part in ["Addresses (2)", "What the server offers", "TLS and certificates", "Transcript"] {
        harness.get_by_role_and_label(Role::DisclosureTriangle, part).click();
        harness.run_ok();
    }
    harness.get_by_label("no way leads there");
    harness.get_by_role_and_label(Role::Row, "STARTTLS");
    assert!(harness.query_all_by_label("not offered").count() >= 2);
    harness.get_by_label("1. CN=smtp.resend.com");
    harness.get_by_label_contains("12 days left");
    harness.get_by_label_contains("C: AUTH PLAIN •••");
    // One way to copy it, beside it.
    press(&mut harness, "Copy transcript");
    holds_no_secret(&harness);
}

#[test]
fn the_server_s_words_that_a_line_has_no_room_for_are_read_whole_by_opening_it() {
    let words = "250 2.1.5 Ok: this answer of the server goes on and on, past the end of any line that a row of the list has room for";
    let mut outcome = good();
    for (stage, check) in &mut outcome.stages {
        if *stage == Stage::Recipient {
            check.seen = Some(words.to_owned());
        }
    }
    let mut harness = checked(outcome, Theme::Dark);
    harness.set_size(egui::vec2(1040.0, 1200.0));
    harness.run();
    let opens = |harness: &Room, row: &str| harness.query_by_role_and_label(Role::DisclosureTriangle, row).is_some();
    assert!(!opens(&harness, "Sender, closed"), "what fits its line needs no opening");
    let line = harness.get_by_label(words).rect().height();
    // The pointer would meet the words, which can be selected; the keyboard and a screen reader press the row itself.
    harness.get_by_role_and_label(Role::DisclosureTriangle, "Recipient, closed").click_accesskit();
    harness.run();
    assert!(opens(&harness, "Recipient, open"));
    let tallest = harness.query_all_by_label(words).map(|node| node.rect().height()).fold(0.0, f32::max);
    assert!(tallest > line * 1.5, "wrapped, and not cut: {tallest} after {line}");
}

#[test]
fn a_form_that_was_changed_since_says_so() {
    let mut harness = checked(good(), Theme::Dark);
    assert!(harness.query_by_label_contains("was changed since").is_none());
    type_into(&mut harness, Role::TextInput, "User", "other");
    harness.get_by_label_contains("was changed since");
}

#[test]
fn a_run_in_the_other_mode_shows_the_stages_of_that_one() {
    let (mut harness, job) = checking(Theme::Dark);
    for progress in [
        Progress::Order(Stage::STARTTLS),
        Progress::Finished(Stage::Banner, Check::fail("banner", "It says nothing", "TLS first")),
        Progress::Order(Stage::IMPLICIT),
    ] {
        harness.state_mut().with(|state, cx, actions| state.on_event(job, Event::Progress(progress), cx.now, actions));
    }
    harness.run_steps(3);
    assert!(harness.query_by_label("It says nothing").is_none());
    assert!(harness.query_by_label("What it offers over TLS").is_none());
    tell(&mut harness, job, Event::Checked(Box::new(Outcome { headline: "x".into(), ..good() })));
}

#[test]
fn in_a_narrow_window_what_a_check_finds_comes_into_sight_and_its_button_stays_there() {
    let mut harness = typed(Theme::Dark);
    harness.set_size(egui::vec2(700.0, 560.0));
    harness.run();
    harness.get_by_role_and_label(Role::Button, "Check the server").click();
    harness.run_steps(4);
    let seen = harness.get_by_label("Checking…").rect();
    let cancel = harness.get_by_role_and_label(Role::Button, "Cancel the check").rect();
    assert!(seen.top() > 0.0 && seen.bottom() < cancel.top() && cancel.bottom() <= 560.0, "{seen} {cancel}");
}
