//! The headers of a message that arrived, pasted: what they say, and where to look from there.

use crate::stage::*;
use egui::accesskit::Role;
use egui::{Theme, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

/// As Gmail shows them: signed by the sender's domain and by the provider's, believed.
pub const ARRIVED: &str = "Delivered-To: ada@mailbox.example\r\n\
Received: by 2002:a05:6402:1 with SMTP id x; Thu, 20 Aug 2026 05:04:40 -0700 (PDT)\r\n\
Return-Path: <0100@send.acme.com>\r\n\
Received: from a1.eu-west-1.amazonses.com (a1.eu-west-1.amazonses.com. [192.0.2.1])\r\n\
\x20by mx.mailbox.example with ESMTPS id z1 (version=TLS1_3 cipher=X);\r\n\
\x20Thu, 20 Aug 2026 05:04:39 -0700 (PDT)\r\n\
Authentication-Results: mx.mailbox.example;\r\n\
\x20dkim=pass header.i=@acme.com header.s=resend header.b=abc;\r\n\
\x20spf=pass (domain of 0100@send.acme.com designates 192.0.2.1 as permitted sender) smtp.mailfrom=0100@send.acme.com;\r\n\
\x20dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=acme.com\r\n\
DKIM-Signature: v=1; a=rsa-sha256; q=dns/txt; c=relaxed/simple; s=resend;\r\n\
\td=acme.com; t=1; h=From:To:Subject; bh=x; b=y\r\n\
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; s=224i4yxa; d=amazonses.com; h=From:To; bh=x; b=y\r\n\
From: Acme <hello@acme.com>\r\n\
Subject: Kinde Panel test 7f3a\r\n";

/// The part "Received headers" with `text` pasted into it.
pub fn pasted(text: &str, which: Theme) -> Room {
    let mut harness = typed(which);
    harness.get_by_role_and_label(Role::Tab, "Received headers").click();
    harness.run_ok();
    harness.get_by_role_and_label(Role::MultilineTextInput, "Headers of a message").focus();
    harness.run_ok();
    harness.event(egui::Event::Paste(text.to_owned()));
    harness.run_ok();
    harness
}

#[test]
fn headers_that_arrived_are_judged_and_show_who_signed_and_which_way_they_came_without_asking_anybody() {
    let mut harness = pasted(ARRIVED, Theme::Dark);
    harness.set_size(vec2(1040.0, 1200.0));
    harness.run();
    harness.get_by_label_contains("The receiver believed it");
    for check in ["From", "SPF", "DKIM", "DMARC", "Return path", "Signatures", "Way"] {
        assert!(harness.query_all_by_label(check).count() > 0, "{check}");
    }
    harness.get_by_label("resend._domainkey.acme.com");
    harness.get_by_label("speaks for From");
    harness.get_by_label("speaks for its own domain");
    harness.get_by_label("from, to, subject");
    harness.get_by_label("1. mx.mailbox.example");
    harness.get_by_label("a1.eu-west-1.amazonses.com");
    harness.get_by_label("12:04:39");
    harness.get_by_label("ESMTPS");
    harness.get_by_label("1 s");
    assert!(harness.state().actions.is_empty(), "it is offline");
}

#[test]
fn what_the_receiver_held_against_it_stands_first_with_its_fix() {
    let text = ARRIVED.replace("dmarc=pass", "dmarc=fail").replace("d=acme.com", "d=mailhost.example");
    let harness = pasted(&text, Theme::Dark);
    harness.get_by_label_contains("The receiver has something against it");
    harness.get_by_label_contains("Have DKIM sign as the From domain");
}

#[test]
fn a_text_without_headers_says_how_to_find_them_and_can_be_cleared() {
    let mut harness = pasted("Hello Ada, your code is 123456", Theme::Dark);
    assert!(harness.query_all_by_label_contains("There are no mail headers in it").count() > 0);
    harness.get_by_label_contains("Show original");
    press(&mut harness, "Clear the headers");
    harness.get_by_label_contains("paste the headers of what arrived");
    assert!(harness.query_by_label("Clear the headers").is_none());
}

#[test]
fn the_key_of_a_signature_is_looked_up_where_the_sender_s_domain_is() {
    let mut harness = pasted(ARRIVED, Theme::Dark);
    harness.set_size(vec2(1040.0, 1200.0));
    harness.run();
    press(&mut harness, "Look 224i4yxa._domainkey.amazonses.com up");
    let value = |name: &str| harness.get_by_role_and_label(Role::TextInput, name).accesskit_node().value();
    assert_eq!(value("Domain").as_deref(), Some("amazonses.com"));
    assert_eq!(value("DKIM selectors").as_deref(), Some("224i4yxa"));
    harness.get_by_role_and_label(Role::Button, "Look it up");
}

#[test]
fn what_was_pasted_goes_with_the_profile() {
    let mut harness = pasted(ARRIVED, Theme::Dark);
    harness.state_mut().with(|state, _, actions| state.forget(actions));
    harness.run();
    let text = harness.get_by_role_and_label(Role::MultilineTextInput, "Headers of a message").accesskit_node().value();
    assert_eq!(text.unwrap_or_default(), "");
}
