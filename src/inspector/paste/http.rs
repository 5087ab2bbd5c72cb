//! A token inside a whole HTTP request or answer, or inside a curl command.

use super::{Pasted, PastedRequest};

/// The methods of a request line.
pub(crate) const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

impl Pasted {
    pub(super) fn peel_request(&mut self, text: &str) -> bool {
        let normal = text.replace("\r\n", "\n");
        let Some((first, rest)) = normal.split_once('\n') else { return false };
        let words: Vec<&str> = first.split_whitespace().collect();
        let request_line = matches!(words.as_slice(), [method, _, version] if METHODS.contains(method) && version.starts_with("HTTP/"));
        let status_line = words.first().is_some_and(|word| word.starts_with("HTTP/"));
        if !request_line && !status_line {
            return false;
        }
        let (head, body) = rest.split_once("\n\n").unwrap_or((rest, ""));
        let headers: Vec<(String, String)> = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect();
        let authorization =
            headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization")).map(|(_, value)| value.clone());
        let target = words
            .get(1)
            .copied()
            .filter(|target| request_line && (target.contains("token=") || target.contains("eyJ")));
        let found = [Some(body.to_owned()), authorization, target.map(str::to_owned)]
            .into_iter()
            .flatten()
            .find(|text| text.contains("ey") || text.contains('.'));
        let Some(found) = found.or_else(|| (!body.trim().is_empty()).then(|| body.to_owned())) else { return false };
        let secret = |name: &str| {
            ["authorization", "cookie", "set-cookie"].iter().any(|secret| name.eq_ignore_ascii_case(secret))
        };
        self.request = Some(PastedRequest {
            first_line: words
                .iter()
                .map(|word| word.split('?').next().unwrap_or_default())
                .collect::<Vec<_>>()
                .join(" "),
            headers: headers.into_iter().filter(|(name, _)| !secret(name)).collect(),
        });
        self.take(found, if request_line { "the HTTP request around it" } else { "the HTTP answer around it" })
    }

    pub(super) fn peel_curl(&mut self, text: &str) -> bool {
        let Some(rest) = text.strip_prefix("curl ").or_else(|| text.strip_prefix("$ curl ")) else { return false };
        let words = shell_words(rest);
        let mut found: Vec<String> = Vec::new();
        for (index, word) in words.iter().enumerate() {
            let next = words.get(index + 1);
            match word.as_str() {
                "-d" | "--data" | "--data-raw" | "--data-binary" | "--data-ascii" | "--data-urlencode" => {
                    found.extend(next.cloned());
                }
                "-H" | "--header" => {
                    found.extend(
                        next.filter(|header| header.to_ascii_lowercase().starts_with("authorization")).cloned(),
                    );
                }
                "--oauth2-bearer" => found.extend(next.cloned()),
                // curl writes short options and their value together too.
                word if word.starts_with("-H") || word.starts_with("-d") => {
                    found.extend(word.get(2..).map(str::to_owned));
                }
                word if word.contains("://") => found.push(word.to_owned()),
                word => found.extend(
                    word.split_once('=').filter(|(name, _)| name.starts_with("--")).map(|(_, value)| value.to_owned()),
                ),
            }
        }
        let hit =
            found.iter().find(|part| part.contains("eyJ")).or_else(|| found.iter().find(|part| part.contains('.')));
        hit.cloned().is_some_and(|hit| self.take(hit, "the curl command around it"))
    }
}

/// The words of a shell command line: quotes, backslashes and continued lines.
pub(crate) fn shell_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                let word = word.get_or_insert_default();
                chars.by_ref().take_while(|c| *c != '\'').for_each(|c| word.push(c));
            }
            '"' => {
                let word = word.get_or_insert_default();
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => word.extend(chars.next()),
                        c => word.push(c),
                    }
                }
            }
            '\\' => match chars.next() {
                None | Some('\n' | '\r') => {}
                Some(c) => word.get_or_insert_default().push(c),
            },
            // `$'…'` quotes too.
            '$' if word.is_none() && chars.clone().next() == Some('\'') => {}
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
