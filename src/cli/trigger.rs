//! `trigger`: makes an event happen in the tenant by the smallest real change, and undoes it.

use serde_json::{Value, json};

use super::print::plain;
use super::webhooks::Room;
use super::{Context, Exit};
use crate::clock::rfc3339;
use crate::error::UserError;
use crate::kinde::Webhook;
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
    let takers = takers(&room, &done.events).await;
    let at = rfc3339(done.done_at);
    let word = done.thing.word();
    if cx.json {
        cx.line(&json!({"trigger": {
            "type": done.event_type, "done_at": at, "thing": done.thing, "id": done.id, "kept": done.kept,
            "events": done.events, "deliveries": takers.as_ref().ok().map(in_json),
        }}));
    } else if done.kept {
        cx.answer(&format!("{} caused {at}; the test {word} {} stays", done.event_type, done.id));
    } else {
        cx.answer(&format!("{} caused {at}; the test {word} {} is gone again", done.event_type, done.id));
    }
    match takers {
        Ok(takers) => say(&room, &takers),
        Err(error) => {
            let events = done.events.join(", ");
            cx.say(&format!("Kinde sends {events}; which webhooks take them could not be read: {}", error.title));
        }
    }
    Ok(Exit::Good)
}

/// An event type, and the webhooks that take it.
type Takers = Vec<(String, Vec<Webhook>)>;

/// Which webhooks take each event. That they cannot be read is no failure of what was asked for.
async fn takers(room: &Room<'_>, events: &[String]) -> Result<Takers, UserError> {
    let (list, _) = room.read_list(true).await?;
    let takers = webhooks::takers(&list, events);
    Ok(takers.into_iter().map(|(event, takers)| (event, takers.into_iter().cloned().collect())).collect())
}

fn in_json(takers: &Takers) -> Vec<Value> {
    let ids = |takers: &[Webhook]| takers.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
    takers.iter().map(|(event, takers)| json!({"type": event, "webhooks": ids(takers)})).collect()
}

fn say(room: &Room<'_>, takers: &Takers) {
    for (event, takers) in takers {
        let names: Vec<String> = takers.iter().map(|it| plain(&it.definition.name)).collect();
        room.cx.say(&match names.as_slice() {
            [] => format!("! {event} is delivered nowhere: no webhook takes this event"),
            names => format!("{event} goes to {}", names.join(", ")),
        });
    }
    let missing: Vec<&str> = takers.iter().filter(|(_, takers)| takers.is_empty()).map(|(it, _)| it.as_str()).collect();
    if !missing.is_empty() {
        let words = format!("webhooks create --name NAME --endpoint URL --event {}", missing.join(" "));
        room.cx.say(&format!("  To make one: {}", room.command(&words)));
    }
}
