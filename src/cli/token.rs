//! `token`: prints an access token and nothing else, for `$(…)`.

use super::context::non_empty;
use super::{Context, Exit, Wants};
use crate::connect::{Call, error_of};
use crate::error::{Category, UserError};
use crate::secrets::Secret;

/// The words of `token`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Reference key of a connected app
    #[arg(long, value_name = "KEY", value_parser = non_empty, requires = "session")]
    pub app: Option<String>,
    /// Session of a connected app: print the provider's token. @FILE and @- read it
    #[arg(long, value_name = "ID", value_parser = non_empty)]
    pub session: Option<String>,
}

/// Prints the M2M token, or the provider's token of a session.
///
/// # Errors
/// When no token could be had.
pub async fn run(args: Args, cx: &Context) -> Result<Exit, UserError> {
    let session = match args.session.as_deref() {
        Some(text) => Some(secret_word(text, "--session", cx).await?),
        None => None,
    };
    let picked = cx.pick_profile(Wants::Tenant)?;
    let tenant = cx.tenant(&picked).await?;
    let api = tenant.api()?;
    let token = match session {
        Some(session) => {
            let refused = |error| error_of(Call::Token, args.app.as_deref(), &error);
            api.connected_app_token(&session).await.map_err(refused)?.access_token
        }
        None => api.tokens().token().await.map_err(UserError::from)?.secret,
    };
    if cx.json {
        cx.line(&serde_json::json!({"access_token": token.expose()}));
    } else {
        cx.answer(token.expose());
    }
    Ok(Exit::Good)
}

/// A secret given as a word: `@FILE` and `@-` read it, anything else works and warns. One line end is taken off.
///
/// # Errors
/// When the file cannot be read, or nothing is in it.
pub async fn secret_word(word: &str, flag: &str, cx: &Context) -> Result<Secret, UserError> {
    if word == "@" {
        return Err(UserError::new(Category::Input, format!("{flag} @ names no file"))
            .detail("After the @ stands the file to read")
            .hint(format!("Write {flag} @FILE, or {flag} @- for standard input")));
    }
    let Some(source) = word.strip_prefix('@') else {
        cx.say(&format!(
            "Others on this machine can see the arguments of a command: {flag} @FILE or {flag} @- reads it"
        ));
        return Ok(Secret::new(word));
    };
    let source = source.to_owned();
    // A pipe may stay silent for ever: read elsewhere, so that Ctrl-C is heard here.
    let read = tokio::task::spawn_blocking(move || {
        if source == "-" { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(source) }
    });
    let read = read.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    let text = zeroize::Zeroizing::new(read.map_err(|error| {
        UserError::new(Category::File, format!("{flag} could not be read"))
            .detail(error.to_string())
            .hint("Name a readable file after the @, or - for standard input")
    })?);
    let text = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if text.trim().is_empty() {
        return Err(UserError::new(Category::Input, format!("{flag} is empty"))
            .detail("Nothing was in what it reads from")
            .hint("Put the value there"));
    }
    Ok(Secret::new(text))
}
