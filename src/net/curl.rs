//! An exchange as a curl line that runs. Tokens are read from variables, never written down.

use std::path::Path;

use super::exchange::{BODY_LIMIT, Exchange, FORM};
use crate::secrets::MASK;
use crate::store::DataDir;

impl Exchange {
    /// The request as a curl line for a POSIX shell. A masked value becomes a shell variable named after it; the access
    /// token of a profile is `$KINDE_TOKEN`, any other bearer token `$TOKEN`.
    ///
    /// A comment that says why, where the body was too long to be kept whole.
    pub fn curl(&self) -> String {
        if self.request_cut {
            return format!(
                "# No curl line: the body is longer than the {} KiB that Activity keeps, so the line would send another",
                BODY_LIMIT / 1024
            );
        }
        let form = self.request_headers.iter().any(|(name, value)| name == "content-type" && value == FORM);
        let mut line = String::from("curl -sS");
        if self.method != "GET" {
            line.push_str(&format!(" -X {}", self.method));
        }
        line.push_str(&format!(" {}", quoted(&self.url)));
        for (name, value) in &self.request_headers {
            if name.eq_ignore_ascii_case("authorization") {
                let (scheme, variable) = if value.starts_with("Basic") {
                    ("Basic", "BASIC_CREDENTIALS")
                } else if self.profile.is_some() {
                    ("Bearer", "KINDE_TOKEN")
                } else {
                    ("Bearer", "TOKEN")
                };
                line.push_str(&format!(" -H \"Authorization: {scheme} ${variable}\""));
            } else if value == MASK {
                line.push_str(&format!(" -H \"{name}: ${}\"", variable(name)));
            } else if !(form && name == "content-type") {
                line.push_str(&format!(" -H {}", quoted(&format!("{name}: {value}"))));
            }
        }
        if form {
            // curl encodes what follows the first `=`, a variable's value too; the name it takes as it is.
            for (name, value) in url::form_urlencoded::parse(self.request_body.as_bytes()) {
                let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
                line.push_str(&format!(" --data-urlencode {}", quoted(&format!("{name}={value}"))));
            }
        } else if !self.request_body.is_empty() {
            line.push_str(&format!(" --data {}", quoted(&self.request_body)));
        }
        line
    }

    /// How to fill `$KINDE_TOKEN` of [`Exchange::curl`]: with a token of the profile it was sent for, out of the data
    /// folder this program works in where that is not the platform's own. `None` where the line reads no such variable.
    pub fn curl_hint(&self, data_dir: &str) -> Option<String> {
        let profile = self.profile.as_ref().filter(|_| !self.request_cut)?;
        Some(token_hint(profile, data_dir))
    }

    /// True where [`Exchange::curl`] reads variables in the place of secrets.
    pub fn leaves_secrets_out(&self) -> bool {
        let headers = self.request_headers.iter().map(|(_, value)| value);
        headers.chain([&self.url, &self.request_body]).any(|text| text.contains(MASK))
    }
}

/// How to fill `$KINDE_TOKEN` with a token of `profile`, out of the data folder this program works in where that is not
/// the platform's own.
pub fn token_hint(profile: &str, data_dir: &str) -> String {
    format!("export KINDE_TOKEN=$({})", command("token", profile, data_dir))
}

/// `kinde-panel words` for a shell, on `profile` and on the data folder this program works in.
pub fn command(words: &str, profile: &str, data_dir: &str) -> String {
    let usual = DataDir::default_path().is_some_and(|path| path == Path::new(data_dir));
    let folder = if usual { String::new() } else { format!(" --data-dir {}", quoted(data_dir)) };
    format!("kinde-panel{folder} {words} --profile {}", quoted(profile))
}

/// `text` as one argument for a shell: bare where it can be.
pub fn argument(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-./:@+=,".contains(c);
    if !text.is_empty() && text.chars().all(bare) { text.to_owned() } else { quoted(text) }
}

/// `text` in single quotes for a shell, where every masked value is left to a variable.
fn quoted(text: &str) -> String {
    let mut parts = String::from("'");
    let mut rest = text;
    while let Some(at) = rest.find(MASK) {
        let before = rest.get(..at).unwrap_or_default();
        parts.push_str(&before.replace('\'', "'\\''"));
        let name: String = before
            .trim_end_matches(['=', '"', ':', ' '])
            .rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .next()
            .unwrap_or_default()
            .to_owned();
        parts.push_str(&format!("'\"${}\"'", variable(if name.is_empty() { "SECRET" } else { &name })));
        rest = rest.get(at + MASK.len()..).unwrap_or_default();
    }
    parts.push_str(&rest.replace('\'', "'\\''"));
    parts.push('\'');
    parts
}

fn variable(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}
