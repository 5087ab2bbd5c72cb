//! Attempts out of files and pasted text into the history, and back out into a file.

use std::io::{BufRead, BufReader, Cursor};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::history::{From, Which, owner};
use super::{Job, dialog, receiver};
use crate::error::{Category, UserError};
use crate::inspector::export::{self, export_to, file_name};
use crate::inspector::import::{Imported, Item, Skipped, Source, import, keep_found};
use crate::inspector::receiver::sift;
use crate::secrets::Secret;
use crate::store::attempts::Attempts;

/// How many are looked at in one go.
const AT_ONCE: usize = 128;

/// Keeps and judges what `from` holds. `None`: no file was chosen.
pub(super) async fn bring_in(job: &Job, profile: Uuid, from: From) -> Result<Option<Imported>, UserError> {
    let input: Box<dyn BufRead + Send> = match from {
        From::Text(text) => {
            let found = found_in(text).await?;
            if found.iter().all(Result::is_err) {
                return Err(UserError::new(Category::Input, "There is no webhook in it")
                    .detail("What is no webhook is judged above and kept nowhere")
                    .hint("Paste webhook bodies one a line, NDJSON, a HAR file, a raw request or a curl line"));
            }
            let mut intake = receiver::intake(profile, job).await?;
            return keep_found(found, &mut intake).await.map(Some);
        }
        From::File(path) => Box::new(BufReader::new(open(path).await?)),
        From::Chosen => {
            let files = ["ndjson", "jsonl", "json", "har", "txt", "http"];
            let chooser = rfd::AsyncFileDialog::new().set_title("Import events").add_filter("Events", &files);
            match dialog::open(chooser, "run `kinde-panel events import FILE`").await? {
                Some(path) => Box::new(BufReader::new(open(path).await?)),
                None => return Ok(None),
            }
        }
    };
    let mut intake = receiver::intake(profile, job).await?;
    import(input, &mut intake).await.map(Some)
}

async fn open(path: PathBuf) -> Result<std::fs::File, UserError> {
    let shown = path.display().to_string();
    let opened = tokio::task::spawn_blocking(move || {
        // Before it is opened: opening a pipe may never end.
        let file = std::fs::metadata(&path)?.is_file();
        if file { std::fs::File::open(path) } else { Err(std::io::Error::other("it is no file")) }
    });
    let opened = opened.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    opened.map_err(|error| {
        UserError::new(Category::File, "The file cannot be opened")
            .detail(format!("{error}: {shown}"))
            .hint("Check that it is a file and that you may read it")
    })
}

/// The webhooks of the text, each with all that stands with it there. What is none is passed over and told: what opens
/// something is kept nowhere, not even without its signature.
async fn found_in(text: Secret) -> Result<Vec<Result<Item, Skipped>>, UserError> {
    let look = move || {
        let mut source = Source::open(Box::new(Cursor::new(text.expose().as_bytes().to_vec())))?;
        let mut found = Vec::new();
        loop {
            let some = source.some(AT_ONCE).unwrap_or_default();
            if some.is_empty() {
                return Ok(found);
            }
            found.extend(some.into_iter().map(|item| item.and_then(webhook)));
        }
    };
    tokio::task::spawn_blocking(look).await.unwrap_or_else(|error| {
        Err(UserError::new(Category::Internal, "Reading the text broke off").detail(error.to_string()))
    })
}

/// `item` where it is a webhook, however damaged.
fn webhook(item: Item) -> Result<Item, Skipped> {
    let sifted = sift(&item.body);
    if sifted.kept.is_none() && (sifted.event_type.is_some() || sifted.event_id.is_some()) {
        return Ok(item);
    }
    Err(Skipped { line: item.line, why: "it is no webhook, and so kept nowhere".to_owned() })
}

/// Writes attempts to a file that the person chooses. `None`: none was chosen.
pub(super) async fn take_out(job: &Job, profile: Uuid, which: Which) -> Result<Option<(usize, String)>, UserError> {
    let name = file_name(job.services.clock.now());
    let chooser = rfd::AsyncFileDialog::new().set_title("Export events").add_filter("NDJSON", &["ndjson"]);
    let instead = "run `kinde-panel events export FILE`";
    let Some(path) = dialog::save(chooser.set_file_name(name), instead).await? else { return Ok(None) };
    let attempts = job.attempts.get(&job.services).await?;
    let count = write(&attempts, profile, which, &path).await?;
    Ok(Some((count, path.display().to_string())))
}

async fn write(attempts: &Attempts, profile: Uuid, which: Which, path: &Path) -> Result<usize, UserError> {
    let which = match which {
        Which::These(seqs) => export::Which::These(seqs),
        Which::Matching(filter) => export::Which::Matching(filter),
    };
    export_to(attempts, &owner(profile), which, path).await.map_err(|error| error.told(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::encode_base64url as b64;

    fn token(claims: &str) -> String {
        format!("{}.{}.{}", b64(br#"{"alg":"RS256","kid":"k1"}"#), b64(claims.as_bytes()), b64(&[7; 256]))
    }

    #[tokio::test]
    async fn of_what_was_pasted_only_the_webhooks_are_kept() {
        let webhook = token(r#"{"type":"user.created","event_id":"event_1","data":{}}"#);
        let access = token(r#"{"scp":["openid"],"azp":"x","iss":"https://acme.kinde.com","sub":"kp_1"}"#);
        let found = async |text: String| -> Vec<Result<String, usize>> {
            let all = found_in(Secret::new(text)).await.unwrap().into_iter();
            all.map(|one| one.map(|it| String::from_utf8(it.body).unwrap()).map_err(|it| it.line)).collect()
        };
        assert_eq!(found(access.clone()).await, [Err(1)]);
        let both = format!("{access}\n{webhook}\nhello\n{webhook}\n");
        assert_eq!(found(both).await, [Err(1), Ok(webhook.clone()), Err(3), Ok(webhook)]);
    }

    #[tokio::test]
    async fn a_webhook_of_a_pasted_recording_keeps_its_headers_and_its_moment_whatever_stands_beside_it() {
        let webhook = token(r#"{"type":"user.created","event_id":"event_1","data":{}}"#);
        let access = token(r#"{"scp":["openid"],"azp":"x","sub":"kp_1"}"#);
        let entry = |body: &str| {
            serde_json::json!({"startedDateTime": "2026-11-24T10:00:00Z", "response": {"status": 503}, "request": {
                "headers": [{"name": "webhook-id", "value": "w1"}], "postData": {"text": body}}})
        };
        let recording = |entries: &[serde_json::Value]| serde_json::json!({"log": {"entries": entries}}).to_string();
        let dir = tempfile::tempdir().unwrap();
        let attempts = Attempts::open(&dir.path().join("history.db")).unwrap();
        let mut intake = crate::inspector::intake::Intake {
            attempts: attempts.clone(),
            owner: "p".to_owned(),
            keys: crate::inspector::key_source::KeySource::Fixed(crate::inspector::decode::Keys::nobody()),
            clock: crate::clock::Clock::real(),
            second_webhook: None,
        };
        let pasted = recording(&[entry(&webhook), entry("password=canary"), entry(&access)]);
        let sum = keep_found(found_in(Secret::new(pasted)).await.unwrap(), &mut intake).await.unwrap();
        assert_eq!((sum.count, sum.skipped), (1, 2), "{:?}", sum.why);
        assert_eq!(sum.why.iter().map(|skipped| skipped.line).collect::<Vec<_>>(), [2, 3]);
        let kept = attempts.whole("p", 1).await.unwrap().unwrap();
        assert_eq!(kept.body, webhook.as_bytes());
        let own = &kept.attempt;
        assert_eq!((own.webhook_id.as_deref(), own.responded), (Some("w1"), Some(503)));
        assert_eq!(own.received_at, "2026-11-24T10:00:00Z".parse().unwrap());
        // And of an export, pins and forwards too.
        attempts.pin(vec![1], true).await.unwrap();
        let file = dir.path().join("events.ndjson");
        let all = export::Which::Matching(Box::default());
        export_to(&attempts, "p", all, &file).await.map_err(|error| error.told(&file)).unwrap();
        let lines = format!("{}hello\n", std::fs::read_to_string(&file).unwrap());
        intake.owner = "q".to_owned();
        let sum = keep_found(found_in(Secret::new(lines)).await.unwrap(), &mut intake).await.unwrap();
        assert_eq!((sum.count, sum.skipped), (1, 1), "{:?}", sum.why);
        let kept = attempts.page("q", crate::store::attempts::Filter { limit: 9, ..Default::default() }).await.unwrap();
        assert!(kept[0].pinned && kept[0].webhook_id.as_deref() == Some("w1"), "{kept:?}");
    }

    #[tokio::test]
    async fn an_export_is_its_owners_alone_and_takes_the_place_of_another_only_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let attempts = Attempts::open(&dir.path().join("history.db")).unwrap();
        let sifted = sift(b"hello");
        let new = crate::store::attempts::NewAttempt {
            owner: owner(Uuid::nil()),
            received_at: jiff::Timestamp::UNIX_EPOCH,
            webhook_id: Some("w1".to_owned()),
            event_id: sifted.event_id,
            event_type: sifted.event_type,
            who: sifted.who,
            content: sifted.content,
            headers: Vec::new(),
            body: b"hello".to_vec(),
            whole: true,
            responded: Some(200),
        };
        attempts.receive(new).await.unwrap();
        let folder = dir.path().join("exports");
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("events.ndjson");
        std::fs::write(&path, "an older export").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        }
        let export = async || write(&attempts, Uuid::nil(), Which::Matching(Box::default()), &path).await;
        assert_eq!(export().await.unwrap(), 1);
        let first = std::fs::read_to_string(&path).unwrap();
        assert!(first.contains("\"webhook_id\":\"w1\""), "{first}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let database = rusqlite::Connection::open(dir.path().join("history.db")).unwrap();
        database.execute_batch("ALTER TABLE bodies RENAME TO elsewhere").unwrap();
        export().await.unwrap_err();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), first, "what was there is not lost");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "and nothing lies beside it");
    }
}
