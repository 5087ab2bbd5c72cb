//! `listen`: receives webhooks on this machine, keeps, judges and forwards them, until it is stopped.

use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::history::{Room, row};
use super::{Context, Exit};
use crate::error::UserError;
use crate::inspector::forward::{Sending, Target, forward};
use crate::inspector::receiver::{Answering, Arrival, Options, Receiver};
use crate::store::attempts::{Attempt, Forwarded, Standing};

/// How many arrivals may wait for their verdict. Those beyond wait in the history.
const WAITING: usize = 1024;
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
}

/// Receives until Ctrl-C, SIGTERM or `--count`; prints the ready line first.
///
/// # Errors
/// When the words are unusable, the history cannot be opened, or the port is taken.
pub async fn run(args: Args, cx: &Context) -> Result<Exit, UserError> {
    let targets: Vec<Target> = args.forward.iter().map(|text| Target::parse(text, false)).collect::<Result<_, _>>()?;
    let mut room = Room::open(cx, args.domain.as_deref(), args.jwks.as_deref()).await?;
    let left = room.intake.judge_pending().await?;
    if left > 0 {
        cx.say(&format!("{left} attempts of an earlier run judged"));
    }
    let (sender, mut arrivals) = mpsc::channel(WAITING);
    let answering = Answering { status: args.respond, ..Answering::default() };
    let options = Options { port: args.port, answering, ..Options::default() };
    let clock = cx.services.clock.clone();
    let receiver = Receiver::start(options, room.owner.clone(), room.attempts.clone(), clock, sender).await?;
    // One line of JSON, with --json and without: scripts and people both wait for it.
    cx.line(&json!({"ready": {"url": receiver.url(), "public": Value::Null, "webhook": Value::Null}}));

    let (rows, mut lines) = mpsc::channel::<Attempt>(WAITING);
    let forwards = Arc::new(Semaphore::new(FORWARDS));
    let (mut seen, mut bad) = (0, false);
    loop {
        tokio::select! {
            biased;
            () = cx.cancel.cancelled() => break,
            Some(attempt) = lines.recv() => {
                bad |= attempt.standing() != Standing::Good;
                print(cx, &attempt);
                seen += 1;
                if args.count.is_some_and(|count| seen >= count) {
                    break;
                }
            }
            Some(first) = arrivals.recv() => {
                let mut batch = vec![first];
                while batch.len() < 64 && let Ok(more) = arrivals.try_recv() {
                    batch.push(more);
                }
                let judged = room.intake.judge_arrivals(&batch).await?;
                for (attempt, arrival) in pair(judged, &batch) {
                    let on = Onward {
                        targets: targets.clone(),
                        http: cx.services.http.clone(),
                        attempts: room.attempts.clone(),
                        forwards: Arc::clone(&forwards),
                        rows: rows.clone(),
                    };
                    tokio::spawn(on.send(attempt, arrival.clone()));
                }
            }
        }
    }
    receiver.stop().await;
    if args.count.is_none() {
        return Ok(Exit::Good);
    }
    Ok(if bad { Exit::Bad } else { Exit::Good })
}

fn pair(rows: Vec<Attempt>, batch: &[Arrival]) -> Vec<(Attempt, &Arrival)> {
    rows.into_iter()
        .filter_map(|row| batch.iter().find(|arrival| arrival.stored.seq == row.seq).map(|arrival| (row, arrival)))
        .collect()
}

fn print(cx: &Context, attempt: &Attempt) {
    if cx.json {
        cx.line(&row(attempt));
    } else {
        cx.answer(&super::history::words(attempt));
    }
}

/// What is done with an attempt after its verdict.
struct Onward {
    targets: Vec<Target>,
    http: crate::net::Http,
    attempts: crate::store::attempts::Attempts,
    forwards: Arc<Semaphore>,
    rows: mpsc::Sender<Attempt>,
}

impl Onward {
    async fn send(self, mut attempt: Attempt, arrival: Arrival) {
        // What is not kept whole opens something: it goes nowhere.
        if !self.targets.is_empty() && attempt.whole {
            let Ok(_slot) = self.forwards.acquire().await else { return };
            // All at once: one that hangs keeps no other waiting.
            let mut under_way = JoinSet::new();
            for (place, target) in self.targets.iter().cloned().enumerate() {
                let (http, arrival) = (self.http.clone(), arrival.clone());
                under_way.spawn(async move {
                    let response = forward(&http, &target, &arrival.headers, &arrival.body, Sending::First).await;
                    (place, response.forwarded)
                });
            }
            let mut all: Vec<(usize, Forwarded)> = under_way.join_all().await;
            all.sort_by_key(|(place, _)| *place);
            let all: Vec<Forwarded> = all.into_iter().map(|(_, forwarded)| forwarded).collect();
            if let Err(error) = self.attempts.forwarded(attempt.seq, all.clone()).await {
                tracing::warn!(%error, "how a forward went was not kept");
            }
            attempt.forwarded = all;
        }
        // The command is ending.
        self.rows.send(attempt).await.ok();
    }
}
