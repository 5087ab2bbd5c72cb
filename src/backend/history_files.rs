//! Attempts out of files and pasted text into the history, and back out into a file.

use std::io::{BufRead, BufReader, Cursor};
use std::path::PathBuf;

use uuid::Uuid;

use super::history::{From, Which, owner};
use super::{Job, dialog, receiver};
use crate::error::{Category, UserError};
use crate::inspector::export::{self, export, file_name};
use crate::inspector::import::{Imported, Source, import};
use crate::inspector::receiver::sift;
use crate::secrets::Secret;

/// How many are looked at in one go.
const AT_ONCE: usize = 128;

/// Keeps and judges what `from` holds. `None`: no file was chosen.
pub(super) async fn bring_in(job: &Job, profile: Uuid, from: From) -> Result<Option<Imported>, UserError> {
    let input: Box<dyn BufRead + Send> = match from {
        From::Text(text) => match webhooks_in(text).await? {
            Some(bytes) => Box::new(Cursor::new(bytes)),
            None => {
                return Err(UserError::new(Category::Input, "There is no webhook in it")
                    .detail("What is no webhook is judged above and kept nowhere")
                    .hint("Paste webhook bodies one a line, NDJSON, a HAR file, a raw request or a curl line"));
            }
        },
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

/// The text where everything in it is a webhook; else the webhooks of it alone, a line each. What opens something is
/// kept nowhere, not even without its signature.
async fn webhooks_in(text: Secret) -> Result<Option<Vec<u8>>, UserError> {
    let look = move || {
        let bytes = text.expose().as_bytes().to_vec();
        let mut source = Source::open(Box::new(Cursor::new(bytes.clone())))?;
        let (mut webhooks, mut others) = (Vec::new(), false);
        loop {
            let some = source.some(AT_ONCE).unwrap_or_default();
            if some.is_empty() {
                break;
            }
            for item in some {
                match item.ok().filter(|item| is_webhook(&item.body)) {
                    Some(item) => webhooks.push(item.body),
                    None => others = true,
                }
            }
        }
        Ok(match (webhooks.is_empty(), others) {
            (true, _) => None,
            (false, false) => Some(bytes),
            (false, true) => Some(webhooks.join(&b'\n')),
        })
    };
    tokio::task::spawn_blocking(look).await.unwrap_or_else(|error| {
        Err(UserError::new(Category::Internal, "Reading the text broke off").detail(error.to_string()))
    })
}

fn is_webhook(body: &[u8]) -> bool {
    let sifted = sift(body);
    sifted.kept.is_none() && (sifted.event_type.is_some() || sifted.event_id.is_some())
}

/// Writes attempts to a file that the person chooses. `None`: none was chosen.
pub(super) async fn take_out(job: &Job, profile: Uuid, which: Which) -> Result<Option<(usize, String)>, UserError> {
    let name = file_name(job.services.clock.now());
    let chooser = rfd::AsyncFileDialog::new().set_title("Export events").add_filter("NDJSON", &["ndjson"]);
    let instead = "run `kinde-panel events export FILE`";
    let Some(path) = dialog::save(chooser.set_file_name(name), instead).await? else { return Ok(None) };
    let shown = path.display().to_string();
    let failed = |why: String| {
        UserError::new(Category::File, "The events could not be written").detail(why).hint("Choose another folder")
    };
    let made = tokio::task::spawn_blocking(move || std::fs::File::create(path));
    let file = made.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    let mut file = std::io::BufWriter::new(file.map_err(|error| failed(error.to_string()))?);
    let attempts = job.attempts.get(&job.services).await?;
    let which = match which {
        Which::These(seqs) => export::Which::These(seqs),
        Which::Matching(filter) => export::Which::Matching(filter),
    };
    let count =
        export(&attempts, &owner(profile), which, &mut file).await.map_err(|error| failed(error.to_string()))?;
    Ok(Some((count, shown)))
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
        let found = |text: String| webhooks_in(Secret::new(text));
        assert_eq!(found(access.clone()).await.unwrap_or_default(), None);
        let both = found(format!("{webhook}\n{access}\n")).await.unwrap().unwrap();
        assert_eq!(String::from_utf8(both).unwrap(), webhook);
        let two = format!("{webhook}\n{webhook}\n");
        assert_eq!(found(two.clone()).await.unwrap(), Some(two.into_bytes()));
    }
}
