//! A token that stands under a name: in JSON, in a header, in an address, in an assignment.

use super::{Pasted, looks_near_token, starts_object};
use crate::jwt::Json;

/// Names that carry tokens, the likeliest first.
const NAMES: [&str; 12] = [
    "access_token",
    "id_token",
    "token",
    "jwt",
    "accessToken",
    "idToken",
    "access-token",
    "id-token",
    "body",
    "payload",
    "data",
    "refresh_token",
];

impl Pasted {
    pub(super) fn peel_json(&mut self, text: &str) -> bool {
        if !text.starts_with(['{', '[']) {
            return false;
        }
        let Ok(json) = Json::parse(text.as_bytes()) else { return false };
        let mut texts = Vec::new();
        collect_texts("", &json, &mut texts);
        let rank = |path: &str| {
            let name = path.rsplit('.').next().unwrap_or(path);
            NAMES.iter().position(|known| *known == name).unwrap_or(NAMES.len())
        };
        texts.retain(|(path, value)| looks_near_token(value) || (rank(path) < 8 && !value.is_empty()));
        texts.sort_by_key(|(path, value)| (!looks_near_token(value), rank(path)));
        match texts.into_iter().next() {
            Some((path, value)) if path.is_empty() => self.take(value, "the JSON list around it"),
            Some((path, value)) => self.take(value, format!("the JSON around its member `{path}`")),
            None => false,
        }
    }

    /// `Authorization: …`, or several such lines of which one holds a token.
    pub(super) fn peel_header_line(&mut self, text: &str) -> bool {
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            let named = !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
            (named && !value.starts_with("//")).then(|| (name.to_owned(), value.trim().to_owned()))
        };
        let (name, value) = if text.contains('\n') {
            let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(header).collect();
            let Some(lines) = lines.into_iter().collect::<Option<Vec<_>>>() else { return false };
            let Some(hit) = lines.into_iter().find(|(_, value)| value.contains("eyJ")) else { return false };
            hit
        } else {
            let Some(hit) = header(text) else { return false };
            hit
        };
        self.take(value, format!("`{name}:`"))
    }

    pub(super) fn peel_url(&mut self, text: &str) -> bool {
        let Ok(url) = url::Url::parse(text) else { return false };
        if !matches!(url.scheme(), "http" | "https") && !text.contains("://") {
            return false;
        }
        let fragment = url.fragment().unwrap_or_default();
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(fragment.as_bytes())
            .chain(url.query_pairs())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        if let Some((name, value)) = best_pair(&pairs) {
            return self.take(value, format!("the address around `{name}=`"));
        }
        let hash = url
            .path()
            .rsplit('/')
            .next()
            .filter(|part| looks_near_token(part))
            .or(Some(fragment).filter(|part| looks_near_token(part)));
        hash.map(str::to_owned).is_some_and(|token| self.take(token, "the address around it"))
    }

    /// `token=…`, `"access_token": "…",`, `const token = '…';`, `#access_token=…&state=…`, a cookie line.
    pub(super) fn peel_name(&mut self, text: &str) -> bool {
        // JSON in which no token was found is none, and its first name stands before no token.
        if text.trim_start().starts_with(['{', '[']) && Json::parse(text.trim().as_bytes()).is_ok() {
            return false;
        }
        let bare = text.trim_start_matches(['#', '?', '&', '/', '{', '$', '-', ' ', '\t', '\n', '\r']);
        if bare.contains('=') && (bare.contains('&') || bare.contains("%2E") || bare.contains("%2e")) {
            let pairs: Vec<_> = url::form_urlencoded::parse(bare.as_bytes())
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
            if let Some((name, value)) = best_pair(&pairs) {
                return self.take(value, format!("`{name}=` and the other form fields"));
            }
        }
        if bare.contains(';') && bare.contains('=') {
            let pairs: Vec<(String, String)> = bare
                .split(';')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
                .filter(|(name, _)| !name.contains(char::is_whitespace))
                .collect();
            if let Some((name, value)) = best_pair(&pairs) {
                return self.take(value, format!("`{name}=`"));
            }
        }
        let Some(at) = bare.find(['=', ':']) else { return false };
        let (Some(name), Some(value)) = (bare.get(..at), bare.get(at + 1..)) else { return false };
        let name = name.trim();
        let last = name.split_whitespace().next_back().unwrap_or_default().trim_matches(['"', '\'', '`', '?']);
        let plausible = !last.is_empty()
            && name.len() <= 80
            && last.chars().all(|c| c.is_alphanumeric() || "_-.$[]".contains(c))
            && !starts_object(last);
        plausible
            && self.take(
                value.trim_start_matches(['=', '>', ' ', '\t']),
                format!("`{last}{}`", if bare.get(at..=at) == Some(":") { ":" } else { "=" }),
            )
    }
}

/// The pair that holds a token, by the likelihood of its name.
fn best_pair(pairs: &[(String, String)]) -> Option<(String, String)> {
    let rank = |name: &str| NAMES.iter().position(|known| known.eq_ignore_ascii_case(name));
    let token = pairs
        .iter()
        .filter(|(_, value)| looks_near_token(value))
        .min_by_key(|(name, _)| rank(name).unwrap_or(NAMES.len()));
    let named = || {
        pairs
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .filter(|(name, _)| rank(name).is_some_and(|rank| rank < 8))
            .min_by_key(|(name, _)| rank(name))
    };
    token.or_else(named).cloned()
}

fn collect_texts(path: &str, json: &Json, out: &mut Vec<(String, String)>) {
    match json {
        Json::Text(text) => out.push((path.to_owned(), text.to_string())),
        Json::List(items) => items.iter().for_each(|item| collect_texts(path, item, out)),
        Json::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
                collect_texts(&path, value, out);
            }
        }
        _ => {}
    }
}
