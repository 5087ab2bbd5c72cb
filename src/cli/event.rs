//! `event`: prints the API's event.

use super::webhooks::Room;
use super::{Context, Exit};
use crate::clock::rfc3339;
use crate::error::UserError;
use crate::webhooks;

/// The words of `event`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Event ID: event_…
    #[arg(value_name = "EVENT_ID")]
    pub id: String,
}

/// Looks the event up.
///
/// # Errors
/// When the word is no Event ID, Kinde does not know it, or does not answer.
pub async fn run(args: Args, cx: &Context) -> Result<Exit, UserError> {
    // What is no Event ID needs no tenant to say so.
    webhooks::ids::event_id(&args.id)?;
    let room = Room::open(cx, false).await?;
    let found = webhooks::look_up(&room.ends, &args.id, &|step| room.step(&step), &cx.cancel).await?;
    if let Some(at) = found.made_at {
        cx.say(&format!("Its id was made {}", rfc3339(at)));
    }
    if cx.json {
        cx.line(&found.reply.body);
    } else {
        let event = found.reply.body.get("event").unwrap_or(&found.reply.body);
        cx.answer(&serde_json::to_string_pretty(event).unwrap_or_default());
    }
    Ok(Exit::Good)
}
