//! `mail`: will Kinde be able to send?

mod dns;
mod resend;
mod smtp;

use serde_json::json;

use super::print::plain;
use super::{Context, Exit};
use crate::check::{Check, Verdict, worst};
use crate::error::UserError;

/// The words of `mail`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Check an SMTP server step by step, as Kinde will use it
    Smtp(Box<smtp::Args>),
    /// Look at a Resend account and a domain of it
    Resend(Box<resend::Args>),
    /// Look at a sender's domain in DNS
    Dns(dns::Args),
}

/// Checks, and prints the checks.
///
/// # Errors
/// When a file cannot be opened, or the words are unusable.
pub async fn run(args: Args, cx: &Context) -> Result<Exit, UserError> {
    match args.what {
        What::Smtp(args) => smtp::run(*args, cx).await,
        What::Resend(args) => resend::run(*args, cx).await,
        What::Dns(args) => dns::run(args, cx).await,
    }
}

/// Prints headline and checks, which have no transcript; the exit code is the verdict's.
fn print_all(cx: &Context, headline: &str, checks: &[Check]) -> Exit {
    let verdict = worst(checks);
    if cx.json {
        cx.line(&json!({"verdict": verdict, "checks": checks, "transcript": []}));
    } else {
        let shown: Vec<Check> = checks.iter().map(shown).collect();
        cx.checks(&plain(headline), &shown);
    }
    if verdict == Verdict::Fail { Exit::Bad } else { Exit::Good }
}

/// A check with the words of others made harmless for a terminal.
fn shown(check: &Check) -> Check {
    Check {
        seen: check.seen.as_deref().map(plain),
        why: check.why.as_deref().map(plain),
        fix: check.fix.as_deref().map(plain),
        ..check.clone()
    }
}
