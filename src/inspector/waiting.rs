//! What was received and waits for its verdict, in the order it came: nothing is passed over, and what could not be judged
//! keeps its place until it can.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::intake::{Intake, TOGETHER};
use super::receiver::{Arrival, Left, Receiver};
use crate::store::HistoryError;
use crate::store::attempts::Attempt;

/// How many arrivals may wait. Of those beyond the number alone is kept.
const WAITING: usize = 1024;
/// How long after a verdict that could not be written it is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// What waits for its verdict.
pub struct Waiting {
    arrivals: mpsc::Receiver<Arrival>,
    /// Those whose turn it is.
    batch: Vec<Arrival>,
    /// The same, before they are read out of the history again.
    left: Vec<Left>,
    /// When they are tried again, where they could not be judged.
    again: Option<Instant>,
}

impl Waiting {
    /// Nothing yet, and where a receiver puts what comes.
    pub fn begin() -> (mpsc::Sender<Arrival>, Self) {
        Self::of(WAITING)
    }

    fn of(most: usize) -> (mpsc::Sender<Arrival>, Self) {
        let (sender, arrivals) = mpsc::channel(most);
        (sender, Self { arrivals, batch: Vec::new(), left: Vec::new(), again: None })
    }

    /// Waits until something of `receiver` is to be judged. Nothing is lost where this is dropped before.
    pub async fn ready(&mut self, receiver: &Receiver) {
        if let Some(again) = self.again {
            sleep_until(again).await;
            self.again = None;
            return;
        }
        if self.batch.is_empty() && self.left.is_empty() {
            tokio::select! {
                biased;
                Some(first) = self.arrivals.recv() => self.batch.push(first),
                // What was let go of came after all that wait.
                left = receiver.left(TOGETHER) => self.left = left,
            }
        }
        while self.left.is_empty() && self.batch.len() < TOGETHER {
            let Ok(more) = self.arrivals.try_recv() else { break };
            self.batch.push(more);
        }
    }

    /// Judges those whose turn it is, and answers their rows, each with what came.
    ///
    /// # Errors
    /// When the history could not be read or written. They keep their place, and are ready again a second later.
    pub async fn judge(&mut self, intake: &mut Intake) -> Result<Vec<(Attempt, Arrival)>, HistoryError> {
        let judged = self.try_to_judge(intake).await;
        if judged.is_err() {
            self.again = Some(Instant::now() + AGAIN);
        }
        judged
    }

    async fn try_to_judge(&mut self, intake: &mut Intake) -> Result<Vec<(Attempt, Arrival)>, HistoryError> {
        while let Some(left) = self.left.first().cloned() {
            // One that was deleted meanwhile needs no verdict.
            if let Some(kept) = intake.attempts.whole(&intake.owner, left.stored.seq).await? {
                self.batch.push(left.recall(kept));
            }
            self.left.remove(0);
        }
        let rows = intake.judge_arrivals(&self.batch).await?;
        let mut batch = std::mem::take(&mut self.batch);
        let pair = |row: Attempt| {
            let at = batch.iter().position(|arrival| arrival.stored.seq == row.seq)?;
            Some((row, batch.swap_remove(at)))
        };
        Ok(rows.into_iter().filter_map(pair).collect())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::clock::Clock;
    use crate::inspector::forward::Target;
    use crate::inspector::key_source::KeySource;
    use crate::inspector::receiver::{Options, Relay};
    use crate::jwt::encode_base64url as b64;
    use crate::store::attempts::Attempts;

    struct Stage {
        dir: tempfile::TempDir,
        receiver: Receiver,
        intake: Intake,
        waiting: Waiting,
    }

    /// A receiver beside which at most `most` arrivals wait.
    async fn stage(most: usize, relay: Option<Relay>) -> Stage {
        let dir = tempfile::tempdir().unwrap();
        let attempts = Attempts::open(&dir.path().join("history.db")).unwrap();
        let data = crate::store::DataDir::open(dir.path()).unwrap();
        let keys = KeySource::Fixed(crate::inspector::keys::of_sandbox(&data).await.unwrap());
        let (sender, waiting) = Waiting::of(most);
        let (owner, options, clock) = ("p".to_owned(), Options { relay, ..Options::default() }, Clock::real());
        let receiver = Receiver::start(options, owner.clone(), attempts.clone(), clock.clone(), sender).await.unwrap();
        Stage { dir, receiver, intake: Intake { attempts, owner, keys, clock, second_webhook: None }, waiting }
    }

    impl Stage {
        async fn post(&self, id: usize, body: &str) {
            let url = url::Url::parse(&self.receiver.url()).unwrap();
            let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", self.receiver.port())).await.unwrap();
            let (path, length) = (url.path(), body.len());
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nwebhook-id: w{id}\r\ncontent-length: {length}"
            );
            stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        }

        async fn next(&mut self) -> Result<Vec<(Attempt, Arrival)>, HistoryError> {
            let ready = self.waiting.ready(&self.receiver);
            tokio::time::timeout(Duration::from_secs(20), ready).await.expect("something waits");
            self.waiting.judge(&mut self.intake).await
        }
    }

    #[tokio::test]
    async fn what_found_no_room_is_judged_in_its_turn_and_comes_back_as_it_came() {
        let target = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", target.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = target.accept().await {
                let _read = stream.read(&mut [0; 4096]).await.unwrap();
                let said = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi";
                stream.write_all(said.as_bytes()).await.unwrap();
            }
        });
        let http = crate::net::Http::new(crate::net::Recorder::silent(), Clock::real()).unwrap();
        let relay = Relay { http, target: Target::parse(&url, false).unwrap() };
        let mut stage = stage(2, Some(relay)).await;
        for id in 0..6 {
            stage.post(id, &format!("body {id}")).await;
        }
        let access = format!("{}.{}.{}", b64(br#"{"alg":"RS256"}"#), b64(br#"{"scp":[],"azp":"a"}"#), b64(b"canary"));
        stage.post(6, &access).await;
        let mut came = Vec::new();
        while came.len() < 8 {
            came.extend(stage.next().await.unwrap());
            // A late one is not judged before those that wait.
            if came.len() == 2 {
                stage.post(7, "late").await;
            }
        }
        let seqs: Vec<i64> = came.iter().map(|(row, _)| row.seq).collect();
        assert_eq!(seqs, (1..=8).collect::<Vec<_>>());
        for (row, arrival) in came.iter().filter(|(row, _)| row.whole && row.seq < 8) {
            assert!(row.verdict.is_some() && row.responded == Some(200));
            assert_eq!(&*arrival.body, format!("body {}", row.seq - 1).as_bytes());
            assert!(arrival.headers.contains(&("webhook-id".to_owned(), format!("w{}", row.seq - 1))));
            assert_eq!(arrival.relayed.as_ref().unwrap().response().await.unwrap().body, "hi", "it is not sent twice");
        }
        let lost = &came[6].0;
        assert_eq!(
            (lost.whole, lost.failed.as_deref()),
            (false, Some("signature")),
            "nobody has its signature any more"
        );
        stage.receiver.stop().await;
    }

    #[tokio::test]
    async fn what_could_not_be_judged_keeps_its_place_and_is_judged_once_that_goes_again() {
        let mut stage = stage(1, None).await;
        for id in 0..3 {
            stage.post(id, &format!("body {id}")).await;
        }
        let other = rusqlite::Connection::open(stage.dir.path().join("history.db")).unwrap();
        other
            .execute_batch(
                "CREATE TRIGGER full BEFORE UPDATE OF verdict ON attempts BEGIN SELECT RAISE(ABORT, 'full'); END",
            )
            .unwrap();
        stage.next().await.unwrap_err();
        other.execute_batch("DROP TRIGGER full").unwrap();
        let mut seqs = Vec::new();
        while seqs.len() < 3 {
            seqs.extend(stage.next().await.unwrap().into_iter().map(|(row, _)| row.seq));
        }
        assert_eq!(seqs, [1, 2, 3]);
        stage.receiver.stop().await;
    }
}
