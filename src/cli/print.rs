//! How the command line prints: JSON for machines on stdout, words for people, errors on stderr.
//!
//! A reader that closed its end (`| head`) is no error of ours.

use std::ffi::OsString;
use std::io::Write as _;

use serde::Serialize;

use super::Exit;
use crate::check::{Check, Verdict};
use crate::error::{Category, UserError};
use crate::net::Exchange;

/// True when `--json` stands among the words: unusable ones too are answered in JSON then.
pub(super) fn asks_for_json(args: &[OsString]) -> bool {
    args.iter().skip(1).take_while(|arg| *arg != "--").any(|arg| arg == "--json")
}

/// One line of JSON on stdout.
pub(super) fn line(value: &impl Serialize) {
    if let Ok(text) = serde_json::to_string(value) {
        answer(&text);
    }
}

/// Text on stdout, with a line end.
pub(super) fn answer(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).ok();
}

/// Text on stderr, with a line end.
pub(super) fn say(text: &str) {
    writeln!(std::io::stderr().lock(), "{text}").ok();
}

/// An error: the `error` object on stdout with `--json`, else in words on stderr.
pub(super) fn error(error: &UserError, json: bool) {
    if json {
        line(&serde_json::json!({ "error": error }));
    } else {
        say(&format!("Error: {}", error.as_text()));
    }
}

/// What clap has to say: help and version are answers, everything else is unusable words.
pub(super) fn usage(error: &clap::Error, json: bool) -> Exit {
    if !error.use_stderr() {
        // With `--json` nothing but JSON may stand on stdout.
        let text = error.render().to_string();
        if json {
            say(text.trim_end());
        } else {
            answer(text.trim_end());
        }
        return Exit::Good;
    }
    if json {
        let text = error.render().to_string();
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let title = lines.next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let detail = lines.take_while(|line| !line.starts_with("Usage:")).collect::<Vec<_>>().join(" ");
        line(&serde_json::json!({
            "error": UserError::new(Category::Input, title).detail(detail).hint("See kinde-panel --help")
        }));
    } else {
        say(error.render().to_string().trim_end());
    }
    Exit::Unusable
}

/// One exchange, as it is shown in Activity, on stderr.
pub(super) fn trace(exchange: &Exchange) {
    let mut text = format!("> {} {}\n", exchange.method, exchange.url);
    for (name, value) in &exchange.request_headers {
        text.push_str(&format!("> {name}: {value}\n"));
    }
    if !exchange.request_body.is_empty() {
        text.push_str(&format!("> {}\n", exchange.request_body));
    }
    text.push_str(&format!("< {} ({} ms)\n", exchange.status_text(), exchange.ms));
    for (name, value) in &exchange.response_headers {
        text.push_str(&format!("< {name}: {value}\n"));
    }
    for body in exchange.response_body.lines() {
        text.push_str(&format!("< {body}\n"));
    }
    say(text.trim_end());
}

/// Checks for a person: one sentence, then a line each, cause and fix under what is not right.
pub(super) fn checks(headline: &str, checks: &[Check]) -> String {
    let width = checks.iter().map(|check| check.name.chars().count()).max().unwrap_or_default();
    let mut text = headline.to_owned();
    for check in checks {
        let mark = match check.verdict {
            Verdict::Pass => "✔",
            Verdict::Warn => "!",
            Verdict::Fail => "✖",
            Verdict::Skipped => "·",
        };
        let seen = check.seen.as_deref().unwrap_or_default();
        text.push_str(format!("\n{mark} {:<7} {:<width$}  {seen}", check.verdict.word(), check.name).trim_end());
        for (label, words) in [("why", &check.why), ("fix", &check.fix)] {
            if let Some(words) = words {
                text.push_str(&format!("\n            {label}: {words}"));
            }
        }
    }
    text
}
