//! From arrival to verdict: judges what receivers took in, in transactions of their own, and judges again what is kept.

use std::collections::HashMap;

use super::decode::{Decoded, Kind, Options, TokenVerdict, judge_read};
use super::dedupe::{self, Looked};
use super::key_source::KeySource;
use super::lost;
use super::reading::Reading;
use super::receiver::{Arrival, Sifted, sift_read, transport};
use super::second_webhook::SecondWebhook;
use crate::check::{Check, Verdict};
use crate::clock::Clock;
use crate::store::HistoryError;
use crate::store::attempts::{Attempt, Attempts, Duplicate, Filter, Judgement, Standing, Whole};

/// How many verdicts one transaction takes.
pub(super) const TOGETHER: usize = 64;

/// How many of those with an unknown key are looked at in one go when new keys came.
const LOOKED_AT_AGAIN: usize = 256;

/// Judges the attempts of one owner.
pub struct Intake {
    /// The history.
    pub attempts: Attempts,
    /// Whose attempts.
    pub owner: String,
    /// The keys to judge with.
    pub keys: KeySource,
    /// The clock.
    pub clock: Clock,
    /// Asked for the same event under another request id.
    pub second_webhook: Option<SecondWebhook>,
}

/// What judging comes to.
pub struct Judged {
    /// Rung by rung.
    pub decoded: Decoded,
    /// How it stands to those before.
    pub duplicate: Duplicate,
}

/// What judging everything again came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reverified {
    /// How many were judged.
    pub checked: usize,
    /// How many came to something else than before.
    pub changed: usize,
    /// How many of these came to something worse.
    pub worse: usize,
}

struct Subject<'a> {
    seq: i64,
    attempt: u32,
    reading: Reading<'a>,
    sifted: &'a Sifted,
    transport: Check,
    /// When it came, for one that is judged again.
    received: Option<jiff::Timestamp>,
    /// It was taken in elsewhere: another clock than this machine's told when it came.
    elsewhere: bool,
}

impl Intake {
    /// Judges `arrivals`, as many in a transaction as wait together, and answers their rows in order.
    ///
    /// # Errors
    /// When the history could not be read or written.
    pub async fn judge_arrivals(&mut self, arrivals: &[Arrival]) -> Result<Vec<Attempt>, HistoryError> {
        let mut rows = Vec::new();
        for some in arrivals.chunks(TOGETHER) {
            let mut verdicts = HashMap::new();
            let mut judgements = Vec::new();
            for Arrival { stored, body, sifted, transport, lost, .. } in some {
                let transport = transport.clone();
                let reading = Reading::of(body);
                let (seq, attempt) = (stored.seq, stored.attempt);
                let subject = Subject { seq, attempt, reading, sifted, transport, received: None, elsewhere: false };
                let mut judged = self.judge(subject, &verdicts).await?;
                if *lost {
                    lost::tell(&mut judged.decoded);
                }
                let judgement = self.judgement(stored.seq, sifted, &judged);
                verdicts.insert(stored.seq, judgement.verdict.clone());
                judgements.push(judgement);
            }
            self.attempts.judged(judgements).await?;
            for arrival in some {
                rows.extend(self.attempts.whole(&self.owner, arrival.stored.seq).await?.map(|whole| whole.attempt));
            }
        }
        Ok(rows)
    }

    /// Judges what waits in the history for its verdict: what an earlier run left; and once more what waited for a key that
    /// has come since, as [`Self::try_new_keys`] does. Answers how many there were.
    ///
    /// # Errors
    /// When the history could not be read or written.
    pub async fn judge_pending(&mut self) -> Result<usize, HistoryError> {
        let (mut after, mut count) = (0, 0);
        loop {
            let seqs = self.attempts.pending(&self.owner, after, 64).await?;
            let Some(last) = seqs.last() else {
                return Ok(count + self.tell_lost().await? + self.try_new_keys().await?);
            };
            after = *last;
            count += self.judge_kept(&seqs).await?.len();
        }
    }

    /// Judges once more what was signed with a key that was unknown when it came, where the tenant publishes that now: it may
    /// have been out of reach, or behind. Asks for the key of the newest of them alone, and goes on as
    /// [`Self::try_new_keys`] does. Answers how many there were.
    ///
    /// # Errors
    /// When the history could not be read or written.
    pub async fn judge_unknown(&mut self) -> Result<usize, HistoryError> {
        let newest = Filter { limit: 1, standings: vec![Standing::UnknownKey], ..Filter::default() };
        let Some(newest) = self.attempts.page(&self.owner, newest).await?.pop() else { return Ok(0) };
        if let Some(whole) = self.attempts.whole(&self.owner, newest.seq).await? {
            self.keys.keys(&whole.body).await;
        }
        self.try_new_keys().await
    }

    /// Judges once more what was signed with a key that was unknown and is not so any more, the oldest first. Looks at
    /// 256 at most, so that whoever receives can turn to what comes meanwhile; the next call goes on behind them. Answers
    /// how many there were.
    ///
    /// # Errors
    /// When the history could not be read or written.
    pub async fn try_new_keys(&mut self) -> Result<usize, HistoryError> {
        let Some(after) = self.keys.to_look_at() else { return Ok(0) };
        let standings = vec![Standing::UnknownKey];
        let filter = Filter { after: Some(after), limit: LOOKED_AT_AGAIN, standings, ..Filter::default() };
        let mut page = self.attempts.page(&self.owner, filter).await?;
        // The oldest first: how one stands to those before it hangs on what they came to.
        page.reverse();
        let mut seqs = Vec::new();
        for attempt in page.iter().filter(|attempt| attempt.whole) {
            let Some(whole) = self.attempts.whole(&self.owner, attempt.seq).await? else { continue };
            if self.keys.knows(&whole.body) {
                seqs.push(attempt.seq);
            }
        }
        // Before they are judged: where that brings new keys once more, it begins anew.
        self.keys.looked_at(page.last().filter(|_| page.len() == LOOKED_AT_AGAIN).map(|last| last.seq));
        let mut count = 0;
        for some in seqs.chunks(TOGETHER) {
            match self.judge_kept(some).await {
                Ok(judged) => count += judged.len(),
                Err(error) => {
                    self.keys.looked_at(Some(0));
                    return Err(error);
                }
            }
        }
        Ok(count)
    }

    /// True while [`Self::try_new_keys`] has not looked at all that waited for the keys that came.
    pub fn unfinished(&self) -> bool {
        self.keys.to_look_at().is_some()
    }

    /// Gives those their verdict that were kept without their signature and not judged while it was at hand.
    async fn tell_lost(&mut self) -> Result<usize, HistoryError> {
        let mut filter = Filter { limit: TOGETHER, standings: vec![Standing::Pending], ..Filter::default() };
        let mut count = 0;
        loop {
            let page = self.attempts.page(&self.owner, filter.clone()).await?;
            let Some(last) = page.last() else { return Ok(count) };
            filter.before = Some(last.seq);
            let now = self.clock.now();
            let lost =
                |attempt: &&Attempt| !attempt.whole && now.duration_since(attempt.received_at) > lost::MAY_BE_UNDER_WAY;
            let mut judgements = Vec::new();
            for attempt in page.iter().filter(lost) {
                let Some(whole) = self.attempts.whole(&self.owner, attempt.seq).await? else { continue };
                let reading = Reading::of(&whole.body);
                let sifted = sift_read(&reading);
                let mut judged = self.judge_again(&whole, reading, &sifted, &HashMap::new()).await?;
                lost::tell(&mut judged.decoded);
                judgements.push(self.judgement(attempt.seq, &sifted, &judged));
            }
            count += judgements.len();
            self.attempts.judged(judgements).await?;
        }
    }

    /// Judges a kept attempt again, by the keys of now, and changes nothing.
    ///
    /// # Errors
    /// When the history could not be read.
    pub async fn look_again(&mut self, whole: &Whole) -> Result<Judged, HistoryError> {
        let reading = Reading::of(&whole.body);
        let sifted = sift_read(&reading);
        self.judge_again(whole, reading, &sifted, &HashMap::new()).await
    }

    /// The same, and notes what it comes to where that is something else than was noted: the list must not contradict whoever
    /// looks closer. That its key is not at hand now proves nothing and takes no verdict back.
    ///
    /// # Errors
    /// When the history could not be read or written.
    pub async fn look_again_and_note(&mut self, whole: &Whole) -> Result<Judged, HistoryError> {
        let reading = Reading::of(&whole.body);
        let sifted = sift_read(&reading);
        let judged = self.judge_again(whole, reading, &sifted, &HashMap::new()).await?;
        let Attempt { verdict, failed, duplicate, .. } = &whole.attempt;
        let now = self.judgement(whole.attempt.seq, &sifted, &judged);
        let same = verdict.as_ref() == Some(&now.verdict) && *failed == now.failed && *duplicate == now.duplicate;
        let knows_less = verdict.is_some() && judged.decoded.verdict == TokenVerdict::UnknownKey;
        if whole.attempt.whole && !same && !knows_less {
            self.attempts.judged(vec![now]).await?;
        }
        Ok(judged)
    }

    /// Judges every kept attempt again and notes what it comes to now. Tokens that are kept without their signature stay
    /// as they were judged.
    ///
    /// # Errors
    /// When the history could not be read or written.
    pub async fn reverify(&mut self) -> Result<Reverified, HistoryError> {
        let mut sum = Reverified::default();
        let mut filter = Filter { limit: 1000, ..Filter::default() };
        let mut seqs = Vec::new();
        loop {
            let page = self.attempts.page(&self.owner, filter.clone()).await?;
            let Some(last) = page.last() else { break };
            filter.before = Some(last.seq);
            seqs.extend(page.iter().filter(|attempt| attempt.whole).map(|attempt| attempt.seq));
        }
        // The oldest first: how one stands to those before it hangs on what they came to.
        seqs.reverse();
        for some in seqs.chunks(TOGETHER) {
            for (before, now) in self.judge_kept(some).await? {
                sum.checked += 1;
                sum.changed += usize::from(before != now);
                sum.worse += usize::from(before == Standing::Good && now != Standing::Good);
            }
        }
        Ok(sum)
    }

    /// Judges those of `seqs` that are there, which are in order, and notes it in one transaction. Answers what each came
    /// to before and comes to now.
    async fn judge_kept(&mut self, seqs: &[i64]) -> Result<Vec<(Standing, Standing)>, HistoryError> {
        let (mut verdicts, mut judgements, mut all) = (HashMap::new(), Vec::new(), Vec::new());
        for &seq in seqs {
            let Some(whole) = self.attempts.whole(&self.owner, seq).await? else { continue };
            let reading = Reading::of(&whole.body);
            let sifted = sift_read(&reading);
            let judged = self.judge_again(&whole, reading, &sifted, &verdicts).await?;
            let judgement = self.judgement(seq, &sifted, &judged);
            all.push((whole.attempt.standing(), Standing::of(Some(&judgement.verdict), judgement.failed.as_deref())));
            verdicts.insert(seq, judgement.verdict.clone());
            judgements.push(judgement);
        }
        self.attempts.judged(judgements).await?;
        Ok(all)
    }

    pub(super) async fn judge_again(
        &mut self,
        whole: &Whole,
        reading: Reading<'_>,
        sifted: &Sifted,
        verdicts: &HashMap<i64, String>,
    ) -> Result<Judged, HistoryError> {
        let Whole { attempt, headers, .. } = whole;
        let (transport, received) = (transport(headers), Some(attempt.received_at));
        let elsewhere = attempt.via.is_some() || whole.said.is_some();
        let (seq, attempt) = (attempt.seq, attempt.attempt);
        let subject = Subject { seq, attempt, reading, sifted, transport, received, elsewhere };
        let mut judged = self.judge(subject, verdicts).await?;
        if let Some(said) = &whole.said {
            beside(&mut judged.decoded, said);
        }
        Ok(judged)
    }

    /// `verdicts` are those of this batch, which are not written yet.
    async fn judge(&mut self, subject: Subject<'_>, verdicts: &HashMap<i64, String>) -> Result<Judged, HistoryError> {
        let Subject { seq, attempt, reading, sifted, transport, received, elsewhere } = subject;
        let mut keys = self.keys.for_kid(reading.kid()).await;
        if elsewhere {
            // What is known of this machine's clock says nothing of its age.
            keys.clock_ahead = None;
        }
        let body = reading.bytes;
        let now = self.clock.now();
        let options = Options {
            // Its age is that which it had when it came.
            at: received.unwrap_or(now),
            now,
            received,
            kind: Some(Kind::Webhook),
            pasted: false,
            transport: Some(transport),
            duplicate: None,
        };
        let mut decoded = judge_read(reading, &keys, options);
        let mut earlier = self.attempts.earlier(&self.owner, seq).await?;
        for before in &mut earlier {
            if let Some(verdict) = verdicts.get(&before.seq) {
                before.verdict = Some(verdict.clone());
            }
        }
        let ask = earlier.iter().any(|before| !before.same_group);
        let second_webhook = match &self.second_webhook {
            Some(second_webhook) if ask => second_webhook(sifted.event_type.clone()).await,
            _ => false,
        };
        let looked =
            Looked { content: sifted.content, body, attempt, verified: word(&decoded) == "verified", second_webhook };
        let (duplicate, check) = dedupe::look(&looked, &earlier);
        settle(&mut decoded, check);
        Ok(Judged { decoded, duplicate })
    }

    pub(super) fn judgement(&self, seq: i64, sifted: &Sifted, judged: &Judged) -> Judgement {
        // It cannot be judged again: what it came to is kept with it.
        let decode = sifted.kept.as_ref().and_then(|_| serde_json::to_string(&judged.decoded).ok());
        let ids = [&sifted.event_type, &sifted.event_id, &sifted.who];
        let mut text: String = ids.into_iter().flatten().flat_map(|word| [word.as_str(), " "]).collect();
        text.push_str(&sifted.text);
        Judgement {
            seq,
            verdict: word(&judged.decoded),
            failed: judged.decoded.failed.clone(),
            duplicate: judged.duplicate,
            at: self.clock.now(),
            decode,
            text,
        }
    }
}

/// The verdict's word, as it is printed.
fn word(decoded: &Decoded) -> String {
    serde_json::to_value(decoded.verdict).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Puts what a file said of it beside the first thing that is wrong with it here.
fn beside(decoded: &mut Decoded, said: &str) {
    if said == word(decoded) {
        return;
    }
    let failing = decoded.checks.iter_mut().find(|check| check.verdict == Verdict::Fail);
    if let Some(why) = failing.and_then(|check| check.why.as_mut()) {
        why.push_str(&format!(". The file it was read from calls it {said}, and proves nothing by that"));
    }
}

/// Puts the last rung in place. Judging cannot know it: it needs the verdict.
fn settle(decoded: &mut Decoded, check: Check) {
    if check.verdict == Verdict::Fail && decoded.failed.is_none() {
        decoded.failed = Some(check.name.to_string());
        decoded.headline = check.why.clone().unwrap_or_default();
    }
    if let Some(rung) = decoded.checks.iter_mut().find(|rung| rung.name == check.name) {
        *rung = check;
    }
}
