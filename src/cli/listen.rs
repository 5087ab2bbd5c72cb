//! `listen`: receives webhooks on this machine, keeps, judges and forwards them, until it is stopped.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::history::{Room, row, trouble};
use super::public::{self, Public};
use super::register::{Ready, Registered};
use super::{Context, Exit};
use crate::error::UserError;
use crate::inspector::forward::{Framework, Outcome, Response, Sending, Sent, Target, answered_before, forward};
use crate::inspector::import::{Item, keep_items};
use crate::inspector::receiver::{Answering, Arrival, Options, Receiver};
use crate::inspector::waiting::Waiting;
use crate::store::attempts::{Attempt, Standing};
use crate::tunnel;

/// How many lines may wait to be printed.
const LINES: usize = 1024;
/// How many forwards may be under way.
const FORWARDS: usize = 32;

/// The words of `listen`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The port to receive on; else a free one
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Send what arrives on to this address of this machine; may stand several times
    #[arg(long, value_name = "URL")]
    forward: Vec<String>,
    /// Judge by the keys of this Kinde domain
    #[arg(long, value_name = "URL", conflicts_with = "jwks")]
    domain: Option<String>,
    /// Judge by these keys: a JWKS, one JWK or a PEM public key, or the address of a JWKS
    #[arg(long, value_name = "FILE|URL")]
    jwks: Option<String>,
    /// Answer senders with this status
    #[arg(long, value_name = "STATUS", default_value_t = 200, value_parser = clap::value_parser!(u16).range(200..=599))]
    respond: u16,
    /// End after so many attempts; exit 1 when one of them is not verified and good
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Give it a public address: one of your own, or by localtunnel, ngrok or cloudflared
    #[arg(long, value_name = "URL|localtunnel|ngrok|cloudflared", value_parser = super::context::non_empty)]
    public: Option<String>,
    /// Point a webhook of the tenant here, and put everything back at the end
    #[arg(long)]
    register: bool,
    /// The event types it takes; else all there are. May stand several times
    #[arg(long = "event", value_name = "TYPE", requires = "register", value_parser = super::context::non_empty)]
    events: Vec<String>,
}

/// Receives until Ctrl-C, SIGTERM or `--count`; prints the ready line first.
///
/// # Errors
/// When the words are unusable, the history cannot be opened, or the port is taken.
pub async fn run(args: Args, cx: &Context) -> Result<Exit, UserError> {
    let targets: Vec<Target> = args.forward.iter().map(|text| Target::parse(text, false)).collect::<Result<_, _>>()?;
    let mut room = Room::open(cx, args.domain.as_deref(), args.jwks.as_deref()).await?;
    let wish = args.public.as_deref().map(|word| public::wish(word, &room.picked)).transpose()?;
    if let Some(wish) = &wish {
        public::may_use(wish, &room.picked, cx).await?;
    }
    // A tenant that may not be written to is given no public address.
    let mut to_register = None;
    if args.register {
        match Ready::of(cx, &room.picked, &args.events).await? {
            Some(ready) => to_register = Some(ready),
            None => return Ok(Exit::Good),
        }
    }
    match cx.cancel.run_until_cancelled(room.intake.judge_pending()).await {
        None => return Ok(Exit::Good),
        Some(left) => {
            let left = left?;
            if left > 0 {
                cx.say(&format!("{left} attempts of an earlier run judged"));
            }
        }
    }
    let (sender, mut waiting) = Waiting::begin();
    let answering = Answering { status: args.respond, ..Answering::default() };
    let port = match (args.port, &wish) {
        (None, Some(wish)) => tunnel::port_wanted(wish, &cx.services.http).await,
        (port, _) => port,
    };
    let options = Options { port, answering, ..Options::default() };
    let clock = cx.services.clock.clone();
    let receiver = Receiver::start(options, room.owner.clone(), room.attempts.clone(), clock, sender).await?;
    let (rescue, mut rescued) = mpsc::channel(1);
    let mut public = None;
    if let Some(wish) = wish {
        match Public::open(wish, &room.picked, receiver.door(), rescue, cx).await {
            Ok(Some(open)) => public = Some(open),
            Ok(None) => {
                receiver.stop().await;
                return Ok(Exit::Good);
            }
            Err(error) => {
                receiver.stop().await;
                return Err(error);
            }
        }
    }
    let url = public.as_ref().map(|public| public.url().to_string());
    let endpoint = url.clone().unwrap_or_else(|| receiver.url());
    let mut webhook = None;
    if let Some(ready) = to_register {
        match ready.begin(&endpoint).await {
            Ok(Some(registered)) => webhook = Some(registered),
            refused => {
                close(public, receiver, public::time_to_close(cx.cancel.is_cancelled(), Duration::ZERO)).await;
                return refused.map(|_| Exit::Good);
            }
        }
    }
    let id = webhook.as_ref().map(Registered::id);
    // One line of JSON, with --json and without: scripts and people both wait for it.
    cx.line(&json!({"ready": {"url": receiver.url(), "public": url, "webhook": id}}));

    let (rows, mut lines) = mpsc::channel::<Done>(LINES);
    let forwards = Arc::new(Semaphore::new(FORWARDS));
    let (mut seen, mut bad) = (0, false);
    let mut told: HashSet<String> = HashSet::new();
    loop {
        tokio::select! {
            biased;
            () = cx.cancel.cancelled() => break,
            Some(Done { attempt, troubles }) = lines.recv() => {
                bad |= attempt.standing() != Standing::Good;
                print(cx, &attempt);
                // The same trouble of every attempt is told once.
                troubles.into_iter().filter(|words| told.insert(words.clone())).for_each(|words| cx.say(&words));
                seen += 1;
                if args.count.is_some_and(|count| seen >= count) {
                    break;
                }
                continue;
            }
            url = changed(&mut public) => {
                match &mut webhook {
                    Some(webhook) => webhook.moved(url.as_str(), cx).await,
                    None => cx.say(&format!(
                        "The public address is another one now: {url}. Whoever sends here has to be told"
                    )),
                }
                continue;
            }
            () = due(webhook.as_ref()) => {
                if let Some(webhook) = &mut webhook {
                    webhook.follow(cx).await;
                }
                continue;
            }
            Some(items) = rescued.recv() => {
                keep_rescued(items, &mut room, cx).await;
                continue;
            }
            () = waiting.ready(&receiver) => {}
        }
        let judged = match cx.cancel.run_until_cancelled(waiting.judge(&mut room.intake)).await {
            None => break,
            Some(Ok(judged)) => judged,
            Some(Err(error)) => {
                let error = UserError::from(error);
                cx.say(&format!("The verdict waits: {}. {}", error.title, error.detail));
                continue;
            }
        };
        for (attempt, arrival) in judged {
            let on = Onward {
                targets: targets.clone(),
                http: cx.services.http.clone(),
                attempts: room.attempts.clone(),
                forwards: Arc::clone(&forwards),
                framework: room.framework,
                by_sandbox: room.by_sandbox,
                rows: rows.clone(),
            };
            tokio::spawn(on.send(attempt, arrival));
        }
        // A key that was unknown may have come with one of these.
        if room.intake.unfinished() {
            match cx.cancel.run_until_cancelled(room.intake.try_new_keys()).await {
                None => break,
                Some(Ok(0)) => {}
                Some(Ok(count)) => {
                    cx.say(&format!("{count} attempts whose key was unknown were judged again: see events list"));
                }
                Some(Err(error)) => cx.say(&format!("What waits for a key was not judged again: {error}")),
            }
        }
    }
    // The tunnel and the receiver go on while that is done.
    let began = Instant::now();
    let put_back = match webhook {
        Some(webhook) => webhook.put_back(cx).await,
        None => Ok(()),
    };
    close(public, receiver, public::time_to_close(cx.cancel.is_cancelled(), began.elapsed())).await;
    put_back?;
    if args.count.is_none() {
        return Ok(Exit::Good);
    }
    Ok(if bad { Exit::Bad } else { Exit::Good })
}

async fn close(public: Option<Public>, receiver: Receiver, time: Duration) {
    let closed = async {
        if let Some(public) = public {
            public.close(time).await;
        }
    };
    tokio::join!(closed, receiver.stop());
}

/// Ready with the tunnel's new address; never where there is no tunnel.
async fn changed(public: &mut Option<Public>) -> url::Url {
    match public {
        Some(public) => public.changed().await,
        None => std::future::pending().await,
    }
}

/// Ready when the webhook is to try again to follow; never where there is none.
async fn due(webhook: Option<&Registered<'_>>) {
    match webhook {
        Some(webhook) => webhook.due().await,
        None => std::future::pending().await,
    }
}

/// Keeps what a tunnel's agent had captured before: it stands in the history, and nothing is sent on.
async fn keep_rescued(items: Vec<Item>, room: &mut Room, cx: &Context) {
    match keep_items(items, &mut room.intake).await {
        Ok(kept) if kept.count > 0 => {
            cx.say(&format!("{} requests captured before the start were kept: see events list", kept.count));
        }
        Ok(_) => {}
        Err(error) => cx.say(&format!("What was captured before the start was not kept: {}", error.detail)),
    }
}

fn print(cx: &Context, attempt: &Attempt) {
    if cx.json {
        cx.line(&row(attempt));
    } else {
        cx.answer(&super::history::words(attempt));
    }
}

/// An attempt that is judged and sent on.
struct Done {
    attempt: Attempt,
    /// Why forwards did not end in the 200 Kinde wants, and what mends that.
    troubles: Vec<String>,
}

/// What is done with an attempt after its verdict.
struct Onward {
    targets: Vec<Target>,
    http: crate::net::Http,
    attempts: crate::store::attempts::Attempts,
    forwards: Arc<Semaphore>,
    framework: Framework,
    by_sandbox: bool,
    rows: mpsc::Sender<Done>,
}

impl Onward {
    async fn send(self, mut attempt: Attempt, arrival: Arrival) {
        let mut troubles = Vec::new();
        // What is not kept whole opens something: it goes nowhere.
        if !self.targets.is_empty() && attempt.whole {
            let Ok(_slot) = self.forwards.acquire().await else { return };
            // All at once: one that hangs keeps no other waiting.
            let mut under_way = JoinSet::new();
            for (place, target) in self.targets.iter().cloned().enumerate() {
                let (http, arrival) = (self.http.clone(), arrival.clone());
                under_way.spawn(async move {
                    let response = forward(&http, &target, &arrival.headers, &arrival.body, Sending::First).await;
                    (place, response)
                });
            }
            let mut all: Vec<(usize, Response)> = under_way.join_all().await;
            all.sort_by_key(|(place, _)| *place);
            for (_, response) in &all {
                let known = answered_before(&self.attempts, &attempt.owner, &response.forwarded).await;
                let url = response.forwarded.url.as_str();
                let sent = Sent { url, by_sandbox: self.by_sandbox, known: &known, ..Sent::default() };
                troubles.extend(trouble(&sent, &Outcome::of(response), self.framework));
            }
            attempt.forwarded = all.iter().map(|(_, response)| response.forwarded.clone()).collect();
            let went = all.into_iter().map(|(_, response)| (response.forwarded.clone(), response.kept(&self.http)));
            if let Err(error) = self.attempts.forwarded(attempt.seq, went.collect()).await {
                tracing::warn!(%error, "how a forward went was not kept");
            }
        }
        // The command is ending.
        self.rows.send(Done { attempt, troubles }).await.ok();
    }
}
