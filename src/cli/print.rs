//! How the command line prints: JSON for machines on stdout, words for people, errors on stderr.
//!
//! A reader that closed its end (`| head`) is no error of ours.

use std::ffi::OsString;
use std::io::Write as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde::Serialize;

use super::Exit;
use crate::check::{Check, Verdict};
use crate::error::{Category, UserError};
use crate::net::Exchange;
use crate::secrets::mask::Masker;

/// True when `--json` stands among the words: unusable ones too are answered in JSON then.
pub(super) fn asks_for_json(args: &[OsString]) -> bool {
    args.iter().skip(1).take_while(|arg| *arg != "--").any(|arg| arg == "--json")
}

/// One line of JSON on stdout.
pub(super) fn line(value: &impl Serialize) {
    if let Ok(text) = serde_json::to_string(value) {
        out(&text);
    }
}

/// Text on stdout, with a line end.
pub(super) fn answer(text: &str) {
    out(&tame(text, &['\n', '\t']));
}

/// Text on stderr, with a line end.
pub(super) fn say(text: &str) {
    writeln!(std::io::stderr().lock(), "{}", tame(text, &['\n', '\t'])).ok();
}

fn out(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).ok();
}

/// Text of somebody else for a line of its own: whatever would break the line or steer the terminal stands as an escape.
pub(super) fn plain(text: &str) -> String {
    tame(text, &[])
}

/// Names and messages come from whoever can write to the tenant or to the receiver, and a terminal obeys what is in them.
fn tame(text: &str, kept: &[char]) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if hidden(c) && !kept.contains(&c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
        out
    })
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
    // A word that was put in the wrong place may be a token.
    let text = Masker::default().text(error.render().to_string().trim_end());
    if json {
        line(&serde_json::json!({ "error": unusable(error, &text) }));
    } else {
        say(&text);
    }
    Exit::Unusable
}

/// clap's complaint `text` in the shape of every other error.
fn unusable(error: &clap::Error, text: &str) -> UserError {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("For more info"));
    let mut detail: Vec<&str> = Vec::new();
    let mut hints: Vec<&str> = Vec::new();
    for line in lines.by_ref() {
        if let Some(tip) = line.strip_prefix("tip: ") {
            hints.push(tip);
        } else if let Some(usage) = line.strip_prefix("Usage: ") {
            hints.push(usage);
        } else {
            detail.push(line.strip_prefix("error: ").unwrap_or(line));
        }
    }
    let named = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Masker::default().text(word),
        Some(ContextValue::Strings(words)) => Masker::default().text(&words.join(", ")),
        _ => "a word".to_owned(),
    };
    let title = match error.kind() {
        ErrorKind::UnknownArgument => format!("{} is not understood here", named(ContextKind::InvalidArg)),
        ErrorKind::InvalidSubcommand => format!("There is no command {}", named(ContextKind::InvalidSubcommand)),
        ErrorKind::MissingRequiredArgument => format!("{} is missing", named(ContextKind::InvalidArg)),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("The value of {} cannot be used", named(ContextKind::InvalidArg))
        }
        ErrorKind::ArgumentConflict => format!("{} cannot stand here", named(ContextKind::InvalidArg)),
        _ => "The words of the command cannot be used".to_owned(),
    };
    let hint = if hints.is_empty() { "See kinde-panel --help".to_owned() } else { hints.join(". ") };
    UserError::new(Category::Input, title).detail(detail.join(" ")).hint(hint)
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
        // Why it was not run, and no more: a line is enough.
        let alone = check.verdict == Verdict::Skipped && check.seen.is_none() && check.fix.is_none();
        let why = check.why.as_deref().filter(|why| alone && !why.contains('\n'));
        let seen = check.seen.as_deref().or(why).unwrap_or_default();
        text.push_str(format!("\n{mark} {:<7} {:<width$}  {seen}", check.verdict.word(), check.name).trim_end());
        for (label, words) in [("why", &check.why), ("fix", &check.fix)] {
            if let Some(words) = words
                && why.is_none()
            {
                text.push_str(&format!("\n            {label}: {words}"));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_run_says_why_on_its_line_and_what_failed_below_it() {
        let all = [
            Check::fail("tcp", "Nothing listens", "Start it").seen("refused"),
            Check::skipped("auth", "Not run because there is no connection"),
        ];
        assert_eq!(
            checks("No.", &all),
            "No.\n✖ fail    tcp   refused\n            why: Nothing listens\n            fix: Start it\n· skipped auth  Not run because \
             there is no connection"
        );
    }

    #[test]
    fn a_name_can_neither_steer_the_terminal_nor_make_a_row_of_its_own() {
        let name = "A\u{1b}[31mred\u{202e}evil\nnl\u{9b}é ✔";
        assert_eq!(plain(name), r"A\u{1b}[31mred\u{202e}evil\u{a}nl\u{9b}é ✔");
        assert_eq!(tame("one\n\ttwo\r", &['\n', '\t']), "one\n\ttwo\\u{d}");
    }
}
