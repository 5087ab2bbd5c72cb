//! `mail`: will Kinde be able to send?

mod smtp;

use super::{Context, Exit};
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
}

/// Checks, and prints the checks.
///
/// # Errors
/// When a file cannot be opened, or the words are unusable.
pub async fn run(args: Args, cx: &Context) -> Result<Exit, UserError> {
    match args.what {
        What::Smtp(args) => smtp::run(*args, cx).await,
    }
}
