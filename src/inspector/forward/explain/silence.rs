//! Nothing was answered: why.

use super::super::{BROKEN, NO_ADDRESS, NO_TLS, PATIENCE, REFUSED, SILENT, TOO_LONG};
use super::{Framework, Sent};
use crate::check::Check;

pub(super) fn explain(sent: &Sent<'_>, error: &str, framework: Framework) -> Vec<Check> {
    let is = |begins: &str| error.starts_with(begins);
    let says = |words: &str| error.to_ascii_lowercase().contains(words);
    let https = sent.url.starts_with("https:");
    let other = if https { "http" } else { "https" };
    let check = if is(REFUSED) {
        Check::fail(
            "listening",
            format!("Nothing listens at {}, on IPv4 and on IPv6", place(sent.url)),
            match framework.start() {
                Some((start, port)) => format!(
                    "Start the application ({start}), or correct the port: {} listens on {port} unless told otherwise. In \
                     a container, publish the port and bind to 0.0.0.0",
                    framework.name()
                ),
                None => {
                    "Start the application, or correct the port. In a container, publish the port and bind to 0.0.0.0"
                        .to_owned()
                }
            },
        )
    } else if is(NO_ADDRESS) {
        Check::fail(
            "listening",
            format!("{} is no name that leads anywhere from this machine", place(sent.url)),
            "Check its spelling. A name that only a container knows is not known here: use localhost and the published port",
        )
    } else if is(SILENT) {
        Check::fail(
            "slow",
            format!("No answer within {} s; Kinde does not say how long it waits, and retries", PATIENCE.as_secs()),
            "Answer 200 first and do the work afterwards. A breakpoint, or a request made from the handler that hangs, \
             looks the same",
        )
    } else if is(NO_TLS) && (says("invalidcontenttype") || says("corrupt message") || says("wrong version")) {
        Check::fail(
            "tls",
            "The address says https and what listens there speaks plain HTTP",
            "Write http:// in the address: on this machine nothing is gained by TLS",
        )
    } else if is(NO_TLS) {
        Check::fail(
            "tls",
            "The certificate of the target is not accepted here",
            "Write http:// where the application also listens without TLS, or have its certificate signed by an authority \
             this machine trusts",
        )
    } else if is(BROKEN) && (says("invalid http") || says("httpversion") || says("http version")) {
        Check::fail(
            "tls",
            format!("What listens there does not answer in HTTP: it speaks TLS, or is no web server at {other}"),
            format!("Write {other}:// in the address, or correct the port"),
        )
    } else if is(BROKEN) {
        Check::fail(
            "answer",
            "The connection was closed without an answer: the application crashed or restarted while it worked, or expects \
             TLS",
            format!(
                "Look into the terminal that runs it. Where it listens with TLS alone, write {other}:// in the address"
            ),
        )
    } else if is(TOO_LONG) {
        Check::fail(
            "answer",
            "The answer is longer than 1 MiB: it is no webhook handler that answers there",
            "Correct the path of the address. A handler answers 200 with an empty body",
        )
    } else {
        Check::fail("answer", "Nothing was answered", "Read the error, and look into the application's terminal")
    };
    let seen = if error.is_empty() { "no answer" } else { error };
    vec![check.seen(seen)]
}

fn place(url: &str) -> String {
    let Ok(url) = url::Url::parse(url) else { return url.to_owned() };
    let port = url.port_or_known_default().unwrap_or(80);
    format!("{}:{port}", url.host_str().unwrap_or_default())
}
