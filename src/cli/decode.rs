//! `decode`: judges tokens from a file or standard input.

use std::io::{BufRead as _, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use url::Url;

pub(super) use super::print::plain;
use super::{Context, Exit, Wants};
use crate::error::{Category, UserError};
use crate::inspector::decode::{Decoded, Issuers, Keys, Kind, Options, judge};
use crate::inspector::key_source::KeySource;
use crate::inspector::{keys, paste};
use crate::kinde::Domain;
use crate::kinde::jwks::{Jwks, Owner, is_safe};

/// The words of `decode`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file with the token; `-` or nothing reads standard input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Judge by the keys of this Kinde domain
    #[arg(long, value_name = "URL", conflicts_with = "jwks")]
    domain: Option<String>,
    /// Judge by these keys: a JWKS, one JWK or a PEM public key, or the address of a JWKS
    #[arg(long, value_name = "FILE|URL")]
    jwks: Option<String>,
    /// The moment to judge time at
    #[arg(long, value_name = "RFC3339")]
    at: Option<String>,
    /// Judge as this kind, whatever the claims say
    #[arg(long, value_enum)]
    kind: Option<KindWord>,
    /// One token a line in, one object a line out
    #[arg(long)]
    lines: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum KindWord {
    Webhook,
    Access,
    Id,
}

/// Judges what it is given and prints it.
///
/// # Errors
/// When the words are unusable, or a file cannot be opened.
pub async fn run(args: Args, cx: &Context) -> Result<Exit, UserError> {
    let at = args.at.as_deref().map(moment).transpose()?;
    let kind = args.kind.map(|kind| match kind {
        KindWord::Webhook => Kind::Webhook,
        KindWord::Access => Kind::Access,
        KindWord::Id => Kind::Id,
    });
    let options = |now: Timestamp| Options { kind, now, ..Options::pasted(at.unwrap_or(now)) };
    let file = args.file.filter(|file| file.as_os_str() != "-");
    if let Some(file) = &file {
        refuse_token_as_file(file)?;
    }
    let mut source = source(args.domain.as_deref(), args.jwks.as_deref(), cx).await?;
    if !args.lines {
        let input = read_all(file).await?;
        let keys = source.for_kid(keys::kid_of(&input, true).as_deref()).await;
        let decoded = judge(&input, &keys, &options(cx.services.clock.now()));
        if cx.json {
            cx.line(&decoded);
        } else {
            print_for_people(cx, &decoded);
        }
        return Ok(if decoded.is_good() { Exit::Good } else { Exit::Bad });
    }
    let mut exit = Exit::Good;
    let mut lines = read_lines(file)?;
    while let Some(line) = lines.recv().await {
        let line = line.map_err(|error| unreadable(&error))?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let keys = source.for_kid(keys::kid_of(&line, true).as_deref()).await;
        let decoded = judge(&line, &keys, &options(cx.services.clock.now()));
        if !decoded.is_good() {
            exit = Exit::Bad;
        }
        cx.line(&decoded);
    }
    Ok(exit)
}

fn moment(text: &str) -> Result<Timestamp, UserError> {
    text.trim().parse().map_err(|_| {
        UserError::new(Category::Input, "--at is no moment")
            .detail(format!("{text} is not RFC 3339"))
            .hint("Write it like 2024-05-01T17:41:45Z or 2024-05-01T17:41:45+10:00")
    })
}

/// An argument is visible to others on this machine, and a token is no file.
fn refuse_token_as_file(file: &Path) -> Result<(), UserError> {
    let text = file.to_string_lossy();
    let token = paste::looks_like_token(&paste::clean(&text).token) || paste::provider_token(&text).is_some();
    if !token || file.exists() {
        return Ok(());
    }
    Err(UserError::new(Category::Input, "A token stands where a file's name belongs")
        .detail("Arguments are visible to everybody on this machine")
        .hint("Give it on standard input: kinde-panel decode < token.txt"))
}

async fn source(domain: Option<&str>, jwks: Option<&str>, cx: &Context) -> Result<KeySource, UserError> {
    let services = &cx.services;
    let cache = Jwks::new(services.http.clone(), Some(services.data.file("history.db")));
    if let Some(jwks) = jwks {
        let mut keys = chosen(jwks, &cache).await?;
        keys.others.extend(keys::sandbox_as_other(&services.data, services.clock.now()).await);
        return Ok(KeySource::Fixed(keys));
    }
    if let Some(domain) = domain {
        let domain = Domain::parse(domain)?;
        let name = domain.authority().to_owned();
        let issuers = Issuers::These(vec![domain.as_str().to_owned()]);
        let owner = Owner { id: domain.as_str().to_owned(), name, domain };
        return Ok(KeySource::of_tenant(cache, owner, issuers, &services.data).await);
    }
    KeySource::of_profile(cache, &cx.pick_profile(Wants::Domain)?.profile, &services.data).await
}

/// `--jwks`: an address, else a file.
pub(super) async fn chosen(jwks: &str, cache: &Jwks) -> Result<Keys, UserError> {
    let lower = jwks.to_ascii_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") {
        let url = Url::parse(jwks).map_err(|error| {
            UserError::new(Category::Input, "--jwks is no address")
                .detail(error.to_string())
                .hint("Give it whole, like https://acme.kinde.com/.well-known/jwks")
        })?;
        if !is_safe(&url) {
            return Err(UserError::new(Category::Input, "--jwks takes http on this machine alone")
                .detail("Keys over plain http can be swapped on the way")
                .hint("Name the https address, or a file"));
        }
        return Ok(keys::at_url(cache, url).await);
    }
    let path = PathBuf::from(jwks);
    let text = tokio::fs::read(&path).await.map_err(|error| no_file(&path, &error))?;
    let name = path.file_name().map_or_else(|| jwks.to_owned(), |name| name.to_string_lossy().into_owned());
    let mut keys = Keys::chosen(name, &text);
    keys.others = keys::others(cache).await;
    Ok(keys)
}

fn no_file(path: &Path, error: &std::io::Error) -> UserError {
    UserError::new(Category::File, "A file cannot be opened")
        .detail(format!("{}: {error}", path.display()))
        .hint("Check its name and that you may read it")
}

fn unreadable(error: &std::io::Error) -> UserError {
    UserError::new(Category::File, "The input cannot be read").detail(error.to_string()).hint("Give it as a file")
}

/// One byte more than is judged, so that too long is still seen.
const MOST: u64 = (crate::jwt::MAX_TOKEN as u64) + 4096;

async fn read_all(file: Option<PathBuf>) -> Result<Vec<u8>, UserError> {
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        match file {
            Some(path) => std::fs::File::open(&path)
                .and_then(|file| file.take(MOST).read_to_end(&mut bytes))
                .map_err(|error| no_file(&path, &error))?,
            None => {
                if std::io::stdin().is_terminal() {
                    super::print::say("Paste a token, then press Ctrl-D on a line of its own");
                }
                std::io::stdin().take(MOST).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?
            }
        };
        Ok(bytes)
    });
    read.await.unwrap_or_else(|_| Err(UserError::new(Category::Internal, "The input was not read").hint("Try again")))
}

type Line = std::io::Result<Vec<u8>>;

/// Lines as they come, so that a pipe is answered line by line.
fn read_lines(file: Option<PathBuf>) -> Result<tokio::sync::mpsc::Receiver<Line>, UserError> {
    let mut reader: Box<dyn std::io::BufRead + Send> = match file {
        Some(path) => {
            Box::new(std::io::BufReader::new(std::fs::File::open(&path).map_err(|error| no_file(&path, &error))?))
        }
        None => Box::new(std::io::BufReader::new(std::io::stdin())),
    };
    let (sender, receiver) = tokio::sync::mpsc::channel(64);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut line = Vec::new();
            match reader.by_ref().take(MOST).read_until(b'\n', &mut line) {
                Ok(0) => break,
                Ok(_) => {
                    if line.ends_with(b"\n") {
                        line.pop();
                    }
                    if line.ends_with(b"\r") {
                        line.pop();
                    }
                    if sender.blocking_send(Ok(line)).is_err() {
                        break;
                    }
                }
                Err(error) => {
                    sender.blocking_send(Err(error)).ok();
                    break;
                }
            }
        }
    });
    Ok(receiver)
}

pub(super) fn print_for_people(cx: &Context, decoded: &Decoded) {
    let checks: Vec<crate::check::Check> = decoded
        .checks
        .iter()
        .map(|check| crate::check::Check {
            seen: check.seen.as_deref().map(plain),
            why: check.why.as_deref().map(plain),
            fix: check.fix.as_deref().map(plain),
            ..check.clone()
        })
        .collect();
    cx.checks(&plain(&decoded.headline), &checks);
    let mut text = String::new();
    for fact in &decoded.lens() {
        let note = fact.note.map(|note| format!("  ({note})")).unwrap_or_default();
        text.push_str(&format!("\n{:<16} {}{note}", fact.label, plain(&fact.value)));
    }
    for (label, json) in [("Header", &decoded.header), ("Claims", &decoded.claims)] {
        if let Some(json) = json {
            text.push_str(&format!("\n\n{label}\n{}", plain(&json.to_text())));
        }
    }
    if decoded.claims.is_none()
        && let Some(payload) = decoded.payload.text()
    {
        text.push_str(&format!("\n\nPayload\n{}", plain(payload)));
    }
    cx.answer(&text);
}
