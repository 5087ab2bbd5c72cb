//! Who serves the sandbox of a folder: the lock that says whether anyone does, and `running.json` that says where.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::SandboxError;
use crate::secrets::Secret;
use crate::store::{StoreError, write_private};

const LOCK: &str = "lock";
const FILE: &str = "running.json";

/// A sandbox that is being served, by this process or another.
#[derive(Debug, Clone)]
pub struct Running {
    /// The serving process.
    pub pid: u32,
    /// `http://127.0.0.1:P`, without trailing slash.
    pub issuer: String,
    /// `https://127.0.0.1:Q`, without trailing slash.
    pub https: String,
    /// `127.0.0.1:R`: the mail server that begins in plain text and goes over to TLS; `None` where an older program serves.
    pub smtp: Option<String>,
    /// `127.0.0.1:S`: the mail server that speaks TLS from the first byte.
    pub smtps: Option<String>,
    /// The certificate of the authority behind `https` and both mail servers, PEM.
    pub ca_cert: PathBuf,
    /// Address of the control listener, for [`super::Control`].
    pub control: String,
    /// What the control listener wants as bearer token.
    pub control_token: Secret,
}

impl Running {
    /// Where the provider stand-ins answer: host and path follow.
    pub fn provider_base(&self) -> String {
        format!("{}/_providers/", self.issuer)
    }

    /// The audience to ask a token for.
    pub fn audience(&self) -> String {
        format!("{}/api", self.issuer)
    }
}

/// The file's shape.
#[derive(Serialize, Deserialize)]
struct Written {
    pid: u32,
    issuer: String,
    https: String,
    #[serde(default)]
    smtp: Option<String>,
    #[serde(default)]
    smtps: Option<String>,
    ca_cert: PathBuf,
    control: String,
    control_token: String,
}

/// Holds the folder until dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
    dir: PathBuf,
}

impl Lock {
    /// Takes the folder; `None` while another process (or another [`Lock`] of this one) holds it.
    pub fn take(dir: &Path) -> Result<Option<Self>, SandboxError> {
        let file = open(dir)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file, dir: dir.to_owned() })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(damaged(dir, &error)),
        }
    }

    /// Tells where the sandbox is served.
    pub fn announce(&self, running: &Running) -> Result<(), StoreError> {
        let written = Written {
            pid: running.pid,
            issuer: running.issuer.clone(),
            https: running.https.clone(),
            smtp: running.smtp.clone(),
            smtps: running.smtps.clone(),
            ca_cert: running.ca_cert.clone(),
            control: running.control.clone(),
            control_token: running.control_token.expose().to_owned(),
        };
        let text = serde_json::to_vec_pretty(&written).unwrap_or_default();
        write_private(&self.dir.join(FILE), &text)
    }

    /// Tells nobody any more. The folder stays held.
    pub fn withdraw(&self) {
        std::fs::remove_file(self.dir.join(FILE)).ok();
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while the lock is still held, so that nobody else's file goes. A reader checks the lock anyway.
        self.withdraw();
    }
}

/// The sandbox served from `dir`, if a living process serves it. A file a dead process left is ignored.
pub fn find(dir: &Path) -> Option<Running> {
    let file = OpenOptions::new().read(true).write(true).open(dir.join(LOCK)).ok()?;
    // Shared, so that two who only look do not see each other.
    if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return None;
    }
    read(dir)
}

/// What `running.json` says, whether or not anyone serves.
pub fn read(dir: &Path) -> Option<Running> {
    let written: Written = serde_json::from_slice(&std::fs::read(dir.join(FILE)).ok()?).ok()?;
    Some(Running {
        pid: written.pid,
        issuer: written.issuer,
        https: written.https,
        smtp: written.smtp,
        smtps: written.smtps,
        ca_cert: written.ca_cert,
        control: written.control,
        control_token: Secret::new(written.control_token),
    })
}

fn open(dir: &Path) -> Result<File, SandboxError> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(dir.join(LOCK)).map_err(|error| damaged(dir, &error))
}

fn damaged(dir: &Path, error: &std::io::Error) -> SandboxError {
    SandboxError::Damaged { path: dir.join(LOCK), reason: error.to_string() }
}
