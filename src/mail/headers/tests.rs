use super::*;

const GOOD: &str = "Delivered-To: ada@mailbox.example\r\n\
Received: by 2002:a05:6402:1 with SMTP id x; Mon, 30 Nov 2026 10:00:04 -0800 (PST)\r\n\
Return-Path: <0100@send.acme.io>\r\n\
Received: from a1.eu-west-1.amazonses.com (a1.eu-west-1.amazonses.com. [192.0.2.1])\r\n\
\x20by mx.mailbox.example with ESMTPS id z1 (version=TLS1_3 cipher=X);\r\n\
\x20Mon, 30 Nov 2026 10:00:03 -0800 (PST)\r\n\
Authentication-Results: mx.mailbox.example;\r\n\
\x20dkim=pass header.i=@acme.io header.s=resend header.b=abc;\r\n\
\x20spf=pass (domain of 0100@send.acme.io designates 192.0.2.1 as permitted sender) smtp.mailfrom=0100@send.acme.io;\r\n\
\x20dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=acme.io\r\n\
DKIM-Signature: v=1; a=rsa-sha256; q=dns/txt; c=relaxed/simple; s=resend;\r\n\
\td=acme.io; t=1; h=From:To:Subject; bh=x; b=y\r\n\
From: Acme <hello@acme.io>\r\n\
Subject: Hello: world\r\n\
\r\n\
From: not a header\r\n";

fn named<'a>(read: &'a Read, name: &str) -> &'a Check {
    read.checks.iter().find(|check| check.name == name).unwrap()
}

#[test]
fn a_message_that_was_believed_is_read_to_the_end_of_its_headers() {
    let read = read(GOOD);
    assert!(read.checks.iter().all(|check| check.verdict == Verdict::Pass), "{:#?}", read.checks);
    assert!(read.headline.starts_with("The receiver believed it"));
    let [signature] = &read.signatures[..] else { panic!("{:?}", read.signatures) };
    assert_eq!(
        (signature.domain.as_str(), signature.selector.as_str(), signature.aligned),
        ("acme.io", "resend", true)
    );
    assert_eq!(signature.covers, ["from", "to", "subject"]);
    let [first, last] = &read.hops[..] else { panic!("{:?}", read.hops) };
    assert_eq!(first.from.as_deref(), Some("a1.eu-west-1.amazonses.com"));
    assert_eq!((first.with.as_deref(), last.delay), (Some("ESMTPS"), Some(1)));
}

#[test]
fn a_result_that_the_sender_s_side_put_below_does_not_count() {
    let forged = "Authentication-Results: mx.sender.example; spf=pass; dkim=pass; dmarc=pass\r\n";
    let below = |text: &str| text.replacen("DKIM-Signature:", &format!("{forged}DKIM-Signature:"), 1);
    let refused = below(GOOD).replacen("spf=pass", "spf=fail", 1).replacen("dmarc=pass", "dmarc=fail", 1);
    let read = super::read(&refused);
    assert_eq!(named(&read, "spf").verdict, Verdict::Fail, "{:#?}", read.checks);
    assert_eq!(named(&read, "dmarc").verdict, Verdict::Fail);
    // The receiver said nothing of SPF: what another one says is not its word.
    let silent = below(&GOOD.replacen("spf=pass", "x-spf=pass", 1));
    let read = super::read(&silent);
    assert_eq!(named(&read, "spf").verdict, Verdict::Skipped, "{:#?}", read.checks);
    // The receiver's own second header, further down, is no more than its earlier word.
    let own = "Authentication-Results: mx.mailbox.example; spf=pass\r\nDKIM-Signature:";
    let earlier = GOOD.replacen("spf=pass", "spf=softfail", 1).replacen("DKIM-Signature:", own, 1);
    assert_eq!(named(&super::read(&earlier), "spf").verdict, Verdict::Fail);
}

#[test]
fn a_receiver_that_writes_one_header_for_each_method_is_read_whole() {
    let text = "Authentication-Results: dmarc.mailbox.example; dmarc=pass header.from=acme.io\n\
                Authentication-Results: dkim-verifier.mailbox.example; dkim=fail; dkim=pass header.d=acme.io\n\
                Authentication-Results: spf.mailbox.example; spf=pass\nFrom: a@acme.io\n\
                DKIM-Signature: v=1; a=rsa-sha256; d=acme.io; s=x; h=from\n";
    assert_eq!(read(text).headline, "The receiver believed it: SPF, DKIM and DMARC hold");
    // Microsoft names nobody as the writer.
    let nameless = "Authentication-Results: spf=pass smtp.mailfrom=acme.io; dkim=pass header.d=acme.io;dmarc=pass\n\
                    From: a@acme.io\nDKIM-Signature: v=1; a=rsa-sha256; d=acme.io; s=x; h=from\n";
    assert_eq!(read(nameless).headline, "The receiver believed it: SPF, DKIM and DMARC hold");
}

#[test]
fn the_headline_names_only_what_the_receiver_found_right() {
    let without = |methods: &[&str]| {
        let text = methods.iter().fold(GOOD.to_owned(), |text, method| {
            text.replacen(&format!("{method}=pass"), &format!("x-{method}=pass"), 1)
        });
        read(&text).headline
    };
    assert_eq!(without(&["dmarc"]), "The receiver found that SPF and DKIM hold, and wrote nothing of DMARC");
    assert_eq!(without(&["dkim", "dmarc"]), "The receiver found that SPF holds, and wrote nothing of DKIM and DMARC");
    assert_eq!(without(&["spf", "dkim", "dmarc"]), "The receiver wrote nothing of SPF, DKIM or DMARC");
    let sent = read("From: a@acme.io\nSubject: x\n");
    assert!(sent.headline.starts_with("No receiver wrote what it found. To know: "), "{}", sent.headline);
}

#[test]
fn what_the_receiver_held_against_it_is_explained() {
    for (from, to, check, verdict, words) in [
        ("spf=pass", "spf=softfail", "spf", Verdict::Fail, "not named in the SPF record"),
        ("dkim=pass", "dkim=fail", "dkim", Verdict::Fail, "does not hold"),
        ("dkim=pass", "dkim=none", "dkim", Verdict::Warn, "without a DKIM signature"),
        ("dmarc=pass", "dmarc=fail", "dmarc", Verdict::Fail, "Neither SPF nor DKIM"),
        ("dmarc=pass", "dmarc=none", "dmarc", Verdict::Warn, "no DMARC record"),
        ("spf=pass", "spf=temperror", "spf", Verdict::Warn, "could not ask DNS"),
        (
            "<0100@send.acme.io>\r\nRec",
            "<x@bounce.mailhost.example>\r\nRec",
            "return path",
            Verdict::Warn,
            "not of acme.io",
        ),
        ("d=acme.io", "d=mailhost.example", "signatures", Verdict::Warn, "nobody signs for acme.io"),
        ("rsa-sha256", "rsa-sha1", "signatures", Verdict::Fail, "no longer take"),
        ("h=From:To", "h=To", "signatures", Verdict::Fail, "does not cover From"),
        ("10:00:04", "10:20:04", "way", Verdict::Warn, "waited"),
        ("with ESMTPS", "with ESMTP", "way", Verdict::Warn, "without TLS"),
        ("From: Acme <hello@acme.io>", "From: Acme", "from", Verdict::Fail, "no address"),
    ] {
        let changed = GOOD.replacen(from, to, 1);
        assert_ne!(changed, GOOD, "{from}");
        let read = read(&changed);
        let check = named(&read, check);
        assert_eq!(check.verdict, verdict, "{to}: {check:?}");
        assert!(check.why.as_ref().unwrap().contains(words), "{to}: {check:?}");
    }
}

#[test]
fn headers_that_are_none_or_were_never_received_say_so() {
    for text in ["", "hello", "\n\n", "\u{1f980} no header here"] {
        let read = read(text);
        assert_eq!(read.checks[0].verdict, Verdict::Fail, "{text:?}");
    }
    let own = read("From: a@acme.io\nDKIM-Signature: v=1; a=rsa-sha256; d=acme.io; s=x; h=from\n");
    assert!(own.headline.starts_with("No receiver wrote"), "{}", own.headline);
    assert_eq!(named(&own, "spf").verdict, Verdict::Skipped);
    let long = format!("From: a@acme.io\nX: {}", "ü".repeat(300_000));
    assert_eq!(read(&long).checks.len(), 7);
}
