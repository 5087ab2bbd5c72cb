//! Opening the person's own browser, behind a closure so that a test can stand in.

use std::sync::Arc;

type Open = dyn Fn(&str) -> Result<(), String> + Send + Sync;

/// How an address is opened.
#[derive(Clone)]
pub struct Browser(Option<Arc<Open>>);

impl std::fmt::Debug for Browser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Browser" } else { "Browser(none)" })
    }
}

impl Browser {
    /// The browser that the system is set to.
    pub fn system() -> Self {
        Self::with(|address| open::that_detached(address).map_err(|error| error.to_string()))
    }

    /// None: the person opens the link by hand.
    pub fn none() -> Self {
        Self(None)
    }

    /// Whatever `open` does. It may block.
    pub fn with(open: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(open)))
    }

    /// True where there is one to open.
    pub(super) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Opens `address` on a thread that may block. `None` where there is no browser to open.
    pub(super) async fn open(&self, address: &str) -> Option<Result<(), String>> {
        let open = Arc::clone(self.0.as_ref()?);
        let address = address.to_owned();
        Some(
            tokio::task::spawn_blocking(move || open(&address))
                .await
                .unwrap_or_else(|_| Err("the browser could not be started".to_owned())),
        )
    }
}
