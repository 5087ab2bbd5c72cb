//! `mail dns`: looks at a sender's domain in DNS.

use tokio_util::sync::CancellationToken;

use super::super::context::non_empty;
use super::super::{Context, Exit};
use super::print_all;
use crate::error::UserError;
use crate::mail::dns::{self, Plan};
use crate::mail::resolver::{DnsServer, Resolver};

/// The words of `mail dns`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The sender's domain, or an address at it
    #[arg(value_name = "DOMAIN", value_parser = non_empty)]
    domain: String,
    /// A DKIM selector to look at; without any, those of the known providers
    #[arg(long, value_name = "S", value_parser = non_empty)]
    selector: Vec<String>,
    /// Ask this DNS server, and not the system's
    #[arg(long, value_name = "IP:PORT", default_value = "system", hide_default_value = true)]
    dns: DnsServer,
}

/// Looks, and prints what it came to.
///
/// # Errors
/// When the system names no DNS server.
pub async fn run(args: Args, cx: &Context) -> Result<Exit, UserError> {
    let resolver = Resolver::new(args.dns)?;
    let plan = Plan { domain: args.domain, selectors: args.selector };
    let report = dns::check(&plan, &resolver, &|_| {}, &CancellationToken::new()).await;
    Ok(print_all(cx, &report.headline, &report.checks))
}
