//! A Kinde origin, normalised from any form a person pastes.
//!
//! Pure text: asks nobody whether the tenant exists. `http` stands on loopback alone; everything else is `https`.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::{Host, Url};

use crate::error::{Category, UserError};

/// A tenant's origin, for example `https://acme.kinde.com`: no path, no trailing slash.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Domain {
    url: Url,
    text: String,
}

impl Domain {
    /// Takes any pasted form: a bare host, a whole address, `acme` for `acme.kinde.com`, a line of a `.env` file.
    ///
    /// # Errors
    /// One sentence on what is wrong with the text and what to paste instead. Never repeats what may be a secret.
    pub fn parse(text: &str) -> Result<Self, UserError> {
        let text = cleaned(text);
        if text.is_empty() {
            return Err(broken("No domain was given", "The text is empty once spaces and quotes are taken off"));
        }
        if let Some(error) = something_else(text) {
            return Err(error);
        }
        let (scheme, rest) = split_scheme(text)?;
        let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(broken(
                "The address carries a user name or password",
                "What stands before the @ is not part of a domain",
            ));
        }
        let (host, port) = split_port(authority)?;
        let host = checked_host(host.trim_end_matches('.'))?;
        let loopback = is_loopback_host(&host);
        let port = if on_kinde(&host) { None } else { port };
        let scheme = if loopback && scheme != Some("https") { "http" } else { "https" };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        Url::parse(&format!("{scheme}://{host}{port}/"))
            .map(Self::from_url)
            .map_err(|error| broken("The domain cannot be read", format!("As an address it is refused: {error}")))
    }

    fn from_url(url: Url) -> Self {
        Self { text: url.as_str().trim_end_matches('/').to_owned(), url }
    }

    /// The origin without a trailing slash: `https://acme.kinde.com`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host alone: `acme.kinde.com`, without port.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Host and, where it is not the scheme's own, port: what a person knows the tenant by.
    pub fn authority(&self) -> &str {
        self.text.split_once("://").map_or(self.text.as_str(), |(_, authority)| authority)
    }

    /// The address of `path` (and query) at this origin: `join("/oauth2/token")`.
    pub fn join(&self, path: &str) -> Url {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let mut url = self.url.clone();
        url.set_path(path);
        url.set_query(query);
        url
    }

    /// True for `localhost`, 127.0.0.0/8 and `::1`.
    pub fn is_loopback(&self) -> bool {
        is_loopback_host(self.host())
    }

    /// True for a tenant's own domain at Kinde, as against a custom domain. The Management API answers on this one.
    pub fn is_kinde(&self) -> bool {
        on_kinde(self.host())
    }

    /// The audience of the Management API at this origin: `https://acme.kinde.com/api` (not `/api/v1`).
    pub fn audience(&self) -> String {
        format!("{}/api", self.text)
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Domain({})", self.text)
    }
}

impl std::str::FromStr for Domain {
    type Err = UserError;

    fn from_str(text: &str) -> Result<Self, UserError> {
        Self::parse(text)
    }
}

impl Serialize for Domain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Domain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

const HINT: &str =
    "Paste the Kinde domain as Kinde shows it under Settings > Applications > View details, for example acme.kinde.com";

fn broken(title: impl Into<String>, detail: impl Into<String>) -> UserError {
    UserError::new(Category::Input, title).detail(detail).hint(HINT)
}

/// Without what people copy along: white space, quotes of any kind, invisible characters, `KINDE_DOMAIN=`, a comma.
fn cleaned(text: &str) -> &str {
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
fn something_else(text: &str) -> Option<UserError> {
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
fn split_scheme(text: &str) -> Result<(Option<&'static str>, &str), UserError> {
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

fn split_port(authority: &str) -> Result<(&str, Option<u16>), UserError> {
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

/// Lower case, international names in their ASCII form, `acme` completed to `acme.kinde.com`.
fn checked_host(host: &str) -> Result<String, UserError> {
    if host.is_empty() {
        return Err(broken("There is no host in the address", "Only dots stand where the name should be"));
    }
    if host.split('.').any(str::is_empty) {
        return Err(broken("A part of the domain is empty", "It starts with a dot or has two dots in a row"));
    }
    if host.contains(',') {
        return Err(broken("There is a comma in the domain", "A dot was probably meant, or two domains were pasted"));
    }
    let ends_in_number = host.rsplit('.').next().is_some_and(|last| last.chars().all(|c| c.is_ascii_digit()));
    if ends_in_number && host.parse::<IpAddr>().is_err() {
        return Err(broken("The domain ends in a number", "No domain does; an IP address would need four numbers"));
    }
    let parsed = Host::parse(host)
        .map_err(|error| broken("The domain has characters that no domain has", format!("It is refused: {error}")))?;
    let name = match parsed {
        Host::Ipv4(ip) if IpAddr::V4(ip).is_loopback() => return Ok(ip.to_string()),
        Host::Ipv6(ip) if IpAddr::V6(ip).is_loopback() => return Ok(format!("[{ip}]")),
        Host::Ipv4(_) | Host::Ipv6(_) => {
            return Err(broken("This is an IP address, not a Kinde domain", "Kinde serves its tenants by name"));
        }
        Host::Domain(name) => name,
    };
    if name == "localhost" {
        return Ok(name);
    }
    if name.len() > 253 {
        return Err(broken(
            "The domain is longer than a domain can be",
            format!("{} characters; 253 are allowed", name.len()),
        ));
    }
    for label in name.split('.') {
        check_label(label)?;
    }
    if !name.contains('.') {
        return if name == "kinde" { Err(kindes_own("kinde.com")) } else { Ok(format!("{name}.kinde.com")) };
    }
    if ["kinde.com", "www.kinde.com", "docs.kinde.com", "app.kinde.com", "api.kinde.com"].contains(&name.as_str()) {
        return Err(kindes_own(&name));
    }
    if let Some(meant) = misspelt(&name) {
        return Err(broken(format!("Did you mean {meant}?"), format!("{name} is one slip away from a Kinde domain")));
    }
    // Kinde's certificate covers one label, so `www.` in front of a tenant never works.
    Ok(match name.strip_prefix("www.") {
        Some(rest) if on_kinde(rest) => rest.to_owned(),
        _ => name,
    })
}

fn check_label(label: &str) -> Result<(), UserError> {
    if label.contains('_') {
        return Err(broken("There is an underscore in the domain", "Kinde's domains have letters, digits and hyphens"));
    }
    if let Some(bad) = label.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '-')) {
        return Err(broken(
            format!("There is a character in the domain that no domain has: {bad}"),
            "Kinde's domains have letters, digits and hyphens",
        ));
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(broken("A part of the domain starts or ends with a hyphen", "No domain may"));
    }
    if label.len() > 63 {
        return Err(broken(
            "A part of the domain is longer than 63 characters",
            "No domain may; something else was pasted",
        ));
    }
    Ok(())
}

fn kindes_own(name: &str) -> UserError {
    broken(format!("{name} is Kinde's own site, not your tenant"), "A tenant has its own name in front of .kinde.com")
}

/// The Kinde domain that was meant by a usual slip of the ending.
fn misspelt(name: &str) -> Option<String> {
    const SLIPS: [&str; 12] = [
        ".kinde",
        ".kinde.co",
        ".kinde.con",
        ".kinde.cm",
        ".kinde.om",
        ".kinde.comm",
        ".kinde.cmo",
        ".kind.com",
        ".kinda.com",
        ".kindle.com",
        ".kinde.io",
        ".kidne.com",
    ];
    SLIPS
        .iter()
        .find_map(|slip| name.strip_suffix(slip))
        .filter(|name| !name.is_empty())
        .map(|name| format!("{name}.kinde.com"))
}

fn on_kinde(host: &str) -> bool {
    host.ends_with(".kinde.com")
}

fn is_loopback_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Enough of a wrong scheme to recognise it by.
fn shortened(text: &str) -> String {
    let short: String = text.chars().take(12).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_pasted_form_of_a_domain_becomes_one_origin() {
        for text in [
            "acme.kinde.com",
            "acme",
            "ACME.Kinde.com",
            " https://acme.kinde.com/ ",
            "https://acme.kinde.com/api",
            "https://acme.kinde.com/api/v1/users?page_size=1#x",
            "http://acme.kinde.com",
            "HTTPS://ACME.KINDE.COM",
            "\"https://acme.kinde.com\",",
            "'acme.kinde.com'",
            "\u{201c}acme.kinde.com\u{201d}",
            "<https://acme.kinde.com>",
            "\u{feff}acme.kinde.com\u{200b}\r\n",
            "KINDE_DOMAIN=https://acme.kinde.com",
            "export KINDE_ISSUER_URL=\"https://acme.kinde.com\"",
            "//acme.kinde.com",
            "https:/acme.kinde.com",
            "https:\\\\acme.kinde.com\\admin",
            "acme.kinde.com.",
            "acme.kinde.com:443",
            "acme.kinde.com:3000",
            "www.acme.kinde.com",
            "https://acme.kinde.com/.well-known/openid-configuration",
        ] {
            let domain = Domain::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
            assert_eq!(domain.as_str(), "https://acme.kinde.com", "{text:?}");
            assert!(domain.is_kinde());
        }
    }

    #[test]
    fn custom_domains_and_loopback_keep_what_matters() {
        for (text, origin) in [
            ("auth.example.com", "https://auth.example.com"),
            ("http://auth.example.com:8443/x", "https://auth.example.com:8443"),
            ("bücher.example", "https://xn--bcher-kva.example"),
            ("localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:4444/api", "http://127.0.0.1:4444"),
            ("https://127.0.0.1:4445", "https://127.0.0.1:4445"),
            ("[::1]:9", "http://[::1]:9"),
        ] {
            let domain = Domain::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
            assert_eq!(domain.as_str(), origin, "{text:?}");
            assert_eq!(Domain::parse(domain.as_str()).unwrap(), domain, "stable: {text:?}");
        }
        assert!(Domain::parse("127.0.0.1:1").unwrap().is_loopback() && Domain::parse("[::1]").unwrap().is_loopback());
        assert!(!Domain::parse("acme").unwrap().is_loopback());
    }

    #[test]
    fn every_broken_domain_gets_a_sentence_of_its_own_kind() {
        let long = "a".repeat(64);
        let longer = format!("{}.com", ["abcdefghij"; 26].join("."));
        let secret = "Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8Zq8";
        let cases: Vec<(&str, &str)> = vec![
            ("", "No domain"),
            ("   \t\r\n", "No domain"),
            ("\"\"", "No domain"),
            ("KINDE_DOMAIN=", "No domain"),
            ("https://", "no host"),
            ("http:", "no host"),
            ("https:///path", "no host"),
            (":3000", "no host"),
            ("...", "no host"),
            (".kinde.com", "empty"),
            ("acme..kinde.com", "empty"),
            ("acme kinde com", "white space"),
            ("acme.kinde.com other.kinde.com", "white space"),
            ("acme,kinde.com", "comma"),
            ("acme.kinde,com", "comma"),
            ("ada@example.com", "email"),
            ("https://user:pw@acme.kinde.com", "user name or password"),
            ("ftp://acme.kinde.com", "scheme"),
            ("htps://acme.kinde.com", "scheme"),
            ("file:///etc/hosts", "scheme"),
            ("acme.kinde.com:99999", "port"),
            ("auth.example.com:0", "port"),
            ("auth.example.com:abc", "port"),
            ("192.168.1.20", "IP address"),
            ("8.8.8.8:443", "IP address"),
            ("0.0.0.0", "IP address"),
            ("[2001:db8::1]", "IP address"),
            ("[::1", "bracket"),
            ("acme.123", "ends in a number"),
            ("acme_dev.kinde.com", "underscore"),
            ("-acme.kinde.com", "hyphen"),
            ("acme-.kinde.com", "hyphen"),
            ("acme!.kinde.com", "character"),
            ("acme.kinde.com*", "character"),
            ("kinde.com", "own site"),
            ("https://app.kinde.com/admin", "own site"),
            ("docs.kinde.com", "own site"),
            ("kinde", "own site"),
            ("acme.kinde", "Did you mean acme.kinde.com"),
            ("acme.kind.com", "Did you mean acme.kinde.com"),
            ("acme.kinde.con", "Did you mean acme.kinde.com"),
            ("<your_subdomain>.kinde.com", "placeholder"),
            ("https://{subdomain}.kinde.com", "placeholder"),
            ("your_kinde_domain", "placeholder"),
            ("https://yourbusiness.kinde.com", "placeholder"),
            ("${KINDE_DOMAIN}", "placeholder"),
            ("0123456789abcdef0123456789abcdef", "client ID"),
            (secret, "client secret"),
            ("eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "token"),
            ("kp_0ba7c433e5d648cf992621ce99d42817", "user ID"),
            ("org_590d7f1a86a", "organization"),
            (&long, "longer than 63"),
            (&longer, "longer"),
        ];
        assert!(cases.len() > 50);
        for (text, word) in cases {
            let error = match Domain::parse(text) {
                Err(error) => error,
                Ok(domain) => panic!("{text:?} was read as {domain}"),
            };
            assert_eq!(error.category, Category::Input);
            assert!(
                !error.title.is_empty() && !error.detail.is_empty() && !error.hint.is_empty(),
                "{text:?}: {error:?}"
            );
            assert!(!error.title.ends_with('.'), "{}", error.title);
            assert!(error.title.contains(word), "{text:?}: {}", error.title);
            assert!(!error.as_text().contains(secret), "a secret was repeated");
        }
    }

    #[test]
    fn a_path_and_its_query_are_joined_to_the_origin() {
        let domain = Domain::parse("acme").unwrap();
        assert_eq!(
            domain.join("/api/v1/users?page_size=1").as_str(),
            "https://acme.kinde.com/api/v1/users?page_size=1"
        );
        assert_eq!(domain.join("oauth2/token").as_str(), "https://acme.kinde.com/oauth2/token");
        assert_eq!(domain.audience(), "https://acme.kinde.com/api");
        assert_eq!(serde_json::from_str::<Domain>("\"acme\"").unwrap(), domain);
    }
}
