//! Reads the headers of a message that arrived, pasted by a person: who vouched for it, which way it came, who signed it.
//! Offline: everything is taken from the text, and nothing in it is checked against DNS.
//!
//! What a receiver wrote (`Authentication-Results`, RFC 8601) can be believed where it is the person's own receiver; what
//! stands further down was written by the sender's side and by anybody on the way.

use jiff::Timestamp;

use super::dns::finding::{self, Finding};
use super::dns::name;
use crate::check::{self, Check, Verdict};

/// Longer pastes are read to here: headers are a few kilobytes.
const MOST: usize = 256 * 1024;

/// What the headers say.
#[derive(Debug, Clone, Default)]
pub struct Read {
    /// One sentence above the list.
    pub headline: String,
    /// `from`, `spf`, `dkim`, `dmarc`, `return path`, `signatures`, `way`.
    pub checks: Vec<Check>,
    /// The way the message came, the sender's side first.
    pub hops: Vec<Hop>,
    /// Its signatures.
    pub signatures: Vec<Signature>,
}

/// One server that passed the message on (RFC 5321 §4.4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hop {
    /// Who handed it over, in that server's own word.
    pub from: Option<String>,
    /// Who took it.
    pub by: Option<String>,
    /// How: `ESMTPS` is with TLS, `ESMTPSA` with TLS and signed in.
    pub with: Option<String>,
    /// When it was taken.
    pub at: Option<Timestamp>,
    /// Seconds since the hop before; below nothing where clocks differ.
    pub delay: Option<i64>,
}

/// One `DKIM-Signature` (RFC 6376 §3.5).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signature {
    /// The domain that signs, `d=`.
    pub domain: String,
    /// Its selector, `s=`.
    pub selector: String,
    /// `a=`, such as `rsa-sha256`.
    pub algorithm: String,
    /// The headers it covers, `h=`.
    pub covers: Vec<String>,
    /// True where it speaks for the domain in From, in the relaxed way.
    pub aligned: bool,
}

/// Reads `text`: the headers, or a whole message with them in front.
pub fn read(text: &str) -> Read {
    let fields = fields(text);
    let all = |wanted: &str| -> Vec<&str> {
        fields.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_str()).collect()
    };
    if fields.is_empty() {
        let check = Check::fail(
            "from",
            "There are no mail headers in it: none of its lines is a name, a colon and a value",
            "In the mail program choose Show original (Gmail), View message source, or View source, and paste all of it",
        );
        return Read { headline: "There are no mail headers in it".to_owned(), checks: vec![check], ..Read::default() };
    }
    let from = all("from").first().and_then(|value| domain_of(value));
    let signatures: Vec<Signature> =
        all("dkim-signature").into_iter().map(|value| signature(value, from.as_deref())).collect();
    let hops = hops(&all("received"));
    let results = all("authentication-results");
    let mut checks = vec![sender(&all("from"), from.as_deref())];
    for method in ["spf", "dkim", "dmarc"] {
        checks.push(verdict(method, &results));
    }
    checks.push(return_path(&all("return-path"), from.as_deref()));
    checks.push(signed(&signatures, from.as_deref()));
    checks.push(way(&hops));
    Read { headline: headline(&checks, results.is_empty()), checks, hops, signatures }
}

/// The fields of the header, folded lines joined, names in lower case. They end at the first empty line after one.
fn fields(text: &str) -> Vec<(String, String)> {
    let end = (0..=MOST.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.get(..end).unwrap_or_default().lines() {
        if line.trim().is_empty() {
            if fields.is_empty() { continue } else { break }
        }
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
            continue;
        }
        // RFC 5322 §2.2: printable, and no colon. An mbox's first line is none.
        if let Some((name, value)) = line.split_once(':')
            && !name.is_empty()
            && name.chars().all(|c| c.is_ascii_graphic())
        {
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    fields
}

/// The domain of the address in a From, a Return-Path or a bare address.
fn domain_of(value: &str) -> Option<String> {
    let address = match value.rsplit_once('<') {
        Some((_, rest)) => rest.split('>').next()?,
        None => value.split_whitespace().find(|word| word.contains('@'))?,
    };
    let (_, domain) = address.rsplit_once('@')?;
    name::domain_in(domain).ok()
}

fn sender(values: &[&str], from: Option<&str>) -> Check {
    let seen = values.first().map(|value| value.chars().take(200).collect::<String>());
    let findings = match (values.len(), from) {
        (0, _) => vec![Finding::warn("There is no From line in it", "Paste all of the headers")],
        (1, Some(_)) => Vec::new(),
        (1, None) => {
            vec![Finding::fail("There is no address in the From line", "Correct the sender's address in Kinde")]
        }
        (many, _) => vec![Finding::fail(
            format!("There are {many} From lines, and receivers refuse such a message (RFC 5322 §3.6)"),
            "A program on the way adds one: the sender's side has to set it once",
        )],
    };
    finding::check("from", seen, findings)
}

/// What the receivers said of `method`: `spf=pass (…) smtp.mailfrom=…`.
fn verdict(method: &str, results: &[&str]) -> Check {
    let said: Vec<(String, String)> = results.iter().flat_map(|result| said_of(method, result)).collect();
    // The first one was written last: by the receiver itself.
    let best = said.iter().find(|(word, _)| word == "pass").or_else(|| said.first());
    let Some((word, whole)) = best else {
        return Check::skipped(
            method,
            if results.is_empty() {
                "No receiver wrote what it found (Authentication-Results). Headers of a message that arrived have it"
                    .to_owned()
            } else {
                format!("The receiver wrote nothing of {}", method.to_uppercase())
            },
        );
    };
    let (why, fix) = match (method, word.as_str()) {
        (_, "pass") => return Check::pass(method).seen(whole.clone()),
        ("spf", "softfail" | "fail") => (
            format!("The server that sent it is not named in the SPF record of the return path ({word})"),
            "Add your provider's include to the SPF record of the return path's domain; a forwarded message fails here too",
        ),
        ("spf", "none") => (
            "The domain of the return path has no SPF record".to_owned(),
            "Add the SPF record that your provider shows",
        ),
        ("dkim", "none") => (
            "The message came without a DKIM signature".to_owned(),
            "Set DKIM up at your provider, and send through it",
        ),
        ("dkim", "fail" | "permerror" | "neutral" | "policy") => (
            format!(
                "The DKIM signature does not hold ({word}): the key in DNS is another one or damaged, or the message was changed on the way"
            ),
            "Look at the domain in DNS here, with the signature's selector",
        ),
        ("dmarc", "fail") => (
            "Neither SPF nor DKIM speaks for the domain in From".to_owned(),
            "Have DKIM sign as the From domain: that alone is enough",
        ),
        ("dmarc", "none" | "bestguesspass") => {
            ("The domain in From has no DMARC record".to_owned(), "Add one at _dmarc of the domain: v=DMARC1; p=none;")
        }
        (_, "temperror") => ("The receiver could not ask DNS at that moment".to_owned(), "Send another one"),
        (_, other) => (format!("The receiver's word for it is {other}"), "See its words"),
    };
    let check = match (method, word.as_str()) {
        ("dmarc", "none" | "bestguesspass") | (_, "temperror" | "neutral" | "none") => Check::warn(method, why, fix),
        _ => Check::fail(method, why, fix),
    };
    check.seen(whole.clone())
}

/// Each `method=word …` of one result, with its words.
fn said_of(method: &str, result: &str) -> Vec<(String, String)> {
    result
        .split(';')
        .filter_map(|part| {
            let part = part.trim();
            let (name, rest) = part.split_once('=')?;
            if !name.trim().eq_ignore_ascii_case(method) {
                return None;
            }
            let word: String = rest.trim().chars().take_while(char::is_ascii_alphanumeric).collect();
            Some((word.to_ascii_lowercase(), part.split_whitespace().collect::<Vec<_>>().join(" ")))
        })
        .collect()
}

fn return_path(values: &[&str], from: Option<&str>) -> Check {
    let Some(value) = values.first() else {
        return Check::skipped("return path", "The receiver wrote none, or it was not pasted");
    };
    let check = Check::pass("return path").seen((*value).to_owned());
    match (domain_of(value), from) {
        (Some(path), Some(from)) if name::same_organization(&path, from) => {
            check.because(format!("It agrees with the From domain {from}: SPF counts for DMARC"))
        }
        (Some(path), Some(from)) => Check::warn(
            "return path",
            format!(
                "Bounces go to {path}, which is not of {from}: SPF does not count for DMARC, and DKIM alone has to"
            ),
            "Where your provider has a return path of your own domain (with Resend send.your-domain), set it up",
        )
        .seen((*value).to_owned()),
        (None, _) => check.because("It is empty: this is itself a bounce or an automatic reply"),
        _ => check,
    }
}

fn signature(value: &str, from: Option<&str>) -> Signature {
    let tags = super::dns::tags(value);
    let tag = |name: &str| {
        let found = tags.iter().find(|(tag, _)| tag == name);
        found.map(|(_, value)| value.split_whitespace().collect::<String>()).unwrap_or_default()
    };
    let domain = tag("d").to_ascii_lowercase();
    Signature {
        aligned: from.is_some_and(|from| name::same_organization(&domain, from)),
        covers: tag("h").split(':').filter(|name| !name.is_empty()).map(str::to_ascii_lowercase).collect(),
        selector: tag("s"),
        algorithm: tag("a"),
        domain,
    }
}

fn signed(signatures: &[Signature], from: Option<&str>) -> Check {
    if signatures.is_empty() {
        return Check::warn(
            "signatures",
            "There is no DKIM signature in it",
            "Set DKIM up at your provider; if it is set up, look whether all of the headers were pasted",
        );
    }
    let seen: Vec<String> = signatures
        .iter()
        .map(|signature| format!("{} by {}._domainkey.{}", signature.algorithm, signature.selector, signature.domain))
        .collect();
    let mut findings = Vec::new();
    if let Some(from) = from
        && !signatures.iter().any(|signature| signature.aligned)
    {
        let domains: Vec<&str> = signatures.iter().map(|signature| signature.domain.as_str()).collect();
        findings.push(Finding::warn(
            format!(
                "It is signed by {}, and nobody signs for {from}: for DMARC that is as good as unsigned",
                domains.join(" and ")
            ),
            format!("Set DKIM up for {from} at your provider"),
        ));
    }
    for signature in signatures {
        if signature.algorithm.ends_with("sha1") {
            findings.push(Finding::fail(
                format!(
                    "{} signs with {}, which receivers no longer take (RFC 8301)",
                    signature.domain, signature.algorithm
                ),
                "Have your provider sign with rsa-sha256",
            ));
        }
        if !signature.covers.iter().any(|name| name == "from") {
            findings.push(Finding::fail(
                format!("The signature of {} does not cover From (RFC 6376 §5.4)", signature.domain),
                "It is the signer's fault: tell your provider",
            ));
        }
    }
    finding::check("signatures", Some(seen.join(", ")), findings)
}

/// The hops, the first one first; the header has them the other way round.
fn hops(received: &[&str]) -> Vec<Hop> {
    let mut before: Option<Timestamp> = None;
    received
        .iter()
        .rev()
        .map(|value| {
            let (words, date) = value.rsplit_once(';').unwrap_or((value, ""));
            let at = jiff::fmt::rfc2822::parse(without_comments(date).trim()).ok().map(|zoned| zoned.timestamp());
            let delay = before.zip(at).map(|(before, at)| at.as_second() - before.as_second());
            before = at.or(before);
            let plain = without_comments(words);
            let after = |word: &str| {
                let mut words = plain.split_whitespace();
                words.find(|found| found.eq_ignore_ascii_case(word))?;
                words.next().map(str::to_owned)
            };
            Hop { from: after("from"), by: after("by"), with: after("with"), at, delay }
        })
        .collect()
}

/// Comments stand in round brackets, one in another.
fn without_comments(text: &str) -> String {
    let mut depth = 0_usize;
    text.chars()
        .filter(|c| match c {
            '(' => {
                depth += 1;
                false
            }
            ')' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect()
}

fn way(hops: &[Hop]) -> Check {
    if hops.is_empty() {
        return Check::skipped("way", "There is no Received line in it");
    }
    let total: i64 = hops.iter().filter_map(|hop| hop.delay).filter(|delay| *delay > 0).sum();
    let seen = format!("{} servers, {total} s", hops.len());
    let mut findings = Vec::new();
    if let Some(slow) = hops.iter().find(|hop| hop.delay.is_some_and(|delay| delay > 300)) {
        findings.push(Finding::warn(
            format!("It waited {} s before {} took it", slow.delay.unwrap_or_default(), slow.by.as_deref().unwrap_or("a server")),
            "Greylisting delays the first message of a new sender by minutes; if it stays, ask whoever keeps the server before it",
        ));
    }
    // Between machines of one house plain transport is common and says little.
    let plain = |hop: &&Hop| {
        hop.with
            .as_deref()
            .is_some_and(|with| matches!(with.to_ascii_uppercase().as_str(), "SMTP" | "ESMTP" | "ESMTPA"))
    };
    if let Some(open) = hops.iter().find(plain)
        && let (Some(from), Some(by)) = (&open.from, &open.by)
        && !name::same_organization(from, by)
    {
        findings.push(Finding::warn(
            format!("From {from} to {by} it went without TLS, as far as the header tells"),
            "Nothing to do at the sender where that is the receiver's side",
        ));
    }
    finding::check("way", Some(seen), findings)
}

fn headline(checks: &[Check], without_results: bool) -> String {
    let trouble = check::first_trouble(checks).and_then(|check| check.why.clone());
    let first = |why: &str| super::dns::lower(why.split(". ").next().unwrap_or(why));
    match (check::worst(checks), trouble) {
        (Verdict::Fail, Some(why)) => format!("The receiver has something against it: {}", first(&why)),
        (Verdict::Warn, Some(why)) => format!("It arrived. To know: {}", first(&why)),
        _ if without_results => {
            "No receiver wrote what it found: these are headers of a message that was not received yet".to_owned()
        }
        _ => "The receiver believed it: SPF, DKIM and DMARC hold".to_owned(),
    }
}

#[cfg(test)]
mod tests {
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
}
