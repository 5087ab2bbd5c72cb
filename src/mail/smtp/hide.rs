//! The second net: whatever a server says is searched for the secrets of the run before anything keeps it.
//!
//! The first net is that this computer's own lines are never written with a secret in them. A server may still say one
//! back, in any clothes: plain, in base64 at any offset, in hexadecimal, percent-encoded, split over two lines. So texts
//! are searched without their white space and without regard to case, and what is found is masked with all of the
//! encoded run around it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use crate::mail::form::Form;
use crate::secrets::{MASK, Secret};

/// Shorter ones would be found in every second word.
const LEAST: usize = 4;

/// How a needle is searched for.
#[derive(Clone)]
struct Needle {
    /// Without white space.
    text: Vec<char>,
    /// The case of letters tells in base64 and nowhere else.
    any_case: bool,
    /// Base64 or hexadecimal: the rest of the run may hold more of the secret.
    run: fn(char) -> bool,
}

/// Knows the secrets of one run, in every encoding they are searched in.
#[derive(Clone)]
pub(super) struct Hider {
    needles: Vec<Needle>,
}

impl std::fmt::Debug for Hider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hider")
    }
}

fn base64_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/-_=".contains(c)
}

fn hex_char(c: char) -> bool {
    c.is_ascii_hexdigit()
}

fn no_run(_: char) -> bool {
    false
}

impl Hider {
    /// Searches for every secret of the form.
    pub(super) fn of(form: &Form) -> Self {
        let mut needles = Vec::new();
        for secret in form.secrets() {
            plain(&secret, &mut needles);
        }
        if !form.password.is_empty() {
            // What AUTH itself sends, whole: it is searched for even where the password is too short for the rest.
            let (user, password) = (form.user.as_str(), form.password.expose());
            for whole in [format!("\0{user}\0{password}"), format!("{user}\0{user}\0{password}")] {
                for engine in [&STANDARD, &URL_SAFE] {
                    push(&mut needles, engine.encode(&whole).trim_end_matches('='), false, base64_char);
                }
            }
        }
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.text.len()));
        needles.dedup_by(|a, b| a.text == b.text && a.any_case == b.any_case);
        Self { needles }
    }

    /// `text` with every secret masked.
    pub(super) fn text(&self, text: &str) -> String {
        self.lines(&[text.to_owned()]).concat()
    }

    /// The lines with every secret masked, one that is split over several lines too.
    pub(super) fn lines(&self, lines: &[String]) -> Vec<String> {
        // Everything that can be seen, with where it stands.
        let seen: Vec<(usize, usize, char)> = lines
            .iter()
            .enumerate()
            .flat_map(|(line, text)| text.chars().enumerate().map(move |(at, c)| (line, at, c)))
            .filter(|(_, _, c)| !c.is_whitespace())
            .collect();
        let mut masked: Vec<bool> = vec![false; seen.len()];
        for needle in &self.needles {
            needle.mark(&seen, &mut masked);
        }
        if !masked.contains(&true) {
            return lines.to_vec();
        }
        let mut flags: Vec<Vec<bool>> = lines.iter().map(|line| vec![false; line.chars().count()]).collect();
        for ((line, at, _), masked) in seen.iter().zip(&masked) {
            if let Some(flag) = flags.get_mut(*line).and_then(|line| line.get_mut(*at)) {
                *flag = *masked;
            }
        }
        lines.iter().zip(flags).map(|(line, flags)| shown(line, &flags)).collect()
    }
}

/// A line with what is flagged masked, and the white space between two flagged characters with it.
fn shown(line: &str, flags: &[bool]) -> String {
    let chars: Vec<(char, bool)> = line.chars().zip(flags.iter().copied()).collect();
    let mut out = String::with_capacity(line.len());
    let mut inside = false;
    for (at, (c, flag)) in chars.iter().enumerate() {
        let next = || chars.iter().skip(at).find(|(c, _)| !c.is_whitespace()).is_some_and(|(_, flag)| *flag);
        let hidden = *flag || (inside && c.is_whitespace() && next());
        if hidden && !inside {
            out.push_str(MASK);
        } else if !hidden {
            out.push(*c);
        }
        inside = hidden;
    }
    out
}

impl Needle {
    fn mark(&self, seen: &[(usize, usize, char)], masked: &mut [bool]) {
        let same = |a: char, b: char| if self.any_case { a.to_lowercase().eq(b.to_lowercase()) } else { a == b };
        for (start, window) in seen.windows(self.text.len()).enumerate() {
            if !window.iter().zip(&self.text).all(|((_, _, c), wanted)| same(*c, *wanted)) {
                continue;
            }
            let end = start + self.text.len();
            // The run does not go on over white space: the next word is another one.
            let joined = |left: usize, right: usize| match (seen.get(left), seen.get(right)) {
                (Some((line, at, _)), Some((other, next, _))) => line == other && at + 1 == *next,
                _ => false,
            };
            let in_run = |index: usize| seen.get(index).is_some_and(|(_, _, c)| (self.run)(*c));
            let before = (0..start).rev().take_while(|index| in_run(*index) && joined(*index, index + 1)).count();
            let after = (end..seen.len()).take_while(|index| in_run(*index) && joined(index - 1, *index)).count();
            for flag in masked.iter_mut().take(end + after).skip(start - before) {
                *flag = true;
            }
        }
    }
}

fn push(needles: &mut Vec<Needle>, text: &str, any_case: bool, run: fn(char) -> bool) {
    let text: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    if text.len() >= LEAST {
        needles.push(Needle { text, any_case, run });
    }
}

/// Every form a secret may be said back in.
fn plain(secret: &Secret, needles: &mut Vec<Needle>) {
    let text = secret.expose().trim();
    if text.chars().filter(|c| !c.is_whitespace()).count() < LEAST {
        return;
    }
    push(needles, text, true, no_run);
    push(needles, &text.chars().rev().collect::<String>(), true, no_run);
    let form: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    push(needles, &form, true, no_run);
    for special in [false, true] {
        // Every byte, or those alone that have to be.
        for (mark, digits) in [("%", 2), ("=", 2), ("+", 2), ("\\x", 2), ("\\u", 4)] {
            push(needles, &escaped(text, mark, digits, special), true, no_run);
        }
    }
    push(
        needles,
        &escaped_with(text, |c| matches!(c, '&' | '<' | '>' | '"' | '\''), &|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            _ => "&#39;".to_owned(),
        }),
        true,
        no_run,
    );
    push(needles, &escaped_with(text, |_| true, &|c| format!("&#{};", u32::from(c))), true, no_run);
    push(needles, &escaped_with(text, |c| matches!(c, '"' | '\\' | '/'), &|c| format!("\\{c}")), true, no_run);
    push(needles, &escaped_with(text, |c| matches!(c, '"' | '\\'), &|c| format!("\\{c}")), true, no_run);
    let bytes = text.as_bytes();
    for separator in ["", ":", "-"] {
        let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        push(needles, &pairs.join(separator), true, hex_char);
    }
    // A byte that is no UTF-8 is shown by its number: the same secret in Latin-1.
    if !text.is_ascii() && text.chars().all(|c| u32::from(c) < 256) {
        let latin = escaped_with(text, |c| !c.is_ascii(), &|c| format!("\\x{:02x}", u32::from(c)));
        push(needles, &latin, true, no_run);
    }
    for offset in 0..3 {
        // The characters at either end hold bits of what stands beside the secret: they go with the run.
        let padded: Vec<u8> = std::iter::repeat_n(0u8, offset).chain(bytes.iter().copied()).collect();
        let (skip, keep) = ((offset * 8).div_ceil(6), padded.len() * 8 / 6);
        for engine in [&STANDARD, &URL_SAFE] {
            let encoded = engine.encode(&padded);
            push(needles, encoded.get(skip..keep).unwrap_or_default(), false, base64_char);
        }
    }
}

fn escaped(text: &str, mark: &str, digits: usize, special: bool) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if special && c.is_ascii_alphanumeric() {
            out.push(c);
        } else if digits == 4 {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("{mark}{unit:04x}"));
            }
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                out.push_str(&format!("{mark}{byte:02x}"));
            }
        }
    }
    out
}

fn escaped_with(text: &str, which: impl Fn(char) -> bool, how: &dyn Fn(char) -> String) -> String {
    text.chars().map(|c| if which(c) { how(c) } else { c.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hider(user: &str, password: &str) -> Hider {
        Hider::of(&Form { user: user.to_owned(), password: Secret::new(password), ..Form::default() })
    }

    #[test]
    fn a_secret_is_masked_in_every_encoding_at_every_offset() {
        let secret = "S3cr&t pÄss/\"1\"";
        let hider = hider("ada", secret);
        let percent: String =
            percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string();
        let hex: String = secret.bytes().map(|byte| format!("{byte:02X}")).collect();
        let mut said = vec![
            secret.to_owned(),
            secret.to_uppercase(),
            percent.clone(),
            percent.to_lowercase(),
            url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            hex.clone(),
            hex.chars()
                .collect::<Vec<_>>()
                .chunks(2)
                .map(|pair| pair.iter().collect::<String>())
                .collect::<Vec<_>>()
                .join(" "),
            serde_json::to_string(secret).unwrap(),
            secret.chars().rev().collect(),
        ];
        for before in ["", "x", "xy", "\0ada\0"] {
            for after in ["", "z", "zz"] {
                let whole = format!("{before}{secret}{after}");
                said.extend([STANDARD.encode(&whole), URL_SAFE.encode(&whole)]);
            }
        }
        for text in said {
            let shown = hider.text(&format!("535 5.7.8 no: {text} (refused)"));
            assert!(shown.starts_with("535 5.7.8 no: ") && shown.ends_with(" (refused)"), "{text}: {shown}");
            assert!(shown.contains(MASK) && !shown.contains(&text), "{text}: {shown}");
            let left: String = shown.chars().filter(|c| !c.is_whitespace()).collect();
            assert!(left.len() <= "5355.7.8no:•••(refused)".len() + 4, "{text}: {shown}");
        }
    }

    #[test]
    fn a_secret_split_over_lines_or_spaced_out_is_masked() {
        let hider = hider("ada", "hunter2hunter2");
        let shown = hider.lines(&["5.7.8 hunter2hun".to_owned(), "ter2 refused".to_owned()]);
        assert_eq!(shown, ["5.7.8 •••", "••• refused"]);
        assert_eq!(hider.text("h u n t e r 2 h u n t e r 2!"), "•••!");
    }

    #[test]
    fn a_user_that_is_a_secret_is_masked_too_and_another_one_is_not() {
        let token = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
        assert_eq!(hider(token, token).text(&format!("unknown user {token}")), "unknown user •••");
        assert_eq!(hider("ada", "hunter2hunter2").text("unknown user ada"), "unknown user ada");
    }

    #[test]
    fn a_short_password_is_found_in_what_auth_sends_and_does_not_eat_other_words() {
        let hider = hider("ada", "ok");
        assert_eq!(hider.text("250 Ok: okay"), "250 Ok: okay");
        assert_eq!(hider.text(&format!("bad {}", STANDARD.encode("\0ada\0ok"))), "bad •••");
    }

    #[test]
    fn a_long_text_is_searched_in_little_time() {
        let hider = hider("ada", "aaaaaaaaaaaaaaaaaaaab");
        assert_eq!(hider.text(&"a".repeat(60_000)).len(), 60_000);
    }
}
