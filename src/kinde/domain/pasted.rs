//! What a person pasted in the place of a domain: cleaned, told from other things, taken apart.

use super::broken;
use crate::error::UserError;

/// Without what people copy along: white space, quotes of any kind, invisible characters, `KINDE_DOMAIN=`, a comma.
pub(super) fn cleaned(text: &str) -> &str {
    let around = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '"' | '\'' | '`' | ',' | ';')
            || matches!(c, '\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}' | '\u{ab}' | '\u{bb}')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    };
    let mut text = text.trim_matches(around);
    let bare = text.strip_prefix("export ").unwrap_or(text).trim_start();
    if let Some((name, value)) = bare.split_once('=') {
        let name = name.trim();
        if !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_') {
            text = value.trim_matches(around);
        }
    }
    // An address in angle brackets, as mail programs write it; `<your_subdomain>` stays for the placeholder sentence.
    match text.strip_prefix('<').and_then(|inner| inner.strip_suffix('>')) {
        Some(inner) if inner.contains('.') && !inner.contains(['<', '>']) => inner,
        _ => text,
    }
}

/// What people paste into the wrong box, told by its looks.
pub(super) fn something_else(text: &str) -> Option<UserError> {
    let hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit());
    let alnum = text.chars().all(|c| c.is_ascii_alphanumeric());
    let words = |title: &str, detail: &str| Some(broken(title, detail));
    if text.starts_with("eyJ") && text.matches('.').count() >= 2 {
        return words("This is a token, not a domain", "It starts like a JWT. Tokens are read in the Inspector");
    }
    if text.len() == 32 && hex(text) {
        return words(
            "This looks like a client ID, not a domain",
            "It is 32 hexadecimal digits, as Kinde's client IDs are",
        );
    }
    if (40..=60).contains(&text.len()) && alnum {
        return words(
            "This looks like a client secret, not a domain",
            "It has the length and letters of Kinde's client secrets",
        );
    }
    for (prefix, what) in
        [("kp_", "user ID"), ("org_", "organization code"), ("webhook_", "webhook ID"), ("event_", "event ID")]
    {
        if text.starts_with(prefix) && !text.contains('.') {
            return words(&format!("This is a Kinde {what}, not a domain"), &format!("It starts with {prefix}"));
        }
    }
    let lower = text.to_ascii_lowercase();
    let placeholder = text.contains(['<', '>', '{', '}'])
        || text.contains("$")
        || ["your_", "your-subdomain", "your-domain", "yoursubdomain", "yourdomain.", "yourbusiness", "your-business"]
            .iter()
            .any(|mark| lower.contains(mark));
    if placeholder {
        return words(
            "This is the placeholder of a guide, not your domain",
            "The part in the place of your own name was not filled in",
        );
    }
    if text.chars().any(char::is_whitespace) {
        return words("There is white space inside the domain", "A domain is one word; more than one was pasted");
    }
    if !text.contains("//") && text.contains('@') {
        return words("This is an email address, not a domain", "A domain has no @");
    }
    None
}

/// The scheme, where one is written, and the rest. `http:/` and `https:` without slashes are read as meant.
pub(super) fn split_scheme(text: &str) -> Result<(Option<&'static str>, &str), UserError> {
    for scheme in ["https", "http"] {
        if let Some(rest) = text
            .get(..scheme.len())
            .filter(|head| head.eq_ignore_ascii_case(scheme))
            .and_then(|_| text.get(scheme.len()..)?.strip_prefix(':'))
        {
            // One slash or backslash too few is read as meant; three leave no host.
            let slash = ['/', '\\'];
            let rest = rest.strip_prefix(slash).map_or(rest, |rest| rest.strip_prefix(slash).unwrap_or(rest));
            if rest.is_empty() {
                return Err(broken("There is no host in the address", "Nothing stands after the scheme"));
            }
            return Ok((Some(scheme), rest));
        }
    }
    if let Some((scheme, _)) = text.split_once("://") {
        return Err(broken(
            format!("{} is not a scheme Kinde answers on", shortened(scheme)),
            "Only https works, and http on this machine",
        ));
    }
    Ok((None, text.trim_start_matches("//")))
}

pub(super) fn split_port(authority: &str) -> Result<(&str, Option<u16>), UserError> {
    let (host, port) = if let Some(inner) = authority.strip_prefix('[') {
        let Some((_, after)) = inner.split_once(']') else {
            return Err(broken("The address has a bracket that is never closed", "An IPv6 address stands in [ ]"));
        };
        (authority.get(..authority.len() - after.len()).unwrap_or_default(), after.strip_prefix(':'))
    } else {
        authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))
    };
    if host.is_empty() {
        return Err(broken("There is no host in the address", "Nothing stands where the name should be"));
    }
    let port = match port {
        None | Some("") => None,
        Some(port) => match port.parse::<u16>() {
            Ok(number) if number > 0 => Some(number),
            _ => {
                return Err(broken(
                    "The port is not a number from 1 to 65535",
                    "What stands after the colon cannot be a port",
                ));
            }
        },
    };
    Ok((host, port))
}

/// Enough of a wrong scheme to recognise it by.
fn shortened(text: &str) -> String {
    let short: String = text.chars().take(12).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SECRET, are_refused};

    #[test]
    fn what_is_no_domain_is_told_from_one_that_is_broken() {
        are_refused(&[
            ("", "No domain"),
            ("   \t\r\n", "No domain"),
            ("\"\"", "No domain"),
            ("KINDE_DOMAIN=", "No domain"),
            ("https://", "no host"),
            ("http:", "no host"),
            ("https:///path", "no host"),
            (":3000", "no host"),
            ("acme kinde com", "white space"),
            ("acme.kinde.com other.kinde.com", "white space"),
            ("ada@example.com", "email"),
            ("https://user:pw@acme.kinde.com", "user name or password"),
            ("ftp://acme.kinde.com", "scheme"),
            ("htps://acme.kinde.com", "scheme"),
            ("file:///etc/hosts", "scheme"),
            ("acme.kinde.com:99999", "port"),
            ("auth.example.com:0", "port"),
            ("auth.example.com:abc", "port"),
            ("[::1", "bracket"),
            ("<your_subdomain>.kinde.com", "placeholder"),
            ("https://{subdomain}.kinde.com", "placeholder"),
            ("your_kinde_domain", "placeholder"),
            ("https://yourbusiness.kinde.com", "placeholder"),
            ("${KINDE_DOMAIN}", "placeholder"),
            ("0123456789abcdef0123456789abcdef", "client ID"),
            (SECRET, "client secret"),
            ("eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "token"),
            ("kp_0ba7c433e5d648cf992621ce99d42817", "user ID"),
            ("org_590d7f1a86a", "organization"),
        ]);
    }
}
