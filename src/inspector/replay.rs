//! Sends kept attempts once more: one, many, or one that was edited, to a target a person chose.
//!
//! A replay is the kept bytes under the request id they came with; a header marks it ([`REPLAYED`](super::forward::REPLAYED)).
//! What was edited cannot be signed by anybody but the sandbox of this data folder, whose key no tenant publishes: an app
//! that points at a real tenant rightly refuses it, and the result says so.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::forward::{Known, Response, Sending, Target, answered_before, forward};
use crate::error::{Category, UserError};
use crate::jwt::Json;
use crate::net::Http;
use crate::sandbox;
use crate::store::attempts::{Answer, Attempts, Forwarded, Whole};

/// Who signed what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// The one who signed what was kept: the bytes are unchanged.
    AsItCame,
    /// The sandbox of this data folder.
    BySandbox {
        /// The request id it was sent under: a new one, so that it is not taken for a retry.
        webhook_id: String,
        /// The token that was sent.
        token: String,
    },
}

impl Signed {
    /// What a person should know of it.
    pub fn words(&self) -> &'static str {
        match self {
            Self::AsItCame => "The bytes that came, under their own request ID",
            Self::BySandbox { .. } => {
                "Edited, and signed by the sandbox under a new request ID: an app that points at a real tenant rightly \
                 refuses it"
            }
        }
    }
}

/// One attempt, sent once more.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// Which attempt.
    pub seq: i64,
    /// What the target answered.
    pub response: Response,
    /// Who signed it.
    pub signed: Signed,
    /// What of the answer is kept, without secrets.
    pub answer: Answer,
    /// Where the target answered before, where it has no handler now.
    pub known: Vec<Known>,
}

/// Sends attempt `seq` of `owner` to `target` as it came, and notes how that went among its forwards, after those of
/// before.
///
/// # Errors
/// When there is no such attempt, it was kept without its signature, or the history cannot be read or written. That the
/// target gave no answer is no error: see [`Replayed::response`].
pub async fn replay(
    attempts: &Attempts,
    http: &Http,
    owner: &str,
    seq: i64,
    target: &Target,
) -> Result<Replayed, UserError> {
    let whole = kept(attempts, owner, seq).await?;
    if !whole.attempt.whole {
        return Err(UserError::new(Category::Input, "This attempt cannot be replayed")
            .detail(format!(
                "Attempt {seq} holds a token that is no webhook: its signature was not kept, so that it opens nothing"
            ))
            .hint("Have it sent again by whoever sent it"));
    }
    let mut response = forward(http, target, &whole.headers, &whole.body, Sending::Replay(seq)).await;
    let (answer, known) = note(attempts, http, owner, seq, &mut response).await?;
    Ok(Replayed { seq, response, signed: Signed::AsItCame, answer, known })
}

/// The most that are sent in one go.
pub const MOST: usize = 10_000;
/// After so many in a row that nothing answered, the rest is not tried.
const SILENT: usize = 3;
/// How many of those that did not end in 200 are named.
const NAMED: usize = 5;

/// How far sending many is, and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many there are.
    pub of: usize,
    /// Answered with 200.
    pub well: usize,
    /// Answered otherwise, or not at all.
    pub ill: usize,
    /// Not sent: kept without a signature, or not kept any more.
    pub left_out: usize,
    /// The first of those that did not go well, with the number and what became of each.
    pub troubles: Vec<(i64, String)>,
    /// The rest was not tried, since nothing answered any more.
    pub gave_up: bool,
}

impl Tally {
    /// How many were looked at.
    pub fn done(&self) -> usize {
        self.well + self.ill + self.left_out
    }

    /// Counts one. True where nothing answered it.
    fn count(&mut self, seq: i64, result: Result<Replayed, UserError>) -> bool {
        let trouble = match &result {
            Ok(replayed) if replayed.response.forwarded.status == Some(200) => {
                self.well += 1;
                return false;
            }
            Ok(replayed) => {
                self.ill += 1;
                let Forwarded { status, error, .. } = &replayed.response.forwarded;
                status.map_or_else(|| error.clone().unwrap_or_default(), |status| status.to_string())
            }
            Err(error) => {
                self.left_out += 1;
                error.detail.clone()
            }
        };
        if self.troubles.len() < NAMED {
            self.troubles.push((seq, trouble));
        }
        result.is_ok_and(|replayed| replayed.response.forwarded.status.is_none())
    }
}

/// Sends each of `seqs` to `target`, one after the other in their order, and tells `sink` after each how far it is. Ends
/// early when `cancel` is cancelled, and where nothing answers any more.
pub async fn replay_many(
    attempts: &Attempts,
    http: &Http,
    owner: &str,
    seqs: &[i64],
    target: &Target,
    cancel: &CancellationToken,
    mut sink: impl FnMut(&Tally),
) -> Tally {
    let (mut tally, mut silent) = (Tally { of: seqs.len(), ..Tally::default() }, 0);
    for &seq in seqs {
        let one = replay(attempts, http, owner, seq, target);
        let Some(result) = cancel.run_until_cancelled(one).await else { break };
        silent = if tally.count(seq, result) { silent + 1 } else { 0 };
        if silent == SILENT && tally.done() < tally.of {
            tally.gave_up = true;
            break;
        }
        sink(&tally);
    }
    tally
}

/// Sends `payload` in the place of that of attempt `seq`: signed by the key of the sandbox in `sandbox_dir`, under a
/// request id of its own.
///
/// # Errors
/// When `payload` is no JSON object, there is no such attempt, or the sandbox's key or the history cannot be used.
pub async fn replay_edited(
    attempts: &Attempts,
    http: &Http,
    owner: &str,
    seq: i64,
    target: &Target,
    payload: &str,
    sandbox_dir: &Path,
) -> Result<Replayed, UserError> {
    let unusable = |detail: String| {
        UserError::new(Category::Input, "The edited payload is not a JSON object")
            .detail(detail)
            .hint("Write it as the payload of an event: braces around members, names in double quotes")
    };
    match Json::parse(payload.as_bytes()) {
        Ok(json) if json.members().is_some() => {}
        Ok(json) => return Err(unusable(format!("It is {}", json.kind()))),
        Err(fault) => return Err(unusable(fault.to_string())),
    }
    let whole = kept(attempts, owner, seq).await?;
    let (dir, text, now) = (sandbox_dir.to_owned(), payload.to_owned(), http.clock().now());
    let token =
        tokio::task::spawn_blocking(move || sandbox::sign(&dir, text.as_bytes(), now)).await.map_err(|error| {
            UserError::new(Category::Internal, "The payload was not signed").detail(error.to_string()).hint("Try again")
        })??;
    let webhook_id = uuid::Uuid::new_v4().to_string();
    // Nothing of how the original was packed fits what is sent now.
    let headers = [("webhook-id", webhook_id.as_str()), ("content-type", "application/jwt")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut response = forward(http, target, &headers, token.as_bytes(), Sending::Edited(whole.attempt.seq)).await;
    let (answer, known) = note(attempts, http, owner, seq, &mut response).await?;
    Ok(Replayed { seq, response, signed: Signed::BySandbox { webhook_id, token }, answer, known })
}

/// Notes it among the forwards, where it gets its number. Answers what is kept of the answer, and where the target answered
/// before if it has no handler.
async fn note(
    attempts: &Attempts,
    http: &Http,
    owner: &str,
    seq: i64,
    response: &mut Response,
) -> Result<(Answer, Vec<Known>), UserError> {
    let answer = response.kept(http);
    let all = attempts.forwarded(seq, vec![(response.forwarded.clone(), answer.clone())]).await?;
    if let Some(last) = all.into_iter().last() {
        response.forwarded = last;
    }
    Ok((answer, answered_before(attempts, owner, &response.forwarded).await))
}

async fn kept(attempts: &Attempts, owner: &str, seq: i64) -> Result<Whole, UserError> {
    attempts.whole(owner, seq).await?.ok_or_else(|| {
        UserError::new(Category::Input, "There is no such attempt")
            .detail(format!("Attempt {seq} is not in this profile's history"))
            .hint("It may be another profile's, or may have been deleted: list the history to see what is there")
    })
}

#[cfg(test)]
mod tests;
