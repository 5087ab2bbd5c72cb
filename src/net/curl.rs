//! An exchange as a curl line that runs. The token is read from `$KINDE_TOKEN`, never written down.

use super::exchange::Exchange;
use crate::secrets::MASK;

impl Exchange {
    /// The request as a curl line for a POSIX shell. A masked value becomes a shell variable named after it;
    /// a bearer token is `$KINDE_TOKEN`, which `kinde-panel token --profile NAME` prints.
    pub fn curl(&self) -> String {
        let mut line = String::from("curl -sS");
        if self.method != "GET" {
            line.push_str(&format!(" -X {}", self.method));
        }
        line.push_str(&format!(" {}", quoted(&self.url)));
        for (name, value) in &self.request_headers {
            if name.eq_ignore_ascii_case("authorization") {
                let (scheme, variable) =
                    if value.starts_with("Basic") { ("Basic", "BASIC_CREDENTIALS") } else { ("Bearer", "KINDE_TOKEN") };
                line.push_str(&format!(" -H \"Authorization: {scheme} ${variable}\""));
            } else if value == MASK {
                line.push_str(&format!(" -H \"{name}: ${}\"", variable(name)));
            } else {
                line.push_str(&format!(" -H {}", quoted(&format!("{name}: {value}"))));
            }
        }
        if !self.request_body.is_empty() {
            line.push_str(&format!(" --data {}", quoted(&self.request_body)));
        }
        line
    }

    /// How to fill the variables that [`Exchange::curl`] reads, for `profile`; `None` where it reads none.
    pub fn curl_hint(&self, profile: &str) -> Option<String> {
        self.curl()
            .contains("$KINDE_TOKEN")
            .then(|| format!("export KINDE_TOKEN=$(kinde-panel token --profile {})", quoted(profile)))
    }
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
