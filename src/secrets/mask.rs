//! Finds secrets in a text by what stands before them and by their own shape, and masks them.
//!
//! What a text is (JSON, a form, an address) is the caller's to know; here it is one run of characters. Masking by name
//! and shape cannot be complete: what is *known* to be secret is a [`Secret`] and is masked by value.

use super::{MASK, Secret};

/// Beginnings that give a token of a provider away, with the fewest characters that must follow.
const PREFIXES: [(&str, usize); 18] = [
    ("gho_", 8),
    ("ghu_", 8),
    ("ghp_", 8),
    ("ghs_", 8),
    ("ghr_", 8),
    ("github_pat_", 8),
    ("glpat-", 8),
    ("gloas-", 8),
    ("GOCSPX-", 8),
    ("ya29.", 8),
    ("AIza", 30),
    ("xoxb-", 8),
    ("xoxp-", 8),
    ("sk_live_", 8),
    ("sk_test_", 8),
    ("whsec_", 8),
    ("ses_", 8),
    ("re_", 16),
];

/// What the value under a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// Always a secret.
    Secret,
    /// A secret where it looks made up by a machine: an authorization code, and not an error code; an API key, and not
    /// the key of a feature flag.
    IfRandom,
    /// Nothing that must be hidden.
    Open,
}

/// What stands under `name` in JSON, a form, a query or a header. Case, `_` and `-` do not count.
pub fn named(name: &str) -> Named {
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect::<String>();
    let one = name.strip_suffix('s').unwrap_or(&name);
    // Kinde's and others' page marks.
    if ["nexttoken", "prevtoken", "previoustoken", "pagetoken", "nextpagetoken", "continuationtoken"].contains(&one) {
        return Named::Open;
    }
    let secret = [
        "token",
        "secret",
        "password",
        "passwd",
        "apikey",
        "privatekey",
        "sessionid",
        "codeverifier",
        "assertion",
        "authorization",
        "cookie",
        "credential",
    ];
    if secret.iter().any(|end| one.ends_with(end)) {
        return Named::Secret;
    }
    match one {
        "code" | "authcode" | "authorizationcode" | "devicecode" | "usercode" | "key" | "session" | "sid" | "jwt"
        | "bearer" => Named::IfRandom,
        _ => Named::Open,
    }
}

/// True where the value `text` under `name` is a secret.
pub fn is_secret(name: &str, text: &str) -> bool {
    !text.is_empty()
        && match named(name) {
            Named::Secret => true,
            Named::IfRandom => looks_random(text),
            Named::Open => false,
        }
}

/// True for what a machine made up: a piece of ten and more characters that mixes letters with digits, or a long one in
/// mixed case. Words joined by marks are not, nor the public ids of Kinde's own things and the marks of what the panel makes.
pub fn looks_random(text: &str) -> bool {
    const PUBLIC: [&str; 13] = [
        "kinde_panel_",
        "org_",
        "kp_",
        "event_",
        "webhook_",
        "prop_",
        "perm_",
        "role_",
        "scope_",
        "conn_",
        "app_",
        "env_",
        "invite_",
    ];
    if text.len() < 12 || text.chars().any(char::is_whitespace) || PUBLIC.iter().any(|start| text.starts_with(start)) {
        return false;
    }
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|piece| {
        let has = |is: fn(&char) -> bool| piece.chars().any(|c| is(&c));
        (piece.len() >= 10 && has(char::is_ascii_digit) && has(char::is_ascii_alphabetic))
            || (piece.len() >= 20 && has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase))
    })
}

/// Masks what gives itself away, and remembers it.
#[derive(Debug, Default)]
pub struct Masker {
    /// What was masked so far.
    pub found: Vec<Secret>,
}

impl Masker {
    /// `text` without the values of secret names (`name=value`, `"name": "value"`), passwords of addresses, and tokens
    /// of a known shape.
    pub fn text(&mut self, text: &str) -> String {
        let text = self.pairs(text, 0);
        let text = self.schemes(&text);
        self.shapes(&text)
    }

    /// The mask for `value`, which is remembered.
    pub fn hide(&mut self, value: &str) -> String {
        self.found.push(Secret::new(value));
        MASK.to_owned()
    }

    fn pairs(&mut self, text: &str, depth: u8) -> String {
        let mut out = String::with_capacity(text.len());
        let mut quoted_ends = Ahead::new(text, |c| "\"'\\\n".contains(c));
        let mut plain_ends = Ahead::new(text, |c| c.is_whitespace() || "&;#\"'<>()[]{}`,\\|".contains(c));
        let mut percents = Ahead::new(text, |c| c == '%');
        let mut rest = text;
        while let Some(at) = rest.find(['=', ':']) {
            let (before, after) = rest.split_at(at);
            let equals = after.starts_with('=');
            let after = after.get(1..).unwrap_or_default();
            let quotes: &[char] = &['"', '\'', '\\'];
            let name = before.trim_end_matches(' ').trim_end_matches(quotes);
            let name_start = name.rfind(|c: char| !(c.is_ascii_alphanumeric() || "_-.[]%".contains(c)));
            let name = name_start.map_or(name, |at| name.get(at..).unwrap_or_default());
            let name = name.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
            // An encoded mark may stand before a name: `%26session_id`.
            let name = if name.contains('%') {
                name.rsplit_once('%').map_or(name, |(_, end)| end.get(2..).unwrap_or(end))
            } else {
                name
            };
            let value_at = after.len() - after.trim_start_matches(' ').trim_start_matches(quotes).len();
            let (lead, tail) = after.split_at(value_at);
            let quoted = lead.contains(['"', '\'']);
            let begin = text.len() - tail.len();
            let end = if quoted { quoted_ends.from(begin) } else { plain_ends.from(begin) } - begin;
            let (value, left) = tail.split_at(end);
            out.push_str(before);
            out.push(if equals { '=' } else { ':' });
            // Prose says `token: expired` too.
            let sure = equals || quoted || value.len() >= 20 || value.chars().any(|c| c.is_ascii_digit());
            let scheme = ["bearer", "basic", "token"].iter().any(|word| value.eq_ignore_ascii_case(word));
            if name.is_empty() || value.starts_with(MASK) || scheme {
                rest = after;
            } else if sure && is_secret(name, beginning(value)) {
                out.push_str(lead);
                let plain = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
                out.push_str(&self.hide(&plain));
                rest = left;
            } else if equals && depth < 3 && percents.from(begin) < begin + end {
                let plain = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
                let masked = self.pairs(&plain, depth + 1);
                out.push_str(lead);
                if masked == plain {
                    out.push_str(value);
                } else {
                    let encoded: String = url::form_urlencoded::byte_serialize(masked.as_bytes()).collect();
                    let mask: String = url::form_urlencoded::byte_serialize(MASK.as_bytes()).collect();
                    out.push_str(&encoded.replace(&mask, MASK));
                }
                rest = left;
            } else {
                rest = after;
            }
        }
        out.push_str(rest);
        out
    }

    /// `Bearer x`, `Basic x`, and the password of `https://user:password@host`.
    fn schemes(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        // Lower case keeps every character's place.
        let lower = text.to_ascii_lowercase();
        let mut rest = text;
        while let Some((at, length)) = next_scheme(lower.get(text.len() - rest.len()..).unwrap_or_default()) {
            let (before, tail) = rest.split_at(at + length);
            out.push_str(before);
            if before.ends_with("://") {
                let authority = tail.split(['/', '?', '#', ' ', '"', '\'']).next().unwrap_or_default();
                let password = authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':'));
                rest = tail;
                if let Some((user, password)) = password.filter(|(_, password)| !password.is_empty()) {
                    out.push_str(user);
                    out.push(':');
                    out.push_str(&self.hide(password));
                    rest = tail.get(user.len() + 1 + password.len()..).unwrap_or_default();
                }
            } else {
                let end =
                    tail.find(|c: char| !(c.is_ascii_alphanumeric() || "-._~+/=".contains(c))).unwrap_or(tail.len());
                let (value, left) = tail.split_at(end);
                if value.len() >= 20 || (value.len() >= 6 && value.chars().any(|c| c.is_ascii_digit())) {
                    out.push_str(&self.hide(value));
                } else {
                    out.push_str(value);
                }
                rest = left;
            }
        }
        out.push_str(rest);
        out
    }

    /// JSON Web Tokens and the tokens of providers, wherever they stand.
    fn shapes(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut shapes = Shapes::new(text);
        let mut last = None;
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let inside = last.is_some_and(|c: char| c.is_ascii_alphanumeric() || c == '_');
            let length = shapes.at(text.len() - rest.len(), inside);
            if length == 0 {
                out.push(c);
                last = Some(c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
                continue;
            }
            let (token, left) = rest.split_at(length);
            out.push_str(&self.hide(token));
            last = token.chars().last();
            rest = left;
        }
        out
    }
}

/// Where the next character of a kind stands, asked from left to right: however often it is asked, each character is
/// looked at once. Bodies come from anywhere, and one made to be slow must not hold up the panel.
struct Ahead<'a, F> {
    text: &'a str,
    is: F,
    /// The first at or after the place asked last; `None` before the first question.
    next: Option<usize>,
}

impl<'a, F: Fn(char) -> bool> Ahead<'a, F> {
    fn new(text: &'a str, is: F) -> Self {
        Self { text, is, next: None }
    }

    /// The first at or after byte `at`, the text's length where there is none. `at` never goes back.
    fn from(&mut self, at: usize) -> usize {
        match self.next {
            Some(next) if next >= at => next,
            _ => {
                let found = self.text.get(at..).and_then(|rest| rest.find(&self.is));
                let next = found.map_or(self.text.len(), |found| at + found);
                self.next = Some(next);
                next
            }
        }
    }
}

/// As much of a value as its randomness is judged by.
fn beginning(value: &str) -> &str {
    let mut end = value.len().min(128);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    value.get(..end).unwrap_or(value)
}

/// Where the next scheme stands, and how long it is.
fn next_scheme(text: &str) -> Option<(usize, usize)> {
    text.match_indices([':', ' ']).find_map(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let word = ["bearer", "basic"].into_iter().find(|word| before.ends_with(word));
        match (text.get(at..), word) {
            (Some(after), _) if after.starts_with("://") => Some((at, 3)),
            (Some(after), Some(_)) if after.starts_with(' ') => Some((at, 1)),
            _ => None,
        }
    })
}

/// Finds tokens by their shape, from left to right.
struct Shapes<'a> {
    text: &'a str,
    ends: Ahead<'a, fn(char) -> bool>,
    dots: Ahead<'a, fn(char) -> bool>,
    /// What words joined by marks have none of.
    telling: Ahead<'a, fn(char) -> bool>,
}

impl<'a> Shapes<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            ends: Ahead::new(text, |c| !(c.is_ascii_alphanumeric() || "-_.".contains(c))),
            dots: Ahead::new(text, |c| c == '.'),
            telling: Ahead::new(text, |c| c.is_ascii_digit() || c.is_ascii_uppercase()),
        }
    }

    /// How long the token is that begins at byte `at`; 0 where none begins there.
    fn at(&mut self, at: usize, inside_a_word: bool) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        if rest.starts_with("eyJ") {
            let (end, dot) = (self.ends.from(at), self.dots.from(at));
            // Three parts, a signature or not; five when encrypted. The second has two characters at least.
            let second = self.text.get(dot + 1..end).unwrap_or_default();
            let parts = dot >= at + 8 && second.len() >= 2 && !second.as_bytes().iter().take(2).any(|c| *c == b'.');
            let token = self.text.get(at..end).unwrap_or_default();
            return if parts { token.trim_end_matches('.').len() } else { 0 };
        }
        if inside_a_word {
            return 0;
        }
        let Some((prefix, least)) = PREFIXES.iter().find(|(prefix, _)| rest.starts_with(prefix)) else { return 0 };
        let end = self.ends.from(at);
        if end - at >= prefix.len() + least && self.telling.from(at) < end { end - at } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJrcCJ9.c2lnbmF0dXJl";

    #[test]
    fn values_of_secret_names_are_masked_in_any_writing_of_a_pair() {
        for (text, expected) in [
            ("client_secret=hunter2&x=1", "client_secret=•••&x=1"),
            ("/cb?session_id=ses_1&x=1#id_token=abc", "/cb?session_id=•••&x=1#id_token=•••"),
            ("clientSecret=a&X-Api-Key=b", "clientSecret=•••&X-Api-Key=•••"),
            ("{\"access_token\": \"p@ss w\", broken", "{\"access_token\": \"•••\", broken"),
            ("{\\\"password\\\":\\\"x\\\"}", "{\\\"password\\\":\\\"•••\\\"}"),
            ("https://ada:pw9@acme.kinde.com/x", "https://ada:•••@acme.kinde.com/x"),
            ("Authorization: Bearer abc123.def", "Authorization: Bearer •••"),
            (
                "u=https%3A%2F%2Fx%2Fcb%3Fsession_id%3Dses_1%26y%3D2",
                "u=https%3A%2F%2Fx%2Fcb%3Fsession_id%3D•••%26y%3D2",
            ),
            ("code=4f9a8b7c6d5e4f3a2b1c&state=x", "code=•••&state=x"),
        ] {
            assert_eq!(Masker::default().text(text), expected);
        }
    }

    #[test]
    fn what_names_an_error_an_app_or_a_key_stays_readable() {
        for text in [
            "code=INVALID_SESSION",
            "{\"code\":\"org_1767f11ce62\"}",
            "key_code_ref=google_drive_2",
            "\"key\": \"new_checkout_2024\"",
            "\"kid\": \"4c:fa:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee\"",
            "\"next_token\": \"MTo6bmFtZQ==\"",
            "token_type=bearer&expires_in=3600",
            "token: expired",
            "the code=kinde-panel-checks-the-client-only was refused",
            "Bearer token missing",
        ] {
            assert_eq!(Masker::default().text(text), text);
        }
    }

    #[test]
    fn tokens_are_known_by_their_shape_wherever_they_stand() {
        for text in [JWT.to_owned(), format!("a={JWT}"), format!("%22{JWT}%22"), format!("<p>{JWT}</p>")] {
            let masked = Masker::default().text(&text);
            assert!(!masked.contains("eyJ") && masked.contains(MASK), "{text}: {masked}");
        }
        for text in ["gho_16C7e42F292c6912E7710c838347Ae178B4a", "glpat-a1B2c3D4e5F6g7H8", "ya29.a0AfH6SMBx1234"] {
            assert_eq!(Masker::default().text(&format!("({text})")), "(•••)");
        }
        assert_eq!(Masker::default().text("we_re_going_to_be_masked_here"), "we_re_going_to_be_masked_here");
        let mut masker = Masker::default();
        masker.text(&format!("x {JWT}"));
        assert_eq!(masker.found, [Secret::new(JWT)]);
    }

    /// In time that grows with the square of the text, each of these would take many minutes.
    #[test]
    fn a_text_made_to_be_slow_is_masked_like_any_other() {
        let pieces = [
            "=",
            ":",
            "a=",
            "code=",
            "a:\"",
            "u=x%zz",
            "eyJ",
            "eyJ.",
            "-ses_",
            "-glpat-",
            "://",
            "://a:b@",
            "bearer ",
            "\"a\":",
            "eyJ-eyJhbGci.",
        ];
        for piece in pieces {
            let text = piece.repeat(300_000 / piece.len());
            assert!(!Masker::default().text(&text).is_empty(), "{piece}");
            assert!(!Masker::default().text(&format!("{text}%41 \"")).is_empty(), "{piece}");
        }
    }
}
