//! The program as a process, on a data folder.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

/// What a command did.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub lines: Vec<Value>,
    pub said: String,
}

fn command(dir: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinde-panel"));
    command.args(words).arg("--json").arg("--data-dir").arg(dir);
    for name in ["KINDE_DOMAIN", "KINDE_MANAGEMENT_CLIENT_ID", "KINDE_MANAGEMENT_CLIENT_SECRET"] {
        command.env_remove(name);
    }
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    command
}

/// Runs a command to its end.
pub fn run(dir: &Path, words: &[&str]) -> Ended {
    run_with(dir, words, "")
}

/// The same, with `input` on standard input.
pub fn run_with(dir: &Path, words: &[&str], input: &str) -> Ended {
    let mut child =
        command(dir, words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that reads nothing may be gone already.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    Ended {
        code: output.status.code(),
        lines: text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        said: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A running `sandbox` command.
pub struct Sandbox {
    child: Child,
    out: BufReader<ChildStdout>,
    pub ready: Value,
}

impl Sandbox {
    pub fn start(dir: &Path, more: &[&str]) -> Self {
        let words: Vec<&str> = ["sandbox"].into_iter().chain(more.iter().copied()).collect();
        let mut child =
            command(dir, &words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut sandbox = Self { out: BufReader::new(child.stdout.take().unwrap()), child, ready: Value::Null };
        sandbox.ready = sandbox.line()["ready"].clone();
        sandbox
    }

    /// The next line it prints.
    pub fn line(&mut self) -> Value {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// kill -9.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn signal(&self, name: &str) {
        Command::new("kill").arg(name).arg(self.child.id().to_string()).status().unwrap();
    }

    /// SIGTERM; answers the exit code.
    pub fn end(mut self) -> Option<i32> {
        self.signal("-TERM");
        self.child.wait().unwrap().code()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Makes a webhook of the running sandbox; answers its id.
pub fn webhook(dir: &Path, endpoint: &str, event_type: &str) -> String {
    let words = ["webhooks", "create", "--name", "hooks", "--endpoint", endpoint, "--event", event_type];
    let ended = run(dir, &words);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.lines[0]["webhook"]["id"].as_str().unwrap().to_owned()
}
