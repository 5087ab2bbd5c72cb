//! The hand-over: values to copy, where they go, what Kinde said, and reports without a secret.

use crate::stage::*;
use egui::Theme;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use kinde_panel::action::Action;
use kinde_panel::backend::End;
use kinde_panel::backend::mail::{Command as Ask, Event};
use kinde_panel::error::{Category, UserError};
use kinde_panel::mail::smtp::Outcome;

fn handed_over(outcome: Outcome) -> Room {
    let mut harness = checked(outcome, Theme::Dark);
    asked(&mut harness);
    harness.set_size(egui::vec2(1040.0, 1300.0));
    harness.run();
    press(&mut harness, "Type these into Kinde");
    harness
}

#[test]
fn without_a_check_it_leads_to_the_form() {
    let mut harness = room();
    harness.get_by_role_and_label(Role::Tab, "Hand-over").click();
    harness.run();
    harness.get_by_label_contains("Nothing was checked yet");
    press(&mut harness, "Go to SMTP");
    harness.get_by_role_and_label(Role::TextInput, "Server name");
}

#[test]
fn the_verdict_stands_first_then_the_values_with_copy_buttons_and_both_menu_paths() {
    let harness = handed_over(good());
    harness.get_by_label_contains("smtp.resend.com would take mail with these settings");
    for value in ["Acme", "hello@acme.com", "smtp.resend.com", "465", "resend"] {
        harness.get_by_label(value);
    }
    for field in ["Sender name", "Sender email", "Server name", "Port", "User", "Password"] {
        harness.get_by_label(&format!("Copy {field}"));
    }
    for nothing_to_paste in ["Copy Use custom sender", "Copy In Kinde", "Copy Older guides", "Copy transcript"] {
        assert!(harness.query_by_label(nothing_to_paste).is_none(), "{nothing_to_paste}");
    }
    harness.get_by_label("Worth knowing");
    harness.get_by_label("· The user is the word resend, not your email address");
    harness.get_by_label("Settings > Environment > Messaging > Email Sender");
    harness.get_by_label("Settings > Email");
    harness.get_by_label_contains("not live");
    holds_no_secret(&harness);
}

#[test]
fn the_stages_stand_between_the_verdict_and_the_values_closed_until_they_are_wanted() {
    let mut harness = handed_over(refused());
    assert!(harness.query_by_label("535 API key is invalid").is_none());
    let verdict = harness.get_by_label_contains("Sign-in: The API key").rect().bottom();
    let values = harness.get_by_label("Type these into Kinde").rect().top();
    let stages = harness.get_by_role_and_label(Role::DisclosureTriangle, "The 11 stages of the check");
    assert!(verdict < stages.rect().top() && stages.rect().bottom() < values);
    stages.click();
    harness.run();
    for said in ["535 API key is invalid", "220 Resend SMTP Relay ESMTP", "Sign-in", "Greeting"] {
        harness.get_by_label(said);
    }
}

#[test]
fn a_port_that_spoke_the_other_way_than_its_number_says_is_a_warning_for_kinde() {
    let words = "The check went the other way than the port stands for";
    assert!(handed_over(good()).query_by_label_contains(words).is_none());
    let turned = Outcome { mode: kinde_panel::mail::Security::StartTls, ..good() };
    handed_over(turned).get_by_label_contains(words);
}

#[test]
fn a_failing_check_is_not_handed_over_as_if_it_had_passed() {
    let harness = handed_over(refused());
    harness.get_by_label("Sign-in: The API key is not one of Resend's, or was deleted");
    harness.get_by_label("Mend that first: Kinde would meet the same");
}

#[test]
fn what_kinde_said_is_read_through_the_catalogue_and_a_message_that_arrived_is_to_be_saved() {
    let mut harness = handed_over(good());
    press(&mut harness, "It arrived");
    harness.get_by_label_contains("Press Save in Kinde");
    press(&mut harness, "It failed, the message was …");
    assert!(harness.query_by_label_contains("Press Save in Kinde").is_none());
    harness.get_by_role_and_label(Role::MultilineTextInput, "What Kinde said").focus();
    harness.run();
    harness.event(egui::Event::Text("Error: 535 5.7.8 Authentication credentials invalid".to_owned()));
    harness.run();
    harness.get_by_label_contains("535 5.7.8: ");
    harness.get_by_role_and_label(Role::Link, "What Resend says was sent").click();
    harness.run();
    let actions = std::mem::take(&mut harness.state_mut().actions);
    assert!(matches!(actions.as_slice(), [Action::OpenUrl(url)] if url.contains("resend.com")), "{actions:?}");
}

#[test]
fn what_arrived_can_be_looked_at_by_its_headers() {
    let mut harness = handed_over(good());
    press(&mut harness, "It arrived");
    press(&mut harness, "Read its headers");
    harness.get_by_role_and_label(Role::MultilineTextInput, "Headers of a message");
}

#[test]
fn reports_are_saved_without_the_password_and_a_failure_is_told() {
    let mut harness = handed_over(good());
    for (button, end_of_name) in [("Save as Markdown…", ".md"), ("Save as JSON…", ".json")] {
        press(&mut harness, button);
        let all = asked(&mut harness);
        let [(job, Ask::Save { name, text })] = all.as_slice() else { panic!("{all:?}") };
        assert!(name.ends_with(end_of_name) && name.contains("smtp.resend.com"), "{name}");
        assert!(!text.contains(CANARY) && text.contains("would take mail with these settings"), "{text}");
        assert!(is_off(&harness, button));
        let job = *job;
        let error = UserError::new(Category::File, "x.md could not be written").detail("full").hint("Elsewhere");
        tell(&mut harness, job, Event::Saved(Err(error)));
        harness.get_by_label("x.md could not be written");
    }
    press(&mut harness, "Save as JSON…");
    let (job, _) = asked(&mut harness).remove(0);
    end(&mut harness, job, End::Broken);
    harness.get_by_label("The work broke off");
    assert!(!is_off(&harness, "Save as JSON…"));
}
