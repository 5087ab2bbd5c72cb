//! The sender's domain and a Resend account: what is asked, what shows while it is looked at, and what was found.

use crate::stage::*;
use egui::accesskit::Role;
use egui::{Theme, vec2};
use egui_kittest::kittest::Queryable as _;
use kinde_panel::action::Action;
use kinde_panel::backend::End;
use kinde_panel::backend::mail::{Command as Ask, Event};
use kinde_panel::check::Check;
use kinde_panel::error::{Category, UserError};
use kinde_panel::mail::dns::{self, SpfNode};
use kinde_panel::mail::resend::{self, Limits, Permission, RecordFacts};
use kinde_panel::mail::resolver::DnsServer;

fn open(harness: &mut Room, tab: &str) {
    harness.get_by_role_and_label(Role::Tab, tab).click();
    harness.run_ok();
}

/// A domain with a tree of two levels, one term of it over the limit.
pub fn domain() -> dns::Report {
    let leaf = |term: &str, total: u32, problem: Option<&str>| SpfNode {
        term: term.to_owned(),
        lookups_here: 1,
        running_total: total,
        problem: problem.map(str::to_owned),
        ..SpfNode::default()
    };
    let include = SpfNode {
        children: vec![leaf("include:_spf.google.com", 2, None), leaf("a:old.acme.com", 11, Some("finds nothing"))],
        record: Some("v=spf1 include:_spf.google.com a:old.acme.com ~all".to_owned()),
        ..leaf("include:amazonses.com", 1, None)
    };
    let root = SpfNode {
        term: "acme.com".to_owned(),
        record: Some("v=spf1 include:amazonses.com ~all".to_owned()),
        children: vec![include],
        ..SpfNode::default()
    };
    dns::Report {
        domain: Some("acme.com".to_owned()),
        headline: "acme.com is not ready to send: the record costs 11 look-ups, and receivers stop at 10: it is void (permerror)"
            .to_owned(),
        checks: vec![
            Check::pass("mx").seen("10 mx.acme.com"),
            Check::fail(
                "spf look-ups",
                "The record costs 11 look-ups, and receivers stop at 10: it is void (permerror)",
                "Take out includes that are not used, or name their addresses by ip4 and ip6",
            )
            .seen("11 of 10 look-ups, 1 of 2 that find nothing"),
            Check::warn(
                "dmarc",
                "There is no DMARC record for acme.com: Gmail, Yahoo and Microsoft ask for one of whoever sends much",
                "Add a TXT record at _dmarc.acme.com: v=DMARC1; p=none;",
            ),
        ],
        spf: Some(root),
        spf_cost: (11, 1),
        ..dns::Report::default()
    }
}

pub fn account() -> resend::Report {
    let record = |kind: &str, name: &str, expected: &str, live: &[&str], check: Check| RecordFacts {
        name: name.to_owned(),
        kind: kind.to_owned(),
        purpose: "SPF".to_owned(),
        expected: expected.to_owned(),
        live: live.iter().map(|&value| value.to_owned()).collect(),
        status: "pending".to_owned(),
        check,
    };
    let missing = Check::fail(
        "record TXT send.acme.com",
        "There is no TXT record at send.acme.com",
        "Add it: name send, type TXT, value v=spf1 include:amazonses.com ~all",
    );
    let elsewhere = Check::fail(
        "record MX send.acme.com",
        "send.acme.com leads to 10 mx.acme.com, and not where Resend takes bounces",
        "Replace the MX record by 10 feedback-smtp.eu-west-1.amazonses.com",
    )
    .seen("10 mx.acme.com");
    let pending = "Resend is still looking for the records (pending), and sends nothing until then";
    let verify = "Mend the records below, then press Verify at resend.com/domains, and give it some minutes";
    resend::Report {
        headline: "Kinde cannot send as acme.com through this account yet: Resend is still looking for the records (pending), and sends nothing until then"
            .to_owned(),
        checks: vec![
            Check::pass("key shape").seen("re_…8Zq8"),
            Check::warn(
                "key",
                "The key is genuine and has Full access: whoever gets hold of it can read and delete everything in the account",
                "Give Kinde a key with Sending access, bound to this domain, and keep this one to yourself",
            )
            .seen("Full access, 1 domain in the account"),
            Check::fail("domain", pending, verify).seen("pending, eu-west-1, added 2026-08-20"),
            Check::fail(
                "records",
                "0 of 2 that sending needs are right",
                "Mend those that fail below, then press Verify at resend.com/domains",
            ),
            missing.clone(),
            elsewhere.clone(),
        ],
        permission: Some(Permission::Full),
        domains: vec![resend::Domain {
            id: "d91cd9bd".to_owned(),
            name: "acme.com".to_owned(),
            status: "pending".to_owned(),
            region: "eu-west-1".to_owned(),
            created_at: "2026-08-20".to_owned(),
            capabilities: None,
            records: Vec::new(),
        }],
        records: vec![
            record("TXT", "send.acme.com", "v=spf1 include:amazonses.com ~all", &[], missing),
            record(
                "MX",
                "send.acme.com",
                "10 feedback-smtp.eu-west-1.amazonses.com",
                &["10 mx.acme.com"],
                elsewhere,
            ),
        ],
        limits: Limits { limit: Some(5), window: Some(1), daily_used: Some(3), ..Limits::default() },
        ..resend::Report::default()
    }
}

/// The part "Sender domain" with what was found.
pub fn domain_found(report: dns::Report, which: Theme) -> Room {
    let mut harness = typed(which);
    open(&mut harness, "Sender domain");
    press(&mut harness, "Look it up");
    let (job, _) = asked(&mut harness).remove(0);
    tell(&mut harness, job, Event::Domain(Ok(Box::new(report))));
    harness
}

/// The part "Resend" with what was found.
pub fn account_found(report: resend::Report, which: Theme) -> Room {
    let mut harness = typed(which);
    open(&mut harness, "Resend");
    press(&mut harness, "Check account");
    let (job, _) = asked(&mut harness).remove(0);
    tell(&mut harness, job, Event::Resend(Ok(Box::new(report))));
    harness
}

#[test]
fn the_sender_s_domain_is_looked_up_unless_another_is_typed_and_checks_show_as_they_come() {
    let mut harness = typed(Theme::Dark);
    open(&mut harness, "Sender domain");
    type_into(&mut harness, Role::TextInput, "DKIM selectors", "resend, s1");
    press(&mut harness, "Look it up");
    let all = asked(&mut harness);
    let [(job, Ask::Domain { plan, dns })] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((plan.domain.as_str(), *dns), ("acme.com", DnsServer::System));
    assert_eq!(plan.selectors, ["resend", "s1"]);
    let job = *job;
    tell(&mut harness, job, Event::Looked(Check::pass("mx").seen("10 mx.acme.com")));
    harness.get_by_label("10 mx.acme.com");
    harness.get_by_label("MX");
    harness.get_by_label("DMARC");
    press(&mut harness, "Cancel");
    let actions = std::mem::take(&mut harness.state_mut().actions);
    assert!(matches!(actions.as_slice(), [Action::Cancel(of)] if *of == job), "{actions:?}");
    tell(&mut harness, job, Event::Domain(Ok(Box::new(dns::Report { cancelled: true, ..domain() }))));
    type_into(&mut harness, Role::TextInput, "Domain", "other.example");
    press(&mut harness, "Look it up");
    assert!(
        matches!(asked(&mut harness).first(), Some((_, Ask::Domain { plan, .. })) if plan.domain == "other.example")
    );
}

#[test]
fn the_spf_tree_shows_each_term_with_the_count_so_far_and_is_open_where_it_costs_too_much() {
    let mut harness = domain_found(domain(), Theme::Dark);
    harness.set_size(vec2(1040.0, 1200.0));
    harness.run();
    harness.get_by_label("SPF: 11 of 10 look-ups, 1 of 2 that find nothing");
    for term in ["acme.com", "include:amazonses.com", "include:_spf.google.com", "a:old.acme.com"] {
        assert!(harness.query_all_by_label(term).count() > 0, "{term}");
    }
    harness.get_by_label("2 of 10");
    harness.get_by_label("finds nothing");
}

#[test]
fn a_look_that_cannot_be_begun_says_why() {
    let mut harness = typed(Theme::Dark);
    open(&mut harness, "Sender domain");
    press(&mut harness, "Look it up");
    let (job, _) = asked(&mut harness).remove(0);
    let error = UserError::new(Category::Network, "The system names no resolver").detail("x").hint("Name one");
    tell(&mut harness, job, Event::Domain(Err(error)));
    harness.get_by_label("The system names no resolver");
    press(&mut harness, "Look it up");
    let (job, _) = asked(&mut harness).remove(0);
    end(&mut harness, job, End::Broken);
    harness.get_by_label("The work broke off");
}

#[test]
fn the_form_s_resend_key_and_domain_are_used_unless_others_are_typed() {
    let mut harness = room();
    open(&mut harness, "Resend");
    assert!(is_off(&harness, "Check account") && is_off(&harness, "Send test email"));
    let mut harness = typed(Theme::Dark);
    open(&mut harness, "Resend");
    harness.get_by_label("Empty: the password of the SMTP form");
    press(&mut harness, "Check account");
    let all = asked(&mut harness);
    let [(job, Ask::Resend { plan, .. })] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((plan.key.expose(), plan.domain.as_str(), plan.send_to.as_deref()), (CANARY, "acme.com", None));
    assert_eq!((plan.from.as_deref(), plan.base.as_str()), (Some("hello@acme.com"), resend::BASE));
    assert!(!format!("{all:?}").contains(CANARY));
    let job = *job;
    tell(&mut harness, job, Event::Resend(Ok(Box::new(account()))));
    type_into(&mut harness, Role::PasswordInput, "API key", "re_another_key_0123456789");
    press(&mut harness, "Send test email");
    let all = asked(&mut harness);
    let [(_, Ask::Resend { plan, .. })] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(
        (plan.key.expose(), plan.send_to.as_deref()),
        ("re_another_key_0123456789", Some("delivered@resend.dev"))
    );
    holds_no_secret(&harness);
}

#[test]
fn records_domains_limits_and_what_the_key_may_do_are_shown_to_copy() {
    let mut report = account();
    report.sent = Some(resend::Sent {
        id: "49a3999c".to_owned(),
        to: "delivered@resend.dev".to_owned(),
        token: "7f3a".to_owned(),
        idempotency_key: "k".to_owned(),
        last_event: Some("delivered".to_owned()),
    });
    let mut harness = account_found(report, Theme::Dark);
    harness.set_size(vec2(1040.0, 1600.0));
    harness.run();
    harness.get_by_label_contains("make one that may only send for Kinde");
    harness.get_by_label("TXT send.acme.com");
    harness.get_by_label("v=spf1 include:amazonses.com ~all");
    assert_eq!(harness.query_all_by_label("SPF, Resend says pending").count(), 2);
    harness.get_by_label("Resend's headers: 5 requests a second for the whole team, 3 emails sent today");
    harness.get_by_label("Resend took the test email to delivered@resend.dev");
    harness.get_by_role_and_label(Role::Link, "See it at Resend").click();
    harness.run();
    let actions = std::mem::take(&mut harness.state_mut().actions);
    assert!(matches!(actions.as_slice(), [Action::OpenUrl(url)] if url == "https://resend.com/emails/49a3999c"));
    holds_no_secret(&harness);
}

#[test]
fn a_key_that_was_looked_at_fills_the_smtp_form_as_kinde_wants_it() {
    let mut harness = room();
    open(&mut harness, "Resend");
    type_into(&mut harness, Role::PasswordInput, "API key", CANARY);
    type_into(&mut harness, Role::TextInput, "Domain", "updates.acme.com");
    press(&mut harness, "Check account");
    let (job, _) = asked(&mut harness).remove(0);
    tell(&mut harness, job, Event::Resend(Ok(Box::new(account()))));
    press(&mut harness, "Check its SMTP");
    press(&mut harness, "Check the server");
    let all = asked(&mut harness);
    let Some((_, Ask::Check(check))) = all.first() else { panic!("{all:?}") };
    let form = &check.form;
    assert_eq!((form.host.as_str(), form.port, form.user.as_str()), ("smtp.resend.com", 465, "resend"));
    assert_eq!((form.password.expose(), form.sender_email.as_str()), (CANARY, "hello@updates.acme.com"));
    holds_no_secret(&harness);
}
