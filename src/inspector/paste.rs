//! The paste box: takes off what surrounds a token and says what it was. Never touches the inside of a token, and is
//! never used on a received webhook body.

use crate::jwt::{Json, is_json_serialisation};

/// A pasted text with its surroundings taken off.
#[derive(Clone, PartialEq, Eq)]
pub struct Pasted {
    /// What is left: the token, where there was one.
    pub token: String,
    /// What was taken off, outermost first, in words.
    pub cleaned: Vec<String>,
    /// Found where a whole HTTP request was pasted.
    pub request: Option<PastedRequest>,
}

/// The outside of a pasted HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastedRequest {
    /// `POST /hooks HTTP/1.1`, or the status line of an answer.
    pub first_line: String,
    /// Header names and values but `Authorization` and `Cookie`.
    pub headers: Vec<(String, String)>,
}

impl PastedRequest {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

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

/// The methods of a request line.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// A layer of surroundings is taken off at most this often.
const ROUNDS: usize = 24;

/// Takes off what surrounds the token in `text`.
pub fn clean(text: &str) -> Pasted {
    let mut pasted = Pasted { token: text.to_owned(), cleaned: Vec::new(), request: None };
    for _ in 0..ROUNDS {
        if looks_like_token(&pasted.token) || !pasted.peel() {
            break;
        }
    }
    pasted
}

/// True for three parts of base64url of which the first holds a JSON object's start (`eyJ`, or `ey` and more).
pub fn looks_like_token(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let alphabet = |part: &&str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    matches!(parts.len(), 3 | 5)
        && parts.iter().all(alphabet)
        && parts.first().is_some_and(|first| starts_object(first))
}

/// `{` followed by a quote or white space, in base64url.
fn starts_object(part: &str) -> bool {
    part.len() >= 4 && ["ey", "ew"].iter().any(|start| part.starts_with(start))
}

impl Pasted {
    fn take(&mut self, rest: impl Into<String>, what: impl Into<String>) -> bool {
        let what = what.into();
        self.token = rest.into();
        if !self.cleaned.contains(&what) {
            self.cleaned.push(what);
        }
        true
    }

    /// Takes one layer off; false when there is none.
    fn peel(&mut self) -> bool {
        let text = self.token.clone();
        // A JSON serialisation of a JWS is no surroundings: the envelope names it.
        if is_json_serialisation(text.as_bytes()) {
            return false;
        }
        self.peel_ends(&text)
            || self.peel_request(&text)
            || self.peel_curl(&text)
            || self.peel_quotes(&text)
            || self.peel_scheme(&text)
            || self.peel_json(&text)
            || self.peel_header_line(&text)
            || self.peel_url(&text)
            || self.peel_name(&text)
            || self.peel_tail(&text)
            || self.peel_prose(&text)
    }

    fn peel_ends(&mut self, text: &str) -> bool {
        let trimmed = text.trim();
        if trimmed.len() != text.len() {
            return self.take(trimmed, "white space at the ends");
        }
        let trimmed = text.trim_matches(is_invisible);
        trimmed.len() != text.len() && self.take(trimmed, "zero-width characters")
    }

    fn peel_quotes(&mut self, text: &str) -> bool {
        // A JSON text keeps its escapes until it is read as one.
        if text.starts_with('"')
            && let Ok(Json::Text(inner)) = Json::parse(text.as_bytes())
        {
            return self.take(inner, "quotes");
        }
        const PAIRS: [(&str, &str); 10] = [
            ("```", "```"),
            ("\"", "\""),
            ("'", "'"),
            ("`", "`"),
            ("“", "”"),
            ("‘", "’"),
            ("„", "“"),
            ("«", "»"),
            ("<", ">"),
            ("(", ")"),
        ];
        for (open, close) in PAIRS {
            let Some(inner) = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)) else { continue };
            if !inner.contains(open) && !inner.contains(close) {
                return self.take(inner, if open == "```" { "a code fence" } else { "quotes" });
            }
        }
        // One that was copied with one quote only.
        let unpaired = ["\"", "'", "`"].into_iter().find_map(|quote| {
            let rest = text.strip_prefix(quote).or_else(|| text.strip_suffix(quote))?;
            (!rest.contains(quote)).then_some(rest)
        });
        unpaired.is_some_and(|rest| looks_near_token(rest) && self.take(rest, "quotes"))
    }

    fn peel_request(&mut self, text: &str) -> bool {
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

    fn peel_curl(&mut self, text: &str) -> bool {
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

    fn peel_scheme(&mut self, text: &str) -> bool {
        for scheme in ["Bearer", "DPoP", "JWT", "Token"] {
            let Some((head, rest)) = text.split_at_checked(scheme.len()) else { continue };
            let parted = rest.starts_with([' ', '\t', ':', '\n', '\r', '\u{a0}'])
                || rest.starts_with("%20")
                || rest.starts_with('+');
            if head.eq_ignore_ascii_case(scheme) && parted {
                let rest = rest.strip_prefix("%20").unwrap_or(rest);
                return self
                    .take(rest.trim_start_matches([' ', '\t', ':', '\n', '\r', '+', '\u{a0}']), format!("`{scheme}`"));
            }
        }
        false
    }

    fn peel_json(&mut self, text: &str) -> bool {
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
    fn peel_header_line(&mut self, text: &str) -> bool {
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

    fn peel_url(&mut self, text: &str) -> bool {
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
    fn peel_name(&mut self, text: &str) -> bool {
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

    fn peel_tail(&mut self, text: &str) -> bool {
        let rest = text.trim_end_matches([',', ';', '}', ']', ')', '\\']);
        if rest.len() != text.len() && looks_near_token(rest.trim_matches(['"', '\'', '`', ' '])) {
            return self.take(rest, "punctuation at the end");
        }
        // A form field or a fragment that follows.
        match text.split_once(['&', '#']) {
            Some((token, _)) if looks_near_token(token) => self.take(token, "what follows it"),
            _ => false,
        }
    }

    /// A token in the middle of a sentence. Not where the neighbours could be a part of it that a line break cut off.
    fn peel_prose(&mut self, text: &str) -> bool {
        let words: Vec<&str> = text.split_whitespace().collect();
        let tokens: Vec<usize> =
            words.iter().enumerate().filter(|(_, word)| looks_near_token(word)).map(|(index, _)| index).collect();
        let [at] = tokens.as_slice() else { return false };
        let (before, after) = (words.get(..*at).unwrap_or_default(), words.get(at + 1..).unwrap_or_default());
        let prose = |words: &[&str]| {
            words.is_empty()
                || words
                    .iter()
                    .any(|word| word.bytes().any(|byte| !byte.is_ascii_alphanumeric() && !b"-_.".contains(&byte)))
                || (words.len() > 1 && words.iter().all(|word| word.len() < 16))
        };
        match words.get(*at) {
            Some(word) if (!before.is_empty() || !after.is_empty()) && prose(before) && prose(after) => {
                self.take(*word, "the words around it")
            }
            _ => false,
        }
    }
}

fn looks_near_token(text: &str) -> bool {
    let inner = text.trim().trim_matches(['"', '\'', '`', ',', ';', '(', ')', '<', '>']);
    let inner = inner.strip_prefix("Bearer ").or_else(|| inner.strip_prefix("bearer ")).unwrap_or(inner);
    looks_like_token(inner)
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
        Json::Text(text) => out.push((path.to_owned(), text.clone())),
        Json::List(items) => items.iter().for_each(|item| collect_texts(path, item, out)),
        Json::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect_texts(&path, value, out);
            }
        }
        _ => {}
    }
}

/// Zero-width and direction marks, byte order mark, soft hyphen.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{ad}' | '\0')
}

/// True where `text` has white space or zero-width characters inside, and what it is without them.
pub(super) fn without_inner_blanks(text: &str) -> Option<String> {
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace() && !is_invisible(*c)).collect();
    (squeezed.len() != text.len()).then_some(squeezed)
}

/// The words of a shell command line: quotes, backslashes and continued lines.
fn shell_words(line: &str) -> Vec<String> {
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

/// What a token of a provider is called, where `text` is one by its prefix.
pub fn provider_token(text: &str) -> Option<&'static str> {
    const PREFIXES: [(&str, &str); 24] = [
        ("gho_", "GitHub OAuth token"),
        ("ghu_", "GitHub user-to-server token"),
        ("ghs_", "GitHub server-to-server token"),
        ("ghr_", "GitHub refresh token"),
        ("ghp_", "GitHub personal access token"),
        ("github_pat_", "GitHub personal access token"),
        ("ya29.", "Google access token"),
        ("1//0", "Google refresh token"),
        ("AIza", "Google API key"),
        ("glpat-", "GitLab personal access token"),
        ("gloas-", "GitLab OAuth application secret"),
        ("glrt-", "GitLab runner token"),
        ("xoxb-", "Slack bot token"),
        ("xoxp-", "Slack user token"),
        ("xapp-", "Slack app token"),
        ("EwA", "Microsoft access token"),
        ("EwB", "Microsoft access token"),
        ("EwC", "Microsoft access token"),
        ("EwD", "Microsoft access token"),
        ("M.C5", "Microsoft refresh token"),
        ("sk_live_", "Stripe secret key"),
        ("sk_test_", "Stripe secret key"),
        ("shpat_", "Shopify access token"),
        ("re_", "Resend API key"),
    ];
    // A JWT starts with the base64url of `{"`, which none of these does.
    let bare = text.trim();
    if bare.contains(char::is_whitespace) || bare.len() < 12 {
        return None;
    }
    PREFIXES.iter().find(|(prefix, _)| bare.starts_with(prefix)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjRjOmZhIn0.eyJ0eXBlIjoidXNlci51cGRhdGVkIn0.c2lnbmF0dXJl-_";

    #[test]
    fn sixty_pasted_forms_give_the_same_token_and_name_what_was_taken_off() {
        let t = TOKEN;
        let forms: Vec<(String, &str)> = vec![
            (format!(" {t}"), "white space"),
            (format!("{t} "), "white space"),
            (format!("{t}\n"), "white space"),
            (format!("{t}\r\n"), "white space"),
            (format!("\t\n{t}\n\n"), "white space"),
            (format!("\u{a0}{t}\u{a0}"), "white space"),
            (format!("\u{3000}{t}"), "white space"),
            (format!("\u{feff}{t}"), "zero-width"),
            (format!("\u{200b}{t}\u{200b}"), "zero-width"),
            (format!("{t}\u{200d}"), "zero-width"),
            (format!("\u{202a}{t}\u{202c}"), "zero-width"),
            (format!("\u{2066}{t}\u{2069}"), "zero-width"),
            (format!("{t}\u{ad}"), "zero-width"),
            (format!("{t}\0"), "zero-width"),
            (format!("\"{t}\""), "quotes"),
            (format!("'{t}'"), "quotes"),
            (format!("`{t}`"), "quotes"),
            (format!("“{t}”"), "quotes"),
            (format!("‘{t}’"), "quotes"),
            (format!("„{t}“"), "quotes"),
            (format!("«{t}»"), "quotes"),
            (format!("<{t}>"), "quotes"),
            (format!("({t})"), "quotes"),
            (format!("\"{t}"), "quotes"),
            (format!("{t}'"), "quotes"),
            (format!("\"'{t}'\""), "quotes"),
            (format!("```\n{t}\n```"), "code fence"),
            (format!("\"{t}\","), "punctuation"),
            (format!("{t};"), "punctuation"),
            (format!("Bearer {t}"), "`Bearer`"),
            (format!("bearer {t}"), "`Bearer`"),
            (format!("BEARER\t{t}"), "`Bearer`"),
            (format!("Bearer: {t}"), "`Bearer`"),
            (format!("Bearer%20{t}"), "`Bearer`"),
            (format!("JWT {t}"), "`JWT`"),
            (format!("Token {t}"), "`Token`"),
            (format!("DPoP {t}"), "`DPoP`"),
            (format!("Authorization: Bearer {t}"), "`Authorization:`"),
            (format!("authorization:Bearer {t}\r\n"), "`authorization:`"),
            (format!("\"Authorization\": \"Bearer {t}\""), "`Authorization:`"),
            (format!("X-Forwarded-Access-Token: {t}"), "`X-Forwarded-Access-Token:`"),
            (format!("Host: a.example\nAuthorization: Bearer {t}\nAccept: */*"), "`Authorization:`"),
            (format!("Cookie: session=1; access_token={t}; theme=dark"), "`access_token=`"),
            (format!("token={t}"), "`token=`"),
            (format!("access_token={t}&token_type=bearer&expires_in=3600"), "`access_token=`"),
            (format!("#id_token={t}&state=x"), "`id_token=`"),
            (format!("?token={t}"), "`token=`"),
            (format!("token={}", t.replace('.', "%2E")), "`token=`"),
            (format!("export KINDE_TOKEN=\"{t}\""), "`KINDE_TOKEN=`"),
            (format!("const token = '{t}';"), "`token=`"),
            (format!("let jwt: string = \"{t}\";"), "`"),
            (format!("\"access_token\": \"{t}\","), "`access_token:`"),
            (format!("access_token: {t}"), "`access_token:`"),
            (format!("{{\"access_token\": \"{t}\", \"expires_in\": 3600}}"), "member `access_token`"),
            (format!("{{\"data\":{{\"id_token\":\"{t}\"}}}}"), "member `data.id_token`"),
            (format!("[\"{t}\"]"), "JSON list"),
            (format!("{{\"headers\":{{\"authorization\":\"Bearer {t}\"}}}}"), "member `headers.authorization`"),
            (format!("https://app.example/cb#access_token={t}&state=1"), "`access_token=`"),
            (format!("https://app.example/cb?id_token={t}"), "`id_token=`"),
            (format!("https://app.example/verify/{t}"), "the address"),
            (format!("https://jwt.example/#{t}"), "the address"),
            (format!("POST /hooks HTTP/1.1\r\nHost: a\r\nContent-Type: application/jwt\r\n\r\n{t}"), "HTTP request"),
            (format!("GET /api HTTP/1.1\nHost: a\nAuthorization: Bearer {t}\n\n"), "HTTP request"),
            (format!("HTTP/1.1 200 OK\ncontent-type: application/json\n\n{{\"access_token\":\"{t}\"}}"), "HTTP answer"),
            (format!("curl https://a.example/api -H 'Authorization: Bearer {t}'"), "curl"),
            (format!("curl -X POST \\\n  -H \"authorization: Bearer {t}\" \\\n  https://a.example"), "curl"),
            (format!("curl -d '{t}' -H 'content-type: application/jwt' http://127.0.0.1:4444/k/1"), "curl"),
            (format!("curl 'https://a.example/?token={t}'"), "curl"),
            (format!("curl --oauth2-bearer {t} https://a.example"), "curl"),
            (format!("Here is my token, please look: {t}"), "`"),
            (format!("It says: (invalid) {t} (why?)"), ""),
        ];
        assert!(forms.len() >= 60);
        for (form, word) in forms {
            let pasted = clean(&form);
            assert_eq!(pasted.token, t, "{form:?}: {:?}", pasted.cleaned);
            assert!(pasted.cleaned.iter().any(|what| what.contains(word)), "{form:?}: {:?}", pasted.cleaned);
        }
        assert_eq!(clean(t).cleaned, Vec::<String>::new());
    }

    #[test]
    fn white_space_inside_a_token_stays() {
        for inside in
            [TOKEN.replacen('.', ".\n", 1), TOKEN.replacen("c2ln", "c2ln\n", 1), TOKEN.replacen("dXNl", "dXNl ", 1)]
        {
            let pasted = clean(&format!("Bearer {inside}\n"));
            assert_eq!(pasted.token, inside);
            assert_eq!(without_inner_blanks(&pasted.token).unwrap(), TOKEN);
        }
    }

    #[test]
    fn a_pasted_request_keeps_its_headers_but_not_its_credentials() {
        let text = format!(
            "POST /h?token=s3cret HTTP/1.1\nContent-Type: application/jwt\nCookie: s3cret\nAuthorization: s3cret\nwebhook-id: w1\n\n{TOKEN}"
        );
        let request = clean(&text).request.unwrap();
        assert_eq!(request.header("content-type"), Some("application/jwt"));
        assert!(!format!("{request:?}").contains("s3cret"), "{request:?}");
    }

    #[test]
    fn a_json_serialisation_is_left_for_the_envelope_to_name() {
        let text = format!(r#"{{"payload":"{TOKEN}","signatures":[]}}"#);
        assert_eq!(clean(&text).token, text);
    }

    #[test]
    fn tokens_of_providers_are_told_by_their_prefix() {
        assert_eq!(provider_token("gho_16C7e42F292c6912E7710c838347Ae178B4a"), Some("GitHub OAuth token"));
        assert_eq!(provider_token("ya29.a0AfH6SMBx.yz"), Some("Google access token"));
        assert_eq!(provider_token(TOKEN), None);
        assert_eq!(provider_token("re_"), None);
    }

    proptest! {
        #[test]
        fn cleaning_never_panics_and_always_ends(text in any::<String>()) {
            drop(clean(&text));
        }

        #[test]
        fn cleaning_never_panics_on_likely_text(text in r#"(Bearer |curl |"|'|\{|\}|eyJ|\.|=|:|&|#|https://a/| |\n|POST / HTTP/1.1\n|Authorization|token|\\|é){0,12}"#) {
            drop(clean(&text));
        }
    }
}
