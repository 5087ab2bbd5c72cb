//! From what became of a self-test to checks: the first that fails has the name of what is wrong, and what mends it.

use super::Went;
use super::pages::{self, Page};
use crate::check::{Check, Verdict};
use crate::net::NetErrorKind;
use crate::store::attempts::sha256_hex;

/// The checks, in their order.
const NAMES: [&str; 9] =
    ["address", "ipv4", "tunnel", "redirect", "interstitial", "receiver", "body", "content_type", "webhook_id"];

/// The address itself, of what the endpoint's own checks say.
pub(super) fn address(lint: Vec<Check>) -> Check {
    let check = lint.into_iter().next().unwrap_or_else(|| Check::pass("address"));
    Check { name: "address".into(), ..check }
}

/// Nothing was sent, because of `address`.
pub(super) fn unsent(address: Check) -> Vec<Check> {
    complete(vec![address], "not tested: the address cannot be used")
}

/// The rest is skipped.
fn complete(mut checks: Vec<Check>, why: &str) -> Vec<Check> {
    let begun = checks.len();
    checks.extend(NAMES.into_iter().skip(begun).map(|name| Check::skipped(name, why)));
    checks
}

pub(super) fn judge(address: Check, went: &Went) -> Vec<Check> {
    let mut checks = vec![address];
    for judge in [ipv4, tunnel, redirect, interstitial, receiver, body, content_type, webhook_id] {
        let check = judge(went);
        let failed = check.verdict == Verdict::Fail;
        checks.push(check);
        if failed {
            return complete(checks, "not looked at: an earlier check fails");
        }
    }
    checks
}

fn host(went: &Went) -> &str {
    went.url.host_str().unwrap_or_default()
}

fn ipv4(went: &Went) -> Check {
    let why = format!("{} leads to IPv6 addresses alone", host(went));
    let fix = "Kinde is not known to deliver over IPv6: give the name an IPv4 address, or use another tunnel";
    match (went.only_ipv6, &went.answer) {
        (false, _) => Check::pass("ipv4"),
        (true, Ok(_)) => Check::warn("ipv4", why, fix),
        (true, Err(_)) => Check::fail("ipv4", format!("{why}, and this machine cannot reach them"), fix),
    }
}

/// Whether anybody is at the other end.
fn tunnel(went: &Went) -> Check {
    let port = went.port;
    let start = format!("Check that the tunnel runs and forwards to 127.0.0.1:{port}, and start it again");
    match &went.answer {
        Err(error) => {
            let seen = format!("{}: {}", error.host, error.reason);
            let (why, fix) = match error.kind {
                NetErrorKind::Dns => (
                    format!("{} has no address: the tunnel has ended, or is too young to be known yet", host(went)),
                    start,
                ),
                NetErrorKind::Connect => (format!("Nothing answers at {}", host(went)), start),
                NetErrorKind::Tls => (
                    format!(
                        "{} shows no certificate for that name that can be trusted; Kinde refuses it too",
                        host(went)
                    ),
                    "Use the tunnel's own https address, or give the name a certificate of a public authority"
                        .to_owned(),
                ),
                NetErrorKind::Timeout if went.seen.is_some() => (
                    "The test arrived here, but its answer did not come back in time".to_owned(),
                    "Start the tunnel again; Kinde would deliver each webhook several times".to_owned(),
                ),
                NetErrorKind::Timeout => (
                    "The tunnel's server took the test and nothing came of it: nobody is at this end of the tunnel"
                        .to_owned(),
                    start,
                ),
                NetErrorKind::TooLong | NetErrorKind::Broken => ("The connection broke off".to_owned(), start),
            };
            Check::fail("tunnel", why, fix).seen(seen)
        }
        Ok(answer) => match pages::of(answer, host(went)) {
            Some(Page::Dead { whose, why, fix }) => {
                Check::fail("tunnel", why, fix.replace("{port}", &port.to_string()))
                    .seen(format!("{whose}, {}", answer.status))
            }
            None if answer.status >= 500 && went.seen.is_none() => Check::fail(
                "tunnel",
                format!("The tunnel's server answered {} and passed nothing on", answer.status),
                start,
            )
            .seen(short(&answer.text())),
            _ => Check::pass("tunnel").seen(format!("answered in {} ms", answer.ms)),
        },
    }
}

fn redirect(went: &Went) -> Check {
    let Ok(answer) = &went.answer else { return Check::pass("redirect") };
    if !(300..400).contains(&answer.status) {
        return Check::pass("redirect");
    }
    let to = answer.header("location").unwrap_or("nowhere");
    let fix = match pages::login(to) {
        Some(fix) => fix.to_owned(),
        None if to.starts_with("https://") && went.url.scheme() == "http" => format!("Use https: {}", short(to)),
        None => format!("Use the address it leads to, where that is the tunnel's: {}", short(to)),
    };
    Check::fail("redirect", "The address redirects; Kinde counts that as a failed delivery and does not follow", fix)
        .seen(format!("{} to {}", answer.status, short(to)))
}

fn interstitial(went: &Went) -> Check {
    let Ok(answer) = &went.answer else { return Check::pass("interstitial") };
    let seen = |check: Check| check.seen(format!("{}: {}", answer.status, short(&answer.text())));
    match pages::of(answer, host(went)) {
        Some(Page::Between { whose, fix }) => seen(Check::fail(
            "interstitial",
            format!("{whose} stands before the receiver, for people to click through"),
            fix,
        )),
        None if went.seen.is_none() && matches!(answer.status, 401 | 403 | 407 | 511) => seen(Check::fail(
            "interstitial",
            "The address asks who you are before it passes anything on",
            "Switch the tunnel's password, login or access rule off: Kinde brings none. The signature says who sent a webhook",
        )),
        _ => Check::pass("interstitial"),
    }
}

/// Whether it came to this receiver, and its answer back.
fn receiver(went: &Went) -> Check {
    let (port, path) = (went.port, &went.path);
    let Ok(answer) = &went.answer else { return Check::pass("receiver") };
    if went.seen.is_some() {
        return match answer.status {
            200 => Check::pass("receiver").took(went.took),
            status => Check::fail(
                "receiver",
                format!(
                    "The test arrived and was answered 200, but {status} came back; Kinde counts 200 alone as delivered"
                ),
                "Something on the way answers in the receiver's place: have it pass the answer on",
            ),
        };
    }
    let seen = format!("{}: {}", answer.status, short(&answer.text()));
    match answer.status {
        413 => Check::fail("receiver", "The way takes no body of this size", "Raise the limit of the proxy on the way")
            .seen(seen),
        // content_type has the words for it.
        415 => Check::pass("receiver").seen(seen),
        404 | 405 if went.url.path() != path => Check::fail(
            "receiver",
            format!("Somebody answered {} and the test did not arrive: the receiver knows one path", answer.status),
            format!("End the address with {path}, or with a slash: the path is added then"),
        )
        .seen(seen),
        _ => Check::fail(
            "receiver",
            format!("Somebody else answered: the test did not arrive at 127.0.0.1:{port}"),
            format!(
                "The address leads to another machine or another port: have the tunnel forward to 127.0.0.1:{port}"
            ),
        )
        .seen(seen),
    }
}

fn body(went: &Went) -> Check {
    let Some(seen) = &went.seen else { return Check::skipped("body", "the test did not arrive") };
    if seen.body == went.sent {
        return Check::pass("body").seen(format!("sha256 {}", sha256_hex(&seen.body)));
    }
    let how = format!(
        "sent {} bytes, {} arrived: {}",
        went.sent.len(),
        seen.body.len(),
        short(&String::from_utf8_lossy(&seen.body))
    );
    let trimmed = seen.body.trim_ascii();
    let sent: &[u8] = &went.sent;
    let (why, fix) = if seen.content_encoding.as_deref().is_some_and(|it| !it.eq_ignore_ascii_case("identity")) {
        ("The way compresses the body", "Switch compression of requests off in the proxy on the way")
    } else if trimmed.first().is_some_and(|byte| matches!(byte, b'"' | b'{' | b'[')) {
        (
            "The way writes the body anew as JSON, as smee does: no signature survives that",
            "Use a tunnel that passes bytes on: ngrok, cloudflared or localtunnel. smee cannot carry Kinde's webhooks",
        )
    } else if trimmed == sent {
        ("The way adds blanks or a line end", "Have the proxy on the way pass bodies on unchanged")
    } else if !trimmed.is_empty() && sent.starts_with(trimmed) {
        ("The way cuts the body off", "Raise the size limit of the proxy on the way")
    } else if trimmed.is_empty() {
        (
            "The body was lost on the way",
            "A redirect or a proxy turned the POST into something else: use the final address",
        )
    } else {
        ("The way changes the body", "Have the proxy on the way pass bodies on unchanged")
    };
    Check::fail("body", why, fix).seen(how)
}

fn content_type(went: &Went) -> Check {
    let Some(seen) = &went.seen else {
        return Check::fail(
            "content_type",
            "The way refuses application/jwt, which is how Kinde sends webhooks; smee answers so",
            "Use a tunnel that passes any body on: ngrok, cloudflared or localtunnel",
        )
        .seen(went.answer.as_ref().map_or_else(|_| "no answer".to_owned(), |answer| answer.status.to_string()));
    };
    match seen.content_type.as_deref() {
        Some(kind) if kind.eq_ignore_ascii_case("application/jwt") => Check::pass("content_type").seen(kind),
        Some(kind) => Check::fail(
            "content_type",
            "The way changes the content type: a receiver that goes by it reads something else",
            "Have the proxy on the way pass headers on unchanged",
        )
        .seen(format!("application/jwt became {}", short(kind))),
        None => Check::fail(
            "content_type",
            "The way takes the content type off",
            "Have the proxy on the way pass headers on unchanged",
        ),
    }
}

fn webhook_id(went: &Went) -> Check {
    let arrived = went.seen.as_ref().and_then(|seen| seen.webhook_id.as_deref());
    if arrived == Some(went.webhook_id.as_str()) {
        return Check::pass("webhook_id");
    }
    Check::warn(
        "webhook_id",
        "The way takes Kinde's webhook-id header off: retries can only be told by the event then",
        "Have the proxy on the way pass headers on unchanged",
    )
}

/// The beginning of what a stranger wrote, in one line.
fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = line.chars().take(160).collect();
    if cut.is_empty() { "nothing".to_owned() } else { cut }
}
