//! The report a panic leaves behind: a private file that says what broke where, and a line on stderr that says where
//! the file is.
//!
//! What can be recognised as a secret, by name or by shape, is masked before it is written; a report is still to be read
//! before it is sent to somebody. Nothing here may
//! panic, take a lock that a panicking thread may hold, or reach the network.

use std::backtrace::Backtrace;
use std::fs;
use std::io::Write as _;
use std::panic::{PanicHookInfo, set_hook};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::clock::{Clock, rfc3339};
use crate::secrets::MASK;
use crate::secrets::mask::{Masker, Named, named};

/// The folder of the data folder that reports are written to.
pub const FOLDER: &str = "reports";

/// A run of this many characters is taken for a secret when it mixes letters with digits: words hold no digits, and
/// session ids have 20 and more.
const LONG: usize = 20;

/// As [`LONG`], for a run without a mark in it, as no name of a file or a target has.
const LONG_UNMARKED: usize = 16;

/// Pieces of a token that was split by its own marks: so many characters of them together.
const TOGETHER: usize = 16;

/// Reports of this process so far: two panics of one second get two files.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// From now on a panic writes a report under `data_dir`.
///
/// The default hook prints the panic's message on stderr as it is; this one replaces it and prints the masked text.
pub fn install(data_dir: &Path) {
    let folder = data_dir.join(FOLDER);
    set_hook(Box::new(move |info| {
        let text = text(info, &Clock::real());
        // The window may have been started without a terminal: a stderr that is gone is no reason to lose the report.
        let mut stderr = std::io::stderr();
        let told = match write(&folder, &text) {
            Ok(path) => writeln!(
                stderr,
                "{}\nkinde-panel: something broke. A report, secrets masked where they can be recognised, is in {}",
                first_lines(&text),
                path.display()
            ),
            Err(error) => {
                writeln!(
                    stderr,
                    "{text}\nkinde-panel: the report could not be written to {}: {error}",
                    folder.display()
                )
            }
        };
        drop(told);
    }));
}

fn first_lines(text: &str) -> String {
    text.lines().skip(1).take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn text(info: &PanicHookInfo<'_>, clock: &Clock) -> String {
    let message = info.payload_as_str().unwrap_or("(no message)");
    let place = info.location().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    compose(&rfc3339(clock.now()), &thread, &place, message, &Backtrace::force_capture().to_string())
}

fn compose(at: &str, thread: &str, place: &str, message: &str, frames: &str) -> String {
    // Frames are symbol names and places; they never hold a value, and their mangled hashes are wanted.
    format!(
        "Kinde Panel broke off at {at}\nversion: {}\nsystem: {} {}\nthread: {thread}\nplace: {place}\nmessage: {}\n\n{frames}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        mask(message),
    )
}

/// Writes one report; answers where.
fn write(folder: &Path, text: &str) -> std::io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let at: String = rfc3339(Clock::real().now()).chars().filter(char::is_ascii_alphanumeric).take(15).collect();
    let path = folder.join(format!("panic-{at}-{}-{number}.txt", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let mut file = options.open(&path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(path)
}

/// `text` with everything token-like masked: JSON Web Tokens, prefixed provider tokens, what follows the name of a
/// secret, and any long run that mixes letters and digits.
///
/// It errs on the side of masking: a report is for reading a place and a sentence, not for its ids.
pub fn mask(text: &str) -> String {
    let text = &Masker::default().text(text);
    let mut out = String::with_capacity(text.len());
    let mut after_name = false;
    let mut rest = text.as_str();
    while let Some(start) = rest.find(is_token_character) {
        let (between, tail) = rest.split_at(start);
        out.push_str(between);
        // Only marks may stand between a secret's name and the secret.
        after_name &= between.chars().all(|c| c.is_whitespace() || "\"'`:=(\\".contains(c));
        let end = tail.find(|c| !is_token_character(c)).unwrap_or(tail.len());
        let name = is_secret_name(tail.get(..end).unwrap_or_default());
        // A password may hold any mark: what follows a name goes up to what ends a value.
        let ends_value = |c: char| c.is_whitespace() || "\"'`&,;)}".contains(c);
        let end = if after_name && !name { tail.find(ends_value).unwrap_or(tail.len()) } else { end };
        let (word, left) = tail.split_at(end);
        if !name && (after_name || is_token(word)) && word.parse::<u16>().is_err() && !is_filler(word) {
            out.push_str(MASK);
        } else {
            out.push_str(word);
        }
        // `Authorization: Bearer x`: the scheme is no secret, what follows it is.
        after_name = name || (after_name && is_filler(word));
        rest = left;
    }
    out.push_str(rest);
    out
}

fn is_token_character(c: char) -> bool {
    c.is_alphanumeric() || "-_.~+/%".contains(c)
}

fn is_filler(word: &str) -> bool {
    ["bearer", "basic", "some", "is", "secret", "string"].iter().any(|filler| word.eq_ignore_ascii_case(filler))
}

fn is_secret_name(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let last = word.rsplit(['.', '/']).next().unwrap_or_default();
    named(last) == Named::Secret || ["bearer", "session", "sid", "jwt"].contains(&last)
}

fn is_token(word: &str) -> bool {
    let prefixed = ["eyJ", "re_", "sk_", "ses_", "ya29."]
        .iter()
        .any(|prefix| word.len() > prefix.len() + 4 && word.starts_with(prefix));
    // A path is long and may hold digits; its pieces are judged one by one. So is a token in base64, whose `/` and `+`
    // cut it anywhere: its pieces count together.
    let pieces = || word.split(['/', '.', '+', '~', '%', '-', '_']);
    let together: usize = pieces().filter(|piece| is_scrambled(piece)).map(str::len).sum();
    prefixed
        || together >= TOGETHER
        || word.split(['/', '.']).any(|piece| is_made_up(piece, LONG))
        || pieces().any(|piece| is_made_up(piece, LONG_UNMARKED))
}

/// True for one long run that is no word: letters among digits, or letters alone in no word's case or length.
fn is_made_up(piece: &str, long: usize) -> bool {
    let count = piece.chars().count();
    let letters = piece.chars().filter(|c| c.is_alphabetic()).count();
    let digits = piece.chars().filter(char::is_ascii_digit).count();
    // The longest words that stand in a message have less, and a type's name changes its case.
    let one_case = count >= 24 && letters == count && case_changes(piece) <= 1;
    (count >= long && letters > 0 && digits > 0) || (count >= long && is_scrambled(piece)) || one_case
}

/// True for a piece whose case or kind changes more often than in any name.
fn is_scrambled(piece: &str) -> bool {
    let count = piece.chars().count();
    count >= 4 && case_changes(piece) * 5 >= count * 2 && piece.chars().any(char::is_alphabetic)
}

/// How often upper case, lower case and digits follow on each other.
fn case_changes(piece: &str) -> usize {
    let kind = |c: char| {
        if c.is_numeric() {
            0
        } else if c.is_uppercase() {
            1
        } else {
            2
        }
    };
    piece.chars().zip(piece.chars().skip(1)).filter(|(one, next)| kind(*one) != kind(*next)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "kpCanary7f3a91c2d4e5b6a7980112233445566778899aabb";

    #[test]
    fn token_like_text_is_masked_and_the_sentence_stays() {
        for (text, expected) in [
            ("called `Option::unwrap()` on a `None` value", "called `Option::unwrap()` on a `None` value"),
            (
                "index out of bounds: the len is 3 but the index is 7",
                "index out of bounds: the len is 3 but the index is 7",
            ),
            ("bad token eyJhbGciOi.eyJzdWIi.c2ln at byte 4", "bad token ••• at byte 4"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer •••"),
            ("client_secret=hunter2&x=1", "client_secret=•••&x=1"),
            ("{\"password\": \"p@ss\"}", "{\"password\": \"•••\"}"),
            ("gho_16C7e42F292c6912E7710c838347Ae178B4a was refused", "••• was refused"),
            ("https://acme.kinde.com/cb?session_id=ses_1&x=1", "https://acme.kinde.com/cb?session_id=•••&x=1"),
            ("no such file /home/ada/.local/share/kinde-panel", "no such file /home/ada/.local/share/kinde-panel"),
        ] {
            assert_eq!(mask(text), expected);
        }
    }

    #[test]
    fn tokens_cut_by_their_own_marks_without_digits_or_short_after_a_name_are_masked() {
        for text in [
            "got aB3x/Yz9K+pQ7r/M2nV/c8Wd+L5tH",
            "got aB3xYz.9KpQ7r.M2nVc8.Wd5tHq",
            "got QwErTyUiOpAsDfGhJkLz",
            "got abcdefghijklmnopqrstuvwxyzab",
            "got 4f9a8b7c6d5e4f3a",
            "session_id: \"abcdef\"",
            "clientSecret=correct-horse",
            "Cookie: kp",
            "api-key 'abc'",
        ] {
            let masked = mask(text);
            let secret = text.rsplit([' ', '=', '"']).find(|part| !part.is_empty()).unwrap().trim_matches('\'');
            assert!(!masked.contains(secret) && masked.contains(MASK), "{text}: {masked}");
        }
        for text in [
            "called `Result::unwrap()` on an `Err` value: TokenEndpointAnswerIsUnexpected",
            "no entry found for key in src/screens/connected_apps/walk_state.rs:12:5",
            "/usr/lib/x86_64-linux-gnu/libEGL.so.1",
            "egui_kittest-0.37.2/src/lib.rs",
        ] {
            assert_eq!(mask(text), text);
        }
    }

    #[test]
    fn a_canary_in_a_panic_message_is_not_in_the_report() {
        for message in [
            format!("unexpected: {CANARY}"),
            format!("Some(\"{CANARY}\")"),
            format!("https://x.example/?a={CANARY}&b=1"),
            format!("/{CANARY}/"),
            format!("called `Result::unwrap()` on an `Err` value: Parse {{ text: \"{CANARY}\" }}"),
        ] {
            let text = compose("2026-01-01T00:00:00Z", "main", "src/a.rs:1:1", &message, "0: main");
            assert!(!text.contains(CANARY) && text.contains("src/a.rs:1:1"), "{text}");
        }
    }

    #[test]
    fn a_report_is_written_whole_private_and_never_over_another() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join(FOLDER);
        let (one, two) = (write(&folder, "first").unwrap(), write(&folder, "second").unwrap());
        assert_ne!(one, two);
        assert_eq!(fs::read_to_string(&one).unwrap(), "first");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&one).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }
}
