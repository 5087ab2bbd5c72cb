//! Reads the headers of a message that arrived, pasted by a person: who vouched for it, which way it came, who signed it.
//! Offline: everything is taken from the text, and nothing in it is checked against DNS.
//!
//! What a receiver wrote (`Authentication-Results`, RFC 8601) can be believed where it is the person's own receiver: the one
//! that wrote the topmost of them. What another one wrote stands further down, and may be the sender's own word.

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
    let results = receivers_own(&all("authentication-results"));
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

/// Who wrote a result: its authserv-id (RFC 8601 §2.2). Some write none.
fn writer(result: &str) -> Option<String> {
    let id = result.split(';').next().unwrap_or_default().split_whitespace().next().unwrap_or_default();
    (!id.is_empty() && !id.contains('=')).then(|| id.to_ascii_lowercase())
}

/// The results that the receiver itself wrote: the topmost, and those of the same house. Whoever sent the message could put
/// others below.
fn receivers_own<'a>(results: &[&'a str]) -> Vec<&'a str> {
    let Some(top) = results.first().map(|result| writer(result)) else { return Vec::new() };
    let same_house = |result: &&&str| match (&top, writer(result)) {
        (None, None) => true,
        (Some(top), Some(other)) => name::same_organization(top, &other),
        _ => false,
    };
    results.iter().filter(same_house).copied().collect()
}

/// What the receiver said of `method`: `spf=pass (…) smtp.mailfrom=…`. The topmost header that speaks of it counts; of several
/// words in that one, as for several signatures, a pass does.
fn verdict(method: &str, results: &[&str]) -> Check {
    let said = results.iter().map(|result| said_of(method, result)).find(|said| !said.is_empty()).unwrap_or_default();
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
        (Verdict::Warn, Some(why)) if without_results => {
            format!("No receiver wrote what it found. To know: {}", first(&why))
        }
        (Verdict::Warn, Some(why)) => format!("It arrived. To know: {}", first(&why)),
        _ if without_results => {
            "No receiver wrote what it found: these are headers of a message that was not received yet".to_owned()
        }
        _ => believed(checks),
    }
}

/// What the receiver found right, and what it said nothing of.
fn believed(checks: &[Check]) -> String {
    let of = |verdict: Verdict| -> Vec<String> {
        let methods = checks.iter().filter(|check| ["spf", "dkim", "dmarc"].contains(&check.name.as_str()));
        methods.filter(|check| check.verdict == verdict).map(|check| check.name.to_uppercase()).collect()
    };
    let list = |names: &[String]| match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    };
    let (held, unsaid) = (of(Verdict::Pass), of(Verdict::Skipped));
    let verb = if held.len() == 1 { "holds" } else { "hold" };
    match (held.as_slice(), unsaid.as_slice()) {
        ([], _) => "The receiver wrote nothing of SPF, DKIM or DMARC".to_owned(),
        (held, []) => format!("The receiver believed it: {} {verb}", list(held)),
        (held, unsaid) => {
            format!("The receiver found that {} {verb}, and wrote nothing of {}", list(held), list(unsaid))
        }
    }
}

#[cfg(test)]
mod tests;
