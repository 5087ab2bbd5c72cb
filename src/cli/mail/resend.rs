//! `mail resend`: looks at a Resend account and a domain of it.

use std::path::PathBuf;

use tokio_util::sync::CancellationToken;
use url::Url;

use super::super::context::non_empty;
use super::super::{Context, Exit, Wants, secret_input};
use super::print_all;
use crate::error::UserError;
use crate::mail::resend::{self, Plan};
use crate::mail::resolver::{DnsServer, Resolver};
use crate::mail::{PASSWORD_FIELD, preset};
use crate::secrets::Secret;

/// The words of `mail resend`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The domain Kinde is to send as
    #[arg(long, value_name = "D", value_parser = non_empty)]
    domain: String,
    /// The sender; without it an address at the domain
    #[arg(long, value_name = "A", value_parser = non_empty)]
    from: Option<String>,
    /// Where the API is; http on this machine alone
    #[arg(long, value_name = "URL", default_value = resend::BASE, value_parser = base)]
    base_url: Url,
    /// Send one test email there
    #[arg(long, value_name = "A", value_parser = non_empty)]
    send_to: Option<String>,
    /// Ask this DNS server, and not the system's
    #[arg(long, value_name = "IP:PORT", default_value = "system", hide_default_value = true)]
    dns: DnsServer,
    /// Read the API key from this file; without it from standard input, the keyring, or the terminal
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

fn base(word: &str) -> Result<Url, String> {
    resend::base_url(word).map_err(|error| error.detail)
}

/// Looks, sends where that was asked for, and prints what it came to.
///
/// # Errors
/// When a file cannot be opened, `--profile` names none, or the system names no DNS server.
pub async fn run(args: Args, cx: &Context) -> Result<Exit, UserError> {
    let resolver = Resolver::new(args.dns)?;
    let profile = cx.profile.is_some().then(|| cx.pick_profile(Wants::Domain)).transpose()?;
    let kept = async {
        let profile = match profile {
            Some(picked) => picked.profile,
            None => cx.pick_profile(Wants::Domain)?.profile,
        };
        // What is kept there is the password of the profile's own server, which may be somebody else's.
        let resend = preset("resend");
        if !profile.mail.as_ref().is_some_and(|mail| resend.is_some_and(|resend| resend.owns_host(&mail.host))) {
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
    let key: Option<Secret> = secret_input::read(args.password_file.as_deref(), cx, kept, "API key of Resend").await?;
    let plan = Plan {
        base: args.base_url,
        key: key.unwrap_or_default(),
        domain: args.domain,
        from: args.from,
        send_to: args.send_to,
    };
    let cancel = CancellationToken::new();
    let report = resend::check(&plan, &cx.services.http, &resolver, &|_| {}, &cancel).await;
    Ok(print_all(cx, &report.headline, &report.checks))
}
