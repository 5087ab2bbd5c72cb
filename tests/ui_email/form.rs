//! The form: providers, findings, imports, what is kept, the sandbox's own server.

use crate::stage::*;
use egui::Theme;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kinde_panel::action::{Action, MailAsk};
use kinde_panel::backend::End;
use kinde_panel::backend::mail::{Authority, Command as Ask, EnvFile, Event, SandboxMail};
use kinde_panel::error::{Category, UserError};
use kinde_panel::mail::env::Imported;
use kinde_panel::mail::{Field, Form, Security, env};
use kinde_panel::secrets::{Kept, Secret};
use kinde_panel::tenant::Profile;

#[test]
fn from_where_it_looks_stands_on_top_and_an_empty_form_says_what_is_missing() {
    let harness = room();
    harness.get_by_label("From this computer. Kinde's servers will connect later.");
    assert!(is_off(&harness, "Check the server") && is_off(&harness, "Send test email"));
    harness.get_by_label_contains("Nothing was checked yet");
    for field in ["Sender name", "Sender email", "Server name", "Port", "User"] {
        harness.get_by_role_and_label(Role::TextInput, field);
    }
    harness.get_by_role_and_label(Role::PasswordInput, "Password");
}

#[test]
fn a_provider_chosen_by_hand_fills_in_what_it_decides_and_one_that_is_typed_is_recognised() {
    let mut harness = room();
    harness.get_by_role_and_label(Role::ComboBox, "Provider").click();
    harness.run();
    harness.get_by_role_and_label(Role::MenuItem, "SendGrid").click();
    harness.run();
    let value = |harness: &Room, name: &str| {
        harness.get_by_role_and_label(Role::TextInput, name).accesskit_node().value().unwrap_or_default()
    };
    assert_eq!(value(&harness, "Server name"), "smtp.sendgrid.net");
    assert_eq!(value(&harness, "User"), "apikey");
    type_into(&mut harness, Role::TextInput, "Server name", "smtp.resend.com");
    let shown = harness.get_by_role_and_label(Role::ComboBox, "Provider").accesskit_node().value();
    assert_eq!(shown.as_deref(), Some("Resend"));
}

#[test]
fn a_slip_is_told_at_its_field_while_it_is_typed_and_mended_by_one_click() {
    let mut harness = typed(Theme::Dark);
    harness.set_size(egui::vec2(1040.0, 2000.0));
    harness.run();
    assert!(asked(&mut harness).is_empty(), "nothing is asked of the network");
    type_into(&mut harness, Role::TextInput, "User", "ada@acme.com");
    harness.get_by_label_contains("User: ");
    let mend = harness.query_all_by_role(Role::Button).find_map(|node| {
        let label = node.accesskit_node().label()?;
        label.contains("resend").then_some(label)
    });
    press(&mut harness, &mend.expect("a button that mends it"));
    let user = harness.get_by_role_and_label(Role::TextInput, "User").accesskit_node().value();
    assert_eq!(user.as_deref(), Some("resend"));
    holds_no_secret(&harness);
}

#[test]
fn a_check_takes_the_form_as_typed_and_keeps_it_for_the_profile_unless_that_is_switched_off() {
    let mut harness = typed(Theme::Dark);
    harness.set_size(egui::vec2(1040.0, 2000.0));
    harness.run();
    type_into(&mut harness, Role::TextInput, "Test recipient", "ada@acme.com");
    press(&mut harness, "Check the server");
    let all = asked(&mut harness);
    let [(_, Ask::Check(check)), (keep, Ask::Keep { form: kept, .. })] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(check.form, *kept);
    assert_eq!((check.form.host.as_str(), check.form.port, check.send), ("smtp.resend.com", 465, false));
    assert_eq!(check.form.password, Secret::new(CANARY));
    assert_eq!(check.to.as_deref(), Some("ada@acme.com"));
    let keep = *keep;
    tell(&mut harness, keep, Event::Kept(Ok(Some(Kept::ThisRun))));
    harness.get_by_label_contains("There is no keyring: the password for this run only");
    holds_no_secret(&harness);

    let mut harness = typed(Theme::Dark);
    harness.set_size(egui::vec2(1040.0, 2000.0));
    harness.run();
    harness.get_by_label("Keep for acme-staging").click();
    harness.run();
    press(&mut harness, "Send test email");
    let all = asked(&mut harness);
    assert!(matches!(all.as_slice(), [(_, Ask::Check(check))] if check.send), "{all:?}");
}

#[test]
fn a_form_that_is_kept_without_a_password_says_so() {
    let mut harness = typed(Theme::Dark);
    press(&mut harness, "Check the server");
    let (keep, _) = asked(&mut harness).pop().unwrap();
    tell(&mut harness, keep, Event::Kept(Ok(None)));
    harness.get_by_label("Kept. No password was given");
    assert!(harness.query_by_label_contains("keyring").is_none());
}

#[test]
fn the_whole_form_and_what_is_kept_of_it_are_seen_in_a_window_of_common_height() {
    let mut harness = room();
    harness.set_size(egui::vec2(1064.0, 756.0));
    harness.run();
    let bottom = harness.get_by_role_and_label(Role::Button, "Check the server").rect().top();
    for name in ["Test recipient", "Keep for acme-staging", "At the next check, the password in the system's keyring"] {
        let low = harness.query_all_by_label(name).map(|node| node.rect().bottom()).fold(0.0, f32::max);
        assert!(low > 0.0 && low < bottom, "{name}: {low} of {bottom}");
    }
}

#[test]
fn what_is_kept_fills_the_form_of_its_profile_and_goes_with_it() {
    let mut profile = acme();
    let form = Form {
        sender_email: "hello@acme.com".to_owned(),
        host: "smtp.resend.com".to_owned(),
        port: 2587,
        user: "resend".to_owned(),
        ..Form::default()
    };
    profile.mail = Some(form.kept());
    let mut harness = room_of(Some(profile), Theme::Dark);
    let all = asked(&mut harness);
    let [(job, Ask::Open { .. })] = all.as_slice() else { panic!("{all:?}") };
    let job = *job;
    tell(&mut harness, job, Event::Opened(Ok(Some(Secret::new(CANARY)))));
    holds_no_secret(&harness);
    press(&mut harness, "Check the server");
    let all = asked(&mut harness);
    let Some((check, Ask::Check(plan))) = all.first() else { panic!("{all:?}") };
    assert_eq!((plan.form.port, plan.form.password.expose()), (2587, CANARY));
    let check = *check;
    harness.state_mut().with(|state, _, actions| state.forget(actions));
    let actions = std::mem::take(&mut harness.state_mut().actions);
    assert!(
        matches!(actions.as_slice(), [Action::Cancel(job)] if *job == check),
        "the check of the other profile ends"
    );
    harness.run();
    let host = harness.get_by_role_and_label(Role::TextInput, "Server name").accesskit_node().value();
    assert_eq!(host.unwrap_or_default(), "");
}

#[test]
fn a_keyring_that_does_not_answer_is_told_and_what_was_typed_meanwhile_stays() {
    let mut profile = acme();
    profile.mail = Some(Form { host: "smtp.resend.com".to_owned(), ..Form::default() }.kept());
    let mut harness = room_of(Some(profile), Theme::Dark);
    let (job, _) = asked(&mut harness).remove(0);
    type_into(&mut harness, Role::PasswordInput, "Password", CANARY);
    tell(&mut harness, job, Event::Opened(Ok(Some(Secret::new("older")))));
    press(&mut harness, "Check the server");
    let all = asked(&mut harness);
    let Some((_, Ask::Check(plan))) = all.first() else { panic!("{all:?}") };
    assert_eq!(plan.form.password.expose(), CANARY);

    let mut profile = acme();
    profile.mail = Some(Form { host: "smtp.resend.com".to_owned(), ..Form::default() }.kept());
    let mut harness = room_of(Some(profile), Theme::Dark);
    let (job, _) = asked(&mut harness).remove(0);
    let error =
        UserError::new(Category::File, "The system keyring could not be used").detail("locked").hint("Unlock it");
    tell(&mut harness, job, Event::Opened(Err(error)));
    harness.get_by_label("The system keyring could not be used");
}

#[test]
fn the_kept_password_of_one_server_does_not_land_at_another_that_was_typed_while_it_came() {
    let kept = Form { host: "smtp.resend.com".to_owned(), user: "resend".to_owned(), ..Form::default() }.kept();
    for (field, text, handed) in [
        ("Server name", "mail.acme.com", ""),
        ("User", "ada", ""),
        ("Sender name", "Acme", CANARY),
        ("Port", "2587", CANARY),
    ] {
        let mut profile = acme();
        profile.mail = Some(kept.clone());
        let mut harness = room_of(Some(profile), Theme::Dark);
        let (job, _) = asked(&mut harness).remove(0);
        type_into(&mut harness, Role::TextInput, field, text);
        tell(&mut harness, job, Event::Opened(Ok(Some(Secret::new(CANARY)))));
        press(&mut harness, "Check the server");
        let all = asked(&mut harness);
        let Some((_, Ask::Check(plan))) = all.first() else { panic!("{all:?}") };
        assert_eq!(plan.form.password.expose(), handed, "{field}");
    }
}

#[test]
fn an_env_text_that_is_pasted_fills_the_form_and_names_its_variables_without_their_values() {
    let mut harness = room();
    let text = format!("SMTP_HOST=smtp.resend.com\nSMTP_PASS={CANARY}\n");
    harness.event(egui::Event::Paste(text));
    harness.run();
    let all = asked(&mut harness);
    let [(job, Ask::ReadEnvText { .. })] = all.as_slice() else { panic!("{all:?}") };
    let job = *job;
    let form = Form {
        host: "smtp.resend.com".to_owned(),
        port: 465,
        user: "resend".to_owned(),
        password: Secret::new(CANARY),
        ..Form::default()
    };
    let imported = Imported {
        form,
        fields: vec![Field::Host, Field::Port, Field::User, Field::Password],
        from: vec!["SMTP_HOST".into(), "SMTP_PASS".into()],
        notes: Vec::new(),
    };
    let file = EnvFile { name: "the pasted text".into(), imported };
    tell(&mut harness, job, Event::Env(Ok(Some(Box::new(file)))));
    harness.get_by_label("From the pasted text: SMTP_HOST, SMTP_PASS");
    holds_no_secret(&harness);
    press(&mut harness, "Check the server");
    assert!(
        matches!(asked(&mut harness).first(), Some((_, Ask::Check(plan))) if plan.form.password.expose() == CANARY)
    );

    let mut harness = room();
    press(&mut harness, "Import .env…");
    let (job, _) = asked(&mut harness).remove(0);
    let file = EnvFile { name: ".env".into(), imported: Imported::default() };
    tell(&mut harness, job, Event::Env(Ok(Some(Box::new(file)))));
    harness.get_by_label("Nothing of a mail server in .env");
}

#[test]
fn an_import_lays_what_it_found_over_what_is_typed_and_carries_no_password_to_another_server() {
    let import = |text: &str| {
        let mut harness = typed(Theme::Dark);
        press(&mut harness, "Import .env…");
        let (job, _) = asked(&mut harness).remove(0);
        let file = EnvFile { name: ".env".into(), imported: env::parse(text) };
        tell(&mut harness, job, Event::Env(Ok(Some(Box::new(file)))));
        harness
    };
    let checked = |harness: &mut Room| {
        press(harness, "Check the server");
        let all = asked(harness);
        let Some((_, Ask::Check(plan))) = all.into_iter().next() else { panic!("nothing was asked") };
        plan.form
    };
    let mut harness = import("SMTP_FROM=other@acme.com");
    let form = checked(&mut harness);
    assert_eq!((form.sender_email.as_str(), form.sender_name.as_str()), ("other@acme.com", "Acme"));
    assert_eq!((form.host.as_str(), form.port, form.password.expose()), ("smtp.resend.com", 465, CANARY));
    let mut harness = import("SMTP_HOST=mail.acme.com\nSMTP_PORT=587\nSMTP_USER=ada");
    harness.get_by_label_contains("was not carried over");
    let form = checked(&mut harness);
    assert_eq!(
        (form.host.as_str(), form.password.expose(), form.sender_email.as_str()),
        ("mail.acme.com", "", "hello@acme.com")
    );
}

#[test]
fn on_the_sandbox_profile_one_click_fills_in_its_own_server() {
    assert!(room().query_by_label("Use the sandbox's SMTP").is_none());
    let mut harness = room_of(Some(Profile::sandbox()), Theme::Dark);
    press(&mut harness, "Use the sandbox's SMTP");
    let all = asked(&mut harness);
    let [(job, Ask::Sandbox)] = all.as_slice() else { panic!("{all:?}") };
    let job = *job;
    let form = Form {
        host: "127.0.0.1".to_owned(),
        port: 45680,
        user: "sandbox".to_owned(),
        password: Secret::new(CANARY),
        security: Security::StartTls,
        ..Form::default()
    };
    tell(&mut harness, job, Event::Sandbox(Ok(Box::new(SandboxMail { form, ports: vec![45680, 45681] }))));
    press(&mut harness, "Send test email");
    let all = asked(&mut harness);
    let Some((check, Ask::Check(plan))) = all.first() else { panic!("{all:?}") };
    assert!(plan.send && plan.form.port == 45680 && !plan.form.sender_email.is_empty(), "{plan:?}");
    assert!(!all.iter().any(|(_, ask)| matches!(ask, Ask::Keep { .. })), "what is made up is not kept");
    let check = *check;
    let mut outcome = good();
    outcome.sent = Some(sent());
    tell(&mut harness, check, Event::Checked(Box::new(outcome)));
    press(&mut harness, "Read it in the sandbox");
    let actions = std::mem::take(&mut harness.state_mut().actions);
    assert!(matches!(actions.as_slice(), [Action::ReadMail { queue_id: Some(id) }] if id == "5ABD00"), "{actions:?}");
}

fn sent() -> kinde_panel::mail::smtp::Sent {
    kinde_panel::mail::smtp::Sent {
        to: "ada@example.com".to_owned(),
        subject: "Kinde Panel test 7f3a".to_owned(),
        token: "7f3a".to_owned(),
        message_id: "<7f3a@acme.com>".to_owned(),
        reply: "250 2.0.0 Ok: queued as 5ABD00".to_owned(),
        queue_id: Some("5ABD00".to_owned()),
    }
}

#[test]
fn the_sandbox_that_cannot_be_started_says_why() {
    let mut harness = room_of(Some(Profile::sandbox()), Theme::Dark);
    press(&mut harness, "Use the sandbox's SMTP");
    let (job, _) = asked(&mut harness).remove(0);
    let error =
        UserError::new(Category::Network, "The running sandbox has no mail server").detail("old").hint("Stop it");
    tell(&mut harness, job, Event::Sandbox(Err(error)));
    harness.get_by_label("The running sandbox has no mail server");
    press(&mut harness, "Use the sandbox's SMTP");
    let (job, _) = asked(&mut harness).remove(0);
    end(&mut harness, job, End::Broken);
    harness.get_by_label("The work broke off");
}

#[test]
fn the_options_name_a_dns_server_and_an_authority_and_the_password_s_leave_shows_for_this_computer_alone() {
    let mut harness = typed(Theme::Dark);
    harness.set_size(egui::vec2(1040.0, 1200.0));
    harness.get_by_label("Options").click();
    harness.run();
    assert!(harness.query_by_label("Send the password without good TLS").is_none());
    type_into(&mut harness, Role::TextInput, "DNS server", "nowhere");
    assert!(is_off(&harness, "Check the server"));
    type_into(&mut harness, Role::TextInput, "DNS server", "127.0.0.1:5353");
    press(&mut harness, "Choose a certificate…");
    let (job, _) = asked(&mut harness).remove(0);
    let authority = Authority { name: "company-ca.pem".into(), roots: Vec::new() };
    tell(&mut harness, job, Event::Authority(Ok(Some(authority))));
    harness.get_by_label("company-ca.pem");
    type_into(&mut harness, Role::TextInput, "Server name", "localhost");
    harness.get_by_label("Send the password without good TLS").click();
    harness.run();
    press(&mut harness, "Check the server");
    let all = asked(&mut harness);
    let Some((_, Ask::Check(plan))) = all.first() else { panic!("{all:?}") };
    assert!(plan.insecure_loopback && plan.authority.is_some());
    assert_eq!(plan.dns, "127.0.0.1:5353".parse().unwrap());
}

#[test]
fn the_palette_s_words_check_what_is_typed_and_without_a_profile_nothing_is_kept() {
    let mut harness = room_of(None, Theme::Dark);
    harness.get_by_label("Without a profile nothing typed here is kept");
    type_into(&mut harness, Role::TextInput, "Server name", "mail.acme.com");
    type_into(&mut harness, Role::TextInput, "Port", "587");
    harness.state_mut().with(|state, cx, actions| state.ask(MailAsk::Check, cx, actions));
    let all = asked(&mut harness);
    assert!(matches!(all.as_slice(), [(_, Ask::Check(_))]), "{all:?}");
}

#[test]
fn enter_in_a_field_checks() {
    let mut harness = typed(Theme::Dark);
    harness.get_by_role_and_label(Role::TextInput, "User").focus();
    harness.run();
    harness.key_press(egui::Key::Enter);
    harness.run_ok();
    assert!(matches!(asked(&mut harness).first(), Some((_, Ask::Check(_)))));
}
