//! Why the sandbox could not be served or read.

use std::path::PathBuf;

use crate::error::{Category, UserError};
use crate::store::StoreError;

/// The sandbox could not be served or read.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Another process serves this folder.
    #[error("process {} serves it", pid.map_or_else(|| "unknown".to_owned(), |pid| pid.to_string()))]
    Busy {
        /// The process that holds it, where it has told.
        pid: Option<u32>,
        /// The address it serves, where it has told.
        issuer: Option<String>,
        /// The folder it holds.
        dir: PathBuf,
    },
    /// A port that was asked for is taken.
    #[error("port {port}: {source}")]
    Port {
        /// The port.
        port: u16,
        /// The system's own words.
        source: std::io::Error,
    },
    /// A file of the sandbox folder.
    #[error(transparent)]
    File(#[from] StoreError),
    /// A file of the sandbox folder does not hold what it should.
    #[error("{}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The control address did not answer as it should.
    #[error("the sandbox did not answer: {0}")]
    Control(String),
    /// What is to be published is unusable.
    #[error("{0}")]
    Order(String),
    /// Something of the machine: threads, keys.
    #[error("{0}")]
    Machine(String),
}

impl From<SandboxError> for UserError {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::Busy { pid, issuer, dir } => {
                let who = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
                let at = issuer.map(|issuer| format!(" at {issuer}")).unwrap_or_default();
                Self::new(Category::File, "The sandbox of this data folder is served already")
                    .detail(format!("It is held by {who}{at} ({})", dir.display()))
                    .hint("Use that one, stop it, or name another folder with --data-dir")
            }
            SandboxError::Port { port, ref source } => {
                Self::new(Category::Network, format!("Port {port} could not be opened"))
                    .detail(source.to_string())
                    .hint("Another program may hold it. Name another port, or none")
            }
            SandboxError::File(error) => error.into(),
            SandboxError::Damaged { .. } => Self::new(Category::File, "A file of the sandbox is damaged")
                .detail(error.to_string())
                .hint("Everything in the sandbox is made up: remove its folder in the data folder and start again"),
            SandboxError::Control(_) => Self::new(Category::Network, "The running sandbox could not be reached")
                .detail(error.to_string())
                .hint("It may have been stopped. Try again"),
            SandboxError::Order(_) => Self::new(Category::Input, "The event cannot be sent")
                .detail(error.to_string())
                .hint("send --list names the event types, send --forge --list the forgeries"),
            SandboxError::Machine(_) => Self::new(Category::Internal, "The sandbox could not be started")
                .detail(error.to_string())
                .hint("Try again; if it stays, restart the panel"),
        }
    }
}
