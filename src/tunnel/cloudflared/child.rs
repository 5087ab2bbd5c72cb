//! The program as a child that never outlives this one.
//!
//! On Unix a small shell stands between: it ends the program as soon as its own input closes, which the system does for
//! whichever way this program ends, `kill -9` included. Elsewhere the child is ended with its handle.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::sync::watch;
use tokio::time::timeout;

use super::log::Said;
use crate::error::{Category, UserError};

/// How long it may take to end by itself.
const PARTING: Duration = Duration::from_millis(1500);

/// Settings of a named tunnel that a person may have in the environment.
const NOT_HERE: [&str; 6] =
    ["TUNNEL_TOKEN", "TUNNEL_NAME", "TUNNEL_URL", "TUNNEL_HOSTNAME", "TUNNEL_METRICS", "TUNNEL_PIDFILE"];

/// Runs `"$@"` until it ends, or until the input closes; then it is told to end, and made to after a second.
#[cfg(unix)]
const UNTIL_INPUT_CLOSES: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
{ read -r _ <&3; kill "$child" 2>/dev/null; sleep 1; kill -9 "$child" 2>/dev/null; } 2>/dev/null &
watch=$!
exec 3<&-
wait "$child"
code=$?
kill "$watch" 2>/dev/null
exit "$code"
"#;

/// A running cloudflared.
pub(super) struct Child {
    process: tokio::process::Child,
    /// Closing it ends the program.
    input: Option<tokio::process::ChildStdin>,
    said: Arc<Mutex<Said>>,
    /// True once its output has closed.
    silent: watch::Receiver<bool>,
}

/// The program, found as a shell would.
pub(in crate::tunnel) fn program() -> Option<PathBuf> {
    let name = if cfg!(windows) { "cloudflared.exe" } else { "cloudflared" };
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_executable(file))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}

/// That it is not there.
pub(in crate::tunnel) fn missing() -> UserError {
    UserError::new(Category::Network, "cloudflared is not installed")
        .detail("No program of that name is in the PATH")
        .hint("Install it (brew install cloudflared, winget install Cloudflare.cloudflared, or Cloudflare's package for Linux), or use ngrok or localtunnel")
}

impl Child {
    /// Starts it for `receiver`.
    ///
    /// # Errors
    /// When it is not installed, or the system starts no process.
    pub(super) fn start(program: Option<&Path>, receiver: SocketAddr, http2: bool) -> Result<Self, UserError> {
        let program = program.ok_or_else(missing)?;
        // A configuration of named tunnels has nothing to say here: an empty one stands in its place.
        let nothing = if cfg!(windows) { "NUL" } else { "/dev/null" };
        let url = format!("http://{receiver}");
        let mut words =
            vec!["tunnel", "--config", nothing, "--no-autoupdate", "--metrics", "127.0.0.1:0", "--url", url.as_str()];
        if http2 {
            words.extend(["--protocol", "http2"]);
        }
        #[cfg(unix)]
        let mut command = {
            let mut command = Command::new("/bin/sh");
            // A group of its own: Ctrl-C is for this program, which ends it then.
            command.arg("-c").arg(UNTIL_INPUT_CLOSES).arg("cloudflared").arg(program).process_group(0);
            command
        };
        #[cfg(not(unix))]
        let mut command = Command::new(program);
        for name in NOT_HERE {
            command.env_remove(name);
        }
        let started = command
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(cfg!(not(unix)))
            .spawn();
        let mut process = started.map_err(|error| {
            UserError::new(Category::Network, "cloudflared could not be started")
                .detail(error.to_string())
                .hint("Try it by hand: cloudflared --version")
        })?;
        let input = process.stdin.take();
        let said = Arc::new(Mutex::new(Said::default()));
        let (tell, silent) = watch::channel(false);
        if let Some(stderr) = process.stderr.take() {
            let heard = Arc::clone(&said);
            tokio::spawn(async move {
                let mut lines = BufReader::new(stderr).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    heard.lock().unwrap_or_else(PoisonError::into_inner).hear(&line);
                }
                tell.send_replace(true);
            });
        }
        Ok(Self { process, input, said, silent })
    }

    /// What it has said so far.
    pub(super) fn said(&self) -> Said {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it has ended, and all it said is heard.
    pub(super) fn has_ended(&mut self) -> bool {
        *self.silent.borrow() && matches!(self.process.try_wait(), Ok(Some(_)) | Err(_))
    }

    /// Ready when it has ended.
    pub(super) async fn ended(&mut self) {
        self.process.wait().await.ok();
    }

    /// Ends it; returns when it is gone.
    pub(super) async fn end(mut self) {
        drop(self.input.take());
        if timeout(PARTING, self.process.wait()).await.is_err() {
            self.process.kill().await.ok();
        }
    }
}
