//! Attempts from a file: exports of this program, HAR, raw HTTP, curl lines, bare tokens.
//!
//! What a file holds is treated as what a socket brings: the receiver's own look (`sift`) decides what of a body is kept, so
//! that a token that opens something never is kept whole; type, ids and whom it is about are read from the body again; every
//! size is bounded. An export's `verified` is believed where judging here comes to the same; where it does not, the verdict
//! judged here stands, with the file's beside it. Nothing is passed over in silence: what was skipped is told with its line.

mod har;
mod http;
mod lines;
mod source;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io::BufRead;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::export::Line;
use super::intake::Intake;
use super::reading::Reading;
use super::receiver::{Arrival, kept_header, sift, sift_read, transport};
use crate::error::{Category, UserError};
use crate::store::attempts::{NewAttempt, Record, Stored, Told};

pub use source::Source;

/// How many are kept in one transaction.
const AT_ONCE: usize = 128;
/// A request captured elsewhere and one received here within this time of each other, with the same ids and body, are the
/// same request. Kinde waits 5 s before it sends one again.
const SAME_ONE: Duration = Duration::from_secs(3);
/// How many skipped ones are told one by one.
const TOLD: usize = 20;

/// What stands in a file.
#[derive(Clone)]
pub struct Item {
    /// The line it begins in, from 1.
    pub line: usize,
    /// Names and values as the file has them.
    pub headers: Vec<(String, String)>,
    /// The body, whole.
    pub body: Vec<u8>,
    /// When it came; `None` where the file does not say.
    pub received_at: Option<Timestamp>,
    /// Who had taken it in, where that is known and was no receiver of this program.
    pub via: Option<&'static str>,
    /// The status its sender was answered, where that is known.
    pub responded: Option<u16>,
    /// What an export says besides.
    told: Option<Box<Line>>,
}

impl Item {
    /// A request that the agent `via` captured and answered `responded` itself or passed the answer on.
    pub fn captured(
        via: &'static str,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
        received_at: Timestamp,
        responded: Option<u16>,
    ) -> Self {
        Self { line: 0, headers, body, received_at: Some(received_at), via: Some(via), responded, told: None }
    }
}

/// Bodies do not belong into logs.
impl std::fmt::Debug for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Item").field("line", &self.line).finish_non_exhaustive()
    }
}

/// Something of a file that is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The line it begins in, from 1.
    pub line: usize,
    /// Why, without a word of what it holds.
    pub why: String,
}

/// What became of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many attempts were kept.
    pub count: usize,
    /// How many were not.
    pub skipped: usize,
    /// Of those the first, with their reasons.
    pub why: Vec<Skipped>,
    /// How many tokens that are no webhooks stand as the file says: they are kept without the signature to judge.
    pub on_its_word: usize,
    /// How many that the file calls verified were signed with keys that are unknown here.
    pub unknown: usize,
}

impl Imported {
    fn skip(&mut self, skipped: Skipped) {
        self.skipped += 1;
        if self.why.len() < TOLD {
            self.why.push(skipped);
        }
    }

    /// The reasons as lines for a person.
    pub fn reasons(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.why.iter().map(|skipped| format!("Line {}: {}", skipped.line, skipped.why)).collect();
        let more = self.skipped.saturating_sub(self.why.len());
        if more > 0 {
            lines.push(format!("And {more} more"));
        }
        lines
    }
}

/// Keeps and judges what stands in `input`, in the history of `intake`.
///
/// # Errors
/// When `input` cannot be read or is of no kind that is known, or the history cannot be written.
pub async fn import(input: Box<dyn BufRead + Send>, intake: &mut Intake) -> Result<Imported, UserError> {
    let mut source = Some(source_of(input).await?);
    let mut sum = Imported::default();
    while let Some(mut reading) = source.take() {
        let read = move || {
            let batch = reading.some(AT_ONCE);
            (reading, batch)
        };
        let (back, batch) = tokio::task::spawn_blocking(read).await.map_err(|error| unreadable(&error.to_string()))?;
        let batch = batch.map_err(|error| unreadable(&error.to_string()))?;
        if batch.is_empty() {
            break;
        }
        source = Some(back);
        keep(batch, intake, &mut sum).await?;
    }
    intake.judge_pending().await?;
    Ok(sum)
}

/// Keeps and judges requests that were captured elsewhere. Those the history has from its own receiver are passed over.
///
/// # Errors
/// When the history cannot be written.
pub async fn keep_items(items: Vec<Item>, intake: &mut Intake) -> Result<Imported, UserError> {
    keep_found(items.into_iter().map(Ok).collect(), intake).await
}

/// The same with what was found in a file or a text, of which some is not to be kept.
///
/// # Errors
/// When the history cannot be written.
pub async fn keep_found(found: Vec<Result<Item, Skipped>>, intake: &mut Intake) -> Result<Imported, UserError> {
    let mut sum = Imported::default();
    let mut found = found.into_iter().peekable();
    while found.peek().is_some() {
        keep(found.by_ref().take(AT_ONCE).collect(), intake, &mut sum).await?;
    }
    intake.judge_pending().await?;
    Ok(sum)
}

async fn source_of(input: Box<dyn BufRead + Send>) -> Result<Source, UserError> {
    let opened = tokio::task::spawn_blocking(move || Source::open(input)).await;
    opened.map_err(|error| unreadable(&error.to_string()))?
}

fn unreadable(why: &str) -> UserError {
    UserError::new(Category::File, "The file could not be read").detail(why).hint("Check that it is still there")
}

async fn keep(batch: Vec<Result<Item, Skipped>>, intake: &mut Intake, sum: &mut Imported) -> Result<(), UserError> {
    let now = intake.clock.now();
    let mut items = Vec::new();
    for found in batch {
        match found {
            Ok(item) => items.push(item),
            Err(skipped) => sum.skip(skipped),
        }
    }
    let records: Vec<Record> = items.iter().map(|item| record(item, &intake.owner, now)).collect();
    let kept = intake.attempts.import(records.clone(), now).await?;
    let mut once = Vec::new();
    let mut doubted = Vec::new();
    for ((item, record), stored) in items.iter().zip(&records).zip(kept) {
        let Some(stored) = stored else {
            sum.skip(Skipped { line: item.line, why: "it is in the history already".to_owned() });
            continue;
        };
        sum.count += 1;
        match item.told.as_deref().and_then(|line| Some((line, line.event.verdict.as_deref()?))) {
            Some((line, verdict)) if record.new.whole && by_keys(verdict) => doubted.push((stored.seq, line)),
            Some((_, verdict)) => sum.on_its_word += usize::from(verdict == VERIFIED),
            None if !record.new.whole => once.push(arrival(item, record, stored)),
            None => {}
        }
    }
    intake.judge_arrivals(&once).await?;
    sum.unknown += doubt(intake, &doubted).await?;
    Ok(())
}

const VERIFIED: &str = "verified";

/// True for a verdict that hangs on the keys, so that those of here give it.
fn by_keys(verdict: &str) -> bool {
    [VERIFIED, "unknown_key"].contains(&verdict)
}

/// Gives those their verdict whose lines have one that hangs on the keys. Answers how many a line calls verified whose key is
/// unknown here.
async fn doubt(intake: &mut Intake, doubted: &[(i64, &Line)]) -> Result<usize, UserError> {
    let (mut verdicts, mut judgements, mut unknown) = (HashMap::new(), Vec::new(), 0);
    for (seq, Line { event, judged_at, .. }) in doubted {
        let Some(whole) = intake.attempts.whole(&intake.owner, *seq).await? else { continue };
        let reading = Reading::of(&whole.body);
        let sifted = sift_read(&reading);
        let judged = intake.judge_again(&whole, reading, &sifted, &verdicts).await?;
        let mut judgement = intake.judgement(*seq, &sifted, &judged);
        let said = event.verdict.as_deref();
        unknown += usize::from(said == Some(VERIFIED) && judgement.verdict == "unknown_key");
        // As it was judged where it was received, which knows more of what came before it.
        if said == Some(judgement.verdict.as_str()) && (judgement.failed.is_none() || event.failed.is_some()) {
            judgement.failed.clone_from(&event.failed);
            judgement.duplicate = event.duplicate;
            judgement.at = judged_at.unwrap_or(judgement.at);
        }
        verdicts.insert(*seq, judgement.verdict.clone());
        judgements.push(judgement);
    }
    intake.attempts.judged(judgements).await?;
    Ok(unknown)
}

/// What is kept of `item`.
fn record(item: &Item, owner: &str, now: Timestamp) -> Record {
    let sifted = sift(&item.body);
    let headers: Vec<(String, String)> = item.headers.iter().map(|(name, value)| kept_header(name, value)).collect();
    let find = |name: &str| headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    let told_id = item.told.as_ref().and_then(|told| told.event.webhook_id.clone());
    let said = item.told.as_ref().map(AsRef::as_ref);
    let new = NewAttempt {
        owner: owner.to_owned(),
        received_at: item.received_at.unwrap_or(now),
        webhook_id: find("webhook-id").or(told_id).filter(|id| !id.is_empty() && !id.contains("eyJ")),
        event_id: sifted.event_id.clone(),
        event_type: sifted.event_type.clone(),
        who: sifted.who.clone(),
        content: sifted.content,
        headers,
        body: sifted.kept.clone().unwrap_or_else(|| item.body.clone()),
        // What the file says of that does not count: it would keep a webhook from being judged.
        whole: sifted.kept.is_none(),
        responded: item.responded.or_else(|| said.and_then(|told| told.event.responded)),
    };
    let told = said.map(|told| {
        let event = &told.event;
        let clean = |text: &String| sift(text.as_bytes()).kept.is_none();
        let ids = [&sifted.event_type, &sifted.event_id, &sifted.who];
        let mut text: String = ids.into_iter().flatten().flat_map(|word| [word.as_str(), " "]).collect();
        text.push_str(&sifted.text);
        let verdict = event.verdict.clone().filter(|verdict| !(new.whole && by_keys(verdict)));
        // A token that is no webhook never is a good one, whatever a file says of it.
        let no_webhook = || (!new.whole).then(|| "claims".to_owned());
        let verified = [&event.verdict, &told.said].into_iter().any(|said| said.as_deref() == Some(VERIFIED));
        Told {
            attempt: event.attempt.max(1),
            duplicate: event.duplicate,
            forwarded: event.forwarded.clone(),
            answers: told.answers.clone(),
            pinned: told.pinned,
            said: verified.then(|| VERIFIED.to_owned()),
            judged: verdict
                .map(|verdict| (verdict, event.failed.clone().or_else(no_webhook), told.judged_at.unwrap_or(now))),
            decode: told.decode.as_ref().map(ToString::to_string).filter(|text| !new.whole && clean(text)),
            text,
        }
    });
    let via = item.via.map(str::to_owned).or_else(|| said.and_then(|told| told.via.clone()));
    // The clocks that stamped a captured request and a received one are not read at the same moment.
    let within = if item.via.is_some() { SAME_ONE } else { Duration::ZERO };
    Record { new, told, via, within }
}

/// What cannot be kept whole is judged from what the file holds, once.
fn arrival(item: &Item, record: &Record, stored: Stored) -> Arrival {
    Arrival {
        stored,
        body: item.body.as_slice().into(),
        sifted: Arc::new(sift(&item.body)),
        headers: record.new.headers.clone().into(),
        transport: transport(&record.new.headers),
        relayed: None,
        lost: false,
    }
}
