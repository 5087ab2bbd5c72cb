//! `send`: signs events of the sandbox, or forges them, and delivers them.

use std::time::Duration;

use serde_json::{Value, json};

use super::context::Wants;
use super::{Context, Exit};
use crate::error::{Category, UserError};
use crate::kinde::event_types;
use crate::sandbox::{self, AttemptLine, Control, DeliveryView, Order};

/// Events published at a time: the first of many are on their way while the last are signed.
const PORTION: u32 = 500;
/// Deliveries looked at at a time.
const PAGE: u32 = 500;

/// The words of `send`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The event type: user.created
    #[arg(value_name = "TYPE", required_unless_present = "list")]
    pub event_type: Option<String>,
    /// Deliver it there, once; needs no running sandbox
    #[arg(long, value_name = "URL")]
    pub to: Option<url::Url>,
    /// Set a member of the payload: data.user.email=a@b.example. JSON where it reads as such; @FILE and @- read it
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// The webhook-id header; with --repeat, N times the same event
    #[arg(long, value_name = "ID", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub webhook_id: Option<String>,
    /// How many events
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub repeat: u32,
    /// Send a forgery in place of a genuine event; with --list, name the forgeries
    #[arg(long, value_name = "CASE", num_args = 0..=1, default_missing_value = "")]
    pub forge: Option<String>,
    /// Name the event types
    #[arg(long)]
    pub list: bool,
}

/// Sends, and prints a line a delivery.
///
/// # Errors
/// When a word is unusable, or, without `--to`, no sandbox is running.
pub async fn run(args: Args, cx: &Context) -> Result<Exit, UserError> {
    if args.list {
        list(args.forge.is_some(), cx);
        return Ok(Exit::Good);
    }
    // The sandbox signs, whatever the KINDE_* variables say; only a person who names another tenant is told so.
    match &cx.profile {
        None => cx.say("Profile: sandbox"),
        Some(_) if cx.pick_profile(Wants::Tenant)?.profile.is_sandbox() => {}
        Some(_) => {
            return Err(UserError::new(Category::Input, "Only the sandbox's events can be sent")
                .detail("A real tenant signs its events itself, with a key nobody else has")
                .hint("Leave --profile out, or let the tenant do it: kinde-panel trigger"));
        }
    }
    if args.forge.as_deref() == Some("") {
        return Err(UserError::new(Category::Input, "--forge needs the name of a forgery")
            .detail("None was given")
            .hint("kinde-panel send --forge --list names them"));
    }
    let mut set = Vec::new();
    for word in &args.set {
        set.push(assignment(word, cx).await?);
    }
    let order = Order {
        event_type: args.event_type.unwrap_or_default(),
        payload: None,
        set,
        webhook_id: args.webhook_id,
        repeat: args.repeat,
        forge: args.forge,
    };
    order.check()?;
    let dir = cx.services.data.folder("sandbox")?;
    if let Some(banner) = order.banner(&dir, cx.services.clock.now()) {
        cx.say(&format!("! {}: {banner}", order.event_type));
    }
    let mut good = true;
    let mut tell = |line: AttemptLine| {
        good &= line.status == Some(200);
        show(&line, cx);
    };
    if let Some(url) = args.to {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(UserError::new(Category::Input, "--to is no web address")
                .detail(url.to_string())
                .hint("It begins with http:// or https://"));
        }
        sandbox::send_to(&dir, &order, url.as_str(), &cx.services.http, &mut tell).await?;
    } else {
        publish(&dir, &order, cx, &mut tell).await?;
    }
    Ok(if good { Exit::Good } else { Exit::Bad })
}

async fn publish(
    dir: &std::path::Path,
    order: &Order,
    cx: &Context,
    tell: &mut impl FnMut(AttemptLine),
) -> Result<(), UserError> {
    let folder = dir.to_owned();
    // Marked as used first: a command that serves it for itself ends only after this one.
    let found = move || sandbox::Using::mark(&folder).and_then(|using| Some((sandbox::find(&folder)?, using)));
    let Some((running, _using)) = tokio::task::spawn_blocking(found).await.ok().flatten() else {
        return Err(UserError::new(Category::Network, "No sandbox is running")
            .detail("Without --to the running sandbox publishes the event to its webhooks")
            .hint("Start one with kinde-panel sandbox, or name an address with --to URL"));
    };
    let control = Control::new(cx.services.http.clone(), &running)?;
    let mut published = 0;
    for portion in order.portions(PORTION) {
        let deliveries = control.publish(&portion).await?.deliveries;
        published += deliveries.len();
        first_attempts(&control, &deliveries, tell).await?;
    }
    if published == 0 {
        cx.say(&format!("No webhook of the sandbox chose {}: it was published to nobody", order.event_type));
    }
    Ok(())
}

/// Tells the first attempt of each of these deliveries, in their order, as it is made.
async fn first_attempts(
    control: &Control,
    deliveries: &[i64],
    tell: &mut impl FnMut(AttemptLine),
) -> Result<(), UserError> {
    let mut wanted = deliveries.iter().copied().peekable();
    while let Some(&from) = wanted.peek() {
        let page = control.deliveries_from(from, PAGE).await?;
        let mut moved = false;
        for delivery in &page {
            // What is no longer there was reset meanwhile.
            while wanted.next_if(|id| *id < delivery.id).is_some() {
                moved = true;
            }
            if wanted.peek() != Some(&delivery.id) {
                continue;
            }
            if delivery.attempts.is_empty() && delivery.state == "waiting" {
                break;
            }
            tell(first(delivery));
            wanted.next();
            moved = true;
        }
        if page.is_empty() {
            return Ok(());
        }
        if !moved {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    Ok(())
}

fn first(delivery: &DeliveryView) -> AttemptLine {
    let first = delivery.attempts.first();
    let stopped = || Some("Its webhook was deleted or switched off before the first attempt".to_owned());
    AttemptLine {
        url: delivery.url.clone(),
        status: first.and_then(|first| first.status),
        ms: first.map_or(0, |first| first.ms),
        body_sha256: delivery.body_sha256.clone(),
        event_id: delivery.event_id.clone(),
        webhook_id: delivery.webhook_id.clone(),
        error: first.map_or_else(stopped, |first| first.error.clone()),
        attempt: 1,
        next: None,
    }
}

fn show(line: &AttemptLine, cx: &Context) {
    if cx.json {
        cx.line(&json!({"delivery": {
            "url": line.url,
            "status": line.status,
            "ms": line.ms,
            "body_sha256": line.body_sha256,
            "event_id": line.event_id,
            "webhook_id": line.webhook_id,
            "error": line.error,
        }}));
        return;
    }
    let outcome = line.status.map_or_else(|| line.error.clone().unwrap_or_default(), |status| status.to_string());
    cx.answer(&format!("{outcome} · {} ms · {} · {}", line.ms, line.url, line.event_id));
}

fn list(forgeries: bool, cx: &Context) {
    if forgeries {
        if cx.json {
            return cx.line(&json!({"forgeries": sandbox::forgeries()}));
        }
        for forgery in sandbox::forgeries() {
            cx.answer(&format!("{:<20} {}", forgery.name, forgery.what));
        }
        return;
    }
    if cx.json {
        let types: Vec<Value> = event_types::known()
            .iter()
            .map(|known| json!({"type": known.event_type, "category": known.category.word(), "sample": known.origin.word()}))
            .collect();
        return cx.line(&json!({ "types": types }));
    }
    for known in event_types::known() {
        cx.answer(&format!("{:<32} {:<16} {}", known.event_type, known.category.word(), known.origin.word()));
    }
}

/// `PATH=VALUE`: JSON where the value reads as such, else text.
async fn assignment(word: &str, cx: &Context) -> Result<(String, Value), UserError> {
    let Some((path, text)) = word.split_once('=').filter(|(path, _)| !path.is_empty()) else {
        return Err(UserError::new(Category::Input, "--set is not PATH=VALUE")
            .detail(word.to_owned())
            .hint("For example --set data.user.email=ada@example.com, or --set data.user.email=null"));
    };
    let text = match text.strip_prefix('@') {
        None => text.to_owned(),
        Some("-") => read(path, super::stdin::text(&cx.cancel).await?)?,
        Some(file) => read(path, tokio::fs::read_to_string(file).await)?,
    };
    Ok((path.to_owned(), serde_json::from_str(&text).unwrap_or(Value::String(text))))
}

fn read(path: &str, read: std::io::Result<String>) -> Result<String, UserError> {
    let text = read.map_err(|error| {
        UserError::new(Category::File, format!("The value of {path} could not be read"))
            .detail(error.to_string())
            .hint("Name a readable file after the @, or - for standard input")
    })?;
    Ok(text.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text).to_owned()).unwrap_or(text))
}
