//! Generated files, and writing them. A secret gets into a file through [`EnvFile`] alone.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::error::{Category, UserError};
use crate::secrets::{MASK, Secret};

/// What a recipe generated.
#[derive(Debug, Clone, Default)]
pub struct Generated {
    /// Files, in the order a person meets them.
    pub files: Vec<Artefact>,
    /// Values to paste or copy, by name.
    pub values: Map<String, Value>,
    /// Secrets that were made where none was given, by the key of their input: whoever asked keeps them, so that the next time
    /// the same ones are used.
    pub secrets: BTreeMap<String, Secret>,
}

impl Generated {
    /// Adds a value.
    pub(super) fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// Adds a note behind those that are there.
    pub fn note(&mut self, text: &str) {
        match self.values.get_mut("notes") {
            Some(Value::Array(notes)) => notes.push(text.into()),
            _ => self.put("notes", [text]),
        }
    }

    /// Adds a file without secrets.
    pub(super) fn file(&mut self, path: &str, text: impl Into<String>) {
        self.files.push(Artefact { path: path.to_owned(), content: Content::Plain(text.into()) });
    }

    /// Adds an environment file.
    pub(super) fn env(&mut self, file: EnvFile) {
        let EnvFile { path, text, shown, reader: _ } = file;
        self.files.push(Artefact { path, content: Content::Env { text: Secret::new(text.as_str()), shown } });
    }
}

#[derive(Debug, Clone)]
enum Content {
    Plain(String),
    Env { text: Secret, shown: String },
}

/// One generated file.
#[derive(Debug, Clone)]
pub struct Artefact {
    /// Its path below the folder that a person names, parted by `/`.
    pub path: String,
    content: Content,
}

impl Artefact {
    /// True for an environment file, which may hold secrets: it is written for its owner alone (0600).
    pub fn is_private(&self) -> bool {
        matches!(self.content, Content::Env { .. })
    }

    /// The file as it may be shown: secrets masked.
    pub fn shown(&self) -> &str {
        match &self.content {
            Content::Plain(text) => text,
            Content::Env { shown, .. } => shown,
        }
    }

    /// The file itself, for writing it and for copying it at a person's word.
    pub fn exact(&self) -> Secret {
        match &self.content {
            Content::Plain(text) => Secret::new(text.as_str()),
            Content::Env { text, .. } => text.clone(),
        }
    }
}

/// Who reads an environment file. They agree on a bare value alone: what quotes and `$` mean differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// dotenv, then dotenv-expand: `$` is expanded within any quotes, and `\$` is a `$`.
    Expanding,
    /// dotenv alone: within quotes everything but an escaped line break is as it stands.
    Dotenv,
    /// A shell: within single quotes everything is as it stands. Compose's `env_file` and systemd read those the same way.
    Shell,
}

/// An environment file: `.env`, `.env.local`, `.dev.vars`.
#[derive(Debug)]
pub struct EnvFile {
    path: String,
    reader: Reader,
    text: Zeroizing<String>,
    shown: String,
}

impl EnvFile {
    fn new(path: &str, reader: Reader) -> Self {
        Self { path: path.to_owned(), reader, text: Zeroizing::default(), shown: String::new() }
    }

    /// An empty `.env.local`, which Next.js reads.
    pub fn local() -> Self {
        Self::new(".env.local", Reader::Expanding)
    }

    /// An empty `.env`, which Nuxt reads.
    pub fn nuxt() -> Self {
        Self::new(".env", Reader::Expanding)
    }

    /// An empty `.env`, which Deno reads.
    pub fn deno() -> Self {
        Self::new(".env", Reader::Dotenv)
    }

    /// An empty `.dev.vars`, which Cloudflare's wrangler reads.
    pub fn dev_vars() -> Self {
        Self::new(".dev.vars", Reader::Dotenv)
    }

    /// An empty `.env` for the environment of a process: `set -a; . ./.env`, or a container's `env_file`.
    pub fn process() -> Self {
        Self::new(".env", Reader::Shell)
    }

    /// The same in a folder of its own.
    #[must_use]
    pub fn within(mut self, folder: &str) -> Self {
        self.path = format!("{folder}/{}", self.path);
        self
    }

    /// Adds a comment.
    #[must_use]
    pub fn comment(self, text: &str) -> Self {
        self.line(&format!("# {text}"), None)
    }

    /// Adds `NAME=value`.
    #[must_use]
    pub fn plain(self, name: &str, value: &str) -> Self {
        let line = format!("{name}={}", quoted(value, self.reader));
        self.line(&line, None)
    }

    /// Adds a secret; `NAME=` where it is not known.
    #[must_use]
    pub fn secret(self, name: &str, value: Option<&Secret>) -> Self {
        match value {
            Some(value) => {
                let line = Zeroizing::new(format!("{name}={}", quoted(value.expose(), self.reader)));
                self.line(&line, Some(&format!("{name}={MASK}")))
            }
            None => self.line(&format!("{name}="), None),
        }
    }

    fn line(mut self, line: &str, shown: Option<&str>) -> Self {
        self.text.push_str(line);
        self.text.push('\n');
        self.shown.push_str(shown.unwrap_or(line));
        self.shown.push('\n');
        self
    }
}

/// A value as `reader` takes it: bare where it can be, else in quotes that keep it as it is.
fn quoted(value: &str, reader: Reader) -> String {
    // A shell makes a home folder of a tilde.
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-./:@+=,".contains(c) || (c == '~' && reader != Reader::Shell);
    if value.chars().all(bare) {
        return value.to_owned();
    }
    let value = match reader {
        Reader::Shell => return format!("'{}'", value.replace('\'', r"'\''")),
        Reader::Dotenv => value.to_owned(),
        Reader::Expanding => value.replace('$', "\\$"),
    };
    let lines = value.contains(['\n', '\r']);
    // Not in double quotes where it can be helped: within those Deno expands as well.
    if let Some(quote) = ['\'', '`'].into_iter().find(|quote| !lines && !value.contains(*quote)) {
        return format!("{quote}{value}{quote}");
    }
    let value = value.replace('\n', "\\n").replace('\r', "\\r");
    if value.contains('"') { format!("`{value}`") } else { format!("\"{value}\"") }
}

/// The paths of `files` that are below `folder` already. Blocking.
pub(super) fn there(folder: &Path, files: &[Artefact]) -> Vec<String> {
    let there = files.iter().filter(|file| folder.join(&file.path).symlink_metadata().is_ok());
    there.map(|file| file.path.clone()).collect()
}

/// Writes `files` below `folder`, making folders as they are needed. One that is there already is kept and the whole call
/// refused: `write_beside` is for those. Blocking.
///
/// # Errors
/// When a file is there already: nothing is written then. When the system refuses to write.
pub fn write(folder: &Path, files: &[Artefact]) -> Result<(), UserError> {
    let there = there(folder, files);
    if !there.is_empty() {
        return Err(exists(&there.join(", ")));
    }
    for file in files {
        write_one(folder, file, false)?;
    }
    Ok(())
}

fn exists(names: &str) -> UserError {
    UserError::new(Category::Input, "A file is already there").detail(format!("Nothing was written over: {names}")).hint(
        "Replace it (--force on the command line: an environment file keeps its lines, gets what it lacks, and takes what you \
         give in the call), or name another folder and bring the two together by hand",
    )
}

pub(super) fn write_one(folder: &Path, file: &Artefact, force: bool) -> Result<(), UserError> {
    let path = folder.join(&file.path);
    let refused = |error: std::io::Error| {
        UserError::new(Category::File, "A file could not be written")
            .detail(format!("{}: {error}", path.display()))
            .hint("Check the folder and that you may write there")
    };
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(refused)?;
    }
    if force {
        // Removed and made anew: what is there may be a link, or readable by others.
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(refused(error)),
            _ => {}
        }
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if file.is_private() {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let opened = options.open(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => exists(&file.path),
        _ => refused(error),
    });
    opened?.write_all(file.exact().expose().as_bytes()).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generated() -> Generated {
        let mut made = Generated::default();
        made.file("app/api/[x]/route.ts", "export {}\n");
        let secret = Secret::new("Canary0123456789Canary0123456789");
        made.env(EnvFile::local().comment("c").plain("A", "a b").secret("B", Some(&secret)).secret("C", None));
        made
    }

    #[test]
    fn files_are_written_into_their_folders_and_an_environment_file_is_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &generated().files).unwrap();
        let text = |path: &str| std::fs::read_to_string(dir.path().join(path)).unwrap();
        assert_eq!(text("app/api/[x]/route.ts"), "export {}\n");
        assert_eq!(text(".env.local"), "# c\nA='a b'\nB=Canary0123456789Canary0123456789\nC=\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(dir.path().join(".env.local")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_that_is_there_is_kept_and_nothing_at_all_is_written() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(".env.local"), "MINE=1\n").unwrap();
        let refused = write(dir.path(), &generated().files).unwrap_err();
        assert_eq!(refused.category, Category::Input);
        assert!(refused.detail.contains(".env.local"), "{refused:?}");
        assert!(!dir.path().join("app").exists());
        assert_eq!(std::fs::read_to_string(dir.path().join(".env.local")).unwrap(), "MINE=1\n");
    }

    #[test]
    #[cfg(unix)]
    fn force_replaces_a_link_and_leaves_what_it_leads_to() {
        let dir = tempfile::tempdir().unwrap();
        let mut made = Generated::default();
        made.file("route.ts", "ours\n");
        std::fs::write(dir.path().join("elsewhere"), "kept").unwrap();
        std::os::unix::fs::symlink(dir.path().join("elsewhere"), dir.path().join("route.ts")).unwrap();
        assert!(write(dir.path(), &made.files).is_err());
        write_one(dir.path(), made.files.first().unwrap(), true).unwrap();
        assert_eq!(std::fs::read_to_string(dir.path().join("route.ts")).unwrap(), "ours\n");
        assert_eq!(std::fs::read_to_string(dir.path().join("elsewhere")).unwrap(), "kept");
    }

    #[test]
    fn a_secret_is_masked_wherever_the_file_is_shown() {
        let made = generated();
        let env = made.files.last().unwrap();
        assert!(env.is_private() && env.shown().contains("B=•••"));
        assert!(!format!("{made:?}").contains("Canary"));
    }

    #[test]
    fn values_of_an_environment_file_are_quoted_where_they_must_be_and_as_their_reader_takes_them() {
        use Reader::{Dotenv, Expanding, Shell};
        for (value, reader, written) in [
            ("https://acme.kinde.com/a?b=c", Expanding, "'https://acme.kinde.com/a?b=c'"),
            ("abc-123_.~", Expanding, "abc-123_.~"),
            ("abc-123_.~", Shell, "'abc-123_.~'"),
            ("pa$$word", Expanding, "'pa\\$\\$word'"),
            ("pa$$word", Dotenv, "'pa$$word'"),
            ("pa$$word", Shell, "'pa$$word'"),
            ("it's $", Expanding, "`it's \\$`"),
            ("it's $", Dotenv, "`it's $`"),
            ("it's a `", Dotenv, "\"it's a `\""),
            ("it's", Shell, r"'it'\''s'"),
            ("", Shell, ""),
        ] {
            assert_eq!(quoted(value, reader), written, "{value} {reader:?}");
        }
    }
}
