//! `mail smtp`: checks an SMTP server from this computer.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::super::{Context, Exit, Wants, print::plain, secret_input};
use super::shown;
use crate::check::{Check, Verdict, worst};
use crate::error::{Category, UserError};
use crate::mail::resolver::DnsServer;
use crate::mail::smtp::{self, FROM_HERE, Limits, Line, Plan, Progress, Setting, Side, read_roots};
use crate::mail::{Form, PASSWORD_FIELD, Security, detect};

/// The words of `mail smtp`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The SMTP server
    #[arg(long, value_name = "H")]
    host: String,
    /// Its port
    #[arg(long, value_name = "P")]
    port: u16,
    /// Who signs in; empty where the provider takes one token for both (Postmark)
    #[arg(long, value_name = "U")]
    user: String,
    /// The sender's address
    #[arg(long, value_name = "A")]
    from: String,
    /// The recipient; without it the sender's own address
    #[arg(long, value_name = "A")]
    to: Option<String>,
    /// How TLS begins
    #[arg(long, value_name = "auto|tls|starttls|none", default_value = "auto", value_parser = security)]
    security: Security,
    /// Send one real message at the end
    #[arg(long)]
    send: bool,
    /// Ask this DNS server for everything, and not the system's
    #[arg(long, value_name = "IP:PORT", default_value = "system", hide_default_value = true)]
    dns: DnsServer,
    /// Trust the certificates in this file too
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Let the password go to 127.0.0.1 and ::1 without good TLS, for this run
    #[arg(long)]
    insecure_loopback: bool,
    /// Read the password from this file; without it from standard input, the keyring, or the terminal
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

fn security(word: &str) -> Result<Security, &'static str> {
    Security::parse(word).ok_or("it is auto, tls, starttls or none")
}

/// Checks the server and prints what it came to.
///
/// # Errors
/// When a file cannot be opened, or `--profile` names none.
pub async fn run(args: Args, cx: &Context) -> Result<Exit, UserError> {
    let profile = cx.profile.is_some().then(|| cx.pick_profile(Wants::Domain)).transpose()?;
    let extra_roots = match args.ca.as_deref().map(roots).transpose()? {
        None => Vec::new(),
        Some(Ok(roots)) => roots,
        Some(Err(check)) => return Ok(print_all(cx, &check.why.clone().unwrap_or_default(), &[check], &[])),
    };
    let kept = async {
        let profile = match profile {
            Some(picked) => picked.profile,
            None => cx.pick_profile(Wants::Domain)?.profile,
        };
        if !profile.mail.as_ref().is_some_and(|kept| kept.is_for(&args.host, &args.user)) {
            return Ok(None);
        }
        match cx.services.secrets.get(profile.id, PASSWORD_FIELD).await {
            Ok(found) => Ok(found),
            Err(error) => {
                cx.say(&format!("The keyring was not read: {}", error.reason));
                Ok(None)
            }
        }
    };
    let prompt = match plain(args.user.trim()).as_str() {
        "" => format!("Password at {}", plain(&args.host)),
        user => format!("Password of {user} at {}", plain(&args.host)),
    };
    let password = secret_input::read(args.password_file.as_deref(), cx, kept, &prompt).await?;
    let form = Form {
        sender_name: String::new(),
        sender_email: args.from,
        host: args.host,
        port: args.port,
        user: args.user,
        password: password.unwrap_or_default(),
        security: args.security,
    };
    if form.user_is_secret() {
        cx.say("The user is a secret here, and arguments are visible to others on this machine");
        if detect(&form).is_some_and(|preset| preset.user_is_secret) {
            cx.say("Give --user \"\": the password is then taken for both");
        }
    }
    let form = form.with_token_for_both();
    let plan = Plan {
        form,
        to: args.to,
        send: args.send,
        dns: args.dns,
        extra_roots,
        insecure_loopback: args.insecure_loopback,
        limits: Limits::default(),
    };
    let live = !cx.json && std::io::stderr().is_terminal();
    let sink = |progress: Progress| {
        if let (true, Progress::Started(stage)) = (live, progress) {
            cx.say(&format!("{} …", stage.title()));
        }
    };
    let outcome = smtp::check(&plan, &cx.services.clock, &sink, CancellationToken::new()).await;
    Ok(print_all(cx, &outcome.headline, &outcome.checks(), &outcome.transcript))
}

/// The certificates of `--ca`: a file that is none is a failing check, as every other garbage is.
fn roots(file: &Path) -> Result<Result<Vec<rustls::pki_types::CertificateDer<'static>>, Check>, UserError> {
    let bytes = std::fs::read(file).map_err(|error| {
        UserError::new(Category::File, "The file of --ca cannot be opened")
            .detail(format!("{}: {error}", file.display()))
            .hint("Check its name and that you may read it")
    })?;
    let refused = |error: UserError| {
        Check::fail("ca", format!("{}: {}", error.title, error.detail), error.hint).seen(file.display().to_string())
    };
    Ok(read_roots(&bytes).map_err(refused))
}

/// The flag of a setting.
fn flag(setting: Setting) -> &'static str {
    match setting {
        Setting::PublicDns => "--dns 1.1.1.1:53",
        Setting::Authority => "--ca FILE",
        Setting::ByThePort => "--security auto",
        Setting::Tls => "--security tls",
        Setting::StartTls => "--security starttls",
    }
}

/// The check with the flag beside each setting that its fix names.
fn with_flags(check: &Check) -> Check {
    let flagged = |fix: &String| {
        Setting::ALL.into_iter().fold(fix.clone(), |fix, setting| {
            fix.replace(setting.words(), &format!("{} ({})", setting.words(), flag(setting)))
        })
    };
    Check { fix: check.fix.as_ref().map(flagged), ..check.clone() }
}

/// Prints headline, checks and transcript; the exit code is the verdict's.
fn print_all(cx: &Context, headline: &str, checks: &[Check], transcript: &[Line]) -> Exit {
    let verdict = worst(checks);
    let checks: Vec<Check> = checks.iter().map(with_flags).collect();
    if cx.json {
        let said = transcript.iter().filter(|line| line.side != Side::Note);
        let transcript: Vec<String> = said.map(ToString::to_string).collect();
        cx.line(&json!({"verdict": verdict, "checks": checks, "transcript": transcript}));
    } else {
        cx.answer(FROM_HERE);
        let shown: Vec<Check> = checks.iter().map(shown).collect();
        cx.checks(&plain(headline), &shown);
        if !transcript.is_empty() {
            let lines: Vec<String> = transcript.iter().map(|line| plain(&line.to_string())).collect();
            cx.answer(&format!("\nTranscript\n{}", lines.join("\n")));
        }
    }
    if verdict == Verdict::Fail { Exit::Bad } else { Exit::Good }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_stands_beside_each_setting_that_a_fix_names_and_the_flag_is_one_of_the_command() {
        for setting in Setting::ALL {
            let check = Check::fail("tls", "why", format!("First, {}: then again", setting.words()));
            let fix = with_flags(&check).fix.unwrap_or_default();
            assert_eq!(fix, format!("First, {} ({}): then again", setting.words(), flag(setting)));
        }
        let words = <Args as clap::Args>::augment_args(clap::Command::new("smtp")).render_long_help().to_string();
        for setting in Setting::ALL {
            let name = flag(setting).split(' ').next().unwrap_or_default();
            assert!(words.contains(name), "{name}: {words}");
        }
    }
}
