//! `sandbox`: serves the sandbox tenant until it is stopped.

use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use super::{Context, Exit};
use crate::error::{Category, UserError};
use crate::sandbox::{self, Attempts, Options, Served};

/// The words of `sandbox`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Port of the HTTP address; else that of the last run while free, else a new one
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// Port of the HTTPS address
    #[arg(long, value_name = "N")]
    pub https_port: Option<u16>,
    /// Port of the mail server that begins in plain text; the one that speaks TLS from the first byte takes the next
    #[arg(long, value_name = "N")]
    pub smtp_port: Option<u16>,
    /// Run the delivery schedule this many times faster
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub time_scale: f64,
}

/// Serves until Ctrl-C or SIGTERM; prints the ready line first.
///
/// # Errors
/// When the time scale is unusable, another process serves this folder, or a port is taken.
pub async fn run(args: Args, cx: &Context) -> Result<Exit, UserError> {
    if !(args.time_scale.is_finite() && args.time_scale > 0.0) {
        return Err(UserError::new(Category::Input, "--time-scale must be greater than 0")
            .detail(format!("It is {}", args.time_scale))
            .hint("1 is Kinde's own pace, 1000 a thousand times faster"));
    }
    let dir = cx.services.data.folder("sandbox")?;
    let options = Options {
        port: args.port,
        https_port: args.https_port,
        smtp_port: args.smtp_port,
        time_scale: args.time_scale,
        attempts: cx.json,
        only_new: false,
    };
    let mut served = Served::start(&dir, options, cx.services.clock.clone()).await?;
    let attempts = served.attempts();
    let (running, facts) = (served.running(), served.facts());
    // One line of JSON, with --json and without: scripts and people both wait for it.
    cx.line(&json!({"ready": {
        "issuer": running.issuer,
        "https": running.https,
        "ca_cert": running.ca_cert,
        "audience": running.audience(),
        "client_id": facts.client_id,
        "client_secret": facts.client_secret.expose(),
        "users": facts.users,
        "connected_apps": facts.connected_apps,
        "smtp": running.smtp,
    }}));
    if let (Some(smtp), Some(smtps)) = (&running.smtp, &running.smtps) {
        let (user, password) = (sandbox::SMTP_USER, facts.smtp_password.expose());
        cx.say(&format!("Mail: {smtp} begins in plain text (STARTTLS), {smtps} speaks TLS from the first byte"));
        cx.say(&format!("Mail user {user}, password {password}, both made up; trust {}", running.ca_cert.display()));
    }
    match attempts {
        Some(attempts) => tell(attempts, cx).await,
        None => cx.cancel.cancelled().await,
    }
    served.stop().await;
    Ok(Exit::Good)
}

/// A line an attempt, until the sandbox is to end.
async fn tell(mut attempts: Attempts, cx: &Context) {
    loop {
        let next = tokio::select! {
            () = cx.cancel.cancelled() => return,
            next = attempts.recv() => next,
        };
        match next {
            Ok(line) => {
                // A reader that does not read must not hold up what serves.
                let cx_ = cx.clone();
                let print = tokio::task::spawn_blocking(move || cx_.line(&json!({"delivery": *line})));
                tokio::select! {
                    () = cx.cancel.cancelled() => return,
                    _ = print => {}
                }
            }
            Err(RecvError::Lagged(lines)) => cx.say(&format!("{lines} deliveries are not shown: they came too fast")),
            Err(RecvError::Closed) => return cx.cancel.cancelled().await,
        }
    }
}
