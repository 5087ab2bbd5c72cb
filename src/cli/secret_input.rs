//! Where a command takes a secret from: a file, standard input, the keyring, or a person at a terminal. Never an argument.

use std::io::{IsTerminal as _, Read as _};
use std::path::Path;
use std::time::Duration;

use zeroize::Zeroizing;

use super::Context;
use crate::error::{Category, UserError};
use crate::secrets::Secret;

/// For how long standard input may say nothing before it counts as empty.
const PATIENCE: Duration = Duration::from_secs(5);
/// No secret is longer.
const MOST: u64 = 64 * 1024;

/// Reads a secret that the call wants: from `file`; else from standard input where that is no terminal; else what `kept` finds
/// in the keyring; else, on a terminal, from the person. `None` where nobody has one.
///
/// One line end at the end is taken off. Any other blank is kept: it is reported by what looks at the secret.
///
/// # Errors
/// When the file cannot be read, or what is read is no text.
pub(super) async fn read(
    file: Option<&Path>,
    cx: &Context,
    kept: impl Future<Output = Result<Option<Secret>, UserError>>,
    prompt: &str,
) -> Result<Option<Secret>, UserError> {
    if let Some(file) = file {
        return from_file(file).map(Some);
    }
    let at_terminal = std::io::stdin().is_terminal();
    if !at_terminal && let Some(secret) = from_pipe(cx).await? {
        return Ok(Some(secret));
    }
    kept_or_asked(kept, prompt).await
}

/// The same where standard input cannot say which of several secrets it holds: what `kept` finds, else, on a terminal, what the
/// person types. `prompt` is shown with a colon behind it.
///
/// # Errors
/// When `kept` fails, or the terminal cannot be asked.
pub(super) async fn kept_or_asked(
    kept: impl Future<Output = Result<Option<Secret>, UserError>>,
    prompt: &str,
) -> Result<Option<Secret>, UserError> {
    match kept.await? {
        Some(secret) => Ok(Some(secret)),
        None if std::io::stdin().is_terminal() => terminal::ask(prompt).await,
        None => Ok(None),
    }
}

fn from_file(file: &Path) -> Result<Secret, UserError> {
    let cannot = |detail: String| {
        UserError::new(Category::File, "The password file cannot be read")
            .detail(format!("{}: {detail}", file.display()))
            .hint("Check its name and that you may read it")
    };
    let opened = std::fs::File::open(file).map_err(|error| cannot(error.to_string()))?;
    let mut bytes = Zeroizing::new(Vec::new());
    opened.take(MOST).read_to_end(&mut bytes).map_err(|error| cannot(error.to_string()))?;
    text(&bytes).ok_or_else(|| cannot("what stands in it is no UTF-8 text".to_owned()))
}

/// Everything up to the end of a pipe. One that stays open and silent counts as at its end.
async fn from_pipe(cx: &Context) -> Result<Option<Secret>, UserError> {
    let (sender, mut pieces) = tokio::sync::mpsc::channel::<Zeroizing<Vec<u8>>>(4);
    // The thread may stay behind in its read: nobody waits for it.
    tokio::task::spawn_blocking(move || {
        let mut chunk = Zeroizing::new([0; 4096]);
        let mut left = MOST;
        while let Ok(read @ 1..) = std::io::stdin().lock().read(&mut chunk[..]) {
            left = left.saturating_sub(read as u64);
            let piece = Zeroizing::new(chunk.get(..read).unwrap_or_default().to_vec());
            if sender.blocking_send(piece).is_err() || left == 0 {
                break;
            }
        }
    });
    let mut bytes = Zeroizing::new(Vec::new());
    loop {
        tokio::select! {
            piece = pieces.recv() => match piece {
                Some(piece) => bytes.extend_from_slice(&piece),
                None => break,
            },
            () = tokio::time::sleep(PATIENCE) => {
                if bytes.is_empty() {
                    cx.say("Standard input said nothing for 5 s: it counts as empty");
                }
                break;
            }
        }
    }
    let secret = text(&bytes).ok_or_else(|| {
        UserError::new(Category::Input, "Standard input holds no text")
            .detail("A password was expected there, in UTF-8")
            .hint("Give it with --password-file FILE")
    })?;
    Ok(Some(secret).filter(|secret| !secret.is_empty()))
}

/// The text without one line end at its end.
fn text(bytes: &[u8]) -> Option<Secret> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    Some(Secret::new(text))
}

#[cfg(unix)]
mod terminal {
    use std::io::{BufRead as _, Write as _};

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    use super::{Secret, UserError, Zeroizing, text};

    /// The terminal as it was, put back however the asking ends: dropped with the command by Ctrl-C too.
    struct Echo(Termios);

    impl Echo {
        fn off() -> Option<Self> {
            let stdin = std::io::stdin();
            let before = tcgetattr(&stdin).ok()?;
            let mut silent = before.clone();
            silent.local_modes.remove(LocalModes::ECHO);
            tcsetattr(&stdin, OptionalActions::Flush, &silent).ok()?;
            Some(Self(before))
        }
    }

    impl Drop for Echo {
        fn drop(&mut self) {
            tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0).ok();
            writeln!(std::io::stderr()).ok();
        }
    }

    /// Asks the person, without echo. Nothing typed is `None`.
    pub(super) async fn ask(prompt: &str) -> Result<Option<Secret>, UserError> {
        let Some(echo) = Echo::off() else { return Ok(None) };
        write!(std::io::stderr(), "{prompt}: ").ok();
        let reading = tokio::task::spawn_blocking(|| {
            let mut line = Zeroizing::new(Vec::new());
            std::io::stdin().lock().read_until(b'\n', &mut line).ok();
            line
        });
        let line = reading.await.unwrap_or_default();
        drop(echo);
        Ok(text(&line).filter(|secret| !secret.is_empty()))
    }
}

#[cfg(not(unix))]
mod terminal {
    use super::{Category, Secret, UserError};

    /// Asks the person, without echo. Nothing typed is `None`.
    pub(super) async fn ask(prompt: &str) -> Result<Option<Secret>, UserError> {
        let prompt = format!("{prompt}: ");
        let asked = tokio::task::spawn_blocking(move || rpassword::prompt_password(prompt));
        let typed = asked.await.unwrap_or_else(|_| Ok(String::new())).map_err(|error| {
            UserError::new(Category::File, "The terminal could not be asked")
                .detail(error.to_string())
                .hint("Give the password with --password-file FILE")
        })?;
        Ok(Some(Secret::new(typed)).filter(|secret| !secret.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_taken_off_and_no_other_blank() {
        for (bytes, wanted) in [
            (&b"secret\n"[..], "secret"),
            (b"secret\r\n", "secret"),
            (b"secret\n\n", "secret\n"),
            (b" secret \n", " secret "),
            (b"secret\r", "secret\r"),
            (b"", ""),
        ] {
            assert_eq!(text(bytes), Some(Secret::new(wanted)), "{bytes:?}");
        }
        assert_eq!(text(b"\xff\xfe"), None);
    }
}
