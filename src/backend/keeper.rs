//! Writes `window.ron` a moment after the last change, and at the end what is not written yet.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::store::write_private;

/// So long nothing may change before it is written: a window that is being resized changes at every frame.
pub(super) const QUIET: Duration = Duration::from_millis(300);

/// Keeps the last of `texts` in the file at `path` until `stop`, each once it was not changed for `quiet`. An
/// empty one is none.
pub(super) async fn keep(path: PathBuf, mut texts: watch::Receiver<String>, quiet: Duration, stop: CancellationToken) {
    let mut written = String::new();
    loop {
        let stopped = tokio::select! {
            () = stop.cancelled() => true,
            changed = texts.changed() => changed.is_err() || !comes_to_rest(&mut texts, quiet, &stop).await,
        };
        let text = texts.borrow_and_update().clone();
        if text != written {
            write(path.clone(), text.clone()).await;
            written = text;
        }
        if stopped {
            return;
        }
    }
}

/// Waits for the quiet; false where the end came first.
async fn comes_to_rest(texts: &mut watch::Receiver<String>, quiet: Duration, stop: &CancellationToken) -> bool {
    loop {
        tokio::select! {
            () = stop.cancelled() => return false,
            () = tokio::time::sleep(quiet) => return true,
            changed = texts.changed() => if changed.is_err() { return false },
        }
    }
}

async fn write(path: PathBuf, text: String) {
    match tokio::task::spawn_blocking(move || write_private(&path, text.as_bytes())).await {
        Ok(Ok(())) => {}
        // Nobody would miss it, and it is tried again at the next change.
        Ok(Err(error)) => tracing::warn!("the window's preferences were not kept: {error}"),
        Err(error) => tracing::warn!("the window's preferences were not kept: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_changed_last_is_in_a_private_file_once_the_window_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("window.ron");
        let (changes, texts) = watch::channel(String::new());
        let stop = CancellationToken::new();
        let keeper = tokio::spawn(keep(path.clone(), texts, Duration::MAX, stop.clone()));
        for size in 0..100 {
            changes.send_replace(format!("size {size}"));
            tokio::task::yield_now().await;
        }
        stop.cancel();
        keeper.await.unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "size 99");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[tokio::test]
    async fn nothing_is_written_before_there_is_something() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("window.ron");
        let (changes, texts) = watch::channel(String::new());
        drop(changes);
        keep(path.clone(), texts, QUIET, CancellationToken::new()).await;
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_change_is_written_while_the_window_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("window.ron");
        let (changes, texts) = watch::channel(String::new());
        let stop = CancellationToken::new();
        let keeper = tokio::spawn(keep(path.clone(), texts, Duration::ZERO, stop.clone()));
        changes.send_replace("dark".to_owned());
        while !path.exists() {
            tokio::task::yield_now().await;
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "dark");
        stop.cancel();
        keeper.await.unwrap();
    }
}
