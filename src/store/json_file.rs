//! A small JSON document that several processes may change.

use std::fs::{self, File, OpenOptions};
use std::marker::PhantomData;
use std::path::PathBuf;

use serde::{Serialize, de::DeserializeOwned};

use super::data_dir::{StoreError, write_private};

/// One JSON file of type `T` in the data folder.
#[derive(Debug, Clone)]
pub struct JsonFile<T> {
    path: PathBuf,
    holds: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned + Default> JsonFile<T> {
    /// The document at `path`, which need not exist.
    pub fn at(path: PathBuf) -> Self {
        Self { path, holds: PhantomData }
    }

    /// Where it is.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Reads it; a missing file is the default.
    ///
    /// # Errors
    /// When it cannot be read, or is not the JSON it should be (`InvalidData`; the file is left as it is).
    pub fn read(&self) -> Result<T, StoreError> {
        let what = || format!("reading {}", self.path.display());
        match fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| StoreError::new(what(), std::io::Error::new(std::io::ErrorKind::InvalidData, error))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(T::default()),
            Err(error) => Err(StoreError::new(what(), error)),
        }
    }

    /// Reads it under a lock, lets `change` work on it and writes it back; the content before stays as `.bak`.
    ///
    /// # Errors
    /// When it cannot be read or written. Nothing is changed then.
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<R, StoreError> {
        let _lock = self.lock()?;
        let mut value = self.read()?;
        let result = change(&mut value);
        let text = serde_json::to_vec_pretty(&value).map_err(|error| {
            StoreError::new(format!("writing {}", self.path.display()), std::io::Error::other(error))
        })?;
        if let Ok(old) = fs::read(&self.path) {
            write_private(&self.path.with_extension("json.bak"), &old)?;
        }
        write_private(&self.path, &text)?;
        Ok(result)
    }

    /// Puts the content before the last change in the place of a document that is no JSON of its kind; the damaged one
    /// is kept beside it. `Some`: where. `None`: it is sound or missing, or there is nothing sound to put there.
    ///
    /// # Errors
    /// When a file cannot be written. Nothing is lost then.
    pub fn restore(&self) -> Result<Option<PathBuf>, StoreError> {
        let damaged = || self.read().is_err_and(|error| error.source.kind() == std::io::ErrorKind::InvalidData);
        if !damaged() {
            return Ok(None);
        }
        let _lock = self.lock()?;
        let Ok(before) = fs::read(self.path.with_extension("json.bak")) else { return Ok(None) };
        // Another process may have been here meanwhile.
        if !damaged() || serde_json::from_slice::<T>(&before).is_err() {
            return Ok(None);
        }
        let free = |path: &PathBuf| !path.exists();
        let names = (1..1000).map(|number| self.path.with_extension(format!("damaged-{number}.json")));
        let fail = |error| StoreError::new(format!("keeping {} aside", self.path.display()), error);
        let aside = names.into_iter().find(free).ok_or_else(|| fail(std::io::ErrorKind::AlreadyExists.into()))?;
        // A copy: at no moment is there no document.
        let bytes = fs::read(&self.path).map_err(fail)?;
        write_private(&aside, &bytes)?;
        write_private(&self.path, &before)?;
        Ok(Some(aside))
    }

    /// Held until dropped. A lock file of its own: the document itself is replaced by rename.
    fn lock(&self) -> Result<File, StoreError> {
        let path = self.path.with_extension("lock");
        let fail = |error| StoreError::new(format!("locking {}", path.display()), error);
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(fail)?;
        file.lock().map_err(fail)?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::DataDir;

    fn document() -> (tempfile::TempDir, JsonFile<Vec<String>>) {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(dir.path().join("data")).unwrap();
        (dir, JsonFile::at(data.file("list.json")))
    }

    #[test]
    fn a_missing_file_reads_as_the_default_and_an_update_leaves_the_earlier_content_beside_it() {
        let (_dir, file) = document();
        assert!(file.read().unwrap().is_empty());
        file.update(|list| list.push("one".to_owned())).unwrap();
        file.update(|list| list.push("two".to_owned())).unwrap();
        assert_eq!(file.read().unwrap(), ["one", "two"]);
        assert_eq!(fs::read_to_string(file.path().with_extension("json.bak")).unwrap().trim(), "[\n  \"one\"\n]");
    }

    #[test]
    fn a_damaged_file_is_reported_and_left_as_it_is() {
        let (_dir, file) = document();
        fs::write(file.path(), "{ not json").unwrap();
        assert!(file.update(|list| list.push("one".to_owned())).is_err());
        assert_eq!(fs::read_to_string(file.path()).unwrap(), "{ not json");
    }

    #[test]
    fn many_writers_at_once_lose_nothing() {
        let (_dir, file) = document();
        std::thread::scope(|scope| {
            for name in 0..8 {
                let file = file.clone();
                scope.spawn(move || file.update(|list| list.push(name.to_string())).unwrap());
            }
        });
        assert_eq!(file.read().unwrap().len(), 8);
    }

    #[cfg(unix)]
    #[test]
    fn folder_and_files_are_private_to_the_user() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_dir, file) = document();
        file.update(|list| list.push("one".to_owned())).unwrap();
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(file.path()), 0o600);
        assert_eq!(mode(&file.path().with_extension("lock")), 0o600);
        assert_eq!(mode(file.path().parent().unwrap()), 0o700);
    }
}
