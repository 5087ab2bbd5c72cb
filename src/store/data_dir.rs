//! Where the data folder is, and its permissions.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::error::{Category, UserError};

/// A file of the data folder could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct StoreError {
    /// What was being done to which file.
    pub what: String,
    /// The system's own words.
    pub source: std::io::Error,
}

impl StoreError {
    pub(super) fn new(what: impl Into<String>, source: std::io::Error) -> Self {
        Self { what: what.into(), source }
    }
}

impl From<StoreError> for UserError {
    fn from(error: StoreError) -> Self {
        let hint = match error.source.kind() {
            std::io::ErrorKind::PermissionDenied => {
                "Give yourself write permission there, or name another folder with --data-dir"
            }
            std::io::ErrorKind::StorageFull => "Free some disk space and try again",
            std::io::ErrorKind::InvalidData => {
                "The file is damaged, and no sound copy of it is beside it. Nothing is written over it: mend it, or move it \
                 away to begin afresh"
            }
            _ => "Check the folder, or name another with --data-dir",
        };
        Self::new(Category::File, "A file of the panel's data folder could not be used")
            .detail(error.to_string())
            .hint(hint)
    }
}

/// The data folder. Clones name the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataDir {
    root: PathBuf,
}

impl DataDir {
    /// The platform's own place for it; `None` where the environment names no home.
    pub fn default_path() -> Option<PathBuf> {
        let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if cfg!(target_os = "windows") {
            var("APPDATA").map(|dir| dir.join("Kinde Panel"))
        } else if cfg!(target_os = "macos") {
            var("HOME").map(|dir| dir.join("Library/Application Support/Kinde Panel"))
        } else {
            var("XDG_DATA_HOME")
                .filter(|dir| dir.is_absolute())
                .or_else(|| var("HOME").map(|dir| dir.join(".local/share")))
                .map(|dir| dir.join("kinde-panel"))
        }
    }

    /// Opens the folder at `root`, making it where it is missing.
    ///
    /// # Errors
    /// When it cannot be made, or is a file.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let root = root.into();
        make_private_dir(&root)?;
        Ok(Self { root })
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file directly in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A folder within it, made private where it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn folder(&self, name: &str) -> Result<PathBuf, StoreError> {
        let path = self.root.join(name);
        make_private_dir(&path)?;
        Ok(path)
    }
}

fn make_private_dir(path: &Path) -> Result<(), StoreError> {
    let fail = |error| StoreError::new(format!("making the folder {}", path.display()), error);
    fs::create_dir_all(path).map_err(fail)?;
    restrict(path, 0o700).map_err(fail)
}

/// Writes `bytes` to `path` as a private file: whole or not at all, over a temporary file beside it.
///
/// # Errors
/// When it cannot be written; the earlier content is still there then.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let fail = |error| StoreError::new(format!("writing {}", path.display()), error);
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = (|| {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    if written.is_err() {
        // The first error is the one to tell; a temporary file that stays behind holds nothing the folder may not hold.
        fs::remove_file(&temporary).ok();
    }
    written.map_err(fail)
}

#[cfg(unix)]
pub(crate) fn restrict(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Windows and others: the profile folder is private to the user by its inherited access list.
#[cfg(not(unix))]
pub(crate) fn restrict(_path: &Path, _mode: u32) -> std::io::Result<()> {
    Ok(())
}
