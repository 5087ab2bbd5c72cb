//! Who uses a sandbox that another process serves: a shared lock on `using` of its folder.
//!
//! A command that serves the sandbox only for itself waits at its end until nobody holds that mark: whoever found it
//! running may be in the middle of a call. The mark is held for a moment only, by whoever needs the sandbox for long too:
//! that one serves it itself once nobody else does.

use std::fs::{File, OpenOptions};
use std::path::Path;

const FILE: &str = "using";

/// Held by who uses the sandbox of another process, until dropped.
#[derive(Debug)]
pub struct Using(#[expect(dead_code, reason = "held for its lock")] File);

impl Using {
    /// Marks the folder as used; `None` while who serves it takes its leave, or where no file can be made there.
    pub fn mark(dir: &Path) -> Option<Self> {
        let file = open(dir)?;
        file.try_lock_shared().ok().map(|()| Self(file))
    }

    /// Keeps everybody from beginning to use it; `None` while somebody does.
    pub fn none(dir: &Path) -> Option<Self> {
        let file = open(dir)?;
        file.try_lock().ok().map(|()| Self(file))
    }
}

fn open(dir: &Path) -> Option<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(dir.join(FILE)).ok()
}
