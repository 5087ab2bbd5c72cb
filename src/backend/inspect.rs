//! The inspector's jobs: judge what was pasted, compare two tokens, open a file.
//!
//! Holds no rule about tokens: [`crate::inspector`] judges. What is pasted may be a live token, so it travels as a
//! [`Secret`] and is never kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use super::Job;
use crate::error::{Category, UserError};
use crate::inspector::compare::{Comparison, compare};
use crate::inspector::decode::{Decoded, Issuers, Keys, Options, judge};
use crate::inspector::keys;
use crate::jwt::MAX_TOKEN;
use crate::kinde::Domain;
use crate::kinde::jwks::Owner;
use crate::secrets::{Secret, SecretBytes};

/// Longer than this, in bytes, and the work leaves the async threads.
const LONG: usize = 64 * 1024;

/// What is judged: as it was pasted, or as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A text.
    Text(Secret),
    /// A file that is no text, byte for byte: only so can it be told what made it so.
    Bytes(SecretBytes),
}

impl Input {
    /// The content of a file.
    pub fn of_file(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(Secret::new(text)),
            Err(error) => Self::Bytes(SecretBytes::new(error.into_bytes())),
        }
    }

    /// It, as bytes. Never write them into anything that is kept.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.expose().as_bytes(),
            Self::Bytes(bytes) => bytes.expose(),
        }
    }

    /// It, where it is a text.
    pub fn text(&self) -> Option<&Secret> {
        match self {
            Self::Text(text) => Some(text),
            Self::Bytes(_) => None,
        }
    }
}

impl From<Secret> for Input {
    fn from(text: Secret) -> Self {
        Self::Text(text)
    }
}

/// The keys to judge with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WhichKeys {
    /// None: the token is read and not verified.
    #[default]
    Nobody,
    /// Those of a saved profile.
    Profile(Uuid),
    /// Those that the Kinde tenant at this address publishes: an `iss`, or whatever a person typed.
    Domain(String),
    /// The sandbox's.
    Sandbox,
    /// A JWKS, a JWK or a PEM that a person pasted. A secret, since they may paste the private half.
    Pasted(Secret),
}

/// What the screen asks.
#[derive(Debug)]
pub enum Command {
    /// Judge `input` with `keys`.
    Judge {
        /// As it was pasted, or read.
        input: Input,
        /// Whose keys.
        keys: WhichKeys,
    },
    /// Judge `input` too and put it beside `left`.
    Compare {
        /// The token judged before.
        left: Arc<Decoded>,
        /// The other one, as pasted or read.
        input: Input,
        /// Whose keys.
        keys: WhichKeys,
    },
    /// Let the person choose a file, and read it.
    OpenFile,
    /// Read a dropped file.
    ReadFile(PathBuf),
}

/// A judged token and whose keys judged it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The token.
    pub decoded: Arc<Decoded>,
    /// `acme.kinde.com`, `the sandbox`; empty for nobody's.
    pub whose: String,
}

/// Two tokens beside each other.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The right one.
    pub right: Arc<Decoded>,
    /// What differs.
    pub comparison: Comparison,
}

/// A file that was read.
#[derive(Debug, Clone)]
pub struct OpenedFile {
    /// Its name without the folder.
    pub name: String,
    /// What is in it.
    pub content: Input,
}

/// What comes back.
#[derive(Debug)]
pub enum Event {
    /// The answer to [`Command::Judge`].
    Judged(Result<Judged, UserError>),
    /// The answer to [`Command::Compare`].
    Compared(Result<Box<Compared>, UserError>),
    /// The answer to [`Command::OpenFile`] and [`Command::ReadFile`]; `None` where no file was chosen.
    File(Result<Option<OpenedFile>, UserError>),
}

/// Runs one command to its end.
pub async fn run(command: Command, job: Job) {
    let event = answer(command, &job).await;
    job.send(event).await;
}

async fn answer(command: Command, job: &Job) -> Event {
    match command {
        Command::Judge { input, keys } => Event::Judged(judged(job, input, keys).await),
        Command::Compare { left, input, keys } => Event::Compared(compared(job, left, input, keys).await),
        Command::OpenFile => Event::File(chosen_file().await),
        Command::ReadFile(path) => Event::File(read_file(path).await.map(Some)),
    }
}

async fn judged(job: &Job, input: Input, which: WhichKeys) -> Result<Judged, UserError> {
    let options = Options::pasted(job.services.clock.now());
    let kid_input = input.clone();
    let size = input.as_bytes().len();
    let kid = heavy(size, move || keys::kid_of(kid_input.as_bytes(), true)).await?;
    let keys = gather(job, which, kid.as_deref()).await?;
    let whose = keys.whose.clone();
    let decoded = heavy(size, move || judge(input.as_bytes(), &keys, &options)).await.map(Arc::new)?;
    Ok(Judged { decoded, whose })
}

async fn compared(job: &Job, left: Arc<Decoded>, input: Input, which: WhichKeys) -> Result<Box<Compared>, UserError> {
    let size = input.as_bytes().len() + left.payload.len();
    let right = judged(job, input, which).await?.decoded;
    let other = Arc::clone(&right);
    let comparison = heavy(size, move || compare(&left, &other)).await?;
    Ok(Box::new(Compared { right, comparison }))
}

async fn gather(job: &Job, which: WhichKeys, kid: Option<&str>) -> Result<Keys, UserError> {
    let services = &job.services;
    let (owner, issuers) = match which {
        WhichKeys::Nobody => return Ok(Keys { others: keys::others(&job.jwks).await, ..Keys::nobody() }),
        WhichKeys::Sandbox => return of_sandbox(job).await,
        WhichKeys::Pasted(text) => {
            let mut keys = Keys::chosen("the pasted key", text.expose().as_bytes());
            keys.others = keys::others(&job.jwks).await;
            keys.others.extend(keys::sandbox_as_other(&services.data, services.clock.now()).await);
            return Ok(keys);
        }
        WhichKeys::Domain(text) => {
            let domain = Domain::parse(&text)?;
            let name = domain.authority().to_owned();
            let issuers = vec![domain.as_str().to_owned()];
            (Owner { id: domain.as_str().to_owned(), name, domain }, Issuers::These(issuers))
        }
        WhichKeys::Profile(id) => {
            let profile = job.profile(id).await?;
            let Some(domain) = profile.domain.clone().filter(|_| !profile.is_sandbox()) else {
                return of_sandbox(job).await;
            };
            let issuers = profile.issuers().iter().map(|domain| domain.as_str().to_owned()).collect();
            (Owner { id: profile.id.to_string(), name: profile.name, domain }, Issuers::These(issuers))
        }
    };
    let sandbox = keys::sandbox_as_other(&services.data, services.clock.now()).await;
    Ok(keys::of_tenant(&job.jwks, &owner, issuers, kid, sandbox).await)
}

async fn of_sandbox(job: &Job) -> Result<Keys, UserError> {
    let published = keys::published_by_sandbox(&job.services.data).await?;
    Ok(keys::of_sandbox_and_past(&job.jwks, &published).await)
}

/// Runs `work` here, or on a thread of its own where it is about many bytes.
async fn heavy<T: Send + 'static>(bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> Result<T, UserError> {
    if bytes <= LONG {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|_| {
        UserError::new(Category::Internal, "Judging broke off")
            .detail("The work was stopped before its end")
            .hint("Paste it again")
    })
}

async fn chosen_file() -> Result<Option<OpenedFile>, UserError> {
    let dialog = rfd::AsyncFileDialog::new().set_title("Open a token");
    match super::dialog::open(dialog, "paste the token, or drop the file on the window").await? {
        Some(path) => read_file(path).await.map(Some),
        None => Ok(None),
    }
}

async fn read_file(path: PathBuf) -> Result<OpenedFile, UserError> {
    let name = path.file_name().map_or_else(|| "file".to_owned(), |name| name.to_string_lossy().into_owned());
    let failed = |path: &Path, error: &std::io::Error| {
        UserError::new(Category::File, "The file cannot be opened")
            .detail(format!("{}: {error}", path.display()))
            .hint("Check that it is a file and that you may read it")
    };
    let read = tokio::task::spawn_blocking(move || {
        use std::io::Read as _;
        // Before it is opened: opening a pipe may never end.
        let meta = std::fs::metadata(&path).map_err(|error| failed(&path, &error))?;
        if !meta.is_file() {
            return Err(UserError::new(Category::File, "That is no file")
                .detail(path.display().to_string())
                .hint("Drop or open a file that holds one token or request"));
        }
        if meta.len() > MAX_TOKEN as u64 {
            return Err(UserError::new(Category::File, "The file is too long")
                .detail(format!("{} has {} bytes; a token is at most {MAX_TOKEN}", path.display(), meta.len()))
                .hint("Open a file that holds one token or request"));
        }
        let mut bytes = Vec::new();
        let file = std::fs::File::open(&path).map_err(|error| failed(&path, &error))?;
        file.take(MAX_TOKEN as u64).read_to_end(&mut bytes).map_err(|error| failed(&path, &error))?;
        Ok(bytes)
    });
    let bytes = read
        .await
        .map_err(|_| UserError::new(Category::Internal, "Reading the file broke off").hint("Open it again"))??;
    Ok(OpenedFile { name, content: Input::of_file(bytes) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_a_missing_file_and_a_file_too_long_are_each_told() {
        let dir = tempfile::tempdir().unwrap();
        let title = |result: Result<OpenedFile, UserError>| result.unwrap_err().title;
        assert_eq!(title(read_file(dir.path().to_owned()).await), "That is no file");
        assert_eq!(title(read_file(dir.path().join("none")).await), "The file cannot be opened");
        let long = dir.path().join("long");
        std::fs::File::create(&long).unwrap().set_len(MAX_TOKEN as u64 + 1).unwrap();
        assert_eq!(title(read_file(long).await), "The file is too long");
    }

    #[tokio::test]
    async fn a_file_is_read_with_its_name_and_its_text_shows_nowhere() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token.txt");
        std::fs::write(&path, "eyJhbGciOiJub25lIn0.canary.").unwrap();
        let file = read_file(path).await.unwrap();
        assert_eq!((file.name.as_str(), file.content.as_bytes()), ("token.txt", &b"eyJhbGciOiJub25lIn0.canary."[..]));
        let event = Event::File(Ok(Some(file)));
        assert!(!format!("{event:?}").contains("canary"));
    }

    async fn ask(dir: &Path, command: Command) -> Event {
        use crate::{clock::Clock, net::Recorder, secrets::SecretStore, services::Services};
        let services = Services::open(dir, Recorder::silent(), Clock::real(), SecretStore::memory()).unwrap();
        let (events, mut queue) = super::super::EventSender::queue(|| {});
        let job = Job {
            id: 7,
            jwks: crate::kinde::jwks::Jwks::new(services.http.clone(), None),
            services,
            sandbox: super::super::SandboxHost::default(),
            attempts: super::super::AttemptStore::default(),
            lending: Default::default(),
            events,
            cancel: tokio_util::sync::CancellationToken::new(),
        };
        run(command, job).await;
        let stamped = queue.take().unwrap();
        assert_eq!(stamped.job, 7);
        let super::super::Event::Inspect(event) = stamped.event else { panic!("{stamped:?}") };
        event
    }

    #[tokio::test]
    async fn whose_keys_judge_is_said_with_the_verdict_and_a_broken_domain_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let token = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSJ9.AAAA";
        let judged = |event| match event {
            Event::Judged(result) => result,
            other => panic!("{other:?}"),
        };
        for (keys, whose, headline) in [
            (WhichKeys::Nobody, "", "Which Kinde domain signed it?"),
            (WhichKeys::Sandbox, "the sandbox", ""),
            (WhichKeys::Profile(crate::tenant::SANDBOX_PROFILE), "the sandbox", ""),
            (WhichKeys::Pasted(Secret::new("x")), "the pasted key", ""),
        ] {
            let answer =
                judged(ask(dir.path(), Command::Judge { input: Secret::new(token).into(), keys }).await).unwrap();
            assert_eq!(answer.whose, whose);
            assert!(answer.decoded.headline.contains(headline), "{}", answer.decoded.headline);
            assert!(!answer.decoded.is_good());
        }
        let keys = WhichKeys::Domain("not a domain at all".into());
        let error =
            judged(ask(dir.path(), Command::Judge { input: Secret::new(token).into(), keys }).await).unwrap_err();
        assert!(!error.hint.is_empty(), "{error:?}");
    }
}
