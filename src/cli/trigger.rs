//! `trigger`: makes an event happen in the tenant by the smallest real change, and undoes it.

use serde_json::json;

use super::webhooks::Room;
use super::{Context, Exit};
use crate::clock::rfc3339;
use crate::error::UserError;
use crate::webhooks;

/// The words of `trigger`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Event type: user.created
    #[arg(value_name = "TYPE")]
    pub event_type: String,
    /// Leave in the tenant what was made
    #[arg(long)]
    pub keep: bool,
}

/// Causes the event.
///
/// # Errors
/// When the API cannot cause it, or it could not be done.
pub async fn run(args: Args, cx: &Context) -> Result<Exit, UserError> {
    // What can never work needs no tenant to say so.
    webhooks::ids::no_id(&args.event_type)?;
    webhooks::can_trigger(&args.event_type, args.keep)?;
    let room = Room::open(cx, true).await?;
    let done = webhooks::trigger(&room.ends, &args.event_type, args.keep, &|step| room.step(&step), &cx.cancel).await?;
    let at = rfc3339(done.done_at);
    let word = done.thing.word();
    if cx.json {
        cx.line(&json!({"trigger": {
            "type": done.event_type, "done_at": at, "thing": done.thing, "id": done.id, "kept": done.kept,
            "events": done.events,
        }}));
    } else if done.kept {
        cx.answer(&format!("{} caused {at}; the test {word} {} stays", done.event_type, done.id));
    } else {
        cx.answer(&format!("{} caused {at}; the test {word} {} is gone again", done.event_type, done.id));
    }
    let expected = done.events.join(", ");
    cx.say(&format!("To be delivered: {expected}"));
    Ok(Exit::Good)
}
