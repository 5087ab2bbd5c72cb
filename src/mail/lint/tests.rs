use super::*;
use crate::secrets::Secret;

fn form() -> Form {
    Form {
        sender_name: "Acme".to_owned(),
        sender_email: "hello@acme.test".to_owned(),
        host: "smtp.resend.com".to_owned(),
        port: 465,
        user: "resend".to_owned(),
        password: Secret::new("re_0123456789abcdef"),
        ..Form::default()
    }
}

fn only(form: &Form) -> Finding {
    let mut found = lint(form);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

#[test]
fn a_form_that_is_right_is_left_alone() {
    assert_eq!(lint(&form()), []);
    let own = Form { host: "127.0.0.1".to_owned(), port: 2525, user: "ada".to_owned(), ..form() };
    assert_eq!(lint(&own), []);
    for host in ["mail.acme.test", "müller.example", "localhost", "smtp.mx.cloudflare.net"] {
        let own = Form { host: host.to_owned(), user: "ada".to_owned(), password: Secret::new("pw12"), ..form() };
        assert_eq!(lint(&own), [], "{host}");
    }
}

#[test]
fn a_host_with_more_than_a_name_is_taken_apart() {
    for (typed, host, port) in [
        ("smtp://smtp.resend.com", "smtp.resend.com", 465),
        ("https://smtp.resend.com/path?x", "smtp.resend.com", 465),
        ("smtp.resend.com:587", "smtp.resend.com", 587),
        ("resend:pw@smtp.resend.com:2465", "smtp.resend.com", 2465),
        (" smtp.resend.com ", "smtp.resend.com", 465),
        ("smtp.resend.com.", "smtp.resend.com", 465),
    ] {
        let finding = only(&Form { host: typed.to_owned(), ..form() });
        assert_eq!(finding.field, Field::Host, "{typed}");
        let mended = finding.mend.unwrap().form;
        assert_eq!((mended.host.as_str(), mended.port), (host, port), "{typed}");
        assert_eq!(lint(&mended), [], "{typed}");
    }
}

#[test]
fn a_server_for_the_other_direction_is_mended_to_the_one_that_sends() {
    for (host, better) in [
        ("imap.gmail.com", "smtp.gmail.com"),
        ("pop.acme.test", "smtp.acme.test"),
        ("inbound-smtp.eu-west-1.amazonaws.com", "email-smtp.eu-west-1.amazonaws.com"),
        ("alt1.aspmx.l.google.com", "smtp.gmail.com"),
        ("acme-test.mail.protection.outlook.com", "smtp.office365.com"),
    ] {
        let form = Form { host: host.to_owned(), user: "ada@acme.test".to_owned(), port: 587, ..form() };
        let finding = lint(&form).into_iter().find(|finding| finding.field == Field::Host).unwrap();
        let mend = finding.mend.unwrap();
        assert_eq!((mend.form.host.as_str(), mend.words), (better, format!("Use {better}")));
    }
}

#[test]
fn hosts_that_cannot_work_are_named() {
    for (host, word, verdict) in [
        ("", "empty", Verdict::Fail),
        ("smtp resend com", "name of a server", Verdict::Fail),
        ("smtp..resend.com", "name of a server", Verdict::Fail),
        ("aspmx.l.google.com", "incoming", Verdict::Fail),
        ("acme-test.mail.protection.outlook.com", "incoming", Verdict::Fail),
        ("mx.acme.test", "incoming", Verdict::Warn),
        ("mx01.acme.test", "incoming", Verdict::Warn),
        ("imap.gmail.com", "reading mail", Verdict::Warn),
        ("pop3.acme.test", "reading mail", Verdict::Warn),
        ("192.0.2.7", "IP address", Verdict::Warn),
    ] {
        let form = Form { host: host.to_owned(), user: "ada@acme.test".to_owned(), port: 587, ..form() };
        let mut found = lint(&form);
        found.retain(|finding| finding.field == Field::Host);
        assert_eq!(found.len(), 1, "{host}: {found:#?}");
        let finding = found.remove(0);
        assert_eq!((finding.field, finding.check.verdict), (Field::Host, verdict), "{host}");
        assert!(finding.check.why.unwrap().contains(word), "{host}");
    }
}

#[test]
fn ports_of_other_protocols_and_ports_the_provider_has_not_are_named() {
    for (host, port, word) in [
        ("smtp.resend.com", 993, "IMAP"),
        ("smtp.resend.com", 110, "POP3"),
        ("smtp.resend.com", 443, "web"),
        ("smtp.resend.com", 0, "no port"),
        ("smtp.resend.com", 2525, "does not serve"),
    ] {
        let finding = only(&Form { host: host.to_owned(), port, ..form() });
        assert!(finding.check.why.as_ref().unwrap().contains(word), "{port}: {finding:?}");
        assert_eq!(finding.mend.unwrap().form.port, 465);
    }
    let token = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
    let postmark = Form {
        host: "smtp.postmarkapp.com".to_owned(),
        user: token.to_owned(),
        password: Secret::new(token),
        ..form()
    };
    let finding = only(&postmark);
    assert!(finding.check.why.unwrap().contains("may just hang"));
    assert_eq!(finding.mend.unwrap().form.port, 587);
    let mode = only(&Form { security: crate::mail::form::Security::StartTls, ..form() });
    assert!(mode.check.why.unwrap().contains("begins with TLS"));
}

#[test]
fn users_that_the_provider_does_not_know_are_named() {
    let finding = only(&Form { user: "ada@acme.test".to_owned(), ..form() });
    assert_eq!(finding.mend.unwrap().form.user, "resend");
    assert!(only(&Form { user: String::new(), ..form() }).check.why.unwrap().contains("empty"));
    assert_eq!(only(&Form { user: " resend".to_owned(), ..form() }).mend.unwrap().form.user, "resend");
    assert_eq!(only(&Form { user: "re\r\nsend".to_owned(), ..form() }).check.verdict, Verdict::Fail);
}

#[test]
fn where_one_token_is_user_and_password_nobody_is_asked_to_type_it_as_the_user() {
    let postmark = |user: &str, password: &str| Form {
        host: "smtp.postmarkapp.com".to_owned(),
        port: 587,
        user: user.to_owned(),
        password: Secret::new(password),
        ..form()
    };
    let token = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
    assert_eq!(lint(&postmark("", token).with_token_for_both()), []);
    let without = only(&postmark("", "").with_token_for_both());
    assert_eq!((without.field, without.check.verdict), (Field::Password, Verdict::Warn), "{without:?}");
}

#[test]
fn what_was_copied_around_a_password_is_named_and_no_finding_repeats_it() {
    for (typed, word) in [
        ("re_0123456789abcdef\n", "line end"),
        (" re_0123456789abcdef", "blanks"),
        ("\"re_0123456789abcdef\"", "quotes"),
        ("Bearer re_0123456789abcdef", "Bearer"),
    ] {
        let finding = only(&Form { password: Secret::new(typed), ..form() });
        assert!(finding.check.why.as_ref().unwrap().contains(word), "{finding:?}");
        assert!(!format!("{finding:?}").contains("0123456789abcdef"));
        assert_eq!(finding.mend.unwrap().form.password, Secret::new("re_0123456789abcdef"));
    }
    assert!(only(&Form { password: Secret::new(""), ..form() }).check.why.unwrap().contains("None was given"));
    assert_eq!(only(&Form { password: Secret::new("re_\x00123456789abcdef"), ..form() }).check.verdict, Verdict::Fail);
}

#[test]
fn a_secret_of_another_provider_is_not_handed_over() {
    let sendgrid = Form { host: "smtp.sendgrid.net".to_owned(), user: "apikey".to_owned(), ..form() };
    let found = lint(&sendgrid);
    assert_eq!(found[0].check.verdict, Verdict::Fail, "{found:?}");
    assert!(found[0].check.why.as_ref().unwrap().contains("secret of Resend"));
    assert_eq!(found[0].mend.as_ref().unwrap().form.host, "smtp.resend.com");
}

#[test]
fn a_secret_of_a_provider_at_a_server_nobody_knows_warns_unless_it_is_this_computer() {
    let at = |host: &str, password: &str| Form {
        host: host.to_owned(),
        port: 587,
        user: "ada".to_owned(),
        password: Secret::new(password),
        ..form()
    };
    for host in ["smtp.resend.com.evil.example", "mail.acme.test"] {
        let finding = only(&at(host, "re_0123456789abcdef"));
        assert_eq!((finding.field, finding.check.verdict), (Field::Password, Verdict::Warn), "{host}");
        assert!(finding.check.why.as_ref().unwrap().contains("a secret of Resend"), "{finding:?}");
        assert!(!format!("{finding:?}").contains("0123456789abcdef"));
        let mend = finding.mend.unwrap();
        assert_eq!((mend.words.as_str(), mend.form.host.as_str()), ("Use smtp.resend.com", "smtp.resend.com"));
    }
    for host in ["127.0.0.1", "localhost", "::1"] {
        assert_eq!(lint(&at(host, "re_0123456789abcdef")), [], "{host}");
    }
    assert_eq!(lint(&at("mail.acme.test", "reasonable-password-1")), []);
}

#[test]
fn secrets_of_the_right_provider_that_do_not_open_smtp_are_named() {
    for (host, user, password, word) in [
        ("smtp-relay.brevo.com", "x@smtp-brevo.com", "xkeysib-0123456789abcdef", "API key"),
        ("smtp.mailgun.org", "postmaster@mg.acme.test", "key-0123456789abcdef0123456789abcdef", "API key"),
        (
            "smtp.mailgun.org",
            "postmaster@mg.acme.test",
            "0123456789abcdef0123456789abcdef-01234567-89abcdef",
            "API key",
        ),
        (
            "email-smtp.eu-west-1.amazonaws.com",
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "secret access key",
        ),
        ("smtp.gmail.com", "hello@acme.test", "my own password", "app password"),
        ("smtp.gmail.com", "hello@acme.test", "abcd efgh ijkl mnop", "does not mind"),
        ("smtp.sendgrid.net", "apikey", "hunter2", "begin with SG."),
    ] {
        let form = Form { host: host.to_owned(), user: user.to_owned(), password: Secret::new(password), ..form() };
        let finding = only(&form);
        assert_eq!(finding.field, Field::Password, "{host}");
        assert!(finding.check.why.as_ref().unwrap().contains(word), "{finding:?}");
    }
}

#[test]
fn senders_that_receivers_or_providers_refuse_are_named() {
    for (email, word, verdict) in [
        ("", "empty", Verdict::Fail),
        ("acme.test", "no @", Verdict::Fail),
        ("hello@acme.test\r\nBcc: x@y.test", "cannot be sent", Verdict::Fail),
        ("ada@gmail.com", "DMARC", Verdict::Warn),
        ("onboarding@resend.dev", "your own", Verdict::Warn),
        ("ada@example.com", "nobody", Verdict::Warn),
    ] {
        let finding = only(&Form { sender_email: email.to_owned(), ..form() });
        assert_eq!((finding.field, finding.check.verdict), (Field::SenderEmail, verdict), "{email}");
        assert!(finding.check.why.as_ref().unwrap().contains(word), "{finding:?}");
    }
    let named = only(&Form { sender_email: "Ada L <ada@acme.test>".to_owned(), sender_name: String::new(), ..form() });
    let mended = named.mend.unwrap().form;
    assert_eq!((mended.sender_email.as_str(), mended.sender_name.as_str()), ("ada@acme.test", "Ada L"));
    let office = Form {
        host: "smtp.office365.com".to_owned(),
        port: 587,
        user: "ada@acme.test".to_owned(),
        password: Secret::new("x1234"),
        ..form()
    };
    assert!(only(&office).check.why.unwrap().contains("send as"));
}

#[test]
fn one_check_says_the_worst_first_and_all_of_it() {
    let form = Form { host: String::new(), user: " ada".to_owned(), ..form() };
    let check = as_check("lint", &lint(&form));
    assert_eq!(check.verdict, Verdict::Fail);
    assert!(check.why.as_ref().unwrap().starts_with("Server name: It is empty"), "{check:?}");
    assert!(check.why.unwrap().contains("User: "));
    assert_eq!(as_check("lint", &[]).verdict, Verdict::Pass);
}
