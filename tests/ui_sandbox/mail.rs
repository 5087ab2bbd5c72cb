//! The mail server: its lines in the overview, what came to it, a message in full.

use crate::stage::{World, at, failure, harness, open, runs, view, whole};
use egui::accesskit::Role;
use egui::{Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kinde_panel::action::Action;
use kinde_panel::backend::sandbox::{Command as Ask, Event};
use kinde_panel::backend::{Command, End, JobId};
use kinde_panel::sandbox::{MailBody, MailPart, MailView, Mails};

fn mail(id: i64, subject: Option<&str>) -> MailView {
    MailView {
        id,
        queue_id: format!("5ABD{id:010}"),
        received: at("2026-08-20T12:04:29Z"),
        from: "hello@acme.example".into(),
        to: vec!["ada@example.com".into(), "grace@example.com".into()],
        subject: subject.map(str::to_owned),
        size: 1834,
        tls: Some("TLSv1.3".into()),
    }
}

pub fn mails() -> Mails {
    Mails { mails: vec![mail(2, Some("Confirm your address")), mail(1, None)], newest: 2 }
}

pub fn message() -> MailBody {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    MailBody {
        view: mail(2, Some("Confirm your address")),
        headers: vec![
            header("Return-Path", "<hello@acme.example>"),
            header(
                "Received",
                "from laptop ([127.0.0.1]) by localhost (Kinde Panel sandbox) with ESMTPSA id 5ABD0000000002",
            ),
            header("From", "Acme <hello@acme.example>"),
            header("Subject", "Confirm your address"),
        ],
        text: Some("Hello Ada,\n\nyour code is 123456.\n".into()),
        html: Some("<p>Hello <b>Ada</b></p>".into()),
        html_text: Some("Hello Ada".into()),
        parts: vec![MailPart { name: Some("terms.pdf".into()), content_type: "application/pdf".into(), size: 48_213 }],
        raw: "Return-Path: <hello@acme.example>\r\nSubject: Confirm your address\r\n\r\nHello Ada".into(),
        cut: false,
    }
}

/// The page "Mail" with `mails` in it.
pub fn reading(mails: Mails, which: Theme) -> Harness<'static, World> {
    let mut harness = harness(World::over(view(Some(runs()))), which);
    open(&mut harness, "Mail");
    let asked = harness.state_mut().asked();
    let [(job, Ask::FollowMails)] = asked.as_slice() else { panic!("{asked:?}") };
    harness.state_mut().answer(*job, Event::Mails(Ok(mails)));
    harness.run_ok();
    harness
}

/// The job that reads message `id`.
pub fn asked_for(harness: &mut Harness<'_, World>, id: i64) -> JobId {
    let asked = harness.state_mut().asked();
    asked.iter().find(|(_, ask)| matches!(ask, Ask::Mail { id: of } if *of == id)).expect("it is read").0
}

#[test]
fn the_mail_server_s_lines_are_there_to_copy_for_both_ways_to_begin_tls() {
    let mut harness = whole(view(Some(runs())));
    harness.get_by_label_contains("SMTP_PORT=45680\nSMTP_SECURE=false");
    harness.get_by_label("Copy mail server lines");
    harness.get_by_role_and_label(Role::Tab, "TLS").click();
    harness.run();
    harness.get_by_label_contains("SMTP_PORT=45681\nSMTP_SECURE=true");
    harness.get_by_label("Read the mail").click();
    harness.run_ok();
    assert!(matches!(harness.state_mut().asked().as_slice(), [(_, Ask::FollowMails)]));
}

#[test]
fn a_stopped_sandbox_has_no_mail_server_to_copy() {
    let harness = whole(view(None));
    assert!(harness.query_by_label("Mail server").is_none());
}

#[test]
fn an_empty_page_says_how_mail_comes_and_a_new_message_shows_by_itself() {
    let mut harness = reading(Mails { mails: Vec::new(), newest: 0 }, Theme::Dark);
    harness.get_by_label_contains("No mail came yet");
    assert!(harness.get_by_label("Clear the mail").accesskit_node().is_disabled());
    let job = harness.state().next.get();
    harness.state_mut().answer(job, Event::Mails(Ok(mails())));
    harness.run_ok();
    harness.get_by_role_and_label(Role::Row, "2 Confirm your address");
    harness.get_by_role_and_label(Role::Row, "1 no subject");
    assert!(harness.state_mut().asked().is_empty(), "it is followed already");
}

#[test]
fn a_message_is_read_in_its_parts_and_its_headers_are_copied_as_they_came() {
    let mut harness = reading(mails(), Theme::Dark);
    harness.set_size(vec2(1040.0, 1000.0));
    harness.get_by_label("Choose a message to read it");
    harness.get_by_role_and_label(Role::Row, "2 Confirm your address").click();
    harness.run_ok();
    let job = asked_for(&mut harness, 2);
    harness.state_mut().answer(job, Event::Mail(Ok(Some(Box::new(message())))));
    harness.run_ok();
    harness.get_by_label_contains("your code is 123456.");
    harness.get_by_label("terms.pdf");
    harness.get_by_role_and_label(Role::Tab, "HTML as words").click();
    harness.run_ok();
    harness.get_by_label("<p>Hello <b>Ada</b></p>");
    harness.get_by_role_and_label(Role::Tab, "Headers").click();
    harness.run_ok();
    harness.get_by_label("Acme <hello@acme.example>");
    harness.get_by_role_and_label(Role::Tab, "Raw").click();
    harness.run_ok();
    harness.get_by_label("Copy raw message");
    harness.get_by_label("Copy headers").click();
    harness.step();
    let copied = harness.output().platform_output.commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    assert_eq!(copied.as_deref(), Some("Return-Path: <hello@acme.example>\r\nSubject: Confirm your address"));
}

#[test]
fn a_message_that_went_meanwhile_says_so_and_one_that_cannot_be_read_is_tried_again() {
    let mut harness = reading(mails(), Theme::Dark);
    harness.get_by_role_and_label(Role::Row, "1 no subject").click();
    harness.run_ok();
    let job = asked_for(&mut harness, 1);
    harness.state_mut().answer(job, Event::Mail(Ok(None)));
    harness.run_ok();
    harness.get_by_label_contains("is not kept any more");
    harness.get_by_role_and_label(Role::Row, "2 Confirm your address").click();
    harness.run_ok();
    let job = asked_for(&mut harness, 2);
    harness.state_mut().answer(job, Event::Mail(Err(failure())));
    harness.run_ok();
    harness.get_by_label("Try again").click();
    harness.run_ok();
    asked_for(&mut harness, 2);
}

#[test]
fn all_mail_goes_only_after_a_question() {
    let mut harness = reading(mails(), Theme::Dark);
    harness.get_by_label("Clear the mail").click();
    harness.run_ok();
    harness.get_by_role_and_label(Role::Dialog, "Throw all mail of the sandbox away?");
    assert!(harness.state_mut().asked().is_empty());
    harness.get_by_role_and_label(Role::Button, "Throw the mail away").click();
    harness.run_ok();
    let asked = harness.state_mut().asked();
    let [(job, Ask::ClearMails)] = asked.as_slice() else { panic!("{asked:?}") };
    harness.state_mut().answer(*job, Event::MailsCleared(Ok(2)));
    harness.run_ok();
    harness.get_by_label_contains("No mail came yet");
}

#[test]
fn mail_is_followed_while_its_page_shows_and_no_longer() {
    let mut harness = reading(mails(), Theme::Dark);
    let follow = harness.state().next.get();
    open(&mut harness, "Overview");
    let cancelled = |world: &mut World| {
        let actions = std::mem::take(&mut world.actions);
        actions.iter().any(|action| matches!(action, Action::Cancel(job) if *job == follow))
    };
    assert!(cancelled(harness.state_mut()));
    open(&mut harness, "Mail");
    assert!(matches!(harness.state_mut().asked().as_slice(), [(_, Ask::FollowMails)]));
    let follow = harness.state().next.get();
    harness.state_mut().with_cx(|state, _, actions| state.left(actions));
    let actions = std::mem::take(&mut harness.state_mut().actions);
    assert!(matches!(actions.as_slice(), [Action::Cancel(job)] if *job == follow), "the room was left");
    assert!(!actions.iter().any(|action| matches!(action, Action::Run(_, Command::Sandbox(_)))));
}

#[test]
fn a_follower_that_broke_off_says_why_and_begins_again() {
    let mut harness = harness(World::over(view(Some(runs()))), Theme::Dark);
    open(&mut harness, "Mail");
    let (job, _) = harness.state_mut().asked().remove(0);
    harness.state_mut().with_cx(|state, _, _| state.on_end(job, End::Broken));
    harness.run_ok();
    harness.get_by_label("The work broke off");
    harness.get_by_label("Try again").click();
    harness.run_ok();
    assert!(matches!(harness.state_mut().asked().as_slice(), [(_, Ask::FollowMails)]));
}
